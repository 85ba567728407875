/*
 * Plans that are made once for a document.
 *
 * What a document becomes seldom depends on the values of its variables: they
 * are values in the plan, too.  So a document that comes again is planned with
 * its variables left open (struct execution.open), compiled, and kept with it
 * (cache.h); from then on only what stands for the variables is filled in.
 *
 * That a variable is null, or not given, does make a difference, so plans are
 * kept for several such cases, REUSE_MAX at most.  Where a value decides on
 * more (a limit, an order, @include, a part of a list) or where there are
 * faults, nothing is kept, and each request is planned by itself.
 */
#ifndef POSTERN_API_GRAPHQL_REUSE_H
#define POSTERN_API_GRAPHQL_REUSE_H

#include "api/graphql/cache.h"
#include "api/graphql/collect.h"

enum {
	REUSE_FROM = 2, /* a document that comes as often as this */
	REUSE_MAX = 4,
	REUSE_VARIABLES = 32
};

/*
 * Fill call->plan and *ret_root as planning would, with the variables of `e`
 * coerced; false, with no fault, when it has to be done by planning.
 */
bool reuse_plan(struct call *call, struct cached *cached,
		const struct execution *e, struct chosen *ret_root);

#endif
