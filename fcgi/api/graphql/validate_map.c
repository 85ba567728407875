#include "api/graphql/validate_rules.h"

enum { SLOTS_MIN = 8 };

struct validate_slot {
	struct str key; /* p is NULL: free */
	void *value;
};

static struct validate_slot *
slot(const struct validate_map *m, struct str key)
{
	size_t i = (size_t)str_hash(key) & (m->size - 1);

	while (m->slots[i].key.p && !str_eq(m->slots[i].key, key))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

/* At least half of the slots stay free. */
static void
grow(struct validate_map *m)
{
	struct validate_map old = *m;

	m->size = m->size ? m->size * 2 : SLOTS_MIN;
	m->slots = ARENA_ARRAY(m->arena, struct validate_slot, m->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].key.p)
			*slot(m, old.slots[i].key) = old.slots[i];
}

void **
validate_map_at(struct validate_map *m, struct str key)
{
	struct validate_slot *s;

	if ((m->n + 1) * 2 > m->size)
		grow(m);
	s = slot(m, key);
	if (!s->key.p) {
		s->key = key;
		m->n++;
	}
	return &s->value;
}

void *
validate_map_get(const struct validate_map *m, struct str key)
{
	return m->size ? slot(m, key)->value : NULL;
}

/* ---- pairs ---- */

struct validate_pair {
	const void *x, *y; /* x is NULL: free */
	void *value;
};

static struct validate_pair *
pair(const struct validate_pairs *m, const void *x, const void *y)
{
	uint64_t h = (uint64_t)(uintptr_t)x * 0x9e3779b97f4a7c15;
	size_t i;

	h = (h ^ h >> 32 ^ (uint64_t)(uintptr_t)y) * 0xbf58476d1ce4e5b9;
	for (i = (h ^ h >> 32) & (m->size - 1); m->slots[i].x;
	     i = (i + 1) & (m->size - 1))
		if (m->slots[i].x == x && m->slots[i].y == y)
			break;
	return &m->slots[i];
}

static void
grow_pairs(struct validate_pairs *m)
{
	struct validate_pairs old = *m;

	m->size = m->size ? m->size * 2 : SLOTS_MIN;
	m->slots = ARENA_ARRAY(m->arena, struct validate_pair, m->size);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].x)
			*pair(m, old.slots[i].x, old.slots[i].y) = old.slots[i];
}

void **
validate_map_pair(struct validate_pairs *m, const void *x, const void *y)
{
	struct validate_pair *s;

	if ((m->n + 1) * 2 > m->size)
		grow_pairs(m);
	s = pair(m, x, y);
	if (!s->x) {
		s->x = x;
		s->y = y;
		m->n++;
	}
	return &s->value;
}
