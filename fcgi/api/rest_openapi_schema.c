/* Rows and bodies: their schemas and examples, and the answers that hold them.
 */
#include "api/rest_openapi.h"

/* ---- objects ---- */

static bool
is_shown(const struct rest_about *a, const struct column *c)
{
	return rest_may_see(c, a->rest.role);
}

bool
rest_openapi_is_input(const struct rest_about *a, const struct column *c,
		      const char *method)
{
	uint32_t granted = strcmp(method, "POST") == 0 ? c->grants.insert
						       : c->grants.update;

	return !c->generated && !c->hidden && (granted & a->rest.role);
}

/* A member's name and what follows it. */
static void
put_name(struct rest_about *a, bool *first, struct str name)
{
	if (!*first)
		buf_char(a->w->to, ',');
	*first = false;
	part_string(a->w, name);
	buf_char(a->w->to, ':');
}

/* The columns of a row that a link leads to: its key, and its name. */
static const struct column *
linked_column(const struct fkey *link, size_t i)
{
	const struct constraint *primary = link->to->primary;
	bool own = false;

	for (size_t k = 0; k < primary->n; k++)
		own |= primary->columns[k] == link->to->key;
	if (i < primary->n)
		return primary->columns[i];
	return i == primary->n && !own ? link->to->key : NULL;
}

static void
put_link_schema(struct rest_about *a, const struct column *by)
{
	const struct column *c;
	bool first = true;

	part_put(a->w, "{'type':['object','null'],'required':[");
	for (size_t i = 0; (c = linked_column(by->link, i)); i++) {
		part_put(a->w, i ? "," : "");
		part_string(a->w, c->name);
	}
	part_put(a->w, "],'properties':{");
	for (size_t i = 0; (c = linked_column(by->link, i)); i++) {
		put_name(a, &first, c->name);
		part_value(a->w, c, PART_ANSWER, c->nullable);
	}
	part_put(a->w, "}");
	if (by->comment.n) {
		part_put(a->w, ",'description':");
		part_string(a->w, by->comment);
	}
	part_put(a->w, "}");
}

static void
put_link_example(struct rest_about *a, const struct column *by)
{
	const struct column *c;
	bool first = true;

	part_put(a->w, "{");
	for (size_t i = 0; (c = linked_column(by->link, i)); i++) {
		put_name(a, &first, c->name);
		part_example(a->w, c);
	}
	part_put(a->w, "}");
}

/* Each member of an answered row, by `put`. */
static void
put_members(struct rest_about *a,
	    void (*put)(struct rest_about *a, const struct column *c,
			bool object))
{
	bool first = true;

	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];
		bool object = rest_is_object(c, a->rest.role);

		if (!is_shown(a, c))
			continue;
		put_name(a, &first, object ? c->link->link : c->name);
		put(a, c, object);
	}
}

static void
put_member_schema(struct rest_about *a, const struct column *c, bool object)
{
	if (object)
		put_link_schema(a, c);
	else
		part_value(a->w, c, PART_ANSWER, c->nullable);
}

static void
put_member_example(struct rest_about *a, const struct column *c, bool object)
{
	if (object)
		put_link_example(a, c);
	else if (c->link)
		part_example(a->w, c->link->references[0]);
	else
		part_example(a->w, c);
}

static void
put_row_example(struct rest_about *a)
{
	part_put(a->w, "{");
	put_members(a, put_member_example);
	part_put(a->w, "}");
}

/* What a row looks like in answers: all members are there. */
void
rest_openapi_schema(struct rest_about *a)
{
	const char *comma = "";

	part_begin(a->w, PART_SCHEMA, a->names->one.p);
	part_put(a->w, "{'type':'object'");
	if (a->table->comment.n) {
		part_put(a->w, ",'description':");
		part_string(a->w, a->table->comment);
	}
	part_put(a->w, ",'required':[");
	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];

		if (!is_shown(a, c))
			continue;
		part_put(a->w, comma);
		part_string(a->w, rest_is_object(c, a->rest.role)
					  ? c->link->link
					  : c->name);
		comma = ",";
	}
	part_put(a->w, "],'properties':{");
	put_members(a, put_member_schema);
	part_put(a->w, "}}");
}

/* ---- bodies ---- */

