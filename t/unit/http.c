#include "core/http.h"

#include "tap.h"

static struct arena *a;

/* A query as its parameters, "name=value" each, or the error. */
static struct str
read_query(struct str text)
{
	struct http_query q;
	struct err *e = http_query_read(a, text, &q);
	struct str all = STR("");

	if (e)
		return arena_printf(a, "%d %.*s", err_kind(e->code)->status,
				    STR_FMT(e->message));
	for (size_t i = 0; i < q.n; i++)
		all = arena_printf(a, "%.*s[%.*s=%.*s]", STR_FMT(all),
				   STR_FMT(q.params[i].name),
				   STR_FMT(q.params[i].value));
	return all;
}

static void
test_query(void)
{
#define BAD_PERCENT                                                   \
	"400 The query string has a '%' that is not followed by two " \
	"hexadecimal digits."
#define BAD_UTF8 "400 The query string is not UTF-8."
	static const struct {
		struct str text, expected;
	} rows[] = {
		{STR(""),			   STR("")				 },
		{STR("&"),			   STR("")				  },
		{STR("a=1&b=2"),			 STR("[a=1][b=2]")			  },
		{STR("a"),			   STR("[a=]")			      },
		{STR("a="),			    STR("[a=]")			       },
		{STR("=1"),			    STR("[=1]")			       },
		{STR("&&a=1&&b=2&"),		     STR("[a=1][b=2]")		      },
		{STR("a=b=c"),		       STR("[a=b=c]")			     },
		{STR("a+b=c+d%2Be"),		     STR("[a b=c d+e]")		       },
		{STR("%61=%c3%A9%26%3d"),		  STR("[a=\xc3\xa9&=]")		       },
		{STR("a=1&a=2"),			 STR("[a=1][a=2]")			  },
		{STR("filter%5Bx%5D=%F0%9F%98%80"),
		 STR("[filter[x]=\xf0\x9f\x98\x80]")					    },
		{STR("a;b=1?/"),			 STR("[a;b=1?/]")			 },
		{STR("a=%"),			     STR(BAD_PERCENT)			     },
		{STR("a=%4"),			      STR(BAD_PERCENT)		      },
		{STR("a=%4g"),		       STR(BAD_PERCENT)		       },
		{STR("a=%+1"),		       STR(BAD_PERCENT)		       },
		{STR("%=1"),			     STR(BAD_PERCENT)			     },
		{STR("a=%u0041"),			  STR(BAD_PERCENT)			  },
		{STR("a=%80"),		       STR(BAD_UTF8)			    },
		{STR("a=%C0%80"),			  STR(BAD_UTF8)			       },
		{STR("a=%ED%A0%80"),		     STR(BAD_UTF8)			  },
		{STR("%ff=1"),		       STR(BAD_UTF8)			    },
		{STR("a=\xff"),			STR(BAD_UTF8)			     },
		{STR("a=%00"),		       STR("400 The query string has a NUL.")},
		{STR("%00=a"),		       STR("400 The query string has a NUL.")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(read_query(rows[i].text), rows[i].expected, rows[i].text.p);
}

static void
test_query_size(void)
{
	struct http_query q;
	char text[2 * HTTP_PARAMS_MAX + 2];
	size_t n = 2 * HTTP_PARAMS_MAX;

	for (size_t i = 0; i < n; i += 2)
		memcpy(text + i, "x&", 2);
	ok(!http_query_read(a, (struct str){text, n}, &q) &&
		   q.n == HTTP_PARAMS_MAX,
	   "as many parameters as may be");
	text[n] = 'y';
	ok(http_query_read(a, (struct str){text, n + 1}, &q) != NULL,
	   "one more is refused");
	ok(q.n == HTTP_PARAMS_MAX, "... and leaves the result alone");
}

static void
test_query_get(void)
{
	struct http_query q;
	const struct http_param *p;

	ok(!http_query_read(a, STR("a=1&b=2&a=3&c"), &q), "a query is read");
	p = http_query_get(&q, STR("a"));
	is(p ? p->value : STR(""), STR("3"), "of two the last one wins");
	p = http_query_get(&q, STR("c"));
	ok(p && p->value.n == 0, "one without a value has the empty one");
	ok(p && p->value.p[0] == '\0' && p->name.p[1] == '\0',
	   "both end in a NUL");
	ok(!http_query_get(&q, STR("d")), "an absent one is NULL");
	ok(!http_query_get(&q, STR("")), "so is one without a name");
}

static void
test_encode(void)
{
	struct str s;

	is(http_encode(a, STR("aZ09-._~")), STR("aZ09-._~"),
	   "unreserved characters stay");
	is(http_encode(a, STR(" +/\xc3\xa9\0%")), STR("%20%2B%2F%C3%A9%00%25"),
	   "all others are encoded");
	ok(http_decode(a, STR("a+b%2f"), false, &s), "a path is decoded");
	is(s, STR("a+b/"), "... where a plus is a plus");
}

static void
test_types(void)
{
	static const struct {
		const char *header;
		bool json;
	} rows[] = {
		{"application/json",				     true },
		{"Application/JSON",				     true },
		{"application/json; charset=utf-8",		    true },
		{" application/json ;x",				 true },
		{"application/vnd.api+json",			     true },
		{"application/problem+JSON;a=b",			 true },
		{"text/json",				      false},
		{"application/jsonx",			      false},
		{"application/x+jsonp",				false},
		{"application/a/b+json",				 false},
		{"text/plain, application/json",			 false},
		{"application/json, text/plain",			 false},
		{"application/",				   false},
		{"application",				    false},
		{"",					       false},
		{"multipart/form-data; boundary=application/json", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(http_is_json(str_of(rows[i].header)) == rows[i].json,
		   "'%s' is %sJSON", rows[i].header, rows[i].json ? "" : "no ");
	ok(http_is_type(STR("TEXT/html ; q=1"), STR("text/html")),
	   "a type is found in any case, with parameters");
	ok(!http_is_type(STR("text/html5"), STR("text/html")),
	   "a longer one is another");
}

static void
test_etags(void)
{
	static const struct {
		const char *header;
		bool strong, weak;
	} rows[] = {
		{"\"x\"",	  true,	true },
		{"*",	      true,  true },
		{" * ",		true,  true },
		{"W/\"x\"",	    false, true },
		{"\"y\", \"x\"",	 true,  true },
		{"\"y\",W/\"x\"", false, true },
		{"\"y\" , \"z\"", false, false},
		{"\"a,b\",\"x\"", true,	true },
		{"\"a,\"x\",b\"", false, false},
		{"\"\\\",\"x\"",	 true,  true },
		{"x",	      false, false},
		{"\"X\"",	  false, false},
		{"w/\"x\"",	    false, false},
		{"\"x",		false, false},
		{"\"y\", *",	     false, false},
		{",,\"x\",,",     true,  true },
		{"",		     false, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str header = str_of(rows[i].header);

		ok(http_etag_match(header, STR("\"x\""), false) ==
			   rows[i].strong,
		   "If-Match: %s", rows[i].header);
		ok(http_etag_match(header, STR("\"x\""), true) == rows[i].weak,
		   "If-None-Match: %s", rows[i].header);
	}
	ok(!http_etag_match(STR(","), STR(""), true),
	   "no tag matches only the star");
}

static void
test_prefer(void)
{
	static const struct {
		const char *header, *value;
	} rows[] = {
		{"return=minimal",			   "minimal"	    },
		{"respond-async, return=minimal",	  "minimal"	   },
		{"RETURN = \"representation\" ; x=1",     "representation"},
		{"wait=10; return=minimal",		    ""	      },
		{"x=\"a, return=minimal\"",		    ""	      },
		{"x=\"a\\\", return=b\", return=minimal", "minimal"	   },
		{"return=minimal, return=representation", "minimal"	   },
		{"return",				""		     },
		{"returns=minimal",			    ""	      },
		{"",				      ""	       },
		{"\"",				    ""		 },
		{"\"\\",				  ""		   },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(http_prefer_return(str_of(rows[i].header)),
		   str_of(rows[i].value), rows[i].header);
}

static void
test_cookies(void)
{
	static const struct {
		const char *header, *value;
		int times;
	} rows[] = {
		{"sid=x.y-z_",	       "x.y-z_", 1},
		{"a=b; sid=x; c=d",	    "x",	 1},
		{"a=b;sid=x;c=d",		  "x",      1},
		{"  sid = x  ;",		 "x",      1},
		{"sid=\"x\"",		      "x",	   1},
		{"sid=\"\"",		     "",	 1},
		{"sid=\"",		   "\"",	 1},
		{"sid=\"x",		    "\"x",	   1},
		{"sid=x\"",		    "x\"",	   1},
		{"sid=x=y==",		      "x=y==",  1},
		{"sid=x,y",		    "x,y",	   1},
		{"sid=",			 "",	     1},
		{"sid",			"",	    1},
		{"sid=x; sid=y",		 "y",      2},
		{"sid=x; sid=x",		 "x",      2},
		{"sid=x; sid=",		"",	    2},
		{"sid=; sid=x",		"x",	     2},
		{"sid; sid=\"x\"",	   "x",	2},
		{"a=1; sid=x; sid=y; sid=z", "z",	  3},
		{"sid2=x",		   "",       0},
		{"xsid=x",		   "",       0},
		{"si=x",			 "",	     0},
		{"SID=x",			  "",	      0},
		{"a=sid=x",		    "",	0},
		{"a=\"; sid=x\"",		  "x\"",	 1}, /* quotes hide nothing */
		{"a, sid=x",		     "",	 0},
		{"=sid",			 "",	     0},
		{";;=;",			 "",	     0},
		{"",			 "",	 0},
	};
	int times;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is(http_cookie(str_of(rows[i].header), STR("sid"), &times),
		   str_of(rows[i].value), rows[i].header);
		ok(times == rows[i].times, "... %d times", rows[i].times);
	}
	is(http_cookie(STR("sid=a\0b; sid\0=x"), STR("sid"), &times),
	   STR("a\0b"), "a NUL is a byte as any other");
}

int
main(void)
{
	a = arena_new(4096);
	test_query();
	test_query_size();
	test_query_get();
	test_encode();
	test_types();
	test_etags();
	test_prefer();
	test_cookies();
	arena_free(a);
	return done();
}
