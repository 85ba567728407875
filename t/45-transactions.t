#!/usr/bin/perl
# One request is one transaction, whatever it is.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(max);
use Test::More;

use Postern;
use Rest;

# Backends that went idle report what they did within ten seconds.
use constant {REQUESTS => 700, SETTLE => 11};

my $p = Postern->start(own_cluster => 1, workers => 2);
my %event = (address => 'x', schedule => '2020-01-01T00Z', host_name => 'Ada');
my @kinds = (
	sub ($n) { $p->http(GET => '/users?name=Ada') },
	sub ($n) { $p->http(GET => '/users?limit=10') },
	sub ($n) { $p->http(GET => '/events') },
	sub ($n) { $p->http(POST => '/users', json => {name => "u$n"}) },
	sub ($n) { $p->http(POST => '/events', json => {%event, name => "e$n"}) },
	sub ($n) { $p->http(PUT => "/events?current_name=e$n",
		json => {%event, name => "e$n"}) },
	sub ($n) { $p->http(DELETE => "/events?name=e$n") },
);

sub counters ()
{
	sleep SETTLE;
	return split /\|/, $p->sql('select xact_commit, xact_rollback'
		. ' from pg_stat_database where datname = current_database()');
}

sub number () { $p->sql('select pg_snapshot_xmax(pg_current_snapshot())') }

# The courier looks for mail now and then: not what is counted here.
my @couriers = $p->pids('courier');
kill STOP => @couriers;

# What the database does while we do nothing but count comes off.
$p->http(POST => '/users', json => {name => 'Ada'});
my @before = counters();
my @idle   = counters();
my %seen;
for my $i (0 .. REQUESTS - 1) {
	my ($n, $kind) = (int($i / @kinds), $i % @kinds);
	$seen{$kinds[$kind]->($n)->{status}}++;
}
my @after   = counters();
my $commits = ($after[0] - $idle[0]) - ($idle[0] - $before[0]);
is_deeply \%seen, {200 => REQUESTS * 5 / 7, 201 => REQUESTS * 2 / 7},
	'a mixture of reads and writes succeeds' or diag explain \%seen;
is sprintf('%.2f', max(0, $commits) / REQUESTS), '1.00',
	'each request is one transaction' or diag "@before, @idle, @after";
is $after[1] - $idle[1], 0, '... and none is rolled back';

# Transactions that write have a number: one more each.  (The server itself
# may take one meanwhile, to analyse a table.)
sub spends ($from, $name, $send)
{
	my $then = number();
	$send->();
	my $spent = number() - $then;
	ok $spent >= $from && $spent <= $from + 2, $name or diag $spent;
}
spends 50, 'fifty POSTs are fifty writing transactions', sub {
	$p->http(POST => '/users', json => {name => "w$_"}) for 1 .. 50;
};
spends 0, 'fifty GETs write nothing', sub {
	$p->http(GET => '/users?name=Ada') for 1 .. 50;
};
spends 0, 'what is no user does not reach the database', sub {
	$p->http(POST => '/users', body => $_)
		for ('{', '[]', '{}', '{"name":null}') x 5;
};
spends 20, 'a refused POST costs no more than itself', sub {
	$p->http(POST => '/users', json => {name => 'Ada'}) for 1 .. 20;
};

kill CONT => @couriers;
done_testing;
