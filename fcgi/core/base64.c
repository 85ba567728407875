#include "core/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

struct str
base64_encode(struct arena *a, struct str bytes)
{
	char *out = arena_alloc(a, bytes.n / 3 * 4 + 5), *p = out;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | (unsigned char)bytes.p[i];
		for (held += 8; held >= 6; held -= 6)
			*p++ = alphabet[bits >> (held - 6) & 63];
	}
	if (held)
		*p++ = alphabet[bits << (6 - held) & 63];
	return (struct str){out, (size_t)(p - out)};
}

/* The number that a letter stands for, or -1. */
static int
value_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
base64_decode(struct arena *a, struct str text, struct str *ret)
{
	char *out = arena_alloc(a, text.n / 4 * 3 + 4), *p = out;
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = value_of((unsigned char)text.p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*p++ = (char)(bits >> held);
		}
	}
	if (held == 6 || bits & ((1u << held) - 1))
		return false;
	*ret = (struct str){out, (size_t)(p - out)};
	return true;
}
