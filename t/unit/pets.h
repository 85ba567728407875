/*
 * A small schema of pets for the tests of the validator, read from the
 * schema language; graphql-js read the same text when it was asked what the
 * validator must say.  Only as much of that language is known here as the
 * text uses, and the text is taken to be right.
 */
#ifndef POSTERN_PETS_H
#define POSTERN_PETS_H

#include <stdlib.h>

#include "api/graphql/introspect.h"
#include "api/graphql/lex.h"
#include "api/graphql/schema.h"

static const char pets_text[] =
	"directive @log(level: Int = 1, to: [String!]!) on QUERY | FIELD |"
	" VARIABLE_DEFINITION | FRAGMENT_DEFINITION | FRAGMENT_SPREAD |"
	" INLINE_FRAGMENT | MUTATION\n"
	"scalar BigInt scalar Boolean scalar Date scalar Float scalar ID "
	"scalar Int\n"
	"scalar JSON scalar String\n"
	"enum Color { RED GREEN BLUE dark_red }\n"
	"enum Command { SIT HEEL DOWN }\n"
	"enum Order { name_asc name_desc id_asc }\n"
	"type Query {\n"
	"  dog(id: ID): Dog\n"
	"  cat(id: ID!): Cat\n"
	"  dogs(where: Where, limit: Int = 10, order: [Order!]): [Dog!]!\n"
	"  pick(one: One, must: One!, many: [One!]): Int\n"
	"  any(json: JSON, date: Date!, list: [JSON], required: JSON! = 1):"
	" String\n"
	"  scalars(int: Int, float: Float, string: String, boolean: Boolean,"
	" id: ID, color: Color): Float\n"
	"  strict(int: Int!, ints: [Int!]!, grid: [[Int]], where: [Where!]):"
	" JSON\n"
	"  big(n: BigInt): BigInt\n"
	"}\n"
	"type Mutation { add(data: Data!): Dog drop(id: ID!): Boolean }\n"
	"type Dog {\n"
	"  id: ID!\n"
	"  name(upper: Boolean = false, prefix: String): String\n"
	"  nickname: String\n"
	"  barkVolume: Int\n"
	"  isTrained(command: Command!): Boolean!\n"
	"  owner: Human\n"
	"  friends: [Cat!]\n"
	"  color: Color\n"
	"  meta: JSON\n"
	"  a1: Int a2: Int a3: Int a10: Int a20: Int a30: Int\n"
	"}\n"
	"type Cat {\n"
	"  id: ID!\n"
	"  name: String!\n"
	"  nickname: [String]\n"
	"  meowVolume: Int\n"
	"  owner: Human!\n"
	"  friends: [Dog!]\n"
	"}\n"
	"type Human {\n"
	"  name: String\n"
	"  pets: [Dog!]!\n"
	"  cats(limit: Int): [Cat]\n"
	"  relatives: [Human]\n"
	"}\n"
	"input Where {\n"
	"  name: String age: Int color: Color colors: [Color!]\n"
	"  and: [Where!] or: [Where!] not: Where meta: JSON one: One\n"
	"  p01: Int p02: Int p03: Int p04: Int p05: Int p06: Int\n"
	"}\n"
	"input Data {\n"
	"  name: String! age: Int! = 3 weight: Float tags: [String!]!\n"
	"  mother: Data\n"
	"}\n"
	"input One @oneOf { a: String b: Int data: Data many: [Int!] }\n";

enum { PETS_MAX = 64 /* types, and members of anything */ };

struct pets {
	struct lexer lex;
	struct schema *schema;
};

static inline bool
pets_is(struct pets *p, enum token_kind kind)
{
	return p->lex.token.kind == kind;
}

static inline bool
pets_take(struct pets *p, enum token_kind kind)
{
	if (!pets_is(p, kind))
		return false;
	lex_next(&p->lex);
	return true;
}

static inline struct str
pets_name(struct pets *p)
{
	struct str name = p->lex.token.text;

	if (!pets_take(p, TOKEN_NAME))
		abort();
	return name;
}

/* A type may be named before it is defined. */
static inline struct schema_type *
pets_type(struct pets *p, struct str name)
{
	struct schema *s = p->schema;

	for (size_t i = 0; i < s->ntypes; i++)
		if (str_eq(s->types[i]->name, name))
			return s->types[i];
	if (s->ntypes == PETS_MAX)
		abort();
	s->types[s->ntypes] = ARENA_NEW(s->arena, struct schema_type);
	s->types[s->ntypes]->name = name;
	return s->types[s->ntypes++];
}

static inline const struct schema_type *
pets_ref(struct pets *p)
{
	struct arena *a = p->schema->arena;
	const struct schema_type *t;

	if (pets_take(p, TOKEN_BRACKET_OPEN)) {
		t = schema_list(a, pets_ref(p));
		pets_take(p, TOKEN_BRACKET_CLOSE);
	} else {
		t = pets_type(p, pets_name(p));
	}
	return pets_take(p, TOKEN_BANG) ? schema_non_null(a, t) : t;
}

