#include "base/str.h"

#include "tap.h"

static void
test_compare(void)
{
	ok(str_eq(str_of(NULL), STR("")), "NULL is the empty string");
	ok(str_eq(STR("a\0b"), STR("a\0b")), "a NUL is a byte as any other");
	ok(!str_eq(STR("a\0b"), STR("a\0c")), "what follows a NUL counts");
	ok(str_eq_nocase(STR("Content-TYPE"), STR("content-type")),
	   "ASCII letters of both cases may be equal");
	ok(!str_eq_nocase(STR("[@"), STR("{`")), "only letters have a case");
	ok(!str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")),
	   "letters past ASCII have none");
	ok(str_cmp(STR("ab"), STR("abc")) < 0, "a prefix sorts first");
	ok(str_cmp(STR("b"), STR("abc")) > 0, "bytes decide before length");
	ok(str_cmp(STR("\xff"), STR("a")) > 0, "bytes compare unsigned");
	ok(str_cmp(STR("x"), STR("x")) == 0, "equal is zero");
	ok(str_same_secret(STR("abc"), STR("abc")), "equal secrets are");
	ok(!str_same_secret(STR("abc"), STR("abd")), "others are not");
	ok(!str_same_secret(STR("abc"), STR("ab")), "nor is a prefix");
}

static void
test_parts(void)
{
	struct str rest = STR("a,,b");

	ok(str_starts(STR("abc"), STR("ab")), "starts");
	ok(!str_starts(STR("a"), STR("ab")), "too short to start so");
	ok(str_ends(STR("abc"), STR("bc")), "ends");
	ok(!str_ends(STR("c"), STR("bc")), "too short to end so");
	ok(str_find(STR("abc"), 'c') == 2, "finds a byte");
	ok(str_find(STR("abc"), 'x') == 3, "or says the length");
	is(str_sub(STR("abc"), 1, 9), STR("bc"), "a part is cut to the end");
	is(str_sub(STR("abc"), 9, 9), STR(""), "past the end is nothing");
	is(str_sub(STR("abc"), 1, SIZE_MAX), STR("bc"), "no sum overflows");
	is(str_cut(&rest, ','), STR("a"), "the head is cut off");
	is(str_cut(&rest, ','), STR(""), "an empty piece is a piece");
	is(str_cut(&rest, ','), STR("b"), "the last one has no separator");
	is(rest, STR(""), "and leaves nothing");
	is(str_trim(STR(" \ta b\t ")), STR("a b"), "both ends are trimmed");
	is(str_trim(STR(" \t")), STR(""), "blanks are trimmed to nothing");
}

static void
test_int(void)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} rows[] = {
		{"0",		      true,  0	     },
		{"-0",		       true,  0	      },
		{"007",			true,  7	       },
		{"9223372036854775807",	true,  INT64_MAX},
		{"-9223372036854775808", true,  INT64_MIN},
		{"9223372036854775808",	false, 0	},
		{"-9223372036854775809", false, 0	 },
		{"99999999999999999999", false, 0	 },
		{"",		     false, 0	     },
		{"-",		      false, 0	      },
		{"+1",		       false, 0	       },
		{" 1",		       false, 0	       },
		{"1 ",		       false, 0	       },
		{"1.0",			false, 0	},
		{"0x1",			false, 0	},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = -7;
		bool good = str_int(str_of(rows[i].text), &value);

		ok(good == rows[i].good && value == (good ? rows[i].value : -7),
		   "\"%s\" is %s whole number", rows[i].text,
		   rows[i].good ? "a" : "no");
	}
}

