#include "api/jsonapi/jsonapi_openapi.h"

bool
jsonapi_openapi_is_writable(const struct jsonapi_about *a,
			    const struct column *c, bool create)
{
	uint32_t granted = create ? c->grants.insert : c->grants.update;

	return !c->generated && !c->hidden && (granted & a->resource->role);
}

static bool
is_required(const struct column *c)
{
	return c->required || (!c->nullable && !c->has_default);
}

/* The column of a relationship that the row itself holds, or NULL. */
static const struct column *
own_column(const struct relationship *r)
{
	return !r->many && !r->by.reverse && !r->via && r->by.fkey->n == 1
		       ? r->by.fkey->columns[0]
		       : NULL;
}

static const char *
name(struct jsonapi_about *a, const char *suffix)
{
	return arena_printf(a->arena, "%.*s%s", STR_FMT(a->names->one), suffix)
		.p;
}

static void
put_name(struct jsonapi_about *a, bool *first, struct str member)
{
	if (!*first)
		buf_char(a->w->to, ',');
	*first = false;
	part_string(a->w, member);
	buf_char(a->w->to, ':');
}

/* ---- what is answered ---- */

/* All of them may be absent: fields= chooses. */
static void
put_attributes(struct jsonapi_about *a)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, "{'type':'object','properties':{");
	for (size_t i = 0; i < r->nattributes; i++) {
		put_name(a, &first, r->names[i]);
		part_value(a->w, r->attributes[i], PART_ANSWER,
			   r->attributes[i]->nullable);
	}
	part_put(a->w, "}}");
}

static void
put_relationships(struct jsonapi_about *a)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, "{'type':'object','properties':{");
	for (size_t i = 0; i < r->nrelationships; i++) {
		put_name(a, &first, r->relationships[i].name);
		part_put(a->w, r->relationships[i].many ? "<JsonApiToMany>"
							: "<JsonApiToOne>");
	}
	part_put(a->w, "}}");
}

void
jsonapi_openapi_resource(struct jsonapi_about *a)
{
	part_begin(a->w, PART_SCHEMA, name(a, "Resource"));
	part_put(a->w, "{'type':'object','required':['type','id'],"
		       "'properties':{'type':{'const':");
	part_string(a->w, a->resource->type);
	part_put(a->w, "},'id':{'type':'string'},'attributes':");
	put_attributes(a);
	if (a->resource->nrelationships) {
		part_put(a->w, ",'relationships':");
		put_relationships(a);
	}
	part_put(a->w, ",'links':<JsonApiLinks>,'meta':{'type':'object'}}}");
}

void
jsonapi_openapi_document(struct jsonapi_about *a, bool list)
{
	const char *one = a->names->one.p;

	part_begin(a->w, PART_SCHEMA,
		   name(a, list ? "ListDocument" : "Document"));
	part_put(a->w, "{'type':'object','required':['data','jsonapi'],"
		       "'properties':{'data':");
	part_printf(a->w,
		    list ? "{'type':'array','items':<%sResource>}"
			 : "{'anyOf':[<%sResource>,{'type':'null'}]}",
		    one);
	part_put(a->w, ",'included':{'type':'array','items':"
		       "<JsonApiIncluded>},'jsonapi':<JsonApiVersion>,"
		       "'links':<JsonApiLinks>,'meta':<JsonApiMeta>}}");
}

/* ---- what is sent ---- */

/* A column that is no attribute is a relationship, or the id. */
static bool
is_attribute(const struct jsonapi_about *a, const struct column *c)
{
	const struct resource *r = a->resource;
	const struct constraint *primary = r->table->primary;

	for (size_t i = 0; i < primary->n; i++)
		if (primary->columns[i] == c)
			return false;
	for (size_t i = 0; i < r->nrelationships; i++)
		if (own_column(&r->relationships[i]) == c)
			return false;
	return true;
}

static struct str
attribute_name(const struct jsonapi_about *a, const struct column *c)
{
	const struct resource *r = a->resource;

	for (size_t i = 0; i < r->nattributes; i++)
		if (r->attributes[i] == c)
			return r->names[i];
	return c->name;
}

static void
put_required(struct jsonapi_about *a)
{
	const struct table *t = a->resource->table;
	bool first = true;

	part_put(a->w, ",'required':[");
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!jsonapi_openapi_is_writable(a, c, true) ||
		    !is_attribute(a, c) || !is_required(c))
			continue;
		part_put(a->w, first ? "" : ",");
		part_string(a->w, attribute_name(a, c));
		first = false;
	}
	part_put(a->w, "]");
}

static void
put_input_attributes(struct jsonapi_about *a, bool create)
{
	const struct table *t = a->resource->table;
	bool first = true;

	part_put(a->w, "{'type':'object'");
	if (create)
		put_required(a);
	part_put(a->w, ",'properties':{");
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!jsonapi_openapi_is_writable(a, c, create) ||
		    !is_attribute(a, c))
			continue;
		put_name(a, &first, attribute_name(a, c));
		part_value(a->w, c, PART_REQUEST,
			   c->nullable && !(create && c->required));
	}
	part_put(a->w, "}}");
}

/* A key that the role may not write is no relationship that it may set. */
static bool
may_set(const struct jsonapi_about *a, const struct relationship *r,
	bool create)
{
	const struct column *c = own_column(r);

	return !c || jsonapi_openapi_is_writable(a, c, create);
}

static void
put_required_relationships(struct jsonapi_about *a)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, ",'required':[");
	for (size_t i = 0; i < r->nrelationships; i++) {
		const struct column *c = own_column(&r->relationships[i]);

		if (!c || !may_set(a, &r->relationships[i], true) ||
		    !is_required(c))
			continue;
		part_put(a->w, first ? "" : ",");
		part_string(a->w, r->relationships[i].name);
		first = false;
	}
	part_put(a->w, "]");
}

/* May it be set to nobody? */
static bool
may_clear(const struct relationship *r, bool create)
{
	const struct column *c = own_column(r);

	return !c || (c->nullable && !(create && c->required));
}

static const char *
linkage(const struct relationship *r, bool create)
{
	if (r->many)
		return "<JsonApiIdentifiers>";
	return may_clear(r, create) ? "<JsonApiOneIdentifier>"
				    : "<JsonApiSomeIdentifier>";
}

static void
put_input_relationships(struct jsonapi_about *a, bool create)
{
	const struct resource *r = a->resource;
	bool first = true;

	part_put(a->w, "{'type':'object'");
	if (create)
		put_required_relationships(a);
	part_put(a->w, ",'properties':{");
	for (size_t i = 0; i < r->nrelationships; i++) {
		if (!may_set(a, &r->relationships[i], create))
			continue;
		put_name(a, &first, r->relationships[i].name);
		part_put(a->w, linkage(&r->relationships[i], create));
	}
	part_put(a->w, "}}");
}

void
jsonapi_openapi_body(struct jsonapi_about *a, bool create)
{
	part_begin(a->w, PART_SCHEMA,
		   name(a, create ? "CreateDocument" : "PatchDocument"));
	part_printf(a->w,
		    "{'type':'object','required':['data'],'properties':{"
		    "'data':{'type':'object','required':['type'%s],"
		    "'properties':{'type':{'const':",
		    create ? "" : ",'id'");
	part_string(a->w, a->resource->type);
	part_put(a->w, "},'id':{'type':'string'},'attributes':");
	put_input_attributes(a, create);
	if (a->resource->nrelationships) {
		part_put(a->w, ",'relationships':");
		put_input_relationships(a, create);
	}
	part_put(a->w, "}}}}");
}
