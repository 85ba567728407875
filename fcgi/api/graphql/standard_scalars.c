#include "api/graphql/standard.h"
#include "api/graphql/standard_build.h"
#include "core/relation.h"
#include "core/type.h"

/* ---- which scalars there are ---- */

#define KIND(kind) (1u << TYPE_##kind)

enum {
	WHOLE = KIND(INT),
	NUMBER = WHOLE | KIND(FLOAT) | KIND(NUMERIC),
	MOMENT = KIND(TIMESTAMP) | KIND(INSTANT),
	/* What is compared letter by letter when it is a key. */
	NAME = WHOLE | KIND(NUMERIC) | KIND(TEXT) | KIND(UUID) | KIND(OTHER),
	WORD = NAME | NUMBER | MOMENT | KIND(BOOL) | KIND(DATE) | KIND(ENUM),
};

/* `kinds` are the types that a setting or a tag may give the scalar to. */
static const struct {
	const char *name;
	enum schema_scalar scalar;
	unsigned kinds;
	const char *description, *url;
} rows[STANDARD_SCALARS] = {
	{"Int",		SCALAR_INT,	    WHOLE,		   "A whole number of 32 bits.",	 NULL				     },
	{"Float",	  SCALAR_FLOAT,	NUMBER,
	 "A number, answered with all of its digits.",					       NULL					   },
	{"String",	   SCALAR_STRING,  WORD,			"A text.",			   NULL				       },
	{"Boolean",	    SCALAR_BOOLEAN, KIND(BOOL),		"`true` or `false`.",		      NULL					  },
	{"ID",	       SCALAR_ID,	  WORD,
	 "A key, answered as a string; taken as a string or a whole number.",			NULL				    },
	{"Date",		 SCALAR_TEXT,    KIND(DATE),		  "A day: `2021-01-31`.",
	 "https://www.rfc-editor.org/rfc/rfc3339"											    },
	{"DateTime",	     SCALAR_TEXT,	  MOMENT,
	 "A moment: `2021-01-31T23:59:59+00:00`; without its zone where the "
	 "database keeps none.",								     "https://www.rfc-editor.org/rfc/rfc3339"},
	{"Time",		 SCALAR_TEXT,    0,			 "A time of day: `23:59:59`.",
	 "https://www.rfc-editor.org/rfc/rfc3339"											    },
	{"BigInt",	   SCALAR_ID,      WHOLE | KIND(NUMERIC),
	 "A whole number of any size, answered as a string; taken as a string "
	 "or a whole number.",								       NULL				    },
	{"UUID",		 SCALAR_TEXT,    KIND(UUID),		  "A UUID in hexadecimal.",
	 "https://www.rfc-editor.org/rfc/rfc9562"											    },
	{"JSON",		 SCALAR_JSON,    KIND(JSON),		  "Any JSON value.",
	 "https://www.rfc-editor.org/rfc/rfc8259"											    },
	{"Bytes",	  SCALAR_TEXT,    0,			  "Bytes in hexadecimal: `\\xc0de`.", NULL					  },
	{"GenericScalar", SCALAR_JSON,    0,			  "Any JSON value.",
	 "https://www.rfc-editor.org/rfc/rfc8259"											    },
};

static const char *const by_kind[] = {
	[TYPE_TEXT] = "String",	     [TYPE_BOOL] = "Boolean",
	[TYPE_INT] = "Int",	     [TYPE_FLOAT] = "Float",
	[TYPE_NUMERIC] = "Float",    [TYPE_UUID] = "UUID",
	[TYPE_DATE] = "Date",	     [TYPE_TIMESTAMP] = "DateTime",
	[TYPE_INSTANT] = "DateTime", [TYPE_JSON] = "JSON",
	[TYPE_ENUM] = "String",	     [TYPE_ARRAY] = "String",
	[TYPE_OTHER] = "String",
};

/* Types that their kind alone does not tell. */
static const struct {
	const char *base, *name;
} by_base[] = {
	{"int8",	 "BigInt"},
	{"time",	 "Time"  },
	{"timetz", "Time"	 },
	{"bytea",  "Bytes" },
};

