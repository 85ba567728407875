/*
 * JSON:API 1.1 over every exposed table (spec.md §5; jsonapi.org/format/1.1).
 *
 *   jsonapi.c     what the path asks for; the interface
 *   negotiate.c   what the media types ask for
 *   resource.c    a table as a resource
 *   include.c     include= and fields=: what is asked for besides
 *   object.c      rows as resource objects, and the rows that they include
 *   page.c        page[...] and sort=: which rows, the links to others
 *   filter*.c     filter=: which rows
 *   document.c    what stands around the rows: links, jsonapi, meta
 *   read.c        GET
 *   writing.h     POST, PATCH, DELETE: how bodies become plans, or steps
 *   relate.c      /relationships/...: who is linked to whom
 *   atomic.c      /operations: many writes, one transaction
 *   fault.c       errors, in both shapes
 *   depend.c      which functions run before
 *
 * A request that accepts application/vnd.api+json gets strict documents;
 * any other one what the source system answers (struct jsonapi.strict).
 */
#ifndef POSTERN_API_JSONAPI_H
#define POSTERN_API_JSONAPI_H

#include "api/jsonapi/resource.h"

struct part;

extern const struct api jsonapi_api;

/* ---- jsonapi_openapi_rows.c ---- */
extern const struct part jsonapi_part;

#define JSONAPI_TYPE   "application/vnd.api+json"
#define JSONAPI_ATOMIC "https://jsonapi.org/ext/atomic"
#define JSONAPI_CURSORS \
	"http://jsonapi.org/profiles/ethanresnick/cursor-pagination/"

/* Is it ours: by its path, or by the media types that it names? */
bool jsonapi_is_request(const struct request *r);

enum jsonapi_target {
	TARGET_LIST,	     /* /users */
	TARGET_ONE,	     /* /users/1 */
	TARGET_RELATED,	     /* /users/1/events */
	TARGET_RELATIONSHIP, /* /users/1/relationships/events */
	TARGET_OPERATIONS    /* /operations */
};

/* A node of include=a.b,c: the primary data is the root. */
struct inclusion {
	const struct resource *resource;
	const struct relationship *by; /* NULL: the root */
	struct inclusion *up;	       /* what it is related to */
	struct inclusion *next;	       /* of all, those above come before */
	int reach;		       /* of the plan; -1: the root */
};

/* fields[type]=a,b */
struct fieldset {
	struct fieldset *next;
	const struct resource *resource;
	struct str names; /* as sent, checked */
};

/* What is known of one request: call->state. */
struct jsonapi {
	bool strict;
	const char *prefix; /* "/jsonapi" or "" */
	enum jsonapi_target target;
	uint32_t role;
	const struct resource *resource;	 /* that the path begins with */
	struct str id;				 /* ... decoded */
	const struct relationship *relationship; /* of a TARGET_RELAT... */
	const struct resource *primary;		 /* of the answer's data */
	struct inclusion *include; /* root; NULL: no include= came */
	struct fieldset *fields;
	int64_t size, number; /* page[...]; 0: not given */
	bool cursor;	      /* pages begin at rows, not at numbers */
	struct str cursors;   /* the profile that says so, as Accept names it */
	bool created;	      /* answer 201 */
	int count;	      /* which probe counts all rows; -1: none */
	int parent;  /* which probe is about the path's own row; -1: none */
	void *write; /* what write.c, relate.c or atomic.c remembers */
	struct err *later; /* once the dependencies have had their say */
};

static inline struct jsonapi *
jsonapi_of(const struct call *call)
{
	return call->state;
}

/* ---- negotiate.c ---- */

/* Does Accept name the media type? */
bool jsonapi_is_strict(const struct request *r);

/* Is the body that of the extension "atomic", as Content-Type has it? */
bool jsonapi_is_atomic(const struct request *r);

/*
 * What the media types ask for becomes part of the request's state, or is
 * refused with 406 or 415 (JSON:API 1.1 §5.3).
 */
struct err *jsonapi_negotiate(struct call *call);

/* What else than the URL the answer is about, for who keeps it. */
void jsonapi_put_vary(struct call *call);

/* ---- fault.c ---- */

/*
 * Where a fault is: at most one of them is set, a literal or in the arena.
 * `pointer` may be the empty string, `parameter` not.
 */
struct fault_source {
	const char *pointer, *parameter;
};

/* What an error object has besides its detail. */
struct fault_head {
	int status;
	const char *title; /* NULL: the status's */
	struct fault_source source;
	const char *type; /* NULL, or a URI of what kind of error it is */
	struct str meta;  /* JSON, or empty */
};

/*
 * An error object of its own: `status` with a title (NULL: the status's) and
 * a detail.  It carries the members ready made in err.detail, for
 * jsonapi_fail() to put into the document.
 */
#define jsonapi_error(call, code, heading, place, ...)                  \
	jsonapi_error_of(call,                                          \
			 &(const struct fault_head){.status = (code),   \
						    .title = (heading), \
						    .source = place},   \
			 __VA_ARGS__)
