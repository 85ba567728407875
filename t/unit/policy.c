#include "core/policy.h"

#include "tap.h"

static const struct policy_rules anybody = {
	.email = STR("ada.lovelace@example.org"),
	.site = STR("tickets.example.org"),
};

/* What any list of leaked passwords begins with, and its relatives. */
static const char *const common[] = {
	"password",	  "Password",	      "PASSWORD",     "password1",
	"password12",	  "password123",      "Password123!", "p@ssw0rd",
	"P@ssw0rd",	  "P@$$w0rd",	      "pa55word",     "passw0rd!",
	"drowssap",	  "passwordpassword", "mypassword1",  "MyPassword1!",
	"12345678",	  "123456789",	      "1234567890",   "87654321",
	"0987654321",	  "11111111",	      "00000000",     "88888888",
	"12121212",	  "123123123",	      "11223344",     "123321123",
	"147258369",	  "159753159",	      "741852963",    "789456123",
	"19871987",	  "12061987",	      "31122020",     "aaaaaaaa",
	"abcdefgh",	  "abcd1234",	      "a1b2c3d4",     "1a2b3c4d",
	"abc12345",	  "Abcd@1234",	      "aa123456",     "a123456789",
	"qwerty123",	  "qwertyuiop",	      "qwerty12345",  "Qwerty@123",
	"asdfghjkl",	  "asdf1234",	      "zxcvbnm123",   "qazwsxedc",
	"1q2w3e4r",	  "1q2w3e4r5t6y",     "1qaz2wsx",     "!QAZ2wsx",
	"zaq12wsx",	  "zaq1@WSX",	      "q1w2e3r4t5",   "qweasdzxc",
	"123qweasd",	  "1234qwer",	      "qwertz123",    "azertyuiop",
	"iloveyou",	  "iloveyou2",	      "iloveyou!",    "loveme123",
	"letmein1",	  "letmein!",	      "LetMeIn123",   "trustno1",
	"welcome1",	  "Welcome@1",	      "Welcome2023",  "admin123",
	"Admin@123",	  "administrator",    "root1234",     "toor1234",
	"changeme",	  "changeme1",	      "default1",     "guest123",
	"test1234",	  "testtest",	      "user1234",     "secret123",
	"football",	  "football1",	      "baseball",     "basketball",
	"dragon123",	  "monkey12",	      "superman1",    "batman123",
	"starwars",	  "pokemon1",	      "princess",     "sunshine1",
	"michael1",	  "jennifer",	      "michelle",     "jordan23",
	"liverpool1",	  "manchester",	      "chelsea1",     "arsenal1",
	"Summer2024!",	  "Winter2023",	      "Spring2025!",  "Autumn2024",
	"January2024",	  "Monday01",	      "October2023!", "company123",
	"computer1",	  "internet",	      "whatever1",    "freedom1",
	"master123",	  "shadow12",	      "killer123",    "hunter22",
	"charlie1",	  "jessica1",	      "babygirl1",    "butterfly",
	"corvette",	  "mercedes1",	      "ferrari1",     "mustang1",
	"chocolate",	  "cocacola",	      "cheese123",    "cookie123",
	"samantha1",	  "elizabeth1",	      "alexander",    "christopher",
	"maria1990",	  "thomas123",	      "jesus123",     "godislove",
	"spiderman",	  "minecraft",	      "fortnite1",    "naruto123",
	"metallica",	  "slipknot",	      "blink182",     "nirvana1",
	"hellokitty",	  "hello123",	      "sexylady",     "fuckyou1",
	"lakers24",	  "steelers",	      "yankees1",     "cowboys1",
	"India@123",	  "london123",	      "newyork1",     "brasil2014",
	"google123",	  "facebook1",	      "samsung1",     "iphone12",
	"postgres1",	  "database",	      "server01",     "cisco123",
	"dragonfootball", "S3cr3t123",	      "M0nkey!!",     "terces123",
	"1password",	  "123password",      "!!admin!!",    "love1234",
};

/* Nothing but length makes these good, and it does. */
static const char *const fine[] = {
	"correct horse battery staple",
	"correct horse 1",
	"correct horse 12",
	"my dragon sleeps in the football stadium",
	"password is the word nobody passes by",
	"summer rain on a tin roof",
	"x7#qLw!p",
	"kzvqtmrw",
	"58301746",
	"tr0ub4dor&3",
	"ostrich velvet",
	"Donaudampfschiff",
	("\xd0\xb4\xd0\xbe\xd0\xb1\xd1\x80\xd0\xbe\xd0\xb5 "
	 "\xd1\x83\xd1\x82\xd1\x80\xd0\xbe"),
	"  blanks stand around  ",
	"0190f3f2-7f2e-7c3a",
	"wLz9!kqT2#",
};

