/*
 * What a lane has prepared, and under which names.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/lane.h"

/* A statement under row security is planned for one role. */
struct wanted {
	struct str text;
	const char *role;
	uint64_t hash;
};

static struct wanted
wanted(const struct statement *s, const char *role)
{
	return (struct wanted){s->text, role, str_hash(s->text)};
}

static bool
same_role(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct prepared *
find_prepared(struct lane *lane, const struct wanted *w)
{
	for (size_t i = 0; i < lane->nprepared; i++) {
		struct prepared *p = &lane->prepared[i];

		if (p->hash == w->hash && same_role(p->role, w->role) &&
		    str_eq(str_of(p->text), w->text))
			return p;
	}
	return NULL;
}

void
lane_forget_prepared(struct lane *lane)
{
	while (lane->nprepared)
		free(lane->prepared[--lane->nprepared].text);
}

static struct prepared *
least_used(struct lane *lane)
{
	struct prepared *least = &lane->prepared[0];

	for (size_t i = 1; i < lane->nprepared; i++)
		if (lane->prepared[i].used < least->used)
			least = &lane->prepared[i];
	return least;
}

static bool
deallocate(struct lane *lane, const char *name)
{
	char text[48];

	snprintf(text, sizeof(text), "deallocate %s", name);
	return PQsendQueryParams(lane->connection, text, 0, NULL, NULL, NULL,
				 NULL, 0);
}

/*
 * Prepare a text that this lane does not know yet; beyond the maximum the
 * least used one goes.
 */
static struct prepared *
prepare(struct lane *lane, struct pg_job *job, const struct wanted *w)
{
	struct prepared *p;

	if (lane->nprepared < PG_PREPARED_MAX) {
		p = &lane->prepared[lane->nprepared++];
	} else {
		p = least_used(lane);
		free(p->text);
		if (!deallocate(lane, p->name))
			lane->broken = true;
		job->preparing++;
	}
	*p = (struct prepared){
		.hash = w->hash,
		.text = mem_text(w->text.p),
		.role = w->role,
		.used = lane->jobs,
	};
	snprintf(p->name, sizeof(p->name), "p%u", ++lane->last_id);
	job->preparing++;
	if (!PQsendPrepare(lane->connection, p->name, w->text.p, 0, NULL))
		lane->broken = true;
	return p;
}

/* All of it goes, in the server too; the next job's statements follow. */
void
lane_drop_outdated(struct lane *lane, struct pg_job *job)
{
	lane->outdated = false;
	if (lane->nprepared == 0)
		return;
	lane_forget_prepared(lane);
	job->preparing++;
	if (!PQsendQueryParams(lane->connection, "deallocate all", 0, NULL,
			       NULL, NULL, NULL, 0))
		lane->broken = true;
}

const char *
lane_prepare(struct lane *lane, struct pg_job *job,
	     const struct statement *statement, const char *role)
{
	struct wanted w = wanted(statement, role);
	struct prepared *p = find_prepared(lane, &w);

	if (!p)
		p = prepare(lane, job, &w);
	p->used = lane->jobs;
	return p->name;
}
