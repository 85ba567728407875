#include "core/sql_write.h"

const char sql_returned_version[] = "\"postern.version\"";

static void
put_inserted(struct compiler *c, const struct plan *p)
{
	if (p->nset == 0) {
		SQL(c, " default values");
		return;
	}
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" ("));
		sql_name(c, p->set[i].column->name);
	}
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(") values ("));
		sql_value(c, &p->set[i]);
	}
	SQL(c, ")");
}

static void
put_insert(struct compiler *c, const struct plan *p)
{
	SQL(c, "insert into ");
	sql_table(c, p->table);
	SQL(c, " as t0");
	put_inserted(c, p);
	if (p->ignore)
		SQL(c, " on conflict do nothing");
}

/* ---- which rows ---- */

/* Would a select join for it? */
static bool
goes_on(const struct filter *f)
{
	if (f->kind == FILTER_THROUGH)
		return true;
	for (size_t i = 0; f->kind != FILTER_SOME && i < f->n; i++)
		if (goes_on(f->parts[i]))
			return true;
	return false;
}

static void
put_key(struct compiler *c, const struct constraint *key, int node)
{
	for (size_t i = 0; i < key->n; i++) {
		if (i)
			SQL(c, ", ");
		sql_column(c, node, key->columns[i]);
	}
}

/* What a write cannot join to, a select does: of the same table, by its key. */
static void
put_found(struct compiler *c, const struct plan *p, int node)
{
	struct plan found = {
		.table = p->table,
		.where = p->where,
		.nwhere = p->nwhere,
		.filter = p->filter,
		.distinct = p->distinct,
	};
	struct sql_from from = {.parent = -1};

	sql_scope(c, &from.scope);
	SQL(c, " where (");
	put_key(c, p->table->primary, node);
	SQL(c, ") in (select ");
	put_key(c, p->table->primary, from.scope.node);
	sql_from(c, &found, &from);
	SQL(c, ")");
}

static void
put_where(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	if (p->table->primary && p->filter && goes_on(p->filter))
		put_found(c, p, scope->node);
	else
		sql_where(c, p, scope);
}

/* ---- writes ---- */

static void
put_update(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	SQL(c, "update ");
	sql_table(c, p->table);
	SQL(c, " t0");
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" set "));
		sql_name(c, p->set[i].column->name);
		SQL(c, " = ");
		sql_value(c, &p->set[i]);
	}
	put_where(c, p, scope);
}

static void
put_delete(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	SQL(c, "delete from ");
	sql_table(c, p->table);
	SQL(c, " t0");
	put_where(c, p, scope);
}

void
sql_write(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	switch (p->op) {
	case PLAN_INSERT:
		put_insert(c, p);
		break;
	case PLAN_UPDATE:
		put_update(c, p, scope);
		break;
	default:
		put_delete(c, p, scope);
		break;
	}
}

static bool
has_links(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].object || shape->fields[i].rows)
			return true;
	return false;
}

static bool
is_in(const struct column *column, struct relation by)
{
	for (size_t i = 0; i < by.fkey->n; i++)
		if (sql_this_end(by)[i] == column)
			return true;
	return false;
}

static bool
is_of(const struct column *column, const struct constraint *key)
{
	for (size_t i = 0; i < key->n; i++)
		if (key->columns[i] == column)
			return true;
	return false;
}

/* Is the column shown, or does an object or a list hang on it? */
static bool
is_shown(const struct shape *shape, const struct column *column)
{
	if (shape->key && is_of(column, shape->key))
		return true;
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		struct relation by = {0};

		if (f->kind == FIELD_COLUMN && f->column == column)
			return true;
		if (f->kind == FIELD_GROUP && is_shown(f->object, column))
			return true;
		if (f->kind == FIELD_OBJECT || f->kind == FIELD_REF)
			by.fkey = f->object->by;
		if (f->kind == FIELD_ROWS)
			by = f->rows->by;
		if (by.fkey && is_in(column, by))
			return true;
	}
	return false;
}

static bool
is_needed(const struct plan *p, const struct column *column)
{
	for (size_t i = 0; p->keys && i < p->norder; i++)
		if (p->order[i].column == column)
			return true;
	return is_shown(p->shape, column);
}

static bool
is_kept(const struct plan *p, const struct column *column)
{
	return p->keep.n && is_of(column, p->table->primary);
}

void
sql_write_needed(struct compiler *c, const struct plan *p, const char *before)
{
	const struct table *t = p->table;
	bool any = false;

	buf_put(&c->text, str_of(before));
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!is_needed(p, &t->columns[i]) &&
		    !is_kept(p, &t->columns[i]))
			continue;
		if (any)
			SQL(c, ", ");
		sql_column(c, 0, &t->columns[i]);
		any = true;
	}
	if (!any)
		SQL(c, "1 as one");
	if (p->version && t->versioned) {
		SQL(c, ", t0.xmin as ");
		buf_put(&c->text, str_of(sql_returned_version));
	}
}

void
sql_write_and_answer(struct compiler *c, const struct plan *p)
{
	struct sql_scope scope;

	sql_scope(c, &scope);
	if (!has_links(p->shape)) {
		sql_write(c, p, &scope);
		SQL(c, " returning ");
		sql_results(c, p, &scope, NULL);
		return;
	}
	SQL(c, "with t0 as (");
	sql_write(c, p, &scope);
	sql_write_needed(c, p, " returning ");
	SQL(c, ") select ");
	sql_results(c, p, &scope, sql_returned_version);
	SQL(c, " from t0");
	sql_joins(c, &scope);
}
