/*
 * Golden SQL of what only GraphQL asks for: rows below rows, filters through
 * relations, groups.  t/unit/sql_rows.golden has plans (planned.h says how)
 * and their statements; with SQL_DATABASE they are run and their rows
 * printed: t/14-rows.t knows the answers.  After a change that is
 * meant: SQL_GOLDEN=write build/debug/unit/sql_rows, and read the difference.
 */
#include "core/sql.h"

#include <libpq-fe.h>

#include "ask.h"
#include "core/print.h"
#include "planned.h"
#include "tap.h"

#define GOLDEN "t/unit/sql_rows.golden"
#define MODEL  "t/unit/music.json"

struct golden {
	struct str name, input, expected;
};

/* The next case of the file; false when there is none. */
static bool
next_case(struct str *rest, struct golden *ret)
{
	struct str line = str_cut(rest, '\n');

	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	ret->name = str_sub(line, 3, line.n);
	ret->input.p = rest->p;
	for (line = str_cut(rest, '\n'); rest->n && !str_eq(line, STR("--"));)
		line = str_cut(rest, '\n');
	ret->input.n = (size_t)(line.p - ret->input.p);
	ret->expected.p = rest->p;
	ret->expected.n = 0;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->input.n > 0;
}

static void
put_statement(struct buf *b, const struct plan *plan, const struct statement *s)
{
	buf_put(b, s->text);
	for (int i = 0; i < s->nargs; i++)
		buf_printf(b, s->args[i] ? "\n$%d = %s" : "\n$%d null", i + 1,
			   s->args[i]);
	buf_printf(b, "\n%zu columns", s->ncolumns);
	for (size_t i = 0; s->kind_at && i <= plan->nsections + plan->nprobes;
	     i++)
		buf_printf(b, i ? " %zu" : ", kinds at %zu", s->kind_at[i]);
}

static struct str
result(struct arena *a, const struct model *model, struct str input)
{
	struct buf b = buf_new(4 << 20);
	struct script script;
	struct plan plan;
	struct str text;
	struct err *e;

	if (!planned(a, model, input, &plan))
		return STR("no plan");
	e = sql_script(a, &plan, &script);
	if (e)
		buf_printf(&b, "%d %.*s", err_kind(e->code)->status,
			   STR_FMT(e->message));
	for (int i = 0; !e && i < script.n; i++) {
		if (i)
			buf_char(&b, '\n');
		put_statement(&b, &plan, &script.statements[i]);
	}
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a, const struct model *model)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old;
	struct golden g;
	struct str head = str_sub(old, 0, str_find(old, '='));

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(&rest, &g))
		fprintf(f, "== %.*s\n%.*s--\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(result(a, model, g.input)),
			rest.n ? "\n" : "");
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

static void
compare(struct str golden, struct arena *a, const struct model *model)
{
	struct golden g;

	while (golden.n && next_case(&golden, &g))
		is(result(a, model, g.input), g.expected,
		   arena_str(a, g.name).p);
}

/* ---- what a database answers ---- */

static PGresult *
execute(PGconn *conn, const struct statement *s)
{
	return PQexecParams(conn, s->text.p, s->nargs, NULL, s->args, NULL,
			    NULL, 1);
}

/* What a statement says of itself by failing on purpose, or the error. */
static void
print_failure(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (state && strncmp(state, "PV", 2) == 0)
		printf("%s %s", state,
		       PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL));
	else
		printf("%s", PQresultErrorMessage(r));
}

static struct str
value(const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column))
		return (struct str){0};
	return (struct str){PQgetvalue(r, row, column),
			    (size_t)PQgetlength(r, row, column)};
}

/* A row of a section as JSON, or how many rows a probe found. */
static void
print_kind(struct buf *b, const struct plan *plan, size_t kind,
	   const struct str *columns)
{
	if (kind == 0)
		print_row(b, plan->shape, columns);
	else if (kind <= plan->nsections)
		print_row(b, plan->sections[kind - 1].shape, columns);
	else
		buf_int(b, columns[0].p[columns[0].n - 1]);
}

