#include "api/graphql/fault.h"

enum { STEP = 256 }; /* bytes of source between two known places */

/* ---- the list ---- */

static size_t
limit(const struct faults *list)
{
	if (list->limit > 0 && list->limit < FAULTS_MAX)
		return list->limit;
	return FAULTS_MAX;
}

struct fault *
fault_last(struct faults *list)
{
	struct fault *f = list->first;

	while (f && f->next)
		f = f->next;
	return f;
}

/* There was one too many: the last one makes room for saying so. */
static bool
overflow(struct faults *list)
{
	struct fault *last = fault_last(list);

	if (list->n > 1)
		*last = (struct fault){
			.message = arena_printf(
				list->arena,
				"There are more errors than the first %zu, "
				"which are these.",
				list->n - 1)};
	return false;
}

bool
fault_add(struct faults *list, const uint32_t *at, size_t nat, const char *fmt,
	  ...)
{
	struct fault *f;
	uint32_t *places;
	va_list args;

	if (list->n >= limit(list))
		return overflow(list);
	f = ARENA_NEW(list->arena, struct fault);
	va_start(args, fmt);
	f->message = arena_vprintf(list->arena, fmt, args);
	va_end(args);
	if (at && nat) {
		places = ARENA_ARRAY(list->arena, uint32_t, nat);
		memcpy(places, at, nat * sizeof(*at));
		f->at = places;
		f->nat = nat;
	}
	if (!list->end)
		list->end = &list->first;
	*list->end = f;
	list->end = &f->next;
	list->n++;
	return true;
}

/* ---- places ---- */

struct place {
	size_t line, column;
};

/* The places of the bytes 0, STEP, 2 * STEP, ... of the source. */
struct places {
	struct str source;
	struct place *known;
};

/* Walk from a byte to another; a character is counted where it begins. */
static struct place
walk(struct str source, struct place p, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < source.n; i++) {
		unsigned char c = (unsigned char)source.p[i];
		bool crlf = c == '\r' && i + 1 < source.n &&
			    source.p[i + 1] == '\n';

		if (c == '\n' || (c == '\r' && !crlf))
			p = (struct place){p.line + 1, 1};
		else if ((c & 0xc0) != 0x80)
			p.column += c >= 0xf0 ? 2 : 1;
	}
	return p;
}

static struct places
places_of(struct arena *a, struct str source)
{
	size_t n = source.n / STEP + 1;
	struct places ret = {source, ARENA_ARRAY(a, struct place, n)};

	ret.known[0] = (struct place){1, 1};
	for (size_t i = 1; i < n; i++)
		ret.known[i] = walk(source, ret.known[i - 1], (i - 1) * STEP,
				    i * STEP);
	return ret;
}

static struct place
place_at(const struct places *all, size_t at)
{
	size_t i;

	if (at > all->source.n)
		at = all->source.n;
	i = at / STEP;
	return walk(all->source, all->known[i], i * STEP, at);
}

/* ---- printing ---- */

static void
print_locations(struct buf *b, const struct fault *f,
		const struct places *places)
{
	if (!f->nat)
		return;
	BUF_LIT(b, ",\"locations\":[");
	for (size_t i = 0; i < f->nat; i++) {
		struct place p = place_at(places, f->at[i]);

		buf_printf(b, "%s{\"line\":%zu,\"column\":%zu}", i ? "," : "",
			   p.line, p.column);
	}
	buf_char(b, ']');
}

/* Steps point outwards and are printed inwards; there are never many. */
static void
print_path(struct buf *b, const struct path *inner)
{
	size_t n = 0;

	if (!inner)
		return;
	BUF_LIT(b, ",\"path\":[");
	for (const struct path *p = inner; p; p = p->up)
		n++;
	while (n-- > 0) {
		const struct path *p = inner;

		for (size_t i = 0; i < n; i++)
			p = p->up;
		if (p->key.p)
			buf_json(b, p->key);
		else
			buf_int(b, (int64_t)p->index);
		if (n)
			buf_char(b, ',');
	}
	buf_char(b, ']');
}

static void
print_fault(struct buf *b, const struct fault *f, const struct places *places)
{
	BUF_LIT(b, "{\"message\":");
	buf_json(b, f->message);
	print_locations(b, f, places);
	print_path(b, f->path);
	if (f->code) {
		BUF_LIT(b, ",\"extensions\":{\"code\":");
		buf_json(b, str_of(f->code));
		buf_char(b, '}');
	}
	buf_char(b, '}');
}

void
fault_print(struct buf *b, const struct faults *list, struct str source)
{
	struct places places = places_of(list->arena, source);

	buf_char(b, '[');
	for (const struct fault *f = list->first; f; f = f->next) {
		if (f != list->first)
			buf_char(b, ',');
		print_fault(b, f, &places);
	}
	buf_char(b, ']');
}
