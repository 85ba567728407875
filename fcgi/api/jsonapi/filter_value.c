#include "api/jsonapi/filter.h"
#include "core/json.h"
#include "core/type.h"

/* Values are read as those of a query are: "5" is as good a number as 5. */
static struct input
input_of(struct filter_reader *r, const struct column *c)
{
	return (struct input){
		.arena = r->call->arena,
		.column = c,
		.where = "query",
		.field = c->name,
	};
}

static const char *
pointer(struct filter_reader *r, const struct column *c)
{
	return arena_printf(r->call->arena, "/data/attributes/%.*s",
			    STR_FMT(c->name))
		.p;
}

/* The source system takes it for a conflict that a value is of no type. */
static struct err *
invalid_type(struct filter_reader *r, const struct column *c,
	     const struct issues *issues)
{
	bool strict = jsonapi_of(r->call)->strict;
	struct fault_source source = {0};

	if (strict)
		return filter_error(r, "%.*s: %.*s", STR_FMT(c->name),
				    STR_FMT(issues->first->message));
	source.pointer = pointer(r, c);
	return jsonapi_error(r->call, 409, "Invalid type.", source, "%.*s",
			     STR_FMT(issues->first->message));
}

/* Scalars by their text, but for what has no other form than JSON. */
static bool
read_value(const struct input *in, json_object *value, struct issues *issues,
	   struct str *ret)
{
	bool deep = json_object_is_type(value, json_type_object) ||
		    json_object_is_type(value, json_type_array);

	if (deep || in->column->type->kind == TYPE_ARRAY)
		return type_read_json(in, value, issues, ret);
	return type_read_text(in, str_of(json_object_get_string(value)), issues,
			      ret);
}

struct err *
filter_value(struct filter_reader *r, const struct column *c,
	     json_object *value, struct str *ret)
{
	struct input in = input_of(r, c);
	struct issues issues = {0};

	if (json_object_is_type(value, json_type_string))
		return filter_text(r, c, json_str(value), ret);
	if (!read_value(&in, value, &issues, ret))
		return invalid_type(r, c, &issues);
	return NULL;
}

struct err *
filter_text(struct filter_reader *r, const struct column *c, struct str value,
	    struct str *ret)
{
	struct input in = input_of(r, c);
	struct issues issues = {0};

	if (!type_read_text(&in, value, &issues, ret))
		return invalid_type(r, c, &issues);
	return NULL;
}

/* ---- lists ---- */

/* A value as the source system prints it in its messages. */
static void
put_repr(struct buf *b, json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		BUF_LIT(b, "None");
		break;
	case json_type_boolean:
		buf_put(b, json_object_get_boolean(value) ? STR("True")
							  : STR("False"));
		break;
	case json_type_string:
		buf_char(b, '\'');
		buf_put(b, json_str(value));
		buf_char(b, '\'');
		break;
	default:
		buf_put(b, str_of(json_object_get_string(value)));
	}
}

/* A list being read: the array that it becomes, and what does not fit. */
struct list {
	struct buf array, all, bad;
};

static void
put_next(struct buf *b, json_object *value)
{
	if (b->n > 1)
		BUF_LIT(b, ", ");
	put_repr(b, value);
}

static void
read_element(const struct input *in, json_object *value, struct list *l)
{
	struct issues issues = {0};
	struct str text = STR("");

	put_next(&l->all, value);
	if (!value && in->column->nullable)
		return; /* nothing equals it, and nothing differs from it */
	if (!value || in->column->type->kind == TYPE_ARRAY ||
	    !read_value(in, value, &issues, &text)) {
		put_next(&l->bad, value);
		return;
	}
	if (l->array.n > 1)
		buf_char(&l->array, ',');
	type_put_element(&l->array, text);
}

static struct err *
end_list(struct filter_reader *r, const struct column *c, struct list *l,
	 struct str *ret)
{
	struct str bad, all;

	if (l->bad.n == 1) {
		buf_char(&l->array, '}');
		*ret = arena_str(r->call->arena, buf_str(&l->array));
		return NULL;
	}
	buf_char(&l->all, ']');
	buf_char(&l->bad, ']');
	bad = buf_str(&l->bad);
	all = buf_str(&l->all);
	if (jsonapi_of(r->call)->strict)
		return filter_error(r, "Can't parse items %.*s of value %.*s",
				    STR_FMT(bad), STR_FMT(all));
	return jsonapi_error(r->call, 400,
			     "Invalid filters querystring parameter.",
			     (struct fault_source){.pointer = pointer(r, c)},
			     "Can't parse items %.*s of value %.*s",
			     STR_FMT(bad), STR_FMT(all));
}

struct err *
filter_values(struct filter_reader *r, const struct column *c,
	      json_object *list, struct str *ret)
{
	struct input in = input_of(r, c);
	struct list l = {buf_new(1 << 20), buf_new(1 << 20), buf_new(1 << 20)};
	struct err *e;
	size_t n;

	if (!json_object_is_type(list, json_type_array))
		return filter_error(r, "%.*s is compared with a list",
				    STR_FMT(c->name));
	n = json_object_array_length(list);
	if (n > FILTER_LIST_MAX)
		return filter_error(r, "A list may have %d values at most",
				    FILTER_LIST_MAX);
	buf_char(&l.array, '{');
	buf_char(&l.all, '[');
	buf_char(&l.bad, '[');
	for (size_t i = 0; i < n; i++)
		read_element(&in, json_object_array_get_idx(list, i), &l);
	e = end_list(r, c, &l, ret);
	buf_free(&l.array);
	buf_free(&l.all);
	buf_free(&l.bad);
	return e;
}
