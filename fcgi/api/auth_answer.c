#include "api/answer.h"
#include "api/auth.h"
#include "core/url.h"

enum { LOCATION_MAX = 7 * 1024 }; /* of the 8 KiB for all headers */

/* ---- errors ---- */

struct err *
auth_error(struct call *call, enum err_code code, const char *type,
	   const char *fmt, ...)
{
	struct err *e;
	va_list args;

	e = err_new(call->arena, code, "%s", "");
	va_start(args, fmt);
	e->message = arena_vprintf(call->arena, fmt, args);
	va_end(args);
	e->type = str_of(type);
	return e;
}

struct err *
auth_wait(struct call *call)
{
	struct err *e;
	int64_t wait;

	if (!call->answer || !str_int(call->answer[0], &wait) || wait < 1)
		return NULL;
	e = auth_error(call, ERR_TOO_MANY, "TooManyAttempts",
		       "Too many attempts: try again later");
	e->wait = wait;
	return e;
}

/* The class of an error that has none of its own. */
static const char *
type_of(const struct err *e)
{
	static const struct {
		enum err_code code;
		const char *type;
	} rows[] = {
		{ERR_BAD_REQUEST,  "InvalidData"     },
		{ERR_INVALID,      "InvalidData"	   },
		{ERR_TOO_LARGE,	"InvalidData"     },
		{ERR_UNAUTHORIZED, "Unauthorized"	 },
		{ERR_FORBIDDEN,	"Forbidden"	   },
		{ERR_NOT_FOUND,	"NotFound"	  },
		{ERR_METHOD,	     "MethodNotAllowed"},
		{ERR_TOO_MANY,     "TooManyAttempts" },
		{ERR_BUSY,	   "Busy"		 },
		{ERR_UNAVAILABLE,  "Unavailable"     },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].code == e->code)
			return rows[i].type;
	return "InternalServerError";
}

static struct str
message_of(const struct err *e)
{
	if (e->message.n)
		return e->message;
	return str_of(err_kind(e->code)->title);
}

static void
fail_server(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;
	bool own = e->type.n && !str_eq(e->type, STR("invalid_token"));

	BUF_LIT(b, "{\"error\":{\"message\":");
	buf_json(b, message_of(e));
	BUF_LIT(b, ",\"type\":");
	buf_json(b, own ? e->type : str_of(type_of(e)));
	BUF_LIT(b, "}}");
}

/* RFC 6749 §5.2; types that are none of its own are the request's fault. */
static void
fail_oauth(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;
	bool ours = call->reply.status >= 500 || call->reply.status == 429;
	struct str type = str_starts(e->type, STR("invalid_")) ||
					  str_starts(e->type, STR("unsupp"))
				  ? e->type
			  : ours ? STR("temporarily_unavailable")
				 : STR("invalid_request");

	BUF_LIT(b, "{\"error\":");
	buf_json(b, type);
	BUF_LIT(b, ",\"error_description\":");
	buf_json(b, message_of(e));
	BUF_LIT(b, "}");
}

/*
 * What the auth server refuses, the tutorial's application answers with one
 * sentence; what goes wrong otherwise it tells as any other route does.
 */
static void
fail_facade(struct call *call, const struct err *e)
{
	bool signup = str_eq(str_of(auth_of(call)->route->name), STR("signup"));
	struct buf *b = call->reply.body;

	if (e->code == ERR_TOO_MANY) {
		BUF_LIT(b, "{\"message\":");
		buf_json(b, message_of(e));
		BUF_LIT(b, "}");
		return;
	}
	if (!e->type.n || e->detail.n || call->reply.status >= 500 ||
	    str_eq(e->type, STR("Forbidden"))) {
		answer_error(call, e);
		return;
	}
	call->reply.status = 400;
	if (str_eq(e->type, STR("TokenExchange")))
		BUF_LIT(b, "{\"message\":\"Token exchange failed\"}");
	else if (signup)
		BUF_LIT(b, "{\"message\":\"Registration failed\"}");
	else
		BUF_LIT(b, "{\"message\":\"Authentication failed\"}");
}

/*
 * 302 with what is wrong in the query (spec.md §2.1), and with the field that
 * it keeps where that is not too long for a header.
 */
