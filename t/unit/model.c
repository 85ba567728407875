/* The model of t/unit/model.json: our schema and the awkward fixture. */
#include "core/model.h"

#include "ask.h"
#include "core/type.h"
#include "tap.h"

#define WEIRD "Weird \"Table\" N\xc3\xa4m\xc3\xa9 \xf0\x9f\x98\x80"
#define NAIVE "na\xc3\xafve \xf0\x9f\x98\x80"

static struct model *model;

static const struct table *
table(const char *name)
{
	const struct table *t = model_table(model, str_of(name));

	if (!t) {
		printf("Bail out! no table %s\n", name);
		exit(EXIT_FAILURE);
	}
	return t;
}

static const struct column *
column(const char *in, const char *name)
{
	const struct column *c = table_column(table(in), str_of(name));

	if (!c) {
		printf("Bail out! no column %s.%s\n", in, name);
		exit(EXIT_FAILURE);
	}
	return c;
}

static void
test_tables(void)
{
	static const struct {
		const char *name, *type;
		enum relkind kind;
		bool versioned;
		size_t ncolumns, nprimary;
		const char *key;
	} rows[] = {
		{"users",	  "User",	  REL_TABLE,	     true,  4, 1, "name"},
		{"events",	   "Event",	    REL_TABLE,	       true,  6, 1, "name"},
		{"order",	  "Order",	   REL_TABLE,	      true,  6, 1, NULL  },
		{"orders",	   "Orders",	     REL_TABLE,	true,  2, 1, NULL	},
		{"order_items",	"OrderItem",   REL_TABLE,	true,  9, 2, NULL	},
		{"measurements", "Measurement", REL_PARTITIONED,	 false, 3, 2,
		 NULL								},
		{"nothing",	    "Nothing",     REL_TABLE,	  true,	0, 0, NULL  },
		{"busy_people",	"BusyPeople",  REL_VIEW,		false, 3, 1, NULL	 },
		{"plain_users",	"PlainUser",   REL_VIEW,	       false, 3, 0, NULL	},
		{"totals",	   "Total",	    REL_MATERIALIZED, false, 2, 0, NULL  },
		{WEIRD,		"Weird",	 REL_TABLE,	    true,  9, 1, NAIVE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct table *t = table(rows[i].name);
		struct str key = t->key ? t->key->name : STR("");

		is(t->type, str_of(rows[i].type), rows[i].name);
		ok(t->kind == rows[i].kind && t->versioned == rows[i].versioned,
		   "... is the kind of table that it is");
		ok(t->ncolumns == rows[i].ncolumns, "... has its columns");
		ok((t->primary ? t->primary->n : 0) == rows[i].nprimary,
		   "... its primary key");
		is(key, str_of(rows[i].key), "... and its text key, if any");
	}
	ok(table("users")->guarded && !table("orders")->guarded,
	   "rows that policies decide about are guarded");
	ok(!model_table(model, STR("secrets")),
	   "what nobody may see is absent");
	ok(!model_table(model, STR("")) && !model_table(model, STR("users ")),
	   "so is what does not exist");
}

static void
test_roles(void)
{
	uint32_t anonymous = model_role(model, STR("postern_anonymous"));
	uint32_t admin = model_role(model, STR("postern_admin"));
	const struct table *people = table("people");

	ok(anonymous && admin && anonymous != admin, "roles have a bit each");
	ok(model_role(model, STR("postgres")) == 0 &&
		   model_role(model, STR("")) == 0,
	   "a role that is not ours has none");
	ok(people->grants.select == anonymous &&
		   people->grants.update == anonymous &&
		   people->grants.insert == 0 && people->grants.delete == admin,
	   "a table's grants are sets of roles");
	ok(column("people", "name")->grants.select == anonymous &&
		   column("people", "salary")->grants.select == 0 &&
		   column("people", "id")->grants.select == 0,
	   "so are a column's");
}

static void
test_columns(void)
{
	const struct column *mood = column("categories", "mood");

	ok(column("events", "created_at")->hidden, "a tag hides a column");
	ok(column("events", "host_id")->required &&
		   column("events", "host_id")->nullable,
	   "a tag requires one that may be null");
	ok(column("users", "id")->has_default &&
		   !column("users", "name")->has_default,
	   "defaults are seen");
	ok(column("order", "select")->generated &&
		   column("order_items", "total")->generated &&
		   !column("orders", "id")->generated &&
		   column("orders", "id")->has_default,
	   "generated is what nobody may write, else it is a default");
	ok(column("users", "name")->max_length == 50 &&
		   column("users", "id")->max_length == 0,
	   "the longest text is known");
	ok(mood->type->kind == TYPE_ENUM && mood->nlabels == 5, "an enum");
	is(mood->labels[1], STR("it's \"ok\""), "... has its labels");
	ok(column("categories", "moods")->type->kind == TYPE_ARRAY,
	   "an array of an enum is an array");
	ok(column("categories", "moods")->element == mood->type &&
		   mood->element == mood->type &&
		   column("categories", "marks")->element->kind == TYPE_INT,
	   "... and what is in it is known");
	is(column("categories", "big")->base, STR("int8"), "... by its name");
	is(mood->sql_type, STR("api.\"Mood\""), "types have their SQL names");
	for (size_t i = 0; i < table("categories")->ncolumns; i++)
		if (table("categories")->columns[i].index != i)
			ok(false, "column %zu knows its place", i);
}

static void
test_graphql(void)
{
	const struct column *plain = column("choices", "plain");
	const struct table *users = table("users");

	ok(plain->nchoices == 4 && !plain->nlabels &&
		   plain->type->kind == TYPE_TEXT,
	   "a text that is held to some has choices, and is a text");
	is(plain->choices[2], STR("it's"), "... with their texts");
	ok(!column("choices", "either")->nchoices &&
		   !column("categories", "mood")->nchoices,
	   "others have none");
	is(column("choices", "number")->scalar, STR("ID"),
	   "a tag says what a column is to GraphQL");
	is(plain->scalar, STR(""), "... if there is one");
	is(users->checks[0].expression, STR("(char_length(name) <= 50)"),
	   "a check has its expression");
	is(table("categories")->checks[1].expression, STR(""),
	   "... which that of an array's elements has not");
	is(column("categories", "label")->free_type, STR("pg_catalog.text"),
	   "a domain is made from something");
	is(column("categories", "raw")->free_type, STR("pg_catalog.bytea"),
	   "... and what is none is itself");
	ok(str_starts(model->comment, STR("The tables that clients see.")),
	   "the whole is described");
}

static void
test_constraints(void)
{
	const struct table *weird = table(WEIRD);
	const struct table *items = table("order_items");

	is(weird->uniques[0].message, STR("Already have '{" NAIVE "}'."),
	   "a unique key has its message");
	ok(weird->nuniques == 1 && weird->uniques[0].n == 1 &&
		   weird->uniques[0].columns[0] == column(WEIRD, NAIVE),
	   "... and points to its column");
	ok(items->primary->columns[0] == column("order_items", "order_id") &&
		   items->primary->columns[1] == column("order_items", "line"),
	   "a composite key is in its order");
	ok(items->nuniques == 2, "partial and expression keys are no keys");
	ok(weird->nchecks == 3, "checks are there");
	is(table("busy_people")->primary->name, STR(""),
	   "the key that a view says has no name");
}

static void
test_links(void)
{
	const struct table *users = table("users"), *boxes = table("boxes");
	const struct fkey *host = column("events", "host_id")->link;
	const struct fkey *both = &boxes->fkeys[boxes->fkeys[0].n == 1];

	is(host->link, STR("host"), "host_id is called host");
	ok(host->to == users && host->references[0] == &users->columns[0],
	   "... and leads to a user's id");
	ok(users->nreferrers == 3, "a table knows who refers to it");
	ok(column("boxes", "inside")->link->to == boxes &&
		   boxes->nreferrers == 1,
	   "a table may refer to itself");
	ok(boxes->nfkeys == 2 && both->n == 2, "a key may have two columns");
	is(both->link, STR("boxes_order_id_line_fkey"),
	   "... and is called by its own name");
	ok(!column("boxes", "line")->link && !column("boxes", "order_id")->link,
	   "... and none of them links alone");
	ok(table("order")->nreferrers == 3 && !table("nothing")->nreferrers,
	   "others are referred to, too, or not at all");
}

static void
test_messages(void)
{
	const struct table *events = table("events");
	const struct message *m =
		table_message(events, STR("DELETE"), STR("missing"));

	ok(m && m->status == 500 && m->strict_status == 404,
	   "a message has its statuses");
	is(m->detail, STR("{\"error\":\"Delete event '{name}' failed.\"}"),
	   "... and its JSON");
	m = table_message(events, STR("POST"), STR("constraint"));
	is(m->detail, STR("\"Event name '{name}' already exists,\""),
	   "... which may be a mere string");
	ok(!table_message(events, STR("GET"), STR("missing")) &&
		   !table_message(table("users"), STR("DELETE"),
				  STR("missing")),
	   "there are no others");
}

static void
test_violations(void)
{
	const struct table *boxes = table("boxes");
	struct violation v;

	ok(table_violation(table("users"), STR("users_name_key"), &v) &&
		   v.unique && !v.check && !v.own && !v.foreign,
	   "a unique key is found by its name");
	ok(table_violation(table("users"), STR("users_pkey"), &v) &&
		   v.unique == table("users")->primary,
	   "so is the primary key");
	ok(table_violation(table("users"), STR("users_name_length"), &v) &&
		   v.check && !v.unique,
	   "so is a check");
	ok(table_violation(table("users"), STR("events_host_id_fkey"), &v) &&
		   v.foreign && !v.own,
	   "so is a key that points here");
	ok(table_violation(boxes, STR("boxes_inside_fkey"), &v) && v.foreign &&
		   v.own == v.foreign,
	   "... from here, perhaps");
	ok(!table_violation(table("users"), STR("nobody"), &v) && !v.unique &&
		   !v.check && !v.own && !v.foreign,
	   "nothing else is");
}

static void
test_refused(void)
{
	static const char *const texts[] = {"",
					    "null",
					    "[]",
					    "{",
					    "{\"tables\":1",
					    "{\"tables\":1}",
					    "{\"tables\":{}}",
					    "\"tables\"",
					    "nonsense",
					    "{\"roles\":[]}"};
	struct arena *a = arena_new(1024);
	struct model *none = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err *e = model_read(a, str_of(texts[i]), &none);

		ok(e && e->code == ERR_INTERNAL && e->cause.n && !none,
		   "%s is no model", texts[i]);
	}
	arena_free(a);
}

