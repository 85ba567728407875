/*
 * The default schema over t/unit/standard.json describes itself.
 */
#include "api/graphql/introspect.h"

#include "api/graphql/parse.h"
#include "api/graphql/standard.h"
#include "api/graphql/validate.h"
#include "ask.h"
#include "tap.h"

static struct arena *arena;
static struct model *model;
static struct schema *schema;
static struct conf conf = {.graphql_scalars = "",
			   .graphql_prefix = "",
			   .graphql_document = 1 << 16,
			   .graphql_tokens = 5000};

/* What the one root field of a document answers. */
static struct str
ask_schema(const char *text)
{
	struct faults faults = {.arena = arena, .limit = FAULTS_MAX};
	struct execution e = {arena, schema, .faults = &faults};
	struct chosen root = {0};
	struct buf b = buf_new(1 << 24);
	struct document *doc;
	struct str answer;

	faults.end = &faults.first;
	e.doc = doc = parse_document(arena, &conf, str_of(text), &faults);
	if (doc)
		validate_document(arena, schema, doc, false, &faults);
	if (!faults.n) {
		e.op = doc->operations;
		if (coerce_variables(&e, NULL) && collect_fields(&e, &root))
			introspect_print(&b, schema, &root.fields[0]);
	}
	if (faults.n)
		printf("# %.*s\n", STR_FMT(faults.first->message));
	answer = arena_str(arena, buf_str(&b));
	buf_free(&b);
	return answer;
}

static void
answers(const char *text, const char *expected)
{
	is(ask_schema(text), str_of(expected), text);
}

static void
test_schema(void)
{
	answers("{__schema{description queryType{name} mutationType{name "
		"__typename} subscriptionType{name} __typename}}",
		"{\"description\":\"Music and other things.\","
		"\"queryType\":{\"name\":\"QueryRoot\"},"
		"\"mutationType\":{\"name\":\"MutationRoot\","
		"\"__typename\":\"__Type\"},\"subscriptionType\":null,"
		"\"__typename\":\"__Schema\"}");
	answers("{__schema{directives{n:name isRepeatable locations "
		"args{name defaultValue type{kind ofType{name}}}}}}",
		"{\"directives\":[{\"n\":\"include\",\"isRepeatable\":false,"
		"\"locations\":[\"FIELD\",\"FRAGMENT_SPREAD\","
		"\"INLINE_FRAGMENT\"],\"args\":[{\"name\":\"if\","
		"\"defaultValue\":null,\"type\":{\"kind\":\"NON_NULL\","
		"\"ofType\":{\"name\":\"Boolean\"}}}]},{\"n\":\"skip\","
		"\"isRepeatable\":false,\"locations\":[\"FIELD\","
		"\"FRAGMENT_SPREAD\",\"INLINE_FRAGMENT\"],\"args\":[{\"name\":"
		"\"if\",\"defaultValue\":null,\"type\":{\"kind\":\"NON_NULL\","
		"\"ofType\":{\"name\":\"Boolean\"}}}]},{\"n\":\"deprecated\","
		"\"isRepeatable\":false,\"locations\":[\"FIELD_DEFINITION\","
		"\"ARGUMENT_DEFINITION\",\"INPUT_FIELD_DEFINITION\","
		"\"ENUM_VALUE\"],\"args\":[{\"name\":\"reason\","
		"\"defaultValue\":\"\\\"No longer supported\\\"\",\"type\":{"
		"\"kind\":\"SCALAR\",\"ofType\":null}}]},{\"n\":"
		"\"specifiedBy\",\"isRepeatable\":false,\"locations\":["
		"\"SCALAR\"],\"args\":[{\"name\":\"url\",\"defaultValue\":null,"
		"\"type\":{\"kind\":\"NON_NULL\",\"ofType\":{\"name\":"
		"\"String\"}}}]},{\"n\":\"oneOf\",\"isRepeatable\":false,"
		"\"locations\":[\"INPUT_OBJECT\"],\"args\":[]}]}");
}

