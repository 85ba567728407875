/*
 * Randomness, hashes and derived keys.
 *
 * Everything is made in the arena.  A function that fails (the generator has
 * no entropy, the library no memory) says so with the string {NULL, 0}, and
 * the caller answers that it is too busy: nothing is ever made up instead.
 * Compare what these give with str_same_secret().
 */
#ifndef POSTERN_IO_SECRET_H
#define POSTERN_IO_SECRET_H

#include "base/arena.h"

enum { SECRET_SIZE = 32 }; /* bytes of a hash, a MAC and a derived key */

/* `n` bytes that nobody can guess. */
struct str secret_random(struct arena *a, size_t n);

struct str secret_sha256(struct arena *a, struct str bytes);

/* HMAC-SHA256. */
struct str secret_hmac(struct arena *a, struct str key, struct str bytes);

/* A key for one purpose: HKDF-Expand with SHA-256 (RFC 5869). */
struct str secret_hkdf(struct arena *a, struct str key, struct str info);

/* In lower-case hexadecimal; that of a failure is a failure. */
struct str secret_hex(struct arena *a, struct str bytes);

#endif
