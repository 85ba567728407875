/*
 * What components and operations are called after tables: letters, digits
 * and underscores, no two the same.
 */
#ifndef POSTERN_API_OPENAPI_NAMES_H
#define POSTERN_API_OPENAPI_NAMES_H

#include "api/openapi/part.h"

/* Of the model's tables, in their order; in the arena. */
const struct part_names *names_of(struct arena *a, const struct model *model);

#endif
