#include "api/rest.h"

#include "api/answer.h"
#include "core/type.h"

/* ---- what a table answers with ---- */

bool
rest_may_see(const struct column *c, uint32_t role)
{
	return !c->hidden && (c->grants.select & role);
}

bool
rest_may_see_key(const struct constraint *c, uint32_t role)
{
	for (size_t i = 0; i < c->n; i++)
		if (!rest_may_see(c->columns[i], role))
			return false;
	return true;
}

/* Is a column called as the object would be? */
static bool
is_taken(const struct fkey *link)
{
	const struct column *other = table_column(link->from, link->link);

	return other && other->link != link;
}

bool
rest_is_object(const struct column *c, uint32_t role)
{
	const struct column *key = rest_link_key(c);

	return key && !is_taken(c->link) && rest_may_see(key, role) &&
	       c->link->to->primary &&
	       rest_may_see_key(c->link->to->primary, role);
}

static void
add_object(struct call *call, struct shape *shape, const struct fkey *by)
{
	const struct table *to = by->to;
	struct shape *object = plan_shape(call->arena, to, to->primary->n + 1);
	struct field *f = plan_field(call->arena, shape, by->link);

	object->by = by;
	f->kind = FIELD_OBJECT;
	f->object = object;
	for (size_t i = 0; i < to->primary->n; i++) {
		struct column *c = to->primary->columns[i];

		if (c != to->key)
			plan_field(call->arena, object, c->name)->column = c;
	}
	plan_field(call->arena, object, to->key->name)->column = to->key;
}

static struct shape *
make_shape(struct call *call)
{
	const struct rest *rest = rest_of(call);
	const struct table *t = rest->table;
	struct shape *shape = plan_shape(call->arena, t, t->ncolumns);

	for (size_t i = 0; i < t->ncolumns && !rest->minimal; i++) {
		const struct column *c = &t->columns[i];

		if (!rest_may_see(c, rest->role))
			continue;
		if (rest_is_object(c, rest->role))
			add_object(call, shape, c->link);
		else
			plan_field(call->arena, shape, c->name)->column = c;
	}
	return shape;
}

/* ---- which row ---- */

struct str
rest_key_param(struct call *call, const char *prefix)
{
	const struct column *key = rest_of(call)->table->key;

	return arena_printf(call->arena, "%s%.*s", prefix, STR_FMT(key->name));
}

/* Room for the conditions of one row: its key and its version. */
static void
add_condition(struct call *call, struct condition one)
{
	struct plan *p = &call->plan;

	if (!p->where)
		p->where = ARENA_ARRAY(call->arena, struct condition,
				       rest_of(call)->table->ncolumns + 2);
	p->where[p->nwhere++] = one;
}

static void
add_precondition(struct call *call)
{
	struct condition one;

	if (answer_if_match(call, rest_of(call)->table, &one))
		add_condition(call, one);
}

/* The id in the path. */
static struct err *
where_id(struct call *call)
{
	const struct rest *rest = rest_of(call);
	const struct constraint *primary = rest->table->primary;
	struct str *values;

	if (!answer_read_key(call->arena, rest->table, rest->id, &values))
		return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
	for (size_t i = 0; i < primary->n; i++)
		add_condition(call, (struct condition){
					    .column = primary->columns[i],
					    .cmp = CMP_EQ,
					    .value = values[i],
				    });
	return NULL;
}

/* The row whose key a query parameter gives; it is required. */
static void
where_param(struct call *call, const char *prefix, struct issues *issues)
{
	struct rest *rest = rest_of(call);
	struct str name = rest_key_param(call, prefix);
	const struct http_param *p = http_query_get(&call->request.query, name);

	if (!p) {
		issues_add(issues, call->arena,
			   (struct issue){
				   .where = "query",
				   .field = name,
				   .message = STR("field required"),
				   .type = "value_error.missing",
			   });
		return;
	}
	rest->current = p->value;
	add_condition(call, (struct condition){.column = rest->table->key,
					       .value = p->value});
}

/* ---- the methods ---- */

