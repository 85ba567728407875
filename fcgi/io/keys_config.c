/* Rings as the settings describe them. */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "core/jwt_config.h"
#include "io/keys_key.h"

static struct err *
bad(struct arena *a, const char *what)
{
	return err_new(a, ERR_INTERNAL, JWT_SETTING ": %s", what);
}

/* ---- the setting's key ---- */

static void
free_pkey(void *p)
{
	EVP_PKEY_free(p);
}

static EVP_PKEY *
read_certificate(BIO *bio)
{
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *pkey = x509 ? X509_get_pubkey(x509) : NULL;

	X509_free(x509);
	return pkey;
}

/* A public key, by itself or in a certificate. */
static bool
read_public(struct keys_key *key, struct str text)
{
	bool is_cert = strstr(text.p, "-----BEGIN CERTIFICATE-----") != NULL;
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);

	if (!bio)
		return false;
	key->pkey = is_cert ? read_certificate(bio)
			    : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	key->is_public = true;
	BIO_free(bio);
	ERR_clear_error();
	if (key->pkey)
		arena_defer(key->own, free_pkey, key->pkey);
	return key->pkey != NULL;
}

/* NULL, or what is wrong with it. */
static const char *
read_pem(struct keys_key *key, const struct jwt_config *config)
{
	const char *wrong;

	if (strstr(config->key.p, "PRIVATE KEY-----"))
		wrong = keys_read_pem(key, config->key);
	else if (read_public(key, config->key))
		wrong = keys_pkey_accept(key);
	else
		wrong = "is neither a key in PEM nor a certificate";
	if (wrong)
		return wrong;
	if (!keys_pkey_fits(key, config->alg))
		return "is of another kind than type says";
	key->algorithm = config->alg;
	return NULL;
}

static struct err *
read_key(struct arena *a, struct keys_key *key, const struct jwt_config *config)
{
	const char *wrong = NULL;

	key->algorithm = config->alg;
	if (jwt_is_hmac(config->alg))
		key->secret = config->key;
	else
		wrong = read_pem(key, config);
	if (!wrong && !keys_key_open(key))
		wrong = "does not verify what it signs";
	return wrong ? err_new(a, ERR_INTERNAL, JWT_SETTING ": key %s", wrong)
		     : NULL;
}

/* ---- the ring ---- */

/* The ring's key of that name signs from now on, for that algorithm. */
static bool
choose(struct keys *keys, const struct keys_key *key)
{
	int i = 0;
	struct keys_key found;

	while (i < keys->n && !str_eq(keys->key[i].kid, key->kid))
		i++;
	if (i == keys->n)
		return false;
	found = keys->key[i];
	memmove(keys->key + 1, keys->key, (size_t)i * sizeof(found));
	found.algorithm = key->algorithm;
	keys->key[0] = found;
	return keys_key_open(&keys->key[0]);
}

/* It is of no use without one that signs. */
static struct err *
add_public(struct arena *a, struct keys *keys, struct keys_key *key)
{
	if (keys->n == 0)
		return bad(a, "the key is public, so nothing signs: name the "
			      "file of a private one in POSTERN_KEYS");
	keys->foreign = choose(keys, key) ? &keys->key[0] : key;
	return NULL;
}

static struct err *
add_config(struct arena *a, const struct conf *conf, struct keys *keys)
{
	struct str text = str_of(conf->jwt_secret), paths = str_of(conf->keys);
	struct keys_key *key = ARENA_NEW(keys->own, struct keys_key);
	struct jwt_config *config = ARENA_NEW(keys->own, struct jwt_config);

	TRY(jwt_config_read(keys->own, text, config));
	keys->config = config;
	key->own = keys->own;
	if (config->key.n)
		TRY(read_key(a, key, config));
	if (config->key.n && !key->is_public) {
		keys->key[keys->n++] = *key;
		keys->foreign = &keys->key[0];
	}
	TRY(keys_add_files(a, paths, keys));
	return key->is_public ? add_public(a, keys, key) : NULL;
}

/* An error that outlives the ring. */
static struct err *
end(struct arena *a, struct keys *keys, struct err *e, struct keys **ret)
{
	if (!e && keys->n == 0)
		e = err_new(a, ERR_INTERNAL,
			    "POSTERN_KEYS names no file (make a key with: "
			    "umask 077; postern key > FILE)");
	if (!e) {
		*ret = keys;
		return NULL;
	}
	e = err_new(a, e->code, "%.*s", STR_FMT(e->message));
	keys_free(keys);
	return e;
}

static struct keys *
begin(void)
{
	struct arena *own = arena_new(4096);
	struct keys *keys = ARENA_NEW(own, struct keys);

	keys->own = own;
	keys->seen = keys_seen_new();
	return keys;
}

struct err *
keys_load(struct arena *a, struct str paths, struct keys **ret)
{
	struct keys *keys = begin();

	return end(a, keys, keys_add_files(a, paths, keys), ret);
}

struct err *
keys_open(struct arena *a, const struct conf *conf, struct keys **ret)
{
	struct keys *keys;

	if (!conf->jwt_secret[0])
		return keys_load(a, str_of(conf->keys), ret);
	keys = begin();
	return end(a, keys, add_config(a, conf, keys), ret);
}

const struct jwt_config *
keys_config(const struct keys *keys)
{
	return keys->config;
}

/* ---- what is hardly meant ---- */

static void
look_at_secret(const struct jwt_config *c)
{
	if (c->key.n < jwt_hash_size(c->alg))
		log_line(LOG_WARN,
			 JWT_SETTING ": the key should have %zu bytes or more "
				     "for %s",
			 jwt_hash_size(c->alg), jwt_alg_name(c->alg));
	if (keys_key_is_guessed(c->key))
		log_line(LOG_WARN,
			 JWT_SETTING ": the key is what anybody would guess");
}

/* Claims that an engine wants and that no token of ours has. */
static void
look_at_map(const struct jwt_config *c)
{
	for (size_t i = 0; i < c->nmap; i++) {
		const char *name = c->map[i].name;

		if (!c->map[i].mapped || c->map[i].value ||
		    strcmp(name, JWT_ALLOWED) == 0 ||
		    strcmp(name, JWT_DEFAULT) == 0 ||
		    strcmp(name, "x-hasura-user-id") == 0)
			continue;
		log_line(LOG_WARN,
			 JWT_SETTING ": claims_map: \"%s\" has no default, and "
				     "tokens of ours do not have it: an engine "
				     "refuses them",
			 name);
	}
}

void
keys_look(const struct keys *keys)
{
	const struct jwt_config *c = keys->config;

	if (!c)
		return;
	if (c->unknown)
		log_line(LOG_WARN,
			 JWT_SETTING
			 ": \"%s\" is no member that it has, and is "
			 "ignored",
			 c->unknown);
	if (c->key.n && jwt_is_hmac(c->alg))
		look_at_secret(c);
	if (c->key.n == 0 && jwt_is_hmac(keys->key[0].algorithm))
		log_line(LOG_WARN,
			 JWT_SETTING ": the key that signs is a secret, which "
				     "no jwk_url tells: name a private key in "
				     "POSTERN_KEYS");
	if (keys->foreign && keys->foreign->is_public)
		log_line(LOG_WARN,
			 JWT_SETTING ": the key is the public half of none of "
				     "POSTERN_KEYS: tokens of its owner are "
				     "read, but an engine with this setting "
				     "reads none of ours");
	look_at_map(c);
}
