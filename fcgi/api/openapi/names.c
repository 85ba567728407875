#include "api/openapi/names.h"

/* What follows a table's name in those of its components. */
static const char *const suffixes[] = {
	"",	    "Create",	    "Replace",	      "Patch",
	"Row",	    "Rows",	    "Created",	      "Resource",
	"Document", "ListDocument", "CreateDocument", "PatchDocument",
	"Made",
};

enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]) };

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "song_artist" is SongArtist; what is no letter or digit goes. */
static struct str
camel(struct arena *a, struct str name)
{
	struct buf b = buf_new(1024);
	bool start = true;
	struct str all;

	if (name.n == 0 || !is_letter(name.p[0]))
		buf_char(&b, 'T');
	for (size_t i = 0; i < name.n; i++) {
		bool keep = is_letter(name.p[i]) || is_digit(name.p[i]);

		if (keep)
			buf_char(&b, start ? upper(name.p[i]) : name.p[i]);
		start = !keep;
	}
	all = arena_str(a, buf_str(&b));
	buf_free(&b);
	return all;
}

/* "SongArtist" is what people call a song artist. */
static struct str
words(struct arena *a, struct str name)
{
	struct buf b = buf_new(1024);
	struct str all;

	for (size_t i = 0; i < name.n; i++) {
		if (i && name.p[i] != lower(name.p[i]) &&
		    name.p[i - 1] == lower(name.p[i - 1]))
			buf_char(&b, ' ');
		buf_char(&b, lower(name.p[i]));
	}
	all = arena_str(a, buf_str(&b));
	buf_free(&b);
	return all;
}

static bool
ends_as(struct str whole, struct str name, const char *suffix)
{
	return whole.n == name.n + strlen(suffix) && str_starts(whole, name) &&
	       str_ends(whole, str_of(suffix));
}

/* Could a component of one be called as one of the other? */
static bool
clash(struct str one, struct str other)
{
	for (size_t i = 0; i < SUFFIXES; i++)
		if (ends_as(one, other, suffixes[i]) ||
		    ends_as(other, one, suffixes[i]))
			return true;
	return false;
}

static bool
is_row(struct str name)
{
	for (size_t i = 0; openapi_parts[i]; i++)
		for (size_t k = 0; k < openapi_parts[i]->nrows; k++)
			if (clash(str_of(openapi_parts[i]->rows[k].name), name))
				return true;
	return false;
}

static bool
is_taken(const struct part_names *all, size_t n, struct str one)
{
	for (size_t i = 0; i < n; i++)
		if (clash(all[i].one, one))
			return true;
	return is_row(one);
}

static bool
is_many_taken(const struct part_names *all, size_t n, struct str many)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(all[i].many, many))
			return true;
	return false;
}

static struct part_names
name_table(struct arena *a, const struct part_names *all, size_t n,
	   const struct table *t)
{
	struct str one = camel(a, t->type), many = camel(a, t->name);
	struct part_names names = {one, many, {0}};

	for (int i = 2; is_taken(all, n, names.one); i++)
		names.one = arena_printf(a, "%.*s%d", STR_FMT(one), i);
	for (int i = 2; is_many_taken(all, n, names.many); i++)
		names.many = arena_printf(a, "%.*s%d", STR_FMT(many), i);
	names.words = words(a, names.one);
	return names;
}

const struct part_names *
names_of(struct arena *a, const struct model *model)
{
	struct part_names *all =
		ARENA_ARRAY(a, struct part_names, model->ntables);

	for (size_t i = 0; i < model->ntables; i++)
		all[i] = name_table(a, all, i, &model->tables[i]);
	return all;
}
