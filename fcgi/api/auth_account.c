/* Who one is, and where one is signed in. */
#include "api/auth.h"
#include "io/caller.h"

/* The function's answer is the body. */
static struct err *
pass_on(struct call *call)
{
	if (!call->answer || !call->answer[0].p)
		return auth_error(call, ERR_UNAUTHORIZED, "Unauthorized",
				  "Not authenticated");
	buf_put(call->reply.body, call->answer[0]);
	return auth_done(call, 200);
}

struct err *
auth_me(struct call *call)
{
	const struct caller *c = &call->caller;

	return auth_ask(call, "me", false, pass_on, c->identity, c->session);
}

static struct err *
ended_one(struct call *call)
{
	if (!call->answer || str_eq(call->answer[0], STR("0")))
		return auth_error(call, ERR_NOT_FOUND, "NotFound",
				  "There is no such session");
	return auth_done_empty(call, 204);
}

struct err *
auth_sessions(struct call *call)
{
	const struct caller *c = &call->caller;
	struct str id = auth_of(call)->rest;

	if (!str_eq(call->request.method, STR("DELETE")))
		return auth_ask(call, "sessions_of", false, pass_on,
				c->identity, c->session);
	if (!str_is_uuid(id))
		return auth_error(call, ERR_NOT_FOUND, "NotFound",
				  "There is no such session");
	return auth_ask(call, "signout_one", true, ended_one, c->identity, id);
}

/* ---- signing out ---- */

static struct err *
signed_out(struct call *call)
{
	auth_set_cookie(call, STR(""));
	return auth_done_empty(call, 204);
}

/*
 * Whoever is not signed in (any more) is signed out: no error.  A token that
 * has expired ends its own session, which may live on by its refresh token.
 */
struct err *
auth_signout(struct call *call)
{
	const struct request *r = &call->request;
	struct str scope = auth_field(call, "scope");
	struct err *e = caller_find(call);
	struct caller who = call->caller;

	if (e && e->code != ERR_UNAUTHORIZED)
		return e;
	if (e && !caller_find_late(call)) {
		who = call->caller;
		scope = STR("this");
	}
	if (scope.n == 0)
		scope = STR("this");
	if (!str_eq(scope, STR("this")) && !str_eq(scope, STR("others")) &&
	    !str_eq(scope, STR("all")))
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "The scope is this, others or all");
	if (who.session.n == 0)
		return signed_out(call);
	call->caller = (struct caller){.runs_as = "postern_auth"};
	return auth_ask(call, "signout", true,
			str_eq(scope, STR("others")) ? auth_nothing
						     : signed_out,
			who.identity, who.session, scope, r->agent, r->address);
}
