/* The operations of every resource, for /openapi.json. */
#include "api/jsonapi/jsonapi_openapi.h"

#include "api/jsonapi/jsonapi.h"

enum { TEXT_MAX = 256 * 1024, DOCUMENT = 1, LIST = 2, MADE = 4 };

/* ---- the rows ---- */

#define FAILS(invalid)                                            \
	" 400:JsonApiBadRequest 401:JsonApiUnauthorized"          \
	" 403:JsonApiForbidden 404:JsonApiNotFound"               \
	" 406:JsonApiNotAcceptable 409:JsonApiConflict"           \
	" 413:JsonApiTooLarge 422:" invalid " 429:JsonApiTooMany" \
	" 5XX:JsonApiUnavailable"
#define ALWAYS FAILS("JsonApiInvalid")
#define READS  " 304:NotModified" ALWAYS
#define WRITES " 415:JsonApiUnsupported" ALWAYS
#define SHOWS  "<parameters/JsonApiInclude>,<parameters/JsonApiFields>"
#define FINDS  "<parameters/JsonApiFilter>"
#define LISTS  "<parameters/JsonApiSort>,<parameters/JsonApiPage>," FINDS
#define ROLE   "<parameters/Role>"
#define ETAGS  "<parameters/IfNoneMatch>"

/* What follows the path of the resource's list. */
enum place { ALL, ONE, RELATED, LINKED };

static const struct operation {
	const char *method, *verb, *phrase;
	enum place place;
	bool to_many;	  /* of RELATED and LINKED: only those */
	size_t grant;	  /* where in struct grants */
	const char *body; /* a schema; of ours "%s" stands for the name */
	unsigned answer;  /* with its own status */
	const char *responses, *parameters;
} operations[] = {
#define GRANT(what) offsetof(struct grants, what)
#define OPERATION(...)      \
	{                   \
		__VA_ARGS__ \
	}
	OPERATION("get", "List", "List", ALL, false, GRANT(select), NULL, LIST,
		  READS, SHOWS "," LISTS "," ROLE "," ETAGS),
	OPERATION("post", "Create", "Create one", ALL, false, GRANT(insert),
		  "CreateDocument", MADE, WRITES, SHOWS "," ROLE),
	OPERATION("delete", "DeleteAll", "Delete what is found:", ALL, false,
		  GRANT(delete), NULL, LIST, ALWAYS, SHOWS "," LISTS "," ROLE),
	OPERATION("get", "Get", "One", ONE, false, GRANT(select), NULL,
		  DOCUMENT, READS, SHOWS "," ROLE "," ETAGS),
	OPERATION("patch", "Patch", "Change one", ONE, false, GRANT(update),
		  "PatchDocument", DOCUMENT, WRITES, SHOWS "," ROLE),
	OPERATION("delete", "Delete", "Delete one", ONE, false, GRANT(delete),
		  NULL, 0, "204:NoContent" ALWAYS, ROLE),
	OPERATION("get", "GetRelated", "What is related to one", RELATED, false,
		  GRANT(select), NULL, DOCUMENT | LIST, READS,
		  SHOWS "," ROLE "," ETAGS),
	OPERATION("get", "GetLinked", "Who is linked to one", LINKED, false,
		  GRANT(select), NULL, 0, "200:JsonApiLinkage" READS,
		  ROLE "," ETAGS),
	OPERATION("patch", "Relink", "Replace who is linked to one", LINKED,
		  false, GRANT(select), "", 0,
		  "200:JsonApiDone 204:NoContent" WRITES, ROLE),
	OPERATION("post", "Link", "Link others to one", LINKED, true,
		  GRANT(select), "", 0, "200:JsonApiDone 204:NoContent" WRITES,
		  ROLE),
	OPERATION("delete", "Unlink", "Unlink others from one", LINKED, true,
		  GRANT(select), "", 0, "200:JsonApiDone 204:NoContent" WRITES,
		  ROLE),
#undef OPERATION
#undef GRANT
};

