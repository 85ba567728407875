#!/usr/bin/perl
# Sign-up and sign-in as the tutorial prints them, and its own program's calls
# of an auth server, made to ours.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode qw(encode_utf8);
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

# The URLs that the tutorial allows.
my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_BASE_URL => 'http://localhost:5001',
	POSTERN_REDIRECTS => 'http://localhost:8000 http://localhost:8000/auth'});

my $welcome  = '{"message":"User registered"}';
my $hello    = '{"message":"Authentication successful"}';
my $failed   = '{"message":"Registration failed"}';
my $wrong    = '{"message":"Authentication failed"}';
my $no_token = '{"message":"Token exchange failed"}';
my $JWT      = qr/[\w-]+\.[\w-]+\.[\w-]+/;
my $COOKIE   = qr{\Aedgedb-auth-token=$JWT;[ ]HttpOnly;[ ]Path=/;[ ]
	SameSite=strict;[ ]Secure\z}x;

# How many of everything that a sign-up makes.
sub traces ()
{
	return $p->sql(<<~'SQL');
		select (select count(*) from auth.identities) || ' identities, '
			|| (select count(*) from auth.factors) || ' factors, '
			|| (select count(*) from auth.sessions) || ' sessions, '
			|| (select count(*) from auth.flows) || ' flows, '
			|| (select count(*) from postern.outbox) || ' mails, '
			|| (select count(*) from api.users) || ' users'
		SQL
}

sub post ($path, $body, %more)
{
	return $p->http(POST => "/auth/$path", ref $body ? (json => $body)
		: (body => $body), %more);
}

sub leaves_nothing ($what, $sub)
{
	my $before = traces();
	$sub->();
	is traces(), $before, "$what leaves nothing";
}

subtest 'a sign-up' => sub {
	my $r = post(signup => {email => 'jonathan@example.com',
		name => 'Jonathan Harker', password => 'password'});
	answers $r, 200, $welcome, 'with the payload of the tutorial';
	is $r->{headers}{'content-type'}, 'application/json', 'is JSON';
	like $r->{headers}{'set-cookie'}, $COOKIE, 'sets the cookie';
	is $r->{headers}{'cache-control'}, 'no-store', 'is not kept';
	my $user = $p->http(GET => '/users?name=Jonathan%20Harker');
	answers $user, 200, qr/\{"id":"$UUID","name":"Jonathan\ Harker",
		"created_at":"$STAMP"\}/x, 'makes a user like any other';
	my ($token) = $r->{headers}{'set-cookie'} =~ /=($JWT)/;
	my $me = $p->http(GET => '/auth/me', headers => bearer($token))->{json};
	is_deeply $me->{user}, {id => $user->{json}{id},
		name => 'Jonathan Harker'}, 'who is linked to the identity';
	is $me->{email}, 'jonathan@example.com', 'which has the address';
	is $p->sql('select count(*) from postern.outbox join auth.factors as f '
			. "on f.id = factor_id where email = 'jonathan\@example.com'")
		. $p->sql('select count(*) from auth.sessions'), '11',
		'a mail and a session are there';
	answers post(signup => '{"email":"plain@example.org","name":"Plain",'
			. '"password":"twelve monkeys","more":[1]}', type => 'text/plain'),
		200, $welcome, 'the content type is not looked at, nor more members';
};

subtest 'a field that is missing or empty' => sub {
	my %good = (email => 'a@example.org', name => 'A', password => 'long enough');
	my @empty = ('', undef, 0, JSON::PP::false, [], {});
	my $text = '{"detail":"Missing email, password, or name."}';
	leaves_nothing 'it' => sub {
		for my $field (qw(email name password)) {
			my %less = %good;
			delete $less{$field};
			answers post(signup => \%less), 400, $text, "no $field";
			answers post(signup => {%good, $field => $_}), 400, $text,
				"$field is " . json($_) for @empty;
		}
		answers post(signup => {}), 400, $text, 'nothing at all';
	};
	%good = (email => 'jonathan@example.com', password => 'password',
		provider => $PROVIDER);
	$text = '{"detail":"Missing email, password, or provider."}';
	for my $field (qw(email password provider)) {
		my %less = %good;
		delete $less{$field};
		my $r = post(signin => \%less);
		answers $r, 400, $text, "no $field to sign in";
		is $r->{headers}{'set-cookie'}, undef, '... sets no cookie';
		answers post(signin => {%good, $field => $_}), 400, $text,
			"$field is " . json($_) for @empty;
	}
};

