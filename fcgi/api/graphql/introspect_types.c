#include "api/graphql/introspect.h"
#include "api/graphql/introspect_meta.h"

/* ---- the types (GraphQL §4.2) ---- */

enum own {
	OWN_SCHEMA,
	OWN_TYPE,
	OWN_FIELD,
	OWN_INPUT,
	OWN_VALUE,
	OWN_DIRECTIVE,
	OWN_KIND,
	OWN_LOCATION,
	OWN_N
};

static const struct {
	const char *name, *description;
} own_types[OWN_N] = {
	[OWN_SCHEMA] = {"__Schema",	    "What a server can do: its types, where "
				    "operations begin, its directives."},
	[OWN_TYPE] = {"__Type",		"A type, or another one wrapped."				 },
	[OWN_FIELD] = {"__Field",		  "A field of an object type."				      },
	[OWN_INPUT] = {"__InputValue",	       "An argument, or a member of an input "
				       "object."			},
	[OWN_VALUE] = {"__EnumValue",	      "One value of an enum."				     },
	[OWN_DIRECTIVE] = {"__Directive",	  "What may be said of parts of a "
					  "document or a schema."	 },
	[OWN_KIND] = {"__TypeKind",	    "Which kind of type a type is."				   },
	[OWN_LOCATION] = {"__DirectiveLocation",
			  "Where a directive may stand."							},
};

/* How a type stands in a field: as it is, or wrapped. */
enum wrap { ONE, MUST, LIST, MUST_LIST };

enum { TEXT = -1, FLAG = -2 }; /* instead of an enum own */

/* `deprecated`: it has the argument includeDeprecated. */
static const struct {
	enum own on;
	const char *name;
	int type;
	enum wrap wrap;
	bool deprecated;
} rows[META_N] = {
	[META_SCHEMA_DESCRIPTION] = {OWN_SCHEMA,	 "description",	TEXT,	      ONE,
				     false							      },
	[META_SCHEMA_TYPES] = {OWN_SCHEMA,	   "types",		    OWN_TYPE,      MUST_LIST, false},
	[META_SCHEMA_QUERY] = {OWN_SCHEMA,	   "queryType",		OWN_TYPE,	  MUST,	false},
	[META_SCHEMA_MUTATION] = {OWN_SCHEMA,    "mutationType",      OWN_TYPE,	ONE,
				     false							      },
	[META_SCHEMA_SUBSCRIPTION] = {OWN_SCHEMA,	  "subscriptionType",  OWN_TYPE,
				      ONE,							  false},
	[META_SCHEMA_DIRECTIVES] = {OWN_SCHEMA,	"directives",	      OWN_DIRECTIVE,
				     MUST_LIST,						    false},
	[META_TYPE_KIND] = {OWN_TYPE,      "kind",	      OWN_KIND,	MUST,      false},
	[META_TYPE_NAME] = {OWN_TYPE,      "name",	      TEXT,	    ONE,	 false},
	[META_TYPE_DESCRIPTION] = {OWN_TYPE,	     "description",	    TEXT,	  ONE,       false},
	[META_TYPE_SPECIFIED_BY] = {OWN_TYPE,      "specifiedByURL",	TEXT,	      ONE,
				     false							      },
	[META_TYPE_FIELDS] = {OWN_TYPE,	"fields",		  OWN_FIELD,     LIST,	   true },
	[META_TYPE_INTERFACES] = {OWN_TYPE,	    "interfaces",	  OWN_TYPE,	    LIST,
				     false							      },
	[META_TYPE_POSSIBLE_TYPES] = {OWN_TYPE,	"possibleTypes",	 OWN_TYPE,	   LIST,
				      false							      },
	[META_TYPE_VALUES] = {OWN_TYPE,	"enumValues",	      OWN_VALUE,	 LIST,      true },
	[META_TYPE_INPUTS] = {OWN_TYPE,	"inputFields",       OWN_INPUT,	  LIST,	true },
	[META_TYPE_OF] = {OWN_TYPE,	    "ofType",	      OWN_TYPE,	ONE,	     false},
	[META_TYPE_ONE_OF] = {OWN_TYPE,	"isOneOf",	   FLAG,		 ONE,	      false},
	[META_FIELD_NAME] = {OWN_FIELD,	"name",		TEXT,	      MUST,	    false},
	[META_FIELD_DESCRIPTION] = {OWN_FIELD,     "description",	      TEXT,	    ONE,	 false},
	[META_FIELD_ARGS] = {OWN_FIELD,	"args",		OWN_INPUT,	   MUST_LIST, true },
	[META_FIELD_TYPE] = {OWN_FIELD,	"type",		OWN_TYPE,	  MUST,	false},
	[META_FIELD_IS_DEPRECATED] = {OWN_FIELD,	 "isDeprecated",	 FLAG,	       MUST,
				      false							      },
	[META_FIELD_REASON] = {OWN_FIELD,	  "deprecationReason", TEXT,	     ONE,
				     false							      },
	[META_INPUT_NAME] = {OWN_INPUT,	"name",		TEXT,	      MUST,	    false},
	[META_INPUT_DESCRIPTION] = {OWN_INPUT,     "description",	      TEXT,	    ONE,	 false},
	[META_INPUT_TYPE] = {OWN_INPUT,	"type",		OWN_TYPE,	  MUST,	false},
	[META_INPUT_DEFAULT] = {OWN_INPUT,	   "defaultValue",	   TEXT,		 ONE,	      false},
	[META_INPUT_IS_DEPRECATED] = {OWN_INPUT,	 "isDeprecated",	 FLAG,	       MUST,
				      false							      },
	[META_INPUT_REASON] = {OWN_INPUT,	  "deprecationReason", TEXT,	     ONE,
				     false							      },
	[META_VALUE_NAME] = {OWN_VALUE,	"name",		TEXT,	      MUST,	    false},
	[META_VALUE_DESCRIPTION] = {OWN_VALUE,     "description",	      TEXT,	    ONE,	 false},
	[META_VALUE_IS_DEPRECATED] = {OWN_VALUE,	 "isDeprecated",	 FLAG,	       MUST,
				      false							      },
	[META_VALUE_REASON] = {OWN_VALUE,	  "deprecationReason", TEXT,	     ONE,
				     false							      },
	[META_DIRECTIVE_NAME] = {OWN_DIRECTIVE, "name",		TEXT,	      MUST,	    false},
	[META_DIRECTIVE_DESCRIPTION] = {OWN_DIRECTIVE, "description",	      TEXT,	    ONE,
					false							      },
	[META_DIRECTIVE_IS_REPEATABLE] = {OWN_DIRECTIVE, "isRepeatable",	 FLAG,
					  MUST,							 false},
	[META_DIRECTIVE_LOCATIONS] = {OWN_DIRECTIVE, "locations",	  OWN_LOCATION,
				      MUST_LIST,						    false},
	[META_DIRECTIVE_ARGS] = {OWN_DIRECTIVE, "args",		OWN_INPUT,	   MUST_LIST,
				     true							       },
};

