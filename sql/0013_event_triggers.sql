-- Events: what changes in tables, and what a clock strikes, is told to
-- webhooks.  The courier delivers; here is what it delivers from.
--
-- A row of postern.event_triggers is a trigger: it makes triggers of Postgres,
-- which write an event into the log in the transaction of the change, with the
-- rights of the owner: who may change a table need not be able to read what
-- anybody changed in it.  The courier claims events for a lease, and records
-- every attempt.  Delivered is what a receiver has taken at least once.
--
-- Both logs are cut into weeks by the time that is in the event's id, so what
-- is old goes with its table and not row by row.

create table postern.event_triggers (
	name text
		constraint event_triggers_pkey primary key
		constraint event_triggers_name_check
		check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,41}$'),
	table_schema name not null default 'api',
	table_name name,
	operations text[] not null
		default '{INSERT,UPDATE,DELETE,MANUAL}'
		constraint event_triggers_operations_check
		check (operations <@ '{INSERT,UPDATE,DELETE,MANUAL}'),
	columns name[]
		constraint event_triggers_columns_check
		check (cardinality(columns) > 0),
	payload_columns name[],
	schedule text,
	payload json,
	next_at timestamptz,
	webhook text not null
		constraint event_triggers_webhook_check
		check (webhook ~ '^(https?://|\{\{)[^\s[:cntrl:]]+$'),
	headers json not null default '[]',
	secret_env text,
	num_retries integer not null default 0
		constraint event_triggers_num_retries_check
		check (num_retries between 0 and 1000),
	interval_sec integer not null default 10
		constraint event_triggers_interval_sec_check
		check (interval_sec between 0 and 86400),
	timeout_sec integer not null default 60
		constraint event_triggers_timeout_sec_check
		check (timeout_sec between 1 and 300),
	comment text,
	constraint event_triggers_kind_check
		check ((table_name is null) <> (schedule is null))
);

comment on table postern.event_triggers is
	'Which changes are told to which webhook, and which clocks strike.';
comment on column postern.event_triggers.columns is
	'An update counts when one of these changed; null: any.';
comment on column postern.event_triggers.payload_columns is
	'What is told of a row; null: everything.';
comment on column postern.event_triggers.schedule is
	'Five fields of cron, in UTC, instead of a table.';
comment on column postern.event_triggers.payload is
	'With a schedule: what is told each time.';
comment on column postern.event_triggers.next_at is
	'With a schedule: when it strikes next.';
comment on column postern.event_triggers.webhook is
	'A URL; {{NAME}} in it is a variable of the courier''s environment.';
comment on column postern.event_triggers.headers is
	'[{"name": ..., "value": ... or "value_from_env": ...}]';
comment on column postern.event_triggers.secret_env is
	'The variable that holds the key of signatures; null: the setting''s.';


-- The logs.

create table postern.event_log (
	id uuid default postern.uuid7()
		constraint event_log_pkey primary key,
	schema_name text,
	table_name text,
	trigger_name text not null,
	payload jsonb not null,
	delivered boolean not null default false,
	error boolean not null default false,
	tries integer not null default 0,
	created_at timestamptz not null default clock_timestamp(),
	locked timestamptz,
	next_retry_at timestamptz,
	archived boolean not null default false
)
partition by range (id);

-- When an event may be tried: the last of these moments.
create index event_log_due_idx
on postern.event_log (
	trigger_name, (greatest(created_at, locked, next_retry_at)))
where not delivered and not error and not archived;

comment on table postern.event_log is
	'Events: committed with what they are about.';
comment on column postern.event_log.payload is
	'op, data, session_variables, trace_context; or what a clock says.';
comment on column postern.event_log.error is
	'It has been given up.';
comment on column postern.event_log.locked is
	'Until when a courier has it.';
comment on column postern.event_log.archived is
	'It is not to be delivered any more.';

create table postern.event_invocation_log (
	id uuid not null default postern.uuid7(),
	event_id uuid not null,
	status integer,
	request json,
	response json,
	created_at timestamptz not null default now()
)
partition by range (event_id);

create index event_invocation_log_event_id_idx
on postern.event_invocation_log (event_id);

comment on table postern.event_invocation_log is
	'Every attempt to deliver an event.';
comment on column postern.event_invocation_log.status is
	'Of HTTP; null when there was no answer.';


-- The weeks.

