#include "io/caller.h"

#include <time.h>

#include "core/json.h"
#include "core/url.h"
#include "io/keys.h"

#define CLAIMS "https://hasura.io/jwt/claims"

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

/* The role that the request asks for, or the token's first choice. */
static struct err *
choose_role(struct call *call, json_object *claims)
{
	struct str wanted = call->request.hasura_role;
	json_object *allowed = json_get(claims, "x-hasura-allowed-roles");

	if (wanted.n == 0)
		wanted = json_str(json_get(claims, "x-hasura-default-role"));
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (!str_eq(str_of(roles[i].name), wanted) ||
		    !is_allowed(allowed, wanted))
			continue;
		call->caller.role = roles[i].name;
		call->caller.runs_as = roles[i].runs_as;
		return NULL;
	}
	return err_new(call->arena, ERR_FORBIDDEN,
		       "The role is none of the token's.");
}

/* Made for us; and with an end, unless ours have none. */
static bool
is_for_us(const struct call *call, json_object *claims)
{
	const struct conf *conf = call->request.conf;

	return str_eq(json_str(json_get(claims, "aud")),
		      str_of(conf->base_url)) &&
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
	TRY(read_claims(call, &token));
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
