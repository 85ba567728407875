-- Who may change whose rows.  Grants say what may be done at all; the session
-- setting postern.access says whether rows have owners:
--
--	open	(or not set) everybody may do what the grants say
--	owner	everybody reads; members change their own user and the
--		events that they host; administrators change everything
--
-- What a policy has to know is in a sub-select without arguments, so that it
-- is looked up once per statement and not once per row.  Reading costs
-- nothing: `true or ...` is true before the statement begins.

alter table api.users
add column identity_id uuid
	constraint users_identity_id_key unique
	constraint users_identity_id_fkey
	references auth.identities on delete set null;

comment on column api.users.identity_id is
	'Who signs in as this user, if anybody does.
@hidden';


create function auth.current_user_id()
returns uuid
language plpgsql
stable
parallel safe
security definer
set search_path = ''
as $$
begin
	return (
		select u.id
		from api.users as u
		where u.identity_id = auth.identity_id());
end
$$;

comment on function auth.current_user_id() is
	'The user who is signed in, or null.';

create function auth.current_user()
returns api.users
language sql
stable
parallel safe
begin atomic
	select u
	from api.users as u
	where u.id = auth.current_user_id();
end;

comment on function auth.current_user() is
	'The row of the user who is signed in, or null.';

-- A word that nobody knows closes rather than opens.
create function postern.is_open()
returns boolean
language sql
stable
parallel safe
return coalesce(nullif(current_setting('postern.access', true), ''), 'open')
	= 'open';

comment on function postern.is_open() is
	'Whether everybody may do what the grants say.';

revoke execute on all functions in schema auth from public;

grant execute on function auth.current_user_id(), auth.current_user()
to postern_anonymous, postern_member, postern_admin;


alter table api.users enable row level security;

create policy everybody_reads on api.users
for select
using (true);

create policy when_open on api.users
using ((select postern.is_open()));

create policy admins_do on api.users
to postern_admin
using (true);

create policy members_change_themselves on api.users
for update to postern_member
using (identity_id = (select auth.identity_id()));

create policy members_delete_themselves on api.users
for delete to postern_member
using (identity_id = (select auth.identity_id()));

comment on policy members_change_themselves on api.users is
	'The own user, and it stays the own one.';


alter table api.events enable row level security;

create policy everybody_reads on api.events
for select
using (true);

create policy when_open on api.events
using ((select postern.is_open()));

create policy admins_do on api.events
to postern_admin
using (true);

create policy members_host on api.events
to postern_member
using (host_id = (select auth.current_user_id()));

comment on policy members_host on api.events is
	'Whoever hosts an event, before and after: none is given or taken.';


-- The model says which tables are guarded, because a statement on one is
-- planned for the role that it runs as.
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
		'grants', r.grants)
		order by r.schema collate "C", r.name collate "C"), '[]')
	from relation as r
	join pg_catalog.pg_class as c on c.oid = r.rel
	join type on type.name = r.name
	left join columns on columns.rel = r.rel
	left join keys on keys.rel = r.rel
	left join links on links.rel = r.rel
	left join checks on checks.rel = r.rel
$$;
