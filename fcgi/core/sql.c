#include "core/sql.h"

#include "core/sql_page.h"
#include "core/sql_select.h"
#include "core/sql_write.h"

struct err *
sql_compile(struct arena *a, const struct plan *plan, struct statement *ret)
{
	struct compiler c;

	sql_begin(&c, a, ret);
	if (plan->op == PLAN_SELECT && sql_page_is(plan))
		sql_page(&c, plan);
	else if (plan->op == PLAN_SELECT)
		sql_select(&c, plan);
	else
		sql_write_and_answer(&c, plan);
	return sql_end(&c);
}
