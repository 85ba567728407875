#include "core/sql_page.h"

#include "core/sql_key.h"
#include "core/sql_result.h"
#include "core/sql_select.h"

struct page {
	const struct plan *p;
	/* Columns by index that are called k0, ...: [0] of the page, [1 + i]
	 * of what a reach leads to. */
	bool **needed;
	bool cut; /* the page may have a row that only says there are more */
};

bool
sql_page_is(const struct plan *p)
{
	return p->nsections || p->nprobes;
}

/* ---- what reaches need ---- */

static const struct table *
target(const struct reach *r)
{
	return r->via ? r->via->to : sql_other_end(r->by);
}

static const struct table *
source(const struct plan *p, int from)
{
	return from < 0 ? p->table : target(&p->reaches[from]);
}

static void
need(bool *needed, struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		needed[columns[i]->index] = true;
}

static void
need_key(bool *needed, const struct table *t)
{
	if (t->primary)
		need(needed, t->primary->columns, t->primary->n);
}

static struct page
open_page(struct compiler *c, const struct plan *p)
{
	struct page page = {
		.p = p,
		.needed = ARENA_ARRAY(c->arena, bool *, p->nreaches + 1),
		.cut = p->keys && p->limit,
	};

	for (int i = -1; i < (int)p->nreaches; i++)
		if (source(p, i))
			page.needed[i + 1] = ARENA_ARRAY(
				c->arena, bool, source(p, i)->ncolumns);
	for (size_t i = 0; i < p->nreaches; i++) {
		const struct reach *r = &p->reaches[i];

		need(page.needed[r->from + 1], sql_this_end(r->by),
		     r->by.fkey->n);
		need_key(page.needed[i + 1], target(r));
	}
	for (size_t i = 0; p->nreaches && i < p->nsections; i++)
		if (p->sections[i].table == p->table)
			need_key(page.needed[0], p->table);
	return page;
}

/* ---- names ---- */

static void
put_k(struct compiler *c, const struct column *column)
{
	SQL(c, "k");
	buf_int(&c->text, (int64_t)column->index);
}

/* k0, k4: of a key, in its order. */
static void
put_ks(struct compiler *c, struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			SQL(c, ", ");
		put_k(c, columns[i]);
	}
}

/* k0 as "id", so that it can be matched with as a row. */
static void
put_as_columns(struct compiler *c, struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			SQL(c, ", ");
		put_k(c, columns[i]);
		SQL(c, " as ");
		sql_name(c, columns[i]->name);
	}
}

/* t3."id" as k0: what of a row is needed. */
static void
put_needed(struct compiler *c, int node, const struct table *t,
	   const bool *needed, const char *before)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!needed[i])
			continue;
		buf_put(&c->text, str_of(before));
		sql_column(c, node, &t->columns[i]);
		SQL(c, " as ");
		put_k(c, &t->columns[i]);
		before = ", ";
	}
}

static void
put_source(struct compiler *c, const struct page *page, int from)
{
	SQL(c, " from ");
	if (from >= 0) {
		SQL(c, "r");
		buf_int(&c->text, from);
		return;
	}
	buf_put(&c->text, page->cut ? STR("shown") : STR("page"));
}

/* ---- reaches ---- */

static bool
leads_on(const struct plan *p, int from)
{
	for (size_t i = 0; i < p->nreaches; i++)
		if (p->reaches[i].from == from)
			return true;
	return false;
}

static bool
is_only_key(const struct table *t, const bool *needed)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ncolumns; i++)
		n += needed[i];
	return n == t->primary->n;
}

/*
 * The columns of a row before the target that hold all that is needed of it;
 * NULL: look at the target.  What follows from a row that policies may hide
 * follows from nothing.
 */
