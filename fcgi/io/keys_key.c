#include "io/keys_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "core/base64.h"
#include "io/secret.h"

enum { MAC_MAX = 64 }; /* bytes: HS512's */

enum { DISTINCT_MIN = 8 }; /* different bytes of a secret */

static const struct str failed = {NULL, 0};

/* What a kind's key is derived for, and the type in the header. */
static const struct kind {
	struct str info, type;
} kinds[KEYS_KINDS] = {
	[KEYS_ACCESS] = {STR(""),		  STR("at+jwt")	       },
	[KEYS_VERIFY] = {STR("verification"), STR("verification+jwt")},
	[KEYS_RESET] = {STR("reset"),	      STR("reset+jwt")	      },
	[KEYS_MAGIC] = {STR("magic_link"),   STR("magic_link+jwt")	},
	[KEYS_STATE] = {STR("state"),	      STR("state+jwt")	      },
};

enum jwt_alg
keys_key_signs(const struct keys_key *key, enum keys_kind kind)
{
	return kind == KEYS_ACCESS ? key->algorithm : JWT_HS256;
}

struct str
keys_key_type(enum keys_kind kind)
{
	return kinds[kind].type;
}

/* ---- secrets ---- */

static void
wipe(void *p)
{
	const struct str *text = p;

	OPENSSL_cleanse((char *)text->p, text->n);
}

struct str
keys_key_keep(struct arena *own, size_t n)
{
	struct str *text = ARENA_NEW(own, struct str);

	*text = (struct str){arena_alloc(own, n), n};
	arena_defer(own, wipe, text);
	return *text;
}

bool
keys_key_is_guessed(struct str secret)
{
	bool seen[256] = {0};
	int distinct = 0;

	for (size_t i = 0; i < secret.n; i++) {
		distinct += !seen[(unsigned char)secret.p[i]];
		seen[(unsigned char)secret.p[i]] = true;
	}
	return distinct < DISTINCT_MIN;
}

/* The sub-key for `info`, of which no copy stays in another arena. */
static struct str
derive(const struct keys_key *key, struct str info)
{
	struct str kept = keys_key_keep(key->own, SECRET_SIZE);
	struct arena *a = arena_new(256);
	struct str sub = secret_hkdf(a, key->secret, info);

	if (sub.p) {
		memcpy((char *)kept.p, sub.p, SECRET_SIZE);
		wipe(&sub);
	}
	arena_free(a);
	return sub.p ? kept : failed;
}

/* ---- MACs, made ready once ---- */

static void
free_mac(void *p)
{
	EVP_MAC_CTX_free(p);
}

static EVP_MAC_CTX *
mac_open(struct arena *own, struct str key, enum jwt_alg alg)
{
	char digest[16];
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (!ctx)
		return NULL;
	arena_defer(own, free_mac, ctx);
	snprintf(digest, sizeof(digest), "SHA%zu", jwt_hash_size(alg) * 8);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						     digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (!key.n ||
	    EVP_MAC_init(ctx, (const unsigned char *)key.p, key.n, params) != 1)
		return NULL;
	return ctx;
}

/* Without a key the context begins anew with the one that it has. */
static struct str
mac_of(EVP_MAC_CTX *ctx, struct arena *a, struct str bytes)
{
	unsigned char *out = arena_alloc(a, MAC_MAX);
	size_t n = 0;

	if (ctx && EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(ctx, (const unsigned char *)bytes.p, bytes.n) == 1 &&
	    EVP_MAC_final(ctx, out, &n, MAC_MAX) == 1 && n >= SECRET_SIZE)
		return (struct str){(char *)out, n};
	ERR_clear_error();
	return failed;
}

/* No kind of token has a name that begins like this. */
static EVP_MAC_CTX *
purpose_open(const struct keys_key *key, struct str name)
{
	struct str info = arena_printf(key->own, "mac %.*s", STR_FMT(name));

	return mac_open(key->own, derive(key, info), JWT_HS256);
}

/* Purposes are few words of the program: the MACs of the first are kept. */
static EVP_MAC_CTX *
purpose_mac(const struct keys_key *key, struct str name)
{
	for (int i = 0; i < KEYS_PURPOSES; i++) {
		struct keys_purpose *kept = &key->purposes[i];

		if (!kept->mac) {
			kept->name = arena_str(key->own, name);
			kept->mac = purpose_open(key, name);
			return kept->mac;
		}
		if (str_eq(kept->name, name))
			return kept->mac;
	}
	return NULL;
}

