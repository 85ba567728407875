/*
 * Actions of a Hasura engine over the same accounts: sign-up and log-in as
 * one tutorial has them (spec.md §3), a token as the other one (§6.1).
 */
#include "api/answer.h"
#include "api/auth.h"
#include "core/json.h"

enum { DETAIL_MAX = 16 * 1024 };

/* ---- who ---- */

struct err *
auth_action_enter(struct call *call)
{
	struct request *r = &call->request;
	struct str secret = str_of(r->conf->action_secret);

	if (secret.n == 0)
		return NULL;
	if (r->action_secret.n == 0)
		return auth_error(call, ERR_UNAUTHORIZED, "",
				  "The action's secret is missing");
	if (!str_same_secret(r->action_secret, secret))
		return auth_error(call, ERR_FORBIDDEN, "",
				  "The action's secret is wrong");
	/* What is counted by address would be counted for all of them. */
	r->address = STR("");
	return NULL;
}

/* ---- arguments ---- */

static struct err *
bad_argument(struct call *call, const char *what, const char *name)
{
	return auth_error(call, ERR_BAD_REQUEST, "validation-failed",
			  "%s argument: %s", what, name);
}

/* From now on the body's fields are the members of `input`. */
static struct err *
read_input(struct call *call)
{
	struct auth *auth = auth_of(call);
	json_object *input = auth->json ? json_get(auth->json, "input") : NULL;

	if (!json_object_is_type(input, json_type_object))
		return auth_error(call, ERR_BAD_REQUEST, "validation-failed",
				  "The body must be an action with an input");
	auth->json = input;
	return NULL;
}

/* An email and a password, and what of `more` there is; nothing else. */
static struct err *
read_account(struct call *call, const char *more)
{
	struct auth *auth = auth_of(call);

	TRY(read_input(call));
	json_object_object_foreach(auth->json, name, value)
	{
		(void)value;
		if (strcmp(name, "email") != 0 &&
		    strcmp(name, "password") != 0 &&
		    (!more || strcmp(name, more) != 0))
			return bad_argument(call, "Unexpected", name);
	}
	auth->email = auth_field(call, "email");
	auth->password = auth_field(call, "password");
	if (auth->email.n == 0)
		return bad_argument(call, "Missing", "email");
	if (auth->password.n == 0)
		return bad_argument(call, "Missing", "password");
	return NULL;
}

/* ---- sign-up ---- */

/* As an engine says it of a table; the constraint's name is the tutorial's. */
static struct err *
taken(struct call *call, const char *constraint)
{
	return auth_error(call, ERR_BAD_REQUEST, "constraint-violation",
			  "Uniqueness violation. duplicate key value violates "
			  "unique constraint \"%s\"",
			  constraint);
}

/* The tutorial's password is the hash, which is nobody's business. */
static struct err *
signed_up(struct call *call)
{
	struct buf *b = call->reply.body;
	const struct str *row = call->answer;

	if (row && str_eq(row[0], STR("name_taken")))
		return taken(call, "user_name_key");
	if (!auth_is_ok(call))
		return taken(call, "user_email_key");
	BUF_LIT(b, "{\"id\":");
	buf_put(b, row[1]);
	auth_put(b, "email", auth_of(call)->email);
	auth_put(b, "password", STR(""));
	BUF_LIT(b, "}");
	return auth_done(call, 200);
}

static struct err *
sign_up(struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str secret;

	TRY(auth_wait(call));
	TRY(auth_hash(call, auth->password, &secret));
	return auth_ask(call, "action_signup", true, signed_up, auth->email,
			secret, auth_or_null(auth_field(call, "name")),
			auth_verify_url(call), str_of(r->conf->proof), r->agent,
			r->address,
			auth_mailbox_key(call, "signup", auth->email));
}

struct err *
auth_action_signup(struct call *call)
{
	TRY(read_account(call, "name"));
	if (!auth_is_email(auth_of(call)->email))
		return auth_error(call, ERR_BAD_REQUEST, "validation-failed",
				  "The e-mail address is not valid");
	return auth_limited(call, AUTH_LIMIT_SIGNUP, sign_up);
}

/* ---- log-in ---- */

static struct err *
refused(struct call *call)
{
	return auth_error(call, ERR_UNAUTHORIZED, "invalid-credentials",
			  "Invalid credentials");
}

