#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "tap.h"

static int calls[4], call_count;

static void
note(void *p)
{
	calls[call_count++ & 3] = *(int *)p;
}

static void
test_memory(struct arena *a)
{
	char *one = arena_alloc(a, 1), *big;
	bool zero = true;

	ok((uintptr_t)one % 16 == 0, "memory is aligned for any type");
	ok((uintptr_t)arena_alloc(a, 3) % 16 == 0, "... each time");
	big = arena_alloc(a, 100000);
	ok((uintptr_t)big % 16 == 0, "... also in a block of its own");
	for (int i = 0; i < 100000; i++)
		zero &= big[i] == 0;
	ok(zero, "it is zero");
	memset(big, 1, 100000);
	arena_reset(a);
	zero = true;
	big = arena_alloc(a, 60);
	for (int i = 0; i < 60; i++)
		zero &= big[i] == 0;
	ok(zero, "and zero again after a reset");
	ok(arena_alloc(a, 0) != NULL, "no bytes are a valid request");
	for (int i = 0; i < 10000; i++)
		memset(arena_alloc(a, 100), 7, 100);
	ok(true, "it grows as it must");
}

static void
test_poison(struct arena *a)
{
#if defined(__SANITIZE_ADDRESS__)
	char *p;

	arena_reset(a);
	p = arena_alloc(a, 20);
	ok(!__asan_address_is_poisoned(p + 19), "what is ours may be used");
	ok(__asan_address_is_poisoned(p + 20), "what follows may not");
	arena_reset(a);
	ok(__asan_address_is_poisoned(p), "nor what was given back");
#else
	(void)a;
	ok(true, "poisoning needs AddressSanitizer");
#endif
}

static void
test_defer(struct arena *a)
{
	static int one = 1, two = 2, three = 3;

	arena_reset(a);
	arena_defer(a, note, &one);
	arena_defer(a, note, &two);
	ok(call_count == 0, "what is deferred waits");
	arena_reset(a);
	ok(call_count == 2 && calls[0] == 2 && calls[1] == 1,
	   "at the reset the last runs first");
	arena_reset(a);
	ok(call_count == 2, "and each once");
	arena_defer(a, note, &three);
	arena_free(a);
	ok(call_count == 3, "freeing resets");
	arena_free(NULL);
	ok(true, "freeing nothing is harmless");
}

static void
test_str(struct arena *a)
{
	char bytes[] = "a\0b";
	struct str s = arena_str(a, (struct str){bytes, 3});

	bytes[0] = 'x';
	is(s, STR("a\0b"), "a string is copied");
	ok(s.p[3] == '\0', "... with a NUL behind it");
	is(arena_str(a, str_of(NULL)), STR(""), "... even an empty one");
	is(arena_printf(a, "%d %s", 5, "x"), STR("5 x"), "text is formatted");
	ok(arena_printf(a, "%5000d", 1).n == 5000, "... of any length");
	ok(ARENA_ARRAY(a, int64_t, 10)[9] == 0, "an array is zero");
}

int
main(void)
{
	struct arena *a = arena_new(64);

	test_memory(a);
	test_poison(a);
	test_str(a);
	test_defer(a);
	return done();
}
