/* Reading values: what clients send becomes an argument's text. */
#include "core/type.h"

#include <stdio.h>

#include "core/json.h"
#include "core/model.h"
#include "core/moment.h"

struct complaint {
	const char *message, *type;
};

static const struct complaint complaints[] = {
	[TYPE_TEXT] = {"str type expected",			    "type_error.str"	    },
	[TYPE_BOOL] = {"value could not be parsed to a boolean",
		       "type_error.bool"						},
	[TYPE_INT] = {"value is not a valid integer",	      "type_error.integer"  },
	[TYPE_FLOAT] = {"value is not a valid float",	      "type_error.float"	},
	[TYPE_NUMERIC] = {"value is not a valid decimal",		  "type_error.decimal"  },
	[TYPE_UUID] = {"value is not a valid uuid",		    "type_error.uuid"     },
	[TYPE_DATE] = {"invalid date format",		      "value_error.date"	},
	[TYPE_TIMESTAMP] = {"invalid datetime format",		       "value_error.datetime"},
	[TYPE_INSTANT] = {"invalid datetime format",		     "value_error.datetime"},
	[TYPE_JSON] = {"value is not valid JSON",		  "value_error.json"    },
	[TYPE_ENUM] = {"value is not a valid enumeration member",
		       "type_error.enum"						},
	[TYPE_ARRAY] = {"value is not a valid list",		     "type_error.list"     },
	[TYPE_OTHER] = {"str type expected",			     "type_error.str"	     },
};

static void
add_issue(const struct input *in, struct issues *issues, struct str message,
	  const char *type)
{
	issues_add(issues, in->arena,
		   (struct issue){
			   .where = in->where,
			   .field = in->field,
			   .message = message,
			   .type = type,
		   });
}

static bool
complain(const struct input *in, struct issues *issues)
{
	const struct complaint *c = &complaints[in->column->type->kind];

	add_issue(in, issues, str_of(c->message), c->type);
	return false;
}

static bool
complain_length(const struct input *in, struct issues *issues)
{
	size_t max = in->column->max_length;
	struct arena *a = in->arena;

	issues_add(issues, a,
		   (struct issue){
			   .where = in->where,
			   .field = in->field,
			   .message = arena_printf(
				   a,
				   "ensure this value has at most %zu "
				   "characters",
				   max),
			   .type = "value_error.any_str.max_length",
			   .ctx = arena_printf(a, "{\"limit_value\":%zu}", max),
		   });
	return false;
}

static bool
complain_enum(const struct input *in, struct issues *issues)
{
	struct buf b = buf_new(64 * 1024);

	BUF_LIT(&b, "value is not a valid enumeration member; permitted: ");
	for (size_t i = 0; i < in->column->nlabels; i++)
		buf_printf(&b, "%s'%.*s'", i ? ", " : "",
			   STR_FMT(in->column->labels[i]));
	add_issue(in, issues, arena_str(in->arena, buf_str(&b)),
		  "type_error.enum");
	buf_free(&b);
	return false;
}

static bool
read_int(const struct input *in, struct str value)
{
	int64_t number;

	return str_int(value, &number) && number >= in->column->type->min &&
	       number <= in->column->type->max;
}

static size_t
digits(struct str s, size_t from)
{
	size_t n = 0;

	while (from + n < s.n && s.p[from + n] >= '0' && s.p[from + n] <= '9')
		n++;
	return n;
}

/* A decimal number, of any size: what is too large Postgres will say. */
static bool
is_number(struct str value)
{
	size_t at = str_starts(value, STR("-")), whole = digits(value, at), n;

	at += whole;
	if (whole == 0)
		return false;
	if (at < value.n && value.p[at] == '.') {
		n = digits(value, ++at);
		at += n;
		if (n == 0)
			return false;
	}
	if (at < value.n && (value.p[at] == 'e' || value.p[at] == 'E')) {
		at++;
		if (at < value.n && (value.p[at] == '-' || value.p[at] == '+'))
			at++;
		n = digits(value, at);
		at += n;
		if (n == 0)
			return false;
	}
	return at == value.n;
}

static bool
is_hex(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!strchr("0123456789abcdefABCDEF", value.p[i]) ||
		    value.p[i] == '\0')
			return false;
	return true;
}

static bool
is_uuid(struct str value)
{
	static const size_t parts[] = {8, 4, 4, 4, 12};

	if (value.n != 36)
		return false;
	for (size_t i = 0; i < 5; i++) {
		struct str part = str_cut(&value, '-');

		if (part.n != parts[i] || !is_hex(part))
			return false;
	}
	return value.n == 0;
}

static bool
read_bool(struct str value, struct str *ret)
{
	static const char *const words[] = {"true", "false", "t",  "f",
					    "1",    "0",     "on", "off",
					    "yes",  "no",    "y",  "n"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_eq_nocase(value, str_of(words[i])))
			continue;
		*ret = i % 2 ? STR("false") : STR("true");
		return true;
	}
	return false;
}

static bool
read_instant(const struct input *in, struct str value, struct str *ret)
{
	struct buf b = buf_new(64);
	int64_t us;

	if (!moment_read(value, &us))
		return false;
	moment_print(&b, us, STR("+00:00"));
	*ret = arena_str(in->arena, buf_str(&b));
	buf_free(&b);
	return true;
}

static bool
is_label(const struct column *c, struct str value)
{
	for (size_t i = 0; i < c->nlabels; i++)
		if (str_eq(c->labels[i], value))
			return true;
	return false;
}

