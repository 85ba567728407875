#include "api/auth.h"
#include "core/policy.h"
#include "core/url.h"
#include "io/password.h"

/* ---- old ones ---- */

struct err *
auth_check(struct call *call, bool *ret_right, struct str *ret_fresh)
{
	const struct auth *auth = auth_of(call);
	struct password_result result = password_check(
		call->arena, call->request.conf, auth->password, auth->secret);

	*ret_right = result.verdict == PASSWORD_RIGHT;
	*ret_fresh = result.fresh;
	if (result.verdict != PASSWORD_BUSY)
		return NULL;
	return auth_error(call, ERR_BUSY, "Busy",
			  "Too many are signing in: try again");
}

/* ---- new ones ---- */

static struct str
host_of(const struct conf *conf)
{
	struct url u;

	return url_read(str_of(conf->base_url), &u) ? u.host : STR("");
}

/* The tutorial's own password is for who follows it, on the own machine. */
static bool
is_tutorial(const struct conf *conf)
{
	return strcmp(conf->statuses, "tutorial") == 0 &&
	       url_is_local(str_of(conf->base_url));
}

struct err *
auth_hash(struct call *call, struct str password, struct str *ret_secret)
{
	const struct conf *conf = call->request.conf;
	struct policy_rules rules = {
		.email = auth_of(call)->email,
		.site = host_of(conf),
		.tutorial = is_tutorial(conf),
		.list = call->request.passwords,
	};
	const char *why = policy_refuses(password, &rules);

	if (why)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData", "%s",
				  why);
	return password_make(call->arena, conf, password, ret_secret);
}

bool
auth_is_email(struct str email)
{
	size_t at = str_find(email, '@');

	/* What an address would need quotes for (RFC 5322 §3.2.3). */
	for (size_t i = 0; i < email.n; i++)
		if ((unsigned char)email.p[i] <= ' ' ||
		    strchr("\x7f\"(),:;<>[\\]", email.p[i]))
			return false;
	return at > 0 && at + 1 < email.n && email.n <= AUTH_EMAIL_MAX &&
	       str_find(str_sub(email, at + 1, email.n), '@') ==
		       email.n - at - 1;
}

/* ---- the account's own ---- */

/* What auth.secret_of told. */
static struct err *
keep_secret(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct str *row = call->answer;

	if (!row)
		return auth_error(call, ERR_UNAUTHORIZED, "Unauthorized",
				  "Not authenticated");
	TRY(auth_wait(call));
	auth->factor = row[1];
	auth->secret = row[2];
	auth->email = row[3];
	return NULL;
}

static struct err *
ask_secret(struct call *call, struct err *(*then)(struct call *))
{
	struct caller *c = &call->caller;

	auth_of(call)->identity = c->identity;
	return auth_ask(call, "secret_of", false, then, c->identity,
			auth_account_key(call, c->identity));
}

static struct err *
refused(struct call *call)
{
	return auth_error(call, ERR_FORBIDDEN, "NoIdentityFound",
			  "The password is wrong");
}

/* Did he know it?  Else the question is how often he did not. */
static struct err *
check_old(struct call *call, bool *ret_right)
{
	struct auth *auth = auth_of(call);
	struct str fresh;

	TRY(keep_secret(call));
	TRY(auth_check(call, ret_right, &fresh));
	return *ret_right ? NULL
			  : auth_count_failure(call, auth->identity, refused);
}

static struct err *
changed(struct call *call)
{
	if (!auth_is_ok(call))
		return refused(call);
	return auth_done_empty(call, 204);
}

static struct err *
change(struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	struct str secret;
	bool right = false;

	TRY(check_old(call, &right));
	if (!right)
		return NULL;
	TRY(auth_hash(call, auth_field(call, "new_password"), &secret));
	return auth_ask(call, "change_password", true, changed, auth->factor,
			auth->secret, secret, call->caller.session, r->agent,
			r->address);
}

struct err *
auth_change_password(struct call *call)
{
	static const char *const fields[] = {"old_password", "new_password"};

	TRY(auth_need(call, fields, 2));
	auth_of(call)->password = auth_field(call, "old_password");
	return ask_secret(call, change);
}

static struct err *
deleted(struct call *call)
{
	struct str status = call->answer ? call->answer[0] : STR("");

	if (str_eq(status, STR("hosting")))
		return auth_error(call, ERR_CONFLICT, "Conflict",
				  "User attached to an event. Cannot delete.");
	if (!str_eq(status, STR("ok")))
		return refused(call);
	auth_set_cookie(call, STR(""));
	return auth_done_empty(call, 204);
}

static struct err *delete (struct call *call)
{
	const struct auth *auth = auth_of(call);
	const struct request *r = &call->request;
	bool right = false;

	TRY(check_old(call, &right));
	if (!right)
		return NULL;
	return auth_ask(call, "delete_account", true, deleted, auth->identity,
			auth->secret, r->agent, r->address);
}

struct err *
auth_delete_account(struct call *call)
{
	static const char *const fields[] = {"password"};

	TRY(auth_need(call, fields, 1));
	auth_of(call)->password = auth_field(call, "password");
	return ask_secret(call, delete);
}
