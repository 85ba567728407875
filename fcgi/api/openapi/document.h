/*
 * The whole of /openapi.json, as OpenAPI 3.1, from what all parts say.
 *
 * What a role may not do is not in it, so there is one for each role.
 */
#ifndef POSTERN_API_OPENAPI_DOCUMENT_H
#define POSTERN_API_OPENAPI_DOCUMENT_H

#include "api/openapi/part.h"

/* `runs_as` is the role as the database calls it.  In the arena. */
struct str document_build(struct arena *a, const struct conf *conf,
			  struct model *model, const char *runs_as);

#endif
