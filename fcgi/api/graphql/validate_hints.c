/*
 * "Did you mean": the names nearest to one that is unknown, by the number of
 * letters to insert, delete, replace or swap, as the reference counts them.
 */
#include <stdlib.h>

#include "api/graphql/validate_rules.h"

enum {
	HINTS_MAX = 5,
	LONG = 256 /* a longer name, of either side, gets and is no hint */
};

struct candidate {
	struct str name;
	size_t distance;
};

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t
smaller(size_t x, size_t y)
{
	return x < y ? x : y;
}

/* Three rows of the table of distances are kept. */
struct grid {
	struct str a, b; /* a is the longer one */
	size_t rows[3][LONG + 1];
};

/* Is the letter before i in a the one before j in b? */
static bool
match(const struct grid *t, size_t i, size_t j)
{
	return lower(t->a.p[i - 1]) == lower(t->b.p[j - 1]);
}

static size_t
cell(const struct grid *t, size_t i, size_t j)
{
	const size_t *up = t->rows[(i - 1) % 3], *row = t->rows[i % 3];
	size_t least = smaller(up[j], row[j - 1]) + 1;

	least = smaller(least, up[j - 1] + !match(t, i, j));
	if (i > 1 && j > 1 && match(t, i, j - 1) && match(t, i - 1, j))
		least = smaller(least, t->rows[(i - 2) % 3][j - 2] + 1);
	return least;
}

/* The distance, or anything above `max` where it is greater. */
static size_t
distance_in(struct grid *t, size_t max)
{
	for (size_t j = 0; j <= t->b.n; j++)
		t->rows[0][j] = j;
	for (size_t i = 1; i <= t->a.n; i++) {
		size_t least = t->rows[i % 3][0] = i;

		for (size_t j = 1; j <= t->b.n; j++) {
			t->rows[i % 3][j] = cell(t, i, j);
			least = smaller(least, t->rows[i % 3][j]);
		}
		if (least > max)
			return least;
	}
	return t->rows[t->a.n % 3][t->b.n];
}

static size_t
distance(struct str input, struct str name, size_t max)
{
	struct grid t = {.a = name, .b = input};

	if (str_eq(input, name))
		return 0;
	if (str_eq_nocase(input, name))
		return 1;
	if (name.n < input.n) {
		t.a = input;
		t.b = name;
	}
	if (t.a.n - t.b.n > max || t.a.n > LONG)
		return max + 1;
	return distance_in(&t, max);
}

static bool
is_digit(struct str s, size_t i)
{
	return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The number at *i, which is moved behind it, but not behind leading zeros. */
static double
number(struct str s, size_t *i)
{
	double n = 0;

	do {
		n = n * 10 + (s.p[*i] - '0');
		++*i;
	} while (is_digit(s, *i) && n > 0);
	return n;
}

/* By letters, but "a9" before "a10". */
static int
natural(struct str x, struct str y)
{
	size_t i = 0, j = 0;

	while (i < x.n && j < y.n) {
		double a = (unsigned char)x.p[i], b = (unsigned char)y.p[j];

		if (is_digit(x, i) && is_digit(y, j)) {
			a = number(x, &i);
			b = number(y, &j);
		} else {
			i++;
			j++;
		}
		if (a < b || a > b)
			return a < b ? -1 : 1;
	}
	return x.n < y.n ? -1 : x.n > y.n;
}

static int
by_distance(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return natural(x->name, y->name);
}

static struct str
sentence(struct arena *a, const char *lead, const struct candidate *all,
	 size_t n)
{
	struct str s = arena_printf(a, " Did you mean %s", lead);

	for (size_t i = 0; i < n; i++) {
		const char *glue = i == 0      ? ""
				   : i + 1 < n ? ", "
				   : n > 2     ? ", or "
					       : " or ";

		s = arena_printf(a, "%.*s%s\"%.*s\"", STR_FMT(s), glue,
				 STR_FMT(all[i].name));
	}
	return arena_printf(a, "%.*s?", STR_FMT(s));
}

struct str
validate_hint(struct validate *v, const char *lead, struct str input,
	      struct validate_names names)
{
	size_t max = input.n * 2 / 5 + 1, n = 0;
	const char *p = names.all;
	struct candidate *near;

	if (!v->hints || !names.n)
		return STR("");
	near = ARENA_ARRAY(v->arena, struct candidate, names.n);
	for (size_t i = 0; i < names.n; i++, p += names.size) {
		struct str name = *(const struct str *)p;

		near[n] = (struct candidate){name, distance(input, name, max)};
		n += near[n].distance <= max;
	}
	if (!n)
		return STR("");
	qsort(near, n, sizeof(*near), by_distance);
	return sentence(v->arena, lead, near, smaller(n, HINTS_MAX));
}

void
validate_unknown_type(struct validate *v, struct str name, uint32_t at)
{
	const struct schema *s = v->schema;
	struct str hint;

	if (v->hints && !v->types) {
		v->types = ARENA_ARRAY(v->arena, struct str, s->ntypes);
		for (size_t i = 0; i < s->ntypes; i++)
			v->types[i] = s->types[i]->name;
	}
	hint = validate_hint(v, "", name,
			     (struct validate_names){v->types, s->ntypes,
						     sizeof(*v->types)});
	VALIDATE_FAULT(v, &at, 1, "Unknown type \"%.*s\".%.*s", STR_FMT(name),
		       STR_FMT(hint));
}
