#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "kids.h"

enum {
	PLACES_MAX = KIDS_MAX / 2, /* two generations fit during a roll */
	DELAY_MIN_MS = 100,	   /* before a dead worker is replaced */
	DELAY_MAX_MS = 2000,	   /* the same when it dies time and again */
	GOOD_RUN_MS = 10000,	   /* after which deaths are forgotten */
	READY_LIMIT_MS = 15000,	   /* a worker should be ready by then */
	CHECK_LIMIT_MS = 15000,	   /* for `check --config` */
	GRACE_MS = 2000,	   /* past the drain limit */
	TICK_MS = 1000,		   /* between looks at the seats */
	ROLL_TICK_MS = 20,	   /* the same while new workers start */
};

struct place {
	struct kid *kid;
	int64_t delay, not_before;
};

struct sup {
	const struct pool *pool;
	struct kids kids;
	struct place places[PLACES_MAX];
	int signals; /* a signalfd */
	int64_t now;
	pid_t check; /* the one that runs, or 0 */
	int64_t check_until;
	bool roll_wanted, stopping;
	bool rolling; /* old workers serve until new ones do */
	int64_t rolling_since;
};

static double
seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
set_action(int sig, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigaction(sig, &action, NULL);
}

/* ---- workers come ---- */

/* What pool.h promises to a worker. */
static void
worker_signals(void)
{
	static const int ignored[] = {SIGINT, SIGHUP, SIGUSR1, SIGPIPE};
	sigset_t term;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		set_action(ignored[i], SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_SETMASK, &term, NULL);
}

_Noreturn static void
be_worker(const struct pool *pool, struct seat *seat, int place, pid_t parent)
{
	char who[64];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_SUCCESS);
	worker_signals();
	close_range(3, UINT_MAX, 0);
	snprintf(who, sizeof(who), "%s %d", pool->name, place);
	log_set_who(who);
	exit(pool->work(pool->ctx, seat, place));
}

static void
postpone(struct sup *s, struct place *place)
{
	place->delay = place->delay ? sooner(place->delay * 2, DELAY_MAX_MS)
				    : DELAY_MIN_MS;
	place->not_before = s->now + place->delay;
}

static void
start_worker(struct sup *s, int index)
{
	struct place *place = &s->places[index];
	struct kid *kid = kids_find(&s->kids, 0);
	pid_t pid = -1, self = getpid();

	errno = EAGAIN;
	if (kid) {
		seat_clear(kids_seat(&s->kids, kid));
		pid = fork();
	}
	if (pid == 0)
		be_worker(s->pool, kids_seat(&s->kids, kid), index, self);
	if (pid < 0) {
		log_line(LOG_ERROR, "cannot start worker %d: %s", index,
			 strerror(errno));
		postpone(s, place);
		return;
	}
	*kid = (struct kid){.pid = pid, .place = index, .started = s->now};
	place->kid = kid;
	log_line(LOG_INFO, "worker %d started with pid %d", index, (int)pid);
}

static void
start_workers(struct sup *s)
{
	for (int i = 0; i < s->pool->workers; i++)
		if (!s->places[i].kid && s->places[i].not_before <= s->now)
			start_worker(s, i);
}

/* ---- workers go ---- */

static void
dismiss(struct sup *s, struct kid *kid)
{
	if (kid->kill_at)
		return;
	kid->kill_at = s->now + s->pool->drain_limit_s * 1000 + GRACE_MS;
	kill(kid->pid, SIGTERM);
}

static void
kill_worker(struct sup *s, struct kid *kid, const char *why)
{
	if (kid->killed)
		return;
	log_line(LOG_ERROR, "worker with pid %d killed after %.1f s: %s",
		 (int)kid->pid, seconds(s->now - kid->started), why);
	kid->killed = true;
	kill(kid->pid, SIGKILL);
}

static void
worker_ended(struct sup *s, struct kid *kid, int status)
{
	bool signalled = WIFSIGNALED(status);
	struct place *place;

	log_line(status && !kid->killed ? LOG_WARN : LOG_INFO,
		 "worker with pid %d ended after %.1f s with %s %d",
		 (int)kid->pid, seconds(s->now - kid->started),
		 signalled ? "signal" : "status",
		 signalled ? WTERMSIG(status) : WEXITSTATUS(status));
	kid->pid = 0;
	if (kid->place < 0)
		return;
	place = &s->places[kid->place];
	place->kid = NULL;
	if (s->now - kid->started >= GOOD_RUN_MS)
		place->delay = 0;
	postpone(s, place);
}

