/*
 * Rows become JSON, member by member in the order of the plan's shape.
 *
 * The caller hands over one row at a time as an array of binary columns,
 * in the order in which sql_compile() selected them; null is {NULL, 0}.
 * Nothing is allocated but the buffer's own growth.
 */
#ifndef POSTERN_CORE_PRINT_H
#define POSTERN_CORE_PRINT_H

#include "base/buf.h"
#include "core/plan.h"

/*
 * Append one row as a JSON object.  Bit i of what is returned says that the
 * i-th member, a FIELD_ROWS, is null; of the first 64.
 */
uint64_t
print_row(struct buf *b, const struct shape *shape, const struct str *columns);

/*
 * Append the text of a key: its one value, or all of a composite one with a
 * comma between them, and in them %2C for a comma and %25 for %.  With `path`
 * that is percent-encoded once more, but for the commas in between.
 */
void print_key(struct buf *b, const struct constraint *key,
	       const struct str *values, bool path);

/*
 * Append one value as JSON: what stands in a cursor.  A null prints null.
 */
void print_value(struct buf *b, const struct column *column, struct str value);

#endif
