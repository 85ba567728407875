/*
 * Plans written down as JSON, for tests and fuzzers of what compiles them:
 *
 *   {"table": "label", "fields": {...}, "filter": F, "order": ["name", "-id"],
 *    "limit": 3, "offset": 1, "distinct": true, "grouped": true}
 *
 * which may be sorted by "key.key.name" of what it refers to, and have
 *
 *   {"keys": true, "sections": [{"table": "artist", "fields": {...}}],
 *    "reaches": [{"from": -1, "by": "<key", "via": key, "section": 0}],
 *    "probes": [{"table": "label", ...}]}
 *
 * With {"steps": [...]} it is a script; each step may also have an "op" and
 *
 *   {"set": {"name": "value", "label_id": {"kept": "a", "nth": 0}},
 *    "where": [["id", "eq", "1"], ["id", "kept", "a"]],
 *    "keep": "a", "must": 1, "quiet": true, "ignore": true}
 *
 * A field is the name of a column, or one of
 *
 *   {"column": "id", "form": "string", "function": "sum"}
 *   {"column": "mood", "form": "names", "names": ["A", "B"]}
 *   {"object": "artist_label_id_fkey", "fields": {...}}
 *   {"group": {...}}
 *   {"rows": "artist", "by": "<artist_label_id_fkey", "via": key, "one": true,
 *    ... and what a plan has}
 *   {"text": "\"JSON\""}
 *   {"key": "before", "behind": "behind", "path": true}
 *   {"ref": "artist_label_id_fkey", "fields": {...}}: groups, keys and texts
 *
 * and a filter one of {"and": [F, ...]}, {"or": [...]}, {"not": F},
 * {"opposite": F},
 * {"test": ["column", "eq", "value"]}, or with null and a column instead of a
 * value, {"through": "<key", "of": F} and {"some": "<key", "of": F}.  A "<"
 * goes to the rows that hold the key.  What makes no sense is left out, so
 * everything that is made is a plan that a planner could have made.
 */
#ifndef POSTERN_PLANNED_H
#define POSTERN_PLANNED_H

#include "planned_parts.h"

/* ---- rows of several kinds ---- */

static inline size_t
planned_length(json_object *list)
{
	bool fine = json_object_is_type(list, json_type_array);

	return fine ? json_object_array_length(list) : 0;
}

static inline void
planned_sections(struct planned *p, json_object *list, struct plan *ret)
{
	size_t n = planned_length(list);

	ret->sections = ARENA_ARRAY(p->arena, struct section, n);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);
		struct section *s = &ret->sections[ret->nsections];

		s->table = model_table(p->model, planned_member(p, o, "table"));
		if (!s->table || !s->table->primary)
			continue;
		s->shape = planned_shape(p, s->table, json_get(o, "fields"));
		s->shape->key = s->table->primary;
		ret->nsections++;
	}
}

static inline bool
planned_reach(struct planned *p, json_object *o, const struct plan *plan,
	      struct reach *ret)
{
	const struct table *t = plan->table;
	int64_t from = json_object_get_int64(json_get(o, "from"));
	int64_t section = json_object_get_int64(json_get(o, "section"));

	if (from >= (int64_t)plan->nreaches || section < 0 ||
	    section >= (int64_t)plan->nsections || !t)
		return false;
	ret->from = from < 0 ? -1 : (int)from;
	ret->section = (int)section;
	if (ret->from >= 0)
		t = plan->sections[plan->reaches[from].section].table;
	ret->by = planned_relation(p, t, planned_member(p, o, "by"));
	ret->via = planned_key(p, planned_member(p, o, "via"));
	if (!ret->by.fkey)
		return false;
	t = ret->by.reverse ? ret->by.fkey->from : ret->by.fkey->to;
	if (ret->via && (ret->via->from != t || !ret->by.reverse))
		return false;
	t = ret->via ? ret->via->to : t;
	return plan->sections[section].table == t;
}

static inline void
planned_reaches(struct planned *p, json_object *list, struct plan *ret)
{
	size_t n = planned_length(list);

	ret->reaches = ARENA_ARRAY(p->arena, struct reach, n);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);

		if (planned_reach(p, o, ret, &ret->reaches[ret->nreaches]))
			ret->nreaches++;
	}
}

static inline void
planned_probes(struct planned *p, json_object *list, struct plan *ret)
{
	size_t n = planned_length(list);

	ret->probes = ARENA_ARRAY(p->arena, const struct plan *, n);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);
		struct plan *probe = ARENA_NEW(p->arena, struct plan);
		const struct table *t =
			model_table(p->model, planned_member(p, o, "table"));

		if (!t)
			continue;
		probe->op = PLAN_SELECT;
		planned_tail(p, t, o, probe);
		probe->grouped = false;
		ret->probes[ret->nprobes++] = probe;
	}
}

