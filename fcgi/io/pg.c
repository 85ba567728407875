#include "io/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/lane.h"

enum {
	WAIT_FIRST = 3000,  /* ms for the first connections */
	CONNECT_MAX = 3000, /* ms for a later one */
	GRACE = 3000,	    /* ms beyond the server's own time limit */
	STALE = 10,	    /* ms after which a shared lane looks slow */
	HOLD_MAX = 2000,    /* ms that a job waits for a lane to come up */
	HOPE_MAX = 250,	    /* ms to the next attempt worth waiting for */
	VAIN_MAX = 200,	    /* ms that a statement may run for nobody */
	PAUSE_FIRST = 100,  /* ms between attempts to connect */
	PAUSE_MAX = 500,
	PARAMS_MAX = 64,
};

struct pg {
	struct pg_options options;
	char *keys[PARAMS_MAX], *values[PARAMS_MAX + 1];
	char *as_member; /* the options of a lane with that role ... */
	int options_at;	 /* ... stand for these values */
	struct lane *lanes;
	int n, next;
	struct pg_job *pending, **pending_tail; /* for a lane to come up */
	size_t npending;
	int64_t pause, retry_at, failed_at; /* of connections that fail */
	struct pg_job listen;
	struct statement listen_statement;
};

/* ---- how to connect ---- */

static void
put_option(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, " -c %s=", name);
	for (const char *p = value; *p; p++) {
		if (*p == ' ' || *p == '\\')
			buf_char(b, '\\');
		buf_char(b, *p);
	}
}

/*
 * Settings that every session starts with.  `role` makes the connection's
 * own role the anonymous one, so an anonymous request needs no statement to
 * say who it is.  GraphQL's clients say how many tables are joined, and the
 * time to plan that grows steeply with join_collapse_limit.
 */
static char *
session_options(const struct conf *conf, const char *users_own,
		const char *role)
{
	static const char *const fixed[][2] = {
		{"plan_cache_mode",			    "force_generic_plan"},
		{"jit",				 "off"		     },
		{"join_collapse_limit",			"5"		   },
		{"timezone",			     "UTC"		  },
		{"datestyle",			      "ISO"		   },
		{"bytea_output",			 "hex"		      },
		{"search_path",				"pg_catalog"	    },
		{"lock_timeout",			 "2000"	       },
		{"idle_in_transaction_session_timeout", "10000"	       },
		{"client_connection_check_interval",    "1000"		   },
	};
	struct buf b = buf_new(64 * 1024);
	char timeout[32];

	buf_put(&b, str_of(users_own));
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		put_option(&b, fixed[i][0], fixed[i][1]);
	snprintf(timeout, sizeof(timeout), "%lld",
		 (long long)conf->statement_timeout);
	put_option(&b, "statement_timeout", timeout);
	put_option(&b, "postern.access", conf->access);
	if (role[0])
		put_option(&b, "role", role);
	buf_char(&b, '\0');
	return b.p;
}

/* Add a keyword unless the user's connection string has it already. */
static void
add_param(struct pg *pg, int *n, const char *key, const char *value)
{
	for (int i = 0; i < *n; i++)
		if (strcmp(pg->keys[i], key) == 0)
			return;
	if (*n == PARAMS_MAX - 1)
		return;
	pg->keys[*n] = mem_text(key);
	pg->values[(*n)++] = mem_text(value);
}

static void
read_params(struct pg *pg, const PQconninfoOption *given)
{
	static const char *const defaults[][2] = {
		{"client_encoding",	    "UTF8"	  },
		{"connect_timeout",	    "3"	       },
		{"tcp_user_timeout",     "5000"	   },
		{"keepalives_idle",	    "10"	},
		{"keepalives_interval",	"3"	   },
		{"keepalives_count",     "3"		},
		{"gssencmode",	       "disable"	},
		{"target_session_attrs", "read-write"},
	};
	const struct conf *conf = pg->options.conf;
	const char *own = "";
	char *options;
	int n = 0;

	for (const PQconninfoOption *o = given; o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "options") == 0)
			own = o->val;
		else if (o->val)
			add_param(pg, &n, o->keyword, o->val);
	}
	options = session_options(conf, own, conf->role);
	pg->options_at = n;
	add_param(pg, &n, "options", options);
	free(options);
	pg->as_member = session_options(conf, own, PG_MEMBER);
	add_param(pg, &n, "application_name", pg->options.name);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		add_param(pg, &n, defaults[i][0], defaults[i][1]);
}

PGconn *
pg_connection_start(struct pg *pg, const char *role)
{
	const char *values[PARAMS_MAX + 1];

	memcpy(values, pg->values, sizeof(values));
	if (role)
		values[pg->options_at] = pg->as_member;
	return PQconnectStartParams((const char *const *)pg->keys, values, 0);
}

/* ---- notifications ---- */

static void
no_rows(struct pg_job *job, const PGresult *rows)
{
	(void)job;
	(void)rows;
}

static void
no_end(struct pg_job *job, struct err *e)
{
	(void)job;
	(void)e;
}

void
pg_notified(struct pg *pg)
{
	if (pg->options.notified)
		pg->options.notified(pg->options.ctx);
}

