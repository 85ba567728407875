/*
 * Between the parts of what writes: a request, or each of its operations,
 * is read into a struct operation (body*.c, linkage.c), which becomes steps
 * (steps.c, link.c) whose origins tell what an error of one means (blame.c).
 *
 * A row that the caller may not see is to him one that is not there.  What
 * policies decide about is therefore looked for before it is linked to: a
 * foreign key alone would find it, whoever asks.
 */
#ifndef POSTERN_API_JSONAPI_WRITING_H
#define POSTERN_API_JSONAPI_WRITING_H

#include <json-c/json.h>

#include "api/jsonapi/jsonapi.h"

/* A row by the values of its primary key, or by what a step keeps of it. */
struct row {
	const struct table *table;
	struct str *key;
	struct str keep; /* with `key` NULL */
};

/* One resource identifier object. */
struct linked {
	struct row row;
	struct str id; /* as sent; of one that this request makes: its lid */
	struct str at; /* pointer to it */
};

/* What a relationship is to be, or what is added to it or removed. */
struct linkage {
	const struct relationship *by;
	struct linked *to;
	size_t n;
	struct str at; /* pointer to its data */
};

enum operation_kind { OPERATION_ADD, OPERATION_UPDATE, OPERATION_REMOVE };

struct operation {
	enum operation_kind kind;
	const struct resource *resource;
	const struct relationship *relationship; /* it is about this alone */
	struct row row; /* that it is about; of an add: known by its lid */
	struct str id;	/* as sent */
	struct str lid;
	json_object *data;
	struct str at; /* pointer to the data */
	struct setting *set;
	size_t nset;
	struct linkage *links; /* but for those that are settings */
	size_t nlinks;
	struct linkage *keys; /* those that are, where policies may hide it */
	size_t nkeys;
};

/* What a step does: errors speak of it. */
enum aim {
	AIM_ROW,   /* writes the operation's row, or reads it */
	AIM_LOOK,  /* finds a related row */
	AIM_LINK,  /* links one */
	AIM_UNLINK /* unlinks those that are not to stay */
};

struct origin {
	enum aim aim;
	const struct operation *operation;
	const struct linkage *link; /* but for AIM_ROW */
	const struct linked *to;    /* of it; NULL: all or none of them */
	bool seen; /* the row is there: it is not his to write */
};

/* One request: its state's `write`. */
struct writing {
	struct call *call;
	struct operation *operations;
	size_t n;
	struct issues issues;
	struct plan *steps;
	struct origin *origins; /* of the steps */
	size_t nsteps, room;
	const char *said; /* the message that is the answer, or NULL */
	bool nothing;	  /* the answer is that all is well, 204 */
	bool seeking;	  /* was nothing written because it may not be? */
	bool atomic;
};

static inline struct writing *
writing_of(const struct call *call)
{
	return jsonapi_of(call)->write;
}

/* ---- body.c ---- */

/* The body's object; the errors are those of a body that has none. */
struct err *body_read(struct call *call, json_object **ret);

/* `at`/`name`, as a JSON pointer (RFC 6901). */
struct str body_at(struct arena *a, struct str at, struct str name);

void body_issue(struct writing *w, struct str at, const char *message,
		const char *type);

/* A member that is missing, or is no object. */
void body_missing(struct writing *w, struct str at);
void body_not_object(struct writing *w, struct str at);

/* A string, or a number where documents need not be strict. */
bool
body_text(struct writing *w, struct str at, json_object *o, struct str *ret);

/* 409 where documents are strict, else an issue at `at`. */
struct err *body_check_type(struct writing *w, struct str at, json_object *o,
			    struct str expected);

/* ---- body_row.c ---- */

/*
 * The operation's data, a resource object, become its settings and links.
 * What is wrong with them is among the issues, or is an error at once.
 */
struct err *body_row_read(struct writing *w, struct operation *op);

/* ---- body_issues.c ---- */

