/*
 * What clients send for a column, and the argument that it becomes.  A row
 * without a result is refused.
 */
#include "core/type.h"

#include "core/json.h"
#include "core/model.h"
#include "tap.h"

static struct arena *arena;
static struct str labels[] = {STR("sad"), STR("it's \"ok\""), STR("")};

static struct column
column_of(const char *base)
{
	bool array = strcmp(base, "array") == 0;
	bool is_enum = strcmp(base, "enum") == 0;

	return (struct column){
		.name = STR("c"),
		.type = type_find(str_of(base), array, is_enum),
		.labels = labels,
		.nlabels = is_enum ? 3 : 0,
	};
}

/* ---- text: of a query or a path ---- */

static const struct text_row {
	const char *base;
	struct str text;
	const char *expected;
} texts[] = {
	{"text",	 STR(""),						""			    },
	{"text",	 STR("' or 1=1 --"),				     "' or 1=1 --"	  },
	{"text",	 STR("a\0b"),					    NULL			  },
	{"bool",	 STR("true"),					    "true"		    },
	{"bool",	 STR("OFF"),					     "false"		    },
	{"bool",	 STR("1"),					       "true"		 },
	{"bool",	 STR("n"),					       "false"		  },
	{"bool",	 STR("2"),					       NULL		       },
	{"bool",	 STR(""),						NULL		      },
	{"bool",	 STR("true "),					   NULL		   },
	{"int2",	 STR("-32768"),					  "-32768"		},
	{"int2",	 STR("32767"),					   "32767"		      },
	{"int2",	 STR("32768"),					   NULL		   },
	{"int2",	 STR("-32769"),					  NULL		    },
	{"int4",	 STR("2147483647"),				      "2147483647"		},
	{"int4",	 STR("2147483648"),				      NULL			},
	{"int4",	 STR("-2147483648"),				     "-2147483648"	  },
	{"int4",	 STR("1.0"),					     NULL			 },
	{"int4",	 STR("+1"),					      NULL			},
	{"int4",	 STR(" 1"),					      NULL			},
	{"int4",	 STR(""),						NULL		      },
	{"int4",	 STR("0x10"),					    NULL			  },
	{"int8",	 STR("9223372036854775807"),			     "9223372036854775807"  },
	{"int8",	 STR("-9223372036854775808"),			      "-9223372036854775808" },
	{"int8",	 STR("9223372036854775808"),			     NULL			 },
	{"float8",	   STR("-0.5e-3"),					 "-0.5e-3"		    },
	{"float8",	   STR("1E+2"),					    "1E+2"		      },
	{"float8",	   STR(".5"),					      NULL			  },
	{"float8",	   STR("1."),					      NULL			  },
	{"float8",	   STR("1e"),					      NULL			  },
	{"float8",	   STR("NaN"),					     NULL		   },
	{"float8",	   STR("1 "),					      NULL			  },
	{"float4",	   STR("0"),					       "0"			},
	{"numeric",	    STR("123456789012345678901234567890123456789012345.6"),
	 "123456789012345678901234567890123456789012345.6"						  },
	{"numeric",	    STR("-"),					       NULL			  },
	{"numeric",	    STR("1,5"),					     NULL		    },
	{"numeric",	    STR("1\0"),					     NULL		    },
	{"uuid",	 STR("0190A5B0-0000-7000-8000-00000000abCD"),
	 "0190A5B0-0000-7000-8000-00000000abCD"							 },
	{"uuid",	 STR("0190a5b000007000800000000000abcd"),		  NULL		      },
	{"uuid",	 STR("0190a5b0-0000-7000-8000-00000000abc"),	     NULL			 },
	{"uuid",	 STR("0190a5b0-0000-7000-8000-00000000abcd-"),	       NULL		   },
	{"uuid",	 STR("{190a5b0-0000-7000-8000-00000000abcd"),	      NULL			  },
	{"uuid",	 STR("0190a5b0-0000-7000-8000-00000000abcg"),	      NULL			  },
	{"uuid",	 STR(""),						NULL		      },
	{"date",	 STR("2020-02-29"),				      "2020-02-29"		},
	{"date",	 STR("2021-02-29"),				      NULL			},
	{"date",	 STR("2020-2-9"),					NULL		      },
	{"date",	 STR("infinity"),					NULL		      },
	{"timestamp",    STR("2020-02-29T01:02:03.5"),			    "2020-02-29T01:02:03.5"},
	{"timestamp",    STR("2020-02-29"),					 NULL		     },
	{"timestamp",    STR("now"),					     NULL		      },
	{"timestamptz",	STR("2020-02-29T01:02:03-01:00"),
	 "2020-02-29T02:02:03+00:00"								    },
	{"timestamptz",	STR("2020-02-29T01:02:03"),				    NULL			},
	{"timestamptz",	STR("infinity"),					 NULL		     },
	{"json",	 STR("{\"a\":1}"),				       "{\"a\":1}"	      },
	{"json",	 STR("{a:1}"),					   NULL		   },
	{"enum",	 STR("it's \"ok\""),				     "it's \"ok\""	  },
	{"enum",	 STR(""),						""			    },
	{"enum",	 STR("SAD"),					     NULL			 },
	{"inet",	 STR("what Postgres says"),				    "what Postgres says"	},
	{"no such type", STR("x"),					       "x"		      },
};