/* What people call types that the catalogue calls otherwise. */
static const struct {
	const char *name, *base;
} aliases[] = {
	{"bigint",   "int8"	 },
	{"integer",  "int4"	  },
	     {"int",	     "int4"   },
	{"smallint", "int2"   },
	{"real",	 "float4" },
	     {"double",	"float8" },
	{"decimal",  "numeric"},
	{"boolean",  "bool"	  },
	     {"char",     "bpchar" },
};

static size_t
find_row(struct str name)
{
	size_t i = 0;

	while (i < STANDARD_SCALARS && !str_eq(name, str_of(rows[i].name)))
		i++;
	return i;
}

static struct schema_type *
make(struct builder *b, size_t i)
{
	struct schema_type *t;

	if (b->scalars[i])
		return b->scalars[i];
	t = standard_type(b, KIND_SCALAR, str_of(rows[i].name));
	t->scalar = rows[i].scalar;
	t->description = str_of(rows[i].description);
	t->specified_by = str_of(rows[i].url);
	return b->scalars[i] = t;
}

const struct schema_type *
standard_scalar(struct builder *b, const char *name)
{
	return make(b, find_row(str_of(name)));
}

/* ---- which one a column has ---- */

static struct str
base_of(struct str name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (str_eq(name, str_of(aliases[i].name)))
			return str_of(aliases[i].base);
	return name;
}

/* The scalar that POSTERN_GRAPHQL_SCALARS gives to `what`, or empty. */
static struct str
setting(const struct builder *b, struct str what)
{
	struct str rest = str_of(b->conf->graphql_scalars);

	while (rest.n) {
		struct str scalar = str_cut(&rest, ' ');
		struct str name = str_cut(&scalar, '=');

		if (name.n && str_eq(base_of(name), what))
			return scalar;
	}
	return STR("");
}

bool
standard_are_scalars(struct str text)
{
	while (text.n) {
		struct str scalar = str_cut(&text, ' ');
		struct str name = str_cut(&scalar, '=');
		size_t i = find_row(scalar);

		if (!name.n && !scalar.n)
			continue;
		if (!name.n || i == STANDARD_SCALARS || !rows[i].kinds)
			return false;
	}
	return true;
}

/* The row of that name, if such a column can be written in it. */
static bool
fits(struct str name, const struct column *c, size_t *ret)
{
	size_t i = find_row(name);

	if (i == STANDARD_SCALARS || !(rows[i].kinds & 1u << c->element->kind))
		return false;
	*ret = i;
	return true;
}

static bool
is_id(const struct column *c, const struct table *t)
{
	return (1u << c->element->kind & NAME) && c->type == c->element &&
	       (relation_in_primary(t, c) || standard_in_fkey(t, c));
}

static size_t
default_row(const struct column *c)
{
	for (size_t i = 0; i < sizeof(by_base) / sizeof(by_base[0]); i++)
		if (str_eq(c->base, str_of(by_base[i].base)))
			return find_row(str_of(by_base[i].name));
	return find_row(str_of(by_kind[c->element->kind]));
}

/* A tag decides, then a setting, then what it is: a key or its type. */
static size_t
choose(struct builder *b, const struct table *t, const struct column *c)
{
	bool id = is_id(c, t);
	size_t i;

	if (fits(c->scalar, c, &i) ||
	    fits(setting(b, id ? STR("key") : c->base), c, &i))
		return i;
	return id ? find_row(STR("ID")) : default_row(c);
}

static size_t
scalar_of(struct builder *b, struct thing *t, const struct column *c)
{
	size_t *known = &t->spots[c->index].scalar;

	if (!*known)
		*known = choose(b, t->table, c) + 1;
	return *known - 1;
}

/* ---- choices ---- */

static bool
is_enum(const struct thing *t, const struct column *c)
{
	size_t i;

	return t->spots[c->index].enum_name.n && !fits(c->scalar, c, &i);
}

