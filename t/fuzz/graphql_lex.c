/*
 * Tokens cover the source from its head to its end in order, what is between
 * them is blank, and a name or a number is what stands there.  What is
 * refused has one fault, in words, with a place in the source.
 */
#include "api/graphql/lex.h"

#include "fuzz.h"

static bool
is_blank(struct str s)
{
	while (s.n) {
		size_t n = strchr(" \t\r\n,", s.p[0]) ? 1 : 0;

		if (!s.p[0])
			return false;
		if (str_starts(s, STR("\xef\xbb\xbf")))
			n = 3;
		if (s.p[0] == '#')
			while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r')
				n++;
		if (!n)
			return false;
		s = str_sub(s, n, s.n);
	}
	return true;
}

static void
is_token(const struct lexer *l)
{
	struct str text = l->token.text;
	struct str there =
		str_sub(l->source, l->token.at, l->pos - l->token.at);

	MUST(there.n > 0);
	if (l->token.kind < TOKEN_STRING)
		must_eq(text, there);
	else
		MUST(there.p[0] == '"' && there.p[there.n - 1] == '"' &&
		     text.n + 2 <= there.n);
	MUST(str_utf8(text));
	MUST(str_utf8(lex_describe(l->arena, &l->token)));
}

static void
is_refused(const struct lexer *l)
{
	const struct fault *f = l->faults->first;
	struct buf b = buf_new(1 << 20);

	MUST(l->faults->n == 1 && l->token.kind == TOKEN_FAULT);
	MUST(str_starts(f->message, STR("Syntax Error: ")));
	MUST(str_utf8(f->message));
	MUST(f->nat == 1 && f->at[0] <= l->source.n);
	fault_print(&b, l->faults, l->source);
	MUST(!b.broken && str_utf8(buf_str(&b)));
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size + 1); /* of which the last is not ours */
	struct faults faults = {.arena = a};
	struct lexer l = {
		.arena = a,
		.source = {copy, size},
		.faults = &faults,
		.max = SIZE_MAX
	       };
	size_t end = 0;

	copy = realloc(copy, size ? size : 1);
	l.source.p = copy;
	if (size)
		memcpy(copy, data, size);
	while (str_utf8(l.source) && lex_next(&l)) {
		MUST(l.token.at >= end && l.pos <= size);
		MUST(is_blank(str_sub(l.source, end, l.token.at - end)));
		if (l.token.kind == TOKEN_END)
			break;
		is_token(&l);
		end = l.pos;
	}
	if (l.failed)
		is_refused(&l);
	else
		MUST(faults.n == 0);
	free(copy);
	arena_free(a);
	return 0;
}
