/*
 * Plans that are kept for a document and filled with other values: which are,
 * and that nothing of what was planned before shows.
 */
#include "graphed.h"
#include "tap.h"

struct row {
	const char *name;
	bool kept;
	const char *document, *before, *variables;
};

/* clang-format off */
static const struct row rows[] = {
	{"no variables", true,
	 "{ UsersMany(where: {name: {_eq: \"a\"}}) { name } }", "", ""},
	{"a value to compare with", true,
	 "query ($n: String!) { UsersMany(where: {name: {_eq: $n}}) "
	 "{ name events(limit: 10) { name host { name } } } }",
	 "{\"n\": \"Ann\"}", "{\"n\": \"Bob\"}"},
	{"several, one of them twice, in another order", true,
	 "query ($b: String, $a: String) { UsersMany(where: {_or: ["
	 "{name: {_gt: $a, _lt: $b}}, {name: {_neq: $a}}, "
	 "{_not: {events: {name: {_eq: $b}}}}]}) { name } }",
	 "{\"a\": \"1\", \"b\": \"2\"}", "{\"a\": \"3\", \"b\": \"4\"}"},
	{"the default, and a value in its place", true,
	 "query ($n: String = \"a\") { UsersMany(where: {name: {_eq: $n}}) "
	 "{ name } }", "", "{\"n\": \"b\"}"},
	{"a value, and the default in its place", true,
	 "query ($n: String = \"a\") { UsersMany(where: {name: {_eq: $n}}) "
	 "{ name } }", "{\"n\": \"b\"}", ""},
	{"a key", true, "query ($id: ID!) { BoxByPk(pk: $id) { id } }",
	 "{\"id\": 1}", "{\"id\": 2}"},
	{"a condition of a list below", true,
	 "query ($n: String!) { UsersMany(limit: 3) { events(where: "
	 "{name: {_eq: $n}}) { name } } }",
	 "{\"n\": \"x\"}", "{\"n\": \"y\"}"},
	{"an empty text", true,
	 "query ($n: String!) { UsersMany(where: {name: {_eq: $n}}) { name } }",
	 "{\"n\": \"\"}", "{\"n\": \"y\"}"},
	{"a list, however long", true,
	 "query ($ids: [Int!]) { BoxsMany(where: {id: {_in: $ids}}) { id } }",
	 "{\"ids\": [1]}", "{\"ids\": [2, 3]}"},
	{"an empty list is another plan", false,
	 "query ($ids: [Int!]) { BoxsMany(where: {id: {_in: $ids}}) { id } }",
	 "{\"ids\": [1]}", "{\"ids\": []}"},
	{"... and the next one is as before", true,
	 "query ($ids: [Int!]) { BoxsMany(where: {id: {_in: $ids}}) { id } }",
	 "{\"ids\": []}", "{\"ids\": [1]}"},
	{"null has a plan of its own", true,
	 "query ($n: String) { UsersMany(where: {name: {_eq: $n}}) { name } }",
	 "{\"n\": \"a\"}", "{\"n\": null}"},
	{"so has a variable that is not given", true,
	 "query ($n: String) { UsersMany(where: {name: {_eq: $n}}) { name } }",
	 "{\"n\": null}", ""},
	{"and one that is, behind one that is not", true,
	 "query ($a: String, $b: String) { UsersMany(where: {name: {_eq: $a, "
	 "_neq: $b}}) { name } }", "{\"a\": \"x\"}", "{\"b\": \"x\"}"},
	{"a limit decides on more", false,
	 "query ($l: Int) { UsersMany(limit: $l) { name } }",
	 "{\"l\": 1}", "{\"l\": 0}"},
	{"so does an offset", false,
	 "query ($o: Int) { UsersMany(offset: $o) { name } }",
	 "{\"o\": 0}", "{\"o\": 300}"},
	{"an order", false,
	 "query ($d: SortDirection) { UsersMany(orderBy: {name: $d}) { name } }",
	 "{\"d\": \"asc\"}", "{\"d\": \"desc\"}"},
	{"@include", false,
	 "query ($y: Boolean!) { UsersMany { name id @include(if: $y) } }",
	 "{\"y\": true}", "{\"y\": false}"},
	{"@skip in a fragment", false,
	 "query ($y: Boolean!) { UsersMany { name ...F } } "
	 "fragment F on User { id @skip(if: $y) }",
	 "{\"y\": true}", "{\"y\": false}"},
	{"is it null?", false,
	 "query ($y: Boolean!) { UsersMany(where: {name: {_is_null: $y}}) "
	 "{ name } }", "{\"y\": true}", "{\"y\": false}"},
	{"part of a list", false,
	 "query ($n: String!) { UsersMany(where: {name: {_in: [$n, \"b\"]}}) "
	 "{ name } }", "{\"n\": \"a\"}", "{\"n\": \"c\"}"},
	{"a pattern is made of it", false,
	 "query ($n: String!) { UsersMany(where: {name: {_like: $n}}) "
	 "{ name } }", "{\"n\": \"a%\"}", "{\"n\": \"c\"}"},
	{"the schema is asked for", false,
	 "query ($n: String!) { UsersMany(where: {name: {_eq: $n}}) { name } "
	 "__schema { queryType { name } } }",
	 "{\"n\": \"a%\"}", "{\"n\": \"c\"}"},
	{"no value of its type", false,
	 "query ($id: ID!) { UserByPk(pk: $id) { name } }",
	 "{\"id\": \"01a1faaa-af93-7778-8488-0b298fdebae5\"}",
	 "{\"id\": \"x\"}"},
	{"nothing to ask the database for", false,
	 "{ __typename }", "", ""},
};
/* clang-format on */

static void
test_rows(struct model *model, const struct schema *schema)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct graphed plain, kept;

		graphed_open(&plain, model, schema);
		graphed_open(&kept, model, schema);
		graphed(&plain, str_of(r->document), str_of(r->variables));
		graphed_kept(&kept, str_of(r->document), str_of(r->before),
			     str_of(r->variables));
		ok(plain.root.n && graphed_same(&plain, &kept), "%s: the same",
		   r->name);
		ok(kept.kept == r->kept, "... %s",
		   r->kept ? "by a plan that was kept" : "planned anew");
		graphed_free(&plain);
		graphed_free(&kept);
	}
}

int
main(void)
{
	struct model *model = ask_model();
	const struct schema *schema = graphed_schema(model, "postern_member");

	test_rows(model, schema);
	graphed_drop(schema);
	model_drop(model);
	return done();
}
