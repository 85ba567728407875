#include "core/sql.h"

#include "base/buf.h"
#include "core/type.h"

enum { TEXT_MAX = 1024 * 1024 };

/*
 * A statement under construction.  `returned` is set while a write stands
 * in a with-clause: its version then has a name of its own.
 */
struct compiler {
	struct arena *arena;
	struct buf text;
	const struct plan *plan;
	struct statement *out;
	int nodes; /* t0, t1, ... given out so far */
	bool returned;
};

#define SQL(c, lit) BUF_LIT(&(c)->text, lit)

static void
put_name(struct compiler *c, struct str name)
{
	buf_char(&c->text, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			buf_char(&c->text, '"');
		buf_char(&c->text, name.p[i]);
	}
	buf_char(&c->text, '"');
}

static void
put_table(struct compiler *c, const struct table *t)
{
	put_name(c, t->schema);
	SQL(c, ".");
	put_name(c, t->name);
}

static void
put_column(struct compiler *c, int node, const struct column *column)
{
	SQL(c, "t");
	buf_int(&c->text, node);
	SQL(c, ".");
	put_name(c, column->name);
}

static void
put_arg(struct compiler *c, struct str value)
{
	struct statement *s = c->out;

	s->args[s->nargs++] = value.p ? arena_str(c->arena, value).p : NULL;
	SQL(c, "$");
	buf_int(&c->text, s->nargs);
}

static void
put_result(struct compiler *c, int node, const struct column *column)
{
	if (c->out->ncolumns++)
		SQL(c, ", ");
	buf_put(&c->text, str_of(column->type->select_before));
	put_column(c, node, column);
	buf_put(&c->text, str_of(column->type->select_behind));
}

/*
 * The members of an object, depth first; nodes are numbered in the same
 * order by put_joins().
 */
static void
put_members(struct compiler *c, const struct shape *shape)
{
	int node = c->nodes++;

	if (shape->by) {
		if (c->out->ncolumns++)
			SQL(c, ", ");
		put_column(c, node, shape->by->references[0]);
		SQL(c, " is not null");
	}
	for (size_t i = 0; i < shape->n; i++) {
		if (shape->fields[i].column)
			put_result(c, node, shape->fields[i].column);
		else
			put_members(c, shape->fields[i].object);
	}
}

static bool
all_versioned(const struct shape *shape)
{
	if (!shape->table->versioned)
		return false;
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].object &&
		    !all_versioned(shape->fields[i].object))
			return false;
	return true;
}

static void
put_versions(struct compiler *c)
{
	struct statement *s = c->out;

	s->version_at = s->ncolumns;
	if (!c->plan->version || !all_versioned(c->plan->shape))
		return;
	for (int node = 0; node < c->nodes; node++) {
		if (s->ncolumns++)
			SQL(c, ", ");
		SQL(c, "t");
		buf_int(&c->text, node);
		if (node == 0 && c->returned)
			SQL(c, ".\"postern.version\"");
		else
			SQL(c, ".xmin");
		s->nversions++;
	}
}

/* What a row of the result holds: members, then keys, then versions. */
static void
put_results(struct compiler *c)
{
	struct statement *s = c->out;

	c->nodes = 0;
	put_members(c, c->plan->shape);
	s->key_at = s->ncolumns;
	if (c->plan->keys)
		for (size_t i = 0; i < c->plan->norder; i++)
			put_result(c, 0, c->plan->order[i].column);
	put_versions(c);
	if (s->ncolumns == 0)
		SQL(c, "1");
}

static void
put_join(struct compiler *c, const struct shape *shape, int parent, int node)
{
	SQL(c, " left join ");
	put_table(c, shape->table);
	SQL(c, " t");
	buf_int(&c->text, node);
	SQL(c, " on ");
	for (size_t i = 0; i < shape->by->n; i++) {
		if (i)
			SQL(c, " and ");
		put_column(c, node, shape->by->references[i]);
		SQL(c, " = ");
		put_column(c, parent, shape->by->columns[i]);
	}
}

static void
put_joins(struct compiler *c, const struct shape *shape)
{
	int node = c->nodes++;

	for (size_t i = 0; i < shape->n; i++) {
		const struct shape *object = shape->fields[i].object;

		if (!object)
			continue;
		put_join(c, object, node, c->nodes);
		put_joins(c, object);
	}
}

