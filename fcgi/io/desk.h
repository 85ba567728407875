/*
 * A courier's connection to the database: one statement at a time, each a
 * transaction, and a channel to listen on.
 *
 * Calls wait for the database, as long as POSTERN_STATEMENT_TIMEOUT; one that
 * fails says why and, where the connection is lost, lets the next call open a
 * new one.  It runs as postern_auth.  A desk belongs to one thread.
 */
#ifndef POSTERN_IO_DESK_H
#define POSTERN_IO_DESK_H

#include "base/conf.h"

enum { DESK_ARGS = 4 };

struct desk;
struct pg_result;

/*
 * Never fails: the database is asked when something is.  `channel` is a
 * literal, what desk_heard() is about; NULL: none.
 */
struct desk *desk_open(const struct conf *conf, const char *channel);
void desk_close(struct desk *d);

struct desk_query {
	const char *text;
	const char *args[DESK_ARGS];
	int nargs;
};

/* Run one that gives rows; they live in the arena. */
struct err *desk_ask(struct desk *d, struct arena *a,
		     const struct desk_query *q, struct pg_result **ret);

int desk_rows(const struct pg_result *res);

/*
 * A value, by the column's name, so that a function may give more than we
 * know of; empty for null and for what is not there.
 */
struct str desk_value(const struct pg_result *res, int row, const char *name);

/* All values and the names above them, as text in columns, for people. */
struct str desk_table(struct arena *a, const struct pg_result *res);

/* To be waited for; -1 while there is no connection. */
int desk_fd(const struct desk *d);

/* True when there was a word on the channel since the last time. */
bool desk_heard(struct desk *d);

/*
 * Wait for a word on the channel, for `ms` milliseconds at most, or until
 * `fd` is readable (-1: no such thing).
 */
void desk_wait(struct desk *d, int ms, int fd);

#endif
