/*
 * What engines are told about tokens: every form of it, what is wrong with
 * others, and the payloads that come of it.
 */
#include "core/jwt_config.h"

#include "core/json.h"
#include "core/jwt_form.h"
#include "tap.h"

#define KEY  "\"key\":\"abcdefghijklmnopqrstuvwxyz012345\""
#define HEAD "{\"type\":\"HS256\"," KEY
#define PEM                                                          \
	"\"key\":\"-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA\\n" \
	"-----END PUBLIC KEY-----\\n\""
#define MAP                                                    \
	"\"x-hasura-allowed-roles\":{\"path\":\"$.roles\"},"   \
	"\"x-hasura-default-role\":{\"path\":\"$.roles[0]\"}," \
	"\"x-hasura-user-id\":{\"path\":\"$.sub\"}"

static struct arena *a;

/* ---- paths ---- */

static const struct {
	const char *text;
	int steps; /* -1: it is none */
	const char *document, *found;
} paths[] = {
	{"$",				   0,	 "{\"a\":1}",		      "{\"a\":1}"},
	{"$.a",				 1,  "{\"a\":1}",			"1"	   },
	{"$.a.b",			       2,  "{\"a\":{\"b\":[2]}}",	    "[2]"	 },
	{"$.a['b%c']",			  2,  "{\"a\":{\"b%c\":3}}",	 "3"	    },
	{"$.a[\"b.c\"]",			 2,  "{\"a\":{\"b.c\":4}}",	   "4"	      },
	{"$['https://a.example/b']",	     1,	"{\"https://a.example/b\":5}", "5"	  },
	{"$['it\\'s']",			 1,  "{\"it's\":6}",		   "6"	      },
	{"$['']",			       1,  "{\"\":7}",			 "7"	    },
	{"$.a[1]",			      2,  "{\"a\":[7,8]}",	       "8"	  },
	{"$.a[2]",			      2,  "{\"a\":[7,8]}",	       NULL	   },
	{"$.a.b",			       2,  "{\"a\":\"b\"}",		      NULL	  },
	{"$.a[0]",			      2,  "{\"a\":{\"0\":1}}",	   NULL       },
	{"$.b",				 1,  "{\"a\":1}",			NULL	    },
	{"$.a_b-c",			     1,  "{\"a_b-c\":9}",		"9"	   },
	{"",				    -1, NULL,			  NULL	   },
	{"a",				   -1, NULL,			  NULL	    },
	{"$a",				  -1, NULL,			  NULL	     },
	{"$.",				  -1, NULL,			  NULL	     },
	{"$..a",				-1, NULL,			   NULL       },
	{"$.*",				 -1, NULL,			  NULL	      },
	{"$[*]",				-1, NULL,			   NULL       },
	{"$[-1]",			       -1, NULL,			    NULL	},
	{"$[64]",			       -1, NULL,			    NULL	},
	{"$[0",				 -1, NULL,			  NULL	      },
	{"$['a",				-1, NULL,			   NULL       },
	{"$['a'",			       -1, NULL,			    NULL	},
	{"$['a\"]",			     -1, NULL,			      NULL	  },
	{"$['a\\",			      -1, NULL,			     NULL	 },
	{"$[",				  -1, NULL,			  NULL	     },
	{"$[]",				 -1, NULL,			  NULL	      },
	{"$.a b",			       -1, NULL,			    NULL	},
	{"$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",   16, "{}",				NULL	    },
	{"$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", -1, NULL,			  NULL	      },
};

static json_object *
json(const char *text)
{
	json_object *o = NULL;

	if (json_read(a, str_of(text), &o))
		printf("Bail out! %s\n", text);
	return o;
}

static struct str
text_of(json_object *o)
{
	return str_of(
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct jwt_path path;
		json_object *found;
		bool good = jwt_path_read(a, str_of(paths[i].text), &path);

		ok(good == (paths[i].steps >= 0), "%s: a path, or none",
		   paths[i].text);
		if (!good || paths[i].steps < 0)
			continue;
		ok((int)path.n == paths[i].steps, "... of %d steps",
		   paths[i].steps);
		found = jwt_path_get(&path, json(paths[i].document));
		is(found ? text_of(found) : STR("-"),
		   str_of(paths[i].found ? paths[i].found : "-"),
		   "... leads there");
	}
}

