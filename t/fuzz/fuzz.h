/*
 * What every fuzz target has: MUST(), which a property that does not hold
 * does not survive, and the declaration that libFuzzer forgets to give.
 */
#ifndef POSTERN_FUZZ_H
#define POSTERN_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(property)                                                     \
	do {                                                               \
		if (!(property)) {                                         \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
				__LINE__, #property);                      \
			abort();                                           \
		}                                                          \
	} while (0)

/* A string that must be another, both shown when it is not. */
static inline void
must_eq(struct str got, struct str expected)
{
	if (str_eq(got, expected))
		return;
	fprintf(stderr, "     got: %.*s\nexpected: %.*s\n", STR_FMT(got),
		STR_FMT(expected));
	abort();
}

#endif
