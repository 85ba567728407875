/*
 * Inserts, updates and deletes of one table, and what they answer.
 */
#ifndef POSTERN_CORE_SQL_WRITE_H
#define POSTERN_CORE_SQL_WRITE_H

#include "core/sql_select.h"

/*
 * What a statement in a with-clause calls the version of its row: xmin is
 * nothing that one can select from there.
 */
extern const char sql_returned_version[];

/* The write itself, of the row t0, which is the scope's. */
void
sql_write(struct compiler *c, const struct plan *p, struct sql_scope *scope);

/*
 * The columns of t0 that the select around a with-clause needs; `before`
 * stands before them.
 */
void
sql_write_needed(struct compiler *c, const struct plan *p, const char *before);

/*
 * A write answers with the row that it left.  Where the answer holds linked
 * objects the write stands in a with-clause and the select joins to it.
 */
void sql_write_and_answer(struct compiler *c, const struct plan *p);

#endif
