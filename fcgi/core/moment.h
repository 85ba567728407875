/*
 * Dates and times as text: what clients may send, what we print.
 */
#ifndef POSTERN_CORE_MOMENT_H
#define POSTERN_CORE_MOMENT_H

#include "base/buf.h"

/*
 * Read a timestamp with zone as spec.md §1.2 wants it, after optional
 * surrounding white space: date YYYY-MM-DD or YYYYMMDD; 'T', 't' or one
 * space; HH, HH:MM, HH:MM:SS[.f...] or the compact digits (2, 4 or 6 of
 * them, optional fraction after seconds); then a mandatory zone: 'Z', 'z' or
 * sign and HH, HHMM or HH:MM.  Range-checked (leap years, hour 0-23, second
 * 0-59, zone under 16 hours, years 1 to 9999).  *ret_us is microseconds
 * since 2000-01-01 00:00 UTC, which is Postgres's binary timestamptz;
 * fractions past microseconds are rounded half up.  False, with *ret_us
 * untouched, on anything else.
 */
bool moment_read(struct str text, int64_t *ret_us);

/*
 * Print such an instant as ISO 8601 in UTC, microseconds only when there
 * are any: 2022-04-16T23:09:30.929664+00:00.  `zone` is what follows the
 * time ("+00:00", or empty for a timestamp without zone).  INT64_MAX and
 * INT64_MIN print infinity and -infinity; years past 9999 print with all
 * their digits, years before 1 as Postgres does (0044-03-15 ... BC).
 */
void moment_print(struct buf *b, int64_t us, struct str zone);

/* A date: days since 2000-01-01 as YYYY-MM-DD (same rules). */
void moment_print_date(struct buf *b, int32_t days);

/* A valid calendar date YYYY-MM-DD and nothing else, years 1 to 9999. */
bool moment_is_date(struct str text);

/* A valid timestamp without zone (same grammar, zone absent or ignored). */
bool moment_is_local(struct str text);

#endif
