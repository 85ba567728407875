#include <json-c/json.h>

#include "api/answer.h"
#include "api/graphql/mutate.h"
#include "core/json.h"

/* An error, and where in the script it happened. */
struct failure {
	struct call *call;
	const struct err *e;
	const struct chosen *f; /* whose tree it is */
	struct tree *tree;
	int item; /* that failed by itself; -1: none */
	const struct clearing *clearing;
	struct faults *faults;
};

/* What the item's column is given; null is nothing. */
static bool
find_value(void *from, struct str name, struct str *ret)
{
	const struct item *item = from;

	for (size_t i = 0; i < item->nset; i++) {
		if (!str_eq(item->set[i].column->name, name))
			continue;
		*ret = item->set[i].value;
		return ret->p != NULL;
	}
	return false;
}

struct str
mutate_message(struct arena *a, const struct item *item, struct str comment)
{
	struct item copy = *item;
	const struct answer_source source = {find_value, &copy};

	return answer_fill(a, &source, comment, false);
}

struct str
mutate_rule(struct arena *a, const struct table *t, struct str name)
{
	if (name.n == 0)
		return arena_printf(a, "%.*s violates a rule of the table.",
				    STR_FMT(t->type));
	return arena_printf(a, "%.*s violates the rule '%.*s'.",
			    STR_FMT(t->type), STR_FMT(name));
}

/* ---- where ---- */

/* Whose argument did the check's statement stumble over? */
static int
item_of_argument(const struct failure *x)
{
	int n = x->e->argument;

	if (n < 1 || n > SQL_ARGS_MAX || !x->tree->origins)
		return 0;
	return x->tree->origins[n - 1].item;
}

static void
find_item(struct failure *x)
{
	struct tree *t = x->tree;
	int step = x->e->step;

	if (step == t->check_at)
		x->item = item_of_argument(x);
	for (size_t i = 0; i < t->nitems; i++)
		if (t->items[i].at == step || t->items[i].find_at == step)
			x->item = (int)i;
	for (size_t i = 0; i < t->nclearings; i++)
		if (t->clearings[i].at == step)
			x->clearing = &t->clearings[i];
}

/* The root field whose statement it was; false: none was. */
static bool
find_place(struct failure *x, const struct chosen *root)
{
	struct tree *t = x->call->plan.trees;

	for (size_t i = 0; i < root->n; i++) {
		if (!mutate_writes(&root->fields[i]))
			continue;
		if (x->e->step >= t->first && x->e->step <= t->last) {
			x->f = &root->fields[i];
			x->tree = t;
			find_item(x);
			return true;
		}
		t++;
	}
	return false;
}

/* ---- answers that are no errors ---- */

static bool
refuse(struct failure *x, const struct chosen *root, struct unfit *unfit,
       size_t n)
{
	struct refusal r = {x->tree, unfit, n};

	buf_clear(x->call->reply.body);
	mutate_print(x->call, root, &r);
	return true;
}

/* What postern.invalid() was told: [{"item":0,"check":1}, ...] */
static bool
refuse_checked(struct failure *x, const struct chosen *root)
{
	json_object *list = NULL;
	struct unfit *unfit;
	size_t n;

	if (json_read(x->call->arena, x->e->detail, &list) ||
	    !json_object_is_type(list, json_type_array))
		return false;
	n = json_object_array_length(list);
	unfit = ARENA_ARRAY(x->call->arena, struct unfit, n);
	for (size_t i = 0; i < n; i++) {
		json_object *one = json_object_array_get_idx(list, i);
		int item = json_object_get_int(json_get(one, "item"));
		int check = json_object_get_int(json_get(one, "check"));

		if (item < 0 || (size_t)item >= x->tree->nitems || check < 0 ||
		    (size_t)check >= x->tree->items[item].table->nchecks)
			return false;
		unfit[i] = (struct unfit){item, (size_t)check};
	}
	return refuse(x, root, unfit, n);
}

