/*
 * Keys: which columns a row holds another one's in, and a key as text.
 */
#ifndef POSTERN_CORE_SQL_KEY_H
#define POSTERN_CORE_SQL_KEY_H

#include "core/sql_put.h"

/*
 * The columns of `by` that hold the key of the row that it leads to, in the
 * key's order and of its types; NULL: they hold another key, or part of it.
 */
struct column **sql_key_held(struct compiler *c, const struct fkey *by,
			     const struct constraint *key);

/* Are they all there?  Fit for an `and`. */
void sql_key_there(struct compiler *c, int node, struct column *const *columns,
		   size_t n);

/* What print_key() makes of them, without .path, as text. */
void sql_key_text(struct compiler *c, int node, struct column *const *columns,
		  size_t n);

#endif