/* [{"loc":["body",...],"msg":..,"type":..},...] */
void
body_issues_put(struct arena *a, struct buf *b, const struct issues *issues);

/* 422 {"detail":...}, of the JSON in the buffer. */
struct err *body_issues_bare(struct call *call, struct buf *detail);

/* ---- linkage.c ---- */

/* The data at `at` of a relationship; links are as in body_row_read(). */
struct err *linkage_read(struct writing *w, const struct relationship *by,
			 json_object *data, struct linkage *ret);

/* The operation, of those so far, that makes the row known by that lid. */
const struct operation *
linkage_lid(struct writing *w, struct str type, struct str lid);

/* The type of an issue about a lid at `at`. */
#define LINKAGE_LID "value_error.lid"

void linkage_no_lid(struct writing *w, struct str at, struct str type,
		    struct str lid);

/*
 * May the relationship be written at all?  Not where it is part of the row's
 * id and the row is there, nor where it names rows by other columns than
 * their key.
 */
struct err *
linkage_may(struct writing *w, const struct linkage *l, bool create);

/*
 * What the columns of the row's own key become, as `set` with room for all of
 * them: the related row's, or null.  0: none of them may be null.
 */
size_t linkage_settings(struct writing *w, const struct linkage *l,
			struct setting *set);

/* ---- steps.c ---- */

/* The value of `column`, of the key of a row: an argument or what is kept. */
struct setting steps_value(struct call *call, const struct row *row,
			   const struct column *of, const struct column *to);

/* Conditions that `row` is the one. */
void steps_where(struct call *call, struct plan *p, const struct row *row);

/* Append one, quiet; it lives until the next. */
struct plan *steps_add(struct writing *w, struct plan one, struct origin of);

/* A step that finds the row, or nothing is done. */
void steps_look(struct writing *w, const struct row *row, struct origin of);

/* All that comes before the row is written. */
void steps_before(struct writing *w, const struct operation *op);

/*
 * The row itself: the step that inserts, updates or deletes it, in the state
 * that the request insists on.  `alone`: it may be the only one.
 */
struct plan *steps_row(struct writing *w, struct operation *op, bool alone);

/* The steps become the request's plan. */
void steps_finish(struct writing *w);

/* ---- link.c ---- */

enum link_way { LINK_REPLACE, LINK_ADD, LINK_REMOVE };

/* The steps that make, of the operation's row, the linkage so. */
void link_steps(struct writing *w, const struct operation *op,
		const struct linkage *l, enum link_way way);

/* ---- blame.c ---- */

/* 404: "Related object not found.": `to`, or with NULL none of them. */
struct err *blame_related(struct call *call, const struct linkage *l,
			  const struct linked *to);

/* ---- write.c ---- */

struct writing *write_begin(struct call *call, size_t operations);

/* 404 of the operation's row, or 412 where its state was insisted on. */
struct err *write_missing(struct call *call, const struct operation *op);

/* The row that an update or a removal is about; the error is that it is none.
 */
struct err *write_row(struct call *call, struct operation *op);

/* The steps of an operation that is about a whole row. */
struct err *write_steps(struct writing *w, struct operation *op);

/* ---- relate.c ---- */

/* The operation's data is what its relationship is to be, add or lose. */
struct err *
relate_read(struct writing *w, struct operation *op, enum link_way way);

void relate_steps(struct writing *w, struct operation *op, enum link_way way);

/* ---- atom.c ---- */

/* One of several operations as it came. */
struct atom {
	struct writing *w;
	struct operation *op;
	json_object *o, *ref;
	struct str at;	      /* pointer to it */
	struct str lid, type; /* of the row that it is about */
};

/* "add", "update" or "remove" */
const char *atom_word(const struct atom *x);

/* What it says becomes its operation; what is wrong is among the issues. */
void atom_read(struct atom *x);

/* The resource, and the relationship, that it is about. */
struct err *atom_type(struct atom *x);

/* The row, by its id or its lid; of one to add: how others know it. */
struct err *atom_row(struct atom *x, size_t number);

#endif
