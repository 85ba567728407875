/*
 * A URL that is read is its parts again; what is below a base begins with
 * that base's origin; what is added to a query is found in it, and changes
 * nothing else.  The input is the URL, a NUL, a base, a NUL, a value.
 */
#include "core/url.h"

#include "core/http.h"
#include "fuzz.h"

static void
put(struct arena *a, struct str *all, const char *before, struct str part)
{
	if (part.p)
		*all = arena_printf(a, "%.*s%s%.*s", STR_FMT(*all), before,
				    STR_FMT(part));
}

/* Whether there was an empty port, query or fragment is not remembered. */
static void
is_whole(struct arena *a, struct str text, const struct url *u)
{
	struct str all = u->scheme;

	put(a, &all, "://", u->host);
	put(a, &all, u->port.n ? ":" : "", u->port);
	put(a, &all, "", u->path);
	put(a, &all, u->query.n ? "?" : "", u->query);
	put(a, &all, u->fragment.n ? "#" : "", u->fragment);
	MUST(all.n <= text.n && all.n + 3 >= text.n);
	MUST(all.n < text.n || str_eq(all, text));
	MUST(u->host.n && u->scheme.n);
	MUST(u->path.n == 0 || u->path.p[0] == '/');
	for (size_t i = 0; i < text.n; i++)
		MUST(text.p[i] > ' ' && text.p[i] < 0x7f);
	MUST(str_find(u->host, '@') == u->host.n);
	MUST(str_find(u->host, '/') == u->host.n);
}

static void
is_below(struct str text, struct str base)
{
	struct url u, b;

	if (!url_is_below(text, base))
		return;
	MUST(url_read(text, &u) && url_read(base, &b));
	MUST(str_eq_nocase(u.scheme, b.scheme));
	MUST(str_eq_nocase(u.host, b.host));
	MUST(url_is_below(text, text));
	MUST(url_is_allowed(text, base));
}

static size_t
count_pairs(struct str query)
{
	size_t n = 0;

	while (query.n)
		n += str_cut(&query, '&').n > 0;
	return n;
}

static void
with(struct arena *a, struct str text, const struct url *u, struct str value)
{
	struct str made = url_with(a, text, STR("code"), value), rest, last;
	struct str decoded = {0};
	struct url m;

	if (!url_read(made, &m))
		MUST(made.n > 8 * 1024);
	else {
		must_eq(m.host, u->host);
		must_eq(m.port, u->port);
		must_eq(m.path, u->path);
		must_eq(m.fragment, u->fragment);
		MUST(count_pairs(m.query) <= count_pairs(u->query) + 1);
		for (rest = m.query; rest.n;)
			last = str_cut(&rest, '&');
		MUST(str_starts(last, STR("code=")));
		last = str_sub(last, 5, last.n);
		MUST(http_decode(a, last, false, &decoded));
		must_eq(decoded, value);
		must_eq(url_with(a, made, STR("code"), value), made);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size + 1);
	struct str rest = {copy, size}, text, base;
	struct url u;

	if (size)
		memcpy(copy, data, size);
	text = str_cut(&rest, '\0');
	base = str_cut(&rest, '\0');
	if (url_read(text, &u)) {
		is_whole(a, text, &u);
		with(a, text, &u, rest);
	}
	is_below(text, base);
	is_below(base, text);
	MUST(!url_is_origin(text, base) || url_is_origin(text, text));
	free(copy);
	arena_free(a);
	return 0;
}
