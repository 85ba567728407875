#include "io/ask.h"

#include "base/buf.h"

enum { TEXT_MAX = 512, ARGS = 4 };

/*
 * Nobody reads what they would give, so they give nothing: no column and no
 * row, which is cheaper than either.
 */
static const char enter_signed_in[] =
	"select where set_config('role', coalesce((select $4::text "
	"from auth.live where id = $1::uuid and $2 = any (roles)), "
	"auth.refuse()), true) is null "
	"or set_config('request.jwt.claims', $3, true) is null";

static const char enter_here[] =
	"select where coalesce((select '' from auth.live "
	"where id = $1::uuid and $2 = any (roles)), auth.refuse()) is null "
	"or set_config('request.jwt.claims', $3, true) is null";

static const char enter_as[] =
	"select where set_config('role', $1, true) is null";

void
ask_enter(struct arena *a, const struct caller *caller, struct pg_job *job)
{
	struct statement *enter, *here;

	if (!caller->runs_as)
		return;
	enter = ARENA_ARRAY(a, struct statement, 2);
	enter->args = ARENA_ARRAY(a, const char *, ARGS);
	job->role = caller->runs_as;
	job->enter = enter;
	if (!caller->known) {
		enter->text = str_of(enter_as);
		enter->args[enter->nargs++] = caller->runs_as;
		return;
	}
	enter->args[0] = caller->session.p;
	enter->args[1] = caller->role;
	enter->args[2] = caller->claims.p;
	enter->args[3] = caller->runs_as;
	here = enter + 1;
	*here = *enter;
	enter->text = str_of(enter_signed_in);
	enter->nargs = ARGS;
	here->text = str_of(enter_here);
	here->nargs = ARGS - 1; /* all but the role */
	job->enter_here = here;
}

void
ask_statement(struct arena *a, const struct question *q, struct statement *ret)
{
	struct buf b = buf_new(TEXT_MAX);

	*ret = (struct statement){
		.args = ARENA_ARRAY(a, const char *, q->nargs + 1),
		.nargs = (int)q->nargs,
	};
	BUF_LIT(&b, "select * from ");
	buf_put(&b, str_of(q->schema ? q->schema : "auth"));
	BUF_LIT(&b, ".");
	buf_put(&b, str_of(q->function));
	buf_char(&b, '(');
	for (size_t i = 0; i < q->nargs; i++) {
		buf_put(&b, i ? STR(",$") : STR("$"));
		buf_int(&b, (int64_t)i + 1);
		ret->args[i] = q->args[i].p ? arena_str(a, q->args[i]).p : NULL;
	}
	buf_char(&b, ')');
	ret->text = arena_str(a, buf_str(&b));
	buf_free(&b);
}
