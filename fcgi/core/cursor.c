#include "core/cursor.h"

#include "core/base64.h"
#include "core/json.h"
#include "core/print.h"
#include "core/type.h"

/* The same whichever end the page begins at. */
static struct str
order_mark(struct arena *a, const struct plan *p)
{
	struct str text = p->table->name;

	for (size_t i = 0; i < p->norder; i++)
		text = arena_printf(a, "%.*s %c%.*s", STR_FMT(text),
				    p->order[i].descending != p->backward ? '-'
									  : '+',
				    STR_FMT(p->order[i].column->name));
	return arena_printf(a, "%08x", (unsigned)str_hash(text));
}

/* A long number is a string here: JSON numbers have at most 40 digits. */
static void
put_value(struct buf *b, const struct column *c, struct str value)
{
	bool quote = value.p && c->type->kind == TYPE_NUMERIC;
	size_t at = b->n;

	print_value(b, c, value);
	if (!quote || b->broken || b->p[at] == '"')
		return;
	b->n = at;
	buf_json(b, value);
}

struct str
cursor_make(struct arena *a, const struct plan *p, const struct str *keys)
{
	struct buf b = buf_new(1024 * 1024);
	struct str cursor;

	buf_char(&b, '[');
	buf_json(&b, order_mark(a, p));
	for (size_t i = 0; i < p->norder; i++) {
		buf_char(&b, ',');
		put_value(&b, p->order[i].column, keys[i]);
	}
	buf_char(&b, ']');
	cursor = base64_encode(a, buf_str(&b));
	buf_free(&b);
	return cursor;
}

static bool
read_values(struct arena *a, struct plan *p, json_object *list)
{
	struct issues ignored = {0};

	for (size_t i = 0; i < p->norder; i++) {
		struct input in = {
			.arena = a,
			.column = p->order[i].column,
			.where = "query",
			.field = STR("after"),
			.ours = true,
		};
		json_object *value = json_object_array_get_idx(list, i + 1);

		if ((!value && !in.column->nullable) ||
		    !type_read_json(&in, value, &ignored, &p->order[i].after))
			return false;
	}
	return true;
}

bool
cursor_read(struct arena *a, struct plan *p, struct str text)
{
	struct str json;
	json_object *list = NULL;

	if (!p->keys || !base64_decode(a, text, &json) ||
	    json_read(a, json, &list) ||
	    !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != p->norder + 1 ||
	    !str_eq(json_str(json_object_array_get_idx(list, 0)),
		    order_mark(a, p)))
		return false;
	p->after = true;
	return read_values(a, p, list);
}
