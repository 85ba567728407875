#include "api/health.h"

#include "api/answer.h"

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
