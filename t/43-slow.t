#!/usr/bin/perl
# Statements that take long, wait, fail late or meet another schema: what
# their own clients are told, and that nobody else waits for them.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use File::Temp;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

use Load;
use Postern;
use Rest;

my $p = Postern->start(
	own_cluster => 1,
	workers     => 2,
	migrations  => "$FindBin::Bin/fixtures/faults",
	env         => {POSTERN_STATEMENT_TIMEOUT => 4000}
);
$p->http(POST => '/users', json => {name => 'Ada'});

sub admin ($text) { $p->sql($text, as => 'postgres') }

sub status (@request) { return $p->http(@request)->{status} }

my $select = 'select count(*) from pg_stat_activity'
	. " where state = 'active' and pid <> pg_backend_pid() and query like ";

sub running ($words) { return admin("$select '%$words%'") }

subtest 'a slow statement and fast ones' => sub {
	for my $n (1, 4) {
		my @slow;
		my $sum = Load->during($p, sub {
			@slow = answers_of(8, ask($p, ('/nap2?limit=1') x $n));
		}, make => mixed("nap$n"), connections => 16, gap => 0.01);
		is join(' ', map { $_->{status} } @slow), join(' ', (200) x $n),
			"$n statements of two seconds";
		is_deeply $sum->{wrong}, [], "... and $sum->{n} others meanwhile";
		cmp_ok $sum->{n}, '>', 1000, '... many';
		# Those that were sent in the same moment to the same connection.
		cmp_ok $sum->{slow}, '<=', 3 * $n, '... few of which wait for it';
		cmp_ok $sum->{slowest}, '<', 2.5, '... not longer';
	}
};

subtest 'more slow statements than lanes' => sub {
	my $since = time;
	my @slow  = ask($p, ('/nap1?limit=1') x 30);
	sleep 0.1;
	ok running('nap1') >= 6, 'they run side by side' or diag running('nap1');
	is status(GET => '/health_check'), 200, 'the workers still listen';
	my @all = answers_of(10, @slow);
	is_deeply [grep { !/^(?:200|503)$/ } map { $_->{status} } @all], [],
		'each is served or refused';
	cmp_ok time - $since, '<', 8, '... in time';
};

subtest 'the time limit of a statement' => sub {
	my $since = time;
	my $r     = $p->http(GET => '/nap9?limit=1');
	my $took  = time - $since;
	is $r->{status}, 504, 'the status is 504';
	like $r->{body}, qr/\A\{"detail":.+\}\z/, 'the body is JSON';
	unlike $r->{body}, qr/57014|statement|cancel/i, '... without internals';
	ok $took > 3.5 && $took < 5, 'after the limit' or diag $took;
	is running('nap9'), 0, 'nothing runs on';
	is status(GET => '/users?limit=1'), 200, 'the next request is served';
};

subtest 'a locked table' => sub {
	my $lock = session($p, 'begin; lock table api.notes;'
		. ' select pg_sleep(4); commit', 'postern_owner');
	ok until_true(2, sub { running('lock table api.notes') }),
		'somebody locks a table';
	my $body   = '{"mark":"locked"}';
	my ($took, $r, @reads);
	my $others = Load->during($p, sub {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
			PeerPort => $p->port) or die $!;
		my $since = time;
		syswrite $socket, request(POST => '/notes', $body);
		my @more = ask($p, '/notes?limit=1', '/notes?limit=1');
		($r)     = answers_of(6, $socket);
		$took    = time - $since;
		@reads   = answers_of(6, @more);
	}, make => sub ($n) {
		return $n % 2 ? [GET => '/users?limit=1']
			: [POST => '/users', qq({"name":"while $n"})];
	}, connections => 16, gap => 0.01);
	is $r->{status}, 503, 'a write is refused';
	ok $took > 1.5 && $took < 2.8, '... after two seconds' or diag $took;
	like $r->{body}, qr/lock/i, '... because of a lock';
	like $r->{headers}{'retry-after'} // '', qr/^\d+$/,
		'... and may be tried again';
	# The second may have stood behind the first until the table was free.
	like join(' ', sort map { $_->{status} } @reads), qr/\A(?:200|503) 503\z/,
		'so are reads';
	is_deeply $others->{wrong}, [], "meanwhile $others->{n} others are served";
	# At most those that the sixteen had sent just then.
	cmp_ok $others->{slow}, '<=', 10, '... few of which wait, too';
	cmp_ok $others->{slowest}, '<', 2.5, '... not longer';
	{ local $/; readline $lock->{out}; }
	waitpid $lock->{pid}, 0;
	is $p->sql("select count(*) from api.notes where mark = 'locked'"), 0,
		'what was refused is not there';
	is status(POST => '/notes', json => {mark => 'free'}), 201,
		'then the table is open';
};

