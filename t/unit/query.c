/*
 * GraphQL queries and the statements that they become.  t/unit/query.golden
 * has documents with their variables, and of each its SQL, or its faults.  All
 * of it must be the same by way of plans that were kept.
 * After a change that is meant: QUERY_GOLDEN=write build/debug/unit/query, and
 * read the difference.
 */
#include "core/print.h"
#include "graphed.h"
#include "tap.h"

#define GOLDEN "t/unit/query.golden"

/* A case: the lines from "== name" to "--", then what is expected. */
struct golden {
	struct str name, input, expected, variables, document;
	const char *role;
	struct str deny; /* a table that the role may not read after all */
	int64_t cost, where, joins, arguments, rows_max;
};

static bool
take(struct str *line, const char *start)
{
	if (!str_starts(*line, str_of(start)))
		return false;
	*line = str_sub(*line, strlen(start), line->n);
	return true;
}

/* One line between the name and the "--"; false: the document begins. */
static bool
read_line(struct arena *a, struct golden *g, struct str line)
{
	if (take(&line, "role: "))
		g->role = arena_str(a, line).p;
	else if (take(&line, "deny: "))
		g->deny = line;
	else if (take(&line, "variables: "))
		g->variables = line;
	else if (take(&line, "cost: "))
		str_int(line, &g->cost);
	else if (take(&line, "where: "))
		str_int(line, &g->where);
	else if (take(&line, "joins: "))
		str_int(line, &g->joins);
	else if (take(&line, "arguments: "))
		str_int(line, &g->arguments);
	else if (take(&line, "rows_max: "))
		str_int(line, &g->rows_max);
	else
		return false;
	return true;
}

/* The next case of the file; false when there is none. */
static bool
next_case(struct arena *a, struct str *rest, struct golden *ret)
{
	struct str line = str_cut(rest, '\n');

	*ret = (struct golden){.role = "postern_member"};
	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	ret->name = str_sub(line, 3, line.n);
	ret->input.p = rest->p;
	for (line = str_cut(rest, '\n'); rest->n && !str_eq(line, STR("--"));
	     line = str_cut(rest, '\n')) {
		if (!ret->document.p && !read_line(a, ret, line))
			ret->document.p = line.p;
		if (ret->document.p)
			ret->document.n =
				(size_t)(line.p + line.n - ret->document.p);
	}
	ret->input.n = (size_t)(line.p - ret->input.p);
	ret->expected.p = rest->p;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->document.n > 0;
}

static void
put_path(struct buf *b, const struct path *path)
{
	if (!path)
		return;
	put_path(b, path->up);
	if (path->up)
		buf_char(b, '.');
	if (path->key.p)
		buf_put(b, path->key);
	else
		buf_int(b, (int64_t)path->index);
}

static void
put_faults(struct buf *b, const struct faults *faults)
{
	for (const struct fault *f = faults->first; f; f = f->next) {
		if (f != faults->first)
			buf_char(b, '\n');
		put_path(b, f->path);
		buf_printf(b, "%s%s%s%.*s", f->path ? " " : "",
			   f->code ? f->code : "", f->code ? ": " : "",
			   STR_FMT(f->message));
	}
}

static void
put_statement(struct buf *b, const struct graphed *g)
{
	const struct statement *s = &g->statement;
	const struct plan *p = &g->call.plan;

	if (g->error) {
		buf_put(b, g->error->message);
		return;
	}
	buf_put(b, s->text);
	for (int i = 0; i < s->nargs; i++)
		buf_printf(b, s->args[i] ? "\n$%d = %s" : "\n$%d is null",
			   i + 1, s->args[i]);
	buf_printf(b, "\n%.*s ... %.*s%s%s", STR_FMT(p->open),
		   STR_FMT(p->close), p->list ? ", list" : "",
		   p->quick ? ", quick" : "");
}

static void
put_result(struct buf *b, const struct graphed *g)
{
	put_faults(b, &g->faults);
	if (g->planned && g->faults.n)
		buf_char(b, '\n');
	if (!g->planned)
		return;
	if (g->call.plan.op == PLAN_NONE) {
		buf_put(b, g->call.plan.open);
		print_row(b, g->call.plan.shape, NULL);
		buf_put(b, g->call.plan.close);
	} else {
		put_statement(b, g);
	}
}

static void
change_settings(struct conf *conf, const struct golden *c)
{
	if (c->cost)
		conf->graphql_cost = c->cost;
	if (c->where)
		conf->graphql_where = c->where;
	if (c->joins)
		conf->graphql_joins = c->joins;
	if (c->arguments)
		conf->graphql_arguments = c->arguments;
	if (c->rows_max)
		conf->graphql_rows_max = c->rows_max;
}

static struct str
result(struct arena *a, struct model *model, const struct golden *c, bool keep)
{
	struct buf b = buf_new(1 << 20);
	const struct schema *schema = graphed_schema(model, c->role);
	struct table *denied = NULL;
	struct graphed g;
	struct str text;

	for (size_t i = 0; i < model->ntables; i++)
		if (str_eq(model->tables[i].name, c->deny))
			denied = &model->tables[i];
	if (denied)
		denied->grants.select ^= schema->role;
	graphed_open(&g, model, schema);
	change_settings(&g.conf, c);
	if (keep)
		graphed_kept(&g, c->document, graphed_others(a, c->variables),
			     c->variables);
	else
		graphed(&g, c->document, c->variables);
	if (denied)
		denied->grants.select ^= schema->role;
	put_result(&b, &g);
	text = arena_str(a, buf_str(&b));
	graphed_free(&g);
	graphed_drop(schema);
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a, struct model *model)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old, got;
	struct golden g;
	struct str head = str_sub(old, 0, str_find(old, '='));

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(a, &rest, &g)) {
		got = result(a, model, &g, false);
		fprintf(f, "== %.*s\n%.*s--\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(got), rest.n ? "\n" : "");
	}
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

static void
compare(struct str golden, struct arena *a, struct model *model)
{
	struct golden g;

	while (golden.n && next_case(a, &golden, &g)) {
		const char *name = arena_str(a, g.name).p;

		is(result(a, model, &g, false), g.expected, name);
		is(result(a, model, &g, true), g.expected,
		   arena_printf(a, "%s, kept", name).p);
	}
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str golden = ask_file(GOLDEN);
	struct model *model = ask_model();
	const char *mode = getenv("QUERY_GOLDEN");

	if (mode && strcmp(mode, "write") == 0)
		rewrite(golden, a, model);
	else
		compare(golden, a, model);
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	arena_free(a);
	return done();
}
