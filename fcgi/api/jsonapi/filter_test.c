#include "api/jsonapi/filter.h"
#include "core/json.h"
#include "core/type.h"

/* ---- names ---- */

static const struct relationship *
follow(struct filter_reader *r, struct filter_name *to, struct str name)
{
	const struct relationship *by =
		resource_relationship(to->resource, name);
	const struct resource *next;

	next = by ? resource_of(r->call->arena, by->to, to->resource->role)
		  : NULL;
	if (!next)
		return NULL;
	to->resource = next;
	to->way[to->nway++] = by;
	r->hops++;
	return by;
}

static struct err *
too_many_hops(struct filter_reader *r)
{
	return filter_error(r,
			    "A filter may go through %d relationships at most",
			    FILTER_HOPS_MAX);
}

static struct err *
read_name(struct filter_reader *r, const struct resource *of, struct str name,
	  struct filter_name *ret)
{
	*ret = (struct filter_name){.resource = of};
	for (;;) {
		struct str part = str_cut(&name, '.');

		ret->field = part;
		if (name.n == 0)
			return NULL;
		if (r->hops == FILTER_HOPS_MAX)
			return too_many_hops(r);
		if (!follow(r, ret, part))
			return filter_error(
				r,
				"There are no relationship '%.*s' defined in "
				"schema %.*s",
				STR_FMT(part), STR_FMT(ret->resource->schema));
	}
}

static struct err *
no_attribute(struct filter_reader *r, const struct resource *of,
	     struct str field)
{
	return filter_error(r, "%.*s has no attribute %.*s",
			    STR_FMT(of->schema), STR_FMT(field));
}

static struct err *
read_column(struct filter_reader *r, const struct filter_name *name,
	    const struct column **ret)
{
	*ret = resource_column(name->resource, name->field);
	return *ret ? NULL : no_attribute(r, name->resource, name->field);
}

/* ---- ways ---- */

/*
 * The part at the other end of a relationship: shared with other conditions
 * that go the same way, or with FILTER_SOME a row of its own.
 */
static const struct filter *
at_end(struct filter_reader *r, const struct relationship *by,
       enum filter_kind kind, const struct filter *part)
{
	struct filter *f;

	if (by->via) {
		f = filter_make(r, FILTER_THROUGH, 1);
		f->relation = (struct relation){.fkey = by->via};
		f->parts[f->n++] = part;
		part = f;
	}
	f = filter_make(r, kind, 1);
	f->relation = by->by;
	f->parts[f->n++] = part;
	return f;
}

static const struct filter *
along(struct filter_reader *r, const struct filter_name *name,
      const struct filter *part)
{
	for (size_t i = name->nway; i > 0; i--)
		part = at_end(r, name->way[i - 1], FILTER_THROUGH, part);
	return part;
}

/* ---- operators ---- */

static const struct filter *
compare(struct filter_reader *r, const struct column *c, enum plan_cmp cmp,
	struct str value)
{
	struct filter *f = filter_make(r, FILTER_TEST, 0);

	f->test = (struct condition){.column = c, .cmp = cmp, .value = value};
	return f;
}

/* What an operator is given: a value, or another column. */
struct operand {
	const struct column *column, *other;
	json_object *value; /* NULL: null */
	const struct operator* op;
};

struct operator
{
	const char *name;
	enum plan_cmp cmp;
	struct err *(*read)(struct filter_reader *, const struct operand *,
			    const struct filter **ret);
	const char *before, *behind; /* of a pattern */
	bool between_columns;	     /* may have "field" for "val" */
};

static struct err *
read_comparison(struct filter_reader *r, const struct operand *o,
		const struct filter **ret)
{
	struct str value;

	TRY(filter_value(r, o->column, o->value, &value));
	*ret = compare(r, o->column, o->op->cmp, value);
	return NULL;
}

/* Null equals null, as the source system has it. */
static struct err *
read_equality(struct filter_reader *r, const struct operand *o,
	      const struct filter **ret)
{
	bool yes = o->op->cmp == CMP_EQ;

	if (o->value)
		return read_comparison(r, o, ret);
	*ret = compare(r, o->column, yes ? CMP_IS_NULL : CMP_NOT_NULL,
		       (struct str){0});
	return NULL;
}

/* A bound of nothing holds nothing. */
static struct err *
read_order(struct filter_reader *r, const struct operand *o,
	   const struct filter **ret)
{
	if (o->value)
		return read_comparison(r, o, ret);
	*ret = compare(r, o->column, CMP_NOTHING, (struct str){0});
	return NULL;
}

