/*
 * What selection sets select, collected for the comparison of their fields.
 */
#include "api/graphql/validate_merge.h"

static const struct schema_field *
definition(const struct validate *v, const struct schema_type *parent,
	   struct str name)
{
	const struct schema *s = v->schema;
	const struct schema_field *f =
		parent ? schema_field(s, parent, name) : NULL;

	if (f == s->meta_schema || f == s->meta_type || f == s->meta_typename)
		return NULL;
	return f;
}

static void
add_field(struct validate *v, struct merge_set *set,
	  const struct selection *node, const struct schema_type *parent)
{
	struct str key = node->alias.n ? node->alias : node->name;
	struct merge_group **group =
		(struct merge_group **)validate_map_at(&set->by_key, key);
	struct merge_detail *d = ARENA_NEW(v->arena, struct merge_detail);

	d->node = node;
	d->parent = validate_parent(parent);
	d->def = definition(v, parent, node->name);
	for (const struct argument *a = node->arguments; a; a = a->next)
		d->nargs++;
	if (!*group) {
		*group = ARENA_NEW(v->arena, struct merge_group);
		**group = (struct merge_group){.key = key,
					       .end = &(*group)->first};
		*set->end = *group;
		set->end = &(*group)->next;
	}
	*(*group)->end = d;
	(*group)->end = &d->next;
}

static void
add_spread(struct validate *v, struct merge_set *set,
	   const struct selection *node)
{
	struct validate_part *to = validate_fragment(v, node->name);
	struct validate_part **more;
	void **known;

	if (!to)
		return;
	known = validate_map_pair(&v->spread, set, to);
	if (*known)
		return;
	*known = to;
	if (set->nspreads == set->room) {
		set->room = set->room ? set->room * 2 : 4;
		more = ARENA_ARRAY(v->arena, struct validate_part *, set->room);
		if (set->nspreads)
			memcpy(more, set->spreads,
			       set->nspreads * sizeof(struct validate_part *));
		set->spreads = more;
	}
	set->spreads[set->nspreads++] = to;
}

const struct schema_type *
validate_merge_inline(const struct validate *v, const struct selection *node,
		      const struct schema_type *parent)
{
	return node->on.n ? schema_type(v->schema, node->on) : parent;
}

static void
add_selections(struct validate *v, struct merge_set *set,
	       const struct selection *first, const struct schema_type *parent)
{
	for (const struct selection *s = first; s; s = s->next)
		if (s->kind == SELECT_FIELD)
			add_field(v, set, s, parent);
		else if (s->kind == SELECT_SPREAD)
			add_spread(v, set, s);
		else
			add_selections(v, set, s->selections,
				       validate_merge_inline(v, s, parent));
}

struct merge_set *
validate_merge_collect(struct validate *v, const struct schema_type *parent,
		       const struct selection *first)
{
	struct merge_set **set = (struct merge_set **)validate_map_pair(
		&v->collected, first, parent);
	struct merge_set *made = *set;

	if (made)
		return made;
	made = *set = ARENA_NEW(v->arena, struct merge_set);
	made->end = &made->first;
	made->by_key.arena = v->arena;
	add_selections(v, made, first, parent);
	return made;
}

struct merge_set *
validate_merge_collect_part(struct validate *v, struct validate_part *part)
{
	if (!part->set)
		part->set = validate_merge_collect(v, part->on,
						   part->fragment->selections);
	return part->set;
}

struct merge_set *
validate_merge_below(struct validate *v, struct merge_detail *d)
{
	const struct schema_type *type =
		d->def ? schema_named(d->def->type) : NULL;

	if (!d->below)
		d->below = validate_merge_collect(v, type, d->node->selections);
	return d->below;
}
