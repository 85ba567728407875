#include "api/graphql/standard_build.h"

/* ---- which types there are ---- */

/* The functions of groups, and which columns they are of. */
static const struct {
	const char *name;
	enum made made;
	enum plan_function function;
	const char *description;
} functions[] = {
	{"_sum",	 MADE_SUM,   PLAN_SUM,   "Sums of the group's rows."		},
	{"_avg",	 MADE_AVG,   PLAN_AVG,   "Averages of the group's rows."	    },
	{"_min",	 MADE_MIN,   PLAN_MIN,   "The least values of the group's rows."},
	{"_max",	 MADE_MAX,   PLAN_MAX,
	 "The greatest values of the group's rows."				   },
	{"_count", MADE_COUNT, PLAN_COUNT,
	 "How many of the group's rows have a value."			     },
};

enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

static bool
is_shown(const struct thing *t, const struct column *c)
{
	return t->spots[c->index].use & USE_READ;
}

/* What a function makes of a column, or NULL: nothing. */
static const struct schema_type *
outcome(struct builder *b, struct thing *t, const struct column *c,
	enum plan_function f)
{
	if (!is_shown(t, c))
		return NULL;
	switch (f) {
	case PLAN_SUM:
		return standard_sum(b, t, c);
	case PLAN_AVG:
		return standard_sum(b, t, c) ? standard_scalar(b, "Float")
					     : NULL;
	case PLAN_MIN:
	case PLAN_MAX:
		return standard_is_ordered(c) ? standard_column(b, t, c) : NULL;
	case PLAN_COUNT:
		return standard_scalar(b, "Int");
	default:
		return standard_sorts(c) ? standard_column(b, t, c) : NULL;
	}
}

static size_t
count(struct builder *b, struct thing *t, enum plan_function f)
{
	size_t n = 0;

	for (size_t i = 0; i < t->table->ncolumns; i++)
		n += outcome(b, t, &t->table->columns[i], f) != NULL;
	return n;
}

static void
make(struct builder *b, struct thing *t, enum made made)
{
	t->made[made] = standard_type(b, KIND_OBJECT, t->names[made]);
	t->made[made]->table = t->table;
}

void
standard_objects(struct builder *b, struct thing *t)
{
	if (!t->readable)
		return;
	t->object = standard_type(b, KIND_OBJECT, t->name);
	t->object->table = t->table;
	t->object->description = t->table->comment;
	make(b, t, MADE_RESULT);
	t->made[MADE_RESULT]->description =
		STR("A group of rows: those that are alike in the columns "
		    "that are asked for.");
	if (count(b, t, PLAN_PLAIN)) {
		make(b, t, MADE_GROUP);
		t->made[MADE_GROUP]->description =
			STR("Columns of a related row, to group by.");
	}
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (count(b, t, functions[i].function))
			make(b, t, functions[i].made);
}

/* ---- their fields ---- */

static void
add_columns(struct builder *b, struct thing *t)
{
	struct arena *a = b->arena;
	size_t max = t->table->ncolumns + t->nways;

	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];
		const struct schema_type *type;
		struct schema_field *f;

		if (!is_shown(t, c))
			continue;
		type = standard_column(b, t, c);
		f = standard_field(b, t->object, max);
		f->name = t->spots[i].name;
		f->description = c->comment;
		f->deprecated = c->deprecated;
		f->type = c->nullable ? type : schema_non_null(a, type);
		f->meaning = FIELD_IS_COLUMN;
		f->table = t->table;
		f->column = c;
	}
}

static bool
is_way_shown(struct builder *b, const struct way *w)
{
	return w->to->readable && standard_joins(b, w->relation.fkey) &&
	       (!w->via || standard_joins(b, w->via));
}

/* Where policies decide about rows, the row may be one that is not shown. */
static bool
is_nullable(const struct fkey *f)
{
	if (f->to->guarded)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (f->columns[i]->nullable)
			return true;
	return false;
}

