-- The three roles that requests run as.  Nobody logs in as one of them: the
-- workers' login role is a member of all three and becomes one per request.
-- Roles belong to the whole server, so they may be there already: made by an
-- administrator, or by another database's migrations, even at this moment.

do $$
declare
	wanted record;
	missing text[] := array(
		select name
		from unnest(array[
			'postern_anonymous',
			'postern_member',
			'postern_admin']) as name
		where name not in (select rolname from pg_catalog.pg_roles)
		order by name);
begin
	for wanted in
		select *
		from (values
			('postern_anonymous',
			 'Requests without a signed-in account.'),
			('postern_member',
			 'Requests of a signed-in account.'),
			('postern_admin',
			 'Requests of an administrator.')
		) as roles (name, purpose)
		where name = any (missing)
	loop
		begin
			execute format('create role %I nologin', wanted.name);
			execute format('comment on role %I is %L',
				wanted.name, wanted.purpose);
		exception
			when duplicate_object or unique_violation then
				null;
		end;
	end loop;
exception
	when insufficient_privilege then
		raise exception using
			errcode = 'insufficient_privilege',
			message = format(
				'Role %s may not create roles, and '
				'%s %s missing.',
				current_user,
				array_to_string(missing, ', '),
				case cardinality(missing)
				when 1 then 'is'
				else 'are'
				end),
			hint = (
				select 'Ask an administrator to run:'
					|| string_agg(format(
						' create role %I nologin;', r),
						'' order by r)
				from unnest(missing) as r);
end
$$;
