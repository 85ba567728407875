#!/usr/bin/perl
# Custom actions of a Hasura engine: functions that it calls, with what it says
# of its caller.
use v5.36;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});

sub fails ($message, $code, $more = '')
{
	return '{"message":' . quote($message) . ',"extensions":{"code":'
		. quote($code) . "$more}}";
}

sub wrong ($message) { return fails($message, 'validation-failed') }

# As an engine sends it.
sub envelope ($input, $session = {})
{
	return {action => {name => 'any'}, input => $input,
		request_query => 'mutation { any }', session_variables => $session};
}

sub act ($name, $input = {}, %more)
{
	return $p->http(POST => "/actions/$name", json => envelope($input), %more);
}

sub create ($signature, $body, $language = 'sql')
{
	$p->sql("create function action.$signature language $language"
		. " as \$\$ $body \$\$");
}

# The body in JSON's own words.
sub raw ($name, $input)
{
	return $p->http(POST => "/actions/$name", body => encode_utf8(qq({"input":$input})));
}

subtest 'what is returned' => sub {
	$p->sql(q{
		create type action.pair as (a int, b text);
		create domain action.short as text check (char_length(value) < 4);
		create type action.mood as enum ('glad', 'sad');
	});
	my @cases = (
		['returns int', 'select 7', '7'],
		['returns text', q{select E'"zoë"\n'}, '"\"zoë\"\n"'],
		['returns boolean', 'select true', 'true'],
		['returns numeric', 'select 12345678901234567890.10',
			'12345678901234567890.10'],
		['returns int', 'select null::int', 'null'],
		['returns void', '', 'null'],
		['returns timestamptz', q{select '2026-01-02 03:04:05Z'::timestamptz},
			'"2026-01-02T03:04:05+00:00"'],
		['returns int[]', q{select '{{1,2},{3,4}}'::int[]}, '[[1,2],[3,4]]'],
		['returns json', q{select '{"a" : [1 ,2]}'::json}, '{"a" : [1 ,2]}'],
		['returns jsonb', q{select '{"a":[1]}'::jsonb}, '{"a": [1]}'],
		['returns action.mood', q{select 'sad'::action.mood}, '"sad"'],
		['returns action.short', q{select 'abc'::action.short}, '"abc"'],
		['returns action.pair', q{select (1, 'x')::action.pair},
			'{"a":1,"b":"x"}'],
		['returns action.pair', 'select null::action.pair', 'null'],
		['returns action.pair', q{select (null, null)::action.pair}, 'null'],
		['returns setof action.pair', q{values (1, null), (null, null)},
			'[{"a":1,"b":null},null]'],
		['returns action.pair[]', q{select array[(1, 'x')::action.pair]},
			'[{"a":1,"b":"x"}]'],
		['returns setof int', 'select generate_series(1, 3)', '[1,2,3]'],
		['returns setof int', 'select 1 where false', '[]'],
		['returns setof int', 'values (1), (null)', '[1,null]'],
		['returns setof json', q{values ('{}'::json), ('[]')}, '[{},[]]'],
		['returns setof action.pair', q{values (1, 'x'), (null, 'y')},
			'[{"a":1,"b":"x"},{"a":null,"b":"y"}]'],
		['returns table (a int, "B c" text)', q{values (1, 'x')},
			'[{"a":1,"B c":"x"}]'],
		['returns table (a int)', 'values (1), (2)', '[{"a":1},{"a":2}]'],
		['returns setof api.users', 'select * from api.users', '[]'],
	);
	for my $case (@cases) {
		create("returned() $case->[0]", $case->[1]);
		answers act('returned'), 200, $case->[2], "$case->[0]: $case->[1]";
		$p->sql('drop function action.returned');
	}
	create('outs(inout a int, out b text)', q{select a + 1, 'x'});
	answers act('outs', {a => 1}), 200, '{"a":2,"b":"x"}', 'OUT columns';
	create('out_one(out b text)', q{select 'x'});
	answers act('out_one'), 200, '{"b":"x"}', 'one OUT column is an object';
	create('out_rows(out a int, out b int) returns setof record',
		'values (1, 2), (3, 4)', 'sql');
	answers act('out_rows'), 200, '[{"a":1,"b":2},{"a":3,"b":4}]',
		'rows of OUT columns';
	create('none() returns action.pair', 'declare it action.pair; begin '
		. q{select 1, 'x' into it where false; return it; end}, 'plpgsql');
	answers act('none'), 200, 'null', 'a row that PL/pgSQL did not find';
	$p->sql('create sequence action.calls;
		create function action.once() returns bigint language sql stable
		as $$ select nextval(\'action.calls\') $$;
		grant usage on sequence action.calls to postern_anonymous');
	answers act('once'), 200, '1', 'what is stable';
	answers act('once'), 200, '2', '... is called once';
	create('grows(n int) returns setof int',
		'begin for i in 1 .. n loop return next i; end loop; end', 'plpgsql');
	answers act('grows', {n => 3}), 200, '[1,2,3]', 'rows of PL/pgSQL';
	create('long(n int) returns text', q{select repeat('é', n)});
	my $r = act('long', {n => 2_000_000});
	is "$r->{status} " . length $r->{json}, '200 2000000', 'a long answer';
	$r = act('outs', {a => 1});
	is $r->{headers}{'content-type'}, 'application/json', 'JSON it is';
	is $r->{headers}{etag}, undef, 'without a tag';
};

subtest 'arguments' => sub {
	create('all_kinds(i int, t text, n numeric, b boolean, a int[],'
		. ' p action.pair, ps action.pair[], m action.mood, s action.short,'
		. ' j json, jb jsonb, u uuid, d date, y bytea, c character,'
		. ' r int4range) returns json', <<~SQL);
		select json_build_array(i, t, n, b, a, p, ps, m, s, j, jb, u, d, y,
			c, r)
		SQL
	my $uuid = '01a1f964-8fec-74bc-9824-2674d6745d0c';
	answers raw('all_kinds', '{"i":-1,"t":"zoë \" \u00e9","n":1e2,"b":true,'
		. '"a":[1,null],"p":{"b":"x"},"ps":[{"a":1},{}],"m":"sad",'
		. qq("s":"abc","j":[ 1 ],"jb":{"x":1},"u":"$uuid",)
		. '"d":"2026-01-02","y":"\\\\x00ff","c":"long","r":"[1,5)"}'), 200,
		'[-1, "zoë \" é", 100, true, [1,null], {"a":null,"b":"x"}, '
		. '[{"a":1,"b":null},{"a":null,"b":null}], "sad", "abc", [ 1 ], '
		. qq<{"x": 1}, "$uuid", "2026-01-02", "\\\\x00ff", "long", "[1,5)"]>,
		'every kind';
	create('some("Name x" text, n int default 5, o text default null)'
		. ' returns text', q{select format('%s %L %L', "Name x", n, o)});
	answers act('some', {'Name x' => 'a'}), 200, q{"a '5' NULL"},
		'those with a default may be absent';
	answers act('some', {'Name x' => 'a', o => 'b'}), 200, q{"a '5' 'b'"},
		'... any of them';
	answers act('some', {'Name x' => 'a', n => undef, o => undef}), 200,
		'"a NULL NULL"', '... and null is null';
	answers act('some', {n => 1}), 400, wrong('Missing argument: Name x'),
		'without a default it must be there';
	answers act('some', {'Name x' => undef}), 400,
		wrong('Missing argument: Name x'), '... and not be null';
	answers act('some', {'Name x' => 'a', "x'\"" => 1}), 400,
		wrong(q{Unexpected argument: x'"}), 'another one';
	answers act('some', {'name x' => 'a'}), 400,
		wrong('Unexpected argument: name x'), 'in other letters';
	$p->sql(<<~'SQL');
		create function action.odd("a"") int, x(""" text, "x.b" text,
			"%I '$1" text) returns text language sql
		as 'select concat_ws('' '', $1, $2, $3)'
		SQL
	answers act('odd', {'a") int, x("' => '%s', 'x.b' => q{'--},
		q{%I '$1} => '"'}), 200, quote(q{%s '-- "}),
		'names and values are no SQL';
	create('strict(n int default 1) returns int strict', 'select 1');
	answers act('strict', {n => undef}), 200, 'null', 'a strict function';
	my @bad = (
		[i => '"x"', 'invalid input syntax for type integer: "x"'],
		[i => '3000000000',
			'value "3000000000" is out of range for type integer'],
		[i => '1.5', 'invalid input syntax for type integer: "1.5"'],
		[m => '"Sad"', 'invalid input value for enum action.mood: "Sad"'],
		[s => '"long"',
			'value for domain action.short violates check constraint '
			. '"short_check"'],
		[a => '5', 'expected JSON array'],
		[u => '"x"', 'invalid input syntax for type uuid: "x"'],
		[d => '"2026-13-01"',
			'date/time field value out of range: "2026-13-01"'],
	);
	for my $bad (@bad) {
		my ($name, $value, $said) = @$bad;
		my %type = (i => 'int', m => 'action.mood', s => 'action.short',
			a => 'int[]', u => 'uuid', d => 'date');
		create("bad(b text, $name $type{$name}) returns int", 'select 1');
		answers raw('bad', qq({"b":"","$name":$value})), 400,
			wrong("Invalid argument: $name: $said"), "$name is $value";
		$p->sql('drop function action.bad');
	}
	create('number(n numeric) returns boolean', 'select n > 0');
	is raw('number', '{"n":1e' . '9' x 20 . '}')->{status}, 400,
		'a number that is none';
	create('any_json(j json default null) returns json', 'select j');
	answers raw('any_json', $_), 400, wrong('The body has a text with a NUL'),
		"a NUL: $_" for '{"j":"a\u0000b"}', '{"j":["\\\\\u0000"]}';
	answers raw('any_json', '{"j":"\\\\u0000"}'), 200, '"\\\\u0000"',
		'what is no NUL';
	my @many = (
		['{"j":' . '[' x 5000 . ']' x 5000 . '}', 'Nested deeper'],
		['{' . join(',', map { qq("m$_":1) } 1 .. 3000) . '}',
			'Object of more than 1000 members'],
		['{"j":[' . join(',', (1) x 20_000) . ']}', 'More than 10000 values'],
		['{"j":1,"j":2}', 'Duplicate property name'],
		['{"j\u0000":1}', 'Property name with a NUL'],
	);
	answers raw('any_json', $_->[0]), 400,
		qr/\{"message":"Malformed JSON: $_->[1].*/, $_->[1] for @many;
	create('of_table(u regclass) returns text', q{select 'x'});
	answers act('of_table', {u => 'nosuch'}), 400, wrong('Invalid argument: '
		. 'u: relation "nosuch" does not exist'), 'the name of no table';
};

subtest 'what is an action' => sub {
	my $none = fails('There is no such action', 'not-found');
	create('"Camel"() returns int', 'select 1');
	create('"we ""ird; %s/é"() returns int', 'select 2');
	answers act('Camel'), 200, '1', 'by the letters of its name';
	answers act('we%20%22ird;%20%25s%2F%C3%A9'), 200, '2', '... whatever they are';
	answers act($_), 404, $none, "no action: $_" for 'camel', 'CAMEL', '', 'nosuch',
		'Camel/', 'Camel()', 'Camel%22()--', 'pg_catalog.pg_sleep', 'x' x 300,
		q{x'%20or%20true%20--}, '%25I';
	create('over(a int) returns int', 'select 1');
	create('over(a text) returns int', 'select 1');
	create('more(variadic a int[]) returns int', 'select 1');
	create('poly(a anyelement) returns int', 'select 1');
	create('nameless(int) returns int', 'select 1');
	create('half_named(a int, int) returns int', 'select 1');
	create('trig() returns trigger', 'begin return null; end', 'plpgsql');
	create('anything() returns record', 'select 1, 2');
	$p->sql(q{create procedure action.proc(a int) language sql as ''});
	$p->sql('create aggregate action.agg(a int) (sfunc = int4pl, stype = int)');
	answers act($_, {a => 1}), 404, $none, "$_ is none"
		for qw(over more poly nameless half_named trig anything proc agg);
	is $p->sql(q{select count(*) from postern.action_functions
		where name in ('over', 'more', 'poly', 'nameless', 'half_named', 'trig',
		'anything', 'proc', 'agg')}), 0, '... and listed as none';
	is $p->sql(q{select array_to_json(argument_names), argument_types::regtype[],
		argument_optional, returns::regtype, returns_set, output_names
		from postern.action_functions where name = 'some'}),
		'["Name x","n","o"]|{text,integer,text}|{f,t,t}|text|f|',
		'the list knows an action';
	is $p->sql(q{select argument_names, output_names,
		output_types::regtype[] from postern.action_functions
		where name = 'outs'}), '{a}|{a,b}|{integer,text}', '... and columns';
	is $p->sql("select count(*) from pg_namespace where nspname = 'action'"), 1,
		'the schema is still there';
};

subtest 'what is no request of an action' => sub {
	my $body = sub ($text) {
		return $p->http(POST => '/actions/some', body => $text);
	};
	my $no_input = wrong('The body must be an action with an input');
	answers $body->(''), 400, fails('The body is no JSON', 'bad-request'),
		'nothing';
	answers $body->($_), 400, qr/\{"message":"Malformed\ JSON:.*"bad-request"\}\}/x,
		'no JSON: ' . substr($_, 0, 10) for '{"input":', 'input=x', '{"a":1}}';
	answers $body->("{\"input\":{\"Name x\":\"\xff\"}}"), 400,
		fails('The body is no JSON', 'bad-request'), 'no UTF-8';
	answers $body->($_), 400, $no_input, "no input: $_"
		for '{}', '{"input":null}', '{"input":[]}', '{"input":"x"}';
	answers $body->('{"input":{"Name x":"a"},"session_variables":[]}'), 400,
		wrong('The session variables must be an object'), 'a list of variables';
	answers $body->('{"input":{"Name x":"a"},"session_variables":null}'), 200,
		q{"a '5' NULL"}, 'the other members may be null';
	answers $body->('{"input":{"Name x":"\ud800"}}'), 400, qr/\{.*\}/,
		'half a character';
	for my $method (qw(GET PUT DELETE PATCH)) {
		my $r = $p->http($method => '/actions/some');
		is "$r->{status} $r->{headers}{allow}", '405 POST', $method;
	}
	is $p->http(HEAD => '/actions/some')->{status}, 405, 'HEAD';
	is $p->http(OPTIONS => '/actions/some', headers => {Origin =>
		'http://localhost:3000', 'Access-Control-Request-Method' => 'POST'})
		->{headers}{'access-control-allow-origin'}, 'http://localhost:3000',
		'a page may ask whether it may';
	my $r = $p->http(POST => '/actions/some', body => ' ' x (2 << 20));
	answers $r, 413, fails('Content Too Large', 'unexpected'),
		'nginx refuses in the same form';
	answers $p->cgi(POST => '/actions/some', body => ' ' x 2000,
		params => {POSTERN_BODY_MAX => 1024}), 413,
		fails('Content Too Large', 'content-too-large'),
		'a worker refuses as well';
};

subtest 'what the documentation has for an example' => sub {
	open my $in, '<', "$FindBin::Bin/../sql/README.md" or die $!;
	my ($sql) = do { local $/; <$in> }
		=~ /^## Actions of an engine.*?```sql\n(.*?)```/ms;
	$p->sql($sql);
	my $u = signup($p, name => 'Vera');
	my $ask = sub (%input) {
		return act('add_person', \%input, headers => bearer($u));
	};
	answers act('add_person', {name => 'Ada'}), 403,
		fails('Forbidden', '42501'), 'a stranger may not';
	answers $ask->(name => 'Ada'), 200, '{"id":1,"name":"Ada"}', 'a person';
	answers $ask->(name => 'Zoë', shout => JSON::PP::true), 200,
		'{"id":2,"name":"ZOË"}', '... in capitals';
	answers $ask->(name => ''), 422, fails('A person has a name', 'nameless'),
		'one without a name';
	answers $ask->(name => 'Ada'), 400, fails('Uniqueness violation. duplicate '
		. 'key value violates unique constraint "people_name_key"',
		'constraint-violation'), 'one that is there';
};

subtest 'errors' => sub {
	$p->sql(q{
		create table action.things (
			id int primary key,
			name text not null check (name <> 'bad'),
			other int references action.things
				deferrable initially deferred
		);
		grant select, insert on action.things to postern_anonymous;
		create table action.secrets (n int);
	});
	create('add(id int, name text, other int default null) returns int',
		'insert into action.things values ($1, $2, $3) returning id');
	create('twice(id int) returns void', <<~SQL, 'plpgsql');
		begin
			insert into action.things values (id, 'a', id + 1);
			insert into action.things values (id + 1, 'a', id);
		end
		SQL
	create('raises(state text, said text, detail text default \'\')'
		. ' returns void', <<~SQL, 'plpgsql');
		begin
			insert into action.things values (99, 'raised');
			raise exception using errcode = state, message = said,
				detail = detail;
		end
		SQL
	my $raise = sub ($state, @more) {
		return act('raises', {state => $state, said => 'Not ö',
			@more ? (detail => $more[0]) : ()});
	};
	answers $raise->('P0001'), 400, fails('Not ö', 'P0001'), 'raised plainly';
	answers $raise->("PT$_"), $_, fails('Not ö', "PT$_"), "as a status: $_"
		for 400, 401, 402, 403, 404, 409, 418, 422, 429, 499;
	answers $raise->($_), 400, fails('Not ö', $_), "raised with $_"
		for 'MY001', 'P0002', '22023', '23505', '23514', '28000', '21000',
			'PV001', 'PV002';
	answers $raise->('42501'), 403, fails('Not ö', '42501'),
		'forbidden on purpose';
	answers $raise->('PT409', '{"code":"seat-taken","seat":{"row":[1, "b"]}}'),
		409, '{"message":"Not ö","extensions":{"code":"seat-taken",'
		. '"seat":{"row": [1, "b"]}}}', 'a detail that is an object is merged';
	answers $raise->('P0001', qq( {"path":"\$"}\n)), 400,
		fails('Not ö', 'P0001', ',"path":"$"'), '... beside the code';
	answers $raise->('P0001', $_), 400, fails('Not ö', 'P0001'),
		"a detail that is none is not told: $_"
		for '[1]', 'x', '{x', '{"a":1} {}', '5', '{"a":"\u0000"}';
	answers $raise->('P0001', '{"code":5}'), 400, fails('Not ö', 'P0001'),
		'a code is a text';
	answers act('raises', {state => 'P0001', said => ''}), 400,
		fails('The action was refused', 'P0001'), 'a message is never empty';
	for my $state (qw(XX000 42P01 42883 42703 P0004 0A000 PT500),
		map { "${_}000" } qw(09 0B 0Z 24 25 26 2D 2F 34 38 39 3B 3D 3F 54 72 F0 HV))
	{
		my $r = $raise->($state);
		is $r->{status}, 500, "a fault of its own: $state";
		unlike $r->{body}, qr/Not|$state/, '... of which nothing is told';
	}
	is $raise->($_->[0])->{status}, $_->[1], "as everywhere: $_->[0]"
		for ['53000', 503], ['53100', 507], ['55P03', 503], ['57014', 504],
			['58030', 500], ['25006', 503], ['08000', 503],
			['55000', 500], ['40002', 409];
	is $p->sql('select count(*) from action.things'), 0,
		'none of them leaves anything';

	answers act('add', {id => 1, name => 'a'}), 200, '1', 'a row is added';
	answers act('add', {id => 1, name => 'a'}), 400, fails('Uniqueness '
		. 'violation. duplicate key value violates unique constraint '
		. '"things_pkey"', 'constraint-violation'), 'unique';
	answers act('add', {id => 2, name => 'bad'}), 400, fails('Check constraint '
		. 'violation. new row for relation "things" violates check constraint '
		. '"things_name_check"', 'constraint-violation'), 'check';
	my $foreign = fails('Foreign key violation. insert or update on table '
		. '"things" violates foreign key constraint "things_other_fkey"',
		'constraint-violation');
	answers act('add', {id => 2, name => 'a', other => 7}), 400, $foreign,
		'foreign key, although it is deferred';
	answers act('twice', {id => 10}), 200, 'null',
		'... so that it may be right in the end';
	create('named(name text default \'x\') returns int',
		'insert into action.things values (5, name) returning id');
	answers act('named', {name => undef}), 400, fails('Not-NULL violation. '
		. 'null value in column "name" of relation "things" violates not-null '
		. 'constraint', 'constraint-violation'), 'not null';
	is $p->sql('select count(*) from action.things'), 3,
		'what is refused is not there';
	create('divide(n int) returns int', 'select 1 / n');
	answers act('divide', {n => 0}), 400, fails('division by zero', '22012'),
		'data that do not fit';
	create('peek() returns bigint', 'select count(*) from action.secrets');
	answers act('peek'), 403, fails('Forbidden', '42501'),
		'what the caller may not, and of which no name is told';
	$p->sql('revoke execute on function action.divide from public');
	answers act('divide', {n => 1}), 403, fails('Forbidden', '42501'),
		'a function that the caller may not execute';
	create('broken() returns int', 'begin return (select 1 from nosuch); end',
		'plpgsql');
	is act('broken')->{status}, 500, 'a table that is not there';
	like $p->log, qr/42P01 relation .{1,2}nosuch.{1,2} does not exist/,
		'... of which the log tells';
};

subtest 'a conflict is tried again' => sub {
	$p->sql(q{
		create sequence action.tries;
		grant usage on sequence action.tries to postern_anonymous;
	});
	create('contended(fails int, state text) returns bigint', <<~SQL, 'plpgsql');
		declare
			n bigint := nextval('action.tries');
		begin
			if n <= fails then
				raise exception using errcode = state, message = 'again';
			end if;
			return n;
		end
		SQL
	answers act('contended', {fails => 2, state => $_}), 200, '3',
		"$_ twice, then not"
		and $p->sql('alter sequence action.tries restart')
		for qw(40001 40P01);
	is act('contended', {fails => 100, state => '40001'})->{status}, 409,
		'... but not for ever';
};

subtest 'a call that takes too long' => sub {
	my $c = Postern->database(env => {POSTERN_STATEMENT_TIMEOUT => 300});
	$c->sql(q{create function action.sleepy() returns void language plpgsql
		as $$ begin perform pg_sleep(20);
		exception when others then null; end $$});
	answers $c->cgi(POST => '/actions/sleepy', json => {input => {}}), 504,
		fails('Gateway Timeout', 'query-timeout'), 'is ended';
};

# ---- who calls ----

my $who = q{returns json language sql as $$
	select json_build_array(current_setting('role'), auth.identity_id(),
		auth.current_user_id(), postern.session_variables()) $$};

# The caller as the action sees him: role, identity, user, session variables.
sub seen ($r)
{
	return "$r->{status} $r->{body}" if $r->{status} != 200;
	my ($role, $identity, $user, $variables) = $r->{json}->@*;
	return join ' ', $role, $identity // '-', $user // '-',
		map { "$_=$variables->{$_}" } sort keys %$variables;
}

subtest 'without a secret' => sub {
	$p->sql("create function action.who() $who");
	is seen(act('who')), 'postern_anonymous - -', 'nobody is nobody';
	my %said = ('X-Hasura-Role' => 'admin', 'x-hasura-user-id' => '7',
		other => 'x', 'x-hasura-Org' => 'ö');
	is seen($p->http(POST => '/actions/who', json => envelope({}, \%said))),
		'postern_anonymous - - x-hasura-org=ö x-hasura-role=admin x-hasura-user-id=7',
		'variables can be read, and give no role and no claims';
	is seen(act('who')), 'postern_anonymous - -', '... and are gone afterwards';
	my $u = signup($p, name => 'Ada');
	my ($user, $identity) = split /\|/, $p->sql(
		q{select id, identity_id from api.users where name = 'Ada'});
	is seen(act('who', {}, headers => bearer($u))), "postern_member $identity "
		. "$user x-hasura-role=user x-hasura-user-id=$user",
		'a token of ours enters';
	is seen($p->http(POST => '/actions/who', json => envelope({}, \%said),
		headers => bearer($u))), "postern_member $identity $user "
		. "x-hasura-org=ö x-hasura-role=user x-hasura-user-id=$user",
		'... and its claims stand over what is said';
	is seen(act('who', {}, headers => {cookie($u)->%*,
		'Sec-Fetch-Site' => 'cross-site'})), '403 ' . fails('With the cookie, '
		. 'requests must come from an allowed origin.', 'forbidden'),
		'a cookie is not believed from anywhere';
	answers act('who', {}, headers => bearer('x.y.z')), 401,
		qr/\{"message":.*\}/, 'a bad token is refused';
	$p->sql('delete from auth.sessions');
	answers act('who', {}, headers => bearer($u)), 401,
		qr/\{"message":"The session has ended\.".*\}/, '... and one that ended';
	create('mine(name text) returns text',
		q{select postern.session_variable(name)});
	is_deeply $p->http(POST => '/actions/mine',
		json => envelope({name => 'X-HASURA-Role'}, \%said))->{json}, 'admin',
		'one variable, in any case';
	answers act('mine', {name => 'x-hasura-none'}), 200, 'null', '... or none';
};

subtest 'with a secret' => sub {
	my $c = Postern->database(env => {POSTERN_ACTION_SECRET => 'horse',
		POSTERN_ACCESS => 'owner', POSTERN_ARGON2 => 'm=256,t=1,p=1'});
	$c->sql("create function action.who() $who");
	$c->sql(q{create function action.rename(old text, new text)
		returns setof text language sql as $$ update api.users set name = new
			where name = old returning name $$});
	my %ids = map { my $u = signup($c, name => $_); $_ => $c->sql(
		"select id from api.users where name = '$_'") } qw(Ada Zoë);
	my $ask = sub ($session, $name = 'who', $input = {}, %headers) {
		return $c->cgi(POST => "/actions/$name",
			json => envelope($input, $session),
			headers => {'ACTION-SECRET' => 'horse', %headers});
	};
	answers $c->cgi(POST => '/actions/who', json => envelope({})), 401,
		fails('The action\'s secret is missing', 'unauthorized'), 'is needed';
	answers $ask->({}, 'who', {}, 'ACTION-SECRET' => $_), 403, fails(
		'The action\'s secret is wrong', 'forbidden'), "is not $_"
		for 'hors', 'horses', 'HORSE';
	is seen($ask->({})), 'postern_anonymous - - x-hasura-role=anonymous',
		'without variables nobody calls';
	is seen($c->cgi(POST => '/actions/who', json => {input => {}},
		headers => {'ACTION-SECRET' => 'horse'})),
		'postern_anonymous - - x-hasura-role=anonymous', '... nor when there are none';
	my $identity = $c->sql("select identity_id from api.users
		where name = 'Ada'");
	my %ada = ('x-hasura-role' => 'user', 'X-Hasura-User-Id' => $ids{Ada},
		'x-hasura-org' => 'o');
	my $ada = "$identity $ids{Ada} x-hasura-org=o";
	is seen($ask->(\%ada)), "postern_member $ada x-hasura-role=user "
		. "x-hasura-user-id=$ids{Ada}", 'a user is that user';
	is seen($ask->({%ada, 'x-hasura-role' => 'admin'})), "postern_admin $ada "
		. "x-hasura-role=admin x-hasura-user-id=$ids{Ada}",
		'an administrator is one';
	is seen($ask->(\%ada, 'who', {}, bearer('x.y.z')->%*)), "postern_member $ada "
		. "x-hasura-role=user x-hasura-user-id=$ids{Ada}",
		'... whatever token came along';
	answers $ask->({%ada, 'x-hasura-role' => 'king'}), 403,
		fails('There is no such role.', 'forbidden'), 'no role of ours';
	answers $ask->(\%ada, rename => {old => 'Zoë', new => 'Zoe'}), 200, '[]',
		'policies hold: he changes nobody else';
	answers $ask->(\%ada, rename => {old => 'Ada', new => 'Augusta'}), 200,
		'["Augusta"]', '... but himself';
	answers $ask->({}, rename => {old => 'Zoë', new => 'Zoe'}), 200, '[]',
		'nobody changes nobody';
	answers $ask->({'x-hasura-role' => 'admin'},
		rename => {old => 'Zoë', new => 'Zoe'}), 200, '["Zoe"]',
		'an administrator changes all';
	answers $ask->(\%ada, rename => {old => 'Augusta', new => 'Zoe'}), 400,
		fails('Uniqueness violation. duplicate key value violates unique '
		. 'constraint "users_name_key"', 'constraint-violation'),
		'a taken name is said as an engine does';
};

subtest 'at once' => sub {
	$p->sql('create table action.counter (n int);
		insert into action.counter values (0);
		grant select, update on action.counter to postern_anonymous');
	create('count_up() returns int',
		'update action.counter set n = n + 1 returning n');
	my @r = volley($p, map { request(POST => '/actions/count_up',
		'{"input":{}}') } 1 .. 12);
	is join(' ', sort { $a <=> $b } map { $_->{body} } @r),
		join(' ', 1 .. 12), 'each has its own effect, once';
};

done_testing;
