#include "api/graphql/standard_build.h"

/* ---- arguments ---- */

static struct schema_input *
add_argument(struct schema_field *f, struct str name,
	     const struct schema_type *type, enum schema_input_meaning meaning)
{
	struct schema_input *in = &f->args[f->nargs++];

	in->name = name;
	in->type = type;
	in->meaning = meaning;
	return in;
}

static void
add_pk(struct builder *b, struct thing *t, struct schema_field *f)
{
	struct schema_input *in = add_argument(
		f, STR("pk"), schema_non_null(b->arena, standard_key(b, t)),
		INPUT_IS_PK);

	in->description = STR("The key of the row.");
	if (t->table->primary->n == 1)
		in->column = t->table->primary->columns[0];
}

static void
add_tag(struct builder *b, struct schema_field *f)
{
	struct schema_input *in = add_argument(
		f, STR("tag"), standard_scalar(b, "String"), INPUT_IS_TAG);

	in->description = STR("By which `pksToTags` finds the row's key.");
}

static void
add_data(struct builder *b, struct schema_field *f, struct schema_type *data)
{
	if (data)
		add_argument(f, STR("data"), schema_non_null(b->arena, data),
			     INPUT_IS_DATA);
}

/* ---- what mutations answer ---- */

static struct schema_field *
add_field(struct builder *b, struct schema_type *t, const char *name,
	  const char *description)
{
	struct schema_field *f = standard_field(b, t, 4);

	f->name = str_of(name);
	f->description = str_of(description);
	f->table = t->table;
	return f;
}

static const struct schema_type *
tag_map(struct builder *b)
{
	static const struct {
		const char *name, *description;
		enum schema_meaning meaning;
	} rows[] = {
		{"tag",	"What the input called it.",    FIELD_IS_TAG	 },
		{"pk",   "Its key.",			   FIELD_IS_TAG_PK  },
		{"type", "The type of which it is one.", FIELD_IS_TAG_TYPE},
	};
	struct schema_type *t = b->tag_map;

	if (t)
		return t;
	t = standard_type(
		b, KIND_OBJECT,
		standard_prefixed(b, STR("TagPrimaryKeyMutationMap")));
	t->description = STR("The key of a row that an input had a tag for.");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schema_field *f =
			add_field(b, t, rows[i].name, rows[i].description);

		f->type = standard_scalar(b, "String");
		f->meaning = rows[i].meaning;
	}
	return b->tag_map = t;
}

static void
add_success(struct builder *b, struct schema_type *t)
{
	struct schema_field *f =
		add_field(b, t, "success", "Whether it was done.");

	f->type = standard_scalar(b, "Boolean");
	f->meaning = FIELD_IS_SUCCESS;
}

static const struct schema_type *
make_result(struct builder *b, struct thing *t, enum made made)
{
	struct schema_type *type =
		standard_type(b, KIND_OBJECT, t->names[made]);
	struct schema_field *f;

	t->made[made] = type;
	type->table = t->table;
	add_success(b, type);
	if (made == MADE_DELETE)
		return type;
	f = add_field(b, type, "pksToTags", "Keys of the rows with tags.");
	f->type = schema_list(b->arena, tag_map(b));
	f->meaning = FIELD_IS_TAGS;
	f = add_field(b, type, "validationErrors",
		      "Items `{path, errors}`: what is wrong with the input.");
	f->type = standard_scalar(b, "GenericScalar");
	f->meaning = FIELD_IS_FAULTS;
	if (!t->object)
		return type;
	f = add_field(b, type, "result", "The row as it is now.");
	f->type = t->object;
	f->meaning = FIELD_IS_RESULT;
	return type;
}

/* ---- root fields ---- */

static const struct schema_type *
type_of(struct builder *b, struct thing *t, enum root root)
{
	struct arena *a = b->arena;

	switch (root) {
	case ROOT_BY_PK:
		return t->object;
	case ROOT_MANY:
		return schema_list(a, schema_non_null(a, t->object));
	case ROOT_AGGREGATE:
		return schema_list(a, t->made[MADE_RESULT]);
	case ROOT_INSERT:
		return make_result(b, t, MADE_INSERT);
	case ROOT_UPDATE:
		return make_result(b, t, MADE_UPDATE);
	default:
		return make_result(b, t, MADE_DELETE);
	}
}

