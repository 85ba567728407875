#include "api/jsonapi/writing.h"

#include "api/answer.h"

#include "core/json.h"

struct writing *
write_begin(struct call *call, size_t operations)
{
	struct writing *w = ARENA_NEW(call->arena, struct writing);

	w->call = call;
	w->operations = ARENA_ARRAY(call->arena, struct operation, operations);
	jsonapi_of(call)->write = w;
	return w;
}

/* Is the row to be in a state that its client saw? */
static bool
insists(const struct writing *w)
{
	struct condition ignored;

	return !w->atomic &&
	       answer_if_match(w->call, w->operations->resource->table,
			       &ignored);
}

static struct err *
not_so(struct call *call)
{
	return err_new(call->arena, ERR_PRECONDITION, "Precondition Failed");
}

struct err *
write_missing(struct call *call, const struct operation *op)
{
	if (call->request.if_match.n && !writing_of(call)->atomic)
		return not_so(call);
	return jsonapi_not_found(call, op->resource, op->id);
}

struct err *
write_row(struct call *call, struct operation *op)
{
	const struct table *t = op->resource->table;

	op->row.table = t;
	if (resource_read_id(call->arena, t, op->id, &op->row.key))
		return NULL;
	return write_missing(call, op);
}

/* ---- one row ---- */

/* What an operation answers is a document, or a part of the answer. */
static void
show(struct writing *w, struct plan *step)
{
	step->quiet = false;
	if (!w->atomic)
		jsonapi_document(w->call, step);
}

/*
 * The row once more, with all that was linked to it.  Where it is one of
 * several results it has to be there, or what is around it would not fit.
 */
static struct err *
read_back(struct writing *w, const struct operation *op)
{
	struct call *call = w->call;
	size_t n = op->row.table->primary->n;
	struct str *key = op->row.key;
	struct plan one = {0};

	if (!key) {
		key = ARENA_ARRAY(call->arena, struct str, n);
		for (size_t i = 0; i < n; i++)
			key[i] = plan_kept(call->arena, op->row.keep, i);
	}
	TRY(jsonapi_read_one(call, key, !op->row.key, &one));
	one.must = w->atomic;
	show(w, steps_add(w, one, (struct origin){.aim = AIM_ROW, op}));
	return NULL;
}

/* Is the row that was written all that is answered? */
static bool
is_alone(const struct writing *w, const struct operation *op)
{
	return op->nlinks == 0 && !jsonapi_of(w->call)->include;
}

static struct err *
change_steps(struct writing *w, struct operation *op)
{
	bool create = op->kind == OPERATION_ADD;
	struct plan *row;

	if (!create && op->nset == 0 && op->nlinks == 0 && !insists(w))
		return read_back(w, op);
	steps_before(w, op);
	row = steps_row(w, op, is_alone(w, op) && op->nkeys == 0);
	if (is_alone(w, op)) {
		TRY(jsonapi_shape(w->call, row));
		row->version = !w->atomic;
		show(w, row);
		return NULL;
	}
	for (size_t i = 0; i < op->nlinks; i++)
		link_steps(w, op, &op->links[i],
			   create ? LINK_ADD : LINK_REPLACE);
	return read_back(w, op);
}

struct err *
write_steps(struct writing *w, struct operation *op)
{
	jsonapi_of(w->call)->primary = op->resource;
	if (op->kind != OPERATION_REMOVE)
		return change_steps(w, op);
	steps_row(w, op, true);
	return NULL;
}

/* ---- one request ---- */

static struct err *
read_data(struct writing *w, struct operation *op)
{
	json_object *body;

	TRY(body_read(w->call, &body));
	op->data = json_get(body, "data");
	if (json_has(body, "data"))
		TRY(body_row_read(w, op));
	else
		body_missing(w, op->at);
	return jsonapi_bad_body(w->call, &w->issues);
}

static struct operation *
begin_one(struct call *call, enum operation_kind kind)
{
	struct jsonapi *j = jsonapi_of(call);
	struct writing *w = write_begin(call, 1);

	w->n = 1;
	w->operations[0] = (struct operation){
		.kind = kind,
		.resource = j->resource,
		.row = {.table = j->resource->table, .keep = STR("row")},
		.id = j->id,
		.at = STR("/data"),
	};
	return w->operations;
}

static struct err *
change(struct call *call, enum operation_kind kind)
{
	struct operation *op = begin_one(call, kind);
	struct writing *w = writing_of(call);

	TRY(jsonapi_read_include(call));
	if (kind == OPERATION_UPDATE)
		TRY(write_row(call, op));
	TRY(read_data(w, op));
	if (is_alone(w, op))
		op->row.keep = (struct str){0};
	TRY(write_steps(w, op));
	steps_finish(w);
	return NULL;
}

static struct err *
remove_one(struct call *call)
{
	struct operation *op = begin_one(call, OPERATION_REMOVE);

	writing_of(call)->nothing = true;
	TRY(write_row(call, op));
	TRY(write_steps(writing_of(call), op));
	steps_finish(writing_of(call));
	return NULL;
}

/* ---- many rows ---- */

