/*
 * What a request wants of the database, in terms of the model.
 *
 * An interface fills a plan; core/sql.c turns it into one statement and
 * core/print.c turns the rows that come back into JSON.  The shape of the
 * answer is part of the plan: a tree whose nodes are objects.  A plan lives
 * in the request's arena and points into the model.
 */
#ifndef POSTERN_CORE_PLAN_H
#define POSTERN_CORE_PLAN_H

#include "base/err.h"
#include "core/model.h"

/* The same whichever interface asks. */
enum {
	PLAN_PAGE = 100,  /* rows, where nobody says how many */
	PLAN_QUICK = 200, /* rows that the lane of quick reads takes at most */
};

enum plan_op {
	PLAN_NONE,
	PLAN_SELECT,
	PLAN_INSERT,
	PLAN_UPDATE,
	PLAN_DELETE,
	PLAN_TREES,
	PLAN_STEPS
};

/* The way from a table's row to rows of another: a key, and from which end. */
struct relation {
	const struct fkey *fkey;
	bool reverse; /* to the rows that hold the key; else to the one it names
		       */
};

/* What is made of a column of many rows; PLAN_PLAIN: they are grouped by it. */
enum plan_function {
	PLAN_PLAIN,
	PLAN_SUM,
	PLAN_MIN,
	PLAN_MAX,
	PLAN_AVG,
	PLAN_COUNT
};

enum field_kind {
	FIELD_COLUMN, /* .column */
	FIELD_OBJECT, /* .object: the row that its `by` names, or null */
	FIELD_GROUP,  /* .object: more of the same row, below a name */
	FIELD_ROWS,   /* .rows: others, made JSON by Postgres */
	FIELD_TEXT,   /* .text: JSON that is known already */
	FIELD_KEY,    /* a string of .text, the row's key, and .behind */
	FIELD_REF     /* .object, all of the key that the row holds of it, which
			 is not looked at; or null */
};

/* How a column's value is written, other than as its type's JSON. */
enum field_form {
	FORM_PLAIN,
	FORM_STRING, /* a string of it, whatever it is: an ID, a BigInt; of an
			array: of each element */
	FORM_NAMES   /* .names[i] for the column's label, or choice, i */
};

/* One member of an answered object. */
struct field {
	struct str label; /* what precedes the value: {"id": or ,"name": */
	struct str name;  /* the same, bare */
	enum field_kind kind;
	enum field_form form;
	const struct column *column;
	const struct str *names;
	enum plan_function function; /* of the column, where rows are grouped */
	struct shape *object;
	struct rows *rows;
	struct str text, behind;
	bool path; /* of a FIELD_KEY: it stands in a URL, so it is encoded */
};

/*
 * An object: which table, reached by which key, with which members.
 * plan_field() appends one; labels are made once, so printing copies them.
 */
struct shape {
	const struct table *table; /* NULL: no row, only ROWS and TEXT */
	const struct fkey *by; /* of a FIELD_OBJECT or _REF: the key to it */
	/*
	 * What FIELD_KEYs of it and of its groups are made of, selected once
	 * before its members.  NULL: it has none, or it is a group.
	 */
	const struct constraint *key;
	struct field *fields;
	size_t n;
};

/* An empty object of `table` with room for `max` members. */
struct shape *
plan_shape(struct arena *a, const struct table *table, size_t max);

/* Append a member called `name` and return it for its value to be set. */
struct field *plan_field(struct arena *a, struct shape *shape, struct str name);

/* Comparison operators; plan_operator() names them for clients. */
enum plan_cmp {
	CMP_EQ,
	CMP_NEQ,
	CMP_GT,
	CMP_GTE,
	CMP_LT,
	CMP_LTE,
	CMP_IN,
	CMP_LIKE,
	CMP_ILIKE,
	CMP_IS_NULL,
	CMP_NOT_NULL,
	CMP_VERSION, /* the row's xmin is in an array */
	CMP_NOTHING, /* null: no row at all */
	CMP_NOT_IN,  /* nor null: a null column passes */
	CMP_HAS,     /* the text is in it, as it is: no wildcards */
	CMP_IHAS,    /* ... whatever the case */
	CMP_KEPT,    /* equals what an earlier statement of a script kept */
	CMP_DIFFERS, /* and is not null: about one row, as the next three */
	CMP_NONE_OF,
	CMP_NOT_LIKE,
	CMP_NOT_ILIKE,
	CMP_MATCH,    /* the text has these words (plainto_tsquery) */
	CMP_CONTAINS, /* jsonb, arrays, ranges: @> */
	CMP_END
};

struct condition {
	const struct column *column;
	enum plan_cmp cmp;
	struct str value;
	const struct column *other; /* of the same row, in place of a value */
};

/*
 * A condition on rows of a select.  Through a relation it is about the row at
 * its other end, whose columns are null where there is none.  Outside of any
 * FILTER_NOT that is a join, shared by what goes the same way, so a row comes
 * once per match (struct rows.distinct: once).  What says no behind a way to
 * many (CMP_NEQ, CMP_NOT_IN, FILTER_NOT) means that none of them has it, and
 * a FILTER_NOT is true wherever its part is false or null.
 */
