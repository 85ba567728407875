/*
 * One event on its way to a webhook, over HTTP, by libcurl.
 *
 * The URL and the headers may name variables of our environment or lines of
 * the settings file, but no settings, which hold other secrets.  A certificate
 * must be valid (SSL_CERT_FILE names other authorities), a redirect is an
 * answer like any, there is no proxy, and whatever address a name leads to
 * must belong to everybody or be in POSTERN_WEBHOOK_ALLOW.  Of an answer's
 * body 64 KiB are read.
 *
 * With a key the event is signed as Standard Webhooks have it: webhook-id is
 * the event's, however often it is sent; webhook-signature is "v1," and the
 * HMAC-SHA256 of "id.timestamp.body" in base64, once for each key
 * (core/hook_key.h).
 */
#ifndef POSTERN_COURIER_HOOK_H
#define POSTERN_COURIER_HOOK_H

#include <curl/curl.h>

#include "base/buf.h"
#include "io/events.h"

enum {
	HOOK_ANSWER_MAX = 64 * 1024,
	HOOK_WAIT_MAX = 3600, /* seconds that a receiver may ask for */
};

enum hook_state {
	HOOK_FREE,
	HOOK_WAITING,
	HOOK_UNDERWAY,
	HOOK_DONE,
	HOOK_TOLD, /* it is being recorded */
};

struct hook {
	enum hook_state state;
	struct arena *arena; /* of all that is here */
	struct event event;
	struct window *window; /* hooks.c */
	CURL *curl;	       /* HOOK_UNDERWAY: the transfer */
	int64_t held_since; /* by seat_now_ms(); a lease is counted from it */
	/* While it is underway. */
	const char *allow;
	bool named;	    /* the host itself is allowed */
	bool cut;	    /* the answer was longer than we read */
	struct str refused; /* the address that may not be called */
	struct buf answer;
	/* HOOK_DONE */
	bool delivered;
	int64_t ended_at;
	int64_t status; /* of HTTP; 0: there was no answer */
	int64_t wait;	/* seconds that the receiver asked for, or 0 */
	double seconds;
	struct str why; /* there was none, or the answer was no good */
};

/* What goes into a request; everything is in the hook's arena. */
struct hook_head {
	struct str url, host;
	struct curl_slist *headers;
};

/* The error's message says what cannot be made, and names no value. */
struct err *hook_head_make(const struct hook *h, const struct conf *conf,
			   struct hook_head *ret);

/* Make h->curl do it; on an error it is as if it had failed at once. */
void hook_begin(struct hook *h, const struct conf *conf, CURL *curl);

/* It has ended: what is to be recorded. */
void hook_end(struct hook *h, CURLcode code);

/* It never began. */
void hook_fail(struct hook *h, struct str why);

/* Append the object that postern.event_record() takes. */
void hook_result(const struct hook *h, struct buf *b);

#endif
