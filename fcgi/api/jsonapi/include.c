#include "api/jsonapi/jsonapi.h"

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
add_group(struct call *call, struct shape *shape, const char *name, size_t max)
{
	struct shape *group = plan_shape(call->arena, shape->table, max);

	add(call, shape, name, FIELD_GROUP)->object = group;
	return group;
}

static void
add_attributes(struct call *call, struct shape *shape, const struct resource *r)
{
	struct shape *group =
		add_group(call, shape, "attributes", r->nattributes);

	for (size_t i = 0; i < r->nattributes; i++)
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

static struct shape *
make_object(struct call *call, const struct resource *r)
{
	struct shape *shape = plan_shape(call->arena, r->table, 5), *links;

	shape->key = r->table->primary;
	add_attributes(call, shape, r);
	add(call, shape, "id", FIELD_KEY);
	links = add_group(call, shape, "links", 1);
	add_link(call, links, "self", r, STR(""));
	add_type(call, shape, r->table);
	return shape;
}

/* ---- the whole ---- */

struct err *
jsonapi_read_include(struct call *call)
{
	(void)call;
	return NULL;
}

struct err *
jsonapi_shape(struct call *call, struct plan *plan)
{
	plan->shape = make_object(call, jsonapi_of(call)->primary);
	return NULL;
}
