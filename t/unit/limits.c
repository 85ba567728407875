#include "api/graphql/limits.h"

#include "api/graphql/parse.h"
#include "tap.h"

static struct arena *a;
static const struct conf conf = {.graphql_document = 1 << 20,
				 .graphql_tokens = 100000,
				 .graphql_depth = 4,
				 .graphql_fields = 12,
				 .graphql_aliases = 3,
				 .graphql_roots = 5};
static const struct conf defaults = {.graphql_document = 65536,
				     .graphql_tokens = 5000,
				     .graphql_depth = 10,
				     .graphql_fields = 500,
				     .graphql_aliases = 50,
				     .graphql_roots = 20};

/* What graphql-js asks with every option on. */
static const char introspection[] =
	"query IntrospectionQuery { __schema { description queryType { name "
	"kind } mutationType { name kind } subscriptionType { name kind } "
	"types { ...FullType } directives { name description isRepeatable "
	"locations args(includeDeprecated: true) { ...InputValue } } } } "
	"fragment FullType on __Type { kind name description specifiedByURL "
	"isOneOf fields(includeDeprecated: true) { name description "
	"args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } "
	"isDeprecated deprecationReason } inputFields(includeDeprecated: "
	"true) { ...InputValue } interfaces { ...TypeRef } "
	"enumValues(includeDeprecated: true) { name description isDeprecated "
	"deprecationReason } possibleTypes { ...TypeRef } } fragment "
	"InputValue on __InputValue { name description type { ...TypeRef } "
	"defaultValue isDeprecated deprecationReason } fragment TypeRef on "
	"__Type { name kind ofType { name kind ofType { name kind ofType { "
	"name kind ofType { name kind ofType { name kind ofType { name kind "
	"ofType { name kind ofType { name kind ofType { name kind } } } } } "
	"} } } } }";

/* All messages, one a line, each behind its place. */
static struct str
faults_of(const struct conf *limits, struct str source)
{
	struct faults faults = {.arena = a};
	struct document *doc = parse_document(a, limits, source, &faults);
	struct str all = STR("");

	if (!ok(doc != NULL, "it can be read"))
		return STR("it cannot be read");
	limits_check(a, limits, doc, &faults);
	for (struct fault *f = faults.first; f; f = f->next) {
		ok(f->code && str_eq(str_of(f->code), STR("LIMIT_EXCEEDED")),
		   "a fault has its code");
		all = arena_printf(a, "%.*s%u %.*s\n", STR_FMT(all), f->at[0],
				   STR_FMT(f->message));
	}
	return all;
}

#define DEPTH                                                 \
	"0 The operation has more than 4 fields inside each " \
	"other (POSTERN_GRAPHQL_DEPTH).\n"
#define FIELDS                                     \
	"0 The operation has more than 12 fields " \
	"(POSTERN_GRAPHQL_FIELDS).\n"
#define ALIASES                                    \
	"0 The operation has more than 3 aliases " \
	"(POSTERN_GRAPHQL_ALIASES).\n"
#define ROOTS                                          \
	"0 The operation has more than 5 root fields " \
	"(POSTERN_GRAPHQL_ROOTS).\n"

