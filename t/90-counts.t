#!/usr/bin/perl
# What a request costs, in things that can be counted: system calls,
# transactions, runs of the planner, memory, prepared statements.  Never time,
# which says more about the machine.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/load/lib";
use Bench::Client;
use Bench::Measure;
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

sub by_name ($i)
{
	return Bench::Client::get('/users?name=user%20' . (1 + $i % $USERS));
}

sub ask ($p, $n, $connections = 64)
{
	return Bench::Client::exactly($p->port, $n, $connections, \&by_name);
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
ask($one, 64);
my $before = commits($one);
ask($one, $REQUESTS);
is sprintf('%.2f', (commits($one) - $before) / $REQUESTS), '1.00',
	'a request is one transaction';

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
my $r = $one->http(GET => '/prepared?limit=1');
is $r->{status}, 200, 'a connection tells what it has prepared';
my $n = $r->{json}[0]{n} // 0;
cmp_ok $n, '<=', 100, "it keeps $n statements, at most 100";
cmp_ok $n, '>', 50, '... and more than a few';

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