/* Members that are absent or of another type leave defaults behind. */
static void
test_odd(void)
{
	struct str text =
		STR("{\"roles\":[1,\"r\"],\"tables\":[1,{},{\"schema\":\"api\","
		    "\"name\":\"t\",\"columns\":[{\"name\":\"c\",\"tags\":{"
		    "\"deprecated\":true}},7,{\"name\":\"d\",\"tags\":{"
		    "\"deprecated\":\"use c\"}}],"
		    "\"primary_key\":{\"columns\":[\"nope\"]},\"unique\":[{},"
		    "{\"columns\":[\"c\"]},{\"columns\":[\"nope\"]}],"
		    "\"foreign_keys\":[{\"columns\":[\"c\"]},{\"columns\":[],"
		    "\"schema\":\"api\",\"table\":\"t\",\"references\":[]}],"
		    "\"grants\":{\"select\":[\"r\",\"nobody\"]}}],"
		    "\"messages\":{}}");
	struct arena *a = arena_new(1024);
	struct model *m = NULL;
	const struct table *t;

	ok(!model_read(a, text, &m), "an odd model can be read");
	t = model_table(m, STR("t"));
	ok(m->ntables == 3 && t && t->ncolumns == 3, "what is there is there");
	ok(!t->primary && !t->nfkeys, "keys of columns that are not are not");
	ok(t->grants.select == model_role(m, STR("r")), "one grant is known");
	ok(table_column(t, STR("c"))->type->kind == TYPE_OTHER,
	   "a type that is not told is any other");
	is(table_column(t, STR("c"))->deprecated, STR("No longer supported"),
	   "a column may be deprecated");
	is(table_column(t, STR("d"))->deprecated, STR("use c"), "... and why");
	arena_free(a);
	model_drop(m);
}

static void
test_counted(void)
{
	struct model *held = model_hold(model);

	model_drop(model);
	ok(held->ntables && model_table(held, STR("users")),
	   "who holds a model keeps it");
	model_drop(NULL);
	ok(held->refs == 1, "no model needs no dropping");
	ok(held->text.n > 10000 && held->version.n == 32,
	   "it has its text and its version");
}

int
main(void)
{
	model = ask_model();
	test_tables();
	test_roles();
	test_columns();
	test_graphql();
	test_constraints();
	test_links();
	test_messages();
	test_violations();
	test_refused();
	test_odd();
	test_counted();
	model_drop(model);
	return done();
}
