/*
 * Passwords against their stored hashes: Argon2id at the cost that
 * POSTERN_ARGON2 asks for.
 *
 * Every call costs one hash whatever it is asked, also where there is nothing
 * to compare with, so that time tells no stranger who has an account.  No
 * more hashes run at once on the machine than it has cores; who does not get
 * a turn within two seconds is told that we are busy.  A call holds up its
 * process: it belongs into the auth pool.  The memory of a hash goes back to
 * the system after it.
 */
#ifndef POSTERN_IO_PASSWORD_H
#define POSTERN_IO_PASSWORD_H

#include "base/conf.h"

enum {
	PASSWORD_BYTES_MAX = 1024,	      /* no longer one is right */
	PASSWORD_WAIT_MS = 2000,	      /* for a turn */
	PASSWORD_LIST_MAX = 16 * 1024 * 1024, /* bytes of the file */
};

enum password_verdict { PASSWORD_RIGHT, PASSWORD_WRONG, PASSWORD_BUSY };

struct password_result {
	enum password_verdict verdict;
	struct str fresh; /* to be stored instead of the old hash, or empty */
};

/* What is wrong with the settings of passwords; to be asked at start. */
struct err *password_settings(struct arena *a, const struct conf *conf);

/*
 * `phc` is the stored hash; empty where there is none.  One that is no hash or
 * asks for too much is a wrong password, and the log says so without it.
 */
struct password_result password_check(struct arena *a, const struct conf *conf,
				      struct str password, struct str phc);

/* The text to store for a password; ERR_BUSY when there was no turn. */
struct err *password_make(struct arena *a, const struct conf *conf,
			  struct str password, struct str *ret);

/*
 * The text of the file POSTERN_PASSWORD_LIST for struct policy_rules, "" when
 * there is none; to be read once, into an arena that lives as long as we.
 */
struct err *
password_list(struct arena *a, const struct conf *conf, const char **ret);

#endif
