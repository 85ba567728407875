#include "courier/mail.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { TEMPLATE_MAX = 256 * 1024 };

/* Where the shipped ones are, from the binary's directory. */
static const char *const shipped[] = {
	"../share/postern/mail", /* PREFIX/bin, or that of make run */
	"mail",			 /* shared hosting: all in one folder */
	"../../spawn/mail",	 /* build/release */
};

static struct str
directory_of_binary(struct arena *a)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	struct str dir = {path, n > 0 ? (size_t)n : 0};

	while (dir.n && dir.p[dir.n - 1] != '/')
		dir.n--;
	return arena_str(a, dir);
}

/* 1: read; 0: there is none; -1: there is one, but it cannot be read. */
static int
read_file(struct arena *a, struct str path, struct str *ret)
{
	FILE *f = fopen(path.p, "re");
	char *text;
	size_t n;
	bool bad;

	if (!f)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	text = arena_alloc(a, TEMPLATE_MAX + 1);
	n = fread(text, 1, TEMPLATE_MAX, f);
	bad = ferror(f) || !feof(f);
	fclose(f);
	*ret = (struct str){text, n};
	return bad || !str_utf8(*ret) ? -1 : 1;
}

struct err *
mail_template(struct arena *a, const struct conf *conf, struct str name,
	      struct str *ret)
{
	struct str dir = directory_of_binary(a);
	struct str path =
		arena_printf(a, "%s/%.*s", conf->templates, STR_FMT(name));
	int found = conf->templates[0] ? read_file(a, path, ret) : 0;

	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		if (found)
			break;
		path = arena_printf(a, "%.*s%s/%.*s", STR_FMT(dir), shipped[i],
				    STR_FMT(name));
		found = read_file(a, path, ret);
	}
	if (found > 0)
		return NULL;
	return err_internal(a, ERR_INTERNAL, "the template %.*s %s",
			    STR_FMT(name),
			    found ? "cannot be read" : "is missing");
}
