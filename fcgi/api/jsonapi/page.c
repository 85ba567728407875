#include "api/jsonapi/jsonapi.h"
#include "core/cursor.h"
#include "core/type.h"

enum { SORTS_MAX = 32, PROBES_MAX = 2 };

#define PAGE_TITLE "Invalid page querystring parameter."

/* What the profile calls its errors begins so. */
#define CURSOR_FAULT \
	"https://jsonapi.org/profiles/ethanresnick/cursor-pagination/"

/* ---- numbers ---- */

static const struct http_param *
param(struct call *call, const char *name)
{
	return http_query_get(&call->request.query, str_of(name));
}

static void
complain(struct call *call, struct issues *issues, struct issue issue)
{
	issue.where = "query";
	issues_add(issues, call->arena, issue);
}

/* What is wrong with page[...]: JSON:API calls that a bad request. */
static struct err *
bad_page(struct call *call, const struct issues *issues)
{
	struct err *e = issues_err(issues, call->arena);

	if (e && jsonapi_of(call)->strict)
		e->status = 400;
	return e;
}

static void
too_small(struct call *call, struct issues *issues, const char *name,
	  int64_t least)
{
	struct arena *a = call->arena;

	complain(call, issues,
		 (struct issue){
			 .field = str_of(name),
			 .message = arena_printf(a,
						 "ensure this value is greater "
						 "than or equal to %lld",
						 (long long)least),
			 .type = "value_error.number.not_ge",
			 .ctx = arena_printf(a, "{\"limit_value\":%lld}",
					     (long long)least),
		 });
}

static int64_t
read_number(struct call *call, struct issues *issues, const char *name,
	    int64_t least)
{
	const struct http_param *p = param(call, name);
	int64_t number = least;

	if (p && !str_int(p->value, &number))
		complain(call, issues,
			 (struct issue){
				 .field = str_of(name),
				 .message = STR("value is not a valid integer"),
				 .type = "type_error.integer",
			 });
	else if (number < least)
		too_small(call, issues, name, least);
	return number;
}

/* The rows before a page; more than there can be where that is a lot. */
static int64_t
rows_before(int64_t size, int64_t number)
{
	int64_t rows;

	return __builtin_mul_overflow(size, number - 1, &rows) ? INT64_MAX
							       : rows;
}

static bool
names_place(struct call *call)
{
	return param(call, "page[after]") || param(call, "page[before]");
}

/* Is the request held to the profile: by a place, or by its Accept? */
static bool
is_profiled(struct call *call)
{
	return names_place(call) || jsonapi_of(call)->cursors.n;
}

/* The profile has no pages that are cut without being told. */
static struct err *
too_large(struct call *call, int64_t max)
{
	struct fault_head head = {
		.status = 400,
		.title = PAGE_TITLE,
		.source = {.parameter = "page[size]"},
		.type = CURSOR_FAULT "max-size-exceeded",
	};

	head.meta = arena_printf(call->arena, "{\"page\":{\"maxSize\":%lld}}",
				 (long long)max);
	jsonapi_of(call)->cursor = true;
	return jsonapi_error_of(call, &head,
				"A page has at most %lld resources",
				(long long)max);
}

/* A page of no size is all rows, but not from some place on. */
static struct err *
read_numbers(struct call *call, struct plan *plan)
{
	struct jsonapi *j = jsonapi_of(call);
	int64_t max = call->request.conf->jsonapi_page_max;
	bool sized = is_profiled(call) && param(call, "page[size]");
	struct issues issues = {0};

	j->size = read_number(call, &issues, "page[size]", sized);
	j->number = read_number(call, &issues, "page[number]", 1);
	TRY(bad_page(call, &issues));
	if (j->size > max && is_profiled(call))
		return too_large(call, max);
	if (j->size > max)
		j->size = max;
	plan->limit = j->size;
	plan->offset = rows_before(j->size, j->number);
	return NULL;
}

/* ---- sort ---- */

/* One of sort=: a column, and the way to the row that has it. */
struct sorter {
	struct call *call;
	struct plan *plan;
	const struct resource *at;
	struct relation *way;
	size_t nway;
};

