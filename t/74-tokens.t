#!/usr/bin/perl
# Tokens: what is in them, which are refused, the keys that sign them, and who
# may use the cookie.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA  qw(sha256);
use MIME::Base64 qw(decode_base64url encode_base64 encode_base64url);
use POSIX ();
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $base = 'https://api.example.com';
my $p    = Postern->start(env => {
	POSTERN_ARGON2   => 'm=256,t=1,p=1',
	POSTERN_BASE_URL => $base,
	POSTERN_ORIGINS  => 'https://app.example.com https://two.example.com:8443',
});
my $key    = $p->key;
my $u      = signup($p, name => 'Ada');
my $token  = $u->{token};
my $head   = head_of($token);
my $claims = claims_of($token);
my $NS     = 'https://hasura.io/jwt/claims';

subtest 'what is in a token' => sub {
	is_deeply [sort keys %$head], [qw(alg kid typ)], 'the head';
	is "$head->{alg} $head->{typ}", 'HS256 at+jwt', '... says what it is';
	is $head->{kid}, substr(encode_base64url(kid_of($key)), 0, 16),
		'... and which key signed it';
	is $claims->{iss}, "$base/auth", 'the issuer';
	like $claims->{sub}, qr/\A$UUID\z/, 'the identity';
	is $claims->{exp} - $claims->{iat}, 1209600, 'two weeks';
	cmp_ok abs($claims->{iat} - time), '<=', 30, 'from now';
	cmp_ok $claims->{nbf} // $claims->{iat}, '<=', $claims->{iat},
		'good at once, even for a clock that is behind';
	is_deeply $claims->{$NS}{'x-hasura-allowed-roles'}, ['user'], 'the roles';
	is $claims->{$NS}{'x-hasura-default-role'}, 'user', '... and which counts';
	like $claims->{$NS}{'x-hasura-user-id'}, qr/\A$UUID\z/, 'the user';
	ok !ref $claims->{$NS}{$_}, "$_ is a text"
		for grep { !/roles$/ } keys %{$claims->{$NS}};
	unlike json($claims), qr/\@|Ada|argon/, 'nothing about the person';
	cmp_ok length $token, '<=', 2048, 'at most two kilobytes';
	is forge($key, (map { decode_base64url($_) }
		(split /\./, $token)[1, 0])), $token, 'it is signed with the key';
	my %kind = map { $_->{token} => 1 }
		map { signin($p, %$u) } 1 .. 2;
	is keys %kind, 2, 'each sign-in has another';
};

sub kid_of ($key) { return subkey($key, 'kid') }

# Where a token is shown: a list, one row, a change, and the routes of auth.
sub refused ($token, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @ways = ([GET => '/users'], [GET => '/users?name=Ada'],
		[GET => '/auth/me'], [DELETE => '/users?name=Nobody']);
	my @bad = grep { $_->{status} != 401 || ($_->{headers}{'www-authenticate'}
		// '') !~ /\ABearer realm="postern", error="invalid_token"/ }
		map { $p->http(@$_, headers => {Authorization => "Bearer $token"}) }
		@ways;
	return ok !@bad, $name
		|| diag join "\n", map { "$_->{status} $_->{body}" } @bad;
}

sub taken ($token, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is join(' ', map { $p->http(GET => $_, headers => bearer($token))->{status} }
		'/users', '/auth/me'), '200 200', $name;
}

sub changed (%more) { return {%$claims, %more} }

sub without ($hash, @names)
{
	my %less = %$hash;
	delete @less{@names};
	return \%less;
}

subtest 'the answer to a bad token' => sub {
	my $r = $p->http(GET => '/users', headers => bearer('x.y.z'));
	is $r->{status}, 401, 'of REST';
	like $r->{headers}{'www-authenticate'}, qr/\ABearer\ realm="postern",
		\ error="invalid_token",\ error_description="[^"\\]+"\z/x,
		'... says why';
	ok $r->{json}{detail}, '... in its own form';
	$r = $p->http(GET => '/auth/me', headers => bearer('x.y.z'));
	refuses $r, 401, Unauthorized => qr/./, 'of auth';
	like $r->{headers}{'www-authenticate'}, qr/\ABearer\ realm="postern",
		\ error="invalid_token",\ error_description="[^"\\]+"\z/x,
		'... says why too';
	is $p->http(GET => "/users?access_token=$token")->{status}, $p->http(
		GET => '/users?access_token=x')->{status},
		'a token in the query is not looked at';
	is $p->http(HEAD => '/users', headers => bearer('x.y.z'))->{status}, 401,
		'HEAD';
};

