/*
 * A request put to its interface's planner, with the model of
 * t/unit/model.json and without a server or a database.
 *
 * ask() answers like the worker would up to the point where it needs
 * Postgres: a statement, an answer at once (reply.status), or an error.
 * What came of it lives until ask_free().
 */
#ifndef POSTERN_ASK_H
#define POSTERN_ASK_H

#include <stdio.h>
#include <stdlib.h>

#include "core/request.h"
#include "core/sql.h"
#include "routes.h"

#define ASK_MODEL "t/unit/model.json"

struct asked {
	struct conf conf;
	struct call call;
	struct buf body;
	struct script script;
	struct statement statement; /* the first of it */
	struct err *error;
};

/* A whole file; the caller frees it.  A missing one ends the program. */
static inline struct str
ask_file(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t size = 4 * 1024 * 1024;
	char *text = malloc(size);
	struct str whole = {text, 0};

	if (!f || !text) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	whole.n = fread(text, 1, size - 1, f);
	text[whole.n] = '\0';
	fclose(f);
	return whole;
}

static inline struct model *
ask_model_of(const char *path)
{
	struct arena *a = arena_new(1024);
	struct str text = ask_file(path);
	struct model *model = NULL;

	if (model_read(a, text, &model)) {
		fprintf(stderr, "%s is no model\n", path);
		exit(EXIT_FAILURE);
	}
	free((void *)(uintptr_t)text.p);
	arena_free(a);
	return model;
}

static inline struct model *
ask_model(void)
{
	return ask_model_of(ASK_MODEL);
}

/* The settings that planners look at, as they are by default. */
static inline void
ask_open(struct asked *q, struct model *model, const char *role)
{
	*q = (struct asked){
		.conf = {.role = role,
			 .statuses = "tutorial",
			 .base_url = "http://localhost:8000",
			 .body_max = 1 << 20,
			 .page_max = 1000,
			 .jsonapi_page_max = 10000,
			 .jsonapi_include_depth = 3,
			 .jsonapi_operations = 100},
		.body = buf_new(1 << 24),
	};
	q->call.arena = arena_new(8 * 1024);
	q->call.reply.body = &q->body;
	q->call.reply.headers = buf_new(8 * 1024);
	q->call.request.arena = q->call.arena;
	q->call.request.conf = &q->conf;
	q->call.request.model = model_hold(model);
}

static inline struct err *
ask_planned(struct call *call, struct script *ret)
{
	const struct api *api;

	request_complete(&call->request);
	api = routes_find(&call->request);
	TRY(http_query_read(call->arena, call->request.query_text,
			    &call->request.query));
	TRY(api->plan(call));
	if (call->reply.status || call->ask.function)
		return NULL;
	return sql_script(call->arena, &call->plan, ret);
}

/* The request's strings are set before; see struct request. */
static inline void
ask(struct asked *q)
{
	q->error = ask_planned(&q->call, &q->script);
	if (q->script.n)
		q->statement = *q->script.statements;
}

static inline void
ask_free(struct asked *q)
{
	arena_free(q->call.arena);
	buf_free(&q->body);
	buf_free(&q->call.reply.headers);
	model_drop(q->call.request.model);
}

#endif
