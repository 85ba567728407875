/*
 * Without arguments: TAP.  With "read", "print" or "dates": a filter over
 * lines, which t/02-moment.t compares with Postgres.
 */
#include "core/moment.h"

#include <stdlib.h>

#include "tap.h"

static struct buf out;

static struct str
printed(int64_t us)
{
	buf_clear(&out);
	moment_print(&out, us, STR("+00:00"));
	return buf_str(&out);
}

/* What is read from a text, printed. */
static struct str
normal(const char *text)
{
	int64_t us = 42;

	if (moment_read(str_of(text), &us))
		return printed(us);
	return us == 42 ? STR("no") : STR("no, but touched");
}

static void
test_read(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"1889-07-27T23:59:59-07:00",	      "1889-07-28T06:59:59+00:00"	 },
		{"2022-04-16T23:09:30.929664+00:00",
		 "2022-04-16T23:09:30.929664+00:00"					   },
		{"2022-04-16t23:09:30z",			 "2022-04-16T23:09:30+00:00"	    },
		{"2022-04-16 23:09:30Z",			 "2022-04-16T23:09:30+00:00"	    },
		{"20220416T230930Z",			     "2022-04-16T23:09:30+00:00"	},
		{"20220416T23Z",				 "2022-04-16T23:00:00+00:00"	    },
		{"2022-04-16T2309+01",		       "2022-04-16T22:09:00+00:00"	  },
		{"2022-04-16T23:09-0130",		  "2022-04-17T00:39:00+00:00"	     },
		{"2022-04-16T230930.5+00",		   "2022-04-16T23:09:30.500000+00:00"},
		{" \t\r\n2022-04-16T23Z\v\f\n",		"2022-04-16T23:00:00+00:00"	   },
		{"2022-04-16T23:09:30.000001Z",
		 "2022-04-16T23:09:30.000001+00:00"					   },
		{"2022-04-16T23:09:30.0000004Z",		 "2022-04-16T23:09:30+00:00"	    },
		{"2022-04-16T23:09:30.0000005Z",
		 "2022-04-16T23:09:30.000001+00:00"					   },
		{"2022-04-16T23:09:30.00000049999999999Z",
		 "2022-04-16T23:09:30+00:00"						 },
		{"2022-12-31T23:59:59.9999995Z",		 "2023-01-01T00:00:00+00:00"	    },
		{"2022-04-16T00:00+15:59",		   "2022-04-15T08:01:00+00:00"	      },
		{"2022-04-16T00:00-15:59",		   "2022-04-16T15:59:00+00:00"	      },
		{"2022-04-16T00:00-00:30",		   "2022-04-16T00:30:00+00:00"	      },
		{"2022-04-16T00:00-00",			"2022-04-16T00:00:00+00:00"	   },
		{"2000-02-29T00Z",			   "2000-02-29T00:00:00+00:00"	      },
		{"2024-02-29T00Z",			   "2024-02-29T00:00:00+00:00"	      },
		{"0001-01-01T00Z",			   "0001-01-01T00:00:00+00:00"	      },
		{"0001-01-01T00+01",			     "0001-12-31T23:00:00+00:00 BC"	   },
		{"9999-12-31T23-01",			     "10000-01-01T00:00:00+00:00"	 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(normal(rows[i].text), str_of(rows[i].expected),
		   rows[i].text);
}

static const char *const no_moments[] = {
	"",
	" ",
	"now",
	"infinity",
	"2022-04-16",
	"2022-04-16T",
	"2022-04-16Z",
	"2022-04-16T23:09:30",
	"2022-04-16T23:09:30 Z",
	"2022-04-16  23:09:30Z",
	"2022-04-16T 23:09:30Z",
	"2022-04-16T23:09:30ZZ",
	"2022-04-16T23:09:30Z x",
	"2022-04-16T23:09:30UTC",
	"2022-0416T23Z",
	"202204-16T23Z",
	"22-04-16T23Z",
	"02022-04-16T23Z",
	"2022-4-16T23Z",
	"2022-04-6T23Z",
	"0000-01-01T00Z",
	"2022-00-16T23Z",
	"2022-13-16T23Z",
	"2022-04-00T23Z",
	"2022-04-31T23Z",
	"2022-02-29T23Z",
	"1900-02-29T23Z",
	"2100-02-29T23Z",
	"2022-04-16T24Z",
	"2022-04-16T24:00:00Z",
	"2022-04-16T23:60Z",
	"2022-04-16T23:59:60Z",
	"2022-04-16T2Z",
	"2022-04-16T230Z",
	"2022-04-16T23095Z",
	"2022-04-16T23:0930Z",
	"2022-04-16T2309:30Z",
	"2022-04-16T23:09:Z",
	"2022-04-16T23:Z",
	"2022-04-16T23.5Z",
	"2022-04-16T23:09.5Z",
	"2022-04-16T2309.5Z",
	"2022-04-16T23:09:30.Z",
	"2022-04-16T23:09:30,5Z",
	"2022-04-16T23+16",
	"2022-04-16T23-16:00",
	"2022-04-16T23+1",
	"2022-04-16T23+010",
	"2022-04-16T23+01:6",
	"2022-04-16T23+01:60",
	"2022-04-16T23+0160",
	"2022-04-16T23+01:00:00",
	"2022-04-16T23+",
	"2022-04-16T23+-1",
	"-2022-04-16T23Z",
	"2022-W15-6T23Z",
	"\357\274\222022-04-16T23Z",
};

