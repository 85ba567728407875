/* What an error of a step means: to whom, and where in the body. */
#include "api/answer.h"
#include "api/jsonapi/writing.h"

struct blame {
	struct call *call;
	const struct err *e;
	const struct origin *of;
	const struct operation *op;
	const struct table *table; /* that the step writes or reads */
	bool strict;
};

/* ---- places ---- */

static struct fault_source
at(struct str pointer)
{
	return (struct fault_source){.pointer = pointer.p};
}

/* The row as it was sent; who deletes one has sent none, but an operation. */
static struct str
row_at(const struct blame *x)
{
	struct str data = x->op->at;

	if (x->op->kind != OPERATION_REMOVE)
		return data;
	if (!writing_of(x->call)->atomic)
		return (struct str){0};
	return arena_str(x->call->arena,
			 str_sub(data, 0, data.n - strlen("/data")));
}

static struct fault_source
at_data(const struct blame *x)
{
	return at(x->strict ? row_at(x) : STR("/data"));
}

static struct str
linked_at(const struct linkage *l, const struct linked *to)
{
	return to && to->at.p ? to->at : l->at;
}

/* What the step writes: the row or, of another table's, who is linked. */
static struct str
written_at(const struct blame *x)
{
	return x->of->aim == AIM_ROW ? row_at(x)
				     : linked_at(x->of->link, x->of->to);
}

/* Is it sent as a resource, with members? */
static bool
has_members(const struct blame *x)
{
	return x->of->aim == AIM_ROW && !x->op->relationship &&
	       x->op->kind != OPERATION_REMOVE;
}

static bool
has(struct column *const *columns, size_t n, const struct column *c)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] == c)
			return true;
	return false;
}

static struct str
member(const struct blame *x, const char *of, struct str name)
{
	struct arena *a = x->call->arena;

	return body_at(a, body_at(a, x->op->at, str_of(of)), name);
}

/* Where in the body the column is said. */
static struct str
column_at(const struct blame *x, const struct column *c)
{
	const struct resource *r = x->op->resource;

	if (!has_members(x))
		return written_at(x);
	for (size_t i = 0; i < r->nattributes; i++)
		if (r->attributes[i] == c)
			return member(x, "attributes", r->names[i]);
	for (size_t i = 0; i < r->nrelationships; i++) {
		const struct relationship *one = &r->relationships[i];

		if (!one->by.reverse &&
		    has(one->by.fkey->columns, one->by.fkey->n, c))
			return body_at(x->call->arena,
				       member(x, "relationships", one->name),
				       STR("data"));
	}
	if (has(r->table->primary->columns, r->table->primary->n, c))
		return body_at(x->call->arena, x->op->at, STR("id"));
	return member(x, "attributes", c->name);
}

/* ---- what is not there ---- */

/* The column that ids of the table are in. */
static struct str
id_name(const struct table *t)
{
	return t->primary->n == 1 ? t->primary->columns[0]->name : STR("id");
}

static struct str
all_ids(struct call *call, const struct linkage *l)
{
	struct str ids = STR("");

	for (size_t i = 0; i < l->n; i++)
		ids = arena_printf(call->arena, "%.*s%s%.*s", STR_FMT(ids),
				   i ? ", " : "", STR_FMT(l->to[i].id));
	return ids;
}

struct err *
blame_related(struct call *call, const struct linkage *l,
	      const struct linked *to)
{
	static const char title[] = "Related object not found.";
	const struct relationship *by = l->by;
	bool strict = jsonapi_of(call)->strict, some = to && l->n > 1;
	struct str place = strict     ? linked_at(l, to)
			   : by->many ? STR("/data")
				      : STR("");
	struct fault_source source = at(place);
	struct str ids = to ? to->id : all_ids(call, l);

	if (!by->many)
		return jsonapi_error(call, 404, title, source,
				     "%.*s.%.*s: %.*s not found",
				     STR_FMT(by->to->type),
				     STR_FMT(id_name(by->to)), STR_FMT(ids));
	return jsonapi_error(call, 404, title, source,
			     "Objects for %.*s with ids: %c%.*s%c not found",
			     STR_FMT(by->to->type), some ? '{' : '[',
			     STR_FMT(ids), some ? '}' : ']');
}

/* Whoever sees it may not write it; a stranger may be somebody who may. */
static struct err *
row_missing(const struct blame *x)
{
	if (x->of->seen && !x->call->caller.known)
		return err_new(x->call->arena, ERR_UNAUTHORIZED,
			       "Not authenticated");
	if (x->of->seen)
		return jsonapi_error(x->call, 403, NULL, at_data(x),
				     "Forbidden");
	return write_missing(x->call, x->op);
}

