/*
 * An object is a row of a sub-select whose columns have the names of its
 * members: Postgres makes JSON of that faster than of a call with names and
 * values.  Only names that no column can have are written that way.
 *
 * Such sub-selects are called "[]" and "{}", which no member is called: a
 * column of the same name would be taken instead of the row.
 */
#include "core/sql_rows.h"

#include "core/sql_key.h"
#include "core/sql_result.h"
#include "core/sql_select.h"
#include "core/type.h"

enum {
	NAME_MAX_BYTES = 63, /* NAMEDATALEN less its end */
	PAIRS_MAX = 50	     /* of a call: 100 arguments */
};

/* Where the members of an object come from. */
struct source {
	struct sql_scope *scope;
	int node;
	const struct shape *shape;
	/* What FIELD_KEYs are made of, in the row of that number. */
	struct column *const *key;
	size_t nkey;
	int key_node;
};

/* The object is a row of its own. */
static void
set_row(struct source *s, int node, const struct shape *shape)
{
	s->node = node;
	s->shape = shape;
	if (!shape->key)
		return;
	s->key = shape->key->columns;
	s->nkey = shape->key->n;
	s->key_node = node;
}

static void put_object(struct compiler *c, const struct source *s);

static void
put_link(struct compiler *c, const struct source *s, const struct shape *object)
{
	struct relation by = {.fkey = object->by};
	struct source next = *s;

	/* The row that this one was reached from is known already. */
	if (s->node == s->scope->node && object->by == s->scope->up_by) {
		set_row(&next, s->scope->up, object);
		put_object(c, &next);
		return;
	}
	set_row(&next, sql_join(c, s->scope, s->node, by), object);
	SQL(c, "case when ");
	sql_there(c, s->scope, next.node, object);
	SQL(c, " then ");
	put_object(c, &next);
	SQL(c, " end");
}

/* What is held of another row's key, if anything. */
static void
put_ref(struct compiler *c, const struct source *s, const struct shape *object)
{
	struct column **held = sql_key_held(c, object->by, object->key);
	struct source next = *s;

	if (!held) {
		put_link(c, s, object);
		return;
	}
	next.shape = object;
	next.key = held;
	next.nkey = object->key->n;
	next.key_node = s->node;
	SQL(c, "case when ");
	sql_key_there(c, s->node, next.key, next.nkey);
	SQL(c, " then ");
	put_object(c, &next);
	SQL(c, " end");
}

static void
put_key(struct compiler *c, const struct source *s, const struct field *f)
{
	c->broken |= f->path;
	if (f->text.n) {
		sql_text(c, f->text);
		SQL(c, " || ");
	}
	sql_key_text(c, s->key_node, s->key, s->nkey);
	if (f->behind.n) {
		SQL(c, " || ");
		sql_text(c, f->behind);
	}
}

static void
put_member(struct compiler *c, const struct source *s, const struct field *f)
{
	struct source same = *s;

	same.shape = f->object;
	switch (f->kind) {
	case FIELD_COLUMN:
		sql_json_result(c, s->node, f);
		break;
	case FIELD_OBJECT:
		put_link(c, s, f->object);
		break;
	case FIELD_GROUP:
		put_object(c, &same);
		break;
	case FIELD_ROWS:
		sql_rows(c, s->node, f->rows);
		break;
	case FIELD_KEY:
		put_key(c, s, f);
		break;
	case FIELD_REF:
		put_ref(c, s, f->object);
		break;
	case FIELD_TEXT:
		sql_text(c, f->text);
		SQL(c, "::pg_catalog.json");
		break;
	}
}

static bool
is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char ch = name.p[i];

		if (ch != '_' && (ch < '0' || ch > '9') &&
		    (ch < 'A' || ch > 'Z') && (ch < 'a' || ch > 'z'))
			return false;
	}
	return name.n && name.n <= NAME_MAX_BYTES;
}

static bool
are_plain_names(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++)
		if (!is_plain_name(shape->fields[i].name))
			return false;
	return true;
}

/* Members as columns: what stands behind `select`. */
static void
put_columns(struct compiler *c, const struct source *s)
{
	c->broken |= s->shape->n > SQL_COLUMNS_MAX;
	for (size_t i = 0; i < s->shape->n; i++) {
		buf_put(&c->text, i ? STR(", ") : STR(" "));
		put_member(c, s, &s->shape->fields[i]);
		SQL(c, " as ");
		sql_name(c, s->shape->fields[i].name);
	}
}

/* Some of the members as one call. */
static void
put_call(struct compiler *c, const struct source *s, size_t from, size_t n)
{
	SQL(c, "pg_catalog.json_build_object(");
	for (size_t i = from; i < from + n; i++) {
		const struct field *f = &s->shape->fields[i];

		if (i > from)
			SQL(c, ", ");
		sql_text(c, f->name);
		SQL(c, ", ");
		put_member(c, s, f);
	}
	SQL(c, ")");
}

