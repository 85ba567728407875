/*
 * Rings with HASURA_GRAPHQL_JWT_SECRET: what signs, what is told of it, and
 * which tokens of others are taken.  t/04-keys.t has certificates and what is
 * refused at start.
 */
#include <errno.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "core/base64.h"
#include "core/json.h"
#include "core/jwt_config.h"
#include "io/keys.h"
#include "io/secret.h"
#include "tap.h"

#define ISSUER "https://example.org/auth"
#define SECRET \
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz!!"
#define ROLES                                                \
	"{\"x-hasura-allowed-roles\":[\"user\"],\"x-hasura-" \
	"default-role\":\"user\"}"
#define CLAIMS "\"https://hasura.io/jwt/claims\":" ROLES

static char dir[] = "/tmp/postern-keys-config-XXXXXX";
static const int64_t now = 1800000000;
static struct arena *a;

/* ---- keys ---- */

static const char *
file(const char *name, struct str text)
{
	const char *path = arena_printf(a, "%s/%s", dir, name).p;
	FILE *f = fopen(path, "we");

	if (!f || fwrite(text.p, 1, text.n, f) != text.n || fclose(f) != 0 ||
	    chmod(path, 0600) != 0)
		exit(1);
	return path;
}

/* Private ones, made once. */
static struct made {
	const char *algorithm, *path;
	struct str text, public;
} made[] = {
	{.algorithm = "HS256"}, {.algorithm = "EdDSA"}, {.algorithm = "ES256"},
	{.algorithm = "ES384"}, {.algorithm = "ES512"}, {.algorithm = "RS256"},
};

static struct str
public_half(struct str text)
{
	BIO *from = BIO_new_mem_buf(text.p, (int)text.n);
	BIO *to = BIO_new(BIO_s_mem());
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
	struct str out;
	char *p;
	long n;

	if (PEM_write_bio_PUBKEY(to, pkey) != 1)
		exit(1);
	n = BIO_get_mem_data(to, &p);
	out = arena_str(a, (struct str){p, (size_t)n});
	EVP_PKEY_free(pkey);
	BIO_free(from);
	BIO_free(to);
	return out;
}

static void
make_all(void)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct made *m = &made[i];

		ok(!keys_make(a, str_of(m->algorithm), &m->text), "%s is made",
		   m->algorithm);
		m->path = file(m->algorithm, m->text);
		if (m->text.p[0] == '-')
			m->public = public_half(m->text);
	}
}

static const struct made *
made_of(const char *algorithm)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (strcmp(made[i].algorithm, algorithm) == 0)
			return &made[i];
	exit(1);
}

/* The setting with a key as it stands in JSON. */
static const char *
setting(const char *type, struct str key, const char *more)
{
	struct buf b = buf_new(64 * 1024);
	const char *text;

	buf_json(&b, key);
	text = arena_printf(a, "{\"type\":\"%s\",\"key\":%.*s%s}", type,
			    STR_FMT(buf_str(&b)), more)
		       .p;
	buf_free(&b);
	return text;
}

static struct err *
try_ring(const char *secret, const char *paths, struct keys **ret)
{
	struct conf conf = {.jwt_secret = secret, .keys = paths};

	*ret = NULL;
	return keys_open(a, &conf, ret);
}

static struct keys *
ring(const char *secret, const char *paths)
{
	struct keys *keys;
	struct err *e = try_ring(secret, paths, &keys);

	if (!e)
		return keys;
	printf("Bail out! %s\n", e->message.p);
	exit(1);
}

/* ---- tokens ---- */

static struct keys_token read_;

static enum keys_verdict
judge(const struct keys *keys, struct str token)
{
	struct keys_rules rules = {KEYS_ACCESS, now, STR(ISSUER), false};

	return keys_verify(keys, a, &rules, token, &read_);
}

static struct str
own_token(const struct keys *keys)
{
	return keys_sign(
		keys, a, KEYS_ACCESS,
		STR("{\"iss\":\"" ISSUER "\",\"sid\":\"s\"," CLAIMS "}"));
}

static struct str
forge(const char *head, const char *body, struct str key)
{
	struct str h = base64_encode(a, str_of(head));
	struct str b = base64_encode(a, str_of(body));
	struct str both = arena_printf(a, "%.*s.%.*s", STR_FMT(h), STR_FMT(b));
	struct str mac = base64_encode(a, secret_hmac(a, key, both));

	return arena_printf(a, "%.*s.%.*s", STR_FMT(both), STR_FMT(mac));
}

static struct jwt_head
head_of(struct str token)
{
	struct jwt_head head = {0};
	struct jwt jwt;

	if (!jwt_split(token, &jwt) || !jwt_read_head(a, jwt.head, &head))
		printf("Bail out! a token without a header\n");
	return head;
}

