#include "api/answer.h"
#include "api/jsonapi/jsonapi.h"

/* ---- which rows ---- */

static struct err *
where_id(struct call *call, struct plan *plan)
{
	const struct jsonapi *j = jsonapi_of(call);
	const struct constraint *primary = j->resource->table->primary;
	struct str *values;

	if (!resource_read_id(call->arena, j->resource->table, j->id, &values))
		return jsonapi_not_found(call, j->resource, j->id);
	plan->where = ARENA_ARRAY(call->arena, struct condition, primary->n);
	for (size_t i = 0; i < primary->n; i++)
		plan->where[plan->nwhere++] = (struct condition){
			.column = primary->columns[i],
			.cmp = CMP_EQ,
			.value = values[i],
		};
	return NULL;
}

static struct err *
read_list(struct call *call, struct plan *plan)
{
	plan->list = true;
	return jsonapi_page(call, plan);
}

static struct err *
read_one(struct call *call, struct plan *plan)
{
	plan->quick = table_is_stored(plan->table);
	return where_id(call, plan);
}

/* ---- the whole ---- */

struct err *
jsonapi_read(struct call *call)
{
	struct jsonapi *j = jsonapi_of(call);
	struct plan *p = &call->plan;

	p->op = PLAN_SELECT;
	p->table = j->primary->table;
	TRY(jsonapi_read_include(call));
	TRY(jsonapi_shape(call, p));
	TRY(j->target == TARGET_LIST ? read_list(call, p) : read_one(call, p));
	jsonapi_document(call, p);
	return NULL;
}

struct err *
jsonapi_render_read(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (!call->plan.list && call->rows == 0)
		return jsonapi_not_found(call, j->resource, j->id);
	call->reply.status = 200;
	call->reply.type = JSONAPI_TYPE;
	return NULL;
}