static struct err *
read_list(struct filter_reader *r, const struct operand *o,
	  const struct filter **ret)
{
	struct str list;

	TRY(filter_values(r, o->column, o->value, &list));
	*ret = compare(r, o->column, o->op->cmp, list);
	return NULL;
}

static struct err *
read_between(struct filter_reader *r, const struct operand *o,
	     const struct filter **ret)
{
	struct filter *both = filter_make(r, FILTER_AND, 2);
	struct str value[2];

	if (!json_object_is_type(o->value, json_type_array) ||
	    json_object_array_length(o->value) != 2)
		return filter_error(
			r, "The operator between expects a list of two values");
	for (size_t i = 0; i < 2; i++) {
		json_object *bound = json_object_array_get_idx(o->value, i);

		if (!bound)
			return filter_error(r,
					    "A bound of between can't be null");
		TRY(filter_value(r, o->column, bound, &value[i]));
	}
	both->parts[both->n++] = compare(r, o->column, CMP_GTE, value[0]);
	both->parts[both->n++] = compare(r, o->column, CMP_LTE, value[1]);
	*ret = both;
	return NULL;
}

/* The text of a pattern, or of words. */
static struct err *
read_pattern(struct filter_reader *r, const struct operand *o,
	     const struct filter **ret)
{
	const char *before = o->op->before ? o->op->before : "";
	const char *behind = o->op->behind ? o->op->behind : "";
	struct str text = json_str(o->value);

	if (!json_object_is_type(o->value, json_type_string))
		return filter_error(r, "The operator %s expects a string",
				    o->op->name);
	if (str_find(text, '\0') < text.n)
		return filter_error(r, "NUL characters are not allowed");
	text = arena_printf(r->call->arena, "%s%.*s%s", before, STR_FMT(text),
			    behind);
	*ret = compare(r, o->column, o->op->cmp, text);
	return NULL;
}

static struct err *
read_json(struct filter_reader *r, const struct operand *o,
	  const struct filter **ret)
{
	struct str text = o->value ? str_of(json_object_to_json_string_ext(
					     o->value, JSON_C_TO_STRING_PLAIN))
				   : STR("null");

	if (o->column->type->kind != TYPE_JSON)
		return filter_error(r, "%.*s has no operator %s",
				    STR_FMT(o->column->name), o->op->name);
	*ret = compare(r, o->column, CMP_CONTAINS,
		       arena_str(r->call->arena, text));
	return NULL;
}

/* Names are compared without what is behind them in in_, is_, ... */
static const struct operator operators[] = {
	{"eq",	       CMP_EQ,	       read_equality, NULL, NULL, true },
	{"ne",	       CMP_DIFFERS,   read_equality, NULL, NULL, true },
	{"is",	       CMP_EQ,	       read_equality, NULL, NULL, true },
	{"isnot",	  CMP_NEQ,	   read_equality, NULL, NULL, true },
	{"is_not",	   CMP_NEQ,	    read_equality, NULL, NULL, true },
	{"lt",	       CMP_LT,	       read_order,	   NULL, NULL, true },
	{"le",	       CMP_LTE,	read_order,    NULL, NULL, true },
	{"gt",	       CMP_GT,	       read_order,	   NULL, NULL, true },
	{"ge",	       CMP_GTE,	read_order,    NULL, NULL, true },
	{"in",	       CMP_IN,	       read_list,	  NULL, NULL, false},
	{"notin",	  CMP_NONE_OF,   read_list,	  NULL, NULL, false},
	{"not_in",	   CMP_NONE_OF,	read_list,	   NULL, NULL, false},
	{"between",	    CMP_GTE,	     read_between,  NULL, NULL, false},
	{"like",		 CMP_LIKE,	   read_pattern,	 NULL, NULL, true },
	{"ilike",	  CMP_ILIKE,     read_pattern,  NULL, NULL, true },
	{"notlike",	    CMP_NOT_LIKE,  read_pattern,	NULL, NULL, true },
	{"not_like",	     CMP_NOT_LIKE,  read_pattern,	 NULL, NULL, true },
	{"notilike",	     CMP_NOT_ILIKE, read_pattern,  NULL, NULL, true },
	{"not_ilike",      CMP_NOT_ILIKE, read_pattern,  NULL, NULL, true },
	{"startswith",     CMP_LIKE,	 read_pattern,  NULL, "%",  false},
	{"endswith",	     CMP_LIKE,      read_pattern,  "%",  NULL, false},
	{"contains",	     CMP_LIKE,      read_pattern,  "%",  "%",  false},
	{"match",	  CMP_MATCH,     read_pattern,  NULL, NULL, false},
	{"jsonb_contains", CMP_CONTAINS,	 read_json,	    NULL, NULL, false},
};

