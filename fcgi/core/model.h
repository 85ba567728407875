/*
 * The exposed schema in memory.
 *
 * `select postern.model()` describes every table that the roles may touch
 * as one JSON document (sql/README.md has its members); model_read() turns
 * that text into these structs.  Every interface, the validation and the SQL
 * are walks over them.  A model is immutable once read, owns all its memory,
 * and is counted: a request in flight keeps the one that it was planned
 * with, while a reload puts a newer one in place.
 */
#ifndef POSTERN_CORE_MODEL_H
#define POSTERN_CORE_MODEL_H

#include "base/err.h"

struct type;
struct table;

enum relkind {
	REL_TABLE,
	REL_PARTITIONED,
	REL_VIEW,
	REL_MATERIALIZED,
	REL_FOREIGN
};

enum { MODEL_ROLES_MAX = 32, MODEL_EXTRAS_MAX = 4 };

/* What may be done, as sets of roles: bit i is model.roles[i]. */
struct grants {
	uint32_t select, insert, update, delete;
};

struct column {
	struct str name;
	struct str sql_type;  /* castable, schema-qualified */
	struct str free_type; /* ... and free of the checks of a domain */
	struct str base;      /* pg_type.typname, of an array's elements */
	const struct type *type;
	const struct type *element; /* of an array; else the type itself */
	struct str *labels;	    /* of an enum */
	size_t nlabels;
	struct str *choices; /* of a text that a check holds to these */
	size_t nchoices;
	struct str scalar; /* what GraphQL is told to call its type */
	struct str comment;
	struct str example;    /* a value, as text; or empty */
	struct str deprecated; /* why one should not use it; empty: one may */
	size_t max_length;     /* code points; 0: no limit */
	bool cut_off;	       /* by its type: varchar(n) refuses more */
	size_t index;	       /* within its table */
	bool nullable, has_default;
	bool generated; /* nobody may write it */
	bool hidden;	/* never shown, never filtered by */
	bool required;	/* must be given although nullable */
	struct grants grants;
	const struct fkey *link; /* the one-column key that it is part of */
};

/* A primary key, a unique key or a check. */
struct constraint {
	struct str name, message; /* message: the comment, or empty */
	struct str expression;	  /* of a check, with bare names; or empty */
	struct column **columns;
	size_t n;
};

/* A foreign key, seen from the table that holds it. */
struct fkey {
	struct str name, message;
	struct str link; /* what the object is called: column less "_id" */
	struct table *from, *to;
	struct column **columns, **references;
	size_t n;
};

/* What one table says in one situation instead of the default. */
struct message {
	struct str method;    /* "GET", "POST", ... */
	struct str situation; /* "missing", "constraint" */
	int status, strict_status;
	struct str detail; /* JSON with {column} places */
};

/*
 * A function that requests depend on: it runs before them, in their
 * transaction (postern.dependency(), sql/README.md).
 */
struct dependency {
	struct str method;   /* "ALL", or "GET", "POST", "PATCH", "DELETE" */
	struct str view;     /* "list" or "detail"; empty: both */
	struct str function; /* as SQL: schema and name, quoted */
};

struct table {
	struct str schema, name;
	struct str type; /* singular: "User" */
	struct str comment;
	enum relkind kind;
	bool versioned; /* its rows have an xmin */
	bool guarded;	/* policies decide about its rows */
	struct column *columns;
	size_t ncolumns;
	struct constraint *primary; /* NULL: none */
	struct constraint *uniques, *checks;
	size_t nuniques, nchecks;
	struct fkey *fkeys;
	size_t nfkeys;
	struct fkey **referrers; /* keys of others that point here */
	size_t nreferrers;
	struct message *messages;
	size_t nmessages;
	struct dependency *dependencies; /* in the order of registration */
	size_t ndependencies;
	struct column *key; /* one-column unique text key, or NULL */
	struct grants grants;
};

/* What an interface derived from a model, and how that goes with it. */
struct model_extra {
	void *p;
	void (*drop)(void *p);
};

struct model {
	struct arena *arena;
	int refs;
	struct str version, text;
	struct str comment; /* of schema api */
	struct str *roles;
	size_t nroles;
	struct table *tables;
	size_t ntables;
	struct model_extra extras[MODEL_EXTRAS_MAX];
};

/*
 * Read the document.  On success *ret has one reference.  The error
 * (ERR_INTERNAL, in `a`) says in its cause what is wrong with the text.
 */
struct err *model_read(struct arena *a, struct str json, struct model **ret);

struct model *model_hold(struct model *m);

/* Give a reference back; the last one frees.  NULL is harmless. */
void model_drop(struct model *m);

/*
 * Where an interface keeps what it derived: found by the function that drops
 * it, NULL before it is set.
 */
void **model_extra(struct model *m, void (*drop)(void *p));

/* The table of schema api with that name, or NULL. */
const struct table *model_table(const struct model *m, struct str name);

/* A role's bit, or 0 when the model knows no such role. */
uint32_t model_role(const struct model *m, struct str name);

/* The column of that name, or NULL. */
const struct column *table_column(const struct table *t, struct str name);

/* Has it indexes of its own, so that one row is found at once? */
bool table_is_stored(const struct table *t);

/* What the table says for that method and situation, or NULL. */
const struct message *
table_message(const struct table *t, struct str method, struct str situation);

/* Where a violated constraint of a table (or one pointing to it) is. */
struct violation {
	const struct constraint *unique, *check;
	const struct fkey *own, *foreign; /* held here; pointing here */
};
bool table_violation(const struct table *t, struct str constraint,
		     struct violation *ret);

#endif
