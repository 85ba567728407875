/* The types, and printing: Postgres's binary form becomes JSON. */
#include "core/type.h"

#include <endian.h>

#include "core/moment.h"

static uint64_t
big_endian(struct str value)
{
	uint64_t word = 0;

	for (size_t i = 0; i < value.n && i < 8; i++)
		word = word << 8 | (unsigned char)value.p[i];
	return word;
}

static void
print_bool(struct buf *b, struct str value)
{
	buf_put(b, value.n && value.p[0] ? STR("true") : STR("false"));
}

static void
print_int2(struct buf *b, struct str value)
{
	buf_int(b, (int16_t)big_endian(value));
}

static void
print_int4(struct buf *b, struct str value)
{
	buf_int(b, (int32_t)big_endian(value));
}

static void
print_int8(struct buf *b, struct str value)
{
	buf_int(b, (int64_t)big_endian(value));
}

static void
print_uuid(struct buf *b, struct str value)
{
	static const char hex[] = "0123456789abcdef";
	char *out = buf_room(b, 38);

	if (!out || value.n != 16)
		return;
	b->n += 38;
	*out++ = '"';
	for (size_t i = 0; i < 16; i++) {
		unsigned char byte = (unsigned char)value.p[i];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	*out = '"';
}

static void
print_instant(struct buf *b, struct str value)
{
	buf_char(b, '"');
	moment_print(b, (int64_t)big_endian(value), STR("+00:00"));
	buf_char(b, '"');
}

static void
print_timestamp(struct buf *b, struct str value)
{
	buf_char(b, '"');
	moment_print(b, (int64_t)big_endian(value), STR(""));
	buf_char(b, '"');
}

static void
print_date(struct buf *b, struct str value)
{
	buf_char(b, '"');
	moment_print_date(b, (int32_t)big_endian(value));
	buf_char(b, '"');
}

/* A number's text; NaN and the infinities are no JSON numbers. */
static void
print_number(struct buf *b, struct str value)
{
	char last = value.n ? value.p[value.n - 1] : 'y';

	if (last >= '0' && last <= '9')
		buf_put(b, value);
	else
		buf_json(b, value);
}

/*
 * The first quote from `p` on, or NULL.  Most strings are names or numbers, of
 * which eight bytes hold all: memchr() is better at longer ones.
 */
static const char *
find_quote(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t word;

	if (end - p < (ptrdiff_t)sizeof(word))
		return memchr(p, '"', (size_t)(end - p));
	memcpy(&word, p, sizeof(word));
	word = le64toh(word) ^ '"' * ones;
	word = (word - ones) & ~word & 128 * ones;
	if (word)
		return p + __builtin_ctzll(word) / 8;
	p += sizeof(word);
	return memchr(p, '"', (size_t)(end - p));
}

/* From the quote at `p` to behind the one that ends the string. */
static const char *
behind_string(const char *p, const char *end)
{
	const char *quote, *slash;

	for (;;) {
		quote = find_quote(p + 1, end);
		if (!quote)
			return end;
		for (slash = quote; slash[-1] == '\\'; slash--)
			;
		if ((quote - slash) % 2 == 0)
			return quote + 1;
		p = quote;
	}
}

/* JSON without the white space between its parts. */
void
type_print_json(struct buf *b, struct str value)
{
	const char *p = value.p, *end = p + value.n, *from = p;
	char *out = value.n ? buf_room(b, value.n) : NULL, *start = out;

	if (!out)
		return;
	while (p < end)
		if (*p == '"') {
			p = behind_string(p, end);
		} else if ((unsigned char)*p > ' ') {
			p++;
		} else {
			memcpy(out, from, (size_t)(p - from));
			out += p - from;
			while (++p < end && (unsigned char)*p <= ' ')
				;
			from = p;
		}
	memcpy(out, from, (size_t)(end - from));
	b->n += (size_t)(out - start) + (size_t)(end - from);
}

void
type_print_lines(struct buf *b, struct str value)
{
	const char *p = value.p, *end = p + value.n, *line, *stop;
	char *out = value.n ? buf_room(b, value.n) : NULL, *start = out;

	if (!out)
		return;
	while ((line = memchr(p, '\n', (size_t)(end - p)))) {
		for (stop = line; stop > p && stop[-1] == ' '; stop--)
			;
		memcpy(out, p, (size_t)(stop - p));
		out += stop - p;
		for (p = line + 1; p < end && *p == ' '; p++)
			;
	}
	memcpy(out, p, (size_t)(end - p));
	b->n += (size_t)(out - start) + (size_t)(end - p);
}

/* The bytes of jsonb's binary form follow a version byte. */
static void
print_jsonb(struct buf *b, struct str value)
{
	type_print_json(b, str_sub(value, 1, value.n));
}

/* ---- the rows ---- */

#define AS_IS	"", ""
#define AS_TEXT "", "::pg_catalog.text"
#define AS_JSON "pg_catalog.to_json(", ")"

/*
 * Postgres drops zeros at the end of a fraction, we and others do not.  Only
 * where there are any is a moment worth the detour.
 */
#define ALL_DIGITS(name, utc, zone)                                           \
	"case when @ = @::pg_catalog." name "(0) or @ <> @::pg_catalog." name \
	"(5) then pg_catalog.to_json(@) else pg_catalog.to_json("             \
	"pg_catalog.to_char(@" utc ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US" zone     \
	"') || case when @ < '0001-01-01 00:00:00Z' then ' BC' else '' end)"  \
	" end"

static const char json_instant[] =
	ALL_DIGITS("timestamptz", " at time zone 'UTC'", "\"+00:00\"");
static const char as_text[] = "@::pg_catalog.text";
static const char json_timestamp[] = ALL_DIGITS("timestamp", "", "");

static const struct type types[] = {
	{"text",	 TYPE_TEXT,	    AS_IS,   buf_json,	     0,		0,	   NULL	       },
	{"varchar",	    TYPE_TEXT,      AS_IS,   buf_json,	0,	   0,	      NULL	  },
	{"bpchar",	   TYPE_TEXT,      AS_IS,   buf_json,	       0,	  0,	     NULL	 },
	{"citext",	   TYPE_TEXT,      AS_TEXT, buf_json,	 0,	    0,	       as_text     },
	{"name",	 TYPE_TEXT,	    AS_IS,   buf_json,	     0,		0,	   NULL	       },
	{"bool",	 TYPE_BOOL,	    AS_IS,   print_bool,      0,	  0,	     NULL	 },
	{"int2",	 TYPE_INT,	   AS_IS,	  print_int2,      INT16_MIN, INT16_MAX, NULL	},
	{"int4",	 TYPE_INT,	   AS_IS,	  print_int4,      INT32_MIN, INT32_MAX, NULL	},
	{"int8",	 TYPE_INT,	   AS_IS,	  print_int8,      INT64_MIN, INT64_MAX, NULL	},
	{"float4",	   TYPE_FLOAT,     AS_TEXT, print_number,    0,	 0,	    NULL	},
	{"float8",	   TYPE_FLOAT,     AS_TEXT, print_number,    0,	 0,	    NULL	},
	{"numeric",	    TYPE_NUMERIC,	  AS_TEXT, print_number,	 0,	    0,	       NULL	   },
	{"uuid",	 TYPE_UUID,	    AS_IS,   print_uuid,      0,	  0,	     NULL	 },
	{"date",	 TYPE_DATE,	    AS_IS,   print_date,      0,	  0,	     NULL	 },
	{"timestamp",   TYPE_TIMESTAMP, AS_IS,   print_timestamp, 0,	 0,
	 json_timestamp									     },
	{"timestamptz", TYPE_INSTANT,   AS_IS,   print_instant,   0,	       0,	  json_instant},
	{"json",	 TYPE_JSON,	    AS_IS,   type_print_json, 0,	       0,	  NULL	      },
 /* Cast to text it would gain a mask that it was not given. */
	{"inet",	 TYPE_OTHER,     AS_JSON, buf_put,	       0,	  0,	     NULL	 },
	{"jsonb",	  TYPE_JSON,	     AS_IS,   print_jsonb,	 0,	    0,	       NULL	   },
};

static const struct type enum_type = {"enum", TYPE_ENUM, AS_IS, buf_json,
				      0,      0,	 NULL};
static const struct type array_type = {"array",
				       TYPE_ARRAY,
				       AS_JSON,
				       type_print_json,
				       0,
				       0,
				       "pg_catalog.to_json(@)"};
static const struct type other_type = {"other", TYPE_OTHER, AS_TEXT, buf_json,
				       0,	0,	    as_text};

const struct type *
type_find(struct str base, bool array, bool is_enum)
{
	if (array)
		return &array_type;
	if (is_enum)
		return &enum_type;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(str_of(types[i].name), base))
			return &types[i];
	return &other_type;
}
