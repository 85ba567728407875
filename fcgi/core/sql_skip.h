/*
 * Pages behind an offset.
 *
 * Postgres makes what is answered of all rows, those too that an offset then
 * skips.  Where lists hang on the rows that is much, so the page is cut in a
 * sub-select, which has the columns that the rest makes use of.
 */
#ifndef POSTERN_CORE_SQL_SKIP_H
#define POSTERN_CORE_SQL_SKIP_H

#include "core/sql_put.h"

/* Is the plan a select of such a page? */
bool sql_skips(const struct plan *p);

/* All of its statement. */
void sql_skip(struct compiler *c, const struct plan *p);

#endif
