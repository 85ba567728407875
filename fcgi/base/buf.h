/*
 * A growing run of bytes with a ceiling.
 *
 * Appending never fails on the spot: a buffer that would pass its ceiling
 * is broken from then on, ignores what follows, and the caller looks at
 * `broken` once, at the end.  The memory is the buffer's own (malloc), kept
 * by buf_clear() for the next use and given back by buf_free().
 */
#ifndef POSTERN_BASE_BUF_H
#define POSTERN_BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p;
	size_t n, size, max;
	bool broken;
};

/* An empty buffer that may grow to `max` bytes. */
struct buf buf_new(size_t max);
void buf_clear(struct buf *b);
void buf_free(struct buf *b);

/* buf_room where there is none yet; nobody else calls it. */
char *buf_grow(struct buf *b, size_t n);

/* Make room for `n` more bytes; NULL when broken.  Then add to b->n. */
static inline char *
buf_room(struct buf *b, size_t n)
{
	if (n < b->size - b->n && !b->broken)
		return b->p + b->n;
	return buf_grow(b, n);
}

static inline void
buf_put(struct buf *b, struct str s)
{
	char *p;

	if (s.n == 0 || !(p = buf_room(b, s.n)))
		return;
	memcpy(p, s.p, s.n);
	b->n += s.n;
}

static inline void
buf_char(struct buf *b, char c)
{
	char *p = buf_room(b, 1);

	if (!p)
		return;
	*p = c;
	b->n++;
}

void buf_int(struct buf *b, int64_t value);
/* In hexadecimal, without leading zeros. */
void buf_hex(struct buf *b, uint64_t value);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A JSON string (RFC 8259) with its quotes; `s` must be UTF-8. */
void buf_json(struct buf *b, struct str s);

/* Append a literal. */
#define BUF_LIT(b, lit) buf_put((b), STR(lit))

/* What was written so far; valid until the next append. */
static inline struct str
buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

#endif
