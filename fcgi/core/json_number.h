/*
 * Numbers of JSON, for json_check.c.
 */
#ifndef POSTERN_CORE_JSON_NUMBER_H
#define POSTERN_CORE_JSON_NUMBER_H

#include <json-c/json.h>

#include "base/str.h"

/*
 * Read the number that `text` begins with: NULL and *ret_n, how long it is, or
 * what is wrong.  As in Python, what is no part of it is left for the caller.
 * Where `ret` is not NULL, *ret is made of it: an integer of 64 bits, signed
 * if it fits, or a double that keeps the text.
 */
const char *json_number(struct str text, size_t *ret_n, json_object **ret);

#endif
