#include "io/password.h"

#include <argon2.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/phc.h"
#include "io/secret.h"

enum {
	TURNS_MAX = 256,
	STEP_MS = 4,	   /* between two looks for a turn */
	CROWDED_MS = 3000, /* after a hash that had to share its core */
	PATIENCE_MS = 100, /* that the last core is then left to others */
	HUGE_PAGE = 2 * 1024 * 1024,
};

/* ---- the memory of a hash ---- */

static size_t
whole_pages(size_t n)
{
	return (n + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
}

/*
 * Aligned, so that the kernel can give huge pages, which take less time than
 * small ones.
 */
static int
take_memory(uint8_t **ret, size_t n)
{
	size_t size = whole_pages(n), behind;
	char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	*ret = NULL;
	if (p == MAP_FAILED)
		return ARGON2_MEMORY_ALLOCATION_ERROR;
	before = whole_pages((uintptr_t)p) - (uintptr_t)p;
	behind = HUGE_PAGE - before;
	if (before)
		munmap(p, before);
	if (behind)
		munmap(p + before + size, behind);
	/* Without huge pages it is slower, and that is all. */
	(void)madvise(p + before, size, MADV_HUGEPAGE);
	*ret = (uint8_t *)p + before;
	return ARGON2_OK;
}

static void
give_memory(uint8_t *p, size_t n)
{
	if (p)
		munmap(p, whole_pages(n));
}

/* The library does not write to what it is given: no flag asks it to. */
static uint8_t *
input(struct str s)
{
	return (uint8_t *)(uintptr_t)s.p;
}

/* The tag of a password, as long as phc's. */
static bool
hash(struct arena *a, const struct phc *phc, struct str password,
     struct str *ret)
{
	char *out = arena_alloc(a, phc->tag.n);
	argon2_context ctx = {
		.out = (uint8_t *)out,
		.outlen = (uint32_t)phc->tag.n,
		.pwd = input(password),
		.pwdlen = (uint32_t)password.n,
		.salt = input(phc->salt),
		.saltlen = (uint32_t)phc->salt.n,
		.t_cost = phc->cost.passes,
		.m_cost = phc->cost.memory,
		.lanes = phc->cost.lanes,
		.threads = 1, /* the result is the same */
		.version = ARGON2_VERSION_13,
		.allocate_cbk = take_memory,
		.free_cbk = give_memory,
		.flags = ARGON2_DEFAULT_FLAGS,
	};
	int rc = phc->id ? argon2id_ctx(&ctx) : argon2i_ctx(&ctx);

	*ret = (struct str){out, phc->tag.n};
	return rc == ARGON2_OK;
}

/* ---- turns: a lock for each core of the machine ---- */

static int64_t
read_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
now_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

/*
 * A turn that is taken.  A hash that takes half as long again as it computes
 * shares its core with other work, so for a while one core is left to that:
 * whoever reads and writes meanwhile does not wait behind two long hashes.
 */
struct turn {
	int fd; /* of the lock; -1: none was free in time */
	int64_t wall, cpu;
};

static int64_t crowded_until; /* ms; of this process */

static void
end_turn(const struct turn *t)
{
	int64_t wall = read_us(CLOCK_MONOTONIC) - t->wall;
	int64_t cpu = read_us(CLOCK_PROCESS_CPUTIME_ID) - t->cpu;

	close(t->fd);
	if (wall * 2 > cpu * 3)
		crowded_until = now_ms() + CROWDED_MS;
}

static void
nap(void)
{
	struct timespec t = {0, STEP_MS * 1000000};

	nanosleep(&t, NULL);
}

static int
count_turns(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (cores < 1)
		return 1;
	return cores < TURNS_MAX ? (int)cores : TURNS_MAX;
}

/* An open lock that is ours, or -1 with *ret_broken when it cannot be. */
static int
try_lock(const char *path, bool *ret_broken)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0664);

	if (fd < 0) {
		*ret_broken = true;
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Any of them; the kernel gives it back when we are killed. */
static int
try_turns(struct arena *a, const struct conf *conf, int turns)
{
	bool broken = false;
	int fd = -1;

	for (int i = 0; i < turns && fd < 0 && !broken; i++)
		fd = try_lock(
			arena_printf(a, "%s/locks/argon2-%d", conf->state, i).p,
			&broken);
	if (broken)
		log_line(LOG_ERROR,
			 "POSTERN_STATE: no lock can be made in %s/locks: %s",
			 conf->state, strerror(errno));
	return broken ? -2 : fd;
}

/* How many hashes may run by now, for one that waits since `since`. */
static int
usable_turns(int64_t since)
{
	int turns = count_turns();
	int64_t now = now_ms();

	if (turns > 1 && now < crowded_until && now - since < PATIENCE_MS)
		turns--;
	return turns;
}

/* To be ended after the hash, unless there was none in time. */
static struct turn
take_turn(const struct conf *conf)
{
	struct arena *a = arena_new(4096);
	int64_t since = now_ms();
	int fd;

	/* Who may write there is said where it is installed. */
	(void)mkdir(conf->state, 0750);
	(void)mkdir(arena_printf(a, "%s/locks", conf->state).p, 0770);
	while ((fd = try_turns(a, conf, usable_turns(since))) == -1 &&
	       now_ms() - since < PASSWORD_WAIT_MS) {
		arena_reset(a);
		nap();
	}
	arena_free(a);
	return (struct turn){
		fd < 0 ? -1 : fd,
		read_us(CLOCK_MONOTONIC),
		read_us(CLOCK_PROCESS_CPUTIME_ID),
	};
}

/* ---- passwords ---- */

static bool
current_cost(const struct conf *conf, struct phc_cost *ret)
{
	return phc_read_cost(str_of(conf->argon2), ret);
}

/* Work like any other, whose result nobody needs. */
static bool
pretend(struct arena *a, const struct phc_cost *cost, struct str password)
{
	struct phc phc = {
		.id = true,
		.cost = *cost,
		.salt = STR("nobody's salt..."),
		.tag = {NULL, PHC_TAG},
	};
	struct str tag;

	return hash(a, &phc, password, &tag);
}

/* A new hash's text, or empty. */
static struct str
make(struct arena *a, const struct phc_cost *cost, struct str password)
{
	struct phc phc = {
		.id = true,
		.cost = *cost,
		.salt = secret_random(a, PHC_SALT),
		.tag = {NULL, PHC_TAG},
	};

	if (!phc.salt.p || !hash(a, &phc, password, &phc.tag))
		return (struct str){NULL, 0};
	return phc_print(a, &phc);
}

/* What is known about a check before the work begins. */
struct check {
	struct phc_cost cost; /* of what we would make */
	struct phc phc;
	bool real; /* is there a hash to compare with? */
};

static struct password_result
decide(struct arena *a, const struct check *check, struct str password)
{
	struct password_result r = {
		PASSWORD_BUSY, {NULL, 0}
	};
	struct str tag;

	if (!check->real) {
		if (pretend(a, &check->cost, password))
			r.verdict = PASSWORD_WRONG;
		return r;
	}
	if (!hash(a, &check->phc, password, &tag))
		return r;
	r.verdict = PASSWORD_WRONG;
	if (!str_same_secret(tag, check->phc.tag))
		return r;
	r.verdict = PASSWORD_RIGHT;
	if (!phc_is_current(&check->phc, &check->cost))
		r.fresh = make(a, &check->cost, password);
	return r;
}

struct password_result
password_check(struct arena *a, const struct conf *conf, struct str password,
	       struct str phc)
{
	struct password_result r = {
		PASSWORD_BUSY, {NULL, 0}
	};
	struct check check = {0};
	struct turn turn;

	if (!current_cost(conf, &check.cost))
		return r;
	check.real = phc.n && phc_read(a, phc, &check.phc);
	if (phc.n && !check.real)
		log_line(LOG_ERROR, "a stored password is no hash that may be "
				    "computed: nobody can sign in with it");
	if (password.n > PASSWORD_BYTES_MAX) {
		password.n = PASSWORD_BYTES_MAX;
		check.real = false;
	}
	turn = take_turn(conf);
	if (turn.fd < 0)
		return r;
	r = decide(a, &check, password);
	end_turn(&turn);
	if (r.verdict == PASSWORD_BUSY)
		log_line(LOG_ERROR, "a password could not be hashed");
	return r;
}

struct err *
password_make(struct arena *a, const struct conf *conf, struct str password,
	      struct str *ret)
{
	struct phc_cost cost;
	struct str text;
	struct turn turn;

	TRY(password_settings(a, conf));
	if (password.n > PASSWORD_BYTES_MAX || !current_cost(conf, &cost))
		return err_internal(a, ERR_INTERNAL, "a password too long");
	turn = take_turn(conf);
	if (turn.fd < 0)
		return err_internal(a, ERR_BUSY, "no turn to hash a password");
	text = make(a, &cost, password);
	end_turn(&turn);
	if (!text.n)
		return err_internal(a, ERR_BUSY, "argon2 or randomness failed");
	*ret = text;
	return NULL;
}

/* ---- settings ---- */

struct err *
password_settings(struct arena *a, const struct conf *conf)
{
	struct phc_cost cost;

	if (current_cost(conf, &cost))
		return NULL;
	return err_new(a, ERR_INTERNAL,
		       "POSTERN_ARGON2 is \"%s\": it must be like "
		       "m=19456,t=2,p=1, with m from 8p to %d, t from 1 to %d "
		       "and p from 1 to %d",
		       conf->argon2, PHC_MEMORY_MAX, PHC_PASSES_MAX,
		       PHC_LANES_MAX);
}

/* How long it is, or -1; and back to its beginning. */
static long
length_of(FILE *f)
{
	long n = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;

	return fseek(f, 0, SEEK_SET) == 0 ? n : -1;
}

/* NULs become line ends, so that no string ends before the file does. */
static const char *
read_list(struct arena *a, FILE *f, const char **ret)
{
	long size = length_of(f);
	char *text;
	size_t n;

	if (size < 0)
		return "cannot be read";
	if (size > PASSWORD_LIST_MAX)
		return "is longer than 16 MiB";
	text = arena_alloc(a, (size_t)size + 1);
	n = fread(text, 1, (size_t)size, f);
	if (n != (size_t)size)
		return "cannot be read";
	for (size_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = '\n';
	*ret = text;
	return NULL;
}

struct err *
password_list(struct arena *a, const struct conf *conf, const char **ret)
{
	const char *wrong = "cannot be read";
	FILE *f;

	*ret = "";
	if (!conf->password_list[0])
		return NULL;
	f = fopen(conf->password_list, "re");
	if (f) {
		wrong = read_list(a, f, ret);
		fclose(f);
	}
	if (!wrong)
		return NULL;
	return err_new(a, ERR_INTERNAL, "POSTERN_PASSWORD_LIST: %s %s",
		       conf->password_list, wrong);
}