/* Is it time to use force against this one? */
static void
judge(struct sup *s, struct kid *kid)
{
	int64_t limit = s->pool->hard_limit_s * 1000;
	struct seat *seat = kids_seat(&s->kids, kid);

	if (seat_busy_ms(seat, s->now) > limit)
		kill_worker(s, kid, "a turn passed the hard limit");
	if (kid->stopped && s->now - kid->stopped > limit)
		kill_worker(s, kid, "stopped for longer than the hard limit");
	if (kid->kill_at && s->now >= kid->kill_at)
		kill_worker(s, kid, "it did not leave in time");
	if (kid->warned || kid->kill_at || seat_is_ready(seat) ||
	    s->now - kid->started < READY_LIMIT_MS)
		return;
	kid->warned = true;
	log_line(LOG_ERROR, "worker with pid %d is still not ready",
		 (int)kid->pid);
}

static void
stop(struct sup *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	log_line(LOG_INFO, "stopping: the workers may take %d s",
		 (int)s->pool->drain_limit_s);
	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));)
		dismiss(s, k);
	if (s->check)
		kill(s->check, SIGKILL);
}

/* ---- HUP: from the old generation to the new one ---- */

/*
 * argv[0] leads through whatever symbolic links a deployment has turned
 * meanwhile; without a slash it was found by PATH and says too little.
 */
static const char *
program(const struct sup *s, char *room, size_t size)
{
	struct str gone = STR(" (deleted)"), path;
	ssize_t n;

	if (strchr(s->pool->argv[0], '/'))
		return s->pool->argv[0];
	n = readlink("/proc/self/exe", room, size - 1);
	if (n < 0)
		return s->pool->argv[0];
	path = (struct str){room, (size_t)n};
	if (str_ends(path, gone))
		path.n -= gone.n;
	room[path.n] = '\0';
	return room;
}

_Noreturn static void
be_check(const struct sup *s)
{
	char check[] = "check", config[] = "--config", room[PATH_MAX];
	char *argv[] = {s->pool->argv[0], check, config, NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_action(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	close_range(3, UINT_MAX, 0);
	execv(program(s, room, sizeof(room)), argv);
	_exit(127);
}

/* One roll at a time: a HUP meanwhile waits, but not for one that is stuck. */
static void
consider_roll(struct sup *s)
{
	if (!s->roll_wanted || s->check)
		return;
	if (s->rolling && s->now - s->rolling_since < READY_LIMIT_MS)
		return;
	s->roll_wanted = false;
	s->check_until = s->now + CHECK_LIMIT_MS;
	s->check = fork();
	if (s->check == 0)
		be_check(s);
	if (s->check > 0)
		return;
	log_line(LOG_ERROR, "HUP refused: no process for the check: %s",
		 strerror(errno));
	s->check = 0;
}

static void
check_ended(struct sup *s, int status)
{
	char room[PATH_MAX];
	const char *path = program(s, room, sizeof(room));

	s->check = 0;
	if (s->stopping)
		return;
	if (status) {
		log_line(LOG_ERROR,
			 "HUP refused: %s check --config failed, "
			 "nothing changes",
			 path);
		return;
	}
	if (kids_hand_over(&s->kids))
		execv(path, s->pool->argv);
	log_line(LOG_ERROR, "HUP refused: cannot execute %s: %s", path,
		 strerror(errno));
	kids_take_back(&s->kids);
}

static void
begin_roll(struct sup *s)
{
	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));) {
		s->rolling = true;
		s->rolling_since = s->now;
		if (!seat_is_ready(kids_seat(&s->kids, k)))
			dismiss(s, k);
	}
}

struct census {
	int ready, old, leaving; /* new ones that serve, old that do, ... */
};

static struct census
count(struct sup *s)
{
	struct census c = {0};

	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));)
		if (k->place >= 0)
			c.ready += seat_is_ready(kids_seat(&s->kids, k));
		else if (k->kill_at)
			c.leaving++;
		else
			c.old++;
	return c;
}

