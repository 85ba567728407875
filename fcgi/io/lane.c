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

/* ---- connecting ---- */

static void
down(struct lane *lane)
{
	unwatch(lane);
	PQfinish(lane->connection);
	lane->connection = NULL;
	lane->state = LANE_DOWN;
	lane_forget_prepared(lane);
	lane->outdated = false;
	lane->dirty = lane->broken = lane->unwanted = false;
}

static void
fail_to_connect(struct lane *lane)
{
	log_line(LOG_WARN, "no database: %s", PQerrorMessage(lane->connection));
	down(lane);
	pg_lane_failed(lane->pg, lane);
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
	lane->connection = pg_connection_start(lane->pg, lane->role);
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
	lane_forget_prepared(lane);
}

/* ---- the queue ---- */

static void
push(struct lane *lane, struct pg_job *job)
{
	job->next = NULL;
	job->error = NULL;
	job->preparing = job->sure = 0;
	job->entering = job->enter != NULL;
	job->at = job->asides = 0;
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

static bool
execute(struct lane *lane, const char *name, const struct statement *s)
{
	return PQsendQueryPrepared(lane->connection, name, s->nargs, s->args,
				   NULL, NULL, 1);
}

bool
lane_takes(const struct lane *lane, const struct pg_job *job)
{
	return !lane->role || (job->role && strcmp(lane->role, job->role) == 0);
}

static const struct statement *
enter_of(const struct lane *lane, const struct pg_job *job)
{
	return lane->role && job->enter_here ? job->enter_here : job->enter;
}

static void
prepare_all(struct lane *lane, struct pg_job *job, bool aside, int n,
	    const char **names)
{
	for (int i = 0; i < n; i++)
		if (job->statements[i].aside == aside)
			names[i] = lane_prepare(lane, job, &job->statements[i],
						job->role);
}

/*
 * The first `n` statements.  All are prepared before the first is executed:
 * what one of them refuses leaves nothing half prepared behind.  Those aside
 * come first, so that a refusal says whose it was.
 */
static bool
send_prepared(struct lane *lane, struct pg_job *job, int n)
{
	const struct statement *enter = enter_of(lane, job);
	const char *first = NULL, *names[SCRIPT_MAX];
	int asides;

	memset(names, 0, (size_t)n * sizeof(*names));
	if (enter)
		first = lane_prepare(lane, job, enter, NULL);
	prepare_all(lane, job, true, n, names);
	asides = job->preparing;
	prepare_all(lane, job, false, n, names);
	job->sure = job->preparing - asides;
	if (first && !execute(lane, first, enter))
		return false;
	for (int i = 0; i < n; i++)
		if (!execute(lane, names[i], &job->statements[i]))
			return false;
	return true;
}

/* A stream is planned anew; what stands aside is before it. */
static bool
send_stream(struct lane *lane, struct pg_job *job)
{
	const struct statement *s = &job->statements[job->n - 1];

	if (!send_prepared(lane, job, job->n - 1))
		return false;
	return PQsendQueryParams(lane->connection, s->text.p, s->nargs, NULL,
				 s->args, NULL, NULL, 1);
}

/* Is the answer that comes next, if there is one, of what stands aside? */
static bool
at_aside(const struct pg_job *job)
{
	int i = job->at + job->asides;

	return i < job->n && job->statements[i].aside;
}

/*
 * Single-row mode is the statement's whose results come next, and has to be
 * asked for before they do.
 */
static void
stream_rows(struct lane *lane)
{
	const struct pg_job *job = lane->head;

	if (job && job->stream && !job->preparing && !job->entering &&
	    !at_aside(job))
		PQsetSingleRowMode(lane->connection);
}

void
lane_send(struct lane *lane, struct pg_job *job)
{
	bool sent;

	push(lane, job);
	if (lane->outdated)
		lane_drop_outdated(lane, job);
	if (job->stream && lane->queued == 1)
		sent = send_stream(lane, job);
	else
		sent = send_prepared(lane, job, job->n);
	if (sent)
		stream_rows(lane);
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
	struct pg_job *ghost = mem_zero(1, sizeof(*ghost));

	*ghost = (struct pg_job){
		.arena = arena_new(1024),
		.rows = no_rows,
		.done = free_ghost,
		.next = job->next,
		.since = job->since,
		.preparing = job->preparing,
		.entering = job->entering,
		.at = job->at,
		.moved = true,
		.abandoned = true,
	};
	return ghost;
}

/* Whoever wrote it need not expect that it is run for nobody, too. */
static bool
has_asides(const struct pg_job *job)
{
	return job->n && job->statements[0].aside;
}

struct pg_job *
lane_rescue(struct lane *lane)
{
	struct pg_job **at = &lane->head->next, *list = NULL, **end = &list;

	for (; *at; at = &(*at)->next) {
		struct pg_job *job = *at;

		if (!job->quick || job->write || job->moved || job->abandoned ||
		    has_asides(job))
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
 * What `enter` complains about is not the caller's fault, unless his session
 * has ended: the role that he is to have is not ours, or not there.
 */
static void
blame(struct pg_job *job)
{
	bool ours = job->error->code == ERR_INVALID ||
		    job->error->code == ERR_FORBIDDEN;

	if (job->entering && !job->preparing && ours)
		job->error->code = ERR_INTERNAL;
}

/*
 * What stands aside is not the caller's doing either, unless it says so
 * itself.  Where its function is gone, the model may know better by now.
 */
static void
blame_aside(struct err *e, struct str state)
{
	e->aside = true;
	if (str_eq(state, STR("42883")))
		e->code = ERR_SCHEMA_CHANGED;
	switch (e->code) {
	case ERR_INVALID:
	case ERR_FORBIDDEN:
	case ERR_CONSTRAINT:
	case ERR_REFERENCED:
	case ERR_REFUSED:
	case ERR_NOT_FOUND:
		e->code = ERR_INTERNAL;
		break;
	case ERR_BAD_REQUEST:
		if (e->message.n == 0)
			e->code = ERR_INTERNAL;
		break;
	default:
		break;
	}
}

/* Was it being prepared, or executed? */
static bool
is_asides_fault(const struct pg_job *job)
{
	if (job->preparing)
		return job->preparing > job->sure && has_asides(job);
	return !job->entering && at_aside(job);
}

/*
 * False when the connection is gone.  After a failure that has to do with the
 * schema nobody knows what of the job's is prepared, and good: all goes.
 */
static bool
on_failure(struct lane *lane, struct pg_job *job, const PGresult *res)
{
	struct str state = str_of(PQresultErrorField(res, PG_DIAG_SQLSTATE));

	if (!job->error && state.n) {
		job->error = pg_error(job->arena, res);
		job->error->step = job->at;
		blame(job);
		if (is_asides_fault(job))
			blame_aside(job->error, state);
	}
	if (job->preparing ||
	    (job->error && job->error->code == ERR_SCHEMA_CHANGED))
		lane->outdated = true;
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
		if (job->entering) {
			job->entering = false;
			return true;
		}
		if (at_aside(job)) {
			job->asides++;
			return true;
		}
		if (!job->error && PQnfields(res))
			job->rows(job, res);
		job->at += PQresultStatus(res) == PGRES_TUPLES_OK;
		return true;
	case PGRES_FATAL_ERROR:
	case PGRES_NONFATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		return on_failure(lane, job, res);
	case PGRES_COMMAND_OK:
		if (job->preparing)
			job->preparing--;
		else
			job->at++;
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
			stream_rows(lane);
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
