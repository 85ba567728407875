#include "base/buf.h"

#include "tap.h"

static void
test_grow(void)
{
	struct buf b = buf_new(1000);
	char *p;

	is(buf_str(&b), STR(""), "a new one is empty");
	buf_put(&b, STR(""));
	ok(!b.broken, "... and may be given nothing");
	buf_put(&b, STR("abc"));
	buf_char(&b, '\0');
	BUF_LIT(&b, "d");
	is(buf_str(&b), STR("abc\0d"), "bytes follow each other");
	p = b.p;
	buf_clear(&b);
	buf_put(&b, str_of(NULL));
	is(buf_str(&b), STR(""), "clearing and adding nothing leave nothing");
	ok(b.p == p, "clearing keeps the memory");
	for (int i = 0; i < 100; i++)
		buf_put(&b, STR("0123456789"));
	ok(!b.broken && b.n == 1000, "it fills to its ceiling");
	buf_char(&b, 'x');
	ok(b.broken && b.n == 1000, "one more byte breaks it");
	buf_put(&b, STR(""));
	ok(b.broken && !buf_room(&b, 0), "... for good");
	buf_clear(&b);
	buf_char(&b, 'x');
	is(buf_str(&b), STR("x"), "... until it is cleared");
	buf_free(&b);
	buf_char(&b, 'y');
	is(buf_str(&b), STR("y"), "a freed one may be used again");
	ok(!buf_room(&b, SIZE_MAX), "no sum overflows");
	buf_free(&b);
}

static void
test_numbers(void)
{
	struct buf b = buf_new(1000);

	buf_int(&b, 0);
	buf_char(&b, ' ');
	buf_int(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_int(&b, INT64_MAX);
	is(buf_str(&b), STR("0 -9223372036854775808 9223372036854775807"),
	   "whole numbers");
	buf_clear(&b);
	buf_printf(&b, "%s-%03d", "x", 7);
	buf_printf(&b, "%s", "");
	buf_char(&b, '!');
	is(buf_str(&b), STR("x-007!"), "formatted text, without its NUL");
	buf_printf(&b, "%2000d", 1);
	ok(b.broken, "formatted text breaks the ceiling as any other");
	buf_free(&b);
}

static void
test_json(void)
{
	static const struct {
		struct str text, json;
		const char *name;
	} rows[] = {
		{STR(""),			  STR("\"\""),		       "nothing"		},
		{STR("Ada"),			     STR("\"Ada\""),		     "letters"	      },
		{STR("\"\\/"),		       STR("\"\\\"\\\\/\""),	     "quote and backslash"},
		{STR("\b\t\n\f\r"),		    STR("\"\\b\\t\\n\\f\\r\""),	"short forms"	     },
		{STR("\0\x1f\x7f"),		    STR("\"\\u0000\\u001f\x7f\""), "controls"	     },
		{STR("\xc3\xa4\xf0\x9f\x98\x80"),
		 STR("\"\xc3\xa4\xf0\x9f\x98\x80\""),			      "what is not ASCII"	 },
		{STR("a\nb\nc"),			 STR("\"a\\nb\\nc\""),	       "text between"	     },
	};
	struct buf b = buf_new(16), *p = &b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(p);
		buf_json(p, rows[i].text);
		is(buf_str(p), rows[i].json, rows[i].name);
	}
	buf_clear(p);
	buf_json(p, STR("\0\0\0"));
	ok(b.broken, "a string that passes the ceiling breaks it");
	buf_free(p);
}

int
main(void)
{
	test_grow();
	test_numbers();
	test_json();
	return done();
}
