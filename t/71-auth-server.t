#!/usr/bin/perl
# The auth server: registering, PKCE, verification, reset, redirects, and how
# it says no.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Load ();
use Postern;
use Rest;

my $base = 'https://api.example.com';
my $app  = 'https://app.example.com/auth';
my $p    = Postern->start(env => {
	POSTERN_ARGON2    => 'm=256,t=1,p=1',
	POSTERN_BASE_URL  => $base,
	POSTERN_REDIRECTS => "$app http://localhost:8000",
});

my $CODE     = qr/\{"code":"$UUID"\}/;
my @required = (params => {POSTERN_VERIFICATION => 'required'});
my @by_code  = (params => {POSTERN_PROOF => 'code'});
my $nobody   = 'Could not find an Identity matching the provided credentials';
my $no_code  = 'Could not find a matching PKCE code';
my $far      = 'Redirect URL does not match any allowed URLs.';
my %said;    # secrets, which no log may hold

# The same by a run of the program with other settings.
sub cgi ($route, $fields, @more)
{
	return $p->cgi(POST => "/auth/$route",
		json => {provider => $PROVIDER, %$fields}, @more);
}

sub form ($path, %fields)
{
	return $p->http(POST => $path, body => substr(uri('', %fields), 1),
		type => 'application/x-www-form-urlencoded');
}

sub fresh ()
{
	state $n = 0;
	$n++;
	return (email => "fresh$n\@example.org", password => "fresh password $n",
		challenge => pkce()->{challenge});
}

# The newest mail to an address, once there are so many.  Where mails do not
# come at all nobody waits for each.
sub mail ($email, $n = 1)
{
	state $come = 1;
	my @mails = $p->mails(to => $email, $come ? (wait => $n) : ());
	$come &&= @mails >= $n;
	is scalar(@mails), $n, "$n mails to $email came";
	my $mail = $mails[-1] // {};
	$said{"a token to $email"} = $mail->{token};
	return $mail;
}

sub traces ()
{
	return $p->sql(<<~'SQL');
		select (select count(*) from auth.identities) || ' identities, '
			|| (select count(*) from auth.factors) || ' factors, '
			|| (select count(*) from postern.outbox) || ' mails'
		SQL
}

subtest 'registering' => sub {
	my %user = fresh();
	my $r = auth($p, register => \%user);
	answers $r, 201, qr/\{"code":"$UUID","email":"\Q$user{email}\E",
		"provider":"\Q$PROVIDER\E"\}/x, 'answers a code';
	is $r->{headers}{'content-type'}, 'application/json', 'as JSON';
	is $r->{headers}{'cache-control'}, 'no-store', 'is not kept';
	is $r->{headers}{'set-cookie'}, undef, 'sets no cookie';
	my $before = traces();
	refuses auth($p, register => {%user, password => 'velvet anchor river'}),
		409, UserAlreadyRegistered => 'This user has already been registered',
		'an address that is taken';
	for my $less (qw(email password)) {
		my %some = fresh();
		delete $some{$less};
		refuses auth($p, register => \%some), 400,
			InvalidData => "Missing 'email' or 'password' in data", "no $less";
	}
	my %some = fresh();
	refuses ask($p, POST => '/auth/register', json => \%some), 400,
		InvalidData => 'Missing "provider" in register request', 'no provider';
	delete $some{challenge};
	refuses auth($p, register => \%some), 400,
		InvalidData => 'Missing "challenge" in register request',
		'no challenge';
	refuses auth($p, register => {fresh(), provider => 'builtin::x'}), 500,
		MissingConfiguration => qr/./, 'a provider that is not configured';
	refuses auth($p, register => {fresh(), $_->[0] => $_->[1]}), 400,
		InvalidData => qr/./, "$_->[0] is " . json($_->[1])
		for [email => 5], [email => ['a@b']], [password => ['long enough']],
		[password => {}], [password => 1234567890], [email => undef],
		[challenge => ['x']], [provider => [$PROVIDER]], [password => 'short'],
		[password => '12345678'];
	refuses auth($p, register => {fresh(),
		verify_url => 'https://evil.example/auth/verify'}), 400,
		InvalidData => 'Verify URL does not match any allowed URLs.',
		'a page of others to verify on';
	is traces(), $before, 'what was refused leaves nothing';

	%user = fresh();
	$user{code_challenge} = delete $user{challenge};
	is auth($p, register => \%user)->{status}, 201,
		'code_challenge is another name';
	is auth($p, register => {fresh(), challenge => 'b4a2-not-base64-at-all'})
		->{status}, 201, 'a challenge is any text';
};

