/*
 * Operations on the schema of pets.h, run as far as the tree of the chosen
 * fields.
 *
 * chosen_golden() goes through a file of cases: a document, `--`, variables as
 * JSON, `--`, what comes of them, `==`.  That is what graphql-js 16.15.0 did
 * with the same schema: a line for each field that it asked a resolver for,
 * `path(argument:value ...) Type.field`, or one for each fault, `! message
 * @line:column path`.
 */
#ifndef POSTERN_CHOSEN_H
#define POSTERN_CHOSEN_H

#include <stdio.h>

#include "api/graphql/collect.h"
#include "api/graphql/parse.h"
#include "api/graphql/validate.h"
#include "core/json.h"
#include "pets.h"
#include "tap.h"

static const struct conf chosen_conf = {.graphql_document = 1 << 20,
					.graphql_tokens = 100000};

/* ---- printing ---- */

static inline void
chosen_value(struct buf *b, const struct value *v)
{
	bool object = v->kind == VALUE_OBJECT;

	if (v->kind == VALUE_NULL)
		BUF_LIT(b, "null");
	else if (v->kind == VALUE_STRING || v->kind == VALUE_ENUM)
		buf_json(b, v->text);
	else if (!object && v->kind != VALUE_LIST)
		buf_put(b, v->text);
	else {
		size_t n = 0;

		buf_char(b, object ? '{' : '[');
		for (const struct value *i = v->first; i; i = i->next) {
			if (n++)
				buf_char(b, ',');
			if (object) {
				buf_json(b, i->name);
				buf_char(b, ':');
			}
			chosen_value(b, i);
		}
		buf_char(b, object ? '}' : ']');
		ok(n == v->n, "what is in a value is counted");
	}
}

static inline void
chosen_path(struct buf *b, const struct path *path)
{
	if (path->up) {
		chosen_path(b, path->up);
		buf_char(b, '.');
	}
	buf_put(b, path->key);
}

static inline void
chosen_print(struct buf *b, const struct chosen *f)
{
	bool more = false;

	chosen_path(b, &f->path);
	buf_char(b, '(');
	for (size_t i = 0; i < f->field->nargs; i++) {
		if (!f->args[i])
			continue;
		buf_printf(b, "%s%.*s:", more ? " " : "",
			   STR_FMT(f->field->args[i].name));
		chosen_value(b, f->args[i]);
		more = true;
	}
	buf_printf(b, ") %.*s.%.*s\n", STR_FMT(f->type->name),
		   STR_FMT(f->field->name));
	for (size_t i = 0; i < f->n; i++)
		chosen_print(b, &f->fields[i]);
}

static inline void
chosen_fault(struct buf *b, const struct fault *f, struct str source)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < f->at[0]; i++) {
		column = source.p[i] == '\n' ? 1 : column + 1;
		line += source.p[i] == '\n';
	}
	buf_printf(b, "! %.*s @%zu:%zu", STR_FMT(f->message), line, column);
	if (f->path) {
		buf_char(b, ' ');
		chosen_path(b, f->path);
	}
	buf_char(b, '\n');
}

/* ---- running ---- */

/* What comes of the first operation of a document. */
static inline struct str
chosen_run(struct arena *a, struct str source, struct str vars)
{
	struct faults faults = {.arena = a};
	struct buf b = buf_new(1 << 20);
	struct chosen root = {0};
	json_object *given = NULL;
	struct execution e = {
		.arena = a, .schema = pets_schema(a), .faults = &faults};
	struct document *doc = parse_document(a, &chosen_conf, source, &faults);
	struct str ret;

	if (doc)
		validate_document(a, e.schema, doc, false, &faults);
	if (!faults.n && !json_read(a, vars, &given)) {
		e.doc = doc;
		e.op = doc->operations;
		ok((coerce_variables(&e, given) && collect_fields(&e, &root)) ==
			   !faults.n,
		   "there are faults or a result");
	}
	for (const struct fault *f = faults.first; f; f = f->next)
		chosen_fault(&b, f, source);
	for (size_t i = 0; i < root.n && !faults.n; i++)
		chosen_print(&b, &root.fields[i]);
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

/* ---- cases ---- */

/* The text before the mark, and behind it what is left. */
static inline struct str
chosen_cut(struct str *rest, struct str mark)
{
	struct str all = *rest;
	size_t i = 0;

	while (i < all.n && !str_starts(str_sub(all, i, mark.n), mark))
		i++;
	*rest = str_sub(all, i + mark.n, all.n);
	return str_sub(all, 0, i);
}

static inline void
chosen_golden(const char *path)
{
	struct arena *a = arena_new(1 << 16);
	char *text = malloc(1 << 20);
	FILE *f = fopen(path, "r");
	struct str rest = {text, f ? fread(text, 1, 1 << 20, f) : 0};
	int n = 0;

	while (rest.n) {
		struct str source = chosen_cut(&rest, STR("\n--\n"));
		struct str vars = chosen_cut(&rest, STR("\n--\n"));
		struct str expected = chosen_cut(&rest, STR("==\n"));

		is(chosen_run(a, source, vars), expected,
		   arena_printf(a, "%.*s with %.*s", STR_FMT(source),
				STR_FMT(vars))
			   .p);
		arena_reset(a);
		n++;
	}
	ok(n > 10, "there are cases");
	if (f)
		fclose(f);
	free(text);
	arena_free(a);
}

#endif
