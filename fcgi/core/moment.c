#include "core/moment.h"

/*
 * The calendar repeats every 400 years, and 2000-03-01 begins such a cycle.
 * Years are counted from March here, so that the day that some years have
 * more than others is the last one of a year, of four years, of a cycle.
 */
enum {
	YEAR = 365,
	FOUR_YEARS = 4 * YEAR + 1,
	CENTURY = 25 * FOUR_YEARS - 1,
	CYCLE = 4 * CENTURY + 1,
	MARCH_2000 = 31 + 29, /* days after 2000-01-01 */
	ZONE_HOURS = 16,      /* a zone is less than that from UTC */
	TEXT_MAX = 64,	      /* more than the longest moment takes */
};

static const int64_t second_us = 1000000;
static const int64_t day_us = 86400 * 1000000LL;

/* Days of a year that begins in March before its month `i`. */
static const int before_month[12] = {0,	  31,  61,  92,	 122, 153,
				     184, 214, 245, 275, 306, 337};

struct civil {
	int64_t year; /* astronomical: 0 is 1 BC */
	int month, day;
};

struct clock {
	int hour, minute, second, us;
	int zone; /* minutes east of UTC */
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
days_of(struct civil c)
{
	int64_t year = c.year - 2000 - (c.month < 3), cycle, rest;
	int month = (c.month + 9) % 12;

	cycle = floor_div(year, 400);
	rest = year - cycle * 400;
	return cycle * CYCLE + rest * YEAR + rest / 4 - rest / 100 +
	       before_month[month] + c.day - 1 + MARCH_2000;
}

static int64_t
at_most(int64_t a, int64_t max)
{
	return a < max ? a : max;
}

static struct civil
civil_of(int64_t days)
{
	int64_t from_march = days - MARCH_2000;
	int64_t cycle = floor_div(from_march, CYCLE);
	int64_t rest = from_march - cycle * CYCLE, century, four, one;
	int month = 11;

	century = at_most(rest / CENTURY, 3);
	rest -= century * CENTURY;
	four = rest / FOUR_YEARS;
	rest -= four * FOUR_YEARS;
	one = at_most(rest / YEAR, 3);
	rest -= one * YEAR;
	while (before_month[month] > rest)
		month--;
	return (struct civil){
		.year = 2000 + cycle * 400 + century * 100 + four * 4 + one +
			(month >= 10),
		.month = month >= 10 ? month - 9 : month + 3,
		.day = (int)rest - before_month[month] + 1,
	};
}

static int
days_in_month(struct civil c)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	bool leap = c.year % 4 == 0 && (c.year % 100 || c.year % 400 == 0);

	return days[c.month - 1] + (c.month == 2 && leap);
}

/* Take `n` digits from the front: their value, or -1. */
static int
take_digits(struct str *s, size_t n)
{
	int value = 0;

	if (s->n < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return -1;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = str_sub(*s, n, s->n);
	return value;
}

static bool
take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->n);
	return true;
}

static bool
take_date(struct str *s, struct civil *ret)
{
	struct civil c;
	bool dashes;

	c.year = take_digits(s, 4);
	dashes = take_char(s, '-');
	c.month = take_digits(s, 2);
	if (dashes && !take_char(s, '-'))
		return false;
	c.day = take_digits(s, 2);
	if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1)
		return false;
	*ret = c;
	return c.day <= days_in_month(c);
}

/* What follows the point: any number of digits, at least one. */
static bool
take_fraction(struct str *s, int *ret_us)
{
	int us = 0, place = 100000, digit = take_digits(s, 1);

	if (digit < 0)
		return false;
	for (; digit >= 0 && place; place /= 10, digit = take_digits(s, 1))
		us += digit * place;
	us += digit >= 5;
	while (digit >= 0)
		digit = take_digits(s, 1);
	*ret_us = us;
	return true;
}

