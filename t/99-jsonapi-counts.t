#!/usr/bin/perl
# What a request of JSON:API costs, in things that can be counted: messages to
# backends, transactions, statements, runs of the planner, memory.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/load/lib";
use Bench::Client;
use Bench::Measure;
use JSON::PP qw(encode_json);
use JsonApi;
use Postern;
use Rest qw(uri);
use Test::More;
use Time::HiRes qw(sleep);

END { Bench::Measure::end_all() }

my $USERS    = 10000; # enough that indexes are used
my $REQUESTS = 1000;
# Sanitizers would be counted too.
my $bin = "$Postern::top/build/release/postern";

my $p = Postern->start(bin => $bin, workers => 1, env => {POSTERN_LANES => 1});
my $api = JsonApi->new($p);
$p->sql(<<~SQL);
	insert into api.users (name)
	select 'user ' || g from generate_series(1, $USERS) as g;
	insert into api.events (name, host_id)
	select u.name || ' ' || g, u.id
	from api.users as u, generate_series(1, 3) as g;
	vacuum analyze api.users, api.events;
	-- Whose transactions would be counted.
	alter table api.users set (autovacuum_enabled = false);
	alter table api.events set (autovacuum_enabled = false);
	SQL
my @users = split /\n/, $p->sql('select id from api.users order by id');

sub workers ($pool = 'api')
{
	my (undef, @pids) = $p->pids($pool);
	return @pids;
}

sub backends ()
{
	return split /\n/, $p->sql("select pid from pg_stat_activity where datname
		= current_database() and application_name = 'postern api'");
}

# The bytes of a request, on a connection that is kept.
sub bytes ($method, $target, $body = undef)
{
	my @lines = ("$method $target HTTP/1.1", 'Host: localhost',
		"Accept: $JsonApi::TYPE");
	push @lines, "Content-Type: $JsonApi::TYPE",
		'Content-Length: ' . length $body
		if defined $body;
	return join("\r\n", @lines) . "\r\n\r\n" . ($body // '');
}

my $new = 0;
my %request = (
	'a page with who hosts, linked to' => sub ($i) {
		bytes(GET => uri('/jsonapi/events', include => 'host',
			'page[size]' => 20, 'page[number]' => 1 + $i % 7));
	},
	'one with all that is linked to it' => sub ($i) {
		bytes(GET => "/jsonapi/users/$users[$i % 999]?include=events");
	},
	'a new one with a link' => sub ($i) {
		$new++;
		bytes(POST => '/jsonapi/events?include=host', encode_json({data => {
			type => 'event', attributes => {name => "new $new",
			address => 'x', schedule => '2030-01-01T00:00:00Z'},
			relationships => {host => {data => {type => 'user',
			id => $users[$i % 999]}}}}}));
	},
	'five operations' => sub ($i) {
		$new++;
		my $text = encode_json({'atomic:operations' => [
			(map { {op => 'add', data => {type => 'user', lid => "u$_",
				attributes => {name => "op $_ $new"}}} } 1 .. 3),
			{op => 'update', data => {type => 'user', lid => 'u1',
				attributes => {name => "op x $new"}}},
			{op => 'remove', ref => {type => 'user', lid => 'u2'}}]});
		bytes(POST => '/operations', $text)
			=~ s/\Q$JsonApi::TYPE/$JsonApi::ATOMIC/gr;
	}
);
my %status = ('a new one with a link' => 201);

sub ask ($what, $n, $connections)
{
	return Bench::Client::exactly($p->port, $n, $connections,
		$request{$what});
}

sub commits ()
{
	sleep 1.2;
	ask('one with all that is linked to it', 1, 1);
	return $p->sql('select xact_commit from pg_stat_database
		where datname = current_database()');
}

for my $what (sort keys %request) {
	is_deeply ask($what, 64, 8), {$status{$what} // 200 => 64}, $what;
	my $before = commits();
	ask($what, $REQUESTS, 8);
	# A vacuum of another table is one, too, now and then.
	is sprintf('%.1f', (commits() - $before) / $REQUESTS), '1.0',
		'... is one transaction';
SKIP: {
		skip 'strace cannot attach to a process here', 2
			if !Bench::Measure::strace_works(workers());
		sleep 2.5;
		my $calls = Bench::Measure::strace(
			groups => {worker => [workers()], backend => [backends()]},
			code   => sub { ask($what, $REQUESTS, 1) }
		);
		my %sent = map { $_ => sprintf '%.1f',
			($calls->{$_}{sendto} // 0) / $REQUESTS } keys %$calls;
		is_deeply \%sent, {worker => '1.0', backend => '1.0'},
			'... a message to a backend, and one back';
	}
}

# The view tells of the very connection that reads it.
$p->sql(<<~SQL);
	create view api.prepared as
	select count(*) as n, 'x'::text as key from pg_prepared_statements;
	comment on view api.prepared is '\@key key';
	grant select on api.prepared to postern_anonymous;
	notify postern;
	SQL
sleep 0.5;

sub prepared ()
{
	my $r = $api->seed(GET => uri('/jsonapi/prepared', 'page[size]' => 1));
	return ($r->{json}{data} // [])->[0]{attributes}{n} // $r->{body};
}

my $own = uri('/jsonapi/events', include => 'host', 'page[size]' => 3,
	'page[number]' => 2, sort => '-name,address',
	'fields[event]' => 'name,host');
prepared();
my $known = prepared();
$api->strict(GET => $own);
is prepared() - $known, 1, 'page, count and what comes along: one statement';

sub dirty () { return (Bench::Measure::private_dirty(workers()))[0] }

# Requests whose statements are all different.
sub shapes ($from, $n)
{
	my @columns = qw(id name schedule);
	my %seen;
	for my $i ($from .. $from + $n - 1) {
		my $bits = $i;
		my @or = map { my $c = $_; map {
			my $on = $bits & 1; $bits >>= 1;
			$on ? {name => $c, op => $_, val => $c eq 'name' ? 'x'
				: $c eq 'id' ? $users[0] : '2020-01-01T00:00:00Z'} : ()
			} qw(eq gt lt ne) } @columns;
		my $r = $api->seed(GET => uri('/jsonapi/events',
			'page[size]' => 1, include => 'host', filter =>
			encode_json([{or => [@or, {name => 'name', op => 'eq',
			val => 'y'}]}])));
		$seen{$r->{status} == 200 ? 'data' : $r->{body}}++;
	}
	return \%seen;
}

is_deeply shapes(0, 200), {data => 200}, 'two hundred shapes';
my $dirty = dirty();
cmp_ok prepared(), '<=', 100, 'what is prepared is bounded';
is_deeply shapes(200, 400), {data => 400}, 'four hundred more';
cmp_ok dirty() - $dirty, '<', 1024, '... add nothing that stays';
cmp_ok prepared(), '<=', 100, '... here or there';

# Long lists go through a pool of their own, row by row.
$p->sql("insert into api.events (name)
	select 'a longer name ' || g from generate_series(1, 70000) as g");
my $n = $p->sql('select count(*) from api.events');

sub high ()
{
	return Bench::Measure::sum(map { Postern::_slurp("/proc/$_/status")
		=~ /^VmHWM:\s+(\d+)/m ? $1 : () } workers('bulk'));
}

for my $mode (qw(seed strict)) {
	$api->$mode(GET => uri('/jsonapi/events', 'page[size]' => 1));
	my $from = high();
	my $r = $api->$mode(GET => '/jsonapi/events');
	is scalar @{$r->{json}{data} // []}, $n, "$mode: all of a long list";
	cmp_ok high() - $from, '<', 4096, '... does not stay in memory';
}

done_testing;
