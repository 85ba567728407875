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
};

/*
 * Plan all root fields of a query as call->plan: one statement.  What needs no
 * database (introspection, __typename, hello) is text in the plan's shape; if
 * nothing else is asked call->plan.op stays PLAN_NONE and the shape is all
 * text.  False when there are faults (limits, values that no column takes,
 * "Invalid permissions.").
 */
bool query_plan(struct planner *p, const struct chosen *root);

/* The members of an object type's row, for the result of a mutation, too. */
struct shape *query_shape(struct planner *p, const struct table *table,
			  const struct chosen *of);

/* A coerced value as an argument's text for a column; false adds a fault. */
bool query_value(struct planner *p, const struct chosen *f,
		 const struct column *column, const struct schema_type *type,
		 const struct value *value, struct str *ret);

/*
 * The values of the primary key's columns, as arguments' texts, of a `pk` of
 * that type: a value, or an object of them.  NULL adds a fault.
 */
struct str *
query_key(struct planner *p, const struct chosen *f, const struct table *table,
	  const struct schema_type *type, const struct value *pk);

/* Add "Invalid permissions." at the field; false, for the caller to return. */
bool query_forbidden(struct planner *p, const struct chosen *f);

#endif
