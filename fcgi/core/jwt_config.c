#include "core/jwt_config.h"

#include "core/json.h"
#include "core/jwt_form.h"

/* What engines call an algorithm; headers differ in the last one. */
static const char *const types[JWT_ALGS] = {
	[JWT_HS256] = "HS256",	 [JWT_HS384] = "HS384", [JWT_HS512] = "HS512",
	[JWT_RS256] = "RS256",	 [JWT_RS384] = "RS384", [JWT_RS512] = "RS512",
	[JWT_ES256] = "ES256",	 [JWT_ES384] = "ES384", [JWT_ES512] = "ES512",
	[JWT_EDDSA] = "Ed25519",
};

/* The setting as it is being read. */
struct reading {
	struct arena *a;
	json_object *o;
	struct jwt_config *config;
};

static struct err *
bad(struct reading *r, const char *what)
{
	return err_new(r->a, ERR_INTERNAL, JWT_SETTING ": %s", what);
}

/* A text that is not empty; one that is not there leaves it empty. */
static struct err *
read_text(struct reading *r, const char *name, struct str *ret)
{
	json_object *member = json_get(r->o, name);

	*ret = (struct str){0};
	if (!member)
		return NULL;
	*ret = json_str(member);
	if (ret->n == 0 || memchr(ret->p, '\0', ret->n))
		return err_new(r->a, ERR_INTERNAL,
			       JWT_SETTING ": %s must be a text, and not empty",
			       name);
	return NULL;
}

/* ---- the key ---- */

static struct err *
read_type(struct reading *r)
{
	struct str type;

	r->config->alg = JWT_ALGS;
	TRY(read_text(r, "type", &type));
	if (type.n == 0)
		return NULL;
	for (int i = 0; i < JWT_ALGS; i++)
		if (str_eq(type, str_of(types[i])))
			r->config->alg = (enum jwt_alg)i;
	return r->config->alg != JWT_ALGS
		       ? NULL
		       : bad(r, "type must be one of HS256, HS384, HS512, "
				"RS256, RS384, RS512, ES256, ES384, ES512 and "
				"Ed25519");
}

static bool
is_pem(struct str key)
{
	return strstr(key.p, "-----BEGIN ") != NULL;
}

static struct err *
check_key(struct reading *r)
{
	const struct jwt_config *c = r->config;

	if (c->alg == JWT_ALGS)
		return bad(r, "type is missing, which says what kind of key it "
			      "is");
	if (is_pem(c->key) && jwt_is_hmac(c->alg))
		return bad(r, "type says that the key is a secret, but it is "
			      "one in PEM");
	if (!is_pem(c->key) && !jwt_is_hmac(c->alg))
		return bad(r, "key must be in PEM, as type is not HS256, HS384 "
			      "or HS512");
	if (jwt_is_hmac(c->alg) && str_points(c->key) < JWT_KEY_MIN)
		return bad(r, "key has less than 32 characters");
	return NULL;
}

static struct err *
read_key(struct reading *r)
{
	struct str url;

	TRY(read_type(r));
	TRY(read_text(r, "key", &r->config->key));
	TRY(read_text(r, "jwk_url", &url));
	if (r->config->key.n && url.n)
		return bad(r, "there can be key or jwk_url, not both");
	if (r->config->key.n == 0 && url.n == 0)
		return bad(r, "there must be key or jwk_url");
	return url.n ? NULL : check_key(r);
}

/* ---- claims_map ---- */

bool
jwt_is_claim(const char *name, json_object *value)
{
	if (strcmp(name, JWT_ALLOWED) != 0)
		return json_object_is_type(value, json_type_string);
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!json_object_is_type(json_object_array_get_idx(value, i),
					 json_type_string))
			return false;
	return true;
}

static struct err *
bad_claim(struct reading *r, struct str name, const char *what)
{
	return err_new(r->a, ERR_INTERNAL,
		       JWT_SETTING ": claims_map: \"%.*s\" %s", STR_FMT(name),
		       what);
}

/* A value, or where one is. */
static struct err *
read_claim(struct reading *r, struct str name, json_object *value,
	   struct jwt_claim *ret)
{
	struct str path = json_str(json_get(value, "path"));