static const struct {
	const char *path, *document, *value, *result; /* NULL: it fails */
} puts_[] = {
	{"$.a",	"{}",		      "1",	   "{\"a\":1}"		      },
	{"$.a.b",	  "{}",		"1",	     "{\"a\":{\"b\":1}}"	},
	{"$.a.b",	  "{\"a\":{\"c\":2}}", "1",	    "{\"a\":{\"c\":2,\"b\":1}}"},
	{"$.a[1]",   "{}",		 "1",	      "{\"a\":[null,1]}"		},
	{"$.a[0].b", "{}",		   "1",		"{\"a\":[{\"b\":1}]}"	     },
	{"$",	      "{\"b\":2}",	   "{\"a\":1}", "{\"b\":2,\"a\":1}"	   },
	{"$.a",	"{\"a\":1}",	     "1",	  "{\"a\":1}"		     },
	{"$.a",	"{\"a\":2}",	     "1",	  NULL			      },
	{"$.a.b",	  "{\"a\":2}",	       "1",	    NULL			},
	{"$.a[0]",   "{\"a\":{}}",	 "1",	      NULL			  },
	{"$.a.b",	  "{\"a\":[]}",	"1",	     NULL			 },
	{"$",	      "{}",		    "1",	 NULL			     },
	{"$",	      "{\"a\":2}",	   "{\"a\":1}", NULL			    },
};

static void
test_puts(void)
{
	for (size_t i = 0; i < sizeof(puts_) / sizeof(puts_[0]); i++) {
		json_object *o = json(puts_[i].document);
		struct jwt_path path;
		bool good = jwt_path_read(a, str_of(puts_[i].path), &path) &&
			    jwt_path_put(&path, o, json(puts_[i].value));

		is(good ? text_of(o) : STR("-"),
		   str_of(puts_[i].result ? puts_[i].result : "-"),
		   puts_[i].path);
	}
}

/* ---- what is refused ---- */

