/*
 * Rows in Postgres's binary form and the JSON that they become.  Date and
 * time in depth: t/unit/moment.c.
 */
#include "core/print.h"

#include "core/type.h"
#include "tap.h"

static const struct row {
	const char *base;
	struct str value, expected;
} rows[] = {
	{"bool",	 STR("\0"),						 STR("false")			},
	{"bool",	 STR("\1"),						 STR("true")			       },
	{"int2",	 STR("\0\0"),					       STR("0")			      },
	{"int2",	 STR("\x7f\xff"),					   STR("32767")			      },
	{"int2",	 STR("\x80\0"),					     STR("-32768")			     },
	{"int2",	 STR("\xff\xff"),					   STR("-1")			   },
	{"int4",	 STR("\x7f\xff\xff\xff"),					  STR("2147483647")		   },
	{"int4",	 STR("\x80\0\0\0"),					 STR("-2147483648")		      },
	{"int4",	 STR("\xff\xff\xff\xfe"),					  STR("-2")			   },
	{"int8",	 STR("\x7f\xff\xff\xff\xff\xff\xff\xff"),
	 STR("9223372036854775807")										    },
	{"int8",	 STR("\x80\0\0\0\0\0\0\0"),				    STR("-9223372036854775808")	       },
	{"int8",	 STR("\0\0\0\0\0\0\0\0"),					  STR("0")				  },
	{"float8",	   STR("1.5"),						STR("1.5")			 },
	{"float8",	   STR("-0"),						 STR("-0")			       },
	{"float8",	   STR("1e-300"),					     STR("1e-300")		       },
	{"float8",	   STR("1.7976931348623157e+308"),
	 STR("1.7976931348623157e+308")										},
	{"float8",	   STR("NaN"),						STR("\"NaN\"")		     },
	{"float8",	   STR("Infinity"),					   STR("\"Infinity\"")		       },
	{"float4",	   STR("-Infinity"),					  STR("\"-Infinity\"")		 },
	{"numeric",	    STR("0.00"),					       STR("0.00")			    },
	{"numeric",	    STR("123456789012345678901234567890.12"),
	 STR("123456789012345678901234567890.12")								      },
	{"numeric",	    STR("NaN"),						STR("\"NaN\"")		      },
	{"text",	 STR(""),						   STR("\"\"")			     },
	{"text",	 STR("a\"\\\n\x01/\x7f"),					  STR("\"a\\\"\\\\\\n\\u0001/\x7f\"")},
	{"text",	 STR("\xc3\xa9\xf0\x9f\x98\x80"),
	 STR("\"\xc3\xa9\xf0\x9f\x98\x80\"")									   },
	{"varchar",	    STR("</script>"),					  STR("\"</script>\"")		  },
	{"bpchar",	   STR("a  "),						STR("\"a  \"")		     },
	{"name",	 STR("pg"),						 STR("\"pg\"")			 },
	{"citext",	   STR("A"),						  STR("\"A\"")			 },
	{"uuid",	 STR("\x01\x90\xa5\xb0\0\0\x70\0\x80\0\0\0\0\xab\xcd\xef"),
	 STR("\"0190a5b0-0000-7000-8000-000000abcdef\"")							       },
	{"uuid",
	 STR("\xff\xff\xff\xff\xff\xff\xff\xff"
	     "\xff\xff\xff\xff\xff\xff\xff\xff"),
	 STR("\"ffffffff-ffff-ffff-ffff-ffffffffffff\"")							       },
	{"date",	 STR("\0\0\0\0"),					   STR("\"2000-01-01\"")	       },
	{"date",	 STR("\xff\xff\xff\xff"),					  STR("\"1999-12-31\"")	       },
	{"date",	 STR("\x7f\xff\xff\xff"),					  STR("\"infinity\"")		     },
	{"date",	 STR("\x80\0\0\0"),					 STR("\"-infinity\"")		},
	{"timestamp",    STR("\0\0\0\0\0\0\0\0"),				       STR("\"2000-01-01T00:00:00\"")     },
	{"timestamp",    STR("\xff\xff\xff\xff\xff\xff\xff\xff"),
	 STR("\"1999-12-31T23:59:59.999999\"")									 },
	{"timestamptz",	STR("\0\0\0\0\0\0\0\1"),
	 STR("\"2000-01-01T00:00:00.000001+00:00\"")								   },
	{"timestamptz",	STR("\x7f\xff\xff\xff\xff\xff\xff\xff"),
	 STR("\"infinity\"")											   },
	{"timestamptz",	STR("\x80\0\0\0\0\0\0\0"),				   STR("\"-infinity\"")	       },
	{"json",	 STR("{\"a\" : [1 ,\n\tnull]}\r\n"),			     STR("{\"a\":[1,null]}")	    },
	{"json",	 STR("[\" \\\" \" , \"\\\\\" ,\"\\\\\\\" \" ]"),
	 STR("[\" \\\" \",\"\\\\\",\"\\\\\\\" \"]")								    },
	{"json",	 STR("null"),					       STR("null")			 },
	{"json",	 STR(" \"\" "),					     STR("\"\"")			   },
	{"jsonb",	  STR("\1{\"a b\": 1}"),					 STR("{\"a b\":1}")		   },
	{"jsonb",	  STR("\1\"text\""),					 STR("\"text\"")		    },
	{"no such type", STR("(1,\"2\")"),					   STR("\"(1,\\\"2\\\")\"")	   },
	{"inet",	 STR("\"::1\""),					    STR("\"::1\"")		       },
};

