#include "base/conf.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 };

/* One row holds everything about a setting. */
static const struct setting_row {
	const char *name;
	size_t at;
	bool number;
	const char *fallback;
	int64_t min, max;    /* of a number */
	const char *choices; /* of a word, between blanks; NULL: any text */
	const char *meaning;
} rows[] = {
#define TEXT(name, member, fallback, choices, meaning)                      \
	{                                                                   \
		name, offsetof(struct conf, member), false, fallback, 0, 0, \
			choices, meaning                                    \
	}
#define NUMBER(name, member, fallback, min, max, meaning)                      \
	{                                                                      \
		name, offsetof(struct conf, member), true, fallback, min, max, \
			NULL, meaning                                          \
	}
	TEXT("POSTERN_DATABASE", database, "", NULL,
	     "libpq connection string or URL of the database"),
	TEXT("POSTERN_ROLE", role, "postern_anonymous", NULL,
	     "database role of a request without credentials"),
	TEXT("POSTERN_STATUSES", statuses, "tutorial", " tutorial correct ",
	     "tutorial: 500 where the tutorial prints it; correct: 404"),
	TEXT("POSTERN_LOG_LEVEL", log_level, "info", " debug info warn error ",
	     "least level that is logged: debug, info, warn or error"),
	NUMBER("POSTERN_WORKERS", workers, "2", 1, 256, "processes of a pool"),
	NUMBER("POSTERN_LANES", lanes, "8", 1, 64,
	       "database connections of a worker of the api pool"),
	NUMBER("POSTERN_BODY_MAX", body_max, "1048576", 1024, 67108864,
	       "bytes of a request body"),
	NUMBER("POSTERN_PAGE_MAX", page_max, "1000", 1, 100000,
	       "rows of a page"),
	NUMBER("POSTERN_STATEMENT_TIMEOUT", statement_timeout, "5000", 100,
	       3600000, "milliseconds that a statement may take"),
	NUMBER("POSTERN_BULK_TIMEOUT", bulk_timeout, "600000", 1000, 86400000,
	       "milliseconds that an unbounded list may take"),
	NUMBER("POSTERN_HARD_LIMIT", hard_limit, "20", 1, 3600,
	       "seconds before a stuck worker is killed"),
	NUMBER("POSTERN_DRAIN_LIMIT", drain_limit, "10", 1, 3600,
	       "seconds that a leaving worker may take"),
	TEXT("POSTERN_ACCESS", access, "open", " open owner ",
	     "open: anybody may change anything; owner: only what is his own"),
	TEXT("POSTERN_BASE_URL", base_url, "http://localhost:8000", NULL,
	     "what clients call this server: the issuer, the links in mails"),
	TEXT("POSTERN_ORIGINS", origins, "", NULL,
	     "further origins whose pages may use the cookie, between blanks"),
	TEXT("POSTERN_REDIRECTS", redirects, "", NULL,
	     "URLs that redirects may lead below, between blanks"),
	TEXT("POSTERN_KEYS", keys, "", NULL,
	     "files of keys, between blanks: the first signs, all verify"),
	TEXT("POSTERN_STATE", state, "/var/lib/postern", NULL,
	     "directory for locks, and for mails without an SMTP server"),
	TEXT("POSTERN_VERIFICATION", verification, "optional",
	     " optional required ", "must an address be verified to sign in?"),
	TEXT("POSTERN_PROOF", proof, "link", " link code ",
	     "what mails prove an address with: link or code"),
	TEXT("POSTERN_VERIFY_URL", verify_url, "", NULL,
	     "page that verification links lead to (none: /auth/verify)"),
	TEXT("POSTERN_ARGON2", argon2, "m=19456,t=2,p=1", NULL,
	     "cost of a password hash: KiB, passes, lanes"),
	TEXT("POSTERN_PASSWORD_LIST", password_list, "", NULL,
	     "file of further refused passwords, one a line"),
	NUMBER("POSTERN_TOKEN_TTL", token_ttl, "1209600", 0, 315360000,
	       "seconds that an auth token is good for; 0: for ever"),
	NUMBER("POSTERN_ACCESS_TTL", access_ttl, "900", 30, 86400,
	       "seconds that a token with a refresh token is good for"),
	NUMBER("POSTERN_REFRESH_IDLE", refresh_idle, "2592000", 60, 315360000,
	       "seconds without a refresh that end a signed-in session"),
	NUMBER("POSTERN_REFRESH_MOST", refresh_most, "7776000", 60, 315360000,
	       "seconds after which one has to sign in anew"),
	NUMBER("POSTERN_GRAPHQL_DOCUMENT", graphql_document, "65536", 1024,
	       16777216, "bytes of a GraphQL document"),
	NUMBER("POSTERN_GRAPHQL_TOKENS", graphql_tokens, "5000", 100, 1000000,
	       "tokens of a GraphQL document"),
	NUMBER("POSTERN_GRAPHQL_DEPTH", graphql_depth, "10", 1, 100,
	       "GraphQL fields inside each other"),
	NUMBER("POSTERN_GRAPHQL_FIELDS", graphql_fields, "500", 1, 10000,
	       "fields of a GraphQL operation, fragments expanded"),
	NUMBER("POSTERN_GRAPHQL_ALIASES", graphql_aliases, "50", 0, 10000,
	       "aliases of a GraphQL operation, fragments expanded"),
	NUMBER("POSTERN_GRAPHQL_ROOTS", graphql_roots, "20", 1, 20,
	       "root fields of a GraphQL operation"),
	NUMBER("POSTERN_GRAPHQL_COST", graphql_cost, "100000", 1, 1000000000,
	       "rows that a GraphQL query may ask for, multiplied down"),
	NUMBER("POSTERN_GRAPHQL_ROWS", graphql_rows, "50", 1, 1000000,
	       "rows of a root list that names no limit"),
	NUMBER("POSTERN_GRAPHQL_ROWS_MAX", graphql_rows_max, "500", 1, 1000000,
	       "rows of any list; greater limits are cut to it"),
	NUMBER("POSTERN_GRAPHQL_WHERE", graphql_where, "8", 1, 50,
	       "conditions inside each other in a where"),
	NUMBER("POSTERN_GRAPHQL_JOINS", graphql_joins, "50", 1, 1000,
	       "ways to other rows that a GraphQL operation may go"),
	NUMBER("POSTERN_GRAPHQL_ARGUMENTS", graphql_arguments, "1000", 1, 1000,
	       "values of a GraphQL operation that go to the database"),
	TEXT("POSTERN_GRAPHQL_INTROSPECTION", graphql_introspection, "all",
	     " all members off ", "who may ask GraphQL for its schema"),
	TEXT("POSTERN_GRAPHQL_SCALARS", graphql_scalars, "", NULL,
	     "GraphQL scalars of SQL types, as \"bigint=String key=Int\""),
	TEXT("POSTERN_GRAPHQL_ERRORS", graphql_errors, "snake", " snake camel ",
	     "how validationErrors name the columns"),
	TEXT("POSTERN_GRAPHQL_PREFIX", graphql_prefix, "", NULL,
	     "what GraphQL's types and root fields begin with, as \"shop_\""),
	TEXT("POSTERN_JSONAPI_HEADERS", jsonapi_headers, "X-AUTH", NULL,
	     "request headers that dependencies are told, between blanks"),
	NUMBER("POSTERN_JSONAPI_OPERATIONS", jsonapi_operations, "100", 1, 500,
	       "operations of one request to /operations"),
	TEXT("POSTERN_ADMIN_SECRET", admin_secret, "", NULL,
	     "X-AUTH of who may list users by JSON:API (none: by token only)"),
	NUMBER("POSTERN_JSONAPI_PAGE_MAX", jsonapi_page_max, "10000", 1,
	       1000000, "rows of a JSON:API page; greater sizes are cut to it"),
	NUMBER("POSTERN_JSONAPI_INCLUDE_DEPTH", jsonapi_include_depth, "3", 1,
	       10, "relationships in a row of include= and sort="),
	NUMBER("POSTERN_WEBHOOKS", webhooks, "100", 1, 1000,
	       "events that a courier delivers at once"),
	TEXT("POSTERN_WEBHOOK_ALLOW", webhook_allow, "", NULL,
	     "private addresses, nets, hosts that may be called, blanks "
	     "between"),
	TEXT("POSTERN_WEBHOOK_SECRET", webhook_secret, "", NULL,
	     "keys that sign events, between blanks (none: unsigned)"),
	NUMBER("POSTERN_EVENTS_KEEP", events_keep, "30", 1, 36500,
	       "days that events are kept"),
	TEXT("HASURA_GRAPHQL_JWT_SECRET", jwt_secret, "", NULL,
	     "what an engine is told of tokens: JSON, or a key of HS256"),
	TEXT("POSTERN_ACTION_SECRET", action_secret, "", NULL,
	     "what an engine's actions have to bring (none: nothing)"),
	TEXT("POSTERN_ACTION_HEADER", action_header, "ACTION-SECRET", NULL,
	     "... and in which header"),
	TEXT("POSTERN_EVENT_SECRET", event_secret, "", NULL,
	     "what an engine's events have to bring (none: nothing)"),
	TEXT("POSTERN_EVENT_HEADER", event_header, "EVENT-SECRET", NULL,
	     "... and in which header"),
	TEXT("POSTERN_REMOTE_SECRET", remote_secret, "", NULL,
	     "who brings this to GraphQL says who asks (none: nobody does)"),
	TEXT("POSTERN_REMOTE_HEADER", remote_header, "REMOTE-SECRET", NULL,
	     "... and in which header"),
	TEXT("POSTERN_METRICS_SECRET", metrics_secret, "", NULL,
	     "who brings this may read /metrics (none: administrators alone)"),
	TEXT("POSTERN_SMTP", smtp, "", NULL,
	     "mail server as host:port (none: mails become files)"),
	TEXT("POSTERN_SMTP_SECURITY", smtp_security, "STARTTLS",
	     " PlainText TLS STARTTLS STARTTLSOrPlainText ",
	     "PlainText, TLS, STARTTLS or STARTTLSOrPlainText"),
	TEXT("POSTERN_SMTP_CHECK", smtp_check, "yes", " yes no ",
	     "must the mail server's certificate be valid?"),
	TEXT("POSTERN_SMTP_USER", smtp_user, "", NULL,
	     "name to sign in to the mail server with"),
	TEXT("POSTERN_SMTP_PASSWORD_FILE", smtp_password_file, "", NULL,
	     "file that holds the password for it"),
	TEXT("POSTERN_MAIL_FROM", mail_from, "postern@localhost", NULL,
	     "address that mails come from"),
	TEXT("POSTERN_TEMPLATES", templates, "", NULL,
	     "directory of mail templates that replace the shipped ones"),
#undef TEXT
#undef NUMBER
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- where values come from ---- */

/* A configuration file's text, or empty. */
static struct str
read_file(struct arena *a, const char *path)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	char *text;
	size_t n;

	if (!f)
		return STR("");
	text = arena_alloc(a, FILE_MAX + 1);
	n = fread(text, 1, FILE_MAX, f);
	fclose(f);
	return (struct str){text, n};
}

