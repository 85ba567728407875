#include "core/template.h"

#include "base/buf.h"

enum { FILLED_MAX = 1024 * 1024, NAME_MAX = 32 };

/* ---- values ---- */

static void
put_html(struct buf *b, char c)
{
	switch (c) {
	case '&':
		BUF_LIT(b, "&amp;");
		break;
	case '<':
		BUF_LIT(b, "&lt;");
		break;
	case '>':
		BUF_LIT(b, "&gt;");
		break;
	case '"':
		BUF_LIT(b, "&quot;");
		break;
	case '\'':
		BUF_LIT(b, "&#39;");
		break;
	default:
		buf_char(b, c);
	}
}

static void
put_value(struct buf *b, struct str value, enum template_form form)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if ((unsigned char)c < 0x20 || c == 0x7f)
			c = ' ';
		if (form == TEMPLATE_HTML)
			put_html(b, c);
		else
			buf_char(b, c);
	}
}

static const struct template_value *
find(const struct template_values *values, struct str name)
{
	for (size_t i = 0; i < values->n; i++)
		if (str_eq(str_of(values->all[i].name), name))
			return &values->all[i];
	return NULL;
}

/* ---- holes ---- */

/* Where `mark` begins, or s.n. */
static size_t
find_pair(struct str s, char mark)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == mark && s.p[i + 1] == mark)
			return i;
	return s.n;
}

/* Take the text up to the next hole, and the name in that. */
static struct str
take(struct str *rest, struct str *ret_name)
{
	size_t open = find_pair(*rest, '{');
	struct str head = str_sub(*rest, 0, open);
	struct str inside = str_sub(*rest, open + 2, rest->n);
	size_t close = find_pair(inside, '}');

	*ret_name = (struct str){0};
	if (open == rest->n || close == inside.n) {
		head = *rest;
		rest->n = 0;
		return head;
	}
	*ret_name = str_sub(inside, 0, close);
	*rest = str_sub(inside, close + 2, inside.n);
	return head;
}

struct err *
template_fill(struct arena *a, struct str text,
	      const struct template_values *values, enum template_form form,
	      struct str *ret)
{
	struct buf b = buf_new(FILLED_MAX);
	struct err *e = NULL;

	while (text.n && !e) {
		const struct template_value *value;
		struct str name;

		buf_put(&b, take(&text, &name));
		if (!name.p)
			continue;
		value = find(values, str_trim(name));
		if (value)
			put_value(&b, value->value, form);
		else
			e = err_internal(
				a, ERR_INTERNAL,
				"the template has an unknown {{%.*s}}",
				STR_FMT(str_sub(str_trim(name), 0, NAME_MAX)));
	}
	if (!e && b.broken)
		e = err_internal(a, ERR_INTERNAL, "the mail is too long");
	if (!e)
		*ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return e;
}

bool
template_subject(struct str *text, struct str *ret_subject)
{
	struct str rest = *text, line = str_cut(&rest, '\n');
	struct str name = str_cut(&line, ':');

	if (!str_eq_nocase(name, STR("Subject")))
		return false;
	if (str_ends(line, STR("\r")))
		line.n--;
	while (rest.n && (rest.p[0] == '\n' || rest.p[0] == '\r'))
		rest = str_sub(rest, 1, rest.n);
	*ret_subject = str_trim(line);
	*text = rest;
	return true;
}
