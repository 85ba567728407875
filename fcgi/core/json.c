#include "core/json.h"

#include <json-c/json_visit.h>

#include "base/buf.h"

enum {
	DOC_MAX = 1024,	  /* bytes of the text that an issue repeats */
	CTX_MAX = 1 << 14 /* an issue's ctx: the doc escaped, and the rest */
};

/*
 * What turns a whole number into one that json-c keeps the text of.  No
 * number of a client ends like this: it has too many digits.
 */
#define MARK_ZEROS "0000000000000000000000000000000000000000"
static const struct str mark = {"e0" MARK_ZEROS, sizeof("e0" MARK_ZEROS) - 1};

/* At most DOC_MAX bytes of whole code points; nothing when not UTF-8. */
static struct str
excerpt(struct str text)
{
	struct str doc = str_sub(text, 0, DOC_MAX);

	if (!str_utf8(text))
		return STR("");
	while (doc.n < text.n && ((unsigned char)text.p[doc.n] & 0xc0) == 0x80)
		doc.n--;
	return doc;
}

static struct str
context(struct arena *a, struct str text, const struct json_fault *f)
{
	struct buf b = buf_new(CTX_MAX);
	struct str ctx;

	BUF_LIT(&b, "{\"msg\":");
	buf_json(&b, str_of(f->reason));
	BUF_LIT(&b, ",\"doc\":");
	buf_json(&b, excerpt(text));
	buf_printf(&b, ",\"pos\":%zu,\"lineno\":%zu,\"colno\":%zu}", f->at,
		   f->line, f->column);
	ctx = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ctx;
}

static struct err *
malformed(struct arena *a, struct str text, const struct json_fault *f)
{
	struct issues list = {0};

	issues_add(&list, a,
		   (struct issue){
			   .where = "body",
			   .field = arena_printf(a, "%zu", f->at),
			   .message = arena_printf(
				   a, "%s: line %zu column %zu (char %zu)",
				   f->reason, f->line, f->column, f->at),
			   .type = "value_error.jsondecode",
			   .ctx = context(a, text, f),
		   });
	return issues_err(&list, a);
}

static void
put_tree(void *tree)
{
	json_object_put(tree);
}

/* What four hexadecimal digits spell; the checker has seen them. */
static unsigned
unit_at(const char *p)
{
	unsigned unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 |
		       ((unsigned)(p[i] & 15) + (p[i] > '9' ? 9 : 0));
	return unit;
}

static char *
put_pair(char *out, unsigned high, unsigned low)
{
	unsigned point = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));

	*out++ = (char)(0xf0 | point >> 18);
	*out++ = (char)(0x80 | (point >> 12 & 0x3f));
	*out++ = (char)(0x80 | (point >> 6 & 0x3f));
	*out++ = (char)(0x80 | (point & 0x3f));
	return out;
}

/*
 * The same document with UTF-8 in place of escaped surrogate pairs: json-c
 * up to 0.18 takes some of the characters that they make (U+1D800 is one)
 * for surrogates again and stores U+FFFD instead.
 */
static struct str
without_pairs(struct arena *a, struct str text)
{
	char *start, *out;
	size_t i = 0;

	if (str_find(text, '\\') == text.n)
		return text;
	start = out = arena_alloc(a, text.n);
	while (i < text.n) {
		const char *p = text.p + i;
		bool unicode = p[0] == '\\' && p[1] == 'u';
		size_t n = unicode ? 6 : p[0] == '\\' ? 2 : 1;

		if (unicode && (unit_at(p + 2) & 0xfc00) == 0xd800) {
			out = put_pair(out, unit_at(p + 2), unit_at(p + 8));
			i += 12;
			continue;
		}
		memcpy(out, p, n);
		out += n;
		i += n;
	}
	return (struct str){start, (size_t)(out - start)};
}

/* Would it fit in 64 bits, signed when negative and unsigned when not? */
static bool
fits_integer(struct str digits)
{
	struct str limit = STR("18446744073709551615");

	if (digits.p[0] == '-') {
		limit = STR("9223372036854775808");
		digits = str_sub(digits, 1, digits.n);
	}
	if (digits.n != limit.n)
		return digits.n < limit.n;
	return str_cmp(digits, limit) <= 0;
}

/* How long the string at `i` is, with its quotes. */
static size_t
string_length(struct str text, size_t i)
{
	size_t n = 1;

	while (text.p[i + n] != '"')
		n += text.p[i + n] == '\\' ? 2 : 1;
	return n + 1;
}

