#!/usr/bin/perl
# Events until they leave the database: which changes become some, what they
# say, who may see them, when they are due, what is kept of them.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Postern;
use Test::More;

my $p    = Postern->database;
my $json = JSON::PP->new->allow_nonref->canonical;
my $hook = 'http://127.0.0.1:1/';

sub refused ($text, $why, $re, %as)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	open my $keep, '>&', \*STDERR;
	open my $file, '+>', undef;
	open STDERR, '>&', $file;
	my $good = eval { $p->sql($text, %as); 1 };
	open STDERR, '>&', $keep;
	seek $file, 0, 0;
	my $said = do { local $/; <$file> } // '';
	ok !$good, $why;
	like $said, $re, '... and it says so';
}

# What was written since the last look, oldest first.
sub events ()
{
	my $rows = $p->sql('with gone as (delete from postern.event_log
		returning *) select coalesce(json_agg(gone order by id), \'[]\')
		from gone');
	return @{$json->decode($rows)};
}

sub trigger ($name, $rest)
{
	$p->sql("select postern.create_event_trigger('$name', $rest,
		webhook => '$hook')");
}

$p->sql(<<~'SQL');
	create table api.things (
		id integer primary key,
		name text,
		price numeric,
		extra json,
		secret text,
		at timestamptz default '2026-01-02T03:04:05Z'
	);
	grant select, insert, update, delete on api.things
	to postern_anonymous, postern_member;
	SQL

# ---- what becomes an event --------------------------------------------------

trigger('thingy', "'api.things'");

subtest 'an insert is one' => sub {
	$p->sql(q{insert into api.things (id, name, price, extra)
		values (1, 'Zoë "x"', 1.50, '{"a": [1, null]}')});
	my ($e, @more) = events();
	is @more, 0, 'one for one row';
	is_deeply [@$e{qw(schema_name table_name trigger_name)}],
		[qw(api things thingy)], 'it is known where';
	is $e->{payload}{op}, 'INSERT', 'its operation';
	is $e->{payload}{data}{old}, undef, 'there is no old row';
	is_deeply $e->{payload}{data}{new}, {id => 1, name => 'Zoë "x"',
		price => 1.5, extra => {a => [1, undef]}, secret => undef,
		at => $e->{payload}{data}{new}{at}}, 'the new one has its types';
	ok exists $e->{payload}{$_} && !defined $e->{payload}{$_},
		"$_ is null outside of requests"
		for qw(session_variables trace_context);
	ok !$e->{$_}, "it is not $_" for qw(delivered error archived locked tries);
};

subtest 'the ids of events are of version 7 and in order' => sub {
	my ($all, $good, $new, $kinds, $order) = split /\|/, $p->sql(q{
		with made as (
			select n, postern.event_id() as id
			from generate_series(1, 5000) as n)
		select count(*),
			count(*) filter (where id::text
				~ '^0.{7}-.{4}-7.{3}-[89ab].{3}-.{12}$'),
			count(distinct id),
			count(distinct left(right(id::text, 17), 4)),
			bool_and(early)
		from (
			select id, coalesce(left(id::text, 18)
				>= lag(left(id::text, 18)) over (order by n), true)
				as early
			from made) as m});
	is_deeply [$all, $good, $new, $order], [5000, 5000, 5000, 't'],
		'each is one, is its own, and not before the last';
	cmp_ok $kinds, '>', 4000, '... with random bits';
	is $p->sql(q{select abs(extract(epoch from clock_timestamp()) * 1000
		- ('x0' || left(replace(postern.event_id()::text, '-', ''), 12))
		::varbit::bit(52)::bigint) < 60000}), 't', '... and the time';
};

subtest 'an update is one if it changes something' => sub {
	$p->sql('update api.things set name = name, price = 1.50');
	is_deeply [events()], [], 'the same again is none';
	$p->sql(q{update api.things set name = 'b'});
	my ($e) = events();
	is $e->{payload}{op}, 'UPDATE', 'a change is one';
	is $e->{payload}{data}{old}{name}, 'Zoë "x"', '... with the old row';
	is $e->{payload}{data}{new}{name}, 'b', '... and the new one';
	$p->sql(q{update api.things set extra = '{"a": [1,null]}'});
	is scalar(events()), 1, 'what has no equality can change';
	$p->sql(q{update api.things set secret = 'x'});
	is scalar(events()), 1, 'from null';
	$p->sql(q{insert into api.things (id, name) values (1, 'c')
		on conflict (id) do update set name = excluded.name});
	is((events())[0]{payload}{op}, 'UPDATE', 'an upsert that finds a row');
};

subtest 'a delete is one' => sub {
	$p->sql('delete from api.things');
	my ($e) = events();
	is $e->{payload}{op}, 'DELETE', 'its operation';
	is $e->{payload}{data}{new}, undef, 'there is no new row';
	is $e->{payload}{data}{old}{id}, 1, '... and there was an old one';
};

subtest 'what is rolled back was never there' => sub {
	$p->sql('begin; insert into api.things (id) values (1); rollback');
	is_deeply [events()], [], 'a transaction';
	$p->sql('begin; insert into api.things (id) values (2); savepoint a;
		insert into api.things (id) values (3); rollback to a; commit');
	is_deeply [map { $_->{payload}{data}{new}{id} } events()], [2],
		'a part of one';
	is $p->sql('insert into api.things (id) select generate_series(10, 19)'),
		'', 'ten at once';
	is scalar(events()), 10, '... are ten events';
};

subtest 'one word for a transaction' => sub {
	open my $psql, '-|', 'psql', '-XAt', $p->conninfo, '-c',
		'listen postern_events', '-c',
		'insert into api.things (id) select generate_series(20, 29)'
		or die $!;
	my $said = join '', <$psql>;
	is(() = $said =~ /notification "postern_events"/g, 1, 'ten rows, one');
	events();
};

subtest 'by hand' => sub {
	my $id = $p->sql(q{select postern.emit_event('thingy', '{"id": 20}')});
	my ($e) = events();
	is $e->{id}, $id, 'it is told which event that is';
	is $e->{payload}{op}, 'MANUAL', 'its operation';
	is $e->{payload}{data}{new}{id}, 20, 'the row as it is';
	is $e->{payload}{data}{old}, undef, 'and no old one';
	$p->sql(q{select postern.emit_event('thingy', '21')});
	is((events())[0]{payload}{data}{new}{id}, 21, 'a key may be bare');
	for (q{to_jsonb(21)}, q{'{"id": 21}'::jsonb}, q{to_json(21)}, q{'21'::text},
		q{jsonb_build_object('id', 21)})
	{
		$p->sql("select postern.emit_event('thingy', key => $_)");
		is((events())[0]{payload}{data}{new}{id}, 21, "... or $_");
	}
	refused(q{select postern.emit_event('thingy', '{"id": 77}')},
		'a row that is not there is none', qr/no such row in api.things/);
	refused(q{select postern.emit_event('thingy', '{}')},
		'no key is every row, which nobody means', qr/Say which row/);
	refused(q{select postern.emit_event('nothing', '1')},
		'a trigger that is not there', qr/no event trigger nothing/);
};

# ---- lists of columns, declarative rows -------------------------------------

subtest 'lists of columns' => sub {
	$p->sql(q{select postern.create_event_trigger('thingy', 'api.things',
		'{UPDATE,DELETE}', '{name,price}', 'http://127.0.0.1:1/',
		payload_columns => '{id,name}')});
	$p->sql('insert into api.things (id) values (40)');
	is_deeply [events()], [], 'operations that are not named are none';
	$p->sql(q{update api.things set secret = 's', at = now() where id = 40});
	is_deeply [events()], [], 'nor columns';
	$p->sql('update api.things set price = 3 where id = 40');
	is_deeply((events())[0]{payload}{data}, {old => {id => 40, name => undef},
		new => {id => 40, name => undef}}, 'only what is told is told');
	refused(q{select postern.emit_event('thingy', '40')},
		'MANUAL is an operation', qr/by hand/);
	refused(q{select postern.create_event_trigger('thingy', 'api.things',
		columns => '{nothing}', webhook => 'http://127.0.0.1:1/')},
		'a column that is not there', qr/nothing/);
	$p->sql('delete from api.things where id = 40');
	is_deeply((events())[0]{payload}, {op => 'DELETE', data => {new => undef,
		old => {id => 40, name => undef}}, session_variables => undef,
		trace_context => undef}, 'of a row that was, too');
	$p->sql('insert into api.things (id) values (40)');
	$p->sql('delete from api.things where id = 40');
	is scalar(events()), 1, 'and what was refused has changed nothing';
};

subtest 'a row is a trigger' => sub {
	$p->sql(qq{insert into postern.event_triggers
		(name, table_name, operations, webhook)
		values ('by_row', 'things', '{INSERT}', '$hook')});
	$p->sql('insert into api.things (id) values (50)');
	is((events())[0]{trigger_name}, 'by_row', 'inserted');
	$p->sql(q{update postern.event_triggers set name = 'renamed',
		operations = '{DELETE}' where name = 'by_row'});
	$p->sql('insert into api.things (id) values (51)');
	is_deeply [events()], [], 'updated';
	$p->sql('delete from api.things where id = 51');
	is_deeply [sort map { $_->{trigger_name} } events()],
		[qw(renamed thingy)], 'two triggers are two events';
	$p->sql('delete from api.things where id = 50');
	$p->sql(q{delete from postern.event_triggers where name = 'renamed'});
	is join(',', map { $_->{archived} + 0 } grep
		{ $_->{trigger_name} eq 'renamed' } events()), '1',
		'deleted: what it had to say is not delivered any more';
	is $p->sql(q{select postern.drop_event_trigger('thingy')}), 't', 'dropped';
	is $p->sql(q{select postern.drop_event_trigger('thingy')}), 'f', 'once';
	$p->sql('delete from api.things');
	is_deeply [events()], [], 'and nothing is an event';
	is $p->sql(q{select count(*) from pg_trigger
		where tgrelid = 'api.things'::regclass}), 0, 'no trigger is left';
};

subtest 'what no trigger can be' => sub {
	refused("select postern.create_event_trigger($_->[0])", $_->[1], $_->[2])
		for [q{'1x', 'api.things', webhook => 'http://a/'}, 'such a name',
			qr/name_check/],
		[q{'x', 'api.things', webhook => 'ftp://a/'}, 'such a URL',
			qr/webhook_check/],
		[qq{'x', 'api.things', webhook => 'http://a/\tb'}, 'blanks in it',
			qr/webhook_check/],
		[q{'x', 'api.things', '{TRUNCATE}', webhook => 'http://a/'},
			'such an operation', qr/operations_check/],
		[q{'x', 'api.nothing', webhook => 'http://a/'}, 'no table',
			qr/does not exist/],
		[q{'x', 'api.things'}, 'no webhook', qr/webhook/],
		[qq{'x', 'api.things', webhook => '$hook',
			payload_columns => '{id,nothing}'}, 'no such column to tell',
			qr/no column nothing/];
	refused("select postern.create_event_trigger('x', 'api.things',
		webhook => '$hook', headers => '$_')", "headers: $_",
		qr/is no header|array|\\u0000/)
		for '{}', 'null', '[1]', '[{"name": "X"}]', '[{"value": "v"}]',
		'[{"name": "X Y", "value": "v"}]', '[{"name": "X", "value": 1}]',
		'[{"name": "X", "value": "a\r\nY: b"}]',
		'[{"name": "X", "value": "a\u0000b"}]',
		'[{"name": "X", "value_from_env": ""}]',
		'[{"name": "X", "value_from_env": null}]';
	refused("select postern.create_event_trigger('x', 'api.things',
		webhook => '$hook', headers => '[{\"name\": \"$_\",
		\"value\": \"v\"}]')", "a header that is not to be chosen: $_",
		qr/header "$_" cannot be chosen/)
		for qw(Content-Type content-length Host Transfer-Encoding Expect
			Connection Webhook-Id webhook-timestamp webhook-signature);
	refused("select postern.create_event_trigger('x', 'api.things', '{}',
		webhook => '$hook')", 'no operation', qr/No operation is named/);
	for my $call ("create_event_trigger('x', 'api.things', webhook => '$hook',",
		"create_cron_trigger('x', '* * * * *', '$hook',")
	{
		refused("select postern.$call retry_conf => '$_->[0]')",
			"a retry_conf: $_->[0]", $_->[1])
			for ['{"num_retries": 1, "retries": 2}', qr/has no retries/],
			['[1]', qr/must be an object/], ['"a"', qr/must be an object/],
			['{"num_retries": -1}', qr/num_retries_check/];
	}
	is $p->sql(q{select count(*) from postern.event_triggers
		where name = 'x'}), 0, 'none of them was made';
};

subtest 'a name is one trigger\'s' => sub {
	my $clock = "select postern.create_cron_trigger('%s', '0 5 * * *', '$hook')";
	trigger('table_s', "'api.things'");
	$p->sql(sprintf $clock, 'clock_s');
	refused(sprintf($clock, 'table_s'), 'a clock is made of no table',
		qr/table_s is the name of an event trigger already/);
	refused("select postern.create_event_trigger('clock_s', 'api.things',
		webhook => '$hook')", 'nor the reverse',
		qr/clock_s is the name of a cron trigger already/);
	trigger('table_s', "'api.things', retry_conf => '{\"num_retries\": 3}'");
	$p->sql(sprintf($clock, 'clock_s') =~ s/0 5/0 6/r);
	is $p->sql(q{select coalesce(schedule, num_retries::text)
		from postern.event_triggers where name like '%\_s' order by name}),
		"0 6 * * *\n3", 'one of the same kind is replaced';
	$p->sql(q{delete from postern.event_triggers where name like '%\_s'});
};

