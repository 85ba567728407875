#include "core/policy.h"

/*
 * What a piece of a password costs to guess, in tenths of a bit, and what all
 * of it has to cost.  Eight letters or digits that mean nothing are enough,
 * two words of the list are not.
 */
enum {
	ENOUGH = 260,
	DIGIT = 35,
	SMALL = 47,
	CAPITAL = 52,
	SIGN = 55,
	FOREIGN = 80, /* a character beyond ASCII */
	OWN_WORD = 40,
	TOP_WORD = 70,
	WORD = 110,
	CHANGED = 10, /* capitals, or "p4$$" for "pass" */
	YEAR = 60,
	AGAIN = 20, /* what stands just before it */
	RUN = 60,   /* abc, 321 */
	RUN_STEP = 2,
	WALK = 60, /* keys that touch: qwe, 1q2w */
	WALK_STEP = 5,
	LINE = 70, /* 147, 159 on the number pad */
	SHORTEST = 3,
	AGAIN_MAX = 256,
};

/* A password being read: `cost[i]` is that of its first i bytes. */
struct reading {
	struct str text;
	int cost[POLICY_BYTES_MAX + 1];
};

/* ---- characters ---- */

static bool
is_between(char c, char first, char last)
{
	return c >= first && c <= last;
}

static char
lower(char c)
{
	return is_between(c, 'A', 'Z') ? (char)(c + ('a' - 'A')) : c;
}

static int
char_cost(char c)
{
	if (is_between(c, '0', '9'))
		return DIGIT;
	if (is_between(c, 'a', 'z'))
		return SMALL;
	if (is_between(c, 'A', 'Z'))
		return CAPITAL;
	if ((c & 0x80) == 0)
		return SIGN;
	return (c & 0x40) != 0 ? FOREIGN : 0;
}

/* Is the character often written for that small letter? */
static bool
stands_for(char c, char letter)
{
	static const char *const instead['z' - 'a' + 1] = {
		['a' - 'a'] = "4@", ['b' - 'a'] = "8",	['c' - 'a'] = "(",
		['e' - 'a'] = "3",  ['g' - 'a'] = "69", ['i' - 'a'] = "1!|",
		['l' - 'a'] = "1|", ['o' - 'a'] = "0",	['s' - 'a'] = "5$",
		['t' - 'a'] = "7+", ['z' - 'a'] = "2",
	};
	const char *set;

	if (!is_between(letter, 'a', 'z') || !c)
		return false;
	set = instead[letter - 'a'];
	return lower(c) == letter || (set && strchr(set, c));
}

/* ---- pieces ---- */

/* The `n` bytes from `at` on may be had for `cost`. */
static void
offer(struct reading *r, size_t at, size_t n, int cost)
{
	int all = r->cost[at] + cost;

	if (all < r->cost[at + n])
		r->cost[at + n] = all;
}

/* How many characters are not the word's own, or -1 for another word. */
static int
match(const char *p, struct str word, bool back)
{
	int differ = 0;

	for (size_t i = 0; i < word.n; i++) {
		char c = p[i], want = word.p[back ? word.n - 1 - i : i];

		if (c == want)
			continue;
		if (lower(c) != lower(want) && !stands_for(c, lower(want)))
			return -1;
		differ++;
	}
	return differ;
}

static void
offer_word(struct reading *r, size_t at, struct str word, int cost)
{
	for (int back = 0; back < 2; back++) {
		int differ;

		if (word.n < 2 || word.n > r->text.n - at)
			return;
		differ = match(r->text.p + at, word, back != 0);
		if (differ >= 0)
			offer(r, at, word.n,
			      cost + (differ ? CHANGED : 0) + back * CHANGED);
	}
}

static void
offer_top(struct reading *r, size_t at)
{
	struct str rest = str_of(policy_top);

	while (rest.n)
		offer_word(r, at, str_cut(&rest, ' '), TOP_WORD);
}

static void
offer_list(struct reading *r, size_t at, struct str list)
{
	while (list.n) {
		struct str word = str_cut(&list, ' ');
		int differ;

		if (!word.n || word.n > r->text.n - at)
			continue;
		differ = match(r->text.p + at, word, false);
		if (differ >= 0)
			offer(r, at, word.n, WORD + (differ ? CHANGED : 0));
	}
}

static void
offer_words(struct reading *r, size_t at)
{
	char c = r->text.p[at];

	if (is_between(c, '0', '9'))
		offer_list(r, at, str_of(policy_words[0]));
	for (int i = 0; i <= 'z' - 'a'; i++)
		if (stands_for(c, (char)('a' + i)))
			offer_list(r, at, str_of(policy_words[i + 1]));
}

static void
offer_year(struct reading *r, size_t at)
{
	struct str year = str_sub(r->text, at, 4);

	if (year.n < 4 || !is_between(year.p[2], '0', '9') ||
	    !is_between(year.p[3], '0', '9'))
		return;
	if (str_starts(year, STR("19")) ||
	    (str_starts(year, STR("20")) && year.p[2] < '5'))
		offer(r, at, 4, YEAR);
}

