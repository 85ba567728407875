/*
 * The supervisor of a pool of workers.
 *
 * It owns the listening descriptor 0, which whoever started it bound
 * (spawn-fcgi, systemd, a test), unless its workers need none; it forks them
 * and never gives up on them: a dead one is replaced after a delay that grows
 * from 0.1 to 2 seconds and is forgotten after 10 seconds of good running.  One
 * whose turn takes longer than the hard limit, or that is stopped that long, is
 * killed.
 *
 *   TERM, INT  the workers get TERM, finish, and are killed 2 seconds past
 *              the drain limit; then the supervisor returns 0
 *   HUP        `argv[0] check --config` must succeed; then the supervisor
 *              executes its binary anew under the same pid, starts new
 *              workers and sends TERM to an old one for each that is ready
 *   USR1       nothing
 *
 * Workers end (TERM) when the supervisor dies.
 */
#ifndef POSTERN_POOL_H
#define POSTERN_POOL_H

#include "base/seat.h"

struct pool {
	const char *name; /* "api": for the log */
	int workers;
	bool no_socket; /* the workers find their work elsewhere */
	int64_t hard_limit_s, drain_limit_s;
	char **argv; /* of main(): what HUP executes */
	/*
	 * The worker's life, in a process of its own; what it returns is
	 * the exit status.  Open are 0, 1 and 2; TERM is blocked and has its
	 * default action, to be handled where the worker waits; INT, HUP,
	 * USR1 and PIPE are ignored; everything else is as at a program's
	 * start.  `index` counts the pool's places from 0.
	 */
	int (*work)(void *ctx, struct seat *seat, int index);
	void *ctx;
};

/* Supervise until TERM; the exit status of the process. */
int pool_run(const struct pool *pool);

#endif
