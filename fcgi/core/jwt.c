#include "core/jwt.h"

#include "core/base64.h"
#include "core/json.h"

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

static bool
read_time(json_object *o, const char *name, bool *ret_has, int64_t *ret)
{
	json_object *member = json_get(o, name);

	*ret_has = json_has(o, name);
	*ret = 0;
	if (!*ret_has)
		return true;
	if (!json_object_is_type(member, json_type_int))
		return false;
	*ret = json_object_get_int64(member);
	return true;
}

bool
jwt_read_times(json_object *claims, struct jwt_times *ret)
{
	return read_time(claims, "exp", &ret->has_exp, &ret->exp) &&
	       read_time(claims, "nbf", &ret->has_nbf, &ret->nbf);
}
