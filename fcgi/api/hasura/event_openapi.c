/* The events of an engine's triggers, for /openapi.json. */
#include "api/hasura/hasura.h"
#include "api/openapi/part.h"

#define TEXT	 "{'type':'string'}"
#define NULLABLE "{'type':['object','null']}"
#define ROW                                                   \
	"'new':{'id':'01a1f964-8fec-74bc-9824-2674d6745d0c'," \
	"'name':'Ada'},'old':null"
#define EVENT                                                               \
	"{'created_at':'2018-09-05T07:14:21.601701Z','delivery_info':{"     \
	"'current_retry':0,'max_retries':0},'event':{'data':{" ROW          \
	"},'op':'INSERT','session_variables':{'x-hasura-role':'admin'},"    \
	"'trace_context':null},'id':'85558393-c75d-4d2f-9c15-e80591b83894'" \
	",'table':{'name':'user','schema':'public'},'trigger':{'name':"     \
	"'newUser'}}"
#define FAILED "'content':{'application/json':{'schema':<EventError>"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "EngineEvent",
		 "{'type':'object','required':['id','trigger'],'properties':{"
		 "'id':" TEXT ",'trigger':{'type':'object','required':['name'],"
		 "'properties':{'name':" TEXT "}},'created_at':" TEXT
		 ",'delivery_info':" NULLABLE ",'event':" NULLABLE
		 ",'table':" NULLABLE "},'examples':[" EVENT "]}"),
	PART_ROW(SCHEMA, "EventError",
		 "{'type':'object','required':['message','extensions'],"
		 "'properties':{'message':" TEXT ",'extensions':{"
		 "'type':'object','required':['code'],'properties':{"
		 "'code':" TEXT "}}}}"),
	PART_ROW(RESPONSE, "EventReceived",
		 "{'description':'It is kept, now or already','content':{"
		 "'application/json':{'schema':{'type':'null'},'examples':{"
		 "'kept':{'value':null,'x-request':{'method':'POST',"
		 "'target':'/event','body':" EVENT "}}}}}}"),
	PART_ROW(RESPONSE, "EventRefused",
		 "{'description':'It is no event, or its effect failed'," FAILED
		 ",'examples':{'nameless':{'value':{'message':"
		 "'The event\\u0027s id must be a text','extensions':{'code':"
		 "'bad-request'}},'x-request':{'method':'POST','target':"
		 "'/event','body':{}}}}}}}"),
	PART_ROW(RESPONSE, "EventFailed",
		 "{'description':'It is not kept: send it again'," FAILED
		 "}}}"),
	PART_ROW(PARAMETER, "EventSecret",
		 "{'name':'EVENT-SECRET','in':'header','schema':" TEXT
		 ",'description':'POSTERN_EVENT_SECRET, where there is one'}"),
};

static const struct part_operation operation = {
	.method = "post",
	.path = "/event",
	.id = "receiveEvent",
	.tag = "hasura",
	.summary = "An event of a trigger, kept once",
	.parameters = "<parameters/EventSecret>",
	.body = "{'required':true,'content':{'application/json':{"
		"'schema':<EngineEvent>}}}",
	.security = "[{}]",
	/* An effect may raise any status. */
	.responses = "200:EventReceived 400:EventRefused 4XX:EventFailed "
		     "5XX:EventFailed",
};

static void
put(struct part_writer *w)
{
	part_operation(w, &operation);
}

const struct part hasura_event_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
