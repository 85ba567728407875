-- What runs with the owner's rights, guarded against who may run any SQL as one
-- of the roles: by an action that lets its client write a part of a statement.


-- With an empty path Postgres looks for types, as for tables, among the session's
-- own first.  Who made a domain there with the name of a type had its checks
-- run as the owner, also where a definer calls what is none.
do $$
declare
	guarded record;
begin
	for guarded in
		select p.oid::regprocedure as name
		from pg_catalog.pg_proc as p
		where p.pronamespace = any (array[
			'auth', 'postern']::regnamespace[])
		and p.proconfig @> '{"search_path=\"\""}'
	loop
		execute format('alter function %s '
			'set search_path = pg_catalog, pg_temp', guarded.name);
	end loop;
end
$$;
