/* POST /actions/<name>: what an engine's actions ask of our functions. */
#include "api/answer.h"
#include "api/hasura/hasura.h"
#include "core/json.h"
#include "io/caller.h"

#define PREFIX "/actions/"

/* The columns of postern.call_action. */
enum { STATUS, ANSWER, MESSAGE, EXTENSIONS };

bool
hasura_is_action(struct str path)
{
	return str_starts(path, STR(PREFIX));
}

static struct err *
refuse(struct call *call, const char *why)
{
	struct err *e = err_new(call->arena, ERR_BAD_REQUEST, "%s", why);

	e->type = STR("validation-failed");
	return e;
}

/* An escape that is valid JSON, and that Postgres reads no JSON with. */
static bool
has_nul(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\\')
			continue;
		if (str_eq(str_sub(text, i, 6), STR("\\u0000")))
			return true;
		i++;
	}
	return false;
}

static struct err *
read_body(struct call *call, json_object **ret)
{
	struct err *e;

	TRY(hasura_check(call));
	e = json_read(call->arena, call->request.body, ret);
	if (e)
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "Malformed JSON: %.*s",
			       STR_FMT(e->issues->message));
	return NULL;
}

/* Its arguments are Postgres's to judge. */
static struct err *
read_action(struct call *call, json_object **ret_session)
{
	json_object *action, *input = NULL;

	TRY(read_body(call, &action));
	if (json_object_is_type(action, json_type_object))
		input = json_get(action, "input");
	if (!json_object_is_type(input, json_type_object))
		return refuse(call, "The body must be an action with an input");
	if (has_nul(call->request.body))
		return refuse(call, "The body has a text with a NUL");
	*ret_session = json_get(action, "session_variables");
	if (*ret_session &&
	    !json_object_is_type(*ret_session, json_type_object))
		return refuse(call, "The session variables must be an object");
	return NULL;
}

static void
free_object(void *o)
{
	json_object_put(o);
}

/* Who brought the secret says for whom it asks; a token is nothing then. */
static struct err *
enter(struct call *call, json_object *session)
{
	if (!call->request.conf->action_secret[0])
		return caller_find(call);
	if (!session) {
		session = json_object_new_object();
		arena_defer(call->arena, free_object, session);
	}
	return caller_vouch(call, session);
}

/* It was raised by the function, or there is none. */
static struct err *
refused(struct call *call, int64_t status)
{
	struct err *e = err_new(call->arena, ERR_RAISED, "%.*s",
				STR_FMT(call->answer[MESSAGE]));

	e->status = (int)status;
	e->detail = call->answer[EXTENSIONS];
	return e;
}

static struct err *
answered(struct call *call)
{
	int64_t status;

	if (!call->answer || !str_int(call->answer[STATUS], &status))
		return err_internal(call->arena, ERR_INTERNAL,
				    "call_action gave no row");
	if (status != 200)
		return refused(call, status);
	buf_put(call->reply.body, call->answer[ANSWER]);
	if (call->reply.body->broken)
		return err_new(call->arena, ERR_TOO_LARGE,
			       "The answer is too large");
	call->reply.status = 200;
	call->reply.type = "application/json";
	return NULL;
}

static struct err *
plan(struct call *call)
{
	const struct request *r = &call->request;
	struct str prefix = STR(PREFIX);
	json_object *session = NULL;

	TRY(answer_allow(call, "POST"));
	TRY(hasura_let_in(call, "action", r->action_secret,
			  str_of(r->conf->action_secret)));
	TRY(read_action(call, &session));
	TRY(enter(call, session));
	call->ask = (struct question){
		.schema = "postern",
		.function = "call_action",
		.args = {str_sub(r->path, prefix.n, r->path.n), r->body},
		.nargs = 2,
		.write = true,
		.then = answered,
	};
	return NULL;
}

/* What the function says of its own refusal stands in place of the code. */
static void
fail(struct call *call, const struct err *e)
{
	struct buf *b = call->reply.body;

	if (e->code != ERR_RAISED || !e->detail.n) {
		hasura_fail(call, e);
		return;
	}
	call->reply.status = e->status;
	BUF_LIT(b, "{\"message\":");
	buf_json(b, e->message);
	BUF_LIT(b, ",\"extensions\":");
	buf_put(b, e->detail);
	BUF_LIT(b, "}");
}

const struct api hasura_action_api = {
	.name = "action",
	.offline = true,
	.open = true,
	.plan = plan,
	.render = hasura_render,
	.fail = fail,
};
