#include "api/graphql/parse.h"

#include "tap.h"

static struct arena *a;
static const struct conf conf = {.graphql_document = 65536,
				 .graphql_tokens = 5000};
static struct faults faults;

static struct document *
parse(struct str source)
{
	faults = (struct faults){.arena = a};
	return parse_document(a, &conf, source, &faults);
}

/* The only fault as "1:2 message", or "". */
static struct str
fault_of(struct str source)
{
	struct buf b = buf_new(1 << 20);
	struct str ret = STR("");

	if (!parse(source)) {
		fault_print(&b, &faults, source);
		ret = arena_str(a, buf_str(&b));
	}
	buf_free(&b);
	return ret;
}

static void
refused(struct str source, const char *message, int column)
{
	struct str expected =
		arena_printf(a,
			     "[{\"message\":\"Syntax Error: %s\","
			     "\"locations\":[{\"line\":1,\"column\":%d}]}]",
			     message, column);

	is(fault_of(source), expected, source.p);
}

/* ---- what is read ---- */

static void
test_operations(void)
{
	struct document *d = parse(
		STR("{a} query Q($x: [Int!]! = [1] @d, $y: In) @e {b} "
		    "mutation {c} subscription S {d} fragment F on T @f {e}"));
	struct operation *op = d ? d->operations : NULL;
	struct variable *v;

	ok(d && d->noperations == 4 && d->nfragments == 1, "all are there");
	ok(op->kind == OPERATION_QUERY && !op->name.n && op->at == 0,
	   "one that is but braces is a query");
	op = op->next;
	is(op->name, STR("Q"), "a name");
	ok(op->at == 4 && op->name_at == 10, "where they are");
	ok(op->nvariables == 2 && op->directives, "with variables");
	v = op->variables;
	is(v->name, STR("x"), "their names");
	ok(v->at == 12 && v->name_at == 13 && v->index == 0, "... and places");
	ok(v->type->non_null && v->type->of->non_null, "their types");
	is(v->type->of->name, STR("Int"), "... to the inmost");
	ok(v->fallback->kind == VALUE_LIST && v->fallback->n == 1,
	   "their defaults");
	is(v->directives->name, STR("d"), "their directives");
	ok(v->next->index == 1 && !v->next->next, "one after the other");
	op = op->next;
	ok(op->kind == OPERATION_MUTATION && !op->name.n, "a mutation");
	op = op->next;
	ok(op->kind == OPERATION_SUBSCRIPTION && !op->next, "a subscription");
	is(d->fragments->name, STR("F"), "a fragment");
	is(d->fragments->on, STR("T"), "... and what it is on");
	is(d->fragments->directives->name, STR("f"), "... its directives");
	ok(d->fragments->at == 81 && d->fragments->on_at == 95,
	   "... its places");
}

static void
test_selections(void)
{
	struct document *d = parse(STR("{a: b(c: 1, d: $e) @f(g: true) {h} "
				       "...F @i ... on T {j} ... @k {l}}"));
	struct selection *s = d ? d->operations->selections : NULL;

	ok(s && s->kind == SELECT_FIELD, "a field");
	is(s->alias, STR("a"), "its alias");
	is(s->name, STR("b"), "its name");
	ok(s->at == 1 && s->name_at == 4 && s->selections_at == 31,
	   "its places");
	is(s->arguments->name, STR("c"), "its arguments");
	ok(s->arguments->next->value->kind == VALUE_VARIABLE, "... variable");
	is(s->arguments->next->value->text, STR("e"), "... and named");
	is(s->directives->arguments->name, STR("g"), "its directives");
	is(s->selections->name, STR("h"), "its own fields");
	ok(!s->selections->selections && !s->selections->alias.n, "a leaf");
	s = s->next;
	ok(s->kind == SELECT_SPREAD && s->directives, "a spread");
	is(s->name, STR("F"), "of a fragment");
	s = s->next;
	ok(s->kind == SELECT_INLINE && s->selections, "one in place");
	is(s->on, STR("T"), "on a type");
	s = s->next;
	ok(s->kind == SELECT_INLINE && !s->on.n && !s->next, "or on none");
}

