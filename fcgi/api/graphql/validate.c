#include "api/graphql/validate.h"

#include "api/graphql/validate_rules.h"

enum {
	/* More than any request needs and little to do, in the worst case. */
	WORK_MAX = 1000000,
	COMPARISONS_MAX = 1000000
};

void
validate_abort(struct validate *v)
{
	if (v->done)
		return;
	v->done = true;
	if (fault_add(v->faults, NULL, 0, "Validation aborted."))
		fault_last(v->faults)->code = "LIMIT_EXCEEDED";
}

struct validate_part *
validate_fragment(const struct validate *v, struct str name)
{
	return validate_map_get(&v->by_name, name);
}

const struct schema_type *
validate_parent(const struct schema_type *type)
{
	type = type ? schema_named(type) : NULL;
	return type && type->kind == KIND_OBJECT ? type : NULL;
}

static const struct schema_type *
root(const struct validate *v, enum operation_kind kind)
{
	if (kind == OPERATION_SUBSCRIPTION)
		return NULL;
	return kind == OPERATION_QUERY ? v->schema->query : v->schema->mutation;
}

static void
index_operations(struct validate *v)
{
	struct validate_part *p = v->operations;

	for (struct operation *o = v->doc->operations; o; o = o->next, p++) {
		*p = (struct validate_part){.operation = o,
					    .on = root(v, o->kind)};
		p->end = &p->usages;
		validate_spreads(v, p);
	}
}

/* Names first: a spread may stand before its fragment. */
static void
index_fragments(struct validate *v)
{
	struct validate_part *p = v->fragments;

	for (struct fragment *f = v->doc->fragments; f; f = f->next, p++) {
		*p = (struct validate_part){
			.fragment = f,
			.index = (size_t)(p - v->fragments),
			.on = schema_type(v->schema, f->on)};
		p->end = &p->usages;
		*validate_map_at(&v->by_name, f->name) = p;
	}
	for (size_t i = 0; i < v->doc->nfragments; i++)
		validate_spreads(v, &v->fragments[i]);
}

/* `first` keeps where a name was defined. */
static void
check_name(struct validate *v, struct validate_map *first, const char *what,
	   struct str name, uint32_t *at)
{
	uint32_t **seen = (uint32_t **)validate_map_at(first, name);

	if (!*seen)
		*seen = at;
	else
		VALIDATE_FAULT(v, ((uint32_t[]){**seen, *at}), 2,
			       "There can be only one %s named \"%.*s\".", what,
			       STR_FMT(name));
}

static void
check_names(struct validate *v)
{
	struct validate_map operations = {.arena = v->arena};
	struct validate_map fragments = {.arena = v->arena};

	for (struct operation *o = v->doc->operations; o && !v->done;
	     o = o->next)
		if (o->name.n)
			check_name(v, &operations, "operation", o->name,
				   &o->name_at);
		else if (v->doc->noperations > 1)
			VALIDATE_FAULT(v, &o->at, 1,
				       "This anonymous operation must be the "
				       "only defined operation.");
	for (struct fragment *f = v->doc->fragments; f && !v->done; f = f->next)
		check_name(v, &fragments, "fragment", f->name, &f->name_at);
}

/* The reference says this when it executes; here nothing gets that far. */
static void
check_root(struct validate *v, const struct validate_part *part)
{
	const struct operation *op = part->operation;

	if (part->on)
		return;
	if (op->kind == OPERATION_SUBSCRIPTION)
		VALIDATE_FAULT(v, &op->at, 1,
			       "Subscriptions are not supported.");
	else
		VALIDATE_FAULT(v, &op->at, 1,
			       "Schema is not configured to execute %s "
			       "operation.",
			       op->kind == OPERATION_QUERY ? "query"
							   : "mutation");
}

static void
check_parts(struct validate *v)
{
	for (size_t i = 0; i < v->doc->noperations && !v->done; i++) {
		struct validate_part *p = &v->operations[i];

		check_root(v, p);
		validate_definitions(v, p->operation);
		validate_fields(v, p);
	}
	for (size_t i = 0; i < v->doc->nfragments && !v->done; i++)
		validate_fields(v, &v->fragments[i]);
}

void
validate_document(struct arena *a, const struct schema *s, struct document *doc,
		  bool hints, struct faults *faults)
{
	struct validate v = {
		.arena = a,
		.schema = s,
		.doc = doc,
		.hints = hints,
		.faults = faults,
		.work = WORK_MAX,
		.comparisons = COMPARISONS_MAX,
		.by_name.arena = a,
		.collected.arena = a,
		.pairs.arena = a,
		.spread.arena = a,
		.operations = ARENA_ARRAY(a, struct validate_part,
					  doc->noperations + 1),
		.fragments = ARENA_ARRAY(a, struct validate_part,
					 doc->nfragments + 1),
	};

	index_fragments(&v);
	index_operations(&v);
	check_names(&v);
	check_parts(&v);
	for (size_t i = 0; i < doc->noperations && !v.done; i++)
		validate_usages(&v, &v.operations[i]);
	if (!v.done)
		validate_fragments(&v);
	if (!v.done)
		validate_merge(&v);
}
