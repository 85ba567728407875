/*
 * Which new passwords are refused.
 *
 * Long enough and not what everybody tries first; nothing is asked of its
 * composition.  A password is common when its cheapest reading, as words of
 * our list, years, runs along the alphabet or the keyboard and repetitions,
 * leaves too little to guess: "Summer2024!" is one word, one year and a sign,
 * while three words and what joins them may pass.  Asked where a password is
 * set, never where one signs in.
 */
#ifndef POSTERN_CORE_POLICY_H
#define POSTERN_CORE_POLICY_H

#include "base/str.h"

enum {
	POLICY_POINTS_MIN = 8, /* characters */
	POLICY_POINTS_MAX = 256,
	POLICY_BYTES_MAX = 1024,
};

struct policy_rules {
	struct str email; /* of the account */
	struct str site;  /* the name of the server, or empty */
	bool tutorial;	  /* the tutorial's own "password" may be one */
	const char *list; /* refused ones, one a line: text, or NULL */
};

/* NULL: it may be one; else a sentence that says why not. */
const char *
policy_refuses(struct str password, const struct policy_rules *rules);

/*
 * Common words between blanks: the commonest, and others by what they begin
 * with: [0] those with a digit, then by letters.  NULL: there are none.
 */
extern const char policy_top[];
extern const char *const policy_words['z' - 'a' + 2];

#endif
