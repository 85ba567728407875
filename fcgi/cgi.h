/*
 * Plain CGI (RFC 3875): one request from the environment and standard input,
 * its answer on standard output.  For shared hosting without FastCGI, for
 * tests, and for a look from the shell:
 *
 *   REQUEST_METHOD=GET REQUEST_URI=/users postern </dev/null
 */
#ifndef POSTERN_CGI_H
#define POSTERN_CGI_H

#include "base/conf.h"

/* Serve the one request; the exit status. */
int cgi_run(const struct conf *conf);

/* Print the statement and the arguments that it would become. */
int cgi_explain(const struct conf *conf);

#endif
