#include "io/lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

static void on_ready(struct watch *w, uint32_t events);

void
lane_init(struct lane *lane, struct pg *pg, struct loop *loop)
{
	*lane = (struct lane){
		.watch = {on_ready},
		.loop = loop,
		.pg = pg,
		.fd = -1,
	};
	lane->tail = &lane->head;
}

/* ---- the descriptor ---- */

static void
unwatch(struct lane *lane)
{
	if (lane->fd >= 0)
		loop_remove(lane->loop, lane->fd);
	lane->fd = -1;
	lane->events = 0;
}

static void
watch(struct lane *lane, uint32_t events)
{
	int fd = PQsocket(lane->connection);

	if (fd == lane->fd && events == lane->events)
		return;
	if (fd == lane->fd) {
		loop_change(lane->loop, fd, &lane->watch, events);
	} else {
		unwatch(lane);
		loop_add(lane->loop, fd, &lane->watch, events);
	}
	lane->fd = fd;
	lane->events = events;
}

/* ---- what is prepared ---- */

static struct prepared *
find_prepared(struct lane *lane, struct str text, uint64_t hash)
{
	for (size_t i = 0; i < lane->nprepared; i++) {
		struct prepared *p = &lane->prepared[i];

		if (p->hash == hash && str_eq(str_of(p->text), text))
			return p;
	}
	return NULL;
}

static void
forget_all_prepared(struct lane *lane)
{
	while (lane->nprepared)
		free(lane->prepared[--lane->nprepared].text);
}

/* ---- connecting ---- */

static void
down(struct lane *lane)
{
	unwatch(lane);
	PQfinish(lane->connection);
	lane->connection = NULL;
	lane->state = LANE_DOWN;
	forget_all_prepared(lane);
	lane->outdated = false;
	lane->dirty = lane->broken = lane->unwanted = false;
}

static void
fail_to_connect(struct lane *lane)
{
	log_line(LOG_WARN, "no database: %s", PQerrorMessage(lane->connection));
	down(lane);
	pg_lane_failed(lane->pg);
}

static void
up(struct lane *lane)
{
	PQsetnonblocking(lane->connection, 1);
	if (!PQenterPipelineMode(lane->connection)) {
		fail_to_connect(lane);
		return;
	}
	lane->state = LANE_UP;
	watch(lane, EPOLLIN);
	pg_lane_up(lane->pg, lane);
}

static void
go_on_connecting(struct lane *lane)
{
	/*
	 * libpq may close the socket here and open one for the next host, under
	 * the same number: the epoll set has forgotten it, we would not know.
	 */
	unwatch(lane);
	switch (PQconnectPoll(lane->connection)) {
	case PGRES_POLLING_READING:
		watch(lane, EPOLLIN);
		break;
	case PGRES_POLLING_WRITING:
		watch(lane, EPOLLOUT);
		break;
	case PGRES_POLLING_OK:
		up(lane);
		break;
	default:
		fail_to_connect(lane);
	}
}

void
lane_connect(struct lane *lane)
{
	lane->since = lane->loop->now;
	lane->connection = pg_connection_start(lane->pg);
	if (PQstatus(lane->connection) == CONNECTION_BAD) {
		fail_to_connect(lane);
		return;
	}
	lane->state = LANE_CONNECTING;
	watch(lane, EPOLLOUT);
}

void
lane_close(struct lane *lane)
{
	unwatch(lane);
	PQfinish(lane->connection);
	lane->connection = NULL;
	lane->state = LANE_DOWN;
	forget_all_prepared(lane);
}

/* ---- the queue ---- */

static void
push(struct lane *lane, struct pg_job *job)
{
	job->next = NULL;
	job->error = NULL;
	job->preparing = 0;
	job->since = lane->loop->now;
	*lane->tail = job;
	lane->tail = &job->next;
	lane->queued++;
	lane->jobs++;
}

static struct pg_job *
pop(struct lane *lane)
{
	struct pg_job *job = lane->head;

	lane->head = job->next;
	if (!lane->head)
		lane->tail = &lane->head;
	lane->queued--;
	return job;
}

