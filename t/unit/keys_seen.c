/* Tokens that are remembered: which are found again, and which never are. */
#include "io/keys_key.h"
#include "tap.h"

enum { MANY = 200 };

static struct str
token_of(struct arena *a, int n)
{
	return arena_printf(a, "e30.%08d.%043d", n, n);
}

static void
add(struct keys_seen *seen, struct str token)
{
	struct keys_token read = {
		.claims = json_object_new_object(),
		.payload = token,
		.foreign = true,
	};

	keys_seen_add(seen, KEYS_ACCESS, token, &read);
	json_object_put(read.claims);
}

static bool
finds(struct keys_seen *seen, struct arena *a, enum keys_kind kind,
      struct str token)
{
	struct keys_token read = {0};
	bool found = keys_seen_find(seen, a, kind, token, &read);

	return found && read.foreign && str_eq(read.payload, token);
}

/* As many clients as a worker has at a time, one after the other. */
static void
test_many(struct arena *a)
{
	struct keys_seen *seen = keys_seen_new();
	int found = 0;

	for (int i = 0; i < MANY; i++)
		add(seen, token_of(a, i));
	for (int i = 0; i < MANY; i++)
		found += finds(seen, a, KEYS_ACCESS, token_of(a, i));
	ok(found == MANY, "%d of %d tokens are remembered at once", found,
	   MANY);
	keys_seen_free(seen);
}

/* Whatever is not the same to the byte is another token. */
static void
test_others(struct arena *a)
{
	struct keys_seen *seen = keys_seen_new();
	struct str token = token_of(a, 1);
	int found = 0;

	ok(!finds(seen, a, KEYS_ACCESS, token), "nothing is found at first");
	add(seen, token);
	ok(finds(seen, a, KEYS_ACCESS, token), "what was added is");
	ok(!finds(seen, a, KEYS_RESET, token), "as another kind it is not");
	for (size_t i = 0; i < token.n; i++) {
		struct str other = arena_str(a, token);

		((char *)other.p)[i] ^= 1;
		found += finds(seen, a, KEYS_ACCESS, other);
		found += finds(seen, a, KEYS_ACCESS, str_sub(token, 0, i));
	}
	ok(found == 0, "no change and no part of it is it");
	add(seen, STR("no full stop"));
	ok(finds(seen, a, KEYS_ACCESS, STR("no full stop")),
	   "a text without parts is one");
	keys_seen_free(seen);
}

/* One that RSA signed, with an engine's audiences in it, is this long. */
static void
test_long(struct arena *a)
{
	struct keys_seen *seen = keys_seen_new();
	struct str token = arena_printf(a, "e30.%01600d.%0400d", 1, 1);
	struct str longer = arena_printf(a, "e30.%01700d.%0400d", 1, 1);

	add(seen, token);
	add(seen, longer);
	ok(finds(seen, a, KEYS_ACCESS, token), "2,000 bytes are remembered");
	ok(!finds(seen, a, KEYS_ACCESS, longer), "2,100 are too many");
	keys_seen_free(seen);
}

int
main(void)
{
	struct arena *a = arena_new(4096);

	test_many(a);
	test_others(a);
	test_long(a);
	arena_free(a);
	return done();
}
