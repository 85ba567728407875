/*
 * Writes by JSON:API and the steps that they become.
 *
 * t/unit/jsonapi_write.golden has requests over the model of
 * t/unit/music.json: a method, a path, a body; "! " before it asks for strict
 * documents.  A line "fails CODE STEP ARGUMENT CONSTRAINT COLUMN", "-" for
 * none, is an error that Postgres then has.  Below that are the steps, one a
 * line, or the answer.  After a change that is meant:
 * WRITE_GOLDEN=write build/debug/unit/jsonapi_write, and read the difference.
 */
#include "api/jsonapi/writing.h"
#include "ask.h"
#include "tap.h"

#define GOLDEN	"t/unit/jsonapi_write.golden"
#define MODEL	"t/unit/music.json"
#define OFFERED "application/vnd.api+json;ext=\"" JSONAPI_ATOMIC "\""

/* A case: what is asked, and what goes wrong then. */
struct golden {
	struct str name, input, request, fails, expected;
};

static struct model *model;

/* ---- the golden file ---- */

static bool
next_case(struct str *rest, struct golden *ret)
{
	struct str line = str_cut(rest, '\n');

	*ret = (struct golden){0};
	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	ret->name = str_sub(line, 3, line.n);
	ret->input = ret->request = str_cut(rest, '\n');
	if (str_starts(*rest, STR("fails "))) {
		line = str_cut(rest, '\n');
		ret->fails = str_sub(line, 6, line.n);
		ret->input.n = (size_t)(line.p + line.n - ret->input.p);
	}
	ret->expected.p = rest->p;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->request.n > 0;
}

/* ---- plans as text ---- */

static void
put_value(struct buf *b, const struct column *c, struct str value, bool kept)
{
	buf_put(b, c->name);
	if (kept)
		BUF_LIT(b, "~");
	else
		buf_put(b, value.p ? STR("=") : STR(":null"));
	buf_put(b, value);
}

static void
put_filter(struct buf *b, const struct filter *f)
{
	static const char *const kinds[] = {
		[FILTER_AND] = "and",	[FILTER_OR] = "or",
		[FILTER_NOT] = "not",	[FILTER_THROUGH] = "through",
		[FILTER_SOME] = "some", [FILTER_OPPOSITE] = "opposite",
	};

	if (f->kind == FILTER_TEST) {
		put_value(b, f->test.column, f->test.value,
			  f->test.cmp == CMP_KEPT);
		return;
	}
	buf_printf(b, "%s(", kinds[f->kind]);
	for (size_t i = 0; i < f->n; i++) {
		if (i)
			buf_char(b, ' ');
		put_filter(b, f->parts[i]);
	}
	buf_char(b, ')');
}

static void
put_conditions(struct buf *b, const struct plan *p)
{
	if (p->nwhere || p->filter)
		BUF_LIT(b, " where");
	for (size_t i = 0; i < p->nwhere; i++) {
		buf_char(b, ' ');
		put_value(b, p->where[i].column, p->where[i].value,
			  p->where[i].cmp == CMP_KEPT);
	}
	if (!p->filter)
		return;
	buf_char(b, ' ');
	put_filter(b, p->filter);
}

static void
put_plan(struct buf *b, const struct plan *p)
{
	static const char *const ops[] = {
		[PLAN_SELECT] = "select",
		[PLAN_INSERT] = "insert",
		[PLAN_UPDATE] = "update",
		[PLAN_DELETE] = "delete",
	};

	buf_printf(b, "%s%s %.*s", p->quiet ? "" : "* ", ops[p->op],
		   STR_FMT(p->table->name));
	for (size_t i = 0; i < p->nset; i++) {
		buf_char(b, ' ');
		put_value(b, p->set[i].column, p->set[i].value, p->set[i].kept);
	}
	put_conditions(b, p);
	if (p->keep.n)
		buf_printf(b, " keep %.*s", STR_FMT(p->keep));
	if (p->must)
		buf_printf(b, " must %zu", p->must);
	if (p->ignore)
		BUF_LIT(b, " ignore");
	if (p->limit)
		buf_printf(b, " limit %lld", (long long)p->limit);
	buf_char(b, '\n');
}

/* What stands around the rows of operations is about all of them. */
static void
put_around(struct buf *b, const struct plan *p)
{
	for (size_t i = 0; i < p->nsteps; i++)
		if (!p->steps[i].quiet)
			buf_printf(b, "%.*s...%.*s", STR_FMT(p->steps[i].open),
				   STR_FMT(p->steps[i].close));
}

static void
put_plans(struct buf *b, const struct call *call)
{
	const struct plan *p = &call->plan;

	if (p->op != PLAN_STEPS) {
		put_plan(b, p);
		return;
	}
	for (size_t i = 0; i < p->nsteps; i++)
		put_plan(b, &p->steps[i]);
	if (writing_of(call)->atomic)
		put_around(b, p);
}

/* ---- a request ---- */

