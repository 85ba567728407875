/*
 * A load with a pace: so many requests per second, whatever becomes of them.
 *
 *   paced PORT RATE SECONDS CONNECTIONS PATH FIRST LAST
 *
 * GET PATH with a number from FIRST to LAST behind it, at even distances, on
 * whichever kept connection is free.  What a request takes is counted from
 * when it was due, so one that had to wait for a connection, or for this
 * program to get a processor, is as slow as it was for its client.  The last
 * line is what the wrk scripts print, see common.lua.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 16 * 1024 };

struct one {
	int fd;
	int64_t due; /* of the request that it is busy with */
	size_t n;
	char got[ANSWER_MAX];
};

static struct {
	const char *path;
	long first, last;
	int64_t start, gap; /* nanoseconds */
	long total, sent, done;
	int epoll, nfree;
	struct one *free[CONNECTIONS_MAX];
	uint32_t *took; /* microseconds */
	uint64_t bytes;
	long bad, broken;
} run;

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
connect_one(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct one *one = calloc(1, sizeof(*one));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
	int yes = 1;

	if (!one)
		die("calloc");
	one->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(one->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, one->fd, &event) != 0)
		die("epoll_ctl");
	run.free[run.nfree++] = one;
}

/* ---- requests ---- */

static int64_t
next_due(void)
{
	return run.start + run.sent * run.gap;
}

static void
send_next(void)
{
	struct one *one = run.free[--run.nfree];
	long number = run.first + random() % (run.last - run.first + 1);
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "GET %s%ld HTTP/1.1\r\nHost: localhost\r\n\r\n",
			 run.path, number);

	one->due = next_due();
	one->n = 0;
	run.sent++;
	if (send(one->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("send");
}

static void
send_due(void)
{
	while (run.sent < run.total && run.nfree && next_due() <= now())
		send_next();
}

/* ---- answers ---- */

/* Is it all there?  Our answers have a length. */
static bool
is_whole(struct one *one)
{
	const char *end, *length;

	one->got[one->n] = '\0';
	end = strstr(one->got, "\r\n\r\n");
	length = strcasestr(one->got, "\r\nContent-Length:");
	return end && length && length < end &&
	       one->n >= (size_t)(end + 4 - one->got) +
				 strtoul(length + 17, NULL, 10);
}

static void
receive(struct one *one)
{
	ssize_t n = recv(one->fd, one->got + one->n, ANSWER_MAX - 1 - one->n,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		run.broken++;
		die("an answer was cut short");
	}
	one->n += (size_t)n;
	if (!is_whole(one))
		return;
	if (memcmp(one->got, "HTTP/1.1 200 ", 13) != 0)
		run.bad++;
	run.bytes += one->n;
	run.took[run.done++] = (uint32_t)((now() - one->due) / 1000);
	run.free[run.nfree++] = one;
}

static void
wait_some(void)
{
	struct epoll_event events[64];
	struct timespec left = {.tv_sec = 10};
	int64_t ns = next_due() - now();
	int n;

	if (run.sent < run.total && run.nfree) {
		left.tv_sec = 0;
		left.tv_nsec = ns > 0 ? ns : 0;
	}
	n = epoll_pwait2(run.epoll, events, 64, &left, NULL);
	if (n == 0 && left.tv_sec)
		die("no answer for ten seconds");
	for (int i = 0; i < n; i++)
		receive(events[i].data.ptr);
}

/* ---- the result ---- */

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
print_result(void)
{
	uint32_t *took = run.took;
	long n = run.done;

	qsort(took, (size_t)n, sizeof(*took), by_size);
	printf("RESULT requests=%ld seconds=%.6f bytes=%llu p50=%u p99=%u "
	       "max=%u status=%ld broken=%ld timeout=0\n",
	       n, (double)(now() - run.start) / 1e9,
	       (unsigned long long)run.bytes, took[n / 2], took[n * 99 / 100],
	       took[n - 1], run.bad, run.broken);
}

int
main(int argc, char **argv)
{
	double rate = argc == 8 ? atof(argv[2]) : 0;
	int connections = argc == 8 ? atoi(argv[4]) : 0;

	if (rate < 1 || connections < 1 || connections > CONNECTIONS_MAX) {
		fprintf(stderr, "usage: paced port rate seconds connections "
				"path first last\n");
		return EXIT_FAILURE;
	}
	run.path = argv[5];
	run.first = atol(argv[6]);
	run.last = atol(argv[7]);
	run.gap = (int64_t)(1e9 / rate);
	run.total = (long)(rate * atof(argv[3]));
	run.took = calloc((size_t)run.total + 1, sizeof(*run.took));
	run.epoll = epoll_create1(0);
	if (!run.took || run.epoll < 0 || run.total < 1)
		die("start");
	/* Else every sleep is 50 us longer than asked for. */
	prctl(PR_SET_TIMERSLACK, 1);
	srandom((unsigned)getpid());
	for (int i = 0; i < connections; i++)
		connect_one(atoi(argv[1]));
	run.start = now();
	while (run.done < run.total) {
		send_due();
		wait_some();
	}
	print_result();
	return EXIT_SUCCESS;
}