enum filter_kind {
	FILTER_AND,	 /* of no parts: true */
	FILTER_OR,	 /* of no parts: false */
	FILTER_NOT,	 /* of its one part */
	FILTER_OPPOSITE, /* of its one part, as SQL has it: null where that is,
			    and about the rows that its joins lead to */
	FILTER_TEST,
	FILTER_THROUGH, /* its one part, at the other end of .relation */
	FILTER_SOME	/* its one part holds of one row at least at the other
			   end, whatever other parts find there */
};

struct filter {
	enum filter_kind kind;
	struct condition test;
	struct relation relation;
	const struct filter **parts;
	size_t n;
};

/* A value to store: an argument, or the key of the row that one names. */
struct setting {
	const struct column *column;
	struct str value;	     /* {NULL, 0} is null */
	const struct column *lookup; /* look `value` up here, or NULL */
	bool kept; /* `value` is a plan_kept() of an earlier step */
};

struct sorting {
	const struct column *column;
	/* To-one relations from the row to the one whose column it is. */
	const struct relation *way;
	size_t nway;
	bool descending;
	struct str after; /* keyset value; {NULL, 0} is null */
};

/*
 * Rows that hang on a row, as one JSON value that Postgres makes: a list, or
 * with `one` the first of them, or null.  At the root of a plan without a
 * table they hang on nothing (by.fkey is NULL).
 */
struct rows {
	const struct table *table;
	struct relation by;	/* from the row that they hang on */
	const struct fkey *via; /* `by` leads to a link table, this on */
	struct shape *shape;
	const struct filter *filter; /* NULL: all */
	struct sorting *order;
	size_t norder;
	int64_t limit, offset; /* 0: all of them, from the first */
	bool distinct;	       /* once, however often a join finds it */
	bool grouped;	       /* see struct plan */
	bool one;
};

/*
 * One relation further from the rows of a page: `from` is an earlier reach,
 * or -1 for the page's rows (not the one that only says there are more).
 */
struct reach {
	int from;
	struct relation by;
	const struct fkey *via; /* as in struct rows */
	int section;		/* which one the rows at its end are in */
};

/*
 * The rows of one table that reaches end at: each once, and none that the
 * page itself has.  Sorted by their keys as strings, in the order of bytes.
 */
struct section {
	const struct table *table;
	struct shape *shape; /* has a .key */
};

/*
 * With `table` NULL a select answers one row, of FIELD_ROWS and FIELD_TEXT.
 * PLAN_TREES is a script of several statements (core/tree.h), PLAN_STEPS one
 * of plans that are a statement each; everything else is one.
 */
struct plan {
	enum plan_op op;
	const struct table *table;
	struct shape *shape;
	struct condition *where;
	size_t nwhere;
	const struct filter *filter; /* besides; NULL: none */
	bool distinct;		     /* see struct filter */
	/* One row per group of the PLAN_PLAIN columns; sorted by those. */
	bool grouped;
	int64_t offset;
	struct tree *trees; /* of PLAN_TREES */
	size_t ntrees;
	struct setting *set;
	size_t nset;
	struct sorting *order;
	size_t norder;
	bool after;    /* start behind the order's `after` values */
	int64_t limit; /* rows to show; 0: all */
	bool keys;     /* a page: one row more, and the order's columns */
	bool backward; /* ... whose last row is answered first, printed last */
	bool version;  /* also select the rows' versions, for tags */
	bool quick;    /* an index bounds the work */
	bool list;     /* any number of rows */
	struct str open, close; /* printed around the rows */
	/*
	 * Of a select: rows besides its own, in the same statement.  All of
	 * its own are answered first, then those of the sections in turn.
	 */
	struct reach *reaches;
	size_t nreaches;
	struct section *sections;
	size_t nsections;
	struct str between; /* printed between the two, with sections */
	/* Selects whose rows are all counted, in the same statement. */
	const struct plan **probes;
	size_t nprobes;
	/* Of PLAN_STEPS: in order, none with steps or trees. */
	struct plan *steps;
	size_t nsteps;
	/*
	 * Of a step; with `keep` or `must` it has no sections or probes.  An
	 * update that sets nothing locks the rows, and answers them.
	 */
	struct str keep; /* later ones know its row's primary key by this */
	size_t must;	 /* rows it has to find, or ERR_NOT_FOUND; 0: any */
	bool quiet;	 /* none of its rows is printed, nor what is around */
	bool ignore;	 /* an insert leaves what is there already */
	/* Of one statement: it is compiled already; NULL: it is not. */
	const struct statement *ready;
};

/* What a step called `keep` keeps of the i-th column of the primary key. */
struct str plan_kept(struct arena *a, struct str keep, size_t i);

/* An operator's row: what clients write and what SQL says. */
struct plan_operator {
	const char *name, *sql;
};
const struct plan_operator *plan_operator(enum plan_cmp cmp);

/* The operator that clients call `name`; false when there is none. */
bool plan_operator_find(struct str name, enum plan_cmp *ret);

#endif
