#include "core/mime.h"

#include "base/buf.h"
#include "core/moment.h"

enum {
	MAIL_MAX = 4 * 1024 * 1024,
	LINE_MAX = 76,	      /* of quoted-printable */
	PLAIN_LINE_MAX = 900, /* bytes; SMTP allows 998 */
	WORD_MAX = 66,	      /* of an encoded word, behind "Subject: " */
	ADDRESS_MAX = 254,
	EPOCH_2000 = 946684800,
	DAY = 86400,
};

/* ---- addresses ---- */

bool
mime_is_address(struct str s)
{
	size_t at = str_find(s, '@');

	if (s.n > ADDRESS_MAX || at == 0 || at + 1 >= s.n || !str_utf8(s))
		return false;
	if (str_find(str_sub(s, at + 1, s.n), '@') != s.n - at - 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || strchr("<>()[],;:\\\"", c))
			return false;
	}
	return true;
}

struct str
mime_address(struct str from)
{
	size_t open = str_find(from, '<');
	struct str inside = str_sub(from, open + 1, from.n);

	if (open == from.n || !str_ends(inside, STR(">")))
		return str_trim(from);
	inside.n--;
	return str_trim(inside);
}

/* ---- encoded words ---- */

static bool
is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Bytes of the code point at the beginning; `s` is UTF-8. */
static size_t
point_size(struct str s)
{
	size_t n = 1;

	while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* =XX. */
static void
put_hex(struct buf *b, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	buf_char(b, '=');
	buf_char(b, digits[(unsigned char)c >> 4]);
	buf_char(b, digits[(unsigned char)c & 15]);
}

static void
put_word_byte(struct buf *b, char c)
{
	if (c == ' ')
		buf_char(b, '_');
	else if (is_alnum((unsigned char)c))
		buf_char(b, c);
	else
		put_hex(b, c);
}

/* As "Q", which may stand in a subject and before an address. */
static void
put_encoded(struct buf *b, struct str s)
{
	size_t begin = b->n, n;

	BUF_LIT(b, "=?UTF-8?Q?");
	for (; s.n; s = str_sub(s, n, s.n)) {
		n = point_size(s);
		if (b->n - begin + n * 3 + 2 > WORD_MAX) {
			BUF_LIT(b, "?=\r\n ");
			begin = b->n;
			BUF_LIT(b, "=?UTF-8?Q?");
		}
		for (size_t i = 0; i < n; i++)
			put_word_byte(b, s.p[i]);
	}
	BUF_LIT(b, "?=");
}

static bool
is_plain(struct str s, const char *also)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum((unsigned char)s.p[i]) &&
		    !(s.p[i] && strchr(also, s.p[i])))
			return false;
	return true;
}

/* A header's text; `also` may stand there besides letters and digits. */
static void
put_words(struct arena *a, struct buf *b, struct str s, const char *also)
{
	char *line = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		line[i] = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f
				  ? ' '
				  : s.p[i];
	s = str_trim((struct str){line, s.n});
	if (s.n <= LINE_MAX - sizeof("Subject:") && is_plain(s, also))
		buf_put(b, s);
	else
		put_encoded(b, s);
}

/* ---- bodies ---- */

static bool
is_short_ascii(struct str s)
{
	while (s.n) {
		struct str line = str_cut(&s, '\n');

		if (line.n > PLAIN_LINE_MAX)
			return false;
		for (size_t i = 0; i < line.n; i++) {
			char c = line.p[i];

			if ((c < ' ' || c > '~') && c != '\t' &&
			    !(c == '\r' && i + 1 == line.n))
				return false;
		}
	}
	return true;
}

/* One line; a blank at its end would be lost on the way. */
static void
put_quoted(struct buf *b, struct str line)
{
	size_t begin = b->n;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		bool blank = (c == ' ' || c == '\t') && i + 1 < line.n;

		if (b->n - begin + 3 > LINE_MAX - 1) {
			BUF_LIT(b, "=\r\n");
			begin = b->n;
		}
		if (blank || (c > ' ' && c <= '~' && c != '='))
			buf_char(b, c);
		else
			put_hex(b, c);
	}
}

