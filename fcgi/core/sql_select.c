#include "core/sql_select.h"

#include "core/sql_filter.h"
#include "core/sql_key.h"
#include "core/sql_result.h"
#include "core/sql_rows.h"
#include "core/sql_skip.h"

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

/* Are rows grouped by anything of it? */
static bool
tells_apart(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_COLUMN && f->function == PLAN_PLAIN)
			return true;
		if (f->object && tells_apart(f->object))
			return true;
	}
	return false;
}

void
sql_there(struct compiler *c, const struct sql_scope *scope, int node,
	  const struct shape *object)
{
	bool any = scope->grouped && !tells_apart(object);

	if (any)
		SQL(c, "pg_catalog.count(");
	sql_column(c, node, object->by->references[0]);
	buf_put(&c->text, any ? STR(") > 0") : STR(" is not null"));
}

/* An object begins with a column that says whether its row is there. */
static void
put_object(struct compiler *c, struct sql_scope *scope, int parent,
	   const struct shape *object)
{
	struct relation by = {.fkey = object->by};
	int node = sql_join(c, scope, parent, by);

	sql_next_column(c);
	sql_there(c, scope, node, object);
	sql_members(c, scope, node, object);
}

static void
put_key(struct compiler *c, int node, struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct field f = {.column = columns[i]};

		sql_next_column(c);
		sql_result(c, node, &f);
	}
}

/* The key of a row that is not looked at, unless this one does not hold it. */
static void
put_ref(struct compiler *c, struct sql_scope *scope, int node,
	const struct shape *object)
{
	struct column **held = sql_key_held(c, object->by, object->key);
	struct relation by = {.fkey = object->by};

	if (!held)
		node = sql_join(c, scope, node, by);
	put_key(c, node, held ? held : object->key->columns, object->key->n);
}

static void
put_member(struct compiler *c, struct sql_scope *scope, int node,
	   const struct field *f)
{
	switch (f->kind) {
	case FIELD_COLUMN:
		sql_next_column(c);
		sql_result(c, node, f);
		break;
	case FIELD_OBJECT:
		put_object(c, scope, node, f->object);
		break;
	case FIELD_GROUP:
		sql_members(c, scope, node, f->object);
		break;
	case FIELD_ROWS:
		sql_next_column(c);
		sql_rows(c, node, f->rows);
		break;
	case FIELD_REF:
		put_ref(c, scope, node, f->object);
		break;
	case FIELD_KEY:
	case FIELD_TEXT:
		break;
	}
}

/* Depth first; so joins are numbered. */
void
sql_members(struct compiler *c, struct sql_scope *scope, int node,
	    const struct shape *shape)
{
	if (!sql_enter(c))
		return;
	if (shape->key)
		put_key(c, node, shape->key->columns, shape->key->n);
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
		    (f->object && f->kind != FIELD_REF &&
		     !all_versioned(f->object)))
			return false;
	}
	return true;
}

