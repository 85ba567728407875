/*
 * A document that is read and printed is read again as the same document;
 * one that is refused has one fault, which can be printed.
 */
#include "api/graphql/parse.h"

#include "fuzz.h"

static const struct conf conf = {.graphql_document = 65536,
				 .graphql_tokens = 5000};

/* ---- printing ---- */

/* Any string, in escapes that the grammar has. */
static void
put_string(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || strchr("\"\\", s.p[i]))
			buf_printf(b, "\\u{%x}", (unsigned)s.p[i]);
		else
			buf_char(b, s.p[i]);
	buf_char(b, '"');
}

static void
put_value(struct buf *b, const struct value *v)
{
	static const char open[] = "[{", close[] = "]}";

	switch (v->kind) {
	case VALUE_LIST:
	case VALUE_OBJECT:
		buf_char(b, open[v->kind == VALUE_OBJECT]);
		for (const struct value *i = v->first; i; i = i->next) {
			buf_put(b, i->name);
			buf_put(b,
				v->kind == VALUE_OBJECT ? STR(":") : STR(" "));
			put_value(b, i);
			buf_char(b, ',');
		}
		buf_char(b, close[v->kind == VALUE_OBJECT]);
		break;
	case VALUE_STRING:
		put_string(b, v->text);
		break;
	default:
		buf_put(b, v->kind == VALUE_VARIABLE ? STR("$") : STR(""));
		buf_put(b, v->text);
	}
}

static void
put_arguments(struct buf *b, const struct argument *arg)
{
	if (!arg)
		return;
	buf_char(b, '(');
	for (; arg; arg = arg->next) {
		buf_printf(b, "%.*s:", STR_FMT(arg->name));
		put_value(b, arg->value);
		buf_char(b, ',');
	}
	buf_char(b, ')');
}

static void
put_directives(struct buf *b, const struct directive *d)
{
	for (; d; d = d->next) {
		buf_printf(b, "@%.*s", STR_FMT(d->name));
		put_arguments(b, d->arguments);
	}
}

static void
put_selections(struct buf *b, const struct selection *s)
{
	buf_char(b, '{');
	for (; s; s = s->next) {
		if (s->alias.n)
			buf_printf(b, "%.*s:", STR_FMT(s->alias));
		if (s->kind != SELECT_FIELD)
			BUF_LIT(b, "...");
		if (s->on.n)
			buf_printf(b, "on %.*s", STR_FMT(s->on));
		buf_put(b, s->name);
		put_arguments(b, s->arguments);
		put_directives(b, s->directives);
		if (s->selections)
			put_selections(b, s->selections);
		else
			buf_char(b, ' ');
	}
	buf_char(b, '}');
}

static void
put_type(struct buf *b, const struct type_node *t)
{
	if (t->of) {
		buf_char(b, '[');
		put_type(b, t->of);
		buf_char(b, ']');
	}
	buf_put(b, t->name);
	if (t->non_null)
		buf_char(b, '!');
}

static void
put_operation(struct buf *b, const struct operation *op)
{
	static const char *const words[] = {"query", "mutation",
					    "subscription"};

	buf_printf(b, "%s %.*s", words[op->kind], STR_FMT(op->name));
	if (op->variables)
		buf_char(b, '(');
	for (const struct variable *v = op->variables; v; v = v->next) {
		buf_printf(b, "$%.*s:", STR_FMT(v->name));
		put_type(b, v->type);
		if (v->fallback) {
			buf_char(b, '=');
			put_value(b, v->fallback);
		}
		put_directives(b, v->directives);
		buf_char(b, v->next ? ',' : ')');
	}
	put_directives(b, op->directives);
	put_selections(b, op->selections);
}

static void
put_document(struct buf *b, const struct document *d)
{
	for (const struct operation *op = d->operations; op; op = op->next)
		put_operation(b, op);
	for (const struct fragment *f = d->fragments; f; f = f->next) {
		buf_printf(b, "fragment %.*s on %.*s", STR_FMT(f->name),
			   STR_FMT(f->on));
		put_directives(b, f->directives);
		put_selections(b, f->selections);
	}
}

/* ---- properties ---- */

static void
accepted(struct arena *a, const struct document *d)
{
	/* Escapes are longer than what they stand for, and so are tokens. */
	static const struct conf more = {.graphql_document = 1 << 24,
					 .graphql_tokens = 10000};
	struct buf once = buf_new(1 << 20), twice = buf_new(1 << 20);
	struct faults faults = {.arena = a};
	struct document *again;

	MUST(d->noperations + d->nfragments > 0);
	put_document(&once, d);
	MUST(!once.broken);
	again = parse_document(a, &more, buf_str(&once), &faults);
	MUST(again);
	MUST(again->noperations == d->noperations);
	MUST(again->nfragments == d->nfragments);
	put_document(&twice, again);
	must_eq(buf_str(&twice), buf_str(&once));
	buf_free(&once);
	buf_free(&twice);
}

static void
refused(const struct faults *faults, struct str source)
{
	struct buf b = buf_new(1 << 20);

	MUST(faults->n == 1 && faults->first->message.n);
	MUST(faults->first->nat == 1 && faults->first->at[0] <= source.n);
	fault_print(&b, faults, source);
	MUST(!b.broken && str_utf8(buf_str(&b)));
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size ? size : 1);
	struct str source = {copy, size};
	struct faults faults = {.arena = a};
	struct document *d;

	if (size)
		memcpy(copy, data, size);
	d = parse_document(a, &conf, source, &faults);
	if (d)
		accepted(a, d);
	else
		refused(&faults, source);
	parse_constant(a, source);
	free(copy);
	arena_free(a);
	return 0;
}