static bool
same_way(const struct sorting *x, const struct sorting *y)
{
	if (x->nway != y->nway || x->column != y->column)
		return false;
	for (size_t i = 0; i < x->nway; i++)
		if (x->way[i].fkey != y->way[i].fkey)
			return false;
	return true;
}

static void
add_order(struct plan *plan, struct sorting one)
{
	for (size_t i = 0; i < plan->norder; i++)
		if (same_way(&plan->order[i], &one))
			return;
	plan->order[plan->norder++] = one;
}

static bool
is_comparable(const struct column *c)
{
	return c->type->kind != TYPE_JSON && c->type->kind != TYPE_ARRAY &&
	       c->type->kind != TYPE_OTHER;
}

static struct err *
bad_sort(struct sorter *s, struct str name)
{
	if (resource_relationship(s->at, name))
		return jsonapi_bad_query(s->call, "sort",
					 "You can't sort on %.*s because it is "
					 "a relationship field",
					 STR_FMT(name));
	if (resource_column(s->at, name))
		return jsonapi_bad_query(s->call, "sort",
					 "You can't sort on %.*s",
					 STR_FMT(name));
	return jsonapi_bad_query(s->call, "sort", "%.*s has no attribute %.*s",
				 STR_FMT(s->at->schema), STR_FMT(name));
}

/* A step to the one row that the sorted ones have each. */
static struct err *
follow(struct sorter *s, struct str name)
{
	const struct relationship *r = resource_relationship(s->at, name);
	int64_t max = s->call->request.conf->jsonapi_include_depth;

	if (!r)
		return bad_sort(s, name);
	if (r->many || r->by.reverse)
		return jsonapi_bad_query(s->call, "sort",
					 "You can't sort through %.*s because "
					 "it is not a key of the resource",
					 STR_FMT(name));
	if ((int64_t)s->nway == max)
		return jsonapi_bad_query(
			s->call, "sort",
			"You can't sort through more than %lld relationships",
			(long long)max);
	s->way[s->nway++] = r->by;
	s->at = resource_of(s->call->arena, r->to, s->at->role);
	return NULL;
}

/* An id of several columns is in the order of all of them. */
static void
add_key(struct sorter *s, bool descending)
{
	const struct constraint *primary = s->at->table->primary;

	for (size_t i = 0; i < primary->n; i++)
		add_order(s->plan, (struct sorting){
					   .column = primary->columns[i],
					   .descending = descending,
				   });
}

/* "-host.name" */
static struct err *
read_sort(struct sorter *s, struct str text)
{
	bool descending = str_starts(text, STR("-"));
	const struct column *c;
	size_t max = (size_t)s->call->request.conf->jsonapi_include_depth;
	struct str name;

	s->way = ARENA_ARRAY(s->call->arena, struct relation, max + 1);
	text = str_sub(text, descending, text.n);
	for (name = str_cut(&text, '.'); text.n; name = str_cut(&text, '.'))
		TRY(follow(s, name));
	c = resource_column(s->at, name);
	if (!c && s->nway == 0 && str_eq(name, STR("id"))) {
		add_key(s, descending);
		return NULL;
	}
	if (!c || !is_comparable(c))
		return bad_sort(s, name);
	add_order(s->plan, (struct sorting){
				   .column = c,
				   .way = s->way,
				   .nway = s->nway,
				   .descending = descending,
			   });
	return NULL;
}

/* What sort= asks for, and then the key, so that no two rows are alike. */
static struct err *
read_order(struct call *call, struct plan *plan)
{
	const struct http_param *p = param(call, "sort");
	const struct constraint *primary = plan->table->primary;
	struct str left = p ? p->value : STR("");

	plan->order = ARENA_ARRAY(call->arena, struct sorting,
				  SORTS_MAX + primary->n);
	for (int i = 0; left.n; i++) {
		struct sorter s = {call, plan, jsonapi_of(call)->primary, 0, 0};

		if (i == SORTS_MAX)
			return jsonapi_bad_query(
				call, "sort",
				"You can't sort on more than %d fields",
				SORTS_MAX);
		TRY(read_sort(&s, str_trim(str_cut(&left, ','))));
	}
	for (size_t i = 0; i < primary->n; i++)
		add_order(plan,
			  (struct sorting){.column = primary->columns[i]});
	return NULL;
}

/* ---- cursors ---- */

