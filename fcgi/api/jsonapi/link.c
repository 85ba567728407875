/*
 * A relationship whose links are in other tables: rows that hold a key of
 * ours, or rows of a table that links.
 */
#include "api/jsonapi/writing.h"

struct linker {
	struct writing *w;
	const struct operation *op;
	const struct linkage *l;
};

static struct origin
origin_of(const struct linker *x, enum aim aim, const struct linked *to)
{
	return (struct origin){
		.aim = aim, .operation = x->op, .link = x->l, .to = to};
}

/* ---- conditions and values by a key ---- */

/* A key's columns are, or become, those of the row that it names. */
static void
add_settings(struct linker *x, struct plan *p, const struct fkey *f,
	     const struct row *row)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t k = 0;

		while (k < p->nset && p->set[k].column != f->columns[i])
			k++;
		p->set[k] = steps_value(x->w->call, row, f->references[i],
					f->columns[i]);
		p->nset += k == p->nset;
	}
}

static struct condition
condition_of(struct linker *x, const struct row *row, const struct column *of,
	     const struct column *column)
{
	struct setting s = steps_value(x->w->call, row, of, column);

	return (struct condition){
		.column = column,
		.cmp = s.kept ? CMP_KEPT : CMP_EQ,
		.value = s.value,
	};
}

static void
add_conditions(struct linker *x, struct plan *p, const struct fkey *f,
	       const struct row *row)
{
	struct condition *all = ARENA_ARRAY(x->w->call->arena, struct condition,
					    p->nwhere + f->n);

	for (size_t i = 0; i < p->nwhere; i++)
		all[i] = p->where[i];
	p->where = all;
	for (size_t i = 0; i < f->n; i++)
		p->where[p->nwhere++] =
			condition_of(x, row, f->references[i], f->columns[i]);
}

/* ---- all but those that stay ---- */

/* Columns that tell rows, or links, apart, and what they are of. */
struct names {
	struct column *const *columns, *const *of;
	size_t n;
};

static struct names
rows_of(const struct relationship *by)
{
	const struct constraint *key = by->to->primary;

	return (struct names){key->columns, key->columns, key->n};
}

static struct names
links_of(const struct relationship *by)
{
	if (!by->via)
		return rows_of(by);
	return (struct names){by->via->columns, by->via->references,
			      by->via->n};
}

static const struct filter *
is_it(struct linker *x, struct names names, const struct linked *to)
{
	struct arena *a = x->w->call->arena;
	struct filter *all = ARENA_NEW(a, struct filter);

	all->kind = FILTER_AND;
	all->parts = ARENA_ARRAY(a, const struct filter *, names.n);
	for (size_t i = 0; i < names.n; i++) {
		struct filter *one = ARENA_NEW(a, struct filter);

		one->kind = FILTER_TEST;
		one->test = condition_of(x, &to->row, names.of[i],
					 names.columns[i]);
		all->parts[all->n++] = one;
	}
	return all;
}

static const struct filter *
is_one_of_them(struct linker *x, struct names names)
{
	struct arena *a = x->w->call->arena;
	struct filter *any = ARENA_NEW(a, struct filter);

	any->kind = FILTER_OR;
	any->parts = ARENA_ARRAY(a, const struct filter *, x->l->n);
	for (size_t i = 0; i < x->l->n; i++)
		any->parts[any->n++] = is_it(x, names, &x->l->to[i]);
	return any;
}

static const struct filter *
is_none_of_them(struct linker *x)
{
	struct arena *a = x->w->call->arena;
	struct filter *none;

	if (x->l->n == 0)
		return NULL;
	none = ARENA_NEW(a, struct filter);
	none->kind = FILTER_NOT;
	none->parts = ARENA_ARRAY(a, const struct filter *, 1);
	none->parts[none->n++] = is_one_of_them(x, links_of(x->l->by));
	return none;
}

/* ---- the steps ---- */

/* What takes a link away: a row of the table that links, or a key. */
static struct plan
unlinking(struct linker *x)
{
	const struct relationship *by = x->l->by;
	const struct fkey *f = by->by.fkey;
	struct plan p = {.op = PLAN_DELETE, .table = f->from};

	add_conditions(x, &p, f, &x->op->row);
	if (by->via)
		return p;
	p.op = PLAN_UPDATE;
	p.set = ARENA_ARRAY(x->w->call->arena, struct setting, f->n);
	for (size_t i = 0; i < f->n; i++)
		if (f->columns[i]->nullable || f->n == 1)
			p.set[p.nset++].column = f->columns[i];
	return p;
}

static void
unlink_others(struct linker *x)
{
	struct plan p = unlinking(x);

	p.filter = is_none_of_them(x);
	steps_add(x->w, p, origin_of(x, AIM_UNLINK, NULL));
}