/* ---- one operation ---- */

/* "songArtist" in names: "artistsOfSong" would have to know grammar. */
static const char *
camel(struct arena *a, struct str name)
{
	struct buf b = buf_new(1024);
	bool start = true;
	struct str all;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool small = c >= 'a' && c <= 'z';
		bool keep = small || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9');

		if (keep)
			buf_char(&b, start && small ? (char)(c - 32) : c);
		start = !keep;
	}
	all = arena_str(a, buf_str(&b));
	buf_free(&b);
	return all.p;
}

static void
put_id(struct jsonapi_about *a)
{
	part_put(a->w, ",{'name':'id','in':'path','required':true,'schema':{"
		       "'type':'string'},'example':");
	part_string(a->w, jsonapi_openapi_id(a->w, a->resource->table));
	part_put(a->w, "}");
}

/* Simple filters have to be named one by one: `filter` itself is taken. */
static void
put_filters(struct jsonapi_about *a)
{
	for (size_t i = 0; i < a->resource->nattributes; i++) {
		part_put(a->w, ",{'name':");
		part_string(a->w, arena_printf(a->arena, "filter[%.*s]",
					       STR_FMT(a->resource->names[i])));
		part_put(a->w, ",'in':'query','schema':{'type':'string'}}");
	}
}

static void
put_body(struct jsonapi_about *a, const struct operation *o,
	 const struct relationship *r)
{
	bool create = strcmp(o->method, "post") == 0;

	part_put(a->w,
		 "{'required':true,'content':{'" JSONAPI_TYPE "':{'schema':");
	if (r)
		part_put(a->w, r->many ? "<JsonApiIdentifiers>"
				       : "<JsonApiOneIdentifier>");
	else
		part_printf(a->w, "<%.*s%s>,'example':", STR_FMT(a->names->one),
			    o->body);
	if (!r)
		jsonapi_openapi_input(a, create);
	part_put(a->w, "}}}");
}

/* What `put` writes, as text. */
static struct str
taken(struct jsonapi_about *a, struct buf *b, struct buf *to)
{
	struct str text = arena_str(a->arena, buf_str(b));

	a->w->to = to;
	buf_free(b);
	return text;
}

static struct str
further(struct jsonapi_about *a, const struct operation *o)
{
	struct buf b = buf_new(TEXT_MAX), *to = a->w->to;

	a->w->to = &b;
	if (o->place != ALL)
		put_id(a);
	if (o->place == ALL && o->answer == LIST)
		put_filters(a);
	return taken(a, &b, to);
}

static struct str
body(struct jsonapi_about *a, const struct operation *o,
     const struct relationship *r)
{
	struct buf b = buf_new(TEXT_MAX), *to = a->w->to;

	a->w->to = &b;
	put_body(a, o, r);
	return taken(a, &b, to);
}

/* "/jsonapi/users/{id}/relationships/events" */
static const char *
path_of(struct jsonapi_about *a, const struct operation *o,
	const struct relationship *r)
{
	static const char *const forms[] = {
		[ALL] = "%s",
		[ONE] = "%s/{id}",
		[RELATED] = "%s/{id}/",
		[LINKED] = "%s/{id}/relationships/",
	};
	struct str path = arena_printf(a->arena, "%s%s", a->path,
				       forms[o->place] + strlen("%s"));

	return r ? arena_printf(a->arena, "%.*s%.*s", STR_FMT(path),
				STR_FMT(http_encode(a->arena, r->name)))
			       .p
		 : path.p;
}

/* What the answer shows: of a relationship, rows of another table. */
static const char *
responses_of(struct jsonapi_about *a, const struct operation *o,
	     const struct part_names *shown, const struct relationship *r)
{
	bool list = r ? r->many : (o->answer & LIST) != 0;

	if (!o->answer)
		return o->responses;
	if (o->answer == MADE)
		return arena_printf(a->arena, "201:%.*sMade%s",
				    STR_FMT(shown->one), o->responses)
			.p;
	return arena_printf(a->arena, "200:%.*s%s%s", STR_FMT(shown->one),
			    list ? "ListDocument" : "Document", o->responses)
		.p;
}

