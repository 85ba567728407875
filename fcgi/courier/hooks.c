#include "courier/hooks.h"

#include <stdlib.h>

#include "base/mem.h"
#include "courier/hook.h"
#include "courier/window.h"

enum {
	POLL = 1000,	   /* milliseconds between looks at the log */
	GATHER = 5,	   /* ... while there is more in it */
	RECORD = 10,	   /* milliseconds that an answer may wait */
	RECORD_MANY = 50,  /* answers that need not wait */
	PAUSE_FIRST = 250, /* while the log cannot be asked ... */
	PAUSE_MAX = 10000, /* ... growing to this */
	RENEW_EVERY = 20 * 1000,
	KEEP_EVERY = 600 * 1000,
	ECHO_SOON = 25, /* milliseconds after a word: others wrote meanwhile */
	ECHO_LATE = 100,
	RESULTS_MANY = 8 * 1024 * 1024, /* bytes of answers to record at once */
	RESULTS_MAX = 64 * 1024 * 1024,
	BYTES_MANY = 32 * 1024 * 1024, /* of bodies: no more are claimed */
	IDS_MAX = 1024 * 1024,
};

struct hooks {
	const struct hooks_options *o;
	struct desk *desk;
	struct arena *arena; /* of the statement in hand */
	CURLM *multi;
	struct windows windows;
	struct hook *all;
	CURL **idle; /* handles that nothing uses */
	int n, nidle;
	int held, underway, done; /* of all */
	size_t bytes;		  /* of the bodies that are held */
	int64_t done_since;	  /* the first of those that are done */
	int64_t heard_at, claimed_at, claim_at, renew_at, keep_at;
	int64_t rest_until; /* the log could not be asked */
	int pause;
	bool more;	  /* there was something last time */
	bool failed;	  /* the last statement was */
	int64_t leave_by; /* 0: nobody has asked */
};

/* ---- the database ---- */

/* Say once that the log is away, and once that it is back. */
static bool
note(struct hooks *s, const struct err *e)
{
	if (e && !s->pause)
		log_line(LOG_ERROR, "the log of events cannot be asked: %.*s",
			 STR_FMT(e->cause));
	if (!e && s->pause)
		log_line(LOG_INFO, "the log of events answers again");
	s->failed = e != NULL;
	if (!e)
		s->pause = 0;
	else if (!s->pause)
		s->pause = PAUSE_FIRST;
	else
		s->pause = s->pause * 2 < PAUSE_MAX ? s->pause * 2 : PAUSE_MAX;
	s->rest_until = e ? seat_now_ms() + s->pause : 0;
	arena_reset(s->arena);
	return !e;
}

static void
free_hook(struct hooks *s, struct hook *h)
{
	h->window->held--;
	s->held--;
	s->bytes -= h->event.body.n;
	buf_free(&h->answer);
	if (h->arena)
		arena_reset(h->arena);
	*h = (struct hook){.arena = h->arena};
}

/* ---- claiming ---- */

static struct event
copy(struct arena *a, const struct event *e)
{
	return (struct event){
		.id = arena_str(a, e->id),
		.trigger = arena_str(a, e->trigger),
		.webhook = arena_str(a, e->webhook),
		.headers = arena_str(a, e->headers),
		.secret_env = arena_str(a, e->secret_env),
		.timeout = arena_str(a, e->timeout),
		.trace = arena_str(a, e->trace),
		.sampled = arena_str(a, e->sampled),
		.body = arena_str(a, e->body),
	};
}

static void
hold(struct hooks *s, const struct event *e, int *at)
{
	struct hook *h;

	while (s->all[*at].state != HOOK_FREE)
		++*at;
	h = &s->all[*at];
	if (!h->arena)
		h->arena = arena_new(4096);
	h->state = HOOK_WAITING;
	h->event = copy(h->arena, e);
	h->window = window_find(&s->windows, h->event.trigger);
	h->held_since = seat_now_ms();
	h->window->held++;
	s->held++;
	s->bytes += h->event.body.n;
}

