/*
 * A GraphQL schema in memory: types, fields and arguments (GraphQL §3), and
 * what each of them means to the model.
 *
 * standard.c builds one per role from the model; another dialect would be
 * another builder.  What parses, validates, plans and introspects reads this
 * alone: names are the builder's, meanings are the compiler's.  A schema is
 * immutable, lives in an arena of its own and points into the model.
 * There are no interfaces and no unions.
 */
#ifndef POSTERN_API_GRAPHQL_SCHEMA_H
#define POSTERN_API_GRAPHQL_SCHEMA_H

#include "base/buf.h"
#include "core/plan.h"

enum schema_kind {
	KIND_SCALAR,
	KIND_OBJECT,
	KIND_ENUM,
	KIND_INPUT,
	KIND_LIST,
	KIND_NON_NULL
};

/* How a scalar's values are written by clients and answered to them. */
enum schema_scalar {
	SCALAR_NONE,
	SCALAR_INT,   /* 32 bits */
	SCALAR_FLOAT, /* a JSON number, with all of its digits */
	SCALAR_STRING,
	SCALAR_BOOLEAN,
	SCALAR_ID,   /* answered as a string; taken as string or integer */
	SCALAR_TEXT, /* custom: a string whose form its column checks */
	SCALAR_JSON, /* custom: any value, answered as it is */
};

/* What a field of an object type is made of. */
enum schema_meaning {
	/* of a table's row */
	FIELD_IS_COLUMN,    /* .column */
	FIELD_IS_TO_ONE,    /* .relation: the row that it names */
	FIELD_IS_TO_MANY,   /* .relation, and .via where a table links both */
	FIELD_IS_TO_SINGLE, /* .relation, from its other end, unique there */
	/* of the roots */
	FIELD_IS_BY_PK,	    /* .table */
	FIELD_IS_LIST,	    /* .table */
	FIELD_IS_AGGREGATE, /* .table: groups of rows */
	FIELD_IS_INSERT,    /* .table */
	FIELD_IS_UPDATE,    /* .table */
	FIELD_IS_DELETE,    /* .table */
	FIELD_IS_TEXT,	    /* .text: JSON that is always the same */
	FIELD_IS_SCHEMA,    /* __schema */
	FIELD_IS_TYPE,	    /* __type */
	FIELD_IS_TYPENAME,  /* __typename */
	/* of a mutation's result */
	FIELD_IS_SUCCESS,
	FIELD_IS_TAGS, /* pksToTags */
	FIELD_IS_TAG,
	FIELD_IS_TAG_PK,
	FIELD_IS_TAG_TYPE,
	FIELD_IS_FAULTS, /* validationErrors */
	FIELD_IS_RESULT, /* the row */
	/* of a group of rows */
	FIELD_IS_FUNCTION, /* .function: an object of columns */
	/* of the introspection types */
	FIELD_IS_META /* .meta, introspect.c's own */
};

/* What an argument or a member of an input object means. */
enum schema_input_meaning {
	INPUT_IS_PK, /* a value, or an object of key columns */
	INPUT_IS_WHERE,
	INPUT_IS_ORDER,
	INPUT_IS_LIMIT,
	INPUT_IS_OFFSET,
	INPUT_IS_DISTINCT,
	INPUT_IS_TAG,
	INPUT_IS_DATA,
	INPUT_IS_NAME,	     /* of __type(name:) */
	INPUT_IS_DEPRECATED, /* includeDeprecated */
	INPUT_IS_IF,	     /* of @include and @skip */
	/* of where */
	INPUT_IS_AND,
	INPUT_IS_OR,
	INPUT_IS_NOT,
	INPUT_IS_TEST,	   /* .cmp, below the column that it is about */
	INPUT_IS_COLUMN,   /* .column: in where, orderBy, data, a key */
	INPUT_IS_RELATION, /* .relation: in where; nested data */
	/* of nested lists */
	INPUT_IS_STRATEGY,
	INPUT_IS_ITEMS
};

struct schema_type;

struct schema_input {
	struct str name, description, deprecated; /* deprecated: the reason */
	const struct schema_type *type;
	struct str fallback; /* the default, as GraphQL text; empty: none */
	enum schema_input_meaning meaning;
	const struct column *column;
	struct relation relation;
	enum plan_cmp cmp; /* CMP_NOT_IN of _nin, CMP_HAS of _like */
};

struct schema_field {
	struct str name, description, deprecated;
	const struct schema_type *type;
	struct schema_input *args;
	size_t nargs;
	enum schema_meaning meaning;
	const struct table *table;
	const struct column *column;
	struct relation relation;
	const struct fkey *via;
	enum plan_function function;
	struct str text;
	int meta;
};

struct schema_value {
	struct str name, description, deprecated;
	struct str value; /* as Postgres has it */
};

struct schema_type {
	enum schema_kind kind;
	struct str name, description, specified_by;
	enum schema_scalar scalar;
	struct schema_field *fields; /* of an object */
	struct schema_input *inputs; /* of an input object */
	struct schema_value *values; /* of an enum */
	size_t n;		     /* fields, inputs or values */
	bool one_of;
	bool texts; /* of an enum: a string may name a value as well */
	const struct schema_type *of; /* of a list or a non-null */
	const struct table *table;    /* whose rows or inputs it is, or NULL */
	/* The same type wrapped, made by schema_list() and its like. */
	struct schema_type *list, *non_null;
	/* The names of the members in their order; made by schema_index(). */
	const struct str **sorted;
};

struct schema_directive {
	struct str name, description;
	const char *const *locations; /* ends with NULL */
	struct schema_input *args;
	size_t nargs;
};

struct schema {
	struct arena *arena;
	const struct model *model;
	uint32_t role;				    /* whose grants it shows */
	const struct schema_type *query, *mutation; /* mutation: or NULL */
	struct schema_type **types; /* named ones, in order of their names */
	size_t ntypes;
	struct schema_directive *directives;
	size_t ndirectives;
	/* The fields that are no members of any type: __schema, __type on the
	 * query root, __typename everywhere. */
	const struct schema_field *meta_schema, *meta_type, *meta_typename;
};

/*
 * What a builder calls last: sort the types and make the members of big types
 * quick to find.  No member may be added afterwards, nor moved.
 */
void schema_index(struct schema *s);

/* The named type, or NULL; of types that schema_index() has sorted. */
const struct schema_type *schema_type(const struct schema *s, struct str name);

/* The field that `name` selects on an object type, meta fields too, or NULL. */
const struct schema_field *
schema_field(const struct schema *s, const struct schema_type *type,
	     struct str name);

/* A member of an input object, a directive; or NULL. */
const struct schema_input *
schema_member(const struct schema_type *type, struct str name);
const struct schema_directive *
schema_directive(const struct schema *s, struct str name);

/* The value of an enum that clients call `name`, or NULL. */
const struct schema_value *
schema_value(const struct schema_type *type, struct str name);

/* Wrap a type; the same wrapper comes back for the same type. */
const struct schema_type *
schema_list(struct arena *a, const struct schema_type *of);
const struct schema_type *
schema_non_null(struct arena *a, const struct schema_type *of);

/* What is left when lists and non-nulls are taken off. */
const struct schema_type *schema_named(const struct schema_type *type);

/* Are they the same type, wrapped alike? */
bool schema_same(const struct schema_type *x, const struct schema_type *y);

/* "[User!]!" */
void schema_print_ref(struct buf *b, const struct schema_type *type);

#endif
