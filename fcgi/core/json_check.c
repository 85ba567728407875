#include "core/json.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/json_number.h"

enum { SCRATCH = 2048 }; /* first block of a check's own arena */

/* The members of an object that is being read, the newest first. */
struct key {
	struct key *next;
	struct str name; /* decoded */
	uint64_t hash;
	size_t at;
};

struct scan {
	struct str text;
	size_t i; /* where we are, in bytes */
	size_t depth, values;
	struct arena *scratch;
	bool build; /* a tree */
	/* Of the outermost object only these, and no object; or NULL. */
	struct json_member *members;
	size_t nmembers;
	const char *reason; /* of the fault at byte `at` */
	size_t at;
	bool deep; /* ... which is that it is nested too deep */
};

/*
 * What is read becomes *ret, where a tree is built.  It is the caller's, also
 * when there is a fault in it.
 */
static bool value(struct scan *s, json_object **ret);

static bool
fail(struct scan *s, const char *reason, size_t at)
{
	s->reason = reason;
	s->at = at;
	return false;
}

/* The byte at `i`, or -1 behind the end. */
static int
byte_at(const struct scan *s, size_t i)
{
	return i < s->text.n ? (unsigned char)s->text.p[i] : -1;
}

/* Step over white space and say what comes then. */
static int
next(struct scan *s)
{
	int c;

	while ((c = byte_at(s, s->i)) == ' ' || c == '\n' || c == '\r' ||
	       c == '\t')
		s->i++;
	return c;
}

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits at `i`, or -1. */
static int
hex4(const struct scan *s, size_t i)
{
	int unit = 0;

	for (size_t k = i; k < i + 4; k++) {
		int digit = hex_digit(byte_at(s, k));

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool
is_high(int unit)
{
	return (unit & 0xfc00) == 0xd800;
}

static bool
is_low(int unit)
{
	return (unit & 0xfc00) == 0xdc00;
}

/* The low surrogate that an escape at `i` spells, or -1. */
static int
low_at(const struct scan *s, size_t i)
{
	int unit;

	if (byte_at(s, i) != '\\' || byte_at(s, i + 1) != 'u')
		return -1;
	unit = hex4(s, i + 2);
	return is_low(unit) ? unit : -1;
}

/* Over a \uXXXX, or the two that make a pair; s->i is at the backslash. */
static bool
unicode_escape(struct scan *s)
{
	size_t at = s->i + 1;
	int unit = hex4(s, at + 1);

	if (unit < 0 || byte_at(s, at + 5) < 0)
		return fail(s, "Invalid \\uXXXX escape", at);
	s->i += 6;
	if (!is_high(unit) && !is_low(unit))
		return true;
	if (is_low(unit) || low_at(s, s->i) < 0)
		return fail(s, "Invalid \\uXXXX escape (lone surrogate)", at);
	s->i += 6;
	return true;
}

/* Over an escape; the string that holds it began at `begin`. */
static bool
escape(struct scan *s, size_t begin)
{
	int c = byte_at(s, s->i + 1);

	if (c < 0)
		return fail(s, "Unterminated string starting at", begin);
	if (c == 'u')
		return unicode_escape(s);
	if (c == 0 || !strchr("\"\\/bfnrt", c))
		return fail(s, "Invalid \\escape", s->i);
	s->i += 2;
	return true;
}

/* Over a string, from its first quote. */
static bool
quoted(struct scan *s)
{
	size_t begin = s->i++;

	for (;;) {
		int c;

		s->i = str_plain(s->text, s->i);
		c = byte_at(s, s->i);

		if (c < 0)
			return fail(s, "Unterminated string starting at",
				    begin);
		if (c < 0x20)
			return fail(s, "Invalid control character at", s->i);
		if (c == '\\') {
			if (!escape(s, begin))
				return false;
			continue;
		}
		s->i++;
		return true;
	}
}

static char *
put_utf8(char *out, int point)
{
	static const struct {
		int below, mark, shift;
	} rows[] = {
		{0x80,    0,	  0 },
		      {0x800,   0xc0, 6 },
		{0x10000, 0xe0, 12}
	   };
	int mark = 0xf0, shift = 18;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (point >= rows[i].below)
			continue;
		mark = rows[i].mark;
		shift = rows[i].shift;
		break;
	}
	*out++ = (char)(mark | point >> shift);
	while (shift) {
		shift -= 6;
		*out++ = (char)(0x80 | (point >> shift & 0x3f));
	}
	return out;
}

/* What the escape at *i stands for; *i moves behind it. */
static int
escaped_point(const struct scan *s, size_t *i)
{
	static const char plain[256] = {
		['b'] = '\b', ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r',
		['t'] = '\t', ['"'] = '"',  ['\\'] = '\\', ['/'] = '/'};
	int c = byte_at(s, *i + 1), high;

	if (c != 'u') {
		*i += 2;
		return plain[(unsigned char)c];
	}
	high = hex4(s, *i + 2);
	*i += 6;
	if (!is_high(high))
		return high;
	*i += 6;
	return 0x10000 + ((high & 0x3ff) << 10 | (low_at(s, *i - 6) & 0x3ff));
}

/* The text between the quotes at `from` and `to`, its escapes resolved. */
static struct str
decoded(const struct scan *s, size_t from, size_t to)
{
	struct str raw = str_sub(s->text, from + 1, to - from - 1);
	char *start, *out;
	size_t i = from + 1;

	if (str_find(raw, '\\') == raw.n)
		return raw;
	start = out = arena_alloc(s->scratch, raw.n);
	while (i < to)
		if (s->text.p[i] == '\\')
			out = put_utf8(out, escaped_point(s, &i));
		else
			*out++ = s->text.p[i++];
	return (struct str){start, (size_t)(out - start)};
}

static bool
string(struct scan *s, json_object **ret)
{
	size_t from = s->i;
	struct str text;

	if (!quoted(s))
		return false;
	if (!s->build)
		return true;
	text = decoded(s, from, s->i - 1);
	*ret = mem_must(json_object_new_string_len(text.p, (int)text.n));
	return true;
}

/* The name of a member; s->i is where it should begin. */
static bool
name(struct scan *s, struct key **keys)
{
	struct key *key;
	size_t at = s->i;

	if (byte_at(s, at) != '"')
		return fail(s,
			    "Expecting property name enclosed in double quotes",
			    at);
	if (!quoted(s))
		return false;
	key = ARENA_NEW(s->scratch, struct key);
	key->at = at;
	key->name = decoded(s, at, s->i - 1);
	key->hash = str_hash(key->name);
	key->next = *keys;
	*keys = key;
	if (str_find(key->name, '\0') < key->name.n)
		return fail(s, "Property name with a NUL", at);
	return true;
}

static void
add(struct scan *s, json_object *to, struct str name, json_object *of)
{
	const char *key = arena_str(s->scratch, name).p;

	/* That there are none alike, distinct() tells at the end. */
	if (json_object_object_add_ex(to, key, of,
				      JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0)
		mem_must(NULL);
}

/* What nobody looks for is gone. */
static void
hand_out(const struct scan *s, struct str name, json_object *of)
{
	for (size_t i = 0; i < s->nmembers; i++) {
		struct json_member *m = &s->members[i];

		if (!str_eq(m->name, name))
			continue;
		json_object_put(m->value);
		m->value = of;
		return;
	}
	json_object_put(of);
}

static bool
member(struct scan *s, struct key **keys, json_object *to)
{
	json_object *of = NULL;
	bool ok;

	if (!name(s, keys))
		return false;
	if (next(s) != ':')
		return fail(s, "Expecting ':' delimiter", s->i);
	s->i++;
	next(s);
	ok = value(s, &of);
	if (to)
		add(s, to, (*keys)->name, of);
	else if (s->build)
		hand_out(s, (*keys)->name, of);
	return ok;
}

/* Equal names become neighbours, in the order of the text. */
static int
by_name(const void *a, const void *b)
{
	const struct key *one = *(struct key *const *)a;
	const struct key *two = *(struct key *const *)b;
	int order;

	if (one->hash != two->hash)
		return one->hash < two->hash ? -1 : 1;
	order = str_cmp(one->name, two->name);
	if (order)
		return order;
	return one->at < two->at ? -1 : one->at > two->at;
}

static bool
distinct(struct scan *s, struct key *keys, size_t n)
{
	struct key **sorted, *twice = NULL;

	if (n < 2)
		return true;
	sorted = ARENA_ARRAY(s->scratch, struct key *, n);
	for (size_t i = 0; i < n; i++, keys = keys->next)
		sorted[i] = keys;
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 1; i < n; i++)
		if (sorted[i - 1]->hash == sorted[i]->hash &&
		    str_eq(sorted[i - 1]->name, sorted[i]->name) &&
		    (!twice || sorted[i]->at < twice->at))
			twice = sorted[i];
	return !twice || fail(s, "Duplicate property name", twice->at);
}

static bool
object(struct scan *s, json_object **ret)
{
	struct key *keys = NULL;
	size_t n = 0;

	if (s->build && (s->depth > 1 || !s->members))
		*ret = mem_must(json_object_new_object());
	for (int c = next(s); c != '}'; c = next(s)) {
		if (n && c != ',')
			return fail(s, "Expecting ',' delimiter", s->i);
		if (n) {
			s->i++;
			next(s);
		}
		if (n++ == JSON_MEMBERS_MAX)
			return fail(s, "Object of more than 1000 members",
				    s->i);
		if (!member(s, &keys, *ret))
			return false;
	}
	s->i++;
	return distinct(s, keys, n);
}

static bool
item(struct scan *s, json_object *to)
{
	json_object *of = NULL;
	bool ok = value(s, &of);

	if (s->build && json_object_array_add(to, of) != 0)
		mem_must(NULL);
	return ok;
}

static bool
array(struct scan *s, json_object **ret)
{
	bool first = true;

	if (s->build)
		*ret = mem_must(json_object_new_array());
	for (int c = next(s); c != ']'; c = next(s), first = false) {
		if (!first && c != ',')
			return fail(s, "Expecting ',' delimiter", s->i);
		if (!first) {
			s->i++;
			next(s);
		}
		if (!item(s, *ret))
			return false;
	}
	s->i++;
	return true;
}

static bool
nested(struct scan *s, bool (*inside)(struct scan *, json_object **),
       json_object **ret)
{
	bool ok;

	s->deep = s->depth == JSON_DEPTH_MAX;
	if (s->deep)
		return fail(s, "Nested deeper than 32 levels", s->i);
	s->depth++;
	s->i++;
	ok = inside(s, ret);
	s->depth--;
	return ok;
}

static bool
word(struct scan *s, struct str expected)
{
	if (!str_eq(str_sub(s->text, s->i, expected.n), expected))
		return fail(s, "Expecting value", s->i);
	s->i += expected.n;
	return true;
}

static bool
number(struct scan *s, json_object **ret)
{
	struct str rest = str_sub(s->text, s->i, s->text.n);
	size_t n = 0;
	const char *reason = json_number(rest, &n, s->build ? ret : NULL);

	if (reason)
		return fail(s, reason, s->i);
	s->i += n;
	return true;
}

static bool
truth(struct scan *s, bool yes, json_object **ret)
{
	if (!word(s, yes ? STR("true") : STR("false")))
		return false;
	if (s->build)
		*ret = mem_must(json_object_new_boolean(yes));
	return true;
}

static bool
value(struct scan *s, json_object **ret)
{
	if (s->values++ == JSON_VALUES_MAX)
		return fail(s, "More than 10000 values", s->i);
	switch (byte_at(s, s->i)) {
	case '"':
		return string(s, ret);
	case '{':
		return nested(s, object, ret);
	case '[':
		return nested(s, array, ret);
	case 't':
	case 'f':
		return truth(s, s->text.p[s->i] == 't', ret);
	case 'n':
		return word(s, STR("null"));
	default:
		return number(s, ret);
	}
}

/* Where the first sequence begins that is no UTF-8; there is one. */
static size_t
utf8_fault(struct str text)
{
	size_t i = 0;

	for (;;) {
		unsigned char lead = (unsigned char)text.p[i];
		size_t len = lead < 0x80   ? 1
			     : lead < 0xe0 ? 2
			     : lead < 0xf0 ? 3
					   : 4;

		if (!str_utf8(str_sub(text, i, len)))
			return i;
		i += len;
	}
}

static bool
document(struct scan *s, json_object **ret)
{
	if (!str_utf8(s->text))
		return fail(s, "Malformed UTF-8", utf8_fault(s->text));
	if (str_starts(s->text, STR("\xef\xbb\xbf")))
		return fail(s, "Unexpected UTF-8 BOM (decode using utf-8-sig)",
			    0);
	next(s);
	if (!value(s, ret))
		return false;
	if (next(s) >= 0)
		return fail(s, "Extra data", s->i);
	return true;
}

/* Byte offsets inside, code points and lines outside. */
static struct json_fault
fault(const struct scan *s)
{
	struct str before = str_sub(s->text, 0, s->at);
	struct json_fault f = {s->reason, .line = 1, .deep = s->deep};
	size_t line_start = 0;

	for (size_t i = 0; i < before.n; i++)
		if (before.p[i] == '\n') {
			f.line++;
			line_start = i + 1;
		}
	f.at = str_points(before);
	f.column = str_points(str_sub(before, line_start, before.n)) + 1;
	return f;
}

bool
json_check(struct str text, struct json_fault *ret_fault)
{
	struct scan s = {.text = text, .scratch = arena_new(SCRATCH)};
	json_object *none = NULL;
	bool ok = document(&s, &none);

	if (!ok)
		*ret_fault = fault(&s);
	arena_free(s.scratch);
	return ok;
}

static void
put_tree(void *tree)
{
	json_object_put(tree);
}

bool
json_members(struct arena *a, struct str text, struct json_member *members,
	     size_t n, struct json_fault *ret_fault)
{
	struct scan s = {.text = text,
			 .scratch = a,
			 .build = true,
			 .members = members,
			 .nmembers = n};
	json_object *other = NULL;
	bool ok = document(&s, &other);

	for (size_t i = 0; i < n; i++)
		if (members[i].value)
			arena_defer(a, put_tree, members[i].value);
	json_object_put(other);
	if (!ok)
		*ret_fault = fault(&s);
	return ok;
}

bool
json_build(struct arena *a, struct str text, json_object **ret,
	   struct json_fault *ret_fault)
{
	struct scan s = {.text = text, .scratch = a, .build = true};
	json_object *tree = NULL;
	bool ok = document(&s, &tree);

	arena_defer(a, put_tree, tree);
	if (ok)
		*ret = tree;
	else
		*ret_fault = fault(&s);
	return ok;
}