/* postern.conf in the directory of the running binary. */
static struct str
beside_binary(struct arena *a)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	struct str dir = {path, n > 0 ? (size_t)n : 0};

	while (dir.n && dir.p[dir.n - 1] != '/')
		dir.n--;
	return arena_printf(a, "%.*spostern.conf", STR_FMT(dir));
}

static struct err *
find_file(struct arena *a, struct str *ret)
{
	const char *named = getenv("POSTERN_CONFIG");

	if (named && access(named, R_OK) != 0)
		return err_new(a, ERR_INTERNAL,
			       "POSTERN_CONFIG: %s cannot be read", named);
	*ret = read_file(a, named);
	if (named)
		return NULL;
	*ret = read_file(a, beside_binary(a).p);
	if (ret->n == 0)
		*ret = read_file(a, "/etc/postern/postern.conf");
	return NULL;
}

/* The value of NAME in lines of NAME=value; '#' begins a comment line. */
static const char *
find_in_file(struct arena *a, struct str file, struct str name)
{
	const char *found = NULL;

	while (file.n) {
		struct str line = str_trim(str_cut(&file, '\n'));
		struct str key = str_trim(str_cut(&line, '='));

		if (!str_eq(key, name))
			continue;
		line = str_trim(line);
		if (line.n > 1 && line.p[0] == '"' && line.p[line.n - 1] == '"')
			line = str_sub(line, 1, line.n - 2);
		found = arena_str(a, line).p;
	}
	return found;
}

