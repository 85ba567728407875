-- What Postern itself needs in a database: identifiers in order of time, the
-- messages that no constraint can carry, and the model: one JSON document
-- that describes every table that clients may see.
--
-- postern.model() is at the end; each part of the document has a function of
-- its own above it.  They are called by model() alone, which fixes the search
-- path and the output settings, so that the document is the same to the byte
-- whoever asks.  (Names of types and expressions are printed relative to the
-- search path, moments relative to the time zone.)

create schema if not exists postern;

comment on schema postern is
	'Postern''s own: the model, messages, migrations. Not served.';

grant usage on schema postern
to postern_anonymous, postern_member, postern_admin;


-- A version 7 uuid: 48 bits of milliseconds, the version, 12 bits of the
-- fraction of that millisecond, and the variant and 62 random bits of a
-- version 4 one.  As a primary key it keeps new rows together at the end of
-- the index, and the order of the key is the order of insertion.
--
-- One expression, parsed here and not when it is called: the planner puts it
-- in the place of the call, and no search path can change what it means.
-- 4096ths of a millisecond since 1970 have 14 hexadecimal digits until the
-- year 2527, three of them the fraction; the version goes before those.
create function postern.uuid7()
returns uuid
language sql
volatile
parallel safe
return (
	'0'
	|| overlay(
		to_hex((date_part('epoch', clock_timestamp())
			* 4096000)::bigint)
		placing '7' from 12 for 0)
	|| encode(substr(uuid_send(gen_random_uuid()), 9), 'hex')
)::uuid;

comment on function postern.uuid7() is
	'A version 7 uuid: later ones are greater.';


create table postern.messages (
	table_schema text not null default 'api',
	table_name text not null,
	method text not null
		check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
	situation text not null
		check (situation in ('missing', 'constraint')),
	status integer not null
		check (status between 100 and 599),
	strict_status integer not null
		check (strict_status between 100 and 599),
	detail json not null,
	primary key (table_schema, table_name, method, situation)
);

comment on table postern.messages is
	'Answers of one table to one method that differ from the usual ones.';
comment on column postern.messages.situation is
	'missing: the row is not there. constraint: a constraint was violated.';
comment on column postern.messages.status is
	'The HTTP status when POSTERN_STATUSES is tutorial.';
comment on column postern.messages.strict_status is
	'The HTTP status when POSTERN_STATUSES is correct.';
comment on column postern.messages.detail is
	'The member detail of the answer; {column} stands for what came in.';

grant select on postern.messages
to postern_anonymous, postern_member, postern_admin;


-- The roles that the model speaks of, in the order of their rights.
create view postern.roles as
select
	r.oid,
	r.rolname as name,
	wanted.rank
from unnest(array['postern_anonymous', 'postern_member', 'postern_admin'])
	with ordinality as wanted (name, rank)
join pg_catalog.pg_roles as r on r.rolname = wanted.name;

comment on view postern.roles is
	'The roles that requests run as.';

grant select on postern.roles
to postern_anonymous, postern_member, postern_admin;


-- Comments: lines that begin with @ are tags, the others are for people.

create function postern.tags(comment text)
returns json
language sql
immutable
strict
as $$
	select coalesce(
		json_object_agg(tag[1], coalesce(
			to_json(nullif(tag[2], '')), 'true')
			order by tag[1] collate "C"),
		'{}')
	from (
		select distinct on (tag[1] collate "C") tag
		from regexp_split_to_table(comment, '\r?\n')
			with ordinality as lines (line, n),
		regexp_match(line, '^@(\w+)\s*(.*?)\s*$') as tag
		where tag is not null
		order by tag[1] collate "C", n desc
	) as last_of_each
$$;

comment on function postern.tags(text) is
	'The tags of a comment: the last of each name; true without a value.';

create function postern.description(comment text)
returns text
language sql
immutable
strict
as $$
	select nullif(
		btrim(string_agg(line, E'\n' order by n), E' \t\n'), '')
	from regexp_split_to_table(comment, '\r?\n')
		with ordinality as lines (line, n)
	where line !~ '^@'
