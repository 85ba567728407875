#include "api/answer.h"
#include "api/rest.h"
#include "core/type.h"

/* A document under construction, and the table that it has come to. */
struct writer {
	struct call *call;
	struct buf *b;
	struct rest rest;
};

#define PUT(w, lit) BUF_LIT((w)->b, lit)

static void
put_string(struct writer *w, struct str s)
{
	buf_json(w->b, s);
}

/* ---- schemas ---- */

/* JSON Schema of a type, but for what the column adds. */
static const char *const schemas[] = {
	[TYPE_TEXT] = "\"type\":\"string\"",
	[TYPE_BOOL] = "\"type\":\"boolean\"",
	[TYPE_INT] = "\"type\":\"integer\"",
	[TYPE_FLOAT] = "\"type\":\"number\"",
	[TYPE_NUMERIC] = "\"type\":\"number\"",
	[TYPE_UUID] = "\"type\":\"string\",\"format\":\"uuid\"",
	[TYPE_DATE] = "\"type\":\"string\",\"format\":\"date\"",
	[TYPE_TIMESTAMP] = "\"type\":\"string\"",
	[TYPE_INSTANT] = "\"type\":\"string\",\"format\":\"date-time\"",
	[TYPE_JSON] = "\"description\":\"any JSON\"",
	[TYPE_ENUM] = "\"type\":\"string\"",
	[TYPE_ARRAY] = "\"type\":\"array\"",
	[TYPE_OTHER] = "\"type\":\"string\"",
};

static void
put_constraints(struct writer *w, const struct column *c)
{
	if (c->max_length)
		buf_printf(w->b, ",\"maxLength\":%zu", c->max_length);
	if (c->type->kind == TYPE_INT)
		buf_printf(w->b, ",\"minimum\":%lld,\"maximum\":%lld",
			   (long long)c->type->min, (long long)c->type->max);
	for (size_t i = 0; i < c->nlabels; i++) {
		buf_put(w->b, i ? STR(",") : STR(",\"enum\":["));
		put_string(w, c->labels[i]);
	}
	if (c->nlabels)
		PUT(w, "]");
	if (c->comment.n && c->type->kind != TYPE_JSON) {
		PUT(w, ",\"description\":");
		put_string(w, c->comment);
	}
}

static void
put_value_schema(struct writer *w, const struct column *c, bool nullable)
{
	buf_put(w->b, nullable ? STR("{\"oneOf\":[{") : STR("{"));
	buf_put(w->b, str_of(schemas[c->type->kind]));
	put_constraints(w, c);
	buf_put(w->b, nullable ? STR("},{\"type\":\"null\"}]}") : STR("}"));
}

static void
put_object_schema(struct writer *w, const struct fkey *link)
{
	const struct table *to = link->to;

	PUT(w, "{\"oneOf\":[{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < to->primary->n; i++) {
		put_string(w, to->primary->columns[i]->name);
		PUT(w, ":");
		put_value_schema(w, to->primary->columns[i], false);
		PUT(w, ",");
	}
	put_string(w, to->key->name);
	PUT(w, ":");
	put_value_schema(w, to->key, false);
	PUT(w, "}},{\"type\":\"null\"}]}");
}

/* What the table's rows look like in answers. */
static void
put_output(struct writer *w)
{
	const struct table *t = w->rest.table;
	bool first = true;

	PUT(w, "{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];
		bool object = rest_is_object(c, w->rest.role);

		if (c->hidden || !(c->grants.select & w->rest.role))
			continue;
		if (!first)
			PUT(w, ",");
		first = false;
		put_string(w, object ? c->link->link : c->name);
		PUT(w, ":");
		if (object)
			put_object_schema(w, c->link);
		else
			put_value_schema(w, c, c->nullable);
	}
	PUT(w, "}}");
}

static bool
is_input(const struct writer *w, const struct column *c)
{
	return !c->generated && !c->hidden &&
	       ((c->grants.insert | c->grants.update) & w->rest.role);
}

