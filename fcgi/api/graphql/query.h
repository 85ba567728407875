/*
 * The chosen fields of a query become a plan (spec.md §4.3 to §4.5, §4.11).
 */
#ifndef POSTERN_API_GRAPHQL_QUERY_H
#define POSTERN_API_GRAPHQL_QUERY_H

#include "api/graphql/collect.h"
#include "core/request.h"

/* What planning works with, shared with mutate.h. */
struct planner {
	struct call *call;
	const struct schema *schema;
	struct faults *faults; /* when any, nothing runs */
	/* What was asked for so far; all of it begins at 0. */
	int64_t cost;	    /* rows, multiplied down the tree */
	int64_t times;	    /* rows that hold what is being planned; 0: one */
	int64_t values;	    /* for the database */
	int64_t conditions; /* of the lists of _and and _or */
	int64_t joins;	    /* ways to other rows */
	/* Values that are variables yet, the last one first. */
	struct query_open *open;
};

/*
 * Plan all root fields of a query as call->plan: one statement.  A field with
 * a fault (a value that no column takes, "Invalid permissions.") is null and
 * the others are planned.  False when more is asked for than the limits allow:
 * nothing runs.  The rows are printed between plan.open and plan.close,
 * which make a whole `{"data":{...}}` of them:
 *
 * - One root field asks the database: the plan is that list, or that row
 *   (plan.list is false).  The other roots are text in open and close.  When a
 *   row is not there nothing is printed; open, "null", close is the data.
 * - Several do: one row, whose field i is root->fields[i], and so is bit i of
 *   call->nulls, set for a row by its key that is not there.
 * - None does: plan.op is PLAN_NONE and print_row(b, plan.shape, NULL) is what
 *   stands between open and close.
 */
bool query_plan(struct planner *p, const struct chosen *root);

/* The members of an object type's row, for the result of a mutation, too. */
struct shape *query_shape(struct planner *p, const struct table *table,
			  const struct chosen *of);

/* Where a value is on its way to: a field's argument, for a column. */
struct query_place {
	struct planner *p;
	const struct chosen *f;
	const struct column *column;
	const struct schema_type *type; /* of the value */
	struct str name;		/* of the input that it is given for */
	bool skip;			/* the nulls of a list */
};

/* A value that is a variable yet, and what stands for it in the plan. */
struct query_open {
	struct query_open *next;
	struct query_place to;
	struct str variable;
	const char *stand_in; /* nothing else has this address */
};

/*
 * A coerced value as an argument's text; false adds a fault.  One that is a
 * variable yet (struct execution.open) is added to the planner's.
 */
bool query_value(const struct query_place *to, const struct value *value,
		 struct str *ret);

/*
 * The values of the primary key's columns, as arguments' texts, of a `pk` of
 * that type: a value, or an object of them.  NULL adds a fault.
 */
struct str *
query_key(struct planner *p, const struct chosen *f, const struct table *table,
	  const struct schema_type *type, const struct value *pk);

/* Add a fault at the field; false, for the caller to return. */
bool query_fault(struct planner *p, const struct chosen *f, const char *code,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* ... "Invalid permissions." */
bool query_forbidden(struct planner *p, const struct chosen *f);

/* ... that more was asked for than the setting allows. */
bool query_exceeded(struct planner *p, const struct chosen *f, const char *what,
		    int64_t max, const char *setting);

/* ---- between the parts of query*.c ---- */

/* May the role read of the table?  False adds a fault. */
bool query_may_read(struct planner *p, const struct chosen *f,
		    const struct table *table);

/*
 * A way from a row to others, which is a join, or as good as one; false when
 * there are too many, and the first of those adds a fault.
 */
bool query_join(struct planner *p, const struct chosen *f);

/* The `where` of a list: a filter, or NULL for all rows. */
bool query_where(struct planner *p, const struct chosen *f,
		 const struct filter **ret);

/* Is it one row at most, whose key the filter says?  No order is needed. */
bool query_is_pinned(const struct rows *rows);

/*
 * The rows that a list's arguments ask for: where, order, limit, offset,
 * distinct.  `rows` has its table; `nested` when it hangs on other rows.
 */
bool query_list(struct planner *p, const struct chosen *f, struct rows *rows,
		bool nested);

/* Groups of rows: the shape and the order of rows. */
bool
query_aggregate(struct planner *p, const struct chosen *f, struct rows *rows);

/* Append a member that is text: __typename, __schema, hello. */
void query_text(struct planner *p, struct shape *shape, const struct chosen *f);

/* A member that is a column of the row, as its type is written. */
void query_column(struct planner *p, struct field *to, const struct chosen *f);

#endif
