#include "api/graphql/coerce_value.h"

#include <math.h>
#include <stdlib.h>

enum { DIGITS = 32 }; /* room for a whole number's text */

/* Doubles hold every whole number up to here. */
static const double whole_max = 9007199254740992.0;

static bool
is_int(const struct value *v)
{
	return v->kind == VALUE_INT;
}

static bool
is_number(const struct value *v)
{
	return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

static bool
is_scalar(const struct value *v)
{
	return v->kind != VALUE_LIST && v->kind != VALUE_OBJECT &&
	       v->kind != VALUE_NULL;
}

static double
number_of(struct arena *a, const struct value *v)
{
	return strtod(arena_str(a, v->text).p, NULL);
}

/* 1.0 and 1e3 of JSON are integers, digits without an end are one anyway. */
static void
make_whole(struct arena *a, struct value *v)
{
	double d;
	size_t i = v->text.n && v->text.p[0] == '-';

	if (v->kind != VALUE_FLOAT)
		return;
	while (i < v->text.n && v->text.p[i] >= '0' && v->text.p[i] <= '9')
		i++;
	d = number_of(a, v);
	if (i < v->text.n) {
		if (!(fabs(d) <= whole_max) || d != trunc(d))
			return;
		v->text = arena_printf(a, "%lld", (long long)d);
	}
	v->kind = VALUE_INT;
}

static enum coerce_leaf
read_int(const struct value *v)
{
	int64_t n;

	if (!is_int(v))
		return LEAF_OTHER;
	if (v->text.n > DIGITS || !str_int(v->text, &n) || n < INT32_MIN ||
	    n > INT32_MAX)
		return LEAF_RANGE;
	return LEAF_FINE;
}

static enum coerce_leaf
read_float(struct arena *a, const struct value *v)
{
	return is_number(v) && isfinite(number_of(a, v)) ? LEAF_FINE
							 : LEAF_OTHER;
}

static enum coerce_leaf
read_id(struct value *v)
{
	if (!is_int(v) && v->kind != VALUE_STRING)
		return LEAF_OTHER;
	v->kind = VALUE_STRING;
	return LEAF_FINE;
}

static enum coerce_leaf
read_enum(const struct schema_type *type, bool json, struct value *v)
{
	bool fits = v->kind == (json ? VALUE_STRING : VALUE_ENUM) ||
		    (v->kind == VALUE_STRING && type->texts);

	if (!fits)
		return LEAF_OTHER;
	if (!schema_value(type, v->text))
		return LEAF_UNKNOWN;
	v->kind = VALUE_ENUM;
	return LEAF_FINE;
}

static enum coerce_leaf
when(bool fine)
{
	return fine ? LEAF_FINE : LEAF_OTHER;
}

enum coerce_leaf
coerce_leaf(struct arena *a, const struct schema_type *type, bool json,
	    struct value *v)
{
	if (type->kind == KIND_ENUM)
		return read_enum(type, json, v);
	if (json && (type->scalar == SCALAR_INT || type->scalar == SCALAR_ID))
		make_whole(a, v);
	switch (type->scalar) {
	case SCALAR_INT:
		return read_int(v);
	case SCALAR_FLOAT:
		return read_float(a, v);
	case SCALAR_STRING:
		return when(v->kind == VALUE_STRING);
	case SCALAR_BOOLEAN:
		return when(v->kind == VALUE_BOOLEAN);
	case SCALAR_ID:
		return read_id(v);
	default:
		return when(is_scalar(v));
	}
}
