/* POST /event: what an engine's event triggers send. */
#include "api/answer.h"
#include "api/hasura/hasura.h"
#include "core/json.h"

enum {
	NAME_MAX = 200, /* bytes; an id is a UUID, as engines send it */
	TEXT_MAX = 2048 /* ... as JSON */
};

/* What postern.take_event() gives. */
enum { STATUS, CODE, MESSAGE, WAIT, CAUSE };

static struct err *
refuse(struct call *call, const char *why)
{
	return err_new(call->arena, ERR_BAD_REQUEST, "%s", why);
}

/*
 * A member that is a text, neither empty nor endless.  {NULL, 0}: it is none.
 */
static struct str
name_in(struct call *call, struct str object, const char *member)
{
	struct str text = json_find(object, member), name;
	json_object *value = NULL;

	if (text.n > TEXT_MAX || json_read(call->arena, text, &value))
		return (struct str){0};
	name = json_str(value);
	if (name.n == 0 || name.n > NAME_MAX || str_find(name, '\0') < name.n)
		return (struct str){0};
	return name;
}

static struct err *
fault(struct call *call, struct str status)
{
	static const struct {
		const char *status, *message;
	} faults[] = {
		{"syntax",  "The body is no JSON"			},
		{"deep",	 "The body is nested too deep"	      },
		{"shape",	  "The body must be an event"	     },
		{"id",      "The event's id must be a text"	      },
		{"trigger", "The event's trigger must have a name"},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (str_eq(str_of(faults[i].status), status))
			return refuse(call, faults[i].message);
	return NULL;
}

/*
 * The faults of an effect are ours and not the sender's, but for what it
 * raised on purpose.
 */
static struct err *
failed(struct call *call)
{
	const struct str *answer = call->answer;
	struct err *e = err_internal(call->arena, ERR_INTERNAL, "%.*s",
				     STR_FMT(answer[CAUSE]));
	int64_t status;

	if (str_int(answer[CODE], &status)) {
		e->code = ERR_RAISED;
		e->status = (int)status;
	}
	e->message = answer[MESSAGE];
	str_int(answer[WAIT], &e->wait);
	return e;
}

/* As the tutorial's handler, which returns nothing. */
static struct err *
taken(struct call *call)
{
	if (!call->answer)
		return err_internal(call->arena, ERR_INTERNAL,
				    "take_event gave no row");
	if (str_eq(call->answer[STATUS], STR("failed")))
		return failed(call);
	TRY(fault(call, call->answer[STATUS]));
	BUF_LIT(call->reply.body, "null");
	call->reply.status = 200;
	call->reply.type = "application/json";
	return NULL;
}

static struct err *
plan(struct call *call)
{
	const struct request *r = &call->request;

	TRY(answer_allow(call, "POST"));
	TRY(hasura_let_in(call, "event", r->event_secret,
			  str_of(r->conf->event_secret)));
	TRY(hasura_check(call));
	call->caller = (struct caller){0};
	call->ask = (struct question){
		.schema = "postern",
		.function = "take_event",
		.args = {name_in(call, r->body, "id"),
			 name_in(call, json_find(r->body, "trigger"), "name"),
			 r->body},
		.nargs = 3,
		.write = true,
		.then = taken,
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
