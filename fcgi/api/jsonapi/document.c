#include "api/jsonapi/jsonapi.h"
#include "core/cursor.h"

void
jsonapi_document(struct call *call, struct plan *plan)
{
	bool included = jsonapi_of(call)->include != NULL;

	plan->open = plan->list ? STR("{\"data\":[") : STR("{\"data\":");
	plan->close = plan->list ? STR("]") : STR("");
	if (!included)
		return;
	plan->between =
		plan->list ? STR("],\"included\":[") : STR(",\"included\":[");
	plan->close = STR("]");
	if (plan->nsections == 0)
		plan->close = plan->list ? STR("],\"included\":[]")
					 : STR(",\"included\":[]");
}

/* ---- URLs ---- */

/* What of a query stands in a URL as it is (RFC 3986 §3.4). */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$&'()*+,;=:@/?%", c));
}

/* As it came, encoded where the client left that out. */
static void
put_query(struct buf *b, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_plain(text.p[i])) {
			buf_char(b, text.p[i]);
			continue;
		}
		buf_char(b, '%');
		buf_char(b, digits[c >> 4]);
		buf_char(b, digits[c & 15]);
	}
}

/* Slashes, and the commas of composite keys, stay what they are. */
static void
put_path(struct call *call, struct buf *b, struct str path)
{
	size_t end;

	for (size_t i = 0; i < path.n; i = end) {
		for (end = i;
		     end < path.n && path.p[end] != '/' && path.p[end] != ',';)
			end++;
		buf_put(b, http_encode(call->arena, str_sub(path, i, end - i)));
		if (end < path.n)
			buf_char(b, path.p[end++]);
	}
}

/* Is it page[...]=...? */
static bool
is_page(struct call *call, struct str piece)
{
	struct str name;

	return http_decode(call->arena, str_cut(&piece, '='), true, &name) &&
	       str_starts(name, STR("page["));
}

/* The request's URL; `elsewhere`: without its page, up to the one to come. */
static void
put_url(struct call *call, struct buf *b, bool elsewhere)
{
	struct str left = call->request.query_text;
	char mark = '?';

	buf_put(b, str_of(call->request.conf->base_url));
	put_path(call, b, call->request.path);
	while (left.n) {
		struct str piece = str_cut(&left, '&');

		if (piece.n == 0 || (elsewhere && is_page(call, piece)))
			continue;
		buf_char(b, mark);
		put_query(b, piece);
		mark = '&';
	}
	if (elsewhere)
		buf_char(b, mark);
}

/* ---- links ---- */

static void
begin_link(struct buf *b, const char *name)
{
	buf_printf(b, "\"%s\":", name);
}

/* "next":"..." or null, where there is no such page. */
static void
put_number(struct call *call, struct buf *b, const char *name, int64_t number)
{
	begin_link(b, name);
	if (number < 1) {
		BUF_LIT(b, "null,");
		return;
	}
	buf_char(b, '"');
	put_url(call, b, true);
	buf_printf(b, "page%%5Bnumber%%5D=%lld&page%%5Bsize%%5D=%lld\",",
		   (long long)number, (long long)jsonapi_of(call)->size);
}

static int64_t
count_pages(const struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);
	int64_t count = call->counts[j->count];

	return count / j->size + (count % j->size > 0);
}

static void
put_numbers(struct call *call, struct buf *b)
{
	int64_t number = jsonapi_of(call)->number, last = count_pages(call);
	int64_t before = number - 1;

	if (last < 1)
		last = 1;
	put_number(call, b, "first", 1);
	put_number(call, b, "last", last);
	put_number(call, b, "next", number < last ? number + 1 : 0);
	put_number(call, b, "prev", before < last ? before : last);
}

static void
put_cursor(struct call *call, struct buf *b, const char *side,
	   const struct str *keys)
{
	bool next = strcmp(side, "after") == 0;
	struct str cursor;

	begin_link(b, next ? "next" : "prev");
	if (!keys) {
		BUF_LIT(b, "null,");
		return;
	}
	cursor = cursor_make(call->arena, &call->plan, keys);
	buf_char(b, '"');
	put_url(call, b, true);
	buf_printf(b, "page%%5B%s%%5D=%.*s&page%%5Bsize%%5D=%lld\",", side,
		   STR_FMT(http_encode(call->arena, cursor)),
		   (long long)jsonapi_of(call)->size);
}

/* Beyond the end that we came from there was a row at least. */
static void
put_cursors(struct call *call, struct buf *b)
{
	const struct plan *p = &call->plan;
	const struct str *there = call->more ? call->keys : NULL;
	const struct str *here = p->after ? call->first : NULL;

	put_cursor(call, b, "after", p->backward ? here : there);
	put_cursor(call, b, "before", p->backward ? there : here);
}

/* /users/1/events of /users/1/relationships/events */
static void
put_related(struct call *call, struct buf *b)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct arena *a = call->arena;

	begin_link(b, "related");
	buf_char(b, '"');
	buf_put(b, str_of(call->request.conf->base_url));
	buf_put(b, str_of(j->prefix));
	buf_printf(b, "/%.*s/",
		   STR_FMT(http_encode(a, j->resource->table->name)));
	put_path(call, b, j->id);
	buf_printf(b, "/%.*s\",",
		   STR_FMT(http_encode(a, j->relationship->name)));
}

void
jsonapi_put_links(struct call *call, struct buf *b)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (j->cursor)
		put_cursors(call, b);
	else if (j->strict && j->count >= 0)
		put_numbers(call, b);
	if (j->target == TARGET_RELATIONSHIP)
		put_related(call, b);
	begin_link(b, "self");
	buf_char(b, '"');
	put_url(call, b, false);
	buf_char(b, '"');
}

/* ---- meta ---- */

/* How many rows there are, on all pages. */
static void
put_meta(struct call *call, struct buf *b)
{
	const struct jsonapi *j = jsonapi_of(call);
	int64_t count = (int64_t)call->rows, pages = 1;

	if (j->count >= 0) {
		count = call->counts[j->count];
		pages = count_pages(call);
	}
	buf_printf(b, ",\"meta\":{\"count\":%lld,\"totalPages\":%lld}",
		   (long long)count, (long long)pages);
}

void
jsonapi_tail(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct buf *b = call->reply.body;

	if (j->target == TARGET_OPERATIONS || j->later)
		return;
	if (j->strict)
		BUF_LIT(b, ",\"jsonapi\":{\"version\":\"1.1\"},\"links\":{");
	else
		BUF_LIT(b, ",\"jsonapi\":{\"version\":\"1.0\"},\"links\":{");
	jsonapi_put_links(call, b);
	buf_char(b, '}');
	if (call->plan.list && !j->cursor)
		put_meta(call, b);
	else if (!call->plan.list && !j->strict)
		BUF_LIT(b, ",\"meta\":null");
	buf_char(b, '}');
}
