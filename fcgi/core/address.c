#include "core/address.h"

#include <arpa/inet.h>

enum { TEXT_MAX = 64 };

/* What is not everybody's. */
static const struct str closed[] = {
	STR("0.0.0.0/8"),	/* this network */
	STR("10.0.0.0/8"),	/* private */
	STR("100.64.0.0/10"),	/* shared by a carrier */
	STR("127.0.0.0/8"),	/* this machine */
	STR("168.63.129.16"),	/* metadata of Azure, in a public net */
	STR("169.254.0.0/16"),	/* this link, and metadata of clouds */
	STR("172.16.0.0/12"),	/* private */
	STR("192.0.0.0/24"),	/* of protocols */
	STR("192.0.2.0/24"),	/* of documentation */
	STR("192.88.99.0/24"),	/* relays to IPv6 */
	STR("192.168.0.0/16"),	/* private */
	STR("198.18.0.0/15"),	/* of benchmarks */
	STR("198.51.100.0/24"), /* of documentation */
	STR("203.0.113.0/24"),	/* of documentation */
	STR("224.0.0.0/4"),	/* of many, and */
	STR("240.0.0.0/4"),	/* of nobody */
	STR("2001::/23"),	/* of protocols, tunnels too */
	STR("2001:db8::/32"),	/* of documentation */
	STR("2002::/16"),	/* tunnels */
	STR("3fff::/20"),	/* of documentation */
};

/* Of IPv6 these are given out, and these stand for IPv4. */
static const struct str given = STR("2000::/3");
static const struct str translated = STR("64:ff9b::/96");
static const struct str mapped = STR("::ffff:0:0/96");

bool
address_read(struct str text, struct address *ret)
{
	char copy[TEXT_MAX];

	if (text.n >= sizeof(copy) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*ret = (struct address){.n = ADDRESS_V4};
	if (inet_pton(AF_INET, copy, ret->bytes) == 1)
		return true;
	ret->n = ADDRESS_V6;
	return inet_pton(AF_INET6, copy, ret->bytes) == 1;
}

/* "10.0.0.0/8", or an address, which is a net of its own. */
static bool
read_net(struct str text, struct address *ret, size_t *ret_bits)
{
	struct str digits = str_sub(text, str_find(text, '/') + 1, text.n);
	struct str base = str_sub(text, 0, str_find(text, '/'));
	int64_t bits;

	if (!address_read(base, ret))
		return false;
	bits = (int64_t)ret->n * 8;
	if (base.n < text.n &&
	    (!str_int(digits, &bits) || bits < 0 || bits > (int64_t)ret->n * 8))
		return false;
	*ret_bits = (size_t)bits;
	return true;
}

static bool
is_in(const struct address *a, struct str net)
{
	struct address base;
	size_t bits, whole;

	if (!read_net(net, &base, &bits) || base.n != a->n)
		return false;
	whole = bits / 8;
	if (memcmp(a->bytes, base.bytes, whole) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	return (a->bytes[whole] ^ base.bytes[whole]) >> (8 - bits % 8) == 0;
}

/* The last four bytes of one. */
static struct address
inner(const struct address *a)
{
	struct address ret = {.n = ADDRESS_V4};

	memcpy(ret.bytes, a->bytes + a->n - ADDRESS_V4, ADDRESS_V4);
	return ret;
}

bool
address_is_public(const struct address *a)
{
	struct address v4;

	if (a->n == ADDRESS_V6 && is_in(a, translated)) {
		v4 = inner(a);
		return address_is_public(&v4);
	}
	if (a->n == ADDRESS_V6 && !is_in(a, given))
		return false;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (is_in(a, closed[i]))
			return false;
	return true;
}

static bool
is_listed(const struct address *a, struct str list)
{
	while (list.n)
		if (is_in(a, str_cut(&list, ' ')))
			return true;
	return false;
}

bool
address_is_allowed(const struct address *a, struct str list)
{
	struct address v4;

	if (address_is_public(a) || is_listed(a, list))
		return true;
	if (a->n != ADDRESS_V6 || !is_in(a, mapped))
		return false;
	v4 = inner(a);
	return is_listed(&v4, list);
}

bool
address_is_named(struct str host, struct str list)
{
	while (list.n) {
		struct str entry = str_cut(&list, ' ');

		if (entry.n && str_eq_nocase(entry, host))
			return true;
	}
	return false;
}

/* Letters, digits, dots and dashes; what is all digits is a bad address. */
static bool
is_name(struct str s)
{
	bool letter = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool here = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!here && !(c >= '0' && c <= '9') && c != '.' && c != '-')
			return false;
		letter = letter || here;
	}
	return letter;
}

struct str
address_bad_entry(struct str list)
{
	struct address base;
	size_t bits;

	while (list.n) {
		struct str entry = str_cut(&list, ' ');

		if (entry.n && !read_net(entry, &base, &bits) &&
		    !is_name(entry))
			return entry;
	}
	return STR("");
}
