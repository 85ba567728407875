/*
 * What a worker's requests share: its secrets, its connections, its model.
 */
#include "base/log.h"
#include "check.h"
#include "io/ask.h"
#include "io/keys.h"
#include "io/password.h"
#include "serve.h"

enum {
	MODEL_AGAIN = 1000, /* ms between attempts to get a first model */
	MODEL_PAUSE = 100,  /* ms between readings, however often it changes */
};

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

		serve_again(x);
		x = next;
	}
	if (s->stale)
		serve_reload(s);
}

void
serve_reload(struct serve *s)
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
		.statements = &s->statement,
		.n = 1,
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

static struct err *
load_secrets(struct arena *a, struct serve *s)
{
	if (s->conf->keys[0] || s->conf->jwt_secret[0])
		TRY(keys_open(a, s->conf, &s->keys));
	TRY(password_settings(a, s->conf));
	return password_list(s->kept, s->conf, &s->passwords);
}

static void
free_own(struct serve *s)
{
	keys_free(s->keys);
	arena_free(s->kept);
	arena_free(s->arena);
}

struct err *
serve_check(struct arena *a, const struct conf *conf)
{
	struct serve s = {.conf = conf, .kept = arena_new(1024)};
	struct err *e = check_settings(a, conf);

	if (!e)
		e = load_secrets(a, &s);
	if (!e && s.keys)
		keys_look(s.keys);
	free_own(&s);
	if (e || conf->keys[0] || conf->jwt_secret[0])
		return e;
	return err_new(a, ERR_INTERNAL,
		       "POSTERN_KEYS is not set: make a key with `postern key "
		       ">FILE` (mode 0600, readable for the workers alone) and "
		       "name the file in POSTERN_KEYS");
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
	struct err *e;

	s->conf = conf;
	s->loop = loop;
	s->arena = arena_new(16 * 1024);
	s->kept = arena_new(1024);
	e = load_secrets(a, s);
	s->pg = e ? NULL : pg_open(a, &options, &e);
	if (e) {
		free_own(s);
		return e;
	}
	serve_reload(s);
	while (s->reloading) {
		loop_turn(loop, 100);
		pg_turn(s->pg);
	}
	s->wanted = false;
	return NULL;
}

/* ---- what the connection is ---- */

struct look {
	struct pg_job job;
	struct str fault; /* {NULL, 0}: none */
	struct err *error;
	bool done;
};

static void
on_fault(struct pg_job *job, const PGresult *rows)
{
	struct look *look = (struct look *)job;

	if (PQntuples(rows) == 1 && !PQgetisnull(rows, 0, 0))
		look->fault =
			arena_str(job->arena, str_of(PQgetvalue(rows, 0, 0)));
}

static void
on_looked(struct pg_job *job, struct err *e)
{
	struct look *look = (struct look *)job;

	look->error = e;
	look->done = true;
}

struct err *
serve_look(struct serve *s, struct arena *a)
{
	struct question q = {
		.function = "connection_fault",
		.args = {str_of(s->conf->role), str_of(s->conf->access)},
		.nargs = 2,
	};
	struct statement statement;
	struct look look = {
		.job = {
			.arena = a,
			.statements = &statement,
			.n = 1,
			.rows = on_fault,
			.done = on_looked,
			}
	 };

	ask_statement(a, &q, &statement);
	TRY(pg_submit(s->pg, &look.job));
	while (!look.done) {
		loop_turn(s->loop, 100);
		pg_turn(s->pg);
	}
	TRY(look.error);
	if (!look.fault.p)
		return NULL;
	return err_new(a, ERR_INTERNAL, "%.*s", STR_FMT(look.fault));
}

void
serve_close(struct serve *s)
{
	pg_close(s->pg);
	model_drop(s->model);
	free_own(s);
}

void
serve_turn(struct serve *s)
{
	int64_t age = s->loop->now - s->read_at;
	bool overdue = !s->model && pg_up(s->pg) && age > MODEL_AGAIN;

	if ((s->wanted && age > MODEL_PAUSE) || overdue) {
		s->wanted = false;
		serve_reload(s);
	}
	pg_turn(s->pg);
}
