#include "api/jsonapi/jsonapi.h"

#include "api/answer.h"

#define PREFIX "/jsonapi"

/* ---- whose request it is ---- */

static bool
is_below_prefix(struct str path)
{
	return str_eq(path, STR(PREFIX)) || str_starts(path, STR(PREFIX "/"));
}

/* A table of that name has the path, unless the media type is the extension's.
 */
static bool
is_operations(const struct request *r, struct str name)
{
	return str_eq(name, STR("operations")) &&
	       (!r->model || !model_table(r->model, name) ||
		jsonapi_is_atomic(r));
}

bool
jsonapi_is_request(const struct request *r)
{
	return is_below_prefix(r->path) ||
	       is_operations(r, str_sub(r->path, 1, r->path.n)) ||
	       http_is_type(r->content_type, STR(JSONAPI_TYPE)) ||
	       jsonapi_is_strict(r);
}

/* ---- what the path asks for ---- */

/* The last segment of a path, without which it is *head. */
static struct str
last_segment(struct str path, struct str *head)
{
	size_t at = path.n;

	while (at && path.p[at - 1] != '/')
		at--;
	*head = str_sub(path, 0, at ? at - 1 : 0);
	return str_sub(path, at, path.n);
}

/* "1/events" or "1/relationships/events"; an id may hold a '/' itself. */
static void
read_relationship(struct jsonapi *j, struct str below)
{
	struct str head, name = last_segment(below, &head), id;

	if (head.n)
		j->relationship = resource_relationship(j->resource, name);
	if (!j->relationship)
		return;
	j->target = TARGET_RELATED;
	j->id = head;
	if (str_eq(last_segment(head, &id), STR("relationships")) && id.n) {
		j->target = TARGET_RELATIONSHIP;
		j->id = id;
	}
}

static struct err *
not_found(struct call *call)
{
	return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
}

static bool
may_touch(const struct table *t, uint32_t role)
{
	const struct grants *g = &t->grants;

	return ((g->select | g->insert | g->update | g->delete) & role) != 0;
}

/* Clients that have one name for both say the type where the path is. */
static struct resource *
find_resource(struct call *call, struct str name)
{
	const struct jsonapi *j = jsonapi_of(call);
	const struct table *t = model_table(call->request.model, name);

	if (!t && *j->prefix)
		return resource_find(call, name);
	if (!t || !may_touch(t, j->role))
		return NULL;
	return resource_of(call->arena, t, j->role);
}

static struct err *
read_path(struct call *call, struct str path)
{
	struct jsonapi *j = jsonapi_of(call);
	struct str name = str_cut(&path, '/');

	if (path.n == 0 && is_operations(&call->request, name)) {
		j->target = TARGET_OPERATIONS;
		return NULL;
	}
	j->role = answer_role(call);
	j->resource = find_resource(call, name);
	if (!j->resource)
		return not_found(call);
	j->primary = j->resource;
	if (path.n == 0)
		return NULL;
	j->target = TARGET_ONE;
	j->id = path;
	read_relationship(j, path);
	if (!j->relationship)
		return NULL;
	j->primary = resource_of(call->arena, j->relationship->to, j->role);
	return j->primary ? NULL : not_found(call);
}

/* ---- the query ---- */

static const char *const families[] = {"include", "fields", "filter", "sort",
				       "page"};

static bool
is_family(struct str name)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (str_eq(name, str_of(families[i])))
			return true;
	return false;
}

/* Names of small letters alone are JSON:API's own (1.1, §8.1). */
static bool
is_kept_for_jsonapi(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 'a' || name.p[i] > 'z')
			return false;
	return name.n > 0;
}

static bool
is_known(struct str name, struct str family)
{
	static const char *const pages[] = {"page[size]", "page[number]",
					    "page[after]", "page[before]"};

	if (!str_eq(family, STR("page")))
		return !is_kept_for_jsonapi(family) || is_family(family);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (str_eq(name, str_of(pages[i])))
			return true;
	return false;
}

static struct err *
check_param(struct call *call, struct str name)
{
	struct fault_source source = {.parameter = name.p};
	struct str left = name, family = str_cut(&left, '[');

	if (is_family(family) && left.n && !str_ends(left, STR("]")))
		return jsonapi_error(call, 400, NULL, source, "Parse error");
	if (!jsonapi_of(call)->strict || is_known(name, family))
		return NULL;
	return jsonapi_error(call, 400, NULL, source,
			     "There is no parameter '%.*s'", STR_FMT(name));
}

static struct err *
check_query(struct call *call)
{
	const struct http_query *q = &call->request.query;

	for (size_t i = 0; i < q->n; i++)
		TRY(check_param(call, q->params[i].name));
	return NULL;
}

/* ---- the methods ---- */