static void
check(struct str got, bool good, const char *expected, const char *name)
{
	if (good && expected)
		is(got, str_of(expected), name);
	else
		ok(!good && !expected, "%s", name);
}

static struct str
quoted(const char *base, struct str text)
{
	return arena_printf(arena, "%s from %.*s", base, STR_FMT(text));
}

static void
test_text(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct column c = column_of(texts[i].base);
		struct input in = {.arena = arena,
				   .column = &c,
				   .where = "query",
				   .field = STR("c")};
		struct issues issues = {0};
		struct str got;
		bool good = type_read_text(&in, texts[i].text, &issues, &got);

		check(got, good, texts[i].expected,
		      quoted(texts[i].base, texts[i].text).p);
		ok(good == !issues.first, "... with an issue if it is none");
	}
}

/* ---- JSON: of a body ---- */

static const struct json_row {
	const char *base, *json, *expected;
} jsons[] = {
	{"text",	 "\"a\"",				    "a"			     },
	{"text",	 "\"\"",				     ""			      },
	{"text",	 "\"a\\u0000b\"",				  NULL			      },
	{"text",	 "true",				     "True"			       },
	{"text",	 "false",				    "False"			 },
	{"text",	 "-7",				       "-7"			    },
	{"text",	 "1.50",				     "1.50"			       },
	{"text",	 "[]",				       NULL			    },
	{"text",	 "{}",				       NULL			    },
	{"bool",	 "true",				     "true"			       },
	{"bool",	 "\"no\"",				   "false"			  },
	{"bool",	 "0",					"false"			     },
	{"bool",	 "2",					NULL			    },
	{"bool",	 "1.0",				      NULL			    },
	{"bool",	 "[true]",				   NULL			       },
	{"int2",	 "32767",				    "32767"			 },
	{"int2",	 "32768",				    NULL			      },
	{"int4",	 "-5",				       "-5"			    },
	{"int4",	 "\"5\"",				    NULL			      },
	{"int4",	 "5.0",				      NULL			    },
	{"int4",	 "true",				     NULL			     },
	{"int4",	 "{}",				       NULL			    },
	{"int8",	 "9223372036854775807",			"9223372036854775807"	     },
	{"int8",	 "18446744073709551615",			 NULL			     },
	{"int8",	 "\"-9223372036854775808\"",		     "-9223372036854775808"	   },
	{"int8",	 "\"x\"",				    NULL			      },
	{"float8",	   "1.25",				     "1.25"				 },
	{"float8",	   "-3",				       "-3"			     },
	{"float8",	   "\"1.25\"",				 NULL				   },
	{"float8",	   "true",				     NULL			       },
	{"numeric",	    "0.10",				     "0.10"			  },
	{"numeric",	    "\"0.10\"",				 "0.10"			      },
	{"numeric",	    "\"NaN\"",				  NULL				   },
	{"numeric",	    "\"0.10; drop\"",			      NULL				  },
	{"uuid",	 "\"0190a5b0-0000-7000-8000-000000000001\"",
	 "0190a5b0-0000-7000-8000-000000000001"						      },
	{"uuid",	 "1",					NULL			    },
	{"date",	 "\"2020-02-03\"",			   "2020-02-03"		       },
	{"date",	 "20200203",				 NULL				 },
	{"timestamp",    "\"2020-02-03T04:05\"",		      "2020-02-03T04:05"		},
	{"timestamptz",	"\"2020-02-03T04:05Z\"",			 "2020-02-03T04:05:00+00:00"	    },
	{"timestamptz",	"0",					NULL				 },
	{"json",	 "{\"a\": [1.0, null, \"/\"]}",		"{\"a\":[1.0,null,\"/\"]}"	  },
	{"jsonb",	  "\"text\"",				 "\"text\""			},
	{"jsonb",	  "false",				    "false"			  },
	{"enum",	 "\"sad\"",				  "sad"				 },
	{"enum",	 "\"glad\"",				 NULL				 },
	{"enum",	 "1",					NULL			    },
	{"enum",	 "[\"sad\"]",				NULL				  },
	{"array",	  "[]",				       "{}"			    },
	{"array",	  "[1,-2.5,true,null]",			"{\"1\",\"-2.5\",\"true\",NULL}"},
	{"array",	  "[\"\",\"NULL\",\"a,b\",\"{}\"]",
	 "{\"\",\"NULL\",\"a,b\",\"{}\"}"							    },
	{"array",	  "[\"\\\"\\\\\"]",			    "{\"\\\"\\\\\"}"		    },
	{"array",	  "[[1,2],[3,4]]",				   "{{\"1\",\"2\"},{\"3\",\"4\"}}" },
	{"array",	  "[{\"a\":\"b\"}]",			     "{\"{\\\"a\\\":\\\"b\\\"}\"}"	  },
	{"array",	  "[\"a\\u0000\"]",			    NULL				},
	{"array",	  "[[\"a\\u0000\"]]",			      NULL				  },
	{"array",	  "\"{1,2}\"",				NULL				   },
	{"array",	  "1",					NULL			    },
	{"inet",	 "\"::1\"",				  "::1"				 },
	{"inet",	 "[]",				       NULL			    },
	{"no such type", "1",					"1"				 },
	{"no such type", "{}",				       NULL				   },
	{"no such type", "true",				     NULL			     },
};

