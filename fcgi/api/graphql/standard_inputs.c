#include "api/graphql/standard_build.h"
#include "core/relation.h"
#include "core/type.h"

/* ---- what may be written ---- */

static bool
may(const struct thing *t, const struct column *c, enum use use)
{
	return t->spots[c->index].use & (int)use;
}

/* A key that the database makes is not for clients to give. */
static bool
is_made(const struct table *t, const struct column *c)
{
	return c->has_default && t->primary && t->primary->n == 1 &&
	       relation_in_primary(t, c);
}

static bool
is_inserted(const struct thing *t, const struct column *c)
{
	return t->creatable && may(t, c, USE_INSERT) && !is_made(t->table, c);
}

/* The parent or a nested object may give what a foreign key needs. */
static bool
is_required(const struct table *t, const struct column *c)
{
	return !c->nullable && !c->has_default && !standard_in_fkey(t, c);
}

/*
 * An item of a list that is updated may be new: what a new row cannot do
 * without is there although existing rows keep it.
 */
static bool
is_updated(const struct thing *t, const struct column *c)
{
	if (may(t, c, USE_UPDATE) && !is_made(t->table, c))
		return true;
	return is_inserted(t, c) &&
	       (relation_in_primary(t->table, c) || is_required(t->table, c));
}

/* ---- which inputs there are ---- */

/* Can rows at the other end be written together with one of these? */
static bool
is_written(struct builder *b, const struct way *w, bool update)
{
	const struct fkey *f = w->relation.fkey;

	if (w->via)
		return false;
	if (update)
		return w->to->has_update_input;
	return w->to->has_input && standard_links(b, f, USE_INSERT);
}

static bool
has_member(struct builder *b, const struct thing *t, bool update)
{
	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];

		if (update ? is_updated(t, c) : is_inserted(t, c))
			return true;
	}
	for (size_t i = 0; i < t->nways; i++)
		if (is_written(b, &t->ways[i], update))
			return true;
	return false;
}

/* An input may consist of nested ones alone: look until nothing is new. */
void
standard_inputs_find(struct builder *b)
{
	struct thing *end = b->things + b->model->ntables;
	bool found = true;

	while (found) {
		found = false;
		for (struct thing *t = b->things; t < end; t++) {
			bool input = t->has_input, update = t->has_update_input;

			t->has_input = input || (t->creatable &&
						 has_member(b, t, false));
			t->has_update_input =
				update ||
				(t->updatable && has_member(b, t, true));
			found |= input != t->has_input ||
				 update != t->has_update_input;
		}
	}
}

static void
make(struct builder *b, struct thing *t, enum made made, struct str description)
{
	t->made[made] = standard_type(b, KIND_INPUT, t->names[made]);
	t->made[made]->table = t->table;
	t->made[made]->description = description;
}

static bool
has_order(const struct thing *t)
{
	for (size_t i = 0; i < t->table->ncolumns; i++)
		if (may(t, &t->table->columns[i], USE_READ) &&
		    standard_sorts(&t->table->columns[i]))
			return true;
	return false;
}

void
standard_inputs(struct builder *b, struct thing *t)
{
	if (t->readable)
		make(b, t, MADE_WHERE,
		     STR("Conditions on rows, all of which must hold."));
	if (t->readable && has_order(t))
		make(b, t, MADE_ORDER, STR("One column to sort by."));
	if (t->keyed && t->table->primary->n > 1)
		make(b, t, MADE_KEY, STR("The key of a row."));
	if (t->has_input) {
		make(b, t, MADE_INPUT, STR("A row to be added."));
		make(b, t, MADE_ITEM_INSERT,
		     STR("An item of a list, to be added."));
	}
	if (t->has_update_input) {
		make(b, t, MADE_UPDATE_INPUT,
		     STR("Changes of a row: what is absent stays."));
		make(b, t, MADE_ITEM_UPDATE,
		     STR("An item of a list: changed if it has a key, else "
			 "added."));
		make(b, t, MADE_LIST_UPDATE,
		     STR("What is to become of a list."));
	}
}

/* ---- finding rows ---- */

static struct schema_input *
add(struct builder *b, struct thing *t, enum made made, struct str name)
{
	bool item = made == MADE_ITEM_INSERT || made == MADE_ITEM_UPDATE ||
		    made == MADE_LIST_UPDATE;
	size_t max = item ? 0 : t->table->ncolumns + t->nways;
	struct schema_input *in;

	/* What inputs have that is no column and no way is three at most. */
	in = standard_input(b, t->made[made], max + 3);
	in->name = name;
	return in;
}

static struct schema_input *
add_column(struct builder *b, struct thing *t, enum made made,
	   const struct column *c)
{
	struct schema_input *in = add(b, t, made, t->spots[c->index].name);

	in->description = c->comment;
	in->meaning = INPUT_IS_COLUMN;
	in->column = c;
	return in;
}

