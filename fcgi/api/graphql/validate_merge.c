#include "api/graphql/validate_merge.h"

#include <stdlib.h>

/*
 * Fields with one name in the answer must be one field: the rule
 * OverlappingFieldsCanBeMerged, by the reference's algorithm.
 *
 * Fields of a selection set are compared with each other, with those of the
 * fragments that it spreads, and these with each other; where two fields are
 * the same, so must be what is selected below both.  A fragment is compared
 * once with another one and once with a set, so cycles come to an end.
 * What is compared is counted, as the reference does, and given up at
 * twice its bound, because it remembers more than we do.  Of a field with an
 * argument given twice, which is refused anyway, it may have more to say.
 */

enum {
	DEPTH_MAX = 1000,  /* of comparisons inside each other */
	DETAIL_MAX = 1000, /* bytes of what a message says about one thing */
	NODES_MAX = 20,	   /* places on either side of a conflict */
	TEXT_MAX = 16 << 20
};

/* Why two fields cannot be one, and where each side is. */
struct conflict {
	struct conflict *next;
	struct str key, reason;
	uint32_t at[2][NODES_MAX];
	size_t n[2];
};

struct conflicts {
	struct conflict *first, **end;
	size_t n, max;
};

/* A comparison: `exclusive` sides never answer the same object. */
struct job {
	struct validate *v;
	struct conflicts *list;
	bool exclusive;
};

static void compare_details(struct job job, struct str key,
			    struct merge_detail *x, struct merge_detail *y);

static bool
spend(struct validate *v, size_t n)
{
	if (v->comparisons < n)
		validate_abort(v);
	else
		v->comparisons -= n;
	return !v->done;
}

/* More conflicts would not be told. */
static bool
is_enough(const struct job *job)
{
	return job->v->done || job->list->n >= job->list->max;
}

static bool
deeper(struct validate *v)
{
	if (v->depth >= DEPTH_MAX)
		validate_abort(v);
	v->depth++;
	return !v->done;
}

/* ---- what is told -------------------------------------------------------- */

static struct str
abbreviated(struct arena *a, struct str s)
{
	if (s.n <= DETAIL_MAX)
		return s;
	return arena_printf(a, "%.*s...", DETAIL_MAX, s.p);
}

static struct conflict *
add_conflict(struct job job, struct str key, const struct merge_detail *x,
	     const struct merge_detail *y, struct str reason)
{
	struct conflict *c = ARENA_NEW(job.v->arena, struct conflict);

	*c = (struct conflict){
		.key = key,
		.reason = reason,
		.at = {{x->node->at}, {y->node->at}},
		.n = {1,		 1		  }
	   };
	*job.list->end = c;
	job.list->end = &c->next;
	job.list->n++;
	return c;
}

/* The last of a deeper conflict's places come first to mind, so are kept. */
static void
add_places(struct conflict *to, const struct conflict *from, int side)
{
	size_t room = NODES_MAX - to->n[side];
	size_t n = from->n[side] < room ? from->n[side] : room;

	memcpy(to->at[side] + to->n[side], from->at[side] + from->n[side] - n,
	       n * sizeof(uint32_t));
	to->n[side] += n;
}

static struct str
told(struct validate *v, const struct conflicts *deeper_ones)
{
	struct buf b = buf_new(TEXT_MAX);
	struct str s;

	for (const struct conflict *c = deeper_ones->first;
	     c && b.n <= DETAIL_MAX; c = c->next) {
		struct str key = abbreviated(v->arena, c->key);

		if (b.n)
			BUF_LIT(&b, " and ");
		buf_printf(&b, "subfields \"%.*s\" conflict because ",
			   STR_FMT(key));
		buf_put(&b, c->reason);
	}
	s = abbreviated(v->arena, arena_str(v->arena, buf_str(&b)));
	buf_free(&b);
	return s;
}

/* ---- two fields ---------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct argument *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

/* A field's arguments as text, the same for the same arguments. */
static struct str
arguments(struct validate *v, struct merge_detail *d)
{
	const struct argument **all;
	struct buf b;
	size_t n = 0;

	if (d->args.p)
		return d->args;
	b = buf_new(TEXT_MAX);
	all = ARENA_ARRAY(v->arena, const struct argument *, d->nargs);
	for (const struct argument *a = d->node->arguments; a; a = a->next)
		all[n++] = a;
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "%.*s:", STR_FMT(all[i]->name));
		validate_value_same(v, &b, all[i]->value);
	}
	d->args = arena_str(v->arena, buf_str(&b));
	buf_free(&b);
	return d->args;
}

static bool
same_arguments(struct validate *v, struct merge_detail *x,
	       struct merge_detail *y)
{
	if (x->nargs != y->nargs)
		return false;
	if (!x->nargs || !spend(v, x->nargs))
		return true;
	return str_eq(arguments(v, x), arguments(v, y));
}

