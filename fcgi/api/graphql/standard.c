#include "api/graphql/standard.h"

#include "api/graphql/introspect.h"
#include "api/graphql/standard_build.h"

struct schema_type *
standard_add(struct builder *b, struct schema_type *t)
{
	struct schema *s = b->schema;

	if (s->ntypes == b->max_types) {
		struct schema_type **old = s->types;

		b->max_types = b->max_types ? b->max_types * 2 : 256;
		s->types = ARENA_ARRAY(b->arena, struct schema_type *,
				       b->max_types);
		if (s->ntypes)
			memcpy(s->types, old, s->ntypes * sizeof(*old));
	}
	return s->types[s->ntypes++] = t;
}

struct schema_type *
standard_type(struct builder *b, enum schema_kind kind, struct str name)
{
	struct schema_type *t = ARENA_NEW(b->arena, struct schema_type);

	t->kind = kind;
	t->name = name;
	return standard_add(b, t);
}

struct schema_field *
standard_field(struct builder *b, struct schema_type *t, size_t max)
{
	if (!t->fields)
		t->fields = ARENA_ARRAY(b->arena, struct schema_field, max);
	return &t->fields[t->n++];
}

struct schema_input *
standard_input(struct builder *b, struct schema_type *t, size_t max)
{
	if (!t->inputs)
		t->inputs = ARENA_ARRAY(b->arena, struct schema_input, max);
	return &t->inputs[t->n++];
}

/* ---- what the role may do ---- */

static int
uses(const struct column *c, uint32_t roles)
{
	int use = 0;

	if (c->hidden)
		return 0;
	if (c->grants.select & roles)
		use |= USE_READ;
	if (!c->generated && (c->grants.insert & roles))
		use |= USE_INSERT;
	if (!c->generated && (c->grants.update & roles))
		use |= USE_UPDATE;
	return use;
}

/*
 * The role sees the columns that it may use, for each use by itself; if there
 * are none, those of all others: it is to be told that it may not.
 */
static void
look_at_columns(struct builder *b, struct thing *t)
{
	const struct table *table = t->table;
	int own = 0;

	for (size_t i = 0; i < table->ncolumns; i++)
		own |= uses(&table->columns[i], b->role);
	for (size_t i = 0; i < table->ncolumns; i++) {
		const struct column *c = &table->columns[i];

		t->spots[i].use =
			(uses(c, b->role) & own) | (uses(c, UINT32_MAX) & ~own);
	}
}

/* Could somebody be told its key, who made a row? */
static bool
is_named(const struct table *t)
{
	if (!t->primary)
		return false;
	for (size_t i = 0; i < t->primary->n; i++)
		if (t->primary->columns[i]->hidden)
			return false;
	return true;
}

static bool
is_keyed(const struct table *t)
{
	if (!t->primary)
		return false;
	for (size_t i = 0; i < t->primary->n; i++)
		if (!(uses(t->primary->columns[i], UINT32_MAX) & USE_READ))
			return false;
	return true;
}

/* Without a key nobody could say which row was written. */
static void
look_at(struct builder *b, struct thing *t)
{
	const struct table *table = t->table;

	look_at_columns(b, t);
	for (size_t i = 0; i < table->ncolumns; i++)
		t->readable |= (t->spots[i].use & USE_READ) != 0;
	t->keyed = is_keyed(table);
	t->creatable = is_named(table) && table->grants.insert;
	t->updatable = t->keyed && table->grants.update;
	t->deletable = t->keyed && table->grants.delete;
}

struct schema *
standard_schema(struct arena *a, const struct conf *conf,
		const struct model *model, uint32_t role)
{
	struct schema *s = ARENA_NEW(a, struct schema);
	struct builder b = {a, conf, model, role, .schema = s};
	struct thing *end;

	*s = (struct schema){.arena = a, .model = model, .role = role};
	b.types.arena = a;
	b.things = ARENA_ARRAY(a, struct thing, model->ntables);
	end = b.things + model->ntables;
	for (size_t i = 0; i < model->ntables; i++)
		b.things[i].table = &model->tables[i];
	standard_names(&b);
	for (struct thing *t = b.things; t < end; t++)
		look_at(&b, t);
	standard_inputs_find(&b);
	for (struct thing *t = b.things; t < end; t++) {
		standard_objects(&b, t);
		standard_inputs(&b, t);
	}
	for (struct thing *t = b.things; t < end; t++) {
		standard_object_fields(&b, t);
		standard_input_members(&b, t);
	}
	standard_roots(&b);
	introspect_extend(s);
	schema_index(s);
	return s;
}