static bool
is_next_digit(struct str s)
{
	return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

/* Is another two-digit group coming, in the style of the first one? */
static bool
take_group(struct str *s, bool colons, int *ret)
{
	if (colons ? !take_char(s, ':') : !is_next_digit(*s))
		return true;
	*ret = take_digits(s, 2);
	return *ret >= 0 && *ret <= 59;
}

static bool
take_time(struct str *s, struct clock *c)
{
	size_t before;
	bool colons;

	c->hour = take_digits(s, 2);
	if (c->hour < 0 || c->hour > 23)
		return false;
	colons = s->n && s->p[0] == ':';
	if (!take_group(s, colons, &c->minute))
		return false;
	before = s->n;
	if (!take_group(s, colons, &c->second))
		return false;
	if (s->n < before && take_char(s, '.'))
		return take_fraction(s, &c->us);
	return true;
}

static bool
take_zone(struct str *s, struct clock *c)
{
	bool west = s->n && s->p[0] == '-';
	int hours, minutes = 0;

	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	hours = take_digits(s, 2);
	if (hours < 0 || hours >= ZONE_HOURS)
		return false;
	if (!take_group(s, s->n && s->p[0] == ':', &minutes))
		return false;
	c->zone = (hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str
trim(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_sub(s, 1, s.n);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Date and time, without what follows. */
static bool
take_moment(struct str *s, struct civil *date, struct clock *c)
{
	if (!take_date(s, date))
		return false;
	if (!take_char(s, 'T') && !take_char(s, 't') && !take_char(s, ' '))
		return false;
	return take_time(s, c);
}

bool
moment_read(struct str text, int64_t *ret_us)
{
	struct str s = trim(text);
	struct civil date;
	struct clock c = {0};
	int64_t seconds;

	if (!take_moment(&s, &date, &c) || !take_zone(&s, &c) || s.n)
		return false;
	seconds = (c.hour * 60 + c.minute - c.zone) * 60 + c.second;
	*ret_us = days_of(date) * day_us + seconds * second_us + c.us;
	return true;
}

bool
moment_is_date(struct str text)
{
	struct civil date;

	return text.n == 10 && take_date(&text, &date) && text.n == 0;
}

bool
moment_is_local(struct str text)
{
	struct str s = trim(text);
	struct civil date;
	struct clock c = {0};

	if (!take_moment(&s, &date, &c))
		return false;
	return s.n == 0 || (take_zone(&s, &c) && s.n == 0);
}

/* Exactly `n` digits, or more when the value needs more. */
static char *
put_digits(char *out, int64_t value, int n)
{
	int64_t limit = 1;

	for (int i = 0; i < n; i++)
		limit *= 10;
	for (; value >= limit; n++)
		limit *= 10;
	for (int i = n; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
	return out + n;
}

static char *
put_date(char *out, struct civil c)
{
	out = put_digits(out, c.year > 0 ? c.year : 1 - c.year, 4);
	*out++ = '-';
	out = put_digits(out, c.month, 2);
	*out++ = '-';
	return put_digits(out, c.day, 2);
}

static char *
put_time(char *out, int64_t us)
{
	int64_t seconds = us / second_us;

	us %= second_us;
	out = put_digits(out, seconds / 3600, 2);
	*out++ = ':';
	out = put_digits(out, seconds / 60 % 60, 2);
	*out++ = ':';
	out = put_digits(out, seconds % 60, 2);
	if (us == 0)
		return out;
	*out++ = '.';
	return put_digits(out, us, 6);
}

void
moment_print(struct buf *b, int64_t us, struct str zone)
{
	struct civil c = civil_of(floor_div(us, day_us));
	int64_t of_day = us % day_us;
	char text[TEXT_MAX], *end;

	if (us == INT64_MAX || us == INT64_MIN) {
		buf_put(b, us > 0 ? STR("infinity") : STR("-infinity"));
		return;
	}
	end = put_date(text, c);
	*end++ = 'T';
	end = put_time(end, of_day < 0 ? of_day + day_us : of_day);
	buf_put(b, (struct str){text, (size_t)(end - text)});
	buf_put(b, zone);
	if (c.year < 1)
		BUF_LIT(b, " BC");
}

void
moment_print_date(struct buf *b, int32_t days)
{
	struct civil c = civil_of(days);
	char text[TEXT_MAX], *end;

	if (days == INT32_MAX || days == INT32_MIN) {
		buf_put(b, days > 0 ? STR("infinity") : STR("-infinity"));
		return;
	}
	end = put_date(text, c);
	buf_put(b, (struct str){text, (size_t)(end - text)});
	if (c.year < 1)
		BUF_LIT(b, " BC");
}
