/*
 * postern: which of its parts to be.  postern(8) has the words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "actions_tool.h"
#include "api/openapi/openapi.h"
#include "base/conf.h"
#include "base/log.h"
#include "cgi.h"
#include "check.h"
#include "courier/courier.h"
#include "events_tool.h"
#include "io/keys.h"
#include "pool.h"
#include "serve.h"
#include "worker.h"

/* What a command gets. */
struct run {
	struct conf conf;
	int argc; /* behind the command's own name */
	char **argv, **whole;
};

/* ---- pool ---- */

struct pool_ctx {
	const struct conf *conf;
	enum pool_kind kind;
};

static int
pool_work(void *ctx, struct seat *seat, int index)
{
	const struct pool_ctx *p = ctx;

	return worker_run(p->conf, p->kind, seat, index);
}

static int
courier_work(void *ctx, struct seat *seat, int index)
{
	const struct pool_ctx *p = ctx;

	(void)index;
	return courier_run(p->conf, seat, false);
}

static bool
find_pool(const char *name, enum pool_kind *ret)
{
	for (int kind = POOL_API; kind <= POOL_BULK; kind++) {
		if (strcmp(worker_pool_name((enum pool_kind)kind), name) != 0)
			continue;
		*ret = (enum pool_kind)kind;
		return true;
	}
	return false;
}

/* An error is said on stderr; the arena that it is in goes. */
static bool
is_fine(struct arena *a, const struct err *e)
{
	if (e)
		fprintf(stderr, "postern: %.*s\n", STR_FMT(err_text(e)));
	arena_free(a);
	return !e;
}

/* False, said on stderr, when nothing should start with such secrets. */
static bool
may_start(const struct run *run)
{
	struct arena *a = arena_new(4096);
	struct err *e = serve_check(a, &run->conf);

	return is_fine(a, e);
}

static int
run_pool(struct run *run)
{
	struct pool_ctx ctx = {&run->conf, POOL_API};
	struct pool pool = {
		.name = run->argc ? run->argv[0] : "api",
		.workers = (int)run->conf.workers,
		.hard_limit_s = run->conf.hard_limit,
		.drain_limit_s = run->conf.drain_limit,
		.argv = run->whole,
		.work = pool_work,
		.ctx = &ctx,
	};

	if (strcmp(pool.name, "courier") == 0) {
		pool.no_socket = true;
		pool.workers = 1;
		pool.hard_limit_s = COURIER_LIMIT;
		pool.work = courier_work;
	} else if (!find_pool(pool.name, &ctx.kind)) {
		fprintf(stderr,
			"postern: there is no pool \"%s\": say api, "
			"auth, bulk or courier\n",
			pool.name);
		return EXIT_FAILURE;
	}
	if (!may_start(run))
		return EXIT_FAILURE;
	/* A turn of the bulk pool lasts as long as its slowest reader. */
	if (ctx.kind == POOL_BULK)
		pool.hard_limit_s = run->conf.bulk_timeout / 1000 + 10;
	return pool_run(&pool);
}

/* ---- words about the installation ---- */

/* Connect as a worker would; false, said on stderr, when that fails. */
static bool
open_serve(const struct run *run, struct serve *s, struct loop *loop)
{
	struct arena *a = arena_new(4096);
	struct err *e;

	s->lanes = 1;
	if (!loop_open(loop))
		return false;
	e = serve_open(a, s, &run->conf, loop);
	if (e)
		fprintf(stderr, "postern: %.*s\n", STR_FMT(err_text(e)));
	arena_free(a);
	return !e;
}

/* Is all of what was opened usable?  What is not is said on stderr. */
static bool
is_usable(struct serve *s)
{
	struct arena *a = arena_new(4096);
	struct err *e = NULL;

	if (!pg_up(s->pg))
		e = err_new(a, ERR_UNAVAILABLE,
			    "the database cannot be reached: see "
			    "POSTERN_DATABASE");
	else if (!s->model)
		e = err_new(a, ERR_UNAVAILABLE,
			    "the database has no postern.model(): run "
			    "sql/migrate");
	else
		e = serve_look(s, a);
	return is_fine(a, e);
}

