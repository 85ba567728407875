/*
 * Passwords against their hashes, and turns: other processes hold the locks
 * of the machine's cores, as many as there are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "io/password.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char state[] = "/tmp/postern-password-XXXXXX";
static struct conf conf = {
	.argon2 = "m=64,t=1,p=1", .state = state, .password_list = ""};

static enum password_verdict
check(struct arena *a, struct str password, const char *phc)
{
	return password_check(a, &conf, password, str_of(phc)).verdict;
}

/* The reference implementation has these. */
static void
test_vectors(struct arena *a)
{
	ok(check(a, STR("password"),
		 "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		 "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc") ==
		   PASSWORD_RIGHT,
	   "Argon2id of the library's own tests");
	ok(check(a, STR("password"),
		 "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		 "wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA") ==
		   PASSWORD_RIGHT,
	   "Argon2i of the library's own tests");
	ok(check(a, STR("Password"),
		 "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		 "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc") ==
		   PASSWORD_WRONG,
	   "another password is wrong");
}

static void
test_make(struct arena *a)
{
	struct str one = {0}, two = {0};
	struct password_result r;

	ok(!password_make(a, &conf, STR("a\0b"), &one) &&
		   !password_make(a, &conf, STR("a\0b"), &two),
	   "hashes are made");
	ok(str_starts(one, STR("$argon2id$v=19$m=64,t=1,p=1$")),
	   "... at the cost of the setting");
	ok(!str_eq(one, two), "... each with a salt of its own");
	r = password_check(a, &conf, STR("a\0b"), one);
	ok(r.verdict == PASSWORD_RIGHT, "the password is right");
	ok(!r.fresh.p, "... and its hash stays");
	ok(password_check(a, &conf, STR("a\0c"), one).verdict == PASSWORD_WRONG,
	   "what follows a NUL counts");
	ok(password_check(a, &conf, STR("a"), one).verdict == PASSWORD_WRONG,
	   "... and so does that it is there");
	ok(!password_make(a, &conf, STR(""), &one) &&
		   password_check(a, &conf, STR(""), one).verdict ==
			   PASSWORD_RIGHT,
	   "an empty one is one, for whom the policy allows it");
}

static void
test_fresh(struct arena *a)
{
	struct conf dearer = conf;
	struct str old = {0};
	struct password_result r;

	dearer.argon2 = "m=128,t=2,p=2";
	ok(!password_make(a, &conf, STR("secret"), &old), "an old hash");
	r = password_check(a, &dearer, STR("secret"), old);
	ok(r.verdict == PASSWORD_RIGHT, "is right under a new setting");
	ok(str_starts(r.fresh, STR("$argon2id$v=19$m=128,t=2,p=2$")),
	   "... and a fresh one is made");
	r = password_check(a, &dearer, STR("secret"), r.fresh);
	ok(r.verdict == PASSWORD_RIGHT && !r.fresh.p,
	   "... which is right, and stays");
	r = password_check(a, &dearer, STR("Secret"), old);
	ok(r.verdict == PASSWORD_WRONG && !r.fresh.p,
	   "no fresh one is made of a wrong password");
}

static void
test_nothing(struct arena *a)
{
	char *big = arena_alloc(a, 2000);
	struct str text = {0};

	ok(check(a, STR("x"), "") == PASSWORD_WRONG,
	   "where there is no hash, all is wrong");
	ok(check(a, STR("nobody"), "no hash") == PASSWORD_WRONG,
	   "what is no hash is never right");
	ok(check(a, STR("password"),
		 "$argon2id$v=19$m=4194304,t=9,p=1$c29tZXNhbHQ$"
		 "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc") ==
		   PASSWORD_WRONG,
	   "one that asks for 4 GiB is not computed");
	memset(big, 'x', 2000);
	ok(!password_make(a, &conf, (struct str){big, 1024}, &text) &&
		   password_check(a, &conf, (struct str){big, 1024}, text)
				   .verdict == PASSWORD_RIGHT,
	   "1024 bytes are a password");
	ok(password_make(a, &conf, (struct str){big, 1025}, &text) != NULL,
	   "1025 are none");
	ok(password_check(a, &conf, (struct str){big, 1025}, text).verdict ==
		   PASSWORD_WRONG,
	   "... and not cut to one");
}

/* ---- memory ---- */

static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = -1;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* 64 MiB each time: one that stayed would show. */
static void
test_memory(struct arena *a)
{
	struct conf big = conf;
	struct str text = {0};
	long before;

	big.argon2 = "m=65536,t=1,p=1";
	ok(!password_make(a, &conf, STR("warm up"), &text), "a hash before");
	before = resident_kib();
	for (int i = 0; i < 3; i++)
		ok(!password_make(a, &big, STR("x"), &text), "64 MiB of it");
	ok(resident_kib() - before < 32 * 1024, "the memory went back");
}

/* ---- turns ---- */

/* Take locks 0 .. n-1 in another process until the pipe is closed. */
static pid_t
hold(int n, int *ret_pipe)
{
	int ready[2], end[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(end, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(end[1]);
		for (int i = 0; i < n; i++) {
			char path[200];
			int fd;

			snprintf(path, sizeof(path), "%s/locks/argon2-%d",
				 state, i);
			fd = open(path, O_RDWR | O_CREAT, 0600);
			if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
				_exit(1);
		}
		if (write(ready[1], "x", 1) == 1 && read(end[0], &c, 1) == 0)
			_exit(0);
		_exit(1);
	}
	close(ready[1]);
	close(end[0]);
	ok(read(ready[0], &c, 1) == 1, "others hash on %d cores", n);
	close(ready[0]);
	*ret_pipe = end[1];
	return pid;
}

static void
test_turns(struct arena *a)
{
	int cores = (int)sysconf(_SC_NPROCESSORS_ONLN), fd = -1, status = -1;
	struct str text = {0}, none = {0};
	struct err *e;
	pid_t pid;

	ok(!password_make(a, &conf, STR("secret"), &text), "a turn is free");
	if (cores > 1) {
		pid = hold(cores - 1, &fd);
		ok(check(a, STR("secret"), text.p) == PASSWORD_RIGHT,
		   "a core that is free is a turn");
		close(fd);
		waitpid(pid, &status, 0);
	}
	pid = hold(cores, &fd);
	ok(check(a, STR("secret"), text.p) == PASSWORD_BUSY,
	   "no turn: nothing is said about the password");
	ok(check(a, STR("secret"), "") == PASSWORD_BUSY,
	   "... nor where there is no hash");
	e = password_make(a, &conf, STR("secret"), &none);
	ok(e && e->code == ERR_BUSY && !none.p, "... and none is made");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd);
	ok(check(a, STR("secret"), text.p) == PASSWORD_RIGHT,
	   "a killed one gives its turns back");
}

/* Can somebody else not even share one of the locks? */
static bool
is_taken(void)
{
	bool taken = false;
	char path[200];
	int fd;

	for (int i = 0; i < 2 && !taken; i++) {
		snprintf(path, sizeof(path), "%s/locks/argon2-%d", state, i);
		fd = open(path, O_RDONLY);
		taken = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
		if (fd >= 0)
			close(fd);
	}
	return taken;
}

static void
test_exclusive(struct arena *a)
{
	struct conf big = conf;
	bool seen = false;
	pid_t pid;

	big.argon2 = "m=65536,t=4,p=1";
	pid = fork();
	if (pid == 0) {
		struct str text;

		_exit(password_make(a, &big, STR("x"), &text) != NULL);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0)
		seen |= is_taken();
	ok(seen, "nobody shares a turn");
}

static void
test_state(struct arena *a)
{
	struct conf odd = conf;
	struct str text = {0};
	struct err *e;

	odd.state = "/dev/null";
	e = password_make(a, &odd, STR("x"), &text);
	ok(e && e->code == ERR_BUSY, "without a place for locks we are busy");
	ok(password_check(a, &odd, STR("x"), STR("")).verdict == PASSWORD_BUSY,
	   "... whatever is asked");
}

/* ---- settings ---- */

static void
test_settings(struct arena *a)
{
	struct conf odd = conf;
	struct str text = {0};

	ok(!password_settings(a, &conf), "the settings are good");
	odd.argon2 = "m=19456";
	ok(password_settings(a, &odd) != NULL, "half a cost is not");
	ok(password_make(a, &odd, STR("x"), &text) != NULL,
	   "... and hashes nothing");
	ok(password_check(a, &odd, STR("x"), STR("")).verdict == PASSWORD_BUSY,
	   "... nor says that it was wrong");
}

static void
test_list(struct arena *a)
{
	struct conf listed = conf;
	const char *text = NULL;
	char path[200];
	FILE *f;

	ok(!password_list(a, &conf, &text) && text[0] == '\0',
	   "no file, an empty list");
	snprintf(path, sizeof(path), "%s/list", state);
	listed.password_list = path;
	ok(password_list(a, &listed, &text) != NULL, "a file that is missing");
	f = fopen(path, "w");
	ok(f && fwrite("one\0two\nthree", 1, 13, f) == 13 && fclose(f) == 0,
	   "a file");
	ok(!password_list(a, &listed, &text), "is read");
	is(str_of(text), STR("one\ntwo\nthree"), "... to its end");
	ok(truncate(path, PASSWORD_LIST_MAX + 1) == 0 &&
		   password_list(a, &listed, &text) != NULL,
	   "17 MiB are too many");
	unlink(path);
}

static void
clean_up(void)
{
	char path[200];

	for (int i = 0; i < 256; i++) {
		snprintf(path, sizeof(path), "%s/locks/argon2-%d", state, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/locks", state);
	rmdir(path);
	rmdir(state);
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	if (!mkdtemp(state))
		return 1;
	test_vectors(a);
	test_make(a);
	test_fresh(a);
	test_nothing(a);
	test_memory(a);
	test_turns(a);
	test_exclusive(a);
	test_state(a);
	test_settings(a);
	test_list(a);
	clean_up();
	arena_free(a);
	return done();
}
