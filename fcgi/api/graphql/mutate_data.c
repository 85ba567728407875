#include "api/graphql/mutate.h"

enum { ITEMS_MAX = 500 };

/* A member of an item's input that is other rows. */
struct nested {
	int parent;
	const struct schema_input *input;
	const struct value *value;
	int depth;
};

/* ---- lists that grow ---- */

/* Room for one more; the items move. */
static void *
grow(struct arena *a, void *list, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 4;
	void *longer;

	if (n < *room)
		return list;
	longer = arena_array(a, more, size);
	if (n)
		memcpy(longer, list, n * size);
	*room = more;
	return longer;
}

int
mutate_item(struct mutation *m, const struct item *one)
{
	struct tree *t = m->tree;

	if (t->nitems == ITEMS_MAX) {
		query_fault(m->p, m->f, "LIMIT_EXCEEDED",
			    "A mutation may write %d rows.", ITEMS_MAX);
		return -1;
	}
	t->items = grow(m->p->call->arena, t->items, t->nitems, &m->items_room,
			sizeof(*t->items));
	t->items[t->nitems] = *one;
	return (int)t->nitems++;
}

static struct clearing *
add_clearing(struct mutation *m)
{
	struct tree *t = m->tree;

	t->clearings = grow(m->p->call->arena, t->clearings, t->nclearings,
			    &m->clearings_room, sizeof(*t->clearings));
	return &t->clearings[t->nclearings++];
}

/* ---- permissions ---- */

static bool
is_in(const struct fkey *f, const struct column *c)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->columns[i] == c)
			return true;
	return false;
}

/* Is the member a row that the item names? */
static bool
names_row(const struct schema_input *input)
{
	return input && input->meaning == INPUT_IS_RELATION &&
	       !input->relation.reverse;
}

/* A row that could not be made with the column may still be changed. */
static bool
may_write(const struct mutation *m, struct item *item, const struct column *c)
{
	uint32_t role = m->p->schema->role;

	if (item->op == ITEM_INSERT)
		return c->grants.insert & role;
	if (!(c->grants.insert & role))
		item->stay = true;
	return c->grants.update & role;
}

/* ... all columns of a key. */
static bool
may_link(const struct mutation *m, const struct fkey *f, bool insert)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct grants *g = &f->columns[i]->grants;

		if (!((insert ? g->insert : g->update) & m->p->schema->role))
			return false;
	}
	return true;
}

static bool
allowed(struct mutation *m, uint32_t roles)
{
	return (roles & m->p->schema->role) || query_forbidden(m->p, m->f);
}

/* ---- columns ---- */

/*
 * What a check says about a length is for the check to complain about, with
 * its own words; a type that cuts off complains here.
 */
static const struct column *
without_check(struct arena *a, const struct column *column)
{
	struct column *c;

	if (!column->max_length || column->cut_off)
		return column;
	c = ARENA_NEW(a, struct column);
	*c = *column;
	c->max_length = 0;
	return c;
}

static bool
set_column(struct mutation *m, int i, const struct schema_input *input,
	   const struct value *value)
{
	struct item *item = &m->tree->items[i];
	struct setting *s = &item->set[item->nset];
	struct query_place to = {
		.p = m->p,
		.f = m->f,
		.column = without_check(m->p->call->arena, input->column),
		.type = input->type,
		.name = input->name,
	};

	if (!may_write(m, item, input->column))
		return query_forbidden(m->p, m->f);
	s->column = input->column;
	item->nset++;
	return query_value(&to, value, &s->value);
}

static bool
unlink_row(struct mutation *m, int i, const struct fkey *f)
{
	struct item *item = &m->tree->items[i];

	for (size_t k = 0; k < f->n; k++) {
		if (!may_write(m, item, f->columns[k]))
			return query_forbidden(m->p, m->f);
		item->set[item->nset++].column = f->columns[k];
	}
	return true;
}

/* ---- one row ---- */

static bool
add_data(struct mutation *m, const struct nested *n, struct item *one,
	 const struct schema_type *type, const struct value *data)
{
	int i = mutate_item(m, one);

	return i >= 0 && mutate_data(m, i, type, data, n->depth + 1);
}

