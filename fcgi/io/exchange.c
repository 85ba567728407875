#include "io/exchange.h"

enum {
	FIRST_BLOCK = 8 * 1024,
	BODY_MAX = 256 * 1024 * 1024,
	HEADERS_MAX = 8 * 1024,
	BODY_KEPT = 32 * 1024,
};

void
exchange_open(struct exchange *x)
{
	x->call.arena = arena_new(FIRST_BLOCK);
	x->body = buf_new(BODY_MAX);
	x->call.reply.headers = buf_new(HEADERS_MAX);
	exchange_reset(x);
}

void
exchange_reset(struct exchange *x)
{
	struct arena *arena = x->call.arena;
	struct buf headers = x->call.reply.headers;

	model_drop(x->call.request.model);
	arena_reset(arena);
	if (x->body.size > BODY_KEPT)
		buf_free(&x->body);
	buf_clear(&x->body);
	buf_clear(&headers);
	x->call = (struct call){
		.arena = arena,
		.request = {.arena = arena	  },
		.reply = { .body = &x->body, .headers = headers},
	};
	x->gone = false;
	x->tries = 0;
	x->api = NULL;
}

void
exchange_close(struct exchange *x)
{
	exchange_reset(x);
	arena_free(x->call.arena);
	buf_free(&x->body);
	buf_free(&x->call.reply.headers);
}