static void
put_condition(struct compiler *c, const struct condition *w)
{
	bool is_any = w->cmp == CMP_IN || w->cmp == CMP_VERSION;

	if (w->cmp == CMP_VERSION)
		SQL(c, "t0.xmin");
	else if (w->cmp != CMP_NOTHING)
		put_column(c, 0, w->column);
	buf_put(&c->text, str_of(plan_operator(w->cmp)->sql));
	if (w->cmp == CMP_IS_NULL || w->cmp == CMP_NOT_NULL ||
	    w->cmp == CMP_NOTHING)
		return;
	if (is_any)
		SQL(c, "(");
	put_arg(c, w->value);
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
put_row_keyset(struct compiler *c)
{
	const struct plan *p = c->plan;

	SQL(c, "(");
	for (size_t i = 0; i < p->norder; i++) {
		if (i)
			SQL(c, ", ");
		put_column(c, 0, p->order[i].column);
	}
	buf_put(&c->text, p->order[0].descending ? STR(") < (") : STR(") > ("));
	for (size_t i = 0; i < p->norder; i++) {
		if (i)
			SQL(c, ", ");
		put_arg(c, p->order[i].after);
	}
	SQL(c, ")");
}

/* Is this column's value behind the cursor's?  Nulls sort as the largest. */
static void
put_behind(struct compiler *c, const struct sorting *s)
{
	if (!s->after.p) {
		if (!s->descending) {
			SQL(c, "false");
			return;
		}
		put_column(c, 0, s->column);
		SQL(c, " is not null");
		return;
	}
	SQL(c, "(");
	put_column(c, 0, s->column);
	buf_put(&c->text, s->descending ? STR(" < ") : STR(" > "));
	put_arg(c, s->after);
	if (s->column->nullable && !s->descending) {
		SQL(c, " or ");
		put_column(c, 0, s->column);
		SQL(c, " is null");
	}
	SQL(c, ")");
}

/* behind(1) or (equal(1) and (behind(2) or (equal(2) and ...))) */
static void
put_mixed_keyset(struct compiler *c)
{
	const struct plan *p = c->plan;

	for (size_t i = 0; i < p->norder; i++) {
		const struct sorting *s = &p->order[i];

		SQL(c, "(");
		put_behind(c, s);
		if (i + 1 == p->norder)
			break;
		SQL(c, " or ");
		put_column(c, 0, s->column);
		if (s->after.p) {
			SQL(c, " = ");
			put_arg(c, s->after);
		} else {
			SQL(c, " is null");
		}
		SQL(c, " and ");
	}
	for (size_t i = 0; i < p->norder; i++)
		SQL(c, ")");
}

static void
put_where(struct compiler *c)
{
	const struct plan *p = c->plan;
	bool keyset = p->after && p->norder;

	if (p->nwhere || keyset)
		SQL(c, " where ");
	for (size_t i = 0; i < p->nwhere; i++) {
		if (i)
			SQL(c, " and ");
		put_condition(c, &p->where[i]);
	}
	if (!keyset)
		return;
	if (p->nwhere)
		SQL(c, " and ");
	if (same_direction(p))
		put_row_keyset(c);
	else
		put_mixed_keyset(c);
}

static void
put_order(struct compiler *c)
{
	const struct plan *p = c->plan;

	for (size_t i = 0; i < p->norder; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" order by "));
		put_column(c, 0, p->order[i].column);
		if (p->order[i].descending)
			SQL(c, " desc");
	}
}

/* A page asks for one row more, to know whether another page follows. */
static void
put_limit(struct compiler *c)
{
	int64_t limit = c->plan->limit + c->plan->keys;

	if (c->plan->limit == 0)
		return;
	SQL(c, " limit ");
	put_arg(c, arena_printf(c->arena, "%lld", (long long)limit));
}

static void
put_select(struct compiler *c)
{
	SQL(c, "select ");
	put_results(c);
	SQL(c, " from ");
	put_table(c, c->plan->table);
	SQL(c, " t0");
	c->nodes = 0;
	put_joins(c, c->plan->shape);
	put_where(c);
	put_order(c);
	put_limit(c);
}