/* [...], or [...][...] where there are several kinds. */
static void
print_rows(const struct plan *plan, const struct statement *s,
	   const PGresult *r)
{
	struct buf b = buf_new(4 << 20);
	struct str columns[200] = {{0}};
	size_t kind = 0, before = 0;

	for (int i = 0; i < PQntuples(r); i++) {
		for (int k = 0; k < PQnfields(r) && k < 200; k++)
			columns[k] = value(r, i, k);
		if (s->kind_at)
			kind = (size_t)columns[0].p[columns[0].n - 1];
		for (; before < kind; before++)
			BUF_LIT(&b, "][");
		if (b.n && b.p[b.n - 1] != '[')
			buf_char(&b, ',');
		print_kind(&b, plan, kind,
			   columns + (s->kind_at ? s->kind_at[kind] : 0));
	}
	printf("[%.*s]", STR_FMT(buf_str(&b)));
	buf_free(&b);
}

/* As one transaction, of which nothing stays; false: it has failed. */
static bool
answer_one(PGconn *conn, const struct plan *plan, const struct statement *s)
{
	PGresult *r = execute(conn, s);
	bool fine = PQresultStatus(r) == PGRES_TUPLES_OK ||
		    PQresultStatus(r) == PGRES_COMMAND_OK;

	if (!fine)
		print_failure(r);
	else if (!plan->quiet)
		print_rows(plan, s, r);
	PQclear(r);
	return fine;
}

static void
answer_all(PGconn *conn, const struct plan *plan, const struct script *script)
{
	bool steps = plan->op == PLAN_STEPS;

	PQclear(PQexec(conn, "begin"));
	for (int i = 0; i < script->n; i++)
		if (!answer_one(conn, steps ? &plan->steps[i] : plan,
				&script->statements[i]))
			break;
	PQclear(PQexec(conn, "rollback"));
}

/* Two lines for each case: its name, the rows that it answers. */
static void
answer(struct str golden, struct arena *a, const struct model *model,
       const char *database)
{
	PGconn *conn = PQconnectdb(database);
	struct script script;
	struct golden g;
	struct plan plan;

	while (golden.n && next_case(&golden, &g)) {
		if (!planned(a, model, g.input, &plan) ||
		    sql_script(a, &plan, &script))
			continue;
		printf("%.*s\n", STR_FMT(g.name));
		answer_all(conn, &plan, &script);
		printf("\n");
	}
	PQfinish(conn);
}

/* ---- what is too much ---- */

