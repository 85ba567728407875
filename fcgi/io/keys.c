#include "io/keys.h"

#include "core/base64.h"
#include "core/json.h"
#include "core/jwt_form.h"
#include "io/keys_key.h"

enum { MAC_MIN = 16 };

void
keys_free(struct keys *keys)
{
	if (!keys)
		return;
	keys_seen_free(keys->seen);
	arena_free(keys->own);
}

const char *
keys_algorithm(const struct keys *keys)
{
	return jwt_alg_name(keys->key[0].algorithm);
}

/* ---- tokens ---- */

/* "head." "body" "." "signature": printf is slow where it matters. */
static struct str
join(struct arena *a, struct str head, struct str body, struct str signature)
{
	size_t both = head.n + body.n;
	char *p = arena_alloc(a, both + 1 + signature.n + 1);

	memcpy(p, head.p, head.n);
	memcpy(p + head.n, body.p, body.n);
	if (!signature.n)
		return (struct str){p, both};
	p[both] = '.';
	memcpy(p + both + 1, signature.p, signature.n);
	return (struct str){p, both + 1 + signature.n};
}

struct str
keys_sign(const struct keys *keys, struct arena *a, enum keys_kind kind,
	  struct str payload)
{
	const struct keys_key *key = &keys->key[0];
	struct str body = base64_encode(a, payload);
	struct str both = join(a, key->heads[kind], body, STR(""));
	struct str signature = keys_key_sign(key, a, kind, both);
	struct str token;

	if (!signature.n)
		return (struct str){0};
	token = join(a, key->heads[kind], body, signature);
	return token.n <= JWT_MAX ? token : (struct str){0};
}

/* Whose header is it, to the byte?  That of a token of ours is. */
static const struct keys_key *
find_head(const struct keys *keys, enum keys_kind kind, struct str token)
{
	for (int i = 0; i < keys->n; i++)
		if (str_starts(token, keys->key[i].heads[kind]))
			return &keys->key[i];
	return NULL;
}

/* The header as others may have written it. */
static const struct keys_key *
read_head(const struct keys *keys, struct arena *a, enum keys_kind kind,
	  struct str text)
{
	struct jwt_head head;

	if (!jwt_read_head(a, text, &head) ||
	    !jwt_is_type(&head, keys_key_type(kind)))
		return NULL;
	for (int i = 0; i < keys->n; i++) {
		const struct keys_key *key = &keys->key[i];
		enum jwt_alg algorithm = keys_key_signs(key, kind);

		if (str_eq(head.kid, key->kid) &&
		    str_eq(head.alg, str_of(jwt_alg_name(algorithm))))
			return key;
	}
	return NULL;
}

/*
 * One that somebody else may have written: it is the setting's algorithm that
 * counts, whatever the key is called.
 */
static bool
is_foreign(const struct keys *keys, struct arena *a, enum keys_kind kind,
	   struct str text)
{
	const struct keys_key *key = keys->foreign;
	struct jwt_head head;

	return kind == KEYS_ACCESS && key && jwt_read_head(a, text, &head) &&
	       str_eq(head.alg, str_of(jwt_alg_name(key->algorithm))) &&
	       (head.typ.n == 0 || jwt_is_type(&head, STR("JWT")) ||
		jwt_is_type(&head, keys_key_type(kind)));
}

static bool
is_issuer(json_object *claims, struct str issuer)
{
	json_object *iss = NULL;

	return json_object_object_get_ex(claims, "iss", &iss) &&
	       json_object_is_type(iss, json_type_string) &&
	       str_eq(issuer,
		      (struct str){json_object_get_string(iss),
				   (size_t)json_object_get_string_len(iss)});
}

/* The setting's issuer is that of access tokens. */
static bool
is_ours(const struct keys *keys, const struct keys_rules *rules,
	json_object *claims)
{
	const struct jwt_config *config = keys->config;

	return is_issuer(claims, rules->issuer) ||
	       (rules->kind == KEYS_ACCESS && config && config->issuer.n &&
		is_issuer(claims, config->issuer));
}

/* The clock is moved instead of the claims, which may be any number. */
static enum keys_verdict
judge(const struct keys *keys, const struct keys_rules *rules,
      json_object *claims)
{
	int64_t leeway = rules->kind == KEYS_ACCESS ? KEYS_LEEWAY : 0;
	struct jwt_times t;

	if (!jwt_read_times(claims, &t) || !is_ours(keys, rules, claims))
		return KEYS_BAD;
	if (!t.has_exp && rules->kind != KEYS_ACCESS)
		return KEYS_BAD;
	if (t.has_nbf && t.nbf > rules->now + KEYS_LEEWAY)
		return KEYS_BAD;
	if (t.has_exp && t.exp <= rules->now - leeway && !rules->expired_too)
		return KEYS_EXPIRED;
	return KEYS_GOOD;
}

