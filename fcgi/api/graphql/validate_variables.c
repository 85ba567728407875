/*
 * Variables: defined once and with a type to be given, used, and used where
 * their type may be.
 */
#include "api/graphql/validate_rules.h"

/* A wrapper of our own: the schema's types keep none that a client asks for. */
static const struct schema_type *
wrap(struct arena *a, enum schema_kind kind, const struct schema_type *of)
{
	struct schema_type *made;

	if (kind == KIND_LIST && of->list)
		return of->list;
	if (kind == KIND_NON_NULL && of->non_null)
		return of->non_null;
	made = ARENA_NEW(a, struct schema_type);
	made->kind = kind;
	made->of = of;
	return made;
}

/* The type that the source names, or NULL, which is a fault. */
static const struct schema_type *
resolve(struct validate *v, const struct type_node *node)
{
	const struct schema_type *type;

	if (node->of) {
		type = resolve(v, node->of);
		type = type ? wrap(v->arena, KIND_LIST, type) : NULL;
	} else {
		type = schema_type(v->schema, node->name);
		if (!type)
			validate_unknown_type(v, node->name, node->at);
	}
	return type && node->non_null ? wrap(v->arena, KIND_NON_NULL, type)
				      : type;
}

static void
check_definition(struct validate *v, struct variable *var)
{
	bool input;
	struct str t;

	var->input = resolve(v, var->type);
	input = var->input && schema_named(var->input)->kind != KIND_OBJECT;
	if (var->input && !input) {
		t = validate_node_text(v, var->type);
		VALIDATE_FAULT(v, &var->type->at, 1,
			       "Variable \"$%.*s\" cannot be non-input type "
			       "\"%.*s\".",
			       STR_FMT(var->name), STR_FMT(t));
	}
	if (var->fallback)
		validate_value(v, var->fallback,
			       (struct validate_place){
				       .type = input ? var->input : NULL});
	validate_directives(v, (struct validate_directives){
				       .first = var->directives,
				       .location = "VARIABLE_DEFINITION"});
}

enum {
	PLACES_MAX = 20 /* of one fault; more of the same tell nothing more */
};

static void
check_twice(struct validate *v, const struct variable *first)
{
	uint32_t at[PLACES_MAX];
	size_t n = 0;

	for (const struct variable *x = first; x && n < PLACES_MAX; x = x->next)
		if (str_eq(x->name, first->name))
			at[n++] = x->name_at;
	if (n > 1)
		VALIDATE_FAULT(v, at, n,
			       "There can be only one variable named "
			       "\"$%.*s\".",
			       STR_FMT(first->name));
}

void
validate_definitions(struct validate *v, struct operation *op)
{
	struct validate_map seen = {.arena = v->arena};

	for (struct variable *x = op->variables; x && !v->done; x = x->next) {
		void **at = validate_map_at(&seen, x->name);

		check_definition(v, x);
		if (!*at)
			*at = x;
	}
	for (struct variable *x = op->variables; x && !v->done; x = x->next)
		if (seen.n < op->nvariables &&
		    validate_map_get(&seen, x->name) == x)
			check_twice(v, x);
}

/*
 * Every Int is an ID as well, in a literal and in JSON (GraphQL §3.5.5).  The
 * default schema's own documents rely on it for variables, too; the reference
 * implementation does not allow that.
 */
static bool
is_int_for_id(const struct schema_type *x, const struct schema_type *y)
{
	return x->scalar == SCALAR_INT && y->scalar == SCALAR_ID;
}

/* Can a value of type x be where one of type y is wanted? */
static bool
is_subtype(const struct schema_type *x, const struct schema_type *y)
{
	while (!schema_same(x, y)) {
		if (y->kind == KIND_NON_NULL) {
			if (x->kind != KIND_NON_NULL)
				return false;
			x = x->of;
			y = y->of;
		} else if (x->kind == KIND_NON_NULL) {
			x = x->of;
		} else if (x->kind == KIND_LIST && y->kind == KIND_LIST) {
			x = x->of;
			y = y->of;
		} else {
			return is_int_for_id(x, y);
		}
	}
	return true;
}

