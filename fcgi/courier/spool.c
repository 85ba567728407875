#include "courier/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct err *
failed(struct arena *a, struct str path)
{
	return err_internal(a, ERR_INTERNAL, "%.*s: %s", STR_FMT(path),
			    strerror(errno));
}

static bool
write_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

static bool
write_file(struct str path, struct str bytes)
{
	int fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return false;
	good = write_all(fd, bytes) && fsync(fd) == 0;
	return close(fd) == 0 && good;
}

/* dir/20261120T141500.123456Z-ID.eml */
static struct str
name_of(struct arena *a, struct str dir, struct str id)
{
	struct timespec now;
	struct tm t;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &t);
	return arena_printf(a, "%.*s/%04d%02d%02dT%02d%02d%02d.%06ldZ-%.*s.eml",
			    STR_FMT(dir), t.tm_year + 1900, t.tm_mon + 1,
			    t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
			    now.tv_nsec / 1000, STR_FMT(id));
}

struct err *
spool_write(struct arena *a, const char *state,
	    const struct smtp_letter *letter, struct str *ret)
{
	struct str dir = arena_printf(a, "%s/mail", state);
	struct str name = name_of(a, dir, letter->id);
	struct str part = arena_printf(a, "%.*s/.%.*s", STR_FMT(dir),
				       STR_FMT(letter->id));

	if (mkdir(dir.p, 0700) != 0 && errno != EEXIST)
		return failed(a, dir);
	if (!write_file(part, letter->bytes))
		return failed(a, part);
	if (rename(part.p, name.p) != 0)
		return failed(a, name);
	*ret = name;
	return NULL;
}
