/*
 * The default schema over t/unit/standard.json: the seed's tables, and those
 * whose names, keys and grants make trouble.
 */
#include "api/graphql/standard.h"

#include "ask.h"
#include "tap.h"

static struct arena *arena;
static struct model *model;
static struct conf conf = {.graphql_scalars = "", .graphql_prefix = ""};
static struct schema *visitor, *admin;

static struct model *
read_model(const char *path)
{
	struct str text = ask_file(path);
	struct model *m = NULL;

	if (model_read(arena, text, &m)) {
		printf("Bail out! %s is no model\n", path);
		exit(EXIT_FAILURE);
	}
	free((void *)(uintptr_t)text.p);
	return m;
}

static struct schema *
schema_of(const struct model *m, const char *role)
{
	return standard_schema(arena, &conf, m, model_role(m, str_of(role)));
}

static const struct schema_type *
type(const struct schema *s, const char *name)
{
	const struct schema_type *t = schema_type(s, str_of(name));

	if (!t) {
		printf("Bail out! no type %s\n", name);
		exit(EXIT_FAILURE);
	}
	return t;
}

static const struct schema_field *
field(const struct schema *s, const char *on, const char *name)
{
	const struct schema_field *f =
		schema_field(s, type(s, on), str_of(name));

	if (!f) {
		printf("Bail out! no field %s.%s\n", on, name);
		exit(EXIT_FAILURE);
	}
	return f;
}

static const struct schema_input *
member(const struct schema *s, const char *on, const char *name)
{
	const struct schema_input *in =
		schema_member(type(s, on), str_of(name));

	if (!in) {
		printf("Bail out! no member %s.%s\n", on, name);
		exit(EXIT_FAILURE);
	}
	return in;
}

/* ---- a type on one line ---- */

static void
put_inputs(struct buf *b, const struct schema_input *inputs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ' ');
		buf_put(b, inputs[i].name);
		buf_char(b, ':');
		schema_print_ref(b, inputs[i].type);
		if (inputs[i].fallback.n)
			buf_printf(b, "=%.*s", STR_FMT(inputs[i].fallback));
	}
}

/* A list's five arguments are "(..)". */
static void
put_field(struct buf *b, const struct schema_field *f)
{
	buf_put(b, f->name);
	if (f->nargs == 5)
		BUF_LIT(b, "(..)");
	else if (f->nargs) {
		buf_char(b, '(');
		put_inputs(b, f->args, f->nargs);
		buf_char(b, ')');
	}
	buf_char(b, ':');
	schema_print_ref(b, f->type);
}

static void
put_values(struct buf *b, const struct schema_type *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_printf(b, "%s%.*s", i ? " " : "",
			   STR_FMT(t->values[i].name));
}

static struct str
line(const struct schema_type *t)
{
	struct buf b = buf_new(1 << 20);
	struct str s;

	if (t->kind == KIND_INPUT)
		put_inputs(&b, t->inputs, t->n);
	else if (t->kind == KIND_ENUM)
		put_values(&b, t);
	for (size_t i = 0; t->kind == KIND_OBJECT && i < t->n; i++) {
		if (i)
			buf_char(&b, ' ');
		put_field(&b, &t->fields[i]);
	}
	s = arena_str(arena, buf_str(&b));
	buf_free(&b);
	return s;
}

/* The type says just that. */
static void
says(const struct schema *s, const char *name, const char *expected)
{
	is(line(type(s, name)), str_of(expected), name);
}

static void
lacks(const struct schema *s, const char *name)
{
	ok(!schema_type(s, str_of(name)), "there is no %s", name);
}

/* The field of a root is just that. */
static void
offers(const struct schema_type *root, const char *name, const char *expected)
{
	const struct schema_field *f =
		schema_field(visitor, root, str_of(name));
	struct buf b = buf_new(4096);

	if (f)
		put_field(&b, f);
	is(arena_str(arena, buf_str(&b)), str_of(expected), name);
	buf_free(&b);
}

/* ---- the seed ---- */

