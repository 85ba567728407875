-- Actions in the words of GraphQL: what `postern actions` prints for an engine.


-- Names that begin with two underscores are GraphQL's own.
create function postern.is_graphql_name(name text)
returns boolean
language sql
immutable
as $$
	select name ~ '^[A-Za-z_][A-Za-z0-9_]*$' and name !~ '^__'
$$;

-- The name of a type that is made of another thing's name.
create function postern.action_type_name(name text, ending text)
returns text
language sql
immutable
as $$
	select regexp_replace(
		postern.pascal_case(regexp_replace(
			name collate "C", '[^A-Za-z0-9]+', '_', 'g')),
		'^(?=[0-9])', 'T') || ending
$$;

create function postern.is_array(t pg_catalog.pg_type)
returns boolean
language sql
immutable
as $$
	select t.typtype = 'b' and t.typelem <> 0 and t.typlen = -1
	and t.typsubscript = 'pg_catalog.array_subscript_handler'::regproc
$$;

-- An engine knows the base types of its own database by their names.  Of those
-- that it may not have it gets what JSON makes of them.
create function postern.action_scalar(t pg_catalog.pg_type)
returns text
language sql
stable
as $$
	select case
	when t.oid in ('int2'::regtype, 'int4'::regtype) then 'Int'
	when t.oid = 'int8'::regtype then 'bigint'
	when t.oid in ('float4'::regtype, 'float8'::regtype) then 'Float'
	when t.oid in ('bool'::regtype, 'void'::regtype) then 'Boolean'
	when t.oid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype,
		'"char"'::regtype) then 'String'
	when t.typtype in ('c', 'p') then 'jsonb'
	when t.typtype = 'b' and t.typnamespace = 'pg_catalog'::regnamespace
	then t.typname::text
	when exists (
		select from pg_catalog.pg_cast as c
		where c.castsource = t.oid
		and c.casttarget = 'json'::regtype
		and c.castmethod = 'f')
	then 'jsonb'
	else 'String'
	end
$$;

-- `names` are those of types, by their oid.
create function postern.action_type(type oid, names jsonb)
returns text
language plpgsql
stable
as $$
declare
	t pg_catalog.pg_type;
	depth integer := 0;
begin
	loop
		select p.* into t from pg_catalog.pg_type as p
		where p.oid = type;
		if t.typtype = 'd' then
			type := t.typbasetype;
		elsif postern.is_array(t) then
			type := t.typelem;
			depth := depth + 1;
		else
			exit;
		end if;
	end loop;
	return repeat('[', depth)
		|| coalesce(names ->> type::text, postern.action_scalar(t))
		|| repeat(']', depth);
end
$$;


-- An action is `fit` when GraphQL can call it; else it says why not.
create view postern.action_described as
select
	f.*,
	f.output_names is not null as has_outputs,
	case
	when not postern.is_graphql_name(f.name)
	then 'its name is none in GraphQL'
	when exists (
		select from unnest(f.argument_names, f.argument_optional)
			as a (name, optional)
		where not a.optional and not postern.is_graphql_name(a.name))
	then 'it needs an argument whose name is none in GraphQL'
	end as fault
from postern.action_functions as f;

create view postern.action_arguments as
select
	f.function, a.n, a.name, a.type, a.optional,
	postern.is_graphql_name(a.name) as fit
from postern.action_described as f,
unnest(f.argument_names, f.argument_types, f.argument_optional)
	with ordinality as a (name, type, optional, n)
where f.fault is null;

create view postern.action_outputs as
select
	f.function, o.n, o.name, o.type,
	postern.is_graphql_name(o.name) as fit
from postern.action_described as f,
unnest(f.output_names, f.output_types) with ordinality as o (name, type, n)
where f.fault is null;

-- The columns of a type that has some.
create view postern.action_columns as
select
	t.oid as type, a.attnum as n, a.attname::text as name,
	a.atttypid as column_type,
	c.relkind <> 'c' and a.attnotnull as filled,
	d.typnotnull as required,
	postern.is_graphql_name(a.attname) as fit,
	postern.description(pg_catalog.col_description(c.oid, a.attnum))
		as comment
