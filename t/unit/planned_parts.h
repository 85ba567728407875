/*
 * The parts of plans that are written down as JSON: see planned.h.
 */
#ifndef POSTERN_PLANNED_PARTS_H
#define POSTERN_PLANNED_PARTS_H

#include <json-c/json.h>

#include "core/json.h"
#include "core/plan.h"

enum { PLANNED_DEPTH_MAX = 120 };

struct planned {
	struct arena *arena;
	const struct model *model;
	const char *instead; /* of every value; NULL: as it is */
	int depth;
};

static inline struct str
planned_str(struct planned *p, json_object *o)
{
	if (!json_object_is_type(o, json_type_string))
		return (struct str){0};
	return arena_str(p->arena, str_of(json_object_get_string(o)));
}

/* A number of rows: one that is asked for stays one. */
static inline int64_t
planned_rows_max(struct planned *p, json_object *o)
{
	int64_t n = json_object_get_int64(o);

	return n && p->instead ? 3 : n;
}

static inline struct str
planned_member(struct planned *p, json_object *o, const char *name)
{
	return planned_str(p, json_get(o, name));
}

static inline const struct fkey *
planned_key(struct planned *p, struct str name)
{
	for (size_t i = 0; i < p->model->ntables; i++)
		for (size_t k = 0; k < p->model->tables[i].nfkeys; k++)
			if (str_eq(p->model->tables[i].fkeys[k].name, name))
				return &p->model->tables[i].fkeys[k];
	return NULL;
}

/* The relation "key" or "<key" of a table; .fkey is NULL where it has none. */
static inline struct relation
planned_relation(struct planned *p, const struct table *t, struct str name)
{
	struct relation by = {.reverse = str_starts(name, STR("<"))};

	by.fkey = planned_key(p, str_sub(name, by.reverse, name.n));
	if (by.fkey && (by.reverse ? by.fkey->to : by.fkey->from) != t)
		by.fkey = NULL;
	return by;
}

/* ---- filters ---- */

static inline enum plan_cmp
planned_cmp(struct str name)
{
	static const char *const names[CMP_END] = {
		[CMP_NOT_NULL] = "not_null",   [CMP_NOTHING] = "nothing",
		[CMP_NOT_IN] = "nin",	       [CMP_HAS] = "has",
		[CMP_IHAS] = "ihas",	       [CMP_DIFFERS] = "differs",
		[CMP_NONE_OF] = "none_of",     [CMP_NOT_LIKE] = "not_like",
		[CMP_NOT_ILIKE] = "not_ilike", [CMP_MATCH] = "match",
		[CMP_CONTAINS] = "contains",
	};
	enum plan_cmp cmp = CMP_NOTHING;

	for (int i = 0; i < CMP_END; i++)
		if (names[i] && str_eq(str_of(names[i]), name))
			return (enum plan_cmp)i;
	plan_operator_find(name, &cmp);
	return cmp;
}

static inline const struct filter *
planned_filter(struct planned *p, const struct table *t, json_object *o);

static inline void
planned_parts(struct planned *p, const struct table *t, json_object *o,
	      struct filter *f)
{
	bool list = json_object_is_type(o, json_type_array);
	size_t n = list ? json_object_array_length(o) : 1;

	f->parts = ARENA_ARRAY(p->arena, const struct filter *, n);
	for (size_t i = 0; i < n; i++) {
		json_object *part = list ? json_object_array_get_idx(o, i) : o;
		const struct filter *made = planned_filter(p, t, part);

		if (made)
			f->parts[f->n++] = made;
	}
}

static inline bool
planned_test(struct planned *p, const struct table *t, json_object *o,
	     struct condition *ret)
{
	size_t n = json_object_array_length(o);

	if (n < 2)
		return false;
	ret->column = table_column(
		t, planned_str(p, json_object_array_get_idx(o, 0)));
	ret->cmp = planned_cmp(planned_str(p, json_object_array_get_idx(o, 1)));
	ret->value = planned_str(p, json_object_array_get_idx(o, 2));
	if (ret->value.p && p->instead)
		ret->value = str_of(p->instead);
	ret->other = table_column(
		t, planned_str(p, json_object_array_get_idx(o, 3)));
	return ret->column != NULL;
}