static const struct {
	const char *text, *says;
} bads[] = {
	{"a-very-secret-secret",					      "key has less than 32 characters"	  },
	{"abcdefghijklmnopqrstuvwxyz01234",				    "key has less than 32"			  },
	{"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n",			   "a secret, but"			  },
	{"\xff\xfe"
	 "cdefghijklmnopqrstuvwxyz012345",			   "is no text"			     },
	{"{",								 "this is no JSON"			       },
	{HEAD ",}",							   "this is no JSON"			     },
	{"{\"type\":\"HS256\",\"key\":\"short secret",			       "this is no JSON"			},
	{"{}",								"there must be key or jwk_url"	     },
	{"{" KEY "}",							 "type is missing"			       },
	{"{\"type\":\"HS256\"}",					      "there must be key or jwk_url"	       },
	{"{\"type\":\"HS255\"," KEY "}",					 "type must be one of"		      },
	{"{\"type\":\"EdDSA\"," KEY "}",					 "type must be one of"		      },
	{"{\"type\":\"none\"," KEY "}",					"type must be one of"		     },
	{"{\"type\":256," KEY "}",					    "type must be a text"			},
	{"{\"type\":\"HS256\",\"key\":\"\"}",				      "key must be a text"			  },
	{"{\"type\":\"HS256\",\"key\":7}",					   "key must be a text"		       },
	{"{\"type\":\"HS256\",\"key\":\"a-very-secret-secret\"}",
	 "key has less than 32"											},
	{"{\"type\":\"HS256\",\"key\":\"abcdefghijklmnopqrstuvwxyz0123\\u0000"
	 "45\"}",						    "key must be a text"		     },
	{"{\"type\":\"RS256\"," KEY "}",					 "key must be in PEM"		     },
	{"{\"type\":\"Ed25519\"," KEY "}",					   "key must be in PEM"		       },
	{"{\"type\":\"HS256\"," PEM "}",					 "a secret, but it is one in PEM"	 },
	{HEAD ",\"jwk_url\":\"https://a.example\"}",			     "not both"			       },
	{HEAD ",\"claims_namespace\":\"a\",\"claims_namespace_path\":\"$\"}",
	 "not both"												    },
	{HEAD ",\"claims_namespace\":\"\"}",				     "claims_namespace must be"	       },
	{HEAD ",\"claims_namespace_path\":\"a\"}",				   "claims_namespace_path"		  },
	{HEAD ",\"claims_namespace_path\":\"$.\"}",			    "claims_namespace_path"		   },
	{HEAD ",\"claims_namespace_path\":\"$.iss\"}",			       "something else is"			  },
	{HEAD ",\"claims_namespace\":\"exp\"}",				"something else is"			   },
	{HEAD ",\"claims_namespace_path\":\"$\",\"claims_format\":"
	      "\"stringified_json\"}",			       "something else is"			    },
	{HEAD ",\"claims_format\":\"yaml\"}",				      "claims_format must be"		     },
	{HEAD ",\"claims_format\":1}",					"claims_format must be"		      },
	{HEAD ",\"audience\":1}",					     "audience must be"			    },
	{HEAD ",\"audience\":[\"a\",1]}",					  "audience must be"			    },
	{HEAD ",\"audience\":\"\"}",					  "audience must be"		       },
	{HEAD ",\"issuer\":[]}",					      "issuer must be"			 },
	{HEAD ",\"allowed_skew\":-1}",					"allowed_skew must be"		     },
	{HEAD ",\"allowed_skew\":\"1\"}",					  "allowed_skew must be"			},
	{HEAD ",\"allowed_skew\":1.5}",					"allowed_skew must be"		      },
	{HEAD ",\"allowed_skew\":86401}",					  "allowed_skew must be"			},
	{HEAD ",\"header\":{\"type\":\"Cookie\",\"name\":\"t\"}}",
	 "header must"												 },
	{HEAD ",\"header\":{\"type\":\"CustomHeader\",\"name\":\"t\"}}",
	 "header must"												 },
	{HEAD ",\"header\":\"Authorization\"}",				"header must"			     },
	{HEAD ",\"claims_map\":[]}",					  "claims_map must be an object"	   },
	{HEAD ",\"claims_map\":{}}",					  "claims_map needs x-hasura-allowed-roles"},
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":[\"user\"]}}",
	 "claims_map needs"											    },
	{HEAD ",\"claims_map\":{" MAP ",\"y\":\"1\"}}",			"begin with x-hasura-"		      },
	{HEAD ",\"claims_map\":{" MAP ",\"X-Hasura-User-Id\":\"1\"}}",	       "twice"				      },
	{HEAD ",\"claims_map\":{" MAP ",\"x-hasura-a\":1}}",		     "must be a text"			     },
	{HEAD ",\"claims_map\":{" MAP ",\"x-hasura-a\":{}}}",		      "needs a path"			    },
	{HEAD ",\"claims_map\":{" MAP ",\"x-hasura-a\":{\"path\":\"a\"}}}",
	 "needs a path"												},
	{HEAD ",\"claims_map\":{" MAP
	      ",\"x-hasura-a\":{\"path\":\"$.a\",\"default\":1}}}",	 "must be a text"			 },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":\"user\","
	      "\"x-hasura-default-role\":\"user\"}}",		"must be a text"			 },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":[\"user\",1],"
	      "\"x-hasura-default-role\":\"user\"}}",		"must be a text"			 },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.a\"},"
	      "\"x-hasura-default-role\":{\"path\":\"$.a\"}}}",	 "something else is"			    },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.a\"},"
	      "\"x-hasura-default-role\":{\"path\":\"$.a[1]\"}}}",	 "something else is"			    },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.a\"},"
	      "\"x-hasura-default-role\":{\"path\":\"$.a[2]\"}}}",	 "something else is"			    },
	{HEAD ",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.a\"},"
	      "\"x-hasura-default-role\":{\"path\":\"$.a[4]\"}}}",	 "something else is"			    },
	{HEAD
	 ",\"claims_map\":{\"x-hasura-allowed-roles\":{\"path\":\"$.sid\"},"
	 "\"x-hasura-default-role\":\"user\"}}",		     "something else is"			    },
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct jwt_config config;
		struct err *e =
			jwt_config_read(a, str_of(bads[i].text), &config);

		ok(e && strstr(e->message.p, bads[i].says),
		   "%.60s: says %s (%s)", bads[i].text, bads[i].says,
		   e ? e->message.p : "nothing");
		ok(e && str_starts(e->message, STR(JWT_SETTING ": ")),
		   "... and names the setting");
		ok(e && !strstr(e->message.p, "secret-secret") &&
			   !strstr(e->message.p, "abcdefgh") &&
			   !strstr(e->message.p, "short secret"),
		   "... but not the secret");
	}
}