static void
unlink_one(struct linker *x, const struct linked *to)
{
	struct plan p = unlinking(x);

	p.filter = is_it(x, links_of(x->l->by), to);
	steps_add(x->w, p, origin_of(x, AIM_UNLINK, to));
}

static void
link_row(struct linker *x, const struct linked *to)
{
	const struct relationship *by = x->l->by;
	struct plan p = {
		.op = PLAN_INSERT, .table = by->via->from, .ignore = true};

	if (by->to->guarded && to->row.key)
		steps_look(x->w, &to->row, origin_of(x, AIM_LOOK, to));
	p.set = ARENA_ARRAY(x->w->call->arena, struct setting,
			    by->by.fkey->n + by->via->n);
	add_settings(x, &p, by->by.fkey, &x->op->row);
	add_settings(x, &p, by->via, &to->row);
	steps_add(x->w, p, origin_of(x, AIM_LINK, to));
}

static void
link_key(struct linker *x, const struct linked *to)
{
	const struct fkey *f = x->l->by->by.fkey;
	struct plan p = {.op = PLAN_UPDATE, .table = f->from, .must = 1};

	p.set = ARENA_ARRAY(x->w->call->arena, struct setting, f->n);
	add_settings(x, &p, f, &x->op->row);
	steps_where(x->w->call, &p, &to->row);
	steps_add(x->w, p, origin_of(x, AIM_LINK, to));
}

/* ---- whose turn it is ---- */

static const struct filter *
is_linked(struct linker *x)
{
	struct arena *a = x->w->call->arena;
	struct filter *all = ARENA_NEW(a, struct filter);
	struct plan p = {0};

	add_conditions(x, &p, x->l->by->by.fkey, &x->op->row);
	all->kind = FILTER_AND;
	all->parts = ARENA_ARRAY(a, const struct filter *, p.nwhere);
	for (size_t i = 0; i < p.nwhere; i++) {
		struct filter *one = ARENA_NEW(a, struct filter);

		one->kind = FILTER_TEST;
		one->test = p.where[i];
		all->parts[all->n++] = one;
	}
	return all;
}

/* Those that are linked or are to be. */
static const struct filter *
is_concerned(struct linker *x, enum link_way way)
{
	struct filter *any;

	if (x->l->n == 0)
		return is_linked(x);
	if (way != LINK_REPLACE)
		return is_one_of_them(x, rows_of(x->l->by));
	any = ARENA_NEW(x->w->call->arena, struct filter);
	any->kind = FILTER_OR;
	any->parts = ARENA_ARRAY(x->w->call->arena, const struct filter *, 2);
	any->parts[any->n++] = is_linked(x);
	any->parts[any->n++] = is_one_of_them(x, rows_of(x->l->by));
	return any;
}

static struct sorting *
key_order(struct linker *x, const struct constraint *key)
{
	struct sorting *order =
		ARENA_ARRAY(x->w->call->arena, struct sorting, key->n);

	for (size_t i = 0; i < key->n; i++)
		order[i].column = key->columns[i];
	return order;
}

/*
 * Whoever writes several rows locks them first, in one order whatever the
 * client's is: two that wait for each other would both have failed.
 */
static void
take_turn(struct linker *x, enum link_way way)
{
	const struct table *t = x->l->by->by.fkey->from;
	struct plan p = {.op = PLAN_UPDATE, .table = t};

	if (x->l->by->via || !table_is_stored(t) ||
	    (way != LINK_REPLACE && x->l->n < 2))
		return;
	p.filter = is_concerned(x, way);
	p.order = key_order(x, t->primary);
	p.norder = t->primary->n;
	steps_add(x->w, p, origin_of(x, AIM_LOOK, NULL));
}

/* ---- all of them ---- */

/* That there is none of them at all is told in other words. */
static void
look_for_any(struct linker *x)
{
	struct plan p = {.op = PLAN_SELECT,
			 .table = x->l->by->to,
			 .limit = 1,
			 .must = 1};

	p.filter = is_one_of_them(x, rows_of(x->l->by));
	steps_add(x->w, p, origin_of(x, AIM_LOOK, NULL));
}

void
link_steps(struct writing *w, const struct operation *op,
	   const struct linkage *l, enum link_way way)
{
	struct linker x = {w, op, l};

	if (way != LINK_REMOVE && l->n > 1)
		look_for_any(&x);
	take_turn(&x, way);
	if (way == LINK_REPLACE)
		unlink_others(&x);
	for (size_t i = 0; i < l->n; i++) {
		if (way == LINK_REMOVE)
			unlink_one(&x, &l->to[i]);
		else if (l->by->via)
			link_row(&x, &l->to[i]);
		else
			link_key(&x, &l->to[i]);
	}
}
