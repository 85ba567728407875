/*
 * Plans become SQL: one statement, deterministic text, numbered arguments.
 *
 * Text enters a statement by three doors only: our own literals, names from
 * the model (quoted here), and `$n`.  The same shape of plan gives the same
 * bytes, so a prepared statement is found again by its text.
 */
#ifndef POSTERN_CORE_SQL_H
#define POSTERN_CORE_SQL_H

#include "core/plan.h"

enum { SQL_ARGS_MAX = 1000 };

struct statement {
	struct str text;   /* NUL-terminated, in the arena */
	const char **args; /* NUL-terminated texts; NULL is null */
	const char **from; /* where the plan has what each is a copy of */
	int nargs;
	size_t ncolumns;	   /* of the result: the shape's, then ... */
	size_t key_at, version_at; /* where keys and versions begin */
	size_t nversions;
	/*
	 * Rows of several kinds: the first column says which as an int4, 0 for
	 * the plan's own, then its sections, then its probes (one int8).  The
	 * columns of kind i begin at kind_at[i].  NULL: all are of one kind.
	 */
	size_t *kind_at;
	/* Run for what it does: no part of the plan, nobody wants its rows. */
	bool aside;
};

/* SCRIPT_TEXTS: different texts, fewer than a lane keeps prepared. */
enum { SCRIPT_MAX = 600, SCRIPT_TEXTS = 80 };

/* Statements of one transaction, in order. */
struct script {
	struct statement *statements; /* made by sql_script_add() */
	int n, room;
};

/*
 * Compile.  The error is ERR_TOO_LARGE when there are more than
 * SQL_ARGS_MAX arguments.  Everything returned lives in the arena.
 */
struct err *
sql_compile(struct arena *a, const struct plan *plan, struct statement *ret);

/* An empty statement at the end; NULL: there are SCRIPT_MAX. */
struct statement *sql_script_add(struct arena *a, struct script *script);

/*
 * Compile a plan of any kind: to one statement, or, with PLAN_TREES, to the
 * statements of all its trees, or, with PLAN_STEPS, to one for each of them.
 * The error is as sql_compile()'s.
 */
struct err *
sql_script(struct arena *a, const struct plan *plan, struct script *ret);

#endif