static void
put_required(struct writer *w)
{
	const struct table *t = w->rest.table;
	const char *comma = ",\"required\":[";

	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];

		if (!is_input(w, c) || !rest_is_required(c))
			continue;
		buf_put(w->b, str_of(comma));
		put_string(w, rest_member(w->call->arena, c));
		comma = ",";
	}
	if (comma[1] == '\0')
		PUT(w, "]");
}

/* What clients send to make or change a row. */
static void
put_input(struct writer *w, bool whole)
{
	const struct table *t = w->rest.table;
	bool first = true;

	PUT(w, "{\"type\":\"object\",\"properties\":{");
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];
		const struct column *key = rest_link_key(c);

		if (!is_input(w, c))
			continue;
		if (!first)
			PUT(w, ",");
		first = false;
		put_string(w, rest_member(w->call->arena, c));
		PUT(w, ":");
		put_value_schema(w, key ? key : c,
				 c->nullable && !(whole && c->required));
	}
	PUT(w, "}");
	if (whole)
		put_required(w);
	PUT(w, "}");
}

/* ---- operations ---- */

static void
put_parameter(struct writer *w, struct str name, const struct column *c,
	      bool required)
{
	PUT(w, "{\"name\":");
	put_string(w, name);
	buf_printf(w->b, ",\"in\":\"query\",\"required\":%s,\"schema\":",
		   required ? "true" : "false");
	put_value_schema(w, c, false);
	PUT(w, "}");
}

static void
put_list_parameters(struct writer *w)
{
	PUT(w, "{\"name\":\"limit\",\"in\":\"query\",\"schema\":{\"type\":"
	       "\"integer\",\"minimum\":1,\"maximum\":");
	buf_int(w->b, w->call->request.conf->page_max);
	PUT(w, "}},{\"name\":\"after\",\"in\":\"query\",\"schema\":{\"type\":"
	       "\"string\"}},{\"name\":\"order\",\"in\":\"query\",\"schema\":"
	       "{\"type\":\"string\"}}");
}

/* One row per method of a collection or an item. */
static const struct operation {
	const char *method, *verb, *status;
	bool item, body;
	const char *key_prefix; /* a key parameter, with this before it */
	bool key_required, array;
} operations[] = {
	{"GET",	"list",	"200", false, false, "",	 false, true },
	{"POST",	 "create",  "201", false, true,  NULL,	     false, false},
	{"PUT",	"replace", "200", false, true,  "current_", true,	 false},
	{"DELETE", "remove",  "200", false, false, "",	      true,  false},
	{"GET",	"get",     "200", true,  false, NULL,	 false, false},
	{"PATCH",  "change",  "200", true,	 true,  NULL,	     false, false},
	{"DELETE", "delete",  "200", true,  false, NULL,       false, false},
};

static void
put_parameters(struct writer *w, const struct operation *o)
{
	const struct column *key = w->rest.table->key;
	struct arena *a = w->call->arena;

	PUT(w, ",\"parameters\":[");
	if (o->item)
		PUT(w, "{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
		       "\"schema\":{\"type\":\"string\"}}");
	if (key && o->key_prefix)
		put_parameter(w,
			      arena_printf(a, "%s%.*s", o->key_prefix,
					   STR_FMT(key->name)),
			      key, o->key_required);
	if (o->array && key)
		PUT(w, ",");
	if (o->array)
		put_list_parameters(w);
	PUT(w, "]");
}

static void
put_reference(struct writer *w, const char *suffix)
{
	struct arena *a = w->call->arena;

	PUT(w, "{\"$ref\":");
	put_string(w, arena_printf(a, "#/components/schemas/%.*s%s",
				   STR_FMT(http_encode(a, w->rest.table->type)),
				   suffix));
	PUT(w, "}");
}

static void
put_responses(struct writer *w, const struct operation *o)
{
	buf_printf(w->b,
		   ",\"responses\":{\"%s\":{\"description\":\"Done\","
		   "\"content\":{\"application/json\":{\"schema\":",
		   o->status);
	if (o->array && w->rest.table->key) {
		PUT(w, "{\"oneOf\":[{\"type\":\"array\",\"items\":");
		put_reference(w, "");
		PUT(w, "},");
		put_reference(w, "");
		PUT(w, "]}");
	} else if (o->array) {
		PUT(w, "{\"type\":\"array\",\"items\":");
		put_reference(w, "");
		PUT(w, "}");
	} else {
		put_reference(w, "");
	}
	PUT(w, "}}},\"4XX\":{\"description\":\"What is wrong\",\"content\":"
	       "{\"application/json\":{\"schema\":{\"$ref\":"
	       "\"#/components/schemas/Error\"}}}}}");
}

