#!/usr/bin/perl
# A worker that has served a thousand requests of every kind leaves nothing
# behind and has touched nothing that was not its own: under valgrind, and
# under ASan and UBSan.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use FastCGI;
use File::Temp qw(tempdir);
use POSIX qw(WNOHANG);
use Postern;
use Time::HiRes qw(sleep time);

use constant {
	REQUESTS => 1000,
	START    => 30,     # seconds until a worker listens and serves
	LEAVE    => 30,     # seconds until it has ended
};

my $top = $Postern::top;
my $dir = tempdir('postern-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $plain = "$top/build/plain/postern";
my %running;

END { local $?; kill KILL => keys %running }

my ($valgrind) = grep { -x } map { "$_/valgrind" } split /:/, $ENV{PATH};
plan skip_all => 'valgrind is not installed' if !$valgrind;
system('make', '-s', '-C', $top, 'debug', 'build/plain/postern') == 0
	or BAIL_OUT('the programs do not build');

# ---- a worker -------------------------------------------------------------

sub slurp ($path)
{
	open my $file, '<', $path or return '';
	local $/;
	return <$file> // '';
}

# A worker that spawn-fcgi has bound a socket for.
sub worker ($name, $p, @command)
{
	my %w = (socket => "$dir/$name.sock", log => "$dir/$name.log");
	$w{pid} = fork // die "fork: $!";
	if (!$w{pid}) {
		%running = ();
		$ENV{POSTERN_CONFIG}    = '/dev/null';
		$ENV{POSTERN_DATABASE}  = $p->conninfo('postern');
		$ENV{POSTERN_BODY_MAX}  = 4096;
		$ENV{POSTERN_LOG_LEVEL} = 'debug';
		$ENV{POSTERN_KEYS}      = $p->key_file;
		$ENV{POSTERN_STATE}     = $dir;
		$ENV{POSTERN_ARGON2}    = 'm=64,t=1,p=1';
		open STDIN,  '<', '/dev/null';
		open STDOUT, '>', $w{log};
		open STDERR, '>&', \*STDOUT;
		exec 'spawn-fcgi', '-n', '-s', $w{socket}, '--', @command
			or POSIX::_exit(127);
	}
	$running{$w{pid}} = 1;
	return \%w;
}

sub serves ($w)
{
	my $end = time + START;
	while (time < $end) {
		my $r = FastCGI->new($w->{socket})->ask(GET => '/health_check');
		return 1 if $r && $r->{ended};
		return 0 if waitpid($w->{pid}, WNOHANG) == $w->{pid};
		sleep 0.1;
	}
	return 0;
}

# The exit status; undef when it had to be killed.
sub leaves ($w)
{
	my $end = time + LEAVE;
	kill TERM => $w->{pid};
	while (time < $end) {
		if (waitpid($w->{pid}, WNOHANG) == $w->{pid}) {
			my $status = $?;
			delete $running{$w->{pid}};
			return $status;
		}
		sleep 0.05;
	}
	return undef;
}

# ---- requests -------------------------------------------------------------

my $event = '{"name":"Fair %d","address":"Here","schedule":'
	. '"2020-01-02T03:04:05+02:00","host_name":"Ada %d"}';
my $account = '"email":"a%d@example.org","password":"correct horse %d"';
my $provider = '"provider":"builtin::local_emailpassword"';
my $form = {CONTENT_TYPE => 'application/x-www-form-urlencoded'};
my $bearer = {HTTP_AUTHORIZATION => 'Bearer %t'};
my $page = {HTTP_COOKIE => 'edgedb-auth-token=%t',
	HTTP_SEC_FETCH_SITE => 'same-origin'};
my $nobody = '/users/00000000-0000-7000-8000-000000000000';

my $strict = {HTTP_ACCEPT => 'application/vnd.api+json'};
my $operations = '{"atomic:operations":[{"op":"add","data":{"type":"user",'
	. '"lid":"u","attributes":{"name":"Jay %d"}}},{"op":"add","data":{"type":'
	. '"event","attributes":{"name":"Jam %d","address":"x","schedule":'
	. '"2030-01-01T00:00:00Z"},"relationships":{"host":{"data":{"type":'
	. '"user","lid":"u"}}}}}]}';

# One row per kind: method, target, status, body, params; %d is the round, %t
# the last token, %r the last refresh token, %c the last code.
my @kinds = (
	['POST', '/users', 201, '{"name":"Ada %d"}'],
	['POST', '/users', 400, '{"name":"Ada %d"}'],
	['POST', '/events', 201, $event],
	['GET', '/users?name=Ada%%20%d', 200],
	['GET', '/users?name=Ada%%20%d', 304, undef,
		{HTTP_IF_NONE_MATCH => '*'}],
	['HEAD', '/events?name=Fair%%20%d', 200],
	['GET', '/events?name=Fair%%20%d', 200],
	['GET', '/users?limit=2&order=-created_at', 200],
	['GET', '/events?limit=1&name[ilike]=F%%25&schedule[lt]='
		. '2030-01-01T00:00:00Z', 200],
	['GET', '/users', 200],
	['GET', '/events?order=-name', 200],
	['GET', '/users', 200, undef, {POSTERN_BULK => '@bulk'}],
	['PUT', '/events?current_name=Fair%%20%d', 200, $event],
	['PUT', '/users?current_name=Nobody', 404, '{"name":"Eve"}'],
	['PUT', '/users?current_name=Ada%%20%d', 412, '{"name":"Eve"}',
		{HTTP_IF_MATCH => '"1-2", W/"3-4"'}],
	['POST', '/users', 201, '{"name":"Eve %d"}',
		{HTTP_PREFER => 'return=minimal'}],
	['PUT', '/users?current_name=Eve%%20%d', 400, '{"name":"Ada %d"}'],
	['DELETE', '/users?name=Eve%%20%d', 200],
	['DELETE', '/users?name=Eve%%20%d', 404],
	['DELETE', '/events?name=Fair%%20%d', 200],
	['POST', '/users', 422, '{"name":null,"id":%d}'],
	['POST', '/users', 422, '{"name":"%d'],
	['POST', '/users', 413, '{"name":"' . 'x' x 5000 . '"}'],
	['POST', '/events', 400, $event =~ s/"2020[^"]*"/"soon"/r],
	['GET', $nobody, 404],
	['PATCH', $nobody, 404, '{"name":"%d"}'],
	['GET', '/users?limit=%d&after=WyJub25lIl0', 422],
	['GET', '/users?limit=0&order=x&id[eq]=y&name[z]=1', 422],
	['GET', '/users?%%zz', 400],
	['GET', '/no/such/table/%d', 404],
	['TRACE', '/users', 405],
	['GET', '/users/', 307],
	['GET', '/openapi.json', 200],
	['POST', '/auth/signup', 200, "{$account,\"name\":\"Jo %d\"}"],
	['POST', '/auth/signup', 400, "{$account,\"name\":\"Jo %d\"}"],
	['POST', '/auth/signin', 200, "{$account,$provider}"],
	['POST', '/auth/signin', 400, '{"email":"a%d@example.org",'
		. "\"password\":\"wrong\",$provider}"],
	['GET', '/auth/me', 200, undef, $bearer],
	['GET', '/users?name=Jo%%20%d', 200, undef, $bearer],
	['GET', '/users?name=Jo%%20%d', 401, undef,
		{HTTP_AUTHORIZATION => 'Bearer %tx'}],
	['GET', '/users', 200, undef, {POSTERN_BULK => '@bulk', %$bearer}],
	['GET', '/users', 200, undef, $page],
	['POST', '/events', 403, $event, {HTTP_COOKIE => $page->{HTTP_COOKIE}}],
	['POST', '/auth/authenticate', 200, "{$account,$provider,"
		. '"challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}'],
	['POST', '/auth/token', 200, 'grant_type=authorization_code&code=%c&'
		. 'code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', $form],
	['POST', '/auth/refresh', 200, '{"refresh_token":"%r"}'],
	['POST', '/auth/refresh', 401, '{"refresh_token":"%d"}'],
	['POST', '/auth/send-reset-email', 200, '{"email":"a%d@example.org",'
		. "$provider,\"challenge\":\"x\","
		. '"reset_url":"http://localhost:8000/reset"}'],
	['POST', '/auth/password', 204, '{"old_password":"correct horse %d",'
		. '"new_password":"other horse %d"}', $page],
	['GET', '/auth/sessions', 200, undef, $page],
	['GET', '/auth/verify?provider=x&verification_token=%t', 400],
	['GET', '/.well-known/jwks.json', 200],
	['POST', '/auth/signout', 204, '{"scope":"all"}', $page],
	['POST', '/auth/nothing', 404, '{}'],
	['POST', '/operations', 200, $operations],
	['POST', '/operations', 400, $operations],
	['GET', '/jsonapi/events?include=host.events&sort=-host.name,name'
		. '&page[size]=2&page[number]=1', 200],
	['GET', '/jsonapi/events?include=host&page[after]=&filter[host.name]='
		. 'Jay%%20%d&fields[user]=name', 200, undef, $strict],
	['GET', '/jsonapi/events?include=host', 200, undef,
		{POSTERN_BULK => '@bulk', %$strict}],
	['GET', '/jsonapi/events?filter=x', 400, undef, $strict],
	['GET', '/jsonapi/events/%d/relationships/host', 404],
	['POST', '/jsonapi/users', 422, '{"data":{}}'],
	['DELETE', '/jsonapi/events?filter[name]=Jam%%20%d', 200],
	['DELETE', '/jsonapi/users?filter[name]=Jay%%20%d', 200],
	['GET', '/jsonapi/users', 403],
	['GET', '/health_check', 200],
);

my %last;

sub remember ($r)
{
	my $cookie = $r->{headers}{'set-cookie'} // '';
	my $body = $r->{body} // '';
	$last{t} = $1 if $cookie =~ /edgedb-auth-token=([^;]+)/
		|| $body =~ /"access_token":"([^"]+)/;
	$last{r} = $1 if $body =~ /"refresh_token":"([^"]+)/;
	$last{c} = $1 if $body =~ /"code":"([^"]+)/;
}

