#include "io/ask.h"

#include "base/buf.h"

enum { TEXT_MAX = 512, ARGS = 4, TRACEPARENT = 55 };

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

/* Whom others vouch for: no session has to live. */
static const char enter_vouched[] =
	"select where set_config('role', $2, true) is null or "
	"set_config('request.jwt.claims', auth.vouched_claims($1), true) "
	"is null";

static const char enter_vouched_here[] =
	"select where set_config('request.jwt.claims', "
	"auth.vouched_claims($1), true) is null";

static const char enter_as[] =
	"select where set_config('role', $1, true) is null";

static const char trace[] =
	"select where set_config('postern.traceparent', $1, true) is null";

/* How one enters on a connection that takes the role, and on one that has it.
 */
struct entrance {
	struct statement takes, has;
};

static void
enter_session(const struct caller *caller, struct entrance *e)
{
	const char **args = e->takes.args;

	args[0] = caller->session.p;
	args[1] = caller->role;
	args[2] = caller->claims.p;
	args[3] = caller->runs_as;
	e->takes.text = str_of(enter_signed_in);
	e->takes.nargs = ARGS;
	e->has = (struct statement){
		.text = str_of(enter_here), .args = args, .nargs = ARGS - 1};
}

static void
enter_by_word(const struct caller *caller, struct entrance *e)
{
	const char **args = e->takes.args;

	args[0] = caller->claims.p;
	args[1] = caller->runs_as;
	e->takes.text = str_of(enter_vouched);
	e->takes.nargs = 2;
	e->has = (struct statement){
		.text = str_of(enter_vouched_here), .args = args, .nargs = 1};
}

void
ask_enter(struct arena *a, const struct caller *caller, struct pg_job *job)
{
	struct entrance *e;

	if (!caller->runs_as)
		return;
	e = ARENA_NEW(a, struct entrance);
	e->takes.args = ARENA_ARRAY(a, const char *, ARGS);
	job->role = caller->runs_as;
	job->enter = &e->takes;
	if (caller->vouched) {
		enter_by_word(caller, e);
	} else if (caller->known) {
		enter_session(caller, e);
	} else {
		e->takes.text = str_of(enter_as);
		e->takes.args[e->takes.nargs++] = caller->runs_as;
		return;
	}
	job->enter_here = &e->has;
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

/* Only zeros. */
static bool
is_nought(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return true;
}

/*
 * Version 00 of W3C's Trace Context: 00-trace-span-flags, in small letters.  A
 * trace or a span of zeros is none.
 */
static bool
is_traceparent(struct str s)
{
	static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-"
				   "xxxxxxxxxxxxxxxx-xx";

	for (size_t i = 0; i < s.n && i < TRACEPARENT; i++)
		if (form[i] == 'x' ? !strchr("0123456789abcdef", s.p[i])
				   : form[i] != s.p[i])
			return false;
	return s.n == TRACEPARENT && !memchr(s.p, '\0', s.n) &&
	       !is_nought(str_sub(s, 3, 35)) && !is_nought(str_sub(s, 36, 52));
}

void
ask_trace(const struct request *r, struct script *script)
{
	struct statement *all;

	if (!is_traceparent(r->traceparent) || script->n >= SCRIPT_MAX)
		return;
	all = ARENA_ARRAY(r->arena, struct statement, (size_t)script->n + 1);
	memcpy(all + 1, script->statements, (size_t)script->n * sizeof(*all));
	all[0].text = str_of(trace);
	all[0].aside = true;
	all[0].args = ARENA_ARRAY(r->arena, const char *, 1);
	all[0].args[all[0].nargs++] = arena_str(r->arena, r->traceparent).p;
	script->statements = all;
	script->room = ++script->n;
}
