-- The three roles that requests run as.  Nobody logs in as one of them: the
-- workers' login role is a member of all three and becomes one per request.
-- Roles belong to the whole server, so they may be there already: made by an
-- administrator, or by another database's migrations.

do $$
declare
	missing text[];
	wanted text;
	made boolean;
begin
	select pg_catalog.array_agg(r order by r)
	into missing
	from pg_catalog.unnest(array[
		'postern_anonymous', 'postern_member', 'postern_admin']) as r
	where not exists (
		select from pg_catalog.pg_roles where rolname = r);

	foreach wanted in array coalesce(missing, '{}') loop
		begin
			execute pg_catalog.format('create role %I nologin', wanted);
			made := true;
		exception
			-- Another database's migrations were faster.
			when duplicate_object or unique_violation then
				made := false;
			when insufficient_privilege then
				raise exception using
					errcode = 'insufficient_privilege',
					message = pg_catalog.format(
						'Role %s may not create roles, and %s missing.',
						current_user,
						pg_catalog.array_to_string(missing, ', ')
						|| case pg_catalog.cardinality(missing)
							when 1 then ' is' else ' are' end),
					hint = 'Ask an administrator to run: '
						|| (select pg_catalog.string_agg(
							'create role ' || r || ' nologin;',
							' ')
						    from pg_catalog.unnest(missing) as r);
		end;
		if made then
			execute pg_catalog.format(
				'comment on role %I is %L', wanted,
				case wanted
				when 'postern_anonymous' then
					'Requests without a signed-in account.'
				when 'postern_member' then
					'Requests of a signed-in account.'
				else
					'Requests of an administrator.'
				end);
		end if;
	end loop;
end
$$;