sub round_of ($text, $n)
{
	return $text if !defined $text;
	return {map { $_ => round_of($text->{$_}, $n) } keys %$text} if ref $text;
	$text =~ s/%d/$n/g;
	$text =~ s/%([trc])/$last{$1}/g;
	return $text =~ s/%%/%/gr;
}

# Kept connections, and now and then one for a single request.
sub ask_all ($w)
{
	my @clients = map { FastCGI->new($w->{socket}, keep => $_ > 0) } 0 .. 4;
	my ($wrong, $first) = (0, '');
	for my $i (0 .. REQUESTS - 1) {
		my ($method, $target, $status, $body, $params) =
			$kinds[$i % @kinds]->@*;
		my $n = int($i / @kinds);
		my $r = $clients[$n % @clients]->ask(
			$method => round_of($target, $n),
			body => round_of($body, $n),
			params => round_of($params, $n));
		remember($r) if $r;
		my $got = $r && $r->{ended} ? $r->{status} : 'nothing';
		next if $got eq $status;
		$first ||= "$method $target: $got instead of $status";
		$wrong++;
	}
	$_->close for @clients;
	is $wrong, 0, REQUESTS . ' requests are answered as they should be'
		or diag $first;
}

# What no client should send, and clients that leave before the answer.
sub be_rude ($w)
{
	my $c = FastCGI->new($w->{socket}, keep => 1);
	my $request = $c->request(GET => '/users');
	for my $bytes ('', "\0", "GET / HTTP/1.0\r\n\r\n", "\1" x 100,
		substr($request, 0, 20), $request, $request) {
		$c->raw($bytes);
		$c->close;
	}
	my $r = FastCGI->new($w->{socket})->ask(GET => '/health_check');
	ok $r && $r->{ended}, 'rude clients harm nobody';
}