static void
test_roots(void)
{
	const struct schema_type *query = visitor->query;
	const struct schema_type *mutation = visitor->mutation;

	is(query->name, STR("QueryRoot"), "queries have their root");
	is(mutation->name, STR("MutationRoot"), "so have mutations");
	offers(query, "hello", "hello:String!");
	offers(query, "ArtistByPk", "ArtistByPk(pk:ID!):Artist");
	offers(query, "ArtistsMany", "ArtistsMany(..):[Artist!]");
	offers(query, "ArtistsAggregate",
	       "ArtistsAggregate(..):[ArtistAggregateResult]");
	offers(query, "SettingsMany", "SettingsMany(..):[Settings!]");
	offers(mutation, "insertLabel",
	       "insertLabel(tag:String data:LabelInput!):InsertLabel");
	offers(mutation, "updateLabel",
	       "updateLabel(pk:ID! tag:String data:LabelUpdateInput!)"
	       ":UpdateLabel");
	offers(mutation, "deleteLabel", "deleteLabel(pk:ID!):DeleteLabel");
	offers(query, "ChartEntryByPk",
	       "ChartEntryByPk(pk:ChartEntryPKInputType!):ChartEntry");
	offers(mutation, "insertLone", "insertLone(tag:String):InsertLone");
	is(field(visitor, "QueryRoot", "hello")->text, STR("\"Hello World\""),
	   "a greeting is known already");
}

static void
test_objects(void)
{
	says(visitor, "Label",
	     "id:ID! name:String! establishedYear:Int! active:Boolean! "
	     "artists(..):[Artist] memberships(..):[Membership]");
	says(visitor, "Artist",
	     "id:ID! name:String! labelId:ID mentorId:ID country:String "
	     "label:Label mentor:Artist albums(..):[Album] "
	     "artists(..):[Artist] artistProfile:ArtistProfile "
	     "artistTags(..):[ArtistTag] awards(..):[Award] "
	     "duetsByLeadArtist(..):[Duet] duetsByGuestArtist(..):[Duet] "
	     "tags(..):[Tag]");
	says(visitor, "ArtistTag",
	     "artistId:ID! tagId:ID! artist:Artist! tag:Tag!");
	says(visitor, "Tag",
	     "id:ID! name:String! artistTags(..):[ArtistTag] "
	     "artists(..):[Artist]");
	says(visitor, "ChartEntry",
	     "week:Date! place:ID! songId:ID! note:String song:Song!");
	says(visitor, "Line",
	     "orderId:ID! no:ID! note:String order:Order! parts(..):[Part]");
	says(visitor, "InsertArtist",
	     "success:Boolean pksToTags:[TagPrimaryKeyMutationMap] "
	     "validationErrors:GenericScalar result:Artist");
	says(visitor, "DeleteArtist", "success:Boolean");
	says(visitor, "TagPrimaryKeyMutationMap",
	     "tag:String pk:String type:String");
	is(type(visitor, "Artist")->description,
	   STR("Somebody who makes music."),
	   "a table's comment describes its type");
	is(field(visitor, "Label", "establishedYear")->description,
	   STR("The year in which it was founded."),
	   "a column's comment describes its field");
	is(field(visitor, "Artist", "country")->deprecated, STR("It moved."),
	   "a column may be deprecated");
}

