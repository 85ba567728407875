#include "core/relation.h"

bool
relation_has(struct column *const *columns, size_t n, const struct column *c)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] == c)
			return true;
	return false;
}

bool
relation_in_primary(const struct table *t, const struct column *c)
{
	return t->primary &&
	       relation_has(t->primary->columns, t->primary->n, c);
}

/* Are all of the constraint's columns among the key's? */
static bool
is_within(const struct constraint *c, const struct fkey *f)
{
	for (size_t i = 0; i < c->n; i++)
		if (!relation_has(f->columns, f->n, c->columns[i]))
			return false;
	return true;
}

bool
relation_is_single(const struct fkey *f)
{
	const struct table *t = f->from;

	if (t->primary && is_within(t->primary, f))
		return true;
	for (size_t i = 0; i < t->nuniques; i++)
		if (is_within(&t->uniques[i], f))
			return true;
	return false;
}

bool
relation_is_to_primary(const struct fkey *f)
{
	const struct constraint *primary = f->to->primary;

	if (!primary || primary->n != f->n)
		return false;
	for (size_t i = 0; i < primary->n; i++)
		if (!relation_has(f->references, f->n, primary->columns[i]))
			return false;
	return true;
}

/* ---- link tables ---- */

static bool
is_part_of_key(const struct fkey *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!relation_in_primary(f->from, f->columns[i]))
			return false;
	return true;
}

/* Do its other columns do without a value? */
static bool
is_bare(const struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!relation_in_primary(t, c) && !c->nullable &&
		    !c->has_default)
			return false;
	}
	return true;
}

const struct fkey *
relation_onward(const struct fkey *one)
{
	const struct table *t = one->from;
	const struct fkey *other = NULL;
	size_t parts = 0;

	if (!t->primary || !is_part_of_key(one) || !is_bare(t))
		return NULL;
	for (const struct fkey *f = t->fkeys; f < t->fkeys + t->nfkeys; f++) {
		if (!is_part_of_key(f))
			continue;
		parts++;
		if (f != one)
			other = f;
	}
	if (parts != 2 || !other || one->n + other->n != t->primary->n ||
	    relation_has(one->columns, one->n, other->columns[0]))
		return NULL;
	return other;
}

size_t
relation_count(const struct table *to, const struct table *from)
{
	size_t n = 0;

	for (size_t i = 0; i < to->nreferrers; i++)
		n += to->referrers[i]->from == from;
	return n;
}
