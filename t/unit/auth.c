/*
 * What the auth server does before and after it asks Postgres: tokens, keys
 * of what is counted, and the form of its answers.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "api/auth.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/json.h"
#include "io/caller.h"
#include "io/keys.h"
#include "tap.h"

#define SESSION	 "01890b2e-7cc0-7def-8000-0123456789ab"
#define IDENTITY "01890b2e-7cc0-7def-8000-ffffffffffff"
#define USER	 "00000000-0000-0000-0000-000000000001"

static char dir[] = "/tmp/postern-auth-XXXXXX";
static struct arena *a;
static struct keys *ours, *others, *both;
static struct buf body;
static struct call call;
static const struct auth_route route = {.name = "signin", .flags = 0};
static struct auth auth;
static struct conf conf = {
	.base_url = "https://ours.example",
	.redirects = "https://app.example/in",
	.origins = "",
	.statuses = "tutorial",
	.verification = "optional",
	.proof = "link",
	.verify_url = "",
	.token_ttl = 1000,
	.access_ttl = 600,
	.refresh_idle = 5000,
	.refresh_most = 9000,
};

static const char *
key_file(const char *name)
{
	struct str path = arena_printf(a, "%s/%s", dir, name), text = STR("");
	FILE *f = fopen(path.p, "we");

	if (!f || chmod(path.p, 0600) || keys_make(a, STR("HS256"), &text))
		exit(EXIT_FAILURE);
	fwrite(text.p, 1, text.n, f);
	fclose(f);
	return path.p;
}

static struct keys *
ring(const char *paths)
{
	struct keys *keys = NULL;
	struct err *e = keys_load(a, str_of(paths), &keys);

	if (!e)
		return keys;
	fprintf(stderr, "%.*s\n", STR_FMT(e->message));
	exit(EXIT_FAILURE);
}

static void
make_rings(void)
{
	const char *one = key_file("one"), *two = key_file("two");

	ours = ring(one);
	others = ring(two);
	both = ring(arena_printf(a, "%s %s", two, one).p);
}

/* A request that came to a route, and nothing of an answer. */
static void
begin(void)
{
	struct buf headers = call.reply.headers;

	arena_reset(a);
	buf_clear(&body);
	if (!headers.max)
		headers = buf_new(8 * 1024);
	buf_clear(&headers);
	auth = (struct auth){.route = &route};
	call = (struct call){
		.arena = a,
		.request = {.arena = a, .conf = &conf, .keys = ours},
		.reply = {.body = &body,		 .headers = headers	   },
		.state = &auth,
	};
}

/* ---- refresh tokens ---- */

static bool
is_read(struct str token, struct str *ret_counter)
{
	struct str session = STR("");

	*ret_counter = STR("");
	return auth_read_refresh(&call, token, &session, ret_counter) &&
	       str_eq(session, STR(SESSION));
}

static void
test_refresh(void)
{
	static const char *const counters[] = {"0",	"1",	 "255",
					       "65536", "256",	 "2147483647",
					       "4711",	"65535", "16777216"};
	struct str counter, token, again;

	begin();
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		token = auth_refresh_token(&call, STR(SESSION),
					   str_of(counters[i]));
		ok(is_read(token, &counter), "a refresh token is read");
		is(counter, str_of(counters[i]), "... and so is its number");
	}
	again = auth_refresh_token(&call, STR(SESSION), STR("16777216"));
	is(again, token, "it is the same each time");
	ok(token.n == 50, "it has 50 characters");
	ok(str_find(token, '=') == token.n, "... and no padding");
	call.request.keys = others;
	ok(!is_read(token, &counter), "it is nobody else's");
	call.request.keys = both;
	ok(is_read(token, &counter), "it outlives a newer key");
}

