#include "base/err.h"

const struct err_kind *
err_kind(enum err_code code)
{
	static const struct err_kind kinds[] = {
#define X(code, status, slug, title) [ERR_##code] = {status, slug, title},
		ERR_ROWS(X)
#undef X
	};

	return &kinds[code];
}

static struct err *
make(struct arena *a, enum err_code code)
{
	struct err *e = ARENA_NEW(a, struct err);

	e->code = code;
	return e;
}

struct err *
err_new(struct arena *a, enum err_code code, const char *fmt, ...)
{
	struct err *e = make(a, code);
	va_list args;

	va_start(args, fmt);
	e->message = arena_vprintf(a, fmt, args);
	va_end(args);
	return e;
}

struct err *
err_internal(struct arena *a, enum err_code code, const char *fmt, ...)
{
	struct err *e = make(a, code);
	va_list args;

	va_start(args, fmt);
	e->cause = arena_vprintf(a, fmt, args);
	va_end(args);
	return e;
}

struct str
err_text(const struct err *e)
{
	return e->cause.n ? e->cause : e->message;
}

void
issues_add(struct issues *list, struct arena *a, struct issue one)
{
	struct issue *copy = ARENA_NEW(a, struct issue);

	*copy = one;
	copy->next = NULL;
	if (!list->end)
		list->end = &list->first;
	*list->end = copy;
	list->end = &copy->next;
}

struct err *
issues_err(const struct issues *list, struct arena *a)
{
	struct err *e;

	if (!list->first)
		return NULL;
	e = make(a, ERR_INVALID);
	e->issues = list->first;
	return e;
}
