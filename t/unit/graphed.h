/*
 * A GraphQL request put to its planner, with the model of t/unit/model.json
 * and without HTTP or a database.
 *
 * graphed() goes the whole way that a document goes: parse, limits,
 * validation, variables, fields, plan, statement.  It ends at the first step
 * that has faults.  graphed_kept() goes by a plan that is kept (reuse.h), if
 * there is one.  What came of it lives until graphed_free().
 */
#ifndef POSTERN_GRAPHED_H
#define POSTERN_GRAPHED_H

#include "api/graphql/limits.h"
#include "api/graphql/parse.h"
#include "api/graphql/query.h"
#include "api/graphql/reuse.h"
#include "api/graphql/standard.h"
#include "api/graphql/validate.h"
#include "ask.h"
#include "core/json.h"

struct graphed {
	struct conf conf;
	struct call call;
	struct faults faults;
	const struct schema *schema;
	struct document *document;
	struct chosen root;
	bool planned;
	struct cached cached;
	bool kept; /* it went by a plan that was kept */
	struct statement statement;
	struct err *error;
};

/* The settings of GraphQL as they are by default. */
static inline struct conf
graphed_conf(void)
{
	return (struct conf){
		.graphql_document = 65536,
		.graphql_tokens = 5000,
		.graphql_depth = 10,
		.graphql_fields = 500,
		.graphql_aliases = 50,
		.graphql_roots = 20,
		.graphql_cost = 100000,
		.graphql_rows = 50,
		.graphql_rows_max = 500,
		.graphql_where = 8,
		.graphql_joins = 50,
		.graphql_arguments = 1000,
		.graphql_introspection = "all",
		.graphql_scalars = "",
		.graphql_prefix = "",
		.graphql_errors = "snake",
	};
}

/* The schema of a role, in an arena of its own: see graphed_drop(). */
static inline const struct schema *
graphed_schema(struct model *model, const char *role)
{
	static struct conf conf;

	conf = graphed_conf();
	return standard_schema(arena_new(1 << 16), &conf, model,
			       model_role(model, str_of(role)));
}

static inline void
graphed_drop(const struct schema *schema)
{
	arena_free(schema->arena);
}

static inline void
graphed_open(struct graphed *g, struct model *model,
	     const struct schema *schema)
{
	*g = (struct graphed){.conf = graphed_conf(), .schema = schema};
	g->call.arena = arena_new(8 * 1024);
	g->call.request.arena = g->call.arena;
	g->call.request.conf = &g->conf;
	g->call.request.model = model;
	g->faults.arena = g->call.arena;
}

static inline void
graphed_free(struct graphed *g)
{
	arena_free(g->call.arena);
	arena_free(g->cached.arena);
}

/* The document's checks, which its text alone decides. */
static inline bool
graphed_read(struct graphed *g, struct str text)
{
	struct arena *a = g->call.arena;

	g->document = parse_document(a, &g->conf, text, &g->faults);
	if (!g->document)
		return false;
	limits_check(a, &g->conf, g->document, &g->faults);
	if (g->faults.n)
		return false;
	validate_document(a, g->schema, g->document, true, &g->faults);
	return g->faults.n == 0 && g->document->operations;
}

/* The document's operation with these variables; false: they have faults. */
static inline bool
graphed_execution(struct graphed *g, struct str variables,
		  struct execution *ret)
{
	json_object *given = NULL;

	*ret = (struct execution){
		.arena = g->call.arena,
		.schema = g->schema,
		.doc = g->document,
		.op = g->document->operations,
		.faults = &g->faults,
	};
	if (variables.n && json_read(g->call.arena, variables, &given))
		return false;
	return coerce_variables(ret, given);
}

static inline void
graphed_compile(struct graphed *g)
{
	struct script script;

	if (!g->planned || g->call.plan.op == PLAN_NONE)
		return;
	g->error = sql_script(g->call.arena, &g->call.plan, &script);
	g->statement = *script.statements;
}

static inline void
graphed_plan(struct graphed *g, const struct execution *e)
{
	struct planner planner = {
		.call = &g->call,
		.schema = g->schema,
		.faults = &g->faults,
	};

	if (!collect_fields(e, &g->root))
		return;
	g->planned = e->op->kind == OPERATION_QUERY &&
		     query_plan(&planner, &g->root);
}

static inline void
graphed(struct graphed *g, struct str text, struct str variables)
{
	struct execution e;

	if (!graphed_read(g, text) || !graphed_execution(g, variables, &e))
		return;
	graphed_plan(g, &e);
	graphed_compile(g);
}

/* Variables of the same kind that say something else. */
static inline struct str
graphed_others(struct arena *a, struct str variables)
{
	json_object *given = NULL;

	if (!variables.n || json_read(a, variables, &given) ||
	    !json_object_is_type(given, json_type_object))
		return variables;
	json_object_object_foreach(given, name, v)
	{
		(void)name;
		if (json_object_is_type(v, json_type_string))
			json_object_set_string(
				v, arena_printf(a, "%s7",
						json_object_get_string(v))
					   .p);
		if (json_object_is_type(v, json_type_int))
			json_object_set_int64(v, json_object_get_int64(v) ^ 7);
	}
	return str_of(json_object_to_json_string(given));
}

/* Do both go to the database alike? */
static inline bool
graphed_same(const struct graphed *x, const struct graphed *y)
{
	const struct statement *s = &x->statement, *t = &y->statement;
	const struct plan *p = &x->call.plan, *q = &y->call.plan;

	if (x->planned != y->planned || !x->error != !y->error ||
	    x->faults.n != y->faults.n || s->nargs != t->nargs ||
	    !str_eq(s->text, t->text) || s->ncolumns != t->ncolumns)
		return false;
	for (int i = 0; i < s->nargs; i++)
		if (!s->args[i] != !t->args[i] ||
		    (s->args[i] && strcmp(s->args[i], t->args[i]) != 0))
			return false;
	return p->op == q->op && p->list == q->list && p->quick == q->quick &&
	       p->limit == q->limit && p->offset == q->offset &&
	       str_eq(p->open, q->open) && str_eq(p->close, q->close);
}

/* Read the document into an arena of its own, as the cache does. */
static inline bool
graphed_cache(struct graphed *g, struct str text)
{
	struct arena *a = g->call.arena;
	bool fine;

	g->cached.arena = arena_new(1024);
	g->cached.times = REUSE_FROM;
	g->call.arena = g->faults.arena = g->cached.arena;
	fine = graphed_read(g, text);
	g->call.arena = g->faults.arena = a;
	g->cached.document = g->document;
	return fine;
}

/* The same, after a request with other variables has come and gone. */
static inline void
graphed_kept(struct graphed *g, struct str text, struct str before,
	     struct str variables)
{
	struct execution e;

	if (!graphed_cache(g, text))
		return;
	if (graphed_execution(g, before, &e))
		reuse_plan(&g->call, &g->cached, &e, &g->root);
	arena_reset(g->call.arena);
	g->faults = (struct faults){.arena = g->call.arena};
	g->call.plan = (struct plan){0};
	if (!graphed_execution(g, variables, &e))
		return;
	g->kept = g->planned = reuse_plan(&g->call, &g->cached, &e, &g->root);
	if (!g->kept)
		graphed_plan(g, &e);
	graphed_compile(g);
}

#endif
