#include "api/graphql/lex.h"

static const struct str triple = STR("\"\"\"");
static const struct str escaped_triple = STR("\\\"\"\"");

static struct str
rest(const struct lexer *l, size_t at)
{
	return str_sub(l->source, at, l->source.n);
}

static void
unterminated(struct lexer *l, size_t at)
{
	lex_refuse(l, at, "Unterminated string.");
}

static void
found(struct lexer *l, enum token_kind kind, struct str value, size_t end)
{
	l->token = (struct token){kind, (uint32_t)l->pos, value};
	l->pos = end;
}

/* ---- escapes ---- */

/* What one character takes in UTF-16, by which graphql-js cuts its quotes. */
static struct str
units(struct str s, size_t n)
{
	size_t at = 0;

	while (n && at < s.n) {
		size_t width = lex_width(s, at);

		n -= width == 4 && n > 1 ? 2 : 1;
		at += width;
	}
	return str_sub(s, 0, at);
}

static void
bad_point(struct lexer *l, size_t at, size_t n)
{
	lex_refuse(l, at, "Invalid Unicode escape sequence: \"%.*s\".",
		   STR_FMT(units(rest(l, at), n)));
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \uXXXX at the head of `s`, or -1. */
static int
unit_of(struct str s)
{
	int unit = 0;

	if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = hex_digit(s.p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static char *
put_point(char *out, unsigned c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

/* \uXXXX, or two that are a surrogate pair; how many bytes they take. */
static size_t
fixed_point(struct lexer *l, size_t at, char **out)
{
	int high = unit_of(rest(l, at)), low;

	if (high >= 0 && (high & 0xf800) != 0xd800) {
		*out = put_point(*out, (unsigned)high);
		return 6;
	}
	low = unit_of(rest(l, at + 6));
	if (high < 0 || (high & 0xfc00) != 0xd800 || low < 0 ||
	    (low & 0xfc00) != 0xdc00) {
		bad_point(l, at, 6);
		return 0;
	}
	*out = put_point(*out, 0x10000 + ((unsigned)(high & 0x3ff) << 10 |
					  (unsigned)(low & 0x3ff)));
	return 12;
}

/* \u{X} to \u{XXXXXXXX}. */
static size_t
braced_point(struct lexer *l, size_t at, char **out)
{
	struct str s = rest(l, at);
	unsigned point = 0;
	size_t n = 3;

	while (n < 12) {
		char c = n < s.n ? s.p[n] : '\0';
		int digit = hex_digit(c);

		n++;
		if (c == '}' && n >= 5 && point <= 0x10ffff &&
		    (point & 0x1ff800) != 0xd800) {
			*out = put_point(*out, point);
			return n;
		}
		if (digit < 0 || point >> 27)
			break;
		point = point << 4 | (unsigned)digit;
	}
	bad_point(l, at, n);
	return 0;
}

/* The escape at `at`; the bytes it takes, 0 when it is none. */
static size_t
unescape(struct lexer *l, size_t at, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	struct str s = rest(l, at);
	const char *found_at;

	if (s.n > 1 && s.p[1] == 'u')
		return s.n > 2 && s.p[2] == '{' ? braced_point(l, at, out)
						: fixed_point(l, at, out);
	found_at = s.n > 1 && s.p[1] ? strchr(from, s.p[1]) : NULL;
	if (!found_at) {
		lex_refuse(l, at,
			   "Invalid character escape sequence: \"%.*s\".",
			   STR_FMT(units(s, 2)));
		return 0;
	}
	*(*out)++ = to[found_at - from];
	return 2;
}

/* ---- "strings" ---- */

static bool
ends_line(const struct lexer *l, size_t at)
{
	return at >= l->source.n || l->source.p[at] == '\n' ||
	       l->source.p[at] == '\r';
}

static bool
ends_string(const struct lexer *l, size_t at)
{
	return ends_line(l, at) || l->source.p[at] == '"';
}

/* Where the string that begins there ends, or the line, or the document. */
static size_t
extent(const struct lexer *l, size_t at, bool *ret_plain)
{
	*ret_plain = true;
	for (; !ends_string(l, at); at++)
		if (l->source.p[at] == '\\') {
			*ret_plain = false;
			at += !ends_line(l, at + 1);
		}
	return at;
}

static void
finish(struct lexer *l, struct str value, size_t end)
{
	if (ends_line(l, end))
		unterminated(l, end);
	else
		found(l, TOKEN_STRING, value, end + 1);
}

/* No escape is shorter than what it stands for. */
static void
decode(struct lexer *l, size_t at, size_t end)
{
	char *value = arena_alloc(l->arena, end - at + 1), *out = value;

	while (!ends_string(l, at)) {
		size_t n;

		if (l->source.p[at] != '\\') {
			*out++ = l->source.p[at++];
			continue;
		}
		n = unescape(l, at, &out);
		if (!n)
			return;
		at += n;
	}
	finish(l, (struct str){value, (size_t)(out - value)}, at);
}

static void
read_plain(struct lexer *l)
{
	size_t from = l->pos + 1;
	bool plain;
	size_t end = extent(l, from, &plain);

	if (plain)
		finish(l, str_sub(l->source, from, end - from), end);
	else
		decode(l, from, end);
}

/* ---- """block strings""" ---- */

/* What the lines of a block string have in common, blank ones aside. */
struct block {
	size_t first, last; /* lines that are not blank */
	size_t indent;	    /* of all but the first line */
	bool blank;	    /* there is no such line */
};

static struct str
cut_line(struct str *text)
{
	size_t n = 0;
	struct str line;

	while (n < text->n && text->p[n] != '\n' && text->p[n] != '\r')
		n++;
	line = str_sub(*text, 0, n);
	if (n + 1 < text->n && text->p[n] == '\r' && text->p[n + 1] == '\n')
		n++;
	*text = str_sub(*text, n + 1, text->n);
	return line;
}

static size_t
indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n;
}

static struct block
measure(struct str raw)
{
	struct block b = {.indent = SIZE_MAX, .blank = true};

	for (size_t i = 0; raw.n; i++) {
		struct str line = cut_line(&raw);
		size_t indent = indent_of(line);

		if (indent == line.n)
			continue;
		if (b.blank)
			b.first = i;
		b.blank = false;
		b.last = i;
		if (i && indent < b.indent)
			b.indent = indent;
	}
	return b;
}

static char *
put_line(char *out, struct str line)
{
	while (line.n) {
		size_t n = 1;

		if (str_starts(line, escaped_triple)) {
			line = str_sub(line, 1, line.n);
			n = triple.n;
		}
		memcpy(out, line.p, n);
		out += n;
		line = str_sub(line, n, line.n);
	}
	return out;
}

static struct str
dedent(struct arena *a, struct str raw)
{
	struct block b = measure(raw);
	char *value, *out;

	if (b.blank)
		return STR("");
	value = out = arena_alloc(a, raw.n + 1);
	for (size_t i = 0; i <= b.last; i++) {
		struct str line = cut_line(&raw);

		if (i)
			line = str_sub(line, b.indent, line.n);
		if (i < b.first)
			continue;
		if (i > b.first)
			*out++ = '\n';
		out = put_line(out, line);
	}
	return (struct str){value, (size_t)(out - value)};
}

static void
read_block(struct lexer *l)
{
	size_t from = l->pos + triple.n, at = from;
	bool plain = true;
	struct str raw;

	while (at < l->source.n && !str_starts(rest(l, at), triple)) {
		bool skips = str_starts(rest(l, at), escaped_triple);

		plain = plain && !skips && !ends_line(l, at);
		at += skips ? escaped_triple.n : 1;
	}
	if (at >= l->source.n) {
		unterminated(l, at);
		return;
	}
	raw = str_sub(l->source, from, at - from);
	if (!plain || indent_of(raw) == raw.n)
		raw = dedent(l->arena, raw);
	found(l, TOKEN_BLOCK_STRING, raw, at + triple.n);
}

void
lex_string(struct lexer *l)
{
	if (str_starts(rest(l, l->pos), triple))
		read_block(l);
	else
		read_plain(l);
}
