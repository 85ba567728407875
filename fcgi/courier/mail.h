/*
 * From a row of the outbox to a letter that can be sent.
 *
 * What proves an address is made here, at the last moment: a token that is
 * signed now, or a code whose hash is stored now.  So however long the mail
 * server was away, nothing in a mail has expired, and the outbox holds no
 * secret.
 *
 * Texts come from templates (core/template.h): NAME.txt, whose first line is
 * the subject, and NAME.html, which may be empty.  Each is looked for in
 * POSTERN_TEMPLATES, then where the shipped ones are: ../share/postern/mail
 * and mail beside the binary, and spawn/mail of a checkout.
 */
#ifndef POSTERN_COURIER_MAIL_H
#define POSTERN_COURIER_MAIL_H

#include "courier/smtp.h"
#include "io/keys.h"
#include "io/outbox.h"

struct mail_room {
	const struct conf *conf;
	const struct keys *keys;
	struct desk *desk;
	struct str host; /* of the base URL */
};

/* The host of the base URL, or localhost. */
struct str mail_host(struct arena *a, const struct conf *conf);

/*
 * Make it.  ERR_INVALID: it can never be sent.  Any other error is ours, its
 * cause for the log, and may be gone by the next attempt.
 */
struct err *mail_make(const struct mail_room *room, struct arena *a,
		      const struct outbox_mail *mail, struct smtp_letter *ret);

/* The text of a template, "verify-link.txt". */
struct err *mail_template(struct arena *a, const struct conf *conf,
			  struct str name, struct str *ret);

/* What a mail carries; one of the two is empty. */
struct mail_proof {
	struct str link, code;
};

struct err *
mail_proof_make(const struct mail_room *room, struct arena *a,
		const struct outbox_mail *mail, struct mail_proof *ret);

#endif
