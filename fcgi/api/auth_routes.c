#include "api/answer.h"
#include "api/auth.h"
#include "core/json.h"
#include "io/caller.h"

enum {
	QUERY = 1,     /* fields may come in the query, too */
	SIGNED_IN = 2, /* for those who are */
	COOKIE = 4,    /* sets the cookie: no foreign page may call it */
	ITEM = 8,      /* something follows the name */
};

static const struct auth_route routes[] = {
	{"signup",		    "POST",	   AUTH_FACADE, COOKIE,		auth_signup	   },
	{"signin",		    "POST",	   AUTH_FACADE, COOKIE,		auth_signin	   },
	{"register",		     "POST",	     AUTH_SERVER, 0,		     auth_register	  },
	{"authenticate",		 "POST",	 AUTH_SERVER, 0,		 auth_authenticate	  },
	{"token",		     "GET, POST", AUTH_SERVER, QUERY,		   auth_token	     },
	{"verify",		    "GET, POST", AUTH_SERVER, QUERY,	    auth_verify	       },
	{"resend-verification-email", "POST",      AUTH_SERVER, 0,		      auth_resend	 },
	{"send-reset-email",	     "POST",	     AUTH_SERVER, 0,		     auth_send_reset	    },
	{"reset-password",		   "POST",	   AUTH_SERVER, 0,		   auth_reset	     },
	{"refresh",		    "POST",	    AUTH_OAUTH,	0,		   auth_refresh	       },
	{"me",			"GET, HEAD", AUTH_SERVER, SIGNED_IN,	    auth_me		   },
	{"sessions",		     "GET, HEAD", AUTH_SERVER, SIGNED_IN,	  auth_sessions       },
	{"sessions",		     "DELETE",    AUTH_SERVER, SIGNED_IN | ITEM, auth_sessions	   },
	{"signout",		    "POST",	    AUTH_SERVER, COOKIE,		 auth_signout	     },
	{"password",		     "POST",	     AUTH_SERVER, SIGNED_IN,	     auth_change_password},
	{"account",		    "DELETE",    AUTH_SERVER, SIGNED_IN,	      auth_delete_account },
};

/* Actions, under the names that the two tutorials have for them. */
static const struct auth_route actions[] = {
	{"/signup", "POST", AUTH_ACTION, 0, auth_action_signup},
	{"/Signup", "POST", AUTH_ACTION, 0, auth_action_signup},
	{"/login",  "POST", AUTH_ACTION, 0, auth_action_login },
	{"/Login",  "POST", AUTH_ACTION, 0, auth_action_login },
	{"/action", "POST", AUTH_ACTION, 0, auth_action_token },
};

/* ---- the path ---- */

static const struct auth_route *
find_action(struct str path)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (str_eq(str_of(actions[i].name), path))
			return &actions[i];
	return NULL;
}

/*
 * What stands behind /auth/, /branch/<b>/ext/auth/ or /db/<d>/ext/auth/;
 * {NULL, 0} when the path is none of these.
 */
static struct str
behind_prefix(struct str path)
{
	struct str left = path, first;

	str_cut(&left, '/');
	first = str_cut(&left, '/');
	if (str_eq(first, STR("branch")) || str_eq(first, STR("db"))) {
		if (str_cut(&left, '/').n == 0 ||
		    !str_eq(str_cut(&left, '/'), STR("ext")))
			return (struct str){0};
		first = str_cut(&left, '/');
	}
	if (!str_starts(path, STR("/")) || !str_eq(first, STR("auth")))
		return (struct str){0};
	return str_sub(path, path.n - left.n, left.n);
}

bool
auth_is_path(struct str path)
{
	return behind_prefix(path).n > 0 || find_action(path);
}

static bool
fits(const struct auth_route *route, struct str name, bool item)
{
	return str_eq(str_of(route->name), name) &&
	       !(route->flags & ITEM) == !item;
}

static struct err *
take_route(struct call *call, const struct auth_route *route)
{
	struct auth *auth = auth_of(call);

	auth->route = route;
	auth->style = route->style;
	return answer_allow(call, route->methods);
}

/* The route, or an error: no such endpoint, or not by this method. */
static struct err *
find_route(struct call *call)
{
	struct auth *auth = auth_of(call);
	const struct auth_route *action = find_action(call->request.path);
	struct str left = behind_prefix(call->request.path);
	struct str name;

	if (action)
		return take_route(call, action);
	while (str_starts(left, STR("/")))
		left = str_sub(left, 1, left.n);
	name = str_cut(&left, '/');
	auth->rest = left;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (fits(&routes[i], name, left.n > 0))
			return take_route(call, &routes[i]);
	}
	return auth_error(call, ERR_NOT_FOUND, "NotFound",
			  "Unknown auth endpoint");
}

/* ---- the body ---- */

/* A header's value as text that JSON and Postgres take. */
static struct str
readable(struct arena *a, struct str value)
{
	struct str copy = arena_str(a, value);
	char *p = (char *)(uintptr_t)copy.p;

	if (str_utf8(value))
		return value;
	for (size_t i = 0; i < copy.n; i++)
		if (p[i] & 0x80)
			p[i] = '?';
	return copy;
}

static struct err *
read_json(struct call *call)
{
	struct auth *auth = auth_of(call);
	struct err *e = json_read(call->arena, call->request.body, &auth->json);

	if (e)
		return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
				  "Malformed JSON: %.*s",
				  STR_FMT(e->issues->message));
	if (json_object_is_type(auth->json, json_type_object))
		return NULL;
	auth->json = NULL;
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "The body must be a JSON object");
}

