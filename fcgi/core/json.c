#include "core/json.h"

#include "base/buf.h"

enum {
	DOC_MAX = 1024,	  /* bytes of the text that an issue repeats */
	CTX_MAX = 1 << 14 /* an issue's ctx: the doc escaped, and the rest */
};

/* At most DOC_MAX bytes of whole code points; nothing when not UTF-8. */
static struct str
excerpt(struct str text)
{
	struct str doc = str_sub(text, 0, DOC_MAX);

	if (!str_utf8(text))
		return STR("");
	while (doc.n < text.n && ((unsigned char)text.p[doc.n] & 0xc0) == 0x80)
		doc.n--;
	return doc;
}

static struct str
context(struct arena *a, struct str text, const struct json_fault *f)
{
	struct buf b = buf_new(CTX_MAX);
	struct str ctx;

	BUF_LIT(&b, "{\"msg\":");
	buf_json(&b, str_of(f->reason));
	BUF_LIT(&b, ",\"doc\":");
	buf_json(&b, excerpt(text));
	buf_printf(&b, ",\"pos\":%zu,\"lineno\":%zu,\"colno\":%zu}", f->at,
		   f->line, f->column);
	ctx = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ctx;
}

static struct err *
malformed(struct arena *a, struct str text, const struct json_fault *f)
{
	struct issues list = {0};

	issues_add(&list, a,
		   (struct issue){
			   .where = "body",
			   .field = arena_printf(a, "%zu", f->at),
			   .message = arena_printf(
				   a, "%s: line %zu column %zu (char %zu)",
				   f->reason, f->line, f->column, f->at),
			   .type = "value_error.jsondecode",
			   .ctx = context(a, text, f),
		   });
	return issues_err(&list, a);
}

struct err *
json_read(struct arena *a, struct str text, json_object **ret)
{
	struct json_fault f;

	*ret = NULL;
	if (text.n > INT32_MAX / 4)
		return err_new(a, ERR_TOO_LARGE, "Content Too Large");
	if (!json_build(a, text, ret, &f))
		return malformed(a, text, &f);
	return NULL;
}

json_object *
json_get(json_object *o, const char *name)
{
	json_object *member = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &member);
	return member;
}

bool
json_has(json_object *o, const char *name)
{
	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, name, NULL);
}

struct str
json_str(json_object *o)
{
	if (!json_object_is_type(o, json_type_string))
		return STR("");
	return (struct str){json_object_get_string(o),
			    (size_t)json_object_get_string_len(o)};
}
