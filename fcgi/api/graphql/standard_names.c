#include "api/graphql/standard.h"
#include "api/graphql/standard_build.h"
#include "core/type.h"

/* What types are called that a table makes: around its own name. */
static const struct {
	const char *before, *behind;
} made_names[MADE_N] = {
	[MADE_WHERE] = {"Where",		 ""		   },
	[MADE_ORDER] = {"OrderBy",	   ""		     },
	[MADE_KEY] = {"",		  "PKInputType"    },
	[MADE_INPUT] = {"",		    "Input"	   },
	[MADE_UPDATE_INPUT] = {"",		   "UpdateInput"	},
	[MADE_ITEM_INSERT] = {"NestedItemInsert", ""		    },
	[MADE_ITEM_UPDATE] = {"NestedItemUpdate", ""		    },
	[MADE_LIST_UPDATE] = {"",		  "ListUpdateInput"},
	[MADE_INSERT] = {"Insert",	   ""		     },
	[MADE_UPDATE] = {"Update",	   ""		     },
	[MADE_DELETE] = {"Delete",	   ""		     },
	[MADE_RESULT] = {"",		     "AggregateResult"},
	[MADE_GROUP] = {"",		    "GroupBy"	     },
	[MADE_SUM] = {"",		  "Aggregate_sum"	 },
	[MADE_AVG] = {"",		  "Aggregate_avg"	 },
	[MADE_MIN] = {"",		  "Aggregate_min"	 },
	[MADE_MAX] = {"",		  "Aggregate_max"	 },
	[MADE_COUNT] = {"",		    "Aggregate_count"},
};

/* The same of root fields; `many` ends with an 's'. */
static const struct {
	const char *before, *behind;
	bool many;
} root_names[ROOT_N] = {
	[ROOT_BY_PK] = {"",	    "ByPk",	    false},
	[ROOT_MANY] = {"",	   "Many",	   true },
	[ROOT_AGGREGATE] = {"",	"Aggregate", true },
	[ROOT_INSERT] = {"insert", "",	       false},
	[ROOT_UPDATE] = {"update", "",	       false},
	[ROOT_DELETE] = {"delete", "",	       false},
};

/* Members of inputs and groups that are no columns. */
static const char *const own_members[] = {"_and", "_or",  "_not", "_sum",
					  "_avg", "_min", "_max", "_count"};

static void
take_all(struct names *taken, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		standard_take(taken, str_of(names[i]));
}

/* What a key's row is called, as words. */
struct str
standard_link(const struct fkey *f)
{
	struct str link = f->link;

	if (str_eq_nocase(link, STR("id")))
		return f->to->type;
	if (str_ends(link, STR("Id")))
		return str_sub(link, 0, link.n - 2);
	return link;
}

/* One that is called like the row that it names leaves it its name. */
static struct str
column_name(struct arena *a, const struct column *c)
{
	struct str name = standard_camel(a, c->name);

	if (!c->link || !str_eq(standard_link(c->link), c->name))
		return name;
	return arena_printf(a, "%.*sId", STR_FMT(name));
}

static bool
is_choice(const struct column *c)
{
	return c->nlabels || c->nchoices;
}

static void
name_enum(struct builder *b, struct thing *t, const struct column *c)
{
	struct arena *a = b->arena;
	struct spot *spot = &t->spots[c->index];
	struct str field = standard_pascal(a, spot->name);
	struct str name = arena_printf(a, "%.*s%.*sEnum", STR_FMT(t->name),
				       STR_FMT(field));

	spot->enum_name = standard_take(&b->types, name);
	name = arena_printf(a, "WherePredicate%.*s%s", STR_FMT(spot->enum_name),
			    c->type->kind == TYPE_ARRAY ? "List" : "");
	spot->predicate_name = standard_take(&b->types, name);
}

static void
name_members(struct builder *b, struct thing *t)
{
	const struct table *table = t->table;
	struct names taken = {.arena = b->arena};

	take_all(&taken, own_members,
		 sizeof(own_members) / sizeof(own_members[0]));
	t->spots = ARENA_ARRAY(b->arena, struct spot, table->ncolumns);
	for (size_t i = 0; i < table->ncolumns; i++) {
		const struct column *c = &table->columns[i];
		struct spot *spot = &t->spots[i];

		if (c->hidden)
			continue;
		spot->name = standard_take(&taken, column_name(b->arena, c));
		if (is_choice(c))
			name_enum(b, t, c);
	}
	standard_ways(b, t, &taken);
}

static void
name_types(struct builder *b, struct thing *t)
{
	for (size_t i = 0; i < MADE_N; i++)
		t->names[i] = standard_take(
			&b->types,
			arena_printf(b->arena, "%s%.*s%s", made_names[i].before,
				     STR_FMT(t->name), made_names[i].behind));
}

static void
name_roots(struct builder *b, struct thing *t, struct names *roots)
{
	for (size_t i = 0; i < ROOT_N; i++) {
		bool s = root_names[i].many && !str_ends(t->name, STR("s"));

		t->roots[i] = standard_take(
			roots,
			arena_printf(b->arena, "%s%.*s%s%s",
				     root_names[i].before, STR_FMT(t->name),
				     s ? "s" : "", root_names[i].behind));
	}
}

/* ---- the prefix ---- */

enum { PREFIX_MAX = 64 };

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* No '_' at its head: with one of a name's they would be GraphQL's own. */
bool
standard_is_prefix(struct str text)
{
	if (text.n > PREFIX_MAX || (text.n && !is_letter(text.p[0])))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!is_letter(text.p[i]) && text.p[i] != '_' &&
		    (text.p[i] < '0' || text.p[i] > '9'))
			return false;
	return true;
}

struct str
standard_prefixed(struct builder *b, struct str name)
{
	return arena_printf(b->arena, "%s%.*s", b->conf->graphql_prefix,
			    STR_FMT(name));
}

/* A prefix may make another type's name of one: "Big" and "Int". */
static void
prefix_type(struct builder *b, struct names *taken, struct str *name)
{
	if (name->n)
		*name = standard_take(taken, standard_prefixed(b, *name));
}

/*
 * The last step, so that names are the same but for the prefix, and it stands
 * before all of a name, not only before what a table is called.
 */
static void
prefix_all(struct builder *b)
{
	struct names taken = {.arena = b->arena};
	struct thing *end = b->things + b->model->ntables;

	standard_bare_types(&taken);
	for (struct thing *t = b->things; t < end; t++) {
		prefix_type(b, &taken, &t->name);
		for (size_t i = 0; i < MADE_N; i++)
			prefix_type(b, &taken, &t->names[i]);
		for (size_t i = 0; i < ROOT_N; i++)
			t->roots[i] = standard_prefixed(b, t->roots[i]);
		for (size_t i = 0; i < t->table->ncolumns; i++) {
			prefix_type(b, &taken, &t->spots[i].enum_name);
			prefix_type(b, &taken, &t->spots[i].predicate_name);
		}
	}
}

/* Types come first, so that none gives way to what another table makes. */
void
standard_names(struct builder *b)
{
	struct names roots = {.arena = b->arena};
	struct thing *end = b->things + b->model->ntables;

	standard_own_types(b);
	for (struct thing *t = b->things; t < end; t++)
		t->name = standard_take(
			&b->types, standard_name(b->arena, t->table->type));
	for (struct thing *t = b->things; t < end; t++) {
		name_types(b, t);
		name_roots(b, t, &roots);
		name_members(b, t);
	}
	if (b->conf->graphql_prefix[0])
		prefix_all(b);
}
