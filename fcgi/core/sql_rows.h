/*
 * Rows that hang on a row: a sub-select whose one value is JSON.
 */
#ifndef POSTERN_CORE_SQL_ROWS_H
#define POSTERN_CORE_SQL_ROWS_H

#include "core/sql_put.h"

/* (select ...), about the row `parent`; -1 where there is none. */
void sql_rows(struct compiler *c, int parent, const struct rows *rows);

/*
 * Has their JSON, as Postgres writes it, no white space but around line feeds?
 * Rows become objects without any then, and nothing else brings its own.
 */
bool sql_rows_compact(const struct rows *rows);

#endif
