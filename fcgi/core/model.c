#include "core/model.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "core/json.h"
#include "core/type.h"

/* What reading needs to hand around. */
struct reader {
	struct arena *arena; /* the model's */
	struct model *model;
};

static struct str
copy_str(struct reader *r, json_object *o)
{
	if (!o || !json_object_is_type(o, json_type_string))
		return STR("");
	return arena_str(r->arena, json_str(o));
}

static struct str
member(struct reader *r, json_object *o, const char *name)
{
	return copy_str(r, json_get(o, name));
}

static size_t
length(json_object *list)
{
	if (!json_object_is_type(list, json_type_array))
		return 0;
	return json_object_array_length(list);
}

static uint32_t
role_set(struct reader *r, json_object *names)
{
	uint32_t set = 0;

	for (size_t i = 0; i < length(names); i++)
		set |= model_role(r->model, json_str(json_object_array_get_idx(
						    names, i)));
	return set;
}

static struct grants
read_grants(struct reader *r, json_object *o)
{
	return (struct grants){
		.select = role_set(r, json_get(o, "select")),
		.insert = role_set(r, json_get(o, "insert")),
		.update = role_set(r, json_get(o, "update")),
		.delete = role_set(r, json_get(o, "delete")),
	};
}

static struct str *
read_texts(struct reader *r, json_object *list, size_t *ret_n)
{
	size_t n = length(list);
	struct str *texts = ARENA_ARRAY(r->arena, struct str, n);

	for (size_t i = 0; i < n; i++)
		texts[i] = copy_str(r, json_object_array_get_idx(list, i));
	*ret_n = n;
	return texts;
}

/* Only a column that Postgres always fills itself is closed to writers. */
static bool
is_generated(struct str how)
{
	return str_eq(how, STR("always")) ||
	       str_eq(how, STR("identity always"));
}

/* A tag without a value is true. */
static struct str
read_reason(struct reader *r, json_object *tag)
{
	if (json_object_is_type(tag, json_type_boolean))
		return STR("No longer supported");
	return copy_str(r, tag);
}

static void
read_column(struct reader *r, struct column *c, json_object *o)
{
	json_object *tags = json_get(o, "tags");
	struct str generated = member(r, o, "generated");

	c->name = member(r, o, "name");
	c->sql_type = member(r, o, "sql_type");
	c->free_type = member(r, o, "domain_of");
	if (c->free_type.n == 0)
		c->free_type = c->sql_type;
	c->comment = member(r, o, "comment");
	c->scalar = member(r, tags, "graphql");
	c->example = member(r, tags, "example");
	c->deprecated = read_reason(r, json_get(tags, "deprecated"));
	c->labels = read_texts(r, json_get(o, "enum"), &c->nlabels);
	c->choices = read_texts(r, json_get(o, "choices"), &c->nchoices);
	c->base = member(r, o, "base");
	c->type = type_find(c->base,
			    json_object_get_boolean(json_get(o, "array")),
			    c->nlabels > 0);
	c->element = type_find(c->base, false, c->nlabels > 0);
	c->max_length =
		(size_t)json_object_get_int64(json_get(o, "max_length"));
	c->cut_off = c->max_length &&
		     str_starts(member(r, o, "type"), STR("character"));
	c->nullable = json_object_get_boolean(json_get(o, "nullable"));
	c->has_default = json_get(o, "default") || generated.n;
	c->generated = is_generated(generated);
	c->hidden = json_has(tags, "hidden");
	c->required = json_has(tags, "required");
	c->grants = read_grants(r, json_get(o, "grants"));
}

static struct column *
find_column(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (str_eq(t->columns[i].name, name))
			return &t->columns[i];
	return NULL;
}

/* Names to columns; NULL when one of them is not there. */
static struct column **
find_columns(struct reader *r, const struct table *t, json_object *names)
{
	size_t n = length(names);
	struct column **columns = ARENA_ARRAY(r->arena, struct column *, n);

	for (size_t i = 0; i < n; i++) {
		json_object *name = json_object_array_get_idx(names, i);

		columns[i] = find_column(t, json_str(name));
		if (!columns[i])
			return NULL;
	}
	return columns;
}

