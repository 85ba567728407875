/*
 * What parse.c and parse_value.c share: the parser, one token ahead.
 *
 * Once something was refused no token is what anybody expects, so these go on
 * without looking: what they return is never NULL, and loops over lists end
 * with parse_more().
 */
#ifndef POSTERN_API_GRAPHQL_PARSE_VALUE_H
#define POSTERN_API_GRAPHQL_PARSE_VALUE_H

#include "api/graphql/document.h"
#include "api/graphql/lex.h"

enum { PARSE_NESTING_MAX = 100 }; /* brackets inside each other */

struct parser {
	struct lexer lex;
	struct document *doc;
	struct operation **operations; /* where the next one goes */
	struct fragment **fragments;
	int nesting;
};

/* ---- tokens ---- */

bool parse_is(const struct parser *p, enum token_kind kind);
bool parse_is_word(const struct parser *p, struct str word);

/* Go on when the token is that one; was it? */
bool parse_take(struct parser *p, enum token_kind kind);
bool parse_take_word(struct parser *p, struct str word);

/* The same, and anything else is refused.  Returns the token. */
struct token parse_expect(struct parser *p, enum token_kind kind);
void parse_expect_word(struct parser *p, struct str word);

/* "Unexpected Name \"x\"." */
void parse_unexpected(struct parser *p, const struct token *t);

/* In a list: is there one more before `close`, which is taken? */
bool parse_more(struct parser *p, enum token_kind close);

/* An opening bracket was taken; false when it is one too many. */
bool parse_enter(struct parser *p);
void parse_leave(struct parser *p);

/* ---- values and what holds them ---- */

struct value *parse_value(struct parser *p, bool constant);
struct argument *parse_arguments(struct parser *p, bool constant);
struct directive *parse_directives(struct parser *p, bool constant);
struct type_node *parse_type(struct parser *p);

#endif
