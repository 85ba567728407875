#include "api/graphql/lex.h"

#include <stdio.h>

static const char *const kinds[] = {
	[TOKEN_END] = "<EOF>",
	[TOKEN_BANG] = "\"!\"",
	[TOKEN_DOLLAR] = "\"$\"",
	[TOKEN_AMP] = "\"&\"",
	[TOKEN_PAREN_OPEN] = "\"(\"",
	[TOKEN_PAREN_CLOSE] = "\")\"",
	[TOKEN_SPREAD] = "\"...\"",
	[TOKEN_COLON] = "\":\"",
	[TOKEN_EQUALS] = "\"=\"",
	[TOKEN_AT] = "\"@\"",
	[TOKEN_BRACKET_OPEN] = "\"[\"",
	[TOKEN_BRACKET_CLOSE] = "\"]\"",
	[TOKEN_BRACE_OPEN] = "\"{\"",
	[TOKEN_PIPE] = "\"|\"",
	[TOKEN_BRACE_CLOSE] = "\"}\"",
	[TOKEN_NAME] = "Name",
	[TOKEN_INT] = "Int",
	[TOKEN_FLOAT] = "Float",
	[TOKEN_STRING] = "String",
	[TOKEN_BLOCK_STRING] = "BlockString",
	[TOKEN_FAULT] = "<fault>",
};

/* The tokens of one character. */
static const enum token_kind marks[128] = {
	['!'] = TOKEN_BANG,	    ['$'] = TOKEN_DOLLAR,
	['&'] = TOKEN_AMP,	    ['('] = TOKEN_PAREN_OPEN,
	[')'] = TOKEN_PAREN_CLOSE,  [':'] = TOKEN_COLON,
	['='] = TOKEN_EQUALS,	    ['@'] = TOKEN_AT,
	['['] = TOKEN_BRACKET_OPEN, [']'] = TOKEN_BRACKET_CLOSE,
	['{'] = TOKEN_BRACE_OPEN,   ['|'] = TOKEN_PIPE,
	['}'] = TOKEN_BRACE_CLOSE,
};

/* ---- refusing ---- */

static void
fail(struct lexer *l)
{
	l->failed = true;
	l->token = (struct token){.kind = TOKEN_FAULT, .at = l->token.at};
}

void
lex_refuse(struct lexer *l, size_t at, const char *fmt, ...)
{
	uint32_t place = (uint32_t)at;
	va_list args;
	struct str why;

	if (l->failed)
		return;
	va_start(args, fmt);
	why = arena_vprintf(l->arena, fmt, args);
	va_end(args);
	fault_add(l->faults, &place, 1, "Syntax Error: %.*s", STR_FMT(why));
	fail(l);
}

void
lex_too_large(struct lexer *l, size_t at, const char *fmt, ...)
{
	uint32_t place = (uint32_t)at;
	va_list args;
	struct str why;

	if (l->failed)
		return;
	va_start(args, fmt);
	why = arena_vprintf(l->arena, fmt, args);
	va_end(args);
	if (fault_add(l->faults, &place, 1, "%.*s", STR_FMT(why)))
		fault_last(l->faults)->code = "DOCUMENT_TOO_LARGE";
	fail(l);
}

const char *
lex_kind(enum token_kind kind)
{
	return kinds[kind];
}

struct str
lex_describe(struct arena *a, const struct token *t)
{
	if (t->kind < TOKEN_NAME)
		return str_of(kinds[t->kind]);
	return arena_printf(a, "%s \"%.*s\"", kinds[t->kind], STR_FMT(t->text));
}

/* ---- characters ---- */

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The byte there, or -1 at the end. */
static int
byte_at(const struct lexer *l, size_t at)
{
	return at < l->source.n ? (unsigned char)l->source.p[at] : -1;
}

size_t
lex_width(struct str source, size_t at)
{
	size_t n = at < source.n;

	while (n && at + n < source.n &&
	       ((unsigned char)source.p[at + n] & 0xc0) == 0x80)
		n++;
	return n;
}

static unsigned
point_at(struct str source, size_t at, size_t width)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	unsigned point = (unsigned char)source.p[at] & lead[width];

	for (size_t i = 1; i < width; i++)
		point = point << 6 | ((unsigned char)source.p[at + i] & 0x3f);
	return point;
}