static bool
read_constraint(struct reader *r, const struct table *t, struct constraint *c,
		json_object *o)
{
	json_object *names = json_get(o, "columns");

	c->name = member(r, o, "name");
	c->message = member(r, o, "message");
	c->expression = member(r, o, "expression");
	c->n = length(names);
	c->columns = find_columns(r, t, names);
	return c->n > 0 && c->columns != NULL;
}

static struct constraint *
read_constraints(struct reader *r, const struct table *t, json_object *list,
		 size_t *ret_n)
{
	struct constraint *cs =
		ARENA_ARRAY(r->arena, struct constraint, length(list));
	size_t n = 0;

	for (size_t i = 0; i < length(list); i++)
		if (read_constraint(r, t, &cs[n],
				    json_object_array_get_idx(list, i)))
			n++;
	*ret_n = n;
	return cs;
}

static enum relkind
read_kind(struct str kind)
{
	static const struct {
		struct str name;
		enum relkind kind;
	} rows[] = {
		{{"partitioned", 11},  REL_PARTITIONED },
		{{"view", 4},	      REL_VIEW	      },
		{{"materialized", 12}, REL_MATERIALIZED},
		{{"foreign", 7},	 REL_FOREIGN	    },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq(rows[i].name, kind))
			return rows[i].kind;
	return REL_TABLE;
}

static void
read_columns(struct reader *r, struct table *t, json_object *list)
{
	t->ncolumns = length(list);
	t->columns = ARENA_ARRAY(r->arena, struct column, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++) {
		t->columns[i].index = i;
		read_column(r, &t->columns[i],
			    json_object_array_get_idx(list, i));
	}
}

static void
read_primary(struct reader *r, struct table *t, json_object *o)
{
	struct constraint *primary = ARENA_NEW(r->arena, struct constraint);

	if (o && read_constraint(r, t, primary, o) && primary->n > 0)
		t->primary = primary;
}

static bool
is_text_key(const struct constraint *c)
{
	return c->n == 1 && c->columns[0]->type->kind == TYPE_TEXT &&
	       !c->columns[0]->nullable && !c->columns[0]->hidden;
}

/*
 * The tutorial's key: the first unique, not null text column; the primary
 * key, if it is one, only where there is no other.
 */
static struct column *
text_key(const struct table *t)
{
	for (size_t i = 0; i < t->nuniques; i++)
		if (is_text_key(&t->uniques[i]))
			return t->uniques[i].columns[0];
	if (t->primary && is_text_key(t->primary))
		return t->primary->columns[0];
	return NULL;
}

static void
read_dependencies(struct reader *r, struct table *t, json_object *list)
{
	t->ndependencies = length(list);
	t->dependencies =
		ARENA_ARRAY(r->arena, struct dependency, t->ndependencies);
	for (size_t i = 0; i < t->ndependencies; i++) {
		json_object *o = json_object_array_get_idx(list, i);

		t->dependencies[i] = (struct dependency){
			.method = member(r, o, "method"),
			.view = member(r, o, "view"),
			.function = member(r, o, "function"),
		};
	}
}

static void
read_table(struct reader *r, struct table *t, json_object *o)
{
	t->schema = member(r, o, "schema");
	t->name = member(r, o, "name");
	t->type = member(r, o, "type");
	t->comment = member(r, o, "comment");
	t->kind = read_kind(member(r, o, "kind"));
	t->versioned = json_object_get_boolean(json_get(o, "versioned"));
	t->guarded = json_object_get_boolean(json_get(o, "guarded"));
	read_columns(r, t, json_get(o, "columns"));
	read_primary(r, t, json_get(o, "primary_key"));
	t->uniques =
		read_constraints(r, t, json_get(o, "unique"), &t->nuniques);
	t->checks = read_constraints(r, t, json_get(o, "checks"), &t->nchecks);
	t->grants = read_grants(r, json_get(o, "grants"));
	read_dependencies(r, t, json_get(o, "dependencies"));
	t->key = text_key(t);
}

/* host_id is called host; a column of another name, or several, the key. */
static struct str
link_name(struct reader *r, const struct fkey *f)
{
	struct str name = f->columns[0]->name;

	if (f->n == 1 && name.n > 3 && str_ends(name, STR("_id")))
		return arena_str(r->arena, str_sub(name, 0, name.n - 3));
	return f->n == 1 ? name : f->name;
}

