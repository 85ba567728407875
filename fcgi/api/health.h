/*
 * GET /health_check: the worker is there and answers (spec.md §1.5).
 */
#ifndef POSTERN_API_HEALTH_H
#define POSTERN_API_HEALTH_H

#include "core/request.h"

struct part;

extern const struct api health_api;
extern const struct part health_part;

#endif
