#include "api/answer.h"
#include "api/jsonapi/jsonapi.h"
#include "core/relation.h"

/* ---- the row that the path names ---- */

static struct err *
read_key(struct call *call, struct str **ret)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (!resource_read_id(call->arena, j->resource->table, j->id, ret))
		return jsonapi_not_found(call, j->resource, j->id);
	return NULL;
}

static void
where_key(struct call *call, struct plan *plan, const struct str *key,
	  enum plan_cmp cmp)
{
	const struct constraint *primary = plan->table->primary;

	plan->where = ARENA_ARRAY(call->arena, struct condition, primary->n);
	plan->nwhere = primary->n;
	for (size_t i = 0; i < primary->n; i++)
		plan->where[i] = (struct condition){
			.column = primary->columns[i],
			.cmp = cmp,
			.value = key[i],
		};
}

/* Is it there at all?  What is related to nothing is not found. */
static void
look_for_parent(struct call *call, const struct str *key)
{
	struct jsonapi *j = jsonapi_of(call);
	struct plan *parent = ARENA_NEW(call->arena, struct plan);

	parent->op = PLAN_SELECT;
	parent->table = j->resource->table;
	where_key(call, parent, key, CMP_EQ);
	j->parent = jsonapi_probe(call, &call->plan, parent);
}

/* ---- what is related to it ---- */

static struct filter *
make_filter(struct arena *a, enum filter_kind kind, size_t n)
{
	struct filter *f = ARENA_NEW(a, struct filter);

	f->kind = kind;
	f->n = n;
	f->parts = ARENA_ARRAY(a, const struct filter *, n);
	return f;
}

/* These columns have the values. */
static struct filter *
equal(struct arena *a, struct column *const *columns, const struct str *values,
      size_t n)
{
	struct filter *all = make_filter(a, FILTER_AND, n);

	for (size_t i = 0; i < n; i++) {
		struct filter *one = make_filter(a, FILTER_TEST, 0);

		one->test = (struct condition){
			.column = columns[i],
			.cmp = CMP_EQ,
			.value = values[i],
		};
		all->parts[i] = one;
	}
	return all;
}

static const struct filter *
some(struct arena *a, struct relation by, const struct filter *of)
{
	struct filter *f = make_filter(a, FILTER_SOME, 1);

	f->relation = by;
	f->parts[0] = of;
	return f;
}

/* The values that the columns of a key to the row have. */
static struct str *
values_of(struct arena *a, const struct fkey *f, const struct str *key)
{
	const struct constraint *primary = f->to->primary;
	struct str *values = ARENA_ARRAY(a, struct str, f->n);

	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < primary->n; k++)
			if (primary->columns[k] == f->references[i])
				values[i] = key[k];
	return values;
}

/*
 * Of the rows that hold a key: those to the row, which is looked at where
 * policies may hide it.
 */
static const struct filter *
hold(struct arena *a, const struct fkey *f, const struct str *key)
{
	const struct constraint *primary = f->to->primary;

	if (relation_is_to_primary(f) && !f->to->guarded)
		return equal(a, f->columns, values_of(a, f, key), f->n);
	return some(a, (struct relation){.fkey = f},
		    equal(a, primary->columns, key, primary->n));
}

/* Of the target's rows: those that the relationship of the row leads to. */
static const struct filter *
related(struct call *call, const struct str *key)
{
	const struct relationship *r = jsonapi_of(call)->relationship;
	const struct constraint *primary =
		jsonapi_of(call)->resource->table->primary;
	struct relation back = {.reverse = true};

	back.fkey = r->via ? r->via : r->by.fkey;
	if (r->via)
		return some(call->arena, back,
			    hold(call->arena, r->by.fkey, key));
	if (r->by.reverse)
		return hold(call->arena, r->by.fkey, key);
	return some(call->arena, back,
		    equal(call->arena, primary->columns, key, primary->n));
}

/* ---- the targets ---- */

static struct err *
read_list(struct call *call)
{
	call->plan.list = true;
	TRY(jsonapi_filter(call, &call->plan));
	return jsonapi_page(call, &call->plan);
}

