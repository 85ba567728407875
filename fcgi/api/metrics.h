/*
 * GET /metrics: what waits in the database and what came of it, in the text
 * format that Prometheus reads (version 0.0.4).
 *
 * Who knows POSTERN_METRICS_SECRET may read, as a bearer's token, and an
 * administrator's token of ours may.
 */
#ifndef POSTERN_API_METRICS_H
#define POSTERN_API_METRICS_H

#include "core/request.h"

struct part;

extern const struct api metrics_api;
extern const struct part metrics_part;

#endif
