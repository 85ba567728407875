#include "api/graphql/parse.h"

#include "api/graphql/parse_value.h"

/* ---- selections ---- */

static struct selection *parse_selections(struct parser *p);

static void
parse_field(struct parser *p, struct selection *s)
{
	struct token name = parse_expect(p, TOKEN_NAME);

	s->kind = SELECT_FIELD;
	if (parse_take(p, TOKEN_COLON)) {
		s->alias = name.text;
		name = parse_expect(p, TOKEN_NAME);
	}
	s->name = name.text;
	s->name_at = name.at;
	s->arguments = parse_arguments(p, false);
	s->directives = parse_directives(p, false);
	s->selections_at = p->lex.token.at;
	if (parse_is(p, TOKEN_BRACE_OPEN))
		s->selections = parse_selections(p);
}

/* A name behind the dots is a fragment's, but for the word that has a type. */
static void
parse_spread(struct parser *p, struct selection *s)
{
	struct token name;

	parse_expect(p, TOKEN_SPREAD);
	if (parse_is(p, TOKEN_NAME) && !parse_is_word(p, STR("on"))) {
		s->kind = SELECT_SPREAD;
		name = parse_expect(p, TOKEN_NAME);
		s->name = name.text;
		s->name_at = name.at;
		s->directives = parse_directives(p, false);
		return;
	}
	s->kind = SELECT_INLINE;
	if (parse_take_word(p, STR("on"))) {
		name = parse_expect(p, TOKEN_NAME);
		s->on = name.text;
		s->on_at = name.at;
	}
	s->directives = parse_directives(p, false);
	s->selections_at = p->lex.token.at;
	s->selections = parse_selections(p);
}

static struct selection *
parse_selection(struct parser *p)
{
	struct selection *s = ARENA_NEW(p->lex.arena, struct selection);

	s->at = p->lex.token.at;
	if (parse_is(p, TOKEN_SPREAD))
		parse_spread(p, s);
	else
		parse_field(p, s);
	return s;
}

static struct selection *
parse_selections(struct parser *p)
{
	struct selection *first = NULL, **end = &first;

	parse_expect(p, TOKEN_BRACE_OPEN);
	if (!parse_enter(p))
		return NULL;
	do {
		*end = parse_selection(p);
		end = &(*end)->next;
	} while (parse_more(p, TOKEN_BRACE_CLOSE));
	parse_leave(p);
	return first;
}

/* ---- operations ---- */

static bool
is_string(const struct parser *p)
{
	return parse_is(p, TOKEN_STRING) || parse_is(p, TOKEN_BLOCK_STRING);
}

static struct variable *
parse_variable(struct parser *p)
{
	struct variable *v = ARENA_NEW(p->lex.arena, struct variable);

	if (is_string(p))
		lex_next(&p->lex);
	v->at = parse_expect(p, TOKEN_DOLLAR).at;
	v->name_at = p->lex.token.at;
	v->name = parse_expect(p, TOKEN_NAME).text;
	parse_expect(p, TOKEN_COLON);
	v->type = parse_type(p);
	if (parse_take(p, TOKEN_EQUALS))
		v->fallback = parse_value(p, true);
	v->directives = parse_directives(p, true);
	return v;
}

static void
parse_variables(struct parser *p, struct operation *op)
{
	struct variable **end = &op->variables;

	if (!parse_take(p, TOKEN_PAREN_OPEN))
		return;
	do {
		*end = parse_variable(p);
		(*end)->index = op->nvariables++;
		end = &(*end)->next;
	} while (parse_more(p, TOKEN_PAREN_CLOSE));
}

static void
parse_operation(struct parser *p, uint32_t at, enum operation_kind kind)
{
	struct operation *op = ARENA_NEW(p->lex.arena, struct operation);

	op->at = at;
	op->kind = kind;
	if (!parse_is(p, TOKEN_BRACE_OPEN)) {
		parse_expect(p, TOKEN_NAME); /* the keyword */
		if (parse_is(p, TOKEN_NAME)) {
			op->name_at = p->lex.token.at;
			op->name = parse_expect(p, TOKEN_NAME).text;
		}
		parse_variables(p, op);
		op->directives = parse_directives(p, false);
	}
	op->selections = parse_selections(p);
	*p->operations = op;
	p->operations = &op->next;
	p->doc->noperations++;
}

static void
parse_fragment(struct parser *p, uint32_t at)
{
	struct fragment *f = ARENA_NEW(p->lex.arena, struct fragment);
	struct token t;

	f->at = at;
	parse_expect(p, TOKEN_NAME); /* the keyword */
	if (parse_is_word(p, STR("on")))
		parse_unexpected(p, &p->lex.token);
	t = parse_expect(p, TOKEN_NAME);
	f->name = t.text;
	f->name_at = t.at;
	parse_expect_word(p, STR("on"));
	t = parse_expect(p, TOKEN_NAME);
	f->on = t.text;
	f->on_at = t.at;
	f->directives = parse_directives(p, false);
	f->selections = parse_selections(p);
	*p->fragments = f;
	p->fragments = &f->next;
	p->doc->nfragments++;
}

/* ---- what is no part of an executable document ---- */

