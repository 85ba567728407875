#include "api/metrics.h"

#include "api/answer.h"
#include "api/openapi/part.h"
#include "io/caller.h"

enum { LABELS = 2 };

/* What postern.metrics() has lines of, in the order of the answer. */
static const struct family {
	const char *key, *name, *type, *labels[LABELS], *help;
} families[] = {
	{"events",
	 "postern_events",		"gauge",
	 {"trigger", "state"},
	 "Events that wait, that a courier has, and that were given up and are "
	 "kept; of those not delivered a million are counted."		      },
	{"oldest",
	 "postern_events_oldest_seconds", "gauge",
	 {"trigger"},
	 "Age of the oldest event that waits or that a courier has; 0: none."},
	{"attempts",
	 "postern_event_attempts_total",	 "counter",
	 {"trigger", "outcome"},
	 "Attempts to deliver an event: delivered (2xx), refused (any other "
	 "answer), unanswered (none)."				       },
	{"inbox",
	 "postern_inbox_events",	  "gauge",
	 {NULL},
	 "Events of an engine that were received and are kept; above 100000 "
	 "about how many."						   },
	{"mails",
	 "postern_mails",		 "gauge",
	 {"state"},
	 "Mails that wait to be sent, and those that were given up and are "
	 "kept."							     },
	{"oldest_mail",
	 "postern_mails_oldest_seconds",	 "gauge",
	 {NULL},
	 "Age of the oldest mail that waits; 0: none."			      },
};

/* ---- who may read ---- */

static bool
knows_secret(const struct request *r)
{
	struct str all = str_trim(r->authorization), scheme = STR("Bearer ");
	struct str secret = str_of(r->conf->metrics_secret);

	return secret.n && str_eq_nocase(str_sub(all, 0, scheme.n), scheme) &&
	       str_same_secret(str_trim(str_sub(all, scheme.n, all.n)), secret);
}

static struct err *
let_in(struct call *call)
{
	if (knows_secret(&call->request)) {
		call->caller = (struct caller){.runs_as = "postern_auth"};
		return NULL;
	}
	TRY(caller_find(call));
	if (!call->caller.known)
		return err_new(call->arena, ERR_UNAUTHORIZED,
			       "Not authenticated");
	if (!str_eq(str_of(call->caller.role), STR("admin")))
		return err_new(call->arena, ERR_FORBIDDEN,
			       "Metrics are for administrators.");
	return NULL;
}

/* ---- the format ---- */

static void
put_label(struct buf *b, const char *name, struct str value)
{
	buf_printf(b, "%s=\"", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			buf_char(b, '\\');
		if (value.p[i] == '\n')
			BUF_LIT(b, "\\n");
		else
			buf_char(b, value.p[i]);
	}
	buf_char(b, '"');
}

/* The rest of a line: the value, then those of the labels. */
static void
put_sample(struct buf *b, const struct family *f, struct str line)
{
	struct str value = str_cut(&line, '\t');

	buf_put(b, str_of(f->name));
	for (int i = 0; i < LABELS && f->labels[i]; i++) {
		buf_char(b, i ? ',' : '{');
		put_label(b, f->labels[i], str_cut(&line, '\t'));
	}
	if (f->labels[0])
		buf_char(b, '}');
	buf_char(b, ' ');
	buf_put(b, value);
	buf_char(b, '\n');
}

static void
put_family(struct buf *b, const struct family *f, struct str samples)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name,
		   f->type);
	while (samples.n) {
		struct str line = str_cut(&samples, '\n');

		if (str_eq(str_cut(&line, '\t'), str_of(f->key)))
			put_sample(b, f, line);
	}
}

static struct err *
answer(struct call *call)
{
	struct reply *reply = &call->reply;

	if (!call->answer)
		return err_internal(call->arena, ERR_INTERNAL,
				    "metrics gave no row");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_family(reply->body, &families[i], call->answer[0]);
	reply->status = 200;
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply_header(reply, "Cache-Control", STR("no-store"));
	return NULL;
}

/* ---- the interface ---- */

static struct err *
plan(struct call *call)
{
	TRY(answer_allow(call, "GET, HEAD"));
	TRY(let_in(call));
	call->ask = (struct question){
		.schema = "postern",
		.function = "metrics",
		.then = answer,
	};
	return NULL;
}

const struct api metrics_api = {
	.name = "metrics",
	.offline = true,
	.open = true,
	.plan = plan,
	.fail = answer_error,
};

static const struct part_row rows[] = {
	PART_ROW(RESPONSE, "Metrics",
		 "{'description':'Numbers, in the text format of "
		 "Prometheus','content':{'text/plain':{'schema':{"
		 "'type':'string'}}}}"),
};

static void
put(struct part_writer *w)
{
	static const struct part_operation get = {
		.method = "get",
		.path = "/metrics",
		.id = "readMetrics",
		.tag = "about",
		.summary = "What waits, since when, and what came of it",
		.more = "For administrators, and for who brings "
			"POSTERN_METRICS_SECRET as a bearer's token.",
		.responses = "200:Metrics 401:Unauthorized 403:Forbidden "
			     "429:TooMany 5XX:Unavailable",
	};

	part_operation(w, &get);
}

const struct part metrics_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
