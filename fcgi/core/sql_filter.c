#include "core/sql_filter.h"

/* ---- what a filter is like ---- */

/* A conjunction of one is that one. */
static const struct filter *
bare(const struct filter *f)
{
	while (f->n == 1 && (f->kind == FILTER_AND || f->kind == FILTER_OR))
		f = f->parts[0];
	return f;
}

/* Is it true of a row or not, whatever other parts say? */
static bool
is_one_test(const struct filter *f)
{
	return f->kind == FILTER_TEST || f->kind == FILTER_NOT ||
	       f->kind == FILTER_SOME;
}

/* Says `no` of something: the opposite of another test. */
static bool
is_negation(const struct filter *f)
{
	return f->kind == FILTER_NOT ||
	       (f->kind == FILTER_TEST &&
		(f->test.cmp == CMP_NEQ || f->test.cmp == CMP_NOT_IN));
}

/*
 * Is there anything in it to ask of one row behind a way to many?  What says
 * no asks of all of them.
 */
static bool
needs_row(const struct filter *f)
{
	if (is_one_test(f))
		return !is_negation(f);
	for (size_t i = 0; i < f->n; i++)
		if (needs_row(f->parts[i]))
			return true;
	return false;
}

/* Is it null of a row that is missing? */
static bool
is_null_of_none(const struct filter *f)
{
	if (f->kind == FILTER_TEST)
		return !is_negation(f) && f->test.cmp != CMP_IS_NULL &&
		       f->test.cmp != CMP_NOT_NULL;
	if (is_one_test(f) || f->n == 0)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (!is_null_of_none(f->parts[i]))
			return false;
	return true;
}

/* Behind a way to many: is it never true of a row that is missing? */
static bool
wants_row(const struct filter *f)
{
	size_t wanting = 0;

	if (f->kind == FILTER_OPPOSITE)
		return is_null_of_none(f);
	if (is_one_test(f))
		return !is_negation(f) && f->test.cmp != CMP_IS_NULL;
	for (size_t i = 0; i < f->n; i++)
		wanting += wants_row(f->parts[i]);
	return f->kind == FILTER_OR ? wanting == f->n : wanting > 0;
}

static bool
are_within(const struct constraint *key, const struct fkey *fkey)
{
	for (size_t i = 0; i < key->n; i++) {
		size_t k = 0;

		while (k < fkey->n && fkey->columns[k] != key->columns[i])
			k++;
		if (k == fkey->n)
			return false;
	}
	return key->n > 0;
}

/* May there be several rows at the other end? */
static bool
is_many(struct relation by)
{
	const struct table *t = by.fkey->from;

	if (!by.reverse || (t->primary && are_within(t->primary, by.fkey)))
		return false;
	for (size_t i = 0; i < t->nuniques; i++)
		if (are_within(&t->uniques[i], by.fkey))
			return false;
	return true;
}

/* ---- where one stands in it ---- */

/* The relations that were gone through, the last one first. */
struct way {
	const struct way *up;
	const struct filter *through;
	int node;  /* that it leads away from */
	bool many; /* it, or one before it, leads to many */
};

struct place {
	struct sql_scope *scope;
	int node;
	const struct way *way; /* NULL: at the root */
	bool negated;	       /* joins would ask of one row only */
};

static struct way
way_on(const struct place *p, const struct filter *f)
{
	return (struct way){
		.up = p->way,
		.through = f,
		.node = p->node,
		.many = is_many(f->relation) || (p->way && p->way->many),
	};
}

enum passage {
	PASS_BY,    /* only what says no is there: it goes its own way */
	PASS_JOIN,  /* a join of the scope */
	PASS_EXISTS /* a sub-select */
};

static enum passage
passage(const struct place *p, const struct way *way)
{
	const struct filter *f = way->through;

	if (way->many && !needs_row(f))
		return PASS_BY;
	if (p->negated && is_many(f->relation))
		return PASS_EXISTS;
	return PASS_JOIN;
}

/* The place at the other end, where its row is in the same scope. */
static struct place
beyond(struct compiler *c, const struct place *p, const struct way *way,
       enum passage how)
{
	struct place next = *p;

	next.way = way;
	next.node = -1;
	if (how == PASS_JOIN)
		next.node =
			sql_join(c, p->scope, p->node, way->through->relation);
	return next;
}

static void
add_joins(struct compiler *c, struct place p, const struct filter *f)
{
	struct way way;

	if (f->kind == FILTER_TEST || f->kind == FILTER_SOME)
		return;
	if (f->kind == FILTER_NOT && p.way && p.way->many)
		return;
	if (f->kind == FILTER_NOT)
		p.negated = true;
	if (f->kind == FILTER_THROUGH) {
		way = way_on(&p, f);
		if (passage(&p, &way) != PASS_JOIN)
			return;
		p = beyond(c, &p, &way, PASS_JOIN);
	}
	if (!sql_enter(c))
		return;
	for (size_t i = 0; i < f->n; i++)
		add_joins(c, p, f->parts[i]);
	sql_leave(c);
}

