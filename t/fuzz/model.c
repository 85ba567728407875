/*
 * Any bytes as a model: refused, or a model that every table of which can be
 * looked up, listed and written to without a crash.
 */
#include "core/model.h"

#include "../unit/ask.h"
#include "fuzz.h"

enum { TABLES_MAX = 8 };

static void
request(struct model *m, const struct table *t, struct str method,
	const char *behind)
{
	struct asked q;
	struct arena *a;

	ask_open(&q, m, m->nroles ? m->roles[0].p : "");
	a = q.call.arena;
	q.call.request.method = method;
	q.call.request.uri = arena_printf(
		a, "/%.*s%s", STR_FMT(http_encode(a, t->name)), behind);
	q.call.request.body = STR("{\"id\":1,\"name\":\"x\",\"a\":null}");
	ask(&q);
	MUST(q.error || q.call.reply.status || q.statement.text.n);
	ask_free(&q);
}

static void
look_up(const struct table *t)
{
	struct violation v;

	for (size_t i = 0; i < t->ncolumns; i++)
		MUST(table_column(t, t->columns[i].name));
	for (size_t i = 0; i < t->nfkeys; i++) {
		MUST(t->fkeys[i].from == t && t->fkeys[i].n > 0);
		MUST(t->fkeys[i].link.n > 0);
		MUST(t->fkeys[i].name.n == 0 ||
		     (table_violation(t, t->fkeys[i].name, &v) && v.own));
	}
	for (size_t i = 0; i < t->nreferrers; i++)
		MUST(t->referrers[i]->to == t);
	for (size_t i = 0; i < t->nuniques; i++)
		for (size_t k = 0; k < t->uniques[i].n; k++)
			MUST(t->uniques[i].columns[k]->type);
	table_message(t, STR("GET"), STR("missing"));
}

static void
use(struct model *m)
{
	for (size_t i = 0; i < m->ntables && i < TABLES_MAX; i++) {
		const struct table *t = &m->tables[i];

		look_up(t);
		request(m, t, STR("GET"), "");
		request(m, t, STR("GET"), "?limit=2&order=name,-id&id=1");
		request(m, t, STR("GET"), "/1,2");
		request(m, t, STR("POST"), "");
		request(m, t, STR("PUT"), "?current_name=x");
		request(m, t, STR("DELETE"), "/1");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct model *m = NULL;
	char *copy = malloc(size + 1);
	struct err *e;

	/* libpq's values have a NUL behind them. */
	memcpy(copy, data, size);
	copy[size] = '\0';
	e = model_read(a, (struct str){copy, size}, &m);
	free(copy);
	if (e)
		MUST(e->code == ERR_INTERNAL && !m);
	else
		use(m);
	model_drop(m);
	arena_free(a);
	return 0;
}
