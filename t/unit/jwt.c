#include "core/jwt.h"

#include "core/base64.h"
#include "tap.h"

static struct str
b64(struct arena *a, const char *text)
{
	return base64_encode(a, str_of(text));
}

static void
test_split(struct arena *a)
{
	static const char *const bad[] = {
		"",	"a",	".",	  "..",	     "a.b", "a.b.",
		"a..c", ".b.c", "a.b.c.", "a.b.c.d", "...", ".a.b.c",
	};
	struct jwt jwt;
	char *big = arena_alloc(a, 16384);

	ok(jwt_split(STR("aa.bbb.c"), &jwt), "three parts are a token");
	is(jwt.head, STR("aa"), "its head");
	is(jwt.payload, STR("bbb"), "its payload");
	is(jwt.signature, STR("c"), "its signature");
	is(jwt.signed_part, STR("aa.bbb"), "what is signed");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!jwt_split(str_of(bad[i]), &jwt), "\"%s\" is none", bad[i]);
	memset(big, 'a', 16384);
	big[10] = big[20] = '.';
	ok(jwt_split((struct str){big, JWT_MAX}, &jwt), "8 KiB are read");
	ok(!jwt_split((struct str){big, JWT_MAX + 1}, &jwt), "more is not");
	ok(!jwt_split((struct str){big, 16384}, &jwt), "16 KiB are not");
}

static const struct row {
	const char *text;
	bool good;
	const char *name;
} heads[] = {
	{"{\"alg\":\"HS256\",\"kid\":\"k\",\"typ\":\"t\"}",	    true,  "the usual"	     },
	{"{}",						     true,  "nothing said"	   },
	{" { \"alg\" : \"HS256\" } ",			      true,  "blanks in the JSON" },
	{"{\"jku\":\"http://x\",\"jwk\":{},\"x5u\":1,\"x5c\":[]}", true,
	 "keys from elsewhere, which nobody fetches"					    },
	{"{\"crit\":[\"x\"]}",				     false, "crit"		    },
	{"{\"crit\":null}",					false, "crit that is null"  },
	{"{\"b64\":false}",					false, "b64"		},
	{"{\"zip\":\"DEF\"}",				      false, "zip"		  },
	{"{\"alg\":1}",					    false, "alg as a number"	},
	{"{\"alg\":[\"HS256\"]}",				  false, "alg as an array"	  },
	{"{\"alg\":null}",					 false, "alg as null"	       },
	{"{\"kid\":{}}",					   false, "kid as an object"	  },
	{"{\"typ\":true}",					 false, "typ as true"	       },
	{"{\"alg\":\"HS256\",\"alg\":\"none\"}",			 false, "alg twice"	   },
	{"{'alg':'HS256'}",					false, "single quotes"	  },
	{"[]",						     false, "an array"		},
	{"null",						   false, "null"		      },
	{"\"alg\"",						false, "a string"	     },
	{"",						       false, "nothing"	     },
	{"{\"alg\":\"HS256\"",				     false, "half an object"     },
	{"{\"alg\":\"HS256\"} x",				  false, "something behind it"},
	{"{\"alg\":\"\xff\"}",				     false, "what is not UTF-8"	 },
};

static void
test_heads(struct arena *a)
{
	struct jwt_head head;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		ok(jwt_read_head(a, b64(a, heads[i].text), &head) ==
			   heads[i].good,
		   "%s: %s", heads[i].name,
		   heads[i].good ? "is read" : "is refused");
	ok(jwt_read_head(a, b64(a, heads[0].text), &head), "the head says");
	is(head.alg, STR("HS256"), "an algorithm");
	is(head.kid, STR("k"), "a key");
	is(head.typ, STR("t"), "a type");
	ok(jwt_read_head(a, b64(a, "{\"kid\":\"a\\u0000b\"}"), &head), "a NUL");
	is(head.kid, STR("a\0b"), "... does not end a name");
	ok(!jwt_read_head(a, STR("e30="), &head), "padding is refused");
	ok(!jwt_read_head(a, STR("e3\n0"), &head), "a line end is refused");
	ok(!jwt_read_head(a, STR("e31"), &head), "spare bits are refused");
}

static void
test_types(void)
{
	struct jwt_head head = {.typ = STR("at+jwt")};

	ok(jwt_is_type(&head, STR("at+jwt")), "a type");
	head.typ = STR("AT+JWT");
	ok(jwt_is_type(&head, STR("at+jwt")), "... in any case");
	head.typ = STR("application/at+jwt");
	ok(jwt_is_type(&head, STR("at+jwt")), "... as a media type");
	head.typ = STR("reset+jwt");
	ok(!jwt_is_type(&head, STR("at+jwt")), "another one");
	head.typ = STR("application/");
	ok(!jwt_is_type(&head, STR("at+jwt")), "none but the prefix");
	head.typ = (struct str){0};
	ok(!jwt_is_type(&head, STR("at+jwt")), "none at all");
}

static const struct times_row {
	const char *claims;
	bool good;
} times[] = {
	{"{}",			     true },
	{"{\"exp\":1,\"nbf\":-1}",	   true },
	{"{\"exp\":9223372036854775807}",  true },
	{"{\"exp\":null}",		   false},
	{"{\"exp\":\"1\"}",		    false},
	{"{\"exp\":1.5}",		  false},
	{"{\"exp\":1e3}",		  false},
	{"{\"exp\":[1]}",		  false},
	{"{\"exp\":true}",		   false},
	{"{\"exp\":99999999999999999999}", false},
	{"{\"nbf\":null}",		   false},
	{"{\"nbf\":\"now\"}",	      false},
};

static void
test_payloads(struct arena *a)
{
	struct jwt_times t;
	json_object *claims;
	struct str text;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ok(jwt_read_payload(a, b64(a, times[i].claims), &text, &claims),
		   "%s is an object", times[i].claims);
		is(text, str_of(times[i].claims), "... as it was signed");
		ok(jwt_read_times(claims, &t) == times[i].good, "... %s",
		   times[i].good ? "with good times" : "with bad times");
	}
	ok(!jwt_read_payload(a, b64(a, "[]"), &text, &claims),
	   "an array says nothing");
	ok(jwt_read_payload(a, b64(a, times[1].claims), &text, &claims) &&
		   jwt_read_times(claims, &t) && t.has_exp && t.exp == 1 &&
		   t.has_nbf && t.nbf == -1,
	   "times are read");
	ok(jwt_read_payload(a, b64(a, "{\"exp\":18446744073709551615}"), &text,
			    &claims) &&
		   (!jwt_read_times(claims, &t) || t.exp > 0),
	   "a time beyond 64 bits is not one in the past");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_split(a);
	test_heads(a);
	test_types();
	test_payloads(a);
	arena_free(a);
	return done();
}
