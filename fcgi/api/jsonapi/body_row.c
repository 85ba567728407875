/* A resource object, and what of it goes into columns or becomes links. */
#include "api/jsonapi/writing.h"

#include <stdlib.h>

#include "core/json.h"
#include "core/type.h"

/* What a column is given: at most once, whoever names it last. */
struct slot {
	bool given; /* perhaps something that does not fit */
	bool fits;
	struct setting set;
};

struct reader {
	struct writing *w;
	struct operation *op;
	const struct resource *resource;
	bool create, strict;
	json_object *attributes, *relationships;
	struct str attributes_at, relationships_at;
	struct slot *slots; /* by the index of the column */
};

/* ---- columns ---- */

static bool
is_object(json_object *o)
{
	return json_object_is_type(o, json_type_object);
}

static bool
is_in(struct column *const *columns, size_t n, const struct column *c)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] == c)
			return true;
	return false;
}

static bool
is_in_key(const struct resource *r, const struct column *c)
{
	return is_in(r->table->primary->columns, r->table->primary->n, c);
}

static bool
is_writable(const struct reader *r, const struct column *c)
{
	uint32_t granted = r->create ? c->grants.insert : c->grants.update;

	return !c->generated && !c->hidden && (granted & r->resource->role);
}

static bool
is_required(const struct column *c)
{
	return c->required || (!c->nullable && !c->has_default);
}

/*
 * What the role can write and not see has its column's name; what it can do
 * nothing with is not there.
 */
static const struct column *
find_attribute(const struct resource *r, struct str name)
{
	const struct column *c = resource_attribute(r, name);

	if (c)
		return c;
	c = table_column(r->table, name);
	if (!c || c->hidden || (c->grants.select & r->role) || is_in_key(r, c))
		return NULL;
	return (c->grants.insert | c->grants.update) & r->role ? c : NULL;
}

static void
give(struct reader *r, struct setting set)
{
	r->slots[set.column->index] = (struct slot){true, true, set};
}

/* ---- id ---- */

static struct err *
bad_id(struct reader *r, struct str at)
{
	struct fault_source place = {.pointer = at.p};

	return jsonapi_error(r->w->call, r->strict ? 409 : 400, NULL, place,
			     "obj_id and data.id should be same");
}

static bool
is_same_key(const struct reader *r, struct str id)
{
	const struct row *row = &r->op->row;
	struct str *key;

	if (str_eq(id, r->op->id))
		return true;
	if (!row->key ||
	    !resource_read_id(r->w->call->arena, row->table, id, &key))
		return false;
	for (size_t i = 0; i < row->table->primary->n; i++)
		if (!str_eq(key[i], row->key[i]))
			return false;
	return true;
}

/* Of an update: the id that is known already, once more. */
static struct err *
check_id(struct reader *r, struct str at)
{
	json_object *o = json_get(r->op->data, "id");
	struct str id;

	if (json_has(r->op->data, "id")) {
		if (!body_text(r->w, at, o, &id) || is_same_key(r, id))
			return NULL;
		return bad_id(r, at);
	}
	if (r->w->atomic)
		return NULL;
	if (r->strict)
		return bad_id(r, r->op->at);
	body_missing(r->w, at);
	return NULL;
}

static bool
may_choose_id(const struct reader *r)
{
	const struct constraint *key = r->resource->table->primary;

	for (size_t i = 0; i < key->n; i++)
		if (!is_writable(r, key->columns[i]))
			return false;
	return true;
}

/* Of a new row: an id that the client chose. */
static struct err *
take_id(struct reader *r, struct str at)
{
	const struct constraint *key = r->resource->table->primary;
	struct fault_source place = {.pointer = at.p};
	struct arena *a = r->w->call->arena;
	struct str id, *values;

	if (!may_choose_id(r))
		return !r->strict ? NULL
				  : jsonapi_error(r->w->call, 403, NULL, place,
						  "The server chooses ids.");
	if (!body_text(r->w, at, json_get(r->op->data, "id"), &id))
		return NULL;
	if (!resource_read_id(a, r->resource->table, id, &values)) {
		body_issue(r->w, at, "value is not a valid id", "value_error");
		return NULL;
	}
	for (size_t i = 0; i < key->n; i++)
		give(r, (struct setting){.column = key->columns[i],
					 .value = values[i]});
	return NULL;
}

static struct err *
read_id(struct reader *r)
{
	struct str at = body_at(r->w->call->arena, r->op->at, STR("id"));

	if (!r->create)
		return check_id(r, at);
	return json_has(r->op->data, "id") ? take_id(r, at) : NULL;
}

/* ---- attributes ---- */