static void
test_inputs(void)
{
	says(visitor, "LabelInput",
	     "name:String! establishedYear:Int! active:Boolean "
	     "artists:[NestedItemInsertArtist] "
	     "memberships:[NestedItemInsertMembership]");
	says(visitor, "NestedItemInsertArtist", "tag:String data:ArtistInput!");
	says(visitor, "LabelUpdateInput",
	     "name:String establishedYear:Int active:Boolean "
	     "artists:ArtistListUpdateInput "
	     "memberships:MembershipListUpdateInput");
	says(visitor, "ArtistListUpdateInput",
	     "updateStrategy:UpdateStrategy!=merge "
	     "items:[NestedItemUpdateArtist]!");
	says(visitor, "NestedItemUpdateArtist",
	     "pk:ID tag:String data:ArtistUpdateInput!");
	says(visitor, "UpdateStrategy", "merge replace");
	says(visitor, "AlbumInput",
	     "title:String! releasedDate:Date artistId:ID "
	     "genre:AlbumGenreEnum rating:Float artist:ArtistInput "
	     "songs:[NestedItemInsertSong]");
	says(visitor, "ArtistProfileUpdateInput",
	     "artistId:ID biography:String phone:String "
	     "artist:ArtistUpdateInput");
	says(visitor, "ChartEntryPKInputType", "week:Date! place:ID!");
	says(visitor, "LineInput",
	     "orderId:ID no:ID! note:String order:OrderInput "
	     "parts:[NestedItemInsertPart]");
	says(visitor, "CountryInput", "code:ID! name:String!");
	says(visitor, "CountryUpdateInput", "code:ID name:String");
	says(visitor, "SongInput",
	     "title:String! albumId:ID seconds:Int mood:SongMoodEnum "
	     "explicit:Boolean plays:BigInt moods:[SongMoodsEnum] "
	     "album:AlbumInput chartEntries:[NestedItemInsertChartEntry] "
	     "hearings:[NestedItemInsertHearing] "
	     "likes:[NestedItemInsertLike]");
	ok(member(visitor, "ArtistInput", "country")->deprecated.n,
	   "what may be left out may be deprecated");
}

/* An object without members is none that GraphQL knows. */
static void
test_no_members(void)
{
	says(visitor, "CounterInput", "ticks:[NestedItemInsertTick]");
	lacks(visitor, "LoneInput");
	lacks(visitor, "LoneUpdateInput");
	lacks(visitor, "OrdersInput");
	lacks(visitor, "Empty");
	lacks(visitor, "Dropped");
	lacks(visitor, "InsertDropped");
	lacks(visitor, "EmptysMany");
	says(visitor, "Lone", "id:ID! sum:Int");
	says(visitor, "DeleteLone", "success:Boolean");
}

/* ---- what members mean ---- */

static void
test_where(void)
{
	const struct schema_input *artist =
		member(visitor, "WhereAlbum", "artist");

	says(visitor, "WhereArtistProfile",
	     "id:WherePredicateID artistId:WherePredicateID "
	     "biography:WherePredicateString artist:WhereArtist "
	     "_and:[WhereArtistProfile] _or:[WhereArtistProfile] "
	     "_not:WhereArtistProfile");
	says(visitor, "WherePredicateString",
	     "_eq:String _neq:String _gt:String _gte:String _lt:String "
	     "_lte:String _in:[String] _nin:[String] _is_null:Boolean "
	     "_like:String _ilike:String");
	says(visitor, "WherePredicateAlbumGenreEnum",
	     "_eq:AlbumGenreEnum _neq:AlbumGenreEnum _in:[AlbumGenreEnum] "
	     "_nin:[AlbumGenreEnum] _is_null:Boolean");
	says(visitor, "WherePredicateSongMoodsEnumList",
	     "_eq:[SongMoodsEnum] _neq:[SongMoodsEnum] _is_null:Boolean");
	ok(artist->meaning == INPUT_IS_RELATION && !artist->relation.reverse &&
		   artist->relation.fkey->to ==
			   model_table(model, STR("artist")),
	   "a way leads to another table");
	ok(member(visitor, "WhereArtist", "albums")->relation.reverse,
	   "... or comes from there");
	ok(member(visitor, "WhereAlbum", "artistId")->meaning ==
			   INPUT_IS_COLUMN &&
		   member(visitor, "WhereAlbum", "artistId")->column->link,
	   "its key is a column");
	ok(!schema_member(type(visitor, "WhereArtist"), STR("tags")),
	   "nothing is found through a table that links");
}