static struct err *
get_by_key(struct call *call, struct str value)
{
	const struct column *key = rest_of(call)->table->key;
	struct issues issues = {0};

	if (key->max_length && str_points(value) > key->max_length)
		issues_add(&issues, call->arena,
			   (struct issue){
				   .where = "query",
				   .field = key->name,
				   .message = arena_printf(
					   call->arena,
					   "ensure this value has at most %zu "
					   "characters",
					   key->max_length),
				   .type = "value_error.any_str.max_length",
				   .ctx = arena_printf(call->arena,
						       "{\"limit_value\":%zu}",
						       key->max_length),
			   });
	TRY(issues_err(&issues, call->arena));
	rest_of(call)->current = value;
	add_condition(call, (struct condition){.column = key, .value = value});
	call->plan.quick = table_is_stored(rest_of(call)->table);
	return NULL;
}

static struct err *
get_collection(struct call *call)
{
	const struct column *key = rest_of(call)->table->key;
	const struct http_param *p =
		key ? http_query_get(&call->request.query, key->name) : NULL;

	call->plan.op = PLAN_SELECT;
	if (p && p->value.n)
		return get_by_key(call, p->value);
	return rest_plan_list(call);
}

static struct err *
get_item(struct call *call)
{
	call->plan.op = PLAN_SELECT;
	call->plan.quick = table_is_stored(rest_of(call)->table);
	return where_id(call);
}

/* The key of the new row, for Location. */
static void
ask_for_key(struct call *call)
{
	rest_order_by_key(call);
	call->plan.keys = true;
	call->plan.limit = 1;
}

static struct err *
post(struct call *call)
{
	const struct rest *rest = rest_of(call);
	struct issues issues = {0};

	call->plan.op = PLAN_INSERT;
	TRY(rest_read_body(call, &issues));
	rest_read_members(call, true, &issues);
	TRY(issues_err(&issues, call->arena));
	if (rest->table->primary &&
	    rest_may_see_key(rest->table->primary, rest->role))
		ask_for_key(call);
	return rest_check_moment(call);
}

/* Nothing to set is no update: the row is answered as it is. */
static void
plan_update(struct call *call)
{
	call->plan.op = call->plan.nset ? PLAN_UPDATE : PLAN_SELECT;
	add_precondition(call);
}

static struct err *
put(struct call *call)
{
	struct issues issues = {0};

	where_param(call, "current_", &issues);
	TRY(rest_read_body(call, &issues));
	rest_read_members(call, true, &issues);
	TRY(issues_err(&issues, call->arena));
	plan_update(call);
	return rest_check_moment(call);
}

static struct err *
patch(struct call *call)
{
	struct issues issues = {0};

	TRY(where_id(call));
	TRY(rest_read_body(call, &issues));
	rest_read_members(call, false, &issues);
	TRY(issues_err(&issues, call->arena));
	plan_update(call);
	return rest_check_moment(call);
}

static struct err *
delete_by_key(struct call *call)
{
	struct issues issues = {0};

	where_param(call, "", &issues);
	TRY(issues_err(&issues, call->arena));
	call->plan.op = PLAN_DELETE;
	add_precondition(call);
	return NULL;
}

static struct err *
delete_item(struct call *call)
{
	TRY(where_id(call));
	call->plan.op = PLAN_DELETE;
	add_precondition(call);
	return NULL;
}

/* ---- from path to method ---- */

/* What a route needs of its table. */
enum need { NEED_NOTHING, NEED_KEY, NEED_PRIMARY };

static const struct route {
	const char *method;
	bool item, writes;
	enum need need;
	size_t grant; /* where in struct grants */
	struct err *(*plan)(struct call *call);
} routes[] = {
#define GRANT(what) offsetof(struct grants, what)
	{"GET",	false, false, NEED_NOTHING, GRANT(select), get_collection},
	{"POST",	 false, true,  NEED_NOTHING, GRANT(insert), post	       },
	{"PUT",	false, true,  NEED_KEY,     GRANT(update), put		 },
	{"DELETE", false, true,	NEED_KEY,	  GRANT(delete), delete_by_key },
	{"GET",	true,  false, NEED_PRIMARY, GRANT(select), get_item	  },
	{"PATCH",  true,	true,  NEED_PRIMARY, GRANT(update), patch		},
	{"DELETE", true,	 true,  NEED_PRIMARY, GRANT(delete), delete_item   },
#undef GRANT
};

