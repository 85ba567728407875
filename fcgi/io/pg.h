/*
 * Postgres: a worker's few connections (lanes), each a pipeline.
 *
 * A job is one statement or a few, one implicit transaction, one Sync; where
 * it runs as somebody else than the connection, a statement before its own
 * says so in the same transaction, and the job fails with it.  Statements
 * that stand aside (core/sql.h) run in between and count for nothing: neither
 * their rows nor their numbers are seen.  Jobs are
 * queued on a lane at once and answered in order; a job's `done` is called
 * when its Sync has come back, so success means committed.  Quick reads
 * share the first lane (that batches them); everything else spreads over the
 * other lanes, so that commits group and a slow statement holds up only its
 * own lane.  Where there are PG_MEMBER_LANES, the second is connected as
 * PG_MEMBER and has that role's quick reads, which need not change it then.
 * Lanes reconnect by themselves; nothing here ever blocks once the pool is
 * open.
 *
 * Statements are prepared once per lane under a name derived from their
 * text; the least used ones are deallocated beyond PG_PREPARED_MAX.
 */
#ifndef POSTERN_IO_PG_H
#define POSTERN_IO_PG_H

#include <libpq-fe.h>

#include "base/conf.h"
#include "core/sql.h"
#include "io/loop.h"

enum { PG_PREPARED_MAX = 100, PG_QUEUE_MAX = 512, PG_MEMBER_LANES = 4 };

#define PG_MEMBER "postern_member"

struct pg_job {
	struct arena *arena; /* errors are made here */
	const struct statement *statements;
	int n; /* SCRIPT_MAX at most; of a stream, the last is its own */
	/* Before it; NULL: none.  The same where the lane has the role. */
	const struct statement *enter, *enter_here;
	const char *role; /* that `enter` takes on; NULL: the connection's */
	bool quick;	  /* a read that an index bounds: shares a lane */
	bool write;	  /* its loss leaves the outcome unknown */
	bool stream;	  /* rows one by one, in constant memory */
	bool later;	  /* at the end of this turn: it has failed before */
	/* A chunk of rows of statement `at`; more may follow. */
	void (*rows)(struct pg_job *job, const PGresult *rows);
	/* The end, committed or failed.  The job is no longer used. */
	void (*done)(struct pg_job *job, struct err *e);
	/* The pool's own. */
	struct pg_job *next;
	struct err *error;
	int64_t since;
	int preparing;	/* commands before its own yet to be answered */
	int sure;	/* those of them behind which no aside is prepared */
	bool entering;	/* `enter` is yet to be answered */
	int at;		/* of those not aside, whose answer comes next */
	int asides;	/* answered */
	bool abandoned; /* nobody waits for it */
	bool moved;	/* it has been taken off a slow lane */
};

struct pg;

struct pg_options {
	struct loop *loop;
	const struct conf *conf;
	const char *name; /* application_name */
	int lanes;
	/* Somebody said `notify postern`, or a lane came (back) up. */
	void (*notified)(void *ctx);
	void *ctx;
};

/*
 * Open the pool and wait for its first connections, 3 seconds at most; a
 * database that is down is no error: the lanes go on trying.  NULL only
 * when the connection string cannot be read, with *ret_why in `a`.
 */
struct pg *pg_open(struct arena *a, const struct pg_options *options,
		   struct err **ret_why);
void pg_close(struct pg *pg);

/*
 * Queue a job; while no lane is up yet it waits for the first.  The error
 * (ERR_UNAVAILABLE: none is about to come up; ERR_BUSY: the queues are full)
 * means that nothing was sent and `done` is not called.
 */
struct err *pg_submit(struct pg *pg, struct pg_job *job);

/*
 * Nobody waits for this job any more.  If it is a read that takes long, alone
 * on its lane, the connection is dropped soon, which ends the statement in
 * the server within a second; `done` is called either way.
 */
void pg_abandon(struct pg *pg, struct pg_job *job);

/* The schema has changed: prepare every statement anew. */
void pg_forget(struct pg *pg);

/*
 * Once per turn of the loop, and some times per second: send what is queued,
 * reconnect, give up on lanes that hang.
 */
void pg_turn(struct pg *pg);

/* Is every lane up, and none at work? */
bool pg_calm(const struct pg *pg);

/* Is at least one lane up? */
bool pg_up(const struct pg *pg);

#endif
