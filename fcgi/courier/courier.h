/*
 * The courier: brings the mails of the outbox to the mail server
 * (mails.h) and events to their webhooks (hooks.h), in two threads of one
 * process.  Couriers may run side by side, on any machine.
 */
#ifndef POSTERN_COURIER_COURIER_H
#define POSTERN_COURIER_COURIER_H

#include "base/conf.h"
#include "base/seat.h"

enum { COURIER_LIMIT = 90 }; /* seconds that a mail takes at the very most */

/*
 * Work until TERM, which lets what is underway be finished within the drain
 * limit; with `once` only until nothing is due.  `seat` is NULL for one that
 * nobody supervises.  Returns the exit status: `once` fails when the database
 * could not be asked.
 */
int courier_run(const struct conf *conf, struct seat *seat, bool once);

#endif
