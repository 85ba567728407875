#include "core/plan.h"

#include "base/buf.h"

struct shape *
plan_shape(struct arena *a, const struct table *table, size_t max)
{
	struct shape *shape = ARENA_NEW(a, struct shape);

	shape->table = table;
	shape->fields = ARENA_ARRAY(a, struct field, max);
	return shape;
}

struct field *
plan_field(struct arena *a, struct shape *shape, struct str name)
{
	struct field *f = &shape->fields[shape->n];
	struct buf label = buf_new(6 * name.n + 4);

	f->name = name;
	label.p = arena_alloc(a, label.max);
	label.size = label.max;
	buf_char(&label, shape->n++ ? ',' : '{');
	buf_json(&label, name);
	buf_char(&label, ':');
	f->label = buf_str(&label);
	return f;
}

static const struct plan_operator operators[CMP_END] = {
	[CMP_EQ] = {"eq",	  " = "	       },
	[CMP_NEQ] = {"neq",	    " is distinct from "},
	[CMP_GT] = {"gt",	  " > "	       },
	[CMP_GTE] = {"gte",	    " >= "		  },
	[CMP_LT] = {"lt",	  " < "	       },
	[CMP_LTE] = {"lte",	    " <= "		  },
	[CMP_IN] = {"in",	  " = any"		  },
	[CMP_LIKE] = {"like",    " like "	      },
	[CMP_ILIKE] = {"ilike",	" ilike "		 },
	[CMP_IS_NULL] = {"is_null", " is null"	      },
	[CMP_NOT_NULL] = {NULL,	" is not null"      },
	[CMP_VERSION] = {NULL,      " = any"	       },
	[CMP_NOTHING] = {NULL,      "null"		     },
	[CMP_NOT_IN] = {NULL,      " <> all"	       },
	[CMP_HAS] = {NULL,	   " like "		   },
	[CMP_KEPT] = {NULL,	    " = "		 },
	[CMP_DIFFERS] = {NULL,      " <> "		     },
	[CMP_NONE_OF] = {NULL,      " <> all"		},
	[CMP_NOT_LIKE] = {NULL,	" not like "	    },
	[CMP_NOT_ILIKE] = {NULL,	 " not ilike "	      },
	[CMP_MATCH] = {NULL,	     " @@ "		   },
	[CMP_CONTAINS] = {NULL,	" @> "	      },
	[CMP_IHAS] = {NULL,	    " ilike "	     },
};

const struct plan_operator *
plan_operator(enum plan_cmp cmp)
{
	return &operators[cmp];
}

bool
plan_operator_find(struct str name, enum plan_cmp *ret)
{
	for (int i = 0; i < CMP_END; i++) {
		if (!operators[i].name ||
		    !str_eq(str_of(operators[i].name), name))
			continue;
		*ret = (enum plan_cmp)i;
		return true;
	}
	return false;
}

struct str
plan_kept(struct arena *a, struct str keep, size_t i)
{
	return arena_printf(a, "postern.%.*s_%zu", STR_FMT(keep), i);
}
