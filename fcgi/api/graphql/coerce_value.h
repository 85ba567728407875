/*
 * What the files of coerce share: a value from a request's JSON, one from a
 * literal, and what both hold in the end.
 */
#ifndef POSTERN_API_GRAPHQL_COERCE_VALUE_H
#define POSTERN_API_GRAPHQL_COERCE_VALUE_H

#include "api/graphql/coerce.h"

/* Values inside each other, however they came about. */
enum { COERCE_DEPTH_MAX = 200 };

/* Why a value is none of a scalar or an enum. */
enum coerce_leaf { LEAF_FINE, LEAF_OTHER, LEAF_RANGE, LEAF_UNKNOWN };

/*
 * Make `v`, which is no list and no object, one of a scalar or an enum.  JSON
 * has strings for enums, and its 1.0 is an integer.
 */
enum coerce_leaf coerce_leaf(struct arena *a, const struct schema_type *type,
			     bool json, struct value *v);

/* From JSON, for one variable. */
struct given {
	struct arena *arena;
	const struct variable *variable;
	struct faults *faults;
	int depth;
};

/* NULL when there are faults.  `path` leads from the variable to it. */
struct value *coerce_json(struct given *g, const struct schema_type *type,
			  json_object *o, const struct path *path);

/* Add what a variable is told. */
void coerce_refuse(struct given *g, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* From literals; without `op` there are no variables. */
struct literal {
	struct arena *arena;
	const struct operation *op;
	const struct value *const *vars;
	size_t *open; /* see struct execution */
	int depth;
};

/* NULL when it is none of the type. */
struct value *coerce_literal(struct literal *l, const struct schema_type *type,
			     const struct value *v);

/* A default in its text; NULL when it has none. */
struct value *
coerce_fallback(struct literal *l, const struct schema_input *input);

/* What the variable's value is; NULL: it has none. */
const struct value *
coerce_variable(const struct operation *op, const struct value *const *vars,
		struct str name);

/* For messages: a type, JSON as node prints it, a literal. */
struct str coerce_type_text(struct arena *a, const struct schema_type *type);
struct str coerce_json_text(struct arena *a, json_object *o);
struct str coerce_literal_text(struct arena *a, const struct value *v);

#endif
