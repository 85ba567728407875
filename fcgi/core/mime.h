/*
 * A mail as bytes (RFC 5322, 2045 to 2047): plain text, and HTML beside it if
 * there is any.
 *
 * The headers are composed here from single values, and no value can begin a
 * line: an address that is none is refused, control characters elsewhere
 * become spaces, and what is not plain ASCII is encoded.  A body of short
 * ASCII lines goes as it is, so that a person who opens the file can follow
 * its links; any other is quoted-printable.
 */
#ifndef POSTERN_CORE_MIME_H
#define POSTERN_CORE_MIME_H

#include "base/err.h"

struct mime_mail {
	struct str id;	 /* unique and stable: the Message-ID */
	struct str host; /* whose mail it is: behind the @ of the Message-ID */
	struct str from; /* an address, or `Name <address>` */
	struct str to;	 /* an address */
	struct str subject, text, html; /* UTF-8 */
	int64_t at;			/* seconds since 1970 */
};

/*
 * Compose, with CRLF at the ends of lines.  The error is ERR_INVALID when
 * `to` is no address, ERR_INTERNAL when `from` is none or all is too long.
 */
struct err *
mime_compose(struct arena *a, const struct mime_mail *mail, struct str *ret);

/*
 * local@domain in the plain form: printable, no blank, none of <>()[],;:\",
 * one '@' with something on both sides, at most 254 bytes of UTF-8.
 */
bool mime_is_address(struct str s);

/* The address in `Name <address>`, or all of it. */
struct str mime_address(struct str from);

#endif
