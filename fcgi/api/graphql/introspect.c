#include "api/graphql/introspect.h"

#include "api/graphql/introspect_meta.h"

/*
 * Selections of a document nest only as deep as limits_check() and the
 * parser let them; beyond this depth there would be nothing but null.
 */
enum { DEPTH_MAX = 256 };

struct printer {
	struct buf *b;
	const struct schema *schema;
	int depth;
};

/* What a field of an introspection type is asked of. */
union node {
	const struct schema *schema;
	const struct schema_type *type;
	const struct schema_field *field;
	const struct schema_input *input;
	const struct schema_value *value;
	const struct schema_directive *directive;
};

static void
put_object(struct printer *p, union node of, const struct chosen *f);

/* ---- leaves ---- */

static void
put_text(struct printer *p, struct str s)
{
	if (s.n)
		buf_json(p->b, s);
	else
		BUF_LIT(p->b, "null");
}

static void
put_flag(struct printer *p, bool flag)
{
	buf_put(p->b, flag ? STR("true") : STR("false"));
}

static void
put_type(struct printer *p, const struct schema_type *t, const struct chosen *f)
{
	if (t)
		put_object(p, (union node){.type = t}, f);
	else
		BUF_LIT(p->b, "null");
}

/* ---- lists ---- */

static bool
wants_deprecated(const struct chosen *f)
{
	const struct value *v = collect_argument(f, INPUT_IS_DEPRECATED);

	return v && v->kind == VALUE_BOOLEAN && str_eq(v->text, STR("true"));
}

/* Begin the next item; `first` is true before any. */
static void
next_item(struct printer *p, bool *first)
{
	if (!*first)
		buf_char(p->b, ',');
	*first = false;
}

/* Is there such a list at all, for that kind of type? */
static bool
opens(struct printer *p, bool there)
{
	buf_put(p->b, there ? STR("[") : STR("null"));
	return there;
}

static void
put_types(struct printer *p, const struct chosen *f)
{
	const struct schema *s = p->schema;

	BUF_LIT(p->b, "[");
	for (size_t i = 0; i < s->ntypes; i++) {
		if (i)
			buf_char(p->b, ',');
		put_type(p, s->types[i], f);
	}
	BUF_LIT(p->b, "]");
}

static void
put_directives(struct printer *p, const struct chosen *f)
{
	const struct schema *s = p->schema;

	BUF_LIT(p->b, "[");
	for (size_t i = 0; i < s->ndirectives; i++) {
		if (i)
			buf_char(p->b, ',');
		put_object(p, (union node){.directive = &s->directives[i]}, f);
	}
	BUF_LIT(p->b, "]");
}

static void
put_fields(struct printer *p, const struct schema_type *t,
	   const struct chosen *f)
{
	bool all = wants_deprecated(f), first = true;

	if (!opens(p, t->kind == KIND_OBJECT))
		return;
	for (size_t i = 0; i < t->n; i++) {
		if (t->fields[i].deprecated.n && !all)
			continue;
		next_item(p, &first);
		put_object(p, (union node){.field = &t->fields[i]}, f);
	}
	BUF_LIT(p->b, "]");
}

static void
put_values(struct printer *p, const struct schema_type *t,
	   const struct chosen *f)
{
	bool all = wants_deprecated(f), first = true;

	if (!opens(p, t->kind == KIND_ENUM))
		return;
	for (size_t i = 0; i < t->n; i++) {
		if (t->values[i].deprecated.n && !all)
			continue;
		next_item(p, &first);
		put_object(p, (union node){.value = &t->values[i]}, f);
	}
	BUF_LIT(p->b, "]");
}

static void
put_inputs(struct printer *p, const struct schema_input *inputs, size_t n,
	   const struct chosen *f)
{
	bool all = wants_deprecated(f), first = true;

	BUF_LIT(p->b, "[");
	for (size_t i = 0; i < n; i++) {
		if (inputs[i].deprecated.n && !all)
			continue;
		next_item(p, &first);
		put_object(p, (union node){.input = &inputs[i]}, f);
	}
	BUF_LIT(p->b, "]");
}

static void
put_locations(struct printer *p, const struct schema_directive *d)
{
	BUF_LIT(p->b, "[");
	for (size_t i = 0; d->locations[i]; i++) {
		if (i)
			buf_char(p->b, ',');
		buf_json(p->b, str_of(d->locations[i]));
	}
	BUF_LIT(p->b, "]");
}

/* ---- objects ---- */

static void
put_of_schema(struct printer *p, const struct schema *s, const struct chosen *f)
{
	switch ((enum meta)f->field->meta) {
	case META_SCHEMA_TYPES:
		put_types(p, f);
		break;
	case META_SCHEMA_QUERY:
		put_type(p, s->query, f);
		break;
	case META_SCHEMA_MUTATION:
		put_type(p, s->mutation, f);
		break;
	case META_SCHEMA_DIRECTIVES:
		put_directives(p, f);
		break;
	case META_SCHEMA_DESCRIPTION:
		put_text(p, s->model ? s->model->comment : STR(""));
		break;
	default:
		BUF_LIT(p->b, "null");
	}
}

