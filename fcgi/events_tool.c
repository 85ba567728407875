#include "events_tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/events.h"

#define LIST_MOST "50"

static int
say_usage(void)
{
	fprintf(stderr,
		"postern: say events list [STATE] [TRIGGER], events show ID,\n"
		"events redeliver ID or TRIGGER, or events stats; a STATE is\n"
		"waiting, underway, delivered, failed or archived\n");
	return EXIT_FAILURE;
}

static bool
is_state(struct str s)
{
	static const char *const states[] = {"waiting", "underway", "delivered",
					     "failed", "archived"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (str_eq(s, str_of(states[i])))
			return true;
	return false;
}

/* False when it is none of the questions. */
static bool
read_list(int argc, char **argv, struct events_question *q)
{
	int at = 0;

	q->nargs = 3;
	q->args[2] = STR(LIST_MOST);
	if (at < argc && is_state(str_of(argv[at])))
		q->args[0] = str_of(argv[at++]);
	if (at < argc)
		q->args[1] = str_of(argv[at++]);
	return at == argc;
}

static bool
read_question(int argc, char **argv, struct events_question *q)
{
	if (argc < 1)
		return false;
	q->what = argv[0];
	if (strcmp(q->what, "list") == 0)
		return read_list(argc - 1, argv + 1, q);
	if (strcmp(q->what, "stats") == 0)
		return argc == 1;
	if (argc != 2)
		return false;
	q->nargs = 1;
	q->args[0] = str_of(argv[1]);
	if (strcmp(q->what, "show") == 0)
		return str_is_uuid(q->args[0]);
	return strcmp(q->what, "redeliver") == 0;
}

static int
say(const struct events_question *q, struct str answer)
{
	if (strcmp(q->what, "show") == 0 && answer.n == 0) {
		fprintf(stderr, "postern: there is no event %.*s\n",
			STR_FMT(q->args[0]));
		return EXIT_FAILURE;
	}
	if (strcmp(q->what, "redeliver") == 0) {
		printf("to be delivered again: %.*s", STR_FMT(answer));
		return str_eq(answer, STR("0\n")) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	fwrite(answer.p, 1, answer.n, stdout);
	return EXIT_SUCCESS;
}

/* What a person has named and nobody has ever heard of. */
static struct err *
find_unknown(struct desk *d, struct arena *a, const struct events_question *q,
	     struct str *ret)
{
	bool lists = strcmp(q->what, "list") == 0;
	struct events_question known = {"known", {q->args[lists ? 1 : 0]}, 1};
	struct str answer;

	*ret = STR("");
	if (!lists && strcmp(q->what, "redeliver") != 0)
		return NULL;
	if (known.args[0].n == 0)
		return NULL;
	TRY(events_ask(d, a, &known, &answer));
	if (!str_eq(answer, STR("yes\n")))
		*ret = known.args[0];
	return NULL;
}

static int
say_unknown(const struct events_question *q, struct str name)
{
	fprintf(stderr, "postern: there is no %s%.*s\n",
		strcmp(q->what, "list") == 0 ? "trigger " : "event or trigger ",
		STR_FMT(name));
	return EXIT_FAILURE;
}

int
events_tool_run(const struct conf *conf, int argc, char **argv)
{
	struct events_question q = {0};
	struct arena *a;
	struct desk *d;
	struct str answer = STR(""), unknown;
	struct err *e;
	int status = EXIT_FAILURE;

	if (!read_question(argc, argv, &q))
		return say_usage();
	a = arena_new(64 * 1024);
	d = desk_open(conf, NULL);
	e = find_unknown(d, a, &q, &unknown);
	if (!e && unknown.n == 0)
		e = events_ask(d, a, &q, &answer);
	if (e)
		fprintf(stderr, "postern: %.*s\n", STR_FMT(e->cause));
	else if (unknown.n)
		status = say_unknown(&q, unknown);
	else
		status = say(&q, answer);
	arena_free(a);
	desk_close(d);
	return status;
}
