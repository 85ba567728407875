/*
 * The default schema: DjraphQL's names and shapes over the model
 * (spec.md §4.1 to §4.3, §4.6, §4.7, §4.11).
 *
 * Tables and operations are there when any role may use them; a column that
 * the role may not read (write) is not part of its schema, unless the role
 * may use no column of the table at all, which it is told when it asks.
 * Names that GraphQL would refuse are mangled and collisions resolved as
 * GRAPHQL.md says, the same way for every role; types but for scalars and the
 * roots, and the fields of the roots, begin with POSTERN_GRAPHQL_PREFIX.
 */
#ifndef POSTERN_API_GRAPHQL_STANDARD_H
#define POSTERN_API_GRAPHQL_STANDARD_H

#include "api/graphql/schema.h"
#include "base/conf.h"

/* Build it.  The arena becomes the schema's; it outlives neither model. */
struct schema *standard_schema(struct arena *a, const struct conf *conf,
			       const struct model *model, uint32_t role);

/*
 * Is it a list of what POSTERN_GRAPHQL_SCALARS may hold: an SQL type's name
 * or `key`, '=', and one of our scalars that can stand for more than one type?
 */
bool standard_are_scalars(struct str text);

/* May names begin with it?  Nothing may, too: then they are as they are. */
bool standard_is_prefix(struct str text);

#endif
