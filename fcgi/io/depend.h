/*
 * What a request depends on, as statements of its transaction.
 *
 * Each dependency is a statement that calls its function and merges what that
 * returns into postern.context().  They stand aside (core/sql.h) before the
 * statement of the step that they are for, so what goes wrong in one of them
 * is told apart (err.aside) and takes everything back.  Texts are constant
 * per function.
 */
#ifndef POSTERN_IO_DEPEND_H
#define POSTERN_IO_DEPEND_H

#include "core/request.h"
#include "core/sql.h"

enum { DEPEND_TEXTS = 16 };

/*
 * The script with the call's dependencies in it; without any it is the same.
 * ERR_TOO_LARGE: there are more statements than SCRIPT_MAX, or more different
 * functions than DEPEND_TEXTS.
 */
struct err *depend_weave(const struct call *call, const struct script *script,
			 struct script *ret);

#endif
