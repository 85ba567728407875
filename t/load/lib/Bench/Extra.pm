# What is measured once, after the rounds.  Each is a function of the stack
# and the options, and returns what Bench::Report prints.
package Bench::Extra;

use v5.36;
use Bench::Client;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

my @all = (
	[memory  => 'memory of a worker',         \&memory],
	[calls   => 'system calls',               \&calls],
	[cold    => 'no kept connections',        \&cold],
	[crowd   => '256 connections',            \&crowd],
	[slow    => 'beside a slow statement',    \&slow],
	[big     => 'a list of a million',        \&big],
	[huge    => 'a thousand and ten million', \&huge]
);

sub all ($s, $note, $o)
{
	my %r;
	for (@all) {
		my ($id, $what, $code) = @$_;
		next if exists $o->{$id} && !$o->{$id};
		$note->($what);
		$r{$id} = eval { $code->($s, $o) } // {failed => "$@"};
		$note->("$what: $r{$id}{failed}") if $r{$id}{failed};
	}
	return \%r;
}

# --- Memory --------------------------------------------------------------------

sub _worst (@kib)
{
	return (sort { $b <=> $a } @kib)[0];
}

sub memory ($s, $o)
{
	my %r;
	for my $id (qw(R1 R1000)) {
		Bench::Work::run($s, $id, seconds => $o->{seconds});
		sleep 3;    # nginx lets go of its connections
		$r{$id} = _worst(Bench::Measure::private_dirty($s->workers));
	}
	$r{backend} = _worst(Bench::Measure::private_dirty($s->backends));
	return \%r;
}

# --- System calls --------------------------------------------------------------

sub requests_of ($s, $id)
{
	my $first = Bench::Stack::FIRST;
	return sub ($i) {
		Bench::Client::get('/users?name='
			. ($first + $i * 7919 % Bench::Stack::USERS));
	} if $id eq 'R1';
	my @cursors = split /\n/, Bench::Stack::_slurp($s->cursors);
	my ($n) = $id =~ /(\d+)/;
	return sub ($i) {
		Bench::Client::get("/users?limit=$n&after=$cursors[$i % @cursors]");
	};
}

sub count_calls ($s, $id, $n, $c)
{
	my $make   = requests_of($s, $id);
	my $groups = $s->groups;
	delete $groups->{postgres};
	# Connections and plans are there before counting begins.
	Bench::Client::exactly($s->port, 2000, $c, $make);
	my $calls = Bench::Measure::strace(groups => $groups, code => sub {
		my $statuses = Bench::Client::exactly($s->port, $n, $c, $make);
		die "$id: not only 200\n" if ($statuses->{200} // 0) != $n;
	});
	my %r = map { $_ => Bench::Measure::total($calls->{$_}) / $n }
		keys %$calls;
	$r{lseek} = ($calls->{backends}{lseek} // 0) / $n;
	$r{most}  = {map { $_ => _most($calls->{$_}, $n) } keys %$calls};
	return \%r;
}

sub _most ($calls, $n)
{
	my @names = sort { $calls->{$b} <=> $calls->{$a} || $a cmp $b }
		grep { $calls->{$_} / $n >= 0.05 } keys %$calls;
	return join ', ', map { sprintf '%s %.2f', $_, $calls->{$_} / $n } @names;
}

sub calls ($s, $o)
{
	my ($worker) = $s->workers;
	die "strace may not attach here\n"
		if !Bench::Measure::strace_works($worker);
	return {
		R1       => count_calls($s, 'R1',    5000, 64),
		'R1 c=1' => count_calls($s, 'R1',    1000, 1),
		R100     => count_calls($s, 'R100',  2000, 64),
		R1000    => count_calls($s, 'R1000', 500,  64)
	};
}

# --- Connections ---------------------------------------------------------------

sub _ratio ($rounds, $code)
{
	my @pairs = map { [$code->($_)] } 1 .. $rounds;
	my @ratios = map { $_->[0]{rps} / $_->[1]{rps} } @pairs;
	return {
		first  => Bench::Measure::median(map { $_->[0]{rps} } @pairs),
		second => Bench::Measure::median(map { $_->[1]{rps} } @pairs),
		ratio  => Bench::Measure::median(@ratios),
		pairs  => \@pairs
	};
}

sub cold ($s, $o)
{
	return _ratio(3, sub ($n) {
		map { Bench::Work::run($s, 'R1', port => $_,
			seconds => $o->{seconds}) } qw(ours cold);
	});
}

sub crowd ($s, $o)
{
	my $r = _ratio(3, sub ($n) {
		map { Bench::Work::run($s, 'R1', c => $_,
			seconds => $o->{seconds}) } 256, 64;
	});
	my @crowd = map { $_->[0] } $r->{pairs}->@*;
	$r->{$_} = Bench::Measure::median(do { my $k = $_; map { $_->{$k} }
		@crowd }) for qw(p50 p99 max errors);
	$r->{dirty} = _worst(Bench::Measure::private_dirty($s->workers));
	return $r;
}

# --- Side by side ------------------------------------------------------------

# A child that does something for as long as we measure.
sub _beside ($work, $measure)
{
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
		alarm 120;
		eval { $work->() };
		POSIX::_exit(0);
	}
	sleep 0.2;
	my $r = eval { $measure->() };
	my $why = $@;
	kill KILL => $pid;
	waitpid $pid, 0;
	die $why if !$r;
	return $r;
}

# One request on a connection of its own, read to its end: the seconds until
# its first byte and until its last, its status and length.
sub fetch ($s, $path)
{
	my $start  = time;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => $s->port) or die "cannot connect: $!\n";
	print {$socket} "GET $path HTTP/1.1\r\nHost: localhost\r\n"
		. "Connection: close\r\n\r\n";
	my ($head, $first, $bytes) = ('', undef, 0);
	while (my $n = sysread $socket, my $part, 1 << 20) {
		$first //= time - $start;
		$head .= $part if length $head < 1000;
		$bytes += $n;
	}
	return {first => $first, last => time - $start, bytes => $bytes,
		status => substr($head, 9, 3), tail => $first ? 1 : 0};
}

