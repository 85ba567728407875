/*
 * A schema describes itself (GraphQL §4): __schema, __type, __typename.
 */
#ifndef POSTERN_API_GRAPHQL_INTROSPECT_H
#define POSTERN_API_GRAPHQL_INTROSPECT_H

#include "api/graphql/collect.h"

/* Add the introspection types and meta fields to a schema being built. */
void introspect_extend(struct schema *s);

/* Append the JSON value of a chosen __schema or __type field. */
void introspect_print(struct buf *b, const struct schema *s,
		      const struct chosen *field);

#endif
