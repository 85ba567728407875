-- What JSON:API asks of a database: the functions that requests depend on, and
-- what they leave for those that come after them.

create table postern.dependencies (
	id integer generated always as identity primary key,
	table_schema text not null default 'api',
	table_name text not null,
	method text not null
		check (method in ('ALL', 'GET', 'POST', 'PATCH', 'DELETE')),
	view text
		check (view in ('list', 'detail')),
	function_schema text not null,
	function_name text not null
);

create unique index dependencies_key
on postern.dependencies (
	table_schema, table_name, method, coalesce(view, ''),
	function_schema, function_name);

comment on table postern.dependencies is
	'Functions that run before JSON:API requests, in the order of id.';
comment on column postern.dependencies.view is
	'list: /users. detail: what is below it. null: both.';
comment on column postern.dependencies.function_name is
	'One that takes json and returns json. By name: without it requests fail.';

grant select on postern.dependencies
to postern_anonymous, postern_member, postern_admin;

-- Whatever changes them: workers read the model again.
create function postern.dependencies_changed()
returns trigger
language plpgsql
as $$
begin
	notify postern;
	return null;
end
$$;

create trigger dependencies_changed
after insert or update or delete or truncate on postern.dependencies
for each statement execute function postern.dependencies_changed();


-- The table that JSON:API calls that: by its own name or by that of its type,
-- however words are set apart in it.
create function postern.table_of_type(type text)
returns name
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
	tables name[];
begin
	select array_agg(t.name order by t.name <> $1, t.name)
	into tables
	from (
		select array_agg(r.name), array_agg(r.tags ->> 'type')
		from postern.model_relations() as r
	) as r (names, tagged),
	postern.model_type_names(r.names, r.tagged) as t
	where t.name = $1
	or lower(replace(t.type, '_', '')) = lower(replace($1, '_', ''));

	if tables is null then
		raise exception using
			errcode = 'undefined_table',
			message = format('There is no resource type %s.', $1),
			hint = 'It is called as a row is (user), or as the '
				'table (users); a role needs a grant on it.';
	elsif cardinality(tables) > 1 and tables[1] <> $1 then
		raise exception using
			errcode = 'ambiguous_parameter',
			message = format('%s may be %s.',
				$1, array_to_string(tables, ' or ')),
			hint = 'Name the table.';
	end if;
	return tables[1];
end
$$;

comment on function postern.table_of_type(text) is
	'The table of a resource type: user is users.';

create function postern.dependency(
	type text, method text, function regprocedure, view text default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
	called record;
begin
	select
		n.nspname,
		p.proname,
		p.pronargs = 1
			and p.proargtypes[0] = 'json'::regtype
			and p.prorettype = 'json'::regtype
			and not p.proretset
			and p.prokind = 'f' as fits
	into called
	from pg_catalog.pg_proc as p
	join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
	where p.oid = $3;

	if called.fits is not true then
		raise exception using
			errcode = 'invalid_function_definition',
			message = format(
				'%s is no dependency: it must take json and '
				'return json.', $3);
	end if;
	insert into postern.dependencies
		(table_name, method, view, function_schema, function_name)
	values (postern.table_of_type($1), upper($2), lower($4),
		called.nspname, called.proname)
	on conflict do nothing;
end
$$;

comment on function postern.dependency(text, text, regprocedure, text) is
	'Lets JSON:API requests of a type depend on a function.';

create function postern.drop_dependency(
	type text, method text, function regprocedure, view text default null)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
	delete from postern.dependencies as d
	using pg_catalog.pg_proc as p
	join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
	where d.table_schema = 'api'
	and d.table_name = postern.table_of_type($1)
	and d.method = upper($2)
	and d.view is not distinct from lower($4)
	and d.function_schema = n.nspname
	and d.function_name = p.proname
	and p.oid = $3;
	return found;
end
$$;

comment on function postern.drop_dependency(text, text, regprocedure, text) is
	'Takes a dependency back; false: there was none.';


-- What the dependencies of a request returned, one merged over the other.
create function postern.context()
returns json
language sql
stable
as $$
	select coalesce(nullif(
		current_setting('postern.context', true), ''), '{}')::json
$$;

comment on function postern.context() is
	'What the dependencies of this request returned; {}: nothing.';

-- How workers call it: with what the next one has returned.
create function postern.depend(result json)
returns boolean
language plpgsql
as $$
begin
	if json_typeof(result) <> 'object' then
		raise exception using
			errcode = 'PT500',
			message = 'a dependency has to return an object',
			detail = left(result::text, 200);
	end if;
	perform set_config(
		'postern.context',
		(postern.context()::jsonb
			|| coalesce(result::jsonb, '{}'))::text,
		true);
	return true;
end
$$;

comment on function postern.depend(json) is
	'Merges an object over postern.context().';


-- As in 0005_access.sql, with the dependencies of each table.
create function postern.model_dependencies()
returns table (schema text, name text, dependencies json)
language sql
stable
as $$
	select
		table_schema,
		table_name,
		json_agg(json_build_object(
			'method', method,
			'view', view,
			'function', '"' || replace(function_schema, '"', '""')
				|| '"."' || replace(function_name, '"', '""')
				|| '"')
			order by id)
	from postern.dependencies
	group by table_schema, table_name
$$;

create or replace function postern.model_tables()
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
		'guarded', c.relrowsecurity,
		'columns', coalesce(columns.columns, '[]'),
		'primary_key', coalesce(
			keys.primary_key,
			postern.tagged_key(r.rel, r.tags ->> 'key')),
		'unique', coalesce(keys.uniques, '[]'),
		'foreign_keys', coalesce(links.foreign_keys, '[]'),
		'referenced_by', coalesce(links.referenced_by, '[]'),
		'checks', coalesce(checks.checks, '[]'),
		'dependencies', coalesce(d.dependencies, '[]'),
		'grants', r.grants)
		order by r.schema collate "C", r.name collate "C"), '[]')
	from relation as r
	join pg_catalog.pg_class as c on c.oid = r.rel
	join type on type.name = r.name
	left join columns on columns.rel = r.rel
	left join keys on keys.rel = r.rel
	left join links on links.rel = r.rel
	left join checks on checks.rel = r.rel
	left join postern.model_dependencies() as d
		on d.schema = r.schema
		and d.name = r.name
$$;


-- The source system's guard: the list of users is for administrators, who have
-- a token that says so or know the shared secret.
create function postern.admin_only(request json)
returns json
language plpgsql
stable
as $$
begin
	if coalesce((request ->> 'secret')::boolean, false)
		or coalesce(request ->> 'role' = 'admin', false)
	then
		return '{}';
	end if;
	raise exception using
		errcode = 'PT403',
		message = 'Only admin user have permissions to this endpoint';
end
$$;

comment on function postern.admin_only(json) is
	'A dependency: lets nobody pass but administrators.';

select postern.dependency(
	'user', 'GET', 'postern.admin_only(json)', view => 'list');


revoke execute on function
	postern.dependencies_changed,
	postern.table_of_type,
	postern.dependency,
	postern.drop_dependency,
	postern.context,
	postern.depend,
	postern.admin_only
from public;

grant execute on function
	postern.context,
	postern.depend,
	postern.admin_only
to postern_anonymous, postern_member, postern_admin;
