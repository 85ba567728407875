#!/usr/bin/perl
# Passwords: how they are kept, which are taken, how they change, and how often
# one may guess.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode qw(encode_utf8);
use List::Util qw(shuffle sum0);
use POSIX ();
use Test::More;
use Time::HiRes ();

use Auth;
use AuthServer;
use Postern;
use Rest;

my $p = Postern->start(env => {POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_BASE_URL  => 'http://localhost:8000'});

my $nobody = 'Could not find an Identity matching the provided credentials';
my %said;

sub challenge () { return pkce()->{challenge} }

sub register ($email, $password)
{
	return auth($p, register => {email => $email, password => $password,
		challenge => challenge()});
}

sub tries ($email, $password, @more)
{
	return auth($p, authenticate => {email => $email, password => $password,
		challenge => challenge()}, @more);
}

sub secret_of ($email)
{
	return $p->sql("select secret from auth.factors where email = '$email'");
}

# With the settings of the workers and these.
sub cgi ($path, $json, %settings)
{
	return $p->cgi(POST => $path, json => $json, params => \%settings);
}

subtest 'how a password is kept' => sub {
	my %body = (provider => $PROVIDER, email => 'real@example.org',
		password => 'the same password', challenge => challenge());
	is cgi('/auth/register', \%body,
		POSTERN_ARGON2 => 'm=19456,t=2,p=1')->{status}, 201, 'registered';
	my $secret = secret_of('real@example.org');
	like $secret, qr{\A\$argon2id\$v=19\$m=19456,t=2,p=1
		\$[\w+/]{22}\$[\w+/]{43}\z}x, 'as Argon2id, at the usual cost';
	register('other@example.org', 'the same password');
	my $other = secret_of('other@example.org');
	isnt +(split /\$/, $other)[4], (split /\$/, $secret)[4],
		'each with a salt of its own';
	is $p->sql("select count(*) from auth.factors where secret like '%same%'"),
		0, 'never as it is';
	$said{'a hash'} = $secret;
};

subtest 'another cost' => sub {
	my ($email, $password) = ('rehash@example.org', 'rehash this one');
	register($email, $password);
	my $first = secret_of($email);
	like $first, qr/\A\$argon2id\$v=19\$m=256,t=1,p=1\$/, 'the cost that is set';
	is tries($email, $password)->{status}, 200, 'signing in at the same cost';
	is secret_of($email), $first, '... leaves the hash';
	my %body = (provider => $PROVIDER, email => $email,
		password => 'a wrong one', challenge => challenge());
	my @cost = (POSTERN_ARGON2 => 'm=512,t=2,p=1');
	is cgi('/auth/authenticate', \%body, @cost)->{status}, 403,
		'a wrong password at another cost';
	is secret_of($email), $first, '... leaves it too';
	$body{password} = $password;
	is cgi('/auth/authenticate', \%body, @cost)->{status}, 200,
		'the right one';
	like secret_of($email), qr/\A\$argon2id\$v=19\$m=512,t=2,p=1\$/,
		'... makes it anew';
	is tries($email, $password)->{status}, 200, 'which is good';
	is cgi('/auth/signin', \%body, @cost)->{status}, 200,
		'signing in does the same';
	like secret_of($email), qr/m=512,t=2,p=1/, '... makes it anew';

	$p->sql(<<~'SQL');
		create function public.refuse() returns trigger language plpgsql
		as $$ begin raise 'no room'; end $$;
		create trigger refuse before update of secret on auth.factors
		for each row execute function public.refuse();
		SQL
	my $before = secret_of($email);
	is tries($email, $password)->{status}, 200,
		'who cannot be written signs in all the same';
	is secret_of($email), $before, '... with the old hash';
	$p->sql('drop trigger refuse on auth.factors; '
		. 'drop function public.refuse');
};

