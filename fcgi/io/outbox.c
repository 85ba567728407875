#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "io/outbox.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

enum { ARGS_MAX = 3 };

struct outbox {
	const struct conf *conf;
	PGconn *connection;
};

struct query {
	const char *text;
	const char *args[ARGS_MAX];
	int nargs;
};

struct outbox *
outbox_open(const struct conf *conf)
{
	struct outbox *o = mem_zero(1, sizeof(*o));

	o->conf = conf;
	return o;
}

static void
disconnect(struct outbox *o)
{
	PQfinish(o->connection);
	o->connection = NULL;
}

void
outbox_close(struct outbox *o)
{
	disconnect(o);
	free(o);
}

/* ---- connecting ---- */

/* What stands behind "dbname" wins, so these are defaults. */
static PGconn *
connect_to(const struct conf *conf)
{
	static const char *const keys[] = {"client_encoding",
					   "connect_timeout",
					   "tcp_user_timeout",
					   "gssencmode",
					   "keepalives_idle",
					   "keepalives_interval",
					   "keepalives_count",
					   "application_name",
					   "target_session_attrs",
					   "dbname",
					   NULL};
	const char *values[] = {"UTF8",	      "3",
				"5000",	      "disable",
				"10",	      "3",
				"3",	      "postern courier",
				"read-write", conf->database,
				NULL};

	return PQconnectdbParams(keys, values, 1);
}

static struct err *
failed(struct arena *a, struct outbox *o)
{
	return err_internal(a, ERR_UNAVAILABLE, "%s",
			    PQerrorMessage(o->connection));
}

static struct err *
set_up(struct outbox *o, struct arena *a)
{
	static const char format[] = "set role postern_auth; "
				     "set search_path = pg_catalog; "
				     "set lock_timeout = 2000; "
				     "set statement_timeout = %lld; "
				     "listen postern_mail";
	char text[sizeof(format) + 32];
	PGresult *res;
	bool good;

	snprintf(text, sizeof(text), format,
		 (long long)o->conf->statement_timeout);
	res = PQexec(o->connection, text);
	good = PQresultStatus(res) == PGRES_COMMAND_OK;
	PQclear(res);
	return good ? NULL : failed(a, o);
}

static void
say_nothing(void *ctx, const char *notice)
{
	(void)ctx;
	(void)notice;
}

static struct err *
connected(struct outbox *o, struct arena *a)
{
	struct err *e;

	if (o->connection && PQstatus(o->connection) == CONNECTION_OK)
		return NULL;
	disconnect(o);
	o->connection = connect_to(o->conf);
	if (PQstatus(o->connection) != CONNECTION_OK)
		return failed(a, o);
	PQsetNoticeProcessor(o->connection, say_nothing, NULL);
	e = set_up(o, a);
	if (e)
		disconnect(o);
	return e;
}

/* ---- statements ---- */

static void
clear_result(void *res)
{
	PQclear(res);
}

static struct err *
run(struct outbox *o, struct arena *a, const struct query *q, PGresult **ret)
{
	TRY(connected(o, a));
	*ret = PQexecParams(o->connection, q->text, q->nargs, NULL, q->args,
			    NULL, NULL, 0);
	arena_defer(a, clear_result, *ret);
	if (PQresultStatus(*ret) == PGRES_TUPLES_OK)
		return NULL;
	return failed(a, o);
}

/* By name, so that a function may give more than we know of. */
static struct str
column(const PGresult *res, const char *name)
{
	int at = PQfnumber(res, name);

	if (at < 0 || PQntuples(res) == 0 || PQgetisnull(res, 0, at))
		return STR("");
	return (struct str){PQgetvalue(res, 0, at),
			    (size_t)PQgetlength(res, 0, at)};
}

struct err *
outbox_claim(struct outbox *o, struct arena *a, struct outbox_mail *ret,
	     bool *ret_any)
{
	char lease[16];
	struct query q = {
		"select * from auth.mail_claim($1, $2)", {"1", lease},
		       2
	};
	PGresult *res;

	snprintf(lease, sizeof(lease), "%d", OUTBOX_LEASE);
	*ret_any = false;
	TRY(run(o, a, &q, &res));
	*ret = (struct outbox_mail){
		.id = column(res, "id"),
		.template = column(res, "template"),
		.by = column(res, "by"),
		.recipient = column(res, "recipient"),
		.identity_id = column(res, "identity_id"),
		.factor_id = column(res, "factor_id"),
		.data = column(res, "data"),
		.proof = column(res, "proof"),
		.attempt = column(res, "attempt"),
	};
	*ret_any = ret->id.n > 0;
	return NULL;
}

struct err *
outbox_code(struct outbox *o, struct arena *a, const struct outbox_mail *mail,
	    struct str hash)
{
	struct query q = {
		"select * from auth.mail_code($1, $2, $3)",
		{mail->factor_id.p, mail->template.p, hash.p},
		3
	 };
	PGresult *res;

	return run(o, a, &q, &res);
}

struct err *
outbox_done(struct outbox *o, struct arena *a, const struct outbox_mail *mail)
{
	struct query q = {"select * from auth.mail_done($1)", {mail->id.p}, 1};
	PGresult *res;

	return run(o, a, &q, &res);
}

struct err *
outbox_failed(struct outbox *o, struct arena *a, const struct outbox_mail *mail,
	      struct outbox_failure *failure)
{
	struct query q = {
		"select * from auth.mail_failed($1, $2, $3)",
		{mail->id.p, arena_str(a, failure->why).p,
		  failure->permanent ? "t" : "f"},
		3
	 };
	PGresult *res;

	TRY(run(o, a, &q, &res));
	failure->next = column(res, "next");
	return NULL;
}

struct err *
outbox_purge(struct outbox *o, struct arena *a, int64_t *ret_removed)
{
	bool required = strcmp(o->conf->verification, "required") == 0;
	struct query q = {
		"select * from auth.purge($1)", {required ? "t" : "f"}, 1};
	PGresult *res;

	*ret_removed = 0;
	TRY(run(o, a, &q, &res));
	str_int(column(res, "removed"), ret_removed);
	return NULL;
}

/* ---- waiting ---- */

/* True when there was a word of a new mail. */
static bool
take_notifications(struct outbox *o)
{
	PGnotify *n;
	bool any = false;

	if (!o->connection)
		return false;
	PQconsumeInput(o->connection);
	while ((n = PQnotifies(o->connection))) {
		any = true;
		PQfreemem(n);
	}
	return any;
}

void
outbox_wait(struct outbox *o, int ms, const sigset_t *mask)
{
	struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
	struct pollfd fd = {-1, POLLIN, 0};

	if (take_notifications(o))
		return;
	if (o->connection)
		fd.fd = PQsocket(o->connection);
	ppoll(&fd, fd.fd >= 0, &limit, mask);
	take_notifications(o);
}
