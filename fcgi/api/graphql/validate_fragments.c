/*
 * Fragments as a graph: which ones an operation uses, and cycles.
 */
#include "api/graphql/validate_rules.h"

enum {
	PLACES_MAX = 20 /* of one cycle; what comes then is left out */
};

static const struct selection *
selections(const struct validate_part *part)
{
	return part->operation ? part->operation->selections
			       : part->fragment->selections;
}

/* Sets of selections still to be looked at, the last one first. */
struct pending {
	const struct selection *first;
	struct pending *down;
};

static void
add_spread(struct validate *v, struct validate_part *part, size_t *room,
	   const struct selection *node)
{
	struct validate_spread *more;

	if (part->nspreads == *room) {
		*room = *room ? *room * 2 : 4;
		more = ARENA_ARRAY(v->arena, struct validate_spread, *room);
		if (part->nspreads)
			memcpy(more, part->spreads,
			       part->nspreads * sizeof(*more));
		part->spreads = more;
	}
	part->spreads[part->nspreads++] = (struct validate_spread){
		node, validate_fragment(v, node->name)};
}

/* In the reference's order, which is that of its words about cycles. */
void
validate_spreads(struct validate *v, struct validate_part *part)
{
	struct pending *top = ARENA_NEW(v->arena, struct pending);
	size_t room = 0;

	top->first = selections(part);
	while (top) {
		const struct selection *s = top->first;

		for (top = top->down; s; s = s->next) {
			struct pending *p;

			if (s->kind == SELECT_SPREAD)
				add_spread(v, part, &room, s);
			if (!s->selections)
				continue;
			p = ARENA_NEW(v->arena, struct pending);
			*p = (struct pending){s->selections, top};
			top = p;
		}
	}
}

/* Add what a part spreads and this search has not seen. */
static size_t
reach(struct validate *v, const struct validate_part *part,
      struct validate_part **all, size_t n)
{
	for (size_t i = 0; i < part->nspreads; i++) {
		struct validate_part *to = part->spreads[i].to;

		if (!to || to->seen == v->searches)
			continue;
		to->seen = v->searches;
		to->used = true;
		all[n++] = to;
	}
	return n;
}

static bool
spend(struct validate *v, size_t work)
{
	if (v->work < work) {
		validate_abort(v);
		return false;
	}
	v->work -= work;
	return true;
}

size_t
validate_reach(struct validate *v, const struct validate_part *part,
	       struct validate_part ***ret)
{
	size_t n;

	v->searches++;
	if (!v->reached)
		v->reached = ARENA_ARRAY(v->arena, struct validate_part *,
					 v->doc->nfragments + 1);
	*ret = v->reached;
	n = reach(v, part, v->reached, 0);
	for (size_t i = 0; i < n; i++) {
		const struct validate_part *p = v->reached[i];

		if (!spend(v, 1 + p->nspreads + p->nusages))
			return 0;
		n = reach(v, p, v->reached, n);
	}
	return n;
}

/* `, "x"` for each fragment on the way but the last. */
static struct str
via(struct validate *v, const struct validate_spread *const *path, size_t n)
{
	struct str s = STR(" via ");

	if (n < 2)
		return STR("");
	for (size_t i = 0; i + 1 < n && i < PLACES_MAX; i++)
		s = arena_printf(v->arena, "%.*s%s\"%.*s\"", STR_FMT(s),
				 i ? ", " : "", STR_FMT(path[i]->node->name));
	return n - 1 > PLACES_MAX
		       ? arena_printf(v->arena, "%.*s, ...", STR_FMT(s))
		       : s;
}

static void
cycle(struct validate *v, const struct validate_spread *const *path, size_t n)
{
	struct str way = via(v, path, n);
	uint32_t at[PLACES_MAX];
	size_t nat = n < PLACES_MAX ? n : PLACES_MAX;

	for (size_t i = 0; i < nat; i++)
		at[i] = path[i]->node->at;
	VALIDATE_FAULT(v, at, nat,
		       "Cannot spread fragment \"%.*s\" within itself%.*s.",
		       STR_FMT(path[n - 1]->node->name), STR_FMT(way));
}

/* A fragment on the way, and the spread in it to be followed next. */
struct frame {
	const struct validate_part *part;
	struct validate_part *named; /* the one that has its name */
	size_t next;
};

struct way {
	struct frame *frames;
	const struct validate_spread **path;
	size_t n;
};

static void
enter(struct validate *v, struct way *w, const struct validate_part *part)
{
	struct validate_part *named =
		validate_fragment(v, part->fragment->name);

	if (named->followed)
		return;
	named->followed = true;
	w->frames[w->n] = (struct frame){part, named, 0};
	named->step = ++w->n;
}

static void
follow(struct validate *v, struct way *w)
{
	while (w->n && !v->done) {
		struct frame *f = &w->frames[w->n - 1];
		const struct validate_spread *s;

		if (f->next == f->part->nspreads) {
			f->named->step = 0;
			w->n--;
			continue;
		}
		s = &f->part->spreads[f->next++];
		w->path[w->n - 1] = s;
		if (s->to && s->to->step)
			cycle(v, w->path + s->to->step - 1,
			      w->n - s->to->step + 1);
		else if (s->to)
			enter(v, w, s->to);
	}
}

static void
check_used(struct validate *v, const struct fragment *f)
{
	if (!validate_fragment(v, f->name)->used)
		VALIDATE_FAULT(v, &f->at, 1, "Fragment \"%.*s\" is never used.",
			       STR_FMT(f->name));
}

void
validate_fragments(struct validate *v)
{
	size_t n = v->doc->nfragments;
	struct way w = {
		.frames = ARENA_ARRAY(v->arena, struct frame, n + 1),
		.path = ARENA_ARRAY(v->arena, const struct validate_spread *,
				    n + 1),
	};

	for (size_t i = 0; i < n && !v->done; i++) {
		enter(v, &w, &v->fragments[i]);
		follow(v, &w);
		if (!v->done)
			check_used(v, v->fragments[i].fragment);
	}
}
