#include "cgi.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/depend.h"
#include "io/exchange.h"
#include "routes.h"
#include "serve.h"

extern char **environ;

struct cgi {
	struct exchange exchange; /* first: `flush` gets it */
	struct loop loop;
	struct serve serve;
	bool done;
};

static void
write_all(struct str s)
{
	if (s.n)
		fwrite(s.p, 1, s.n, stdout);
}

static void
write_part(struct exchange *x, bool streamed)
{
	struct buf head = buf_new(64 * 1024);

	if (!x->call.reply.begun) {
		x->call.reply.begun = streamed;
		reply_head(&x->call.reply, &head);
		write_all(buf_str(&head));
	}
	if (!x->call.reply.no_body)
		write_all(buf_str(&x->body));
	buf_free(&head);
	if (fflush(stdout) != 0)
		x->gone = true;
}

static void
on_flush(struct exchange *x)
{
	write_part(x, true);
	buf_clear(&x->body);
}

static void
on_finish(struct exchange *x)
{
	write_part(x, false);
	((struct cgi *)x)->done = true;
}

static void
read_body(struct request *r)
{
	int64_t length = 0;
	char *p;

	if (!str_int(r->content_length, &length) || length <= 0)
		return;
	r->body_cut = length > r->conf->body_max;
	if (r->body_cut)
		return;
	p = arena_alloc(r->arena, (size_t)length + 1);
	r->body = (struct str){p, fread(p, 1, (size_t)length, stdin)};
	r->body_short = r->body.n < (size_t)length;
}

static void
read_request(struct request *r, const struct conf *conf)
{
	r->conf = conf;
	for (char **e = environ; *e; e++) {
		struct str value = str_of(*e), name = str_cut(&value, '=');

		request_param(r, name, value);
	}
	request_complete(r);
	read_body(r);
}

static bool
open_all(struct cgi *cgi, const struct conf *conf)
{
	struct exchange *x = &cgi->exchange;
	struct err *e;

	signal(SIGPIPE, SIG_IGN);
	x->flush = on_flush;
	x->finish = on_finish;
	exchange_open(x);
	cgi->serve.lanes = 1;
	if (!loop_open(&cgi->loop))
		return false;
	e = serve_open(x->call.arena, &cgi->serve, conf, &cgi->loop);
	if (e)
		log_line(LOG_ERROR, "%.*s", STR_FMT(err_text(e)));
	return !e;
}

static void
close_all(struct cgi *cgi)
{
	exchange_close(&cgi->exchange);
	serve_close(&cgi->serve);
	loop_close(&cgi->loop);
}

int
cgi_run(const struct conf *conf)
{
	static struct cgi cgi;

	if (!open_all(&cgi, conf))
		return EXIT_FAILURE;
	read_request(&cgi.exchange.call.request, conf);
	serve_begin(&cgi.serve, &cgi.exchange);
	while (!cgi.done) {
		loop_turn(&cgi.loop, 100);
		serve_turn(&cgi.serve);
	}
	close_all(&cgi);
	return EXIT_SUCCESS;
}

/* For people who type: the body is all that comes, and JSON. */
static void
read_typed_body(struct request *r)
{
	char *p;

	if (r->content_length.n || str_eq(r->method, STR("GET")))
		return;
	p = arena_alloc(r->arena, (size_t)r->conf->body_max + 1);
	r->body.p = p;
	r->body.n = fread(p, 1, (size_t)r->conf->body_max, stdin);
	if (r->content_type.n == 0)
		r->content_type = STR("application/json");
}

static struct err *
explain(struct cgi *cgi, struct script *ret)
{
	struct call *call = &cgi->exchange.call;
	const struct api *api;
	struct script script;

	if (!cgi->serve.model)
		return err_new(call->arena, ERR_UNAVAILABLE, "no model");
	call->request.model = model_hold(cgi->serve.model);
	api = routes_find(&call->request);
	TRY(http_query_read(call->arena, call->request.query_text,
			    &call->request.query));
	TRY(api->plan(call));
	if (call->reply.status)
		return err_new(call->arena, ERR_NOT_FOUND,
			       "no statement is needed for %.*s",
			       STR_FMT(buf_str(call->reply.body)));
	TRY(sql_script(call->arena, &call->plan, &script));
	return depend_weave(call, &script, ret);
}

static void
print_statement(const struct statement *s)
{
	printf("%s\n", s->text.p);
	for (int i = 0; i < s->nargs; i++)
		printf("-- $%d = %s\n", i + 1,
		       s->args[i] ? s->args[i] : "null");
}

int
cgi_explain(const struct conf *conf)
{
	static struct cgi cgi;
	struct script s = {0};
	struct err *e;

	if (!open_all(&cgi, conf))
		return EXIT_FAILURE;
	read_request(&cgi.exchange.call.request, conf);
	read_typed_body(&cgi.exchange.call.request);
	e = explain(&cgi, &s);
	if (e)
		fprintf(stderr, "postern: %s: %.*s\n", err_kind(e->code)->title,
			STR_FMT(e->message));
	else
		for (int i = 0; i < s.n; i++)
			print_statement(&s.statements[i]);
	close_all(&cgi);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
