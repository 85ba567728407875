/* Whom others vouch for: the role and the claims that come of it. */
#include "io/caller.h"

#include "core/json.h"
#include "tap.h"

static struct conf conf = {
	.role = "postern_anonymous",
	.base_url = "http://localhost",
	.remote_secret = "sesame",
	.remote_header = "REMOTE-SECRET",
};

static const struct row {
	const char *session; /* what is said */
	int status;	     /* of the error, or 0 */
	bool known;
	const char *runs_as, *variables; /* expected */
	const char *name;
} rows[] = {
	{"{\"x-hasura-role\":\"user\",\"x-hasura-user-id\":\"7\"}",	    0,   true,
	 "postern_member",										   "{ \"x-hasura-role\": \"user\", \"x-hasura-user-id\": \"7\" }",
	 "a user"																						     },
	{"{\"X-Hasura-Role\":\"admin\",\"X_HASURA_Org_Id\":\"a\\u00e9\"}",  0,
	 true,									  "postern_admin",
	 "{ \"x-hasura-role\": \"admin\", \"x-hasura-org-id\": \"a\xc3\xa9\" }",											     "names count in any case"},
	{"{}",							      0,	  false, "postern_anonymous",
	 "{ \"x-hasura-role\": \"anonymous\" }",															     "without a role: nobody" },
	{"{\"x-hasura-role\":\"anonymous\",\"name\":1}",			 0,   false,
	 "postern_anonymous",										"{ \"x-hasura-role\": \"anonymous\" }",
	 "what is no session variable is let be"																		      },
	{"{\"x-hasura-role\":\"postern_admin\"}",				  403, false, NULL,		    NULL,
	 "a role of the database is none"																			     },
	{"{\"x-hasura-role\":\"\\u0000\"}",				    400, false, NULL,		      NULL,							    "no NUL"		    },
	{"{\"x-hasura-user-id\":7}",					400, false, NULL,		       NULL,							     "no number"		},
	{"{\"x-hasura-a\":\"1\",\"X-Hasura-A\":\"1\"}",			400, false, NULL,		  NULL,
	 "nothing twice"																					      },
	{"{\"x-hasura-admin-secret\":\"1\",\"X-Hasura-Access-Key\":\"1\"}", 0,
	 false,									 "postern_anonymous", "{ \"x-hasura-role\": \"anonymous\" }",
	 "no secrets of the engine"																				   },
	{"{\"x-hasura-user-id\":null}",					400, false, NULL,		  NULL,								"no null"		 },
};

static int
status_of(const struct err *e)
{
	if (!e)
		return 0;
	return e->status ? e->status : err_kind(e->code)->status;
}

static void
test_vouch(struct arena *a)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct call call = {.arena = a, .request = {.conf = &conf}};
		json_object *session = NULL, *claims = NULL;
		struct err *e = json_read(a, str_of(row->session), &session);

		if (!e)
			e = caller_vouch(&call, session);
		ok(status_of(e) == row->status, "%s: %d", row->name,
		   status_of(e));
		if (e)
			continue;
		ok(call.caller.vouched && call.caller.known == row->known,
		   "... is known or not");
		is(str_of(call.caller.runs_as), str_of(row->runs_as),
		   "... runs as");
		json_read(a, call.caller.claims, &claims);
		is(str_of(json_object_to_json_string(
			   json_get(claims, "https://hasura.io/jwt/claims"))),
		   str_of(row->variables), "... says");
	}
}

/* What a remote schema is asked with. */
static int
ask(struct arena *a, const char *secret, struct call *call)
{
	static const char *const headers[][2] = {
		{"HTTP_X_HASURA_ROLE",    "user"},
		{"HTTP_X_HASURA_USER_ID", "7"   },
	};

	*call = (struct call){.arena = a};
	call->request.arena = a;
	call->request.conf = &conf;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		request_param(&call->request, str_of(headers[i][0]),
			      str_of(headers[i][1]));
	if (secret)
		request_param(&call->request, STR("HTTP_REMOTE_SECRET"),
			      str_of(secret));
	return status_of(caller_find_remote(call));
}

/* The same with one header more. */
static int
ask_more(struct arena *a, const char *header)
{
	struct call call;

	ask(a, "sesame", &call);
	request_param(&call.request, str_of(header), STR("v"));
	return status_of(caller_find_remote(&call));
}

static void
test_remote(struct arena *a)
{
	char name[5 + CALLER_NAME_MAX + 1] = "", longer[sizeof(name) + 1];
	struct call call;

	ok(ask(a, "sesame", &call) == 0 && call.caller.vouched,
	   "the secret lets an engine say who asks");
	is(str_of(call.caller.runs_as), STR("postern_member"), "... a user");
	ok(ask(a, "Sesame", &call) == 403, "a wrong one is refused");
	ok(ask(a, NULL, &call) == 0 && !call.caller.vouched,
	   "without it nobody is believed");
	ok(ask_more(a, "HTTP_X_HASURA_ORG_ID") == 0, "variables have any name");
	ok(ask_more(a, "HTTP_X_HASURA_\xff") == 400, "... that is a text");
	ok(ask_more(a, "HTTP_X_HASURA_ROLE") == 400, "... and comes once");
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i < 14 ? "HTTP_X_HASURA_"[i] : 'A';
	ok(ask_more(a, name) == 0, "... and is not too long");
	ok(ask_more(a, strcat(strcpy(longer, name), "A")) == 400,
	   "... as this is");
	conf.remote_secret = "";
	ok(ask(a, "", &call) == 0 && !call.caller.vouched,
	   "where there is none, an empty one is nothing");
	ok(ask(a, "sesame", &call) == 0 && !call.caller.vouched,
	   "... nor is any other");
}

/* As many as there is room for; with more, some were lost. */
static void
test_many(struct arena *a)
{
	struct request r = {.arena = a, .conf = &conf};

	for (int i = 0; i < 2 * REQUEST_VARIABLES_MAX; i++)
		request_param(&r, arena_printf(a, "HTTP_X_HASURA_%d", i),
			      STR("x"));
	ok(r.nvariables == 2 * REQUEST_VARIABLES_MAX, "all are counted");
	for (int n = REQUEST_VARIABLES_MAX; n < REQUEST_VARIABLES_MAX + 2;
	     n++) {
		struct call call = {.arena = a, .request = r};

		call.request.nvariables = (size_t)n;
		call.request.remote_secret = STR("sesame");
		ok((status_of(caller_find_remote(&call)) == 400) ==
			   (n > REQUEST_VARIABLES_MAX),
		   "%d of them", n);
	}
}

/* What brings the secret is told nobody, whatever it is called. */
static void
test_secret_header(struct arena *a)
{
	struct request r = {.arena = a, .conf = &conf};

	conf.remote_header = "X-Hasura-Remote-Secret";
	request_param(&r, STR("HTTP_X_HASURA_REMOTE_SECRET"), STR("sesame"));
	ok(r.nvariables == 0, "a secret is no session variable");
	is(r.remote_secret, STR("sesame"), "... but a secret");
}

int
main(void)
{
	struct arena *a = arena_new(4096);

	test_vouch(a);
	test_remote(a);
	conf.remote_secret = "sesame";
	test_many(a);
	test_secret_header(a);
	arena_free(a);
	return done();
}
