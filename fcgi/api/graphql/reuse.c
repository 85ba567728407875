#include "api/graphql/reuse.h"

#include "api/graphql/query.h"
#include "core/sql.h"

/* What stands for a variable. */
struct filling {
	struct query_place to;
	size_t variable;
};

/* All of it is in the document's arena. */
struct reuse {
	struct reuse *next;
	const struct operation *op;
	uint64_t given; /* see signature() */
	bool fits;	/* or planning is always needed */
	struct chosen root;
	struct plan plan;
	struct statement statement;
	int64_t values; /* for the database, without those to be filled in */
	struct filling *fillings;
	size_t n;
	size_t *filled; /* of each argument: by which, from 1; 0: by none */
};

/* Which variables are given, and which of them are null: two bits of each. */
static uint64_t
signature(const struct execution *e)
{
	uint64_t all = 0;

	for (size_t i = 0; i < e->op->nvariables; i++) {
		uint64_t one = 2;

		if (e->vars[i])
			one = e->vars[i]->kind == VALUE_NULL;
		all = all << 2 | one;
	}
	return all;
}

/* ---- making one ---- */

/* Who may look into the schema is asked each time. */
static bool
asks_schema(const struct chosen *root)
{
	for (size_t i = 0; i < root->n; i++)
		if (root->fields[i].field->meaning == FIELD_IS_SCHEMA ||
		    root->fields[i].field->meaning == FIELD_IS_TYPE)
			return true;
	return false;
}

static size_t
index_of(const struct operation *op, struct str name)
{
	const struct variable *v = op->variables;

	while (v && !str_eq(v->name, name))
		v = v->next;
	return v ? v->index : 0;
}

/* Which arguments are copies of it?  False: none is. */
static bool
find_arguments(struct reuse *r, const char *stand_in)
{
	bool any = false;

	for (int i = 0; i < r->statement.nargs; i++) {
		if (r->statement.from[i] != stand_in)
			continue;
		r->filled[i] = r->n;
		any = true;
	}
	return any;
}

/*
 * Every variable that was left open must have become an argument.  Otherwise
 * something was made of it, or it was decided upon without its value.
 */
static bool
find_fillings(struct arena *a, struct reuse *r, const struct query_open *open,
	      size_t n)
{
	r->fillings = ARENA_ARRAY(a, struct filling, n);
	r->filled = ARENA_ARRAY(a, size_t, (size_t)r->statement.nargs);
	for (; open && r->n < n; open = open->next) {
		r->fillings[r->n++] = (struct filling){
			open->to, index_of(r->op, open->variable)};
		if (!find_arguments(r, open->stand_in))
			return false;
	}
	return !open && r->n == n;
}

static bool
make_plan(struct arena *a, struct reuse *r, const struct call *call,
	  const struct execution *e)
{
	struct call own = *call;
	struct faults faults = {.arena = a};
	struct execution once = *e;
	struct planner planner = {
		.call = &own, .schema = e->schema, .faults = &faults};
	size_t open = 0;

	own.arena = a;
	once.arena = a;
	once.faults = &faults;
	once.open = &open;
	if (!collect_fields(&once, &r->root) || asks_schema(&r->root) ||
	    !query_plan(&planner, &r->root) || faults.n)
		return false;
	if (own.plan.op != PLAN_SELECT ||
	    sql_compile(a, &own.plan, &r->statement))
		return false;
	r->plan = own.plan;
	r->values = planner.values;
	return find_fillings(a, r, planner.open, open);
}

static struct reuse *
make(const struct call *call, struct cached *cached, const struct execution *e)
{
	struct reuse *r;

	if (cached->times < REUSE_FROM || cached->nplans == REUSE_MAX ||
	    e->op->kind != OPERATION_QUERY ||
	    e->op->nvariables > REUSE_VARIABLES)
		return NULL;
	r = ARENA_NEW(cached->arena, struct reuse);
	r->op = e->op;
	r->given = signature(e);
	r->next = cached->plans;
	cached->plans = r;
	cached->nplans++;
	r->fits = make_plan(cached->arena, r, call, e);
	cache_grown(call->request.model, cached);
	return r;
}

/* ---- using it ---- */

static const struct reuse *
find(const struct cached *cached, const struct execution *e)
{
	uint64_t given = signature(e);
	const struct reuse *r = cached->plans;

	while (r && (r->op != e->op || r->given != given))
		r = r->next;
	return r;
}

/* The value's text; false: it has a fault, or an empty list changes all. */
static bool
read_value(struct planner *p, const struct execution *e,
	   const struct filling *f, struct str *ret)
{
	struct query_place to = f->to;

	to.p = p;
	return query_value(&to, e->vars[f->variable], ret) &&
	       !(to.skip && str_eq(*ret, STR("{}")));
}

static bool
fill(struct call *call, const struct reuse *r, const struct execution *e,
     struct statement *ret)
{
	struct arena *a = call->arena;
	struct faults unsaid = {.arena = a};
	struct planner planner = {.call = call,
				  .schema = e->schema,
				  .faults = &unsaid,
				  .values = r->values};
	struct str *texts = ARENA_ARRAY(a, struct str, r->n);
	size_t nargs = (size_t)r->statement.nargs;

	for (size_t i = 0; i < r->n; i++)
		if (!read_value(&planner, e, &r->fillings[i], &texts[i]))
			return false;
	*ret = r->statement;
	ret->args = ARENA_ARRAY(a, const char *, nargs);
	for (size_t i = 0; i < nargs; i++)
		if (r->filled[i])
			ret->args[i] = arena_str(a, texts[r->filled[i] - 1]).p;
		else
			ret->args[i] = r->statement.args[i];
	return true;
}

bool
reuse_plan(struct call *call, struct cached *cached, const struct execution *e,
	   struct chosen *ret_root)
{
	struct statement *statement = ARENA_NEW(call->arena, struct statement);
	const struct reuse *r = find(cached, e);

	if (!r)
		r = make(call, cached, e);
	if (!r || !r->fits || !fill(call, r, e, statement))
		return false;
	*ret_root = r->root;
	call->plan = r->plan;
	call->plan.ready = statement;
	return true;
}
