/* Registering, signing in, and tokens for codes (spec.md §2.2, §2.3). */
#include "api/auth.h"
#include "io/caller.h"

enum { VERIFIER_MIN = 43, VERIFIER_MAX = 128 }; /* RFC 7636 §4.1 */

struct str
auth_required(const struct call *call)
{
	const char *setting = call->request.conf->verification;

	return strcmp(setting, "required") == 0 ? STR("t") : STR("f");
}

static bool
is_required(const struct call *call)
{
	return str_eq(auth_required(call), STR("t"));
}

struct str
auth_given_challenge(struct call *call)
{
	struct str given = auth_field(call, "challenge");

	return given.n ? given : auth_field(call, "code_challenge");
}

static struct err *
check_provider(struct call *call, const char *request)
{
	TRY(auth_need_provider(call, request));
	if (str_eq(auth_field(call, "provider"), STR(AUTH_PROVIDER)))
		return NULL;
	return auth_error(call, ERR_INTERNAL, "MissingConfiguration",
			  "Missing configuration: the provider is not known");
}

/* ---- register ---- */

static struct err *
registered(struct call *call)
{
	struct auth_member members[3] = {
		{NULL,    {0}		  },
		     {"email", auth_of(call)->email}
	    };
	const struct str *row = call->answer;

	if (!auth_is_ok(call))
		return auth_error(call, ERR_CONFLICT, "UserAlreadyRegistered",
				  "This user has already been registered");
	if (row[2].p) {
		members[0] = (struct auth_member){"code", row[2]};
		members[2] =
			(struct auth_member){"provider", STR(AUTH_PROVIDER)};
	} else {
		members[0] = (struct auth_member){"identity_id", row[1]};
		members[2] = (struct auth_member){"verification_email_sent_at",
						  row[3]};
	}
	return auth_done_members(call, 201, members, 3);
}

static struct err *
read_account(struct call *call)
{
	struct auth *auth = auth_of(call);

	auth->email = auth_field(call, "email");
	auth->password = auth_field(call, "password");
	if (auth->email.n && auth->password.n)
		return NULL;
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Missing 'email' or 'password' in data");
}

static struct err *
do_register(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str verify_url, secret;

	TRY(auth_read_url(call, "verify_url", auth_verify_url(call),
			  &verify_url));
	if (!auth_is_email(auth->email))
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "The e-mail address is not valid");
	TRY(auth_hash(call, auth->password, &secret));
	return auth_ask(call, "register", true, registered, auth->email, secret,
			auth_or_null(auth->challenge), verify_url,
			auth_or_null(auth->redirect_to), str_of(r->conf->proof),
			auth_required(call), r->agent, r->address,
			auth_mailbox_key(call, "signup", auth->email));
}

static struct err *
register_in_time(struct call *call)
{
	TRY(auth_wait(call));
	return do_register(call);
}

struct err *
auth_limited(struct call *call, enum auth_limit limit,
	     struct err *(*then)(struct call *))
{
	static const struct {
		const char *name, *most, *window; /* so many in seconds */
	} rows[] = {
		[AUTH_LIMIT_SIGNUP] = {"signup", "10", "300"},
		[AUTH_LIMIT_CODE] = {"code",   "15", "60" },
	};
	struct str key = auth_address_key(call, rows[limit].name);

	if (key.n == 0)
		return then(call);
	return auth_ask(call, "hit", true, then, key, str_of(rows[limit].most),
			str_of(rows[limit].window));
}

struct err *
auth_register(struct call *call)
{
	struct auth *auth = auth_of(call);

	auth->failed_as = "email";
	TRY(check_provider(call, "register"));
	TRY(auth_read_redirects(call));
	auth->challenge = auth_given_challenge(call);
	if (auth->challenge.n == 0 && !is_required(call))
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Missing \"challenge\" in register request");
	TRY(read_account(call));
	return auth_limited(call, AUTH_LIMIT_SIGNUP, register_in_time);
}

/* ---- authenticate ---- */

struct err *
auth_begin(struct call *call, struct err *(*then)(struct call *))
{
	struct auth *auth = auth_of(call);

	return auth_ask(call, "signin_begin", false, then, auth->email,
			auth_account_key(call, auth->email),
			auth_address_key(call, "signin"));
}