static struct item
linked_item(const struct nested *n, enum item_op op)
{
	bool reverse = n->input->relation.reverse;
	const struct fkey *f = n->input->relation.fkey;

	return (struct item){
		.op = op,
		.table = reverse ? f->from : f->to,
		.parent = n->parent,
		.from = n->input->relation,
		.name = n->input->name,
		.index = -1,
	};
}

/* May the row be made where there is none yet, and be linked? */
static bool
may_make(const struct mutation *m, const struct item *one, bool new_parent)
{
	if (!(one->table->grants.insert & m->p->schema->role))
		return false;
	return may_link(m, one->from.fkey, one->from.reverse || new_parent);
}

/* A row that the parent names. */
static bool
to_one(struct mutation *m, const struct nested *n)
{
	enum item_op op = m->tree->items[n->parent].op;
	const struct schema_type *type = schema_named(n->input->type);
	struct item one = linked_item(n, ITEM_PUT);

	if (n->value->kind == VALUE_NULL)
		return unlink_row(m, n->parent, one.from.fkey);
	if (op == ITEM_INSERT) {
		one.op = ITEM_INSERT;
		if (!may_make(m, &one, true))
			return query_forbidden(m->p, m->f);
	} else {
		if (!allowed(m, one.table->grants.update))
			return false;
		if (!n->value->first)
			return true;
		one.stay = !may_make(m, &one, false);
	}
	return add_data(m, n, &one, type, n->value);
}

/* The one row that names the parent. */
static bool
to_single(struct mutation *m, const struct nested *n)
{
	bool new = m->tree->items[n->parent].op == ITEM_INSERT;
	struct item one = linked_item(n, new ? ITEM_INSERT : ITEM_PUT);

	if (n->value->kind == VALUE_NULL && new)
		return true;
	if (n->value->kind == VALUE_NULL) {
		one.op = ITEM_DELETE;
		return allowed(m, one.table->grants.delete) &&
		       mutate_item(m, &one) >= 0;
	}
	one.stay = !may_make(m, &one, true);
	if (new &&one.stay)
		return query_forbidden(m->p, m->f);
	if (!new && !allowed(m, one.table->grants.update))
		return false;
	return add_data(m, n, &one, schema_named(n->input->type), n->value);
}

/* ---- lists ---- */

static const struct value *
member(const struct schema_type *type, const struct value *object,
       enum schema_input_meaning meaning, const struct schema_input **ret)
{
	for (const struct value *v = object->first; v; v = v->next) {
		const struct schema_input *input = schema_member(type, v->name);

		if (!input || input->meaning != meaning ||
		    v->kind == VALUE_NULL)
			continue;
		if (ret)
			*ret = input;
		return v;
	}
	return NULL;
}

/* The row that the element means; false adds a fault. */
static bool
which_row(struct mutation *m, const struct nested *n, struct item *one,
	  const struct value *element)
{
	const struct schema_type *type = schema_named(n->input->type);
	const struct schema_input *input = NULL;
	const struct value *tag = member(type, element, INPUT_IS_TAG, NULL);
	const struct value *pk = member(type, element, INPUT_IS_PK, &input);

	if (!pk) {
		one->op = ITEM_INSERT;
		if (tag)
			one->tag = tag->text;
		return may_make(m, one, true) || query_forbidden(m->p, m->f);
	}
	if (!allowed(m, one->table->grants.update))
		return false;
	/* Nothing can hang on what is yet to be made. */
	if (m->tree->items[n->parent].op == ITEM_INSERT)
		return mutate_missing(m, one->table);
	one->key = query_key(m->p, m->f, one->table, input->type, pk);
	return one->key != NULL;
}

