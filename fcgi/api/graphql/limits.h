/*
 * How much a document asks for, before anybody looks at what it means.
 *
 * Depth, fields, aliases and root fields are counted with fragments expanded,
 * in time linear in the document: each fragment is counted once and sums
 * saturate.  A cycle is counted once round: the validator has its own words
 * for it.  What a document that passes has inside each other, through
 * fragments or not, is LIMITS_NESTING_MAX deep at most where there are no
 * cycles, so what walks it may recurse.  Fields of the introspection are not
 * counted into the depth; lists of lists there are: at most two of fields,
 * inputFields, interfaces and possibleTypes, and three with args and
 * enumValues, inside each other.
 */
#ifndef POSTERN_API_GRAPHQL_LIMITS_H
#define POSTERN_API_GRAPHQL_LIMITS_H

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "base/conf.h"

enum { LIMITS_NESTING_MAX = 500 }; /* selection sets */

/* Append a fault for each limit that the document exceeds. */
void limits_check(struct arena *a, const struct conf *conf,
		  const struct document *doc, struct faults *faults);

#endif
