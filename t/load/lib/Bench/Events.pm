# What events cost: users that are created with an event trigger on and
# without, while the courier stands still and while it delivers; how fast a courier brings what has gathered meanwhile to a receiver
# that is nginx; and, when there is nothing else to do, how long a single event
# is on its way.  Of a backlog, how fast one courier with nothing to keep it from
# brings it away, and how much memory that takes of it.
package Bench::Events;

use v5.36;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;
use Receiver;
use Time::HiRes qw(sleep time);

use constant {
	GATHER => 10_000,    # events that are delivered in a round
	SINGLE => 300,       # events that come one by one
	BATCH  => 50_000     # of a backlog, written at once
};

our @ids = ('E1 without', 'E1 insert', 'E1 at once', 'E1 deliver');
my %what = (
	'E1 without' => 'create a user, no trigger',
	'E1 insert'  => '... with one, while no courier runs',
	'E1 at once' => '... with one, while events are delivered',
	'E1 deliver' => 'events to a receiver'
);

sub prepare ($s)
{
	for my $id (@ids) {
		$Bench::Work::work{$id} = {what => $what{$id},
			script => sub ($s) { ['create_user.lua', $s->fresh] }};
	}
}

# --- A round -------------------------------------------------------------------

sub _trigger ($s, $url)
{
	$s->sql("select postern.create_event_trigger('bench', 'api.users',
		'{INSERT}', webhook => '$url')");
}

sub _forget ($s)
{
	$s->sql(q{select postern.drop_event_trigger('bench');
		truncate postern.event_log, postern.event_invocation_log});
}

# The courier of the instance stands still while the code runs.
sub _without_courier ($s, $code)
{
	my @pids = $s->workers('courier');
	kill STOP => @pids;
	my $r = eval { $code->() };
	my $why = $@;
	kill CONT => @pids;
	die $why if !$r;
	return $r;
}

# With the trigger or, which is the only difference, while it is disabled.
sub _insert ($s, $id, $seconds)
{
	my $able = $id eq 'E1 without' ? 'disable' : 'enable';
	$s->sql("alter table api.users $able trigger event_bench_insert");
	return Bench::Work::run($s, $id, seconds => $seconds);
}

# What is compared takes turns at being first: tables grow.
sub round ($s, $seconds)
{
	state $turn = 0;
	my @pair = ('E1 without', 'E1 insert');
	@pair = reverse @pair if $turn++ % 2;
	_trigger($s, $s->url($s->port('bare')));
	my %r = _without_courier($s, sub {
		return {map { ($_ => _insert($s, $_, $seconds)) } @pair};
	})->%*;
	sleep 0.2 while _waiting($s);
	$r{'E1 at once'} = _insert($s, 'E1 at once', $seconds);
	$r{'E1 deliver'} = _deliver($s);
	_forget($s);
	return %r;
}

