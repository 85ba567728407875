/*
 * ONE REQUEST, top to bottom.
 *
 *   serve_begin    the route names an interface
 *   plan           the interface turns the request into a plan
 *   send           the plan becomes a statement, the statement a job
 *   on_rows        rows are printed as they come
 *   on_done        committed: the interface writes status and headers
 *   fail           anything else: it writes the error, we log it
 *
 * Nothing waits in between: on_rows and on_done are called by the loop.
 */
#include "serve.h"

#include "base/log.h"
#include "core/print.h"
#include "routes.h"

enum {
	FLUSH_AT = 64 * 1024,
	TRIES_CONFLICT = 3,
	TRIES_MAX = 10,	    /* lanes go together, migrations have many steps */
	RETRY_AFTER = 2,    /* seconds, for clients */
	MODEL_AGAIN = 1000, /* ms between attempts to get a first model */
	MODEL_PAUSE = 100,  /* ms between readings, however often it changes */
};

static void plan(struct exchange *x);

static void
finish(struct exchange *x)
{
	if (str_eq(x->call.request.method, STR("HEAD")))
		x->call.reply.no_body = true;
	x->finish(x);
}

/* ---- failing ---- */

static void
log_failure(const struct exchange *x, const struct err *e)
{
	const struct err_kind *kind = err_kind(e->code);
	enum log_level level = kind->status >= 500 ? LOG_ERROR : LOG_DEBUG;

	log_request(level, x->call.request.id, "%.*s %.*s: %s: %.*s",
		    STR_FMT(x->call.request.method),
		    STR_FMT(x->call.request.path), kind->slug,
		    STR_FMT(e->cause.n ? e->cause : e->message));
}

/*
 * Where the head is already out, the only honest end is none: without its
 * last record the answer cannot be taken for whole.
 */
static void
fail(struct exchange *x, const struct err *e)
{
	struct reply *reply = &x->call.reply;

	log_failure(x, e);
	if (reply->begun) {
		x->gone = true;
		x->finish(x);
		return;
	}
	buf_clear(&x->body);
	buf_clear(&reply->headers);
	reply->no_body = false;
	reply->type = "application/json";
	reply->status = err_kind(e->code)->status;
	x->api->fail(&x->call, e);
	if (reply->status == 503)
		reply_header(reply, "Retry-After",
			     arena_printf(x->call.arena, "%d", RETRY_AFTER));
	finish(x);
}

/* ---- trying again ---- */

static bool
may_retry(const struct exchange *x, const struct err *e)
{
	if (x->call.reply.begun || x->gone)
		return false;
	switch (e->code) {
	case ERR_CONFLICT:
		return x->tries < TRIES_CONFLICT;
	case ERR_LOST:
	case ERR_SCHEMA_CHANGED:
		return x->tries < TRIES_MAX;
	default:
		return false;
	}
}

static void
forget_answer(struct exchange *x)
{
	struct call *call = &x->call;

	buf_clear(&x->body);
	buf_clear(&call->reply.headers);
	call->reply.status = 0;
	call->plan = (struct plan){0};
	call->rows = 0;
	call->more = false;
	call->keys = call->versions = NULL;
	call->nversions = 0;
}

static void reload(struct serve *s);

static void
retry(struct exchange *x, const struct err *e)
{
	struct serve *s = x->serve;

	forget_answer(x);
	if (e->code != ERR_SCHEMA_CHANGED) {
		plan(x);
		return;
	}
	x->next = s->waiting;
	s->waiting = x;
	reload(s);
}

/* ---- answering ---- */

static struct str *
copy_columns(struct exchange *x, size_t from, size_t n)
{
	struct str *copy = ARENA_ARRAY(x->call.arena, struct str, n);

	for (size_t i = 0; i < n; i++)
		if (x->columns[from + i].p)
			copy[i] =
				arena_str(x->call.arena, x->columns[from + i]);
	return copy;
}

