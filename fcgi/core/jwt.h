/*
 * The compact form of a JSON Web Token (RFC 7515), read strictly.
 *
 * Three parts of base64url between two full stops, without padding, blanks or
 * bits that stand for nothing, and not longer than JWT_MAX: there is one text
 * for each token.  The parts point into the token.  Whether a signature is
 * right is io/keys' to say, and nothing here may be believed before it is.
 */
#ifndef POSTERN_CORE_JWT_H
#define POSTERN_CORE_JWT_H

#include <json-c/json.h>

#include "base/arena.h"

enum { JWT_MAX = 8192 };

/* How tokens are signed (RFC 7518 §3.1, RFC 8037). */
enum jwt_alg {
	JWT_HS256,
	JWT_HS384,
	JWT_HS512,
	JWT_RS256,
	JWT_RS384,
	JWT_RS512,
	JWT_ES256,
	JWT_ES384,
	JWT_ES512,
	JWT_EDDSA,
	JWT_ALGS
};

/* As headers name it. */
const char *jwt_alg_name(enum jwt_alg alg);

/* By a secret that both sides know, and not by a pair of keys? */
static inline bool
jwt_is_hmac(enum jwt_alg alg)
{
	return alg <= JWT_HS512;
}

/* Bytes of the hash of an HMAC, which its key should not be shorter than. */
static inline size_t
jwt_hash_size(enum jwt_alg alg)
{
	return alg == JWT_HS512 ? 64 : alg == JWT_HS384 ? 48 : 32;
}

struct jwt {
	struct str head, payload, signature; /* base64url */
	struct str signed_part;		     /* head and payload */
};

/* Cut a token into its parts; true when there are three, none empty. */
bool jwt_split(struct str token, struct jwt *ret);

/* What a header says; a member that is not there is empty. */
struct jwt_head {
	struct str alg, kid, typ;
};

/*
 * Read the first part.  False when it is no JSON object, when one of its
 * members that we read is no string, or when it asks for what we do not do
 * (crit, b64, zip).  Where to get a key (jku, jwk, x5u, x5c) is not read.
 */
bool jwt_read_head(struct arena *a, struct str head, struct jwt_head *ret);

/* Is the type `want`, with or without "application/", in any case? */
bool jwt_is_type(const struct jwt_head *head, struct str want);

/* Read the second part: its text and its members; false when no object. */
bool jwt_read_payload(struct arena *a, struct str payload, struct str *ret,
		      json_object **ret_claims);

/* What a payload says about when the token is good. */
struct jwt_times {
	bool has_exp, has_nbf;
	int64_t exp, nbf; /* seconds since 1970 */
};

/* False when one of them is there and no whole number of 64 bits. */
bool jwt_read_times(json_object *claims, struct jwt_times *ret);

/* The same for tokens of others, where they may be any number (RFC 7519 §2). */
bool jwt_read_any_times(json_object *claims, struct jwt_times *ret);

/* Is one of its audiences, a text or a list of them, one of these? */
bool jwt_is_for(json_object *claims, const struct str *any, size_t n);

#endif