static size_t
number_length(struct str text, size_t i)
{
	size_t n = 0;

	while (i + n < text.n && text.p[i + n] &&
	       strchr("+-.0123456789Ee", text.p[i + n]))
		n++;
	return n;
}

/* A string, a number, or one byte of anything else. */
static struct str
token(struct str text, size_t i)
{
	char c = text.p[i];

	if (c == '"')
		return str_sub(text, i, string_length(text, i));
	if (c == '-' || (c >= '0' && c <= '9'))
		return str_sub(text, i, number_length(text, i));
	return str_sub(text, i, 1);
}

static bool
is_long(struct str token)
{
	if (token.n < 19 || token.p[0] == '"')
		return false;
	for (size_t i = 0; i < token.n; i++)
		if (strchr(".Ee", token.p[i]))
			return false;
	return !fits_integer(token);
}

/*
 * The same document with a mark behind each whole number that json-c would
 * replace by the nearest one of 64 bits; unmark() takes them away again.
 */
static struct str
with_marks(struct arena *a, struct str text)
{
	struct buf b = buf_new(4 * text.n);
	struct str t, marked;
	size_t copied = 0;

	for (size_t i = 0; i < text.n; i += t.n) {
		t = token(text, i);
		if (!is_long(t))
			continue;
		buf_put(&b, str_sub(text, copied, i + t.n - copied));
		buf_put(&b, mark);
		copied = i + t.n;
	}
	if (copied == 0)
		return text;
	buf_put(&b, str_sub(text, copied, text.n));
	marked = arena_str(a, buf_str(&b));
	buf_free(&b);
	return marked;
}

static int
unmark(json_object *o, int flags, json_object *parent, const char *key,
       size_t *at, void *arg)
{
	struct str text, digits;

	(void)flags, (void)parent, (void)key, (void)at;
	if (!json_object_is_type(o, json_type_double))
		return JSON_C_VISIT_RETURN_CONTINUE;
	text = str_of(json_object_get_string(o));
	if (text.n <= mark.n ||
	    !str_eq(str_sub(text, text.n - mark.n, mark.n), mark))
		return JSON_C_VISIT_RETURN_CONTINUE;
	digits = arena_str(arg, str_sub(text, 0, text.n - mark.n));
	json_object_set_serializer(o, json_object_userdata_to_json_string,
				   (void *)(uintptr_t)digits.p, NULL);
	return JSON_C_VISIT_RETURN_CONTINUE;
}

/*
 * json-c wants to see the end of the text before it believes a number, and
 * a struct str need not have a NUL there: the end comes in a second call.
 */
static const char *
parse(struct str text, json_object **ret)
{
	json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	enum json_tokener_error error;

	if (!tok)
		return "out of memory";
	*ret = json_tokener_parse_ex(tok, text.p, (int)text.n);
	error = json_tokener_get_error(tok);
	if (error == json_tokener_continue) {
		*ret = json_tokener_parse_ex(tok, "", 1);
		error = json_tokener_get_error(tok);
	}
	json_tokener_free(tok);
	return error ? json_tokener_error_desc(error) : NULL;
}

struct err *
json_read(struct arena *a, struct str text, json_object **ret)
{
	struct json_fault f;
	json_object *tree = NULL;
	const char *refusal;
	struct str marked;

	if (text.n > INT32_MAX / 4)
		return err_new(a, ERR_TOO_LARGE, "Content Too Large");
	if (!json_check(text, &f))
		return malformed(a, text, &f);
	marked = with_marks(a, text);
	refusal = parse(without_pairs(a, marked), &tree);
	arena_defer(a, put_tree, tree);
	if (refusal)
		return err_internal(a, ERR_INTERNAL, "json-c: %s", refusal);
	if (marked.p != text.p)
		json_c_visit(tree, 0, unmark, a);
	*ret = tree;
	return NULL;
}

json_object *
json_get(json_object *o, const char *name)
{
	json_object *member = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &member);
	return member;
}

bool
json_has(json_object *o, const char *name)
{
	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, name, NULL);
}

struct str
json_str(json_object *o)
{
	if (!json_object_is_type(o, json_type_string))
		return STR("");
	return (struct str){json_object_get_string(o),
			    (size_t)json_object_get_string_len(o)};
}
