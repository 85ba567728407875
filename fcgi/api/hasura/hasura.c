/* What /event and /actions have in common. */
#include "api/hasura/hasura.h"

#include "api/answer.h"

struct err *
hasura_let_in(struct call *call, const char *what, struct str brought,
	      struct str secret)
{
	if (secret.n == 0 || str_same_secret(brought, secret))
		return NULL;
	if (brought.n == 0)
		return err_new(call->arena, ERR_UNAUTHORIZED,
			       "The %s's secret is missing", what);
	return err_new(call->arena, ERR_FORBIDDEN, "The %s's secret is wrong",
		       what);
}

struct err *
hasura_check(struct call *call)
{
	const struct request *r = &call->request;

	if (r->body_cut)
		return err_new(call->arena, ERR_TOO_LARGE, "Content Too Large");
	if (r->body_short)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The body is shorter than announced.");
	/* Postgres would see its end there, or nothing. */
	if (r->body.n == 0 || !str_utf8(r->body) ||
	    str_find(r->body, '\0') < r->body.n)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The body is no JSON");
	return NULL;
}

struct err *
hasura_render(struct call *call)
{
	return err_new(call->arena, ERR_INTERNAL, "Nothing to answer");
}

void
hasura_fail(struct call *call, const struct err *e)
{
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	answer_message(call, e);
}
