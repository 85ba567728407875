/*
 * ONE REQUEST, top to bottom.
 *
 *   serve_begin    the route names an interface; who calls?
 *   plan           the interface turns the request into a plan, or a question
 *   send           that becomes a statement, the statement a job
 *   on_rows        rows are printed as they come (serve_answer.c)
 *   on_done        committed: the interface writes status and headers
 *   fail           anything else: it writes the error, we log it
 *
 * Nothing waits in between: on_rows and on_done are called by the loop.
 */
#include "serve.h"

#include "base/log.h"
#include "io/ask.h"
#include "io/caller.h"
#include "io/depend.h"
#include "routes.h"
#include "serve_answer.h"

enum {
	FLUSH_AT = 64 * 1024,
	STREAM_FROM = 1000, /* rows that may be more than fit well */
	TRIES_CONFLICT = 3,
	TRIES_ASIDE = 2,
	TRIES_MAX = 10,	 /* lanes go together, migrations have many steps */
	RETRY_AFTER = 2, /* seconds, for clients */
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
		    STR_FMT(err_text(e)));
}

/*
 * Somebody who may not may be somebody who did not say who he is; unless that
 * was said on purpose.
 */
static bool
is_stranger(const struct exchange *x, const struct err *e)
{
	return e->code == ERR_FORBIDDEN && !e->status && !e->type.n &&
	       !x->api->open && !x->api->answers && !x->call.caller.known &&
	       !caller_has_token(&x->call.request);
}

/* Retry-After: seconds until the same request makes sense again. */
static void
say_when(struct exchange *x, const struct err *e)
{
	struct reply *reply = &x->call.reply;
	int64_t wait = e->wait;

	if (reply->status == 503 && wait == 0)
		wait = RETRY_AFTER;
	if (wait)
		reply_header(
			reply, "Retry-After",
			arena_printf(x->call.arena, "%lld", (long long)wait));
}

/* How to be known (RFC 6750 §3); what is wrong only with what was sent. */
static void
say_how(struct exchange *x, const struct err *e)
{
	struct reply *reply = &x->call.reply;
	struct str how = STR("Bearer realm=\"postern\"");

	if (reply->status != 401)
		return;
	if (caller_has_token(&x->call.request))
		how = arena_printf(x->call.arena,
				   "%.*s, error=\"invalid_token\", "
				   "error_description=\"%.*s\"",
				   STR_FMT(how), STR_FMT(e->message));
	reply_header(reply, "WWW-Authenticate", how);
}

/*
 * Where the head is already out, the only honest end is none: without its
 * last record the answer cannot be taken for whole.
 */
static void
fail(struct exchange *x, const struct err *e)
{
	struct reply *reply = &x->call.reply;

	if (is_stranger(x, e))
		e = err_new(x->call.arena, ERR_UNAUTHORIZED,
			    "Not authenticated");
	/* nginx leaves as soon as it has the head, if that is all it wants. */
	if (!x->gone || !reply->no_body)
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
	say_when(x, e);
	say_how(x, e);
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
	case ERR_SCHEMA_CHANGED:
		/* A function that is gone for good is looked for once. */
		return x->tries < (e->aside ? TRIES_ASIDE : TRIES_MAX);
	case ERR_LOST:
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
	call->depends = NULL;
	call->ndepends = 0;
	call->rows = 0;
	call->counts = NULL;
	call->more = false;
	call->first = call->keys = call->versions = NULL;
	call->nversions = 0;
	call->ask = (struct question){0};
	call->answer = NULL;
	call->kept = NULL;
	call->nulls = 0;
}

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
	serve_reload(s);
}

/* ---- answering ---- */

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

	if (x->gone)
		return;
	/* A question's row has as many values as any function's. */
	if (x->call.ask.function) {
		x->call.answer = serve_answer_keep(x, rows, ANSWER_MAX);
		return;
	}
	if (x->call.kept) {
		x->call.kept[job->at] =
			serve_answer_keep(x, rows, PQnfields(rows));
		return;
	}
	serve_answer_rows(x, job->at, rows);
	if (job->stream && x->body.n > FLUSH_AT)
		flush(x);
}

