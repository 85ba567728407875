/* What an atomic operation says, and which row it is about. */
#include "api/answer.h"
#include "api/jsonapi/writing.h"

#include <string.h>

#include "core/json.h"

static const char *const words[] = {
	[OPERATION_ADD] = "add",
	[OPERATION_UPDATE] = "update",
	[OPERATION_REMOVE] = "remove",
};

enum { NWORDS = sizeof(words) / sizeof(words[0]) };

const char *
atom_word(const struct atom *x)
{
	return words[x->op->kind];
}

static struct str
at(const struct atom *x, const char *name)
{
	return body_at(x->w->call->arena, x->at, str_of(name));
}

/* About the whole of an operation. */
static void
issue(struct atom *x, const char *message)
{
	bool strict = jsonapi_of(x->w->call)->strict;

	body_issue(x->w, strict ? x->at : at(x, "__root__"), message,
		   "value_error");
}

/* ---- what each says ---- */

static void
read_op(struct atom *x)
{
	json_object *o = json_get(x->o, "op");
	struct str name = json_object_is_type(o, json_type_string) ? json_str(o)
								   : STR("");

	if (!json_has(x->o, "op")) {
		body_missing(x->w, at(x, "op"));
		return;
	}
	for (int i = 0; i < NWORDS; i++)
		if (str_eq(str_of(words[i]), name)) {
			x->op->kind = (enum operation_kind)i;
			return;
		}
	issues_add(&x->w->issues, x->w->call->arena,
		   (struct issue){
			   .where = "body",
			   .field = at(x, "op"),
			   .message = STR(
				   "value is not a valid enumeration member; "
				   "permitted: 'add', 'update', 'remove'"),
			   .type = "type_error.enum",
			   .ctx = STR("{\"enum_values\":[\"add\",\"update\","
				      "\"remove\"]}"),
		   });
}

/* A member that is text, if it is there. */
static void
read_text(struct atom *x, json_object *o, struct str place, const char *name,
	  struct str *ret)
{
	if (json_has(o, name))
		body_text(x->w, body_at(x->w->call->arena, place, str_of(name)),
			  json_get(o, name), ret);
}

/* The type, and the id or the lid, of a reference or of data. */
static void
read_names(struct atom *x, json_object *o, struct str place)
{
	read_text(x, o, place, "type", &x->type);
	read_text(x, o, place, "id", &x->op->id);
	read_text(x, o, place, "lid", &x->lid);
}

static void
read_ref(struct atom *x)
{
	struct str place = at(x, "ref");
	struct arena *a = x->w->call->arena;

	if (!json_object_is_type(x->ref, json_type_object)) {
		body_issue(x->w, place, "value is not a valid dict",
			   "type_error.dict");
		return;
	}
	read_names(x, x->ref, place);
	if (!json_has(x->ref, "type"))
		body_missing(x->w, body_at(a, place, STR("type")));
	if (x->op->id.p && x->lid.p)
		body_issue(x->w, place, "id and lid exclude each other",
			   "value_error");
}

/* As we give it, not as it may be asked for. */
static void
check_href(struct atom *x)
{
	json_object *o = json_get(x->o, "href");
	struct str href;

	if (!o)
		return;
	if (!json_object_is_type(o, json_type_string)) {
		body_issue(x->w, at(x, "href"), "str type expected",
			   "type_error.str");
		return;
	}
	href = json_str(o);
	if (memchr(href.p, '?', href.n) || memchr(href.p, '#', href.n))
		body_issue(x->w, at(x, "href"),
			   "a path without a query expected", "value_error");
}

static bool
has_target(const struct atom *x)
{
	return json_get(x->o, "href") || (x->ref && (x->op->id.p || x->lid.p));
}

void
atom_read(struct atom *x)
{
	if (!json_object_is_type(x->o, json_type_object)) {
		body_issue(x->w, x->at, "value is not a valid dict",
			   "type_error.dict");
		return;
	}
	read_op(x);
	x->op->at = at(x, "data");
	x->op->data = json_get(x->o, "data");
	x->ref = json_get(x->o, "ref");
	if (x->ref)
		read_ref(x);
	check_href(x);
	if (x->ref && json_get(x->o, "href"))
		issue(x, "ref and href exclude each other");
	if (x->op->kind == OPERATION_REMOVE && !has_target(x))
		issue(x, "ref should be present for action 'remove'");
	else if (x->op->kind != OPERATION_REMOVE && !json_has(x->o, "data"))
		body_missing(x->w, x->op->at);
}

/* ---- what it is about ---- */

static struct err *
no_such_type(struct atom *x, struct str type, const char *place)
{
	return jsonapi_error(x->w->call, 404, NULL,
			     (struct fault_source){.pointer = at(x, place).p},
			     "Application has no resource with type '%.*s'",
			     STR_FMT(type));
}

