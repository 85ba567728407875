#include "api/graphql/query.h"

#include "api/graphql/introspect.h"
#include "core/type.h"

enum { TEXT_MAX = 32 * 1024 * 1024 };

/* ---- columns ---- */

/* What the enum's values are called, where it is not what Postgres has. */
static const struct str *
names_of(struct arena *a, const struct schema_type *type,
	 const struct column *column)
{
	size_t n = column->nlabels ? column->nlabels : column->nchoices;
	const struct str *labels =
		column->nlabels ? column->labels : column->choices;
	struct str *names = ARENA_ARRAY(a, struct str, n);
	bool differ = false;

	for (size_t i = 0; i < n; i++) {
		names[i] = labels[i];
		for (size_t k = 0; k < type->n; k++)
			if (str_eq(type->values[k].value, labels[i]))
				names[i] = type->values[k].name;
		differ = differ || !str_eq(names[i], labels[i]);
	}
	return differ ? names : NULL;
}

/* Is its JSON, or that of its elements, anything but a string? */
static bool
is_bare(const struct column *column)
{
	switch (column->element->kind) {
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_NUMERIC:
	case TYPE_JSON:
		return true;
	default:
		return false;
	}
}

static bool
is_string(enum schema_scalar scalar)
{
	return scalar == SCALAR_ID || scalar == SCALAR_STRING ||
	       scalar == SCALAR_TEXT;
}

void
query_column(struct planner *p, struct field *to, const struct chosen *f)
{
	const struct schema_type *type = schema_named(f->field->type);

	to->kind = FIELD_COLUMN;
	to->column = f->field->column;
	if (type->kind == KIND_ENUM) {
		to->names = names_of(p->call->arena, type, to->column);
		to->form = to->names ? FORM_NAMES : FORM_PLAIN;
	} else if (is_string(type->scalar) && is_bare(to->column)) {
		to->form = FORM_STRING;
	}
}

/* ---- what needs no database ---- */

static bool
asks_database(const struct chosen *f)
{
	return f->field->meaning == FIELD_IS_BY_PK ||
	       f->field->meaning == FIELD_IS_LIST ||
	       f->field->meaning == FIELD_IS_AGGREGATE;
}

static void
put_text(struct buf *b, struct planner *p, const struct chosen *f)
{
	switch (f->field->meaning) {
	case FIELD_IS_TYPENAME:
		buf_json(b, f->type->name);
		break;
	case FIELD_IS_SCHEMA:
	case FIELD_IS_TYPE:
		introspect_print(b, p->schema, f);
		break;
	case FIELD_IS_TEXT:
		buf_put(b, f->field->text);
		break;
	default:
		BUF_LIT(b, "null");
	}
}

static void
too_large(struct planner *p, const struct chosen *f)
{
	query_fault(p, f, "LIMIT_EXCEEDED",
		    "The answer is too large: ask for fewer fields.");
}

void
query_text(struct planner *p, struct shape *shape, const struct chosen *f)
{
	struct field *to = plan_field(p->call->arena, shape, f->key);
	struct buf b = buf_new(TEXT_MAX);

	to->kind = FIELD_TEXT;
	put_text(&b, p, f);
	if (b.broken)
		too_large(p, f);
	else
		to->text = arena_str(p->call->arena, buf_str(&b));
	buf_free(&b);
}

/* ---- objects ---- */

static bool
add_object(struct planner *p, struct shape *shape, const struct chosen *f)
{
	const struct fkey *by = f->field->relation.fkey;
	struct field *to = plan_field(p->call->arena, shape, f->key);

	to->kind = FIELD_OBJECT;
	to->object = query_join(p, f) ? query_shape(p, by->to, f) : NULL;
	if (to->object)
		to->object->by = by;
	return to->object;
}

