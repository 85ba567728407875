#!/usr/bin/perl
# Workers that come and go under load: who leaves loses no request, who is
# killed only those in hand.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep time);

use Load;
use Postern;
use Rest;

my $p = Postern->start(
	workers    => 2,
	migrations => "$FindBin::Bin/fixtures/faults",
	env        => {POSTERN_HARD_LIMIT => 2, POSTERN_DRAIN_LIMIT => 4}
);
$p->http(POST => '/users', json => {name => 'Ada'});

# Every write as its answer said, every request answered with 2xx.
sub unharmed ($sum, $name)
{
	subtest $name => sub {
		is_deeply $sum->{wrong}, [], "none of $sum->{n} requests failed";
		is_deeply [broken_promises($p, $sum)], [],
			'every 201 is in the database, once';
		cmp_ok $sum->{slowest}, '<', 2, 'none waited long';
	};
}

# The worker that has the session with this statement.
sub worker_of ($statement, $pool = 'api')
{
	my $backend = until_true(3, sub {
		$p->sql('select pid from pg_stat_activity where query like '
			. "'%$statement%' and state = 'active'"
			. ' and pid <> pg_backend_pid()', as => 'postgres');
	}) or return;
	my (undef, @workers) = $p->pids($pool);
	return grep { holds($_, $backend) } @workers;
}