subtest 'registering where verification is required' => sub {
	my %user = fresh();
	delete $user{challenge};
	my $r = cgi(register => \%user, @required);
	answers $r, 201, qr/\{"identity_id":"$UUID","email":"\Q$user{email}\E",
		"verification_email_sent_at":"$STAMP"\}/x, 'answers no code';
	$user{challenge} = pkce()->{challenge};
	refuses cgi(authenticate => \%user, @required), 401,
		VerificationRequired => 'Email verification is required',
		'before it one cannot sign in';
	refuses cgi(authenticate => {%user, password => 'wrong enough'},
		@required), 403, NoIdentityFound => $nobody,
		'a wrong password does not tell that';
	$r = auth($p, verify => {verification_token => mail($user{email})->{token}});
	answers $r, 204, '', 'the mail verifies';
	answers cgi(authenticate => \%user, @required), 200, $CODE,
		'after it one can';
};

subtest 'bodies' => sub {
	my %user = (provider => $PROVIDER, fresh());
	answers form('/auth/register', %user), 201, qr/.*/, 'a form registers';
	my $r = form('/auth/authenticate', %user);
	answers $r, 200, $CODE, 'a form authenticates';
	is $p->http(POST => '/auth/authenticate', json => \%user,
		type => 'application/json; charset=utf-8')->{status}, 200,
		'parameters of the content type are left aside';
	my $body = substr(uri('', email => $user{email}, password => $user{password},
		password => 'the second one', provider => $PROVIDER,
		challenge => $user{challenge}), 1);
	is $p->http(POST => '/auth/authenticate', body => $body,
		type => 'application/x-www-form-urlencoded')->{status}, 200,
		'of several values of a form the first counts';
	refuses $p->http(POST => '/auth/authenticate', body => json(\%user),
		type => $_), 400, InvalidData => qr/^Unsupported Content-Type: \Q$_\E/,
		"$_ is neither" for qw(text/plain multipart/form-data application/xml);
	for my $body ('', '{', '[]', '"x"', '5', 'null', '{"email":}',
		"{\"email\":\"\xff\"}", '{"email":"\u0000"}', '{"email":"\ud800"}',
		'{"email":"a","email":"b"}', '[' x 5000) {
		my $r = $p->http(POST => '/auth/register', body => $body);
		refuses $r, 400, InvalidData => qr/./,
			'JSON: ' . (substr($body, 0, 40) =~ s/[^ -~]/?/gr);
	}
	is $p->http(POST => '/auth/register', body => 'email=%ff&password=%00',
		type => 'application/x-www-form-urlencoded')->{status}, 400,
		'a form that is no text';
};

subtest 'authenticating' => sub {
	my %user = fresh();
	auth($p, register => \%user);
	my %same = (%user, challenge => pkce()->{challenge});
	my $r = auth($p, authenticate => \%same);
	answers $r, 200, $CODE, 'answers a code';
	is $r->{headers}{'set-cookie'}, undef, 'and no cookie';
	my $again = auth($p, authenticate => \%same);
	is $again->{json}{code}, $r->{json}{code},
		'a challenge that is used again is the same flow';
	my $wrong = auth($p, authenticate => {%same, password => 'wrong enough'});
	my $other = auth($p, authenticate => {%same, email => 'no@example.org'});
	refuses $wrong, 403, NoIdentityFound => $nobody, 'a wrong password';
	is "$other->{status} $other->{body}", "$wrong->{status} $wrong->{body}",
		'an unknown address looks the same';
	is_deeply plain_headers($other), plain_headers($wrong),
		'... to the last header';
	for my $field (qw(email password challenge)) {
		my %less = %same;
		delete $less{$field};
		refuses auth($p, authenticate => \%less), 400,
			InvalidData => qr/^Missing .*\b$field\b/, "no $field";
	}
	refuses ask($p, POST => '/auth/authenticate', json => \%same), 400,
		InvalidData => qr/provider/, 'no provider';
	refuses auth($p, authenticate => {%same, email => uc $same{email}}), 403,
		NoIdentityFound => $nobody, 'addresses are compared byte by byte';
};

