/* What is the same for every resource, for /openapi.json. */
#include "api/jsonapi/jsonapi.h"
#include "api/jsonapi/jsonapi_openapi.h"

#define MEDIA "'" JSONAPI_TYPE "'"

/* Some answers are told as other interfaces do, without the media type. */
#define FAILURE(about, title, code, status)                                  \
	"{'description':'" about "','content':{" MEDIA                       \
	":{'schema':<JsonApiErrors>,'example':{'errors':[{'status':'" status \
	"','code':'" code "','title':'" title "'}],"                         \
	"'jsonapi':{'version':'1.1'}}},'application/json':{'schema':{"       \
	"'anyOf':[<Error>,<HTTPValidationError>]}}}}"

static const struct part_row rows[] = {
	PART_ROW(SCHEMA, "JsonApiVersion",
		 "{'type':'object','required':['version'],'properties':{"
		 "'version':{'enum':['1.1','1.0']},'profile':{'type':'array'},"
		 "'ext':{'type':'array'}}}"),
	PART_ROW(SCHEMA, "JsonApiMeta",
		 "{'type':['object','null'],'properties':{'count':{"
		 "'type':'integer'},'totalPages':{'type':'integer'},"
		 "'page':{'type':'object'},'message':{'type':'string'}}}"),
	PART_ROW(SCHEMA, "JsonApiLinks",
		 "{'type':'object','additionalProperties':{"
		 "'type':['string','null']}}"),
	PART_ROW(SCHEMA, "JsonApiIdentifier",
		 "{'type':'object','required':['type','id'],'properties':{"
		 "'type':{'type':'string'},'id':{'type':'string'},"
		 "'meta':{'type':'object'}}}"),
	PART_ROW(SCHEMA, "JsonApiReference",
		 "{'type':'object','required':['type'],'properties':{"
		 "'type':{'type':'string'},'id':{'type':'string'},'lid':{"
		 "'type':'string'},'meta':{'type':'object'}}}"),
	PART_ROW(SCHEMA, "JsonApiToOne",
		 "{'type':'object','properties':{'data':{'anyOf':["
		 "<JsonApiIdentifier>,{'type':'null'}]},"
		 "'links':<JsonApiLinks>,'meta':<JsonApiMeta>}}"),
	PART_ROW(SCHEMA, "JsonApiToMany",
		 "{'type':'object','properties':{'data':{'type':'array',"
		 "'items':<JsonApiIdentifier>},'links':<JsonApiLinks>,"
		 "'meta':<JsonApiMeta>}}"),
	PART_ROW(SCHEMA, "JsonApiLinkage",
		 "{'type':'object','required':['data','jsonapi'],"
		 "'properties':{'data':{'anyOf':[<JsonApiIdentifier>,{'type':"
		 "'array','items':<JsonApiIdentifier>},{'type':'null'}]},"
		 "'jsonapi':<JsonApiVersion>,'links':<JsonApiLinks>,"
		 "'meta':<JsonApiMeta>}}"),
	PART_ROW(SCHEMA, "JsonApiOneIdentifier",
		 "{'type':'object','required':['data'],'properties':{'data':{"
		 "'anyOf':[<JsonApiReference>,{'type':'null'}]}}}"),
	PART_ROW(SCHEMA, "JsonApiSomeIdentifier",
		 "{'type':'object','required':['data'],'properties':{"
		 "'data':<JsonApiReference>}}"),
	PART_ROW(SCHEMA, "JsonApiIdentifiers",
		 "{'type':'object','required':['data'],'properties':{'data':{"
		 "'type':'array','items':<JsonApiReference>}}}"),
	PART_ROW(SCHEMA, "JsonApiDone",
		 "{'type':'object','required':['jsonapi'],'properties':{"
		 "'jsonapi':<JsonApiVersion>,'links':<JsonApiLinks>,"
		 "'meta':<JsonApiMeta>}}"),
	PART_ROW(SCHEMA, "JsonApiError",
		 "{'type':'object','required':['title'],'properties':{"
		 "'status':{'type':'string'},'status_code':{'type':'integer'},"
		 "'code':{'type':'string'},'title':{'type':'string'},"
		 "'detail':{'type':'string'},'source':{'type':'object',"
		 "'properties':{'pointer':{'type':'string'},"
		 "'parameter':{'type':'string'},'header':{'type':'string'}}},"
		 "'links':{'type':'object'},'meta':{}}}"),
	PART_ROW(SCHEMA, "JsonApiErrors",
		 "{'type':'object','required':['errors'],'properties':{"
		 "'errors':{'type':'array','items':<JsonApiError>},"
		 "'jsonapi':<JsonApiVersion>}}"),
	PART_ROW(SCHEMA, "JsonApiOperations",
		 "{'type':'object','required':['atomic:operations'],"
		 "'properties':{'atomic:operations':{'type':'array',"
		 "'minItems':1,'items':{'type':'object','required':['op'],"
		 "'properties':{'op':{'enum':['add','update','remove']},"
		 "'ref':{'type':'object'},'href':{'type':'string'},"
		 "'data':{}}}}}}"),
	PART_ROW(SCHEMA, "JsonApiResults",
		 "{'type':'object','required':['atomic:results'],"
		 "'properties':{'atomic:results':{'type':'array','items':{"
		 "'type':'object'}},'jsonapi':<JsonApiVersion>}}"),
	PART_ROW(SCHEMA, "JsonApiOperationError",
		 "{'type':'object','required':['detail'],'properties':{"
		 "'detail':{'type':'object','required':['message'],"
		 "'properties':{'message':{'type':'string'},'ref':{},'data':{},"
		 "'error':{'type':'string'},'errors':{'type':'array','items':"
		 "<ValidationError>}}}}}"),
	PART_ROW(RESPONSE, "JsonApiLinkage",
		 "{'description':'Who is linked','headers':{"
		 "'ETag':<headers/ETag>},'content':{" MEDIA
		 ":{'schema':<JsonApiLinkage>}}}"),
	PART_ROW(RESPONSE, "JsonApiDone",
		 "{'description':'Done','content':{" MEDIA
		 ":{'schema':<JsonApiDone>}}}"),
	PART_ROW(RESPONSE, "JsonApiResults",
		 "{'description':'What each operation "
		 "made','content':{'" JSONAPI_TYPE
		 ";ext=\\'https://jsonapi.org/ext/atomic\\'"
		 "':{'schema':<JsonApiResults>}}}"),
	PART_ROW(RESPONSE, "JsonApiBadRequest",
		 FAILURE("It cannot be followed", "Bad Request", "bad_request",
			 "400")),
	PART_ROW(RESPONSE, "JsonApiUnauthorized",
		 FAILURE("A token is needed, or a good one", "Unauthorized",
			 "unauthorized", "401")),
	PART_ROW(RESPONSE, "JsonApiForbidden",
		 FAILURE("Who asks may not", "Forbidden", "forbidden", "403")),
	PART_ROW(RESPONSE, "JsonApiNotFound",
		 FAILURE("There is no such thing", "Not Found", "not_found",
			 "404")),
	PART_ROW(RESPONSE, "JsonApiNotAcceptable",
		 FAILURE("Accept has it only in ways that we have not",
			 "Not Acceptable", "not_acceptable", "406")),
	PART_ROW(RESPONSE, "JsonApiConflict",
		 FAILURE("It is taken, referred to, or of another type",
			 "Conflict", "conflict", "409")),
	PART_ROW(RESPONSE, "JsonApiTooLarge",
		 FAILURE("The body, or the answer, is too large",
			 "Content Too Large", "content_too_large", "413")),
	PART_ROW(RESPONSE, "JsonApiUnsupported",
		 FAILURE("Content-Type has parameters that we do not know",
			 "Unsupported Media Type", "unsupported_media_type",
			 "415")),
	PART_ROW(RESPONSE, "JsonApiInvalid",
		 FAILURE("It does not fit the schema", "Unprocessable Content",
			 "invalid", "422")),
	PART_ROW(RESPONSE, "JsonApiOperationInvalid",
		 "{'description':'An operation does not fit','content':{" MEDIA
		 ":{'schema':<JsonApiErrors>},'application/json':{'schema':{"
		 "'anyOf':[<JsonApiOperationError>,<HTTPValidationError>]}}}}"),
	PART_ROW(RESPONSE, "JsonApiTooMany",
		 FAILURE("Too many requests", "Too Many Requests",
			 "too_many_attempts", "429")),
	PART_ROW(RESPONSE, "JsonApiRaised",
		 FAILURE("What a dependency says", "Payment Required", "raised",
			 "402")),
	PART_ROW(RESPONSE, "JsonApiUnavailable",
		 FAILURE("Not now, or not at all", "Service Unavailable",
			 "unavailable", "503")),

	PART_ROW(PARAMETER, "JsonApiInclude",
		 "{'name':'include','in':'query','description':'Paths of "
		 "relationships, with commas between: rows besides','schema':{"
		 "'type':'string'}}"),
	PART_ROW(PARAMETER, "JsonApiFields",
		 "{'name':'fields','in':'query','style':'deepObject',"
		 "'explode':true,'description':'Members of a type, with commas "
		 "between: these alone','schema':{'type':'object',"
		 "'additionalProperties':{'type':'string'}}}"),
	PART_ROW(PARAMETER, "JsonApiSort",
		 "{'name':'sort','in':'query','description':'Attributes, with "
		 "commas between; those that descend with -','schema':{"
		 "'type':'string'}}"),
	PART_ROW(PARAMETER, "JsonApiFilter",
		 "{'name':'filter','in':'query','description':'Conditions, a "
		 "list in JSON: name, op, val','schema':{'type':'string'}}"),
	PART_ROW(PARAMETER, "JsonApiPage",
		 "{'name':'page','in':'query','style':'deepObject',"
		 "'explode':true,'schema':{'type':'object','properties':{"
		 "'size':{'type':'integer','minimum':0},'number':{"
		 "'type':'integer','minimum':1},'after':{'type':'string'},"
		 "'before':{'type':'string'}}}}"),
};

const struct part jsonapi_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = jsonapi_openapi_put,
};