$$;

comment on function postern.description(text) is
	'A comment without its tags, or null when nothing is left.';


-- Names of types: people name tables in the plural and things in the singular.

create function postern.singular(word text)
returns text
language sql
immutable
as $$
	select regexp_replace(word, pattern, ending, 'i')
	from (values
		-- Words that go their own ways; the first match counts.
		(1, '(people|news|series|species|equipment|information)$',
			'\1'),
		(2, '(child)ren$', '\1'),
		(3, '(\m|wo)men$', '\1man'),
		(4, '(m|l)ice$', '\1ouse'),
		(5, '\mteeth$', 'tooth'),
		(6, '\mfeet$', 'foot'),
		(7, '\mgeese$', 'goose'),
		(8, '(matr|append)ices$', '\1ix'),
		(9, '(vert|ind)ices$', '\1ex'),
		(10, '(shel|hal|wol|thie|loa)ves$', '\1f'),
		(11, '(\ml|kn|\mw)ives$', '\1ife'),
		(12, '(movie|cookie|calorie|selfie|cache|shoe|menu|quiz)s$',
			'\1'),
		(13, '(quiz)zes$', '\1'),
		(14, '(analy|cri|the|diagno|synop|ax)(s)es$', '\1\2is'),
		-- Then what is regular.
		(20, '(ss|us|is)$', '\1'),
		(21, '([^aeiou])ies$', '\1y'),
		(22, '(ss|x|z|ch|sh|o)es$', '\1'),
		(23, '([^aeo]us|alias|bias|gas)es$', '\1'),
		(24, '(.)s$', '\1'),
		(25, '$', '')
	) as rules (rank, pattern, ending)
	where word ~* pattern
	order by rank
	limit 1
$$;

comment on function postern.singular(text) is
	'An English noun in the singular; other words mostly unharmed.';

create function postern.pascal_case(name text)
returns text
language sql
immutable
as $$
	select coalesce(
		nullif(string_agg(
			upper(left(word, 1)) || substr(word, 2), ''
			order by n), ''),
		'Table')
	from regexp_split_to_table(name,
			'[\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+')
		with ordinality as words (word, n)
$$;

comment on function postern.pascal_case(text) is
	'order_items as OrderItems: what is no letter and no digit goes.';


-- The limit that one check puts on the length of one column, or null.  It is
-- read from the text of the expression, so it must not be fooled by one: only
-- `char_length(x) <= n`, or a BETWEEN, by itself or as one of the terms of an
-- AND counts.  Literals and the quoted names of other columns are taken out
-- first; after that parentheses can be counted, and a term of the outermost
-- AND is one before which a single parenthesis is open.
create function postern.length_limit(expression text, quoted_name text)
returns integer
language sql
immutable
as $$
	with own (name, length) as (
		select
			escaped,
			'(?:char_length|character_length|length)\(\(?'
				|| escaped || '\)?(?:::text)?\)'
		from regexp_replace(
			quoted_name, '([][(){}.*+?^$|\\])', '\\\1', 'g')
			as escaped
	), bare (expression) as (
		select regexp_replace(
			length_limit.expression,
			'(' || own.name || ')'
			|| '|"(?:[^"]|"")*"|''(?:[^'']|'''')*''',
			'\1', 'g')
		from own
	), simple (expression) as (
		select regexp_replace(
			bare.expression,
			'\(\(' || own.length || ' >= \d+\) AND '
			|| '(\(' || own.length || ' <= \d+\))\)',
			'\1', 'g')
		from bare, own
	), term as (
		select
			n,
			part,
			count(*) over () as terms,
			coalesce(sum(
				length(replace(part, ')', ''))
				- length(replace(part, '(', '')))
				over (order by n rows between
					unbounded preceding and 1 preceding),
				1) as depth
		from simple,
		string_to_table(simple.expression, ' AND ')
			with ordinality as parts (part, n)
	)
	select min(found[2]::bigint - (found[1] = '<')::integer)::integer
	from own, term,
	regexp_match(
		case
		when terms = 1 then part
		when n = 1 then substr(part, 2)
		when n = terms then left(part, -1)
		else part
		end,
		'^\(' || own.length || ' (<=?) (\d{1,9})\)$') as found
	where depth = 1