/* `n` times {"left...right}, with `middle` inside. */
static struct str
nest(struct arena *a, int n, const char *left, const char *middle,
     const char *right)
{
	struct buf b = buf_new(1 << 20);
	struct str text;

	for (int i = 0; i < n; i++)
		buf_put(&b, str_of(left));
	buf_put(&b, str_of(middle));
	for (int i = 0; i < n; i++)
		buf_put(&b, str_of(right));
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static bool
is_too_large(struct arena *a, const struct model *model, struct str plan)
{
	return str_starts(result(a, model, plan), STR("413 "));
}

static struct str
filtered(struct arena *a, int n)
{
	struct str filter =
		nest(a, n, "{\"not\":", "{\"test\":[\"id\",\"is_null\"]}", "}");

	return arena_printf(a, "{\"table\":\"label\",\"filter\":%.*s}",
			    STR_FMT(filter));
}

static struct str
shaped(struct arena *a, int n)
{
	struct str fields =
		nest(a, n,
		     "{\"m\":{\"rows\":1,\"by\":\"artist_mentor_id_fkey\","
		     "\"one\":true,\"fields\":",
		     "{\"id\":\"id\"}", "}}");

	return arena_printf(a, "{\"table\":\"artist\",\"fields\":%.*s}",
			    STR_FMT(fields));
}

/* A root whose one list has `n` members. */
static struct str
wide(struct arena *a, int n, const char *name)
{
	struct buf b = buf_new(1 << 20);
	struct str text;

	BUF_LIT(&b, "{\"fields\":{\"l\":{\"rows\":\"label\",\"fields\":{");
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s\"%s%d\":\"id\"", i ? "," : "", name, i);
	BUF_LIT(&b, "}}}}");
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
test_limits(struct arena *a, const struct model *m)
{
	ok(!is_too_large(a, m, filtered(a, 90)), "90 negations are fine");
	ok(is_too_large(a, m, filtered(a, 110)), "... and 110 too deep");
	ok(!is_too_large(a, m, shaped(a, 90)), "90 rows below rows are fine");
	ok(is_too_large(a, m, shaped(a, 110)), "... and 110 too deep");
	ok(!is_too_large(a, m, wide(a, 1600, "f")), "1600 members are fine");
	ok(is_too_large(a, m, wide(a, 1601, "f")), "... and 1601 too many");
}

/* Of a key that is not all of the other one's, the row itself is looked at. */
static void
test_other_key(struct arena *a, const struct model *m)
{
	const struct table *table = model_table(m, STR("artist_tag"));
	const struct table *tag = model_table(m, STR("tag"));
	struct shape *object = plan_shape(a, tag, 1);
	struct plan plan = {.op = PLAN_SELECT, .table = table};
	struct statement s;
	struct field *f;

	object->by = table->columns[1].link;
	object->key = &tag->uniques[0];
	plan_field(a, object, STR("id"))->kind = FIELD_KEY;
	plan.shape = plan_shape(a, table, 1);
	f = plan_field(a, plan.shape, STR("tag"));
	f->kind = FIELD_REF;
	f->object = object;
	ok(!sql_compile(a, &plan, &s), "another key may refer to a row");
	is(s.text,
	   STR("select t1.\"name\" from \"api\".\"artist_tag\" t0 left join "
	       "\"api\".\"tag\" t1 on t1.\"id\" = t0.\"tag_id\""),
	   "... which is then looked at");
}

/* What follows from a row that policies may hide follows from seeing it. */
static void
test_guarded(struct arena *a, struct model *m)
{
	static const char plan[] =
		"{\"table\":\"artist\",\"fields\":{\"id\":\"id\"},\"sections\":"
		"["
		"{\"table\":\"label\",\"fields\":{\"id\":{\"key\":\"\"}}},"
		"{\"table\":\"artist\",\"fields\":{\"id\":{\"key\":\"\"}}}],"
		"\"reaches\":[{\"from\":-1,\"by\":\"artist_label_id_fkey\"},"
		"{\"from\":0,\"by\":\"<artist_label_id_fkey\",\"section\":1}]}";
	struct str held = STR("r0 as (select distinct k2 as k0 from page");
	struct str seen = STR("r0 as (select distinct s.* from (");
	struct str text = result(a, m, str_of(plan));

	ok(strstr(text.p, held.p) && !strstr(text.p, seen.p),
	   "a key that a row holds leads on");
	for (size_t i = 0; i < m->ntables; i++)
		m->tables[i].guarded = str_eq(m->tables[i].name, STR("label"));
	text = result(a, m, str_of(plan));
	ok(!strstr(text.p, held.p) && strstr(text.p, seen.p),
	   "... through a row that may be hidden only where it is seen");
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str golden = ask_file(GOLDEN);
	struct model *model = ask_model_of(MODEL);
	const char *mode = getenv("SQL_GOLDEN");
	const char *database = getenv("SQL_DATABASE");

	if (database)
		answer(golden, a, model, database);
	else if (mode && strcmp(mode, "write") == 0)
		rewrite(golden, a, model);
	else
		compare(golden, a, model);
	if (!database) {
		test_limits(a, model);
		test_other_key(a, model);
		test_guarded(a, model);
	}
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	arena_free(a);
	return database ? 0 : done();
}