static void
put_of_type(struct printer *p, const struct schema_type *t,
	    const struct chosen *f)
{
	static const char *const kinds[] = {
		[KIND_SCALAR] = "SCALAR", [KIND_OBJECT] = "OBJECT",
		[KIND_ENUM] = "ENUM",	  [KIND_INPUT] = "INPUT_OBJECT",
		[KIND_LIST] = "LIST",	  [KIND_NON_NULL] = "NON_NULL",
	};

	switch ((enum meta)f->field->meta) {
	case META_TYPE_KIND:
		buf_json(p->b, str_of(kinds[t->kind]));
		break;
	case META_TYPE_NAME:
		put_text(p, t->name);
		break;
	case META_TYPE_DESCRIPTION:
		put_text(p, t->description);
		break;
	case META_TYPE_SPECIFIED_BY:
		put_text(p, t->specified_by);
		break;
	case META_TYPE_FIELDS:
		put_fields(p, t, f);
		break;
	case META_TYPE_INTERFACES:
		if (opens(p, t->kind == KIND_OBJECT))
			BUF_LIT(p->b, "]");
		break;
	case META_TYPE_VALUES:
		put_values(p, t, f);
		break;
	case META_TYPE_INPUTS:
		if (t->kind == KIND_INPUT)
			put_inputs(p, t->inputs, t->n, f);
		else
			BUF_LIT(p->b, "null");
		break;
	case META_TYPE_OF:
		put_type(p, t->of, f);
		break;
	case META_TYPE_ONE_OF:
		if (t->kind == KIND_INPUT)
			put_flag(p, t->one_of);
		else
			BUF_LIT(p->b, "null");
		break;
	default:
		BUF_LIT(p->b, "null");
	}
}

static void
put_of_field(struct printer *p, const struct schema_field *of,
	     const struct chosen *f)
{
	switch ((enum meta)f->field->meta) {
	case META_FIELD_NAME:
		put_text(p, of->name);
		break;
	case META_FIELD_DESCRIPTION:
		put_text(p, of->description);
		break;
	case META_FIELD_ARGS:
		put_inputs(p, of->args, of->nargs, f);
		break;
	case META_FIELD_TYPE:
		put_type(p, of->type, f);
		break;
	case META_FIELD_IS_DEPRECATED:
		put_flag(p, of->deprecated.n > 0);
		break;
	default:
		put_text(p, of->deprecated);
	}
}

static void
put_of_input(struct printer *p, const struct schema_input *of,
	     const struct chosen *f)
{
	switch ((enum meta)f->field->meta) {
	case META_INPUT_NAME:
		put_text(p, of->name);
		break;
	case META_INPUT_DESCRIPTION:
		put_text(p, of->description);
		break;
	case META_INPUT_TYPE:
		put_type(p, of->type, f);
		break;
	case META_INPUT_DEFAULT:
		put_text(p, of->fallback);
		break;
	case META_INPUT_IS_DEPRECATED:
		put_flag(p, of->deprecated.n > 0);
		break;
	default:
		put_text(p, of->deprecated);
	}
}

static void
put_of_value(struct printer *p, const struct schema_value *of,
	     const struct chosen *f)
{
	switch ((enum meta)f->field->meta) {
	case META_VALUE_NAME:
		put_text(p, of->name);
		break;
	case META_VALUE_DESCRIPTION:
		put_text(p, of->description);
		break;
	case META_VALUE_IS_DEPRECATED:
		put_flag(p, of->deprecated.n > 0);
		break;
	default:
		put_text(p, of->deprecated);
	}
}

static void
put_of_directive(struct printer *p, const struct schema_directive *of,
		 const struct chosen *f)
{
	switch ((enum meta)f->field->meta) {
	case META_DIRECTIVE_NAME:
		put_text(p, of->name);
		break;
	case META_DIRECTIVE_DESCRIPTION:
		put_text(p, of->description);
		break;
	case META_DIRECTIVE_IS_REPEATABLE:
		put_flag(p, false);
		break;
	case META_DIRECTIVE_LOCATIONS:
		put_locations(p, of);
		break;
	default:
		put_inputs(p, of->args, of->nargs, f);
	}
}

/* The numbers of a type's fields follow each other. */
static void
put_field(struct printer *p, union node of, const struct chosen *f)
{
	int meta = f->field->meta;

	if (f->field->meaning == FIELD_IS_TYPENAME)
		put_text(p, f->type->name);
	else if (meta < META_TYPE_KIND)
		put_of_schema(p, of.schema, f);
	else if (meta < META_FIELD_NAME)
		put_of_type(p, of.type, f);
	else if (meta < META_INPUT_NAME)
		put_of_field(p, of.field, f);
	else if (meta < META_VALUE_NAME)
		put_of_input(p, of.input, f);
	else if (meta < META_DIRECTIVE_NAME)
		put_of_value(p, of.value, f);
	else
		put_of_directive(p, of.directive, f);
}

static void
put_object(struct printer *p, union node of, const struct chosen *f)
{
	if (p->depth == DEPTH_MAX || p->b->broken) {
		BUF_LIT(p->b, "null");
		return;
	}
	p->depth++;
	buf_char(p->b, '{');
	for (size_t i = 0; i < f->n; i++) {
		if (i)
			buf_char(p->b, ',');
		buf_json(p->b, f->fields[i].key);
		buf_char(p->b, ':');
		put_field(p, of, &f->fields[i]);
	}
	buf_char(p->b, '}');
	p->depth--;
}

void
introspect_print(struct buf *b, const struct schema *s,
		 const struct chosen *field)
{
	struct printer p = {b, s, 0};
	const struct value *name;

	if (field->field->meaning == FIELD_IS_SCHEMA) {
		put_object(&p, (union node){.schema = s}, field);
		return;
	}
	name = collect_argument(field, INPUT_IS_NAME);
	put_type(&p, name ? schema_type(s, name->text) : NULL, field);
}