/*
 * A connection that fails makes all lanes wait, and then try one at a time,
 * so that a server in trouble is not stormed.  Those that were under way
 * already when one failed have met the same trouble, and count as one.
 */
void
pg_lane_failed(struct pg *pg, const struct lane *lane)
{
	if (pg->pause && lane->since <= pg->failed_at)
		return;
	pg->failed_at = pg->options.loop->now;
	pg->pause = pg->pause ? pg->pause * 2 : PAUSE_FIRST;
	if (pg->pause > PAUSE_MAX)
		pg->pause = PAUSE_MAX;
	pg->retry_at = pg->options.loop->now + pg->pause;
}

/* The first lane listens; what was said while it was down it has missed. */
void
pg_lane_up(struct pg *pg, struct lane *lane)
{
	pg->pause = 0;
	if (!lane->listens)
		return;
	arena_reset(pg->listen.arena);
	lane_send(lane, &pg->listen);
	pg_notified(pg);
}

/* ---- the pool ---- */

static void
wait_for_first(struct pg *pg)
{
	int64_t until = loop_clock() + WAIT_FIRST;

	for (int i = 0; i < pg->n; i++)
		lane_connect(&pg->lanes[i]);
	for (;;) {
		bool connecting = false;

		for (int i = 0; i < pg->n; i++)
			connecting |= pg->lanes[i].state == LANE_CONNECTING;
		if (!connecting || loop_clock() >= until)
			return;
		loop_turn(pg->options.loop, 100);
	}
}

struct pg *
pg_open(struct arena *a, const struct pg_options *options, struct err **ret_why)
{
	char *why = NULL;
	PQconninfoOption *given =
		PQconninfoParse(options->conf->database, &why);
	struct pg *pg;

	if (!given) {
		*ret_why = err_internal(a, ERR_INTERNAL, "POSTERN_DATABASE: %s",
					why ? why : "out of memory");
		PQfreemem(why);
		return NULL;
	}
	pg = mem_zero(1, sizeof(*pg));
	pg->options = *options;
	pg->n = options->lanes;
	pg->lanes = mem_zero((size_t)pg->n, sizeof(*pg->lanes));
	pg->listen_statement.text = STR("listen postern");
	pg->listen = (struct pg_job){.rows = no_rows,
				     .done = no_end,
				     .arena = arena_new(4096),
				     .write = true, /* nowhere else */
				     .statements = &pg->listen_statement,
				     .n = 1};
	read_params(pg, given);
	PQconninfoFree(given);
	for (int i = 0; i < pg->n; i++)
		lane_init(&pg->lanes[i], pg, options->loop);
	pg->lanes[0].listens = true;
	if (pg->n >= PG_MEMBER_LANES)
		pg->lanes[1].role = PG_MEMBER;
	pg->pending_tail = &pg->pending;
	wait_for_first(pg);
	return pg;
}

void
pg_close(struct pg *pg)
{
	for (int i = 0; i < pg->n; i++)
		lane_close(&pg->lanes[i]);
	for (int i = 0; pg->keys[i]; i++) {
		free(pg->keys[i]);
		free(pg->values[i]);
	}
	arena_free(pg->listen.arena);
	free(pg->as_member);
	free(pg->lanes);
	free(pg);
}

bool
pg_calm(const struct pg *pg)
{
	for (int i = 0; i < pg->n; i++)
		if (pg->lanes[i].state != LANE_UP || pg->lanes[i].head)
			return false;
	return true;
}

bool
pg_up(const struct pg *pg)
{
	for (int i = 0; i < pg->n; i++)
		if (pg->lanes[i].state == LANE_UP)
			return true;
	return false;
}

/* How long the lane's job in hand has been without an answer. */
static int64_t
waiting(const struct lane *lane)
{
	int64_t since = lane->progress;

	if (!lane->head)
		return 0;
	if (lane->head->since > since)
		since = lane->head->since;
	return lane->loop->now - since;
}

static bool
is_slow(const struct lane *lane)
{
	return waiting(lane) > STALE;
}

/* The emptiest of the lanes from `from` on, those in a slow job last. */
static struct lane *
emptiest(struct pg *pg, const struct pg_job *job, int from)
{
	struct lane *best = NULL;
	size_t best_cost = 0;

	for (int i = from; i < pg->n; i++) {
		int at = from + (pg->next + i) % (pg->n - from);
		struct lane *lane = &pg->lanes[at];
		size_t cost = lane->queued + (is_slow(lane) ? PG_QUEUE_MAX : 0);

		if (lane->state != LANE_UP || !lane_takes(lane, job) ||
		    lane->queued >= PG_QUEUE_MAX)
			continue;
		if (!best || cost < best_cost) {
			best = lane;
			best_cost = cost;
		}
	}
	pg->next = (pg->next + 1) % pg->n;
	return best;
}

