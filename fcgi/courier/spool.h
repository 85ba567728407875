/*
 * Mails as files, where there is no mail server: `mail` below the state
 * directory, one .eml each, readable by its owner alone.  A name begins with
 * the time, so a listing is in order; a file that is there is whole.
 */
#ifndef POSTERN_COURIER_SPOOL_H
#define POSTERN_COURIER_SPOOL_H

#include "courier/smtp.h"

/* Write one; *ret is its path. */
struct err *spool_write(struct arena *a, const char *state,
			const struct smtp_letter *letter, struct str *ret);

#endif
