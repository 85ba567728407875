#include "api/jsonapi/filter.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/json.h"

struct err *
filter_error(struct filter_reader *r, const char *fmt, ...)
{
	bool strict = jsonapi_of(r->call)->strict;
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return jsonapi_bad_query(r->call, strict ? "filter" : "filters", "%s",
				 text);
}

struct filter *
filter_make(struct filter_reader *r, enum filter_kind kind, size_t max)
{
	struct filter *f = ARENA_NEW(r->call->arena, struct filter);

	f->kind = kind;
	f->parts = ARENA_ARRAY(r->call->arena, const struct filter *, max);
	return f;
}

/* ---- logic ---- */

static const char *
type_name(json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return "dict";
	case json_type_array:
		return "list";
	case json_type_string:
		return "str";
	case json_type_int:
		return "int";
	case json_type_double:
		return "float";
	case json_type_boolean:
		return "bool";
	default:
		return "NoneType";
	}
}

static struct err *
wrong_format(struct filter_reader *r, const char *expected, json_object *got)
{
	return filter_error(r,
			    "Incorrect filters format, expected %s but got %s",
			    expected, type_name(got));
}

/* All parts of a list as one filter. */
static struct err *
read_list(struct filter_reader *r, const struct resource *of, json_object *list,
	  enum filter_kind kind, const struct filter **ret)
{
	struct filter *f;
	size_t n;

	if (!json_object_is_type(list, json_type_array))
		return wrong_format(r, "list of conditions", list);
	n = json_object_array_length(list);
	f = filter_make(r, kind, n);
	for (size_t i = 0; i < n; i++)
		TRY(filter_node(r, of, json_object_array_get_idx(list, i),
				&f->parts[f->n++]));
	*ret = f;
	return NULL;
}

