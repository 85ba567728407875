/*
 * The actions that are functions, and the types that they need, as the
 * database describes them in the words of GraphQL.
 */
#ifndef POSTERN_IO_ACTIONS_H
#define POSTERN_IO_ACTIONS_H

#include "io/desk.h"

enum actions_what {
	ACTIONS_ACTION,
	ACTIONS_ENUM,
	ACTIONS_INPUT,
	ACTIONS_OBJECT,
	ACTIONS_LEFT_OUT, /* its name is a sentence */
	ACTIONS_WHATS,
};

/* An argument, a field, or a value, which has no type. */
struct actions_part {
	struct str name, type, comment;
};

struct actions_item {
	struct str name, comment;
	struct actions_part *parts;
	size_t nparts;
	/* Of an action: what it answers, who may call it, where. */
	struct str type, roles, path;
	bool query;
};

/* In the order of their names; there is room for ACTIONS_ROOM more of each. */
enum { ACTIONS_ROOM = 8 };

struct actions {
	struct actions_list {
		struct actions_item *all;
		size_t n;
	} of[ACTIONS_WHATS];
};

/* `taken` is an array as Postgres writes it, of names for none of the types. */
struct err *actions_read(struct desk *d, struct arena *a, const char *taken,
			 struct actions *ret);

#endif
