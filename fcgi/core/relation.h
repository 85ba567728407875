/*
 * What a foreign key means to the tables at its ends: does one row hold it or
 * many, and does the table that holds it do nothing but link?
 */
#ifndef POSTERN_CORE_RELATION_H
#define POSTERN_CORE_RELATION_H

#include "core/model.h"

/* Is the column among these? */
bool
relation_has(struct column *const *columns, size_t n, const struct column *c);

/* Is it part of the table's primary key? */
bool relation_in_primary(const struct table *t, const struct column *c);

/* Does at most one row hold any given value of the key? */
bool relation_is_single(const struct fkey *f);

/* Does it name rows by all of their primary key, and by nothing else? */
bool relation_is_to_primary(const struct fkey *f);

/*
 * The other key of a table that links and does nothing else: its primary key
 * is two foreign keys.  NULL when it is no such table.
 */
const struct fkey *relation_onward(const struct fkey *one);

/* How many keys lead straight from the rows of `from` to those of `to`. */
size_t relation_count(const struct table *to, const struct table *from);

#endif
