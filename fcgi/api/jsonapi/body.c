#include "api/jsonapi/writing.h"

#include "core/json.h"

/* ---- places ---- */

struct str
body_at(struct arena *a, struct str at, struct str name)
{
	struct buf b = buf_new(64 * 1024);
	struct str made;

	buf_put(&b, at);
	buf_char(&b, '/');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '~')
			BUF_LIT(&b, "~0");
		else if (name.p[i] == '/')
			BUF_LIT(&b, "~1");
		else
			buf_char(&b, name.p[i]);
	}
	made = arena_str(a, buf_str(&b));
	buf_free(&b);
	return made;
}

void
body_issue(struct writing *w, struct str at, const char *message,
	   const char *type)
{
	issues_add(&w->issues, w->call->arena,
		   (struct issue){
			   .where = "body",
			   .field = at,
			   .message = str_of(message),
			   .type = type,
		   });
}

void
body_missing(struct writing *w, struct str at)
{
	body_issue(w, at, "field required", "value_error.missing");
}

void
body_not_object(struct writing *w, struct str at)
{
	body_issue(w, at, "value is not a valid dict", "type_error.dict");
}

static bool
is_object(json_object *o)
{
	return json_object_is_type(o, json_type_object);
}

/* ---- the document ---- */

static struct err *
read_json(struct call *call, json_object **ret)
{
	const struct request *r = &call->request;
	struct err *e;

	*ret = NULL;
	if (r->content_type.n && !http_is_json(r->content_type))
		return NULL;
	e = json_read(call->arena, r->body, ret);
	if (!e || !jsonapi_of(call)->strict || !e->issues)
		return e;
	return jsonapi_error(call, 400, NULL, (struct fault_source){0},
			     "The body is no JSON: %.*s",
			     STR_FMT(e->issues->message));
}

struct err *
body_read(struct call *call, json_object **ret)
{
	const struct request *r = &call->request;
	struct writing w = {.call = call};
	struct err *e;

	if (r->body_cut)
		return err_new(call->arena, ERR_TOO_LARGE, "Content Too Large");
	if (r->body_short)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The body is shorter than announced.");
	if (r->body.n == 0) {
		body_missing(&w, STR(""));
		return jsonapi_bad_body(call, &w.issues);
	}
	e = read_json(call, ret);
	if (e)
		return e->issues ? jsonapi_bad_body(
					   call,
					   &(struct issues){e->issues, NULL})
				 : e;
	if (!is_object(*ret))
		body_not_object(&w, STR(""));
	return jsonapi_bad_body(call, &w.issues);
}

bool
body_text(struct writing *w, struct str at, json_object *o, struct str *ret)
{
	bool number = json_object_is_type(o, json_type_int) ||
		      json_object_is_type(o, json_type_double);

	if (json_object_is_type(o, json_type_string)) {
		*ret = json_str(o);
		return true;
	}
	if (number && !jsonapi_of(w->call)->strict) {
		*ret = str_of(json_object_get_string(o));
		return true;
	}
	body_issue(w, at, "str type expected", "type_error.str");
	return false;
}

struct err *
body_check_type(struct writing *w, struct str at, json_object *o,
		struct str expected)
{
	bool strict = jsonapi_of(w->call)->strict;
	bool text = json_object_is_type(o, json_type_string);
	struct str type = text ? json_str(o) : STR("");
	struct fault_source place = {.pointer = at.p};

	if (text && str_eq(type, expected))
		return NULL;
	if (strict)
		return jsonapi_error(w->call, 409, NULL, place,
				     "The type should be %.*s.",
				     STR_FMT(expected));
	if (!o)
		body_missing(w, at);
	else
		body_issue(w, at,
			   arena_printf(w->call->arena,
					"unexpected value; permitted: '%.*s'",
					STR_FMT(expected))
				   .p,
			   "value_error.const");
	return NULL;
}
