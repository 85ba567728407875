/*
 * A whole request: role and method (a byte each), URI, If-Match and Prefer
 * (a line each), the body.  What becomes of it is an error or an answer whose
 * JSON and head are whole, or SQL into which nothing of the request has gone
 * but names of the model: other values give the same text.
 */
#include <json-c/json.h>

#include "../unit/ask.h"
#include "fuzz.h"

static struct model *model;

static const char *const roles[] = {"postern_admin", "postern_member",
				    "postern_anonymous"};
static const char *const methods[] = {"GET",	"POST", "PUT",	  "PATCH",
				      "DELETE", "HEAD", "OPTIONS"};

/* ---- SQL ---- */

/* Behind the quoted name or string at `i`, in which nothing is escaped. */
static size_t
skip_quoted(struct str sql, size_t i)
{
	char quote = sql.p[i];

	for (i++; i < sql.n; i++) {
		if (sql.p[i] != quote)
			continue;
		if (i + 1 == sql.n || sql.p[i + 1] != quote)
			return i + 1;
		i++;
	}
	MUST(sql.n == 0); /* it ends */
	return i;
}

/*
 * Outside of names there are small letters, digits, and few signs; arguments
 * are numbered as they come.
 */
static void
check_text(const struct statement *s)
{
	static const char signs[] = " .,()[]=<>$_:|-*@";
	int args = 0;

	for (size_t i = 0; i < s->text.n; i++) {
		char c = s->text.p[i];

		if (c == '"' || c == '\'') {
			i = skip_quoted(s->text, i) - 1;
			continue;
		}
		MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		     (c && strchr(signs, c)));
		if (c == '$')
			MUST(atoi(s->text.p + i + 1) == ++args);
	}
	MUST(args == s->nargs && s->nargs <= SQL_ARGS_MAX);
	MUST(s->key_at <= s->ncolumns && s->version_at <= s->ncolumns);
}

static void
check_value(struct str *value)
{
	MUST(str_utf8(*value));
	MUST(str_find(*value, '\0') == value->n);
	if (value->p)
		*value = STR("another");
}

static void
check_column(const struct plan *p, const struct column *c)
{
	MUST(c >= p->table->columns &&
	     c < p->table->columns + p->table->ncolumns);
	MUST(!c->hidden);
}

/* Check all values and put others into their places. */
static void
replace(struct plan *p)
{
	/* Of nothing but dependencies, behind which an error waits. */
	if (!p->table && p->op == PLAN_SELECT && p->shape->n == 0)
		return;
	MUST(p->table >= model->tables &&
	     p->table < model->tables + model->ntables);
	for (size_t i = 0; i < p->nwhere; i++) {
		if (p->where[i].cmp < CMP_VERSION)
			check_column(p, p->where[i].column);
		check_value(&p->where[i].value);
	}
	for (size_t i = 0; i < p->nset; i++) {
		check_column(p, p->set[i].column);
		MUST(!p->set[i].column->generated);
		check_value(&p->set[i].value);
	}
	for (size_t i = 0; i < p->norder; i++) {
		if (p->order[i].nway == 0)
			check_column(p, p->order[i].column);
		if (p->after)
			check_value(&p->order[i].after);
	}
	if (p->limit)
		p->limit = 3;
	if (p->op != PLAN_SELECT && p->op != PLAN_INSERT)
		MUST(p->nwhere > 0);
}

static void
replace_all(struct plan *p)
{
	if (p->op != PLAN_STEPS)
		replace(p);
	for (size_t i = 0; i < p->nsteps; i++)
		replace(&p->steps[i]);
}

static void
check_script(struct asked *q)
{
	struct script other;

	replace_all(&q->call.plan);
	MUST(!sql_script(q->call.arena, &q->call.plan, &other));
	MUST(other.n == q->script.n);
	for (int i = 0; i < other.n; i++) {
		const struct statement *s = &q->script.statements[i];

		check_text(s);
		must_eq(other.statements[i].text, s->text);
		MUST(other.statements[i].nargs == s->nargs);
	}
}

/* ---- answers ---- */

static void
check_answer(struct asked *q)
{
	struct reply *reply = &q->call.reply;
	struct buf head = buf_new(1 << 20);
	struct str rest;

	reply_head(reply, &head);
	MUST(str_ends(buf_str(&head), STR("\r\n\r\n")));
	for (rest = buf_str(&head); rest.n > 2;) {
		struct str line = str_cut(&rest, '\n');

		MUST(str_find(line, ':') < line.n);
		MUST(str_ends(line, STR("\r")));
		MUST(str_find(line, '\0') == line.n);
	}
	buf_free(&head);
}

static void
check_error(struct asked *q)
{
	const struct err *e = q->error;
	json_tokener *tok = json_tokener_new();
	json_object *o;

	q->call.reply.status = err_kind(e->code)->status;
	/* There are no keys here, so nobody can sign in. */
	MUST(q->call.reply.status < 500 ||
	     str_eq(e->type, STR("MissingConfiguration")));
	q->call.reply.type = "application/json";
	routes_find(&q->call.request)->fail(&q->call, e);
	MUST(str_utf8(buf_str(&q->body)));
	o = json_tokener_parse_ex(tok, q->body.p, (int)q->body.n);
	MUST(json_tokener_get_error(tok) == json_tokener_success && o);
	json_object_put(o);
	json_tokener_free(tok);
	check_answer(q);
}

/* What goes to a function is text that Postgres takes. */
static void
check_question(const struct question *ask)
{
	MUST(ask->nargs <= QUESTION_ARGS && ask->then);
	for (size_t i = 0; i < ask->nargs; i++) {
		MUST(str_utf8(ask->args[i]));
		MUST(str_find(ask->args[i], '\0') == ask->args[i].n);
	}
}

static void
check(struct asked *q)
{
	ask(q);
	if (q->error)
		check_error(q);
	else if (q->call.reply.status)
		check_answer(q);
	else if (q->call.ask.function)
		check_question(&q->call.ask);
	else
		check_script(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size};
	struct request *r;
	struct asked q;

	if (!model)
		model = ask_model();
	if (size < 2)
		return 0;
	ask_open(&q, model, roles[data[0] % 3]);
	r = &q.call.request;
	rest = arena_str(q.call.arena, str_sub(rest, 2, size));
	r->method = str_of(methods[data[1] % 7]);
	r->uri = str_cut(&rest, '\n');
	r->if_match = str_cut(&rest, '\n');
	r->prefer = str_cut(&rest, '\n');
	r->body = rest;
	check(&q);
	ask_free(&q);
	return 0;
}
