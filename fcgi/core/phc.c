#include "core/phc.h"

#include "core/base64.h"

/* One number of the cost: what stands before it and how large it may be. */
struct number {
	struct str name;
	int64_t max;
};

/* Decimal without a sign or leading zeros. */
static bool
read_number(struct str text, const struct number *kind, uint32_t *ret)
{
	int64_t value;

	if (!str_starts(text, kind->name))
		return false;
	text = str_sub(text, kind->name.n, text.n);
	if (text.n == 0 || text.p[0] < '1' || text.p[0] > '9' ||
	    !str_int(text, &value) || value > kind->max)
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool
phc_read_cost(struct str text, struct phc_cost *ret)
{
	static const struct number kinds[] = {
		{STR("m="), PHC_MEMORY_MAX},
		{STR("t="), PHC_PASSES_MAX},
		{STR("p="), PHC_LANES_MAX },
	};
	uint32_t values[3];
	struct str rest = text;
	size_t commas = 0;

	for (size_t i = 0; i < text.n; i++)
		commas += text.p[i] == ',';
	if (commas != 2)
		return false;
	for (int i = 0; i < 3; i++)
		if (!read_number(str_cut(&rest, ','), &kinds[i], &values[i]))
			return false;
	if (values[0] < 8 * values[2])
		return false;
	*ret = (struct phc_cost){values[0], values[1], values[2]};
	return true;
}

/* Swap the last two letters of the alphabets: "-_" is "+/" here. */
static struct str
swap(struct arena *a, struct str text, const char *from, const char *to)
{
	struct str copy = arena_str(a, text);
	char *p = arena_alloc(a, copy.n + 1);

	for (size_t i = 0; i < copy.n; i++) {
		p[i] = copy.p[i];
		if (p[i] == from[0])
			p[i] = to[0];
		else if (p[i] == from[1])
			p[i] = to[1];
	}
	return (struct str){p, copy.n};
}

static bool
read_bytes(struct arena *a, struct str text, size_t min, size_t max,
	   struct str *ret)
{
	if (str_find(text, '-') < text.n || str_find(text, '_') < text.n ||
	    text.n > max * 2)
		return false;
	if (!base64_decode(a, swap(a, text, "+/", "-_"), ret))
		return false;
	return ret->n >= min && ret->n <= max;
}

bool
phc_read(struct arena *a, struct str text, struct phc *ret)
{
	struct str parts[6], rest = text;

	for (int i = 0; i < 6; i++)
		parts[i] = str_cut(&rest, '$');
	if (rest.n || parts[0].n || !str_eq(parts[2], STR("v=19")))
		return false;
	if (text.n && text.p[text.n - 1] == '$')
		return false;
	ret->id = str_eq(parts[1], STR("argon2id"));
	if (!ret->id && !str_eq(parts[1], STR("argon2i")))
		return false;
	return phc_read_cost(parts[3], &ret->cost) &&
	       read_bytes(a, parts[4], PHC_SALT_MIN, PHC_SALT_MAX,
			  &ret->salt) &&
	       read_bytes(a, parts[5], PHC_TAG_MIN, PHC_TAG_MAX, &ret->tag);
}

struct str
phc_print(struct arena *a, const struct phc *phc)
{
	struct str salt = swap(a, base64_encode(a, phc->salt), "-_", "+/");
	struct str tag = swap(a, base64_encode(a, phc->tag), "-_", "+/");

	return arena_printf(a, "$argon2%s$v=19$m=%u,t=%u,p=%u$%.*s$%.*s",
			    phc->id ? "id" : "i", phc->cost.memory,
			    phc->cost.passes, phc->cost.lanes, STR_FMT(salt),
			    STR_FMT(tag));
}

bool
phc_is_current(const struct phc *phc, const struct phc_cost *cost)
{
	return phc->id && phc->cost.memory == cost->memory &&
	       phc->cost.passes == cost->passes &&
	       phc->cost.lanes == cost->lanes && phc->salt.n == PHC_SALT &&
	       phc->tag.n == PHC_TAG;
}
