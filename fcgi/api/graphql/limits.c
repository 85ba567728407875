#include "api/graphql/limits.h"

#include "api/graphql/fragments.h"

/* More than any limit may be; a sum that gets here stays here. */
enum { ENDLESS = 1 << 30 };

enum {
	LISTS_MAX = 2,	/* of the introspection, inside each other */
	ARRAYS_MAX = 3, /* the same with what multiplies less */
};

/* What a selection set asks for, fragments expanded. */
struct count {
	int64_t fields, aliases, roots; /* roots: of the set itself */
	int64_t depth;
	int64_t nesting;       /* selection sets inside each other */
	int64_t lists, arrays; /* deepest, were it part of an introspection */
};

struct counted {
	enum { COUNT_NEVER, COUNT_BEGUN, COUNT_DONE } state;
	struct count count;
};

struct counter {
	struct faults *faults;
	struct fragments fragments;
	struct counted *counted; /* one for each fragment */
	bool too_deep;
};

static const char code[] = "LIMIT_EXCEEDED";

/* ---- arithmetic ---- */

static void
add(int64_t *sum, int64_t n)
{
	*sum = *sum + n < ENDLESS ? *sum + n : ENDLESS;
}

static void
raise_to(int64_t *most, int64_t n)
{
	if (n > *most)
		*most = n;
}

/* What stands beside something else. */
static void
join(struct count *all, const struct count *one)
{
	add(&all->fields, one->fields);
	add(&all->aliases, one->aliases);
	add(&all->roots, one->roots);
	raise_to(&all->depth, one->depth);
	raise_to(&all->nesting, one->nesting);
	raise_to(&all->lists, one->lists);
	raise_to(&all->arrays, one->arrays);
}

/* The list may be full, and its last one somebody else's. */
#define REFUSE(c, at, ...)                                        \
	do {                                                      \
		if (fault_add((c)->faults, (at), 1, __VA_ARGS__)) \
			fault_last((c)->faults)->code = code;     \
	} while (0)

/* ---- counting ---- */

static struct count
count_selections(struct counter *c, const struct selection *s, int nesting);

static bool
is_one_of(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool
is_introspection(struct str name)
{
	static const struct str names[] = {STR("__schema"), STR("__type")};

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static bool
is_list(struct str name)
{
	static const struct str names[] = {STR("fields"), STR("inputFields"),
					   STR("interfaces"),
					   STR("possibleTypes")};

	return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static bool
is_array(struct str name)
{
	static const struct str names[] = {STR("args"), STR("enumValues")};

	return is_list(name) ||
	       is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static void
check_introspection(struct counter *c, const struct selection *s,
		    const struct count *count)
{
	if (count->lists <= LISTS_MAX && count->arrays <= ARRAYS_MAX)
		return;
	REFUSE(c, &s->at, "Maximum introspection depth exceeded");
}

static struct count
count_field(struct counter *c, const struct selection *s, int nesting)
{
	struct count count = count_selections(c, s->selections, nesting);

	count.roots = 1;
	add(&count.fields, 1);
	add(&count.aliases, s->alias.n > 0);
	count.lists += is_list(s->name);
	count.arrays += is_array(s->name);
	if (is_introspection(s->name)) {
		check_introspection(c, s, &count);
		count.depth = count.lists = count.arrays = 0;
	}
	add(&count.depth, 1);
	return count;
}

static void
too_deep(struct counter *c, uint32_t at)
{
	if (!c->too_deep)
		REFUSE(c, &at,
		       "The document has selections inside each other more "
		       "than %d deep.",
		       LIMITS_NESTING_MAX);
	c->too_deep = true;
}

static struct count
count_fragment(struct counter *c, size_t i, int nesting)
{
	struct counted *counted = &c->counted[i];
	const struct fragment *f = c->fragments.all[i];

	if (counted->state == COUNT_NEVER) {
		counted->state = COUNT_BEGUN;
		counted->count = count_selections(c, f->selections, nesting);
		counted->state = COUNT_DONE;
	} else if (nesting + counted->count.nesting > LIMITS_NESTING_MAX) {
		too_deep(c, f->at);
	}
	return counted->count;
}

static struct count
count_spread(struct counter *c, const struct selection *s, int nesting)
{
	size_t i = fragments_find(&c->fragments, s->name);

	if (i == c->fragments.n)
		return (struct count){0};
	return count_fragment(c, i, nesting);
}

static struct count
count_selections(struct counter *c, const struct selection *s, int nesting)
{
	struct count all = {0};

	if (!s)
		return all;
	if (nesting >= LIMITS_NESTING_MAX) {
		too_deep(c, s->at);
		return all;
	}
	for (; s; s = s->next) {
		struct count one;

		if (s->kind == SELECT_FIELD)
			one = count_field(c, s, nesting + 1);
		else if (s->kind == SELECT_SPREAD)
			one = count_spread(c, s, nesting + 1);
		else
			one = count_selections(c, s->selections, nesting + 1);
		join(&all, &one);
	}
	all.nesting++;
	return all;
}

/* ---- limits ---- */

static void
check_limit(struct counter *c, const struct operation *op, int64_t n,
	    int64_t max, const char *what)
{
	if (n <= max)
		return;
	REFUSE(c, &op->at, "The operation has more than %lld %s.",
	       (long long)max, what);
}

void
limits_check(struct arena *a, const struct conf *conf,
	     const struct document *doc, struct faults *faults)
{
	struct counter c = {.faults = faults,
			    .fragments = fragments_of(a, doc)};

	c.counted = ARENA_ARRAY(a, struct counted, c.fragments.n);
	for (const struct operation *op = doc->operations; op; op = op->next) {
		struct count n = count_selections(&c, op->selections, 0);

		check_limit(&c, op, n.depth, conf->graphql_depth,
			    "fields inside each other "
			    "(POSTERN_GRAPHQL_DEPTH)");
		check_limit(&c, op, n.fields, conf->graphql_fields,
			    "fields (POSTERN_GRAPHQL_FIELDS)");
		check_limit(&c, op, n.aliases, conf->graphql_aliases,
			    "aliases (POSTERN_GRAPHQL_ALIASES)");
		check_limit(&c, op, n.roots, conf->graphql_roots,
			    "root fields (POSTERN_GRAPHQL_ROOTS)");
	}
	for (size_t i = 0; i < c.fragments.n; i++)
		count_fragment(&c, i, 0);
}