static inline void
pets_inputs(struct pets *p, enum token_kind end, struct schema_input *in,
	    size_t *n)
{
	while (!pets_take(p, end)) {
		struct schema_input *i = &in[(*n)++];

		i->name = pets_name(p);
		pets_take(p, TOKEN_COLON);
		i->type = pets_ref(p);
		if (pets_take(p, TOKEN_EQUALS)) {
			i->fallback = p->lex.token.text;
			lex_next(&p->lex);
		}
	}
}

static inline void
pets_field(struct pets *p, struct schema_field *f)
{
	f->name = pets_name(p);
	f->args = ARENA_ARRAY(p->schema->arena, struct schema_input, PETS_MAX);
	if (pets_take(p, TOKEN_PAREN_OPEN))
		pets_inputs(p, TOKEN_PAREN_CLOSE, f->args, &f->nargs);
	pets_take(p, TOKEN_COLON);
	f->type = pets_ref(p);
}

static inline void
pets_directive(struct pets *p)
{
	struct schema *s = p->schema;
	struct schema_directive *d = &s->directives[s->ndirectives++];
	const char **locations = ARENA_ARRAY(s->arena, const char *, PETS_MAX);

	pets_take(p, TOKEN_AT);
	d->name = pets_name(p);
	d->args = ARENA_ARRAY(s->arena, struct schema_input, PETS_MAX);
	if (pets_take(p, TOKEN_PAREN_OPEN))
		pets_inputs(p, TOKEN_PAREN_CLOSE, d->args, &d->nargs);
	d->locations = locations;
	pets_name(p);
	do
		*locations++ = arena_str(s->arena, pets_name(p)).p;
	while (pets_take(p, TOKEN_PIPE));
}

static inline enum schema_scalar
pets_scalar(struct str name)
{
	static const char *const names[] = {
		[SCALAR_INT] = "Int",	    [SCALAR_FLOAT] = "Float",
		[SCALAR_STRING] = "String", [SCALAR_BOOLEAN] = "Boolean",
		[SCALAR_ID] = "ID",	    [SCALAR_TEXT] = "Date",
		[SCALAR_JSON] = "JSON",
	};

	if (str_eq(name, STR("BigInt")))
		return SCALAR_ID;
	for (int i = SCALAR_INT; i <= SCALAR_JSON; i++)
		if (str_eq(name, str_of(names[i])))
			return (enum schema_scalar)i;
	abort();
}

static inline void
pets_object(struct pets *p, struct schema_type *t)
{
	t->kind = KIND_OBJECT;
	t->fields =
		ARENA_ARRAY(p->schema->arena, struct schema_field, PETS_MAX);
	pets_take(p, TOKEN_BRACE_OPEN);
	while (!pets_take(p, TOKEN_BRACE_CLOSE))
		pets_field(p, &t->fields[t->n++]);
}

static inline void
pets_input(struct pets *p, struct schema_type *t)
{
	t->kind = KIND_INPUT;
	t->inputs =
		ARENA_ARRAY(p->schema->arena, struct schema_input, PETS_MAX);
	t->one_of = pets_take(p, TOKEN_AT) && pets_take(p, TOKEN_NAME);
	pets_take(p, TOKEN_BRACE_OPEN);
	pets_inputs(p, TOKEN_BRACE_CLOSE, t->inputs, &t->n);
}

static inline void
pets_enum(struct pets *p, struct schema_type *t)
{
	t->kind = KIND_ENUM;
	t->values =
		ARENA_ARRAY(p->schema->arena, struct schema_value, PETS_MAX);
	pets_take(p, TOKEN_BRACE_OPEN);
	while (!pets_take(p, TOKEN_BRACE_CLOSE))
		t->values[t->n++].name = pets_name(p);
}

static inline void
pets_definition(struct pets *p)
{
	struct str what = pets_name(p);
	struct schema_type *t;

	if (str_eq(what, STR("directive"))) {
		pets_directive(p);
		return;
	}
	t = pets_type(p, pets_name(p));
	if (str_eq(what, STR("scalar")))
		t->scalar = pets_scalar(t->name);
	else if (str_eq(what, STR("enum")))
		pets_enum(p, t);
	else if (str_eq(what, STR("type")))
		pets_object(p, t);
	else
		pets_input(p, t);
}

/* The directives of the language come with introspection, behind ours. */
static inline void
pets_introspect(struct schema *s)
{
	struct schema_directive *all = s->directives;
	size_t n = s->ndirectives;

	s->ndirectives = 0;
	introspect_extend(s);
	memcpy(all + n, s->directives, s->ndirectives * sizeof(*all));
	s->directives = all;
	s->ndirectives += n;
}

static inline struct schema *
pets_schema(struct arena *a)
{
	struct schema *s = ARENA_NEW(a, struct schema);
	struct faults faults = {.arena = a};
	struct pets p = {
		.lex = {.arena = a,
			.source = STR(pets_text),
			.faults = &faults,
			.max = SIZE_MAX},
		.schema = s
	   };

	s->arena = a;
	s->types = ARENA_ARRAY(a, struct schema_type *, PETS_MAX);
	s->directives = ARENA_ARRAY(a, struct schema_directive, PETS_MAX);
	lex_next(&p.lex);
	while (!pets_is(&p, TOKEN_END))
		pets_definition(&p);
	pets_introspect(s);
	schema_index(s);
	s->query = schema_type(s, STR("Query"));
	s->mutation = schema_type(s, STR("Mutation"));
	return s;
}

#endif
