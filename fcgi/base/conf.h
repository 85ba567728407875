/*
 * Settings, one row each (see the table in conf.c).
 *
 * A setting comes from the environment or, where the environment has none,
 * from a file of NAME=value lines: the one named by POSTERN_CONFIG, else
 * postern.conf beside the binary (shared hosting), else
 * /etc/postern/postern.conf.  Values are read once, at start, and live as
 * long as the process.  A value that does not fit is an error that names the
 * setting; nothing starts with half a configuration.  Lines of names that
 * are no settings are for conf_variable().
 */
#ifndef POSTERN_BASE_CONF_H
#define POSTERN_BASE_CONF_H

#include "base/err.h"
#include "base/log.h"

#define CONF_VERSION "0.1.0" /* of the program */

enum pool_kind { POOL_API, POOL_AUTH, POOL_BULK };

struct conf {
	struct str file;      /* as it was read; see conf_variable() */
	const char *database; /* libpq connection string or URL */
	const char *role;     /* what an anonymous request runs as */
	const char *statuses; /* "tutorial" or "correct" */
	const char *log_level;
	int64_t workers;	   /* processes of a pool */
	int64_t lanes;		   /* Postgres connections of a worker */
	int64_t body_max;	   /* bytes */
	int64_t page_max;	   /* rows of a page */
	int64_t statement_timeout; /* milliseconds */
	int64_t bulk_timeout;	   /* milliseconds, of unbounded lists */
	int64_t hard_limit;	   /* seconds before a stuck worker is killed */
	int64_t drain_limit;	   /* seconds a leaving worker may take */

	/* Who may do what, and as whom. */
	const char *access;	  /* "open" or "owner" */
	const char *base_url;	  /* what clients call us; no slash behind */
	const char *origins;	  /* other allowed ones, between blanks */
	const char *redirects;	  /* allowed URLs, between blanks */
	const char *keys;	  /* files, between blanks; the first signs */
	const char *state;	  /* directory for locks and mails */
	const char *verification; /* "optional" or "required" */
	const char *proof;	  /* what mails carry: "link" or "code" */
	const char *verify_url;	  /* where their links lead, or empty */
	const char *argon2;	  /* "m=19456,t=2,p=1" */
	const char *password_list;
	int64_t token_ttl;    /* seconds of an auth token; 0: for ever */
	int64_t access_ttl;   /* seconds of one that can be refreshed */
	int64_t refresh_idle; /* seconds without a refresh */
	int64_t refresh_most; /* seconds since the sign-in */

	/* GraphQL: what one request may ask for, and how it is answered. */
	int64_t graphql_document;	   /* bytes of a document */
	int64_t graphql_tokens;		   /* of a document */
	int64_t graphql_depth;		   /* fields inside each other */
	int64_t graphql_fields;		   /* with fragments expanded */
	int64_t graphql_aliases;	   /* likewise */
	int64_t graphql_roots;		   /* root fields */
	int64_t graphql_cost;		   /* rows, multiplied down the tree */
	int64_t graphql_rows;		   /* of a list that names no limit */
	int64_t graphql_rows_max;	   /* of any list */
	int64_t graphql_where;		   /* conditions inside each other */
	int64_t graphql_joins;		   /* ways to rows of other tables */
	int64_t graphql_arguments;	   /* values that go to the database */
	const char *graphql_introspection; /* "all", "members" or "off" */
	const char *graphql_scalars;	   /* "bigint=String key=Int" */
	const char *graphql_errors;	   /* keys: "snake" or "camel" */
	const char *graphql_prefix;	   /* of types and root fields */

	/* JSON:API. */
	const char *jsonapi_headers;   /* let through, between blanks */
	const char *admin_secret;      /* X-AUTH; empty: nobody's */
	int64_t jsonapi_page_max;      /* rows of a page; more are cut to it */
	int64_t jsonapi_include_depth; /* relationships in a row */
	int64_t jsonapi_operations;    /* of one request of atomic ones */

	/* Events. */
	int64_t webhooks;	    /* deliveries at once */
	const char *webhook_allow;  /* nets and hosts, between blanks */
	const char *webhook_secret; /* what signs; empty: nothing does */
	int64_t events_keep;	    /* days */

	/* Hasura: what an engine has to bring, and in which header. */
	const char *jwt_secret; /* what it is told of tokens, or empty */
	const char *action_secret, *action_header; /* no secret: anybody is */
	const char *event_secret, *event_header;
	const char *remote_secret, *remote_header; /* ... vouches for callers */
	const char *metrics_secret;		   /* empty: there is none */

	/* Mail. */
	const char *smtp;	   /* host:port; empty: files in `state` */
	const char *smtp_security; /* as spec.md §2.9 has them */
	const char *smtp_check;	   /* "yes": certificates are validated */
	const char *smtp_user, *smtp_password_file;
	const char *mail_from;
	const char *templates; /* directory, or empty: those shipped */
};

/* Read everything; the error names the setting and what it wants. */
struct err *conf_load(struct arena *a, struct conf *ret);

/*
 * What is no setting: a variable that an event's trigger names, from the
 * environment, else from a line of the file.  NULL: it is in neither, or it
 * is a setting, one of libpq's (PG...) or no name: those are no receiver's.
 */
const char *
conf_variable(struct arena *a, const struct conf *conf, struct str name);

enum log_level conf_log_level(const struct conf *conf);

/* Write every setting with its value and meaning, for people. */
void conf_print(const struct conf *conf);

#endif