static struct err *
read_one(struct call *call)
{
	struct plan *p = &call->plan;
	struct str *key;

	TRY(read_key(call, &key));
	where_key(call, p, key, CMP_EQ);
	p->quick = table_is_stored(p->table) && !p->nreaches;
	p->version = p->nreaches == 0;
	return NULL;
}

static struct err *
read_related(struct call *call)
{
	struct str *key;

	TRY(read_key(call, &key));
	look_for_parent(call, key);
	call->plan.filter = related(call, key);
	return jsonapi_of(call)->relationship->many ? read_list(call) : NULL;
}

struct err *
jsonapi_read(struct call *call)
{
	static struct err *(*const targets[])(struct call * call) = {
		[TARGET_LIST] = read_list,
		[TARGET_ONE] = read_one,
		[TARGET_RELATED] = read_related,
		[TARGET_RELATIONSHIP] = read_related,
	};
	const struct jsonapi *j = jsonapi_of(call);
	struct plan *p = &call->plan;

	p->op = PLAN_SELECT;
	p->table = j->primary->table;
	TRY(jsonapi_read_include(call));
	TRY(jsonapi_shape(call, p));
	TRY(targets[j->target](call));
	jsonapi_document(call, p);
	return NULL;
}

struct err *
jsonapi_read_one(struct call *call, struct str *key, bool kept,
		 struct plan *ret)
{
	*ret = (struct plan){
		.op = PLAN_SELECT,
		.table = jsonapi_of(call)->primary->table,
	};
	TRY(jsonapi_shape(call, ret));
	where_key(call, ret, key, kept ? CMP_KEPT : CMP_EQ);
	jsonapi_document(call, ret);
	return NULL;
}

/* ---- answering ---- */

/* The row is there, and nothing is related to it. */
static void
answer_null(struct call *call)
{
	struct buf *b = call->reply.body;

	buf_clear(b);
	BUF_LIT(b, "{\"data\":null");
	if (jsonapi_of(call)->include)
		BUF_LIT(b, ",\"included\":[]");
	jsonapi_tail(call);
}

const char *
jsonapi_content_type(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct str profile = j->cursors.n ? j->cursors : STR(JSONAPI_CURSORS);

	if (!j->cursor)
		return JSONAPI_TYPE;
	return arena_printf(call->arena, "%s;profile=\"%.*s\"", JSONAPI_TYPE,
			    STR_FMT(profile))
		.p;
}

/* There are no rows: is it because the path names none? */
static bool
is_missing(const struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (j->parent >= 0)
		return call->counts[j->parent] == 0;
	return j->target == TARGET_ONE;
}

struct str
jsonapi_version(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);
	struct str form = arena_printf(call->arena, "%s %s?%.*s",
				       j->strict ? "strict" : "", j->prefix,
				       STR_FMT(call->request.query_text));

	return answer_version(call, form);
}

struct err *
jsonapi_render_read(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (call->rows == 0 && is_missing(call))
		return jsonapi_not_found(call, j->resource, j->id);
	if (call->rows == 0 && !call->plan.list)
		answer_null(call);
	call->reply.status = 200;
	call->reply.type = jsonapi_content_type(call);
	answer_tag(call, jsonapi_version(call));
	return NULL;
}

static bool
has_filter(const struct call *call)
{
	const struct http_query *q = &call->request.query;

	for (size_t i = 0; i < q->n; i++)
		if (str_starts(q->params[i].name, STR("filter")))
			return true;
	return false;
}

/*
 * A value that its column cannot hold, of which only Postgres knows: an id is
 * the id of nothing, and a filter's is of the wrong type.
 */
struct err *
jsonapi_read_fault(struct call *call, const struct err *e)
{
	const struct jsonapi *j = call->state;
	struct fault_source source = {.parameter = "filters"};

	if (!j || j->write || e->code != ERR_INVALID || e->issues)
		return NULL;
	if (e->argument && j->id.n && !has_filter(call))
		return jsonapi_not_found(call, j->resource, j->id);
	if (!e->argument && !has_filter(call))
		return NULL;
	if (j->strict || !e->argument)
		return jsonapi_bad_query(
			call, j->strict ? "filter" : "filters",
			e->argument ? "A value is none that its column takes."
				    : "A column does not have such an "
				      "operator.");
	return jsonapi_error(call, 409, "Invalid type.", source,
			     "A value is none that its column takes.");
}
