/*
 * Rings of keys: what they sign, and every way that we know to be given a
 * token that was not signed so.  t/04-keys.t has the files.
 */
#include "io/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/jwt.h"
#include "io/secret.h"
#include "tap.h"

#define ISSUER "https://example.org/auth"
#define BODY   "\"iss\":\"" ISSUER "\",\"sub\":\"ada\""

static char dir[] = "/tmp/postern-keys-XXXXXX";
static const int64_t now = 1800000000;
static const char secret[] = "abcdefghijklmnopqrstuvwxyz012345";

/* ---- keys ---- */

static void
write_key(const char *name, struct str text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0 ||
	    chmod(path, 0600) != 0)
		exit(1);
}

static void
make_key(struct arena *a, const char *name, const char *algorithm)
{
	struct str text = {0};

	ok(!keys_make(a, str_of(algorithm), &text), "%s: a key is made",
	   algorithm);
	write_key(name, text);
}

/* The ring of files named between blanks. */
static struct keys *
ring(struct arena *a, const char *names)
{
	struct str rest = str_of(names), paths = STR("");
	struct keys *keys = NULL;
	struct err *e;

	while (rest.n) {
		struct str name = str_cut(&rest, ' ');

		paths = arena_printf(a, "%.*s %s/%.*s", STR_FMT(paths), dir,
				     STR_FMT(name));
	}
	e = keys_load(a, paths, &keys);
	if (e) {
		printf("Bail out! %.*s\n", STR_FMT(e->message));
		exit(1);
	}
	return keys;
}

/* ---- tokens ---- */

static enum keys_verdict
judge(const struct keys *keys, struct arena *a, enum keys_kind kind,
      struct str token)
{
	struct keys_rules rules = {kind, now, STR(ISSUER), false};
	struct keys_token read;
	enum keys_verdict verdict = keys_verify(keys, a, &rules, token, &read);

	if ((verdict == KEYS_GOOD) != (read.claims != NULL) ||
	    (verdict == KEYS_GOOD) != (read.payload.p != NULL))
		printf("Bail out! claims of a token that is not good\n");
	return verdict;
}

static bool
is_good(const struct keys *keys, struct arena *a, struct str token)
{
	return judge(keys, a, KEYS_ACCESS, token) == KEYS_GOOD;
}

/* Of any header and payload, with any secret. */
static struct str
forge(struct arena *a, const char *head, const char *body, struct str key)
{
	struct str h = base64_encode(a, str_of(head));
	struct str b = base64_encode(a, str_of(body));
	struct str both = arena_printf(a, "%.*s.%.*s", STR_FMT(h), STR_FMT(b));
	struct str mac = base64_encode(a, secret_hmac(a, key, both));

	return arena_printf(a, "%.*s.%.*s", STR_FMT(both), STR_FMT(mac));
}

static struct jwt_head
head_of(struct arena *a, struct str token)
{
	struct jwt_head head = {0};
	struct jwt jwt;

	if (!jwt_split(token, &jwt) || !jwt_read_head(a, jwt.head, &head))
		printf("Bail out! a token without a header\n");
	return head;
}

/* The kid of the key that signs, as text of our own. */
static const char *
kid_of(const struct keys *keys, struct arena *a)
{
	struct str token = keys_sign(keys, a, KEYS_ACCESS, STR("{}"));

	return arena_str(a, head_of(a, token).kid).p;
}

/* ---- what is signed is good ---- */

static void
test_kinds(struct arena *a, const struct keys *keys)
{
	struct str body = STR("{" BODY ",\"exp\":1800000900}");

	for (int i = 0; i < KEYS_KINDS; i++) {
		struct str token = keys_sign(keys, a, (enum keys_kind)i, body);
		bool right = true;

		for (int k = 0; k < KEYS_KINDS; k++)
			right &= judge(keys, a, (enum keys_kind)k, token) ==
				 (i == k ? KEYS_GOOD : KEYS_BAD);
		ok(right, "kind %d passes for itself alone", i);
	}
}

