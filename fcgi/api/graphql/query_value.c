#include "api/graphql/query.h"
#include "core/type.h"

enum { TEXT_MAX = 8 * 1024 * 1024 };

/* ---- faults ---- */

bool
query_fault(struct planner *p, const struct chosen *f, const char *code,
	    const char *fmt, ...)
{
	va_list args;
	struct str message;
	struct fault *fault;

	va_start(args, fmt);
	message = arena_vprintf(p->call->arena, fmt, args);
	va_end(args);
	if (!fault_add(p->faults, &f->at, 1, "%.*s", STR_FMT(message)))
		return false;
	fault = fault_last(p->faults);
	fault->path = &f->path;
	fault->code = code;
	return false;
}

bool
query_forbidden(struct planner *p, const struct chosen *f)
{
	return query_fault(p, f, "FORBIDDEN", "Invalid permissions.");
}

bool
query_exceeded(struct planner *p, const struct chosen *f, const char *what,
	       int64_t max, const char *setting)
{
	return query_fault(p, f, "LIMIT_EXCEEDED",
			   "The limit of %lld %s is exceeded (%s).",
			   (long long)max, what, setting);
}

bool
query_may_read(struct planner *p, const struct chosen *f,
	       const struct table *table)
{
	return (table->grants.select & p->schema->role) ||
	       query_forbidden(p, f);
}

bool
query_join(struct planner *p, const struct chosen *f)
{
	int64_t max = p->call->request.conf->graphql_joins;

	if (++p->joins == max + 1)
		query_exceeded(p, f, "ways to other rows", max,
			       "POSTERN_GRAPHQL_JOINS");
	return p->joins <= max;
}

/* ---- values ---- */

static bool
count_value(const struct query_place *at)
{
	int64_t max = at->p->call->request.conf->graphql_arguments;

	return ++at->p->values <= max ||
	       query_exceeded(at->p, at->f, "values", max,
			      "POSTERN_GRAPHQL_ARGUMENTS");
}

/* A value of any kind as JSON.  Whoever read it has bounded its depth. */
static void
put_json(struct buf *b, const struct value *value)
{
	bool object = value->kind == VALUE_OBJECT;

	if (!object && value->kind != VALUE_LIST) {
		if (value->kind == VALUE_NULL)
			BUF_LIT(b, "null");
		else if (value->kind == VALUE_STRING ||
			 value->kind == VALUE_ENUM)
			buf_json(b, value->text);
		else
			buf_put(b, value->text);
		return;
	}
	buf_char(b, object ? '{' : '[');
	for (const struct value *v = value->first; v; v = v->next) {
		if (v != value->first)
			buf_char(b, ',');
		if (object) {
			buf_json(b, v->name);
			buf_char(b, ':');
		}
		put_json(b, v);
	}
	buf_char(b, object ? '}' : ']');
}

/* What was written, in the arena; false when it was too much. */
static bool
take(const struct query_place *at, struct buf *b, struct str *ret)
{
	bool broken = b->broken;

	*ret = broken ? STR("") : arena_str(at->p->call->arena, buf_str(b));
	buf_free(b);
	return !broken || query_fault(at->p, at->f, "LIMIT_EXCEEDED",
				      "A value is too large.");
}

static bool
complain(const struct query_place *at, const struct schema_type *type,
	 const struct issues *issues)
{
	return query_fault(at->p, at->f, "BAD_USER_INPUT",
			   "Expected value of type \"%.*s\" for \"%.*s\"; "
			   "%.*s.",
			   STR_FMT(schema_named(type)->name), STR_FMT(at->name),
			   STR_FMT(issues->first->message));
}

static bool
read_leaf(const struct query_place *at, const struct schema_type *type,
	  const struct value *value, struct str *ret)
{
	struct input in = {
		.arena = at->p->call->arena,
		.column = at->column,
		.where = "argument",
		.field = at->column->name,
	};
	struct issues issues = {0};
	const struct schema_value *name =
		type->kind == KIND_ENUM ? schema_value(type, value->text)
					: NULL;

	return type_read_text(&in, name ? name->value : value->text, &issues,
			      ret) ||
	       complain(at, type, &issues);
}

static bool
read_json(const struct query_place *at, const struct value *value,
	  struct str *ret)
{
	struct buf b = buf_new(TEXT_MAX);

	put_json(&b, value);
	return take(at, &b, ret);
}

