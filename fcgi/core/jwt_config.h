/*
 * HASURA_GRAPHQL_JWT_SECRET: what an engine is told about tokens.
 *
 * The value is a JSON object with the engine's members, or a bare string,
 * which is the key of HS256.  Read here is what it says; whether the key is one
 * is io/keys' to find.  No error repeats a value: it could be the secret.
 */
#ifndef POSTERN_CORE_JWT_CONFIG_H
#define POSTERN_CORE_JWT_CONFIG_H

#include "base/err.h"
#include "core/jwt.h"
#include "core/jwt_path.h"

#define JWT_SETTING   "HASURA_GRAPHQL_JWT_SECRET"
#define JWT_NAMESPACE "https://hasura.io/jwt/claims"
#define JWT_PREFIX    "x-hasura-"
#define JWT_ALLOWED   "x-hasura-allowed-roles"
#define JWT_DEFAULT   "x-hasura-default-role"

enum {
	JWT_KEY_MIN = 32,     /* characters of a secret */
	JWT_SKEW_MAX = 86400, /* seconds */
};

/* One claim of claims_map. */
struct jwt_claim {
	const char *name; /* in small letters */
	bool mapped;	  /* it is at `path`; else it is `value` */
	struct jwt_path path;
	json_object *value; /* of a mapped one the default; NULL: none */
};

struct jwt_config {
	enum jwt_alg alg;	/* JWT_ALGS: not said */
	struct str key;		/* empty: it is at an address */
	struct jwt_path claims; /* where the object with the claims is */
	bool stringified;	/* ... as the text of one */
	bool plain;		/* our tokens are as they are without it */
	struct jwt_claim *map;	/* instead of the object, where there is one */
	size_t nmap;
	struct str *audience;
	size_t naudience;
	struct str issuer;   /* empty: none */
	int64_t skew;	     /* seconds; -1: not said */
	const char *unknown; /* a member that nobody knows, or NULL */
};

/* The error's message names the setting; what is read lives in the arena. */
struct err *
jwt_config_read(struct arena *a, struct str text, struct jwt_config *ret);

/*
 * May that be the value of a claim?  Of the roles a list of strings, of all
 * others a string.
 */
bool jwt_is_claim(const char *name, json_object *value);

#endif