static void
test_operators(void)
{
	static const struct {
		const char *name;
		enum plan_cmp cmp;
	} rows[] = {
		{"_eq",	CMP_EQ     },
		   {"_neq",	    CMP_NEQ	   },
		{"_gt",	CMP_GT     },
		   {"_gte",	    CMP_GTE	   },
		{"_lt",	CMP_LT     },
		   {"_lte",	    CMP_LTE	   },
		{"_in",	CMP_IN     },
		   {"_nin",	    CMP_NOT_IN },
		{"_is_null", CMP_IS_NULL},
		   {"_like",    CMP_HAS    },
		{"_ilike",   CMP_IHAS   },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schema_input *in =
			member(visitor, "WherePredicateInt", rows[i].name);

		ok(in->meaning == INPUT_IS_TEST && in->cmp == rows[i].cmp,
		   "%s has its meaning", rows[i].name);
	}
}

static void
test_order(void)
{
	says(visitor, "OrderByTag", "id:SortDirection name:SortDirection");
	says(visitor, "SortDirection", "asc desc");
	ok(type(visitor, "OrderByTag")->one_of, "one column at a time");
}

static void
test_meanings(void)
{
	const struct schema_field *f = field(visitor, "Artist", "tags");

	ok(f->meaning == FIELD_IS_TO_MANY && f->relation.reverse && f->via &&
		   f->via->to == model_table(model, STR("tag")) &&
		   f->relation.fkey->from == f->via->from,
	   "through a table that links");
	f = field(visitor, "Artist", "artistProfile");
	ok(f->meaning == FIELD_IS_TO_SINGLE && f->relation.reverse && !f->via,
	   "from the other end, where it is unique");
	f = field(visitor, "Artist", "label");
	ok(f->meaning == FIELD_IS_TO_ONE && !f->relation.reverse, "to one");
	f = field(visitor, "MutationRoot", "updateChartEntry");
	ok(f->meaning == FIELD_IS_UPDATE &&
		   f->table == model_table(model, STR("chart_entry")) &&
		   f->args[0].meaning == INPUT_IS_PK && !f->args[0].column &&
		   f->args[2].meaning == INPUT_IS_DATA,
	   "a root field has its table");
	ok(field(visitor, "QueryRoot", "TagByPk")->args[0].column ==
			   &model_table(model, STR("tag"))->columns[0] &&
		   member(visitor, "NestedItemUpdateTag", "pk")->column,
	   "a simple key is its column");
}

/* ---- scalars ---- */

static void
test_scalars(void)
{
	says(visitor, "Thing",
	     "id:ID! b:BigInt n:Float f:Float t:Time d:Date m:DateTime "
	     "z:DateTime j:JSON k:JSON y:Bytes u:UUID p:String i:String "
	     "o:String l:[BigInt] x:String ks:[JSON] js:[JSON] s:String "
	     "w:String v:ID");
	says(visitor, "WhereThing",
	     "id:WherePredicateID b:WherePredicateBigInt n:WherePredicateFloat "
	     "f:WherePredicateFloat t:WherePredicateTime "
	     "d:WherePredicateDate m:WherePredicateDateTime "
	     "z:WherePredicateDateTime j:WherePredicateNull "
	     "k:WherePredicateJSON y:WherePredicateBytes "
	     "u:WherePredicateUUID p:WherePredicateNull "
	     "i:WherePredicateString o:WherePredicateString "
	     "l:WherePredicateBigIntList x:WherePredicateNull "
	     "ks:WherePredicateJSONList js:WherePredicateNull "
	     "s:WherePredicateString w:WherePredicateString "
	     "v:WherePredicateID _and:[WhereThing] _or:[WhereThing] "
	     "_not:WhereThing");
	says(visitor, "WherePredicateNull", "_is_null:Boolean");
	says(visitor, "WherePredicateJSON",
	     "_eq:JSON _neq:JSON _is_null:Boolean");
	says(visitor, "ThingAggregate_sum", "b:BigInt n:Float f:Float");
	says(visitor, "ThingAggregate_avg", "b:Float n:Float f:Float");
	says(visitor, "ThingAggregate_min",
	     "b:BigInt n:Float f:Float t:Time d:Date m:DateTime z:DateTime "
	     "i:String s:String w:String v:ID");
	ok(type(visitor, "BigInt")->scalar == SCALAR_ID &&
		   type(visitor, "Date")->scalar == SCALAR_TEXT &&
		   type(visitor, "JSON")->scalar == SCALAR_JSON,
	   "scalars are written as they are");
	is(type(visitor, "UUID")->specified_by,
	   STR("https://www.rfc-editor.org/rfc/rfc9562"),
	   "what is written down elsewhere says where");
}

