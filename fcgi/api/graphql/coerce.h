/*
 * Values become what a schema's types say (GraphQL §3 input coercion, §6.1.2,
 * §6.4.1).
 *
 * What comes out is a tree of constants: variables are replaced, defaults
 * filled in, a single value is a list where a list is wanted, integers and
 * floats are checked, enum values are names that exist.  Absent members are
 * absent, null ones are VALUE_NULL.  Everything is made in the arena.
 */
#ifndef POSTERN_API_GRAPHQL_COERCE_H
#define POSTERN_API_GRAPHQL_COERCE_H

#include <json-c/json.h>

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "api/graphql/schema.h"

/*
 * The values of an operation's variables, by their index; NULL: not given.
 * `given` is the request's JSON object, or NULL.  False when there are
 * faults, worded as graphql-js does ('Variable "$x" got invalid value ...').
 */
bool coerce_variables(struct arena *a, const struct schema *s,
		      const struct operation *op, json_object *given,
		      const struct value ***ret, struct faults *faults);

/*
 * The arguments of a field, one for each of field->args; NULL: not given and
 * without a default.  `op` and `vars` are the operation that runs and its
 * variables' values.  False when a variable that has no value stands where
 * one must be.
 */
bool
coerce_arguments(struct arena *a, const struct operation *op,
		 const struct value *const *vars,
		 const struct schema_field *field, const struct selection *node,
		 const struct value ***ret, struct faults *faults);

/* What @skip and @include say: is the selection part of the answer? */
bool
coerce_included(const struct operation *op, const struct value *const *vars,
		const struct directive *directives);

#endif
