/* POST /event: what an engine's event triggers send. */
#include "api/answer.h"
#include "api/hasura/hasura.h"
#include "core/json.h"

enum {
	ID_MAX = 200,	  /* bytes; engines send UUIDs */
	TRIGGER_MAX = 200 /* likewise */
};

static struct err *
refuse(struct call *call, enum err_code code, const char *why)
{
	return err_new(call->arena, code, "%s", why);
}

static struct err *
let_in(struct call *call)
{
	const struct request *r = &call->request;
	struct str secret = str_of(r->conf->event_secret);

	if (secret.n == 0 || str_same_secret(r->event_secret, secret))
		return NULL;
	if (r->event_secret.n == 0)
		return refuse(call, ERR_UNAUTHORIZED,
			      "The event's secret is missing");
	return refuse(call, ERR_FORBIDDEN, "The event's secret is wrong");
}

static struct err *
check_body(struct call *call)
{
	if (call->request.body_cut)
		return refuse(call, ERR_TOO_LARGE, "Content Too Large");
	if (call->request.body_short)
		return refuse(call, ERR_BAD_REQUEST,
			      "The body is shorter than announced.");
	return NULL;
}

/* A text that Postgres takes, neither empty nor endless. */
static bool
is_name(struct str s, size_t most)
{
	return s.n > 0 && s.n <= most && str_find(s, '\0') == s.n;
}

/*
 * The two things that are needed of it; all else is for the effect, whatever
 * the engine's version sends.
 */
static struct err *
read_event(struct call *call, struct str *ret_id, struct str *ret_trigger)
{
	json_object *event;
	struct err *e = json_read(call->arena, call->request.body, &event);

	if (e)
		return refuse(call, ERR_BAD_REQUEST, "The body is no JSON");
	if (!json_object_is_type(event, json_type_object))
		return refuse(call, ERR_BAD_REQUEST,
			      "The body must be an event");
	*ret_id = json_str(json_get(event, "id"));
	if (!is_name(*ret_id, ID_MAX))
		return refuse(call, ERR_BAD_REQUEST,
			      "The event's id must be a text");
	event = json_get(event, "trigger");
	*ret_trigger = json_object_is_type(event, json_type_object)
			       ? json_str(json_get(event, "name"))
			       : STR("");
	if (!is_name(*ret_trigger, TRIGGER_MAX))
		return refuse(call, ERR_BAD_REQUEST,
			      "The event's trigger must have a name");
	return NULL;
}

/* As the tutorial's handler, which returns nothing. */
static struct err *
received(struct call *call)
{
	if (!call->answer)
		return err_internal(call->arena, ERR_INTERNAL,
				    "receive_event gave no row");
	BUF_LIT(call->reply.body, "null");
	call->reply.status = 200;
	call->reply.type = "application/json";
	return NULL;
}

static struct err *
plan(struct call *call)
{
	struct str id, trigger;

	TRY(answer_allow(call, "POST"));
	TRY(let_in(call));
	TRY(check_body(call));
	TRY(read_event(call, &id, &trigger));
	call->caller = (struct caller){0};
	call->ask = (struct question){
		.schema = "postern",
		.function = "receive_event",
		.args = {id, trigger, call->request.body},
		.nargs = 3,
		.write = true,
		.then = received,
	};
	return NULL;
}

/* Nothing is planned, so nothing is rendered. */
static struct err *
render(struct call *call)
{
	return err_new(call->arena, ERR_INTERNAL, "Nothing to answer");
}

static void
fail(struct call *call, const struct err *e)
{
	if (e->allow.n)
		reply_header(&call->reply, "Allow", e->allow);
	answer_message(call, e);
}

const struct api hasura_event_api = {
	.name = "event",
	.offline = true,
	.open = true,
	.plan = plan,
	.render = render,
	.fail = fail,
};
