# The instruments: wrk, pgbench, strace, and what the kernel says about
# processor time, memory and stolen time.
package Bench::Measure;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempfile);
use POSIX ();
use Time::HiRes qw(sleep time);

our $dir = abs_path(dirname(__FILE__) . '/../..');
my %running;    # what a signal has to end

# --- Processor time ----------------------------------------------------------

# Nanoseconds on a processor, all threads of each process.
sub cpu (@pids)
{
	my %ns;
	for my $pid (@pids) {
		for my $file (glob "/proc/$pid/task/*/schedstat") {
			open my $in, '<', $file or next;
			my ($ns) = split ' ', <$in> // '';
			$ns{$pid} += $ns // 0;
		}
	}
	return \%ns;
}

# {group => [pids]} as {group => {pid => nanoseconds}}.
sub cpu_of ($groups)
{
	return {map { $_ => cpu($groups->{$_}->@*) } keys %$groups};
}

# What each group has used between two such; processes that have ended since
# are left out.
sub since ($before, $after)
{
	my %used;
	for my $group (keys %$before) {
		$used{$group} = 0;
		my ($old, $new) = ($before->{$group}, $after->{$group});
		$used{$group} += ($new->{$_} // $old->{$_}) - $old->{$_}
			for keys %$old;
	}
	return \%used;
}

# Nanoseconds that all processors had, worked, and that the hypervisor kept to
# itself.
sub machine_time ()
{
	state $tick = 1e9 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
	open my $in, '<', '/proc/stat' or die $!;
	my (undef, @ticks) = split ' ', <$in>;
	my $all = 0;
	$all += $_ for @ticks[0 .. 7];
	my $idle = $ticks[3] + $ticks[4] + $ticks[7];
	return {all => $all * $tick, busy => ($all - $idle) * $tick,
		steal => $ticks[7] * $tick};
}

# The share of the machine that was stolen, and that went into work which is
# not ours.
sub lost ($before, $ours)
{
	my $spent = machine_time();
	$spent->{$_} -= $before->{$_} for keys %$before;
	my $foreign = $spent->{busy} - $ours;
	return {all => $spent->{all}, steal => $spent->{steal},
		foreign => $foreign > 0 ? $foreign : 0};
}

sub sum (@values)
{
	my $sum = 0;
	$sum += $_ for @values;
	return $sum;
}

sub load ()
{
	open my $in, '<', '/proc/loadavg' or return 0;
	return (split ' ', <$in>)[0];
}

# --- Memory --------------------------------------------------------------------

# Private_Dirty in KiB of each process.
sub private_dirty (@pids) { return memory('Private_Dirty', @pids) }

# The same of any line of smaps_rollup.
sub memory ($what, @pids)
{
	return map { _rollup($what, $_) } @pids;
}

sub _rollup ($what, $pid)
{
	open my $in, '<', "/proc/$pid/smaps_rollup" or return 0;
	my ($kib) = map { /^$what:\s+(\d+)/ ? $1 : () } <$in>;
	return $kib // 0;
}

# --- Programs ----------------------------------------------------------------

# Start a program; its output goes to a file.
sub begin (%o)
{
	my ($out, $file) = tempfile('benchXXXXXX', TMPDIR => 1);
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		chdir $dir;
		%ENV = (%ENV, $o{env}->%*) if $o{env};
		open STDIN,  '<',  '/dev/null';
		open STDOUT, '>&', $out;
		open STDERR, '>&', $out;
		alarm($o{limit} // 60);
		exec $o{command}->@* or POSIX::_exit(127);
	}
	$running{$pid} = 1;
	return {pid => $pid, file => $file,
		name => join ' ', $o{command}->@*};
}

# Wait for its end: what it printed.
sub finish ($job, $any_status = 0)
{
	my @before = times;
	waitpid $job->{pid}, 0;
	my $status = $?;
	my @after = times;
	delete $running{$job->{pid}};
	$job->{cpu} = $after[2] + $after[3] - $before[2] - $before[3];
	open my $in, '<', $job->{file} or die $!;
	my $text = do { local $/; <$in> } // '';
	unlink $job->{file};
	die "$job->{name} failed:\n$text\n" if $status && !$any_status;
	return $text;
}

sub end_all ()
{
	kill KILL => keys %running;
	waitpid $_, 0 for keys %running;
}

# wrk with one thread: {rps, p50, p99, max (ms), bytes, errors, cpu}.
sub wrk (%o)
{
	return wrk_end(wrk_begin(%o));
}

sub wrk_begin (%o)
{
	my $script = ref $o{script} ? $o{script} : [$o{script}];
	my ($file, @args) = @$script;
	return begin(
		limit   => $o{seconds} + 40,
		command => ['wrk', '-t1', '-c' . ($o{c} // 64), "-d$o{seconds}s",
			'--timeout', '30s', '-s', $file, $o{url}, '--', @args]
	);
}

sub wrk_end ($job)
{
	my $r = _result(finish($job));
	$r->{wrk_us} = $job->{cpu} * 1e6 / $r->{requests};
	return $r;
}

# The line that every load generator ends with.
sub _result ($text)
{
	my ($line) = $text =~ /^RESULT (.*)$/m or die "the load said:\n$text\n";
	my %r = map { split /=/ } split ' ', $line;
	die "the load had no answers:\n$text\n" if !$r{requests};
	return {
		rps      => $r{requests} / $r{seconds},
		requests => $r{requests},
		p50      => $r{p50} / 1000,
		p99      => $r{p99} / 1000,
		max      => $r{max} / 1000,
		bytes    => $r{bytes} / $r{requests},
		errors   => $r{status} + $r{broken} + $r{timeout}
	};
}

# So many requests per second, see paced.c: the same, but cpu is its seconds.
sub paced (%o)
{
	my $job = begin(limit => $o{seconds} + 40,
		command => [$o{program}, $o{port}, int $o{rate}, $o{seconds},
			$o{arguments}->@*]);
	my $r = _result(finish($job));
	$r->{cpu} = $job->{cpu};
	return $r;
}

# wrk, and microseconds per request of each group of processes.
sub wrk_cpu (%o)
{
	my $groups = delete $o{groups};
	my ($before, $time) = (cpu_of($groups), machine_time());
	my $r    = wrk(%o);
	my $used = since($before, cpu_of($groups));
	$r->{lost} = lost($time,
		sum(values %$used) + $r->{wrk_us} * 1000 * $r->{requests});
	$r->{cpu} = {map { $_ => $used->{$_} / 1000 / $r->{requests} }
		keys %$used};
	$r->{cpu}{wrk} = delete $r->{wrk_us};
	return $r;
}

# --- pgbench -----------------------------------------------------------------

# {tps, cpu => {backend, pgbench}}.  Its backends are gone at the end, so
# their share is taken from a stretch in the middle.
sub pgbench (%o)
{
	my %old = map { $_ => 1 } children($o{postmaster});
	my $job = begin(
		limit   => $o{seconds} + 40,
		env     => {PGOPTIONS => $o{options}},
		command => [$o{program}, '-n', '-M', 'prepared', '-c', 8, '-j', 1,
			'-T', $o{seconds}, $o{arguments}->@*, $o{conninfo}]
	);
	sleep $o{seconds} * 0.3;
	my @backends = grep { !$old{$_} } children($o{postmaster});
	my $groups   = {backend => \@backends, pgbench => [$job->{pid}]};
	my ($before, $then, $all) = (cpu_of($groups), time, machine_time());
	sleep $o{seconds} * 0.5;
	my ($used, $took) = (since($before, cpu_of($groups)), time - $then);
	my $lost = lost($all, sum(values %$used));
	my $text = finish($job);
	my ($tps) = $text =~ /^tps = ([\d.]+)/m or die "pgbench said:\n$text\n";
	my ($failed) = $text =~ /^number of failed transactions: (\d+)/m;
	die "pgbench failed:\n$text\n" if !$tps || $failed;
	return {tps => $tps, lost => $lost,
		cpu => {map { $_ => $used->{$_} / 1000 / $took / $tps }
			keys %$used}};
}

sub children ($pid)
{
	open my $in, '<', "/proc/$pid/task/$pid/children" or return;
	return split ' ', <$in> // '';
}

# --- strace ------------------------------------------------------------------

# May we trace at all?  A strace that may not, or is not there, ends at once.
sub strace_works ($pid)
{
	my $job = begin(limit => 10, command => ['strace', '-qq', '-c', '-p', $pid]);
	sleep 0.3;
	my $ended = waitpid $job->{pid}, POSIX::WNOHANG();
	kill INT => $job->{pid} if !$ended;
	finish($job, 1);
	return !$ended;
}

# Count system calls of groups of processes while the code runs:
# {group => {name => calls}}.
sub strace (%o)
{
	my %job = map { $_ => _strace_begin($o{groups}{$_}->@*) }
		keys $o{groups}->%*;
	sleep 0.6;
	my $good = eval { $o{code}->(); 1 };
	my $why  = $@;
	sleep 0.1;
	kill INT => map { $_->{pid} } values %job;
	my %counts = map { $_ => _strace_read(finish($job{$_}, 1)) } keys %job;
	die $why if !$good;
	return \%counts;
}

sub _strace_begin (@pids)
{
	return begin(limit => 120, command => ['strace', '-c', '-f', '-qq',
		map { ('-p', $_) } @pids]);
}

sub _strace_read ($text)
{
	my %calls;
	for (split /\n/, $text) {
		my @f = split ' ';
		next if @f < 5 || $f[0] !~ /^[\d.]+$/ || $f[-1] eq 'total';
		$calls{$f[-1]} = $f[3];
	}
	return \%calls;
}

sub total ($calls)
{
	return sum(values %$calls);
}

# --- Numbers -------------------------------------------------------------------

sub median (@values)
{
	my @sorted = sort { $a <=> $b } @values;
	return undef if !@sorted;
	my $half = @sorted >> 1;
	return @sorted & 1 ? $sorted[$half]
		: ($sorted[$half - 1] + $sorted[$half]) / 2;
}

1;