subtest 'forged heads' => sub {
	taken forge($key, $claims, $head), 'ours, made here, is good';
	for my $alg ('none', 'None', 'NONE', 'nOnE', '', undef, 0, ['HS256'],
		'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA', 'hs256', ' HS256') {
		my $forged = forge($key, $claims, {%$head, alg => $alg});
		refused $forged, 'alg ' . json($alg);
		refused $forged =~ s/[^.]*\z//r, '... without a signature';
	}
	refused forge($key, $claims, without($head, 'alg')), 'no alg';
	refused forge($key, $claims, without($head, 'kid')), 'no kid';
	refused forge($key, $claims, {%$head, kid => $_}), 'kid ' . json($_)
		for '', 'x', "$head->{kid}A", uc $head->{kid}, [$head->{kid}], undef, 5,
		'../../../dev/null', "' or 1=1", $head->{kid} . "\0";
	refused forge($key, $claims, {%$head, crit => ['exp']}), 'crit';
	refused forge($key, $claims, {%$head, crit => []}), 'an empty crit';
	refused forge($key, $claims, {%$head, b64 => JSON::PP::false,
		crit => ['b64']}), 'b64';
	refused forge($key, $claims, {%$head, b64 => JSON::PP::false}),
		'b64 that is not critical';
	refused forge($key, $claims, {%$head, zip => 'DEF'}), 'zip';
	taken forge($key, $claims, {%$head, jku => 'http://127.0.0.1:1/jwks',
		x5u => 'http://127.0.0.1:1/', jwk => {kty => 'oct', k => 'AAAA'}}),
		'keys that a token brings along are not looked at';
	my $own = 'k' x 32;
	refused forge($own, $claims, {%$head, jwk => {kty => 'oct',
		k => encode_base64url($own)}}), '... nor trusted';
	refused forge($key, $claims, {%$head, typ => $_}), "typ $_"
		for qw(verification+jwt reset+jwt);
	refused forge($key, $claims, $_), "the head is $_"
		for '[]', '"x"', '5', 'null', '', '{', '{"alg":"HS256"', "\xff";
};

subtest 'forged signatures' => sub {
	my ($h, $c, $s) = split /\./, $token;
	my $bytes = decode_base64url($s);
	my %with = (none => '', short => substr($s, 0, -1),
		half => substr($s, 0, 20), longer => "${s}AA", padded => "$s=",
		zeros => encode_base64url("\0" x 32), standard => encode_base64($bytes, '') =~ tr/=//dr,
		'one bit off' => encode_base64url($bytes ^. "\1" . "\0" x 31),
		'the last bit off' => encode_base64url($bytes ^. "\0" x 31 . "\1"),
		'spare bits' => substr($s, 0, -1) . (substr($s, -1) =~
			tr/AEIMQUYcgkosw048/BFJNRVZdhlptx159/r),
		'a fourth part' => "$s.$s");
	delete $with{standard} if $with{standard} eq $s;
	refused "$h.$c.$with{$_}", $_ for sort keys %with;
	refused "$h.$c", 'two parts';
	refused "$h$c$s", 'one part';
	refused "$h..$s", 'no claims';
	refused '..', 'nothing';
	refused "$c.$h.$s", 'parts in another order';
	refused encode_base64(json($head), '') . ".$c.$s", 'padding in the head'
		if json($head) !~ /\A(?:...)*\z/s;
	refused forge($_, $claims, $head), 'another key'
		for 'x' x 43, "$key\n", substr($key, 0, -1), '', uc $key;
	refused forge(decode_base64url($key), $claims, $head),
		'the key taken apart' if decode_base64url($key) ne $key;
	refused forge(subkey($key, $_), $claims, $head), "the key for $_"
		for qw(verification reset magic_link state kid);
	my $v = signup($p);
	my (undef, $other) = split /\./, $v->{token};
	refused "$h.$other.$s", 'claims of another token';
};

