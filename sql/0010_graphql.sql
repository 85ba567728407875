-- What GraphQL asks of a database: more about columns and checks in the model,
-- two ways for a statement to end itself and say why, and the texts of
-- persisted queries.

-- A column that a check holds to some texts is an enumeration to GraphQL.  As
-- with length_limit, the text of the expression must not fool us: it is one
-- `column in (...)`, or `= any (array[...])`, of literals, and nothing else.
create function postern.choices(expression text, quoted_name text)
returns json
language sql
immutable
as $$
	with name (pattern) as (
		select regexp_replace(
			quoted_name, '([][(){}.*+?^$|\\])', '\\\1', 'g')
	), literal (pattern) as (
		values ($r$'(?:[^']|'')*'::(?:text|character varying)$r$)
	), list (body) as (
		select substring(
			expression from '^\(\(?' || name.pattern
			|| '(?:\)::text)? = ANY \(\(?ARRAY\[('
			|| literal.pattern || '(?:, ' || literal.pattern
			|| ')*)\](?:\)::text\[\])?\)\)$')
		from name, literal
	), choice as (
		select
			replace(found[1], '''''', '''') as label,
			min(n) as n
		from list, regexp_matches(
			list.body, $r$'((?:[^']|'')*)'::$r$, 'g')
			with ordinality as literals (found, n)
		group by label
	)
	select json_agg(label order by n)
	from choice
$$;

comment on function postern.choices(text, text) is
	'The texts that a check expression allows a column, or null.';

-- Whether texts that are equal are the same texts.
create function postern.is_plain(collation_id oid)
returns boolean
language sql
stable
as $$
	select not exists (
		select
		from pg_catalog.pg_collation
		where oid = collation_id
		and not collisdeterministic)
$$;


-- As before, with `choices`, and with what a domain is made from in the end.
create or replace function postern.model_columns(rels oid[])
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
			a.attcollation,
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
	), made_from as materialized (
		select distinct on (c.root) c.root, c.type
		from postern.model_type_chain(
			array(select distinct atttypid from attribute)) as c
		join pg_catalog.pg_type as t on t.oid = c.type
		where t.typtype <> 'd'
		order by c.root, c.step
	), domain as materialized (
		select m.root, t.sql_type
		from made_from as m
		join postern.model_types(
			array(select distinct type from made_from)) as t
			on t.type = m.type
		where m.root <> m.type
	)
	select
		a.attrelid,
		json_agg(json_build_object(
			'name', a.attname,
			'type', format_type(a.atttypid, a.atttypmod),
			'sql_type', t.sql_type,
			'domain_of', domain.sql_type,
			'base', t.base,
			'array', t.is_array,
			'enum', t.enum,
			'choices', case
				when t.base in ('text', 'varchar')
				and not t.is_array
				and postern.is_plain(a.attcollation) then (
					select postern.choices(
						pg_get_expr(
							k.conbin, k.conrelid),
						quote_ident(a.attname))
					from pg_catalog.pg_constraint as k
					where k.conrelid = a.attrelid
					and k.contype = 'c'
					and k.convalidated
					and k.conkey = array[a.attnum]
					order by postern.choices(
						pg_get_expr(
							k.conbin, k.conrelid),
						quote_ident(a.attname)) is null,
						k.conname collate "C"
					limit 1)
				end,
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
	left join domain on domain.root = a.atttypid
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


-- As before, but the expression is one that can be put to a row that is about
-- to be written: of names of its columns.  One of a domain, which speaks of
-- VALUE, is one of each of its columns, and VALUE a name that it is given; one
-- of the elements of an array is not.  One of the whole row, or of system
-- columns, speaks of a row that is there.  Nor may it need names of schemas that
-- those who write may not use: the constraint itself was read when it was made,
-- by whoever made it.
create function postern.is_sayable(check_id oid)
returns boolean
language sql
stable
as $$
	select not exists (
		select
		from pg_catalog.pg_constraint as k
		join pg_catalog.pg_depend as d
			on d.classid = 'pg_catalog.pg_constraint'::regclass
			and d.objid = k.oid
		left join pg_catalog.pg_proc as p
			on d.refclassid = 'pg_catalog.pg_proc'::regclass
			and p.oid = d.refobjid
		left join pg_catalog.pg_operator as o
			on d.refclassid = 'pg_catalog.pg_operator'::regclass
			and o.oid = d.refobjid
		left join pg_catalog.pg_type as t
			on d.refclassid = 'pg_catalog.pg_type'::regclass
			and t.oid = d.refobjid
			and t.oid <> k.contypid
		where k.oid = check_id
		and coalesce(p.pronamespace, o.oprnamespace, t.typnamespace)
			not in (
				select oid
				from pg_catalog.pg_namespace
				where nspname in ('pg_catalog', 'api')))
$$;

comment on function postern.is_sayable(oid) is
	'Whether a check is made of what pg_catalog and api have.';

create or replace function postern.model_checks(rels oid[])
returns table (rel oid, checks json)
language sql
stable
as $$
	with attribute as materialized (
		select attrelid, attnum, attname, atttypid
		from pg_catalog.pg_attribute
		where attrelid = any (rels)
		and attnum > 0
		and not attisdropped
	), found (rel, numbers, id, name, rank, expression) as (
		select
			conrelid,
			array(select unnest(conkey) order by 1),
			oid,
			conname,
			'',
			case
			when 0 < all (conkey) and postern.is_sayable(oid)
			then pg_get_expr(conbin, conrelid)
			end
		from pg_catalog.pg_constraint
		where conrelid = any (rels)
		and contype = 'c'
		union all
		select
			a.attrelid,
			array[a.attnum],
			k.oid,
			k.conname,
			pg_get_expr(k.conbin, 0),
			case
			when not c.in_array and postern.is_sayable(k.oid)
			then format('(select %s from (select %I) as d (value))',
				pg_get_expr(k.conbin, 0), a.attname)
			end
		from attribute as a
		join (
			select root, type, bool_or(in_array) as in_array
			from postern.model_type_chain(
				array(select distinct atttypid from attribute))
			group by root, type
		) as c on c.root = a.atttypid
		join pg_catalog.pg_constraint as k
			on k.contypid = c.type
			and k.contype = 'c'
	)
	select
		rel,
		json_agg(json_build_object(
			'name', name,
			'columns', postern.column_names(rel, numbers),
			'expression', expression,
			'message', obj_description(id, 'pg_constraint'))
			order by name collate "C", rank collate "C", numbers)
	from found
	group by rel
$$;


-- As before, with the comment of schema api.
create or replace function postern.model()
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
			'comment', (
				select postern.description(obj_description(
					oid, 'pg_namespace'))
				from pg_catalog.pg_namespace
				where nspname = 'api'),
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


-- How a statement ends itself when it has found out what is wrong: the faults
-- of the values that it was given, or which of the rows it was to change is
-- not there.  They are called inside of expressions, so they return something.
create function postern.invalid(faults json)
returns boolean
language plpgsql
as $$
begin
	raise exception using
		errcode = 'PV001',
		message = 'invalid values',
		detail = faults::text;
end
$$;

comment on function postern.invalid(json) is
	'Fails with SQLSTATE PV001 and the faults as its detail.';

create function postern.missing(item integer)
returns boolean
language plpgsql
as $$
begin
	raise exception using
		errcode = 'PV002',
		message = 'no such row',
		detail = item::text;
end
$$;

comment on function postern.missing(integer) is
	'Fails with SQLSTATE PV002 and the number of the item as its detail.';


-- Texts that clients have sent once and name by their hash from then on.  This
-- is a cache: what is not there is sent again.
create table postern.persisted_queries (
	hash text primary key
		check (hash ~ '^[0-9a-f]{64}$'),
	query text not null
		check (octet_length(query) <= 65536),
	created_at timestamptz not null default now(),
	used_at timestamptz not null default now()
);

create index persisted_queries_used_at_idx
on postern.persisted_queries (used_at);

comment on table postern.persisted_queries is
	'GraphQL documents by their SHA-256: the 10,000 used last.';
comment on column postern.persisted_queries.used_at is
	'When it was asked for, to the hour.';

create function postern.persisted_query(hash text)
returns table (query text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	-- Rarely, for this is a write; and never where nothing can be written.
	if current_setting('transaction_read_only') = 'off' then
		update postern.persisted_queries as q
		set used_at = now()
		where q.hash = persisted_query.hash
		and q.used_at < now() - interval '1 hour';
	end if;
	return query
		select q.query
		from postern.persisted_queries as q
		where q.hash = persisted_query.hash;
end
$$;

comment on function postern.persisted_query(text) is
	'The document of that hash, or no row.';

-- Whoever may ask may add, so the hash must be that of the text: nobody can
-- put another one in the place of a document that others will ask for.
create function postern.persist_query(hash text, query text)
returns boolean
language plpgsql
strict
security definer
set search_path = ''
as $$
begin
	if octet_length(query) > 65536 or hash is distinct from
		encode(sha256(convert_to(query, 'UTF8')), 'hex')
	then
		return false;
	end if;
	insert into postern.persisted_queries (hash, query)
	values (persist_query.hash, persist_query.query)
	on conflict do nothing;
	if found then
		delete from postern.persisted_queries as q
		where q.hash in (
			select old.hash
			from postern.persisted_queries as old
			where old.hash <> persist_query.hash
			order by old.used_at desc
			offset 9999
			for update skip locked);
	end if;
	return true;
end
$$;

comment on function postern.persist_query(text, text) is
	'Keeps a document if that is its hash; the oldest go.';

revoke execute on function
	postern.invalid,
	postern.missing,
	postern.persisted_query,
	postern.persist_query
from public;

grant execute on function
	postern.invalid,
	postern.missing,
	postern.persisted_query,
	postern.persist_query
to postern_anonymous, postern_member, postern_admin;