static void
test_objects(void)
{
	answers("{__type(name:\"Tag\"){kind name description fields{name "
		"type{kind name ofType{name}} args{name}} interfaces{name} "
		"possibleTypes{name} enumValues{name} inputFields{name} "
		"ofType{name} specifiedByURL isOneOf}}",
		"{\"kind\":\"OBJECT\",\"name\":\"Tag\",\"description\":null,"
		"\"fields\":[{\"name\":\"id\",\"type\":{\"kind\":\"NON_NULL\","
		"\"name\":null,\"ofType\":{\"name\":\"ID\"}},\"args\":[]},"
		"{\"name\":\"name\",\"type\":{\"kind\":\"NON_NULL\",\"name\":"
		"null,\"ofType\":{\"name\":\"String\"}},\"args\":[]},"
		"{\"name\":\"artistTags\",\"type\":{\"kind\":\"LIST\","
		"\"name\":null,\"ofType\":{\"name\":\"ArtistTag\"}},\"args\":["
		"{\"name\":\"where\"},{\"name\":\"orderBy\"},{\"name\":"
		"\"limit\"},{\"name\":\"offset\"},{\"name\":\"distinct\"}]},"
		"{\"name\":\"artists\",\"type\":{\"kind\":\"LIST\",\"name\":"
		"null,\"ofType\":{\"name\":\"Artist\"}},\"args\":[{\"name\":"
		"\"where\"},{\"name\":\"orderBy\"},{\"name\":\"limit\"},"
		"{\"name\":\"offset\"},{\"name\":\"distinct\"}]}],"
		"\"interfaces\":[],\"possibleTypes\":null,\"enumValues\":null,"
		"\"inputFields\":null,\"ofType\":null,\"specifiedByURL\":null,"
		"\"isOneOf\":null}");
	answers("{__type(name:\"Nobody\"){name}}", "null");
	answers("{__type(name:\"\"){name}}", "null");
}

static void
test_directives(void)
{
	answers("query Q($d:Boolean=true $n:String=\"Artist\"){__type(name:$n)"
		"{name@skip(if:$d) fields(includeDeprecated:$d)@include(if:"
		"false){name} ...@include(if:$d){kind}}}",
		"{\"kind\":\"OBJECT\"}");
}

static void
test_others(void)
{
	answers("{__type(name:\"OrderByTag\"){kind isOneOf fields{name} "
		"interfaces{name} inputFields{name defaultValue type{name}}}}",
		"{\"kind\":\"INPUT_OBJECT\",\"isOneOf\":true,\"fields\":null,"
		"\"interfaces\":null,\"inputFields\":[{\"name\":\"id\","
		"\"defaultValue\":null,\"type\":{\"name\":\"SortDirection\"}},"
		"{\"name\":\"name\",\"defaultValue\":null,\"type\":{\"name\":"
		"\"SortDirection\"}}]}");
	answers("{__type(name:\"ArtistListUpdateInput\"){inputFields{name "
		"defaultValue}isOneOf}}",
		"{\"inputFields\":[{\"name\":\"updateStrategy\","
		"\"defaultValue\":\"merge\"},{\"name\":\"items\","
		"\"defaultValue\":null}],\"isOneOf\":false}");
	answers("{__type(name:\"SongMoodEnum\"){kind enumValues{name "
		"description isDeprecated deprecationReason}inputFields{name}}"
		"}",
		"{\"kind\":\"ENUM\",\"enumValues\":[{\"name\":\"upbeat\","
		"\"description\":null,\"isDeprecated\":false,"
		"\"deprecationReason\":null},{\"name\":\"very_sad\","
		"\"description\":null,\"isDeprecated\":false,"
		"\"deprecationReason\":null},{\"name\":\"calm\","
		"\"description\":null,\"isDeprecated\":false,"
		"\"deprecationReason\":null}],\"inputFields\":null}");
	answers("{__type(name:\"Date\"){kind specifiedByURL}}",
		"{\"kind\":\"SCALAR\",\"specifiedByURL\":"
		"\"https://www.rfc-editor.org/rfc/rfc3339\"}");
}

static bool
holds(struct str s, const char *part)
{
	return s.n && strstr(s.p, part) != NULL;
}

static void
test_deprecated(void)
{
	static const char moved[] =
		"{\"name\":\"country\",\"isDeprecated\":true,"
		"\"deprecationReason\":\"It moved.\"}";
	struct str s;

	s = ask_schema("{__type(name:\"Artist\"){fields{name isDeprecated "
		       "deprecationReason}}}");
	ok(s.n && !holds(s, "country") &&
		   holds(s, "{\"name\":\"name\",\"isDeprecated\":false,"
			    "\"deprecationReason\":null}"),
	   "what is deprecated is not told");
	s = ask_schema("{__type(name:\"Artist\"){fields(includeDeprecated:"
		       "true){name isDeprecated deprecationReason}}}");
	ok(holds(s, moved), "... unless one asks for it");
	s = ask_schema("{__type(name:\"ArtistInput\"){inputFields("
		       "includeDeprecated:true){name isDeprecated "
		       "deprecationReason}}}");
	ok(holds(s, moved), "... of inputs, too");
	s = ask_schema("{__type(name:\"ArtistInput\"){inputFields("
		       "includeDeprecated:false){name}}}");
	ok(s.n && !holds(s, "country"), "... or not");
	s = ask_schema("{__type(name:\"Artist\"){fields("
		       "includeDeprecated:null){name}}}");
	ok(s.n && !holds(s, "country"), "null is not true");
}

