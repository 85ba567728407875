#include "core/json.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "tap.h"

static struct arena *a;
static struct buf text; /* a document that is made by a loop */

/* "ok", or the fault as Python prints it. */
static struct str
verdict(struct str s)
{
	struct json_fault f;

	if (json_check(s, &f))
		return STR("ok");
	return arena_printf(a, "%s: line %zu column %zu (char %zu)", f.reason,
			    f.line, f.column, f.at);
}

#define AT1(reason, column, at) \
	reason ": line 1 column " #column " (char " #at ")"
#define VALUE(column, at) AT1("Expecting value", column, at)
#define EXTRA(column, at) AT1("Extra data", column, at)
#define COMMA(column, at) AT1("Expecting ',' delimiter", column, at)
#define COLON(column, at) AT1("Expecting ':' delimiter", column, at)
#define NAME(column, at) \
	AT1("Expecting property name enclosed in double quotes", column, at)
#define OPEN(column, at)    AT1("Unterminated string starting at", column, at)
#define CONTROL(column, at) AT1("Invalid control character at", column, at)
#define ESCAPE(column, at)  AT1("Invalid \\escape", column, at)
#define UNICODE(column, at) AT1("Invalid \\uXXXX escape", column, at)

/* What Python 3.11 says of these, word for word. */
static const struct {
	struct str text;
	const char *expected;
} as_python[] = {
	{STR(""),				      VALUE(1,0)},
	{STR("  "),					    VALUE(3,2)},
	{STR("\n \n"),					  "Expecting value: line 3 column 1 (char 3)"	  },
	{STR("nul"),VALUE(1,0)},
	{STR("nulll"),									      EXTRA(5,															   4)},
	{STR("True"),				 VALUE(1,0)},
	{STR("\f1"),					    VALUE(1,0)},
	{STR("1\v"),					  EXTRA(2,											      1)},
	{STR("1\0"),EXTRA(2,1)},
	{STR("'a'"),				   VALUE(1,0)},
	{STR("{'a': 1}"),					    NAME(2,1)},
	{STR("{"),					  NAME(2,	   1)},
	{STR("{ "),   NAME(3,		    2)},
	{STR("{1:2}"),			      NAME(2,1)},
	{STR("{a:2}"),					    NAME(2,1)},
	{STR("{\"a\":1,}"),					  NAME(8,7)},
	{STR("{\"a\":1,"),				    NAME(8,7)},
	{STR("{,}"),				 NAME(2,1)},
	{STR("{\"a\""),					    COLON(5,4)},
	{STR("{\"a\" 1}"),					  COLON(6,	    5)},
	{STR("{\"a\":"),VALUE(6,5)},
	{STR("{\"a\": }"),			     VALUE(7,6)},
	{STR("{\"a\":1"),					    COMMA(7,6)},
	{STR("{\"a\":1 \"b\":2}"),					  COMMA(8,					     7)},
	{STR("{\"a\":1]"),COMMA(7,6)},
	{STR("["),			     VALUE(2,1)},
	{STR("[1"),					    COMMA(3,2)},
	{STR("[1,"),					  VALUE(4,      3)},
	{STR("[1,]"),	      VALUE(4,		       3)},
	{STR("[,1]"),			      VALUE(2,1)},
	{STR("[1 2]"),					    COMMA(4,3)},
	{STR("[1}"),					  COMMA(3,2)},
	{STR("1 2"),					    EXTRA(3,	      2)},
	{STR("{}{}"),				     EXTRA(3,2)},
	{STR("]"),					    VALUE(1,0)},
	{STR("// x\n1"),					  VALUE(1,		  0)},
	{STR("01"),EXTRA(2,1)},
	{STR("-01"),				  EXTRA(3,2)},
	{STR("+1"),					    VALUE(1,0)},
	{STR("-"),					  VALUE(1,							       0)},
	{STR("--1"),VALUE(1,0)},
	{STR(".5"),				   VALUE(1,0)},
	{STR("1."),					    EXTRA(2,1)},
	{STR("1.e5"),					  EXTRA(2,1)},
	{STR("1e"), EXTRA(2,1)},
	{STR("1e+"),				     EXTRA(2,1)},
	{STR("1.5e-"),					    EXTRA(4,3)},
	{STR("0x10"),					  EXTRA(2,1)},
	{STR("1_000"),					  EXTRA(2,						    1)},
	{STR("\""),				   OPEN(1,0)},
	{STR("[\"abc"),					    OPEN(2,1)},
	{STR("\"a\\"),					  OPEN(1,	       0)},
	{STR("\"a\\\""),OPEN(1,0)},
	{STR("{\"a"),				   OPEN(2,1)},
	{STR("\"\t\""),					    CONTROL(2,1)},
	{STR("\"a\0b\""),					  CONTROL(3,							2)},
	{STR("\"\x1f\""),CONTROL(2,1)},
	{STR("\"a\nb\""),				  CONTROL(3,2)},
	{STR("\"\\x41\""),					    ESCAPE(2,1)},
	{STR("\"a\\'\""),					  ESCAPE(3,2)},
	{STR("\"\\\0\""), ESCAPE(2,		    1)},
	{STR("\"\\U0041\""),				 ESCAPE(2,1)},
	{STR("\"\\u\""),					    UNICODE(3,2)},
	{STR("\"\\u12\""),					  UNICODE(3,	      2)},
	{STR("\"\\u12G4\""),UNICODE(3,2)},
	{STR("\"\\u 123\""),				    UNICODE(3,2)},
	{STR("\"\\u1234"),					    UNICODE(3,2)},
	{STR("\"\\u0x41\""),					  UNICODE(3,	2)},
 /* Places are counted in code points. */
	{STR("\"\xc3\xa9\xf0\x9f\x98\x80\" x"),EXTRA(6,5)},
	{STR("{\"\xc3\xa9\":\n \"\xe2\x82\xac\" 1}"),
	 "Expecting ',' delimiter: line 2 column 6 (char 11)"},
	{STR("\xc3\xa9"),					    VALUE(1,0)},
	{STR("[1,\n\n  x]"),					  "Expecting value: line 3 column 3 (char 7)"	},
	{STR("[1,\r\n x]"),"Expecting value: line 2 column 2 (char 6)"},
};

