#include "api/jsonapi/jsonapi.h"

/* What the parameters of one instance of the media type are. */
enum instance {
	INSTANCE_FINE,
	INSTANCE_ODD,	      /* has others than ext and profile */
	INSTANCE_UNSUPPORTED, /* has an extension that we do not have */
	INSTANCE_REFUSED      /* q=0 */
};

/* What a media type was named with. */
struct named {
	enum instance instance;
	bool atomic;
	struct str cursors; /* the profile's URI; empty: not named */
};

/* Of a list of URIs between blanks, does it name this one? */
static bool
names(struct str list, struct str uri)
{
	while (list.n)
		if (str_eq(str_cut(&list, ' '), uri))
			return true;
	return false;
}

/* http or https, with a slash at its end or without: people write all four. */
static bool
is_cursors(struct str uri)
{
	static const struct str schemes[] = {
		{"http:",  5},
		      {"https:", 6}
	   };
	struct str rest = STR(JSONAPI_CURSORS);

	rest = str_sub(rest, schemes[0].n, rest.n);
	if (!str_ends(uri, STR("/")))
		rest.n--;
	for (size_t i = 0; i < 2; i++)
		if (str_starts(uri, schemes[i]) &&
		    str_eq(str_sub(uri, schemes[i].n, uri.n), rest))
			return true;
	return false;
}

static struct str
find_cursors(struct str list)
{
	while (list.n) {
		struct str uri = str_cut(&list, ' ');

		if (is_cursors(uri))
			return uri;
	}
	return STR("");
}

static bool
are_supported(struct str list)
{
	while (list.n) {
		struct str uri = str_cut(&list, ' ');

		if (uri.n && !str_eq(uri, STR(JSONAPI_ATOMIC)))
			return false;
	}
	return true;
}

/* Is a weight zero: 0, 0.0, ...? */
static bool
is_nothing(struct str weight)
{
	for (size_t i = 0; i < weight.n; i++)
		if (weight.p[i] != '0' && weight.p[i] != '.')
			return false;
	return true;
}

/*
 * False: what follows is about the header, not about the media type.  Only
 * an Accept `weighs`.
 */
static bool
read_parameter(struct str one, bool weighs, struct named *ret)
{
	struct str name = str_trim(str_cut(&one, '='));
	struct str value = http_unquote(str_trim(one));

	if (weighs && str_eq_nocase(name, STR("q"))) {
		if (is_nothing(value))
			ret->instance = INSTANCE_REFUSED;
		return false;
	}
	if (str_eq_nocase(name, STR("ext"))) {
		ret->atomic |= names(value, STR(JSONAPI_ATOMIC));
		if (!are_supported(value))
			ret->instance = INSTANCE_UNSUPPORTED;
	} else if (str_eq_nocase(name, STR("profile"))) {
		ret->cursors = find_cursors(value);
	} else if (name.n) {
		ret->instance = INSTANCE_ODD;
	}
	return true;
}

/* One media type with its parameters; false: another one. */
static bool
read_instance(struct str text, bool weighs, struct named *ret)
{
	*ret = (struct named){0};
	if (!str_eq_nocase(http_cut(&text, ';'), STR(JSONAPI_TYPE)))
		return false;
	while (text.n)
		if (!read_parameter(http_cut(&text, ';'), weighs, ret))
			break;
	return ret->instance != INSTANCE_REFUSED;
}

bool
jsonapi_is_strict(const struct request *r)
{
	struct str accept = r->accept;
	struct named one;

	while (accept.n)
		if (read_instance(http_cut(&accept, ','), true, &one))
			return true;
	return false;
}

bool
jsonapi_is_atomic(const struct request *r)
{
	struct named one;

	return read_instance(r->content_type, false, &one) && one.atomic;
}

/* JSON:API 1.1 §5.3: one instance that we can answer with is enough. */
static struct err *
check_accept(struct call *call)
{
	struct str accept = call->request.accept;
	bool any = false, fine = false;
	struct named one;

	while (accept.n) {
		if (!read_instance(http_cut(&accept, ','), true, &one))
			continue;
		any = true;
		fine |= one.instance == INSTANCE_FINE;
		if (one.instance == INSTANCE_FINE && one.cursors.n)
			jsonapi_of(call)->cursors = one.cursors;
	}
	if (fine || !any)
		return NULL;
	return jsonapi_error(call, 406, NULL, (struct fault_source){0},
			     "Accept names %s only with parameters that this "
			     "server does not know.",
			     JSONAPI_TYPE);
}

struct err *
jsonapi_negotiate(struct call *call)
{
	struct jsonapi *j = jsonapi_of(call);
	struct named one;

	j->strict = jsonapi_is_strict(&call->request);
	TRY(check_accept(call));
	if (!read_instance(call->request.content_type, false, &one) ||
	    one.instance == INSTANCE_FINE)
		return NULL;
	if (one.instance == INSTANCE_UNSUPPORTED)
		return jsonapi_error(call, 415, NULL, (struct fault_source){0},
				     "Content-Type names an extension that "
				     "this server does not have.");
	if (!j->strict)
		return NULL;
	return jsonapi_error(call, 415, NULL, (struct fault_source){0},
			     "Content-Type may have the parameters ext and "
			     "profile only.");
}

/* Dependencies look at what is let through to them. */
void
jsonapi_put_vary(struct call *call)
{
	struct str left = call->ndepends
				  ? str_of(call->request.conf->jsonapi_headers)
				  : STR("");
	struct str all = STR("Accept, Authorization, Cookie");

	while (left.n) {
		struct str name = str_cut(&left, ' ');

		if (name.n)
			all = arena_printf(call->arena, "%.*s, %.*s",
					   STR_FMT(all), STR_FMT(name));
	}
	reply_header(&call->reply, "Vary", all);
	if (call->ndepends || call->caller.known)
		reply_header(&call->reply, "Cache-Control",
			     STR("private, no-cache"));
}
