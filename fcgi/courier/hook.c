#include "courier/hook.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/seat.h"
#include "core/address.h"

enum {
	CONNECT_LIMIT = 10, /* seconds */
	TIMEOUT_MAX = 300,
	DIGITS_PLAIN = 18, /* of a number that surely fits */
};

/* ---- what libcurl calls ---- */

static bool
read_sockaddr(const struct sockaddr *sa, struct address *ret)
{
	*ret = (struct address){0};
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		ret->n = ADDRESS_V4;
		memcpy(ret->bytes, &in.sin_addr, ret->n);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		ret->n = ADDRESS_V6;
		memcpy(ret->bytes, &in6.sin6_addr, ret->n);
		return true;
	}
	return false;
}

/* Names have become addresses: this is the last word before connecting. */
static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct hook *h = ctx;
	struct address address;
	char text[INET6_ADDRSTRLEN] = "?";

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !read_sockaddr(&to->addr, &address))
		return CURL_SOCKET_BAD;
	if (h->named || address_is_allowed(&address, str_of(h->allow)))
		return socket(to->family, to->socktype | SOCK_CLOEXEC,
			      to->protocol);
	inet_ntop(to->family, address.bytes, text, sizeof(text));
	h->refused = arena_str(h->arena, str_of(text));
	return CURL_SOCKET_BAD;
}

/* A short count ends the transfer. */
static size_t
take_bytes(char *p, size_t size, size_t n, void *ctx)
{
	struct hook *h = ctx;
	size_t room = HOOK_ANSWER_MAX - h->answer.n;

	n *= size;
	h->cut = n > room;
	buf_put(&h->answer, (struct str){p, h->cut ? room : n});
	return h->cut ? 0 : n;
}

/* ---- settings ---- */

static void
set_rules(struct hook *h)
{
	const char *authorities = getenv("SSL_CERT_FILE");
	int64_t timeout = TIMEOUT_MAX;
	CURL *c = h->curl;

	str_int(h->event.timeout, &timeout);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout * 1000);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_LIMIT);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "postern");
	if (authorities && authorities[0])
		curl_easy_setopt(c, CURLOPT_CAINFO, authorities);
}

static void
set_calls(struct hook *h)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_PRIVATE, h);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
}

static void
set_request(struct hook *h, const struct hook_head *head)
{
	CURL *c = h->curl;

	curl_easy_setopt(c, CURLOPT_URL, head->url.p);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, head->headers);
	curl_easy_setopt(c, CURLOPT_POST, 1L);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)h->event.body.n);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, h->event.body.p);
}

void
hook_begin(struct hook *h, const struct conf *conf, CURL *curl)
{
	struct hook_head head;
	struct err *e;

	if (h->event.body.n == 0) {
		hook_fail(h, STR("The event is too large to be sent."));
		return;
	}
	e = hook_head_make(h, conf, &head);
	if (e) {
		hook_fail(h, e->message.n ? e->message
					  : STR("The headers are no JSON."));
		return;
	}
	h->state = HOOK_UNDERWAY;
	h->curl = curl;
	h->allow = conf->webhook_allow;
	h->named = address_is_named(head.host, str_of(h->allow));
	h->answer = buf_new(HOOK_ANSWER_MAX + 1);
	curl_easy_reset(curl);
	set_rules(h);
	set_calls(h);
	set_request(h, &head);
}

/* ---- answers ---- */

static struct str
reason(const struct hook *h, CURLcode code)
{
	if (h->refused.n && !h->status)
		return arena_printf(h->arena,
				    "%.*s may not be called: see "
				    "POSTERN_WEBHOOK_ALLOW",
				    STR_FMT(h->refused));
	if (code != CURLE_OK && !h->cut)
		return str_of(curl_easy_strerror(code));
	return arena_printf(h->arena, "status %lld", (long long)h->status);
}