sub slow ($s, $o)
{
	my $seconds = $o->{seconds} < 5 ? 5 : $o->{seconds};
	my $run = sub { Bench::Work::run($s, 'R1', seconds => $seconds) };
	my $one = fetch($s, '/slow?limit=1');
	die "GET /slow answers $one->{status} after $one->{last} s\n"
		if $one->{status} != 200 || $one->{last} < 2;
	my @pairs = map {
		my $without = $run->();
		[_beside(sub { fetch($s, '/slow?limit=1') while 1 }, $run), $without];
	} 1 .. 3;
	my $median = sub ($i, $k) {
		Bench::Measure::median(map { $_->[$i]{$k} } @pairs);
	};
	return {map {
		("with $_" => $median->(0, $_), "without $_" => $median->(1, $_))
	} qw(p50 p99 max rps)};
}

# --- Long lists ------------------------------------------------------------------

sub big ($s, $o)
{
	my $rows = 1_000_000;
	$s->table_like_users(users_1e6 => $rows);
	my $one = fetch($s, '/users_1e6');    # once before, for the caches
	my %r = (rows => $rows, before => _memory($s));
	my @streams = map { fetch($s, '/users_1e6') } 1 .. 3;
	for my $k (qw(first last bytes status)) {
		$r{$k} = Bench::Measure::median(map { $_->{$k} } @streams);
	}
	$r{after} = _memory($s);
	for my $c (64, 8) {
		my $run = sub { Bench::Work::run($s, 'R1', c => $c,
			seconds => $o->{seconds}) };
		$r{"without $c"} = $run->();
		$r{"with $c"} = _beside(sub { fetch($s, '/users_1e6') while 1 }, $run);
	}
	$r{peak} = _peak($s);
	return \%r;
}

sub _memory ($s)
{
	return _worst(Bench::Measure::private_dirty($s->workers('bulk')));
}

# The largest that a worker gets while it streams.
sub _peak ($s)
{
	return _beside(sub { fetch($s, '/users_1e6') }, sub {
		my $peak = 0;
		for (1 .. 40) {
			my $now = _memory($s);
			$peak = $now if $now > $peak;
			sleep 0.02;
		}
		return $peak;
	});
}

# The same requests on tables of very different length, side by side; first
# with little memory for Postgres, then with enough for all of both.
sub huge ($s, $o)
{
	my %rows = (users_1e3 => 1_000, users_1e7 => 10_000_000);
	for my $table (sort keys %rows) {
		$s->table_like_users($table, $rows{$table});
		$s->_write_cursors($table, $rows{$table});
	}
	my %r = (little => _lengths($s, $o, %rows));
	$s->shared_buffers('4GB');
	$r{enough} = _lengths($s, $o, %rows);
	return \%r;
}

sub _lengths ($s, $o, %rows)
{
	my (%r, %cpu);
	for my $round (0 .. 3) {
		for my $table (sort keys %rows) {
			my %at = _at($s, $table, $rows{$table});
			for my $id (keys %at) {
				my $one = Bench::Measure::wrk_cpu(url => $s->url,
					groups => $s->groups, script => $at{$id},
					seconds => $o->{seconds});
				# The first round fills the caches.
				push $cpu{$id}{$table}->@*,
					$one->{cpu}{workers} + $one->{cpu}{backends} if $round;
			}
		}
	}
	for my $id (keys %cpu) {
		my %us = map { $_ => Bench::Measure::median($cpu{$id}{$_}->@*) }
			keys %rows;
		$r{$id} = {%us, ratio => $us{users_1e7} / $us{users_1e3}};
	}
	return \%r;
}

sub _at ($s, $table, $rows)
{
	my $first = Bench::Stack::FIRST;
	return (
		# The same 20,000 rows each time, so that they can be in the caches.
		R1 => ['user.lua', "/$table?name=", $first, $first + $rows - 1, 1],
		R20 => ['page.lua', "/$table?limit=20&after=", $s->cursors($table)]
	);
}

1;
