#include "api/jsonapi/resource.h"

#include "api/answer.h"
#include "core/relation.h"

/* A resource under construction. */
struct maker {
	struct arena *arena;
	struct resource *resource;
};

/* ---- words ---- */

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Does a word begin at the capital s.p[i]: SongArtist, HTTPServer? */
static bool
begins_word(struct str s, size_t i)
{
	return i && s.p[i - 1] != '_' &&
	       (!is_capital(s.p[i - 1]) ||
		(i + 1 < s.n && is_small(s.p[i + 1])));
}

struct str
resource_type(struct arena *a, const struct table *table)
{
	struct str s = table->type;
	char *out = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_capital(c) && begins_word(s, i))
			out[n++] = '_';
		out[n++] = is_capital(c) ? (char)(c - 'A' + 'a') : c;
	}
	return (struct str){out, n};
}

static bool
is_reserved(struct str name)
{
	return str_eq(name, STR("id")) || str_eq(name, STR("type"));
}

static struct str
numbered(struct arena *a, struct str name, int i)
{
	return i < 2 ? name : arena_printf(a, "%.*s%d", STR_FMT(name), i);
}

/* ---- what the role may see ---- */

static bool
may_see(const struct column *c, uint32_t role)
{
	return !c->hidden && (c->grants.select & role);
}

static bool
may_see_all(struct column *const *columns, size_t n, uint32_t role)
{
	for (size_t i = 0; i < n; i++)
		if (!may_see(columns[i], role))
			return false;
	return true;
}

/* Can rows of it be told apart, and found again? */
static bool
has_id(const struct table *t, uint32_t role)
{
	return str_eq(t->schema, STR("api")) && t->primary &&
	       may_see_all(t->primary->columns, t->primary->n, role);
}

static bool
may_follow(const struct fkey *f, uint32_t role)
{
	return may_see_all(f->columns, f->n, role) &&
	       may_see_all(f->references, f->n, role);
}

static bool
may_relate(const struct relationship *r, uint32_t role)
{
	return has_id(r->to, role) && may_follow(r->by.fkey, role) &&
	       (!r->via || may_follow(r->via, role));
}

/* ---- relationships ---- */

/* Could it be an attribute's name, to whatever role? */
static bool
is_column(const struct table *t, struct str name)
{
	const struct column *c = table_column(t, name);

	return c && !c->link && !c->hidden && !relation_in_primary(t, c);
}

static bool
is_taken(const struct resource *r, struct str name)
{
	return is_reserved(name) || is_column(r->table, name) ||
	       resource_relationship(r, name);
}

static void
add(struct maker *m, struct relationship one)
{
	struct resource *r = m->resource;
	struct str name = one.name;

	for (int i = 2; is_taken(r, one.name); i++)
		one.name = numbered(m->arena, name, i);
	r->relationships[r->nrelationships++] = one;
}

static struct str
by(struct arena *a, struct str name, struct str what)
{
	return arena_printf(a, "%.*s_by_%.*s", STR_FMT(name), STR_FMT(what));
}

static void
add_to_one(struct maker *m, const struct fkey *f)
{
	bool shared = str_eq(f->link, STR("id"));

	add(m,
	    (struct relationship){
		    .name = shared ? resource_type(m->arena, f->to) : f->link,
		    .by = {.fkey = f},
		    .to = f->to,
	    });
}

static void
add_reverse(struct maker *m, const struct fkey *f)
{
	bool single = relation_is_single(f);
	struct str name =
		single ? resource_type(m->arena, f->from) : f->from->name;

	if (relation_count(f->to, f->from) > 1)
		name = by(m->arena, name, f->link);
	add(m, (struct relationship){
		       .name = name,
		       .many = !single,
		       .by = {.fkey = f, .reverse = true},
		       .to = f->from,
	       });
}

/* Through referrer `i`, whose table has a key that leads on. */
static void
add_through(struct maker *m, const struct fkey **vias, size_t i)
{
	const struct table *t = m->resource->table, *far = vias[i]->to;
	size_t n = relation_count(t, far);
	struct str name = far->name;

	for (size_t k = 0; k < t->nreferrers; k++)
		n += vias[k] && vias[k]->to == far;
	if (n > 1)
		name = by(m->arena, name,
			  far == t ? vias[i]->link : vias[i]->from->name);
	add(m, (struct relationship){
		       .name = name,
		       .many = true,
		       .by = {.fkey = t->referrers[i], .reverse = true},
		       .via = vias[i],
		       .to = far,
	       });
}

