#include "courier/hook.h"

#include <ctype.h>
#include <time.h>

#include "base/mem.h"
#include "core/base64.h"
#include "core/hook_key.h"
#include "core/json.h"
#include "core/url.h"
#include "io/secret.h"

enum { URL_MAX = 8192, SIGNED_MAX = 1024, SPAN_BYTES = 8 };

/* ---- variables ---- */

/* What is ours is nobody's business, and what is not there is no value. */
static struct err *
variable(struct arena *a, const struct conf *conf, struct str name,
	 struct str *ret)
{
	const char *value = conf_variable(a, conf, name);

	if (!value)
		return err_new(a, ERR_INVALID,
			       "There is no variable %.*s for it, in the "
			       "courier's environment or in the settings file.",
			       STR_FMT(name));
	*ret = str_of(value);
	return NULL;
}

/* ---- the URL ---- */

static size_t
find_pair(struct str s, char c)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == c && s.p[i + 1] == c)
			return i;
	return s.n;
}

static struct err *
expand(struct arena *a, const struct conf *conf, struct str text, struct buf *b)
{
	while (text.n) {
		size_t open = find_pair(text, '{'), close;
		struct str value = STR("");

		buf_put(b, str_sub(text, 0, open));
		text = str_sub(text, open + 2, text.n);
		if (text.n == 0)
			break;
		close = find_pair(text, '}');
		TRY(variable(a, conf, str_trim(str_sub(text, 0, close)),
			     &value));
		buf_put(b, value);
		text = str_sub(text, close + 2, text.n);
	}
	return NULL;
}

static bool
is_ours(const struct url *u)
{
	return str_eq_nocase(u->scheme, STR("http")) ||
	       str_eq_nocase(u->scheme, STR("https"));
}

static struct err *
make_url(struct arena *a, const struct conf *conf, const struct event *event,
	 struct hook_head *ret)
{
	struct buf b = buf_new(URL_MAX);
	struct err *e = expand(a, conf, event->webhook, &b);
	struct url u;

	ret->url = b.broken ? STR("") : arena_str(a, buf_str(&b));
	buf_free(&b);
	TRY(e);
	if (!url_read(ret->url, &u) || !is_ours(&u))
		return err_new(a, ERR_INVALID,
			       "The webhook is no URL of http or https.");
	ret->host = u.host;
	if (u.host.n && u.host.p[0] == '[')
		ret->host = str_sub(u.host, 1, u.host.n - 2);
	return NULL;
}

/* ---- headers ---- */

static void
free_list(void *list)
{
	curl_slist_free_all(list);
}

/* libcurl leaves out what has no value, unless it is written like this. */
static void
add(struct arena *a, struct hook_head *head, struct str name, struct str value)
{
	bool empty = str_trim(value).n == 0;
	struct str line = empty ? arena_printf(a, "%.*s;", STR_FMT(name))
				: arena_printf(a, "%.*s: %.*s", STR_FMT(name),
					       STR_FMT(value));

	head->headers = mem_must(curl_slist_append(head->headers, line.p));
}

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    !strchr("!#$%&'*+-.^_`|~", s.p[i]))
			return false;
	return s.n > 0;
}

static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return false;
	return true;
}

/*
 * These are the body's, or libcurl's to say.  postern.event_header_is_ours()
 * knows them as well.
 */
