#!/usr/bin/perl
# Sessions: what they show, how they end, at once and everywhere, and how they
# are renewed, by one tab or by fifteen.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1'});
my %said;

sub me ($u, %headers)
{
	return $p->http(GET => '/auth/me', headers => {%{bearer($u)}, %headers});
}

sub sessions ($u)
{
	return $p->http(GET => '/auth/sessions', headers => bearer($u));
}

sub signout ($u, $scope = undef)
{
	return $p->http(POST => '/auth/signout', $scope
		? (json => {scope => $scope}) : (), headers => bearer($u));
}

# Neither the routes of auth nor any other take the token.
sub ended ($u, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	subtest $name => sub {
		stranger me($u), 'GET /auth/me';
		stranger sessions($u), 'GET /auth/sessions';
		stranger $p->http(GET => '/users', headers => bearer($u)), 'GET /users';
		stranger $p->http(GET => '/users?name=Nobody', headers => bearer($u)),
			'GET of one';
		stranger $p->http(POST => '/users', json => {name => 'Nobody'},
			headers => bearer($u)), 'POST /users';
		is $p->http(GET => '/users', headers => {Cookie =>
			"edgedb-auth-token=$u->{token}"})->{status}, 401, 'by cookie';
	};
}

sub lives ($u, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is join(' ', me($u)->{status}, $p->http(GET => '/users',
		headers => bearer($u))->{status}), '200 200', $name;
}

# The sessions that a token and its refresh token stand for.
sub move ($u, $change)
{
	$p->sql("update auth.sessions set $change where identity_id = "
		. "'$u->{identity}'");
}