/* For each new worker that serves an old one may go. */
static void
roll_on(struct sup *s)
{
	struct census c = count(s);

	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));) {
		if (k->place >= 0 || k->kill_at)
			continue;
		if (c.ready == 0 || c.ready + c.old <= s->pool->workers)
			break;
		dismiss(s, k);
		c.old--;
		c.leaving++;
	}
	if (c.ready < s->pool->workers || c.old || c.leaving)
		return;
	s->rolling = false;
	log_line(LOG_INFO, "rolled: %d new workers serve, the old are gone",
		 c.ready);
}

/* ---- the turn of the loop ---- */

static void
child_changed(struct sup *s, pid_t pid, int status)
{
	bool lives = WIFSTOPPED(status) || WIFCONTINUED(status);
	struct kid *kid = kids_find(&s->kids, pid);

	if (pid == s->check && !lives)
		check_ended(s, status);
	if (!kid)
		return;
	if (lives)
		kid->stopped = WIFSTOPPED(status) ? s->now : 0;
	else
		worker_ended(s, kid, status);
}

static void
reap(struct sup *s)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) >
	       0)
		child_changed(s, pid, status);
}

static void
take_signals(struct sup *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(s);
		if (info.ssi_signo == SIGHUP)
			s->roll_wanted = true;
	}
}

/* How long nothing will need us, unless a signal comes. */
static int
patience(struct sup *s)
{
	bool starting =
		s->rolling && s->now - s->rolling_since < READY_LIMIT_MS;
	int64_t until = s->now + (starting ? ROLL_TICK_MS : TICK_MS);

	for (int i = 0; i < s->pool->workers && !s->stopping; i++)
		if (!s->places[i].kid)
			until = sooner(until, s->places[i].not_before);
	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));)
		if (k->kill_at && !k->killed)
			until = sooner(until, k->kill_at);
	return until > s->now ? (int)(until - s->now) : 0;
}

/* False when everything is over. */
static bool
turn(struct sup *s)
{
	s->now = seat_now_ms();
	take_signals(s);
	reap(s);
	for (struct kid *k = NULL; (k = kids_next(&s->kids, k));)
		judge(s, k);
	if (s->check && s->now >= s->check_until)
		kill(s->check, SIGKILL);
	if (s->stopping)
		return kids_next(&s->kids, NULL) != NULL;
	start_workers(s);
	if (s->rolling)
		roll_on(s);
	consider_roll(s);
	return true;
}

/* ---- beginning ---- */

static bool
hold_signals(struct sup *s)
{
	static const int held[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		set_action(held[i], SIG_DFL);
		sigaddset(&set, held[i]);
	}
	/* Whoever reads our log may go away; we stay. */
	set_action(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->signals >= 0;
}

static bool
is_listening(int fd)
{
	int yes = 0;
	socklen_t size = sizeof(yes);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) == 0 &&
	       yes;
}

/* NULL, or why it cannot be. */
static const char *
begin(struct sup *s)
{
	char who[64];

	snprintf(who, sizeof(who), "pool %s", s->pool->name);
	log_set_who(who);
	if (!s->pool->no_socket && !is_listening(STDIN_FILENO))
		return "descriptor 0 is no listening socket; spawn-fcgi or a "
		       "socket unit makes one";
	if (s->pool->workers < 1 || s->pool->workers > PLACES_MAX)
		return "the number of workers is out of range";
	s->now = seat_now_ms();
	if (!hold_signals(s) || !kids_open(&s->kids))
		return strerror(errno);
	close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	begin_roll(s);
	return NULL;
}

int
pool_run(const struct pool *pool)
{
	struct sup s = {.pool = pool};
	const char *obstacle = begin(&s);

	if (obstacle) {
		log_line(LOG_ERROR, "cannot begin: %s", obstacle);
		return EXIT_FAILURE;
	}
	log_line(LOG_INFO, "%s %d workers",
		 s.rolling ? "rolling to" : "starting", pool->workers);
	while (turn(&s)) {
		struct pollfd fd = {s.signals, POLLIN, 0};

		poll(&fd, 1, patience(&s));
	}
	kids_close(&s.kids);
	close(s.signals);
	log_line(LOG_INFO, "stopped");
	return EXIT_SUCCESS;
}