$$;

comment on function postern.length_limit(text, text) is
	'The greatest length that a check expression allows a column, or null.';


-- The n of varchar(n) and char(n), else null.
create function postern.typmod_length(type oid, typmod integer)
returns integer
language sql
immutable
return case
	when typmod > 4 and type in (
		'pg_catalog.varchar'::regtype, 'pg_catalog.bpchar'::regtype)
	then typmod - 4
end;

-- A type and what it stands for: a domain leads to its base, an array to its
-- element, and so on, but only into one array.
create function postern.model_type_chain(types oid[])
returns table (root oid, step integer, type oid, in_array boolean)
language sql
stable
as $$
	with recursive chain (root, step, type, in_array) as (
		select distinct root, 0, root, false
		from unnest(types) as root
		union all
		select
			c.root,
			c.step + 1,
			coalesce(element.oid, t.typbasetype),
			c.in_array or element.oid is not null
		from chain as c
		join pg_catalog.pg_type as t on t.oid = c.type
		left join pg_catalog.pg_type as element
			on element.oid = t.typelem
			and element.typarray = t.oid
		where t.typtype = 'd'
		or (element.oid is not null and not c.in_array)
	)
	select * from chain
$$;

-- Everything about the types of columns that does not depend on the column.
-- A domain is not null when any domain that it is made from is.  The name for
-- casts is always qualified; an array's is its element's with brackets.
create function postern.model_types(types oid[])
returns table (
	type oid, sql_type text, base name, is_array boolean,
	is_text boolean, enum json, not_null boolean, max_length integer,
	default_text text
)
language sql
stable
as $$
	with chain as materialized (
		select * from postern.model_type_chain(types)
	), last as (
		select distinct on (root) root, type, in_array
		from chain
		order by root, step desc
	), domain as (
		select
			c.root,
			bool_or(t.typnotnull) as not_null,
			min(postern.typmod_length(t.typbasetype, t.typtypmod))
				as typmod_length,
			min(k.check_length) as check_length
		from chain as c
		join pg_catalog.pg_type as t on t.oid = c.type
		left join lateral (
			select min(postern.length_limit(
				pg_get_expr(conbin, 0), 'VALUE'))
				as check_length
			from pg_catalog.pg_constraint
			where contypid = t.oid
			and contype = 'c'
			and convalidated
		) as k on true
		where t.typtype = 'd'
		and not c.in_array
		group by c.root
	), labels as (
		select
			enumtypid as type,
			json_agg(enumlabel order by enumsortorder) as enum
		from pg_catalog.pg_enum
		where enumtypid in (select type from last)
		group by enumtypid
	)
	select
		l.root,
		quote_ident(n.nspname) || '.'
			|| quote_ident(coalesce(element.typname, t.typname))
			|| case when element.oid is null then '' else '[]' end,
		b.typname,
		l.in_array,
		b.typcategory = 'S' and not l.in_array,
		labels.enum,
		coalesce(domain.not_null, false),
		least(domain.typmod_length, domain.check_length),
		t.typdefault
	from last as l
	join pg_catalog.pg_type as t on t.oid = l.root
	left join pg_catalog.pg_type as element
		on element.oid = t.typelem
		and element.typarray = t.oid
	join pg_catalog.pg_namespace as n
		on n.oid = coalesce(element.typnamespace, t.typnamespace)
	join pg_catalog.pg_type as b on b.oid = l.type
	left join domain on domain.root = l.root
	left join labels on labels.type = l.type
$$;