-- The least id of an event of that moment or later.
create function postern.event_bound(moment timestamptz)
returns uuid
language sql
stable
return (
	lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0')
	|| repeat('0', 20))::uuid;

-- What no week has room for goes here: nothing, while a courier makes weeks
-- in time.
create table postern.event_log_other
partition of postern.event_log default;

create table postern.event_invocation_log_other
partition of postern.event_invocation_log default;

-- Made beside the log and put into it then, which lets others write to it
-- meanwhile.  A week that has begun in event_log_other stays there.
create function postern.event_add_week(parent text, week timestamptz)
returns void
language plpgsql
as $$
declare
	part text := format('%s_%s', parent,
		to_char(week at time zone 'UTC', 'YYYYMMDD'));
begin
	if to_regclass(format('postern.%I', part)) is not null then
		return;
	end if;
	execute format(
		'create table postern.%I (like postern.%I including defaults) '
		'with (autovacuum_vacuum_scale_factor = 0.05)', part, parent);
	execute format(
		'alter table postern.%I attach partition postern.%I '
		'for values from (%L) to (%L)', parent, part,
		postern.event_bound(week),
		postern.event_bound(week + interval '7 days'));
exception
	when check_violation then
		null;
end
$$;

create function postern.event_weeks(first timestamptz)
returns void
language plpgsql
set timezone = 'UTC'
as $$
declare
	week timestamptz;
	parent text;
begin
	for week in
		select generate_series(
			date_trunc('week', first),
			date_trunc('week', now() + interval '35 days'),
			'7 days')
	loop
		foreach parent in array
			array['event_log', 'event_invocation_log']
		loop
			perform postern.event_add_week(parent, week);
		end loop;
	end loop;
end
$$;

select postern.event_weeks(now());

-- The week's end, when nothing in it is still to be delivered; else null.
create function postern.event_week_done(week name)
returns boolean
language plpgsql
as $$
declare
	pending boolean;
begin
	execute format(
		'select exists (select from postern.%I where not delivered '
		'and not error and not archived)', week)
	into pending;
	return not pending;
end
$$;

create function postern.event_drop_weeks(before timestamptz)
returns integer
language plpgsql
as $$
declare
	week record;
	n integer := 0;
begin
	for week in
		select
			c.relname as name,
			'event_invocation_log'
				|| substr(c.relname, length('event_log') + 1)
				as attempts
		from pg_catalog.pg_inherits as i
		join pg_catalog.pg_class as c on c.oid = i.inhrelid
		where i.inhparent = 'postern.event_log'::regclass
		and c.relname ~ '^event_log_\d{8}$'
		and to_date(right(c.relname, 8), 'YYYYMMDD') + 7
			<= (before at time zone 'UTC')::date
		order by c.relname
	loop
		continue when not postern.event_week_done(week.name);
		execute format('drop table postern.%I', week.name);
		execute format('drop table if exists postern.%I',
			week.attempts);
		n := n + 1;
	end loop;
	return n;
end
$$;

create function postern.event_keep(days text, out removed text)
language plpgsql
security definer
set search_path = ''
set lock_timeout = '1s'
as $$
declare
	before timestamptz := now() - make_interval(days => days::integer);
	gone uuid[];
begin
	-- Of two couriers one is enough.
	removed := 0;
	if not pg_try_advisory_xact_lock(
		'postern.event_log'::regclass::oid::bigint)
	then
		return;
	end if;
	perform postern.event_weeks(now() + interval '7 days');
	removed := postern.event_drop_weeks(before);
	delete from postern.event_log_other as e
	where e.id = any (array(
		select x.id
		from postern.event_log_other as x
		where x.id < postern.event_bound(before)
		and (x.delivered or x.error or x.archived)
		limit 10000));
	delete from postern.event_invocation_log_other as i
	where i.event_id < postern.event_bound(before)
	and not exists (
		select from postern.event_log_other as x
		where x.id = i.event_id);
exception
	when lock_not_available then
		null;
end
$$;

comment on function postern.event_keep is
	'Makes the weeks to come, and drops those that are older than that.';


-- What an event says of who made it: the session variables of the request's
-- claims, as the engine has them; null outside of requests.
create function postern.event_session()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
	role jsonb := case current_setting('role')
		when 'postern_anonymous' then '{"x-hasura-role":"anonymous"}'
		when 'postern_member' then '{"x-hasura-role":"user"}'
		when 'postern_admin' then '{"x-hasura-role":"admin"}'
	end;
	claims jsonb;
