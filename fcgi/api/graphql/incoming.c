#include "api/graphql/incoming.h"

#include "core/json.h"

enum { HASH_DIGITS = 64 };

#define STRICT "application/graphql-response+json"

/* ---- what to answer with ---- */

/* The q of a media range, in thousandths (RFC 9110 §12.4.2). */
static int
quality(struct str parameters)
{
	while (parameters.n) {
		struct str value = str_trim(str_cut(&parameters, ';'));
		struct str name = str_trim(str_cut(&value, '='));
		int q = 0, unit = 1000;

		if (!str_eq_nocase(name, STR("q")))
			continue;
		for (size_t i = 0; i < value.n && unit; i++) {
			if (value.p[i] == '.')
				continue;
			if (value.p[i] < '0' || value.p[i] > '9')
				return 0;
			q += (value.p[i] - '0') * unit;
			unit /= 10;
		}
		return q;
	}
	return 1000;
}

static const char *
media_type_of(struct str range)
{
	static const struct {
		struct str range;
		const char *type;
	} rows[] = {
		{{"application/json", 16},	   "application/json; charset=utf-8"},
		{{STRICT, sizeof(STRICT) - 1}, STRICT "; charset=utf-8"	       },
		{{"application/*", 13},	"application/json; charset=utf-8"},
		{{"*/*", 3},		     "application/json; charset=utf-8"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq_nocase(range, rows[i].range))
			return rows[i].type;
	return NULL;
}

const char *
incoming_media_type(struct str accept)
{
	const char *best = NULL;
	int best_quality = 0;

	if (str_trim(accept).n == 0)
		return media_type_of(STR("*/*"));
	while (accept.n) {
		struct str rest = str_cut(&accept, ',');
		const char *type = media_type_of(str_trim(str_cut(&rest, ';')));
		int q = quality(rest);

		if (!type || q <= best_quality)
			continue;
		best = type;
		best_quality = q;
	}
	return best;
}

/* ---- what is asked ---- */

static struct err *
refuse(struct call *call, const char *message)
{
	return err_new(call->arena, ERR_BAD_REQUEST, "%s", message);
}

/* {"persistedQuery":{"version":1,"sha256Hash":"..."}} */
static struct err *
read_extensions(struct call *call, json_object *extensions, struct incoming *in)
{
	json_object *persisted = json_get(extensions, "persistedQuery");
	struct str hash;

	if (!persisted)
		return NULL;
	if (!json_object_is_type(persisted, json_type_object) ||
	    json_object_get_int(json_get(persisted, "version")) != 1)
		return refuse(call, "Unsupported persisted query version.");
	if (!json_object_is_type(json_get(persisted, "sha256Hash"),
				 json_type_string))
		return refuse(call, "A persisted query needs a sha256Hash.");
	hash = json_str(json_get(persisted, "sha256Hash"));
	for (size_t i = 0; i < hash.n; i++)
		if (!strchr("0123456789abcdef", hash.p[i]) || !hash.p[i])
			hash.n = 0;
	if (hash.n != HASH_DIGITS)
		return refuse(call, "A sha256Hash has 64 hexadecimal digits.");
	in->hash = hash;
	return NULL;
}

enum { QUERY, OPERATION_NAME, VARIABLES, EXTENSIONS, MEMBERS };

static const struct {
	struct str name;
	enum json_type type;
	const char *kind;
} members[MEMBERS] = {
	[QUERY] = {{"query", 5},		 json_type_string, "a string" },
	[OPERATION_NAME] = {{"operationName", 13},
		    json_type_string,			    "a string" },
	[VARIABLES] = {{"variables", 9},	 json_type_object, "an object"},
	[EXTENSIONS] = {{"extensions", 10},    json_type_object, "an object"},
};

/* Each is absent, null, or of its type. */
static struct err *
read_members(struct call *call, const struct json_member *given,
	     struct incoming *in)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (given[i].value &&
		    !json_object_is_type(given[i].value, members[i].type))
			return err_new(call->arena, ERR_BAD_REQUEST,
				       "The %.*s must be %s.",
				       STR_FMT(members[i].name),
				       members[i].kind);
	in->query = json_str(given[QUERY].value);
	in->operation = json_str(given[OPERATION_NAME].value);
	in->variables = given[VARIABLES].value;
	return read_extensions(call, given[EXTENSIONS].value, in);
}

