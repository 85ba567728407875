/*
 * `postern events`: what a person asks about events, and may do with them.
 */
#ifndef POSTERN_EVENTS_TOOL_H
#define POSTERN_EVENTS_TOOL_H

#include "base/conf.h"

/* The arguments behind the command; returns the exit status. */
int events_tool_run(const struct conf *conf, int argc, char **argv);

#endif