static struct table *
find_table(const struct model *m, struct str schema, struct str name)
{
	for (size_t i = 0; i < m->ntables; i++)
		if (str_eq(m->tables[i].name, name) &&
		    str_eq(m->tables[i].schema, schema))
			return &m->tables[i];
	return NULL;
}

static bool
read_fkey(struct reader *r, struct table *t, struct fkey *f, json_object *o)
{
	json_object *columns = json_get(o, "columns");
	json_object *references = json_get(o, "references");

	f->name = member(r, o, "name");
	f->message = member(r, o, "message");
	f->from = t;
	f->to = find_table(r->model, member(r, o, "schema"),
			   member(r, o, "table"));
	f->n = length(columns);
	f->columns = find_columns(r, t, columns);
	if (!f->to || !f->columns || f->n == 0)
		return false;
	f->references = find_columns(r, f->to, references);
	if (!f->references || length(references) != f->n)
		return false;
	f->link = link_name(r, f);
	if (f->n == 1 && !f->columns[0]->link)
		f->columns[0]->link = f;
	return true;
}

static void
read_fkeys(struct reader *r, struct table *t, json_object *list)
{
	t->fkeys = ARENA_ARRAY(r->arena, struct fkey, length(list));
	for (size_t i = 0; i < length(list); i++)
		if (read_fkey(r, t, &t->fkeys[t->nfkeys],
			      json_object_array_get_idx(list, i)))
			t->nfkeys++;
}

/* Turn the foreign keys round, once all tables have theirs. */
static void
read_referrers(struct reader *r, struct table *t)
{
	const struct model *m = r->model;
	size_t n = 0;

	for (size_t i = 0; i < m->ntables; i++)
		for (size_t k = 0; k < m->tables[i].nfkeys; k++)
			n += m->tables[i].fkeys[k].to == t;
	t->referrers = ARENA_ARRAY(r->arena, struct fkey *, n);
	for (size_t i = 0; i < m->ntables; i++)
		for (size_t k = 0; k < m->tables[i].nfkeys; k++)
			if (m->tables[i].fkeys[k].to == t)
				t->referrers[t->nreferrers++] =
					&m->tables[i].fkeys[k];
}

static bool
is_for(struct reader *r, const struct table *t, json_object *o)
{
	return str_eq(member(r, o, "table"), t->name) &&
	       str_eq(member(r, o, "schema"), t->schema);
}

static void
read_message(struct reader *r, struct message *m, json_object *o)
{
	json_object *detail = json_get(o, "detail");
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

	m->method = member(r, o, "method");
	m->situation = member(r, o, "situation");
	m->status = json_object_get_int(json_get(o, "status"));
	m->strict_status = json_object_get_int(json_get(o, "strict_status"));
	m->detail = arena_str(r->arena, str_of(json_object_to_json_string_ext(
						detail, flags)));
}

static void
read_messages(struct reader *r, struct table *t, json_object *list)
{
	t->messages = ARENA_ARRAY(r->arena, struct message, length(list));
	for (size_t i = 0; i < length(list); i++) {
		json_object *o = json_object_array_get_idx(list, i);

		if (is_for(r, t, o))
			read_message(r, &t->messages[t->nmessages++], o);
	}
}

static void
read_tables(struct reader *r, json_object *root)
{
	json_object *list = json_get(root, "tables");
	struct model *m = r->model;

	m->ntables = length(list);
	m->tables = ARENA_ARRAY(r->arena, struct table, m->ntables);
	for (size_t i = 0; i < m->ntables; i++)
		read_table(r, &m->tables[i],
			   json_object_array_get_idx(list, i));
	for (size_t i = 0; i < m->ntables; i++)
		read_fkeys(r, &m->tables[i],
			   json_get(json_object_array_get_idx(list, i),
				    "foreign_keys"));
	for (size_t i = 0; i < m->ntables; i++) {
		read_referrers(r, &m->tables[i]);
		read_messages(r, &m->tables[i], json_get(root, "messages"));
	}
}