static bool
offers(const struct rest *rest, const struct route *route)
{
	const struct table *t = rest->table;

	if (route->item != rest->item)
		return false;
	if (route->writes &&
	    (t->kind == REL_VIEW || t->kind == REL_MATERIALIZED))
		return false;
	if (route->need == NEED_KEY)
		return t->key != NULL;
	return route->need == NEED_NOTHING || t->primary;
}

struct str
rest_methods(struct arena *a, const struct rest *rest)
{
	struct str list = STR("");

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!offers(rest, &routes[i]))
			continue;
		list = arena_printf(
			a, "%.*s%s%s%s", STR_FMT(list), list.n ? ", " : "",
			routes[i].method,
			strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "");
	}
	return list;
}

static const struct route *
find_route(const struct rest *rest, struct str method)
{
	if (str_eq(method, STR("HEAD")))
		method = STR("GET");
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (offers(rest, &routes[i]) &&
		    str_eq(str_of(routes[i].method), method))
			return &routes[i];
	return NULL;
}

static bool
is_granted(const struct rest *rest, const struct route *route)
{
	uint32_t granted;

	memcpy(&granted, (const char *)&rest->table->grants + route->grant,
	       sizeof(granted));
	return granted & rest->role;
}

bool
rest_may(const struct rest *rest, struct str method)
{
	const struct route *route = find_route(rest, method);

	return route && is_granted(rest, route);
}

/* False when the path is none of ours. */
static bool
read_path(struct call *call, struct str path)
{
	struct rest *rest = rest_of(call);
	struct str left = str_sub(path, 1, path.n), name = str_cut(&left, '/');
	const struct model *m = call->request.model;
	const struct grants *g;

	if (!str_starts(path, STR("/")) || name.n == 0)
		return false;
	rest->table = model_table(m, name);
	if (!rest->table)
		return false;
	g = &rest->table->grants;
	rest->role = answer_role(call);
	rest->item = path.n > name.n + 1;
	rest->id = left;
	return ((g->select | g->insert | g->update | g->delete) & rest->role) !=
	       0;
}

static struct err *
not_found(struct call *call)
{
	return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
}

static void
begin_plan(struct call *call)
{
	struct rest *rest = rest_of(call);
	struct plan *p = &call->plan;

	rest->minimal = str_eq(http_prefer_return(call->request.prefer),
			       STR("minimal")) &&
			!answer_allows("GET, HEAD", call->request.method);
	p->table = rest->table;
	p->shape = make_shape(call);
	p->version = (rest->table->grants.select & rest->role) &&
		     !str_eq(call->request.method, STR("DELETE"));
}

static struct err *
plan(struct call *call)
{
	struct str path = call->request.path;
	bool slash = path.n > 1 && path.p[path.n - 1] == '/';
	const struct route *route;
	struct err *e;

	if (slash)
		path.n--;
	call->state = ARENA_NEW(call->arena, struct rest);
	if (!read_path(call, path))
		return not_found(call);
	if (slash) {
		answer_redirect(call, path); /* spec.md §0.3 */
		return NULL;
	}
	route = find_route(rest_of(call), call->request.method);
	if (!route) {
		struct str list = rest_methods(call->arena, rest_of(call));

		if (list.n == 0)
			return not_found(call);
		e = err_new(call->arena, ERR_METHOD, "Method Not Allowed");
		e->allow = list;
		return e;
	}
	if (!is_granted(rest_of(call), route))
		return err_new(call->arena, ERR_FORBIDDEN, "Forbidden");
	begin_plan(call);
	return route->plan(call);
}

const struct api rest_api = {
	.name = "rest",
	.plan = plan,
	.render = rest_render,
	.fail = rest_fail,
};