/* Is there a join to many among them, so that a row may come twice? */
static bool
multiplies(const struct place *p, const struct filter *f)
{
	struct place next = *p;
	struct way way;

	if (is_one_test(f))
		return false;
	if (f->kind == FILTER_THROUGH) {
		way = way_on(p, f);
		if (passage(p, &way) != PASS_JOIN)
			return false;
		if (way.many)
			return true;
		next.way = &way;
	}
	for (size_t i = 0; i < f->n; i++)
		if (multiplies(&next, f->parts[i]))
			return true;
	return false;
}

/* ---- putting it ---- */

static void
put_filter(struct compiler *c, const struct place *p, const struct filter *f);

static struct filter *
make_filter(struct compiler *c, enum filter_kind kind, size_t n)
{
	struct filter *f = ARENA_NEW(c->arena, struct filter);

	f->kind = kind;
	f->parts = ARENA_ARRAY(c->arena, const struct filter *, n);
	return f;
}

/*
 * Is there a row behind the relation?  Where the rest may be true of a
 * missing row, that counts as one while there is no other.
 */
static void
put_exists(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct way way = way_on(p, f);
	struct sql_scope scope;
	struct place next = {.scope = &scope, .way = &way};
	bool wanted = wants_row(f->parts[0]);

	sql_scope(c, &scope);
	next.node = scope.node;
	add_joins(c, next, f->parts[0]);
	SQL(c, "exists (select 1 from ");
	if (!wanted)
		SQL(c, "(select 1) s left join ");
	sql_table(c, sql_other_end(f->relation));
	SQL(c, " ");
	sql_node(c, scope.node);
	if (!wanted) {
		SQL(c, " on ");
		sql_match(c, f->relation, p->node, scope.node);
	}
	sql_joins(c, &scope);
	SQL(c, " where ");
	if (wanted) {
		sql_match(c, f->relation, p->node, scope.node);
		SQL(c, " and ");
	}
	put_filter(c, &next, f->parts[0]);
	SQL(c, ")");
}

/* No row behind the first way to many has it. */
static void
put_none(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct place base = *p;

	SQL(c, "not ");
	if (!needs_row(f)) {
		put_filter(c, p, f);
		return;
	}
	for (const struct way *w = p->way; w && w->many; w = w->up) {
		struct filter *through = make_filter(c, FILTER_THROUGH, 1);

		through->relation = w->through->relation;
		through->parts[through->n++] = f;
		f = through;
		base.node = w->node;
		base.way = w->up;
	}
	put_exists(c, &base, f);
}

static void
put_test(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct filter *opposite;

	if (!is_negation(f) || !p->way || !p->way->many) {
		sql_condition(c, p->node, &f->test);
		return;
	}
	opposite = make_filter(c, FILTER_TEST, 0);
	opposite->test = f->test;
	opposite->test.cmp = f->test.cmp == CMP_NEQ ? CMP_EQ : CMP_IN;
	put_none(c, p, opposite);
}

/*
 * Null is not true, so its opposite is.  A sub-select is never null, and
 * Postgres makes a join of its plain opposite.
 */
static void
put_not(struct compiler *c, const struct place *p, const struct filter *f)
{
	const struct filter *part = bare(f->parts[0]);
	struct place next = *p;
	struct way way;

	if (p->way && p->way->many) {
		put_none(c, p, part);
		return;
	}
	next.negated = true;
	if (part->kind == FILTER_SOME) {
		SQL(c, "not ");
		put_filter(c, &next, part);
		return;
	}
	if (part->kind == FILTER_THROUGH) {
		way = way_on(&next, part);
		if (passage(&next, &way) == PASS_EXISTS) {
			SQL(c, "not ");
			put_exists(c, &next, part);
			return;
		}
	}
	SQL(c, "(");
	put_filter(c, &next, f->parts[0]);
	SQL(c, ") is not true");
}

static void
put_opposite(struct compiler *c, const struct place *p, const struct filter *f)
{
	SQL(c, "not (");
	put_filter(c, p, f->parts[0]);
	SQL(c, ")");
}

static void
put_through(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct way way = way_on(p, f);
	enum passage how = passage(p, &way);
	struct place next;

	if (how == PASS_EXISTS) {
		put_exists(c, p, f);
		return;
	}
	next = beyond(c, p, &way, how);
	put_filter(c, &next, f->parts[0]);
}

/* A row of its own, of which negations speak, too. */
static void
put_some(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct sql_scope scope;
	struct place next = {.scope = &scope};

	sql_scope(c, &scope);
	next.node = scope.node;
	add_joins(c, next, f->parts[0]);
	SQL(c, "exists (select 1 from ");
	sql_table(c, sql_other_end(f->relation));
	SQL(c, " ");
	sql_node(c, scope.node);
	sql_joins(c, &scope);
	SQL(c, " where ");
	sql_match(c, f->relation, p->node, scope.node);
	SQL(c, " and ");
	put_filter(c, &next, f->parts[0]);
	SQL(c, ")");
}

