# What the edge does for accounts: who is asked, what he is told, how often.
use v5.36;
use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Postern;
use Auth;
use Recorder;

# A stack whose pools only tell what they were told.
sub recorded (%opt)
{
	my $p = Postern->start(workers => 1, %opt);
	for my $pool (qw(api auth bulk)) {
		my ($pid) = $p->pids($pool);
		kill TERM => $pid;
		for (1 .. 200) {
			last if !-e "/proc/$pid/exe";
			sleep 0.05;
		}
		$p->{recorder}{$pool} =
			Recorder->listen("$p->{var}/run/$pool.sock", $pool);
	}
	return $p;
}

my $p = recorded();

# What a worker was told by a request.
sub told ($method, $target, %headers)
{
	return $p->http($method => $target, headers => \%headers)->{json}{params};
}

my %CALLER = (
	Authorization    => 'Bearer a.b.c',
	Cookie           => 'edgedb-auth-token=a.b.c',
	Origin           => 'https://app.example',
	'Sec-Fetch-Site' => 'same-origin',
	'X-Hasura-Role'  => 'admin'
);

subtest 'every worker learns who calls, and from which page' => sub {
	for my $path ('/users', '/auth/me', '/auth/signin', '/db/d/ext/auth/token') {
		my $params = told(GET => $path, %CALLER);
		is $params->{'HTTP_' . uc s/-/_/gr}, $CALLER{$_}, "$path: $_"
			for sort keys %CALLER;
		is_deeply [grep { /COOKIE|ORIGIN|SEC_|HASURA|AUTHORIZATION/ }
			keys told(GET => $path)->%*], [], '... and not what is not there';
	}
};

subtest 'where a session is opened, and by what, is told of accounts only' => sub {
	for my $path ('/auth/signin', '/auth/me', '/branch/b/ext/auth/token') {
		my $params = told(GET => $path, 'User-Agent' => 'curl/8');
		is $params->{REMOTE_ADDR},     '127.0.0.1', "$path: the address";
		is $params->{HTTP_USER_AGENT}, 'curl/8',    '... and the agent';
	}
	is_deeply [grep { /REMOTE|AGENT/ } keys told(GET => '/users',
		'User-Agent' => 'curl/8')->%*], [], 'other requests do without';
};

sub pool_of ($method, $path)
{
	return $p->http($method => $path)->{json}{pool};
}

my @HASHING = qw(signin authenticate password account reset-password signup
	register);

subtest 'only what hashes a password goes to the auth pool' => sub {
	for my $base ('/auth', '/branch/main/ext/auth', '/db/postern/ext/auth') {
		is pool_of(POST => "$base/$_"), 'auth', "$base/$_"
			for map { ($_, "$_/") } @HASHING;
		is pool_of(GET => "$base/$_"), 'api', "$base/$_"
			for qw(token refresh verify me sessions signout
			resend-verification-email send-reset-email signin/x signin2);
	}
	is pool_of(DELETE => '/auth/sessions/1'), 'api', 'DELETE /auth/sessions/1';
	is pool_of(DELETE => '/auth/account'), 'auth', 'DELETE /auth/account';
	is pool_of(GET => "/.well-known/$_"), 'api', "/.well-known/$_"
		for qw(jwks.json oauth-authorization-server/auth);
	is pool_of(GET => '//auth/./%73ignin'), 'auth', 'however it is spelled';
	is pool_of(GET => $_), 'api', "$_ is no route of accounts"
		for qw(/authors /auth /branch /db /users/auth/signin
		/branch/0190b7c5-0000-7000-8000-000000000000);
};

subtest 'bodies are small and arrive whole' => sub {
	for my $path (qw(/auth/signin /auth/token)) {
		my $r = $p->http(POST => $path, body => ' ' x 65_536);
		is $r->{json}{bytes}, 65_536, "$path: 64 KiB";
		is $p->http(POST => $path, body => ' ' x 65_537)->{status}, 413,
			'... and no more';
	}
};

subtest 'a worker that dies is asked again for a read only' => sub {
	my %times = ('GET /auth/me/die' => 2, 'POST /auth/token/die' => 1,
		'DELETE /auth/sessions/die' => 1, 'GET /.well-known/die' => 2);
	for my $what (sort keys %times) {
		my $r = $p->http(split / /, $what);
		is "$r->{status} $r->{body}", '502 {"detail":"Bad Gateway"}', $what;
		is scalar(grep { $_ eq $what } $p->{recorder}{api}->seen),
			$times{$what}, "... is tried $times{$what} times";
	}
};