static void
test_values(void)
{
	struct buf b = buf_new(1 << 16);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct column c = {
			.type = type_find(str_of(rows[i].base), false, false)};
		char name[200];

		buf_clear(&b);
		print_value(&b, &c, rows[i].value);
		snprintf(name, sizeof(name), "%s %.*s", rows[i].base,
			 STR_FMT(rows[i].expected));
		is(buf_str(&b), rows[i].expected, name);
		buf_clear(&b);
		print_value(&b, &c, (struct str){0});
		ok(str_eq(buf_str(&b), STR("null")), "... or null");
	}
	buf_free(&b);
}

static void
test_special(void)
{
	struct column array = {.type = type_find(STR("int4"), true, false)};
	struct column label = {.type = type_find(STR("mood"), false, true)};
	struct buf b = buf_new(1 << 16);

	print_value(&b, &array, STR("[1,null]"));
	is(buf_str(&b), STR("[1,null]"), "an array comes as JSON");
	buf_clear(&b);
	print_value(&b, &label, STR("it's \"ok\""));
	is(buf_str(&b), STR("\"it's \\\"ok\\\"\""), "an enum is its label");
	buf_free(&b);
}

static void
add_object(struct arena *a, struct shape *shape, struct str name,
	   struct shape *object)
{
	struct field *f = plan_field(a, shape, name);

	f->kind = FIELD_OBJECT;
	f->object = object;
}

/* {"id": int4, "odd \"name\"": {"a": bool, "in": {"b": text}}, "z": text} */
static struct shape *
make_shape(struct arena *a, struct column *number, struct column *text)
{
	static const struct table table;
	static const struct fkey by;
	struct shape *root = plan_shape(a, &table, 3);
	struct shape *object = plan_shape(a, &table, 2);
	struct shape *inner = plan_shape(a, &table, 1);

	plan_field(a, root, STR("id"))->column = number;
	add_object(a, root, STR("odd \"name\""), object);
	plan_field(a, root, STR("z"))->column = text;
	plan_field(a, object, STR("a"))->column = number;
	add_object(a, object, STR("in"), inner);
	plan_field(a, inner, STR("b"))->column = text;
	object->by = inner->by = &by;
	return root;
}