static void
test_values(void)
{
	struct value *v = parse_constant(
		a, STR("{a: [1, -2.5, \"x\\n\", true, null, RED], b: {}}"));
	static const struct {
		enum value_kind kind;
		struct str text;
	} rows[] = {
		{VALUE_INT,	    STR("1")   },
		    {VALUE_FLOAT,	  STR("-2.5")},
		{VALUE_STRING,  STR("x\n") },
		    {VALUE_BOOLEAN, STR("true")},
		{VALUE_NULL,    STR("null")},
		    {VALUE_ENUM,	 STR("RED") },
	};
	struct value *item;

	ok(v && v->kind == VALUE_OBJECT && v->n == 2, "an object");
	is(v->first->name, STR("a"), "a member's name");
	ok(v->first->kind == VALUE_LIST && v->first->n == 6, "a list");
	item = v->first->first;
	for (size_t i = 0; i < 6; i++, item = item->next) {
		ok(item->kind == rows[i].kind, "an item's kind");
		is(item->text, rows[i].text, "an item");
	}
	ok(v->first->next->kind == VALUE_OBJECT && !v->first->next->n,
	   "an empty object");
	ok(!parse_constant(a, STR("[$x]")), "a variable is no constant");
	ok(!parse_constant(a, STR("1 2")), "one value");
	ok(!parse_constant(a, STR("")), "not none");
	ok(!parse_constant(a, STR("\"\xff\"")), "of characters");
}

static void
test_descriptions(void)
{
	struct document *d =
		parse(STR("\"a\" query (\"b\" $c: Int) {d} \"\"\"e\"\"\" "
			  "fragment F on T {f}"));

	ok(d && d->nfragments == 1, "definitions may be described");
	ok(d && d->operations->at == 0 && d->operations->variables->at == 15,
	   "and begin with that; variables do not");
	refused(STR("\"a\" {b}"),
		"Unexpected description, descriptions are not supported on "
		"shorthand queries.",
		1);
	refused(STR("\"a\" b"),
		"Unexpected description, only GraphQL definitions support "
		"descriptions.",
		1);
}

/* ---- what is refused ---- */

static void
test_refused(void)
{
	refused(STR(""), "Unexpected <EOF>.", 1);
	refused(STR("{"), "Expected Name, found <EOF>.", 2);
	refused(STR("{}"), "Expected Name, found \\\"}\\\".", 2);
	refused(STR("{a"), "Expected Name, found <EOF>.", 3);
	refused(STR("{a}}"), "Unexpected \\\"}\\\".", 4);
	refused(STR("{a()}"), "Expected Name, found \\\")\\\".", 4);
	refused(STR("{a(b)}"), "Expected \\\":\\\", found \\\")\\\".", 5);
	refused(STR("{a(b:)}"), "Unexpected \\\")\\\".", 6);
	refused(STR("{a(b: {c})}"), "Expected \\\":\\\", found \\\"}\\\".", 9);
	refused(STR("{...on}"), "Expected Name, found \\\"}\\\".", 7);
	refused(STR("{a: \"b\"}"), "Expected Name, found String \\\"b\\\".", 5);
	refused(STR("{a: 1}"), "Expected Name, found Int \\\"1\\\".", 5);
	refused(STR("foo {a}"), "Unexpected Name \\\"foo\\\".", 1);
	refused(STR("query"), "Expected \\\"{\\\", found <EOF>.", 6);
	refused(STR("query ()"), "Expected \\\"$\\\", found \\\")\\\".", 8);
	refused(STR("query ($a: [Int) {b}"),
		"Expected \\\"]\\\", found \\\")\\\".", 16);
	refused(STR("query ($a: Int = $b) {c}"),
		"Unexpected variable \\\"$b\\\" in constant value.", 18);
	refused(STR("query ($a: Int = $) {c}"), "Unexpected \\\"$\\\".", 18);
	refused(STR("query ($a: Int @b(c: $d)) {e}"),
		"Unexpected variable \\\"$d\\\" in constant value.", 22);
	refused(STR("fragment on on T {a}"), "Unexpected Name \\\"on\\\".", 10);
	refused(STR("fragment F T {a}"),
		"Expected \\\"on\\\", found Name \\\"T\\\".", 12);
	refused(STR("extend a"), "Unexpected Name \\\"a\\\".", 8);
	refused(STR("{a(b: \"\xf0\x9f\x98\x80\", c: ?)}"),
		"Unexpected character: \\\"?\\\".", 16);
	refused(STR("{\xff}"), "The document is not UTF-8.", 1);
}

static void
test_type_system(void)
{
	is(fault_of(STR("{a} type User { id: ID }")),
	   STR("[{\"message\":\"The \\\"User\\\" definition is not "
	       "executable.\",\"locations\":[{\"line\":1,\"column\":5}]}]"),
	   "a type is no query");
	is(fault_of(STR("extend schema { query: Q }")),
	   STR("[{\"message\":\"The schema definition is not "
	       "executable.\",\"locations\":[{\"line\":1,\"column\":1}]}]"),
	   "nor is a schema");
	is(fault_of(STR("\n\"x\" directive @d on FIELD")),
	   STR("[{\"message\":\"The \\\"d\\\" definition is not "
	       "executable.\",\"locations\":[{\"line\":2,\"column\":1}]}]"),
	   "nor a directive");
	refused(STR("type {"), "Expected Name, found \\\"{\\\".", 6);
}