/* A call takes so many members; the texts of several are one object's. */
static void
put_calls(struct compiler *c, const struct source *s)
{
	size_t all = s->shape->n;

	if (all <= PAIRS_MAX) {
		put_call(c, s, 0, all);
		return;
	}
	SQL(c, "('{'");
	for (size_t i = 0; i < all; i += PAIRS_MAX) {
		size_t n = all - i < PAIRS_MAX ? all - i : PAIRS_MAX;

		if (i)
			SQL(c, " || ','");
		SQL(c, " || pg_catalog.left(pg_catalog.right(");
		put_call(c, s, i, n);
		SQL(c, "::pg_catalog.text, -1), -1)");
	}
	SQL(c, " || '}')::pg_catalog.json");
}

/*
 * What groups are of is known in the sub-select of an object only where it is
 * a column, so there is none.
 */
static void
put_object(struct compiler *c, const struct source *s)
{
	if (!sql_enter(c))
		return;
	if (!s->scope->grouped && are_plain_names(s->shape)) {
		SQL(c, "(select \"{}\" from (select");
		put_columns(c, s);
		SQL(c, ") \"{}\")");
	} else {
		put_calls(c, s);
	}
	sql_leave(c);
}

/* The row itself becomes the object, or has it as its one column. */
static void
put_row(struct compiler *c, const struct source *s)
{
	if (are_plain_names(s->shape)) {
		put_columns(c, s);
		return;
	}
	SQL(c, " ");
	put_calls(c, s);
	SQL(c, " as \"{}\"");
}

/* What is made of the rows of the sub-select "[]". */
static void
put_head(struct compiler *c, const struct rows *rows)
{
	bool plain = are_plain_names(rows->shape);

	if (rows->one && plain)
		SQL(c, "(select pg_catalog.row_to_json(\"[]\")");
	else if (rows->one)
		SQL(c, "(select \"[]\".\"{}\"");
	else if (plain)
		SQL(c, "(select coalesce(pg_catalog.json_agg(\"[]\"), '[]')");
	else
		SQL(c, "(select coalesce(pg_catalog.json_agg("
		       "\"[]\".\"{}\"), '[]')");
	SQL(c, " from (select");
}

/* The rows as a plan of their own. */
static struct plan
plan_of(const struct rows *rows)
{
	return (struct plan){
		.op = PLAN_SELECT,
		.table = rows->table,
		.shape = rows->shape,
		.filter = rows->filter,
		.distinct = rows->distinct,
		.grouped = rows->grouped,
		.order = rows->order,
		.norder = rows->norder,
		.limit = rows->one ? 0 : rows->limit,
		.offset = rows->offset,
	};
}

void
sql_rows(struct compiler *c, int parent, const struct rows *rows)
{
	struct plan p = plan_of(rows);
	struct sql_from from = {
		.parent = parent,
		.by = rows->by,
		.via = rows->via,
	};
	struct source s = {.scope = &from.scope};

	if (!sql_enter(c))
		return;
	sql_scope(c, &from.scope);
	from.scope.grouped = rows->grouped;
	if (rows->by.reverse && !rows->via && !rows->grouped) {
		from.scope.up = parent;
		from.scope.up_by = rows->by.fkey;
	}
	set_row(&s, from.scope.node, rows->shape);
	put_head(c, rows);
	put_row(c, &s);
	sql_from(c, &p, &from);
	if (rows->one)
		SQL(c, " limit 1");
	SQL(c, ") \"[]\")");
	sql_leave(c);
}

/* ---- its white space ---- */

static bool is_compact(const struct shape *shape, int depth);

static bool
is_compact_member(const struct field *f, int depth)
{
	switch (f->kind) {
	case FIELD_COLUMN:
		return f->column->element->kind != TYPE_JSON;
	case FIELD_OBJECT:
	case FIELD_GROUP:
		return is_compact(f->object, depth);
	case FIELD_ROWS:
		return !f->rows->grouped && is_compact(f->rows->shape, depth);
	case FIELD_TEXT:
		return true;
	default:
		return false;
	}
}

static bool
is_compact(const struct shape *shape, int depth)
{
	if (depth == SQL_DEPTH_MAX || !are_plain_names(shape))
		return false;
	for (size_t i = 0; i < shape->n; i++)
		if (!is_compact_member(&shape->fields[i], depth + 1))
			return false;
	return true;
}

bool
sql_rows_compact(const struct rows *rows)
{
	return !rows->grouped && is_compact(rows->shape, 0);
}
