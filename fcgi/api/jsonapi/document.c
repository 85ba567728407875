#include "api/jsonapi/jsonapi.h"

void
jsonapi_document(struct call *call, struct plan *plan)
{
	bool included = jsonapi_of(call)->include != NULL;

	plan->open = plan->list ? STR("{\"data\":[") : STR("{\"data\":");
	if (plan->list)
		plan->between = STR("],\"included\":[");
	else
		plan->between = STR(",\"included\":[");
	plan->close = plan->list || included ? STR("]") : STR("");
}

/* How many rows there are, of all pages. */
static void
put_counts(struct call *call, struct buf *b)
{
	const struct jsonapi *j = jsonapi_of(call);
	int64_t count = (int64_t)call->rows, pages = 1;

	if (j->count >= 0)
		count = call->counts[j->count];
	if (j->size)
		pages = count / j->size + (count % j->size > 0);
	buf_printf(b, ",\"meta\":{\"count\":%lld,\"totalPages\":%lld}",
		   (long long)count, (long long)pages);
}

void
jsonapi_tail(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct buf *b = call->reply.body;

	if (j->strict)
		BUF_LIT(b, ",\"jsonapi\":{\"version\":\"1.1\"},\"links\":{");
	else
		BUF_LIT(b, ",\"jsonapi\":{\"version\":\"1.0\"},\"links\":{");
	jsonapi_put_links(call, b);
	buf_char(b, '}');
	if (call->plan.list && !j->cursor)
		put_counts(call, b);
	else if (!j->strict)
		BUF_LIT(b, ",\"meta\":null");
	buf_char(b, '}');
}
