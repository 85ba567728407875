#include "core/print.h"

#include "core/http.h"
#include "core/sql_rows.h"
#include "core/type.h"

void
print_value(struct buf *b, const struct column *column, struct str value)
{
	if (value.p)
		column->type->print(b, value);
	else
		BUF_LIT(b, "null");
}

/* What stands at `from` gives way to what was made of it behind. */
static void
replace(struct buf *b, size_t from, size_t n)
{
	if (b->broken)
		return;
	memmove(b->p + from, b->p + from + n, b->n - from - n);
	b->n -= n;
}

static void
quote_from(struct buf *b, size_t from)
{
	size_t n = b->n - from;

	if (b->broken || !buf_room(b, 6 * n + 2))
		return;
	buf_json(b, (struct str){b->p + from, n});
	replace(b, from, n);
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
	/* JSON of any kind becomes a string that holds it. */
	if (!str_eq(str_sub(buf_str(b), before, 4), STR("null")) &&
	    !str_eq(str_sub(buf_str(b), before, 1), STR("\"")))
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

/* ---- keys ---- */

static void
put_text(struct buf *b, struct str text, bool path)
{
	if (path)
		http_put_encoded(b, text);
	else
		buf_put(b, text);
}

static void
put_part(struct buf *b, struct str text, bool composite, bool path)
{
	if (!composite) {
		put_text(b, text, path);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		struct str c = str_sub(text, i, 1);

		if (c.p[0] == ',')
			c = STR("%2C");
		else if (c.p[0] == '%')
			c = STR("%25");
		put_text(b, c, path);
	}
}

/* The text of a value: its JSON without the quotes. */
static void
print_part(struct buf *b, const struct column *column, struct str value,
	   bool composite, bool path)
{
	size_t from = b->n, n;
	struct str text;

	if (column->type->print == buf_json) {
		put_part(b, value, composite, path);
		return;
	}
	print_value(b, column, value);
	n = b->n - from;
	if (column->type->kind == TYPE_INT || b->broken || !buf_room(b, 9 * n))
		return;
	text = (struct str){b->p + from, n};
	if (n >= 2 && text.p[0] == '"')
		text = str_sub(text, 1, n - 2);
	put_part(b, text, composite, path);
	replace(b, from, n);
}

void
print_key(struct buf *b, const struct constraint *key, const struct str *values,
	  bool path)
{
	for (size_t i = 0; key && i < key->n; i++) {
		if (i)
			buf_char(b, ',');
		print_part(b, key->columns[i], values[i], key->n > 1, path);
	}
}

/* ---- objects ---- */

/* The key of the row that is being printed. */
struct key {
	const struct constraint *of;
	const struct str *values;
};

/* Where one is in a row. */
struct place {
	struct key key;
	const struct str *columns;
};

static void
print_object(struct buf *b, const struct shape *shape, struct place *at);

/*
 * A linked object: one column says whether there is a row, its members
 * follow.  They are skipped, not printed, where there is none.
 */
static void
print_link(struct buf *b, const struct shape *shape, struct place *at)
{
	size_t before = b->n;
	bool there = at->columns[0].n && at->columns[0].p[0];

	at->columns++;
	print_object(b, shape, at);
	if (there || b->broken)
		return;
	b->n = before;
	BUF_LIT(b, "null");
}

/* ... one that is not looked at begins with its key. */
static void
print_ref(struct buf *b, const struct shape *shape, struct place *at)
{
	for (size_t i = 0; i < shape->key->n; i++) {
		if (at->columns[i].p)
			continue;
		at->columns += shape->key->n;
		BUF_LIT(b, "null");
		return;
	}
	print_object(b, shape, at);
}

static void
print_rows(struct buf *b, const struct field *f, struct str rows)
{
	if (!rows.p)
		BUF_LIT(b, "null");
	else if (f->rows && sql_rows_compact(f->rows))
		type_print_lines(b, rows);
	else
		type_print_json(b, rows);
}

static void
print_own_key(struct buf *b, const struct field *f, const struct key *key)
{
	size_t from = b->n;

	buf_put(b, f->text);
	print_key(b, key->of, key->values, f->path);
	buf_put(b, f->behind);
	quote_from(b, from);
}

static void
print_field(struct buf *b, const struct field *f, struct place *at)
{
	buf_put(b, f->label);
	switch (f->kind) {
	case FIELD_COLUMN:
		print_member(b, f, *at->columns++);
		break;
	case FIELD_OBJECT:
		print_link(b, f->object, at);
		break;
	case FIELD_GROUP:
		print_object(b, f->object, at);
		break;
	case FIELD_ROWS:
		print_rows(b, f, *at->columns++);
		break;
	case FIELD_TEXT:
		buf_put(b, f->text);
		break;
	case FIELD_KEY:
		print_own_key(b, f, &at->key);
		break;
	case FIELD_REF:
		print_ref(b, f->object, at);
		break;
	}
}

/* An object's key comes first; what stands behind it goes on as before. */
static struct key
enter(const struct shape *shape, struct place *at)
{
	struct key outer = at->key;

	if (shape->key) {
		at->key = (struct key){shape->key, at->columns};
		at->columns += shape->key->n;
	}
	return outer;
}

static void
print_object(struct buf *b, const struct shape *shape, struct place *at)
{
	struct key outer = enter(shape, at);

	for (size_t i = 0; i < shape->n; i++)
		print_field(b, &shape->fields[i], at);
	buf_put(b, shape->n ? STR("}") : STR("{}"));
	at->key = outer;
}

uint64_t
print_row(struct buf *b, const struct shape *shape, const struct str *columns)
{
	struct place at = {.columns = columns};
	uint64_t nulls = 0;

	enter(shape, &at);
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_ROWS && !at.columns[0].p && i < 64)
			nulls |= (uint64_t)1 << i;
		print_field(b, f, &at);
	}
	buf_put(b, shape->n ? STR("}") : STR("{}"));
	return nulls;
}