/* A default, of either, makes up for a null that may come. */
static bool
is_allowed(const struct variable *var, const struct validate_usage *u)
{
	bool has_default = var->fallback && var->fallback->kind != VALUE_NULL;
	const struct schema_type *to = u->type;

	if (to->kind == KIND_NON_NULL && var->input->kind != KIND_NON_NULL) {
		if (!has_default && !u->has_default)
			return false;
		to = to->of;
	}
	return is_subtype(var->input, to);
}

static void
check_position(struct validate *v, const struct variable *var,
	       const struct validate_usage *u)
{
	uint32_t at[] = {var->at, u->node->at};
	struct str of, wanted;

	if (!is_allowed(var, u)) {
		of = validate_type_text(v, var->input);
		wanted = validate_type_text(v, u->type);
		VALIDATE_FAULT(v, at, 2,
			       "Variable \"$%.*s\" of type \"%.*s\" used in "
			       "position expecting type \"%.*s\".",
			       STR_FMT(var->name), STR_FMT(of),
			       STR_FMT(wanted));
	}
	if (u->parent && u->parent->kind == KIND_INPUT && u->parent->one_of &&
	    var->input->kind != KIND_NON_NULL) {
		of = validate_type_text(v, var->input);
		VALIDATE_FAULT(
			v, at, 2,
			"Variable \"$%.*s\" is of type \"%.*s\" but must "
			"be non-nullable to be used for OneOf Input "
			"Object \"%.*s\".",
			STR_FMT(var->name), STR_FMT(of),
			STR_FMT(u->parent->name));
	}
}

static void
undefined(struct validate *v, const struct operation *op,
	  const struct value *node)
{
	struct str by = STR("");

	if (op->name.n)
		by = arena_printf(v->arena, " by operation \"%.*s\"",
				  STR_FMT(op->name));
	VALIDATE_FAULT(v, ((uint32_t[]){node->at, op->at}), 2,
		       "Variable \"$%.*s\" is not defined%.*s.",
		       STR_FMT(node->text), STR_FMT(by));
}

/* What is known of an operation's variables while its uses are looked at. */
struct known {
	struct variable *last; /* of that name */
	bool used;
};

static void
check_usages(struct validate *v, const struct operation *op,
	     const struct validate_part *in, struct validate_map *known)
{
	for (struct validate_usage *u = in->usages; u && !v->done;
	     u = u->next) {
		struct known *k = validate_map_get(known, u->node->text);

		if (!k) {
			undefined(v, op, u->node);
			continue;
		}
		k->used = true;
		if (u->type && k->last->input)
			check_position(v, k->last, u);
	}
}

static void
check_unused(struct validate *v, const struct operation *op,
	     const struct validate_map *known)
{
	struct str in = STR("");

	if (op->name.n)
		in = arena_printf(v->arena, " in operation \"%.*s\"",
				  STR_FMT(op->name));
	for (struct variable *x = op->variables; x && !v->done; x = x->next) {
		struct known *k = validate_map_get(known, x->name);

		if (!k->used)
			VALIDATE_FAULT(v, &x->at, 1,
				       "Variable \"$%.*s\" is never used%.*s.",
				       STR_FMT(x->name), STR_FMT(in));
	}
}

void
validate_usages(struct validate *v, struct validate_part *part)
{
	const struct operation *op = part->operation;
	struct validate_map known = {.arena = v->arena};
	struct validate_part **reached;
	size_t n;

	for (struct variable *x = op->variables; x; x = x->next) {
		void **at = validate_map_at(&known, x->name);

		if (!*at)
			*at = ARENA_NEW(v->arena, struct known);
		((struct known *)*at)->last = x;
	}
	n = validate_reach(v, part, &reached);
	check_usages(v, op, part, &known);
	for (size_t i = 0; i < n && !v->done; i++)
		check_usages(v, op, reached[i], &known);
	check_unused(v, op, &known);
}