subtest 'a table that changes under a trigger' => sub {
	$p->sql(q{create table api.older (id int primary key, a text, b text)});
	$p->sql(qq{select postern.create_event_trigger('moved', 'api.older',
		columns => '{a}', webhook => '$hook', payload_columns => '{b}')});
	$p->sql(q{insert into api.older values (1, 'a', 'b');
		alter table api.older rename column a to c;
		alter table api.older drop column b;
		update api.older set c = 'd'});
	is_deeply [map { $_->{payload}{data} } events()], [
		{old => undef, new => {b => 'b'}}, {old => {}, new => {}}],
		'a row of which nothing is left to tell is one all the same';
	$p->sql('alter table api.older rename to newer');
	is $p->sql(q{select postern.drop_event_trigger('moved')}), 't',
		'the trigger of a table with another name is dropped';
	$p->sql(q{insert into api.newer values (2)});
	is_deeply [events()], [], '... indeed';
	trigger('moved', "'api.newer'");
	$p->sql(q{drop table api.newer; create table api.newer (id int)});
	trigger('moved', "'api.newer'");
	$p->sql(q{insert into api.newer values (3)});
	is scalar(events()), 1, 'a table that was made anew gets its trigger';
	$p->sql(q{insert into api.newer values (4);
		select postern.drop_event_trigger('moved'); drop table api.newer});
	my $id = $p->sql('select id from postern.event_log');
	is $p->sql("select * from postern.event_redeliver('$id')"), 0,
		'an event is not delivered again when nobody knows where to';
	events();
};

