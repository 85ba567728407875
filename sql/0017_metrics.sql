-- What a monitor reads, what nobody needs any more, and events of an engine
-- whose effects have faults of their own.


-- How often events were tried, counted as it happens: the logs are too long to
-- be counted whenever somebody asks, and what is old goes from them.

create table postern.event_counts (
	trigger_name text,
	outcome text
		constraint event_counts_outcome_check
		check (outcome in ('delivered', 'refused', 'unanswered')),
	attempts bigint not null,
	constraint event_counts_pkey primary key (trigger_name, outcome)
)
with (fillfactor = 50);

comment on table postern.event_counts is
	'Attempts to deliver events since there was the first one.';
comment on column postern.event_counts.outcome is
	'refused: answered, but not with 2xx.';

create function postern.event_outcome(delivered boolean, status integer)
returns text
language sql
immutable
return case
	when delivered then 'delivered'
	when status is null then 'unanswered'
	else 'refused'
end;

insert into postern.event_counts (trigger_name, outcome, attempts)
select e.trigger_name, o.outcome, count(*)
from postern.event_invocation_log as i
join postern.event_log as e on e.id = i.event_id
cross join lateral postern.event_outcome(
	i.status between 200 and 299, i.status) as o (outcome)
group by e.trigger_name, o.outcome;

create index event_log_failed_idx
on postern.event_log (trigger_name)
where error;

-- As before, and counted.
create or replace function postern.event_record(
	results text, out given_up text)
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
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
		join postern.event_log as e on e.id = r.id
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
		where e.id = j.id
		returning e.error
	)
	select count(*) filter (where w.error) into given_up
	from written as w;
end
$$;


-- What waits and what was given up, each found by its index.  Of what waits a
-- million are looked at, those of the oldest weeks first: with more, nobody
-- asks how many exactly, but whoever asks has to be answered.
create function postern.event_depth()
returns table (
	"trigger" text, waiting bigint, underway bigint, failed bigint,
	oldest double precision)
language sql
stable
set search_path = ''
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
	with pending as (
		select
			e.trigger_name as name,
			count(*) as n,
			count(*) filter (where e.locked > now()) as underway,
			min(e.created_at) as since
		from (
			select x.trigger_name, x.locked, x.created_at
			from postern.event_log as x
			where not x.delivered and not x.error
			and not x.archived
			limit 1000000
		) as e
		group by e.trigger_name
	), failed as (
		select e.trigger_name as name, count(*) as n
		from postern.event_log as e
		where e.error
		group by e.trigger_name
	)
	select
		t.name,
		coalesce(p.n - p.underway, 0),
		coalesce(p.underway, 0),
		coalesce(f.n, 0),
		coalesce(greatest(extract(epoch from now() - p.since), 0), 0)
	from postern.event_triggers as t
	left join pending as p on p.name = t.name
	left join failed as f on f.name = t.name
	order by t.name
$$;

