# What GraphQL costs: the workloads G1 to G3 of t/load/RESULTS.md beside
# pgbench with the statements that they become, and beside PostGraphile.
package Bench::GraphQL;

use v5.36;
use Bench::Client;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;
use JSON::PP;
use Npm;
use Time::HiRes qw(sleep);

use constant {
	HOSTS  => 20_000,    # the first users, who have this many events each
	EVENTS => 10,
	BODIES => 20_000,    # of a workload, before they come again
	SHAPES => 500,       # of statements, and
	NAMES  => 4,         # documents for each of them
	SOME   => 20,        # answers that are compared, offsets, passes of G2
	WARM   => 6          # seconds that PostGraphile runs before it counts
};
my $first = Bench::Stack::FIRST;
my $json  = JSON::PP->new->canonical;

# In the order of the report.
our @ids  = qw(G1 G2 G3);
our @held = qw(G1 G3);      # against pgbench and PostGraphile

my $event = 'id name address schedule';
my %what = (
	G1 => 'a user by name, ' . EVENTS . ' events, the host of each',
	G2 => SHAPES . ' shapes of such documents, more than is remembered',
	G3 => 'a list of 100 users with the ' . EVENTS . ' events of each'
);
my %document = (
	G1 => 'query ($name: String!) { users: UsersMany(where: {name: '
		. '{_eq: $name}}) { id name events(limit: ' . EVENTS . ') '
		. "{ $event host { id name } } } }",
	G3 => 'query ($offset: Int!) { users: UsersMany(orderBy: {name: asc}, '
		. 'limit: 100, offset: $offset) { id name createdAt events(limit: '
		. EVENTS . ") { $event } } }"
);
# The same questions to PostGraphile, in the way that is quickest there.
my %peers_document = (
	G1 => 'query ($name: String!) { users: userByName(name: $name) '
		. '{ id name events: eventsByHostId(orderBy: ID_ASC, first: '
		. EVENTS . ") { nodes { $event host: userByHostId { id name } } } } }",
	G3 => 'query ($offset: Int!) { users: allUsers(orderBy: NAME_ASC, '
		. 'first: 100, offset: $offset) { nodes { id name createdAt '
		. 'events: eventsByHostId(orderBy: ID_ASC, first: ' . EVENTS
		. ") { nodes { $event } } } } }"
);
my %variables = (
	G1 => sub { {name => '' . ($first + int rand HOSTS)} },
	G3 => sub { {offset => int rand SOME} }
);
my %vary = (
	G1 => {$first => "random($first, " . ($first + HOSTS - 1) . ')'},
	G3 => {17 => 'random(0, ' . (SOME - 1) . ')'}
);

# --- Rows and requests -----------------------------------------------------------

sub prepare ($s)
{
	_load($s);
	for my $id (@ids) {
		_write($s, $id, _bodies($id));
		$Bench::Work::work{$id} = {
			what   => $what{$id},
			vary   => $vary{$id},
			script => sub ($s) { _script($s, $id) }
		};
	}
	for (@held) {
		my %known = $_ eq 'G1' ? (name => "$first") : (offset => 17);
		$Bench::Work::work{$_}{request} = [POST => '/graphql',
			_body($document{$_}, \%known)];
		Bench::Work::prepare($s, $_);
	}
	$s->{peer} = _start_peer($s);
}

# More events for the first users, scattered over the table.
sub _load ($s)
{
	my ($n, $more) = (HOSTS, (EVENTS - 1) * HOSTS);
	my $names = Bench::Stack::RENAMED;
	$s->sql(<<~SQL);
		insert into api.events (name, address, schedule, host_id)
		select ($names + g)::text, g || ' Baker Street',
			'2024-01-01Z'::timestamptz + g * interval '1 minute', u.id
		from generate_series(1, $more) as g
		join api.users as u on u.name = ($first + g::bigint * 7919 % $n)::text;
		vacuum analyze api.events;
		SQL
	$s->super('checkpoint');
}

sub _body ($document, $variables)
{
	return $json->encode({query => $document, variables => $variables});
}

# The same for both, so the same variables.
sub _bodies ($id, $document = $document{$id})
{
	srand 1;
	return map { _body($_, $variables{G1}->()) } _spelt(_shapes())
		if $id eq 'G2';
	return map { _body($document, $variables{$id}->()) } 1 .. BODIES;
}

sub _file ($s, $id) { return $s->var . "/$id-bodies" }
sub _script ($s, $id) { return ['bodies.lua', '/graphql', _file($s, $id)] }

sub _write ($s, $id, @bodies)
{
	Bench::Stack::_spew(_file($s, $id), join "\n", @bodies, '');
}

# Documents of which each becomes a statement of its own.
sub _shapes ()
{
	my @user   = _subsets(qw(id name createdAt));
	my @event  = _subsets(qw(id name address schedule));
	my @wheres = ('{_eq: $name}', '{_in: [$name]}',
		'{_gte: $name, _lte: $name}', '{_eq: $name, _is_null: false}',
		'{_lte: $name, _eq: $name}');
	my @shapes;
	for my $n (0 .. SHAPES - 1) {
		my ($u, $e, $w) = ($n % @user, $n / @user % @event,
			$n / @user / @event);
		push @shapes, "query (\$name: String!) { users: UsersMany(where: {name: "
			. "$wheres[$w]}) { $user[$u] events(limit: " . EVENTS
			. ") { $event[$e] host { id name } } } }";
	}
	return @shapes;
}

# The same under several names.  Each of two workers gets about half of all
# requests, so it needs more documents than statements to forget them all.
sub _spelt (@shapes)
{
	return map { my $name = $_; map { s/^query/query By$name/r } @shapes }
		1 .. NAMES;
}