/* The introspection types are types as any others. */
static void
test_itself(void)
{
	struct str s = ask_schema("{__schema{types{name kind}}}");

	ok(holds(s, "{\"name\":\"__Schema\",\"kind\":\"OBJECT\"}") &&
		   holds(s, "{\"name\":\"__TypeKind\",\"kind\":\"ENUM\"}") &&
		   holds(s, "{\"name\":\"Int\",\"kind\":\"SCALAR\"}"),
	   "all types are listed");
	answers("{__type(name:\"__Field\"){fields{name type{kind name "
		"ofType{kind name ofType{kind name ofType{name}}}} args{name "
		"defaultValue type{name}}}}}",
		"{\"fields\":[{\"name\":\"name\",\"type\":{\"kind\":"
		"\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":\"SCALAR\","
		"\"name\":\"String\",\"ofType\":null}},\"args\":[]},"
		"{\"name\":\"description\",\"type\":{\"kind\":\"SCALAR\","
		"\"name\":\"String\",\"ofType\":null},\"args\":[]},"
		"{\"name\":\"args\",\"type\":{\"kind\":\"NON_NULL\",\"name\":"
		"null,\"ofType\":{\"kind\":\"LIST\",\"name\":null,\"ofType\":{"
		"\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"name\":"
		"\"__InputValue\"}}}},\"args\":[{\"name\":"
		"\"includeDeprecated\",\"defaultValue\":\"false\",\"type\":{"
		"\"name\":\"Boolean\"}}]},{\"name\":\"type\",\"type\":{"
		"\"kind\":\"NON_NULL\",\"name\":null,\"ofType\":{\"kind\":"
		"\"OBJECT\",\"name\":\"__Type\",\"ofType\":null}},\"args\":[]}"
		",{\"name\":\"isDeprecated\",\"type\":{\"kind\":\"NON_NULL\","
		"\"name\":null,\"ofType\":{\"kind\":\"SCALAR\",\"name\":"
		"\"Boolean\",\"ofType\":null}},\"args\":[]},{\"name\":"
		"\"deprecationReason\",\"type\":{\"kind\":\"SCALAR\","
		"\"name\":\"String\",\"ofType\":null},\"args\":[]}]}");
	answers("{__type(name:\"__TypeKind\"){enumValues{name}}}",
		"{\"enumValues\":[{\"name\":\"SCALAR\"},{\"name\":\"OBJECT\"},"
		"{\"name\":\"INTERFACE\"},{\"name\":\"UNION\"},{\"name\":"
		"\"ENUM\"},{\"name\":\"INPUT_OBJECT\"},{\"name\":\"LIST\"},"
		"{\"name\":\"NON_NULL\"}]}");
}

/* As deep as a gateway asks (spec.md 7.4), through fragments. */
static void
test_depth(void)
{
	answers("{__type(name:\"ArtistListUpdateInput\"){a:name "
		"inputFields{...F}}}"
		"fragment F on __InputValue{type{...T}}"
		"fragment T on __Type{kind ofType{kind ofType{kind "
		"ofType{kind ofType{kind ofType{kind ofType{kind}}}}}}}",
		"{\"a\":\"ArtistListUpdateInput\",\"inputFields\":[{\"type\":{"
		"\"kind\":\"NON_NULL\",\"ofType\":{\"kind\":\"ENUM\","
		"\"ofType\":null}}},{\"type\":{\"kind\":\"NON_NULL\","
		"\"ofType\":{\"kind\":\"LIST\",\"ofType\":{\"kind\":"
		"\"INPUT_OBJECT\",\"ofType\":null}}}}]}");
}

int
main(void)
{
	struct str text;

	arena = arena_new(1 << 20);
	text = ask_file("t/unit/standard.json");
	if (model_read(arena, text, &model))
		return EXIT_FAILURE;
	free((void *)(uintptr_t)text.p);
	schema = standard_schema(arena, &conf, model,
				 model_role(model, STR("visitor")));
	test_schema();
	test_objects();
	test_others();
	test_directives();
	test_deprecated();
	test_itself();
	test_depth();
	model_drop(model);
	arena_free(arena);
	return done();
}
