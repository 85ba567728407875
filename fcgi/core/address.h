/*
 * Addresses of the internet: which of them a webhook may lead to.  Pure.
 *
 * Whoever may write a webhook's URL, or answer for its name, could make us
 * call what only we can reach: this machine, its network, a cloud's metadata.
 * So only addresses that belong to everybody are called (the registries of
 * RFC 6890 say which ones do not; a cloud's metadata never does, wherever it
 * is), and those that a list allows.
 *
 * A list has blanks between addresses, nets (10.0.0.0/8, fd00::/8) and names
 * of hosts.
 */
#ifndef POSTERN_CORE_ADDRESS_H
#define POSTERN_CORE_ADDRESS_H

#include "base/str.h"

enum { ADDRESS_V6 = 16, ADDRESS_V4 = 4 };

struct address {
	size_t n; /* ADDRESS_V4 or ADDRESS_V6 bytes */
	uint8_t bytes[ADDRESS_V6];
};

/* In digits; false when it is something else, such as a name. */
bool address_read(struct str text, struct address *ret);

/* Does it belong to everybody? */
bool address_is_public(const struct address *a);

/* ... or is in the list?  An IPv4 one in the shape of IPv6 is that one. */
bool address_is_allowed(const struct address *a, struct str list);

/* Is the host's name itself in the list, without regard to case? */
bool address_is_named(struct str host, struct str list);

/* The first entry that is neither net nor name; empty: there is none. */
struct str address_bad_entry(struct str list);

#endif
