#include "core/hook_key.h"

#include "tap.h"

#define LEAST "123456789012345678901234"

static const struct row {
	struct str list;
	int keys;	   /* before its end, or before a bad one */
	const char *fault; /* NULL: there is none */
	const char *name;
} rows[] = {
	{STR(""),					0, NULL,		   "none"		 },
	{STR("  "),				      0, NULL,		     "blanks"	     },
	{STR(LEAST),				     1, NULL,	      "24 bytes"		},
	{STR(LEAST "  " LEAST " "),			    2, NULL,		     "two"		  },
	{STR("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"),	1, NULL,
	 "24 bytes in base64"								       },
	{STR("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg=="),	0, "fewer",
	 "22 bytes in base64"								       },
	{STR("12345678901234567890123"),		 0, "fewer",	     "23 bytes"	       },
	{STR("a long text that the receiver knows too"), 0, "blanks separate",
	 "a sentence"									       },
	{STR(LEAST " second"),			       1, "fewer",	   "a second, short one"},
	{STR("whsec_"),				  0, "fewer",	    "nothing in base64"  },
	{STR("whsec_???" LEAST),			 0, "base64",	      "no base64"		 },
};

static void
test_row(struct arena *a, const struct row *row)
{
	struct str list = row->list, key = STR("");
	struct err *e;
	int keys = -1;

	do {
		e = hook_key_next(a, &list, &key);
		keys++;
	} while (!e && key.n);
	ok(keys == row->keys, "%s: %d keys", row->name, row->keys);
	ok(row->fault ? e && strstr(e->message.p, row->fault) : !e, "... %s",
	   row->fault ? "and a fault" : "which are good");
	ok(!e || (!strstr(e->message.p, "MTIz") &&
		  !strstr(e->message.p, "123")),
	   "... and nothing of one is said");
}

static void
test_bytes(struct arena *a)
{
	struct str list = STR("whsec_-_+/MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"
			      " " LEAST);
	struct str key;

	ok(!hook_key_next(a, &list, &key), "both alphabets of base64");
	is(key, STR("\xfb\xff\xbf" LEAST), "... are decoded");
	ok(!hook_key_next(a, &list, &key), "and a text");
	is(key, STR(LEAST), "... is taken as it is");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(a, &rows[i]);
	test_bytes(a);
	arena_free(a);
	return done();
}
