/*
 * What a Hasura engine calls besides the actions of accounts (api/auth.h):
 * the events of its triggers (spec.md §6.2, §7.2).
 *
 * An event is kept once, by its id, in the transaction of its effect, which is
 * a function of the schema event named after the trigger (sql/README.md).
 * Every other answer than 200 has the engine send it again.
 */
#ifndef POSTERN_API_HASURA_HASURA_H
#define POSTERN_API_HASURA_HASURA_H

#include "core/request.h"

struct part;

extern const struct api hasura_event_api;

/* ---- event_openapi.c ---- */

extern const struct part hasura_event_part;

#endif
