#include "courier/mails.h"

#include <stdlib.h>

#include "courier/spool.h"

enum {
	POLL = 1000,	   /* milliseconds between looks at the outbox */
	PAUSE_FIRST = 250, /* the same while it cannot be asked ... */
	PAUSE_MAX = 10000, /* ... growing to this */
	PURGE_EVERY = 600 * 1000,
	PURGE_BATCHES = 100,
	RECORD_TRIES = 5,
};

struct mails {
	const struct mails_options *o;
	struct arena *arena; /* of the mail in hand */
	struct mail_room room;
	struct smtp *smtp; /* NULL: files */
	int pause;	   /* 0: the outbox answers */
	int64_t purge_at;
	int64_t leave_by; /* 0: nobody has asked */
};

/* While a mail is on its way: has it had its time since TERM? */
static bool
must_hurry(void *ctx)
{
	struct mails *c = ctx;

	if (!leave_asked(c->o->leave))
		return false;
	if (!c->leave_by)
		c->leave_by = seat_now_ms() + c->o->conf->drain_limit * 1000;
	return seat_now_ms() >= c->leave_by;
}

/* ---- one mail ---- */

static struct smtp_result
deliver(struct mails *c, const struct smtp_letter *letter)
{
	struct arena *a = c->arena;
	struct str path;
	struct err *e;

	if (c->smtp)
		return smtp_send(c->smtp, a, letter);
	e = spool_write(a, c->o->conf->state, letter, &path);
	if (e)
		return (struct smtp_result){.why = e->cause};
	log_line(LOG_INFO, "a mail is in %.*s", STR_FMT(path));
	return (struct smtp_result){.sent = true};
}

static struct smtp_result
make_and_deliver(struct mails *c, const struct outbox_mail *mail)
{
	struct smtp_letter letter;
	struct err *e = mail_make(&c->room, c->arena, mail, &letter);

	if (e)
		return (struct smtp_result){.permanent = e->code == ERR_INVALID,
					    .why = e->cause.n ? e->cause
							      : e->message};
	return deliver(c, &letter);
}

static struct err *
record_failure(struct mails *c, const struct outbox_mail *mail,
	       const struct smtp_result *r)
{
	struct outbox_failure failure = {.why = r->why,
					 .permanent = r->permanent};

	TRY(outbox_failed(c->room.desk, c->arena, mail, &failure));
	if (failure.next.n)
		log_line(LOG_WARN,
			 "mail %.*s, attempt %.*s: %.*s; again in %.*s s",
			 STR_FMT(mail->id), STR_FMT(mail->attempt),
			 STR_FMT(r->why), STR_FMT(failure.next));
	else
		log_line(LOG_ERROR, "mail %.*s is given up: %.*s",
			 STR_FMT(mail->id), STR_FMT(r->why));
	return NULL;
}

/* A delivery that is not recorded comes twice: try hard. */
static struct err *
record(struct mails *c, const struct outbox_mail *mail,
       const struct smtp_result *r)
{
	struct err *e = NULL;

	for (int i = 0; i < RECORD_TRIES && (i == 0 || e); i++) {
		if (i)
			desk_wait(c->room.desk, PAUSE_FIRST << i,
				  c->o->leave->fd);
		e = r->sent ? outbox_done(c->room.desk, c->arena, mail)
			    : record_failure(c, mail, r);
	}
	if (!e && r->sent)
		log_line(LOG_INFO, "mail %.*s (%.*s) is delivered",
			 STR_FMT(mail->id), STR_FMT(mail->template));
	return e;
}

/* *ret_any: there was one. */
static struct err *
next_mail(struct mails *c, bool *ret_any)
{
	struct outbox_mail mail;
	struct smtp_result r;

	arena_reset(c->arena);
	TRY(outbox_claim(c->room.desk, c->arena, &mail, ret_any));
	if (!*ret_any)
		return NULL;
	r = make_and_deliver(c, &mail);
	return record(c, &mail, &r);
}

/* ---- rounds ---- */

static struct err *
purge(struct mails *c)
{
	bool required = strcmp(c->o->conf->verification, "required") == 0;
	int64_t removed = 1;

	for (int i = 0;
	     i < PURGE_BATCHES && removed && !leave_asked(c->o->leave); i++) {
		seat_busy(c->o->seat);
		arena_reset(c->arena);
		TRY(outbox_purge(c->room.desk, c->arena, required, &removed));
	}
	c->purge_at = seat_now_ms() + PURGE_EVERY;
	return NULL;
}

/* Everything that is due. */
static struct err *
round_of_mails(struct mails *c)
{
	bool any = true;
	struct err *e = NULL;

	while (any && !e && !leave_asked(c->o->leave)) {
		seat_busy(c->o->seat);
		e = next_mail(c, &any);
	}
	if (c->smtp)
		smtp_rest(c->smtp);
	if (!e && seat_now_ms() >= c->purge_at)
		e = purge(c);
	seat_idle(c->o->seat);
	return e;
}

/* Say once that the outbox is away, and once that it is back. */
static void
note(struct mails *c, const struct err *e)
{
	if (e && !c->pause)
		log_line(LOG_ERROR, "the outbox cannot be asked: %.*s",
			 STR_FMT(e->cause));
	if (!e && c->pause)
		log_line(LOG_INFO, "the outbox answers again");
	if (!e)
		c->pause = 0;
	else if (!c->pause)
		c->pause = PAUSE_FIRST;
	else
		c->pause = c->pause * 2 < PAUSE_MAX ? c->pause * 2 : PAUSE_MAX;
}

static int
work(struct mails *c)
{
	seat_ready(c->o->seat);
	while (!leave_asked(c->o->leave)) {
		struct err *e = round_of_mails(c);

		note(c, e);
		if (c->o->once)
			return e ? EXIT_FAILURE : EXIT_SUCCESS;
		desk_wait(c->room.desk, c->pause ? c->pause : POLL,
			  c->o->leave->fd);
	}
	return EXIT_SUCCESS;
}

/* ---- beginning ---- */

static bool
open_smtp(struct mails *c)
{
	struct smtp_options options = {.conf = c->o->conf,
				       .host = c->room.host,
				       .hurry = must_hurry,
				       .ctx = c};

	if (!c->o->conf->smtp[0])
		return true;
	c->smtp = smtp_open(&options);
	if (!c->smtp)
		log_line(LOG_ERROR, "libcurl cannot be used");
	return c->smtp != NULL;
}

int
mails_run(const struct mails_options *options)
{
	struct arena *lasting = arena_new(1024);
	struct mails c = {.o = options};
	int status = EXIT_FAILURE;

	c.arena = arena_new(64 * 1024);
	c.room = (struct mail_room){
		.conf = options->conf,
		.keys = options->keys,
		.desk = desk_open(options->conf, OUTBOX_CHANNEL),
		.host = mail_host(lasting, options->conf)};
	if (open_smtp(&c))
		status = work(&c);
	if (c.smtp)
		smtp_close(c.smtp);
	desk_close(c.room.desk);
	arena_free(c.arena);
	arena_free(lasting);
	return status;
}
