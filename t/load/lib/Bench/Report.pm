# t/load/RESULTS.md.
package Bench::Report;

use v5.36;
use Bench::Accounts;
use Bench::Events;
use Bench::GraphQL;
use Bench::JsonApi;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;
use List::Util qw(sum0);
use POSIX qw(strftime);

sub write ($file, $all)
{
	my $text = join '', _head($all), _rates($all), _cpu($all),
		_accounts($all), _graphql($all), _jsonapi($all), _events($all),
		_extra($all),
		_aims($all), _statements();
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} $text;
	close $out;
}

# --- Numbers -------------------------------------------------------------------

sub _n ($x, $digits = 0)
{
	return '' if !defined $x;
	my $text = sprintf "%.${digits}f", $x;
	1 while $text =~ s/^(\d+)(\d{3})/$1,$2/;
	return $text;
}

sub _median ($all, $code)
{
	return Bench::Measure::median(map { $code->($_) } $all->{good}->@*);
}

# Median and range of a ratio that is taken within each round.
sub _ratios ($all, $code)
{
	my @r = sort { $a <=> $b } map { $code->($_) } $all->{good}->@*;
	return (Bench::Measure::median(@r), $r[0], $r[-1]);
}

sub _range ($all, $code)
{
	return sprintf '%.2f [%.2f-%.2f]', _ratios($all, $code);
}

sub _table ($heads, @rows)
{
	return map { "| $_ |\n" } join(' | ', @$heads),
		join(' | ', map { '---' } @$heads), map { join ' | ', @$_ } @rows;
}

# --- The machine ---------------------------------------------------------------

sub _first_line ($command)
{
	my $line = `$command 2>/dev/null` // '';
	chomp $line;
	return $line;
}

sub _versions ()
{
	my @packages = qw(nginx postgresql-15 libpq5 libfcgi0ldbl wrk strace gcc);
	my %version = map { /^(\S+?)(?::\S+)? (\S+)/ ? ($1 => $2) : () }
		split /\n/, `dpkg-query -W -f '\${Package} \${Version}\\n' @packages 2>/dev/null`;
	return join ', ', map { $version{$_} ? "$_ $version{$_}" : () } @packages;
}

sub _head ($all)
{
	my $top = $Postern::top;
	my ($model) = _first_line('grep -m1 "model name" /proc/cpuinfo')
		=~ /: (.*)/;
	my $commit = _first_line("git -C $top rev-parse --short HEAD");
	$commit .= ' and changes since'
		if _first_line("git -C $top status --porcelain fcgi nginx spawn sql");
	my ($good, $bad) = map { scalar $all->{$_}->@* } qw(good bad);
	return <<~TEXT;
		# What was measured

		Written by `make bench`; how is in t/load/bench. Every ratio is taken
		within one round, where both sides ran seconds apart; the tables show the
		median of the rounds and, in brackets, the least and the greatest.

		* @{[strftime '%Y-%m-%d %H:%M UTC', gmtime]}, commit $commit
		* $model, @{[_first_line('nproc')]} cores, Linux @{[_first_line('uname -r')]}
		* @{[_versions()]}
		* nginx with as many workers as cores, access log on; pool `api` with
		  $all->{workers} workers of 8 connections each; Postgres as
		  `make run` makes it, but with 128 MB of shared buffers;
		  @{[_n(Bench::Stack::USERS)]} users and as many events; everything on
		  this one machine, the load too
		* `wrk -t1 -c64` for $all->{seconds} s, `pgbench -n -M prepared -c 8 -j 1`
		  for as long, with the session settings of our connections; $good rounds
		  counted, $bad rejected (stolen time over 2 %, other work on the machine
		  over 10 %, or L1 more than 15 % off its median); of those that count the
		  worst lost @{[_worst($all, 'steal')]} % to the hypervisor and
		  @{[_worst($all, 'foreign')]} % to other work
		TEXT
}

sub _worst ($all, $what)
{
	my ($most) = sort { $b <=> $a } map { $_->{$what} } $all->{good}->@*;
	return sprintf '%.1f', 100 * $most;
}

# --- Throughput -------------------------------------------------------------

my @ceilings = (
	[L0 => 'nginx `return 200`, nothing else'],
	[L1 => 'nginx `return 200` with our headers, limits and log'],
	[L3 => 'a worker, no database (`/health_check`)'],
	[A => 'R1 by eight plain workers, one connection per request']
);