static void
test_rows(struct arena *a)
{
	struct column number = {.type = type_find(STR("int2"), false, false)};
	struct column text = {.type = type_find(STR("text"), false, false)};
	struct shape *shape = make_shape(a, &number, &text);
	struct str row[] = {STR("\0\1"), STR("\1"), STR("\0\2"),
			    STR("\1"),	 STR("b"),  STR("z")};
	struct buf b = buf_new(1 << 16);

	print_row(&b, shape, row);
	is(buf_str(&b),
	   STR("{\"id\":1,\"odd \\\"name\\\"\":{\"a\":2,\"in\":{\"b\":\"b\"}},"
	       "\"z\":\"z\"}"),
	   "objects stand inside each other");
	buf_clear(&b);
	row[3] = STR("\0");
	row[4] = (struct str){0};
	print_row(&b, shape, row);
	is(buf_str(&b),
	   STR("{\"id\":1,\"odd \\\"name\\\"\":{\"a\":2,\"in\":null},"
	       "\"z\":\"z\"}"),
	   "an object whose row is not there is null");
	buf_clear(&b);
	row[1] = STR("\0");
	print_row(&b, shape, row);
	is(buf_str(&b), STR("{\"id\":1,\"odd \\\"name\\\"\":null,\"z\":\"z\"}"),
	   "... with what stands in it, and what follows is in its place");
	buf_clear(&b);
	print_row(&b, plan_shape(a, shape->table, 0), row);
	is(buf_str(&b), STR("{}"), "no members make an empty object");
	buf_free(&b);
}

/* ---- keys ---- */

static const struct key_case {
	const char *bases[2]; /* of the columns; one, or two */
	struct str values[2], plain, path;
} keys[] = {
	{{"int4"},	   {STR("\0\0\0\7")},      STR("7"),		STR("7")		},
	{{"int8"},
	 {STR("\xff\xff\xff\xff\xff\xff\xff\xfe")},
	 STR("-2"),
	 STR("-2")								      },
	{{"text"},
	 {STR("a,b/c%\"é")},
	 STR("a,b/c%\"é"),
	 STR("a%2Cb%2Fc%25%22%C3%A9")						   },
	{{"text"},	   {STR("\"")},		STR("\""),	   STR("%22")	     },
	{{"text"},	   {STR("")},	      STR(""),	       STR("")	      },
	{{"date"},	   {STR("\0\0\0\0")},      STR("2000-01-01"), STR("2000-01-01")},
	{{"timestamptz"},
	 {STR("\0\0\0\0\0\0\0\0")},
	 STR("2000-01-01T00:00:00+00:00"),
	 STR("2000-01-01T00%3A00%3A00%2B00%3A00")					 },
	{{"numeric"},	      {STR("NaN")},	    STR("NaN"),	STR("NaN")	  },
	{{"other"},	    {STR("\\x00ff")},	      STR("\\x00ff"),    STR("%5Cx00ff")  },
	{{"inet"},
	 {STR("\"10.0.0.0/8\"")},
	 STR("10.0.0.0/8"),
	 STR("10.0.0.0%2F8")							    },
	{{"text", "int2"},
	 {STR("a,b%"), STR("\0\1")},
	 STR("a%2Cb%25,1"),
	 STR("a%252Cb%2525,1")							  },
	{{"text", "text"},  {STR(""), STR(",")},	STR(",%2C"),	     STR(",%252C")	  },
	{{"other", "bool"},
	 {STR("(1,2)"), STR("\1")},
	 STR("(1%2C2),true"),
	 STR("%281%252C2%29,true")						      },
};

static void
test_keys(void)
{
	struct buf b = buf_new(1 << 16);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key_case *k = &keys[i];
		struct column columns[2] = {{.nullable = false}};
		struct column *both[] = {&columns[0], &columns[1]};
		struct constraint key = {.columns = both};

		for (; key.n < 2 && k->bases[key.n]; key.n++)
			columns[key.n].type = type_find(str_of(k->bases[key.n]),
							false, false);
		buf_clear(&b);
		print_key(&b, &key, k->values, false);
		is(buf_str(&b), k->plain, k->bases[0]);
		buf_clear(&b);
		print_key(&b, &key, k->values, true);
		is(buf_str(&b), k->path, "... in a path");
	}
	buf_free(&b);
}