	ret->name = name.p;
	ret->mapped = json_object_is_type(value, json_type_object);
	ret->value = ret->mapped ? json_get(value, "default") : value;
	if (ret->mapped && !jwt_path_read(r->a, path, &ret->path))
		return bad_claim(r, name, "needs a path like $.a.b");
	if (ret->mapped && !ret->value)
		return NULL;
	if (!jwt_is_claim(ret->name, ret->value))
		return bad_claim(r, name,
				 "must be a text (of the allowed roles a list "
				 "of them), or have a path");
	return NULL;
}

static struct str
small_letters(struct arena *a, const char *name)
{
	struct str out = arena_str(a, str_of(name));

	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] >= 'A' && out.p[i] <= 'Z')
			((char *)out.p)[i] |= 0x20;
	return out;
}

static bool
has_claim(const struct jwt_config *c, const char *name)
{
	for (size_t i = 0; i < c->nmap; i++)
		if (strcmp(c->map[i].name, name) == 0)
			return true;
	return false;
}

static struct err *
read_map(struct reading *r, json_object *map)
{
	struct jwt_config *c = r->config;

	if (!json_object_is_type(map, json_type_object))
		return bad(r, "claims_map must be an object");
	c->map = ARENA_ARRAY(r->a, struct jwt_claim,
			     (size_t)json_object_object_length(map) + 1);
	json_object_object_foreach(map, member, value)
	{
		struct str name = small_letters(r->a, member);

		if (!str_starts(name, STR(JWT_PREFIX)))
			return bad_claim(r, name,
					 "does not begin with "
					 "x-hasura-");
		if (has_claim(c, name.p))
			return bad_claim(r, name, "is there twice");
		TRY(read_claim(r, name, value, &c->map[c->nmap]));
		c->nmap++;
	}
	if (!has_claim(c, JWT_ALLOWED) || !has_claim(c, JWT_DEFAULT))
		return bad(r,
			   "claims_map needs " JWT_ALLOWED " and " JWT_DEFAULT);
	return NULL;
}

/* ---- where the claims are ---- */

static void
set_namespace(struct jwt_config *c, const char *name)
{
	c->claims.n = 1;
	c->claims.steps[0] = (struct jwt_step){.name = name};
}

static struct err *
read_place(struct reading *r)
{
	struct str name, path, format;

	TRY(read_text(r, "claims_namespace", &name));
	TRY(read_text(r, "claims_namespace_path", &path));
	TRY(read_text(r, "claims_format", &format));
	if (name.n && path.n)
		return bad(r, "there can be claims_namespace or "
			      "claims_namespace_path, not both");
	if (format.n && !str_eq(format, STR("json")) &&
	    !str_eq(format, STR("stringified_json")))
		return bad(r, "claims_format must be json or stringified_json");
	r->config->stringified = str_eq(format, STR("stringified_json"));
	if (name.n)
		set_namespace(r->config, arena_str(r->a, name).p);
	if (path.n && !jwt_path_read(r->a, path, &r->config->claims))
		return bad(r, "claims_namespace_path must be like $ or $.a.b");
	return NULL;
}

static struct err *
read_claims(struct reading *r)
{
	json_object *map = json_get(r->o, "claims_map");

	TRY(read_place(r));
	return map ? read_map(r, map) : NULL;
}

/* ---- what else is checked ---- */

static struct err *
read_audience(struct reading *r)
{
	json_object *o = json_get(r->o, "audience");
	struct jwt_config *c = r->config;
	bool list = json_object_is_type(o, json_type_array);
	size_t n = list ? json_object_array_length(o) : o != NULL;

	c->audience = ARENA_ARRAY(r->a, struct str, n + 1);
	for (size_t i = 0; i < n; i++) {
		json_object *one = list ? json_object_array_get_idx(o, i) : o;

		c->audience[i] = json_str(one);
		if (c->audience[i].n == 0)
			return bad(r, "audience must be a text or a list of "
				      "texts, none of them empty");
	}
	c->naudience = n;
	return NULL;
}

static struct err *
read_skew(struct reading *r)
{
	json_object *o = json_get(r->o, "allowed_skew");

	r->config->skew = -1;
	if (!o)
		return NULL;
	r->config->skew = json_object_get_int64(o);
	if (!json_object_is_type(o, json_type_int) || r->config->skew < 0 ||
	    r->config->skew > JWT_SKEW_MAX)
		return bad(r, "allowed_skew must be a whole number of seconds "
			      "from 0 to 86400");
	return NULL;
}

