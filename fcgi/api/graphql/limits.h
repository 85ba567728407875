/*
 * How much a document asks for, before anybody looks at what it means.
 *
 * Depth, fields, aliases and root fields are counted with fragments expanded,
 * in time linear in the document: each fragment is counted once, sums
 * saturate, and a cycle counts as endless (the validator then has its own
 * words for it).  Fields of the introspection are not counted into the depth;
 * lists of lists there are (fields, inputFields, ... at most three deep).
 */
#ifndef POSTERN_API_GRAPHQL_LIMITS_H
#define POSTERN_API_GRAPHQL_LIMITS_H

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "base/conf.h"

/* Append a fault for each limit that the document exceeds. */
void limits_check(struct arena *a, const struct conf *conf,
		  const struct document *doc, struct faults *faults);

#endif