struct err *
jsonapi_error_of(struct call *call, const struct fault_head *head,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* 400 of the query's parameter: "Invalid sort querystring parameter.", ... */
struct err *
jsonapi_bad_query(struct call *call, const char *parameter, const char *fmt,
		  ...) __attribute__((format(printf, 3, 4)));

/* 404: "Resource User `7` not found", with meta. */
struct err *
jsonapi_not_found(struct call *call, const struct resource *r, struct str id);

/*
 * An error of this type is no error object but has in .detail what stands in
 * {"detail":...}, as the source system answers what no schema fits.
 */
#define JSONAPI_BARE "bare"

void jsonapi_fail(struct call *call, const struct err *e);

/* ---- include.c ---- */

/*
 * include= and fields= are read and checked into the request's state, about
 * `primary`.
 */
struct err *jsonapi_read_include(struct call *call);

/* ---- object.c ---- */

/*
 * What the rows of the plan are shown as: plan.shape with the resource
 * object's members; with include also reaches, sections and plan.between.
 * Linkage of an included relationship is to-many FIELD_ROWS, or FIELD_REFs.
 */
struct err *jsonapi_shape(struct call *call, struct plan *plan);

/* {"id":..,"type":..} alone, as relationship endpoints answer. */
struct shape *jsonapi_identifier(struct call *call, const struct table *table);

/* ---- page.c ---- */

/*
 * page[...] and sort= become order, limit, offset, keys and the probe that
 * counts, where the answer shows it.
 */
struct err *jsonapi_page(struct call *call, struct plan *plan);

/* Have the rows of a probe counted; which of the plan's it is. */
int
jsonapi_probe(struct call *call, struct plan *plan, const struct plan *probe);

/* ---- filter.c ---- */

/*
 * filter= and filter[..]= become plan.filter (and plan.distinct); what the
 * plan's filter is already stays true besides.
 */
struct err *jsonapi_filter(struct call *call, struct plan *plan);

/* Does it hold of every row there can be, as far as its form tells? */
bool jsonapi_filter_is_all(const struct filter *f);

/* ---- document.c ---- */

/* "links" of the document, its members without braces: self, first, ... */
void jsonapi_put_links(struct call *call, struct buf *b);

/* plan.open, close and between of a document whose data are the rows. */
void jsonapi_document(struct call *call, struct plan *plan);

/* What follows the rows: api.tail. */
void jsonapi_tail(struct call *call);

/* ---- read.c: GET ---- */

/* Any target but TARGET_OPERATIONS becomes call->plan. */
struct err *jsonapi_read(struct call *call);

/* The media type, with the profile where that is followed. */
const char *jsonapi_content_type(struct call *call);

/* The ETag of the one row that is answered, or empty: answer_version(). */
struct str jsonapi_version(struct call *call);

/* Status and headers of what it found; the error is that there is none. */
struct err *jsonapi_render_read(struct call *call);

/* What an error of the database is to who reads; NULL: nothing special. */
struct err *jsonapi_read_fault(struct call *call, const struct err *e);

/*
 * The row with that key as a select that answers as GET of it does, with
 * include= and fields=: how writes end.  `kept`: the values are plan_kept()s.
 */
struct err *jsonapi_read_one(struct call *call, struct str *key, bool kept,
			     struct plan *ret);

/* ---- body_issues.c ---- */

/*
 * 422 of all that is wrong with a body; the fields of these issues are JSON
 * pointers into it.  One error object each, or {"detail":[{"loc":...}]}.
 */
struct err *jsonapi_bad_body(struct call *call, const struct issues *issues);

/* ---- write.c, relate.c, atomic.c ---- */

/* POST and DELETE of a list, PATCH and DELETE of one. */
struct err *jsonapi_write(struct call *call);

/* POST, PATCH, DELETE of a relationship (JSON:API 1.1 §9.4). */
struct err *jsonapi_relate(struct call *call);

/* POST /operations (jsonapi.org/ext/atomic). */
struct err *jsonapi_operations(struct call *call);

/*
 * What an error of a plan that writes is in JSON:API: "Object creation
 * error", "Related object not found.", ...; NULL: nothing special.
 */
struct err *jsonapi_write_fault(struct call *call, const struct err *e);

/*
 * Status and headers of a write: 201 with Location, 200, 204.  The error is
 * that there was no row to write.
 */
struct err *jsonapi_render_write(struct call *call);

/*
 * ---- depend.c ----
 *
 * A table's dependencies are registered per method, ALL or one, and for the
 * list, the single resource, or both (core/model.h).  Those of ALL run first,
 * then the method's own, each in the order of registration, so what the
 * method's return stands over what is common.
 *
 * They are told, as one JSON object: method, path, type, id (null: none),
 * query (an object of texts; of names that come twice, the last), headers
 * (those of POSTERN_JSONAPI_HEADERS that came, names in lower case), claims
 * (of the token, or null), role (as tokens call it, or null), and secret:
 * whether X-AUTH is POSTERN_ADMIN_SECRET.
 */

/*
 * The request's own: call it in plan(), once call->state is set.  `list` is
 * for /users; of what is below it, the id is the state's.
 */
void jsonapi_depend(struct call *call, const struct table *table,
		    struct str method, bool list);

/* One endpoint, as dependencies see it. */
struct jsonapi_view {
	const struct table *table;
	struct str method; /* HEAD counts as GET */
	struct str id;	   /* of a single resource, where it is known */
	bool list;	   /* /users; else /users/1 and all below it */
	int step;	   /* of the plan, before which they run */
};

/*
 * Those of one operation of a request that has several, in the order of the
 * steps: add is POST of the list, update PATCH and remove DELETE of the single
 * resource; what is about a relationship is the single resource's, too.
 */
void jsonapi_depend_step(struct call *call, const struct jsonapi_view *view);

#endif
