#include "api/graphql/graphql.h"

#include "api/answer.h"
#include "api/graphql/cache.h"
#include "api/graphql/incoming.h"
#include "api/graphql/mutate.h"
#include "api/graphql/query.h"
#include "api/graphql/reuse.h"
#include "core/print.h"
#include "io/secret.h"

/* What is known of one request so far. */
struct graphql {
	struct incoming in;
	bool strict; /* the media type whose status says what happened */
	struct faults faults;
	struct cached *cached;
	const struct schema *schema;
	const struct operation *op;
	struct chosen root;
};

static struct graphql *
graphql_of(const struct call *call)
{
	return call->state;
}

/* ---- answering faults ---- */

static void
put_errors(struct call *call)
{
	const struct graphql *g = graphql_of(call);
	struct buf *b = call->reply.body;

	BUF_LIT(b, "\"errors\":");
	fault_print(b, &g->faults, g->in.query);
}

/* The request as a whole is refused: nothing of it was begun. */
static struct err *
answer_refusal(struct call *call)
{
	call->reply.status = graphql_of(call)->strict ? 400 : 200;
	buf_char(call->reply.body, '{');
	put_errors(call);
	buf_char(call->reply.body, '}');
	return NULL;
}

/* Fields failed, and took the whole answer with them. */
static struct err *
answer_no_data(struct call *call)
{
	buf_clear(call->reply.body);
	call->reply.status = 200;
	buf_char(call->reply.body, '{');
	put_errors(call);
	BUF_LIT(call->reply.body, ",\"data\":null}");
	return NULL;
}

/* ---- which operation ---- */

static const struct operation *
find_operation(const struct graphql *g, struct faults *faults)
{
	const struct operation *op = g->cached->document->operations;
	struct str name = g->in.operation;

	if (!op) {
		fault_add(faults, NULL, 0, "Must provide an operation.");
		return NULL;
	}
	if (name.n == 0 && !op->next)
		return op;
	if (name.n == 0) {
		fault_add(faults, NULL, 0,
			  "Must provide operation name if query contains "
			  "multiple operations.");
		return NULL;
	}
	while (op && !str_eq(op->name, name))
		op = op->next;
	if (!op)
		fault_add(faults, NULL, 0, "Unknown operation named \"%.*s\".",
			  STR_FMT(name));
	return op;
}

/* May the caller ask for the schema? */
static bool
may_look(const struct call *call)
{
	struct str who = str_of(call->request.conf->graphql_introspection);

	return str_eq(who, STR("all")) ||
	       (str_eq(who, STR("members")) && call->caller.known);
}

static bool
check_introspection(struct call *call)
{
	struct graphql *g = graphql_of(call);

	if (may_look(call))
		return true;
	for (size_t i = 0; i < g->root.n; i++) {
		const struct chosen *f = &g->root.fields[i];

		if (f->field->meaning != FIELD_IS_SCHEMA &&
		    f->field->meaning != FIELD_IS_TYPE)
			continue;
		fault_add(&g->faults, &f->at, 1,
			  "Introspection is not allowed "
			  "(POSTERN_GRAPHQL_INTROSPECTION).");
		fault_last(&g->faults)->code = "INTROSPECTION_DISABLED";
		return false;
	}
	return true;
}

/* ---- running it ---- */

/* Errors stand behind the data, before the brace that closes all. */
static void
end_with_errors(struct call *call)
{
	struct buf *b = call->reply.body;

	if (!graphql_of(call)->faults.n)
		return;
	b->n--;
	buf_char(b, ',');
	put_errors(call);
	buf_char(b, '}');
}

/* Nothing of it needs the database. */
static void
answer_text(struct call *call)
{
	struct buf *b = call->reply.body;

	buf_put(b, call->plan.open);
	print_row(b, call->plan.shape, NULL);
	buf_put(b, call->plan.close);
	end_with_errors(call);
	call->reply.status = 200;
}

/* A list may be gone before it has ended: its end is known by now. */
static void
close_with_errors(struct call *call)
{
	struct buf *b = call->reply.body;

	buf_put(b, call->plan.close);
	end_with_errors(call);
	call->plan.close = arena_str(call->arena, buf_str(b));
	buf_clear(b);
}

static struct err *
execute(struct call *call)
{
	struct graphql *g = graphql_of(call);
	struct planner planner = {
		.call = call,
		.schema = g->schema,
		.faults = &g->faults,
	};
	bool planned;

	if (g->op->kind == OPERATION_MUTATION)
		planned = mutate_plan(&planner, &g->root);
	else
		planned = query_plan(&planner, &g->root);
	if (!planned)
		return answer_no_data(call);
	if (call->plan.op == PLAN_NONE)
		answer_text(call);
	else if (call->plan.list && g->faults.n)
		close_with_errors(call);
	return NULL;
}