/* Each bit counts, and nothing may be missing or more. */
static void
test_refresh_changed(void)
{
	struct str token, bytes = {0}, counter, changed;
	size_t bad = 0;
	char *p;

	begin();
	token = auth_refresh_token(&call, STR(SESSION), STR("7"));
	ok(base64_decode(a, token, &bytes), "it is base64url");
	p = (char *)(uintptr_t)bytes.p;
	for (size_t i = 0; i < bytes.n * 8; i++) {
		p[i / 8] = (char)(p[i / 8] ^ 1 << i % 8);
		bad += is_read(base64_encode(a, bytes), &counter);
		p[i / 8] = (char)(p[i / 8] ^ 1 << i % 8);
	}
	ok(bad == 0, "with one bit flipped it is none");
	for (size_t n = 0; n < token.n; n++)
		bad += is_read(str_sub(token, 0, n), &counter);
	for (size_t n = 0; n < bytes.n; n++)
		bad += is_read(base64_encode(a, str_sub(bytes, 0, n)),
			       &counter);
	ok(bad == 0, "truncated it is none");
	for (const char *more = "A=. \n"; *more; more++) {
		changed = arena_printf(a, "%.*s%c", STR_FMT(token), *more);
		bad += is_read(changed, &counter);
		changed = arena_printf(a, "%c%.*s", *more, STR_FMT(token));
		bad += is_read(changed, &counter);
	}
	ok(bad == 0, "with a character more it is none");
	ok(is_read(token, &counter), "as it is it is one");
}

/* Ours by its MAC, but of a form that is not known here. */
static void
test_refresh_version(void)
{
	char bytes[37] = {2};
	struct str head = {bytes, 21}, whole = {bytes, 37}, counter;

	begin();
	memcpy(bytes + 21, keys_mac(ours, a, "refresh", head).p, 16);
	ok(!is_read(base64_encode(a, whole), &counter),
	   "another version is none");
	memcpy(bytes + 21, keys_mac(ours, a, "code", head).p, 16);
	bytes[0] = 1;
	ok(!is_read(base64_encode(a, whole), &counter),
	   "a MAC for another purpose is none");
	memcpy(bytes + 21, keys_mac(ours, a, "refresh", head).p, 16);
	ok(auth_read_refresh(&call, base64_encode(a, whole), &head, &counter),
	   "both right it is one");
	ok(!is_read(STR(""), &counter), "nothing is none");
}

/* ---- access tokens ---- */

static json_object *
signed_claims(const char *user, const char *roles)
{
	struct str row[] = {STR("ok"),	  STR(SESSION),	 STR(IDENTITY),
			    str_of(user), str_of(roles), STR("0")};
	struct keys_rules rules = {
		.kind = KEYS_ACCESS,
		.issuer = STR("https://ours.example/auth"),
	};
	struct keys_token read = {0};
	struct str token = STR("");

	call.answer = row;
	ok(!auth_sign(&call, 1, &token) && token.n, "a token is signed");
	rules.now = time(NULL);
	ok(keys_verify(ours, a, &rules, token, &read) == KEYS_GOOD,
	   "... and is good now");
	return read.claims;
}