/* ---- values ---- */

static struct err *
set_number(struct arena *a, const struct setting_row *row, const char *value,
	   struct conf *ret)
{
	int64_t number;

	if (!str_int(str_of(value), &number) || number < row->min ||
	    number > row->max)
		return err_new(a, ERR_INTERNAL,
			       "%s is \"%s\": it must be a whole number from "
			       "%lld to %lld",
			       row->name, value, (long long)row->min,
			       (long long)row->max);
	memcpy((char *)ret + row->at, &number, sizeof(number));
	return NULL;
}

static struct err *
set_text(struct arena *a, const struct setting_row *row, const char *value,
	 struct conf *ret)
{
	struct str padded = arena_printf(a, " %s ", value);

	if (row->choices && !strstr(row->choices, padded.p))
		return err_new(a, ERR_INTERNAL,
			       "%s is \"%s\": it must be one of%s", row->name,
			       value, row->choices);
	memcpy((char *)ret + row->at, &value, sizeof(value));
	return NULL;
}

static bool
is_setting(struct str name)
{
	for (int i = 0; i < ROWS; i++)
		if (str_eq(name, str_of(rows[i].name)))
			return true;
	return false;
}

/* A name that is misspelt would leave its setting as it is by itself. */
static struct err *
check_names(struct arena *a, struct str file)
{
	while (file.n) {
		struct str line = str_trim(str_cut(&file, '\n'));
		struct str name = str_trim(str_cut(&line, '='));

		if (str_starts(name, STR("POSTERN_")) && !is_setting(name))
			return err_new(a, ERR_INTERNAL,
				       "there is no setting %.*s; see postern "
				       "settings",
				       STR_FMT(name));
	}
	return NULL;
}

