#include "io/events.h"

#include <stdio.h>

static struct event
event_at(const struct pg_result *res, int row)
{
	return (struct event){
		.id = desk_value(res, row, "id"),
		.trigger = desk_value(res, row, "trigger"),
		.webhook = desk_value(res, row, "webhook"),
		.headers = desk_value(res, row, "headers"),
		.secret_env = desk_value(res, row, "secret_env"),
		.timeout = desk_value(res, row, "timeout"),
		.trace = desk_value(res, row, "trace"),
		.sampled = desk_value(res, row, "sampled"),
		.body = desk_value(res, row, "body"),
	};
}

struct err *
events_claim(struct desk *d, struct arena *a, struct events_claim *claim)
{
	struct str room = arena_printf(a, "%d", claim->room);
	struct str total = arena_printf(a, "%d", claim->total);
	struct str lease = arena_printf(a, "%d", EVENTS_LEASE);
	struct desk_query q = {
		"select * from postern.event_claim($1, $2, $3, $4)",
		{arena_str(a, claim->rooms).p, room.p, total.p, lease.p},
		4
	 };
	struct pg_result *res;

	claim->n = 0;
	TRY(desk_ask(d, a, &q, &res));
	claim->n = (size_t)desk_rows(res);
	claim->all = ARENA_ARRAY(a, struct event, claim->n + 1);
	for (size_t i = 0; i < claim->n; i++)
		claim->all[i] = event_at(res, (int)i);
	return NULL;
}

struct err *
events_record(struct desk *d, struct arena *a, struct str results,
	      int64_t *ret_given_up)
{
	struct desk_query q = {"select * from postern.event_record($1)",
			       {arena_str(a, results).p},
			       1};
	struct pg_result *res;

	*ret_given_up = 0;
	TRY(desk_ask(d, a, &q, &res));
	str_int(desk_value(res, 0, "given_up"), ret_given_up);
	return NULL;
}

struct err *
events_renew(struct desk *d, struct arena *a, struct str ids)
{
	struct str lease = arena_printf(a, "%d", EVENTS_LEASE);
	struct desk_query q = {
		"select * from postern.event_renew($1, $2)",
		{arena_str(a, ids).p, lease.p},
		2
	 };
	struct pg_result *res;

	return desk_ask(d, a, &q, &res);
}

struct err *
events_release(struct desk *d, struct arena *a, struct str ids)
{
	struct desk_query q = {"select * from postern.event_release($1)",
			       {arena_str(a, ids).p},
			       1};
	struct pg_result *res;

	return desk_ask(d, a, &q, &res);
}

struct err *
events_keep(struct desk *d, struct arena *a, int64_t days)
{
	struct str text = arena_printf(a, "%lld", (long long)days);
	struct desk_query q = {
		"select * from postern.event_keep($1)", {text.p}, 1};
	struct pg_result *res;

	return desk_ask(d, a, &q, &res);
}

/* ---- for people ---- */

static const struct question_row {
	const char *what, *text;
	const char *bare; /* the one value that it gives; NULL: a table */
} questions[] = {
	{"list",	 "select * from postern.event_list($1, $2, $3)", NULL    },
	{"show",	 "select * from postern.event_show($1)",	 "event" },
	{"redeliver", "select * from postern.event_redeliver($1)",	   "events"},
	{"stats",	  "select * from postern.event_stats()",		 NULL    },
	{"known",	  "select * from postern.event_known($1)",	   "known" },
};

struct err *
events_ask(struct desk *d, struct arena *a, const struct events_question *q,
	   struct str *ret)
{
	const struct question_row *row = questions;
	struct desk_query query = {.nargs = q->nargs};
	struct pg_result *res;

	while (strcmp(row->what, q->what) != 0)
		row++;
	query.text = row->text;
	for (int i = 0; i < q->nargs; i++)
		query.args[i] =
			q->args[i].n ? arena_str(a, q->args[i]).p : NULL;
	TRY(desk_ask(d, a, &query, &res));
	*ret = STR("");
	if (!row->bare)
		*ret = desk_table(a, res);
	else if (desk_rows(res))
		*ret = arena_printf(a, "%.*s\n",
				    STR_FMT(desk_value(res, 0, row->bare)));
	return NULL;
}
