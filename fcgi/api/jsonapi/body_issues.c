#include "api/jsonapi/writing.h"

enum { ISSUES_MAX = 4 * 1024 * 1024 };

/* ---- JSON pointers ---- */

/* A part of one, as it was before it stood there. */
static struct str
plain_part(struct arena *a, struct str part)
{
	char *p = arena_alloc(a, part.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < part.n; i++) {
		p[n] = part.p[i];
		if (part.p[i] == '~' && i + 1 < part.n)
			p[n] = part.p[++i] == '1' ? '/' : '~';
		n++;
	}
	return (struct str){p, n};
}

/* The pointer without its last part, which is *ret_last. */
static struct str
cut_last(struct arena *a, struct str pointer, struct str *ret_last)
{
	size_t at = pointer.n;

	while (at && pointer.p[at - 1] != '/')
		at--;
	*ret_last = plain_part(a, str_sub(pointer, at, pointer.n));
	return arena_str(a, str_sub(pointer, 0, at ? at - 1 : 0));
}

/* ---- as the source system's framework tells it ---- */

static void
put_place(struct arena *a, struct buf *b, struct str pointer)
{
	struct str rest = pointer;

	if (str_starts(rest, STR("/")))
		rest = str_sub(rest, 1, rest.n);
	while (rest.n) {
		struct str part = plain_part(a, str_cut(&rest, '/'));
		int64_t number;

		buf_char(b, ',');
		if (str_int(part, &number) && number >= 0)
			buf_int(b, number);
		else
			buf_json(b, part);
	}
}

static void
put_issue(struct arena *a, struct buf *b, const struct issue *issue)
{
	buf_printf(b, "{\"loc\":[\"%s\"", issue->where);
	put_place(a, b, issue->field);
	BUF_LIT(b, "],\"msg\":");
	buf_json(b, issue->message);
	BUF_LIT(b, ",\"type\":");
	buf_json(b, str_of(issue->type));
	if (issue->ctx.n) {
		BUF_LIT(b, ",\"ctx\":");
		buf_put(b, issue->ctx);
	}
	buf_char(b, '}');
}

void
body_issues_put(struct arena *a, struct buf *b, const struct issues *issues)
{
	buf_char(b, '[');
	for (const struct issue *i = issues->first; i; i = i->next) {
		if (i != issues->first)
			buf_char(b, ',');
		put_issue(a, b, i);
	}
	buf_char(b, ']');
}

struct err *
body_issues_bare(struct call *call, struct buf *detail)
{
	struct err *e = err_new(call->arena, ERR_INVALID,
				"The body is not "
				"what it should be.");

	e->type = STR(JSONAPI_BARE);
	e->detail = arena_str(call->arena, buf_str(detail));
	return e;
}

static struct err *
as_list(struct call *call, const struct issues *issues)
{
	struct buf b = buf_new(ISSUES_MAX);
	struct err *e;

	body_issues_put(call->arena, &b, issues);
	e = body_issues_bare(call, &b);
	buf_free(&b);
	return e;
}

/* ---- as error objects ---- */

/* What is missing has no place: that of what should hold it. */
static struct err *
as_object(struct call *call, const struct issue *issue)
{
	struct fault_source place = {.pointer = issue->field.p};
	struct str name, up = cut_last(call->arena, issue->field, &name);
	int64_t number;

	if (str_eq(str_of(issue->type), STR("value_error.missing")))
		place.pointer = up.p;
	if (!place.pointer)
		place.pointer = "";
	if (name.n == 0 || str_int(name, &number))
		return jsonapi_error(call, 422, NULL, place, "%.*s",
				     STR_FMT(issue->message));
	return jsonapi_error(call, 422, NULL, place, "%.*s: %.*s",
			     STR_FMT(name), STR_FMT(issue->message));
}

static struct err *
as_objects(struct call *call, const struct issues *issues)
{
	struct buf b = buf_new(ISSUES_MAX);
	const struct issue *i = issues->first;
	struct err *first = as_object(call, i);

	buf_put(&b, first->detail);
	for (i = i->next; i; i = i->next) {
		BUF_LIT(&b, "},{");
		buf_put(&b, as_object(call, i)->detail);
	}
	first->detail = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return first;
}

struct err *
jsonapi_bad_body(struct call *call, const struct issues *issues)
{
	if (!issues->first)
		return NULL;
	return jsonapi_of(call)->strict ? as_objects(call, issues)
					: as_list(call, issues);
}
