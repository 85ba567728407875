#!/usr/bin/perl
# Libraries that nobody here wrote read our tokens, drive our OAuth, and check
# our passwords; and we theirs.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Npm;
use Postern;
use Rest;

plan skip_all => Npm::why_not() if Npm::why_not();

# One key of each kind, which the workers can read.
my $dir = Postern::_home() . '/kinds';
mkdir $dir or die "$dir: $!\n";
my $bin = $ENV{POSTERN_TEST_BIN} // "$Postern::top/build/debug/postern";
my @kinds = qw(HS256 EdDSA ES256 RS256);
my (%file, %key);
for my $alg (@kinds) {
	$file{$alg} = "$dir/$alg";
	my $old = umask 077;
	open my $out, '>', $file{$alg} or die "$file{$alg}: $!\n";
	umask $old;
	$key{$alg} = qx('$bin' key $alg);
	print {$out} $key{$alg};
	close $out;
	Postern::Cluster::chown_to(Postern::Cluster::run_as(), $file{$alg});
}
chomp $key{HS256};

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=512,t=2,p=1',
	POSTERN_KEYS => join ' ', @file{@kinds}});
# Where it says that it is, it is.
$p->{opt}{env}{POSTERN_BASE_URL} = $p->url;
$p->instance('reload');

my $issuer = $p->url . '/auth';
my $jwks   = $p->url . '/.well-known/jwks.json';
my $judge  = Npm->start('judges.mjs');
my %user   = (email => 'judged@example.org', password => 'judge this, please');
my $u      = registered($p, %user);
ok $u->{token}, 'an account' or diag explain $u;

