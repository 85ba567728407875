/*
 * A table as JSON:API shows it to a role (JSON:API 1.1 §5.2): its type, what
 * of a row is an attribute, and where its relationships lead.
 *
 * Attributes are the columns that the role may read, less the primary key,
 * which is the id, and less the foreign keys of one column, which are
 * relationships.  A resource lives in the arena and points into the model.
 */
#ifndef POSTERN_API_JSONAPI_RESOURCE_H
#define POSTERN_API_JSONAPI_RESOURCE_H

#include "core/request.h"

/* One way from a row to others. */
struct relationship {
	struct str name;
	bool many;
	struct relation by;
	const struct fkey *via; /* `by` leads to a link table, this on */
	const struct table *to;
};

struct resource {
	const struct table *table;
	uint32_t role;
	struct str type;   /* "user" */
	struct str schema; /* "UserSchema", as error texts say */
	const struct column **attributes;
	struct str *names; /* of the attributes: the columns', but for a few */
	size_t nattributes;
	struct relationship *relationships;
	size_t nrelationships;
};

/*
 * The resource of a table; NULL: it has no primary key that the role may
 * see.  Names of relationships that an attribute has already, and those that
 * JSON:API keeps for itself (id, type), get a number behind them.
 */
struct resource *
resource_of(struct arena *a, const struct table *table, uint32_t role);

/* The resource called `type` ("user"), or NULL. */
struct resource *resource_find(const struct call *call, struct str type);

/* "user", of a table: what resource_of() calls it. */
struct str resource_type(struct arena *a, const struct table *table);

const struct relationship *
resource_relationship(const struct resource *r, struct str name);

/* The column of the attribute of that name, or NULL. */
const struct column *
resource_attribute(const struct resource *r, struct str name);

/*
 * What one may filter and sort by: an attribute, a foreign key's column, the
 * primary key's one column also as "id"; that the role may see.  Or NULL.
 */
const struct column *resource_column(const struct resource *r, struct str name);

/*
 * The values of a primary key that an id stands for (print_key() says how it
 * is written), as arguments.  False: it is none that a row could have.
 */
bool resource_read_id(struct arena *a, const struct table *table, struct str id,
		      struct str **ret);

#endif
