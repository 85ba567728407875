#include "api/answer.h"
#include "api/rest.h"
#include "core/json.h"

/* ---- places in messages ---- */

/* What `{name}` stands for: a member of the body, else a parameter. */
static bool
find_input(void *from, struct str name, struct str *ret)
{
	struct call *call = from;
	json_object *body = rest_of(call)->body;
	const struct http_param *p = http_query_get(&call->request.query, name);
	struct str key = arena_str(call->arena, name);
	json_object *value = body ? json_get(body, key.p) : NULL;

	if (json_object_is_type(value, json_type_string))
		*ret = json_str(value);
	else if (value)
		*ret = str_of(json_object_get_string(value));
	else if (p)
		*ret = p->value;
	return value || p;
}

/* Copy `text`; every {name} that the request has a value for becomes it. */
static struct str
fill(struct call *call, struct str text, bool json)
{
	const struct answer_source source = {find_input, call};

	return answer_fill(call->arena, &source, text, json);
}

/* {"error": message} as the error's detail. */
static struct err *
with_error(struct call *call, enum err_code code, struct str message)
{
	struct err *e = err_new(call->arena, code, "%.*s", STR_FMT(message));
	struct buf b = buf_new(8 * message.n + 64);

	BUF_LIT(&b, "{\"error\":");
	buf_json(&b, message);
	buf_char(&b, '}');
	e->detail = arena_str(call->arena, buf_str(&b));
	buf_free(&b);
	return e;
}

static struct err *
from_message(struct call *call, enum err_code code, const struct message *m)
{
	bool strict =
		str_eq(str_of(call->request.conf->statuses), STR("correct"));
	struct err *e = err_new(call->arena, code, "%.*s", STR_FMT(m->detail));

	e->status = strict && m->strict_status ? m->strict_status : m->status;
	e->detail = fill(call, m->detail, true);
	return e;
}

/* ---- a row that is not there ---- */

static struct str
read_method(const struct call *call)
{
	if (str_eq(call->request.method, STR("HEAD")))
		return STR("GET");
	return call->request.method;
}

static struct err *
default_missing(struct call *call)
{
	const struct rest *rest = rest_of(call);
	bool read = str_eq(read_method(call), STR("GET"));

	return with_error(
		call, ERR_NOT_FOUND,
		arena_printf(call->arena, "%.*s '%.*s' %s.",
			     STR_FMT(rest->table->type), STR_FMT(rest->current),
			     read ? "does not exist" : "was not found"));
}

struct err *
rest_missing(struct call *call)
{
	const struct rest *rest = rest_of(call);
	struct str method = read_method(call);
	const struct message *m;

	if (call->request.if_match.n && !str_eq(method, STR("GET")))
		return err_new(call->arena, ERR_PRECONDITION,
			       "Precondition Failed");
	if (rest->item || call->plan.op == PLAN_INSERT)
		return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
	m = table_message(rest->table, method, STR("missing"));
	return m ? from_message(call, ERR_NOT_FOUND, m) : default_missing(call);
}

/* ---- a constraint that is violated ---- */

/* "name", or "name and city" of a key over several columns. */
static struct str
column_names(struct call *call, const struct constraint *c)
{
	struct str names = c->columns[0]->name;

	for (size_t i = 1; i < c->n; i++)
		names = arena_printf(call->arena, "%.*s%s%.*s", STR_FMT(names),
				     i + 1 == c->n ? " and " : ", ",
				     STR_FMT(c->columns[i]->name));
	return names;
}

static struct str
unique_text(struct call *call, const struct constraint *c)
{
	struct str type = rest_of(call)->table->type, value;

	if (c->n == 1 && find_input(call, c->columns[0]->name, &value))
		return arena_printf(call->arena,
				    "%.*s %.*s '%.*s' already exists.",
				    STR_FMT(type), STR_FMT(c->columns[0]->name),
				    STR_FMT(value));
	return arena_printf(call->arena, "%.*s with this %.*s already exists.",
			    STR_FMT(type), STR_FMT(column_names(call, c)));
}

static struct str
rule_text(struct call *call, struct str name)
{
	struct str type = rest_of(call)->table->type;

	if (name.n == 0)
		return arena_printf(call->arena,
				    "%.*s violates a rule of the table.",
				    STR_FMT(type));
	return arena_printf(call->arena, "%.*s violates the rule '%.*s'.",
			    STR_FMT(type), STR_FMT(name));
}

static struct str
dangling_text(struct call *call, const struct fkey *link)
{
	return arena_printf(
		call->arena, "%.*s refers to a %.*s that does not exist.",
		STR_FMT(rest_of(call)->table->type), STR_FMT(link->link));
}

