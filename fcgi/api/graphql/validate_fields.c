/*
 * Selections, each with the type that it is on: fields that exist, leaves
 * without and objects with fields of their own, fragments that can apply.
 */
#include "api/graphql/validate_rules.h"

/* What a selection is in. */
struct around {
	struct validate_part *part;
	const struct schema_type *parent; /* an object type, or NULL */
	const struct schema_field *field; /* or NULL */
};

static void check_selections(struct validate *v, struct selection *first,
			     struct around around);

static void
unknown_field(struct validate *v, const struct selection *node,
	      const struct schema_type *on)
{
	struct validate_names names = {on->fields, on->n, sizeof(*on->fields)};
	struct str hint = validate_hint(v, "", node->name, names);

	VALIDATE_FAULT(v, &node->at, 1,
		       "Cannot query field \"%.*s\" on type \"%.*s\".%.*s",
		       STR_FMT(node->name), STR_FMT(on->name), STR_FMT(hint));
}

static void
check_leaf(struct validate *v, const struct selection *node,
	   const struct schema_type *type)
{
	bool leaf = schema_named(type)->kind != KIND_OBJECT;
	struct str t;

	if (leaf == !node->selections)
		return;
	t = validate_type_text(v, type);
	if (leaf)
		VALIDATE_FAULT(v, &node->selections_at, 1,
			       "Field \"%.*s\" must not have a selection since "
			       "type \"%.*s\" has no subfields.",
			       STR_FMT(node->name), STR_FMT(t));
	else
		VALIDATE_FAULT(v, &node->at, 1,
			       "Field \"%.*s\" of type \"%.*s\" must have a "
			       "selection of subfields. Did you mean "
			       "\"%.*s { ... }\"?",
			       STR_FMT(node->name), STR_FMT(t),
			       STR_FMT(node->name));
}

/* `on` has the field, or it is unknown and so are its arguments. */
static void
check_arguments(struct validate *v, struct validate_part *part,
		const struct selection *node, const struct schema_type *on)
{
	struct validate_arguments args = {
		.part = part, .first = node->arguments, .at = node->at};

	if (node->field) {
		args.defs = node->field->args;
		args.ndefs = node->field->nargs;
		args.type = on->name;
		args.name = node->name;
	}
	validate_arguments(v, args);
}

static void
check_field(struct validate *v, struct selection *node, struct around around)
{
	const struct schema_type *on = around.parent;
	const struct schema_field *f =
		on ? schema_field(v->schema, on, node->name) : NULL;

	node->field = f;
	around.field = f;
	around.parent = f ? validate_parent(f->type) : NULL;
	if (f)
		check_leaf(v, node, f->type);
	else if (on)
		unknown_field(v, node, on);
	check_arguments(v, around.part, node, on);
	validate_directives(v, (struct validate_directives){around.part,
							    node->directives,
							    "FIELD", f});
	check_selections(v, node->selections, around);
}

static void
impossible(struct validate *v, const struct selection *node,
	   const struct schema_type *on, const struct schema_type *type)
{
	struct str name = STR("");

	if (node->kind == SELECT_SPREAD)
		name = arena_printf(v->arena, " \"%.*s\"", STR_FMT(node->name));
	VALIDATE_FAULT(v, &node->at, 1,
		       "Fragment%.*s cannot be spread here as objects of type "
		       "\"%.*s\" can never be of type \"%.*s\".",
		       STR_FMT(name), STR_FMT(on->name), STR_FMT(type->name));
}

/* The type of a condition; a fault where no fragment can be on it. */
static const struct schema_type *
condition(struct validate *v, const char *name, struct str on, uint32_t at)
{
	const struct schema_type *type = schema_type(v->schema, on);

	if (!type)
		validate_unknown_type(v, on, at);
	else if (type->kind != KIND_OBJECT)
		VALIDATE_FAULT(v, &at, 1,
			       "Fragment%s cannot condition on non composite "
			       "type \"%.*s\".",
			       name, STR_FMT(on));
	return type;
}

static void
check_inline(struct validate *v, const struct selection *node,
	     struct around around)
{
	const struct schema_type *on = around.parent;

	if (node->on.n)
		around.parent = validate_parent(
			condition(v, "", node->on, node->on_at));
	if (on && around.parent && on != around.parent)
		impossible(v, node, on, around.parent);
	validate_directives(v, (struct validate_directives){
				       around.part, node->directives,
				       "INLINE_FRAGMENT", around.field});
	check_selections(v, node->selections, around);
}

static void
check_spread(struct validate *v, const struct selection *node,
	     const struct around *around)
{
	const struct validate_part *to = validate_fragment(v, node->name);
	const struct schema_type *type = to ? validate_parent(to->on) : NULL;

	if (!to)
		VALIDATE_FAULT(v, &node->name_at, 1,
			       "Unknown fragment \"%.*s\".",
			       STR_FMT(node->name));
	if (around->parent && type && around->parent != type)
		impossible(v, node, around->parent, type);
	validate_directives(v, (struct validate_directives){
				       around->part, node->directives,
				       "FRAGMENT_SPREAD", around->field});
}

static void
check_selections(struct validate *v, struct selection *first,
		 struct around around)
{
	for (struct selection *s = first; s && !v->done; s = s->next)
		if (s->kind == SELECT_FIELD)
			check_field(v, s, around);
		else if (s->kind == SELECT_INLINE)
			check_inline(v, s, around);
		else
			check_spread(v, s, &around);
}

static void
check_fragment(struct validate *v, struct validate_part *part)
{
	const struct fragment *f = part->fragment;
	struct str name = arena_printf(v->arena, " \"%.*s\"", STR_FMT(f->name));

	condition(v, name.p, f->on, f->on_at);
	validate_directives(
		v, (struct validate_directives){part, f->directives,
						"FRAGMENT_DEFINITION", NULL});
	check_selections(
		v, f->selections,
		(struct around){part, validate_parent(part->on), NULL});
}

static void
check_operation(struct validate *v, struct validate_part *part)
{
	static const char *const locations[] = {
		[OPERATION_QUERY] = "QUERY",
		[OPERATION_MUTATION] = "MUTATION",
		[OPERATION_SUBSCRIPTION] = "SUBSCRIPTION",
	};
	const struct operation *op = part->operation;

	validate_directives(
		v, (struct validate_directives){part, op->directives,
						locations[op->kind], NULL});
	check_selections(v, op->selections,
			 (struct around){part, part->on, NULL});
}

void
validate_fields(struct validate *v, struct validate_part *part)
{
	if (part->operation)
		check_operation(v, part);
	else
		check_fragment(v, part);
}
