#include "io/caller.h"

#include <time.h>

#include "core/json.h"
#include "core/jwt_config.h"
#include "core/url.h"
#include "io/keys.h"

#define CLAIMS JWT_NAMESPACE

/* What tokens call a role, and what the database does. */
static const struct role {
	const char *name, *runs_as;
} roles[] = {
	{"user",	 "postern_member"},
	{"admin", "postern_admin" },
};

struct str
caller_issuer(struct arena *a, const struct conf *conf)
{
	struct str base = str_of(conf->base_url), path = STR("/auth");
	char *text = arena_alloc(a, base.n + path.n + 1);

	memcpy(text, base.p, base.n);
	memcpy(text + base.n, path.p, path.n);
	return (struct str){text, base.n + path.n};
}

/* ---- the token ---- */

static struct err *
unauthorized(struct call *call, const char *why)
{
	struct err *e = err_new(call->arena, ERR_UNAUTHORIZED, "%s", why);

	e->type = STR("invalid_token");
	return e;
}

/* The header's token; {NULL, 0} when it is another scheme's, or absent. */
static struct str
bearer(const struct request *r)
{
	struct str all = str_trim(r->authorization), want = STR("Bearer");
	struct str left = str_sub(all, want.n, all.n);
	struct str token = str_trim(left);

	if (!str_eq_nocase(str_sub(all, 0, want.n), want) ||
	    (left.n && left.n == token.n))
		return (struct str){0};
	return token.n ? token : STR("");
}

static struct str
cookie(const struct request *r, int *ret_times)
{
	return http_cookie(r->cookie, STR(CALLER_COOKIE), ret_times);
}

bool
caller_has_token(const struct request *r)
{
	int times;

	return bearer(r).p || cookie(r, &times).n;
}

static struct err *
find_token(struct call *call, struct str *ret)
{
	int times;

	*ret = bearer(&call->request);
	if (ret->p)
		return NULL;
	*ret = cookie(&call->request, &times);
	call->caller.by_cookie = ret->n > 0;
	if (times > 1)
		return unauthorized(call, "The cookie was sent twice.");
	if (ret->n == 0)
		*ret = (struct str){0};
	return NULL;
}

/* ---- its claims ---- */

static void
put_object(void *o)
{
	json_object_put(o);
}

static json_object *
new_object(struct arena *a)
{
	json_object *o = json_object_new_object();

	arena_defer(a, put_object, o);
	return o;
}

