/*
 * Literals: of the right type, no member twice, and where variables stand.
 */
#include "api/graphql/validate_rules.h"

/* What is said behind the scalar's name, and before the literal. */
static const char *const wants[] = {
	[SCALAR_INT] = "cannot represent non-integer value",
	[SCALAR_FLOAT] = "cannot represent non numeric value",
	[SCALAR_STRING] = "cannot represent a non string value",
	[SCALAR_BOOLEAN] = "cannot represent a non boolean value",
	[SCALAR_ID] = "cannot represent a non-string and non-integer value",
	[SCALAR_JSON] = NULL,
};

#define KIND(kind) (1u << (kind))

/* The kinds of literals that they take, a bit each; others take any. */
static const unsigned takes[] = {
	[SCALAR_INT] = KIND(VALUE_INT),
	[SCALAR_FLOAT] = KIND(VALUE_INT) | KIND(VALUE_FLOAT),
	[SCALAR_STRING] = KIND(VALUE_STRING),
	[SCALAR_BOOLEAN] = KIND(VALUE_BOOLEAN),
	[SCALAR_ID] = KIND(VALUE_INT) | KIND(VALUE_STRING),
};

static void
unexpected(struct validate *v, const struct value *value,
	   const struct schema_type *type)
{
	struct str t = validate_type_text(v, type);
	struct str found = validate_value_text(v, value);

	VALIDATE_FAULT(v, &value->at, 1,
		       "Expected value of type \"%.*s\", found %.*s.",
		       STR_FMT(t), STR_FMT(found));
}

static void
check_scalar(struct validate *v, const struct value *value,
	     const struct schema_type *type)
{
	int64_t n;
	struct str found;

	if (!wants[type->scalar])
		return;
	if (!(takes[type->scalar] & KIND(value->kind))) {
		found = validate_value_text(v, value);
		VALIDATE_FAULT(v, &value->at, 1, "%.*s %s: %.*s",
			       STR_FMT(type->name), wants[type->scalar],
			       STR_FMT(found));
		return;
	}
	if (type->scalar != SCALAR_INT)
		return;
	if (!str_int(value->text, &n) || n > INT32_MAX || n < INT32_MIN)
		VALIDATE_FAULT(v, &value->at, 1,
			       "%.*s cannot represent non 32-bit signed "
			       "integer value: %.*s",
			       STR_FMT(type->name), STR_FMT(value->text));
}

static void
check_enum(struct validate *v, const struct value *value,
	   const struct schema_type *type)
{
	struct validate_names names = {type->values, type->n,
				       sizeof(*type->values)};
	struct str found, hint;

	if ((value->kind == VALUE_ENUM ||
	     (value->kind == VALUE_STRING && type->texts)) &&
	    schema_value(type, value->text))
		return;
	found = validate_value_text(v, value);
	hint = validate_hint(v, "the enum value ", found, names);
	if (value->kind == VALUE_ENUM)
		VALIDATE_FAULT(v, &value->at, 1,
			       "Value \"%.*s\" does not exist in \"%.*s\" "
			       "enum.%.*s",
			       STR_FMT(found), STR_FMT(type->name),
			       STR_FMT(hint));
	else
		VALIDATE_FAULT(v, &value->at, 1,
			       "Enum \"%.*s\" cannot represent non-enum "
			       "value: %.*s.%.*s",
			       STR_FMT(type->name), STR_FMT(found),
			       STR_FMT(hint));
}

/* A value that is taken whole; `type` is what its place wants, wrapped. */
static void
check_whole(struct validate *v, const struct value *value,
	    const struct schema_type *type)
{
	const struct schema_type *named;

	if (!type)
		return;
	named = schema_named(type);
	if (named->kind == KIND_SCALAR)
		check_scalar(v, value, named);
	else if (named->kind == KIND_ENUM)
		check_enum(v, value, named);
	else
		unexpected(v, value, type);
}

static const struct schema_type *
nullable(const struct schema_type *type)
{
	return type && type->kind == KIND_NON_NULL ? type->of : type;
}

/* No member of the object twice, wherever it stands. */
static void
check_unique(struct validate *v, const struct value *object)
{
	struct validate_map seen = {.arena = v->arena};

	if (object->n < 2)
		return;
	for (struct value *m = object->first; m && !v->done; m = m->next) {
		void **first = validate_map_at(&seen, m->name);

		if (!*first) {
			*first = m;
			continue;
		}
		VALIDATE_FAULT(v,
			       ((uint32_t[]){((struct value *)*first)->name_at,
					     m->name_at}),
			       2,
			       "There can be only one input field named "
			       "\"%.*s\".",
			       STR_FMT(m->name));
	}
}

