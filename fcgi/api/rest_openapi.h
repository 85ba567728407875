/*
 * Tables as /openapi.json describes them: what the two files of it share.
 */
#ifndef POSTERN_API_REST_OPENAPI_H
#define POSTERN_API_REST_OPENAPI_H

#include "api/openapi/part.h"
#include "api/rest.h"

/* The table that the writer has come to. */
struct rest_about {
	struct part_writer *w;
	struct arena *arena;
	struct rest rest; /* table, role; whether it is about an item */
	const struct table *table;
	const struct part_names *names;
	struct str path;  /* "/users" */
	unsigned answers; /* which are referred to, see rest_openapi.c */
};

/* ---- rest_openapi_schema.c ---- */

/* May the method set the column? */
bool rest_openapi_is_input(const struct rest_about *a, const struct column *c,
			   const char *method);

/* The schema "User". */
void rest_openapi_schema(struct rest_about *a);

/* The schema "UserCreate", ... of what the method takes; an example of it. */
void
rest_openapi_body(struct rest_about *a, const char *method, const char *suffix);
void rest_openapi_input(struct rest_about *a, const char *method);

/* The responses "UserRows", "UserRow", "UserCreated". */
void rest_openapi_rows(struct rest_about *a);
void rest_openapi_row(struct rest_about *a);
void rest_openapi_created(struct rest_about *a);

#endif