static struct err *
missing(const struct blame *x)
{
	if (x->of->aim == AIM_ROW)
		return row_missing(x);
	return blame_related(x->call, x->of->link, x->of->to);
}

/* The value that the operation gives the column. */
static struct str
value_of(const struct operation *op, const struct column *c)
{
	for (size_t i = 0; i < op->nset; i++)
		if (op->set[i].column == c && !op->set[i].kept)
			return op->set[i].value;
	return STR("");
}

/* The row's own key names nothing; as its client may call it. */
static struct err *
dangling(const struct blame *x, const struct fkey *f)
{
	struct relationship by = {
		.name = f->link, .by = {.fkey = f}, .to = f->to};
	struct linkage l = {.by = &by, .at = column_at(x, f->columns[0])};
	struct linked to = {.id = value_of(x->op, f->columns[0])};

	for (size_t i = 1; i < f->n; i++)
		to.id = arena_printf(x->call->arena, "%.*s,%.*s",
				     STR_FMT(to.id),
				     STR_FMT(value_of(x->op, f->columns[i])));
	return blame_related(x->call, &l, &to);
}

static bool
find_value(void *from, struct str name, struct str *ret)
{
	const struct operation *op = from;
	const struct column *c = table_column(op->resource->table, name);

	*ret = c ? value_of(op, c) : (struct str){0};
	return ret->n > 0;
}

static struct str
filled(const struct blame *x, struct str comment)
{
	struct operation copy = *x->op;
	const struct answer_source source = {find_value, &copy};

	return answer_fill(x->call->arena, &source, comment, false);
}

/* Others name the row, which was to go. */
static struct err *
referenced(const struct blame *x, const struct fkey *by)
{
	const char *what =
		x->of->aim == AIM_ROW && x->op->kind == OPERATION_UPDATE
			? "change"
			: "delete";

	if (by && by->message.n)
		return jsonapi_error(x->call, 409, NULL, at_data(x), "%.*s",
				     STR_FMT(filled(x, by->message)));
	if (by)
		return jsonapi_error(x->call, 409, NULL, at_data(x),
				     "%.*s is referenced by %.*s. Cannot %s.",
				     STR_FMT(x->table->type),
				     STR_FMT(by->from->name), what);
	return jsonapi_error(x->call, 409, NULL, at_data(x),
			     "%.*s is referenced. Cannot %s.",
			     STR_FMT(x->table->type), what);
}

static struct err *
bad_reference(const struct blame *x)
{
	bool gone = x->of->aim == AIM_UNLINK || x->op->kind == OPERATION_REMOVE;
	struct violation v = {0};

	table_violation(x->table, x->e->constraint, &v);
	if (!v.own || (gone && v.foreign))
		return referenced(x, v.foreign);
	if (x->of->aim == AIM_ROW)
		return dangling(x, v.own);
	return v.own == x->of->link->by->via ? missing(x) : row_missing(x);
}

/* ---- what may not be ---- */

/* "name", or "name and city" of a key over several columns. */
static struct str
column_names(const struct blame *x, const struct constraint *c)
{
	struct str names = c->columns[0]->name;

	for (size_t i = 1; i < c->n; i++)
		names = arena_printf(x->call->arena, "%.*s%s%.*s",
				     STR_FMT(names),
				     i + 1 == c->n ? " and " : ", ",
				     STR_FMT(c->columns[i]->name));
	return names;
}

static struct err *
not_unique(const struct blame *x, const struct constraint *c)
{
	struct str place =
		c == x->table->primary && has_members(x)
			? body_at(x->call->arena, x->op->at, STR("id"))
		: c->n == 1 ? column_at(x, c->columns[0])
			    : written_at(x);

	if (c->message.n)
		return jsonapi_error(x->call, 409, NULL, at(place), "%.*s",
				     STR_FMT(filled(x, c->message)));
	return jsonapi_error(x->call, 409, NULL, at(place),
			     "%.*s with this %.*s already exists.",
			     STR_FMT(x->table->type),
			     STR_FMT(column_names(x, c)));
}

static struct err *
not_allowed(const struct blame *x, const struct constraint *c)
{
	struct str place =
		c && c->n == 1 ? column_at(x, c->columns[0]) : written_at(x);

	if (c && c->message.n)
		return jsonapi_error(x->call, 422, NULL, at(place), "%.*s",
				     STR_FMT(filled(x, c->message)));
	if (x->e->constraint.n)
		return jsonapi_error(x->call, 422, NULL, at(place),
				     "%.*s violates the rule '%.*s'.",
				     STR_FMT(x->table->type),
				     STR_FMT(x->e->constraint));
	return jsonapi_error(x->call, 422, NULL, at(place),
			     "%.*s violates a rule of the table.",
			     STR_FMT(x->table->type));
}

