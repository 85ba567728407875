/*
 * What a Hasura engine calls besides the actions of accounts (api/auth.h):
 * the events of its triggers (spec.md §6.2, §7.2), and actions that are
 * functions.
 *
 * An event is kept once, by its id, in the transaction of its effect, which is
 * a function of the schema event named after the trigger (sql/README.md).
 * Every other answer than 200 has the engine send it again.
 *
 * An action is the function of schema action that has the name in the path.
 * It runs as whom the engine speaks for, if that brought the secret, else as
 * whoever calls.  What it raises is a 4xx, which the engine shows to its
 * client.
 */
#ifndef POSTERN_API_HASURA_HASURA_H
#define POSTERN_API_HASURA_HASURA_H

#include "core/request.h"

struct part;

extern const struct api hasura_event_api;
extern const struct api hasura_action_api;

/* Is it the path of an action, whether there is one of that name or not? */
bool hasura_is_action(struct str path);

/* ---- event_openapi.c, action_openapi.c ---- */

extern const struct part hasura_event_part;
extern const struct part hasura_action_part;

/* ---- hasura.c: what they share; `what` is "event" or "action" ---- */

/* ERR_UNAUTHORIZED: none was brought; ERR_FORBIDDEN: another one was. */
struct err *hasura_let_in(struct call *call, const char *what,
			  struct str brought, struct str secret);

/* Has the body come, and can it be JSON at all? */
struct err *hasura_check(struct call *call);

/* Nothing is planned, so nothing is rendered. */
struct err *hasura_render(struct call *call);

/* The message and its code; with ERR_METHOD what is allowed. */
void hasura_fail(struct call *call, const struct err *e);

#endif
