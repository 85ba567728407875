#include "core/base64.h"

#include "tap.h"

static const struct row {
	struct str bytes, text;
} rows[] = {
	{STR(""),		  STR("")	 },
	{STR("f"),		   STR("Zg")	    },
	{STR("fo"),	    STR("Zm8")     },
	{STR("foo"),	     STR("Zm9v")	},
	{STR("foob"),	      STR("Zm9vYg")  },
	{STR("fooba"),	       STR("Zm9vYmE") },
	{STR("foobar"),	STR("Zm9vYmFy")},
	{STR("\xff\xff\xff"), STR("____")	 },
	{STR("\xfb\xef\xbe"), STR("----")	 },
	{STR("\0\0\0\0"),	  STR("AAAAAA")  },
	{STR("a\0b"),	      STR("YQBi")	 },
};

static const struct bad {
	struct str text;
	const char *name;
} bad[] = {
	{STR("A"),	   "one character"		  },
	{STR("AAAAA"),       "five characters"		},
	{STR("Zh"),	    "bits behind one byte"	  },
	{STR("Zm9"),	     "bits behind two bytes"	    },
	{STR("Zg=="),	      "padding"		       },
	{STR("Zm9v\n"),	"a line end"		    },
	{STR("Zm 9v"),       "a blank"			},
	{STR("+/+/"),	      "the other alphabet"	  },
	{STR("AA\0A"),       "a NUL"		      },
	{STR("AAA\xc3\xa9"), "a letter that is not ASCII"},
	{STR("AAA."),	      "a full stop"		   },
};

static void
test_rows(struct arena *a)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str text = base64_encode(a, rows[i].bytes);
		struct str bytes = {0};

		is(text, rows[i].text, rows[i].text.p);
		ok(text.p[text.n] == '\0', "... with a NUL behind it");
		ok(base64_decode(a, text, &bytes) && bytes.p &&
			   str_eq(bytes, rows[i].bytes) &&
			   bytes.p[bytes.n] == '\0',
		   "... and back, as much");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct str ret = STR("as it was");

		ok(!base64_decode(a, bad[i].text, &ret) &&
			   str_eq(ret, STR("as it was")),
		   "%s is refused", bad[i].name);
	}
}

/* Every length up to some, with every byte there is. */
static void
test_round(struct arena *a)
{
	char bytes[600];
	bool same = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct str s = {bytes, n}, back = {0};
		struct str text = base64_encode(a, s);

		same &= base64_decode(a, text, &back) && str_eq(s, back) &&
			text.n == (n * 4 + 2) / 3;
	}
	ok(same, "whatever is encoded is decoded to the same");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_rows(a);
	test_round(a);
	arena_free(a);
	return done();
}
