#include "core/url.h"

#include "tap.h"

static struct arena *a;

/* ---- reading ---- */

static void
test_read(void)
{
	struct url u = {0};
	struct str text = STR("HTTPS://App.Example:8443/a/b?c=d?e#f?g#h");

	ok(url_read(text, &u), "a URL with everything is read");
	is(u.scheme, STR("HTTPS"), "its scheme");
	is(u.host, STR("App.Example"), "its host");
	is(u.port, STR("8443"), "its port");
	is(u.path, STR("/a/b"), "its path");
	is(u.query, STR("c=d?e"), "its query");
	is(u.fragment, STR("f?g#h"), "its fragment");
	ok(url_read(STR("http://h"), &u), "a scheme and a host are enough");
	ok(u.port.n + u.path.n + u.query.n + u.fragment.n == 0,
	   "... and the rest is empty");
	ok(url_read(STR("http://[::1]:80/"), &u), "an address is a host");
	is(u.host, STR("[::1]"), "... with its brackets");
	is(u.port, STR("80"), "... and may have a port");
	ok(url_read(STR("http://h?q"), &u) && u.query.n == 1,
	   "a query needs no path");
	ok(url_read(STR("http://h#/?"), &u) && u.fragment.n == 2,
	   "a fragment hides slashes and question marks");
	ok(url_read(STR("http://h/?next=/../x&y=//z@w"), &u),
	   "what a query holds leads nowhere");
	ok(url_read(STR("http://h/a..b/..c/d../.../.e"), &u),
	   "dots beside other things are names");
	ok(!url_read(STR("x"), &u) && u.host.n == 1,
	   "what is none leaves the result alone");
}

static void
test_no_url(void)
{
	static const struct str rows[] = {
		STR(""),
		STR("/"),
		STR("//evil.example/"),
		STR("\\\\evil.example"),
		STR("/\\evil.example"),
		STR("https:/evil.example"),
		STR("https:evil.example"),
		STR("https:\\\\evil.example"),
		STR("https:///evil.example"),
		STR("https://"),
		STR("https://:443/"),
		STR("https://?x"),
		STR("://host/"),
		STR("1http://host/"),
		STR("ht tp://host/"),
		STR("javascript:alert(1)"),
		STR("data:text/html,x"),
		STR("mailto:a@b.example"),
		STR("https://user@host/"),
		STR("https://user:pass@host/"),
		STR("https://@host/"),
		STR("https://host:80@evil.example/"),
		STR("https://[::1]@evil.example/"),
		STR("https://host\\@evil.example/"),
		STR("https://ho%2fst/"),
		STR("https://evil.example%23.host/"),
		STR("https://host:8a/"),
		STR("https://host:-1/"),
		STR("https://host:123456/"),
		STR("https://host:80:80/"),
		STR("https://[::1/"),
		STR("https://[::1]x/"),
		STR("https://host/a b"),
		STR(" https://host/"),
		STR("https://host/\t"),
		STR("https://host/\r\nSet-Cookie: x"),
		STR("https://host/\0"),
		STR("https://h\0st/"),
		STR("https://host/\x7f"),
		STR("https://host/\xc3\xa4"),
		STR("https://h\xc3\xb6st/"),
		STR("https://host/<x>"),
		STR("https://host/\"x"),
		STR("https://host/."),
		STR("https://host/.."),
		STR("https://host/a/../b"),
		STR("https://host/a/./b"),
		STR("https://host/a/%2e%2e/b"),
		STR("https://host/a/%2E./b"),
		STR("https://host/a/.%2e"),
		STR("https://host/a/%2e"),
		STR("https://host/a/..%2fb"),
		STR("https://host/a%2F..%2Fb"),
		STR("https://host/a/%2e%2e%5cb"),
		STR("https://host/a%5C../b"),
		STR("https://host/a/..;x/b"),
	};
	struct url u;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(!url_read(rows[i], &u), "none: %.*s", STR_FMT(rows[i]));
}

static void
test_length(void)
{
	size_t n = 16 * 1024;
	char *text = arena_alloc(a, n);
	struct url u;

	memset(text, 'a', n);
	memcpy(text, "http://h/", 9);
	ok(url_read((struct str){text, 8 * 1024}, &u), "8 KiB are a URL");
	ok(!url_read((struct str){text, 8 * 1024 + 1}, &u), "more are none");
}

/* ---- comparing ---- */

