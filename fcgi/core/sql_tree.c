#include "core/sql_tree.h"

#include "core/type.h"

bool
sql_tree_key_readable(const struct table *t, uint32_t role)
{
	for (size_t i = 0; t->primary && i < t->primary->n; i++)
		if (!(t->primary->columns[i]->grants.select & role))
			return false;
	return t->primary != NULL;
}

/* ---- what statements tell each other ---- */

static void
keep(struct sql_tree *t, struct kept **list, const struct column *column)
{
	struct kept *k;

	if (sql_tree_find_kept(*list, column))
		return;
	while (*list)
		list = &(*list)->next;
	k = *list = ARENA_NEW(t->arena, struct kept);
	k->column = column;
	k->slot = t->slots++;
}

static void
keep_all(struct sql_tree *t, struct kept **list, struct column **columns,
	 size_t n)
{
	for (size_t i = 0; i < n; i++)
		keep(t, list, columns[i]);
}

/* The item's row gets the key from another item's. */
static void
link_columns(struct sql_tree *t, int i, const struct fkey *f)
{
	struct sql_item *item = &t->items[i];

	if (!item->linked)
		item->linked = ARENA_ARRAY(t->arena, bool,
					   t->tree->items[i].table->ncolumns);
	for (size_t k = 0; k < f->n; k++)
		item->linked[f->columns[k]->index] = true;
}

/*
 * A row that others hang on keeps what their key refers to.  One that names
 * others follows those, and what it named before has to be found first.
 */
static void
keep_links(struct sql_tree *t, int i)
{
	const struct item *item = &t->tree->items[i];
	const struct fkey *f = item->from.fkey;
	struct sql_item *parent;

	if (item->parent < 0)
		return;
	parent = &t->items[item->parent];
	if (item->from.reverse) {
		keep_all(t, &parent->row, f->references, f->n);
		if (item->op != ITEM_UPDATE)
			link_columns(t, i, f);
		return;
	}
	if (!item->stay)
		link_columns(t, item->parent, f);
	parent->follows |= !item->stay;
	keep_all(t, &t->items[i].row, f->references, f->n);
	if (item->op == ITEM_PUT)
		keep_all(t, &parent->old, f->columns, f->n);
}

static void
keep_what_is_asked_for(struct sql_tree *t)
{
	const struct tree *tree = t->tree;
	const struct constraint *key = tree->items[0].table->primary;

	for (size_t i = 0; i < tree->nitems; i++)
		keep_links(t, (int)i);
	for (size_t i = 0; i < tree->nclearings; i++) {
		const struct clearing *r = &tree->clearings[i];

		keep_all(t, &t->items[r->parent].row, r->from.fkey->references,
			 r->from.fkey->n);
	}
	if (tree->shape && key)
		keep_all(t, &t->items[0].row, key->columns, key->n);
}

/* ---- statements ---- */

static struct err *
begin(struct sql_tree *t, int *ret_at)
{
	struct statement *s = sql_script_add(t->arena, t->script);

	if (!s)
		return err_new(t->arena, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	*ret_at = t->script->n - 1;
	sql_begin(&t->c, t->arena, s);
	return NULL;
}

/* Lock the row and keep the keys that it holds. */
static struct err *
find(struct sql_tree *t, int i)
{
	struct item *item = &t->tree->items[i];
	struct kept *old = t->items[i].old;

	TRY(begin(t, &item->find_at));
	SQL(&t->c, "with w as (select ");
	sql_tree_put_columns(t, item, old, "");
	sql_tree_put_target(t, " from ", item->table);
	sql_tree_put_where(t, item, 0);
	SQL(&t->c, " for no key update)");
	sql_tree_put_answer(t, item, old);
	sql_tree_put_from(t, i, item->op == ITEM_UPDATE);
	return sql_end(&t->c);
}

static void
put_insert(struct sql_tree *t, const struct item *item,
	   const struct assignments *set, const char *values)
{
	struct compiler *c = &t->c;

	SQL(c, "insert into ");
	sql_table(c, item->table);
	SQL(c, " as t0");
	if (set->n == 0) {
		SQL(c, " default values");
		return;
	}
	for (size_t i = 0; i < set->n; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" ("));
		sql_name(c, set->list[i].column->name);
	}
	for (size_t i = 0; i < set->n; i++) {
		buf_put(&c->text, i ? STR(", ") : str_of(values));
		sql_tree_put_assigned(t, &set->list[i]);
	}
}

