#!/usr/bin/perl
# What a GraphQL request costs, in things that can be counted: messages to
# backends, transactions, runs of the planner, statements, memory.
use v5.36;
use FindBin ();
use lib "$FindBin::Bin/lib", "$FindBin::Bin/load/lib";
use Bench::Client;
use Bench::Measure;
use GraphQL;
use JSON::PP qw(encode_json);
use Postern;
use Test::More;
use Time::HiRes qw(sleep);

END { Bench::Measure::end_all() }

my $USERS    = 10000; # enough that indexes are used
my $REQUESTS = 1000;
# Sanitizers would be counted too.
my $bin = "$Postern::top/build/release/postern";

my $by_name = <<~'GRAPHQL';
	query ($name: String!) {
	  UsersMany(where: {name: {_eq: $name}}) {
	    id name events(limit: 10, orderBy: {name: asc}) { name host { name } }
	  }
	}
	GRAPHQL
my $write = <<~'GRAPHQL';
	mutation ($name: String!, $event: String!) {
	  insertUser(data: {name: $name, events: [{data: {name: $event}}]}) {
	    success result { events { name } }
	  }
	}
	GRAPHQL

my $p = Postern->start(bin => $bin, workers => 1, env => {POSTERN_LANES => 1,
	POSTERN_GRAPHQL_ROWS_MAX => 100000, POSTERN_GRAPHQL_COST => 1000000});
$p->sql(<<~SQL);
	insert into api.users (name)
	select 'user ' || g from generate_series(1, $USERS) as g;
	insert into api.events (name, host_id)
	select u.name || ' ' || g, u.id
	from api.users as u, generate_series(1, 3) as g;
	vacuum analyze api.users, api.events;
	-- Whose transactions would be counted.
	alter table api.users set (autovacuum_enabled = false);
	alter table api.events set (autovacuum_enabled = false);
	SQL

sub workers ($pool = 'api')
{
	my (undef, @pids) = $p->pids($pool);
	return @pids;
}

sub backends ()
{
	return split /\n/, $p->sql("select pid from pg_stat_activity where datname
		= current_database() and application_name = 'postern api'");
}

sub ask ($document, $n, $connections, $variables)
{
	return Bench::Client::exactly($p->port, $n, $connections, sub ($i) {
		return Bench::Client::post('/graphql', encode_json(
			{query => $document, variables => $variables->($i)}));
	});
}

sub named ($i) { return {name => 'user ' . (1 + $i % $USERS)} }

my $new = 0;
sub fresh ($i) { $new++; return {name => "new $new", event => "event $new"} }

sub commits ()
{
	sleep 1.2;
	ask('{ UsersMany(limit: 1) { id } }', 1, 1, sub { {} });
	return $p->sql('select xact_commit from pg_stat_database
		where datname = current_database()');
}

for my $case (['a query', $by_name, \&named], ['a mutation', $write, \&fresh]) {
	my ($what, $document, $variables) = @$case;
	is_deeply ask($document, 64, 8, $variables), {200 => 64}, $what;
	my $before = commits();
	ask($document, $REQUESTS, 8, $variables);
	# A vacuum of another table is one, too, now and then.
	is sprintf('%.1f', (commits() - $before) / $REQUESTS), '1.0',
		'... is one transaction';
SKIP: {
		skip 'strace cannot attach to a process here', 2
			if !Bench::Measure::strace_works(workers());
		sleep 2.5;
		my $calls = Bench::Measure::strace(
			groups => {worker => [workers()], backend => [backends()]},
			code   => sub { ask($document, $REQUESTS, 1, $variables) }
		);
		my %sent = map { $_ => sprintf '%.1f',
			($calls->{$_}{sendto} // 0) / $REQUESTS } keys %$calls;
		is_deeply \%sent, {worker => '1.0', backend => '1.0'},
			'... a message to a backend, and one back';
		cmp_ok $calls->{backend}{lseek} // 0, '<', $REQUESTS / 100,
			'... that the planner never sees' if $what eq 'a query';
	}
}

# The view tells of the very connection that reads it.
$p->sql(<<~SQL);
	create view api.prepared as
	select count(*) as n, 'x'::text as key from pg_prepared_statements;
	comment on view api.prepared is '\@key key';
	grant select on api.prepared to postern_anonymous;
	notify postern;
	SQL
sleep 0.5;

sub prepared ()
{
	return query($p, '{ PreparedsMany { n } }')
		->{json}{data}{PreparedsMany}[0]{n};
}

sub dirty () { return (Bench::Measure::private_dirty(workers()))[0] }

# Documents and statements that are all different.
sub shapes ($from, $n)
{
	my @columns = qw(id name createdAt);
	my %seen;
	for my $i ($from .. $from + $n - 1) {
		my $bits = $i;
		my @where = map { my $c = $_; map {
			my $on = $bits & 1; $bits >>= 1;
			$on ? "{$c: {$_: null}}" : () } qw(_eq _gt _lt _neq) }
			@columns;
		my $r = query($p, "query Q$i { UsersMany(limit: 1, where: {_or: ["
			. join(', ', @where) . ']}) { id } }');
		$seen{$r->{json}{data} ? 'data' : $r->{body}}++;
	}
	return \%seen;
}

is_deeply shapes(0, 500), {data => 500}, 'five hundred shapes';
my $dirty = dirty();
cmp_ok prepared(), '<=', 100, 'what is prepared is bounded';
is_deeply shapes(500, 1500), {data => 1500}, 'fifteen hundred more';
cmp_ok dirty() - $dirty, '<', 1024, '... add nothing that stays';
cmp_ok prepared(), '<=', 100, '... here or there';

# Long lists go through a pool of their own, row by row.
$p->sql("insert into api.users (name)
	select 'a longer name ' || g from generate_series(1, 95000) as g");
my $all = '{ UsersMany(limit: 100000) { id name createdAt } }';

sub high ()
{
	return Bench::Measure::sum(map { Postern::_slurp("/proc/$_/status")
		=~ /^VmHWM:\s+(\d+)/m ? $1 : () } workers('bulk'));
}

for my $way (['POST', sub { query($p, $all) }], ['GET', sub {
	$p->http(GET => '/graphql?query=' . $all =~ s/ /%20/gr
		=~ s/\{/%7B/gr =~ s/\}/%7D/gr) }])
{
	query($p, '{ hello }');
	my $from = high();
	my $r    = $way->[1]->();
	is scalar @{$r->{json}{data}{UsersMany} // []}, 100000,
		"a list of a hundred thousand by $way->[0]";
	cmp_ok high() - $from, '<', 4096, '... does not stay in memory';
}

done_testing;
