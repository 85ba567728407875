/*
 * Golden trees.  t/unit/mutate.golden has mutations over the model of
 * t/unit/music.json and the trees that they become, one item a line as in
 * t/unit/sql_tree.golden, or what is wrong with them.  After a change that is
 * meant: MUTATE_GOLDEN=write build/debug/unit/mutate, and read the difference.
 *
 * Below that: what is answered, with rows and errors as serve.c hands them on.
 */
#include "api/graphql/mutate.h"

#include "graphed.h"
#include "tap.h"

#define GOLDEN "t/unit/mutate.golden"
#define MODEL  "t/unit/music.json"

/* A case: a role, if not the usual one, variables, and a document. */
struct golden {
	struct str name, input, expected, role, variables, document;
};

struct mutated {
	struct conf conf;
	struct call call;
	struct buf body;
	struct faults faults;
	const struct schema *schema;
	struct document *document;
	struct chosen root;
	bool planned;
};

static struct model *model;

/* ---- a mutation ---- */

static void
open_mutated(struct mutated *m, struct str role)
{
	if (role.n == 0)
		role = STR("postern_anonymous");
	*m = (struct mutated){.conf = graphed_conf(), .body = buf_new(1 << 20)};
	m->call.arena = arena_new(64 * 1024);
	m->call.request.arena = m->call.arena;
	m->call.request.conf = &m->conf;
	m->call.request.model = model;
	m->call.reply.body = &m->body;
	m->faults.arena = m->call.arena;
	m->schema = standard_schema(m->call.arena, &m->conf, model,
				    model_role(model, role));
}

static void
close_mutated(struct mutated *m)
{
	arena_free(m->call.arena);
	buf_free(&m->body);
}

static void
mutate(struct mutated *m, struct str text, struct str variables)
{
	struct arena *a = m->call.arena;
	struct planner planner = {
		.call = &m->call, .schema = m->schema, .faults = &m->faults};
	struct execution x = {
		.arena = a, .schema = m->schema, .faults = &m->faults};
	json_object *given = NULL;

	x.doc = m->document = parse_document(a, &m->conf, text, &m->faults);
	if (!x.doc || (variables.n && json_read(a, variables, &given)))
		return;
	validate_document(a, m->schema, m->document, false, &m->faults);
	x.op = x.doc->operations;
	if (m->faults.n || !coerce_variables(&x, given) ||
	    !collect_fields(&x, &m->root))
		return;
	m->planned = mutate_plan(&planner, &m->root);
}

/* ---- the golden file ---- */

static bool
next_case(struct str *rest, struct golden *ret)
{
	struct str line = str_cut(rest, '\n');

	*ret = (struct golden){0};
	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	ret->name = str_sub(line, 3, line.n);
	ret->input.p = ret->document.p = rest->p;
	for (line = str_cut(rest, '\n'); rest->n && !str_eq(line, STR("--"));
	     line = str_cut(rest, '\n')) {
		if (str_starts(line, STR("role: ")))
			ret->role = str_sub(line, 6, line.n);
		else if (str_starts(line, STR("variables: ")))
			ret->variables = str_sub(line, 11, line.n);
		else
			continue;
		ret->document.p = rest->p;
	}
	ret->input.n = (size_t)(line.p - ret->input.p);
	ret->document.n = (size_t)(line.p - ret->document.p);
	ret->expected.p = rest->p;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->name.n > 0;
}

static void
put_faults(struct buf *b, const struct mutated *m)
{
	for (const struct fault *f = m->faults.first; f; f = f->next) {
		if (f != m->faults.first)
			buf_char(b, '\n');
		if (f->path)
			buf_printf(b, "%.*s ", STR_FMT(f->path->key));
		buf_printf(b, f->code ? "%s: " : "%s", f->code ? f->code : "");
		buf_put(b, f->message);
	}
}

static int
depth_of(const struct tree *t, int item)
{
	int depth = 0;

	for (; t->items[item].parent >= 0; depth++)
		item = t->items[item].parent;
	return depth;
}

