#!/usr/bin/perl
# The supervisor under everything that workers and operators do to it, with
# the small workers of t/unit/pool.c in place of real ones.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

chdir dirname(abs_path($0)) . '/..' or die $!;
system('make', '-s', 'build/debug/unit/pool') == 0
	or BAIL_OUT('the test pool does not build');

my $driver = abs_path('build/debug/unit/pool');
my $root = tempdir('postern-pool-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %alive;    # pid of every supervisor that we started
my $count = 0;

END { kill KILL => keys %alive }
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

# A pool: {dir, pid}.  Options: workers, hard, drain (seconds), mode, env.
sub start (%o) {
	my $dir = "$root/" . $count++;
	mkdir $dir or die $!;
	my $p = {dir => $dir};
	mode($p, $o{mode} // 's');
	my $listening = IO::Socket::UNIX->new(
		Local => "$dir/socket", Listen => 1024) or die $!;
	defined($p->{pid} = fork) or die $!;
	if ($p->{pid} == 0) {
		%alive = ();
		%ENV = (%ENV, $o{env}->%*) if $o{env};
		open STDIN, '<&', $listening or die $!;
		open STDERR, '>', "$dir/log" or die $!;
		open STDOUT, '>&', \*STDERR or die $!;
		exec $driver, 'serve', $dir, $o{workers} // 2, $o{hard} // 20,
			$o{drain} // 3 or POSIX::_exit(127);
	}
	$alive{$p->{pid}} = 1;
	return $p;
}

sub mode ($p, $mode) {
	open my $file, '>', "$p->{dir}/mode.new" or die $!;
	print $file $mode;
	close $file;
	rename "$p->{dir}/mode.new", "$p->{dir}/mode" or die $!;
}

# Send a byte; a handle to read the answer from, or undef.
sub ask ($p, $byte = 'p') {
	my $s = IO::Socket::UNIX->new(Peer => "$p->{dir}/socket")
		or return undef;
	syswrite $s, $byte;
	return $s;
}

# The answer as {pid, index, open, mode}, or undef within $limit seconds.
sub answer ($s, $limit = 5) {
	return undef if !$s;
	my $bits = '';
	vec($bits, fileno($s), 1) = 1;
	return undef if !select($bits, undef, undef, $limit);
	my $line = <$s> // '';
	return undef if $line !~ /^(\d+) (\d+) (\d+) (.)\n/;
	return {pid => $1, index => $2, open => $3, mode => $4};
}

sub try_one ($p, $limit = 5) { answer(ask($p), $limit) }

sub until_true ($limit, $sub) {
	my $end = time + $limit;
	while (time < $end) {
		my $value = $sub->();
		return $value if $value;
		sleep 0.02;
	}
	return $sub->();
}

sub log_of ($p) {
	open my $file, '<', "$p->{dir}/log" or return '';
	local $/;
	return <$file> // '';
}

sub lines ($p, $re) { scalar(() = log_of($p) =~ /$re/g) }

# The living children of a process, zombies not counted.
sub children ($pid) {
	my @all;
	for my $stat (glob '/proc/[0-9]*/stat') {
		open my $file, '<', $stat or next;
		my $line = <$file> // next;
		my ($child, $state, $parent) =
			$line =~ /^(\d+) \(.*\) (\S) (\d+)/s or next;
		push @all, $child if $parent == $pid && $state ne 'Z';
	}
	@all = sort { $a <=> $b } @all;
	return @all;
}

sub lives ($pid) {
	open my $file, '<', "/proc/$pid/stat" or return 0;
	my $line = <$file> // return 0;
	return $line !~ /^\d+ \(.*\) Z/s;
}

# The exit status, or undef when it has not ended after $limit seconds.
sub ended ($p, $limit = 10) {
	my $status;
	until_true($limit, sub {
		return 0 if waitpid($p->{pid}, WNOHANG) != $p->{pid};
		$status = $?;
		return 1;
	});
	delete $alive{$p->{pid}} if defined $status;
	return $status;
}

sub end_pool ($p) {
	kill TERM => $p->{pid};
	my $status = ended($p);
	return defined $status && $status == 0;
}

sub serving ($p) { until_true(5, sub { try_one($p, 1) }) }

# Two pools that need their time: judged at the end of the file.
my $stuck = start();
serving($stuck);
my @stuck_old = children($stuck->{pid});
mode($stuck, 'n');
kill HUP => $stuck->{pid};
my $stuck_since = time;

my %crashing = map { $_ => start(mode => $_) } qw(x a 0);
my $crashing_since = time;

subtest 'workers come and serve' => sub {
	my $p = start(workers => 3);
	my $one = serving($p);
	ok $one, 'a connection is answered';
	is $one->{open}, 4, 'a worker has 0, 1, 2 and its connection open';
	is scalar(children($p->{pid})), 3, 'there are as many as were asked for';
	my %seen;
	until_true(10, sub {
		my $r = try_one($p);
		$seen{$r->{index}} = 1 if $r;
		return keys %seen == 3;
	});
	is join(' ', sort keys %seen), '0 1 2', '... each with its own index';
	ok end_pool($p), 'TERM ends the pool with status 0';
};

subtest 'a worker that dies is replaced' => sub {
	my $p = start();
	my $before = serving($p);
	answer(ask($p, 'd'), 2);
	ok try_one($p), 'the other one serves meanwhile';
	ok until_true(3, sub { lines($p, 'started with pid') == 3 }),
		'a new one starts';
	ok lines($p, 'ended after [\d.]+ s with signal 6'), 'the log says why';
	kill KILL => (children($p->{pid}))[0];
	ok until_true(3, sub { lines($p, 'started with pid') == 4 }),
		'one that was killed is replaced, too';
	ok end_pool($p), 'and the pool ends well';
};

subtest 'a worker that hangs is killed' => sub {
	my $p = start(hard => 1);
	serving($p);
	my $hanging = ask($p, 'h');
	my $since = time;
	ok try_one($p), 'the other one serves meanwhile';
	ok until_true(5, sub { lines($p, 'passed the hard limit') }),
		'its turn passes the hard limit';
	cmp_ok time - $since, '>', 0.9, '... not before it is over';
	ok until_true(3, sub { lines($p, 'started with pid') == 3 }),
		'... and it is replaced';
	my ($stopped) = children($p->{pid});
	kill STOP => $stopped;
	ok until_true(5, sub { !lives($stopped) }),
		'one that was stopped is killed as well';
	ok end_pool($p), 'and the pool ends well';
};

subtest 'TERM drains' => sub {
	my $p = start();
	serving($p);
	my @workers = children($p->{pid});
	my $slow = ask($p, 'l');
	sleep 0.2;
	my $since = time;
	kill TERM => $p->{pid};
	ok answer($slow), 'the request in hand is answered';
	is ended($p), 0, 'the pool ends with status 0';
	cmp_ok time - $since, '<', 3, '... as soon as its workers are done';
	is scalar(grep { lives($_) } @workers), 0, 'nobody is left';
	is lines($p, 'killed'), 0, 'nobody had to be killed';

	$p = start();
	serving($p);
	$since = time;
	kill INT => $p->{pid};
	is ended($p), 0, 'INT ends an idle pool with status 0';
	cmp_ok time - $since, '<', 1, '... at once';
};

subtest 'TERM ends workers that will not leave' => sub {
	my $p = start(mode => 'u', drain => 0);
	serving($p);
	my $since = time;
	kill TERM => $p->{pid};
	is ended($p), 0, 'the pool ends with status 0';
	cmp_ok time - $since, '>', 1.5, '... not before the drain limit';
	is lines($p, 'did not leave in time'), 2, '... having killed them';
};

subtest 'HUP rolls and loses no connection' => sub {
	my $p = start();
	serving($p);
	my @old = children($p->{pid});
	my ($asked, $failed, $hups, $rolled) = (0, 0, 0, 0);
	my $end = time + 15;
	while ($rolled < 20 && time < $end) {
		if ($hups == $rolled) {
			mode($p, $hups % 2 ? 's' : 't');
			kill HUP => $p->{pid};
			$hups++;
		}
		for (1 .. 5) {
			$asked++;
			$failed++ if !try_one($p);
		}
		$rolled = lines($p, '"rolled: ');
	}
	is $rolled, 20, 'the workers were renewed 20 times';
	is $failed, 0, "none of $asked connections was refused or cut";
	ok lives($p->{pid}), 'the supervisor kept its pid';
	my @new = children($p->{pid});
	is scalar(@new), 2, 'there are as many workers as before';
	my %old = map { $_ => 1 } @old;
	is scalar(grep { $old{$_} } @new), 0, '... all of them new';
	is try_one($p)->{mode}, 's', '... and they run the last configuration';
	is lines($p, 'killed'), 0, 'nobody had to be killed';

	kill HUP => $p->{pid} for 1 .. 10;
	sleep 0.5;
	kill HUP => $p->{pid} for 1 .. 10;
	ok until_true(5, sub { lines($p, '"rolled: ') > 20 }),
		'a burst of HUP rolls as well';
	ok until_true(5, sub { children($p->{pid}) == 2 && try_one($p) }),
		'... and leaves the pool as it was';
	ok end_pool($p), 'and the pool ends well';
};

subtest 'HUP with an unusable configuration changes nothing' => sub {
	my $p = start();
	serving($p);
	my @old = children($p->{pid});
	open my $broken, '>', "$p->{dir}/broken" or die $!;
	kill HUP => $p->{pid};
	ok until_true(5, sub { lines($p, 'HUP refused') }), 'the log says so';
	is_deeply [children($p->{pid})], \@old, 'the workers are the same';
	ok try_one($p), '... and serve';
	unlink "$p->{dir}/broken";
	kill HUP => $p->{pid};
	ok until_true(5, sub { lines($p, '"rolled: ') == 1 }),
		'once it is mended, HUP rolls';
	kill USR1 => $p->{pid};
	ok try_one($p), 'USR1 does nothing';
	ok end_pool($p), 'and the pool ends well';
};

subtest 'TERM is obeyed at any moment of a roll' => sub {
	for my $moment (0, 0.02, 0.05, 0.1, 0.2) {
		my $p = start();
		serving($p);
		kill HUP => $p->{pid};
		sleep $moment;
		ok end_pool($p), "$moment s after HUP the pool ends well";
	}
};

subtest 'workers end with their supervisor' => sub {
	my $p = start();
	serving($p);
	my @workers = children($p->{pid});
	kill KILL => $p->{pid};
	ended($p);
	ok until_true(3, sub { !grep { lives($_) } @workers }),
		'a killed supervisor leaves nobody behind';
};

subtest 'bad beginnings' => sub {
	my $text = `$driver serve $root 2 20 3 </dev/null 2>&1`;
	is $? >> 8, 1, 'without a listening socket the status is 1';
	like $text, qr/no listening socket/, '... and the log says why';
	my $bystander = fork // die $!;
	if ($bystander == 0) {
		exec 'sleep', '60' or POSIX::_exit(127);
	}
	my $p = start(env => {
		POSTERN_POOL_HANDOVER => "1 1 0 $bystander 1 0 x 7 -1 1"});
	ok serving($p), 'a forged handover does not keep a pool from serving';
	ok end_pool($p), '... or from ending';
	ok lives($bystander), '... and nobody else is signalled';
	kill KILL => $bystander;
	waitpid $bystander, 0;
};

subtest 'workers that cannot start are tried for ever, slowly' => sub {
	sleep 0.1 while time - $crashing_since < 6;
	my $took = time - $crashing_since;
	for my $mode (sort keys %crashing) {
		my $p = $crashing{$mode};
		my $starts = lines($p, 'started with pid');
		cmp_ok $starts, '>=', 6, "mode $mode: they are started again";
		cmp_ok $starts, '<=', 2 * (4 + $took),
			'... at most twice a second each, after the first';
		mode($p, 's');
		ok until_true(4, sub { try_one($p, 0.2) }),
			'... and serve once they can';
		ok end_pool($p), '... and the pool ends well';
	}
};

subtest 'new workers that never get ready replace nobody' => sub {
	sleep 0.1 while time - $stuck_since < 16.5;
	my $p = $stuck;
	my $r = try_one($p);
	ok $r && $r->{mode} eq 's', 'the old ones serve';
	is scalar(grep { lives($_) } @stuck_old), 2, '... all of them';
	ok lines($p, 'still not ready'), 'the log says so';
	mode($p, 't');
	kill HUP => $p->{pid};
	ok until_true(5, sub { lines($p, '"rolled: ') }),
		'HUP with better ones rolls';
	is try_one($p)->{mode}, 't', '... to these';
	is scalar(children($p->{pid})), 2, '... and to nothing else';
	ok end_pool($p), 'and the pool ends well';
};

done_testing;
