/*
 * Absolute URLs as far as redirects and origins need them (RFC 3986): where
 * one may lead, and what is added to its query.  Pure.
 *
 * A URL here is scheme://host[:port][/path][?query][#fragment].  Refused as
 * none: user information, white space, control characters, backslashes, an
 * empty host, and dot segments in any spelling (and between whatever anybody
 * takes for a slash), as readers do not agree where those lead.
 */
#ifndef POSTERN_CORE_URL_H
#define POSTERN_CORE_URL_H

#include "base/arena.h"

struct url {
	struct str scheme, host, port; /* port: empty when not given */
	struct str path, query, fragment;
};

/* Split; the parts point into `text`.  False when it is no such URL. */
bool url_read(struct str text, struct url *ret);

/*
 * Does the URL lead to `base` or below it: the same scheme, host and port,
 * and a path that begins with all of its segments?  Without regard to case.
 */
bool url_is_below(struct str text, struct str base);

/* Below any of the URLs in a list with blanks between. */
bool url_is_allowed(struct str text, struct str list);

/* Is an Origin header's value the origin of `base`? */
bool url_is_origin(struct str origin, struct str base);

/* The same for a list with blanks between. */
bool url_origin_in(struct str origin, struct str list);

/* Is its host this very machine: localhost or a loopback address? */
bool url_is_local(struct str text);

/*
 * The URL with name=value (percent-encoded) in its query, in the place of
 * what had that name before; the fragment stays.
 */
struct str
url_with(struct arena *a, struct str text, struct str name, struct str value);

#endif
