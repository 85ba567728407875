/*
 * What an interface says of itself in /openapi.json: a struct part, which
 * routes.c lists in openapi_parts.
 *
 * The document is written as text in which ' stands for ", ` for ', and
 * <Error> for a reference to the schema Error, <parameters/After> for one to
 * the component of that kind.  Rows are components that are written only
 * where something refers to them.  What depends on the model is written by
 * the part's put().
 */
#ifndef POSTERN_API_OPENAPI_PART_H
#define POSTERN_API_OPENAPI_PART_H

#include "base/buf.h"
#include "base/conf.h"
#include "core/model.h"

enum part_kind {
	PART_PATH,
	PART_TAG,
	PART_SCHEMA,
	PART_RESPONSE,
	PART_PARAMETER,
	PART_HEADER,
	PART_KINDS
};

struct part_row {
	enum part_kind kind;
	const char *name, *text;
};

#define PART_ROW(kind, name, text)      \
	{                               \
		PART_##kind, name, text \
	}

/* How a table is called: "SongArtist", "SongArtists", "song artist". */
struct part_names {
	struct str one, many, words;
};

struct part_writer;

struct part {
	const struct part_row *rows;
	size_t nrows;
	void (*put)(struct part_writer *w);
};

/* Those of all interfaces; NULL ends them. */
extern const struct part *const openapi_parts[];

struct part_writer {
	struct arena *arena;
	const struct conf *conf;
	struct model *model;
	uint32_t role; /* whose rights count */
	const char *runs_as;
	const struct part_names *names; /* of the model's tables, in order */
	struct buf *to;			/* what is written to */
	struct buf written[PART_KINDS];
	bool *wanted, *done; /* which rows, those of all parts on end */
	const char *path;    /* that is open */
};

struct part_operation {
	const char *method, *path; /* "get", "/users/{id}" */
	const char *id, *tag, *summary;
	const char *more;	/* in Markdown; or NULL */
	const char *parameters; /* text of a list's items; or NULL */
	struct str further;	/* ... and as JSON; or empty */
	const char *body;	/* text of a request body; or NULL */
	struct str json_body;	/* ... or as JSON; or empty */
	const char *responses;	/* "200:User 404:NotFound": which components */
	const char *security;	/* text of a list; NULL: as everywhere */
};

/* ---- part.c: writing ---- */

/* What is written from now on is the value of this member. */
void part_begin(struct part_writer *w, enum part_kind kind, const char *name);

/* Text as above. */
void part_put(struct part_writer *w, const char *text);
void part_printf(struct part_writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A JSON string. */
void part_string(struct part_writer *w, struct str s);

/* An operation; those of one path follow each other. */
void part_operation(struct part_writer *w, const struct part_operation *op);

void part_tag(struct part_writer *w, const char *name, struct str about);

/* ---- part_schema.c: columns ---- */

enum part_use {
	PART_ANSWER, /* what we print */
	PART_REQUEST /* what clients send */
};

/* The JSON Schema of a column's values. */
void part_value(struct part_writer *w, const struct column *c,
		enum part_use use, bool nullable);

/* A value of the column, as we print it. */
void part_example(struct part_writer *w, const struct column *c);

/* The schema of the column's filters, "TextFilter", a row; NULL: none. */
const char *part_filter(const struct column *c);

#endif
