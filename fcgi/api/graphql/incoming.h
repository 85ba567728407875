/*
 * A GraphQL request as it comes over HTTP (GraphQL over HTTP §5 and §6):
 * GET with parameters, or POST of a JSON object.
 */
#ifndef POSTERN_API_GRAPHQL_INCOMING_H
#define POSTERN_API_GRAPHQL_INCOMING_H

#include <json-c/json.h>

#include "core/request.h"

struct incoming {
	bool by_get;
	struct str query;	/* empty: none, there is a hash */
	struct str operation;	/* operationName, or empty */
	json_object *variables; /* an object, or NULL */
	struct str hash; /* of a persisted query: 64 hex digits, or empty */
};

/*
 * The media type to answer with, of those that Accept names, or NULL.  Nothing
 * or any type means application/json.
 */
const char *incoming_media_type(struct str accept);

/*
 * Read the request.  Errors: ERR_METHOD, with what is allowed; ERR_BAD_REQUEST
 * with a message; status 415 for another content type.
 */
struct err *incoming_read(struct call *call, struct incoming *ret);

#endif
