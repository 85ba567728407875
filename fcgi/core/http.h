/*
 * The parts of HTTP that are text: query strings, percent-encoding, media
 * types, entity tags.  Pure: no request, no I/O.
 */
#ifndef POSTERN_CORE_HTTP_H
#define POSTERN_CORE_HTTP_H

#include "base/buf.h"
#include "base/err.h"

enum { HTTP_PARAMS_MAX = 100 };

struct http_param {
	struct str name, value; /* decoded, UTF-8, NUL-terminated */
};

struct http_query {
	struct http_param *params; /* in the order of the text */
	size_t n;
};

/*
 * Split and decode a query string (WHATWG urlencoded: '&', '=', '+' is a
 * space, %XX).  Copies into the arena.  Refused as ERR_BAD_REQUEST: a '%'
 * without two hex digits, bytes that are not UTF-8, a NUL, more than
 * HTTP_PARAMS_MAX parameters.  A name without '=' has the empty value; an
 * empty piece between two '&' is skipped.
 */
struct err *
http_query_read(struct arena *a, struct str text, struct http_query *ret);

/* The last parameter of that name (a repeated one: last wins), or NULL. */
const struct http_param *
http_query_get(const struct http_query *q, struct str name);

/*
 * Decode %XX (and '+' when `plus`).  False on a '%' without two hex digits;
 * whether the result is UTF-8 or holds NUL is the caller's question.
 */
bool http_decode(struct arena *a, struct str text, bool plus, struct str *ret);

/* Encode all but RFC 3986 unreserved characters. */
struct str http_encode(struct arena *a, struct str text);
void http_put_encoded(struct buf *b, struct str text);

/*
 * Does a header value hold the media type (parameters ignored), in any
 * case?  For Content-Type "application/json; charset=utf-8".
 */
bool http_is_type(struct str header, struct str type);

/*
 * The value of the cookie `name` in a Cookie header (RFC 6265 §4.2), without
 * the quotes around it; empty when it is not there.  *ret_times says how
 * often it is: whoever sends it twice may be two.
 */
struct str http_cookie(struct str header, struct str name, int *ret_times);

/* Is it application/json or application/<anything>+json? */
bool http_is_json(struct str content_type);

/*
 * Does an If-None-Match or If-Match value (RFC 9110 §13.1) match the strong
 * tag `etag` (with its quotes)?  "*" matches.  Weak tags match only when
 * `weak` (If-None-Match compares weakly, If-Match strongly).
 */
bool http_etag_match(struct str header, struct str etag, bool weak);

/*
 * Take the head of a header's list up to a `sep` outside of quoted strings,
 * trimmed; what follows stays in *rest.
 */
struct str http_cut(struct str *rest, char sep);

/* Without the quotes that may be around it. */
struct str http_unquote(struct str s);

/* The value of `return` in a Prefer header (RFC 7240), or empty. */
struct str http_prefer_return(struct str header);

#endif
