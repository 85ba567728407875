/* What several interfaces refer to, and /openapi.json itself. */
#include "api/openapi/openapi.h"
#include "api/openapi/part.h"

#define JSON(schema) "'content':{'application/json':{'schema':<" schema ">"

/* An answer with one example. */
#define ANSWER(about, headers, schema, example)     \
	"{'description':'" about "'," headers JSON( \
		schema) ",'example':" example "}}}"

#define EQUALITY(type) "'eq':{" type "},'neq':{" type "},"
#define ORDER(type) \
	"'gt':{" type "},'gte':{" type "},'lt':{" type "},'lte':{" type "},"
#define SETS		"'in':{'type':'string','description':'With commas'},"
#define NULLS		"'is_null':{'type':'boolean'}"
#define FILTER(members) "{'type':'object','properties':{" members NULLS "}}"
#define COMPARED(type)	FILTER(EQUALITY(type) ORDER(type) SETS)
#define STRING(format)	"'type':'string','format':'" format "'"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "Error",
		 "{'type':'object','required':['detail'],'properties':{'detail'"
		 ":{"
		 "'anyOf':[{'type':'string'},{'type':'object','required':['"
		 "error'],"
		 "'properties':{'error':{'type':'string'}}}]}}}"),
	PART_ROW(SCHEMA, "HTTPValidationError",
		 "{'type':'object','required':['detail'],'properties':{'detail'"
		 ":{"
		 "'type':'array','items':<ValidationError>}}}"),
	PART_ROW(SCHEMA, "ValidationError",
		 "{'type':'object','required':['loc','msg','type'],'properties'"
		 ":{"
		 "'loc':{'type':'array','items':{'type':['string','integer']},"
		 "'description':'body or query, and the member'},"
		 "'msg':{'type':'string'},'type':{'type':'string'},"
		 "'ctx':{'type':'object'}}}"),
	PART_ROW(SCHEMA, "NotANumber",
		 "{'type':'string','enum':['NaN','Infinity','-Infinity']}"),
	PART_ROW(SCHEMA, "TextFilter",
		 FILTER(EQUALITY("'type':'string'") ORDER("'type':'string'")
				SETS
			"'like':{'type':'string'},'ilike':{'type':'string'},")),
	PART_ROW(SCHEMA, "LabelFilter", COMPARED("'type':'string'")),
	PART_ROW(SCHEMA, "BooleanFilter", COMPARED("'type':'boolean'")),
	PART_ROW(SCHEMA, "IntegerFilter", COMPARED("'type':'integer'")),
	PART_ROW(SCHEMA, "NumberFilter", COMPARED("'type':'number'")),
	PART_ROW(SCHEMA, "UuidFilter", COMPARED(STRING("uuid"))),
	PART_ROW(SCHEMA, "DateFilter", COMPARED(STRING("date"))),
	PART_ROW(SCHEMA, "LocalTimeFilter",
		 COMPARED(STRING("date-time-local"))),
	PART_ROW(SCHEMA, "TimeFilter", COMPARED(STRING("date-time"))),
	PART_ROW(SCHEMA, "NullFilter", FILTER("")),
	PART_ROW(RESPONSE, "NotModified",
		 "{'description':'If-None-Match named what it still is'}"),
	PART_ROW(RESPONSE, "NoContent", "{'description':'Done'}"),
	PART_ROW(RESPONSE, "BadRequest",
		 ANSWER("The request cannot be read", "", "Error",
			"{'detail':'The query string has a `%` that is not "
			"followed by two hexadecimal digits.'}")),
	PART_ROW(RESPONSE, "Unauthorized",
		 ANSWER("A token is needed, or the one that came is not good",
			"'headers':{'WWW-Authenticate':<headers/"
			"WWW-Authenticate>},",
			"Error", "{'detail':'Not authenticated'}")),
	PART_ROW(RESPONSE, "Forbidden",
		 ANSWER("The role may not", "", "Error",
			"{'detail':'Forbidden'}")),
	PART_ROW(RESPONSE, "NotFound",
		 ANSWER("There is no such thing", "", "Error",
			"{'detail':'Not Found'}")),
	PART_ROW(RESPONSE, "Conflict",
		 ANSWER("Another request came in between, again and again", "",
			"Error", "{'detail':'Conflict'}")),
	PART_ROW(RESPONSE, "PreconditionFailed",
		 ANSWER("If-Match names a version that is no more", "", "Error",
			"{'detail':'Precondition Failed'}")),
	PART_ROW(RESPONSE, "TooLarge",
		 ANSWER("The body, or the answer, is too large", "", "Error",
			"{'detail':'Content Too Large'}")),
	PART_ROW(RESPONSE, "Invalid",
		 ANSWER("It does not fit the schema", "", "HTTPValidationError",
			"{'detail':[{'loc':['body'],'msg':'field required',"
			"'type':'value_error.missing'}]}")),
	PART_ROW(RESPONSE, "TooMany",
		 ANSWER("Too many requests",
			"'headers':{'Retry-After':"
			"<headers/Retry-After>},",
			"Error", "{'detail':'Too Many Requests'}")),
	PART_ROW(RESPONSE, "Unavailable",
		 ANSWER("Not now, or not at all",
			"'headers':{'Retry-After':<headers/Retry-After>},",
			"Error", "{'detail':'Service Unavailable'}")),
	PART_ROW(HEADER, "ETag",
		 "{'description':'The version of what is answered','schema':{"
		 "'type':'string'}}"),
	PART_ROW(HEADER, "Link",
		 "{'description':'The next page, if there is one: rel=next',"
		 "'schema':{'type':'string'}}"),
	PART_ROW(HEADER, "Location",
		 "{'description':'Where it is','schema':{'type':'string',"
		 "'format':'uri-reference'}}"),
	PART_ROW(HEADER, "Retry-After",
		 "{'description':'In so many "
		 "seconds','schema':{'type':'integer'}}"),
	PART_ROW(HEADER, "WWW-Authenticate",
		 "{'description':'RFC 6750','schema':{'type':'string'}}"),
	PART_ROW(PARAMETER, "Role",
		 "{'name':'X-Hasura-Role','in':'header','description':'Which "
		 "of the "
		 "token`s roles to be; without it, the first','schema':{"
		 "'type':'string','enum':['user','admin']}}"),
	PART_ROW(PARAMETER, "IfMatch",
		 "{'name':'If-Match','in':'header','description':'Only if the "
		 "row "
		 "still has one of these ETags','schema':{'type':'string'}}"),
	PART_ROW(PARAMETER, "IfNoneMatch",
		 "{'name':'If-None-Match','in':'header','description':'Only if "
		 "it is "
		 "none of these ETags','schema':{'type':'string'}}"),
	PART_ROW(PARAMETER, "Prefer",
		 "{'name':'Prefer','in':'header','description':'return=minimal "
		 "leaves "
		 "the body out: 204, or 201 without "
		 "one','schema':{'type':'string'}}"),
};

static void
put(struct part_writer *w)
{
	static const struct part_operation self = {
		.method = "get",
		.path = "/openapi.json",
		.id = "getDescription",
		.tag = "about",
		.summary = "This document",
		.parameters = "<parameters/IfNoneMatch>",
		.responses = "200:Description 304:NotModified "
			     "401:Unauthorized 403:Forbidden 429:TooMany "
			     "5XX:Unavailable",
	};

	part_begin(w, PART_RESPONSE, "Description");
	part_put(w, "{'description':'OpenAPI 3.1: what the caller may do',"
		    "'headers':{'ETag':<headers/ETag>},'content':{"
		    "'application/json':{'schema':{'type':'object'}}}}");
	part_operation(w, &self);
	part_tag(w, "about", STR("The server itself"));
}

const struct part openapi_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
