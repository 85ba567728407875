#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char hex[] = "0123456789abcdef";

struct buf
buf_new(size_t max)
{
	return (struct buf){.max = max};
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->broken = false;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = buf_new(b->max);
}

static bool
grow(struct buf *b, size_t need)
{
	size_t size = b->size ? b->size : 256;
	char *p;

	while (size < need)
		size *= 2;
	if (size > b->max)
		size = b->max;
	p = realloc(b->p, size);
	if (!p)
		return false;
	b->p = p;
	b->size = size;
	return true;
}

char *
buf_grow(struct buf *b, size_t n)
{
	if (b->broken)
		return NULL;
	if (b->p && n <= b->size - b->n)
		return b->p + b->n;
	if (n > b->max - b->n || !grow(b, b->n + n)) {
		b->broken = true;
		return NULL;
	}
	return b->p + b->n;
}

void
buf_int(struct buf *b, int64_t value)
{
	char text[STR_DIGITS];

	buf_put(b, str_digits(text, value));
}

void
buf_hex(struct buf *b, uint64_t value)
{
	char text[16], *p = text + sizeof(text);

	do
		*--p = hex[value & 15];
	while (value >>= 4);
	buf_put(b, (struct str){p, (size_t)(text + sizeof(text) - p)});
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int n;
	char *p;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !(p = buf_room(b, (size_t)n + 1)))
		return;
	va_start(args, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	b->n += (size_t)n;
}

/* What RFC 8259 §7 wants escaped: the short form, or 'u' for \u00XX. */
static const char escapes[256] = {
	[0 ... 7] = 'u', ['\b'] = 'b',	['\t'] = 't', ['\n'] = 'n',
	[11] = 'u',	 ['\f'] = 'f',	['\r'] = 'r', [14 ... 31] = 'u',
	['"'] = '"',	 ['\\'] = '\\',
};

static char *
escape(char *out, unsigned char c)
{
	*out++ = '\\';
	*out++ = escapes[c];
	if (escapes[c] != 'u')
		return out;
	*out++ = '0';
	*out++ = '0';
	*out++ = hex[c >> 4];
	*out++ = hex[c & 15];
	return out;
}

void
buf_json(struct buf *b, struct str s)
{
	size_t i = 0;

	buf_room(b, s.n + 2);
	buf_char(b, '"');
	while (i < s.n) {
		size_t from = i;
		char *out, *end;

		i = str_plain(s, i);
		buf_put(b, str_sub(s, from, i - from));
		if (i == s.n)
			break;
		out = buf_room(b, 6);
		if (!out)
			return;
		end = escape(out, (unsigned char)s.p[i++]);
		b->n += (size_t)(end - out);
	}
	buf_char(b, '"');
}
