#include "courier/courier.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "courier/hooks.h"
#include "courier/mails.h"

struct courier {
	struct leave leave;
	struct mails_options mails;
	struct hooks_options hooks;
	struct seat mail_seat;
	pthread_t thread;
};

/* Without a key nothing can be proved; a HUP brings a new one. */
static struct keys *
open_keys(const struct conf *conf)
{
	struct arena *a = arena_new(4096);
	struct keys *keys = NULL;
	struct err *e = keys_open(a, conf, &keys);

	if (e)
		log_line(LOG_ERROR, "mails stay in the outbox: %.*s",
			 STR_FMT(e->message));
	arena_free(a);
	return e ? NULL : keys;
}

static void *
bring_mails(void *ctx)
{
	struct courier *c = ctx;

	mails_run(&c->mails);
	return NULL;
}

/* Nobody else sees that a mail has been on its way for too long. */
static bool
look_at_mails(void *ctx)
{
	struct courier *c = ctx;

	if (seat_busy_ms(&c->mail_seat, seat_now_ms()) < COURIER_LIMIT * 1000)
		return true;
	log_line(LOG_ERROR, "a mail takes for ever");
	_exit(EXIT_FAILURE);
}

/* Mail servers are slow and are waited for: they have a thread. */
static int
run_both(struct courier *c)
{
	int status;

	if (!c->mails.keys)
		return hooks_run(&c->hooks);
	if (pthread_create(&c->thread, NULL, bring_mails, c) != 0) {
		log_line(LOG_ERROR, "there can be no thread");
		return EXIT_FAILURE;
	}
	status = hooks_run(&c->hooks);
	pthread_join(c->thread, NULL);
	return status;
}

static int
run_once(struct courier *c)
{
	int mails = c->mails.keys ? mails_run(&c->mails) : EXIT_FAILURE;
	int hooks = hooks_run(&c->hooks);

	return mails == EXIT_SUCCESS ? hooks : mails;
}

int
courier_run(const struct conf *conf, struct seat *seat, bool once)
{
	struct courier c = {.mail_seat = {0}};
	struct keys *keys = open_keys(conf);
	int status;

	c.mails = (struct mails_options){.conf = conf,
					 .keys = keys,
					 .leave = &c.leave,
					 .seat = &c.mail_seat,
					 .once = once};
	c.hooks = (struct hooks_options){.conf = conf,
					 .leave = &c.leave,
					 .seat = seat,
					 .once = once,
					 .look = look_at_mails,
					 .ctx = &c};
	curl_global_init(CURL_GLOBAL_DEFAULT);
	leave_open(&c.leave);
	status = once ? run_once(&c) : run_both(&c);
	leave_close(&c.leave);
	curl_global_cleanup();
	keys_free(keys);
	return status;
}