/* ---- forms ---- */

#define PAYLOAD                                                              \
	"{\"iss\":\"https://o.example/auth\",\"aud\":\"https://o.example\"," \
	"\"sub\":\"identity\",\"sid\":\"session\",\"exp\":3,"                \
	"\"https://hasura.io/jwt/claims\":{\"x-hasura-allowed-roles\":"      \
	"[\"user\",\"admin\"],\"x-hasura-default-role\":\"admin\","          \
	"\"x-hasura-user-id\":\"me\"}}"
#define START                                                                \
	"{\"iss\":\"https://o.example/auth\",\"aud\":\"https://o.example\"," \
	"\"sub\":\"identity\",\"sid\":\"session\",\"exp\":3"
#define CLAIMS                                                         \
	"{\"x-hasura-allowed-roles\":[\"admin\",\"user\"],\"x-hasura-" \
	"default-role\":\"admin\",\"x-hasura-user-id\":\"me\"}"
#define TEXT                                                              \
	"\"{\\\"x-hasura-allowed-roles\\\":[\\\"admin\\\",\\\"user\\\"]," \
	"\\\"x-hasura-default-role\\\":\\\"admin\\\","                    \
	"\\\"x-hasura-user-id\\\":\\\"me\\\"}\""

/* NULL: as it is without the setting. */
static const struct {
	const char *config, *token;
} forms[] = {
	{"abcdefghijklmnopqrstuvwxyz012345",					     NULL			 },
	{HEAD "}",								   NULL		       },
	{" \n" HEAD ",\"allowed_skew\":5}",					    NULL			},
	{HEAD ",\"claims_namespace\":\"https://hasura.io/jwt/claims\"}",		 NULL			     },
	{HEAD ",\"claims_namespace\":null,\"audience\":null,\"issuer\":null,"
	      "\"claims_map\":null,\"header\":null,\"allowed_skew\":null}", NULL		      },
	{HEAD ",\"claims_format\":\"json\",\"audience\":[]}",			      NULL			  },
	{HEAD ",\"header\":{\"type\":\"Authorization\"}}",			   NULL		       },
	{"{\"jwk_url\":\"https://a.example/jwks\"}",				     NULL			 },
	{HEAD ",\"claims_namespace\":\"n\"}",					      START ",\"n\":" CLAIMS "}"},
	{HEAD ",\"claims_namespace_path\":\"$.a.b\"}",
	 START ",\"a\":{\"b\":" CLAIMS "}}"								    },
	{HEAD ",\"claims_namespace_path\":\"$.a['b%c']\"}",
	 START ",\"a\":{\"b%c\":" CLAIMS "}}"								  },
	{HEAD ",\"claims_namespace_path\":\"$\"}",
	 START ",\"x-hasura-allowed-roles\":[\"admin\",\"user\"],"
	       "\"x-hasura-default-role\":\"admin\","
	       "\"x-hasura-user-id\":\"me\"}"								  },
	{HEAD ",\"claims_format\":\"stringified_json\"}",
	 START ",\"https://hasura.io/jwt/claims\":" TEXT "}"						    },
	{HEAD ",\"claims_format\":\"stringified_json\","
	      "\"claims_namespace_path\":\"$.a\"}",			 START ",\"a\":" TEXT "}"	 },
	{HEAD ",\"issuer\":\"them\",\"audience\":\"a\"}",
	 "{\"iss\":\"them\",\"aud\":[\"https://o.example\",\"a\"],"
	 "\"sub\":\"identity\",\"sid\":\"session\",\"exp\":3,"
	 "\"https://hasura.io/jwt/claims\":" CLAIMS "}"							},
	{HEAD ",\"audience\":[\"a\",\"https://o.example\",\"b\"]}",
	 "{\"iss\":\"https://o.example/auth\",\"aud\":[\"https://o.example\","
	 "\"a\",\"b\"],\"sub\":\"identity\",\"sid\":\"session\",\"exp\":3,"
	 "\"https://hasura.io/jwt/claims\":" CLAIMS "}"							},
	{HEAD ",\"claims_map\":{" MAP "}}",
	 "{\"iss\":\"https://o.example/auth\",\"aud\":\"https://o.example\","
	 "\"sid\":\"session\",\"exp\":3,\"identity_id\":\"identity\","
	 "\"roles\":[\"admin\",\"user\"],\"sub\":\"me\"}"							 },
	{HEAD ",\"claims_map\":{\"X-Hasura-Allowed-Roles\":{\"path\":"
	      "\"$.a.roles\"},\"X-Hasura-Default-Role\":{\"path\":\"$.a.role\","
	      "\"default\":\"user\"},\"x-hasura-user-id\":{\"path\":"
	      "\"$.a.id\"},\"x-hasura-org\":\"7\"}}",		       START ",\"a\":{\"roles\":[\"admin\",\"user\"],\"role\":\"admin\","
	       "\"id\":\"me\"}}"			},
};

