#include "io/secret.h"

#include "tap.h"

static struct str
repeat(struct arena *a, char c, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memset(p, c, n);
	return (struct str){p, n};
}

/* FIPS 180-4 and RFC 4231 have these. */
static void
test_vectors(struct arena *a)
{
	is(secret_hex(a, secret_sha256(a, STR("abc"))),
	   STR("ba7816bf8f01cfea414140de5dae2223"
	       "b00361a396177a9cb410ff61f20015ad"),
	   "SHA-256 of three bytes");
	is(secret_hex(a, secret_sha256(a, (struct str){NULL, 0})),
	   STR("e3b0c44298fc1c149afbf4c8996fb924"
	       "27ae41e4649b934ca495991b7852b855"),
	   "SHA-256 of nothing");
	is(secret_hex(a, secret_hmac(a, repeat(a, 0x0b, 20), STR("Hi There"))),
	   STR("b0344c61d8db38535ca8afceaf0bf12b"
	       "881dc200c9833da726e9376c2e32cff7"),
	   "HMAC-SHA256, first test case");
	is(secret_hex(a, secret_hmac(a, STR("Jefe"),
				     STR("what do ya want for nothing?"))),
	   STR("5bdcc146bf60754e6a042426089575c7"
	       "5a003f089d2739839dec58b964ec3843"),
	   "HMAC-SHA256, second test case");
	is(secret_hex(a,
		      secret_hmac(a, repeat(a, (char)0xaa, 131),
				  STR("Test Using Larger Than Block-Size Key - "
				      "Hash Key First"))),
	   STR("60e431591ee0b67f0d8a26aacbf5b77f"
	       "8e0bc6213728c5140546040f0ee37f54"),
	   "HMAC-SHA256, a key longer than a block");
}

/* RFC 5869, test case 1: the first block of what it expands to. */
static void
test_hkdf(struct arena *a)
{
	struct str prk =
		STR("\x07\x77\x09\x36\x2c\x2e\x32\xdf\x0d\xdc\x3f\x0d\xc4\x7b"
		    "\xba\x63\x90\xb6\xc7\x3b\xb5\x0f\x9c\x31\x22\xec\x84\x4a"
		    "\xd7\xc2\xb3\xe5");
	struct str info = STR("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");

	is(secret_hex(a, secret_hkdf(a, prk, info)),
	   STR("3cb25f25faacd57a90434f64d0362f2a"
	       "2d2d0a90cf1a5a4c5db02d56ecc4c5bf"),
	   "HKDF-Expand, a block of 32 bytes");
}

static void
test_random(struct arena *a)
{
	struct str x = secret_random(a, 32), y = secret_random(a, 32);

	ok(x.p && x.n == 32 && y.n == 32, "as many bytes as were asked for");
	ok(!str_eq(x, y), "and others the next time");
	ok(secret_random(a, 0).p != NULL, "none are no failure");
	ok(!secret_random(a, (size_t)1 << 31).p, "too many are one");
}

static void
test_failures(struct arena *a)
{
	struct str none = {NULL, 0};

	ok(!secret_hmac(a, none, STR("x")).p, "there is no MAC without a key");
	ok(!secret_hkdf(a, none, STR("x")).p, "nor a key made of none");
	ok(!secret_hex(a, none).p, "a failure stays one in hexadecimal");
	is(secret_hex(a, STR("\x00\xff\x1a")), STR("00ff1a"), "hexadecimal");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_vectors(a);
	test_hkdf(a);
	test_random(a);
	test_failures(a);
	arena_free(a);
	return done();
}