/* ---- what signs ---- */

static const struct {
	const char *type, *key, *alg; /* by the algorithm of its file */
	size_t signature;
} types[] = {
	{"HS256",	  NULL,	"HS256", 43 },
	  {"HS384",   NULL,	  "HS384", 64 },
	{"HS512",	  NULL,	"HS512", 86 },
	  {"RS256",   "RS256", "RS256", 342},
	{"RS384",	  "RS256", "RS384", 342},
	  {"RS512",   "RS256", "RS512", 342},
	{"ES256",	  "ES256", "ES256", 86 },
	  {"ES384",   "ES384", "ES384", 128},
	{"ES512",	  "ES512", "ES512", 176},
	  {"Ed25519", "EdDSA", "EdDSA", 86 },
};

static void
test_signs(const struct keys *keys, const char *alg, size_t signature)
{
	struct str token = own_token(keys);
	struct jwt jwt = {0};

	is(head_of(token).alg, str_of(alg), "the algorithm of its tokens");
	is(str_of(keys_algorithm(keys)), str_of(alg), "... and of the ring");
	ok(jwt_split(token, &jwt) && jwt.signature.n == signature,
	   "a signature of that length");
	ok(judge(keys, token) == KEYS_GOOD && !read_.foreign, "read as ours");
	((char *)token.p)[token.n - 3] ^= 1;
	ok(judge(keys, token) == KEYS_BAD, "and bad with a bit flipped");
}

/* The first key is told with its algorithm, unless it is a secret. */
static void
test_set(const struct keys *keys, const char *alg)
{
	json_object *o = NULL, *first;

	ok(!json_read(a, keys_jwks(keys, a), &o), "the set of keys");
	first = json_object_array_get_idx(json_get(o, "keys"), 0);
	if (alg[0] == 'H')
		ok(!first, "is empty");
	else
		is(json_str(json_get(first, "alg")), str_of(alg), "has it");
}

static void
test_types(void)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct made *m =
			types[i].key ? made_of(types[i].key) : NULL;
		struct str text = m ? m->text : STR(SECRET);
		struct keys *keys = ring(setting(types[i].type, text, ""), "");

		test_signs(keys, types[i].alg, types[i].signature);
		test_set(keys, types[i].alg);
		keys_free(keys);
		if (!m)
			continue;
		/* The public half chooses among files, wherever it is. */
		keys = ring(setting(types[i].type, m->public, ""),
			    arena_printf(a, "%s %s", made_of("HS256")->path,
					 m->path)
				    .p);
		test_signs(keys, types[i].alg, types[i].signature);
		test_set(keys, types[i].alg);
		keys_free(keys);
	}
}

/* What signed before still reads. */
static void
test_files(void)
{
	const char *path = made_of("HS256")->path;
	struct keys *old = ring("", path);
	struct keys *keys = ring(SECRET, path);

	ok(judge(keys, own_token(old)) == KEYS_GOOD, "files verify as before");
	is(str_of(keys_algorithm(keys)), STR("HS256"), "the setting signs");
	ok(judge(old, own_token(keys)) == KEYS_BAD, "... with its own key");
	keys_free(keys);
	keys = ring(made_of("HS256")->text.p, path);
	ok(judge(old, own_token(keys)) == KEYS_GOOD &&
		   judge(keys, own_token(old)) == KEYS_GOOD,
	   "the key of a file may be the setting's: it is the same one");
	keys_free(keys);
	keys_free(old);
}

/* ---- tokens of others ---- */

#define HS	"{\"alg\":\"HS256\"}"
#define C(more) "{" CLAIMS more "}"

