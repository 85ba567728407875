/*
 * Settings that read well one by one and do not make sense: what would start
 * and then lead nowhere, or protect nobody.  Asked before a server starts.
 */
#ifndef POSTERN_CHECK_H
#define POSTERN_CHECK_H

#include "base/conf.h"

/* The error's message is a sentence for the operator. */
struct err *check_settings(struct arena *a, const struct conf *conf);

/* Warn where events of an engine are taken from anybody. */
void check_events(const struct conf *conf);

#endif
