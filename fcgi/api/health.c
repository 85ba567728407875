#include "api/health.h"

#include "api/answer.h"
#include "api/openapi/part.h"

static struct err *
plan(struct call *call)
{
	TRY(answer_allow(call, "GET, HEAD"));
	call->reply.status = 200;
	call->reply.type = "application/json";
	BUF_LIT(call->reply.body, "{\"status\":\"Ok\"}");
	return NULL;
}

const struct api health_api = {
	.name = "health",
	.offline = true,
	.plan = plan,
	.fail = answer_error,
};

static const struct part_row rows[] = {
	PART_ROW(
		RESPONSE, "Healthy",
		"{'description':'The server "
		"answers','content':{'application/json':{"
		"'schema':{'type':'object','required':['status'],'properties':{"
		"'status':{'const':'Ok'}}},'example':{'status':'Ok'}}}}"),
};

static void
put(struct part_writer *w)
{
	static const struct part_operation get = {
		.method = "get",
		.path = "/health_check",
		.id = "checkHealth",
		.tag = "about",
		.summary = "Is it there?",
		.responses = "200:Healthy 401:Unauthorized 403:Forbidden "
			     "429:TooMany 5XX:Unavailable",
	};

	part_operation(w, &get);
}

const struct part health_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
