/*
 * One Postgres connection as a pipeline; see io/pg.h, whose own this is.
 */
#ifndef POSTERN_IO_LANE_H
#define POSTERN_IO_LANE_H

#include "io/pg.h"

enum lane_state { LANE_DOWN, LANE_CONNECTING, LANE_UP };

struct prepared {
	uint64_t hash;	  /* of the text, to look at first */
	char *text;	  /* ours */
	const char *role; /* a plan is a role's; NULL: the connection's */
	char name[16];	  /* of the prepared statement */
	uint64_t used;	  /* the lane's job count at the last use */
};

struct lane {
	struct watch watch;
	struct loop *loop;
	struct pg *pg;
	PGconn *connection;
	const char *role; /* that it is connected as; NULL: the settings' */
	enum lane_state state;
	int fd;		 /* in the epoll set; -1: none */
	uint32_t events; /* ... for these */
	struct pg_job *head, **tail;
	size_t queued;
	struct prepared prepared[PG_PREPARED_MAX];
	size_t nprepared;
	bool outdated; /* what is prepared is of another schema */
	unsigned last_id;
	uint64_t jobs;
	int64_t progress; /* when Postgres last answered anything */
	bool broken;	  /* a send failed: the end of the turn drops it */
	bool unwanted;	  /* ... because nobody waits for its statement */
	bool dirty;	  /* something may be left to flush */
	bool listens;	  /* the lane that hears notifications */
	int64_t since;	  /* of the present state */
};

void lane_init(struct lane *lane, struct pg *pg, struct loop *loop);
void lane_close(struct lane *lane);

/* Begin to connect; what comes of it shows in the state. */
void lane_connect(struct lane *lane);

/* May the job run here?  A lane with a role is for that role alone. */
bool lane_takes(const struct lane *lane, const struct pg_job *job);

/* Queue a job's statements and its Sync. */
void lane_send(struct lane *lane, struct pg_job *job);

/*
 * Take the quick reads behind the job in hand off the queue, as a list, to be
 * sent on another lane.  They will run here, too, for nobody: what may be
 * slow itself stays.
 */
struct pg_job *lane_rescue(struct lane *lane);

/*
 * The name under which a statement is prepared for a role; where it is not
 * yet, it goes out to be (job->preparing counts).  The name is good until the
 * job's statements are sent.
 */
const char *lane_prepare(struct lane *lane, struct pg_job *job,
			 const struct statement *statement, const char *role);

/* The schema has changed: all of it goes, in the server too. */
void lane_drop_outdated(struct lane *lane, struct pg_job *job);

/* The connection is gone, and all that was prepared with it. */
void lane_forget_prepared(struct lane *lane);

/* Push out what libpq still holds. */
void lane_flush(struct lane *lane);

/* Drop the connection; every queued job ends with an error. */
void lane_lost(struct lane *lane, enum err_code code, const char *why);

/* Where the pool keeps what its lanes need. */
PGconn *pg_connection_start(struct pg *pg, const char *role);
void pg_lane_up(struct pg *pg, struct lane *lane);
void pg_lane_failed(struct pg *pg, const struct lane *lane);
void pg_notified(struct pg *pg);

/* Turn a failed result into an error with the right code. */
struct err *pg_error(struct arena *a, const PGresult *res);

#endif
