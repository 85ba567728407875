#include "core/json_number.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

enum { DIGITS_MAX = 40 }; /* of one number */

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The byte at `i`, or -1 behind the end. */
static int
byte_at(struct str text, size_t i)
{
	return i < text.n ? (unsigned char)text.p[i] : -1;
}

static size_t
skip_digits(struct str text, size_t i)
{
	while (is_digit(byte_at(text, i)))
		i++;
	return i;
}

/* How long it is; 0: it is none. */
static size_t
length(struct str text, bool *ret_whole)
{
	size_t i = byte_at(text, 0) == '-', e;

	*ret_whole = true;
	if (!is_digit(byte_at(text, i)))
		return 0;
	i = byte_at(text, i) == '0' ? i + 1 : skip_digits(text, i);
	if (byte_at(text, i) == '.' && is_digit(byte_at(text, i + 1))) {
		i = skip_digits(text, i + 1);
		*ret_whole = false;
	}
	e = i + 1;
	e += byte_at(text, e) == '+' || byte_at(text, e) == '-';
	if ((byte_at(text, i) | 32) == 'e' && is_digit(byte_at(text, e))) {
		i = skip_digits(text, e);
		*ret_whole = false;
	}
	return i;
}

static bool
fits_unsigned(struct str digits, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < digits.n; i++)
		if (!is_digit(digits.p[i]) ||
		    __builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, digits.p[i] - '0', ret))
			return false;
	return true;
}

/* One that 64 bits hold; or NULL. */
static json_object *
integer(struct str text)
{
	int64_t less;
	uint64_t more;

	if (str_int(text, &less))
		return mem_must(json_object_new_int64(less));
	if (fits_unsigned(text, &more))
		return mem_must(json_object_new_uint64(more));
	return NULL;
}

const char *
json_number(struct str text, size_t *ret_n, json_object **ret)
{
	char copy[DIGITS_MAX + 8]; /* two signs, the point, the e, NUL */
	size_t digits = 0;
	bool whole;
	double d;

	text = str_sub(text, 0, *ret_n = length(text, &whole));
	if (text.n == 0)
		return "Expecting value";
	for (size_t i = 0; i < text.n; i++)
		digits += is_digit(text.p[i]);
	if (digits > DIGITS_MAX)
		return "Number of more than 40 digits";
	if (whole && (!ret || (*ret = integer(text))))
		return NULL;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	d = strtod(copy, NULL);
	if (isinf(d))
		return "Number out of range";
	if (ret)
		*ret = mem_must(json_object_new_double_s(d, copy));
	return NULL;
}
