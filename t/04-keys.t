#!/usr/bin/perl
# `postern key`, and which key files `postern check --config` refuses.
use v5.36;
use Cwd            qw(abs_path);
use File::Basename qw(dirname);
use File::Temp     qw(tempdir);
use IPC::Open3;
use MIME::Base64 qw(decode_base64url);
use Test::More;

chdir dirname(abs_path($0)) . '/..' or die $!;
system('make', '-s', 'debug') == 0 or BAIL_OUT('it does not build');

my $dir = tempdir('postern-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $bin = 'build/debug/postern';
delete @ENV{grep { /^POSTERN_(?!TEST_)/ } keys %ENV};
delete @ENV{qw(REQUEST_METHOD HASURA_GRAPHQL_JWT_SECRET)};
$ENV{POSTERN_CONFIG} = '/dev/null';

# (status, standard output, standard error) of the program.
sub run (@arguments)
{
	my $pid = open3(my $in, my $out, my $err = Symbol::gensym(), $bin,
		@arguments);
	close $in;
	local $/;
	my ($said, $complained) = (scalar <$out>, scalar <$err>);
	waitpid $pid, 0;
	return ($? >> 8, $said // '', $complained // '');
}

sub file ($name, $text, $mode = 0600)
{
	my $path = "$dir/$name";
	open my $file, '>:raw', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
	chmod $mode, $path or die "$path: $!";
	return $path;
}

sub openssl (@arguments)
{
	open my $from, '-|', 'openssl', @arguments or die "openssl: $!";
	local $/;
	my $text = <$from>;
	close $from or die "openssl @arguments: $?";
	return $text;
}

# What the program says to these key files; '' when it takes them.
sub complaint (@paths)
{
	local $ENV{POSTERN_KEYS} = join ' ', @paths;
	my ($status, $said, $complained) = run('check', '--config');
	is $said, '', 'nothing is printed' if $said ne '';
	return $status == 0 ? $complained : $complained || "status $status";
}

sub taken ($name, @paths)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is complaint(@paths), '', "$name: taken";
}

sub refused ($name, $why, @paths)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $said = complaint(@paths);
	like $said, qr/^postern: POSTERN_KEYS\b.*$why/, "$name: refused";
	unlike $said, qr/\n./, '... in one line';
}

my %made;

subtest 'a key of each algorithm is made and taken' => sub {
	my %like = (
		HS256 => qr/^[\w-]{43}\n\z/,
		EdDSA => qr/^-----BEGIN PRIVATE KEY-----\n.*KEY-----\n\z/s,
	);
	for my $algorithm (qw(HS256 EdDSA ES256 ES384 ES512 RS256)) {
		my ($status, $text, $complained) = run('key', $algorithm);
		is $status, 0, "$algorithm is made";
		is $complained, '', '... without a word';
		like $text, $like{$algorithm} // $like{EdDSA}, '... as a file';
		isnt +(run('key', $algorithm))[1], $text, '... a new one each time';
		$made{$algorithm} = file($algorithm, $text);
		taken($algorithm, $made{$algorithm});
	}
	is length decode_base64url((run('key'))[1]), 32,
		'without a word it is 32 bytes for HS256';
	taken('all four', @made{qw(HS256 EdDSA ES256 RS256)});
	taken('blanks between them', '', $made{HS256}, '', $made{EdDSA}, '');
};

subtest 'what is no algorithm is refused' => sub {
	for my $name ('none', 'hs256', 'HS512', 'RS384', '') {
		my ($status, $text, $complained) = run('key', $name);
		isnt $status, 0, "\"$name\" fails";
		is $text, '', '... and prints no key';
		like $complained, qr/^postern: .*say HS256/, '... but says why';
	}
};

SKIP: {
	skip 'there is no /dev/full', 1 if !-w '/dev/full';
	isnt system("$bin key >/dev/full 2>/dev/null"), 0,
		'a key that cannot be written is a failure';
}