subtest 'what is said of accounts is not stored' => sub {
	my %why = (
		200 => [GET  => '/auth/me'],
		413 => [POST => '/auth/signin', body => ' ' x 70_000],
		502 => [POST => '/auth/signout/die']
	);
	for my $status (sort keys %why) {
		my $r = $p->http($why{$status}->@*);
		is $r->{status}, $status, "status $status";
		is $r->{headers}{'cache-control'}, 'no-store', '... with no-store';
	}
	my $r = $p->http(GET => '/.well-known/jwks.json?x=Cache-Control:max-age');
	is $r->{headers}{'cache-control'}, 'max-age', 'unless a worker knows better';
	is $p->http(POST => '/users', body => 'x' x 1_100_000)
		->{headers}{'cache-control'}, undef, 'other errors have none';
};

# Wait until the access log has the line.
sub logged ($what)
{
	for (1 .. 50) {
		return 1 if $p->log('access') =~ $what;
		sleep 0.1;
	}
	return 0;
}

subtest 'no log holds a token or a code' => sub {
	my @secret = map { "sesame$_" } 1 .. 8;
	my @paths = ('/auth/verify', '/auth/token', '/branch/b/ext/auth/token',
		'/db/d/ext/auth/verify', '/%61uth/verify', '/auth/verify/die',
		'/x/..//%64b/%61', '/auth/verify%zz');
	$p->http(GET => "$paths[$_]?verification_token=$secret[$_]") for 0 .. 7;
	$p->http(POST => '/auth/verify/die?code=sesame9');
	$p->http(POST => '/auth/verify?code=sesame10', body => ' ' x 70_000);
	$p->http(GET => '/users?name=last');
	ok logged(qr{/users\?name=last}), 'the queries of other paths are logged';
	ok logged(qr{"uri":"/auth/verify\?\.\.\."}), 'of these only the path';
	unlike $p->log($_), qr/sesame/, "$_ log" for qw(access nginx);
};

subtest 'a page may send what an account needs' => sub {
	for my $asked ([DELETE => '/auth/sessions/1', 'authorization'],
		[POST => '/auth/signout', 'authorization, content-type'],
		[POST => '/users', 'authorization, content-type, x-hasura-role'])
	{
		my ($method, $path, $headers) = @$asked;
		my $r = $p->http(OPTIONS => $path, headers => {
			Origin => 'http://localhost:3000',
			'Access-Control-Request-Method'  => $method,
			'Access-Control-Request-Headers' => $headers
		});
		is $r->{status}, 200, "$method $path";
		my %got = $r->{headers}->%*;
		like $got{'access-control-allow-methods'}, qr/\b$method\b/,
			'... the method';
		is $got{'access-control-allow-headers'}, $headers, '... the headers';
		is $got{'access-control-allow-credentials'}, 'true', '... the cookie';
	}
	my $r = $p->http(GET => '/auth/me',
		headers => {Origin => 'http://localhost:3000'});
	like $r->{headers}{'access-control-expose-headers'},
		qr/\bWWW-Authenticate\b/, 'and read why it is not signed in';
};

# Ask until it is too often, at most $most times more than there may be; how
# often it was not, and the last answer.
sub until_refused ($q, $most, @request)
{
	my ($n, $r) = (0);
	while ($n <= $most) {
		$r = $q->http(@request);
		last if $r->{status} != 200;
		$n++;
	}
	return ($n, $r);
}

# The first route is asked, then the others of its kind.
my @KINDS = (
	{burst => 11, wait => 6, routes => [qw(signin authenticate password
		account reset-password)]},
	{burst => 10, wait => 30, routes => [qw(signup register)]},
	{burst => 30, wait => 60, routes => [qw(send-reset-email
		resend-verification-email)]},
	{burst => 16, wait => 4, routes => ['verify']},
	{burst => 31, wait => 2, routes => [qw(token refresh)]}
);

