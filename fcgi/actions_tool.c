#include "actions_tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "actions_print.h"

enum {
	TEXT_MAX = 64 * 1024 * 1024,
	SHIPPED_PARTS = 3,
};

/* ---- those of the tutorials ---- */

static const struct shipped_row {
	const char *name, *path, *arguments, *answer, *fields, *comment;
} shipped[] = {
	{
		.name = "Login",
		.path = "/login",
		.arguments = "email String!,password String!",
		.answer = "JsonWebToken",
		.fields = "token String!",
		.comment = "A token for an account.",
	 },
	{
		.name = "Signup",
		.path = "/signup",
		.arguments = "email String!,password String!",
		.answer = "CreateUserOutput",
		.fields = "id Int!,email String!,password String!",
		.comment = "A new account.",
	 },
	{
		.name = "login",
		.path = "/action",
		.arguments = "username String!,password String!",
		.answer = "LoginResponse",
		.fields = "AccessToken String!",
		.comment = "A token for an account.",
	 },
};

#define SHIPPED_TYPES "{CreateUserOutput,JsonWebToken,LoginResponse}"

static bool
has(const struct actions_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->all[i].name, name))
			return true;
	return false;
}

static int
by_name(const void *a, const void *b)
{
	const struct actions_item *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

/* From "name type,name type". */
static void
put_parts(struct arena *a, struct actions_item *item, const char *text)
{
	struct str rest = str_of(text);

	item->parts = ARENA_ARRAY(a, struct actions_part, SHIPPED_PARTS);
	while (rest.n) {
		struct str type = str_cut(&rest, ',');
		struct str name = str_cut(&type, ' ');

		item->parts[item->nparts++] =
			(struct actions_part){.name = name, .type = type};
	}
}

/* Who calls them has no token yet, or no longer. */
static void
add_shipped(struct arena *a, struct actions *actions)
{
	struct actions_list *list = &actions->of[ACTIONS_ACTION];
	struct actions_list *types = &actions->of[ACTIONS_OBJECT];

	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		const struct shipped_row *row = &shipped[i];
		struct actions_item action = {
			.name = str_of(row->name),
			.path = str_of(row->path),
			.type = str_of(row->answer),
			.comment = str_of(row->comment),
			.roles = STR("anonymous user"),
		};
		struct actions_item type = {.name = action.type};

		if (has(list, action.name))
			continue;
		put_parts(a, &action, row->arguments);
		put_parts(a, &type, row->fields);
		list->all[list->n++] = action;
		types->all[types->n++] = type;
	}
	qsort(list->all, list->n, sizeof(*list->all), by_name);
	qsort(types->all, types->n, sizeof(*types->all), by_name);
}

/* ---- the command ---- */

static void
print_both(struct buf *b, const struct conf *conf,
	   const struct actions *actions)
{
	BUF_LIT(b, "# actions.graphql\n\n");
	actions_print_graphql(b, conf, actions);
	BUF_LIT(b, "\n# actions.yaml\n\n");
	actions_print_yaml(b, conf, actions);
}

/* The first two by fewer words. */
static const struct form_row {
	const char *name;
	void (*print)(struct buf *b, const struct conf *conf,
		      const struct actions *actions);
} forms[] = {
	{"",	     actions_print_list   },
	    {"",	 print_both	   },
	{"graphql", actions_print_graphql},
	    {"yaml",    actions_print_yaml   },
	{"json",	 actions_print_json   },
};

/* NULL when it is none of the questions. */
static const struct form_row *
read_question(int argc, char **argv)
{
	if (argc == 0)
		return &forms[0];
	if (argc > 2 || strcmp(argv[0], "--codegen") != 0)
		return NULL;
	if (argc == 1)
		return &forms[1];
	for (size_t i = 2; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].name, argv[1]) == 0)
			return &forms[i];
	return NULL;
}

static void
say_left_out(const struct actions_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		fprintf(stderr, "postern: left out: %.*s\n",
			STR_FMT(list->all[i].name));
}

static bool
print(const struct conf *conf, const struct actions *actions,
      const struct form_row *form)
{
	struct buf b = buf_new(TEXT_MAX);
	bool good;

	form->print(&b, conf, actions);
	good = !b.broken && fwrite(b.p, 1, b.n, stdout) == b.n &&
	       fflush(stdout) == 0;
	if (!good)
		fprintf(stderr, "postern: the actions cannot be written\n");
	buf_free(&b);
	return good;
}

int
actions_tool_run(const struct conf *conf, int argc, char **argv)
{
	const struct form_row *form = read_question(argc, argv);
	struct actions actions;
	struct arena *a;
	struct desk *d;
	struct err *e;
	bool good = false;

	if (!form) {
		fprintf(stderr, "postern: say actions, or actions --codegen "
				"[graphql|yaml|json]\n");
		return EXIT_FAILURE;
	}
	a = arena_new(64 * 1024);
	d = desk_open(conf, NULL);
	e = actions_read(d, a, SHIPPED_TYPES, &actions);
	if (e) {
		fprintf(stderr, "postern: %.*s\n", STR_FMT(e->cause));
	} else {
		add_shipped(a, &actions);
		say_left_out(&actions.of[ACTIONS_LEFT_OUT]);
		good = print(conf, &actions, form);
	}
	arena_free(a);
	desk_close(d);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
