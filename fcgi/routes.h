/*
 * Which interface answers a path: one table, read from the top.
 */
#ifndef POSTERN_ROUTES_H
#define POSTERN_ROUTES_H

#include "core/request.h"

/* Never NULL: what no row names belongs to the REST interface. */
const struct api *routes_find(struct str path);

#endif
