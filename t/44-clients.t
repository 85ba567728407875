#!/usr/bin/perl
# Clients that are many, slow, gone or no clients at all: the others do not
# notice.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use List::Util qw(max min sum);
use Socket     qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Time::HiRes qw(sleep time);

use Load;
use Postern;
use Rest;

use constant ROWS => 200_000;

# Memory is that of the release build; what garbage does to it, a build that
# watches itself finds out.
my %stack = (workers => 2, migrations => "$FindBin::Bin/fixtures/faults");
my $p     = Postern->start(%stack, bin => "$Postern::top/build/release/postern");
$p->http(POST => '/users', json => {name => 'Ada'});
$p->sql("insert into api.users (name) select 'user ' || n from"
	. ' generate_series(2, ' . ROWS . ') as n');
$p->sql('vacuum analyze api.users');

sub status (@request) { return $p->http(@request)->{status} }

sub reader ($target) { return (ask($p, $target))[0] }

# The whole of an answer, not decoded: that would take longer than all else.
sub whole ($socket, $text = '')
{
	my $select = IO::Select->new($socket);
	while ($select->can_read(10)) {
		last if !sysread $socket, $text, 1 << 20, length $text;
	}
	return $text;
}

# The body of a chunked answer.
sub body ($text) { return Postern::_dechunk($text =~ s/\A.*?\r\n\r\n//sr) }

# Close so that the peer hears it at once.
sub slam (@sockets)
{
	for (@sockets) {
		setsockopt $_, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
		close $_;
	}
}

# How many sessions of a pool are in a statement with these words.
sub running ($words, $pool = 'api')
{
	return $p->sql("select count(*) from pg_stat_activity where state ="
		. " 'active' and query like '%$words%' and application_name ="
		. " 'postern $pool' and datname = current_database()",
		as => 'postgres');
}

# KiB of a process that are its own.
sub dirty ($pid)
{
	return sum(0, Postern::_slurp("/proc/$pid/smaps_rollup")
			=~ /^Private_Dirty:\s+(\d+)/mg);
}

subtest 'many connections' => sub {
	my $sum = Load->during($p, sub { sleep 3 }, make => mixed('many'),
		connections => 256, gap => 0.05);
	is_deeply $sum->{wrong}, [], "256 clients, $sum->{n} requests, no error";
	is $sum->{cut}, 0, '... each with an answer';
	my ($least, $mean) = (min(@{$sum->{each}}), sum(@{$sum->{each}}) / 256);
	cmp_ok $least, '>=', 3, "nobody starves: $least at least";
	cmp_ok $least, '>=', $mean / 4, sprintf '... of %.1f on average', $mean;
	is_deeply [broken_promises($p, $sum)], [], 'each write is there once';
};

subtest 'a list of 200,000' => sub {
	whole(reader('/users')) for 1 .. 3;
	my %before = map { $_ => dirty($_) } ($p->pids('bulk'))[1 .. 2];
	for (1 .. 3) {
		is scalar(() = body(whole(reader('/users'))) =~ /"name":/g), ROWS,
			'all of it comes';
	}
	my %after = map { $_ => dirty($_) } ($p->pids('bulk'))[1 .. 2];
	my @more = map { $after{$_} - ($before{$_} // 0) } keys %after;
	cmp_ok max(@more), '<', 256, 'nothing of it stays in memory'
		or diag "@more KiB";
	# While it is under way: hold it, and look.
	my $socket = reader('/users');
	sysread $socket, my $text, 50_000;
	ok until_true(3, sub { running('users', 'bulk') }), 'while it is sent';
	sleep 0.3;
	my @held = map { dirty($_) - ($before{$_} // 0) } keys %after;
	cmp_ok max(@held), '<', 1024, 'it takes less than a MiB' or diag "@held";
	slam($socket);
	my $r = $p->http(HEAD => '/users');
	is "$r->{status} $r->{body}", '200 ', 'HEAD has no body';
	is status(HEAD => '/users?name=Ada'), 200, '... nor delays the next';
	$r = $p->http(GET => '/users?name[like]=user%201999%25&order=-name');
	is_deeply [map { $_->{name} } @{$r->{json}}[0, 1]],
		['user 199999', 'user 199998'], 'a query survives the hand-over'
		or diag substr $r->{body}, 0, 200;
	is scalar(@{$r->{json}}), 111, '... wholly';
	is status(DELETE => '/users'), 422, '... as the method does';
};

subtest 'a client that leaves in the middle of a list' => sub {
	my @readers = map { reader('/users') } 1 .. 2;
	sysread $_, my $text, 20_000 for @readers;
	ok until_true(3, sub { running('users', 'bulk') == 2 }),
		'every worker for long lists is busy';
	slam(@readers);
	my $since = time;
	my $r = $p->http(GET => '/events');
	is $r->{status}, 200, 'a new list is answered';
	cmp_ok time - $since, '<', 1, '... at once';
	ok until_true(2.5, sub { running('users', 'bulk') == 0 }),
		'the old statements end';
	is scalar(() = $p->log('bulk') =~ /signal|killed/g), 0,
		'no worker came to harm';
};

subtest 'clients that leave while SQL runs' => sub {
	for my $case (['/nap9?limit=1', 'api', 6], ['/nap9', 'bulk', 2]) {
		my ($target, $pool, $n) = @$case;
		my @waiting = map { sleep 0.03; ask($p, $target) } 1 .. $n;
		ok until_true(2, sub { running('nap9', $pool) >= 2 }),
			"$target runs";
		slam(@waiting);
		ok until_true(2.5, sub { running('nap9', $pool) == 0 }),
			'... and ends soon after its clients went'
			or diag running('nap9', $pool) . ' run on';
		is status(GET => '/users?limit=1'), 200, '... the pool serves';
		is status(GET => '/events'), 200, '... all of it';
	}
	my @left = map { my ($s) = ask($p, '/users?name=Ada'); $s } 1 .. 50;
	slam(@left);
	my $sum = Load->during($p, sub { sleep 0.5 }, make => mixed('left'));
	is_deeply $sum->{wrong}, [], 'fifty that did not wait disturb nobody';
};

subtest 'readers that are slow' => sub {
	my @readers = map { reader('/users') } 1 .. 2;
	sysread $_, my $text, 5_000 for @readers;
	push @readers, map { reader('/users') } 1 .. 2;
	my $sum = Load->during($p, sub { sleep 1.5 }, make => mixed('slow'));
	is_deeply $sum->{wrong}, [], 'requests are served beside them';
	cmp_ok $sum->{slowest}, '<', 0.7, '... as ever';
	my $all = whole($readers[0]);
	like substr($all, -12), qr/\}\]\r\n0\r\n\r\n\z/,
		'one that goes on gets all of it' or diag substr $all, -40;
	slam(@readers);
	ok until_true(3, sub { running('users', 'bulk') == 0 }), 'nothing stays';
};

subtest 'half a request' => sub {
	my @half = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => $p->port) } 1 .. 200;
	syswrite $half[$_], $_ % 3 ? "POST /notes HTTP/1.1\r\nHost: a\r\n"
		. "Content-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"m"
		: "GET /users?limit=1 HTTP/1.1\r\nHo" for 0 .. 199;
	my $sum = Load->during($p, sub { sleep 0.7 }, make => mixed('half'));
	is_deeply $sum->{wrong}, [], 'two hundred halves disturb nobody';
	cmp_ok $sum->{slowest}, '<', 0.7, '... nor delay';
	$_ % 2 ? close $half[$_] : slam($half[$_]) for 0 .. 199;
	is $p->sql("select count(*) from api.notes where mark like 'm%'"
		. " and mark not like 'many-%'"), 0, 'none of them did anything';
};

# --- Straight to a worker's socket -------------------------------------------

sub record ($type, $id, $content, %o)
{
	return pack('CCnnCC', $o{version} // 1, $type, $id,
		$o{length} // length $content, 0, 0) . $content;
}

sub params (%of)
{
	return join '', map { pack('CC', length $_, length $of{$_}) . $_ . $of{$_} }
		sort keys %of;
}

sub begin ($role = 1, $keep = 1) { record(1, 1, pack 'nCx5', $role, $keep) }

my %get = (REQUEST_METHOD => 'GET', PATH_INFO => '/users',
	QUERY_STRING => 'name=Ada');
my $whole = begin() . record(4, 1, params(%get)) . record(4, 1, '')
	. record(5, 1, '');

sub worker_socket ($pool = 'api')
{
	return IO::Socket::UNIX->new(Peer => readlink($p->var . '/run')
			. "/$pool.sock") // die "cannot connect: $!\n";
}

# What comes back within so many seconds.
sub converse ($bytes, $limit = 1, $pool = 'api')
{
	local $SIG{PIPE} = 'IGNORE';
	my $socket = worker_socket($pool);
	syswrite $socket, $bytes;
	my ($text, $end, $select) = ('', time + $limit, IO::Select->new($socket));
	while ($select->can_read(max(0, $end - time))) {
		sysread $socket, $text, 65536, length $text or last;
		last if $text =~ /"Ada"/;
	}
	close $socket;
	return $text;
}

my @garbage = (
	['nothing', ''],
	['text', "GET / HTTP/1.1\r\n\r\n"],
	['zeros', "\0" x 4096],
	['ones', "\xff" x 4096],
	['noise', join '', map { chr int rand 256 } 1 .. 4096],
	['another version', record(1, 1, pack('nCx5', 1, 1), version => 9)],
	['half a beginning', substr begin(), 0, 5],
	['a beginning without more', begin()],
	['a beginning of three bytes', record(1, 1, 'abc')],
	['an unknown role', begin(9) . record(4, 1, '') . record(5, 1, '')],
	['an authorizer', begin(2) . record(4, 1, params(%get))
		. record(4, 1, '') . record(5, 1, '')],
	['an unknown type', record(77, 1, 'x') . $whole],
	['an abort at first', record(2, 1, '')],
	['an abort in between', begin() . record(2, 1, '')],
	['an abort after all', $whole . record(2, 1, '')],
	['params longer than told', begin() . record(4, 1, params(%get),
		length => 65535)],
	['a name of 2 GiB', begin() . record(4, 1, "\xff\xff\xff\xff"
		. "\xff\xff\xff\xffx") . record(4, 1, '') . record(5, 1, '')],
	['a value of 1 GiB', begin() . record(4, 1, "\x01\xc0\0\0\0x")],
	['params without values', begin() . record(4, 1, "\x05") . record(4, 1, '')
		. record(5, 1, '')],
	['no params', begin() . record(4, 1, '') . record(5, 1, '')],
	['a length that is none', begin() . record(4, 1, params(%get,
		REQUEST_METHOD => 'POST', CONTENT_LENGTH => '99999999999999999999'))
		. record(4, 1, '') . record(5, 1, '{}') . record(5, 1, '')],
	['a body shorter than told', begin() . record(4, 1, params(%get,
		REQUEST_METHOD => 'POST', CONTENT_LENGTH => '500'))
		. record(4, 1, '') . record(5, 1, '{}') . record(5, 1, '')],
	['a negative length', begin() . record(4, 1, params(%get,
		REQUEST_METHOD => 'POST', CONTENT_LENGTH => '-1'))
		. record(4, 1, '') . record(5, 1, '{}') . record(5, 1, '')],
	['two at once', $whole . $whole],
	['questions about the program', record(9, 0, params(FCGI_MAX_CONNS => ''))],
	['a NUL in the path', begin() . record(4, 1, params(%get,
		PATH_INFO => "/users\0x")) . record(4, 1, '') . record(5, 1, '')],
);

# A length that no memory can hold is an error, not a complaint.
$ENV{ASAN_OPTIONS} = 'detect_stack_use_after_return=1'
	. ':allocator_may_return_null=1';
$p->stop;
$p = Postern->start(%stack);
$p->http(POST => '/users', json => {name => 'Ada'});

subtest 'a peer that speaks no FastCGI' => sub {
	my @before = map { $p->pids($_) } qw(api auth bulk);
	like converse($whole), qr/"name":"Ada"/, 'a proper one is answered';
	for my $pool (qw(api bulk)) {
		for my $case (@garbage) {
			my ($name, $bytes) = @$case;
			my $log = length $p->log($pool);
			converse($bytes, 0.05, $pool) for 1 .. 2;
			is status(GET => $pool eq 'api' ? '/users?limit=1' : '/events'),
				200, "after $name the pool $pool serves";
			like substr($p->log($pool), $log), qr/\A(?!.*ended after)/s,
				'... and no worker died of it';
		}
	}
	is join(' ', map { $p->pids($_) } qw(api auth bulk)), "@before",
		'every worker lives';
	@before = map { $p->pids($_) } qw(api auth bulk);
	my @cpu = map { my @f = split ' ', Postern::_slurp("/proc/$_/stat");
		$f[13] + $f[14] } @before;
	sleep 0.5;
	my @now = map { my @f = split ' ', Postern::_slurp("/proc/$_/stat");
		$f[13] + $f[14] } @before;
	cmp_ok sum(@now) - sum(@cpu), '<', 15, '... and rests';
};

# libfcgi asks for memory that nobody has, and gives up the process.  Only who
# may open the socket can do that: its folder is closed to others.
$p->stop;
$p = Postern->start(%stack, bin => "$FindBin::Bin/../build/release/postern");
$p->http(POST => '/users', json => {name => 'Ada'});
subtest 'what libfcgi itself cannot stand' => sub {
	my $bytes = begin() . record(4, 1, "\xff\xff\xff\xfe\xff\xff\xff\xfe"
		. 'x' x 100) . record(4, 1, '');
	for my $pool (qw(api bulk)) {
		converse($bytes, 0.05, $pool) for 1 .. 2;
		ok until_true(5, sub {
			status(GET => $pool eq 'api' ? '/users?limit=1' : '/events') == 200
		}), "after a name and a value of 2 GiB less two the pool $pool serves";
	}
	is status(GET => '/users?name=Ada'), 200, 'as before';
};

subtest 'a peer that begins and waits' => sub {
	my $sum = Load->during($p, sub {
		my @half = map { worker_socket() } 1 .. 2;
		syswrite $half[$_], substr $whole, 0, 5 + $_ for 0, 1;
		sleep 1;
		close $_ for @half;
	}, make => mixed('begun'));
	is_deeply $sum->{wrong}, [], 'requests are served beside it';
	cmp_ok $sum->{slowest}, '<', 2.5, '... which it does not hold up for long';
	ok until_true(1, sub { status(GET => '/users?limit=1') == 200 }),
		'... and after it';
};

done_testing;