static void
test_below(void)
{
	static const struct {
		const char *url, *base;
		bool below;
	} rows[] = {
		{"https://app.example",			"https://app.example",      true },
		{"https://app.example/",		 "https://app.example",	true },
		{"https://app.example",			"https://app.example/",	true },
		{"https://app.example/x/y?z#w",		"https://app.example",      true },
		{"https://app.example?x",		  "https://app.example/",	  true },
		{"HTTPS://APP.Example/X",		  "https://app.example/x",	   true },
		{"https://app.example:443/",	     "https://app.example",	    true },
		{"https://app.example/",		 "https://app.example:443",  true },
		{"https://app.example:/",		  "https://app.example",	 true },
		{"http://app.example:80",		  "http://app.example",	true },
		{"https://app.example/a",		  "https://app.example/a",	   true },
		{"https://app.example/a/",		   "https://app.example/a",    true },
		{"https://app.example/a",		  "https://app.example/a/",   true },
		{"https://app.example/a/b",		    "https://app.example/a//",  true },
		{"https://app.example/a?b",		    "https://app.example/a",    true },
		{"http://[::1]:8000/x",			"http://[::1]:8000",	     true },
		{"myapp://callback/x",		       "myapp://callback",	   true },

		{"https://app.example.evil.org",	 "https://app.example",	false},
		{"https://app.example.",		 "https://app.example",	false},
		{"https://evilapp.example",		    "https://app.example",	   false},
		{"https://evil.app.example",	     "https://app.example",	    false},
		{"https://app.example@evil.org",	 "https://app.example",	false},
		{"https://evil.org#@app.example",	  "https://app.example",	 false},
		{"https://evil.org?app.example",	 "https://app.example",	false},
		{"https://evil.org/https://app.example", "https://app.example",
		 false								    },
		{"https://xn--pp-vja.example",	       "https://app.example",      false},
		{"https://127.0.0.1",		      "https://app.example",	     false},
		{"https://2130706433",		       "https://127.0.0.1",	    false},
		{"http://app.example",		       "https://app.example",      false},
		{"https://app.example",			"http://app.example",	      false},
		{"ftp://app.example",		      "https://app.example",	     false},
		{"javascript://app.example/%0aalert(1)", "https://app.example",
		 false								    },
		{"https://app.example:8443",	     "https://app.example",	    false},
		{"https://app.example",			"https://app.example:8443", false},
		{"https://app.example:80",		   "https://app.example",	  false},
		{"https://app.example:0443",	     "https://app.example",	    false},
		{"https://app.example/ab",		   "https://app.example/a",    false},
		{"https://app.example/",		 "https://app.example/a",	  false},
		{"https://app.example",			"https://app.example/a",	 false},
		{"https://app.example/b/a",		    "https://app.example/a",    false},
		{"https://app.example//a",		   "https://app.example/a",    false},
		{"https://app.example/a%2fb",	      "https://app.example/a/b",	 false},
		{"https://app.example/a/../b",	       "https://app.example/a",	false},
		{"https://app.example/a/%2e%2e%2fb",     "https://app.example/a",
		 false								    },
		{"//app.example/",			   "https://app.example",	  false},
		{"/x",				   "https://app.example",      false},
		{"",				     "https://app.example",	    false},
		{"https://app.example",			"",			    false},
		{"",				     "",			 false},
		{"https://app.example",			"app.example",	       false},
		{"https://app.example",			"*",			     false},
		{"https://a.app.example",		  "https://*.app.example",	   false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(url_is_below(str_of(rows[i].url), str_of(rows[i].base)) ==
			   rows[i].below,
		   "'%s' is %sbelow '%s'", rows[i].url,
		   rows[i].below ? "" : "not ", rows[i].base);
}

static void
test_lists(void)
{
	struct str list = STR("  https://a.example/x   http://b.example:81 ");

	ok(url_is_allowed(STR("https://a.example/x/y"), list), "the first");
	ok(url_is_allowed(STR("http://b.example:81/"), list), "the last");
	ok(!url_is_allowed(STR("https://a.example/"), list), "above one");
	ok(!url_is_allowed(STR(""), list), "nothing is not allowed");
	ok(!url_is_allowed(STR("https://a.example"), STR("")), "by nothing");
	ok(!url_is_allowed(STR("https://a.example"), STR("  ")), "by blanks");
	ok(url_origin_in(STR("http://b.example:81"), list), "an origin");
	ok(url_origin_in(STR("https://a.example"), list),
	   "the origin of a URL with a path");
	ok(!url_origin_in(STR("https://b.example:81"), list), "another scheme");
}

static void
test_origin(void)
{
	static const struct {
		const char *origin;
		bool ours;
	} rows[] = {
		{"https://ours.example",			 true },
		{"https://ours.example:443",		     true },
		{"https://OURS.example",			 true },
		{"https://ours.example/",		  false},
		{"https://ours.example/app",		     false},
		{"https://ours.example?x",		   false},
		{"https://ours.example#x",		   false},
		{"https://ours.example.evil.org",	  false},
		{"https://evilours.example",		     false},
		{"https://ours.example.",		  false},
		{"http://ours.example",			false},
		{"https://ours.example:8443",	      false},
		{"https://x@ours.example",		   false},
		{"https://ours.example, https://evil.org", false},
		{"null",				   false},
		{"",				       false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(url_is_origin(str_of(rows[i].origin),
				 STR("https://ours.example/app/")) ==
			   rows[i].ours,
		   "Origin '%s' is %s", rows[i].origin,
		   rows[i].ours ? "ours" : "not ours");
}

/* ---- adding ---- */

static void
test_with(void)
{
	static const struct {
		const char *url, *name, *value, *made;
	} rows[] = {
		{"http://h",		     "a",	  "b",				       "http://h?a=b"	     },
		{"http://h/",	      "a",	   "",				       "http://h/?a="	     },
		{"http://h?",	      "a",	   "b",					"http://h?a=b"	      },
		{"http://h?c",	       "a",	    "b",					 "http://h?c&a=b"	 },
		{"http://h?a=1&c=2",	     "a",	  "b",				       "http://h?c=2&a=b"	 },
		{"http://h?c=2&a=1&a&a=3", "a",	"b",				     "http://h?c=2&a=b"      },
		{"http://h?%61=1&aa=2&=3", "a",	"b",				     "http://h?aa=2&=3&a=b"  },
		{"http://h?A=1",		 "a",     "b",					   "http://h?A=1&a=b"	     },
		{"http://h?%6=1&a%=2",     "a",	    "b",					 "http://h?%6=1&a%=2&a=b"},
		{"http://h?x+y=1",	   "x y",	  "b",				       "http://h?x%20y=b"	 },
		{"http://h#f",	       "a",	    "b",					 "http://h?a=b#f"	 },
		{"http://h?c#f?a=1",	     "a",	  "b",				       "http://h?c&a=b#f?a=1"  },
		{"http://h?c&&d&#",	    "a",	 "b",				      "http://h?c&d&a=b#"	 },
		{"http://h",		     "a",	  "&b=c#d?e/f+g h%i\r\nX: y\"'<\xc3\xa4",
		 "http://h?a=%26b%3Dc%23d%3Fe%2Ff%2Bg%20h%25i%0D%0AX%3A%20y"
		 "%22%27%3C%C3%A4"										  },
		{"http://h",		     "a=b&c", "d",					   "http://h?a%3Db%26c=d"	 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(url_with(a, str_of(rows[i].url), str_of(rows[i].name),
			    str_of(rows[i].value)),
		   str_of(rows[i].made), rows[i].made);
}

static void
test_local(void)
{
	ok(url_is_local(STR("http://localhost:5001")), "localhost");
	ok(url_is_local(STR("https://127.0.0.1/x")), "its address");
	ok(url_is_local(STR("http://[::1]:8000")), "its other address");
	ok(!url_is_local(STR("http://localhost.evil.example")),
	   "a name that begins like it");
	ok(!url_is_local(STR("http://a.example")), "another host");
	ok(!url_is_local(STR("null")), "no URL");
}

/* A part of it would lead elsewhere. */
static void
test_with_much(void)
{
	size_t n = 100 * 1000;
	char *much = arena_alloc(a, n);
	struct str made;

	memset(much, '/', n);
	made = url_with(a, STR("http://h#f"), STR("a"), (struct str){much, n});
	ok(made.n == strlen("http://h?a=#f") + 3 * n,
	   "a long value is there to its end");
	ok(str_ends(made, STR("%2F#f")), "... and so is the fragment");
}

int
main(void)
{
	a = arena_new(4096);
	test_read();
	test_no_url();
	test_length();
	test_below();
	test_lists();
	test_origin();
	test_local();
	test_with();
	test_with_much();
	arena_free(a);
	return done();
}