# ---- who -------------------------------------------------------------------

subtest 'members write events that they cannot read' => sub {
	trigger('thingy', "'api.things'");
	my $claims = $json->encode({sub => 'x', 'https://hasura.io/jwt/claims' => {
		'x-hasura-user-id' => '7', 'X-Hasura-Org' => 'o', other => 1,
		'x-hasura-default-role' => 'user',
		'x-hasura-allowed-roles' => ['user']}});
	$p->sql("begin; set local role postern_member;
		select set_config('request.jwt.claims', '$claims', true);
		select set_config('postern.traceparent', '00-" . 'a' x 32 . '-'
		. 'b' x 16 . "-01', true);
		insert into api.things (id) values (60); commit", as => 'postern');
	my ($e) = events();
	is_deeply $e->{payload}{session_variables}, {'x-hasura-role' => 'user',
		'x-hasura-user-id' => '7', 'x-hasura-org' => 'o'},
		'the session variables are those of the claims';
	is_deeply $e->{payload}{trace_context}, {trace_id => 'a' x 32,
		span_id => 'b' x 16}, 'the trace is that of the request';
	$p->sql("set role postern_anonymous;
		update api.things set name = 'q' where id = 60", as => 'postern');
	is_deeply((events())[0]{payload}{session_variables},
		{'x-hasura-role' => 'anonymous'}, 'without claims there is a role');
	$p->sql("begin; set local role postern_anonymous;
		select set_config('request.jwt.claims', '{\"X-Hasura-Org\": \"o\"}',
			true);
		update api.things set name = 'r' where id = 60; commit",
		as => 'postern');
	is_deeply((events())[0]{payload}{session_variables},
		{'x-hasura-role' => 'anonymous', 'x-hasura-org' => 'o'},
		'somebody without an account may have been vouched for');
	$p->sql("set role postern_member; select set_config(
		'postern.traceparent', '', false);
		update api.things set name = 's' where id = 60", as => 'postern');
	($e) = events();
	is_deeply [$e->{payload}->@{qw(session_variables trace_context)}],
		[{'x-hasura-role' => 'user'}, undef], 'an empty trace is none';
	my @roles = qw(postern_anonymous postern_member postern_admin postern_auth);
	for my $role (@roles) {
		refused("set role $role; select from postern.$_", "$role: $_",
			qr/permission denied/, as => 'postern')
			for qw(event_log event_invocation_log event_triggers);
	}
	for my $role (@roles[0 .. 2]) {
		refused("set role $role; select $_", "$role: $_", qr/permission denied/,
			as => 'postern')
			for q{postern.emit_event('thingy', '60')},
			q{postern.emit_event('thingy', '60'::json)},
			q{postern.emit_event('thingy', '60'::jsonb)},
			q{postern.event_claim('{}', '1', '1', '60')},
			q{postern.event_show('x')}, q{postern.event_redeliver('x')};
	}
	is $p->sql(q{
		select count(*)
		from pg_proc as p, aclexplode(coalesce(p.proacl,
			acldefault('f', p.proowner))) as a
		where p.pronamespace = 'postern'::regnamespace
		and (p.proname like '%event%' or p.proname like 'cron%')
		and p.oid not in ('postern.emit_event(text, jsonb)'::regprocedure,
			'postern.emit_event(text, text)'::regprocedure)
		and a.grantee = 0}), 0, 'and nothing is for everybody';
	$p->sql('grant execute on function postern.emit_event(text, json)
		to postern_member');
	for (q{'60'}, q{'60'::json}, q{'60'::jsonb}) {
		$p->sql("set role postern_member;
			select postern.emit_event('thingy', $_)", as => 'postern');
		is scalar(events()), 1, "whoever may call one may call all: $_";
	}
	$p->sql('revoke execute on function postern.emit_event(text, json)
		from postern_member');
	is $p->sql(q{
		select string_agg(p.proname, ' ')
		from pg_proc as p
		where p.pronamespace = 'postern'::regnamespace
		and p.prosecdef
		and coalesce(array_to_string(p.proconfig, ' '), '')
			!~ 'search_path='}), 'event_write',
		'what has the rights of its owner has a search path of its own, but one';
};

# Whatever is found by a path is found here first.
subtest 'writing depends on no search path' => sub {
	my @names = split /\n/, $p->sql(q{
		select distinct format('%s(%s)', proname,
			pg_get_function_identity_arguments(oid))
			|| '|' || prorettype::regtype
		from pg_proc
		where pronamespace = 'pg_catalog'::regnamespace
		and proname in ('jsonb_build_object', 'to_jsonb', 'current_setting',
			'clock_timestamp', 'date_part', 'texteq', 'textne', 'float8gt',
			'float8mi', 'float8div', 'abs', 'float8')
		and provariadic = 0 and prokind = 'f'
		and prorettype <> 'anyelement'::regtype});
	cmp_ok scalar(@names), '>', 10, 'there are names to be taken';
	$p->sql('create schema evil');
	for (@names) {
		my ($name, $type) = split /\|/;
		$p->sql("create function evil.$name returns $type language plpgsql
			as \$\$ begin raise 'called'; end \$\$");
	}
	$p->sql(q{create function evil.differ(text, text) returns boolean
		language plpgsql as $$ begin raise 'called'; end $$;
		create operator evil.= (leftarg = text, rightarg = text,
			function = evil.differ);
		create operator evil.<> (leftarg = text, rightarg = text,
			function = evil.differ);
		grant usage on schema evil to postern_member;
		grant execute on all functions in schema evil to postern_member});
	$p->sql(q{set role postern_member; set search_path = evil, pg_catalog;
		insert into api.things (id) values (61)}, as => 'postern');
	is scalar(events()), 1, 'an event is written all the same';
	$p->sql('set client_min_messages = warning; drop schema evil cascade');
};

# Whoever may say anything as a member may make types, and what they check.
subtest 'types of the session are not taken for those of Postgres' => sub {
	my $types = join '', q{create function pg_temp.taken(text) returns boolean
		language plpgsql as $$ begin raise 'as %', current_user; end $$;},
		map { "create domain pg_temp.$_ as pg_catalog.$_
			check (pg_temp.taken(value::pg_catalog.text));" }
		qw(jsonb json uuid text);
	my $as = sub ($sql) {
		return $p->sql("set role postern_member; $types $sql", as => 'postern');
	};
	events();
	$as->(q{select set_config('request.jwt.claims', '{"x-hasura-a":"b"}', false)
		is null; select set_config('postern.traceparent', '00-}
		. '1' x 32 . '-' . '2' x 16 . q{-01', false) is null;
		insert into api.things (id) values (62)});
	is scalar(events()), 1, 'where an event is written';
	is $as->(q{select auth.vouched_claims('{"https://hasura.io/jwt/claims":'
		'{"x-hasura-user-id":"01a1fb94-f646-720d-b941-d97381a004ec"}}') is null}),
		'f', 'where the claims of a caller are completed';
	is $as->(q{select postern.keep_event('types', 't', '{}'::pg_catalog.json)}),
		't', 'where an engine\'s event is kept';
	$p->sql('delete from postern.inbox');
};

# ---- claiming and recording -------------------------------------------------

sub claim ($rooms = '{}', $room = 10, $total = 100, $lease = 60)
{
	my $rows = $p->sql("select coalesce(json_agg(c), '[]') from
		postern.event_claim('$rooms', '$room', '$total', '$lease') as c");
	return @{$json->decode($rows)};
}

sub record (@results)
{
	my $text = $json->encode(\@results) =~ s/'/''/gr;
	return $p->sql("select * from postern.event_record('$text')");
}

sub state_of ($id)
{
	return $p->sql("select postern.event_state(e), tries from
		postern.event_log as e where id = '$id'");
}

sub again ()
{
	$p->sql('update postern.event_log set next_retry_at = now(), locked = null');
}

sub retries ($n, $interval = 10)
{
	$p->sql("update postern.event_triggers set num_retries = $n,
		interval_sec = $interval, timeout_sec = 7,
		headers = '[{\"name\": \"X-A\", \"value\": \"b\"}]'
		where name = 'thingy'");
}

subtest 'a claim is for one alone while its lease lasts' => sub {
	retries(1);
	$p->sql('delete from api.things');
	events();
	$p->sql('insert into api.things (id) values (70)');
	my ($c, @more) = claim();
	is @more, 0, 'the one that is due';
	is_deeply [@$c{qw(trigger webhook timeout)}], ['thingy', $hook, 7],
		'with what its trigger says';
	is_deeply $json->decode($c->{headers}), [{name => 'X-A', value => 'b'}],
		'... of headers too';
	my $body = $json->decode($c->{body});
	is_deeply [sort keys %$body],
		[qw(created_at delivery_info event id table trigger)], 'the members';
	like $body->{created_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\z/,
		'a moment in UTC with microseconds';
	is_deeply $body->{delivery_info}, {current_retry => 0, max_retries => 1},
		'which attempt it is';
	is_deeply [@$body{qw(table trigger id)}], [{name => 'things',
		schema => 'api'}, {name => 'thingy'}, $c->{id}], 'whose it is';
	is_deeply [sort keys %{$body->{event}}],
		[qw(data op session_variables trace_context)], 'what happened';
	is_deeply [claim()], [], 'nobody else gets it';
	is $p->sql("select * from postern.event_renew('{$c->{id}}', '120')"), 1,
		'a lease can be renewed';
	is $p->sql("select locked > now() + '100 s' from postern.event_log
		where id = '$c->{id}'"), 't', '... for that long';
	$p->sql("update postern.event_log set locked = now() - interval '1 s'");
	is((claim())[0]{id}, $c->{id}, 'and ends');
	is $p->sql("select * from postern.event_release('{$c->{id}}')"), 1,
		'it can be given back';
	is((claim())[0]{id}, $c->{id}, '... for the next one');
};

subtest 'retries' => sub {
	my ($id) = $p->sql('select id from postern.event_log');
	is record({id => $id, delivered => JSON::PP::false, status => 500,
		request => {a => 1}, response => {body => 'no'}}), 0,
		'a failure that is not the last';
	is state_of($id), 'waiting|1', '... waits';
	is $p->sql("select next_retry_at - now() between '8 s' and '10 s'
		from postern.event_log"), 't', '... for the interval';
	is_deeply [claim()], [], '... and is not due';
	again();
	my ($c) = claim();
	is_deeply $json->decode($c->{body})->{delivery_info},
		{current_retry => 1, max_retries => 1}, 'the second attempt';
	is $c->{id}, $id, '... has the same id';
	is record({id => $id, delivered => JSON::PP::false}), 1, 'fails: the last';
	is state_of($id), 'failed|2', '... and it is given up';
	again();
	is_deeply [claim()], [], '... for ever';
	is $p->sql("select count(*), count(status), max(status) from
		postern.event_invocation_log where event_id = '$id'"), '2|1|500',
		'both attempts are on record';
	is $p->sql("select * from postern.event_redeliver('$id')"), 1,
		'unless somebody wants it delivered';
	is((claim())[0]{id}, $id, '... again');
	record({id => $id, delivered => JSON::PP::true, status => 204});
	is state_of($id), 'delivered|1', 'then it is done';
	record({id => $id, delivered => JSON::PP::false, status => 500});
	is state_of($id), 'delivered|1', '... whatever a late attempt says';
	is $p->sql("select * from postern.event_redeliver('thingy')"), 0,
		'by its trigger only what was given up is delivered again';
};

subtest 'a receiver may ask for time' => sub {
	retries(0);
	$p->sql('insert into api.things (id) values (71)');
	my ($c) = claim();
	record({id => $c->{id}, delivered => JSON::PP::false, status => 429,
		wait => 33});
	is state_of($c->{id}), 'waiting|1', 'beyond the last retry';
	is $p->sql("select next_retry_at - now() between '30 s' and '33 s'
		from postern.event_log where id = '$c->{id}'"), 't', '... that much';
	again();
	$p->sql("update postern.event_log
		set created_at = created_at - interval '25 hours'
		where id = '$c->{id}'");
	claim();
	record({id => $c->{id}, delivered => JSON::PP::false, status => 429,
		wait => 33});
	is state_of($c->{id}), 'failed|2', '... but not for ever';
};

subtest 'room' => sub {
	events();
	trigger('other', "'api.things'");
	$p->sql('insert into api.things (id) select generate_series(200, 299)');
	my %n;
	$n{$_->{trigger}}++ for claim('{"other": 3}', 7, 100);
	is_deeply \%n, {other => 3, thingy => 7}, 'each trigger has its own';
	is scalar(claim('{}', 50, 20)), 20, 'all have one together';
	is_deeply [grep { $_->{trigger} eq 'thingy' } claim('{"thingy": 0}', 5)],
		[], 'none is none';
	my $plan = $p->sql(q{set enable_seqscan = off; explain select id
		from postern.event_log as e where trigger_name = 'x'
		and not delivered and not error and not archived
		and greatest(created_at, locked, next_retry_at) <= now()
		order by greatest(created_at, locked, next_retry_at) limit 10});
	like $plan, qr/Index Scan/, 'they are found by the index';
	unlike $plan, qr/Sort(?! Key)/, '... in order';
	$p->sql(q{select postern.drop_event_trigger('other')});
	events();
};

# In one session, which keeps its plans.
subtest 'a claim costs what it claims' => sub {
	my $cost = q{create function pg_temp.cost(out claimed bigint,
		out seq bigint, out scans bigint, out rows bigint)
		language plpgsql as $$
		declare
			ids uuid[];
			results text;
			looked text := 'select coalesce(sum(seq_scan), 0),
				coalesce(sum(idx_scan), 0),
				coalesce(sum(idx_tup_fetch), 0)
				from pg_stat_xact_all_tables
				where relname ~ ''^event_log_''';
			before bigint[];
		begin
			execute replace(replace(looked, 'select', 'select array['),
				'from', ']::bigint[] from') into before;
			select count(*), array_agg(c.id), json_agg(json_build_object(
				'id', c.id, 'delivered', true, 'status', 200))
			into claimed, ids, results
			from postern.event_claim('{"none": 0}', '10', '100', '60') as c;
			perform postern.event_renew(ids::text, '60');
			perform postern.event_release('{}');
			perform postern.event_record(results);
			execute looked into seq, scans, rows;
			seq := seq - before[1];
			scans := scans - before[2];
			rows := rows - before[3];
		end $$;};
	my $insert = sub ($n, $of) {
		return "insert into postern.event_log (schema_name, table_name,
			trigger_name, payload) select 'api', 'things', '$of', '{}'
			from generate_series(1, $n);";
	};
	my $look  = 'select * from pg_temp.cost();';
	my $warm  = ($insert->(10, 'thingy') . $look) x 7;
	my @cases = ([$insert->(4000, 'thingy'), 'plans made for a small log'],
		["select postern.create_event_trigger('idle' || n, 'api.things',
			'{MANUAL}', webhook => '$hook') from generate_series(1, 40) as n;",
			'triggers that have nothing to tell'],
		['analyze postern.event_log;', 'statistics that say so'],
		[q{insert into postern.event_log (trigger_name, payload,
			next_retry_at) select 'idle1', '{}', now() + interval '1 h'
			from generate_series(1, 4000);}, 'many that wait for a retry'],
		['analyze postern.event_log;', 'statistics that say so']);
	$p->sql('truncate postern.event_log; analyze postern.event_log');
	my @costs = grep { /\A\d+\|\d+\|\d+\|\d+\z/ } split /\n/, $p->sql(
		"$cost $warm" . join('', map { $_->[0] . $look } @cases));
	is scalar(@costs), 12, 'each was claimed from';
	my ($claimed, undef, $few) = split /\|/, $costs[6];
	is $claimed, 10, 'ten of ten';
	for (0 .. $#cases) {
		my ($n, $seq, $scans, $rows) = split /\|/, $costs[7 + $_];
		is_deeply [$n, $seq], [10, 0], "$cases[$_][1]: no log is read";
		cmp_ok $scans, '<=', $few + 20, '... few indexes are looked at';
		cmp_ok $rows, '<=', 100, '... and few rows';
	}
	$p->sql(q{delete from postern.event_triggers where name like 'idle%';
		truncate postern.event_log; analyze postern.event_log});
};

subtest 'large events' => sub {
	$p->sql('truncate api.things; delete from postern.event_log');
	$p->sql(q{insert into api.things (id, name)
		select n, (select string_agg(md5((n * m)::text), '')
			from generate_series(1, 40000) as m)
		from generate_series(300, 303) as n});
	my @n = map { scalar claim() } 1 .. 3;
	is_deeply \@n, [2, 2, 0], 'few at a time';
	$p->sql('delete from postern.event_log');
	$p->sql(q{insert into api.things (id, name) values
		(320, repeat(chr(1), 190000000)), (321, 'small')});
	my ($none, $small) = (claim(), claim());
	is $none->{body}, undef, 'one that cannot even be text has no body';
	like $small->{body}, qr/small/, '... and does not keep others back';
	$p->sql('truncate api.things; delete from postern.event_log');
};

subtest 'what a person asks' => sub {
	$p->sql('delete from api.things');
	events();
	$p->sql('insert into api.things (id) values (80)');
	my ($c) = claim();
	record({id => $c->{id}, delivered => JSON::PP::true, status => 200,
		request => {url => 'u'}, response => {body => 'ok'}});
	like $p->sql("select * from postern.event_list(null, 'thingy', '1')"),
		qr/\A$c->{id}\|[-\dT:]+Z\|thingy\|delivered\|1\|\z/, 'a list';
	is $p->sql("select * from postern.event_list('failed', null, '9')"), '',
		'... of those in a state';
	my $shown = $json->decode($p->sql(
		"select * from postern.event_show('$c->{id}')"));
	is $shown->{payload}{op}, 'INSERT', 'all of one';
	is_deeply [map { $_->{response}{body} } @{$shown->{invocations}}], ['ok'],
		'... with its attempts';
	is $p->sql("select * from postern.event_redeliver('" . uc($c->{id}) . "')"),
		1, 'an id is one in capital letters, too';
	events();
};

subtest 'how much there is, and what came of it' => sub {
	my $stats = sub { $p->sql('select * from postern.event_stats()') };
	$p->sql('delete from postern.event_counts');
	is $stats->(), 'thingy|0|0|0|0|0|0', 'nothing';
	$p->sql('insert into api.things (id) select generate_series(300, 305)');
	$p->sql(q{update postern.event_log
		set created_at = created_at - interval '90 s'});
	like $stats->(), qr/\Athingy\|6\|0\|9[01]\|0\|0\|0\z/, 'what waits';
	my @c = claim('{}', 4);
	like $stats->(), qr/\Athingy\|2\|4\|9[01]\|0\|0\|0\z/, '... is underway';
	record({id => $c[0]{id}, delivered => JSON::PP::true, status => 200},
		{id => $c[1]{id}, delivered => JSON::PP::false, status => 404},
		{id => $c[2]{id}, delivered => JSON::PP::false});
	record({id => $c[3]{id}, delivered => JSON::PP::true, status => 204});
	like $stats->(), qr/\Athingy\|2\|0\|9[01]\|2\|2\|4\z/, '... and ends';
	record({id => $c[0]{id}, delivered => JSON::PP::false, status => 500});
	is $p->sql('select outcome, attempts from postern.event_counts
		order by 1'), "delivered|2\nrefused|2\nunanswered|1",
		'every attempt is counted, late ones too';
	for my $what ('not delivered and not error and not archived', 'error') {
		my $plan = $p->sql("set enable_seqscan = off; explain select
			trigger_name, count(*) from postern.event_log where $what
			group by 1");
		unlike $plan, qr/Seq Scan|_pkey/, "an index finds what is $what";
	}
	events();
	like $stats->(), qr/\|2\|0\|5\z/, 'counts stay when the log goes';
};

# ---- the clock --------------------------------------------------------------

sub next_of ($schedule, $after)
{
	return $p->sql("select to_char(postern.cron_next('$schedule', '$after')
		at time zone 'UTC', 'YYYY-MM-DD HH24:MI')");
}

subtest 'five fields of cron' => sub {
	my $after = '2026-11-20T21:03:50Z';    # a Friday
	for (
		['* * * * *',           '2026-11-20 21:04', 'every minute'],
		['*/5 * * * *',         '2026-11-20 21:05', 'every fifth'],
		['3 * * * *',           '2026-11-20 22:03', 'this one is over'],
		['0,30 9-17 * * *',     '2026-11-21 09:00', 'lists and ranges'],
		['10-50/20 * * * *',    '2026-11-20 21:10', 'steps of a range'],
		['50/5 * * * *',        '2026-11-20 21:50', '... to the end'],
		['30 4 * * mon-fri',    '2026-11-23 04:30', 'names of days'],
		['30 4 * * 1-5',        '2026-11-23 04:30', '... and numbers'],
		['0 0 * * 7',           '2026-11-22 00:00', 'Sunday is 7'],
		['0 0 * * 0',           '2026-11-22 00:00', '... and 0'],
		['0 0 1 jan *',         '2027-01-01 00:00', 'names of months'],
		['0 0 13 * 5',          '2026-11-27 00:00', 'either day will do'],
		['0 0 */2 * 5',         '2026-11-27 00:00', '... unless with a star'],
		['0 0 29 2 *',          '2028-02-29 00:00', 'a leap day'],
		['0 0 31 4,6,9,11 *',   '',                 'a day that never comes'],
		['60 * * * *',          '',                 'too much'],
		['* * 0 * *',           '',                 'too little'],
		['5-1 * * * *',         '',                 'backwards'],
		['*/0 * * * *',         '',                 'no step'],
		['* * * *',             '',                 'four fields'],
		['* * * * * *',         '',                 'six'],
		[', * * * *',           '',                 'an empty item'],
		['a * * * *',           '',                 'a word'],
		['',                    '',                 'nothing'],
	) {
		my ($schedule, $next, $why) = @$_;
		is next_of($schedule, $after), $next, "$why: $schedule";
	}
	is next_of('0 0 29 2 *', '2096-03-01Z'), '2104-02-29 00:00',
		'eight years between leap days';
};

subtest 'a stroke is one event' => sub {
	$p->sql(qq{select postern.create_cron_trigger('daily', '0 5 * * *', '$hook',
		'{"a": 1}', comment => 'at five')});
	is $p->sql(q{select next_at > now() and extract(hour from next_at) = 5
		from postern.event_triggers where name = 'daily'}), 't', 'it is wound';
	is_deeply [claim()], [], 'nothing before its time';
	$p->sql(q{update postern.event_triggers
		set next_at = '2026-01-01T05:00:00Z' where name = 'daily'});
	my ($c, @more) = claim();
	is @more, 0, 'many strokes that nobody heard are one';
	is $c->{trigger}, 'daily', 'it strikes';
	my $body = $json->decode($c->{body});
	is_deeply {map { $_ => $body->{$_} } grep { $_ ne 'created_at' }
		keys %$body}, {id => $c->{id}, name => 'daily', payload => {a => 1},
		comment => 'at five', scheduled_time => '2026-01-01T05:00:00Z'},
		'what it says';
	is_deeply [claim()], [], 'once';
	is $p->sql(q{select next_at > now() from postern.event_triggers
		where name = 'daily'}), 't', '... until the next time';
	refused("select postern.create_cron_trigger('never', '0 0 30 2 *',
		'$hook')", 'a time that never comes is refused', qr/no time that comes/);
	events();
};

# ---- weeks ------------------------------------------------------------------

sub weeks ()
{
	return split /\n/, $p->sql(q{select c.relname from pg_inherits as i
		join pg_class as c on c.oid = i.inhrelid
		where i.inhparent = 'postern.event_log'::regclass
		and c.relname ~ '\d$' order by 1});
}

subtest 'old weeks go' => sub {
	my @before = weeks();
	cmp_ok scalar(@before), '>=', 5, 'there are weeks ahead';
	$p->sql(q{select postern.event_add_week(parent,
			date_trunc('week', now() - n * interval '7 days'))
		from unnest('{event_log,event_invocation_log}'::text[]) as parent,
		generate_series(8, 10) as n});
	my ($old, $waits) = weeks();
	is weeks() - @before, 3, 'three old ones';
	$p->sql("insert into postern.event_log (id, trigger_name, payload, delivered)
		select postern.event_bound(to_date(right(w, 8), 'YYYYMMDD')
			+ interval '1 day'), 'thingy', '{}', w = '$old'
		from unnest('{$old,$waits}'::text[]) as w");
	is $p->sql("select * from postern.event_keep('30')"), 2, 'two are done';
	ok !(grep { $_ eq $old } weeks()), 'what was delivered goes';
	ok +(grep { $_ eq $waits } weeks()), 'what still waits does not';
	is $p->sql(q{select count(*) from pg_class where relkind = 'r'
		and relname like 'event_invocation_log_2%'}), scalar(weeks()), 'attempts go with it';
	is $p->sql("select * from postern.event_keep('30')"), 0, 'and then nothing';
	$p->sql("insert into postern.event_log (id, trigger_name, payload)
		values (postern.event_bound(now() + interval '1 year'), 'x', '{}')");
	is $p->sql('select count(*) from only postern.event_log_other'), 1,
		'an event that no week is for is kept all the same';
	is $p->sql(q{select postern.event_add_week('event_log',
		date_trunc('week', now() + interval '1 year'));
		select count(*) from only postern.event_log_other}), "\n1",
		'... and its week is not made over it';
};

subtest 'old events of an engine go' => sub {
	my $ids = q{select coalesce(string_agg(id, ' ' order by id), '')
		from postern.inbox};
	$p->sql(q{insert into postern.inbox (id, trigger_name, payload, received_at)
		select x, 't', '{}', now() - x::interval
		from unnest('{29 days,31 days,40 days}'::text[]) as x});
	$p->sql("select * from postern.event_keep('30')");
	is $p->sql($ids), '29 days', 'those that are older';
	$p->sql(q{insert into postern.inbox (id, trigger_name, payload, received_at)
		select n, 't', '{}', now() - interval '31 days'
		from generate_series(1, 50002) as n});
	$p->sql("select * from postern.event_keep('30')");
	is $p->sql('select count(*) from postern.inbox'), 3, '... so many at once';
	$p->sql("select * from postern.event_keep('30')");
	is $p->sql($ids), '29 days', '... and the rest the next time';
};

subtest 'what no week had room for goes as well' => sub {
	$p->sql(q{
		delete from postern.event_log_other;
		insert into postern.event_log (id, trigger_name, payload, delivered)
		select postern.event_bound(now() - n * interval '1 year'), 'x', '{}',
			n <> 3
		from generate_series(1, 3) as n;
		insert into postern.event_invocation_log (event_id)
		select id from postern.event_log_other;
		insert into postern.event_counts values ('x', 'refused', 1)});
	$p->sql("select * from postern.event_keep('400')");
	is $p->sql('select (select count(*) from only postern.event_log_other),
		(select count(*) from only postern.event_invocation_log_other)'),
		'2|2', 'what is old and done, with its attempts';
	is $p->sql(q{select count(*) from postern.event_counts
		where trigger_name = 'x'}), 0, 'and what was counted of no trigger';
	$p->sql(q{select postern.event_add_week('event_log',
		date_trunc('week', now() - interval '70 weeks'))});
	open my $psql, '|-', 'sh', '-c', 'exec psql -XAtq "$1" >/dev/null 2>&1',
		'sh', $p->conninfo or die $!;
	$psql->autoflush;
	say {$psql} "begin; lock table postern.event_log in share mode;
		select pg_advisory_lock(77); select pg_sleep(20);";
	select undef, undef, undef, 0.05 until $p->sql(
		'select count(*) from pg_locks where objid = 77') eq '1';
	$p->sql(q{insert into postern.inbox (id, trigger_name, payload, received_at)
		values ('old', 't', '{}', now() - interval '31 days')});
	is $p->sql("select * from postern.event_keep('30')"), 0,
		'weeks that somebody holds stay';
	is $p->sql(q{select count(*) from postern.inbox where id = 'old'}), 0,
		'... which keeps nothing else';
	$p->sql('select pg_terminate_backend(pid) from pg_locks where objid = 77');
	close $psql;
};

done_testing;