static bool
refused(const char *password)
{
	return policy_refuses(str_of(password), &anybody) != NULL;
}

static void
test_words(void)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		ok(refused(common[i]), "\"%s\" is refused", common[i]);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ok(!refused(fine[i]), "\"%s\" may be one", fine[i]);
}

/* A text of `n` characters that nobody guesses. */
static struct str
long_one(char *room, size_t n)
{
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		room[i] = (char)('a' + x % 26);
	}
	return (struct str){room, n};
}

static void
test_lengths(void)
{
	char room[1100];
	struct str s;

	ok(policy_refuses(long_one(room, 7), &anybody), "7 characters are few");
	ok(!policy_refuses(long_one(room, 8), &anybody), "8 are enough");
	ok(!policy_refuses(long_one(room, 64), &anybody), "64 are fine");
	ok(!policy_refuses(long_one(room, 256), &anybody), "256 are the most");
	ok(policy_refuses(long_one(room, 257), &anybody), "257 are too many");
	s = long_one(room, 1024);
	for (size_t i = 0; i < 1024; i += 4)
		memcpy(room + i, "\xf0\x9f\x98\x80", 4);
	for (size_t i = 0; i < 1024; i += 4)
		room[i + 3] = (char)(0x80 + i / 4 * 37 % 64);
	ok(!policy_refuses(s, &anybody), "256 characters of 1024 bytes pass");
	memcpy(room, "a", 1);
	ok(policy_refuses(str_sub(s, 0, 1023), &anybody),
	   "half a character does not");
	ok(policy_refuses(long_one(room, 1025), &anybody),
	   "1025 bytes are too many");
	memset(room, 'a', 256);
	ok(policy_refuses((struct str){room, 256}, &anybody),
	   "256 times the same is one character");
}

static void
test_bytes(void)
{
	ok(policy_refuses(STR("xk7q\0vbn2w"), &anybody), "no NUL");
	ok(policy_refuses(STR("xk7q\xffvbn2w"), &anybody), "nothing but UTF-8");
	ok(policy_refuses(STR("xk\xc3\xa9"
			      "7vbn"),
			  &anybody),
	   "characters are counted, not bytes");
	ok(!policy_refuses(STR(" \txk7q vbn2w\n"), &anybody),
	   "blanks and line ends are characters");
}

static void
test_own(void)
{
	struct policy_rules r = anybody;

	ok(refused("ada.lovelace@example.org"), "not the address");
	ok(refused("ADA.Lovelace@Example.org"), "... in any case");
	ok(refused("ada.lovelace"), "not what stands before the @");
	ok(refused("Ada.Lovelace1815"), "... with a year behind it");
	ok(refused("tickets.example.org"), "not the site");
	ok(!refused("ada.lovelace wrote the first"), "among others it may be");
	r.email = r.site = STR("");
	ok(!policy_refuses(STR("ada.lovelace"), &r), "others may have it");
	r.email = STR("@");
	ok(!policy_refuses(STR("ada.lovelace"), &r), "a bare @ is no word");
}

static void
test_rules(void)
{
	struct policy_rules r = anybody;

	r.tutorial = true;
	ok(!policy_refuses(STR("password"), &r), "the tutorial's is allowed");
	ok(policy_refuses(STR("Password"), &r), "... but nothing like it");
	ok(policy_refuses(STR("password1"), &r), "... nor with something more");
	r = anybody;
	r.list = "wLz9!kqT2#\r\n\nKzVqTmRw\nlast one of all";
	ok(policy_refuses(STR("wlz9!KQT2#"), &r), "a listed one is refused");
	ok(policy_refuses(STR("kzvqtmrw"), &r), "... in any case");
	ok(policy_refuses(STR("last one of all"), &r),
	   "... without a line end behind it");
	ok(!policy_refuses(STR("last one of"), &r), "... as a whole");
	r.list = "";
	ok(!policy_refuses(STR("kzvqtmrw"), &r), "an empty list refuses none");
}

/* Each begins as its list says, and none is a single letter. */
static int
count_words(const char *list, int first)
{
	struct str rest = str_of(list);
	int n = 0;

	while (rest.n) {
		struct str word = str_cut(&rest, ' ');

		if (!word.n)
			continue;
		if (word.n < 2 || (first && first != word.p[0]))
			return -10000;
		n++;
	}
	return n;
}

static void
test_lists(void)
{
	int n = count_words(policy_top, 0) + count_words(policy_words[0], 0);

	for (int c = 'a'; c <= 'z'; c++)
		n += count_words(policy_words[c - 'a' + 1], c);
	ok(n >= 1000, "there are more than a thousand words, in order");
}

int
main(void)
{
	test_words();
	test_lengths();
	test_bytes();
	test_own();
	test_rules();
	test_lists();
	return done();
}
