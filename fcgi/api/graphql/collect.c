#include "api/graphql/collect.h"

#include "api/graphql/fragments.h"

enum { BUCKETS = 64 };

/* The selections of one response key, which are one field. */
struct node {
	struct node *next;
	const struct selection *selection;
};

struct group {
	struct group *next;    /* in the order of the answer */
	struct group *sibling; /* in its bucket */
	struct str key;
	struct node *nodes, **end;
};

/* The fields of one object while they are being found. */
struct set {
	const struct schema_type *type;
	struct group *first, **end;
	size_t n;
	struct group *buckets[BUCKETS];
	uint32_t number; /* marks the fragments that are in it */
};

struct collector {
	const struct execution *e;
	struct fragments fragments;
	uint32_t *seen; /* the last set that each fragment was found in */
	uint32_t sets;
	bool bad;
};

/* ---- finding ---- */

static struct group *
find_group(struct collector *c, struct set *set, struct str key)
{
	struct group **bucket = &set->buckets[str_hash(key) % BUCKETS], *g;

	for (g = *bucket; g; g = g->sibling)
		if (str_eq(g->key, key))
			return g;
	g = ARENA_NEW(c->e->arena, struct group);
	g->key = key;
	g->end = &g->nodes;
	g->sibling = *bucket;
	*bucket = g;
	*set->end = g;
	set->end = &g->next;
	set->n++;
	return g;
}

static void
add_field(struct collector *c, struct set *set, const struct selection *s)
{
	struct group *g = find_group(c, set, s->alias.n ? s->alias : s->name);
	struct node *node = ARENA_NEW(c->e->arena, struct node);

	node->selection = s;
	*g->end = node;
	g->end = &node->next;
}

static void
find_fields(struct collector *c, struct set *set, const struct selection *s);

/* A fragment that is on another type, or there already, adds nothing. */
static void
add_fragment(struct collector *c, struct set *set, struct str name)
{
	size_t i = fragments_find(&c->fragments, name);

	if (i == c->fragments.n || c->seen[i] == set->number)
		return;
	c->seen[i] = set->number;
	if (str_eq(c->fragments.all[i]->on, set->type->name))
		find_fields(c, set, c->fragments.all[i]->selections);
}

/* Validation has bounded how deep this goes. */
static void
find_fields(struct collector *c, struct set *set, const struct selection *s)
{
	for (; s; s = s->next) {
		if (!coerce_included(c->e, s->directives))
			continue;
		if (s->kind == SELECT_FIELD)
			add_field(c, set, s);
		else if (s->kind == SELECT_SPREAD)
			add_fragment(c, set, s->name);
		else if (!s->on.n || str_eq(s->on, set->type->name))
			find_fields(c, set, s->selections);
	}
}

/* ---- choosing ---- */

static void choose(struct collector *c, struct chosen *parent,
		   const struct schema_type *type, const struct node *nodes);

static void
read_arguments(struct collector *c, struct chosen *f,
	       const struct selection *node)
{
	size_t before = c->e->faults->n;

	if (coerce_arguments(c->e, f->field, node, &f->args))
		return;
	c->bad = true;
	if (c->e->faults->n > before)
		fault_last(c->e->faults)->path = &f->path;
}

static void
choose_field(struct collector *c, struct chosen *f, const struct group *g)
{
	const struct selection *s = g->nodes->selection;
	const struct schema_type *type;

	f->key = g->key;
	f->path.key = g->key;
	f->at = s->at;
	f->field = s->field;
	read_arguments(c, f, s);
	type = schema_named(f->field->type);
	if (type->kind == KIND_OBJECT)
		choose(c, f, type, g->nodes);
}

/* The fields of an object, from the selections that ask for it. */
static void
choose(struct collector *c, struct chosen *parent,
       const struct schema_type *type, const struct node *nodes)
{
	struct set set = {.type = type, .number = ++c->sets};
	struct chosen *f;

	set.end = &set.first;
	for (const struct node *n = nodes; n; n = n->next)
		find_fields(c, &set, n->selection->selections);
	parent->n = set.n;
	parent->fields = f = ARENA_ARRAY(c->e->arena, struct chosen, set.n);
	for (const struct group *g = set.first; g; g = g->next, f++) {
		f->type = type;
		f->path.up = parent->field ? &parent->path : NULL;
		choose_field(c, f, g);
	}
}

bool
collect_fields(const struct execution *e, struct chosen *ret_root)
{
	struct selection all = {.selections = e->op->selections};
	struct node node = {.selection = &all};
	struct collector c = {.e = e,
			      .fragments = fragments_of(e->arena, e->doc)};

	*ret_root = (struct chosen){0};
	c.seen = ARENA_ARRAY(e->arena, uint32_t, c.fragments.n);
	choose(&c, ret_root,
	       e->op->kind == OPERATION_MUTATION ? e->schema->mutation
						 : e->schema->query,
	       &node);
	return !c.bad;
}

const struct value *
collect_argument(const struct chosen *f, enum schema_input_meaning meaning)
{
	for (size_t i = 0; i < f->field->nargs; i++)
		if (f->field->args[i].meaning == meaning)
			return f->args[i];
	return NULL;
}
