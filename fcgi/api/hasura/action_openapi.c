/*
 * Actions that are functions, for /openapi.json.  Which there are, and what
 * they take, is not of the model: postern.action_functions tells.
 */
#include "api/hasura/hasura.h"
#include "api/openapi/part.h"

#define TEXT "{'type':'string'}"
#define ACTION                                                            \
	"{'action':{'name':'addPerson'},'input':{'name':'Ada'},"          \
	"'request_query':'','session_variables':{'x-hasura-role':'user'," \
	"'x-hasura-user-id':'01a1f964-8fec-74bc-9824-2674d6745d0c'}}"
#define ANSWER(about, schema, rest) \
	"{'description':'" about    \
	"','content':{'application/json':{'schema':" schema rest "}}}"
#define FAILED(about, rest) ANSWER(about, "<EngineActionError>", rest)
#define ASKED(name, message, code, body)                                   \
	",'examples':{'" name "':{'value':{'message':'" message            \
	"','extensions':{'code':'" code "'}},'x-request':{'method':'POST'" \
	",'target':'/actions/addNobody','body':" body "}}}"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "EngineAction",
		 "{'type':'object','required':['input'],'properties':{"
		 "'action':{'type':'object','additionalProperties':true},"
		 "'input':{'type':'object','additionalProperties':true,"
		 "'description':'The arguments by their names'},"
		 "'request_query':{},'session_variables':{"
		 "'type':['object','null'],'additionalProperties':true}},"
		 "'additionalProperties':true,'examples':[" ACTION "]}"),
	PART_ROW(SCHEMA, "EngineActionError",
		 "{'type':'object','required':['message','extensions'],"
		 "'properties':{'message':" TEXT ",'extensions':{"
		 "'type':'object','required':['code'],'properties':{"
		 "'code':{}},'additionalProperties':true}}}"),
	PART_ROW(RESPONSE, "EngineActionDone",
		 ANSWER("What the function returned", "{}",
			",'example':{'id':1,'name':'Ada'}")),
	PART_ROW(RESPONSE, "EngineActionRefused",
		 FAILED("It is no action of this input",
			ASKED("nothing",
			      "The body must be an action with an input",
			      "validation-failed", "{}"))),
	PART_ROW(RESPONSE, "EngineActionUnknown",
		 FAILED("No function has that name",
			ASKED("nobody", "There is no such action", "not-found",
			      "{'input':{}}"))),
	PART_ROW(RESPONSE, "EngineActionFailed",
		 FAILED("The function raised it, or it may not or cannot be "
			"called now",
			"")),
	PART_ROW(PARAMETER, "EngineActionName",
		 "{'name':'name','in':'path','required':true,'schema':" TEXT
		 ",'example':'addPerson','description':'Of a function of the "
		 "schema action, to the letter'}"),
};

static const struct part_operation operation = {
	.method = "post",
	.path = "/actions/{name}",
	.id = "callAction",
	.tag = "hasura",
	.summary = "A function of the database",
	.more = "Which there are is what the view "
		"`postern.action_functions` lists.",
	.parameters = "<parameters/EngineActionName>,<parameters/ActionSecret>",
	.body = "{'required':true,'content':{'application/json':{"
		"'schema':<EngineAction>}}}",
	/* A function may raise any status. */
	.responses = "200:EngineActionDone 400:EngineActionRefused "
		     "404:EngineActionUnknown 4XX:EngineActionFailed "
		     "5XX:EngineActionFailed",
};

static void
put(struct part_writer *w)
{
	part_operation(w, &operation);
}

const struct part hasura_action_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
