#include "courier/smtp.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"

enum {
	CONNECT_LIMIT = 10, /* seconds */
	SEND_LIMIT = 30,
	PASSWORD_MAX = 1024,
	WORDS_MAX = 256, /* of a server's answer that we keep */
};

/* What was said last, by whom: libcurl's own errors do not tell. */
struct talk {
	char command[8];
	char answer[WORDS_MAX];
	bool over; /* only good-bye is still said */
};

struct smtp {
	struct smtp_options options;
	CURL *curl;
	struct talk talk;
	struct str rest; /* of the letter, yet to be sent */
};

struct smtp *
smtp_open(const struct smtp_options *options)
{
	struct smtp *s;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	s = mem_zero(1, sizeof(*s));
	s->options = *options;
	return s;
}

/* libcurl says QUIT, and would wait two minutes for the answer to it. */
void
smtp_rest(struct smtp *s)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (!s->curl)
		return;
	curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != CURL_SOCKET_BAD)
		shutdown(fd, SHUT_RD);
	curl_easy_cleanup(s->curl);
	s->curl = NULL;
}

void
smtp_close(struct smtp *s)
{
	smtp_rest(s);
	curl_global_cleanup();
	free(s);
}

/* ---- what libcurl calls ---- */

static size_t
give_bytes(char *room, size_t size, size_t n, void *ctx)
{
	struct smtp *s = ctx;
	struct str part = str_sub(s->rest, 0, size * n);

	memcpy(room, part.p, part.n);
	s->rest = str_sub(s->rest, part.n, s->rest.n);
	return part.n;
}

/* What signing in says in between is nobody's business. */
static void
note_command(struct talk *talk, struct str line)
{
	static const char *const commands[] = {"EHLO", "HELO", "STAR", "AUTH",
					       "MAIL", "RCPT", "DATA"};

	talk->over = str_starts(line, STR("QUIT"));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_starts(line, str_of(commands[i])))
			snprintf(talk->command, sizeof(talk->command), "%s",
				 commands[i]);
}

static void
note_answer(struct talk *talk, struct str s)
{
	struct str line = str_cut(&s, '\n');
	size_t n = 0;

	for (; n < line.n && n + 1 < sizeof(talk->answer); n++) {
		if (line.p[n] == '\r')
			break;
		talk->answer[n] =
			line.p[n] < ' ' || line.p[n] > '~' ? '?' : line.p[n];
	}
	talk->answer[n] = '\0';
}

static int
overhear(CURL *curl, curl_infotype type, char *p, size_t n, void *ctx)
{
	struct talk *talk = ctx;

	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		note_command(talk, (struct str){p, n});
	if (type == CURLINFO_HEADER_IN && !talk->over)
		note_answer(talk, (struct str){p, n});
	return 0;
}

static int
on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct smtp *s = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return s->options.hurry(s->options.ctx);
}

/* ---- settings ---- */

static const struct security_row {
	const char *name, *scheme;
	long level;
} securities[] = {
	{"PlainText",	      "smtp",  CURLUSESSL_NONE},
	{"TLS",		 "smtps", CURLUSESSL_ALL },
	{"STARTTLS",	     "smtp",  CURLUSESSL_ALL },
	{"STARTTLSOrPlainText", "smtp",	CURLUSESSL_TRY },
};

static const struct security_row *
security_of(const struct conf *conf)
{
	const struct security_row *row = securities;

	for (size_t i = 0; i < sizeof(securities) / sizeof(securities[0]); i++)
		if (strcmp(securities[i].name, conf->smtp_security) == 0)
			row = &securities[i];
	return row;
}

static void
set_security(struct smtp *s, struct arena *a)
{
	const struct conf *conf = s->options.conf;
	const struct security_row *row = security_of(conf);
	const char *authorities = getenv("SSL_CERT_FILE");
	bool check = strcmp(conf->smtp_check, "yes") == 0;
	struct str url = arena_printf(a, "%s://%s/%.*s", row->scheme,
				      conf->smtp, STR_FMT(s->options.host));

	curl_easy_setopt(s->curl, CURLOPT_URL, url.p);
	curl_easy_setopt(s->curl, CURLOPT_USE_SSL, row->level);
	curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYPEER, check ? 1L : 0L);
	curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
	curl_easy_setopt(s->curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (authorities && authorities[0])
		curl_easy_setopt(s->curl, CURLOPT_CAINFO, authorities);
}