subtest 'a secret is a line of at least 32 characters' => sub {
	my $secret = join '', 'a' .. 'z', 0 .. 5;

	taken('32 characters', file(s32 => "$secret\n"));
	taken('without a line end', file(bare => $secret));
	taken('with one of Windows', file(crlf => "$secret\r\n"));
	taken('with blanks inside', file(blank => "many words and then more $secret"));
	refused('31 characters', 'less than 32', file(s31 => substr $secret, 1));
	refused('32 bytes that are less characters', 'less than 32',
		file(utf8 => "\xc3\xa9" . substr $secret, 2));
	refused('nothing', 'less than 32', file(empty => ''));
	refused('blanks', 'less than 32', file(blanks => ' ' x 40));
	refused('one character many times', 'guess', file(same => 'k' x 64));
	refused('two in turn', 'guess', file(turn => 'ab' x 32));
	refused('two lines', 'more than a line', file(two => "$secret\n$secret\n"));
	refused('bytes that are no text', 'neither', file(bytes => pack 'C*', 128 .. 191));
	refused('a NUL', 'neither', file(nul => "$secret\0$secret"));
	refused('a megabyte', 'too large', file(large => $secret x 32768));
};

subtest 'a private key is Ed25519, of a curve of NIST, or RSA of 2048 bits or more' => sub {
	my $rsa = openssl('genrsa', '-traditional', 2048);
	my $ec = openssl(qw(ecparam -name prime256v1 -genkey));
	my $sealed = file(plain => (run('key', 'EdDSA'))[1]);

	taken('RSA as openssl genrsa writes it', file(genrsa => $rsa));
	taken('P-256 with its parameters', file(ecparam => $ec));
	taken('words before it', file(words => "A key of ours\n$ec"));
	for ([secp256k1 => 'P-256', qw(EC -pkeyopt ec_paramgen_curve:secp256k1)],
		[P224 => 'P-256', qw(EC -pkeyopt ec_paramgen_curve:P-224)],
		[rsa1024 => '2048', qw(RSA -pkeyopt rsa_keygen_bits:1024)],
		[ed448 => 'neither', 'ED448'],
		[x25519 => 'neither', 'X25519'])
	{
		my ($name, $why, @how) = @$_;
		refused($name, $why, file($name =>
			openssl(qw(genpkey -quiet -algorithm), @how)));
	}
	refused('a public key', 'no private key',
		file(public => openssl('pkey', '-in', $sealed, '-pubout')));
	refused('a key with a password', 'no private key',
		file(sealed => openssl('pkcs8', '-topk8', '-in', $sealed,
			'-passout', 'pass:x')));
	refused('half a key', 'no private key', file(half => substr $rsa, 0, 700));
	refused('two keys in one file', 'two keys', file(both => $rsa . $ec));
};

subtest 'a file that others could have touched is refused' => sub {
	my $secret = join '', 'a' .. 'z', 0 .. 9;

	taken('the group may read', file(group => $secret, 0640));
	refused('others may read', 'others', file(read => $secret, 0644));
	refused('others may write', 'others', file(write => $secret, 0602));
	refused('no file', 'cannot be read', "$dir/nowhere");
	refused('a directory', 'no file', $dir);
	refused('a device', 'no file', '/dev/zero');
	mkdir "$dir/pipes" or die $!;
	system('mkfifo', '-m', '600', "$dir/pipes/p") == 0 or die 'mkfifo';
	refused('a pipe without a writer', 'no file', "$dir/pipes/p");
};

subtest 'a ring has up to four different keys' => sub {
	my @five = map { file("k$_" => (run('key'))[1]) } 1 .. 5;

	taken('four', @five[0 .. 3]);
	refused('five', 'more than 4', @five);
	refused('one twice', 'same key', @five[0, 1, 0]);
	refused('one under two names', 'same key', $five[0],
		file(again => do { local (@ARGV, $/) = $five[0]; ' ' . <> }));
	refused('a good one and a bad one', 'less than 32', $five[0],
		file(short => 'short'));
	refused('nothing but blanks', 'no file', ' ');
};

subtest 'the sentence says how to make a key, and no secret' => sub {
	my $said = complaint(file(short => 'tooshortasecret'));
	like $said, qr/postern key >/, 'how to make one';
	like $said, qr/\Q$dir\E/,      'which file';
	unlike $said, qr/tooshort/, 'not what is in it';
};

subtest 'the cost of a password hash is checked at start' => sub {
	for my $cost ('m=19456,t=2,p=1', 'm=8,t=1,p=1', 'm=262144,t=10,p=4') {
		local $ENV{POSTERN_ARGON2} = $cost;
		is complaint($made{HS256}), '', "$cost is taken";
	}
	for my $cost ('', 'strong', 'm=19456', 'm=7,t=1,p=1', 'm=8,t=0,p=1',
		'm=262145,t=1,p=1', 'm=19456,t=11,p=1', 'm=19456,t=2,p=17',
		't=2,m=19456,p=1', 'm=19456,t=2,p=1,', 'm=19456, t=2, p=1')
	{
		local $ENV{POSTERN_ARGON2} = $cost;
		like complaint($made{HS256}), qr/^postern: POSTERN_ARGON2 is/,
			"\"$cost\" is refused";
	}
};

