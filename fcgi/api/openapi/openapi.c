#include "api/openapi/openapi.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "api/answer.h"
#include "api/openapi/document.h"
#include "base/mem.h"

enum { BLOCK = 64 * 1024 };

/* What is known already, by the number of the role; the last: of none. */
struct cache {
	struct kept {
		struct arena *arena;
		struct str text, etag;
	} kept[MODEL_ROLES_MAX + 1];
};

static void
drop(void *p)
{
	struct cache *cache = p;

	for (size_t i = 0; i <= MODEL_ROLES_MAX; i++)
		arena_free(cache->kept[i].arena);
	free(cache);
}

static struct kept *
kept_of(struct model *model, uint32_t role)
{
	void **extra = model_extra(model, drop);
	struct cache *cache;
	size_t i = 0;

	if (!*extra)
		*extra = mem_zero(1, sizeof(struct cache));
	cache = *extra;
	while (i < MODEL_ROLES_MAX && role != UINT32_C(1) << i)
		i++;
	return &cache->kept[i];
}

/* The text is kept alone: what it was made from is much more. */
static void
fill(struct kept *kept, const struct call *call, const char *runs_as)
{
	struct arena *a = arena_new(BLOCK);
	struct str text = document_build(a, call->request.conf,
					 call->request.model, runs_as);

	kept->arena = arena_new(text.n + 256);
	kept->text = arena_str(kept->arena, text);
	kept->etag = arena_printf(kept->arena, "\"%016llx\"",
				  (unsigned long long)str_hash(text));
	arena_free(a);
}

static struct err *
plan(struct call *call)
{
	const char *runs_as = call->caller.runs_as ? call->caller.runs_as
						   : call->request.conf->role;
	struct reply *reply = &call->reply;
	struct kept *kept;

	TRY(answer_allow(call, "GET, HEAD"));
	kept = kept_of(call->request.model, answer_role(call));
	if (!kept->arena)
		fill(kept, call, runs_as);
	reply_header(reply, "ETag", kept->etag);
	reply_header(reply, "Cache-Control", STR("no-cache"));
	reply_header(reply, "Vary", STR("Authorization, Cookie"));
	reply->status = 304;
	if (http_etag_match(call->request.if_none_match, kept->etag, true))
		return NULL;
	reply->status = 200;
	reply->type = "application/json";
	buf_put(reply->body, kept->text);
	return NULL;
}

struct str
openapi_text(struct arena *a, const struct conf *conf, struct model *model,
	     const char *runs_as)
{
	struct str text = document_build(a, conf, model, runs_as);
	json_object *o = json_tokener_parse(text.p);
	struct str lines = arena_str(
		a, str_of(json_object_to_json_string_ext(
			   o, JSON_C_TO_STRING_PRETTY |
				      JSON_C_TO_STRING_NOSLASHESCAPE)));

	json_object_put(o);
	return lines;
}

const struct api openapi_api = {
	.name = "openapi",
	.plan = plan,
	.fail = answer_error,
};