/* Without a look at the type: the tutorial's sign-up does not look. */
static bool
is_json(const struct call *call)
{
	return auth_of(call)->route->style == AUTH_FACADE ||
	       http_is_type(call->request.content_type,
			    STR("application/json"));
}

static struct err *
read_fields(struct call *call)
{
	const struct request *r = &call->request;

	if (r->body_cut)
		return err_new(call->arena, ERR_TOO_LARGE, "Content Too Large");
	if (r->body_short)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The body is shorter than announced.");
	if (r->body.n == 0 && auth_of(call)->route->style != AUTH_FACADE)
		return NULL;
	if (is_json(call))
		return read_json(call);
	if (http_is_type(r->content_type,
			 STR("application/x-www-form-urlencoded")))
		return http_query_read(call->arena, r->body,
				       &auth_of(call)->form);
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Unsupported Content-Type: %.*s",
			  STR_FMT(readable(call->arena, r->content_type)));
}

/* A body that is none is nothing that the tutorial has a sentence for. */
static struct err *
read_body(struct call *call)
{
	struct err *e = read_fields(call);

	if (e && auth_of(call)->route->style == AUTH_FACADE)
		e->type = STR("");
	return e;
}

/* The first of that name, as the source system has it. */
static struct str
first_param(const struct http_query *q, struct str name)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_eq(q->params[i].name, name))
			return q->params[i].value;
	return STR("");
}

struct str
auth_field(struct call *call, const char *name)
{
	const struct auth *auth = auth_of(call);
	json_object *member = auth->json ? json_get(auth->json, name) : NULL;
	struct str value = first_param(&auth->form, str_of(name));

	if (json_object_is_type(member, json_type_string))
		value = json_str(member);
	if (value.n == 0 && (auth->route->flags & QUERY))
		value = first_param(&call->request.query, str_of(name));
	return str_find(value, '\0') == value.n ? value : STR("");
}

struct err *
auth_need(struct call *call, const char *const *names, size_t n)
{
	struct str missing = STR("");

	for (size_t i = 0; i < n; i++) {
		bool two = strcmp(names[i], "challenge") == 0;
		struct str given = two ? auth_given_challenge(call)
				       : auth_field(call, names[i]);

		if (given.n == 0)
			missing = arena_printf(call->arena, "%.*s%s%s",
					       STR_FMT(missing),
					       missing.n ? ", " : "", names[i]);
	}
	if (missing.n == 0)
		return NULL;
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Missing required fields: %.*s", STR_FMT(missing));
}

struct err *
auth_need_provider(struct call *call, const char *request)
{
	if (auth_field(call, "provider").n)
		return NULL;
	return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
			  "Missing \"provider\" in %s request", request);
}

/*
 * What comes back in a header, or travels in a token or the link of a mail,
 * has to fit there.  No account has a longer address.
 */
static struct err *
check_lengths(struct call *call)
{
	static const struct {
		const char *name;
		size_t most;
	} rows[] = {
		{"email",		  AUTH_EMAIL_MAX},
		       {"challenge",	     256		},
		{"code_challenge",	   256	      },
		       {"redirect_to",	       2048	   },
		{"redirect_on_failure", 2048	    },
		       {"verify_url",	      2048	  },
		{"reset_url",	      2048	  },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (auth_field(call, rows[i].name).n > rows[i].most)
			return auth_error(call, ERR_BAD_REQUEST, "InvalidData",
					  "The %s is too long", rows[i].name);
	return NULL;
}

/* ---- who ---- */

/*
 * All of it is done as the server's own role; for those who are signed in
 * while their session lives.
 */
static struct err *
enter(struct call *call)
{
	unsigned flags = auth_of(call)->route->flags;

	if ((flags & COOKIE) && caller_is_foreign(&call->request))
		return auth_error(call, ERR_FORBIDDEN, "Forbidden",
				  "The page's origin is not allowed: see "
				  "POSTERN_ORIGINS.");
	call->request.agent = readable(call->arena, call->request.agent);
	call->caller = (struct caller){0};
	if (flags & SIGNED_IN) {
		TRY(caller_find(call));
		if (call->caller.session.n == 0)
			return auth_error(call, ERR_UNAUTHORIZED,
					  "Unauthorized", "Not authenticated");
	}
	call->caller.runs_as = "postern_auth";
	return NULL;
}

static struct err *
plan(struct call *call)
{
	call->state = ARENA_NEW(call->arena, struct auth);
	reply_header(&call->reply, "Cache-Control", STR("no-store"));
	TRY(find_route(call));
	if (auth_of(call)->style == AUTH_ACTION)
		TRY(auth_action_enter(call));
	if (!call->request.keys)
		return auth_error(call, ERR_INTERNAL, "MissingConfiguration",
				  "The server has no keys: see POSTERN_KEYS.");
	TRY(read_body(call));
	TRY(check_lengths(call));
	TRY(enter(call));
	return auth_of(call)->route->run(call);
}

/* Nothing is planned, so nothing is rendered. */
static struct err *
render(struct call *call)
{
	return auth_error(call, ERR_INTERNAL, "InternalServerError",
			  "Nothing to answer");
}

const struct api auth_api = {
	.name = "auth",
	.offline = true,
	.open = true,
	.plan = plan,
	.render = render,
	.fail = auth_fail,
};
