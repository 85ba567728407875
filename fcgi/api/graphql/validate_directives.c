/*
 * Directives and arguments, wherever they stand.
 */
#include "api/graphql/validate_rules.h"

enum {
	PLACES_MAX = 20 /* of one fault; more of the same tell nothing more */
};

static void
twice(struct validate *v, const struct argument *first)
{
	uint32_t at[PLACES_MAX];
	size_t n = 0;

	for (const struct argument *a = first; a && n < PLACES_MAX; a = a->next)
		if (str_eq(a->name, first->name))
			at[n++] = a->at;
	VALIDATE_FAULT(v, at, n,
		       "There can be only one argument named \"%.*s\".",
		       STR_FMT(first->name));
}

/* One fault for each name that is there more than once. */
static void
check_unique(struct validate *v, const struct argument *first)
{
	struct validate_map seen = {.arena = v->arena};
	static const struct argument told;

	if (!first || !first->next)
		return;
	for (const struct argument *a = first; a && !v->done; a = a->next) {
		void **at = validate_map_at(&seen, a->name);

		if (!*at) {
			*at = (void *)a;
		} else if (*at != &told) {
			twice(v, *at);
			*at = (void *)&told;
		}
	}
}

static const struct schema_input *
definition(const struct validate_arguments *args, struct str name)
{
	for (size_t i = 0; i < args->ndefs; i++)
		if (str_eq(args->defs[i].name, name))
			return &args->defs[i];
	return NULL;
}

static void
check_known(struct validate *v, const struct validate_arguments *args)
{
	const char *dot = args->type.n ? "." : "@";
	const char *what = args->type.n ? "field" : "directive";
	struct validate_names names = {args->defs, args->ndefs,
				       sizeof(*args->defs)};

	for (const struct argument *a = args->first; a && !v->done;
	     a = a->next) {
		struct str hint;

		if (definition(args, a->name))
			continue;
		hint = validate_hint(v, "", a->name, names);
		VALIDATE_FAULT(v, &a->at, 1,
			       "Unknown argument \"%.*s\" on %s "
			       "\"%.*s%s%.*s\".%.*s",
			       STR_FMT(a->name), what, STR_FMT(args->type), dot,
			       STR_FMT(args->name), STR_FMT(hint));
	}
}

static bool
is_provided(const struct argument *args, struct str name)
{
	for (; args; args = args->next)
		if (str_eq(args->name, name))
			return true;
	return false;
}

static void
check_required(struct validate *v, const struct validate_arguments *args)
{
	const char *what = args->type.n ? "Field \"" : "Directive \"@";

	for (size_t i = 0; i < args->ndefs; i++) {
		const struct schema_input *def = &args->defs[i];
		struct str t;

		if (def->type->kind != KIND_NON_NULL || def->fallback.n ||
		    is_provided(args->first, def->name))
			continue;
		t = validate_type_text(v, def->type);
		VALIDATE_FAULT(v, &args->at, 1,
			       "%s%.*s\" argument \"%.*s\" of type \"%.*s\" is "
			       "required, but it was not provided.",
			       what, STR_FMT(args->name), STR_FMT(def->name),
			       STR_FMT(t));
	}
}

void
validate_arguments(struct validate *v, struct validate_arguments args)
{
	check_unique(v, args.first);
	if (args.name.n) {
		check_known(v, &args);
		check_required(v, &args);
	}
	for (const struct argument *a = args.first; a && !v->done;
	     a = a->next) {
		const struct schema_input *def = definition(&args, a->name);
		struct validate_place place = {
			.part = args.part,
			.type = def ? def->type : NULL,
			.has_default = def && def->fallback.n,
		};

		validate_value(v, a->value, place);
	}
}

static void
check_location(struct validate *v, const struct directive *node,
	       const struct schema_directive *def, const char *location)
{
	const char *const *l = def->locations;

	while (*l && strcmp(*l, location) != 0)
		l++;
	if (!*l)
		VALIDATE_FAULT(v, &node->at, 1,
			       "Directive \"@%.*s\" may not be used on %s.",
			       STR_FMT(node->name), location);
}

/* No directive may be repeated. */
static void
check_once(struct validate *v, const struct directive *node,
	   const struct directive **seen)
{
	if (!*seen)
		*seen = node;
	else
		VALIDATE_FAULT(v, ((uint32_t[]){(*seen)->at, node->at}), 2,
			       "The directive \"@%.*s\" can only be used once "
			       "at this location.",
			       STR_FMT(node->name));
}

/*
 * The values of a directive that does not exist are judged like those of the
 * field that it is on: so does the reference, and refused is refused.
 */
static void
check_directive(struct validate *v, const struct validate_directives *d,
		const struct directive *node, const struct directive **seen)
{
	const struct schema_directive *def =
		schema_directive(v->schema, node->name);
	struct validate_arguments args = {
		.part = d->part, .first = node->arguments, .at = node->at};

	if (def) {
		args.defs = def->args;
		args.ndefs = def->nargs;
		args.name = node->name;
		check_location(v, node, def, d->location);
		check_once(v, node, &seen[def - v->schema->directives]);
	} else {
		if (d->field) {
			args.defs = d->field->args;
			args.ndefs = d->field->nargs;
		}
		VALIDATE_FAULT(v, &node->at, 1, "Unknown directive \"@%.*s\".",
			       STR_FMT(node->name));
	}
	validate_arguments(v, args);
}

void
validate_directives(struct validate *v, struct validate_directives d)
{
	const struct directive **seen;

	if (!d.first)
		return;
	seen = ARENA_ARRAY(v->arena, const struct directive *,
			   v->schema->ndirectives + 1);
	for (const struct directive *n = d.first; n && !v->done; n = n->next)
		check_directive(v, &d, n, seen);
}
