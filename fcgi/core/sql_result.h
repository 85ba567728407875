/*
 * How a member's value is selected: for print.c as its type travels best, or
 * as a value that Postgres puts into JSON.  Both look the same to clients.
 */
#ifndef POSTERN_CORE_SQL_RESULT_H
#define POSTERN_CORE_SQL_RESULT_H

#include "core/sql_put.h"

/* As print.c takes it: a FIELD_COLUMN of the row `node`. */
void sql_result(struct compiler *c, int node, const struct field *f);

/* The type that Postgres gives it then; of no group's. */
struct str sql_result_type(const struct field *f);

/* As the member of a row that becomes JSON. */
void sql_json_result(struct compiler *c, int node, const struct field *f);

#endif
