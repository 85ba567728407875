/*
 * Selects: where rows come from, what of them is answered, which and in
 * which order.  sql.c uses the parts for writes, too.
 */
#ifndef POSTERN_CORE_SQL_SELECT_H
#define POSTERN_CORE_SQL_SELECT_H

#include "core/sql_put.h"

struct sql_join {
	struct sql_join *next;
	struct relation by; /* from the row of `parent` */
	int parent, node;
};

/*
 * One from-clause: a row of a table and what is joined to it.  What goes the
 * same way shares a join.  Joins are made known before the clause is put.
 */
struct sql_scope {
	int node; /* of the table */
	struct sql_join *joins, **end;
	bool grouped; /* see struct plan */
	/*
	 * Where the rows are those that hold a key of another row: its number
	 * and that key, which from here leads back to it; or NULL.
	 */
	int up;
	const struct fkey *up_by;
};

/* A new scope, and the number of its table's row. */
void sql_scope(struct compiler *c, struct sql_scope *ret);

/* The number of the row at the other end of a relation. */
int sql_join(struct compiler *c, struct sql_scope *scope, int parent,
	     struct relation by);

/* ` left join ... on ...` for every join of the scope. */
void sql_joins(struct compiler *c, const struct sql_scope *scope);

/* t1."a" = t0."b", for all columns of the key. */
void sql_match(struct compiler *c, struct relation by, int parent, int node);

/* Is the row of a FIELD_OBJECT there?  In a group: of any of its rows. */
void sql_there(struct compiler *c, const struct sql_scope *scope, int node,
	       const struct shape *object);

/* The table at the other end, and the key's columns at this one. */
const struct table *sql_other_end(struct relation by);
struct column **sql_this_end(struct relation by);

/* The members of the row `node`, which is one of the scope's. */
void sql_members(struct compiler *c, struct sql_scope *scope, int node,
		 const struct shape *shape);

/*
 * What a row of the result holds: members, then keys, then versions.
 * `version` is a column's name in place of xmin for the root, or NULL.
 */
void sql_results(struct compiler *c, const struct plan *p,
		 struct sql_scope *scope, const char *version);

/* ` where ...` of the plan, about the scope's table; may be nothing. */
void
sql_where(struct compiler *c, const struct plan *p, struct sql_scope *scope);

/*
 * Where a select's rows come from, for rows that hang on a row: `by` leads
 * from the row `parent` to the table, or to the one that `via` stands in.
 */
struct sql_from {
	struct sql_scope scope;
	int parent;
	struct relation by; /* .fkey is NULL: on none */
	const struct fkey *via;
};

/* All that follows the members: ` from ... where ... order by ...` */
void sql_from(struct compiler *c, const struct plan *p, struct sql_from *from);

/* The row whose column rows are sorted by; a join, if it is another one. */
int sql_sorted_node(struct compiler *c, struct sql_scope *scope,
		    const struct sorting *s);

/* ` order by ...` of the plan; may be nothing. */
void
sql_order(struct compiler *c, const struct plan *p, struct sql_scope *scope);

void sql_select(struct compiler *c, const struct plan *p);

#endif
