#!/usr/bin/perl
# What a request costs, in things that can be counted: system calls,
# transactions, runs of the planner, memory, prepared statements.  Never time,
# which says more about the machine.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/load/lib";
use Auth qw(signup bearer);
use AuthServer qw(claims_of);
use Bench::Client;
use Bench::Measure;
use Load qw(until_true);
use Postern;
use Test::More;
use Time::HiRes qw(sleep);

END { Bench::Measure::end_all() }

my $USERS    = 1000;
my $REQUESTS = 5000;
# Sanitizers would be counted too.
my $bin = "$Postern::top/build/release/postern";

sub start (%o)
{
	my $p = Postern->start(bin => $bin, workers => 1, %o);
	$p->sql(<<~SQL);
		insert into api.users (name)
		select 'user ' || g from generate_series(1, $USERS) as g;
		vacuum analyze api.users;
		SQL
	return $p;
}

sub workers ($p)
{
	my (undef, @pids) = $p->pids('api');
	return @pids;
}

sub backends ($p)
{
	return split /\n/, $p->sql("select pid from pg_stat_activity where datname
		= current_database() and application_name = 'postern api'");
}

# Users by their names; $who is a header line that says who asks.
sub ask ($p, $n, $connections = 64, $who = '')
{
	return Bench::Client::exactly($p->port, $n, $connections, sub ($i) {
		my $bytes = Bench::Client::get(
			'/users?name=user%20' . (1 + $i % $USERS));
		return $bytes =~ s/\r\n\z/$who\r\n/r;
	});
}

sub header ($u)
{
	return "Authorization: Bearer $u->{token}\r\n";
}

# What goes between a worker and its backends, each way and per request.
sub messages ($p, $n, $who)
{
	ask($p, 64, 1, $who);
	sleep 2.5;
	my $calls = Bench::Measure::strace(
		groups => {worker => [workers($p)], backend => [backends($p)]},
		code => sub { ask($p, $n, 1, $who) }
	);
	cmp_ok $calls->{backend}{lseek} // 0, '<', $n / 100,
		'the planner does not run';
	return [map { sprintf '%.1f', ($_ // 0) / $n }
		$calls->{worker}{sendto}, $calls->{backend}{sendto}];
}

# A backend reports what it did with the first transaction that ends a second
# after its last report, so there is one more; that it is this connection's
# needs an instance with only one.
sub commits ($p)
{
	sleep 1.2;
	ask($p, 1, 1);
	return $p->sql('select xact_commit from pg_stat_database
		where datname = current_database()');
}

# Every lane has prepared the statement, every connection is there.
my $p = start();
is_deeply ask($p, 2000), {200 => 2000}, 'a user by name, two thousand times';

my $dirty = (sort { $b <=> $a } Bench::Measure::private_dirty(workers($p)))[0];
cmp_ok $dirty, '<=', 4096, "a worker keeps $dirty KiB to itself, at most 4 MiB";

SKIP: {
	my ($worker) = workers($p);
	skip 'strace cannot attach to a process here', 4
		if !Bench::Measure::strace_works($worker);
	for my $connections (64, 1) {
		my $n = $connections > 1 ? $REQUESTS : 1000;
		ask($p, 64, 64);
		# nginx lets go of the connections that this run will not use.
		sleep 2.5 if $connections == 1;
		my $calls = Bench::Measure::strace(
			groups => {worker => [$worker], backend => [backends($p)]},
			code => sub { ask($p, $n, $connections) }
		);
		my $each = Bench::Measure::total($calls->{worker}) / $n;
		# Beside the requests: the first connections of nginx, idle turns.
		cmp_ok $each, '<=', 6.1, sprintf
			'%.2f system calls of a worker per request on %d connections',
			$each, $connections;
		diag join ', ', map { "$_ $calls->{worker}{$_}" }
			sort keys $calls->{worker}->%* if $each > 6.1;
		cmp_ok $calls->{backend}{lseek} // 0, '<', $n / 100,
			'the planner does not run';
	}
}

my $one = start(env => {POSTERN_LANES => 1});
my $u   = signup($one);
for my $who (['nobody', ''], ['somebody', header($u)]) {
	is_deeply ask($one, 64, 64, $who->[1]), {200 => 64}, "as $who->[0]";
	my $before = commits($one);
	ask($one, $REQUESTS, 64, $who->[1]);
	is sprintf('%.2f', (commits($one) - $before) / $REQUESTS), '1.00',
		'... a request is one transaction';
}
SKIP: {
	skip 'strace cannot attach to a process here', 4
		if !Bench::Measure::strace_works(workers($one));
	my $nobody = messages($one, 1000, '');
	is_deeply $nobody, ['1.0', '1.0'],
		'a request is a message to a backend, and one back';
	is_deeply messages($one, 1000, header($u)), $nobody,
		'... whoever asks';
}

# The view tells of the very connection that reads it.
$one->sql(<<~SQL);
	create view api.prepared as
	select count(*) as n from pg_prepared_statements;
	grant select on api.prepared to postern_anonymous;
	notify postern;
	SQL
sleep 0.5;
my @shapes = shapes();
my %seen;
for (@shapes) {
	my $r = $one->http(GET => "/users?limit=1&$_");
	$seen{$r->{status}}++;
}
is_deeply \%seen, {200 => scalar @shapes},
	scalar(@shapes) . ' requests that are all different';
my $n = prepared();
cmp_ok $n, '<=', 100, "it keeps $n statements, at most 100";
cmp_ok $n, '>', 50, '... and more than a few';

sub prepared ()
{
	my $r = $one->http(GET => '/prepared?limit=1');
	is $r->{status}, 200, 'a connection tells what it has prepared';
	return $r->{json}[0]{n} // 0;
}

sub all_shapes ($headers)
{
	my %seen;
	$seen{$one->http(GET => "/users?limit=1&$_", headers => $headers)
		->{status}}++ for @shapes;
	return \%seen;
}

is_deeply all_shapes(bearer($u)), {200 => scalar @shapes},
	'the same requests as somebody';
cmp_ok prepared(), '<=', 100, '... add nothing';
ask($one, 100, 8, $_) for '', header($u), '';
$n = prepared();
ask($one, 100, 8, $_) for '', header($u), '';
is prepared(), $n, 'what is prepared for each of two stays so';
$one->sql("delete from auth.sessions where id = '"
	. claims_of($u->{token})->{sid} . "'");
is_deeply all_shapes(bearer($u)), {401 => scalar @shapes},
	'the same requests when the session has ended';
cmp_ok prepared(), '<=', 100, '... leave nothing behind';

# It may be prepared, and fails when it runs as if the schema had changed.
$one->sql(<<~'SQL');
	create function public.nothing() returns setof integer language plpgsql
	as 'begin return query select n from public.nowhere; end';
	create view api.broken as select nothing as n, 1 as m
	from public.nothing();
	grant select on api.broken to postern_anonymous;
	grant execute on function public.nothing to postern_anonymous;
	notify postern;
	SQL
until_true(5, sub { $one->http(GET => '/broken?limit=1')->{status} != 404 });
is_deeply {map { $one->http(GET => "/broken?limit=$_")->{status} => 1 } 1 .. 60},
	{503 => 1}, 'a view that cannot be read';
cmp_ok prepared(), '<=', 100, '... leaves nothing behind';
is_deeply ask($one, 64), {200 => 64}, '... and disturbs nobody';
undef $one;

# Whole lists go through a pool of their own, row by row.
my $long = start();
my $v    = signup($long);
$long->sql("insert into api.users (name)
	select 'a longer name ' || g from generate_series(1, 99000) as g");
for my $who ({}, bearer($v)) {
	my $from = high($long);
	my $r    = $long->http(GET => '/users', headers => $who);
	is scalar(() = $r->{body} =~ /"name":/g), 99001 + $USERS,
		'a list of a hundred thousand';
	cmp_ok high($long) - $from, '<', 2048, '... does not stay in memory';
}

# What waits stays in the database, however much it is.
my $BACKLOG = 20_000;
my $full    = start(env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'});
drained($full, 1000);
my $before = high($full, 'courier');
drained($full, $BACKLOG);
cmp_ok high($full, 'courier') - $before, '<', 4096,
	'a courier does not grow by a backlog';
is $full->sql('select count(*) from postern.inbox'), $BACKLOG + 1000,
	'... of which each was received';

# So many events at once, to a receiver that is this server.
sub drained ($p, $many)
{
	$p->sql("select postern.create_event_trigger('backlog', 'api.users',
		'{INSERT}', webhook => '" . $p->url . "/event')");
	$p->sql("insert into api.users (name)
		select 'one of $many: ' || g from generate_series(1, $many) as g");
	my $left = 'select count(*) from postern.event_log
		where not delivered and not error';
	until_true(300, sub { sleep 0.2; $p->sql($left) eq '0' });
	is $p->sql($left), 0, "$many events go";
}

# The most KiB that the workers of that pool ever had.
sub high ($p, $pool = 'bulk')
{
	my (undef, @pids) = $p->pids($pool);
	my @high = map { Postern::_slurp("/proc/$_/status") =~
		/^VmHWM:\s+(\d+)/m ? $1 : () } @pids;
	return Bench::Measure::sum(@high);
}

# More than 300 ways to sort and filter users.
sub shapes ()
{
	my @columns = map { ($_, "-$_") } qw(id name created_at);
	my @orders  = map { my $x = $_; $x, map { "$x,$_" }
		grep { s/-//r ne $x =~ s/-//r } @columns } @columns;
	my @filters = ('', map { s/\[(\w+)\]/%5B$1%5D/gr } map { "&$_" }
		'name[gte]=a', 'name[lte]=z', 'name[gt]=a', 'name[lt]=z',
		'name[neq]=a', 'name[gt]=a&name[lt]=z', 'name[like]=u%25',
		'created_at[gte]=2020-01-01T00:00:00Z', 'name[in]=a,b',
		'created_at[lt]=2099-01-01T00:00:00Z');
	return map { my $order = $_; map { "order=$order$_" } @filters } @orders;
}

done_testing;