-- The relations of schema api that one of the roles may use at all.  A part of
-- a partitioned table is reached through the whole.  A privilege on a view that
-- cannot be written through is none.  The version of a row is its xmin, which
-- only ordinary tables have, and which those who may select single columns may
-- not select.
create function postern.model_relations()
returns table (
	rel oid, schema name, name name, kind text, versioned boolean,
	comment text, tags json, grants json
)
language sql
stable
as $$
	with relation as materialized (
		select
			c.oid,
			n.nspname,
			c.relname,
			c.relkind,
			c.relam,
			obj_description(c.oid, 'pg_class') as comment,
			case
			when c.relkind in ('r', 'p') then 28
			else pg_relation_is_updatable(c.oid, true)
			end as events
		from pg_catalog.pg_class as c
		join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
		where n.nspname = 'api'
		and c.relkind in ('r', 'p', 'v', 'm', 'f')
		and not c.relispartition
	), privilege as (
		select
			relation.oid,
			r.name,
			r.rank,
			has_any_column_privilege(r.oid, relation.oid, 'select')
				as may_select,
			has_table_privilege(r.oid, relation.oid, 'select')
				as may_select_all,
			events & 8 <> 0 and has_any_column_privilege(
				r.oid, relation.oid, 'insert') as may_insert,
			events & 4 <> 0 and has_any_column_privilege(
				r.oid, relation.oid, 'update') as may_update,
			events & 16 <> 0 and has_table_privilege(
				r.oid, relation.oid, 'delete') as may_delete
		from relation
		cross join postern.roles as r
		where has_schema_privilege(r.oid, 'api', 'usage')
	), granted as (
		select
			oid,
			json_build_object(
				'select', coalesce(json_agg(name order by rank)
					filter (where may_select), '[]'),
				'insert', coalesce(json_agg(name order by rank)
					filter (where may_insert), '[]'),
				'update', coalesce(json_agg(name order by rank)
					filter (where may_update), '[]'),
				'delete', coalesce(json_agg(name order by rank)
					filter (where may_delete), '[]')
			) as grants,
			bool_and(may_select_all or not may_select) as whole
		from privilege
		where may_select or may_insert or may_update or may_delete
		group by oid
	)
	select
		relation.oid,
		nspname,
		relname,
		case relkind
			when 'r' then 'table'
			when 'p' then 'partitioned'
			when 'v' then 'view'
			when 'm' then 'materialized'
			else 'foreign'
		end,
		relkind = 'r' and am.amname = 'heap' and whole,
		comment,
		coalesce(postern.tags(comment), '{}'),
		grants
	from relation
	join granted using (oid)
	left join pg_catalog.pg_am as am on am.oid = relation.relam
$$;

-- A tag decides about the name of a type.  Else it is derived; where two
-- tables would get the same one they keep their plurals, and where that does
-- not help either, the later ones are numbered.
create function postern.model_type_names(names name[], tagged text[])
returns table (name name, type text)
language sql
immutable
as $$
	with derived as (
		select
			n.name,
			n.tag,
			postern.pascal_case(n.name) as plural,
			postern.pascal_case(postern.singular(n.name)) as thing
		from unnest(names, tagged) as n (name, tag)
	), chosen as (
		select
			derived.name,
			derived.tag,
			coalesce(derived.tag, case
				when count(*) over (
					partition by coalesce(tag, thing)) > 1
				then plural
				else thing
				end) as type
		from derived
	), ranked as (
		select
			chosen.*,
			row_number() over (
				partition by chosen.type
				order by chosen.tag is null,
					chosen.name collate "C") as rank
		from chosen
	)
	select
		ranked.name,
		ranked.type || case
			when rank = 1 or tag is not null then ''
			else rank::text
			end
	from ranked
$$;


