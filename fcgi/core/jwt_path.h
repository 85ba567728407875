/*
 * Where in a JSON document a value is: "$", "$.a.b", "$.a['b%c'][0]".
 *
 * What engines call a JSON path is a small part of that language: members by
 * name, items by number, one place each.
 */
#ifndef POSTERN_CORE_JWT_PATH_H
#define POSTERN_CORE_JWT_PATH_H

#include <json-c/json.h>

#include "base/arena.h"

enum {
	JWT_STEPS_MAX = 16, /* of a path */
	JWT_INDEX_MAX = 63, /* of an item */
};

struct jwt_step {
	const char *name; /* NULL: an item */
	size_t index;
};

struct jwt_path {
	size_t n; /* 0: the document itself */
	struct jwt_step steps[JWT_STEPS_MAX];
};

/* False when the text is none of these.  The names are put in the arena. */
bool jwt_path_read(struct arena *a, struct str text, struct jwt_path *ret);

/* NULL when there is nothing, or null. */
json_object *jwt_path_get(const struct jwt_path *path, json_object *root);

/*
 * Put a copy of a value there, with the objects and arrays that lead to it;
 * below "$" the members of an object.  False, with the document in whatever
 * state, when something else is in the way.
 */
bool jwt_path_put(const struct jwt_path *path, json_object *root,
		  json_object *value);

#endif