static const struct route {
	const char *method;
	enum jsonapi_target target;
	size_t grant; /* where in struct grants; of what is not a link's */
	struct err *(*plan)(struct call *call);
} routes[] = {
#define GRANT(what) offsetof(struct grants, what)
	{"GET",	TARGET_LIST,	     GRANT(select), jsonapi_read	},
	{"GET",	TARGET_ONE,	    GRANT(select), jsonapi_read      },
	{"GET",	TARGET_RELATED,	GRANT(select), jsonapi_read	   },
	{"GET",	TARGET_RELATIONSHIP, GRANT(select), jsonapi_read	},
	{"POST",	 TARGET_LIST,	      GRANT(insert), jsonapi_write	  },
	{"DELETE", TARGET_LIST,		GRANT(delete), jsonapi_write	    },
	{"PATCH",  TARGET_ONE,	      GRANT(update), jsonapi_write	  },
	{"DELETE", TARGET_ONE,	       GRANT(delete), jsonapi_write	   },
	{"PATCH",  TARGET_RELATIONSHIP, GRANT(select), jsonapi_relate    },
	{"POST",	 TARGET_RELATIONSHIP, GRANT(select), jsonapi_relate	   },
	{"DELETE", TARGET_RELATIONSHIP, GRANT(select), jsonapi_relate    },
	{"POST",	 TARGET_OPERATIONS,   GRANT(select), jsonapi_operations},
#undef GRANT
};

static bool
is_read_only(const struct jsonapi *j)
{
	return j->resource && (j->resource->table->kind == REL_VIEW ||
			       j->resource->table->kind == REL_MATERIALIZED);
}

static uint32_t
granted_to(const struct jsonapi *j, const struct route *route)
{
	uint32_t granted;

	memcpy(&granted,
	       (const char *)&j->resource->table->grants + route->grant,
	       sizeof(granted));
	return granted;
}

/* What nobody may do there is no method of it. */
static bool
offers(const struct jsonapi *j, const struct route *route)
{
	if (route->target != j->target)
		return false;
	return !j->resource || route->plan == jsonapi_read ||
	       (!is_read_only(j) && granted_to(j, route));
}

static const struct route *
find_route(struct call *call, struct str method)
{
	if (str_eq(method, STR("HEAD")))
		method = STR("GET");
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (offers(jsonapi_of(call), &routes[i]) &&
		    str_eq(str_of(routes[i].method), method))
			return &routes[i];
	return NULL;
}

static struct err *
bad_method(struct call *call)
{
	struct err *e;
	struct str list = STR("");

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *name = routes[i].method;

		if (offers(jsonapi_of(call), &routes[i]))
			list = arena_printf(
				call->arena, "%.*s%s%s%s", STR_FMT(list),
				list.n ? ", " : "", name,
				strcmp(name, "GET") == 0 ? ", HEAD" : "");
	}
	if (list.n == 0)
		return not_found(call);
	e = err_new(call->arena, ERR_METHOD, "Method Not Allowed");
	e->allow = list;
	return e;
}

/* Who may not may be somebody who did not say who he is. */
static struct err *
check_grant(struct call *call, const struct route *route)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (!j->resource || (granted_to(j, route) & j->role))
		return NULL;
	if (!call->caller.known)
		return err_new(call->arena, ERR_UNAUTHORIZED,
			       "Not authenticated");
	return err_new(call->arena, ERR_FORBIDDEN, "Forbidden");
}

/* ---- the interface ---- */

static void
depend(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (j->resource)
		jsonapi_depend(call, j->resource->table, call->request.method,
			       j->target == TARGET_LIST);
}

/*
 * What is wrong with a request is nobody's business whom its dependencies
 * refuse: they run first, and then render() says it.
 */
static struct err *
blame_later(struct call *call, struct err *e)
{
	if (!e || !call->ndepends)
		return e;
	jsonapi_of(call)->later = e;
	call->plan = (struct plan){
		.op = PLAN_SELECT,
		.shape = plan_shape(call->arena, NULL, 0),
	};
	return NULL;
}

static struct err *
plan_path(struct call *call, struct str path)
{
	const struct route *route;
	struct err *e;

	TRY(read_path(call, path));
	route = find_route(call, call->request.method);
	if (!route)
		return bad_method(call);
	TRY(check_grant(call, route));
	depend(call);
	e = check_query(call);
	if (!e)
		e = route->plan(call);
	return blame_later(call, e);
}

static struct err *
plan(struct call *call)
{
	struct jsonapi *j = ARENA_NEW(call->arena, struct jsonapi);
	struct str path = call->request.path;
	bool slash = path.n > 1 && path.p[path.n - 1] == '/';

	call->state = j;
	j->count = j->parent = -1;
	j->prefix = is_below_prefix(path) ? PREFIX : "";
	TRY(jsonapi_negotiate(call));
	if (slash)
		path.n--;
	if (!str_starts(path, STR("/")) || str_eq(path, STR(PREFIX)))
		return not_found(call);
	if (slash) {
		answer_redirect(call, path);
		return NULL;
	}
	return plan_path(call, str_sub(path, strlen(j->prefix) + 1, path.n));
}

static struct err *
render(struct call *call)
{
	if (jsonapi_of(call)->later)
		return jsonapi_of(call)->later;
	jsonapi_put_vary(call);
	return jsonapi_of(call)->write ? jsonapi_render_write(call)
				       : jsonapi_render_read(call);
}

const struct api jsonapi_api = {
	.name = "jsonapi",
	.plan = plan,
	.tail = jsonapi_tail,
	.render = render,
	.fail = jsonapi_fail,
};
