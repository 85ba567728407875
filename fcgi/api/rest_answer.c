#include "api/answer.h"
#include "api/rest.h"
#include "core/print.h"

/* The same URL is JSON:API's for those who accept that. */
static void
answer_read(struct call *call)
{
	call->reply.status = 200;
	reply_header(&call->reply, "Vary", STR("Accept"));
	if (call->more)
		rest_link_next(call);
	answer_tag(call, answer_version(call, STR("")));
}

/* Location: /users/id, the values of a composite key joined by commas. */
static void
locate(struct call *call)
{
	struct buf to = buf_new(64 * 1024);

	buf_char(&to, '/');
	buf_put(&to, http_encode(call->arena, rest_of(call)->table->name));
	buf_char(&to, '/');
	print_key(&to, rest_of(call)->table->primary, call->keys, true);
	if (!to.broken)
		reply_header(&call->reply, "Location", buf_str(&to));
	buf_free(&to);
}

static void
answer_write(struct call *call)
{
	struct reply *reply = &call->reply;
	bool created = call->plan.op == PLAN_INSERT;

	reply->status = created ? 201 : 200;
	if (created && call->keys)
		locate(call);
	if (call->nversions)
		reply_header(reply, "ETag", answer_version(call, STR("")));
	if (!rest_of(call)->minimal)
		return;
	reply->status = created ? 201 : 204;
	reply->type = NULL;
	buf_clear(reply->body);
	reply_header(reply, "Preference-Applied", STR("return=minimal"));
}

/*
 * Row security hides from a write what the caller may not write.  Whether the
 * row is there at all is asked once more, by a read: 403 rather than 404.
 * With an If-Match the row may be his, and another version: 412 as ever.
 */
static bool
is_hidden(const struct call *call)
{
	const struct plan *p = &call->plan;

	for (size_t i = 0; i < p->nwhere; i++)
		if (!p->where[i].column)
			return false;
	return rest_of(call)->table->guarded && call->rows == 0 &&
	       (p->op == PLAN_UPDATE || p->op == PLAN_DELETE);
}

static struct err *
seek(struct call *call)
{
	struct plan *p = &call->plan;

	rest_of(call)->seeking = true;
	p->op = PLAN_SELECT;
	p->nset = 0;
	p->version = p->keys = false;
	p->quick = table_is_stored(p->table);
	return NULL;
}

struct err *
rest_render(struct call *call)
{
	call->reply.type = "application/json";
	if (is_hidden(call))
		return seek(call);
	if (rest_of(call)->seeking && call->rows)
		return err_new(call->arena, ERR_FORBIDDEN, "Forbidden");
	if (!call->plan.list && call->rows == 0)
		return rest_missing(call);
	if (answer_allows("GET, HEAD", call->request.method))
		answer_read(call);
	else
		answer_write(call);
	return NULL;
}
