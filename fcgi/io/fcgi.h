/*
 * FastCGI: requests in, answers out, many connections per worker.
 *
 * Every kept connection stands in the loop; libfcgi reads a request when
 * its connection becomes readable (nginx sends it whole, so that does not
 * wait), and the answer's records are written in one call.  The listening
 * descriptor 0 must be non-blocking: several workers wait on it, and one
 * that comes too late merely goes back to sleep.
 */
#ifndef POSTERN_IO_FCGI_H
#define POSTERN_IO_FCGI_H

#include "io/exchange.h"
#include "io/loop.h"

struct fcgi;

struct fcgi_options {
	struct loop *loop;
	const struct conf *conf;
	int slots; /* connections at the same time */
	bool keep; /* leave connections open for the next request */
	void (*begin)(void *ctx, struct exchange *x);
	void (*gone)(void *ctx, struct exchange *x);
	void *ctx;
};

/* NULL when descriptor 0 is no listening socket. */
struct fcgi *fcgi_open(const struct fcgi_options *options);
void fcgi_close(struct fcgi *f);

/*
 * Take no new connections, end each kept one with its next answer.  The
 * peer is told in a way that leaves it no time to send one more request.
 */
void fcgi_drain(struct fcgi *f);

/* How many connections are open, idle ones included. */
int fcgi_connections(const struct fcgi *f);

#endif
