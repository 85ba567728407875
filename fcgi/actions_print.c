#include "actions_print.h"

/* The environment of the engine has both. */
#define URL_VARIABLE	"{{POSTERN_URL}}"
#define SECRET_VARIABLE "ACTION_SECRET"

static bool
has_secret(const struct conf *conf)
{
	return *conf->action_secret != '\0';
}

/* ---- GraphQL ---- */

/* Its strings are those of JSON. */
static void
put_comment(struct buf *b, const char *indent, struct str comment)
{
	if (comment.n == 0)
		return;
	buf_put(b, str_of(indent));
	buf_json(b, comment);
	buf_char(b, '\n');
}

static void
put_typed(struct buf *b, struct str name, struct str type)
{
	buf_put(b, name);
	if (type.n == 0)
		return;
	BUF_LIT(b, ": ");
	buf_put(b, type);
}

static void
put_call(struct buf *b, const struct actions_item *action)
{
	buf_put(b, action->name);
	for (size_t i = 0; i < action->nparts; i++) {
		buf_put(b, i ? STR(", ") : STR("("));
		put_typed(b, action->parts[i].name, action->parts[i].type);
	}
	put_typed(b, action->nparts ? STR(")") : STR(""), action->type);
	buf_char(b, '\n');
}

static void
put_root(struct buf *b, const struct actions_list *list, bool query)
{
	bool any = false;

	for (size_t i = 0; i < list->n; i++) {
		const struct actions_item *action = &list->all[i];

		if (action->query != query)
			continue;
		if (!any)
			buf_put(b, query ? STR("type Query {\n")
					 : STR("type Mutation {\n"));
		any = true;
		put_comment(b, "  ", action->comment);
		BUF_LIT(b, "  ");
		put_call(b, action);
	}
	if (any)
		BUF_LIT(b, "}\n\n");
}

static void
put_types(struct buf *b, const char *keyword, const struct actions_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct actions_item *type = &list->all[i];

		put_comment(b, "", type->comment);
		buf_printf(b, "%s %.*s {\n", keyword, STR_FMT(type->name));
		for (size_t j = 0; j < type->nparts; j++) {
			put_comment(b, "  ", type->parts[j].comment);
			BUF_LIT(b, "  ");
			put_typed(b, type->parts[j].name, type->parts[j].type);
			buf_char(b, '\n');
		}
		BUF_LIT(b, "}\n\n");
	}
}

void
actions_print_graphql(struct buf *b, const struct conf *conf,
		      const struct actions *actions)
{
	(void)conf;
	put_root(b, &actions->of[ACTIONS_ACTION], false);
	put_root(b, &actions->of[ACTIONS_ACTION], true);
	put_types(b, "enum", &actions->of[ACTIONS_ENUM]);
	put_types(b, "input", &actions->of[ACTIONS_INPUT]);
	put_types(b, "type", &actions->of[ACTIONS_OBJECT]);
	if (!b->broken && b->n)
		b->n--;
}

void
actions_print_list(struct buf *b, const struct conf *conf,
		   const struct actions *actions)
{
	const struct actions_list *list = &actions->of[ACTIONS_ACTION];

	(void)conf;
	for (size_t i = 0; i < list->n; i++) {
		buf_put(b, list->all[i].query ? STR("query     ")
					      : STR("mutation  "));
		put_call(b, &list->all[i]);
	}
}

/* ---- YAML ---- */

/* A string of JSON is one of YAML; a bare word could be no string at all. */
static void
put_line(struct buf *b, const char *indent, const char *name, struct str value)
{
	buf_printf(b, "%s%s: ", indent, name);
	buf_json(b, value);
	buf_char(b, '\n');
}

static void
put_handler(struct buf *b, const struct conf *conf,
	    const struct actions_item *action)
{
	buf_printf(b, "      handler: \"" URL_VARIABLE "%.*s\"\n",
		   STR_FMT(action->path));
	if (!has_secret(conf)) {
		BUF_LIT(b, "      forward_client_headers: true\n");
		return;
	}
	BUF_LIT(b, "      headers:\n");
	put_line(b, "        - ", "name", str_of(conf->action_header));
	put_line(b, "          ", "value_from_env", STR(SECRET_VARIABLE));
}

static void
put_roles(struct buf *b, struct str roles)
{
	if (roles.n)
		BUF_LIT(b, "    permissions:\n");
	while (roles.n)
		put_line(b, "      - ", "role", str_cut(&roles, ' '));
}

static void
put_names(struct buf *b, const char *name, const struct actions_list *list)
{
	buf_printf(b, "  %s:%s\n", name, list->n ? "" : " []");
	for (size_t i = 0; i < list->n; i++)
		put_line(b, "    - ", "name", list->all[i].name);
}

