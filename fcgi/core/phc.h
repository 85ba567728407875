/*
 * Stored password hashes as text: the PHC string of Argon2,
 *
 *	$argon2id$v=19$m=19456,t=2,p=1$salt$tag
 *
 * and the cost that a setting asks for.  Reading is strict and bounded before
 * anything is computed: a hash from a foreign database that asks for
 * gigabytes or for minutes is no hash.
 */
#ifndef POSTERN_CORE_PHC_H
#define POSTERN_CORE_PHC_H

#include "base/arena.h"

enum {
	PHC_MEMORY_MAX = 262144, /* KiB */
	PHC_PASSES_MAX = 10,
	PHC_LANES_MAX = 16,
	PHC_SALT_MIN = 8,
	PHC_SALT_MAX = 64,
	PHC_TAG_MIN = 16,
	PHC_TAG_MAX = 64,
	PHC_SALT = 16, /* of those that we make */
	PHC_TAG = 32,
};

struct phc_cost {
	uint32_t memory, passes, lanes; /* KiB of memory */
};

struct phc {
	bool id; /* Argon2id, or else Argon2i */
	struct phc_cost cost;
	struct str salt, tag; /* bytes */
};

/* "m=19456,t=2,p=1", in this order and within the bounds. */
bool phc_read_cost(struct str text, struct phc_cost *ret);

bool phc_read(struct arena *a, struct str text, struct phc *ret);

/* Of one within the bounds; NUL-terminated. */
struct str phc_print(struct arena *a, const struct phc *phc);

/* Is it what we would make for this cost, but for salt and tag? */
bool phc_is_current(const struct phc *phc, const struct phc_cost *cost);

#endif