/* Was the column given by the key of the row that it points to? */
static bool
is_looked_up(const struct call *call, const struct column *c)
{
	for (size_t i = 0; i < call->plan.nset; i++)
		if (call->plan.set[i].column == c)
			return call->plan.set[i].lookup != NULL;
	return false;
}

/* A column got no value: nobody gave one, or nothing has the key given. */
static struct str
null_text(struct call *call, const struct column *c)
{
	if (c->link && is_looked_up(call, c))
		return dangling_text(call, c->link);
	return arena_printf(call->arena, "%.*s %.*s is required.",
			    STR_FMT(rest_of(call)->table->type),
			    STR_FMT(c->link ? c->link->link : c->name));
}

/* Which constraint has a comment of its own for this violation? */
static struct str
comment_of(const struct violation *v, bool referenced)
{
	if (v->unique)
		return v->unique->message;
	if (v->check)
		return v->check->message;
	if (v->foreign && referenced)
		return v->foreign->message;
	return STR("");
}

static struct str
constraint_text(struct call *call, const struct violation *v,
		struct str constraint)
{
	bool referenced = call->plan.op == PLAN_DELETE || !v->own;
	struct str type = rest_of(call)->table->type;
	struct str comment = comment_of(v, referenced);

	if (comment.n)
		return fill(call, comment, false);
	if (v->unique)
		return unique_text(call, v->unique);
	if (v->foreign && referenced)
		return arena_printf(
			call->arena,
			"%.*s is referenced by %.*s. "
			"Cannot %s.",
			STR_FMT(type), STR_FMT(v->foreign->from->name),
			call->plan.op == PLAN_DELETE ? "delete" : "change");
	if (v->own)
		return dangling_text(call, v->own);
	return rule_text(call, constraint);
}

static struct err *
constraint_error(struct call *call, const struct err *e)
{
	const struct table *t = rest_of(call)->table;
	struct violation v = {0};
	const struct column *null = table_column(t, e->column);
	const struct message *m;

	if (e->column.n && null && !null->hidden)
		return with_error(call, e->code, null_text(call, null));
	table_violation(t, e->constraint, &v);
	m = table_message(t, call->request.method, STR("constraint"));
	if (m && (v.unique || v.check))
		return from_message(call, e->code, m);
	return with_error(call, e->code,
			  constraint_text(call, &v, e->constraint));
}

/* ---- what Postgres found wrong with a value that we let through ---- */

/* The column of the condition that took the plan's nth argument. */
static const struct column *
filtered_column(const struct plan *p, int nth)
{
	for (size_t i = 0; i < p->nwhere; i++) {
		enum plan_cmp cmp = p->where[i].cmp;

		if (cmp == CMP_IS_NULL || cmp == CMP_NOT_NULL ||
		    cmp == CMP_NOTHING)
			continue;
		if (nth-- == 0)
			return p->where[i].column;
	}
	return NULL;
}

/* Where the argument came from: settings come first, then conditions. */
static struct issue
find_argument(struct call *call, int argument)
{
	const struct plan *p = &call->plan;
	const struct column *c;

	if (argument > 0 && (size_t)argument <= p->nset) {
		const struct setting *s = &p->set[argument - 1];

		return (struct issue){
			.where = "body",
			.field = s->lookup ? rest_member(call->arena, s->column)
					   : s->column->name,
		};
	}
	c = argument ? filtered_column(p, argument - 1 - (int)p->nset) : NULL;
	if (c)
		return (struct issue){.where = "query", .field = c->name};
	return (struct issue){.where = rest_of(call)->body ? "body" : "query"};
}

static struct err *
value_error(struct call *call, const struct err *e)
{
	struct issues issues = {0};
	struct issue one = find_argument(call, e->argument);

	/* An id that its column cannot hold is the id of nothing. */
	if (rest_of(call)->item && one.field.n &&
	    str_eq(str_of(one.where), STR("query")))
		return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
	one.message = STR("value is not valid for its column");
	one.type = "value_error";
	issues_add(&issues, call->arena, one);
	return issues_err(&issues, call->arena);
}

void
rest_fail(struct call *call, const struct err *e)
{
	const struct err *told = e;

	if (!call->state || !rest_of(call)->table || e->detail.n)
		told = e;
	else if (e->code == ERR_CONSTRAINT || e->code == ERR_REFERENCED)
		told = constraint_error(call, e);
	else if (e->code == ERR_INVALID && !e->issues)
		told = value_error(call, e);
	else if (e->code == ERR_BAD_REQUEST && e->cause.n && e->message.n)
		told = with_error(call, e->code, e->message);
	answer_error(call, told);
}