/* {'a', 'b'}: the members, as the source system prints a set of them. */
static struct str
members(struct filter_reader *r, json_object *node)
{
	struct buf b = buf_new(64 * 1024);
	const char *comma = "{";
	struct str text;

	json_object_object_foreach(node, name, value)
	{
		(void)value;
		buf_printf(&b, "%s'%s'", comma, name);
		comma = ", ";
	}
	buf_char(&b, '}');
	text = arena_str(r->call->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

#define LOGIC "{'and', 'not', 'or'}"

static struct err *
read_logic(struct filter_reader *r, const struct resource *of,
	   json_object *node, const struct filter **ret)
{
	int n = json_object_object_length(node);
	struct str names = members(r, node);
	struct filter *negation;
	json_object *parts;

	if (n != 1)
		return filter_error(r,
				    "In each logic node expected one of "
				    "operators: " LOGIC " but got %d: %.*s",
				    n, STR_FMT(n ? names : STR("{}")));
	if (json_object_object_get_ex(node, "and", &parts))
		return read_list(r, of, parts, FILTER_AND, ret);
	if (json_object_object_get_ex(node, "or", &parts))
		return read_list(r, of, parts, FILTER_OR, ret);
	if (!json_object_object_get_ex(node, "not", &parts))
		return filter_error(
			r,
			"Not found logic operator %.*s expected one of " LOGIC,
			STR_FMT(str_sub(names, 2, names.n - 4)));
	negation = filter_make(r, FILTER_OPPOSITE, 1);
	negation->n = 1;
	*ret = negation;
	return filter_node(r, of, parts, negation->parts);
}

static bool
is_condition(json_object *node)
{
	return json_object_object_length(node) == 3 && json_has(node, "name") &&
	       json_has(node, "op") &&
	       (json_has(node, "val") || json_has(node, "field"));
}

struct err *
filter_node(struct filter_reader *r, const struct resource *of,
	    json_object *node, const struct filter **ret)
{
	if (json_object_is_type(node, json_type_array))
		return read_list(r, of, node, FILTER_AND, ret);
	if (!json_object_is_type(node, json_type_object))
		return wrong_format(r, "condition", node);
	if (is_condition(node))
		return filter_test(r, of, node, ret);
	return read_logic(r, of, node, ret);
}

/* ---- what says nothing ---- */

enum truth { SOMETIMES, ALWAYS, NEVER };

static enum truth
opposite(enum truth truth)
{
	static const enum truth of[] = {
		[SOMETIMES] = SOMETIMES, [ALWAYS] = NEVER, [NEVER] = ALWAYS};

	return of[truth];
}

/* A pattern that fits whatever is there. */
static bool
is_anything(const struct condition *c)
{
	for (size_t i = 0; i < c->value.n; i++)
		if (c->value.p[i] != '%')
			return false;
	return c->value.n > 0;
}

/* Null is no value: what may be null is decided about. */
static enum truth
test_truth(const struct condition *c)
{
	bool none = str_eq(c->value, STR("{}"));

	if (c->cmp == CMP_NOTHING || (c->cmp == CMP_IN && none))
		return NEVER;
	if (c->column->nullable)
		return SOMETIMES;
	if (c->other == c->column)
		return c->cmp == CMP_EQ || c->cmp == CMP_GTE ||
				       c->cmp == CMP_LTE
			       ? ALWAYS
			       : SOMETIMES;
	if (c->cmp == CMP_LIKE || c->cmp == CMP_ILIKE)
		return is_anything(c) ? ALWAYS : SOMETIMES;
	return c->cmp == CMP_NONE_OF && none ? ALWAYS : SOMETIMES;
}

/* Has every row one at the other end? */
static bool
is_sure(struct relation by)
{
	for (size_t i = 0; i < by.fkey->n; i++)
		if (by.fkey->columns[i]->nullable)
			return false;
	return !by.reverse;
}

static enum truth truth_of(const struct filter *f);

/* One part that is so decides; all that are not so decide otherwise. */
static enum truth
truth_of_parts(const struct filter *f, enum truth decides)
{
	enum truth all = opposite(decides);

	for (size_t i = 0; i < f->n; i++) {
		enum truth one = truth_of(f->parts[i]);

		if (one == decides)
			return decides;
		if (one == SOMETIMES)
			all = SOMETIMES;
	}
	return all;
}

static enum truth
truth_of(const struct filter *f)
{
	enum truth of_parts =
		f->kind == FILTER_TEST
			? test_truth(&f->test)
			: truth_of_parts(f,
					 f->kind == FILTER_OR ? ALWAYS : NEVER);

	if (f->kind == FILTER_OPPOSITE)
		return opposite(of_parts);
	if (f->kind == FILTER_SOME && of_parts == ALWAYS &&
	    !is_sure(f->relation))
		return SOMETIMES;
	return of_parts;
}

bool
jsonapi_filter_is_all(const struct filter *f)
{
	return !f || truth_of(f) == ALWAYS;
}

/* ---- parameters ---- */

/* filter=[...] */
static struct err *
read_full(struct filter_reader *r, struct str text, const struct filter **ret)
{
	struct json_fault fault;
	json_object *list;

	if (!json_build(r->call->arena, text, &list, &fault))
		return filter_error(r,
				    fault.deep ? "A filter may be nested %d "
						 "levels deep at most"
					       : "Parse error",
				    JSON_DEPTH_MAX);
	return read_list(r, jsonapi_of(r->call)->primary, list, FILTER_AND,
			 ret);
}

/* filter[name]=value */
static struct err *
read_simple(struct filter_reader *r, const struct http_param *p,
	    const struct filter **ret)
{
	struct str name = str_sub(p->name, strlen("filter["), p->name.n);

	if (!str_ends(name, STR("]")) || name.n == 1)
		return jsonapi_bad_query(r->call, p->name.p, "Parse error");
	return filter_equals(r, jsonapi_of(r->call)->primary,
			     str_sub(name, 0, name.n - 1), p->value, ret);
}

struct err *
jsonapi_filter(struct call *call, struct plan *plan)
{
	const struct http_query *q = &call->request.query;
	struct filter_reader r = {.call = call};
	struct filter *all = filter_make(&r, FILTER_AND, q->n + 1);

	if (plan->filter)
		all->parts[all->n++] = plan->filter;
	for (size_t i = 0; i < q->n; i++) {
		const struct http_param *p = &q->params[i];
		const struct filter **to = &all->parts[all->n];

		if (str_eq(p->name, STR("filter")))
			TRY(read_full(&r, p->value, to));
		else if (str_starts(p->name, STR("filter[")))
			TRY(read_simple(&r, p, to));
		all->n += *to != NULL;
	}
	if (all->n)
		plan->filter = all->n == 1 ? all->parts[0] : all;
	plan->distinct = true;
	return NULL;
}