/* The rows at the other end, which may be behind a table that links both. */
static bool
add_rows(struct planner *p, struct shape *shape, const struct chosen *f)
{
	const struct relation *by = &f->field->relation;
	const struct fkey *via = f->field->via;
	struct rows *rows = ARENA_NEW(p->call->arena, struct rows);
	struct field *to = plan_field(p->call->arena, shape, f->key);
	int64_t times = p->times;

	to->kind = FIELD_ROWS;
	to->rows = rows;
	rows->by = *by;
	rows->via = via;
	if (!query_join(p, f))
		return false;
	rows->table = by->reverse ? by->fkey->from : by->fkey->to;
	if (via && !query_may_read(p, f, rows->table))
		return false;
	if (via)
		rows->table = via->to;
	rows->one = f->field->meaning == FIELD_IS_TO_SINGLE;
	if (!rows->one && !query_list(p, f, rows, true))
		return false;
	rows->shape = query_shape(p, rows->table, f);
	p->times = times;
	return rows->shape;
}

static bool
add_member(struct planner *p, struct shape *shape, const struct chosen *f)
{
	switch (f->field->meaning) {
	case FIELD_IS_COLUMN:
		query_column(p, plan_field(p->call->arena, shape, f->key), f);
		return true;
	case FIELD_IS_TO_ONE:
		return add_object(p, shape, f);
	case FIELD_IS_TO_MANY:
	case FIELD_IS_TO_SINGLE:
		return add_rows(p, shape, f);
	default:
		query_text(p, shape, f);
		return true;
	}
}

struct shape *
query_shape(struct planner *p, const struct table *table,
	    const struct chosen *of)
{
	struct shape *shape = plan_shape(p->call->arena, table, of->n);

	if (!query_may_read(p, of, table))
		return NULL;
	for (size_t i = 0; i < of->n; i++)
		if (!add_member(p, shape, &of->fields[i]))
			return NULL;
	return shape;
}

/* ---- roots ---- */

static const struct filter *
pin(struct planner *p, const struct table *table, const struct str *values)
{
	const struct constraint *key = table->primary;
	struct filter *all = ARENA_NEW(p->call->arena, struct filter);
	struct filter *tests =
		ARENA_ARRAY(p->call->arena, struct filter, key->n);

	all->kind = FILTER_AND;
	all->parts = ARENA_ARRAY(p->call->arena, const struct filter *, key->n);
	for (size_t i = 0; i < key->n; i++) {
		tests[i].kind = FILTER_TEST;
		tests[i].test = (struct condition){.column = key->columns[i],
						   .cmp = CMP_EQ,
						   .value = values[i]};
		all->parts[all->n++] = &tests[i];
	}
	return all;
}

static bool
plan_by_pk(struct planner *p, const struct chosen *f, struct rows *rows)
{
	const struct value *pk = collect_argument(f, INPUT_IS_PK);
	const struct schema_type *type = NULL;
	struct str *values;

	for (size_t i = 0; i < f->field->nargs; i++)
		if (f->field->args[i].meaning == INPUT_IS_PK)
			type = f->field->args[i].type;
	values = query_key(p, f, rows->table, type, pk);
	if (!values)
		return false;
	p->cost++;
	rows->one = true;
	rows->filter = pin(p, rows->table, values);
	rows->shape = query_shape(p, rows->table, f);
	return rows->shape;
}

static bool
plan_list(struct planner *p, const struct chosen *f, struct rows *rows)
{
	if (!query_list(p, f, rows, false))
		return false;
	rows->shape = query_shape(p, rows->table, f);
	return rows->shape;
}

static bool
add_root(struct planner *p, struct shape *all, const struct chosen *f)
{
	struct rows *rows = ARENA_NEW(p->call->arena, struct rows);
	struct field *to = plan_field(p->call->arena, all, f->key);

	to->kind = FIELD_ROWS;
	to->rows = rows;
	rows->table = f->field->table;
	p->times = 0;
	if (!query_may_read(p, f, rows->table))
		return false;
	if (f->field->meaning == FIELD_IS_BY_PK)
		return plan_by_pk(p, f, rows);
	if (f->field->meaning == FIELD_IS_AGGREGATE)
		return query_aggregate(p, f, rows);
	return plan_list(p, f, rows);
}

/* ---- is it quick? ---- */

static bool
has_lists(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_ROWS ||
		    (f->object && has_lists(f->object)))
			return true;
	}
	return false;
}

/*
 * Lists below one row are quick where few rows are asked for: that the key to
 * them has an index is likely, and where it has none others get out of the way.
 */