from pg_catalog.pg_type as t
join pg_catalog.pg_class as c on c.oid = t.typrelid
join pg_catalog.pg_attribute as a on a.attrelid = c.oid
join pg_catalog.pg_type as d on d.oid = a.atttypid
where t.typtype = 'c' and a.attnum > 0 and not a.attisdropped;

-- What types are made of.
create view postern.action_parts as
select t.oid as type, t.typbasetype as part
from pg_catalog.pg_type as t
where t.typtype = 'd'
union all
select t.oid, t.typelem
from pg_catalog.pg_type as t
where postern.is_array(t)
union all
select c.type, c.column_type
from postern.action_columns as c
where c.fit;

-- All types that arguments and answers are made of, down to the last.
create recursive view postern.action_reached (input, type) as
	select true, a.type from postern.action_arguments as a where a.fit
	union
	select false, f.returns from postern.action_described as f
	where f.fault is null and not f.has_outputs
	union
	select false, o.type from postern.action_outputs as o where o.fit
	union
	select r.input, p.part
	from action_reached as r
	join postern.action_parts as p using (type);

-- Those that get a name in GraphQL.  A label that is none takes the whole enum
-- with it: an answer cannot leave it out.
create view postern.action_candidates as
select
	'object' as what, 0::oid as type, f.function,
	postern.action_type_name(f.name, 'Output') as name,
	f.name as called, '' as home, null as comment
from postern.action_described as f
where f.function in (select o.function from postern.action_outputs as o
	where o.fit)
union all
select
	case when r.input then 'input' else 'object' end, t.oid, 0::oid,
	postern.action_type_name(t.typname::text,
		case when r.input then 'Input' else 'Output' end),
	t.typname::text, t.typnamespace::regnamespace::text,
	postern.description(coalesce(
		pg_catalog.obj_description(t.oid, 'pg_type'),
		pg_catalog.obj_description(t.typrelid, 'pg_class')))
from postern.action_reached as r
join pg_catalog.pg_type as t on t.oid = r.type
where t.oid in (select c.type from postern.action_columns as c where c.fit)
union
select
	'enum', t.oid, 0::oid,
	postern.action_type_name(t.typname::text, 'Enum'),
	t.typname::text, t.typnamespace::regnamespace::text,
	postern.description(pg_catalog.obj_description(t.oid, 'pg_type'))
from postern.action_reached as r
join pg_catalog.pg_type as t on t.oid = r.type
where t.typtype = 'e'
and exists (select from pg_catalog.pg_enum as e where e.enumtypid = t.oid)
and not exists (
	select from pg_catalog.pg_enum as e
	where e.enumtypid = t.oid
	and (not postern.is_graphql_name(e.enumlabel)
		or e.enumlabel in ('true', 'false', 'null')));

-- What comes first keeps its name, the next is its 2.
create function postern.action_named(taken text[])
returns table (what text, type oid, function oid, name text, comment text)
language sql
stable
as $$
	select
		c.what, c.type, c.function,
		c.name || coalesce(nullif(
			row_number() over (
				partition by c.name
				order by c.type <> 0, c.called collate "C",
					c.home collate "C")
			+ (c.name = any (taken))::integer, 1)::text, ''),
		c.comment
	from postern.action_candidates as c
$$;

create view postern.action_left_out as
select format('action "%s": %s', f.name, f.fault) as what
from postern.action_described as f
where f.fault is not null
union all
select format('argument "%s" of "%s": its name is none in GraphQL',
	a.name, f.name)
from postern.action_arguments as a
join postern.action_described as f using (function)
where not a.fit
union all
select format('column "%s" of "%s": its name is none in GraphQL',
	o.name, f.name)
from postern.action_outputs as o
join postern.action_described as f using (function)
where not o.fit
union
select format('column "%s" of %s: its name is none in GraphQL',
	c.name, r.type::regtype)
