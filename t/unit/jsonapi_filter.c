/*
 * The filters of JSON:API and the conditions that they become.
 * t/unit/jsonapi_filter.golden has queries, each behind the table that it is
 * of, and below it what it asks of Postgres, or its error.  After a change
 * that is meant: FILTER_GOLDEN=write build/debug/unit/jsonapi_filter, and read
 * the difference.
 */
#include "api/jsonapi/jsonapi.h"
#include "ask.h"
#include "core/sql.h"
#include "tap.h"

#define GOLDEN "t/unit/jsonapi_filter.golden"

/* A query that is sent as it stands, but for what would be cut there. */
static struct str
encoded(struct arena *a, struct str query)
{
	struct buf b = buf_new(1 << 20);
	struct str text;

	for (size_t i = 0; i < query.n; i++)
		if (query.p[i] == '%')
			BUF_LIT(&b, "%25");
		else
			buf_char(&b, query.p[i]);
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
put_error(struct buf *b, const struct err *e)
{
	buf_printf(b, "%d %.*s", e->status ? e->status : 400,
		   STR_FMT(e->detail.n ? e->detail : e->message));
}

static void
put_conditions(struct buf *b, struct arena *a, const struct plan *plan)
{
	struct statement s;
	struct err *e = sql_compile(a, plan, &s);
	size_t at = 0;

	if (e) {
		put_error(b, e);
		return;
	}
	while (!str_starts(str_sub(s.text, at, s.text.n), STR(" from ")))
		at++;
	buf_put(b, str_sub(s.text, at + 6, s.text.n));
	for (int i = 0; i < s.nargs; i++)
		buf_printf(b, s.args[i] ? "\n$%d = %s" : "\n$%d null", i + 1,
			   s.args[i]);
}

static struct str
result(struct arena *a, struct model *model, struct str input)
{
	struct str table = str_cut(&input, ' ');
	bool strict = str_starts(table, STR("!"));
	struct jsonapi j = {.strict = strict};
	struct call call = {.arena = a, .state = &j};
	struct buf b = buf_new(1 << 20);
	struct str text;
	struct err *e;

	table = str_sub(table, strict, table.n);
	j.role = model_role(model, STR("postern_anonymous"));
	j.resource = j.primary =
		resource_of(a, model_table(model, table), j.role);
	call.request.model = model;
	call.plan.op = PLAN_SELECT;
	call.plan.table = j.primary->table;
	call.plan.shape = plan_shape(a, call.plan.table, 1);
	e = http_query_read(a, encoded(a, input), &call.request.query);
	if (!e)
		e = jsonapi_filter(&call, &call.plan);
	if (e)
		put_error(&b, e);
	else
		put_conditions(&b, a, &call.plan);
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* The next case: its name, its line, and what is expected. */
static bool
next_case(struct str *rest, struct str *name, struct str *input,
	  struct str *expected)
{
	struct str line = str_cut(rest, '\n');

	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	*name = str_sub(line, 3, line.n);
	*input = str_cut(rest, '\n');
	expected->p = rest->p;
	expected->n = 0;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		expected->n = (size_t)(line.p + line.n - expected->p);
	return input->n > 0;
}

static void
rewrite(struct str rest, struct arena *a, struct model *model)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str name, input, expected;

	while (rest.n && next_case(&rest, &name, &input, &expected))
		fprintf(f, "== %.*s\n%.*s\n%.*s\n%s", STR_FMT(name),
			STR_FMT(input), STR_FMT(result(a, model, input)),
			rest.n ? "\n" : "");
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

int
main(void)
{
	struct arena *a = arena_new(1 << 20);
	struct str golden = ask_file(GOLDEN), name, input, expected;
	struct str rest = golden;
	struct model *model = ask_model_of("t/unit/music.json");

	if (getenv("FILTER_GOLDEN"))
		rewrite(golden, a, model);
	else
		while (rest.n && next_case(&rest, &name, &input, &expected))
			is(result(a, model, input), expected,
			   arena_str(a, name).p);
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	arena_free(a);
	return done();
}