static struct lane *
choose(struct pg *pg, const struct pg_job *job)
{
	struct lane *first = &pg->lanes[0], *other;

	if (pg->n > 1 && pg->lanes[1].role && lane_takes(&pg->lanes[1], job))
		first = &pg->lanes[1];
	if (job->quick && first->state == LANE_UP && !is_slow(first) &&
	    first->queued < PG_QUEUE_MAX)
		return first;
	other = pg->n > 1 ? emptiest(pg, job, 1) : NULL;
	return other ? other : emptiest(pg, job, 0);
}

static bool
is_connecting(const struct pg *pg)
{
	for (int i = 0; i < pg->n; i++)
		if (pg->lanes[i].state == LANE_CONNECTING)
			return true;
	return false;
}

/* Is a lane about to come up, for all we know? */
static bool
is_hopeful(const struct pg *pg)
{
	return is_connecting(pg) ||
	       pg->retry_at - pg->options.loop->now <= HOPE_MAX;
}

/* Is a lane up that it may run on, full or not? */
static bool
is_up_for(const struct pg *pg, const struct pg_job *job)
{
	for (int i = 0; i < pg->n; i++)
		if (pg->lanes[i].state == LANE_UP &&
		    lane_takes(&pg->lanes[i], job))
			return true;
	return false;
}

static void
hold(struct pg *pg, struct pg_job *job)
{
	job->next = NULL;
	if (job->since == 0)
		job->since = pg->options.loop->now;
	*pg->pending_tail = job;
	pg->pending_tail = &job->next;
	pg->npending++;
}

struct err *
pg_submit(struct pg *pg, struct pg_job *job)
{
	struct lane *lane = choose(pg, job);

	/*
	 * Rows come one by one only on a lane that has nothing else to do.
	 * What has lost its lane waits until we know which others are lost.
	 */
	if (lane && (job->later || (job->stream && lane->queued))) {
		job->later = false;
		hold(pg, job);
		return NULL;
	}
	if (lane) {
		lane_send(lane, job);
		return NULL;
	}
	if (is_up_for(pg, job) || pg->npending >= PG_QUEUE_MAX)
		return err_internal(job->arena, ERR_BUSY, "every lane is full");
	if (!is_hopeful(pg))
		return err_internal(job->arena, ERR_UNAVAILABLE,
				    "no lane is up");
	hold(pg, job);
	return NULL;
}

static bool
is_overdue(const struct pg *pg, const struct pg_job *job)
{
	return pg->options.loop->now - job->since > HOLD_MAX;
}

/* Those who waited for a lane get it, or hear that there is none. */
static void
settle(struct pg *pg)
{
	struct pg_job *job = pg->pending, *next;

	if (!job || (!pg_up(pg) && is_hopeful(pg) && !is_overdue(pg, job)))
		return;
	pg->pending = NULL;
	pg->pending_tail = &pg->pending;
	pg->npending = 0;
	for (; job; job = next) {
		struct err *e;

		next = job->next;
		if (is_overdue(pg, job))
			e = err_internal(job->arena, ERR_UNAVAILABLE,
					 "no lane came up");
		else
			e = pg_submit(pg, job);
		if (e)
			job->done(job, e);
	}
}

void
pg_abandon(struct pg *pg, struct pg_job *job)
{
	(void)pg;
	job->abandoned = true;
}

/* Is all that the lane does for somebody who is gone, and not done soon? */
static bool
is_in_vain(const struct lane *lane)
{
	const struct pg_job *job = lane->head;

	return job && job->abandoned && !job->write && lane->queued == 1 &&
	       (job->stream || lane->loop->now - job->since > VAIN_MAX);
}

void
pg_forget(struct pg *pg)
{
	for (int i = 0; i < pg->n; i++)
		pg->lanes[i].outdated = true;
}

/* Reads that stand behind a slow statement try another lane, once. */
static void
rescue(struct pg *pg, struct lane *lane)
{
	struct pg_job *job = lane_rescue(lane), *next;

	for (; job; job = next) {
		struct err *e;

		next = job->next;
		e = pg_submit(pg, job);
		if (e)
			job->done(job, e);
	}
}

static void
tick_lane(struct pg *pg, struct lane *lane)
{
	int64_t now = lane->loop->now;
	int64_t limit = pg->options.conf->statement_timeout + GRACE;

	if (lane->state == LANE_DOWN && now >= pg->retry_at &&
	    (pg->pause == 0 || !is_connecting(pg))) {
		lane_connect(lane);
	} else if (lane->state == LANE_CONNECTING &&
		   now - lane->since > CONNECT_MAX) {
		lane_lost(lane, ERR_UNAVAILABLE, "connecting took too long");
		pg_lane_failed(pg, lane);
	} else if (waiting(lane) > limit) {
		lane_lost(lane, ERR_TIMEOUT, "the database does not answer");
	} else if (is_in_vain(lane)) {
		lane->unwanted = true;
		lane_lost(lane, ERR_LOST, "the client went away");
	} else if (pg->n > 1 && lane->queued > 1 && is_slow(lane)) {
		rescue(pg, lane);
	}
}

void
pg_turn(struct pg *pg)
{
	for (int i = 0; i < pg->n; i++) {
		lane_flush(&pg->lanes[i]);
		tick_lane(pg, &pg->lanes[i]);
	}
	settle(pg);
}
