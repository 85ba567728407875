/*
 * One request, from its parameters to its answer.  See serve.c.
 *
 * A transport (io/fcgi.h, cgi.c) owns the exchanges: it fills the request,
 * calls serve_begin() and is told through `flush` and `finish` when there is
 * something to write and when all is over.  Until `finish` the exchange and
 * its arena stay as they are; a client that goes away meanwhile is reported
 * with serve_gone().
 */
#ifndef POSTERN_SERVE_H
#define POSTERN_SERVE_H

#include "core/request.h"
#include "io/exchange.h"
#include "io/loop.h"
#include "io/pg.h"

/* What all requests of a worker share; pool and lanes are set first. */
struct serve {
	enum pool_kind pool;
	int lanes;
	const struct conf *conf;
	struct keys *keys;     /* NULL: none are set */
	const char *passwords; /* that nobody may choose */
	struct arena *kept;    /* for as long as we live */
	struct loop *loop;
	struct pg *pg;
	struct model *model;	  /* NULL: the database was never reached */
	bool wanted;		  /* somebody said that it has changed */
	bool reloading;		  /* it is being read */
	int64_t read_at;	  /* when that was last begun */
	bool stale;		  /* ... and has changed meanwhile */
	struct exchange *waiting; /* for the one being read */
	struct arena *arena;	  /* the reading's own */
	struct pg_job job;
	struct statement statement;
};

/*
 * May a server start with these settings and secrets?  The error's message is
 * a sentence for the operator.
 */
struct err *serve_check(struct arena *a, const struct conf *conf);

/* Begin with keys, if there are any, and a model, if there is a database. */
struct err *serve_open(struct arena *a, struct serve *s,
		       const struct conf *conf, struct loop *loop);
void serve_close(struct serve *s);

/*
 * Is the connection what the settings say?  ERR_INTERNAL with a sentence for
 * the operator; another one when it could not be asked.
 */
struct err *serve_look(struct serve *s, struct arena *a);

/* The request is complete; the answer may come at once or later. */
void serve_begin(struct serve *s, struct exchange *x);

/* The model has changed: plan once more what waited for it. */
void serve_again(struct exchange *x);

/* Read the model again; who is in s->waiting is served then. */
void serve_reload(struct serve *s);

/* The client is gone; `finish` will still be called, in its time. */
void serve_gone(struct serve *s, struct exchange *x);

/* Once per turn of the loop, and some times per second. */
void serve_turn(struct serve *s);

#endif
