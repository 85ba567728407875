#include "api/graphql/query.h"
#include "core/type.h"

/* ---- filters ---- */

/* A field whose `where` is being read. */
struct reader {
	struct planner *p;
	const struct chosen *f;
};

static struct filter *
make(struct reader *r, enum filter_kind kind, size_t max)
{
	struct arena *a = r->p->call->arena;
	struct filter *filter = ARENA_NEW(a, struct filter);

	filter->kind = kind;
	filter->parts = ARENA_ARRAY(a, const struct filter *, max);
	return filter;
}

static const struct filter *
everything(struct reader *r)
{
	return make(r, FILTER_AND, 0);
}

static const struct filter *
nothing(struct reader *r)
{
	return make(r, FILTER_OR, 0);
}

static bool
is_everything(const struct filter *filter)
{
	return filter->kind == FILTER_AND && filter->n == 0;
}

static void
add(struct filter *to, const struct filter *part)
{
	if (to->kind != FILTER_AND || !is_everything(part))
		to->parts[to->n++] = part;
}

/* One part is as good as a conjunction of one. */
static const struct filter *
plain(const struct filter *filter)
{
	return filter->n == 1 ? filter->parts[0] : filter;
}

static const struct filter *
negate(struct reader *r, const struct filter *part)
{
	struct filter *not = make(r, FILTER_NOT, 1);

	add(not, part);
	return not ;
}

static const struct filter *
test(struct reader *r, const struct column *column, enum plan_cmp cmp,
     struct str value)
{
	struct filter *filter = make(r, FILTER_TEST, 0);

	filter->test = (struct condition){
		.column = column, .cmp = cmp, .value = value};
	return filter;
}

static const struct filter *
is_null(struct reader *r, const struct column *column, bool yes)
{
	return test(r, column, yes ? CMP_IS_NULL : CMP_NOT_NULL,
		    (struct str){0});
}

static const struct filter *
through(struct reader *r, const struct relation *relation,
	const struct filter *part)
{
	struct filter *filter = make(r, FILTER_THROUGH, 1);

	filter->relation = *relation;
	add(filter, part);
	return filter;
}

/* ---- tests of a column ---- */

/* Nothing compares with null but equality. */
static const struct filter *
test_null(struct reader *r, const struct column *column, enum plan_cmp cmp)
{
	switch (cmp) {
	case CMP_EQ:
	case CMP_NEQ:
		return is_null(r, column, cmp == CMP_EQ);
	case CMP_NOT_IN:
	case CMP_IS_NULL:
		return everything(r);
	default:
		return nothing(r);
	}
}

/* Of an empty list nothing is in it.  Nulls in it say nothing. */
static const struct filter *
test_list(struct reader *r, const struct schema_input *of,
	  const struct schema_input *in, const struct value *value)
{
	struct query_place to = {r->p,	   r->f,     of->column,
				 in->type, of->name, true};
	struct str list;

	if (!query_value(&to, value, &list))
		return nothing(r);
	if (!str_eq(list, STR("{}")))
		return test(r, of->column, in->cmp, list);
	return in->cmp == CMP_IN ? nothing(r) : everything(r);
}

static const struct filter *
test_value(struct reader *r, const struct schema_input *of,
	   const struct schema_input *in, const struct value *value)
{
	struct column *text = ARENA_NEW(r->p->call->arena, struct column);
	struct query_place to = {r->p,	   r->f,     of->column,
				 in->type, of->name, false};
	struct str arg;

	/* A part of a date is no date. */
	text->type = type_find(STR("text"), false, false);
	if (in->cmp == CMP_HAS || in->cmp == CMP_IHAS)
		to.column = text;
	if (!query_value(&to, value, &arg))
		return nothing(r);
	return test(r, of->column, in->cmp, arg);
}

static const struct filter *
read_test(struct reader *r, const struct schema_input *of,
	  const struct schema_input *in, const struct value *value)
{
	if (value->kind == VALUE_NULL)
		return test_null(r, of->column, in->cmp);
	switch (in->cmp) {
	case CMP_IS_NULL:
		return is_null(r, of->column, str_eq(value->text, STR("true")));
	case CMP_IN:
	case CMP_NOT_IN:
		return test_list(r, of, in, value);
	default:
		return test_value(r, of, in, value);
	}
}

