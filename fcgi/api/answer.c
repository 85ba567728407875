#include "api/answer.h"

/* ["body"], ["query","name"] or, for malformed JSON, ["body",12]. */
static void
put_place(struct buf *b, const struct issue *issue)
{
	int64_t position;

	buf_printf(b, "{\"loc\":[\"%s\"", issue->where);
	if (issue->field.n) {
		buf_char(b, ',');
		if (str_eq(str_of(issue->type),
			   STR("value_error.jsondecode")) &&
		    str_int(issue->field, &position))
			buf_int(b, position);
		else
			buf_json(b, issue->field);
	}
	BUF_LIT(b, "],\"msg\":");
}

static void
put_issues(struct buf *b, const struct issue *issue)
{
	BUF_LIT(b, "{\"detail\":[");
	for (bool first = true; issue; issue = issue->next, first = false) {
		if (!first)
			buf_char(b, ',');
		put_place(b, issue);
		buf_json(b, issue->message);
		BUF_LIT(b, ",\"type\":");
		buf_json(b, str_of(issue->type));
		if (issue->ctx.n) {
			BUF_LIT(b, ",\"ctx\":");
			buf_put(b, issue->ctx);
		}
		buf_char(b, '}');
	}
	BUF_LIT(b, "]}");
}

void
answer_error(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;

	call->reply.status = e->status ? e->status : err_kind(e->code)->status;
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	if (e->issues) {
		put_issues(b, e->issues);
		return;
	}
	BUF_LIT(b, "{\"detail\":");
	if (e->detail.n)
		buf_put(b, e->detail);
	else
		buf_json(b, e->message.n ? e->message
					 : str_of(err_kind(e->code)->title));
	buf_char(b, '}');
}

bool
answer_allows(const char *methods, struct str method)
{
	struct str rest = str_of(methods);

	while (rest.n)
		if (str_eq(str_trim(str_cut(&rest, ',')), method))
			return true;
	return false;
}

struct err *
answer_allow(struct call *call, const char *methods)
{
	struct err *e;

	if (answer_allows(methods, call->request.method))
		return NULL;
	e = err_new(call->arena, ERR_METHOD, "Method Not Allowed");
	e->allow = str_of(methods);
	return e;
}

uint32_t
answer_role(const struct call *call)
{
	const char *name = call->caller.runs_as ? call->caller.runs_as
						: call->request.conf->role;

	return model_role(call->request.model, str_of(name));
}