/* The column whose value could not be read, or NULL. */
static const struct column *
bad_column(const struct failure *x)
{
	const struct item *item = &x->tree->items[x->item];
	int n = x->e->argument - 1;

	if (n < 0 || n >= SQL_ARGS_MAX)
		return NULL;
	if (x->e->step == x->tree->check_at)
		return x->tree->origins[n].column;
	if (x->e->step == item->at && item->op != ITEM_DELETE &&
	    (size_t)n < item->nset)
		return item->set[n].column;
	return NULL;
}

/* A domain's check is one of each of its columns: which one's was it? */
static size_t
check_of(const struct table *t, const struct constraint *first,
	 const struct column *column)
{
	for (size_t i = 0; i < t->nchecks && column; i++)
		if (str_eq(t->checks[i].name, first->name) &&
		    t->checks[i].columns[0] == column)
			return i;
	return (size_t)(first - t->checks);
}

/* A check that only Postgres could decide, or one of a type. */
static bool
refuse_check(struct failure *x, const struct chosen *root)
{
	const struct table *table = x->tree->items[x->item].table;
	struct violation v = {0};
	struct unfit *unfit;

	if (!table_violation(table, x->e->constraint, &v) || !v.check)
		return false;
	unfit = ARENA_NEW(x->call->arena, struct unfit);
	unfit->item = x->item;
	unfit->check = check_of(table, v.check, bad_column(x));
	return refuse(x, root, unfit, 1);
}

static bool
is_answer(struct failure *x, const struct chosen *root)
{
	enum err_code code = x->e->code;

	if (code == ERR_REFUSED && x->e->step == x->tree->check_at)
		return refuse_checked(x, root);
	if (x->item < 0)
		return false;
	if (code == ERR_CONSTRAINT || code == ERR_INVALID)
		return refuse_check(x, root);
	if (code == ERR_REFERENCED && x->item == 0 &&
	    x->tree->items[0].op == ITEM_DELETE)
		return refuse(x, root, NULL, 0);
	return false;
}

/* ---- errors ---- */

static bool
tell(struct failure *x, const char *code, struct str message)
{
	fault_add(x->faults, &x->f->at, 1, "%.*s", STR_FMT(message));
	fault_last(x->faults)->path = &x->f->path;
	fault_last(x->faults)->code = code;
	return false;
}

static struct str
column_names(struct arena *a, const struct constraint *c)
{
	struct str names = c->columns[0]->name;

	for (size_t i = 1; i < c->n; i++)
		names = arena_printf(a, "%.*s%s%.*s", STR_FMT(names),
				     i + 1 == c->n ? " and " : ", ",
				     STR_FMT(c->columns[i]->name));
	return names;
}

static const struct table *
table_of(const struct failure *x)
{
	return x->clearing ? x->clearing->from.fkey->from
			   : x->tree->items[x->item].table;
}

static struct str
filled(const struct failure *x, struct str comment)
{
	return x->clearing ? comment
			   : mutate_message(x->call->arena,
					    &x->tree->items[x->item], comment);
}

static bool
tell_missing(struct failure *x, const struct table *t)
{
	return tell(x, "NOT_FOUND",
		    arena_printf(x->call->arena,
				 "%.*s matching query does not exist.",
				 STR_FMT(t->type)));
}

/* A row names one that is not there, or one is named that goes. */
static bool
tell_referenced(struct failure *x)
{
	const struct table *t = table_of(x);
	bool gone = x->clearing || x->tree->items[x->item].op == ITEM_DELETE;
	struct violation v = {0};

	table_violation(t, x->e->constraint, &v);
	if (v.own && !(gone && v.foreign))
		return tell_missing(x, v.own->to);
	if (v.foreign && v.foreign->message.n)
		return tell(x, "CONFLICT", filled(x, v.foreign->message));
	if (!v.foreign)
		return tell(x, "CONFLICT",
			    mutate_rule(x->call->arena, t, x->e->constraint));
	return tell(x, "CONFLICT",
		    arena_printf(x->call->arena,
				 "%.*s is referenced by %.*s. Cannot %s.",
				 STR_FMT(t->type),
				 STR_FMT(v.foreign->from->name),
				 gone ? "delete" : "change"));
}

