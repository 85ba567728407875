/*
 * Settings, one row each (see the table in conf.c).
 *
 * A setting comes from the environment or, where the environment has none,
 * from a file of NAME=value lines: the one named by POSTERN_CONFIG, else
 * postern.conf beside the binary (shared hosting), else
 * /etc/postern/postern.conf.  Values are read once, at start, and live as
 * long as the process.  A value that does not fit is an error that names the
 * setting; nothing starts with half a configuration.
 */
#ifndef POSTERN_BASE_CONF_H
#define POSTERN_BASE_CONF_H

#include "base/err.h"
#include "base/log.h"

enum pool_kind { POOL_API, POOL_AUTH, POOL_BULK };

struct conf {
	const char *database; /* libpq connection string or URL */
	const char *role;     /* what an anonymous request runs as */
	const char *statuses; /* "tutorial" or "correct" */
	const char *log_level;
	int64_t workers;	   /* processes of a pool */
	int64_t lanes;		   /* Postgres connections of a worker */
	int64_t body_max;	   /* bytes */
	int64_t page_max;	   /* rows of a page */
	int64_t statement_timeout; /* milliseconds */
	int64_t bulk_timeout;	   /* milliseconds, of unbounded lists */
	int64_t hard_limit;	   /* seconds before a stuck worker is killed */
	int64_t drain_limit;	   /* seconds a leaving worker may take */
};

/* Read everything; the error names the setting and what it wants. */
struct err *conf_load(struct arena *a, struct conf *ret);

enum log_level conf_log_level(const struct conf *conf);

/* Write every setting with its value and meaning, for people. */
void conf_print(const struct conf *conf);

#endif
