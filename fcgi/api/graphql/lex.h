/*
 * The tokens of a GraphQL document (GraphQL §2.1).
 *
 * lex_next() reads one at a time; blanks, commas and comments are none.  Names,
 * numbers and strings without escapes point into the source, other strings
 * are decoded into the arena.  The first thing that is wrong ends it: there
 * is a fault then, `failed` is set, and every further token is TOKEN_FAULT,
 * which nothing expects, so whoever parses finds his way out by himself.
 * The source must be well-formed UTF-8.
 */
#ifndef POSTERN_API_GRAPHQL_LEX_H
#define POSTERN_API_GRAPHQL_LEX_H

#include "api/graphql/fault.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BANG,
	TOKEN_DOLLAR,
	TOKEN_AMP,
	TOKEN_PAREN_OPEN,
	TOKEN_PAREN_CLOSE,
	TOKEN_SPREAD,
	TOKEN_COLON,
	TOKEN_EQUALS,
	TOKEN_AT,
	TOKEN_BRACKET_OPEN,
	TOKEN_BRACKET_CLOSE,
	TOKEN_BRACE_OPEN,
	TOKEN_PIPE,
	TOKEN_BRACE_CLOSE,
	TOKEN_NAME,
	TOKEN_INT,
	TOKEN_FLOAT,
	TOKEN_STRING,
	TOKEN_BLOCK_STRING,
	TOKEN_FAULT
};

struct token {
	enum token_kind kind;
	uint32_t at;
	struct str text; /* of a name and a number; a string's value */
};

/* Set what is above the line and call lex_next() for the first token. */
struct lexer {
	struct arena *arena;
	struct str source;
	struct faults *faults;
	size_t max; /* tokens */

	struct token token; /* the current one */
	size_t pos, n;
	bool failed;
};

/* Read the next token; false when there is none to go on with. */
bool lex_next(struct lexer *l);

/* Refuse the document, once: "Syntax Error: " and the message. */
void lex_refuse(struct lexer *l, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a limit, whose message stands alone. */
void lex_too_large(struct lexer *l, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As messages name them: `Name`, `"{"`; with the value: `Name "x"`. */
const char *lex_kind(enum token_kind kind);
struct str lex_describe(struct arena *a, const struct token *t);

/* The string at l->pos, which a quote begins, becomes the current token. */
void lex_string(struct lexer *l);

/* The character at a byte, as messages show it: `"x"`, `U+00E9`, `<EOF>`. */
struct str lex_character(struct arena *a, struct str source, size_t at);

/* The bytes of the character that begins there; 0 at the end. */
size_t lex_width(struct str source, size_t at);

#endif
