#!/usr/bin/perl
# Requests that run as somebody: what becomes of them when their connection
# breaks, their role is gone, or their session ends, and that nobody is taken
# for another.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep);

use Auth;
use AuthServer;
use Load;
use Postern;
use Rest;

my $p = Postern->start(
	own_cluster => 1,
	workers     => 1,
	env         => {POSTERN_LANES => 1, POSTERN_ARGON2 => 'm=256,t=1,p=1'}
);
sub admin ($text) { $p->sql($text, as => 'postgres') }

# Tells who asks, and of what claims.
admin(<<~SQL);
	create view api.whoami as
	select current_user::text as name,
		coalesce(current_setting('request.jwt.claims', true), '') as claims;
	grant select on api.whoami to postern_anonymous, postern_member;
	notify postern;
	SQL
my $u      = signup($p, name => 'Ada');
my $bearer = "Authorization: Bearer $u->{token}";
until_true(5, sub { $p->http(GET => '/whoami?limit=1')->{status} == 200 })
	or BAIL_OUT('the view does not appear');

# Who a request ran as, and whether it had claims.
sub who ($target, $headers = {})
{
	my $r = $p->http(GET => $target, headers => $headers);
	my $row = ref $r->{json} eq 'ARRAY' ? $r->{json}[0] : {};
	return join ' ', $r->{status}, $row->{name} // '',
		($row->{claims} // '') =~ /"sub"/ ? 'with claims' : ();
}

sub is_himself ($name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is who('/whoami?limit=1', bearer($u)),
		'200 postern_member with claims', "$name: who is signed in is a member";
	is who('/whoami?limit=1'), '200 postern_anonymous',
		'... and who is not is nobody, right after on the same connection';
}

# A request on its way; $answer->() waits for what comes of it.
sub begin (@request)
{
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		PeerPort => $p->port) or die "cannot connect: $!\n";
	print {$socket} request(@request);
	$socket->flush;
	return sub { local $/; Postern::parse(scalar(<$socket>) // '') };
}

# Holds a table until $release->().
sub hold ($table)
{
	my $pid = open(my $psql, '|-', 'psql', '-qX', $p->conninfo('postgres'))
		// die "psql: $!\n";
	print {$psql} "begin; lock table $table in access exclusive mode;\n";
	$psql->flush;
	until_true(5, sub { admin("select count(*) from pg_locks where relation
		= '$table'::regclass and mode = 'AccessExclusiveLock'
		and granted") == 1 }) or die "no lock\n";
	return sub { close $psql };
}

sub waits ()
{
	return until_true(5, sub { admin("select count(*) from pg_stat_activity
		where application_name = 'postern api' and wait_event_type = 'Lock'")
		== 1 });
}

sub kill_backends ()
{
	return admin("select count(pg_terminate_backend(pid))
		from pg_stat_activity where application_name = 'postern api'");
}

is_himself('at first');
is who('/whoami', bearer($u)), '200 postern_member with claims',
	'a stream runs as who asks for it';
is who('/whoami'), '200 postern_anonymous', '... and the next as nobody';
is who('/whoami', cookie($u)), '200 postern_member with claims',
	'a stream by cookie does, too';

subtest 'a connection that breaks under a read' => sub {
	my $release = hold('api.users');
	my $answer  = begin(GET => '/users?name=Ada', undef, $bearer);
	ok waits(), 'it waits';
	is kill_backends(), 1, 'its backend ends';
	ok waits(), 'it waits again';
	$release->();
	my $r = $answer->();
	is "$r->{status} " . ($r->{json}{name} // ''), '200 Ada', 'it is answered';
	is_himself('then');
};

subtest 'a connection that breaks under a write' => sub {
	my $release = hold('api.users');
	my $answer  = begin(POST => '/users', '{"name":"Once"}', $bearer);
	ok waits(), 'it waits';
	is kill_backends(), 1, 'its backend ends';
	ok waits(), 'the server had said that nothing was done: it waits again';
	$release->();
	is $answer->()->{status}, 201, 'it is done';
	is admin("select count(*) from api.users where name = 'Once'"), 1, '... once';
	is_himself('then');
};

# The lane is one: what is sent behind a request that waits is behind it in
# the same pipeline.
subtest 'a session that ends between two requests' => sub {
	my $other   = signup($p, name => 'Leaver');
	my $head    = "Authorization: Bearer $other->{token}";
	# Prepared it waits when it runs, behind the statement that lets it in.
	is $p->http(GET => '/events?limit=1', headers => bearer($other))->{status},
		200, 'a session lives';
	my $release = hold('api.events');
	my $first   = begin(GET => '/events?limit=1', undef, $head);
	ok waits(), 'the first is at its statement';
	my @behind = (begin(GET => '/users?name=Leaver', undef, $head),
		begin(POST => '/users', '{"name":"Too late"}', $head),
		begin(GET => '/users?name=Leaver'),
		begin(GET => '/users?name=Leaver', undef, $bearer));
	my $session = claims_of($other->{token})->{sid};
	is admin("delete from auth.sessions where id = '$session' returning 1"), 1,
		'then it ends';
	$release->();
	is $first->()->{status}, 200, 'the first had begun before';
	is join(' ', map { $_->()->{status} } @behind), '401 401 200 200',
		'those behind it had not; others are not disturbed';
	is admin("select count(*) from api.users where name = 'Too late'"), 0,
		'nothing was written';
	is_himself('then');
};

subtest 'a role that is gone' => sub {
	my %sql = (
		'not granted' => ['revoke %s from postern', 'grant %s to postern'],
		'missing' => ['alter role %s rename to elsewhere',
			'alter role elsewhere rename to %s'],
	);
	for my $how (sort keys %sql) {
		my ($take, $give) = $sql{$how}->@*;
		admin(sprintf $take, 'postern_member');
		my $r = $p->http(GET => '/whoami?limit=1', headers => bearer($u));
		is $r->{status}, 500, "$how: a member is told that it is our fault";
		unlike $r->{body}, qr/postern|role|SQL/, '... and nothing else';
		is $p->http(GET => '/whoami', headers => bearer($u))->{status}, 500,
			'... in a stream, too';
		is who('/whoami?limit=1'), '200 postern_anonymous',
			'others are served';
		admin(sprintf $give, 'postern_member');
		is_himself('when it is back');

		admin(sprintf $take, 'postern_auth');
		is auth($p, authenticate => {email => $u->{email},
			password => $u->{password}, challenge => 'c'})->{status}, 500,
			"$how: signing in is told so";
		admin(sprintf $give, 'postern_auth');
		ok signin($p, %$u)->{token}, 'when it is back, one signs in';
	}
	like $p->log('api'), qr/"level":"error".*postern_member/,
		'the log names the role';
};

subtest 'a function of an older or a newer schema' => sub {
	my $args = 'email text, hash text, challenge text';
	admin(<<~SQL);
		alter function auth.verify_by_code($args) rename to verify_before;
		create function auth.verify_by_code($args) returns setof text
		language sql as \$\$ select 'ok'::text where false \$\$;
		grant execute on function auth.verify_by_code to postern_auth;
		SQL
	my $r = from($p, '192.0.2.9', POST => '/auth/verify', json => {
		provider => $PROVIDER, email => $u->{email}, code => '123456'});
	refuses($r, 403, 'NoIdentityFound', qr/Could not find/,
		'no row is no answer, whatever the question before it brought');
};

undef $p;
$p = Postern->start(workers => 4, env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});
subtest 'signing out in front of many workers' => sub {
	my $one = signup($p, name => 'Everywhere');
	my @many = (request(GET => '/users?name=Everywhere', undef,
		"Authorization: Bearer $one->{token}")) x 64;
	my @before = map { $_->{status} } volley($p, @many);
	is_deeply \@before, [(200) x 64], 'all of them know who it is';
	is $p->http(POST => '/auth/signout', headers => bearer($one))->{status},
		204, 'then he signs out';
	my @after = map { $_->{status} } volley($p, @many);
	is_deeply \@after, [(401) x 64], 'none of them takes the token any more';
};

done_testing;
