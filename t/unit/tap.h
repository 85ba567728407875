/*
 * A very small TAP producer for the C unit tests.
 *
 * ok() and is() count and print; a failure says file and line.  is() compares
 * two struct str and prints both.  done() prints the plan and is what main()
 * returns.  Everything here is for one source file per program.
 */
#ifndef POSTERN_TAP_H
#define POSTERN_TAP_H

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

static int tap_count, tap_failed;

/* A line of TAP is one line, and a '#' in it would begin a directive. */
static inline void
tap_name(const char *fmt, va_list args)
{
	char name[400];

	vsnprintf(name, sizeof(name), fmt, args);
	for (char *p = name; *p; p++)
		putchar((unsigned char)*p < 0x20 || *p == '#' ? '?' : *p);
	putchar('\n');
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(args, fmt);
	tap_name(fmt, args);
	va_end(args);
	if (!good) {
		printf("# failed at %s:%d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return good;
}

/* Bytes that would break a line of TAP are printed as \xNN. */
static inline void
tap_bytes(const char *what, struct str s)
{
	printf("#   %s: \"", what);
	for (size_t i = 0; i < s.n && i < 400; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			printf("\\x%02x", (unsigned char)s.p[i]);
		else
			putchar(s.p[i]);
	printf("\"%s\n", s.n > 400 ? "..." : "");
}

static inline void
tap_is(struct str got, struct str expected, const char *file, int line,
       const char *name)
{
	if (tap_ok(str_eq(got, expected), file, line, "%s", name))
		return;
	tap_bytes("     got", got);
	tap_bytes("expected", expected);
}

static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

/* ok(condition, "a sentence", printf arguments...) */
#define ok(good, ...) tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)

/* is(got, expected, "a sentence"), both struct str */
#define is(got, expected, name) \
	tap_is((got), (expected), __FILE__, __LINE__, (name))

#endif