static struct err *
welcome(struct call *call)
{
	bool is_token = auth_of(call)->route->run == auth_action_token;
	struct buf *b = call->reply.body;
	struct str token;

	if (!auth_is_ok(call))
		return auth_count_failure(call, auth_of(call)->email, refused);
	TRY(auth_sign(call, 1, &token));
	BUF_LIT(b, "{");
	auth_put(b, is_token ? "AccessToken" : "token", token);
	BUF_LIT(b, "}");
	return auth_done(call, 200);
}

static struct err *
log_in(struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str fresh, idle, most;
	bool right = false;

	TRY(auth_judge(call, &right, &fresh));
	if (!right)
		return auth_count_failure(call, auth->email, refused);
	TRY(auth_check_verified(call));
	auth_lifetime(call, &idle, &most);
	return auth_ask(call, "signin_session", true, welcome, auth->factor,
			auth->secret, fresh,
			auth_account_key(call, auth->email),
			auth_address_key(call, "signin"), idle, most, r->agent,
			r->address);
}

struct err *
auth_action_login(struct call *call)
{
	TRY(read_account(call, NULL));
	return auth_begin(call, log_in);
}

/* ---- the other tutorial's ---- */

/* What its model takes, in its order: objects, and strings in them. */
static const struct place {
	const char *object; /* NULL: the body */
	const char *name;
	json_type type;
} places[] = {
	{NULL,     "action",		 json_type_object},
	{"action", "name",		   json_type_string},
	{NULL,     "input",		json_type_object},
	{"input",  "username",	      json_type_string},
	{"input",  "password",	      json_type_string},
	{NULL,     "request_query",	json_type_string},
	{NULL,     "session_variables", json_type_object},
};

/* NULL where there is nothing wrong with what is there, if anything is. */
static const char *
wrong_value(json_object *in, const char *name, json_type wanted,
	    const char **ret_type)
{
	json_object *value = json_get(in, name);

	*ret_type = "value_error.missing";
	if (!json_has(in, name))
		return "field required";
	*ret_type = "type_error.none.not_allowed";
	if (!value)
		return "none is not an allowed value";
	*ret_type = wanted == json_type_object ? "type_error.dict"
					       : "type_error.str";
	if (json_object_is_type(value, wanted))
		return NULL;
	return wanted == json_type_object ? "value is not a valid dict"
					  : "str type expected";
}

/* Append the fault of a member, {"loc":["body","input","password"],...}. */
static void
look(struct buf *b, json_object *in, const char *object, const struct place *p)
{
	const char *type, *message = wrong_value(in, p->name, p->type, &type);

	if (!message)
		return;
	BUF_LIT(b, "{\"loc\":[\"body\",");
	if (object)
		buf_printf(b, "\"%s\",", object);
	buf_json(b, str_of(p->name));
	buf_printf(b, "],\"msg\":\"%s\",\"type\":\"%s\"},", message, type);
}

static void
look_at_all(struct buf *b, json_object *body)
{
	json_object *variables = json_get(body, "session_variables");

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *p = &places[i];
		json_object *in = p->object ? json_get(body, p->object) : body;

		if (json_object_is_type(in, json_type_object))
			look(b, in, p->object, p);
	}
	if (!json_object_is_type(variables, json_type_object))
		return;
	json_object_object_foreach(variables, name, value)
	{
		struct place p = {NULL, name, json_type_string};

		(void)value;
		look(b, variables, "session_variables", &p);
	}
}

/* 422 with all that is wrong, as that tutorial's framework tells it. */
static struct err *
check_envelope(struct call *call, json_object *body)
{
	struct buf b = buf_new(DETAIL_MAX);
	struct err *e;

	look_at_all(&b, body);
	if (b.n == 0)
		return NULL;
	e = auth_error(call, ERR_INVALID, "validation-failed",
		       "The body is no action with a username and a password");
	if (!b.broken)
		e->detail = arena_printf(call->arena, "[%.*s]", (int)b.n - 1,
					 buf_str(&b).p);
	buf_free(&b);
	return e;
}

struct err *
auth_action_token(struct call *call)
{
	struct auth *auth = auth_of(call);

	if (!auth->json)
		return read_input(call);
	TRY(check_envelope(call, auth->json));
	TRY(read_input(call));
	auth->email = auth_field(call, "username");
	auth->password = auth_field(call, "password");
	return auth_begin(call, log_in);
}