static bool
has_member(const struct value *object, struct str name)
{
	for (const struct value *m = object->first; m; m = m->next)
		if (str_eq(m->name, name))
			return true;
	return false;
}

static void
check_required(struct validate *v, const struct value *object,
	       const struct schema_type *type)
{
	for (size_t i = 0; i < type->n; i++) {
		const struct schema_input *in = &type->inputs[i];
		struct str t;

		if (in->type->kind != KIND_NON_NULL || in->fallback.n ||
		    has_member(object, in->name))
			continue;
		t = validate_type_text(v, in->type);
		VALIDATE_FAULT(v, &object->at, 1,
			       "Field \"%.*s.%.*s\" of required type "
			       "\"%.*s\" was not provided.",
			       STR_FMT(type->name), STR_FMT(in->name),
			       STR_FMT(t));
	}
}

/* Of an object type of which one member is to be given, and not as null. */
static void
check_one_of(struct validate *v, const struct value *object,
	     const struct schema_type *type)
{
	const struct value *first = object->first, *last = first;

	for (const struct value *m = first; m; m = m->next, last = m ? m : last)
		if (!str_eq(m->name, first->name)) {
			first = NULL;
			break;
		}
	if (!first)
		VALIDATE_FAULT(v, &object->at, 1,
			       "OneOf Input Object \"%.*s\" must specify "
			       "exactly one key.",
			       STR_FMT(type->name));
	else if (last->kind == VALUE_NULL)
		VALIDATE_FAULT(v, &object->at, 1,
			       "Field \"%.*s.%.*s\" must be non-null.",
			       STR_FMT(type->name), STR_FMT(first->name));
}

static void
check_member(struct validate *v, const struct value *m,
	     struct validate_place place, const struct schema_type *of)
{
	const struct schema_input *in = of ? schema_member(of, m->name) : NULL;
	struct str hint;

	place.parent = place.type;
	place.type = in ? in->type : NULL;
	place.has_default = in && in->fallback.n;
	if (!in && of && of->kind == KIND_INPUT && !place.unchecked) {
		hint = validate_hint(
			v, "", m->name,
			(struct validate_names){of->inputs, of->n,
						sizeof(*of->inputs)});
		VALIDATE_FAULT(v, &m->name_at, 1,
			       "Field \"%.*s\" is not defined by type "
			       "\"%.*s\".%.*s",
			       STR_FMT(m->name), STR_FMT(of->name),
			       STR_FMT(hint));
	}
	validate_value(v, m, place);
}

static void
check_object(struct validate *v, const struct value *object,
	     struct validate_place place)
{
	const struct schema_type *of =
		place.type ? schema_named(place.type) : NULL;

	check_unique(v, object);
	if (!place.unchecked && of && of->kind == KIND_INPUT) {
		check_required(v, object, of);
		if (of->one_of)
			check_one_of(v, object, of);
	} else if (!place.unchecked) {
		check_whole(v, object, place.type);
		place.unchecked = true;
	}
	for (const struct value *m = object->first; m && !v->done; m = m->next)
		check_member(v, m, place, of);
}

static void
check_list(struct validate *v, const struct value *list,
	   struct validate_place place)
{
	const struct schema_type *type = nullable(place.type);
	bool wanted = type && type->kind == KIND_LIST;

	if (!wanted && !place.unchecked) {
		check_whole(v, list, type);
		place.unchecked = true;
	}
	place.parent = place.type;
	place.type = wanted ? type->of : type;
	place.has_default = false;
	for (const struct value *m = list->first; m && !v->done; m = m->next)
		validate_value(v, m, place);
}

static void
note_usage(struct validate *v, const struct value *value,
	   const struct validate_place *place)
{
	struct validate_part *part = place->part;
	struct validate_usage *u;

	if (!part)
		return;
	u = ARENA_NEW(v->arena, struct validate_usage);
	*u = (struct validate_usage){.node = value,
				     .type = place->type,
				     .parent = place->parent,
				     .has_default = place->has_default};
	*part->end = u;
	part->end = &u->next;
	part->nusages++;
}

void
validate_value(struct validate *v, const struct value *value,
	       struct validate_place place)
{
	switch (value->kind) {
	case VALUE_VARIABLE:
		note_usage(v, value, &place);
		break;
	case VALUE_LIST:
		check_list(v, value, place);
		break;
	case VALUE_OBJECT:
		check_object(v, value, place);
		break;
	case VALUE_NULL:
		if (!place.unchecked && place.type &&
		    place.type->kind == KIND_NON_NULL)
			unexpected(v, value, place.type);
		break;
	default:
		if (!place.unchecked)
			check_whole(v, value, place.type);
	}
}