static struct column **
held(struct compiler *c, const struct page *page, int i)
{
	const struct reach *r = &page->p->reaches[i];
	const struct table *t = target(r);
	const struct fkey *last = r->via ? r->via : r->by.fkey;

	if ((r->by.reverse && !r->via) ||
	    !is_only_key(t, page->needed[i + 1]) ||
	    (t->guarded && leads_on(page->p, i)))
		return NULL;
	return sql_key_held(c, last, t->primary);
}

static void
put_all_there(struct compiler *c, struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_put(&c->text, i ? STR(" and ") : STR(" where "));
		put_k(c, columns[i]);
		SQL(c, " is not null");
	}
}

/* The row before it has the key already. */
static void
put_held(struct compiler *c, const struct page *page, int i,
	 struct column **columns)
{
	const struct reach *r = &page->p->reaches[i];
	const struct constraint *key = target(r)->primary;

	SQL(c, "select distinct ");
	for (size_t k = 0; k < key->n; k++) {
		if (k)
			SQL(c, ", ");
		put_k(c, columns[k]);
		SQL(c, " as ");
		put_k(c, key->columns[k]);
	}
	put_source(c, page, r->from);
	put_all_there(c, columns, key->n);
}

/* (select distinct k0 as "id" from page) t3 */
static int
put_parents(struct compiler *c, const struct page *page, const struct reach *r)
{
	int node = c->nodes++;

	SQL(c, "(select distinct ");
	put_as_columns(c, sql_this_end(r->by), r->by.fkey->n);
	put_source(c, page, r->from);
	SQL(c, ") ");
	sql_node(c, node);
	return node;
}

/* Of the rows of a link table, what they hold of the target's key. */
static void
put_linked(struct compiler *c, int node, const struct constraint *key,
	   struct column **columns)
{
	for (size_t i = 0; i < key->n; i++) {
		if (i)
			SQL(c, ", ");
		sql_column(c, node, columns[i]);
		SQL(c, " as ");
		put_k(c, key->columns[i]);
	}
}

static void
put_looked_up(struct compiler *c, const struct page *page, int i,
	      struct column **columns)
{
	const struct reach *r = &page->p->reaches[i];
	const struct table *t = target(r);
	struct sql_from from = {.by = r->by, .via = columns ? NULL : r->via};
	struct plan rows = {.table = columns ? sql_other_end(r->by) : t};

	SQL(c, "select distinct s.* from ");
	from.parent = put_parents(c, page, r);
	SQL(c, " cross join lateral (select ");
	sql_scope(c, &from.scope);
	if (columns)
		put_linked(c, from.scope.node, t->primary, columns);
	else
		put_needed(c, from.scope.node, t, page->needed[i + 1], "");
	sql_from(c, &rows, &from);
	SQL(c, " offset 0) s");
	if (columns)
		put_all_there(c, t->primary->columns, t->primary->n);
}

static void
put_reach(struct compiler *c, const struct page *page, int i)
{
	struct column **columns = held(c, page, i);

	SQL(c, ", r");
	buf_int(&c->text, i);
	SQL(c, " as (");
	if (columns && !page->p->reaches[i].via)
		put_held(c, page, i, columns);
	else
		put_looked_up(c, page, i, columns);
	SQL(c, ")");
}

/* ---- the page's own rows ---- */

static void
put_shown(struct compiler *c, const struct page *page)
{
	const struct table *t = page->p->table;
	const char *comma = ", shown as (select ";

	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!page->needed[0][i])
			continue;
		buf_put(&c->text, str_of(comma));
		put_k(c, &t->columns[i]);
		comma = ", ";
	}
	SQL(c, " from page limit ");
	sql_arg_int(c, page->p->limit);
	SQL(c, ")");
}

