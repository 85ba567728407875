/*
 * Conditions, and filters through relations (struct filter).
 *
 * What goes through a relation outside of a negation is a left join of the
 * scope, as null as a missing row is: a test for null finds rows that have
 * nothing at the other end.  A negation asks a sub-select about everything
 * that is behind the first way to many, so it is true where, and only where,
 * the same without it is not.  A FILTER_OPPOSITE is no such negation: it stays
 * with the joins.
 */
#ifndef POSTERN_CORE_SQL_FILTER_H
#define POSTERN_CORE_SQL_FILTER_H

#include "core/sql_select.h"

/* sql_condition.c: one test of a column of a row. */
void sql_condition(struct compiler *c, int node, const struct condition *test);

/* Make the joins known that sql_filter() will need of the scope. */
void sql_filter_joins(struct compiler *c, struct sql_scope *scope,
		      const struct filter *f, bool distinct);

/*
 * The condition, fit for an `and`.  With `distinct` what would find a row
 * several times only asks whether it is found.
 */
void sql_filter(struct compiler *c, struct sql_scope *scope,
		const struct filter *f, bool distinct);

#endif