static const char *const kinds[] = {"SCALAR", "OBJECT",	 "INTERFACE",
				    "UNION",  "ENUM",	 "INPUT_OBJECT",
				    "LIST",   "NON_NULL"};

static const char *const locations[] = {
	"QUERY",
	"MUTATION",
	"SUBSCRIPTION",
	"FIELD",
	"FRAGMENT_DEFINITION",
	"FRAGMENT_SPREAD",
	"INLINE_FRAGMENT",
	"VARIABLE_DEFINITION",
	"SCHEMA",
	"SCALAR",
	"OBJECT",
	"FIELD_DEFINITION",
	"INTERFACE",
	"ARGUMENT_DEFINITION",
	"UNION",
	"ENUM",
	"ENUM_VALUE",
	"INPUT_OBJECT",
	"INPUT_FIELD_DEFINITION",
};

/* ---- making them ---- */

struct maker {
	struct schema *schema;
	struct schema_type **own; /* by enum own */
	const struct schema_type *text, *flag;
};

/* A built-in scalar: the builder's, or a new one. */
static struct schema_type *
find_scalar(struct schema *s, struct str name, enum schema_scalar scalar)
{
	struct schema_type *t;

	for (size_t i = 0; i < s->ntypes; i++)
		if (str_eq(s->types[i]->name, name))
			return s->types[i];
	t = ARENA_NEW(s->arena, struct schema_type);
	t->kind = KIND_SCALAR;
	t->name = name;
	t->scalar = scalar;
	return s->types[s->ntypes++] = t;
}

static const struct schema_type *
wrapped(struct arena *a, const struct schema_type *t, enum wrap wrap)
{
	if (wrap == ONE)
		return t;
	if (wrap == LIST || wrap == MUST_LIST)
		t = schema_list(a, schema_non_null(a, t));
	return wrap == LIST ? t : schema_non_null(a, t);
}

static const struct schema_type *
type_of(const struct maker *m, enum meta i)
{
	if (rows[i].type == TEXT)
		return m->text;
	if (rows[i].type == FLAG)
		return m->flag;
	return m->own[rows[i].type];
}

static struct schema_input *
argument(struct arena *a, const char *name, const struct schema_type *type,
	 enum schema_input_meaning meaning)
{
	struct schema_input *in = ARENA_NEW(a, struct schema_input);

	in->name = str_of(name);
	in->type = type;
	in->meaning = meaning;
	return in;
}

static void
make_field(struct maker *m, enum meta i)
{
	struct arena *a = m->schema->arena;
	struct schema_type *on = m->own[rows[i].on];
	struct schema_field *f;

	if (!on->fields)
		on->fields = ARENA_ARRAY(a, struct schema_field, META_N);
	f = &on->fields[on->n++];
	f->name = str_of(rows[i].name);
	f->type = wrapped(a, type_of(m, i), rows[i].wrap);
	f->meaning = FIELD_IS_META;
	f->meta = (int)i;
	if (!rows[i].deprecated)
		return;
	f->args =
		argument(a, "includeDeprecated", m->flag, INPUT_IS_DEPRECATED);
	f->args->fallback = STR("false");
	f->nargs = 1;
}

