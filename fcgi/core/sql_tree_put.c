#include "core/sql_tree.h"

/* ---- what statements tell each other ---- */

struct kept *
sql_tree_find_kept(struct kept *list, const struct column *column)
{
	while (list && list->column != column)
		list = list->next;
	return list;
}

struct str
sql_tree_slot(const struct sql_tree *t, const struct kept *k)
{
	return arena_printf(t->arena, "postern.k%d_%d", t->n, k->slot);
}

/* A setting cannot be null: it is empty then. */
static void
put_kept(struct sql_tree *t, const struct column *to, const struct kept *k,
	 bool nullable)
{
	struct compiler *c = &t->c;

	if (!nullable) {
		sql_kept(c, to, sql_tree_slot(t, k));
		return;
	}
	SQL(c, "nullif(current_setting(");
	sql_arg(c, sql_tree_slot(t, k));
	SQL(c, "), '')::");
	buf_put(&c->text, to->sql_type);
}

/* ---- which values ---- */

/* Keys may overlap. */
static bool
is_assigned(const struct assignments *to, const struct column *column)
{
	for (size_t i = 0; i < to->n; i++)
		if (to->list[i].column == column)
			return true;
	return false;
}

/* The parent's row gives a child its key; the other way it is the child's. */
static void
assign_key(struct sql_tree *t, struct assignments *to,
	   const struct relation *from, int source)
{
	const struct fkey *f = from->fkey;

	for (size_t i = 0; i < f->n; i++)
		if (!is_assigned(to, f->columns[i]))
			to->list[to->n++] = (struct assignment){
				.column = f->columns[i],
				.kept = sql_tree_find_kept(t->items[source].row,
							   f->references[i]),
			};
}

struct assignments
sql_tree_assignments(struct sql_tree *t, int i, bool insert)
{
	const struct item *item = &t->tree->items[i];
	struct assignments to = {
		ARENA_ARRAY(t->arena, struct assignment,
			    item->nset + item->table->ncolumns),
		0};

	for (size_t k = 0; k < item->nset; k++)
		to.list[to.n++] = (struct assignment){
			.column = item->set[k].column,
			.value = item->set[k].value,
		};
	for (size_t k = (size_t)i + 1;
	     t->items[i].follows && k < t->tree->nitems; k++) {
		const struct item *other = &t->tree->items[k];

		if (other->parent == i && !other->from.reverse && !other->stay)
			assign_key(t, &to, &other->from, (int)k);
	}
	if (insert && item->parent >= 0 && item->from.reverse)
		assign_key(t, &to, &item->from, item->parent);
	return to;
}

/* ---- parts of statements ---- */

void
sql_tree_put_assigned(struct sql_tree *t, const struct assignment *v)
{
	if (v->kept)
		put_kept(t, v->column, v->kept, v->kept->column->nullable);
	else
		sql_arg_as(&t->c, v->column, v->value);
}

void
sql_tree_key(struct compiler *c, const struct item *item, int node)
{
	for (size_t i = 0; i < item->table->primary->n; i++) {
		const struct column *column = item->table->primary->columns[i];

		if (i)
			SQL(c, " and ");
		sql_column(c, node, column);
		SQL(c, " = ");
		sql_arg_as(c, column, item->key[i]);
	}
}

/* The row hangs on the parent's, or is what that has named. */
void
sql_tree_put_link(struct sql_tree *t, const struct relation *from, int parent,
		  int node)
{
	const struct fkey *f = from->fkey;
	struct sql_item *source = &t->items[parent];

	for (size_t i = 0; i < f->n; i++) {
		const struct column *to =
			from->reverse ? f->columns[i] : f->references[i];
		const struct kept *k =
			from->reverse ? sql_tree_find_kept(source->row,
							   f->references[i])
				      : sql_tree_find_kept(source->old,
							   f->columns[i]);

		buf_put(&t->c.text, i ? STR(" and ") : STR(""));
		sql_column(&t->c, node, to);
		SQL(&t->c, " = ");
		put_kept(t, to, k, !from->reverse || k->column->nullable);
	}
}

/* Which row it is: by its key, and by what it hangs on. */
void
sql_tree_put_where(struct sql_tree *t, const struct item *item, int node)
{
	SQL(&t->c, " where ");
	if (item->key)
		sql_tree_key(&t->c, item, node);
	if (item->key && item->parent >= 0)
		SQL(&t->c, " and ");
	if (item->parent >= 0)
		sql_tree_put_link(t, &item->from, item->parent, node);
}

void
sql_tree_put_target(struct sql_tree *t, const char *verb,
		    const struct table *table)
{
	buf_put(&t->c.text, str_of(verb));
	sql_table(&t->c, table);
	SQL(&t->c, " t0");
}

/* Is it among the columns with which the row's answer begins? */
static bool
is_key(const struct item *item, const struct column *column)
{
	for (size_t i = 0; i < item->nkey; i++)
		if (item->table->primary->columns[i] == column)
			return true;
	return false;
}

/* Whether there is a row at all; no column can have such a name by chance. */
static const char hit[] = "\"postern.hit\"";

/* The columns of the row that the rest of the statement works with. */
void
sql_tree_put_columns(struct sql_tree *t, const struct item *item,
		     const struct kept *list, const char *before)
{
	const struct constraint *key = item->table->primary;

	for (size_t i = 0; i < item->nkey; i++) {
		buf_put(&t->c.text, str_of(before));
		sql_column(&t->c, 0, key->columns[i]);
		before = ", ";
	}
	for (; list; list = list->next) {
		if (is_key(item, list->column))
			continue;
		buf_put(&t->c.text, str_of(before));
		sql_column(&t->c, 0, list->column);
		before = ", ";
	}
	if (item->op == ITEM_INSERT)
		return;
	buf_put(&t->c.text, str_of(before));
	SQL(&t->c, "true as ");
	buf_put(&t->c.text, str_of(hit));
}

/* ---- the answer of a statement, which is what others may use ---- */

static void
put_answered(struct sql_tree *t, const struct column *column,
	     const struct kept *k)
{
	struct compiler *c = &t->c;

	if (c->out->ncolumns++)
		SQL(c, ", ");
	if (k) {
		SQL(c, "set_config(");
		sql_arg(c, sql_tree_slot(t, k));
		SQL(c, ", ");
	}
	SQL(c, "w.");
	sql_name(c, column->name);
	SQL(c, "::text");
	if (k)
		SQL(c, ", true)");
}

void
sql_tree_put_answer(struct sql_tree *t, const struct item *item,
		    struct kept *list)
{
	const struct constraint *key = item->table->primary;

	SQL(&t->c, " select ");
	for (size_t i = 0; i < item->nkey; i++)
		put_answered(t, key->columns[i],
			     sql_tree_find_kept(list, key->columns[i]));
	for (; list; list = list->next)
		if (!is_key(item, list->column))
			put_answered(t, list->column, list);
	if (t->c.out->ncolumns == 0)
		SQL(&t->c, "1");
}

/* ... from a row that may not be there; `must`: and then it fails. */
void
sql_tree_put_from(struct sql_tree *t, int i, bool must)
{
	SQL(&t->c, " from (values (0)) as o left join w on true");
	if (!must)
		return;
	SQL(&t->c, " where case when w.");
	buf_put(&t->c.text, str_of(hit));
	SQL(&t->c, " then true else postern.missing(");
	sql_arg_int(&t->c, i);
	SQL(&t->c, ") end");
}
