#include "api/graphql/standard_build.h"
#include "core/relation.h"

struct thing *
standard_thing(struct builder *b, const struct table *t)
{
	return &b->things[t - b->model->tables];
}

/* ---- keys ---- */

bool
standard_in_fkey(const struct table *t, const struct column *c)
{
	for (size_t i = 0; i < t->nfkeys; i++)
		if (relation_has(t->fkeys[i].columns, t->fkeys[i].n, c))
			return true;
	return false;
}

bool
standard_links(struct builder *b, const struct fkey *f, int use)
{
	const struct thing *from = standard_thing(b, f->from);

	for (size_t i = 0; i < f->n; i++)
		if (!(from->spots[f->columns[i]->index].use & use))
			return false;
	return true;
}

bool
standard_joins(struct builder *b, const struct fkey *f)
{
	const struct thing *to = standard_thing(b, f->to);

	for (size_t i = 0; i < f->n; i++)
		if (!(to->spots[f->references[i]->index].use & USE_READ))
			return false;
	return standard_links(b, f, USE_READ);
}

/* ---- names ---- */

static struct str
uncapital(struct arena *a, struct str s)
{
	char head = s.p[0];

	if (head < 'A' || head > 'Z')
		return s;
	return arena_printf(a, "%c%.*s", head - 'A' + 'a',
			    STR_FMT(str_sub(s, 1, s.n)));
}

/* Is `type` the beginning of the name: is the name a plural of it? */
static bool
is_plural(struct arena *a, const struct table *t)
{
	struct str name = standard_pascal(a, t->name);

	return str_ends(name, STR("s")) && name.n > t->type.n &&
	       t->type.n > 0 && str_starts(name, t->type);
}

static struct str
many(struct arena *a, const struct table *t)
{
	struct str name =
		is_plural(a, t) ? t->name : standard_plural(a, t->name);

	return uncapital(a, standard_camel(a, name));
}

static struct str
one(struct arena *a, const struct table *t)
{
	return uncapital(a, standard_camel(a, t->type));
}

static struct str
by(struct arena *a, struct str name, struct str what)
{
	return arena_printf(a, "%.*sBy%.*s", STR_FMT(name),
			    STR_FMT(standard_pascal(a, what)));
}

static void
add_to_one(struct builder *b, struct thing *t, const struct fkey *f)
{
	t->ways[t->nways++] = (struct way){
		.name = uncapital(b->arena,
				  standard_camel(b->arena, standard_link(f))),
		.relation = {.fkey = f},
		.meaning = FIELD_IS_TO_ONE,
		.to = standard_thing(b, f->to),
	};
}

static void
add_reverse(struct builder *b, struct thing *t, const struct fkey *f)
{
	bool single = relation_is_single(f);
	struct str name =
		single ? one(b->arena, f->from) : many(b->arena, f->from);

	if (relation_count(t->table, f->from) > 1)
		name = by(b->arena, name, standard_link(f));
	t->ways[t->nways++] = (struct way){
		.name = name,
		.relation = {.fkey = f, .reverse = true},
		.meaning = single ? FIELD_IS_TO_SINGLE : FIELD_IS_TO_MANY,
		.to = standard_thing(b, f->from),
	};
}

/* Through referrer `i`, whose table has a key that leads on. */
static void
add_through(struct builder *b, struct thing *t, const struct fkey **vias,
	    size_t i)
{
	const struct table *far = vias[i]->to;
	size_t n = relation_count(t->table, far);
	struct str name = many(b->arena, far);

	for (size_t k = 0; k < t->table->nreferrers; k++)
		n += vias[k] && vias[k]->to == far;
	if (n > 1)
		name = by(b->arena, name,
			  far == t->table ? standard_link(vias[i])
					  : vias[i]->from->name);
	t->ways[t->nways++] = (struct way){
		.name = name,
		.relation = {.fkey = t->table->referrers[i], .reverse = true},
		.via = vias[i],
		.meaning = FIELD_IS_TO_MANY,
		.to = standard_thing(b, far),
	};
}

static void
add_links(struct builder *b, struct thing *t)
{
	const struct table *table = t->table;
	const struct fkey **vias =
		ARENA_ARRAY(b->arena, const struct fkey *, table->nreferrers);

	for (size_t i = 0; i < table->nreferrers; i++)
		vias[i] = relation_onward(table->referrers[i]);
	for (size_t i = 0; i < table->nreferrers; i++)
		if (vias[i])
			add_through(b, t, vias, i);
}

void
standard_ways(struct builder *b, struct thing *t, struct names *taken)
{
	const struct table *table = t->table;

	t->ways = ARENA_ARRAY(b->arena, struct way,
			      table->nfkeys + 2 * table->nreferrers);
	for (size_t i = 0; i < table->nfkeys; i++)
		add_to_one(b, t, &table->fkeys[i]);
	for (size_t i = 0; i < table->nreferrers; i++)
		add_reverse(b, t, table->referrers[i]);
	add_links(b, t);
	for (size_t i = 0; i < t->nways; i++)
		t->ways[i].name = standard_take(taken, t->ways[i].name);
}