/* Every bit of it, every length of it. */
static void
test_damage(struct arena *a, const struct keys *keys)
{
	struct str token = keys_sign(keys, a, KEYS_ACCESS, STR("{" BODY "}"));
	int wrong = 0;

	ok(is_good(keys, a, token), "a token is good");
	for (size_t i = 0; i < token.n * 8; i++) {
		struct arena *b = arena_new(4096);
		struct str copy = arena_str(b, token);

		((char *)copy.p)[i / 8] ^= (char)(1 << i % 8);
		wrong += judge(keys, b, KEYS_ACCESS, copy) != KEYS_BAD;
		arena_free(b);
	}
	ok(wrong == 0, "... and bad with any bit flipped");
	for (size_t n = 0; n < token.n; n++) {
		struct arena *b = arena_new(4096);

		wrong += is_good(keys, b, str_sub(token, 0, n)) ||
			 is_good(keys, b, str_sub(token, token.n - n, n));
		arena_free(b);
	}
	ok(wrong == 0, "... and cut anywhere");
	ok(is_good(keys, a, token), "... and good after all that");
}

static void
test_algorithm(struct arena *a, const char *name)
{
	struct keys *keys = ring(a, name);
	struct str token = keys_sign(keys, a, KEYS_ACCESS, STR("{" BODY "}"));
	struct str reset = keys_sign(keys, a, KEYS_RESET, STR("{" BODY "}"));

	is(str_of(keys_algorithm(keys)), str_of(name), "its algorithm");
	is(head_of(a, token).alg, str_of(name), "the algorithm of its tokens");
	is(head_of(a, token).typ, STR("at+jwt"), "their type");
	is(head_of(a, reset).alg, STR("HS256"), "another kind is HS256");
	is(head_of(a, reset).typ, STR("reset+jwt"), "... with a type");
	is(head_of(a, reset).kid, head_of(a, token).kid, "... and one kid");
	test_kinds(a, keys);
	test_damage(a, keys);
	keys_free(keys);
}

