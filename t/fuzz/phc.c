/*
 * A stored hash that is read is within the bounds and is written in one way
 * only; and what the policy lets pass has its shape.
 */
#include "core/phc.h"

#include "core/policy.h"
#include "fuzz.h"

enum { SHORT = 64 }; /* long texts are read slowly, as passwords */

static void
try_hash(struct arena *a, struct str text)
{
	struct phc_cost cost;
	struct phc phc = {0};

	if (phc_read_cost(text, &cost))
		MUST(cost.memory >= 8 * cost.lanes &&
		     cost.memory <= PHC_MEMORY_MAX && cost.passes >= 1 &&
		     cost.passes <= PHC_PASSES_MAX && cost.lanes >= 1 &&
		     cost.lanes <= PHC_LANES_MAX);
	if (!phc_read(a, text, &phc))
		return;
	MUST(phc.cost.memory >= 8 && phc.cost.memory <= PHC_MEMORY_MAX);
	MUST(phc.cost.passes >= 1 && phc.cost.passes <= PHC_PASSES_MAX);
	MUST(phc.cost.lanes >= 1 && phc.cost.lanes <= PHC_LANES_MAX);
	MUST(phc.salt.n >= PHC_SALT_MIN && phc.salt.n <= PHC_SALT_MAX);
	MUST(phc.tag.n >= PHC_TAG_MIN && phc.tag.n <= PHC_TAG_MAX);
	must_eq(phc_print(a, &phc), text);
}

static void
try_policy(struct str text)
{
	struct policy_rules rules = {
		.email = str_sub(text, 0, 9),
		.site = str_sub(text, 5, 9),
		.list = "listed one\nanother one",
	};
	bool fits = str_utf8(text) && text.n <= POLICY_BYTES_MAX &&
		    str_points(text) >= POLICY_POINTS_MIN;

	if (!policy_refuses(text, &rules))
		MUST(fits && !str_eq_nocase(text, STR("listed one")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	char *copy = malloc(size);
	struct str text = {copy, size};

	if (size)
		memcpy(copy, data, size);
	try_hash(a, text);
	if (size <= SHORT)
		try_policy(text);
	arena_free(a);
	free(copy);
	return 0;
}
