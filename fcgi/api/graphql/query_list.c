#include "api/graphql/query.h"

/* How many rows we expect of a nested list that names no limit. */
enum { NESTED_GUESS = 20 };

static const struct schema_input *
argument(const struct chosen *f, enum schema_input_meaning meaning)
{
	for (size_t i = 0; i < f->field->nargs; i++)
		if (f->field->args[i].meaning == meaning)
			return &f->field->args[i];
	return NULL;
}

/* ---- order ---- */

static bool
is_ordered_by(const struct rows *rows, const struct column *c)
{
	for (size_t i = 0; i < rows->norder; i++)
		if (rows->order[i].column == c)
			return true;
	return false;
}

static void
add_order(struct rows *rows, const struct column *c, bool descending)
{
	if (!is_ordered_by(rows, c))
		rows->order[rows->norder++] =
			(struct sorting){.column = c, .descending = descending};
}

/* Does the order tell any two rows apart as it is? */
static bool
is_total(const struct rows *rows)
{
	const struct table *t = rows->table;

	for (size_t i = 0; i < t->nuniques; i++)
		if (t->uniques[i].n == 1 &&
		    !t->uniques[i].columns[0]->nullable &&
		    is_ordered_by(rows, t->uniques[i].columns[0]))
			return true;
	return false;
}

static bool
must_equal(const struct filter *filter, const struct column *c)
{
	if (filter->kind == FILTER_TEST)
		return filter->test.column == c && filter->test.cmp == CMP_EQ;
	for (size_t i = 0; filter->kind == FILTER_AND && i < filter->n; i++)
		if (must_equal(filter->parts[i], c))
			return true;
	return false;
}

static bool
pins(const struct filter *filter, const struct constraint *key)
{
	for (size_t i = 0; i < key->n; i++)
		if (!must_equal(filter, key->columns[i]))
			return false;
	return true;
}

bool
query_is_pinned(const struct rows *rows)
{
	const struct table *t = rows->table;

	if (!rows->filter)
		return false;
	if (t->primary && pins(rows->filter, t->primary))
		return true;
	for (size_t i = 0; i < t->nuniques; i++)
		if (pins(rows->filter, &t->uniques[i]))
			return true;
	return false;
}

static bool
read_item(struct planner *p, const struct chosen *f, struct rows *rows,
	  const struct value *item)
{
	const struct schema_input *in = argument(f, INPUT_IS_ORDER), *column;

	if (item->kind == VALUE_NULL)
		return true;
	if (item->n != 1)
		return query_fault(p, f, "BAD_USER_INPUT",
				   "order_by items can only have 1 key.");
	column = schema_member(schema_named(in->type), item->first->name);
	if (column && item->first->kind != VALUE_NULL)
		add_order(rows, column->column,
			  str_eq(item->first->text, STR("desc")));
	return true;
}

/* What the order leaves alike is in the order of its key. */
static void
add_key(struct planner *p, struct rows *rows)
{
	const struct constraint *primary = rows->table->primary;

	for (size_t i = 0; primary && i < primary->n; i++)
		if (primary->columns[i]->grants.select & p->schema->role)
			add_order(rows, primary->columns[i], false);
}

static bool
read_order(struct planner *p, const struct chosen *f, struct rows *rows)
{
	const struct value *value = collect_argument(f, INPUT_IS_ORDER);

	rows->order = ARENA_ARRAY(p->call->arena, struct sorting,
				  rows->table->ncolumns);
	if (value && value->kind == VALUE_LIST)
		for (const struct value *v = value->first; v; v = v->next)
			if (!read_item(p, f, rows, v))
				return false;
	if (!rows->grouped && query_is_pinned(rows))
		rows->norder = 0;
	else if (!rows->grouped && !is_total(rows))
		add_key(p, rows);
	return true;
}

/* ---- limit and offset ---- */

/* -1 where it is not given. */
static bool
read_number(struct planner *p, const struct chosen *f,
	    enum schema_input_meaning meaning, int64_t *ret)
{
	const struct value *value = collect_argument(f, meaning);

	*ret = -1;
	if (!value || value->kind == VALUE_NULL)
		return true;
	if (str_int(value->text, ret) && *ret >= 0)
		return true;
	return query_fault(p, f, "BAD_USER_INPUT",
			   "\"%.*s\" must not be negative.",
			   STR_FMT(argument(f, meaning)->name));
}

/* No rows at all: a limit of 0 would say all of them. */
static void
take_none(struct planner *p, struct rows *rows)
{
	struct filter *none = ARENA_NEW(p->call->arena, struct filter);

	none->kind = FILTER_OR;
	rows->filter = none;
	rows->limit = 1;
	/* Nothing at all is a group, too, where there is one only. */
	if (rows->grouped)
		rows->offset = 1;
}

static int64_t
least(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

/* Count the rows that may come, or that we expect to. */
static bool
charge(struct planner *p, const struct chosen *f, int64_t rows)
{
	int64_t max = p->call->request.conf->graphql_cost;

	p->times = (p->times ? p->times : 1) * rows;
	p->cost += p->times;
	return p->cost <= max || query_exceeded(p, f, "rows to ask for", max,
						"POSTERN_GRAPHQL_COST");
}

static bool
goes_through(const struct filter *filter)
{
	if (filter->kind == FILTER_THROUGH)
		return true;
	for (size_t i = 0; i < filter->n; i++)
		if (goes_through(filter->parts[i]))
			return true;
	return false;
}

/* How many rows there may be; what joins find may come more than once. */
static int64_t
expected(const struct rows *rows, bool guess)
{
	if (query_is_pinned(rows) && !goes_through(rows->filter))
		return 1;
	return guess ? least(NESTED_GUESS, rows->limit) : rows->limit;
}

static bool
read_limit(struct planner *p, const struct chosen *f, struct rows *rows,
	   bool nested)
{
	const struct conf *conf = p->call->request.conf;
	int64_t max = conf->graphql_rows_max, limit, offset;

	if (!read_number(p, f, INPUT_IS_LIMIT, &limit) ||
	    !read_number(p, f, INPUT_IS_OFFSET, &offset))
		return false;
	rows->offset = offset > 0 ? offset : 0;
	rows->limit = limit;
	if (limit < 0)
		rows->limit = nested ? max : conf->graphql_rows;
	rows->limit = least(rows->limit, max);
	if (limit == 0)
		take_none(p, rows);
	return charge(p, f, expected(rows, limit < 0 && nested));
}

bool
query_list(struct planner *p, const struct chosen *f, struct rows *rows,
	   bool nested)
{
	const struct value *distinct = collect_argument(f, INPUT_IS_DISTINCT);

	rows->distinct = distinct && str_eq(distinct->text, STR("true"));
	return query_where(p, f, &rows->filter) && read_order(p, f, rows) &&
	       read_limit(p, f, rows, nested);
}
