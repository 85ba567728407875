/*
 * Which interface answers a request: one table of paths, read from the top,
 * then the media types that tell JSON:API from REST.
 */
#ifndef POSTERN_ROUTES_H
#define POSTERN_ROUTES_H

#include "core/request.h"

/* Never NULL: what no row names belongs to the REST interface. */
const struct api *routes_find(const struct request *r);

#endif