from postern.action_reached as r
join postern.action_columns as c using (type)
where not c.fit;


create function postern.action_roles(function oid)
returns text
language sql
stable
as $$
	select string_agg(r.engine, ' ' order by r.engine)
	from (values
		('postern_anonymous', 'anonymous'),
		('postern_member', 'user')) as r (role, engine)
	where has_schema_privilege(r.role, 'action', 'usage')
	and has_function_privilege(r.role, action_roles.function, 'execute')
$$;

-- What an action answers.
create function postern.action_answer(f postern.action_described, names jsonb)
returns text
language sql
stable
as $$
	select case
		when not f.returns_set then t.answer
		when f.has_outputs then format('[%s!]', t.answer)
		else format('[%s]', t.answer)
	end
	from (select case
		when f.has_outputs
		then coalesce(names ->> ('of ' || f.function), 'jsonb')
		else postern.action_type(f.returns, names)
	end) as t (answer)
$$;

-- One thing a line: an action and its arguments; a type and what it has.
create function postern.action_types(taken text[])
returns table (what text, name text, type text, comment text, query boolean,
	roles text)
language sql
stable
security definer
set search_path = ''
set enable_nestloop = off -- The catalogue's own numbers come late.
as $$
	with named as materialized (
		select * from postern.action_named(taken)
	), names as materialized (
		select
			coalesce(jsonb_object_agg(n.type, n.name)
				filter (where n.what <> 'object'), '{}') as given,
			coalesce(jsonb_object_agg(case n.type
					when 0 then 'of ' || n.function
					else n.type::text end, n.name)
				filter (where n.what <> 'input'), '{}') as answered
		from named as n
	), lines (owner, n, what, name, type, comment, query, roles) as (
		select 'action ' || f.name, 0::float8, 'action', f.name,
			postern.action_answer(f, names.answered),
			postern.description(f.comment), not f.volatile,
			postern.action_roles(f.function)
		from postern.action_described as f, names
		where f.fault is null
		union all
		select 'action ' || f.name, a.n, 'argument', a.name,
			postern.action_type(a.type, names.given)
			|| case when a.optional then '' else '!' end,
			null, null, null
		from postern.action_arguments as a
		join postern.action_described as f using (function), names
		where a.fit
		union all
		select t.what || ' ' || t.name, 0, t.what, t.name, null,
			t.comment, null, null
		from named as t
		union all
		select t.what || ' ' || t.name, o.n, 'field', o.name,
			postern.action_type(o.type, names.answered),
			null, null, null
		from named as t
		join postern.action_outputs as o using (function), names
		where o.fit
		union all
		select t.what || ' ' || t.name, c.n, 'field', c.name,
			postern.action_type(c.column_type, case t.what
				when 'input' then names.given
				else names.answered end)
			|| case when c.required or c.filled and t.what = 'object'
				then '!' else '' end,
			c.comment, null, null
		from named as t
		join postern.action_columns as c using (type), names
		where c.fit
		union all
		select t.what || ' ' || t.name, e.enumsortorder, 'value',
			e.enumlabel, null, null, null, null
		from named as t
		join pg_catalog.pg_enum as e on e.enumtypid = t.type
		union all
		select 'left out ' || l.what, 0, 'left out', l.what, null,
			null, null, null
		from postern.action_left_out as l
	)
	-- YAML takes no control characters.
	select l.what, l.name, l.type,
		regexp_replace(l.comment,
			'[\x01-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]', ' ', 'g'),
		l.query, l.roles
	from lines as l
	order by l.owner collate "C", l.n
$$;

comment on function postern.action_types is
	'The actions that GraphQL can call, and the types that they need; names of '
	'types that are taken are given to none.';

revoke execute on function
	postern.is_graphql_name,
	postern.action_type_name,
	postern.is_array,
	postern.action_scalar,
	postern.action_type,
	postern.action_named,
	postern.action_roles,
	postern.action_answer,
	postern.action_types
from public;

grant execute on function postern.action_types to postern_auth;
