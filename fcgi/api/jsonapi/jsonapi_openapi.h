/*
 * Resources as /openapi.json describes them: what the files of it share.
 */
#ifndef POSTERN_API_JSONAPI_OPENAPI_H
#define POSTERN_API_JSONAPI_OPENAPI_H

#include "api/jsonapi/resource.h"
#include "api/openapi/part.h"

/* The resource that the writer has come to. */
struct jsonapi_about {
	struct part_writer *w;
	struct arena *arena;
	const struct resource *resource;
	const struct part_names *names;
	const char *path; /* "/jsonapi/users" */
	unsigned answers; /* which are referred to */
};

/* ---- jsonapi_openapi.c ---- */

void jsonapi_openapi_put(struct part_writer *w);

/* ---- jsonapi_openapi_schema.c ---- */

/* Could one be shown, "UserResource"?  Then it is a member of `included`. */
void jsonapi_openapi_resource(struct jsonapi_about *a);

/* "UserDocument", "UserListDocument" */
void jsonapi_openapi_document(struct jsonapi_about *a, bool list);

/* "UserCreateDocument", "UserPatchDocument" */
void jsonapi_openapi_body(struct jsonapi_about *a, bool create);

/* Is there anything that such a body may set? */
bool jsonapi_openapi_is_writable(const struct jsonapi_about *a,
				 const struct column *c, bool create);

/* ---- jsonapi_openapi_example.c ---- */

/* The resource, as strict documents have it, and a body that makes it. */
void jsonapi_openapi_row(struct jsonapi_about *a);
void jsonapi_openapi_input(struct jsonapi_about *a, bool create);

/* The id of a row of the table. */
struct str jsonapi_openapi_id(struct part_writer *w, const struct table *t);

#endif
