/*
 * Text becomes a document (GraphQL §2 and appendix B, executable part).
 *
 * The lexer and the parser hold the limits that need no schema: bytes and
 * tokens while reading, nesting of brackets by refusing to recurse deeper.
 * Syntax errors are worded as the reference implementation words them.
 */
#ifndef POSTERN_API_GRAPHQL_PARSE_H
#define POSTERN_API_GRAPHQL_PARSE_H

#include "api/graphql/document.h"
#include "api/graphql/fault.h"
#include "base/conf.h"

/*
 * Parse `source`, which the document points into.  NULL when it is refused:
 * the fault says why ("Syntax Error: Expected Name, found \"}\".").  A fault
 * of a limit names the limit and its setting and has the code
 * "DOCUMENT_TOO_LARGE".
 */
struct document *parse_document(struct arena *a, const struct conf *conf,
				struct str source, struct faults *faults);

/* Parse one constant value: the text of a schema's default. */
struct value *parse_constant(struct arena *a, struct str source);

#endif