static struct schema_type *
make_enum(struct builder *b, struct thing *t, const struct column *c)
{
	struct spot *spot = &t->spots[c->index];
	const struct str *texts = c->nlabels ? c->labels : c->choices;
	struct names taken = {.arena = b->arena};
	struct schema_type *type;

	if (spot->type)
		return spot->type;
	type = standard_type(b, KIND_ENUM, spot->enum_name);
	type->table = t->table;
	type->n = c->nlabels ? c->nlabels : c->nchoices;
	type->values = ARENA_ARRAY(b->arena, struct schema_value, type->n);
	for (size_t i = 0; i < type->n; i++) {
		struct str name = standard_choice(b->arena, texts[i]);

		type->values[i].name = standard_take(&taken, name);
		type->values[i].value = texts[i];
	}
	return spot->type = type;
}

const struct schema_type *
standard_column(struct builder *b, struct thing *t, const struct column *c)
{
	const struct schema_type *type = is_enum(t, c)
						 ? make_enum(b, t, c)
						 : make(b, scalar_of(b, t, c));

	return c->type->kind == TYPE_ARRAY ? schema_list(b->arena, type) : type;
}

/* ---- what can be done with columns ---- */

static bool
is_one_of(struct str base, const char *const *names)
{
	for (; *names; names++)
		if (str_eq(base, str_of(*names)))
			return true;
	return false;
}

bool
standard_sorts(const struct column *c)
{
	static const char *const cannot[] = {
		"json",	    "xml",	   "point",	    "line",
		"lseg",	    "box",	   "path",	    "polygon",
		"circle",   "xid",	   "cid",	    "aclitem",
		"jsonpath", "pg_snapshot", "txid_snapshot", "refcursor",
		NULL};

	return !is_one_of(c->base, cannot);
}

bool
standard_is_ordered(const struct column *c)
{
	static const char *const others[] = {"time", "timetz", "interval",
					     "inet", NULL};
	const unsigned kinds =
		KIND(TEXT) | NUMBER | MOMENT | KIND(DATE) | KIND(ENUM);

	return (1u << c->type->kind & kinds) ||
	       (c->type->kind == TYPE_OTHER && is_one_of(c->base, others));
}

const struct schema_type *
standard_sum(struct builder *b, struct thing *t, const struct column *c)
{
	const struct schema_type *type;

	if (!(1u << c->type->kind & NUMBER))
		return NULL;
	type = standard_column(b, t, c);
	if (type->scalar == SCALAR_INT || type->scalar == SCALAR_FLOAT)
		return standard_scalar(b, "Float");
	return str_eq(type->name, STR("BigInt")) ? type : NULL;
}

/* ---- predicates ---- */

enum family { OF_SCALAR = 1, OF_ENUM = 2, OF_LIST = 4, OF_ANY = 8 };

static const struct {
	const char *name;
	enum plan_cmp cmp;
	int families;
	const char *description;
} operators[] = {
	{"_eq",	CMP_EQ,	OF_SCALAR | OF_ENUM | OF_LIST,
	 "It is this; null: it is null."								},
	{"_neq",	 CMP_NEQ,	  OF_SCALAR | OF_ENUM | OF_LIST,
	 "It is something else, or null."							       },
	{"_gt",	CMP_GT,	OF_SCALAR,				   "It is greater."		   },
	{"_gte",	 CMP_GTE,	  OF_SCALAR,				     "It is at least this."	   },
	{"_lt",	CMP_LT,	OF_SCALAR,				   "It is less."			},
	{"_lte",	 CMP_LTE,	  OF_SCALAR,				     "It is at most this."	  },
	{"_in",	CMP_IN,	OF_SCALAR | OF_ENUM,		     "It is one of these."	  },
	{"_nin",	 CMP_NOT_IN,  OF_SCALAR | OF_ENUM,			  "It is none of these."	},
	{"_is_null", CMP_IS_NULL, OF_SCALAR | OF_ENUM | OF_LIST | OF_ANY,
	 "It is null, or with false: it is not."							},
	{"_like",	  CMP_HAS,	   OF_SCALAR,
	 "Its text contains this; no character is special."						   },
	{"_ilike",   CMP_IHAS,    OF_SCALAR,				"The same, whatever the case."},
};