sub _waiting ($s)
{
	return $s->sql('select count(*) from postern.event_log
		where not delivered and not error and not archived');
}

# Exactly so many, once what came before is gone.
sub _gather ($s)
{
	sleep 0.2 while _waiting($s);
	$s->sql('truncate postern.event_log, postern.event_invocation_log');
	my ($n, $first) = (GATHER, $s->fresh);
	_without_courier($s, sub {
		$s->sql("insert into api.users (name) select ($first + g)::text
			from generate_series(1, $n) as g");
	 	return 1;
	});
}

# How many a second, and microseconds of each.
sub _deliver ($s)
{
	_gather($s);
	my $groups = {
		workers  => [$s->workers('courier')],
		backends => [$s->backends('postern courier')],
		nginx    => $s->groups->{nginx}
	};
	my ($before, $machine, $start) = (Bench::Measure::cpu_of($groups),
		Bench::Measure::machine_time(), time);
	sleep 0.02 while $s->sql('select exists (select from postern.event_log
		where not delivered)') eq 't';
	my $took = time - $start;
	my $used = Bench::Measure::since($before, Bench::Measure::cpu_of($groups));
	return {
		rps  => GATHER / $took,
		lost => Bench::Measure::lost($machine,
			Bench::Measure::sum(values %$used)),
		cpu    => {map { $_ => $used->{$_} / 1000 / GATHER } keys %$used},
		memory => [Bench::Measure::private_dirty($s->workers('courier'))]->[0]
	};
}

# --- Measured once -----------------------------------------------------------------

# From the clock of the insert to the receiver's, in milliseconds.
sub single ($s)
{
	my $r = Receiver->start;
	_trigger($s, $r->url('/ok'));
	my $first = $s->fresh;
	for my $n (1 .. SINGLE) {
		$s->{p}->http(POST => '/users', json => {name => $first + $n . ''});
		sleep 0.02;
	}
	$r->wait_for(SINGLE);
	my %made = map { split /\|/ } split /\n/, $s->sql(
		'select id, extract(epoch from created_at) from postern.event_log');
	my @ms = sort { $a <=> $b } map { 1000 *
		($_->{at} - $made{$_->{headers}{'webhook-id'}}) } $r->seen;
	_forget($s);
	return {p50 => $ms[@ms / 2], p99 => $ms[0.99 * @ms], max => $ms[-1],
		n => scalar @ms};
}

# A backlog, and what one courier needs to drain it.  The others of the instance
# stand still: they would not be the one that is measured.
sub backlog ($s, $n, $note = sub ($) { })
{
	_trigger($s, $s->url($s->port('bare')));
	sleep 0.2 while _waiting($s);
	$s->sql('truncate postern.event_log, postern.event_invocation_log');
	_without_courier($s, sub { _write($s, $n); 1 });
	$note->("$n events wait; draining");
	my ($pid) = $s->workers('courier');
	my $groups = {courier => [$pid],
		backends => [$s->backends('postern courier')]};
	my $idle = _high($pid);
	my ($before, $start) = (Bench::Measure::cpu_of($groups), time);
	_drained($s, $n, $note);
	my $took = time - $start;
	my $used = Bench::Measure::since($before, Bench::Measure::cpu_of($groups));
	my $failed = $s->sql('select count(*) from postern.event_log where error');
	_forget($s);
	return {n => $n, failed => $failed, took => $took, rps => $n / $took,
		core => $n / ($used->{courier} / 1e9),
		backends => $used->{backends} / 1000 / $n,
		idle => $idle / 1024, peak => _high($pid) / 1024};
}

sub _write ($s, $n)
{
	for (my $at = 0; $at < $n; $at += BATCH) {
		my $more = $n - $at < BATCH ? $n - $at : BATCH;
		my $first = $s->fresh;
		$s->sql("insert into api.users (name) select ($first + g)::text
			from generate_series(1, $more) as g");
	}
}

# Asked seldom and through an index: counting takes time of the same machine.
sub _drained ($s, $n, $note)
{
	my $said = time;
	while ($s->sql('select exists (select from postern.event_log
		where not delivered and not error and not archived)') eq 't') {
		sleep $n > 100_000 ? 1 : 0.1;
		next if time - $said < 60;
		$said = time;
		$note->('... ' . _waiting($s) . ' left');
	}
}

# The most that a process ever had in memory, in KiB.
sub _high ($pid)
{
	open my $in, '<', "/proc/$pid/status" or return 0;
	my ($kib) = map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$in>;
	return $kib // 0;
}

# --- What is aimed at ----------------------------------------------------------------

our @aims = (
	['E1 insert, times that without a trigger', 'least', 0.80,
		sub ($r) { $r->{'E1 insert'}{rps} / $r->{'E1 without'}{rps} }, 2],
	['E1 events per second of a courier\'s core', 'least', 5000,
		sub ($r) { 1e6 / $r->{'E1 deliver'}{cpu}{workers} }, 0]
);

# [name, ratio] of one round.
sub ratios ($r)
{
	return map { [$_->[0], $_->[3]->($r)] } @aims;
}

1;
