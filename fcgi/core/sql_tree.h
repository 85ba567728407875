/*
 * A tree on its way to a script: what its statements tell each other.
 */
#ifndef POSTERN_CORE_SQL_TREE_H
#define POSTERN_CORE_SQL_TREE_H

#include "core/sql_put.h"
#include "core/tree.h"

/* A column of a row that later statements know by a setting of that number. */
struct kept {
	struct kept *next;
	const struct column *column;
	int slot;
};

struct sql_item {
	struct kept *row; /* of the row as it is in the end */
	struct kept *old; /* the keys that it held before */
	bool *linked;	  /* by index: columns that come from other items */
	bool follows;	  /* a row that it names comes before it */
};

struct sql_tree {
	struct arena *arena;
	struct tree *tree;
	struct sql_item *items;
	struct script *script;
	struct compiler c;
	int n, slots;
};

/* A column's new value: of the input, or of another item's row. */
struct assignment {
	const struct column *column;
	struct str value;
	const struct kept *kept; /* NULL: .value it is */
};

struct assignments {
	struct assignment *list;
	size_t n;
};

struct kept *sql_tree_find_kept(struct kept *list, const struct column *column);

/* The name of the setting that keeps it. */
struct str sql_tree_slot(const struct sql_tree *t, const struct kept *k);

/* What the item's row is given; `insert`: with the key of its parent. */
struct assignments sql_tree_assignments(struct sql_tree *t, int i, bool insert);
void sql_tree_put_assigned(struct sql_tree *t, const struct assignment *v);

/* `verb "schema"."name" t0` */
void sql_tree_put_target(struct sql_tree *t, const char *verb,
			 const struct table *table);

/* Which row it is: by its key, and by what it hangs on. */
void sql_tree_put_where(struct sql_tree *t, const struct item *item, int node);

/* The row hangs on the parent's, or is what that has named. */
void sql_tree_put_link(struct sql_tree *t, const struct relation *from,
		       int parent, int node);

/*
 * The columns of the row that the rest of the statement works with, where it
 * is called w; `before` stands before the first.
 */
void sql_tree_put_columns(struct sql_tree *t, const struct item *item,
			  const struct kept *list, const char *before);

/* ` select` of the key and what is kept, which that keeps. */
void sql_tree_put_answer(struct sql_tree *t, const struct item *item,
			 struct kept *list);

/* ... from a row that may not be there; `must`: and then it fails. */
void sql_tree_put_from(struct sql_tree *t, int i, bool must);

/* `t0."a" = $1::type and ...` of a primary key. */
void sql_tree_key(struct compiler *c, const struct item *item, int node);

/* The statement that checks, if there is anything to check. */
struct err *sql_tree_check(struct sql_tree *t);

#endif