sub _rates ($all)
{
	my @rows = map {
		my ($id, $what) = @$_;
		["$id $what", _middle($all, $id), '', '', '', '']
	} _measured($all, @ceilings);
	my @work = map { [$_, $Bench::Work::work{$_}{what}] } @Bench::Work::ids;
	for (_measured($all, @work)) {
		my ($id, $what) = @$_;
		push @rows, ["$id $what", _middle($all, $id),
			_range($all, sub ($r) { $r->{$id}{rps} / $r->{L1}{rps} }),
			_of_l2($all, $id),
			_n(_median($all, sub ($r) { $r->{$id}{bytes} }))];
	}
	return "\n## Requests per second, 64 connections\n\n", _table(
		['', 'requests/s', 'p50 ms', 'p99 ms', 'of L1', 'L2: pgbench/s',
			'of L2', 'bytes'], @rows), "\n",
		"L2 is pgbench with exactly the statement of the row above it in the\n",
		"list at the end. pgbench asks for text, the workers for binary results\n",
		"of the same columns, which is why long pages may come near L2. A is\n",
		"t/load/accept.c: libfcgi as it is meant to be used, with a kept\n",
		"database connection and a prepared statement, behind the same nginx\n",
		"with the parameters of nginx's own fastcgi_params.\n";
}

# Of rows that begin with the name of a workload.
sub _measured ($all, @rows)
{
	return grep { $all->{good}[0]{$_->[0]} } @rows;
}

sub _of_l2 ($all, $id)
{
	return ('', '') if !$all->{good}[0]{"L2 $id"};
	return (_n(_median($all, sub ($r) { $r->{"L2 $id"}{tps} })),
		_range($all, sub ($r) { $r->{$id}{rps} / $r->{"L2 $id"}{tps} }));
}

sub _middle ($all, $id)
{
	return (_n(_median($all, sub ($r) { $r->{$id}{rps} })),
		map { my $k = $_; _n(_median($all, sub ($r) { $r->{$id}{$k} }), 1) }
			qw(p50 p99));
}

# --- Processor time -----------------------------------------------------------

