/*
 * A GraphQL request put to its planner, with the model of t/unit/model.json
 * and without HTTP or a database.
 *
 * graphed() goes the whole way that a document goes: parse, limits,
 * validation, variables, fields, plan, statement.  It ends at the first step
 * that has faults.  What came of it lives until graphed_free().
 */
#ifndef POSTERN_GRAPHED_H
#define POSTERN_GRAPHED_H

#include "api/graphql/limits.h"
#include "api/graphql/parse.h"
#include "api/graphql/query.h"
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

static inline void
graphed(struct graphed *g, struct str text, struct str variables)
{
	struct arena *a = g->call.arena;
	struct planner planner = {
		.call = &g->call,
		.schema = g->schema,
		.faults = &g->faults,
	};
	struct execution e = {
		.arena = a,
		.schema = g->schema,
		.faults = &g->faults,
	};
	json_object *given = NULL;

	if (variables.n && json_read(a, variables, &given))
		return;
	if (!graphed_read(g, text))
		return;
	e.doc = g->document;
	e.op = g->document->operations;
	if (!coerce_variables(&e, given) || !collect_fields(&e, &g->root))
		return;
	g->planned =
		e.op->kind == OPERATION_QUERY && query_plan(&planner, &g->root);
	if (g->planned && g->call.plan.op != PLAN_NONE)
		g->error = sql_compile(a, &g->call.plan, &g->statement);
}

#endif