/* JSON in UTF-8 is all that is read; who names no type may mean it. */
static struct err *
check_type(struct call *call)
{
	struct str type = call->request.content_type, rest = type;
	struct err *e;

	str_cut(&rest, ';');
	while (rest.n) {
		struct str value = str_trim(str_cut(&rest, ';'));
		struct str name = str_trim(str_cut(&value, '='));

		if (str_eq_nocase(name, STR("charset")) &&
		    !str_eq_nocase(value, STR("utf-8")) &&
		    !str_eq_nocase(value, STR("\"utf-8\"")))
			type = STR("");
	}
	if (http_is_type(type, STR("application/json")))
		return NULL;
	e = refuse(call, "The body must be application/json in UTF-8.");
	e->status = 415;
	return e;
}

/* It may be more than we take: that is told apart from what is no JSON. */
static struct err *
refuse_json(struct call *call, const struct json_fault *fault)
{
	static const char *const limits[] = {"Nested", "Object of", "Number",
					     "More", "Duplicate"};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (str_starts(str_of(fault->reason), str_of(limits[i])))
			return err_new(call->arena, ERR_BAD_REQUEST,
				       "POST body sent JSON that is not taken: "
				       "%s (line %zu column %zu).",
				       fault->reason, fault->line,
				       fault->column);
	return refuse(call, "POST body sent invalid JSON.");
}

/* Of an acceptable document; it says what kind of value it is. */
static char
first_byte(struct str json)
{
	size_t i = 0;

	while (strchr(" \t\r\n", json.p[i]))
		i++;
	return json.p[i];
}

static struct err *
read_body(struct call *call, struct incoming *in)
{
	const struct request *r = &call->request;
	struct json_member given[MEMBERS] = {0};
	struct json_fault fault;
	char first;

	if (r->body_cut)
		return err_new(call->arena, ERR_TOO_LARGE,
			       "The request body is too large.");
	if (r->body_short)
		return refuse(call, "The request body is incomplete.");
	TRY(check_type(call));
	for (size_t i = 0; i < MEMBERS; i++)
		given[i].name = members[i].name;
	if (!json_members(call->arena, r->body, given, MEMBERS, &fault))
		return refuse_json(call, &fault);
	first = first_byte(r->body);
	if (first == '[')
		return refuse(call, "Batches of requests are not supported.");
	if (first != '{')
		return refuse(call, "POST body must be a JSON object.");
	return read_members(call, given, in);
}

/* A parameter that holds a JSON object, or null, or is not there. */
static struct err *
read_param(struct call *call, struct str name, json_object **ret)
{
	const struct http_param *p = http_query_get(&call->request.query, name);

	*ret = NULL;
	if (!p || str_trim(p->value).n == 0)
		return NULL;
	if (json_read(call->arena, p->value, ret) ||
	    (*ret && !json_object_is_type(*ret, json_type_object)))
		return err_new(call->arena, ERR_BAD_REQUEST,
			       "The %.*s must be a JSON object.",
			       STR_FMT(name));
	return NULL;
}

static struct err *
read_params(struct call *call, struct incoming *in)
{
	const struct http_query *q = &call->request.query;
	const struct http_param *query = http_query_get(q, STR("query"));
	const struct http_param *operation =
		http_query_get(q, STR("operationName"));
	json_object *extensions;

	in->by_get = true;
	if (query)
		in->query = query->value;
	if (operation)
		in->operation = operation->value;
	TRY(read_param(call, STR("variables"), &in->variables));
	TRY(read_param(call, STR("extensions"), &extensions));
	return read_extensions(call, extensions, in);
}

struct err *
incoming_read(struct call *call, struct incoming *ret)
{
	struct str method = call->request.method;
	struct err *e;

	*ret = (struct incoming){0};
	if (str_eq(method, STR("POST"))) {
		TRY(read_body(call, ret));
	} else if (str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"))) {
		TRY(read_params(call, ret));
	} else {
		e = err_new(call->arena, ERR_METHOD,
			    "GraphQL only supports GET and POST requests.");
		e->allow = STR("GET, HEAD, POST");
		return e;
	}
	if (ret->query.n == 0 && ret->hash.n == 0)
		return refuse(call, "Must provide query string.");
	return NULL;
}
