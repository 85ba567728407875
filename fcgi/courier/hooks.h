/*
 * Deliveries of events to webhooks, many at once.
 *
 * A turn claims what is due, as much as there is room for, sends, records
 * what has ended, and waits: for an answer, for a word from the database, for
 * the clock.  An event is recorded after it was sent, so it is delivered at
 * least once: when the process dies in between, again after the lease, with
 * the same id.  While the database is away answers are kept.  The memory is
 * bounded by POSTERN_WEBHOOKS, however many events wait.
 */
#ifndef POSTERN_COURIER_HOOKS_H
#define POSTERN_COURIER_HOOKS_H

#include "base/seat.h"
#include "courier/leave.h"

struct hooks_options {
	const struct conf *conf;
	const struct leave *leave;
	struct seat *seat;
	bool once; /* only until nothing is due */
	/* Asked at each turn: may we go on? */
	bool (*look)(void *ctx);
	void *ctx;
};

/*
 * Until somebody asks to leave; what is underway may end within the drain
 * limit, the rest is given back.  Returns the exit status: `once` fails when
 * the database could not be asked.
 */
int hooks_run(const struct hooks_options *options);

#endif
