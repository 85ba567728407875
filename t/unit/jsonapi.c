/*
 * JSON:API before there are rows: tables as resources, media types, and the
 * plans that requests become.
 */
#include "api/jsonapi/jsonapi.h"

#include "ask.h"
#include "tap.h"

#define MUSIC "t/unit/music.json"
#define TYPE  "application/vnd.api+json"

/* ---- resources ---- */

static struct str
list_of(struct arena *a, const struct resource *r)
{
	struct str list = STR("");

	for (size_t i = 0; i < r->nrelationships; i++) {
		const struct relationship *x = &r->relationships[i];

		list = arena_printf(a, "%.*s%s%.*s%s", STR_FMT(list),
				    list.n ? " " : "", STR_FMT(x->name),
				    x->many ? "*" : "");
	}
	return list;
}

/* What a role finds at the ends of a table's keys; '*': many. */
static const struct {
	const char *table, *relationships;
} related[] = {
	{"song",		 "album chart_entry*"	     },
	{"tag",		"artist_tag* artist*"	     },
	{"artist",
	 "label mentor album* artist* artist_profile artist_tag* award* "
	 "duet_by_guest_artist* duet_by_lead_artist* tag*"},
	{"duet",		 "guest_artist lead_artist"	   },
	{"artist_profile", "artist"			   },
};

static void
test_relationships(struct arena *a, struct model *model)
{
	uint32_t role = model_role(model, STR("postern_admin"));

	for (size_t i = 0; i < sizeof(related) / sizeof(related[0]); i++) {
		const struct table *t =
			model_table(model, str_of(related[i].table));
		struct resource *r = resource_of(a, t, role);

		is(list_of(a, r), str_of(related[i].relationships),
		   related[i].table);
	}
}

static void
test_types(struct arena *a)
{
	static const struct {
		const char *type, *name;
	} rows[] = {
		{"User",	 "user"       },
		{"SongArtist", "song_artist"},
		{"HTTPServer", "http_server"},
		{"A",	      "a"		 },
		{"snake_Case", "snake_case" },
		{"",	     ""	       },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct table t = {.type = str_of(rows[i].type)};

		is(resource_type(a, &t), str_of(rows[i].name), rows[i].name);
	}
}

/* Fields share one space of names with "id" and "type". */
static void
test_reserved(struct arena *a)
{
	struct column columns[] = {
		{.name = STR("key"),    .grants = {.select = 1}},
		{.name = STR("id"),	    .grants = {.select = 1}},
		{.name = STR("type"),   .grants = {.select = 1}},
		{.name = STR("type2"),  .grants = {.select = 1}},
		{.name = STR("secret"), .grants = {.select = 2}},
	};
	struct column *keys[] = {&columns[0]};
	struct constraint primary = {.columns = keys, .n = 1};
	struct table t = {
		.schema = STR("api"),
		.type = STR("Odd"),
		.columns = columns,
		.ncolumns = 5,
		.primary = &primary,
	};
	struct resource *r = resource_of(a, &t, 1);

	ok(r->nattributes == 3, "neither the key nor what is hidden is shown");
	is(r->names[0], STR("id2"), "a column called id is no id");
	is(r->names[1], STR("type3"), "... and one called type no type");
	ok(resource_attribute(r, STR("type3")) == &columns[2],
	   "... but it is found by the name that it has got");
	ok(resource_column(r, STR("id")) == &columns[0],
	   "one filters by the id, which is the key");
	ok(!resource_column(r, STR("secret")), "... and not by what is hidden");
	ok(!resource_of(a, &t, 2), "whose key is hidden is no resource");
}

/* ---- requests ---- */

static void
ask_for(struct asked *q, struct model *model, const char *uri,
	const char *accept)
{
	ask_open(q, model, "postern_member");
	q->call.request.method = STR("GET");
	q->call.request.uri = str_of(uri);
	q->call.request.accept = str_of(accept);
	ask(q);
}