-- The planner cannot know how many columns there are, so nothing here is
-- joined that could become a loop over all of them for each of them.
create function postern.model_columns(rels oid[])
returns table (rel oid, columns json)
language sql
stable
as $$
	with role as materialized (
		select *
		from postern.roles
		where has_schema_privilege(oid, 'api', 'usage')
	), attribute as materialized (
		select
			a.attrelid,
			a.attnum,
			a.attname,
			a.atttypid,
			a.atttypmod,
			a.attnotnull,
			a.attgenerated,
			a.attidentity,
			case
			when c.relkind in ('r', 'p') then true
			else pg_column_is_updatable(
				a.attrelid, a.attnum, true)
			end as writable,
			col_description(a.attrelid, a.attnum) as comment
		from unnest(rels) as r (oid)
		join pg_catalog.pg_class as c on c.oid = r.oid
		join pg_catalog.pg_attribute as a on a.attrelid = c.oid
		where a.attnum > 0
		and not a.attisdropped
	), type as materialized (
		select *
		from postern.model_types(
			array(select distinct atttypid from attribute))
	)
	select
		a.attrelid,
		json_agg(json_build_object(
			'name', a.attname,
			'type', format_type(a.atttypid, a.atttypmod),
			'sql_type', t.sql_type,
			'base', t.base,
			'array', t.is_array,
			'enum', t.enum,
			'nullable', not (a.attnotnull or t.not_null),
			'default', case
				when a.attgenerated = '' then coalesce(
					pg_get_expr(d.adbin, d.adrelid),
					t.default_text)
				end,
			'generated', case
				when a.attgenerated <> '' then 'always'
				when a.attidentity = 'a' then 'identity always'
				when a.attidentity = 'd' then
					'identity by default'
				end,
			'max_length', case when t.is_text then least(
				postern.typmod_length(
					a.atttypid, a.atttypmod),
				t.max_length,
				(select min(postern.length_limit(
					pg_get_expr(k.conbin, k.conrelid),
					quote_ident(a.attname)))
				from pg_catalog.pg_constraint as k
				where k.conrelid = a.attrelid
				and k.contype = 'c'
				and k.convalidated
				and a.attnum = any (k.conkey)))
				end,
			'comment', postern.description(a.comment),
			'tags', coalesce(postern.tags(a.comment), '{}'),
			'grants', may.grants
		) order by a.attnum)
	from attribute as a
	join type as t on t.type = a.atttypid
	left join pg_catalog.pg_attrdef as d
		on d.adrelid = a.attrelid
		and d.adnum = a.attnum
	cross join lateral (
		select json_build_object(
			'select', coalesce(json_agg(name order by rank)
				filter (where has_column_privilege(
					oid, a.attrelid, a.attnum,
					'select')), '[]'),
			'insert', coalesce(json_agg(name order by rank)
				filter (where a.writable
					and has_column_privilege(
					oid, a.attrelid, a.attnum,
					'insert')), '[]'),
			'update', coalesce(json_agg(name order by rank)
				filter (where a.writable
					and has_column_privilege(
					oid, a.attrelid, a.attnum,
					'update')), '[]')) as grants
		from role
	) as may
	group by a.attrelid
$$;


-- Names of columns in the order of their numbers in a catalog row.
create function postern.column_names(rel oid, numbers smallint[])
returns json
language sql
stable
as $$
	select coalesce(json_agg(a.attname order by k.n), '[]')
	from unnest(numbers) with ordinality as k (attnum, n)
	join pg_catalog.pg_attribute as a
		on a.attrelid = rel
		and a.attnum = k.attnum
$$;

-- Primary keys, and what else is unique: constraints, and plain indexes, whose
-- violation reads the same to a client.  A partial index or one on an
-- expression makes no column unique.  Included columns are no part of a key.
create function postern.model_keys(rels oid[])
returns table (rel oid, primary_key json, uniques json)
language sql
stable
as $$
	with key as (
		select
			i.indrelid,
			i.indisprimary,
			c.relname,
			postern.column_names(
				i.indrelid,
				(string_to_array(i.indkey::text, ' ')
					::smallint[])[:i.indnkeyatts])
				as columns,
			coalesce(
				obj_description(k.oid, 'pg_constraint'),
				obj_description(i.indexrelid, 'pg_class'))
				as message
		from pg_catalog.pg_index as i
		join pg_catalog.pg_class as c on c.oid = i.indexrelid
		left join pg_catalog.pg_constraint as k
			on k.conindid = i.indexrelid
			and k.conrelid = i.indrelid
			and k.contype in ('p', 'u')
		where i.indrelid = any (rels)
		and i.indisunique
		and i.indisvalid
		and i.indpred is null
		and i.indexprs is null
	)
	select
		indrelid,
		(json_agg(json_build_object(
			'name', relname,
			'columns', columns))
			filter (where indisprimary)) -> 0,
		coalesce(json_agg(json_build_object(
			'name', relname,
			'columns', columns,
			'message', message)
			order by relname collate "C")
			filter (where not indisprimary), '[]')
	from key
	group by indrelid