static void
test_json(void)
{
	for (size_t i = 0; i < sizeof(jsons) / sizeof(jsons[0]); i++) {
		struct column c = column_of(jsons[i].base);
		struct input in = {.arena = arena,
				   .column = &c,
				   .where = "body",
				   .field = STR("c")};
		struct issues issues = {0};
		json_object *value = NULL;
		struct str got;
		bool good;

		if (json_read(arena, str_of(jsons[i].json), &value))
			ok(false, "%s is JSON", jsons[i].json);
		good = type_read_json(&in, value, &issues, &got);
		check(got, good, jsons[i].expected,
		      quoted(jsons[i].base, str_of(jsons[i].json)).p);
		ok(good == !issues.first, "... with an issue if it is none");
	}
}

static void
test_null(void)
{
	static const char *const bases[] = {"text", "int4",  "json",
					    "enum", "array", "inet"};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		struct column c = column_of(bases[i]);
		struct input in = {.arena = arena, .column = &c};
		struct issues issues = {0};
		struct str got = STR("x");

		ok(type_read_json(&in, NULL, &issues, &got) && !got.p,
		   "null is null for %s", bases[i]);
	}
}

/* ---- issues ---- */

static void
test_issues(void)
{
	struct column c = column_of("enum");
	struct input in = {.arena = arena,
			   .column = &c,
			   .where = "query",
			   .field = STR("c[eq]")};
	struct issues issues = {0};
	struct str got;

	type_read_text(&in, STR("glad"), &issues, &got);
	is(issues.first->message,
	   STR("value is not a valid enumeration member; permitted: 'sad', "
	       "'it's \"ok\"', ''"),
	   "an issue names the labels of an enum");
	is(issues.first->field, STR("c[eq]"), "... where it was given");
	c = column_of("int4");
	type_read_text(&in, STR("x"), &issues, &got);
	ok(issues.first->next &&
		   strcmp(issues.first->next->type, "type_error.integer") == 0,
	   "issues follow each other");
}

