/*
 * Cursors: the place behind a row of a list, as text that clients hand back.
 *
 * A cursor is ["mark", value, ...] in base64, one value for each column of
 * the plan's order; the mark says which table and which order it was made
 * for, as it means nothing in another one.
 */
#ifndef POSTERN_CORE_CURSOR_H
#define POSTERN_CORE_CURSOR_H

#include "core/plan.h"

/* The cursor of the row whose columns of the order are `keys`. */
struct str
cursor_make(struct arena *a, const struct plan *plan, const struct str *keys);

/*
 * The plan goes on behind the cursor's row: plan.after and the order's
 * `after` are set.  False: it is no cursor of this plan.
 */
bool cursor_read(struct arena *a, struct plan *plan, struct str text);

#endif
