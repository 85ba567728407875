#include "api/graphql/fragments.h"

#include <stdlib.h>

/* By name, those of one name in the order of the source. */
static int
compare(const void *x, const void *y)
{
	const struct fragment *const *f = x, *const *g = y;
	int by_name = str_cmp((*f)->name, (*g)->name);

	return by_name ? by_name : (*f)->at < (*g)->at ? -1 : 1;
}

struct fragments
fragments_of(struct arena *a, const struct document *doc)
{
	struct fragments ret = {
		ARENA_ARRAY(a, const struct fragment *, doc->nfragments), 0};

	for (const struct fragment *f = doc->fragments; f; f = f->next)
		ret.all[ret.n++] = f;
	qsort(ret.all, ret.n, sizeof(*ret.all), compare);
	return ret;
}

size_t
fragments_find(const struct fragments *f, struct str name)
{
	size_t from = 0, to = f->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (str_cmp(f->all[middle]->name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < f->n && str_eq(f->all[from]->name, name) ? from : f->n;
}
