/*
 * A write of a whole tree: a row and what hangs on it, one transaction.
 *
 * A tree is compiled to a few statements of one pipeline segment (a script):
 *
 *   check    every CHECK constraint of every item whose row is known to
 *            violate it, all at once: raises SQLSTATE PV001, whose DETAIL is
 *            [{"item":0,"constraint":"label_name_check"}, ...]
 *   clear    what a replaced list loses
 *   write    all inserts and updates, one with-clause each, and as its row
 *            the primary key of every item, in order; raises PV002 with the
 *            item's number when the row to change is not there (or hangs on
 *            another parent)
 *   read     the root's row again, as the tree's shape wants it
 *
 * A statement that has nothing to do is left out.  Items are numbered in the
 * order of the input, the root is 0.  What fails takes everything of the
 * segment back.
 */
#ifndef POSTERN_CORE_TREE_H
#define POSTERN_CORE_TREE_H

#include "core/sql.h"

enum item_op {
	ITEM_INSERT,
	ITEM_UPDATE, /* .key */
	ITEM_PUT,    /* what the parent's key leads to: update, or insert */
	ITEM_DELETE  /* .key, or what hangs on the parent */
};

struct item {
	enum item_op op;
	const struct table *table;
	struct setting *set;
	size_t nset;
	struct str *key;      /* values of the primary key's columns */
	int parent;	      /* -1: the root */
	struct relation from; /* from the parent's row to this one */
	struct str tag;	      /* {NULL, 0}: none */
};

/* A list whose other rows go: those of `from` that no item of it names. */
struct clearing {
	int parent; /* an ITEM_UPDATE */
	struct relation from;
	struct str **keys; /* of the items that stay */
	size_t nkeys;
};

/* Where in the script a tree's answers are; -1: nowhere. */
struct tree {
	struct item *items;
	size_t nitems;
	struct clearing *clearings;
	size_t nclearings;
	struct shape *shape; /* of the root's row, NULL: it is not asked for */
	int check_at, clear_at, write_at, read_at;
};

/*
 * Append the tree's statements to a script.  `n` tells trees of one operation
 * apart.  The error is ERR_TOO_LARGE.
 */
struct err *
sql_tree(struct arena *a, struct tree *tree, int n, struct script *script);

#endif