begin
	if role is null then
		return null;
	end if;
	claims := nullif(current_setting('request.jwt.claims', true), '');
	if claims is null then
		return role;
	end if;
	claims := coalesce(claims -> 'https://hasura.io/jwt/claims', claims);
	if jsonb_typeof(claims) = 'string' then
		claims := claims #>> '{}';
	end if;
	return role || (
		select coalesce(jsonb_object_agg(lower(key), value), '{}')
		from jsonb_each(claims)
		where lower(key) like 'x-hasura-%'
		and lower(key) not in ('x-hasura-default-role',
			'x-hasura-allowed-roles'));
end
$$;

-- Of the request's traceparent header, if it had one.
create function postern.event_trace()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
	header text := current_setting('postern.traceparent', true);
	parts text[];
begin
	if coalesce(header, '') = '' then
		return null;
	end if;
	parts := regexp_match(header,
		'^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}');
	return case when parts is not null then jsonb_build_object(
		'trace_id', parts[1],
		'span_id', parts[2])
	end;
end
$$;

create function postern.event_payload(op text, old jsonb, new jsonb)
returns jsonb
language sql
stable
return jsonb_build_object(
	'op', op,
	'data', jsonb_build_object('old', old, 'new', new),
	'session_variables', postern.event_session(),
	'trace_context', postern.event_trace());

-- Some members of a row.
create function postern.event_part(whole jsonb, columns text[])
returns jsonb
language sql
immutable
return case
	when whole is null or columns is null then whole
	else (
		select jsonb_object_agg(key, value)
		from jsonb_each(whole)
		where key = any (columns))
end;

-- Writers take turns at a notify, so there is one every few milliseconds and
-- not one for each.  When the bell was last rung is the sequence's value, which
-- nobody waits for.  Couriers look again a moment after they have heard it, for
-- those who came in between.
create sequence postern.event_bell;

create function postern.event_ring()
returns void
language plpgsql
set search_path = ''
as $$
begin
	perform setval('postern.event_bell',
		(date_part('epoch', clock_timestamp()) * 1000)::bigint);
	notify postern_events;
end
$$;

-- The rows with some of their members.
create function postern.event_data(old jsonb, new jsonb, columns text)
returns jsonb
language sql
immutable
return jsonb_build_object(
	'old', postern.event_part(old, columns::text[]),
	'new', postern.event_part(new, columns::text[]));

-- Its arguments: the trigger's name, schema and table, and the columns that
-- are told, as the text of an array, or nothing.  It is a part of every change:
-- what is usual is said here, and what is not is called.  For the same reason
-- it sets no search path, which would cost more than the row: so nothing in it
-- may depend on one.
create function postern.event_write()
returns trigger
language plpgsql
security definer
as $$
begin
	insert into postern.event_log
		(schema_name, table_name, trigger_name, payload)
	values (tg_argv[1], tg_argv[2], tg_argv[0],
		pg_catalog.jsonb_build_object(
		'op', tg_op,
		'data', case when tg_argv[3] is null
			then pg_catalog.jsonb_build_object(
				'old', old, 'new', new)
			else postern.event_data(pg_catalog.to_jsonb(old),
				pg_catalog.to_jsonb(new), tg_argv[3]) end,
		'session_variables', case
			when pg_catalog.texteq(
				pg_catalog.current_setting('role'), 'none')
				then null
			when pg_catalog.texteq(pg_catalog.current_setting(
				'role'), 'postern_anonymous')
				then '{"x-hasura-role": "anonymous"}'
			else postern.event_session() end,
		'trace_context', case
			when pg_catalog.textne(pg_catalog.current_setting(
				'postern.traceparent', true), '')
				then postern.event_trace() end));
	if pg_catalog.float8gt(pg_catalog.abs(pg_catalog.float8mi(
		pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()),
		pg_catalog.float8div(pg_catalog.float8(
			pg_catalog.pg_sequence_last_value(
				'postern.event_bell')), 1000))), 0.005)
		is not false
	then
		perform postern.event_ring();
	end if;
	return null;
end
$$;

comment on function postern.event_write is
	'Writes what happened to a row into the log.';


-- From rows of event_triggers to triggers of Postgres: one for each operation,
-- because what a condition may look at differs.  That of an update is asked
-- before anything is called: only what has really changed is an event.