static void
offer_again(struct reading *r, size_t at)
{
	const char *p = r->text.p + at;

	for (size_t n = 1; n <= at && n <= r->text.n - at && n <= AGAIN_MAX;
	     n++)
		if (memcmp(p - n, p, n) == 0)
			offer(r, at, n, AGAIN);
}

/* Letters or digits, one after the other in the same direction. */
static void
offer_run(struct reading *r, size_t at)
{
	const char *p = r->text.p + at;
	size_t n = 1, max = r->text.n - at;
	int step = max > 1 ? lower(p[1]) - lower(p[0]) : 0;

	if (step != 1 && step != -1)
		return;
	while (n < max && lower(p[n]) - lower(p[n - 1]) == step &&
	       (is_between(lower(p[n]), 'a', 'z') ||
		is_between(p[n], '0', '9')))
		if (++n >= SHORTEST)
			offer(r, at, n, RUN + RUN_STEP * (int)n);
}

/* ---- the keyboard ---- */

struct key {
	int row, column;
};

static bool
find_key(char c, struct key *ret)
{
	static const char *const rows[2][4] = {
		{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'",	"zxcvbnm,./"},
		{"!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"", "ZXCVBNM<>?"},
	};

	for (int i = 0; c && i < 8; i++) {
		const char *row = rows[i / 4][i % 4];
		const char *found = strchr(row, c);

		if (!found)
			continue;
		*ret = (struct key){i % 4, (int)(found - row)};
		return true;
	}
	return false;
}

/* Each row stands half a key to the right of the one above. */
static bool
do_touch(char a, char b)
{
	struct key x, y, swap;

	if (!find_key(a, &x) || !find_key(b, &y))
		return false;
	if (x.row > y.row) {
		swap = x;
		x = y;
		y = swap;
	}
	if (x.row == y.row)
		return x.column - y.column == 1 || y.column - x.column == 1;
	return y.row - x.row == 1 &&
	       (x.column == y.column || x.column - y.column == 1);
}

static void
offer_walk(struct reading *r, size_t at)
{
	const char *p = r->text.p + at;

	for (size_t n = 1; n < r->text.n - at && do_touch(p[n - 1], p[n]);) {
		n++;
		if (n >= SHORTEST)
			offer(r, at, n, WALK + WALK_STEP * (int)n);
	}
}

/* Three keys of the number pad in a line. */
static void
offer_line(struct reading *r, size_t at)
{
	struct str s = str_sub(r->text, at, 3);
	int x[3], y[3];

	if (s.n < 3)
		return;
	for (int i = 0; i < 3; i++) {
		if (!is_between(s.p[i], '1', '9'))
			return;
		x[i] = (s.p[i] - '1') % 3;
		y[i] = (s.p[i] - '1') / 3;
	}
	if (x[1] - x[0] == x[2] - x[1] && y[1] - y[0] == y[2] - y[1])
		offer(r, at, 3, LINE);
}

/* ---- all of it ---- */

static void (*const offers[])(struct reading *, size_t) = {
	offer_top, offer_words, offer_year, offer_again,
	offer_run, offer_walk,	offer_line,
};

/* The cheapest way to read it, from left to right. */
static int
cost_of(struct str password, const struct str own[2])
{
	struct reading r = {.text = password};

	for (size_t i = 1; i <= password.n; i++)
		r.cost[i] = r.cost[i - 1] + char_cost(password.p[i - 1]);
	for (size_t i = 0; i < password.n; i++) {
		offer(&r, i, 1, char_cost(password.p[i]));
		for (int k = 0; k < 2; k++)
			if (own[k].n >= SHORTEST)
				offer_word(&r, i, own[k], OWN_WORD);
		for (size_t k = 0; k < sizeof(offers) / sizeof(offers[0]); k++)
			offers[k](&r, i);
	}
	return r.cost[password.n];
}

static bool
is_listed(struct str password, struct str list)
{
	while (list.n) {
		struct str line = str_cut(&list, '\n');

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n && str_eq_nocase(line, password))
			return true;
	}
	return false;
}

static const char *
shape_refuses(struct str password)
{
	static const char too_long[] =
		"The password must not be longer than 256 characters.";
	size_t points;

	if (password.n > POLICY_BYTES_MAX)
		return too_long;
	if (!str_utf8(password) || str_find(password, '\0') < password.n)
		return "The password must be UTF-8 without a NUL character.";
	points = str_points(password);
	if (points < POLICY_POINTS_MIN)
		return "The password must have at least 8 characters.";
	return points > POLICY_POINTS_MAX ? too_long : NULL;
}

const char *
policy_refuses(struct str password, const struct policy_rules *rules)
{
	struct str email = rules->email;
	struct str own[2] = {str_sub(email, 0, str_find(email, '@')),
			     rules->site};
	const char *why = shape_refuses(password);

	if (why)
		return why;
	if (rules->tutorial && str_eq(password, STR("password")))
		return NULL;
	if (str_eq_nocase(password, email) || str_eq_nocase(password, own[0]))
		return "The password must not be the e-mail address.";
	if (str_eq_nocase(password, own[1]))
		return "The password must not be the name of this site.";
	if (is_listed(password, str_of(rules->list)) ||
	    cost_of(password, own) < ENOUGH)
		return "The password is too common: choose one that others "
		       "do not think of, such as a few unrelated words.";
	return NULL;
}