static void
finish(struct lane *lane)
{
	struct pg_job *job = pop(lane);

	lane->progress = lane->loop->now;
	job->done(job, job->error);
}

/*
 * What a job whose connection went away ended as.  One that the server
 * refused or never came to has done nothing; a write whose answer did not
 * come may have been committed.
 */
static struct err *
loss(const struct pg_job *job, enum err_code code, const char *why)
{
	struct err *e;

	if (job->error)
		return job->error;
	if (job->write && code != ERR_LOST) {
		e = err_new(job->arena, ERR_UNKNOWN_OUTCOME,
			    "The outcome is unknown: the change may have been "
			    "made.");
		e->cause = arena_str(job->arena, str_of(why));
		return e;
	}
	if (code == ERR_UNKNOWN_OUTCOME)
		code = ERR_LOST;
	return err_internal(job->arena, code, "%s", why);
}

void
lane_lost(struct lane *lane, enum err_code code, const char *why)
{
	char text[512]; /* `why` may be the connection's own */

	snprintf(text, sizeof(text), "database connection lost: %s", why);
	log_line(lane->unwanted ? LOG_DEBUG : LOG_WARN, "%s", text);
	down(lane);
	while (lane->head) {
		struct pg_job *job = pop(lane);

		job->done(job, loss(job, code, text));
	}
}

/* ---- sending ---- */

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
prepare(struct lane *lane, struct pg_job *job, uint64_t hash)
{
	struct str text = job->statement->text;
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
	*p = (struct prepared){.hash = hash, .text = mem_text(text.p)};
	snprintf(p->name, sizeof(p->name), "p%u", ++lane->last_id);
	job->preparing++;
	if (!PQsendPrepare(lane->connection, p->name, text.p, 0, NULL))
		lane->broken = true;
	return p;
}

/* All of it goes, in the server too; the next job's statements follow. */
static void
drop_outdated(struct lane *lane, struct pg_job *job)
{
	lane->outdated = false;
	if (lane->nprepared == 0)
		return;
	forget_all_prepared(lane);
	job->preparing++;
	if (!PQsendQueryParams(lane->connection, "deallocate all", 0, NULL,
			       NULL, NULL, NULL, 0))
		lane->broken = true;
}

static bool
send_prepared(struct lane *lane, struct pg_job *job)
{
	const struct statement *s = job->statement;
	uint64_t hash = str_hash(s->text);
	struct prepared *p = find_prepared(lane, s->text, hash);

	if (lane->outdated) {
		drop_outdated(lane, job);
		p = NULL;
	}
	if (!p)
		p = prepare(lane, job, hash);
	p->used = lane->jobs;
	return PQsendQueryPrepared(lane->connection, p->name, s->nargs, s->args,
				   NULL, NULL, 1);
}

/* A stream is planned anew: single-row mode wants its query first. */
static bool
send_stream(struct lane *lane, const struct statement *s)
{
	return PQsendQueryParams(lane->connection, s->text.p, s->nargs, NULL,
				 s->args, NULL, NULL, 1) &&
	       PQsetSingleRowMode(lane->connection);
}

void
lane_send(struct lane *lane, struct pg_job *job)
{
	bool sent;

	push(lane, job);
	if (job->stream && lane->queued == 1)
		sent = send_stream(lane, job->statement);
	else
		sent = send_prepared(lane, job);
	if (!sent || !PQpipelineSync(lane->connection))
		lane->broken = true;
	lane->dirty = true;
}

static void
no_rows(struct pg_job *job, const PGresult *rows)
{
	(void)job;
	(void)rows;
}

static void
free_ghost(struct pg_job *job, struct err *e)
{
	(void)e;
	arena_free(job->arena);
	free(job);
}

/* What stands in the queue for a job that has been taken off it. */
static struct pg_job *
ghost_of(const struct pg_job *job)
{
	static const struct statement nothing = {
		.text = {"", 0}
	       };
	struct pg_job *ghost = mem_zero(1, sizeof(*ghost));

	*ghost = (struct pg_job){
		.arena = arena_new(1024),
		.statement = &nothing,
		.rows = no_rows,
		.done = free_ghost,
		.next = job->next,
		.since = job->since,
		.preparing = job->preparing,
		.moved = true,
		.abandoned = true,
	};
	return ghost;
}