static bool
is_taken(struct str name)
{
	static const char *const names[] = {"connection",
					    "content-length",
					    "content-type",
					    "expect",
					    "host",
					    "transfer-encoding",
					    "webhook-id",
					    "webhook-signature",
					    "webhook-timestamp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_of(names[i])))
			return true;
	return false;
}

static struct err *
add_row(struct arena *a, const struct conf *conf, struct hook_head *head,
	json_object *row)
{
	struct str name = json_str(json_get(row, "name"));
	struct str value = json_str(json_get(row, "value"));
	bool is_text =
		json_object_is_type(json_get(row, "value"), json_type_string);

	if (json_has(row, "value_from_env"))
		TRY(variable(a, conf, json_str(json_get(row, "value_from_env")),
			     &value));
	else if (!is_text)
		return err_new(a, ERR_INVALID, "A header's value is no text.");
	if (!is_token(name) || is_taken(name) || !is_value(value))
		return err_new(a, ERR_INVALID,
			       "There is no header \"%.*s\", or not with that "
			       "value.",
			       STR_FMT(name));
	add(a, head, name, value);
	return NULL;
}

static struct err *
add_rows(struct arena *a, const struct conf *conf, const struct event *event,
	 struct hook_head *head)
{
	json_object *rows = NULL;

	if (event->headers.n == 0)
		return NULL;
	TRY(json_read(a, event->headers, &rows));
	if (!json_object_is_type(rows, json_type_array))
		return err_new(a, ERR_INVALID, "The headers are no array.");
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		TRY(add_row(a, conf, head, json_object_array_get_idx(rows, i)));
	return NULL;
}

/* ---- the signature ---- */

/* With the alphabet and the padding of RFC 4648 §4. */
static struct str
plain_base64(struct arena *a, struct str bytes)
{
	struct str text = base64_encode(a, bytes);
	struct str pad = str_sub(STR("==="), 0, (4 - text.n % 4) % 4);
	struct str all =
		arena_printf(a, "%.*s%.*s", STR_FMT(text), STR_FMT(pad));
	char *p = arena_alloc(a, all.n + 1);

	for (size_t i = 0; i < all.n; i++)
		p[i] = all.p[i] == '-' ? '+' : all.p[i] == '_' ? '/' : all.p[i];
	return (struct str){p, all.n};
}

/* What is signed: the id, the time and the body, with dots between. */
static struct str
signed_text(struct arena *a, const struct event *event, struct str moment)
{
	size_t n = event->id.n + moment.n + event->body.n + 2;
	char *text = arena_alloc(a, n + 1), *p = text;

	memcpy(p, event->id.p, event->id.n);
	p += event->id.n;
	*p++ = '.';
	memcpy(p, moment.p, moment.n);
	p += moment.n;
	*p++ = '.';
	memcpy(p, event->body.p, event->body.n);
	return (struct str){text, n};
}

static struct err *
no_key(struct arena *a)
{
	return err_new(a, ERR_INVALID, "There is no key of signatures.");
}

static struct err *
sign(struct arena *a, struct str keys, struct str content, struct buf *b)
{
	struct str key, mac;

	for (;;) {
		TRY(hook_key_next(a, &keys, &key));
		if (key.n == 0)
			return b->n ? NULL : no_key(a);
		mac = secret_hmac(a, key, content);
		if (!mac.p)
			return err_new(a, ERR_BUSY, "It cannot be signed.");
		BUF_LIT(b, " v1,");
		buf_put(b, plain_base64(a, mac));
	}
}

static struct err *
add_signature(struct arena *a, const struct hook *h, const struct conf *conf,
	      struct hook_head *head)
{
	struct str keys = str_of(conf->webhook_secret), content;
	struct str time_text = arena_printf(a, "%lld", (long long)time(NULL));
	struct buf b = buf_new(SIGNED_MAX);
	struct err *e = NULL;

	if (h->event.secret_env.n)
		TRY(variable(a, conf, h->event.secret_env, &keys));
	if (keys.n == 0 && h->event.secret_env.n == 0)
		return NULL;
	content = signed_text(a, &h->event, time_text);
	e = sign(a, keys, content, &b);
	if (!e) {
		add(a, head, STR("webhook-timestamp"), time_text);
		add(a, head, STR("webhook-signature"), str_trim(buf_str(&b)));
	}
	buf_free(&b);
	return e;
}

/* The receiver's work is a part of what the request began. */
static void
add_trace(struct arena *a, const struct event *event, struct hook_head *head)
{
	struct str span = secret_hex(a, secret_random(a, SPAN_BYTES));
	const char *flags = str_eq(event->sampled, STR("false")) ? "00" : "01";

	if (event->trace.n && span.p)
		add(a, head, STR("traceparent"),
		    arena_printf(a, "00-%.*s-%.*s-%s", STR_FMT(event->trace),
				 STR_FMT(span), flags));
}

struct err *
hook_head_make(const struct hook *h, const struct conf *conf,
	       struct hook_head *ret)
{
	struct arena *a = h->arena;
	struct err *e;

	*ret = (struct hook_head){0};
	TRY(make_url(a, conf, &h->event, ret));
	add(a, ret, STR("Content-Type"), STR("application/json"));
	add(a, ret, STR("webhook-id"), h->event.id);
	e = add_rows(a, conf, &h->event, ret);
	if (!e)
		e = add_signature(a, h, conf, ret);
	add_trace(a, &h->event, ret);
	/* Without it libcurl would wait for leave to send a large body. */
	ret->headers = mem_must(curl_slist_append(ret->headers, "Expect:"));
	arena_defer(a, free_list, ret->headers);
	return e;
}
