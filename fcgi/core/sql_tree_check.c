#include "core/sql_tree.h"

#include "core/sql_select.h"

/* What is known of a column of a row before it is written. */
enum knowledge {
	IS_UNKNOWN, /* a default, a trigger's, another item's */
	IS_GIVEN,
	IS_NULL,
	IS_STORED /* unchanged, in a row that can be read */
};

static const struct setting *
given(const struct item *item, const struct column *column)
{
	for (size_t i = 0; i < item->nset; i++)
		if (item->set[i].column == column)
			return &item->set[i];
	return NULL;
}

static enum knowledge
known(const struct sql_tree *t, int i, const struct column *column)
{
	const struct item *item = &t->tree->items[i];
	bool linked = t->items[i].linked && t->items[i].linked[column->index];

	if (given(item, column))
		return IS_GIVEN;
	if (column->generated || column->hidden)
		return IS_UNKNOWN;
	if (item->op == ITEM_INSERT)
		return column->has_default || linked ? IS_UNKNOWN : IS_NULL;
	if (linked)
		return IS_UNKNOWN;
	return column->grants.select & t->tree->role ? IS_STORED : IS_UNKNOWN;
}

/*
 * Can we tell whether the row will satisfy it?  What nobody gave a value for
 * is not looked at: it is as it was.
 */
static bool
decidable(const struct sql_tree *t, int i, const struct constraint *check)
{
	bool touched = false;

	for (size_t k = 0; k < check->n; k++) {
		enum knowledge what = known(t, i, check->columns[k]);

		if (what == IS_UNKNOWN)
			return false;
		touched |= what == IS_GIVEN;
	}
	return touched && check->expression.n;
}

static bool
is_wanted(const struct sql_tree *t, int i, const struct column *column)
{
	const struct table *table = t->tree->items[i].table;

	for (size_t k = 0; k < table->nchecks; k++) {
		const struct constraint *check = &table->checks[k];

		if (!decidable(t, i, check))
			continue;
		for (size_t n = 0; n < check->n; n++)
			if (check->columns[n] == column)
				return true;
	}
	return false;
}

/* The argument that is put next is this value. */
static void
note(struct sql_tree *t, int item, const struct column *column)
{
	int n = t->c.out->nargs;

	if (n < SQL_ARGS_MAX)
		t->tree->origins[n] = (struct origin){item, column};
}

static void
put_column(struct sql_tree *t, int i, const struct column *column, int node)
{
	const struct setting *s = given(&t->tree->items[i], column);

	switch (known(t, i, column)) {
	case IS_GIVEN:
		note(t, i, column);
		sql_arg_as(&t->c, column, s->value);
		break;
	case IS_STORED:
		sql_column(&t->c, node, column);
		break;
	default:
		SQL(&t->c, "null::");
		buf_put(&t->c.text, column->sql_type);
	}
	SQL(&t->c, " as ");
	sql_name(&t->c, column->name);
}

/* How many links away is the row that is known by its key?  -1: none is. */
static int
distance(const struct tree *tree, int i)
{
	int n = 0;

	for (; !tree->items[i].key; n++) {
		i = tree->items[i].parent;
		if (i < 0)
			return -1;
	}
	return n;
}

/* The stored row, t0 with the key and then the way from there. */
static void
put_stored(struct sql_tree *t, int i, int links)
{
	const struct tree *tree = t->tree;
	struct compiler *c = &t->c;
	int way[TREE_DEPTH_MAX + 1];

	for (int n = links; n >= 0; n--) {
		way[n] = i;
		i = tree->items[i].parent;
	}
	SQL(c, " from ");
	sql_table(c, tree->items[way[0]].table);
	SQL(c, " t0");
	for (int n = 1; n <= links; n++) {
		const struct item *item = &tree->items[way[n]];

		SQL(c, " join ");
		sql_table(c, item->table);
		SQL(c, " ");
		sql_node(c, n);
		SQL(c, " on ");
		sql_match(c, item->from, n - 1, n);
	}
	SQL(c, " where ");
	for (size_t k = 0; k < tree->items[way[0]].table->primary->n; k++)
		t->tree->origins[c->out->nargs + (int)k].item = way[0];
	sql_tree_key(c, &tree->items[way[0]], 0);
}

/* The row as it will be, under the table's own name. */
static void
put_row(struct sql_tree *t, int i)
{
	const struct table *table = t->tree->items[i].table;
	const char *before = "(select ";
	int links = distance(t->tree, i);
	bool stored = t->tree->items[i].key != NULL;

	if (links > TREE_DEPTH_MAX) {
		t->c.broken = true;
		return;
	}
	for (size_t k = 0; k < table->ncolumns; k++) {
		const struct column *column = &table->columns[k];

		if (!is_wanted(t, i, column))
			continue;
		buf_put(&t->c.text, str_of(before));
		put_column(t, i, column, links);
		stored |= known(t, i, column) == IS_STORED;
		before = ", ";
	}
	if (stored && links >= 0)
		put_stored(t, i, links);
	SQL(&t->c, ") as ");
	sql_name(&t->c, table->name);
}

/*
 * Every check of the item with its number.  An expression is the database's
 * own, of this table's columns.
 */
static void
put_item(struct sql_tree *t, int i)
{
	const struct table *table = t->tree->items[i].table;
	const char *before = " cross join lateral (values ";

	buf_printf(&t->c.text, "select %d, \"postern.checks\".n from ", i);
	put_row(t, i);
	for (size_t k = 0; k < table->nchecks; k++) {
		if (!decidable(t, i, &table->checks[k]))
			continue;
		buf_put(&t->c.text, str_of(before));
		buf_printf(&t->c.text, "(%zu, ", k);
		buf_put(&t->c.text, table->checks[k].expression);
		SQL(&t->c, ")");
		before = ", ";
	}
	SQL(&t->c, ") as \"postern.checks\" (n, holds) "
		   "where not \"postern.checks\".holds");
}

static bool
has_checks(const struct sql_tree *t, int i)
{
	const struct item *item = &t->tree->items[i];

	for (size_t k = 0; k < item->table->nchecks; k++)
		if (item->op != ITEM_DELETE &&
		    decidable(t, i, &item->table->checks[k]))
			return true;
	return false;
}

static struct err *
put_check(struct sql_tree *t, struct statement *s)
{
	const char *before = "select postern.invalid(json_agg(f order by "
			     "f.item, f.\"check\")) from (";

	sql_begin(&t->c, t->arena, s);
	t->tree->origins =
		ARENA_ARRAY(t->arena, struct origin, SQL_ARGS_MAX + 64);
	for (size_t i = 0; i < t->tree->nitems; i++) {
		if (!has_checks(t, (int)i))
			continue;
		buf_put(&t->c.text, str_of(before));
		put_item(t, (int)i);
		before = " union all ";
	}
	SQL(&t->c, ") as f (item, \"check\") having count(*) > 0");
	s->ncolumns = 1;
	return sql_end(&t->c);
}

struct err *
sql_tree_check(struct sql_tree *t)
{
	struct statement *s;

	for (size_t i = 0; i < t->tree->nitems; i++) {
		if (!has_checks(t, (int)i))
			continue;
		s = sql_script_add(t->arena, t->script);
		if (!s)
			break;
		t->tree->check_at = t->script->n - 1;
		return put_check(t, s);
	}
	return NULL;
}
