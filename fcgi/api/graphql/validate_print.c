/*
 * Types and literals as text, for messages and to be compared: printed as
 * the reference implementation prints them, whatever they looked like.
 */
#include <stdlib.h>

#include "api/graphql/validate_rules.h"

enum {
	TEXT_MAX = 16 << 20, /* of one text; documents are far smaller */
	LINE = 70	     /* a longer block string gets lines of its own */
};

/* Characters with an escape of one letter; the others get \u00XX. */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
	['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

static struct str
finish(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_str(b));

	buf_free(b);
	return s;
}

struct str
validate_type_text(struct validate *v, const struct schema_type *type)
{
	struct buf b = buf_new(TEXT_MAX);

	schema_print_ref(&b, type);
	return finish(v->arena, &b);
}

static void
put_node(struct buf *b, const struct type_node *node)
{
	if (node->of) {
		buf_char(b, '[');
		put_node(b, node->of);
		buf_char(b, ']');
	} else {
		buf_put(b, node->name);
	}
	if (node->non_null)
		buf_char(b, '!');
}

struct str
validate_node_text(struct validate *v, const struct type_node *node)
{
	struct buf b = buf_new(TEXT_MAX);

	put_node(&b, node);
	return finish(v->arena, &b);
}

/* A control character beyond ASCII, U+0080 to U+009F, in two bytes. */
static bool
is_late_control(struct str s, size_t i)
{
	return i + 1 < s.n && (unsigned char)s.p[i] == 0xc2 &&
	       (unsigned char)s.p[i + 1] >= 0x80 &&
	       (unsigned char)s.p[i + 1] <= 0x9f;
}

static void
put_string(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (escapes[c])
			buf_printf(b, "\\%c", escapes[c]);
		else if (is_late_control(s, i))
			buf_printf(b, "\\u%04X", (unsigned char)s.p[++i]);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04X", c);
		else
			buf_char(b, (char)c);
	}
	buf_char(b, '"');
}

static bool
is_space(struct str s, size_t i)
{
	return i < s.n && (s.p[i] == ' ' || s.p[i] == '\t');
}

/* Is every line but the first empty or indented? */
static bool
is_indented(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\n' && i + 1 < s.n && s.p[i + 1] != '\n' &&
		    !is_space(s, i + 1))
			return false;
	return true;
}

static void
put_quoted(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (str_starts(str_sub(s, i, 3), STR("\"\"\""))) {
			BUF_LIT(b, "\\\"\"\"");
			i += 2;
		} else {
			buf_char(b, s.p[i]);
		}
	}
}

/* The end of the string decides whether its quotes get lines of their own. */
static void
put_block(struct buf *b, struct str s)
{
	bool single = str_find(s, '\n') == s.n;
	bool indented = !single && is_indented(s);
	bool closing = str_ends(s, STR("\"")) || str_ends(s, STR("\\"));
	bool lines = !single || str_points(s) > LINE || closing;

	BUF_LIT(b, "\"\"\"");
	if ((lines && !(single && is_space(s, 0))) || indented)
		buf_char(b, '\n');
	put_quoted(b, s);
	if (lines)
		buf_char(b, '\n');
	BUF_LIT(b, "\"\"\"");
}

/* Was the string written between three quotes? */
static bool
is_block(struct str source, const struct value *value)
{
	return str_starts(str_sub(source, value->at, 3), STR("\"\"\""));
}

static void
put_leaf(struct buf *b, struct str source, const struct value *value)
{
	if (value->kind == VALUE_NULL)
		BUF_LIT(b, "null");
	else if (value->kind != VALUE_STRING)
		buf_put(b, value->text);
	else if (is_block(source, value))
		put_block(b, value->text);
	else
		put_string(b, value->text);
}

static void
put_value(struct buf *b, struct str source, const struct value *value)
{
	bool object = value->kind == VALUE_OBJECT;

	if (value->kind == VALUE_VARIABLE)
		buf_char(b, '$');
	if (!object && value->kind != VALUE_LIST) {
		put_leaf(b, source, value);
		return;
	}
	buf_char(b, object ? '{' : '[');
	for (const struct value *m = value->first; m; m = m->next) {
		if (m != value->first)
			BUF_LIT(b, ", ");
		if (object)
			buf_printf(b, "%.*s: ", STR_FMT(m->name));
		put_value(b, source, m);
	}
	buf_char(b, object ? '}' : ']');
}

struct str
validate_value_text(struct validate *v, const struct value *value)
{
	struct buf b = buf_new(TEXT_MAX);

	put_value(&b, v->doc->source, value);
	return finish(v->arena, &b);
}

static int
by_name(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int cmp = str_cmp((*x)->name, (*y)->name);

	if (cmp)
		return cmp;
	return (*x)->at < (*y)->at ? -1 : (*x)->at > (*y)->at;
}

static void
put_sorted(struct validate *v, struct buf *b, const struct value *object)
{
	const struct value **all =
		ARENA_ARRAY(v->arena, const struct value *, object->n + 1);
	size_t n = 0;

	for (const struct value *m = object->first; m; m = m->next)
		all[n++] = m;
	qsort(all, n, sizeof(*all), by_name);
	buf_char(b, '{');
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%.*s:", STR_FMT(all[i]->name));
		validate_value_same(v, b, all[i]);
	}
	buf_char(b, '}');
}

/* Kinds are told apart by their first letter: 1 is no "1", x no $x. */
void
validate_value_same(struct validate *v, struct buf *b,
		    const struct value *value)
{
	if (value->kind == VALUE_OBJECT) {
		put_sorted(v, b, value);
		return;
	}
	if (value->kind == VALUE_LIST) {
		buf_char(b, '[');
		for (const struct value *m = value->first; m; m = m->next)
			validate_value_same(v, b, m);
		buf_char(b, ']');
		return;
	}
	if (value->kind == VALUE_VARIABLE)
		buf_char(b, '$');
	if (value->kind == VALUE_STRING && is_block(v->doc->source, value))
		buf_char(b, '#');
	if (value->kind == VALUE_STRING)
		put_string(b, value->text);
	else
		put_leaf(b, v->doc->source, value);
	buf_char(b, ',');
}