static void
put_parts(struct compiler *c, const struct place *p, const struct filter *f)
{
	bool all = f->kind == FILTER_AND;

	if (f->n == 0)
		buf_put(&c->text, all ? STR("true") : STR("false"));
	if (f->n > 1)
		SQL(c, "(");
	for (size_t i = 0; i < f->n; i++) {
		if (i)
			buf_put(&c->text, all ? STR(" and ") : STR(" or "));
		put_filter(c, p, f->parts[i]);
	}
	if (f->n > 1)
		SQL(c, ")");
}

static void
put_filter(struct compiler *c, const struct place *p, const struct filter *f)
{
	static void (*const puts[])(struct compiler *, const struct place *,
				    const struct filter *) = {
		[FILTER_AND] = put_parts,
		[FILTER_OR] = put_parts,
		[FILTER_NOT] = put_not,
		[FILTER_TEST] = put_test,
		[FILTER_OPPOSITE] = put_opposite,
		[FILTER_THROUGH] = put_through,
		[FILTER_SOME] = put_some,
	};

	if (!sql_enter(c))
		return;
	puts[f->kind](c, p, f);
	sql_leave(c);
}

/* ---- each row once ---- */

/*
 * The parts of a conjunction that find a row once, and those that would find
 * it more often.
 */
struct halves {
	struct filter *once, *often;
};

static size_t
count_parts(const struct filter *f)
{
	size_t n = 0;

	if (f->kind != FILTER_AND)
		return 1;
	for (size_t i = 0; i < f->n; i++)
		n += count_parts(f->parts[i]);
	return n;
}

static void
sort_parts(const struct place *p, const struct filter *f, struct halves *ret)
{
	struct filter *half;

	f = bare(f);
	if (f->kind != FILTER_AND) {
		half = multiplies(p, f) ? ret->often : ret->once;
		half->parts[half->n++] = f;
		return;
	}
	for (size_t i = 0; i < f->n; i++)
		sort_parts(p, f->parts[i], ret);
}

static struct halves
halve(struct compiler *c, const struct place *p, const struct filter *f)
{
	size_t n = count_parts(f);
	struct halves h = {
		.once = make_filter(c, FILTER_AND, n),
		.often = make_filter(c, FILTER_AND, n),
	};

	sort_parts(p, f, &h);
	return h;
}

/* Does each of them go to many at once? */
static bool
go_at_once(const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->parts[i]->kind != FILTER_THROUGH ||
		    !is_many(f->parts[i]->relation))
			return false;
	return true;
}

static bool
go_together(const struct filter *x, const struct filter *y)
{
	return x->relation.fkey == y->relation.fkey;
}

/* The i-th part, with all that go the same way: they are about one row. */
static void
put_together(struct compiler *c, const struct place *p, const struct filter *f,
	     size_t i)
{
	struct filter *through = make_filter(c, FILTER_THROUGH, 1);
	struct filter *rest = make_filter(c, FILTER_AND, f->n);

	through->relation = f->parts[i]->relation;
	through->parts[through->n++] = rest;
	for (size_t k = i; k < f->n; k++)
		if (go_together(f->parts[i], f->parts[k]))
			rest->parts[rest->n++] = f->parts[k]->parts[0];
	put_exists(c, p, through);
}

/* One sub-select for each way. */
static void
put_ways(struct compiler *c, const struct place *p, const struct filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t k = 0;

		while (!go_together(f->parts[k], f->parts[i]))
			k++;
		if (k < i)
			continue;
		if (i)
			SQL(c, " and ");
		put_together(c, p, f, i);
	}
}

/* Is there a row among those that its joins would make of this one? */
static void
put_once(struct compiler *c, const struct place *p, const struct filter *f)
{
	struct sql_scope scope = {.node = p->node};
	struct place inside = {.scope = &scope, .node = p->node};

	scope.end = &scope.joins;
	add_joins(c, inside, f);
	SQL(c, "exists (select 1 from (select 1) s");
	sql_joins(c, &scope);
	SQL(c, " where ");
	put_filter(c, &inside, f);
	SQL(c, ")");
}

void
sql_filter_joins(struct compiler *c, struct sql_scope *scope,
		 const struct filter *f, bool distinct)
{
	struct place p = {.scope = scope, .node = scope->node};

	add_joins(c, p, distinct ? halve(c, &p, f).once : f);
}

void
sql_filter(struct compiler *c, struct sql_scope *scope, const struct filter *f,
	   bool distinct)
{
	struct place p = {.scope = scope, .node = scope->node};
	struct halves h;

	if (!distinct || !multiplies(&p, f)) {
		put_filter(c, &p, f);
		return;
	}
	h = halve(c, &p, f);
	if (h.once->n) {
		put_filter(c, &p, h.once);
		SQL(c, " and ");
	}
	if (go_at_once(h.often))
		put_ways(c, &p, h.often);
	else
		put_once(c, &p, h.often);
}