subtest 'each kind of route has its own rate' => sub {
	my $q = recorded(instance => {RATE_LIMIT => 'all'});
	for my $kind (@KINDS) {
		my ($first, @others) = $kind->{routes}->@*;
		my $began = time;
		my ($n, $r) =
			until_refused($q, 2 * $kind->{burst}, POST => "/auth/$first");
		my $more = (time - $began) / $kind->{wait} + 1;
		cmp_ok $n, '>=', $kind->{burst}, "$first: $kind->{burst} at once";
		cmp_ok $n, '<=', $kind->{burst} + $more, '... not many more';
		is $r->{status}, 429, '... then it is refused';
		is $r->{headers}{'retry-after'}, $kind->{wait}, '... for so long';
		is $r->{headers}{'cache-control'}, 'no-store', '... not stored';
		is $r->{body}, '{"detail":"Too Many Requests"}', '... in JSON';
		cmp_ok +(until_refused($q, 5, POST => "/$_"))[0], '<', 5,
			"$_ counts with it"
			for (map { "auth/$_" } @others), "db/x/ext/auth/$first",
			"auth/$first/";
	}
	is +(until_refused($q, 29, GET => $_))[0], 30, "$_ goes on"
		for qw(/auth/me /users /.well-known/jwks.json);
	is +(until_refused($p, 39, POST => '/auth/signin'))[0], 40,
		'on loopback there is no limit unless one asks for it';
};

# An edge that believes a header where its clients are.
sub anywhere ()
{
	my $q = recorded(instance => {RATE_LIMIT => 'all'});
	open my $out, '>>', "$q->{var}/nginx/postern/limits.conf" or die;
	print {$out} "real_ip_header X-Test;\nset_real_ip_from 127.0.0.1;\n";
	close $out;
	my ($pid) = Postern::_slurp("$q->{var}/run/nginx.pid") =~ /(\d+)/;
	kill HUP => $pid;
	for (1 .. 100) {
		my $r = $q->http(GET => '/auth/me', headers => {'X-Test' => '::a'});
		return $q if $r->{json}{params}{REMOTE_ADDR} eq '::a';
		sleep 0.1;
	}
	die "nginx did not take its new configuration\n";
}

subtest 'a network of IPv6 is one client' => sub {
	my $q = anywhere();
	my $sign_up = sub ($from) {
		$q->http(POST => '/auth/signup', headers => {'X-Test' => $from})
			->{status} };
	for my $net (['2001:db8:1:2:%x::1', '2001:db8:1:3::1'],
		['2001:db8:1::%x:2:3', '2001:db8:1:1::2'],
		['2001:db8:2:0:%x:2:3:4', '2001:db8:2:1::2'],
		['2001:db9::%x:2:3:4', '2001:db9:0:1::2'],
		['2a00::%x', '2a00:0:0:1::2'],
		['2a01::5:%x:2:3:4', '2a01::6:1:2:3:4'])
	{
		my ($one, $other) = @$net;
		my @said = map { $sign_up->(sprintf $one, $_) } 1 .. 12;
		is scalar(grep { $_ == 429 } @said), 2, "$one: ten, whatever the host";
		is $sign_up->($other), 200, "$other is another";
	}
	is $sign_up->("::ffff:192.0.2.$_"), 200, 'addresses of IPv4 are one each'
		for 1 .. 12;
};

subtest 'and with the workers behind it' => sub {
	my $q = Postern->start;
	my $user = $q->signup(name => 'Ada');
	ok $user->{token}, 'one signs up';
	my $r = $q->http(POST => '/auth/signin', json => {
		provider => 'builtin::local_emailpassword', %$user{qw(email password)}
	}, headers => {'User-Agent' => 'phone/1'});
	is $r->{status}, 200, '... and in';
	$r = $q->http(GET => '/auth/sessions', headers => bearer($user));
	is "$r->{json}[0]{agent} $r->{json}[0]{address}", 'phone/1 127.0.0.1',
		'... and sees by what and from where';
	is $q->http(GET => '/auth/me', headers => cookie($user))->{status}, 200,
		'the cookie is good';
	is $q->http(POST => '/users', json => {name => 'B'}, headers =>
		{cookie($user)->%*, 'Sec-Fetch-Site' => 'cross-site'})->{status}, 403,
		'... but not from another site';
	is $q->http(GET => '/users', headers =>
		{bearer($user)->%*, 'X-Hasura-Role' => 'admin'})->{status}, 403,
		'a role that one has not';
	is $q->http(GET => '/users', headers => bearer('x.y.z'))->{status}, 401,
		'a token that is none';
};

done_testing;