sub exercise ($w)
{
	if (!ok serves($w), 'it serves') {
		diag slurp($w->{log});
		return;
	}
	ask_all($w);
	be_rude($w);
	is leaves($w), 0, 'it ends well when told to'
		or diag slurp($w->{log});
}

# ---- both -----------------------------------------------------------------

subtest 'under ASan and UBSan' => sub {
	local $ENV{ASAN_OPTIONS} = 'detect_leaks=1:exitcode=99:'
		. 'detect_stack_use_after_return=1';
	local $ENV{UBSAN_OPTIONS} = 'print_stacktrace=1';
	my $p = Postern->database;
	my $w = worker('asan', $p, "$top/build/debug/postern");
	exercise($w);
	unlike slurp($w->{log}), qr/Sanitizer|runtime error/,
		'no sanitizer has anything to say';
};

subtest 'under valgrind' => sub {
	my $said = "$dir/valgrind";
	my $p = Postern->database;
	my $w = worker('valgrind', $p, $valgrind, '-q',
		"--log-file=$said", '--leak-check=full', '--error-exitcode=99',
		'--errors-for-leak-kinds=definite,indirect,possible',
		'--show-leak-kinds=definite,indirect,possible', $plain);
	exercise($w);
	is slurp($said), '', 'nor has valgrind';
};

done_testing;
