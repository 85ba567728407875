/* What mails prove: verification and reset (spec.md §2.3). */
#include <time.h>

#include "api/auth.h"
#include "core/json.h"
#include "io/caller.h"
#include "io/keys.h"

struct str
auth_verify_url(struct call *call)
{
	const struct conf *conf = call->request.conf;

	if (conf->verify_url[0])
		return str_of(conf->verify_url);
	return arena_printf(call->arena, "%s/auth/verify", conf->base_url);
}

/* ---- what both have in common ---- */

static struct err *
bad_token(struct call *call)
{
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Invalid token: it cannot be verified");
}

static enum keys_verdict
read_token(struct call *call, struct keys_rules rules, const char *field,
	   json_object **ret)
{
	struct keys_token token;
	enum keys_verdict verdict;

	rules.now = time(NULL);
	rules.issuer = caller_issuer(call->arena, call->request.conf);
	verdict = keys_verify(call->request.keys, call->arena, &rules,
			      auth_field(call, field), &token);
	if (verdict != KEYS_GOOD)
		return verdict;
	*ret = token.claims;
	return str_is_uuid(json_str(json_get(*ret, "sub"))) ? KEYS_GOOD
							    : KEYS_BAD;
}

/* A member of the token, or {NULL, 0}. */
static struct str
claim(json_object *claims, const char *name)
{
	json_object *member = json_get(claims, name);

	return json_object_is_type(member, json_type_string) ? json_str(member)
							     : (struct str){0};
}

/* A flat error of the code mode. */
static struct err *
bad_code(struct call *call, struct str status)
{
	struct err *e = err_new(call->arena, ERR_BAD_REQUEST, "Invalid code");

	if (str_eq(status, STR("expired")))
		e->message = STR("Code has expired");
	else if (str_eq(status, STR("exhausted")))
		e->message = STR("Maximum verification attempts exceeded");
	e->detail = arena_printf(
		call->arena,
		"{\"error\":\"%.*s\",\"error_code\":\"verification_failed\"}",
		STR_FMT(e->message));
	return e;
}

/* ---- verify ---- */

/* By what was wished for: a code, a redirect, both, neither. */
static struct err *
verified(struct call *call)
{
	struct auth *auth = auth_of(call);

	if (!call->answer || str_eq(call->answer[0], STR("gone")))
		return auth_error(call, ERR_FORBIDDEN, "NoIdentityFound",
				  "Could not find an Identity matching the "
				  "provided credentials");
	if (!auth_is_ok(call))
		return bad_code(call, call->answer[0]);
	if (auth->redirect_to.n || auth->challenge.n)
		return auth_done_code(call, call->answer[1].p ? call->answer[1]
							      : STR(""));
	if (str_eq(call->request.method, STR("POST")))
		return auth_done_empty(call, 204);
	BUF_LIT(call->reply.body, "{\"message\":\"Email verified\"}");
	return auth_done(call, 200);
}

static struct err *
verify_by_token(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct keys_rules rules = {.kind = KEYS_VERIFY};
	json_object *claims = NULL;
	struct err *e;

	switch (read_token(call, rules, "verification_token", &claims)) {
	case KEYS_GOOD:
		break;
	case KEYS_EXPIRED:
		e = err_new(call->arena, ERR_FORBIDDEN,
			    "The verification token is older than 24 hours");
		e->detail = arena_printf(call->arena, "{\"message\":\"%.*s\"}",
					 STR_FMT(e->message));
		return e;
	default:
		return bad_token(call);
	}
	auth->challenge = claim(claims, "challenge");
	auth->redirect_to = claim(claims, "redirect_to");
	return auth_ask(call, "verify", true, verified, claim(claims, "sub"),
			claim(claims, "email"), auth->challenge);
}

static struct err *
verify_by_code(struct call *call)
{
	struct auth *auth = auth_of(call);

	TRY(auth_wait(call));
	return auth_ask(call, "verify_by_code", true, verified,
			auth_field(call, "email"),
			auth_code_hash(call, "verify"),
			auth_or_null(auth->challenge));
}

struct err *
auth_verify(struct call *call)
{
	struct auth *auth = auth_of(call);

	TRY(auth_need_provider(call, "verify"));
	if (auth_field(call, "verification_token").n)
		return verify_by_token(call);
	if (!auth_field(call, "email").n || !auth_field(call, "code").n)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Missing verification_token, or email and "
				  "code, in verify request");
	TRY(auth_read_redirects(call));
	auth->challenge = auth_given_challenge(call);
	return auth_limited(call, AUTH_LIMIT_CODE, verify_by_code);
}

/* ---- mails ---- */

/* Nobody learns whether a mail was sent. */
static struct err *
resent(struct call *call)
{
	TRY(auth_wait(call));
	return auth_done_empty(call, 200);
}

