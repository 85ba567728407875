/*
 * `postern actions`: which actions there are, and what a Hasura engine has to
 * be told of them.
 */
#ifndef POSTERN_ACTIONS_TOOL_H
#define POSTERN_ACTIONS_TOOL_H

#include "base/conf.h"

/* The arguments behind the command; returns the exit status. */
int actions_tool_run(const struct conf *conf, int argc, char **argv);

#endif