static const struct operator* find_operator(struct str name)
{
	struct str bare =
		str_ends(name, STR("_")) ? str_sub(name, 0, name.n - 1) : name;

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (str_eq(str_of(operators[i].name), bare))
			return &operators[i];
	return NULL;
}

/* JSON can be looked into, and be null; it is neither less nor equal. */
static bool
takes(const struct column *c, const struct operand *o)
{
	bool null = !o->value && !o->other && o->op->read == read_equality;

	if (c->type->kind != TYPE_JSON)
		return o->op->cmp != CMP_CONTAINS;
	return null || o->op->cmp == CMP_CONTAINS;
}

/* ---- a condition ---- */

/* {"op": "any", "val": nested}: some row at the end of a relationship. */
static struct err *
read_some(struct filter_reader *r, struct filter_name *name, json_object *val,
	  const struct filter **ret)
{
	const struct resource *of = name->resource;
	const struct relationship *by = NULL;
	const struct filter *part;

	if (r->hops == FILTER_HOPS_MAX)
		return too_many_hops(r);
	by = follow(r, name, name->field);
	if (!by)
		return filter_error(r,
				    "There are no relationship '%.*s' defined "
				    "in schema %.*s",
				    STR_FMT(name->field), STR_FMT(of->schema));
	name->nway--;
	TRY(filter_node(r, name->resource, val, &part));
	*ret = along(r, name, at_end(r, by, FILTER_SOME, part));
	return NULL;
}

/* {"field": other}: a column of the same row in the place of a value. */
static struct err *
read_other(struct filter_reader *r, const struct filter_name *name,
	   struct operand *o, json_object *field, const struct filter **ret)
{
	struct filter_name other = *name;
	struct filter *f;

	other.field = json_str(field);
	TRY(read_column(r, &other, &o->other));
	if (!o->op->between_columns || !takes(o->column, o))
		return filter_error(r, "%.*s has no operator %s for a field",
				    STR_FMT(o->column->name), o->op->name);
	f = filter_make(r, FILTER_TEST, 0);
	f->test = (struct condition){
		.column = o->column, .cmp = o->op->cmp, .other = o->other};
	*ret = f;
	return NULL;
}

static struct err *
read_test(struct filter_reader *r, const struct filter_name *name,
	  json_object *condition, const struct filter **ret)
{
	struct str op = json_str(json_get(condition, "op"));
	struct operand *o = ARENA_NEW(r->call->arena, struct operand);

	o->op = find_operator(op);
	o->value = json_get(condition, "val");
	TRY(read_column(r, name, &o->column));
	if (!o->op)
		return filter_error(r, "%.*s has no operator %.*s",
				    STR_FMT(o->column->name), STR_FMT(op));
	if (json_has(condition, "field"))
		return read_other(r, name, o, json_get(condition, "field"),
				  ret);
	if (!o->value && !o->column->nullable)
		return filter_error(r, "The field `%.*s` can't be null",
				    STR_FMT(name->field));
	if (!takes(o->column, o))
		return filter_error(r, "%.*s has no operator %s",
				    STR_FMT(o->column->name), o->op->name);
	return o->op->read(r, o, ret);
}

struct err *
filter_test(struct filter_reader *r, const struct resource *of,
	    json_object *condition, const struct filter **ret)
{
	struct str op = json_str(json_get(condition, "op"));
	struct filter_name name;

	TRY(read_name(r, of, json_str(json_get(condition, "name")), &name));
	if (str_eq(op, STR("any")) || str_eq(op, STR("has")))
		return read_some(r, &name, json_get(condition, "val"), ret);
	TRY(read_test(r, &name, condition, ret));
	*ret = along(r, &name, *ret);
	return NULL;
}

struct err *
filter_equals(struct filter_reader *r, const struct resource *of,
	      struct str name, struct str value, const struct filter **ret)
{
	struct filter_name to;
	const struct column *c;
	struct str text;

	TRY(read_name(r, of, name, &to));
	TRY(read_column(r, &to, &c));
	if (c->type->kind == TYPE_JSON)
		return filter_error(r, "%.*s has no operator eq",
				    STR_FMT(c->name));
	TRY(filter_text(r, c, value, &text));
	*ret = along(r, &to, compare(r, c, CMP_EQ, text));
	return NULL;
}
