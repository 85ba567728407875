# What accounts cost: a bearer token, sign-ins, refreshes.  The workloads A1
# to A4 of t/load/RESULTS.md, and the memory of what signs in.
package Bench::Accounts;

use v5.36;
use Bench::Client;
use Bench::Measure;
use Bench::Stack;
use Bench::Work;
use JSON::PP    qw(decode_json encode_json);
use Time::HiRes qw(sleep);

use constant {
	ACCOUNTS    => 200,
	SESSIONS    => 2000,
	CONNECTIONS => 8,      # that sign in
	MEMORY      => 1000,   # sign-ins of each worker
	PASSWORD    => 'nine lives of 1 cat'
};
my ($first, $last) = (Bench::Stack::FIRST,
	Bench::Stack::FIRST + Bench::Stack::USERS - 1);
my $cores = `nproc` + 0;

# What is measured right after a workload, to be compared with it.
our %after = (R1 => [qw(A1 A1+)], W3 => ['A4']);
# What has a row of its own in the tables, in the order of the report.
our @rows = (
	[A1 => 'R1 with a bearer token, of ' . ACCOUNTS . ' sessions'],
	['A1+' => 'the same of ' . SESSIONS
		. ' sessions, more than a worker remembers'],
	[A2 => 'sign-in'],
	[A4 => 'refresh']
);

# --- Accounts ------------------------------------------------------------------

