/*
 * A whole GraphQL query: role (a byte), variables (a line of JSON, or an empty
 * one), the document.  What becomes of it is faults, each with a message, or
 * one statement into which nothing of the request has gone but names of the
 * model and of the answer's members: other values give the same text.
 */
#include "../unit/graphed.h"
#include "fuzz.h"

static struct model *model;

static const char *const roles[] = {"postern_admin", "postern_member",
				    "postern_anonymous"};
static const struct schema *schemas[3];

/* ---- SQL ---- */

/* Behind the quoted name at `i`. */
static size_t
skip_name(struct str sql, size_t i)
{
	for (i++; i < sql.n; i++) {
		if (sql.p[i] != '"')
			continue;
		if (i + 1 == sql.n || sql.p[i + 1] != '"')
			return i + 1;
		i++;
	}
	MUST(sql.n == 0); /* a name ends */
	return i;
}

/* Behind the literal at `i`; where it began with an E, \ is special. */
static size_t
skip_literal(struct str sql, size_t i)
{
	bool escapes = i && sql.p[i - 1] == 'E';

	for (i++; i < sql.n; i++) {
		if (escapes && sql.p[i] == '\\')
			i++;
		else if (sql.p[i] == '\'')
			return i + 1;
	}
	MUST(sql.n == 0); /* it ends */
	return i;
}

/* Outside of names there are small letters, digits and few signs. */
static void
check_text(const struct statement *s)
{
	static const char signs[] = " .,()=<>$_:|-E";
	int args = 0;

	for (size_t i = 0; i < s->text.n; i++) {
		char c = s->text.p[i];

		if (c == '"') {
			i = skip_name(s->text, i) - 1;
		} else if (c == '\'') {
			i = skip_literal(s->text, i) - 1;
		} else {
			MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			     (c && strchr(signs, c)));
			if (c == '$')
				MUST(atoi(s->text.p + i + 1) <= s->nargs);
		}
		if (c == '$' && atoi(s->text.p + i + 1) > args)
			args = atoi(s->text.p + i + 1);
	}
	MUST(args == s->nargs && s->nargs <= SQL_ARGS_MAX);
}

/* ---- the plan: its values are others, its text stays ---- */

static const struct filter *
other_filter(struct arena *a, const struct filter *f)
{
	struct filter *copy;

	if (!f)
		return NULL;
	copy = ARENA_NEW(a, struct filter);
	*copy = *f;
	copy->parts = ARENA_ARRAY(a, const struct filter *, f->n);
	for (size_t i = 0; i < f->n; i++)
		copy->parts[i] = other_filter(a, f->parts[i]);
	if (f->kind != FILTER_TEST || !f->test.value.p)
		return copy;
	MUST(str_utf8(f->test.value));
	MUST(str_find(f->test.value, '\0') == f->test.value.n);
	MUST(!f->test.column->hidden);
	copy->test.value = STR("another");
	return copy;
}

static void
replace(struct arena *a, struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		struct field *f = &shape->fields[i];

		if (f->kind == FIELD_COLUMN)
			MUST(f->column && !f->column->hidden);
		if (f->object)
			replace(a, f->object);
		if (!f->rows)
			continue;
		f->rows->filter = other_filter(a, f->rows->filter);
		if (f->rows->limit)
			f->rows->limit = 7;
		if (f->rows->offset)
			f->rows->offset = 8;
		replace(a, f->rows->shape);
	}
}

static void
check_statement(struct graphed *g)
{
	struct plan *p = &g->call.plan;
	struct statement other;

	check_text(&g->statement);
	p->filter = other_filter(g->call.arena, p->filter);
	if (p->limit)
		p->limit = 7;
	if (p->offset)
		p->offset = 8;
	replace(g->call.arena, p->shape);
	MUST(!sql_compile(g->call.arena, p, &other));
	must_eq(other.text, g->statement.text);
	MUST(other.nargs == g->statement.nargs);
}

static void
check(struct graphed *g)
{
	for (const struct fault *f = g->faults.first; f; f = f->next)
		MUST(f->message.n);
	if (!g->planned || g->error)
		return;
	MUST(g->call.plan.op == PLAN_SELECT || g->call.plan.op == PLAN_NONE);
	MUST(str_starts(g->call.plan.open, STR("{\"data\":")));
	MUST(str_ends(g->call.plan.close, STR("}")));
	if (g->call.plan.op == PLAN_SELECT)
		check_statement(g);
}

/* By way of a plan that was kept, all is the same. */
static void
check_kept(const struct graphed *g, struct str document, struct str variables)
{
	struct graphed kept;

	graphed_open(&kept, model, g->schema);
	graphed_kept(&kept, document, graphed_others(g->call.arena, variables),
		     variables);
	MUST(graphed_same(g, &kept));
	graphed_free(&kept);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size}, variables;
	struct graphed g;
	size_t role;

	if (!model) {
		model = ask_model();
		for (size_t i = 0; i < 3; i++)
			schemas[i] = graphed_schema(model, roles[i]);
	}
	if (size < 1)
		return 0;
	role = data[0] % 3;
	graphed_open(&g, model, schemas[role]);
	rest = arena_str(g.call.arena, str_sub(rest, 1, size));
	variables = str_cut(&rest, '\n');
	graphed(&g, rest, variables);
	check_kept(&g, rest, variables);
	check(&g);
	graphed_free(&g);
	return 0;
}
