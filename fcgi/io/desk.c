#include "io/desk.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

enum { TABLE_MAX = 64 * 1024 * 1024 };

struct desk {
	const struct conf *conf;
	const char *channel;
	PGconn *connection;
};

struct desk *
desk_open(const struct conf *conf, const char *channel)
{
	struct desk *d = mem_zero(1, sizeof(*d));

	d->conf = conf;
	d->channel = channel;
	return d;
}

static void
disconnect(struct desk *d)
{
	PQfinish(d->connection);
	d->connection = NULL;
}

void
desk_close(struct desk *d)
{
	disconnect(d);
	free(d);
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
failed(struct arena *a, struct desk *d)
{
	return err_internal(a, ERR_UNAVAILABLE, "%s",
			    PQerrorMessage(d->connection));
}

static struct err *
set_up(struct desk *d, struct arena *a)
{
	static const char format[] = "set role postern_auth; "
				     "set search_path = pg_catalog; "
				     "set lock_timeout = 2000; "
				     "set statement_timeout = %lld; %s%s";
	char text[sizeof(format) + 96];
	PGresult *res;
	bool good;

	snprintf(text, sizeof(text), format,
		 (long long)d->conf->statement_timeout,
		 d->channel ? "listen " : "", d->channel ? d->channel : "");
	res = PQexec(d->connection, text);
	good = PQresultStatus(res) == PGRES_COMMAND_OK;
	PQclear(res);
	return good ? NULL : failed(a, d);
}

static void
say_nothing(void *ctx, const char *notice)
{
	(void)ctx;
	(void)notice;
}

static struct err *
connected(struct desk *d, struct arena *a)
{
	struct err *e;

	if (d->connection && PQstatus(d->connection) == CONNECTION_OK)
		return NULL;
	disconnect(d);
	d->connection = connect_to(d->conf);
	if (PQstatus(d->connection) != CONNECTION_OK)
		return failed(a, d);
	PQsetNoticeProcessor(d->connection, say_nothing, NULL);
	e = set_up(d, a);
	if (e)
		disconnect(d);
	return e;
}

/* ---- statements ---- */

static void
clear_result(void *res)
{
	PQclear(res);
}

struct err *
desk_ask(struct desk *d, struct arena *a, const struct desk_query *q,
	 struct pg_result **ret)
{
	TRY(connected(d, a));
	*ret = PQexecParams(d->connection, q->text, q->nargs, NULL, q->args,
			    NULL, NULL, 0);
	arena_defer(a, clear_result, *ret);
	if (PQresultStatus(*ret) == PGRES_TUPLES_OK)
		return NULL;
	return failed(a, d);
}

int
desk_rows(const struct pg_result *res)
{
	return PQntuples(res);
}

static struct str
value_at(const PGresult *res, int row, int column)
{
	if (row >= PQntuples(res) || PQgetisnull(res, row, column))
		return STR("");
	return (struct str){PQgetvalue(res, row, column),
			    (size_t)PQgetlength(res, row, column)};
}

struct str
desk_value(const struct pg_result *res, int row, const char *name)
{
	int at = PQfnumber(res, name);

	return at < 0 ? STR("") : value_at(res, row, at);
}

/* ---- for people ---- */

static size_t
width_of(const PGresult *res, int column)
{
	size_t widest = strlen(PQfname(res, column));

	for (int row = 0; row < PQntuples(res); row++) {
		size_t n = str_points(value_at(res, row, column));

		widest = n > widest ? n : widest;
	}
	return widest;
}

static void
put_cell(struct buf *b, struct str s, size_t width)
{
	buf_put(b, s);
	for (size_t n = str_points(s); n < width; n++)
		buf_char(b, ' ');
}

/* Row -1 is that of the names. */
static void
put_row(struct buf *b, const PGresult *res, int row, const size_t *widths)
{
	int columns = PQnfields(res);

	for (int i = 0; i < columns; i++) {
		struct str s = row < 0 ? str_of(PQfname(res, i))
				       : value_at(res, row, i);

		put_cell(b, s, i < columns - 1 ? widths[i] + 2 : 0);
	}
	buf_char(b, '\n');
}

struct str
desk_table(struct arena *a, const struct pg_result *res)
{
	struct buf b = buf_new(TABLE_MAX);
	int columns = PQnfields(res);
	size_t *widths = ARENA_ARRAY(a, size_t, (size_t)columns + 1);
	struct str ret;

	for (int i = 0; i < columns; i++)
		widths[i] = width_of(res, i);
	for (int row = -1; row < PQntuples(res); row++)
		put_row(&b, res, row, widths);
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

/* ---- waiting ---- */

int
desk_fd(const struct desk *d)
{
	return d->connection ? PQsocket(d->connection) : -1;
}

bool
desk_heard(struct desk *d)
{
	PGnotify *n;
	bool any = false;

	if (!d->connection)
		return false;
	PQconsumeInput(d->connection);
	while ((n = PQnotifies(d->connection))) {
		any = true;
		PQfreemem(n);
	}
	return any;
}

void
desk_wait(struct desk *d, int ms, int fd)
{
	struct pollfd fds[2] = {
		{-1, POLLIN, 0},
		 {fd, POLLIN, 0}
	};

	if (desk_heard(d))
		return;
	fds[0].fd = desk_fd(d);
	poll(fds, 2, ms);
	desk_heard(d);
}
