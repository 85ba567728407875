#include "api/graphql/mutate.h"
#include "core/print.h"

/* One root field's answer. */
struct answer {
	struct call *call;
	struct buf *b;
	const struct tree *tree;
	const struct refusal *refusal; /* NULL: it is all committed */
};

static void
put_label(struct buf *b, size_t i, struct str name)
{
	buf_char(b, i ? ',' : '{');
	buf_json(b, name);
	buf_char(b, ':');
}

static void
put_end(struct buf *b, size_t n)
{
	buf_put(b, n ? STR("}") : STR("{}"));
}

/* ---- tags ---- */

/* A key of several columns is their JSON. */
static void
put_key(struct buf *b, const struct item *item, const struct str *row)
{
	struct buf parts = buf_new(1 << 20);

	if (!row || item->nkey == 0) {
		BUF_LIT(b, "null");
		return;
	}
	if (item->nkey == 1) {
		buf_json(b, row[0]);
		return;
	}
	for (size_t i = 0; i < item->nkey; i++) {
		put_label(&parts, i, item->table->primary->columns[i]->name);
		buf_json(&parts, row[i]);
	}
	buf_char(&parts, '}');
	buf_json(b, buf_str(&parts));
	buf_free(&parts);
}

static void
put_type(struct answer *a, const struct table *t)
{
	const char *prefix = a->call->request.conf->graphql_prefix;

	buf_json(a->b, arena_printf(a->call->arena, "%s%.*s", prefix,
				    STR_FMT(t->type)));
}

static void
put_tag(struct answer *a, const struct item *item, const struct chosen *f)
{
	struct buf *b = a->b;

	for (size_t i = 0; i < f->n; i++) {
		const struct chosen *part = &f->fields[i];

		put_label(b, i, part->key);
		switch (part->field->meaning) {
		case FIELD_IS_TAG:
			buf_json(b, item->tag);
			break;
		case FIELD_IS_TAG_PK:
			put_key(b, item, a->call->kept[item->at]);
			break;
		case FIELD_IS_TAG_TYPE:
			put_type(a, item->table);
			break;
		default:
			buf_json(b, part->type->name);
		}
	}
	put_end(b, f->n);
}

static void
put_tags(struct answer *a, const struct chosen *f)
{
	const char *before = "";

	buf_char(a->b, '[');
	for (size_t i = 0; !a->refusal && i < a->tree->nitems; i++) {
		const struct item *item = &a->tree->items[i];

		if (!item->tag.p || item->op != ITEM_INSERT)
			continue;
		buf_put(a->b, str_of(before));
		put_tag(a, item, f);
		before = ",";
	}
	buf_char(a->b, ']');
}

/* ---- the row ---- */

/* How many columns of a result the object takes. */
static size_t
width(const struct shape *shape)
{
	size_t n = 0;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_COLUMN || f->kind == FIELD_ROWS)
			n++;
		else if (f->kind == FIELD_OBJECT)
			n += 1 + width(f->object);
		else if (f->kind == FIELD_GROUP)
			n += width(f->object);
	}
	return n;
}

/* The tree's shape is one group for each alias of the result. */
static void
put_result(struct answer *a, const struct chosen *f)
{
	const struct shape *shape = a->tree->shape;
	const struct str *row = NULL;

	if (shape && !a->refusal && a->tree->read_at >= 0)
		row = a->call->kept[a->tree->read_at];
	for (size_t i = 0; row && i < shape->n; i++) {
		if (str_eq(shape->fields[i].name, f->key)) {
			print_row(a->b, shape->fields[i].object, row);
			return;
		}
		row += width(shape->fields[i].object);
	}
	BUF_LIT(a->b, "null");
}

/* ---- what is wrong with rows ---- */

static bool
snake(const struct call *call)
{
	return !str_eq(str_of(call->request.conf->graphql_errors),
		       STR("camel"));
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A name of the schema, in the case that the settings want. */
static void
put_name(struct answer *a, struct str name)
{
	struct buf text = buf_new(8 * 1024);

	for (size_t i = 0; i < name.n; i++) {
		bool up = is_capital(name.p[i]) && snake(a->call);

		if (up && i && !is_capital(name.p[i - 1]))
			buf_char(&text, '_');
		buf_char(&text, up ? (char)(name.p[i] - 'A' + 'a') : name.p[i]);
	}
	buf_json(a->b, buf_str(&text));
	buf_free(&text);
}

/* From the root's input to the item's: ["artists",0] */
static void
put_path(struct answer *a, int item)
{
	const struct tree *tree = a->tree;
	int way[TREE_DEPTH_MAX + 1], n = 0;

	for (; tree->items[item].parent >= 0 && n <= TREE_DEPTH_MAX;
	     item = tree->items[item].parent)
		way[n++] = item;
	buf_char(a->b, '[');
	for (int i = n - 1; i >= 0; i--) {
		put_name(a, tree->items[way[i]].name);
		if (tree->items[way[i]].index >= 0)
			buf_printf(a->b, ",%d", tree->items[way[i]].index);
		if (i)
			buf_char(a->b, ',');
	}
	buf_char(a->b, ']');
}

/* "released_date" as "releasedDate". */
static struct str
camel(struct arena *a, struct str name)
{
	char *text = arena_alloc(a, name.n + 1);
	size_t n = 0;
	bool up = false;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '_' && n) {
			up = true;
			continue;
		}
		if (up && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		text[n++] = c;
		up = false;
	}
	return (struct str){text, n};
}

