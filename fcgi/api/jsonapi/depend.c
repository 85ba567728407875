#include "api/jsonapi/jsonapi.h"

enum { REQUEST_MAX = 1024 * 1024 };

#define SECRET_HEADER "X-AUTH"

/* ---- which ---- */

static bool
is_for(const struct dependency *d, const struct jsonapi_view *view)
{
	return d->view.n == 0 ||
	       str_eq(d->view, view->list ? STR("list") : STR("detail"));
}

/* The room doubles; beyond DEPENDS_MAX the request is too large anyway. */
static void
append(struct call *call, struct depend depend)
{
	size_t n = call->ndepends;
	struct depend *old = call->depends;

	if (n > DEPENDS_MAX)
		return;
	if ((n & (n - 1)) == 0) {
		call->depends =
			ARENA_ARRAY(call->arena, struct depend, n ? 2 * n : 1);
		if (n)
			memcpy(call->depends, old, n * sizeof(*old));
	}
	call->depends[call->ndepends++] = depend;
}

/* Those of a method, or of ALL. */
static void
add(struct call *call, const struct jsonapi_view *view, struct str method,
    struct str request)
{
	const struct table *t = view->table;

	for (size_t i = 0; i < t->ndependencies; i++) {
		const struct dependency *d = &t->dependencies[i];

		if (str_eq(d->method, method) && is_for(d, view))
			append(call, (struct depend){d, request, view->step});
	}
}

static bool
has_any(const struct jsonapi_view *view, struct str method)
{
	const struct table *t = view->table;

	for (size_t i = 0; i < t->ndependencies; i++) {
		const struct dependency *d = &t->dependencies[i];

		if (is_for(d, view) && (str_eq(d->method, STR("ALL")) ||
					str_eq(d->method, method)))
			return true;
	}
	return false;
}

/* What another operation was told is nothing to this one. */
static void
begin(struct call *call, int step)
{
	size_t n = call->ndepends;

	if (n && call->depends[n - 1].dependency)
		append(call, (struct depend){.step = step});
}

/* ---- what they are told ---- */

static void
put_name(struct buf *b, const char *name)
{
	buf_char(b, b->n ? ',' : '{');
	buf_json(b, str_of(name));
	buf_char(b, ':');
}

static void
put_text(struct buf *b, const char *name, struct str value)
{
	put_name(b, name);
	if (value.p)
		buf_json(b, value);
	else
		BUF_LIT(b, "null");
}

/* Of names that come twice the last counts, as everywhere. */
static void
put_query(struct buf *b, const struct http_query *q)
{
	bool first = true;

	put_name(b, "query");
	buf_char(b, '{');
	for (size_t i = 0; i < q->n; i++) {
		const struct http_param *p = &q->params[i];

		if (http_query_get(q, p->name) != p)
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		buf_json(b, p->name);
		buf_char(b, ':');
		buf_json(b, p->value);
	}
	buf_char(b, '}');
}

/* HTTP_X_TENANT is x-tenant. */
static struct str
header_name(struct arena *a, struct str param)
{
	struct str bare = str_sub(param, STR("HTTP_").n, param.n);
	char *p = arena_alloc(a, bare.n + 1);

	for (size_t i = 0; i < bare.n; i++) {
		char c = bare.p[i];

		if (c == '_')
			c = '-';
		p[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return (struct str){p, bare.n};
}

/* The shared secret is nobody's business; what is no text is none. */
static bool
is_told(const struct header *h)
{
	return !request_is_header(h->name, STR(SECRET_HEADER)) &&
	       str_utf8(h->value);
}

static void
put_headers(struct buf *b, const struct request *r)
{
	bool first = true;

	put_name(b, "headers");
	buf_char(b, '{');
	for (size_t i = 0; i < r->nheaders; i++) {
		const struct header *h = &r->headers[i];

		if (!is_told(h))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		buf_json(b, header_name(r->arena, h->name));
		buf_char(b, ':');
		buf_json(b, h->value);
	}
	buf_char(b, '}');
}

static bool
knows_secret(const struct request *r)
{
	struct str secret = str_of(r->conf->admin_secret);

	for (size_t i = 0; secret.n && i < r->nheaders; i++)
		if (request_is_header(r->headers[i].name, STR(SECRET_HEADER)))
			return str_same_secret(r->headers[i].value, secret);
	return false;
}

static struct str
describe(struct call *call, const struct jsonapi_view *view, struct str method)
{
	const struct request *r = &call->request;
	const struct caller *c = &call->caller;
	struct buf b = buf_new(REQUEST_MAX);
	struct str text;

	put_text(&b, "method", method);
	put_text(&b, "path", r->path);
	put_text(&b, "type", resource_type(call->arena, view->table));
	put_text(&b, "id", view->id);
	put_query(&b, &r->query);
	put_headers(&b, r);
	put_name(&b, "claims");
	buf_put(&b, c->claims.n ? c->claims : STR("null"));
	put_text(&b, "role", c->known ? str_of(c->role) : (struct str){0});
	put_name(&b, "secret");
	buf_put(&b, knows_secret(r) ? STR("true") : STR("false"));
	buf_char(&b, '}');
	text = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* ---- the doors ---- */

void
jsonapi_depend_step(struct call *call, const struct jsonapi_view *view)
{
	bool head = str_eq(view->method, STR("HEAD"));
	struct str method = head ? STR("GET") : view->method, request;

	begin(call, view->step);
	if (!has_any(view, method) || call->ndepends > DEPENDS_MAX)
		return;
	request = describe(call, view, method);
	add(call, view, STR("ALL"), request);
	add(call, view, method, request);
}

void
jsonapi_depend(struct call *call, const struct table *table, struct str method,
	       bool list)
{
	struct jsonapi_view view = {
		.table = table,
		.method = method,
		.list = list,
	};

	if (!list)
		view.id = jsonapi_of(call)->id;
	jsonapi_depend_step(call, &view);
}
