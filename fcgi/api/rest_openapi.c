/* The operations of every table, for /openapi.json. */
#include "api/rest_openapi.h"

enum { TEXT_MAX = 256 * 1024, SAMPLES = 2 };

enum parameter { NO_KEY, MAY_NAME, MUST_NAME, MUST_NAME_OLD };
enum answer { ROWS, ROW, CREATED };
enum wrong { NONE, NOBODY, NOTHING, INCOMPLETE, UNNAMED, TAKEN, REFERENCED };

/* ---- the rows ---- */

static const struct {
	const char *suffix;
	void (*put)(struct rest_about *a);
} answers[] = {
	[ROWS] = {"Rows",	  rest_openapi_rows   },
	[ROW] = {"Row",	rest_openapi_row	},
	[CREATED] = {"Created", rest_openapi_created},
};

/* Wrong examples, and what becomes of them.  * is an example of the key. */
static const struct sample {
	const char *name;
	const char *query; /* NULL: none */
	bool empty;	   /* the body is {}, rather than the good example */
	enum rest_fate fate;
} samples[] = {
	[NOBODY] = {"nobody",     "=Nobody", false, REST_MISSING   },
	[NOTHING] = {"nothing",	"limit=0", false, REST_AS_IT_IS  },
	[INCOMPLETE] = {"incomplete", NULL,	    true,  REST_AS_IT_IS  },
	[UNNAMED] = {"incomplete", "=*",	 true,  REST_AS_IT_IS  },
	[TAKEN] = {"taken",	    NULL,	  false, REST_TAKEN	   },
	[REFERENCED] = {"referenced", "=*",	    false, REST_REFERENCED},
};

#define ALWAYS	 " 401:Unauthorized 403:Forbidden 429:TooMany 5XX:Unavailable"
#define TOGETHER " 409:Conflict 413:TooLarge" ALWAYS
#define CHANGES	 " 412:PreconditionFailed" TOGETHER

static const char on_list[] = "304:NotModified 400:BadRequest 404:NotFound "
			      "413:TooLarge 422:Invalid" ALWAYS;
static const char on_create[] = "400:BadRequest 422:Invalid" TOGETHER;
static const char on_change[] =
	"204:NoContent 400:BadRequest 404:NotFound 422:Invalid" CHANGES;
static const char on_get[] =
	"304:NotModified 400:BadRequest 404:NotFound" ALWAYS;
static const char on_delete[] =
	"204:NoContent 400:BadRequest 404:NotFound" CHANGES;

static const struct operation {
	const char *method, *verb, *phrase;
	bool item;
	enum parameter key;
	enum answer answer;
	const char *responses;
	enum wrong wrong[2];
} operations[] = {
#define ROW_OF(method, verb, phrase, item, key, answer, responses, one, two) \
	{                                                                    \
		method, verb, phrase, item, key, answer, responses,          \
		{                                                            \
			one, two                                             \
		}                                                            \
	}
	ROW_OF("get", "list", "List", false, MAY_NAME, ROWS, on_list, NOBODY,
	       NOTHING),
	ROW_OF("post", "create", "Create one", false, NO_KEY, CREATED,
	       on_create, INCOMPLETE, TAKEN),
	ROW_OF("put", "update", "Replace one", false, MUST_NAME_OLD, ROW,
	       on_change, NOBODY, UNNAMED),
	ROW_OF("delete", "delete", "Delete one", false, MUST_NAME, ROW,
	       on_change, NOBODY, REFERENCED),
	ROW_OF("get", "get", "One", true, NO_KEY, ROW, on_get, NONE, NONE),
	ROW_OF("patch", "patch", "Change one", true, NO_KEY, ROW, on_change,
	       NONE, NONE),
	ROW_OF("delete", "delete", "Delete one", true, NO_KEY, ROW, on_delete,
	       NONE, NONE),
#undef ROW_OF
};

enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static struct str
upper(struct arena *arena, const char *method)
{
	struct str copy = arena_str(arena, str_of(method));
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		p[i] = (char)(p[i] - 32);
	return copy;
}

