#include "core/sql_select.h"

#include "core/type.h"

/* ---- where rows come from ---- */

void
sql_scope(struct compiler *c, struct sql_scope *ret)
{
	*ret = (struct sql_scope){.node = c->nodes++};
	ret->end = &ret->joins;
}

const struct table *
sql_other_end(struct relation by)
{
	return by.reverse ? by.fkey->from : by.fkey->to;
}

struct column **
sql_this_end(struct relation by)
{
	return by.reverse ? by.fkey->references : by.fkey->columns;
}

int
sql_join(struct compiler *c, struct sql_scope *scope, int parent,
	 struct relation by)
{
	struct sql_join *j;

	for (j = scope->joins; j; j = j->next)
		if (j->parent == parent && j->by.fkey == by.fkey &&
		    j->by.reverse == by.reverse)
			return j->node;
	j = ARENA_NEW(c->arena, struct sql_join);
	j->by = by;
	j->parent = parent;
	j->node = c->nodes++;
	*scope->end = j;
	scope->end = &j->next;
	return j->node;
}

void
sql_match(struct compiler *c, struct relation by, int parent, int node)
{
	struct column **here = sql_this_end(by);
	struct column **there =
		by.reverse ? by.fkey->columns : by.fkey->references;

	for (size_t i = 0; i < by.fkey->n; i++) {
		if (i)
			SQL(c, " and ");
		sql_column(c, node, there[i]);
		SQL(c, " = ");
		sql_column(c, parent, here[i]);
	}
}

void
sql_joins(struct compiler *c, const struct sql_scope *scope)
{
	for (const struct sql_join *j = scope->joins; j; j = j->next) {
		SQL(c, " left join ");
		sql_table(c, sql_other_end(j->by));
		SQL(c, " ");
		sql_node(c, j->node);
		SQL(c, " on ");
		sql_match(c, j->by, j->parent, j->node);
	}
}

/* ---- what is answered ---- */

static void
next_column(struct compiler *c)
{
	if (c->out->ncolumns++)
		SQL(c, ", ");
}

static void
put_result(struct compiler *c, int node, const struct column *column)
{
	next_column(c);
	buf_put(&c->text, str_of(column->type->select_before));
	sql_column(c, node, column);
	buf_put(&c->text, str_of(column->type->select_behind));
}

static void put_members(struct compiler *c, struct sql_scope *scope, int node,
			const struct shape *shape);

/* An object begins with a column that says whether its row is there. */
static void
put_object(struct compiler *c, struct sql_scope *scope, int parent,
	   const struct shape *object)
{
	struct relation by = {.fkey = object->by};
	int node = sql_join(c, scope, parent, by);

	next_column(c);
	sql_column(c, node, object->by->references[0]);
	SQL(c, " is not null");
	put_members(c, scope, node, object);
}

static void
put_member(struct compiler *c, struct sql_scope *scope, int node,
	   const struct field *f)
{
	switch (f->kind) {
	case FIELD_COLUMN:
		put_result(c, node, f->column);
		break;
	case FIELD_OBJECT:
		put_object(c, scope, node, f->object);
		break;
	case FIELD_GROUP:
		put_members(c, scope, node, f->object);
		break;
	case FIELD_ROWS:
	case FIELD_TEXT:
		break;
	}
}

/* The members of an object, depth first; so joins are numbered. */
static void
put_members(struct compiler *c, struct sql_scope *scope, int node,
	    const struct shape *shape)
{
	if (!sql_enter(c))
		return;
	for (size_t i = 0; i < shape->n; i++)
		put_member(c, scope, node, &shape->fields[i]);
	sql_leave(c);
}

static bool
all_versioned(const struct shape *shape)
{
	if (!shape->table->versioned)
		return false;
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_ROWS ||
		    (f->object && !all_versioned(f->object)))
			return false;
	}
	return true;
}

static void
put_version(struct compiler *c, int node, const char *name)
{
	next_column(c);
	sql_node(c, node);
	SQL(c, ".");
	buf_put(&c->text, str_of(name));
	c->out->nversions++;
}

static void
put_versions(struct compiler *c, const struct plan *p,
	     const struct sql_scope *scope, const char *version)
{
	c->out->version_at = c->out->ncolumns;
	if (!p->version || !all_versioned(p->shape))
		return;
	put_version(c, scope->node, version ? version : "xmin");
	for (const struct sql_join *j = scope->joins; j; j = j->next)
		put_version(c, j->node, "xmin");
}

void
sql_results(struct compiler *c, const struct plan *p, struct sql_scope *scope,
	    const char *version)
{
	put_members(c, scope, scope->node, p->shape);
	c->out->key_at = c->out->ncolumns;
	if (p->keys)
		for (size_t i = 0; i < p->norder; i++)
			put_result(c, scope->node, p->order[i].column);
	put_versions(c, p, scope, version);
	if (c->out->ncolumns == 0)
		SQL(c, "1");
}

