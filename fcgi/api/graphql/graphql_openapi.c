/* GraphQL over HTTP, for /openapi.json. */
#include "api/graphql/graphql.h"
#include "api/openapi/part.h"

#define STRICT "application/graphql-response+json"
#define CONTENT                                                             \
	"'content':{'application/json':{'schema':<GraphQLAnswer>},'" STRICT \
	"':{'schema':<GraphQLAnswer>}}"
#define REFUSED                                                               \
	"'nothing':{'value':{'errors':[{'message':"                           \
	"'Must provide query string.','extensions':{'code':'BAD_REQUEST'}}]}" \
	",'x-request':{'method':'POST','target':'/graphql','body':{}}}"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "GraphQLAnswer",
		 "{'type':'object','properties':{'data':{'type':['"
		 "object','"
		 "null']},"
		 "'errors':{'type':'array','items':<GraphQLError>}}}"),
	PART_ROW(SCHEMA, "GraphQLError",
		 "{'type':'object','required':['message'],'properties':{"
		 "'message':{'type':'string'},'locations':{'type':'"
		 "array','"
		 "items':{"
		 "'type':'object','required':['line','column'],'"
		 "properties':{"
		 "'line':{'type':'integer'},'column':{'type':'integer'}}"
		 "}},"
		 "'path':{'type':'array','items':{'type':['string','"
		 "integer']}},"
		 "'extensions':{'type':'object'}}}"),
	PART_ROW(RESPONSE, "GraphQLRefused",
		 "{'description':'It is no request, or no valid "
		 "one','content':{"
		 "'application/"
		 "json':{'schema':<GraphQLAnswer>,'examples':{" REFUSED
		 "}},'" STRICT "':{'schema':<GraphQLAnswer>}}}"),
	PART_ROW(RESPONSE, "GraphQLMutation",
		 "{'description':'A mutation has to come by "
		 "POST'," CONTENT "}"),
	PART_ROW(RESPONSE, "GraphQLFailed",
		 "{'description':'Errors'," CONTENT "}"),
};

#define FAILURES                                                  \
	"400:GraphQLRefused 401:GraphQLFailed 403:GraphQLFailed " \
	"406:GraphQLFailed 413:GraphQLFailed 429:TooMany 5XX:GraphQLFailed"

static const struct part_operation by_get = {
	.method = "get",
	.path = "/graphql",
	.id = "queryGraphQL",
	.tag = "graphql",
	.summary = "A query",
	.parameters = "<parameters/Role>,<parameters/GraphQLQuery>,"
		      "{'name':'operationName','in':'query','schema':{"
		      "'type':'string'}},{'name':'variables','in':'query',"
		      "'schema':{'type':'string'},'description':'JSON'},"
		      "{'name':'extensions','in':'query','schema':{"
		      "'type':'string'},'description':'JSON'}",
	.responses = "200:GraphQLAnswer 405:GraphQLMutation " FAILURES,
};

static const struct part_operation by_post = {
	.method = "post",
	.path = "/graphql",
	.id = "requestGraphQL",
	.tag = "graphql",
	.summary = "A query or a mutation",
	.parameters = "<parameters/Role>",
	.body = "{'required':true,'content':{'application/json':{"
		"'schema':<GraphQLRequest>}}}",
	.responses = "200:GraphQLAnswer 415:GraphQLFailed " FAILURES,
};

/* What asks for the greeting: the prefix is its name's. */
static void
put_greeting(struct part_writer *w)
{
	const char *prefix = w->conf->graphql_prefix;

	part_begin(w, PART_SCHEMA, "GraphQLRequest");
	part_printf(w,
		    "{'type':'object','properties':{'query':{'type':'string'},"
		    "'operationName':{'type':['string','null']},"
		    "'variables':{'type':['object','null']},"
		    "'extensions':{'type':['object','null'],'description':"
		    "'A hash in the place of a query: persistedQuery'}},"
		    "'examples':[{'query':'{ %shello }'}]}",
		    prefix);
	part_begin(w, PART_PARAMETER, "GraphQLQuery");
	part_printf(w,
		    "{'name':'query','in':'query','schema':{'type':'string'},"
		    "'example':'{ %shello }'}",
		    prefix);
	part_begin(w, PART_RESPONSE, "GraphQLAnswer");
	part_printf(w,
		    "{'description':'Data, errors, or both','content':{"
		    "'application/json':{'schema':<GraphQLAnswer>,'examples':{"
		    "'example':{'value':{'data':{'%shello':'Hello World'}},"
		    "'x-request':{'method':'POST','target':'/graphql','body':"
		    "{'query':'{ %shello }'}}}}},"
		    "'" STRICT "':{'schema':<GraphQLAnswer>}}}",
		    prefix, prefix);
}

static void
put(struct part_writer *w)
{
	put_greeting(w);
	part_operation(w, &by_get);
	part_operation(w, &by_post);
	part_tag(w, "graphql", STR("The same tables as GraphQL, over HTTP."));
}

const struct part graphql_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