/* As policies see it: what there was is there again. */
static bool
is_normal(const struct jwt_config *config, struct str token)
{
	struct jwt_payload p = {.text = token};
	json_object *was = json(PAYLOAD), *ns;

	p.claims = json(token.p);
	if (!jwt_normal(a, config, true, &p) ||
	    !json_object_equal(p.claims, json(p.text.p)))
		return false;
	ns = json_get(p.claims, JWT_NAMESPACE);
	return json_object_equal(json_get(p.claims, "sub"),
				 json_get(was, "sub")) &&
	       json_object_equal(json_get(p.claims, "sid"),
				 json_get(was, "sid")) &&
	       str_eq(json_str(json_get(ns, JWT_DEFAULT)), STR("admin")) &&
	       str_eq(json_str(json_get(ns, "x-hasura-user-id")), STR("me")) &&
	       json_object_array_length(json_get(ns, JWT_ALLOWED)) == 2;
}

static void
test_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct jwt_config config;
		struct err *e =
			jwt_config_read(a, str_of(forms[i].config), &config);
		struct str token;

		is(e ? e->message : STR(""), STR(""), forms[i].config);
		if (e)
			continue;
		ok(config.plain == !forms[i].token,
		   "... changes tokens or not");
		if (config.plain)
			continue;
		token = jwt_form(a, &config, STR(PAYLOAD));
		is(token, str_of(forms[i].token), "... like that");
		ok(is_normal(&config, token), "... and back");
	}
}

static void
test_members(void)
{
	struct jwt_config c;

	ok(!jwt_config_read(a,
			    STR("{\"type\":\"ES384\"," PEM
				",\"allowed_skew\":60,\"audience\":[\"a\","
				"\"b\"],\"issuer\":\"i\",\"audiance\":\"x\"}"),
			    &c),
	   "a whole one");
	ok(c.alg == JWT_ES384 && c.skew == 60 && c.naudience == 2, "is read");
	is(c.issuer, STR("i"), "with its issuer");
	is(str_of(c.unknown), STR("audiance"), "a member nobody knows is kept");
	ok(!jwt_config_read(a, STR(HEAD "}"), &c) && c.skew == -1 && !c.unknown,
	   "what is not said is not");
	ok(!jwt_config_read(a, STR("abcdefghijklmnopqrstuvwxyz\"{}12345"),
			    &c) &&
		   c.alg == JWT_HS256,
	   "a bare string");
	is(c.key, STR("abcdefghijklmnopqrstuvwxyz\"{}12345"),
	   "... is the key to the byte");
}

/* ---- tokens of others ---- */

#define ROLES                                                              \
	"\"x-hasura-allowed-roles\":[\"user\"],\"x-hasura-default-role\":" \
	"\"user\""
#define NS(claims) "{\"https://hasura.io/jwt/claims\":" claims "}"