subtest 'hashes that cost too much' => sub {
	my ($email, $password) = ('bounds@example.org', 'within the bounds');
	register($email, $password);
	my $good = secret_of($email);
	my (undef, undef, undef, undef, $salt, $tag) = split /\$/, $good;
	my $log = length $p->log('auth');
	my @bad = ("\$argon2id\$v=19\$m=4194304,t=1,p=1\$$salt\$$tag",
		"\$argon2id\$v=19\$m=256,t=1000000,p=1\$$salt\$$tag",
		"\$argon2id\$v=19\$m=256,t=1,p=200\$$salt\$$tag",
		"\$argon2d\$v=19\$m=256,t=1,p=1\$$salt\$$tag",
		"\$argon2id\$v=16\$m=256,t=1,p=1\$$salt\$$tag",
		"\$argon2id\$v=19\$m=256,t=1,p=1\$AAAA\$$tag",
		"\$argon2id\$v=19\$m=256,t=1,p=1\$$salt\$AAAA",
		"\$argon2id\$v=19\$m=256,t=1,p=1\$$salt\$" . 'A' x 400,
		"\$argon2id\$v=19\$m=99999999999999999999,t=1,p=1\$$salt\$$tag",
		"\$argon2id\$v=19\$m=-1,t=1,p=1\$$salt\$$tag", '$argon2id$', 'x',
		"\$2b\$12\$abcdefghijklmnopqrstuv", $password, ' ');
	for my $bad (@bad) {
		$p->sql('delete from auth.throttle');
		$p->sql("update auth.factors set secret = \$x\$$bad\$x\$ "
			. "where email = '$email'");
		my $r = tries($email, $password);
		refuses $r, 403, NoIdentityFound => $nobody, substr $bad, 0, 50;
	}
	my $told = substr $p->log('auth'), $log;
	like $told, qr/"level":"error"/, 'the log tells it';
	unlike $told, qr/\Q$tag\E|\Q$salt\E/, '... without the hash';
	$p->sql('delete from auth.throttle');
	$p->sql("update auth.factors set secret = \$x\$$good\$x\$ "
		. "where email = '$email'");
	is tries($email, $password)->{status}, 200, 'the right one is good again';
};

subtest 'how long a password is' => sub {
	my $n = 0;
	my $is = sub ($password, $status, $name) {
		$n++;
		my $r = register("length$n\@example.org", $password);
		is $r->{status}, $status, $name or diag $r->{body};
		is $r->{json}{error}{type}, 'InvalidData', '... in words'
			if $status == 400;
		is tries("length$n\@example.org", $password)->{status}, 200,
			'... and signs in' if $status == 201;
	};
	my $long = join '', map { chr(97 + $_ * 7 % 26) } 1 .. 300;
	$is->('tr0ub4d', 400, '7 characters');
	$is->('tr0ub4do', 201, '8 characters');
	$is->(substr($long, 0, 64), 201, '64 of them');
	$is->(substr($long, 0, 256), 201, '256 of them');
	$is->(substr($long, 0, 257), 400, '257 of them');
	$is->('zäöüßéç', 400, '7 of two bytes each');
	$is->('zäöüßéçñ', 201, '8 of them');
	$is->(join('', map { chr(0x1f600 + $_ % 60) } 1 .. 256), 201,
		'256 of four bytes each, which is 1024');
	$is->("tr0ub4dor\0", 400, 'a NUL');
	$is->('  tr0ub4dor  ', 201, 'blanks around it count');
	is tries("length$n\@example.org", 'tr0ub4dor')->{status}, 403,
		'... to sign in too';
	is tries("length1\@example.org", $_)->{status}, 403,
		'to sign in a ' . length($_) . ' characters long one is just wrong'
		for 'x', $long, 'x' x 2000;
	my $r = register('big@example.org', 'x' x 100_000);
	is $r->{status}, 413, 'a tenth of a megabyte is not even read';
};

