#include "api/jsonapi/writing.h"

#include "core/json.h"

static struct err *
not_many(struct writing *w, struct operation *op)
{
	struct err *e;

	if (w->atomic)
		return jsonapi_error(w->call, 403, NULL,
				     (struct fault_source){.pointer = op->at.p},
				     "%.*s is one: it can be updated only.",
				     STR_FMT(op->relationship->name));
	e = err_new(w->call->arena, ERR_METHOD, "Method Not Allowed");
	e->allow = STR("GET, HEAD, PATCH");
	return e;
}

/* The row holds the key itself. */
static struct err *
read_key(struct writing *w, struct operation *op, struct linkage *l)
{
	size_t n = l->by->by.fkey->n;

	op->set = ARENA_ARRAY(w->call->arena, struct setting, n);
	op->nset = linkage_settings(w, l, op->set);
	if (op->nset == 0)
		return jsonapi_error(
			w->call, jsonapi_of(w->call)->strict ? 403 : 400, NULL,
			(struct fault_source){.pointer = l->at.p},
			"%.*s is required.", STR_FMT(l->by->name));
	if (l->n && l->by->to->guarded && l->to->row.key) {
		op->keys = l;
		op->nkeys = 1;
	}
	return NULL;
}

struct err *
relate_read(struct writing *w, struct operation *op, enum link_way way)
{
	struct linkage *l = ARENA_NEW(w->call->arena, struct linkage);
	struct issue **end = w->issues.end;

	if (!op->relationship->many && way != LINK_REPLACE)
		return not_many(w, op);
	l->at = op->at;
	TRY(linkage_read(w, op->relationship, op->data, l));
	if (end != w->issues.end)
		return NULL;
	TRY(linkage_may(w, l, false));
	if (!l->by->by.reverse)
		return read_key(w, op, l);
	op->links = l;
	op->nlinks = 1;
	return NULL;
}

void
relate_steps(struct writing *w, struct operation *op, enum link_way way)
{
	steps_before(w, op);
	steps_row(w, op, op->nkeys + op->nlinks == 0);
	if (op->nlinks)
		link_steps(w, op, op->links, way);
}

/* ---- one request ---- */

static const struct method {
	const char *name;
	enum link_way way;
	const char *said;
} methods[] = {
	{"PATCH",  LINK_REPLACE, "Relationship successfully updated"},
	{"POST",	 LINK_ADD,	   "Relationship successfully created"},
	{"DELETE", LINK_REMOVE,	"Relationship successfully updated"},
};

static const struct method *
find_method(struct str name)
{
	size_t i = 0;

	while (i + 1 < sizeof(methods) / sizeof(methods[0]) &&
	       !str_eq(str_of(methods[i].name), name))
		i++;
	return &methods[i];
}

struct err *
jsonapi_relate(struct call *call)
{
	const struct method *m = find_method(call->request.method);
	struct jsonapi *j = jsonapi_of(call);
	struct writing *w = write_begin(call, 1);
	struct operation *op = w->operations;
	json_object *body;

	w->n = 1;
	w->said = m->said;
	w->nothing = j->strict;
	*op = (struct operation){
		.kind = OPERATION_UPDATE,
		.resource = j->resource,
		.relationship = j->relationship,
		.id = j->id,
		.at = STR("/data"),
	};
	TRY(write_row(call, op));
	TRY(body_read(call, &body));
	op->data = json_get(body, "data");
	if (json_has(body, "data"))
		TRY(relate_read(w, op, m->way));
	else
		body_missing(w, op->at);
	TRY(jsonapi_bad_body(call, &w->issues));
	relate_steps(w, op, m->way);
	steps_finish(w);
	return NULL;
}