/* As many seconds as the receiver asks for; 0: it does not. */
static int64_t
asked_for(const struct hook *h)
{
	struct curl_header *header;
	curl_off_t wait = 0;
	struct str text;

	if (curl_easy_header(h->curl, "Retry-After", 0, CURLH_HEADER, -1,
			     &header) != CURLHE_OK)
		return 0;
	curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait);
	/* libcurl makes nothing of what does not fit into a number. */
	text = str_of(header->value);
	if (wait == 0 && text.n > DIGITS_PLAIN &&
	    strspn(header->value, "0123456789") == text.n)
		wait = HOOK_WAIT_MAX;
	if (wait < 0)
		return 0;
	return wait < HOOK_WAIT_MAX ? wait : HOOK_WAIT_MAX;
}

/* What was cut is good all the same: only its status is of interest. */
void
hook_end(struct hook *h, CURLcode code)
{
	bool whole = code == CURLE_OK || (code == CURLE_WRITE_ERROR && h->cut);
	long status = 0;

	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->curl, CURLINFO_TOTAL_TIME, &h->seconds);
	h->state = HOOK_DONE;
	h->ended_at = seat_now_ms();
	h->status = status;
	h->delivered = whole && status >= 200 && status < 300;
	if (h->delivered)
		return;
	h->why = reason(h, code);
	if (whole)
		h->wait = asked_for(h);
}

void
hook_fail(struct hook *h, struct str why)
{
	h->state = HOOK_DONE;
	h->ended_at = seat_now_ms();
	h->why = why;
}

/* ---- for the record ---- */

/* What came may be cut within a character, or be no text at all. */
static struct str
readable(const struct hook *h)
{
	struct str s = buf_str(&h->answer);
	char *p;

	for (int i = 0; i < 3 && h->cut && s.n && !str_utf8(s); i++)
		s.n--;
	if (str_utf8(s) && str_find(s, '\0') == s.n)
		return s;
	p = arena_alloc(h->arena, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = (s.p[i] & 0x80) || !s.p[i] ? '?' : s.p[i];
	return (struct str){p, s.n};
}

static void
put_response(const struct hook *h, struct buf *b)
{
	buf_printf(b, "{\"seconds\":%.3f", h->seconds);
	if (h->why.n) {
		BUF_LIT(b, ",\"error\":");
		buf_json(b, h->why);
	}
	if (h->wait)
		buf_printf(b, ",\"retry_after\":%lld", (long long)h->wait);
	if (h->status) {
		BUF_LIT(b, ",\"body\":");
		buf_json(b, readable(h));
	}
	buf_char(b, '}');
}

/* As text where there are escapes, of which Postgres reads only some. */
static void
put_headers(struct str headers, struct buf *b)
{
	if (headers.n == 0)
		BUF_LIT(b, "[]");
	else if (str_find(headers, '\\') < headers.n)
		buf_json(b, headers);
	else
		buf_put(b, headers);
}

/* Headers as the trigger has them: without what the environment knows. */
static void
put_request(const struct hook *h, struct buf *b)
{
	BUF_LIT(b, "{\"url\":");
	buf_json(b, h->event.webhook);
	BUF_LIT(b, ",\"headers\":");
	put_headers(h->event.headers, b);
	BUF_LIT(b, ",\"timeout_sec\":");
	buf_put(b, h->event.timeout);
	buf_char(b, '}');
}

void
hook_result(const struct hook *h, struct buf *b)
{
	BUF_LIT(b, "{\"id\":");
	buf_json(b, h->event.id);
	buf_printf(b, ",\"delivered\":%s", h->delivered ? "true" : "false");
	if (h->status)
		buf_printf(b, ",\"status\":%lld", (long long)h->status);
	if (h->wait)
		buf_printf(b, ",\"wait\":%lld", (long long)h->wait);
	BUF_LIT(b, ",\"request\":");
	put_request(h, b);
	BUF_LIT(b, ",\"response\":");
	put_response(h, b);
	buf_char(b, '}');
}
