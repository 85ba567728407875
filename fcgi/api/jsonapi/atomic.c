/*
 * Atomic operations (jsonapi.org/ext/atomic): many writes, one after the
 * other, in one transaction.  First all of them are looked at, then each is
 * read into steps, in order, so that it knows the lids of those before it.
 */
#include "api/answer.h"
#include "api/jsonapi/writing.h"

#include "core/json.h"

/* What an operation is to a single resource, and to a relationship. */
static const struct way {
	const char *method;
	enum link_way links;
} ways[] = {
	[OPERATION_ADD] = {"POST",   LINK_ADD	   },
	[OPERATION_UPDATE] = {"PATCH",  LINK_REPLACE},
	[OPERATION_REMOVE] = {"DELETE", LINK_REMOVE },
};

/* ---- what may be done ---- */

static struct err *
check_grants(struct atom *x)
{
	const struct call *call = x->w->call;
	const struct operation *op = x->op;
	const struct table *t = op->resource->table;
	uint32_t granted[] = {
		[OPERATION_ADD] = t->grants.insert,
		[OPERATION_UPDATE] = t->grants.update,
		[OPERATION_REMOVE] = t->grants.delete,
	};
	bool stored = t->kind != REL_VIEW && t->kind != REL_MATERIALIZED;

	if (op->relationship ||
	    (stored && (granted[op->kind] & op->resource->role)))
		return NULL;
	if (!call->caller.known && stored && granted[op->kind])
		return err_new(call->arena, ERR_UNAUTHORIZED,
			       "Not authenticated");
	return jsonapi_error(x->w->call, 403, NULL,
			     (struct fault_source){.pointer = x->at.p},
			     "Forbidden");
}

/* ---- what is wrong with its data ---- */

static void
put_json(struct buf *b, json_object *o)
{
	const char *text = "null";

	if (o)
		text = json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN |
				   JSON_C_TO_STRING_NOSLASHESCAPE);
	buf_put(b, str_of(text));
}

/* Places are told from the operation on: ["data", ...] */
static struct issues
own_issues(struct atom *x)
{
	struct issues own = {0};
	struct str prefix = x->op->at;

	for (const struct issue *i = x->w->issues.first; i; i = i->next) {
		struct issue one = *i;

		if (str_starts(one.field, prefix)) {
			one.where = "data";
			one.field = str_sub(one.field, prefix.n, one.field.n);
		} else if (str_starts(one.field, x->at)) {
			one.where = "ref";
			one.field = STR("");
		}
		issues_add(&own, x->w->call->arena, one);
	}
	return own;
}

static struct err *
bad_data(struct atom *x)
{
	const struct issue *first = x->w->issues.first;
	struct issues own = own_issues(x);
	struct buf b = buf_new(4 * 1024 * 1024);
	struct err *e;

	buf_printf(&b, "{\"message\":\"Validation error on operation %s\"",
		   atom_word(x));
	BUF_LIT(&b, ",\"ref\":");
	put_json(&b, x->ref);
	BUF_LIT(&b, ",\"data\":");
	put_json(&b, x->op->data);
	if (str_eq(str_of(first->type), STR(LINKAGE_LID))) {
		BUF_LIT(&b, ",\"error\":");
		buf_json(&b, first->message);
	} else {
		BUF_LIT(&b, ",\"errors\":");
		body_issues_put(x->w->call->arena, &b, &own);
	}
	buf_char(&b, '}');
	e = body_issues_bare(x->w->call, &b);
	buf_free(&b);
	return e;
}

static struct err *
check_data(struct atom *x)
{
	if (!x->w->issues.first)
		return NULL;
	return jsonapi_of(x->w->call)->strict
		       ? jsonapi_bad_body(x->w->call, &x->w->issues)
		       : bad_data(x);
}

/* ---- steps ---- */

static void
depend(struct atom *x)
{
	const struct operation *op = x->op;
	struct jsonapi_view view = {
		.table = op->resource->table,
		.method = str_of(ways[op->kind].method),
		.list = op->kind == OPERATION_ADD && !op->relationship,
		.step = (int)x->w->nsteps,
	};

	if (!x->lid.p)
		view.id = op->id;
	jsonapi_depend_step(x->w->call, &view);
}

static struct err *
read_operation(struct atom *x)
{
	struct operation *op = x->op;
	enum link_way way = ways[op->kind].links;

	if (op->relationship)
		TRY(relate_read(x->w, op, way));
	else if (op->kind != OPERATION_REMOVE)
		TRY(body_row_read(x->w, op));
	TRY(check_data(x));
	if (op->kind == OPERATION_ADD && !op->lid.p && !op->nlinks)
		op->row.keep = (struct str){0};
	depend(x);
	if (!op->relationship)
		return write_steps(x->w, op);
	op->kind = OPERATION_UPDATE;
	relate_steps(x->w, op, way);
	return NULL;
}

static struct err *
plan_atom(struct atom *x, size_t number)
{
	TRY(atom_type(x));
	TRY(check_data(x));
	TRY(check_grants(x));
	TRY(atom_row(x, number));
	if (x->op->lid.p &&
	    linkage_lid(x->w, x->op->resource->type, x->op->lid))
		body_issue(x->w,
			   body_at(x->w->call->arena, x->op->at, STR("lid")),
			   "the lid is another row's", "value_error");
	TRY(check_data(x));
	return read_operation(x);
}