static inline void
planned_kinds(struct planned *p, json_object *o, struct plan *ret)
{
	ret->keys = json_object_get_boolean(json_get(o, "keys")) && ret->limit;
	if (ret->grouped)
		return;
	planned_sections(p, json_get(o, "sections"), ret);
	planned_reaches(p, json_get(o, "reaches"), ret);
	planned_probes(p, json_get(o, "probes"), ret);
}

/* ---- steps ---- */

static inline void
planned_set(struct planned *p, const struct table *t, json_object *set,
	    struct plan *ret)
{
	if (!json_object_is_type(set, json_type_object))
		return;
	ret->set = ARENA_ARRAY(p->arena, struct setting,
			       (size_t)json_object_object_length(set));
	json_object_object_foreach(set, name, o)
	{
		struct setting *s = &ret->set[ret->nset];
		struct str kept = planned_member(p, o, "kept");

		s->column = table_column(t, str_of(name));
		if (!s->column)
			continue;
		s->kept = kept.n > 0;
		s->value = planned_str(p, o);
		if (s->value.p && p->instead)
			s->value = str_of(p->instead);
		if (s->kept)
			s->value = plan_kept(p->arena, kept, 0);
		ret->nset++;
	}
}

static inline void
planned_where(struct planned *p, const struct table *t, json_object *list,
	      struct plan *ret)
{
	size_t n = planned_length(list);

	ret->where = ARENA_ARRAY(p->arena, struct condition, n);
	for (size_t i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(list, i);
		struct condition *c = &ret->where[ret->nwhere];
		json_object *cmp;

		if (planned_length(o) < 3 || !planned_test(p, t, o, c))
			continue;
		cmp = json_object_array_get_idx(o, 1);
		if (str_eq(planned_str(p, cmp), STR("kept"))) {
			c->cmp = CMP_KEPT;
			c->value = plan_kept(p->arena, c->value, 0);
		}
		ret->nwhere++;
	}
}

static inline enum plan_op
planned_op(struct str name)
{
	static const char *const names[] = {
		[PLAN_INSERT] = "insert",
		[PLAN_UPDATE] = "update",
		[PLAN_DELETE] = "delete",
	};

	for (int i = PLAN_INSERT; i <= PLAN_DELETE; i++)
		if (str_eq(str_of(names[i]), name))
			return (enum plan_op)i;
	return PLAN_SELECT;
}

static inline void
planned_step(struct planned *p, json_object *o, struct plan *ret)
{
	const struct table *t =
		model_table(p->model, planned_member(p, o, "table"));

	if (!t || !t->primary)
		return;
	*ret = (struct plan){.op = planned_op(planned_member(p, o, "op"))};
	planned_tail(p, t, o, ret);
	planned_set(p, t, json_get(o, "set"), ret);
	planned_where(p, t, json_get(o, "where"), ret);
	ret->keep = planned_member(p, o, "keep");
	ret->must = (size_t)json_object_get_int(json_get(o, "must"));
	ret->quiet = json_object_get_boolean(json_get(o, "quiet"));
	ret->ignore = json_object_get_boolean(json_get(o, "ignore"));
	ret->list = true;
	ret->grouped = false;
}

static inline void
planned_steps(struct planned *p, json_object *list, struct plan *ret)
{
	size_t n = planned_length(list);

	ret->op = PLAN_STEPS;
	ret->steps = ARENA_ARRAY(p->arena, struct plan, n);
	for (size_t i = 0; i < n; i++) {
		struct plan *step = &ret->steps[ret->nsteps];

		planned_step(p, json_object_array_get_idx(list, i), step);
		ret->nsteps += step->table != NULL;
	}
}

/*
 * False when the text is no JSON object.  With `instead` every value is that,
 * and every limit 3: the shape is all that is left of the text.
 */
static inline bool
planned_with(struct arena *a, const struct model *model, struct str text,
	     const char *instead, struct plan *ret)
{
	struct planned p = {.arena = a, .model = model, .instead = instead};
	json_tokener *tok = json_tokener_new_ex(8 * PLANNED_DEPTH_MAX);
	json_object *o = json_tokener_parse_ex(tok, text.p, (int)text.n);

	json_tokener_free(tok);
	*ret = (struct plan){.op = PLAN_SELECT, .list = true};
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return false;
	}
	if (planned_length(json_get(o, "steps"))) {
		planned_steps(&p, json_get(o, "steps"), ret);
		json_object_put(o);
		return ret->nsteps > 0;
	}
	planned_tail(&p, model_table(model, planned_member(&p, o, "table")), o,
		     ret);
	planned_kinds(&p, o, ret);
	json_object_put(o);
	return true;
}

static inline bool
planned(struct arena *a, const struct model *model, struct str text,
	struct plan *ret)
{
	return planned_with(a, model, text, NULL, ret);
}

#endif