static const struct {
	struct str source, expected;
	const char *name;
} rows[] = {
	{STR("{a{b{c{d}}}}"),						  STR(""),	       "as deep as allowed"		   },
	{STR("{a{b{c{d{e}}}}}"),					       STR(DEPTH),	     "deeper"			     },
	{STR("{a{...{...on T{b{...{c{d}}}}}}}"),				 STR(""),
	 "inline fragments are not deep"											     },
	{STR("{a{...{b{...F}}}} fragment F on T{c{d{e}}}"),		    STR(DEPTH),
	 "what is deep in fragments is"											      },
	{STR("{a b c d e}"),						   STR(""),	      "as many roots as allowed"	},
	{STR("{a b c ...{d ...F}} fragment F on T{e f}"),			  STR(ROOTS),
	 "more, in fragments"													},
	{STR("{a{...F} b{...F}} fragment F on T{...G ...G} "
	     "fragment G on T{c d}"),
	 STR(""),										  "ten fields"		      },
	{STR("{a{...F} b{...F c d e}} fragment F on T{...G ...G} "
	     "fragment G on T{c d}"),
	 STR(FIELDS),									      "thirteen"			},
	{STR("{a:b c{a:b a:b}}"),					      STR(""),		   "as many aliases as allowed"      },
	{STR("{a:b c{...F ...F}} fragment F on T{d:e f:g}"),		     STR(ALIASES),
	 "more, in a fragment that is there twice"										   },
	{STR("{a{b{c{d{e:f e:f e:f e:f}}}}}"),				       STR(DEPTH ALIASES),
	 "several limits at once"												    },
	{STR("query A{a{b}}query B{a{b{c{d{e}}}}}"),
	 STR("13 The operation has more than 4 fields inside each other "
	     "(POSTERN_GRAPHQL_DEPTH).\n"),
	 "every operation is looked at"											      },
	{STR("{a{...F}} fragment F on T{b{...G}} fragment G on T{c{...F}}"),
	 STR(""),										  "a cycle is for the validator"	},
	{STR("{a{...F}} fragment F on T{...F ...F b}"),			STR(""),
	 "even the shortest"													 },
	{STR("{...Missing}"),						  STR(""),	       "so is what there is not"		},
	{STR("{__schema{types{fields{type{ofType{name}}}}}}"),		       STR(""),
	 "introspection may be deep"												 },
	{STR("{a{b{c{__typename}}}}"),					 STR(""),		"a type's name is a field"	  },
	{STR("{a{b{c{d{__typename}}}}}"),					  STR(DEPTH),	      "... with a depth"		},
	{STR("{__type(name:\"T\"){fields{args{type{inputFields{name}}}}}}"),
	 STR(""),										  "three lists of the introspection"},
	{STR("{a __schema{types{fields{type{fields{type{fields{name}}}}}}}}"),
	 STR("3 Maximum introspection depth exceeded\n"),					  "three wide ones"		   },
	{STR("{__schema{types{...F}}} fragment F on T{fields{args{type{"
	     "...G}}}} fragment G on T{fields{args{name}}}"),
	 STR("1 Maximum introspection depth exceeded\n"),
	 "four, through fragments"												   },
	{STR("{fields{fields{fields{args}}}}"),				STR(""),
	 "only of the introspection"												 },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(faults_of(&conf, rows[i].source), rows[i].expected,
		   rows[i].name);
}

/* Each fragment spreads the next one twice: 2^40 fields. */
static void
test_exponential(void)
{
	struct buf b = buf_new(1 << 16);
	struct conf wide = defaults;

	wide.graphql_aliases = wide.graphql_roots = 10000;
	BUF_LIT(&b, "{...F0}");
	for (int i = 0; i < 40; i++)
		buf_printf(&b, "fragment F%d on T{...F%d ...F%d}", i, i + 1,
			   i + 1);
	BUF_LIT(&b, "fragment F40 on T{a:b}");
	is(faults_of(&wide, buf_str(&b)),
	   STR("0 The operation has more than 500 fields "
	       "(POSTERN_GRAPHQL_FIELDS).\n"
	       "0 The operation has more than 10000 aliases "
	       "(POSTERN_GRAPHQL_ALIASES).\n"
	       "0 The operation has more than 10000 root fields "
	       "(POSTERN_GRAPHQL_ROOTS).\n"),
	   "what doubles forty times is counted all the same");
	buf_free(&b);
}

/* A chain of fragments, from the last to the first or the other way. */
static struct str
chain(int n, bool backwards)
{
	struct buf b = buf_new(1 << 20);
	struct str ret;

	BUF_LIT(&b, "{...F0}");
	for (int i = 0; i < n; i++) {
		int k = backwards ? n - 1 - i : i;

		buf_printf(&b, "fragment F%d on T{...F%d}", k, k + 1);
	}
	buf_printf(&b, "fragment F%d on T{a}", n);
	ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

static void
test_chains(void)
{
	static const struct str expected =
		STR("The document has selections inside each other more than "
		    "500 deep.\n");
	struct str unused = chain(LIMITS_NESTING_MAX - 1, true);

	is(faults_of(&conf, chain(LIMITS_NESTING_MAX - 2, false)), STR(""),
	   "a long chain of fragments is not deep");
	for (int i = 0; i < 2; i++) {
		struct str all =
			faults_of(&conf, chain(LIMITS_NESTING_MAX - 1, i));

		ok(str_ends(all, expected), "a longer one is refused");
	}
	memcpy((char *)unused.p, "{a    }", 7);
	ok(faults_of(&conf, unused).n == 0, "though not a step shorter");
	is(faults_of(&conf, chain(5000, true)).n ? expected : STR(""), expected,
	   "however long it is, or whatever its order");
}

int
main(void)
{
	a = arena_new(65536);
	test_rows();
	test_exponential();
	test_chains();
	is(faults_of(&defaults, str_of(introspection)), STR(""),
	   "the usual introspection passes the usual limits");
	arena_free(a);
	return done();
}
