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

/* An operation that runs, and what is wrong with it. */
struct execution {
	struct arena *arena;
	const struct schema *schema;
	const struct document *doc; /* validated */
	const struct operation *op;
	const struct value *const *vars; /* set by coerce_variables() */
	struct faults *faults;
	/*
	 * NULL, or variables whose value is not null stay VALUE_VARIABLE in
	 * arguments, and are counted here.  So is each whose value was looked
	 * at all the same.
	 */
	size_t *open;
};

/*
 * The values of the operation's variables, by their index; NULL: not given.
 * `given` is the request's JSON object, or NULL; it must live as long as the
 * values.  False when there are faults, worded as graphql-js does ('Variable
 * "$x" got invalid value ...').
 */
bool coerce_variables(struct execution *e, json_object *given);

/*
 * The arguments of a field, one for each of field->args; NULL: not given and
 * without a default.  False, with one fault, when a variable that has no value
 * stands where one must be.
 */
bool
coerce_arguments(const struct execution *e, const struct schema_field *field,
		 const struct selection *node, const struct value ***ret);

/* What @skip and @include say: is the selection part of the answer? */
bool
coerce_included(const struct execution *e, const struct directive *directives);

#endif