static void
test_python(void)
{
	for (size_t i = 0; i < sizeof(as_python) / sizeof(as_python[0]); i++)
		is(verdict(as_python[i].text), str_of(as_python[i].expected),
		   as_python[i].expected);
}

#define LONE  "Invalid \\uXXXX escape (lone surrogate)"
#define TWICE "Duplicate property name"
#define RANGE "Number out of range"
#define UTF8  "Malformed UTF-8"
#define BOM   "Unexpected UTF-8 BOM (decode using utf-8-sig)"
#define NUL   "Property name with a NUL"

/* What Python takes and we do not. */
/* clang-format off */
static const struct {
	struct str text;
	const char *expected;
} stricter[] = {
	{STR("NaN"), VALUE(1, 0)},
	{STR("[Infinity]"), VALUE(2, 1)},
	{STR("-Infinity"), VALUE(1, 0)},
	{STR("\"\\ud800\""), AT1(LONE, 3, 2)},
	{STR("\"\\udc00\""), AT1(LONE, 3, 2)},
	{STR("\"\\ude00\\ud83d\""), AT1(LONE, 3, 2)},
	{STR("\"\\ud83dx\""), AT1(LONE, 3, 2)},
	{STR("\"\\ud83d\\n\""), AT1(LONE, 3, 2)},
	{STR("\"\\ud83d\\u0041\""), AT1(LONE, 3, 2)},
	{STR("\"\\ud83d\\ud83d\\ude00\""), AT1(LONE, 3, 2)},
	{STR("\"\\ud83d\\ude00\\ude00\""), AT1(LONE, 15, 14)},
	{STR("{\"\\ud800\":1}"), AT1(LONE, 4, 3)},
	{STR("{\"a\":1,\"a\":2}"), AT1(TWICE, 8, 7)},
	{STR("{\"a\":1,\"\\u0061\":2}"), AT1(TWICE, 8, 7)},
	{STR("{\"\\/\":1,\"/\":2}"), AT1(TWICE, 9, 8)},
	{STR("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"),
	 AT1(TWICE, 19, 18)},
	{STR("{\"\\u00e9\":1,\"\xc3\xa9\":2}"), AT1(TWICE, 13, 12)},
	{STR("{\"b\":1,\"a\":1,\"b\":1,\"a\":1}"),
	 AT1(TWICE, 14, 13)},
	{STR("{\"\":1,\"\":1}"), AT1(TWICE, 7, 6)},
	{STR("[{\"x\":{\"y\":1,\"y\":1}}]"), AT1(TWICE, 14, 13)},
	{STR("{\"a\\u0000b\":1}"), AT1(NUL, 2, 1)},
	{STR("1e400"), AT1(RANGE, 1, 0)},
	{STR("[-1e400]"), AT1(RANGE, 2, 1)},
	{STR("1.8e308"), AT1(RANGE, 1, 0)},
	{STR("1e99999999999999999999"), AT1(RANGE, 1, 0)},
	{STR("12345678901234567890123456789012345678901"),
	 AT1("Number of more than 40 digits", 1, 0)},
	{STR("0.1234567890123456789012345678901234567890"),
	 AT1("Number of more than 40 digits", 1, 0)},
	{STR("1e-1234567890123456789012345678901234567890"),
	 AT1("Number of more than 40 digits", 1, 0)},
	{STR("\"\x80\""), AT1(UTF8, 2, 1)},
	{STR("\"\xc0\x80\""), AT1(UTF8, 2, 1)},
	{STR("\"\xc3\xa9\xed\xa0\x80\""), AT1(UTF8, 3, 2)},
	{STR("\"\xf4\x90\x80\x80\""), AT1(UTF8, 2, 1)},
	{STR("\"\xe2\x82"), AT1(UTF8, 2, 1)},
	{STR("x\n\"\xff\""), "Malformed UTF-8: line 2 column 2 (char 3)"},
	{STR("\xef\xbb\xbf{}"), AT1(BOM, 1, 0)},
	{STR("\xff\xfe{\0}\0"), AT1(UTF8, 1, 0)},
};
/* clang-format on */