struct err *
auth_judge(struct call *call, bool *ret_right, struct str *ret_fresh)
{
	struct auth *auth = auth_of(call);
	const struct str *row = call->answer;

	if (!row)
		return err_internal(call->arena, ERR_INTERNAL,
				    "signin_begin gave no row");
	TRY(auth_wait(call));
	auth->factor = row[1];
	auth->identity = row[2];
	auth->secret = row[3];
	auth->verified = str_eq(row[4], STR("t"));
	return auth_check(call, ret_right, ret_fresh);
}

static struct err *
refused(struct call *call)
{
	return auth_error(call, ERR_FORBIDDEN, "NoIdentityFound",
			  "Could not find an Identity matching the provided "
			  "credentials");
}

struct err *
auth_count_failure(struct call *call, struct str account,
		   struct err *(*then)(struct call *))
{
	const struct request *r = &call->request;

	return auth_ask(call, "signin_failed", true, then,
			auth_account_key(call, account),
			auth_address_key(call, "signin"),
			auth_of(call)->identity, r->agent, r->address);
}

struct err *
auth_refuse(struct call *call)
{
	return auth_count_failure(call, auth_of(call)->email, refused);
}

struct err *
auth_check_verified(struct call *call)
{
	if (auth_of(call)->verified || !is_required(call))
		return NULL;
	return auth_error(call, ERR_UNAUTHORIZED, "VerificationRequired",
			  "Email verification is required");
}

static struct err *
authenticated(struct call *call)
{
	if (!auth_is_ok(call))
		return refused(call);
	return auth_done_code(call, call->answer[1]);
}

static struct err *
authenticate(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str fresh;
	bool right = false;

	TRY(auth_judge(call, &right, &fresh));
	if (!right)
		return auth_refuse(call);
	TRY(auth_check_verified(call));
	return auth_ask(call, "signin_code", true, authenticated, auth->factor,
			auth->secret, fresh,
			auth_account_key(call, auth->email),
			auth_address_key(call, "signin"), auth->challenge,
			r->agent, r->address);
}

struct err *
auth_authenticate(struct call *call)
{
	static const char *const fields[] = {"provider", "challenge", "email",
					     "password"};
	struct auth *auth = auth_of(call);

	auth->failed_as = "email";
	TRY(auth_read_redirects(call));
	TRY(auth_need(call, fields, 4));
	TRY(check_provider(call, "authenticate"));
	auth->challenge = auth_given_challenge(call);
	auth->email = auth_field(call, "email");
	auth->password = auth_field(call, "password");
	return auth_begin(call, authenticate);
}

/* ---- token ---- */

/* The source system's five members (spec.md §2.2). */
static struct err *
answer_plain(struct call *call, struct str token, struct str identity)
{
	struct buf *b = call->reply.body;

	BUF_LIT(b, "{");
	auth_put(b, "auth_token", token);
	auth_put(b, "identity_id", identity);
	auth_put(b, "provider_token", (struct str){0});
	auth_put(b, "provider_refresh_token", (struct str){0});
	auth_put(b, "provider_id_token", (struct str){0});
	BUF_LIT(b, "}");
	return auth_done(call, 200);
}

/* RFC 6749 §5.1. */
static struct err *
answer_oauth(struct call *call, struct str token, const struct str *row)
{
	struct buf *b = call->reply.body;

	BUF_LIT(b, "{");
	auth_put(b, "access_token", token);
	auth_put(b, "token_type", STR("Bearer"));
	buf_printf(b, ",\"expires_in\":%lld",
		   (long long)call->request.conf->access_ttl);
	auth_put(
		b, "refresh_token",
		auth_refresh_token(call, row[AUTH_SESSION], row[AUTH_COUNTER]));
	auth_put(b, "identity_id", row[AUTH_IDENTITY]);
	BUF_LIT(b, "}");
	return auth_done(call, 200);
}

static struct err *
answer_session(struct call *call)
{
	struct str token;

	TRY(auth_sign(call, 1, &token));
	if (auth_of(call)->refreshable)
		return answer_oauth(call, token, call->answer + 1);
	return answer_plain(call, token, call->answer[1 + AUTH_IDENTITY]);
}