/* What the interface will want to know of this row beyond its members. */
static void
remember(struct exchange *x)
{
	struct call *call = &x->call;
	const struct statement *s = &x->statement;

	if (call->plan.keys && (int64_t)call->rows == call->plan.limit)
		call->keys = copy_columns(x, s->key_at, call->plan.norder);
	if (!call->plan.list && s->nversions) {
		call->versions = copy_columns(x, s->version_at, s->nversions);
		call->nversions = s->nversions;
	}
}

static void
on_row(struct exchange *x)
{
	struct call *call = &x->call;

	if (call->plan.keys && (int64_t)call->rows == call->plan.limit) {
		call->more = true;
		return;
	}
	buf_put(&x->body, call->rows++ ? STR(",") : call->plan.open);
	print_row(&x->body, call->plan.shape, x->columns);
	remember(x);
}

/* The head goes out with the first part of a long answer. */
static void
flush(struct exchange *x)
{
	if (!x->call.reply.begun) {
		x->call.streaming = true;
		x->api->render(&x->call);
	}
	if (str_eq(x->call.request.method, STR("HEAD")))
		x->call.reply.no_body = true;
	x->flush(x);
	if (x->gone)
		serve_gone(x->serve, x);
}

static void
on_rows(struct pg_job *job, const PGresult *rows)
{
	struct exchange *x =
		(struct exchange *)((char *)job -
				    offsetof(struct exchange, job));
	int n = PQntuples(rows), columns = PQnfields(rows);

	if (x->gone)
		return;
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < columns; k++)
			x->columns[k] =
				(struct str){PQgetisnull(rows, i, k)
						     ? NULL
						     : PQgetvalue(rows, i, k),
					     (size_t)PQgetlength(rows, i, k)};
		on_row(x);
	}
	if (job->stream && x->body.n > FLUSH_AT)
		flush(x);
}

static void
on_done(struct pg_job *job, struct err *e)
{
	struct exchange *x =
		(struct exchange *)((char *)job -
				    offsetof(struct exchange, job));

	if (e && may_retry(x, e)) {
		retry(x, e);
		return;
	}
	if (!e && x->call.plan.list && x->call.rows == 0)
		buf_put(&x->body, x->call.plan.open);
	if (!e && (x->call.plan.list || x->call.rows))
		buf_put(&x->body, x->call.plan.close);
	if (!e && x->body.broken)
		e = err_new(x->call.arena, ERR_TOO_LARGE,
			    "The answer is too large: ask for fewer rows.");
	if (!e && !x->call.reply.begun)
		e = x->api->render(&x->call);
	if (e)
		fail(x, e);
	else
		finish(x);
}

/* ---- asking ---- */

/* An unbounded list goes to the pool that streams, if there is one. */
static bool
hand_over(struct exchange *x)
{
	struct reply *reply = &x->call.reply;

	if (x->call.request.bulk.n == 0 || !x->job.stream)
		return false;
	reply->status = 200;
	reply_header(reply, "X-Accel-Redirect", x->call.request.bulk);
	finish(x);
	return true;
}

static struct err *
send(struct exchange *x)
{
	const struct plan *p = &x->call.plan;

	x->job = (struct pg_job){
		.arena = x->call.arena,
		.statement = &x->statement,
		.quick = p->quick,
		.write = p->op != PLAN_SELECT,
		.later = x->tries > 1,
		.stream = p->op == PLAN_SELECT && p->list && p->limit == 0,
		.rows = on_rows,
		.done = on_done,
	};
	if (hand_over(x))
		return NULL;
	TRY(sql_compile(x->call.arena, p, &x->statement));
	x->columns = ARENA_ARRAY(x->call.arena, struct str,
				 x->statement.ncolumns + 1);
	return pg_submit(x->serve->pg, &x->job);
}

static void
plan(struct exchange *x)
{
	struct call *call = &x->call;
	struct err *e;

	x->tries++;
	if (!call->request.model && !x->api->offline)
		e = err_internal(call->arena, ERR_UNAVAILABLE, "no model yet");
	else
		e = x->api->plan(call);
	if (!e && call->reply.status) {
		finish(x);
		return;
	}
	if (!e)
		e = send(x);
	if (e)
		fail(x, e);
}

