/*
 * What several interfaces have in common: whose rights count, errors in the
 * source system's form (spec.md §0.3), the refusal of methods, and messages
 * that repeat what came in.
 */
#ifndef POSTERN_API_ANSWER_H
#define POSTERN_API_ANSWER_H

#include "core/request.h"

/*
 * {"detail": ...}: the list of issues, JSON that the error brings, its
 * message, or its title.
 */
void answer_error(struct call *call, const struct err *e);

/*
 * {"message":...,"extensions":{"code":...}}, as a Hasura engine wants errors:
 * it shows them when the status is 4xx.  "detail" follows where the error
 * brings one.
 */
void answer_message(struct call *call, const struct err *e);

/* ERR_METHOD, with an Allow header, unless the method is in the list. */
struct err *answer_allow(struct call *call, const char *methods);

/* The role that the request runs as, as the model's set of it. */
uint32_t answer_role(const struct call *call);

/* Does a list such as "GET, HEAD" name the method? */
bool answer_allows(const char *methods, struct str method);

/*
 * The values of a table's primary key, as arguments, that a text of it
 * stands for (print_key() says how it is written).  False: no row has it.
 */
bool answer_read_key(struct arena *a, const struct table *table,
		     struct str text, struct str **ret);

/*
 * An ETag for what was read: `tag`, or where that is empty one of the body,
 * unless it is a stream.  A client that has it already is told so, by a 304.
 */
void answer_tag(struct call *call, struct str tag);

/*
 * The ETag of a single row: its version, those of the rows that it shows and
 * the model's.  `form` tells the forms apart that it has under one URL.
 * Empty: there is no single row, or it has no version.
 */
struct str answer_version(struct call *call, struct str form);

/*
 * If-Match (RFC 9110 §13.1.1) as a condition: the row must still have a
 * version that the client saw; on a table without versions only "*" matches.
 * False: nothing is asked.
 */
bool answer_if_match(struct call *call, const struct table *t,
		     struct condition *ret);

/* 307 to the path, with the query as it was: /users/ is /users. */
void answer_redirect(struct call *call, struct str path);

/* What came in by that name; false: nothing did. */
struct answer_source {
	bool (*find)(void *from, struct str name, struct str *ret);
	void *from;
};

/*
 * A message whose every {name} that something came in for becomes that;
 * `json`: the text is JSON, with the places inside of strings.
 */
struct str answer_fill(struct arena *a, const struct answer_source *source,
		       struct str text, bool json);

#endif
