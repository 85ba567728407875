#include <arpa/inet.h>
#include <time.h>

#include "api/auth.h"
#include "core/base64.h"
#include "core/jwt_form.h"
#include "io/caller.h"
#include "io/keys.h"
#include "io/secret.h"

enum {
	SKEW = 30, /* seconds that clocks may differ */
	REFRESH_VERSION = 1,
	REFRESH_HEAD = 21, /* version, session, counter */
	REFRESH_MAC = 16,
	PAYLOAD_MAX = 4 * 1024,
};

/* ---- access tokens ---- */

/* The last of the roles is the one that is taken when none is asked for. */
static void
put_roles(struct buf *b, struct str roles)
{
	size_t from = roles.n > 1 ? roles.n - 2 : 0;

	while (from > 0 && roles.p[from - 1] != '"')
		from--;
	BUF_LIT(b, "\"x-hasura-allowed-roles\":");
	buf_put(b, roles);
	BUF_LIT(b, ",\"x-hasura-default-role\":\"");
	buf_put(b, str_sub(roles, from,
			   str_find(str_sub(roles, from, roles.n), '"')));
	BUF_LIT(b, "\"");
}

static void
put_times(struct call *call, struct buf *b)
{
	const struct conf *conf = call->request.conf;
	int64_t now = time(NULL);
	int64_t ttl =
		auth_of(call)->refreshable ? conf->access_ttl : conf->token_ttl;

	BUF_LIT(b, ",\"iat\":");
	buf_int(b, now);
	BUF_LIT(b, ",\"nbf\":");
	buf_int(b, now - SKEW);
	if (ttl == 0)
		return;
	BUF_LIT(b, ",\"exp\":");
	buf_int(b, now + ttl);
}

/* In the form that the setting asks for; empty where it does not fit. */
static struct str
sign(struct call *call, struct str payload)
{
	const struct keys *keys = call->request.keys;
	const struct jwt_config *config = keys_config(keys);

	if (config && !config->plain)
		payload = jwt_form(call->arena, config, payload);
	return payload.n ? keys_sign(keys, call->arena, KEYS_ACCESS, payload)
			 : payload;
}

struct err *
auth_sign(struct call *call, size_t at, struct str *ret)
{
	struct buf b = buf_new(PAYLOAD_MAX);
	const struct str *row = call->answer + at;
	struct str user =
		row[AUTH_USER].p ? row[AUTH_USER] : row[AUTH_IDENTITY];
	struct str random = secret_random(call->arena, 12);

	b.broken = !random.p;
	BUF_LIT(&b, "{");
	auth_put(&b, "iss", caller_issuer(call->arena, call->request.conf));
	auth_put(&b, "aud", str_of(call->request.conf->base_url));
	auth_put(&b, "sub", row[AUTH_IDENTITY]);
	auth_put(&b, "sid", row[AUTH_SESSION]);
	auth_put(&b, "jti", base64_encode(call->arena, random));
	put_times(call, &b);
	BUF_LIT(&b, ",\"https://hasura.io/jwt/claims\":{");
	put_roles(&b, row[AUTH_ROLES]);
	auth_put(&b, "x-hasura-user-id", user);
	BUF_LIT(&b, "}}");
	*ret = b.broken ? STR("") : sign(call, buf_str(&b));
	buf_free(&b);
	if (ret->n)
		return NULL;
	return err_internal(call->arena, ERR_UNAVAILABLE,
			    "a token could not be signed");
}

void
auth_lifetime(struct call *call, struct str *ret_idle, struct str *ret_most)
{
	const struct conf *conf = call->request.conf;
	bool refreshable = auth_of(call)->refreshable;

	*ret_idle = arena_printf(call->arena, "%lld",
				 (long long)(refreshable ? conf->refresh_idle
							 : conf->token_ttl));
	*ret_most = arena_printf(call->arena, "%lld",
				 (long long)(refreshable ? conf->refresh_most
							 : conf->token_ttl));
}

void
auth_set_cookie(struct call *call, struct str token)
{
	reply_header(
		&call->reply, "Set-Cookie",
		arena_printf(call->arena,
			     "%s=%.*s; HttpOnly;%s Path=/; SameSite=strict; "
			     "Secure",
			     CALLER_COOKIE, STR_FMT(token),
			     token.n ? "" : " Max-Age=0;"));
}