static struct str
describe_way(struct builder *b, const struct thing *t, const struct way *w)
{
	struct arena *a = b->arena;
	struct str link = standard_camel(a, standard_link(w->relation.fkey));
	struct str to = w->to->name;

	if (w->meaning == FIELD_IS_TO_ONE)
		return arena_printf(a, "The %.*s that it refers to.",
				    STR_FMT(to));
	if (w->via)
		return arena_printf(
			a, "Every %.*s that is linked to this %.*s by a %.*s.",
			STR_FMT(to), STR_FMT(t->name),
			STR_FMT(standard_thing(b, w->via->from)->name));
	return arena_printf(a, "%s %.*s whose %.*s this is.",
			    w->meaning == FIELD_IS_TO_MANY ? "Every" : "The",
			    STR_FMT(to), STR_FMT(link));
}

static const struct schema_type *
type_of_way(struct builder *b, const struct way *w)
{
	const struct schema_type *type = w->to->object;

	if (w->meaning == FIELD_IS_TO_MANY)
		return schema_list(b->arena, type);
	if (w->meaning == FIELD_IS_TO_ONE && !is_nullable(w->relation.fkey))
		return schema_non_null(b->arena, type);
	return type;
}

static void
add_ways(struct builder *b, struct thing *t)
{
	size_t max = t->table->ncolumns + t->nways;

	for (struct way *w = t->ways; w < t->ways + t->nways; w++) {
		struct schema_field *f;

		if (!is_way_shown(b, w))
			continue;
		f = standard_field(b, t->object, max);
		f->name = w->name;
		f->description = describe_way(b, t, w);
		f->type = type_of_way(b, w);
		f->meaning = w->meaning;
		f->table = t->table;
		f->relation = w->relation;
		f->via = w->via;
		if (w->meaning == FIELD_IS_TO_MANY)
			standard_list_args(b, w->to, f);
	}
}

/* ---- groups ---- */

/* Plain columns come first: there is room for what else a group has. */
static void
add_outcomes(struct builder *b, struct thing *t, struct schema_type *to,
	     enum plan_function function)
{
	size_t max = count(b, t, function);

	if (function == PLAN_PLAIN)
		max += t->table->nfkeys + FUNCTIONS;
	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];
		const struct schema_type *type = outcome(b, t, c, function);
		struct schema_field *f;

		if (!type)
			continue;
		f = standard_field(b, to, max);
		f->name = t->spots[i].name;
		f->description = c->comment;
		f->deprecated = c->deprecated;
		f->type = type;
		f->meaning = FIELD_IS_COLUMN;
		f->table = t->table;
		f->column = c;
		f->function = function;
	}
}

static void
add_groups(struct builder *b, struct thing *t, struct schema_type *to)
{
	size_t max = t->table->nfkeys + FUNCTIONS;

	add_outcomes(b, t, to, PLAN_PLAIN);
	for (struct way *w = t->ways; w < t->ways + t->nways; w++) {
		struct schema_field *f;

		if (w->meaning != FIELD_IS_TO_ONE || !is_way_shown(b, w) ||
		    !w->to->made[MADE_GROUP])
			continue;
		f = standard_field(b, to, max);
		f->name = w->name;
		f->description = describe_way(b, t, w);
		f->type = w->to->made[MADE_GROUP];
		f->meaning = FIELD_IS_TO_ONE;
		f->table = t->table;
		f->relation = w->relation;
	}
}

static void
add_functions(struct builder *b, struct thing *t)
{
	struct schema_type *result = t->made[MADE_RESULT];

	for (size_t i = 0; i < FUNCTIONS; i++) {
		struct schema_type *of = t->made[functions[i].made];
		struct schema_field *f;

		if (!of)
			continue;
		add_outcomes(b, t, of, functions[i].function);
		f = standard_field(b, result, FUNCTIONS);
		f->name = str_of(functions[i].name);
		f->description = str_of(functions[i].description);
		f->type = of;
		f->meaning = FIELD_IS_FUNCTION;
		f->table = t->table;
		f->function = functions[i].function;
	}
}

void
standard_object_fields(struct builder *b, struct thing *t)
{
	if (!t->object)
		return;
	add_columns(b, t);
	add_ways(b, t);
	if (t->made[MADE_GROUP])
		add_groups(b, t, t->made[MADE_GROUP]);
	add_groups(b, t, t->made[MADE_RESULT]);
	add_functions(b, t);
}
