/*
 * GraphQL over HTTP at /graphql (spec.md §4, GraphQL over HTTP).
 *
 *   incoming   what the HTTP request asks for, and how it wants its answer
 *   cache      its document: parsed, within the limits, valid; the schema
 *   coerce     variables, then collect the fields to answer
 *   query      ... become one statement; rows are printed as they come
 *   mutate     ... or a script, whose rows are printed when all is committed
 *
 * A request that is refused as a whole answers `errors` alone: 200 as
 * application/json, 400 as application/graphql-response+json.  Once fields are
 * being answered the status is 200 and `data` is there, null or not.
 */
#ifndef POSTERN_API_GRAPHQL_GRAPHQL_H
#define POSTERN_API_GRAPHQL_GRAPHQL_H

#include "core/request.h"

struct part;

extern const struct api graphql_api;

/* ---- graphql_openapi.c ---- */
extern const struct part graphql_part;

#endif
