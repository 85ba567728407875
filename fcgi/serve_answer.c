#include "serve_answer.h"

#include "core/print.h"

/* ---- one statement after the other ---- */

/* What the interface knows is about the last statement that is printed. */
static void
begin(struct exchange *x, int at)
{
	struct call *call = &x->call;
	struct printing *to = &x->printing;

	to->at = at;
	to->statement = &x->script.statements[at];
	to->plan = &call->plan;
	if (call->plan.op == PLAN_STEPS)
		to->plan = &call->plan.steps[at];
	to->opened = to->between = false;
	if (to->plan->quiet)
		return;
	call->rows = call->nversions = 0;
	call->more = false;
	call->first = call->keys = call->versions = NULL;
	call->counts = ARENA_ARRAY(call->arena, int64_t, to->plan->nprobes + 1);
	to->starts = NULL;
	if (to->plan->backward && to->plan->limit)
		to->starts = ARENA_ARRAY(call->arena, size_t,
					 (size_t)to->plan->limit + 1);
}

/*
 * Rows that came the other way round are put right.  Between them there is a
 * comma each.
 */
static void
turn(struct exchange *x)
{
	const size_t *starts = x->printing.starts;
	struct buf *b = &x->body;
	size_t n = x->call.rows, end = b->n;
	struct str all;

	if (!starts || n < 2 || b->broken)
		return;
	all = arena_str(x->call.arena,
			str_sub(buf_str(b), starts[0], b->n - starts[0]));
	b->n = starts[0];
	while (n--) {
		buf_put(b,
			str_sub(all, starts[n] - starts[0], end - starts[n]));
		end = starts[n] - 1;
		if (n)
			buf_char(b, ',');
	}
}

static void
open(struct exchange *x)
{
	if (!x->printing.opened)
		buf_put(&x->body, x->printing.plan->open);
	x->printing.opened = true;
}

/* Behind the page's own rows. */
static void
begin_sections(struct exchange *x)
{
	if (x->printing.between)
		return;
	open(x);
	turn(x);
	buf_put(&x->body, x->printing.plan->between);
	x->printing.between = true;
}

static void
end(struct exchange *x)
{
	const struct plan *p = x->printing.plan;

	if (p->quiet || (!p->list && x->call.rows == 0))
		return;
	open(x);
	if (p->nsections)
		begin_sections(x);
	else
		turn(x);
	buf_put(&x->body, p->close);
	x->printing.closed = true;
}

static void
advance(struct exchange *x, int at)
{
	while (x->printing.at < at) {
		end(x);
		begin(x, x->printing.at + 1);
	}
}

void
serve_answer_begin(struct exchange *x)
{
	size_t most = 0;

	for (int i = 0; i < x->script.n; i++)
		if (x->script.statements[i].ncolumns > most)
			most = x->script.statements[i].ncolumns;
	x->printing = (struct printing){
		.columns = ARENA_ARRAY(x->call.arena, struct str, most + 1),
	};
	buf_clear(&x->body);
	begin(x, 0);
}

void
serve_answer_end(struct exchange *x)
{
	advance(x, x->script.n - 1);
	end(x);
}

/* ---- rows ---- */

static struct str *
copy_columns(struct exchange *x, size_t from, size_t n)
{
	const struct str *columns = &x->printing.columns[from];
	struct str *copy = ARENA_ARRAY(x->call.arena, struct str, n);

	for (size_t i = 0; i < n; i++)
		if (columns[i].p)
			copy[i] = arena_str(x->call.arena, columns[i]);
	return copy;
}

/* What the interface will want to know of this row beyond its members. */
static void
remember(struct exchange *x)
{
	struct call *call = &x->call;
	const struct plan *p = x->printing.plan;
	const struct statement *s = x->printing.statement;

	if (p->keys && call->rows == 1)
		call->first = copy_columns(x, s->key_at, p->norder);
	if (p->keys && (int64_t)call->rows == p->limit)
		call->keys = copy_columns(x, s->key_at, p->norder);
	if (!p->list && s->nversions) {
		call->versions = copy_columns(x, s->version_at, s->nversions);
		call->nversions = s->nversions;
	}
}

static void
on_row(struct exchange *x, const struct str *columns)
{
	struct call *call = &x->call;
	const struct plan *p = x->printing.plan;

	if (p->keys && (int64_t)call->rows == p->limit) {
		call->more = true;
		return;
	}
	if (call->rows++)
		buf_char(&x->body, ',');
	else
		open(x);
	if (x->printing.starts)
		x->printing.starts[call->rows - 1] = x->body.n;
	call->nulls = print_row(&x->body, p->shape, columns);
	remember(x);
}

static void
on_section_row(struct exchange *x, const struct section *s,
	       const struct str *columns)
{
	if (x->printing.between)
		buf_char(&x->body, ',');
	else
		begin_sections(x);
	print_row(&x->body, s->shape, columns);
}

static int64_t
number(struct str binary)
{
	uint64_t n = 0;

	for (size_t i = 0; i < binary.n; i++)
		n = n << 8 | (unsigned char)binary.p[i];
	return (int64_t)n;
}

/* Of which kind a row is says its first column. */
static void
on_any_row(struct exchange *x)
{
	const struct plan *p = x->printing.plan;
	const struct str *columns = x->printing.columns;
	const size_t *kind_at = x->printing.statement->kind_at;
	size_t kind = kind_at ? (size_t)number(columns[0]) : 0;

	if (kind_at)
		columns += kind_at[kind];
	if (kind == 0)
		on_row(x, columns);
	else if (kind <= p->nsections)
		on_section_row(x, &p->sections[kind - 1], columns);
	else
		x->call.counts[kind - 1 - p->nsections] = number(columns[0]);
}

static struct str
column(const PGresult *rows, int row, int i)
{
	if (PQgetisnull(rows, row, i))
		return (struct str){0};
	return (struct str){PQgetvalue(rows, row, i),
			    (size_t)PQgetlength(rows, row, i)};
}

void
serve_answer_rows(struct exchange *x, int at, const PGresult *rows)
{
	int n = PQntuples(rows), columns = PQnfields(rows);

	advance(x, at);
	if (x->printing.plan->quiet)
		return;
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < columns; k++)
			x->printing.columns[k] = column(rows, i, k);
		on_any_row(x);
	}
}

struct str *
serve_answer_keep(struct exchange *x, const PGresult *rows, int max)
{
	struct str *kept;

	if (PQntuples(rows) == 0)
		return NULL;
	kept = ARENA_ARRAY(x->call.arena, struct str, (size_t)max);
	for (int i = 0; i < PQnfields(rows) && i < max; i++) {
		struct str value = column(rows, 0, i);

		if (value.p)
			kept[i] = arena_str(x->call.arena, value);
	}
	return kept;
}
