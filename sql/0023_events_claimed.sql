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

-- As before, of those alone.
create or replace function postern.event_claim(
	rooms text, room text, total text, lease text)
returns table (
	id text, "trigger" text, webhook text, headers text, secret_env text,
	timeout text, trace text, body text)
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
			case when fit.size < 2000
				then postern.event_body(e, t.num_retries)
				else postern.event_large_body(e, t.num_retries)
			end;
		get diagnostics n = row_count;
		rest := rest - n;
	end loop;
end
$$;

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

revoke execute on function
	postern.event_due
from public;
