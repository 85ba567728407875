/*
 * The event loop of a worker: one epoll set.
 *
 * Whoever waits for a descriptor embeds a struct watch; its `ready` is
 * called with what epoll saw.  A watch must outlive its place in the set
 * and stand ready for an event that came in the same turn in which its
 * descriptor went away.  Signals are let in only while the loop waits, so
 * nothing else is ever interrupted (a signal in libfcgi's calls would cut
 * answers).
 */
#ifndef POSTERN_IO_LOOP_H
#define POSTERN_IO_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/seat.h"

struct watch {
	void (*ready)(struct watch *self, uint32_t events);
};

struct loop {
	int epoll;
	sigset_t waiting;  /* what is blocked while the loop waits */
	struct seat *seat; /* told when a turn begins and ends; or NULL */
	uint64_t turn;	   /* counts them */
	int64_t now;	   /* milliseconds, monotonic, since this turn began */
};

/* False when the kernel gives no epoll set. */
bool loop_open(struct loop *l);
void loop_close(struct loop *l);

/* Watch a descriptor for EPOLLIN, EPOLLOUT, EPOLLEXCLUSIVE ... */
bool loop_add(struct loop *l, int fd, struct watch *w, uint32_t events);
bool loop_change(struct loop *l, int fd, struct watch *w, uint32_t events);
void loop_remove(struct loop *l, int fd);

/*
 * Wait for at most `timeout` milliseconds, then call what is ready.
 */
void loop_turn(struct loop *l, int timeout);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t loop_clock(void);

#endif