static void
make_values(struct arena *a, struct schema_type *t, const char *const *names,
	    size_t n)
{
	t->kind = KIND_ENUM;
	t->n = n;
	t->values = ARENA_ARRAY(a, struct schema_value, n);
	for (size_t i = 0; i < n; i++)
		t->values[i].name = str_of(names[i]);
}

static void
make_own(struct maker *m)
{
	struct schema *s = m->schema;
	struct arena *a = s->arena;

	m->own = ARENA_ARRAY(a, struct schema_type *, OWN_N);
	for (size_t i = 0; i < OWN_N; i++) {
		struct schema_type *t = ARENA_NEW(a, struct schema_type);

		t->kind = KIND_OBJECT;
		t->name = str_of(own_types[i].name);
		t->description = str_of(own_types[i].description);
		s->types[s->ntypes++] = m->own[i] = t;
	}
	make_values(a, m->own[OWN_KIND], kinds,
		    sizeof(kinds) / sizeof(kinds[0]));
	make_values(a, m->own[OWN_LOCATION], locations,
		    sizeof(locations) / sizeof(locations[0]));
	for (size_t i = 0; i < META_N; i++)
		make_field(m, (enum meta)i);
}

static struct schema_field *
make_meta(struct maker *m, const char *name, const struct schema_type *type,
	  enum schema_meaning meaning)
{
	struct schema_field *f =
		ARENA_NEW(m->schema->arena, struct schema_field);

	f->name = str_of(name);
	f->type = type;
	f->meaning = meaning;
	return f;
}

static void
make_meta_fields(struct maker *m)
{
	struct schema *s = m->schema;
	struct arena *a = s->arena;
	const struct schema_type *text = schema_non_null(a, m->text);
	struct schema_field *by_name;

	by_name = make_meta(m, "__type", m->own[OWN_TYPE], FIELD_IS_TYPE);
	by_name->args = argument(a, "name", text, INPUT_IS_NAME);
	by_name->nargs = 1;
	s->meta_type = by_name;
	s->meta_schema =
		make_meta(m, "__schema", schema_non_null(a, m->own[OWN_SCHEMA]),
			  FIELD_IS_SCHEMA);
	s->meta_typename = make_meta(m, "__typename", text, FIELD_IS_TYPENAME);
}

/* ---- directives (GraphQL §3.13) ---- */

static const char *const selections[] = {"FIELD", "FRAGMENT_SPREAD",
					 "INLINE_FRAGMENT", NULL};
static const char *const definitions[] = {
	"FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION",
	"ENUM_VALUE", NULL};
static const char *const scalars[] = {"SCALAR", NULL};
static const char *const objects[] = {"INPUT_OBJECT", NULL};

/* The argument's type is a flag, or else a text. */
static const struct {
	const char *name, *description, *argument, *fallback;
	bool flag, required;
	const char *const *locations;
} directives[] = {
	{"include",	    "Keep this only if the argument is true.",	       "if",  NULL,			   true,
	 true,													     selections },
	{"skip",	 "Leave this out if the argument is true.",	    "if",  NULL,			true,
	 true,													     selections },
	{"deprecated",  "One should do without it, for the reason given.",
	 "reason",								"\"No longer supported\"", false, false, definitions},
	{"specifiedBy", "Where the form of the values is written down.",	 "url",
	 NULL,											       false, true,  scalars	   },
	{"oneOf",	  "Exactly one member of the object must be given.", NULL,  NULL,
	 false,												     false, objects    },
};

enum { DIRECTIVES = sizeof(directives) / sizeof(directives[0]) };

static void
make_argument(struct maker *m, struct schema_directive *d, size_t i)
{
	struct arena *a = m->schema->arena;
	const struct schema_type *type = directives[i].flag ? m->flag : m->text;

	if (directives[i].required)
		type = schema_non_null(a, type);
	d->args = argument(a, directives[i].argument, type, INPUT_IS_IF);
	d->args->fallback = str_of(directives[i].fallback);
	d->nargs = 1;
}

static void
make_directives(struct maker *m)
{
	struct schema *s = m->schema;

	s->directives =
		ARENA_ARRAY(s->arena, struct schema_directive, DIRECTIVES);
	for (size_t i = 0; i < DIRECTIVES; i++) {
		struct schema_directive *d = &s->directives[s->ndirectives++];

		d->name = str_of(directives[i].name);
		d->description = str_of(directives[i].description);
		d->locations = directives[i].locations;
		if (directives[i].argument)
			make_argument(m, d, i);
	}
}

void
introspect_extend(struct schema *s)
{
	struct maker m = {.schema = s};
	struct schema_type **types = ARENA_ARRAY(s->arena, struct schema_type *,
						 s->ntypes + OWN_N + 2);

	if (s->ntypes)
		memcpy(types, s->types, s->ntypes * sizeof(*types));
	s->types = types;
	m.text = find_scalar(s, STR("String"), SCALAR_STRING);
	m.flag = find_scalar(s, STR("Boolean"), SCALAR_BOOLEAN);
	make_own(&m);
	make_meta_fields(&m);
	make_directives(&m);
}
