/*
 * A worker: the loop around requests, from the first connection to the
 * last.  It ends when TERM comes (having drained), never because the
 * database is down.
 */
#ifndef POSTERN_WORKER_H
#define POSTERN_WORKER_H

#include "base/conf.h"
#include "base/seat.h"

/*
 * Serve descriptor 0 as a member of a pool; `seat` is NULL for a worker that
 * somebody else supervises.  Returns the exit status.
 */
int worker_run(const struct conf *conf, enum pool_kind kind, struct seat *seat,
	       int index);

/* "api", "auth", "bulk". */
const char *worker_pool_name(enum pool_kind kind);

#endif
