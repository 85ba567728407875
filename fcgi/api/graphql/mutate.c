#include "api/graphql/mutate.h"

#include "core/print.h"

bool
mutate_writes(const struct chosen *f)
{
	enum schema_meaning what = f->field->meaning;

	return what == FIELD_IS_INSERT || what == FIELD_IS_UPDATE ||
	       what == FIELD_IS_DELETE;
}

bool
mutate_missing(struct mutation *m, const struct table *table)
{
	return query_fault(m->p, m->f, "NOT_FOUND",
			   "%.*s matching query does not exist.",
			   STR_FMT(table->type));
}

/* The type of the argument with that meaning. */
static const struct schema_type *
argument_type(const struct chosen *f, enum schema_input_meaning meaning)
{
	for (size_t i = 0; i < f->field->nargs; i++)
		if (f->field->args[i].meaning == meaning)
			return f->field->args[i].type;
	return NULL;
}

/* ---- the row that is answered ---- */

static size_t
count_results(const struct chosen *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->fields[i].field->meaning == FIELD_IS_RESULT;
	return n;
}

/*
 * One row for however many aliases ask for it, each a group of its columns.
 * What the role may not read is answered as null.
 */
static bool
plan_result(struct mutation *m)
{
	const struct table *table = m->f->field->table;
	struct arena *a = m->p->call->arena;
	size_t n = count_results(m->f);
	struct shape *shape;

	if (n == 0 || !(table->grants.select & m->p->schema->role) ||
	    !sql_tree_key_readable(table, m->p->schema->role))
		return true;
	shape = plan_shape(a, table, n);
	for (size_t i = 0; i < m->f->n; i++) {
		const struct chosen *f = &m->f->fields[i];
		struct field *to;

		if (f->field->meaning != FIELD_IS_RESULT)
			continue;
		to = plan_field(a, shape, f->key);
		to->kind = FIELD_GROUP;
		to->object = query_shape(m->p, table, f);
		if (!to->object)
			return false;
	}
	m->tree->shape = shape;
	return true;
}

/* ---- root fields ---- */

static bool
may(const struct mutation *m, enum schema_meaning what)
{
	const struct grants *g = &m->f->field->table->grants;
	uint32_t roles = what == FIELD_IS_INSERT   ? g->insert
			 : what == FIELD_IS_UPDATE ? g->update
						   : g->delete;

	return (roles & m->p->schema->role) || query_forbidden(m->p, m->f);
}

/* A table of which nobody can give anything has no `data`. */
static bool
plan_data(struct mutation *m)
{
	const struct value *data = collect_argument(m->f, INPUT_IS_DATA);

	return !data ||
	       mutate_data(m, 0, argument_type(m->f, INPUT_IS_DATA), data, 0);
}

static bool
plan_insert(struct mutation *m)
{
	const struct value *tag = collect_argument(m->f, INPUT_IS_TAG);
	struct item one = {.op = ITEM_INSERT,
			   .table = m->f->field->table,
			   .parent = -1,
			   .index = -1};

	if (tag && tag->kind != VALUE_NULL)
		one.tag = tag->text;
	return mutate_item(m, &one) >= 0 && plan_data(m);
}

static bool
plan_keyed(struct mutation *m, enum item_op op)
{
	const struct table *table = m->f->field->table;
	struct item one = {.op = op, .table = table, .parent = -1, .index = -1};

	one.key = query_key(m->p, m->f, table, argument_type(m->f, INPUT_IS_PK),
			    collect_argument(m->f, INPUT_IS_PK));
	if (!one.key || mutate_item(m, &one) < 0)
		return false;
	return op == ITEM_DELETE || plan_data(m);
}

static bool
plan_root(struct planner *p, const struct chosen *f, struct tree *tree)
{
	struct mutation m = {.p = p, .f = f, .tree = tree};

	tree->role = p->schema->role;
	if (!may(&m, f->field->meaning))
		return false;
	if (f->field->meaning == FIELD_IS_DELETE)
		return plan_keyed(&m, ITEM_DELETE);
	if (f->field->meaning == FIELD_IS_UPDATE ? !plan_keyed(&m, ITEM_UPDATE)
						 : !plan_insert(&m))
		return false;
	return plan_result(&m);
}

/* ---- the whole ---- */

/* Nothing but names of types. */
static void
plan_texts(struct call *call, const struct chosen *root)
{
	struct buf name = buf_new(1024);

	call->plan.shape = plan_shape(call->arena, NULL, root->n);
	for (size_t i = 0; i < root->n; i++) {
		const struct chosen *f = &root->fields[i];
		struct field *to =
			plan_field(call->arena, call->plan.shape, f->key);

		buf_clear(&name);
		buf_json(&name, f->type->name);
		to->kind = FIELD_TEXT;
		to->text = f->field->meaning == FIELD_IS_TYPENAME
				   ? arena_str(call->arena, buf_str(&name))
				   : f->field->text;
	}
	buf_free(&name);
	call->plan.open = STR("{\"data\":");
	call->plan.close = STR("}");
}

bool
mutate_plan(struct planner *p, const struct chosen *root)
{
	struct plan *plan = &p->call->plan;
	bool fine = true;

	plan->trees = ARENA_ARRAY(p->call->arena, struct tree, root->n);
	for (size_t i = 0; i < root->n; i++)
		if (mutate_writes(&root->fields[i]))
			fine &= plan_root(p, &root->fields[i],
					  &plan->trees[plan->ntrees++]);
	if (plan->ntrees)
		plan->op = PLAN_TREES;
	else
		plan_texts(p->call, root);
	return fine;
}

void
mutate_render(struct call *call, const struct chosen *root)
{
	mutate_print(call, root, NULL);
}