static struct err *
resend(struct call *call, struct str email, struct str identity)
{
	struct auth *auth = auth_of(call);
	struct str verify_url;

	TRY(auth_read_url(call, "verify_url", auth_verify_url(call),
			  &verify_url));
	return auth_ask(call, "send_verification", true, resent, email,
			identity, verify_url, auth_or_null(auth->challenge),
			auth_or_null(auth->redirect_to),
			str_of(call->request.conf->proof),
			auth_mailbox_key(call, "verify", email),
			auth_address_key(call, "mail"));
}

/* The link of a mail, even an old one, says who wants another. */
static struct err *
resend_by_token(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct keys_rules rules = {.kind = KEYS_VERIFY, .expired_too = true};
	json_object *claims = NULL;

	if (read_token(call, rules, "verification_token", &claims) != KEYS_GOOD)
		return bad_token(call);
	if (!auth->challenge.n)
		auth->challenge = claim(claims, "challenge");
	if (!auth->redirect_to.n)
		auth->redirect_to = claim(claims, "redirect_to");
	return resend(call, claim(claims, "email"), claim(claims, "sub"));
}

struct err *
auth_resend(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct str email = auth_field(call, "email");

	TRY(auth_need_provider(call, "resend_verification_email"));
	TRY(auth_read_redirects(call));
	auth->challenge = auth_given_challenge(call);
	if (auth_field(call, "verification_token").n)
		return resend_by_token(call);
	if (email.n)
		return resend(call, email, (struct str){0});
	if (auth_field(call, "credential_id").n)
		return auth_done_empty(call, 200);
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Missing verification_token or email in "
			  "resend_verification_email request");
}

static struct err *
reset_sent(struct call *call)
{
	struct auth_member sent = {"email_sent", auth_of(call)->email};

	TRY(auth_wait(call));
	return auth_done_members(call, 200, &sent, 1);
}

struct err *
auth_send_reset(struct call *call)
{
	static const char *const fields[] = {"provider", "email", "reset_url",
					     "challenge"};
	struct auth *auth = auth_of(call);
	struct str url;

	auth->failed_as = "email";
	TRY(auth_read_redirects(call));
	TRY(auth_need(call, fields, 4));
	auth->email = auth_field(call, "email");
	auth->challenge = auth_given_challenge(call);
	TRY(auth_read_url(call, "reset_url", STR(""), &url));
	return auth_ask(call, "send_reset", true, reset_sent, auth->email, url,
			auth->challenge, str_of(call->request.conf->proof),
			auth_mailbox_key(call, "reset", auth->email),
			auth_address_key(call, "mail"));
}

/* ---- reset ---- */

static struct err *
was_reset(struct call *call)
{
	struct auth_member done = {"status", STR("password_reset")};

	if (!call->answer || str_eq(call->answer[0], STR("stale")))
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Invalid 'reset_token'");
	if (!auth_is_ok(call))
		return bad_code(call, call->answer[0]);
	if (call->answer[1].p)
		return auth_done_code(call, call->answer[1]);
	return auth_done_members(call, 200, &done, 1);
}

static struct err *
reset_by_token(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct keys_rules rules = {.kind = KEYS_RESET};
	json_object *claims = NULL;
	struct str secret;

	auth->failed_as = "reset_token";
	if (read_token(call, rules, "reset_token", &claims) != KEYS_GOOD)
		return bad_token(call);
	auth->email = claim(claims, "email");
	TRY(auth_hash(call, auth_field(call, "password"), &secret));
	return auth_ask(call, "reset", true, was_reset, claim(claims, "sub"),
			claim(claims, "secret"), secret,
			claim(claims, "challenge"), r->agent, r->address);
}

static struct err *
reset_by_code(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str secret;

	TRY(auth_wait(call));
	TRY(auth_hash(call, auth_field(call, "password"), &secret));
	return auth_ask(call, "reset_by_code", true, was_reset, auth->email,
			auth_code_hash(call, "reset"), secret,
			auth_or_null(auth->challenge), r->agent, r->address);
}

struct err *
auth_reset(struct call *call)
{
	static const char *const fields[] = {"password"};
	struct auth *auth = auth_of(call);

	TRY(auth_need_provider(call, "reset_password"));
	TRY(auth_read_redirects(call));
	TRY(auth_need(call, fields, 1));
	if (auth_field(call, "reset_token").n)
		return reset_by_token(call);
	auth->failed_as = "email";
	auth->email = auth_field(call, "email");
	auth->challenge = auth_given_challenge(call);
	if (!auth->email.n || !auth_field(call, "code").n)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Missing reset_token, or email and code, in "
				  "reset_password request");
	return auth_limited(call, AUTH_LIMIT_CODE, reset_by_code);
}