static struct str
text_of(json_object *o)
{
	return str_of(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

static int64_t
number(json_object *claims, const char *name)
{
	return json_object_get_int64(json_get(claims, name));
}

static void
test_claims(void)
{
	json_object *claims, *hasura;

	begin();
	claims = signed_claims(USER, "[\"user\"]");
	hasura = json_get(claims, "https://hasura.io/jwt/claims");
	is(json_str(json_get(claims, "iss")), STR("https://ours.example/auth"),
	   "its issuer");
	is(json_str(json_get(claims, "aud")), STR("https://ours.example"),
	   "its audience");
	is(json_str(json_get(claims, "sub")), STR(IDENTITY), "its subject");
	is(json_str(json_get(claims, "sid")), STR(SESSION), "its session");
	ok(json_str(json_get(claims, "jti")).n == 16, "its own id");
	is(text_of(hasura),
	   STR("{\"x-hasura-allowed-roles\":[\"user\"],"
	       "\"x-hasura-default-role\":\"user\","
	       "\"x-hasura-user-id\":\"" USER "\"}"),
	   "what Hasura wants");
	ok(number(claims, "exp") - number(claims, "iat") == 1000 &&
		   number(claims, "iat") - number(claims, "nbf") == 30,
	   "its times");
}

static void
test_more_claims(void)
{
	json_object *claims, *hasura;

	begin();
	auth.refreshable = true;
	claims = signed_claims(NULL, "[\"user\", \"admin\"]");
	hasura = json_get(claims, "https://hasura.io/jwt/claims");
	is(text_of(json_get(hasura, "x-hasura-allowed-roles")),
	   STR("[\"user\",\"admin\"]"), "all roles are there");
	is(json_str(json_get(hasura, "x-hasura-default-role")), STR("admin"),
	   "... and the last one is taken");
	is(json_str(json_get(hasura, "x-hasura-user-id")), STR(IDENTITY),
	   "who is no user is known by the identity");
	ok(number(claims, "exp") - number(claims, "iat") == 600,
	   "a token that can be refreshed lives shorter");
	conf.access_ttl = 0;
	claims = signed_claims(USER, "[\"user\"]");
	ok(!json_has(claims, "exp"), "one for ever does not say an end");
	conf.access_ttl = 600;
}

static void
test_lifetime(void)
{
	struct str idle, most;

	begin();
	auth_lifetime(&call, &idle, &most);
	is(idle, STR("1000"), "without refresh a session ends with its token");
	is(most, STR("1000"), "... altogether");
	auth.refreshable = true;
	auth_lifetime(&call, &idle, &most);
	is(idle, STR("5000"), "with it it may be idle");
	is(most, STR("9000"), "... and ends in the end");
}

static void
test_cookie(void)
{
	begin();
	auth_set_cookie(&call, STR("x.y.z"));
	auth_set_cookie(&call, STR(""));
	is(buf_str(&call.reply.headers),
	   STR("Set-Cookie: edgedb-auth-token=x.y.z; HttpOnly; Path=/; "
	       "SameSite=strict; Secure\r\n"
	       "Set-Cookie: edgedb-auth-token=; HttpOnly; Max-Age=0; Path=/; "
	       "SameSite=strict; Secure\r\n"),
	   "the cookie is set and taken back with the same attributes");
}

/* ---- what is counted ---- */

static struct str
address_key(const char *address)
{
	call.request.address = str_of(address);
	return auth_address_key(&call, "signin");
}

static void
test_addresses(void)
{
	static const struct {
		const char *one, *other;
		bool same;
	} rows[] = {
		{"192.0.2.1",	      "192.0.2.1",			   true },
		{"192.0.2.1",	      "192.0.2.2",			   false},
		{"192.0.2.1",	      "::ffff:192.0.2.1",		  true },
		{"::ffff:192.0.2.2", "::ffff:192.0.2.1",		 false},
		{"2001:db8::1",	"2001:db8::2",		       true },
		{"2001:db8::1",	"2001:db8::a:b:c:d",		     true },
		{"2001:db8::1",	"2001:db8:0:0:ffff:ffff:ffff:ffff", true },
		{"2001:db8::1",	"2001:DB8:0:0:0:0:0:1",		true },
		{"2001:db8:1:2::1",  "2001:db8:1:2:3:4:5:6",		    true },
		{"2001:db8:1:0:1::", "2001:db8:1::1",		      true },
		{"2001:db8:1:2::1",  "2001:db8:1:3::1",		       false},
		{"2001:db8::1",	"2001:db8:0:1::1",		   false},
		{"2001:db8::1",	"192.0.2.1",			     false},
	};

	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(str_eq(address_key(rows[i].one),
			  address_key(rows[i].other)) == rows[i].same,
		   "%s and %s are %s", rows[i].one, rows[i].other,
		   rows[i].same ? "one" : "two");
	is(address_key("127.0.0.1"), STR(""), "this machine is not counted");
	is(address_key("127.8.9.10"), STR(""), "... by no address");
	is(address_key("::1"), STR(""), "... nor by IPv6");
	is(address_key("::ffff:127.0.0.1"), STR(""), "... nor in between");
	is(address_key("unix:"), STR(""), "nor who has no address");
	is(address_key(""), STR(""), "nor who is not known");
	ok(address_key("127:0::1").n == 64, "but who only looks like it");
	ok(!str_eq(address_key("192.0.2.1"), auth_address_key(&call, "mail")),
	   "each purpose is counted by itself");
}

static void
test_account_keys(void)
{
	struct str key;

	begin();
	key = auth_account_key(&call, STR("ada@example.org"));
	ok(key.n == 64, "an account's key is 32 bytes in hexadecimal");
	is(auth_account_key(&call, STR("ada@example.org")), key,
	   "it is always the same");
	ok(!str_eq(auth_account_key(&call, STR("Ada@Example.ORG")), key),
	   "the case of letters makes another account");
	ok(!str_eq(auth_account_key(&call, STR("ada@example.or")), key),
	   "as anything else does");
	is(auth_mailbox_key(&call, "verify", STR("Ada@Example.ORG")),
	   auth_mailbox_key(&call, "verify", STR("ada@example.org")),
	   "but not another mailbox");
	ok(!str_eq(auth_mailbox_key(&call, "verify", STR("ada@example.org")),
		   key),
	   "a mailbox is not an account");
	call.request.keys = others;
	ok(!str_eq(auth_account_key(&call, STR("ada@example.org")), key),
	   "nobody without our key can tell whose it is");
}

/* RFC 7636, appendix B */
static void
test_challenge(void)
{
	begin();
	is(auth_challenge(&call,
			  STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
	   STR("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
	   "a verifier has its challenge");
}

static void
test_emails(void)
{
	static const struct {
		struct str text;
		bool good;
	} rows[] = {
		{STR("a@b"),		     true },
		{STR("a.b+c'd@x.example"),  true },
		{STR("\xc3\xa4@b.example"), true },
		{STR("a@b@c"),	       false},
		{STR("@b"),		    false},
		{STR("a@"),		    false},
		{STR("a"),		   false},
		{STR(""),			  false},
		{STR("a b@c"),	       false},
		{STR("a@b\r\nBcc: c@d"),	 false},
		{STR("a\0@b"),	       false},
		{STR("a@b\x7f"),		 false},
		{STR("\"a,b\"@c"),	   false},
		{STR("a<b>@c"),		false},
		{STR("a@[127.0.0.1]"),      false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(auth_is_email(rows[i].text) == rows[i].good,
		   "'%.*s' is %s address", STR_FMT(rows[i].text),
		   rows[i].good ? "an" : "no");
}

/* ---- whole requests ---- */

struct asked {
	const char *method, *path, *type, *query;
	struct str body;
};

/* What serve.c does without a database: the function that is asked, or "". */
static struct str
ask(const struct asked *q)
{
	struct err *e;

	begin();
	call.request.method = str_of(q->method);
	call.request.path = str_of(q->path);
	call.request.content_type =
		str_of(q->type ? q->type : "application/json");
	call.request.body = q->body;
	call.request.address = STR("127.0.0.1");
	e = http_query_read(a, str_of(q->query), &call.request.query);
	if (!e)
		e = auth_api.plan(&call);
	if (!e)
		return str_of(call.ask.function);
	buf_clear(&body);
	buf_clear(&call.reply.headers);
	call.reply.status = err_kind(e->code)->status;
	call.reply.type = "application/json";
	auth_api.fail(&call, e);
	return STR("");
}

#define POST(name, text) \
	(&(struct asked){"POST", "/auth/" name, NULL, NULL, text})

static struct str
location(void)
{
	struct str headers = buf_str(&call.reply.headers), line;

	while (headers.n) {
		line = str_cut(&headers, '\n');
		if (str_starts(line, STR("Location: ")))
			return str_sub(line, 10, line.n - 11);
	}
	return STR("");
}

static struct str
times(struct str before, char c, size_t n, const char *behind)
{
	char *p = arena_alloc(a, n + 1);

	memset(p, c, n);
	return arena_printf(a, "%.*s%.*s%s", STR_FMT(before), (int)n, p,
			    behind);
}

#define SIGNIN "{\"provider\":\"builtin::local_emailpassword\","
#define TO     "\"redirect_to\":\"https://app.example/in"

static void
test_fields(void)
{
	is(ask(POST("authenticate",
		    STR(SIGNIN "\"email\":\"a@b\",\"password\":\"x\","
			       "\"challenge\":\"c\"}"))),
	   STR("signin_begin"), "a sign-in asks for the account");
	is(call.ask.args[0], STR("a@b"), "... of that address");
	ok(!call.ask.write && call.ask.nargs == 3, "... which is a read");
	is(str_of(call.caller.runs_as), STR("postern_auth"),
	   "... as the server's own role");
	is(ask(POST("authenticate",
		    STR(SIGNIN "\"email\":\"a\\u0000@b\",\"password\":\"x\","
			       "\"challenge\":\"c\"}"))),
	   STR(""), "with a NUL it asks nothing");
	is(buf_str(&body),
	   STR("{\"error\":{\"message\":\"Missing required fields: email\","
	       "\"type\":\"InvalidData\"}}"),
	   "... as the field is none");
	is(ask(&(struct asked){"POST", "/auth/authenticate", NULL, "%zz",
			       STR("{}")}),
	   STR(""), "a malformed query is an error");
	ok(call.reply.status == 400 &&
		   str_starts(buf_str(&body), STR("{\"error\":{\"message\":")),
	   "... in the form of the auth server");
	is(buf_str(&call.reply.headers), STR("Cache-Control: no-store\r\n"),
	   "... that is not kept");
	is(ask(&(struct asked){"POST", "/auth/register", "text/\xff\"x", NULL,
			       STR("x")}),
	   STR(""), "a type of body that is no UTF-8");
	is(buf_str(&body),
	   STR("{\"error\":{\"message\":\"Unsupported Content-Type: "
	       "text/?\\\"x\",\"type\":\"InvalidData\"}}"),
	   "... is told in UTF-8");
}

static void
test_agent(void)
{
	struct asked q = *POST("signin", STR("{}"));

	ask(&q);
	call.request.agent = STR("B\xc3\xa4r \xff\xc3");
	call.reply.status = 0;
	(void)auth_api.plan(&call);
	is(call.request.agent, STR("B??r ??"),
	   "a User-Agent that is no UTF-8 becomes ASCII");
	call.request.agent = STR("B\xc3\xa4r");
	(void)auth_api.plan(&call);
	is(call.request.agent, STR("B\xc3\xa4r"), "any other one stays");
}

static void
test_lengths(void)
{
	static const struct {
		const char *name;
		size_t most;
	} rows[] = {
		{"email",		  254 },
		{"challenge",	      256 },
		{"code_challenge",	   256 },
		{"redirect_to",		2048},
		{"redirect_on_failure", 2048},
		{"verify_url",	       2048},
		{"reset_url",	      2048},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *own = arena_new(8192);
		char *text = arena_alloc(own, 8192);
		struct asked q = *POST("authenticate", STR(""));

		snprintf(text, 8192, "{\"%s\":\"%0*d\"}", rows[i].name,
			 (int)rows[i].most, 0);
		q.body = str_of(text);
		ask(&q);
		ok(!memmem(body.p, body.n, "too long", 8),
		   "%s of %zu bytes is not too long", rows[i].name,
		   rows[i].most);
		snprintf(text, 8192, "{\"%s\":\"%0*d\"}", rows[i].name,
			 (int)rows[i].most + 1, 0);
		q.body = str_of(text);
		ask(&q);
		ok(call.reply.status == 400 &&
			   memmem(body.p, body.n, "too long", 8),
		   "... but of one more");
		arena_free(own);
	}
}

/* ---- redirects ---- */

static void
test_redirects(void)
{
	ask(POST("authenticate",
		 STR(SIGNIN TO "?x=1#y\",\"email\":\"a&b@c\\\"\\r\\nX: y\","
			       "\"challenge\":\"c\"}")));
	ok(call.reply.status == 302, "a failure leads back");
	is(location(),
	   STR("https://app.example/in?x=1&error=Missing%20required%20fields"
	       "%3A%20password&email=a%26b%40c%22%0D%0AX%3A%20y#y"),
	   "... with what is wrong and the address, encoded");
	ok(str_eq(buf_str(&body), STR("")), "... and nothing else");
	ask(POST("authenticate",
		 STR(SIGNIN "\"redirect_to\":\"https://app.example/in/..%2f\","
			    "\"challenge\":\"c\"}")));
	ok(call.reply.status == 400 && location().n == 0,
	   "never to where it may not");
}

/* A token that is not good may be longer than a header. */
static void
test_long_redirects(void)
{
	struct arena *own = arena_new(64 * 1024);
	static const size_t sizes[] = {100, 2000, 4000, 8000, 100000};
	char *junk = arena_alloc(own, 100001);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct asked q = *POST("reset-password", STR(""));

		memset(junk, '/', sizes[i]);
		q.body = arena_printf(own,
				      SIGNIN TO
				      "\",\"password\":\"x\",\"reset_token\":"
				      "\"%.*s\"}",
				      (int)sizes[i], junk);
		ask(&q);
		ok(call.reply.status == 302 &&
			   str_starts(location(),
				      STR("https://app.example/in?error=")),
		   "with a token of %zu bytes it says where", sizes[i]);
	}
	arena_free(own);
}

static void
test_long_success(void)
{
	struct auth_member members[3] = {
		{"code",	 STR(SESSION)	     },
		{"email",	  {0}		     },
		{"provider", STR(AUTH_PROVIDER)}
	};
	struct str url = STR("https://app.example/in");

	begin();
	members[1].value = times(STR(""), '"', 254, "");
	auth.redirect_to = times(url, '/', 2048 - url.n, "");
	ok(!auth_done_members(&call, 201, members, 3) &&
		   call.reply.status == 302,
	   "a success leads back, too");
	ok(location().n > 2048 + 3 * 254,
	   "... from the longest address to the longest URL");
}

/* ---- errors ---- */

static struct str
failed(enum auth_style style, const char *name, const struct err *e)
{
	struct auth_route r = {.name = name, .style = style};

	begin();
	auth.route = &r;
	auth.style = style;
	call.reply.status = err_kind(e->code)->status;
	auth_api.fail(&call, e);
	return arena_printf(a, "%d %.*s", call.reply.status, (int)body.n,
			    body.p);
}

static void
test_errors(void)
{
	static const struct {
		enum auth_style style;
		const char *name, *told;
		struct err e;
	} rows[] = {
		{AUTH_FACADE,
		 "signin",	 "400 {\"message\":\"Authentication "
		 "failed\"}",				       {.code = ERR_FORBIDDEN, .type = STR("NoIdentityFound")}},
		{AUTH_FACADE,
		 "signup",	 "400 {\"message\":\"Registration "
		 "failed\"}",				       {.code = ERR_BAD_REQUEST, .type = STR("InvalidData")}  },
		{AUTH_FACADE,
		 "signin",	 "503 {\"detail\":\"Too many are signing in\"}",
		 {.code = ERR_BUSY,
		  .type = STR("Busy"),
		  .message = STR("Too many are signing in")}											 },
		{AUTH_FACADE,
		 "signup",	 "503 {\"detail\":\"Too busy, try "
		 "again\"}",					{.code = ERR_BUSY}				     },
		{AUTH_FACADE,
		 "signin",	 "500 {\"detail\":\"No keys\"}",
		 {.code = ERR_INTERNAL,
		  .type = STR("MissingConfiguration"),
		  .message = STR("No keys")}													 },
		{AUTH_FACADE,
		 "signin",	 "429 {\"message\":\"Wait\"}",
		 {.code = ERR_TOO_MANY,
		  .type = STR("TooManyAttempts"),
		  .message = STR("Wait")}													    },
		{AUTH_SERVER,
		 "me",	 "401 {\"error\":{\"message\":\"Ended\","
		 "\"type\":\"Unauthorized\"}}",			 {.code = ERR_UNAUTHORIZED,
		  .type = STR("invalid_token"),
		  .message = STR("Ended")}					  },
		{AUTH_SERVER,
		 "me",	 "503 {\"error\":{\"message\":\"Service Unavailable\","
		 "\"type\":\"InternalServerError\"}}",		  {.code = ERR_UNKNOWN_OUTCOME}			      },
		{AUTH_OAUTH,
		 "refresh", "400 {\"error\":\"invalid_grant\","
		 "\"error_description\":\"No\"}",		  {.code = ERR_BAD_REQUEST,
		  .type = STR("invalid_grant"),
		  .message = STR("No")}				       },
		{AUTH_OAUTH,
		 "refresh", "400 {\"error\":\"invalid_request\","
		 "\"error_description\":\"No\"}",		  {.code = ERR_BAD_REQUEST,
		  .type = STR("InvalidData"),
		  .message = STR("No")}				       },
		{AUTH_OAUTH,
		 "refresh", "503 {\"error\":\"temporarily_unavailable\","
		 "\"error_description\":\"Service Unavailable\"}", {.code = ERR_LOST}				     },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(failed(rows[i].style, rows[i].name, &rows[i].e),
		   str_of(rows[i].told), rows[i].told);
}

int
main(void)
{
	a = arena_new(64 * 1024);
	body = buf_new(1 << 20);
	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	make_rings();
	test_refresh();
	test_refresh_changed();
	test_refresh_version();
	test_claims();
	test_more_claims();
	test_lifetime();
	test_cookie();
	test_addresses();
	test_account_keys();
	test_challenge();
	test_emails();
	test_fields();
	test_agent();
	test_lengths();
	test_redirects();
	test_long_redirects();
	test_long_success();
	test_errors();
	keys_free(ours);
	keys_free(others);
	keys_free(both);
	buf_free(&body);
	buf_free(&call.reply.headers);
	arena_free(a);
	unlink(arena_printf(a = arena_new(1024), "%s/one", dir).p);
	unlink(arena_printf(a, "%s/two", dir).p);
	arena_free(a);
	rmdir(dir);
	return done();
}