create function postern.event_condition(operation text, columns name[])
returns text
language sql
stable
return case
	when operation <> 'UPDATE' then ''
	when columns is null then
		'when (old.* operator(pg_catalog.*<>) new.*)'
	else (
		select format('when (row(%s)::record '
				'operator(pg_catalog.*<>) row(%s)::record)',
			string_agg(format('old.%I', c), ', '),
			string_agg(format('new.%I', c), ', '))
		from unnest(columns) as c)
end;

create function postern.event_attach(t postern.event_triggers)
returns void
language plpgsql
as $$
declare
	operation text;
begin
	foreach operation in array t.operations loop
		continue when operation = 'MANUAL';
		execute format(
			'create trigger %I after %s on %I.%I for each row %s '
			'execute function postern.event_write(%L, %L, %L%s)',
			format('event_%s_%s', t.name, lower(operation)),
			operation, t.table_schema, t.table_name,
			postern.event_condition(operation, t.columns),
			t.name, t.table_schema, t.table_name,
			', ' || quote_literal(t.payload_columns::text));
	end loop;
end
$$;

create function postern.event_detach(t postern.event_triggers)
returns void
language plpgsql
as $$
declare
	operation text;
begin
	if to_regclass(format('%I.%I', t.table_schema, t.table_name)) is null
	then
		return;
	end if;
	foreach operation in array t.operations loop
		continue when operation = 'MANUAL';
		execute format('drop trigger if exists %I on %I.%I',
			format('event_%s_%s', t.name, lower(operation)),
			t.table_schema, t.table_name);
	end loop;
end
$$;

create function postern.event_triggers_changed()
returns trigger
language plpgsql
as $$
begin
	if tg_op <> 'INSERT' and old.table_name is not null then
		perform postern.event_detach(old);
	end if;
	if tg_op <> 'DELETE' and new.table_name is not null then
		perform postern.event_attach(new);
	end if;
	if tg_op = 'DELETE' or old.name <> new.name then
		update postern.event_log as e
		set archived = true
		where e.trigger_name = old.name
		and not e.delivered and not e.error and not e.archived;
	end if;
	return null;
end
$$;

-- The clock's own columns say nothing about triggers.
create trigger event_triggers_changed
after insert or delete
or update of name, table_schema, table_name, operations, columns,
	payload_columns
on postern.event_triggers
for each row execute function postern.event_triggers_changed();

