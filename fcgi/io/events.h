/*
 * The log of events, as the courier sees it: those that are due, and what
 * became of them.  A claimed event is this courier's for a lease; after that
 * it can be claimed by any.
 */
#ifndef POSTERN_IO_EVENTS_H
#define POSTERN_IO_EVENTS_H

#include "io/desk.h"

enum { EVENTS_LEASE = 60 }; /* seconds; renewed while they are underway */

/* The channel of its desk. */
#define EVENTS_CHANNEL "postern_events"

/* What is empty was null. */
struct event {
	struct str id, trigger;
	struct str webhook;    /* a URL with {{NAME}} in it */
	struct str headers;    /* a JSON array, see sql/README.md */
	struct str secret_env; /* instead of the setting */
	struct str timeout;    /* seconds */
	struct str trace;      /* the trace that it belongs to */
	struct str sampled;    /* "false": that trace is not */
	struct str body;
};

/* How many to claim: all of them, of a trigger, of those named in `rooms`. */
struct events_claim {
	int total, room;
	struct str rooms;  /* {"name": n} */
	struct event *all; /* given back */
	size_t n;
};

struct err *
events_claim(struct desk *d, struct arena *a, struct events_claim *claim);

/*
 * `results` is what postern.event_record() takes; *ret_given_up says how many
 * will not be tried again.
 */
struct err *events_record(struct desk *d, struct arena *a, struct str results,
			  int64_t *ret_given_up);

/* `ids` is an array as Postgres writes it: {id,id}. */
struct err *events_renew(struct desk *d, struct arena *a, struct str ids);
struct err *events_release(struct desk *d, struct arena *a, struct str ids);

/* Make the weeks to come; drop what is older than that many days. */
struct err *events_keep(struct desk *d, struct arena *a, int64_t days);

/*
 * For people.  `what` is "list", "show", "redeliver", "stats" or, whether a
 * trigger or an event is there at all, "known"; empty arguments are none.  *ret
 * is text with lines, empty when there is nothing.
 */
struct events_question {
	const char *what;
	struct str args[3];
	int nargs;
};

struct err *events_ask(struct desk *d, struct arena *a,
		       const struct events_question *q, struct str *ret);

#endif
