/*
 * JSON from clients.
 *
 * A strict RFC 8259 reader of our own makes json-c's trees: that library's
 * parser is not strict in its strict mode and takes most of its time for
 * itself.  Single quotes, raw control characters, duplicate keys, malformed
 * UTF-8, numbers that do not fit, names with a NUL (json-c would cut them
 * there) and bottomless nesting are refused, with the place and a reason.
 * A number that is no integer of 64 bits is a json_type_double that keeps the
 * text it was sent as: json_object_get_string gives it.
 */
#ifndef POSTERN_CORE_JSON_H
#define POSTERN_CORE_JSON_H

#include <json-c/json.h>

#include "base/err.h"

enum {
	JSON_DEPTH_MAX = 32,	 /* arrays and objects inside each other */
	JSON_MEMBERS_MAX = 1000, /* of one object */
	JSON_VALUES_MAX = 10000, /* of one document */
};

/* Where and why a text is no acceptable JSON. */
struct json_fault {
	const char *reason;  /* as Python's json module words it */
	size_t at;	     /* offset in code points */
	size_t line, column; /* from 1 */
	bool deep;	     /* it may be JSON, nested deeper than we go */
};

/* True when `text` is acceptable JSON; else *ret_fault says why not. */
bool json_check(struct str text, struct json_fault *ret_fault);

/* ... and *ret the tree, which the arena releases; NULL for JSON null. */
bool json_build(struct arena *a, struct str text, json_object **ret,
		struct json_fault *ret_fault);

/* A member that is wanted; its value is NULL where there is none, or null. */
struct json_member {
	struct str name;
	json_object *value;
};

/*
 * The same for an object of which some members are all that is wanted; their
 * values are NULL before.  Another document has none of them.
 */
bool json_members(struct arena *a, struct str text, struct json_member *members,
		  size_t n, struct json_fault *ret_fault);

/*
 * The text of an object's member, blanks around it included, of a document
 * that somebody else judges: no limit holds, and of what is no JSON anything
 * may come.  The last member of that name counts; empty: there is none.
 */
struct str json_find(struct str object, const char *name);

/*
 * Check and parse.  On success *ret is the tree (NULL for JSON null), valid
 * until the arena is reset.  The error is ERR_INVALID with one issue as
 * spec.md §0.3 prints it for malformed JSON (ctx with msg, doc, pos, lineno,
 * colno; a doc over 1 KiB is cut).
 */
struct err *json_read(struct arena *a, struct str text, json_object **ret);

/* The member of an object; NULL both for an absent one and for null. */
json_object *json_get(json_object *o, const char *name);

/* Is the member there at all, null or not? */
bool json_has(json_object *o, const char *name);

/* The bytes of a JSON string (they may hold NUL: the length counts). */
struct str json_str(json_object *o);

#endif
