/*
 * Cursors from strangers.  The first byte picks a list, the rest is the
 * cursor: as it is, or as the values behind the right mark.  Whatever it
 * holds, it is refused or it gives the SQL that a cursor of ours would give
 * for values that are null in the same places.
 */
#include "core/base64.h"

#include "../unit/ask.h"
#include "fuzz.h"

static const struct list {
	const char *uri;    /* "&after=" follows */
	const char *sample; /* fine values, but for nulls */
	const char *values[5];
} lists[] = {
	{"/users?limit=5",				     "1",	{"\"0190a5b0-0000-7000-8000-000000000001\""}	    },
	{"/events?order=-schedule&limit=5",
	 "01",						       {"\"2020-01-01T00:00:00+00:00\"",
	  "\"0190a5b0-0000-7000-8000-000000000001\""}						     },
	{"/order_items?order=-order_id,-line&limit=5",	       "11", {"1", "2"}					       },
	{"/order_items?order=-sku,amount,-total&limit=5",
	 "01011",						    {"\"a\"", "1.5", "2", "3", "4"}			},
	{"/categories?order=mood,-exact,day,truth&limit=5",
	 "00001",						    {"\"sad\"", "0.5", "\"2020-01-01\"", "true", "1"}  },
	{"/categories?order=-label,price,-moment,big&limit=5",
	 "00001",						    {"\"b\"", "1", "\"2020-01-01T00:00:00\"", "1", "1"}},
	{"/measurements?limit=5",
	 "11",						       {"\"a\"", "\"2020-01-01T00:00:00+00:00\""}	   },
};

enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

static struct model *model;

static void
plan(struct asked *q, const struct list *list, struct str cursor)
{
	struct arena *a;

	ask_open(q, model, "postern_admin");
	a = q->call.arena;
	q->call.request.method = STR("GET");
	q->call.request.uri = str_of(list->uri);
	if (cursor.n)
		q->call.request.uri = arena_printf(a, "%s&after=%.*s",
						   list->uri, STR_FMT(cursor));
	ask(q);
}

/* The word that a list's cursors begin with, as rest_list.c makes it. */
static struct str
mark(struct arena *a, const struct list *list)
{
	struct asked q;
	struct str text;

	plan(&q, list, STR(""));
	MUST(!q.error);
	text = q.call.plan.table->name;
	for (size_t i = 0; i < q.call.plan.norder; i++) {
		const struct sorting *s = &q.call.plan.order[i];

		text = arena_printf(a, "%.*s %c%.*s", STR_FMT(text),
				    s->descending ? '-' : '+',
				    STR_FMT(s->column->name));
	}
	ask_free(&q);
	return arena_printf(a, "%08x", (unsigned)str_hash(text));
}

static struct str
cursor_of(struct arena *a, const struct list *list, struct str values)
{
	struct str json = arena_printf(a, "[\"%.*s\",%.*s]",
				       STR_FMT(mark(a, list)), STR_FMT(values));

	return base64_encode(a, json);
}

/* Ours, with nulls where the other plan has them. */
static struct str
golden(struct arena *a, const struct list *list, const struct plan *like)
{
	struct str values = STR(""), text;
	struct asked q;

	for (size_t i = 0; i < like->norder; i++)
		values = arena_printf(
			a, "%.*s%s%s", STR_FMT(values), i ? "," : "",
			like->order[i].after.p ? list->values[i] : "null");
	plan(&q, list, cursor_of(a, list, values));
	MUST(!q.error && q.call.plan.after);
	text = arena_str(a, q.statement.text);
	ask_free(&q);
	return text;
}

static void
try(struct arena *a, const struct list *list, struct str cursor)
{
	struct asked q;

	plan(&q, list, cursor);
	if (!q.error && cursor.n) {
		struct plan *p = &q.call.plan;

		must_eq(q.statement.text, golden(a, list, p));
		for (size_t i = 0; i < p->norder; i++) {
			struct str value = p->order[i].after;

			MUST(value.p || list->sample[i] == '0');
			MUST(str_utf8(value));
			MUST(str_find(value, '\0') == value.n);
		}
	}
	ask_free(&q);
}

static void
round_trip(struct arena *a, struct str bytes)
{
	struct str back = STR("");

	MUST(base64_decode(a, base64_encode(a, bytes), &back));
	must_eq(back, bytes);
	if (base64_decode(a, bytes, &back))
		must_eq(base64_encode(a, back), bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(8 * 1024);
	struct str input = {(const char *)data, size}, rest;
	const struct list *list = &lists[size ? data[0] % LISTS : 0];

	if (!model)
		model = ask_model();
	rest = arena_str(a, str_sub(input, 1, size));
	round_trip(a, rest);
	if (size && data[0] & 0x80)
		try(a, list, http_encode(a, rest));
	else
		try(a, list, cursor_of(a, list, rest));
	try(a, list, base64_encode(a, rest));
	arena_free(a);
	return 0;
}