static struct schema_input *
add_way(struct builder *b, struct thing *t, enum made made, const struct way *w)
{
	struct schema_input *in = add(b, t, made, w->name);

	in->meaning = INPUT_IS_RELATION;
	in->relation = w->relation;
	return in;
}

static void
add_operators(struct builder *b, struct thing *t)
{
	static const struct {
		const char *name, *description;
		enum schema_input_meaning meaning;
	} rows[] = {
		{"_and", "All of these hold.",  INPUT_IS_AND},
		{"_or",	"One of these holds.", INPUT_IS_OR },
		{"_not", "This does not hold.", INPUT_IS_NOT},
	};
	const struct schema_type *where = t->made[MADE_WHERE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schema_input *in =
			add(b, t, MADE_WHERE, str_of(rows[i].name));

		in->description = str_of(rows[i].description);
		in->meaning = rows[i].meaning;
		in->type = in->meaning == INPUT_IS_NOT
				   ? where
				   : schema_list(b->arena, where);
	}
}

static void
add_where(struct builder *b, struct thing *t)
{
	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];

		if (may(t, c, USE_READ))
			add_column(b, t, MADE_WHERE, c)->type =
				standard_predicate(b, t, c);
	}
	for (struct way *w = t->ways; w < t->ways + t->nways; w++)
		if (!w->via && w->to->readable &&
		    standard_joins(b, w->relation.fkey))
			add_way(b, t, MADE_WHERE, w)->type =
				w->to->made[MADE_WHERE];
	add_operators(b, t);
}

static const struct schema_type *
direction(struct builder *b)
{
	static const struct schema_value values[] = {
		{.name = {"asc", 3},  .description = {"The least first.", 16}},
		{.name = {"desc", 4},
		 .description = {"The greatest first.", 19}		   },
	};
	struct schema_type *t = b->direction;

	if (t)
		return t;
	t = standard_type(b, KIND_ENUM,
			  standard_prefixed(b, STR("SortDirection")));
	t->n = sizeof(values) / sizeof(values[0]);
	t->values = ARENA_ARRAY(b->arena, struct schema_value, t->n);
	memcpy(t->values, values, sizeof(values));
	return b->direction = t;
}

static void
add_order(struct builder *b, struct thing *t)
{
	t->made[MADE_ORDER]->one_of = true;
	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];

		if (may(t, c, USE_READ) && standard_sorts(c))
			add_column(b, t, MADE_ORDER, c)->type = direction(b);
	}
}

const struct schema_type *
standard_key(struct builder *b, struct thing *t)
{
	if (t->made[MADE_KEY])
		return t->made[MADE_KEY];
	return standard_column(b, t, t->table->primary->columns[0]);
}

static void
add_key(struct builder *b, struct thing *t)
{
	for (size_t i = 0; i < t->table->primary->n; i++) {
		const struct column *c = t->table->primary->columns[i];

		add_column(b, t, MADE_KEY, c)->type =
			schema_non_null(b->arena, standard_column(b, t, c));
	}
}

/* The arguments of a list, in order. */
static const struct {
	const char *name, *description;
	enum schema_input_meaning meaning;
} list_args[] = {
	{"where",	  "Which rows; else all.",			   INPUT_IS_WHERE },
	{"orderBy",  "What they are sorted by, in turn.",	 INPUT_IS_ORDER },
	{"limit",	  "How many rows at most.",		    INPUT_IS_LIMIT },
	{"offset",   "How many to leave out before.",	    INPUT_IS_OFFSET},
	{"distinct", "Each row once, however often it matches.",
	 INPUT_IS_DISTINCT						      },
};

static const struct schema_type *
list_arg_type(struct builder *b, struct thing *t,
	      enum schema_input_meaning meaning)
{
	const struct schema_type *order = t->made[MADE_ORDER];

	switch (meaning) {
	case INPUT_IS_WHERE:
		return t->made[MADE_WHERE];
	case INPUT_IS_ORDER:
		return order ? schema_list(b->arena, order) : NULL;
	case INPUT_IS_DISTINCT:
		return standard_scalar(b, "Boolean");
	default:
		return standard_scalar(b, "Int");
	}
}

static void
make_list_args(struct builder *b, struct thing *t)
{
	size_t n = sizeof(list_args) / sizeof(list_args[0]);

	t->list_args = ARENA_ARRAY(b->arena, struct schema_input, n);
	for (size_t i = 0; i < n; i++) {
		const struct schema_type *type =
			list_arg_type(b, t, list_args[i].meaning);
		struct schema_input *in = &t->list_args[t->nlist_args];

		if (!type)
			continue;
		t->nlist_args++;
		in->name = str_of(list_args[i].name);
		in->description = str_of(list_args[i].description);
		in->type = type;
		in->meaning = list_args[i].meaning;
	}
}

