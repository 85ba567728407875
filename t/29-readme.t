#!/usr/bin/perl
# README's commands answer as README prints them, in its order.

use v5.36;
use FindBin;
use File::Temp qw(tempdir tempfile);
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
	$text =~ s/"eyJ[\w.-]*"/TOKEN/g;
	$text =~ s/"AQ[\w-]*"/REFRESH/g;
	$text =~ s/"curl[^"]*"/CURL/g;
	$text =~ s/20\d\d-\d\d-\d\dT[0-9:.]+\+00:00/NOW/g;
	return $text;
}

# The blocks of commands, each a list of [command, answer].
sub blocks ()
{
	return map {
		my (undef, @lines) = split /^\$ /m, $_;
		[map { [split /\n/, $_, 2] } @lines]
	} slurp('README.md') =~ /^```console\n(\$ curl .*?)^```$/msg;
}

my $p = Postern->start;
my $url = $p->url;
my ($tutorial, $auth, @others) = blocks();

is scalar @$tutorial, 10, 'README walks through the tutorial in ten lines';
for (@$tutorial, map { @$_ } @others) {
	my ($command, $answer) = @$_;
	$command =~ s{http://localhost:5001}{$url} or die $command;
	my $got = `$command -sS 2>&1`;
	chomp($answer, $got);
	$got =~ s{http://localhost:${\$p->port}\b}{http://localhost:5001}g;
	is constant($got), constant($answer), $command =~ s/$url//r;
}

# In one shell, as the commands set variables.
sub run_together (@commands)
{
	my $mark = "-- next --\n";
	my $script = join '', "cd '" . tempdir(CLEANUP => 1) . "'\n",
		map { "$_\nprintf '%s' '$mark'\n" } @commands;
	$script =~ s{http://localhost:5001}{$url}g;
	$script =~ s{\bcurl }{curl -sS }g;
	my ($fh, $file) = tempfile(UNLINK => 1);
	print $fh $script;
	close $fh;
	return split /\Q$mark\E/, `sh $file 2>&1`;
}

my @got = run_together(map { $_->[0] } @$auth);
for my $i (0 .. $#$auth) {
	my ($command, $answer) = @{$auth->[$i]};
	chomp($answer, $got[$i] //= '(nothing)') if length $answer;
	is constant($got[$i]), constant($answer),
		substr $command =~ s{http://localhost:5001}{}gr, 0, 70;
}

my $readme = slurp('README.md');
my $shown  = 0;
local $ENV{POSTERN_CONFIG} = $p->var . '/run/postern.conf';
while ($readme =~ /^\$ postern (explain .*)\n((?:.+\n)+)```$/mg) {
	my ($explain, $sql) = ($1, $2);
	$shown++;
	is `$FindBin::Bin/../build/release/postern $explain`, $sql,
		'README shows the statement that it is';
}
is $shown, 2, 'of REST and of GraphQL';

done_testing;