static const struct {
	const char *more, *token, *claims; /* NULL: it is refused */
} others[] = {
	{"",									    NS("{" ROLES "}"),				     "{" ROLES "}"},
	{"",
	 NS("{\"X-Hasura-Allowed-Roles\":[\"user\"],"
	    "\"X-Hasura-Default-Role\":\"user\",\"X-HASURA-Org\":\"7\","
	    "\"other\":1}"),
	 "{" ROLES ",\"x-hasura-org\":\"7\"}"													       },
	{"",									    NS("{" ROLES ",\"x-hasura-user-id\":1}"),	       NULL	   },
	{"",									    NS("{" ROLES ",\"x-hasura-user-id\":null}"),		  NULL	      },
	{"",									    NS("{" ROLES ",\"x-hasura-user-id\":[\"1\"]}"),	     NULL	 },
	{"",									    NS("{" ROLES ",\"X-Hasura-Default-Role\":\"admin\"}"), NULL		},
	{"",									    NS("{\"x-hasura-allowed-roles\":[\"user\"]}"),	    NULL		},
	{"",									    NS("{\"x-hasura-default-role\":\"user\"}"),		 NULL	     },
	{"",
	 NS("{\"x-hasura-allowed-roles\":\"user\","
	    "\"x-hasura-default-role\":\"user\"}"),
	 NULL																	       },
	{"",
	 NS("{\"x-hasura-allowed-roles\":[\"user\",1],"
	    "\"x-hasura-default-role\":\"user\"}"),
	 NULL																	       },
	{"",
	 NS("{\"x-hasura-allowed-roles\":[\"user\"],"
	    "\"x-hasura-default-role\":[\"user\"]}"),
	 NULL																	       },
	{"",									    NS("\"{}\""),					  NULL	       },
	{"",									    NS("[]"),					      NULL	   },
	{"",									    NS("null"),					    NULL	     },
	{"",									    "{}",						  NULL	       },
	{"",									    "{" ROLES "}",					 NULL		},
	{",\"claims_namespace_path\":\"$\"",					     "{\"exp\":1," ROLES "}",
	 "{" ROLES "}"																      },
	{",\"claims_namespace\":\"n\"",						 NS("{" ROLES "}"),					   NULL	       },
	{",\"claims_format\":\"stringified_json\"",					    NS("{" ROLES "}"),				       NULL	   },
	{",\"claims_format\":\"stringified_json\"",					    NS("\"{}\""),					  NULL	      },
	{",\"claims_format\":\"stringified_json\"",					    NS("\"[\""),						 NULL	     },
	{",\"claims_format\":\"stringified_json\"",
	 NS("\"{\\\"x-hasura-allowed-roles\\\":[\\\"user\\\"],"
	    "\\\"x-hasura-default-role\\\":\\\"user\\\"}\""),
	 "{" ROLES "}"																      },
	{",\"claims_map\":{" MAP "}",						   "{\"roles\":[\"user\"],\"sub\":\"1\"}",
	 "{" ROLES ",\"x-hasura-user-id\":\"1\"}"													   },
	{",\"claims_map\":{" MAP "}",						   "{\"roles\":[\"user\"]}",				NULL	    },
	{",\"claims_map\":{" MAP "}",						   "{\"roles\":[],\"sub\":\"1\"}",			      NULL	  },
	{",\"claims_map\":{" MAP "}",						   "{\"roles\":[\"user\"],\"sub\":1}",			  NULL	      },
	{",\"claims_map\":{\"x-hasura-allowed-roles\":[\"user\"],"
	 "\"x-hasura-default-role\":{\"path\":\"$.r\",\"default\":\"user\"}}", "{}",						  "{" ROLES "}"},
};

static void
test_others(void)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct str text = arena_printf(a, HEAD "%s}", others[i].more);
		struct jwt_payload p = {.text = str_of(others[i].token)};
		struct jwt_config config;
		bool good;

		p.claims = json(others[i].token);
		good = !jwt_config_read(a, text, &config) &&
		       jwt_normal(a, &config, false, &p);
		is(good ? text_of(json_get(p.claims, JWT_NAMESPACE)) : STR("-"),
		   str_of(others[i].claims ? others[i].claims : "-"),
		   others[i].token);
	}
}

/* One of ours from before the setting, or of its last form. */
static void
test_before(void)
{
	struct jwt_payload p = {.text = STR(PAYLOAD), .claims = json(PAYLOAD)};
	json_object *was = p.claims;
	struct jwt_config config;

	ok(!jwt_config_read(a, STR(HEAD ",\"claims_namespace\":\"n\"}"),
			    &config) &&
		   jwt_normal(a, &config, true, &p) && p.claims == was,
	   "ours of another form is left as it is");
}

int
main(void)
{
	a = arena_new(64 * 1024);
	test_paths();
	test_puts();
	test_bad();
	test_forms();
	test_members();
	test_others();
	test_before();
	arena_free(a);
	return done();
}
