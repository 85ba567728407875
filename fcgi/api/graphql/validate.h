/*
 * Is a document valid against a schema?  Every rule of GraphQL §5, worded
 * and placed as the reference implementation (graphql-js 16) does.
 */
#ifndef POSTERN_API_GRAPHQL_VALIDATE_H
#define POSTERN_API_GRAPHQL_VALIDATE_H

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "api/graphql/schema.h"

/*
 * Append a fault for everything that is wrong.  On the way every selection
 * gets its `field` and every variable its `input`, which is what the later
 * steps work with.  With `hints` a fault may say "Did you mean ...?".
 *
 * It differs from the reference in this: an operation without a root type is
 * a fault here already, a subscription always; an Int may be where an ID is
 * wanted; a custom scalar whose literals are those of a built-in one refuses
 * others (those of SCALAR_TEXT and SCALAR_JSON are all taken, objects too);
 * of arguments, variables and fragments at most twenty places are named.
 *
 * Takes time that is at worst quadratic in a document that limits_check() let
 * pass, never exponential: where comparing fields or following fragments would
 * take too many steps, the last fault is "Validation aborted." with the code
 * "LIMIT_EXCEEDED".
 */
void validate_document(struct arena *a, const struct schema *s,
		       struct document *doc, bool hints, struct faults *faults);

#endif
