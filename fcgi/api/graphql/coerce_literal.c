#include "api/graphql/coerce_value.h"
#include "api/graphql/parse.h"

const struct value *
coerce_variable(const struct operation *op, const struct value *const *vars,
		struct str name)
{
	const struct variable *v = op ? op->variables : NULL;

	while (v && !str_eq(v->name, name))
		v = v->next;
	return v ? vars[v->index] : NULL;
}

static const struct value *
variable(const struct literal *l, const struct value *v)
{
	return coerce_variable(l->op, l->vars, v->text);
}

static bool
is_missing(const struct literal *l, const struct value *v)
{
	return v->kind == VALUE_VARIABLE && !variable(l, v);
}

/* The same once more, for another list; what is in it is shared. */
static struct value *
copy(struct literal *l, const struct value *v)
{
	struct value *ret = ARENA_NEW(l->arena, struct value);

	*ret = *v;
	ret->next = NULL;
	ret->name = STR("");
	return ret;
}

static struct value *
null_at(struct literal *l, const struct value *v)
{
	struct value *ret = ARENA_NEW(l->arena, struct value);

	ret->kind = VALUE_NULL;
	ret->at = v->at;
	return ret;
}

/* A copy of a list or an object that has nothing in it. */
static struct value *
empty(struct literal *l, const struct value *v, enum value_kind kind)
{
	struct value *ret = copy(l, v);

	ret->kind = kind;
	ret->text = STR("");
	ret->first = NULL;
	ret->n = 0;
	return ret;
}

static struct value *
read_variable(struct literal *l, const struct schema_type *type,
	      const struct value *v)
{
	const struct value *value = variable(l, v);

	if (!value ||
	    (value->kind == VALUE_NULL && type->kind == KIND_NON_NULL))
		return NULL;
	if (!l->open || value->kind == VALUE_NULL)
		return copy(l, value);
	++*l->open;
	return copy(l, v);
}

/* ---- any value ---- */

/* Variables that have no value are null in a list, absent in an object. */
static struct value *
read_any(struct literal *l, const struct value *v)
{
	struct value *ret, **end;

	if (v->kind == VALUE_VARIABLE && l->open)
		++*l->open;
	if (v->kind == VALUE_VARIABLE)
		return variable(l, v) ? copy(l, variable(l, v)) : null_at(l, v);
	if (v->kind != VALUE_LIST && v->kind != VALUE_OBJECT)
		return copy(l, v);
	ret = empty(l, v, v->kind);
	end = &ret->first;
	for (const struct value *i = v->first; i; i = i->next) {
		if (v->kind == VALUE_OBJECT && is_missing(l, i))
			continue;
		*end = read_any(l, i);
		(*end)->name = i->name;
		(*end)->name_at = i->name_at;
		end = &(*end)->next;
		ret->n++;
	}
	return ret;
}

/* ---- lists ---- */

static struct value *
read_item(struct literal *l, const struct schema_type *type,
	  const struct value *v)
{
	if (is_missing(l, v) && type->kind != KIND_NON_NULL)
		return null_at(l, v);
	return coerce_literal(l, type, v);
}

static struct value *
read_list(struct literal *l, const struct schema_type *type,
	  const struct value *v)
{
	struct value *ret = empty(l, v, VALUE_LIST), **end = &ret->first;
	bool many = v->kind == VALUE_LIST;

	for (const struct value *i = many ? v->first : v; i;
	     i = many ? i->next : NULL) {
		*end = read_item(l, type->of, i);
		if (!*end)
			return NULL;
		end = &(*end)->next;
		ret->n++;
	}
	return ret;
}

/* ---- input objects ---- */

struct value *
coerce_fallback(struct literal *l, const struct schema_input *input)
{
	struct literal constant = {.arena = l->arena, .depth = l->depth};
	struct value *v;

	if (!input->fallback.n)
		return NULL;
	v = parse_constant(l->arena, input->fallback);
	return v ? coerce_literal(&constant, input->type, v) : NULL;
}

static const struct value *
member(const struct value *object, struct str name)
{
	const struct value *v = object->first;

	while (v && !str_eq(v->name, name))
		v = v->next;
	return v;
}

/* False when it is none of the type; *ret NULL when it is absent. */
static bool
read_member(struct literal *l, const struct schema_input *input,
	    const struct value *object, struct value **ret)
{
	const struct value *v = member(object, input->name);

	*ret = NULL;
	if (v && !is_missing(l, v)) {
		*ret = coerce_literal(l, input->type, v);
		if (!*ret)
			return false;
		(*ret)->name_at = v->name_at;
	} else if (input->fallback.n) {
		*ret = coerce_fallback(l, input);
	} else {
		return input->type->kind != KIND_NON_NULL;
	}
	if (*ret)
		(*ret)->name = input->name;
	return *ret != NULL;
}

static struct value *
read_object(struct literal *l, const struct schema_type *type,
	    const struct value *v)
{
	struct value *ret, **end;

	if (v->kind != VALUE_OBJECT)
		return NULL;
	ret = empty(l, v, VALUE_OBJECT);
	end = &ret->first;
	for (size_t i = 0; i < type->n; i++) {
		if (!read_member(l, &type->inputs[i], v, end))
			return NULL;
		if (!*end)
			continue;
		end = &(*end)->next;
		ret->n++;
	}
	if (type->one_of && (ret->n != 1 || ret->first->kind == VALUE_NULL))
		return NULL;
	return ret;
}

/* ---- everything ---- */

static struct value *
read_leaf(struct literal *l, const struct schema_type *type,
	  const struct value *v)
{
	struct value *ret;

	if (v->kind == VALUE_LIST || v->kind == VALUE_OBJECT)
		return NULL;
	ret = copy(l, v);
	return coerce_leaf(l->arena, type, false, ret) == LEAF_FINE ? ret
								    : NULL;
}

static struct value *
read_value(struct literal *l, const struct schema_type *type,
	   const struct value *v)
{
	if (type->kind == KIND_LIST)
		return read_list(l, type, v);
	if (type->kind == KIND_INPUT)
		return read_object(l, type, v);
	if (type->scalar == SCALAR_JSON)
		return read_any(l, v);
	return read_leaf(l, type, v);
}

struct value *
coerce_literal(struct literal *l, const struct schema_type *type,
	       const struct value *v)
{
	struct value *ret;

	if (v->kind == VALUE_VARIABLE)
		return read_variable(l, type, v);
	if (v->kind == VALUE_NULL)
		return type->kind == KIND_NON_NULL ? NULL : null_at(l, v);
	if (l->depth >= COERCE_DEPTH_MAX)
		return NULL;
	if (type->kind == KIND_NON_NULL)
		type = type->of;
	l->depth++;
	ret = read_value(l, type, v);
	l->depth--;
	return ret;
}
