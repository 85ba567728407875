#include "worker.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/fcgi.h"
#include "serve.h"

enum { TICK = 100, CALM_TICK = 1000 }; /* milliseconds */

/*
 * What the pools do differently: slow work never stands in front of fast
 * work, so each kind of work has processes of its own.
 */
static const struct pool_row {
	const char *name;
	int slots; /* connections at the same time */
	bool keep; /* ... are left open for the next request */
	int lanes; /* 0: as configured */
} pools[] = {
	[POOL_API] = {"api",  512, true,	0},
	[POOL_AUTH] = {"auth", 4,	  false, 2},
	[POOL_BULK] = {"bulk", 1,	  false, 1},
};

struct worker {
	struct conf conf;
	struct loop loop;
	struct serve serve;
	struct fcgi *fcgi;
	int64_t leave_by;
};

static volatile sig_atomic_t told_to_leave;

const char *
worker_pool_name(enum pool_kind kind)
{
	return pools[kind].name;
}

static void
on_term(int signal)
{
	(void)signal;
	told_to_leave = 1;
}

/*
 * Our handlers stand before libfcgi can install its own, and TERM is let in
 * only while the loop waits: no answer is ever cut by a signal.
 */
static void
set_signals(struct loop *loop)
{
	struct sigaction term = {.sa_handler = on_term};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t blocked;

	sigaction(SIGTERM, &term, NULL);
	sigaction(SIGINT, &term, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGUSR1, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &loop->waiting);
	sigdelset(&loop->waiting, SIGTERM);
	sigdelset(&loop->waiting, SIGINT);
}

static void
begin(void *ctx, struct exchange *x)
{
	serve_begin(ctx, x);
}

static void
gone(void *ctx, struct exchange *x)
{
	serve_gone(ctx, x);
}

static bool
open_all(struct worker *w, enum pool_kind kind, struct seat *seat)
{
	const struct pool_row *row = &pools[kind];
	struct arena *a = arena_new(4096);
	struct fcgi_options options = {
		.loop = &w->loop,
		.conf = &w->conf,
		.slots = row->slots,
		.keep = row->keep,
		.begin = begin,
		.gone = gone,
		.ctx = &w->serve,
	};
	struct err *e;

	w->loop.seat = seat;
	w->serve.pool = kind;
	w->serve.lanes = row->lanes ? row->lanes : (int)w->conf.lanes;
	e = serve_open(a, &w->serve, &w->conf, &w->loop);
	if (e)
		log_line(LOG_ERROR, "%.*s", STR_FMT(err_text(e)));
	arena_free(a);
	if (e)
		return false;
	w->fcgi = fcgi_open(&options);
	if (!w->fcgi)
		log_line(LOG_ERROR, "descriptor 0 is no listening socket");
	return w->fcgi != NULL;
}

/* True when there is nothing left to do. */
static bool
drained(struct worker *w)
{
	if (w->leave_by == 0) {
		w->leave_by = w->loop.now + w->conf.drain_limit * 1000;
		fcgi_drain(w->fcgi);
	}
	return fcgi_connections(w->fcgi) == 0 || w->loop.now >= w->leave_by;
}

static void
turn(struct worker *w)
{
	bool calm = !told_to_leave && !w->serve.wanted && pg_calm(w->serve.pg);

	loop_turn(&w->loop, calm ? CALM_TICK : TICK);
	serve_turn(&w->serve);
}

int
worker_run(const struct conf *conf, enum pool_kind kind, struct seat *seat,
	   int index)
{
	static struct worker w;
	char who[32];

	snprintf(who, sizeof(who), "%s %d", pools[kind].name, index);
	log_set_who(who);
	/*
	 * Big blocks go back to the system, so a long answer leaves no trace;
	 * the heap's end is not given back and fetched again at every turn.
	 */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_MXFAST, 0); /* else each large block consolidates them */
	mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
	mallopt(M_TOP_PAD, 256 * 1024);
	w.conf = *conf;
	if (kind == POOL_BULK)
		w.conf.statement_timeout = conf->bulk_timeout;
	if (!loop_open(&w.loop))
		return EXIT_FAILURE;
	set_signals(&w.loop);
	if (!open_all(&w, kind, seat))
		return EXIT_FAILURE;
	seat_ready(seat);
	while (!told_to_leave || !drained(&w))
		turn(&w);
	fcgi_close(w.fcgi);
	serve_close(&w.serve);
	loop_close(&w.loop);
	return EXIT_SUCCESS;
}
