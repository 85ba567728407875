/*
 * What the parts of standard.c work with.
 *
 * Names come first and are made of the whole model, so that they are the same
 * for every role; then each table is looked at with the eyes of the role.
 * Last come the types, in two steps: all of those that there will be, empty,
 * and then their members, which refer to each other.
 */
#ifndef POSTERN_API_GRAPHQL_STANDARD_BUILD_H
#define POSTERN_API_GRAPHQL_STANDARD_BUILD_H

#include "api/graphql/schema.h"
#include "base/conf.h"

/* ---- names ---- */

/* Names that are taken in one place; start with the arena alone. */
struct names {
	struct arena *arena;
	struct str *slots; /* a hash table, at most half full */
	size_t n, size;
};

/* Take the name, or that name with the first free number behind it: 2, ... */
struct str standard_take(struct names *taken, struct str name);

/* What GraphQL takes for a name, as GRAPHQL.md describes it. */
struct str standard_name(struct arena *a, struct str text);
/* ... in camelCase, of words between '_'. */
struct str standard_camel(struct arena *a, struct str text);
/* ... with a capital letter at its head. */
struct str standard_pascal(struct arena *a, struct str text);
/* More than one of it: artist_tag as artist_tags. */
struct str standard_plural(struct arena *a, struct str name);
/* Of a choice, as spec.md §4.10 has it. */
struct str standard_choice(struct arena *a, struct str text);

/* ---- tables ---- */

/* The types that a table makes, other than its own and its enums. */
enum made {
	MADE_WHERE,
	MADE_ORDER,
	MADE_KEY,
	MADE_INPUT,
	MADE_UPDATE_INPUT,
	MADE_ITEM_INSERT,
	MADE_ITEM_UPDATE,
	MADE_LIST_UPDATE,
	MADE_INSERT,
	MADE_UPDATE,
	MADE_DELETE,
	MADE_RESULT,
	MADE_GROUP,
	MADE_SUM,
	MADE_AVG,
	MADE_MIN,
	MADE_MAX,
	MADE_COUNT,
	MADE_N
};

/* The fields of the roots that a table makes. */
enum root {
	ROOT_BY_PK,
	ROOT_MANY,
	ROOT_AGGREGATE,
	ROOT_INSERT,
	ROOT_UPDATE,
	ROOT_DELETE,
	ROOT_N
};

/* What the role may do with a column. */
enum use { USE_READ = 1, USE_INSERT = 2, USE_UPDATE = 4 };

struct thing;

/* A way to other rows, as clients see it. */
struct way {
	struct str name;
	struct relation relation;
	const struct fkey *via;	     /* of a link table, from it onwards */
	enum schema_meaning meaning; /* FIELD_IS_TO_... */
	struct thing *to;
};

struct spot { /* of a column */
	struct str name;
	struct str enum_name, predicate_name; /* of a choice; else empty */
	int use;			      /* bits of enum use */
	struct schema_type *type, *predicate; /* enum types, once made */
	size_t scalar; /* which one, counted from 1; 0: not known yet */
};

/* A table, and all that is made of it. */
struct thing {
	const struct table *table;
	struct str name; /* of its type */
	struct str names[MADE_N], roots[ROOT_N];
	struct spot *spots; /* one for each column */
	struct way *ways;   /* to one, from others, through link tables */
	size_t nways;
	bool readable, creatable, updatable, deletable; /* by any role */
	bool keyed; /* one row can be named and looked up */
	bool has_input, has_update_input;
	struct schema_type *object, *made[MADE_N];
	struct schema_input *list_args; /* of all lists of it, once made */
	size_t nlist_args;
};

enum { STANDARD_SCALARS = 13 };

struct builder {
	struct arena *arena;
	const struct conf *conf;
	const struct model *model;
	uint32_t role;
	struct schema *schema;
	size_t max_types;
	struct names types;
	struct thing *things; /* one for each table of the model */
	/* Made when first asked for. */
	struct schema_type *scalars[STANDARD_SCALARS];
	struct schema_type *predicates[STANDARD_SCALARS];
	struct schema_type *list_predicates[STANDARD_SCALARS];
	struct schema_type *null_predicate, *direction, *strategy, *tag_map;
};

/* ---- standard_names.c, standard_ways.c ---- */

/* Fill in the things: names and ways, whatever the role. */
void standard_names(struct builder *b);
/* ... the names of types that no table makes. */
void standard_own_types(struct builder *b);
/* ... those that begin with no prefix, whatever it is. */
void standard_bare_types(struct names *taken);
/* ... the ways of one, whose names are taken in the same scope. */
void standard_ways(struct builder *b, struct thing *t, struct names *taken);

struct str standard_link(const struct fkey *f);

/* The thing of a table. */
struct thing *standard_thing(struct builder *b, const struct table *t);

/* Is the column part of any foreign key? */
bool standard_in_fkey(const struct table *t, const struct column *c);

/* May the role use each column of the key, at both ends or at the near one? */
bool standard_joins(struct builder *b, const struct fkey *f);
bool standard_links(struct builder *b, const struct fkey *f, int use);

/* ---- types and members ---- */

/* The name with the prefix: of types that no table makes, of root fields. */
struct str standard_prefixed(struct builder *b, struct str name);

/* A new named type, part of the schema. */
struct schema_type *
standard_type(struct builder *b, enum schema_kind kind, struct str name);
struct schema_type *standard_add(struct builder *b, struct schema_type *t);

/* Append a member; the arrays are made by the first one, with `max` places. */
struct schema_field *
standard_field(struct builder *b, struct schema_type *t, size_t max);
struct schema_input *
standard_input(struct builder *b, struct schema_type *t, size_t max);

/* ---- standard_scalars.c ---- */

/* The built-in types "Int", "Boolean", ... */
const struct schema_type *standard_scalar(struct builder *b, const char *name);

/* A column's type, nullable: a scalar, an enum, or a list of either. */
const struct schema_type *
standard_column(struct builder *b, struct thing *t, const struct column *c);

/* The input type by which rows are found by the column. */
const struct schema_type *
standard_predicate(struct builder *b, struct thing *t, const struct column *c);

/* Can Postgres sort by it, and group?  Can it take the least of many? */
bool standard_sorts(const struct column *c);
bool standard_is_ordered(const struct column *c);

/* What the sum of a column is, or NULL where there is none. */
const struct schema_type *
standard_sum(struct builder *b, struct thing *t, const struct column *c);

/* ---- standard_objects.c, standard_inputs.c, standard_roots.c ---- */

/* First the types that a table makes, empty; then their members. */
void standard_objects(struct builder *b, struct thing *t);
void standard_object_fields(struct builder *b, struct thing *t);

void standard_inputs(struct builder *b, struct thing *t);
void standard_input_members(struct builder *b, struct thing *t);
/* ... and which of the inputs have any. */
void standard_inputs_find(struct builder *b);

/* The arguments of a list: where, orderBy, limit, offset, distinct. */
void
standard_list_args(struct builder *b, struct thing *t, struct schema_field *f);

/* The type of a primary key: of its column, or an object of them. */
const struct schema_type *standard_key(struct builder *b, struct thing *t);

/* QueryRoot and MutationRoot, and what mutations answer. */
void standard_roots(struct builder *b);

#endif
