#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/base64.h"
#include "io/keys_key.h"
#include "io/secret.h"

static struct str
make_secret(struct arena *a)
{
	struct str bytes = secret_random(a, SECRET_SIZE);

	return bytes.p ? base64_encode(a, bytes) : bytes;
}

/* PKCS #8 in PEM; empty when there is no key. */
static struct str
pem_of(struct arena *a, EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	struct str text = {0};
	char *p = NULL;
	long n = 0;

	if (pkey && bio &&
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL,
					  NULL) == 1)
		n = BIO_get_mem_data(bio, &p);
	if (n > 1) /* without the last line end */
		text = arena_str(a, (struct str){p, (size_t)n - 1});
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return text;
}

static struct str
make_ed(struct arena *a)
{
	return pem_of(a, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

static struct str
make_256(struct arena *a)
{
	return pem_of(a, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static struct str
make_384(struct arena *a)
{
	return pem_of(a, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"));
}

static struct str
make_521(struct arena *a)
{
	return pem_of(a, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"));
}

static struct str
make_rsa(struct arena *a)
{
	return pem_of(
		a, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEYS_RSA_MIN));
}

/* What a file alone says; the longer hashes are a setting's to ask for. */
static struct str (*const makers[JWT_ALGS])(struct arena *) = {
	[JWT_HS256] = make_secret, [JWT_EDDSA] = make_ed,
	[JWT_ES256] = make_256,	   [JWT_ES384] = make_384,
	[JWT_ES512] = make_521,	   [JWT_RS256] = make_rsa,
};

struct err *
keys_make(struct arena *a, struct str algorithm, struct str *ret)
{
	for (int i = 0; i < JWT_ALGS; i++) {
		const char *name = jwt_alg_name((enum jwt_alg)i);

		if (!makers[i] || !str_eq(algorithm, str_of(name)))
			continue;
		*ret = makers[i](a);
		return ret->n ? NULL
			      : err_new(a, ERR_INTERNAL,
					"no key could be made");
	}
	return err_new(a, ERR_INTERNAL,
		       "there is no algorithm \"%.*s\": say HS256, EdDSA, "
		       "ES256, ES384, ES512 or RS256",
		       STR_FMT(algorithm));
}