static const struct column *
input_column(const struct column *c)
{
	const struct column *key = rest_link_key(c);

	if (key)
		return key;
	return c->link ? c->link->references[0] : c;
}

void
rest_openapi_input(struct rest_about *a, const char *method)
{
	bool first = true;

	part_put(a->w, "{");
	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];

		if (!rest_openapi_is_input(a, c, method))
			continue;
		put_name(a, &first, rest_member(a->arena, c));
		part_example(a->w, input_column(c));
	}
	part_put(a->w, "}");
}

static void
put_input_value(struct rest_about *a, const struct column *c, bool whole)
{
	const struct column *key = rest_link_key(c);
	struct column shown = key ? *key : *c;

	shown.comment = c->comment;
	if (key) {
		shown.max_length = 0; /* a longer one is nobody's */
		shown.comment = arena_printf(
			a->arena,
			"%.*s%sBy its `%.*s`; `%.*s` may be given "
			"instead.",
			STR_FMT(c->comment), c->comment.n ? " " : "",
			STR_FMT(key->name), STR_FMT(c->name));
	}
	part_value(a->w, &shown, PART_REQUEST,
		   c->nullable && !(whole && c->required));
}

static void
put_required(struct rest_about *a, const char *method)
{
	const char *comma = ",'required':[";

	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];

		if (!rest_openapi_is_input(a, c, method) ||
		    !rest_is_required(c))
			continue;
		part_put(a->w, comma);
		part_string(a->w, rest_member(a->arena, c));
		comma = ",";
	}
	part_put(a->w, comma[1] ? "" : "]");
}

void
rest_openapi_body(struct rest_about *a, const char *method, const char *suffix)
{
	bool first = true, whole = strcmp(method, "PATCH") != 0;

	part_begin(
		a->w, PART_SCHEMA,
		arena_printf(a->arena, "%.*s%s", STR_FMT(a->names->one), suffix)
			.p);
	part_put(a->w, "{'type':'object'");
	if (whole)
		put_required(a, method);
	part_put(a->w, ",'properties':{");
	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];

		if (!rest_openapi_is_input(a, c, method))
			continue;
		put_name(a, &first, rest_member(a->arena, c));
		put_input_value(a, c, whole);
	}
	part_put(a->w, "}}");
}

/* ---- answers ---- */

static void
begin_answer(struct rest_about *a, const char *suffix, const char *description,
	     const char *headers)
{
	part_begin(
		a->w, PART_RESPONSE,
		arena_printf(a->arena, "%.*s%s", STR_FMT(a->names->one), suffix)
			.p);
	part_printf(a->w,
		    "{'description':'%s','headers':{%s},"
		    "'content':{'application/json':{'schema':",
		    description, headers);
}

static void
put_row(struct rest_about *a)
{
	part_printf(a->w, "<%.*s>,'example':", STR_FMT(a->names->one));
	put_row_example(a);
	part_put(a->w, "}}}");
}

#define ETAG	 "'ETag':<headers/ETag>"
#define LINK	 "'Link':<headers/Link>"
#define LOCATION "'Location':<headers/Location>"

void
rest_openapi_row(struct rest_about *a)
{
	begin_answer(a, "Row", "The row", ETAG);
	put_row(a);
}

void
rest_openapi_created(struct rest_about *a)
{
	begin_answer(a, "Created", "The new row", ETAG "," LOCATION);
	put_row(a);
}

/* The key's parameter makes one of many. */
void
rest_openapi_rows(struct rest_about *a)
{
	const char *one = a->names->one.p;

	begin_answer(a, "Rows",
		     a->table->key ? "The rows, or the one that is named"
				   : "The rows",
		     ETAG "," LINK);
	part_printf(a->w,
		    a->table->key ? "{'oneOf':[{'type':'array','items':<%s>},"
				    "<%s>]}"
				  : "{'type':'array','items':<%s>}",
		    one, one);
	part_put(a->w, ",'examples':{'list':{'value':[");
	put_row_example(a);
	part_put(a->w, "]}");
	if (a->table->key) {
		part_put(a->w, ",'one':{'value':");
		put_row_example(a);
		part_put(a->w, "}");
	}
	part_put(a->w, "}}}}");
}
