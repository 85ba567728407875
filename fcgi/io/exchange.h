/*
 * A request, its answer, and what stands between them while it is served.
 *
 * The transport that made it owns it: it resets the arena and gives the
 * buffers back in `finish`, which is called exactly once per request.
 */
#ifndef POSTERN_IO_EXCHANGE_H
#define POSTERN_IO_EXCHANGE_H

#include "core/request.h"
#include "io/pg.h"

/* The statement of the script whose rows are being printed. */
struct printing {
	int at;
	const struct statement *statement;
	const struct plan *plan; /* that it was made of */
	bool opened, between;	 /* what stands there is printed */
	bool closed;		 /* ... of any statement */
	struct str *columns;	 /* of one row */
	size_t *starts; /* of rows in the body, where they are to be turned */
};

struct exchange {
	struct call call;
	struct buf body;
	/* Write what the body holds, behind the head if that is not out. */
	void (*flush)(struct exchange *x);
	/* The answer is whole: write what is left of it and let go. */
	void (*finish)(struct exchange *x);
	bool gone; /* nobody listens any more */
	/* What serve.c remembers from here on. */
	struct exchange *next;
	struct serve *serve;
	const struct api *api;
	struct script script;
	struct pg_job job;
	struct printing printing;
	int tries;
};

/* Make a new exchange ready for its first request. */
void exchange_open(struct exchange *x);

/* Take everything of the last request back. */
void exchange_reset(struct exchange *x);
void exchange_close(struct exchange *x);

#endif