static struct err *
read_relationship(struct atom *x, struct str name, const char *place)
{
	const struct resource *r = x->op->resource;
	struct fault_source source = {.pointer = at(x, place).p};

	x->op->relationship = resource_relationship(r, name);
	if (x->op->relationship)
		return NULL;
	return jsonapi_error(x->w->call, 404, NULL, source,
			     "%.*s has no relationship '%.*s'",
			     STR_FMT(r->schema), STR_FMT(name));
}

/* The next part of a path, as it was before it stood in a URL. */
static struct str
next_part(struct arena *a, struct str *rest)
{
	struct str part = str_cut(rest, '/'), plain;

	return http_decode(a, part, false, &plain) && str_utf8(plain) ? plain
								      : STR("");
}

/* The path of a link as we give them, from the table on. */
static struct str
link_path(struct atom *x, struct str href)
{
	static const char prefix[] = "/jsonapi";
	struct str base = str_of(x->w->call->request.conf->base_url);

	if (base.n && str_starts(href, base))
		href = str_sub(href, base.n, href.n);
	if (str_starts(href, STR("/jsonapi/")))
		href = str_sub(href, strlen(prefix), href.n);
	return str_starts(href, STR("/")) ? str_sub(href, 1, href.n) : href;
}

/* /users, /users/1 or /users/1/relationships/events */
static struct err *
read_href(struct atom *x)
{
	struct call *call = x->w->call;
	struct arena *a = call->arena;
	struct str rest = {0}, name, part;
	const struct table *t;

	read_text(x, x->o, x->at, "href", &rest);
	rest = link_path(x, rest);
	name = next_part(a, &rest);
	t = model_table(call->request.model, name);
	if (t)
		x->op->resource = resource_of(a, t, answer_role(call));
	if (!x->op->resource)
		return no_such_type(x, name, "href");
	if (rest.n)
		x->op->id = next_part(a, &rest);
	if (!rest.n)
		return NULL;
	part = next_part(a, &rest);
	if (str_eq(part, STR("relationships")))
		part = next_part(a, &rest);
	if (rest.n)
		body_issue(x->w, at(x, "href"),
			   "a resource or a relationship expected",
			   "value_error");
	return rest.n ? NULL : read_relationship(x, part, "href");
}

static struct err *
read_type(struct atom *x)
{
	struct str name = {0};
	const char *place = x->ref ? "ref" : "data";

	if (!x->type.p) {
		body_missing(x->w, body_at(x->w->call->arena, at(x, place),
					   STR("type")));
		return NULL;
	}
	x->op->resource = resource_find(x->w->call, x->type);
	if (!x->op->resource)
		return no_such_type(x, x->type, place);
	if (!x->ref || !json_has(x->ref, "relationship"))
		return NULL;
	read_text(x, x->ref, at(x, "ref"), "relationship", &name);
	return read_relationship(x, name, "ref");
}

/* Data says what it is, where nothing else does; an update may say its id. */
static void
read_own_names(struct atom *x)
{
	struct atom own = *x;

	if (x->op->relationship ||
	    !json_object_is_type(x->op->data, json_type_object))
		return;
	own.type = own.lid = (struct str){0};
	own.op = &(struct operation){0};
	read_names(&own, x->op->data, x->op->at);
	if (!x->type.p)
		x->type = own.type;
	if (x->op->kind == OPERATION_ADD)
		x->op->lid = own.lid;
	else if (!x->op->id.p && !x->lid.p) {
		x->op->id = own.op->id;
		x->lid = own.lid;
	}
}

struct err *
atom_type(struct atom *x)
{
	if (json_get(x->o, "href"))
		TRY(read_href(x));
	if (!x->op->resource && x->ref)
		TRY(read_type(x));
	read_own_names(x);
	return x->op->resource ? NULL : read_type(x);
}

/* A row that an operation before this adds. */
static void
find_lid(struct atom *x)
{
	const struct operation *made =
		linkage_lid(x->w, x->op->resource->type, x->lid);

	x->op->id = x->lid;
	if (made)
		x->op->row = made->row;
	else
		linkage_no_lid(x->w, at(x, x->ref ? "ref" : "data"),
			       x->op->resource->type, x->lid);
}

struct err *
atom_row(struct atom *x, size_t number)
{
	struct operation *op = x->op;

	op->row.table = op->resource->table;
	if (op->kind == OPERATION_ADD && !op->relationship) {
		op->row.keep =
			arena_printf(x->w->call->arena, "row%zu", number);
		return NULL;
	}
	if (x->lid.p) {
		find_lid(x);
		return NULL;
	}
	if (op->id.p)
		return write_row(x->w->call, op);
	body_missing(x->w, body_at(x->w->call->arena,
				   at(x, x->ref ? "ref" : "data"), STR("id")));
	return NULL;
}
