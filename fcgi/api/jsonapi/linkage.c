#include "api/jsonapi/writing.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

enum { LINKS_MAX = 500 }; /* each is a step */

/* ---- one identifier ---- */

static bool
is_known(struct str name)
{
	static const char *const known[] = {"id", "lid", "type", "meta"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(str_of(known[i]), name))
			return true;
	return false;
}

/* The source system takes no others; JSON:API has them ignored. */
static void
check_members(struct writing *w, struct str at, json_object *o)
{
	if (jsonapi_of(w->call)->strict)
		return;
	json_object_object_foreach(o, key, value)
	{
		struct str name = str_of(key);

		(void)value;
		if (!is_known(name))
			body_issue(w, body_at(w->call->arena, at, name),
				   "extra fields not permitted",
				   "value_error.extra");
	}
}

const struct operation *
linkage_lid(struct writing *w, struct str type, struct str lid)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct operation *op = &w->operations[i];

		if (op->kind == OPERATION_ADD && op->lid.p && op->resource &&
		    str_eq(op->lid, lid) && str_eq(op->resource->type, type))
			return op;
	}
	return NULL;
}

void
linkage_no_lid(struct writing *w, struct str at, struct str type,
	       struct str lid)
{
	struct arena *a = w->call->arena;

	body_issue(w, body_at(a, at, STR("lid")),
		   arena_printf(a, "there is no %.*s with the lid '%.*s' yet",
				STR_FMT(type), STR_FMT(lid))
			   .p,
		   LINKAGE_LID);
}

static void
read_lid(struct writing *w, struct str at, struct str type, struct linked *ret)
{
	const struct operation *made = linkage_lid(w, type, ret->id);

	if (made)
		ret->row = made->row;
	else
		linkage_no_lid(w, at, type, ret->id);
}

static struct err *
read_identifier(struct writing *w, const struct linkage *l, json_object *o,
		struct linked *ret)
{
	struct arena *a = w->call->arena;
	struct str at = ret->at;
	struct str type = resource_type(a, l->by->to);
	bool local = json_has(o, "lid") && !json_has(o, "id");
	struct str at_id = body_at(a, at, local ? STR("lid") : STR("id"));

	if (!json_object_is_type(o, json_type_object)) {
		body_not_object(w, at);
		return NULL;
	}
	check_members(w, at, o);
	TRY(body_check_type(w, body_at(a, at, STR("type")), json_get(o, "type"),
			    type));
	if (!local && !json_has(o, "id")) {
		body_missing(w, at_id);
		return NULL;
	}
	if (!body_text(w, at_id, json_get(o, local ? "lid" : "id"), &ret->id))
		return NULL;
	ret->row.table = l->by->to;
	if (local)
		read_lid(w, at, type, ret);
	else if (!resource_read_id(a, l->by->to, ret->id, &ret->row.key))
		return blame_related(w->call, l, ret);
	return NULL;
}

/* ---- all of them ---- */

static bool
is_same_row(const struct row *a, const struct row *b)
{
	if (!a->key != !b->key)
		return false;
	if (!a->key)
		return str_eq(a->keep, b->keep);
	for (size_t i = 0; i < a->table->primary->n; i++)
		if (!str_eq(a->key[i], b->key[i]))
			return false;
	return true;
}

/* The same one twice is one. */
static bool
is_there(const struct linkage *l, const struct linked *one)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_same_row(&l->to[i].row, &one->row))
			return true;
	return false;
}

/* In any order, as long as it is the same for all: numbers as they count. */
static int
by_key(const void *a, const void *b)
{
	const struct row *x = &((const struct linked *)a)->row;
	const struct row *y = &((const struct linked *)b)->row;

	if (!x->key || !y->key)
		return (x->key != NULL) - (y->key != NULL);
	for (size_t i = 0; i < x->table->primary->n; i++) {
		struct str s = x->key[i], t = y->key[i];
		int order = s.n == t.n ? memcmp(s.p, t.p, s.n)
				       : (s.n > t.n) - (s.n < t.n);

		if (order)
			return order;
	}
	return 0;
}

/* What links them is written in this order, so that nobody waits in turn. */
static struct err *
read_list(struct writing *w, json_object *data, struct linkage *l)
{
	struct arena *a = w->call->arena;
	size_t n = json_object_array_length(data);

	if (n > LINKS_MAX)
		return err_new(a, ERR_TOO_LARGE,
			       "The request asks for too much at once.");
	l->to = ARENA_ARRAY(a, struct linked, n);
	for (size_t i = 0; i < n; i++) {
		struct linked *one = &l->to[l->n];
		struct issue **end = w->issues.end;

		*one = (struct linked){
			.at = arena_printf(a, "%.*s/%zu", STR_FMT(l->at), i)};
		TRY(read_identifier(w, l, json_object_array_get_idx(data, i),
				    one));
		l->n += end == w->issues.end && !is_there(l, one);
	}
	if (l->n)
		qsort(l->to, l->n, sizeof(*l->to), by_key);
	return NULL;
}

struct err *
linkage_read(struct writing *w, const struct relationship *by,
	     json_object *data, struct linkage *ret)
{
	ret->by = by;
	ret->n = 0;
	if (by->many && !json_object_is_type(data, json_type_array)) {
		body_issue(w, ret->at, "value is not a valid list",
			   "type_error.list");
		return NULL;
	}
	if (by->many)
		return read_list(w, data, ret);
	if (!data)
		return NULL;
	ret->to = ARENA_NEW(w->call->arena, struct linked);
	ret->to->at = ret->at;
	ret->n = 1;
	return read_identifier(w, ret, data, ret->to);
}

/* ---- what can be written ---- */

/* Does the key name rows by their id? */
static bool
names_ids(const struct fkey *f)
{
	const struct constraint *key = f->to->primary;

	for (size_t i = 0; i < f->n; i++) {
		size_t k = 0;

		while (key && k < key->n && key->columns[k] != f->references[i])
			k++;
		if (!key || k == key->n)
			return false;
	}
	return true;
}

static bool
is_in_id(const struct table *t, const struct column *c)
{
	for (size_t i = 0; t->primary && i < t->primary->n; i++)
		if (t->primary->columns[i] == c)
			return true;
	return false;
}

static bool
is_part_of_id(const struct fkey *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (is_in_id(f->from, f->columns[i]))
			return true;
	return false;
}

struct err *
linkage_may(struct writing *w, const struct linkage *l, bool create)
{
	const struct fkey *f = l->by->by.fkey;
	struct fault_source place = {.pointer = l->at.p};

	if (!names_ids(f) || (l->by->via && !names_ids(l->by->via)))
		return jsonapi_error(w->call, 403, NULL, place,
				     "%.*s goes by other columns than ids.",
				     STR_FMT(l->by->name));
	if (!l->by->via && !create && is_part_of_id(f))
		return jsonapi_error(w->call, 403, NULL, place,
				     "%.*s is part of an id.",
				     STR_FMT(l->by->name));
	return NULL;
}

size_t
linkage_settings(struct writing *w, const struct linkage *l,
		 struct setting *set)
{
	const struct fkey *f = l->by->by.fkey;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct column *c = f->columns[i];

		if (l->n)
			set[n++] = steps_value(w->call, &l->to->row,
					       f->references[i], c);
		else if (c->nullable && !is_in_id(f->from, c))
			set[n++].column = c;
	}
	return n;
}
