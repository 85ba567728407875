#include "api/openapi/part.h"
#include "api/rest.h"

enum { ANSWER_MAX_BYTES = 64 * 1024 };

/* The constraint that an example would violate. */
static struct str
violated(const struct table *t, enum rest_fate fate)
{
	for (size_t i = 0; fate == REST_TAKEN && i < t->nuniques; i++)
		if (t->uniques[i].n == 1 && t->uniques[i].columns[0] == t->key)
			return t->uniques[i].name;
	if (fate == REST_REFERENCED && t->nreferrers)
		return t->referrers[0]->name;
	return t->primary ? t->primary->name : STR("");
}

/* What is asked for once more is not there either. */
static struct err *
miss(struct call *call)
{
	TRY(rest_render(call));
	return call->reply.status ? NULL : rest_render(call);
}

static struct err *
meet(struct call *call, const struct table *t, enum rest_fate fate)
{
	struct err *e;

	if (fate == REST_AS_IT_IS)
		return NULL;
	if (fate == REST_MISSING)
		return miss(call);
	e = err_new(call->arena,
		    fate == REST_TAKEN ? ERR_CONSTRAINT : ERR_REFERENCED, "%s",
		    "");
	e->constraint = violated(t, fate);
	return e;
}

static struct request
request_of(const struct part_writer *w, const struct rest_sample *s)
{
	struct request r = {
		.arena = w->arena,
		.conf = w->conf,
		.model = w->model,
		.method = str_of(s->method),
		.query_text = s->target,
		.content_type = STR("application/json"),
		.body = s->body,
	};
	struct str path = str_cut(&r.query_text, '?');

	if (!http_decode(w->arena, path, false, &r.path))
		r.path = STR("");
	return r;
}

void
rest_ask(const struct part_writer *w, const struct table *t,
	 struct rest_sample *s)
{
	struct buf body = buf_new(ANSWER_MAX_BYTES);
	struct call call = {
		.arena = w->arena,
		.request = request_of(w, s),
		.caller = {.runs_as = w->runs_as		},
		.reply = { .body = &body, .headers = buf_new(ANSWER_MAX_BYTES)},
	};
	struct err *e = http_query_read(w->arena, call.request.query_text,
					&call.request.query);

	if (!e)
		e = rest_api.plan(&call);
	if (!e)
		e = meet(&call, t, s->fate);
	if (e)
		rest_api.fail(&call, e);
	s->status = call.reply.status;
	s->answer = arena_str(w->arena, buf_str(&body));
	buf_free(&body);
	buf_free(&call.reply.headers);
}
