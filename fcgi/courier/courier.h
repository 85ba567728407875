/*
 * The courier: brings the mails of the outbox to the mail server, or into
 * files where there is none.
 *
 * One mail at a time: claimed for a lease, made, delivered, recorded.  It is
 * delivered at least once; when the process dies between the last two steps,
 * again after the lease, with the same Message-ID.  What fails is tried again
 * later, as the outbox says; the database may be away as long as it likes.
 * Couriers may run side by side.  Now and then it also removes what has
 * expired behind the auth server.
 */
#ifndef POSTERN_COURIER_COURIER_H
#define POSTERN_COURIER_COURIER_H

#include "base/conf.h"
#include "base/seat.h"

enum { COURIER_LIMIT = 90 }; /* seconds that a mail takes at the very most */

/*
 * Work until TERM, which lets the mail in hand be finished within the drain
 * limit; with `once` only until nothing is due.  `seat` is NULL for one that
 * nobody supervises.  Returns the exit status: `once` fails when the outbox
 * could not be asked.
 */
int courier_run(const struct conf *conf, struct seat *seat, bool once);

#endif
