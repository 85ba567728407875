/* The routes of the auth server, for /openapi.json: rows, as they are. */
#include "api/auth.h"
#include "api/openapi/part.h"

#define P "'provider':'" AUTH_PROVIDER "'"

/* ---- bodies ---- */

#define JSON(schema) "'application/json':{'schema':<" schema ">}"
#define FORM(schema) \
	",'application/x-www-form-urlencoded':{'schema':<" schema ">}"

/* The tutorial's routes take JSON alone. */
#define BODY(schema) "{'required':true,'content':{" JSON(schema) "}}"
#define EITHER(schema) \
	"{'required':true,'content':{" JSON(schema) FORM(schema) "}}"
#define MAYBE(schema) "{'content':{" JSON(schema) FORM(schema) "}}"

/* ---- answers ---- */

#define ANSWER(about, headers, schema, rest)                \
	"{'description':'" about "'," headers "'content':{" \
	"'application/json':{'schema':" schema rest "}}}"
#define COOKIE "'headers':{'Set-Cookie':<headers/Set-Cookie>},"
#define LATER  "'headers':{'Retry-After':<headers/Retry-After>},"
#define WHO    "'headers':{'WWW-Authenticate':<headers/WWW-Authenticate>},"

/* Examples, of which each says what was asked. */
#define ASKED(name, value, method, target, body)                       \
	"'" name "':{'value':" value ",'x-request':{'method':'" method \
	"','target':'" target "','body':" body "}}"
#define EXAMPLES(list) ",'examples':{" list "}"
#define ERROR(message, type) \
	"{'error':{'message':'" message "','type':'" type "'}}"
#define SAID(text) "{'message':'" text "'}"

#define ACCOUNT \
	"'email':'jonathan@example.com','password':'a quiet night at sea'"