create or replace function postern.event_stats()
returns table (
	"trigger" text, waiting text, underway text, oldest text,
	delivered text, failed text, attempts text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select
		d.trigger,
		d.waiting::text,
		d.underway::text,
		ceil(d.oldest)::text,
		coalesce(sum(c.attempts) filter (
			where c.outcome = 'delivered'), 0)::text,
		d.failed::text,
		coalesce(sum(c.attempts), 0)::text
	from postern.event_depth() as d
	left join postern.event_counts as c on c.trigger_name = d.trigger
	group by d.trigger, d.waiting, d.underway, d.oldest, d.failed
	order by d.trigger;
end;

-- Exactly, while there are not too many to be counted.
create function postern.inbox_size()
returns bigint
language sql
stable
as $$
	select case when count(*) <= 100000 then count(*)
		else greatest(count(*), pg_stat_get_live_tuples(
			'postern.inbox'::regclass)) end
	from (select from postern.inbox limit 100001) as x
$$;

create index outbox_dead_idx
on postern.outbox (ended_at)
where state = 'dead';

-- A line for each sample, with tabs between: what it is of, its value and the
-- values of its labels.  What these are called is the reader's to know.
create function postern.metrics(out samples text)
language sql
stable
security definer
set search_path = ''
set enable_seqscan = off
as $$
	with depth as materialized (
		select * from postern.event_depth()
	), mails as (
		select
			count(*) as n,
			coalesce(greatest(extract(epoch from
				now() - min(o.created_at)), 0), 0) as oldest
		from postern.outbox as o
		where o.state = 'waiting'
	), samples (line) as (
		select concat_ws(e'\t', 'events', v.n, d.trigger, v.state)
		from depth as d
		cross join lateral (values
			('waiting', d.waiting),
			('underway', d.underway),
			('failed', d.failed)) as v (state, n)
		union all
		select concat_ws(e'\t', 'oldest',
			round(d.oldest::numeric, 3), d.trigger)
		from depth as d
		union all
		select concat_ws(e'\t', 'attempts', coalesce(c.attempts, 0),
			d.trigger, o.outcome)
		from depth as d
		cross join unnest(array['delivered', 'refused', 'unanswered'])
			as o (outcome)
		left join postern.event_counts as c
			on c.trigger_name = d.trigger
			and c.outcome = o.outcome
		union all
		select concat_ws(e'\t', 'inbox', postern.inbox_size())
		union all
		select concat_ws(e'\t', 'mails', m.n, 'waiting')
		from mails as m
		union all
		select concat_ws(e'\t', 'mails', count(*), 'dead')
		from postern.outbox as o
		where o.state = 'dead'
		union all
		select concat_ws(e'\t', 'oldest_mail', round(m.oldest, 3))
		from mails as m
	)
	select string_agg(s.line, e'\n')
	from samples as s
$$;

comment on function postern.metrics is
	'How much waits, since when, and what came of it; for GET /metrics.';


-- What nobody needs any more.  Batches are bounded: the courier asks every ten
-- minutes.

create function postern.inbox_forget(before timestamptz)
returns void
language sql
as $$
	delete from postern.inbox as i
	where i.id = any (array(
		select x.id
		from postern.inbox as x
		where x.received_at < before
		order by x.received_at
		limit 50000
		for update skip locked))
$$;

create function postern.event_forget(before timestamptz)
returns void
language sql
as $$
	delete from postern.event_log_other as e
	where e.id = any (array(
		select x.id
		from postern.event_log_other as x
		where x.id < postern.event_bound(before)
		and (x.delivered or x.error or x.archived)
		limit 10000));
	delete from postern.event_invocation_log_other as i
	where i.ctid = any (array(
		select x.ctid
		from postern.event_invocation_log_other as x
		where x.event_id < postern.event_bound(before)
		and not exists (
			select from postern.event_log_other as e
			where e.id = x.event_id)
		limit 10000));
	delete from postern.event_counts as c
	where not exists (
		select from postern.event_triggers as t
		where t.name = c.trigger_name)
$$;

create or replace function postern.event_keep(days text, out removed text)
language plpgsql
security definer
set search_path = ''
set lock_timeout = '1s'
as $$
declare
	before timestamptz := now() - make_interval(days => days::integer);
begin
	-- Of two couriers one is enough.
	removed := 0;
	if not pg_try_advisory_xact_lock(
		'postern.event_log'::regclass::oid::bigint)
	then
		return;
	end if;
	perform postern.inbox_forget(before);
	begin
		perform postern.event_forget(before);
		perform postern.event_weeks(now() + interval '7 days');
		removed := postern.event_drop_weeks(before);
	exception
		when lock_not_available then
			removed := 0;
	end;
end
$$;

comment on function postern.event_keep is
	'Makes the weeks to come, and forgets what is older than that.';


-- By the trigger's own name, or in the small letters that a name without
-- quotes has; that takes the payload as json or jsonb.
create or replace function postern.event_effect(trigger_name text)
returns regproc
language sql
stable
as $$
	select p.oid::regproc
	from pg_catalog.pg_proc as p
	where p.pronamespace = 'event'::regnamespace
	and p.proname::text = any (array[
		'on_event_' || trigger_name,
		'on_event_' || lower(trigger_name)])
	and p.pronargs = 1
	and p.proargtypes[0] = any ('{json,jsonb}'::regtype[])
	and p.prokind = 'f'
	order by
		p.proname::text = 'on_event_' || trigger_name desc,
		p.proargtypes[0] = 'json'::regtype desc
	limit 1
$$;

-- An engine's event, once more: Postgres alone judges its text, so what an
-- engine's Postgres has written is taken.  Who calls has found its id and its
-- trigger, or null.  What is wrong with it comes back as a word, and what went
-- wrong with its effect as the status and the message to be answered; then
-- nothing has happened.  What may go well another time, by itself, is raised.

create function postern.take_event(
	id text, trigger_name text, payload text,
	out status text, out code text, out message text, out wait text,
	out cause text)
language plpgsql
as $$
declare
	event json;
	effect regproc := postern.event_effect(trigger_name);
	state text;
	hint text;
	context text;
begin
	begin
		event := payload::json;
	exception
		when statement_too_complex then
			status := 'deep';
			return;
		when data_exception then
			status := 'syntax';
			return;
	end;
	status := case
		when json_typeof(event) <> 'object' then 'shape'
		when id is null then 'id'
		when trigger_name is null then 'trigger'
	end;
	if status is not null then
		return;
	end if;

	if not postern.keep_event(id, trigger_name, event) then
		status := 'known';
		return;
	end if;
	status := 'kept';
	if effect is null then
		return;
	end if;
	execute format('select %s($1::%s)', effect,
		(select p.proargtypes[0]::regtype
		from pg_catalog.pg_proc as p
		where p.oid = effect))
	using event;
	set constraints all immediate;
exception
	when transaction_rollback or insufficient_resources
		or operator_intervention or lock_not_available
		or read_only_sql_transaction
	then
		raise;
	when others then
		get stacked diagnostics
			state = returned_sqlstate,
			message = message_text,
			hint = pg_exception_hint,
			context = pg_exception_context;
		status := 'failed';
		cause := format('%s: %s %s: %s', coalesce(effect::text, 'inbox'),
			state, message, context);
		if state ~ '^PT[45]\d\d$' then
			code := right(state, 3);
			wait := substring(hint from '^Retry-After: (\d{1,6})$');
		elsif state <> 'P0001' then
			message := null;
		end if;
end
$$;

comment on function postern.take_event is
	'Keeps an event and has its effect, both or neither, once.';

drop function postern.receive_event;


revoke execute on function
	postern.event_outcome,
	postern.event_depth,
	postern.inbox_size,
	postern.metrics,
	postern.inbox_forget,
	postern.event_forget,
	postern.take_event
from public;

grant execute on function postern.metrics
to postern_auth, postern_admin;

grant execute on function postern.take_event
to postern_anonymous, postern_member, postern_admin;
