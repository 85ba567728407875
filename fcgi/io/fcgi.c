#include "io/fcgi.h"

#include <errno.h>
#include <fcgi_config.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	LISTENER = 0,
	RECORD_HEAD = 8,
	RECORD_MAX = 65528, /* a multiple of eight: no padding */
	IOV_AT_ONCE = 64,
	READ_LIMIT = 1,	 /* seconds for the next bytes of a request */
	STDOUT = 6,	 /* FastCGI 1.0 §8, FCGI_STDOUT */
	END_REQUEST = 3, /* FCGI_END_REQUEST */
};

enum slot_state { SLOT_FREE, SLOT_KEPT, SLOT_BUSY };

struct slot {
	struct exchange exchange; /* first: `flush` gets it */
	struct watch watch;
	struct fcgi *fcgi;
	FCGX_Request fcgx;
	enum slot_state state;
	bool opened;   /* the exchange is */
	bool failed;   /* the peer takes no more bytes */
	uint64_t turn; /* of the loop, in which it was taken */
};

struct fcgi {
	struct fcgi_options options;
	struct watch listener;
	struct slot *slots;
	int open;
	int passed; /* turns for which a new connection was left to others */
	bool listening, draining;
};

/* ---- writing records ---- */

struct writer {
	int fd;
	struct iovec iov[IOV_AT_ONCE];
	unsigned char heads[IOV_AT_ONCE][RECORD_HEAD];
	int n;
	bool failed;
};

static void
write_out(struct writer *w)
{
	struct iovec *iov = w->iov;
	int n = w->n;

	w->n = 0;
	while (n > 0 && !w->failed) {
		ssize_t done = writev(w->fd, iov, n);

		if (done < 0 && errno != EINTR)
			w->failed = true;
		for (; done > 0; iov++, n--) {
			if ((size_t)done < iov->iov_len) {
				iov->iov_base = (char *)iov->iov_base + done;
				iov->iov_len -= (size_t)done;
				break;
			}
			done -= (ssize_t)iov->iov_len;
		}
	}
}

static void
add_bytes(struct writer *w, const void *p, size_t n)
{
	if (n == 0)
		return;
	w->iov[w->n].iov_base = (void *)(uintptr_t)p;
	w->iov[w->n++].iov_len = n;
}

static void
add_head(struct writer *w, int type, int id, size_t length)
{
	unsigned char *h = w->heads[w->n];

	h[0] = 1;
	h[1] = (unsigned char)type;
	h[2] = (unsigned char)(id >> 8);
	h[3] = (unsigned char)id;
	h[4] = (unsigned char)(length >> 8);
	h[5] = (unsigned char)length;
	h[6] = h[7] = 0;
	add_bytes(w, h, RECORD_HEAD);
}

/* One stream of bytes in two parts becomes records of full length. */
static void
add_stream(struct writer *w, int id, struct str first, struct str second)
{
	while (first.n + second.n > 0) {
		size_t a = first.n < RECORD_MAX ? first.n : RECORD_MAX;
		size_t rest = RECORD_MAX - a;
		size_t b = second.n < rest ? second.n : rest;

		if (w->n > IOV_AT_ONCE - 7)
			write_out(w);
		add_head(w, STDOUT, id, a + b);
		add_bytes(w, first.p, a);
		add_bytes(w, second.p, b);
		first = str_sub(first, a, first.n);
		second = str_sub(second, b, second.n);
	}
}

/*
 * The end of the answer.  With `last` a superfluous record follows in the
 * same write: nginx does not keep a connection on which something stands
 * behind the end, so it cannot send another request into our close.
 */
static void
add_end(struct writer *w, int id, bool last)
{
	static const unsigned char complete[8];

	add_head(w, STDOUT, id, 0);
	add_head(w, END_REQUEST, id, sizeof(complete));
	add_bytes(w, complete, sizeof(complete));
	if (last)
		add_head(w, STDOUT, id, 0);
}

/* ---- connections ---- */

static void on_listener(struct watch *w, uint32_t events);
static void on_slot(struct watch *w, uint32_t events);