/* ---- what only GraphQL asks for ---- */

/* How a member is printed: its form, or what a function made of it. */
static const struct form {
	const char *base;
	enum field_form form;
	enum plan_function function;
	struct str value, expected;
} forms[] = {
	{"int4",	 FORM_STRING, PLAN_PLAIN, STR("\0\0\0\7"),	   STR("\"7\"")      },
	{"int8",	 FORM_STRING, PLAN_PLAIN, STR("\x80\0\0\0\0\0\0\0"),
	 STR("\"-9223372036854775808\"")						   },
	{"bool",	 FORM_STRING, PLAN_PLAIN, STR("\1"),		     STR("\"true\"")   },
	{"text",	 FORM_STRING, PLAN_PLAIN, STR("a\""),		      STR("\"a\\\"\"")  },
	{"text",	 FORM_STRING, PLAN_PLAIN, STR("null"),	       STR("\"null\"")   },
	{"text",	 FORM_STRING, PLAN_PLAIN, STR(""),		   STR("\"\"")	      },
	{"numeric",  FORM_STRING, PLAN_PLAIN, STR("1.50"),		  STR("\"1.50\"")	 },
	{"numeric",  FORM_STRING, PLAN_PLAIN, STR("NaN"),		 STR("\"NaN\"")    },
	{"jsonb",	  FORM_STRING, PLAN_PLAIN, STR("{\"a\": 1}"),
	 STR("\"{\\\"a\\\": 1}\"")							 },
	{"date",	 FORM_STRING, PLAN_PLAIN, STR("\0\0\0\0"),
	 STR("\"2000-01-01\"")							     },
	{"int4",	 FORM_PLAIN,  PLAN_SUM,   STR("12345678901"),	   STR("12345678901")},
	{"int4",	 FORM_STRING, PLAN_SUM,	STR("12"),		   STR("\"12\"")	},
	{"float8",   FORM_PLAIN,  PLAN_AVG,	 STR("1e-7"),		      STR("1e-7")	 },
	{"float8",   FORM_PLAIN,  PLAN_SUM,	 STR("NaN"),		     STR("null")	},
	{"float8",   FORM_STRING, PLAN_SUM,	  STR("NaN"),		      STR("null")	 },
	{"numeric",  FORM_PLAIN,	PLAN_MAX,	  STR("-Infinity"),	    STR("null")       },
	{"numeric",  FORM_PLAIN,	PLAN_MIN,	  STR("0.10"),	       STR("0.10")	  },
	{"text",	 FORM_PLAIN,  PLAN_MAX,   STR("z"),			 STR("\"z\"")	     },
	{"text",	 FORM_PLAIN,  PLAN_COUNT, STR("12"),		    STR("12")	     },
	{"interval", FORM_PLAIN,	 PLAN_SUM,   STR("00:00:01"),
	 STR("\"00:00:01\"")							       },
};

static void
test_forms(struct arena *a)
{
	struct buf b = buf_new(1 << 16);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];
		struct column c = {
			.type = type_find(str_of(form->base), false, false)};
		struct shape *shape = plan_shape(a, NULL, 1);
		struct field *f = plan_field(a, shape, STR("a"));
		struct str expected = arena_printf(a, "{\"a\":%.*s}",
						   STR_FMT(form->expected));
		struct str none = {0};

		f->column = &c;
		f->form = form->form;
		f->function = form->function;
		buf_clear(&b);
		print_row(&b, shape, &form->value);
		is(buf_str(&b), expected, form->base);
		buf_clear(&b);
		print_row(&b, shape, &none);
		is(buf_str(&b), STR("{\"a\":null}"), "... or null");
	}
	buf_free(&b);
}

