#include "core/hook_key.h"

#include "core/base64.h"

/* Standard base64, or the URL-safe one, with padding or without. */
static bool
decode(struct arena *a, struct str text, struct str *ret)
{
	char *p = arena_alloc(a, text.n + 1);

	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		p[i] = text.p[i] == '+'	  ? '-'
		       : text.p[i] == '/' ? '_'
					  : text.p[i];
	return base64_decode(a, (struct str){p, text.n}, ret);
}

struct err *
hook_key_next(struct arena *a, struct str *list, struct str *ret)
{
	struct str prefix = STR("whsec_"), text = STR("");

	*ret = STR("");
	while (list->n && text.n == 0)
		text = str_cut(list, ' ');
	if (text.n == 0)
		return NULL;
	*ret = text;
	if (str_starts(text, prefix) &&
	    !decode(a, str_sub(text, prefix.n, text.n), ret))
		return err_new(a, ERR_INVALID,
			       "A key behind whsec_ is no base64.");
	if (ret->n < HOOK_KEY_LEAST)
		return err_new(a, ERR_INVALID,
			       "A key of signatures has fewer than %d bytes; "
			       "blanks separate keys, so one has none in it.",
			       HOOK_KEY_LEAST);
	return NULL;
}