static void
put_with(struct compiler *c, const struct page *page)
{
	const struct plan *p = page->p;
	struct sql_from from = {.parent = -1};

	sql_scope(c, &from.scope);
	SQL(c, "with page as materialized (select ");
	sql_name_columns(c, true);
	sql_results(c, p, &from.scope, NULL);
	sql_name_columns(c, false);
	put_needed(c, from.scope.node, p->table, page->needed[0], ", ");
	sql_from(c, p, &from);
	SQL(c, ")");
	if (page->cut)
		put_shown(c, page);
	for (size_t i = 0; i < p->nreaches; i++)
		put_reach(c, page, (int)i);
	SQL(c, " ");
}

/* ---- nulls, in place of what another kind of row has ---- */

static void
put_null(struct compiler *c, struct str type)
{
	sql_next_column(c);
	SQL(c, "null::");
	buf_put(&c->text, type);
}

static void put_nulls(struct compiler *c, const struct shape *shape);

static void
put_null_key(struct compiler *c, const struct constraint *key)
{
	for (size_t i = 0; key && i < key->n; i++) {
		struct field f = {.column = key->columns[i]};

		put_null(c, sql_result_type(&f));
	}
}

static void
put_null_member(struct compiler *c, const struct field *f)
{
	switch (f->kind) {
	case FIELD_COLUMN:
		put_null(c, sql_result_type(f));
		break;
	case FIELD_OBJECT:
		put_null(c, STR("pg_catalog.bool"));
		put_nulls(c, f->object);
		break;
	case FIELD_GROUP:
		put_nulls(c, f->object);
		break;
	case FIELD_ROWS:
		put_null(c, STR("pg_catalog.json"));
		break;
	case FIELD_REF:
		put_null_key(c, f->object->key);
		break;
	case FIELD_KEY:
	case FIELD_TEXT:
		break;
	}
}

/* The columns that sql_members() would put. */
static void
put_nulls(struct compiler *c, const struct shape *shape)
{
	if (!sql_enter(c))
		return;
	put_null_key(c, shape->key);
	for (size_t i = 0; i < shape->n; i++)
		put_null_member(c, &shape->fields[i]);
	sql_leave(c);
}

/* Behind the page's own columns; so all types are known from the start. */
static void
put_other_kinds(struct compiler *c, const struct plan *p)
{
	size_t *kind_at = c->out->kind_at;

	for (size_t i = 0; i < p->nsections; i++) {
		*++kind_at = c->out->ncolumns;
		put_nulls(c, p->sections[i].shape);
	}
	for (size_t i = 0; i < p->nprobes; i++) {
		*++kind_at = c->out->ncolumns;
		put_null(c, STR("pg_catalog.int8"));
	}
}

/* , null, null: columns from one to before another. */
static void
put_untyped(struct compiler *c, size_t from, size_t to)
{
	for (; from < to; from++)
		SQL(c, ", null");
}

/* ---- the kinds of rows ---- */

static void
put_first(struct compiler *c, const struct page *page)
{
	const struct plan *p = page->p;
	struct sql_from from = {.parent = -1};
	size_t n = c->out->ncolumns;

	SQL(c, "(select 0");
	if (p->nreaches) {
		for (size_t i = c->out->kind_at[0]; i < n; i++) {
			SQL(c, ", ");
			sql_column_name(c, i);
		}
		put_other_kinds(c, p);
		SQL(c, " from page)");
		return;
	}
	sql_scope(c, &from.scope);
	sql_results(c, p, &from.scope, NULL);
	put_other_kinds(c, p);
	if (p->table)
		sql_from(c, p, &from);
	SQL(c, ")");
}

/* The keys of a section's rows: (select ... union ... except ...) t7 */
static int
put_keys(struct compiler *c, const struct page *page, int section)
{
	const struct plan *p = page->p;
	const struct table *t = p->sections[section].table;
	const char *before = "(select ";
	int node = c->nodes++;

	for (size_t i = 0; i < p->nreaches; i++) {
		if (p->reaches[i].section != section)
			continue;
		buf_put(&c->text, str_of(before));
		put_as_columns(c, t->primary->columns, t->primary->n);
		put_source(c, page, (int)i);
		before = " union select ";
	}
	if (t == p->table) {
		SQL(c, " except select ");
		put_ks(c, t->primary->columns, t->primary->n);
		put_source(c, page, -1);
	}
	SQL(c, ") ");
	sql_node(c, node);
	return node;
}

