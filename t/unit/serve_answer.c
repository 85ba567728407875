/*
 * Rows that Postgres answers and the body that they become: of one kind and
 * of several, of one statement and of steps.  The results are made by hand.
 */
#include "serve_answer.h"

#include <string.h>

#include "core/type.h"
#include "tap.h"

static struct column number;
static const struct table table;

/* {"name": the one column} */
static struct shape *
shape_of(struct arena *a, const char *name)
{
	struct shape *shape = plan_shape(a, &table, 1);

	plan_field(a, shape, str_of(name))->column = &number;
	return shape;
}

/* An array of {"n": 1}; "<" and ">" show where it begins and ends. */
static struct plan
list_of(struct arena *a)
{
	return (struct plan){
		.op = PLAN_SELECT,
		.shape = shape_of(a, "n"),
		.list = true,
		.open = STR("<"),
		.close = STR(">"),
	};
}

static struct exchange *
open_exchange(struct arena *a, struct plan plan, int statements)
{
	struct exchange *x = ARENA_NEW(a, struct exchange);

	exchange_open(x);
	x->call.plan = plan;
	x->script.n = statements;
	x->script.statements =
		ARENA_ARRAY(a, struct statement, (size_t)statements);
	for (int i = 0; i < statements; i++)
		x->script.statements[i].ncolumns = 4;
	return x;
}

