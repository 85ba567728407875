/*
 * What several interfaces have in common: whose rights count, errors in the
 * source system's form (spec.md §0.3) and the refusal of methods.
 */
#ifndef POSTERN_API_ANSWER_H
#define POSTERN_API_ANSWER_H

#include "core/request.h"

/*
 * {"detail": ...}: the list of issues, JSON that the error brings, its
 * message, or its title.
 */
void answer_error(struct call *call, const struct err *e);

/* ERR_METHOD, with an Allow header, unless the method is in the list. */
struct err *answer_allow(struct call *call, const char *methods);

/* The role that the request runs as, as the model's set of it. */
uint32_t answer_role(const struct call *call);

/* Does a list such as "GET, HEAD" name the method? */
bool answer_allows(const char *methods, struct str method);

#endif
