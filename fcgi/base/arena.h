/*
 * Memory that is given back all at once.
 *
 * A request owns one arena; what it allocates there lives until the arena is
 * reset at the request's end, so no path through the code frees anything.
 * What a library gave us is handed over with arena_defer() on the next line
 * and released at the reset, last come first.
 *
 * Allocation never returns NULL: inputs are bounded at the edges, so running
 * out means that the machine has no memory, and the process says so and ends
 * (the supervisor starts another).  Under ASan what is not allocated is
 * poisoned.  An arena belongs to one thread.
 */
#ifndef POSTERN_BASE_ARENA_H
#define POSTERN_BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

struct arena;

/* A new arena whose first block holds `size` bytes and is kept by resets. */
struct arena *arena_new(size_t size);

/* How much memory it holds, used or not. */
size_t arena_size(const struct arena *a);

/* Run what was deferred and take everything back but the first block. */
void arena_reset(struct arena *a);

/* Reset and free; NULL is harmless. */
void arena_free(struct arena *a);

/* `n` bytes set to zero, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);

#define ARENA_NEW(a, type)	((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

/* `n` items of `size` bytes, zeroed; a product that overflows ends us. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Call `fn(p)` when the arena is reset. */
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

/* A copy with a NUL behind its last byte, which is not counted. */
struct str arena_str(struct arena *a, struct str s);

/* printf into the arena; NUL-terminated. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
