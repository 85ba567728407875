/*
 * The statements around a plan: who enters, and what is asked of a function.
 *
 * A request that is not anonymous runs in a transaction whose first
 * statement takes on the caller's role and claims, if its session lives; so
 * a session that ended is noticed at once and costs no round trip.  Texts
 * are constant per function and number of arguments: prepared statements
 * are found again.  All is made in the request's arena.
 */
#ifndef POSTERN_IO_ASK_H
#define POSTERN_IO_ASK_H

#include "core/request.h"
#include "io/pg.h"

/*
 * Set how a job enters as the caller, and as which role; nothing where he runs
 * as the connection does.  It fails as ERR_UNAUTHORIZED when his session ended.
 */
void
ask_enter(struct arena *a, const struct caller *caller, struct pg_job *job);

/* The statement that calls the question's function. */
void
ask_statement(struct arena *a, const struct question *q, struct statement *ret);

/*
 * Let the triggers of a write know the trace that it is a step of, if its
 * request said so: one more statement before the script's.
 */
void ask_trace(const struct request *r, struct script *script);

#endif
