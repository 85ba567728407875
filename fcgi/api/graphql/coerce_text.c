#include "api/graphql/coerce_value.h"

#include "core/json.h"

enum {
	TEXT_MAX = 1024, /* bytes of a value in a message */
	LEVELS = 2,	 /* of it that are shown inside each other */
	ITEMS = 10	 /* of a list that are shown */
};

/* What was written; what did not fit is dots. */
static struct str
finish(struct arena *a, struct buf *b)
{
	struct str ret = arena_printf(a, "%.*s%s", (int)b->n, b->n ? b->p : "",
				      b->broken ? "..." : "");

	buf_free(b);
	return ret;
}

struct str
coerce_type_text(struct arena *a, const struct schema_type *type)
{
	struct buf b = buf_new(TEXT_MAX);

	schema_print_ref(&b, type);
	return finish(a, &b);
}

/* ---- JSON ---- */

static void put_json(struct buf *b, json_object *o, int level);

static void
put_array(struct buf *b, json_object *o, int level)
{
	size_t n = json_object_array_length(o);

	if (n && level > LEVELS) {
		BUF_LIT(b, "[Array]");
		return;
	}
	buf_char(b, '[');
	for (size_t i = 0; i < n && i < ITEMS; i++) {
		if (i)
			BUF_LIT(b, ", ");
		put_json(b, json_object_array_get_idx(o, i), level);
	}
	if (n > ITEMS)
		buf_printf(b, ", ... %zu more item%s", n - ITEMS,
			   n == ITEMS + 1 ? "" : "s");
	buf_char(b, ']');
}

static void
put_object(struct buf *b, json_object *o, int level)
{
	const char *before = "{ ";

	if (!json_object_object_length(o)) {
		BUF_LIT(b, "{}");
		return;
	}
	if (level > LEVELS) {
		BUF_LIT(b, "[Object]");
		return;
	}
	json_object_object_foreach(o, name, member)
	{
		if (b->broken)
			return;
		buf_printf(b, "%s%s: ", before, name);
		put_json(b, member, level);
		before = ", ";
	}
	BUF_LIT(b, " }");
}

static void
put_json(struct buf *b, json_object *o, int level)
{
	if (json_object_is_type(o, json_type_array))
		put_array(b, o, level + 1);
	else if (json_object_is_type(o, json_type_object))
		put_object(b, o, level + 1);
	else if (json_object_is_type(o, json_type_string))
		buf_json(b, json_str(o));
	else
		buf_put(b, o ? str_of(json_object_get_string(o)) : STR("null"));
}

struct str
coerce_json_text(struct arena *a, json_object *o)
{
	struct buf b = buf_new(TEXT_MAX);

	put_json(&b, o, 0);
	return finish(a, &b);
}

/* ---- literals ---- */

/* The parser has bounded how deep they are. */
static void
put_literal(struct buf *b, const struct value *v)
{
	bool object = v->kind == VALUE_OBJECT;

	if (v->kind == VALUE_STRING)
		buf_json(b, v->text);
	else if (v->kind == VALUE_VARIABLE)
		buf_printf(b, "$%.*s", STR_FMT(v->text));
	else if (v->kind == VALUE_NULL)
		BUF_LIT(b, "null");
	else if (!object && v->kind != VALUE_LIST)
		buf_put(b, v->text);
	else {
		buf_char(b, object ? '{' : '[');
		for (const struct value *i = v->first; i; i = i->next) {
			if (object)
				buf_printf(b, "%.*s: ", STR_FMT(i->name));
			put_literal(b, i);
			if (i->next)
				BUF_LIT(b, ", ");
		}
		buf_char(b, object ? '}' : ']');
	}
}

struct str
coerce_literal_text(struct arena *a, const struct value *v)
{
	struct buf b = buf_new(TEXT_MAX);

	put_literal(&b, v);
	return finish(a, &b);
}