struct str
lex_character(struct arena *a, struct str source, size_t at)
{
	size_t width = lex_width(source, at);
	unsigned point;

	if (!width)
		return str_of(kinds[TOKEN_END]);
	point = point_at(source, at, width);
	if (point == '"')
		return STR("'\"'");
	if (point >= 0x20 && point <= 0x7e)
		return arena_printf(a, "\"%c\"", (int)point);
	return arena_printf(a, "U+%04X", point);
}

/* ---- tokens ---- */

static void
found(struct lexer *l, enum token_kind kind, size_t end)
{
	l->token = (struct token){kind, (uint32_t)l->pos,
				  str_sub(l->source, l->pos, end - l->pos)};
	l->pos = end;
}

static void
read_name(struct lexer *l)
{
	size_t end = l->pos + 1;

	while (is_name_start(byte_at(l, end)) || is_digit(byte_at(l, end)))
		end++;
	found(l, TOKEN_NAME, end);
}

static void
no_digit(struct lexer *l, size_t at)
{
	lex_refuse(l, at, "Invalid number, expected digit but got: %s.",
		   lex_character(l->arena, l->source, at).p);
}

/* At least one digit; where they end. */
static size_t
digits(struct lexer *l, size_t at)
{
	if (!is_digit(byte_at(l, at)))
		no_digit(l, at);
	while (is_digit(byte_at(l, at)))
		at++;
	return at;
}

/* Zero stands alone. */
static size_t
whole(struct lexer *l, size_t at)
{
	if (byte_at(l, at) != '0')
		return digits(l, at);
	if (is_digit(byte_at(l, ++at)))
		lex_refuse(l, at,
			   "Invalid number, unexpected digit after 0: %s.",
			   lex_character(l->arena, l->source, at).p);
	return at;
}

static size_t
exponent(struct lexer *l, size_t at)
{
	at++;
	if (byte_at(l, at) == '+' || byte_at(l, at) == '-')
		at++;
	return digits(l, at);
}

static void
read_number(struct lexer *l)
{
	enum token_kind kind = TOKEN_INT;
	size_t at = whole(l, l->pos + (byte_at(l, l->pos) == '-'));

	if (!l->failed && byte_at(l, at) == '.') {
		kind = TOKEN_FLOAT;
		at = digits(l, at + 1);
	}
	if (!l->failed && (byte_at(l, at) | 0x20) == 'e') {
		kind = TOKEN_FLOAT;
		at = exponent(l, at);
	}
	if (byte_at(l, at) == '.' || is_name_start(byte_at(l, at)))
		no_digit(l, at);
	if (!l->failed)
		found(l, kind, at);
}

static void
strange(struct lexer *l)
{
	if (byte_at(l, l->pos) == '\'')
		lex_refuse(l, l->pos,
			   "Unexpected single quote character ('), did you "
			   "mean to use a double quote (\")?");
	else
		lex_refuse(l, l->pos, "Unexpected character: %s.",
			   lex_character(l->arena, l->source, l->pos).p);
}

static void
skip_ignored(struct lexer *l)
{
	static const struct str bom = STR("\xef\xbb\xbf");
	int c;

	while ((c = byte_at(l, l->pos)) >= 0) {
		if (c == '#')
			while (c >= 0 && c != '\n' && c != '\r')
				c = byte_at(l, ++l->pos);
		else if (c == ' ' || c == '\t' || c == ',' || c == '\n' ||
			 c == '\r')
			l->pos++;
		else if (str_eq(str_sub(l->source, l->pos, bom.n), bom))
			l->pos += bom.n;
		else
			return;
	}
}

static void
read_token(struct lexer *l)
{
	int c = byte_at(l, l->pos);

	if (c < 0)
		found(l, TOKEN_END, l->pos);
	else if (c < 0x80 && marks[c])
		found(l, marks[c], l->pos + 1);
	else if (is_name_start(c))
		read_name(l);
	else if (c == '"')
		lex_string(l);
	else if (c == '-' || is_digit(c))
		read_number(l);
	else if (str_eq(str_sub(l->source, l->pos, 3), STR("...")))
		found(l, TOKEN_SPREAD, l->pos + 3);
	else
		strange(l);
}

bool
lex_next(struct lexer *l)
{
	if (l->failed)
		return false;
	skip_ignored(l);
	read_token(l);
	if (l->failed || l->token.kind == TOKEN_END)
		return !l->failed;
	if (++l->n > l->max)
		lex_too_large(l, l->token.at,
			      "The document has more than %zu tokens "
			      "(POSTERN_GRAPHQL_TOKENS).",
			      l->max);
	return !l->failed;
}
