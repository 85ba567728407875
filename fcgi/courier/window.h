/*
 * How much is on its way to each receiver.
 *
 * A receiver that answers is trusted with more at once, one that is away or
 * hangs with less, down to one: so it cannot keep what is for others from
 * being sent.  None gets more than a quarter of all there is room for.
 */
#ifndef POSTERN_COURIER_WINDOW_H
#define POSTERN_COURIER_WINDOW_H

#include "base/buf.h"

enum { WINDOW_FIRST = 8, WINDOW_AHEAD = 4 };

struct window {
	struct window *next;
	char *trigger;
	int size; /* may be underway at once */
	int underway;
	int held;     /* claimed and not recorded: underway, before, behind */
	bool quick;   /* the last answer came at once: claim ahead */
	bool failing; /* the last delivery failed: said once */
};

struct windows {
	struct window *first;
	int most; /* of a window */
};

void window_open(struct windows *w, int total);
void window_free(struct windows *w);

/* The trigger's; made if it is new. */
struct window *window_find(struct windows *w, struct str trigger);

/* How many more may be claimed for it. */
int window_room(const struct window *w);

/* Has any room for half of what it may hold? */
bool window_any_low(const struct windows *w);

/* {"name": room, ...} of all. */
void window_put_rooms(const struct windows *w, struct buf *b);

/* A delivery has ended, after so many seconds. */
void window_answered(struct windows *all, struct window *w, double seconds);
void window_unanswered(struct window *w);

#endif