static void
test_settings(void)
{
	struct conf other = {.graphql_scalars =
				     " bigint=String  key=Int text=Int uuid= "
				     "=x numeric=Nothing json=Int",
			     .graphql_prefix = ""};
	struct schema *s = standard_schema(arena, &other, model, 1);

	says(s, "ChartEntry",
	     "week:Date! place:Int! songId:Int! note:String song:Song!");
	is(line(type(s, "ThingAggregate_sum")), STR("n:Float f:Float"),
	   "texts are not summed");
	ok(field(s, "Duet", "id")->type->of == type(s, "ID"),
	   "a scalar that does not fit is not taken");
	ok(field(s, "Thing", "b")->type == type(s, "String") &&
		   field(s, "Thing", "n")->type == type(s, "Float") &&
		   field(s, "Thing", "v")->type == type(s, "ID"),
	   "a setting is about a type, a tag about a column");
}

static void
test_setting(void)
{
	static const char *const good[] = {"", " ", "key=Int",
					   " bigint=String  uuid=ID "};
	static const char *const bad[] = {
		"key",	     "key=",	    "=Int",
		"key=int",   "key=Nothing", "key=Int x",
		"key = Int", "x=Time",	    "x=GenericScalar"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(standard_are_scalars(str_of(good[i])), "'%s' can be set",
		   good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!standard_are_scalars(str_of(bad[i])), "'%s' cannot",
		   bad[i]);
}

/* ---- the prefix ---- */

static bool
is_bare(const struct schema_type *t)
{
	return t->kind == KIND_SCALAR || str_starts(t->name, STR("__")) ||
	       str_ends(t->name, STR("Root"));
}

static struct str
prefixed(const struct schema_type *t)
{
	return is_bare(t) ? t->name
			  : arena_printf(arena, "shop_%.*s", STR_FMT(t->name));
}

/* The same members by the same names, of types that are called otherwise. */
static bool
has_members_of(const struct schema_type *t, const struct schema_type *plain)
{
	bool root = str_ends(t->name, STR("Root"));

	if (t->n != plain->n || t->kind != plain->kind)
		return false;
	for (size_t i = 0; t->kind == KIND_OBJECT && i < t->n; i++) {
		const struct schema_field *x = &plain->fields[i];
		struct str name = root ? arena_printf(arena, "shop_%.*s",
						      STR_FMT(x->name))
				       : x->name;

		if (!str_eq(t->fields[i].name, name) ||
		    !str_eq(schema_named(t->fields[i].type)->name,
			    prefixed(schema_named(x->type))))
			return false;
	}
	for (size_t i = 0; t->kind == KIND_INPUT && i < t->n; i++)
		if (!str_eq(t->inputs[i].name, plain->inputs[i].name) ||
		    !str_eq(schema_named(t->inputs[i].type)->name,
			    prefixed(schema_named(plain->inputs[i].type))))
			return false;
	return t->kind != KIND_ENUM || str_eq(line(t), line(plain));
}

static void
test_prefix(void)
{
	struct conf other = {.graphql_scalars = "", .graphql_prefix = "shop_"};
	struct schema *s = standard_schema(arena, &other, model, 1);
	size_t alike = 0;

	ok(s->ntypes == visitor->ntypes, "a prefix adds no type");
	for (size_t i = 0; i < visitor->ntypes; i++) {
		const struct schema_type *plain = visitor->types[i];
		const struct schema_type *t = schema_type(s, prefixed(plain));

		alike += t && has_members_of(t, plain);
	}
	ok(alike == visitor->ntypes,
	   "types and root fields begin with it, scalars and the roots do not");
	offers(s->query, "shop_hello", "shop_hello:String!");
	offers(s->query, "shop_NodeByPk", "shop_NodeByPk(pk:ID!):shop_Node");
	says(s, "shop_WherePredicateNull", "_is_null:Boolean");
	says(s, "shop_SortDirection", "asc desc");
	says(s, "shop_SongMoodEnum", "upbeat very_sad calm");
	is(type(s, "shop_Node")->fields[0].name, STR("id"),
	   "members are as they were");
}

/* "Query" and "Root": with its prefix a table would be what another type is. */
static void
test_prefix_taken(void)
{
	struct conf other = {.graphql_scalars = "", .graphql_prefix = "Query"};
	struct model *m = read_model("t/unit/standard.json");
	struct schema *s;

	for (size_t i = 0; i < m->ntables; i++)
		if (str_eq(m->tables[i].type, STR("Tick")))
			m->tables[i].type = STR("Root");
	s = standard_schema(arena, &other, m, 1);
	ok(type(s, "QueryRoot") == s->query, "the root is the root");
	ok(field(s, "QueryRoot2", "id"), "... and the table's type another");
	model_drop(m);
}

static void
test_prefixes(void)
{
	static const char *const good[] = {"", "shop_", "s", "Shop2"};
	static const char *const bad[] = {"_", "__x", "_x",  "2nd",	"a-b",
					  " ", "a b", "sh.", "\xc3\xb6"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(standard_is_prefix(str_of(good[i])), "'%s' is a prefix",
		   good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!standard_is_prefix(str_of(bad[i])), "'%s' is none", bad[i]);
	ok(standard_is_prefix(arena_printf(arena, "%064d", 0)) == false &&
		   !standard_is_prefix(arena_printf(arena, "a%064d", 0)) &&
		   standard_is_prefix(arena_printf(arena, "a%063d", 0)),
	   "it has a length");
}

static void
test_enums(void)
{
	const struct schema_type *genre = type(visitor, "AlbumGenreEnum");

	says(visitor, "AlbumGenreEnum",
	     "rock hip_hop rb _2_step drum_and_bass _odd _true r_b rb2");
	is(schema_value(genre, STR("rb2"))->value, STR("rb"),
	   "a name stands for its choice");
	is(schema_value(genre, STR("rb"))->value, STR("r&b"),
	   "... in the order of the choices");
	says(visitor, "SongMoodEnum", "upbeat very_sad calm");
}

/* ---- names ---- */

static void
test_names(void)
{
	says(visitor, "Node",
	     "id:ID! userName:String! userName2:String! UserName:String "
	     "_and2:String _count2:Int type_:String parentId:ID parentId2:ID "
	     "author:String authorId:ID aB:String _:String grE:String "
	     "typename:String parent:Node parent2:Node author2:Person "
	     "nodesByParent(..):[Node] nodesByParent2(..):[Node]");
	says(visitor, "_1st", "id:ID! _2nd:String");
	says(visitor, "_Both", "id:ID! _a:String _a2:String");
	says(visitor, "QueryRoot2", "id:ID! a:String");
	says(visitor, "String2", "id:ID! a:String");
	says(visitor, "Part",
	     "id:ID! orderId:ID! no:ID! "
	     "partOrderIdNoFkey:Line!");
	offers(visitor->query, "OrdersMany", "OrdersMany(..):[Order!]");
	offers(visitor->query, "OrdersMany2", "OrdersMany2(..):[Orders!]");
	ok(type(visitor, "NodeInput")->kind == KIND_OBJECT &&
		   type(visitor, "NodeInput2")->kind == KIND_INPUT,
	   "what a table makes gives way to tables");
}

/* A way from a table that is linked more than once says by what. */
static void
test_many_ways(void)
{
	says(visitor, "Person",
	     "id:ID! name:String! friendsByPerson(..):[Friend] "
	     "friendsByFriend(..):[Friend] hearings(..):[Hearing] "
	     "likes(..):[Like] memberships(..):[Membership] "
	     "nodes(..):[Node] passport:Passport visits(..):[Visit] "
	     "peopleByFriend(..):[Person] peopleByPerson(..):[Person] "
	     "songsByHearing(..):[Song] songsByLikes(..):[Song]");
	says(visitor, "Passport", "id:ID! number:String! person:Person");
	says(visitor, "Visit", "personId:ID! person:Person");
	ok(!schema_field(visitor, type(visitor, "Label"), STR("people")),
	   "a table that has something to say does not only link");
}

/* ---- roles ---- */

static void
test_roles(void)
{
	struct schema *member_ = schema_of(model, "member");

	says(visitor, "ArtistProfile",
	     "id:ID! artistId:ID! biography:String artist:Artist!");
	says(admin, "ArtistProfile",
	     "id:ID! artistId:ID! biography:String phone:String "
	     "artist:Artist!");
	lacks(visitor, "WherePredicatePhone");
	says(member_, "Diary", "open:String");
	says(admin, "Diary", "id:ID! closed:String!");
	says(visitor, "Diary", "id:ID! open:String closed:String!");
	says(member_, "DiaryUpdateInput", "open:String closed:String");
	offers(visitor->mutation, "deleteAward",
	       "deleteAward(pk:ID!):DeleteAward");
	offers(visitor->query, "DiaryByPk", "DiaryByPk(pk:ID!):Diary");
	lacks(admin, "Inbox");
	says(admin, "InsertInbox",
	     "success:Boolean pksToTags:[TagPrimaryKeyMutationMap] "
	     "validationErrors:GenericScalar");
	lacks(admin, "UpdateInbox");
	lacks(admin, "InsertVisit");
	lacks(admin, "InsertLoud");
	says(admin, "UpdateLoudPeople",
	     "success:Boolean pksToTags:[TagPrimaryKeyMutationMap] "
	     "validationErrors:GenericScalar result:LoudPeople");
}

static void
test_groups(void)
{
	const struct schema_field *sum =
		field(visitor, "SongAggregateResult", "_sum");

	says(visitor, "DuetAggregateResult",
	     "id:ID leadArtistId:ID guestArtistId:ID title:String "
	     "leadArtist:ArtistGroupBy guestArtist:ArtistGroupBy "
	     "_min:DuetAggregate_min _max:DuetAggregate_max "
	     "_count:DuetAggregate_count");
	says(visitor, "ArtistGroupBy",
	     "id:ID name:String labelId:ID mentorId:ID country:String "
	     "label:LabelGroupBy mentor:ArtistGroupBy");
	says(visitor, "SongAggregate_sum", "seconds:Float plays:BigInt");
	says(visitor, "SongAggregate_count",
	     "id:Int title:Int albumId:Int seconds:Int mood:Int explicit:Int "
	     "plays:Int slug:Int moods:Int");
	ok(sum->meaning == FIELD_IS_FUNCTION && sum->function == PLAN_SUM &&
		   sum->type->fields[0].meaning == FIELD_IS_COLUMN &&
		   sum->type->fields[0].function == PLAN_SUM &&
		   sum->type->fields[0].column,
	   "a function is of columns");
}

/* ---- whatever the tables ---- */

static size_t faults; /* of the schema that is looked at */

static void
need(bool good, struct str type_name, struct str name, const char *what)
{
	if (good)
		return;
	printf("# %.*s.%.*s: %s\n", STR_FMT(type_name), STR_FMT(name), what);
	faults++;
}

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] == '_' || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		      (i && s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 0;
}

static bool
is_known(const struct schema *s, const struct schema_type *t)
{
	t = schema_named(t);
	return schema_type(s, t->name) == t;
}

static void
check_inputs(const struct schema *s, struct str of,
	     const struct schema_input *inputs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct schema_input *in = &inputs[i];
		enum schema_kind kind = schema_named(in->type)->kind;

		need(is_name(in->name), of, in->name, "is no name");
		need(is_known(s, in->type), of, in->name, "has no type");
		need(kind != KIND_OBJECT, of, in->name, "is no input");
		need(!in->deprecated.n || in->type->kind != KIND_NON_NULL ||
			     in->fallback.n,
		     of, in->name, "is deprecated and required");
		for (size_t k = 0; k < i; k++)
			need(!str_eq(inputs[k].name, in->name), of, in->name,
			     "is there twice");
	}
}

