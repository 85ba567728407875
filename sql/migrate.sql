-- Brings a database up to date: applies each numbered file beside this one that
-- was not applied yet, in the order of names, each in a transaction of its own.
-- For psql, from the folder above:
--
--	psql "$URL" -v ON_ERROR_STOP=1 -f sql/migrate.sql
--
-- from elsewhere, or with migrations of one's own in more folders, also
--
--	-v dirs=/path/to/sql:/path/to/mine
--
-- (that is what the script sql/migrate does).  sql/README.md has the rules.

\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY terse
\encoding UTF8
\pset format unaligned
\pset tuples_only on

\if :{?dirs}
\else
\set dirs `test -f sql/migrate.sql && echo sql || echo .`
\endif

-- One line per file: the number of its folder, its checksum, its path.  (psql
-- cannot look into folders, and wants a command for the shell on one line.)
\set postern_list 'IFS=:; n=0; for d in $1; do n=$((n + 1));'
\set postern_list :postern_list ' test -d "$d" || echo "$n missing $d";'
\set postern_list :postern_list ' set -- "$d"/[0-9]*.sql;'
\set postern_list :postern_list ' test -e "$1" || continue;'
\set postern_list :postern_list ' { command -v sha256sum >/dev/null'
\set postern_list :postern_list ' && sha256sum "$@" || shasum -a 256 "$@"; }'
\set postern_list :postern_list ' | sed "s/^/$n /"; done'
\set postern_files `sh -c :'postern_list' sh :'dirs'`

select
	set_config('statement_timeout', '0', false),
	set_config('client_min_messages', 'warning', false)
\gset postern_

-- One migration of this database at a time.  The lock is the session's, so it
-- outlives the transactions and ends with the connection, however that ends.
select pg_try_advisory_lock(7236274117) as locked
\gset postern_
\if :postern_locked
\else
\echo Another migration of this database is running: waiting for it.
select pg_advisory_lock(7236274117)
\gset postern_
\endif

select
	:SERVER_VERSION_NUM < 140000 as too_old,
	to_regclass('postern.migrations') is null as is_new
\gset postern_

\if :postern_too_old
do $$ begin raise exception 'Postern needs PostgreSQL 14 or newer.'; end $$;
\endif

\if :postern_is_new
begin;
create schema if not exists postern;
create table postern.migrations (
	name text not null primary key,
	checksum text not null,
	applied_at timestamptz not null default clock_timestamp()
);
comment on table postern.migrations is
	'The files that made this database what it is, with their SHA-256.';
commit;
\endif

-- Whatever is wrong with the files is found before the first is applied.
with file as (
	select
		field[1]::integer as folder,
		field[2] as checksum,
		field[3] as path,
		regexp_replace(field[3], '^.*/', '') as name
	from string_to_table(:'postern_files', E'\n') as line,
	regexp_match(line, '^(\d+) (\S+) +(.*)$') as field
), problem (rank, sentence) as (
	select 1, format('There is no folder %s.', path)
	from file
	where checksum = 'missing'
	union all
	select 2, 'There are no migrations here: start in the folder above '
		|| 'sql/, or say where they are with -v dirs=/path/to/sql.'
	where not exists (select from file)
	union all
	select 3, format('Two migrations have the name %s.', name)
	from file
	where checksum <> 'missing'
	group by name
	having count(*) > 1
	union all
	select 4, format('%s was changed after it had been applied on %s. '
		|| 'Restore it, and put the change into a new file. '
		|| 'Nothing was done.',
		path, to_char(applied_at, 'YYYY-MM-DD'))
	from file
	join postern.migrations as done using (name)
	where done.checksum <> file.checksum
)
select
	count(*) > 0 as wrong,
	set_config('postern.problem', coalesce((
		array_agg(sentence order by rank, sentence collate "C"))[1],
		''), false) as problem
from problem
\gset postern_

\if :postern_wrong
do $$
begin
	raise exception '%', current_setting('postern.problem');
end
$$;
\endif

\set postern_applied 0
\ir apply.sql

select
	:postern_applied > 0 as changed,
	case :postern_applied when 1 then 'migration' else 'migrations' end
		as noun,
	count(*) as total
from postern.migrations
\gset postern_

\if :postern_changed
notify postern;
\echo :postern_applied :postern_noun applied.
\else
\echo Nothing to do: all :postern_total migrations are applied.
\endif
