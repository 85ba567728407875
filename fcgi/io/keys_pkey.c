#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "core/base64.h"
#include "io/keys_key.h"

enum {
	SIGNATURE_MAX = 2048, /* bytes: RSA with 16384 bits */
};

static const struct str failed = {NULL, 0};

/* ---- which algorithm ---- */

/* What a key has to be; of an elliptic curve the bytes of a number as well. */
static const struct row {
	const char *type, *group, *crv;
	size_t number;
	const EVP_MD *(*digest)(void); /* NULL: it hashes for itself */
} rows[JWT_ALGS] = {
	[JWT_RS256] = {"RSA",     NULL,	    NULL,	  0,  EVP_sha256},
	[JWT_RS384] = {"RSA",     NULL,	    NULL,	  0,  EVP_sha384},
	[JWT_RS512] = {"RSA",     NULL,	    NULL,	  0,  EVP_sha512},
	[JWT_ES256] = {"EC",	     "prime256v1", "P-256",   32, EVP_sha256},
	[JWT_ES384] = {"EC",	     "secp384r1",  "P-384",   48, EVP_sha384},
	[JWT_ES512] = {"EC",	     "secp521r1",  "P-521",   66, EVP_sha512},
	[JWT_EDDSA] = {"ED25519", NULL,		"Ed25519", 32, NULL	   },
};

static bool
is_group(EVP_PKEY *pkey, const char *group)
{
	char name[64];
	size_t n = 0;

	return EVP_PKEY_get_group_name(pkey, name, sizeof(name), &n) == 1 &&
	       str_eq((struct str){name, n}, str_of(group));
}

static bool
is_row(const struct keys_key *key, const struct row *row)
{
	return row->type && EVP_PKEY_is_a(key->pkey, row->type) &&
	       (!row->group || is_group(key->pkey, row->group));
}

bool
keys_pkey_fits(const struct keys_key *key, enum jwt_alg algorithm)
{
	return is_row(key, &rows[algorithm]);
}

const char *
keys_pkey_accept(struct keys_key *key)
{
	int bits = EVP_PKEY_get_bits(key->pkey);

	key->algorithm = JWT_HS256;
	while (key->algorithm < JWT_ALGS && !is_row(key, &rows[key->algorithm]))
		key->algorithm++;
	ERR_clear_error();
	if (key->algorithm == JWT_ALGS)
		return "is neither Ed25519 nor P-256, P-384, P-521 nor RSA";
	if (key->algorithm != JWT_RS256 ||
	    (bits >= KEYS_RSA_MIN && bits <= SIGNATURE_MAX * 8))
		return NULL;
	return "is RSA with less than 2048 bits, or too many";
}

/* ---- what a key is made of ---- */

/* A number of the key in `n` bytes, or in as many as it needs (0). */
static struct str
number(struct keys_key *key, const char *name, size_t n)
{
	BIGNUM *bn = NULL;
	struct str out = failed;

	if (EVP_PKEY_get_bn_param(key->pkey, name, &bn) == 1) {
		n = n ? n : (size_t)BN_num_bytes(bn);
		out = keys_key_keep(key->own, n);
		if (BN_bn2binpad(bn, (unsigned char *)out.p, (int)n) != (int)n)
			out = failed;
	}
	BN_clear_free(bn);
	return out;
}

static struct str
number_text(struct keys_key *key, const char *name, size_t n)
{
	return base64_encode(key->own, number(key, name, n));
}

/* The two halves of an Ed25519 key. */
static struct str
raw(struct keys_key *key,
    int (*get)(const EVP_PKEY *, unsigned char *, size_t *))
{
	struct str out = keys_key_keep(key->own, 32);
	size_t n = out.n;

	return get(key->pkey, (unsigned char *)out.p, &n) == 1 && n == out.n
		       ? out
		       : failed;
}

/* RFC 7638 §3.2: the required members in the order of their names. */
static struct str
open_ed(struct keys_key *key)
{
	struct str x = raw(key, EVP_PKEY_get_raw_public_key);

	if (!key->is_public)
		key->secret = raw(key, EVP_PKEY_get_raw_private_key);
	x = base64_encode(key->own, x);
	return arena_printf(key->own,
			    "\"crv\":\"Ed25519\",\"kty\":\"OKP\","
			    "\"x\":\"%.*s\"",
			    STR_FMT(x));
}

