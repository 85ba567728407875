/*
 * Rows that hang on a row: a sub-select whose one value is JSON.
 */
#ifndef POSTERN_CORE_SQL_ROWS_H
#define POSTERN_CORE_SQL_ROWS_H

#include "core/sql_put.h"

/* (select ...), about the row `parent`; -1 where there is none. */
void sql_rows(struct compiler *c, int parent, const struct rows *rows);

#endif
