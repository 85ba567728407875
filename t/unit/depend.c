/*
 * Which functions a JSON:API request depends on, what they are told, and the
 * statements that call them.
 */
#include "io/depend.h"

#include "api/jsonapi/jsonapi.h"
#include "tap.h"

static struct arena *arena;
static struct conf conf = {
	.jsonapi_headers = "X-AUTH X-Tenant",
	.admin_secret = "s3cret",
};

#define DEPENDENCY(method, view, function)                              \
	{                                                               \
		{method, sizeof(method) - 1}, {view, sizeof(view) - 1}, \
		{                                                       \
			function, sizeof(function) - 1                  \
		}                                                       \
	}

static struct dependency rows[] = {
	DEPENDENCY("GET", "list", "\"a\".\"get\""),
	DEPENDENCY("ALL", "", "\"a\".\"all\""),
	DEPENDENCY("GET", "", "\"a\".\"more\""),
	DEPENDENCY("POST", "list", "\"a\".\"post\""),
	DEPENDENCY("ALL", "detail", "\"a\".\"one\""),
	DEPENDENCY("DELETE", "detail", "\"a\".\"gone\""),
};

static const struct table table = {
	.name = {"song_artists", 12},
	.type = {"SongArtist",   10},
	.dependencies = rows,
	.ndependencies = sizeof(rows) / sizeof(rows[0]),
};
static const struct table plain = {
	.name = {"plain", 5},
	.type = {"Plain", 5},
};

static struct jsonapi state;

static struct call
new_call(void)
{
	state = (struct jsonapi){.id = STR("7")};
	return (struct call){
		.arena = arena,
		.request = {.arena = arena,
			    .conf = &conf,
			    .path = STR("/song_artists")},
		.state = &state,
	};
}

/* The names of the functions, one behind the other. */
static struct str
names(const struct call *call)
{
	struct buf b = buf_new(4096);
	struct str text;

	for (size_t i = 0; i < call->ndepends; i++) {
		const struct dependency *d = call->depends[i].dependency;

		buf_char(&b, ' ');
		buf_put(&b, d ? str_sub(d->function, 5, d->function.n - 6)
			      : STR("-"));
	}
	text = arena_str(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

static const struct choice {
	const char *method;
	bool list;
	const char *names, *name;
} choices[] = {
	{"GET",	true,  " all get more", "ALL stands before the method's own"  },
	{"HEAD",	 true,  " all get more", "HEAD is GET"			     },
	{"GET",	false, " all one more", "what is the list's is not the item's"},
	{"POST",	 true,  " all post",	    "another method"			    },
	{"POST",	 false, " all one",	    "... of a relationship"		   },
	{"DELETE", true,	 " all",		 "nothing but ALL"			  },
	{"DELETE", false, " all one gone", "both views' and the item's"	       },
};

static void
test_choice(void)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct call call = new_call();

		jsonapi_depend(&call, &table, str_of(choices[i].method),
			       choices[i].list);
		is(names(&call), str_of(choices[i].names), choices[i].name);
	}
}

static struct str
told(struct call *call, bool list)
{
	jsonapi_depend(call, &table, STR("GET"), list);
	return call->depends[0].request;
}

static bool
param(struct call *call, const char *name, const char *value)
{
	return request_param(&call->request, str_of(name), str_of(value));
}

static void
test_request(void)
{
	struct call call = new_call();

	is(told(&call, true),
	   STR("{\"method\":\"GET\",\"path\":\"/song_artists\",\"type\":"
	       "\"song_artist\",\"id\":null,\"query\":{},\"headers\":{},"
	       "\"claims\":null,\"role\":null,\"secret\":false}"),
	   "a stranger's list");

	call = new_call();
	call.request.path = STR("/song_artists/7");
	call.caller = (struct caller){.known = true,
				      .role = "user",
				      .claims = STR("{\"sub\":\"x\"}")};
	ok(!http_query_read(arena, STR("a=1&b=%22&a=2"), &call.request.query),
	   "a query");
	ok(param(&call, "HTTP_X_TENANT", "Zo\xc3\xab"), "a header let through");
	ok(!param(&call, "HTTP_X_OTHER", "no"), "another is not");
	ok(param(&call, "HTTP_X_AUTH", "s3cret"), "the secret's is read");
	is(told(&call, false),
	   STR("{\"method\":\"GET\",\"path\":\"/song_artists/7\",\"type\":"
	       "\"song_artist\",\"id\":\"7\",\"query\":{\"b\":\"\\\"\","
	       "\"a\":\"2\"},\"headers\":{\"x-tenant\":\"Zo\xc3\xab\"},"
	       "\"claims\":{\"sub\":\"x\"},\"role\":\"user\","
	       "\"secret\":true}"),
	   "all that there is, and not the secret itself");

	call = new_call();
	param(&call, "HTTP_X_TENANT", "Zo\xeb");
	ok(str_starts(str_sub(told(&call, true),
			      str_find(told(&call, true), 'h'), 100),
		      STR("hod\"")) &&
		   !strstr(told(&call, true).p, "x-tenant"),
	   "what is no UTF-8 is not told");
}

