/*
 * What Argon2 alone allows: one stored hash is checked again and again, in as
 * many processes as are asked for.
 *
 *   argon2 ours|kept PROCESSES SECONDS PASSWORD HASH STATE
 *
 * `ours` calls what a sign-in calls (io/password.h), `kept` the library with
 * its own malloc, which after the first hash keeps the memory and has nothing
 * to clear.  STATE is POSTERN_STATE.  Linked with the objects of fcgi/.
 */
#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/password.h"

struct count {
	long hashes;
	double seconds; /* that they took, to the end of the last one */
};

struct task {
	bool ours;
	double seconds;
	const char *password, *hash;
	struct conf conf;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
check(struct arena *a, const struct task *t)
{
	struct password_result r;

	if (!t->ours)
		return argon2id_verify(t->hash, t->password,
				       strlen(t->password)) == ARGON2_OK;
	r = password_check(a, &t->conf, str_of(t->password), str_of(t->hash));
	arena_reset(a);
	return r.verdict == PASSWORD_RIGHT && !r.fresh.n;
}

/* The first one is not counted. */
static int
work(struct count *count, const struct task *t)
{
	struct arena *a = arena_new(4096);
	double start;

	if (!check(a, t)) {
		fprintf(stderr, "argon2: not the password of the hash\n");
		return EXIT_FAILURE;
	}
	start = now();
	do {
		if (!check(a, t))
			return EXIT_FAILURE;
		count->hashes++;
		count->seconds = now() - start;
	} while (count->seconds < t->seconds);
	return EXIT_SUCCESS;
}

/* Hashes per second of n processes; 0 when one of them failed. */
static double
measure(int n, const struct task *t)
{
	size_t size = (size_t)n * sizeof(struct count);
	struct count *counts = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int failed = counts == MAP_FAILED, status;
	double rate = 0;

	for (int i = 0; i < n && !failed; i++)
		if (fork() == 0)
			_exit(work(&counts[i], t));
	while (wait(&status) > 0)
		failed |= status;
	for (int i = 0; i < n && !failed; i++)
		rate += (double)counts[i].hashes / counts[i].seconds;
	return rate;
}

int
main(int argc, char **argv)
{
	struct task t = {0};
	double rate;

	if (argc != 7 || atoi(argv[2]) < 1) {
		fprintf(stderr, "usage: argon2 ours|kept processes seconds "
				"password hash state\n");
		return EXIT_FAILURE;
	}
	t.ours = strcmp(argv[1], "ours") == 0;
	t.seconds = atof(argv[3]);
	t.password = argv[4];
	t.hash = argv[5];
	t.conf.argon2 = getenv("POSTERN_ARGON2");
	t.conf.state = argv[6];
	if (!t.conf.argon2)
		t.conf.argon2 = "m=19456,t=2,p=1";
	rate = measure(atoi(argv[2]), &t);
	printf("RESULT rate=%.3f\n", rate);
	return rate > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
