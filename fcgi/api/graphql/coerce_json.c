#include "api/graphql/coerce_value.h"
#include "core/json.h"

/* ---- faults ---- */

void
coerce_refuse(struct given *g, const char *fmt, ...)
{
	va_list args;
	struct str why;

	va_start(args, fmt);
	why = arena_vprintf(g->arena, fmt, args);
	va_end(args);
	if (fault_add(g->faults, &g->variable->at, 1, "Variable \"$%.*s\" %.*s",
		      STR_FMT(g->variable->name), STR_FMT(why)))
		fault_last(g->faults)->code = "BAD_USER_INPUT";
}

/* " at \"x.a[0]\"", or nothing at the variable itself. */
static struct str
place(struct given *g, const struct path *path)
{
	struct str all = STR("");

	if (!path)
		return all;
	for (; path; path = path->up)
		all = path->key.p
			      ? arena_printf(g->arena, ".%.*s%.*s",
					     STR_FMT(path->key), STR_FMT(all))
			      : arena_printf(g->arena, "[%zu]%.*s", path->index,
					     STR_FMT(all));
	return arena_printf(g->arena, " at \"%.*s%.*s\"",
			    STR_FMT(g->variable->name), STR_FMT(all));
}

__attribute__((format(printf, 4, 5))) static struct value *
invalid(struct given *g, json_object *o, const struct path *path,
	const char *fmt, ...)
{
	va_list args;
	struct str why;

	va_start(args, fmt);
	why = arena_vprintf(g->arena, fmt, args);
	va_end(args);
	coerce_refuse(g, "got invalid value %.*s%.*s; %.*s",
		      STR_FMT(coerce_json_text(g->arena, o)),
		      STR_FMT(place(g, path)), STR_FMT(why));
	return NULL;
}

/* ---- scalars and enums ---- */

static const char *const complaints[] = {
	[SCALAR_INT] = "Int cannot represent non-integer value",
	[SCALAR_FLOAT] = "Float cannot represent non numeric value",
	[SCALAR_STRING] = "String cannot represent a non string value",
	[SCALAR_BOOLEAN] = "Boolean cannot represent a non boolean value",
	[SCALAR_ID] = "ID cannot represent value",
	[SCALAR_JSON] = NULL,
};

static struct value *
refuse_leaf(struct given *g, const struct schema_type *type, json_object *o,
	    const struct path *path)
{
	struct str name = type->name;
	struct str text = coerce_json_text(g->arena, o);

	if (type->kind == KIND_ENUM &&
	    !json_object_is_type(o, json_type_string))
		return invalid(g, o, path,
			       "Enum \"%.*s\" cannot represent non-string "
			       "value: %.*s.",
			       STR_FMT(name), STR_FMT(text));
	if (type->kind == KIND_ENUM)
		return invalid(
			g, o, path,
			"Value \"%.*s\" does not exist in \"%.*s\" enum.",
			STR_FMT(json_str(o)), STR_FMT(name));
	if (!complaints[type->scalar])
		return invalid(g, o, path, "Expected type \"%.*s\".",
			       STR_FMT(name));
	return invalid(g, o, path, "%s: %.*s", complaints[type->scalar],
		       STR_FMT(text));
}

static struct value *
new_value(struct given *g, enum value_kind kind)
{
	struct value *v = ARENA_NEW(g->arena, struct value);

	v->kind = kind;
	v->at = g->variable->at;
	return v;
}

/* What JSON says, whatever the type; lists and objects are empty yet. */
static struct value *
raw(struct given *g, json_object *o)
{
	static const enum value_kind kinds[] = {
		[json_type_null] = VALUE_NULL,
		[json_type_boolean] = VALUE_BOOLEAN,
		[json_type_double] = VALUE_FLOAT,
		[json_type_int] = VALUE_INT,
		[json_type_object] = VALUE_OBJECT,
		[json_type_array] = VALUE_LIST,
		[json_type_string] = VALUE_STRING,
	};
	struct value *v = new_value(g, kinds[json_object_get_type(o)]);

	if (v->kind == VALUE_STRING)
		v->text = json_str(o);
	else if (v->kind == VALUE_INT || v->kind == VALUE_FLOAT ||
		 v->kind == VALUE_BOOLEAN)
		v->text =
			arena_str(g->arena, str_of(json_object_get_string(o)));
	return v;
}

static struct value *
read_leaf(struct given *g, const struct schema_type *type, json_object *o,
	  const struct path *path)
{
	struct value *v = raw(g, o);

	switch (coerce_leaf(g->arena, type, true, v)) {
	case LEAF_FINE:
		return v;
	case LEAF_RANGE:
		return invalid(g, o, path,
			       "Int cannot represent non 32-bit signed "
			       "integer value: %.*s",
			       STR_FMT(v->text));
	default:
		return refuse_leaf(g, type, o, path);
	}
}

/* ---- any JSON ---- */

static struct value *
read_any(struct given *g, json_object *o)
{
	struct value *v = raw(g, o), **end = &v->first;

	if (++g->depth > COERCE_DEPTH_MAX) {
		coerce_refuse(g, "got a value that is nested too deeply.");
		v->kind = VALUE_NULL;
	}
	if (v->kind == VALUE_LIST)
		for (; v->n < json_object_array_length(o); v->n++) {
			*end = read_any(g, json_object_array_get_idx(o, v->n));
			end = &(*end)->next;
		}
	if (v->kind == VALUE_OBJECT) {
		json_object_object_foreach(o, name, member)
		{
			*end = read_any(g, member);
			(*end)->name = str_of(name);
			end = &(*end)->next;
			v->n++;
		}
	}
	g->depth--;
	return v;
}

