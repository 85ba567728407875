#include "api/graphql/schema.h"

#include <stdlib.h>

enum {
	SMALL = 12 /* that many members are looked through one by one */
};

/* The name opens every kind of member: find() and by_name() rely on it. */
_Static_assert(offsetof(struct schema_field, name) == 0, "name is first");
_Static_assert(offsetof(struct schema_input, name) == 0, "name is first");
_Static_assert(offsetof(struct schema_value, name) == 0, "name is first");
_Static_assert(offsetof(struct schema_directive, name) == 0, "name is first");

static int
by_type(const void *x, const void *y)
{
	const struct schema_type *const *a = x, *const *b = y;

	return str_cmp((*a)->name, (*b)->name);
}

static int
by_name(const void *x, const void *y)
{
	const struct str *const *a = x, *const *b = y;

	return str_cmp(**a, **b);
}

/* The members of a type as bytes: where they are, how big each one is. */
static const char *
members(const struct schema_type *t, size_t *size)
{
	if (t->kind == KIND_OBJECT) {
		*size = sizeof(struct schema_field);
		return (const char *)t->fields;
	}
	if (t->kind == KIND_INPUT) {
		*size = sizeof(struct schema_input);
		return (const char *)t->inputs;
	}
	*size = sizeof(struct schema_value);
	return (const char *)t->values;
}

static void
index_members(struct arena *a, struct schema_type *t)
{
	size_t size;
	const char *all = members(t, &size);

	if (t->n <= SMALL)
		return;
	t->sorted = ARENA_ARRAY(a, const struct str *, t->n);
	for (size_t i = 0; i < t->n; i++)
		t->sorted[i] = (const struct str *)(all + i * size);
	qsort(t->sorted, t->n, sizeof(*t->sorted), by_name);
}

void
schema_index(struct schema *s)
{
	if (s->ntypes)
		qsort(s->types, s->ntypes, sizeof(struct schema_type *),
		      by_type);
	for (size_t i = 0; i < s->ntypes; i++)
		index_members(s->arena, s->types[i]);
}

const struct schema_type *
schema_type(const struct schema *s, struct str name)
{
	size_t from = 0, to = s->ntypes;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int cmp = str_cmp(name, s->types[mid]->name);

		if (!cmp)
			return s->types[mid];
		if (cmp < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

/* The item of that name among `n` of `size` bytes, or NULL. */
static const void *
find(const void *all, size_t n, size_t size, struct str name)
{
	for (const char *p = all; n; n--, p += size)
		if (str_eq(*(const struct str *)p, name))
			return p;
	return NULL;
}

static const void *
find_sorted(const struct schema_type *t, struct str name)
{
	const struct str *key = &name, **found;

	found = bsearch(&key, t->sorted, t->n, sizeof(*t->sorted), by_name);
	return found ? *found : NULL;
}

static const void *
find_member(const struct schema_type *t, struct str name)
{
	size_t size;
	const char *all;

	if (t->sorted)
		return find_sorted(t, name);
	all = members(t, &size);
	return find(all, t->n, size, name);
}

static bool
is_meta(const struct schema_field *f, struct str name)
{
	return f && str_eq(f->name, name);
}

const struct schema_field *
schema_field(const struct schema *s, const struct schema_type *type,
	     struct str name)
{
	if (type->kind != KIND_OBJECT)
		return NULL;
	if (is_meta(s->meta_typename, name))
		return s->meta_typename;
	if (type == s->query && is_meta(s->meta_schema, name))
		return s->meta_schema;
	if (type == s->query && is_meta(s->meta_type, name))
		return s->meta_type;
	return find_member(type, name);
}

const struct schema_input *
schema_member(const struct schema_type *type, struct str name)
{
	return type->kind == KIND_INPUT ? find_member(type, name) : NULL;
}

const struct schema_value *
schema_value(const struct schema_type *type, struct str name)
{
	return type->kind == KIND_ENUM ? find_member(type, name) : NULL;
}

const struct schema_directive *
schema_directive(const struct schema *s, struct str name)
{
	return find(s->directives, s->ndirectives, sizeof(*s->directives),
		    name);
}

static struct schema_type *
wrap(struct arena *a, enum schema_kind kind, const struct schema_type *of)
{
	struct schema_type *t = ARENA_NEW(a, struct schema_type);

	t->kind = kind;
	t->of = of;
	return t;
}

/* A type remembers its wrappers, which is no change that a reader notices. */
const struct schema_type *
schema_list(struct arena *a, const struct schema_type *of)
{
	if (!of->list)
		((struct schema_type *)of)->list = wrap(a, KIND_LIST, of);
	return of->list;
}

const struct schema_type *
schema_non_null(struct arena *a, const struct schema_type *of)
{
	if (of->kind == KIND_NON_NULL)
		return of;
	if (!of->non_null)
		((struct schema_type *)of)->non_null =
			wrap(a, KIND_NON_NULL, of);
	return of->non_null;
}

const struct schema_type *
schema_named(const struct schema_type *type)
{
	while (type->of)
		type = type->of;
	return type;
}

bool
schema_same(const struct schema_type *x, const struct schema_type *y)
{
	while (x != y && x->of && y->of && x->kind == y->kind) {
		x = x->of;
		y = y->of;
	}
	return x == y;
}

void
schema_print_ref(struct buf *b, const struct schema_type *type)
{
	if (type->kind == KIND_NON_NULL) {
		schema_print_ref(b, type->of);
		buf_char(b, '!');
	} else if (type->kind == KIND_LIST) {
		buf_char(b, '[');
		schema_print_ref(b, type->of);
		buf_char(b, ']');
	} else {
		buf_put(b, type->name);
	}
}
