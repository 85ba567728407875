#include "core/sql.h"

struct err *
sql_script(struct arena *a, const struct plan *plan, struct script *ret)
{
	ret->n = 1;
	ret->statements = ARENA_NEW(a, struct statement);
	return sql_compile(a, plan, ret->statements);
}