static bool
redirect_failure(struct call *call, const struct err *e)
{
	struct auth *auth = auth_of(call);
	struct str to = auth->redirect_on_failure.n ? auth->redirect_on_failure
						    : auth->redirect_to;
	struct str more;

	if (to.n == 0 || call->reply.status >= 500 || e->code == ERR_TOO_MANY)
		return false;
	to = url_with(call->arena, to, STR("error"), message_of(e));
	more = auth->failed_as
		       ? url_with(call->arena, to, str_of(auth->failed_as),
				  auth_field(call, auth->failed_as))
		       : to;
	if (more.n <= LOCATION_MAX)
		to = more;
	call->reply.status = 302;
	call->reply.type = NULL;
	reply_header(&call->reply, "Location", to);
	return true;
}

void
auth_fail(struct call *call, const struct err *e)
{
	struct auth *auth = auth_of(call);

	reply_header(&call->reply, "Cache-Control", STR("no-store"));
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	if (!auth || !auth->route) {
		fail_server(call, e);
		return;
	}
	if (auth->style == AUTH_ACTION) {
		answer_message(call, e);
		return;
	}
	if (e->detail.n && auth->style != AUTH_FACADE) {
		buf_put(call->reply.body, e->detail);
		return;
	}
	if (redirect_failure(call, e))
		return;
	if (auth->style == AUTH_FACADE)
		fail_facade(call, e);
	else if (auth->style == AUTH_OAUTH)
		fail_oauth(call, e);
	else
		fail_server(call, e);
}

/* ---- answers ---- */

struct err *
auth_done(struct call *call, int status)
{
	call->reply.status = status;
	call->reply.type = "application/json";
	return NULL;
}

struct err *
auth_done_empty(struct call *call, int status)
{
	call->reply.status = status;
	call->reply.type = NULL;
	buf_clear(call->reply.body);
	return NULL;
}

struct err *
auth_nothing(struct call *call)
{
	return auth_done_empty(call, 204);
}

struct err *
auth_done_members(struct call *call, int status,
		  const struct auth_member *members, size_t n)
{
	struct str to = auth_of(call)->redirect_to;
	struct buf *b = call->reply.body;

	if (to.n == 0) {
		BUF_LIT(b, "{");
		for (size_t i = 0; i < n; i++)
			auth_put(b, members[i].name, members[i].value);
		BUF_LIT(b, "}");
		return auth_done(call, status);
	}
	for (size_t i = 0; i < n; i++)
		to = url_with(call->arena, to, str_of(members[i].name),
			      members[i].value);
	reply_header(&call->reply, "Location", to);
	return auth_done_empty(call, 302);
}

struct err *
auth_done_code(struct call *call, struct str code)
{
	struct auth_member member = {"code", code};

	return auth_done_members(call, 200, &member, code.n > 0);
}

void
auth_put(struct buf *b, const char *name, struct str value)
{
	buf_put(b, b->n > 1 ? STR(",\"") : STR("\""));
	buf_put(b, str_of(name));
	BUF_LIT(b, "\":");
	if (value.p)
		buf_json(b, value);
	else
		BUF_LIT(b, "null");
}

/* ---- where to ---- */

static bool
is_allowed(const struct call *call, struct str url)
{
	const struct conf *conf = call->request.conf;

	return url_is_below(url, str_of(conf->base_url)) ||
	       url_is_allowed(url, str_of(conf->redirects));
}

struct err *
auth_read_redirects(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct str to = auth_field(call, "redirect_to");
	struct str on_failure = auth_field(call, "redirect_on_failure");

	if ((to.n && !is_allowed(call, to)) ||
	    (on_failure.n && !is_allowed(call, on_failure)))
		return auth_error(
			call, ERR_BAD_REQUEST, "InvalidData",
			"Redirect URL does not match any allowed URLs.");
	auth->redirect_to = to;
	auth->redirect_on_failure = on_failure;
	return NULL;
}

struct err *
auth_read_url(struct call *call, const char *field, struct str fallback,
	      struct str *ret)
{
	*ret = auth_field(call, field);
	if (ret->n == 0) {
		*ret = fallback;
		return NULL;
	}
	if (is_allowed(call, *ret))
		return NULL;
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "%s URL does not match any allowed URLs.",
			  strcmp(field, "verify_url") == 0 ? "Verify"
							   : "Redirect");
}
