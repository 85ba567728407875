/* What the auth server is sent and answers, for /openapi.json. */
#include "api/auth.h"
#include "api/openapi/part.h"

#define TEXT   "'type':'string'"
#define MAYBE  "'type':['string','null']"
#define UUID   "'type':'string','format':'uuid'"
#define WHEN   "'type':'string','format':'date-time'"
#define URL    "'type':'string','format':'uri','maxLength':2048"
#define TOKEN  "'type':'string','description':'A JWT'"
#define ID     "'01a1f964-8fec-74bc-9824-2674d6745d0c'"
#define MOMENT "'2026-11-20T14:37:59.658443+00:00'"
#define LONG   "'AQGh-WSQ'"
#define JWT    "'eyJhbGciOiJI'"

/* Members of bodies and answers: what they are, and an example. */
static const struct said {
	const char *name, *schema, *example;
} fields[] = {
	{"email",		      TEXT ",'maxLength':254",				   "'jonathan@example.com'"		   },
	{"password",		     TEXT ",'maxLength':256",				      "'a quiet night at sea'"		      },
	{"old_password",		 TEXT,						    "'a quiet night at sea'"		       },
	{"new_password",		 TEXT ",'minLength':8,'maxLength':256",
	 "'a loud day on shore'"													},
	{"name",		       TEXT,						    "'Jonathan Harker'"			  },
	{"provider",		     "'type':'string','const':'" AUTH_PROVIDER "'",
	 "'" AUTH_PROVIDER "'"													  },
	{"challenge",		      TEXT ",'maxLength':256,'description':'S256 (RFC 7636)'",
	 "'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'"										},
	{"code",		       UUID,						    ID				      },
	{"digits",		     TEXT ",'description':'Of the mail'",			"'123456'"				  },
	{"verifier",		     TEXT ",'minLength':43,'maxLength':128",
	 "'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'"										},
	{"code_verifier",		  TEXT ",'minLength':43,'maxLength':128",
	 "'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'"										},
	{"grant_type",		       TEXT ",'enum':['authorization_code','refresh_token']",
	 "'authorization_code'"													 },
	{"refresh_token",		  TEXT,						    LONG				    },
	{"redirect_to",
	 URL ",'description':'Go there, by 302, with what would be answered'",
	 "'http://localhost:8000/'"												     },
	{"redirect_on_failure",
	 URL ",'description':'Go there, by 302, with the error'",
	 "'http://localhost:8000/'"												     },
	{"verify_url",		       URL ",'description':'Where the mail`s link leads'",
	 "'http://localhost:8000/'"												     },
	{"reset_url",		      URL ",'description':'Where the mail`s link leads'",
	 "'http://localhost:8000/'"												     },
	{"verification_token",	       TEXT,						    JWT					},
	{"reset_token",		TEXT,						    JWT				     },
	{"scope",		      TEXT ",'enum':['this','others','all']",		  "'this'"				  },

	{"message",		    TEXT,						    "'User registered'"		     },
	{"identity_id",		UUID,						    ID				      },
	{"verification_email_sent_at", WHEN,						    MOMENT				   },
	{"auth_token",		       TOKEN,						   JWT				     },
	{"provider_token",		   MAYBE,						   "null"					},
	{"provider_refresh_token",	   MAYBE,						   "null"					},
	{"provider_id_token",	      MAYBE,						   "null"				   },
	{"access_token",		 TOKEN,						   JWT				     },
	{"token_type",		       TEXT ",'const':'Bearer'",				 "'Bearer'"				   },
	{"expires_in",		       "'type':'integer','description':'Seconds'",		   "900"					},
	{"email_sent",		       TEXT,						    "'jonathan@example.com'"		     },
	{"status",		     TEXT ",'const':'password_reset'",			     "'password_reset'"		       },
	{"known_email",		MAYBE,						   "'jonathan@example.com'"		       },
	{"email_verified",		   "'type':'boolean'",				       "false"				      },
	{"role",		       TEXT ",'enum':['user','admin']",			  "'user'"				  },
	{"created_at",		       WHEN,						    MOMENT				   },
	{"session_id",		       UUID,						    ID				      },
	{"user",
	 "'type':['object','null'],'required':['id','name'],'properties':{"
	 "'id':{'type':'string','format':'uuid'},'name':{'type':'string'}}",		    "{'id':" ID ",'name':'Jonathan Harker'}"},
	{"id",			 UUID,						    ID				      },
	{"current",		    "'type':'boolean'",					"true"				      },
	{"refreshed_at",		 WHEN,						    MOMENT				     },
	{"expires_at",		       "'type':['string','null'],'format':'date-time'",
	 "'2026-12-04T14:37:59.658443+00:00'"											   },
	{"agent",		      MAYBE,						   "'curl/7.88.1'"				},
	{"address",		    MAYBE,						   "'127.0.0.1'"				},
};