/* As engines do: with the setting's leeway, audiences and issuer. */
static enum keys_verdict
judge_foreign(const struct keys *keys, const struct keys_rules *rules,
	      json_object *claims)
{
	const struct jwt_config *c = keys->config;
	int64_t leeway = c->skew >= 0 ? c->skew : KEYS_LEEWAY;
	struct jwt_times t;

	if (!jwt_read_any_times(claims, &t) ||
	    (c->naudience && !jwt_is_for(claims, c->audience, c->naudience)) ||
	    (c->issuer.n && json_has(claims, "iss") &&
	     !is_issuer(claims, c->issuer)))
		return KEYS_BAD;
	if (t.has_nbf && t.nbf > rules->now + leeway)
		return KEYS_BAD;
	if (t.has_exp && t.exp <= rules->now - leeway && !rules->expired_too)
		return KEYS_EXPIRED;
	return KEYS_GOOD;
}

/* A token as it is being read. */
struct reading {
	const struct keys *keys;
	struct arena *a;
	enum keys_kind kind;
	struct jwt jwt;
	struct jwt_payload payload;
};

static bool
is_signed(struct reading *r, const struct keys_key *key)
{
	return keys_key_verify(key, r->a, r->kind, &r->jwt) &&
	       jwt_read_payload(r->a, r->jwt.payload, &r->payload.text,
				&r->payload.claims);
}

/*
 * Signed with the setting's key, and in its form.  One with a session is ours,
 * if we could have signed it, and then it has another header.
 */
static bool
read_foreign(struct reading *r)
{
	const struct keys_key *key = r->keys->foreign;

	return is_signed(r, key) &&
	       (key->is_public || !json_has(r->payload.claims, "sid")) &&
	       jwt_normal(r->a, r->keys->config, false, &r->payload);
}

static bool
read_own(struct reading *r, const struct keys_key *key)
{
	const struct jwt_config *config = r->keys->config;

	return is_signed(r, key) &&
	       (r->kind != KEYS_ACCESS || !config || config->plain ||
		jwt_normal(r->a, config, true, &r->payload));
}

/* Is it signed by us, or with the setting's key?  Then what it says. */
static bool
read_token(const struct keys *keys, struct arena *a, enum keys_kind kind,
	   struct str token, struct keys_token *ret)
{
	struct reading r = {.keys = keys, .a = a, .kind = kind};
	const struct keys_key *key;

	if (keys_seen_find(keys->seen, a, kind, token, ret))
		return true;
	if (!jwt_split(token, &r.jwt))
		return false;
	key = find_head(keys, kind, token);
	if (!key)
		key = read_head(keys, a, kind, r.jwt.head);
	ret->foreign = !key && is_foreign(keys, a, kind, r.jwt.head);
	if (key ? !read_own(&r, key) : !ret->foreign || !read_foreign(&r))
		return false;
	ret->claims = r.payload.claims;
	ret->payload = r.payload.text;
	keys_seen_add(keys->seen, kind, token, ret);
	return true;
}

enum keys_verdict
keys_verify(const struct keys *keys, struct arena *a,
	    const struct keys_rules *rules, struct str token,
	    struct keys_token *ret)
{
	struct keys_token read = {0};
	enum keys_verdict verdict;

	*ret = read;
	if (!read_token(keys, a, rules->kind, token, &read))
		return KEYS_BAD;
	verdict = read.foreign ? judge_foreign(keys, rules, read.claims)
			       : judge(keys, rules, read.claims);
	if (verdict == KEYS_GOOD)
		*ret = read;
	return verdict;
}

/* ---- MACs for other purposes ---- */

struct str
keys_mac(const struct keys *keys, struct arena *a, const char *purpose,
	 struct str bytes)
{
	return keys_key_mac(&keys->key[0], a, purpose, bytes);
}

bool
keys_mac_is(const struct keys *keys, struct arena *a, const char *purpose,
	    struct str bytes, struct str mac)
{
	if (mac.n < MAC_MIN)
		return false;
	for (int i = 0; i < keys->n; i++) {
		struct str ours =
			keys_key_mac(&keys->key[i], a, purpose, bytes);

		if (ours.n >= mac.n &&
		    str_same_secret(str_sub(ours, 0, mac.n), mac))
			return true;
	}
	return false;
}

struct str
keys_jwks(const struct keys *keys, struct arena *a)
{
	struct str list = STR("");

	for (int i = 0; i < keys->n; i++) {
		const struct keys_key *key = &keys->key[i];

		if (!key->jwk.n)
			continue;
		list = arena_printf(a,
				    "%.*s%s{%.*s,\"kid\":\"%.*s\","
				    "\"alg\":\"%s\",\"use\":\"sig\"}",
				    STR_FMT(list), list.n ? "," : "",
				    STR_FMT(key->jwk), STR_FMT(key->kid),
				    jwt_alg_name(key->algorithm));
	}
	return arena_printf(a, "{\"keys\":[%.*s]}", STR_FMT(list));
}