/* All that there are, so that names are the same for every role. */
static void
add_all(struct maker *m)
{
	const struct table *t = m->resource->table;
	const struct fkey **vias =
		ARENA_ARRAY(m->arena, const struct fkey *, t->nreferrers);

	m->resource->relationships = ARENA_ARRAY(m->arena, struct relationship,
						 t->nfkeys + 2 * t->nreferrers);
	for (size_t i = 0; i < t->nfkeys; i++)
		add_to_one(m, &t->fkeys[i]);
	for (size_t i = 0; i < t->nreferrers; i++) {
		vias[i] = relation_onward(t->referrers[i]);
		add_reverse(m, t->referrers[i]);
	}
	for (size_t i = 0; i < t->nreferrers; i++)
		if (vias[i])
			add_through(m, vias, i);
}

static void
make_relationships(struct maker *m)
{
	struct resource *r = m->resource;
	size_t all;

	add_all(m);
	all = r->nrelationships;
	r->nrelationships = 0;
	for (size_t i = 0; i < all; i++)
		if (may_relate(&r->relationships[i], r->role))
			r->relationships[r->nrelationships++] =
				r->relationships[i];
}

/* ---- attributes ---- */

/* Is the column known by a relationship? */
static bool
is_related(const struct resource *r, const struct column *c)
{
	for (size_t i = 0; i < r->nrelationships; i++)
		if (c->link && !r->relationships[i].by.reverse &&
		    r->relationships[i].by.fkey == c->link)
			return true;
	return false;
}

static struct str
attribute_name(struct arena *a, const struct column *c, const struct table *t)
{
	struct str name = c->name;

	for (int i = 2; is_reserved(name) || (i > 2 && is_column(t, name)); i++)
		name = numbered(a, c->name, i);
	return name;
}

static void
make_attributes(struct maker *m)
{
	struct resource *r = m->resource;
	const struct table *t = r->table;

	r->attributes =
		ARENA_ARRAY(m->arena, const struct column *, t->ncolumns);
	r->names = ARENA_ARRAY(m->arena, struct str, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!may_see(c, r->role) || relation_in_primary(t, c) ||
		    is_related(r, c))
			continue;
		r->names[r->nattributes] = attribute_name(m->arena, c, t);
		r->attributes[r->nattributes++] = c;
	}
}

/* ---- the whole ---- */

struct resource *
resource_of(struct arena *a, const struct table *table, uint32_t role)
{
	struct maker m = {a, NULL};

	if (!has_id(table, role))
		return NULL;
	m.resource = ARENA_NEW(a, struct resource);
	m.resource->table = table;
	m.resource->role = role;
	m.resource->type = resource_type(a, table);
	m.resource->schema =
		arena_printf(a, "%.*sSchema", STR_FMT(table->type));
	make_relationships(&m);
	make_attributes(&m);
	return m.resource;
}

struct resource *
resource_find(const struct call *call, struct str type)
{
	const struct model *m = call->request.model;

	for (size_t i = 0; i < m->ntables; i++)
		if (str_eq(m->tables[i].schema, STR("api")) &&
		    str_eq(resource_type(call->arena, &m->tables[i]), type))
			return resource_of(call->arena, &m->tables[i],
					   answer_role(call));
	return NULL;
}

const struct relationship *
resource_relationship(const struct resource *r, struct str name)
{
	for (size_t i = 0; i < r->nrelationships; i++)
		if (str_eq(r->relationships[i].name, name))
			return &r->relationships[i];
	return NULL;
}

const struct column *
resource_attribute(const struct resource *r, struct str name)
{
	for (size_t i = 0; i < r->nattributes; i++)
		if (str_eq(r->names[i], name))
			return r->attributes[i];
	return NULL;
}

const struct column *
resource_column(const struct resource *r, struct str name)
{
	const struct constraint *primary = r->table->primary;
	const struct column *c;

	if (str_eq(name, STR("id")) && primary->n == 1)
		return primary->columns[0];
	c = resource_attribute(r, name);
	if (c)
		return c;
	c = table_column(r->table, name);
	return c && may_see(c, r->role) ? c : NULL;
}

bool
resource_read_id(struct arena *a, const struct table *table, struct str id,
		 struct str **ret)
{
	return answer_read_key(a, table, id, ret);
}
