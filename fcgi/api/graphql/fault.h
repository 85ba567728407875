/*
 * What is wrong with a GraphQL request: the items of its `errors`.
 *
 * GraphQL reports every fault of a document at once, each with the places in
 * the source and, once fields are being answered, with the path in the
 * answer (GraphQL §7.1.2).  Faults live in the request's arena; at most
 * FAULTS_MAX are kept, the last of which then says that there are more.
 */
#ifndef POSTERN_API_GRAPHQL_FAULT_H
#define POSTERN_API_GRAPHQL_FAULT_H

#include "base/buf.h"
#include "base/err.h"

enum { FAULTS_MAX = 100 };

/* A step of the path of an answer, from the innermost outwards. */
struct path {
	const struct path *up;
	struct str key; /* of an object; or, where p is NULL, ... */
	size_t index;	/* ... of a list */
};

struct fault {
	struct fault *next;
	struct str message;
	const uint32_t *at; /* byte offsets into the document's source */
	size_t nat;
	const struct path *path; /* NULL: of the request as a whole */
	const char *code;	 /* extensions.code, or NULL */
};

/* A list under construction; set the arena, and `limit` if it is smaller. */
struct faults {
	struct arena *arena;
	struct fault *first, **end;
	size_t n, limit;
};

/*
 * Append a fault.  `at` is copied; NULL means no place.  False when the list
 * is full: whoever looks for faults may stop.
 */
bool fault_add(struct faults *list, const uint32_t *at, size_t nat,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The last one added, for its path and its code to be set. */
struct fault *fault_last(struct faults *list);

/*
 * Append `[{"message":...,"locations":[...],"path":[...],"extensions":...}]`.
 * Lines and columns count from 1, columns in UTF-16 units as the reference
 * implementation's; a line ends with LF, CR or CRLF.
 */
void fault_print(struct buf *b, const struct faults *list, struct str source);

#endif