subtest 'claims' => sub {
	my $now = time;
	my $with = sub (%more) { forge($key, changed(%more), $head) };
	refused $with->(exp => $now - 35), 'expired half a minute ago';
	taken $with->(exp => $now - 20), '... less than that is a slow clock';
	refused $with->(exp => $_), 'exp ' . json($_)
		for 0, -1, 'soon', "$now", [$now + 60], JSON::PP::true, {};
	refused $with->(nbf => $now + 60), 'not yet';
	taken $with->(nbf => $now + 20), '... nearly';
	refused $with->(nbf => $_), 'nbf ' . json($_) for 'x', [], {};
	for my $iss ('https://evil.example/auth', "$base/auth/", $base,
		uc "$base/auth", "$base/Auth", ["$base/auth"], '', undef,
		'http://api.example.com/auth', 5) {
		refused $with->(iss => $iss), 'iss ' . json($iss);
	}
	refused forge($key, without($claims, 'iss'), $head), 'no iss';
	refused $with->(sub => $_), 'sub ' . json($_)
		for '', 'x', "' or 1=1 --", undef, 5, [$claims->{sub}];
	refused forge($key, without($claims, 'sub'), $head), 'no sub';
	refused forge($key, $_, $head), "claims are $_"
		for '[]', '"x"', '5', 'null', 'true', '', '{', "{\"sub\":\"\xff\"}";
	refused forge($key, json($claims) =~ s/\}\z/,"sub":"x"}/r, $head),
		'a name twice';
	stranger $p->cgi(GET => '/users', headers =>
		bearer($with->(pad => 'x' x $_))), "a token of more than $_ bytes"
		for 6_200, 16_000, 60_000;
	# A key that is known makes no sessions.
	like $claims->{sid}, qr/\A$UUID\z/, 'a session is named';
	refused $with->(sid => '00000000-0000-4000-8000-000000000000'),
		'one that is not there';
	refused $with->(sid => $_), 'sid ' . json($_)
		for 'x', '', undef, [], "' or 1=1";
	refused forge($key, without($claims, 'sid'), $head), 'no sid';
	refused $with->($NS => {%{$claims->{$NS}},
		'x-hasura-allowed-roles' => ['user', 'admin'],
		'x-hasura-default-role' => 'admin'}),
		'a role that the session does not have';
	is $p->http(GET => '/users', headers => bearer($with->($NS =>
		{%{$claims->{$NS}}, 'x-hasura-default-role' => $_})))->{status}, 403,
		"the role '$_', which is not allowed" for 'admin', 'postern_auth', '';
	taken $token, 'all this changed nothing';
};

# --- Cookies -------------------------------------------------------------------