/* Rows of int2s: a line of digits each, '-' for null. */
static PGresult *
rows_of(const char *text)
{
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc columns[] = {
		{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
	int row = 0;

	PQsetResultAttrs(r, (int)strcspn(text, "\n"), columns);
	for (int i = 0; *text; text++) {
		char value[2] = {0, (char)(*text - '0')};

		if (*text == '\n') {
			row++;
			i = 0;
		} else if (*text == '-') {
			PQsetvalue(r, row, i++, NULL, -1);
		} else {
			PQsetvalue(r, row, i++, value, 2);
		}
	}
	return r;
}

static void
feed(struct exchange *x, int at, const char *rows)
{
	PGresult *r = rows_of(rows);

	serve_answer_rows(x, at, r);
	PQclear(r);
}

static void
ends_as(struct exchange *x, const char *expected, const char *name)
{
	serve_answer_end(x);
	is(buf_str(&x->body), str_of(expected), name);
}

static void
test_one_kind(struct arena *a)
{
	struct exchange *x = open_exchange(a, list_of(a), 1);

	serve_answer_begin(x);
	feed(x, 0, "1\n2\n");
	feed(x, 0, "3\n");
	ends_as(x, "<{\"n\":1},{\"n\":2},{\"n\":3}>", "rows stand in a list");
	ok(x->call.rows == 3 && x->printing.closed, "... and are counted");
	serve_answer_begin(x);
	ends_as(x, "<>", "... which may be empty");
	ok(x->call.rows == 0, "... and is counted anew");
	x->call.plan.list = false;
	serve_answer_begin(x);
	ends_as(x, "", "where there is no row there is nothing around it");
	ok(!x->printing.closed, "... and nothing has ended");
	serve_answer_begin(x);
	feed(x, 0, "7\n");
	ends_as(x, "<{\"n\":7}>", "a single row has it");
	exchange_close(x);
}

static void
test_page(struct arena *a)
{
	struct sorting order = {.column = &number};
	struct plan plan = list_of(a);
	struct exchange *x;

	plan.order = &order;
	plan.norder = 1;
	plan.keys = true;
	plan.limit = 2;
	x = open_exchange(a, plan, 1);
	x->script.statements->key_at = 1;
	serve_answer_begin(x);
	feed(x, 0, "14\n25\n36\n");
	ends_as(x, "<{\"n\":1},{\"n\":2}>", "a page ends at its limit");
	ok(x->call.more && x->call.rows == 2, "... though there are more");
	is(x->call.keys[0], STR("\0\5"), "... behind its last row's key");
	is(x->call.first[0], STR("\0\4"), "... and its first one's is known");
	x->call.plan.backward = true;
	serve_answer_begin(x);
	feed(x, 0, "14\n25\n36\n");
	ends_as(x, "<{\"n\":2},{\"n\":1}>", "a page may come backwards");
	is(x->call.first[0], STR("\0\4"), "... its keys as they come");
	serve_answer_begin(x);
	feed(x, 0, "14\n");
	ends_as(x, "<{\"n\":1}>", "... and be shorter");
	serve_answer_begin(x);
	ends_as(x, "<>", "... or empty");
	exchange_close(x);
}

/* Two sections and a probe: 0 n - -, 1 - n -, 2 - n -, 3 - - n. */
static struct exchange *
open_kinds(struct arena *a, size_t *kind_at)
{
	struct section *sections = ARENA_ARRAY(a, struct section, 2);
	struct plan plan = list_of(a);
	struct exchange *x;

	sections[0].shape = shape_of(a, "x");
	sections[1].shape = shape_of(a, "y");
	plan.sections = sections;
	plan.nsections = 2;
	plan.nprobes = 1;
	plan.between = STR("|");
	x = open_exchange(a, plan, 1);
	x->script.statements->kind_at = kind_at;
	serve_answer_begin(x);
	return x;
}

static void
test_kinds(struct arena *a)
{
	size_t kind_at[] = {1, 2, 2, 3};
	struct exchange *x = open_kinds(a, kind_at);

	feed(x, 0, "01--\n02--\n1-3-\n2-4-\n");
	feed(x, 0, "2-5-\n3--9\n");
	ends_as(x, "<{\"n\":1},{\"n\":2}|{\"x\":3},{\"y\":4},{\"y\":5}>",
		"sections follow the page's rows as one list");
	ok(x->call.rows == 2 && x->call.counts[0] == 9,
	   "... and only those, and what probes found, are counted");
	serve_answer_begin(x);
	ok(x->call.counts[0] == 0, "... anew each time");
	feed(x, 0, "01--\n3--1\n");
	ends_as(x, "<{\"n\":1}|>", "there may be nothing in any section");
	serve_answer_begin(x);
	feed(x, 0, "3--0\n");
	ends_as(x, "<|>", "... nor on the page");
	x->call.plan.list = false;
	serve_answer_begin(x);
	feed(x, 0, "3--1\n");
	ends_as(x, "", "where a single row is not there, nor is the rest");
	ok(x->call.counts[0] == 1, "... but what was counted");
	exchange_close(x);
}

static void
test_kinds_of_a_page(struct arena *a)
{
	size_t kind_at[] = {1, 2, 2, 3};
	struct exchange *x = open_kinds(a, kind_at);

	x->call.plan.keys = true;
	x->call.plan.limit = 1;
	x->script.statements->key_at = 1;
	feed(x, 0, "01--\n02--\n1-3-\n");
	ends_as(x, "<{\"n\":1}|{\"x\":3}>",
		"what says that there are more is not printed before sections");
	ok(x->call.more, "... but said");
	x->call.plan.backward = true;
	x->call.plan.limit = 3;
	serve_answer_begin(x);
	feed(x, 0, "01--\n02--\n03--\n04--\n1-3-\n1-4-\n");
	ends_as(x, "<{\"n\":3},{\"n\":2},{\"n\":1}|{\"x\":3},{\"x\":4}>",
		"a page that comes backwards is turned before its sections");
	exchange_close(x);
}

static void
test_steps(struct arena *a)
{
	struct plan *steps = ARENA_ARRAY(a, struct plan, 4);
	struct plan plan = {.op = PLAN_STEPS, .steps = steps, .nsteps = 4};
	struct exchange *x = open_exchange(a, plan, 4);

	for (int i = 0; i < 4; i++)
		steps[i] = list_of(a);
	steps[1].quiet = true;
	steps[2].list = false;
	steps[3].shape = shape_of(a, "z");
	serve_answer_begin(x);
	feed(x, 0, "1\n2\n");
	feed(x, 1, "8\n");
	feed(x, 2, "3\n");
	feed(x, 3, "4\n5\n6\n");
	ends_as(x,
		"<{\"n\":1},{\"n\":2}><{\"n\":3}><{\"z\":4},{\"z\":5},{\"z\":6}"
		">",
		"steps follow each other, but for those that are quiet");
	ok(x->call.rows == 3, "... and the last one's rows are counted");
	serve_answer_begin(x);
	feed(x, 1, "8\n");
	ends_as(x, "<><>", "a step without rows is a list all the same");
	steps[3].quiet = true;
	serve_answer_begin(x);
	feed(x, 2, "1\n");
	feed(x, 3, "1\n2\n");
	ends_as(x, "<><{\"n\":1}>", "a quiet step at the end");
	ok(x->call.rows == 1, "... leaves the one before it the last");
	exchange_close(x);
}

int
main(void)
{
	struct arena *a = arena_new(4096);

	number.type = type_find(STR("int2"), false, false);
	test_one_kind(a);
	test_page(a);
	test_kinds(a);
	test_kinds_of_a_page(a);
	test_steps(a);
	arena_free(a);
	return done();
}
