#include "api/graphql/coerce.h"

#include "api/graphql/coerce_value.h"

/* ---- variables ---- */

static const struct value *
read_absent(struct given *g)
{
	const struct variable *v = g->variable;
	struct literal l = {.arena = g->arena};

	if (v->fallback)
		return coerce_literal(&l, v->input, v->fallback);
	if (v->input->kind == KIND_NON_NULL)
		coerce_refuse(g, "of required type \"%.*s\" was not provided.",
			      STR_FMT(coerce_type_text(g->arena, v->input)));
	return NULL;
}

static const struct value *
read_variable(struct given *g, json_object *given)
{
	const struct variable *v = g->variable;
	json_object *o;

	if (!json_object_object_get_ex(given, arena_str(g->arena, v->name).p,
				       &o))
		return read_absent(g);
	if (o || v->input->kind != KIND_NON_NULL)
		return coerce_json(g, v->input, o, NULL);
	coerce_refuse(g, "of non-null type \"%.*s\" must not be null.",
		      STR_FMT(coerce_type_text(g->arena, v->input)));
	return NULL;
}

bool
coerce_variables(struct execution *e, json_object *given)
{
	const struct value **vars =
		ARENA_ARRAY(e->arena, const struct value *, e->op->nvariables);
	size_t before = e->faults->n;

	for (const struct variable *v = e->op->variables; v; v = v->next) {
		struct given g = {
			.arena = e->arena, .variable = v, .faults = e->faults};

		vars[v->index] = read_variable(&g, given);
	}
	e->vars = vars;
	return e->faults->n == before;
}

/* ---- arguments ---- */

/* What is told about the arguments of one field. */
struct complaint {
	struct arena *arena;
	struct faults *faults;
	const struct schema_input *input;
};

__attribute__((format(printf, 3, 4))) static bool
complain(struct complaint *c, uint32_t at, const char *fmt, ...)
{
	va_list args;
	struct str why;

	va_start(args, fmt);
	why = arena_vprintf(c->arena, fmt, args);
	va_end(args);
	if (fault_add(c->faults, &at, 1, "Argument \"%.*s\" %.*s",
		      STR_FMT(c->input->name), STR_FMT(why)))
		fault_last(c->faults)->code = "BAD_USER_INPUT";
	return false;
}

static bool
complain_absent(struct complaint *c, uint32_t at, const struct value *node)
{
	struct str type = coerce_type_text(c->arena, c->input->type);

	if (!node)
		return complain(c, at,
				"of required type \"%.*s\" was not provided.",
				STR_FMT(type));
	return complain(c, node->at,
			"of required type \"%.*s\" was provided the variable "
			"\"$%.*s\" which was not provided a runtime value.",
			STR_FMT(type), STR_FMT(node->text));
}

static bool
complain_value(struct complaint *c, const struct literal *l,
	       const struct value *node)
{
	const struct value *v = node;

	if (node->kind == VALUE_VARIABLE)
		v = coerce_variable(l->op, l->vars, node->text);
	if (v->kind == VALUE_NULL)
		return complain(
			c, node->at,
			"of non-null type \"%.*s\" must not be null.",
			STR_FMT(coerce_type_text(c->arena, c->input->type)));
	return complain(c, node->at, "has invalid value %.*s.",
			STR_FMT(coerce_literal_text(c->arena, node)));
}

static const struct value *
find_argument(const struct argument *arg, struct str name)
{
	while (arg && !str_eq(arg->name, name))
		arg = arg->next;
	return arg ? arg->value : NULL;
}

static bool
read_argument(struct complaint *c, struct literal *l,
	      const struct selection *node, const struct value **ret)
{
	const struct schema_input *input = c->input;
	const struct value *v = find_argument(node->arguments, input->name);

	*ret = NULL;
	if (!v || (v->kind == VALUE_VARIABLE &&
		   !coerce_variable(l->op, l->vars, v->text))) {
		*ret = coerce_fallback(l, input);
		return *ret || input->type->kind != KIND_NON_NULL ||
		       complain_absent(c, node->at, v);
	}
	*ret = coerce_literal(l, input->type, v);
	return *ret || complain_value(c, l, v);
}

bool
coerce_arguments(const struct execution *e, const struct schema_field *field,
		 const struct selection *node, const struct value ***ret)
{
	struct literal l = {.arena = e->arena,
			    .op = e->op,
			    .vars = e->vars,
			    .open = e->open};

	*ret = ARENA_ARRAY(e->arena, const struct value *, field->nargs);
	for (size_t i = 0; i < field->nargs; i++) {
		struct complaint c = {e->arena, e->faults, &field->args[i]};

		if (!read_argument(&c, &l, node, &(*ret)[i]))
			return false;
	}
	return true;
}

/* ---- @skip and @include ---- */

static bool
says_true(const struct execution *e, const struct directive *d)
{
	const struct value *v = find_argument(d->arguments, STR("if"));

	if (v && v->kind == VALUE_VARIABLE) {
		v = coerce_variable(e->op, e->vars, v->text);
		if (e->open)
			++*e->open;
	}
	return v && v->kind == VALUE_BOOLEAN && str_eq(v->text, STR("true"));
}

bool
coerce_included(const struct execution *e, const struct directive *directives)
{
	for (const struct directive *d = directives; d; d = d->next) {
		bool skip = str_eq(d->name, STR("skip"));

		if ((skip || str_eq(d->name, STR("include"))) &&
		    says_true(e, d) == skip)
			return false;
	}
	return true;
}