/* NaN, -infinity, 0044-03-15 BC: what only we print. */
static bool
is_own_word(const struct input *in, struct str value)
{
	static const char allowed[] = "0123456789 +-:.eTBCNaIinfty";

	if (!in->ours || in->column->type->kind == TYPE_INT ||
	    in->column->type->kind == TYPE_BOOL)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (!value.p[i] || !strchr(allowed, value.p[i]))
			return false;
	return true;
}

/* Does the text fit the column?  May replace it by a form of its own. */
static bool
fits(const struct input *in, struct str value, struct str *ret)
{
	struct json_fault fault;

	switch (in->column->type->kind) {
	case TYPE_BOOL:
		return read_bool(value, ret);
	case TYPE_INT:
		return read_int(in, value);
	case TYPE_FLOAT:
	case TYPE_NUMERIC:
		return is_number(value);
	case TYPE_UUID:
		return is_uuid(value);
	case TYPE_DATE:
		return moment_is_date(value);
	case TYPE_TIMESTAMP:
		return moment_is_local(value);
	case TYPE_INSTANT:
		return read_instant(in, value, ret);
	case TYPE_JSON:
		return json_check(value, &fault);
	case TYPE_ENUM:
		return is_label(in->column, value);
	default:
		return true;
	}
}

bool
type_read_text(const struct input *in, struct str value, struct issues *issues,
	       struct str *ret)
{
	*ret = value;
	if (str_find(value, '\0') < value.n) {
		add_issue(in, issues, STR("NUL characters are not allowed"),
			  "value_error.nul");
		return false;
	}
	if (in->column->cut_off && !in->ours &&
	    str_points(value) > in->column->max_length)
		return complain_length(in, issues);
	if (fits(in, value, ret) || is_own_word(in, value))
		return true;
	if (in->column->type->kind == TYPE_ENUM)
		return complain_enum(in, issues);
	return complain(in, issues);
}

static struct str
plain(const struct input *in, json_object *value)
{
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	return arena_str(in->arena,
			 str_of(json_object_to_json_string_ext(value, flags)));
}

void
type_put_element(struct buf *b, struct str text)
{
	buf_char(b, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, text.p[i]);
	}
	buf_char(b, '"');
}

/*
 * One element of an array literal; a nested list is a nested literal.  Depth
 * is bounded by the JSON reader.
 */
static bool
put_element(struct buf *b, json_object *value)
{
	struct str text;

	switch (json_object_get_type(value)) {
	case json_type_null:
		BUF_LIT(b, "NULL");
		return true;
	case json_type_array:
		buf_char(b, '{');
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			if (i)
				buf_char(b, ',');
			if (!put_element(b,
					 json_object_array_get_idx(value, i)))
				return false;
		}
		buf_char(b, '}');
		return true;
	case json_type_string:
		text = json_str(value);
		break;
	default:
		text = str_of(json_object_to_json_string_ext(
			value, JSON_C_TO_STRING_PLAIN));
	}
	if (str_find(text, '\0') < text.n)
		return false;
	type_put_element(b, text);
	return true;
}

static bool
read_array(const struct input *in, json_object *value, struct issues *issues,
	   struct str *ret)
{
	struct buf b = buf_new(8 * 1024 * 1024);
	bool ok = json_object_is_type(value, json_type_array) &&
		  put_element(&b, value) && !b.broken;

	if (ok)
		*ret = arena_str(in->arena, buf_str(&b));
	buf_free(&b);
	return ok || complain(in, issues);
}

/* Text columns take numbers and booleans as the source system did. */
static bool
coerce_to_text(const struct input *in, json_object *value,
	       struct issues *issues, struct str *ret)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		*ret = json_object_get_boolean(value) ? STR("True")
						      : STR("False");
		return true;
	case json_type_int:
	case json_type_double:
		*ret = plain(in, value);
		return true;
	default:
		return complain(in, issues);
	}
}

/* May the column be given as this JSON type, other than as a string? */
static bool
takes(const struct type *type, json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_boolean:
		return type->kind == TYPE_BOOL;
	case json_type_int:
		return type->kind == TYPE_BOOL || type->kind == TYPE_INT ||
		       type->kind == TYPE_FLOAT || type->kind == TYPE_NUMERIC ||
		       type->kind == TYPE_OTHER;
	case json_type_double:
		return type->kind == TYPE_FLOAT || type->kind == TYPE_NUMERIC ||
		       type->kind == TYPE_OTHER;
	default:
		return false;
	}
}

/*
 * May it be given as a string?  Numbers only where JSON's own would lose
 * digits on the way.
 */
static bool
takes_string(const struct type *type)
{
	if (type->kind == TYPE_INT)
		return type->max == INT64_MAX;
	return type->kind != TYPE_FLOAT && type->kind != TYPE_ARRAY;
}

bool
type_read_json(const struct input *in, json_object *value,
	       struct issues *issues, struct str *ret)
{
	const struct type *type = in->column->type;
	bool is_string = json_object_is_type(value, json_type_string);

	*ret = (struct str){0};
	if (!value)
		return true;
	if (type->kind == TYPE_JSON) {
		*ret = plain(in, value);
		return true;
	}
	if (type->kind == TYPE_ARRAY)
		return read_array(in, value, issues, ret);
	if (is_string && (in->ours || takes_string(type)))
		return type_read_text(in, json_str(value), issues, ret);
	if (type->kind == TYPE_TEXT)
		return coerce_to_text(in, value, issues, ret);
	if (!is_string && takes(type, value))
		return type_read_text(in, plain(in, value), issues, ret);
	if (type->kind == TYPE_ENUM)
		return complain_enum(in, issues);
	return complain(in, issues);
}
