#include "core/sql_put.h"

enum { USUAL_TEXT = 2000 }; /* bytes: most statements need no more room */

void
sql_begin(struct compiler *c, struct arena *a, struct statement *out)
{
	*out = (struct statement){0};
	*c = (struct compiler){
		.arena = a,
		.text = buf_new(SQL_TEXT_MAX),
		.out = out,
	};
	buf_room(&c->text, USUAL_TEXT);
}

struct err *
sql_end(struct compiler *c)
{
	bool broken = c->broken || c->text.broken || c->text.n == 0;

	c->out->text = arena_str(c->arena, buf_str(&c->text));
	buf_free(&c->text);
	if (broken)
		return err_new(c->arena, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	return NULL;
}

void
sql_name(struct compiler *c, struct str name)
{
	size_t quote = str_find(name, '"');

	buf_char(&c->text, '"');
	buf_put(&c->text, str_sub(name, 0, quote));
	for (size_t i = quote; i < name.n; i++) {
		if (name.p[i] == '"')
			buf_char(&c->text, '"');
		buf_char(&c->text, name.p[i]);
	}
	buf_char(&c->text, '"');
}

void
sql_table(struct compiler *c, const struct table *t)
{
	sql_name(c, t->schema);
	SQL(c, ".");
	sql_name(c, t->name);
}

void
sql_node(struct compiler *c, int node)
{
	SQL(c, "t");
	buf_int(&c->text, node);
}

void
sql_column(struct compiler *c, int node, const struct column *column)
{
	if (c->used && node == c->watched)
		c->used[column->index] = true;
	sql_node(c, node);
	SQL(c, ".");
	sql_name(c, column->name);
}

void
sql_column_name(struct compiler *c, size_t column)
{
	SQL(c, "c");
	buf_int(&c->text, (int64_t)column);
}

static void
name_last(struct compiler *c)
{
	if (!c->named || c->out->ncolumns == c->first)
		return;
	SQL(c, " as ");
	sql_column_name(c, c->out->ncolumns - 1);
}

void
sql_next_column(struct compiler *c)
{
	name_last(c);
	if (c->out->ncolumns++ > c->first)
		SQL(c, ", ");
	c->broken |= c->out->ncolumns > SQL_COLUMNS_MAX;
}

void
sql_name_columns(struct compiler *c, bool on)
{
	name_last(c);
	c->named = on;
	c->first = on ? c->out->ncolumns : 0;
}

static void
make_room(struct compiler *c)
{
	size_t room = c->room ? 2 * c->room : 8;
	const char **args = ARENA_ARRAY(c->arena, const char *, 2 * room);
	const char **from = args + room;

	if (c->room) {
		memcpy(args, c->out->args, c->room * sizeof(*args));
		memcpy(from, c->out->from, c->room * sizeof(*from));
	}
	c->out->args = args;
	c->out->from = from;
	c->room = room;
}

void
sql_arg(struct compiler *c, struct str value)
{
	struct statement *s = c->out;

	if (s->nargs == SQL_ARGS_MAX) {
		c->broken = true;
		return;
	}
	if ((size_t)s->nargs == c->room)
		make_room(c);
	s->from[s->nargs] = value.p;
	s->args[s->nargs++] = value.p ? arena_str(c->arena, value).p : NULL;
	SQL(c, "$");
	buf_int(&c->text, s->nargs);
}

static void
put_cast(struct compiler *c, const struct column *column)
{
	SQL(c, "::");
	buf_put(&c->text, column->sql_type);
}

void
sql_arg_as(struct compiler *c, const struct column *column, struct str value)
{
	sql_arg(c, value);
	put_cast(c, column);
}

void
sql_kept(struct compiler *c, const struct column *column, struct str name)
{
	SQL(c, "current_setting(");
	sql_arg(c, name);
	SQL(c, ")");
	put_cast(c, column);
}

void
sql_arg_int(struct compiler *c, int64_t value)
{
	char text[STR_DIGITS];

	sql_arg(c, str_digits(text, value));
}

void
sql_text(struct compiler *c, struct str text)
{
	if (str_find(text, '\\') < text.n)
		SQL(c, "E");
	buf_char(&c->text, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'' || text.p[i] == '\\')
			buf_char(&c->text, text.p[i]);
		buf_char(&c->text, text.p[i]);
	}
	buf_char(&c->text, '\'');
}

void
sql_value(struct compiler *c, const struct setting *s)
{
	if (s->kept) {
		sql_kept(c, s->column, s->value);
		return;
	}
	if (!s->lookup) {
		sql_arg(c, s->value);
		return;
	}
	SQL(c, "(select k.");
	sql_name(c, s->column->link->references[0]->name);
	SQL(c, " from ");
	sql_table(c, s->column->link->to);
	SQL(c, " k where k.");
	sql_name(c, s->lookup->name);
	SQL(c, " = ");
	sql_arg(c, s->value);
	SQL(c, ")");
}

bool
sql_enter(struct compiler *c)
{
	if (c->depth == SQL_DEPTH_MAX) {
		c->broken = true;
		return false;
	}
	c->depth++;
	return true;
}

void
sql_leave(struct compiler *c)
{
	c->depth--;
}