subtest 'passwords that are refused' => sub {
	my $n = 0;
	for my $weak (qw(12345678 123456789 qwertyuiop qwerty123 password1
		Password1 P@ssw0rd passw0rd! iloveyou letmein1 aaaaaaaa abcdefgh
		11111111 asdfghjkl 1q2w3e4r sunshine princess football welcome1
		weak.person@example.org weak.person Weak.Person)) {
		my $r = auth($p, register => {email => 'weak.person@example.org',
			password => $weak, challenge => challenge()});
		refuses $r, 400, InvalidData => qr/\w+ \w+/, "'$weak'";
	}
	my $file = $p->cgi_state . '/refused';
	open my $out, '>', $file or die "$file: $!\n";
	print {$out} "nebuchadnezzar\ntiglath-pileser\n";
	close $out;
	my %body = (provider => $PROVIDER, email => 'list@example.org',
		password => 'tiglath-pileser', challenge => challenge());
	is cgi('/auth/register', \%body, POSTERN_PASSWORD_LIST => $file)->{status},
		400, 'one of a list of our own';
	is cgi('/auth/register', \%body)->{status}, 201, '... and of no other';
	is cgi('/auth/authenticate', \%body, POSTERN_PASSWORD_LIST => $file)
		->{status}, 200, 'the rules are for new ones';
};

subtest 'a change of password' => sub {
	my ($email, $old, $new) = ('change@example.org', 'the old password',
		'the new password');
	my %user = (email => $email, password => $old, name => 'Changer');
	my $u = signup($p, %user);
	my $other = authenticated($p, %user);
	my $k = pkce();
	my $code = auth($p, authenticate => {%user,
		challenge => $k->{challenge}})->{json}{code};
	auth($p, 'send-reset-email' => {email => $email, challenge => challenge(),
		reset_url => 'http://localhost:8000/reset'});
	my $change = sub ($who, %body) {
		$p->http(POST => '/auth/password', json => \%body,
			headers => $who ? bearer($who) : {});
	};
	is $change->(undef, old_password => $old, new_password => $new)->{status},
		401, 'not for anybody';
	is $change->($u, old_password => 'wrong', new_password => $new)->{status},
		403, 'not without the old one';
	is $change->($u, old_password => $old, new_password => $_)->{status}, 400,
		"not to '$_'" for 'short', '12345678', $email;
	is $change->($u, %$_)->{status}, 400, 'nor ' . json($_)
		for {}, {old_password => $old}, {new_password => $new},
		{old_password => $old, new_password => [$new]},
		{old_password => {}, new_password => $new};
	is tries($email, $old)->{status}, 200, 'so far it is the same';
	my $r = $change->($u, old_password => $old, new_password => $new);
	answers $r, 204, '', 'with the old one it changes';
	is $p->http(GET => '/auth/me', headers => bearer($u))->{status}, 200,
		'this session goes on';
	stranger $p->http(GET => '/users', headers => bearer($other)),
		'others have ended';
	is refresh($p, $other->{refresh})->{status}, 400, '... for good';
	is exchange($p, $code, $k->{verifier})->{status}, 403,
		'as have sign-ins half way';
	is tries($email, $old)->{status}, 403, 'the old one is gone';
	is tries($email, $new)->{status}, 200, 'the new one is in force';
	my @mails = $p->mails(to => $email, wait => 3);
	is scalar(@mails), 3, 'a notice tells the owner';
	my ($reset) = grep { defined }
		map { $_->{token} && $_->{raw} =~ /reset_token/ ? $_->{token} : undef }
		@mails;
	is auth($p, 'reset-password' => {reset_token => $reset // 'x',
		password => 'yet another one'})->{status}, 400,
		'links to reset it are stale' if $reset;
	is $p->sql('select count(*) > 0 from auth.audit where identity_id = '
		. "(select identity_id from auth.factors where email = '$email')"),
		't', 'and it is written down';
	@said{qw(old new)} = ($old, $new);
	$change->($u, old_password => 'wrong', new_password => $new) for 1 .. 5;
	is $change->($u, old_password => $new, new_password => $old)->{status},
		429, 'guessing the old one is counted';
};

