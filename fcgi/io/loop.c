#include "io/loop.h"

#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 128 };

int64_t
loop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
loop_open(struct loop *l)
{
	*l = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	sigemptyset(&l->waiting);
	l->now = loop_clock();
	return l->epoll >= 0;
}

void
loop_close(struct loop *l)
{
	close(l->epoll);
}

static bool
control(struct loop *l, int op, int fd, struct epoll_event *event)
{
	return epoll_ctl(l->epoll, op, fd, event) == 0;
}

bool
loop_add(struct loop *l, int fd, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	return control(l, EPOLL_CTL_ADD, fd, &event);
}

bool
loop_change(struct loop *l, int fd, struct watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	return control(l, EPOLL_CTL_MOD, fd, &event);
}

void
loop_remove(struct loop *l, int fd)
{
	struct epoll_event ignored = {0};

	control(l, EPOLL_CTL_DEL, fd, &ignored);
}

void
loop_turn(struct loop *l, int timeout)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int n;

	seat_idle(l->seat);
	n = epoll_pwait(l->epoll, events, EVENTS_PER_TURN, timeout,
			&l->waiting);
	seat_busy(l->seat);
	l->turn++;
	l->now = loop_clock();
	for (int i = 0; i < n; i++) {
		struct watch *w = events[i].data.ptr;

		w->ready(w, events[i].events);
	}
}
