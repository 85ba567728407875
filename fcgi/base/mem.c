#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void *
mem_must(void *p)
{
	if (p)
		return p;
	log_line(LOG_ERROR, "out of memory");
	exit(EXIT_FAILURE);
}

void *
mem_zero(size_t n, size_t size)
{
	return mem_must(calloc(n, size));
}

char *
mem_text(const char *text)
{
	return mem_must(strdup(text));
}
