/* Members of a text that somebody else judges. */
#include "core/json.h"

/* Behind the string whose first character is at `at`. */
static size_t
skip_string(struct str s, size_t at)
{
	while (at < s.n && s.p[at] != '"')
		at += s.p[at] == '\\' ? 2 : 1;
	return at < s.n ? at + 1 : s.n;
}

/* What is being read of the object's members. */
struct finder {
	struct str text, name, found;
	struct str key; /* with its quotes; the last string of the object's own
			 */
	size_t value;	/* where the key's value begins; 0: nowhere yet */
};

static void
end_member(struct finder *f, size_t at)
{
	if (f->value && str_eq(str_sub(f->key, 1, f->key.n - 2), f->name))
		f->found = str_sub(f->text, f->value, at - f->value);
	f->value = 0;
}

static size_t
string(struct finder *f, size_t at, size_t depth)
{
	size_t end = skip_string(f->text, at + 1);

	if (depth == 1 && !f->value)
		f->key = str_sub(f->text, at, end - at);
	return end;
}

struct str
json_find(struct str text, const char *name)
{
	struct finder f = {.text = text, .name = str_of(name)};
	size_t depth = 0;

	for (size_t at = 0; at < text.n;) {
		char c = text.p[at];

		if (c == '"') {
			at = string(&f, at, depth);
			continue;
		}
		if (depth == 1 && (c == ',' || c == '}'))
			end_member(&f, at);
		if (depth == 1 && c == ':' && f.key.n > 1)
			f.value = at + 1;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth)
			depth--;
		at++;
	}
	return f.found;
}
