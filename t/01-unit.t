#!/usr/bin/perl
# The C unit tests: each t/unit/NAME.c is a program that speaks TAP.
use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

chdir dirname(abs_path($0)) . '/..' or die $!;
system('make', '-s', 'unit') == 0 or BAIL_OUT('the unit tests do not build');

# What a program says: the lines of its standard output.
sub say_of ($program) {
	open my $from, '-|', "./$program" or die "$program: $!";
	my @lines = <$from>;
	close $from;
	chomp @lines;
	return @lines;
}

sub repeat ($program) {
	my ($plan, $count) = (-1, 0);

	for my $line (say_of($program)) {
		if ($line =~ /^(not )?ok (\d+)(?: - (.*))?/) {
			ok !$1, $3 // "test $2";
			is $2, $count + 1, 'the tests are counted'
				if $2 != ++$count;
		} elsif ($line =~ /^1\.\.(\d+)/) {
			$plan = $1;
		} elsif ($line =~ /^#\s?(.*)/) {
			diag $1;
		}
	}
	my $status = $?;
	is $plan, $count, 'it ran as many tests as it planned';
	is $status, 0, 'it ended well';
}

for my $source (glob 't/unit/*.c') {
	my $name = basename($source, '.c');
	subtest $name => sub { repeat("build/debug/unit/$name") };
}

done_testing;