static void
check_fields(const struct schema *s, const struct schema_type *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct schema_field *f = &t->fields[i];

		need(is_name(f->name) && !str_starts(f->name, STR("__")),
		     t->name, f->name, "is no name");
		need(is_known(s, f->type), t->name, f->name, "has no type");
		need(schema_named(f->type)->kind != KIND_INPUT, t->name,
		     f->name, "is no output");
		check_inputs(s, f->name, f->args, f->nargs);
		for (size_t k = 0; k < i; k++)
			need(!str_eq(t->fields[k].name, f->name), t->name,
			     f->name, "is there twice");
	}
}

static void
check_values(const struct schema_type *t)
{
	for (size_t i = 0; i < t->n; i++) {
		need(is_name(t->values[i].name), t->name, t->values[i].name,
		     "is no name");
		for (size_t k = 0; k < i; k++)
			need(!str_eq(t->values[k].name, t->values[i].name),
			     t->name, t->values[i].name, "is there twice");
	}
}

static void
check(const struct schema *s)
{
	for (size_t i = 0; i < s->ntypes; i++) {
		const struct schema_type *t = s->types[i];

		need(is_name(t->name), t->name, STR(""), "is no name");
		need(!i || str_cmp(s->types[i - 1]->name, t->name) < 0, t->name,
		     STR(""), "is out of order");
		need(t->n || t->kind == KIND_SCALAR, t->name, STR(""),
		     "is empty");
		if (t->kind == KIND_OBJECT)
			check_fields(s, t);
		else if (t->kind == KIND_INPUT)
			check_inputs(s, t->name, t->inputs, t->n);
		else if (t->kind == KIND_ENUM)
			check_values(t);
	}
}