create function postern.create_event_trigger(
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
		coalesce((retry_conf ->> 'num_retries')::integer, 0),
		coalesce((retry_conf ->> 'interval_sec')::integer, 10),
		coalesce((retry_conf ->> 'timeout_sec')::integer, 60)
	from pg_catalog.pg_class as c
	join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
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

comment on function postern.create_event_trigger is
	'Tells a webhook what changes in a table; one of that name is replaced.';

create function postern.drop_event_trigger(name text)
returns boolean
language plpgsql
as $$
begin
	delete from postern.event_triggers as t
	where t.name = drop_event_trigger.name;
	return found;
end
$$;

comment on function postern.drop_event_trigger is
	'Takes a trigger back; what it still had to say is archived.';


-- By hand.

-- The value of a key that is no object, as one: it is the primary key's.
create function postern.event_key(rel regclass, key jsonb)
returns jsonb
language sql
stable
return case
	when jsonb_typeof(key) = 'object' then key
	else (
		select jsonb_build_object(a.attname, key)
		from pg_catalog.pg_index as i
		join pg_catalog.pg_attribute as a
			on a.attrelid = i.indrelid
			and a.attnum = i.indkey[0]
		where i.indrelid = rel
		and i.indisprimary
		and i.indnkeyatts = 1)
end;

create function postern.event_rows(rel regclass, key jsonb)
returns setof jsonb
language plpgsql
stable
as $$
declare
	condition text;
begin
	select string_agg(format(
		't.%I = (jsonb_populate_record(null::%s, $1)).%1$I',
		name, rel), ' and ')
	into condition
	from jsonb_object_keys(key) as name;
	if condition is null then
		raise exception using
			errcode = 'invalid_parameter_value',
			message = 'Say which row: {"id": ...}.';
	end if;
	return query execute format(
		'select to_jsonb(t) from %s as t where %s', rel, condition)
	using key;
end
$$;

create function postern.emit_event(trigger_name text, key json)
returns setof uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
	t postern.event_triggers;
	rel regclass;
begin
	select * into t
	from postern.event_triggers as x
	where x.name = emit_event.trigger_name
	and 'MANUAL' = any (x.operations)
	and x.table_name is not null;
	if not found then
		raise exception using
			errcode = 'undefined_object',
			message = format('There is no event trigger %s that '
				'can be called by hand.', trigger_name);
	end if;
	rel := format('%I.%I', t.table_schema, t.table_name);
	return query
	insert into postern.event_log
		(schema_name, table_name, trigger_name, payload)
	select t.table_schema, t.table_name, t.name,
		postern.event_payload('MANUAL', null,
			postern.event_part(row, t.payload_columns::text[]))
	from postern.event_rows(
		rel, postern.event_key(rel, key::jsonb)) as row
	returning id;
	if not found then
		raise exception using
			errcode = 'no_data_found',
			message = format('There is no such row in %s.', rel);
	end if;
	notify postern_events;
end
$$;

comment on function postern.emit_event is
	'Tells the row with that key as it is: operation MANUAL.';


-- By the clock.

-- The values that a field of cron stands for.  Names are the first three
-- letters of months or days.
create function postern.cron_field(
	field text, low integer, high integer, names text[])
returns integer[]
language plpgsql
immutable
strict
as $$
declare
	item text;
	parts text[];
	first integer;
	last integer;
	step integer;
	found integer[] := '{}';
begin
	foreach item in array string_to_array(lower(field), ',') loop
		for i in 1 .. cardinality(names) loop
			item := regexp_replace(item, '\m' || names[i] || '\M',
				(i - 1 + low)::text, 'g');
		end loop;
		parts := regexp_match(item,
			'^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$');
		if parts is null then
			return null;
		end if;
		step := coalesce(parts[4]::integer, 1);
		first := coalesce(parts[2]::integer, low);
		last := coalesce(parts[3]::integer,
			case when parts[1] is null and parts[4] is null
			then first else high end);
		if first < low or last > high or first > last or step < 1
		then
			return null;
		end if;
		found := found || array(
			select generate_series(first, last, step));
	end loop;
	return nullif(found, '{}');
end
$$;

-- Where both days are restricted, either will do, as cron has it.
create function postern.cron_next(schedule text, after timestamptz)
returns timestamptz
language plpgsql
immutable
strict
as $$
declare
	fields text[] := regexp_split_to_array(btrim(schedule), '\s+');
	minutes integer[] := postern.cron_field(fields[1], 0, 59, '{}');
	hours integer[] := postern.cron_field(fields[2], 0, 23, '{}');
	days integer[] := postern.cron_field(fields[3], 1, 31, '{}');
	months integer[] := postern.cron_field(fields[4], 1, 12,
		'{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
	weekdays integer[] := postern.cron_field(fields[5], 0, 7,
		'{sun,mon,tue,wed,thu,fri,sat}');
	start timestamp := after at time zone 'UTC';
	day date;
	by_day boolean;
	by_weekday boolean;
	strike timestamp;
begin
	if cardinality(fields) <> 5 or minutes is null or hours is null
		or days is null or months is null or weekdays is null
	then
		return null;
	end if;
	-- The 29th of February may be eight years away.
	for n in 0 .. 366 * 8 loop
		day := start::date + n;
		continue when extract(month from day) <> all (months);
		by_day := extract(day from day) = any (days);
		by_weekday := extract(dow from day) = any (weekdays)
			or extract(isodow from day) = any (weekdays);
		continue when not case
			when fields[3] like '*%' or fields[5] like '*%'
				then by_day and by_weekday
			else by_day or by_weekday
		end;
		select min(day + make_interval(hours => h, mins => m))
		into strike
		from unnest(hours) as h, unnest(minutes) as m
		where day + make_interval(hours => h, mins => m) > start;
		if strike is not null then
			return strike at time zone 'UTC';
		end if;
	end loop;
	return null;
end
$$;

comment on function postern.cron_next is
	'When five fields of cron come true next, in UTC; null: never.';

create function postern.event_triggers_wind()
returns trigger
language plpgsql
as $$
begin
	new.next_at := postern.cron_next(new.schedule, now());
	if new.schedule is not null and new.next_at is null then
		raise exception using
			errcode = 'check_violation',
			message = format(
				'"%s" is no time that comes: five fields, as '
				'in "30 4 * * mon-fri".', new.schedule);
	end if;
	return new;
end
$$;

create trigger event_triggers_wind
before insert or update of schedule on postern.event_triggers
for each row execute function postern.event_triggers_wind();

create function postern.create_cron_trigger(
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
	values (
		create_cron_trigger.name, create_cron_trigger.schedule,
		create_cron_trigger.webhook, create_cron_trigger.payload,
		create_cron_trigger.headers, create_cron_trigger.secret_env,
		create_cron_trigger.comment,
		coalesce((retry_conf ->> 'num_retries')::integer, 0),
		coalesce((retry_conf ->> 'interval_sec')::integer, 10),
		coalesce((retry_conf ->> 'timeout_sec')::integer, 60))
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

comment on function postern.create_cron_trigger is
	'Calls a webhook at times; one of that name is replaced.';

-- What has struck becomes events, each stroke one, whoever asks first.
-- Strokes that nobody heard are made up for by one.
create function postern.event_strike()
returns void
language plpgsql
as $$
begin
	with struck as (
		select t.name, t.next_at
		from postern.event_triggers as t
		where t.next_at <= now()
		for update skip locked
	), wound as (
		update postern.event_triggers as t
		set next_at = postern.cron_next(t.schedule, now())
		from struck as s
		where t.name = s.name
	)
	insert into postern.event_log (trigger_name, payload)
	select s.name, jsonb_build_object(
		'scheduled_time', to_char(s.next_at at time zone 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		'payload', t.payload,
		'comment', t.comment)
	from struck as s
	join postern.event_triggers as t on t.name = s.name;
end
$$;


-- Delivering.

-- Receivers want a trace.  Where the request was a step of none, each event
-- begins its own, the same at each attempt.
create function postern.event_trace_of(e postern.event_log)
returns jsonb
language sql
stable
return coalesce(
	nullif(e.payload -> 'trace_context', 'null'),
	jsonb_build_object(
		'trace_id', replace(e.id::text, '-', ''),
		'span_id', right(replace(e.id::text, '-', ''), 16)));

create function postern.event_body(
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
		'event', e.payload || jsonb_build_object(
			'trace_context', postern.event_trace_of(e)),
		'id', e.id,
		'table', json_build_object(
			'name', e.table_name,
			'schema', e.schema_name),
		'trigger', json_build_object('name', e.trigger_name))
end::text;

-- The plans must not depend on what statistics say of a queue.
create function postern.event_claim(
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
			select e.id
			from postern.event_log as e
			where e.trigger_name = t.name
			and not e.delivered and not e.error and not e.archived
			and greatest(e.created_at, e.locked, e.next_retry_at)
				<= moment
			order by greatest(
				e.created_at, e.locked, e.next_retry_at)
			limit n
			for update skip locked
		)
		update postern.event_log as e
		set locked = now() + make_interval(secs => lease::integer)
		from due
		where e.id = due.id
		returning
			e.id::text, e.trigger_name, t.webhook,
			t.headers::text, t.secret_env, t.timeout_sec::text,
			postern.event_trace_of(e) ->> 'trace_id',
			postern.event_body(e, t.num_retries);
		get diagnostics n = row_count;
		rest := rest - n;
	end loop;
end
$$;

comment on function postern.event_claim is
	'Events that are due, for the caller alone while the lease lasts.';

-- What came of them: [{id, delivered, status, request, response, wait}].  A
-- receiver may ask for more time beyond the last retry, but not for ever.
create function postern.event_record(results text, out given_up text)
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
	), judged as materialized (
		select
			e.id,
			r.delivered,
			case
			when r.delivered then null
			when r.wait > 0
				and e.created_at > now() - interval '24 hours'
				then r.wait
			when e.tries < coalesce(t.num_retries, 0)
				then t.interval_sec
			end as wait
		from result as r
		join postern.event_log as e on e.id = r.id
		left join postern.event_triggers as t
			on t.name = e.trigger_name
		where not e.delivered
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

comment on function postern.event_record is
	'Records attempts; how many events have been given up by that.';

-- They are still being delivered.
create function postern.event_renew(ids text, lease text, out renewed text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	perform set_config('synchronous_commit', 'off', true);
	update postern.event_log as e
	set locked = now() + make_interval(secs => lease::integer)
	from unnest(ids::uuid[]) as x (id)
	where e.id = x.id
	and not e.delivered;
	get diagnostics renewed = row_count;
end
$$;

-- They will not be delivered by who claimed them.
create function postern.event_release(ids text, out released text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	update postern.event_log as e
	set locked = null
	from unnest(ids::uuid[]) as x (id)
	where e.id = x.id
	and not e.delivered;
	get diagnostics released = row_count;
	notify postern_events;
end
$$;


-- What a person asks.

create function postern.event_state(e postern.event_log)
returns text
language sql
stable
return case
	when e.delivered then 'delivered'
	when e.error then 'failed'
	when e.archived then 'archived'
	when e.locked > now() then 'underway'
	else 'waiting'
end;

create function postern.event_list(
	state text, "trigger" text, most text)
returns table (
	id text, created_at text, "trigger" text, state text, tries text,
	next_at text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select
		e.id::text,
		to_char(e.created_at at time zone 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		e.trigger_name,
		postern.event_state(e),
		e.tries::text,
		to_char(e.next_retry_at at time zone 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"')
	from postern.event_log as e
	where ($1 is null or postern.event_state(e) = $1)
	and ($2 is null or e.trigger_name = $2)
	order by e.id desc
	limit $3::integer;
end;

create function postern.event_show(id text)
returns table (event text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select jsonb_pretty(to_jsonb(e) || jsonb_build_object(
		'state', postern.event_state(e),
		'invocations', (
			select coalesce(jsonb_agg(to_jsonb(i)
				- 'id' - 'event_id' order by i.id), '[]')
			from postern.event_invocation_log as i
			where i.event_id = e.id)))
	from postern.event_log as e
	where e.id = $1::uuid;
end;

-- One event, or all that a trigger has given up.
create function postern.event_redeliver(which text, out events text)
language plpgsql
security definer
set search_path = ''
as $$
begin
	update postern.event_log as e
	set delivered = false, error = false, archived = false,
		tries = 0, locked = null, next_retry_at = null
	where case
		when which ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
			then e.id = which::uuid
		else e.trigger_name = which and e.error
	end;
	get diagnostics events = row_count;
	notify postern_events;
end
$$;

create function postern.event_stats()
returns table (
	"trigger" text, waiting text, underway text, oldest text,
	delivered text, failed text, attempts text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
begin atomic
	select
		t.name,
		count(*) filter (where s.state = 'waiting')::text,
		count(*) filter (where s.state = 'underway')::text,
		coalesce(ceil(extract(epoch from now() - min(s.created_at)
			filter (where s.state in ('waiting', 'underway')))),
			0)::text,
		count(*) filter (where s.state = 'delivered')::text,
		count(*) filter (where s.state = 'failed')::text,
		coalesce(sum(s.tries), 0)::text
	from postern.event_triggers as t
	left join (
		select e.trigger_name, e.created_at, e.tries,
			postern.event_state(e) as state
		from postern.event_log as e
	) as s on s.trigger_name = t.name
	group by t.name
	order by t.name;
end;

comment on function postern.event_stats is
	'Of each trigger: how much waits, since how many seconds, what came of it.';


revoke execute on function
	postern.event_bound,
	postern.event_add_week,
	postern.event_weeks,
	postern.event_week_done,
	postern.event_drop_weeks,
	postern.event_keep,
	postern.event_session,
	postern.event_trace,
	postern.event_payload,
	postern.event_part,
	postern.event_ring,
	postern.event_data,
	postern.event_write,
	postern.event_condition,
	postern.event_attach,
	postern.event_detach,
	postern.event_triggers_changed,
	postern.create_event_trigger,
	postern.drop_event_trigger,
	postern.event_key,
	postern.event_rows,
	postern.emit_event,
	postern.cron_field,
	postern.cron_next,
	postern.event_triggers_wind,
	postern.create_cron_trigger,
	postern.event_strike,
	postern.event_trace_of,
	postern.event_body,
	postern.event_claim,
	postern.event_record,
	postern.event_renew,
	postern.event_release,
	postern.event_state,
	postern.event_list,
	postern.event_show,
	postern.event_redeliver,
	postern.event_stats
from public;

grant usage on schema postern to postern_auth;

grant execute on function
	postern.event_keep,
	postern.event_claim,
	postern.event_record,
	postern.event_renew,
	postern.event_release,
	postern.event_list,
	postern.event_show,
	postern.event_redeliver,
	postern.event_stats
to postern_auth;