/* Cursors hold what we printed, odd values included. */
static void
test_ours(void)
{
	static const struct json_row rows[] = {
		{"float8",	   "\"NaN\"",		      "NaN"	   },
		{"float8",	   "\"-Infinity\"",	    "-Infinity"    },
		{"numeric",	    "\"NaN\"",		       "NaN"	    },
		{"date",	 "\"infinity\"",		 "infinity"	   },
		{"date",	 "\"0044-03-15 BC\"",	      "0044-03-15 BC"},
		{"timestamptz", "\"-infinity\"",		 "-infinity"    },
		{"timestamp",   "\"12020-01-01T00:00:00\"",
		 "12020-01-01T00:00:00"				       },
		{"int4",	 "\"NaN\"",		    NULL		},
		{"bool",	 "\"infinity\"",		 NULL	     },
		{"date",	 "\"'; drop table users\"",  NULL		},
		{"float8",	   "\"1\\u0000\"",		   NULL	       },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct column c = column_of(rows[i].base);
		struct input in = {.arena = arena, .column = &c, .ours = true};
		struct issues issues = {0};
		json_object *value = NULL;
		struct str got;
		bool good;

		if (json_read(arena, str_of(rows[i].json), &value))
			ok(false, "%s is JSON", rows[i].json);
		good = type_read_json(&in, value, &issues, &got);
		check(got, good, rows[i].expected,
		      quoted(rows[i].base, str_of(rows[i].json)).p);
	}
}

/* White space goes from around strings, whatever is in them. */
static void
test_white_space(void)
{
	static const char xs[] = "xxxxxxxxxxxxxxxxxxxxxxxx";
	struct buf in = buf_new(1000), out = buf_new(1000), due = buf_new(1000);

	for (int n = 0; n < 24; n++) {
		buf_clear(&in);
		buf_clear(&out);
		buf_clear(&due);
		buf_printf(&in,
			   " [ \"%.*s\" , \n \"%.*s \\\" , \", "
			   "{\"\\\\\" : \"%.*s\\\\\"} ] \n",
			   n, xs, n, xs, n, xs);
		buf_printf(&due,
			   "[\"%.*s\",\"%.*s \\\" , \","
			   "{\"\\\\\":\"%.*s\\\\\"}]",
			   n, xs, n, xs, n, xs);
		type_print_json(&out, buf_str(&in));
		is(buf_str(&out), buf_str(&due), "white space goes");
	}
	buf_free(&in);
	buf_free(&out);
	buf_free(&due);
}

/* ... or from around line feeds alone. */
static void
test_lines(void)
{
	static const struct str rows[][2] = {
		{STR("[{\"a\":\" , \\n \"}, \n {\"a\":null}, \n  {}]"),
		 STR("[{\"a\":\" , \\n \"},{\"a\":null},{}]")		     },
		{STR("[]"),					     STR("[]")},
		{STR("\n"),					     STR("")  },
		{STR(" \n \n [ \n ] \n"),				  STR("[]")},
		{STR(""),					       STR("")	 },
	};
	struct buf b = buf_new(1000);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&b);
		type_print_lines(&b, rows[i][0]);
		is(buf_str(&b), rows[i][1], "line feeds go");
	}
	buf_free(&b);
}

int
main(void)
{
	arena = arena_new(1 << 16);
	test_text();
	test_json();
	test_null();
	test_issues();
	test_ours();
	arena_free(arena);
	test_white_space();
	test_lines();
	return done();
}
