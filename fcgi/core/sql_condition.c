#include "core/sql_filter.h"
#include "core/type.h"

/* Columns whose values are no text are searched as Postgres writes them. */
static void
put_as_text(struct compiler *c, int node, const struct column *column)
{
	/* citext is text, but does as it likes about the case. */
	const struct type *type = column->type;
	bool is_text = type->kind == TYPE_TEXT && !type->select_behind[0];

	sql_column(c, node, column);
	if (!is_text)
		SQL(c, "::pg_catalog.text");
}

/* A pattern that finds the text itself, wherever it is. */
static struct str
pattern(struct compiler *c, struct str text)
{
	struct buf b = buf_new(SQL_TEXT_MAX * 4);
	struct str whole;

	buf_char(&b, '%');
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("%_\\", text.p[i]) && text.p[i])
			buf_char(&b, '\\');
		buf_char(&b, text.p[i]);
	}
	buf_char(&b, '%');
	c->broken |= b.broken;
	whole = arena_str(c->arena, buf_str(&b));
	buf_free(&b);
	return whole;
}

/* What the column is compared with. */
static void
put_operand(struct compiler *c, int node, const struct condition *test)
{
	if (test->other)
		sql_column(c, node, test->other);
	else if (test->cmp == CMP_KEPT)
		sql_kept(c, test->column, test->value);
	else
		sql_arg(c, test->value);
}

static void
put_operator(struct compiler *c, const struct condition *test)
{
	buf_put(&c->text, str_of(plan_operator(test->cmp)->sql));
}

static void
put_comparison(struct compiler *c, int node, const struct condition *test)
{
	sql_column(c, node, test->column);
	put_operator(c, test);
	put_operand(c, node, test);
}

/* ... with the elements of an array. */
static void
put_list(struct compiler *c, int node, const struct condition *test)
{
	if (test->cmp == CMP_VERSION) {
		sql_node(c, node);
		SQL(c, ".xmin");
	} else {
		sql_column(c, node, test->column);
	}
	put_operator(c, test);
	SQL(c, "(");
	put_operand(c, node, test);
	SQL(c, ")");
}

/* A null column is in no list. */
static void
put_not_in(struct compiler *c, int node, const struct condition *test)
{
	SQL(c, "(");
	put_list(c, node, test);
	SQL(c, ") is not false");
}

static void
put_like(struct compiler *c, int node, const struct condition *test)
{
	put_as_text(c, node, test->column);
	put_operator(c, test);
	if (test->other)
		put_as_text(c, node, test->other);
	else
		sql_arg(c, test->value);
}

static void
put_search(struct compiler *c, int node, const struct condition *test)
{
	put_as_text(c, node, test->column);
	put_operator(c, test);
	sql_arg(c, test->value.p ? pattern(c, test->value) : test->value);
}

static void
put_match(struct compiler *c, int node, const struct condition *test)
{
	SQL(c, "pg_catalog.to_tsvector(");
	put_as_text(c, node, test->column);
	SQL(c, ")");
	put_operator(c, test);
	SQL(c, "pg_catalog.plainto_tsquery(");
	sql_arg(c, test->value);
	SQL(c, ")");
}

/* json itself has no such operator. */
static void
put_contains(struct compiler *c, int node, const struct condition *test)
{
	bool json = str_eq(test->column->base, STR("json"));

	sql_column(c, node, test->column);
	if (json)
		SQL(c, "::pg_catalog.jsonb");
	put_operator(c, test);
	sql_arg(c, test->value);
	if (json)
		SQL(c, "::pg_catalog.jsonb");
}

static void
put_null(struct compiler *c, int node, const struct condition *test)
{
	sql_column(c, node, test->column);
	put_operator(c, test);
}

static void
put_nothing(struct compiler *c, int node, const struct condition *test)
{
	(void)node;
	put_operator(c, test);
}

void
sql_condition(struct compiler *c, int node, const struct condition *test)
{
	static void (*const puts[CMP_END])(struct compiler *, int,
					   const struct condition *) = {
		[CMP_IN] = put_list,	       [CMP_VERSION] = put_list,
		[CMP_NONE_OF] = put_list,      [CMP_NOT_IN] = put_not_in,
		[CMP_IS_NULL] = put_null,      [CMP_NOT_NULL] = put_null,
		[CMP_NOTHING] = put_nothing,   [CMP_LIKE] = put_like,
		[CMP_ILIKE] = put_like,	       [CMP_NOT_LIKE] = put_like,
		[CMP_NOT_ILIKE] = put_like,    [CMP_HAS] = put_search,
		[CMP_IHAS] = put_search,       [CMP_MATCH] = put_match,
		[CMP_CONTAINS] = put_contains,
	};

	if (puts[test->cmp])
		puts[test->cmp](c, node, test);
	else
		put_comparison(c, node, test);
}
