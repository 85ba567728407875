/*
 * Being asked to leave: TERM and INT, for all threads of a process.
 *
 * The signals stay blocked, and pending once they have come: everybody may
 * ask, and wait for the descriptor, which stays readable.  Nothing is ever
 * interrupted.
 */
#ifndef POSTERN_COURIER_LEAVE_H
#define POSTERN_COURIER_LEAVE_H

#include <signal.h>
#include <stdbool.h>

struct leave {
	sigset_t signals;
	int fd; /* readable when it is time */
};

/* Before there are threads.  INT counts unless it was ignored. */
void leave_open(struct leave *l);
void leave_close(struct leave *l);

bool leave_asked(const struct leave *l);

#endif
