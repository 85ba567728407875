/* Columns as JSON Schema (draft 2020-12), which OpenAPI 3.1 is made of. */
#include "api/openapi/part.h"
#include "core/json.h"
#include "core/type.h"

#define UUID "01a1f8d0-1ff1-770e-801e-a95138e88600"

/* What a type is, an example, and what its filters are called. */
static const struct {
	const char *type, *format, *example, *filter;
} kinds[] = {
	[TYPE_TEXT] = {"string",	 NULL,	       NULL,			     "TextFilter"	 },
	[TYPE_BOOL] = {"boolean", NULL,		"true",			"BooleanFilter"},
	[TYPE_INT] = {"integer", "int32",		  "1",			       "IntegerFilter"},
	[TYPE_FLOAT] = {"number",  NULL,		"1.5",		       "NumberFilter" },
	[TYPE_NUMERIC] = {"number",  NULL,		  "1.5",			 "NumberFilter" },
	[TYPE_UUID] = {"string",	 "uuid",		 UUID,			       "UuidFilter"   },
	[TYPE_DATE] = {"string",	 "date",		 "2030-01-02",		       "DateFilter"   },
	[TYPE_TIMESTAMP] = {"string",  "date-time-local", "2030-01-02T03:04:05",
			    "LocalTimeFilter"							 },
	[TYPE_INSTANT] = {"string",  "date-time",	 "2030-01-02T03:04:05+00:00",
			  "TimeFilter"							      },
	[TYPE_JSON] = {NULL,	     NULL,		   "{}",			 "NullFilter"   },
	[TYPE_ENUM] = {"string",	 NULL,	       NULL,			     "LabelFilter"  },
	[TYPE_ARRAY] = {"array",	 NULL,	       "[]",			     "NullFilter"	 },
	[TYPE_OTHER] = {"string",  NULL,		"1",			     "NullFilter"	 },
};

/* What an element of an array is: it may be null, and has no words. */
static struct column
element_of(const struct column *c)
{
	return (struct column){
		.type = c->element,
		.element = c->element,
		.labels = c->labels,
		.nlabels = c->nlabels,
	};
}

static void
put_texts(struct part_writer *w, const struct str *texts, size_t n,
	  bool nullable)
{
	for (size_t i = 0; i < n; i++) {
		part_put(w, i ? "," : ",'enum':[");
		part_string(w, texts[i]);
	}
	if (n)
		part_put(w, nullable ? ",null]" : "]");
}

static void
put_limits(struct part_writer *w, const struct column *c, bool nullable)
{
	const struct type *t = c->type;

	if (t->kind == TYPE_INT && t->max == INT64_MAX)
		part_put(w, ",'format':'int64'");
	else if (t->kind == TYPE_INT)
		part_printf(w,
			    ",'format':'int32','minimum':%lld,'maximum':%lld",
			    (long long)t->min, (long long)t->max);
	else if (kinds[t->kind].format)
		part_printf(w, ",'format':'%s'", kinds[t->kind].format);
	if (t->kind == TYPE_TEXT && c->max_length)
		part_printf(w, ",'maxLength':%zu", c->max_length);
	if (t->kind == TYPE_TEXT)
		put_texts(w, c->choices, c->nchoices, nullable);
	if (t->kind == TYPE_ENUM)
		put_texts(w, c->labels, c->nlabels, nullable);
}

static void
put_type(struct part_writer *w, const struct column *c, bool nullable)
{
	part_printf(w, nullable ? "'type':['%s','null']" : "'type':'%s'",
		    kinds[c->type->kind].type);
	put_limits(w, c, nullable);
}

/* NaN and the infinities are none of JSON's numbers: they come as strings. */
static void
put_number(struct part_writer *w, bool nullable)
{
	part_put(w, "'anyOf':[{'type':'number'},<NotANumber>");
	part_put(w, nullable ? ",{'type':'null'}]" : "]");
}

static void
put_scalar(struct part_writer *w, const struct column *c, enum part_use use,
	   bool nullable)
{
	enum type_kind kind = c->type->kind;

	if ((kind == TYPE_FLOAT || kind == TYPE_NUMERIC) && use == PART_ANSWER)
		put_number(w, nullable);
	else if (kinds[kind].type)
		put_type(w, c, nullable);
}

void
part_value(struct part_writer *w, const struct column *c, enum part_use use,
	   bool nullable)
{
	struct column element;
	size_t at;

	part_put(w, "{");
	at = w->to->n;
	put_scalar(w, c, use, nullable);
	if (c->type->kind == TYPE_ARRAY) {
		element = element_of(c);
		part_put(w, ",'items':{");
		put_scalar(w, &element, use, true);
		part_put(w, "}");
	}
	if (c->deprecated.n)
		part_put(w, w->to->n > at ? ",'deprecated':true"
					  : "'deprecated':true");
	if (c->comment.n) {
		part_put(w,
			 w->to->n > at ? ",'description':" : "'description':");
		part_string(w, c->comment);
	}
	part_put(w, "}");
}

const char *
part_filter(const struct column *c)
{
	return kinds[c->type->kind].filter;
}

/* ---- examples ---- */

static struct str
first_points(struct str s, size_t max)
{
	size_t n = s.n;

	while (max && str_points(str_sub(s, 0, n)) > max)
		do
			n--;
		while (n && (s.p[n] & 0xc0) == 0x80);
	return str_sub(s, 0, n);
}

static struct str
text_example(const struct column *c)
{
	if (c->example.n)
		return c->example;
	if (c->type->kind == TYPE_ENUM)
		return c->nlabels ? c->labels[0] : STR("");
	if (c->nchoices)
		return c->choices[0];
	if (c->type->kind == TYPE_TEXT)
		return first_points(c->name, c->max_length);
	return str_of(kinds[c->type->kind].example);
}

void
part_example(struct part_writer *w, const struct column *c)
{
	const char *type = kinds[c->type->kind].type;
	struct str text = text_example(c);
	struct json_fault fault;

	if (type && strcmp(type, "string") == 0)
		part_string(w, text);
	else if (json_check(text, &fault))
		buf_put(w->to, text);
	else
		buf_put(w->to, str_of(kinds[c->type->kind].example));
}
