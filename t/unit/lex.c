#include "api/graphql/lex.h"

#include "base/buf.h"
#include "tap.h"

static struct arena *a;

static const char *const names[] = {
	[TOKEN_END] = "end",	   [TOKEN_NAME] = "name",
	[TOKEN_INT] = "int",	   [TOKEN_FLOAT] = "float",
	[TOKEN_STRING] = "string", [TOKEN_BLOCK_STRING] = "block",
	[TOKEN_FAULT] = "fault",
};

/* Every token of a text, as "name a|int 1|{", then what was refused. */
static struct str
tokens(struct str source)
{
	struct faults faults = {.arena = a};
	struct lexer l = {.arena = a,
			  .source = source,
			  .faults = &faults,
			  .max = SIZE_MAX};
	struct str all = STR("");

	while (lex_next(&l) && l.token.kind != TOKEN_END) {
		const char *name = names[l.token.kind];

		all = arena_printf(a, "%.*s%s%s%s%.*s", STR_FMT(all),
				   all.n ? "|" : "", name ? name : "",
				   name ? " " : "", STR_FMT(l.token.text));
	}
	if (faults.first)
		all = arena_printf(a, "%.*s!%u %.*s", STR_FMT(all),
				   faults.first->at[0],
				   STR_FMT(faults.first->message));
	return all;
}

struct row {
	struct str source, expected;
	const char *name;
};

static void
check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is(tokens(rows[i].source), rows[i].expected, rows[i].name);
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof((rows)[0]))

static void
test_tokens(void)
{
	static const struct row rows[] = {
		{STR(""),					STR(""),			   "nothing is no token"	},
		{STR("\xef\xbb\xbf \t\r\n,,#x {\r\xef\xbb\xbf"), STR(""),
		 "blanks, commas, comments and marks are none"							       },
		{STR("! $ & ( ) ... : = @ [ ] { | }"),
		 STR("!|$|&|(|)|...|:|=|@|[|]|{|||}"),					       "punctuation"	    },
		{STR("a _b9{__c"),				   STR("name a|name _b9|{|name __c"), "names"		     },
		{STR("0 -0 12 -9223372036854775809"),
		 STR("int 0|int -0|int 12|int -9223372036854775809"),
		 "whole numbers keep their digits"									   },
		{STR("0.0 1e5 -1.50E+10 1e-1"),
		 STR("float 0.0|float 1e5|float -1.50E+10|float 1e-1"),
		 "so do others"											      },
		{STR("1#2\n3"),				  STR("int 1|int 3"),		    "a comment ends a number"},
	};

	CHECK(rows);
}

static void
test_refused(void)
{
	static const struct row rows[] = {
		{STR("a ?"),
		 STR("name a!2 Syntax Error: Unexpected character: "
		     "\"?\"."),
		 "a character that begins nothing"		  },
		{STR("\xc3\xa9"),
		 STR("!0 Syntax Error: Unexpected character: U+00E9."),
		 "one that is no ASCII is named by its number"},
		{STR("\xf0\x9f\x98\x80"),
		 STR("!0 Syntax Error: Unexpected character: U+1F600."),
		 "... however large"			    },
		{STR("'a'"),
		 STR("!0 Syntax Error: Unexpected single quote character ('), "
		     "did you mean to use a double quote (\")?"),
		 "single quotes"				},
		{STR(".."),
		 STR("!0 Syntax Error: Unexpected character: \".\"."),
		 "two dots"				   },
		{STR("00"),
		 STR("!1 Syntax Error: Invalid number, unexpected "
		     "digit after 0: \"0\"."),
		 "a leading zero"				 },
		{STR("1."),
		 STR("!2 Syntax Error: Invalid number, expected "
		     "digit but got: <EOF>."),
		 "a dot without digits"		       },
		{STR("1.e3"),
		 STR("!2 Syntax Error: Invalid number, expected "
		     "digit but got: \"e\"."),
		 "... and with an exponent"		   },
		{STR("-\""),
		 STR("!1 Syntax Error: Invalid number, expected "
		     "digit but got: '\"'."),
		 "a minus alone"				},
		{STR("0xF"),
		 STR("!1 Syntax Error: Invalid number, expected "
		     "digit but got: \"x\"."),
		 "a name right behind a number"	       },
		{STR("1.2.3"),
		 STR("!3 Syntax Error: Invalid number, expected "
		     "digit but got: \".\"."),
		 "a second dot"			       },
	};

	CHECK(rows);
}

