#include "courier/window.h"

#include <stdlib.h>

#include "base/mem.h"

static const double quickly = 0.25; /* seconds */

void
window_open(struct windows *w, int total)
{
	*w = (struct windows){.most = total / 4 > 0 ? total / 4 : 1};
}

void
window_free(struct windows *w)
{
	while (w->first) {
		struct window *next = w->first->next;

		free(w->first->trigger);
		free(w->first);
		w->first = next;
	}
}

struct window *
window_find(struct windows *w, struct str trigger)
{
	struct window *one = w->first;

	while (one && !str_eq(str_of(one->trigger), trigger))
		one = one->next;
	if (one)
		return one;
	one = mem_zero(1, sizeof(*one));
	one->trigger = mem_zero(trigger.n + 1, 1);
	memcpy(one->trigger, trigger.p, trigger.n);
	one->size = WINDOW_FIRST < w->most ? WINDOW_FIRST : w->most;
	one->next = w->first;
	w->first = one;
	return one;
}

static int
limit(const struct window *w)
{
	return w->quick ? w->size * WINDOW_AHEAD : w->size;
}

int
window_room(const struct window *w)
{
	return w->held < limit(w) ? limit(w) - w->held : 0;
}

bool
window_any_low(const struct windows *w)
{
	for (const struct window *one = w->first; one; one = one->next)
		if (window_room(one) * 2 >= limit(one))
			return true;
	return !w->first;
}

void
window_put_rooms(const struct windows *w, struct buf *b)
{
	buf_char(b, '{');
	for (const struct window *one = w->first; one; one = one->next) {
		buf_json(b, str_of(one->trigger));
		buf_char(b, ':');
		buf_int(b, window_room(one));
		if (one->next)
			buf_char(b, ',');
	}
	buf_char(b, '}');
}

void
window_answered(struct windows *all, struct window *w, double seconds)
{
	w->quick = seconds < quickly;
	if (w->size < all->most)
		w->size++;
}

void
window_unanswered(struct window *w)
{
	w->quick = false;
	w->size = w->size > 1 ? w->size / 2 : 1;
}
