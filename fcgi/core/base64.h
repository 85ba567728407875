/*
 * Base64 with the URL-safe alphabet and no padding (RFC 4648 §5), strictly:
 * any other character, a length that cannot be, or bits that stand for
 * nothing are refused.
 */
#ifndef POSTERN_CORE_BASE64_H
#define POSTERN_CORE_BASE64_H

#include "base/arena.h"

/* Both give NUL-terminated copies in the arena. */
struct str base64_encode(struct arena *a, struct str bytes);
bool base64_decode(struct arena *a, struct str text, struct str *ret);

#endif