/* Why they ask different things of one object; empty: they do not. */
static struct str
difference(struct validate *v, struct merge_detail *x, struct merge_detail *y)
{
	if (!str_eq(x->node->name, y->node->name)) {
		struct str one = abbreviated(v->arena, x->node->name);
		struct str two = abbreviated(v->arena, y->node->name);

		return arena_printf(v->arena,
				    "\"%.*s\" and \"%.*s\" are different "
				    "fields",
				    STR_FMT(one), STR_FMT(two));
	}
	return same_arguments(v, x, y) ? STR("")
				       : STR("they have differing arguments");
}

/* Objects may be of any type: their fields will be compared. */
static bool
types_conflict(const struct schema_type *x, const struct schema_type *y)
{
	while (x != y && x->of && y->kind == x->kind) {
		x = x->of;
		y = y->of;
	}
	if (x == y)
		return false;
	return x->kind != KIND_OBJECT || y->kind != KIND_OBJECT;
}

static struct str
mismatch(struct validate *v, const struct schema_type *x,
	 const struct schema_type *y)
{
	struct str one = validate_type_text(v, x);
	struct str two = validate_type_text(v, y);

	return arena_printf(v->arena,
			    "they return conflicting types \"%.*s\" and "
			    "\"%.*s\"",
			    STR_FMT(one), STR_FMT(two));
}

static const struct schema_type *
type_of(const struct merge_detail *d)
{
	return d->def ? d->def->type : NULL;
}

static bool
is_leaf(const struct merge_detail *d)
{
	return !d->nargs && !d->node->selections;
}

/* Nothing to compare: the most frequent case by far. */
static bool
is_same_leaf(const struct merge_detail *x, const struct merge_detail *y)
{
	return is_leaf(x) && is_leaf(y) && type_of(x) == type_of(y) &&
	       str_eq(x->node->name, y->node->name);
}

/* ---- sets of them -------------------------------------------------------- */

static void
compare_sets(struct job job, const struct merge_set *x,
	     const struct merge_set *y)
{
	for (const struct merge_group *g = x->first; g; g = g->next) {
		const struct merge_group *other;

		if (is_enough(&job) || !spend(job.v, 1))
			return;
		other = validate_map_get(&y->by_key, g->key);
		for (struct merge_detail *d = other ? g->first : NULL; d;
		     d = d->next)
			for (struct merge_detail *e = other->first; e;
			     e = e->next)
				if (!is_enough(&job))
					compare_details(job, g->key, d, e);
	}
}

/* Has it been compared, at least as strictly?  It will have been. */
static bool
is_compared(struct validate *v, const void *x, const void *y, bool exclusive)
{
	static const char loosely, strictly;
	const void **how = (const void **)validate_map_pair(&v->pairs, x, y);

	if (*how == &strictly || (exclusive && *how))
		return true;
	*how = exclusive ? &loosely : &strictly;
	return false;
}

static void
compare_with_fragment(struct job job, struct merge_set *set,
		      struct validate_part *part)
{
	struct merge_set *other;

	if (is_enough(&job) || !spend(job.v, 1) || !set->first ||
	    is_compared(job.v, set, part, job.exclusive))
		return;
	other = validate_merge_collect_part(job.v, part);
	if (other == set || !deeper(job.v))
		return;
	compare_sets(job, set, other);
	for (size_t i = 0; i < other->nspreads; i++)
		compare_with_fragment(job, set, other->spreads[i]);
	job.v->depth--;
}

static void
compare_fragments(struct job job, struct validate_part *x,
		  struct validate_part *y)
{
	bool turned = x->index > y->index;
	struct merge_set *one, *two;

	if (is_enough(&job) || !spend(job.v, 2) || x == y ||
	    is_compared(job.v, turned ? y : x, turned ? x : y, job.exclusive) ||
	    !deeper(job.v))
		return;
	one = validate_merge_collect_part(job.v, x);
	two = validate_merge_collect_part(job.v, y);
	compare_sets(job, one, two);
	for (size_t i = 0; i < two->nspreads; i++)
		compare_fragments(job, x, two->spreads[i]);
	for (size_t i = 0; i < one->nspreads; i++)
		compare_fragments(job, one->spreads[i], y);
	job.v->depth--;
}

static void
compare_below(struct job job, struct merge_detail *x, struct merge_detail *y)
{
	struct merge_set *one = validate_merge_below(job.v, x);
	struct merge_set *two = validate_merge_below(job.v, y);

	if (!deeper(job.v))
		return;
	compare_sets(job, one, two);
	for (size_t i = 0; i < two->nspreads; i++)
		compare_with_fragment(job, one, two->spreads[i]);
	for (size_t i = 0; i < one->nspreads; i++)
		compare_with_fragment(job, two, one->spreads[i]);
	for (size_t i = 0; i < one->nspreads; i++)
		for (size_t j = 0; j < two->nspreads && !is_enough(&job); j++)
			compare_fragments(job, one->spreads[i],
					  two->spreads[j]);
	job.v->depth--;
}