enum { OPERATORS = sizeof(operators) / sizeof(operators[0]) };

/* What an operator of a column of that type takes. */
static const struct schema_type *
operand(struct builder *b, size_t i, const struct schema_type *of)
{
	if (operators[i].cmp == CMP_IS_NULL)
		return standard_scalar(b, "Boolean");
	if (operators[i].cmp == CMP_IN || operators[i].cmp == CMP_NOT_IN)
		return schema_list(b->arena, of);
	return of;
}

static struct schema_type *
make_predicate(struct builder *b, struct str name, enum family family,
	       const struct schema_type *of)
{
	struct schema_type *t = standard_type(b, KIND_INPUT, name);

	t->description = STR("What a column is held against, all of it.");
	for (size_t i = 0; i < OPERATORS; i++) {
		struct schema_input *in;

		if (!(operators[i].families & (int)family))
			continue;
		in = standard_input(b, t, OPERATORS);
		in->name = str_of(operators[i].name);
		in->description = str_of(operators[i].description);
		in->type = operand(b, i, of);
		in->meaning = INPUT_IS_TEST;
		in->cmp = operators[i].cmp;
	}
	return t;
}

static struct schema_type *
enum_predicate(struct builder *b, struct thing *t, const struct column *c)
{
	struct spot *spot = &t->spots[c->index];
	enum family family = c->type == c->element ? OF_ENUM : OF_LIST;

	if (!spot->predicate)
		spot->predicate =
			make_predicate(b, spot->predicate_name, family,
				       standard_column(b, t, c));
	return spot->predicate;
}

static struct schema_type *
scalar_predicate(struct builder *b, struct thing *t, const struct column *c)
{
	size_t i = scalar_of(b, t, c);
	bool list = c->type != c->element;
	struct schema_type **made =
		list ? &b->list_predicates[i] : &b->predicates[i];
	struct str name = arena_printf(b->arena, "%sWherePredicate%s%s",
				       b->conf->graphql_prefix, rows[i].name,
				       list ? "List" : "");

	if (!*made)
		*made = make_predicate(b, name,
				       list || rows[i].scalar == SCALAR_JSON
					       ? OF_LIST
					       : OF_SCALAR,
				       standard_column(b, t, c));
	return *made;
}

const struct schema_type *
standard_predicate(struct builder *b, struct thing *t, const struct column *c)
{
	if (!standard_sorts(c)) {
		if (!b->null_predicate)
			b->null_predicate = make_predicate(
				b,
				standard_prefixed(b, STR("WherePredicateNull")),
				OF_ANY, NULL);
		return b->null_predicate;
	}
	return is_enum(t, c) ? enum_predicate(b, t, c)
			     : scalar_predicate(b, t, c);
}

/* ---- names that no table may take ---- */

void
standard_bare_types(struct names *taken)
{
	standard_take(taken, STR("QueryRoot"));
	standard_take(taken, STR("MutationRoot"));
	for (size_t i = 0; i < STANDARD_SCALARS; i++)
		standard_take(taken, str_of(rows[i].name));
}

void
standard_own_types(struct builder *b)
{
	static const char *const own[] = {"SortDirection", "UpdateStrategy",
					  "TagPrimaryKeyMutationMap",
					  "WherePredicateNull"};
	struct arena *a = b->arena;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		standard_take(&b->types, str_of(own[i]));
	standard_bare_types(&b->types);
	for (size_t i = 0; i < STANDARD_SCALARS; i++) {
		const char *name = rows[i].name;

		standard_take(&b->types,
			      arena_printf(a, "WherePredicate%s", name));
		standard_take(&b->types,
			      arena_printf(a, "WherePredicate%sList", name));
	}
}
