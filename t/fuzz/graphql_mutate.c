/*
 * A mutation of the music tables becomes trees, those a script, whose texts
 * are of our own words and the model's names; and whatever comes of it is
 * answered with JSON: a success, or an error of any code at any statement.
 */
#include "api/graphql/mutate.h"

#include "../unit/ask.h"
#include "api/graphql/limits.h"
#include "api/graphql/parse.h"
#include "api/graphql/standard.h"
#include "api/graphql/validate.h"
#include "core/json.h"
#include "core/sql.h"
#include "fuzz.h"

static const struct conf conf = {.graphql_document = 65536,
				 .graphql_tokens = 5000,
				 .graphql_depth = 10,
				 .graphql_fields = 500,
				 .graphql_aliases = 50,
				 .graphql_roots = 20,
				 .graphql_cost = 100000,
				 .graphql_rows = 50,
				 .graphql_rows_max = 500,
				 .graphql_where = 8,
				 .graphql_joins = 50,
				 .graphql_arguments = 1000,
				 .graphql_scalars = "",
				 .graphql_prefix = "",
				 .graphql_errors = "camel"};

/* A table of which clients can give nothing. */
static void
close_columns(struct model *model, struct str name)
{
	for (size_t i = 0; i < model->ntables; i++) {
		struct table *t = &model->tables[i];

		for (size_t k = 0; str_eq(t->name, name) && k < t->ncolumns;
		     k++)
			t->columns[k].generated = true;
	}
}

static struct model *
music(void)
{
	static struct model *model;
	struct arena *a = arena_new(1024);
	struct str text;

	if (!model) {
		text = ask_file("t/unit/music.json");
		MUST(!model_read(a, text, &model));
		close_columns(model, STR("settings"));
		free((void *)(uintptr_t)text.p);
	}
	arena_free(a);
	return model;
}

static const struct schema *
schema(void)
{
	static const struct schema *s;

	if (!s)
		s = standard_schema(
			arena_new(1 << 16), &conf, music(),
			model_role(music(), STR("postern_anonymous")));
	return s;
}

static bool
plan(struct call *call, struct str text, struct chosen *root,
     struct faults *faults)
{
	struct execution x = {
		.arena = call->arena, .schema = schema(), .faults = faults};
	struct planner p = {.call = call, .schema = schema(), .faults = faults};
	struct document *doc = parse_document(x.arena, &conf, text, faults);

	if (!doc)
		return false;
	limits_check(x.arena, &conf, doc, faults);
	if (!faults->n)
		validate_document(x.arena, schema(), doc, false, faults);
	if (faults->n || !doc->operations)
		return false;
	x.doc = doc;
	x.op = doc->operations;
	if (x.op->kind != OPERATION_MUTATION || !coerce_variables(&x, NULL) ||
	    !collect_fields(&x, root))
		return false;
	return mutate_plan(&p, root);
}

/* Every argument is used, none is past the last, quotes come in pairs. */
static void
good_text(const struct statement *s)
{
	size_t quotes = 0;
	int last = 0;

	for (size_t i = 0; i < s->text.n; i++) {
		quotes += s->text.p[i] == '"';
		if (s->text.p[i] != '$')
			continue;
		MUST(atoi(s->text.p + i + 1) == ++last);
	}
	MUST(last == s->nargs && quotes % 2 == 0);
}

static void
good_script(const struct plan *plan, const struct script *script)
{
	int step = 0;

	MUST(script->n <= SCRIPT_MAX);
	for (size_t i = 0; i < plan->ntrees; i++) {
		const struct tree *t = &plan->trees[i];

		MUST(t->first == step && t->last >= t->first);
		step = t->last + 1;
		for (size_t k = 0; k < t->nitems; k++)
			MUST(t->items[k].at >= t->first &&
			     t->items[k].at <= t->last);
	}
	MUST(step == script->n);
	for (int i = 0; i < script->n; i++)
		good_text(&script->statements[i]);
}

static void
good_json(struct call *call)
{
	json_object *o = NULL;

	MUST(!call->reply.body->broken);
	MUST(!json_read(call->arena, buf_str(call->reply.body), &o));
	MUST(json_object_is_type(o, json_type_object));
	buf_clear(call->reply.body);
}

static void
answers(struct call *call, const struct chosen *root, struct err *e)
{
	struct faults faults = {.arena = call->arena};

	mutate_render(call, root);
	good_json(call);
	if (mutate_failed(call, root, e, &faults))
		good_json(call);
	for (const struct fault *f = faults.first; f; f = f->next)
		MUST(f->message.n && f->path && f->code);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = buf_new(1 << 20);
	struct call call = {.arena = arena_new(8 * 1024),
			    .request.conf = &conf,
			    .reply.body = &body};
	struct faults faults = {.arena = call.arena};
	struct str text = {(const char *)data, size};
	struct script script = {0};
	struct chosen root = {0};
	struct err e = {.detail = STR("[{\"item\":1,\"check\":0}]"),
			.constraint = STR("artist_name_filled")};

	call.request.model = music();
	if (size > 2) {
		e.code = (enum err_code)(data[size - 1] % (ERR_INTERNAL + 1));
		e.step = data[size - 2] % 16;
		e.argument = data[size - 2] / 16;
		text.n -= 2;
	}
	text = arena_str(call.arena, text);
	if (plan(&call, text, &root, &faults) && call.plan.ntrees &&
	    !sql_script(call.arena, &call.plan, &script)) {
		good_script(&call.plan, &script);
		call.kept =
			ARENA_ARRAY(call.arena, struct str *, (size_t)script.n);
		answers(&call, &root, &e);
	}
	arena_free(call.arena);
	buf_free(&body);
	return 0;
}
