/*
 * The auth server: everything below /auth, /branch/<b>/ext/auth and
 * /db/<d>/ext/auth, what is well known about its tokens, and the actions of a
 * Hasura engine that sign up and log in.
 *
 * spec.md §1.6 (the tutorial's sign-up and sign-in) and §2.1 to §2.3 are the
 * contract, §3 and §6.1 that of the actions; sessions, refresh (RFC 6749 §6)
 * and the account stand beside it.
 * All state is Postgres's: an operation asks functions of the schema auth
 * (sql/README.md) one after the other and answers.  Passwords are hashed
 * here, in between, so this interface runs in a pool of its own.
 */
#ifndef POSTERN_API_AUTH_H
#define POSTERN_API_AUTH_H

#include <json-c/json.h>

#include "core/request.h"

struct part;
struct part_writer;

extern const struct api auth_api, well_known_api;

enum { AUTH_EMAIL_MAX = 254 }; /* bytes (RFC 5321 §4.5.3.1.3) */

#define AUTH_PROVIDER "builtin::local_emailpassword"

/* Whose ways errors are told in. */
enum auth_style {
	AUTH_SERVER, /* {"error":{"message","type"}} */
	AUTH_FACADE, /* {"message"} or {"detail"} */
	AUTH_OAUTH,  /* RFC 6749 §5.2 */
	AUTH_ACTION, /* {"message","extensions":{"code"}} */
};

/* What the parts share about one request. */
struct auth {
	const struct auth_route *route;
	struct str rest; /* of the path, behind the route's name */
	enum auth_style style;
	json_object *json;	/* the body, or NULL */
	struct http_query form; /* the body, or nothing */
	bool refreshable;	/* the session gets a refresh token */
	/* What a later step needs of an earlier one. */
	struct str email, password, factor, secret, identity, challenge;
	bool verified;
	enum err_code refused; /* what a bad refresh token is */
	struct str redirect_to, redirect_on_failure;
	const char *failed_as; /* the field that a failure's redirect keeps */
};

/* What one path says; see the table in auth_routes.c. */
struct auth_route {
	const char *name;
	const char *methods; /* "POST", "GET, POST" */
	enum auth_style style;
	unsigned flags;
	struct err *(*run)(struct call *call);
};

static inline struct auth *
auth_of(const struct call *call)
{
	return call->state;
}

/* ---- auth_routes.c ---- */

/* Is the path one of this interface's? */
bool auth_is_path(struct str path);

/*
 * A field of the body, else of the query where the route takes it from
 * there; empty when it is absent, no string, or holds a NUL.
 */
struct str auth_field(struct call *call, const char *name);

/* ERR_BAD_REQUEST that names those of the fields that are empty. */
struct err *auth_need(struct call *call, const char *const *names, size_t n);

/* The request of that name has to say by which provider. */
struct err *auth_need_provider(struct call *call, const char *request);

/* An empty string is a null to functions. */
static inline struct str
auth_or_null(struct str value)
{
	return value.n ? value : (struct str){0};
}

/* ---- auth_answer.c ---- */