/* Is the row of that key in the list already? */
static bool
is_listed(const struct mutation *m, const struct nested *n,
	  const struct item *one)
{
	for (size_t i = (size_t)n->parent + 1; i < m->tree->nitems; i++) {
		const struct item *other = &m->tree->items[i];
		size_t k = 0;

		if (other->parent != n->parent || !other->key ||
		    other->from.fkey != one->from.fkey)
			continue;
		while (k < one->table->primary->n &&
		       str_eq(other->key[k], one->key[k]))
			k++;
		if (k == one->table->primary->n)
			return true;
	}
	return false;
}

/* `n` is about the list: its input has the type of the elements. */
static bool
elements(struct mutation *m, const struct nested *n, struct clearing *stay)
{
	const struct schema_type *type = schema_named(n->input->type);
	int index = 0;

	for (const struct value *v = n->value->first; v; v = v->next, index++) {
		struct item one = linked_item(n, ITEM_UPDATE);
		const struct schema_input *input = NULL;
		const struct value *data;

		if (v->kind == VALUE_NULL)
			continue;
		one.index = index;
		data = member(type, v, INPUT_IS_DATA, &input);
		if (!data || !which_row(m, n, &one, v))
			return false;
		if (one.key && is_listed(m, n, &one))
			return query_fault(m->p, m->f, "BAD_USER_INPUT",
					   "A pk is there twice in \"%.*s\".",
					   STR_FMT(one.name));
		if (stay && one.key)
			stay->keys[stay->nkeys++] = one.key;
		if (!add_data(m, n, &one, schema_named(input->type), data))
			return false;
	}
	return true;
}

/* The rows of a replaced list that go; NULL: none do. */
static struct clearing *
replaced(struct mutation *m, const struct nested *n, const struct value *how,
	 const struct value *items)
{
	struct item parent = m->tree->items[n->parent];
	struct clearing *r;

	if (!how || !str_eq(how->text, STR("replace")) ||
	    parent.op == ITEM_INSERT)
		return NULL;
	r = ARENA_NEW(m->p->call->arena, struct clearing);
	*r = (struct clearing){
		.parent = n->parent,
		.from = n->input->relation,
		.keys = ARENA_ARRAY(m->p->call->arena, struct str *, items->n),
		.refused = !(n->input->relation.fkey->from->grants.delete &m->p
				     ->schema->role),
		.name = n->input->name,
	};
	return r;
}

/* {updateStrategy, items} */
static bool
update_list(struct mutation *m, const struct nested *n)
{
	const struct schema_type *type = schema_named(n->input->type);
	const struct schema_input *input = NULL;
	const struct value *how =
		member(type, n->value, INPUT_IS_STRATEGY, NULL);
	const struct value *items =
		member(type, n->value, INPUT_IS_ITEMS, &input);
	struct schema_input list = *n->input;
	struct nested inner = {n->parent, &list, items, n->depth};
	struct clearing *r;

	if (!items)
		return true;
	list.type = input->type;
	r = replaced(m, n, how, items);
	if (!elements(m, &inner, r))
		return false;
	if (r)
		*add_clearing(m) = *r;
	return true;
}

static bool
has_member(const struct schema_type *type, enum schema_input_meaning meaning)
{
	for (size_t i = 0; i < type->n; i++)
		if (type->inputs[i].meaning == meaning)
			return true;
	return false;
}

static bool
to_many(struct mutation *m, const struct nested *n)
{
	const struct schema_type *type = schema_named(n->input->type);

	if (n->value->kind == VALUE_NULL)
		return true;
	if (has_member(type, INPUT_IS_ITEMS))
		return update_list(m, n);
	return elements(m, n, NULL);
}

static bool
read_nested(struct mutation *m, const struct nested *n)
{
	const struct schema_type *type = schema_named(n->input->type);

	if (!n->input->relation.reverse)
		return to_one(m, n);
	if (has_member(type, INPUT_IS_ITEMS) || has_member(type, INPUT_IS_DATA))
		return to_many(m, n);
	return to_single(m, n);
}

/* ---- an object of input ---- */

/* A column of the key that is given beside the object; `null`: even as null. */
static const struct schema_input *
named_by_key(const struct schema_type *type, const struct value *data,
	     const struct fkey *f, bool null)
{
	for (const struct value *v = data->first; v; v = v->next) {
		const struct schema_input *other = schema_member(type, v->name);

		if (other && other->meaning == INPUT_IS_COLUMN &&
		    is_in(f, other->column) && (null || v->kind != VALUE_NULL))
			return other;
	}
	return NULL;
}

