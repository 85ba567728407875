/*
 * Texts with holes: "Dear {{name}}".
 *
 * What stands between two braces is looked up in a list of values, blanks
 * around it ignored.  What is put in is never read again, so a value cannot
 * bring holes of its own, and its control characters become spaces, so it
 * cannot begin a line.  A name that the list lacks is an error, which says
 * it: a misspelt template is found at the first mail, not by its reader.
 */
#ifndef POSTERN_CORE_TEMPLATE_H
#define POSTERN_CORE_TEMPLATE_H

#include "base/err.h"

struct template_value {
	const char *name;
	struct str value;
};

struct template_values {
	const struct template_value *all;
	size_t n;
};

/* How values are written. */
enum template_form { TEMPLATE_TEXT, TEMPLATE_HTML };

/*
 * Fill the holes; the result lives in the arena.  The error is ERR_INTERNAL,
 * its cause for whoever wrote the template.
 */
struct err *template_fill(struct arena *a, struct str text,
			  const struct template_values *values,
			  enum template_form form, struct str *ret);

/*
 * Cut a template into its subject (the first line, "Subject: ...") and the
 * text below it and below the blank lines that follow.  False without one.
 */
bool template_subject(struct str *text, struct str *ret_subject);

#endif
