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

enum plan_op { PLAN_NONE, PLAN_SELECT, PLAN_INSERT, PLAN_UPDATE, PLAN_DELETE };

/* One member of an answered object: a column, or a linked object. */
struct field {
	struct str label; /* what precedes the value: {"id": or ,"name": */
	const struct column *column; /* NULL: a linked object */
	struct shape *object;	     /* NULL: a column */
};

/*
 * An object: which table, reached by which key, with which members.
 * plan_field() appends one; labels are made once, so printing copies them.
 */
struct shape {
	const struct table *table;
	const struct fkey *by; /* NULL at the root */
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
	CMP_NOTHING, /* no row at all */
	CMP_END
};

struct condition {
	const struct column *column;
	enum plan_cmp cmp;
	struct str value;
};

/* A value to store: an argument, or the key of the row that one names. */
struct setting {
	const struct column *column;
	struct str value;	     /* {NULL, 0} is null */
	const struct column *lookup; /* look `value` up here, or NULL */
};

struct sorting {
	const struct column *column;
	bool descending;
	struct str after; /* keyset value; {NULL, 0} is null */
};

struct plan {
	enum plan_op op;
	const struct table *table;
	struct shape *shape;
	struct condition *where;
	size_t nwhere;
	struct setting *set;
	size_t nset;
	struct sorting *order;
	size_t norder;
	bool after;    /* start behind the order's `after` values */
	int64_t limit; /* rows to show; 0: all */
	bool keys;     /* a page: one row more, and the order's columns */
	bool version;  /* also select the rows' versions, for tags */
	bool quick;    /* an index bounds the work */
	bool list;     /* any number of rows */
	struct str open, close; /* printed around the rows */
};

/* An operator's row: what clients write and what SQL says. */
struct plan_operator {
	const char *name, *sql;
};
const struct plan_operator *plan_operator(enum plan_cmp cmp);

/* The operator that clients call `name`; false when there is none. */
bool plan_operator_find(struct str name, enum plan_cmp *ret);

#endif