static void
test_strings(void)
{
	static const struct row rows[] = {
		{STR("\"\" \" # x, \""),					 STR("string |string  # x, "),
		 "strings are what is between the quotes"},
		{STR("\"\\\" \\\\ \\/ \\t\""),			       STR("string \" \\ / \t"),
		 "escapes are what they stand for"	  },
		{STR("\"\\u00e9 \\u{e9} \\u{0001F600} \\uD83D\\uDE00\""),
		 STR("string \xc3\xa9 \xc3\xa9 \xf0\x9f\x98\x80 "
		     "\xf0\x9f\x98\x80"),
		 "whatever way a character is written"   },
		{STR("\"abc"),					    STR("!4 Syntax Error: Unterminated string."),
		 "no end"				},
		{STR("\"a\nb\""),					 STR("!2 Syntax Error: Unterminated string."),
		 "a line ends it too early"		   },
		{STR("\"a\\"),
		 STR("!2 Syntax Error: Invalid character escape "
		     "sequence: \"\\\"."),
		 "half an escape"			 },
		{STR("\"a\\x\""),
		 STR("!2 Syntax Error: Invalid character "
		     "escape sequence: \"\\x\"."),
		 "an escape that there is not"	      },
		{STR("\"\\uD83D\""),
		 STR("!1 Syntax Error: Invalid Unicode "
		     "escape sequence: \"\\uD83D\"."),
		 "half a pair"			      },
		{STR("\"\\uDE00\\uD83D\""),
		 STR("!1 Syntax Error: Invalid "
		     "Unicode escape sequence: "
		     "\"\\uDE00\"."),
		 "a pair the wrong way round"	     },
		{STR("\"\\u00g0\""),
		 STR("!1 Syntax Error: Invalid Unicode "
		     "escape sequence: \"\\u00g0\"."),
		 "a digit that is none"		       },
		{STR("\"\\u{}\""),
		 STR("!1 Syntax Error: Invalid Unicode "
		     "escape sequence: \"\\u{}\"."),
		 "no digit"			      },
		{STR("\"\\u{110000}\""),
		 STR("!1 Syntax Error: Invalid Unicode escape sequence: "
		     "\"\\u{110000}\"."),
		 "more than there is"		     },
		{STR("\"\\u{d800}\""),
		 STR("!1 Syntax Error: Invalid Unicode escape sequence: "
		     "\"\\u{d800}\"."),
		 "a surrogate by its number"		    },
		{STR("\"\\u{00000000041}\""),
		 STR("!1 Syntax Error: Invalid Unicode escape sequence: "
		     "\"\\u{000000000\"."),
		 "more digits than anybody needs"	 },
	};

	CHECK(rows);
}

static void
test_blocks(void)
{
	static const struct row rows[] = {
		{STR("\"\"\"\"\"\""),				      STR("block "),		     "an empty block"},
		{STR("\"\"\" \n\t\n \"\"\""),			      STR("block "),		     "a blank one"	  },
		{STR("\"\"\" a \"b\" \\n \"\"\""),		   STR("block  a \"b\" \\n "),
		 "a line keeps its blanks and has no escapes"						     },
		{STR("\"\"\"\\\"\"\"\"\"\""),			      STR("block \"\"\""),
		 "but for that of three quotes"								  },
		{STR("\"\"\"\n    a\n      b\r\n\r    c\n  \"\"\""),
		 STR("block a\n  b\n\nc"),
		 "what lines are indented by in common is gone"						       },
		{STR("\"\"\" a\n   b\n  c\"\"\""),		   STR("block  a\n b\nc"),
		 "the first line does not count"								 },
		{STR("\"\"\"a\"\""),
		 STR("!6 Syntax Error: Unterminated "
		     "string."),
		 "a block without an end"									},
	};

	CHECK(rows);
}

static void
test_pointers(void)
{
	struct str source = STR("abc \"def\" \"g\\u0068\" \"\"\"i\"\"\"");
	struct faults faults = {.arena = a};
	struct lexer l = {.arena = a,
			  .source = source,
			  .faults = &faults,
			  .max = SIZE_MAX};

	lex_next(&l);
	ok(l.token.text.p == source.p, "a name points into the source");
	lex_next(&l);
	ok(l.token.text.p == source.p + 5, "so does a plain string");
	lex_next(&l);
	ok(l.token.text.p < source.p || l.token.text.p > source.p + source.n,
	   "one with escapes does not");
	lex_next(&l);
	ok(l.token.text.p == source.p + 23, "a plain block does");
	ok(l.token.at == 20, "and begins with its quotes");
}

static void
test_count(void)
{
	struct faults faults = {.arena = a};
	struct lexer l = {.arena = a,
			  .source = STR("a b #c\n c"),
			  .faults = &faults,
			  .max = 2};

	ok(lex_next(&l) && lex_next(&l), "as many tokens as allowed");
	ok(!lex_next(&l) && l.failed, "and no more");
	is(faults.first->message,
	   STR("The document has more than 2 tokens "
	       "(POSTERN_GRAPHQL_TOKENS)."),
	   "the limit and its setting are named");
	is(str_of(faults.first->code), STR("DOCUMENT_TOO_LARGE"),
	   "with a code");
	ok(faults.first->at[0] == 8, "and the place");
	ok(!lex_next(&l) && l.token.kind == TOKEN_FAULT && faults.n == 1,
	   "nothing comes behind it");
}

int
main(void)
{
	a = arena_new(65536);
	test_tokens();
	test_refused();
	test_strings();
	test_blocks();
	test_pointers();
	test_count();
	arena_free(a);
	return done();
}