$$;

-- A view has no key of its own: the tag @key names its columns, with commas.
create function postern.tagged_key(rel oid, tag text)
returns json
language sql
stable
as $$
	select json_build_object(
		'name', null,
		'columns', json_agg(a.attname order by n))
	from string_to_table(tag, ',') with ordinality as k (name, n)
	left join pg_catalog.pg_attribute as a
		on a.attrelid = rel
		and a.attname = btrim(k.name)
		and a.attnum > 0
		and not a.attisdropped
	having bool_and(a.attname is not null)
$$;


-- Foreign keys inside of the document, each seen from both of its ends.  What
-- Postgres derives for the parts of partitioned tables is left out.
create function postern.model_references(rels oid[])
returns table (rel oid, foreign_keys json, referenced_by json)
language sql
stable
as $$
	with link as materialized (
		select
			k.conname,
			k.conrelid,
			k.confrelid,
			from_schema.nspname as from_schema,
			from_table.relname as from_table,
			to_schema.nspname as to_schema,
			to_table.relname as to_table,
			postern.column_names(k.conrelid, k.conkey) as columns,
			postern.column_names(k.confrelid, k.confkey)
				as referenced,
			case k.confdeltype
				when 'a' then 'no action'
				when 'r' then 'restrict'
				when 'c' then 'cascade'
				when 'n' then 'set null'
				else 'set default'
			end as on_delete,
			obj_description(k.oid, 'pg_constraint') as message
		from pg_catalog.pg_constraint as k
		join pg_catalog.pg_class as from_table
			on from_table.oid = k.conrelid
		join pg_catalog.pg_namespace as from_schema
			on from_schema.oid = from_table.relnamespace
		join pg_catalog.pg_class as to_table
			on to_table.oid = k.confrelid
		join pg_catalog.pg_namespace as to_schema
			on to_schema.oid = to_table.relnamespace
		where k.contype = 'f'
		and k.conparentid = 0
		and k.conrelid = any (rels)
		and k.confrelid = any (rels)
	), outgoing as (
		select
			conrelid as rel,
			json_agg(json_build_object(
				'name', conname,
				'columns', columns,
				'schema', to_schema,
				'table', to_table,
				'references', referenced,
				'on_delete', on_delete,
				'message', message)
				order by conname collate "C") as foreign_keys
		from link
		group by conrelid
	), incoming as (
		select
			confrelid as rel,
			json_agg(json_build_object(
				'name', conname,
				'schema', from_schema,
				'table', from_table,
				'columns', columns,
				'references', referenced,
				'message', message)
				order by from_schema collate "C",
					from_table collate "C",
					conname collate "C") as referenced_by
		from link
		group by confrelid
	)
	select
		rel,
		coalesce(foreign_keys, '[]'),
		coalesce(referenced_by, '[]')
	from outgoing
	full join incoming using (rel)
$$;

