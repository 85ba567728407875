#include "core/request.h"

#include "tap.h"

static struct arena *arena;

static const struct row {
	const char *path_info, *uri, *query;
	const char *path, *query_text; /* expected */
	const char *name;
} rows[] = {
	{"/users", "/other?x",     "a=b", "/users", "a=b",   "PATH_INFO counts"		 },
	{"",	     "/a%20b?q=%41", "",	 "/a b",	 "q=%41", "else REQUEST_URI does"	 },
	{"",	     "/a%20b?q=%41", "p",	  "/a b",	  "p",     "... a query has its own"	},
	{"",	     "/a+b",	     "",	 "/a+b",	 "",	     "a plus in a path is a plus"	 },
	{"",	     "/a%2Fb",       "",	   "/a/b",   "",      "an escaped slash is a slash"   },
	{"",	     "/a%",	    "",	"",	    "",	"half an escape makes no path"  },
	{"",	     "/%ff",	     "",	 "",	     "",	 "nor does what is not UTF-8"    },
	{"",	     "/a%00b",       "",	   "",       "",	   "nor a NUL"		      },
	{"/\xff",  "/a",		"",    "",	"",	    "PATH_INFO has to be UTF-8, too"},
	{"",	     "/?a?b",	      "",	  "/",      "a?b",   "the first question mark cuts"  },
	{"",	     "",		 "x",   "",	  "x",     "nothing stays nothing"	      },
};

static void
test_complete(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request r = {.arena = arena};

		request_param(&r, STR("PATH_INFO"), str_of(rows[i].path_info));
		request_param(&r, STR("REQUEST_URI"), str_of(rows[i].uri));
		request_param(&r, STR("QUERY_STRING"), str_of(rows[i].query));
		request_complete(&r);
		is(r.path, str_of(rows[i].path), rows[i].name);
		ok(str_eq(r.query_text, str_of(rows[i].query_text)),
		   "... and so is the query");
	}
}

static void
test_params(void)
{
	static const char *const names[] = {
		"REQUEST_METHOD", "PATH_INFO",	    "QUERY_STRING",
		"CONTENT_TYPE",	  "CONTENT_LENGTH", "REQUEST_ID",
		"HTTP_IF_MATCH",  "HTTP_PREFER",    "HTTP_IF_NONE_MATCH",
		"POSTERN_BULK",	  "REQUEST_URI"};
	struct request r = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(request_param(&r, str_of(names[i]), str_of(names[i])),
		   "%s is read", names[i]);
	is(r.method, STR("REQUEST_METHOD"), "the method");
	is(r.if_match, STR("HTTP_IF_MATCH"), "If-Match");
	is(r.if_none_match, STR("HTTP_IF_NONE_MATCH"), "If-None-Match");
	is(r.bulk, STR("POSTERN_BULK"), "where long lists go");
	is(r.id, STR("REQUEST_ID"), "the id");
	ok(!request_param(&r, STR("HTTP_PROXY"), STR("x")), "others are not");
	ok(!request_param(&r, STR(""), STR("x")), "no name is none");
	ok(!request_param(&r, STR("request_method"), STR("x")),
	   "names have one spelling");
	ok(request_param(&r, STR("REQUEST_METHOD"), STR("PUT")) &&
		   str_eq(r.method, STR("PUT")),
	   "the last one counts");
}

static struct str
head(struct reply *reply)
{
	struct buf b = buf_new(1 << 20);
	struct str text;

	reply_head(reply, &b);
	text = arena_str(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
test_head(void)
{
	struct buf body = buf_new(100);
	struct reply reply = {.status = 200,
			      .type = "application/json",
			      .body = &body,
			      .headers = buf_new(8192)};

	BUF_LIT(&body, "{}");
	is(head(&reply),
	   STR("Status: 200 OK\r\nContent-Type: application/json\r\n"
	       "Content-Length: 2\r\n\r\n"),
	   "an answer has a type and a length");
	reply_header(&reply, "ETag", STR("\"1\""));
	reply_header(&reply, "X", STR("a\r\nSet-Cookie: b\r\n\r\n"));
	reply.begun = true;
	is(head(&reply),
	   STR("Status: 200 OK\r\nContent-Type: application/json\r\n"
	       "ETag: \"1\"\r\nX: a\r\n\r\n"),
	   "a stream has no length, and a value ends with its line");
	buf_clear(&reply.headers);
	reply.begun = false;
	reply.status = 204;
	reply.type = NULL;
	is(head(&reply), STR("Status: 204 No Content\r\n\r\n"),
	   "204 has neither");
	reply.status = 304;
	is(head(&reply), STR("Status: 304 Not Modified\r\n\r\n"), "nor 304");
	reply.status = 418;
	ok(str_starts(head(&reply), STR("Status: 418 ")),
	   "a status without a phrase is fine");
	buf_free(&body);
	buf_free(&reply.headers);
}

/* Whatever data is made a header of, the head ends where it should. */
static void
test_long_headers(void)
{
	struct buf body = buf_new(100);
	bool whole = true, kept = true;

	for (size_t n = 7900; n < 8300; n++) {
		struct reply reply = {
			.status = 200, .body = &body, .headers = buf_new(8192)};
		char *data = arena_alloc(arena, n + 1);
		struct str text;

		memset(data, 'x', n);
		reply_header(&reply, "Link", (struct str){data, n});
		reply_header(&reply, "ETag", STR("\"1\""));
		text = head(&reply);
		whole &= str_ends(text, STR("\r\n\r\n"));
		kept &= n > 8000 || str_ends(text, STR("\"1\"\r\n\r\n"));
		buf_free(&reply.headers);
	}
	ok(whole, "a header that does not fit leaves the head whole");
	ok(kept, "... and one that fits is there");
	buf_free(&body);
}

int
main(void)
{
	arena = arena_new(1 << 16);
	test_complete();
	test_params();
	test_head();
	test_long_headers();
	arena_free(arena);
	return done();
}
