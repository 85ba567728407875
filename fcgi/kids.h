/*
 * The processes of a pool and the seats that they share with it.
 *
 * A table of fixed size: kid number i has seat number i.  The seats are in a
 * file without a name, so that a supervisor that executes its binary anew
 * finds them again; kids_hand_over() tells the successor, through the
 * environment, which file that is and who lives, and kids_open() there
 * takes it up.  Only children of this process are ever taken up.
 */
#ifndef POSTERN_KIDS_H
#define POSTERN_KIDS_H

#include <sys/types.h>

#include "base/seat.h"

enum { KIDS_MAX = 512 };

struct kid {
	pid_t pid; /* 0: nobody is here */
	int place; /* in the pool, from 0; -1: of the last generation */
	bool killed, warned;
	int64_t started; /* these three by seat_now_ms() */
	int64_t stopped; /* by a signal, since then; or 0 */
	int64_t kill_at; /* it is leaving, and killed then; or 0 */
};

struct kids {
	struct seat *seats;
	int fd;
	struct kid all[KIDS_MAX];
};

/*
 * Begin with what a predecessor left, or with nothing.  False, with errno,
 * when there can be no seats.
 */
bool kids_open(struct kids *kids);
void kids_close(struct kids *kids);

/* The next one that lives, the first one after NULL; NULL at the end. */
struct kid *kids_next(struct kids *kids, struct kid *kid);

/* By pid, NULL when there is none; pid 0 finds room for a new one. */
struct kid *kids_find(struct kids *kids, pid_t pid);
struct seat *kids_seat(struct kids *kids, const struct kid *kid);

/*
 * Leave everything to the program that this process executes next, or (when
 * that came to nothing) take it back.
 */
bool kids_hand_over(struct kids *kids);
void kids_take_back(struct kids *kids);

#endif
