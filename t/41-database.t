#!/usr/bin/perl
# The database stops, breaks, is full, slow to answer or changed: what clients
# are told, and that no write is lost or done twice.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use Load;
use Postern;
use Rest;

my $p = Postern->start(
	own_cluster => 1,
	workers     => 2,
	migrations  => "$FindBin::Bin/fixtures/faults",
	env         => {POSTERN_STATEMENT_TIMEOUT => 2500}
);
my $internal = qr/SQLSTATE|FATAL|connection|server|socket|libpq|lane|XX000
	|57P0|xyzzy|pg_|postern_|api\./xi;

sub admin ($text) { $p->sql($text, as => 'postgres') }

sub workers () { return join ' ', map { ($p->pids($_)) } qw(api auth bulk) }

# A request and how long it took.
sub timed (@request)
{
	my $since = time;
	my $r     = $p->http(@request);
	return ($r, time - $since);
}

sub status (@request) { return $p->http(@request)->{status} }

# 503 as it should be: JSON, when to come again, nothing of ours.
sub refused ($r, $name)
{
	subtest $name => sub {
		is $r->{status}, 503, 'the status is 503';
		like $r->{body}, qr/\A\{"detail":.+\}\z/, 'the body is JSON';
		unlike $r->{body}, $internal, '... and keeps our secrets';
		like $r->{headers}{'retry-after'} // '', qr/\A\d+\z/,
			'it says when to try again';
	};
}

sub kill_backends ($which = 'true')
{
	return admin('select count(pg_terminate_backend(pid))'
		. " from pg_stat_activity where usename = 'postern' and ($which)");
}

# The pids of the backends of a pool.
sub backends ($pool = 'api')
{
	return split /\n/, admin('select pid from pg_stat_activity'
		. " where application_name = 'postern $pool' order by pid");
}

sub ready ($limit = 5)
{
	return until_true($limit, sub {
		return status(GET => '/users?limit=1') == 200
			&& status(GET => '/users') == 200;
	});
}

$p->http(POST => '/users', json => {name => 'Ada'});

subtest 'a database that stops and comes back' => sub {
	my @before = workers();
	$p->stop_database;
	for my $case ([GET => '/users'], [GET => '/users?name=Ada'],
		[GET => '/users?limit=2'],
		[POST => '/users', json => {name => 'Bo'}],
		[DELETE => '/users?name=Ada'])
	{
		my ($r, $took) = timed(@$case);
		refused($r, "@$case[0, 1] is refused");
		cmp_ok $took, '<', 3, '... soon';
	}
	my $r = $p->http(HEAD => '/users?limit=2');
	is "$r->{status} $r->{body}", '503 ', 'HEAD is, without a body';
	is status(GET => '/health_check'), 200, 'the health check is not';
	sleep 1;
	my $quick = time;
	status(GET => '/users?limit=1') for 1 .. 10;
	cmp_ok time - $quick, '<', 3, 'later refusals are quick';
	$p->start_database;
	ok until_true(1, sub { status(GET => '/users?limit=1') == 200 }),
		'reads work within a second of its return';
	ok until_true(1, sub { status(GET => '/users') == 200 }),
		'... whole lists too';
	is status(POST => '/users', json => {name => 'Bo'}), 201, 'so do writes';
	is workers(), "@before", 'the workers are the same processes';
};

subtest 'workers that start without a database' => sub {
	$p->stop_database;
	is $p->instance('reload'), '', 'the workers are renewed';
	refused($p->http(GET => '/users?limit=1'), 'a read is refused');
	refused($p->http(POST => '/users', json => {name => 'X'}),
		'a write is refused');
	is status(GET => '/health_check'), 200, 'the health check is not';
	my $before = workers();
	sleep 1;
	is workers(), $before, 'the workers stay';
	$p->start_database;
	ok until_true(1, sub { status(GET => '/users?limit=1') == 200 }),
		'they serve within a second of its coming';
	ok ready(2), '... lists too';
	is workers(), $before, 'without a restart';
};

subtest 'a crash of the database while many write' => sub {
	for my $round (1 .. 3) {
		my $make = mixed("crash$round");
		my $sum  = Load->during($p, sub {
			sleep 0.5;
			$p->stop_database('immediate');
			sleep 0.3;
			$p->start_database;
			ready(3);
			sleep 0.3;
		}, make => $make, connections => 16, gap => 0.002);
		is_deeply [broken_promises($p, $sum)], [],
			'each write is there as its answer said';
		ok $sum->{status}{201} > 50, 'many succeeded' or diag statuses($sum);
		is_deeply [grep { !/^503/ } @{$sum->{wrong}}], [],
			'nothing but 503 came instead';
		is $sum->{cut}, 0, 'each was answered';
		cmp_ok $sum->{slowest}, '<', 3.5, '... within three seconds';
	}
};

