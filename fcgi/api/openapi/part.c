#include "api/openapi/part.h"

static const char *const kinds[PART_KINDS] = {
	[PART_PATH] = "paths",		 [PART_TAG] = "tags",
	[PART_SCHEMA] = "schemas",	 [PART_RESPONSE] = "responses",
	[PART_PARAMETER] = "parameters", [PART_HEADER] = "headers",
};

/* ---- references ---- */

/* A row of that name has to be there at the end. */
static void
want(struct part_writer *w, enum part_kind kind, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; openapi_parts[i]; i++)
		for (size_t k = 0; k < openapi_parts[i]->nrows; k++, n++) {
			const struct part_row *row = &openapi_parts[i]->rows[k];

			if (row->kind == kind &&
			    str_eq(str_of(row->name), name))
				w->wanted[n] = true;
		}
}

/* "Error" or "parameters/After" */
static void
put_reference(struct part_writer *w, struct str target)
{
	struct str name = target, first = str_cut(&name, '/');
	enum part_kind kind = PART_SCHEMA;

	if (first.n == target.n)
		name = target;
	else
		while (!str_eq(str_of(kinds[kind]), first) &&
		       kind + 1 < PART_KINDS)
			kind++;
	want(w, kind, name);
	buf_printf(w->to, "{\"$ref\":\"#/components/%s/%.*s\"}", kinds[kind],
		   STR_FMT(name));
}

/* ---- text ---- */

void
part_put(struct part_writer *w, const char *text)
{
	struct str left = str_of(text);

	while (left.n) {
		char c = left.p[0];

		left = str_sub(left, 1, left.n);
		if (c == '<')
			put_reference(w, str_cut(&left, '>'));
		else
			buf_char(w->to, c == '\'' ? '"' : c == '`' ? '\'' : c);
	}
}

void
part_printf(struct part_writer *w, const char *fmt, ...)
{
	va_list args;
	struct str text;

	va_start(args, fmt);
	text = arena_vprintf(w->arena, fmt, args);
	va_end(args);
	part_put(w, text.p);
}

void
part_string(struct part_writer *w, struct str s)
{
	buf_json(w->to, s);
}

/* ---- members ---- */

/* The operations of a path stand in one object, which the next path ends. */
static void
leave_path(struct part_writer *w)
{
	if (w->path)
		buf_char(&w->written[PART_PATH], '}');
	w->path = NULL;
}

void
part_begin(struct part_writer *w, enum part_kind kind, const char *name)
{
	w->to = &w->written[kind];
	if (kind == PART_PATH)
		leave_path(w);
	if (w->to->n)
		buf_char(w->to, ',');
	buf_json(w->to, str_of(name));
	buf_char(w->to, ':');
}

static void
put_member(struct part_writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	part_printf(w, ",'%s':", name);
	part_string(w, str_of(value));
}

/* "200:User 404:NotFound" */
static void
put_responses(struct part_writer *w, struct str list)
{
	const char *comma = "";

	part_put(w, ",'responses':{");
	while (list.n) {
		struct str name = str_cut(&list, ' ');
		struct str status = str_cut(&name, ':');

		part_printf(w, "%s'%.*s':<responses/%.*s>", comma,
			    STR_FMT(status), STR_FMT(name));
		comma = ",";
	}
	part_put(w, "}");
}

static void
enter_path(struct part_writer *w, const char *path)
{
	if (w->path && strcmp(w->path, path) == 0) {
		w->to = &w->written[PART_PATH];
		buf_char(w->to, ',');
		return;
	}
	part_begin(w, PART_PATH, path);
	buf_char(w->to, '{');
	w->path = path;
}

void
part_operation(struct part_writer *w, const struct part_operation *op)
{
	enter_path(w, op->path);
	part_printf(w, "'%s':{'tags':[", op->method);
	part_string(w, str_of(op->tag));
	part_put(w, "]");
	put_member(w, "operationId", op->id);
	put_member(w, "summary", op->summary);
	put_member(w, "description", op->more);
	if (op->parameters) {
		part_put(w, ",'parameters':[");
		part_put(w, op->parameters);
		buf_put(w->to, op->further);
		part_put(w, "]");
	}
	if (op->body || op->json_body.n) {
		part_put(w, ",'requestBody':");
		part_put(w, op->body ? op->body : "");
		buf_put(w->to, op->json_body);
	}
	put_responses(w, str_of(op->responses));
	if (op->security) {
		part_put(w, ",'security':");
		part_put(w, op->security);
	}
	part_put(w, "}");
}

void
part_tag(struct part_writer *w, const char *name, struct str about)
{
	w->to = &w->written[PART_TAG];
	if (w->to->n)
		buf_char(w->to, ',');
	part_put(w, "{'name':");
	part_string(w, str_of(name));
	part_put(w, ",'description':");
	part_string(w, about);
	part_put(w, "}");
}
