/*
 * The outbox, as the courier sees it: mails that are due, what became of
 * them, and the cleaning up behind the auth server.
 *
 * A connection of its own, with one statement at a time, each a transaction.
 * Calls wait for the database, as long as POSTERN_STATEMENT_TIMEOUT; one that
 * fails says why and, where the connection is lost, lets the next call open a
 * new one.  A claimed mail is this courier's for a lease: after that, or after
 * outbox_failed()'s pause, it can be claimed again.
 */
#ifndef POSTERN_IO_OUTBOX_H
#define POSTERN_IO_OUTBOX_H

#include <signal.h>

#include "base/conf.h"

enum { OUTBOX_LEASE = 60 }; /* seconds: more than a delivery may take */

struct outbox;

/* Never fails: the database is asked when something is. */
struct outbox *outbox_open(const struct conf *conf);
void outbox_close(struct outbox *o);

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
struct err *outbox_claim(struct outbox *o, struct arena *a,
			 struct outbox_mail *ret, bool *ret_any);

/* Put the hash of a code in the place of the one before. */
struct err *outbox_code(struct outbox *o, struct arena *a,
			const struct outbox_mail *mail, struct str hash);

struct err *
outbox_done(struct outbox *o, struct arena *a, const struct outbox_mail *mail);

/* *ret_next: seconds until the next attempt, empty when there is none. */
struct outbox_failure {
	struct str why;
	bool permanent;
	struct str next; /* given back */
};

struct err *
outbox_failed(struct outbox *o, struct arena *a, const struct outbox_mail *mail,
	      struct outbox_failure *failure);

/* One batch of what has expired; *ret_removed says how much it was. */
struct err *
outbox_purge(struct outbox *o, struct arena *a, int64_t *ret_removed);

/*
 * Wait until somebody has put a mail into the outbox, for `ms` milliseconds
 * at most, or for a signal that `mask` lets in.
 */
void outbox_wait(struct outbox *o, int ms, const sigset_t *mask);

#endif
