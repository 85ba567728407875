#include <stdlib.h>

#include "base/mem.h"
#include "io/keys_key.h"

enum {
	SETS = 64, /* a power of two */
	WAYS = 8,
	TOKEN_MAX = 2048, /* longer ones are read each time */
};

/* A token that was read; one allocation holds both texts. */
struct entry {
	uint64_t hash;
	enum keys_kind kind;
	size_t open; /* bytes before the signature, which are no secret */
	struct str token;
	struct keys_token read;
};

struct keys_seen {
	struct entry entries[SETS][WAYS]; /* the later one first */
};

struct keys_seen *
keys_seen_new(void)
{
	return mem_zero(1, sizeof(struct keys_seen));
}

static void
forget(struct entry *e)
{
	if (!e->token.p)
		return;
	json_object_put(e->read.claims);
	free((char *)e->token.p);
}

void
keys_seen_free(struct keys_seen *seen)
{
	for (int i = 0; seen && i < SETS; i++)
		for (int way = 0; way < WAYS; way++)
			forget(&seen->entries[i][way]);
	free(seen);
}

static struct entry *
set_of(struct keys_seen *seen, uint64_t hash)
{
	return seen->entries[hash & (SETS - 1)];
}

static struct str
behind(struct str token, size_t open)
{
	return str_sub(token, open, token.n);
}

/*
 * What is signed may be compared in whatever time it takes: only who knows
 * the signature is let in.
 */
static bool
is_entry(const struct entry *e, uint64_t hash, enum keys_kind kind,
	 struct str token)
{
	return e->hash == hash && e->token.p && e->kind == kind &&
	       e->token.n == token.n &&
	       memcmp(e->token.p, token.p, e->open) == 0 &&
	       str_same_secret(behind(e->token, e->open),
			       behind(token, e->open));
}

static void
put_claims(void *claims)
{
	json_object_put(claims);
}

bool
keys_seen_find(struct keys_seen *seen, struct arena *a, enum keys_kind kind,
	       struct str token, struct keys_token *ret)
{
	const struct entry *set;
	uint64_t hash;

	if (token.n > TOKEN_MAX)
		return false;
	hash = str_hash(token);
	set = set_of(seen, hash);
	for (int way = 0; way < WAYS; way++) {
		const struct entry *e = &set[way];

		if (!is_entry(e, hash, kind, token))
			continue;
		ret->claims = json_object_get(e->read.claims);
		arena_defer(a, put_claims, ret->claims);
		ret->payload = arena_str(a, e->read.payload);
		ret->foreign = e->read.foreign;
		return true;
	}
	return false;
}

/* Up to the last full stop; without one all of it is taken for a secret. */
static size_t
open_part(struct str token)
{
	size_t n = token.n;

	while (n > 0 && token.p[n - 1] != '.')
		n--;
	return n;
}

void
keys_seen_add(struct keys_seen *seen, enum keys_kind kind, struct str token,
	      const struct keys_token *read)
{
	uint64_t hash = str_hash(token);
	struct entry *set = set_of(seen, hash);
	char *texts;

	if (token.n > TOKEN_MAX)
		return;
	forget(&set[WAYS - 1]);
	memmove(set + 1, set, (WAYS - 1) * sizeof(*set));
	texts = mem_must(malloc(token.n + read->payload.n));
	memcpy(texts, token.p, token.n);
	memcpy(texts + token.n, read->payload.p, read->payload.n);
	set[0] = (struct entry){
		.hash = hash,
		.kind = kind,
		.open = open_part(token),
		.token = {texts,				 token.n},
		.read = { json_object_get(read->claims),
			  {texts + token.n, read->payload.n},
			  read->foreign},
	};
}
