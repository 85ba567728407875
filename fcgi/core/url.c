#include "core/url.h"

#include "base/buf.h"
#include "core/http.h"

enum { URL_MAX = 8 * 1024 };

/* ---- reading ---- */

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

/* What stands in no URL that all readers understand alike. */
static bool
is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\\\"<>^`{|}", c))
			return false;
	}
	return true;
}

static bool
is_scheme(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter(s.p[i]) &&
		    (i == 0 || (!is_digit(s.p[i]) && !strchr("+-.", s.p[i]))))
			return false;
	return s.n > 0;
}

/* ".", ".." and what decodes to them. */
static bool
is_dots(struct str segment)
{
	size_t dots = 0;

	while (segment.n) {
		bool coded = str_eq_nocase(str_sub(segment, 0, 3), STR("%2e"));

		if (!coded && segment.p[0] != '.')
			return false;
		segment = str_sub(segment, coded ? 3 : 1, segment.n);
		dots++;
	}
	return dots == 1 || dots == 2;
}

/* How long what ends a segment is, if it stands here: for some readers. */
static size_t
separator(struct str s)
{
	static const struct str all[] = {STR("/"), STR(";"), STR("%2f"),
					 STR("%5c")};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_eq_nocase(str_sub(s, 0, all[i].n), all[i]))
			return all[i].n;
	return 0;
}

static struct str
cut_segment(struct str *path)
{
	struct str all = *path;
	size_t end = 0, n = 0;

	while (end < all.n && !(n = separator(str_sub(all, end, all.n))))
		end++;
	*path = str_sub(all, end + n, all.n);
	return str_sub(all, 0, end);
}

static bool
has_dots(struct str path)
{
	while (path.n)
		if (is_dots(cut_segment(&path)))
			return true;
	return false;
}

static bool
read_port(struct str port)
{
	for (size_t i = 0; i < port.n; i++)
		if (!is_digit(port.p[i]))
			return false;
	return port.n <= 5;
}

/* host[:port], or [v6][:port]. */
static bool
read_authority(struct str text, struct url *ret)
{
	size_t end = 0;

	if (text.n && text.p[0] == '[') {
		end = str_find(text, ']') + 1;
		if (end > text.n)
			return false;
	} else {
		end = str_find(text, ':');
	}
	ret->host = str_sub(text, 0, end);
	ret->port = str_sub(text, end + 1, text.n);
	if (end < text.n && text.p[end] != ':')
		return false;
	return ret->host.n && str_find(text, '@') == text.n &&
	       str_find(ret->host, '%') == ret->host.n && read_port(ret->port);
}

bool
url_read(struct str text, struct url *ret)
{
	struct url u = {0};
	struct str left = text, authority;
	size_t slash;

	if (text.n > URL_MAX || !is_clean(text))
		return false;
	u.scheme = str_cut(&left, ':');
	if (!is_scheme(u.scheme) || !str_starts(left, STR("//")))
		return false;
	left = str_sub(left, 2, left.n);
	authority = str_cut(&left, '#');
	u.fragment = left;
	left = authority;
	authority = str_cut(&left, '?');
	u.query = left;
	slash = str_find(authority, '/');
	u.path = str_sub(authority, slash, authority.n);
	if (!read_authority(str_sub(authority, 0, slash), &u) ||
	    has_dots(u.path))
		return false;
	*ret = u;
	return true;
}

/* ---- comparing ---- */

static struct str
port_of(const struct url *u)
{
	if (u->port.n)
		return u->port;
	if (str_eq_nocase(u->scheme, STR("https")))
		return STR("443");
	if (str_eq_nocase(u->scheme, STR("http")))
		return STR("80");
	return u->port;
}

static bool
same_origin(const struct url *a, const struct url *b)
{
	return str_eq_nocase(a->scheme, b->scheme) &&
	       str_eq_nocase(a->host, b->host) &&
	       str_eq(port_of(a), port_of(b));
}

bool
url_is_below(struct str text, struct str base)
{
	struct url u, b;
	struct str path;

	if (!url_read(text, &u) || !url_read(base, &b) || !same_origin(&u, &b))
		return false;
	path = b.path;
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	return str_eq_nocase(str_sub(u.path, 0, path.n), path) &&
	       (u.path.n == path.n || u.path.p[path.n] == '/');
}

/* The next entry of a list with blanks between. */
static struct str
next_entry(struct str *list)
{
	*list = str_trim(*list);
	return str_cut(list, ' ');
}

bool
url_is_origin(struct str origin, struct str base)
{
	struct url o, b;

	return url_read(origin, &o) && url_read(base, &b) &&
	       same_origin(&o, &b) && o.path.n + o.query.n + o.fragment.n == 0;
}

static bool
is_any(struct str text, struct str list,
       bool (*is)(struct str text, struct str entry))
{
	while (list.n) {
		struct str entry = next_entry(&list);

		if (entry.n && is(text, entry))
			return true;
	}
	return false;
}

bool
url_is_allowed(struct str text, struct str list)
{
	return is_any(text, list, url_is_below);
}

bool
url_origin_in(struct str origin, struct str list)
{
	return is_any(origin, list, url_is_origin);
}

bool
url_is_local(struct str text)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	struct url u;

	if (!url_read(text, &u))
		return false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (str_eq_nocase(u.host, str_of(hosts[i])))
			return true;
	return false;
}

/* ---- adding ---- */

static bool
is_named(struct arena *a, struct str pair, struct str name)
{
	struct str given, key = str_cut(&pair, '=');

	return http_decode(a, key, true, &given) && str_eq(given, name);
}

struct str
url_with(struct arena *a, struct str text, struct str name, struct str value)
{
	struct buf b = buf_new(text.n + 3 * (name.n + value.n) + 2);
	struct str rest = text, fragment, query, made;
	char sep = '?';

	query = str_cut(&rest, '#');
	fragment = str_sub(text, query.n, text.n);
	rest = query;
	buf_put(&b, str_cut(&rest, '?'));
	while (rest.n) {
		struct str pair = str_cut(&rest, '&');

		if (pair.n == 0 || is_named(a, pair, name))
			continue;
		buf_char(&b, sep);
		buf_put(&b, pair);
		sep = '&';
	}
	buf_char(&b, sep);
	buf_put(&b, http_encode(a, name));
	buf_char(&b, '=');
	buf_put(&b, http_encode(a, value));
	buf_put(&b, fragment);
	made = arena_str(a, buf_str(&b));
	buf_free(&b);
	return made;
}
