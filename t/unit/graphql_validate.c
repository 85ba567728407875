/*
 * What the validator says of documents.  t/unit/graphql_validate.golden has
 * them one after another: lines of a document, `--`, a line for each fault
 * with its message and its places, and `==`.  The faults are what
 * graphql-js 16.15.0 found wrong with the document and the schema of pets.h,
 * in the order of their letters, as the order of faults is nobody's promise.
 */
#include "api/graphql/validate.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/graphql/parse.h"
#include "base/conf.h"
#include "pets.h"
#include "tap.h"

#define GOLDEN "t/unit/graphql_validate.golden"

static const struct conf conf = {.graphql_document = 1 << 20,
				 .graphql_tokens = 100000};

static struct str
read_all(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "r");
	char *p = arena_alloc(a, 1 << 20);

	if (!f)
		return STR("");
	size_t n = fread(p, 1, 1 << 20, f);
	fclose(f);
	return (struct str){p, n};
}

/* The text before the mark, and behind it what is left. */
static struct str
cut_at(struct str *rest, struct str mark)
{
	struct str all = *rest;

	for (size_t i = 0; i < all.n; i++) {
		if (!str_starts(str_sub(all, i, mark.n), mark))
			continue;
		*rest = str_sub(all, i + mark.n, all.n);
		return str_sub(all, 0, i);
	}
	*rest = STR("");
	return all;
}

/* Columns count UTF-16 units. */
static void
put_place(struct buf *b, struct str source, uint32_t at)
{
	unsigned line = 1, column = 1;

	for (uint32_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)source.p[i];

		column += c >= 0xf0 ? 2 : (c & 0xc0) != 0x80;
		if (c == '\n') {
			line++;
			column = 1;
		}
	}
	buf_printf(b, " %u:%u", line, column);
}