static bool
is_allowed(json_object *list, struct str name)
{
	if (!json_object_is_type(list, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (str_eq(json_str(json_object_array_get_idx(list, i)), name))
			return true;
	return false;
}

static bool
take_role(struct caller *c, struct str name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (!str_eq(str_of(roles[i].name), name))
			continue;
		c->role = roles[i].name;
		c->runs_as = roles[i].runs_as;
		return true;
	}
	return false;
}

/* The role that the request asks for, or the token's first choice. */
static struct str
wanted_role(const struct call *call, json_object *claims)
{
	struct str wanted = call->request.hasura_role;

	return wanted.n ? wanted : json_str(json_get(claims, JWT_DEFAULT));
}

static struct err *
no_role(struct call *call)
{
	return err_new(call->arena, ERR_FORBIDDEN,
		       "The role is none of the token's.");
}

static struct err *
choose_role(struct call *call, json_object *claims)
{
	struct str wanted = wanted_role(call, claims);

	return is_allowed(json_get(claims, JWT_ALLOWED), wanted) &&
			       take_role(&call->caller, wanted)
		       ? NULL
		       : no_role(call);
}

/* Made for us; and with an end, unless ours have none. */
static bool
is_for_us(const struct call *call, json_object *claims)
{
	const struct conf *conf = call->request.conf;
	struct str base = str_of(conf->base_url);

	return jwt_is_for(claims, &base, 1) &&
	       (conf->token_ttl == 0 || json_has(claims, "exp"));
}

static struct err *
read_claims(struct call *call, const struct keys_token *token)
{
	struct caller *c = &call->caller;

	if (!is_for_us(call, token->claims))
		return unauthorized(call, "The token is not valid.");

	c->identity = json_str(json_get(token->claims, "sub"));
	c->session = json_str(json_get(token->claims, "sid"));
	if (!str_is_uuid(c->identity) || !str_is_uuid(c->session))
		return unauthorized(call, "The token is not valid.");
	c->claims = token->payload;
	TRY(choose_role(call, json_get(token->claims, CLAIMS)));
	c->known = true;
	return NULL;
}

/* The key of the setting vouches for what a token of others says. */
static struct err *
read_foreign(struct call *call, const struct keys_token *token)
{
	json_object *claims = json_get(token->claims, CLAIMS);
	json_object *session = new_object(call->arena);
	struct str role = wanted_role(call, claims);
	bool by_cookie = call->caller.by_cookie;

	if (!is_allowed(json_get(claims, JWT_ALLOWED), role))
		return no_role(call);
	json_object_object_foreach(claims, name, value)
	{
		json_object_object_add(session, name, json_object_get(value));
	}
	json_object_object_del(session, JWT_ALLOWED);
	json_object_object_del(session, JWT_DEFAULT);
	json_object_object_add(session, "x-hasura-role",
			       json_object_new_string_len(role.p, (int)role.n));
	TRY(caller_vouch(call, session));
	call->caller.by_cookie = by_cookie;
	return NULL;
}

/* ---- the browser ---- */

/* Where we are called localhost, so are the pages of who develops them. */
static bool
is_ours(const struct request *r)
{
	struct str base = str_of(r->conf->base_url);

	return url_is_origin(r->origin, base) ||
	       url_origin_in(r->origin, str_of(r->conf->origins)) ||
	       (url_is_local(base) && url_is_local(r->origin) &&
		url_is_origin(r->origin, r->origin));
}

bool
caller_is_foreign(const struct request *r)
{
	if (str_eq(r->fetch_site, STR("same-origin")))
		return false;
	if (r->origin.n)
		return !is_ours(r);
	return r->fetch_site.n && !str_eq(r->fetch_site, STR("none"));
}

static bool
is_safe(struct str method)
{
	return str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")) ||
	       str_eq(method, STR("OPTIONS"));
}

/*
 * Cross-site request forgery: a browser adds the cookie to whatever any page
 * makes it send.
 */
static struct err *
check_origin(struct call *call)
{
	const struct request *r = &call->request;

	if (!call->caller.by_cookie || is_safe(r->method))
		return NULL;
	if (!str_eq(r->fetch_site, STR("same-origin")) && !is_ours(r))
		return err_new(call->arena, ERR_FORBIDDEN,
			       "With the cookie, requests must come from an "
			       "allowed origin.");
	if ((r->body.n || r->body_cut) && !http_is_json(r->content_type))
		return err_new(call->arena, ERR_FORBIDDEN,
			       "With the cookie, bodies must be JSON.");
	return NULL;
}

static struct err *
find(struct call *call, bool expired_too)
{
	struct keys_rules rules = {
		.kind = KEYS_ACCESS,
		.now = time(NULL),
		.issuer = caller_issuer(call->arena, call->request.conf),
		.expired_too = expired_too,
	};
	struct keys_token token;
	struct str text;

	call->caller = (struct caller){0};
	TRY(find_token(call, &text));
	if (!text.p)
		return NULL;
	if (!call->request.keys)
		return unauthorized(call, "The server has no keys.");
	switch (keys_verify(call->request.keys, call->arena, &rules, text,
			    &token)) {
	case KEYS_GOOD:
		break;
	case KEYS_EXPIRED:
		return unauthorized(call, "The token has expired.");
	default:
		return unauthorized(call, "The token is not valid.");
	}
	TRY(token.foreign ? read_foreign(call, &token)
			  : read_claims(call, &token));
	return check_origin(call);
}

struct err *
caller_find(struct call *call)
{
	return find(call, false);
}

struct err *
caller_find_late(struct call *call)
{
	return find(call, true);
}

/* ---- who is vouched for ---- */

/* On purpose: a stranger who says who he is does not become another one. */
static struct err *
forbidden(struct call *call, const char *why)
{
	struct err *e = err_new(call->arena, ERR_FORBIDDEN, "%s", why);

	e->status = 403;
	return e;
}

/* In small letters, and with dashes where CGI has none. */
static const char *
variable_name(struct arena *a, struct str name)
{
	char *copy = arena_alloc(a, name.n + 1);

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
		if (c == '_')
			copy[i] = '-';
	}
	copy[name.n] = '\0';
	return copy;
}