static void
put_value(struct compiler *c, const struct setting *s)
{
	if (!s->lookup) {
		put_arg(c, s->value);
		return;
	}
	SQL(c, "(select k.");
	put_name(c, s->column->link->references[0]->name);
	SQL(c, " from ");
	put_table(c, s->column->link->to);
	SQL(c, " k where k.");
	put_name(c, s->lookup->name);
	SQL(c, " = ");
	put_arg(c, s->value);
	SQL(c, ")");
}

static void
put_insert(struct compiler *c)
{
	const struct plan *p = c->plan;

	SQL(c, "insert into ");
	put_table(c, p->table);
	SQL(c, " as t0");
	if (p->nset == 0) {
		SQL(c, " default values");
		return;
	}
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" ("));
		put_name(c, p->set[i].column->name);
	}
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(") values ("));
		put_value(c, &p->set[i]);
	}
	SQL(c, ")");
}

static void
put_update(struct compiler *c)
{
	const struct plan *p = c->plan;

	SQL(c, "update ");
	put_table(c, p->table);
	SQL(c, " t0");
	for (size_t i = 0; i < p->nset; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" set "));
		put_name(c, p->set[i].column->name);
		SQL(c, " = ");
		put_value(c, &p->set[i]);
	}
	put_where(c);
}

static void
put_delete(struct compiler *c)
{
	SQL(c, "delete from ");
	put_table(c, c->plan->table);
	SQL(c, " t0");
	put_where(c);
}

static void
put_write(struct compiler *c)
{
	switch (c->plan->op) {
	case PLAN_INSERT:
		put_insert(c);
		break;
	case PLAN_UPDATE:
		put_update(c);
		break;
	default:
		put_delete(c);
		break;
	}
}

static bool
has_links(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++)
		if (shape->fields[i].object)
			return true;
	return false;
}

/* Is the column shown, a key, or does a linked object hang on it? */
static bool
is_needed(const struct plan *p, const struct column *column)
{
	const struct shape *shape = p->shape;

	for (size_t i = 0; p->keys && i < p->norder; i++)
		if (p->order[i].column == column)
			return true;
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->column == column)
			return true;
		for (size_t k = 0; f->object && k < f->object->by->n; k++)
			if (f->object->by->columns[k] == column)
				return true;
	}
	return false;
}

/* What the select around the write needs of the written row. */
static void
put_returned(struct compiler *c)
{
	const struct table *t = c->plan->table;
	const char *comma = " returning ";

	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!is_needed(c->plan, &t->columns[i]))
			continue;
		buf_put(&c->text, str_of(comma));
		put_column(c, 0, &t->columns[i]);
		comma = ", ";
	}
	if (c->plan->version && t->versioned)
		SQL(c, ", t0.xmin as \"postern.version\"");
}

/*
 * A write answers with the row that it left.  Where the answer holds linked
 * objects the write stands in a with-clause and the select joins to it.
 */
static void
put_write_and_answer(struct compiler *c)
{
	if (!has_links(c->plan->shape)) {
		put_write(c);
		SQL(c, " returning ");
		put_results(c);
		return;
	}
	SQL(c, "with t0 as (");
	put_write(c);
	put_returned(c);
	SQL(c, ") select ");
	c->returned = true;
	put_results(c);
	SQL(c, " from t0");
	c->nodes = 0;
	put_joins(c, c->plan->shape);
}

struct err *
sql_compile(struct arena *a, const struct plan *plan, struct statement *ret)
{
	size_t nargs = plan->nwhere + plan->nset + 2 * plan->norder + 1;
	struct compiler c = {
		.arena = a,
		.text = buf_new(TEXT_MAX),
		.plan = plan,
		.out = ret,
	};
	bool broken;

	*ret = (struct statement){0};
	if (nargs <= SQL_ARGS_MAX) {
		ret->args = ARENA_ARRAY(a, const char *, nargs);
		if (plan->op == PLAN_SELECT)
			put_select(&c);
		else
			put_write_and_answer(&c);
	}
	ret->text = arena_str(a, buf_str(&c.text));
	broken = c.text.broken || ret->text.n == 0;
	buf_free(&c.text);
	if (broken)
		return err_new(a, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	return NULL;
}
