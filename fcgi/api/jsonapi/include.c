#include "api/jsonapi/jsonapi.h"

enum { INCLUDES_MAX = 50 };

/* ---- include= ---- */

static const struct relationship *
find_relationship(struct call *call, const struct inclusion *up,
		  struct str name, struct err **e)
{
	const struct relationship *by =
		resource_relationship(up->resource, name);

	if (!by)
		*e = jsonapi_bad_query(
			call, "include", "%.*s has no attribute %.*s",
			STR_FMT(up->resource->schema), STR_FMT(name));
	return by;
}

/* Each table is one resource, however it is come by. */
static const struct resource *
find_resource(struct call *call, const struct table *table)
{
	struct inclusion *i = jsonapi_of(call)->include;

	for (; i; i = i->next)
		if (i->resource->table == table)
			return i->resource;
	return resource_of(call->arena, table, jsonapi_of(call)->role);
}

/* The last of all, for the next one to follow. */
static struct inclusion *
last_of(struct inclusion *all, int *ret_n)
{
	for (*ret_n = 1; all->next; all = all->next)
		++*ret_n;
	return all;
}

/* Step from *at to what its relationship `name` leads to. */
static struct err *
step(struct call *call, struct inclusion **at, struct str name)
{
	struct inclusion *all = jsonapi_of(call)->include, *i;
	struct err *e = NULL;
	const struct relationship *by = find_relationship(call, *at, name, &e);
	int n;

	if (!by || !all)
		return e;
	for (i = all; i && (i->up != *at || i->by != by); i = i->next)
		;
	if (!i) {
		i = ARENA_NEW(call->arena, struct inclusion);
		*i = (struct inclusion){
			.resource = find_resource(call, by->to),
			.by = by,
			.up = *at,
		};
		last_of(all, &n)->next = i;
		if (n > INCLUDES_MAX)
			return jsonapi_bad_query(
				call, "include",
				"You can't include more than %d relationships",
				INCLUDES_MAX);
	}
	*at = i;
	return NULL;
}

/* The next name of a list, as str_cut(); false: it was the last one. */
static bool
cut(struct str *left, char sep, struct str *ret)
{
	bool more = str_find(*left, sep) < left->n;

	*ret = str_cut(left, sep);
	return more;
}

/* "albums.songs": a name that is empty is a name, of nothing. */
static struct err *
read_path(struct call *call, struct str path)
{
	struct inclusion *at = jsonapi_of(call)->include;
	int64_t max = call->request.conf->jsonapi_include_depth;
	bool more = true;
	struct str name;

	for (int64_t i = 0; more; i++) {
		if (i == max)
			return jsonapi_bad_query(
				call, "include",
				"You can't use include through more than %lld "
				"relationships",
				(long long)max);
		more = cut(&path, '.', &name);
		TRY(step(call, &at, name));
	}
	return NULL;
}

/* An empty include= is one, of nothing. */
static struct err *
read_paths(struct call *call)
{
	const struct http_param *p =
		http_query_get(&call->request.query, STR("include"));
	struct jsonapi *j = jsonapi_of(call);
	struct str left, path;
	bool more;

	if (!p)
		return NULL;
	if (j->target == TARGET_RELATIONSHIP)
		return jsonapi_bad_query(call, "include",
					 "There is nothing to include in the "
					 "answer of a relationship");
	j->include = ARENA_NEW(call->arena, struct inclusion);
	*j->include = (struct inclusion){.resource = j->primary, .reach = -1};
	left = p->value;
	for (more = left.n > 0; more;) {
		more = cut(&left, ',', &path);
		TRY(read_path(call, str_trim(path)));
	}
	return NULL;
}

/* ---- fields= ---- */

static bool
is_field(const struct resource *r, struct str name)
{
	return name.n == 0 || str_eq(name, STR("id")) ||
	       resource_attribute(r, name) || resource_relationship(r, name);
}

static struct err *
read_fieldset(struct call *call, struct str type, struct str names)
{
	struct jsonapi *j = jsonapi_of(call);
	struct fieldset *set = ARENA_NEW(call->arena, struct fieldset);

	set->resource = resource_find(call, type);
	if (!set->resource)
		return jsonapi_error(
			call, 409, "Invalid type.",
			(struct fault_source){.parameter = "fields"},
			"Application has no resource with type '%.*s'",
			STR_FMT(type));
	set->names = names;
	while (names.n) {
		struct str name = str_trim(str_cut(&names, ','));

		if (!is_field(set->resource, name))
			return jsonapi_bad_query(
				call, "fields", "%.*s has no attribute %.*s",
				STR_FMT(set->resource->schema), STR_FMT(name));
	}
	set->next = j->fields;
	j->fields = set;
	return NULL;
}

static struct err *
read_fields(struct call *call)
{
	const struct http_query *q = &call->request.query;

	for (size_t i = 0; i < q->n; i++) {
		struct str type = q->params[i].name;
		struct str family = str_cut(&type, '[');

		if (!str_eq(family, STR("fields")) || !str_ends(type, STR("]")))
			continue;
		type.n--;
		TRY(read_fieldset(call, type, q->params[i].value));
	}
	return NULL;
}

struct err *
jsonapi_read_include(struct call *call)
{
	TRY(read_paths(call));
	return read_fields(call);
}