/* Every role is offered the same. */
static void
test_sound(const char *path)
{
	struct model *m = read_model(path);
	struct schema *none = standard_schema(arena, &conf, m, 0);

	faults = 0;
	check(none);
	for (size_t i = 0; i < m->nroles; i++) {
		struct schema *s = standard_schema(arena, &conf, m, 1u << i);

		check(s);
		need(str_eq(line(s->query), line(none->query)) &&
			     str_eq(line(s->mutation), line(none->mutation)),
		     m->roles[i], STR(""), "is offered something else");
	}
	ok(none->ntypes > 100 && !faults, "the schemas of %s are sound", path);
	model_drop(m);
}

static void
test_no_tables(void)
{
	struct model *m = NULL;
	struct schema *s;

	if (model_read(arena, STR("{\"roles\":[],\"tables\":[]}"), &m))
		return;
	s = schema_of(m, "nobody");
	ok(s->query->n == 1 && !s->mutation,
	   "without tables there is a greeting, and nothing to change");
	faults = 0;
	check(s);
	ok(!faults && s->ntypes == 11, "... and that is a schema, too");
	model_drop(m);
}

int
main(void)
{
	arena = arena_new(1 << 20);
	model = read_model("t/unit/standard.json");
	visitor = schema_of(model, "visitor");
	admin = schema_of(model, "admin");
	test_roots();
	test_objects();
	test_inputs();
	test_no_members();
	test_where();
	test_operators();
	test_order();
	test_meanings();
	test_scalars();
	test_settings();
	test_setting();
	test_prefix();
	test_prefix_taken();
	test_prefixes();
	test_enums();
	test_names();
	test_many_ways();
	test_roles();
	test_groups();
	test_sound("t/unit/standard.json");
	test_sound("t/unit/music.json");
	test_sound(ASK_MODEL);
	test_no_tables();
	model_drop(model);
	arena_free(arena);
	return done();
}
