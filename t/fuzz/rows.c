/*
 * A plan of rows below rows, filters and groups, as t/unit/planned.h reads
 * it.  Into its SQL nothing has gone but names: what stands outside of names
 * and strings are small letters, digits and few signs, and other values give
 * the same text.
 */
#include "../unit/ask.h"
#include "../unit/planned.h"
#include "fuzz.h"

static struct model *model;

/* Behind the name or the string that begins at `i`. */
static size_t
skip_quoted(struct str sql, size_t i, char quote)
{
	bool escaped = quote == '\'' && i && sql.p[i - 1] == 'E';

	for (i++; i < sql.n; i++) {
		if (escaped && sql.p[i] == '\\') {
			MUST(i + 1 < sql.n && sql.p[i + 1] == '\\');
			i++;
			continue;
		}
		MUST(quote != '\'' || sql.p[i] != '\\');
		if (sql.p[i] != quote)
			continue;
		if (i + 1 == sql.n || sql.p[i + 1] != quote)
			return i + 1;
		i++;
	}
	MUST(sql.n == 0); /* it ends */
	return i;
}

static void
check_text(const struct statement *s)
{
	static const char signs[] = " .,()[]=<>$_:|-*@";
	int args = 0;

	for (size_t i = 0; i < s->text.n; i++) {
		char c = s->text.p[i];

		MUST(c);
		if (c == '"' || c == '\'') {
			i = skip_quoted(s->text, i, c) - 1;
			continue;
		}
		MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		     c == 'E' || strchr(signs, c));
		if (c == '$')
			MUST(atoi(s->text.p + i + 1) == ++args);
	}
	MUST(args == s->nargs && s->nargs <= SQL_ARGS_MAX);
}

static void
check(struct arena *a, struct str text)
{
	struct script first, second;
	struct plan plan, other;
	struct err *e;

	if (!planned(a, model, text, &plan))
		return;
	e = sql_script(a, &plan, &first);
	MUST(planned_with(a, model, text, "another", &other));
	MUST(!sql_script(a, &other, &second) == !e);
	if (e)
		return;
	MUST(first.n == second.n);
	for (int i = 0; i < first.n; i++) {
		const struct statement *s = &first.statements[i];

		check_text(s);
		must_eq(second.statements[i].text, s->text);
		MUST(second.statements[i].nargs == s->nargs);
		MUST(second.statements[i].ncolumns == s->ncolumns);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(1 << 16);

	if (!model)
		model = ask_model_of("t/unit/music.json");
	check(a, (struct str){(const char *)data, size});
	arena_free(a);
	return 0;
}
