/*
 * An executable GraphQL document, as parsed (GraphQL §2).
 *
 * Nodes live in the arena that parse_document() was given and point into the
 * source, which must live as long.  Lists are linked, in the order of the
 * source.  `at` is the byte offset at which a node begins, where the
 * reference implementation would put its location.
 */
#ifndef POSTERN_API_GRAPHQL_DOCUMENT_H
#define POSTERN_API_GRAPHQL_DOCUMENT_H

#include "base/arena.h"

struct schema_type;
struct schema_field;

enum value_kind {
	VALUE_NULL,
	VALUE_VARIABLE,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_STRING,
	VALUE_BOOLEAN,
	VALUE_ENUM,
	VALUE_LIST,
	VALUE_OBJECT
};

/*
 * A value: a literal of a document, or what a request gave for a variable.
 * Once coerced (coerce.h) there are no variables left in it.
 */
struct value {
	struct value *next; /* in the list or object that it is in */
	enum value_kind kind;
	uint32_t at;
	struct str name; /* of the member that it is; empty elsewhere */
	uint32_t name_at;
	struct str text;     /* number as written; string decoded; true, false;
				name of the enum value or variable */
	struct value *first; /* of a list or an object */
	size_t n;
};

struct argument {
	struct argument *next;
	uint32_t at;
	struct str name;
	struct value *value;
};

struct directive {
	struct directive *next;
	uint32_t at;
	struct str name;
	struct argument *arguments;
};

/* A reference to a type: a name, or a list of another. */
struct type_node {
	uint32_t at;
	bool non_null;
	struct str name;      /* empty: a list */
	struct type_node *of; /* of what */
};

enum selection_kind { SELECT_FIELD, SELECT_SPREAD, SELECT_INLINE };

struct selection {
	struct selection *next;
	enum selection_kind kind;
	uint32_t at;
	struct str name;  /* of the field or the fragment */
	uint32_t name_at; /* not the alias's; not that of the ... */
	struct str alias; /* of a field; empty: none */
	struct str on;	  /* type condition of an inline fragment, or empty */
	uint32_t on_at;
	struct argument *arguments;
	struct directive *directives;
	struct selection *selections; /* NULL: a leaf, or a spread */
	uint32_t selections_at;	      /* of their { */
	/* Set by validate(): the schema's field. */
	const struct schema_field *field;
};

enum operation_kind {
	OPERATION_QUERY,
	OPERATION_MUTATION,
	OPERATION_SUBSCRIPTION
};

struct variable {
	struct variable *next;
	uint32_t at; /* of the definition, which begins with the $ */
	struct str name;
	uint32_t name_at; /* behind the $ */
	struct type_node *type;
	struct value *fallback; /* the default; NULL: none */
	struct directive *directives;
	size_t index; /* in the operation */
	/* Set by validate(). */
	const struct schema_type *input;
};

struct operation {
	struct operation *next;
	enum operation_kind kind;
	uint32_t at;
	struct str name; /* empty: anonymous */
	uint32_t name_at;
	struct variable *variables;
	size_t nvariables;
	struct directive *directives;
	struct selection *selections;
};

struct fragment {
	struct fragment *next;
	uint32_t at;
	struct str name;
	uint32_t name_at;
	struct str on;
	uint32_t on_at;
	struct directive *directives;
	struct selection *selections;
};

struct document {
	struct str source;
	struct operation *operations;
	size_t noperations;
	struct fragment *fragments;
	size_t nfragments;
};

#endif