/* Compare what is below two fields and make of it one conflict of theirs. */
static void
compare_subfields(struct job job, struct str key, struct merge_detail *x,
		  struct merge_detail *y)
{
	struct conflicts below = {.end = &below.first, .max = NODES_MAX};
	struct job inner = {job.v, &below, job.exclusive};
	struct conflict *c;

	compare_below(inner, x, y);
	if (!below.n)
		return;
	c = add_conflict(job, key, x, y, told(job.v, &below));
	for (const struct conflict *d = below.first; d; d = d->next)
		for (int side = 0; side < 2; side++)
			add_places(c, d, side);
}

static void
compare_details(struct job job, struct str key, struct merge_detail *x,
		struct merge_detail *y)
{
	const struct schema_type *one = type_of(x), *two = type_of(y);
	struct str why = STR("");

	if (x->parent && y->parent && x->parent != y->parent)
		job.exclusive = true;
	if (!spend(job.v, 2) || is_same_leaf(x, y))
		return;
	if (!job.exclusive)
		why = difference(job.v, x, y);
	if (!why.n && one && two && types_conflict(one, two))
		why = mismatch(job.v, one, two);
	if (why.n)
		add_conflict(job, key, x, y, why);
	else if (x->node->selections && y->node->selections)
		compare_subfields(job, key, x, y);
}

/* ---- every selection set ------------------------------------------------- */

static void
report(struct validate *v, const struct conflict *c)
{
	struct str key = abbreviated(v->arena, c->key);
	uint32_t at[2 * NODES_MAX];

	memcpy(at, c->at[0], c->n[0] * sizeof(*at));
	memcpy(at + c->n[0], c->at[1], c->n[1] * sizeof(*at));
	VALIDATE_FAULT(v, at, c->n[0] + c->n[1],
		       "Fields \"%.*s\" conflict because %.*s. Use different "
		       "aliases on the fields to fetch both if this was "
		       "intentional.",
		       STR_FMT(key), STR_FMT(c->reason));
}

/* Report what a comparison has found, so that the next may find as much. */
static void
report_all(struct job *job)
{
	for (struct conflict *c = job->list->first; c && !job->v->done;
	     c = c->next)
		report(job->v, c);
	*job->list =
		(struct conflicts){.end = &job->list->first, .max = FAULTS_MAX};
}

static void
compare_within(struct job job, const struct merge_set *set)
{
	for (const struct merge_group *g = set->first; g; g = g->next)
		for (struct merge_detail *x = g->first; x; x = x->next)
			for (struct merge_detail *y = x->next;
			     y && !job.v->done; y = y->next) {
				compare_details(job, g->key, x, y);
				report_all(&job);
			}
}

static void
check_set(struct validate *v, const struct schema_type *parent,
	  const struct selection *first)
{
	struct conflicts found = {.end = &found.first, .max = FAULTS_MAX};
	struct job job = {v, &found, false};
	struct merge_set *set;

	if (!first || (!first->next && first->kind != SELECT_INLINE))
		return;
	set = validate_merge_collect(v, parent, first);
	compare_within(job, set);
	for (size_t i = 0; i < set->nspreads && !v->done; i++) {
		compare_with_fragment(job, set, set->spreads[i]);
		for (size_t j = i + 1; j < set->nspreads && !v->done; j++) {
			compare_fragments(job, set->spreads[i],
					  set->spreads[j]);
			report_all(&job);
		}
		report_all(&job);
	}
}

/* Sets of inline fragments are part of the one that they are in. */
static void
check_sets(struct validate *v, const struct schema_type *parent,
	   const struct selection *first, bool is_inline)
{
	if (!is_inline)
		check_set(v, parent, first);
	for (const struct selection *s = first; s && !v->done; s = s->next)
		if (s->kind == SELECT_INLINE)
			check_sets(v, validate_merge_inline(v, s, parent),
				   s->selections, true);
		else if (s->kind == SELECT_FIELD && s->selections)
			check_sets(v,
				   validate_parent(s->field ? s->field->type
							    : NULL),
				   s->selections, false);
}

void
validate_merge(struct validate *v)
{
	for (size_t i = 0; i < v->doc->noperations && !v->done; i++) {
		struct validate_part *p = &v->operations[i];

		check_sets(v, p->on, p->operation->selections, false);
	}
	for (size_t i = 0; i < v->doc->nfragments && !v->done; i++) {
		struct validate_part *p = &v->fragments[i];

		check_sets(v, validate_parent(p->on), p->fragment->selections,
			   false);
	}
}
