#!/usr/bin/perl
# Attacks on accounts that need more than one step: what somebody may do with
# an account of his own, or with what was good once, to get at another's.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Auth;
use AuthServer;
use Postern;
use Rest;

my $app = 'https://app.example.com/auth';
my $p   = Postern->start(env => {
	POSTERN_ARGON2    => 'm=256,t=1,p=1',
	POSTERN_BASE_URL  => 'https://api.example.com',
	POSTERN_REDIRECTS => $app,
});
my $nobody = 'Could not find a matching PKCE code';

# The code that the attacker gets for a challenge of his by signing in himself.
sub own_code ($who, $challenge)
{
	return auth($p, authenticate => {%$who{qw(email password)},
		challenge => $challenge})->{json}{code};
}

# The token of the newest of so many mails to somebody.
sub mailed ($who, $n)
{
	return ($p->mails(to => $who->{email}, wait => $n))[-1]{token};
}

subtest 'a code that one knows becomes nobody else\'s' => sub {
	my ($mallory, $ada) = (registered($p), registered($p));
	my $k = pkce();
	my $code = own_code($mallory, $k->{challenge});
	like $code, qr/\A$UUID\z/, 'one has a code';
	is auth($p, 'send-reset-email' => {email => $ada->{email},
		challenge => $k->{challenge}, reset_url => "$app/reset"})->{status},
		200, '... and asks for a mail to another with the same challenge';
	my $theirs = auth($p, 'reset-password' => {reset_token => mailed($ada, 2),
		password => 'a lantern in the fog'})->{json}{code};
	like $theirs, qr/\A$UUID\z/, 'who follows the link gets a code';
	isnt $theirs, $code, '... of their own';
	refuses exchange($p, $code, $k->{verifier}), 403,
		NoIdentityFound => $nobody, 'the first one is no good any more';

	my $bea = registered($p);
	$k    = pkce();
	$code = own_code($mallory, $k->{challenge});
	auth($p, 'resend-verification-email' => {email => $bea->{email},
		challenge => $k->{challenge}});
	is auth($p, verify => {verification_token => mailed($bea, 2)})->{status},
		200, 'the same with a link that verifies';
	refuses exchange($p, $code, $k->{verifier}), 403,
		NoIdentityFound => $nobody, '... lets nobody in';
	is own_code($mallory, $k->{challenge}),
		own_code($mallory, $k->{challenge}), 'one\'s own code stays';
};

subtest 'a session that has ended ends no others' => sub {
	my $ada   = registered($p);
	my $stale = authenticated($p, %$ada{qw(email password)});
	my $out   = sub ($who, $scope) {
		return ask($p, POST => '/auth/signout', json => {scope => $scope},
			headers => bearer($who))->{status};
	};
	my $lives = sub {
		return ask($p, GET => '/auth/me', headers => bearer($ada))->{status};
	};
	is $out->($stale, 'this'), 204, 'it is signed out';
	for my $scope (qw(this others all)) {
		is $out->($stale, $scope), 204, "... and signs out $scope";
		is $lives->(), 200, '... which it cannot';
	}
	my $other = authenticated($p, %$ada{qw(email password)});
	is $out->($other, 'others'), 204, 'one that lives can';
	isnt $lives->(), 200, '... as it says';
};

subtest 'who has another spelling of an address guesses no more often' => sub {
	my $ada     = registered($p, email => 'ada@example.net');
	my $mallory = registered($p, email => 'ADA@example.net');
	my $k   = pkce();
	my $try = sub ($who, $password) {
		return auth($p, authenticate => {email => $who->{email},
			password => $password, challenge => $k->{challenge}})
			->{status};
	};
	my @said;
	for my $guess (1 .. 8) {
		push @said, $try->($ada, "guess $guess");
		$try->($mallory, $mallory->{password}) if $guess % 4 == 0;
	}
	is "@said", '403 403 403 403 403 429 429 429',
		'five times, whatever he signs in to in between';
	is $try->($mallory, $mallory->{password}), 200,
		'who only has the other spelling does not wait';
};

subtest 'a token is one whatever stands before it' => sub {
	for my $blank ("\t", ' ' x 3, " \t") {
		my $r = ask($p, GET => '/users?limit=1',
			headers => {Authorization => "Bearer${blank}x.y.z"});
		stranger($r, 'it is not good behind ' . json($blank));
	}
	is ask($p, GET => '/users?limit=1', headers => {Authorization => $_})
		->{status}, 200, "$_ is another scheme's"
		for 'Bearerx x.y.z', 'Basic x.y.z', 'Bear x.y.z';
};

subtest 'nobody\'s mailbox is filled by spellings of its address' => sub {
	my @spelled = map { my $n = $_; join '', map {
		$n-- > 0 ? uc : $_ } split //, 'flooded@example.net' } 0 .. 6;
	$p->signup(email => $_) for @spelled[0 .. 2];
	registered($p, email => $_) for @spelled[3 .. 6];
	is $p->sql(q{select count(*) from auth.factors
		where email ilike 'flooded@example.net'}), 7, 'seven sign up';
	is $p->sql(q{select count(*) from postern.outbox as o
		join auth.factors as f on f.id = o.factor_id
		where f.email ilike 'flooded@example.net'}), 2, '... with two mails';
	is auth($p, 'resend-verification-email' => {email => $spelled[6]})
		->{status}, 200, 'a further one comes for the asking';
	is scalar(() = $p->mails(to => $spelled[6], wait => 1)), 1, '... as it does';
};

subtest 'a crash leaves no memory with secrets in it' => sub {
	for my $pool (qw(api auth bulk courier)) {
		my %limits = map { $_ => Postern::_slurp("/proc/$_/limits") }
			$p->pids($pool);
		is scalar(grep { !/^Max core file size\s+0\s+0\s/m }
			values %limits), 0, "no process of the pool $pool dumps core"
			or diag join '', map { /^(Max core.*\n)/m } values %limits;
	}
};

subtest 'the tutorial\'s password is for one\'s own machine' => sub {
	my %user = (email => 'tutor@example.net', name => 'Tutor',
		password => 'password');
	ok !$p->signup(%user)->{token}, 'nobody else may choose it';
	is $p->cgi(POST => '/auth/signup', json => \%user,
		params => {POSTERN_BASE_URL => 'http://localhost:5001'})->{status},
		200, 'there one may';
};

subtest 'a name is no link in a mail to somebody else' => sub {
	my %name = ('J. R. Smith A/S' => 1, "O'Hara 3.5" => 1, 'pay at evil.example' => 0,
		'http://evil' => 0, 'ask eve@x' => 0, "\x{fc}.\x{e4}" => 0);
	my $n = 0;
	for my $name (sort keys %name) {
		my $email = 'named' . $n++ . '@example.net';
		$p->signup(email => $email, name => $name);
		my ($mail) = $p->mails(to => $email, wait => 1);
		like $mail->{text}, qr/^Hello \Q${\($name{$name} ? $name : $email)}\E,/m,
			$name{$name} ? 'a name' : 'no name';
	}
};

done_testing;
