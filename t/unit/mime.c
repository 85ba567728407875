#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "core/mime.h"

#include <stdlib.h>

#include "tap.h"

static const struct address_row {
	struct str text;
	bool good;
} addresses[] = {
	{STR("a@b"),			  true },
	{STR("ada.l+x=y/z@mail.example.org"), true },
	{STR("o'hara{}|~^`*@example.org"),	   true },
	{STR("\xc3\xa4@\xc3\xb6.example"),	   true },
	{STR(""),			     false},
	{STR("@"),			    false},
	{STR("a@"),			   false},
	{STR("@b"),			   false},
	{STR("ab"),			   false},
	{STR("a@b@c"),			false},
	{STR("a b@c"),			false},
	{STR("a@b\r\nBcc: c@d"),		 false},
	{STR("a@b\nRCPT TO:<c@d>"),	    false},
	{STR("a\0@b"),			false},
	{STR("a\t@b"),			false},
	{STR("a\x7f@b"),			 false},
	{STR("a@b>"),			 false},
	{STR("<a@b>"),			false},
	{STR("a@b,c@d"),			 false},
	{STR("a@b;c"),			false},
	{STR("\"a b\"@c"),			   false},
	{STR("a\\@b"),			false},
	{STR("a(x)@b"),			false},
	{STR("group:a@b"),			   false},
	{STR("a@[127.0.0.1]"),		       false},
	{STR("a\xff@b"),			 false},
};

static void
test_addresses(void)
{
	char long_one[256];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ok(mime_is_address(addresses[i].text) == addresses[i].good,
		   "%s is %s address", addresses[i].text.p,
		   addresses[i].good ? "an" : "no");
	memset(long_one, 'a', sizeof(long_one));
	long_one[100] = '@';
	ok(mime_is_address((struct str){long_one, 254}), "254 bytes are one");
	ok(!mime_is_address((struct str){long_one, 255}), "255 are none");
	is(mime_address(STR("Ada <a@b> ")), STR("Ada <a@b>"),
	   "what does not end with > is all address");
	is(mime_address(STR("Ada < a@b >")), STR("a@b"),
	   "the address behind a name");
	is(mime_address(STR(" a@b ")), STR("a@b"), "the address alone");
}

static struct mime_mail
sample(void)
{
	return (struct mime_mail){
		.id = STR("0192-7"),
		.host = STR("api.example.org"),
		.from = STR("postern@example.org"),
		.to = STR("ada@example.org"),
		.subject = STR("Hello"),
		.text = STR("Dear Ada,\n\nwelcome.\n"),
		.at = 1795184100, /* 2026-11-20 14:15:00 */
	};
}

static struct str
compose(struct arena *a, const struct mime_mail *m)
{
	struct str ret = {0};

	return mime_compose(a, m, &ret) ? STR("refused") : ret;
}

static void
test_plain(struct arena *a)
{
	struct mime_mail m = sample();

	is(compose(a, &m),
	   STR("Date: Fri, 20 Nov 2026 14:15:00 +0000\r\n"
	       "Message-ID: <0192-7@api.example.org>\r\n"
	       "From: postern@example.org\r\n"
	       "To: ada@example.org\r\n"
	       "Subject: Hello\r\n"
	       "Auto-Submitted: auto-generated\r\n"
	       "MIME-Version: 1.0\r\n"
	       "Content-Type: text/plain; charset=UTF-8\r\n"
	       "Content-Transfer-Encoding: 7bit\r\n"
	       "\r\n"
	       "Dear Ada,\r\n\r\nwelcome.\r\n"),
	   "a plain mail");
}

static bool
holds(struct str s, struct str part)
{
	return memmem(s.p, s.n, part.p, part.n) != NULL;
}

static void
test_html(struct arena *a)
{
	struct mime_mail m = sample();
	struct str s;

	m.html = STR("<p>Dear\r\n<b>\xc3\x84"
		     "da=</b> \n");
	s = compose(a, &m);
	ok(holds(s, STR("Content-Type: multipart/alternative; "
			"boundary=\"=_0192-7\"\r\n\r\n--=_0192-7\r\n"
			"Content-Type: text/plain")),
	   "with HTML there are two parts, the plain one first");
	ok(holds(s, STR("\r\n--=_0192-7\r\n"
			"Content-Type: text/html; charset=UTF-8\r\n"
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
			"<p>Dear\r\n<b>=C3=84da=3D</b>=20\r\n"
			"--=_0192-7--\r\n")),
	   "... and letters beyond ASCII are quoted");
}

static void
test_dates(struct arena *a)
{
	static const struct {
		int64_t at;
		struct str text;
	} dates[] = {
		{946684800,  STR("Date: Sat, 01 Jan 2000 00:00:00 +0000\r\n")},
		{1709164799, STR("Date: Wed, 28 Feb 2024 23:59:59 +0000\r\n")},
		{1709164800, STR("Date: Thu, 29 Feb 2024 00:00:00 +0000\r\n")},
		{2147483648, STR("Date: Tue, 19 Jan 2038 03:14:08 +0000\r\n")},
		{0,	    STR("Date: Sat, 01 Jan 2000 00:00:00 +0000\r\n")},
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct mime_mail m = sample();

		m.at = dates[i].at;
		is(str_sub(compose(a, &m), 0, dates[i].text.n), dates[i].text,
		   "a date");
	}
}

