/*
 * A select whose rows are of several kinds: a page, what is reached from it,
 * and counts, in one statement.
 *
 *   with "page" as (the plan's own rows), "shown" as (those that are no sign
 *   of more), "r0" as (keys of what is one relation further), ...
 *   (select 0, the page's columns, null of every other type)
 *   union all (select 1, the first section's rows at those keys) ...
 *   union all (select n, the count of a probe)
 *
 * How many rows a page has is no more than a guess to a plan that is made
 * once for all.  So rows are looked up key by key, in sub-selects that are
 * not taken apart (offset 0): that costs the same whatever the guess is.
 */
#ifndef POSTERN_CORE_SQL_PAGE_H
#define POSTERN_CORE_SQL_PAGE_H

#include "core/sql_put.h"

/* Is it a select of that kind? */
bool sql_page_is(const struct plan *p);

void sql_page(struct compiler *c, const struct plan *p);

#endif