static void
test_utf8(void)
{
	static const struct {
		struct str text;
		bool good;
		const char *name;
	} rows[] = {
		{STR(""),				 true,	"nothing"		 },
		{STR("a\0b"),			      true,  "a NUL"		   },
		{STR("\x7f\xc2\x80\xdf\xbf"),	      true,  "one and two bytes"     },
		{STR("\xe0\xa0\x80\xef\xbf\xbf"),	  true,	"three bytes"	     },
		{STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true,	"four bytes"	    },
		{STR("\xed\x9f\xbf\xee\x80\x80"),	  true,	"around surrogates"	   },
		{STR("\x80"),			      false, "a lone continuation"	  },
		{STR("\xc0\x80"),			  false, "an overlong NUL"	  },
		{STR("\xc1\xbf"),			  false, "overlong in two"	  },
		{STR("\xe0\x9f\xbf"),		      false, "overlong in three"	},
		{STR("\xf0\x8f\xbf\xbf"),		  false, "overlong in four"	   },
		{STR("\xed\xa0\x80"),		      false, "a surrogate"		  },
		{STR("\xf4\x90\x80\x80"),		  false, "past U+10FFFF"		},
		{STR("\xf5\x80\x80\x80"),		  false, "a lead that is none"   },
		{STR("\xe2\x82"),			  false, "a cut sequence"	 },
		{STR("\xe2\x28\xa1"),		      false, "a broken sequence"	},
		{STR("\xff"),			      false, "0xff"		   },
		{STR("12345678"),			  true,	"ASCII alone"	     },
		{STR("1234567\xc2\x80 12345678"),	  true,	"two bytes within"	  },
		{STR("12345678\xc2\x80"),		  true,	"two bytes behind"	  },
		{STR("12345678\xff"),		      false, "0xff behind ASCII"	},
		{STR("12345678123\xc2"),			 false, "a cut one behind ASCII"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(str_utf8(rows[i].text) == rows[i].good, "%s is %sUTF-8",
		   rows[i].name, rows[i].good ? "" : "no ");
	ok(str_points(STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")) == 4,
	   "code points are counted, not bytes");
}

static void
test_uuid(void)
{
	static const struct {
		struct str text;
		bool good;
	} rows[] = {
		{STR("01890b2e-7cc0-7def-8000-0123456789ab"),  true },
		{STR("00000000-0000-0000-0000-000000000000"),  true },
		{STR("01890b2e-7cc0-7def-8000-0123456789aB"),  false},
		{STR("01890b2e-7cc0-7def-8000-0123456789a"),   false},
		{STR("01890b2e-7cc0-7def-8000-0123456789abc"), false},
		{STR("01890b2e-7cc0-7def-8000-0123456789ab "), false},
		{STR("01890b2e-7cc0-7def-8000-0123456789ag"),  false},
		{STR("01890b2e-7cc0-7def-8000-01234567-9ab"),  false},
		{STR("01890b2e07cc0-7def-8000-0123456789ab"),  false},
		{STR("01890b2e-7cc0-7def-8000-0123456789\0b"), false},
		{STR("01890b2e7cc07def80000123456789abcdef"),  false},
		{STR("{1890b2e-7cc0-7def-8000-0123456789a}"),  false},
		{STR("------------------------------------"),  false},
		{STR(""),				      false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(str_is_uuid(rows[i].text) == rows[i].good,
		   "\"%.*s\" is %s uuid", STR_FMT(rows[i].text),
		   rows[i].good ? "a" : "no");
	ok(!str_is_uuid(str_of(NULL)), "nor is nothing");
}

/* Every pair of bytes at every place of a word, the second one behind it. */
static void
test_plain(void)
{
	char text[20];
	int wrong = 0;

	for (int i = 0; i < 0x10000; i++)
		for (size_t at = 0; at < sizeof(text) - 1; at++) {
			struct str s = {text, sizeof(text)};
			size_t first = 0;

			memset(text, 'x', sizeof(text));
			text[at] = (char)i;
			text[at + 1] = (char)(i >> 8);
			while (first < s.n && (unsigned char)s.p[first] > 31 &&
			       s.p[first] != '"' && s.p[first] != '\\')
				first++;
			wrong += str_plain(s, 0) != first;
		}
	ok(wrong == 0, "no byte stands for itself that does not (%d do)",
	   wrong);
	ok(str_plain(STR("\"a\"b"), 1) == 2,
	   "it is looked for from a place on");
	ok(str_plain(STR("abc"), 3) == 3, "... which may be the end");
	ok(str_plain((struct str){0}, 0) == 0, "... of nothing");
}

static void
test_hash(void)
{
	static char text[64];
	bool distinct = true;

	for (size_t n = 1; n <= sizeof(text); n++) {
		struct str s = {text, n};
		uint64_t before = str_hash(s);

		for (size_t i = 0; i < n; i++) {
			text[i] ^= 1;
			distinct &= str_hash(s) != before;
			text[i] ^= 1;
		}
		distinct &= str_hash((struct str){text, n - 1}) != before;
	}
	ok(distinct, "each byte and the length change the hash");
	ok(str_hash(STR("")) == str_hash(str_of(NULL)), "so does nothing else");
}

int
main(void)
{
	test_compare();
	test_parts();
	test_int();
	test_utf8();
	test_uuid();
	test_plain();
	test_hash();
	return done();
}
