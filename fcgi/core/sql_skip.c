#include "core/sql_skip.h"

#include "core/sql_select.h"

/* Is there anything in it that Postgres should not make in vain? */
static bool
has_rows(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_ROWS || (f->object && has_rows(f->object)))
			return true;
	}
	return false;
}

bool
sql_skips(const struct plan *p)
{
	return p->table && p->offset && !p->grouped && !p->keys &&
	       !p->version && has_rows(p->shape);
}

/* What of the row is used in the list before, or to join and to sort. */
static void
use_columns(struct compiler *c, const struct plan *p, struct sql_scope *scope)
{
	for (size_t i = 0; i < p->norder; i++)
		if (sql_sorted_node(c, scope, &p->order[i]) == scope->node)
			c->used[p->order[i].column->index] = true;
	for (const struct sql_join *j = scope->joins; j; j = j->next)
		for (size_t i = 0; i < j->by.fkey->n; i++)
			if (j->parent == scope->node)
				c->used[sql_this_end(j->by)[i]->index] = true;
}

void
sql_skip(struct compiler *c, const struct plan *p)
{
	struct sql_scope scope;
	struct sql_from from = {.parent = -1};
	const bool *used;
	const char *comma = " ";

	sql_scope(c, &scope);
	used = c->used = ARENA_ARRAY(c->arena, bool, p->table->ncolumns);
	c->watched = scope.node;
	SQL(c, "select ");
	sql_results(c, p, &scope, NULL);
	use_columns(c, p, &scope);
	c->used = NULL;
	SQL(c, " from (select");
	sql_scope(c, &from.scope);
	for (size_t i = 0; i < p->table->ncolumns; i++) {
		if (!used[i])
			continue;
		buf_put(&c->text, str_of(comma));
		sql_column(c, from.scope.node, &p->table->columns[i]);
		comma = ", ";
	}
	sql_from(c, p, &from);
	SQL(c, ") ");
	sql_node(c, scope.node);
	sql_joins(c, &scope);
	sql_order(c, p, &scope);
}
