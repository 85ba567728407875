#include "api/jsonapi/jsonapi.h"

struct err *
jsonapi_page(struct call *call, struct plan *plan)
{
	const struct constraint *primary = plan->table->primary;

	plan->order = ARENA_ARRAY(call->arena, struct sorting, primary->n);
	for (size_t i = 0; i < primary->n; i++)
		plan->order[plan->norder++].column = primary->columns[i];
	return NULL;
}

/* What of the query stands in a URL as it is (RFC 3986 §3.4). */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$&'()*+,;=:@/?%", c));
}

/* The request's URL, encoded once where the client left that out. */
static void
put_url(struct call *call, struct buf *b)
{
	static const char digits[] = "0123456789ABCDEF";
	struct str path = call->request.path, query = call->request.query_text;

	path = str_sub(path, 1, path.n);
	buf_put(b, str_of(call->request.conf->base_url));
	while (path.n) {
		buf_char(b, '/');
		buf_put(b, http_encode(call->arena, str_cut(&path, '/')));
	}
	if (query.n)
		buf_char(b, '?');
	for (size_t i = 0; i < query.n; i++) {
		unsigned char c = (unsigned char)query.p[i];

		if (is_plain(query.p[i])) {
			buf_char(b, query.p[i]);
			continue;
		}
		buf_char(b, '%');
		buf_char(b, digits[c >> 4]);
		buf_char(b, digits[c & 15]);
	}
}

void
jsonapi_put_links(struct call *call, struct buf *b)
{
	BUF_LIT(b, "\"self\":\"");
	put_url(call, b);
	buf_char(b, '"');
}