static void
put_body(struct buf *b, struct str text, const char *type)
{
	bool plain = is_short_ascii(text);

	buf_printf(b,
		   "Content-Type: %s; charset=UTF-8\r\n"
		   "Content-Transfer-Encoding: %s\r\n\r\n",
		   type, plain ? "7bit" : "quoted-printable");
	while (text.n) {
		struct str line = str_cut(&text, '\n');

		if (str_ends(line, STR("\r")))
			line.n--;
		if (plain)
			buf_put(b, line);
		else
			put_quoted(b, line);
		BUF_LIT(b, "\r\n");
	}
}

/* No line of either body can be its boundary: nobody knows the id before. */
static void
put_bodies(struct buf *b, const struct mime_mail *m)
{
	if (!m->html.n) {
		put_body(b, m->text, "text/plain");
		return;
	}
	buf_printf(b,
		   "Content-Type: multipart/alternative; "
		   "boundary=\"=_%.*s\"\r\n\r\n--=_%.*s\r\n",
		   STR_FMT(m->id), STR_FMT(m->id));
	put_body(b, m->text, "text/plain");
	buf_printf(b, "--=_%.*s\r\n", STR_FMT(m->id));
	put_body(b, m->html, "text/html");
	buf_printf(b, "--=_%.*s--\r\n", STR_FMT(m->id));
}

/* ---- headers ---- */

/* Fri, 20 Nov 2026 14:15:00 +0000 */
static void
put_date(struct buf *b, int64_t at)
{
	static const char days[] = "SatSunMonTueWedThuFri";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct buf iso = buf_new(64);
	int64_t since = at - EPOCH_2000, month = 1;
	struct str s;

	if (since < 0)
		since = 0;
	moment_print(&iso, since * 1000000, STR(""));
	s = buf_str(&iso);
	str_int(str_sub(s, 5, 2), &month);
	buf_printf(b, "%.3s, %.2s %.3s %.4s %.8s +0000",
		   days + since / DAY % 7 * 3, s.p + 8,
		   months + (month - 1) * 3, s.p, s.p + 11);
	buf_free(&iso);
}

static void
put_from(struct arena *a, struct buf *b, struct str from)
{
	struct str address = mime_address(from);
	struct str name = str_trim(str_sub(from, 0, str_find(from, '<')));

	if (name.n > 1 && name.p[0] == '"' && str_ends(name, STR("\"")))
		name = str_sub(name, 1, name.n - 2);
	BUF_LIT(b, "From: ");
	if (address.n < str_trim(from).n && name.n) {
		put_words(a, b, name, " ");
		buf_printf(b, " <%.*s>", STR_FMT(address));
	} else {
		buf_put(b, address);
	}
	BUF_LIT(b, "\r\n");
}

static void
put_headers(struct arena *a, struct buf *b, const struct mime_mail *m)
{
	BUF_LIT(b, "Date: ");
	put_date(b, m->at);
	buf_printf(b, "\r\nMessage-ID: <%.*s@%.*s>\r\n", STR_FMT(m->id),
		   STR_FMT(m->host));
	put_from(a, b, m->from);
	buf_printf(b, "To: %.*s\r\nSubject: ", STR_FMT(m->to));
	put_words(a, b, m->subject, " .,:;!()'/-");
	BUF_LIT(b, "\r\nAuto-Submitted: auto-generated\r\n"
		   "MIME-Version: 1.0\r\n");
}

struct err *
mime_compose(struct arena *a, const struct mime_mail *mail, struct str *ret)
{
	struct buf b = buf_new(MAIL_MAX);
	bool broken;

	if (!mime_is_address(mail->to))
		return err_internal(a, ERR_INVALID,
				    "the recipient is no address");
	if (!mime_is_address(mime_address(mail->from)))
		return err_internal(a, ERR_INTERNAL,
				    "POSTERN_MAIL_FROM is no address");
	put_headers(a, &b, mail);
	put_bodies(&b, mail);
	broken = b.broken;
	if (!broken)
		*ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return broken ? err_internal(a, ERR_INTERNAL, "the mail is too long")
		      : NULL;
}