static void
put_value(struct buf *b, struct str name, struct str value)
{
	buf_printf(b, value.p ? " %.*s=%.*s" : " %.*s:null", STR_FMT(name),
		   STR_FMT(value));
}

static void
put_item(struct buf *b, const struct tree *t, size_t i)
{
	static const char *const ops[] = {"insert", "update", "put", "delete"};
	const struct item *item = &t->items[i];

	buf_printf(b, "%*s%s ", 2 * depth_of(t, (int)i), "",
		   item->stay && item->op == ITEM_PUT ? "stay" : ops[item->op]);
	if (item->from.fkey)
		buf_printf(b, "%c%.*s", item->from.reverse ? '<' : '>',
			   STR_FMT(item->from.fkey->name));
	else
		buf_put(b, item->table->name);
	if (item->name.n)
		buf_printf(b, " %.*s", STR_FMT(item->name));
	if (item->index >= 0)
		buf_printf(b, "[%d]", item->index);
	for (size_t k = 0; item->key && k < item->table->primary->n; k++)
		put_value(b, STR("key"), item->key[k]);
	for (size_t k = 0; k < item->nset; k++)
		put_value(b, item->set[k].column->name, item->set[k].value);
	if (item->tag.p)
		put_value(b, STR("tag"), item->tag);
	buf_char(b, '\n');
}

static void
put_clearings(struct buf *b, const struct tree *t)
{
	for (size_t i = 0; i < t->nclearings; i++) {
		const struct clearing *r = &t->clearings[i];

		buf_printf(b, "%s %.*s of %d but %zu\n",
			   r->refused ? "refuse" : "replace",
			   STR_FMT(r->from.fkey->name), r->parent, r->nkeys);
	}
}

static void
put_shape(struct buf *b, const struct tree *t)
{
	if (!t->shape)
		return;
	BUF_LIT(b, "read");
	for (size_t i = 0; i < t->shape->n; i++)
		buf_printf(b, " %.*s:%zu", STR_FMT(t->shape->fields[i].name),
			   t->shape->fields[i].object->n);
	buf_char(b, '\n');
}

