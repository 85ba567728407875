#include "core/jwt_path.h"

/* ---- as text ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of a name without quotes: letters of any language, digits, '_' and '-'. */
static bool
is_plain(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || (c & 0x80);
}

/* .name, behind the full stop */
static bool
read_plain(struct arena *a, struct str *rest, struct jwt_step *ret)
{
	size_t n = 0;

	while (n < rest->n && is_plain(rest->p[n]))
		n++;
	ret->name = arena_str(a, str_sub(*rest, 0, n)).p;
	*rest = str_sub(*rest, n, rest->n);
	return n > 0;
}

/* 'name'] or "name"], where a backslash takes its meaning from what follows */
static bool
read_quoted(struct arena *a, struct str *rest, struct jwt_step *ret)
{
	char *name = arena_alloc(a, rest->n + 1);
	size_t n = 0, i = 1;

	for (; i < rest->n && rest->p[i] != rest->p[0]; i++) {
		i += rest->p[i] == '\\';
		if (i >= rest->n || rest->p[i] == '\0')
			return false;
		name[n++] = rest->p[i];
	}
	ret->name = name;
	if (i + 1 >= rest->n || rest->p[i + 1] != ']')
		return false;
	*rest = str_sub(*rest, i + 2, rest->n);
	return true;
}

/* 12] */
static bool
read_index(struct str *rest, struct jwt_step *ret)
{
	struct str text = str_sub(*rest, 0, str_find(*rest, ']'));
	int64_t index = 0;

	if (text.n == rest->n || text.n == 0 || !is_digit(text.p[0]) ||
	    !str_int(text, &index) || index > JWT_INDEX_MAX)
		return false;
	ret->name = NULL;
	ret->index = (size_t)index;
	*rest = str_sub(*rest, text.n + 1, rest->n);
	return true;
}

static bool
read_step(struct arena *a, struct str *rest, struct jwt_step *ret)
{
	char first = rest->p[0];

	*rest = str_sub(*rest, 1, rest->n);
	if (first == '.')
		return read_plain(a, rest, ret);
	if (first != '[' || rest->n == 0)
		return false;
	if (rest->p[0] == '\'' || rest->p[0] == '"')
		return read_quoted(a, rest, ret);
	return read_index(rest, ret);
}

bool
jwt_path_read(struct arena *a, struct str text, struct jwt_path *ret)
{
	struct str rest = str_sub(text, 1, text.n);

	*ret = (struct jwt_path){0};
	if (text.n == 0 || text.p[0] != '$')
		return false;
	while (rest.n) {
		if (ret->n == JWT_STEPS_MAX ||
		    !read_step(a, &rest, &ret->steps[ret->n]))
			return false;
		ret->n++;
	}
	return true;
}

/* ---- in a document ---- */

static json_object *
get_step(const struct jwt_step *step, json_object *o)
{
	json_object *child = NULL;

	if (step->name && json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, step->name, &child);
	if (!step->name && json_object_is_type(o, json_type_array))
		child = json_object_array_get_idx(o, step->index);
	return child;
}

json_object *
jwt_path_get(const struct jwt_path *path, json_object *root)
{
	for (size_t i = 0; root && i < path->n; i++)
		root = get_step(&path->steps[i], root);
	return root;
}

/* Where nothing is yet; what is added is the document's, or gone. */
static bool
add_step(const struct jwt_step *step, json_object *o, json_object *value)
{
	enum json_type type = step->name ? json_type_object : json_type_array;
	bool fits = value && json_object_is_type(o, type);

	if (fits && step->name)
		fits = json_object_object_add(o, step->name, value) == 0;
	else if (fits)
		fits = json_object_array_put_idx(o, step->index, value) == 0;
	if (!fits)
		json_object_put(value);
	return fits;
}

static json_object *
copy_of(json_object *value)
{
	json_object *copy = NULL;

	return json_object_deep_copy(value, &copy, NULL) == 0 ? copy : NULL;
}

/* It may be there already. */
static bool
put_last(const struct jwt_step *step, json_object *o, json_object *value)
{
	json_object *there = get_step(step, o);

	if (there)
		return json_object_equal(there, value) != 0;
	return add_step(step, o, copy_of(value));
}

static bool
put_members(json_object *root, json_object *value)
{
	if (!json_object_is_type(value, json_type_object))
		return false;
	json_object_object_foreach(value, name, member)
	{
		struct jwt_step step = {.name = name};

		if (!put_last(&step, root, member))
			return false;
	}
	return true;
}

bool
jwt_path_put(const struct jwt_path *path, json_object *root, json_object *value)
{
	const struct jwt_step *step = path->steps;
	size_t i = 0;

	if (path->n == 0)
		return put_members(root, value);
	for (; i + 1 < path->n; i++, step++) {
		json_object *next = get_step(step, root);

		if (!next) {
			next = step[1].name ? json_object_new_object()
					    : json_object_new_array();
			if (!add_step(step, root, next))
				return false;
		}
		root = next;
	}
	return put_last(step, root, value);
}