static struct err *
no_such_member(struct reader *r, struct str at, const char *what)
{
	if (r->strict)
		body_issue(r->w, at, what, "value_error.extra");
	return NULL;
}

static struct err *
not_yours(struct reader *r, struct str at, struct str name)
{
	return jsonapi_error(r->w->call, 403, NULL,
			     (struct fault_source){.pointer = at.p},
			     "%.*s cannot be written.", STR_FMT(name));
}

/* Names of a resource are one space (JSON:API 1.1 §7.2.2). */
static struct err *
check_name(struct reader *r, struct str at, struct str name)
{
	struct fault_source place = {.pointer = at.p};
	bool reserved = str_eq(name, STR("id")) || str_eq(name, STR("type"));

	if (reserved && !resource_attribute(r->resource, name))
		return jsonapi_error(r->w->call, 400, NULL, place,
				     "An attribute cannot be called %.*s.",
				     STR_FMT(name));
	if (r->relationships && json_has(r->relationships, name.p))
		return jsonapi_error(
			r->w->call, 400, NULL, place,
			"%.*s is both an attribute and a relationship.",
			STR_FMT(name));
	return NULL;
}

static bool
may_be_null(const struct reader *r, const struct column *c)
{
	return c->nullable && !(r->create && c->required);
}

static struct err *
read_attribute(struct reader *r, struct str name, json_object *value)
{
	const struct column *c = find_attribute(r->resource, name);
	struct str at = body_at(r->w->call->arena, r->attributes_at, name);
	struct input in = {.arena = r->w->call->arena,
			   .column = c,
			   .where = "body",
			   .field = at};
	struct slot *slot;

	TRY(check_name(r, at, name));
	if (!c)
		return no_such_member(r, at, "there is no such attribute");
	if (!is_writable(r, c))
		return r->strict ? not_yours(r, at, name) : NULL;
	slot = &r->slots[c->index];
	slot->given = true;
	slot->set.column = c;
	if (!value && !may_be_null(r, c))
		body_issue(r->w, at, "none is not an allowed value",
			   "type_error.none.not_allowed");
	else
		slot->fits = type_read_json(&in, value, &r->w->issues,
					    &slot->set.value);
	return NULL;
}

static struct err *
read_attributes(struct reader *r)
{
	if (!r->attributes)
		return NULL;
	json_object_object_foreach(r->attributes, name, value)
		TRY(read_attribute(r, str_of(name), value));
	return NULL;
}

/* ---- relationships ---- */

static bool
may_be_cleared(const struct reader *r, const struct fkey *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (r->create && f->columns[i]->required)
			return false;
	return true;
}

static struct err *
give_key(struct reader *r, const struct linkage *l)
{
	const struct fkey *f = l->by->by.fkey;
	struct setting *set =
		ARENA_ARRAY(r->w->call->arena, struct setting, f->n);
	size_t n = linkage_settings(r->w, l, set);

	for (size_t i = 0; i < f->n; i++)
		r->slots[f->columns[i]->index].given = true;
	if (n == 0 || (l->n == 0 && !may_be_cleared(r, f)))
		body_issue(r->w, l->at, "none is not an allowed value",
			   "type_error.none.not_allowed");
	for (size_t i = 0; i < n; i++)
		give(r, set[i]);
	return NULL;
}

static struct err *
check_key(struct reader *r, const struct linkage *l)
{
	const struct fkey *f = l->by->by.fkey;

	TRY(linkage_may(r->w, l, r->create));
	for (size_t i = 0; i < f->n; i++)
		if (!is_writable(r, f->columns[i]))
			return not_yours(r, l->at, l->by->name);
	return NULL;
}

static struct err *
take_linkage(struct reader *r, const struct linkage *l)
{
	if (l->by->by.reverse) {
		r->op->links[r->op->nlinks++] = *l;
		return linkage_may(r->w, l, false);
	}
	TRY(check_key(r, l));
	if (l->n && l->by->to->guarded && l->to->row.key)
		r->op->keys[r->op->nkeys++] = *l;
	return give_key(r, l);
}

/* Its links and meta say nothing that we could do. */
static struct err *
read_relationship(struct reader *r, struct str name, json_object *value)
{
	struct arena *a = r->w->call->arena;
	struct str at = body_at(a, r->relationships_at, name);
	struct linkage l = {.at = body_at(a, at, STR("data"))};
	struct issue **end = r->w->issues.end;

	l.by = resource_relationship(r->resource, name);
	if (!l.by)
		return no_such_member(r, at, "there is no such relationship");
	if (!is_object(value)) {
		body_not_object(r->w, at);
		return NULL;
	}
	if (!json_has(value, "data")) {
		if (!json_has(value, "links") && !json_has(value, "meta"))
			body_missing(r->w, l.at);
		return NULL;
	}
	TRY(linkage_read(r->w, l.by, json_get(value, "data"), &l));
	return end == r->w->issues.end ? take_linkage(r, &l) : NULL;
}

