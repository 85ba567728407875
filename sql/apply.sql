-- A part of migrate.sql: applies the first migration that is pending, and then
-- includes itself for the next one, as psql has no loops.

with file as (
	select
		field[1]::integer as folder,
		field[2] as checksum,
		field[3] as path,
		regexp_replace(field[3], '^.*/', '') as name
	from string_to_table(:'postern_files', E'\n') as line,
	regexp_match(line, '^(\d+) (\S+) +(.*)$') as field
), pending as (
	select
		file.*,
		row_number() over (
			order by folder, name collate "C") as rank
	from file
	where not exists (
		select from postern.migrations as m where m.name = file.name)
)
select
	count(*) > 0 as pending,
	coalesce(min(path) filter (where rank = 1), '') as path,
	coalesce(min(name) filter (where rank = 1), '') as name,
	coalesce(min(checksum) filter (where rank = 1), '') as checksum
from pending
\gset postern_

\if :postern_pending

-- Nothing that a file sets reaches the next one.  A migration that cannot have
-- its locks soon gives up, rather than have every request queue behind it.
reset session authorization;
reset role;
reset all;
\encoding UTF8
select
	set_config('statement_timeout', '0', false),
	set_config('client_min_messages', 'warning', false),
	set_config('postern.migration', :'postern_name', false),
	set_config('lock_timeout',
		case current_setting('lock_timeout')
		when '0' then '10s'
		else current_setting('lock_timeout')
		end, false)
\gset postern_
\set VERBOSITY default

begin;
select pg_current_xact_id() as xid
\gset postern_

\i :postern_path

\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY terse
select pg_current_xact_id_if_assigned() is distinct from :'postern_xid'::xid8
	as left
\gset postern_
\if :postern_left
do $$
begin
	raise exception using message = format(
		'%s ended its own transaction. Take commit and rollback out '
		'of it, and undo by hand what it did.',
		current_setting('postern.migration'));
end
$$;
\endif

reset role;
insert into postern.migrations (name, checksum)
values (:'postern_name', :'postern_checksum');
commit;

\echo Applied :postern_name
select :postern_applied + 1 as applied
\gset postern_
\ir apply.sql

\endif
