/*
 * How much a receiver gets at once: more while it answers, less while not.
 */
#include "courier/window.h"

#include "tap.h"

static struct windows all;

static void
answer(struct window *w, int times, double seconds)
{
	for (int i = 0; i < times; i++)
		window_answered(&all, w, seconds);
}

static void
test_size(void)
{
	struct window *w;

	window_open(&all, 100);
	w = window_find(&all, STR("a"));
	ok(w->size == WINDOW_FIRST, "a new receiver gets a few");
	ok(window_find(&all, STR("a")) == w, "the same one is found again");
	ok(window_find(&all, STR("b")) != w, "... and no other");
	answer(w, 100, 1);
	ok(w->size == 25, "one that answers gets a quarter at most");
	window_unanswered(w);
	ok(w->size == 12, "one that does not gets half of that");
	for (int i = 0; i < 9; i++)
		window_unanswered(w);
	ok(w->size == 1, "... down to one, and never none");
	answer(w, 1, 1);
	ok(w->size == 2, "and then it is trusted again");
	window_free(&all);
	window_open(&all, 1);
	ok(window_find(&all, STR("a"))->size == 1, "of one, one is a quarter");
	window_free(&all);
}

static void
test_room(void)
{
	struct window *w;
	struct buf b = buf_new(1000);

	window_open(&all, 100);
	ok(window_any_low(&all), "when nobody is known, there is room");
	w = window_find(&all, STR("a"));
	ok(window_room(w) == WINDOW_FIRST, "there is room for its size");
	w->held = 5;
	ok(window_room(w) == WINDOW_FIRST - 5, "... less what is held");
	ok(!window_any_low(&all), "which is not half of it");
	w->held = 4;
	ok(window_any_low(&all), "... and is");
	answer(w, 1, 0.001);
	ok(window_room(w) == (WINDOW_FIRST + 1) * WINDOW_AHEAD - 4,
	   "for a quick one it is claimed ahead");
	w->held = 1000;
	ok(window_room(w) == 0, "there is never less than none");
	window_find(&all, STR("b-c"));
	window_put_rooms(&all, &b);
	is(buf_str(&b), STR("{\"b-c\":8,\"a\":0}"), "the rooms of all");
	buf_free(&b);
	window_free(&all);
}

int
main(void)
{
	test_size();
	test_room();
	return done();
}