/* What is written by `put` comes back as text instead. */
static struct str
written(struct rest_about *a,
	void (*put)(struct rest_about *a, const struct operation *o),
	const struct operation *o)
{
	struct buf b = buf_new(TEXT_MAX), *to = a->w->to;
	struct str text;

	a->w->to = &b;
	put(a, o);
	a->w->to = to;
	text = arena_str(a->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* ---- which bodies ---- */

/* May POST and PUT be given the same? */
static bool
is_same_input(const struct rest_about *a)
{
	const struct table *t = a->table;

	if (!rest_may(&a->rest, STR("POST")))
		return false;
	for (size_t i = 0; i < t->ncolumns; i++)
		if (rest_openapi_is_input(a, &t->columns[i], "POST") !=
		    rest_openapi_is_input(a, &t->columns[i], "PUT"))
			return false;
	return true;
}

static const char *
body_suffix(const struct rest_about *a, const struct operation *o)
{
	if (strcmp(o->method, "post") == 0)
		return "Create";
	if (strcmp(o->method, "patch") == 0)
		return "Patch";
	if (strcmp(o->method, "put") == 0)
		return is_same_input(a) ? "Create" : "Replace";
	return NULL;
}

static void
put_example(struct rest_about *a, const struct operation *o)
{
	rest_openapi_input(a, upper(a->arena, o->method).p);
}

static void
put_body(struct rest_about *a, const struct operation *o)
{
	part_printf(a->w,
		    "{'required':true,'content':{'application/json':{"
		    "'schema':<%.*s%s>,'example':",
		    STR_FMT(a->names->one), body_suffix(a, o));
	put_example(a, o);
	part_put(a->w, "}}}");
}

/* ---- parameters ---- */

/* What does not fit is told only where a name that is too long is none. */
static void
put_key_parameter(struct rest_about *a, const struct operation *o)
{
	const struct column *key = a->table->key;
	struct column shown = *key;

	shown.comment = STR("");
	if (o->key != MAY_NAME)
		shown.max_length = 0;
	part_put(a->w, ",{'name':");
	part_string(a->w,
		    arena_printf(a->arena, "%s%.*s",
				 o->key == MUST_NAME_OLD ? "current_" : "",
				 STR_FMT(key->name)));
	part_printf(a->w, ",'in':'query','required':%s,'description':",
		    o->key == MAY_NAME ? "false" : "true");
	part_string(a->w, arena_printf(a->arena, "Which one, by its %.*s",
				       STR_FMT(key->name)));
	part_put(a->w, ",'schema':");
	part_value(a->w, &shown, PART_REQUEST, false);
	part_put(a->w, ",'example':");
	part_example(a->w, key);
	part_put(a->w, "}");
}

/* The key's filters have to be named one by one: its name is taken. */
static void
put_key_filters(struct rest_about *a, const struct column *key)
{
	static const char *const operators[] = {
		"eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in"};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		part_put(a->w, ",{'name':");
		part_string(a->w,
			    arena_printf(a->arena, "%.*s[%s]",
					 STR_FMT(key->name), operators[i]));
		part_put(a->w, ",'in':'query','schema':{'type':'string'}}");
	}
}

static void
put_filter(struct rest_about *a, const struct column *c)
{
	part_put(a->w, ",{'name':");
	part_string(a->w, c->name);
	part_printf(a->w,
		    ",'in':'query','style':'deepObject','explode':true,"
		    "'schema':<%s>}",
		    part_filter(c));
}

static void
put_list_parameters(struct rest_about *a)
{
	part_put(a->w, ",<parameters/Limit>,<parameters/After>"
		       ",<parameters/Order>,<parameters/IfNoneMatch>");
	for (size_t i = 0; i < a->table->ncolumns; i++) {
		const struct column *c = &a->table->columns[i];

		if (!rest_may_see(c, a->rest.role))
			continue;
		if (c == a->table->key)
			put_key_filters(a, c);
		else
			put_filter(a, c);
	}
}

/* A composite key's values are joined by commas. */
static void
put_id(struct rest_about *a)
{
	const struct constraint *primary = a->table->primary;
	struct column one = *primary->columns[0];

	part_put(a->w, ",{'name':'id','in':'path','required':true,'schema':");
	one.comment = STR("");
	if (primary->n == 1) {
		part_value(a->w, &one, PART_REQUEST, false);
		part_put(a->w, ",'example':");
		part_example(a->w, primary->columns[0]);
	} else {
		part_put(a->w, "{'type':'string'},'description':"
			       "'The key`s values, between commas'");
	}
	part_put(a->w, "}");
}

static void
put_parameters(struct rest_about *a, const struct operation *o)
{
	bool get = strcmp(o->method, "get") == 0;

	if (o->item)
		put_id(a);
	if (a->table->key && o->key)
		put_key_parameter(a, o);
	if (get && !o->item)
		put_list_parameters(a);
	else if (get)
		part_put(a->w, ",<parameters/IfNoneMatch>");
	else if (strcmp(o->method, "post") == 0)
		part_put(a->w, ",<parameters/Prefer>");
	else
		part_put(a->w, ",<parameters/IfMatch>,<parameters/Prefer>");
}

/* ---- what goes wrong ---- */

/* "/users?current_name=Nobody" */
static struct str
target(struct rest_about *a, const struct operation *o, const char *query)
{
	struct arena *arena = a->arena;
	struct str value, path = a->path;
	struct buf b = buf_new(TEXT_MAX), *to = a->w->to;

	if (!query)
		return path;
	if (query[0] != '=')
		return arena_printf(arena, "%.*s?%s", STR_FMT(path), query);
	a->w->to = &b;
	part_example(a->w, a->table->key);
	a->w->to = to;
	value = query[1] == '*' ? str_sub(buf_str(&b), 1, b.n - 2)
				: str_of(query + 1);
	value = http_encode(arena, value);
	buf_free(&b);
	return arena_printf(arena, "%.*s?%s%.*s=%.*s", STR_FMT(path),
			    o->key == MUST_NAME_OLD ? "current_" : "",
			    STR_FMT(a->table->key->name), STR_FMT(value));
}

/* Can it go wrong in this way? */
static bool
can(const struct rest_about *a, const struct sample *s)
{
	const struct table *t = a->table;
	bool by_key = s->query && s->query[0] == '=';

	if (!s->name || (by_key && !t->key))
		return false;
	if (s->fate == REST_TAKEN)
		return t->key && rest_openapi_is_input(a, t->key, "POST");
	if (s->fate == REST_REFERENCED)
		return t->nreferrers && t->referrers[0]->message.n;
	return true;
}

/* Those that did go wrong; how many. */
static size_t
ask(struct rest_about *a, const struct operation *o, struct rest_sample *all)
{
	struct str body = STR("");
	size_t n = 0;

	if (body_suffix(a, o))
		body = written(a, put_example, o);
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct sample *s = &samples[o->wrong[i]];

		if (!can(a, s))
			continue;
		all[n] = (struct rest_sample){
			.name = s->name,
			.method = upper(a->arena, o->method).p,
			.target = target(a, o, s->query),
			.body = s->empty ? STR("{}") : body,
			.fate = s->fate,
		};
		rest_ask(a->w, a->table, &all[n]);
		n += all[n].status >= 400;
	}
	return n;
}

