#include "io/depend.h"

static const char forget[] =
	"select where set_config('postern.context', '', true) is null";

static struct err *
too_large(const struct call *call)
{
	return err_new(call->arena, ERR_TOO_LARGE,
		       "The request asks for too much at once.");
}

/* Each text is prepared before the first statement is executed. */
static bool
too_many_texts(const struct call *call)
{
	struct str seen[DEPEND_TEXTS];
	int n = 0;

	for (size_t i = 0; i < call->ndepends; i++) {
		const struct dependency *d = call->depends[i].dependency;
		int k = 0;

		while (d && k < n && !str_eq(seen[k], d->function))
			k++;
		if (k == DEPEND_TEXTS)
			return true;
		if (d && k == n)
			seen[n++] = d->function;
	}
	return false;
}

static struct statement
statement(struct arena *a, const struct depend *d)
{
	struct statement s = {.text = str_of(forget), .aside = true};

	if (!d->dependency)
		return s;
	s.text = arena_printf(
		a, "select where postern.depend(%.*s($1::json)) is null",
		STR_FMT(d->dependency->function));
	s.args = ARENA_ARRAY(a, const char *, 1);
	s.args[s.nargs++] = arena_str(a, d->request).p;
	return s;
}

struct err *
depend_weave(const struct call *call, const struct script *script,
	     struct script *ret)
{
	size_t n = (size_t)script->n + call->ndepends, at = 0;

	*ret = *script;
	if (call->ndepends == 0)
		return NULL;
	if (n > SCRIPT_MAX || call->ndepends > DEPENDS_MAX ||
	    too_many_texts(call))
		return too_large(call);
	*ret = (struct script){
		.statements = ARENA_ARRAY(call->arena, struct statement, n),
		.room = (int)n,
	};
	for (int i = 0; i < script->n; i++) {
		bool last = i == script->n - 1;

		while (at < call->ndepends &&
		       (last || call->depends[at].step <= i))
			ret->statements[ret->n++] =
				statement(call->arena, &call->depends[at++]);
		ret->statements[ret->n++] = script->statements[i];
	}
	return NULL;
}