subtest 'what is no object or no JSON' => sub {
	my @bad = ('', '{', '[]', '"text"', '5', 'null', '{"email":}',
		"{\"email\":\"\xff\"}", '{"email":"a@example.org",}', ("[" x 5000),
		'{"email":"a\u0000@example.org","name":"A","password":"long enough"}',
		'{"email":"a@example.org","name":"A\u0000","password":"long enough"}',
		'{"email":"a@example.org","name":"A","password":"long\u0000enough"}',
		'{"email":"\ud800@example.org","name":"A","password":"long enough"}',
		'{"email":["a"],"name":"A","password":"long enough"}',
		'{"email":"a@example.org","name":{"a":1},"password":"long enough"}',
		'{"email":"a@example.org","name":"A","password":["long enough"]}');
	for my $path (qw(signup signin)) {
		leaves_nothing $path => sub {
			for my $body (@bad) {
				my $r = post($path, $body);
				my $shown = $path . ' ' . substr $body, 0, 60;
				$shown =~ s/[^ -~]/?/g;
				is $r->{status}, 400, $shown;
				ok ref $r->{json} eq 'HASH', '... is told in JSON';
			}
		};
	}
};

subtest 'an address that is taken' => sub {
	leaves_nothing 'it' => sub {
		my $r = post(signup => {email => 'jonathan@example.com',
			name => 'Somebody else', password => 'velvet anchor river'});
		answers $r, 400, $failed, 'with another name';
		is $r->{headers}{'set-cookie'}, undef, 'sets no cookie';
		answers post(signup => {email => 'jonathan@example.com',
			name => 'Jonathan Harker', password => 'velvet anchor river'}),
			400, $failed, 'with the name that is taken too';
	};
	answers post(signin => {email => 'jonathan@example.com',
		password => 'velvet anchor river', provider => $PROVIDER}), 400, $wrong,
		'the password stays what it was';
	my $r = post(signup => {email => 'Jonathan@example.com',
		name => 'Jonathan the other', password => 'velvet anchor river'});
	answers $r, 200, $welcome, 'addresses are compared byte by byte';
};