/* A wrong password. */
#define WRONG	  "'email':'jonathan@example.com','password':'a loud day'"
#define CHALLENGE "'challenge':'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'"
#define CODE	  "01a1f964-8fec-74bc-9824-2674d6745d0c"
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "AuthError",
		 "{'type':'object','required':['error'],'properties':{'error':{"
		 "'type':'object','required':['message','type'],'properties':{"
		 "'message':{'type':'string'},'type':{'type':'string'}}}}}"),
	PART_ROW(SCHEMA, "CodeError",
		 "{'type':'object','required':['error','error_code'],'"
		 "properties':{"
		 "'error':{'type':'string'},'error_code':{'type':'string'}}}"),
	PART_ROW(SCHEMA, "OAuthError",
		 "{'type':'object','required':['error','error_description'],"
		 "'properties':{'error':{'type':'string'},"
		 "'error_description':{'type':'string'}}}"),
	PART_ROW(SCHEMA, "AuthFailure",
		 "{'anyOf':[<AuthError>,<CodeError>,<OAuthError>,<Message>,<"
		 "Error>]}"),
	PART_ROW(HEADER, "Set-Cookie",
		 "{'description':'edgedb-auth-token','schema':{'type':'string'}"
		 "}"),
	PART_ROW(RESPONSE, "SignedUp",
		 ANSWER("The account, its user, and the cookie", COOKIE,
			"<Message>", ",'example':" SAID("User registered"))),
	PART_ROW(RESPONSE, "SignedIn",
		 ANSWER("The cookie", COOKIE, "<Message>",
			",'example':" SAID("Authentication successful"))),
	PART_ROW(
		RESPONSE, "SignUpRefused",
		ANSWER("There is no account", "",
		       "{'anyOf':[<Message>,<Error>]}",
		       EXAMPLES(ASKED(
			       "incomplete",
			       "{'detail':'Missing email, password, or name.'}",
			       "POST", "/auth/signup",
			       "{}") "," ASKED("taken",
					       SAID("Registration failed"),
					       "POST", "/auth/signup",
					       "{" ACCOUNT
					       ",'name':'Jonathan'}")))),
	PART_ROW(RESPONSE, "SignInRefused",
		 ANSWER("Not signed in", "", "{'anyOf':[<Message>,<Error>]}",
			EXAMPLES(ASKED(
				"incomplete",
				"{'detail':'Missing email, password, or "
				"provider.'}",
				"POST", "/auth/signin",
				"{}") "," ASKED("wrong",
						SAID("Authentication failed"),
						"POST", "/auth/signin",
						"{" WRONG "," P "}")))),
	PART_ROW(RESPONSE, "Registered",
		 ANSWER("A code for the challenge; none before the address is "
			"verified, "
			"where it has to be",
			"", "{'anyOf':[<Registered>,<ToBeVerified>]}", "")),
	PART_ROW(RESPONSE, "Code",
		 ANSWER("A code for the challenge", "", "<Code>", "")),
	PART_ROW(RESPONSE, "Token",
		 ANSWER("A token; with grant_type, as RFC 6749 has it", "",
			"{'anyOf':[<AuthToken>,<OAuthToken>]}", "")),
	PART_ROW(RESPONSE, "Refreshed",
		 ANSWER("New tokens", "", "<OAuthToken>", "")),
	PART_ROW(RESPONSE, "Verified",
		 ANSWER("Verified; with a challenge, a code for it", "",
			"{'anyOf':[<Code>,<Message>]}",
			",'example':" SAID("Email verified"))),
	PART_ROW(RESPONSE, "Sent", "{'description':'There may be a mail'}"),
	PART_ROW(RESPONSE, "ResetSent",
		 ANSWER("There may be a mail", "", "<ResetSent>", "")),
	PART_ROW(RESPONSE, "WasReset",
		 ANSWER("The password is the new one; with a challenge, a code "
			"for it",
			"", "{'anyOf':[<Code>,<PasswordReset>]}", "")),
	PART_ROW(RESPONSE, "Me", ANSWER("Who one is", "", "<Me>", "")),
	PART_ROW(RESPONSE, "Sessions",
		 ANSWER("Where one is signed in, the latest first", "",
			"{'type':'array','items':<Session>}", "")),
	PART_ROW(RESPONSE, "SignedOut",
		 "{'description':'Signed out','headers':{"
		 "'Set-Cookie':<headers/Set-Cookie>}}"),
	PART_ROW(RESPONSE, "Redirect",
		 "{'description':'To redirect_to with what would be answered, "
		 "or to "
		 "redirect_on_failure with the error, in the query','headers':{"
		 "'Location':<headers/Location>}}"),
	PART_ROW(
		RESPONSE, "AuthInvalid",
		ANSWER("It cannot be done so", "", "<AuthFailure>",
		       EXAMPLES(ASKED(
			       "nothing",
			       ERROR("Missing \\'provider\\' in register "
				     "request",
				     "InvalidData"),
			       "POST", "/auth/register",
			       "{}") "," ASKED("incomplete",
					       ERROR("Missing required fields: "
						     "challenge, "
						     "email, password",
						     "InvalidData"),
					       "POST", "/auth/authenticate",
					       "{" P "}")))),
	PART_ROW(RESPONSE, "AuthNeeded",
		 ANSWER("A token is needed, or the one that came is not good",
			WHO, "<AuthFailure>",
			EXAMPLES("'nobody':{'value':" ERROR(
				"Not authenticated",
				"Unauthorized") ",'x-request':{'method':'GET','"
						"target':"
						"'/auth/me'}}"))),
	PART_ROW(
		RESPONSE, "AuthDenied",
		ANSWER("Who asks may not, or did not say the right thing", "",
		       "<AuthFailure>",
		       EXAMPLES(ASKED(
			       "wrong",
			       ERROR("Could not find an Identity matching the "
				     "provided credentials",
				     "NoIdentityFound"),
			       "POST", "/auth/authenticate",
			       "{" WRONG "," P "," CHALLENGE
			       "}") "," ASKED("unknown",
					      ERROR("Could not find a matching "
						    "PKCE code",
						    "NoIdentityFound"),
					      "POST", "/auth/token",
					      "{'code':'" CODE
					      "','verifier':'" VERIFIER
					      "'}")))),
	PART_ROW(RESPONSE, "AuthNotFound",
		 ANSWER("There is none", "", "<AuthFailure>",
			",'example':" ERROR("There is no such session",
					    "NotFound"))),
	PART_ROW(RESPONSE, "AuthTaken",
		 ANSWER("There is one already", "", "<AuthFailure>",
			EXAMPLES(ASKED(
				"taken",
				ERROR("This user has already been registered",
				      "UserAlreadyRegistered"),
				"POST", "/auth/register",
				"{" ACCOUNT "," P "," CHALLENGE "}")))),
	PART_ROW(RESPONSE, "AuthReferenced",
		 ANSWER("Something still refers to the user", "",
			"<AuthFailure>",
			",'example':" ERROR(
				"User attached to an event. Cannot delete.",
				"Conflict"))),
	PART_ROW(RESPONSE, "AuthTooLarge",
		 ANSWER("The body is too large", "", "<AuthFailure>",
			",'example':" ERROR("Content Too Large",
					    "InvalidData"))),
	PART_ROW(
		RESPONSE, "AuthTooMany",
		ANSWER("Too many attempts", LATER, "<AuthFailure>",
		       ",'example':" ERROR("Too many attempts: try again later",
					   "TooManyAttempts"))),
	PART_ROW(RESPONSE, "AuthUnavailable",
		 ANSWER("Not now, or not at all", LATER, "<AuthFailure>",
			",'example':" ERROR("Service Unavailable",
					    "Unavailable"))),
	PART_ROW(RESPONSE, "OAuthInvalid",
		 ANSWER("It is not good any more, or was never", "",
			"<AuthFailure>",
			EXAMPLES(ASKED("unknown",
				       "{'error':'invalid_grant',"
				       "'error_description':"
				       "'The refresh token is not valid'}",
				       "POST", "/auth/refresh",
				       "{'refresh_token':'AQGh-WSQ'}")))),
	PART_ROW(RESPONSE, "Keys",
		 ANSWER("RFC 7517; of secrets there are none", "",
			"{'type':'object','required':['keys'],'properties':{'"
			"keys':{"
			"'type':'array','items':{'type':'object'}}}}",
			",'example':{'keys':[]}")),
	PART_ROW(RESPONSE, "Metadata",
		 ANSWER("RFC 8414", "",
			"{'type':'object','required':['issuer'],'properties':{'"
			"issuer':{'type':'string'},'token_endpoint':{'type':'"
			"string'},'jwks_uri':{'type':'string'}}}",
			"")),
	PART_ROW(PARAMETER, "Code",
		 "{'name':'code','in':'query','schema':{'type':'string',"
		 "'format':'uuid'}}"),
	PART_ROW(PARAMETER, "Verifier",
		 "{'name':'verifier','in':'query','schema':{'type':'string',"
		 "'minLength':43,'maxLength':128}}"),
	PART_ROW(PARAMETER, "Provider",
		 "{'name':'provider','in':'query','required':true,'schema':{"
		 "'type':'string','const':'" AUTH_PROVIDER "'}}"),
	PART_ROW(PARAMETER, "SessionId",
		 "{'name':'id','in':'path','required':true,'schema':{"
		 "'type':'string','format':'uuid'}}"),
	PART_ROW(PARAMETER, "VerificationToken",
		 "{'name':'verification_token','in':'query','schema':{"
		 "'type':'string'}}"),
};

