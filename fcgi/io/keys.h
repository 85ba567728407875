/*
 * The ring of keys: what signs our tokens and what reads them.
 *
 * The first key signs, all of them verify, so a new key is put in front and
 * the old one stays until its last token has expired.  A token is a compact
 * JWT whose header names its key (kid); the algorithm is the key's and not the
 * header's.  Tokens of a kind other than KEYS_ACCESS are HS256 with a key that
 * is derived from the signing one for that kind alone, so no kind passes for
 * another.  A ring belongs to one thread, is made at start and freed with
 * keys_free(); what the functions return lives in the arena.  A failure of the
 * library is an empty string or a bad token, never a good one.
 */
#ifndef POSTERN_IO_KEYS_H
#define POSTERN_IO_KEYS_H

#include <json-c/json.h>

#include "base/conf.h"
#include "base/err.h"

struct jwt_config;

enum {
	KEYS_MAX = 4,
	KEYS_LEEWAY = 30,	  /* seconds that an access token may be late */
	KEYS_SECRET_MIN = 32,	  /* characters of an HS256 secret */
	KEYS_RSA_MIN = 2048,	  /* bits */
	KEYS_FILE_MAX = 64 * 1024 /* bytes */
};

struct keys;

/*
 * Read key files, named between blanks.  A file holds a private key in PEM
 * (Ed25519, P-256, P-384, P-521 or RSA) or one line that is an HS256 secret.
 * The error's message is a sentence for the operator.
 */
struct err *keys_load(struct arena *a, struct str paths, struct keys **ret);

/*
 * The same for what the settings name: POSTERN_KEYS, and
 * HASURA_GRAPHQL_JWT_SECRET (core/jwt_config.h), whose key comes first.  It
 * signs, or if it is public says with which one of the files' keys is signed,
 * and reads the tokens of others besides ours.  One that is none of the files'
 * does only the latter.
 */
struct err *
keys_open(struct arena *a, const struct conf *conf, struct keys **ret);

/* What the setting says of the form of tokens; NULL: nothing. */
const struct jwt_config *keys_config(const struct keys *keys);

/* Say in the log what works and yet is hardly meant. */
void keys_look(const struct keys *keys);

/* NULL is harmless. */
void keys_free(struct keys *keys);

/*
 * The text of a new key file for "HS256", "EdDSA", "ES256", "ES384", "ES512" or
 * "RS256".
 */
struct err *keys_make(struct arena *a, struct str algorithm, struct str *ret);

enum keys_kind {
	KEYS_ACCESS,
	KEYS_VERIFY,
	KEYS_RESET,
	KEYS_MAGIC,
	KEYS_STATE,
	KEYS_KINDS
};

/*
 * The token of a payload, which is the text of a JSON object; empty when it
 * could not be made or would be longer than what keys_verify() reads.
 */
struct str keys_sign(const struct keys *keys, struct arena *a,
		     enum keys_kind kind, struct str payload);

/*
 * What a token has to satisfy.  "iss" must be `issuer` to the byte, whatever
 * the kind, or of KEYS_ACCESS the setting's.  "exp" must be there, but for
 * KEYS_ACCESS, where a token without it does not expire.  "exp" and "nbf" are
 * whole numbers.  A foreign token has to satisfy the setting instead.
 */
struct keys_rules {
	enum keys_kind kind;
	int64_t now; /* seconds since 1970 */
	struct str issuer;
	bool expired_too; /* an expired token counts as a good one */
};

enum keys_verdict { KEYS_GOOD, KEYS_EXPIRED, KEYS_BAD };

/*
 * Of a good token; else all is empty.  Whatever form the setting gives to
 * access tokens, here they have their claims where core/jwt_form.h says.
 */
struct keys_token {
	json_object *claims; /* an object, not to be changed */
	struct str payload;  /* its text */
	bool foreign;	     /* it has the setting's key and no session */
};

enum keys_verdict keys_verify(const struct keys *keys, struct arena *a,
			      const struct keys_rules *rules, struct str token,
			      struct keys_token *ret);

/*
 * 32 bytes that prove that we have seen `bytes` for this purpose, made with
 * the signing key; {NULL, 0} on failure.  No purpose gives the key of a kind
 * of token.
 */
struct str keys_mac(const struct keys *keys, struct arena *a,
		    const char *purpose, struct str bytes);

/*
 * Did any key of the ring make that MAC?  It may be cut to its first bytes,
 * 16 or more.
 */
bool keys_mac_is(const struct keys *keys, struct arena *a, const char *purpose,
		 struct str bytes, struct str mac);

/* {"keys":[...]} with what others may know: no HS256 key is in it. */
struct str keys_jwks(const struct keys *keys, struct arena *a);

/* Of the key that signs, as the header has it: "HS256", "EdDSA", ... */
const char *keys_algorithm(const struct keys *keys);

#endif