static void
hold_model(struct exchange *x)
{
	if (x->serve->model == x->call.request.model)
		return;
	model_drop(x->call.request.model);
	x->call.request.model =
		x->serve->model ? model_hold(x->serve->model) : NULL;
}

void
serve_begin(struct serve *s, struct exchange *x)
{
	struct err *e;

	x->serve = s;
	hold_model(x);
	x->api = routes_find(x->call.request.path);
	e = http_query_read(x->call.arena, x->call.request.query_text,
			    &x->call.request.query);
	if (e)
		fail(x, e);
	else
		plan(x);
}

void
serve_gone(struct serve *s, struct exchange *x)
{
	pg_abandon(s->pg, &x->job);
}

/* ---- the model ---- */

static void
on_model_rows(struct pg_job *job, const PGresult *rows)
{
	struct serve *s =
		(struct serve *)((char *)job - offsetof(struct serve, job));
	struct model *fresh;
	struct str text;
	struct err *e;

	if (PQntuples(rows) != 1)
		return;
	text = (struct str){PQgetvalue(rows, 0, 0),
			    (size_t)PQgetlength(rows, 0, 0)};
	e = model_read(s->arena, text, &fresh);
	if (e) {
		log_line(LOG_ERROR, "%.*s", STR_FMT(e->cause));
		return;
	}
	if (s->model && !str_eq(s->model->version, fresh->version))
		pg_forget(s->pg);
	model_drop(s->model);
	s->model = fresh;
}

/* Those who waited for the new model plan again, with it. */
static void
on_model(struct pg_job *job, struct err *e)
{
	struct serve *s =
		(struct serve *)((char *)job - offsetof(struct serve, job));
	struct exchange *x = s->waiting;

	if (e)
		log_line(LOG_ERROR, "cannot read the model: %.*s",
			 STR_FMT(e->cause));
	s->reloading = false;
	s->waiting = NULL;
	while (x) {
		struct exchange *next = x->next;

		hold_model(x);
		plan(x);
		x = next;
	}
	if (s->stale)
		reload(s);
}

static void
reload(struct serve *s)
{
	struct err *e;

	s->stale = s->reloading;
	if (s->reloading)
		return;
	arena_reset(s->arena);
	s->statement = (struct statement){
		.text = STR("select postern.model()"),
	};
	s->job = (struct pg_job){
		.arena = s->arena,
		.statement = &s->statement,
		.rows = on_model_rows,
		.done = on_model,
	};
	s->reloading = true;
	s->read_at = s->loop->now;
	e = pg_submit(s->pg, &s->job);
	if (e)
		on_model(&s->job, e);
}

static void
on_notified(void *ctx)
{
	struct serve *s = ctx;

	s->wanted = true;
}

struct err *
serve_open(struct arena *a, struct serve *s, const struct conf *conf,
	   struct loop *loop)
{
	static const char *const names[] = {"postern api", "postern auth",
					    "postern bulk"};
	struct pg_options options = {
		.loop = loop,
		.conf = conf,
		.name = names[s->pool],
		.lanes = s->lanes,
		.notified = on_notified,
		.ctx = s,
	};
	struct err *e = NULL;

	s->conf = conf;
	s->loop = loop;
	s->arena = arena_new(16 * 1024);
	s->pg = pg_open(a, &options, &e);
	if (!s->pg)
		return e;
	reload(s);
	while (s->reloading) {
		loop_turn(loop, 100);
		pg_turn(s->pg);
	}
	s->wanted = false;
	return NULL;
}

void
serve_close(struct serve *s)
{
	pg_close(s->pg);
	model_drop(s->model);
	arena_free(s->arena);
}

void
serve_turn(struct serve *s)
{
	int64_t age = s->loop->now - s->read_at;
	bool overdue = !s->model && pg_up(s->pg) && age > MODEL_AGAIN;

	if ((s->wanted && age > MODEL_PAUSE) || overdue) {
		s->wanted = false;
		reload(s);
	}
	pg_turn(s->pg);
}