/* {_gte: 1, _lt: 5} */
static const struct filter *
read_tests(struct reader *r, const struct schema_input *in,
	   const struct value *value)
{
	const struct schema_type *type = schema_named(in->type);
	struct filter *all = make(r, FILTER_AND, value->n);

	for (const struct value *v = value->first; v; v = v->next) {
		const struct schema_input *one = schema_member(type, v->name);

		if (one && one->meaning == INPUT_IS_TEST)
			add(all, read_test(r, in, one, v));
	}
	return plain(all);
}

/* ---- relations ---- */

/*
 * There is no row at the other end.  Of a row that refers to this one the key
 * is not null, so it is only where there is none.
 */
static const struct filter *
is_missing(struct reader *r, const struct relation *relation)
{
	const struct fkey *key = relation->fkey;
	struct filter *any = make(r, FILTER_OR, key->n);

	if (relation->reverse)
		return through(r, relation, is_null(r, key->columns[0], true));
	for (size_t i = 0; i < key->n; i++)
		add(any, is_null(r, key->columns[i], true));
	return plain(any);
}

static const struct filter *
read_object(struct reader *r, const struct schema_type *type,
	    const struct value *value, int depth);

static const struct filter *
read_relation(struct reader *r, const struct schema_input *in,
	      const struct value *value, int depth)
{
	const struct relation *relation = &in->relation;
	const struct filter *part;

	if (!query_join(r->p, r->f) ||
	    !query_may_read(r->p, r->f,
			    relation->reverse ? relation->fkey->from
					      : relation->fkey->to))
		return nothing(r);
	if (value->kind == VALUE_NULL)
		return is_missing(r, relation);
	part = read_object(r, schema_named(in->type), value, depth);
	return is_everything(part) ? part : through(r, relation, part);
}

/* ---- objects ---- */

static bool
count_condition(struct reader *r)
{
	int64_t max = r->p->call->request.conf->graphql_arguments;

	return ++r->p->conditions <= max ||
	       query_exceeded(r->p, r->f, "conditions", max,
			      "POSTERN_GRAPHQL_ARGUMENTS");
}

/* _and, _or */
static const struct filter *
read_objects(struct reader *r, const struct schema_input *in,
	     const struct value *list, int depth)
{
	bool and = in->meaning == INPUT_IS_AND;
	struct filter *all = make(r, and? FILTER_AND : FILTER_OR, list->n);

	for (const struct value *v = list->first; v; v = v->next) {
		if (v->kind == VALUE_NULL)
			continue;
		if (!count_condition(r))
			break;
		add(all, read_object(r, schema_named(in->type), v, depth));
	}
	return plain(all);
}

static const struct filter *
read_member(struct reader *r, const struct schema_input *in,
	    const struct value *value, int depth)
{
	if (in->meaning == INPUT_IS_RELATION)
		return read_relation(r, in, value, depth);
	if (value->kind == VALUE_NULL)
		return everything(r);
	switch (in->meaning) {
	case INPUT_IS_AND:
	case INPUT_IS_OR:
		return read_objects(r, in, value, depth);
	case INPUT_IS_NOT:
		return negate(r, read_object(r, schema_named(in->type), value,
					     depth));
	case INPUT_IS_COLUMN:
		return read_tests(r, in, value);
	default:
		return everything(r);
	}
}

/* A WhereM, which holds others no deeper than the setting allows. */
static const struct filter *
read_object(struct reader *r, const struct schema_type *type,
	    const struct value *value, int depth)
{
	int64_t max = r->p->call->request.conf->graphql_where;
	struct filter *all = make(r, FILTER_AND, value->n);

	if (++depth > max) {
		query_exceeded(r->p, r->f, "conditions inside each other", max,
			       "POSTERN_GRAPHQL_WHERE");
		return nothing(r);
	}
	for (const struct value *v = value->first; v; v = v->next) {
		const struct schema_input *in = schema_member(type, v->name);

		if (in)
			add(all, read_member(r, in, v, depth));
	}
	return plain(all);
}

bool
query_where(struct planner *p, const struct chosen *f,
	    const struct filter **ret)
{
	const struct value *value = collect_argument(f, INPUT_IS_WHERE);
	struct reader r = {p, f};
	size_t before = p->faults->n;

	*ret = NULL;
	for (size_t i = 0; i < f->field->nargs; i++) {
		const struct schema_input *in = &f->field->args[i];

		if (in->meaning != INPUT_IS_WHERE || !value ||
		    value->kind == VALUE_NULL)
			continue;
		*ret = read_object(&r, schema_named(in->type), value, 0);
		if (is_everything(*ret))
			*ret = NULL;
	}
	return p->faults->n == before;
}
