/*
 * One line of JSON per event on standard error, for journald, a file or a
 * pipe.  Each line goes out in one write, escaped and cut to a bounded
 * length, so lines of several processes never mix and nothing that a client
 * sends can forge one.  Library code does not log: serve.c logs a request's
 * failure once, the supervisor and the loop log what happens to them.
 */
#ifndef POSTERN_BASE_LOG_H
#define POSTERN_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Say nothing below `level`. */
void log_set_level(enum log_level level);

/* The word that every line carries as "who": "api 2", "pool api". */
void log_set_who(const char *who);

void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* As log_line, joined to a request by its id (empty: none). */
void log_request(enum log_level level, struct str request_id, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));

#endif
