#include "io/outbox.h"

#include <stdio.h>

struct err *
outbox_claim(struct desk *d, struct arena *a, struct outbox_mail *ret,
	     bool *ret_any)
{
	char lease[16];
	struct desk_query q = {
		"select * from auth.mail_claim($1, $2)", {"1", lease},
		       2
	};
	struct pg_result *res;

	snprintf(lease, sizeof(lease), "%d", OUTBOX_LEASE);
	*ret_any = false;
	TRY(desk_ask(d, a, &q, &res));
	*ret = (struct outbox_mail){
		.id = desk_value(res, 0, "id"),
		.template = desk_value(res, 0, "template"),
		.by = desk_value(res, 0, "by"),
		.recipient = desk_value(res, 0, "recipient"),
		.identity_id = desk_value(res, 0, "identity_id"),
		.factor_id = desk_value(res, 0, "factor_id"),
		.data = desk_value(res, 0, "data"),
		.proof = desk_value(res, 0, "proof"),
		.attempt = desk_value(res, 0, "attempt"),
	};
	*ret_any = ret->id.n > 0;
	return NULL;
}

struct err *
outbox_code(struct desk *d, struct arena *a, const struct outbox_mail *mail,
	    struct str hash)
{
	struct desk_query q = {
		"select * from auth.mail_code($1, $2, $3)",
		{mail->factor_id.p, mail->template.p, hash.p},
		3
	 };
	struct pg_result *res;

	return desk_ask(d, a, &q, &res);
}

struct err *
outbox_done(struct desk *d, struct arena *a, const struct outbox_mail *mail)
{
	struct desk_query q = {
		"select * from auth.mail_done($1)", {mail->id.p}, 1};
	struct pg_result *res;

	return desk_ask(d, a, &q, &res);
}

struct err *
outbox_failed(struct desk *d, struct arena *a, const struct outbox_mail *mail,
	      struct outbox_failure *failure)
{
	struct desk_query q = {
		"select * from auth.mail_failed($1, $2, $3)",
		{mail->id.p, arena_str(a, failure->why).p,
		  failure->permanent ? "t" : "f"},
		3
	 };
	struct pg_result *res;

	TRY(desk_ask(d, a, &q, &res));
	failure->next = desk_value(res, 0, "next");
	return NULL;
}

struct err *
outbox_purge(struct desk *d, struct arena *a, bool required,
	     int64_t *ret_removed)
{
	struct desk_query q = {
		"select * from auth.purge($1)", {required ? "t" : "f"}, 1};
	struct pg_result *res;

	*ret_removed = 0;
	TRY(desk_ask(d, a, &q, &res));
	str_int(desk_value(res, 0, "removed"), ret_removed);
	return NULL;
}
