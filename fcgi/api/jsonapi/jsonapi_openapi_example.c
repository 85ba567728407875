#include "api/jsonapi/jsonapi_openapi.h"

enum { ID_MAX = 4096 };

static void
put_name(struct jsonapi_about *a, bool *first, struct str member)
{
	if (!*first)
		buf_char(a->w->to, ',');
	*first = false;
	part_string(a->w, member);
	buf_char(a->w->to, ':');
}

struct str
jsonapi_openapi_id(struct part_writer *w, const struct table *t)
{
	struct buf b = buf_new(ID_MAX), *to = w->to;
	struct str id = STR("");

	w->to = &b;
	for (size_t i = 0; i < t->primary->n; i++) {
		const struct column *c = t->primary->columns[i];
		struct str text;

		buf_clear(&b);
		part_example(w, c->link ? c->link->references[0] : c);
		text = buf_str(&b);
		if (str_starts(text, STR("\"")))
			text = str_sub(text, 1, text.n - 2);
		id = arena_printf(w->arena, "%.*s%s%.*s", STR_FMT(id),
				  i ? "," : "", STR_FMT(text));
	}
	w->to = to;
	buf_free(&b);
	return id;
}

static void
put_identifier(struct jsonapi_about *a, const struct table *t)
{
	part_put(a->w, "{'id':");
	part_string(a->w, jsonapi_openapi_id(a->w, t));
	part_put(a->w, ",'type':");
	part_string(a->w, resource_type(a->arena, t));
	part_put(a->w, "}");
}

static void
put_relationship(struct jsonapi_about *a, const struct relationship *r,
		 struct str self)
{
	part_put(a->w, "{");
	if (!r->many && !r->by.reverse) {
		part_put(a->w, "'data':");
		put_identifier(a, r->to);
		part_put(a->w, ",");
	}
	part_put(a->w, "'links':{'related':");
	part_string(a->w, arena_printf(a->arena, "%.*s/%.*s", STR_FMT(self),
				       STR_FMT(r->name)));
	part_put(a->w, ",'self':");
	part_string(a->w, arena_printf(a->arena, "%.*s/relationships/%.*s",
				       STR_FMT(self), STR_FMT(r->name)));
	part_put(a->w, "}}");
}

static void
put_relationships(struct jsonapi_about *a, struct str self)
{
	const struct resource *r = a->resource;
	bool first = true;

	if (r->nrelationships)
		part_put(a->w, ",'relationships':{");
	for (size_t i = 0; i < r->nrelationships; i++) {
		put_name(a, &first, r->relationships[i].name);
		put_relationship(a, &r->relationships[i], self);
	}
	if (r->nrelationships)
		part_put(a->w, "}");
}

void
jsonapi_openapi_row(struct jsonapi_about *a)
{
	const struct resource *r = a->resource;
	struct str id = jsonapi_openapi_id(a->w, r->table);
	struct str self =
		arena_printf(a->arena, "%s/%.*s", a->path, STR_FMT(id));
	bool first = true;

	part_put(a->w, "{'attributes':{");
	for (size_t i = 0; i < r->nattributes; i++) {
		put_name(a, &first, r->names[i]);
		part_example(a->w, r->attributes[i]);
	}
	part_put(a->w, "},'id':");
	part_string(a->w, id);
	part_put(a->w, ",'links':{'self':");
	part_string(a->w, self);
	part_put(a->w, "}");
	put_relationships(a, self);
	part_put(a->w, ",'type':");
	part_string(a->w, r->type);
	part_put(a->w, "}");
}

/* The keys of the row itself; those of others are theirs to set. */
static void
put_own_relationships(struct jsonapi_about *a, bool create)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, ",'relationships':{");
	for (size_t i = 0; i < r->nrelationships; i++) {
		const struct relationship *one = &r->relationships[i];

		if (one->many || one->by.reverse ||
		    !jsonapi_openapi_is_writable(a, one->by.fkey->columns[0],
						 create))
			continue;
		put_name(a, &first, one->name);
		part_put(a->w, "{'data':");
		put_identifier(a, one->to);
		part_put(a->w, "}");
	}
	part_put(a->w, "}");
}

void
jsonapi_openapi_input(struct jsonapi_about *a, bool create)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, "{'data':{'type':");
	part_string(a->w, r->type);
	if (!create) {
		part_put(a->w, ",'id':");
		part_string(a->w, jsonapi_openapi_id(a->w, r->table));
	}
	part_put(a->w, ",'attributes':{");
	for (size_t i = 0; i < r->nattributes; i++) {
		if (!jsonapi_openapi_is_writable(a, r->attributes[i], create))
			continue;
		put_name(a, &first, r->names[i]);
		part_example(a->w, r->attributes[i]);
	}
	part_put(a->w, "}");
	put_own_relationships(a, create);
	part_put(a->w, "}}");
}