static void
test_refuse(void)
{
	for (size_t i = 0; i < sizeof(no_moments) / sizeof(no_moments[0]);
	     i++) {
		const char *name = *no_moments[i] ? no_moments[i] : "nothing";

		is(normal(no_moments[i]), STR("no"), name);
	}
	ok(!moment_read(STR("2022-04-16T23Z\0"), &(int64_t){0}),
	   "a NUL is no blank");
}

/* Values and their texts as Postgres 15 prints them, but for the form. */
static void
test_print(void)
{
	static const struct {
		int64_t us;
		const char *expected;
	} rows[] = {
		{-211813488000000000, "4714-11-24T00:00:00+00:00 BC"	    },
		{-64464508800000000,  "0044-03-15T00:00:00+00:00 BC"	   },
		{-63235036800000000,  "0005-02-29T00:00:00+00:00 BC"	   },
		{-63082281600500000,  "0001-12-31T23:59:59.500000+00:00 BC"},
		{-63082281600000000,  "0001-01-01T00:00:00+00:00"		},
		{-12617640000000000,  "1600-02-29T12:00:00+00:00"		},
		{-3484746001000000,   "1889-07-28T06:59:59+00:00"	       },
		{-946684800000000,	   "1970-01-01T00:00:00+00:00"	      },
		{-1,		     "1999-12-31T23:59:59.999999+00:00"   },
		{0,		    "2000-01-01T00:00:00+00:00"	       },
		{1,		    "2000-01-01T00:00:00.000001+00:00"   },
		{5097600000000,	"2000-02-29T00:00:00+00:00"	   },
		{5184000000000,	"2000-03-01T00:00:00+00:00"	   },
		{703465770929664,	  "2022-04-16T23:09:30.929664+00:00"   },
		{3160857600000000,	   "2100-03-01T00:00:00+00:00"	      },
		{8276687236854775,	   "2262-04-11T23:47:16.854775+00:00"   },
		{252455615999999999,  "9999-12-31T23:59:59.999999+00:00"   },
		{252455616000000000,  "10000-01-01T00:00:00+00:00"	 },
		{9223371331199999999, "294276-12-31T23:59:59.999999+00:00" },
		{INT64_MAX,	    "infinity"			      },
		{INT64_MIN,	    "-infinity"			       },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(printed(rows[i].us), str_of(rows[i].expected),
		   rows[i].expected);
	buf_clear(&out);
	moment_print(&out, 0, STR(""));
	is(buf_str(&out), STR("2000-01-01T00:00:00"), "without a zone");
	printed(INT64_MIN + 1);
	printed(INT64_MAX - 1);
	ok(true, "the edges of the range overflow nothing");
}

static void
test_dates(void)
{
	static const struct {
		int32_t days;
		const char *expected;
	} rows[] = {
		{-2451545,   "4714-11-24 BC"},
		     {-730120,    "0001-12-31 BC"},
		{-730119,	  "0001-01-01"   },
		     {-146038,    "1600-02-29"   },
		{-1,	     "1999-12-31"	 },
		     {0,		 "2000-01-01"   },
		{59,	     "2000-02-29"	 },
		     {36583,	     "2100-02-28"	 },
		{36584,	"2100-03-01"   },
		     {2921939,    "9999-12-31"   },
		{2921940,	  "10000-01-01"  },
		     {2145031948, "5874897-12-31"},
		{INT32_MAX,  "infinity"     },
		     {INT32_MIN,	 "-infinity"    },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_clear(&out);
		moment_print_date(&out, rows[i].days);
		is(buf_str(&out), str_of(rows[i].expected), rows[i].expected);
	}
}

static void
test_kinds(void)
{
	ok(moment_is_date(STR("2024-02-29")), "a date is a date");
	ok(!moment_is_date(STR("2023-02-29")), "one that never was is none");
	ok(!moment_is_date(STR("20240229")), "dates have dashes");
	ok(!moment_is_date(STR(" 2024-02-29")), "and nothing around them");
	ok(!moment_is_date(STR("2024-02-29T00")), "or behind");
	ok(!moment_is_date(STR("")), "nothing is no date");
	ok(moment_is_local(STR("2024-02-29T00:00")), "a zone may be absent");
	ok(moment_is_local(STR(" 2024-02-29 000000.5+01 ")), "or there");
	ok(!moment_is_local(STR("2024-02-29T00:00+17")), "but not wrong");
	ok(!moment_is_local(STR("2024-02-29T00:00x")), "or text");
	ok(!moment_is_local(STR("2024-02-29")), "a time must be there");
}

/* Every day of 12 centuries, there and back. */
static void
test_all_days(void)
{
	int wrong = 0;

	for (int32_t days = -300000; days < 140000; days++) {
		int64_t us = 0;

		buf_clear(&out);
		moment_print_date(&out, days);
		wrong += !moment_is_date(buf_str(&out));
		BUF_LIT(&out, "T00Z");
		wrong += !moment_read(buf_str(&out), &us);
		wrong += us != days * (86400 * 1000000LL);
	}
	ok(wrong == 0, "dates print and read back (%d do not)", wrong);
}

static int
filter(const char *what)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		int64_t us;

		buf_clear(&out);
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(what, "print") == 0)
			moment_print(&out, atoll(line), STR("+00:00"));
		else if (strcmp(what, "dates") == 0)
			moment_print_date(&out, atoi(line));
		else if (moment_read(str_of(line), &us))
			buf_int(&out, us);
		printf("%.*s\n", STR_FMT(buf_str(&out)));
	}
	buf_free(&out);
	return 0;
}

int
main(int argc, char **argv)
{
	out = buf_new(256);
	if (argc > 1)
		return filter(argv[1]);
	test_read();
	test_refuse();
	test_print();
	test_dates();
	test_kinds();
	test_all_days();
	buf_free(&out);
	return done();
}