void
standard_list_args(struct builder *b, struct thing *t, struct schema_field *f)
{
	if (!t->list_args)
		make_list_args(b, t);
	f->args = t->list_args;
	f->nargs = t->nlist_args;
}

/* ---- writing rows ---- */

/* What a required member needs cannot be deprecated (GraphQL §3.6). */
static void
add_data_columns(struct builder *b, struct thing *t, enum made made)
{
	bool update = made == MADE_UPDATE_INPUT;

	for (size_t i = 0; i < t->table->ncolumns; i++) {
		const struct column *c = &t->table->columns[i];
		struct schema_input *in;

		if (!(update ? is_updated(t, c) : is_inserted(t, c)))
			continue;
		in = add_column(b, t, made, c);
		in->type = standard_column(b, t, c);
		if (!update && is_required(t->table, c))
			in->type = schema_non_null(b->arena, in->type);
		else
			in->deprecated = c->deprecated;
	}
}

static const struct schema_type *
nested_type(struct builder *b, const struct way *w, bool update)
{
	struct schema_type **made = w->to->made;

	if (w->meaning != FIELD_IS_TO_MANY)
		return made[update ? MADE_UPDATE_INPUT : MADE_INPUT];
	return update ? made[MADE_LIST_UPDATE]
		      : schema_list(b->arena, made[MADE_ITEM_INSERT]);
}

static void
add_data(struct builder *b, struct thing *t, enum made made)
{
	bool update = made == MADE_UPDATE_INPUT;

	add_data_columns(b, t, made);
	for (struct way *w = t->ways; w < t->ways + t->nways; w++)
		if (is_written(b, w, update))
			add_way(b, t, made, w)->type =
				nested_type(b, w, update);
}

static void
add_tag_and_data(struct builder *b, struct thing *t, enum made made,
		 enum made data)
{
	struct schema_input *in = add(b, t, made, STR("tag"));

	in->description = STR("By which `pksToTags` finds the new row's key.");
	in->type = standard_scalar(b, "String");
	in->meaning = INPUT_IS_TAG;
	in = add(b, t, made, STR("data"));
	in->type = schema_non_null(b->arena, t->made[data]);
	in->meaning = INPUT_IS_DATA;
}

static void
add_item_update(struct builder *b, struct thing *t)
{
	struct schema_input *in = add(b, t, MADE_ITEM_UPDATE, STR("pk"));

	in->description = STR("Which row; without it the item is a new one.");
	in->type = standard_key(b, t);
	if (!t->creatable)
		in->type = schema_non_null(b->arena, in->type);
	in->meaning = INPUT_IS_PK;
	if (t->table->primary->n == 1)
		in->column = t->table->primary->columns[0];
	add_tag_and_data(b, t, MADE_ITEM_UPDATE, MADE_UPDATE_INPUT);
}

static const struct schema_type *
strategy(struct builder *b)
{
	static const struct schema_value values[] = {
		{.name = {"merge", 5},
		 .description = {"Other rows stay as they are.", 28}	    },
		{.name = {"replace", 7},
		 .description = {"Rows that are no items are deleted.", 35}},
	};
	struct schema_type *t = b->strategy;

	if (t)
		return t;
	t = standard_type(b, KIND_ENUM,
			  standard_prefixed(b, STR("UpdateStrategy")));
	t->texts = true; /* the dialect's own documents quote it */
	t->n = sizeof(values) / sizeof(values[0]);
	t->values = ARENA_ARRAY(b->arena, struct schema_value, t->n);
	memcpy(t->values, values, sizeof(values));
	return b->strategy = t;
}

static void
add_list_update(struct builder *b, struct thing *t)
{
	struct schema_input *in =
		add(b, t, MADE_LIST_UPDATE, STR("updateStrategy"));
	const struct schema_type *items =
		schema_list(b->arena, t->made[MADE_ITEM_UPDATE]);

	in->type = schema_non_null(b->arena, strategy(b));
	in->fallback = STR("merge");
	in->meaning = INPUT_IS_STRATEGY;
	in = add(b, t, MADE_LIST_UPDATE, STR("items"));
	in->type = schema_non_null(b->arena, items);
	in->meaning = INPUT_IS_ITEMS;
}

void
standard_input_members(struct builder *b, struct thing *t)
{
	if (t->made[MADE_WHERE])
		add_where(b, t);
	if (t->made[MADE_ORDER])
		add_order(b, t);
	if (t->made[MADE_KEY])
		add_key(b, t);
	if (t->has_input) {
		add_data(b, t, MADE_INPUT);
		add_tag_and_data(b, t, MADE_ITEM_INSERT, MADE_INPUT);
	}
	if (t->has_update_input) {
		add_data(b, t, MADE_UPDATE_INPUT);
		add_item_update(b, t);
		add_list_update(b, t);
	}
}
