/* Shapes and operators; and what lists promise about the work they make. */
#include "core/plan.h"

#include "ask.h"
#include "tap.h"

static void
test_shape(struct arena *a)
{
	static const struct table table;
	struct shape *shape = plan_shape(a, &table, 3);
	struct str all = STR("\x01\x02\x03\x1f\"\\\b\f\n\r\t");
	struct field *f;

	ok(shape->table == &table && shape->n == 0, "a shape begins empty");
	f = plan_field(a, shape, STR("id"));
	is(f->label, STR("{\"id\":"), "the first label opens the object");
	f = plan_field(a, shape, STR("a \"b\""));
	is(f->label, STR(",\"a \\\"b\\\"\":"), "others follow a comma");
	f = plan_field(a, shape, all);
	is(f->label,
	   STR(",\"\\u0001\\u0002\\u0003\\u001f\\\"\\\\\\b\\f\\n\\r\\t\":"),
	   "a name may be nothing but escapes");
	f = plan_field(a, plan_shape(a, &table, 1), STR(""));
	is(f->label, STR("{\"\":"), "... or nothing");
}

static void
test_operators(void)
{
	static const struct {
		const char *name;
		enum plan_cmp cmp;
	} rows[] = {
		{"eq",      CMP_EQ     },
		      {"neq",     CMP_NEQ    },
		{"gt",      CMP_GT     },
		      {"gte",     CMP_GTE    },
		{"lt",      CMP_LT     },
		      {"lte",     CMP_LTE    },
		{"in",      CMP_IN     },
		      {"like",    CMP_LIKE   },
		{"ilike",	  CMP_ILIKE  },
		      {"is_null", CMP_IS_NULL},
	};
	static const char *const none[] = {"",	   "EQ", "eq ", "not_null",
					   "xmin", "=",	 "any", "false"};
	enum plan_cmp cmp;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(plan_operator_find(str_of(rows[i].name), &cmp) &&
			   cmp == rows[i].cmp,
		   "there is an operator %s", rows[i].name);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(!plan_operator_find(str_of(none[i]), &cmp),
		   "there is no operator '%s'", none[i]);
	for (int i = 0; i < CMP_END; i++)
		if (!plan_operator((enum plan_cmp)i)->sql)
			ok(false, "operator %d has its SQL", i);
}

/* What a list is: a stream when unbounded, quick when an index bounds it. */
static const struct list {
	const char *uri;
	bool quick, keys;
	int64_t limit;
} lists[] = {
	{"/users",		    false, false, 0  },
	{"/users?limit=1",		   true,	 true,  1	},
	{"/users?limit=200",	     true,  true,	 200},
	{"/users?limit=201",	     false, true,  201},
	{"/users?limit=5&name[gt]=a", false, true,  5  },
	{"/users?limit=5&order=name", false, true,  5  },
	{"/users?limit=",		  false, false, 0	 },
	{"/users?name=",		 false, false, 0	},
	{"/events?limit=7&limit=8",   true,  true,	8	 },
};

static void
test_lists(struct model *model)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct plan *p;
		struct asked q;

		ask_open(&q, model, "postern_member");
		q.call.request.method = STR("GET");
		q.call.request.uri = str_of(lists[i].uri);
		ask(&q);
		p = &q.call.plan;
		ok(!q.error && p->list && p->op == PLAN_SELECT, "%s is a list",
		   lists[i].uri);
		ok(p->quick == lists[i].quick, "... which is quick or not");
		ok(p->keys == lists[i].keys && p->limit == lists[i].limit,
		   "... and a page or not");
		ok(!p->version, "... and has no versions");
		is(p->open, STR("["), "... and stands in brackets");
		ask_free(&q);
	}
}

/* Nothing of one request stays for the next with the same model. */
static void
test_again(struct model *model)
{
	struct str first = {0};
	struct arena *a = arena_new(4096);
	bool same = true;

	for (int i = 0; i < 3; i++) {
		struct asked q;

		ask_open(&q, model, "postern_admin");
		q.call.request.method = STR("GET");
		q.call.request.uri = STR("/categories?mood=sad&limit=3");
		ask(&q);
		if (i == 0)
			first = arena_str(a, q.statement.text);
		same &= str_eq(first, q.statement.text);
		ask_free(&q);
	}
	ok(same && first.n, "the same request gives the same bytes");
	ok(model->refs == 1, "... and holds the model no longer than it lasts");
	arena_free(a);
}

int
main(void)
{
	struct arena *a = arena_new(4096);
	struct model *model = ask_model();

	test_shape(a);
	test_operators();
	test_lists(model);
	test_again(model);
	model_drop(model);
	arena_free(a);
	return done();
}