sub _subsets (@names)
{
	return map { my $bits = $_;
		join ' ', map { $bits >> $_ & 1 ? $names[$_] : () } 0 .. $#names
	} 1 .. (1 << @names) - 1;
}

# --- PostGraphile ------------------------------------------------------------------

# {port, pids, version}, or why there is none.
sub _start_peer ($s)
{
	my $folder = 'npm-postgraphile';
	my $why    = Npm::why_not($folder);
	return {why => $why} if $why;
	my ($host)  = $s->{p}->conninfo('postern') =~ /\bhost=(\S+)/;
	my $port    = Postern::_free_port();
	my $process = Npm->start("$folder/peer.mjs", $json->encode({
		port => $port, host => $host, database => 'postern',
		user => 'postern', application_name => 'postgraphile',
		options => '-c role=postern_anonymous -c timezone=UTC -c jit=off'
	}));
	my $peer = {process => $process, port => $port,
		$process->hear->%*};
	for my $id (@held) {
		_write($s, "$id-peer", _bodies($id, $peers_document{$id}));
		_compare($s, $peer, $id);
		_run_peer($s, $peer, $id, WARM);
	}
	return $peer;
}

sub stop ($s)
{
	my $process = ($s->{peer} // {})->{process} // return;
	$process->stop;
}

sub _run_peer ($s, $peer, $id, $seconds)
{
	my $r = Bench::Measure::wrk_cpu(
		url     => $s->url($peer->{port}),
		script  => _script($s, "$id-peer"),
		seconds => $seconds,
		groups  => {
			workers  => $peer->{pids},
			backends => [$s->backends('postgraphile')]
		}
	);
	die "PostGraphile: $r->{errors} requests failed\n" if $r->{errors};
	return $r;
}

# Both say the same, or there is nothing to compare.
sub _compare ($s, $peer, $id)
{
	my @ours   = _answers($s->port,      _bodies($id));
	my @theirs = _answers($peer->{port}, _bodies($id, $peers_document{$id}));
	for my $n (0 .. SOME - 1) {
		die "$id: PostGraphile answers\n$theirs[$n]\nand we\n$ours[$n]\n"
			if $ours[$n] ne $theirs[$n];
	}
}

sub _answers ($port, @bodies)
{
	my @answers;
	Bench::Client::exactly($port, SOME, 1,
		sub ($i) { Bench::Client::post('/graphql', $bodies[$i]) },
		body => sub ($body) {
			my $users = _plain($json->decode($body)->{data}{users});
			push @answers, $json->encode(ref $users eq 'ARRAY' ? $users
				: [$users]);
		});
	return @answers;
}

# Without the objects that PostGraphile puts around lists.
sub _plain ($x)
{
	return [map { _plain($_) } @$x] if ref $x eq 'ARRAY';
	return $x if ref $x ne 'HASH';
	return _plain($x->{nodes}) if $x->{nodes};
	return {map { $_ => _plain($x->{$_}) } keys %$x};
}

# --- A round ---------------------------------------------------------------------

# {G1, 'L2 G1', 'P G1', ...}
sub round ($s, $seconds)
{
	my %r;
	for my $id (@ids) {
		my $held = grep { $_ eq $id } @held;
		$r{"L2 $id"} = Bench::Work::pgbench($s, $id, $seconds) if $held;
		$r{$id} = Bench::Work::run($s, $id, seconds => $seconds);
		$r{"P $id"} = _run_peer($s, $s->{peer}, $id, $seconds)
			if $held && $s->{peer}{pids};
	}
	return %r;
}

# --- Memory ------------------------------------------------------------------------

# Private_Dirty in KiB, of the largest worker and of its largest backend: as
# they are, after one pass of G2 per lane, and after many more.
sub memory ($s)
{
	my @bodies = _bodies('G2');
	my @pids   = $s->workers;
	my $pass = sub ($n) {
		my $statuses = Bench::Client::exactly($s->port, $n * SHAPES, 64,
			sub ($i) {
				Bench::Client::post('/graphql', $bodies[$i % @bodies])
			}, limit => 60 + 2 * $n);
		die "not every shape is answered\n"
			if ($statuses->{200} // 0) != $n * SHAPES;
		sleep 3;    # nginx lets go of its connections
		return _sizes($s);
	};
	my @passes = (4, SOME);
	my %r = (passes => \@passes, before => _sizes($s),
		few => $pass->($passes[0]), after => $pass->($passes[1]));
	die "the workers are not the same any more\n"
		if "@pids" ne join ' ', $s->workers;
	return \%r;
}

sub _sizes ($s)
{
	my %of = (workers => [$s->workers], backends => [$s->backends]);
	return {map {
		my @kib = Bench::Measure::private_dirty($of{$_}->@*);
		$_ => (sort { $b <=> $a } @kib)[0]
	} keys %of};
}

# --- What is aimed at ----------------------------------------------------------------

# Each: what, at least or at most, the aim, what a round says, decimals.
our @aims = (
	['G1 of L2', 'least', 0.55, sub ($r) { $r->{G1}{rps} / $r->{'L2 G1'}{tps} }, 2],
	['G1, times PostGraphile', 'least', 6,
		sub ($r) { $r->{G1}{rps} / $r->{'P G1'}{rps} }, 1],
	['G1: microseconds of the workers', 'most', 15,
		sub ($r) { $r->{G1}{cpu}{workers} }, 1]
);

# [name, ratio] of one round.
sub ratios ($r)
{
	return map { [$_->[0], $_->[3]->($r)] }
		grep { $r->{'P G1'} || $_->[0] !~ /PostGraphile/ } @aims;
}

1;