subtest 'a code becomes a token' => sub {
	my %user = (fresh(), %{pkce()});
	my $code = auth($p, register => \%user)->{json}{code};
	my $verifier = $user{verifier};
	my $short = 'Verifier must be at least 43 characters long';
	refuses $p->http(GET => '/auth/token'), 400,
		InvalidData => 'Missing query parameter: code', 'no code';
	refuses $p->http(GET => "/auth/token?code=$code"), 400,
		InvalidData => 'Missing query parameter: verifier', 'no verifier';
	refuses exchange($p, $code, ''), 400, InvalidData => qr/erifier/,
		'an empty one';
	refuses exchange($p, $code, 'x' x 42), 400, InvalidData => $short,
		'42 characters';
	refuses exchange($p, 'x', 'x' x 42), 400, InvalidData => $short,
		'... which is said first';
	refuses exchange($p, $code, 'x' x 129), 400,
		InvalidData => 'Verifier must be shorter than 128 characters long',
		'129 characters';
	refuses exchange($p, $code, 'x' x $_), 403,
		PKCEVerificationFailed => 'Verifier and challenge do not match',
		"$_ wrong ones" for 43, 128;
	refuses exchange($p, $code, $user{challenge}), 403,
		PKCEVerificationFailed => 'Verifier and challenge do not match',
		'the challenge itself is no verifier';
	refuses exchange($p, $_, $verifier), 403, NoIdentityFound => $no_code,
		"no such code: $_" for '00000000-0000-4000-8000-000000000000', 'x',
		"$code%20", uc($code) . '0', '1' x 4000;
	my $r = exchange($p, $code, $verifier);
	answers $r, 200, qr/\{"auth_token":"[\w-]+\.[\w-]+\.[\w-]+",
		"identity_id":"$UUID","provider_token":null,
		"provider_refresh_token":null,"provider_id_token":null\}/x,
		'the right one still gets it';
	is $r->{headers}{'cache-control'}, 'no-store', 'which is not kept';
	is claims_of($r->{json}{auth_token})->{sub}, $r->{json}{identity_id},
		'it is of the identity';
	refuses exchange($p, $code, $verifier), 403, NoIdentityFound => $no_code,
		'once';
	@said{'a code', 'a verifier'} = ($code, $verifier);

	for my $way (
		[sub ($c, $v) { $p->http(POST =>
			"/auth/token?code=$c&verifier=$v") }, 'POST does as well'],
		[sub ($c, $v) { $p->http(GET =>
			"/auth/token?code=$c&code_verifier=$v") },
			'code_verifier is another name']) {
		my $k = pkce();
		my $c = auth($p, authenticate => {%user,
			challenge => $k->{challenge}})->{json}{code};
		is $way->[0]->($c, $k->{verifier})->{status}, 200, $way->[1];
	}
};

subtest 'the life of a code' => sub {
	my %user = (fresh(), %{pkce()});
	my $code = auth($p, register => \%user)->{json}{code};
	is $p->sql('select expires_at - created_at from auth.flows '
		. "where id = '$code'"), '00:10:00', 'is ten minutes';
	$p->sql("update auth.flows set expires_at = now() - interval '1 s' "
		. "where id = '$code'");
	refuses exchange($p, $code, $user{verifier}), 403,
		NoIdentityFound => $no_code, 'and ends';
	my $k = pkce();
	my $bare = $p->sql('insert into auth.flows (purpose, challenge, '
		. "expires_at) values ('pkce', '$k->{challenge}', "
		. "now() + interval '10 min') returning id");
	refuses exchange($p, $bare, $k->{verifier}), 400,
		InvalidData => 'Code is not associated with an Identity',
		'a flow that nobody signed in to';

	for my $make (
		['GET /auth/token', sub ($c, $v) { request(GET =>
			"/auth/token?code=$c&verifier=$v") }],
		['a grant', sub ($c, $v) { request(POST => '/auth/token', json({
			grant_type => 'authorization_code', code => $c,
			code_verifier => $v})) }]) {
		my $k = pkce();
		my $c = auth($p, authenticate => {%user,
			challenge => $k->{challenge}})->{json}{code};
		my $before = $p->sql('select count(*) from auth.sessions');
		# Held until all of them have seen it.
		my $held = Load::session($p, "begin; select from auth.flows where "
			. "id = '$c' for update; select pg_sleep(0.4); commit");
		Load::until_true(5, sub { $p->sql("select count(*) from pg_stat_activity "
			. "where datname = current_database() and query ~ "
			. "'pg_sleep.0.4' and wait_event = 'PgSleep'") });
		my @all = volley($p, map { $make->[1]->($c, $k->{verifier}) } 1 .. 10);
		close $held->{out};
		is scalar(grep { $_->{status} == 200 } @all), 1,
			"$make->[0]: one of ten wins";
		is $p->sql('select count(*) from auth.sessions'), $before + 1,
			'and makes the only session';
	}
};

subtest 'unknown routes' => sub {
	for my $path (qw(/auth/nope /branch/main/ext/auth/nope
		/db/edgedb/ext/auth/ui/signin /auth/token/x)) {
		for my $method (qw(GET POST)) {
			refuses ask($p, $method => $path, $method eq 'POST'
				? (json => {}) : ()), 404,
				NotFound => 'Unknown auth endpoint', "$method $path";
		}
	}
};

# --- Redirects -----------------------------------------------------------------

