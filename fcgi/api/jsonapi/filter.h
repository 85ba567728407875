/*
 * What filter.c and filter_test.c share: a filter being read.
 *
 * Whatever is wrong is an error of the parameter, which error texts and
 * their source call "filters", as the source system does; strict ones say
 * "filter".
 */
#ifndef POSTERN_API_JSONAPI_FILTER_H
#define POSTERN_API_JSONAPI_FILTER_H

#include <json-c/json.h>

#include "api/jsonapi/jsonapi.h"

enum {
	FILTER_HOPS_MAX = 20,	/* relationships that one filter goes through */
	FILTER_LIST_MAX = 1000, /* values of one list */
};

struct filter_reader {
	struct call *call;
	int hops; /* so far */
};

/* What a name such as "host.name" leads to. */
struct filter_name {
	const struct resource *resource; /* that it ends in */
	const struct relationship *way[FILTER_HOPS_MAX];
	size_t nway;
	struct str field; /* the last part */
};

/* 400 with the title of filters. */
struct err *filter_error(struct filter_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct filter *
filter_make(struct filter_reader *r, enum filter_kind kind, size_t max);

/*
 * filter.c: a condition, a node of logic, or a list of them (all hold), of
 * rows of `of`.
 */
struct err *filter_node(struct filter_reader *r, const struct resource *of,
			json_object *node, const struct filter **ret);

/*
 * filter_test.c: {"name": , "op": , "val": } or with "field" for "val".  The
 * caller has checked that these are the members.
 */
struct err *filter_test(struct filter_reader *r, const struct resource *of,
			json_object *condition, const struct filter **ret);

/* ... filter[name]=value. */
struct err *
filter_equals(struct filter_reader *r, const struct resource *of,
	      struct str name, struct str value, const struct filter **ret);

/*
 * filter_value.c: a value becomes an argument for comparing with a column.
 * The errors are those of spec.md §5.5.
 */
struct err *filter_value(struct filter_reader *r, const struct column *c,
			 json_object *value, struct str *ret);

/* ... a list of them an array. */
struct err *filter_values(struct filter_reader *r, const struct column *c,
			  json_object *list, struct str *ret);

/* ... and a text that is one already. */
struct err *filter_text(struct filter_reader *r, const struct column *c,
			struct str value, struct str *ret);

#endif
