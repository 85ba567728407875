/* POST /event: what an engine's event triggers send. */
#include "api/answer.h"
#include "api/hasura/hasura.h"

enum {
	ID_MAX = 200,	  /* bytes; engines send UUIDs */
	TRIGGER_MAX = 200 /* likewise */
};

static struct err *
refuse(struct call *call, const char *why)
{
	return err_new(call->arena, ERR_BAD_REQUEST, "%s", why);
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

	TRY(hasura_read(call, "event", &event));
	*ret_id = json_str(json_get(event, "id"));
	if (!is_name(*ret_id, ID_MAX))
		return refuse(call, "The event's id must be a text");
	event = json_get(event, "trigger");
	*ret_trigger = json_object_is_type(event, json_type_object)
			       ? json_str(json_get(event, "name"))
			       : STR("");
	if (!is_name(*ret_trigger, TRIGGER_MAX))
		return refuse(call, "The event's trigger must have a name");
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
	const struct request *r = &call->request;
	struct str id, trigger;

	TRY(answer_allow(call, "POST"));
	TRY(hasura_let_in(call, "event", r->event_secret,
			  str_of(r->conf->event_secret)));
	TRY(read_event(call, &id, &trigger));
	call->caller = (struct caller){0};
	call->ask = (struct question){
		.schema = "postern",
		.function = "receive_event",
		.args = {id, trigger, r->body},
		.nargs = 3,
		.write = true,
		.then = received,
	};
	return NULL;
}

const struct api hasura_event_api = {
	.name = "event",
	.offline = true,
	.open = true,
	.plan = plan,
	.render = hasura_render,
	.fail = hasura_fail,
};