/* Of the ways that tokens come to an engine, one is ours. */
static struct err *
read_header(struct reading *r)
{
	json_object *o = json_get(r->o, "header");

	if (!o || str_eq(json_str(json_get(o, "type")), STR("Authorization")))
		return NULL;
	return bad(r, "header must have the type Authorization: tokens come in "
		      "no other header or cookie here");
}

/* ---- all of it ---- */

static void
find_unknown(struct reading *r)
{
	static const char known[] =
		" type key jwk_url claims_namespace claims_namespace_path "
		"claims_format audience issuer allowed_skew claims_map header ";

	json_object_object_foreach(r->o, name, value)
	{
		struct str padded = arena_printf(r->a, " %s ", name);

		(void)value;
		if (!strstr(known, padded.p) && !r->config->unknown)
			r->config->unknown = arena_str(r->a, str_of(name)).p;
	}
}

/* Nothing but what tokens of ours are like anyway. */
static bool
is_plain(const struct jwt_config *c)
{
	return !c->map && !c->stringified && c->naudience == 0 &&
	       c->issuer.n == 0 && c->claims.n == 1 &&
	       c->claims.steps[0].name &&
	       strcmp(c->claims.steps[0].name, JWT_NAMESPACE) == 0;
}

/* With all that tokens of ours have. */
#define SAMPLE(roles, role)                                                 \
	STR("{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"sid\":\"d\","     \
	    "\"jti\":\"j\",\"iat\":1,\"nbf\":2,\"exp\":3,\"" JWT_NAMESPACE  \
	    "\":{\"" JWT_ALLOWED "\":" roles ",\"" JWT_DEFAULT "\":\"" role \
	    "\",\"x-hasura-user-id\":\"u\"}}")

/* It is put into the form, and is a good one there. */
static bool
try_sample(struct reading *r, struct str sample)
{
	struct jwt_payload p = {.text = jwt_form(r->a, r->config, sample)};

	return p.text.n && !json_read(r->a, p.text, &p.claims) &&
	       jwt_normal(r->a, r->config, true, &p) &&
	       json_has(json_get(p.claims, JWT_NAMESPACE), JWT_DEFAULT);
}

static bool
is_possible(struct reading *r)
{
	return try_sample(r, SAMPLE("[\"user\"]", "user")) &&
	       try_sample(r, SAMPLE("[\"user\",\"admin\"]", "admin"));
}

static struct err *
read_members(struct reading *r)
{
	TRY(read_key(r));
	TRY(read_claims(r));
	TRY(read_audience(r));
	TRY(read_text(r, "issuer", &r->config->issuer));
	TRY(read_skew(r));
	TRY(read_header(r));
	find_unknown(r);
	r->config->plain = is_plain(r->config);
	if (!r->config->plain && !is_possible(r))
		return bad(r, "a token cannot hold its claims where this wants "
			      "them: something else is there");
	return NULL;
}

static struct err *
read_bare(struct reading *r, struct str text)
{
	*r->config = (struct jwt_config){
		.alg = JWT_HS256,
		.key = text,
		.skew = -1,
		.plain = true,
	};
	set_namespace(r->config, JWT_NAMESPACE);
	if (!str_utf8(text))
		return bad(r, "is no text");
	return check_key(r);
}

/* Members may be on lines of their own. */
static bool
is_object(struct str text)
{
	size_t i = 0;

	while (i < text.n && strchr(" \t\r\n", text.p[i]))
		i++;
	return i < text.n && text.p[i] == '{';
}

struct err *
jwt_config_read(struct arena *a, struct str text, struct jwt_config *ret)
{
	struct reading r = {.a = a, .config = ret};
	struct json_fault fault;

	text = arena_str(a, text);
	if (!is_object(text))
		return read_bare(&r, text);
	*ret = (struct jwt_config){0};
	set_namespace(ret, JWT_NAMESPACE);
	if (!json_build(a, text, &r.o, &fault))
		return err_new(a, ERR_INTERNAL,
			       JWT_SETTING ": this is no JSON: %s, line %zu "
					   "column %zu",
			       fault.reason, fault.line, fault.column);
	return read_members(&r);
}
