/*
 * What a worker tells its supervisor, through shared memory.
 *
 * The supervisor (pool.c) gives every worker a seat.  The worker says once
 * that it is ready to serve, and at each turn of its loop when it begins and
 * ends to be busy; the supervisor kills one whose turn does not end.  Each
 * call is a store to memory that nobody waits for, so it can stand in the
 * hottest loop.  NULL is harmless: a worker that nobody supervises (mod_fcgid,
 * CGI) has no seat.
 */
#ifndef POSTERN_BASE_SEAT_H
#define POSTERN_BASE_SEAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A cache line of its own.  The layout crosses versions of the binary (a
 * new supervisor reads the seats of old workers): pool.c has a number for it.
 */
struct seat {
	_Alignas(64) _Atomic int64_t busy_since; /* milliseconds; 0: idle */
	_Atomic int32_t ready;
};

/* For the worker. */
void seat_ready(struct seat *seat);
void seat_busy(struct seat *seat);
void seat_idle(struct seat *seat);

/* For the supervisor: empty before a new worker takes it. */
void seat_clear(struct seat *seat);
bool seat_is_ready(struct seat *seat);

/* How long the present turn has lasted by `now`; 0 when there is none. */
int64_t seat_busy_ms(struct seat *seat, int64_t now_ms);

/* Milliseconds of the clock that seats are kept by (monotonic). */
int64_t seat_now_ms(void);

#endif
