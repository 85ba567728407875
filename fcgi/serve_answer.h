/*
 * What the statements of a plan answer becomes the body, as it comes.
 */
#ifndef POSTERN_SERVE_ANSWER_H
#define POSTERN_SERVE_ANSWER_H

#include "io/exchange.h"

/* The script is about to be sent: an empty body, and nothing known yet. */
void serve_answer_begin(struct exchange *x);

/* Rows of a statement; none before it will have any more. */
void serve_answer_rows(struct exchange *x, int at, const PGresult *rows);

/* No more rows of any: what stands behind them. */
void serve_answer_end(struct exchange *x);

/* The first row, in the arena, with room for `max` values; NULL: none. */
struct str *
serve_answer_keep(struct exchange *x, const PGresult *rows, int max);

#endif