sub token_of ($alg)
{
	my $files = join ' ', $file{$alg}, map { $file{$_} }
		grep { $_ ne $alg } @kinds;
	my $r = $p->cgi(POST => '/auth/signin', json => {provider => $PROVIDER,
		%user}, params => {POSTERN_KEYS => $files});
	my ($token) = ($r->{headers}{'set-cookie'} // '') =~ /=([\w.-]+)/;
	return $token // "(none: $r->{status} $r->{body})";
}

for my $alg (@kinds) {
	subtest "a token with $alg" => sub {
		my $token = token_of($alg);
		is head_of($token)->{alg}, $alg, 'is one' or diag $token;
		my %how = $alg eq 'HS256' ? (secret => $key{HS256}) : (jwks => $jwks);
		for my $with (qw(jose jsonwebtoken)) {
			next if $alg eq 'EdDSA' && $with ne 'jose';
			my %ask = (do => 'verify', with => $with, algorithm => $alg,
				token => $token, issuer => $issuer, %how);
			my $said = $judge->ask(\%ask);
			is_deeply $said->{claims}, claims_of($token), "$with verifies it"
				or diag explain $said;
			is $said->{claims}{sub}, $u->{identity}, '... of the account';
			$said = $judge->ask({%ask, issuer => 'http://evil.example'});
			ok $said->{error}, '... of no other issuer';
			$said = $judge->ask({%ask, token => $token =~
				s/\.([^.]+)\z/'.' . reverse $1/er});
			ok $said->{error}, '... and no other signature';
			my $now = claims_of($token);
			$said = $judge->ask({do => 'sign', with => $with,
				key => $key{$alg}, head => head_of($token),
				claims => {%$now, exp => time + 60}});
			is ask($p, GET => '/auth/me', headers => bearer($said->{token}
				// 'x'))->{status}, 200, "we take what $with makes of it"
				or diag explain $said;
			$said = $judge->ask({do => 'sign', with => $with,
				key => $key{$alg}, head => head_of($token),
				claims => {%$now, exp => time - 60}});
			is ask($p, GET => '/auth/me', headers => bearer($said->{token}
				// 'x'))->{status}, 401, '... unless it is over';
		}
		is ask($p, GET => '/users', headers => bearer($token))->{status}, 200,
			'it is good where it is not the first key';
	};
}

subtest 'the set of keys' => sub {
	my $keys = ask($p, GET => '/.well-known/jwks.json')->{json}{keys};
	is join(' ', map { $_->{alg} } @$keys), 'EdDSA ES256 RS256', 'is public';
	is $judge->ask({do => 'thumbprint', jwk => $_})->{kid}, $_->{kid},
		"$_->{alg} is known by its thumbprint" for @$keys;
};

subtest 'a client of OAuth' => sub {
	my $said = $judge->ask({do => 'discover', issuer => $issuer});
	my $server = $said->{server} // {};
	is $server->{issuer}, $issuer, 'finds the server' or diag explain $said;
	is $server->{token_endpoint}, "$issuer/token", '... and where tokens are';
	is $server->{jwks_uri}, $jwks, '... and the keys';
	is_deeply $server->{code_challenge_methods_supported}, ['S256'],
		'... and that there is PKCE';
	is_deeply [sort @{$server->{grant_types_supported} // []}],
		[qw(authorization_code refresh_token)], '... and the grants';
	ok +(grep { $_ eq 'none' }
		@{$server->{token_endpoint_auth_methods_supported} // []}),
		'... and that clients have no secrets';

	my $k = pkce();
	my $to = "$issuer/done";
	my $r = auth($p, authenticate => {%user, challenge => $k->{challenge},
		redirect_to => $to});
	my %ask = (do => 'exchange', callback => $r->{headers}{location} // $to,
		redirect => $to, verifier => $k->{verifier});
	$said = $judge->ask(\%ask);
	my $tokens = $said->{tokens} // {};
	is $tokens->{token_type}, 'bearer', 'gets tokens for a code'
		or diag explain $said;
	is $tokens->{expires_in}, 900, '... for a while';
	$said = $judge->ask(\%ask);
	is join(' ', map { $said->{$_} // '' } qw(kind status oauth)),
		'ResponseBodyError 400 invalid_grant', '... once';
	is $judge->ask({%ask, verifier => 'x' x 43})->{oauth}, 'invalid_grant',
		'... with the right verifier';

	$said = $judge->ask({do => 'fetch', token => $tokens->{access_token},
		url => $p->url . '/auth/me'});
	is $said->{body}{email}, $user{email}, 'uses them' or diag explain $said;
	$said = $judge->ask({do => 'refresh', token => $tokens->{refresh_token}});
	my $more = $said->{tokens} // {};
	is $more->{token_type}, 'bearer', 'renews them' or diag explain $said;
	isnt $more->{refresh_token}, $tokens->{refresh_token}, '... by others';
	$said = $judge->ask({do => 'fetch', token => $more->{access_token},
		url => $p->url . '/users'});
	is $said->{status}, 200, 'uses those';
	$said = $judge->ask({do => 'refresh', token => 'x'});
	is join(' ', map { $said->{$_} // '' } qw(kind status oauth)),
		'ResponseBodyError 400 invalid_grant', 'is told what is wrong';
	$said = $judge->ask({do => 'fetch', token => 'x.y.z',
		url => $p->url . '/users'});
	is $said->{kind}, 'WWWAuthenticateChallengeError',
		'is told to sign in again' or diag explain $said;
	is_deeply [map { [$_->{scheme}, @{$_->{parameters}}{qw(realm error)}] }
		@{$said->{challenges} // []}], [['bearer', 'postern',
		'invalid_token']], '... in words that it understands';
};

# --- Passwords -----------------------------------------------------------------

sub secret ($email)
{
	return $p->sql("select secret from auth.factors where email = '$email'");
}

for my $with ('argon2', 'hash-wasm') {
	subtest "passwords, by $with" => sub {
		my %odd = (email => "odd-$with\@example.org",
			password => "p\x{e4}ss \x{1f511} ' \" \\ w\x{f6}rd");
		ok registered($p, %odd)->{token}, 'an odd one';
		for my $one (\%user, \%odd) {
			my %ask = (do => 'check', with => $with,
				hash => secret($one->{email}), password => $one->{password});
			my $said = $judge->ask(\%ask);
			ok $said->{right}, 'ours is right' or diag explain $said;
			$said = $judge->ask({%ask, password => "$one->{password} "});
			is $said->{right} ? 1 : 0, 0, '... and no other'
				or diag explain $said;
		}
		for my $case (['id', 512, 2, 1], ['id', 1024, 3, 1], ['id', 64, 1, 4],
			['id', 256, 2, 8], ['id', 256, 10, 2], ['i', 512, 3, 1]) {
			my ($type, $m, $t, $p_) = @$case;
			my $said = $judge->ask({do => 'hash', with => $with,
				password => $odd{password}, type => $type, m => $m, t => $t,
				p => $p_});
			my $hash = $said->{hash} // '';
			my $name = "argon2$type m=$m,t=$t,p=$p_";
			like $hash, qr/\A\$argon2$type\$v=19\$m=$m,t=$t,p=$p_\$/, $name
				or diag explain $said;
			$p->sql('update auth.factors set secret = $x$' . $hash
				. "\$x\$ where email = '$odd{email}'");
			is auth($p, authenticate => {%odd, password => 'not this one',
				challenge => pkce()->{challenge}})->{status}, 403,
				'... a wrong password is wrong';
			is secret($odd{email}), $hash, '... and leaves it';
			is auth($p, authenticate => {%odd,
				challenge => pkce()->{challenge}})->{status}, 200,
				'... theirs is right';
			if ("$type $m $t $p_" eq 'id 512 2 1') {
				is secret($odd{email}), $hash, '... and stays';
				next;
			}
			like secret($odd{email}), qr/\A\$argon2id\$v=19\$m=512,t=2,p=1\$/,
				'... and made anew at our cost';
			ok $judge->ask({do => 'check', with => $with,
				hash => secret($odd{email}), password => $odd{password}})
				->{right}, '... which they find right';
		}
	};
}

done_testing;
