/*
 * Column types, one row each: how a value is selected, printed and read.
 *
 * Results come back in binary.  A type whose binary form we print ourselves
 * is selected as it is; any other one is selected as text, or as JSON where
 * it has structure, so nothing is refused because it is unknown.  Values
 * travel to Postgres as text arguments.
 */
#ifndef POSTERN_CORE_TYPE_H
#define POSTERN_CORE_TYPE_H

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

struct column;

/* What a value is in JSON, and which checks it gets before Postgres. */
enum type_kind {
	TYPE_TEXT,
	TYPE_BOOL,
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_NUMERIC,
	TYPE_UUID,
	TYPE_DATE,
	TYPE_TIMESTAMP,
	TYPE_INSTANT, /* timestamp with time zone */
	TYPE_JSON,
	TYPE_ENUM,
	TYPE_ARRAY,
	TYPE_OTHER
};

struct type {
	const char *name; /* pg_type.typname */
	enum type_kind kind;
	/* What stands around the column when selected: "", "::text", ... */
	const char *select_before, *select_behind;
	/* Append the binary value as JSON. */
	void (*print)(struct buf *b, struct str value);
	int64_t min, max; /* of a whole number */
	/*
	 * What Postgres puts into JSON so that it looks like print's, with @
	 * for the value; NULL: the value itself.
	 */
	const char *json;
};

/* Append JSON as Postgres writes it, without its white space. */
void type_print_json(struct buf *b, struct str value);

/* The same where all of it is around line feeds: those are in no string. */
void type_print_lines(struct buf *b, struct str value);

/* The row of a base type; arrays and unknown types have rows too. */
const struct type *type_find(struct str base, bool array, bool is_enum);

/* A value that a client sent, on its way to an argument. */
struct input {
	struct arena *arena;
	const struct column *column;
	const char *where; /* "body", "query" */
	struct str field;  /* for the issue */
	bool ours; /* we printed it: words like NaN and infinity are fine */
};

/*
 * Read a JSON value (NULL: null) for a column: *ret is the argument's text,
 * or {NULL, 0} for null.  A value that does not fit appends an issue and
 * returns false.  Nullability is the caller's question.
 */
bool type_read_json(const struct input *in, json_object *value,
		    struct issues *issues, struct str *ret);

/* The same for a value that is text already: of a query or a path. */
bool type_read_text(const struct input *in, struct str value,
		    struct issues *issues, struct str *ret);

/* Append one element of an array's text, quoted. */
void type_put_element(struct buf *b, struct str text);

#endif
