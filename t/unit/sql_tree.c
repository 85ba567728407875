/*
 * Golden scripts.  t/unit/sql_tree.golden has trees and what becomes of each,
 * a statement after the other.  A line of a tree is an item, two blanks
 * deeper than its parent:
 *
 *	insert TABLE COLUMN=VALUE...	the root; update and delete have key=,
 *					a value for each column of the key
 *	insert <FKEY ...		rows that hold the key to the parent's
 *	put >FKEY ...			the row that the parent's key names
 *	stay, replace, refuse		put without insert; a list's other rows
 *	delete <FKEY
 *
 * After a change that is meant: SQL_TREE_GOLDEN=write build/debug/unit/sql_tree
 * and read the difference.
 */
#include "core/tree.h"

#include "ask.h"
#include "tap.h"

#define GOLDEN "t/unit/sql_tree.golden"
#define MODEL  "t/unit/music.json"

struct golden {
	struct str name, input, expected;
};

/* A tree being read; at most 8 levels and 40 items. */
struct reader {
	struct arena *a;
	const struct model *model;
	struct tree tree;
	int last[8]; /* the item at each depth */
};

/* ---- the file ---- */

static bool
next_case(struct str *rest, struct golden *ret)
{
	struct str line = str_cut(rest, '\n');

	*ret = (struct golden){0};
	while (rest->n && !str_starts(line, STR("== ")))
		line = str_cut(rest, '\n');
	ret->name = str_sub(line, 3, line.n);
	ret->input.p = rest->p;
	for (line = str_cut(rest, '\n'); rest->n && !str_eq(line, STR("--"));)
		line = str_cut(rest, '\n');
	ret->input.n = (size_t)(line.p - ret->input.p);
	ret->expected.p = rest->p;
	for (line = str_cut(rest, '\n'); line.n; line = str_cut(rest, '\n'))
		ret->expected.n = (size_t)(line.p + line.n - ret->expected.p);
	return ret->name.n > 0;
}

/* ---- trees ---- */

static struct relation
relation_of(struct reader *r, struct str word)
{
	struct relation none = {0};
	struct str name = str_sub(word, 1, word.n);

	for (size_t i = 0; i < r->model->ntables; i++)
		for (size_t k = 0; k < r->model->tables[i].nfkeys; k++)
			if (str_eq(r->model->tables[i].fkeys[k].name, name))
				return (struct relation){
					&r->model->tables[i].fkeys[k],
					word.p[0] == '<'};
	return none;
}

static void
read_value(struct item *item, struct str word)
{
	struct str name = str_cut(&word, '=');
	struct str value = str_eq(word, STR("null")) ? (struct str){0} : word;
	size_t n = 0;

	if (str_eq(name, STR("tag"))) {
		item->tag = value;
	} else if (str_eq(name, STR("key"))) {
		for (; item->key[n].p; n++)
			;
		item->key[n] = value;
	} else {
		item->set[item->nset++] = (struct setting){
			.column = table_column(item->table, name),
			.value = value,
		};
	}
}

static void
read_item(struct reader *r, struct str op, struct str rest, int depth)
{
	struct item *item = &r->tree.items[r->tree.nitems];
	struct str where = str_cut(&rest, ' ');
	bool keyed = false;

	item->parent = depth ? r->last[depth - 1] : -1;
	item->index = -1;
	if (depth) {
		item->from = relation_of(r, where);
		item->table = item->from.reverse ? item->from.fkey->from
						 : item->from.fkey->to;
	} else {
		item->table = model_table(r->model, where);
	}
	item->set = ARENA_ARRAY(r->a, struct setting, 40);
	item->key = ARENA_ARRAY(r->a, struct str, 8);
	while (rest.n) {
		struct str word = str_cut(&rest, ' ');

		keyed |= str_starts(word, STR("key="));
		read_value(item, word);
	}
	if (!keyed)
		item->key = NULL;
	item->stay = str_eq(op, STR("stay"));
	item->op = str_eq(op, STR("insert"))   ? ITEM_INSERT
		   : str_eq(op, STR("update")) ? ITEM_UPDATE
		   : str_eq(op, STR("delete")) ? ITEM_DELETE
					       : ITEM_PUT;
	r->last[depth] = (int)r->tree.nitems++;
}

