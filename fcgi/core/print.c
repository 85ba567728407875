#include "core/print.h"

#include "core/type.h"

void
print_value(struct buf *b, const struct column *column, struct str value)
{
	if (value.p)
		column->type->print(b, value);
	else
		BUF_LIT(b, "null");
}

/* JSON of any kind as a string that holds it. */
static void
quote_from(struct buf *b, size_t from)
{
	size_t n = b->n - from;
	char *room;

	if (b->broken || (n && b->p[from] == '"'))
		return;
	room = buf_room(b, 6 * n + 2);
	if (!room)
		return;
	buf_json(b, (struct str){b->p + from, n});
	memmove(b->p + from, b->p + from + n, b->n - from - n);
	b->n -= n;
}

/* The name of an enum's label; one that is new is not known yet. */
static void
print_name(struct buf *b, const struct field *f, struct str value)
{
	const struct column *c = f->column;
	const struct str *labels = c->nlabels ? c->labels : c->choices;
	size_t n = c->nlabels ? c->nlabels : c->nchoices;

	for (size_t i = 0; i < n; i++) {
		if (!str_eq(labels[i], value))
			continue;
		buf_json(b, f->names[i]);
		return;
	}
	BUF_LIT(b, "null");
}

static bool
is_number_kind(const struct type *type)
{
	return type->kind == TYPE_INT || type->kind == TYPE_FLOAT ||
	       type->kind == TYPE_NUMERIC;
}

/* What a function made, as text; what is no number in JSON is null. */
static void
print_made(struct buf *b, const struct field *f, struct str value)
{
	char last = value.n ? value.p[value.n - 1] : 'y';

	if (f->function != PLAN_COUNT && !is_number_kind(f->column->type))
		buf_json(b, value);
	else if (last >= '0' && last <= '9')
		buf_put(b, value);
	else
		BUF_LIT(b, "null");
}

/* Is it a text, whatever type the column has? */
static bool
is_made(const struct field *f)
{
	const struct type *type = f->column->type;

	switch (f->function) {
	case PLAN_PLAIN:
		return false;
	case PLAN_MIN:
	case PLAN_MAX:
		return type->kind == TYPE_FLOAT || type->kind == TYPE_NUMERIC;
	default:
		return true;
	}
}

static void
print_string(struct buf *b, const struct field *f, struct str value)
{
	enum type_kind kind = f->column->type->kind;
	size_t before = b->n;

	if (!is_made(f) && kind == TYPE_JSON) {
		buf_json(b, value);
		return;
	}
	if (is_made(f))
		print_made(b, f, value);
	else
		print_value(b, f->column, value);
	if (!str_eq(str_sub(buf_str(b), before, 4), STR("null")))
		quote_from(b, before);
}

static void
print_member(struct buf *b, const struct field *f, struct str value)
{
	bool list = f->column->type->kind == TYPE_ARRAY;

	if (!value.p)
		BUF_LIT(b, "null");
	else if (f->form == FORM_STRING && !list)
		print_string(b, f, value);
	else if (is_made(f))
		print_made(b, f, value);
	else if (f->form == FORM_NAMES && !list)
		print_name(b, f, value);
	else
		print_value(b, f->column, value);
}

/* Print a member; return the columns that it did not use up. */
static const struct str *print_object(struct buf *b, const struct shape *shape,
				      const struct str *columns);

/*
 * A linked object: one column says whether there is a row, its members
 * follow.  They are skipped, not printed, where there is none.
 */
static const struct str *
print_link(struct buf *b, const struct shape *shape, const struct str *columns)
{
	size_t before = b->n;
	bool there = columns[0].n && columns[0].p[0];

	columns = print_object(b, shape, columns + 1);
	if (there || b->broken)
		return columns;
	b->n = before;
	BUF_LIT(b, "null");
	return columns;
}

static const struct str *
print_field(struct buf *b, const struct field *f, const struct str *columns)
{
	switch (f->kind) {
	case FIELD_OBJECT:
		return print_link(b, f->object, columns);
	case FIELD_GROUP:
		return print_object(b, f->object, columns);
	case FIELD_KEY:
	case FIELD_REF:
	case FIELD_TEXT:
		buf_put(b, f->text);
		return columns;
	case FIELD_ROWS:
		if (columns[0].p)
			type_print_json(b, columns[0]);
		else
			BUF_LIT(b, "null");
		return columns + 1;
	case FIELD_COLUMN:
		print_member(b, f, columns[0]);
		break;
	}
	return columns + 1;
}

static const struct str *
print_object(struct buf *b, const struct shape *shape,
	     const struct str *columns)
{
	for (size_t i = 0; i < shape->n; i++) {
		buf_put(b, shape->fields[i].label);
		columns = print_field(b, &shape->fields[i], columns);
	}
	buf_put(b, shape->n ? STR("}") : STR("{}"));
	return columns;
}

uint64_t
print_row(struct buf *b, const struct shape *shape, const struct str *columns)
{
	uint64_t nulls = 0;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		buf_put(b, f->label);
		if (f->kind == FIELD_ROWS && !columns[0].p && i < 64)
			nulls |= (uint64_t)1 << i;
		columns = print_field(b, f, columns);
	}
	buf_put(b, shape->n ? STR("}") : STR("{}"));
	return nulls;
}