-- Checks of the tables, and those of the domains of their columns: a violation
-- names the constraint all the same.
create function postern.model_checks(rels oid[])
returns table (rel oid, checks json)
language sql
stable
as $$
	with attribute as materialized (
		select attrelid, attnum, atttypid
		from pg_catalog.pg_attribute
		where attrelid = any (rels)
		and attnum > 0
		and not attisdropped
	), found (rel, numbers, id, name, expression) as (
		select
			conrelid,
			array(select unnest(conkey) order by 1),
			oid,
			conname,
			pg_get_expr(conbin, conrelid)
		from pg_catalog.pg_constraint
		where conrelid = any (rels)
		and contype = 'c'
		union all
		select
			a.attrelid,
			array_agg(a.attnum order by a.attnum),
			k.oid,
			k.conname,
			pg_get_expr(k.conbin, 0)
		from attribute as a
		join (
			select distinct root, type
			from postern.model_type_chain(
				array(select distinct atttypid from attribute))
		) as c on c.root = a.atttypid
		join pg_catalog.pg_constraint as k
			on k.contypid = c.type
			and k.contype = 'c'
		group by a.attrelid, k.oid, k.conname, k.conbin
	)
	select
		rel,
		json_agg(json_build_object(
			'name', name,
			'columns', postern.column_names(rel, numbers),
			'expression', expression,
			'message', obj_description(id, 'pg_constraint'))
			order by name collate "C", expression collate "C")
	from found
	group by rel
$$;


create function postern.model_tables()
returns json
language sql
stable
as $$
	with relation as materialized (
		select * from postern.model_relations()
	), rels (list) as materialized (
		select coalesce(array_agg(rel), '{}') from relation
	), type as materialized (
		select t.*
		from (
			select
				array_agg(name) as names,
				array_agg(tags ->> 'type') as tagged
			from relation
		) as r,
		postern.model_type_names(r.names, r.tagged) as t
	), columns as materialized (
		select c.*
		from rels, postern.model_columns(list) as c
	), keys as materialized (
		select k.*
		from rels, postern.model_keys(list) as k
	), links as materialized (
		select l.*
		from rels, postern.model_references(list) as l
	), checks as materialized (
		select c.*
		from rels, postern.model_checks(list) as c
	)
	select coalesce(json_agg(json_build_object(
		'schema', r.schema,
		'name', r.name,
		'kind', r.kind,
		'type', type.type,
		'comment', postern.description(r.comment),
		'tags', r.tags,
		'versioned', r.versioned,
		'columns', coalesce(columns.columns, '[]'),
		'primary_key', coalesce(
			keys.primary_key,
			postern.tagged_key(r.rel, r.tags ->> 'key')),
		'unique', coalesce(keys.uniques, '[]'),
		'foreign_keys', coalesce(links.foreign_keys, '[]'),
		'referenced_by', coalesce(links.referenced_by, '[]'),
		'checks', coalesce(checks.checks, '[]'),
		'grants', r.grants)
		order by r.schema collate "C", r.name collate "C"), '[]')
	from relation as r
	join type on type.name = r.name
	left join columns on columns.rel = r.rel
	left join keys on keys.rel = r.rel
	left join links on links.rel = r.rel
	left join checks on checks.rel = r.rel
$$;

create function postern.model_messages()
returns json
language sql
stable
as $$
	select coalesce(json_agg(json_build_object(
		'schema', table_schema,
		'table', table_name,
		'method', method,
		'situation', situation,
		'status', status,
		'strict_status', strict_status,
		'detail', detail)
		order by table_schema collate "C", table_name collate "C",
			method collate "C", situation collate "C"), '[]')
	from postern.messages
$$;

-- The document.  Its version is a digest of the rest: equal versions mean that
-- nothing has changed that a worker would notice.
create function postern.model()
returns json
language sql
stable
set search_path = pg_catalog, pg_temp
set quote_all_identifiers = off
set standard_conforming_strings = on
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
as $$
	with rest (body) as materialized (
		select json_build_object(
			'roles', (
				select json_agg(name order by rank)
				from postern.roles),
			'tables', postern.model_tables(),
			'messages', postern.model_messages())::text
	)
	select ('{"version" : "' || md5(body) || '", ' || substr(body, 2))
		::json
	from rest
$$;

comment on function postern.model() is
	'What clients may see, as one JSON document: see sql/README.md.';
