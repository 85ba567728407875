#!/usr/bin/perl
# Events of a Hasura engine: what it sends, kept once, with its effect.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->start;

sub fails ($message, $code)
{
	return '{"message":' . quote($message)
		. qq(,"extensions":{"code":"$code"}});
}

# The payload of the engine's documentation (spec.md §7.2).
sub event ($id, %more)
{
	my %event = (data => {old => undef, new => {name => 'Ada', id =>
		'01a1f964-8fec-74bc-9824-2674d6745d0c'}}, op => 'INSERT',
		session_variables => {'x-hasura-role' => 'admin'},
		trace_context => {span_id => '1', trace_id => '2'},
		%{delete $more{event} // {}});
	return {created_at => '2018-09-05T07:14:21.601701Z', id => $id,
		delivery_info => {current_retry => 0, max_retries => 0},
		event => \%event, table => {name => 'user', schema => 'public'},
		trigger => {name => 'newUser'}, %more};
}

sub give ($event, %more)
{
	return $p->http(POST => '/event', json => $event, %more);
}

sub takes ($event, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return answers give($event), 200, 'null', $name;
}

sub inbox () { return $p->sql('select count(*) from postern.inbox') }

subtest 'without an effect' => sub {
	my $r = give(event('one'));
	answers $r, 200, 'null', 'an insert is received';
	is $r->{headers}{'content-type'}, 'application/json', '... as JSON';
	is $p->sql(q{select trigger_name, payload -> 'event' ->> 'op'
		from postern.inbox where id = 'one'}), 'newUser|INSERT', '... and kept';
	takes(event('two', event => {op => 'UPDATE', data => {old => {id => 1},
		new => {id => 1, name => 'b'}}}), 'an update');
	takes(event('three', event => {op => 'DELETE', data => {old => {id => 1},
		new => undef}}), 'a delete');
	takes(event('four', event => {op => 'MANUAL', session_variables => undef,
		trace_context => undef}), 'by hand, with nulls');
	takes(event('five', delivery_info => undef, more => [1],
		event => {more => {}}), 'with members that nobody knows');
	takes({id => 'six', trigger => {name => 'newUser'}},
		'with nothing but what it takes to know it');
	is inbox(), 6, 'each is there';
};

# The tutorial's effect: the new user's name is noted, then all are known.
my $worked = q{
	create table event.arrivals (
		name text not null,
		all_users text[] not null
	);

	create function event."on_event_newUser"(payload json)
	returns void
	language sql
	security definer
	set search_path = pg_catalog, pg_temp
	as $$
		insert into event.arrivals (name, all_users)
		select payload -> 'event' -> 'data' -> 'new' ->> 'name',
			array(select u.name from api.users as u order by u.name)
	$$;
};

subtest 'the effect of the tutorial' => sub {
	$p->sql($worked);
	$p->sql(qq{insert into api.users (name) values ('$_')}) for qw(Ada Zoë);
	takes(event('new'), 'an insert');
	my $noted = q{select name, all_users from event.arrivals};
	is $p->sql($noted), 'Ada|{Ada,Zoë}', '... is noted, and all are known';
	takes(event('new'), 'the same event again');
	takes(event('new', delivery_info => {current_retry => 1, max_retries => 3}),
		'... and as another attempt');
	is $p->sql($noted), 'Ada|{Ada,Zoë}', '... is no second one';
	takes(event('other', trigger => {name => 'oldUser'}),
		'another trigger has no effect');
	is $p->sql('select count(*) from event.arrivals'), 1, '... indeed';
};

subtest 'an effect that takes jsonb' => sub {
	$p->sql(q{create table event.seen (op text, new jsonb);
		create function event.on_event_binary(payload jsonb) returns void
		language sql security definer
		set search_path = pg_catalog, pg_temp as $$
			insert into event.seen select payload #>> '{event,op}',
				payload #> '{event,data,new}'
		$$});
	takes(event('binary', trigger => {name => 'binary'}), 'is had');
	is $p->sql(q{select op, new ->> 'name' from event.seen}), 'INSERT|Ada',
		'... with all of it';
};

subtest 'an effect that fails' => sub {
	$p->sql(q{
		create table event.open (yes boolean);
		create function event.on_event_picky(payload json) returns void
		language plpgsql security definer as $$
		begin
			if not exists (select from event.open) then
				raise sqlstate 'PT409' using message = 'not yet';
			end if;
		end $$;
	});
	my $before = inbox();
	my $event = event('picky', trigger => {name => 'Picky'});
	answers give($event), 409, fails('not yet', 'raised'),
		'is told, so that the engine tries again';
	is inbox(), $before, '... and leaves no event';
	$p->sql('insert into event.open values (true)');
	takes($event, 'the next attempt is received');
	is inbox(), $before + 1, '... and kept';
	$p->sql(q{create function event.on_event_broken(payload json)
		returns int language sql as 'select 1/0'});
	answers give(event('broken', trigger => {name => 'broken'})), 500,
		fails('Internal Server Error', 'internal'),
		'a fault of its own is ours, not the sender\'s';
	is inbox(), $before + 1, '... and leaves nothing, either';
	like $p->log, qr/on_event_broken[^"]*22012 division by zero/,
		'... and the log knows why';
};

# A function of that body, and what its event is answered.
sub effect ($name, $body)
{
	$p->sql("create function event.on_event_$name(payload json) returns void
		language plpgsql security definer as \$\$ begin $body end \$\$");
	my $before = inbox();
	my $r = give(event($name, trigger => {name => $name}));
	is inbox(), $before, "$name leaves nothing" if $r->{status} != 200;
	return $r;
}

subtest 'what an effect raises' => sub {
	my $r = effect('later', q{raise sqlstate 'PT503' using
		message = 'come again', hint = 'Retry-After: 77';});
	answers $r, 503, fails('come again', 'raised'), 'a status of its own';
	is $r->{headers}{'retry-after'}, 77, '... and when it makes sense again';
	$r = effect('soon', q{raise sqlstate 'PT503';});
	is "$r->{status} $r->{headers}{'retry-after'}", '503 2', '... if said';
	$r = effect('many', q{raise sqlstate 'PT429' using message = 'slowly',
		hint = 'Retry-After: 9';});
	is "$r->{status} $r->{headers}{'retry-after'}", '429 9', '... by any';
	answers effect('plain', q{raise exception 'there is no such user';}), 500,
		fails('there is no such user', 'internal'), 'a plain one is told';
	like $p->log, qr/P0001 there is no such user/, '... and logged';
	answers effect($_->[0], $_->[1]), 500,
		fails('Internal Server Error', 'internal'), "$_->[0] is ours"
		for ['constraint', 'insert into postern.inbox values (null);'],
			['missing', 'perform 1 from event.nowhere;'],
			['rights', q{raise sqlstate '42501';}],
			['signed', q{raise sqlstate '28000';}],
			['odd', q{raise sqlstate 'PT200' using message = 'what';}],
			['value', q{perform payload ->> 'id' = 5::text::json::text
				or 'x'::int = 1;}];
	$p->sql('create table event.late (n int unique deferrable initially
		deferred)');
	answers effect('deferred', 'insert into event.late values (1), (1);'), 500,
		fails('Internal Server Error', 'internal'),
		'what is checked at the end is checked';
	$p->sql('create sequence event.turns');
	is effect('again', q{if nextval('event.turns') < 3 then
		raise serialization_failure; end if;})->{status}, 200,
		'what may go well by itself is tried again';
	is $p->sql('select last_value from event.turns'), 3, '... until it does';
};

subtest 'whose rights an effect has' => sub {
	$p->sql(q{
		create function event.on_event_reader(payload json) returns bigint
		language sql as 'select count(*) from event.arrivals'});
	my $r = give(event('reader', trigger => {name => 'reader'}));
	is $r->{status}, 500, 'nobody\'s, unless it is a security definer';
	like $p->log, qr/on_event_reader[^"]*42501/, '... which the log says';
};

subtest 'names that are none' => sub {
	for my $name ('"; drop table x; --', "a'b", 'x' x 150, '(json)', '%I') {
		takes(event("named $name", trigger => {name => $name}),
			substr("$name", 0, 20) . ' has no effect');
	}
	is $p->sql(q{select count(*) from postern.inbox
		where trigger_name = '%I'}), 1, 'but is kept';
};

# Only Postgres's own limits hold: what an engine's has written is taken.
subtest 'whatever JSON it is' => sub {
	my $send = sub ($id, $data) {
		return $p->http(POST => '/event', body => qq({ "a":[{"id":5}],
			"trigger" : { "x":{"name":"y"}, "name":"odd\\u006ees" }
			, "event":{"data":{"new":$data,"old":null}}, "id":"$id" }));
	};
	my $n = 0;
	answers $send->('j' . ++$n, $_->[1]), 200, 'null', $_->[0]
		for ['a number that no machine has', '1e400'],
			['a long one', '-' . '9' x 5000 . '.' . '3' x 5000],
			['arrays in arrays', '[' x 10_000 . ']' x 10_000],
			['many values', '[' . join(',', 1 .. 50_000) . ']'],
			['a name twice', '{"id":1,"id":2}'],
			['text as JSON, and not', '"{\"id\":\"}, \\\\"'],
			['what is no character', '"\ud800 \u0000"'];
	is $p->sql(q{select string_agg(trigger_name, ' ' order by id)
		from postern.inbox where id like 'j_'}), join(' ', ('oddnes') x $n),
		'its name is found';
	is $p->sql(q{select payload #>> '{event,data,new}' from postern.inbox
		where id = 'j1'}), '1e400', '... and it is kept as it is';
	answers $send->('deep', '[' x 500_000 . ']' x 500_000), 400,
		fails('The body is nested too deep', 'bad-request'),
		'deeper than Postgres goes';
	answers $send->('no', $_), 400, fails('The body is no JSON',
		'bad-request'), "no JSON: $_" for '01', "'a'", '{,}', "\"\t\"";
	answers $p->http(POST => '/event', body => qq({"id":"x","trigger":
		{"name":"y"}}\0)), 400, fails('The body is no JSON',
		'bad-request'), 'no end before the end';
	my $r = $send->('large', '"' . 'x' x 1_100_000 . '"');
	is $r->{status}, 413, 'only so much of it';
	is substr($r->{json}{message}, 0, 7), 'Content', '... in its own form';
};

subtest 'the same event at once' => sub {
	$p->sql('create table event.times (n int);
		create function event.on_event_slow(payload json) returns void
		language sql security definer as $$
			insert into event.times values (1); select pg_sleep(0.2) $$');
	my $body = JSON::PP->new->utf8->encode(
		event('slow', trigger => {name => 'slow'}));
	my @r = volley($p, map { request(POST => '/event', $body) } 1 .. 8);
	is scalar(grep { $_->{status} == 200 } @r), 8, 'is received each time';
	is $p->sql('select count(*) from event.times'), 1, 'and has one effect';
};

subtest 'what is no event' => sub {
	my $before = inbox();
	my $id = fails('The event\'s id must be a text', 'bad-request');
	answers $p->http(POST => '/event', body => $_), 400,
		fails('The body is no JSON', 'bad-request'),
		'no JSON: ' . substr($_, 0, 10) for '{', '', "{\"id\":\"\xff\"}";
	answers $p->http(POST => '/event', body => $_), 400,
		fails('The body must be an event', 'bad-request'), "no event: $_"
		for '[]', 'null', '5';
	answers give({event('x')->%*, id => $_}), 400, $id, 'an id that is none'
		for undef, '', 5, {}, "a\0b", 'x' x 201;
	answers give({event('x')->%*, trigger => $_}), 400,
		fails('The event\'s trigger must have a name', 'bad-request'),
		'a trigger that is none'
		for undef, 'newUser', {}, {name => ''}, {name => 5}, [];
	my $r = $p->http(GET => '/event');
	is "$r->{status} $r->{headers}{allow}", '405 POST', 'GET';
	is inbox(), $before, 'none is kept';
};

subtest 'old ones are forgotten' => sub {
	$p->sql(q{update postern.inbox set received_at = now() - interval '9 days'
		where id in ('one', 'two')});
	is $p->sql('select postern.inbox_keep(8)'), 2, 'those that are older';
};

subtest 'a secret' => sub {
	my $c = Postern->database(env => {POSTERN_EVENT_SECRET => 'horse'});
	my $ask = sub (%headers) {
		return $c->cgi(POST => '/event', json => event('one'),
			headers => \%headers);
	};
	answers $ask->(), 401, fails('The event\'s secret is missing',
		'unauthorized'), 'is needed';
	answers $ask->('EVENT-SECRET' => $_), 403, fails(
		'The event\'s secret is wrong', 'forbidden'), "is not $_"
		for 'hors', 'horses', 'HORSE';
	is $c->sql('select count(*) from postern.inbox'), 0, 'nothing is kept';
	answers $ask->('EVENT-SECRET' => 'horse'), 200, 'null', 'lets in';
};

subtest 'check says that there is none' => sub {
	my $c = Postern->database;
	my $said = sub (%more) {
		local %ENV = (%ENV, $c->_cgi_environment(GET => '/'), %more);
		delete @ENV{qw(REQUEST_METHOD REQUEST_URI)};
		return scalar qx('$c->{bin}' check 2>&1);
	};
	like $said->(), qr/POSTERN_EVENT_SECRET[^}]*anybody/, 'it warns';
	is $?, 0, '... but is content';
	unlike $said->(POSTERN_EVENT_SECRET => 'horse'), qr/EVENT_SECRET|horse/,
		'with one it is silent';
};

done_testing;
