#include "api/answer.h"

#include "core/type.h"

enum { TAGS_MAX = 64 }; /* of an If-Match */

/* ["body"], ["query","name"] or, for malformed JSON, ["body",12]. */
static void
put_place(struct buf *b, const struct issue *issue)
{
	int64_t position;

	buf_printf(b, "{\"loc\":[\"%s\"", issue->where);
	if (issue->field.n) {
		buf_char(b, ',');
		if (str_eq(str_of(issue->type),
			   STR("value_error.jsondecode")) &&
		    str_int(issue->field, &position))
			buf_int(b, position);
		else
			buf_json(b, issue->field);
	}
	BUF_LIT(b, "],\"msg\":");
}

static void
put_issues(struct buf *b, const struct issue *issue)
{
	BUF_LIT(b, "{\"detail\":[");
	for (bool first = true; issue; issue = issue->next, first = false) {
		if (!first)
			buf_char(b, ',');
		put_place(b, issue);
		buf_json(b, issue->message);
		BUF_LIT(b, ",\"type\":");
		buf_json(b, str_of(issue->type));
		if (issue->ctx.n) {
			BUF_LIT(b, ",\"ctx\":");
			buf_put(b, issue->ctx);
		}
		buf_char(b, '}');
	}
	BUF_LIT(b, "]}");
}

void
answer_error(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;

	call->reply.status = e->status ? e->status : err_kind(e->code)->status;
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	if (e->issues) {
		put_issues(b, e->issues);
		return;
	}
	BUF_LIT(b, "{\"detail\":");
	if (e->detail.n)
		buf_put(b, e->detail);
	else
		buf_json(b, e->message.n ? e->message
					 : str_of(err_kind(e->code)->title));
	buf_char(b, '}');
}

/* "invalid-credentials": the interface's own, or the kind's slug. */
static void
put_code(struct buf *b, const struct err *e)
{
	struct str slug = str_of(err_kind(e->code)->slug);
	bool own = str_find(e->type, '-') < e->type.n;

	if (own)
		slug = e->type;
	buf_char(b, '"');
	for (size_t i = 0; i < slug.n; i++)
		buf_char(b, slug.p[i] == '_' ? '-' : slug.p[i]);
	buf_char(b, '"');
}

void
answer_message(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;
	struct str message = e->message;

	call->reply.status = e->status ? e->status : err_kind(e->code)->status;
	if (!message.n && e->issues)
		message = e->issues->message;
	if (!message.n)
		message = str_of(err_kind(e->code)->title);
	BUF_LIT(b, "{\"message\":");
	buf_json(b, message);
	BUF_LIT(b, ",\"extensions\":{\"code\":");
	put_code(b, e);
	BUF_LIT(b, "}");
	if (e->detail.n) {
		BUF_LIT(b, ",\"detail\":");
		buf_put(b, e->detail);
	}
	BUF_LIT(b, "}");
}

/* A value as it is, or escaped for the JSON string that it stands in. */
static void
put_input(struct buf *b, struct str value, bool json)
{
	struct buf quoted = buf_new(b->max);

	if (json) {
		buf_json(&quoted, value);
		value = str_sub(buf_str(&quoted), 1, quoted.n - 2);
	}
	buf_put(b, value);
	buf_free(&quoted);
}

struct str
answer_fill(struct arena *a, const struct answer_source *source,
	    struct str text, bool json)
{
	struct buf b = buf_new(16 * 1024 * 1024);
	struct str filled, name, value;

	for (;;) {
		buf_put(&b, str_sub(text, 0, str_find(text, '{')));
		text = str_sub(text, str_find(text, '{'), text.n);
		if (text.n == 0)
			break;
		name = str_sub(text, 1, str_find(text, '}') - 1);
		if (source->find(source->from, name, &value)) {
			put_input(&b, value, json);
			text = str_sub(text, name.n + 2, text.n);
		} else {
			buf_char(&b, '{');
			text = str_sub(text, 1, text.n);
		}
	}
	filled = arena_str(a, buf_str(&b));
	buf_free(&b);
	return filled;
}

bool
answer_allows(const char *methods, struct str method)
{
	struct str rest = str_of(methods);

	while (rest.n)
		if (str_eq(str_trim(str_cut(&rest, ',')), method))
			return true;
	return false;
}

struct err *
answer_allow(struct call *call, const char *methods)
{
	struct err *e;

	if (answer_allows(methods, call->request.method))
		return NULL;
	e = err_new(call->arena, ERR_METHOD, "Method Not Allowed");
	e->allow = str_of(methods);
	return e;
}

uint32_t
answer_role(const struct call *call)
{
	const char *name = call->caller.runs_as ? call->caller.runs_as
						: call->request.conf->role;

	return model_role(call->request.model, str_of(name));
}