static int
by_text(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static struct str
told(struct arena *a, const struct faults *faults, struct str source)
{
	struct str *lines = ARENA_ARRAY(a, struct str, faults->n + 1);
	struct buf b = buf_new(1 << 20);
	size_t n = 0;
	struct str all;

	for (const struct fault *f = faults->first; f; f = f->next) {
		buf_clear(&b);
		buf_printf(&b, "%.*s @", STR_FMT(f->message));
		for (size_t i = 0; i < f->nat; i++)
			put_place(&b, source, f->at[i]);
		lines[n++] = arena_str(a, buf_str(&b));
	}
	qsort(lines, n, sizeof(*lines), by_text);
	buf_clear(&b);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%.*s\n", STR_FMT(lines[i]));
	all = arena_str(a, buf_str(&b));
	buf_free(&b);
	return all;
}

static struct faults
judge(struct arena *a, const struct schema *s, struct str source, bool hints)
{
	struct faults faults = {.arena = a};
	struct document *doc = parse_document(a, &conf, source, &faults);

	if (doc)
		validate_document(a, s, doc, hints, &faults);
	return faults;
}

static void
golden(const struct schema *s)
{
	struct arena *a = arena_new(1 << 16);
	struct str rest = read_all(s->arena, GOLDEN);
	size_t n = 0;

	while (rest.n) {
		struct str source = cut_at(&rest, STR("\n--\n"));
		struct str expected = cut_at(&rest, STR("==\n"));
		struct faults faults = judge(a, s, source, true);
		char name[100];

		snprintf(name, sizeof(name), "%.*s", STR_FMT(source));
		is(told(a, &faults, source), expected, name);
		arena_reset(a);
		n++;
	}
	ok(n > 100, "there are many documents");
	arena_free(a);
}

/* ---- what graphql-js says elsewhere, or not at all ---- */

/* The only fault of a document, its code behind it. */
static struct str
only(const struct schema *s, struct str source, bool hints)
{
	struct faults faults = judge(s->arena, s, source, hints);

	if (faults.n != 1)
		return arena_printf(s->arena, "%zu faults", faults.n);
	return arena_printf(s->arena, "%.*s%s%s",
			    STR_FMT(faults.first->message),
			    faults.first->code ? " " : "",
			    faults.first->code ? faults.first->code : "");
}

static void
roots(const struct schema *s)
{
	struct schema none = *s;

	none.mutation = NULL;
	is(only(s, STR("subscription { x { y } }"), true),
	   STR("Subscriptions are not supported."),
	   "there are no subscriptions, and nothing more to say about it");
	is(only(&none, STR("mutation { x { y } }"), true),
	   STR("Schema is not configured to execute mutation operation."),
	   "nor mutations where the schema has none");
}

static void
scalars(const struct schema *s)
{
	is(only(s, STR("{ big(n: true) }"), true),
	   STR("BigInt cannot represent a non-string and non-integer value: "
	       "true"),
	   "a scalar that takes what ID takes has its own name");
	is(only(s, STR("query ($n: Int!) { dog(id: $n) { id } }"), true),
	   STR("0 faults"), "an Int may be where an ID is wanted");
	is(only(s, STR("query ($n: Int) { cat(id: $n) { id } }"), true),
	   STR("Variable \"$n\" of type \"Int\" used in position expecting "
	       "type \"ID!\"."),
	   "but nothing where something must be");
	is(only(s, STR("query ($n: ID) { dogs(limit: $n) { id } }"), true),
	   STR("Variable \"$n\" of type \"ID\" used in position expecting "
	       "type \"Int\"."),
	   "nor an ID where an Int is wanted");
}

static void
without_hints(const struct schema *s)
{
	static const struct {
		struct str source, told;
	} cases[] = {
		{STR("{ dog { nam } }"),
		 STR("Cannot query field \"nam\" on type \"Dog\".")	   },
		{STR("{ dog(idd: 1) { id } }"),
		 STR("Unknown argument \"idd\" on field \"Query.dog\".")	},
		{STR("{ dog { ... on Dgo { id } } }"),
		 STR("Unknown type \"Dgo\".")				     },
		{STR("{ dogs(where: {nam: 1}) { id } }"),
		 STR("Field \"nam\" is not defined by type \"Where\".")     },
		{STR("{ dogs(order: name_sac) { id } }"),
		 STR("Value \"name_sac\" does not exist in \"Order\" enum.")},
		{STR("{ dogs(order: \"name_asc\") { id } }"),
		 STR("Enum \"Order\" cannot represent non-enum value: "
		     "\"name_asc\".")				       },
		{STR("{ dog { id @log(to: [], leve: 1) } }"),
		 STR("Unknown argument \"leve\" on directive \"@log\".")	},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(only(s, cases[i].source, false), cases[i].told,
		   "nothing of the schema is given away without hints");
}

static void
annotations(const struct schema *s)
{
	struct faults faults = {.arena = s->arena};
	struct document *doc = parse_document(
		s->arena, &conf,
		STR("query ($w: [Where!]) { dogs(where: {and: $w}) { ...F } } "
		    "fragment F on Dog { ... { n: name } }"),
		&faults);
	const struct schema_type *query = s->query;
	const struct selection *root;
	struct buf b = buf_new(100);

	validate_document(s->arena, s, doc, false, &faults);
	ok(faults.n == 0, "it is valid");
	root = doc->operations->selections;
	ok(root->field == schema_field(s, query, STR("dogs")),
	   "a selection knows its field");
	ok(doc->fragments->selections->selections->field ==
		   schema_field(s, schema_type(s, STR("Dog")), STR("name")),
	   "in fragments too");
	schema_print_ref(&b, doc->operations->variables->input);
	is(buf_str(&b), STR("[Where!]"), "a variable knows its type");
	buf_free(&b);
}

/* Is the schema as it was after a document that names types it wraps not? */
static void
immutable(const struct schema *s)
{
	const struct schema_type *date = schema_type(s, STR("Date"));
	struct arena *a = arena_new(4096);

	judge(a, s, STR("query ($d: [[Date!]]!) { dog(id: $d) { id } }"), true);
	ok(!date->list && date->non_null && !date->non_null->list,
	   "a document's types are no types of the schema");
	arena_free(a);
}

/* ---- too much ---- */

/* `head`, `part` with its numbers n times, and `tail`. */
static struct str
repeated(struct arena *a, const char *head, const char *part, size_t n)
{
	struct buf b = buf_new(1 << 20);
	struct str s;

	buf_put(&b, str_of(head));
	for (size_t i = 0; i < n; i++)
		for (const char *p = part; *p; p++)
			if (*p == '#')
				buf_int(&b, (int64_t)i);
			else if (*p == '+')
				buf_int(&b, (int64_t)i + 1);
			else
				buf_char(&b, *p);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void
many(const struct schema *s)
{
	struct arena *a = s->arena;
	struct str aborted = STR("Validation aborted. LIMIT_EXCEEDED");
	struct str x = repeated(a, "{ dog { ", "x#: bad# ", 1000);
	struct faults faults;

	x = arena_printf(a, "%.*s }}", STR_FMT(x));
	faults = judge(a, s, x, true);
	ok(faults.n == FAULTS_MAX, "the faults are counted");

	x = repeated(a, "{ dog { ", "a1 ", 500);
	is(only(s, arena_printf(a, "%.*s }}", STR_FMT(x)), true),
	   STR("0 faults"), "a field may be selected some hundred times");
	x = repeated(a, "{ dog { ", "a1 ", 2000);
	is(only(s, arena_printf(a, "%.*s }}", STR_FMT(x)), true), aborted,
	   "but comparing them is given up some time");
}

static void
fragments(const struct schema *s)
{
	struct arena *a = s->arena;
	struct str aborted = STR("Validation aborted. LIMIT_EXCEEDED");
	struct str x = repeated(a, "{ dog { id ...F0 } }",
				"fragment F# on Dog { id ...F+ } ", 300);

	x = arena_printf(a, "%.*s fragment F300 on Dog { a: id }", STR_FMT(x));
	is(only(s, x, true), STR("0 faults"), "fragments may be in a row");
	x = repeated(a, "{ dog { id ...F0 } }",
		     "fragment F# on Dog { id ...F+ } ", 5000);
	x = arena_printf(a, "%.*s fragment F5000 on Dog { id }", STR_FMT(x));
	is(only(s, x, true), aborted, "but not in any row");

	x = repeated(a, "{ dog { ...F0 } }",
		     "fragment F# on Dog { friends { friends { ...F+ ...F+ "
		     "} } } ",
		     200);
	x = arena_printf(a, "%.*s fragment F200 on Dog { a: id }", STR_FMT(x));
	is(only(s, x, true), STR("0 faults"),
	   "spreading twice what spreads twice is no more work");
	x = repeated(a, "{ dog { ...F0 } } fragment F200 on Dog { ...F0 }",
		     "fragment F# on Dog { ...F+ } ", 200);
	ok(judge(a, s, x, true).n == 1, "a long cycle is one fault");
	ok(judge(a, s, x, true).first->nat == 20 &&
		   judge(a, s, x, true).first->message.n < 300,
	   "and not all of it is told");
}

int
main(void)
{
	struct arena *a = arena_new(1 << 16);
	const struct schema *s = pets_schema(a);

	golden(s);
	roots(s);
	scalars(s);
	without_hints(s);
	annotations(s);
	immutable(s);
	many(s);
	fragments(s);
	arena_free(a);
	return done();
}
