/*
 * Plans that are steps of one transaction: they may tell later ones the keys
 * of their rows, and fail where there are not as many rows as there must be.
 */
#ifndef POSTERN_CORE_SQL_STEPS_H
#define POSTERN_CORE_SQL_STEPS_H

#include "core/sql.h"

/*
 * The i-th step; its columns are the plan's, if it is not quiet, and then
 * some that nobody looks at.  The error is as sql_compile()'s.
 */
struct err *sql_step(struct arena *a, const struct plan *plan, int i,
		     struct statement *ret);

#endif