/* Whatever comes below it with a key stays. */
static void
read_clearing(struct reader *r, struct str op, struct str where, int depth)
{
	struct clearing *c = &r->tree.clearings[r->tree.nclearings++];

	c->parent = r->last[depth - 1];
	c->from = relation_of(r, where);
	c->refused = str_eq(op, STR("refuse"));
	c->keys = ARENA_ARRAY(r->a, struct str *, 40);
}

static void
read_line(struct reader *r, struct str line)
{
	size_t indent = 0;
	struct str op;

	while (line.n && line.p[0] == ' ') {
		line = str_sub(line, 1, line.n);
		indent++;
	}
	op = str_cut(&line, ' ');
	if (str_eq(op, STR("replace")) || str_eq(op, STR("refuse")))
		read_clearing(r, op, line, (int)indent / 2);
	else
		read_item(r, op, line, (int)indent / 2);
}

static void
keep_keys(struct tree *tree)
{
	for (size_t i = 0; i < tree->nclearings; i++)
		for (size_t k = 0; k < tree->nitems; k++) {
			struct clearing *c = &tree->clearings[i];
			const struct item *item = &tree->items[k];

			if (item->parent == c->parent && item->key &&
			    item->from.fkey == c->from.fkey)
				c->keys[c->nkeys++] = item->key;
		}
}

static void
read_tree(struct reader *r, struct str input)
{
	struct shape *shape;

	r->tree = (struct tree){
		.role = model_role(r->model, STR("postern_anonymous")),
		.items = ARENA_ARRAY(r->a, struct item, 40),
		.clearings = ARENA_ARRAY(r->a, struct clearing, 8),
	};
	while (input.n)
		read_line(r, str_cut(&input, '\n'));
	keep_keys(&r->tree);
	if (r->tree.items[0].op == ITEM_DELETE)
		return;
	shape = plan_shape(r->a, r->tree.items[0].table, 1);
	plan_field(r->a, shape, r->tree.items[0].table->columns[0].name)
		->column = &r->tree.items[0].table->columns[0];
	r->tree.shape = shape;
}

/* ---- what became of it ---- */

static void
put_statement(struct buf *b, const struct statement *s)
{
	buf_put(b, s->text);
	for (int i = 0; i < s->nargs; i++)
		buf_printf(b, s->args[i] ? "\n$%d = %s" : "\n$%d is null",
			   i + 1, s->args[i]);
}

static void
put_step(struct buf *b, const struct tree *t, int step)
{
	if (step == t->check_at)
		BUF_LIT(b, "check: ");
	if (step == t->read_at)
		BUF_LIT(b, "read: ");
	for (size_t i = 0; i < t->nitems; i++) {
		if (t->items[i].find_at == step)
			buf_printf(b, "find %zu: ", i);
		if (t->items[i].at == step)
			buf_printf(b, "%zu: ", i);
	}
	for (size_t i = 0; i < t->nclearings; i++)
		if (t->clearings[i].at == step)
			buf_printf(b, "clear %zu: ", i);
}