static bool
passes(const char *secret, const char *sent)
{
	struct call call = new_call();
	const char *kept = conf.admin_secret;
	bool passed;

	conf.admin_secret = secret;
	if (sent)
		param(&call, "HTTP_X_AUTH", sent);
	passed = strstr(told(&call, true).p, "\"secret\":true") != NULL;
	conf.admin_secret = kept;
	return passed;
}

static void
test_secret(void)
{
	ok(passes("s3cret", "s3cret"), "who knows the secret passes");
	ok(!passes("s3cret", "S3cret"), "... to the letter");
	ok(!passes("s3cret", "s3cre"), "... and all of it");
	ok(!passes("s3cret", ""), "nothing is not it");
	ok(!passes("s3cret", NULL), "nor is silence");
	ok(!passes("", ""), "without a secret nobody does");
	ok(!passes("", NULL), "... whatever he says");
}

/* ---- statements ---- */

static struct script
script_of(int n)
{
	struct script s = {.statements =
				   ARENA_ARRAY(arena, struct statement, 8)};

	for (; s.n < n; s.n++)
		s.statements[s.n].text = STR("own");
	return s;
}

static struct str
woven(struct call *call, int n)
{
	struct script script = script_of(n), all;
	struct buf b = buf_new(1 << 16);
	struct str text;
	struct err *e = depend_weave(call, &script, &all);

	for (int i = 0; !e && i < all.n; i++) {
		const struct statement *s = &all.statements[i];

		buf_char(&b, s->aside ? '<' : '[');
		buf_put(&b, s->text);
		buf_char(&b, s->aside ? '>' : ']');
	}
	if (e)
		buf_put(&b, e->message);
	text = arena_str(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
step(struct call *call, const struct table *t, const char *method, int at)
{
	struct jsonapi_view view = {
		.table = t,
		.method = str_of(method),
		.list = true,
		.step = at,
	};

	jsonapi_depend_step(call, &view);
}

#define CALLS(name)                                                   \
	"<select where postern.depend(\"a\".\"" name "\"($1::json)) " \
	"is null>"
#define FORGETS "<select where set_config('postern.context', '', true) is null>"

static void
test_statements(void)
{
	struct call call = new_call();

	is(woven(&call, 1), STR("[own]"), "nothing, where there is nothing");
	step(&call, &table, "POST", 0);
	is(woven(&call, 2), STR(CALLS("all") CALLS("post") "[own][own]"),
	   "they come first");

	step(&call, &table, "PATCH", 2);
	step(&call, &plain, "POST", 3);
	step(&call, &plain, "POST", 4);
	step(&call, &table, "PATCH", 5);
	is(names(&call), STR(" all post - all - all"),
	   "the next operation knows nothing of the last");
	is(woven(&call, 6),
	   STR(CALLS("all") CALLS("post") "[own][own]" FORGETS CALLS(
		   "all") "[own]" FORGETS "[own][own]" CALLS("all") "[own]"),
	   "each stands before its step");
	is(woven(&call, 1),
	   STR(CALLS("all") CALLS("post") FORGETS CALLS("all")
		       FORGETS CALLS("all") "[own]"),
	   "none is left out for want of a step");
}

static void
test_limits(void)
{
	struct call call = new_call();
	struct dependency many[DEPEND_TEXTS + 1];
	struct table t = {.type = STR("T"), .dependencies = many};

	for (int i = 0; i <= DEPEND_TEXTS; i++)
		many[i] = (struct dependency){
			.method = STR("ALL"),
			.function = arena_printf(arena, "\"a\".\"f%d\"", i)};
	t.ndependencies = DEPEND_TEXTS;
	step(&call, &t, "GET", 0);
	ok(woven(&call, 1).p[0] == '<', "so many functions are fine");
	t.ndependencies++;
	call = new_call();
	step(&call, &t, "GET", 0);
	ok(woven(&call, 1).p[0] == 'T', "one more is too much");

	call = new_call();
	for (int i = 0; i < 2 * SCRIPT_MAX; i++)
		step(&call, &table, "PATCH", i);
	ok(woven(&call, 1).p[0] == 'T', "and so is a script without end");
}

int
main(void)
{
	arena = arena_new(1024);
	test_choice();
	test_request();
	test_secret();
	test_statements();
	test_limits();
	arena_free(arena);
	return done();
}
