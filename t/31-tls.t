# TLS and HTTP/2.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;

my $p = Postern->start;

# What curl says about GET /users with these options: "protocol status".
sub curl (@options)
{
	my $format = '%{http_version} %{http_code}';
	open my $out, '-|', 'curl', '-sk', '-o', '/dev/null', '-m', 20, '-w',
		$format, @options, $p->tls_url . '/users';
	my $said = <$out>;
	close $out;
	return $said;
}

is curl(), '2 200', 'HTTP/2 by default';
is curl('--http1.1'), '1.1 200', 'HTTP/1.1 when asked for';
is curl('--tlsv1.2', '--tls-max', '1.2'), '2 200', 'TLS 1.2';
is curl('--tlsv1.3'), '2 200', 'TLS 1.3';
like curl('--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'),
	qr/ 000\z/, 'nothing older';

my $r = $p->http(GET => '/users', tls => 1);
is "$r->{status} $r->{body}", '200 []', 'the answer is the same';
like $r->{headers}{'strict-transport-security'}, qr/\Amax-age=\d{8}\z/,
	'and comes with HSTS';

$r = $p->http(GET => '/a%00b', tls => 1);
is "$r->{status} $r->{body}", '400 {"detail":"Bad Request"}',
	'an error over HTTP/2 is JSON too';

for my $case ([POST => '/users', 1_100_000], [GET => '/users', 1_100_000],
	[POST => '/auth/signup', 70_000],
	[POST => '/auth/signup', 1_100_000])
{
	my ($method, $target, $n) = @$case;
	$r = $p->http($method => $target, body => 'a' x $n, tls => 1);
	is "$r->{status} $r->{body}", '413 {"detail":"Content Too Large"}',
		"$method $target with $n bytes is too large over HTTP/2 as well";
}

open my $out, '-|', 'curl', '-s', '-m', 20,
	'http://127.0.0.1:' . $p->tls_port . '/users';
is <$out>, '{"detail":"Bad Request"}', 'plain HTTP on the TLS port: 400';
close $out;

my $key = $p->var . '/tls/key.pem';
is sprintf('%o', (stat $key)[2] & 077), 0, 'the key is for its owner only';

done_testing;
