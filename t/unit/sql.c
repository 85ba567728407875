/*
 * Golden SQL.  t/unit/sql.golden has requests and what becomes of each: one
 * statement with its arguments, an answer without one, or an error.  After a
 * change that is meant: SQL_GOLDEN=write build/debug/unit/sql, and read the
 * difference.
 */
#include "core/sql.h"

#include "ask.h"
#include "core/type.h"
#include "tap.h"

#define GOLDEN "t/unit/sql.golden"

/* A case: the lines from "== name" to "--", then what is expected. */
struct golden {
	struct str name, input, expected;
	const char *role;
	struct str method, uri, if_match, prefer, body;
};

static struct str
next_line(struct str *rest)
{
	return str_cut(rest, '\n');
}

static bool
take(struct str *line, const char *start)
{
	if (!str_starts(*line, str_of(start)))
		return false;
	*line = str_sub(*line, strlen(start), line->n);
	return true;
}

/* One line between the name and the "--". */
static void
read_line(struct arena *a, struct golden *g, struct str line)
{
	if (take(&line, "role: "))
		g->role = arena_str(a, line).p;
	else if (take(&line, "If-Match: "))
		g->if_match = line;
	else if (take(&line, "Prefer: "))
		g->prefer = line;
	else if (g->method.n)
		g->body = line;
	else {
		g->method = str_cut(&line, ' ');
		g->uri = line;
	}
}

/* The next case of the file; false when there is none. */
static bool
next_case(struct arena *a, struct str *rest, struct golden *ret)
{
	struct str line = next_line(rest);

	*ret = (struct golden){.role = "postern_admin"};
	while (rest->n && !str_starts(line, STR("== ")))
		line = next_line(rest);
	ret->name = str_sub(line, 3, line.n);
	ret->input.p = rest->p;
	for (line = next_line(rest); rest->n && !str_eq(line, STR("--"));
	     line = next_line(rest))
		read_line(a, ret, line);
	ret->input.n = (size_t)(line.p - ret->input.p);
	ret->expected.p = rest->p;
	for (line = next_line(rest); line.n; line = next_line(rest))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->method.n > 0;
}

static void
put_issues(struct buf *b, const struct issue *i)
{
	for (; i; i = i->next)
		buf_printf(b, "\n%s %.*s: %.*s (%s)", i->where,
			   STR_FMT(i->field), STR_FMT(i->message), i->type);
}

static void
put_statement(struct buf *b, const struct asked *q)
{
	const struct statement *s = &q->statement;

	buf_put(b, s->text);
	for (int i = 0; i < s->nargs; i++)
		buf_printf(b, s->args[i] ? "\n$%d = %s" : "\n$%d is null",
			   i + 1, s->args[i]);
	buf_printf(b, "\n%zu columns", s->ncolumns);
	if (q->call.plan.keys)
		buf_printf(b, ", keys at %zu", s->key_at);
	if (s->nversions)
		buf_printf(b, ", %zu versions at %zu", s->nversions,
			   s->version_at);
	if (q->call.plan.quick)
		BUF_LIT(b, ", quick");
}

static void
put_result(struct buf *b, const struct asked *q)
{
	if (q->error) {
		buf_printf(b, "%d%s%.*s", err_kind(q->error->code)->status,
			   q->error->message.n ? " " : "",
			   STR_FMT(q->error->message));
		put_issues(b, q->error->issues);
	} else if (q->call.reply.status) {
		buf_printf(b, "%d\n", q->call.reply.status);
		buf_put(b, str_trim(buf_str(&q->call.reply.headers)));
		b->n -= 2;
	} else {
		put_statement(b, q);
	}
}

static struct str
result(struct arena *a, struct model *model, const struct golden *g)
{
	struct buf b = buf_new(1 << 20);
	struct asked q;
	struct str text;

	ask_open(&q, model, g->role);
	q.call.request.method = g->method;
	q.call.request.uri = g->uri;
	q.call.request.if_match = g->if_match;
	q.call.request.prefer = g->prefer;
	q.call.request.body = g->body;
	ask(&q);
	put_result(&b, &q);
	text = arena_str(a, buf_str(&b));
	ask_free(&q);
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a, struct model *model)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old, got;
	struct golden g;
	struct str head = str_sub(old, 0, str_find(old, '='));

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(a, &rest, &g)) {
		got = result(a, model, &g);
		fprintf(f, "== %.*s\n%.*s--\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(got), rest.n ? "\n" : "");
	}
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

static void
compare(struct str golden, struct arena *a, struct model *model)
{
	struct golden g;

	while (golden.n && next_case(a, &golden, &g))
		is(result(a, model, &g), g.expected, arena_str(a, g.name).p);
}

/* More arguments than a statement may have, and a name full of quotes. */
static void
test_limits(void)
{
	struct arena *a = arena_new(1 << 16);
	struct column column = {.name = STR("a\"\"b"),
				.type = type_find(STR("text"), false, false)};
	struct table table = {.schema = STR("\""), .name = STR(".\".")};
	struct condition *where = ARENA_ARRAY(a, struct condition, 1001);
	struct plan plan = {.op = PLAN_DELETE, .table = &table};
	struct statement s;
	struct err *e;

	for (size_t i = 0; i < 1001; i++)
		where[i] = (struct condition){.column = &column,
					      .value = STR("x")};
	plan.shape = plan_shape(a, &table, 1);
	plan.where = where;
	plan.nwhere = 1;
	ok(!sql_compile(a, &plan, &s), "names may be nothing but quotes");
	is(s.text,
	   STR("delete from \"\"\"\".\".\"\".\" t0 where "
	       "t0.\"a\"\"\"\"b\" = $1 returning 1"),
	   "... which are doubled");
	plan.nwhere = 1000;
	e = sql_compile(a, &plan, &s);
	ok(!e && s.nargs == 1000, "1000 arguments are fine");
	is(str_of(s.args[999]), STR("x"), "... and all of them there");
	plan.nwhere = 1001;
	e = sql_compile(a, &plan, &s);
	ok(e && e->code == ERR_TOO_LARGE, "more are too many");
	arena_free(a);
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str golden = ask_file(GOLDEN);
	struct model *model = ask_model();
	const char *mode = getenv("SQL_GOLDEN");

	if (mode && strcmp(mode, "write") == 0)
		rewrite(golden, a, model);
	else
		compare(golden, a, model);
	test_limits();
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	arena_free(a);
	return done();
}
