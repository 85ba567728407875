#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "kids.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

enum {
	HANDOVER_VERSION = 1, /* of the text and of struct seat */
	HANDOVER_MAX = 1 << 16,
	SEATS_SIZE = KIDS_MAX * sizeof(struct seat),
};

/* "version fd", then "slot pid started kill_at" of each, in one line. */
static const char variable[] = "POSTERN_POOL_HANDOVER";

struct kid *
kids_next(struct kids *kids, struct kid *kid)
{
	for (kid = kid ? kid + 1 : kids->all; kid < kids->all + KIDS_MAX; kid++)
		if (kid->pid)
			return kid;
	return NULL;
}

struct kid *
kids_find(struct kids *kids, pid_t pid)
{
	for (int i = 0; i < KIDS_MAX; i++)
		if (kids->all[i].pid == pid)
			return &kids->all[i];
	return NULL;
}

struct seat *
kids_seat(struct kids *kids, const struct kid *kid)
{
	return &kids->seats[kid - kids->all];
}

static bool
map_seats(struct kids *kids, int fd)
{
	struct stat file;
	void *at;

	if (fd <= STDERR_FILENO || fstat(fd, &file) != 0 ||
	    file.st_size != SEATS_SIZE)
		return false;
	at = mmap(NULL, SEATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return false;
	kids->seats = at;
	kids->fd = fd;
	return true;
}

static bool
make_seats(struct kids *kids)
{
	int fd = memfd_create("seats", MFD_CLOEXEC), why;

	if (fd < 0)
		return false;
	if (ftruncate(fd, SEATS_SIZE) == 0 && map_seats(kids, fd))
		return true;
	why = errno;
	close(fd);
	errno = why;
	return false;
}

static int64_t
take_number(struct str *text)
{
	int64_t value = -1;

	str_int(str_cut(text, ' '), &value);
	return value;
}

static bool
is_child(int64_t pid)
{
	siginfo_t info;

	return pid > 1 && pid <= INT_MAX &&
	       waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0;
}

static void
take_up(struct kids *kids, struct str *text)
{
	int64_t slot = take_number(text), pid = take_number(text);
	int64_t started = take_number(text), kill_at = take_number(text);

	if (slot < 0 || slot >= KIDS_MAX || !is_child(pid))
		return;
	kids->all[slot] = (struct kid){.pid = (pid_t)pid,
				       .place = -1,
				       .started = started,
				       .kill_at = kill_at};
}

bool
kids_open(struct kids *kids)
{
	struct str text = str_of(getenv(variable));
	int64_t version = take_number(&text), fd = take_number(&text);

	*kids = (struct kids){0};
	if (version != HANDOVER_VERSION || fd > INT_MAX ||
	    !map_seats(kids, (int)fd))
		if (!make_seats(kids))
			return false;
	while (text.n)
		take_up(kids, &text);
	kids_take_back(kids);
	return true;
}

void
kids_close(struct kids *kids)
{
	munmap(kids->seats, SEATS_SIZE);
	close(kids->fd);
}

bool
kids_hand_over(struct kids *kids)
{
	struct buf b = buf_new(HANDOVER_MAX);
	bool ok;

	buf_printf(&b, "%d %d", HANDOVER_VERSION, kids->fd);
	for (struct kid *k = NULL; (k = kids_next(kids, k));)
		buf_printf(&b, " %td %d %lld %lld", k - kids->all, (int)k->pid,
			   (long long)k->started, (long long)k->kill_at);
	buf_char(&b, '\0');
	ok = !b.broken && setenv(variable, b.p, 1) == 0 &&
	     fcntl(kids->fd, F_SETFD, 0) == 0;
	buf_free(&b);
	return ok;
}

void
kids_take_back(struct kids *kids)
{
	unsetenv(variable);
	fcntl(kids->fd, F_SETFD, FD_CLOEXEC);
}