/* An error with the source system's class (spec.md §2.1). */
struct err *
auth_error(struct call *call, enum err_code code, const char *type,
	   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * ERR_TOO_MANY when the answer's first value is for how many seconds one has
 * to wait.
 */
struct err *auth_wait(struct call *call);

/* Is the answer's first value its status, "ok"? */
static inline bool
auth_is_ok(const struct call *call)
{
	return call->answer && str_eq(call->answer[0], STR("ok"));
}

void auth_fail(struct call *call, const struct err *e);

/* Answer with the body written so far. */
struct err *auth_done(struct call *call, int status);

/* Answer without a body; auth_nothing() with 204. */
struct err *auth_done_empty(struct call *call, int status);
struct err *auth_nothing(struct call *call);

/* A member of an answer. */
struct auth_member {
	const char *name;
	struct str value;
};

/*
 * Answer an object of these members, or by redirect_to when the request has
 * one: 302 with the members in its query.
 */
struct err *auth_done_members(struct call *call, int status,
			      const struct auth_member *members, size_t n);

/*
 * Answer {"code": ...}, or by redirect_to when the request has one: 302 with
 * the code (if any) in its query.
 */
struct err *auth_done_code(struct call *call, struct str code);

/* Append ,"name":value (a string, or null for {NULL, 0}). */
void auth_put(struct buf *b, const char *name, struct str value);

/*
 * Remember redirect_to and redirect_on_failure; the error, told without a
 * redirect, is that one of them is not allowed.
 */
struct err *auth_read_redirects(struct call *call);

/* The URL of that field must be allowed; "" takes `fallback`. */
struct err *auth_read_url(struct call *call, const char *field,
			  struct str fallback, struct str *ret);

/* ---- auth_token.c ---- */

/* Where the session columns of an answer begin (sql/README.md). */
enum auth_session {
	AUTH_SESSION,
	AUTH_IDENTITY,
	AUTH_USER,
	AUTH_ROLES,
	AUTH_COUNTER
};

/*
 * The token of the session in call->answer from `at` on.  The error means
 * that it could not be signed.
 */
struct err *auth_sign(struct call *call, size_t at, struct str *ret);

/* The refresh token of a session's counter. */
struct str
auth_refresh_token(struct call *call, struct str session, struct str counter);

/* Its session and counter; false when we never made it. */
bool auth_read_refresh(struct call *call, struct str token,
		       struct str *ret_session, struct str *ret_counter);

/* The Set-Cookie header; an empty token takes the cookie back. */
void auth_set_cookie(struct call *call, struct str token);

/* Seconds that a new session lasts: without a refresh, and at most. */
void
auth_lifetime(struct call *call, struct str *ret_idle, struct str *ret_most);

/* base64url(SHA-256(verifier)) (RFC 7636 §4.2). */
struct str auth_challenge(struct call *call, struct str verifier);

/* Keys of what is counted: hexadecimal, nobody can tell whose they are. */
struct str auth_account_key(struct call *call, struct str email);
struct str auth_address_key(struct call *call, const char *purpose);
struct str
auth_mailbox_key(struct call *call, const char *purpose, struct str email);
struct str auth_code_hash(struct call *call, const char *purpose);

/* ---- auth_password.c ---- */

/*
 * Check the password in `auth` against the secret in it ({NULL, 0}: dummy
 * work).  *ret_fresh is a new secret to store, or {NULL, 0}.
 */
struct err *
auth_check(struct call *call, bool *ret_right, struct str *ret_fresh);

/* Refuse a new password by policy, or hash it. */
struct err *
auth_hash(struct call *call, struct str password, struct str *ret_secret);

/* POST /auth/password, DELETE /auth/account */
struct err *auth_change_password(struct call *call);
struct err *auth_delete_account(struct call *call);

/* Could it be the address of a mailbox? */
bool auth_is_email(struct str email);

/* ---- auth_server.c ---- */

/* What one address may do only so often. */
enum auth_limit { AUTH_LIMIT_SIGNUP, AUTH_LIMIT_CODE };

/*
 * `then`, once the client's address is counted: call->answer says for how
 * long it has to wait (auth_wait), or is NULL.
 */
struct err *auth_limited(struct call *call, enum auth_limit limit,
			 struct err *(*then)(struct call *));

/* The challenge, by either name; or empty. */
struct str auth_given_challenge(struct call *call);

/* Must an address be verified to sign in: "t" or "f". */
struct str auth_required(const struct call *call);

struct err *auth_register(struct call *call);
struct err *auth_authenticate(struct call *call);
struct err *auth_token(struct call *call);
struct err *auth_refresh(struct call *call);

/* Sign-in's first step; the second one is `then`, with call->answer. */
struct err *auth_begin(struct call *call, struct err *(*then)(struct call *));

/*
 * Its middle, in `then`: ERR_TOO_MANY, or is the password right?  What the
 * answer says of the account is kept in `auth`.
 */
struct err *
auth_judge(struct call *call, bool *ret_right, struct str *ret_fresh);

/* The password is wrong: count that for the account, then go on. */
struct err *auth_count_failure(struct call *call, struct str account,
			       struct err *(*then)(struct call *));

/* ... and say so. */
struct err *auth_refuse(struct call *call);

/* ERR_UNAUTHORIZED when the address has to be verified first and is not. */
struct err *auth_check_verified(struct call *call);

/* ---- auth_mail.c ---- */

struct err *auth_verify(struct call *call);
struct err *auth_resend(struct call *call);
struct err *auth_send_reset(struct call *call);
struct err *auth_reset(struct call *call);

/* Where verification links lead unless the request says it. */
struct str auth_verify_url(struct call *call);

/* ---- auth_facade.c ---- */

struct err *auth_signup(struct call *call);
struct err *auth_signin(struct call *call);

/* ---- auth_action.c ---- */

/* Is it an engine that may ask?  It stands for clients everywhere. */
struct err *auth_action_enter(struct call *call);

struct err *auth_action_signup(struct call *call);
struct err *auth_action_login(struct call *call);
struct err *auth_action_token(struct call *call);

/* ---- auth_action_openapi.c ---- */

extern const struct part auth_action_part;

/* ---- auth_account.c ---- */

struct err *auth_me(struct call *call);
struct err *auth_sessions(struct call *call);
struct err *auth_signout(struct call *call);

/* ---- auth_openapi.c, auth_openapi_schemas.c ---- */

extern const struct part auth_part;

/* The schemas of bodies and answers. */
void auth_put_schemas(struct part_writer *w);

/* Ask a function; its arguments are the strings behind `then`. */
#define auth_ask(call, name, is_write, next, ...)                       \
	((call)->ask =                                                  \
		 (struct question){                                     \
			 .function = (name),                            \
			 .args = {__VA_ARGS__},                         \
			 .nargs = sizeof((struct str[]){__VA_ARGS__}) / \
				  sizeof(struct str),                   \
			 .write = (is_write),                           \
			 .then = (next),                                \
		 },                                                     \
	 (struct err *)NULL)

#endif
