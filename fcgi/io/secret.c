#include "io/secret.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static const struct str failed = {NULL, 0};

struct str
secret_random(struct arena *a, size_t n)
{
	unsigned char *out = arena_alloc(a, n + 1);

	if (n > INT_MAX || RAND_bytes(out, (int)n) != 1)
		return failed;
	return (struct str){(char *)out, n};
}

struct str
secret_sha256(struct arena *a, struct str bytes)
{
	unsigned char *out = arena_alloc(a, SECRET_SIZE + 1);
	unsigned int n = 0;

	if (EVP_Digest(bytes.p, bytes.n, out, &n, EVP_sha256(), NULL) != 1 ||
	    n != SECRET_SIZE)
		return failed;
	return (struct str){(char *)out, n};
}

/* OpenSSL takes no key of NULL, and the length of one is an int. */
struct str
secret_hmac(struct arena *a, struct str key, struct str bytes)
{
	unsigned char *out = arena_alloc(a, SECRET_SIZE + 1);
	unsigned int n = 0;

	if (!key.p || key.n == 0 || key.n > INT_MAX)
		return failed;
	if (!HMAC(EVP_sha256(), key.p, (int)key.n,
		  (const unsigned char *)bytes.p, bytes.n, out, &n) ||
	    n != SECRET_SIZE)
		return failed;
	return (struct str){(char *)out, n};
}

/* Of one block: then the expansion is a MAC of the purpose and a 1. */
struct str
secret_hkdf(struct arena *a, struct str key, struct str info)
{
	struct str block = arena_printf(a, "%.*s\x01", STR_FMT(info));

	return secret_hmac(a, key, block);
}

struct str
secret_hex(struct arena *a, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *out, *p;

	if (!bytes.p)
		return failed;
	out = p = arena_alloc(a, bytes.n * 2 + 1);
	for (size_t i = 0; i < bytes.n; i++) {
		*p++ = digits[(unsigned char)bytes.p[i] >> 4];
		*p++ = digits[bytes.p[i] & 15];
	}
	return (struct str){out, bytes.n * 2};
}
