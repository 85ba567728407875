#include "api/answer.h"
#include "api/jsonapi/writing.h"

/* ---- rows ---- */

static struct str
key_value(struct call *call, const struct row *row, size_t i)
{
	return row->key ? row->key[i] : plan_kept(call->arena, row->keep, i);
}

struct setting
steps_value(struct call *call, const struct row *row, const struct column *of,
	    const struct column *to)
{
	const struct constraint *key = row->table->primary;
	size_t i = 0;

	while (i + 1 < key->n && key->columns[i] != of)
		i++;
	return (struct setting){
		.column = to,
		.value = key_value(call, row, i),
		.kept = !row->key,
	};
}

void
steps_where(struct call *call, struct plan *p, const struct row *row)
{
	const struct constraint *key = row->table->primary;

	/* One more is about its state. */
	p->where = ARENA_ARRAY(call->arena, struct condition, key->n + 1);
	p->nwhere = key->n;
	for (size_t i = 0; i < key->n; i++)
		p->where[i] = (struct condition){
			.column = key->columns[i],
			.cmp = row->key ? CMP_EQ : CMP_KEPT,
			.value = key_value(call, row, i),
		};
}

/* ---- steps ---- */

static void
make_room(struct writing *w)
{
	size_t room = w->room ? 2 * w->room : 4;
	struct arena *a = w->call->arena;
	struct plan *steps = ARENA_ARRAY(a, struct plan, room);
	struct origin *origins = ARENA_ARRAY(a, struct origin, room);

	for (size_t i = 0; i < w->nsteps; i++) {
		steps[i] = w->steps[i];
		origins[i] = w->origins[i];
	}
	w->steps = steps;
	w->origins = origins;
	w->room = room;
}

/* What nobody prints: its key, which whoever may do anything to it sees. */
static struct shape *
key_shape(struct call *call, const struct table *table)
{
	const struct constraint *key = table->primary;
	struct shape *shape = plan_shape(call->arena, table, key->n);

	for (size_t i = 0; i < key->n; i++)
		plan_field(call->arena, shape, key->columns[i]->name)->column =
			key->columns[i];
	return shape;
}

struct plan *
steps_add(struct writing *w, struct plan one, struct origin of)
{
	if (w->nsteps == w->room)
		make_room(w);
	one.quiet = true;
	if (!one.shape)
		one.shape = key_shape(w->call, one.table);
	w->origins[w->nsteps] = of;
	w->steps[w->nsteps] = one;
	return &w->steps[w->nsteps++];
}

void
steps_look(struct writing *w, const struct row *row, struct origin of)
{
	struct plan one = {.op = PLAN_SELECT, .table = row->table, .must = 1};

	steps_where(w->call, &one, row);
	steps_add(w, one, of);
}

void
steps_before(struct writing *w, const struct operation *op)
{
	for (size_t i = 0; i < op->nkeys; i++)
		steps_look(w, &op->keys[i].to->row,
			   (struct origin){.aim = AIM_LOOK,
					   .operation = op,
					   .link = &op->keys[i],
					   .to = op->keys[i].to});
}

/* Whoever sees the row and may not write it is told just that. */
static bool
look_before(struct writing *w, const struct operation *op, bool alone)
{
	if (!op->resource->table->guarded || (alone && !w->atomic))
		return false;
	steps_look(w, &op->row, (struct origin){.aim = AIM_ROW, op});
	return true;
}

static struct origin
find_row(struct writing *w, const struct operation *op, bool alone,
	 struct plan *p)
{
	struct origin of = {.aim = AIM_ROW, .operation = op};
	struct condition state;

	p->must = 1;
	steps_where(w->call, p, &op->row);
	if (!w->atomic && answer_if_match(w->call, p->table, &state))
		p->where[p->nwhere++] = state;
	else if (p->op != PLAN_SELECT)
		of.seen = look_before(w, op, alone);
	return of;
}

/* Is a row of its own table among those that are linked? */
static bool
links_own(const struct operation *op)
{
	for (size_t i = 0; i < op->nlinks; i++)
		if (op->links[i].by->by.fkey->from == op->resource->table)
			return true;
	return false;
}

/*
 * Who changes what is linked to a row waits until nobody else does.  But one
 * that policies let him see may not be one that they let him lock; and where
 * those that are linked are of its own table they are locked in their order.
 */
static bool
may_lock(const struct operation *op)
{
	const struct table *t = op->resource->table;

	return op->nlinks && !links_own(op) && !t->guarded &&
	       table_is_stored(t) && (t->grants.update & op->resource->role);
}

struct plan *
steps_row(struct writing *w, struct operation *op, bool alone)
{
	static const enum plan_op ops[] = {
		[OPERATION_ADD] = PLAN_INSERT,
		[OPERATION_UPDATE] = PLAN_UPDATE,
		[OPERATION_REMOVE] = PLAN_DELETE,
	};
	struct plan one = {
		.op = ops[op->kind],
		.table = op->resource->table,
		.set = op->set,
		.nset = op->nset,
	};

	if (one.op == PLAN_UPDATE && one.nset == 0 && !may_lock(op))
		one.op = PLAN_SELECT;
	if (one.op == PLAN_INSERT) {
		one.keep = op->row.keep;
		return steps_add(w, one, (struct origin){.aim = AIM_ROW, op});
	}
	return steps_add(w, one, find_row(w, op, alone, &one));
}

void
steps_finish(struct writing *w)
{
	struct plan *p = &w->call->plan;

	if (w->nsteps > 1 || w->atomic) {
		*p = (struct plan){
			.op = PLAN_STEPS,
			.steps = w->steps,
			.nsteps = w->nsteps,
		};
		return;
	}
	*p = w->steps[0];
	if (p->op == PLAN_UPDATE && p->nset == 0)
		p->op = PLAN_SELECT; /* nothing comes behind the lock */
	p->quiet = false;
	p->must = 0;
	p->keep = (struct str){0};
}
