#include "api/rest.h"

#include "core/cursor.h"
#include "core/type.h"

enum { IN_MAX = 1000 };

/* A list under construction. */
struct lister {
	struct call *call;
	struct issues issues;
};

static void
complain(struct lister *l, struct str field, struct str message,
	 const char *type)
{
	issues_add(&l->issues, l->call->arena,
		   (struct issue){
			   .where = "query",
			   .field = field,
			   .message = message,
			   .type = type,
		   });
}

static const struct http_param *
param(struct lister *l, const char *name)
{
	const struct http_param *p =
		http_query_get(&l->call->request.query, str_of(name));

	return p && p->value.n ? p : NULL;
}

/* ---- columns that a list may sort and filter by ---- */

static bool
is_comparable(const struct column *c)
{
	return c->type->kind != TYPE_JSON && c->type->kind != TYPE_ARRAY &&
	       c->type->kind != TYPE_OTHER;
}

static const struct column *
visible(struct lister *l, struct str name)
{
	const struct rest *rest = rest_of(l->call);
	const struct column *c = table_column(rest->table, name);

	return c && rest_may_see(c, rest->role) ? c : NULL;
}

/* ---- limit ---- */

static void
limit_issue(struct lister *l, const char *than, int64_t value, const char *type)
{
	struct arena *a = l->call->arena;

	issues_add(&l->issues, a,
		   (struct issue){
			   .where = "query",
			   .field = STR("limit"),
			   .message = arena_printf(
				   a,
				   "ensure this value is %s than or equal "
				   "to %lld",
				   than, (long long)value),
			   .type = type,
			   .ctx = arena_printf(a, "{\"limit_value\":%lld}",
					       (long long)value),
		   });
}

static void
read_limit(struct lister *l)
{
	const struct http_param *p = param(l, "limit");
	int64_t max = l->call->request.conf->page_max;
	int64_t limit = param(l, "after") ? PLAN_PAGE : 0;

	if (p && !str_int(p->value, &limit))
		complain(l, p->name, STR("value is not a valid integer"),
			 "type_error.integer");
	else if (p && limit < 1)
		limit_issue(l, "greater", 1, "value_error.number.not_ge");
	else if (p && limit > max)
		limit_issue(l, "less", max, "value_error.number.not_le");
	l->call->plan.limit = limit;
}

/* ---- order ---- */

static bool
is_ordered_by(const struct plan *p, const struct column *c)
{
	for (size_t i = 0; i < p->norder; i++)
		if (p->order[i].column == c)
			return true;
	return false;
}

static void
add_order(struct call *call, const struct column *c, bool descending)
{
	struct plan *p = &call->plan;

	if (!is_ordered_by(p, c))
		p->order[p->norder++] =
			(struct sorting){.column = c, .descending = descending};
}

static void
make_order(struct call *call)
{
	call->plan.order = ARENA_ARRAY(call->arena, struct sorting,
				       rest_of(call)->table->ncolumns);
	call->plan.norder = 0;
}

void
rest_order_by_key(struct call *call)
{
	const struct constraint *primary = rest_of(call)->table->primary;

	if (!call->plan.order)
		make_order(call);
	for (size_t i = 0; primary && i < primary->n; i++)
		if (rest_may_see(primary->columns[i], rest_of(call)->role))
			add_order(call, primary->columns[i], false);
}

/* Is the order so far enough to tell any two rows apart? */
static bool
is_total(const struct call *call)
{
	const struct table *t = rest_of(call)->table;
	const struct plan *p = &call->plan;
	size_t found = 0;

	for (size_t i = 0; t->primary && i < t->primary->n; i++)
		found += is_ordered_by(p, t->primary->columns[i]);
	if (t->primary && found == t->primary->n)
		return true;

	for (size_t i = 0; i < t->nuniques; i++)
		if (t->uniques[i].n == 1 &&
		    !t->uniques[i].columns[0]->nullable &&
		    is_ordered_by(p, t->uniques[i].columns[0]))
			return true;
	return false;
}

static void
read_order(struct lister *l)
{
	const struct http_param *p = param(l, "order");
	struct str left = p ? p->value : STR("");

	make_order(l->call);
	while (left.n) {
		struct str name = str_trim(str_cut(&left, ','));
		bool descending = str_starts(name, STR("-"));
		const struct column *c =
			visible(l, str_sub(name, descending, name.n));

		if (c && is_comparable(c)) {
			add_order(l->call, c, descending);
			continue;
		}
		complain(l, p->name,
			 arena_printf(l->call->arena, "cannot order by '%.*s'",
				      STR_FMT(name)),
			 "value_error.order");
		break;
	}
	if (!is_total(l->call))
		rest_order_by_key(l->call);
	/* Only a total order has a place for a cursor. */
	l->call->plan.keys = l->call->plan.limit && is_total(l->call);
}

/* ---- filters ---- */

static bool
read_set(struct lister *l, const struct input *in, struct str values,
	 struct str *ret)
{
	struct buf b = buf_new(1024 * 1024);
	bool fine = true;

