/*
 * The chosen fields of a mutation become trees to write (spec.md §4.6 to
 * §4.9), and what came of them is answered.
 *
 * All root fields are one transaction, one after the other: either all of them
 * succeed or nothing is changed.  A row that violates CHECK constraints is no
 * error but an answer, `success` false with `validationErrors`; so is a delete
 * that a foreign key forbids.  The other root fields then did not succeed
 * either and say so.  Everything else that goes wrong is a fault of the field
 * that it happened to, and `data` is null.
 */
#ifndef POSTERN_API_GRAPHQL_MUTATE_H
#define POSTERN_API_GRAPHQL_MUTATE_H

#include "api/graphql/query.h"
#include "core/tree.h"

/*
 * Plan all root fields as call->plan: PLAN_TREES, one tree for each that
 * writes, in their order; where none does, PLAN_NONE as of query_plan().
 * False when there are faults.
 */
bool mutate_plan(struct planner *p, const struct chosen *root);

/* Print `{"data":...}` into the reply's body: all is committed. */
void mutate_render(struct call *call, const struct chosen *root);

/*
 * All is undone.  True when that is an answer, which is printed; else there
 * are faults now, unless the error is none of the mutation's.
 */
bool mutate_failed(struct call *call, const struct chosen *root,
		   const struct err *e, struct faults *faults);

/* ---- between the parts of mutate*.c ---- */

/* A tree that grows while its input is read. */
struct mutation {
	struct planner *p;
	const struct chosen *f; /* the root field */
	struct tree *tree;
	size_t items_room, clearings_room;
};

/* Append; -1 adds a fault. */
int mutate_item(struct mutation *m, const struct item *one);

/* An item's values and all that is nested in them; false adds a fault. */
bool mutate_data(struct mutation *m, int item, const struct schema_type *type,
		 const struct value *data, int depth);

/* Faults of one of the rows; false. */
bool mutate_missing(struct mutation *m, const struct table *table);

/* Does the root field write? */
bool mutate_writes(const struct chosen *f);

/* A CHECK constraint that a row violates. */
struct unfit {
	int item;
	size_t check; /* of its table */
};

/* What is answered when nothing was changed: of the tree, or of none. */
struct refusal {
	const struct tree *tree;
	struct unfit *unfit; /* in the order of the items */
	size_t n;
};

/* Print `{"data":...}`; `refusal` NULL: all is committed. */
void mutate_print(struct call *call, const struct chosen *root,
		  const struct refusal *refusal);

/* A constraint's comment, with the item's values in their places. */
struct str
mutate_message(struct arena *a, const struct item *item, struct str comment);

/* "Label violates the rule 'label_rule'." */
struct str mutate_rule(struct arena *a, const struct table *t, struct str name);

#endif