static const struct {
	const char *head, *body, *more; /* of the setting */
	enum keys_verdict verdict;
} others[] = {
	{HS,					  C(""),			     "",			    KEYS_GOOD	 },
	{"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",	C(""),			       "",				   KEYS_GOOD   },
	{"{\"alg\":\"HS256\",\"typ\":\"jwt\"}",	C(""),			       "",				   KEYS_GOOD   },
	{"{\"alg\":\"HS256\",\"kid\":\"theirs\"}",	   C(""),				  "",			      KEYS_GOOD   },
	{"{\"alg\":\"HS256\",\"typ\":\"reset+jwt\"}", C(""),			     "",				 KEYS_BAD	 },
	{"{\"alg\":\"HS256\",\"typ\":7}",		  C(""),				 "",			     KEYS_BAD    },
	{"{\"alg\":\"none\"}",			       C(""),			      "",				  KEYS_BAD	  },
	{"{\"alg\":\"HS384\"}",			C(""),			       "",				   KEYS_BAD	   },
	{"{\"alg\":\"hs256\"}",			C(""),			       "",				   KEYS_BAD	   },
	{"{\"typ\":\"JWT\"}",			      C(""),			     "",				 KEYS_BAD	 },
	{"{\"alg\":\"HS256\",\"crit\":[]}",	    C(""),				   "",			       KEYS_BAD    },
	{HS,					  "{}",			      "",			    KEYS_BAD    },
	{HS,					  C(",\"sid\":\"s\""),		  "",			      KEYS_BAD    },
	{HS,					  C(",\"sid\":null"),		 "",			     KEYS_BAD    },
	{HS,					  C(",\"exp\":1800000001"),	       "",				   KEYS_GOOD   },
	{HS,					  C(",\"exp\":1799999971"),	       "",				   KEYS_GOOD   },
	{HS,					  C(",\"exp\":1799999970"),	       "",				   KEYS_EXPIRED},
	{HS,					  C(",\"exp\":1799999999"),	       ",\"allowed_skew\":0",	      KEYS_EXPIRED},
	{HS,					  C(",\"exp\":1799999901"),	       ",\"allowed_skew\":100",	KEYS_GOOD	 },
	{HS,					  C(",\"exp\":1799999900"),	       ",\"allowed_skew\":100",	KEYS_EXPIRED},
	{HS,					  C(",\"exp\":1800000009.5"),	 "",			     KEYS_GOOD   },
	{HS,					  C(",\"exp\":1e300"),		  "",			      KEYS_GOOD   },
	{HS,					  C(",\"exp\":-1e300"),		   "",			       KEYS_EXPIRED},
	{HS,					  C(",\"exp\":\"1900000000\""),	   "",			       KEYS_BAD    },
	{HS,					  C(",\"exp\":null"),		 "",			     KEYS_BAD    },
	{HS,					  C(",\"nbf\":1800000030"),	       "",				   KEYS_GOOD   },
	{HS,					  C(",\"nbf\":1800000031"),	       "",				   KEYS_BAD	   },
	{HS,					  C(",\"nbf\":1800000001"),	       ",\"allowed_skew\":0",	      KEYS_BAD    },
	{HS,					  C(",\"nbf\":1800000100"),	       ",\"allowed_skew\":100",	KEYS_GOOD	 },
	{HS,					  C(",\"iss\":\"x\",\"aud\":\"y\""), "",			    KEYS_GOOD   },
	{HS,					  C(""),			     ",\"issuer\":\"i\"",		 KEYS_GOOD	  },
	{HS,					  C(",\"iss\":\"i\""),		  ",\"issuer\":\"i\"",	       KEYS_GOOD	},
	{HS,					  C(",\"iss\":\"j\""),		  ",\"issuer\":\"i\"",	       KEYS_BAD    },
	{HS,					  C(",\"iss\":[\"i\"]"),		    ",\"issuer\":\"i\"",		 KEYS_BAD	 },
	{HS,					  C(",\"iss\":\"" ISSUER "\""),	   ",\"issuer\":\"i\"",		KEYS_BAD	},
	{HS,					  C(""),			     ",\"audience\":\"b\"",	   KEYS_BAD	   },
	{HS,					  C(",\"aud\":\"b\""),		  ",\"audience\":\"b\"",	 KEYS_GOOD	  },
	{HS,					  C(",\"aud\":\"c\""),		  ",\"audience\":\"b\"",	 KEYS_BAD	 },
	{HS,					  C(",\"aud\":[]"),		       ",\"audience\":\"b\"",	      KEYS_BAD    },
	{HS,					  C(",\"aud\":[\"c\",\"b\"]"),	  ",\"audience\":[\"a\",\"b\"]",
	 KEYS_GOOD														  },
	{HS,					  C(",\"aud\":[\"c\",7]"),	      ",\"audience\":[\"a\",\"b\"]", KEYS_BAD    },
};

static void
test_others(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct keys *keys =
			ring(setting("HS256", STR(SECRET), others[i].more), "");
		struct str token =
			forge(others[i].head, others[i].body, STR(SECRET));
		struct str wrong =
			forge(others[i].head, others[i].body,
			      STR("another secret that is as long as that"));

		for (int again = 0; again < 2; again++) {
			ok(judge(keys, token) == others[i].verdict, "%s %s %s",
			   others[i].head, others[i].body, others[i].more);
			ok(read_.foreign == (others[i].verdict == KEYS_GOOD),
			   "... is somebody else's");
		}
		ok(judge(keys, wrong) == KEYS_BAD, "... or nobody's");
		keys_free(keys);
	}
}

