/*
 * A mail to the mail server, over SMTP, by libcurl.
 *
 * The settings say which server, how it is encrypted, whether its certificate
 * has to be valid, and whom to sign in as; the password is read from its file
 * at each connection, so it can change.  SSL_CERT_FILE in the environment
 * names the authorities that are trusted instead of the system's.  Connecting
 * may take 10 seconds, the whole of a delivery 30.
 */
#ifndef POSTERN_COURIER_SMTP_H
#define POSTERN_COURIER_SMTP_H

#include "base/arena.h"
#include "base/conf.h"

struct smtp_letter {
	struct str id;	     /* of the mail, for names of files */
	struct str from, to; /* plain addresses */
	struct str bytes;    /* headers and body, with CRLF */
};

struct smtp_options {
	const struct conf *conf;
	struct str host; /* what we call ourselves */
	/* Asked about once a second: is it time to give up? */
	bool (*hurry)(void *ctx);
	void *ctx;
};

struct smtp;

/* NULL when there is no libcurl to be had. */
struct smtp *smtp_open(const struct smtp_options *options);
void smtp_close(struct smtp *s);

struct smtp_result {
	bool sent;
	bool permanent; /* this recipient or this mail will never be taken */
	struct str why; /* the server's own words, if it is one who says no */
};

/* Deliver, over the last connection if that still stands. */
struct smtp_result
smtp_send(struct smtp *s, struct arena *a, const struct smtp_letter *letter);

/* No more mails for now: say good-bye. */
void smtp_rest(struct smtp *s);

#endif
