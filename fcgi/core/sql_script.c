#include "core/sql_steps.h"
#include "core/tree.h"

struct statement *
sql_script_add(struct arena *a, struct script *script)
{
	struct statement *more;
	int room = script->room ? 2 * script->room : 1;

	if (script->n == SCRIPT_MAX)
		return NULL;
	if (script->n == script->room) {
		more = ARENA_ARRAY(a, struct statement, (size_t)room);
		for (int i = 0; i < script->n; i++)
			more[i] = script->statements[i];
		script->statements = more;
		script->room = room;
	}
	return &script->statements[script->n++];
}

static struct err *
too_large(struct arena *a)
{
	return err_new(a, ERR_TOO_LARGE,
		       "The request asks for too much at once.");
}

/* Statements that differ must all be prepared before the first is executed. */
static bool
too_many_texts(const struct script *s)
{
	uint64_t seen[SCRIPT_TEXTS];
	int n = 0;

	for (int i = 0; i < s->n; i++) {
		uint64_t hash = str_hash(s->statements[i].text);
		int k = 0;

		while (k < n && seen[k] != hash)
			k++;
		if (k == SCRIPT_TEXTS)
			return true;
		if (k == n)
			seen[n++] = hash;
	}
	return false;
}

struct err *
sql_script(struct arena *a, const struct plan *plan, struct script *ret)
{
	*ret = (struct script){0};
	if (plan->ready) {
		*sql_script_add(a, ret) = *plan->ready;
		return NULL;
	}
	if (plan->op != PLAN_TREES && plan->op != PLAN_STEPS)
		return sql_compile(a, plan, sql_script_add(a, ret));
	for (size_t i = 0; plan->op == PLAN_STEPS && i < plan->nsteps; i++) {
		struct statement *s = sql_script_add(a, ret);

		if (!s)
			return too_large(a);
		TRY(sql_step(a, &plan->steps[i], (int)i, s));
	}
	for (size_t i = 0; i < plan->ntrees; i++)
		TRY(sql_tree(a, &plan->trees[i], (int)i, ret));
	return too_many_texts(ret) ? too_large(a) : NULL;
}