static void
test_stricter(void)
{
	for (size_t i = 0; i < sizeof(stricter) / sizeof(stricter[0]); i++)
		is(verdict(stricter[i].text), str_of(stricter[i].expected),
		   stricter[i].expected);
}

static void
test_accepted(void)
{
	static const struct str rows[] = {
		STR("null"),
		STR(" \t\r\n{ } \n"),
		STR("[ ]"),
		STR("\"\""),
		STR("-0"),
		STR("0.0"),
		STR("[0,-0.0,1E5,1e+5,1e-5,1.5E-05]"),
		STR("18446744073709551615"),
		STR("-9223372036854775808"),
		STR("18446744073709551616"),
		STR("-9223372036854775809"),
		STR("-1234567890123456789012345678901234567890"),
		STR("1.7976931348623157e308"),
		STR("1e-400"),
		STR("0.123456789012345678901234567890123456789"),
		STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00E9\\uffff\""),
		STR("\"\x7f\xc2\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\""),
		STR("{\"a\":{\"a\":{\"a\":1}},\"A\":[{\"a\":1},{\"a\":2}]}"),
		STR("{\"ab\":1,\"a\":2,\"abc\":3,\"\":4}"),
		STR("\"\\ud83d\\ude00\\uD83D\\uDE00\""),
		STR("\"\xef\xbb\xbf\""),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(verdict(rows[i]), STR("ok"),
		   arena_printf(a, "takes %s", rows[i].p).p);
}

static void
repeat(struct str s, int n)
{
	for (int i = 0; i < n; i++)
		buf_put(&text, s);
}