static bool
tell_constraint(struct failure *x)
{
	const struct table *t = table_of(x);
	const struct column *null = table_column(t, x->e->column);
	struct arena *a = x->call->arena;
	struct violation v = {0};

	if (x->e->column.n && null && !null->hidden)
		return tell(x, "BAD_USER_INPUT",
			    arena_printf(a, "%.*s %.*s is required.",
					 STR_FMT(t->type),
					 STR_FMT(null->name)));
	if (x->e->constraint.n == 0)
		return tell(x, "CONFLICT",
			    arena_printf(a, "%.*s would not show the row.",
					 STR_FMT(t->type)));
	table_violation(t, x->e->constraint, &v);
	if (!v.unique)
		return tell(x, "CONFLICT", mutate_rule(a, t, x->e->constraint));
	if (v.unique->message.n)
		return tell(x, "CONFLICT", filled(x, v.unique->message));
	return tell(x, "CONFLICT",
		    arena_printf(a, "%.*s with this %.*s already exists.",
				 STR_FMT(t->type),
				 STR_FMT(column_names(a, v.unique))));
}

static bool
tell_value(struct failure *x)
{
	const struct item *item = &x->tree->items[x->item];
	const struct column *column = bad_column(x);

	if (column)
		return tell(x, "BAD_USER_INPUT",
			    arena_printf(x->call->arena,
					 "%.*s %.*s is not valid.",
					 STR_FMT(item->table->type),
					 STR_FMT(column->name)));
	/* A key that its column cannot hold is the key of nothing. */
	if (x->e->argument && item->key)
		return tell_missing(x, item->table);
	return tell(x, "BAD_USER_INPUT",
		    STR("A value is not valid for its column."));
}

/* A list was to lose rows that the caller may not delete. */
static bool
tell_replaced(struct failure *x)
{
	return tell(x, "FORBIDDEN",
		    arena_printf(x->call->arena,
				 "Invalid permissions. UpdateStrategy "
				 "'replace' has resulted in a DELETE "
				 "operation on %.*s.",
				 STR_FMT(table_of(x)->type)));
}

static bool
tell_failure(struct failure *x)
{
	switch (x->e->code) {
	case ERR_FORBIDDEN:
		return tell(x, "FORBIDDEN", STR("Invalid permissions."));
	case ERR_REFUSED:
		return x->clearing && tell_replaced(x);
	case ERR_BAD_REQUEST:
		return x->e->message.n && tell(x, "BAD_REQUEST", x->e->message);
	case ERR_NOT_FOUND:
		return x->item >= 0 && tell_missing(x, table_of(x));
	case ERR_REFERENCED:
		return (x->item >= 0 || x->clearing) && tell_referenced(x);
	case ERR_CONSTRAINT:
		return (x->item >= 0 || x->clearing) && tell_constraint(x);
	case ERR_INVALID:
		return x->item >= 0 && tell_value(x);
	default:
		return false;
	}
}

/* Is it a row of the tree that can violate the constraint?  Which table's? */
static const struct table *
find_ruled(const struct failure *x, const struct tree *tree)
{
	struct violation v = {0};

	for (size_t i = 0; i < tree->nitems; i++)
		if (table_violation(tree->items[i].table, x->e->constraint, &v))
			return tree->items[i].table;
	return NULL;
}

/*
 * All statements succeeded, but a deferred constraint did not hold when they
 * were committed.  Postgres says which one, and not for which row.
 */
static bool
tell_commit(struct failure *x, const struct chosen *root)
{
	const struct tree *tree = x->call->plan.trees;

	if (x->e->constraint.n == 0)
		return false;
	for (size_t i = 0; i < root->n; i++) {
		const struct table *t;

		if (!mutate_writes(&root->fields[i]))
			continue;
		x->f = &root->fields[i];
		t = find_ruled(x, tree++);
		if (t)
			return tell(x, "CONFLICT",
				    mutate_rule(x->call->arena, t,
						x->e->constraint));
	}
	return false;
}

bool
mutate_failed(struct call *call, const struct chosen *root, const struct err *e,
	      struct faults *faults)
{
	struct failure x = {
		.call = call,
		.e = e,
		.item = -1,
		.faults = faults,
	};

	if (!find_place(&x, root))
		return tell_commit(&x, root);
	return is_answer(&x, root) || tell_failure(&x);
}