/* RFC 8037, appendix A: a key, its thumbprint, its signature. */
static void
test_rfc8037(struct arena *a)
{
	struct keys *keys;
	struct str jwks;

	write_key("rfc8037",
		  STR("-----BEGIN PRIVATE KEY-----\n"
		      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7"
		      "rAMcrn9g\n-----END PRIVATE KEY-----\n"));
	keys = ring(a, "rfc8037");
	is(str_of(kid_of(keys, a)),
	   STR("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
	   "the thumbprint of RFC 8037");
	jwks = keys_jwks(keys, a);
	is(jwks,
	   STR("{\"keys\":[{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":"
	       "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"kid\":"
	       "\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\",\"alg\":"
	       "\"EdDSA\",\"use\":\"sig\"}]}"),
	   "and its public key, no more");
	keys_free(keys);
}

/* The member of a key of the set, or "". */
static struct str
member(json_object *key, const char *name)
{
	json_object *o = json_get(key, name);

	return o ? json_str(o) : STR("");
}

static void
test_jwks(struct arena *a)
{
	struct keys *keys = ring(a, "HS256 ES256 RS256");
	json_object *o = NULL, *list, *ec, *rsa;
	struct str text;

	ok(!json_read(a, keys_jwks(keys, a), &o), "the set of keys is JSON");
	list = json_get(o, "keys");
	ok(json_object_array_length(list) == 2,
	   "the secret is not in it, the others are");
	ec = json_object_array_get_idx(list, 0);
	rsa = json_object_array_get_idx(list, 1);
	ok(json_object_object_length(ec) == 7 &&
		   json_object_object_length(rsa) == 6,
	   "with their public members alone");
	text = arena_printf(a,
			    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\","
			    "\"y\":\"%.*s\"}",
			    STR_FMT(member(ec, "x")), STR_FMT(member(ec, "y")));
	is(member(ec, "kid"), base64_encode(a, secret_sha256(a, text)),
	   "P-256 has its thumbprint");
	ok(member(ec, "x").n == 43 && member(ec, "y").n == 43,
	   "... and coordinates of full length");
	text = arena_printf(a,
			    "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%.*s\"}",
			    STR_FMT(member(rsa, "n")));
	is(member(rsa, "kid"), base64_encode(a, secret_sha256(a, text)),
	   "RSA has its thumbprint");
	keys_free(keys);
	keys = ring(a, "HS256");
	is(keys_jwks(keys, a), STR("{\"keys\":[]}"), "secrets make no set");
	keys_free(keys);
}

/* ---- headers ---- */

/* KID is the secret's own, PUB the Ed25519 key's. */
static const struct row {
	const char *name, *head;
	bool good;
} heads[] = {
	{"the usual header",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",				   true },
	{"in another order",
	 "{\"typ\":\"at+jwt\",\"kid\":\"KID\",\"alg\":\"HS256\"}",				   true },
	{"with its whole type",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"application/at+jwt\"}",		       true },
	{"with a key's address",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\","
	 "\"jku\":\"https://evil.example/\",\"x5u\":\"https://evil.example/\"}",		     true },
	{"none",			   "{\"alg\":\"none\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"None",			   "{\"alg\":\"None\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"NONE",			   "{\"alg\":\"NONE\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"nOnE",			   "{\"alg\":\"nOnE\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"hs256",			  "{\"alg\":\"hs256\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"HS512",			  "{\"alg\":\"HS512\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"an empty alg",			 "{\"alg\":\"\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"no alg",			 "{\"kid\":\"KID\",\"typ\":\"at+jwt\"}",		   false},
	{"alg 0",			  "{\"alg\":0,\"kid\":\"KID\",\"typ\":\"at+jwt\"}",	    false},
	{"alg null",		       "{\"alg\":null,\"kid\":\"KID\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"alg [HS256]",
	 "{\"alg\":[\"HS256\"],\"kid\":\"KID\",\"typ\":\"at+jwt\"}",				     false},
	{"EdDSA for a secret",
	 "{\"alg\":\"EdDSA\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",				   false},
	{"RS256 for a secret",
	 "{\"alg\":\"RS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\"}",				   false},
	{"HS256 for a public key",
	 "{\"alg\":\"HS256\",\"kid\":\"PUB\",\"typ\":\"at+jwt\"}",				   false},
	{"no kid",			 "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",		     false},
	{"an empty kid",			 "{\"alg\":\"HS256\",\"kid\":\"\",\"typ\":\"at+jwt\"}",
	 false											    },
	{"an unknown kid",
	 "{\"alg\":\"HS256\",\"kid\":\"x\",\"typ\":\"at+jwt\"}",					 false},
	{"a kid with something behind it",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\\u0000\",\"typ\":\"at+jwt\"}",			    false},
	{"a path for a kid",
	 "{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\",\"typ\":\"at+jwt\"}",		     false},
	{"SQL for a kid",
	 "{\"alg\":\"HS256\",\"kid\":\"x' union select "
	 "'KID\",\"typ\":\"at+jwt\"}",							       false},
	{"no type",			"{\"alg\":\"HS256\",\"kid\":\"KID\"}",			   false},
	{"the type JWT",			 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"JWT\"}",
	 false											    },
	{"another kind's type",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"reset+jwt\"}",				      false},
	{"crit",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\",\"crit\":["
	 "\"x\"]}",										  false},
	{"b64 false",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\",\"b64\":false}",		     false},
	{"zip",
	 "{\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+jwt\",\"zip\":"
	 "\"DEF\"}",										 false},
	{"alg twice",
	 "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"KID\",\"typ\":\"at+"
	 "jwt\"}",										   false},
	{"an array",		       "[\"HS256\"]",					    false},
	{"no JSON",			"HS256",						  false},
};

/* `text` with the first `from` replaced. */
static const char *
with(struct arena *a, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		return text;
	return arena_printf(a, "%.*s%s%s", (int)(at - text), text, to,
			    at + strlen(from))
		.p;
}

static void
test_heads(struct arena *a, const struct keys *keys, const char *pub)
{
	const char *kid = kid_of(keys, a);

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const char *head = with(a, heads[i].head, "KID", kid);
		struct str token, bare;

		head = with(a, head, "PUB", pub);
		token = forge(a, head, "{" BODY "}", STR(secret));
		ok(is_good(keys, a, token) == heads[i].good,
		   "%s, signed with the secret: %s", heads[i].name,
		   heads[i].good ? "good" : "bad");
		bare = str_sub(token, 0, token.n - 43);
		ok(!is_good(keys, a, bare), "... not signed at all: bad");
		ok(!is_good(keys, a, str_sub(bare, 0, bare.n - 1)),
		   "... and without the last full stop");
		ok(!is_good(keys, a,
			    forge(a, head, "{" BODY "}",
				  STR("somebody else's secret, long"))),
		   "... signed with another secret: bad");
	}
}

/* What everybody knows of a public key is no secret to sign with. */
static void
test_confusion(struct arena *a, const char *name)
{
	struct keys *keys = ring(a, name);
	json_object *o = NULL, *key;
	const char *head, *members[] = {"x", "n", "kid"};

	ok(!json_read(a, keys_jwks(keys, a), &o), "%s: a public key", name);
	key = json_object_array_get_idx(json_get(o, "keys"), 0);
	head = with(a, heads[0].head, "KID", kid_of(keys, a));
	for (size_t i = 0; i < 3; i++) {
		struct str text = member(key, members[i]), raw = {0};

		if (!text.n)
			continue;
		ok(!is_good(keys, a, forge(a, head, "{" BODY "}", text)),
		   "HS256 with its %s as the secret", members[i]);
		ok(base64_decode(a, text, &raw) &&
			   !is_good(keys, a, forge(a, head, "{" BODY "}", raw)),
		   "... in bytes");
		for (int kind = 1; kind < KEYS_KINDS; kind++)
			ok(judge(keys, a, (enum keys_kind)kind,
				 forge(a,
				       with(a, head, "at+jwt",
					    "verification+jwt"),
				       "{" BODY ",\"exp\":1900000000}", raw)) ==
				   KEYS_BAD,
			   "... nor for another kind");
	}
	keys_free(keys);
}

/* ---- signatures ---- */

/* The third part replaced. */
static struct str
signed_with(struct arena *a, struct str token, struct str signature)
{
	struct jwt jwt = {0};

	jwt_split(token, &jwt);
	return arena_printf(a, "%.*s.%.*s", STR_FMT(jwt.signed_part),
			    STR_FMT(signature));
}

static void
test_spare_bits(struct arena *a, const struct keys *keys, struct str token)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				      "nopqrstuvwxyz0123456789-_";
	int good = 0;

	for (size_t i = 0; i < 64; i++) {
		struct str copy = arena_str(a, token);

		((char *)copy.p)[copy.n - 1] = letters[i];
		good += is_good(keys, a, copy);
	}
	ok(good == 1, "one last letter is right, not all with its bits");
}

static void
test_texts(struct arena *a, const char *name)
{
	static const char *const tails[] = {"=",  "==", "A",   "AA",  " ",
					    "\n", ".",	"%3D", "\0x", "\t"};
	struct keys *keys = ring(a, name);
	struct str token = keys_sign(keys, a, KEYS_ACCESS, STR("{" BODY "}"));
	struct str zeros = arena_str(a, token);
	struct jwt jwt = {0};

	ok(jwt_split(token, &jwt), "%s: a token", name);
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		ok(!is_good(keys, a,
			    arena_printf(a, "%.*s%s", STR_FMT(token),
					 i == 8 ? "x" : tails[i])),
		   "with \"%s\" behind it", tails[i]);
		ok(!is_good(keys, a,
			    arena_printf(a, "%s%.*s", i == 8 ? "x" : tails[i],
					 STR_FMT(token))),
		   "... before it");
	}
	ok(!is_good(keys, a, (struct str){token.p, token.n + 1}),
	   "with a NUL behind it");
	memset((char *)zeros.p, 'A', zeros.n);
	ok(!is_good(keys, a,
		    signed_with(a, token, str_sub(zeros, 0, jwt.signature.n))),
	   "all zero");
	ok(!is_good(keys, a, signed_with(a, token, jwt.payload)),
	   "another text in its place");
	ok(!is_good(keys, a,
		    signed_with(a, token,
				arena_printf(a, "%.*s%.*s",
					     STR_FMT(jwt.signature),
					     STR_FMT(jwt.signature)))),
	   "twice");
	test_spare_bits(a, keys, token);
	keys_free(keys);
}

/* Standard base64 of the same bytes; tokens are made until one has a '-'. */
static void
test_alphabet(struct arena *a, const struct keys *keys)
{
	for (int i = 0; i < 1000; i++) {
		struct str body = arena_printf(a, "{" BODY ",\"n\":%d}", i);
		struct str token = keys_sign(keys, a, KEYS_ACCESS, body);
		struct str copy = arena_str(a, token);
		int changed = 0;

		for (size_t k = 0; k < copy.n; k++) {
			char *c = (char *)copy.p + k;

			changed += *c == '-' || *c == '_';
			*c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
		}
		if (!changed)
			continue;
		ok(is_good(keys, a, token) && !is_good(keys, a, copy),
		   "the other alphabet of base64 is refused");
		return;
	}
	ok(false, "no token had a letter that differs");
}

static void
test_sizes(struct arena *a, const struct keys *keys)
{
	char *room = arena_alloc(a, 20000);
	struct str body, token;

	for (int i = 0; i < 2; i++) {
		int n = i == 0 ? 5900 : 6100;

		memset(room, 'x', (size_t)n);
		body = arena_printf(a, "{" BODY ",\"x\":\"%.*s\"}", n, room);
		token = keys_sign(keys, a, KEYS_ACCESS, body);
		ok(i == 0 ? token.n <= JWT_MAX && is_good(keys, a, token)
			  : token.n == 0,
		   i == 0 ? "close to 8 KiB is signed and read"
			  : "above nothing is signed");
	}
	memset(room, 'x', 12000);
	body = arena_printf(a, "{" BODY ",\"x\":\"%.*s\"}", 12000, room);
	token = forge(a, with(a, heads[0].head, "KID", kid_of(keys, a)), body.p,
		      STR(secret));
	ok(token.n > 16000 && !is_good(keys, a, token),
	   "16 KiB are not read, whoever signed them");
}

/* ---- claims ---- */

static const struct claims {
	const char *body;
	enum keys_verdict access, reset;
} claims[] = {
#define EXP(n) "{" BODY ",\"exp\":" #n "}"
#define NBF(n) "{" BODY ",\"exp\":1900000000,\"nbf\":" #n "}"
#define ISS(i) "{\"iss\":" i ",\"exp\":1900000000}"
	{"{" BODY "}",				  KEYS_GOOD,	  KEYS_BAD	  },
	{EXP(1800000001),			       KEYS_GOOD,    KEYS_GOOD   },
	{EXP(1800000000),			       KEYS_GOOD,    KEYS_EXPIRED},
	{EXP(1799999999),			       KEYS_GOOD,    KEYS_EXPIRED},
	{EXP(1799999971),			       KEYS_GOOD,    KEYS_EXPIRED},
	{EXP(1799999970),			       KEYS_EXPIRED, KEYS_EXPIRED},
	{EXP(1799999969),			       KEYS_EXPIRED, KEYS_EXPIRED},
	{EXP(0),					KEYS_EXPIRED, KEYS_EXPIRED},
	{EXP(-9223372036854775808),			    KEYS_EXPIRED, KEYS_EXPIRED},
	{EXP(9223372036854775807),			   KEYS_GOOD,    KEYS_GOOD   },
	{EXP(null),				     KEYS_BAD,     KEYS_BAD    },
	{EXP("1900000000"),			     KEYS_BAD,     KEYS_BAD    },
	{EXP(1900000000.5),			     KEYS_BAD,     KEYS_BAD    },
	{EXP([1900000000]),			     KEYS_BAD,     KEYS_BAD    },
	{EXP(true),				     KEYS_BAD,     KEYS_BAD    },
	{NBF(1800000030),			       KEYS_GOOD,    KEYS_GOOD   },
	{NBF(1800000031),			       KEYS_BAD,	    KEYS_BAD    },
	{NBF(9223372036854775807),			   KEYS_BAD,     KEYS_BAD    },
	{NBF("1"),				      KEYS_BAD,     KEYS_BAD    },
	{ISS("\"" ISSUER "\""),				KEYS_GOOD,	   KEYS_GOOD   },
	{ISS("\"" ISSUER "/\""),			 KEYS_BAD,	   KEYS_BAD	   },
	{ISS("\"https://EXAMPLE.org/auth\""),	      KEYS_BAD,	KEYS_BAD	},
	{ISS("\"http://example.org/auth\""),	     KEYS_BAD,     KEYS_BAD    },
	{ISS("\"" ISSUER "\\u0000\""),		       KEYS_BAD,	 KEYS_BAD	 },
	{ISS("\"\""),				   KEYS_BAD,	KEYS_BAD	},
	{ISS("[\"" ISSUER "\"]"),			  KEYS_BAD,	    KEYS_BAD    },
	{ISS("null"),				   KEYS_BAD,	KEYS_BAD	},
	{"{\"exp\":1900000000}",			 KEYS_BAD,	   KEYS_BAD	   },
	{"{\"Iss\":\"" ISSUER "\",\"exp\":1900000000}", KEYS_BAD,	  KEYS_BAD	  },
	{"{" BODY ",\"exp\":1,\"exp\":1900000000}",	    KEYS_BAD,     KEYS_BAD    },
	{"[]",					  KEYS_BAD,	 KEYS_BAD	 },
	{"null",					KEYS_BAD,	   KEYS_BAD	   },
	{"",					    KEYS_BAD,     KEYS_BAD    },
	{"{" BODY,				      KEYS_BAD,     KEYS_BAD    },
};

static void
test_claims(struct arena *a, const struct keys *keys)
{
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct str body = str_of(claims[i].body);
		struct str access = keys_sign(keys, a, KEYS_ACCESS, body);
		struct str reset = keys_sign(keys, a, KEYS_RESET, body);

		ok(judge(keys, a, KEYS_ACCESS, access) == claims[i].access,
		   "%s", claims[i].body);
		ok(judge(keys, a, KEYS_ACCESS, access) == claims[i].access,
		   "... when it comes again");
		ok(judge(keys, a, KEYS_RESET, reset) == claims[i].reset,
		   "... in another kind");
	}
}

static void
test_time(struct arena *a, const struct keys *keys)
{
	struct keys_rules rules = {KEYS_VERIFY, now, STR(ISSUER), false};
	struct str body = STR("{" BODY ",\"exp\":1800000001}");
	struct str token = keys_sign(keys, a, KEYS_VERIFY, body);
	struct keys_token read;

	ok(keys_verify(keys, a, &rules, token, &read) == KEYS_GOOD, "good now");
	is(read.payload, body, "what was signed is given");
	is(json_str(json_get(read.claims, "sub")), STR("ada"), "and read");
	rules.now += 60;
	ok(keys_verify(keys, a, &rules, token, &read) == KEYS_EXPIRED,
	   "the same token expires");
	ok(!read.claims && !read.payload.p, "... and says nothing then");
	rules.expired_too = true;
	ok(keys_verify(keys, a, &rules, token, &read) == KEYS_GOOD,
	   "... unless an expired one will do");
	rules.issuer = STR("https://example.com/auth");
	ok(keys_verify(keys, a, &rules, token, &read) == KEYS_BAD,
	   "... from this server");
	rules.issuer = STR("");
	ok(keys_verify(keys, a, &rules, token, &read) == KEYS_BAD,
	   "... and not from nowhere");
}

/* More different tokens than are remembered, each several times. */
static void
test_many(struct arena *a, const struct keys *keys)
{
	struct arena *b = arena_new(4096);
	struct str tokens[1500];
	int wrong = 0;

	for (int i = 0; i < 1500; i++)
		tokens[i] =
			keys_sign(keys, a, KEYS_ACCESS,
				  arena_printf(a, "{" BODY ",\"n\":%d}", i));
	for (int i = 0; i < 6000; i++) {
		struct keys_rules rules = {KEYS_ACCESS, now, STR(ISSUER),
					   false};
		int n = i % 3 ? i % 1500 : i % 7;
		struct keys_token read;

		wrong += keys_verify(keys, b, &rules, tokens[n], &read) !=
				 KEYS_GOOD ||
			 json_object_get_int(json_get(read.claims, "n")) != n;
		if (i % 5 == 0)
			arena_reset(b);
	}
	ok(wrong == 0, "each of many tokens says its own");
	arena_free(b);
}

/* ---- rings ---- */

static void
test_rotation(struct arena *a, const char *old_name, const char *new_name)
{
	const char *both = arena_printf(a, "%s %s", new_name, old_name).p;
	struct keys *old = ring(a, old_name), *fresh = ring(a, new_name);
	struct keys *two = ring(a, both);
	struct str body = STR("{" BODY ",\"exp\":1900000000}");
	struct str token = keys_sign(old, a, KEYS_ACCESS, body);
	struct str reset = keys_sign(old, a, KEYS_RESET, body);
	struct str mac = keys_mac(old, a, "count", STR("x"));

	ok(is_good(two, a, token), "%s behind %s: old tokens verify", old_name,
	   new_name);
	ok(judge(two, a, KEYS_RESET, reset) == KEYS_GOOD, "... of any kind");
	ok(keys_mac_is(two, a, "count", STR("x"), mac), "... and MACs");
	is(str_of(keys_algorithm(two)), str_of(keys_algorithm(fresh)),
	   "the first one signs");
	is(str_of(kid_of(two, a)), str_of(kid_of(fresh, a)), "... by its name");
	is(keys_mac(two, a, "count", STR("x")),
	   keys_mac(fresh, a, "count", STR("x")), "... MACs too");
	token = keys_sign(two, a, KEYS_ACCESS, body);
	ok(is_good(fresh, a, token) && !is_good(old, a, token),
	   "and its tokens are its own");
	ok(!is_good(fresh, a, keys_sign(old, a, KEYS_ACCESS, body)),
	   "without the old one, its tokens are bad");
	ok(!keys_mac_is(fresh, a, "count", STR("x"), mac), "... and its MACs");
	keys_free(old);
	keys_free(fresh);
	keys_free(two);
}

static void
test_macs(struct arena *a, const struct keys *keys)
{
	struct str mac = keys_mac(keys, a, "count", STR("bytes"));
	struct str info = STR("mac count\x01");
	struct str sub = secret_hmac(a, STR(secret), info);

	is(mac, secret_hmac(a, sub, STR("bytes")),
	   "a MAC is HMAC with a key of HKDF");
	ok(keys_mac_is(keys, a, "count", STR("bytes"), mac), "it is known");
	ok(!keys_mac_is(keys, a, "refresh", STR("bytes"), mac),
	   "... for its purpose");
	ok(!keys_mac_is(keys, a, "count", STR("byte"), mac), "... and bytes");
	ok(keys_mac_is(keys, a, "count", STR("bytes"), str_sub(mac, 0, 16)),
	   "16 bytes of it are enough");
	ok(!keys_mac_is(keys, a, "count", STR("bytes"), str_sub(mac, 0, 15)),
	   "15 are not");
	ok(!keys_mac_is(keys, a, "count", STR("bytes"), str_sub(mac, 1, 20)),
	   "nor its end");
	ok(!keys_mac_is(keys, a, "count", STR("bytes"),
			arena_printf(a, "%.*sx", STR_FMT(mac))),
	   "nor more than it");
	ok(!keys_mac_is(keys, a, "count", STR("bytes"), STR("")),
	   "nothing is none");
	ok(keys_mac(keys, a, "count", (struct str){NULL, 0}).n == 32,
	   "nothing has one");
}

/* What a kind is signed with: not the secret, but what RFC 5869 makes of it. */
static void
test_subkeys(struct arena *a, const struct keys *keys)
{
	static const char *const infos[KEYS_KINDS] = {
		[KEYS_VERIFY] = "verification",
		[KEYS_RESET] = "reset",
		[KEYS_MAGIC] = "magic_link",
		[KEYS_STATE] = "state",
	};
	const char *usual = with(a, heads[0].head, "KID", kid_of(keys, a));

	for (int kind = 1; kind < KEYS_KINDS; kind++) {
		struct str type = arena_printf(a, "%s+jwt", infos[kind]);
		struct str sub =
			secret_hkdf(a, STR(secret), str_of(infos[kind]));
		const char *head = with(a, usual, "at+jwt", type.p);
		const char *body = "{" BODY ",\"exp\":1900000000}";

		ok(judge(keys, a, (enum keys_kind)kind,
			 forge(a, head, body, STR(secret))) == KEYS_BAD,
		   "%s: the secret itself does not sign it", infos[kind]);
		ok(judge(keys, a, (enum keys_kind)kind,
			 forge(a, head, body, sub)) == KEYS_GOOD,
		   "... its sub-key does");
		ok(!is_good(keys, a, forge(a, usual, body, sub)),
		   "... and does not sign access");
	}
}

/* More purposes than are kept. */
static void
test_purposes(struct arena *a, const struct keys *keys)
{
	struct str macs[40];
	bool right = true;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 40; i++) {
			const char *name = arena_printf(a, "purpose %d", i).p;
			struct str mac = keys_mac(keys, a, name, STR("x"));

			if (round == 0)
				macs[i] = mac;
			right &= mac.n == 32 && str_eq(mac, macs[i]) &&
				 (i == 0 || !str_eq(mac, macs[i - 1]));
		}
	ok(right, "any number of purposes has MACs of its own");
}

static void
clean_up(void)
{
	static const char *const names[] = {"HS256",   "EdDSA", "ES256",
					    "ES384",   "ES512", "RS256",
					    "rfc8037", "made"};
	char path[200];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void
test_all(struct arena *a)
{
	struct keys *keys = ring(a, "HS256 EdDSA"), *ed = ring(a, "EdDSA");

	test_heads(a, keys, kid_of(ed, a));
	test_alphabet(a, keys);
	test_sizes(a, keys);
	test_claims(a, keys);
	test_time(a, keys);
	test_many(a, keys);
	test_macs(a, keys);
	test_subkeys(a, keys);
	test_purposes(a, keys);
	keys_free(keys);
	keys_free(ed);
}

int
main(void)
{
	static const char *const names[] = {"HS256", "EdDSA", "ES256",
					    "ES384", "ES512", "RS256"};
	const int n = sizeof(names) / sizeof(names[0]);
	struct arena *a = arena_new(1024);

	if (!mkdtemp(dir))
		return 1;
	write_key("HS256", STR(secret));
	make_key(a, "made", "HS256");
	for (int i = 1; i < n; i++)
		make_key(a, names[i], names[i]);
	for (int i = 0; i < n; i++) {
		test_algorithm(a, names[i]);
		test_texts(a, names[i]);
		test_rotation(a, names[i], i ? names[i - 1] : "made");
	}
	for (int i = 1; i < n; i++)
		test_confusion(a, names[i]);
	test_rfc8037(a);
	test_jwks(a);
	test_all(a);
	clean_up();
	arena_free(a);
	return done();
}
