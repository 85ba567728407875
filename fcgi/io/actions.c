#include "io/actions.h"

static const char *const words[] = {
	[ACTIONS_ACTION] = "action",	 [ACTIONS_ENUM] = "enum",
	[ACTIONS_INPUT] = "input",	 [ACTIONS_OBJECT] = "object",
	[ACTIONS_LEFT_OUT] = "left out",
};

/* ACTIONS_WHATS: a part of the item above it. */
static enum actions_what
what_at(const struct pg_result *res, int row)
{
	struct str word = desk_value(res, row, "what");
	int i = 0;

	while (i < ACTIONS_WHATS && !str_eq(word, str_of(words[i])))
		i++;
	return (enum actions_what)i;
}

static struct actions_item
item_at(struct arena *a, const struct pg_result *res, int row)
{
	struct str name = desk_value(res, row, "name");

	return (struct actions_item){
		.name = name,
		.comment = desk_value(res, row, "comment"),
		.type = desk_value(res, row, "type"),
		.roles = desk_value(res, row, "roles"),
		.path = arena_printf(a, "/actions/%.*s", STR_FMT(name)),
		.query = str_eq(desk_value(res, row, "query"), STR("t")),
	};
}

static void
add_part(struct actions_item *item, struct actions_part *room,
	 const struct pg_result *res, int row)
{
	if (item->nparts == 0)
		item->parts = room;
	item->nparts++;
	*room = (struct actions_part){
		.name = desk_value(res, row, "name"),
		.type = desk_value(res, row, "type"),
		.comment = desk_value(res, row, "comment"),
	};
}

static void
read_rows(struct arena *a, const struct pg_result *res, struct actions *ret)
{
	int n = desk_rows(res);
	struct actions_part *parts =
		ARENA_ARRAY(a, struct actions_part, (size_t)n + 1);
	struct actions_item *last = NULL;

	for (int i = 0; i < n; i++) {
		enum actions_what what = what_at(res, i);

		if (what < ACTIONS_WHATS) {
			struct actions_list *list = &ret->of[what];

			last = &list->all[list->n++];
			*last = item_at(a, res, i);
		} else if (last) {
			add_part(last, &parts[i], res, i);
		}
	}
}

struct err *
actions_read(struct desk *d, struct arena *a, const char *taken,
	     struct actions *ret)
{
	struct desk_query q = {
		"select * from postern.action_types($1)", {taken}, 1};
	struct pg_result *res;
	size_t room;

	TRY(desk_ask(d, a, &q, &res));
	room = (size_t)desk_rows(res) + ACTIONS_ROOM;
	for (int i = 0; i < ACTIONS_WHATS; i++) {
		ret->of[i].all = ARENA_ARRAY(a, struct actions_item, room);
		ret->of[i].n = 0;
	}
	read_rows(a, res, ret);
	return NULL;
}
