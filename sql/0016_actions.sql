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


-- ---- for whom ----

-- What the engine says of its caller, kept for the rest of the transaction.
create function postern.keep_session_variables(said json)
returns void
language plpgsql
as $$
begin
	if json_typeof(said) = 'object' then
		perform set_config('postern.session_variables',
			coalesce(jsonb_object_agg(lower(v.key), v.value), '{}')
				::text, true)
		from json_each_text(said) as v
		where lower(v.key) like 'x-hasura-%';
	end if;
end
$$;

create function postern.session_variables()
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
	said jsonb := coalesce(nullif(
		current_setting('postern.session_variables', true), ''), '{}');
	claims jsonb := nullif(
		current_setting('request.jwt.claims', true), '')::jsonb
		-> 'https://hasura.io/jwt/claims';
begin
	if jsonb_typeof(claims) = 'string' then
		claims := claims #>> '{}';
	end if;
	if jsonb_typeof(claims) is distinct from 'object' then
		return said;
	end if;
	return said || jsonb_build_object('x-hasura-role',
		case current_setting('role')
		when 'postern_member' then 'user'
		when 'postern_admin' then 'admin'
		else 'anonymous'
		end) || (
		select coalesce(jsonb_object_agg(lower(v.key), v.value), '{}')
		from jsonb_each(claims) as v
		where lower(v.key) like 'x-hasura-%'
		and lower(v.key) not in ('x-hasura-default-role',
			'x-hasura-allowed-roles'));
end
$$;

comment on function postern.session_variables() is
	'What the token says, or an engine whose secret was brought; else what the request of an action claims.';

create function postern.session_variable(name text)
returns text
language sql
stable
set search_path = ''
as $$
	select postern.session_variables() ->> lower(name)
$$;

comment on function postern.session_variable(text) is
	'One of postern.session_variables(), in whatever case.';


-- ---- arguments ----

-- A sentence, or null where each is there that must be, and no other.
create function postern.action_misfit(
	action postern.action_functions, input json)
returns text
language plpgsql
stable
as $$
begin
	return coalesce((
		select 'Unexpected argument: ' || given
		from json_object_keys(input) as given
		where given <> all (action.argument_names)
		limit 1
	), (
		select 'Missing argument: ' || a.name
		from unnest(action.argument_names, action.argument_optional)
			with ordinality as a (name, optional, place)
		where not a.optional
		and coalesce(json_typeof(input -> a.name), 'null') = 'null'
		order by a.place
		limit 1
	));
end
$$;

-- The argument that its type would not read, with what was said, or null.
create function postern.action_bad_argument(
	action postern.action_functions, input json)
returns text
language plpgsql
as $$
declare
	argument record;
begin
	for argument in
		select a.name, format_type(a.type, -1) as type
		from unnest(action.argument_names, action.argument_types)
			as a (name, type)
		where input -> a.name is not null
	loop
		begin
			execute format('select x.%1$I '
				'from json_to_record($1) as x(%1$I %2$s)',
				argument.name, argument.type) using input;
		exception when others then
			return format('Invalid argument: %s: %s',
				argument.name, sqlerrm);
		end;
	end loop;
	return null;
end
$$;


-- ---- its statement ----

-- What reads the input ($1) and calls the function with what is in it.
create function postern.action_call(
	action postern.action_functions, input json)
returns text
language plpgsql
stable
as $$
begin
	return (
		select format('select action.%I(%s) as %I', action.name,
				string_agg(format('%1$I => x.%1$I', a.name),
					', '),
				coalesce(action.output_names[1], 'value'))
			|| coalesce(' from json_to_record($1) as x('
				|| string_agg(format('%I %s', a.name,
					format_type(a.type, -1)), ', ')
				|| ')', '')
		from unnest(action.argument_names, action.argument_types)
			as a (name, type)
		where input -> a.name is not null);
end
$$;

-- The same, with the answer as JSON.  Columns that are declared make an object
-- even where there is but one.  A row of a type that has nothing but nulls is
-- none: in PL/pgSQL that is what was looked for and not found.  `offset 0`, so
-- that what is looked at twice is called once.
create function postern.action_statement(
	action postern.action_functions, input json)
returns text
language plpgsql
stable
as $$
declare
	call text := postern.action_call(action, input);
	value text := format(case
		when cardinality(action.output_names) = 1 then 'r'
		when action.output_names is not null then 'r.%1$I'
		else 'case when not r.%1$I is null then r.%1$I end'
		end, coalesce(action.output_names[1], 'value'));