static struct err *
insert(struct sql_tree *t, int i)
{
	struct item *item = &t->tree->items[i];
	struct kept *row = t->items[i].row;
	struct assignments set = sql_tree_assignments(t, i, true);
	bool answers = row || (item->tag.p && item->nkey);
	TRY(begin(t, &item->at));
	if (answers)
		SQL(&t->c, "with w as (");
	put_insert(t, item, &set, ") values (");
	if (set.n)
		SQL(&t->c, ")");
	if (answers) {
		sql_tree_put_columns(t, item, row, " returning ");
		SQL(&t->c, ")");
		sql_tree_put_answer(t, item, row);
		SQL(&t->c, " from w");
	}
	return sql_end(&t->c);
}

/* Where there is nothing to set the row is locked all the same. */
static void
put_update(struct sql_tree *t, int i)
{
	const struct item *item = &t->tree->items[i];
	struct assignments set = sql_tree_assignments(t, i, false);

	if (set.n == 0) {
		SQL(&t->c, "select ");
		sql_tree_put_columns(t, item, t->items[i].row, "");
		sql_tree_put_target(t, " from ", item->table);
		sql_tree_put_where(t, item, 0);
		SQL(&t->c, " for no key update");
		return;
	}
	sql_tree_put_target(t, "update ", item->table);
	for (size_t k = 0; k < set.n; k++) {
		buf_put(&t->c.text, k ? STR(", ") : STR(" set "));
		sql_name(&t->c, set.list[k].column->name);
		SQL(&t->c, " = ");
		sql_tree_put_assigned(t, &set.list[k]);
	}
	sql_tree_put_where(t, item, 0);
	sql_tree_put_columns(t, item, t->items[i].row, " returning ");
}

/* Is there nothing yet that the parent is linked to? */
static void
put_unlinked(struct sql_tree *t, const struct item *item)
{
	const struct fkey *f = item->from.fkey;

	if (item->from.reverse) {
		SQL(&t->c, " where not exists (select from ");
		sql_table(&t->c, item->table);
		SQL(&t->c, " t1");
		sql_tree_put_where(t, item, 1);
		SQL(&t->c, ")");
		return;
	}
	for (size_t i = 0; i < f->n; i++) {
		struct kept *k = sql_tree_find_kept(t->items[item->parent].old,
						    f->columns[i]);

		buf_put(&t->c.text, i ? STR(" or ") : STR(" where "));
		SQL(&t->c, "current_setting(");
		sql_arg(&t->c, sql_tree_slot(t, k));
		SQL(&t->c, ") = ''");
	}
}

static void
put_or_insert(struct sql_tree *t, int i)
{
	const struct item *item = &t->tree->items[i];
	struct assignments set = sql_tree_assignments(t, i, true);

	SQL(&t->c, "u as (");
	put_update(t, i);
	SQL(&t->c, "), i as (");
	put_insert(t, item, &set, ") select ");
	put_unlinked(t, item);
	sql_tree_put_columns(t, item, t->items[i].row, " returning ");
	SQL(&t->c, "), w as (select * from u union all select * from i)");
}

static struct err *
change(struct sql_tree *t, int i)
{
	struct item *item = &t->tree->items[i];
	bool put = item->op == ITEM_PUT && !item->stay &&
		   sql_tree_assignments(t, i, true).n > 0;

	TRY(begin(t, &item->at));
	SQL(&t->c, "with ");
	if (put) {
		put_or_insert(t, i);
	} else {
		SQL(&t->c, "w as (");
		put_update(t, i);
		SQL(&t->c, ")");
	}
	sql_tree_put_answer(t, item, t->items[i].row);
	sql_tree_put_from(t, i, true);
	return sql_end(&t->c);
}

static struct err *delete (struct sql_tree *t, int i)
{
	struct item *item = &t->tree->items[i];

	TRY(begin(t, &item->at));
	if (item->key)
		SQL(&t->c, "with w as (");
	sql_tree_put_target(t, "delete from ", item->table);
	sql_tree_put_where(t, item, 0);
	if (item->key) {
		sql_tree_put_columns(t, item, NULL, " returning ");
		SQL(&t->c, ")");
		sql_tree_put_answer(t, item, NULL);
		sql_tree_put_from(t, i, true);
	}
	return sql_end(&t->c);
}

/* ---- replaced lists ---- */

