-- Events, mended: what was found when everything was tried that a table, a
-- trigger or a receiver can be.


-- What is told of a row.

-- A row is one even when none of its members are told, or left.
create or replace function postern.event_part(whole jsonb, columns text[])
returns jsonb
language sql
immutable
return case
	when whole is null or columns is null then whole
	else (
		select coalesce(jsonb_object_agg(key, value), '{}')
		from jsonb_each(whole)
		where key = any (columns))
end;


-- Triggers.

-- By what they call and not by where they were made: a table may have another
-- name by now.
create or replace function postern.event_detach(t postern.event_triggers)
returns void
language plpgsql
as $$
declare
	made record;
begin
	for made in
		select g.tgname as name, g.tgrelid::regclass as rel
		from pg_catalog.pg_trigger as g
		where g.tgfoid = 'postern.event_write()'::regprocedure
		and g.tgname::text = any (array(
			select format('event_%s_%s', t.name, lower(operation))
			from unnest(t.operations) as operation))
		and g.tgparentid = 0
	loop
		execute format('drop trigger %I on %s', made.name, made.rel);
	end loop;
end
$$;

-- Faults that would show when the first event is sent, or never.
create function postern.event_triggers_check()
returns trigger
language plpgsql
as $$
declare
	header jsonb;
	missing text;
begin
	if jsonb_typeof(new.headers::jsonb) <> 'array' then
		raise exception using
			errcode = 'check_violation',
			message = 'The headers must be an array.';
	end if;
	for header in select jsonb_array_elements(new.headers::jsonb) loop
		continue when header ->> 'name' ~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]+$'
			and case when header ? 'value_from_env'
				then header ->> 'value_from_env' ~ '^[^=[:cntrl:]]+$'
				else jsonb_typeof(header -> 'value') = 'string'
					and replace(header ->> 'value',
						E'\t', '') !~ '[[:cntrl:]]'
			end;
		raise exception using
			errcode = 'check_violation',
			message = format('%s is no header: it has a name, and '
				'a value or value_from_env, of one line each.',
				header);
	end loop;
	if new.payload_columns is null or new.table_name is null then
		return new;
	end if;
	select c into missing
	from unnest(new.payload_columns) as c
	where not exists (
		select
		from pg_catalog.pg_attribute as a
		where a.attrelid = format('%I.%I',
			new.table_schema, new.table_name)::regclass
		and a.attname = c
		and a.attnum > 0);
	if missing is not null then
		raise exception using
			errcode = 'undefined_column',
			message = format('There is no column %s to tell.',
				missing);
	end if;
	return new;
end
$$;

create trigger event_triggers_check
before insert
or update of headers, payload_columns, table_schema, table_name
on postern.event_triggers
for each row execute function postern.event_triggers_check();


-- Delivering.

-- The body of a large event; null when no receiver would ever take as much, or
-- Postgres cannot make it.
create function postern.event_large_body(
	e postern.event_log, max_retries integer)
returns text
language plpgsql
stable
as $$
begin
	-- What it has when it is not compressed any more.
	if pg_column_size(e.payload || '{}') > 32000000 then
		return null;
	end if;
	return postern.event_body(e, max_retries);
exception
	when program_limit_exceeded or out_of_memory then
		return null;
end
$$;

-- Of large events fewer are taken at once, as far as that can be told without
-- reading them.  Those that are too large have no body, and so the courier
-- cannot send them, but can say so.
create or replace function postern.event_claim(
	rooms text, room text, total text, lease text)
returns table (
	id text, "trigger" text, webhook text, headers text, secret_env text,
	timeout text, trace text, body text)
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
	t postern.event_triggers;
	rest integer := total;
	n integer;
	moment timestamptz;
begin
	perform set_config('synchronous_commit', 'off', true);
	if exists (
		select from postern.event_triggers as x
		where x.next_at <= now())
	then
		perform postern.event_strike();
	end if;
	-- now() was before what has struck, and no index knows a clock.
	moment := clock_timestamp();
	for t in
		select * from postern.event_triggers as x order by random()
	loop
		n := least(rest, coalesce(
			(rooms::json ->> t.name)::integer, room::integer));
		continue when n <= 0;
		return query
		with due as (
			select e.id, pg_column_size(e.payload) as size
			from postern.event_log as e
			where e.trigger_name = t.name
			and not e.delivered and not e.error and not e.archived
			and greatest(e.created_at, e.locked, e.next_retry_at)
				<= moment
			order by greatest(
				e.created_at, e.locked, e.next_retry_at)
			limit n
			for update skip locked
		), fit as (
			select d.id, d.size
			from (
				select due.*, sum(due.size) over (
					rows unbounded preceding) as upto
				from due
			) as d
			where d.upto - d.size < 2000000
		)
		update postern.event_log as e
		set locked = now() + make_interval(secs => lease::integer)
		from fit
		where e.id = fit.id
		returning
			e.id::text, e.trigger_name, t.webhook,
			t.headers::text, t.secret_env, t.timeout_sec::text,
			postern.event_trace_of(e) ->> 'trace_id',
			case when fit.size < 2000
				then postern.event_body(e, t.num_retries)
				else postern.event_large_body(e, t.num_retries)
			end;
		get diagnostics n = row_count;
		rest := rest - n;
	end loop;
end
$$;


-- What a person asks.

-- One event, or all that a trigger has given up.  There is nowhere to send
-- those to whose trigger is gone.
create or replace function postern.event_redeliver(which text, out events text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	update postern.event_log as e
	set delivered = false, error = false, archived = false,
		tries = 0, locked = null, next_retry_at = null
	where case
		when which ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
			then e.id = which::uuid
		else e.trigger_name = which and e.error
	end
	and exists (
		select from postern.event_triggers as t
		where t.name = e.trigger_name);
	get diagnostics events = row_count;
	notify postern_events;
end
$$;


revoke execute on function
	postern.event_triggers_check,
	postern.event_large_body
from public;
