/*
 * What writes by JSON:API over the model of t/unit/music.json: a byte says
 * where to and how, what follows is the body but for two bytes, which say
 * what fails then.  Nothing but a plan or an error comes of it, steps are
 * whole statements, and whatever is answered is JSON.
 */
#include "../unit/ask.h"
#include "api/jsonapi/writing.h"
#include "core/json.h"
#include "fuzz.h"

#define MODEL "t/unit/music.json"
#define TYPE  "application/vnd.api+json;ext=\"" JSONAPI_ATOMIC "\""

static const struct target {
	const char *method, *path, *query;
} targets[] = {
	{"POST",	 "/operations",				""			  },
	{"POST",	 "/jsonapi/label",			   ""		     },
	{"POST",	 "/jsonapi/artist",			    "include=label,tag"  },
	{"POST",	 "/jsonapi/album",			   ""		     },
	{"POST",	 "/jsonapi/chart_entry",			 ""		   },
	{"POST",	 "/jsonapi/artist_tag",			""			  },
	{"POST",	 "/jsonapi/events",			    ""		      },
	{"POST",	 "/jsonapi/wide",			  ""		    },
	{"PATCH",  "/jsonapi/artist/7",		       ""			 },
	{"PATCH",  "/jsonapi/song/7",			     "include=chart_entry"},
	{"PATCH",  "/jsonapi/artist_tag/1,2",		     ""		       },
	{"PATCH",  "/jsonapi/artist/7/relationships/label", ""		     },
	{"PATCH",  "/jsonapi/artist/7/relationships/tag",	 ""		   },
	{"POST",	 "/jsonapi/artist/7/relationships/award", ""		    },
	{"DELETE", "/jsonapi/artist/7/relationships/tag",	  ""		    },
	{"DELETE", "/jsonapi/label",			     "filter[name]=x"     },
};

enum { NTARGETS = sizeof(targets) / sizeof(targets[0]) };

static struct model *model;

/* Every argument is used, none is past the last, quotes come in pairs. */
static void
good_text(const struct statement *s)
{
	size_t quotes = 0;
	int last = 0;

	for (size_t i = 0; i < s->text.n; i++) {
		quotes += s->text.p[i] == '"';
		if (s->text.p[i] == '$')
			MUST(atoi(s->text.p + i + 1) == ++last);
	}
	MUST(last == s->nargs && quotes % 2 == 0);
}

/* As many statements as steps, of which errors count the numbers. */
static void
good_script(struct call *call)
{
	const struct plan *p = &call->plan;
	struct script script = {0};

	MUST(p->op != PLAN_STEPS || p->nsteps == writing_of(call)->nsteps);
	if (sql_script(call->arena, p, &script))
		return;
	if (p->op == PLAN_STEPS)
		MUST((size_t)script.n == p->nsteps);
	for (int i = 0; i < script.n; i++)
		good_text(&script.statements[i]);
}

static void
good_json(struct call *call)
{
	json_object *o = NULL;

	MUST(!call->reply.body->broken);
	MUST(call->reply.status >= 200 && call->reply.status <= 599);
	if (call->reply.body->n == 0)
		return;
	MUST(!json_read(call->arena, buf_str(call->reply.body), &o));
	MUST(json_object_is_type(o, json_type_object));
	buf_clear(call->reply.body);
}

static void
fail(struct call *call, const struct err *e)
{
	buf_clear(call->reply.body);
	call->reply.status = err_kind(e->code)->status;
	jsonapi_api.fail(call, e);
	good_json(call);
}

static void
answers(struct call *call, const struct err *e)
{
	good_script(call);
	call->rows = 1;
	if (!jsonapi_api.render(call))
		good_json(call);
	fail(call, e);
}

static struct err
failure(struct str tail)
{
	static const char *const constraints[] = {
		"", "tag_name_key", "artist_name_filled",
		"album_artist_id_fkey", "artist_tag_tag_id_fkey"};
	unsigned what = (unsigned char)tail.p[0];
	unsigned where = (unsigned char)tail.p[1];

	return (struct err){
		.code = (enum err_code)(what % (ERR_INTERNAL + 1)),
		.step = (int)(where % 16),
		.argument = (int)(where / 16),
		.constraint = str_of(constraints[where % 5]),
		.column = where % 3 ? STR("") : STR("name"),
	};
}

static void
try(const struct target *t, bool strict, struct str body, const struct err *e)
{
	struct asked q;
	struct request *r = &q.call.request;

	ask_open(&q, model, "postern_anonymous");
	q.call.caller.known = true;
	r->method = str_of(t->method);
	r->path = str_of(t->path);
	r->query_text = str_of(t->query);
	r->content_type = STR(TYPE);
	r->accept = strict ? STR(TYPE) : STR("");
	r->body = arena_str(q.call.arena, body);
	MUST(!http_query_read(q.call.arena, r->query_text, &r->query));
	q.error = jsonapi_api.plan(&q.call);
	if (q.error)
		fail(&q.call, q.error);
	else
		answers(&q.call, e);
	ask_free(&q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct err e;

	if (!model)
		model = ask_model_of(MODEL);
	if (size < 3)
		return 0;
	e = failure(str_sub(text, size - 2, 2));
	try(&targets[data[0] / 2 % NTARGETS], data[0] % 2,
	    str_sub(text, 1, size - 3), &e);
	return 0;
}
