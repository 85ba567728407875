#include "api/answer.h"
#include "api/jsonapi/jsonapi.h"

enum { DOCUMENT_MAX = 4 * 1024 * 1024 };

/* Marks an error whose detail is the members of an error object. */
static const struct str own = {"jsonapi", 7};

/* ---- statuses ---- */

/* What a status is called, and which of our errors has it. */
static const struct kind {
	int status;
	enum err_code code;
	const char *slug, *title; /* NULL: the error's */
} kinds[] = {
	{400, ERR_BAD_REQUEST,  NULL,		     NULL		 },
	{401, ERR_UNAUTHORIZED, NULL,		      NULL		  },
	{403, ERR_FORBIDDEN,    NULL,			   NULL	       },
	{404, ERR_NOT_FOUND,    NULL,			   NULL	       },
	{405, ERR_METHOD,	  NULL,			NULL	    },
	{406, ERR_BAD_REQUEST,  "not_acceptable",	 "Not Acceptable"},
	{409, ERR_CONFLICT,	    NULL,			  NULL	      },
	{413, ERR_TOO_LARGE,    NULL,			   NULL	       },
	{415, ERR_BAD_REQUEST,  "unsupported_media_type",
	 "Unsupported Media Type"					 },
	{422, ERR_INVALID,	   NULL,			 NULL	     },
	{500, ERR_INTERNAL,	    NULL,			  NULL	      },
};

static const struct kind *
kind_of(int status)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].status == status)
			return &kinds[i];
	return NULL;
}

/* ---- one error object ---- */

/* What its members are; empty ones are left out. */
struct object {
	int status;
	struct str code, title, detail;
	struct fault_source source;
	const char *type; /* a URI */
	struct str meta;  /* JSON */
};

static bool
is_strict(const struct call *call)
{
	return call->state ? jsonapi_of(call)->strict
			   : jsonapi_is_strict(&call->request);
}

static void
put_status(struct buf *b, const struct object *o, bool strict)
{
	if (!strict) {
		buf_printf(b, "\"status_code\":%d", o->status);
		return;
	}
	buf_printf(b, "\"status\":\"%d\",\"code\":", o->status);
	buf_json(b, o->code);
}

static void
put_source(struct buf *b, struct fault_source source)
{
	if (!source.pointer && !source.parameter)
		return;
	buf_printf(b, ",\"source\":{\"%s\":",
		   source.pointer ? "pointer" : "parameter");
	buf_json(b, str_of(source.pointer ? source.pointer : source.parameter));
	buf_char(b, '}');
}

/* A list of one, as the profile that has such URIs writes it. */
static void
put_type(struct buf *b, const char *uri)
{
	if (!uri)
		return;
	BUF_LIT(b, ",\"links\":{\"type\":[");
	buf_json(b, str_of(uri));
	BUF_LIT(b, "]}");
}

/* Without the braces. */
static void
put_object(struct buf *b, const struct object *o, bool strict)
{
	put_status(b, o, strict);
	put_source(b, o->source);
	put_type(b, o->type);
	if (o->meta.n) {
		BUF_LIT(b, ",\"meta\":");
		buf_put(b, o->meta);
	}
	BUF_LIT(b, ",\"title\":");
	buf_json(b, o->title);
	if (o->detail.n) {
		BUF_LIT(b, ",\"detail\":");
		buf_json(b, o->detail);
	}
}

/* Its code and title: those of the status where the error's is another. */
static void
name(struct object *o, enum err_code code)
{
	const struct kind *kind = kind_of(o->status);
	const struct err_kind *row = err_kind(code);

	if (kind && row->status != o->status)
		row = err_kind(kind->code);
	o->code = str_of(kind && kind->slug ? kind->slug : row->slug);
	if (o->title.n == 0)
		o->title =
			str_of(kind && kind->title ? kind->title : row->title);
}

/* An error that carries the object. */
static struct err *
make(struct call *call, struct object *o)
{
	const struct kind *kind = kind_of(o->status);
	enum err_code code = kind ? kind->code : ERR_INTERNAL;
	struct err *e = err_new(call->arena, code, "%.*s", STR_FMT(o->detail));
	struct buf b = buf_new(DOCUMENT_MAX);

	name(o, code);
	put_object(&b, o, is_strict(call));
	e->status = o->status;
	e->type = own;
	e->detail = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return e;
}

struct err *
jsonapi_error_of(struct call *call, const struct fault_head *head,
		 const char *fmt, ...)
{
	struct object o = {
		.status = head->status,
		.title = str_of(head->title),
		.source = head->source,
		.type = head->type,
		.meta = head->meta,
	};
	va_list args;

	va_start(args, fmt);
	o.detail = arena_vprintf(call->arena, fmt, args);
	va_end(args);
	return make(call, &o);
}