static bool
is_quick(const struct planner *p, const struct chosen *f,
	 const struct rows *rows)
{
	if (!table_is_stored(rows->table) || p->cost > PLAN_QUICK)
		return false;
	if (rows->one || query_is_pinned(rows))
		return true;
	if (has_lists(rows->shape))
		return false;
	return f->field->meaning == FIELD_IS_LIST && !rows->filter &&
	       !collect_argument(f, INPUT_IS_ORDER) && rows->norder &&
	       rows->limit + rows->offset <= PLAN_QUICK;
}

/* ---- the plan ---- */

static void
put_fields(struct buf *b, const struct field *from, const struct field *to)
{
	for (; from < to; from++) {
		buf_put(b, from->label);
		buf_put(b, from->text);
	}
}

/* One list or row is printed in C; the other roots, as text, around it. */
static bool
wrap(struct planner *p, const struct shape *all, const struct field *only)
{
	struct plan *plan = &p->call->plan;
	struct arena *a = p->call->arena;
	struct buf open = buf_new(TEXT_MAX), close = buf_new(TEXT_MAX);
	bool whole;

	BUF_LIT(&open, "{\"data\":");
	put_fields(&open, all->fields, only);
	buf_put(&open, only->label);
	if (plan->list) {
		buf_char(&open, '[');
		buf_char(&close, ']');
	}
	put_fields(&close, only + 1, all->fields + all->n);
	BUF_LIT(&close, "}}");
	whole = !open.broken && !close.broken;
	plan->open = arena_str(a, buf_str(&open));
	plan->close = arena_str(a, buf_str(&close));
	buf_free(&open);
	buf_free(&close);
	return whole;
}

static void
plan_one(struct planner *p, const struct chosen *f, const struct rows *rows)
{
	struct plan *plan = &p->call->plan;

	*plan = (struct plan){
		.op = PLAN_SELECT,
		.table = rows->table,
		.shape = rows->shape,
		.filter = rows->filter,
		.distinct = rows->distinct,
		.grouped = rows->grouped,
		.order = rows->order,
		.norder = rows->norder,
		.limit = rows->limit,
		.offset = rows->offset,
		.list = !rows->one,
		.quick = is_quick(p, f, rows),
	};
}

/* One row of JSON values; nothing of the database where all are texts. */
static void
plan_all(struct planner *p, const struct chosen *root, struct shape *all,
	 size_t asking)
{
	struct plan *plan = &p->call->plan;
	bool quick = true;

	for (size_t i = 0; i < all->n; i++)
		if (all->fields[i].rows &&
		    !is_quick(p, &root->fields[i], all->fields[i].rows))
			quick = false;
	*plan = (struct plan){
		.op = asking ? PLAN_SELECT : PLAN_NONE,
		.shape = all,
		.quick = quick,
		.open = STR("{\"data\":"),
		.close = STR("}"),
	};
}

/* A root field that failed is null, and does not hinder the others. */
static void
put_null(struct field *field)
{
	field->kind = FIELD_TEXT;
	field->text = STR("null");
	field->rows = NULL;
}

static bool
exceeds(const struct faults *faults)
{
	for (const struct fault *f = faults->first; f; f = f->next)
		if (f->code && strcmp(f->code, "LIMIT_EXCEEDED") == 0)
			return true;
	return false;
}

bool
query_plan(struct planner *p, const struct chosen *root)
{
	struct shape *all = plan_shape(p->call->arena, NULL, root->n);
	size_t asking = 0, last = 0;

	for (size_t i = 0; i < root->n; i++) {
		const struct chosen *f = &root->fields[i];

		if (!asks_database(f)) {
			query_text(p, all, f);
		} else if (add_root(p, all, f)) {
			asking++;
			last = i;
		} else {
			put_null(&all->fields[i]);
		}
	}
	if (exceeds(p->faults))
		return false;
	if (asking != 1) {
		plan_all(p, root, all, asking);
		return true;
	}
	plan_one(p, &root->fields[last], all->fields[last].rows);
	if (wrap(p, all, &all->fields[last]))
		return true;
	too_large(p, &root->fields[last]);
	return false;
}