static void
add_variable(json_object *to, const char *name, struct str value)
{
	json_object_object_add(
		to, name, json_object_new_string_len(value.p, (int)value.n));
}

/* Sentences quote it, and Postgres is told. */
static struct err *
check_name(struct call *call, const char *name)
{
	struct str text = str_of(name);

	if (text.n <= CALLER_NAME_MAX && str_utf8(text))
		return NULL;
	return err_new(call->arena, ERR_BAD_REQUEST,
		       "The name of a session variable is no text of %d bytes "
		       "at most",
		       CALLER_NAME_MAX);
}

/* Which of two is meant nobody could say. */
static struct err *
add_once(struct call *call, json_object *to, const char *name, struct str value)
{
	if (json_has(to, name))
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The session variable %s was sent twice", name);
	add_variable(to, name, value);
	return NULL;
}

/* An engine's own secret, as its clients send it: none of our events' affair.
 */
static bool
is_secret(const char *name)
{
	return strcmp(name, "x-hasura-admin-secret") == 0 ||
	       strcmp(name, "x-hasura-access-key") == 0;
}

/* What is no session variable is not ours to judge. */
static struct err *
read_variables(struct call *call, json_object *session, json_object *to)
{
	json_object_object_foreach(session, key, value)
	{
		const char *name = variable_name(call->arena, str_of(key));
		struct str text = json_str(value);

		if (!str_starts(str_of(name), STR("x-hasura-")) ||
		    is_secret(name))
			continue;
		TRY(check_name(call, name));
		if (!json_object_is_type(value, json_type_string) ||
		    text.n > CALLER_VARIABLE_MAX || memchr(text.p, 0, text.n) ||
		    !str_utf8(text))
			return err_new(call->arena, ERR_BAD_REQUEST,
				       "The session variable %s is no text "
				       "of %d bytes at most",
				       name, CALLER_VARIABLE_MAX);
		TRY(add_once(call, to, name, text));
	}
	return NULL;
}

static struct err *
vouched_role(struct call *call, json_object *variables)
{
	struct str role = json_str(json_get(variables, "x-hasura-role"));
	struct caller *c = &call->caller;

	c->known = take_role(c, role);
	if (c->known)
		return NULL;
	c->runs_as = call->request.conf->role;
	if (role.n == 0)
		add_variable(variables, "x-hasura-role", STR("anonymous"));
	else if (!str_eq(role, STR("anonymous")))
		return forbidden(call, "There is no such role.");
	return NULL;
}

struct err *
caller_vouch(struct call *call, json_object *session)
{
	json_object *claims = new_object(call->arena);
	json_object *variables = json_object_new_object();

	json_object_object_add(claims, CLAIMS, variables);
	call->caller = (struct caller){.vouched = true};
	TRY(read_variables(call, session, variables));
	TRY(vouched_role(call, variables));
	call->caller.claims = arena_str(
		call->arena, str_of(json_object_to_json_string(claims)));
	return NULL;
}

/* What of them was lost nobody could say. */
static struct err *
read_headers(struct call *call, json_object *to)
{
	const struct request *r = &call->request;
	struct str prefix = STR("HTTP_");

	if (r->nvariables > REQUEST_VARIABLES_MAX)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "There are more than %d session variables",
			       REQUEST_VARIABLES_MAX);
	for (size_t i = 0; i < r->nvariables; i++) {
		struct str cgi = r->variables[i].name;
		const char *name = variable_name(call->arena,
						 str_sub(cgi, prefix.n, cgi.n));

		TRY(check_name(call, name));
		TRY(add_once(call, to, name, r->variables[i].value));
	}
	return NULL;
}

struct err *
caller_find_remote(struct call *call)
{
	const struct request *r = &call->request;
	struct str secret = str_of(r->conf->remote_secret);
	json_object *session;

	if (secret.n == 0 || r->remote_secret.n == 0)
		return caller_find(call);
	if (!str_same_secret(r->remote_secret, secret))
		return forbidden(call, "The remote schema's secret is wrong");
	session = new_object(call->arena);
	TRY(read_headers(call, session));
	return caller_vouch(call, session);
}