/* What fails, in words of the golden file. */
static struct err
failure(struct arena *a, struct str text)
{
	struct str code = str_cut(&text, ' ');
	struct err e = {.code = ERR_INTERNAL};
	int64_t step = 0, argument = 0;

	for (int i = 0; i < ERR_INTERNAL; i++)
		if (str_eq(str_of(err_kind((enum err_code)i)->slug), code))
			e.code = (enum err_code)i;
	str_int(str_cut(&text, ' '), &step);
	str_int(str_cut(&text, ' '), &argument);
	e.step = (int)step;
	e.argument = (int)argument;
	e.constraint = arena_str(a, str_cut(&text, ' '));
	e.column = arena_str(a, text);
	if (str_eq(e.constraint, STR("-")))
		e.constraint = (struct str){0};
	if (str_eq(e.column, STR("-")))
		e.column = (struct str){0};
	return e;
}

static void
fail(struct buf *b, struct call *call, const struct err *e)
{
	buf_clear(call->reply.body);
	call->reply.status = err_kind(e->code)->status;
	jsonapi_api.fail(call, e);
	buf_printf(b, "%d ", call->reply.status);
	buf_put(b, buf_str(call->reply.body));
}

static void
set_request(struct call *call, struct str text)
{
	struct request *r = &call->request;

	r->content_type = STR(OFFERED);
	if (str_starts(text, STR("! "))) {
		r->accept = STR(OFFERED);
		text = str_sub(text, 2, text.n);
	}
	r->method = str_cut(&text, ' ');
	r->query_text = str_cut(&text, ' ');
	r->path = str_cut((struct str *)&r->query_text, '?');
	r->body = arena_str(call->arena, text);
}

static struct str
result(struct arena *a, const struct golden *g)
{
	struct asked q;
	struct buf b = buf_new(1 << 20);
	struct str text;
	struct err e;

	ask_open(&q, model, "postern_anonymous");
	q.call.caller.known = true;
	set_request(&q.call, g->request);
	q.error = http_query_read(q.call.arena, q.call.request.query_text,
				  &q.call.request.query);
	if (!q.error)
		q.error = jsonapi_api.plan(&q.call);
	if (!q.error && g->fails.n) {
		e = failure(q.call.arena, g->fails);
		q.error = &e;
	}
	if (q.error)
		fail(&b, &q.call, q.error);
	else
		put_plans(&b, &q.call);
	text = arena_str(a, buf_str(&b));
	while (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	ask_free(&q);
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old, head = str_sub(old, 0, str_find(old, '='));
	struct golden g;

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(&rest, &g)) {
		struct str got = result(a, &g);

		fprintf(f, "== %.*s\n%.*s\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(got), rest.n ? "\n" : "");
	}
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

/* ---- answers ---- */

static struct asked
rendered(const char *request, struct str body)
{
	struct asked q;

	ask_open(&q, model, "postern_anonymous");
	q.call.caller.known = true;
	set_request(&q.call, str_of(request));
	q.error = jsonapi_api.plan(&q.call);
	buf_put(&q.body, body);
	q.call.rows = body.n > 0;
	if (!q.error)
		q.error = jsonapi_api.render(&q.call);
	return q;
}

static bool
has_header(const struct asked *q, const char *line)
{
	struct str headers = buf_str(&q->call.reply.headers);

	while (headers.n)
		if (str_eq(str_cut(&headers, '\n'), str_of(line)))
			return true;
	return false;
}

static void
test_place(void)
{
	static const char request[] =
		"POST /jsonapi/tag "
		"{\"data\":{\"attributes\":{\"name\":\"x\"}}}";
	struct asked q = rendered(
		request,
		STR("{\"data\":{\"attributes\":{\"links\":{\"self\":\"no\"},"
		    "\"a\":\"},\\\"links\\\":{\\\"self\\\":\\\"no\"},\"id\":"
		    "\"7\",\"links\":{\"self\":\"/jsonapi/tag/7\"}}}"));

	ok(!q.error && q.call.reply.status == 201, "a new row is created");
	ok(has_header(&q, "Location: /jsonapi/tag/7\r"),
	   "... at the place that it names, whatever its attributes say");
	ask_free(&q);
}

static void
test_gone(void)
{
	struct asked q = rendered("DELETE /jsonapi/tag/7 ", STR("{}"));

	ok(!q.error && q.call.reply.status == 204 && q.body.n == 0,
	   "what is deleted is not shown");
	ask_free(&q);
	q = rendered("DELETE /jsonapi/tag/7 ", STR(""));
	ok(q.error && q.error->status == 404,
	   "what is not there is not deleted");
	ask_free(&q);
}

static void
test_words(void)
{
	static const char request[] = "! PATCH /jsonapi/artist/1/relationships/"
				      "label {\"data\":null}";
	struct asked q = rendered(request + 2, STR("{}"));

	is(buf_str(&q.body),
	   STR("{\"jsonapi\":{\"version\":\"1.0\"},\"meta\":{\"message\":"
	       "\"Relationship successfully updated\"}}"),
	   "a relationship is said to be updated");
	ask_free(&q);
	q = rendered(request, STR("{}"));
	ok(q.call.reply.status == 204 && q.body.n == 0,
	   "... but not to whom documents are strict");
	ask_free(&q);
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str text = ask_file(GOLDEN), rest = text;
	struct golden g;

	model = ask_model_of(MODEL);
	if (getenv("WRITE_GOLDEN"))
		rewrite(text, a);
	else
		while (rest.n && next_case(&rest, &g))
			is(result(a, &g), g.expected, arena_str(a, g.name).p);
	test_place();
	test_gone();
	test_words();
	free((void *)(uintptr_t)text.p);
	arena_free(a);
	model_drop(model);
	return done();
}