/* Only the setting's key is others' as well. */
static void
test_files_are_ours(void)
{
	const struct made *m = made_of("HS256");
	struct keys *keys = ring(SECRET, m->path), *none = ring("", m->path);

	ok(judge(keys, forge(HS, C(""), m->text)) == KEYS_BAD,
	   "the key of a file signs for nobody else");
	ok(judge(none, forge(HS, C(""), m->text)) == KEYS_BAD,
	   "... nor without the setting");
	keys_free(keys);
	keys_free(none);
	keys = ring("{\"jwk_url\":\"https://a.example\"}", m->path);
	ok(judge(keys, forge(HS, C(""), m->text)) == KEYS_BAD,
	   "... nor with one that has no key");
	ok(judge(keys, own_token(keys)) == KEYS_GOOD, "ours are read then");
	keys_free(keys);
}

/* The issuer of an engine is another one, whose public key we have. */
static void
test_issuer(const char *type, const char *algorithm)
{
	const struct made *m = made_of(algorithm);
	struct keys *theirs = ring(setting(type, m->text, ""), "");
	struct keys *keys =
		ring(setting(type, m->public, ""), made_of("HS256")->path);
	json_object *o = NULL;

	ok(judge(keys, own_token(keys)) == KEYS_GOOD && !read_.foreign,
	   "%s: ours are ours", type);
	is(str_of(keys_algorithm(keys)), STR("HS256"), "... signed by a file");
	ok(judge(keys, keys_sign(theirs, a, KEYS_ACCESS, STR(C("")))) ==
			   KEYS_GOOD &&
		   read_.foreign,
	   "theirs are others'");
	ok(judge(keys, own_token(theirs)) == KEYS_GOOD && read_.foreign,
	   "... whatever they call a session");
	ok(judge(keys, keys_sign(theirs, a, KEYS_RESET, STR(C("")))) ==
		   KEYS_BAD,
	   "another kind of theirs is nothing");
	ok(judge(keys, forge(HS, C(""), m->public)) == KEYS_BAD,
	   "the text of their key is no secret");
	ok(!json_read(a, keys_jwks(keys, a), &o) &&
		   json_object_array_length(json_get(o, "keys")) == 0,
	   "and is not told as ours");
	keys_free(keys);
	keys_free(theirs);
}

/* The form reaches whoever reads a token, and the cache. */
static void
test_normal(void)
{
	struct keys *keys = ring(
		setting("HS256", STR(SECRET),
			",\"claims_namespace_path\":\"$.a\",\"issuer\":\"i\""),
		"");
	struct str token =
		keys_sign(keys, a, KEYS_ACCESS,
			  STR("{\"iss\":\"i\",\"sid\":\"s\",\"a\":" ROLES "}"));

	for (int again = 0; again < 2; again++) {
		ok(judge(keys, token) == KEYS_GOOD && !read_.foreign,
		   "a token of another form");
		is(read_.payload,
		   STR("{\"iss\":\"i\",\"sid\":\"s\",\"a\":" ROLES "," CLAIMS
		       "}"),
		   "... has its claims where they are looked for");
	}
	keys_free(keys);
}

/* ---- what does not start ---- */

static void
refused(const char *secret, const char *paths, const char *says)
{
	struct keys *keys;
	struct err *e = try_ring(secret, paths, &keys);

	ok(e && strstr(e->message.p, says), "%s (%s)", says,
	   e ? e->message.p : "nothing");
	ok(e && !strstr(e->message.p, "abcdefgh") &&
		   !strstr(e->message.p, "BEGIN"),
	   "... without the key");
	keys_free(keys);
}

static void
test_refused(void)
{
	const struct made *ec = made_of("ES256");
	struct str broken = STR("-----BEGIN PUBLIC KEY-----\nabcdefgh\n"
				"-----END PUBLIC KEY-----\n");

	refused("a-very-secret-secret", "", "less than 32");
	refused("a-very-secret-secret", ec->path, "less than 32");
	refused("", "", "POSTERN_KEYS names no file");
	refused(setting("ES256", ec->public, ""), "", "the key is public");
	refused(setting("ES384", ec->text, ""), "", "of another kind");
	refused(setting("RS256", ec->public, ""), ec->path, "of another kind");
	refused(setting("RS256", broken, ""), ec->path, "neither a key");
	refused("{\"jwk_url\":\"https://a.example\"}", "", "names no file");
	refused(SECRET, "/nowhere", "cannot be read");
}

static void
remove_all(void)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		unlink(made[i].path);
	rmdir(dir);
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	a = arena_new(64 * 1024);
	make_all();
	test_types();
	test_files();
	test_others();
	test_files_are_ours();
	test_issuer("RS512", "RS256");
	test_issuer("ES256", "ES256");
	test_issuer("Ed25519", "EdDSA");
	test_normal();
	test_refused();
	remove_all();
	arena_free(a);
	return done();
}
