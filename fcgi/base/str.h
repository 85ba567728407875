/*
 * Strings as pointer and length.
 *
 * What comes from outside is bytes with a length and may hold anything; a
 * plain char * in this program is ours and NUL-terminated.  A struct str
 * owns nothing: whoever made the bytes (an arena, a literal, libpq) says how
 * long they live.  Functions that take one never write through it.
 */
#ifndef POSTERN_BASE_STR_H
#define POSTERN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A literal as a struct str; the length is known to the compiler. */
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})

/* For printf's "%.*s". */
#define STR_FMT(s) (int)(s).n, (s).p

/* The string of a NUL-terminated pointer; NULL gives the empty string. */
struct str str_of(const char *p);

bool str_eq(struct str a, struct str b);
/* Equal but for the case of A-Z: for header names and media types. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Negative, zero or positive, by bytes; a prefix sorts first. */
int str_cmp(struct str a, struct str b);

/* The index of the first `c`, or s.n when there is none. */
size_t str_find(struct str s, char c);

/* From `from` on, at most `n` bytes; both are cut to what is there. */
struct str str_sub(struct str s, size_t from, size_t n);

/*
 * Take the head of `*rest` up to `sep` and leave what follows it in `*rest`.
 * Without `sep` the head is everything and `*rest` ends empty.
 */
struct str str_cut(struct str *rest, char sep);

/* Without leading and trailing spaces and tabs. */
struct str str_trim(struct str s);

/*
 * A decimal whole number, optional minus, nothing before or behind it.
 * False, with *ret untouched, when it is anything else or does not fit.
 */
bool str_int(struct str s, int64_t *ret);

/* The number in decimal, in `room`. */
enum { STR_DIGITS = 20 };
struct str str_digits(char room[STR_DIGITS], int64_t value);

/* Is it a uuid as we print them: small letters, four dashes? */
bool str_is_uuid(struct str s);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool str_utf8(struct str s);

/*
 * From `i` on, the first byte that does not stand for itself in a string of
 * JSON: a quote, a backslash, a control character; or s.n.
 */
size_t str_plain(struct str s, size_t i);

/* How many code points; `s` must be well-formed UTF-8. */
size_t str_points(struct str s);

/* Compare in a time that depends on the lengths alone. */
bool str_same_secret(struct str a, struct str b);

/*
 * 64 well-mixed bits of the bytes, for tables and entity tags.  Not a
 * cryptographic hash.
 */
uint64_t str_hash(struct str s);

#endif