/* ---- lists ---- */

static struct value *
read_list(struct given *g, const struct schema_type *type, json_object *o,
	  const struct path *path)
{
	struct value *list = new_value(g, VALUE_LIST), **end = &list->first;
	size_t n = 1;
	bool many = json_object_is_type(o, json_type_array), fine = true;

	if (many)
		n = json_object_array_length(o);
	for (size_t i = 0; i < n; i++) {
		struct path item = {.up = path, .index = i};
		struct value *v = coerce_json(
			g, type->of, many ? json_object_array_get_idx(o, i) : o,
			many ? &item : path);

		fine = fine && v;
		if (!v)
			continue;
		*end = v;
		end = &v->next;
		list->n++;
	}
	return fine ? list : NULL;
}

/* ---- input objects ---- */

/* One that is being read: keys that have a value are counted, bad or not. */
struct members {
	json_object *o;
	const struct path *path;
	struct value *object, **end;
	bool bad;
	size_t keys;
	const struct schema_input *first;
	bool first_null;
};

static void
append(struct members *m, const struct schema_input *input, struct value *v)
{
	if (!m->keys++) {
		m->first = input;
		m->first_null = v && v->kind == VALUE_NULL;
	}
	if (!v) {
		m->bad = true;
		return;
	}
	v->name = input->name;
	*m->end = v;
	m->end = &v->next;
	m->object->n++;
}

static void
read_absent(struct given *g, struct members *m,
	    const struct schema_input *input)
{
	struct literal l = {.arena = g->arena, .depth = g->depth};

	if (input->fallback.n) {
		append(m, input, coerce_fallback(&l, input));
	} else if (input->type->kind == KIND_NON_NULL) {
		invalid(g, m->o, m->path,
			"Field \"%.*s\" of required type \"%.*s\" was not "
			"provided.",
			STR_FMT(input->name),
			STR_FMT(coerce_type_text(g->arena, input->type)));
		m->bad = true;
	}
}

static void
read_member(struct given *g, struct members *m,
	    const struct schema_input *input)
{
	struct path path = {.up = m->path, .key = input->name};
	json_object *member;

	if (json_object_object_get_ex(m->o, arena_str(g->arena, input->name).p,
				      &member))
		append(m, input, coerce_json(g, input->type, member, &path));
	else
		read_absent(g, m, input);
}

static void
check_names(struct given *g, struct members *m, const struct schema_type *type)
{
	json_object_object_foreach(m->o, name, member)
	{
		(void)member;
		if (schema_member(type, str_of(name)))
			continue;
		invalid(g, m->o, m->path,
			"Field \"%s\" is not defined by type \"%.*s\".", name,
			STR_FMT(type->name));
		m->bad = true;
	}
}

static void
check_one_of(struct given *g, struct members *m, const struct schema_type *type)
{
	struct path path = {.up = m->path};

	if (m->keys != 1) {
		invalid(g, m->o, m->path,
			"Exactly one key must be specified for OneOf type "
			"\"%.*s\".",
			STR_FMT(type->name));
		m->bad = true;
	}
	if (m->keys && m->first_null) {
		path.key = m->first->name;
		invalid(g, NULL, &path, "Field \"%.*s\" must be non-null.",
			STR_FMT(m->first->name));
		m->bad = true;
	}
}

static struct value *
read_object(struct given *g, const struct schema_type *type, json_object *o,
	    const struct path *path)
{
	struct members m = {
		.o = o, .path = path, .object = new_value(g, VALUE_OBJECT)};

	if (!json_object_is_type(o, json_type_object))
		return invalid(g, o, path,
			       "Expected type \"%.*s\" to be an object.",
			       STR_FMT(type->name));
	m.end = &m.object->first;
	for (size_t i = 0; i < type->n; i++)
		read_member(g, &m, &type->inputs[i]);
	check_names(g, &m, type);
	if (type->one_of)
		check_one_of(g, &m, type);
	return m.bad ? NULL : m.object;
}

/* ---- everything ---- */

static struct value *
read_value(struct given *g, const struct schema_type *type, json_object *o,
	   const struct path *path)
{
	if (type->kind == KIND_LIST)
		return read_list(g, type, o, path);
	if (type->kind == KIND_INPUT)
		return read_object(g, type, o, path);
	if (type->scalar == SCALAR_JSON)
		return read_any(g, o);
	return read_leaf(g, type, o, path);
}

struct value *
coerce_json(struct given *g, const struct schema_type *type, json_object *o,
	    const struct path *path)
{
	const struct schema_type *inner = type;
	struct value *v;

	if (type->kind == KIND_NON_NULL)
		inner = type->of;
	if (!o && inner != type)
		return invalid(g, o, path,
			       "Expected non-nullable type \"%.*s\" not to be "
			       "null.",
			       STR_FMT(coerce_type_text(g->arena, type)));
	if (!o)
		return new_value(g, VALUE_NULL);
	if (g->depth >= COERCE_DEPTH_MAX) {
		coerce_refuse(g, "got a value that is nested too deeply.");
		return NULL;
	}
	g->depth++;
	v = read_value(g, inner, o, path);
	g->depth--;
	return v;
}
