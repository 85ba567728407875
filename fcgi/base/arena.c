#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16 };

struct block {
	struct block *next;
	size_t size;
	_Alignas(ALIGN) char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *p;
};

struct arena {
	struct block *first, *current;
	size_t used; /* of the current block */
	struct deferred *deferred;
};

static struct block *
block_new(size_t size)
{
	struct block *b = mem_must(malloc(sizeof(*b) + size));

	b->next = NULL;
	b->size = size;
	POISON(b->bytes, size);
	return b;
}

struct arena *
arena_new(size_t size)
{
	struct arena *a = mem_zero(1, sizeof(*a));

	a->first = a->current = block_new(size);
	return a;
}

size_t
arena_size(const struct arena *a)
{
	size_t n = 0;

	for (const struct block *b = a->first; b; b = b->next)
		n += b->size;
	return n;
}

void
arena_reset(struct arena *a)
{
	for (struct deferred *d = a->deferred; d; d = d->next)
		d->fn(d->p);
	a->deferred = NULL;
	for (struct block *b = a->first->next, *next; b; b = next) {
		next = b->next;
		UNPOISON(b->bytes, b->size);
		free(b);
	}
	a->first->next = NULL;
	a->current = a->first;
	a->used = 0;
	POISON(a->first->bytes, a->first->size);
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	UNPOISON(a->first->bytes, a->first->size);
	free(a->first);
	free(a);
}

static void
grow(struct arena *a, size_t need)
{
	size_t size = a->current->size * 2;
	struct block *b = block_new(size > need ? size : need);

	a->current->next = b;
	a->current = b;
	a->used = 0;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	char *p;

	if (need < n)
		mem_must(NULL);
	if (need > a->current->size - a->used)
		grow(a, need);
	p = a->current->bytes + a->used;
	a->used += need;
	UNPOISON(p, n);
	return memset(p, 0, n);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_must(NULL);
	return arena_alloc(a, bytes);
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *p)
{
	struct deferred *d = ARENA_NEW(a, struct deferred);

	*d = (struct deferred){a->deferred, fn, p};
	a->deferred = d;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

struct str
arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	int n;
	char *p;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return STR("");
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	return (struct str){p, (size_t)n};
}

struct str
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	struct str s;

	va_start(args, fmt);
	s = arena_vprintf(a, fmt, args);
	va_end(args);
	return s;
}
