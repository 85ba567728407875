/*
 * The outbox, as the courier sees it: mails that are due, what became of
 * them, and the cleaning up behind the auth server.  A claimed mail is this
 * courier's for a lease: after that, or after outbox_failed()'s pause, it can
 * be claimed again.
 */
#ifndef POSTERN_IO_OUTBOX_H
#define POSTERN_IO_OUTBOX_H

#include "io/desk.h"

enum { OUTBOX_LEASE = 60 }; /* seconds: more than a delivery may take */

/* The channel of its desk. */
#define OUTBOX_CHANNEL "postern_mail"

/* What is empty was null. */
struct outbox_mail {
	struct str id;
	struct str template; /* "verify", "reset" or "changed" */
	struct str by;	     /* "link" or "code" */
	struct str recipient, identity_id, factor_id;
	struct str data;    /* a JSON object */
	struct str proof;   /* what a reset is bound to */
	struct str attempt; /* which one this is, from 1 */
};

/* Take the mail that is due longest; *ret_any is false when there is none. */
struct err *outbox_claim(struct desk *d, struct arena *a,
			 struct outbox_mail *ret, bool *ret_any);

/* Put the hash of a code in the place of the one before. */
struct err *outbox_code(struct desk *d, struct arena *a,
			const struct outbox_mail *mail, struct str hash);

struct err *
outbox_done(struct desk *d, struct arena *a, const struct outbox_mail *mail);

/* *ret_next: seconds until the next attempt, empty when there is none. */
struct outbox_failure {
	struct str why;
	bool permanent;
	struct str next; /* given back */
};

struct err *
outbox_failed(struct desk *d, struct arena *a, const struct outbox_mail *mail,
	      struct outbox_failure *failure);

/*
 * One batch of what has expired, also accounts whose address is not verified
 * where it is `required`; *ret_removed says how much it was.
 */
struct err *outbox_purge(struct desk *d, struct arena *a, bool required,
			 int64_t *ret_removed);

#endif
