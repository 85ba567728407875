/*
 *   with t0 as (write ... returning what is needed)
 *   select members, set_config(name, key, true)
 *   from (select count(*) as n from t0) n left join t0 on true
 *   where case when n = how many there must be then true
 *     else postern.missing(step) end
 *
 * Where nothing is kept and any number of rows will do it is the plan's own
 * statement.
 */
#include "core/sql_steps.h"

#include "core/sql_page.h"
#include "core/sql_write.h"

struct step {
	const struct plan *p;
	int i;
	struct sql_scope scope; /* of t0 */
};

/* ---- where the rows come from ---- */

/* A write of nothing is none. */
static bool
is_write(const struct plan *p)
{
	return p->op != PLAN_SELECT && (p->op != PLAN_UPDATE || p->nset);
}

/* A select, or a write of nothing, which locks the rows all the same. */
static void
put_selected(struct compiler *c, const struct step *step)
{
	struct sql_from from = {.scope = {.node = step->scope.node},
				.parent = -1};

	from.scope.end = &from.scope.joins;
	sql_write_needed(c, step->p, "select ");
	sql_from(c, step->p, &from);
	if (step->p->op == PLAN_UPDATE)
		SQL(c, " for no key update of t0");
}

static void
put_rows(struct compiler *c, struct step *step)
{
	const struct plan *p = step->p;

	SQL(c, "with t0 as (");
	if (is_write(p)) {
		sql_write(c, p, &step->scope);
		sql_write_needed(c, p, " returning ");
	} else {
		put_selected(c, step);
	}
	SQL(c, ") select ");
}

/* ---- what is made of them ---- */

static void
put_kept(struct compiler *c, const struct plan *p)
{
	const struct constraint *key = p->table->primary;

	for (size_t i = 0; p->keep.n && i < key->n; i++) {
		sql_next_column(c);
		SQL(c, "pg_catalog.set_config(");
		sql_arg(c, plan_kept(c->arena, p->keep, i));
		SQL(c, ", ");
		sql_column(c, 0, key->columns[i]);
		SQL(c, "::pg_catalog.text, true)");
	}
}

static void
put_members(struct compiler *c, struct step *step)
{
	const struct plan *p = step->p;

	if (p->quiet)
		SQL(c, "1");
	else
		sql_results(c, p, &step->scope, sql_returned_version);
	/* Where there is none there is a 1. */
	if (c->out->ncolumns == 0)
		c->out->ncolumns = 1;
	put_kept(c, p);
}

static void
put_from(struct compiler *c, const struct step *step)
{
	const struct plan *p = step->p;

	if (!p->must) {
		SQL(c, " from t0");
		sql_joins(c, &step->scope);
		return;
	}
	SQL(c, " from (select pg_catalog.count(*) as n from t0) n "
	       "left join t0 on true");
	sql_joins(c, &step->scope);
	SQL(c, " where case when n.n = ");
	sql_arg_int(c, (int64_t)p->must);
	SQL(c, " then true else postern.missing(");
	sql_arg_int(c, step->i);
	SQL(c, ") end");
}

/* ---- all of it ---- */

static void
put_step(struct compiler *c, struct step *step)
{
	const struct plan *p = step->p;

	sql_scope(c, &step->scope);
	if (p->quiet && is_write(p) && !p->keep.n && !p->must) {
		sql_write(c, p, &step->scope);
		return;
	}
	put_rows(c, step);
	put_members(c, step);
	put_from(c, step);
	c->broken |= sql_page_is(p);
}

/* Is its own statement all that it is? */
static bool
is_plain(const struct plan *p)
{
	return !p->keep.n && !p->must && !p->quiet &&
	       (p->op == PLAN_SELECT || is_write(p));
}

struct err *
sql_step(struct arena *a, const struct plan *plan, int i, struct statement *ret)
{
	struct plan own = *plan;
	struct step step = {.p = &own, .i = i};
	struct compiler c;

	if (is_plain(plan))
		return sql_compile(a, plan, ret);
	if (plan->quiet) {
		own.shape = plan_shape(a, plan->table, 0);
		own.keys = own.version = false;
	}
	sql_begin(&c, a, ret);
	put_step(&c, &step);
	return sql_end(&c);
}
