#!/usr/bin/perl
# Every fuzzer of t/fuzz runs for FUZZ_SECONDS (30, the front of GraphQL a
# minute), two at a time, from the seeds in t/fuzz/corpus/NAME where there are
# some.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Temp qw(tempdir);
use POSIX ();
use Test::More;

chdir dirname(abs_path($0)) . '/..' or die $!;
system('make', '-s', 'fuzz') == 0 or BAIL_OUT('the fuzzers do not build');

my %longer = map { ("graphql_$_" => 60) } qw(lex parse validate plan);
my $dir = tempdir('postern-fuzz-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my %running;    # name by pid

END { kill KILL => keys %running }
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

sub seconds ($name) { return $ENV{FUZZ_SECONDS} // $longer{$name} // 30 }

sub start ($name) {
	my @seeds = grep { -d } "t/fuzz/corpus/$name";
	mkdir "$dir/$_" or die $! for $name, "$name.crash";
	my $pid = fork // die $!;
	if ($pid == 0) {
		%running = ();
		open STDIN, '<', '/dev/null' or die $!;
		open STDOUT, '>', "$dir/$name.log" or die $!;
		open STDERR, '>&', \*STDOUT or die $!;
		exec "build/fuzz/$name", '-max_total_time=' . seconds($name),
			'-timeout=10', '-rss_limit_mb=1024', '-max_len=4096',
			'-print_final_stats=1',
			"-artifact_prefix=$dir/$name.crash/",
			"$dir/$name", @seeds or POSIX::_exit(127);
	}
	$running{$pid} = $name;
}

sub slurp ($path) {
	open my $file, '<:raw', $path or return '';
	local $/;
	return <$file> // '';
}

# What somebody needs to see it happen again.
sub show_failure ($name) {
	my @lines = split /\n/, slurp("$dir/$name.log");
	diag join "\n", @lines > 40 ? @lines[-40 .. -1] : @lines;
	for my $input (glob "$dir/$name.crash/*") {
		diag 'with these bytes: ', unpack 'H*', slurp($input);
	}
}

sub end_one () {
	my $pid = waitpid -1, 0;
	my $status = $?;
	my $name = delete $running{$pid} // return;
	my ($runs) = slurp("$dir/$name.log") =~
		/number_of_executed_units: (\d+)/;
	ok $status == 0 && $runs, "$name holds for " . seconds($name) . ' seconds';
	if ($status || !$runs) {
		show_failure($name);
	} else {
		note "$name: $runs inputs";
	}
}

my @names = map { basename($_, '.c') } sort glob 't/fuzz/*.c';
while (@names || %running) {
	start(shift @names) while @names && keys %running < 2;
	end_one();
}

done_testing;
