#include <time.h>

#include "base/buf.h"
#include "core/json.h"
#include "core/url.h"
#include "courier/mail.h"
#include "io/secret.h"

enum {
	CLAIMS_MAX = 16 * 1024,
	VERIFY_TTL = 24 * 3600, /* seconds, as spec.md §2.2 has them */
	RESET_TTL = 600,
	CODES = 1000000, /* six digits */
};

static const char provider[] = "builtin::local_emailpassword";

/* ---- links ---- */

/* A member of the mail's data as text, or empty. */
static struct str
datum(json_object *data, const char *name)
{
	json_object *value = json_get(data, name);

	if (!json_object_is_type(value, json_type_string))
		return STR("");
	return json_str(value);
}

static void
put_claim(struct buf *b, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_printf(b, "\"%s\":", name);
	buf_json(b, value);
	buf_char(b, ',');
}

struct kind_row {
	struct str template;
	enum keys_kind kind;
	const char *url;   /* the member of data that says where it leads */
	const char *token; /* the parameter that carries it */
	int64_t ttl;
};

static const struct kind_row kinds[] = {
	{STR("verify"), KEYS_VERIFY, "verify_url", "verification_token",
	 VERIFY_TTL							       },
	{STR("reset"),  KEYS_RESET,  "reset_url",	"reset_token",	       RESET_TTL},
};

/* Where the link leads, before anything is added to it. */
static struct str
target(const struct mail_room *room, struct arena *a,
       const struct kind_row *row, json_object *data)
{
	struct str url = datum(data, row->url);

	if (url.n || row->kind != KEYS_VERIFY)
		return url;
	if (room->conf->verify_url[0])
		return str_of(room->conf->verify_url);
	return arena_printf(a, "%s/auth/verify", room->conf->base_url);
}

/* The token's payload; what is empty is left out. */
static struct str
claims(const struct mail_room *room, struct arena *a,
       const struct outbox_mail *mail, const struct kind_row *row,
       json_object *data)
{
	struct buf b = buf_new(CLAIMS_MAX);
	int64_t now = time(NULL);
	struct str ret = {0};

	buf_char(&b, '{');
	put_claim(&b, "sub", mail->identity_id);
	put_claim(&b, "email", mail->recipient);
	put_claim(&b, "secret", mail->proof);
	if (row->kind == KEYS_VERIFY)
		put_claim(&b, "verify_url", target(room, a, row, data));
	put_claim(&b, "challenge", datum(data, "challenge"));
	put_claim(&b, "redirect_to", datum(data, "redirect_to"));
	BUF_LIT(&b, "\"iss\":");
	buf_json(&b, arena_printf(a, "%s/auth", room->conf->base_url));
	BUF_LIT(&b, ",\"iat\":");
	buf_int(&b, now);
	BUF_LIT(&b, ",\"exp\":");
	buf_int(&b, now + row->ttl);
	buf_char(&b, '}');
	if (!b.broken)
		ret = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ret;
}

static struct err *
make_link(const struct mail_room *room, struct arena *a,
	  const struct outbox_mail *mail, const struct kind_row *row,
	  struct str *ret)
{
	json_object *data = NULL;
	struct str payload, token = {0}, url;

	TRY(json_read(a, mail->data.n ? mail->data : STR("{}"), &data));
	payload = claims(room, a, mail, row, data);
	if (room->keys && payload.n)
		token = keys_sign(room->keys, a, row->kind, payload);
	if (!token.n)
		return err_internal(a, ERR_INTERNAL,
				    "the token of a link cannot be made");
	url = target(room, a, row, data);
	if (!url.n)
		return err_internal(a, ERR_INTERNAL, "the link has no target");
	if (row->kind == KEYS_VERIFY)
		url = url_with(a, url, STR("provider"), STR(provider));
	*ret = url_with(a, url, str_of(row->token), token);
	return NULL;
}

/* ---- codes ---- */

/* Each of them as likely as any other; empty on failure. */
static struct str
random_code(struct arena *a)
{
	const uint32_t fair = UINT32_MAX / CODES * CODES;

	while (true) {
		struct str bytes = secret_random(a, sizeof(uint32_t));
		uint32_t n;

		if (!bytes.n)
			return bytes;
		memcpy(&n, bytes.p, sizeof(n));
		if (n < fair)
			return arena_printf(a, "%06u", n % CODES);
	}
}

static struct err *
make_code(const struct mail_room *room, struct arena *a,
	  const struct outbox_mail *mail, struct str *ret)
{
	struct str code = random_code(a), hash = {0};

	if (room->keys && code.n)
		hash = secret_hex(
			a, keys_mac(room->keys, a, "code",
				    arena_printf(a, "%.*s:%.*s:%.*s",
						 STR_FMT(mail->template),
						 STR_FMT(mail->recipient),
						 STR_FMT(code))));
	if (!hash.n)
		return err_internal(a, ERR_INTERNAL, "a code cannot be made");
	TRY(outbox_code(room->desk, a, mail, hash));
	*ret = code;
	return NULL;
}

struct err *
mail_proof_make(const struct mail_room *room, struct arena *a,
		const struct outbox_mail *mail, struct mail_proof *ret)
{
	*ret = (struct mail_proof){STR(""), STR("")};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!str_eq(kinds[i].template, mail->template))
			continue;
		if (str_eq(mail->by, STR("code")))
			return make_code(room, a, mail, &ret->code);
		return make_link(room, a, mail, &kinds[i], &ret->link);
	}
	return NULL;
}
