/*
 * One key of a ring and what it can do: for the files of io/keys alone.
 *
 * A key lives in the ring's arena.  What takes another arena leaves its result
 * there.  Every function that fails says false or {NULL, 0}, and what OpenSSL
 * noted about it is cleared: libpq looks into the same queue of errors.
 */
#ifndef POSTERN_IO_KEYS_KEY_H
#define POSTERN_IO_KEYS_KEY_H

#include <openssl/evp.h>

#include "core/jwt.h"
#include "io/keys.h"

enum { KEYS_PURPOSES = 16 };

/* A MAC that is ready for the sub-key of a purpose. */
struct keys_purpose {
	struct str name;
	EVP_MAC_CTX *mac;
};

struct keys_key {
	struct arena *own; /* the ring's */
	enum jwt_alg algorithm;
	EVP_PKEY *pkey;		       /* NULL with an HMAC */
	bool is_public;		       /* it verifies and cannot sign */
	struct str secret;	       /* the line, or what is private */
	struct str kid;		       /* RFC 7638 where it is public */
	struct str jwk;		       /* its members, or empty */
	struct str heads[KEYS_KINDS];  /* base64url, and the full stop */
	EVP_MAC_CTX *macs[KEYS_KINDS]; /* NULL: signed with pkey */
	struct keys_purpose *purposes; /* KEYS_PURPOSES, as they come */
};

struct keys_seen;

struct keys {
	struct arena *own;
	struct keys_seen *seen;
	int n;
	struct keys_key key[KEYS_MAX + 1]; /* the files', and the setting's */
	struct jwt_config *config;	   /* NULL: there is none */
	const struct keys_key *foreign;	   /* reads others' tokens, or NULL */
};

/* Of the tokens of a kind that the key signs. */
enum jwt_alg keys_key_signs(const struct keys_key *key, enum keys_kind kind);

/* "at+jwt", "reset+jwt", ... */
struct str keys_key_type(enum keys_kind kind);

/*
 * Make a key ready whose owner, algorithm and pkey or secret are set, and try
 * it: one that does not verify what it signs is false.  One that is public is
 * only looked at.
 */
bool keys_key_open(struct keys_key *key);

/* The base64url signature of the first two parts of a token. */
struct str keys_key_sign(const struct keys_key *key, struct arena *a,
			 enum keys_kind kind, struct str bytes);
bool keys_key_verify(const struct keys_key *key, struct arena *a,
		     enum keys_kind kind, const struct jwt *jwt);

/* HMAC-SHA256 with the sub-key of a purpose. */
struct str keys_key_mac(const struct keys_key *key, struct arena *a,
			const char *purpose, struct str bytes);

/* Bytes of the ring that are wiped when it goes. */
struct str keys_key_keep(struct arena *own, size_t n);

/* Is a secret what anybody would try, such as one sign many times? */
bool keys_key_is_guessed(struct str secret);

/* ---- files and texts: keys_file.c ---- */

/* A private key in PEM; NULL, or what is wrong with it. */
const char *keys_read_pem(struct keys_key *key, struct str text);

/*
 * Add the keys of files to a ring.  Two files cannot hold the same one; the
 * setting's, if it is there already, may be in a file as well.
 */
struct err *
keys_add_files(struct arena *a, struct str paths, struct keys *keys);

/* ---- keys with a public part: keys_pkey.c ---- */

/* Find the first algorithm for it; NULL, or why there is none. */
const char *keys_pkey_accept(struct keys_key *key);

/* Is it a key for that algorithm? */
bool keys_pkey_fits(const struct keys_key *key, enum jwt_alg algorithm);

/* Set secret, where it is not public, and jwk. */
bool keys_pkey_open(struct keys_key *key);

/* Signatures as RFC 7518 has them, in bytes. */
struct str
keys_pkey_sign(const struct keys_key *key, struct arena *a, struct str bytes);
bool keys_pkey_verify(const struct keys_key *key, struct arena *a,
		      struct str bytes, struct str signature);

/* ---- tokens whose signature we have seen to be right: keys_seen.c ---- */

/*
 * Clients send the same token with every request, and reading one costs more
 * than comparing it.  There is room for a fixed number of them, later ones
 * replace earlier ones, and what a token says is judged anew each time.
 */
struct keys_seen *keys_seen_new(void);
void keys_seen_free(struct keys_seen *seen);
bool
keys_seen_find(struct keys_seen *seen, struct arena *a, enum keys_kind kind,
	       struct str token, struct keys_token *ret);
void keys_seen_add(struct keys_seen *seen, enum keys_kind kind,
		   struct str token, const struct keys_token *read);

#endif
