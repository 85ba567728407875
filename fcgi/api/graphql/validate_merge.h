/*
 * Selection sets as validate_merge.c compares them: fields by their name in
 * the answer, inline fragments opened, spreads kept aside.
 */
#ifndef POSTERN_API_GRAPHQL_VALIDATE_MERGE_H
#define POSTERN_API_GRAPHQL_VALIDATE_MERGE_H

#include "api/graphql/validate_rules.h"

/* A field as it is selected somewhere. */
struct merge_detail {
	struct merge_detail *next; /* with the same name in the answer */
	const struct selection *node;
	const struct schema_type *parent; /* an object type, or NULL */
	const struct schema_field *def;	  /* NULL also for meta fields */
	size_t nargs;
	struct str args; /* all of them as text; p is NULL: not yet made */
	struct merge_set *below; /* its selections; NULL: not yet collected */
};

struct merge_group {
	struct merge_group *next;
	struct str key; /* the name in the answer */
	struct merge_detail *first, **end;
};

/* What a selection set selects, and the fragments that it spreads. */
struct merge_set {
	struct merge_group *first, **end;
	struct validate_map by_key;
	struct validate_part **spreads;
	size_t nspreads, room;
};

/* The set that begins with `first`, collected once for a type, of any kind. */
struct merge_set *
validate_merge_collect(struct validate *v, const struct schema_type *parent,
		       const struct selection *first);
struct merge_set *
validate_merge_collect_part(struct validate *v, struct validate_part *part);

struct merge_set *
validate_merge_below(struct validate *v, struct merge_detail *d);

/* The type that is around the selections of an inline fragment. */
const struct schema_type *
validate_merge_inline(const struct validate *v, const struct selection *node,
		      const struct schema_type *parent);

#endif
