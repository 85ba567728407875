/*
 * REST over every exposed table: the tutorial's dialect by name
 * (GET /users?name=, PUT ?current_name=, ...) and plain REST by id.
 * spec.md §1 is the contract; README has the routes.
 */
#ifndef POSTERN_API_REST_H
#define POSTERN_API_REST_H

#include <json-c/json.h>

#include "core/request.h"

struct part;
struct part_writer;

extern const struct api rest_api;

/* What the parts of this interface share about one request. */
struct rest {
	const struct table *table;
	bool item;	    /* /table/id rather than /table */
	struct str id;	    /* of the item */
	uint32_t role;	    /* whose grants count */
	json_object *body;  /* an object, or NULL */
	struct str current; /* the row that `?current_name=` names */
	bool minimal;	    /* Prefer: return=minimal */
	bool bad_moment;    /* a date that is none: told after the rest */
	bool seeking;	    /* was nothing written because it may not be? */
};

static inline struct rest *
rest_of(const struct call *call)
{
	return call->state;
}

/* ---- rest.c ---- */

/* May the role be shown the column, or all of a key's? */
bool rest_may_see(const struct column *c, uint32_t role);
bool rest_may_see_key(const struct constraint *c, uint32_t role);

/* Is a key's target shown as an object of its id and name? */
bool rest_is_object(const struct column *c, uint32_t role);

/* Does the table have it, and may the role? */
bool rest_may(const struct rest *rest, struct str method);

/* The methods of a table ("GET, HEAD, POST"); empty: no such resource. */
struct str rest_methods(struct arena *a, const struct rest *rest);

/* The query's parameter of the table's key: "name" or "current_name". */
struct str rest_key_param(struct call *call, const char *prefix);

/* ---- rest_body.c ---- */

/*
 * The text key of the table that a column links to, or NULL when it links
 * nowhere, to a table without one, by that very key, or when the member that
 * would give it is another column's name.
 */
const struct column *rest_link_key(const struct column *c);

/* The member that gives a column: its name, or host_name for host_id. */
struct str rest_member(struct arena *a, const struct column *c);

/* Must it be given when a row is made or replaced? */
bool rest_is_required(const struct column *c);

/*
 * Parse the body into rest->body.  Malformed JSON is an error at once; a body
 * that is absent or no object is an issue beside others, and then there are
 * no members to read.
 */
struct err *rest_read_body(struct call *call, struct issues *issues);

/*
 * Turn the body's members into the plan's settings.  `whole` wants every
 * required member (POST, PUT); else only those given are set (PATCH).
 */
void rest_read_members(struct call *call, bool whole, struct issues *issues);

/* ERR_BAD_REQUEST when a date was no date. */
struct err *rest_check_moment(struct call *call);

/* ---- rest_list.c ---- */

/* limit, order, after and filters become the plan of a list. */
struct err *rest_plan_list(struct call *call);

/* Order by the primary key's columns, as far as they may be seen. */
void rest_order_by_key(struct call *call);

/* The Link header to the next page. */
void rest_link_next(struct call *call);

/* ---- rest_answer.c ---- */

/* Status and headers of what came of the plan: ETag, Location, Link. */
struct err *rest_render(struct call *call);

/* ---- rest_fail.c ---- */

/* The row that the request names is not there. */
struct err *rest_missing(struct call *call);

void rest_fail(struct call *call, const struct err *e);

/* ---- rest_openapi.c ---- */

/* What /openapi.json says of all this. */
extern const struct part rest_part;

/* ---- rest_examples.c: as if it had been asked ---- */

/* What becomes of an example request, but for the database. */
enum rest_fate { REST_AS_IT_IS, REST_MISSING, REST_TAKEN, REST_REFERENCED };

struct rest_sample {
	const char *name, *method;
	struct str target, body;
	enum rest_fate fate;
	int status; /* of the answer */
	struct str answer;
};

/* Set status and answer: what the very functions above make of it. */
void rest_ask(const struct part_writer *w, const struct table *t,
	      struct rest_sample *s);

#endif
