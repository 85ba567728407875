/*
 * What can go wrong, one row per error.
 *
 * A fallible function returns `struct err *`: NULL is success.  An error
 * lives in the arena that it was made in.  Its message is for a stranger: no
 * SQL, no path, no secret; what helps us goes into `cause`, which only the
 * log sees.  Several faults of one input are reported together as issues,
 * each with its place (spec: 422 with a list).
 */
#ifndef POSTERN_BASE_ERR_H
#define POSTERN_BASE_ERR_H

#include "base/arena.h"

/* X(code, HTTP status, slug, title) */
#define ERR_ROWS(X)                                                        \
	X(BAD_REQUEST, 400, "bad_request", "Bad Request")                  \
	X(NOT_FOUND, 404, "not_found", "Not Found")                        \
	X(METHOD, 405, "method_not_allowed", "Method Not Allowed")         \
	X(CONFLICT, 409, "conflict", "Conflict")                           \
	X(PRECONDITION, 412, "precondition_failed", "Precondition Failed") \
	X(TOO_LARGE, 413, "content_too_large", "Content Too Large")        \
	X(INVALID, 422, "invalid", "Unprocessable Content")                \
	X(REFUSED, 422, "refused", "Unprocessable Content")                \
	X(CONSTRAINT, 400, "constraint", "Bad Request")                    \
	X(REFERENCED, 400, "referenced", "Bad Request")                    \
	X(RAISED, 400, "raised", "Bad Request")                            \
	X(UNAUTHORIZED, 401, "unauthorized", "Unauthorized")               \
	X(FORBIDDEN, 403, "forbidden", "Forbidden")                        \
	X(TOO_MANY, 429, "too_many_attempts", "Too Many Requests")         \
	X(LOCKED, 503, "locked", "Locked by another request, try again")   \
	X(BUSY, 503, "busy", "Too busy, try again")                        \
	X(UNAVAILABLE, 503, "unavailable", "Service Unavailable")          \
	X(LOST, 503, "connection_lost", "Service Unavailable")             \
	X(UNKNOWN_OUTCOME, 503, "outcome_unknown", "Service Unavailable")  \
	X(READ_ONLY, 503, "read_only", "Read-only for now")                \
	X(TIMEOUT, 504, "query_timeout", "Gateway Timeout")                \
	X(STORAGE, 507, "insufficient_storage", "Insufficient Storage")    \
	X(SCHEMA_CHANGED, 503, "schema_changed", "Service Unavailable")    \
	X(INTERNAL, 500, "internal", "Internal Server Error")

enum err_code {
#define X(code, status, slug, title) ERR_##code,
	ERR_ROWS(X)
#undef X
};

struct err_kind {
	int status;
	const char *slug, *title;
};

/* One fault of the input: where it is and what is wrong there. */
struct issue {
	struct issue *next;
	const char *where; /* "body", "query", "path", "header" */
	struct str field;  /* empty: the whole of `where` */
	struct str message;
	const char *type; /* "value_error.missing", ... */
	struct str ctx;	  /* a JSON object, or empty */
};

struct err {
	enum err_code code;
	struct str message;    /* empty: the row's title */
	struct str cause;      /* for the log alone */
	struct str constraint; /* the violated constraint's name, or empty */
	struct str column;     /* that must not be null and is, or empty */
	int argument;	       /* that the database could not read, or 0 */
	int step;	       /* the statement of a script that failed */
	bool aside;	       /* ... what ran before it did (core/sql.h) */
	struct str detail;     /* JSON that stands for the message, or empty */
	int status;	       /* instead of the row's; 0: the row's */
	struct str allow;      /* with ERR_METHOD: what is allowed */
	struct str type;       /* the interface's own class of it, or empty */
	int64_t wait;	       /* seconds until it may be tried again, or 0 */
	struct issue *issues;
};

const struct err_kind *err_kind(enum err_code code);

/* An error with a message for the client. */
struct err *err_new(struct arena *a, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* An error that says its title to the client and `fmt` to the log. */
struct err *err_internal(struct arena *a, enum err_code code, const char *fmt,
			 ...) __attribute__((format(printf, 3, 4)));

/* What the operator is told: the cause, or else the message. */
struct str err_text(const struct err *e);

/* A list under construction; start with {0}. */
struct issues {
	struct issue *first, **end;
};

/* Append one; `ctx` may be empty.  Copies nothing but the struct. */
void issues_add(struct issues *list, struct arena *a, struct issue one);

/* ERR_INVALID with the list, or NULL when the list is empty. */
struct err *issues_err(const struct issues *list, struct arena *a);

/* Return the error of a call, if it has one. */
#define TRY(call)                              \
	do {                                   \
		struct err *try_err_ = (call); \
		if (try_err_)                  \
			return try_err_;       \
	} while (0)

#endif
