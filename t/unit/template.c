#include "core/template.h"

#include "tap.h"

static const struct template_value all[] = {
	{"name",	 STR("Ada")		   },
	{"odd",	STR("<b>\"R&D\"'s</b>")  },
	{"holes", STR("{{name}} {{")	    },
	{"lines", STR("a\r\nBcc: b\tc\x7f")},
	{"empty", STR("")			 },
};

static const struct template_values values = {all,
					      sizeof(all) / sizeof(all[0])};

static const struct row {
	struct str text, plain, html;
	const char *name;
} rows[] = {
	{STR(""),		     STR(""),			   STR(""),		    "nothing"	     },
	{STR("a {b} c"),		 STR("a {b} c"),		 STR("a {b} c"),	 "no hole"	  },
	{STR("{{name}}"),		  STR("Ada"),		      STR("Ada"),	  "a hole alone"	},
	{STR("a{{ name }}b{{name}}"), STR("aAdabAda"),	       STR("aAdabAda"),
	 "two, one with blanks"									  },
	{STR("{{empty}}."),	    STR("."),		      STR("."),		"an empty value"},
	{STR("{{odd}} <p>&"),	      STR("<b>\"R&D\"'s</b> <p>&"),
	 STR("&lt;b&gt;&quot;R&amp;D&quot;&#39;s&lt;/b&gt; <p>&"),
	 "markup in a value is escaped in HTML, the template's is not"				      },
	{STR("{{holes}}"),		   STR("{{name}} {{"),	       STR("{{name}} {{"),
	 "holes in a value stay"									 },
	{STR("{{lines}}"),		   STR("a  Bcc: b c "),		STR("a  Bcc: b c "),
	 "control characters become spaces"							      },
	{STR("a {{name"),		  STR("a {{name"),		   STR("a {{name"),
	 "a hole without an end is text"								 },
	{STR("a }} b {"),		  STR("a }} b {"),		   STR("a }} b {"),
	 "an end without a hole is text"								 },
};

static void
test_fill(struct arena *a)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str plain = {0}, html = {0};

		ok(!template_fill(a, rows[i].text, &values, TEMPLATE_TEXT,
				  &plain) &&
			   !template_fill(a, rows[i].text, &values,
					  TEMPLATE_HTML, &html),
		   "%s is filled", rows[i].name);
		is(plain, rows[i].plain, "... as text");
		is(html, rows[i].html, "... as HTML");
	}
}

static void
test_unknown(struct arena *a)
{
	struct str ret = STR("as it was");
	struct err *e = template_fill(a, STR("{{name}} {{nmae}}"), &values,
				      TEMPLATE_TEXT, &ret);

	ok(e && str_eq(ret, STR("as it was")), "an unknown name is refused");
	is(e ? e->cause : STR(""), STR("the template has an unknown {{nmae}}"),
	   "... by its name");
	e = template_fill(a, STR("{{}}"), &values, TEMPLATE_TEXT, &ret);
	ok(e != NULL, "so is a hole without one");
}

static void
test_length(struct arena *a)
{
	char *text = arena_alloc(a, 300000);
	struct str long_one = {text, 300000}, ret;
	struct template_value one = {"x", long_one};
	struct template_values list = {&one, 1};

	memset(text, 'x', 300000);
	ok(!template_fill(a, STR("{{x}}"), &list, TEMPLATE_TEXT, &ret) &&
		   ret.n == 300000,
	   "a long value fits");
	ok(template_fill(a, STR("{{x}}{{x}}{{x}}{{x}}"), &list, TEMPLATE_TEXT,
			 &ret) != NULL,
	   "but not without bounds");
}

static void
test_subject(void)
{
	struct str text = STR("Subject: Hi {{name}}\r\n\r\n\nDear\n\nyou\n");
	struct str subject = {0};

	ok(template_subject(&text, &subject), "a subject is cut off");
	is(subject, STR("Hi {{name}}"), "... to the end of its line");
	is(text, STR("Dear\n\nyou\n"), "... with the blank lines below");
	text = STR("subject:x");
	ok(template_subject(&text, &subject) && text.n == 0,
	   "one without a text");
	is(subject, STR("x"), "... is all of it");
	text = STR("Dear Subject: x\n");
	ok(!template_subject(&text, &subject), "no subject is no template");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_fill(a);
	test_unknown(a);
	test_length(a);
	test_subject();
	arena_free(a);
	return done();
}
