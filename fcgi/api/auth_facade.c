/* The tutorial's application: sign-up and sign-in (spec.md §1.6). */
#include "api/auth.h"

static struct err *
missing(struct call *call, const char *sentence)
{
	return err_new(call->arena, ERR_BAD_REQUEST, "%s", sentence);
}

static struct err *
signed_in(struct call *call, const char *message)
{
	struct str token;

	TRY(auth_sign(call, 1, &token));
	auth_set_cookie(call, token);
	buf_printf(call->reply.body, "{\"message\":\"%s\"}", message);
	return auth_done(call, 200);
}

/* ---- sign-up ---- */

/* The tutorial names the address here, although it is the name. */
static struct err *
name_taken(struct call *call)
{
	struct err *e = missing(call, "taken");
	struct buf b = buf_new(8 * 1024);
	struct str text = arena_printf(call->arena,
				       "User with email '%.*s' already exists.",
				       STR_FMT(auth_of(call)->email));

	BUF_LIT(&b, "{\"error\":");
	buf_json(&b, text);
	BUF_LIT(&b, "}");
	e->detail = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return e;
}

/* Until the address is verified there is an account, but no token. */
static struct err *
signed_up(struct call *call)
{
	const struct str *row = call->answer;

	if (row && str_eq(row[0], STR("name_taken")))
		return name_taken(call);
	if (!auth_is_ok(call))
		return auth_error(call, ERR_BAD_REQUEST, "Registration",
				  "Registration failed");
	if (!row[1 + AUTH_SESSION].p)
		return auth_error(call, ERR_BAD_REQUEST, "TokenExchange",
				  "Token exchange failed");
	return signed_in(call, "User registered");
}

static struct err *
sign_up(struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str secret, idle, most;

	TRY(auth_wait(call));
	TRY(auth_hash(call, auth->password, &secret));
	auth_lifetime(call, &idle, &most);
	return auth_ask(call, "signup", true, signed_up, auth->email, secret,
			auth_field(call, "name"), auth_verify_url(call),
			str_of(r->conf->proof), auth_required(call), idle, most,
			r->agent, r->address,
			auth_mailbox_key(call, "signup", auth->email));
}

struct err *
auth_signup(struct call *call)
{
	struct auth *auth = auth_of(call);

	auth->email = auth_field(call, "email");
	auth->password = auth_field(call, "password");
	if (!auth->email.n || !auth->password.n || !auth_field(call, "name").n)
		return missing(call, "Missing email, password, or name.");
	if (!auth_is_email(auth->email))
		return auth_error(call, ERR_BAD_REQUEST, "Registration",
				  "The e-mail address is not valid");
	return auth_limited(call, AUTH_LIMIT_SIGNUP, sign_up);
}

/* ---- sign-in ---- */

static struct err *
welcome(struct call *call)
{
	if (!auth_is_ok(call))
		return auth_refuse(call);
	return signed_in(call, "Authentication successful");
}

static struct err *
sign_in(struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str fresh, idle, most;
	bool right = false;

	TRY(auth_judge(call, &right, &fresh));
	if (!right)
		return auth_refuse(call);
	TRY(auth_check_verified(call));
	auth_lifetime(call, &idle, &most);
	return auth_ask(call, "signin_session", true, welcome, auth->factor,
			auth->secret, fresh,
			auth_account_key(call, auth->email),
			auth_address_key(call, "signin"), idle, most, r->agent,
			r->address);
}

struct err *
auth_signin(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct str provider = auth_field(call, "provider");

	auth->email = auth_field(call, "email");
	auth->password = auth_field(call, "password");
	if (!auth->email.n || !auth->password.n || !provider.n)
		return missing(call, "Missing email, password, or provider.");
	if (!str_eq(provider, STR(AUTH_PROVIDER)))
		return auth_error(call, ERR_BAD_REQUEST, "Provider",
				  "The provider is not known");
	return auth_begin(call, sign_in);
}
