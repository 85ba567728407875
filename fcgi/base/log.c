#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024 };

static enum log_level threshold = LOG_INFO;
static char who_is_this[64] = "postern";

void
log_set_level(enum log_level level)
{
	threshold = level;
}

void
log_set_who(const char *who)
{
	snprintf(who_is_this, sizeof(who_is_this), "%s", who);
}

static void
put_time(struct buf *b)
{
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	buf_printf(b, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\"",
		   utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
		   utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

/* Bytes that are no UTF-8 become question marks: the line stays JSON. */
static struct str
printable(char *text, struct str s)
{
	if (str_utf8(s))
		return s;
	for (size_t i = 0; i < s.n; i++)
		text[i] = (unsigned char)s.p[i] < 0x80 ? s.p[i] : '?';
	return (struct str){text, s.n};
}

static void
emit(enum log_level level, struct str id, const char *fmt, va_list args)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char text[TEXT_MAX_BYTES], plain[TEXT_MAX_BYTES];
	struct buf b = buf_new(LINE_MAX_BYTES * 3);
	int n;
	ssize_t ignored;

	if (level < threshold)
		return;
	n = vsnprintf(text, sizeof(text), fmt, args);
	put_time(&b);
	buf_printf(&b, ",\"level\":\"%s\",\"pid\":%d,\"who\":", names[level],
		   (int)getpid());
	buf_json(&b, str_of(who_is_this));
	if (id.n) {
		BUF_LIT(&b, ",\"request\":");
		buf_json(&b, printable(plain, str_sub(id, 0, 64)));
	}
	BUF_LIT(&b, ",\"message\":");
	buf_json(&b, printable(plain, (struct str){text, strlen(text)}));
	if (n >= (int)sizeof(text))
		BUF_LIT(&b, ",\"cut\":true");
	BUF_LIT(&b, "}\n");
	ignored = write(STDERR_FILENO, b.p, b.n);
	(void)ignored;
	buf_free(&b);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	emit(level, STR(""), fmt, args);
	va_end(args);
}

void
log_request(enum log_level level, struct str request_id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	emit(level, request_id, fmt, args);
	va_end(args);
}
