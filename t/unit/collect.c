#include "api/graphql/collect.h"

#include "chosen.h"

static struct arena *a;

/* A field for each of `n` names, in two selection sets that merge. */
static void
test_many(int n)
{
	struct buf b = buf_new(1 << 20);
	struct str got;
	size_t lines = 0;

	BUF_LIT(&b, "{");
	for (int twice = 0; twice < 2; twice++) {
		BUF_LIT(&b, "dog{");
		for (int i = 0; i < n; i++)
			buf_printf(&b, "f%d:id ", i);
		BUF_LIT(&b, "}");
	}
	BUF_LIT(&b, "}");
	got = chosen_run(a, buf_str(&b), STR("{}"));
	for (size_t i = 0; i < got.n; i++)
		lines += got.p[i] == '\n';
	ok(lines == (size_t)n + 1, "%d fields twice are so many once", n);
	buf_free(&b);
}

static void
test_argument(void)
{
	struct schema_input args[] = {
		{.name = STR("x"), .meaning = INPUT_IS_LIMIT},
		{.name = STR("y"), .meaning = INPUT_IS_WHERE},
	};
	struct schema_field field = {.args = args, .nargs = 2};
	struct value one = {.kind = VALUE_INT};
	const struct value *values[] = {NULL, &one};
	struct chosen f = {.field = &field, .args = values};

	ok(collect_argument(&f, INPUT_IS_WHERE) == &one,
	   "an argument is found by what it means");
	ok(!collect_argument(&f, INPUT_IS_LIMIT), "one without a value");
	ok(!collect_argument(&f, INPUT_IS_PK), "or one that there is not");
}

int
main(void)
{
	a = arena_new(1 << 16);
	chosen_golden("t/unit/collect.golden");
	test_many(300);
	test_argument();
	arena_free(a);
	return done();
}