static void
listen_again(struct fcgi *f)
{
	if (f->listening || f->draining)
		return;
	f->listening =
		loop_add(f->options.loop, LISTENER, &f->listener, EPOLLIN);
}

static void
stop_listening(struct fcgi *f)
{
	if (f->listening)
		loop_remove(f->options.loop, LISTENER);
	f->listening = false;
}

static void
free_slot(struct slot *slot)
{
	slot->state = SLOT_FREE;
	slot->fcgi->open--;
	listen_again(slot->fcgi);
}

/* libfcgi's own close would wait for the peer; ours does not. */
static void
close_slot(struct slot *slot)
{
	int fd = slot->fcgx.ipcFd;

	FCGX_Free(&slot->fcgx, 0);
	slot->fcgx.ipcFd = -1;
	if (fd >= 0)
		close(fd);
	free_slot(slot);
}

/* ---- answers ---- */

static void
write_answer(struct slot *slot, bool end, bool last)
{
	struct exchange *x = &slot->exchange;
	struct reply *reply = &x->call.reply;
	struct writer w;
	struct buf head = buf_new(64 * 1024);

	w.fd = slot->fcgx.ipcFd;
	w.n = 0;
	w.failed = slot->failed || x->gone;
	if (!reply->begun) {
		reply->begun = !end;
		reply_head(reply, &head);
	}
	add_stream(&w, slot->fcgx.requestId, buf_str(&head),
		   reply->no_body ? STR("") : buf_str(&x->body));
	if (end)
		add_end(&w, slot->fcgx.requestId, last);
	write_out(&w);
	slot->failed = w.failed;
	buf_free(&head);
}

static void
on_flush(struct exchange *x)
{
	struct slot *slot = (struct slot *)x;

	write_answer(slot, false, false);
	buf_clear(&x->body);
	if (slot->failed)
		x->gone = true;
}

static void
on_finish(struct exchange *x)
{
	struct slot *slot = (struct slot *)x;
	struct fcgi *f = slot->fcgi;
	bool keep = f->options.keep && !f->draining && !x->gone &&
		    !x->call.request.body_cut && slot->fcgx.keepConnection;

	write_answer(slot, true, !keep);
	exchange_reset(x);
	if (!keep || slot->failed) {
		close_slot(slot);
		return;
	}
	FCGX_Free(&slot->fcgx, 0);
	slot->state = SLOT_KEPT;
}

/* ---- requests ---- */

static void
read_body(struct slot *slot)
{
	struct request *r = &slot->exchange.call.request;
	int64_t length = 0, max = r->conf->body_max;
	char *p;
	int got;

	if (!str_int(r->content_length, &length) || length <= 0)
		return;
	if (length > max) {
		r->body_cut = true;
		return;
	}
	p = arena_alloc(r->arena, (size_t)length + 1);
	got = FCGX_GetStr(p, (int)length, slot->fcgx.in);
	r->body = (struct str){p, got > 0 ? (size_t)got : 0};
	r->body_short = got < length;
}

static void
read_params(struct request *r, char **envp)
{
	for (; *envp; envp++) {
		struct str value = str_of(*envp), name = str_cut(&value, '=');

		request_param(r, name, value);
	}
	request_complete(r);
}

static void
begin(struct slot *slot)
{
	struct exchange *x = &slot->exchange;
	struct fcgi *f = slot->fcgi;

	slot->state = SLOT_BUSY;
	slot->failed = false;
	x->call.request.conf = f->options.conf;
	read_params(&x->call.request, slot->fcgx.envp);
	read_body(slot);
	/*
	 * The record that ends the stream has to be taken, too: left behind it
	 * would be a connection that something has come on, as when it is left.
	 */
	while (!x->call.request.body_cut && FCGX_GetChar(slot->fcgx.in) >= 0)
		;
	f->options.begin(f->options.ctx, x);
}

static struct slot *
free_one(struct fcgi *f)
{
	for (int i = 0; i < f->options.slots; i++)
		if (f->slots[i].state == SLOT_FREE)
			return &f->slots[i];
	return NULL;
}