static void
put_same_key(struct compiler *c, const struct constraint *key, int node,
	     int other)
{
	for (size_t i = 0; i < key->n; i++) {
		buf_put(&c->text, i ? STR(" and ") : STR(" where "));
		sql_column(c, node, key->columns[i]);
		SQL(c, " = ");
		sql_column(c, other, key->columns[i]);
	}
}

/* One row of it, by its key in the row `keys`. */
static void
put_section_row(struct compiler *c, const struct section *s, int keys)
{
	const struct constraint *key = s->table->primary;
	struct sql_scope scope;

	sql_scope(c, &scope);
	SQL(c, "(select ");
	sql_name_columns(c, true);
	sql_members(c, &scope, scope.node, s->shape);
	sql_name_columns(c, false);
	SQL(c, ", ");
	sql_key_text(c, scope.node, key->columns, key->n);
	SQL(c, " as o from ");
	sql_table(c, s->table);
	SQL(c, " ");
	sql_node(c, scope.node);
	sql_joins(c, &scope);
	put_same_key(c, key, scope.node, keys);
	SQL(c, " offset 0) s");
}

static bool
is_reached(const struct plan *p, int section)
{
	for (size_t i = 0; i < p->nreaches; i++)
		if (p->reaches[i].section == section)
			return true;
	return false;
}

static void
begin_kind(struct compiler *c, size_t kind)
{
	SQL(c, " union all (select ");
	buf_int(&c->text, (int64_t)kind);
	put_untyped(c, 1, c->out->kind_at[kind]);
}

static void
put_section(struct compiler *c, const struct page *page, int i)
{
	size_t all = c->out->ncolumns, from = c->out->kind_at[i + 1];
	size_t last = page->p->nsections + page->p->nprobes;
	size_t to = (size_t)i + 1 < last ? c->out->kind_at[i + 2] : all;
	int keys;

	if (!is_reached(page->p, i))
		return;
	begin_kind(c, (size_t)i + 1);
	for (size_t k = from; k < to; k++) {
		SQL(c, ", ");
		sql_column_name(c, k);
	}
	put_untyped(c, to, all);
	SQL(c, " from ");
	keys = put_keys(c, page, i);
	SQL(c, " cross join lateral ");
	c->out->ncolumns = from;
	put_section_row(c, &page->p->sections[i], keys);
	c->out->ncolumns = all;
	SQL(c, " order by o collate pg_catalog.\"C\")");
}

static void
put_probe(struct compiler *c, const struct plan *p, size_t kind)
{
	size_t all = c->out->ncolumns;
	struct sql_from from = {.parent = -1};
	struct plan counted = *p;

	counted.norder = 0;
	counted.limit = counted.offset = 0;
	begin_kind(c, kind);
	sql_scope(c, &from.scope);
	SQL(c, ", pg_catalog.count(*)");
	put_untyped(c, c->out->kind_at[kind] + 1, all);
	sql_from(c, &counted, &from);
	SQL(c, ")");
}

void
sql_page(struct compiler *c, const struct plan *p)
{
	struct page page = open_page(c, p);

	c->out->kind_at =
		ARENA_ARRAY(c->arena, size_t, 1 + p->nsections + p->nprobes);
	c->out->ncolumns = c->out->kind_at[0] = 1;
	if (p->nreaches)
		put_with(c, &page);
	put_first(c, &page);
	for (size_t i = 0; i < p->nsections; i++)
		put_section(c, &page, (int)i);
	for (size_t i = 0; i < p->nprobes; i++)
		put_probe(c, p->probes[i], 1 + p->nsections + i);
}