/* Is the column part of a key whose row is given as an object? */
static bool
named_by_object(const struct schema_type *type, const struct value *data,
		const struct column *column)
{
	for (const struct value *v = data->first; v; v = v->next) {
		const struct schema_input *other = schema_member(type, v->name);

		if (v->kind != VALUE_NULL && names_row(other) &&
		    is_in(other->relation.fkey, column))
			return true;
	}
	return false;
}

/* A row may be named by its key and as an object if one of these is null. */
static bool
is_left_out(const struct schema_type *type, const struct value *data,
	    const struct schema_input *input, const struct value *v)
{
	if (v->kind != VALUE_NULL)
		return false;
	if (input->meaning == INPUT_IS_COLUMN)
		return named_by_object(type, data, input->column);
	return names_row(input) &&
	       named_by_key(type, data, input->relation.fkey, true);
}

static bool
check_names(struct mutation *m, const struct schema_type *type,
	    const struct value *data, const struct schema_input *input)
{
	const struct fkey *f = input->relation.fkey;
	const struct schema_input *other = NULL;

	if (names_row(input))
		other = named_by_key(type, data, f, false);
	return !other ||
	       query_fault(m->p, m->f, "BAD_USER_INPUT",
			   "Pass one of \"%.*s\", \"%.*s\", not "
			   "both.",
			   STR_FMT(other->column->name), STR_FMT(f->link));
}

/* Is it the row that the item hangs on, or of the key of that? */
static bool
names_parent(const struct item *item, const struct schema_input *input)
{
	if (!item->from.reverse)
		return false;
	if (input->meaning == INPUT_IS_COLUMN)
		return is_in(item->from.fkey, input->column);
	return names_row(input) && input->relation.fkey == item->from.fkey;
}

static bool
refuse_parent(struct mutation *m, const struct item *item,
	      const struct schema_input *input)
{
	return query_fault(m->p, m->f, "BAD_USER_INPUT",
			   "Pass no \"%.*s\" in \"%.*s\": it is given by the "
			   "row above.",
			   STR_FMT(input->name), STR_FMT(item->name));
}

/* One member of an object of input. */
static bool
read_member(struct mutation *m, const struct nested *n,
	    const struct schema_type *type, const struct value *data)
{
	const struct item *item = &m->tree->items[n->parent];
	bool null = n->value->kind == VALUE_NULL;

	if (names_parent(item, n->input))
		return (null && item->op == ITEM_INSERT) ||
		       refuse_parent(m, item, n->input);
	if (is_left_out(type, data, n->input, n->value))
		return true;
	if (n->input->meaning == INPUT_IS_COLUMN)
		return set_column(m, n->parent, n->input, n->value);
	return check_names(m, type, data, n->input) && read_nested(m, n);
}

static size_t
count_settings(const struct schema_type *type, const struct value *data)
{
	size_t n = 0;

	for (const struct value *v = data->first; v; v = v->next) {
		const struct schema_input *input = schema_member(type, v->name);

		n += input && input->relation.fkey ? input->relation.fkey->n
						   : 1;
	}
	return n;
}

bool
mutate_data(struct mutation *m, int item, const struct schema_type *type,
	    const struct value *data, int depth)
{
	type = schema_named(type);
	if (depth > TREE_DEPTH_MAX)
		return query_fault(m->p, m->f, "LIMIT_EXCEEDED",
				   "Rows may be nested %d deep.",
				   TREE_DEPTH_MAX);
	m->tree->items[item].set = ARENA_ARRAY(
		m->p->call->arena, struct setting, count_settings(type, data));
	for (const struct value *v = data->first; v; v = v->next) {
		const struct schema_input *input = schema_member(type, v->name);
		struct nested n = {item, input, v, depth};

		if (!read_member(m, &n, type, data))
			return false;
	}
	return true;
}
