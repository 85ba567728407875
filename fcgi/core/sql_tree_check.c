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

/*
 * A cast to a domain would complain of its first check, and of a null: it is
 * one to what the domain is made from.
 */
static void
put_value(struct sql_tree *t, int i, const struct column *column, int node)
{
	const struct setting *s = given(&t->tree->items[i], column);

	switch (known(t, i, column)) {
	case IS_GIVEN:
		note(t, i, column);
		sql_arg(&t->c, s->value);
		SQL(&t->c, "::");
		buf_put(&t->c.text, column->free_type);
		break;
	case IS_STORED:
		sql_column(&t->c, node, column);
		break;
	default:
		SQL(&t->c, "null::");
		buf_put(&t->c.text, column->free_type);
	}
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

/* A row that is there, as it will be, under the table's own name. */
static void
put_changed(struct sql_tree *t, int i)
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
		put_value(t, i, column, links);
		SQL(&t->c, " as ");
		sql_name(&t->c, column->name);
		stored |= known(t, i, column) == IS_STORED;
		before = ", ";
	}
	if (stored && links >= 0)
		put_stored(t, i, links);
	SQL(&t->c, ") as ");
	sql_name(&t->c, table->name);
}

/* Are both new rows of one table, with values for the same columns? */
static bool
alike(const struct sql_tree *t, int i, int k)
{
	const struct item *a = &t->tree->items[i], *b = &t->tree->items[k];

	if (a->op != ITEM_INSERT || b->op != ITEM_INSERT ||
	    a->table != b->table || a->nset != b->nset)
		return false;
	for (size_t n = 0; n < a->nset; n++)
		if (a->set[n].column != b->set[n].column)
			return false;
	for (size_t n = 0; n < a->table->ncolumns; n++) {
		const struct column *column = &a->table->columns[n];

		if (known(t, i, column) != known(t, k, column))
			return false;
	}
	return true;
}

/* New rows like this one, under the table's own name. */
static void
put_new(struct sql_tree *t, int i, bool *done)
{
	const struct table *table = t->tree->items[i].table;
	const char *before = "(values (";

	for (size_t k = (size_t)i; k < t->tree->nitems; k++) {
		if (done[k] || !alike(t, i, (int)k))
			continue;
		done[k] = true;
		buf_put(&t->c.text, str_of(before));
		buf_int(&t->c.text, (int64_t)k);
		for (size_t n = 0; n < table->ncolumns; n++) {
			if (!is_wanted(t, i, &table->columns[n]))
				continue;
			SQL(&t->c, ", ");
			put_value(t, (int)k, &table->columns[n], 0);
		}
		before = "), (";
	}
	SQL(&t->c, ")) as ");
	sql_name(&t->c, table->name);
	SQL(&t->c, " (\"postern.item\"");
	for (size_t n = 0; n < table->ncolumns; n++) {
		if (!is_wanted(t, i, &table->columns[n]))
			continue;
		SQL(&t->c, ", ");
		sql_name(&t->c, table->columns[n].name);
	}
	SQL(&t->c, ")");
}

/*
 * Every check of the item, and of those like it, with its number.  An
 * expression is the database's own, of this table's columns.
 */
static void
put_item(struct sql_tree *t, int i, bool *done)
{
	const struct table *table = t->tree->items[i].table;
	const char *before = " cross join lateral (values ";
	bool new = t->tree->items[i].op == ITEM_INSERT;

	SQL(&t->c, "select ");
	if (new)
		SQL(&t->c, "\"postern.item\"");
	else
		buf_int(&t->c.text, i);
	SQL(&t->c, ", \"postern.checks\".n from ");
	if (new)
		put_new(t, i, done);
	else
		put_changed(t, i);
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
	bool *done = ARENA_ARRAY(t->arena, bool, t->tree->nitems);

	sql_begin(&t->c, t->arena, s);
	t->tree->origins =
		ARENA_ARRAY(t->arena, struct origin, SQL_ARGS_MAX + 64);
	for (size_t i = 0; i < t->tree->nitems; i++) {
		if (done[i] || !has_checks(t, (int)i))
			continue;
		buf_put(&t->c.text, str_of(before));
		put_item(t, (int)i, done);
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