struct err *
jsonapi_bad_query(struct call *call, const char *parameter, const char *fmt,
		  ...)
{
	struct object o = {.status = 400, .source = {.parameter = parameter}};
	va_list args;

	o.title = arena_printf(call->arena, "Invalid %s querystring parameter.",
			       parameter);
	va_start(args, fmt);
	o.detail = arena_vprintf(call->arena, fmt, args);
	va_end(args);
	return make(call, &o);
}

struct err *
jsonapi_not_found(struct call *call, const struct resource *r, struct str id)
{
	struct object o = {
		.status = 404,
		.title = STR("Resource not found."),
		.meta = STR("{\"parameter\":\"id\"}"),
	};

	o.detail = arena_printf(call->arena, "Resource %.*s `%.*s` not found",
				STR_FMT(r->table->type), STR_FMT(id));
	return make(call, &o);
}

/* ---- the document ---- */

static void
begin(struct call *call)
{
	call->reply.type =
		call->state ? jsonapi_content_type(call) : JSONAPI_TYPE;
	BUF_LIT(call->reply.body, "{\"errors\":[{");
}

static void
end(struct call *call)
{
	struct buf *b = call->reply.body;

	if (is_strict(call))
		BUF_LIT(b, "}],\"jsonapi\":{\"version\":\"1.1\"}}");
	else
		BUF_LIT(b, "}]}");
}

/* A JSON pointer into the document, or which parameter. */
static struct fault_source
source_of(struct call *call, const struct issue *issue)
{
	struct str where = str_of(issue->where), field = issue->field;
	struct fault_source source = {0};

	if (str_eq(str_of(issue->type), STR("value_error.jsondecode")))
		source.pointer = "";
	else if (str_eq(where, STR("body")))
		source.pointer =
			arena_printf(call->arena, field.n ? "/%.*s" : "%.*s",
				     STR_FMT(field))
				.p;
	else if (field.n)
		source.parameter = arena_str(call->arena, field).p;
	return source;
}

/* Strict documents have one object for each of several faults. */
static void
put_issues(struct call *call, const struct err *e, struct object o)
{
	struct buf *b = call->reply.body;

	for (const struct issue *i = e->issues; i; i = i->next) {
		if (i != e->issues)
			BUF_LIT(b, "},{");
		o.detail = i->message;
		o.source = source_of(call, i);
		put_object(b, &o, true);
	}
}

/* What came with the error as JSON: its detail, or something besides. */
static void
read_detail(struct call *call, const struct err *e, struct object *o)
{
	if (str_starts(e->detail, STR("{")) || str_starts(e->detail, STR("[")))
		o->meta = arena_printf(call->arena, "{\"detail\":%.*s}",
				       STR_FMT(e->detail));
}

/* An error of any other part. */
static void
put_error(struct call *call, const struct err *e)
{
	struct object o = {.status = call->reply.status};

	/* A status that a function of the schema chose is called as it is. */
	if (e->code == ERR_RAISED)
		o.title = str_of(reply_phrase(o.status));
	name(&o, e->code);
	o.detail = e->message.n ? e->message : o.title;
	read_detail(call, e, &o);
	if (e->issues)
		put_issues(call, e, o);
	else
		put_object(call->reply.body, &o, is_strict(call));
}

/*
 * What the source system's framework answers, rather than its JSON:API: lists
 * of what is wrong with an input, and refusals before there is a resource.
 */
static bool
is_framework(const struct call *call, const struct err *e)
{
	if (str_eq(e->type, STR(JSONAPI_BARE)))
		return true;
	if (is_strict(call) || str_eq(e->type, own))
		return false;
	return e->issues || e->code == ERR_METHOD ||
	       (e->code == ERR_NOT_FOUND &&
		!(call->state && jsonapi_of(call)->resource));
}

void
jsonapi_fail(struct call *call, const struct err *e)
{
	const struct err *told = jsonapi_write_fault(call, e);

	if (!told)
		told = jsonapi_read_fault(call, e);
	if (told)
		e = told;
	jsonapi_put_vary(call);
	if (is_framework(call, e)) {
		answer_error(call, e);
		return;
	}
	call->reply.status = e->status ? e->status : err_kind(e->code)->status;
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	begin(call);
	if (str_eq(e->type, own))
		buf_put(call->reply.body, e->detail);
	else
		put_error(call, e);
	end(call);
}