static void
put_version(struct compiler *c, int node, const char *name)
{
	sql_next_column(c);
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

int
sql_sorted_node(struct compiler *c, struct sql_scope *scope,
		const struct sorting *s)
{
	int node = scope->node;

	for (size_t i = 0; i < s->nway; i++)
		node = sql_join(c, scope, node, s->way[i]);
	return node;
}

void
sql_results(struct compiler *c, const struct plan *p, struct sql_scope *scope,
	    const char *version)
{
	sql_members(c, scope, scope->node, p->shape);
	c->out->key_at = c->out->ncolumns;
	for (size_t i = 0; p->keys && i < p->norder; i++) {
		struct field key = {.column = p->order[i].column};

		sql_next_column(c);
		sql_result(c, sql_sorted_node(c, scope, &p->order[i]), &key);
	}
	put_versions(c, p, scope, version);
	if (c->out->ncolumns == c->first)
		SQL(c, "1");
}

/* ---- which rows ---- */

/* A row that is not there has no value. */
static bool
is_nullable(const struct sorting *s)
{
	return s->column->nullable || s->nway;
}

/* Can one row comparison express the keyset?  An index then serves it. */
static bool
same_direction(const struct plan *p)
{
	for (size_t i = 0; i < p->norder; i++)
		if (is_nullable(&p->order[i]) ||
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
	if (is_nullable(s) && !s->descending) {
		SQL(c, " or ");
		sql_column(c, node, s->column);
		SQL(c, " is null");
	}
	SQL(c, ")");
}

/* behind(1) or (equal(1) and (behind(2) or (equal(2) and ...))) */
static void
put_mixed_keyset(struct compiler *c, const struct plan *p,
		 struct sql_scope *scope)
{
	for (size_t i = 0; i < p->norder; i++) {
		const struct sorting *s = &p->order[i];
		int node = sql_sorted_node(c, scope, s);

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

static void
next_condition(struct compiler *c, bool *any)
{
	buf_put(&c->text, *any ? STR(" and ") : STR(" where "));
	*any = true;
}

static void
put_conditions(struct compiler *c, const struct plan *p,
	       struct sql_scope *scope, bool any)
{
	for (size_t i = 0; i < p->nwhere; i++) {
		next_condition(c, &any);
		sql_condition(c, scope->node, &p->where[i]);
	}
	if (p->filter) {
		next_condition(c, &any);
		sql_filter(c, scope, p->filter, p->distinct);
	}
	if (!p->after || !p->norder)
		return;
	next_condition(c, &any);
	if (same_direction(p))
		put_row_keyset(c, p, scope->node);
	else
		put_mixed_keyset(c, p, scope);
}

void
sql_where(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	put_conditions(c, p, scope, false);
}

/* ---- groups of them ---- */

/* The columns by which rows are grouped; an object that is null is one. */
static void
put_groups(struct compiler *c, struct sql_scope *scope, int node,
	   const struct shape *shape, const char **comma)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		int next = node;

		if (f->kind == FIELD_COLUMN && f->function == PLAN_PLAIN) {
			buf_put(&c->text, str_of(*comma));
			sql_column(c, node, f->column);
			*comma = ", ";
		}
		if (!f->object || !tells_apart(f->object))
			continue;
		if (f->kind == FIELD_OBJECT) {
			struct relation by = {.fkey = f->object->by};

			next = sql_join(c, scope, node, by);
			buf_put(&c->text, str_of(*comma));
			sql_column(c, next, by.fkey->references[0]);
			SQL(c, " is not null");
			*comma = ", ";
		}
		put_groups(c, scope, next, f->object, comma);
	}
}

/* Of no columns, all rows are one group, even if there are none. */
static void
put_grouping(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	static const char first[] = " group by ";
	const char *comma = first;

	if (!p->grouped || c->broken)
		return;
	put_groups(c, scope, scope->node, p->shape, &comma);
	if (comma == first)
		SQL(c, " having true");
}

static bool
is_grouped_by(const struct shape *shape, const struct column *column)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_COLUMN && f->function == PLAN_PLAIN &&
		    f->column == column)
			return true;
	}
	return false;
}

/* ---- in which order, how many ---- */

void
sql_order(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	const char *comma = " order by ";

	for (size_t i = 0; i < p->norder; i++) {
		const struct sorting *s = &p->order[i];

		/* It has no place in the order of anything else. */
		if (p->grouped && !is_grouped_by(p->shape, s->column))
			continue;
		buf_put(&c->text, str_of(comma));
		sql_column(c, sql_sorted_node(c, scope, s), s->column);
		if (s->descending)
			SQL(c, " desc");
		comma = ", ";
	}
}

/* A page asks for one row more, to know whether another page follows. */
static void
put_limit(struct compiler *c, const struct plan *p)
{
	if (p->limit) {
		SQL(c, " limit ");
		sql_arg_int(c, p->limit + p->keys);
	}
	if (p->offset) {
		SQL(c, " offset ");
		sql_arg_int(c, p->offset);
	}
}

/* ---- all of it ---- */

/* A table between the two is joined first, and matched instead. */
static int
put_between(struct compiler *c, const struct sql_from *from)
{
	struct relation back = {.fkey = from->via, .reverse = true};
	int node;

	if (!from->via)
		return from->scope.node;
	node = c->nodes++;
	SQL(c, " join ");
	sql_table(c, from->via->from);
	SQL(c, " ");
	sql_node(c, node);
	SQL(c, " on ");
	sql_match(c, back, from->scope.node, node);
	return node;
}

void
sql_from(struct compiler *c, const struct plan *p, struct sql_from *from)
{
	bool any = false;
	int node;

	if (p->filter)
		sql_filter_joins(c, &from->scope, p->filter, p->distinct);
	for (size_t i = 0; i < p->norder; i++)
		sql_sorted_node(c, &from->scope, &p->order[i]);
	SQL(c, " from ");
	sql_table(c, p->table);
	SQL(c, " ");
	sql_node(c, from->scope.node);
	node = put_between(c, from);
	sql_joins(c, &from->scope);
	if (from->by.fkey) {
		next_condition(c, &any);
		sql_match(c, from->by, from->parent, node);
	}
	put_conditions(c, p, &from->scope, any);
	put_grouping(c, p, &from->scope);
	sql_order(c, p, &from->scope);
	put_limit(c, p);
}

void
sql_select(struct compiler *c, const struct plan *p)
{
	struct sql_from from = {.parent = -1};

	if (sql_skips(p)) {
		sql_skip(c, p);
		return;
	}
	sql_scope(c, &from.scope);
	from.scope.grouped = p->grouped;
	SQL(c, "select ");
	sql_results(c, p, &from.scope, NULL);
	if (p->table)
		sql_from(c, p, &from);
}