subtest 'redirects' => sub {
	my %user = fresh();
	my $to = "$app/done?x=a%20b&code=old&y=1&email=z#top";
	my $r = auth($p, register => {%user, redirect_to => $to});
	is $r->{status}, 302, 'registering leads on' or diag $r->{body};
	my ($where, %values) = redirect($r);
	is $where, "$app/done", 'to where it was told';
	like $values{code}[0], qr/\A$UUID\z/, 'with a code';
	is scalar @{$values{code}}, 1, '... in place of what was there';
	is_deeply [@values{'x', 'y', 'provider', '#'}], [['a b'], ['1'], [$PROVIDER],
		['top']], '... beside the rest';
	$r = auth($p, authenticate => {%user, redirect_to => "$app/in",
		redirect_on_failure => "$app/out"});
	($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app/in", 'authenticating too';
	like $values{code}[0], qr/\A$UUID\z/, '... with a code';
	is_deeply [keys %values], ['code'], '... alone';

	my %wrong = (%user, password => 'wrong & enough');
	$r = auth($p, authenticate => {%wrong, redirect_to => "$app/in?a=1",
		redirect_on_failure => "$app/out?error=old&b=2"});
	($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app/out", 'a failure leads elsewhere';
	is_deeply \%values, {error => [$nobody], email => [$user{email}],
		b => ['2']}, '... with the reason and the address';
	$r = auth($p, authenticate => {%wrong, redirect_to => "$app/in?a=1"});
	($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app/in", '... or to the same place';
	is_deeply \%values, {error => [$nobody], email => [$user{email}],
		a => ['1']}, '... with the same';
	$r = auth($p, register => {%user, redirect_on_failure => $app});
	($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app", 'an address that is taken leads on';
	is_deeply \%values, {email => [$user{email}],
		error => ['This user has already been registered']}, '... and says so';
	%user = fresh();
	delete $user{challenge};
	$r = cgi(register => {%user, redirect_to => $app}, @required);
	($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app", 'where verification is required too';
	like $values{identity_id}[0], qr/\A$UUID\z/, '... with the identity';
	is $values{code}, undef, '... and without a code';
};

subtest 'where redirects may lead' => sub {
	my %user = fresh();
	auth($p, register => \%user);
	for my $good ($app, "$app/", "$app/a/b", "$app?x=1", "$app#x",
		'https://APP.Example.com/auth/a', 'https://app.example.com:443/auth/a',
		'http://localhost:8000', 'http://localhost:8000/any/thing',
		"$base/auth/verify") {
		my $r = auth($p, authenticate => {%user, redirect_to => $good});
		is $r->{status}, 302, $good;
	}
	my @evil = ('https://evil.example', 'https://evil.example/auth',
		'//evil.example/auth', '\\\\evil.example', '/\\evil.example',
		'https://app.example.com@evil.example/auth',
		'https://app.example.com:x@evil.example/auth',
		'https://evil@app.example.com/auth',
		'https://app.example.com.evil.example/auth',
		'https://app.example.com%2eevil.example/auth',
		'https://evil.example#https://app.example.com/auth',
		'https://evil.example/https://app.example.com/auth',
		'https://evil.example?https://app.example.com/auth',
		'https://evil.example\\@app.example.com/auth',
		'https://app.example.com\\@evil.example/auth',
		'https://app.example.com:8443/auth', 'http://app.example.com/auth',
		'https://app.example.com:443evil/auth',
		'https://app.example.com./auth', 'https://evilapp.example.com/auth',
		'https://example.com/auth', 'https://app.example.com',
		'https://app.example.com/', 'https://app.example.com/authority',
		'https://app.example.com/x/auth', 'https://app.example.com/auth/../x',
		'https://app.example.com/auth/%2e%2e/x',
		'https://app.example.com/auth/%2E./x', 'https://app.example.com/auth/..',
		'https://app.example.com/auth\\..\\x', 'https:app.example.com/auth',
		'https:///app.example.com/auth', 'https:/app.example.com/auth',
		'http://localhost:8000@evil.example/', 'http://localhost:80001/',
		'http://localhost:8000.evil.example/', 'http://localhost.evil.example',
		'http://127.0.0.1:8000/', 'http://[::1]:8000/', 'http://2130706433:8000',
		'javascript:alert(1)//https://app.example.com/auth',
		'javascript://app.example.com/auth%0aalert(1)',
		'data:text/html,https://app.example.com/auth',
		'https://аpp.example.com/auth', 'https://xn--pp-7kc.example.com/auth',
		"$app\r\nSet-Cookie: a=b", "$app\n", "$app\tx", " $app", "$app x",
		"$app\x{7f}", '/auth', 'auth', '');
	for my $evil (@evil) {
		my $shown = $evil =~ s/[^!-~]/?/gr;
		my $r = auth($p, authenticate => {%user, redirect_to => $evil});
		my $ok = $evil eq '' ? $r->{status} =~ /^(?:400|200)$/
			: $r->{status} == 400 && $r->{body} eq problem(InvalidData => $far);
		ok $ok && !$r->{headers}{location}, "'$shown' is refused"
			or diag "$r->{status} $r->{body} "
			. ($r->{headers}{location} // '');
		next if $evil eq '';
		$r = auth($p, authenticate => {%user, password => 'wrong enough',
			redirect_to => $app, redirect_on_failure => $evil});
		ok $r->{status} == 400 && !$r->{headers}{location},
			'... for a failure too' or diag "$r->{status} $r->{body} "
			. ($r->{headers}{location} // '');
	}
	my %host = (Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example',
		Origin => 'https://evil.example', Forwarded => 'host=evil.example');
	refuses $p->cgi(POST => '/auth/authenticate', headers => \%host, json =>
		{%user, provider => $PROVIDER,
			redirect_to => 'https://evil.example/auth'}), 400,
		InvalidData => $far, 'whatever host the client names';
};

# --- Mails ---------------------------------------------------------------------

subtest 'verification by link' => sub {
	my %user = (fresh(), %{pkce()});
	my $r = auth($p, register => {%user, verify_url => "$app/verify?a=1"});
	my $identity = exchange($p, $r->{json}{code}, $user{verifier})
		->{json}{identity_id};
	my $mail = mail($user{email});
	like $mail->{text}, qr{\s\Q$app/verify?a=1&\E\S*
		\bverification_token=}x, 'the link leads to the page that was named';
	my $token = $mail->{token};
	my $claims = claims_of($token);
	is $claims->{sub}, $identity, 'its token is of the identity';
	is $claims->{exp} - $claims->{iat}, 86400, 'and good for a day';
	refuses ask($p, POST => '/auth/verify', json => {
		verification_token => $token}), 400,
		InvalidData => 'Missing "provider" in verify request', 'no provider';
	refuses auth($p, verify => {}), 400, InvalidData => qr/./, 'no token';
	refuses auth($p, verify => {verification_token => $_}), 400,
		InvalidData => qr/^Invalid token/, 'a token that is none: '
		. substr $_, 0, 20 for 'x', 'a.b.c', substr($token, 0, -2),
		"$token=", uc $token, "x$token", $token . 'A', "$token.$token";
	my $sub = subkey($p->key, 'verification');
	my %late = (%$claims, iat => time - 90000, exp => time - 3600);
	delete $late{nbf};
	my $late = forge($sub, \%late, head_of($token));
	$r = auth($p, verify => {verification_token => $late});
	answers $r, 403,
		'{"message":"The verification token is older than 24 hours"}',
		'a token of yesterday';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$user{email}'"), 't', 'so far nothing is verified';
	answers auth($p, 'resend-verification-email' => {
		verification_token => $late}), 200, '',
		'though it is good to ask for another';
	mail($user{email}, 2);

	$r = auth($p, verify => {verification_token => $token});
	answers $r, 200, $CODE, 'the challenge of the token gets a code';
	is exchange($p, $r->{json}{code}, $user{verifier})->{json}{identity_id},
		$identity, '... of the identity';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$user{email}'"), 'f', 'the address is verified';
	answers auth($p, 'resend-verification-email' => {
		email => $user{email}}), 200, '', 'another mail can be asked for';
	is $p->sql('select count(*) from postern.outbox join auth.factors as f '
		. "on f.id = factor_id where email = '$user{email}'"), 2, '... but there is no need of one';
};

subtest 'where verification leads' => sub {
	my %user = (fresh(), %{pkce()});
	auth($p, register => {%user, redirect_to => "$app/in?a=1"});
	my $r = auth($p, verify => {verification_token =>
		mail($user{email})->{token}});
	my ($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app/in", 'to the place of the token';
	like $values{code}[0], qr/\A$UUID\z/, '... with a code for its challenge';
	is_deeply $values{a}, ['1'], '... and what was there';

	for my $case ([{}, '204', []],
		[{redirect_to => "$app/out"}, "302 $app/out", []],
		[{redirect_to => "$app/out", challenge => pkce()->{challenge}},
			"302 $app/out", ['code']],
		[{code_challenge => pkce()->{challenge}}, '200', []]) {
		my ($more, $expected, $names) = @$case;
		my %user = fresh();
		delete $user{challenge};
		cgi(register => \%user, @required);
		mail($user{email});
		is auth($p, 'resend-verification-email' => {email => $user{email},
			%$more})->{status}, 200, 'asked again with ' . json($more);
		$r = auth($p, verify => {verification_token =>
			mail($user{email}, 2)->{token}});
		($where, %values) = redirect($r);
		is join(' ', grep { length } $r->{status}, $where), $expected,
			"leads to $expected";
		is_deeply [keys %values], $names, '... with ' . json($names);
	}
	my %bad = fresh();
	refuses auth($p, 'resend-verification-email' => {email => $bad{email},
		redirect_to => 'https://evil.example'}), 400, InvalidData => $far,
		'never to a page of others';
	refuses auth($p, 'resend-verification-email' => {email => $bad{email},
		verify_url => 'https://evil.example'}), 400, InvalidData => qr/llowed/,
		'nor by a link to one';
	refuses auth($p, 'resend-verification-email' => {}), 400,
		InvalidData => qr/./, 'for nobody';

	my %plain = fresh();
	auth($p, register => \%plain);
	my ($link) = mail($plain{email})->{text} =~
		m{\s\Q$base\E(/auth/verify\?\S+)};
	ok $link, 'without a page of its own a link leads to ours';
	is ask($p, HEAD => $link // '/')->{status}, 405, '... where a look';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$plain{email}'"), 't', '... does nothing';
	answers ask($p, GET => $link // '/'), 200, $CODE, '... and following it';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$plain{email}'"), 'f', '... verifies';
	my $gone = registered($p, %{{fresh()}});
	my $token = mail($gone->{email})->{token};
	$p->sql("delete from auth.identities where id = '$gone->{identity}'");
	refuses auth($p, verify => {verification_token => $token}), 403,
		NoIdentityFound => qr/./, 'an identity that is gone';
};

sub code_for ($email, $n = 1)
{
	return mail($email, $n)->{code} // '(none)';
}

sub failed ($text)
{
	return '{"error":' . quote($text)
		. ',"error_code":"verification_failed"}';
}

subtest 'verification by code' => sub {
	my %user = fresh();
	delete $user{challenge};
	cgi(register => \%user, params => {POSTERN_VERIFICATION => 'required',
		POSTERN_PROOF => 'code'});
	my $code = code_for($user{email});
	like $code, qr/\A\d{6}\z/, 'the mail has six digits';
	unlike $p->sql('select codes from auth.codes'), qr/\Q$code\E/,
		'which the database does not hold';
	is $p->sql('select bool_and(octet_length(hash) = 32) from auth.codes'), 't',
		'... but their hash';
	my $ask = sub ($given, %more) {
		auth($p, verify => {email => $user{email}, code => $given, %more});
	};
	answers $ask->($_), 400, failed('Invalid code'), "'$_' is another code"
		for sprintf('%06d', ($code + 1) % 1000000), '12345',
		$code =~ tr/0-9/０-９/r;
	refuses $ask->(123456), 400, InvalidData => qr/./, 'a number is none';
	refuses auth($p, verify => {email => $user{email}}), 400,
		InvalidData => qr/./, 'no code at all';
	answers auth($p, verify => {email => 'no@example.org', code => $code}),
		400, failed('Invalid code'), 'an unknown address looks the same';
	answers $ask->($code, challenge => pkce()->{challenge}), 200, $CODE,
		'the right one verifies, and answers the challenge';
	answers $ask->($code), 400, failed('Invalid code'), 'once';

	my %other = fresh();
	cgi(register => \%other, @by_code);
	my $first = code_for($other{email});
	is $p->sql('select bool_and(expires_at <= now() + interval '
		. "'10 min') from auth.codes"), 't', 'a code is good for ten minutes';
	$p->sql('update auth.codes set expires_at = expires_at '
		. "- interval '10 min'");
	answers auth($p, verify => {email => $other{email}, code => $first}), 400,
		failed('Code has expired'), '... and then too old';
	is cgi('resend-verification-email' => {email => $other{email}}, @by_code)
		->{status}, 200, 'another code can be asked for';
	my $second = code_for($other{email}, 2);
	SKIP: {
		skip 'one time in a million they are the same', 1 if $first eq $second;
		answers auth($p, verify => {email => $other{email}, code => $first}),
			400, failed('Invalid code'), 'which ends the first one';
	}
	my $r = auth($p, verify => {email => $other{email}, code => $second,
		redirect_to => "$app/in"});
	my ($where, %values) = redirect($r);
	is "$r->{status} $where " . keys %values, "302 $app/in 0",
		'a place to go to without a challenge';
};

subtest 'guessing codes' => sub {
	my %user = fresh();
	cgi(register => \%user, @by_code);
	my $code = code_for($user{email});
	my $wrong = sprintf '%06d', ($code + 1) % 1000000;
	my $try = sub ($email, $code) {
		my $r = auth($p, verify => {email => $email, code => $code});
		return "$r->{status} $r->{body}";
	};
	my $most = failed('Maximum verification attempts exceeded');
	my @known = map { $try->($user{email}, $wrong) } 1 .. 5;
	is_deeply \@known, [('400 ' . failed('Invalid code')) x 5], 'five times';
	is $try->($user{email}, $code), "400 $most", 'then the right one is late';
	is cgi('resend-verification-email' => {email => $user{email}}, @by_code)
		->{status}, 200, 'a new code';
	is $try->($user{email}, code_for($user{email}, 2)), "400 $most",
		'gives no new tries';
	my @unknown = map { $try->('nobody@example.org', $wrong) } 1 .. 6;
	is_deeply \@unknown, [@known, "400 $most"],
		'an unknown address cannot be told apart';
};

subtest 'a reset by link' => sub {
	my $u = registered($p, %{{fresh()}});
	my $k = pkce();
	my %ask = (email => $u->{email}, challenge => $k->{challenge},
		reset_url => "$app/reset?a=1");
	for my $field (qw(email challenge reset_url)) {
		my %less = %ask;
		delete $less{$field};
		refuses auth($p, 'send-reset-email' => \%less), 400,
			InvalidData => qr/\b$field\b/, "no $field";
	}
	refuses auth($p, 'send-reset-email' => {%ask, reset_url => $_}), 400,
		InvalidData => qr/URL/, "never by a link to $_"
		for 'https://evil.example/reset', '//evil.example', 'javascript:x';
	my $sent = auth($p, 'send-reset-email' => \%ask, headers =>
		{'X-Forwarded-Host' => 'evil.example', Forwarded => 'host=evil.example'});
	answers $sent, 200, qq({"email_sent":"$u->{email}"}), 'a mail is sent';
	my $other = auth($p, 'send-reset-email' => {%ask,
		email => 'nobody@example.org'});
	answers $other, 200, '{"email_sent":"nobody@example.org"}',
		'an unknown address looks the same';
	delete $_->{headers}{'content-length'} for $sent, $other;
	is_deeply plain_headers($other), plain_headers($sent),
		'... to the last header';
	my $mail = mail($u->{email}, 2);
	like $mail->{text}, qr{\s\Q$app/reset?a=1&\E\S*\breset_token=}x,
		'the link leads to the page that was named';
	is $p->mails(to => 'nobody@example.org'), 0, 'nobody else gets one';
	my $token = $mail->{token};
	my $claims = claims_of($token);
	is $claims->{exp} - $claims->{iat}, 600, 'its token is good for ten minutes';
	is $claims->{challenge}, $k->{challenge}, '... and has the challenge';

	my $reset = sub ($token, $password, %more) {
		auth($p, 'reset-password' => {reset_token => $token,
			password => $password, %more});
	};
	my $sub = subkey($p->key, 'reset');
	my %late = (%$claims, iat => time - 700, exp => time - 100);
	delete $late{nbf};
	refuses $reset->(forge($sub, \%late, head_of($token)), 'brand new words'),
		400, InvalidData => qr/./, 'a token that is too old';
	refuses $reset->($_, 'brand new words'), 400, InvalidData => qr/./,
		'a token that is none: ' . substr $_, 0, 20
		for 'x', substr($token, 0, -3), "$token=", uc $token;
	refuses $reset->($token, 'short'), 400, InvalidData => qr/./,
		'a password that is too short';
	refuses ask($p, POST => '/auth/reset-password', json => {
		reset_token => $token, password => 'brand new words'}), 400,
		InvalidData => qr/provider/, 'no provider';
	refuses auth($p, 'reset-password' => {reset_token => $token}), 400,
		InvalidData => qr/password/, 'no password';
	my $r = $reset->($token, 'wrong', redirect_on_failure => "$app/no");
	my ($where, %values) = redirect($r);
	is "$r->{status} $where", "302 $app/no", 'a failure leads on';
	is_deeply [sort keys %values], ['error', 'reset_token'],
		'... with the reason and the token';
	is ask($p, GET => '/auth/me', headers => bearer($u))->{status}, 200,
		'so far nothing has changed';

	$r = $reset->($token, 'brand new words');
	answers $r, 200, $CODE, 'the token sets the password';
	is $r->{headers}{'set-cookie'}, undef, 'and does not sign in by itself';
	refuses $reset->($token, 'brand newer words'), 400,
		InvalidData => "Invalid 'reset_token'", 'once';
	is exchange($p, $r->{json}{code}, $k->{verifier})->{json}{identity_id},
		$u->{identity}, 'who began it is signed in';
	stranger ask($p, GET => '/auth/me', headers => bearer($u)),
		'older sessions have ended';
	is refresh($p, $u->{refresh})->{status}, 400, '... and cannot be renewed';
	refuses auth($p, authenticate => {%$u, challenge => pkce()->{challenge}}),
		403, NoIdentityFound => $nobody, 'the old password is gone';
	answers auth($p, authenticate => {email => $u->{email},
		password => 'brand new words', challenge => pkce()->{challenge}}), 200,
		$CODE, 'the new one is in force';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$u->{email}'"), 'f', 'and the address is verified';
	unlike mail($u->{email}, 3)->{text}, qr/token|brand new/,
		'a notice tells the owner';
	$said{'a new password'} = 'brand new words';
};

subtest 'stale links' => sub {
	my $u = registered($p, %{{fresh()}});
	my $send = sub ($n) {
		auth($p, 'send-reset-email' => {email => $u->{email},
			challenge => pkce()->{challenge}, reset_url => "$app/reset"});
		return mail($u->{email}, $n)->{token};
	};
	my $verify = mail($u->{email})->{token};
	my ($first, $second) = map { $send->($_) } 2, 3;
	is auth($p, 'reset-password' => {reset_token => $second,
		password => 'the third password'})->{status}, 200, 'the second resets';
	refuses auth($p, 'reset-password' => {reset_token => $first,
		password => 'the fourth password'}), 400,
		InvalidData => "Invalid 'reset_token'", 'which ends the first one';

	# One kind of token is not another.
	refuses auth($p, 'reset-password' => {reset_token => $verify,
		password => 'the fourth password'}), 400, InvalidData => qr/./,
		'a link to verify is none to reset';
	refuses auth($p, verify => {verification_token => $second}), 400,
		InvalidData => qr/^Invalid token/, 'nor the other way';
	refuses auth($p, verify => {verification_token => $u->{token}}), 400,
		InvalidData => qr/^Invalid token/, 'an auth token is neither';
	refuses auth($p, 'reset-password' => {reset_token => $u->{token},
		password => 'the fourth password'}), 400, InvalidData => qr/./,
		'... nor to reset';
	for my $kind (qw(reset verification magic_link state)) {
		my %claims = %{claims_of($kind eq 'reset' ? $verify : $first)};
		my $token = forge(subkey($p->key, $kind), \%claims, head_of($verify));
		refuses auth($p, $kind eq 'reset' ? 'verify' : 'reset-password', {
			($kind eq 'reset' ? 'verification_token' : 'reset_token') => $token,
			password => 'the fourth password'}), 400, InvalidData => qr/./,
			"claims of one kind under the key of another: $kind";
	}
};

subtest 'a reset by code' => sub {
	my $u = registered($p, %{{fresh()}});
	mail($u->{email});
	my %ask = (email => $u->{email}, reset_url => "$app/reset",
		challenge => pkce()->{challenge});
	is cgi('send-reset-email' => \%ask, @by_code)->{status}, 200, 'asked for';
	my $code = code_for($u->{email}, 2);
	like $code, qr/\A\d{6}\z/, 'six digits come';
	my $reset = sub ($given, $password, %more) {
		auth($p, 'reset-password' => {email => $u->{email}, code => $given,
			password => $password, %more});
	};
	my $wrong = sprintf '%06d', ($code + 1) % 1000000;
	is $reset->($wrong, 'brand new words')->{status}, 400, 'a wrong one';
	is auth($p, verify => {email => $u->{email}, code => $code})->{status}, 400,
		'they do not verify';
	is $reset->($code, 'short')->{status}, 400, 'a password too short';
	answers $reset->($code, 'brand new words'), 200,
		'{"status":"password_reset"}', 'the right one sets the password';
	is $reset->($code, 'brand newer words')->{status}, 400, 'once';
	stranger ask($p, GET => '/users', headers => bearer($u)),
		'older sessions have ended';
	my $again = authenticated($p, email => $u->{email},
		password => 'brand new words');
	ok $again->{token}, 'the new password is in force';
	is $p->sql('select email_verified_at is null from auth.factors '
		. "where email = '$u->{email}'"), 'f', 'and the address is verified';

	$u = registered($p, %{{fresh()}});
	mail($u->{email});
	cgi('send-reset-email' => {%ask, email => $u->{email}}, @by_code);
	$code = code_for($u->{email}, 2);
	my $k = pkce();
	my $r = $reset->($code, 'brand new words', challenge => $k->{challenge});
	answers $r, 200, $CODE, 'with a challenge it answers a code';
	is exchange($p, $r->{json}{code}, $k->{verifier})->{json}{identity_id},
		$u->{identity}, '... that signs in';

	$u = registered($p, %{{fresh()}});
	mail($u->{email});
	cgi('send-reset-email' => {%ask, email => $u->{email}}, @by_code);
	$code  = code_for($u->{email}, 2);
	$wrong = sprintf '%06d', ($code + 1) % 1000000;
	my @all = volley($p, map { request(POST => '/auth/reset-password', json({
		provider => $PROVIDER, email => $u->{email}, password => 'guessed it',
		code => sprintf '%06d', ($code + $_) % 1000000})) } 1 .. 10);
	is scalar(grep { $_->{status} != 400 } @all), 0, 'ten guesses at once';
	is $reset->($code, 'brand new words')->{status}, 400,
		'use up the tries of the right one';
};

subtest 'asking for mails' => sub {
	my $u = registered($p, %{{fresh()}});
	my %to = (known => $u->{email}, unknown => 'unknown@example.org');
	my %seen;
	for my $who (sort keys %to) {
		for my $route ('resend-verification-email', 'send-reset-email') {
			my @all = map { auth($p, $route => {email => $to{$who},
				reset_url => $app, challenge => pkce()->{challenge}}) } 1 .. 3;
			is join(' ', map { $_->{status} } @all), '200 200 429',
				"$who, $route: twice, then a pause";
			my $wait = delete $all[2]{headers}{'retry-after'} // 0;
			ok $wait >= 1 && $wait <= 60, '... of a minute at most';
			my $last = $all[2]{body};
			is $all[2]{json}{error}{type}, 'TooManyAttempts', '... says so';
			push @{$seen{$route}}, json([$last, plain_headers($all[2])]);
		}
	}
	is $_->[0], $_->[1], 'known and unknown look the same'
		for values %seen;
	is $p->mails(to => $to{unknown}), 0, 'nothing is sent to strangers';
};

unspoken $p, %said, 'the key' => $p->key, 'a password' => 'fresh password',
	'a guess' => 'wrong & enough';

done_testing;