/* Variables, then fields; what is wrong with them, nothing has run. */
static struct err *
prepare(struct call *call)
{
	struct graphql *g = graphql_of(call);
	struct execution execution = {
		.arena = call->arena,
		.schema = g->schema,
		.doc = g->cached->document,
		.op = g->op,
		.faults = &g->faults,
	};

	if (!coerce_variables(&execution, g->in.variables))
		return answer_refusal(call);
	if (reuse_plan(call, g->cached, &execution, &g->root))
		return NULL;
	if (!collect_fields(&execution, &g->root))
		return answer_no_data(call);
	if (!check_introspection(call))
		return answer_refusal(call);
	return execute(call);
}

static struct err *
persisted(struct call *call)
{
	graphql_of(call)->cached->persisted = true;
	return prepare(call);
}

/* A document that came with its hash is kept, if it is any good. */
static struct err *
persist(struct call *call)
{
	struct graphql *g = graphql_of(call);

	call->ask = (struct question){
		.schema = "postern",
		.function = "persist_query",
		.args = {g->in.hash, g->in.query},
		.nargs = 2,
		.write = true,
		.then = persisted,
	};
	return NULL;
}

static struct err *
run(struct call *call)
{
	struct graphql *g = graphql_of(call);
	struct err *e;

	g->schema = cache_schema(call->request.model, call->request.conf,
				 answer_role(call));
	g->cached = cache_document(call, g->schema, g->in.query, may_look(call),
				   &g->faults);
	if (!g->cached)
		return answer_refusal(call);
	g->op = find_operation(g, &g->faults);
	if (!g->op)
		return answer_refusal(call);
	if (g->in.by_get && g->op->kind == OPERATION_MUTATION) {
		e = err_new(call->arena, ERR_METHOD,
			    "Can only perform a mutation operation from a POST "
			    "request.");
		e->allow = STR("POST");
		return e;
	}
	if (g->in.hash.n && !g->cached->persisted)
		return persist(call);
	return prepare(call);
}

/* ---- persisted queries: a hash in the place of a document ---- */

static struct err *
found(struct call *call)
{
	struct graphql *g = graphql_of(call);

	if (!call->answer || !call->answer[0].p) {
		fault_add(&g->faults, NULL, 0, "PersistedQueryNotFound");
		fault_last(&g->faults)->code = "PERSISTED_QUERY_NOT_FOUND";
		return answer_refusal(call);
	}
	g->in.query = call->answer[0];
	g->in.hash = STR("");
	return run(call);
}

static struct err *
look_up(struct call *call)
{
	call->ask = (struct question){
		.schema = "postern",
		.function = "persisted_query",
		.args = {graphql_of(call)->in.hash},
		.nargs = 1,
		.then = found,
	};
	return NULL;
}

static struct err *
check_hash(struct call *call)
{
	const struct graphql *g = graphql_of(call);
	struct str hash = secret_hex(call->arena,
				     secret_sha256(call->arena, g->in.query));

	if (str_eq(hash, g->in.hash))
		return NULL;
	return err_new(call->arena, ERR_BAD_REQUEST,
		       "provided sha does not match query");
}

/* ---- the interface ---- */

/* Caches have to keep the two media types apart. */
static void
vary(struct call *call)
{
	reply_header(&call->reply, "Vary", STR("Accept"));
}

static struct err *
plan(struct call *call)
{
	struct graphql *g = ARENA_NEW(call->arena, struct graphql);
	const char *type = incoming_media_type(call->request.accept);

	call->state = g;
	g->faults.arena = call->arena;
	vary(call);
	if (!type) {
		struct err *e = err_new(call->arena, ERR_BAD_REQUEST,
					"Accept must allow application/json or "
					"application/graphql-response+json.");
		e->status = 406;
		return e;
	}
	call->reply.type = type;
	g->strict = strstr(type, "response") != NULL;
	TRY(incoming_read(call, &g->in));
	if (g->in.query.n == 0)
		return look_up(call);
	if (g->in.hash.n)
		TRY(check_hash(call));
	return run(call);
}

static bool
has_fault(const struct graphql *g, const struct chosen *f)
{
	for (const struct fault *x = g->faults.first; x; x = x->next) {
		const struct path *path = x->path;

		while (path && path->up)
			path = path->up;
		if (path && str_eq(path->key, f->key))
			return true;
	}
	return false;
}

