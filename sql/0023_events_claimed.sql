-- Events, claimed at a cost that depends neither on triggers that have nothing
-- to tell nor on statistics; and what was found when somebody tried to make
-- triggers that cannot work.


-- Plans of a queue.  What statistics say of it is about another moment, and a
-- plan for each call costs more than the call.  So every statement about the
-- log is planned once (plan_cache_mode), and has one plan to be had: there are
-- no ways but its indexes, in their order.  A plan for which there is no index
-- looks dear then, and would be compiled (jit).
--
-- Of a join of the log with a list, the list must come first.  An index gives
-- the log in the order of ids, so it might as well be read as a whole and the
-- list searched for each of its rows, which is what is cheap with a log that is
-- empty.  Nothing merges by "= any (array[...])", so there that way is none.

-- Who has something due: from each trigger's first event, by the moment that
-- it is due, to that of the next trigger.
create function postern.event_due(moment timestamptz)
returns setof text
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
	last text := '';
	first timestamptz;
begin
	loop
		select
			e.trigger_name,
			greatest(e.created_at, e.locked, e.next_retry_at)
		into last, first
		from postern.event_log as e
		where e.trigger_name > last
		and not e.delivered and not e.error and not e.archived
		order by
			e.trigger_name,
			greatest(e.created_at, e.locked, e.next_retry_at)
		limit 1;
		exit when not found;
		if first <= moment then
			return next last;
		end if;
	end loop;
end
$$;

-- As before, of those alone.  It also says whether the trace is sampled.
drop function postern.event_claim;

create function postern.event_claim(
	rooms text, room text, total text, lease text)