/* What the messages of a check stand under. */
static struct str
key_of(struct answer *a, const struct constraint *check)
{
	if (check->n != 1)
		return STR("__all__");
	return snake(a->call) ? check->columns[0]->name
			      : camel(a->call->arena, check->columns[0]->name);
}

static struct str
message_of(struct answer *a, const struct item *item,
	   const struct constraint *check)
{
	if (check->message.n)
		return mutate_message(a->call->arena, item, check->message);
	return mutate_rule(a->call->arena, item->table, check->name);
}

static void
put_messages(struct answer *a, size_t from, size_t to, struct str key)
{
	const char *before = "";

	buf_char(a->b, '[');
	for (size_t i = from; i < to; i++) {
		const struct unfit *u = &a->refusal->unfit[i];
		const struct item *item = &a->tree->items[u->item];
		const struct constraint *check = &item->table->checks[u->check];

		if (!str_eq(key_of(a, check), key))
			continue;
		buf_put(a->b, str_of(before));
		buf_json(a->b, message_of(a, item, check));
		before = ",";
	}
	buf_char(a->b, ']');
}

static struct str
nth_key(struct answer *a, size_t i)
{
	const struct unfit *u = &a->refusal->unfit[i];

	return key_of(a, &a->tree->items[u->item].table->checks[u->check]);
}

/* Is the key of this one that of one before it? */
static bool
is_told(struct answer *a, size_t from, size_t i)
{
	struct str key = nth_key(a, i);

	for (; from < i; from++)
		if (str_eq(nth_key(a, from), key))
			return true;
	return false;
}

/* Those of one item. */
static void
put_unfit(struct answer *a, size_t from, size_t to)
{
	size_t n = 0;

	BUF_LIT(a->b, "{\"path\":");
	put_path(a, a->refusal->unfit[from].item);
	BUF_LIT(a->b, ",\"errors\":");
	for (size_t i = from; i < to; i++) {
		if (is_told(a, from, i))
			continue;
		put_label(a->b, n++, nth_key(a, i));
		put_messages(a, from, to, nth_key(a, i));
	}
	BUF_LIT(a->b, "}}");
}

static void
put_faults(struct answer *a)
{
	const struct refusal *r = a->refusal;
	size_t to;

	buf_char(a->b, '[');
	for (size_t i = 0; r && r->tree == a->tree && i < r->n; i = to) {
		for (to = i + 1;
		     to < r->n && r->unfit[to].item == r->unfit[i].item; to++)
			;
		if (i)
			buf_char(a->b, ',');
		put_unfit(a, i, to);
	}
	buf_char(a->b, ']');
}

/* ---- the whole ---- */

static void
put_part(struct answer *a, const struct chosen *f)
{
	switch (f->field->meaning) {
	case FIELD_IS_SUCCESS:
		buf_put(a->b, a->refusal ? STR("false") : STR("true"));
		break;
	case FIELD_IS_TAGS:
		put_tags(a, f);
		break;
	case FIELD_IS_FAULTS:
		put_faults(a);
		break;
	case FIELD_IS_RESULT:
		put_result(a, f);
		break;
	default:
		buf_json(a->b, f->type->name);
	}
}

static void
put_root(struct answer *a, const struct chosen *f)
{
	if (!mutate_writes(f)) {
		if (f->field->meaning == FIELD_IS_TYPENAME)
			buf_json(a->b, f->type->name);
		else
			buf_put(a->b, f->field->text);
		return;
	}
	for (size_t i = 0; i < f->n; i++) {
		put_label(a->b, i, f->fields[i].key);
		put_part(a, &f->fields[i]);
	}
	put_end(a->b, f->n);
}

void
mutate_print(struct call *call, const struct chosen *root,
	     const struct refusal *refusal)
{
	struct answer a = {
		.call = call,
		.b = call->reply.body,
		.tree = call->plan.trees,
		.refusal = refusal,
	};

	BUF_LIT(a.b, "{\"data\":");
	for (size_t i = 0; i < root->n; i++) {
		put_label(a.b, i, root->fields[i].key);
		put_root(&a, &root->fields[i]);
		if (mutate_writes(&root->fields[i]))
			a.tree++;
	}
	put_end(a.b, root->n);
	buf_char(a.b, '}');
}