static void
put_operation(struct writer *w, const struct operation *o)
{
	struct arena *a = w->call->arena;
	struct str name = w->rest.table->name;
	char method[8] = {0};

	for (size_t i = 0; i < sizeof(method) - 1 && o->method[i]; i++)
		method[i] = (char)(o->method[i] + 32);
	buf_printf(w->b, "\"%s\":{\"tags\":[", method);
	put_string(w, name);
	PUT(w, "],\"operationId\":");
	put_string(w, arena_printf(a, "%s_%.*s", o->verb, STR_FMT(name)));
	put_parameters(w, o);
	if (o->body) {
		PUT(w, ",\"requestBody\":{\"required\":true,\"content\":"
		       "{\"application/json\":{\"schema\":");
		put_reference(w, o->item ? "Change" : "Input");
		PUT(w, "}}}");
	}
	put_responses(w, o);
	PUT(w, "}");
}

static void
put_path(struct writer *w, bool item, bool *first)
{
	struct arena *a = w->call->arena;
	struct str methods, path;
	const char *comma = "";

	w->rest.item = item;
	methods = rest_methods(a, &w->rest);
	if (methods.n == 0)
		return;
	path = http_encode(a, w->rest.table->name);
	if (!*first)
		PUT(w, ",");
	*first = false;
	put_string(w, arena_printf(a, "/%.*s%s", STR_FMT(path),
				   item ? "/{id}" : ""));
	PUT(w, ":{");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		const struct operation *o = &operations[i];

		if (o->item != item ||
		    !answer_allows(methods.p, str_of(o->method)))
			continue;
		buf_put(w->b, str_of(comma));
		put_operation(w, o);
		comma = ",";
	}
	PUT(w, "}");
}

/* ---- the document ---- */

/* Point the writer at a table; false when its role may not touch it. */
static bool
enter(struct writer *w, const struct table *t)
{
	const struct grants *g = &t->grants;

	w->rest.table = t;
	return str_eq(t->schema, STR("api")) &&
	       ((g->select | g->insert | g->update | g->delete) & w->rest.role);
}

static void
put_schema(struct writer *w, const char *suffix)
{
	PUT(w, ",");
	put_string(w, arena_printf(w->call->arena, "%.*s%s",
				   STR_FMT(w->rest.table->type), suffix));
	PUT(w, ":");
}

static void
put_schemas(struct writer *w, const struct model *m)
{
	PUT(w, "\"Error\":{\"type\":\"object\",\"required\":[\"detail\"],"
	       "\"properties\":{\"detail\":{}}}");
	for (size_t i = 0; i < m->ntables; i++) {
		if (!enter(w, &m->tables[i]))
			continue;
		put_schema(w, "");
		put_output(w);
		put_schema(w, "Input");
		put_input(w, true);
		put_schema(w, "Change");
		put_input(w, false);
	}
}

static struct err *
plan(struct call *call)
{
	const struct model *m = call->request.model;
	struct writer w = {.call = call, .b = call->reply.body};
	bool first = true;

	TRY(answer_allow(call, "GET, HEAD"));
	w.rest.role = answer_role(call);
	PUT(&w, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Postern\","
		"\"version\":");
	put_string(&w, str_sub(m->version, 0, 12));
	PUT(&w, "},\"paths\":{");
	for (size_t i = 0; i < m->ntables; i++) {
		if (!enter(&w, &m->tables[i]))
			continue;
		put_path(&w, false, &first);
		put_path(&w, true, &first);
	}
	PUT(&w, "},\"components\":{\"schemas\":{");
	put_schemas(&w, m);
	PUT(&w, "}}}");
	call->reply.status = 200;
	call->reply.type = "application/json";
	return NULL;
}

const struct api openapi_api = {
	.name = "openapi",
	.plan = plan,
	.fail = answer_error,
};
