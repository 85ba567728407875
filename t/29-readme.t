#!/usr/bin/perl
# README's commands answer as README prints them, in its order.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;

sub slurp ($file)
{
	open my $in, '<', "$FindBin::Bin/../$file" or die "$file: $!\n";
	local $/;
	return readline $in;
}

# What is different each time becomes a word.
sub constant ($text)
{
	$text =~ s/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/ID/g;
	$text =~ s/20\d\d-\d\d-\d\dT[0-9:.]+\+00:00/NOW/g;
	return $text;
}

my $p = Postern->start;
my ($block) = slurp('README.md') =~ /^```console\n(\$ curl .*?)^```$/ms;
my @lines = split /^\$ /m, $block;
shift @lines;
is scalar @lines, 10, 'README walks through the tutorial in ten lines';
for my $line (@lines) {
	my ($command, $answer) = split /\n/, $line, 2;
	my $url = $p->url;
	$command =~ s{http://localhost:5001}{$url} or die $command;
	my $got = `$command -sS 2>&1`;
	chomp $answer;
	is constant($got), constant($answer), $command =~ s/$url//r;
}

my ($explain, $sql) = slurp('README.md')
	=~ /^\$ postern (explain .*)\n((?:.+\n)+)```$/m;
local $ENV{POSTERN_CONFIG} = $p->var . '/run/postern.conf';
is `$FindBin::Bin/../build/release/postern $explain`, $sql,
	'README shows the statement that it is';

done_testing;
