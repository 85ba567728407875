/*
 * The keys that sign events, as Standard Webhooks have them: text, or base64
 * behind "whsec_"; of several, between blanks, each signs.  Pure.
 */
#ifndef POSTERN_CORE_HOOK_KEY_H
#define POSTERN_CORE_HOOK_KEY_H

#include "base/err.h"

enum { HOOK_KEY_LEAST = 24 }; /* bytes, of which they ask for 24 to 64 */

/*
 * Take the next key off the list: its bytes.  Empty: there is no more.
 * ERR_INVALID, without the key in its words: it is none, or too short.
 */
struct err *hook_key_next(struct arena *a, struct str *list, struct str *ret);

#endif