static struct str
open_ec(struct keys_key *key)
{
	const struct row *row = &rows[key->algorithm];
	struct str x = number_text(key, OSSL_PKEY_PARAM_EC_PUB_X, row->number);
	struct str y = number_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, row->number);

	if (!key->is_public)
		key->secret =
			number(key, OSSL_PKEY_PARAM_PRIV_KEY, row->number);
	return arena_printf(key->own,
			    "\"crv\":\"%s\",\"kty\":\"EC\","
			    "\"x\":\"%.*s\",\"y\":\"%.*s\"",
			    row->crv, STR_FMT(x), STR_FMT(y));
}

static struct str
open_rsa(struct keys_key *key)
{
	struct str e = number_text(key, OSSL_PKEY_PARAM_RSA_E, 0);
	struct str n = number_text(key, OSSL_PKEY_PARAM_RSA_N, 0);

	if (!key->is_public)
		key->secret = number(key, OSSL_PKEY_PARAM_RSA_D, 0);
	return arena_printf(key->own,
			    "\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"",
			    STR_FMT(e), STR_FMT(n));
}

bool
keys_pkey_open(struct keys_key *key)
{
	const struct row *row = &rows[key->algorithm];

	if (row->group)
		key->jwk = open_ec(key);
	else
		key->jwk = row->crv ? open_ed(key) : open_rsa(key);
	ERR_clear_error();
	return key->is_public || key->secret.n != 0;
}

/* ---- of a curve: two numbers, which OpenSSL wants as DER ---- */

static void
free_pair(void *p)
{
	ECDSA_SIG_free(p);
}

static struct str
pair_of_der(struct arena *a, struct str der, size_t size)
{
	const unsigned char *p = (const unsigned char *)der.p;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	unsigned char *out = arena_alloc(a, 2 * size);
	int n = (int)size;

	if (!pair)
		return failed;
	arena_defer(a, free_pair, pair);
	if (BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, n) != n ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + size, n) != n)
		return failed;
	return (struct str){(char *)out, 2 * size};
}

static struct str
der_of_pair(struct arena *a, struct str raw_pair)
{
	const unsigned char *p = (const unsigned char *)raw_pair.p;
	int size = (int)raw_pair.n / 2, room = 2 * size + 16, n;
	unsigned char *out = arena_alloc(a, (size_t)room), *end = out;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r, *s;

	if (!pair)
		return failed;
	arena_defer(a, free_pair, pair);
	r = BN_bin2bn(p, size, NULL);
	s = BN_bin2bn(p + size, size, NULL);
	if (!r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return failed;
	}
	n = i2d_ECDSA_SIG(pair, NULL);
	if (n <= 0 || n > room || i2d_ECDSA_SIG(pair, &end) != n)
		return failed;
	return (struct str){(char *)out, (size_t)n};
}

/* ---- signatures ---- */

static void
free_digest(void *p)
{
	EVP_MD_CTX_free(p);
}

static const EVP_MD *
digest_of(const struct keys_key *key)
{
	const struct row *row = &rows[key->algorithm];

	return row->digest ? row->digest() : NULL;
}

static struct str
sign(const struct keys_key *key, struct arena *a, struct str bytes)
{
	unsigned char *out = arena_alloc(a, SIGNATURE_MAX);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGNATURE_MAX;

	if (!ctx)
		return failed;
	arena_defer(a, free_digest, ctx);
	if (EVP_DigestSignInit(ctx, NULL, digest_of(key), NULL, key->pkey) !=
		    1 ||
	    EVP_DigestSign(ctx, out, &n, (const unsigned char *)bytes.p,
			   bytes.n) != 1)
		return failed;
	return (struct str){(char *)out, n};
}

struct str
keys_pkey_sign(const struct keys_key *key, struct arena *a, struct str bytes)
{
	struct str signature = sign(key, a, bytes);

	if (signature.n && rows[key->algorithm].group)
		signature =
			pair_of_der(a, signature, rows[key->algorithm].number);
	ERR_clear_error();
	return signature;
}

static bool
verify(const struct keys_key *key, struct arena *a, struct str bytes,
       struct str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx)
		return false;
	arena_defer(a, free_digest, ctx);
	return EVP_DigestVerifyInit(ctx, NULL, digest_of(key), NULL,
				    key->pkey) == 1 &&
	       EVP_DigestVerify(ctx, (const unsigned char *)signature.p,
				signature.n, (const unsigned char *)bytes.p,
				bytes.n) == 1;
}

bool
keys_pkey_verify(const struct keys_key *key, struct arena *a, struct str bytes,
		 struct str signature)
{
	bool good;

	if (rows[key->algorithm].group) {
		if (signature.n != 2 * rows[key->algorithm].number)
			return false;
		signature = der_of_pair(a, signature);
	}
	good = signature.n && verify(key, a, bytes, signature);
	ERR_clear_error();
	return good;
}