subtest 'a name that is taken' => sub {
	for my $case (['a name that is taken', 'Jonathan Harker'],
		['a name of 51 characters', 'x' x 51]) {
		my ($what, $name) = @$case;
		for my $email ('new@example.org', q(o'{b}é😀@example.org)) {
			leaves_nothing $what => sub {
				my $r = post(signup => {email => $email, name => $name,
					password => 'long enough'});
				answers $r, 400, fault("User with email '$email'"
					. ' already exists.'), "$what, $email";
				is $r->{headers}{'set-cookie'}, undef, '... sets no cookie';
			};
		}
	}
	answers post(signup => {email => 'new@example.org', name => 'ß' x 50,
		password => 'long enough'}), 200, $welcome,
		'the address is free for another name';
};

subtest 'a sign-in' => sub {
	my %good = (email => 'jonathan@example.com', password => 'password',
		provider => $PROVIDER);
	my $r = post(signin => \%good);
	answers $r, 200, $hello, 'with what was signed up with';
	like $r->{headers}{'set-cookie'}, $COOKIE, 'sets the cookie';
	is $r->{headers}{'cache-control'}, 'no-store', 'is not kept';
	my ($cookie) = $r->{headers}{'set-cookie'} =~ /^([^;]+)/;
	is $p->http(GET => '/auth/me', headers => {Cookie => $cookie})
		->{json}{email}, $good{email}, 'which signs in';
	answers post(signin => json(\%good), type => 'text/plain'), 200, $hello,
		'the content type is not looked at';

	my @wrong = ([password => 'passwore'], [password => 'password '],
		[password => 'Password'], [email => 'nobody@example.com'],
		[email => 'JONATHAN@example.com'], [email => ' jonathan@example.com'],
		[provider => 'builtin::oauth_github'], [provider => 'x']);
	my %seen;
	for (@wrong) {
		my ($field, $value) = @$_;
		$r = post(signin => {%good, $field => $value});
		answers $r, 400, $wrong, "$field '$value'";
		$seen{json(plain_headers($r))}++;
	}
	is keys %seen, 1, 'all refusals look the same' or diag explain \%seen;
};

subtest 'passwords that anybody would try' => sub {
	leaves_nothing 'a refusal' => sub {
		answers post(signup => {email => 'w@example.org', name => 'W',
			password => $_}), 400, $failed, "'$_' is refused"
			for qw(seven77 12345678 qwertyuiop aaaaaaaa w@example.org);
	};
};

subtest 'verification that is required' => sub {
	my %env = (params => {POSTERN_VERIFICATION => 'required'});
	my %user = (email => 'slow@example.org', name => 'Slow',
		password => 'long enough');
	my $r = $p->cgi(POST => '/auth/signup', json => \%user, %env);
	answers $r, 400, $no_token, 'a sign-up ends without a token';
	is $r->{headers}{'set-cookie'}, undef, 'and without a cookie';
	my %again = (email => $user{email}, password => $user{password},
		provider => $PROVIDER);
	answers $p->cgi(POST => '/auth/signin', json => \%again, %env), 400,
		$wrong, 'before it one cannot sign in';
	answers $p->cgi(POST => '/auth/signin', json => {%again,
		password => 'wrong enough'}, %env), 400, $wrong,
		'a wrong password looks the same';
	$p->sql("update auth.factors set email_verified_at = now() "
		. "where email = 'slow\@example.org'");
	answers $p->cgi(POST => '/auth/signin', json => \%again, %env), 200,
		$hello, 'after it one can';
	is $p->http(GET => '/users?name=Slow')->{status}, 200,
		'and the user is there';
};

subtest 'many at once' => sub {
	my $before = $p->sql('select count(*) from auth.identities');
	my @all = volley($p, map { request(POST => '/auth/signup', json({
		email => 'race@example.org', name => "Racer $_",
		password => 'long enough'})) } 1 .. 10);
	is join(' ', sort map { $_->{status} } @all), '200' . ' 400' x 9,
		'one of ten with the same address wins';
	@all = volley($p, map { request(POST => '/auth/signup', json({
		email => "race$_\@example.org", name => 'The racer',
		password => 'long enough'})) } 1 .. 10);
	is join(' ', sort map { $_->{status} } @all), '200' . ' 400' x 9,
		'one of ten with the same name wins';
	is $p->sql('select count(*) from auth.identities'), $before + 2,
		'the others leave no identity';
	is $p->sql('select count(*) from auth.factors'),
		$p->sql('select count(*) from auth.identities'), 'and no credential';
};

# What the tutorial's program sends to its auth server, call by call.
for my $base ('/branch/main/ext/auth', '/db/edgedb/ext/auth',
	'/branch/main/ext/auth/') {
	subtest "the program of the tutorial, with $base" => sub {
		my %user = (email => "f$base\@example.org", password => 'fast enough');
		my $k = pkce();
		my $r = $p->http(POST => "$base/register", json => {
			challenge => $k->{challenge}, %user, provider => $PROVIDER,
			verify_url => 'http://localhost:8000/auth/verify'});
		is $r->{status}, 201, 'it registers' or diag $r->{body};
		my $code = $r->{json}{code} // '';
		$r = $p->http(GET =>
			"$base/token?code=$code&verifier=$k->{verifier}");
		is $r->{status}, 200, 'and gets a token' or diag $r->{body};
		my $identity = $r->{json}{identity_id} // '';
		like $identity, qr/\A$UUID\z/, 'with the identity';
		$k = pkce();
		$r = $p->http(POST => "$base/authenticate", json => {
			challenge => $k->{challenge}, %user, provider => $PROVIDER});
		is $r->{status}, 200, 'it authenticates' or diag $r->{body};
		$code = $r->{json}{code} // '';
		$r = $p->http(GET =>
			"$base/token?code=$code&verifier=$k->{verifier}");
		is $r->{status}, 200, 'and gets a token' or diag $r->{body};
		is $r->{json}{identity_id}, $identity, 'of the same identity';
		is $p->http(GET => '/auth/me', headers =>
			bearer($r->{json}{auth_token} // 'x'))->{json}{email},
			$user{email}, 'which is good here';
	};
}

subtest 'pages of others' => sub {
	my %good = (email => 'jonathan@example.com', password => 'password',
		provider => $PROVIDER);
	for my $headers ({'Sec-Fetch-Site' => 'cross-site'},
		{Origin => 'https://evil.example'},
		{Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site'}) {
		my $r = post(signin => \%good, headers => $headers);
		is $r->{status}, 403, 'cannot sign a visitor in: ' . json($headers);
		is $r->{headers}{'set-cookie'}, undef, '... no cookie';
	}
	is post(signin => \%good, headers => {'Sec-Fetch-Site' => 'same-origin'})
		->{status}, 200, 'our own can';
};

unspoken $p, 'a password' => 'velvet anchor river', 'the key' => $p->key,
	'a refused password' => 'passwore';

done_testing;