static struct str
result(struct arena *a, const struct model *model, struct str input)
{
	struct reader r = {.a = a, .model = model};
	struct plan plan = {.op = PLAN_TREES, .ntrees = 1};
	struct buf b = buf_new(1 << 20);
	struct script script;
	struct err *e;
	struct str text;

	read_tree(&r, input);
	plan.trees = &r.tree;
	e = sql_script(a, &plan, &script);
	if (e)
		buf_put(&b, e->message);
	for (int i = 0; !e && i < script.n; i++) {
		if (i)
			buf_char(&b, '\n');
		put_step(&b, &r.tree, i);
		put_statement(&b, &script.statements[i]);
	}
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static void
rewrite(struct str old, struct arena *a, const struct model *model)
{
	FILE *f = fopen(GOLDEN, "we");
	struct str rest = old, head = str_sub(old, 0, str_find(old, '='));
	struct golden g;

	fwrite(head.p, 1, head.n, f);
	while (rest.n && next_case(&rest, &g)) {
		struct str got = result(a, model, g.input);

		fprintf(f, "== %.*s\n%.*s--\n%.*s\n%s", STR_FMT(g.name),
			STR_FMT(g.input), STR_FMT(got), rest.n ? "\n" : "");
	}
	fclose(f);
	ok(true, "%s is written anew", GOLDEN);
}

/* ---- limits ---- */

static const struct table *
table(const struct model *model, const char *name)
{
	return model_table(model, str_of(name));
}

static struct tree
wide_tree(struct arena *a, const struct model *model, size_t n)
{
	const struct table *label = table(model, "label");
	struct tree t = {.items = ARENA_ARRAY(a, struct item, n), .nitems = n};

	for (size_t i = 0; i < n; i++)
		t.items[i] = (struct item){
			.op = ITEM_INSERT,
			.table = i ? label->referrers[0]->from : label,
			.parent = i ? 0 : -1,
			.from = {i ? label->referrers[0] : NULL, true},
		};
	return t;
}

static void
test_limits(const struct model *model)
{
	struct arena *a = arena_new(1 << 16);
	struct script script = {0};
	struct tree t = wide_tree(a, model, SCRIPT_MAX);

	ok(!sql_tree(a, &t, 0, &script), "a script may be long");
	ok(script.n == SCRIPT_MAX, "... and has a statement for each row");
	is(script.statements[1].text, script.statements[SCRIPT_MAX - 1].text,
	   "... of one text where the rows are of one kind");
	ok(t.last == SCRIPT_MAX - 1, "... whose last one is known");
	t = wide_tree(a, model, SCRIPT_MAX + 1);
	script = (struct script){0};
	ok(sql_tree(a, &t, 0, &script) != NULL, "... but not endless");
	arena_free(a);
}

static void
test_depth(const struct model *model)
{
	struct arena *a = arena_new(1 << 16);
	struct script script = {0};
	const struct table *artist = table(model, "artist");
	struct relation mentor = {0};
	struct tree t = wide_tree(a, model, TREE_DEPTH_MAX + 2);

	for (size_t i = 0; i < artist->nfkeys; i++)
		if (artist->fkeys[i].to == artist)
			mentor.fkey = &artist->fkeys[i];
	for (size_t i = 0; i < t.nitems; i++) {
		t.items[i].table = artist;
		t.items[i].parent = (int)i - 1;
		t.items[i].from = i ? mentor : (struct relation){0};
	}
	t.nitems--;
	ok(!sql_tree(a, &t, 0, &script), "rows may be nested deep");
	ok(t.items[0].at > t.items[1].at && t.items[1].at > t.items[2].at,
	   "... and those that others name come first");
	t.nitems++;
	script = (struct script){0};
	ok(sql_tree(a, &t, 0, &script) != NULL, "... but not too deep");
	arena_free(a);
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	struct str golden = ask_file(GOLDEN), text = ask_file(MODEL), rest;
	const char *mode = getenv("SQL_TREE_GOLDEN");
	struct model *model = NULL;
	struct golden g;

	if (model_read(a, text, &model))
		return EXIT_FAILURE;
	rest = golden;
	if (mode && strcmp(mode, "write") == 0)
		rewrite(golden, a, model);
	else
		while (rest.n && next_case(&rest, &g))
			is(result(a, model, g.input), g.expected,
			   arena_str(a, g.name).p);
	test_limits(model);
	test_depth(model);
	model_drop(model);
	free((void *)(uintptr_t)golden.p);
	free((void *)(uintptr_t)text.p);
	arena_free(a);
	return done();
}
