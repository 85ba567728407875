#include "courier/mail.h"

#include <time.h>

#include "core/json.h"
#include "core/mime.h"
#include "core/template.h"
#include "core/url.h"

enum { NAME_POINTS = 100 }; /* of a name in a mail */

struct str
mail_host(struct arena *a, const struct conf *conf)
{
	struct url url;

	if (!url_read(str_of(conf->base_url), &url) || url.host.p[0] == '[')
		return STR("localhost");
	return arena_str(a, url.host);
}

/* What people call the site: its host, and its port if it has one. */
static struct str
site(struct arena *a, const struct conf *conf)
{
	struct url url;

	if (!url_read(str_of(conf->base_url), &url))
		return str_of(conf->base_url);
	if (!url.port.n)
		return url.host;
	return arena_printf(a, "%.*s:%.*s", STR_FMT(url.host),
			    STR_FMT(url.port));
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}

/*
 * Whoever signs up with an address chooses the name that its mail begins
 * with: a place for words, but for nothing that mail programs make a link.
 */
static bool
is_link(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(":@", s.p[i]) ||
		    (s.p[i] == '.' && i + 1 < s.n && is_letter(s.p[i + 1])))
			return true;
	return false;
}

/* Without a name a person is called by the address. */
static struct str
name_of(struct arena *a, const struct outbox_mail *mail)
{
	json_object *data = NULL, *name;
	struct str s;
	size_t n = 0;

	if (!mail->data.n || json_read(a, mail->data, &data) != NULL)
		return mail->recipient;
	name = json_get(data, "name");
	if (!json_object_is_type(name, json_type_string))
		return mail->recipient;
	s = str_trim(json_str(name));
	if (is_link(s))
		return mail->recipient;
	for (int points = 0; n < s.n; n++)
		if (((unsigned char)s.p[n] & 0xc0) != 0x80 &&
		    points++ == NAME_POINTS)
			break;
	return n ? str_sub(s, 0, n) : mail->recipient;
}

/* "verify-link", "changed": what the files are called. */
static struct str
file_of(struct arena *a, const struct outbox_mail *mail, const char *suffix)
{
	if (str_eq(mail->template, STR("changed")))
		return arena_printf(a, "changed.%s", suffix);
	return arena_printf(a, "%.*s-%.*s.%s", STR_FMT(mail->template),
			    STR_FMT(mail->by), suffix);
}

/* Everything that a template may name. */
static struct template_values
values_of(const struct mail_room *room, struct arena *a,
	  const struct outbox_mail *mail, const struct mail_proof *proof)
{
	const struct template_value all[] = {
		{"link",			 proof->link	    },
		{"code",			 proof->code	    },
		{"email",			  mail->recipient	 },
		{"name",			 name_of(a,	    mail)},
		{"site",			     site(a,					 room->conf)},
		{"url",			str_of(room->conf->base_url)},
		{"hours",STR("24")	   },
		{"minutes",				     STR("10")					       },
	};
	struct template_value *copy = arena_alloc(a, sizeof(all));

	memcpy(copy, all, sizeof(all));
	return (struct template_values){copy, sizeof(all) / sizeof(all[0])};
}

static struct err *
fill(const struct mail_room *room, struct arena *a,
     const struct outbox_mail *mail, const struct mail_proof *proof,
     struct mime_mail *ret)
{
	struct template_values values = values_of(room, a, mail, proof);
	struct str file = file_of(a, mail, "txt"), text, html, subject;

	TRY(mail_template(a, room->conf, file, &text));
	TRY(mail_template(a, room->conf, file_of(a, mail, "html"), &html));
	if (!template_subject(&text, &subject))
		return err_internal(a, ERR_INTERNAL,
				    "the template %.*s does not begin with "
				    "its subject",
				    STR_FMT(file));
	TRY(template_fill(a, subject, &values, TEMPLATE_TEXT, &ret->subject));
	TRY(template_fill(a, text, &values, TEMPLATE_TEXT, &ret->text));
	return template_fill(a, html, &values, TEMPLATE_HTML, &ret->html);
}

struct err *
mail_make(const struct mail_room *room, struct arena *a,
	  const struct outbox_mail *mail, struct smtp_letter *ret)
{
	struct mail_proof proof;
	struct str from = str_of(room->conf->mail_from);
	struct mime_mail mime = {.id = mail->id,
				 .host = room->host,
				 .from = from,
				 .to = mail->recipient,
				 .at = time(NULL)};

	if (!mime_is_address(mail->recipient))
		return err_internal(a, ERR_INVALID,
				    "the recipient is no address");
	TRY(mail_proof_make(room, a, mail, &proof));
	TRY(fill(room, a, mail, &proof, &mime));
	*ret = (struct smtp_letter){.id = mail->id,
				    .from = mime_address(from),
				    .to = mail->recipient};
	return mime_compose(a, &mime, &ret->bytes);
}