static inline const struct filter *
planned_any(struct planned *p, const struct table *t, json_object *o)
{
	struct filter *f = ARENA_NEW(p->arena, struct filter);
	json_object *of;

	if (json_object_object_get_ex(o, "and", &of)) {
		planned_parts(p, t, of, f);
		return f;
	}
	if (json_object_object_get_ex(o, "or", &of)) {
		f->kind = FILTER_OR;
		planned_parts(p, t, of, f);
		return f;
	}
	if (json_object_object_get_ex(o, "not", &of)) {
		f->kind = FILTER_NOT;
		planned_parts(p, t, of, f);
		return f->n == 1 ? f : NULL;
	}
	if (json_object_object_get_ex(o, "opposite", &of)) {
		f->kind = FILTER_OPPOSITE;
		planned_parts(p, t, of, f);
		return f->n == 1 ? f : NULL;
	}
	if (json_object_is_type(json_get(o, "test"), json_type_array)) {
		f->kind = FILTER_TEST;
		of = json_get(o, "test");
		return planned_test(p, t, of, &f->test) ? f : NULL;
	}
	f->kind = json_get(o, "some") ? FILTER_SOME : FILTER_THROUGH;
	of = json_get(o, f->kind == FILTER_SOME ? "some" : "through");
	f->relation = planned_relation(p, t, planned_str(p, of));
	if (!f->relation.fkey)
		return NULL;
	t = f->relation.reverse ? f->relation.fkey->from : f->relation.fkey->to;
	planned_parts(p, t, json_get(o, "of"), f);
	return f->n == 1 ? f : NULL;
}

static inline const struct filter *
planned_filter(struct planned *p, const struct table *t, json_object *o)
{
	const struct filter *f = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	if (p->depth++ < PLANNED_DEPTH_MAX)
		f = planned_any(p, t, o);
	p->depth--;
	return f;
}

/* ---- shapes ---- */

static inline struct shape *
planned_shape(struct planned *p, const struct table *t, json_object *fields);

/* Is there a key in it? */
static inline bool
planned_has_key(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_KEY ||
		    (f->kind == FIELD_GROUP && planned_has_key(f->object)))
			return true;
	}
	return false;
}

/* Is there nothing else in it but words? */
static inline bool
planned_is_key(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_GROUP
			    ? !planned_is_key(f->object)
			    : f->kind != FIELD_KEY && f->kind != FIELD_TEXT)
			return false;
	}
	return true;
}

/* A shape that is no group of another one. */
static inline struct shape *
planned_whole(struct planned *p, const struct table *t, json_object *fields)
{
	struct shape *shape = planned_shape(p, t, fields);

	if (t && planned_has_key(shape))
		shape->key = t->primary;
	return shape;
}

/* "-key.name": a column of a row that this one refers to. */
static inline bool
planned_sorting(struct planned *p, const struct table *t, struct str name,
		struct sorting *ret)
{
	struct relation *way = ARENA_ARRAY(p->arena, struct relation, name.n);

	ret->descending = str_starts(name, STR("-"));
	name = str_sub(name, ret->descending, name.n);
	while (str_find(name, '.') < name.n) {
		struct relation by =
			planned_relation(p, t, str_cut(&name, '.'));

		if (!by.fkey || by.reverse)
			return false;
		way[ret->nway++] = by;
		t = by.fkey->to;
	}
	ret->way = way;
	ret->column = table_column(t, name);
	return ret->column != NULL;
}

/* What a plan and rows have in common. */
static inline void
planned_tail(struct planned *p, const struct table *t, json_object *o,
	     struct plan *ret)
{
	json_object *order = json_get(o, "order");
	bool list = json_object_is_type(order, json_type_array);
	size_t n = list ? json_object_array_length(order) : 0;

	ret->table = t;
	ret->shape = planned_whole(p, t, json_get(o, "fields"));
	ret->filter = t ? planned_filter(p, t, json_get(o, "filter")) : NULL;
	ret->distinct = json_object_get_boolean(json_get(o, "distinct"));
	ret->grouped = json_object_get_boolean(json_get(o, "grouped"));
	ret->limit = planned_rows_max(p, json_get(o, "limit"));
	ret->offset = planned_rows_max(p, json_get(o, "offset"));
	ret->order = ARENA_ARRAY(p->arena, struct sorting, n);
	for (size_t i = 0; i < n && t; i++) {
		struct str name =
			planned_str(p, json_object_array_get_idx(order, i));
		struct sorting one = {.descending = false};

		if (planned_sorting(p, t, name, &one))
			ret->order[ret->norder++] = one;
	}
}

