#include "core/http.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
http_decode(struct arena *a, struct str text, bool plus, struct str *ret)
{
	char *start = arena_alloc(a, text.n + 1), *out = start;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int high, low;

			if (text.n - i < 3)
				return false;
			high = hex(text.p[++i]);
			low = hex(text.p[++i]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
		} else if (c == '+' && plus) {
			c = ' ';
		}
		*out++ = c;
	}
	*ret = (struct str){start, (size_t)(out - start)};
	return true;
}

static bool
unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/* Three bytes for one at most; what is behind the last of them. */
static char *
encode(char *out, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (unreserved(text.p[i])) {
			*out++ = text.p[i];
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	return out;
}

struct str
http_encode(struct arena *a, struct str text)
{
	char *start = arena_array(a, text.n + 1, 3);

	return (struct str){start, (size_t)(encode(start, text) - start)};
}

void
http_put_encoded(struct buf *b, struct str text)
{
	char *out = buf_room(b, 3 * text.n);

	if (out)
		b->n += (size_t)(encode(out, text) - out);
}

/* Decode one half of a parameter. */
static struct err *
read_part(struct arena *a, struct str text, struct str *ret)
{
	if (!http_decode(a, text, true, ret))
		return err_new(a, ERR_BAD_REQUEST,
			       "The query string has a '%%' that is not "
			       "followed by two hexadecimal digits.");
	if (!str_utf8(*ret))
		return err_new(a, ERR_BAD_REQUEST,
			       "The query string is not UTF-8.");
	if (str_find(*ret, '\0') < ret->n)
		return err_new(a, ERR_BAD_REQUEST,
			       "The query string has a NUL.");
	return NULL;
}

static struct err *
read_param(struct arena *a, struct str piece, struct http_param *ret)
{
	struct str name = str_cut(&piece, '=');

	TRY(read_part(a, name, &ret->name));
	return read_part(a, piece, &ret->value);
}

static size_t
count_pieces(struct str text)
{
	size_t n = 0;

	while (text.n)
		n += str_cut(&text, '&').n > 0;
	return n;
}

struct err *
http_query_read(struct arena *a, struct str text, struct http_query *ret)
{
	size_t n = count_pieces(text);
	struct http_query q = {0};

	if (n > HTTP_PARAMS_MAX)
		return err_new(a, ERR_BAD_REQUEST,
			       "The query string has more than %d parameters.",
			       HTTP_PARAMS_MAX);
	q.params = ARENA_ARRAY(a, struct http_param, n);
	while (text.n) {
		struct str piece = str_cut(&text, '&');

		if (piece.n)
			TRY(read_param(a, piece, &q.params[q.n++]));
	}
	*ret = q;
	return NULL;
}

const struct http_param *
http_query_get(const struct http_query *q, struct str name)
{
	for (size_t i = q->n; i-- > 0;)
		if (str_eq(q->params[i].name, name))
			return &q->params[i];
	return NULL;
}

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' ||
		    strchr("\"(),/:;<=>?@[\\]{}", s.p[i]))
			return false;
	return s.n > 0;
}

static struct str
media_type(struct str header)
{
	return str_trim(str_cut(&header, ';'));
}

bool
http_is_type(struct str header, struct str type)
{
	return str_eq_nocase(media_type(header), type);
}

struct str
http_cookie(struct str header, struct str name, int *ret_times)
{
	struct str found = STR("");

	*ret_times = 0;
	while (header.n) {
		struct str value = str_trim(str_cut(&header, ';'));
		struct str key = str_trim(str_cut(&value, '='));

		if (!str_eq(key, name))
			continue;
		value = str_trim(value);
		if (value.n > 1 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		found = value;
		++*ret_times;
	}
	return found;
}

bool
http_is_json(struct str content_type)
{
	struct str sub = media_type(content_type);
	struct str main = str_cut(&sub, '/');
	struct str suffix = STR("+json");

	if (!str_eq_nocase(main, STR("application")) || !is_token(sub))
		return false;
	return str_eq_nocase(sub, STR("json")) ||
	       (sub.n >= suffix.n &&
		str_eq_nocase(str_sub(sub, sub.n - suffix.n, suffix.n),
			      suffix));
}

/*
 * Take the head of a list up to a `sep` that is not inside a quoted string;
 * in one, a backslash takes the meaning from what follows it when `escapes`.
 */
static struct str
cut_unquoted(struct str *rest, char sep, bool escapes)
{
	struct str all = *rest, head;
	bool quoted = false;
	size_t i;

	for (i = 0; i < all.n && (quoted || all.p[i] != sep); i++) {
		if (all.p[i] == '"')
			quoted = !quoted;
		if (quoted && escapes && all.p[i] == '\\')
			i++;
	}
	head = str_sub(all, 0, i);
	*rest = str_sub(all, i + 1, all.n);
	return head;
}

bool
http_etag_match(struct str header, struct str etag, bool weak)
{
	if (str_eq(str_trim(header), STR("*")))
		return true;
	while (header.n) {
		struct str tag = str_trim(cut_unquoted(&header, ',', false));

		if (weak && str_starts(tag, STR("W/")))
			tag = str_sub(tag, 2, tag.n);
		if (etag.n && str_eq(tag, etag))
			return true;
	}
	return false;
}

struct str
http_cut(struct str *rest, char sep)
{
	return str_trim(cut_unquoted(rest, sep, true));
}

struct str
http_unquote(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return str_sub(s, 1, s.n - 2);
	return s;
}

/* RFC 7240 §2: of a preference that is given twice, the first counts. */
struct str
http_prefer_return(struct str header)
{
	while (header.n) {
		struct str one = cut_unquoted(&header, ',', true);
		struct str value = cut_unquoted(&one, ';', true);
		struct str name = str_trim(str_cut(&value, '='));

		if (str_eq_nocase(name, STR("return")))
			return http_unquote(str_trim(value));
	}
	return STR("");
}
