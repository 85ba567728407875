#include "core/phc.h"

#include "tap.h"

#define SALT "c29tZXNhbHRzb21lc2FsdA"
#define TAG  "TEzIM9bWbYvsG2UmkWfhiCpDv0xjCbUJP8PmQQ6SDDk"

static const char usual[] = "$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG;

static const char *const good[] = {
	usual,
	"$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=262144,t=10,p=16$" SALT "$" TAG,
	"$argon2id$v=19$m=102400,t=2,p=8$" SALT "$AAAAAAAAAAAAAAAAAAAAAA",
	"$argon2id$v=19$m=8,t=1,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
	"$argon2id$v=19$m=8,t=1,p=1$+/+/+/+/+/8$" TAG,
};

static const char *const bad[] = {
	"",
	"$",
	"$$$$$",
	"password",
	"argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	" $argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "$",
	"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "\n",
	"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG "$x",
	"$argon2id$v=19$m=19456,t=2,p=1$" SALT,
	"$argon2id$v=19$m=19456,t=2,p=1$" SALT "$",
	"$argon2id$v=19$m=19456,t=2,p=1$$" TAG,
	"$argon2id$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2d$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	"$Argon2id$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2$v=19$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=16$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=019$m=19456,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=4194304,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=262145,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=11,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=17$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=0,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=0$" SALT "$" TAG,
	"$argon2id$v=19$m=7,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=31,t=2,p=4$" SALT "$" TAG,
	"$argon2id$v=19$m=-1,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=+8,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=08,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=0x8,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m= 8,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=4294967304,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=99999999999999999999,t=2,p=1$" SALT "$" TAG,
	"$argon2id$v=19$t=2,m=19456,p=1$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=1,$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=1,keyid=x$" SALT "$" TAG,
	"$argon2id$v=19$m=19456,t=2,p=1,data=x$" SALT "$" TAG,
	"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAA$" TAG,
	"$argon2id$v=19$m=8,t=1,p=1$" SALT "$AAAAAAAAAAAAAAAAAAAA",
	"$argon2id$v=19$m=8,t=1,p=1$" SALT "==$" TAG,
	"$argon2id$v=19$m=8,t=1,p=1$-_-_-_-_-_8$" TAG,
	"$argon2id$v=19$m=8,t=1,p=1$" SALT "$" TAG "=",
	"$argon2id$v=19$m=8,t=1,p=1$" SALT "$"
	"TEzIM9bWbYvsG2UmkWfhiCpDv0xjCbUJP8PmQQ6SDDl",
	"$2b$12$abcdefghijklmnopqrstuuWbhAhrjPzkQmGkXLpvhQ4UqHV5YvqyG",
};

static void
test_read(struct arena *a)
{
	struct phc phc;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ok(phc_read(a, str_of(good[i]), &phc), "read: %s", good[i]);
		is(phc_print(a, &phc), str_of(good[i]), "... and back");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!phc_read(a, str_of(bad[i]), &phc), "refused: %s", bad[i]);
}

/* A text with a salt and a tag of so many bytes. */
static bool
is_read(struct arena *a, size_t salt, size_t tag)
{
	struct phc phc =
			   {
				   .id = true,
				   .cost = {8,	       1,	  1   },
				   .salt = {arena_alloc(a, salt + 1), salt},
				   .tag = {arena_alloc(a, tag + 1),  tag },
	   },
		   again;

	return phc_read(a, phc_print(a, &phc), &again) &&
	       again.salt.n == salt && again.tag.n == tag;
}

static void
test_sizes(struct arena *a)
{
	ok(!is_read(a, 7, 32), "a salt of 7 bytes is short");
	ok(is_read(a, 8, 32), "8 are enough");
	ok(is_read(a, 64, 32), "64 are the most");
	ok(!is_read(a, 65, 32), "65 are too many");
	ok(!is_read(a, 16, 15), "a tag of 15 bytes is short");
	ok(is_read(a, 16, 16), "16 are enough");
	ok(is_read(a, 16, 64), "64 are the most");
	ok(!is_read(a, 16, 65), "65 are too many");
	ok(!is_read(a, 16, 100000), "and so are a hundred thousand");
}

static bool
is_current(struct arena *a, const char *text)
{
	struct phc_cost cost = {19456, 2, 1};
	struct phc phc;

	return phc_read(a, str_of(text), &phc) && phc_is_current(&phc, &cost);
}

static void
test_current(struct arena *a)
{
	ok(is_current(a, usual), "what we make is current");
	ok(!is_current(a, "$argon2i$v=19$m=19456,t=2,p=1$" SALT "$" TAG),
	   "Argon2i is not");
	ok(!is_current(a, "$argon2id$v=19$m=19455,t=2,p=1$" SALT "$" TAG),
	   "nor with other memory");
	ok(!is_current(a, "$argon2id$v=19$m=19456,t=3,p=1$" SALT "$" TAG),
	   "nor with other passes, more or less");
	ok(!is_current(a, "$argon2id$v=19$m=19456,t=2,p=2$" SALT "$" TAG),
	   "nor with other lanes");
	ok(!is_current(a, "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$" TAG),
	   "nor with a shorter salt");
	ok(!is_current(a, "$argon2id$v=19$m=19456,t=2,p=1$" SALT
			  "$AAAAAAAAAAAAAAAAAAAAAA"),
	   "nor with a shorter tag");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_read(a);
	test_sizes(a);
	test_current(a);
	arena_free(a);
	return done();
}
