#include "base/seat.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
seat_ready(struct seat *seat)
{
	if (seat)
		atomic_store_explicit(&seat->ready, 1, memory_order_release);
}

/* The coarse clock runs a few milliseconds late and costs no system call. */
void
seat_busy(struct seat *seat)
{
	if (seat)
		atomic_store_explicit(&seat->busy_since,
				      read_clock(CLOCK_MONOTONIC_COARSE),
				      memory_order_relaxed);
}

void
seat_idle(struct seat *seat)
{
	if (seat)
		atomic_store_explicit(&seat->busy_since, 0,
				      memory_order_relaxed);
}

void
seat_clear(struct seat *seat)
{
	atomic_store(&seat->ready, 0);
	atomic_store(&seat->busy_since, 0);
}

bool
seat_is_ready(struct seat *seat)
{
	return atomic_load_explicit(&seat->ready, memory_order_acquire) != 0;
}

int64_t
seat_busy_ms(struct seat *seat, int64_t now_ms)
{
	int64_t since =
		atomic_load_explicit(&seat->busy_since, memory_order_relaxed);

	return since && now_ms > since ? now_ms - since : 0;
}

int64_t
seat_now_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