static void
test_limits(void)
{
	buf_clear(&text);
	repeat(STR("["), 32);
	repeat(STR("]"), 32);
	is(verdict(buf_str(&text)), STR("ok"), "32 arrays in each other");
	buf_clear(&text);
	repeat(STR("{\"a\":"), 33);
	is(verdict(buf_str(&text)),
	   STR("Nested deeper than 32 levels: line 1 column 161 (char 160)"),
	   "33 objects are too many");
	buf_clear(&text);
	repeat(STR("["), 10000);
	is(verdict(buf_str(&text)),
	   STR("Nested deeper than 32 levels: line 1 column 33 (char 32)"),
	   "10000 arrays are refused at the 33rd");
	buf_clear(&text);
	repeat(STR("[0"), 1);
	repeat(STR(",0"), 9998);
	repeat(STR("]"), 1);
	is(verdict(buf_str(&text)), STR("ok"), "10000 values");
	text.n--;
	repeat(STR(",0]"), 1);
	is(verdict(buf_str(&text)),
	   STR("More than 10000 values: line 1 column 20000 (char 19999)"),
	   "10001 are too many");
}

/* An object whose `n` names are `length` bytes each. */
static void
make_object(int n, int length)
{
	buf_clear(&text);
	for (int i = 0; i < n; i++)
		buf_printf(&text, "%c\"%0*d\":1", i ? ',' : '{', length, i);
	buf_char(&text, '}');
}

static void
test_members(void)
{
	clock_t start = clock();

	make_object(1000, 4);
	is(verdict(buf_str(&text)), STR("ok"), "1000 members");
	make_object(1001, 4);
	is(verdict(buf_str(&text)),
	   STR("Object of more than 1000 members: line 1 column 9002 "
	       "(char 9001)"),
	   "1001 are too many");
	make_object(1000, 1000);
	for (int i = 0; i < 20; i++)
		if (!str_eq(verdict(buf_str(&text)), STR("ok")))
			break;
	ok(clock() - start < 4 * CLOCKS_PER_SEC,
	   "a megabyte of names that begin alike takes no time");
	memcpy(text.p + text.n - 1004, text.p + 2, 1000);
	is(verdict(buf_str(&text)),
	   STR("Duplicate property name: line 1 column 1003997 "
	       "(char 1003996)"),
	   "and the one that is there twice is found");
}

