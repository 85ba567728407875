#include "api/jsonapi/jsonapi.h"
#include "core/relation.h"

/* Is the member asked for?  Without fields= of its type, all are. */
static bool
is_wanted(const struct jsonapi *j, const struct table *table, struct str name)
{
	bool any = false;

	for (const struct fieldset *s = j->fields; s; s = s->next) {
		struct str names = s->names;

		if (s->resource->table != table)
			continue;
		any = true;
		while (names.n)
			if (str_eq(str_trim(str_cut(&names, ',')), name))
				return true;
	}
	return !any;
}

/* ---- resource objects ---- */

/* The JSON string that a text is. */
static struct str
quoted(struct arena *a, struct str text)
{
	struct buf b = buf_new(6 * text.n + 2);
	struct str json;

	buf_json(&b, text);
	json = arena_str(a, buf_str(&b));
	buf_free(&b);
	return json;
}

static struct field *
add(struct call *call, struct shape *shape, const char *name,
    enum field_kind kind)
{
	struct field *f = plan_field(call->arena, shape, str_of(name));

	f->kind = kind;
	return f;
}

static void
add_type(struct call *call, struct shape *shape, const struct table *table)
{
	struct str type = resource_type(call->arena, table);

	add(call, shape, "type", FIELD_TEXT)->text = quoted(call->arena, type);
}

struct shape *
jsonapi_identifier(struct call *call, const struct table *table)
{
	struct shape *shape = plan_shape(call->arena, table, 2);

	shape->key = table->primary;
	add(call, shape, "id", FIELD_KEY);
	add_type(call, shape, table);
	return shape;
}

/* A group of members below a name of the shape. */
static struct shape *
add_group(struct call *call, struct shape *shape, struct str name, size_t max)
{
	struct shape *group = plan_shape(call->arena, shape->table, max);
	struct field *f = plan_field(call->arena, shape, name);

	f->kind = FIELD_GROUP;
	f->object = group;
	return group;
}

static void
add_attributes(struct call *call, struct shape *shape, const struct resource *r)
{
	struct shape *group =
		add_group(call, shape, STR("attributes"), r->nattributes);

	for (size_t i = 0; i < r->nattributes; i++)
		if (is_wanted(jsonapi_of(call), r->table, r->names[i]))
			plan_field(call->arena, group, r->names[i])->column =
				r->attributes[i];
}

/* A link to the row, or to what is below it. */
static void
add_link(struct call *call, struct shape *links, const char *name,
	 const struct resource *r, struct str behind)
{
	struct field *f = add(call, links, name, FIELD_KEY);
	struct str table = http_encode(call->arena, r->table->name);

	f->text = arena_printf(call->arena, "%s/%.*s/",
			       jsonapi_of(call)->prefix, STR_FMT(table));
	f->behind = behind;
	f->path = true;
}

/* ---- relationships ---- */

/* Is the relationship of the table's rows followed by include=? */
static bool
is_included(const struct jsonapi *j, const struct table *table,
	    const struct relationship *r)
{
	for (const struct inclusion *i = j->include; i; i = i->next)
		if (i->by && i->up->resource->table == table &&
		    str_eq(i->by->name, r->name))
			return true;
	return false;
}

static struct sorting *
order_by_key(struct call *call, const struct constraint *key)
{
	struct sorting *order =
		ARENA_ARRAY(call->arena, struct sorting, key->n);

	for (size_t i = 0; i < key->n; i++)
		order[i].column = key->columns[i];
	return order;
}

static void
add_linked_rows(struct call *call, struct shape *shape,
		const struct relationship *r)
{
	struct rows *rows = ARENA_NEW(call->arena, struct rows);

	*rows = (struct rows){
		.table = r->to,
		.by = r->by,
		.via = r->via,
		.shape = jsonapi_identifier(call, r->to),
		.order = order_by_key(call, r->to->primary),
		.norder = r->to->primary->n,
		.one = !r->many,
	};
	add(call, shape, "data", FIELD_ROWS)->rows = rows;
}

/* Who is linked: what a row holds of it is not looked up. */
static void
add_linkage(struct call *call, struct shape *shape,
	    const struct relationship *r)
{
	const struct fkey *key = r->by.fkey;
	struct field *f;

	if (r->by.reverse) {
		add_linked_rows(call, shape, r);
		return;
	}
	f = add(call, shape, "data",
		relation_is_to_primary(key) ? FIELD_REF : FIELD_OBJECT);
	f->object = jsonapi_identifier(call, r->to);
	f->object->by = key;
}