/* Lines of the header, none of which may be long or foreign. */
static bool
is_sound(struct str s)
{
	while (s.n) {
		struct str line = str_cut(&s, '\n');

		if (!str_ends(line, STR("\r")) || line.n > 79)
			return false;
		if (line.n == 1)
			return true;
		for (size_t i = 0; i + 1 < line.n; i++)
			if (line.p[i] < ' ' || line.p[i] > '~')
				return false;
		if (str_starts(line, STR("Bcc")))
			return false;
	}
	return false;
}

static void
test_headers(struct arena *a)
{
	struct mime_mail m = sample();
	char long_one[400];
	struct str s;

	m.subject = STR("Gr\xc3\xbc\xc3\x9f"
			"e, Ada");
	s = compose(a, &m);
	ok(holds(s, STR("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe=2C_Ada?=\r\n")),
	   "a subject beyond ASCII is encoded");
	m.subject = STR("Hi\r\nBcc: eve@example.org\r\n\r\nbody");
	s = compose(a, &m);
	ok(is_sound(s) && holds(s, STR("\r\nAuto-Submitted:")),
	   "a subject cannot begin a header");
	m.subject = STR("=?UTF-8?Q?forged?=");
	ok(!holds(compose(a, &m), STR("?forged?")),
	   "what looks encoded is encoded again");
	for (size_t i = 0; i < sizeof(long_one); i += 2)
		memcpy(long_one + i, "\xc3\xbc", 2);
	m.subject = (struct str){long_one, sizeof(long_one)};
	ok(is_sound(compose(a, &m)), "a long subject is folded");
	m = sample();
	m.from = STR("Postern, Inc\r\nBcc: x@y <postern@example.org>");
	s = compose(a, &m);
	ok(is_sound(s) && holds(s, STR("?= <postern@example.org>\r\n")),
	   "nor can the sender's name");
	m.from = STR("Our Events <postern@example.org>");
	ok(holds(compose(a, &m),
		 STR("From: Our Events <postern@example.org>\r\n")),
	   "a plain name stays one");
}

static void
test_refusals(struct arena *a)
{
	struct mime_mail m = sample();
	struct str ret = STR("as it was");
	struct err *e;

	m.to = STR("ada@example.org\r\nBcc: eve@example.org");
	e = mime_compose(a, &m, &ret);
	ok(e && e->code == ERR_INVALID, "a recipient with a line end");
	m.to = STR("ada@example.org, eve@example.org");
	e = mime_compose(a, &m, &ret);
	ok(e && e->code == ERR_INVALID, "two recipients");
	m = sample();
	m.from = STR("nobody");
	e = mime_compose(a, &m, &ret);
	ok(e && e->code == ERR_INTERNAL, "a sender that is our fault");
	is(ret, STR("as it was"), "nothing is composed");
}

/* Decode what put_quoted() wrote. */
static struct str
unquote(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char hex[3] = {0};

		if (s.p[i] != '=') {
			out[n++] = s.p[i];
			continue;
		}
		memcpy(hex, s.p + i + 1, 2);
		i += 2;
		if (hex[0] != '\r')
			out[n++] = (char)strtol(hex, NULL, 16);
	}
	return (struct str){out, n};
}

/* Every byte, in lines of every length. */
static void
test_quoting(struct arena *a)
{
	bool same = true, narrow = true;

	for (size_t n = 1; n < 300; n++) {
		struct mime_mail m = sample();
		char *text = arena_alloc(a, n);
		struct str s, head = STR("quoted-printable\r\n\r\n");
		const char *body;

		for (size_t i = 0; i < n; i++)
			text[i] = i % 3 ? ' ' : (char)(128 + i * 7 % 128);
		text[n - 1] = n % 2 ? ' ' : '=';
		text[0] = '\x80';
		m.text = (struct str){text, n};
		s = compose(a, &m);
		body = memmem(s.p, s.n, head.p, head.n);
		if (!body)
			break;
		body += head.n;
		s = str_sub(s, (size_t)(body - s.p), s.n);
		same &= str_eq(unquote(a, str_sub(s, 0, s.n - 2)), m.text);
		while (s.n)
			narrow &= str_cut(&s, '\n').n <= 77;
	}
	ok(same, "quoted-printable reads back as it was");
	ok(narrow, "... in lines of at most 76");
}

int
main(void)
{
	struct arena *a = arena_new(1024);

	test_addresses();
	test_plain(a);
	test_html(a);
	test_dates(a);
	test_headers(a);
	test_refusals(a);
	test_quoting(a);
	arena_free(a);
	return done();
}