/* ---- which rows ---- */

static void
put_condition(struct compiler *c, int node, const struct condition *w)
{
	bool is_any = w->cmp == CMP_IN || w->cmp == CMP_VERSION;

	if (w->cmp == CMP_VERSION) {
		sql_node(c, node);
		SQL(c, ".xmin");
	} else if (w->cmp != CMP_NOTHING) {
		sql_column(c, node, w->column);
	}
	buf_put(&c->text, str_of(plan_operator(w->cmp)->sql));
	if (w->cmp == CMP_IS_NULL || w->cmp == CMP_NOT_NULL ||
	    w->cmp == CMP_NOTHING)
		return;
	if (is_any)
		SQL(c, "(");
	if (w->cmp == CMP_KEPT)
		sql_kept(c, w->column, w->value);
	else
		sql_arg(c, w->value);
	if (is_any)
		SQL(c, ")");
}

/* Can one row comparison express the keyset?  An index then serves it. */
static bool
same_direction(const struct plan *p)
{
	for (size_t i = 0; i < p->norder; i++)
		if (p->order[i].column->nullable ||
		    p->order[i].descending != p->order[0].descending)
			return false;
	return true;
}

static void
put_row_keyset(struct compiler *c, const struct plan *p, int node)
{
	SQL(c, "(");
	for (size_t i = 0; i < p->norder; i++) {
		if (i)
			SQL(c, ", ");
		sql_column(c, node, p->order[i].column);
	}
	buf_put(&c->text, p->order[0].descending ? STR(") < (") : STR(") > ("));
	for (size_t i = 0; i < p->norder; i++) {
		if (i)
			SQL(c, ", ");
		sql_arg(c, p->order[i].after);
	}
	SQL(c, ")");
}

/* Is this column's value behind the cursor's?  Nulls sort as the largest. */
static void
put_behind(struct compiler *c, int node, const struct sorting *s)
{
	if (!s->after.p) {
		if (!s->descending) {
			SQL(c, "false");
			return;
		}
		sql_column(c, node, s->column);
		SQL(c, " is not null");
		return;
	}
	SQL(c, "(");
	sql_column(c, node, s->column);
	buf_put(&c->text, s->descending ? STR(" < ") : STR(" > "));
	sql_arg(c, s->after);
	if (s->column->nullable && !s->descending) {
		SQL(c, " or ");
		sql_column(c, node, s->column);
		SQL(c, " is null");
	}
	SQL(c, ")");
}

/* behind(1) or (equal(1) and (behind(2) or (equal(2) and ...))) */
static void
put_mixed_keyset(struct compiler *c, const struct plan *p, int node)
{
	for (size_t i = 0; i < p->norder; i++) {
		const struct sorting *s = &p->order[i];

		SQL(c, "(");
		put_behind(c, node, s);
		if (i + 1 == p->norder)
			break;
		SQL(c, " or ");
		sql_column(c, node, s->column);
		if (s->after.p) {
			SQL(c, " = ");
			sql_arg(c, s->after);
		} else {
			SQL(c, " is null");
		}
		SQL(c, " and ");
	}
	for (size_t i = 0; i < p->norder; i++)
		SQL(c, ")");
}

void
sql_where(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	bool keyset = p->after && p->norder;

	if (p->nwhere || keyset)
		SQL(c, " where ");
	for (size_t i = 0; i < p->nwhere; i++) {
		if (i)
			SQL(c, " and ");
		put_condition(c, scope->node, &p->where[i]);
	}
	if (!keyset)
		return;
	if (p->nwhere)
		SQL(c, " and ");
	if (same_direction(p))
		put_row_keyset(c, p, scope->node);
	else
		put_mixed_keyset(c, p, scope->node);
}

/* ---- in which order, how many ---- */

static void
put_order(struct compiler *c, const struct plan *p, int node)
{
	for (size_t i = 0; i < p->norder; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" order by "));
		sql_column(c, node, p->order[i].column);
		if (p->order[i].descending)
			SQL(c, " desc");
	}
}

/* A page asks for one row more, to know whether another page follows. */
static void
put_limit(struct compiler *c, const struct plan *p)
{
	if (p->limit == 0)
		return;
	SQL(c, " limit ");
	sql_arg_int(c, p->limit + p->keys);
}

void
sql_select(struct compiler *c, const struct plan *p)
{
	struct sql_scope scope;

	sql_scope(c, &scope);
	SQL(c, "select ");
	sql_results(c, p, &scope, NULL);
	SQL(c, " from ");
	sql_table(c, p->table);
	SQL(c, " ");
	sql_node(c, scope.node);
	sql_joins(c, &scope);
	sql_where(c, p, &scope);
	put_order(c, p, scope.node);
	put_limit(c, p);
}
