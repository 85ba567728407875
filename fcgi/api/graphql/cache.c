#include "api/graphql/cache.h"

#include <stdlib.h>

#include "api/graphql/limits.h"
#include "api/graphql/parse.h"
#include "api/graphql/standard.h"
#include "api/graphql/validate.h"
#include "base/mem.h"

enum {
	SCHEMA_BLOCK = 256 * 1024,
	DOCUMENT_BLOCK = 4 * 1024,
};

struct cache {
	const struct schema
		*schemas[MODEL_ROLES_MAX + 1]; /* the last: none's */
	struct cached *documents[CACHE_DOCUMENTS];
	size_t n, bytes;
	uint64_t uses;
};

static void
let_go(void *p)
{
	struct cached *c = p;

	if (--c->refs > 0)
		return;
	arena_free(c->arena);
	free(c);
}

static void
drop(void *p)
{
	struct cache *cache = p;

	while (cache->n)
		let_go(cache->documents[--cache->n]);
	for (size_t i = 0; i <= MODEL_ROLES_MAX; i++)
		if (cache->schemas[i])
			arena_free(cache->schemas[i]->arena);
	free(cache);
}

static struct cache *
cache_of(struct model *model)
{
	void **extra = model_extra(model, drop);

	if (!*extra)
		*extra = mem_zero(1, sizeof(struct cache));
	return *extra;
}

/* ---- schemas ---- */

static size_t
number_of(uint32_t role)
{
	for (size_t i = 0; i < MODEL_ROLES_MAX; i++)
		if (role == UINT32_C(1) << i)
			return i;
	return MODEL_ROLES_MAX;
}

const struct schema *
cache_schema(struct model *model, const struct conf *conf, uint32_t role)
{
	struct cache *cache = cache_of(model);
	size_t i = number_of(role);

	if (!cache->schemas[i])
		cache->schemas[i] = standard_schema(arena_new(SCHEMA_BLOCK),
						    conf, model, role);
	return cache->schemas[i];
}

/* ---- documents ---- */

static struct cached *
find(struct cache *cache, struct str source, uint64_t hash, uint32_t role)
{
	for (size_t i = 0; i < cache->n; i++) {
		struct cached *c = cache->documents[i];

		if (c->hash == hash && c->role == role &&
		    str_eq(c->source, source))
			return c;
	}
	return NULL;
}

static void
remove_least_used(struct cache *cache)
{
	size_t least = 0;

	for (size_t i = 1; i < cache->n; i++)
		if (cache->documents[i]->used < cache->documents[least]->used)
			least = i;
	cache->bytes -= cache->documents[least]->bytes;
	let_go(cache->documents[least]);
	cache->documents[least] = cache->documents[--cache->n];
}

static void
keep(struct cache *cache, struct cached *c)
{
	c->bytes = arena_size(c->arena);
	while (cache->n && (cache->n == CACHE_DOCUMENTS ||
			    cache->bytes + c->bytes > CACHE_BYTES))
		remove_least_used(cache);
	cache->documents[cache->n++] = c;
	cache->bytes += c->bytes;
	c->refs++;
}

void
cache_grown(struct model *model, struct cached *c)
{
	struct cache *cache = cache_of(model);
	size_t i = 0, now = arena_size(c->arena);

	while (i < cache->n && cache->documents[i] != c)
		i++;
	if (i == cache->n)
		return;
	cache->bytes += now - c->bytes;
	c->bytes = now;
	while (cache->n > 1 && cache->bytes > CACHE_BYTES)
		remove_least_used(cache);
}

/* Parse and validate in an arena of the document's own. */
static struct cached *
make(struct call *call, const struct schema *schema, struct str source,
     bool hints, struct faults *faults)
{
	const struct conf *conf = call->request.conf;
	struct cached *c = mem_zero(1, sizeof(*c));

	c->arena = arena_new(DOCUMENT_BLOCK);
	c->refs = 1;
	arena_defer(call->arena, let_go, c);
	c->source = arena_str(c->arena, source);
	c->document = parse_document(c->arena, conf, c->source, faults);
	if (c->document)
		limits_check(c->arena, conf, c->document, faults);
	if (!faults->n)
		validate_document(c->arena, schema, c->document, hints, faults);
	return c;
}

struct cached *
cache_document(struct call *call, const struct schema *schema,
	       struct str source, bool hints, struct faults *faults)
{
	struct cache *cache = cache_of(call->request.model);
	uint64_t hash = str_hash(source);
	struct cached *c = find(cache, source, hash, schema->role);

	if (c) {
		c->refs++;
		arena_defer(call->arena, let_go, c);
	} else {
		c = make(call, schema, source, hints, faults);
		if (faults->n)
			return NULL;
		c->hash = hash;
		c->role = schema->role;
		keep(cache, c);
	}
	c->used = ++cache->uses;
	c->times++;
	return c;
}