static struct str
nth_keys(struct sql_tree *t, const struct clearing *r, size_t nth)
{
	struct buf b = buf_new(SQL_TEXT_MAX);
	struct str text;

	buf_char(&b, '{');
	for (size_t i = 0; i < r->nkeys; i++) {
		if (i)
			buf_char(&b, ',');
		type_put_element(&b, r->keys[i][nth]);
	}
	buf_char(&b, '}');
	t->c.broken |= b.broken;
	text = arena_str(t->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* Arrays, so that the number of items is no part of the text. */
static void
put_others(struct sql_tree *t, const struct clearing *r,
	   const struct constraint *key)
{
	struct compiler *c = &t->c;

	SQL(c, " and not exists (select from unnest(");
	for (size_t i = 0; i < key->n; i++) {
		if (i)
			SQL(c, ", ");
		sql_arg(c, nth_keys(t, r, i));
		SQL(c, "::");
		buf_put(&c->text, key->columns[i]->sql_type);
		SQL(c, "[]");
	}
	SQL(c, ") as k (");
	for (size_t i = 0; i < key->n; i++)
		buf_printf(&c->text, "%sk%zu", i ? ", " : "", i);
	for (size_t i = 0; i < key->n; i++) {
		buf_printf(&c->text, "%sk.k%zu = ", i ? " and " : ") where ",
			   i);
		sql_column(c, 0, key->columns[i]);
	}
	SQL(c, ")");
}

static struct err *
clear(struct sql_tree *t, struct clearing *r)
{
	const struct table *table = r->from.fkey->from;

	TRY(begin(t, &r->at));
	sql_tree_put_target(t,
			    r->refused ? "select postern.invalid('[]') from "
				       : "delete from ",
			    table);
	SQL(&t->c, " where ");
	sql_tree_put_link(t, &r->from, r->parent, 0);
	if (r->nkeys)
		put_others(t, r, table->primary);
	if (r->refused)
		SQL(&t->c, " limit 1");
	return sql_end(&t->c);
}

/* ---- the order of things ---- */

static struct err *
write_item(struct sql_tree *t, int i)
{
	switch (t->tree->items[i].op) {
	case ITEM_INSERT:
		return insert(t, i);
	case ITEM_DELETE:
		return delete (t, i);
	default:
		return change(t, i);
	}
}

static struct err *write_all(struct sql_tree *t, int i, int depth);

static struct err *
write_linked(struct sql_tree *t, int parent, bool reverse, int depth)
{
	const struct tree *tree = t->tree;

	for (size_t i = (size_t)parent + 1; i < tree->nitems; i++)
		if (tree->items[i].parent == parent &&
		    tree->items[i].from.reverse == reverse)
			TRY(write_all(t, (int)i, depth + 1));
	return NULL;
}

static struct err *
write_all(struct sql_tree *t, int i, int depth)
{
	struct tree *tree = t->tree;

	if (depth > TREE_DEPTH_MAX)
		return err_new(t->arena, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	if (t->items[i].old)
		TRY(find(t, i));
	TRY(write_linked(t, i, false, depth));
	TRY(write_item(t, i));
	for (size_t k = 0; k < tree->nclearings; k++)
		if (tree->clearings[k].parent == i)
			TRY(clear(t, &tree->clearings[k]));
	return write_linked(t, i, true, depth);
}

static struct err *
read_root(struct sql_tree *t)
{
	const struct constraint *key = t->tree->items[0].table->primary;
	struct condition *where =
		ARENA_ARRAY(t->arena, struct condition, key->n);
	struct plan plan = {
		.op = PLAN_SELECT,
		.table = t->tree->items[0].table,
		.shape = t->tree->shape,
		.where = where,
		.nwhere = key->n,
	};
	struct statement *s = sql_script_add(t->arena, t->script);

	for (size_t i = 0; i < key->n; i++)
		where[i] = (struct condition){
			.column = key->columns[i],
			.cmp = CMP_KEPT,
			.value = sql_tree_slot(
				t, sql_tree_find_kept(t->items[0].row,
						      key->columns[i])),
		};
	if (!s)
		return err_new(t->arena, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	t->tree->read_at = t->script->n - 1;
	return sql_compile(t->arena, &plan, s);
}

/* A row that is written without being read answers nothing. */
static void
open_item(struct item *item, uint32_t role)
{
	item->find_at = item->at = -1;
	item->nkey = 0;
	if (sql_tree_key_readable(item->table, role))
		item->nkey = item->table->primary->n;
}

struct err *
sql_tree(struct arena *a, struct tree *tree, int n, struct script *script)
{
	struct sql_tree t = {
		.arena = a,
		.tree = tree,
		.items = ARENA_ARRAY(a, struct sql_item, tree->nitems),
		.script = script,
		.n = n,
	};

	tree->first = script->n;
	tree->check_at = tree->read_at = -1;
	for (size_t i = 0; i < tree->nitems; i++)
		open_item(&tree->items[i], tree->role);
	keep_what_is_asked_for(&t);
	TRY(sql_tree_check(&t));
	TRY(write_all(&t, 0, 0));
	if (tree->shape && tree->items[0].table->primary)
		TRY(read_root(&t));
	tree->last = script->n - 1;
	return NULL;
}
