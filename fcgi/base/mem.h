/*
 * malloc for what lives as long as the process or a connection.  It never
 * returns NULL: without memory the process says so and ends, and the
 * supervisor starts another.  Given back with free().
 */
#ifndef POSTERN_BASE_MEM_H
#define POSTERN_BASE_MEM_H

#include <stddef.h>

/* `n` items of `size` bytes, set to zero. */
void *mem_zero(size_t n, size_t size);

/* A copy of a NUL-terminated text. */
char *mem_text(const char *text);

/* `p`, unless it is NULL. */
void *mem_must(void *p);

#endif