/* They come, or Accept names their profile and no number is asked for. */
static bool
wants_cursor(struct call *call)
{
	const struct jsonapi *j = jsonapi_of(call);

	if (names_place(call))
		return true;
	return j->cursors.n && j->size && !param(call, "page[number]");
}

static bool
is_own_order(const struct plan *plan)
{
	for (size_t i = 0; i < plan->norder; i++)
		if (plan->order[i].nway)
			return false;
	return true;
}

/* An empty one is the beginning, or the end. */
static struct err *
read_place(struct call *call, struct plan *plan, const char *name)
{
	const struct http_param *p = param(call, name);
	struct issues issues = {0};

	if (!p || p->value.n == 0 || cursor_read(call->arena, plan, p->value))
		return NULL;
	complain(call, &issues,
		 (struct issue){
			 .field = str_of(name),
			 .message = STR("invalid cursor"),
			 .type = "value_error.cursor",
		 });
	return bad_page(call, &issues);
}

/* What lies before a row lies behind it in the opposite order. */
static void
turn(struct plan *plan)
{
	plan->backward = true;
	for (size_t i = 0; i < plan->norder; i++)
		plan->order[i].descending = !plan->order[i].descending;
}

/* A place, and something else that says where a page begins. */
static struct err *
check_place(struct call *call, const char *place)
{
	bool both = param(call, "page[after]") && param(call, "page[before]");
	struct fault_head head = {.status = 400, .title = PAGE_TITLE};

	if (both) {
		head.source.parameter = "page[before]";
		head.type = CURSOR_FAULT "range-pagination-not-supported";
		return jsonapi_error_of(call, &head,
					"page[after] and page[before] cannot "
					"be used together");
	}
	if (!names_place(call) || !param(call, "page[number]"))
		return NULL;
	head.source.parameter = "page[number]";
	return jsonapi_error_of(call, &head,
				"%s and page[number] cannot be used together",
				place);
}

static struct err *
check_order(struct call *call, const struct plan *plan)
{
	static const struct fault_head head = {
		.status = 400,
		.title = "Invalid sort querystring parameter.",
		.source = {.parameter = "sort"},
		.type = CURSOR_FAULT "unsupported-sort",
	};

	if (is_own_order(plan))
		return NULL;
	return jsonapi_error_of(call, &head,
				"A cursor is no place in an order by related "
				"fields");
}

static struct err *
read_cursor(struct call *call, struct plan *plan)
{
	struct jsonapi *j = jsonapi_of(call);
	bool back = param(call, "page[before]") != NULL;
	const char *place = back ? "page[before]" : "page[after]";

	TRY(check_place(call, place));
	TRY(check_order(call, plan));
	if (!j->size)
		j->size = PLAN_PAGE;
	plan->limit = j->size;
	plan->offset = 0;
	plan->keys = true;
	TRY(read_place(call, plan, place));
	if (back)
		turn(plan);
	return NULL;
}

/* ---- the whole ---- */

int
jsonapi_probe(struct call *call, struct plan *plan, const struct plan *probe)
{
	if (!plan->probes)
		plan->probes = ARENA_ARRAY(call->arena, const struct plan *,
					   PROBES_MAX);
	plan->probes[plan->nprobes] = probe;
	return (int)plan->nprobes++;
}

/* The rows of all pages. */
static void
count(struct call *call, struct plan *plan)
{
	struct plan *all = ARENA_NEW(call->arena, struct plan);

	*all = (struct plan){
		.op = PLAN_SELECT,
		.table = plan->table,
		.where = plan->where,
		.nwhere = plan->nwhere,
		.filter = plan->filter,
		.distinct = plan->distinct,
	};
	jsonapi_of(call)->count = jsonapi_probe(call, plan, all);
}

struct err *
jsonapi_page(struct call *call, struct plan *plan)
{
	struct jsonapi *j = jsonapi_of(call);

	TRY(read_numbers(call, plan));
	TRY(read_order(call, plan));
	j->cursor = wants_cursor(call);
	if (j->cursor)
		TRY(read_cursor(call, plan));
	else if (j->size)
		count(call, plan);
	plan->quick = plan->keys && plan->limit <= PLAN_QUICK &&
		      plan->nwhere == 0 && !plan->filter &&
		      !param(call, "sort") && table_is_stored(plan->table);
	return NULL;
}