/* The first line of the file; false when it cannot be read. */
static bool
read_password(struct arena *a, const char *path, struct str *ret)
{
	char *text = arena_alloc(a, PASSWORD_MAX + 1);
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	ret->p = text;
	ret->n = fread(text, 1, PASSWORD_MAX, f);
	fclose(f);
	ret->n = strcspn(text, "\r\n");
	text[ret->n] = '\0';
	return true;
}

/* False when a password is wanted that is not there. */
static bool
set_login(struct smtp *s, struct arena *a)
{
	const struct conf *conf = s->options.conf;
	struct str password = STR("");

	if (!conf->smtp_user[0])
		return true;
	if (conf->smtp_password_file[0] &&
	    !read_password(a, conf->smtp_password_file, &password))
		return false;
	curl_easy_setopt(s->curl, CURLOPT_USERNAME, conf->smtp_user);
	curl_easy_setopt(s->curl, CURLOPT_PASSWORD, password.p);
	return true;
}

static void
set_limits(struct smtp *s)
{
	curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_LIMIT);
	curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, (long)SEND_LIMIT);
	curl_easy_setopt(s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
			 (long)SEND_LIMIT);
	curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(s->curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(s->curl, CURLOPT_DEBUGFUNCTION, overhear);
	curl_easy_setopt(s->curl, CURLOPT_DEBUGDATA, &s->talk);
	curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
}

static void
clear_list(void *list)
{
	curl_slist_free_all(list);
}

static void
set_letter(struct smtp *s, struct arena *a, const struct smtp_letter *letter)
{
	struct curl_slist *to =
		mem_must(curl_slist_append(NULL, arena_str(a, letter->to).p));

	arena_defer(a, clear_list, to);
	s->rest = letter->bytes;
	curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM,
			 arena_str(a, letter->from).p);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->curl, CURLOPT_READFUNCTION, give_bytes);
	curl_easy_setopt(s->curl, CURLOPT_READDATA, s);
	curl_easy_setopt(s->curl, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)letter->bytes.n);
}

/* ---- answers ---- */

/*
 * A refusal counts against the mail only when it was said to its recipient
 * or its text, and is not about us: who we are, whether we may relay, or
 * that we speak badly.  Those an operator can mend within the day.
 */
static bool
is_permanent(const struct talk *talk)
{
	static const char *const ours[] = {"500", "502", "503", "504", "521",
					   "530", "534", "535", "538"};
	struct str answer = str_of(talk->answer);

	if (strcmp(talk->command, "RCPT") != 0 &&
	    strcmp(talk->command, "DATA") != 0)
		return false;
	if (!str_starts(answer, STR("5")))
		return false;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_starts(answer, str_of(ours[i])))
			return false;
	return !str_starts(str_sub(answer, 4, answer.n), STR("5.7."));
}

/* Did the server refuse, rather than fail? */
static bool
was_refused(CURLcode code)
{
	switch (code) {
	case CURLE_SEND_ERROR:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_LOGIN_DENIED:
	case CURLE_REMOTE_ACCESS_DENIED:
		return true;
	default:
		return false;
	}
}

static struct smtp_result
judge(const struct smtp *s, struct arena *a, CURLcode code)
{
	struct smtp_result r = {.sent = code == CURLE_OK};
	bool refused = was_refused(code) &&
		       (s->talk.answer[0] == '4' || s->talk.answer[0] == '5');

	if (r.sent)
		return r;
	r.permanent = refused && is_permanent(&s->talk);
	r.why = refused ? arena_printf(a, "%s: %s", s->talk.command,
				       s->talk.answer)
			: arena_printf(a, "%s", curl_easy_strerror(code));
	return r;
}

struct smtp_result
smtp_send(struct smtp *s, struct arena *a, const struct smtp_letter *letter)
{
	struct smtp_result r;

	s->talk = (struct talk){.command = "connect"};
	if (s->curl)
		curl_easy_reset(s->curl);
	else
		s->curl = mem_must(curl_easy_init());
	set_limits(s);
	set_security(s, a);
	set_letter(s, a, letter);
	if (!set_login(s, a))
		return (struct smtp_result){
			.why = STR("POSTERN_SMTP_PASSWORD_FILE cannot be "
				   "read")};
	r = judge(s, a, curl_easy_perform(s->curl));
	if (!r.sent)
		smtp_rest(s);
	return r;
}