/* For libfcgi the connection is one that was kept: it only reads. */
static void
open_slot(struct fcgi *f, struct slot *slot, int fd)
{
	FCGX_InitRequest(&slot->fcgx, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	slot->fcgx.ipcFd = fd;
	slot->fcgx.keepConnection = 1;
	slot->fcgi = f;
	slot->watch.ready = on_slot;
	slot->state = SLOT_KEPT;
	slot->turn = f->options.loop->turn;
	f->open++;
	if (slot->opened)
		return;
	slot->exchange.flush = on_flush;
	slot->exchange.finish = on_finish;
	exchange_open(&slot->exchange);
	slot->opened = true;
}

/*
 * Connections are kept, so whoever takes them all has all the work for long.
 * The more a worker has, the more turns it leaves a new one to the others.
 */
static bool
leave_to_others(struct fcgi *f)
{
	if (f->passed++ < f->open / 4)
		return true;
	f->passed = 0;
	return false;
}

/* A peer that stops in the middle of a request holds nobody up for long. */
static void
limit_waiting(int fd)
{
	struct timeval read_limit = {.tv_sec = READ_LIMIT};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &read_limit,
		   sizeof(read_limit));
}

/*
 * A new connection, if no other worker was faster.  We accept, not libfcgi:
 * it would wait for the first bytes, and there would be no limit to that.
 */
static void
on_listener(struct watch *w, uint32_t events)
{
	struct fcgi *f =
		(struct fcgi *)((char *)w - offsetof(struct fcgi, listener));
	struct slot *slot = free_one(f);
	int fd;

	(void)events;
	if (!slot) {
		stop_listening(f);
		return;
	}
	if (leave_to_others(f))
		return;
	fd = accept(LISTENER, NULL, NULL);
	if (fd < 0)
		return;
	limit_waiting(fd);
	open_slot(f, slot, fd);
	loop_add(f->options.loop, fd, &slot->watch, EPOLLIN);
}

/*
 * A kept connection has its next request, or has been closed.  One that is
 * busy can only have been left by its peer: nginx sends nothing before it
 * has the answer.
 */
static void
on_slot(struct watch *w, uint32_t events)
{
	struct slot *slot =
		(struct slot *)((char *)w - offsetof(struct slot, watch));
	struct fcgi *f = slot->fcgi;

	(void)events;
	/* What this turn still brings is of the connection before. */
	if (slot->turn == f->options.loop->turn)
		return;
	if (slot->state == SLOT_BUSY) {
		loop_remove(f->options.loop, slot->fcgx.ipcFd);
		slot->exchange.gone = true;
		f->options.gone(f->options.ctx, &slot->exchange);
	} else if (slot->state == SLOT_KEPT) {
		if (FCGX_Accept_r(&slot->fcgx) < 0)
			close_slot(slot);
		else
			begin(slot);
	}
}

/* ---- the whole ---- */

static bool
is_listener(void)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) ==
		       0 &&
	       value;
}

struct fcgi *
fcgi_open(const struct fcgi_options *options)
{
	struct fcgi *f;

	if (!is_listener())
		return NULL;
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 1);
	FCGX_Init();
	fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK);
	f = mem_zero(1, sizeof(*f));
	f->options = *options;
	f->slots = mem_zero((size_t)options->slots, sizeof(*f->slots));
	f->listener.ready = on_listener;
	listen_again(f);
	return f;
}

void
fcgi_close(struct fcgi *f)
{
	for (int i = 0; i < f->options.slots; i++) {
		struct slot *slot = &f->slots[i];

		if (slot->state != SLOT_FREE)
			close_slot(slot);
		if (slot->opened)
			exchange_close(&slot->exchange);
	}
	stop_listening(f);
	free(f->slots);
	free(f);
}

void
fcgi_drain(struct fcgi *f)
{
	stop_listening(f);
	f->draining = true;
}

int
fcgi_connections(const struct fcgi *f)
{
	return f->open;
}