# Is the worker at the other end of the backend's socket?
sub holds ($worker, $backend)
{
	my %ours = map { /socket:\[(\d+)\]/ ? ($1 => 1) : () }
		map { readlink($_) // '' } glob "/proc/$worker/fd/*";
	my %theirs = map { /socket:\[(\d+)\]/ ? ($1 => 1) : () }
		map { readlink($_) // '' } glob "/proc/$backend/fd/*";
	open my $ss, '-|', 'ss', '-xH' or return 0;
	while (my $line = <$ss>) {
		my @f = split ' ', $line;
		return 1 if $ours{$f[5] // ''} && $theirs{$f[7] // ''};
	}
	return 0;
}

subtest 'reload, again and again' => sub {
	my $said  = '';
	my $rolls = 0;
	my $since = time;
	my $sum   = Load->during($p, sub {
		while ($rolls < 20 && time - $since < 12) {
			$said .= $p->instance('reload');
			$rolls++;
		}
	}, make => mixed('reload'));
	is $said, '', "$rolls reloads do their work silently";
	unharmed($sum, 'no request is lost');
	note "$sum->{raced} found that nginx had closed their idle connection";
};

subtest 'a hundred HUPs' => sub {
	my @before = $p->pids;
	my $sum    = Load->during($p, sub {
		for (1 .. 100) {
			kill HUP => $before[0];
			sleep 0.06;
		}
	}, make => mixed('hup'));
	unharmed($sum, 'no request is lost');
	is $sum->{raced}, 0, 'no connection was closed';
	my @after;
	ok until_true(6, sub { (@after = $p->pids) == 3 }), 'two workers remain';
	is $after[0], $before[0], '... of the same supervisor';
	my $rolled = () = $p->log =~ /"rolled: /g;
	cmp_ok $rolled, '>', 2, "workers were renewed $rolled times";
};

subtest 'workers that are killed' => sub {
	my ($kills, @late) = (0);
	my $sum = Load->during($p, sub {
		for (1 .. 6) {
			my $victim = ($p->pids)[1] or next;    # the elder
			kill KILL => $victim;
			$kills++;
			push @late, $_ if !until_true(1, sub {
				my @now = grep { $_ != $victim } $p->pids;
				return @now == 3;
			});
			sleep 0.4;
		}
	}, make => mixed('killed'), connections => 8);
	is_deeply [broken_promises($p, $sum)], [],
		'each write is there as its answer said';
	is_deeply \@late, [], 'each is replaced within a second';
	is $sum->{cut}, 0, 'each request has an answer' or diag statuses($sum);
	is_deeply [grep { !/^502 POST/ } @{$sum->{wrong}}], [],
		'a write in hand is answered 502, a read is tried again';
	# At most what a worker has in hand: all eight connections.
	cmp_ok scalar(@{$sum->{wrong}}), '<=', 8 * $kills,
		'no more fail than were in hand';
	cmp_ok $sum->{status}{201}, '>', 10 * @{$sum->{wrong}},
		'the others serve' or diag statuses($sum);
	my $after = Load->during($p, sub { sleep 0.5 }, make => mixed('after'));
	unharmed($after, 'then all is well');
};

subtest 'a worker that hangs' => sub {
	my (undef, $victim) = $p->pids;
	my $gone;
	my $since = time;
	my $sum   = Load->during($p, sub {
		kill STOP => $victim;
		$gone = until_true(5, sub { !lives($victim) });
		sleep 0.5;
	}, make => mixed('hang'), connections => 8);
	ok $gone, 'it is killed after the hard limit';
	is_deeply [broken_promises($p, $sum)], [],
		'each write is there as its answer said';
	is_deeply [grep { !/^502 POST/ } @{$sum->{wrong}}], [],
		'a write in hand is answered 502, a read is tried again';
	cmp_ok scalar(@{$sum->{wrong}}), '<=', 8, 'no more fail than had come';
	cmp_ok $sum->{slowest}, '<', 4.5, 'nobody waited for much longer';
	ok until_true(2.5, sub { my @pids = $p->pids; @pids == 3 }),
		'another one is in its place';
};

subtest 'TERM drains a worker' => sub {
	my ($slow) = ask($p, '/nap1?limit=1');
	my ($worker) = worker_of('nap1');
	ok $worker, 'a statement of a second runs';
	my $since = time;
	kill TERM => $worker;
	my ($r) = answers_of(15, $slow);
	is "$r->{status} $r->{body}", '200 [{"nap":"rested"}]',
		'its request is answered';
	ok until_true(3, sub { !lives($worker) }), 'then the worker leaves';
	ok until_true(2, sub { $p->log =~
		/worker with pid $worker ended after [\d.]+ s with status 0/ }),
		'... with status 0';
	sleep 2.2;    # nginx has closed what it kept
	my @workers = ($p->pids)[1 .. 2];
	$since = time;
	kill TERM => $workers[0];
	ok until_true(1, sub { !lives($workers[0]) }), 'an idle one leaves at once';
	note sprintf '%.3f s', time - $since;
	my $all = Load->during($p, sub {
		for (1 .. 4) {
			until_true(3, sub { my @all = $p->pids; @all == 3 });
			kill TERM => ($p->pids)[1];
			sleep 0.3;
		}
	}, make => mixed('term'));
	unharmed($all, 'one that leaves under load loses no request');
};

subtest 'a worker that dies in the middle of a long answer' => sub {
	$p->sql("insert into api.notes (mark) select 'long ' || n || repeat('x', 60)"
		. ' from generate_series(1, 200000) as n');
	my ($socket) = ask($p, '/notes');
	sysread $socket, my $text, 100_000;
	my @victims = worker_of('notes', 'bulk');
	is scalar(@victims), 1, 'one worker sends it';
	kill KILL => @victims;
	while (sysread $socket, $text, 1 << 18, length $text) { }
	like $text, qr/\AHTTP\S+ 200/, 'the answer had begun';
	cmp_ok length $text, '<', 15_000_000, '... is cut';
	unlike $text, qr/\r\n0\r\n\r\n\z/, '... and does not end like a whole one';
	unlike $text, qr/\]\s*(?:\r\n0\r\n\r\n)?\z/, '... nor does its JSON';
	ok until_true(2, sub { $p->http(GET => '/users')->{status} == 200 }),
		'the pool is back soon';
	$p->sql("delete from api.notes where mark like 'long %'");
};

subtest 'the end' => sub {
	my @pools = qw(api auth bulk courier);
	my @all   = map { $p->pids($_) } @pools;
	my ($slow) = ask($p, '/nap1?limit=1');
	ok worker_of('nap1'), 'with a request in hand';
	my ($api) = $p->pids;
	kill TERM => map { ($p->pids($_))[0] } @pools;
	is((answers_of(15, $slow))[0]{status}, 200, 'it is answered');
	ok until_true(5, sub { !grep { lives($_) } @all }), 'nobody is left';
	is $p->sql('select count(*) from pg_stat_activity where usename ='
		. " 'postern' and datname = current_database()",
		as => 'postgres'), 0, '... and no session';
};

done_testing;