/* ---- the answer ---- */

/* What is printed around the results, of which the last is that step's. */
struct results {
	struct writing *w;
	struct buf text; /* waits for a step to be printed with */
	struct plan *last;
};

/* The results are those of the steps that are not quiet. */
static void
add_result(struct results *r, struct plan *step)
{
	struct arena *a = r->w->call->arena;
	bool strict = jsonapi_of(r->w->call)->strict;

	if (!step) {
		buf_put(&r->text,
			strict ? STR("{}")
			       : STR("{\"data\":null,\"meta\":null}"));
		return;
	}
	BUF_LIT(&r->text, "{\"data\":");
	step->open = arena_str(a, buf_str(&r->text));
	step->close = strict ? STR("}") : STR(",\"meta\":null}");
	r->last = step;
	buf_clear(&r->text);
}

static void
add_results(struct results *r, const size_t *ends)
{
	BUF_LIT(&r->text, "{\"atomic:results\":[");
	for (size_t i = 0; i < r->w->n; i++) {
		struct plan *step = &r->w->steps[ends[i] - 1];

		if (i)
			buf_char(&r->text, ',');
		add_result(r, step->quiet ? NULL : step);
	}
	BUF_LIT(&r->text, "]");
	if (jsonapi_of(r->w->call)->strict)
		BUF_LIT(&r->text, ",\"jsonapi\":{\"version\":\"1.1\",\"ext\":["
				  "\"" JSONAPI_ATOMIC "\"]}");
	BUF_LIT(&r->text, "}");
}

/* Where there is nothing to be told, nothing is. */
static void
answer(struct writing *w, const size_t *ends)
{
	struct results r = {w, buf_new(16 * 1024 * 1024), NULL};

	add_results(&r, ends);
	if (r.last)
		r.last->close = arena_printf(w->call->arena, "%.*s%.*s",
					     STR_FMT(r.last->close),
					     STR_FMT(buf_str(&r.text)));
	else
		w->nothing = true;
	buf_free(&r.text);
}

/* ---- the request ---- */

static const char member[] = "atomic:operations";

static void
wrong_number(struct writing *w, struct str place, int64_t max)
{
	struct arena *a = w->call->arena;
	int64_t limit = max ? max : 1;

	issues_add(&w->issues, a,
		   (struct issue){
			   .where = "body",
			   .field = place,
			   .message = arena_printf(
				   a, "ensure this value has at %s %lld items",
				   max ? "most" : "least", (long long)limit),
			   .type = max ? "value_error.list.max_items"
				       : "value_error.list.min_items",
			   .ctx = arena_printf(a, "{\"limit_value\":%lld}",
					       (long long)limit),
		   });
}

/* The list, or NULL and issues. */
static json_object *
read_list(struct writing *w, json_object *body, struct str place)
{
	json_object *list = json_get(body, member);
	int64_t max = w->call->request.conf->jsonapi_operations;

	if (!json_has(body, member))
		body_missing(w, place);
	else if (!json_object_is_type(list, json_type_array))
		body_issue(w, place, "value is not a valid list",
			   "type_error.list");
	else if (json_object_array_length(list) == 0)
		wrong_number(w, place, 0);
	else if ((int64_t)json_object_array_length(list) > max)
		wrong_number(w, place, max);
	else
		return list;
	return NULL;
}

static struct err *
read_atoms(struct call *call, struct atom **ret)
{
	struct arena *a = call->arena;
	struct str place = body_at(a, STR(""), str_of(member));
	struct writing w = {.call = call};
	json_object *body, *list;
	size_t n;

	TRY(body_read(call, &body));
	list = read_list(&w, body, place);
	n = list ? json_object_array_length(list) : 0;
	*ret = ARENA_ARRAY(a, struct atom, n);
	*write_begin(call, n) = (struct writing){
		.call = call,
		.operations = writing_of(call)->operations,
		.atomic = true,
	};
	for (size_t i = 0; i < n; i++) {
		struct atom *x = &(*ret)[i];

		x->w = &w;
		x->op = &writing_of(call)->operations[i];
		x->o = json_object_array_get_idx(list, i);
		x->at = arena_printf(a, "%.*s/%zu", STR_FMT(place), i);
		atom_read(x);
		x->w = writing_of(call);
	}
	writing_of(call)->n = n;
	return jsonapi_bad_body(call, &w.issues);
}

static struct err *
check_extension(struct call *call)
{
	if (!jsonapi_of(call)->strict || jsonapi_is_atomic(&call->request))
		return NULL;
	return jsonapi_error(call, 415, NULL, (struct fault_source){0},
			     "Content-Type should be %s;ext=\"%s\".",
			     JSONAPI_TYPE, JSONAPI_ATOMIC);
}

struct err *
jsonapi_operations(struct call *call)
{
	struct atom *atoms = NULL;
	struct writing *w;
	size_t n, *ends;

	jsonapi_of(call)->prefix = "/jsonapi";
	TRY(check_extension(call));
	TRY(read_atoms(call, &atoms));
	w = writing_of(call);
	n = w->n;
	ends = ARENA_ARRAY(call->arena, size_t, n);
	for (size_t i = 0; i < n; i++) {
		w->n = i; /* those that lids may be of */
		TRY(plan_atom(&atoms[i], i));
		ends[i] = w->nsteps;
	}
	w->n = n;
	answer(w, ends);
	steps_finish(w);
	return NULL;
}