static struct err *send(struct exchange *x);

/* What the interface made is answered, or goes out. */
static void
settle(struct exchange *x, struct err *e)
{
	if (!e && x->call.reply.status) {
		finish(x);
		return;
	}
	if (!e)
		e = send(x);
	if (e)
		fail(x, e);
}

/* The question is answered: the interface has the word. */
static void
go_on(struct exchange *x)
{
	struct question asked = x->call.ask;

	x->call.ask = (struct question){0};
	settle(x, asked.then(&x->call));
}

/* All rows are printed.  An interface that sets no status plans once more. */
static void
render(struct exchange *x)
{
	struct call *call = &x->call;
	struct err *e = NULL;

	serve_answer_end(x);
	if (x->api->tail && x->printing.closed)
		x->api->tail(call);
	if (x->body.broken)
		e = err_new(call->arena, ERR_TOO_LARGE,
			    "The answer is too large: ask for fewer rows.");
	if (!e && !call->reply.begun)
		e = x->api->render(call);
	settle(x, e);
}

static void
on_done(struct pg_job *job, struct err *e)
{
	struct exchange *x =
		(struct exchange *)((char *)job -
				    offsetof(struct exchange, job));

	if (e && may_retry(x, e))
		retry(x, e);
	else if (e)
		fail(x, e);
	else if (x->call.ask.function)
		go_on(x);
	else
		render(x);
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

/* The plan's statements, or the question's. */
static struct err *
compile(struct exchange *x)
{
	struct call *call = &x->call;

	if (call->ask.function) {
		call->answer = NULL;
		x->script.statements = ARENA_NEW(call->arena, struct statement);
		x->script.n = 1;
		ask_statement(call->arena, &call->ask, x->script.statements);
		return NULL;
	}
	TRY(sql_script(call->arena, &call->plan, &x->script));
	if (call->plan.op == PLAN_TREES)
		call->kept = ARENA_ARRAY(call->arena, struct str *,
					 (size_t)x->script.n);
	serve_answer_begin(x);
	return NULL;
}

static struct err *
send(struct exchange *x)
{
	const struct plan *p = &x->call.plan;
	bool asks = x->call.ask.function != NULL;
	struct script woven;

	x->job = (struct pg_job){
		.arena = x->call.arena,
		.quick = !asks && p->quick,
		.write = asks ? x->call.ask.write : p->op != PLAN_SELECT,
		.later = x->tries > 1,
		.stream = !asks && p->op == PLAN_SELECT && p->list &&
			  !p->backward &&
			  (p->limit == 0 || p->limit > STREAM_FROM),
		.rows = on_rows,
		.done = on_done,
	};
	if (hand_over(x))
		return NULL;
	ask_enter(x->call.arena, &x->call.caller, &x->job);
	TRY(compile(x));
	TRY(depend_weave(&x->call, &x->script, &woven));
	if (x->job.write)
		ask_trace(&x->call.request, &woven);
	x->job.statements = woven.statements;
	x->job.n = woven.n;
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
	settle(x, e);
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
	x->call.request.keys = s->keys;
	x->call.request.passwords = s->passwords;
	x->api = routes_find(&x->call.request);
	e = http_query_read(x->call.arena, x->call.request.query_text,
			    &x->call.request.query);
	if (!e && !x->api->open)
		e = x->api->remote ? caller_find_remote(&x->call)
				   : caller_find(&x->call);
	if (e)
		fail(x, e);
	else
		plan(x);
}

void
serve_again(struct exchange *x)
{
	hold_model(x);
	plan(x);
}

void
serve_gone(struct serve *s, struct exchange *x)
{
	pg_abandon(s->pg, &x->job);
}