/* Read, and print as json-c does. */
static struct str
round_trip(struct str s)
{
	json_object *o;
	struct err *e = json_read(a, s, &o);

	if (e)
		return STR("error");
	return str_of(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
test_read(void)
{
	json_object *o;
	static char unended[4] = {'1', '2', '3', '4'};

	is(round_trip(STR(" {\"a\" : [ 1 , -2.50 , true , null , \"x/\" ] } ")),
	   STR("{\"a\":[1,-2.50,true,null,\"x/\"]}"), "a document is parsed");
	is(round_trip((struct str){unended, 3}), STR("123"),
	   "a number may end where the bytes do");
	is(round_trip(STR("18446744073709551615")), STR("18446744073709551615"),
	   "no whole number loses digits");
	is(round_trip(STR("-9223372036854775808")), STR("-9223372036854775808"),
	   "nor a negative one");
	is(round_trip(STR("0.1000000000000000000000000000000000001")),
	   STR("0.1000000000000000000000000000000000001"),
	   "nor does any other");
	ok(!json_read(a, STR("null"), &o) && !o, "null is NULL");
	ok(!json_read(a, STR("\"\\u0000a\""), &o), "a NUL may be in a string");
	is(json_str(o), STR("\0a"), "... and is kept");
	ok(json_read(a, STR("{\"a\":[1,{\"b\":\"x\"},2.5"), &o) && !o,
	   "of half a document nothing is left");
	buf_clear(&text);
	repeat(STR("["), 32);
	repeat(STR("]"), 32);
	is(round_trip(buf_str(&text)), buf_str(&text), "32 levels are parsed");
}

static void
test_members_read(void)
{
	json_object *o;

	ok(!json_read(a, STR("{\"a\":null,\"b\":\"x\",\"c\":1}"), &o),
	   "an object is read");
	ok(json_has(o, "a") && !json_get(o, "a"), "a null member is there");
	ok(!json_has(o, "d") && !json_get(o, "d"), "an absent one is not");
	is(json_str(json_get(o, "b")), STR("x"), "a string is a string");
	is(json_str(json_get(o, "c")), STR(""), "a number is none");
	is(json_str(json_get(o, "a")), STR(""), "nor is null");
	ok(!json_get(json_get(o, "b"), "x") && !json_has(NULL, "x"),
	   "what is no object has no members");
}

/* Some members of an object, without the object. */
static void
test_wanted(void)
{
	struct json_member m[] = {
		{STR("b"), NULL},
		  {STR("a"), NULL}
	  };
	struct json_fault f;

	ok(json_members(a, STR("{\"x\":[1],\"a\":{\"b\":1},\"y\":\"z\"}"), m, 2,
			&f),
	   "an object is read for its members");
	is(str_of(json_object_to_json_string(m[1].value)), STR("{ \"b\": 1 }"),
	   "... which are whole");
	ok(!m[0].value, "... or not there, whatever is inside of others");
	m[1].value = NULL;
	ok(json_members(a, STR("[{\"a\":1}]"), m, 2, &f) && !m[1].value,
	   "a list has none");
	ok(!json_members(a, STR("{\"a\":1,\"a\":2}"), m, 2, &f),
	   "no member comes twice");
	is(str_of(f.reason), STR("Duplicate property name"), "... it is said");
	m[1].value = NULL;
	ok(!json_members(a, STR("{\"a\":[1"), m, 2, &f), "half of one is none");
}

/* Every supplementary plane, and the surrogates' neighbours. */
static void
test_pairs(void)
{
	int wrong = 0;

	for (unsigned point = 0x10000; point < 0x110000; point += 0x100) {
		unsigned v = point - 0x10000;
		struct str s =
			arena_printf(a, "\"\\u%04x\\u%04X\"", 0xd800 | v >> 10,
				     0xdc00 | (v & 0x3ff));
		char utf8[4] = {(char)(0xf0 | point >> 18),
				(char)(0x80 | (point >> 12 & 0x3f)),
				(char)(0x80 | (point >> 6 & 0x3f)),
				(char)(0x80 | (point & 0x3f))};
		json_object *o = NULL;

		wrong += json_read(a, s, &o) ||
			 !str_eq(json_str(o), (struct str){utf8, 4});
	}
	ok(wrong == 0, "escaped pairs become their characters (%d do not)",
	   wrong);
	is(round_trip(STR("\"\\\\ud800\\\\\\ud83d\\ude00\"")),
	   STR("\"\\\\ud800\\\\\xf0\x9f\x98\x80\""),
	   "an escaped backslash before a u is no escape of one");
}

/* Whole numbers that no machine word holds. */
static void
test_long(void)
{
	static const struct str rows[] = {
		STR("18446744073709551616"),
		STR("-9223372036854775809"),
		STR("1234567890123456789012345678901234567890"),
		STR("-1234567890123456789012345678901234567890"),
		STR("{\"a\":[100000000000000000000,1,-99999999999999999999],"
		    "\"b\":{\"c\":20000000000000000000}}"),
		STR("\"100000000000000000000\""),
		STR("{\"100000000000000000000\":"
		    "\"\\\"200000000000000000000\"}"),
		STR("[100000000000000000000.5,100000000000000000000e0]"),
	};
	json_object *o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(round_trip(rows[i]), rows[i],
		   arena_printf(a, "keeps %s", rows[i].p).p);
	ok(!json_read(a, rows[2], &o) &&
		   json_object_is_type(o, json_type_double),
	   "a long whole number is no json-c integer");
	is(str_of(json_object_get_string(o)), rows[2], "... gives its digits");
	is(round_trip((struct str){rows[2].p, 21}),
	   STR("123456789012345678901"), "... and ends where the bytes do");
}

static void
test_issue(void)
{
	json_object *o;
	struct err *e = json_read(a, STR("{\"a\":\n\"\xc3\xa9\" x}"), &o);
	struct issue *i = e ? e->issues : NULL;

	ok(e && e->code == ERR_INVALID && i && !i->next,
	   "a malformed document is one issue");
	if (!i)
		return;
	is(str_of(i->where), STR("body"), "... of the body");
	is(i->field, STR("10"), "... at its place");
	is(i->message,
	   STR("Expecting ',' delimiter: line 2 column 5 (char 10)"),
	   "... which it names");
	is(str_of(i->type), STR("value_error.jsondecode"), "... has its type");
	is(i->ctx,
	   STR("{\"msg\":\"Expecting ',' delimiter\",\"doc\":\"{\\\"a\\\":\\n"
	       "\\\"\xc3\xa9\\\" x}\",\"pos\":10,\"lineno\":2,\"colno\":5}"),
	   "... and its context");
	e = json_read(a, STR("\"\xff\""), &o);
	is(e->issues->ctx,
	   STR("{\"msg\":\"Malformed UTF-8\",\"doc\":\"\",\"pos\":1,"
	       "\"lineno\":1,\"colno\":2}"),
	   "a text that is no UTF-8 is not repeated");
}

/* The doc of an issue, cut. */
static void
test_excerpt(void)
{
	json_object *ctx, *o;
	struct err *e;

	for (size_t shift = 0; shift < 4; shift++) {
		buf_clear(&text);
		repeat(STR("x"), (int)shift);
		repeat(STR("\xf0\x9f\x98\x80"), 400);
		e = json_read(a, buf_str(&text), &o);
		if (!ok(e && !json_read(a, e->issues->ctx, &ctx),
			"a context is JSON"))
			continue;
		is(json_str(json_get(ctx, "doc")),
		   str_sub(buf_str(&text), 0, shift ? 1020 + shift : 1024),
		   "... with a doc cut between characters");
	}
	buf_clear(&text);
	repeat(STR("\x01"), 5000);
	e = json_read(a, buf_str(&text), &o);
	ok(e && !json_read(a, e->issues->ctx, &ctx) &&
		   json_str(json_get(ctx, "doc")).n == 1024,
	   "... however much its escapes take");
}

/* Somebody else judges the document; nothing of it is beyond us. */
static void
test_find(void)
{
	static const struct {
		struct str text, found;
	} rows[] = {
		{STR("{\"id\":1}"),				    STR("1")    },
		{STR(" {\"a\":2, \"id\" : [1,{\"id\":3}] }"),
		 STR(" [1,{\"id\":3}] ")					},
		{STR("{\"id\":1,\"id\":2}"),			     STR("2")    },
		{STR("{\"a\":{\"id\":1},\"b\":[\"id\",2]}"),	     STR("")	    },
		{STR("{\"a\":\"id\",\"b\":\"\\\",\\\"id\\\":4\"}"), STR("")	   },
		{STR("{\"a\":\"\\\\\",\"id\":\"}\"}"),	       STR("\"}\"")},
		{STR("{\"i\\u0064\":1}"),				  STR("")	 },
		{STR("[\"id\",1]"),				    STR("")	   },
		{STR("\"id\""),				     STR("")     },
		{STR(""),					   STR("")	 },
		{STR("{\"id\":1"),				   STR("")	  },
		{STR("{\"id\":\"\\"),				      STR("")     },
		{STR("{:,\":}"),				    STR("")	},
		{STR("}]}{\"id\":5}"),			       STR("5")    },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(json_find(rows[i].text, "id"), rows[i].found,
		   rows[i].text.p);
	buf_clear(&text);
	BUF_LIT(&text, "{\"a\":");
	repeat(STR("["), 1000000);
	repeat(STR("]"), 1000000);
	BUF_LIT(&text, ",\"id\":6}");
	is(json_find(buf_str(&text), "id"), STR("6"), "however deep");
}

int
main(void)
{
	a = arena_new(4096);
	text = buf_new(1 << 24);
	test_python();
	test_stricter();
	test_accepted();
	test_limits();
	test_members();
	test_read();
	test_members_read();
	test_wanted();
	test_pairs();
	test_long();
	test_issue();
	test_excerpt();
	test_find();
	buf_free(&text);
	arena_free(a);
	return done();
}