/* Has the table something that runs before such requests? */
static bool
is_guarded(const struct jsonapi_about *a, const struct operation *o)
{
	const struct table *t = a->resource->table;
	struct str view = o->place == ALL ? STR("detail") : STR("list");

	for (size_t i = 0; i < t->ndependencies; i++)
		if (!str_eq(t->dependencies[i].view, view))
			return true;
	return false;
}

static void
put_operation(struct jsonapi_about *a, const struct operation *o,
	      const struct relationship *r, const struct part_names *shown)
{
	struct arena *arena = a->arena;
	const struct part_names *names = a->names;
	bool many = o->place == ALL && o->answer == LIST;
	const char *relation = r ? camel(arena, r->name) : "";
	struct part_operation op = {
		.method = o->method,
		.path = path_of(a, o, r),
		.id = arena_printf(arena, "jsonapi%s%.*s%s", o->verb,
				   STR_FMT(many ? names->many : names->one),
				   relation)
			      .p,
		.tag = "jsonapi",
		.summary = arena_printf(arena, "%s %.*s%s%.*s", o->phrase,
					STR_FMT(many ? a->resource->table->name
						     : names->words),
					r ? ": " : "",
					STR_FMT(r ? r->name : STR("")))
				   .p,
		.parameters = o->parameters,
		.further = further(a, o),
		.responses = responses_of(a, o, shown, r),
	};

	if (o->body)
		op.json_body = body(a, o, r);
	if (is_guarded(a, o))
		op.security = "[{},{'bearer':[]},{'cookie':[]},{'xAuth':[]}]";
	if (is_guarded(a, o))
		op.responses = arena_printf(arena, "%s 4XX:JsonApiRaised",
					    op.responses)
				       .p;
	part_operation(a->w, &op);
}

/* ---- a resource ---- */

static bool
may(const struct jsonapi_about *a, const struct operation *o)
{
	const struct table *t = a->resource->table;
	bool view = t->kind == REL_VIEW || t->kind == REL_MATERIALIZED;
	uint32_t granted;

	memcpy(&granted, (const char *)&t->grants + o->grant, sizeof(granted));
	return (granted & a->resource->role) &&
	       (!view || strcmp(o->method, "get") == 0);
}

static const struct part_names *
names_of(const struct jsonapi_about *a, const struct table *t)
{
	return &a->w->names[t - a->w->model->tables];
}

static void
put_place(struct jsonapi_about *a, enum place place,
	  const struct relationship *r)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		const struct operation *o = &operations[i];

		if (o->place != place || !may(a, o) ||
		    (o->to_many && !(r && r->many)))
			continue;
		put_operation(a, o, r, r ? names_of(a, r->to) : a->names);
	}
}

static void
put_answer(struct jsonapi_about *a, const char *name, const char *schema,
	   bool made)
{
	const char *one = a->names->one.p;

	part_begin(a->w, PART_RESPONSE,
		   arena_printf(a->arena, "%s%s", one, name).p);
	part_printf(a->w,
		    "{'description':'%s','headers':{'ETag':<headers/ETag>%s},"
		    "'content':{'" JSONAPI_TYPE "':{'schema':<%s%s>",
		    made ? "Made" : "The document",
		    made ? ",'Location':<headers/Location>" : "", one, schema);
}

/* The document of a list of one row, or of it alone. */
static void
put_example(struct jsonapi_about *a, bool list, bool made)
{
	const struct table *t = a->resource->table;
	struct str id = jsonapi_openapi_id(a->w, t);

	part_put(a->w, list ? ",'example':{'data':[" : ",'example':{'data':");
	jsonapi_openapi_row(a);
	part_put(a->w, list ? "],'jsonapi':{'version':'1.1'},'links':{'self':"
			    : ",'jsonapi':{'version':'1.1'},'links':{'self':");
	part_string(a->w, list || made
				  ? arena_printf(a->arena, "%s%s",
						 a->w->conf->base_url, a->path)
				  : arena_printf(a->arena, "%s%s/%.*s",
						 a->w->conf->base_url, a->path,
						 STR_FMT(id)));
	part_put(a->w,
		 list ? "},'meta':{'count':1,'totalPages':1}}}}}" : "}}}}}");
}