static void
read_roles(struct reader *r, json_object *list)
{
	struct model *m = r->model;

	m->nroles = length(list);
	if (m->nroles > MODEL_ROLES_MAX)
		m->nroles = MODEL_ROLES_MAX;
	m->roles = ARENA_ARRAY(r->arena, struct str, m->nroles);
	for (size_t i = 0; i < m->nroles; i++)
		m->roles[i] = copy_str(r, json_object_array_get_idx(list, i));
}

static json_object *
parse(struct str text)
{
	json_tokener *tokener = json_tokener_new_ex(64);
	json_object *root = json_tokener_parse_ex(tokener, text.p, (int)text.n);

	json_tokener_free(tokener);
	return root;
}

struct err *
model_read(struct arena *a, struct str json, struct model **ret)
{
	json_object *root = json.n < INT32_MAX ? parse(json) : NULL;
	struct arena *own;
	struct reader r;

	if (!json_object_is_type(root, json_type_object) ||
	    !json_object_is_type(json_get(root, "tables"), json_type_array)) {
		json_object_put(root);
		return err_internal(a, ERR_INTERNAL,
				    "postern.model() gave no model");
	}
	own = arena_new(64 * 1024);
	r = (struct reader){own, ARENA_NEW(own, struct model)};
	r.model->arena = own;
	r.model->refs = 1;
	r.model->version = member(&r, root, "version");
	r.model->text = arena_str(own, json);
	r.model->comment = member(&r, root, "comment");
	read_roles(&r, json_get(root, "roles"));
	read_tables(&r, root);
	json_object_put(root);
	*ret = r.model;
	return NULL;
}

struct model *
model_hold(struct model *m)
{
	m->refs++;
	return m;
}

void
model_drop(struct model *m)
{
	if (!m || --m->refs > 0)
		return;
	for (size_t i = 0; i < MODEL_EXTRAS_MAX && m->extras[i].drop; i++)
		if (m->extras[i].p)
			m->extras[i].drop(m->extras[i].p);
	arena_free(m->arena);
}

void **
model_extra(struct model *m, void (*drop)(void *p))
{
	size_t i = 0;

	while (m->extras[i].drop && m->extras[i].drop != drop)
		if (++i == MODEL_EXTRAS_MAX)
			abort();
	m->extras[i].drop = drop;
	return &m->extras[i].p;
}

const struct table *
model_table(const struct model *m, struct str name)
{
	return find_table(m, STR("api"), name);
}

uint32_t
model_role(const struct model *m, struct str name)
{
	for (size_t i = 0; i < m->nroles; i++)
		if (str_eq(m->roles[i], name))
			return 1u << i;
	return 0;
}

const struct column *
table_column(const struct table *t, struct str name)
{
	return find_column(t, name);
}

bool
table_is_stored(const struct table *t)
{
	return t->kind == REL_TABLE || t->kind == REL_PARTITIONED;
}

const struct message *
table_message(const struct table *t, struct str method, struct str situation)
{
	for (size_t i = 0; i < t->nmessages; i++)
		if (str_eq(t->messages[i].method, method) &&
		    str_eq(t->messages[i].situation, situation))
			return &t->messages[i];
	return NULL;
}

static const struct constraint *
named(const struct constraint *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].name, name))
			return &list[i];
	return NULL;
}

static const struct fkey *
named_key(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->nfkeys; i++)
		if (str_eq(t->fkeys[i].name, name))
			return &t->fkeys[i];
	return NULL;
}

static const struct fkey *
named_referrer(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->nreferrers; i++)
		if (str_eq(t->referrers[i]->name, name))
			return t->referrers[i];
	return NULL;
}

bool
table_violation(const struct table *t, struct str constraint,
		struct violation *ret)
{
	*ret = (struct violation){0};
	if (constraint.n == 0) /* the key of a view has no name */
		return false;
	ret->unique = named(t->uniques, t->nuniques, constraint);
	if (!ret->unique && t->primary)
		ret->unique = named(t->primary, 1, constraint);
	ret->check = named(t->checks, t->nchecks, constraint);
	ret->own = named_key(t, constraint);
	ret->foreign = named_referrer(t, constraint);
	return ret->unique || ret->check || ret->own || ret->foreign;
}