/* Which status a media type leads to, and which mode. */
static const struct {
	const char *accept, *type;
	int status; /* 0: there is a plan */
	bool strict;
} media[] = {
	{"",				      TYPE,				 0,   false},
	{"*/*",				   TYPE,				 0,	 false},
	{TYPE,				    "",				   0,   true },
	{"text/html, " TYPE ";q=0.5",	      "",					  0,   true },
	{"APPLICATION/vnd.api+JSON",		     "",					 0,   true },
	{TYPE ";q=0",			     TYPE,				 0,   false},
	{TYPE ";charset=utf-8",			"",				    406, true },
	{TYPE ";a=b, " TYPE,			     "",				   0,   true },
	{TYPE ";profile=\"http://a.example/ b\"", "",				      0,	 true },
	{TYPE ";ext=\"http://a.example/\"",	    "",					406, true },
	{TYPE ";ext=\"" JSONAPI_ATOMIC "\"",	     "",					 0,   true },
	{TYPE,				    TYPE ";charset=utf-8",		      415, true },
	{TYPE,				    TYPE ";profile=x",			  0,   true },
	{TYPE,				    TYPE ";q=1",			    415, true },
	{TYPE,				    TYPE "; Q=0",			     415, true },
	{TYPE,				    TYPE ";q=1;ext=x",			  415, true },
	{"",				      TYPE ";q=0",			  0,   false},
	{TYPE,				    TYPE ";ext=\"x " JSONAPI_ATOMIC "\"", 415, true },
	{"",				      TYPE ";charset=utf-8",		    0,   false},
	{"",				      TYPE ";ext=x",			    415, false},
};

static void
test_media_types(struct model *model)
{
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		struct asked q;
		int status;

		ask_open(&q, model, "postern_member");
		q.call.request.method = STR("GET");
		q.call.request.uri = STR("/label");
		q.call.request.accept = str_of(media[i].accept);
		q.call.request.content_type = str_of(media[i].type);
		ask(&q);
		status = q.error ? q.error->status : 0;
		ok(status == media[i].status &&
			   jsonapi_of(&q.call)->strict == media[i].strict,
		   "Accept: %s, Content-Type: %s", media[i].accept,
		   media[i].type);
		ask_free(&q);
	}
}