static void
put_answers(struct jsonapi_about *a)
{
	const struct grants *g = &a->resource->table->grants;
	uint32_t role = a->resource->role;

	jsonapi_openapi_document(a, false);
	jsonapi_openapi_document(a, true);
	put_answer(a, "Document", "Document", false);
	put_example(a, false, false);
	put_answer(a, "ListDocument", "ListDocument", false);
	put_example(a, true, false);
	if (g->insert & role) {
		put_answer(a, "Made", "Document", true);
		put_example(a, false, true);
		jsonapi_openapi_body(a, true);
	}
	if (g->update & role)
		jsonapi_openapi_body(a, false);
}

static bool
put_resource(struct part_writer *w, size_t i)
{
	const struct table *t = &w->model->tables[i];
	struct resource *r = str_eq(t->schema, STR("api"))
				     ? resource_of(w->arena, t, w->role)
				     : NULL;
	struct jsonapi_about a = {
		.w = w,
		.arena = w->arena,
		.resource = r,
		.names = &w->names[i],
		.path = arena_printf(w->arena, "/jsonapi/%.*s",
				     STR_FMT(http_encode(w->arena, t->name)))
				.p,
	};

	if (!r || !(t->grants.select & w->role))
		return false;
	put_place(&a, ALL, NULL);
	put_place(&a, ONE, NULL);
	for (size_t k = 0; k < r->nrelationships; k++) {
		put_place(&a, RELATED, &r->relationships[k]);
		put_place(&a, LINKED, &r->relationships[k]);
	}
	jsonapi_openapi_resource(&a);
	put_answers(&a);
	return true;
}

/* ---- all of them ---- */

static void
put_included(struct part_writer *w, const bool *shown)
{
	const char *comma = "";

	part_begin(w, PART_SCHEMA, "JsonApiIncluded");
	part_put(w, "{'anyOf':[");
	for (size_t i = 0; i < w->model->ntables; i++) {
		if (!shown[i])
			continue;
		part_printf(w, "%s<%.*sResource>", comma,
			    STR_FMT(w->names[i].one));
		comma = ",";
	}
	part_put(w, "]}");
}

static void
put_operations(struct part_writer *w, const char *path, const char *id)
{
	struct part_operation op = {
		.method = "post",
		.path = path,
		.id = id,
		.tag = "jsonapi",
		.summary = "Many writes, in order, all or none",
		.parameters = ROLE,
		.body = "{'required':true,'content':{'" JSONAPI_TYPE
			";ext=\\'https://jsonapi.org/ext/atomic\\'':{"
			"'schema':<JsonApiOperations>}}}",
		.responses = "200:JsonApiResults 204:NoContent "
			     "415:JsonApiUnsupported" FAILS(
				     "JsonApiOperationInvalid"),
	};

	part_operation(w, &op);
}

void
jsonapi_openapi_put(struct part_writer *w)
{
	const struct model *m = w->model;
	bool *shown = ARENA_ARRAY(w->arena, bool, m->ntables), any = false;

	for (size_t i = 0; i < m->ntables; i++) {
		shown[i] = put_resource(w, i);
		any |= shown[i];
	}
	if (!any)
		return;
	put_included(w, shown);
	put_operations(w, "/operations", "runOperations");
	put_operations(w, "/jsonapi/operations", "jsonapiRunOperations");
	part_tag(w, "jsonapi",
		 STR("The tables as JSON:API 1.1. So are their own paths, "
		     "where `Accept` or `Content-Type` is "
		     "`application/vnd.api+json`; without that `Accept`, "
		     "documents are those of version 1.0."));
}
