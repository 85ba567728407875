#include "core/jwt.h"

#include "core/base64.h"
#include "core/json.h"

static const int64_t TIME_MAX = INT64_MAX / 4;

static const char *const names[JWT_ALGS] = {
	[JWT_HS256] = "HS256", [JWT_HS384] = "HS384", [JWT_HS512] = "HS512",
	[JWT_RS256] = "RS256", [JWT_RS384] = "RS384", [JWT_RS512] = "RS512",
	[JWT_ES256] = "ES256", [JWT_ES384] = "ES384", [JWT_ES512] = "ES512",
	[JWT_EDDSA] = "EdDSA",
};

const char *
jwt_alg_name(enum jwt_alg alg)
{
	return names[alg];
}

bool
jwt_split(struct str token, struct jwt *ret)
{
	struct str rest = token;

	if (token.n == 0 || token.n > JWT_MAX)
		return false;
	ret->head = str_cut(&rest, '.');
	ret->payload = str_cut(&rest, '.');
	ret->signature = rest;
	ret->signed_part = str_sub(token, 0, ret->head.n + 1 + ret->payload.n);
	return ret->head.n && ret->payload.n && rest.n &&
	       str_find(rest, '.') == rest.n;
}

/* A part that is a JSON object. */
static bool
read_object(struct arena *a, struct str part, struct str *ret_text,
	    json_object **ret)
{
	struct str text = {0};
	json_object *o = NULL;

	if (!base64_decode(a, part, &text) || json_read(a, text, &o))
		return false;
	if (!json_object_is_type(o, json_type_object))
		return false;
	*ret_text = text;
	*ret = o;
	return true;
}

/* A member that is a string; one that is not there leaves it empty. */
static bool
read_text(json_object *o, const char *name, struct str *ret)
{
	json_object *member = json_get(o, name);

	*ret = (struct str){0};
	if (!json_has(o, name))
		return true;
	if (!json_object_is_type(member, json_type_string))
		return false;
	*ret = json_str(member);
	return true;
}

bool
jwt_read_head(struct arena *a, struct str head, struct jwt_head *ret)
{
	static const char *const refused[] = {"crit", "b64", "zip"};
	json_object *o = NULL;
	struct str text;

	if (!read_object(a, head, &text, &o))
		return false;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (json_has(o, refused[i]))
			return false;
	return read_text(o, "alg", &ret->alg) &&
	       read_text(o, "kid", &ret->kid) && read_text(o, "typ", &ret->typ);
}

bool
jwt_is_type(const struct jwt_head *head, struct str want)
{
	struct str prefix = STR("application/");
	struct str typ = head->typ;

	if (typ.n > prefix.n &&
	    str_eq_nocase(str_sub(typ, 0, prefix.n), prefix))
		typ = str_sub(typ, prefix.n, typ.n);
	return str_eq_nocase(typ, want);
}

bool
jwt_read_payload(struct arena *a, struct str payload, struct str *ret,
		 json_object **ret_claims)
{
	return read_object(a, payload, ret, ret_claims);
}

/* Whole or not, cut to what a clock may say. */
static int64_t
cut_time(double value)
{
	if (value >= (double)TIME_MAX)
		return TIME_MAX;
	return value <= -(double)TIME_MAX ? -TIME_MAX : (int64_t)value;
}

/* What has no value is 0. */
static bool
read_time(json_object *o, const char *name, bool any, int64_t *ret)
{
	json_object *member = json_get(o, name);

	*ret = 0;
	if (json_object_is_type(member, json_type_int))
		*ret = json_object_get_int64(member);
	else if (any && json_object_is_type(member, json_type_double))
		*ret = cut_time(json_object_get_double(member));
	else
		return !json_has(o, name);
	return true;
}

static bool
read_times(json_object *claims, bool any, struct jwt_times *ret)
{
	ret->has_exp = json_has(claims, "exp");
	ret->has_nbf = json_has(claims, "nbf");
	return read_time(claims, "exp", any, &ret->exp) &&
	       read_time(claims, "nbf", any, &ret->nbf);
}

bool
jwt_read_times(json_object *claims, struct jwt_times *ret)
{
	return read_times(claims, false, ret);
}

bool
jwt_read_any_times(json_object *claims, struct jwt_times *ret)
{
	return read_times(claims, true, ret);
}

static bool
is_one_of(struct str name, const struct str *any, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, any[i]))
			return true;
	return false;
}

bool
jwt_is_for(json_object *claims, const struct str *any, size_t n)
{
	json_object *aud = json_get(claims, "aud");

	if (!json_object_is_type(aud, json_type_array))
		return is_one_of(json_str(aud), any, n);
	for (size_t i = 0; i < json_object_array_length(aud); i++)
		if (is_one_of(json_str(json_object_array_get_idx(aud, i)), any,
			      n))
			return true;
	return false;
}