/* The same for one time. */
static struct str
mac_once(const struct keys_key *key, struct arena *a, struct str name,
	 struct str bytes)
{
	struct arena *b = arena_new(256);
	struct str info = arena_printf(b, "mac %.*s", STR_FMT(name));
	struct str sub = secret_hkdf(b, key->secret, info), mac = failed;

	if (sub.p) {
		mac = secret_hmac(a, sub, bytes);
		wipe(&sub);
	}
	arena_free(b);
	return mac;
}

struct str
keys_key_mac(const struct keys_key *key, struct arena *a, const char *purpose,
	     struct str bytes)
{
	struct str name = str_of(purpose);
	EVP_MAC_CTX *ctx = purpose_mac(key, name);

	return ctx ? mac_of(ctx, a, bytes) : mac_once(key, a, name, bytes);
}

/* ---- a key made ready ---- */

static bool
open_macs(struct keys_key *key)
{
	key->purposes =
		ARENA_ARRAY(key->own, struct keys_purpose, KEYS_PURPOSES);
	for (int kind = 0; kind < KEYS_KINDS; kind++) {
		enum jwt_alg alg = keys_key_signs(key, (enum keys_kind)kind);
		struct str sub = key->secret;

		if (!jwt_is_hmac(alg))
			continue;
		if (kind != KEYS_ACCESS)
			sub = derive(key, kinds[kind].info);
		key->macs[kind] = mac_open(key->own, sub, alg);
		if (!key->macs[kind])
			return false;
	}
	return true;
}

/* Of a secret the name says nothing: it is derived like a key. */
static bool
open_kid(struct keys_key *key)
{
	struct str text;

	if (!key->pkey) {
		text = derive(key, STR("kid"));
		key->kid = str_sub(base64_encode(key->own, text), 0, 16);
		return text.n != 0;
	}
	text = arena_printf(key->own, "{%.*s}", STR_FMT(key->jwk));
	text = secret_sha256(key->own, text);
	key->kid = base64_encode(key->own, text);
	return text.n != 0;
}

static void
open_heads(struct keys_key *key)
{
	for (int kind = 0; kind < KEYS_KINDS; kind++) {
		struct str text = arena_printf(
			key->own,
			"{\"alg\":\"%s\",\"kid\":\"%.*s\",\"typ\":\"%s\"}",
			jwt_alg_name(keys_key_signs(key, (enum keys_kind)kind)),
			STR_FMT(key->kid), kinds[kind].type.p);

		text = base64_encode(key->own, text);
		key->heads[kind] =
			arena_printf(key->own, "%.*s.", STR_FMT(text));
	}
}

static bool
try_itself(const struct keys_key *key)
{
	struct arena *a = arena_new(4096);
	struct jwt jwt = {.signed_part = STR("e30.e30")};
	bool good;

	jwt.signature = keys_key_sign(key, a, KEYS_ACCESS, jwt.signed_part);
	good = jwt.signature.n && keys_key_verify(key, a, KEYS_ACCESS, &jwt);
	arena_free(a);
	return good;
}

bool
keys_key_open(struct keys_key *key)
{
	if (key->pkey && !keys_pkey_open(key))
		return false;
	if (key->is_public)
		return open_kid(key);
	if (!open_macs(key) || !open_kid(key))
		return false;
	open_heads(key);
	return try_itself(key);
}

/* ---- signatures ---- */

struct str
keys_key_sign(const struct keys_key *key, struct arena *a, enum keys_kind kind,
	      struct str bytes)
{
	struct str raw;

	if (jwt_is_hmac(keys_key_signs(key, kind)))
		raw = mac_of(key->macs[kind], a, bytes);
	else
		raw = keys_pkey_sign(key, a, bytes);
	return raw.n ? base64_encode(a, raw) : failed;
}

/* There is one text for a MAC, so it is the texts that are compared. */
bool
keys_key_verify(const struct keys_key *key, struct arena *a,
		enum keys_kind kind, const struct jwt *jwt)
{
	struct str raw = {0};

	if (jwt_is_hmac(keys_key_signs(key, kind))) {
		raw = keys_key_sign(key, a, kind, jwt->signed_part);
		return raw.n && str_same_secret(raw, jwt->signature);
	}
	return base64_decode(a, jwt->signature, &raw) &&
	       keys_pkey_verify(key, a, jwt->signed_part, raw);
}