/* Undo what stands for a comma or % within a composite key's value. */
static struct str
unescape_part(struct arena *a, struct str part)
{
	struct str plain;

	if (str_find(part, '%') < part.n &&
	    http_decode(a, part, false, &plain) && str_utf8(plain))
		return plain;
	return part;
}

bool
answer_read_key(struct arena *a, const struct table *table, struct str text,
		struct str **ret)
{
	const struct constraint *primary = table->primary;
	struct str *values = ARENA_ARRAY(a, struct str, primary->n);
	struct issues ignored = {0};

	for (size_t i = 0; i < primary->n; i++) {
		struct input in = {
			.arena = a,
			.column = primary->columns[i],
			.where = "path",
			.field = primary->columns[i]->name,
		};
		bool last = i + 1 == primary->n;
		struct str part = last ? text : str_cut(&text, ',');

		if (primary->n > 1)
			part = unescape_part(a, part);
		if (!type_read_text(&in, part, &ignored, &values[i]))
			return false;
	}
	*ret = values;
	return true;
}

void
answer_tag(struct call *call, struct str tag)
{
	struct reply *reply = &call->reply;

	if (!tag.n && call->streaming)
		return;
	if (!tag.n)
		tag = arena_printf(
			call->arena, "\"%016llx\"",
			(unsigned long long)str_hash(buf_str(reply->body)));
	reply_header(reply, "ETag", tag);
	if (!call->request.if_none_match.n ||
	    !http_etag_match(call->request.if_none_match, tag, true))
		return;
	reply->status = 304;
	reply->type = NULL;
	buf_clear(reply->body);
}

/* ---- versions of rows ---- */

static uint32_t
number_of_version(struct str binary)
{
	uint32_t xmin = 0;

	for (size_t k = 0; k < binary.n; k++)
		xmin = xmin << 8 | (unsigned char)binary.p[k];
	return xmin;
}

struct str
answer_version(struct call *call, struct str form)
{
	struct buf b = buf_new(1024);
	uint64_t model = str_hash(call->request.model->version);
	struct str tag;

	if (call->nversions == 0 || call->streaming)
		return STR("");
	for (size_t i = 0; i < call->nversions; i++) {
		buf_char(&b, i ? '.' : '"');
		buf_hex(&b, number_of_version(call->versions[i]));
	}
	buf_char(&b, '-');
	buf_hex(&b, (uint32_t)model);
	if (form.n) {
		buf_char(&b, '-');
		buf_hex(&b, str_hash(form));
	}
	buf_char(&b, '"');
	tag = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return tag;
}

/* Our tags begin with the row's xmin: "5f3a.1b2-c0ffee".  0: not one. */
static uint32_t
version_of_tag(struct str tag)
{
	static const char hex[] = "0123456789abcdef";
	struct str rest = str_sub(tag, 1, tag.n);
	struct str first = str_cut(&rest, '-'), own = str_cut(&first, '.');
	uint32_t version = 0;

	if (!str_starts(tag, STR("\"")) || own.n > 8)
		return 0;
	for (size_t i = 0; i < own.n; i++) {
		const char *at = own.p[i] ? strchr(hex, own.p[i]) : NULL;

		if (!at)
			return 0;
		version = version * 16 + (uint32_t)(at - hex);
	}
	return version;
}

/* The versions of a header's first tags, as an array's text. */
static struct str
versions_of_tags(struct arena *a, struct str header)
{
	struct buf b = buf_new(TAGS_MAX * 16);
	struct str list;

	BUF_LIT(&b, "{0");
	for (int i = 0; header.n && i < TAGS_MAX; i++) {
		struct str tag = str_trim(str_cut(&header, ','));

		buf_char(&b, ',');
		buf_int(&b, version_of_tag(tag));
	}
	buf_char(&b, '}');
	list = arena_str(a, buf_str(&b));
	buf_free(&b);
	return list;
}

bool
answer_if_match(struct call *call, const struct table *t, struct condition *ret)
{
	struct str tags = str_trim(call->request.if_match);

	*ret = (struct condition){.cmp = CMP_NOTHING};
	if (tags.n == 0 || str_eq(tags, STR("*")))
		return false;
	if (t->versioned) {
		ret->cmp = CMP_VERSION;
		ret->value = versions_of_tags(call->arena, tags);
	}
	return true;
}

void
answer_redirect(struct call *call, struct str path)
{
	const struct request *r = &call->request;
	struct buf to = buf_new(64 * 1024);
	struct str rest = str_sub(path, 1, path.n);

	while (rest.n) {
		struct str part = str_cut(&rest, '/');

		buf_char(&to, '/');
		buf_put(&to, http_encode(call->arena, part));
	}
	if (r->query_text.n)
		buf_char(&to, '?');
	buf_put(&to, r->query_text);
	call->reply.status = 307;
	reply_header(&call->reply, "Location", buf_str(&to));
	buf_free(&to);
}
