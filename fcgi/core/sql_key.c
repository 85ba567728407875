#include "core/sql_key.h"

#include "core/sql_result.h"
#include "core/type.h"

/* ---- of another row ---- */

static struct column *
holding(const struct fkey *by, const struct column *key)
{
	for (size_t i = 0; i < by->n; i++)
		if (by->references[i] == key)
			return by->columns[i];
	return NULL;
}

struct column **
sql_key_held(struct compiler *c, const struct fkey *by,
	     const struct constraint *key)
{
	struct column **held = ARENA_ARRAY(c->arena, struct column *, key->n);

	if (by->n != key->n)
		return NULL;
	for (size_t i = 0; i < key->n; i++) {
		held[i] = holding(by, key->columns[i]);
		if (!held[i] || held[i]->type != key->columns[i]->type)
			return NULL;
	}
	return held;
}

void
sql_key_there(struct compiler *c, int node, struct column *const *columns,
	      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			SQL(c, " and ");
		sql_column(c, node, columns[i]);
		SQL(c, " is not null");
	}
}

/* ---- as text ---- */

/* Is a cast to text all that makes its JSON's text? */
static bool
is_cast(const struct type *type)
{
	static const bool kinds[] = {
		[TYPE_TEXT] = true,    [TYPE_BOOL] = true, [TYPE_INT] = true,
		[TYPE_FLOAT] = true,   [TYPE_UUID] = true, [TYPE_DATE] = true,
		[TYPE_NUMERIC] = true, [TYPE_ENUM] = true, [TYPE_OTHER] = true,
	};

	/* inet would gain a mask, and char(n) lose its end. */
	return (size_t)type->kind < sizeof(kinds) && kinds[type->kind] &&
	       !type->select_before[0] && strcmp(type->name, "bpchar") != 0;
}

static void
put_text(struct compiler *c, int node, const struct column *column)
{
	struct field f = {.column = column};

	if (is_cast(column->type)) {
		sql_column(c, node, column);
		SQL(c, "::pg_catalog.text");
		return;
	}
	SQL(c, "pg_catalog.json_extract_path_text(pg_catalog.to_json(");
	sql_json_result(c, node, &f);
	SQL(c, "), variadic '{}')");
}

void
sql_key_text(struct compiler *c, int node, struct column *const *columns,
	     size_t n)
{
	if (n == 1) {
		put_text(c, node, columns[0]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			SQL(c, " || ',' || ");
		SQL(c, "pg_catalog.replace(pg_catalog.replace(");
		put_text(c, node, columns[i]);
		SQL(c, ", '%', '%25'), ',', '%2C')");
	}
}