struct pg_job *
lane_rescue(struct lane *lane)
{
	struct pg_job **at = &lane->head->next, *list = NULL, **end = &list;

	for (; *at; at = &(*at)->next) {
		struct pg_job *job = *at;

		if (!job->quick || job->write || job->moved || job->abandoned)
			continue;
		*at = ghost_of(job);
		job->moved = true;
		*end = job;
		end = &job->next;
	}
	*end = NULL;
	lane->tail = at;
	return list;
}

void
lane_flush(struct lane *lane)
{
	int left;

	if (!lane->dirty || lane->state != LANE_UP)
		return;
	left = lane->broken ? -1 : PQflush(lane->connection);
	if (left < 0) {
		lane_lost(lane, ERR_UNKNOWN_OUTCOME,
			  PQerrorMessage(lane->connection));
		return;
	}
	lane->dirty = left > 0;
	watch(lane, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- receiving ---- */

/*
 * A statement that could not be prepared, or that failed in a way that has to
 * do with the schema, is prepared anew the next time.
 */
static void
forget_prepared(struct lane *lane, const struct pg_job *job)
{
	struct str text = job->statement->text;
	struct prepared *p = find_prepared(lane, text, str_hash(text));

	if (!p)
		return;
	free(p->text);
	*p = lane->prepared[--lane->nprepared];
}

/* False when the connection is gone. */
static bool
on_failure(struct lane *lane, struct pg_job *job, const PGresult *res)
{
	struct str state = str_of(PQresultErrorField(res, PG_DIAG_SQLSTATE));

	if (!job->error && state.n)
		job->error = pg_error(job->arena, res);
	if (job->preparing ||
	    (job->error && job->error->code == ERR_SCHEMA_CHANGED))
		forget_prepared(lane, job);
	return state.n != 0 && !str_starts(state, STR("57P"));
}

static bool
on_result(struct lane *lane, const PGresult *res)
{
	struct pg_job *job = lane->head;

	switch (PQresultStatus(res)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		lane->progress = lane->loop->now;
		if (!job->error && PQnfields(res))
			job->rows(job, res);
		return true;
	case PGRES_FATAL_ERROR:
	case PGRES_NONFATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		return on_failure(lane, job, res);
	case PGRES_COMMAND_OK:
		job->preparing -= job->preparing > 0;
		return true;
	case PGRES_PIPELINE_SYNC:
		finish(lane);
		return true;
	default:
		return true;
	}
}

/* Take in every result that has come; false when the connection is gone. */
static bool
receive(struct lane *lane)
{
	int empty = 0;

	while (lane->head && !PQisBusy(lane->connection)) {
		PGresult *res = PQgetResult(lane->connection);
		bool alive;

		if (!res) {
			/* The end of one statement; twice: of them all. */
			if (++empty == 2)
				return true;
			continue;
		}
		empty = 0;
		alive = on_result(lane, res);
		PQclear(res);
		if (!alive)
			return false;
	}
	return true;
}

static void
take_notifications(struct lane *lane)
{
	PGnotify *n;
	bool any = false;

	while ((n = PQnotifies(lane->connection))) {
		any = true;
		PQfreemem(n);
	}
	if (any)
		pg_notified(lane->pg);
}

static void
on_ready(struct watch *w, uint32_t events)
{
	struct lane *lane = (struct lane *)w;
	bool alive;

	if (lane->state == LANE_CONNECTING) {
		go_on_connecting(lane);
		return;
	}
	if (lane->state != LANE_UP)
		return;
	if (events & EPOLLOUT)
		lane_flush(lane);
	if (lane->state != LANE_UP)
		return;
	alive = PQconsumeInput(lane->connection);
	if (!receive(lane) || !alive) {
		/*
		 * The server said goodbye to the job in hand, if to any: what
		 * stands behind it was never begun.
		 */
		bool told = lane->head && lane->head->error;

		lane_lost(lane, told ? ERR_LOST : ERR_UNKNOWN_OUTCOME,
			  PQerrorMessage(lane->connection));
		return;
	}
	if (lane->listens)
		take_notifications(lane);
}
