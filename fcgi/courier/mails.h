/*
 * Mails of the outbox, on their way to the mail server, or into files where
 * there is none.
 *
 * One at a time: claimed for a lease, made, delivered, recorded.  It is
 * delivered at least once; when the process dies between the last two steps,
 * again after the lease, with the same Message-ID.  What fails is tried again
 * later, as the outbox says; the database may be away as long as it likes.
 * Now and then it also removes what has expired behind the auth server.
 */
#ifndef POSTERN_COURIER_MAILS_H
#define POSTERN_COURIER_MAILS_H

#include "base/seat.h"
#include "courier/leave.h"
#include "courier/mail.h"

struct mails_options {
	const struct conf *conf;
	const struct keys *keys;
	const struct leave *leave;
	struct seat *seat;
	bool once; /* only until nothing is due */
};

/*
 * Until somebody asks to leave, which lets the mail in hand be finished
 * within the drain limit.  Returns the exit status: `once` fails when the
 * outbox could not be asked.
 */
int mails_run(const struct mails_options *options);

#endif
