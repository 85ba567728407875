#include "api/graphql/standard_build.h"

/* ---- what GraphQL takes for a name (§2.1.9) ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_word(char c)
{
	return is_digit(c) || is_small(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

static char
capital(char c)
{
	return is_small(c) ? (char)(c - 'a' + 'A') : c;
}

/* The bytes of a code point behind its first one. */
static bool
is_behind(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* A name cannot begin with a digit, and two '_' are GraphQL's own. */
static struct str
headed(struct arena *a, struct str s)
{
	while (s.n > 1 && s.p[0] == '_' && s.p[1] == '_')
		s = str_sub(s, 1, s.n);
	if (s.n && !is_digit(s.p[0]))
		return s;
	return arena_printf(a, "_%.*s", STR_FMT(s));
}

/* Each character that is none of a name's becomes a '_'. */
static struct str
plain(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (is_word(text.p[i]))
			out[n++] = text.p[i];
		else if (!is_behind(text.p[i]))
			out[n++] = '_';
	return (struct str){out, n};
}

struct str
standard_name(struct arena *a, struct str text)
{
	return headed(a, plain(a, text));
}

/* A '_' stays at the head and at the tail; inside, a capital follows it. */
struct str
standard_camel(struct arena *a, struct str text)
{
	struct str s = plain(a, text);
	char *out = arena_alloc(a, s.n + 1);
	bool inside = false;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_')
			out[n++] = inside && s.p[i - 1] == '_' ? capital(s.p[i])
							       : s.p[i];
		else if (n == 0 || i + 1 == s.n)
			out[n++] = '_';
		inside |= s.p[i] != '_';
	}
	return headed(a, (struct str){out, n});
}

struct str
standard_pascal(struct arena *a, struct str text)
{
	struct str s = standard_camel(a, text);

	return arena_printf(a, "%c%.*s", capital(s.p[0]),
			    STR_FMT(str_sub(s, 1, s.n)));
}

struct str
standard_choice(struct arena *a, struct str text)
{
	static const char *const words[] = {"true", "false", "null"};
	char *out = arena_alloc(a, text.n + 1);
	struct str s = {out, 0};

	for (size_t i = 0; i < text.n; i++)
		if (is_word(text.p[i]))
			out[s.n++] = text.p[i];
		else if (text.p[i] == ' ' || text.p[i] == '-')
			out[s.n++] = '_';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(s, str_of(words[i])))
			return arena_printf(a, "_%s", words[i]);
	return headed(a, s);
}

/* ---- more than one ---- */

/* Words that go their own ways. */
static const struct {
	const char *one, *many;
} irregular[] = {
	{"person",	   "people"	   },
	{"child",	  "children"   },
	{"man",		"men"	     },
	{"woman",	  "women"	 },
	{"mouse",	  "mice"	},
	{"tooth",	  "teeth"	 },
	{"foot",	 "feet"       },
	{"goose",	  "geese"	 },
	{"index",	  "indices"	   },
	{"vertex",	   "vertices"   },
	{"matrix",	   "matrices"   },
	{"news",	 "news"       },
	{"data",	 "data"       },
	{"media",	  "media"	 },
	{"series",	   "series"	   },
	{"species",	    "species"    },
	{"equipment",   "equipment"	 },
	{"information", "information"},
};

/* Is `word`, or '_' and it, what the name ends with? */
static bool
ends_with_word(struct str name, struct str word)
{
	return str_ends(name, word) &&
	       (name.n == word.n || name.p[name.n - word.n - 1] == '_');
}

static bool
ends_with_any(struct str name, const char *const *endings)
{
	for (; *endings; endings++)
		if (str_ends(name, str_of(*endings)))
			return true;
	return false;
}

static struct str
regular(struct arena *a, struct str name)
{
	static const char *const hisses[] = {"ss", "us", "is", "x",
					     "z",  "ch", "sh", NULL};
	static const char *const vowels[] = {"ay", "ey", "iy", "oy",
					     "uy", "y_", NULL};

	if (str_ends(name, STR("y")) && !ends_with_any(name, vowels))
		return arena_printf(a, "%.*sies", (int)name.n - 1, name.p);
	if (ends_with_any(name, hisses))
		return arena_printf(a, "%.*ses", STR_FMT(name));
	if (str_ends(name, STR("s")))
		return name;
	return arena_printf(a, "%.*ss", STR_FMT(name));
}

struct str
standard_plural(struct arena *a, struct str name)
{
	for (size_t i = 0; i < sizeof(irregular) / sizeof(irregular[0]); i++) {
		struct str one = str_of(irregular[i].one);

		if (ends_with_word(name, str_of(irregular[i].many)))
			return name;
		if (ends_with_word(name, one))
			return arena_printf(a, "%.*s%s", (int)(name.n - one.n),
					    name.p, irregular[i].many);
	}
	return regular(a, name);
}

/* ---- names that are taken ---- */

static struct str *
slot_of(const struct names *taken, struct str name)
{
	size_t i = str_hash(name) & (taken->size - 1);

	while (taken->slots[i].n && !str_eq(taken->slots[i], name))
		i = (i + 1) & (taken->size - 1);
	return &taken->slots[i];
}

static void
grow(struct names *taken)
{
	struct names larger = {taken->arena, NULL, taken->n,
			       taken->size ? taken->size * 2 : 64};

	larger.slots = ARENA_ARRAY(taken->arena, struct str, larger.size);
	for (size_t i = 0; i < taken->size; i++)
		if (taken->slots[i].n)
			*slot_of(&larger, taken->slots[i]) = taken->slots[i];
	*taken = larger;
}

struct str
standard_take(struct names *taken, struct str name)
{
	struct str free = name;
	struct str *slot;

	if (2 * (taken->n + 1) > taken->size)
		grow(taken);
	slot = slot_of(taken, free);
	for (int i = 2; slot->n; i++) {
		free = arena_printf(taken->arena, "%.*s%d", STR_FMT(name), i);
		slot = slot_of(taken, free);
	}
	taken->n++;
	return *slot = free;
}
