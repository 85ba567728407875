#include "core/jwt_form.h"

#include "core/json.h"

/* Where our own subject stands when somebody else's has taken its place. */
#define SUBJECT	 "sub"
#define IDENTITY "identity_id"

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

/* As long as the arena lives. */
static json_object *
keep(struct arena *a, json_object *o)
{
	if (o)
		arena_defer(a, put_object, json_object_get(o));
	return o;
}

static struct str
text_of(struct arena *a, json_object *o)
{
	size_t n = 0;
	const char *p = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	return arena_str(a, (struct str){p, n});
}

static json_object *
new_text(struct str text)
{
	return json_object_new_string_len(text.p, (int)text.n);
}

/* ---- ours in the setting's form ---- */

/* Paths may lead to the first of the roles: it is the one by itself. */
static json_object *
order_roles(json_object *claims)
{
	json_object *from = json_get(claims, JWT_ALLOWED);
	json_object *first = json_get(claims, JWT_DEFAULT);
	json_object *to = json_object_new_array();

	json_object_array_add(to, json_object_get(first));
	for (size_t i = 0; from && i < json_object_array_length(from); i++) {
		json_object *role = json_object_array_get_idx(from, i);

		if (!json_object_equal(role, first))
			json_object_array_add(to, json_object_get(role));
	}
	return to;
}

static bool
uses_subject(const struct jwt_path *path)
{
	return path->n && path->steps[0].name &&
	       strcmp(path->steps[0].name, SUBJECT) == 0;
}

/* What a member is called from now on. */
static void
rename_member(json_object *o, const char *from, const char *to)
{
	json_object *value = json_get(o, from);

	if (!value)
		return;
	json_object_object_add(o, to, json_object_get(value));
	json_object_object_del(o, from);
}

static void
clear_subject(const struct jwt_config *c, json_object *o)
{
	bool used = !c->map && uses_subject(&c->claims);

	for (size_t i = 0; c->map && i < c->nmap; i++)
		used |= c->map[i].mapped && uses_subject(&c->map[i].path);
	if (used)
		rename_member(o, SUBJECT, IDENTITY);
}

/* What an engine takes from its own setting need not be in a token. */
static bool
put_map(const struct jwt_config *c, json_object *o, json_object *claims)
{
	for (size_t i = 0; i < c->nmap; i++) {
		const struct jwt_claim *claim = &c->map[i];
		json_object *value = json_get(claims, claim->name);

		if (claim->mapped && value &&
		    !jwt_path_put(&claim->path, o, value))
			return false;
	}
	return true;
}

static bool
put_claims(struct arena *a, const struct jwt_config *c, json_object *o,
	   json_object *claims)
{
	json_object *text;

	if (c->map)
		return put_map(c, o, claims);
	if (!c->stringified)
		return jwt_path_put(&c->claims, o, claims);
	text = new_text(text_of(a, claims));
	arena_defer(a, put_object, text);
	return jwt_path_put(&c->claims, o, text);
}

/* Ours stays the first. */
static void
put_audience(const struct jwt_config *c, json_object *o)
{
	struct str ours = json_str(json_get(o, "aud"));
	json_object *all = json_object_new_array();

	json_object_array_add(all, new_text(ours));
	for (size_t i = 0; i < c->naudience; i++)
		if (!str_eq(c->audience[i], ours))
			json_object_array_add(all, new_text(c->audience[i]));
	json_object_object_add(o, "aud", all);
}

struct str
jwt_form(struct arena *a, const struct jwt_config *config, struct str payload)
{
	json_object *o = NULL, *claims;

	if (json_read(a, payload, &o))
		return (struct str){0};
	claims = keep(a, json_get(o, JWT_NAMESPACE));
	json_object_object_del(o, JWT_NAMESPACE);
	json_object_object_add(claims, JWT_ALLOWED, order_roles(claims));
	if (config->issuer.n)
		json_object_object_add(o, "iss", new_text(config->issuer));
	if (config->naudience)
		put_audience(config, o);
	clear_subject(config, o);
	return put_claims(a, config, o, claims) ? text_of(a, o)
						: (struct str){0};
}

/* ---- any in the normal form ---- */

static bool
has_prefix(const char *name)
{
	struct str prefix = STR(JWT_PREFIX);

	return str_eq_nocase(str_sub(str_of(name), 0, prefix.n), prefix);
}

static const char *
small_letters(struct arena *a, const char *name)
{
	char *out = (char *)arena_str(a, str_of(name)).p;

	for (char *c = out; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return out;
}

/* Those of an object that are session variables, each one once. */
static json_object *
lower(struct arena *a, json_object *from)
{
	json_object *to = new_object(a);

	json_object_object_foreach(from, name, value)
	{
		const char *small = small_letters(a, name);

		if (!has_prefix(name))
			continue;
		if (json_has(to, small))
			return NULL;
		json_object_object_add(to, small, json_object_get(value));
	}
	return to;
}

/* By claims_map; NULL when one is nowhere that an engine asks for. */
static json_object *
find_map(struct arena *a, const struct jwt_config *c, bool ours, json_object *o)
{
	json_object *to = new_object(a);

	for (size_t i = 0; i < c->nmap; i++) {
		const struct jwt_claim *claim = &c->map[i];
		json_object *value =
			claim->mapped ? jwt_path_get(&claim->path, o) : NULL;

		if (!value)
			value = claim->value;
		if (!value && !ours)
			return NULL;
		if (value)
			json_object_object_add(to, claim->name,
					       json_object_get(value));
	}
	return to;
}

static json_object *
find_claims(struct arena *a, const struct jwt_config *c, bool ours,
	    json_object *o)
{
	json_object *found;

	if (c->map)
		return find_map(a, c, ours, o);
	found = jwt_path_get(&c->claims, o);
	if (c->stringified && (!json_object_is_type(found, json_type_string) ||
			       json_read(a, json_str(found), &found)))
		return NULL;
	return json_object_is_type(found, json_type_object) ? lower(a, found)
							    : NULL;
}

static bool
are_good(json_object *claims)
{
	if (!json_has(claims, JWT_ALLOWED) || !json_has(claims, JWT_DEFAULT))
		return false;
	json_object_object_foreach(
		claims, name,
		value) if (!jwt_is_claim(name, value)) return false;
	return true;
}

bool
jwt_normal(struct arena *a, const struct jwt_config *config, bool ours,
	   struct jwt_payload *payload)
{
	json_object *claims = find_claims(a, config, ours, payload->claims);
	json_object *to;

	if (!claims || !are_good(claims))
		return ours;
	to = new_object(a);
	json_object_object_foreach(payload->claims, name, value)
	{
		json_object_object_add(to, name, json_object_get(value));
	}
	if (ours)
		rename_member(to, IDENTITY, SUBJECT);
	json_object_object_add(to, JWT_NAMESPACE, json_object_get(claims));
	payload->claims = to;
	payload->text = text_of(a, to);
	return true;
}