static void
put_sample(struct rest_about *a, const struct rest_sample *s)
{
	part_printf(a->w, "'%s':{'value':", s->name);
	buf_put(a->w->to, s->answer);
	part_printf(a->w, ",'x-request':{'method':'%s','target':", s->method);
	part_string(a->w, s->target);
	if (s->body.n) {
		part_put(a->w, ",'body':");
		buf_put(a->w->to, s->body);
	}
	part_put(a->w, "}}");
}

/* The response "createUser422", with the samples that had that status. */
static void
put_failure(struct rest_about *a, const char *name,
	    const struct rest_sample *all, size_t n)
{
	const char *comma = "";

	part_begin(a->w, PART_RESPONSE, name);
	part_printf(a->w,
		    "{'description':'%s','content':{'application/json':"
		    "{'schema':<%s>,'examples':{",
		    all->status == 422 ? "It does not fit the schema"
				       : "It cannot be done",
		    all->status == 422 ? "HTTPValidationError" : "Error");
	for (size_t i = 0; i < n; i++) {
		if (all[i].status != all->status)
			continue;
		part_put(a->w, comma);
		put_sample(a, &all[i]);
		comma = ",";
	}
	part_put(a->w, "}}}}");
}

/* Which of them had that status first; n: none. */
static size_t
find_status(const struct rest_sample *all, size_t n, int status)
{
	size_t i = 0;

	while (i < n && all[i].status != status)
		i++;
	return i;
}

/* The responses, where a sample has one its own instead of what all have. */
static struct str
put_failures(struct rest_about *a, const struct operation *o, const char *id)
{
	struct rest_sample all[SAMPLES];
	size_t n = ask(a, o, all);
	struct str list = STR(""), left = str_of(o->responses);

	for (size_t i = 0; i < n; i++) {
		struct str name =
			arena_printf(a->arena, "%s%d", id, all[i].status);

		if (find_status(all, n, all[i].status) < i)
			continue;
		put_failure(a, name.p, &all[i], n - i);
		list = arena_printf(a->arena, "%.*s %d:%.*s", STR_FMT(list),
				    all[i].status, STR_FMT(name));
	}
	while (left.n) {
		struct str one = str_cut(&left, ' '), status = one;
		int64_t number = 0;

		if (!str_int(str_cut(&status, ':'), &number) ||
		    find_status(all, n, (int)number) == n)
			list = arena_printf(a->arena, "%.*s %.*s",
					    STR_FMT(list), STR_FMT(one));
	}
	return list;
}

