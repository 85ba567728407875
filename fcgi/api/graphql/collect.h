/*
 * An operation becomes the tree of the fields to answer (GraphQL §6.3.2):
 * fragments are gone, @skip and @include are decided, fields of the same
 * response key are one, arguments are coerced.
 */
#ifndef POSTERN_API_GRAPHQL_COLLECT_H
#define POSTERN_API_GRAPHQL_COLLECT_H

#include "api/graphql/coerce.h"

struct chosen {
	struct str key; /* in the answer */
	const struct schema_field *field;
	const struct schema_type *type; /* of the object that it is on */
	uint32_t at;
	const struct value **args; /* one for each of field->args */
	struct chosen *fields;	   /* of its own selection set */
	size_t n;
	struct path path; /* without the indexes of lists */
};

/*
 * The root fields of a validated operation, once its variables are coerced.
 * False when there are faults.  The number of fields is bounded by
 * limits_check(); what merges is looked up by hash where there is much of it.
 */
bool collect_fields(const struct execution *e,
		    struct chosen *ret_root); /* its fields are the roots */

/* The coerced argument with that meaning, or NULL. */
const struct value *
collect_argument(const struct chosen *f, enum schema_input_meaning meaning);

#endif