/* A word stands for all who wrote at about the same time. */
static int64_t
next_look(const struct hooks *s)
{
	if (s->heard_at && s->claimed_at < s->heard_at + ECHO_SOON)
		return s->heard_at + ECHO_SOON;
	if (s->heard_at && s->claimed_at < s->heard_at + ECHO_LATE)
		return s->heard_at + ECHO_LATE;
	return s->claimed_at + POLL;
}

static void
claim(struct hooks *s)
{
	struct events_claim c = {.total = s->n - s->held};
	struct buf rooms = buf_new(IDS_MAX);
	int at = 0;

	c.room =
		WINDOW_FIRST < s->windows.most ? WINDOW_FIRST : s->windows.most;
	window_put_rooms(&s->windows, &rooms);
	c.rooms = arena_str(s->arena, buf_str(&rooms));
	buf_free(&rooms);
	s->claimed_at = seat_now_ms();
	s->claim_at = next_look(s);
	s->more = false;
	if (!rooms.broken) {
		struct err *e = events_claim(s->desk, s->arena, &c);

		for (size_t i = 0; !e && i < c.n; i++)
			hold(s, &c.all[i], &at);
		s->more = !e && c.n > 0;
		note(s, e);
	}
}

static bool
has_room(const struct hooks *s)
{
	return !s->leave_by && s->held < s->n && s->bytes < BYTES_MANY;
}

/* Few at a time cost much; but nobody waits longer than a moment. */
static bool
is_time_to_claim(const struct hooks *s)
{
	int64_t now = seat_now_ms();

	if (now < s->rest_until || !has_room(s))
		return false;
	if (now >= s->claim_at)
		return true;
	return s->more && (now >= s->claimed_at + GATHER * 4 ||
			   window_any_low(&s->windows));
}

/* ---- sending ---- */

/* Say once that a receiver fails, and once that it does not. */
static void
note_receiver(const struct hook *h)
{
	struct window *w = h->window;

	if (!h->delivered && !w->failing)
		log_line(LOG_WARN, "events of %s are not taken: %.*s",
			 w->trigger, STR_FMT(h->why));
	if (h->delivered && w->failing)
		log_line(LOG_INFO, "events of %s are taken again", w->trigger);
	w->failing = !h->delivered;
}

static void
begin(struct hooks *s, struct hook *h)
{
	CURL *curl = s->idle[--s->nidle];

	hook_begin(h, s->o->conf, curl);
	if (h->state == HOOK_UNDERWAY &&
	    curl_multi_add_handle(s->multi, curl) != CURLM_OK)
		hook_fail(h, STR("libcurl cannot be used"));
	if (h->state == HOOK_UNDERWAY) {
		h->window->underway++;
		s->underway++;
		return;
	}
	h->curl = NULL;
	s->idle[s->nidle++] = curl;
	if (s->done++ == 0)
		s->done_since = h->ended_at;
	note_receiver(h);
}

static void
send_waiting(struct hooks *s)
{
	int left = s->held - s->underway - s->done;

	for (int i = 0; left > 0 && i < s->n && s->nidle; i++) {
		struct hook *h = &s->all[i];

		if (h->state != HOOK_WAITING)
			continue;
		left--;
		if (h->window->underway < h->window->size && !s->leave_by)
			begin(s, h);
	}
}

static void
end(struct hooks *s, CURL *curl, CURLcode code)
{
	struct hook *h;
	char *ctx = NULL;

	curl_easy_getinfo(curl, CURLINFO_PRIVATE, &ctx);
	h = (struct hook *)(void *)ctx;
	hook_end(h, code);
	curl_multi_remove_handle(s->multi, curl);
	h->curl = NULL;
	s->idle[s->nidle++] = curl;
	h->window->underway--;
	s->underway--;
	if (s->done++ == 0)
		s->done_since = h->ended_at;
	note_receiver(h);
	if (h->status && !h->wait)
		window_answered(&s->windows, h->window, h->seconds);
	else
		window_unanswered(h->window);
}