/* ---- operations ---- */

/* "List users", "Change one user by its id" */
static struct str
summary(const struct rest_about *a, const struct operation *o)
{
	struct str what = o->answer ? a->names->words : a->table->name;
	struct str by = o->item ? STR("id") : STR("");

	if (o->key > MAY_NAME)
		by = a->table->key->name;
	return arena_printf(a->arena, "%s %.*s%s%.*s", o->phrase, STR_FMT(what),
			    by.n ? " by its " : "", STR_FMT(by));
}

static void
put_operation(struct rest_about *a, const struct operation *o)
{
	struct arena *arena = a->arena;
	const struct part_names *names = a->names;
	struct str id =
		arena_printf(arena, "%s%.*s%s", o->verb,
			     STR_FMT(o->answer ? names->one : names->many),
			     o->item ? "ById" : "");
	struct str failures = put_failures(a, o, id.p);
	struct part_operation op = {
		.method = o->method,
		.path = a->path.p,
		.id = id.p,
		.tag = a->table->name.p,
		.summary = summary(a, o).p,
		.parameters = "<parameters/Role>",
		.further = written(a, put_parameters, o),
		.responses = arena_printf(arena, "%s:%.*s%s%.*s",
					  o->answer == CREATED ? "201" : "200",
					  STR_FMT(names->one),
					  answers[o->answer].suffix,
					  STR_FMT(failures))
				     .p,
	};

	if (body_suffix(a, o))
		op.json_body = written(a, put_body, o);
	a->answers |= 1U << o->answer;
	part_operation(a->w, &op);
}

static bool
is_offered(struct rest_about *a, const struct operation *o)
{
	a->rest.item = o->item;
	return rest_may(&a->rest, upper(a->arena, o->method));
}

/* What the operations refer to; no schema that none of them does. */
static void
put_components(struct rest_about *a)
{
	a->rest.item = false;
	if (a->answers)
		rest_openapi_schema(a);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (a->answers & 1U << i)
			answers[i].put(a);
	if (rest_may(&a->rest, STR("POST")))
		rest_openapi_body(a, "POST", "Create");
	if (rest_may(&a->rest, STR("PUT")) && !is_same_input(a))
		rest_openapi_body(a, "PUT", "Replace");
	a->rest.item = true;
	if (rest_may(&a->rest, STR("PATCH")))
		rest_openapi_body(a, "PATCH", "Patch");
}

static void
put_table(struct part_writer *w, size_t i)
{
	const struct table *t = &w->model->tables[i];
	struct str path = http_encode(w->arena, t->name);
	struct rest_about a = {
		.w = w,
		.arena = w->arena,
		.rest = {.table = t, .role = w->role},
		.table = t,
		.names = &w->names[i],
	};

	for (size_t k = 0; k < OPERATIONS; k++) {
		const struct operation *o = &operations[k];

		a.path = arena_printf(w->arena, "/%.*s%s", STR_FMT(path),
				      o->item ? "/{id}" : "");
		if (is_offered(&a, o))
			put_operation(&a, o);
	}
	put_components(&a);
	if (a.answers)
		part_tag(w, t->name.p, t->comment.n ? t->comment : t->type);
}

static void
put_limit(struct part_writer *w)
{
	part_begin(w, PART_PARAMETER, "Limit");
	part_printf(
		w,
		"{'name':'limit','in':'query','description':'How many rows "
		"a page has; without it there is one page','schema':{"
		"'type':'integer','minimum':1,'maximum':%lld},'example':20}",
		(long long)w->conf->page_max);
}

static void
put(struct part_writer *w)
{
	bool lists = false;

	for (size_t i = 0; i < w->model->ntables; i++) {
		const struct table *t = &w->model->tables[i];

		if (!str_eq(t->schema, STR("api")))
			continue;
		put_table(w, i);
		lists |= (t->grants.select & w->role) != 0;
	}
	if (lists)
		put_limit(w);
}

static const struct part_row rows[] = {
	PART_ROW(PARAMETER, "After",
		 "{'name':'after','in':'query','description':'Where the page "
		 "begins: "
		 "from the link to the next one','schema':{'type':'string'}}"),
	PART_ROW(PARAMETER, "Order",
		 "{'name':'order','in':'query','description':'Columns between "
		 "commas, "
		 "with - before those that "
		 "descend','schema':{'type':'string'}}"),
};

const struct part rest_part = {
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.put = put,
};