/* ---- what is too much ---- */

/* A text of `n` times `what` behind `before`. */
static struct str
many(const char *before, struct str what, size_t n)
{
	size_t from = strlen(before);
	char *p = arena_alloc(a, from + n * what.n + 1);

	memcpy(p, before, from);
	for (size_t i = 0; i < n; i++)
		memcpy(p + from + i * what.n, what.p, what.n);
	return (struct str){p, from + n * what.n};
}

static void
too_large(struct str source, const char *message, const char *name)
{
	ok(!parse(source) && faults.n == 1, "%s", name);
	is(faults.first->message, str_of(message), "... says the limit");
	is(str_of(faults.first->code), STR("DOCUMENT_TOO_LARGE"),
	   "... and has a code");
}

static void
test_limits(void)
{
	static const char nested[] = "The document has brackets inside each "
				     "other more than 100 deep.";

	too_large(many("{", STR("a "), 5 << 20),
		  "The document has more than 65536 bytes "
		  "(POSTERN_GRAPHQL_DOCUMENT).",
		  "five megabytes");
	too_large(many("{", STR("a:b "), 10000),
		  "The document has more than 5000 tokens "
		  "(POSTERN_GRAPHQL_TOKENS).",
		  "10,000 aliases");
	too_large(many("{a(b:", STR("["), 4000), nested, "lists");
	too_large(many("{a(b:", STR("{c:"), 1200), nested, "objects");
	too_large(many("", STR("{a"), 2000), nested, "selections");
	too_large(many("{a", STR("...{"), 2000), nested, "nameless fragments");
	too_large(many("query ($a:", STR("["), 2000), nested, "types");
	ok(parse(many("{a(b:[[[[[]]]]]", STR(" c:[[[]]]"), 200)) == NULL &&
		   !faults.first->code,
	   "brackets beside each other are not inside each other");
	ok(parse(many("{a}", many("#", STR("{"), 50000), 1)),
	   "comments are no tokens");
}

/* ---- lists of faults ---- */

static void
test_places(void)
{
	struct buf b = buf_new(1 << 16);
	struct str source =
		many("\xf0\x9f\x98\x80\xc3\xa9\r\n\n", STR("x"), 600);
	const uint32_t at[] = {0, 4, 6, 8, 9, 509, 10000};
	struct faults list = {.arena = a};
	struct path root = {.key = STR("a\"b")}, item = {&root, {0}, 3};

	fault_add(&list, at, sizeof(at) / sizeof(at[0]), "%s", "<m>");
	fault_add(&list, NULL, 0, "n");
	fault_last(&list)->path = &item;
	fault_last(&list)->code = "X";
	fault_print(&b, &list, source);
	is(buf_str(&b),
	   STR("[{\"message\":\"<m>\",\"locations\":["
	       "{\"line\":1,\"column\":1},{\"line\":1,\"column\":3},"
	       "{\"line\":1,\"column\":4},{\"line\":2,\"column\":1},"
	       "{\"line\":3,\"column\":1},{\"line\":3,\"column\":501},"
	       "{\"line\":3,\"column\":601}]},"
	       "{\"message\":\"n\",\"path\":[\"a\\\"b\",3],"
	       "\"extensions\":{\"code\":\"X\"}}]"),
	   "faults are printed with their places and paths");
	buf_free(&b);
}

static void
test_full(void)
{
	struct faults list = {.arena = a};
	size_t n = 0;

	while (fault_add(&list, NULL, 0, "%zu", n))
		n++;
	ok(n == FAULTS_MAX && list.n == FAULTS_MAX, "a list gets full");
	is(fault_last(&list)->message,
	   STR("There are more errors than the first 99, which are these."),
	   "and says so");
	list = (struct faults){.arena = a, .limit = 3};
	for (n = 0; fault_add(&list, NULL, 0, "x"); n++)
		;
	ok(n == 3, "earlier where that is wanted");
}

int
main(void)
{
	a = arena_new(65536);
	test_operations();
	test_selections();
	test_values();
	test_descriptions();
	test_refused();
	test_type_system();
	test_limits();
	test_places();
	test_full();
	arena_free(a);
	return done();
}