/* The profile by the names that are written for it. */
static void
test_profiles(struct model *model)
{
	static const struct {
		const char *uri;
		bool cursor;
	} rows[] = {
		{"http://jsonapi.org/profiles/ethanresnick/cursor-pagination/",
		 true										  },
		{"https://jsonapi.org/profiles/ethanresnick/cursor-pagination",
		 true										  },
		{"http://a.example/ "
		 "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/", true },
		{"https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"
		 "/",							    false},
		{"https:",									false},
		{"ftp://jsonapi.org/profiles/ethanresnick/cursor-pagination/",
		 false										 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked q;

		ask_open(&q, model, "postern_member");
		q.call.request.method = STR("GET");
		q.call.request.uri = STR("/label?page[size]=3");
		q.call.request.accept = arena_printf(
			q.call.arena, TYPE ";profile=\"%s\"", rows[i].uri);
		ask(&q);
		ok(!q.error && q.call.plan.keys == rows[i].cursor,
		   "a profile called %s", rows[i].uri);
		ask_free(&q);
	}
}

/* Which requests are JSON:API's: by their path, or by a media type. */
static void
test_routes(struct model *model)
{
	static const struct {
		const char *path, *accept;
		bool ours;
	} rows[] = {
		{"/jsonapi/label", "",   true },
		      {"/jsonapi",	   "",   true },
		{"/jsonapis",      "",	  false},
		      {"/operations",    "",	  true },
		{"/label",	   "",   false},
		      {"/label",	 TYPE, true },
		{"/graphql",	     TYPE, false},
		      {"/openapi.json",	TYPE, false},
		{"/auth/token",	TYPE, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request r = {
			.model = model,
			.path = str_of(rows[i].path),
			.accept = str_of(rows[i].accept),
		};

		ok((routes_find(&r) == &jsonapi_api) == rows[i].ours,
		   "%s of '%s' is %sJSON:API's", rows[i].path, rows[i].accept,
		   rows[i].ours ? "" : "not ");
	}
}

/* What a path asks for: its target and the id. */
static void
test_paths(struct model *model)
{
	static const struct {
		const char *uri;
		enum jsonapi_target target;
		const char *id;
	} rows[] = {
		{"/jsonapi/artist",			    TARGET_LIST,	 "" },
		{"/jsonapi/artist/1",		      TARGET_ONE,	  "1"},
		{"/jsonapi/artist/1/tag",		  TARGET_RELATED,	  "1"},
		{"/jsonapi/artist/1/relationships/tag", TARGET_RELATIONSHIP,
		 "1"							    },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked q;

		ask_for(&q, model, rows[i].uri, "");
		ok(!q.error && jsonapi_of(&q.call)->target == rows[i].target,
		   "%s has its target", rows[i].uri);
		is(jsonapi_of(&q.call)->id, str_of(rows[i].id), "... and id");
		ask_free(&q);
	}
}

/* What lists cost: pages, counts, cursors. */
static const struct {
	const char *uri;
	int64_t limit, offset;
	size_t probes;
	bool keys, quick;
} lists[] = {
	{"/jsonapi/label",				0,     0,	 0, false, false},
	{"/jsonapi/label?page[size]=0",			0,	   0,	      0, false, false},
	{"/jsonapi/label?page[size]=7",			7,	   0,	      1, false, false},
	{"/jsonapi/label?page[size]=7&page[number]=3",    7,	  14,	      1, false, false},
	{"/jsonapi/label?page[number]=3",		  0,     0,		0, false, false},
	{"/jsonapi/label?page[size]=99999",		    10000, 0,	      1, false, false},
	{"/jsonapi/label?page[after]=",			100,   0,		0, true,	 true },
	{"/jsonapi/label?page[before]=&page[size]=10000", 10000, 0,	    0, true,
	 false									     },
	{"/jsonapi/label?page[after]=&sort=name",	  100,   0,	  0, true,  false},
	{"/jsonapi/artist/1/tag",			  0,     0,		1, false, false},
	{"/jsonapi/artist/1/tag?page[size]=2",	       2,	  0,	     2, false, false},
	{"/jsonapi/label?page[size]=9223372036854775807&"
	 "page[number]=9223372036854775807",	 10000, INT64_MAX, 1, false, false},
};

static void
test_lists(struct model *model)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct plan *p;
		struct asked q;

		ask_for(&q, model, lists[i].uri, "");
		p = &q.call.plan;
		ok(!q.error && p->list && p->limit == lists[i].limit &&
			   p->offset == lists[i].offset,
		   "%s has its rows", lists[i].uri);
		ok(p->nprobes == lists[i].probes && p->keys == lists[i].keys &&
			   p->quick == lists[i].quick,
		   "... and costs what it costs");
		ask_free(&q);
	}
}

/* What comes besides: each way once, each table one section, by type. */
static void
test_include(struct model *model)
{
	struct asked q;
	const struct plan *p = &q.call.plan;

	ask_for(&q, model,
		"/jsonapi/album?include=song,artist.tag,artist,artist.mentor",
		"");
	ok(p->nreaches == 4 && p->nsections == 3,
	   "four relationships lead to three tables");
	is(p->sections[0].table->name, STR("artist"), "... which are sorted");
	is(p->sections[2].table->name, STR("tag"), "... by their types");
	ok(p->reaches[0].from == -1 && p->reaches[2].from == 1 &&
		   p->reaches[3].from == 1,
	   "... each goes on where it has to");
	ask_free(&q);
	ask_for(&q, model, "/jsonapi/album?include=", TYPE);
	ok(!q.error && p->nsections == 0, "an empty include includes nothing");
	ask_free(&q);
}

int
main(void)
{
	struct arena *a = arena_new(64 * 1024);
	struct model *music = ask_model_of(MUSIC);

	test_types(a);
	test_reserved(a);
	test_relationships(a, music);
	test_routes(music);
	test_media_types(music);
	test_profiles(music);
	test_paths(music);
	test_lists(music);
	test_include(music);
	model_drop(music);
	arena_free(a);
	return done();
}