static void
perform(struct hooks *s)
{
	CURLMsg *m;
	int running, left;

	curl_multi_perform(s->multi, &running);
	while ((m = curl_multi_info_read(s->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			end(s, m->easy_handle, m->data.result);
}

/* ---- recording ---- */

static bool
is_time_to_record(const struct hooks *s)
{
	int64_t now = seat_now_ms();

	if (s->done == 0 || now < s->rest_until)
		return false;
	return s->done >= RECORD_MANY || s->done == s->held ||
	       now >= s->done_since + RECORD || s->leave_by;
}

/* What is done becomes JSON, as much of it as is good to record at once. */
static void
tell(struct hooks *s, struct buf *b)
{
	buf_char(b, '[');
	for (int i = 0; i < s->n && b->n < RESULTS_MANY; i++) {
		if (s->all[i].state != HOOK_DONE)
			continue;
		if (b->n > 1)
			buf_char(b, ',');
		hook_result(&s->all[i], b);
		s->all[i].state = HOOK_TOLD;
	}
	buf_char(b, ']');
}

static void
told(struct hooks *s, bool good)
{
	for (int i = 0; i < s->n; i++) {
		struct hook *h = &s->all[i];

		if (h->state != HOOK_TOLD)
			continue;
		h->state = HOOK_DONE;
		if (!good)
			continue;
		free_hook(s, h);
		s->done--;
	}
	if (good)
		s->more = true; /* for those that had no room */
}

static void
record(struct hooks *s)
{
	struct buf b = buf_new(RESULTS_MAX);
	int64_t given_up = 0;
	struct err *e;

	tell(s, &b);
	e = events_record(s->desk, s->arena, buf_str(&b), &given_up);
	buf_free(&b);
	told(s, note(s, e));
	if (given_up)
		log_line(LOG_ERROR,
			 "%lld events are given up: see postern "
			 "events list failed",
			 (long long)given_up);
}

/* ---- leases ---- */

static bool
is_held(const struct hook *h)
{
	return h->state == HOOK_WAITING || h->state == HOOK_UNDERWAY;
}

/* {id,id} of those that are held since `since` or longer. */
static struct str
ids_of(struct hooks *s, int64_t since)
{
	struct buf b = buf_new(IDS_MAX);
	struct str ret;

	buf_char(&b, '{');
	for (int i = 0; i < s->n; i++) {
		if (!is_held(&s->all[i]) || s->all[i].held_since > since)
			continue;
		if (b.n > 1)
			buf_char(&b, ',');
		buf_put(&b, s->all[i].event.id);
	}
	buf_char(&b, '}');
	ret = b.n > 2 ? arena_str(s->arena, buf_str(&b)) : STR("");
	buf_free(&b);
	return ret;
}

static void
renew(struct hooks *s, int64_t now)
{
	struct str ids = ids_of(s, now - RENEW_EVERY);

	s->renew_at = now + RENEW_EVERY;
	if (ids.n)
		note(s, events_renew(s->desk, s->arena, ids));
}

static void
keep(struct hooks *s, int64_t now)
{
	s->keep_at = now + KEEP_EVERY;
	note(s, events_keep(s->desk, s->arena, s->o->conf->events_keep));
}

static void
care(struct hooks *s)
{
	int64_t now = seat_now_ms();

	if (now < s->rest_until)
		return;
	if (now >= s->renew_at)
		renew(s, now);
	if (now >= s->keep_at && !s->leave_by)
		keep(s, now);
}

/* ---- turns ---- */

/* Milliseconds until there is something to do but answers. */
static int
patience(const struct hooks *s)
{
	int64_t now = seat_now_ms(), at = now + POLL;
	bool room = has_room(s);

	if (room && s->claim_at < at)
		at = s->claim_at;
	if (room && s->more && s->claimed_at + GATHER * 4 < at)
		at = s->claimed_at + GATHER * 4;
	if (s->done && s->done_since + RECORD < at)
		at = s->done_since + RECORD;
	if (at < s->rest_until)
		at = s->rest_until;
	if (s->leave_by && s->leave_by < at)
		at = s->leave_by;
	if (at > now + POLL)
		at = now + POLL;
	return at > now ? (int)(at - now) : 0;
}

static void
wait_for_something(struct hooks *s)
{
	struct curl_waitfd fds[2] = {
		{.fd = desk_fd(s->desk), .events = CURL_WAIT_POLLIN}
	    };
	unsigned int n = fds[0].fd >= 0;

	if (!s->leave_by && s->o->leave->fd >= 0)
		fds[n++] = (struct curl_waitfd){.fd = s->o->leave->fd,
						.events = CURL_WAIT_POLLIN};
	seat_idle(s->o->seat);
	curl_multi_poll(s->multi, fds, n, patience(s), NULL);
	seat_busy(s->o->seat);
	if (!desk_heard(s->desk))
		return;
	s->heard_at = seat_now_ms();
	if (s->claim_at > s->claimed_at + GATHER)
		s->claim_at = s->claimed_at + GATHER;
}

static void
turn(struct hooks *s)
{
	if (!s->leave_by && leave_asked(s->o->leave))
		s->leave_by = seat_now_ms() + s->o->conf->drain_limit * 1000;
	perform(s);
	if (is_time_to_record(s))
		record(s);
	if (is_time_to_claim(s))
		claim(s);
	send_waiting(s);
	perform(s);
	care(s);
}

/* Is there nothing left to do for who leaves, or looks only once? */
static bool
is_over(const struct hooks *s)
{
	if (s->leave_by)
		return s->underway + s->done == 0 ||
		       seat_now_ms() >= s->leave_by;
	if (s->o->once)
		return s->failed || (s->held == 0 && !s->more);
	return s->o->look && !s->o->look(s->o->ctx);
}

/* ---- beginning, ending ---- */

static bool
open_all(struct hooks *s)
{
	int total = (int)s->o->conf->webhooks;

	s->arena = arena_new(64 * 1024);
	s->desk = desk_open(s->o->conf, EVENTS_CHANNEL);
	s->multi = curl_multi_init();
	window_open(&s->windows, total);
	s->n = total * WINDOW_AHEAD;
	s->all = mem_zero((size_t)s->n, sizeof(*s->all));
	s->idle = mem_zero((size_t)total, sizeof(CURL *));
	while (s->nidle < total)
		s->idle[s->nidle++] = mem_must(curl_easy_init());
	if (s->multi)
		curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)total);
	return s->multi != NULL;
}

/* Transfers that have not ended: their events are for others. */
static void
close_all(struct hooks *s)
{
	for (int i = 0; i < s->n; i++) {
		struct hook *h = &s->all[i];

		if (h->curl) {
			curl_multi_remove_handle(s->multi, h->curl);
			curl_easy_cleanup(h->curl);
		}
		buf_free(&h->answer);
		arena_free(h->arena);
	}
	while (s->nidle)
		curl_easy_cleanup(s->idle[--s->nidle]);
	curl_multi_cleanup(s->multi);
	window_free(&s->windows);
	free(s->all);
	free(s->idle);
	desk_close(s->desk);
	arena_free(s->arena);
}

static void
give_back(struct hooks *s)
{
	struct str ids;

	while (s->done) {
		record(s);
		if (s->failed)
			break;
	}
	ids = ids_of(s, INT64_MAX);
	if (ids.n)
		note(s, events_release(s->desk, s->arena, ids));
}

int
hooks_run(const struct hooks_options *options)
{
	struct hooks s = {.o = options};
	int status = EXIT_FAILURE;

	if (open_all(&s)) {
		seat_ready(options->seat);
		seat_busy(options->seat);
		for (turn(&s); !is_over(&s); turn(&s))
			wait_for_something(&s);
		give_back(&s);
		status =
			options->once && s.failed ? EXIT_FAILURE : EXIT_SUCCESS;
	} else {
		log_line(LOG_ERROR, "libcurl cannot be used");
	}
	close_all(&s);
	return status;
}