subtest 'settings that lead nowhere are refused' => sub {
	local $ENV{POSTERN_KEYS} = file('good.key', 'k3y' . join('', 'a' .. 'z', 0 .. 9));
	my $refused = sub ($name, $value, $why) {
		local $ENV{"POSTERN_$name"} = $value;
		my ($status, undef, $said) = run('check', '--config');
		is $status, 1, "$name=$value";
		like $said, qr/POSTERN_$name is "[^"]*": $why/, '... and why';
	};
	is +(run('check', '--config'))[0], 0, 'those that are set by themselves are fine';
	$refused->(BASE_URL => $_, 'it must be like https://')
		for 'localhost', 'https://a.example/', 'ftp://a.example',
		'https://a.example?x', '';
	$refused->(ORIGINS => $_, 'an origin is like')
		for '*', 'https://a.example/x', 'https://a.example b';
	$refused->(REDIRECTS => $_, 'it must be a URL')
		for '*', 'a.example', 'https://a.example javascript:x';
	$refused->(SMTP => $_, 'it must be like smtp') for 'foo', 'foo:bar', 'a:1/x';
	$refused->(GRAPHQL_SCALARS => $_, 'it must be like bigint=String')
		for 'key', 'key=Integer';
	$refused->(GRAPHQL_PREFIX => $_, 'it must be like shop_')
		for '_', '__x', '1st', 'shop-', 'a b', 'a' x 65;
	$refused->(JSONAPI_HEADERS => $_, 'it must be names such as X-AUTH')
		for 'X_A', 'X-A, X-B', join ' ', map { "X-$_" } 1 .. 9;
	for my $keys ('short', 'a long text that the receiver knows too',
		'whsec_' . 'A' x 30, 'whsec_?' . 'A' x 40, ('k' x 24) . ' short')
	{
		local $ENV{POSTERN_WEBHOOK_SECRET} = $keys;
		my ($status, undef, $said) = run('check', '--config');
		is $status, 1, "keys of signatures: $keys";
		like $said, qr/POSTERN_WEBHOOK_SECRET: A key .*(?:blanks separate|no base64)/,
			'... and why';
		unlike $said, qr/short|receiver|AAA|kkk/, '... but not which';
	}
	for my $keys ('k' x 24, 'whsec_' . 'A' x 32, ('k' x 24) . '  ' . ('l' x 64)) {
		local $ENV{POSTERN_WEBHOOK_SECRET} = $keys;
		is +(run('check', '--config'))[0], 0, "good ones: $keys";
	}
	local $ENV{POSTERN_CONFIG} =
		file('postern.conf', "# a comment\nPOSTERN_ACESS=owner\nOTHER=1\n");
	my ($status, undef, $said) = run('check', '--config');
	is $status, 1, 'a name that is misspelt';
	like $said, qr/there is no setting POSTERN_ACESS;/, '... and which';
};

subtest 'a cheap hash is spoken of' => sub {
	local $ENV{POSTERN_KEYS}   = file('good.key', 'k3y' . join('', 'a' .. 'z', 0 .. 9));
	local $ENV{POSTERN_ARGON2} = 'm=8,t=1,p=1';
	unlike +(run('check', '--config'))[2], qr/too cheap/, 'not where one develops';
	local $ENV{POSTERN_BASE_URL} = 'https://api.example.org';
	like +(run('check', '--config'))[2], qr/POSTERN_ARGON2[^}]*too cheap/,
		'but for others';
};

# What the program says to this setting, beside these key files.
sub told ($secret, @paths)
{
	local $ENV{HASURA_GRAPHQL_JWT_SECRET} = $secret;
	local $ENV{POSTERN_KEYS} = join ' ', @paths;
	my ($status, undef, $said) = run('check', '--config');
	return "$status $said";
}

sub secret ($type, $path, $more = '')
{
	my $text = do { local (@ARGV, $/) = $path; <> };
	return qq({"type":"$type","key":") . $text =~ s/\n/\\n/gr . qq("$more});
}