subtest 'changes by cookie' => sub {
	my $n = 0;
	my $try = sub ($headers, %more) {
		$n++;
		return $p->http(POST => '/users', json => {name => "Cookie $n"},
			headers => {Cookie => $u->{cookie}, %$headers}, %more)->{status};
	};
	for my $case ([{}, 403], [{'Sec-Fetch-Site' => 'same-origin'}, 201],
		[{'Sec-Fetch-Site' => 'cross-site'}, 403],
		[{'Sec-Fetch-Site' => 'same-site'}, 403],
		[{'Sec-Fetch-Site' => 'none'}, 403],
		[{'Sec-Fetch-Site' => 'same-origin, cross-site'}, 403],
		[{Origin => $base}, 201], [{Origin => 'https://app.example.com'}, 201],
		[{Origin => 'https://two.example.com:8443'}, 201],
		[{Origin => 'https://app.example.com',
			'Sec-Fetch-Site' => 'same-site'}, 201],
		[{Origin => 'https://evil.example'}, 403], [{Origin => 'null'}, 403],
		[{Origin => ''}, 403], [{Origin => 'https://app.example.com.evil.org'}, 403],
		[{Origin => 'https://evilapp.example.com'}, 403],
		[{Origin => 'http://app.example.com'}, 403],
		[{Origin => 'https://app.example.com:8443'}, 403],
		[{Origin => 'https://app.example.com.'}, 403],
		[{Origin => 'https://two.example.com'}, 403],
		[{Origin => 'https://app.example.com/'}, 403],
		[{Origin => "$base https://evil.example"}, 403],
		[{Origin => 'https://evil.example',
			'Sec-Fetch-Site' => 'cross-site'}, 403]) {
		my ($headers, $status) = @$case;
		is $try->($headers), $status, json($headers);
	}
	my %ours = ('Sec-Fetch-Site' => 'same-origin');
	for my $type ('text/plain', 'application/x-www-form-urlencoded',
		'multipart/form-data; boundary=x', '', 'text/plain; application/json',
		'application/jsonp') {
		is $try->(\%ours, type => $type), 403, "a body of type '$type'";
	}
	is $try->(\%ours, type => 'application/json; charset=utf-8'), 201,
		'JSON with a parameter';
	for my $method (qw(PUT PATCH DELETE)) {
		my $path = $method eq 'PUT' ? '/users?current_name=Nobody'
			: $method eq 'DELETE' ? '/users?name=Nobody'
			: "/users/00000000-0000-4000-8000-000000000000";
		my @body = $method eq 'DELETE' ? () : (json => {name => 'x'});
		my %status = map { $_->[0] => $p->http($method => $path, @body,
			headers => {Cookie => $u->{cookie}, %{$_->[1]}})->{status} }
			[without => {}], [with => \%ours];
		is "$status{without} $status{with}", '403 404',
			"$method from elsewhere, and from here";
	}
	is $p->http(GET => '/users', headers => {Cookie => $u->{cookie},
		Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site'})
		->{status}, 200, 'to read needs no such proof';
	is $p->http(POST => '/users', json => {name => 'By bearer'}, headers =>
		{%{bearer($u)}, Origin => 'https://evil.example',
			'Sec-Fetch-Site' => 'cross-site'})->{status}, 201,
		'whoever shows a token needs none';
	is $p->http(POST => '/users', json => {name => 'By both'}, headers =>
		{%{bearer($u)}, Cookie => $u->{cookie},
			Origin => 'https://evil.example'})->{status}, 201,
		'... though there is a cookie';
	is $p->sql("select count(*) from api.users where name like 'Cookie %'"), 6,
		'what was refused did not happen';
};

subtest 'the routes of auth by cookie' => sub {
	my $v = signup($p);
	my %evil = (Cookie => $v->{cookie}, Origin => 'https://evil.example',
		'Sec-Fetch-Site' => 'cross-site');
	for my $case (
		['POST', '/auth/signout', {scope => 'all'}],
		['POST', '/auth/password', {old_password => $v->{password},
			new_password => 'put there by others'}],
		['DELETE', '/auth/account', {password => $v->{password}}],
		['DELETE', '/auth/sessions/' . $p->http(GET => '/auth/me',
			headers => bearer($v))->{json}{session_id}]) {
		my ($method, $path, $body) = @$case;
		my $r = $p->http($method => $path, $body ? (json => $body) : (),
			headers => \%evil);
		is $r->{status}, 403, "$method $path from a page of others";
		is $r->{headers}{'set-cookie'}, undef, '... leaves the cookie';
		$r = $p->http($method => $path, $body ? (json => $body) : (),
			headers => {Cookie => $v->{cookie}});
		is $r->{status}, 403, '... or from who knows where';
	}
	is $p->http(GET => '/auth/me', headers => bearer($v))->{json}{email},
		$v->{email}, 'nothing has happened';
	is $p->http(POST => '/auth/signout', headers => cookie($v))->{status}, 204,
		'our own page signs out';
	stranger $p->http(GET => '/users', headers => bearer($v)), '... really';
};

# --- Keys ------------------------------------------------------------------------

my $keys = Postern::_home() . '/keys';
mkdir $keys or die "$keys: $!\n";

sub key_file ($name, $text, $mode = 0600)
{
	my $path = "$keys/$name";
	open my $out, '>', $path or die "$path: $!\n";
	print {$out} $text;
	close $out;
	chmod $mode, $path;
	return $path;
}

# What the program prints, its status, and what it says.
sub program ($env, @arguments)
{
	my $said = "$keys/said";
	my $pid = open(my $from, '-|') // die "fork: $!\n";
	if (!$pid) {
		open STDERR, '>', $said;
		open STDIN, '<', '/dev/null';
		alarm 20;
		delete @ENV{grep { /^(?:PG|POSTERN_)/ } keys %ENV};
		@ENV{keys %$env} = values %$env;
		exec $p->{bin}, @arguments or POSIX::_exit(127);
	}
	my $out = do { local $/; <$from> } // '';
	close $from;
	return ($out, $?, Postern::_slurp($said));
}

# Runs as CGI with these files of keys.
sub with_keys ($files, $method, $path, %opt)
{
	return $p->cgi($method => $path, %opt, params => {POSTERN_KEYS => $files});
}

my %file = (HS256 => $p->key_file);
my %kind = (HS256 => undef, EdDSA => 'OKP', ES256 => 'EC', RS256 => 'RSA');

subtest 'new keys' => sub {
	my ($hs, $status) = program({}, 'key');
	is $status, 0, 'postern key';
	like $hs, qr/\A[\w-]{43}\n\z/, 'prints a line of random characters';
	isnt +(program({}, 'key'))[0], $hs, 'another one each time';
	for my $alg (qw(EdDSA ES256 RS256)) {
		my ($pem, $status) = program({}, 'key', $alg);
		is $status, 0, "postern key $alg";
		like $pem, qr/\A-----BEGIN[ ]PRIVATE[ ]KEY-----\n.*
			-----END[ ]PRIVATE[ ]KEY-----\n\z/xs, 'prints a private key';
		$file{$alg} = key_file($alg, $pem);
	}
	my ($out, $bad) = program({}, 'key', 'HS1');
	isnt $bad, 0, 'of no other kind';
	is $out, '', '... prints nothing';
};

# RFC 7638.
sub thumbprint ($jwk)
{
	my %members = (OKP => [qw(crv kty x)], EC => [qw(crv kty x y)],
		RSA => [qw(e kty n)]);
	my %some = map { $_ => $jwk->{$_} } @{$members{$jwk->{kty}} // []};
	return encode_base64url(sha256(json(\%some)));
}

my %token;
for my $alg (qw(EdDSA ES256 RS256)) {
	subtest "tokens signed with $alg" => sub {
		my $r = with_keys($file{$alg}, POST => '/auth/signin', json => {
			provider => $PROVIDER, %$u{qw(email password)}});
		is $r->{status}, 200, 'sign in' or diag $r->{body};
		my ($token) = ($r->{headers}{'set-cookie'} // '') =~ /=([\w.-]+)/;
		$token{$alg} = $token // '';
		is head_of($token)->{alg}, $alg, 'the head says so';
		cmp_ok length $token, '<=', 2048, 'it is short enough';
		my $me = sub ($token, $files = $file{$alg}) {
			with_keys($files, GET => '/auth/me', headers => bearer($token))
				->{status};
		};
		is $me->($token), 200, 'it is good';
		is with_keys($file{$alg}, GET => '/users', headers => bearer($token))
			->{status}, 200, 'everywhere';
		my ($h, $c, $s) = split /\./, $token;
		my $bytes = decode_base64url($s);
		is $me->("$h.$c." . encode_base64url($_)), 401, 'another signature'
			for $bytes ^. "\1" . "\0" x (length($bytes) - 1), "\0" x length $bytes,
			substr($bytes, 1), "$bytes\0", '';
		is $me->($token, $file{HS256}), 401, 'where the key is unknown it is not';
		is $me->($token, "$file{HS256} $file{$alg}"), 200,
			'where it is the second key it is';

		my $jwks = with_keys("$file{$alg} $file{HS256}",
			GET => '/.well-known/jwks.json');
		is $jwks->{status}, 200, 'there is a set of keys';
		is scalar @{$jwks->{json}{keys}}, 1, 'of this one alone';
		my $jwk = $jwks->{json}{keys}[0];
		is $jwk->{kty}, $kind{$alg}, 'it is public';
		is join(' ', grep { exists $jwk->{$_} } qw(d p q dp dq qi k oth)), '',
			'... and nothing but that';
		is "$jwk->{alg} $jwk->{use}", "$alg sig", 'made for this';
		is $jwk->{kid}, thumbprint($jwk), 'known by its thumbprint';
		is head_of($token)->{kid}, $jwk->{kid}, 'which is in the token';

		# The old trick: what everybody knows, taken for a secret.
		my $pem = qx(openssl pkey -in $file{$alg} -pubout 2>/dev/null);
		is $me->(forge($_, claims_of($token), {%{head_of($token)},
			alg => 'HS256'})), 401, 'a public key is no secret'
			for $pem, $pem =~ s/\n\z//r, json($jwk), $jwk->{x} // $jwk->{n};
		is $me->(forge($key, claims_of($token), head_of($token)),
			"$file{$alg} $file{HS256}"), 401,
			'nor does another key sign for it';
		is $me->(forge($key, claims_of($token), {%$head, alg => $alg}),
			"$file{$alg} $file{HS256}"), 401, '... under its own name';
	};
}

subtest 'the set of keys' => sub {
	my $r = $p->http(GET => '/.well-known/jwks.json');
	answers $r, 200, '{"keys":[]}', 'never has a secret';
	like $r->{headers}{'content-type'}, qr{^application/(?:jwk-set\+)?json},
		'is JSON';
	$r = with_keys(join(' ', @file{qw(RS256 EdDSA ES256 HS256)}),
		GET => '/.well-known/jwks.json');
	is join(' ', map { $_->{alg} } @{$r->{json}{keys}}), 'RS256 EdDSA ES256',
		'has all others, in their order';
	unlike $r->{body}, qr/\Q$key\E/, '... and still no secret';
};

subtest 'new keys for old' => sub {
	my $new = key_file('new', 'the second key, which has enough of them');
	my %was = (%{registered($p)});
	my $me = sub ($files, $token) {
		with_keys($files, GET => '/users', headers => bearer($token))->{status};
	};
	my $renew = sub ($files, $token) {
		with_keys($files, POST => '/auth/refresh', json =>
			{refresh_token => $token});
	};
	is $me->("$new $file{HS256}", $was{token}), 200,
		'while both are there, old tokens are good';
	my $r = $renew->("$new $file{HS256}", $was{refresh});
	is $r->{status}, 200, '... and can be renewed' or diag $r->{body};
	my %is = (token => $r->{json}{access_token},
		refresh => $r->{json}{refresh_token});
	isnt head_of($is{token})->{kid}, $head->{kid}, 'new ones have the new key';
	is $me->("$new $file{HS256}", $is{token}), 200, '... and are good';
	is $me->($file{HS256}, $is{token}), 401, '... unless it is unknown';
	is $me->($new, $was{token}), 401, 'when the old one goes its tokens go';
	is $me->($new, $is{token}), 200, '... and others stay';
	is $renew->($new, $is{refresh})->{status}, 200, '... and can be renewed';
	is $renew->($new, $was{refresh})->{status}, 401,
		'refresh tokens go with their key too';
};

subtest 'keys that will not do' => sub {
	my $two = key_file('two', "$key\n");
	my $rsa = qx(openssl genrsa 1024 2>/dev/null);
	my $koblitz = qx(openssl ecparam -name secp256k1 -genkey -noout);
	my $public = qx(openssl pkey -in $file{ES256} -pubout);
	my %bad = (
		'no key'            => '',
		'a file that is not there' => "$keys/none",
		'a folder'          => $keys,
		'an empty file'     => key_file('empty', ''),
		'31 characters'     => key_file('short', 'abcdefghijklmnopqrstuvwxyz01234'),
		'one character'     => key_file('same', 'a' x 64),
		'for all to read'   => key_file('open', $key . 'x', 0644),
		'the same key twice' => "$file{HS256} $two",
		'five keys'         => join(' ', map { key_file("n$_",
			"number $_, which is as long as they are") } 1 .. 5),
		'an RSA key of 1024 bits' => key_file('rsa', $rsa),
		'a key on another curve' => key_file('koblitz', $koblitz),
		'a public key'      => key_file('public', $public),
		'a PEM of nothing'  => key_file('pem',
			"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
	);
	my %env = (POSTERN_CONFIG => '/dev/null', POSTERN_STATE => $p->cgi_state,
		POSTERN_DATABASE => $p->conninfo('postern'));
	for my $what (sort keys %bad) {
		my ($out, $status, $said) = program({%env,
			POSTERN_KEYS => $bad{$what}}, 'check');
		ok $status != 0 && !($status & 127), "$what is refused"
			or diag "$status $said";
		like $said, qr/POSTERN_KEYS/, '... by its name';
		like $said, $what eq 'five keys' ? qr/more than 4/ : qr/postern key/,
			'... and with what to do';
		unlike $said, qr/\Q$key\E|abcdefghijk|aaaaaaa|AAAA/,
			'... and not what is in it';
	}
	my ($out, $status, $said) = program({%env,
		POSTERN_KEYS => key_file('just', 'abcdefghijklmnopqrstuvwxyz012345')},
		'check');
	is $status, 0, '32 characters will do' or diag $said;

	# The pools themselves, on a socket as spawn-fcgi gives them.
	for my $pool (qw(api auth)) {
		my $pid = fork // die "fork: $!\n";
		if (!$pid) {
			delete @ENV{grep { /^(?:PG|POSTERN_)/ } keys %ENV};
			@ENV{keys %env} = values %env;
			open STDOUT, '>', "$keys/pool";
			open STDERR, '>&', \*STDOUT;
			exec 'timeout', 10, 'spawn-fcgi', '-n', '-s', "$keys/sock", '--',
				$p->{bin}, 'pool', $pool or POSIX::_exit(127);
		}
		waitpid $pid, 0;
		my $status = $?;
		unlink "$keys/sock";
		my $said = Postern::_slurp("$keys/pool");
		ok $status && $status >> 8 != 124, "the pool $pool does not start "
			. 'without a key' or diag "$status $said";
		like $said, qr/POSTERN_KEYS.*postern key/s, '... and says what to do';
	}
	my $before = length $p->{cgi_log};
	is with_keys("$keys/none", GET => '/users')->{body}, '',
		'a single run with a bad one does nothing';
	like substr($p->{cgi_log}, $before), qr/POSTERN_KEYS/,
		'... and says why in the log';
	is with_keys('', GET => '/users')->{status}, 200,
		'a single run without a key still serves who needs none';
	my $r = with_keys('', POST => '/auth/signin', json => {
		provider => $PROVIDER, %$u{qw(email password)}});
	like $r->{status}, qr/^50[03]$/, '... and signs nobody in';
	is $r->{headers}{'set-cookie'}, undef, '... at all';
	is with_keys('', GET => '/users', headers => bearer($token))->{status}
		=~ /^(?:401|50[03])$/ ? 1 : 0, 1, '... nor takes a token';
};

unspoken $p, token => $token, 'a forged token' => $token{RS256}, key => $key,
	signature => (split /\./, $token)[2], password => $u->{password};

done_testing;