/* Rows by key that are not there: null in the data, and an error each. */
static void
add_missing(struct call *call)
{
	struct graphql *g = graphql_of(call);

	for (size_t i = 0; i < g->root.n; i++) {
		const struct chosen *f = &g->root.fields[i];
		bool missing = call->plan.table ? call->rows == 0
						: call->nulls >> i & 1;

		if (f->field->meaning != FIELD_IS_BY_PK || !missing ||
		    has_fault(g, f))
			continue;
		fault_add(&g->faults, &f->at, 1,
			  "%.*s matching query does not exist.",
			  STR_FMT(f->field->table->type));
		fault_last(&g->faults)->path = &f->path;
		fault_last(&g->faults)->code = "NOT_FOUND";
	}
}

static struct err *
render(struct call *call)
{
	struct graphql *g = graphql_of(call);
	struct buf *b = call->reply.body;

	call->reply.status = 200;
	if (call->streaming)
		return NULL;
	if (call->plan.op == PLAN_TREES) {
		mutate_render(call, &g->root);
		return NULL;
	}
	if (call->plan.list)
		return NULL;
	if (call->rows == 0) {
		buf_put(b, call->plan.open);
		BUF_LIT(b, "null");
		buf_put(b, call->plan.close);
	}
	add_missing(call);
	end_with_errors(call);
	return NULL;
}

/* ---- failing ---- */

/* Is it the document's own doing, so that it is answered, not refused? */
static bool
is_of_a_field(const struct call *call, const struct err *e)
{
	switch (e->code) {
	case ERR_INVALID:
	case ERR_REFUSED:
	case ERR_CONSTRAINT:
	case ERR_REFERENCED:
	case ERR_FORBIDDEN:
	case ERR_NOT_FOUND:
	case ERR_TOO_LARGE:
	case ERR_CONFLICT:
	case ERR_BAD_REQUEST: /* of a trigger, or a statement too much */
		return call->plan.op != PLAN_NONE;
	default:
		return false;
	}
}

/* "bad_request" as "BAD_REQUEST". */
static const char *
code_of(struct arena *a, enum err_code code)
{
	struct str slug = arena_str(a, str_of(err_kind(code)->slug));
	char *upper = arena_alloc(a, slug.n + 1);

	for (size_t i = 0; i < slug.n; i++)
		upper[i] = slug.p[i] >= 'a' && slug.p[i] <= 'z'
				   ? (char)(slug.p[i] - 'a' + 'A')
				   : slug.p[i];
	return upper;
}

static struct str
message_of(const struct err *e)
{
	if (e->message.n)
		return e->message;
	if (e->code == ERR_FORBIDDEN)
		return STR("Invalid permissions.");
	if (e->code == ERR_INVALID)
		return STR("A value is none that its column takes.");
	return str_of(err_kind(e->code)->title);
}

/* The only root field is to blame; of several we cannot say which. */
static void
add_failure(struct call *call, const struct err *e)
{
	struct graphql *g = graphql_of(call);
	const struct chosen *f = g->root.n == 1 ? g->root.fields : NULL;
	struct str message = message_of(e);

	fault_add(&g->faults, f ? &f->at : NULL, f ? 1 : 0, "%.*s",
		  STR_FMT(message));
	fault_last(&g->faults)->path = f ? &f->path : NULL;
	fault_last(&g->faults)->code = code_of(call->arena, e->code);
}

/* What came before there was a document: HTTP's own, or the server's. */
static void
fail_request(struct call *call, const struct err *e)
{
	struct reply *reply = &call->reply;
	struct faults faults = {.arena = call->arena};
	struct str message = message_of(e);

	reply->status = e->status ? e->status : err_kind(e->code)->status;
	if (e->allow.n)
		reply_header(reply, "Allow", e->allow);
	fault_add(&faults, NULL, 0, "%.*s", STR_FMT(message));
	fault_last(&faults)->code = code_of(call->arena, e->code);
	BUF_LIT(reply->body, "{\"errors\":");
	fault_print(reply->body, &faults, STR(""));
	buf_char(reply->body, '}');
}

static void
fail(struct call *call, const struct err *e)
{
	struct graphql *g = graphql_of(call);
	const char *type = incoming_media_type(call->request.accept);
	size_t before = g ? g->faults.n : 0; /* of fields that never ran */

	vary(call);
	call->reply.type = type ? type : "application/json; charset=utf-8";
	if (!g || !is_of_a_field(call, e)) {
		fail_request(call, e);
		return;
	}
	call->reply.status = 200;
	if (call->plan.op == PLAN_TREES &&
	    mutate_failed(call, &g->root, e, &g->faults))
		return;
	if (g->faults.n == before)
		add_failure(call, e);
	answer_no_data(call);
}

const struct api graphql_api = {
	.name = "graphql",
	.answers = true,
	.remote = true,
	.plan = plan,
	.render = render,
	.fail = fail,
};