/* Fields that are called as others are. */
static const struct {
	const char *field, *name;
} aliases[] = {
	{"digits",	   "code" },
	{"known_email", "email"},
};

/*
 * What holds them.  Those with a ? may be absent, and examples lack them; those
 * with a + may be, too, but examples have them.
 */
static const struct {
	const char *name, *members;
} objects[] = {
	{"SignUp",	   "email password name"					},
	{"SignIn",	   "email password provider"				    },
	{"Register",	     "provider email password challenge+ verify_url? "
		     "redirect_to? redirect_on_failure?"		},
	{"Authenticate",	 "provider email password challenge redirect_to? "
			 "redirect_on_failure?"	       },
	{"Exchange",	     "code+ verifier+ grant_type? code_verifier? "
		     "refresh_token?"			     },
	{"Refresh",	    "refresh_token"					   },
	{"Verify",	   "provider verification_token+ email? digits? challenge? "
		   "redirect_to?"				  },
	{"Resend",	   "provider email+ verification_token? verify_url? "
		   "challenge? redirect_to?"			    },
	{"SendReset",      "provider email reset_url challenge redirect_to? "
		      "redirect_on_failure?"		    },
	{"Reset",	  "provider password reset_token+ email? digits? challenge? "
		  "redirect_to? redirect_on_failure?"		     },
	{"SignOut",	    "scope+"						  },
	{"ChangePassword", "old_password new_password"				      },
	{"DeleteAccount",  "password"						},

	{"Message",	    "message"						 },
	{"Code",		 "code"						    },
	{"Registered",     "code email provider"					    },
	{"ToBeVerified",	 "identity_id email verification_email_sent_at"	       },
	{"AuthToken",      "auth_token identity_id provider_token "
		      "provider_refresh_token provider_id_token"},
	{"OAuthToken",     "access_token token_type expires_in refresh_token "
		       "identity_id"			    },
	{"ResetSent",      "email_sent"					      },
	{"PasswordReset",  "status"						  },
	{"Me",	       "identity_id known_email email_verified role created_at "
	       "session_id user"				       },
	{"Session",	    "id current created_at refreshed_at expires_at agent "
		    "address"				     },
};

static const struct said *
find(struct str name)
{
	size_t i = 0;

	while (!str_eq(str_of(fields[i].name), name))
		i++;
	return &fields[i];
}

static const char *
name_of(const struct said *f)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].field, f->name) == 0)
			return aliases[i].name;
	return f->name;
}

/* Each of an object's members but those with a mark of `skip`, by `put`. */
static void
put_each(struct part_writer *w, const char *members, const char *skip,
	 void (*put)(struct part_writer *w, const struct said *f))
{
	struct str left = str_of(members);
	const char *comma = "";

	while (left.n) {
		struct str name = str_cut(&left, ' ');
		char mark = name.p[name.n - 1];
		bool marked = mark == '?' || mark == '+';

		if (marked && strchr(skip, mark))
			continue;
		part_put(w, comma);
		put(w, find(str_sub(name, 0, name.n - marked)));
		comma = ",";
	}
}

static void
put_name(struct part_writer *w, const struct said *f)
{
	part_printf(w, "'%s'", name_of(f));
}

static void
put_schema(struct part_writer *w, const struct said *f)
{
	part_printf(w, "'%s':{%s}", name_of(f), f->schema);
}

static void
put_example(struct part_writer *w, const struct said *f)
{
	part_printf(w, "'%s':%s", name_of(f), f->example);
}

void
auth_put_schemas(struct part_writer *w)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		const char *members = objects[i].members;

		part_begin(w, PART_SCHEMA, objects[i].name);
		part_put(w, "{'type':'object','required':[");
		put_each(w, members, "?+", put_name);
		part_put(w, "],'properties':{");
		put_each(w, members, "", put_schema);
		part_put(w, "},'examples':[{");
		put_each(w, members, "?", put_example);
		part_put(w, "}]}");
	}
}
