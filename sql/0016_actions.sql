-- Actions of an engine that are functions: each in schema action is one, by
-- its name.  It runs as who calls, in a transaction of its own.

create schema action;

comment on schema action is
	'What the custom actions of an engine do: a function each.';

grant usage on schema action
to postern_anonymous, postern_member, postern_admin;


-- ---- what is an action ----

-- All of a function that its interface depends on; what could be called in
-- more ways than one, or not by names, is none.
create view postern.action_functions as
select
	p.oid as function,
	p.proname::text as name,
	pg_catalog.obj_description(p.oid, 'pg_proc') as comment,
	p.provolatile = 'v' as volatile,
	inward.names as argument_names,
	inward.types as argument_types,
	inward.optional as argument_optional,
	p.prorettype as returns,
	p.proretset as returns_set,
	outward.names as output_names,
	outward.types as output_types
from pg_catalog.pg_proc as p
join pg_catalog.pg_type as result on result.oid = p.prorettype
cross join lateral (
	select
		coalesce(array_agg(a.name order by a.place), '{}') as names,
		coalesce(array_agg(a.type order by a.place), '{}') as types,
		coalesce(array_agg(a.rank > p.pronargs - p.pronargdefaults
			order by a.place), '{}') as optional,
		coalesce(bool_and(a.name <> '' and t.typtype <> 'p'), true)
			as plain
	from (
		select place, type, coalesce(p.proargnames[place], '') as name,
			row_number() over (order by place) as rank
		from unnest(
			coalesce(p.proallargtypes, p.proargtypes::oid[]),
			p.proargmodes
		) with ordinality as u (type, mode, place)
		where coalesce(mode, 'i') in ('i', 'b', 'v')
	) as a
	join pg_catalog.pg_type as t on t.oid = a.type
) as inward
cross join lateral (
	select
		array_agg(coalesce(nullif(p.proargnames[place], ''),
			'column' || rank) order by place) as names,
		array_agg(type order by place) as types
	from (
		select place, type, row_number() over (order by place) as rank
		from unnest(p.proallargtypes, p.proargmodes)
			with ordinality as u (type, mode, place)
		where mode in ('o', 'b', 't')
	) as a
) as outward
where p.pronamespace = 'action'::pg_catalog.regnamespace
and p.prokind = 'f'
and p.provariadic = 0
and inward.plain
and (result.typtype <> 'p'
	or result.typname = 'void'
	or (result.typname = 'record' and outward.names is not null))
and not exists (
	select
	from pg_catalog.pg_proc as other
	where other.proname = p.proname
	and other.pronamespace = p.pronamespace
	and other.oid <> p.oid);

comment on view postern.action_functions is
	'The functions of schema action that are actions.';
comment on column postern.action_functions.argument_optional is
	'It has a default.';
comment on column postern.action_functions.output_names is
	'Columns that it declares, by OUT or TABLE; else null.';

grant select on postern.action_functions
to postern_anonymous, postern_member, postern_admin;
