#include "base/str.h"

#include <endian.h>

struct str
str_of(const char *p)
{
	return (struct str){p, p ? strlen(p) : 0};
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

size_t
str_find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){s.p ? s.p + from : NULL, n};
}

struct str
str_cut(struct str *rest, char sep)
{
	size_t at = str_find(*rest, sep);
	struct str head = str_sub(*rest, 0, at);

	*rest = str_sub(*rest, at + 1, rest->n);
	return head;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str
str_trim(struct str s)
{
	while (s.n && blank(s.p[0]))
		s = str_sub(s, 1, s.n);
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_int(struct str s, int64_t *ret)
{
	bool minus = s.n && s.p[0] == '-';
	int64_t value = 0;

	if (minus)
		s = str_sub(s, 1, s.n);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return false;
	}
	if (!minus && __builtin_mul_overflow(value, -1, &value))
		return false;
	*ret = value;
	return true;
}

struct str
str_digits(char room[STR_DIGITS], int64_t value)
{
	char *end = room + STR_DIGITS, *p = end;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--p = '-';
	return (struct str){p, (size_t)(end - p)};
}

bool
str_is_uuid(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool digit = (s.p[i] >= '0' && s.p[i] <= '9') ||
			     (s.p[i] >= 'a' && s.p[i] <= 'f');

		if (dash ? s.p[i] != '-' : !digit)
			return false;
	}
	return s.n == 36;
}

/* The length of the well-formed sequence at p, or 0. */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char lead_from, lead_to, second_from, second_to, len;
	} rows[] = {
		{0x00, 0x7f, 0x00, 0x00, 1},
		     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		     {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		     {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		     {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].lead_from || p[0] > rows[i].lead_to)
			continue;
		if (rows[i].len > n)
			return 0;
		if (rows[i].len > 1 &&
		    (p[1] < rows[i].second_from || p[1] > rows[i].second_to))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

/* How many of the first bytes are ASCII, in steps of eight. */
static size_t
ascii(struct str s)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= s.n; i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		if (word & 0x8080808080808080)
			break;
	}
	return i;
}

bool
str_utf8(struct str s)
{
	size_t i = ascii(s);

	while (i < s.n) {
		size_t len = utf8_len((const unsigned char *)s.p + i, s.n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

/* The top bit of each byte that is below `n`, which is 128 at most. */
static uint64_t
below(uint64_t word, uint64_t n)
{
	return (word - n * 0x0101010101010101) & ~word & 0x8080808080808080;
}

/* Subtracting borrows from the bytes above, so the lowest bit is right. */
static size_t
first_special(uint64_t word)
{
	uint64_t bits = below(word, ' ') |
			below(word ^ '"' * UINT64_C(0x0101010101010101), 1) |
			below(word ^ '\\' * UINT64_C(0x0101010101010101), 1);

	return bits ? (size_t)__builtin_ctzll(bits) / 8 : sizeof(word);
}

size_t
str_plain(struct str s, size_t i)
{
	uint64_t word;

	for (; i + sizeof(word) <= s.n; i += sizeof(word)) {
		size_t at;

		memcpy(&word, s.p + i, sizeof(word));
		at = first_special(le64toh(word));
		if (at < sizeof(word))
			return i + at;
	}
	while (i < s.n && (unsigned char)s.p[i] >= ' ' && s.p[i] != '"' &&
	       s.p[i] != '\\')
		i++;
	return i;
}

size_t
str_points(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return count;
}

bool
str_same_secret(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	unsigned differ = a.n != b.n;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)(a.p[i] ^ b.p[i]);
	return differ == 0;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
load(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return word;
}

uint64_t
str_hash(struct str s)
{
	/* Odd constants with no pattern in their bits: digits of pi. */
	static const uint64_t k0 = 0x243f6a8885a308d3, k1 = 0x13198a2e03707345;
	uint64_t h = k0 ^ s.n;
	size_t i = 0;

	for (; i + 16 <= s.n; i += 16)
		h = mix(load(s.p + i, 8) ^ h, load(s.p + i + 8, 8) ^ k1);
	if (s.n - i >= 8) {
		h = mix(load(s.p + i, 8) ^ h, k1);
		i += 8;
	}
	if (s.n > i)
		h = mix(load(s.p + i, s.n - i) ^ h, k0);
	return mix(h ^ s.n, k1);
}
