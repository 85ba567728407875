#!/usr/bin/perl
# Events arrive, whatever dies: receivers, couriers, the database.  At least
# once, and once where nothing died.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Courier;
use JSON::PP;
use Postern;
use Receiver;
use Test::More;
use Time::HiRes qw(sleep);

my $p = Postern->database(env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'});
my $r = Receiver->start;

$p->sql(<<~'SQL');
	create table api.things (id serial primary key);
	create table api.others (id serial primary key);
	SQL

sub trigger ($path, %o)
{
	my $table = $o{table} // 'things';
	my $db    = $o{db}    // $p;
	my $conf  = JSON::PP->new->encode({num_retries => $o{retries} // 0,
		interval_sec => $o{interval} // 0, timeout_sec => $o{timeout} // 60});
	$db->sql("select postern.create_event_trigger('on_$table', 'api.$table',
		'{INSERT}', webhook => '" . $r->url($path) . "',
		retry_conf => '$conf')");
}

sub add ($n, $table = 'things')
{
	$p->sql("insert into api.$table select from generate_series(1, $n)");
}

sub fresh ()
{
	$p->sql('truncate postern.event_log, postern.event_invocation_log');
	$r->forget;
}

# How many are in each state.
sub states ($db = $p)
{
	return {map { split /\|/ } split /\n/, $db->sql(
		'select postern.event_state(e), count(*) from postern.event_log as e
		group by 1')};
}

sub until_true ($what)
{
	for (1 .. 600) {
		return 1 if $what->();
		sleep 0.1;
	}
	return 0;
}

# How often each id came.
sub comings ()
{
	my %n;
	$n{$_->{headers}{'webhook-id'}}++ for $r->seen;
	return \%n;
}

sub is_complete ($n, $why)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply states(), {delivered => $n}, $why;
	is scalar(keys %{comings()}), $n, '... and each came';
}

subtest 'a receiver that is away for a while' => sub {
	fresh();
	trigger('/ok', retries => 1000, interval => 1);
	$r->stop;
	my $courier = Courier->start($p);
	add(30);
	ok until_true(sub { $p->sql('select coalesce(min(tries), 0) > 0
		from postern.event_log') eq 't' }), 'every event is tried';
	ok !states()->{$_}, "... and none is $_" for qw(delivered failed);
	$r->again;
	ok until_true(sub { (states()->{delivered} // 0) == 30 }), 'then it is back';
	is $courier->stop, 0, 'the courier ends well';
	is_complete(30, 'all are delivered');
	my $said = () = $courier->log =~ /events of on_things are not taken/g;
	is $said, 1, 'the log says once that it was away';
	like $courier->log, qr/events of on_things are taken again/,
		'... and that it is back';
};

subtest 'one that hangs does not hold up others' => sub {
	fresh();
	trigger('/hang', timeout => 100);
	trigger('/ok', table => 'others');
	my $courier = Courier->start($p, POSTERN_WEBHOOKS => 16,
		POSTERN_DRAIN_LIMIT => 1);
	add(50);
	ok until_true(sub { (states()->{underway} // 0) >= 4 }), 'it hangs';
	add(100, 'others');
	ok until_true(sub { (states()->{delivered} // 0) == 100 }),
		'the others come';
	my $hanging = grep { $_->{path} eq '/hang' } $r->seen;
	is $hanging, 4, 'it has a quarter of the room, and no more';
	is $courier->stop, 0, 'nobody waits for it when it is time to leave';
	is_deeply states(), {delivered => 100, waiting => 50},
		'what was underway is given back';
	is $p->sql('select max(tries) from postern.event_log
		where not delivered'), 0, '... and not counted';
};

subtest 'TERM lets what is underway be finished' => sub {
	fresh();
	trigger('/slow');
	my $courier = Courier->start($p);
	add(3);
	ok $r->wait_for(3), 'three are underway';
	is $courier->stop, 0, 'the courier ends well';
	is_complete(3, 'all are recorded');
};

sub expire ()
{
	$p->sql('update postern.event_log set locked = now() where locked > now()');
	$p->sql('notify postern_events');
}

subtest 'a courier that dies before it has recorded' => sub {
	fresh();
	trigger('/slow');
	my $courier = Courier->start($p);
	add(1);
	ok $r->wait_for(1), 'the event has come';
	is $courier->kill, 9, '... and the courier dies';
	is_deeply states(), {underway => 1}, 'it is not recorded';
	is $p->sql("select locked between now() and now() + interval '60 s'
		from postern.event_log"), 't', '... and its lease ends within a minute';
	once($p);
	is $r->count, 1, 'before that nobody sends it';
	expire();
	once($p);
	is_deeply [values %{comings()}], [2], 'it comes again, with the same id';
	is_complete(1, 'then it is delivered');
};

subtest 'couriers that die again and again' => sub {
	fresh();
	trigger('/ok');
	my $n = 400;
	add($n);
	for my $round (1 .. 6) {
		my $courier = Courier->start($p, POSTERN_WEBHOOKS => 8);
		my $before  = $r->count;
		until_true(sub { $r->count >= $before + 20
			|| !states()->{waiting} });
		$courier->kill;
		expire();
	}
	once($p);
	is_complete($n, 'nothing is lost');
};

subtest 'two couriers' => sub {
	fresh();
	trigger('/ok');
	my $n = 1000;
	my @couriers = map { Courier->start($p) } 1, 2;
	add($n / 4) for 1 .. 4;
	ok until_true(sub { (states()->{delivered} // 0) == $n }), 'bring all';
	is $_->stop, 0, 'one ends well' for @couriers;
	is_complete($n, 'nothing is lost');
	is $r->count, $n, 'and nothing came twice';
	is $p->sql('select count(*) from postern.event_invocation_log'), $n,
		'each attempt is on record once';
};

subtest 'a clock strikes once for two couriers' => sub {
	fresh();
	my @couriers = map { Courier->start($p) } 1, 2;
	$p->sql("select postern.create_cron_trigger('tick', '0 0 1 1 *', '"
		. $r->url('/ok') . "');
		update postern.event_triggers set next_at = now() where name = 'tick'");
	ok $r->wait_for(1), 'it strikes';
	$_->stop for @couriers;
	is_complete(1, 'once');
	$p->sql(q{select postern.drop_event_trigger('tick')});
};

subtest 'twenty thousand' => sub {
	fresh();
	trigger('/ok');
	add(20_000);
	my ($status, $log) = once($p);
	is $status, 0, 'one run is enough' or diag $log;
	is_deeply states(), {delivered => 20_000}, 'all are delivered';
	is $r->count, 20_000, '... once';
};

subtest 'the database goes away' => sub {
	my $stack = Postern->start(own_cluster => 1,
		env => {POSTERN_WEBHOOK_ALLOW => '127.0.0.1'});
	$r->forget;
	$stack->sql('create table api.things (id serial primary key)');
	trigger('/slow', db => $stack);
	$stack->sql('insert into api.things select from generate_series(1, 8)');
	ok $r->wait_for(8), 'while events are underway';
	$stack->restart_database('immediate');
	$stack->sql('insert into api.things select from generate_series(1, 100)');
	ok until_true(sub { (states($stack)->{delivered} // 0) == 108 }),
		'all are delivered'
		or diag explain(states($stack)), $stack->log('courier');
	is scalar(keys %{comings()}), 108, '... indeed';
	my $reply = $stack->http(POST => '/users', json => {name => 'x'});
	is $reply->{status}, 201, 'and what else there is works';
	# Which of its threads asked while it was away is left to chance.
	like $stack->log('courier'), qr/cannot be asked/,
		'the log says that it was away';
	like $stack->log('courier'), qr/answers again/,
		'... and is back';
	my ($pid) = $stack->pids('courier');
	ok kill(0, $pid), 'the courier is the one from the beginning';
};

done_testing;
