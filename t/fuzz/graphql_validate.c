/*
 * A document that is accepted has its fields, types and fragments; one that
 * is refused is refused for the same reasons without hints; both every time.
 */
#include "api/graphql/validate.h"

#include "../unit/pets.h"
#include "api/graphql/parse.h"
#include "fuzz.h"

static const struct conf conf = {.graphql_document = 65536,
				 .graphql_tokens = 5000};

static void
has_fields(const struct selection *s)
{
	for (; s; s = s->next) {
		if (s->kind == SELECT_FIELD) {
			const struct schema_type *t;

			MUST(s->field);
			t = schema_named(s->field->type);
			MUST(!s->selections == (t->kind != KIND_OBJECT));
		}
		has_fields(s->selections);
	}
}

static void
accepted(const struct document *doc)
{
	for (const struct operation *o = doc->operations; o; o = o->next) {
		MUST(o->kind != OPERATION_SUBSCRIPTION);
		for (const struct variable *x = o->variables; x; x = x->next)
			MUST(x->input &&
			     schema_named(x->input)->kind != KIND_OBJECT);
		has_fields(o->selections);
	}
	for (const struct fragment *f = doc->fragments; f; f = f->next)
		has_fields(f->selections);
}

static void
refused(const struct faults *faults, const struct faults *plain,
	struct str source)
{
	const struct fault *other = plain->first;

	MUST(faults->n == plain->n && faults->n <= FAULTS_MAX);
	for (const struct fault *f = faults->first; f; f = f->next) {
		MUST(f->message.n && str_utf8(f->message));
		MUST(other->nat == f->nat && f->nat <= 40);
		for (size_t i = 0; i < f->nat; i++)
			MUST(f->at[i] == other->at[i] && f->at[i] < source.n);
		other = other->next;
	}
}

static struct faults
judge(struct arena *a, const struct schema *s, struct str source, bool hints)
{
	struct faults faults = {.arena = a};
	struct document *doc = parse_document(a, &conf, source, &faults);

	MUST(doc);
	validate_document(a, s, doc, hints, &faults);
	if (!faults.n)
		accepted(doc);
	return faults;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct schema *schema;
	struct arena *a = arena_new(4096);
	char *copy = malloc(size ? size : 1);
	struct str source = {copy, size};
	struct faults syntax = {.arena = a}, hinted, plain;

	if (!schema)
		schema = pets_schema(arena_new(4096));
	if (size)
		memcpy(copy, data, size);
	if (parse_document(a, &conf, source, &syntax)) {
		hinted = judge(a, schema, source, true);
		plain = judge(a, schema, source, false);
		refused(&hinted, &plain, source);
	}
	free(copy);
	arena_free(a);
	return 0;
}