static void
test_names(struct arena *a)
{
	struct str labels[] = {STR("very sad"), STR("ok")};
	struct str names[] = {STR("VERY_SAD"), STR("OK")};
	struct column label = {.type = type_find(STR("mood"), false, true),
			       .labels = labels,
			       .nlabels = 2};
	struct column choice = {.type = type_find(STR("text"), false, false),
				.choices = labels,
				.nchoices = 2};
	struct shape *shape = plan_shape(a, NULL, 3);
	struct str row[] = {STR("very sad"), STR("ok"), STR("brand new")};
	struct buf b = buf_new(1 << 16);

	plan_field(a, shape, STR("a"))->column = &label;
	plan_field(a, shape, STR("b"))->column = &choice;
	plan_field(a, shape, STR("c"))->column = &label;
	for (size_t i = 0; i < 3; i++) {
		shape->fields[i].form = FORM_NAMES;
		shape->fields[i].names = names;
	}
	print_row(&b, shape, row);
	is(buf_str(&b), STR("{\"a\":\"VERY_SAD\",\"b\":\"OK\",\"c\":null}"),
	   "labels and choices have names, if they are known");
	buf_free(&b);
}

static struct field *
add_kind(struct arena *a, struct shape *shape, struct str name,
	 enum field_kind kind)
{
	struct field *f = plan_field(a, shape, name);

	f->kind = kind;
	return f;
}

static void
test_kinds(struct arena *a)
{
	struct column text = {.type = type_find(STR("text"), false, false)};
	struct shape *root = plan_shape(a, NULL, 5);
	struct shape *group = plan_shape(a, NULL, 2);
	struct str row[] = {
		{0}, STR("[{\"a\" : \"b c\"}, \n {}]"), STR("x"), {0}};
	struct buf b = buf_new(1 << 16);
	uint64_t nulls;

	add_kind(a, root, STR("one"), FIELD_ROWS);
	add_kind(a, root, STR("list"), FIELD_ROWS);
	add_kind(a, root, STR("word"), FIELD_TEXT)->text = STR("\"W\"");
	add_kind(a, root, STR("group"), FIELD_GROUP)->object = group;
	plan_field(a, group, STR("x"))->column = &text;
	add_kind(a, group, STR("w"), FIELD_TEXT)->text = STR("1");
	add_kind(a, root, STR("none"), FIELD_ROWS);
	nulls = print_row(&b, root, row);
	is(buf_str(&b),
	   STR("{\"one\":null,\"list\":[{\"a\":\"b c\"},{}],\"word\":\"W\","
	       "\"group\":{\"x\":\"x\",\"w\":1},\"none\":null}"),
	   "rows, words and groups");
	ok(nulls == (1 | 1 << 4), "... and which rows are not there");
	row[0] = row[3] = STR("{}");
	ok(print_row(&b, root, row) == 0, "... if any");
	buf_free(&b);
}

static void
test_many_kinds(struct arena *a)
{
	struct shape *root = plan_shape(a, NULL, 70);
	struct str row[70] = {{0}};
	struct buf b = buf_new(1 << 16);

	for (int i = 0; i < 70; i++)
		add_kind(a, root, STR("a"), FIELD_ROWS);
	ok(print_row(&b, root, row) == UINT64_MAX,
	   "of more than 64 members the first 64 are told");
	buf_free(&b);
}

static void
test_ceiling(struct arena *a)
{
	struct column number = {.type = type_find(STR("uuid"), false, false)};
	struct column text = {.type = type_find(STR("text"), false, false)};
	struct shape *shape = make_shape(a, &number, &text);
	struct str uuid = STR("0123456789abcdef");
	struct str row[] = {uuid,      STR("\0"), uuid,
			    STR("\0"), STR("b"),  STR("z")};
	bool fine = true;

	for (size_t max = 0; max < 170; max++) {
		struct buf b = buf_new(max);

		print_row(&b, shape, row);
		fine &= b.n <= max && (b.broken || b.n == 73);
		buf_free(&b);
	}
	ok(fine, "a full buffer breaks wherever it happens, and nothing else");
}

int
main(void)
{
	struct arena *a = arena_new(4096);

	test_values();
	test_special();
	test_rows(a);
	test_keys();
	test_ceiling(a);
	test_forms(a);
	test_names(a);
	test_kinds(a);
	test_many_kinds(a);
	arena_free(a);
	return done();
}