subtest 'backends that are ended again and again' => sub {
	# All at the same moment, so that a second try finds others just ended.
	my $killer = "do \$\$ begin for i in 1 .. 15 loop"
		. ' perform pg_terminate_backend(pid) from pg_stat_activity'
		. " where usename = 'postern'; perform pg_sleep(0.2);"
		. ' perform pg_stat_clear_snapshot(); end loop; end $$';
	my $sum = Load->during($p, sub { admin($killer) },
		make => mixed('ended'), connections => 12, gap => 0.002);
	is_deeply [broken_promises($p, $sum)], [],
		'each write is there as its answer said';
	is_deeply [grep { / GET / } @{$sum->{wrong}}], [],
		'no read failed';
	is_deeply [grep { !/^503 POST/ && !/ GET / } @{$sum->{wrong}}], [],
		'a write failed with nothing but 503';
	is $sum->{cut}, 0, 'each was answered' or diag statuses($sum);
	cmp_ok $sum->{status}{201}, '>', 100, 'many succeeded';
	ok ready(1), 'a second later all is well';
};

subtest 'a moment in which every connection is refused' => sub {
	# The lanes fail together: that is one failure, not one each.
	my $moment = sub {
		for (1 .. 5) {
			admin('alter role postern connection limit 0');
			kill_backends();
			sleep 0.04;
			admin('alter role postern connection limit -1');
			sleep 0.8;
		}
	};
	my $sum = Load->during($p, $moment,
		make => mixed('moment'), connections => 8, gap => 0.002);
	is_deeply [grep { / GET / } @{$sum->{wrong}}], [], 'no read failed';
	is $sum->{cut}, 0, 'each was answered' or diag statuses($sum);
	ok ready(1), 'a second later all is well';
};

subtest 'one backend dies the hard way' => sub {
	my ($one) = backends();
	my $sum = Load->during($p, sub { kill KILL => $one; sleep 2 },
		make => mixed('hard'), connections => 4);
	is_deeply [broken_promises($p, $sum)], [],
		'each write is there as its answer said';
	is_deeply [grep { !/^503/ } @{$sum->{wrong}}], [],
		'nothing but 503 came instead';
	ok ready(2), 'it goes on by itself';
};

subtest 'a role without enough connections' => sub {
	admin('alter role postern connection limit 2');
	kill_backends();
	sleep 1;
	my $before = () = $p->log('postgres') =~ /too many connections/g;
	my %seen;
	my $since = time;
	while (time - $since < 3) {
		my ($r, $took) = timed(GET => '/users?limit=1');
		$seen{$r->{status}}++;
		$seen{late}++ if $took > 3;
		sleep 0.05;
	}
	my $tries = (() = $p->log('postgres') =~ /too many connections/g)
		- $before;
	is_deeply [grep { !/^(?:200|503)$/ } keys %seen], [],
		'requests are served or refused, soon' or diag explain \%seen;
	# Twice a second each: enough to be back within one.
	my @workers = map { my (undef, @own) = $p->pids($_); @own }
		qw(api auth bulk courier);
	cmp_ok $tries, '<=', (3 * 2 + 1) * @workers,
		'at most two attempts a second of each worker';
	admin('alter role postern connection limit -1');
	ok until_true(5, sub { backends() >= 14 }), 'all lanes come back';
	ok ready(2), '... and serve';
};

subtest 'a database that accepts but does not answer' => sub {
	my ($postmaster) = Postern::_slurp($p->var . '/pg/postmaster.pid')
		=~ /^(\d+)/;
	my @backends = backends();
	kill STOP => $postmaster;
	# One after the other, so that the workers are never without hope.
	for my $pid (@backends) {
		kill TERM => $pid;
		sleep 0.2;
	}
	my ($r, $took) = timed(GET => '/users?limit=1');
	is $r->{status}, 503, 'a request is refused';
	cmp_ok $took, '<', 3.5, '... within three seconds';
	kill CONT => $postmaster;
	ok until_true(2, sub { status(GET => '/users?limit=1') == 200 }),
		'they are served when it goes on';
	ok ready(4), '... lists too';
};

subtest 'a backend that falls silent with a write in hand' => sub {
	my @all = map { backends($_) } qw(api);
	kill STOP => @all;
	my ($r, $took) = timed(POST => '/notes', json => {mark => 'silent'});
	kill CONT => @all;
	sleep 0.5;
	my $n = $p->sql("select count(*) from api.notes where mark = 'silent'");
	note "$r->{status} $r->{body} after $took s, $n rows";
	cmp_ok $n, '<=', 1, 'the write is not done twice';
	like "$r->{status} $r->{body}", qr/\A50[34] .*(?:unknown|may have)/i,
		'the answer does not say that it was not done' if $n;
	ok ready(3), 'it goes on by itself';
};

subtest 'a model that cannot be read at first' => sub {
	$p->sql('alter function postern.model() rename to model_elsewhere');
	is $p->instance('reload'), '', 'workers start without a model';
	refused($p->http(GET => '/users?limit=1'), 'requests are refused');
	$p->sql('alter function postern.model_elsewhere() rename to model');
	$p->sql('notify postern');
	ok until_true(1, sub { status(GET => '/users?limit=1') == 200 }),
		'they are served once it can be, and the workers are told';
	$p->sql('alter function postern.model() rename to model_elsewhere');
	$p->instance('reload');
	$p->sql('alter function postern.model_elsewhere() rename to model');
	ok until_true(3, sub { status(GET => '/users?limit=1') == 200 }),
		'... and without being told';
};

done_testing;
