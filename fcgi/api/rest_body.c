#include "api/rest.h"
#include "core/json.h"
#include "core/moment.h"
#include "core/type.h"

static void
body_issue(struct call *call, struct issues *issues, const char *message,
	   const char *type)
{
	issues_add(issues, call->arena,
		   (struct issue){
			   .where = "body",
			   .message = str_of(message),
			   .type = type,
		   });
}

struct err *
rest_read_body(struct call *call, struct issues *issues)
{
	const struct request *r = &call->request;
	json_object *o = NULL;

	if (r->body_cut)
		return err_new(call->arena, ERR_TOO_LARGE, "Content Too Large");
	if (r->body_short)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The body is shorter than announced.");
	if (r->body.n == 0) {
		body_issue(call, issues, "field required",
			   "value_error.missing");
		return NULL;
	}
	if (r->content_type.n == 0 || http_is_json(r->content_type))
		TRY(json_read(call->arena, r->body, &o));
	if (json_object_is_type(o, json_type_object))
		rest_of(call)->body = o;
	else
		body_issue(call, issues, "value is not a valid dict",
			   "type_error.dict");
	return NULL;
}

/* How one column may be given: under which member, meaning what. */
struct source {
	const struct column *column;
	const struct column *lookup; /* the member holds this key instead */
	struct str member;
};

static void
add_issue(struct call *call, struct issues *issues, struct str member,
	  const char *message, const char *type)
{
	issues_add(issues, call->arena,
		   (struct issue){
			   .where = "body",
			   .field = member,
			   .message = str_of(message),
			   .type = type,
		   });
}

/* Is `name` the text `link` + "_" + `key`? */
static bool
is_joined(struct str name, struct str link, struct str key)
{
	return name.n == link.n + 1 + key.n && str_starts(name, link) &&
	       name.p[link.n] == '_' && str_ends(name, key);
}

const struct column *
rest_link_key(const struct column *c)
{
	const struct fkey *link = c->link;
	const struct column *key = link ? link->to->key : NULL;

	if (!key || link->references[0] == key)
		return NULL;
	for (size_t i = 0; i < link->from->ncolumns; i++)
		if (is_joined(link->from->columns[i].name, link->link,
			      key->name))
			return NULL;
	return key;
}

struct str
rest_member(struct arena *a, const struct column *c)
{
	const struct column *key = rest_link_key(c);

	if (!key)
		return c->name;
	return arena_printf(a, "%.*s_%.*s", STR_FMT(c->link->link),
			    STR_FMT(key->name));
}

/* The member that was given; where none was, the one to ask for. */
static struct source
find_source(struct call *call, const struct column *c)
{
	json_object *body = rest_of(call)->body;
	struct source s = {c, rest_link_key(c), rest_member(call->arena, c)};

	if (s.lookup && !json_has(body, s.member.p) &&
	    json_has(body, c->name.p))
		return (struct source){c, NULL, c->name};
	return s;
}

/*
 * A moment as text is read last of all: that it is none is told only when
 * everything else is right (spec.md §1.4).
 */
static bool
read_moment(struct call *call, json_object *value, struct str *ret)
{
	struct buf b = buf_new(64);
	struct str text = json_object_is_type(value, json_type_string)
				  ? json_str(value)
				  : str_of(json_object_get_string(value));
	int64_t us;

	if (!moment_read(text, &us)) {
		rest_of(call)->bad_moment = true;
		return false;
	}
	moment_print(&b, us, STR("+00:00"));
	*ret = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return true;
}

static bool
is_scalar(json_object *value)
{
	return !json_object_is_type(value, json_type_object) &&
	       !json_object_is_type(value, json_type_array);
}

static bool
read_value(struct call *call, const struct source *s, json_object *value,
	   struct issues *issues, struct str *ret)
{
	struct input in = {
		.arena = call->arena,
		.column = s->lookup ? s->lookup : s->column,
		.where = "body",
		.field = s->member,
	};

	if (in.column->type->kind != TYPE_INSTANT || !value)
		return type_read_json(&in, value, issues, ret);
	if (is_scalar(value))
		return read_moment(call, value, ret);
	add_issue(call, issues, s->member, "str type expected",
		  "type_error.str");
	return false;
}

/* May this request write the column? */
static bool
is_writable(const struct call *call, const struct column *c)
{
	const struct rest *rest = rest_of(call);
	bool post = str_eq(call->request.method, STR("POST"));
	uint32_t granted = post ? c->grants.insert : c->grants.update;

	return !c->generated && !c->hidden && (granted & rest->role);
}

bool
rest_is_required(const struct column *c)
{
	return c->required || (!c->nullable && !c->has_default);
}

static void
read_member(struct call *call, const struct column *c, bool whole,
	    struct issues *issues)
{
	struct source s = find_source(call, c);
	json_object *body = rest_of(call)->body;
	json_object *value = json_get(body, s.member.p);
	struct plan *p = &call->plan;
	struct setting one = {.column = c};

	if (!json_has(body, s.member.p)) {
		if (whole && rest_is_required(c))
			add_issue(call, issues, s.member, "field required",
				  "value_error.missing");
		return;
	}
	if (!value && ((whole && c->required) || !c->nullable)) {
		add_issue(call, issues, s.member,
			  "none is not an allowed value",
			  "type_error.none.not_allowed");
		return;
	}
	if (!read_value(call, &s, value, issues, &one.value))
		return;
	one.lookup = value ? s.lookup : NULL;
	p->set[p->nset++] = one;
}

void
rest_read_members(struct call *call, bool whole, struct issues *issues)
{
	const struct table *t = rest_of(call)->table;

	if (!rest_of(call)->body)
		return;
	call->plan.set = ARENA_ARRAY(call->arena, struct setting, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++)
		if (is_writable(call, &t->columns[i]))
			read_member(call, &t->columns[i], whole, issues);
}

struct err *
rest_check_moment(struct call *call)
{
	struct err *e;

	if (!rest_of(call)->bad_moment)
		return NULL;
	e = err_new(call->arena, ERR_BAD_REQUEST, "Invalid datetime format.");
	e->detail = STR("{\"error\":\"Invalid datetime format. Datetime string "
			"must look like this: '2010-12-27T23:59:59-07:00'\"}");
	return e;
}