returns table (
	id text, "trigger" text, webhook text, headers text, secret_env text,
	timeout text, trace text, sampled text, body text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
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
		select x.*
		from postern.event_due(moment) as d (name)
		join postern.event_triggers as x on x.name = any (array[d.name])
		order by random()
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
		where e.id = any (array[fit.id])
		returning
			e.id::text, e.trigger_name, t.webhook,
			t.headers::text, t.secret_env, t.timeout_sec::text,
			postern.event_trace_of(e) ->> 'trace_id',
			e.payload #>> '{trace_context,sampled}',
			case when fit.size < 2000
				then postern.event_body(e, t.num_retries)
				else postern.event_large_body(e, t.num_retries)
			end;
		get diagnostics n = row_count;
		rest := rest - n;
	end loop;
end
$$;

comment on function postern.event_claim is
	'Events that are due, for the caller alone while the lease lasts.';

create or replace function postern.event_record(
	results text, out given_up text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	with result as materialized (
		select *
		from json_to_recordset(results::json) as r (
			id uuid, delivered boolean, status integer,
			request json, response json, wait integer)
	), logged as (
		insert into postern.event_invocation_log
			(event_id, status, request, response)
		select r.id, r.status, r.request, r.response
		from result as r
	), found as materialized (
		select
			e.id, e.trigger_name, e.tries, e.created_at,
			e.delivered as taken,
			r.delivered, r.status, r.wait
		from result as r
		join postern.event_log as e on e.id = any (array[r.id])
	), counted as (
		insert into postern.event_counts as c
			(trigger_name, outcome, attempts)
		select
			f.trigger_name,
			postern.event_outcome(f.delivered, f.status),
			count(*)
		from found as f
		group by 1, 2
		order by 1, 2
		on conflict on constraint event_counts_pkey do update
		set attempts = c.attempts + excluded.attempts
	), judged as materialized (
		select
			f.id,
			f.delivered,
			case
			when f.delivered then null
			when f.wait > 0
				and f.created_at > now() - interval '24 hours'
				then f.wait
			when f.tries < coalesce(t.num_retries, 0)
				then t.interval_sec
			end as wait
		from found as f
		left join postern.event_triggers as t
			on t.name = f.trigger_name
		where not f.taken
	), written as (
		update postern.event_log as e
		set tries = e.tries + 1,
			locked = null,
			delivered = j.delivered,
			error = not j.delivered and j.wait is null,
			next_retry_at = now() + make_interval(secs => j.wait)
		from judged as j
		where e.id = any (array[j.id])
		returning e.error
	)
	select count(*) filter (where w.error) into given_up
	from written as w;
end
$$;

create or replace function postern.event_renew(
	ids text, lease text, out renewed text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	update postern.event_log as e
	set locked = now() + make_interval(secs => lease::integer)
	where e.id = any (ids::uuid[])
	and not e.delivered;
	get diagnostics renewed = row_count;
end
$$;

create or replace function postern.event_release(ids text, out released text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
	update postern.event_log as e
	set locked = null
	where e.id = any (ids::uuid[])
	and not e.delivered;
	get diagnostics released = row_count;
	notify postern_events;
end
$$;


-- What is told.

-- What nobody's trace can be, W3C's Trace Context says, is only zeros.  A trace
-- that is not sampled is kept as one; receivers hear of it in a header.
create or replace function postern.event_trace()
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
	header text := current_setting('postern.traceparent', true);
	parts text[];
begin
	if coalesce(header, '') = '' then
		return null;
	end if;
	parts := regexp_match(header,
		'^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})'
		'-[0-9a-f]([0-9a-f])');
	return case
		when parts is null then null
		when parts[3] ~ '[13579bdf]' then jsonb_build_object(
			'trace_id', parts[1],
			'span_id', parts[2])
		else jsonb_build_object(
			'trace_id', parts[1],
			'span_id', parts[2],
			'sampled', false)
	end;
end
$$;

-- The members of an event come in the order in which engines send them, which
-- is not that of jsonb.
create or replace function postern.event_body(
	e postern.event_log, max_retries integer)
returns text
language sql
stable
return case
	when e.table_name is null then json_build_object(
		'comment', e.payload -> 'comment',
		'created_at', to_char(e.created_at at time zone 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'id', e.id,
		'name', e.trigger_name,
		'payload', e.payload -> 'payload',
		'scheduled_time', e.payload -> 'scheduled_time')
	else json_build_object(
		'created_at', to_char(e.created_at at time zone 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
		'delivery_info', json_build_object(
			'current_retry', e.tries,
			'max_retries', max_retries),
		'event', json_build_object(
			'data', e.payload -> 'data',
			'op', e.payload -> 'op',
			'session_variables', e.payload -> 'session_variables',
			'trace_context',
				postern.event_trace_of(e) - 'sampled'),
		'id', e.id,
		'table', json_build_object(
			'name', e.table_name,
			'schema', e.schema_name),
		'trigger', json_build_object('name', e.trigger_name))
end::text;


-- By hand: the key may be of any of the types that one has it in.  A literal is
-- text to Postgres, where that is among the types, and could be either of the
-- others if it were not.  These have nobody's rights: who may not call the one
-- that takes json can do nothing with them.

create function postern.emit_event(trigger_name text, key jsonb)
returns setof uuid
language sql
return postern.emit_event(trigger_name, key::json);

create function postern.emit_event(trigger_name text, key text)
returns setof uuid
language sql
return postern.emit_event(trigger_name, key::json);

comment on function postern.emit_event(text, jsonb) is
	'Tells the row with that key as it is: operation MANUAL.';
comment on function postern.emit_event(text, text) is
	'Tells the row with that key as it is: operation MANUAL.';


-- Triggers that cannot work are refused when they are made.

-- What a webhook's headers already are.
create function postern.event_header_is_ours(name text)
returns boolean
language sql
immutable
return lower(name) = any (array[
	'connection', 'content-length', 'content-type', 'expect', 'host',
	'transfer-encoding', 'webhook-id', 'webhook-signature',
	'webhook-timestamp']);

create function postern.event_check_headers(headers jsonb)
returns void
language plpgsql
immutable
as $$
declare
	header jsonb;
begin
	if jsonb_typeof(headers) <> 'array' then
		raise exception using
			errcode = 'check_violation',
			message = 'The headers must be an array.';
	end if;
	for header in select jsonb_array_elements(headers) loop
		if postern.event_header_is_ours(header ->> 'name') then
			raise exception using
				errcode = 'check_violation',
				message = format('The header %s cannot be '
					'chosen: the courier says it.',
					header -> 'name');
		end if;
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
end
$$;

create or replace function postern.event_triggers_check()
returns trigger
language plpgsql
as $$
declare
	missing text;
begin
	-- Whoever makes a trigger anew means the one of that name.
	if tg_op = 'UPDATE'
		and (old.schedule is null) <> (new.schedule is null)
	then
		raise exception using
			errcode = 'duplicate_object',
			message = format('%s is the name of %s trigger '
				'already: drop that first.', old.name,
				case when old.schedule is null
					then 'an event' else 'a cron' end);
	end if;
	if cardinality(new.operations) = 0 then
		raise exception using
			errcode = 'check_violation',
			message = 'No operation is named.';
	end if;
	perform postern.event_check_headers(new.headers::jsonb);
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

create or replace trigger event_triggers_check
before insert
or update of headers, payload_columns, table_schema, table_name, operations,
	schedule
on postern.event_triggers
for each row execute function postern.event_triggers_check();

create function postern.event_retry_conf(
	conf json, out num_retries integer, out interval_sec integer,
	out timeout_sec integer)
language plpgsql
immutable
as $$
declare
	member text;
begin
	if json_typeof(conf) not in ('object', 'null') then
		raise exception using
			errcode = 'invalid_parameter_value',
			message = 'The retry_conf must be an object.';
	end if;
	select key into member
	from jsonb_object_keys(nullif(conf::jsonb, 'null')) as key
	where key not in ('num_retries', 'interval_sec', 'timeout_sec')
	order by key
	limit 1;
	if member is not null then
		raise exception using
			errcode = 'invalid_parameter_value',
			message = format('A retry_conf has no %s: it has '
				'num_retries, interval_sec and timeout_sec.',
				member);
	end if;
	num_retries := coalesce((conf ->> 'num_retries')::integer, 0);
	interval_sec := coalesce((conf ->> 'interval_sec')::integer, 10);
	timeout_sec := coalesce((conf ->> 'timeout_sec')::integer, 60);
end
$$;

create or replace function postern.create_event_trigger(
	name text, on_table regclass,
	operations text[] default '{INSERT,UPDATE,DELETE,MANUAL}',
	columns text[] default null, webhook text default null,
	headers json default '[]', retry_conf json default '{}',
	payload_columns text[] default null, secret_env text default null)
returns void
language sql
set search_path = pg_catalog, pg_temp
begin atomic
	insert into postern.event_triggers as t (
		name, table_schema, table_name, operations, columns,
		payload_columns, webhook, headers, secret_env,
		num_retries, interval_sec, timeout_sec)
	select
		create_event_trigger.name, n.nspname, c.relname,
		create_event_trigger.operations,
		create_event_trigger.columns,
		create_event_trigger.payload_columns,
		create_event_trigger.webhook,
		create_event_trigger.headers,
		create_event_trigger.secret_env,
		r.num_retries, r.interval_sec, r.timeout_sec
	from pg_catalog.pg_class as c
	join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
	cross join postern.event_retry_conf(retry_conf) as r
	where c.oid = on_table
	on conflict (name) do update
	set table_schema = excluded.table_schema,
		table_name = excluded.table_name,
		operations = excluded.operations,
		columns = excluded.columns,
		payload_columns = excluded.payload_columns,
		schedule = null,
		payload = null,
		webhook = excluded.webhook,
		headers = excluded.headers,
		secret_env = excluded.secret_env,
		num_retries = excluded.num_retries,
		interval_sec = excluded.interval_sec,
		timeout_sec = excluded.timeout_sec;
end;

create or replace function postern.create_cron_trigger(
	name text, schedule text, webhook text, payload json default null,
	headers json default '[]', retry_conf json default '{}',
	secret_env text default null, comment text default null)
returns void
language sql
set search_path = pg_catalog, pg_temp
begin atomic
	insert into postern.event_triggers as t (
		name, schedule, webhook, payload, headers, secret_env,
		comment, num_retries, interval_sec, timeout_sec)
	select
		create_cron_trigger.name, create_cron_trigger.schedule,
		create_cron_trigger.webhook, create_cron_trigger.payload,
		create_cron_trigger.headers, create_cron_trigger.secret_env,
		create_cron_trigger.comment,
		r.num_retries, r.interval_sec, r.timeout_sec
	from postern.event_retry_conf(retry_conf) as r
	on conflict (name) do update
	set table_name = null,
		columns = null,
		payload_columns = null,
		schedule = excluded.schedule,
		payload = excluded.payload,
		webhook = excluded.webhook,
		headers = excluded.headers,
		secret_env = excluded.secret_env,
		comment = excluded.comment,
		num_retries = excluded.num_retries,
		interval_sec = excluded.interval_sec,
		timeout_sec = excluded.timeout_sec;
end;


-- What a person asks.

-- Something has that name or id: a trigger, or an event, maybe of a trigger
-- that is gone; else null.
create function postern.event_known(which text, out known text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select 'yes'
	where exists (
		select from postern.event_triggers as t
		where t.name = which)
	or exists (
		select from postern.event_log as e
		where e.trigger_name = which
		or e.id::text = lower(which));
end;


revoke execute on function
	postern.event_due,
	postern.event_claim,
	postern.event_header_is_ours,
	postern.event_check_headers,
	postern.event_retry_conf,
	postern.event_known
from public;

grant execute on function
	postern.event_claim,
	postern.event_known
to postern_auth;
