#include "api/graphql/query.h"

/* An object of groups: columns to group by, or of one function. */
struct level {
	struct planner *p;
	enum plan_function function;
};

static bool
add_member(const struct level *at, struct shape *shape, const struct chosen *f);

static struct shape *
make_level(const struct level *at, const struct table *table,
	   const struct chosen *of)
{
	struct shape *shape = plan_shape(at->p->call->arena, table, of->n);

	if (!query_may_read(at->p, of, table))
		return NULL;
	for (size_t i = 0; i < of->n; i++)
		if (!add_member(at, shape, &of->fields[i]))
			return NULL;
	return shape;
}

/* The columns of one function, of the same rows. */
static bool
add_function(const struct level *at, struct shape *shape,
	     const struct chosen *f)
{
	struct level below = *at;
	struct field *to = plan_field(at->p->call->arena, shape, f->key);

	below.function = f->field->function;
	to->kind = FIELD_GROUP;
	to->object = make_level(&below, shape->table, f);
	return to->object;
}

static bool
add_object(const struct level *at, struct shape *shape, const struct chosen *f)
{
	struct field *to = plan_field(at->p->call->arena, shape, f->key);
	const struct fkey *by = f->field->relation.fkey;

	to->kind = FIELD_OBJECT;
	to->object = query_join(at->p, f) ? make_level(at, by->to, f) : NULL;
	if (to->object)
		to->object->by = by;
	return to->object;
}

static void
add_column(const struct level *at, struct shape *shape, const struct chosen *f)
{
	struct field *to = plan_field(at->p->call->arena, shape, f->key);

	query_column(at->p, to, f);
	to->function = at->function;
	if (at->function == PLAN_COUNT)
		to->form = FORM_PLAIN;
}

static bool
add_member(const struct level *at, struct shape *shape, const struct chosen *f)
{
	switch (f->field->meaning) {
	case FIELD_IS_FUNCTION:
		return add_function(at, shape, f);
	case FIELD_IS_TO_ONE:
		return add_object(at, shape, f);
	case FIELD_IS_COLUMN:
		add_column(at, shape, f);
		return true;
	default:
		query_text(at->p, shape, f);
		return true;
	}
}

/* Is it one of the columns that tell the groups apart? */
static bool
is_grouped_by(const struct shape *shape, const struct column *column)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].kind == FIELD_COLUMN &&
		    shape->fields[i].column == column)
			return true;
	return false;
}

static bool
is_ordered_by(const struct rows *rows, const struct column *column)
{
	for (size_t i = 0; i < rows->norder; i++)
		if (rows->order[i].column == column)
			return true;
	return false;
}

/* Groups are in the order of their columns, after the order asked for. */
static bool
finish_order(struct planner *p, const struct chosen *f, struct rows *rows)
{
	const struct shape *shape = rows->shape;

	for (size_t i = 0; i < rows->norder; i++)
		if (!is_grouped_by(shape, rows->order[i].column))
			return query_fault(p, f, "BAD_USER_INPUT",
					   "Groups can be ordered by selected "
					   "columns only.");
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *member = &shape->fields[i];

		if (member->kind == FIELD_COLUMN &&
		    !is_ordered_by(rows, member->column))
			rows->order[rows->norder++] =
				(struct sorting){.column = member->column};
	}
	return true;
}

bool
query_aggregate(struct planner *p, const struct chosen *f, struct rows *rows)
{
	struct level root = {.p = p, .function = PLAN_PLAIN};

	rows->grouped = true;
	if (!query_list(p, f, rows, false))
		return false;
	rows->shape = make_level(&root, rows->table, f);
	return rows->shape && finish_order(p, f, rows);
}
