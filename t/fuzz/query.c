/*
 * A query that is accepted, encoded again, is the same parameters; any bytes
 * survive being encoded and decoded; header values crash nothing.
 */
#include "core/http.h"

#include "base/buf.h"
#include "fuzz.h"

static struct str
encoded(struct arena *a, const struct http_query *q)
{
	struct buf b = buf_new(1 << 24);
	struct str s;

	for (size_t i = 0; i < q->n; i++) {
		if (i)
			buf_char(&b, '&');
		buf_put(&b, http_encode(a, q->params[i].name));
		buf_char(&b, '=');
		buf_put(&b, http_encode(a, q->params[i].value));
	}
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void
accepted(struct arena *a, const struct http_query *q)
{
	struct http_query again = {0};

	MUST(q->n <= HTTP_PARAMS_MAX);
	MUST(!http_query_read(a, encoded(a, q), &again));
	MUST(again.n == q->n);
	for (size_t i = 0; i < q->n; i++) {
		const struct http_param *p = &q->params[i];

		must_eq(again.params[i].name, p->name);
		must_eq(again.params[i].value, p->value);
		MUST(str_utf8(p->name) && str_utf8(p->value));
		MUST(strlen(p->name.p) == p->name.n);
		MUST(strlen(p->value.p) == p->value.n);
		MUST(http_query_get(q, p->name) >= p);
	}
}

static void
headers(struct str text)
{
	struct str value = http_prefer_return(text);
	bool weak = http_etag_match(text, STR("\"x\""), true);
	int times;
	struct str cookie = http_cookie(text, STR("a"), &times);

	MUST(value.n <= text.n);
	MUST(cookie.n < text.n || text.n == 0);
	MUST(times > 0 || cookie.n == 0);
	MUST(weak || !http_etag_match(text, STR("\"x\""), false));
	MUST(!http_is_type(text, STR("application/json")) ||
	     http_is_json(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size);
	struct str text = {copy, size}, back = STR("");
	struct http_query q = {0};
	struct err *e;

	if (size)
		memcpy(copy, data, size);
	e = http_query_read(a, text, &q);
	if (e)
		MUST(e->code == ERR_BAD_REQUEST && str_utf8(e->message));
	else
		accepted(a, &q);
	MUST(http_decode(a, http_encode(a, text), false, &back));
	must_eq(back, text);
	headers(text);
	free(copy);
	arena_free(a);
	return 0;
}