/* What is wrong with a code, in both manners of speaking. */
static struct err *
bad_code(struct call *call, struct str status)
{
	static const struct {
		const char *status, *type, *message;
		enum err_code code;
	} rows[] = {
		{"unlinked", "InvalidData",
		 "Code is not associated with an Identity", ERR_BAD_REQUEST},
		{"mismatch", "PKCEVerificationFailed",
		 "Verifier and challenge do not match",	ERR_FORBIDDEN  },
		{"unknown",  "NoIdentityFound",
		 "Could not find a matching PKCE code",	ERR_FORBIDDEN  },
	};
	size_t i = 0;

	while (i < 2 && !str_eq(status, str_of(rows[i].status)))
		i++;
	if (auth_of(call)->style == AUTH_OAUTH)
		return auth_error(call, ERR_BAD_REQUEST, "invalid_grant", "%s",
				  rows[i].message);
	return auth_error(call, rows[i].code, rows[i].type, "%s",
			  rows[i].message);
}

static struct err *
exchanged(struct call *call)
{
	if (!auth_is_ok(call))
		return bad_code(call, call->answer ? call->answer[0]
						   : STR("unknown"));
	return answer_session(call);
}

static struct err *
check_verifier(struct call *call, struct str verifier)
{
	if (verifier.n < VERIFIER_MIN)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Verifier must be at least %d characters "
				  "long",
				  VERIFIER_MIN);
	if (verifier.n > VERIFIER_MAX)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Verifier must be shorter than %d characters "
				  "long",
				  VERIFIER_MAX);
	return NULL;
}

static struct err *
missing_parameter(struct call *call, const char *name)
{
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Missing query parameter: %s", name);
}

static struct err *
exchange(struct call *call)
{
	const struct request *r = &call->request;
	struct str code = auth_field(call, "code"), idle, most;
	struct str verifier = auth_field(call, "verifier");

	if (verifier.n == 0)
		verifier = auth_field(call, "code_verifier");
	if (code.n == 0)
		return missing_parameter(call, "code");
	if (verifier.n == 0)
		return missing_parameter(call, "verifier");
	TRY(check_verifier(call, verifier));
	if (!str_is_uuid(code))
		return bad_code(call, STR("unknown"));
	auth_lifetime(call, &idle, &most);
	return auth_ask(call, "exchange", true, exchanged, code,
			auth_challenge(call, verifier), idle, most, r->agent,
			r->address);
}

static struct err *
refreshed(struct call *call)
{
	if (auth_is_ok(call))
		return answer_session(call);
	return auth_error(call, auth_of(call)->refused, "invalid_grant",
			  "The refresh token is not valid any more");
}

static struct err *
refresh(struct call *call)
{
	const struct request *r = &call->request;
	struct str token = auth_field(call, "refresh_token");
	struct str session, counter, idle, most;

	auth_of(call)->refreshable = true;
	if (token.n == 0)
		return auth_error(call, ERR_BAD_REQUEST, "invalid_request",
				  "Missing refresh_token");
	if (!auth_read_refresh(call, token, &session, &counter))
		return auth_error(call, auth_of(call)->refused, "invalid_grant",
				  "The refresh token is not valid");
	auth_lifetime(call, &idle, &most);
	return auth_ask(call, "refresh", true, refreshed, session, counter,
			idle, r->agent, r->address);
}

struct err *
auth_token(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct str grant = auth_field(call, "grant_type");

	if (grant.n == 0)
		return exchange(call);
	auth->style = AUTH_OAUTH;
	auth->refused = ERR_BAD_REQUEST;
	auth->refreshable = true;
	if (str_eq(grant, STR("refresh_token")))
		return refresh(call);
	if (str_eq(grant, STR("authorization_code")))
		return exchange(call);
	return auth_error(call, ERR_BAD_REQUEST, "unsupported_grant_type",
			  "The grant type is not supported");
}

/* The same by a path of its own, which says 401 as other routes do. */
struct err *
auth_refresh(struct call *call)
{
	auth_of(call)->refused = ERR_UNAUTHORIZED;
	return refresh(call);
}
