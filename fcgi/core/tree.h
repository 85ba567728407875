/*
 * A write of a whole tree: a row and what hangs on it, one transaction.
 *
 * A tree is compiled to a few statements of one pipeline segment (a script):
 *
 *   check    every CHECK constraint whose columns are known, of every item,
 *            all at once: postern.invalid() is told of those that fail,
 *            [{"item":0,"check":1}, ...] by their numbers in the table
 *   items    each is a statement of its own, so that it sees what those
 *            before it did and fails by itself: first the rows that a row
 *            names, then the row, then what its replaced lists lose, then the
 *            rows that name it, in the order of the input
 *   read     the root's row again, as the tree's shape wants it
 *
 * A statement tells later ones the columns of its row by settings of the
 * transaction, whose names are arguments: rows of one kind share one text.
 * One that changes a row fails with postern.missing() where there is none,
 * or where it hangs on another parent.  Items are numbered in the order of
 * the input, the root is 0.  What fails takes everything of the segment back.
 */
#ifndef POSTERN_CORE_TREE_H
#define POSTERN_CORE_TREE_H

#include "core/sql.h"

enum { TREE_DEPTH_MAX = 20 };

enum item_op {
	ITEM_INSERT,
	ITEM_UPDATE, /* .key; of a list also: it hangs on the parent */
	ITEM_PUT,    /* what the parent is linked to: update, or insert */
	ITEM_DELETE  /* .key, or what hangs on the parent, if anything */
};

struct item {
	enum item_op op;
	bool stay; /* of a PUT: insert nothing, the row must be there */
	const struct table *table;
	struct setting *set; /* values, without .lookup */
	size_t nset;
	struct str *key;      /* values of the primary key's columns */
	int parent;	      /* before this one; -1: the root */
	struct relation from; /* from the parent's row to this one */
	struct str tag;	      /* {NULL, 0}: none */
	struct str name;      /* of the member of the parent's input, or ... */
	int index;	      /* ... its element; -1: it is no list */
	/*
	 * The statements of it in the script; -1: none.  The row that `at`
	 * answers begins with the key as `nkey` texts.
	 */
	int find_at, at;
	size_t nkey;
};

/* A list whose other rows go: those of `from` that no item of it names. */
struct clearing {
	int parent; /* no insert */
	struct relation from;
	struct str **keys; /* of the items that stay */
	size_t nkeys;
	bool refused; /* postern.invalid() where there is any */
	struct str name;
	int at;
};

/* What an argument of the check statement is the value of. */
struct origin {
	int item;
	const struct column *column; /* NULL: of a key */
};

/* Where in the script a tree's answers are; -1: nowhere. */
struct tree {
	uint32_t role; /* who writes: what he may read can be returned */
	struct item *items;
	size_t nitems;
	struct clearing *clearings;
	size_t nclearings;
	struct shape *shape; /* of the root's row, NULL: it is not asked for */
	int first, check_at, read_at, last; /* first and last: of all */
	struct origin *origins;		    /* of the check's arguments */
};

/* May the role read the whole primary key? */
bool sql_tree_key_readable(const struct table *t, uint32_t role);

/*
 * Append the tree's statements to a script.  `n` tells trees of one operation
 * apart.  The error is ERR_TOO_LARGE.
 */
struct err *
sql_tree(struct arena *a, struct tree *tree, int n, struct script *script);

#endif