/* ---- refresh tokens ---- */

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The sixteen bytes of a uuid. */
static void
put_uuid(struct buf *b, struct str uuid)
{
	for (size_t i = 0; i + 1 < uuid.n; i += 2) {
		if (uuid.p[i] == '-')
			i++;
		buf_char(b, (char)(hex_value(uuid.p[i]) * 16 +
				   hex_value(uuid.p[i + 1])));
	}
}

static struct str
uuid_text(struct arena *a, struct str bytes)
{
	struct str hex = secret_hex(a, bytes);

	return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.p, hex.p + 8,
			    hex.p + 12, hex.p + 16, hex.p + 20);
}

struct str
auth_refresh_token(struct call *call, struct str session, struct str counter)
{
	struct buf b = buf_new(64);
	struct str token, mac;
	int64_t n = 0;

	str_int(counter, &n);
	buf_char(&b, REFRESH_VERSION);
	put_uuid(&b, session);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(&b, (char)(n >> shift));
	mac = keys_mac(call->request.keys, call->arena, "refresh", buf_str(&b));
	buf_put(&b, str_sub(mac, 0, REFRESH_MAC));
	token = base64_encode(call->arena, buf_str(&b));
	buf_free(&b);
	return token;
}

bool
auth_read_refresh(struct call *call, struct str token, struct str *ret_session,
		  struct str *ret_counter)
{
	struct str bytes, head;
	uint32_t n = 0;

	if (!base64_decode(call->arena, token, &bytes) ||
	    bytes.n != REFRESH_HEAD + REFRESH_MAC ||
	    bytes.p[0] != REFRESH_VERSION)
		return false;
	head = str_sub(bytes, 0, REFRESH_HEAD);
	if (!keys_mac_is(call->request.keys, call->arena, "refresh", head,
			 str_sub(bytes, REFRESH_HEAD, REFRESH_MAC)))
		return false;
	*ret_session = uuid_text(call->arena, str_sub(head, 1, 16));
	for (size_t i = 17; i < REFRESH_HEAD; i++)
		n = n << 8 | (unsigned char)head.p[i];
	*ret_counter = arena_printf(call->arena, "%u", n);
	return true;
}

/* ---- what stands for a secret ---- */

struct str
auth_challenge(struct call *call, struct str verifier)
{
	return base64_encode(call->arena, secret_sha256(call->arena, verifier));
}

static struct str
key_of(struct call *call, const char *purpose, struct str what)
{
	return secret_hex(call->arena,
			  keys_mac(call->request.keys, call->arena, "count",
				   arena_printf(call->arena, "%s:%.*s", purpose,
						STR_FMT(what))));
}

/* Spellings of an address that most mail servers take for one. */
static struct str
folded(struct arena *a, struct str email)
{
	char *copy = arena_alloc(a, email.n + 1);

	for (size_t i = 0; i < email.n; i++) {
		char c = email.p[i];

		copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
	}
	return (struct str){copy, email.n};
}

/*
 * To the byte, as accounts are told apart: whoever had another spelling of an
 * address could sign in with that to have the failures of this one forgotten.
 */
struct str
auth_account_key(struct call *call, struct str email)
{
	return key_of(call, "account", email);
}

struct str
auth_mailbox_key(struct call *call, const char *purpose, struct str email)
{
	return key_of(call, purpose, folded(call->arena, email));
}

/* One client is an IPv4 address or an IPv6 /64, however that is written. */
static struct str
network(struct arena *a, struct str address)
{
	struct in6_addr six;
	const unsigned char *p = six.s6_addr;

	if (inet_pton(AF_INET6, arena_str(a, address).p, &six) != 1)
		return address;
	if (IN6_IS_ADDR_LOOPBACK(&six))
		return STR("127.0.0.1");
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return arena_printf(a, "%u.%u.%u.%u", p[12], p[13], p[14],
				    p[15]);
	return secret_hex(a, (struct str){(const char *)p, 8});
}

/* Limits are for others than this machine. */
struct str
auth_address_key(struct call *call, const char *purpose)
{
	struct str from = network(call->arena, call->request.address);

	if (from.n == 0 || str_starts(from, STR("127.")) ||
	    str_starts(from, STR("unix:")))
		return STR("");
	return key_of(call, purpose, from);
}

struct str
auth_code_hash(struct call *call, const char *purpose)
{
	struct str code = str_trim(auth_field(call, "code"));
	struct str text =
		arena_printf(call->arena, "%s:%.*s:%.*s", purpose,
			     STR_FMT(auth_field(call, "email")), STR_FMT(code));

	return secret_hex(call->arena, keys_mac(call->request.keys, call->arena,
						"code", text));
}
