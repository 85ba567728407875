#include "core/address.h"

#include "tap.h"

static bool
is_public(struct str text)
{
	struct address a;

	return address_read(text, &a) && address_is_public(&a);
}

static bool
is_allowed(struct str text, struct str list)
{
	struct address a;

	return address_read(text, &a) && address_is_allowed(&a, list);
}

static void
test_read(void)
{
	static const struct str no[] = {
		STR(""),	   STR("localhost"),	STR("1.2.3"),
		STR("1.2.3.4.5"),  STR("1.2.3.256"),	STR("0x7f000001"),
		STR("2130706433"), STR("::g"),		STR("[::1]"),
		STR("1.2.3.4\0"),  STR("fe80::1%eth0"),
	};
	struct address a;

	ok(address_read(STR("192.0.2.7"), &a) && a.n == ADDRESS_V4 &&
		   a.bytes[3] == 7,
	   "an address of IPv4");
	ok(address_read(STR("2001:db8::7"), &a) && a.n == ADDRESS_V6 &&
		   a.bytes[15] == 7,
	   "an address of IPv6");
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!address_read(no[i], &a), "none: %.*s", STR_FMT(no[i]));
}

/* The edges of every net, and what is beside them. */
static void
test_public(void)
{
	static const struct str yes[] = {
		STR("1.1.1.1"),		STR("9.255.255.255"),
		STR("11.0.0.0"),	STR("100.63.255.255"),
		STR("100.128.0.0"),	STR("126.255.255.255"),
		STR("128.0.0.0"),	STR("168.63.129.15"),
		STR("168.63.129.17"),	STR("169.253.255.255"),
		STR("169.255.0.0"),	STR("172.15.255.255"),
		STR("172.32.0.0"),	STR("192.0.1.0"),
		STR("192.167.255.255"), STR("192.169.0.0"),
		STR("198.17.255.255"),	STR("198.20.0.0"),
		STR("223.255.255.255"), STR("2000::"),
		STR("2001:200::1"),	STR("2606:4700::1111"),
		STR("3ffe::1"),		STR("64:ff9b::1.1.1.1"),
	};
	static const struct str no[] = {
		STR("0.0.0.0"),
		STR("0.255.255.255"),
		STR("10.0.0.0"),
		STR("10.255.255.255"),
		STR("100.64.0.0"),
		STR("100.100.100.200"),
		STR("100.127.255.255"),
		STR("127.0.0.1"),
		STR("127.255.255.255"),
		STR("168.63.129.16"),
		STR("169.254.169.254"),
		STR("172.16.0.0"),
		STR("172.31.255.255"),
		STR("192.0.0.192"),
		STR("192.168.1.1"),
		STR("198.18.0.1"),
		STR("198.19.255.255"),
		STR("192.0.2.1"),
		STR("224.0.0.1"),
		STR("239.255.255.255"),
		STR("255.255.255.255"),
		STR("::"),
		STR("::1"),
		STR("::127.0.0.1"),
		STR("::ffff:127.0.0.1"),
		STR("::ffff:8.8.8.8"),
		STR("64:ff9b::10.0.0.1"),
		STR("64:ff9b::168.63.129.16"),
		STR("64:ff9b:1::1"),
		STR("100::1"),
		STR("2001::1"),
		STR("2001:db8::1"),
		STR("2002:7f00:1::"),
		STR("3fff::1"),
		STR("fc00::1"),
		STR("fd00:ec2::254"),
		STR("fe80::1"),
		STR("fec0::1"),
		STR("ff02::1"),
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(is_public(yes[i]), "everybody's: %.*s", STR_FMT(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!is_public(no[i]), "not: %.*s", STR_FMT(no[i]));
}

static void
test_list(void)
{
	struct str list = STR("127.0.0.1  10.1.0.0/20 fd00::/8 Hooks.internal");

	ok(is_allowed(STR("127.0.0.1"), list), "an address of the list");
	ok(!is_allowed(STR("127.0.0.2"), list), "... is no other");
	ok(is_allowed(STR("10.1.15.255"), list), "within a net");
	ok(!is_allowed(STR("10.1.16.0"), list), "beside it");
	ok(is_allowed(STR("fdab::1"), list), "a net of IPv6");
	ok(is_allowed(STR("::ffff:10.1.0.1"), list),
	   "a listed one in the shape of IPv6");
	ok(!is_allowed(STR("::ffff:10.9.0.1"), list), "... and no other");
	ok(is_allowed(STR("8.8.8.8"), list), "everybody's are allowed");
	ok(is_allowed(STR("127.9.9.9"), STR("0.0.0.0/0")), "all of IPv4");
	ok(!is_allowed(STR("::1"), STR("0.0.0.0/0")), "... and not IPv6");
	ok(address_is_named(STR("hooks.INTERNAL"), list), "a name");
	ok(!address_is_named(STR("internal"), list), "... is the whole name");
	ok(!address_is_named(STR(""), list), "... and not none");
	ok(address_bad_entry(list).n == 0, "such a list is good");
	is(address_bad_entry(STR("a 10.0.0.0/33 b")), STR("10.0.0.0/33"),
	   "too many bits");
	is(address_bad_entry(STR("10.0.0/8")), STR("10.0.0/8"), "half a net");
	is(address_bad_entry(STR("1.2.3.256")), STR("1.2.3.256"),
	   "no address, and no name either");
	is(address_bad_entry(STR("http://a")), STR("http://a"), "a URL");
	is(address_bad_entry(STR("::1/-1")), STR("::1/-1"), "less than none");
}

int
main(void)
{
	test_read();
	test_public();
	test_list();
	return done();
}