static struct str
result(struct arena *a, const struct golden *g)
{
	struct buf b = buf_new(1 << 20);
	struct mutated m;
	struct str text;

	open_mutated(&m, g->role);
	mutate(&m, g->document, g->variables);
	put_faults(&b, &m);
	if (!m.planned && !m.faults.n)
		BUF_LIT(&b, "nothing said");
	for (size_t i = 0; m.planned && i < m.call.plan.ntrees; i++) {
		const struct tree *t = &m.call.plan.trees[i];

		for (size_t k = 0; k < t->nitems; k++)
			put_item(&b, t, k);
		put_clearings(&b, t);
		put_shape(&b, t);
	}
	text = arena_str(a, buf_str(&b));
	while (text.n && text.p[text.n - 1] == '\n')
		text.n--;
	close_mutated(&m);
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old, head = str_sub(old, 0, str_find(old, '='));
	struct golden g;

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(&rest, &g)) {
		struct str got = result(a, &g);

		fprintf(f, "== %.*s\n%.*s--\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(got), rest.n ? "\n" : "");
	}
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

/* ---- answers ---- */

static const char nested_insert[] =
	"mutation { insertLabel(tag: \"l\", data: {name: \"x\", "
	"establishedYear: 2000, artists: [{data: {name: \"y\"}}, "
	"{tag: \"a\", data: {name: \"z\"}}]}) { ok: success __typename "
	"pksToTags { pk tag type __typename } validationErrors "
	"result { id name } } }";

/* The script of it, so that items know their statements. */
static struct script
compile(struct mutated *m)
{
	struct script script = {0};

	if (sql_script(m->call.arena, &m->call.plan, &script))
		script.n = 0;
	m->call.kept =
		ARENA_ARRAY(m->call.arena, struct str *, (size_t)script.n + 1);
	return script;
}

static void
keep(struct mutated *m, int step, struct str value, struct str more)
{
	struct str *row = ARENA_ARRAY(m->call.arena, struct str, 2);

	row[0] = value;
	row[1] = more;
	m->call.kept[step] = row;
}

static void
test_success(void)
{
	struct mutated m;
	struct tree *t;

	open_mutated(&m, STR(""));
	mutate(&m, STR(nested_insert), STR(""));
	compile(&m);
	t = m.call.plan.trees;
	keep(&m, t->items[0].at, STR("7"), STR(""));
	keep(&m, t->items[2].at, STR("9"), STR(""));
	keep(&m, t->read_at, ((struct str){"\0\0\0\7", 4}), STR("x"));
	mutate_render(&m.call, &m.root);
	is(buf_str(&m.body),
	   STR("{\"data\":{\"insertLabel\":{\"ok\":true,\"__typename\":"
	       "\"InsertLabel\",\"pksToTags\":[{\"pk\":\"7\",\"tag\":\"l\","
	       "\"type\":\"Label\",\"__typename\":\"TagPrimaryKeyMutationMap"
	       "\"},{\"pk\":\"9\",\"tag\":\"a\",\"type\":\"Artist\","
	       "\"__typename\":\"TagPrimaryKeyMutationMap\"}],"
	       "\"validationErrors\":[],\"result\":{\"id\":\"7\",\"name\":"
	       "\"x\"}}}}"),
	   "a success is printed as it was selected");
	close_mutated(&m);
}

static void
test_row_gone(void)
{
	struct mutated m;

	open_mutated(&m, STR(""));
	mutate(&m,
	       STR("mutation { __typename a: updateLabel(pk: 1, data: {}) "
		   "{ result { id } again: result { name } } "
		   "deleteLabel(pk: 2) { success } }"),
	       STR(""));
	compile(&m);
	mutate_render(&m.call, &m.root);
	is(buf_str(&m.body),
	   STR("{\"data\":{\"__typename\":\"MutationRoot\",\"a\":{\"result\":"
	       "null,\"again\":null},\"deleteLabel\":{\"success\":true}}}"),
	   "a row that cannot be read again is null");
	close_mutated(&m);
}

static void
test_aliases(void)
{
	struct mutated m;

	open_mutated(&m, STR(""));
	mutate(&m,
	       STR("mutation { updateLabel(pk: 1, data: {}) "
		   "{ result { name } again: result { id } } }"),
	       STR(""));
	compile(&m);
	keep(&m, m.call.plan.trees->read_at, STR("x"),
	     ((struct str){"\0\0\0\7", 4}));
	mutate_render(&m.call, &m.root);
	is(buf_str(&m.body),
	   STR("{\"data\":{\"updateLabel\":{\"result\":{\"name\":\"x\"},"
	       "\"again\":{\"id\":\"7\"}}}}"),
	   "the row may be asked for under several names");
	close_mutated(&m);
}

/* What is answered to an error at a statement of the tree. */
struct failing {
	const char *name, *text;
	enum err_code code;
	int item; /* whose statement it is; -1: the check; -2: a clearing */
	const char *detail, *constraint, *column;
	int argument;
	const char *camel;
	const char *body;  /* or ... */
	const char *fault; /* "code: message" */
};

#define NESTED_ANSWER(faults)                                            \
	"{\"data\":{\"insertLabel\":{\"ok\":false,\"__typename\":"       \
	"\"InsertLabel\",\"pksToTags\":[],\"validationErrors\":[" faults \
	"],\"result\":null}}}"

static const char album_update[] =
	"mutation { updateAlbum(pk: 1, data: {rating: 11, releasedDate: null, "
	"artist: {artistProfile: {biography: \"x\"}}}) "
	"{ success validationErrors } }";

static const char replacing[] =
	"mutation { updateLabel(pk: 1, data: {artists: {updateStrategy: "
	"replace, items: []}}) { success } }";

static const char deleting[] =
	"mutation { deleteLabel(pk: 1) { success } a: insertTag(data: "
	"{name: \"x\"}) { success pksToTags { pk } validationErrors "
	"result { id } } }";

static const struct failing failings[] = {
	{.name = "checks are answered with their places",
	 .text = nested_insert,
	 .code = ERR_REFUSED,
	 .item = -1,
	 .detail = "[{\"item\":0,\"check\":0},{\"item\":0,\"check\":1},"
		   "{\"item\":2,\"check\":0}]", .body = NESTED_ANSWER(
		 "{\"path\":[],\"errors\":{\"name\":[\"Name cannot be "
		 "empty.\"],\"established_year\":[\"Label is too old!\"]}},"
		 "{\"path\":[\"artists\",1],\"errors\":{\"name\":[\"Name "
		 "cannot be empty.\"]}}")},
	{.name = "... in camel case where that is wanted",
	 .text = nested_insert,
	 .code = ERR_REFUSED,
	 .item = -1,
	 .camel = "camel",
	 .detail = "[{\"item\":0,\"check\":1}]",
	 .body = NESTED_ANSWER("{\"path\":[],\"errors\":{"
			       "\"establishedYear\":[\"Label is too "
			       "old!\"]}}")},
	{.name = "a check of several columns is about all of them",
	 .text = album_update,
	 .code = ERR_REFUSED,
	 .item = -1,
	 .detail = "[{\"item\":0,\"check\":1},{\"item\":0,\"check\":2}]",
	 .body = "{\"data\":{\"updateAlbum\":{\"success\":false,"
		 "\"validationErrors\":[{\"path\":[],\"errors\":{\"__all__\":["
		 "\"Nobody rates what nobody has heard.\"],\"rating\":[\"Album "
		 "violates the rule 'album_rating_check'.\"]}}]}}}"},
	{.name = "a check that Postgres alone notices is the item's",
	 .text = nested_insert,
	 .code = ERR_CONSTRAINT,
	 .item = 1,
	 .constraint = "artist_name_filled",
	 .body = NESTED_ANSWER("{\"path\":[\"artists\",0],\"errors\":{"
			       "\"name\":[\"Name cannot be empty.\"]}}")},
	{.name = "nothing else is taken for what checks found",
	 .text = nested_insert,
	 .code = ERR_REFUSED,
	 .item = -1,
	 .detail = "[{\"item\":7,\"check\":0}]"},
	{.name = "a delete that a key forbids did not succeed, nor the others",
	 .text = deleting,
	 .code = ERR_REFERENCED,
	 .item = 0,
	 .constraint = "artist_label_id_fkey",
	 .body = "{\"data\":{\"deleteLabel\":{\"success\":false},\"a\":{"
		 "\"success\":false,\"pksToTags\":[],\"validationErrors\":[],"
		 "\"result\":null}}}"},
	{.name = "a row that is not there",
	 .text = deleting,
	 .code = ERR_NOT_FOUND,
	 .item = 0,
	 .fault = "NOT_FOUND: Label matching query does not exist."},
	{.name = "a row that names one that is not there",
	 .text = nested_insert,
	 .code = ERR_REFERENCED,
	 .item = 1,
	 .constraint = "artist_label_id_fkey",
	 .fault = "NOT_FOUND: Label matching query does not exist."},
	{.name = "a list that cannot lose its rows",
	 .text = replacing,
	 .code = ERR_REFERENCED,
	 .item = -2,
	 .constraint = "album_artist_id_fkey",
	 .fault = "CONFLICT: Artist is referenced by album. Cannot delete."},
	{.name = "a list whose rows one may not delete",
	 .text = replacing,
	 .code = ERR_REFUSED,
	 .item = -2,
	 .detail = "[]",
	 .fault = "FORBIDDEN: Invalid permissions. UpdateStrategy 'replace' "
		  "has resulted in a DELETE operation on Artist."},
	{.name = "a value that is there already",
	 .text = "mutation { insertTag(data: {name: \"x\"}) { success } }",
	 .code = ERR_CONSTRAINT,
	 .constraint = "tag_name_key",
	 .fault = "CONFLICT: Tag with this name already exists."},
	{.name = "a value that is missing",
	 .text = nested_insert,
	 .code = ERR_CONSTRAINT,
	 .item = 1,
	 .column = "name",
	 .fault = "BAD_USER_INPUT: Artist name is required."},
	{.name = "a value that Postgres does not take",
	 .text = nested_insert,
	 .code = ERR_INVALID,
	 .item = -1,
	 .argument = 2,
	 .fault = "BAD_USER_INPUT: Label established_year is not valid."},
	{.name = "a key that Postgres does not take is nobody's",
	 .text = "mutation { deleteLabel(pk: 1) { success } }",
	 .code = ERR_INVALID,
	 .argument = 1,
	 .fault = "NOT_FOUND: Label matching query does not exist."},
	{.name = "what one may not do",
	 .text = nested_insert,
	 .code = ERR_FORBIDDEN,
	 .item = 2,
	 .fault = "FORBIDDEN: Invalid permissions."},
	{.name = "what is not the mutation's is left to others",
	 .text = nested_insert,
	 .code = ERR_TIMEOUT,
	 .item = 1												    },
};

static int
step_of(const struct tree *t, int item)
{
	if (item == -2)
		return t->clearings[0].at;
	return item < 0 ? t->check_at : t->items[item].at;
}

static void
test_failing(const struct failing *c)
{
	struct mutated m;
	struct err e = {.code = c->code, .argument = c->argument};
	struct buf fault = buf_new(1024);
	bool soft;

	open_mutated(&m, STR(""));
	if (c->camel)
		m.conf.graphql_errors = c->camel;
	mutate(&m, str_of(c->text), STR(""));
	compile(&m);
	e.step = step_of(m.call.plan.trees, c->item);
	e.detail = str_of(c->detail);
	e.constraint = str_of(c->constraint);
	e.column = str_of(c->column);
	soft = mutate_failed(&m.call, &m.root, &e, &m.faults);
	if (m.faults.n)
		buf_printf(&fault, "%s: %.*s", m.faults.first->code,
			   STR_FMT(m.faults.first->message));
	if (c->body)
		is(soft ? buf_str(&m.body) : buf_str(&fault), str_of(c->body),
		   c->name);
	else
		is(soft ? STR("an answer") : buf_str(&fault), str_of(c->fault),
		   c->name);
	buf_free(&fault);
	close_mutated(&m);
}

/* An error of no statement that is known: of the commit, of the network. */
static void
test_foreign_step(void)
{
	struct mutated m;
	struct err e = {.code = ERR_CONSTRAINT, .step = 100};

	open_mutated(&m, STR(""));
	mutate(&m, STR(nested_insert), STR(""));
	compile(&m);
	ok(!mutate_failed(&m.call, &m.root, &e, &m.faults) && !m.faults.n,
	   "an error that is no statement's is left to others");
	close_mutated(&m);
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str golden = ask_file(GOLDEN), text = ask_file(MODEL), rest;
	const char *mode = getenv("MUTATE_GOLDEN");
	struct golden g;

	if (model_read(a, text, &model))
		return EXIT_FAILURE;
	rest = golden;
	if (mode && strcmp(mode, "write") == 0)
		rewrite(golden, a);
	else
		while (rest.n && next_case(&rest, &g))
			is(result(a, &g), g.expected, arena_str(a, g.name).p);
	test_success();
	test_row_gone();
	test_aliases();
	for (size_t i = 0; i < sizeof(failings) / sizeof(failings[0]); i++)
		test_failing(&failings[i]);
	test_foreign_step();
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	free((void *)(uintptr_t)text.p);
	arena_free(a);
	return done();
}
