#include "courier/leave.h"

#include <sys/signalfd.h>
#include <unistd.h>

void
leave_open(struct leave *l)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, was;

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGINT, NULL, &was);
	sigemptyset(&l->signals);
	sigaddset(&l->signals, SIGTERM);
	if (was.sa_handler != SIG_IGN)
		sigaddset(&l->signals, SIGINT);
	sigprocmask(SIG_BLOCK, &l->signals, NULL);
	l->fd = signalfd(-1, &l->signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
leave_close(struct leave *l)
{
	if (l->fd >= 0)
		close(l->fd);
}

bool
leave_asked(const struct leave *l)
{
	sigset_t pending;

	sigpending(&pending);
	return (sigismember(&l->signals, SIGTERM) == 1 &&
		sigismember(&pending, SIGTERM) == 1) ||
	       (sigismember(&l->signals, SIGINT) == 1 &&
		sigismember(&pending, SIGINT) == 1);
}