subtest 'what an engine is told of tokens' => sub {
	my $long = join '', 'a' .. 'z', 0 .. 9, 'A' .. 'Z';
	my $rsa = $made{RS256};
	my $public = file(pub => openssl('pkey', '-in', $rsa, '-pubout'));
	my $rsa_public = file(rsapub => scalar
		qx(openssl rsa -in $rsa -RSAPublicKey_out 2>&1 | grep -v writing));
	my $certificate = file(cert => openssl(qw(req -x509 -subj /CN=x -days 1
		-key), $rsa));

	is told(@$_), '0 ', $_->[0] for [$long], [qq({"type":"HS256","key":"$long"})],
		[qq({"type":"HS384","key":"$long"})], ["$long$long", $rsa];
	is told(secret(@$_)), '0 ', "$_->[0] and a private key" for
		[RS256 => $rsa], [RS512 => $rsa], [ES256 => $made{ES256}],
		[ES384 => $made{ES384}], [ES512 => $made{ES512}], [Ed25519 => $made{EdDSA}];
	is told(secret(RS384 => $_), $made{HS256}, $rsa), '0 ', 'a public half'
		for $public, $rsa_public, $certificate;
	is told('{"jwk_url":"https://a.example/jwks"}', $rsa), '0 ', 'an address';

	like told('a-very-secret-secret'),
		qr/^1 postern: HASURA_GRAPHQL_JWT_SECRET: key has less than 32 char/,
		'the secret that everybody knows is refused';
	like told('a-very-secret-secret', $rsa), qr/^1 postern: HASURA_GRAPHQL_JWT/,
		'... beside others too';
	like told(secret(RS256 => $_)), qr/^1\ postern:\ HASURA_GRAPHQL_JWT_SECRET:
		\ the\ key\ is\ public,\ so\ nothing\ signs/x, 'a public key alone'
		for $public, $certificate;
	like told(secret(RS256 => $made{ES256})), qr/^1 .*another kind/,
		'a key of another kind';
	like told(secret(HS256 => $public)), qr/^1 .*type says/,
		'a public key is no secret';
	like told(qq({"type":"HS256","key":"$long","header":{"type":"Cookie"}})),
		qr/^1 postern: HASURA_GRAPHQL_JWT_SECRET: header must/, 'a cookie';
	unlike told(qq({"type":"HS256","key":"$long",)), qr/abcdefg/,
		'no fault shows the secret';
};

subtest 'what is hardly meant is spoken of' => sub {
	my $half = join '', 'a' .. 'z', 0 .. 9;
	my $public = file(other => openssl('pkey', '-in', $made{EdDSA}, '-pubout'));

	for my $type (qw(HS384 HS512)) {
		like told(qq({"type":"$type","key":"$half"})),
			qr/^0 .*should have (?:48|64) bytes or more for $type/,
			"a short key for $type";
	}
	like told('ab' x 20), qr/^0 .*anybody would guess/, 'a key that is guessed';
	like told(qq({"type":"HS256","key":"$half","audiance":"x"})),
		qr/^0 .*audiance[^}]*ignored/, 'a member that is misspelt';
	like told('{"jwk_url":"https://a.example/jwks"}', $made{HS256}),
		qr/^0 .*no jwk_url tells/, 'a secret that no address tells';
	like told(secret(Ed25519 => $public), $made{HS256}),
		qr/^0 .*reads none of ours/, 'a public key that is somebody else\'s';
	local $ENV{HASURA_GRAPHQL_JWT_SECRET} = $half;
	unlike +(run('settings'))[1], qr/abcdefg/, 'the secret is shown to nobody';
	like +(run('settings'))[1], qr/^HASURA_GRAPHQL_JWT_SECRET=\(set\)$/m,
		'... but that there is one';
};

subtest 'a secret that everybody knows is spoken of' => sub {
	local $ENV{POSTERN_KEYS} = file('good.key', 'k3y' . join('', 'a' .. 'z', 0 .. 9));
	unlike +(run('check', '--config'))[2], qr/ADMIN_SECRET/, 'none is fine';
	local $ENV{POSTERN_ADMIN_SECRET} = 'admin';
	my ($status, undef, $said) = run('check', '--config');
	like $said, qr/POSTERN_ADMIN_SECRET[^}]*everybody/,
		'the quick start\'s is not';
	is $status, 0, '... but starts';
	$ENV{POSTERN_ADMIN_SECRET} = 'admin of 27 sheep';
	unlike +(run('check', '--config'))[2], qr/ADMIN_SECRET/, 'another one is';
	unlike +(run('settings'))[1], qr/27 sheep/, '... and is shown to nobody';
};

done_testing;
