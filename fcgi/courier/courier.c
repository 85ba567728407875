#include "courier/courier.h"

#include <signal.h>
#include <stdlib.h>

#include "courier/mail.h"
#include "courier/spool.h"

enum {
	POLL = 1000,	   /* milliseconds between looks at the outbox */
	PAUSE_FIRST = 250, /* the same while it cannot be asked ... */
	PAUSE_MAX = 10000, /* ... growing to this */
	PURGE_EVERY = 600 * 1000,
	PURGE_BATCHES = 100,
	RECORD_TRIES = 5,
};

struct courier {
	const struct conf *conf;
	struct seat *seat;
	struct arena *arena; /* of the mail in hand */
	struct mail_room room;
	struct smtp *smtp; /* NULL: files */
	sigset_t waiting;  /* what is blocked while it waits */
	int pause;	   /* 0: the outbox answers */
	int64_t purge_at;
	int64_t leave_by; /* 0: nobody has asked */
};

static volatile sig_atomic_t told_to_leave;

static void
on_term(int sig)
{
	(void)sig;
	told_to_leave = 1;
}

/* TERM is let in only while the courier waits. */
static void
set_signals(struct courier *c)
{
	struct sigaction term = {.sa_handler = on_term}, was;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	sigaction(SIGTERM, &term, NULL);
	sigaction(SIGINT, NULL, &was);
	if (was.sa_handler != SIG_IGN)
		sigaction(SIGINT, &term, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &c->waiting);
	sigdelset(&c->waiting, SIGTERM);
	sigdelset(&c->waiting, SIGINT);
}

static bool
is_leaving(void)
{
	sigset_t pending;

	sigpending(&pending);
	return told_to_leave || sigismember(&pending, SIGTERM) == 1 ||
	       sigismember(&pending, SIGINT) == 1;
}

/* While a mail is on its way: has it had its time since TERM? */
static bool
must_hurry(void *ctx)
{
	struct courier *c = ctx;

	if (!is_leaving())
		return false;
	if (!c->leave_by)
		c->leave_by = seat_now_ms() + c->conf->drain_limit * 1000;
	return seat_now_ms() >= c->leave_by;
}

/* ---- one mail ---- */

static struct smtp_result
deliver(struct courier *c, const struct smtp_letter *letter)
{
	struct arena *a = c->arena;
	struct str path;
	struct err *e;

	if (c->smtp)
		return smtp_send(c->smtp, a, letter);
	e = spool_write(a, c->conf->state, letter, &path);
	if (e)
		return (struct smtp_result){.why = e->cause};
	log_line(LOG_INFO, "a mail is in %.*s", STR_FMT(path));
	return (struct smtp_result){.sent = true};
}

static struct smtp_result
make_and_deliver(struct courier *c, const struct outbox_mail *mail)
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
record_failure(struct courier *c, const struct outbox_mail *mail,
	       const struct smtp_result *r)
{
	struct outbox_failure failure = {.why = r->why,
					 .permanent = r->permanent};

	TRY(outbox_failed(c->room.outbox, c->arena, mail, &failure));
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
record(struct courier *c, const struct outbox_mail *mail,
       const struct smtp_result *r)
{
	struct err *e = NULL;

	for (int i = 0; i < RECORD_TRIES && (i == 0 || e); i++) {
		if (i)
			outbox_wait(c->room.outbox, PAUSE_FIRST << i,
				    &c->waiting);
		e = r->sent ? outbox_done(c->room.outbox, c->arena, mail)
			    : record_failure(c, mail, r);
	}
	if (!e && r->sent)
		log_line(LOG_INFO, "mail %.*s (%.*s) is delivered",
			 STR_FMT(mail->id), STR_FMT(mail->template));
	return e;
}

/* *ret_any: there was one. */
static struct err *
next_mail(struct courier *c, bool *ret_any)
{
	struct outbox_mail mail;
	struct smtp_result r;

	arena_reset(c->arena);
	TRY(outbox_claim(c->room.outbox, c->arena, &mail, ret_any));
	if (!*ret_any)
		return NULL;
	r = make_and_deliver(c, &mail);
	return record(c, &mail, &r);
}

/* ---- rounds ---- */

static struct err *
purge(struct courier *c)
{
	int64_t removed = 1;

	for (int i = 0; i < PURGE_BATCHES && removed && !is_leaving(); i++) {
		seat_busy(c->seat);
		arena_reset(c->arena);
		TRY(outbox_purge(c->room.outbox, c->arena, &removed));
	}
	c->purge_at = seat_now_ms() + PURGE_EVERY;
	return NULL;
}

/* Everything that is due. */
static struct err *
round_of_mails(struct courier *c)
{
	bool any = true;
	struct err *e = NULL;

	while (any && !e && !is_leaving()) {
		seat_busy(c->seat);
		e = next_mail(c, &any);
	}
	if (c->smtp)
		smtp_rest(c->smtp);
	if (!e && seat_now_ms() >= c->purge_at)
		e = purge(c);
	seat_idle(c->seat);
	return e;
}

/* Say once that the outbox is away, and once that it is back. */
static void
note(struct courier *c, const struct err *e)
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
work(struct courier *c, bool once)
{
	seat_ready(c->seat);
	while (!is_leaving()) {
		struct err *e = round_of_mails(c);

		note(c, e);
		if (once)
			return e ? EXIT_FAILURE : EXIT_SUCCESS;
		outbox_wait(c->room.outbox, c->pause ? c->pause : POLL,
			    &c->waiting);
	}
	return EXIT_SUCCESS;
}

/* ---- beginning ---- */

/* Without a key nothing can be proved; a HUP brings a new one. */
static bool
open_keys(struct courier *c, struct keys **ret)
{
	struct arena *a = arena_new(4096);
	struct err *e = keys_load(a, str_of(c->conf->keys), ret);

	if (e)
		log_line(LOG_ERROR, "mails stay in the outbox: %.*s",
			 STR_FMT(e->message));
	arena_free(a);
	return !e;
}

static bool
open_smtp(struct courier *c)
{
	struct smtp_options options = {.conf = c->conf,
				       .host = c->room.host,
				       .hurry = must_hurry,
				       .ctx = c};

	if (!c->conf->smtp[0])
		return true;
	c->smtp = smtp_open(&options);
	if (!c->smtp)
		log_line(LOG_ERROR, "libcurl cannot be used");
	return c->smtp != NULL;
}

static int
idle(struct courier *c)
{
	seat_ready(c->seat);
	while (!is_leaving())
		outbox_wait(c->room.outbox, PAUSE_MAX, &c->waiting);
	return EXIT_SUCCESS;
}

int
courier_run(const struct conf *conf, struct seat *seat, bool once)
{
	struct arena *lasting = arena_new(1024);
	struct courier c = {.conf = conf, .seat = seat};
	struct keys *keys = NULL;
	int status = EXIT_FAILURE;

	c.arena = arena_new(64 * 1024);
	c.room = (struct mail_room){.conf = conf,
				    .outbox = outbox_open(conf),
				    .host = mail_host(lasting, conf)};
	set_signals(&c);
	if (open_keys(&c, &keys) && open_smtp(&c)) {
		c.room.keys = keys;
		status = work(&c, once);
	} else if (!once) {
		status = idle(&c);
	}
	if (c.smtp)
		smtp_close(c.smtp);
	outbox_close(c.room.outbox);
	keys_free(keys);
	arena_free(c.arena);
	arena_free(lasting);
	return status;
}
