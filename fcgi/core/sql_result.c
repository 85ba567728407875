#include "core/sql_result.h"

#include "core/type.h"

static const char *const functions[] = {
	[PLAN_PLAIN] = "",
	[PLAN_SUM] = "pg_catalog.sum(",
	[PLAN_MIN] = "pg_catalog.min(",
	[PLAN_MAX] = "pg_catalog.max(",
	[PLAN_AVG] = "pg_catalog.avg(",
	[PLAN_COUNT] = "pg_catalog.count(",
};

/* The column, or what is made of it in a group of rows. */
static void
put_value(struct compiler *c, int node, const struct field *f)
{
	buf_put(&c->text, str_of(functions[f->function]));
	sql_column(c, node, f->column);
	if (f->function != PLAN_PLAIN)
		SQL(c, ")");
}

/* An expression of ours, with the value where it says @. */
static void
put_template(struct compiler *c, int node, const struct field *f,
	     const char *template)
{
	struct str rest = str_of(template);

	while (rest.n) {
		size_t at = str_find(rest, '@');

		buf_put(&c->text, str_sub(rest, 0, at));
		if (at < rest.n)
			put_value(c, node, f);
		rest = str_sub(rest, at + 1, rest.n);
	}
}

/* Is the result of another type than the column? */
static bool
is_made(const struct field *f)
{
	return f->function == PLAN_SUM || f->function == PLAN_AVG ||
	       f->function == PLAN_COUNT;
}

static bool
is_named_list(const struct field *f)
{
	return f->form == FORM_NAMES && f->column->type->kind == TYPE_ARRAY;
}

/* ` when 'label' then 'name'` for each that there is. */
static void
put_names(struct compiler *c, const struct field *f)
{
	const struct column *column = f->column;
	const struct str *labels =
		column->nlabels ? column->labels : column->choices;
	size_t n = column->nlabels ? column->nlabels : column->nchoices;

	for (size_t i = 0; i < n; i++) {
		SQL(c, " when ");
		sql_text(c, labels[i]);
		SQL(c, " then ");
		sql_text(c, f->names[i]);
	}
	if (n == 0)
		SQL(c, " when null then null");
	SQL(c, " end");
}

static void
put_name(struct compiler *c, int node, const struct field *f)
{
	SQL(c, "case ");
	put_value(c, node, f);
	put_names(c, f);
}

static void
put_named_list(struct compiler *c, int node, const struct field *f)
{
	SQL(c, "case when ");
	put_value(c, node, f);
	SQL(c, " is not null then (select coalesce(pg_catalog.json_agg(case e");
	put_names(c, f);
	SQL(c, "), '[]') from pg_catalog.unnest(");
	put_value(c, node, f);
	SQL(c, ") e) end");
}

/* A list of strings, whatever its elements are. */
static bool
is_string_list(const struct field *f)
{
	return f->form == FORM_STRING && f->function == PLAN_PLAIN &&
	       f->column->type->kind == TYPE_ARRAY;
}

static void
put_string_list(struct compiler *c, int node, const struct field *f)
{
	SQL(c, "pg_catalog.to_json(");
	put_value(c, node, f);
	SQL(c, "::pg_catalog.text[])");
}

/* Lists whose elements are written in a form of their own; false: it is none.
 */
static bool
put_list(struct compiler *c, int node, const struct field *f)
{
	if (is_named_list(f))
		put_named_list(c, node, f);
	else if (is_string_list(f))
		put_string_list(c, node, f);
	else
		return false;
	return true;
}

void
sql_result(struct compiler *c, int node, const struct field *f)
{
	const struct type *type = f->column->type;

	if (put_list(c, node, f))
		return;
	/* There is white space in JSON, of which its type would take care. */
	if (f->form == FORM_STRING && type->kind == TYPE_JSON) {
		sql_json_result(c, node, f);
		return;
	}
	if (!is_made(f))
		buf_put(&c->text, str_of(type->select_before));
	put_value(c, node, f);
	if (!is_made(f))
		buf_put(&c->text, str_of(type->select_behind));
	else
		SQL(c, "::pg_catalog.text");
}

struct str
sql_result_type(const struct field *f)
{
	const struct type *type = f->column->type;

	if (is_named_list(f) || is_string_list(f))
		return STR("pg_catalog.json");
	if (f->form == FORM_STRING && type->kind == TYPE_JSON)
		return STR("pg_catalog.text");
	if (type->select_before[0])
		return STR("pg_catalog.json");
	if (type->select_behind[0])
		return STR("pg_catalog.text");
	return f->column->free_type;
}

/* Would it be anything but a string in JSON? */
static bool
is_bare(enum type_kind kind)
{
	return kind == TYPE_BOOL || kind == TYPE_INT || kind == TYPE_FLOAT ||
	       kind == TYPE_NUMERIC || kind == TYPE_JSON;
}

/* What a function makes of numbers; no number is null. */
static const char *
made_template(const struct field *f)
{
	if (f->function == PLAN_COUNT)
		return "@";
	switch (f->column->type->kind) {
	case TYPE_FLOAT:
	case TYPE_NUMERIC:
		return "nullif(nullif(nullif(@, 'NaN'), 'Infinity'), "
		       "'-Infinity')";
	case TYPE_INT:
		return "@";
	default:
		return "@::pg_catalog.text";
	}
}

static bool
is_number(const struct field *f)
{
	enum type_kind kind = f->column->type->kind;

	return kind == TYPE_FLOAT || kind == TYPE_NUMERIC;
}

void
sql_json_result(struct compiler *c, int node, const struct field *f)
{
	const struct type *type = f->column->type;
	const char *template = type->json ? type->json : "@";

	if (put_list(c, node, f))
		return;
	if (f->form == FORM_NAMES && !is_made(f)) {
		put_name(c, node, f);
		return;
	}
	if (is_made(f) || (f->function != PLAN_PLAIN && is_number(f)))
		template = made_template(f);
	put_template(c, node, f, template);
	if (f->form == FORM_STRING && (is_made(f) || is_bare(type->kind)))
		SQL(c, "::pg_catalog.text");
}