struct err *
conf_load(struct arena *a, struct conf *ret)
{
	struct str file = {0};

	*ret = (struct conf){0};
	TRY(find_file(a, &file));
	TRY(check_names(a, file));
	ret->file = file;
	for (int i = 0; i < ROWS; i++) {
		const char *value = getenv(rows[i].name);

		if (!value)
			value = find_in_file(a, file, str_of(rows[i].name));
		if (!value)
			value = rows[i].fallback;
		if (rows[i].number)
			TRY(set_number(a, &rows[i], value, ret));
		else
			TRY(set_text(a, &rows[i], value, ret));
	}
	return NULL;
}

static bool
is_variable(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return name.n && !isdigit((unsigned char)name.p[0]);
}

const char *
conf_variable(struct arena *a, const struct conf *conf, struct str name)
{
	const char *value;

	/* PGPASSWORD and its like are how Postgres is reached. */
	if (!is_variable(name) || is_setting(name) ||
	    str_starts(name, STR("POSTERN_")) || str_starts(name, STR("PG")))
		return NULL;
	value = getenv(arena_str(a, name).p);
	return value ? value : find_in_file(a, conf->file, name);
}

enum log_level
conf_log_level(const struct conf *conf)
{
	switch (conf->log_level[0]) {
	case 'd':
		return LOG_DEBUG;
	case 'w':
		return LOG_WARN;
	case 'e':
		return LOG_ERROR;
	default:
		return LOG_INFO;
	}
}

/*
 * Secrets, and a connection string, which may hold a password: only that
 * there is one is told.
 */
static const char *
shown(const struct setting_row *row, const char *value)
{
	static const size_t secrets[] = {
		offsetof(struct conf, database),
		offsetof(struct conf, admin_secret),
		offsetof(struct conf, webhook_secret),
		offsetof(struct conf, jwt_secret),
		offsetof(struct conf, action_secret),
		offsetof(struct conf, event_secret),
		offsetof(struct conf, remote_secret),
		offsetof(struct conf, metrics_secret),
	};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (row->at == secrets[i] && value[0])
			return "(set)";
	return value;
}

void
conf_print(const struct conf *conf)
{
	for (int i = 0; i < ROWS; i++) {
		const char *text;
		int64_t number;

		printf("# %s", rows[i].meaning);
		printf(" (default: %s)\n",
		       rows[i].fallback[0] ? rows[i].fallback : "none");
		memcpy(&number, (const char *)conf + rows[i].at,
		       sizeof(number));
		memcpy(&text, (const char *)conf + rows[i].at, sizeof(text));
		if (rows[i].number)
			printf("%s=%lld\n", rows[i].name, (long long)number);
		else
			printf("%s=%s\n", rows[i].name, shown(&rows[i], text));
	}
}