subtest 'the end of an account' => sub {
	my %user = (email => 'gone@example.org', password => 'soon to be gone',
		name => 'Goner');
	my $u = signup($p, %user);
	my $delete = sub ($who, $body) {
		$p->http(DELETE => '/auth/account', json => $body,
			headers => $who ? bearer($who) : {});
	};
	my $there = sub () {
		$p->sql('select (select count(*) from auth.factors where email = '
			. "'$user{email}') + (select count(*) from api.users where name = "
			. "'$user{name}')");
	};
	is $delete->(undef, {password => $user{password}})->{status}, 401,
		'not for anybody';
	is $delete->($u, {password => 'a wrong one'})->{status}, 403,
		'not without the password';
	is $delete->($u, $_)->{status}, 400, 'nor with ' . json($_)
		for {}, {password => 5}, {password => undef};
	my %fair = (name => 'Fair', address => 'Here', host_name => 'Goner',
		schedule => '2030-01-02T03:04:05Z');
	is $p->http(POST => '/events', json => \%fair)->{status}, 201, 'a host';
	my $r = $delete->($u, {password => $user{password}});
	like $r->{status}, qr/^(?:400|403|409)$/, 'not while hosting events';
	is $there->(), 2, 'nothing has changed';
	is $p->http(GET => '/auth/me', headers => bearer($u))->{status}, 200,
		'... at all';
	$p->http(DELETE => '/events?name=Fair');
	answers $delete->($u, {password => $user{password}}), 204, '',
		'then it goes';
	is $there->(), 0, 'with its user';
	stranger $p->http(GET => '/users', headers => bearer($u)),
		'and its sessions';
	is tries($user{email}, $user{password})->{status}, 403,
		'nobody can sign in';
	ok signup($p, %user)->{token}, 'name and address are free again';
};

# --- Guessing --------------------------------------------------------------------

# The answer without what may differ: how long to wait, and when.
sub look ($r)
{
	my %headers = %{plain_headers($r)};
	my $wait = delete $headers{'retry-after'};
	return json(["$r->{status}", $r->{body}, \%headers, defined $wait ? 1 : 0]);
}

subtest 'guessing the password of an account' => sub {
	my $password = 'not to be guessed';
	register('target@example.org', $password);
	my $neighbour = registered($p);
	my %seen;
	for my $email ('target@example.org', 'nobody@example.org') {
		my @all = map { tries($email, "guess $_") } 1 .. 5;
		is join(' ', map { $_->{status} } @all), '403 403 403 403 403',
			"$email: five times";
		push @all, tries($email, $password);
		is $all[-1]{status}, 429, '... then even the right one must wait';
		my $wait = $all[-1]{headers}{'retry-after'} // 0;
		ok $wait >= 1 && $wait <= 60, "... a minute, not $wait seconds";
		is $all[-1]{json}{error}{type}, 'TooManyAttempts', '... and says so';
		$seen{join "\n", map { look($_) } @all}++;
	}
	is keys %seen, 1, 'known and unknown look the same'
		or diag join "\n\n", keys %seen;
	is tries($neighbour->{email}, $neighbour->{password})->{status}, 200,
		'others are not troubled';
	my %facade = (email => 'target@example.org', password => $password,
		provider => $PROVIDER);
	my $known = $p->http(POST => '/auth/signin', json => \%facade);
	my $unknown = $p->http(POST => '/auth/signin', json => {%facade,
		email => 'nobody@example.org'});
	ok $known->{status} >= 400 && !$known->{headers}{'set-cookie'},
		'nor does the other door open';
	is look($known), look($unknown), '... for either of them';
	is $p->sql("select count(*) from auth.throttle as t where t::text "
		. "like '%target%' or t::text like '%example%'"), 0,
		'the database does not hold the addresses';
	is $p->sql('select count(*) > 0 from auth.audit where identity_id = '
		. '(select identity_id from auth.factors where email = '
		. "'target\@example.org')"), 't', 'guesses are written down';

	register('clears@example.org', $password);
	for (1 .. 3) {
		tries('clears@example.org', "guess $_") for 1 .. 4;
		is tries('clears@example.org', $password)->{status}, 200,
			'four guesses and the right one';
	}
	my @all = volley($p, map { request(POST => '/auth/authenticate', json({
		provider => $PROVIDER, email => 'volley@example.org',
		challenge => challenge(), password => "guess $_"})) } 1 .. 60);
	my $late = grep { $_->{status} == 429 } @all;
	cmp_ok $late, '>=', 30, 'sixty at once are not sixty guesses'
		or diag join ' ', map { $_->{status} } @all;
	is tries('volley@example.org', $password)->{status}, 429,
		'... and the next must wait';
};

