#include "api/graphql/parse_value.h"

/* ---- tokens ---- */

bool
parse_is(const struct parser *p, enum token_kind kind)
{
	return p->lex.token.kind == kind;
}

bool
parse_is_word(const struct parser *p, struct str word)
{
	return parse_is(p, TOKEN_NAME) && str_eq(p->lex.token.text, word);
}

bool
parse_take(struct parser *p, enum token_kind kind)
{
	bool is = parse_is(p, kind);

	if (is)
		lex_next(&p->lex);
	return is;
}

bool
parse_take_word(struct parser *p, struct str word)
{
	return parse_is_word(p, word) && parse_take(p, TOKEN_NAME);
}

struct token
parse_expect(struct parser *p, enum token_kind kind)
{
	struct token t = p->lex.token;

	if (!parse_take(p, kind))
		lex_refuse(&p->lex, t.at, "Expected %s, found %.*s.",
			   lex_kind(kind),
			   STR_FMT(lex_describe(p->lex.arena, &t)));
	return t;
}

void
parse_expect_word(struct parser *p, struct str word)
{
	struct token t = p->lex.token;

	if (!parse_take_word(p, word))
		lex_refuse(&p->lex, t.at, "Expected \"%.*s\", found %.*s.",
			   STR_FMT(word),
			   STR_FMT(lex_describe(p->lex.arena, &t)));
}

void
parse_unexpected(struct parser *p, const struct token *t)
{
	lex_refuse(&p->lex, t->at, "Unexpected %.*s.",
		   STR_FMT(lex_describe(p->lex.arena, t)));
}

bool
parse_more(struct parser *p, enum token_kind close)
{
	return !p->lex.failed && !parse_take(p, close) && !p->lex.failed;
}

bool
parse_enter(struct parser *p)
{
	if (p->nesting < PARSE_NESTING_MAX) {
		p->nesting++;
		return true;
	}
	lex_too_large(&p->lex, p->lex.token.at,
		      "The document has brackets inside each other more than "
		      "%d deep.",
		      PARSE_NESTING_MAX);
	return false;
}

void
parse_leave(struct parser *p)
{
	p->nesting--;
}

/* ---- values ---- */

static enum value_kind
kind_of_name(struct str name)
{
	if (str_eq(name, STR("null")))
		return VALUE_NULL;
	if (str_eq(name, STR("true")) || str_eq(name, STR("false")))
		return VALUE_BOOLEAN;
	return VALUE_ENUM;
}

static void
parse_list(struct parser *p, struct value *v, bool constant)
{
	struct value **end = &v->first;

	v->kind = VALUE_LIST;
	parse_expect(p, TOKEN_BRACKET_OPEN);
	if (!parse_enter(p))
		return;
	for (; parse_more(p, TOKEN_BRACKET_CLOSE); v->n++) {
		*end = parse_value(p, constant);
		end = &(*end)->next;
	}
	parse_leave(p);
}

static void
parse_object(struct parser *p, struct value *v, bool constant)
{
	struct value **end = &v->first;

	v->kind = VALUE_OBJECT;
	parse_expect(p, TOKEN_BRACE_OPEN);
	if (!parse_enter(p))
		return;
	for (; parse_more(p, TOKEN_BRACE_CLOSE); v->n++) {
		struct token name = parse_expect(p, TOKEN_NAME);

		parse_expect(p, TOKEN_COLON);
		*end = parse_value(p, constant);
		(*end)->name = name.text;
		(*end)->name_at = name.at;
		end = &(*end)->next;
	}
	parse_leave(p);
}

static void
parse_variable(struct parser *p, struct value *v, bool constant)
{
	struct token dollar = parse_expect(p, TOKEN_DOLLAR);

	v->kind = VALUE_VARIABLE;
	if (constant && parse_is(p, TOKEN_NAME))
		lex_refuse(&p->lex, dollar.at,
			   "Unexpected variable \"$%.*s\" in constant value.",
			   STR_FMT(p->lex.token.text));
	else if (constant)
		parse_unexpected(p, &dollar);
	v->text = parse_expect(p, TOKEN_NAME).text;
}

static void
parse_scalar(struct parser *p, struct value *v, enum value_kind kind)
{
	v->kind = kind;
	v->text = p->lex.token.text;
	lex_next(&p->lex);
}

struct value *
parse_value(struct parser *p, bool constant)
{
	struct value *v = ARENA_NEW(p->lex.arena, struct value);
	const struct token *t = &p->lex.token;

	v->at = t->at;
	switch (t->kind) {
	case TOKEN_BRACKET_OPEN:
		parse_list(p, v, constant);
		break;
	case TOKEN_BRACE_OPEN:
		parse_object(p, v, constant);
		break;
	case TOKEN_DOLLAR:
		parse_variable(p, v, constant);
		break;
	case TOKEN_INT:
		parse_scalar(p, v, VALUE_INT);
		break;
	case TOKEN_FLOAT:
		parse_scalar(p, v, VALUE_FLOAT);
		break;
	case TOKEN_STRING:
	case TOKEN_BLOCK_STRING:
		parse_scalar(p, v, VALUE_STRING);
		break;
	case TOKEN_NAME:
		parse_scalar(p, v, kind_of_name(t->text));
		break;
	default:
		parse_unexpected(p, t);
	}
	return v;
}

/* ---- arguments and directives ---- */

static struct argument *
parse_argument(struct parser *p, bool constant)
{
	struct argument *arg = ARENA_NEW(p->lex.arena, struct argument);
	struct token name = parse_expect(p, TOKEN_NAME);

	arg->at = name.at;
	arg->name = name.text;
	parse_expect(p, TOKEN_COLON);
	arg->value = parse_value(p, constant);
	return arg;
}

struct argument *
parse_arguments(struct parser *p, bool constant)
{
	struct argument *first = NULL, **end = &first;

	if (!parse_take(p, TOKEN_PAREN_OPEN))
		return NULL;
	do {
		*end = parse_argument(p, constant);
		end = &(*end)->next;
	} while (parse_more(p, TOKEN_PAREN_CLOSE));
	return first;
}

struct directive *
parse_directives(struct parser *p, bool constant)
{
	struct directive *first = NULL, **end = &first;

	while (parse_is(p, TOKEN_AT)) {
		struct directive *d = ARENA_NEW(p->lex.arena, struct directive);

		d->at = parse_expect(p, TOKEN_AT).at;
		d->name = parse_expect(p, TOKEN_NAME).text;
		d->arguments = parse_arguments(p, constant);
		*end = d;
		end = &d->next;
	}
	return first;
}

/* ---- types ---- */

struct type_node *
parse_type(struct parser *p)
{
	struct type_node *t = ARENA_NEW(p->lex.arena, struct type_node);

	t->at = p->lex.token.at;
	if (!parse_take(p, TOKEN_BRACKET_OPEN)) {
		t->name = parse_expect(p, TOKEN_NAME).text;
	} else if (parse_enter(p)) {
		t->of = parse_type(p);
		parse_expect(p, TOKEN_BRACKET_CLOSE);
		parse_leave(p);
	}
	t->non_null = parse_take(p, TOKEN_BANG);
	return t;
}