static void
add_arguments(struct builder *b, struct thing *t, enum root root,
	      struct schema_field *f)
{
	if (root == ROOT_MANY || root == ROOT_AGGREGATE) {
		standard_list_args(b, t, f);
		return;
	}
	f->args = ARENA_ARRAY(b->arena, struct schema_input, 3);
	if (root != ROOT_INSERT)
		add_pk(b, t, f);
	if (root == ROOT_INSERT || root == ROOT_UPDATE)
		add_tag(b, f);
	if (root == ROOT_INSERT)
		add_data(b, f, t->made[MADE_INPUT]);
	if (root == ROOT_UPDATE)
		add_data(b, f, t->made[MADE_UPDATE_INPUT]);
}

static bool
is_offered(const struct thing *t, enum root root)
{
	switch (root) {
	case ROOT_BY_PK:
		return t->readable && t->keyed;
	case ROOT_MANY:
	case ROOT_AGGREGATE:
		return t->readable;
	case ROOT_INSERT:
		return t->creatable;
	case ROOT_UPDATE:
		return t->has_update_input;
	default:
		return t->deletable;
	}
}

/* A description is about a type: its name goes between. */
static const struct {
	enum schema_meaning meaning;
	const char *before, *behind;
} roots[ROOT_N] = {
	[ROOT_BY_PK] = {FIELD_IS_BY_PK,	"The",	       "of that key" },
	[ROOT_MANY] = {FIELD_IS_LIST,      "Every",	       "that matches"},
	[ROOT_AGGREGATE] = {FIELD_IS_AGGREGATE, "Groups of every",
			    "that matches"					  },
	[ROOT_INSERT] = {FIELD_IS_INSERT,	  "Add one",
			 "and what is nested in it"			   },
	[ROOT_UPDATE] = {FIELD_IS_UPDATE,	  "Change the",
			 "of that key, and what is nested in it"		},
	[ROOT_DELETE] = {FIELD_IS_DELETE,	  "Delete the",	"of that key" },
};

static void
add_root(struct builder *b, struct thing *t, enum root root,
	 struct schema_type *to)
{
	struct schema_field *f;

	if (!is_offered(t, root))
		return;
	f = standard_field(b, to, 1 + ROOT_N * b->model->ntables);
	f->name = t->roots[root];
	f->type = type_of(b, t, root);
	f->meaning = roots[root].meaning;
	f->table = t->table;
	f->description =
		arena_printf(b->arena, "%s %.*s %s.", roots[root].before,
			     STR_FMT(t->name), roots[root].behind);
	add_arguments(b, t, root, f);
}

static void
add_hello(struct builder *b, struct schema_type *query)
{
	struct schema_field *f =
		standard_field(b, query, 1 + ROOT_N * b->model->ntables);

	f->name = standard_prefixed(b, STR("hello"));
	f->description = STR("A greeting, always the same.");
	f->type = schema_non_null(b->arena, standard_scalar(b, "String"));
	f->meaning = FIELD_IS_TEXT;
	f->text = STR("\"Hello World\"");
}

void
standard_roots(struct builder *b)
{
	struct schema_type *query =
		standard_type(b, KIND_OBJECT, STR("QueryRoot"));
	struct schema_type *mutation = ARENA_NEW(b->arena, struct schema_type);

	mutation->kind = KIND_OBJECT;
	mutation->name = STR("MutationRoot");
	add_hello(b, query);
	for (size_t i = 0; i < b->model->ntables; i++) {
		struct thing *t = &b->things[i];

		for (enum root r = ROOT_BY_PK; r < ROOT_INSERT; r++)
			add_root(b, t, r, query);
		for (enum root r = ROOT_INSERT; r < ROOT_N; r++)
			add_root(b, t, r, mutation);
	}
	b->schema->query = query;
	if (mutation->n)
		b->schema->mutation = standard_add(b, mutation);
}
