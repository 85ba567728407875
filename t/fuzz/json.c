/*
 * What the checker accepts becomes the tree that it says: printed by json-c, it
 * is the text with its white space and the choice of its escapes
 * taken away.  What it refuses must have a place and a printable issue.  Looked
 * for by its name, a member is where the tree has it, and in what is no JSON
 * looking does no harm.
 */
#include "core/json.h"

#include "base/buf.h"
#include "fuzz.h"

static void print(struct buf *b, json_object *o);

static void
print_object(struct buf *b, json_object *o)
{
	char sep = '{';

	if (json_object_object_length(o) == 0)
		buf_char(b, '{');
	json_object_object_foreach(o, name, member)
	{
		buf_char(b, sep);
		buf_json(b, str_of(name));
		buf_char(b, ':');
		print(b, member);
		sep = ',';
	}
	buf_char(b, '}');
}

static void
print_array(struct buf *b, json_object *o)
{
	size_t n = json_object_array_length(o);

	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		print(b, json_object_array_get_idx(o, i));
	}
	buf_char(b, ']');
}

static void
print(struct buf *b, json_object *o)
{
	if (json_object_is_type(o, json_type_object))
		print_object(b, o);
	else if (json_object_is_type(o, json_type_array))
		print_array(b, o);
	else if (json_object_is_type(o, json_type_string))
		buf_json(b, json_str(o));
	else if (!o)
		BUF_LIT(b, "null");
	else
		buf_put(b, str_of(json_object_get_string(o)));
}

static unsigned
hex(struct str s)
{
	char digits[5] = {0};

	memcpy(digits, s.p, 4);
	return (unsigned)strtoul(digits, NULL, 16);
}

static void
put_point(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_char(b, (char)c);
		return;
	}
	if (c >= 0x10000)
		buf_char(b, (char)(0xf0 | c >> 18));
	if (c >= 0x800)
		buf_char(b, (char)((c < 0x10000 ? 0xe0 : 0x80) |
				   (c >> 12 & (c < 0x10000 ? 0xf : 0x3f))));
	buf_char(b, (char)((c < 0x800 ? 0xc0 : 0x80) |
			   (c >> 6 & (c < 0x800 ? 0x1f : 0x3f))));
	buf_char(b, (char)(0x80 | (c & 0x3f)));
}

/* The escape at the head of `s`; how many bytes it takes. */
static size_t
unescape(struct buf *b, struct str s)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at = strchr(from, s.p[1]);
	unsigned unit;

	if (s.p[1] != 'u') {
		buf_char(b, at ? to[at - from] : s.p[1]);
		return 2;
	}
	unit = hex(str_sub(s, 2, 4));
	if ((unit & 0xf800) != 0xd800) {
		put_point(b, unit);
		return 6;
	}
	put_point(b, 0x10000 + ((unit & 0x3ff) << 10 |
				(hex(str_sub(s, 8, 4)) & 0x3ff)));
	return 12;
}

/* The string at the head of `s`, printed anew; how long it is. */
static size_t
plain_string(struct buf *b, struct str s)
{
	struct buf value = buf_new(s.n);
	size_t i = 1;

	while (s.p[i] != '"')
		if (s.p[i] == '\\')
			i += unescape(&value, str_sub(s, i, s.n));
		else
			buf_char(&value, s.p[i++]);
	buf_json(b, buf_str(&value));
	buf_free(&value);
	return i + 1;
}

static bool
in_number(char c)
{
	return (c >= '0' && c <= '9') || strchr("+-.eE", c);
}

/* Whole numbers have one zero. */
static size_t
plain_number(struct buf *b, struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] && in_number(s.p[n]))
		n++;
	s.n = n;
	buf_put(b, str_eq(s, STR("-0")) ? STR("0") : s);
	return n;
}

static void
plain(struct buf *b, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		struct str rest = str_sub(s, i, s.n);

		if (s.p[i] == '"')
			i += plain_string(b, rest);
		else if (s.p[i] == '-' || (s.p[i] >= '0' && s.p[i] <= '9'))
			i += plain_number(b, rest);
		else if (strchr(" \t\r\n", s.p[i]))
			i++;
		else
			buf_char(b, s.p[i++]);
	}
}

/* A name with an escape is another text, so it may be found nowhere. */
static void
find_members(struct arena *a, struct str text, json_object *o)
{
	bool escapes = str_find(text, '\\') < text.n;

	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, name, member)
	{
		struct str found = json_find(text, name);
		json_object *value = NULL;

		MUST(found.n || escapes);
		MUST(!found.n || (!json_read(a, found, &value) &&
				  json_object_equal(value, member)));
	}
}

static void
accepted(struct arena *a, struct str text)
{
	struct buf expected = buf_new(1 << 24), got = buf_new(1 << 24);
	json_object *o = NULL;

	MUST(!json_read(a, text, &o));
	print(&got, o);
	plain(&expected, text);
	must_eq(buf_str(&got), buf_str(&expected));
	find_members(a, text, o);
	buf_free(&expected);
	buf_free(&got);
}

static void
refused(struct arena *a, struct str text, const struct json_fault *f)
{
	json_object *o = NULL;
	struct err *e = json_read(a, text, &o);
	struct json_fault none;

	MUST(e && e->code == ERR_INVALID && e->issues && !o);
	MUST(f->line >= 1 && f->column >= 1 && f->at <= text.n);
	MUST(f->line - 1 + f->column - 1 <= f->at);
	MUST(!str_utf8(text) || f->at <= str_points(text));
	MUST(json_check(e->issues->ctx, &none));
	MUST(str_utf8(e->issues->message));
	MUST(json_find(text, "id").n <= text.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size); /* so that ASan sees its end */
	struct str text = {copy, size};
	struct json_fault f;

	if (size)
		memcpy(copy, data, size);
	if (json_check(text, &f))
		accepted(a, text);
	else
		refused(a, text, &f);
	free(copy);
	arena_free(a);
	return 0;
}
