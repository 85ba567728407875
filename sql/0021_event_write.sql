-- What an event costs those who change a row.  It is a part of every change,
-- and most of it is neither the row nor its indexes but calls: each that is
-- written down is looked up and allowed anew for every row, done or not.  So
-- there are few of them here, and what is rare is a function that is called.
-- Functions of SQL with one expression cost nothing: Postgres puts that in the
-- place of the call.

-- As postern.uuid7(), but nobody has to be unable to guess an event's id, so
-- what is random need not be dear.
create function postern.event_id()
returns uuid
language sql
volatile
return (
	'0'
	|| overlay(
		to_hex((date_part('epoch', clock_timestamp())
			* 4096000)::bigint)
		placing '7' from 12 for 0)
	-- Sixteen digits, of which the first two bits are 10.
	|| to_hex((random() * -4611686018427387904
		- 4611686018427387904)::bigint)
)::uuid;

comment on function postern.event_id is
	'A version 7 uuid: later ones are greater.';

alter table postern.event_log
alter id set default postern.event_id();

alter table postern.event_invocation_log
alter id set default postern.event_id();


-- The bell: one stroke of each twenty milliseconds at most, because each wakes
-- whoever listens to this database, to whatever word.

create function postern.event_stroke()
returns bigint
language sql
volatile
return floor(date_part('epoch', clock_timestamp()) * 50)::bigint;

create function postern.event_bell_is_due()
returns boolean
language sql
volatile
return postern.event_stroke() is distinct from
	pg_sequence_last_value('postern.event_bell');

create or replace function postern.event_ring()
returns void
language plpgsql
set search_path = ''
as $$
begin
	perform setval('postern.event_bell', postern.event_stroke());
	notify postern_events;
end
$$;


-- What an event says but the rows, and who says it as a step of what.
create function postern.event_frame_of(op text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
	return jsonb_build_object(
		'op', op,
		'data', jsonb '{"old": null, "new": null}',
		'session_variables', postern.event_session(),
		'trace_context', postern.event_trace());
end
$$;

-- Most callers are no more than a role, or not even that.  Theirs are made
-- beforehand: it is less work to put a row into one than to build one.
do $do$
begin
	execute format($f$
		create function postern.event_frame(op text)
		returns jsonb
		language sql
		stable
		return coalesce(
			case
			when current_setting('request.jwt.claims', true) <> ''
				or current_setting('postern.traceparent', true)
					<> ''
				then null
			else jsonb %L
				#> array[op, current_setting('role')]
			end,
			postern.event_frame_of(op))
		$f$,
		(select jsonb_object_agg(o.op, (
			select jsonb_object_agg(r.role, jsonb_build_object(
				'op', o.op,
				'data', jsonb '{"old": null, "new": null}',
				'session_variables', r.said,
				'trace_context', null))
			from (values
				('none', null),
				('postern_anonymous',
					jsonb '{"x-hasura-role": "anonymous"}'),
				('postern_member', '{"x-hasura-role": "user"}'),
				('postern_admin', '{"x-hasura-role": "admin"}')
			) as r (role, said)))
		from unnest(array['INSERT', 'UPDATE', 'DELETE']) as o (op)));
end
$do$;

create or replace function postern.event_payload(op text, old jsonb, new jsonb)
returns jsonb
language sql
stable
return case
	when old is null then
		jsonb_set(postern.event_frame(op), '{data,new}',
			coalesce(new, 'null'))
	when new is null then
		jsonb_set(postern.event_frame(op), '{data,old}', old)
	else
		jsonb_set(
			jsonb_set(postern.event_frame(op), '{data,old}', old),
			'{data,new}', new)
	end;


-- Their arguments: the trigger's name, schema and table.  A search path of its
-- own would be some hundredths of it, so nothing in the first may depend on
-- one.

create or replace function postern.event_write()
returns trigger
language plpgsql
security definer
as $$
begin
	insert into postern.event_log
		(schema_name, table_name, trigger_name, payload)
	values (tg_argv[1], tg_argv[2], tg_argv[0],
		postern.event_payload(
			tg_op,
			pg_catalog.to_jsonb(old),
			pg_catalog.to_jsonb(new)));
	if postern.event_bell_is_due() then
		perform postern.event_ring();
	end if;
	return null;
end
$$;

-- And the columns that are told, as the text of an array.
create function postern.event_write_part()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
	insert into postern.event_log
		(schema_name, table_name, trigger_name, payload)
	values (tg_argv[1], tg_argv[2], tg_argv[0],
		postern.event_payload(
			tg_op,
			postern.event_part(to_jsonb(old), tg_argv[3]::text[]),
			postern.event_part(to_jsonb(new), tg_argv[3]::text[])));
	if postern.event_bell_is_due() then
		perform postern.event_ring();
	end if;
	return null;
end
$$;

comment on function postern.event_write_part is
	'Writes what happened to some columns of a row into the log.';

create or replace function postern.event_attach(t postern.event_triggers)
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
			'execute function postern.%I(%L, %L, %L%s)',
			format('event_%s_%s', t.name, lower(operation)),
			operation, t.table_schema, t.table_name,
			postern.event_condition(operation, t.columns),
			case when t.payload_columns is null
				then 'event_write' else 'event_write_part' end,
			t.name, t.table_schema, t.table_name,
			', ' || quote_literal(t.payload_columns::text));
	end loop;
end
$$;

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
		where g.tgfoid in ('postern.event_write()'::regprocedure,
			'postern.event_write_part()'::regprocedure)
		and g.tgname::text = any (array(
			select format('event_%s_%s', t.name, lower(operation))
			from unnest(t.operations) as operation))
		and g.tgparentid = 0
	loop
		execute format('drop trigger %I on %s', made.name, made.rel);
	end loop;
end
$$;

-- Those that are there already.
do $$
declare
	t postern.event_triggers;
begin
	for t in
		select *
		from postern.event_triggers as x
		where x.table_name is not null
		and x.payload_columns is not null
	loop
		perform postern.event_detach(t);
		perform postern.event_attach(t);
	end loop;
end
$$;

drop function postern.event_data(jsonb, jsonb, text);

revoke execute on function
	postern.event_id,
	postern.event_stroke,
	postern.event_bell_is_due,
	postern.event_frame_of,
	postern.event_frame,
	postern.event_write_part
from public;
