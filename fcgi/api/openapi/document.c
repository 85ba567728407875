#include "api/openapi/document.h"

#include "api/openapi/names.h"

enum { DOCUMENT_MAX = 64 * 1024 * 1024 };

static const char about[] =
	"Every table is served as REST, and the accounts and GraphQL besides. "
	"`HEAD` works where `GET` does. What is no request at all (405, 408, "
	"414, 431) is answered with an `Error`, too.";

static size_t
count_rows(void)
{
	size_t n = 0;

	for (size_t i = 0; openapi_parts[i]; i++)
		n += openapi_parts[i]->nrows;
	return n;
}

/* Rows refer to others: until none is missing. */
static bool
put_wanted(struct part_writer *w)
{
	bool more = false;
	size_t n = 0;

	for (size_t i = 0; openapi_parts[i]; i++)
		for (size_t k = 0; k < openapi_parts[i]->nrows; k++, n++) {
			const struct part_row *row = &openapi_parts[i]->rows[k];

			if (!w->wanted[n] || w->done[n])
				continue;
			w->done[n] = more = true;
			part_begin(w, row->kind, row->name);
			part_put(w, row->text);
		}
	return more;
}

static void
put_written(struct part_writer *w, struct buf *b, enum part_kind kind)
{
	static const char *const names[PART_KINDS] = {
		[PART_SCHEMA] = "schemas",
		[PART_RESPONSE] = "responses",
		[PART_PARAMETER] = "parameters",
		[PART_HEADER] = "headers",
	};

	buf_printf(b, "\"%s\":{", names[kind]);
	buf_put(b, buf_str(&w->written[kind]));
	BUF_LIT(b, "},");
	b->broken |= w->written[kind].broken;
}

static void
put_info(struct part_writer *w)
{
	const struct model *m = w->model;
	struct str comment = m->comment;

	part_put(w, "{'openapi':'3.1.0','info':{'title':'Postern','version':");
	part_string(w, arena_printf(w->arena, CONF_VERSION "+%.*s",
				    STR_FMT(str_sub(m->version, 0, 12))));
	part_put(w, ",'description':");
	part_string(w, arena_printf(w->arena, "%.*s%s%s", STR_FMT(comment),
				    comment.n ? "\n\n" : "", about));
	part_put(w, ",'license':{'name':'MIT','identifier':'MIT'}}");
}

/* People come by other names, too: a page may only ask where it is from. */
static void
put_servers(struct part_writer *w)
{
	part_put(w, ",'servers':[{'url':'/','description':'Where this comes "
		    "from'},{'description':'What it calls itself','url':");
	part_string(w, str_of(w->conf->base_url));
	part_put(w, "}]");
}

/* A token is taken from either; without one, a caller is anonymous. */
static const char security[] =
	"'securitySchemes':{'bearer':{'type':'http','scheme':'bearer',"
	"'bearerFormat':'JWT','description':'What `/auth/token` answers.'},"
	"'cookie':{'type':'apiKey','in':'cookie','name':'edgedb-auth-token',"
	"'description':'What `/auth/signin` "
	"sets.'},'xAuth':{'type':'apiKey','in':'header',"
	"'name':'X-AUTH','description':'What a dependency of JSON:API may "
	"want.'}}}}";

static struct str
assemble(struct part_writer *w)
{
	struct buf *b = ARENA_NEW(w->arena, struct buf);
	struct str all = {0};

	*b = buf_new(DOCUMENT_MAX);
	w->to = b;
	put_info(w);
	put_servers(w);
	part_put(w, ",'security':[{},{'bearer':[]},{'cookie':[]}],'tags':[");
	buf_put(b, buf_str(&w->written[PART_TAG]));
	part_put(w, "],'paths':{");
	buf_put(b, buf_str(&w->written[PART_PATH]));
	part_put(w, w->path ? "}},'components':{" : "},'components':{");
	for (enum part_kind kind = PART_SCHEMA; kind < PART_KINDS; kind++)
		put_written(w, b, kind);
	part_put(w, security);
	if (!b->broken)
		all = arena_str(w->arena, buf_str(b));
	buf_free(b);
	return all;
}

struct str
document_build(struct arena *a, const struct conf *conf, struct model *model,
	       const char *runs_as)
{
	size_t nrows = count_rows();
	struct part_writer w = {
		.arena = a,
		.conf = conf,
		.model = model,
		.role = model_role(model, str_of(runs_as)),
		.runs_as = runs_as,
		.names = names_of(a, model),
		.wanted = ARENA_ARRAY(a, bool, nrows),
		.done = ARENA_ARRAY(a, bool, nrows),
	};
	struct str all;

	for (size_t i = 0; i < PART_KINDS; i++)
		w.written[i] = buf_new(DOCUMENT_MAX);
	for (size_t i = 0; openapi_parts[i]; i++)
		if (openapi_parts[i]->put)
			openapi_parts[i]->put(&w);
	while (put_wanted(&w))
		;
	all = assemble(&w);
	for (size_t i = 0; i < PART_KINDS; i++)
		buf_free(&w.written[i]);
	return all;
}