	buf_char(&b, '{');
	for (int n = 0; fine && (n == 0 || values.n); n++) {
		struct str value = str_cut(&values, ',');

		if (n)
			buf_char(&b, ',');
		fine = type_read_text(in, value, &l->issues, &value);
		type_put_element(&b, value);
		if (n == IN_MAX) {
			complain(l, in->field, STR("too many values"),
				 "value_error.filter");
			fine = false;
		}
	}
	buf_char(&b, '}');
	*ret = arena_str(l->call->arena, buf_str(&b));
	buf_free(&b);
	return fine;
}

static bool
read_is_null(struct lister *l, struct str field, struct condition *c,
	     struct str value)
{
	if (str_eq(value, STR("false"))) {
		c->cmp = CMP_NOT_NULL;
	} else if (!str_eq(value, STR("true"))) {
		complain(l, field,
			 STR("value could not be parsed to a boolean"),
			 "type_error.bool");
		return false;
	}
	return true;
}

static bool
read_condition(struct lister *l, const struct http_param *p,
	       struct condition *c)
{
	struct input in = {
		.arena = l->call->arena,
		.column = c->column,
		.where = "query",
		.field = p->name,
	};

	switch (c->cmp) {
	case CMP_IS_NULL:
		return read_is_null(l, p->name, c, p->value);
	case CMP_IN:
		return read_set(l, &in, p->value, &c->value);
	case CMP_LIKE:
	case CMP_ILIKE:
		c->value = p->value;
		return true;
	default:
		return type_read_text(&in, p->value, &l->issues, &c->value);
	}
}

/* Does the operator make sense for the column? */
static bool
applies(const struct condition *c)
{
	if (c->cmp == CMP_IS_NULL)
		return true;
	if (c->cmp == CMP_LIKE || c->cmp == CMP_ILIKE)
		return c->column->type->kind == TYPE_TEXT;
	return is_comparable(c->column);
}

static void
add_filter(struct lister *l, const struct http_param *p, struct condition c)
{
	struct plan *plan = &l->call->plan;

	if (!c.column || !applies(&c))
		complain(l, p->name, STR("cannot filter by this"),
			 "value_error.filter");
	else if (read_condition(l, p, &c))
		plan->where[plan->nwhere++] = c;
}

/* `column[operator]=value`. */
static void
read_bracketed(struct lister *l, const struct http_param *p)
{
	struct str rest = p->name, name = str_cut(&rest, '[');
	struct condition c = {.column = visible(l, name)};

	if (!str_ends(rest, STR("]")) ||
	    !plan_operator_find(str_sub(rest, 0, rest.n - 1), &c.cmp))
		c.column = NULL;
	add_filter(l, p, c);
}

/* `column=value` is equality; names that are no column are not ours. */
static void
read_plain(struct lister *l, const struct http_param *p)
{
	static const char *const reserved[] = {"limit", "order", "after"};
	struct condition c = {.column = visible(l, p->name)};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq(p->name, str_of(reserved[i])))
			return;
	if (c.column && c.column != rest_of(l->call)->table->key)
		add_filter(l, p, c);
}

static void
read_filters(struct lister *l)
{
	const struct http_query *q = &l->call->request.query;

	l->call->plan.where =
		ARENA_ARRAY(l->call->arena, struct condition, q->n);
	for (size_t i = 0; i < q->n; i++) {
		/* A repeated parameter: the last one counts. */
		if (http_query_get(q, q->params[i].name) != &q->params[i])
			continue;
		if (str_find(q->params[i].name, '[') < q->params[i].name.n)
			read_bracketed(l, &q->params[i]);
		else
			read_plain(l, &q->params[i]);
	}
}

/* ---- the whole ---- */

struct err *
rest_plan_list(struct call *call)
{
	struct lister l = {.call = call};
	struct plan *p = &call->plan;
	const struct http_param *after;

	p->list = true;
	p->version = false;
	p->open = STR("[");
	p->close = STR("]");
	read_limit(&l);
	read_order(&l);
	after = param(&l, "after");
	if (after && !cursor_read(call->arena, p, after->value))
		complain(&l, after->name, STR("invalid cursor"),
			 "value_error.cursor");
	read_filters(&l);
	p->quick = p->keys && p->limit <= PLAN_QUICK && p->nwhere == 0 &&
		   !param(&l, "order") && table_is_stored(p->table);
	return issues_err(&l.issues, call->arena);
}

void
rest_link_next(struct call *call)
{
	const struct http_query *q = &call->request.query;
	struct arena *a = call->arena;
	struct buf url = buf_new(1024 * 1024);

	BUF_LIT(&url, "</");
	buf_put(&url, http_encode(a, rest_of(call)->table->name));
	buf_char(&url, '?');
	for (size_t i = 0; i < q->n; i++) {
		if (str_eq(q->params[i].name, STR("after")))
			continue;
		buf_put(&url, http_encode(a, q->params[i].name));
		buf_char(&url, '=');
		buf_put(&url, http_encode(a, q->params[i].value));
		buf_char(&url, '&');
	}
	BUF_LIT(&url, "after=");
	buf_put(&url, cursor_make(a, &call->plan, call->keys));
	BUF_LIT(&url, ">; rel=\"next\"");
	reply_header(&call->reply, "Link", buf_str(&url));
	buf_free(&url);
}
