#include "api/graphql/coerce.h"

#include "chosen.h"

static struct arena *a;

struct row {
	struct str source, vars, expected;
	const char *name;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is(chosen_run(a, rows[i].source, rows[i].vars),
		   rows[i].expected, rows[i].name);
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof((rows)[0]))

/* Where a client may send more than JavaScript's numbers hold. */
static void
test_numbers(void)
{
	static const struct str scalars =
		STR("query ($f: Float, $d: ID) { scalars(float: $f, id: $d) }");
	const struct row rows[] = {
		{scalars, STR("{\"d\":9223372036854775807}"),
		 STR("scalars(id:\"9223372036854775807\") Query.scalars\n"),
		 "an ID is as long as it is"		    },
		{scalars, STR("{\"d\":123456789012345678901234567890}"),
		 STR("scalars(id:\"123456789012345678901234567890\") "
		     "Query.scalars\n"),
		 "... or longer"				},
		{scalars, STR("{\"d\":2.0}"),
		 STR("scalars(id:\"2\") Query.scalars\n"),
		 "a whole number is one, however it is written"},
		{scalars, STR("{\"d\":1e30}"),
		 STR("! Variable \"$d\" got invalid value 1e30; ID cannot "
		     "represent value: 1e30 @1:19\n"),
		 "but for those whose digits nobody knows"	  },
		{scalars, STR("{\"f\":1.10}"),
		 STR("scalars(float:1.10) Query.scalars\n"),
		 "a Float keeps its digits"			   },
		{scalars, STR("{\"f\":12345678901234567.25}"),
		 STR("scalars(float:12345678901234567.25) Query.scalars\n"),
		 "all of them"				 },
	};

	CHECK(rows);
}

static void
test_custom(void)
{
	static const struct str any =
		STR("query ($d: Date!) { any(date: $d) }");
	const struct row rows[] = {
		{any, STR("{\"d\":true}"),
		 STR("any(date:true required:1) Query.any\n"),
		 "a scalar of our own takes any scalar"},
		{any, STR("{\"d\":{\"a\":1}}"),
		 STR("! Variable \"$d\" got invalid value { a: 1 }; Expected "
		     "type \"Date\". @1:8\n"),
		 "and nothing else"			   },
		{any, STR("{\"d\":[\"2020-01-01\"]}"),
		 STR("! Variable \"$d\" got invalid value [\"2020-01-01\"]; "
		     "Expected type \"Date\". @1:8\n"),
		 "not even in a list"		     },
	};

	CHECK(rows);
}

/* A value in a message has an end. */
static void
test_long(void)
{
	struct buf b = buf_new(1 << 16);
	struct str got;

	BUF_LIT(&b, "{\"w\":{\"age\":{\"a\":1");
	for (int i = 0; i < 900; i++)
		buf_printf(&b, ",\"k%d\":\"\xc3\xa9\xc3\xa9\"", i);
	BUF_LIT(&b, "}}}");
	got = chosen_run(a, STR("query ($w: Where) { dogs(where: $w) { id } }"),
			 buf_str(&b));
	ok(got.n > 1000 && got.n < 3000 && str_utf8(got),
	   "a large value is cut short, between characters");
	buf_free(&b);
}

/* Hand-made JSON may be deeper than any that is read. */
static void
test_deep(void)
{
	struct faults faults = {.arena = a};
	struct str source = STR("query ($j: JSON) { any(json: $j, date: 1) }");
	struct execution e = {
		.arena = a, .schema = pets_schema(a), .faults = &faults};
	struct document *doc = parse_document(a, &chosen_conf, source, &faults);
	json_object *o = NULL, *given = json_object_new_object();

	validate_document(a, e.schema, doc, false, &faults);
	e.doc = doc;
	e.op = doc->operations;
	for (int i = 0; i < 1000; i++) {
		json_object *list = json_object_new_array();

		json_object_array_add(list, o);
		o = list;
	}
	json_object_object_add(given, "j", o);
	ok(!coerce_variables(&e, given) && faults.n == 1,
	   "bottomless values are refused");
	is(faults.first->message,
	   STR("Variable \"$j\" got a value that is nested too deeply."),
	   "and it says why");
	is(str_of(faults.first->code), STR("BAD_USER_INPUT"), "with a code");
	json_object_put(given);
}

int
main(void)
{
	a = arena_new(1 << 16);
	chosen_golden("t/unit/coerce.golden");
	test_numbers();
	test_custom();
	test_long();
	test_deep();
	arena_free(a);
	return done();
}