subtest 'a transaction that fails at its commit' => sub {
	is status(POST => '/vows', json => {mark => 'good'}), 201, 'a good one';
	for my $mark ('bad', 'coded bad') {
		my $r = $p->http(POST => '/vows', json => {mark => $mark});
		like $r->{status}, qr/^[45]/, "$mark: the answer is an error";
		unlike $r->{body}, qr/xyzzy|XX000|23514|"id":/,
			'... without internals' or diag $r->{body};
	}
	my @all = volley($p, map { request(POST => '/vows', $_ % 3
		? qq({"mark":"good $_"}) : qq({"mark":"$_ bad"})) } 1 .. 30);
	is scalar(grep { $_->{status} == 201 } @all), 20,
		'among others only these fail';
	is $p->sql('select count(*) from api.vows'), 21, 'what succeeded is there';
};

subtest 'transactions that meet another one' => sub {
	for my $state (qw(40001 40P01)) {
		$p->sql('alter sequence faults.tries restart');
		is status(POST => '/luck', json => {mark => $state}), 201,
			"$state at first is tried again";
		is $p->sql("select count(*) from api.luck where mark = '$state'"),
			1, '... and done once';
		$p->sql('alter sequence faults.tries restart');
		my $r = $p->http(POST => '/luck', json => {mark => "$state always"});
		like $r->{status}, qr/^(?:409|503)$/, '... but not for ever';
		unlike $r->{body}, qr/xyzzy|40001|40P01/, '... without internals';
		cmp_ok $p->sql("select nextval('faults.tries')"), '<=', 6,
			'... a few times';
	}
};

subtest 'a migration while serving' => sub {
	my $shape;
	my $shaped = sub ($want) {
		until_true(1.5, sub {
			my $r = $p->http(GET => '/notes?limit=1&order=-id');
			$shape = join ' ', $r->{body} =~ /"(\w+)":/g;
			$shape eq $want;
		});
	};
	$p->http(POST => '/notes', json => {mark => 'one'});
	$p->sql("alter table api.notes add unsaid text default 'x'");
	my $sum = Load->during($p, sub {
		ok $shaped->('id mark'), 'untold, the shape is the old one';
		$p->sql("alter table api.notes add said text default 'x';"
			. ' notify postern');
		ok $shaped->('id mark unsaid said'), 'a new column comes';
		$p->sql('alter table api.notes drop unsaid');
		ok $shaped->('id mark said'), 'one in use goes, unannounced';
		$p->sql('alter table api.notes alter said drop default,'
			. ' alter said type integer using 7');
		ok until_true(1.5, sub { $p->http(GET => '/notes?limit=1&order=id')
			->{body} =~ /"said":7/ }), 'one changes its type';
		$p->sql('alter table api.notes rename said to told; notify postern');
		ok $shaped->('id mark told'), 'one changes its name';
		$p->sql('alter table api.notes drop told; notify postern');
		ok $shaped->('id mark'), 'all is as it was';
	}, make => mixed('shape'), connections => 6);
	is_deeply $sum->{wrong}, [], "none of $sum->{n} requests failed";
	is_deeply [broken_promises($p, $sum)], [], 'each write is there once';
	$sum = Load->during($p, sub {
		for (1 .. 8) {
			$p->sql("alter table api.notes $_; notify postern")
				for 'add c integer', 'alter c type bigint',
				'alter c type text', 'rename c to d', 'drop d';
		}
	}, make => mixed('shapes'), connections => 6);
	is_deeply $sum->{wrong}, [],
		"forty changes in a row: none of $sum->{n} requests failed";
	is_deeply [broken_promises($p, $sum)], [], 'each write is there once';
	ok $shaped->('id mark'), 'the last shape counts';
};

subtest 'a storm of notifications' => sub {
	admin('alter system set log_statement = \'all\'');
	admin('select pg_reload_conf()');
	sleep 0.3;
	my $told = time;
	$p->sql(join ';', ('notify postern') x 1);
	my $one = until_true(2, sub { reloads() }) && sleep(0.3) && reloads();
	my $workers = map { my (undef, @own) = $p->pids($_); @own }
		qw(api auth bulk);
	cmp_ok $one, '<=', $workers, 'each worker reads the model once for one'
		or diag $one;
	my $file = File::Temp->new;
	print {$file} "notify postern;\n" x 100;
	close $file;
	my $since = time;
	system 'psql', '-X', '-q', '-f', "$file", $p->conninfo;
	my $took = time - $since;
	sleep 1;
	my $n = reloads() - $one;
	# Two in a tenth of a second.
	cmp_ok $n, '<=', $workers * 2 * (1 + int($took * 10)),
		sprintf 'a hundred in %.2f s are %d readings', $took, $n;
	cmp_ok $n, '<=', $workers * 25, '... few';
	is status(GET => '/users?limit=1'), 200, 'requests are served';
	admin('alter system reset log_statement');
	admin('select pg_reload_conf()');
};

sub reloads ()
{
	return scalar(() = $p->log('postgres')
			=~ /execute \S+: select postern\.model\(\)/g);
}

done_testing;