/* Pages and orders would be of what goes, of which all goes. */
static struct err *
check_parameters(struct call *call)
{
	const struct http_query *q = &call->request.query;

	for (size_t i = 0; i < q->n; i++) {
		struct str name = q->params[i].name;

		if (str_eq(name, STR("sort")) || str_starts(name, STR("page[")))
			return jsonapi_bad_query(
				call, name.p,
				"All that the filter finds are deleted.");
	}
	return NULL;
}

static struct err *
remove_many(struct call *call)
{
	struct operation *op = begin_one(call, OPERATION_REMOVE);
	struct plan one = {.op = PLAN_DELETE, .list = true};

	one.table = op->resource->table;
	if (insists(writing_of(call)))
		return not_so(call);
	TRY(check_parameters(call));
	TRY(jsonapi_read_include(call));
	if (jsonapi_of(call)->include && jsonapi_of(call)->include->next)
		return jsonapi_bad_query(call, "include",
					 "What is gone has no relationships.");
	TRY(jsonapi_filter(call, &one));
	/* All would go, and nobody meant that. */
	if (jsonapi_filter_is_all(one.filter))
		return jsonapi_bad_query(
			call, "filter",
			"Say by a filter which of them are to be deleted.");
	TRY(jsonapi_shape(call, &one));
	jsonapi_document(call, &one);
	steps_add(writing_of(call), one, (struct origin){.aim = AIM_ROW, op});
	steps_finish(writing_of(call));
	return NULL;
}

struct err *
jsonapi_write(struct call *call)
{
	bool list = jsonapi_of(call)->target == TARGET_LIST;
	struct str method = call->request.method;

	if (str_eq(method, STR("POST")))
		return change(call, OPERATION_ADD);
	if (str_eq(method, STR("PATCH")))
		return change(call, OPERATION_UPDATE);
	return list ? remove_many(call) : remove_one(call);
}

/* ---- the answer ---- */

/* Behind a string's first quote: its end. */
static size_t
string_end(struct str s, size_t at)
{
	while (at < s.n && s.p[at] != '"')
		at += s.p[at] == '\\' ? 2 : 1;
	return at;
}

/*
 * The resource's own link, as the printed document has it: links are members
 * of "data" behind its attributes, and a path has nothing to escape.
 */
static struct str
self_link(struct str body)
{
	static const char mark[] = "\"links\":{\"self\":\"";
	int depth = 0;

	for (size_t i = 0; i < body.n; i++) {
		struct str here = str_sub(body, i, strlen(mark));

		if (depth == 2 && str_eq(here, str_of(mark))) {
			i += here.n;
			return str_sub(body, i, string_end(body, i) - i);
		}
		if (body.p[i] == '"')
			i = string_end(body, i + 1);
		else if (body.p[i] == '{' || body.p[i] == '[')
			depth++;
		else if (body.p[i] == '}' || body.p[i] == ']')
			depth--;
	}
	return (struct str){0};
}

static void
say_nothing(struct reply *reply)
{
	reply->status = 204;
	reply->type = NULL;
	buf_clear(reply->body);
}

static void
say(struct reply *reply, const char *message)
{
	buf_clear(reply->body);
	buf_printf(reply->body,
		   "{\"jsonapi\":{\"version\":\"1.0\"},"
		   "\"meta\":{\"message\":\"%s\"}}",
		   message);
}

static void
say_where(struct reply *reply)
{
	struct str self = self_link(buf_str(reply->body));

	reply->status = 201;
	if (self.n)
		reply_header(reply, "Location", self);
}

/*
 * Row security hides from a write what the caller may not write.  Whether the
 * row is there at all is asked once more, by a read: 403 rather than 404.
 */
static struct err *
seek(struct call *call)
{
	struct writing *w = writing_of(call);
	struct plan *p = &call->plan;

	if (!w->operations->resource->table->guarded || insists(w) ||
	    (p->op != PLAN_UPDATE && p->op != PLAN_DELETE))
		return write_missing(call, w->operations);
	w->seeking = true;
	p->op = PLAN_SELECT;
	p->nset = 0;
	p->version = false;
	call->reply.type = NULL;
	return NULL;
}

static struct err *
found(struct call *call)
{
	if (call->rows == 0)
		return write_missing(call, writing_of(call)->operations);
	return err_new(call->arena, ERR_FORBIDDEN, "Forbidden");
}

struct err *
jsonapi_render_write(struct call *call)
{
	const struct writing *w = writing_of(call);
	const struct operation *op = w->operations;
	bool steps = call->plan.op == PLAN_STEPS;

	if (w->seeking)
		return found(call);
	if (!call->plan.list && call->rows == 0 &&
	    !(steps && (w->nothing || w->said || w->atomic)))
		return seek(call);
	call->reply.status = 200;
	call->reply.type = JSONAPI_TYPE;
	if (w->atomic)
		call->reply.type = JSONAPI_TYPE ";ext=\"" JSONAPI_ATOMIC "\"";
	if (w->nothing)
		say_nothing(&call->reply);
	else if (w->said)
		say(&call->reply, w->said);
	else if (op->kind == OPERATION_ADD && !w->atomic)
		say_where(&call->reply);
	if (!w->nothing && call->nversions)
		reply_header(&call->reply, "ETag", jsonapi_version(call));
	return NULL;
}