sub _cpu ($all)
{
	my @groups = qw(nginx workers backends postgres wrk);
	my @rows;
	for my $id (map { $_->[0] } _measured($all, @ceilings,
			(map { [$_] } @Bench::Work::ids), @Bench::Accounts::rows,
			(map { ([$_], ["P $_"]) } @Bench::GraphQL::ids),
			(map { [$_] } @Bench::JsonApi::ids),
			map { [$_] } @Bench::Events::ids)) {
		my @us = map { my $g = $_;
			_median($all, sub ($r) { $r->{$id}{cpu}{$g} // 0 }) } @groups;
		my $ours = $us[0] + $us[1] + $us[2] + $us[3];
		my @l2 = map { my $g = $_;
			_median($all, sub ($r) { ($r->{"L2 $id"} // {cpu => {}})
				->{cpu}{$g} // () }) } qw(backend pgbench);
		push @rows, [$id, (map { _n($_, 1) } @us, $ours, @l2)];
	}
	return "\n## Microseconds of processor time per request\n\n", _table(
		['', 'nginx', 'workers', 'our backends', 'rest of Postgres', 'wrk',
			'all but wrk', 'L2: backend', 'L2: pgbench'], @rows);
}

# --- Accounts --------------------------------------------------------------------

sub _accounts ($all)
{
	my $n = Bench::Accounts::CONNECTIONS;
	return if !$all->{signins};
	return "\n## Accounts\n\n", _account_rates($all), "\n",
		"A1 is compared with R1 of the same round and A4 with W3, on as many\n",
		"connections. Each request of A4 carries the refresh token that the\n",
		"last answer of its session gave. A2 is POST /auth/signin of "
		. Bench::Accounts::ACCOUNTS . "\naccounts on $n connections; Argon2"
		. " alone is the same check of the same\nhash in as many processes as"
		. " there are cores, without a server. With its\nmemory kept"
		. " between hashes, which would add that memory to every worker,\n"
		. "it allows ", _n(_rps($all, 'A2 kept'), 1), "/s: A2 is ",
		_range($all, sub ($r) { $r->{A2}{rps} / $r->{'A2 kept'}{rps} }),
		" of that.\n\n", _half_load($all), "\n", _signin_memory($all);
}

sub _rps ($all, $id)
{
	return _median($all, sub ($r) { $r->{$id}{rps} });
}

sub _account_rates ($all)
{
	my %than = (A1 => 'R1', 'A1+' => 'R1', A2 => 'A2 argon2', A4 => 'W3');
	return _table(['', 'requests/s', 'p50 ms', 'p99 ms', 'compared with', '',
		'ratio', 'bytes'], map {
		my ($id, $what) = @$_;
		my $other = $than{$id};
		["$id $what", _n(_rps($all, $id), $id eq 'A2' ? 1 : 0),
			(_middle($all, $id))[1, 2],
			$id eq 'A2' ? 'Argon2 alone' : $other,
			_n(_rps($all, $other), $id eq 'A2' ? 1 : 0),
			_range($all, sub ($r) { $r->{$id}{rps} / $r->{$other}{rps} }),
			_n(_median($all, sub ($r) { $r->{$id}{bytes} }))]
	} @Bench::Accounts::rows);
}

sub _half_load ($all)
{
	my @rows = map { my ($id, $what) = @$_;
		[$what, (_middle($all, $id)), _n(_median($all,
			sub ($r) { $r->{$id}{max} }), 1)]
	} ['A3 alone' => 'alone'], ['A3 beside' => 'beside sign-ins'];
	return "A3: R1 at half of what it reached in the round, at even distances"
		. " (t/load/paced.c:\nwhat a request takes counts from when it was"
		. " due), alone and beside " . Bench::Accounts::CONNECTIONS
		. " connections\nthat sign in, which meanwhile did ",
		_n(_median($all, sub ($r) { $r->{'A3 beside'}{signins}{rps} }), 1),
		" sign-ins/s.\n\n", _table(['R1 at half load', 'requests/s',
			'p50 ms', 'p99 ms', 'slowest ms'], @rows);
}

sub _signin_memory ($all)
{
	my $m = $all->{signins};
	my @rows = map { my $when = $_->[0];
		[$_->[1], map { my ($kib) = sort { $b <=> $a } $m->{$when}{$_}->@*;
			_n($kib / 1024, 1) } qw(Private_Dirty Rss)]
	} [before => 'at start'], [few => 'after 10'],
		[after => 'after ' . _n($m->{n}) . ' more'];
	return "Memory of an auth worker, the larger of them, in MiB, by sign-ins"
		. " per worker.\n\n", _table(['', 'Private_Dirty', 'resident'], @rows);
}

# --- GraphQL ---------------------------------------------------------------------

sub _graphql ($all)
{
	my @rows = map { my $id = $_;
		["$id $Bench::Work::work{$id}{what}", _middle($all, $id),
			_of_l2($all, $id), _of_peer($all, $id),
			_n(_median($all, sub ($r) { $r->{$id}{bytes} }))]
	} map { $_->[0] } _measured($all, map { [$_] } @Bench::GraphQL::ids);
	return if !@rows;
	return "\n## GraphQL\n\n", _table(['', 'requests/s', 'p50 ms', 'p99 ms',
		'L2: pgbench/s', 'of L2', 'P: PostGraphile/s', 'times P', 'bytes'],
		@rows), "\n", <<~TEXT, "\n", _peer($all), "\n", _shapes($all);
		The documents of G1 and G3 are always the same, their variables differ. G2 is
		the question of G1 in so many ways that neither a document nor the statement
		that it becomes is known any more when it comes again. The
		first @{[_n(Bench::GraphQL::HOSTS)]} users, whom these ask for, have @{[
			Bench::GraphQL::EVENTS]} events each.
		TEXT
}

sub _of_peer ($all, $id)
{
	return ('', '') if !$all->{good}[0]{"P $id"};
	return (_n(_rps($all, "P $id")),
		_range($all, sub ($r) { $r->{$id}{rps} / $r->{"P $id"}{rps} }));
}

sub _peer ($all)
{
	return "Without PostGraphile: $all->{peer}{why}.\n" if $all->{peer}{why};
	return <<~TEXT;
		P is PostGraphile $all->{peer}{version}, asked the same without nginx: two
		processes of four connections each to the same Postgres, as the same role.
		Its answers are the same once the objects around its lists are taken away.
		TEXT
}

sub _shapes ($all)
{
	my $m = $all->{shapes};
	my @rows = map { my ($when, $what) = @$_;
		[$what, map { _n($m->{$when}{$_} / 1024, 1) } qw(workers backends)]
	} [before => 'at start'], [few => "after $m->{passes}[0] passes"],
		[after => "after $m->{passes}[1] more"];
	return "Private_Dirty of the largest api worker and of its largest"
		. " backend, in MiB,\nby passes through the documents of G2.\n\n",
		_table(['', 'worker', 'backend'], @rows);
}

# --- JSON:API --------------------------------------------------------------------

sub _jsonapi ($all)
{
	my @rows = map { my $id = $_;
		["$id $Bench::Work::work{$id}{what}", _middle($all, $id),
			_of_l2($all, $id),
			_n(_median($all, sub ($r) { $r->{$id}{bytes} }))]
	} map { $_->[0] } _measured($all, map { [$_] } @Bench::JsonApi::ids);
	return if !@rows;
	return "\n## JSON:API\n\n", _table(['', 'requests/s', 'p50 ms', 'p99 ms',
		'L2: pgbench/s', 'of L2', 'bytes'], @rows), "\n", <<~TEXT;
		J1 and its L2 begin behind random events. Each J2 asks for one page for ever;
		a page by number also counts all @{[_n(Bench::Stack::USERS)]} events or more,
		because its answer shows how many there are, and one by cursor does not.
		TEXT
}

# --- Events ----------------------------------------------------------------------

sub _events ($all)
{
	my @rows = map { my $id = $_;
		["$id $Bench::Work::work{$id}{what}",
			_n(_median($all, sub ($r) { $r->{$id}{rps} })),
			map { my $g = $_; _n(_median($all, sub ($r) {
				$r->{$id}{cpu}{$g} // 0 })) } qw(workers backends)]
	} map { $_->[0] } _measured($all, map { [$_] } @Bench::Events::ids);
	return if !@rows;
	my $one = $all->{single};
	return "\n## Events\n\n", _table(['', 'a second', 'us of workers',
		'us of backends'], @rows), "\n", _at_once($all),
		sprintf(<<~'TEXT', $one->@{qw(n p50 p99 max)},
		Events are delivered while nothing else is done, by one courier to nginx, which
		answers 200; that worker is the courier. One by one, %d of them were on their way
		for %.1f ms (median), %.1f ms (p99), %.1f ms (all), from the clock of the insert to
		that of a receiver in Perl; the commit is in between. Private_Dirty of the courier
		was %.1f MiB at most.
		TEXT
		Bench::Measure::median(map { $_->{'E1 deliver'}{memory} / 1024 }
			$all->{good}->@*)), _backlog($all->{drain});
}

sub _at_once ($all)
{
	my $part = _median($all, sub ($r) {
		$r->{'E1 at once'}{rps} / $r->{'E1 without'}{rps}
	});
	return sprintf <<~'TEXT', $part;
		What a trigger costs those who insert is seen while no courier runs: that is
		what is aimed at. A courier that delivers meanwhile, and the receiver, take
		their part of the same processors, and leave %.2f times the speed without.

		TEXT
}

sub _backlog ($r)
{
	return if !$r;
	return "\n", sprintf <<~'TEXT', _n($r->{n}), $r->@{qw(took)}, _n($r->{rps}),
		A backlog of %s events was drained in %.1f s, %s a second; each second of the
		courier's processor brought %s of them away, and backends worked %s us for
		each. The courier, which had %.1f MiB at most before (VmHWM), had %.1f MiB
		at most then. %d events were given up.
		TEXT
		_n($r->{core}), _n($r->{backends}), $r->@{qw(idle peak failed)};
}

# --- Measured once --------------------------------------------------------------

sub _extra ($all)
{
	my $extra = $all->{extra};
	return if !%$extra;
	my @parts = map { my ($id, $code) = @$_;
		!$extra->{$id} ? ()
			: $extra->{$id}{failed} ? "$id: not measured: $extra->{$id}{failed}"
			: $code->($extra->{$id}, $all) }
		[calls => \&_calls], [memory => \&_memory], [cold => \&_cold],
		[crowd => \&_crowd], [slow => \&_slow], [big => \&_big],
		[huge => \&_huge];
	return "\n## Measured once\n", map { "\n$_" } @parts;
}

sub _calls ($r, $all)
{
	my @rows = map { my $c = $r->{$_};
		[$_, (map { _n($c->{$_}, 2) } qw(nginx workers backends lseek)),
			join '; ', map { "$_: $c->{most}{$_}" } qw(nginx workers backends)]
	} sort keys %$r;
	return join '', "System calls per request, counted over an exact number of\n",
		"requests on 64 connections (c=1: on one). Counting slows everything\n",
		"down, and a slow worker finds more to do in each turn of its loop.\n\n",
		_table(['', 'nginx', 'workers', 'backends', 'lseek of backends',
			'most of all'], @rows);
}

sub _memory ($r, $all)
{
	return sprintf "Private_Dirty of an api worker, the larger of them: %.1f MiB"
		. " at start, %.1f MiB after\nR1, %.1f MiB after R1000; of its largest"
		. " backend %.1f MiB.\nThe workers are those of the rounds: each remembers"
		. " up to 512 tokens of A1+ and 256 documents of G2 by then.\n",
		map { $_ / 1024 } (sort { $b <=> $a } $all->{before}->@*)[0],
		@$r{qw(R1 R1000 backend)};
}

sub _cold ($r, $all)
{
	return sprintf "R1 without kept connections, so that nginx opens one to a"
		. " worker per request (the same\nworkers, lanes and statement, only"
		. " `fastcgi_keep_conn off`): %s requests/s; with them\n%s, %.2f"
		. " times as many.\n", _n($r->{second}), _n($r->{first}), $r->{ratio};
}

sub _crowd ($r, $all)
{
	return sprintf "R1 on 256 connections: %s requests/s, %.2f of those on 64;"
		. " %d errors; p50 %.1f ms,\np99 %.1f ms, slowest %.1f ms;"
		. " Private_Dirty of a worker then %.1f MiB.\n", _n($r->{first}),
		@$r{qw(ratio errors p50 p99 max)}, $r->{dirty} / 1024;
}

sub _slow ($r, $all)
{
	my @rows = map { my $w = $_; [$w eq 'with' ? 'beside it' : 'alone',
		_n($r->{"$w rps"}), map { _n($r->{"$w $_"}, 1) } qw(p50 p99 max)]
	} qw(without with);
	return join '', "R1 beside a statement of two seconds in the same pool, one"
		. " after the other.\n\n", _table(['', 'requests/s', 'p50 ms',
			'p99 ms', 'slowest ms'], @rows);
}

sub _big ($r, $all)
{
	my @rows = map { my $c = $_; map { my $one = $r->{"$_ $c"};
		["R1 on $c connections, " . ($_ eq 'with' ? 'beside it' : 'alone'),
			_n($one->{rps}), map { _n($one->{$_}, 1) } qw(p50 p99 max)]
		} qw(without with) } 8, 64;
	return join '', sprintf("%s users in one list: first byte after %.3f s,"
		. " the last of %s after %.1f s.\nPrivate_Dirty of the bulk worker:"
		. " %d KiB before, %d KiB at most meanwhile, %d KiB after.\n\n",
		_n($r->{rows}), $r->{first}, _n($r->{bytes}), $r->{last},
		@$r{qw(before peak after)}),
		_table(['', 'requests/s', 'p50 ms', 'p99 ms', 'slowest ms'], @rows);
}

sub _huge ($r, $all)
{
	my %buffers = (little => '128 MB', enough => '4 GB');
	my @rows = map { my $size = $_; map { my $one = $r->{$size}{$_};
		["$_, $buffers{$size}", _n($one->{users_1e3}, 1),
			_n($one->{users_1e7}, 1), _n($one->{ratio}, 2)]
		} sort keys $r->{$size}->%* } qw(little enough);
	return join '', "Microseconds of workers and backends per request, random rows"
		. " of 1e3 and of 1e7. The\nlarger table and its indexes have"
		. " 1.3 GB: ten times 128 MB, and"
		. " less than 4 GB.\n\n",
		_table(['', '1e3 rows', '1e7 rows', 'ratio'], @rows);
}

# --- Aims ------------------------------------------------------------------------

# Each: what, at least or at most, the aim, what was reached (in rounds: the
# median and the range), decimals.
sub _aim_rows ($all)
{
	my $x = $all->{extra};
	my $of = sub ($id) {
		return undef if !$all->{good}[0]{"L2 $id"};
		return [_ratios($all, sub ($r) {
			$r->{$id}{rps} / $r->{"L2 $id"}{tps} })];
	};
	my $get = sub ($id, @path) {
		my $at = $x->{$id} // return undef;
		$at = $at->{$_} // return undef for @path;
		return $at;
	};
	my $by = sub ($a, $b) { defined $a && $b ? $a / $b : undef };
	my $grown = sub ($a, $b) { defined $a ? ($a - $b) / 1024 : undef };
	return (
		['R1 of L2',                  'least', 0.70, $of->('R1'), 2],
		['R100 of L2',                'least', 0.55, $of->('R100'), 2],
		['R1000 of L2',               'least', 0.65, $of->('R1000'), 2],
		['W1 of L2',                  'least', 0.90, $of->('W1'), 2],
		['R1, times plain workers', 'least', 3,
			$all->{good}[0]{A} && [_ratios($all, sub ($r) {
				$r->{R1}{rps} / $r->{A}{rps} })], 2],
		_account_aims($all), _graphql_aims($all), _jsonapi_aims($all), _event_aims($all),
		['system calls of the workers per R1', 'most', 6,
			$get->('calls', 'R1', 'workers'), 2],
		['Private_Dirty of a worker, MiB', 'most', 4,
			$by->($get->('memory', 'R1000'), 1024), 1],
		['256 connections: of 64',    'least', 0.90,
			$get->('crowd', 'ratio'), 2],
		['256 connections: errors',   'most', 0, $get->('crowd', 'errors'), 0],
		['256 connections: p99 / p50', 'most', 10,
			$by->($get->('crowd', 'p99'), $get->('crowd', 'p50')), 1],
		['p99 beside a slow statement, times that alone', 'most', 1.1,
			$by->($get->('slow', 'with p99'), $get->('slow', 'without p99')),
			2],
		['a million rows: first byte, s', 'most', 0.2,
			$get->('big', 'first'), 3],
		['a million rows: memory, MiB', 'most', 1,
			$grown->($get->('big', 'peak'), $get->('big', 'before')), 1],
		['a million rows: p99 of R1 beside it (64 connections)', 'most', 3,
			$by->($get->('big', 'with 64', 'p99'),
				$get->('big', 'without 64', 'p99')), 2],
		['a million rows: p99 of R1 beside it (8 connections)', 'most', 3,
			$by->($get->('big', 'with 8', 'p99'),
				$get->('big', 'without 8', 'p99')), 2],
		map { my ($id, $what) = @$_;
			["$what on 1e7 rows, times 1e3, 128 MB", 'most', 1.2,
				$get->('huge', 'little', $id, 'ratio'), 2],
			["$what on 1e7 rows, times 1e3, 4 GB", 'most', 1.2,
				$get->('huge', 'enough', $id, 'ratio'), 2]
		} [R1 => 'R1'], [R20 => 'a page']
	);
}

sub _account_aims ($all)
{
	return if !$all->{signins};
	my %grown = $all->{signins}{grown}->%*;
	return (
		(map { my ($what, $kind, $aim, $code) = @$_;
			[$what, $kind, $aim, [_ratios($all, $code)], 2]
		} @Bench::Accounts::aims),
		map { ["$_->[1] that " . _n(Bench::Accounts::MEMORY)
			. ' sign-ins add to a worker, MiB', 'most', 2,
			$grown{$_->[0]} / 1024, 1]
		} [Private_Dirty => 'Private_Dirty'], [Rss => 'resident memory']
	);
}

sub _graphql_aims ($all)
{
	my $m = $all->{shapes} // return;
	my @aims = grep { $all->{good}[0]{'P G1'} || $_->[0] !~ /PostGraphile/ }
		@Bench::GraphQL::aims;
	return (
		(map { my ($what, $kind, $aim, $code, $digits) = @$_;
			[$what, $kind, $aim, [_ratios($all, $code)], $digits] } @aims),
		["Private_Dirty that $m->{passes}[1] passes of G2 add to a worker, MiB",
			'most', 1, ($m->{after}{workers} - $m->{few}{workers}) / 1024, 1]
	);
}

sub _jsonapi_aims ($all)
{
	return if !$all->{good}[0]{J1};
	return map { my ($what, $kind, $aim, $code, $digits) = @$_;
		[$what, $kind, $aim, [_ratios($all, $code)], $digits]
	} @Bench::JsonApi::aims;
}

sub _event_aims ($all)
{
	return if !$all->{single};
	return (
		(map { my ($what, $kind, $aim, $code, $digits) = @$_;
			[$what, $kind, $aim, [_ratios($all, $code)], $digits]
		} @Bench::Events::aims),
		['one event, from insert to receiver: p99, ms', 'most', 50,
			$all->{single}{p99}, 1],
		_drain_aims($all->{drain})
	);
}

sub _drain_aims ($r)
{
	return if !$r;
	my $n = _n($r->{n});
	return (
		["a backlog of $n: events per second of the courier's core", 'least',
			5000, $r->{core}, 0],
		['... resident memory of the courier at its peak (VmHWM), MiB', 'most',
			64, $r->{peak}, 1]
	);
}

sub _verdict ($kind, $aim, $reached)
{
	return 'not measured' if !defined $reached;
	return 'met' if $kind eq 'least' ? $reached >= $aim : $reached <= $aim;
	return sprintf 'missed by %.0f %%', 100 * abs($reached / $aim - 1)
		if $aim;
	return 'missed';
}

sub _aims ($all)
{
	my @rows = map { my ($what, $kind, $aim, $reached, $digits) = @$_;
		my ($middle, @range) = ref $reached ? @$reached : $reached;
		my $text = _n($middle, $digits);
		$text .= sprintf ' [%.*f-%.*f]', map { ($digits, $_) } @range if @range;
		[$what, "at $kind $aim", $text, _verdict($kind, $aim, $middle)]
	} grep { defined $_->[3] || !$all->{only} } _aim_rows($all);
	return "\n## Aims\n\n", _table(['', 'aim', 'reached', ''], @rows),
		$all->{signins} ? _account_reasons($all) : (), $all->{only} ? () : _reasons($all);
}

# Microseconds of processor time per request, of all that takes part.
sub _cost ($all, $id)
{
	return sum0(map { my $group = $_;
		Bench::Measure::median(map { $_->{$id}{cpu}{$group} // 0 }
			$all->{good}->@*)
	} qw(nginx workers backends wrk));
}

sub _account_reasons ($all)
{
	my ($r1, $a1) = map { _cost($all, $_) } qw(R1 A1);
	return sprintf(<<'TEXT', $a1, $r1, $r1 / $a1) =~ s/^/\n/r;
Of A1 and A3. An A1 costs %.0f us of processor time and an R1 %.0f, %.2f of that; where
fewer requests come through than this allows, the cores had time to spare:
connections are shared unevenly between the workers, and worker and backend wait
for each other in turns. In A3 reads, sign-ins and both load generators fill two
cores to the last, and a read passes five processes: whatever their ranks, some
of them wait for a core. Both ratios differ much from round to round.
TEXT
}

# Where the processor time of the missed aims goes, from the same rounds.
sub _reasons ($all)
{
	my $us = sub ($id, $group) {
		return Bench::Measure::median(
			map { $_->{$id}{cpu}{$group} // 0 } $all->{good}->@*);
	};
	my ($nginx, $worker, $backend, $wrk) =
		map { $us->('R1', $_) } qw(nginx workers backends wrk);
	my $sum = $nginx + $worker + $backend + $wrk;
	return sprintf(<<'TEXT', $sum, $nginx, $wrk, $worker, $backend) =~ s/^/\n/r;
Where an aim is missed. An R1 costs %.0f us of processor time: nginx %.0f and wrk %.0f,
which pgbench does without, the worker %.0f, its backend %.0f. That is where the
time goes, not a proof that no more can be had: the cores are not quite busy,
connections are shared unevenly between the workers, and every event wakes a
process of its own. Scheduling nginx and the workers as batch work looked
promising in short trials and is not in here.

What to know of the comparisons. A is libfcgi's defaults behind nginx's own
fastcgi_params. A leaner A, with our few parameters and libfcgi's close
without its wait, was measured once, on 2026-11-20: 19,400 requests/s, and R1
1.98 times that (`make bench` of commit 52aedfa). Take that as the strict reading.
Names are numbers of eight digits, which pgbench can make; its pages begin at
16 places, ours at 2,000. What is measured once has few repeats.
TEXT
}

sub _statements ()
{
	return "\n## Statements\n\n", map { "$_\n\n"
		. "    $Bench::Work::work{$_}{statement}\n\n" }
		grep { $Bench::Work::work{$_}{statement} }
		@Bench::Work::ids, @Bench::GraphQL::ids, @Bench::JsonApi::ids;
}

1;