static struct err *
strict_constraint(const struct blame *x)
{
	const struct column *null = table_column(x->table, x->e->column);
	struct violation v = {0};

	if (x->e->column.n && null && !null->hidden)
		return jsonapi_error(
			x->call, 422, NULL, at(column_at(x, null)),
			"%.*s %.*s is required.", STR_FMT(x->table->type),
			STR_FMT(null->link ? null->link->link : null->name));
	table_violation(x->table, x->e->constraint, &v);
	return v.unique ? not_unique(x, v.unique) : not_allowed(x, v.check);
}

/* The source system says no more than that it failed. */
static struct err *
plain_constraint(const struct blame *x)
{
	static const char *const details[] = {
		[OPERATION_ADD] = "Object creation error",
		[OPERATION_UPDATE] = "Object update error",
		[OPERATION_REMOVE] = "Object deletion error",
	};
	struct err *e = jsonapi_error(x->call, 400, NULL, at(STR("/data")),
				      "%s", details[x->op->kind]);
	struct buf b = buf_new(64 * 1024);

	if (x->op->kind != OPERATION_UPDATE)
		return e;
	buf_put(&b, e->detail);
	BUF_LIT(&b, ",\"meta\":{\"type\":");
	buf_json(&b, x->op->resource->type);
	BUF_LIT(&b, ",\"id\":");
	buf_json(&b, x->op->id);
	buf_char(&b, '}');
	e->detail = arena_str(x->call->arena, buf_str(&b));
	buf_free(&b);
	return e;
}

/* Rows that were linked cannot be without it. */
static struct err *
not_replaced(const struct blame *x)
{
	const struct relationship *by = x->of->link->by;

	return jsonapi_error(x->call, x->strict ? 403 : 400, NULL,
			     at(x->of->link->at),
			     "%.*s cannot be left without its %.*s.",
			     STR_FMT(by->to->type), STR_FMT(by->by.fkey->link));
}

static struct err *
bad_constraint(const struct blame *x)
{
	if (x->of->aim == AIM_UNLINK && x->e->column.n)
		return not_replaced(x);
	return x->strict ? strict_constraint(x) : plain_constraint(x);
}

/* ---- what Postgres found wrong with a value that we let through ---- */

static struct err *
bad_value(const struct blame *x)
{
	const struct operation *op = x->op;
	size_t n = (size_t)x->e->argument;
	bool of_row = x->of->aim == AIM_ROW;
	struct writing w = {.call = x->call};
	struct str place = op->at;

	if (n && of_row && n <= op->nset)
		place = column_at(x, op->set[n - 1].column);
	else if (n)
		return missing(x);
	body_issue(&w, place, "value is not valid for its column",
		   "value_error");
	return jsonapi_bad_body(x->call, &w.issues);
}

/* ---- the whole ---- */

static struct err *
blame(struct blame *x)
{
	switch (x->e->code) {
	case ERR_NOT_FOUND:
		return missing(x);
	case ERR_REFERENCED:
		return bad_reference(x);
	case ERR_CONSTRAINT:
		return bad_constraint(x);
	case ERR_INVALID:
		return bad_value(x);
	case ERR_FORBIDDEN:
		return writing_of(x->call)->atomic
			       ? jsonapi_error(x->call, 403, NULL, at_data(x),
					       "Forbidden")
			       : NULL;
	default:
		return NULL;
	}
}

/* All was done but did not hold at the commit: who has such a constraint? */
static const struct origin *
find_ruled(const struct writing *w, struct str constraint)
{
	struct violation v;

	for (size_t i = 0; i < w->nsteps; i++)
		if (w->steps[i].op != PLAN_SELECT &&
		    w->origins[i].aim != AIM_LOOK &&
		    table_violation(w->steps[i].table, constraint, &v))
			return &w->origins[i];
	return NULL;
}

struct err *
jsonapi_write_fault(struct call *call, const struct err *e)
{
	const struct writing *w = call->state ? jsonapi_of(call)->write : NULL;
	struct blame x = {.call = call, .e = e};

	if (!w || !w->nsteps || e->type.n || e->issues)
		return NULL;
	if (e->step >= 0 && (size_t)e->step < w->nsteps)
		x.of = &w->origins[e->step];
	else
		x.of = find_ruled(w, e->constraint);
	if (!x.of)
		return NULL;
	x.op = x.of->operation;
	x.table = w->steps[x.of - w->origins].table;
	x.strict = jsonapi_of(call)->strict;
	return blame(&x);
}
