/*
 * A request and its answer, whatever brought them: FastCGI or plain CGI.
 *
 * Everything that a request's strings point to lives until its arena is
 * reset.  Header values are as the client sent them; an absent one is empty.
 */
#ifndef POSTERN_CORE_REQUEST_H
#define POSTERN_CORE_REQUEST_H

#include "base/buf.h"
#include "base/conf.h"
#include "core/http.h"
#include "core/model.h"
#include "core/plan.h"

/* A header by the name that CGI has for it. */
struct header {
	struct str name, value; /* "HTTP_X_AUTH" */
};

enum { REQUEST_HEADERS_MAX = 8, REQUEST_VARIABLES_MAX = 32 };

struct request {
	struct arena *arena;
	const struct conf *conf;
	struct model *model;	 /* NULL: the database was never reached */
	const struct keys *keys; /* NULL: nobody can be signed in */
	const char *passwords;	 /* that nobody may choose, one a line */
	struct str id;		 /* joins log lines */
	struct str method, path; /* the path is decoded */
	struct str query_text;
	struct str uri; /* only where there is no PATH_INFO */
	struct http_query query;
	struct str content_type, content_length, body;
	struct str accept;
	struct str if_match, if_none_match, prefer;
	struct str authorization, cookie, origin, fetch_site, hasura_role;
	struct str traceparent;	   /* the trace that this is a step of */
	struct str agent, address; /* who says it, and from where */
	/* Secrets, by the settings' names. */
	struct str action_secret, event_secret, remote_secret;
	/* What dependencies are told: conf->jsonapi_headers. */
	struct header headers[REQUEST_HEADERS_MAX];
	size_t nheaders;
	struct header *variables; /* X-Hasura-...: REQUEST_VARIABLES_MAX */
	size_t nvariables;	  /* that came; they may be more */
	struct str bulk; /* where unbounded lists are sent to, or empty */
	bool body_cut;	 /* more came than conf->body_max */
	bool body_short; /* less came than was announced */
};

struct reply {
	int status;
	const char *type; /* media type of the body */
	struct buf *body;
	struct buf headers; /* "Name: value\r\n" each */
	bool no_body;	    /* 204, 304, HEAD: headers alone */
	bool begun;	    /* the head is out: a stream */
};

/*
 * Who calls.  An anonymous request runs as the connection's own role, which
 * is the settings'; any other one is entered (io/ask.h) as `runs_as`, with
 * claims that policies can read, while its session lives.  Whom somebody else
 * vouches for (io/caller.h) has no session, and may be anonymous.
 */
struct caller {
	bool known;	/* as somebody: the role is a user's or an admin's */
	bool vouched;	/* there is no session: others say who it is */
	bool by_cookie; /* known by what browsers send by themselves */
	struct str identity, session;
	const char *role;    /* as tokens call it: "user", "admin" */
	const char *runs_as; /* as the database calls it */
	struct str claims;   /* the token's payload, or its like: JSON */
};

enum { QUESTION_ARGS = 12, ANSWER_MAX = 8 };

struct call;

/*
 * A function of the schema auth that an interface calls instead of making a
 * plan.  Its one row comes back as texts, {NULL, 0} for null; `then` answers
 * (reply.status is set) or asks the next question.
 */
struct question {
	const char *function; /* NULL: there is a plan */
	const char *schema;   /* that it is of; NULL: auth */
	struct str args[QUESTION_ARGS];
	size_t nargs;
	bool write; /* its loss leaves the outcome unknown */
	struct err *(*then)(struct call *call);
};

/*
 * A dependency (core/model.h) to be run for the plan, in its transaction and
 * before its statements.  What it returns is merged into postern.context().
 */
struct depend {
	const struct dependency *dependency; /* NULL: the context is emptied */
	struct str request; /* what it is given: a JSON object */
	int step;	    /* runs before that one of the plan's, or is 0 */
};

enum { DEPENDS_MAX = 500 }; /* with more, a request is too large */

/*
 * What an interface sees of one request: the request, the plan that it
 * makes of it, what came of the plan, and the reply that it writes.
 */
struct call {
	struct arena *arena;
	struct request request;
	struct caller caller;
	struct plan plan;
	struct depend *depends; /* in order; see api/jsonapi/jsonapi.h */
	size_t ndepends;
	struct question ask;
	struct str *answer; /* ANSWER_MAX values; NULL: no row */
	struct str **kept;  /* the row of each statement of a script */
	uint64_t nulls;	    /* bit i: field i of the one row was no object */
	size_t rows;	    /* answered by the plan */
	int64_t *counts;    /* what its probes found */
	bool more;	    /* the page is not the last */
	bool streaming;	    /* the body is not all of it */
	const struct str *first;    /* keys of the page's first answered row */
	const struct str *keys;	    /* ... and of the last, if it is full */
	const struct str *versions; /* of a single row */
	size_t nversions;
	struct reply reply;
	void *state; /* the interface's own */
};

/*
 * An interface.  `plan` turns the request into call->plan, or answers it
 * (reply.status is set) without one.  `render` writes status and headers
 * once the rows are printed into the body; an error of its own (no row)
 * replaces them.  `tail`, where there is one, appends to the body what is
 * only known once all rows have come: behind plan.close, before `render`
 * unless the answer is a stream.  `fail` writes an error in the interface's
 * form.
 */
struct api {
	const char *name;
	bool offline; /* needs no model */
	bool open;    /* looks at credentials itself, where it wants any */
	bool answers; /* who may not is told in an answer, not by a 401 */
	bool remote;  /* engines may vouch for its callers (io/caller.h) */
	struct err *(*plan)(struct call *call);
	void (*tail)(struct call *call);
	struct err *(*render)(struct call *call);
	void (*fail)(struct call *call, const struct err *e);
};

/*
 * Append a header.  A value ends before its first CR or LF; a header made of
 * data so long that servers would refuse the head (8 KiB) is left out whole.
 */
void reply_header(struct reply *reply, const char *name, struct str value);

/* "Not Found", ...; what is unknown is a kind of 400, or "Status". */
const char *reply_phrase(int status);

/*
 * The CGI head (RFC 3875 §6): Status, Content-Type, Content-Length unless
 * the body is streamed, and the headers.
 */
void reply_head(const struct reply *reply, struct buf *out);

/*
 * Fill a request from one CGI or FastCGI parameter; false when the name is
 * none that we read.  Name and value must live as long as the request.
 */
bool request_param(struct request *r, struct str name, struct str value);

/*
 * Is `param` ("HTTP_X_AUTH") the header `name` ("X-Auth"), in any case?
 */
bool request_is_header(struct str param, struct str name);

/*
 * What only the whole can tell, once all parameters are in: the path from
 * REQUEST_URI where there is no PATH_INFO.  A path that is no UTF-8 or holds
 * a NUL becomes empty, which no route matches.
 */
void request_complete(struct request *r);

#endif