static inline struct rows *
planned_rows(struct planned *p, const struct table *t, json_object *o)
{
	struct rows *r = ARENA_NEW(p->arena, struct rows);
	struct plan plan = {0};

	r->table = model_table(p->model, planned_member(p, o, "rows"));
	r->one = json_object_get_boolean(json_get(o, "one"));
	r->via = planned_key(p, planned_member(p, o, "via"));
	if (t) {
		const struct table *other;

		r->by = planned_relation(p, t, planned_member(p, o, "by"));
		if (!r->by.fkey)
			return NULL;
		other = r->by.reverse ? r->by.fkey->from : r->by.fkey->to;
		if (r->via && (r->via->from != other || !r->by.reverse))
			r->via = NULL;
		r->table = r->via ? r->via->to : other;
	} else {
		r->via = NULL;
	}
	if (!r->table)
		return NULL;
	planned_tail(p, r->table, o, &plan);
	r->shape = plan.shape;
	r->filter = plan.filter;
	r->distinct = plan.distinct;
	r->grouped = plan.grouped;
	r->limit = plan.limit;
	r->offset = plan.offset;
	r->order = plan.order;
	r->norder = plan.norder;
	return r;
}

static inline enum plan_function
planned_function(struct str name)
{
	static const char *const names[] = {"",	   "sum", "min",
					    "max", "avg", "count"};

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (str_eq(str_of(names[i]), name))
			return (enum plan_function)i;
	return PLAN_PLAIN;
}

/* One name for each label; too few names are none. */
static inline void
planned_form(struct planned *p, json_object *o, struct field *f)
{
	json_object *names = json_get(o, "names");
	size_t n =
		f->column->nlabels ? f->column->nlabels : f->column->nchoices;
	struct str *all = ARENA_ARRAY(p->arena, struct str, n);

	if (str_eq(planned_member(p, o, "form"), STR("string")))
		f->form = FORM_STRING;
	if (!json_object_is_type(names, json_type_array) ||
	    json_object_array_length(names) < n)
		return;
	for (size_t i = 0; i < n; i++)
		all[i] = planned_str(p, json_object_array_get_idx(names, i));
	f->names = all;
	f->form = FORM_NAMES;
}

static inline bool
planned_column(struct planned *p, const struct table *t, json_object *o,
	       struct field *f)
{
	bool bare = json_object_is_type(o, json_type_string);
	struct str name =
		bare ? planned_str(p, o) : planned_member(p, o, "column");

	f->column = t ? table_column(t, name) : NULL;
	if (f->column && !bare) {
		f->function =
			planned_function(planned_member(p, o, "function"));
		planned_form(p, o, f);
	}
	return f->column != NULL;
}

/* Of another row's key only, which has to be there. */
static inline bool
planned_ref(struct planned *p, const struct table *t, json_object *o,
	    struct field *f)
{
	const struct fkey *by = planned_key(p, planned_member(p, o, "ref"));

	if (!by || by->from != t || !by->to->primary)
		return false;
	f->kind = FIELD_REF;
	f->object = planned_shape(p, by->to, json_get(o, "fields"));
	f->object->by = by;
	f->object->key = by->to->primary;
	return planned_is_key(f->object);
}

static inline bool
planned_value(struct planned *p, const struct table *t, json_object *o,
	      struct field *f)
{
	const struct fkey *by = planned_key(p, planned_member(p, o, "object"));
	json_object *group = json_get(o, "group");

	if (json_get(o, "text")) {
		f->kind = FIELD_TEXT;
		f->text = planned_member(p, o, "text");
	} else if (json_get(o, "rows") || json_get(o, "by")) {
		f->kind = FIELD_ROWS;
		f->rows = planned_rows(p, t, o);
		return f->rows != NULL;
	} else if (group && t) {
		f->kind = FIELD_GROUP;
		f->object = planned_shape(p, t, group);
	} else if (by && by->from == t) {
		f->kind = FIELD_OBJECT;
		f->object = planned_whole(p, by->to, json_get(o, "fields"));
		f->object->by = by;
	} else if (json_get(o, "key")) {
		f->kind = FIELD_KEY;
		f->text = planned_member(p, o, "key");
		f->behind = planned_member(p, o, "behind");
		f->path = json_object_get_boolean(json_get(o, "path"));
		return t && t->primary;
	} else if (json_get(o, "ref")) {
		return planned_ref(p, t, o, f);
	} else {
		return planned_column(p, t, o, f);
	}
	return true;
}

static inline struct shape *
planned_shape(struct planned *p, const struct table *t, json_object *fields)
{
	bool fine = json_object_is_type(fields, json_type_object) &&
		    p->depth < PLANNED_DEPTH_MAX;
	size_t n = fine ? (size_t)json_object_object_length(fields) : 0;
	struct shape *shape = plan_shape(p->arena, t, n);

	if (n == 0)
		return shape;
	p->depth++;
	json_object_object_foreach(fields, key, o)
	{
		struct field f = {0};

		if (!planned_value(p, t, o, &f))
			continue;
		f.name = arena_str(p->arena, str_of(key));
		f.label = plan_field(p->arena, shape, f.name)->label;
		shape->fields[shape->n - 1] = f;
	}
	p->depth--;
	return shape;
}

#endif
