/*
 * GET /openapi.json: the whole HTTP surface, as far as the caller's role may
 * use it.
 *
 * A document is built when it is first asked for and hangs on the model, so
 * it goes when the model does.  Interfaces describe themselves: part.h.
 */
#ifndef POSTERN_API_OPENAPI_H
#define POSTERN_API_OPENAPI_H

#include "core/request.h"

struct part;

extern const struct api openapi_api;

/* What all refer to, and the document itself. */
extern const struct part openapi_part;

/* The document of a role, in lines, for people; in the arena. */
struct str openapi_text(struct arena *a, const struct conf *conf,
			struct model *model, const char *runs_as);

#endif