/* Whatever a type definition holds, it is refused by its name. */
static void
parse_type_system(struct parser *p, uint32_t at)
{
	bool schema = parse_is_word(p, STR("schema"));
	bool directive = parse_is_word(p, STR("directive"));
	struct token name;

	parse_expect(p, TOKEN_NAME);
	if (directive)
		parse_expect(p, TOKEN_AT);
	if (schema) {
		name = p->lex.token;
		name.text = STR("schema");
	} else {
		name = parse_expect(p, TOKEN_NAME);
	}
	if (p->lex.failed)
		return;
	fault_add(p->lex.faults, &at, 1,
		  schema ? "The %.*s definition is not executable."
			 : "The \"%.*s\" definition is not executable.",
		  STR_FMT(name.text));
	p->lex.failed = true;
}

/* ---- definitions ---- */

enum definition {
	DEFINES_NOTHING,
	DEFINES_OPERATION,
	DEFINES_FRAGMENT,
	DEFINES_TYPE
};

static const struct keyword {
	struct str word;
	enum definition what;
	enum operation_kind kind;
	bool extended; /* there is an `extend` of it */
} keywords[] = {
	{STR("query"),	       DEFINES_OPERATION, OPERATION_QUERY,	   false},
	{STR("mutation"),	  DEFINES_OPERATION, OPERATION_MUTATION,	 false},
	{STR("subscription"), DEFINES_OPERATION, OPERATION_SUBSCRIPTION, false},
	{STR("fragment"),	  DEFINES_FRAGMENT,  0,		       false},
	{STR("schema"),	DEFINES_TYPE,      0,			 true },
	{STR("scalar"),	DEFINES_TYPE,      0,			 true },
	{STR("type"),	      DEFINES_TYPE,	    0,		       true },
	{STR("interface"),	   DEFINES_TYPE,	 0,			    true },
	{STR("union"),	       DEFINES_TYPE,	     0,			true },
	{STR("enum"),	      DEFINES_TYPE,	    0,		       true },
	{STR("input"),	       DEFINES_TYPE,	     0,			true },
	{STR("directive"),	   DEFINES_TYPE,	 0,			    false},
};

static const struct keyword *
find_keyword(const struct parser *p)
{
	static const struct keyword none = {STR(""), DEFINES_NOTHING, 0, false};

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (parse_is_word(p, keywords[i].word))
			return &keywords[i];
	return &none;
}

static void
parse_extension(struct parser *p)
{
	uint32_t at = p->lex.token.at;

	parse_expect(p, TOKEN_NAME);
	if (find_keyword(p)->extended)
		parse_type_system(p, at);
	else
		parse_unexpected(p, &p->lex.token);
}

/* A definition may begin with a string that describes it; some may not. */
static void
misplaced_description(struct parser *p, uint32_t at)
{
	if (parse_is(p, TOKEN_BRACE_OPEN))
		lex_refuse(&p->lex, at,
			   "Unexpected description, descriptions are not "
			   "supported on shorthand queries.");
	else if (parse_is(p, TOKEN_NAME))
		lex_refuse(&p->lex, at,
			   "Unexpected description, only GraphQL definitions "
			   "support descriptions.");
}

static void
parse_definition(struct parser *p)
{
	uint32_t at = p->lex.token.at;
	bool described = is_string(p);
	const struct keyword *k;

	if (described)
		lex_next(&p->lex);
	k = find_keyword(p);
	if (described && k->what == DEFINES_NOTHING)
		misplaced_description(p, at);
	if (k->what == DEFINES_OPERATION || parse_is(p, TOKEN_BRACE_OPEN))
		parse_operation(p, at, k->kind);
	else if (k->what == DEFINES_FRAGMENT)
		parse_fragment(p, at);
	else if (k->what == DEFINES_TYPE)
		parse_type_system(p, at);
	else if (parse_is_word(p, STR("extend")))
		parse_extension(p);
	else
		parse_unexpected(p, &p->lex.token);
}

/* ---- documents ---- */

static struct parser
begin(struct arena *a, struct str source, size_t tokens, struct faults *faults)
{
	struct document *doc = ARENA_NEW(a, struct document);

	doc->source = source;
	return (struct parser){
		.lex = {.arena = a,
			.source = source,
			.faults = faults,
			.max = tokens},
		.doc = doc,
		.operations = &doc->operations,
		.fragments = &doc->fragments,
	};
}

/* What is refused before it is read: longer than allowed, or no text. */
static void
check_source(struct parser *p, const struct conf *conf)
{
	if (p->lex.source.n > (size_t)conf->graphql_document)
		lex_too_large(&p->lex, 0,
			      "The document has more than %lld bytes "
			      "(POSTERN_GRAPHQL_DOCUMENT).",
			      (long long)conf->graphql_document);
	else if (!str_utf8(p->lex.source))
		lex_refuse(&p->lex, 0, "The document is not UTF-8.");
}

struct document *
parse_document(struct arena *a, const struct conf *conf, struct str source,
	       struct faults *faults)
{
	struct parser p =
		begin(a, source, (size_t)conf->graphql_tokens, faults);

	check_source(&p, conf);
	lex_next(&p.lex);
	do {
		parse_definition(&p);
	} while (parse_more(&p, TOKEN_END));
	return p.lex.failed ? NULL : p.doc;
}

struct value *
parse_constant(struct arena *a, struct str source)
{
	struct faults faults = {.arena = a};
	struct parser p = begin(a, source, SIZE_MAX, &faults);
	struct value *v;

	if (!str_utf8(source))
		return NULL;
	lex_next(&p.lex);
	v = parse_value(&p, true);
	parse_expect(&p, TOKEN_END);
	return p.lex.failed ? NULL : v;
}
