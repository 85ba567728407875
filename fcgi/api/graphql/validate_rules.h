/*
 * What the files of the validator share (validate.h is for everyone else).
 *
 * validate.c indexes the document and calls the rules; validate_fields walks
 * the selections with their types and validate_values the literals below
 * them, which notes where variables are used; then come the rules that look
 * across definitions: validate_fragments, validate_variables, validate_merge.
 * Recursion follows the nesting of the source, which the parser has bounded,
 * or counts itself.
 */
#ifndef POSTERN_API_GRAPHQL_VALIDATE_RULES_H
#define POSTERN_API_GRAPHQL_VALIDATE_RULES_H

#include "api/graphql/validate.h"

/* A map from bytes to pointers, in an arena. */
struct validate_map {
	struct arena *arena;
	struct validate_slot *slots;
	size_t size, n;
};

/* What is kept for a key: room that begins as NULL.  The key is not copied. */
void **validate_map_at(struct validate_map *m, struct str key);

/* What is kept, or NULL. */
void *validate_map_get(const struct validate_map *m, struct str key);

/* A map from two pointers, in this order, the first one not NULL. */
struct validate_pairs {
	struct arena *arena;
	struct validate_pair *slots;
	size_t size, n;
};

void **
validate_map_pair(struct validate_pairs *m, const void *x, const void *y);

/* A variable in a place that wants a type. */
struct validate_usage {
	struct validate_usage *next;
	const struct value *node;
	const struct schema_type *type;	  /* NULL: the place is unknown */
	const struct schema_type *parent; /* the input object around it */
	bool has_default;		  /* the place has one */
};

/* A spread, as a list of them. */
struct validate_spread {
	const struct selection *node;
	struct validate_part *to; /* NULL: no such fragment */
};

/* An operation or a fragment, and what the walk finds in it. */
struct validate_part {
	struct operation *operation; /* or ... */
	const struct fragment *fragment;
	size_t index;
	const struct schema_type *on; /* of a fragment: NULL, or any type */
	struct validate_spread *spreads;
	size_t nspreads;
	struct validate_usage *usages, **end;
	size_t nusages;
	/* Of a fragment; where several have a name, the last one has these. */
	unsigned seen; /* the number of the last search that came here */
	size_t step;   /* of the path that is being followed, from 1; 0: none */
	bool followed; /* in search of cycles */
	bool used;     /* by an operation */
	struct merge_set *set; /* what it selects; NULL: not yet collected */
};

struct validate {
	struct arena *arena;
	const struct schema *schema;
	struct document *doc;
	bool hints;
	struct faults *faults;
	bool done; /* the list of faults is full, or too much was asked */
	struct validate_part *operations, *fragments;
	struct validate_map
		by_name; /* parts of fragments, the last of a name */
	struct validate_part **reached; /* validate_reach()'s */
	unsigned searches;
	size_t work;	    /* what following fragments may still cost */
	struct str *types;  /* names of all, for hints; NULL: not yet needed */
	unsigned depth;	    /* of the comparison of fields */
	size_t comparisons; /* how many may still be made */
	struct validate_pairs collected, pairs, spread; /* validate_merge's */
};

/* Add a fault: VALIDATE_FAULT(v, at, nat, format, ...).  `v` is a variable. */
#define VALIDATE_FAULT(v, ...)                            \
	do {                                              \
		if (!fault_add((v)->faults, __VA_ARGS__)) \
			(v)->done = true;                 \
	} while (0)

/* Say that the rest was not looked at, and do not. */
void validate_abort(struct validate *v);

/* The fragment of that name, or NULL. */
struct validate_part *
validate_fragment(const struct validate *v, struct str name);

/* The type as the parent of selections: an object, or NULL for unknown. */
const struct schema_type *validate_parent(const struct schema_type *type);

/* Texts in the arena: of a type, of a type in the source, of a literal. */
struct str
validate_type_text(struct validate *v, const struct schema_type *type);
struct str validate_node_text(struct validate *v, const struct type_node *node);
struct str validate_value_text(struct validate *v, const struct value *value);

/* Of a literal again, equal for equal values: objects in one order. */
void validate_value_same(struct validate *v, struct buf *b,
			 const struct value *value);

/* Names to choose from: `n` things of `size` bytes that begin with one. */
struct validate_names {
	const void *all;
	size_t n, size;
};

/*
 * ` Did you mean "x" or "y"?`, or nothing when no name is near `input` or
 * there shall be no hints.  `lead` precedes the names: "the enum value ".
 */
struct str validate_hint(struct validate *v, const char *lead, struct str input,
			 struct validate_names names);

/* `Unknown type "X".`, with a hint. */
void validate_unknown_type(struct validate *v, struct str name, uint32_t at);

/* Where a value stands. */
struct validate_place {
	struct validate_part *part;	  /* NULL: no variables in here */
	const struct schema_type *type;	  /* NULL: unknown */
	const struct schema_type *parent; /* what it is a part of */
	bool has_default;
	bool unchecked; /* inside something that has been judged already */
};

/* Judge a literal and note its variables. */
void validate_value(struct validate *v, const struct value *value,
		    struct validate_place place);

/* Directives at a location; `field` is the one that they are in, or NULL. */
struct validate_directives {
	struct validate_part *part;
	const struct directive *first;
	const char *location;
	const struct schema_field *field;
};

void validate_directives(struct validate *v, struct validate_directives d);

/* Arguments of a field or a directive. */
struct validate_arguments {
	struct validate_part *part;
	const struct argument *first;
	const struct schema_input *defs; /* that values are judged by */
	size_t ndefs;
	struct str type; /* that the field is on; empty: of a directive */
	struct str name; /* whose they are; empty: it does not exist */
	uint32_t at;
};

/* None unknown, missing or there twice, values of the right type. */
void validate_arguments(struct validate *v, struct validate_arguments args);

/* The selections of an operation or a fragment, with their types. */
void validate_fields(struct validate *v, struct validate_part *part);

/* The definitions of an operation's variables. */
void validate_definitions(struct validate *v, struct operation *op);

/*
 * The fragments that are spread in a part and in each other from there, once
 * each, as an array in the arena.
 */
size_t validate_reach(struct validate *v, const struct validate_part *part,
		      struct validate_part ***ret);

/* Find the spreads of a part, of its nested selections too. */
void validate_spreads(struct validate *v, struct validate_part *part);

/* Across definitions: uses of variables, spreads, fields that merge. */
void validate_usages(struct validate *v, struct validate_part *part);
void validate_fragments(struct validate *v);
void validate_merge(struct validate *v);

#endif