static const struct schema_type *
nullable(const struct schema_type *type)
{
	return type->kind == KIND_NON_NULL ? type->of : type;
}

static bool put_list(const struct query_place *at, struct buf *b,
		     const struct schema_type *type, const struct value *list);

static bool
put_item(const struct query_place *at, struct buf *b,
	 const struct schema_type *type, const struct value *item)
{
	struct str text;

	if (!count_value(at))
		return false;
	if (item->kind == VALUE_NULL) {
		BUF_LIT(b, "NULL");
		return true;
	}
	if (type->kind == KIND_LIST)
		return put_list(at, b, type->of, item);
	if (type->scalar == SCALAR_JSON ? !read_json(at, item, &text)
					: !read_leaf(at, type, item, &text))
		return false;
	type_put_element(b, text);
	return true;
}

/* An array's text; lists inside of it are as deep as their type says. */
static bool
put_list(const struct query_place *at, struct buf *b,
	 const struct schema_type *type, const struct value *list)
{
	bool fine = true, more = false;

	type = nullable(type);
	buf_char(b, '{');
	for (const struct value *v = list->first; v && fine; v = v->next) {
		if (at->skip && v->kind == VALUE_NULL)
			continue;
		if (more)
			buf_char(b, ',');
		more = true;
		fine = put_item(at, b, type, v);
	}
	buf_char(b, '}');
	return fine;
}

/* What an element of an array column must fit. */
static const struct column *
element(const struct query_place *at)
{
	struct column *one;

	if (at->column->type->kind != TYPE_ARRAY)
		return at->column;
	one = ARENA_NEW(at->p->call->arena, struct column);
	*one = *at->column;
	one->type = one->element;
	return one;
}

static bool
read_list(const struct query_place *at, const struct value *value,
	  struct str *ret)
{
	struct buf b = buf_new(TEXT_MAX);
	struct query_place below = *at;

	below.column = element(at);
	if (put_list(&below, &b, nullable(at->type)->of, value))
		return take(at, &b, ret);
	buf_free(&b);
	return false;
}

static bool
leave_open(const struct query_place *to, const struct value *value,
	   struct str *ret)
{
	struct arena *a = to->p->call->arena;
	struct query_open *open = ARENA_NEW(a, struct query_open);

	*ret = arena_str(a, STR("?"));
	*open = (struct query_open){to->p->open, *to, value->text, ret->p};
	to->p->open = open;
	return true;
}

bool
query_value(const struct query_place *to, const struct value *value,
	    struct str *ret)
{
	const struct schema_type *type = nullable(to->type);

	*ret = (struct str){0};
	if (value->kind == VALUE_VARIABLE)
		return leave_open(to, value, ret);
	if (value->kind != VALUE_NULL && type->kind == KIND_LIST)
		return read_list(to, value, ret);
	if (!count_value(to))
		return false;
	if (value->kind == VALUE_NULL)
		return true;
	if (type->scalar == SCALAR_JSON)
		return read_json(to, value, ret);
	return read_leaf(to, type, value, ret);
}

/* ---- keys ---- */

/* The part of a key that is that column; NULL: it is not given. */
static const struct value *
find_part(const struct schema_type *type, const struct value *pk,
	  const struct column *column, const struct schema_input **ret)
{
	for (const struct value *v = pk->first; v; v = v->next) {
		*ret = schema_member(type, v->name);
		if (*ret && (*ret)->column == column)
			return v;
	}
	return NULL;
}

struct str *
query_key(struct planner *p, const struct chosen *f, const struct table *table,
	  const struct schema_type *type, const struct value *pk)
{
	const struct constraint *key = table->primary;
	struct str *values = ARENA_ARRAY(p->call->arena, struct str, key->n);
	struct query_place to = {.p = p, .f = f};

	type = nullable(type);
	for (size_t i = 0; i < key->n; i++) {
		const struct schema_input *part = NULL;
		const struct value *v = pk;

		if (type->kind == KIND_INPUT)
			v = find_part(type, pk, key->columns[i], &part);
		if (!v || v->kind == VALUE_NULL) {
			query_fault(p, f, "BAD_USER_INPUT",
				    "The key is not whole.");
			return NULL;
		}
		to.column = key->columns[i];
		to.type = part ? part->type : type;
		to.name = part ? part->name : STR("pk");
		if (!query_value(&to, v, &values[i]))
			return NULL;
	}
	return values;
}