void
actions_print_yaml(struct buf *b, const struct conf *conf,
		   const struct actions *actions)
{
	const struct actions_list *list = &actions->of[ACTIONS_ACTION];

	buf_printf(b, "actions:%s\n", list->n ? "" : " []");
	for (size_t i = 0; i < list->n; i++) {
		const struct actions_item *action = &list->all[i];

		put_line(b, "  - ", "name", action->name);
		BUF_LIT(b, "    definition:\n");
		put_line(b, "      ", "kind",
			 action->query ? STR("") : STR("synchronous"));
		put_handler(b, conf, action);
		put_roles(b, action->roles);
		if (action->comment.n)
			put_line(b, "    ", "comment", action->comment);
	}
	BUF_LIT(b, "custom_types:\n");
	put_names(b, "enums", &actions->of[ACTIONS_ENUM]);
	put_names(b, "input_objects", &actions->of[ACTIONS_INPUT]);
	put_names(b, "objects", &actions->of[ACTIONS_OBJECT]);
	BUF_LIT(b, "  scalars: []\n");
}

/* ---- JSON ---- */

/* The first member of an object has no comma before it. */
static void
put_member(struct buf *b, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_put(b, b->n && b->p[b->n - 1] == '{' ? STR("\"") : STR(",\""));
	buf_printf(b, "%s\":", name);
	buf_json(b, value);
}

static void
put_parts(struct buf *b, const char *name, const struct actions_item *item)
{
	const char *key = strcmp(name, "values") == 0 ? "value" : "name";

	buf_printf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < item->nparts; i++) {
		const struct actions_part *part = &item->parts[i];

		buf_put(b, i ? STR(",{") : STR("{"));
		put_member(b, key, part->name);
		put_member(b, "type", part->type);
		put_member(b, "description", part->comment);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void
put_json_types(struct buf *b, const struct actions *actions)
{
	static const struct {
		enum actions_what what;
		const char *name, *parts;
	} kinds[] = {
		{ACTIONS_ENUM,   "enums",		"values"},
		{ACTIONS_INPUT,	"input_objects", "fields"},
		{ACTIONS_OBJECT, "objects",	    "fields"},
	};

	BUF_LIT(b, "{\"type\":\"set_custom_types\",\"args\":{\"scalars\":[]");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct actions_list *list = &actions->of[kinds[i].what];

		buf_printf(b, ",\"%s\":[", kinds[i].name);
		for (size_t j = 0; j < list->n; j++) {
			buf_put(b, j ? STR(",{") : STR("{"));
			put_member(b, "name", list->all[j].name);
			put_member(b, "description", list->all[j].comment);
			put_parts(b, kinds[i].parts, &list->all[j]);
			buf_char(b, '}');
		}
		buf_char(b, ']');
	}
	BUF_LIT(b, "}}");
}

static void
put_json_action(struct buf *b, const struct conf *conf,
		const struct actions_item *action)
{
	BUF_LIT(b, ",\n{\"type\":\"create_action\",\"args\":{");
	put_member(b, "name", action->name);
	put_member(b, "comment", action->comment);
	BUF_LIT(b, ",\"definition\":{");
	put_member(b, "type", action->query ? STR("query") : STR("mutation"));
	if (!action->query)
		put_member(b, "kind", STR("synchronous"));
	put_parts(b, "arguments", action);
	put_member(b, "output_type", action->type);
	buf_printf(b, ",\"handler\":\"" URL_VARIABLE "%.*s\"",
		   STR_FMT(action->path));
	if (has_secret(conf)) {
		BUF_LIT(b, ",\"headers\":[{");
		put_member(b, "name", str_of(conf->action_header));
		put_member(b, "value_from_env", STR(SECRET_VARIABLE));
		BUF_LIT(b, "}]}}}");
	} else {
		BUF_LIT(b, ",\"forward_client_headers\":true}}}");
	}
}

static void
put_json_roles(struct buf *b, const struct actions_item *action)
{
	struct str roles = action->roles;

	while (roles.n) {
		BUF_LIT(b, ",\n{\"type\":\"create_action_permission\","
			   "\"args\":{");
		put_member(b, "action", action->name);
		put_member(b, "role", str_cut(&roles, ' '));
		BUF_LIT(b, "}}");
	}
}

void
actions_print_json(struct buf *b, const struct conf *conf,
		   const struct actions *actions)
{
	const struct actions_list *list = &actions->of[ACTIONS_ACTION];

	BUF_LIT(b, "{\"type\":\"bulk\",\"args\":[\n");
	put_json_types(b, actions);
	for (size_t i = 0; i < list->n; i++) {
		put_json_action(b, conf, &list->all[i]);
		put_json_roles(b, &list->all[i]);
	}
	BUF_LIT(b, "]}\n");
}
