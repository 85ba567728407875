/* What everybody may know about our tokens. */
#include "api/answer.h"
#include "api/auth.h"
#include "io/caller.h"
#include "io/keys.h"

/* RFC 7517 §5 */
static void
put_keys(struct call *call)
{
	if (call->request.keys)
		buf_put(call->reply.body,
			keys_jwks(call->request.keys, call->arena));
	else
		BUF_LIT(call->reply.body, "{\"keys\":[]}");
}

/* RFC 8414 §2 */
static void
put_metadata(struct call *call)
{
	struct str base = str_of(call->request.conf->base_url);
	struct buf *b = call->reply.body;

	BUF_LIT(b, "{");
	auth_put(b, "issuer", caller_issuer(call->arena, call->request.conf));
	auth_put(b, "token_endpoint",
		 arena_printf(call->arena, "%.*s/auth/token", STR_FMT(base)));
	auth_put(b, "jwks_uri",
		 arena_printf(call->arena, "%.*s/.well-known/jwks.json",
			      STR_FMT(base)));
	BUF_LIT(b, ",\"response_types_supported\":[\"code\"]"
		   ",\"grant_types_supported\":[\"authorization_code\","
		   "\"refresh_token\"]"
		   ",\"token_endpoint_auth_methods_supported\":[\"none\"]"
		   ",\"code_challenge_methods_supported\":[\"S256\"]}");
}

static const struct {
	const char *path;
	void (*put)(struct call *call);
} documents[] = {
	{"/.well-known/jwks.json",			   put_keys	   },
	{"/.well-known/oauth-authorization-server",	    put_metadata},
	{"/.well-known/oauth-authorization-server/auth", put_metadata},
};

static struct err *
plan(struct call *call)
{
	TRY(answer_allow(call, "GET, HEAD"));
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (!str_eq(call->request.path, str_of(documents[i].path)))
			continue;
		documents[i].put(call);
		reply_header(&call->reply, "Cache-Control",
			     STR("public, max-age=300"));
		return auth_done(call, 200);
	}
	return err_new(call->arena, ERR_NOT_FOUND, "Not Found");
}

static struct err *
render(struct call *call)
{
	return err_internal(call->arena, ERR_INTERNAL, "nothing was planned");
}

const struct api well_known_api = {
	.name = "well-known",
	.offline = true,
	.open = true,
	.plan = plan,
	.render = render,
	.fail = answer_error,
};