# The first one signs up; the others get its password by a copy.
sub prepare ($s)
{
	my $n    = ACCOUNTS;
	my $said = $s->{p}->http(POST => '/auth/signup', json => {
		name => 'Cat 1', email => 'cat1@example.org', password => PASSWORD});
	die "sign-up answers $said->{status}: $said->{body}\n"
		if $said->{status} >= 300;
	$s->sql(<<~SQL);
		with i as (
			insert into auth.identities (id)
			select gen_random_uuid() from generate_series(2, $n)
			returning id),
		n as (select id, 1 + row_number() over () as n from i),
		u as (
			insert into api.users (name, identity_id)
			select 'Cat ' || n, id from n)
		insert into auth.factors (identity_id, kind, email, secret)
		select n.id, f.kind, 'cat' || n || '\@example.org', f.secret
		from n, auth.factors as f
		where f.email = 'cat1\@example.org';
		SQL
	$s->sql('vacuum analyze api.users, auth.identities, auth.factors');
	($s->{secret}) = $s->sql("select secret from auth.factors
		where email = 'cat1\@example.org'") =~ /(\S+)/;
	_build($s);
}

# The body of a sign-in around the number of an account.
sub _body ()
{
	my $json = JSON::PP->new->canonical->encode({
		provider => 'builtin::local_emailpassword',
		email    => 'cat#@example.org',
		password => PASSWORD
	});
	return split /#/, $json;
}

# Sessions with a refresh token: codes that nobody had to sign in for,
# exchanged as clients do.  Writes the files of both kinds of tokens.
sub sessions ($s, $n)
{
	$s->sql('delete from auth.sessions');
	$s->sql('vacuum auth.sessions, auth.flows');
	my @codes = _codes($s, $n);
	my (@access, @refresh);
	my $keep = sub ($body) {
		my $r = decode_json($body);
		push @access,  $r->{access_token};
		push @refresh, $r->{refresh_token};
	};
	my $statuses = Bench::Client::exactly($s->port, $n, 16, sub ($i) {
		my ($code, $verifier) = $codes[$i]->@*;
		return Bench::Client::post('/auth/token', encode_json({
			grant_type => 'authorization_code', code => $code,
			code_verifier => $verifier}));
	}, body => $keep);
	die "codes are not exchanged\n" if ($statuses->{200} // 0) != $n;
	Bench::Stack::_spew(_file($s, 'access'),  join "\n", @access,  '');
	Bench::Stack::_spew(_file($s, 'refresh'), join "\n", @refresh, '');
}

sub _file ($s, $what) { return $s->var . "/tokens-$what" }

# [code, verifier]; a verifier is a number with many zeros before it.
sub _codes ($s, $n)
{
	my $from = $s->fresh($n);
	return map { my ($code, $i) = split /\|/;
		[$code, sprintf '%043d', $i] } split /\n/, $s->sql(<<~SQL);
		with i as (
			select id, row_number() over () - 1 as n from auth.identities),
		flow as (
			select gen_random_uuid() as id, i.id as identity_id,
				$from + g as number
			from generate_series(0, $n - 1) as g
			join i on i.n = g % @{[ACCOUNTS]}),
		put as (
			insert into auth.flows (id, identity_id, challenge)
			select id, identity_id, rtrim(translate(encode(sha256(
				lpad(number::text, 43, '0')::bytea), 'base64'),
				'+/', '-_'), '=')
			from flow)
		select id, number from flow;
		SQL
}

# --- Programs ------------------------------------------------------------------

sub _build ($s)
{
	my $top = $Postern::top;
	my @objects = map { s{^\Q$top/\E(.*)c$}{$top/build/release/$1o}r }
		map { glob "$top/fcgi/$_/*.c" } qw(base core io);
	my @cc = ($ENV{CC} // 'gcc', qw(-std=gnu11 -O2 -flto=auto));
	system(@cc, "-I$top/fcgi", '-I/usr/include/postgresql', '-o',
		$s->var . '/argon2', "$Bench::Measure::dir/argon2.c", @objects,
		qw(-lfcgi -lpq -ljson-c -lcrypto -largon2 -lcurl)) == 0
		or die "argon2.c does not build\n";
	system(@cc, '-o', $s->var . '/paced', "$Bench::Measure::dir/paced.c") == 0
		or die "paced.c does not build\n";
}

# Hashes per second, see argon2.c.  Its locks are its own.
sub _argon2 ($s, $how, $seconds)
{
	my $time = Bench::Measure::machine_time();
	my $job  = Bench::Measure::begin(
		limit   => $seconds + 40,
		command => [$s->var . '/argon2', $how, $cores, $seconds, PASSWORD,
			$s->{secret}, $s->var . '/argon2-state']
	);
	my $text = Bench::Measure::finish($job);
	my ($rate) = $text =~ /^RESULT rate=([\d.]+)/m or die "argon2: $text\n";
	return {rps => $rate, lost => Bench::Measure::lost($time,
		$job->{cpu} * 1e9)};
}

# --- A1 to A4 ------------------------------------------------------------------

my %work = (
	A1   => \&_bearer,
	'A1+' => \&_bearer_many,
	A4   => \&_refresh
);

sub run ($s, $id, $seconds) { return $work{$id}->($s, $seconds) }

sub _wrk ($s, $script, %o)
{
	my $r = Bench::Measure::wrk_cpu(url => $s->url, script => $script,
		groups => $s->groups, %o);
	die "$script->[0]: $r->{errors} requests failed\n" if $r->{errors};
	return $r;
}

# The statements are prepared and the tokens have been seen.
sub _with_tokens ($s, $n, $seconds)
{
	sessions($s, $n);
	my $script = ['bearer.lua', '/users?name=', $first, $last, int rand 1e9,
		_file($s, 'access')];
	_wrk($s, $script, seconds => 1);
	return _wrk($s, $script, seconds => $seconds);
}

sub _bearer ($s, $seconds) { return _with_tokens($s, ACCOUNTS, $seconds) }
sub _bearer_many ($s, $seconds) { return _with_tokens($s, SESSIONS, $seconds) }

sub _refresh ($s, $seconds)
{
	sessions($s, SESSIONS);
	return _wrk($s, ['refresh.lua', _file($s, 'refresh')],
		seconds => $seconds);
}

sub _signin_script () { return ['signin.lua', ACCOUNTS, _body()] }

# Sign-ins are few: twice the time.
sub _signin ($s, $seconds)
{
	return _wrk($s, _signin_script(), seconds => 2 * $seconds,
		c => CONNECTIONS, groups => $s->groups('ours', 'auth'));
}

# R1 at half of what it reached in this round, alone or beside sign-ins.
sub _half ($s, $rps, $seconds, $beside)
{
	my $groups = $s->groups('ours', 'api', 'auth');
	my ($before, $time) = (Bench::Measure::cpu_of($groups),
		Bench::Measure::machine_time());
	my $job = $beside && Bench::Measure::wrk_begin(url => $s->url,
		script => _signin_script(), seconds => $seconds + 2,
		c => CONNECTIONS);
	sleep 1 if $beside;
	my $r = Bench::Measure::paced(program => $s->var . '/paced',
		port => $s->port, rate => $rps / 2, seconds => $seconds,
		arguments => [64, '/users?name=', $first, $last]);
	my $spent = $r->{cpu};
	if ($beside) {
		$r->{signins} = Bench::Measure::wrk_end($job);
		$spent += $job->{cpu};
		die "sign-ins failed beside R1\n" if $r->{signins}{errors};
	}
	my $used = Bench::Measure::since($before, Bench::Measure::cpu_of($groups));
	$r->{lost} = Bench::Measure::lost($time,
		Bench::Measure::sum(values %$used) + $spent * 1e9);
	die "R1 at half load: $r->{errors} requests failed\n" if $r->{errors};
	return $r;
}

# What is compared with nothing else, at the end of a round.
sub round ($s, $r1, $seconds)
{
	return (
		A2           => _signin($s, $seconds),
		'A2 argon2'  => _argon2($s, 'ours', 2 * $seconds),
		'A2 kept'    => _argon2($s, 'kept', 2 * $seconds),
		'A3 alone'   => _half($s, $r1->{rps}, $seconds, 0),
		'A3 beside'  => _half($s, $r1->{rps}, $seconds, 1)
	);
}

# --- What is compared ------------------------------------------------------------

# Each: what, at least or at most, the aim, the ratio of a round, decimals.
our @aims = (
	['A1 of R1', 'least', 0.80, sub ($r) { $r->{A1}{rps} / $r->{R1}{rps} }],
	['A2 of what Argon2 alone allows', 'least', 0.90,
		sub ($r) { $r->{A2}{rps} / $r->{'A2 argon2'}{rps} }],
	['A3: p99 of R1 at half load beside sign-ins, times that alone',
		'most', 2,
		sub ($r) { $r->{'A3 beside'}{p99} / $r->{'A3 alone'}{p99} }],
	['A4 of W3', 'least', 0.50, sub ($r) { $r->{A4}{rps} / $r->{W3}{rps} }]
);

# [name, ratio] of one round.
sub ratios ($r)
{
	return map { [$_->[0] =~ /^(A\d)/, $_->[3]->($r)] } @aims;
}

# --- Memory --------------------------------------------------------------------

# Of the workers that sign in, from their start: KiB of each.
sub memory ($s)
{
	my @pids = $s->workers('auth');
	my ($before, $body, $tail) = (_sizes(@pids), _body());
	my $some = sub ($n) {
		my $statuses = Bench::Client::exactly($s->port, $n, CONNECTIONS,
			sub ($i) {
				my $number = 1 + $i % ACCOUNTS;
				return Bench::Client::post('/auth/signin',
					$body . $number . $tail);
			}, limit => 60 + $n);
		die "not every sign-in is right\n" if ($statuses->{200} // 0) != $n;
		sleep 1;
		return _sizes(@pids);
	};
	my %r = (workers => scalar @pids, n => MEMORY, before => $before,
		few => $some->(10 * @pids), after => $some->(MEMORY * @pids));
	die "the workers are not the same any more\n"
		if "@pids" ne join ' ', $s->workers('auth');
	for my $k (keys $before->%*) {
		my @grown = map { $r{after}{$k}[$_] - $before->{$k}[$_] } 0 .. $#pids;
		($r{grown}{$k}) = sort { $b <=> $a } @grown;
	}
	return \%r;
}

sub _sizes (@pids)
{
	return {map { $_ => [Bench::Measure::memory($_, @pids)] }
		qw(Private_Dirty Rss)};
}

1;
