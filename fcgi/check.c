#include "check.h"

#include "api/graphql/standard.h"
#include "base/log.h"
#include "core/address.h"
#include "core/hook_key.h"
#include "core/phc.h"
#include "core/request.h"
#include "core/url.h"

/*
 * The least cost of a password hash that is worth its name (OWASP's weakest
 * choices, in KiB times passes); on a developer's machine tests may hurry.
 */
enum { MEMORY_LEAST = 7168, WORK_LEAST = 35840 };

static struct err *
bad(struct arena *a, const char *name, struct str value, const char *wanted)
{
	return err_new(a, ERR_INTERNAL, "%s is \"%.*s\": %s", name,
		       STR_FMT(value), wanted);
}

static struct err *
check_base(struct arena *a, const struct conf *conf)
{
	struct str base = str_of(conf->base_url);
	struct url u;
	bool good = url_read(base, &u) && !str_ends(base, STR("/")) &&
		    u.query.n + u.fragment.n == 0 &&
		    (str_eq(u.scheme, STR("http")) ||
		     str_eq(u.scheme, STR("https")));

	return good ? NULL
		    : bad(a, "POSTERN_BASE_URL", base,
			  "it must be like https://api.example.org, without a "
			  "slash at its end");
}

/* Every entry of a list with blanks between is a URL, or an origin. */
static struct err *
check_list(struct arena *a, const char *name, struct str list, bool origins)
{
	while (list.n) {
		struct str entry = str_cut(&list, ' ');
		struct url u;

		if (entry.n == 0 || (url_read(entry, &u) &&
				     (!origins || url_is_origin(entry, entry))))
			continue;
		return bad(a, name, entry,
			   origins ? "an origin is like "
				     "https://app.example.org"
				   : "it must be a URL such as "
				     "https://app.example.org/signed-in");
	}
	return NULL;
}

static bool
is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-';
}

static struct err *
check_smtp(struct arena *a, const struct conf *conf)
{
	struct str text = str_of(conf->smtp);
	struct url u;

	if (text.n == 0 ||
	    (url_read(arena_printf(a, "smtp://%.*s", STR_FMT(text)), &u) &&
	     u.port.n && u.path.n == 0))
		return NULL;
	return bad(a, "POSTERN_SMTP", text,
		   "it must be like smtp.example.org:587");
}

/* Each is a token (RFC 9110 §5.1), and there is room for all. */
static struct err *
check_headers(struct arena *a, const struct conf *conf)
{
	struct str list = str_of(conf->jsonapi_headers);
	size_t n = 0;

	while (list.n) {
		struct str name = str_cut(&list, ' ');

		n += name.n > 0;
		for (size_t i = 0; i < name.n; i++)
			if (!is_name(name.p[i]) || n > REQUEST_HEADERS_MAX)
				return bad(a, "POSTERN_JSONAPI_HEADERS", name,
					   "it must be names such as X-AUTH, 8 "
					   "at most");
	}
	return NULL;
}

/* One token, which there has to be. */
static struct err *
check_header(struct arena *a, const char *setting, struct str name)
{
	bool good = name.n > 0;

	for (size_t i = 0; i < name.n; i++)
		good = good && is_name(name.p[i]);
	return good ? NULL
		    : bad(a, setting, name,
			  "it must be a name such as X-SECRET");
}

static struct err *
check_allowed(struct arena *a, const struct conf *conf)
{
	struct str entry = address_bad_entry(str_of(conf->webhook_allow));

	return entry.n == 0 ? NULL
			    : bad(a, "POSTERN_WEBHOOK_ALLOW", entry,
				  "it must be like 10.1.0.0/16 or "
				  "hooks.internal");
}

/* No word of a key goes into the complaint. */
static struct err *
check_keys(struct arena *a, const struct conf *conf)
{
	struct str keys = str_of(conf->webhook_secret), key = STR("");
	struct err *e = NULL;

	do
		e = hook_key_next(a, &keys, &key);
	while (!e && key.n);
	return e ? err_new(a, ERR_INTERNAL, "POSTERN_WEBHOOK_SECRET: %.*s",
			   STR_FMT(e->message))
		 : NULL;
}

static struct err *
check_scalars(struct arena *a, const struct conf *conf)
{
	struct str text = str_of(conf->graphql_scalars);

	if (standard_are_scalars(text))
		return NULL;
	return bad(a, "POSTERN_GRAPHQL_SCALARS", text,
		   "it must be like bigint=String key=Int");
}

static struct err *
check_prefix(struct arena *a, const struct conf *conf)
{
	struct str text = str_of(conf->graphql_prefix);

	if (standard_is_prefix(text))
		return NULL;
	return bad(a, "POSTERN_GRAPHQL_PREFIX", text,
		   "it must be like shop_: a letter first, then letters, "
		   "digits and _, 64 at most");
}

/* Said and let through: it is the operator's machine. */
static void
look_at_cost(const struct conf *conf)
{
	struct phc_cost cost;

	if (url_is_local(str_of(conf->base_url)) ||
	    !phc_read_cost(str_of(conf->argon2), &cost) ||
	    (cost.memory >= MEMORY_LEAST &&
	     (uint64_t)cost.memory * cost.passes >= WORK_LEAST))
		return;
	log_line(LOG_WARN,
		 "POSTERN_ARGON2 is \"%s\", which is too cheap for a server: "
		 "m=19456,t=2,p=1 is usual",
		 conf->argon2);
}

/* The quick start's secret is in its README. */
static void
look_at_secret(const struct conf *conf)
{
	if (str_eq(str_of(conf->admin_secret), STR("admin")))
		log_line(LOG_WARN,
			 "POSTERN_ADMIN_SECRET is \"admin\", which everybody "
			 "knows: choose another one, or none");
}

struct err *
check_settings(struct arena *a, const struct conf *conf)
{
	TRY(check_base(a, conf));
	TRY(check_list(a, "POSTERN_ORIGINS", str_of(conf->origins), true));
	TRY(check_list(a, "POSTERN_REDIRECTS", str_of(conf->redirects), false));
	TRY(check_smtp(a, conf));
	TRY(check_scalars(a, conf));
	TRY(check_prefix(a, conf));
	TRY(check_allowed(a, conf));
	TRY(check_keys(a, conf));
	TRY(check_headers(a, conf));
	TRY(check_header(a, "POSTERN_ACTION_HEADER",
			 str_of(conf->action_header)));
	TRY(check_header(a, "POSTERN_EVENT_HEADER",
			 str_of(conf->event_header)));
	TRY(check_header(a, "POSTERN_REMOTE_HEADER",
			 str_of(conf->remote_header)));
	look_at_cost(conf);
	look_at_secret(conf);
	return NULL;
}

/* As the tutorial has it; elsewhere it is anybody who says what happened. */
void
check_events(const struct conf *conf)
{
	if (!conf->event_secret[0])
		log_line(LOG_WARN,
			 "POSTERN_EVENT_SECRET is not set: anybody may send "
			 "events to /event");
}