begin
	if action.returns = 'void'::regtype then
		return call;
	elsif action.returns_set then
		return format('select ''['' || coalesce(string_agg('
			'coalesce(to_json(%s)::text, ''null''), '',''), '
			''''') || '']'' from (%s) as r', value, call);
	end if;
	return format('select to_json(%s) from (%s offset 0) as r',
		value, call);
end
$$;


-- ---- what it raised ----

-- Whose doing is it: the state of the database, which passes or is known to
-- the workers; the function, which is wrong; or, as functions raise it and data
-- are refused, the client?
create function postern.action_blame(state text)
returns text
language sql
immutable
as $$
	select case
		when state = '42501' or state ~ '^PT4[0-9][0-9]$' then 'client'
		when state = '25006' or left(state, 2) = any (
			'{08,40,53,55,57,58}') then 'database'
		when state = 'P0004' or left(state, 2) = any (
			'{09,0A,0B,0Z,24,25,26,2D,2F,34,38,39,3B,3D,3F,42,54,'
			'72,F0,HV,PT,XX}') then 'function'
		else 'client'
		end
$$;

-- The code, with a detail that is a JSON object around or over it.
create function postern.action_extensions(code text, detail text)
returns text
language plpgsql
stable
as $$
declare
	members jsonb := jsonb_build_object('code', code);
begin
	begin
		if ltrim(detail, E' \t\r\n') like '{%' then
			members := members || detail::jsonb;
		end if;
	exception when data_exception then
		null; -- It is for people.
	end;
	if jsonb_typeof(members -> 'code') <> 'string' then
		members := members || jsonb_build_object('code', code);
	end if;
	return (
		select '{' || string_agg(to_json(m.key) || ':' || m.value, ','
			order by m.key <> 'code', m.key) || '}'
		from jsonb_each(members) as m);
end
$$;

-- As an engine says it of a table, and no more than that.
create function postern.action_complaint(
	state text, said text, out message text, out code text)
language sql
immutable
as $$
	select
		case state
		when '42501' then 'Forbidden'
		when '23502' then 'Not-NULL violation. ' || said
		when '23503' then 'Foreign key violation. ' || said
		when '23505' then 'Uniqueness violation. ' || said
		when '23514' then 'Check constraint violation. ' || said
		when '23P01' then 'Exclusion constraint violation. ' || said
		else said
		end,
		case left(state, 2)
		when '23' then 'constraint-violation'
		else state
		end
$$;

-- What has been raised is answered or, unless it is the client's, raised again:
-- the function's faults so that nobody takes them for something that passes.
-- Where a statement of the function raised it on purpose, it is left as said.
create function postern.action_refusal(
	action postern.action_functions, input json,
	state text, said text, detail text, context text,
	out status text, out message text, out extensions text)
language plpgsql
as $$
declare
	code text := 'validation-failed';
begin
	status := case
		when state ~ '^PT4' then right(state, 3)
		when state = '42501' then '403'
		else '400'
		end;
	message := postern.action_bad_argument(action, input);
	if message is not null then
		status := '400';
		detail := null;
	elsif postern.action_blame(state) = 'function' then
		raise exception using
			message = format('%s %s', state, said),
			detail = context,
			errcode = 'internal_error';
	elsif split_part(context, E'\n', 1) like '% RAISE' then
		message := coalesce(nullif(said, ''), 'The action was refused');
		code := state;
	else
		select c.message, c.code into message, code
		from postern.action_complaint(state, said) as c;
	end if;
	extensions := postern.action_extensions(code, detail);
end
$$;


-- ---- the call ----

-- A JSON text as the answer with status 200, or another status, a message and
-- its extensions.  What the function raised is undone with all that it did,
-- and what is only checked at the end is checked here.
create function postern.call_action(
	name text, envelope text,
	out status text, out answer text,
	out message text, out extensions text)
language plpgsql
as $$
declare
	input json := envelope::json -> 'input';
	action postern.action_functions;
	state text;
	detail text;
	context text;
begin
	select f.* into action
	from postern.action_functions as f
	where f.function = (
		select min(p.oid)
		from pg_catalog.pg_proc as p
		where p.proname = call_action.name
		and p.pronamespace = 'action'::regnamespace);
	if not found then
		status := '404';
		message := 'There is no such action';
		extensions := '{"code":"not-found"}';
		return;
	end if;
	message := postern.action_misfit(action, input);
	if message is not null then
		status := '400';
		extensions := '{"code":"validation-failed"}';
		return;
	end if;
	perform postern.keep_session_variables(
		envelope::json -> 'session_variables');
	execute postern.action_statement(action, input)
	into answer using input;
	set constraints all immediate;
	status := '200';
	answer := coalesce(nullif(answer, ''), 'null');
exception when others then
	get stacked diagnostics
		state = returned_sqlstate,
		message = message_text,
		detail = pg_exception_detail,
		context = pg_exception_context;
	if postern.action_blame(state) = 'database' then
		raise;
	end if;
	answer := null;
	select r.* into status, message, extensions
	from postern.action_refusal(
		action, input, state, message, detail, context) as r;
end
$$;

comment on function postern.call_action is
	'Calls the function of schema action that has that name.';

revoke execute on function
	postern.keep_session_variables,
	postern.session_variables,
	postern.session_variable,
	postern.action_misfit,
	postern.action_bad_argument,
	postern.action_call,
	postern.action_statement,
	postern.action_blame,
	postern.action_extensions,
	postern.action_complaint,
	postern.action_refusal,
	postern.call_action
from public;

grant execute on function
	postern.keep_session_variables,
	postern.session_variables,
	postern.session_variable,
	postern.action_misfit,
	postern.action_bad_argument,
	postern.action_call,
	postern.action_statement,
	postern.action_blame,
	postern.action_extensions,
	postern.action_complaint,
	postern.action_refusal,
	postern.call_action
to postern_anonymous, postern_member, postern_admin;