static void
add_links(struct call *call, struct shape *shape, const struct resource *r,
	  struct str name)
{
	struct shape *links = add_group(call, shape, STR("links"), 2);
	struct str end = http_encode(call->arena, name);

	add_link(call, links, "related", r,
		 arena_printf(call->arena, "/%.*s", STR_FMT(end)));
	add_link(
		call, links, "self", r,
		arena_printf(call->arena, "/relationships/%.*s", STR_FMT(end)));
}

/* Strict documents always tell what costs nothing. */
static bool
is_linked(const struct jsonapi *j, const struct table *table,
	  const struct relationship *r)
{
	return is_included(j, table, r) || (j->strict && !r->by.reverse &&
					    relation_is_to_primary(r->by.fkey));
}

static bool
is_shown(const struct jsonapi *j, const struct table *table,
	 const struct relationship *r)
{
	return j->strict ? is_wanted(j, table, r->name)
			 : is_included(j, table, r);
}

static void
add_relationships(struct call *call, struct shape *shape,
		  const struct resource *r)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct shape *all = NULL, *one;

	for (size_t i = 0; i < r->nrelationships; i++) {
		const struct relationship *x = &r->relationships[i];

		if (!is_shown(j, r->table, x))
			continue;
		if (!all)
			all = add_group(call, shape, STR("relationships"),
					r->nrelationships);
		one = add_group(call, all, x->name, 2);
		if (is_linked(j, r->table, x))
			add_linkage(call, one, x);
		if (j->strict)
			add_links(call, one, r, x->name);
	}
}

static struct shape *
make_object(struct call *call, const struct resource *r)
{
	struct shape *shape = plan_shape(call->arena, r->table, 5), *links;

	shape->key = r->table->primary;
	add_attributes(call, shape, r);
	add(call, shape, "id", FIELD_KEY);
	links = add_group(call, shape, STR("links"), 1);
	add_link(call, links, "self", r, STR(""));
	add_relationships(call, shape, r);
	add_type(call, shape, r->table);
	return shape;
}

/* ---- rows besides ---- */

static bool
has_section(const struct plan *plan, const struct table *table, int *ret)
{
	for (*ret = 0; (size_t)*ret < plan->nsections; ++*ret)
		if (plan->sections[*ret].table == table)
			return true;
	return false;
}

static bool
is_before(struct call *call, const struct table *x, const struct table *y)
{
	return str_cmp(resource_type(call->arena, x),
		       resource_type(call->arena, y)) < 0;
}

/* Sections are in the order of their types. */
static void
add_section(struct call *call, struct plan *plan, const struct resource *r)
{
	struct section one = {r->table, NULL};
	size_t i = plan->nsections++;

	for (; i && is_before(call, r->table, plan->sections[i - 1].table); i--)
		plan->sections[i] = plan->sections[i - 1];
	one.shape = make_object(call, r);
	plan->sections[i] = one;
}

static void
add_reaches(struct call *call, struct plan *plan)
{
	struct inclusion *i = jsonapi_of(call)->include;

	for (i = i->next; i; i = i->next) {
		struct reach one = {
			.from = i->up->reach,
			.by = i->by->by,
			.via = i->by->via,
		};

		has_section(plan, i->resource->table, &one.section);
		i->reach = (int)plan->nreaches;
		plan->reaches[plan->nreaches++] = one;
	}
}

/* What include= asks for, as rows of the same statement. */
static void
add_included(struct call *call, struct plan *plan)
{
	struct inclusion *all = jsonapi_of(call)->include, *i;
	int n, section;

	if (!all)
		return;
	for (n = 0, i = all; i; i = i->next)
		n++;
	plan->reaches = ARENA_ARRAY(call->arena, struct reach, (size_t)n);
	plan->sections = ARENA_ARRAY(call->arena, struct section, (size_t)n);
	for (i = all->next; i; i = i->next)
		if (!has_section(plan, i->resource->table, &section))
			add_section(call, plan, i->resource);
	add_reaches(call, plan);
}

/* ---- the whole ---- */

struct err *
jsonapi_shape(struct call *call, struct plan *plan)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (j->target == TARGET_RELATIONSHIP) {
		plan->shape = jsonapi_identifier(call, j->primary->table);
		return NULL;
	}
	plan->shape = make_object(call, j->primary);
	add_included(call, plan);
	return NULL;
}