/* In the order of the resource, which is the same for all who write it. */
static int
by_place(const void *a, const void *b)
{
	const struct relationship *x = ((const struct linkage *)a)->by;
	const struct relationship *y = ((const struct linkage *)b)->by;

	return (x > y) - (x < y);
}

static struct err *
read_relationships(struct reader *r)
{
	size_t n = r->resource->nrelationships;
	struct arena *a = r->w->call->arena;

	r->op->links = ARENA_ARRAY(a, struct linkage, n);
	r->op->keys = ARENA_ARRAY(a, struct linkage, n);
	if (!r->relationships)
		return NULL;
	json_object_object_foreach(r->relationships, name, value)
		TRY(read_relationship(r, str_of(name), value));
	if (r->op->nlinks)
		qsort(r->op->links, r->op->nlinks, sizeof(*r->op->links),
		      by_place);
	return NULL;
}

/* ---- what has to be there ---- */

static struct str
link_name(const struct reader *r, const struct column *c)
{
	for (size_t i = 0; c->link && i < r->resource->nrelationships; i++) {
		const struct relationship *one = &r->resource->relationships[i];

		if (one->by.fkey == c->link && !one->by.reverse)
			return one->name;
	}
	return (struct str){0};
}

static struct str
attribute_name(const struct resource *r, const struct column *c)
{
	for (size_t i = 0; i < r->nattributes; i++)
		if (r->attributes[i] == c)
			return r->names[i];
	return c->name;
}

/* Is it said to be wrong, or something in it? */
static bool
is_faulty(const struct reader *r, struct str at)
{
	for (const struct issue *i = r->w->issues.first; i; i = i->next)
		if (str_starts(i->field, at) &&
		    (i->field.n == at.n || i->field.p[at.n] == '/'))
			return true;
	return false;
}

/* Once, and at the object that it would be in where that is missing, too. */
static void
require_within(struct reader *r, json_object *object, struct str at,
	       struct str name)
{
	if (object)
		at = body_at(r->w->call->arena, at, name);
	if (!is_faulty(r, at))
		body_missing(r->w, at);
}

static void
require_column(struct reader *r, const struct column *c)
{
	struct str link = link_name(r, c);

	if (link.p)
		require_within(r, r->relationships, r->relationships_at, link);
	else if (is_in_key(r->resource, c))
		require_within(r, r->op->data, r->op->at, STR("id"));
	else
		require_within(r, r->attributes, r->attributes_at,
			       attribute_name(r->resource, c));
}

static void
require(struct reader *r)
{
	const struct table *t = r->resource->table;

	for (size_t i = 0; r->create && i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!r->slots[i].given && is_required(c) && is_writable(r, c))
			require_column(r, c);
	}
}

/* ---- the whole ---- */

/* The member, if it is an object. */
static json_object *
object_member(struct reader *r, const char *name, struct str *ret_at)
{
	json_object *o = json_get(r->op->data, name);

	*ret_at = body_at(r->w->call->arena, r->op->at, str_of(name));
	if (!json_has(r->op->data, name) || is_object(o))
		return o;
	body_not_object(r->w, *ret_at);
	return NULL;
}

static void
gather(struct reader *r)
{
	size_t n = r->resource->table->ncolumns;
	struct operation *op = r->op;

	op->set = ARENA_ARRAY(r->w->call->arena, struct setting, n);
	for (size_t i = 0; i < n; i++)
		if (r->slots[i].fits)
			op->set[op->nset++] = r->slots[i].set;
}

struct err *
body_row_read(struct writing *w, struct operation *op)
{
	struct arena *a = w->call->arena;
	struct reader r = {
		.w = w,
		.op = op,
		.resource = op->resource,
		.create = op->kind == OPERATION_ADD,
		.strict = jsonapi_of(w->call)->strict,
	};

	if (!is_object(op->data)) {
		body_not_object(w, op->at);
		return NULL;
	}
	if (r.strict)
		TRY(body_check_type(w, body_at(a, op->at, STR("type")),
				    json_get(op->data, "type"),
				    op->resource->type));
	r.slots = ARENA_ARRAY(a, struct slot, op->resource->table->ncolumns);
	r.attributes = object_member(&r, "attributes", &r.attributes_at);
	r.relationships =
		object_member(&r, "relationships", &r.relationships_at);
	TRY(read_id(&r));
	TRY(read_attributes(&r));
	TRY(read_relationships(&r));
	require(&r);
	gather(&r);
	return NULL;
}
