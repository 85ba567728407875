/*
 * The fragments of a document by name, each with a number.
 */
#ifndef POSTERN_API_GRAPHQL_FRAGMENTS_H
#define POSTERN_API_GRAPHQL_FRAGMENTS_H

#include "api/graphql/document.h"

struct fragments {
	const struct fragment **all; /* in the order of their names */
	size_t n;
};

struct fragments fragments_of(struct arena *a, const struct document *doc);

/* The first one called `name`, as an index; n when there is none. */
size_t fragments_find(const struct fragments *f, struct str name);

#endif
