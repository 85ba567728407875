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

void **
validate_map_pair(struct validate_map *m, uint64_t x, uint64_t y)
{
	uint64_t pair[2] = {x, y};
	struct str key = {(const char *)pair, sizeof(pair)};

	if (m->size && slot(m, key)->key.p)
		return &slot(m, key)->value;
	return validate_map_at(m, arena_str(m->arena, key));
}

void *
validate_map_get(const struct validate_map *m, struct str key)
{
	return m->size ? slot(m, key)->value : NULL;
}
