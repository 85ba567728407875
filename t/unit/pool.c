/*
 * Without arguments: what a seat does, as TAP.  With "serve DIR ...": a pool
 * for t/40-pool.t whose workers behave as the file DIR/mode says when they
 * start and as each connection's one byte asks; "check" fails when there is
 * a file DIR/broken.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static volatile sig_atomic_t leaving;

static void
on_term(int sig)
{
	(void)sig;
	leaving = 1;
}

static void
nap(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static char
mode_of(const char *dir)
{
	char path[4096], mode = 's';
	int fd;

	snprintf(path, sizeof(path), "%s/mode", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, &mode, 1) != 1)
			mode = 's';
		close(fd);
	}
	return mode;
}

static int
count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* One connection: a byte in, a line out. */
static void
answer(int fd, int index, char generation)
{
	char c = 0;

	if (read(fd, &c, 1) != 1)
		return;
	if (c == 'h') /* hang */
		for (;;)
			nap(1000);
	if (c == 'd') /* die */
		abort();
	if (c == 'l') /* linger */
		nap(1000);
	dprintf(fd, "%d %d %d %c\n", (int)getpid(), index, count_open(),
		generation);
}

static void
serve(struct seat *seat, int index, char mode)
{
	sigset_t open_mask;
	struct pollfd listening = {STDIN_FILENO, POLLIN, 0};

	sigemptyset(&open_mask);
	while (!leaving || mode == 'u') {
		int fd;

		seat_idle(seat);
		if (ppoll(&listening, 1, NULL, &open_mask) < 0)
			continue;
		seat_busy(seat);
		fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		answer(fd, index, mode);
		close(fd);
	}
}

/*
 * Modes: s serves, t serves too (and says so), u will not leave on TERM,
 * x exits with 3 at once, 0 exits with 0 at once, a aborts, n never becomes
 * ready.
 */
static int
work(void *ctx, struct seat *seat, int index)
{
	struct sigaction action = {.sa_handler = on_term};
	char mode = mode_of(ctx);

	sigaction(SIGTERM, &action, NULL);
	if (mode == 'x' || mode == '0')
		return mode == 'x' ? 3 : 0;
	if (mode == 'a')
		abort();
	if (mode == 'n') {
		sigset_t open_mask;

		sigemptyset(&open_mask);
		while (!leaving)
			ppoll(NULL, 0, NULL, &open_mask);
		return 0;
	}
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0)
		return 4;
	nap(20);
	seat_ready(seat);
	serve(seat, index, mode);
	return 0;
}

/* serve DIR WORKERS HARD DRAIN */
static int
pool(char **argv)
{
	struct pool p = {.name = "test",
			 .workers = atoi(argv[3]),
			 .hard_limit_s = atoi(argv[4]),
			 .drain_limit_s = atoi(argv[5]),
			 .argv = argv,
			 .work = work,
			 .ctx = argv[2]};

	setenv("POOL_TEST_DIR", argv[2], 1);
	return pool_run(&p);
}

static int
check(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/broken", getenv("POOL_TEST_DIR"));
	return access(path, F_OK) == 0;
}

static void
test_seat(void)
{
	struct seat seat = {0};
	int64_t now = seat_now_ms();

	seat_busy(NULL);
	seat_idle(NULL);
	seat_ready(NULL);
	ok(true, "a worker without a seat may talk to it");
	ok(!seat_is_ready(&seat), "an empty seat is not ready");
	seat_ready(&seat);
	ok(seat_is_ready(&seat), "a worker that said so is ready");
	ok(seat_busy_ms(&seat, now + 5000) == 0, "an idle one is not busy");
	seat_busy(&seat);
	ok(seat_busy_ms(&seat, now + 5000) >= 4000, "a turn that began, lasts");
	ok(seat_busy_ms(&seat, now - 60000) == 0, "the future does not count");
	seat_idle(&seat);
	ok(seat_busy_ms(&seat, now + 5000) == 0, "a turn that ended, is over");
	seat_clear(&seat);
	ok(!seat_is_ready(&seat), "a cleared seat forgets");
}

int
main(int argc, char **argv)
{
	if (argc == 6)
		return pool(argv);
	if (argc > 1)
		return check();
	test_seat();
	return done();
}