static int
run_check(struct run *run)
{
	struct serve s = {0};
	struct loop loop;
	bool usable;

	if (!may_start(run))
		return EXIT_FAILURE;
	if (run->argc && strcmp(run->argv[0], "--config") == 0)
		return EXIT_SUCCESS;
	if (!open_serve(run, &s, &loop))
		return EXIT_FAILURE;
	usable = is_usable(&s);
	if (usable)
		check_events(&run->conf);
	serve_close(&s);
	loop_close(&loop);
	return usable ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run_model(struct run *run)
{
	struct serve s = {0};
	struct loop loop;
	bool there;

	if (!open_serve(run, &s, &loop))
		return EXIT_FAILURE;
	there = s.model != NULL;
	if (there)
		printf("%s\n", s.model->text.p);
	serve_close(&s);
	loop_close(&loop);
	return there ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* `openapi [ROLE]`: as who has no token, or as that role of the database. */
static bool
print_openapi(const struct run *run, struct model *model)
{
	const char *role = run->argc ? run->argv[0] : run->conf.role;
	struct arena *a = arena_new(64 * 1024);
	bool known = model && model_role(model, str_of(role));

	if (known)
		puts(openapi_text(a, &run->conf, model, role).p);
	else
		fprintf(stderr,
			"postern: the role \"%s\" is none that the "
			"API knows\n",
			role);
	arena_free(a);
	return known;
}

static int
run_openapi(struct run *run)
{
	struct serve s = {0};
	struct loop loop;
	bool printed;

	if (!open_serve(run, &s, &loop))
		return EXIT_FAILURE;
	printed = print_openapi(run, s.model);
	serve_close(&s);
	loop_close(&loop);
	return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run_settings(struct run *run)
{
	conf_print(&run->conf);
	return EXIT_SUCCESS;
}

static int
run_version(struct run *run)
{
	(void)run;
	puts("postern " CONF_VERSION);
	return EXIT_SUCCESS;
}

static int
run_courier(struct run *run)
{
	bool once = run->argc && strcmp(run->argv[0], "--once") == 0;

	if (run->argc && !once) {
		fprintf(stderr, "postern: say courier, or courier --once\n");
		return EXIT_FAILURE;
	}
	if (!may_start(run))
		return EXIT_FAILURE;
	log_set_who("courier");
	return courier_run(&run->conf, NULL, once);
}

static int
run_events(struct run *run)
{
	return events_tool_run(&run->conf, run->argc, run->argv);
}

static int
run_actions(struct run *run)
{
	return actions_tool_run(&run->conf, run->argc, run->argv);
}

/* `key EdDSA`: to standard output, where a redirection makes it a file. */
static int
run_key(struct run *run)
{
	struct arena *a = arena_new(4096);
	const char *name = run->argc ? run->argv[0] : "HS256";
	struct str text = STR("");
	struct err *e = keys_make(a, str_of(name), &text);
	bool good = !e && printf("%s\n", text.p) > 0 && fflush(stdout) == 0;

	if (e)
		fprintf(stderr, "postern: %.*s\n", STR_FMT(e->message));
	else if (!good)
		fprintf(stderr, "postern: the key could not be written\n");
	arena_free(a);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* `explain GET '/users?name=x' [body]`: the request as arguments. */
static int
run_explain(struct run *run)
{
	if (run->argc < 2) {
		fprintf(stderr, "postern: say explain METHOD PATH, the body "
				"on standard input\n");
		return EXIT_FAILURE;
	}
	setenv("REQUEST_METHOD", run->argv[0], 1);
	setenv("REQUEST_URI", run->argv[1], 1);
	return cgi_explain(&run->conf);
}

/* Nothing said: what the surroundings ask for. */
static int
run_served(struct run *run)
{
	if (getenv("REQUEST_METHOD"))
		return cgi_run(&run->conf);
	return may_start(run) ? worker_run(&run->conf, POOL_API, NULL, 0)
			      : EXIT_FAILURE;
}

static int run_help(struct run *run);

static const struct command {
	const char *name, *arguments, *meaning;
	int (*run)(struct run *run);
} commands[] = {
	{"pool",	 "NAME",		 "supervise the pool api, auth, bulk or courier",
	 run_pool										  },
	{"courier",  "[--once]",	"deliver mails and events",			    run_courier },
	{"events",   "list|show|...", "what became of events",			     run_events  },
	{"actions",  "[--codegen]",   "the actions for a Hasura engine",
	 run_actions									       },
	{"check",	  "[--config]",	"are configuration and database usable?",
	 run_check										 },
	{"model",	  "",	      "print the exposed schema as JSON",		  run_model   },
	{"openapi",  "[ROLE]",	      "print the description of the API",		  run_openapi },
	{"explain",  "METHOD PATH",   "print the SQL of a request",			 run_explain },
	{"key",	"[ALGORITHM]",   "print a new key for POSTERN_KEYS",		   run_key	  },
	{"settings", "",		 "print every setting",				run_settings},
	{"version",  "",		"print the version",			     run_version },
	{"help",	 "",		     "print this",				    run_help	   },
};

static int
run_help(struct run *run)
{
	(void)run;
	puts("usage: postern [command]\n\nWithout a command: one CGI request "
	     "when REQUEST_METHOD is set, else one\nFastCGI worker on "
	     "descriptor 0.\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-9s %-14s %s\n", commands[i].name,
		       commands[i].arguments, commands[i].meaning);
	return EXIT_SUCCESS;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The memory of a crash would hold keys and passwords. */
static void
leave_no_core(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new(16 * 1024);
	/* Under CGI the arguments come from the query: they say nothing. */
	bool cgi = getenv("REQUEST_METHOD") != NULL;
	const struct command *command =
		argc > 1 && !cgi ? find_command(argv[1]) : NULL;
	struct run run = {
		.argc = argc > 2 ? argc - 2 : 0,
		.argv = argv + 2,
		.whole = argv,
	};
	struct err *e;
	int status;

	leave_no_core();
	if (argc > 1 && !cgi && !command) {
		fprintf(stderr,
			"postern: there is no command \"%s\": see "
			"postern help\n",
			argv[1]);
		return EXIT_FAILURE;
	}
	e = conf_load(a, &run.conf);
	if (e) {
		fprintf(stderr, "postern: %.*s\n", STR_FMT(e->message));
		return EXIT_FAILURE;
	}
	log_set_level(conf_log_level(&run.conf));
	status = command ? command->run(&run) : run_served(&run);
	arena_free(a);
	return status;
}
