/* The actions that sign up and log in, for /openapi.json. */
#include "api/auth.h"
#include "api/openapi/part.h"

#define TEXT "{'type':'string'}"
#define ENVELOPE(name, input)                                                \
	"'action':{'name':'" name "'},'input':" input ",'request_query':''," \
	"'session_variables':{'x-hasura-role':'public'}"
#define ACTION(name, input, example)                                        \
	"{'type':'object','required':['input'],'properties':{'action':{"    \
	"'type':'object','properties':{'name':" TEXT "}},'input':" input    \
	",'request_query':" TEXT ",'session_variables':{'type':'object'}}," \
	"'examples':[{" ENVELOPE(name, example) "}]}"
#define ACCOUNT \
	"{'email':'jonathan@example.com','password':'a quiet night at sea'}"
#define WRONG "{'email':'jonathan@example.com','password':'a loud day'}"
#define USERNAME                              \
	"{'username':'jonathan@example.com'," \
	"'password':'a quiet night at sea'}"
#define ANSWER(about, schema, rest) \
	"{'description':'" about    \
	"','content':{'application/json':{'schema':" schema rest "}}}"
#define FAULT(message, code) \
	"{'message':'" message "','extensions':{'code':'" code "'}}"
#define ASKED(name, value, target, body)                              \
	"'" name "':{'value':" value ",'x-request':{'method':'POST'," \
	"'target':'" target "','body':" body "}}"
#define EXAMPLES(list) ",'examples':{" list "}"
#define BODY(schema)                                                        \
	"{'required':true,'content':{'application/json':{'schema':<" schema \
	">}}}"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "ActionError",
		 "{'type':'object','required':['message','extensions'],"
		 "'properties':{'message':" TEXT ",'extensions':{"
		 "'type':'object','required':['code'],'properties':{"
		 "'code':" TEXT "}},'detail':{'type':'array','items':{"
		 "'type':'object'}}}}"),
	PART_ROW(SCHEMA, "SignUpAction",
		 ACTION("Signup",
			"{'type':'object','required':['email','password'],"
			"'additionalProperties':false,'properties':{"
			"'email':{'type':'string','maxLength':254},"
			"'password':{'type':'string','maxLength':256},"
			"'name':" TEXT "}}",
			ACCOUNT)),
	PART_ROW(SCHEMA, "LogInAction",
		 ACTION("Login",
			"{'type':'object','required':['email','password'],"
			"'additionalProperties':false,'properties':{"
			"'email':" TEXT ",'password':" TEXT "}}",
			ACCOUNT)),
	PART_ROW(SCHEMA, "TokenAction",
		 "{'type':'object','required':['action','input',"
		 "'request_query','session_variables'],'properties':{"
		 "'action':{'type':'object','required':['name'],"
		 "'properties':{'name':" TEXT "}},'input':{"
		 "'type':'object','required':['username','password'],"
		 "'properties':{'username':" TEXT ",'password':" TEXT
		 "}},'request_query':" TEXT ",'session_variables':{"
		 "'type':'object','additionalProperties':" TEXT "}},"
		 "'examples':[{" ENVELOPE("login", USERNAME) "}]}"),
	PART_ROW(RESPONSE, "ActionSignedUp",
		 ANSWER("The account; of its password nothing is told",
			"{'type':'object','required':['id','email','password'],"
			"'properties':{'id':{'type':'integer'},'email':" TEXT
			",'password':{'type':'string','maxLength':0}}}",
			",'example':{'id':1,'email':'jonathan@example.com',"
			"'password':''}")),
	PART_ROW(RESPONSE, "ActionToken",
		 ANSWER("A token with the claims that engines read",
			"{'type':'object','required':['token'],'properties':{"
			"'token':" TEXT "}}",
			",'example':{'token':'eyJhbGciOiJI'}")),
	PART_ROW(RESPONSE, "ActionAccessToken",
		 ANSWER("The same by another name",
			"{'type':'object','required':['AccessToken'],"
			"'properties':{'AccessToken':" TEXT "}}",
			",'example':{'AccessToken':'eyJhbGciOiJI'}")),
	PART_ROW(RESPONSE, "ActionRefused",
		 ANSWER("It cannot be done so", "<ActionError>",
			EXAMPLES(ASKED("incomplete",
				       FAULT("Missing argument: email",
					     "validation-failed"),
				       "/signup", "{'input':{}}")))),
	PART_ROW(RESPONSE, "ActionDenied",
		 ANSWER("The address or the password is wrong, or there is "
			"no secret",
			"<ActionError>",
			EXAMPLES(ASKED("wrong",
				       FAULT("Invalid credentials",
					     "invalid-credentials"),
				       "/login", "{'input':" WRONG "}")))),
	PART_ROW(RESPONSE, "ActionIncomplete",
		 ANSWER("Members are missing, or are something else",
			"<ActionError>",
			EXAMPLES(ASKED(
				"incomplete",
				"{'message':'The body is no action with a "
				"username and a password','extensions':{"
				"'code':'validation-failed'},'detail':[{"
				"'loc':['body','request_query'],'msg':"
				"'field required','type':'value_error.missing'"
				"}]}",
				"/action",
				"{'action':{'name':'login'},'input':" USERNAME
				",'session_variables':{}}")))),
	PART_ROW(RESPONSE, "ActionFailed",
		 ANSWER("Not so, or not now", "<ActionError>",
			",'example':" FAULT("Too many attempts: try again "
					    "later",
					    "too-many-attempts"))),
	PART_ROW(PARAMETER, "ActionSecret",
		 "{'name':'ACTION-SECRET','in':'header','schema':" TEXT
		 ",'description':'POSTERN_ACTION_SECRET, where there is one'}"),
};

#define USUAL \
	"403:ActionFailed 413:ActionFailed 429:ActionFailed 5XX:ActionFailed"

static const struct part_operation operations[] = {
	{.path = "/signup",
	 .id = "signUpAction",
	 .summary = "An account",
	 .more = "Also as `/Signup`.  With a `name` there is a user, too.",
	 .body = BODY("SignUpAction"),
	 .responses = "200:ActionSignedUp 400:ActionRefused "
		      "401:ActionDenied " USUAL},
	{.path = "/login",
	 .id = "logInAction",
	 .summary = "A token of an account",
	 .more = "Also as `/Login`.",
	 .body = BODY("LogInAction"),
	 .responses = "200:ActionToken 400:ActionRefused "
		      "401:ActionDenied " USUAL},
	{.path = "/action",
	 .id = "tokenAction",
	 .summary = "The same, as another tutorial has it",
	 .body = BODY("TokenAction"),
	 .responses = "200:ActionAccessToken 400:ActionRefused "
		      "401:ActionDenied 422:ActionIncomplete " USUAL},
};

static void
put(struct part_writer *w)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		struct part_operation op = operations[i];

		op.method = "post";
		op.tag = "hasura";
		op.security = "[{}]";
		op.parameters = "<parameters/ActionSecret>";
		part_operation(w, &op);
	}
	part_tag(w, "hasura",
		 STR("What a Hasura engine calls: actions and events."));
}

const struct part auth_action_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