/* ---- operations ---- */

#define USUAL "413:AuthTooLarge 429:AuthTooMany 5XX:AuthUnavailable"
#define READS "429:AuthTooMany 5XX:AuthUnavailable"
#define OPEN  "[{}]"
#define TOKEN "[{'bearer':[]},{'cookie':[]}]"

static const struct part_operation operations[] = {
	{.method = "post",
	 .path = "/auth/signup",
	 .id = "signUp",
	 .summary = "Account, user and cookie at once",
	 .body = BODY("SignUp"),
	 .security = OPEN,
	 .responses = "200:SignedUp 400:SignUpRefused 403:Forbidden " USUAL},
	{.method = "post",
	 .path = "/auth/signin",
	 .id = "signIn",
	 .summary = "The cookie of an account",
	 .body = BODY("SignIn"),
	 .security = OPEN,
	 .responses = "200:SignedIn 400:SignInRefused 403:Forbidden " USUAL},
	{.method = "post",
	 .path = "/auth/register",
	 .id = "register",
	 .summary = "An account, and a code for the challenge",
	 .body = EITHER("Register"),
	 .security = OPEN,
	 .responses = "201:Registered 302:Redirect 400:AuthInvalid "
		      "409:AuthTaken " USUAL},
	{.method = "post",
	 .path = "/auth/authenticate",
	 .id = "authenticate",
	 .summary = "A code for the challenge",
	 .body = EITHER("Authenticate"),
	 .security = OPEN,
	 .responses = "200:Code 302:Redirect 400:AuthInvalid 401:AuthNeeded "
		      "403:AuthDenied " USUAL},
	{.method = "get",
	 .path = "/auth/token",
	 .id = "getToken",
	 .summary = "A token for a code",
	 .parameters = "<parameters/Code>,<parameters/Verifier>",
	 .security = OPEN,
	 .responses = "200:Token 400:AuthInvalid 403:AuthDenied " READS},
	{.method = "post",
	 .path = "/auth/token",
	 .id = "createToken",
	 .summary = "A token for a code or a refresh token",
	 .body = EITHER("Exchange"),
	 .security = OPEN,
	 .responses = "200:Token 400:AuthInvalid 403:AuthDenied " USUAL},
	{.method = "post",
	 .path = "/auth/refresh",
	 .id = "refreshToken",
	 .summary = "New tokens for a refresh token, once",
	 .body = EITHER("Refresh"),
	 .security = OPEN,
	 .responses = "200:Refreshed 400:AuthInvalid 401:OAuthInvalid " USUAL},
	{.method = "get",
	 .path = "/auth/verify",
	 .id = "openVerification",
	 .summary = "Where the mail's link leads",
	 .parameters = "<parameters/Provider>,<parameters/VerificationToken>",
	 .security = OPEN,
	 .responses = "200:Verified 302:Redirect 400:AuthInvalid "
		      "403:AuthDenied " READS},
	{.method = "post",
	 .path = "/auth/verify",
	 .id = "verify",
	 .summary = "The address is one's own",
	 .body = EITHER("Verify"),
	 .security = OPEN,
	 .responses = "200:Code 204:NoContent 302:Redirect 400:AuthInvalid "
		      "403:AuthDenied " USUAL},
	{.method = "post",
	 .path = "/auth/resend-verification-email",
	 .id = "resendVerification",
	 .summary = "The same mail once more",
	 .body = EITHER("Resend"),
	 .security = OPEN,
	 .responses = "200:Sent 302:Redirect 400:AuthInvalid " USUAL},
	{.method = "post",
	 .path = "/auth/send-reset-email",
	 .id = "sendReset",
	 .summary = "A mail to set a new password with",
	 .body = EITHER("SendReset"),
	 .security = OPEN,
	 .responses = "200:ResetSent 302:Redirect 400:AuthInvalid " USUAL},
	{.method = "post",
	 .path = "/auth/reset-password",
	 .id = "resetPassword",
	 .summary = "A new password, by the mail",
	 .body = EITHER("Reset"),
	 .security = OPEN,
	 .responses = "200:WasReset 302:Redirect 400:AuthInvalid " USUAL},
	{.method = "get",
	 .path = "/auth/me",
	 .id = "getMe",
	 .summary = "Who one is",
	 .security = TOKEN,
	 .responses = "200:Me 401:AuthNeeded 403:AuthDenied " READS							   },
	{.method = "get",
	 .path = "/auth/sessions",
	 .id = "listSessions",
	 .summary = "Where one is signed in",
	 .security = TOKEN,
	 .responses = "200:Sessions 401:AuthNeeded 403:AuthDenied " READS	 },
	{.method = "delete",
	 .path = "/auth/sessions/{id}",
	 .id = "deleteSession",
	 .summary = "Sign out there",
	 .parameters = "<parameters/SessionId>",
	 .security = TOKEN,
	 .responses = "204:NoContent 401:AuthNeeded 403:AuthDenied "
		      "404:AuthNotFound " READS},
	{.method = "post",
	 .path = "/auth/signout",
	 .id = "signOut",
	 .summary = "Sign out here, elsewhere, or everywhere",
	 .body = MAYBE("SignOut"),
	 .responses = "204:SignedOut 400:AuthInvalid 403:AuthDenied " USUAL},
	{.method = "post",
	 .path = "/auth/password",
	 .id = "changePassword",
	 .summary = "A new password; other sessions end",
	 .body = EITHER("ChangePassword"),
	 .security = TOKEN,
	 .responses = "204:NoContent 400:AuthInvalid 401:AuthNeeded "
		      "403:AuthDenied " USUAL},
	{.method = "delete",
	 .path = "/auth/account",
	 .id = "deleteAccount",
	 .summary = "Account and user go",
	 .body = EITHER("DeleteAccount"),
	 .security = TOKEN,
	 .responses = "204:SignedOut 400:AuthInvalid 401:AuthNeeded "
		      "403:AuthDenied 409:AuthReferenced " USUAL},
	{.method = "get",
	 .path = "/.well-known/jwks.json",
	 .id = "getKeys",
	 .summary = "What tokens are verified with",
	 .security = OPEN,
	 .responses = "200:Keys 429:TooMany 5XX:Unavailable"						    },
	{.method = "get",
	 .path = "/.well-known/oauth-authorization-server",
	 .id = "getMetadata",
	 .summary = "What OAuth clients want to know",
	 .security = OPEN,
	 .responses = "200:Metadata 429:TooMany 5XX:Unavailable"								    },
};

static void
put(struct part_writer *w)
{
	auth_put_schemas(w);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		struct part_operation op = operations[i];

		op.tag = "auth";
		part_operation(w, &op);
	}
	part_tag(w, "auth",
		 STR("Accounts, sessions and tokens; also below "
		     "`/branch/{branch}/ext/auth` and `/db/{db}/ext/auth`."));
}

const struct part auth_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
