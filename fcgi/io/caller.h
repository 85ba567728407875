/*
 * Who calls: the token of a request, and whether a browser that sent it by
 * itself may be believed.
 *
 * A token comes as `Authorization: Bearer` (RFC 6750 §2.1) or in the cookie
 * CALLER_COOKIE; the header wins.  No token is no error, and neither is
 * another scheme of the header (a proxy's own); a token that is not good is
 * one: nobody is silently anonymous.  Whether its session still lives is
 * Postgres's to say (ask_enter).  Where others may say who it is, they vouch
 * for him: there is no session then.  So do the tokens of others that have the
 * key of HASURA_GRAPHQL_JWT_SECRET.
 */
#ifndef POSTERN_IO_CALLER_H
#define POSTERN_IO_CALLER_H

#include <json-c/json.h>

#include "core/request.h"

#define CALLER_COOKIE "edgedb-auth-token"

/* Was a token sent, good or not? */
bool caller_has_token(const struct request *r);

/*
 * Fill call->caller.  ERR_UNAUTHORIZED: the token is not good.
 * ERR_FORBIDDEN: X-Hasura-Role is none of the token's roles, or the cookie
 * came with a request that changes something and either is no JSON or is
 * not from an allowed origin.
 */
struct err *caller_find(struct call *call);

/*
 * The same for an interface that an engine may have as a remote schema: with
 * the secret of conf->remote_header it vouches for its caller, whose session
 * variables are the headers X-Hasura-..., and no token counts.
 * ERR_FORBIDDEN: that secret is wrong.  ERR_BAD_REQUEST: a variable was sent
 * twice, or there are more than REQUEST_VARIABLES_MAX.
 */
struct err *caller_find_remote(struct call *call);

/*
 * Fill call->caller with whom somebody vouches for that is to be believed:
 * `session` is an object of session variables, whose names count in any case.
 * x-hasura-role is a user's or an admin's role, or anonymous, which is also
 * whoever has none.  ERR_BAD_REQUEST: one of them is no text, or longer than
 * CALLER_VARIABLE_MAX, or its name is, or longer than CALLER_NAME_MAX.
 * ERR_FORBIDDEN: there is no such role.
 */
enum { CALLER_NAME_MAX = 100, CALLER_VARIABLE_MAX = 4096 }; /* bytes */
struct err *caller_vouch(struct call *call, json_object *session);

/* The same with a token that may have expired: good enough to leave. */
struct err *caller_find_late(struct call *call);

/*
 * Was the request sent by a page of a foreign origin?  Only what browsers
 * say counts: without Origin and Sec-Fetch-Site it was not.
 */
bool caller_is_foreign(const struct request *r);

/* The issuer of our tokens: the base URL and /auth. */
struct str caller_issuer(struct arena *a, const struct conf *conf);

#endif