subtest 'guessing from one address' => sub {
	my %body = (provider => $PROVIDER, challenge => challenge(),
		password => 'a guess of many');
	my $n = 0;
	my $guess = sub ($from, %more) {
		$n++;
		return from($p, $from, POST => '/auth/authenticate', json =>
			{%body, email => "many$n\@example.org", %more});
	};
	my $u = registered($p);
	for my $case (['203.0.113.7', '203.0.113.7', '203.0.113.8'],
		['2001:db8:1:2::3', '2001:db8:1:2:ffff::9', '2001:db8:1:3::3']) {
		my ($from, $same, $other) = @$case;
		my @all = map { $guess->($from) } 1 .. 30;
		is scalar(grep { $_->{status} == 403 } @all), 30,
			"$from: thirty accounts";
		my $r = $guess->($same);
		is $r->{status}, 429, '... then a pause';
		ok +($r->{headers}{'retry-after'} // 0) >= 1, '... that is told';
		my %right = (email => $u->{email}, password => $u->{password});
		is $guess->($same, %right)->{status}, 429,
			'... for a right password too';
		is from($p, $same, POST => '/auth/authenticate', json => {%body,
			%right}, params => {HTTP_X_FORWARDED_FOR => '198.51.100.1',
			HTTP_X_REAL_IP => '198.51.100.1'})->{status}, 429,
			'... whatever address the client claims';
		is $guess->($other, %right)->{status}, 200, 'others can sign in';
	}
	is $p->sql("select count(*) from auth.throttle as t where t::text "
		. "like '%203.0%' or t::text like '%2001:%'"), 0,
		'the database does not hold the addresses';
	is tries($u->{email}, $u->{password})->{status}, 200,
		'this machine is left alone';
};

subtest 'floods of accounts' => sub {
	my @all = map { from($p, '203.0.113.20', POST => '/auth/signup', json => {
		email => "flood$_\@example.org", name => "Flood $_",
		password => 'drop by drop'}) } 1 .. 14;
	my ($first) = grep { $all[$_]{status} == 429 } 0 .. $#all;
	is $first, 10, 'ten sign-ups, then a pause'
		or diag join ' ', map { $_->{status} } @all;
	ok +($all[-1]{headers}{'retry-after'} // 0) >= 1, 'that is told';
	is $p->sql("select count(*) from auth.factors where email like 'flood%'"),
		$first // -1, 'and nothing is made meanwhile';
	is from($p, '203.0.113.21', POST => '/auth/signup', json => {
		email => 'dry@example.org', name => 'Dry', password => 'drop by drop'})
		->{status}, 200, 'others can sign up';
	is from($p, '203.0.113.20', POST => '/auth/register', json => {
		provider => $PROVIDER, email => 'r@example.org',
		password => 'drop by drop', challenge => challenge()})->{status}, 429,
		'registering is the same door';

	@all = map { from($p, '203.0.113.30', POST => '/auth/send-reset-email',
		json => {provider => $PROVIDER, email => "mails$_\@example.org",
			challenge => challenge(), reset_url => 'http://localhost:8000/'}) }
		1 .. 31;
	is join(' ', map { $_->{status} } @all[29, 30]), '200 429',
		'thirty mails an hour, asked for from one address'
		or diag $all[0]{body};
	@all = map { from($p, '203.0.113.40', POST => '/auth/verify', json => {
		provider => $PROVIDER, email => "codes$_\@example.org",
		code => '000000'}) } 1 .. 40;
	is $all[0]{status}, 400, 'guessing codes';
	is $all[-1]{status}, 429, '... of many accounts is slowed down';
};

# --- Time ------------------------------------------------------------------------

# The two-sided probability that both come from one distribution
# (Mann-Whitney U, the normal approximation).
sub alike ($x, $y)
{
	my @all = sort { $a->[0] <=> $b->[0] } (map { [$_, 1] } @$x),
		map { [$_, 0] } @$y;
	my $rank = 0;
	for (my $i = 0; $i < @all;) {
		my $j = $i;
		$j++ while $j < @all && $all[$j][0] == $all[$i][0];
		$rank += ($i + 1 + $j) / 2 * grep { $_->[1] } @all[$i .. $j - 1];
		$i = $j;
	}
	my ($n, $m) = (scalar @$x, scalar @$y);
	my $u = $rank - $n * ($n + 1) / 2;
	my $z = ($u - $n * $m / 2) / sqrt($n * $m * ($n + $m + 1) / 12);
	return POSIX::erfc(abs($z) / sqrt 2);
}

subtest 'the comparison by rank' => sub {
	my @x = map { $_ * 1.0 } 1 .. 200;
	cmp_ok alike(\@x, [map { $_ + 0.5 } @x]), '>', 0.5, 'alike';
	cmp_ok alike(\@x, [map { $_ + 30 } @x]), '<', 0.001, 'not alike';
	cmp_ok alike([map { $_ + 30 } @x], \@x), '<', 0.001, 'either way';
	is sprintf('%.4f', alike([1, 2, 3, 4, 5], [3.5, 6, 7, 8, 9])), '0.0283',
		'as in the tables';
};

# Seconds that each address takes to be refused, in an order of no meaning.
sub seconds (%class)
{
	my %took = map { $_ => [] } keys %class;
	my @jobs = shuffle map { my $c = $_; map { [$c, $_] } @{$class{$c}} }
		keys %class;
	for (@jobs) {
		my ($class, $email) = @$_;
		my $request = request(POST => '/auth/authenticate', json({
			provider => $PROVIDER, email => $email, password => 'a wrong one',
			challenge => 'the same for all of these'}));
		my $start = Time::HiRes::clock_gettime(
			Time::HiRes::CLOCK_MONOTONIC());
		my $r = $p->raw($request);
		push @{$took{$class}}, Time::HiRes::clock_gettime(
			Time::HiRes::CLOCK_MONOTONIC()) - $start if $r->{status} == 403;
	}
	return %took;
}

subtest 'an unknown address and a wrong password take as long' => sub {
	# At the usual cost, because that is what hides the rest.
	$p->{opt}{env}{POSTERN_ARGON2} = 'm=19456,t=2,p=1';
	$p->instance('reload');
	register('time@example.org', 'the right one here');
	like secret_of('time@example.org'), qr/m=19456,t=2,p=1/, 'the usual cost';
	my $n = 200;
	my @p;
	for my $round (1, 2) {
		$p->sql(<<~SQL);
			do \$\$
			declare one uuid;
			begin
				for n in 1 .. $n loop
					insert into auth.identities default values returning id
					into one;
					insert into auth.factors (identity_id, kind, email, secret)
					select one, 'password', 'r$round-k' || n || '\@example.org',
						secret
					from auth.factors where email = 'time\@example.org';
				end loop;
			end \$\$;
			analyze auth.factors; analyze auth.identities;
			SQL
		my %took = seconds(
			known   => [map { "r$round-k$_\@example.org" } 1 .. $n],
			unknown => [map { "r$round-u$_\@example.org" } 1 .. $n]);
		is scalar(@{$took{$_}}), $n, "$n samples of $_" for sort keys %took;
		push @p, alike($took{known}, $took{unknown});
		my %middle = map { $_ => (sort { $a <=> $b } @{$took{$_}})[$n / 2] }
			keys %took;
		note sprintf 'p = %.3g; medians in ms: known %.3f, unknown %.3f',
			$p[-1], map { 1000 * $_ } @middle{qw(known unknown)};
		last if $p[-1] >= 0.001;
	}
	cmp_ok $p[-1], '>=', 0.001, 'compared by rank';
};

unspoken $p, %said, 'the key' => $p->key, 'a guess' => 'a guess of many';

done_testing;
