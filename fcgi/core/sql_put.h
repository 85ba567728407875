/*
 * A statement under construction, and the doors by which text enters it:
 * our own literals (SQL, and sql_text for those that are made), names from
 * the model, and numbered arguments.  Nothing else may be appended.
 *
 * Whoever compiles calls sql_begin(), puts, and calls sql_end().  In between
 * nothing fails: what is too large is remembered.
 */
#ifndef POSTERN_CORE_SQL_PUT_H
#define POSTERN_CORE_SQL_PUT_H

#include "base/buf.h"
#include "core/sql.h"

enum {
	SQL_TEXT_MAX = 1024 * 1024,
	SQL_DEPTH_MAX = 100,   /* of shapes and filters in each other */
	SQL_COLUMNS_MAX = 1600 /* Postgres takes 1664 in one select */
};

struct compiler {
	struct arena *arena;
	struct buf text;
	struct statement *out;
	size_t room; /* for arguments */
	/*
	 * Of the select list that is put: how many columns came before it,
	 * and whether they are called c0, c1, ... by their numbers.
	 */
	size_t first;
	bool named;
	/* Columns by index that were put of the row `watched`, where it is not
	 * NULL. */
	bool *used;
	int watched;
	int nodes; /* t0, t1, ... given out so far */
	int depth;
	bool broken; /* too many arguments, or too deep */
};

/* Start a statement; *out is emptied. */
void sql_begin(struct compiler *c, struct arena *a, struct statement *out);

/* The text is whole: ERR_TOO_LARGE, or *out is complete. */
struct err *sql_end(struct compiler *c);

/* Append a literal of ours. */
#define SQL(c, lit) BUF_LIT(&(c)->text, lit)

/* "name", with its quotes doubled. */
void sql_name(struct compiler *c, struct str name);

/* "schema"."name" */
void sql_table(struct compiler *c, const struct table *t);

/* t3: the row source of that number. */
void sql_node(struct compiler *c, int node);

/* t3."name" */
void sql_column(struct compiler *c, int node, const struct column *column);

/* Before each column of a result: a comma, and it is counted. */
void sql_next_column(struct compiler *c);

/* A select list begins, or ends, whose columns have names. */
void sql_name_columns(struct compiler *c, bool on);

/* c3: the name of that column. */
void sql_column_name(struct compiler *c, size_t column);

/* $n, for a value of which a copy is made; {NULL, 0} is null. */
void sql_arg(struct compiler *c, struct str value);

/* $n::type, the column's: where nothing else tells Postgres. */
void
sql_arg_as(struct compiler *c, const struct column *column, struct str value);

/* What a statement before this has kept for the column as `name`. */
void sql_kept(struct compiler *c, const struct column *column, struct str name);

/* The same for a number. */
void sql_arg_int(struct compiler *c, int64_t value);

/*
 * 'text': what this program made (JSON of names) or the model says (the label
 * of an enum), never a value.  Fine whatever standard_conforming_strings is.
 */
void sql_text(struct compiler *c, struct str text);

/* What a setting stores: an argument, what is kept, or the key of a row. */
void sql_value(struct compiler *c, const struct setting *s);

/*
 * Go one level down in a tree; false, and the statement is too large, when it
 * is too deep.  Followed by sql_leave() where it was true.
 */
bool sql_enter(struct compiler *c);
void sql_leave(struct compiler *c);

#endif