sub no_grant ($r, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok $r->{status} == 400 && ($r->{json}{error} // '') eq 'invalid_grant'
		&& !ref $r->{json}{error_description}, $name
		or diag "$r->{status} $r->{body}";
}

subtest 'me' => sub {
	my $u = signup($p, name => 'Ada', email => 'ada@example.org');
	my $r = me($u);
	my $id = $p->http(GET => '/users?name=Ada')->{json}{id};
	answers $r, 200, qr/\{.*\}/, 'is an object';
	is $r->{headers}{'cache-control'}, 'no-store', 'that is not kept';
	my %me = %{$r->{json}};
	like delete $me{$_}, qr/\A$UUID\z/, $_ for qw(identity_id session_id);
	like delete $me{created_at}, $STAMP, 'created_at';
	is_deeply \%me, {email => 'ada@example.org', role => 'user',
		email_verified => JSON::PP::false, user => {id => $id, name => 'Ada'}},
		'and the rest';
	is claims_of($u->{token})->{sub}, $r->{json}{identity_id},
		'the token is of this identity';
	my $native = registered($p);
	is me($native)->{json}{user}, undef, 'who is no user yet';
	is $p->http(GET => '/auth/me', headers => cookie($u))->{json}{email},
		'ada@example.org', 'by cookie';
	for my $path ('/auth/me', '/auth/sessions') {
		$r = $p->http(GET => $path);
		is "$r->{status} $r->{headers}{'www-authenticate'}",
			'401 Bearer realm="postern"', "$path without a token";
		is $r->{json}{error}{type}, 'Unauthorized', '... says so';
	}
};

subtest 'the list of sessions' => sub {
	my %user = (email => 'list@example.org', password => 'long enough',
		name => 'Lister');
	my $u = signup($p, %user);
	my %agent = (laptop => 'Mozilla/5.0 (Laptop)', odd => q(<b>'"\\), 
		long => 'x' x 300);
	my %by = map { $_ => authenticated($p, %user,
		headers => {'User-Agent' => $agent{$_}}) } qw(laptop odd long);
	my $r = sessions($by{odd});
	is $r->{status}, 200, 'is there';
	my @all = @{$r->{json} // []};
	is_deeply [map { $_->{agent} } @all],
		['x' x 256, @agent{qw(odd laptop)}, $all[3]{agent}],
		'newest first, with their devices';
	is_deeply [map { $_->{current} ? 1 : 0 } @all], [0, 1, 0, 0],
		'one of them is the one that asks';
	is_deeply [sort keys %{$all[0]}], [sort qw(id current created_at
		refreshed_at expires_at agent address)], 'with these members';
	like $all[0]{$_}, qr/\A$STAMP\z/, $_ for qw(created_at expires_at);
	is $all[0]{address}, '127.0.0.1', 'and the address';
	is $all[1]{id}, me($by{odd})->{json}{session_id}, 'known by its id';
	my $other = signup($p);
	is scalar @{sessions($other)->{json}}, 1, 'nobody sees those of others';
};

subtest 'signing out' => sub {
	my %user = (email => 'out@example.org', password => 'long enough',
		name => 'Leaver');
	signup($p, %user);
	my @u = map { authenticated($p, %user) } 1 .. 6;
	my $r = signout($u[0]);
	answers $r, 204, '', 'of this session';
	like $r->{headers}{'set-cookie'}, qr/\Aedgedb-auth-token=;.*
		\b(?:Max-Age=0|Expires=Thu,\ 01\ Jan\ 1970)/xi, 'clears the cookie';
	like $r->{headers}{'set-cookie'}, qr/; \Q$_\E(?:;|\z)/, "... with its $_"
		for qw(HttpOnly Path=/ SameSite=strict Secure);
	ended $u[0], 'ends it at once';
	no_grant refresh($p, $u[0]{refresh}), '... and for good';
	lives $u[1], 'and no other';
	is signout($u[0])->{status}, 204, 'is fine a second time';
	is $p->http(POST => '/auth/signout')->{status}, 204, '... without a token';
	is $p->http(POST => '/auth/signout', headers => bearer('x.y.z'))->{status},
		204, '... with a bad one';
	is signout($u[1], 'this')->{status}, 204, 'scope this';
	ended $u[1], '... ends this';
	is signout($u[2], 'everything')->{status}, 400, 'another scope is none';
	is signout($u[2], 'others')->{status}, 204, 'scope others';
	lives $u[2], '... keeps this';
	ended $_, '... and ends the others' for @u[3 .. 5];
	is scalar @{sessions($u[2])->{json}}, 1, '... all of them';
	my $more = authenticated($p, %user);
	my $stranger = signup($p);
	is signout($more, 'all')->{status}, 204, 'scope all';
	ended $_, '... ends all' for $more, $u[2];
	lives $stranger, 'but nobody else';
	ok authenticated($p, %user)->{token}, 'one can sign in again';

	my ($late, $other) = map { authenticated($p, %user) } 1 .. 2;
	my $expired = forge($p->key,
		{%{claims_of($late->{token})}, exp => time - 60},
		head_of($late->{token}));
	is $p->http(GET => '/auth/me', headers => bearer($expired))->{status}, 401,
		'a token has expired';
	is $p->http(POST => '/auth/signout', json => {scope => 'all'},
		headers => bearer($expired))->{status}, 204, '... can leave';
	no_grant refresh($p, $late->{refresh}), '... which ends its session';
	lives $other, '... but no other, whatever it asks for';
};

subtest 'ending one session' => sub {
	my %user = (email => 'one@example.org', password => 'long enough',
		name => 'One');
	my $u = signup($p, %user);
	my $v = authenticated($p, %user);
	my $other = signup($p);
	my $end = sub ($who, $id) {
		$p->http(DELETE => "/auth/sessions/$id", headers => bearer($who));
	};
	my %id = map { $_->[0] => me($_->[1])->{json}{session_id} }
		[u => $u], [v => $v], [other => $other];
	is $end->($u, $_)->{status}, 404, "'$_' is not there" for 'x',
		'00000000-0000-0000-0000-000000000000', $id{other}, "$id{v}0";
	lives $other, 'nobody ends those of others';
	answers $end->($u, $id{v}), 204, '', 'another one of mine';
	ended $v, 'has ended';
	is $end->($u, $id{v})->{status}, 404, '... once';
	is $p->http(DELETE => "/auth/sessions/$id{u}")->{status}, 401,
		'only with a token';
	is $end->($u, $id{u})->{status}, 204, 'my own';
	ended $u, 'has ended as well';
};

subtest 'tokens as OAuth has them' => sub {
	my %user = (email => 'oauth@example.org', password => 'long enough');
	my $k = pkce();
	my $r = auth($p, register => {%user, challenge => $k->{challenge}});
	my $code = $r->{json}{code};
	my $error = sub ($r, $error, $name) {
		is join(' ', $r->{status}, $r->{json}{error} // $r->{body}),
			"400 $error", $name;
		is $r->{headers}{'cache-control'}, 'no-store', '... not kept';
	};
	my $ask = sub (%fields) {
		$p->http(POST => '/auth/token', json => \%fields);
	};
	$error->($ask->(grant_type => 'password'), 'unsupported_grant_type',
		'another grant');
	$error->($ask->(grant_type => 'authorization_code'), 'invalid_request',
		'no code');
	$error->($ask->(grant_type => 'authorization_code', code => $code),
		'invalid_request', 'no verifier');
	$error->($ask->(grant_type => 'refresh_token'), 'invalid_request',
		'no refresh token');
	$error->(grant($p, 'x', $k->{verifier}), 'invalid_grant', 'a wrong code');
	$error->(grant($p, $code, 'x' x 43), 'invalid_grant', 'a wrong verifier');
	$r = grant($p, $code, $k->{verifier});
	answers $r, 200, qr/\{"access_token":"[\w.-]+","token_type":"Bearer",
		"expires_in":900,"refresh_token":"[\w.-]+","identity_id":"$UUID"\}/x,
		'tokens';
	is $r->{headers}{'cache-control'}, 'no-store', 'which are not kept';
	my $claims = claims_of($r->{json}{access_token});
	is $claims->{exp} - $claims->{iat}, 900, 'of a quarter of an hour';
	$error->(grant($p, $code, $k->{verifier}), 'invalid_grant',
		'the same code again');

	$k = pkce();
	$code = auth($p, authenticate => {%user,
		challenge => $k->{challenge}})->{json}{code};
	$r = $p->http(POST => '/auth/token', type =>
		'application/x-www-form-urlencoded', body =>
		"grant_type=authorization_code&code=$code"
			. "&code_verifier=$k->{verifier}&client_id=none");
	is $r->{status}, 200, 'a form does as well';
	my $token = $r->{json}{refresh_token};
	$r = $p->http(POST => '/auth/token', type =>
		'application/x-www-form-urlencoded',
		body => "grant_type=refresh_token&refresh_token=$token");
	is $r->{status}, 200, '... to renew too' or diag $r->{body};
	$r = $p->http(POST => '/auth/refresh', json =>
		{refresh_token => $r->{json}{refresh_token}});
	answers $r, 200, qr/\{"access_token":"[\w.-]+","token_type":"Bearer",
		"expires_in":900,"refresh_token":"[\w.-]+","identity_id":"$UUID"\}/x,
		'/auth/refresh is a short way';
	$said{'a refresh token'} = $r->{json}{refresh_token};
	my $bad = $p->http(POST => '/auth/refresh', json => {refresh_token => 'x'});
	answers $bad, 401, qr/\{"error":"invalid_grant","error_description":"[^"]+"\}/,
		'... which says 401 to a bad one';
	like $bad->{headers}{'www-authenticate'} // '', qr/^Bearer realm="postern"/,
		'... as a 401 should';
	$said{'an access token'} = $r->{json}{access_token};
};

subtest 'renewing' => sub {
	my $u = registered($p);
	my $r = refresh($p, $u->{refresh});
	is $r->{status}, 200, 'a refresh token is good once' or diag $r->{body};
	my %next = (%$u, token => $r->{json}{access_token},
		refresh => $r->{json}{refresh_token});
	isnt $next{refresh}, $u->{refresh}, 'then there is another';
	lives \%next, 'with a token that is good';
	is claims_of($next{token})->{sub}, $u->{identity}, 'of the same identity';
	is scalar @{sessions(\%next)->{json}}, 1, 'and the same session';

	my $again = refresh($p, $u->{refresh});
	is $again->{status}, 200, 'an answer that was lost can be had again';
	is $again->{json}{refresh_token}, $next{refresh},
		'... it holds the same token';
	move($u, "refreshed_at = refreshed_at - interval '29 s'");
	is refresh($p, $u->{refresh})->{json}{refresh_token}, $next{refresh},
		'... for half a minute';
	move($u, "refreshed_at = refreshed_at - interval '2 s'");
	no_grant refresh($p, $u->{refresh}), 'then it was stolen';
	no_grant refresh($p, $next{refresh}), 'so nobody can go on with it';
	ended \%next, 'and the session has ended';
	is $p->sql("select count(*) from auth.audit where event = 'refresh_reused' "
		. "and identity_id = '$u->{identity}'"), 1, 'which is written down';

	$u = registered($p);
	my @tokens = $u->{refresh};
	push @tokens, refresh($p, $tokens[-1])->{json}{refresh_token} for 1 .. 2;
	no_grant refresh($p, $tokens[0]), 'one that is two behind is stolen';
	no_grant refresh($p, $tokens[2]), 'even right away';
};

subtest 'fifteen tabs' => sub {
	my $u = registered($p);
	my $token = $u->{refresh};
	my $counter = sub () {
		$p->sql('select counter from auth.sessions where identity_id = '
			. "'$u->{identity}'");
	};
	my $before = $counter->();
	for my $round (1 .. 3) {
		my @all = volley($p, map { request(POST => '/auth/token', json({
			grant_type => 'refresh_token', refresh_token => $token})) } 1 .. 15);
		is join(' ', map { $_->{status} } @all), join(' ', (200) x 15),
			"round $round: all stay signed in";
		my %tokens = map { ($_->{json}{refresh_token} // '') => 1 } @all;
		is keys %tokens, 1, '... with one new token';
		isnt +(keys %tokens)[0], $token, '... that is new';
		($token) = keys %tokens;
		lives {token => $_->{json}{access_token}}, '... each is good'
			for @all[0, 14];
		is $counter->() - $before, $round, '... in one step';
	}
};

subtest 'refresh tokens of nobody' => sub {
	my ($u, $v) = (registered($p), registered($p));
	my $token = $u->{refresh};
	my @bad = ('x', '', 'a.b.c', 'x' x 5000, substr($token, 0, -1),
		substr($token, 1), "$token=", "${token}A", " $token", uc $token,
		"$token$token", $u->{token}, $v->{token});
	for my $i (0 .. length($token) - 1) {
		next if $i % 5 && $i != length($token) - 1;
		my $c = substr $token, $i, 1;
		push @bad, substr($token, 0, $i) . ($c eq 'B' ? 'C' : 'B')
			. substr $token, $i + 1;
	}
	# The head of one session with the seal of another.
	my $half = int length($token) / 2;
	push @bad, substr($token, 0, $half) . substr $v->{refresh}, $half;
	my @let = grep {
		my $r = refresh($p, $_);
		$r->{status} != 400 || $r->{json}{error} !~ /^invalid_(?:grant|request)$/
	} @bad;
	is scalar(@let), 0, scalar(@bad) . ' of them are refused'
		or diag join "\n", @let;
	lives $u, 'which ends no session';
	is refresh($p, $token)->{status}, 200, '... the real one is good';
	is refresh($p, [$token])->{status}, 400, 'an array is none';
	stranger me({token => $v->{refresh}}), 'it is no access token';
	my $ahead = refresh($p, $v->{refresh})->{json}{refresh_token};
	move($v, 'counter = counter - 1');
	no_grant refresh($p, $ahead), 'a counter ahead of ours';
};

subtest 'the end of a session' => sub {
	my $u = registered($p);
	move($u, "expires_at = now() - interval '1 s'");
	ended $u, 'once it is past the token is no good';
	no_grant refresh($p, $u->{refresh}), '... and cannot be renewed';

	$u = registered($p);
	my $stamp = sub ($what) {
		$p->sql("select $what from auth.sessions where identity_id = "
			. "'$u->{identity}'");
	};
	is $stamp->('expires_at - created_at'), '30 days',
		'without being renewed it lasts thirty days';
	is $stamp->('ends_at - created_at'), '90 days', 'at most ninety';
	move($u, "expires_at = now() + interval '1 hour'");
	my $r = refresh($p, $u->{refresh});
	is $stamp->("expires_at > now() + interval '29 days'"), 't',
		'renewing it moves the end';
	move($u, "ends_at = now() + interval '1 hour', "
		. "expires_at = now() + interval '1 hour'");
	$r = refresh($p, $r->{json}{refresh_token});
	is $stamp->('expires_at <= ends_at'), 't', 'never past the last';
	move($u, "ends_at = now() - interval '1 s', "
		. "expires_at = now() - interval '1 s'");
	no_grant refresh($p, $r->{json}{refresh_token}), 'at which it is over';

	$u = registered($p);
	$p->sql('update auth.identities set disabled_at = now() '
		. "where id = '$u->{identity}'");
	no_grant refresh($p, $u->{refresh}), 'nobody renews who was locked out';
	is auth($p, authenticate => {%$u, challenge => pkce()->{challenge}})
		->{status}, 403, '... or signs in';
	$u = registered($p);
	$p->sql("delete from auth.identities where id = '$u->{identity}'");
	ended $u, 'an identity that is gone takes its sessions along';
	no_grant refresh($p, $u->{refresh}), '... and their tokens';

	$u = registered($p);
	my @all = volley($p, request(POST => '/auth/signout', '{"scope":"all"}',
		"Authorization: Bearer $u->{token}"), map { request(POST =>
		'/auth/token', json({grant_type => 'refresh_token',
			refresh_token => $u->{refresh}})) } 1 .. 8);
	for (grep { $_->{status} == 200 } @all) {
		stranger me({token => $_->{json}{access_token}}),
			'a token that was made while signing out';
	}
	is $p->sql('select count(*) from auth.sessions where identity_id = '
		. "'$u->{identity}'"), 0, 'signing out wins over renewing';
};

subtest 'roles' => sub {
	my $u = registered($p);
	my $ns = 'https://hasura.io/jwt/claims';
	is_deeply claims_of($u->{token})->{$ns}{'x-hasura-allowed-roles'},
		['user'], 'a user has one';
	is me($u, 'X-Hasura-Role' => 'user')->{status}, 200, 'which he may name';
	for my $role ('admin', 'USER', '', 'user,admin', "user'", 'postern_admin',
		'x' x 300) {
		for my $path ('/users', '/auth/me') {
			my $r = $p->http(GET => $path, headers =>
				{%{bearer($u)}, 'X-Hasura-Role' => $role});
			is $r->{status}, $role eq '' ? 200 : 403,
				"'" . substr($role, 0, 20) . "' for $path";
		}
	}
	$p->sql("update auth.identities set role = 'admin' "
		. "where id = '$u->{identity}'");
	is me($u, 'X-Hasura-Role' => 'admin')->{status}, 403,
		'a session keeps its roles';
	my $admin = authenticated($p, %$u);
	my $claims = claims_of($admin->{token})->{$ns};
	is_deeply $claims->{'x-hasura-allowed-roles'}, ['user', 'admin'],
		'an administrator has two';
	is $claims->{'x-hasura-default-role'}, 'admin', '... and is one';
	is me($admin, 'X-Hasura-Role' => $_)->{status}, 200, "... may be $_"
		for qw(user admin);
	$p->sql("update auth.identities set role = 'user' "
		. "where id = '$u->{identity}'");
};

subtest 'cookie and bearer' => sub {
	my ($u, $v) = (signup($p), signup($p));
	my $email = sub (%headers) {
		my $r = $p->http(GET => '/auth/me', headers => \%headers);
		return $r->{status} == 200 ? $r->{json}{email} : $r->{status};
	};
	is $email->(%{bearer($u)}, Cookie => $v->{cookie}), $u->{email},
		'bearer wins';
	is $email->(%{bearer('x.y.z')}, Cookie => $v->{cookie}), 401,
		'... though it is bad';
	is $email->(Cookie => $v->{cookie}), $v->{email}, 'a cookie alone';
	is $email->(Cookie => "a=b; $v->{cookie}; c=\"d\""), $v->{email},
		'... among others';
	is $email->(Cookie => "a=b;$v->{cookie};c=d"), $v->{email},
		'... without blanks';
	is $email->(Cookie => "$u->{cookie}; $v->{cookie}"), 401, 'two are none';
	is $email->(Cookie => "$v->{cookie}; $v->{cookie}"), 401,
		'... nor twice the same';
	is $email->(Cookie => "x$v->{cookie}"), 401, 'another name is none';
	is $email->(Cookie => 'edgedb-auth-token='), 401, 'nothing is none';
	stranger $p->http(GET => '/users', headers => {Cookie => $_}),
		"never silently anonymous: $_"
		for 'edgedb-auth-token=x', 'edgedb-auth-token=a.b.c';
	my $r = $p->raw("GET /auth/me HTTP/1.1\r\nHost: localhost\r\nConnection: "
		. "close\r\nCookie: $u->{cookie}\r\nCookie: $v->{cookie}\r\n\r\n");
	is $r->{status}, 401, 'two headers of it are none';
	is $email->(Authorization => "bearer $u->{token}"), $u->{email},
		'the scheme in small letters';
	is $email->(Authorization => $_), 401, "'$_'" for 'Bearer', 'Bearer ',
		"Bearer $u->{token} x", "Bearer $u->{token},$u->{token}";
};

unspoken $p, %said, 'the key' => $p->key;

done_testing;
