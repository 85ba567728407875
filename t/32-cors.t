# CORS: three modes; preflights are answered without a worker.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;

my $METHODS = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT';

# The CORS headers of an answer, as one hash with short names.  That JSON:API
# is the same URL for those who accept it is no matter of origins.
sub cors ($r)
{
	my $vary = $r->{headers}{vary} // [];
	my ($origin) = grep { $_ ne 'Accept' } ref $vary ? @$vary : $vary;
	my %got;
	for (sort keys $r->{headers}->%*) {
		$got{$1} = $r->{headers}{$_} if /\Aaccess-control-(.*)\z/;
	}
	$got{vary} = $origin if defined $origin;
	return \%got;
}

sub preflight ($p, $origin, $method = 'PUT', %headers)
{
	return $p->http(OPTIONS => '/users', headers => {
		Origin => $origin, 'Access-Control-Request-Method' => $method,
		%headers
	});
}

sub get ($p, %headers) { $p->http(GET => '/users', headers => \%headers) }

subtest 'open mode is the tutorial, header for header' => sub {
	my $p = Postern->start(cors => 'open');
	is_deeply cors(get($p)), {}, 'no Origin, no headers';
	is_deeply cors(get($p, Origin => 'https://any.example')),
		{'allow-origin' => '*', 'allow-credentials' => 'true'}, 'any origin';
	is_deeply cors(get($p, Origin => 'https://any.example', Cookie => 'a=b')),
		{
		'allow-origin'      => 'https://any.example',
		'allow-credentials' => 'true',
		vary                => 'Origin'
		},
		'with a cookie the origin is repeated';
	for my $error ([GET => '/users?name=Nobody'], [GET => '/nothing'],
		[POST => '/users', body => 'x' x 1_100_000], [PROPFIND => '/users'])
	{
		my $r = $p->http(@$error,
			headers => {Origin => 'https://any.example'});
		is $r->{headers}{'access-control-allow-origin'}, '*',
			"an error ($r->{status}) has them too";
	}

	my $r = preflight($p, 'https://any.example', 'PUT',
		'Access-Control-Request-Headers' => 'X-A, content-type');
	is "$r->{status} $r->{body}", '200 OK', 'a preflight';
	like $r->{headers}{'content-type'}, qr{\Atext/plain\b}, '... as text';
	is_deeply cors($r), {
		'allow-origin'      => 'https://any.example',
		'allow-credentials' => 'true',
		'allow-methods'     => $METHODS,
		'allow-headers'     => 'X-A, content-type',
		'max-age'           => 600,
		vary                => 'Origin'
		}, '... with all the headers';
	ok !exists cors(preflight($p, 'https://a.example'))->{'allow-headers'},
		'no allowed headers when none were asked for';

	$r = preflight($p, 'https://any.example', 'BREW');
	is "$r->{status} $r->{body}", '400 Disallowed CORS method',
		'an unknown method';
	is cors($r)->{'allow-origin'}, 'https://any.example', '... same headers';

	for my $headers ({}, {Origin => 'https://a.example'},
		{'Access-Control-Request-Method' => 'PUT'})
	{
		$r = $p->http(OPTIONS => '/users', headers => $headers);
		is "$r->{status} $r->{body}", '405 {"detail":"Method Not Allowed"}',
			'OPTIONS that is no preflight';
		like $r->{headers}{allow}, qr/\bGET\b.*\bPOST\b/, '... says which';
	}
};

subtest 'a list lets in exactly its origins' => sub {
	my $p = Postern->start(
		cors => 'https://a.example http://b.example:8080');
	my @in = ('https://a.example', 'http://b.example:8080');
	my @out = qw(https://evil.example null http://a.example
		https://a.example:444 https://aXexample https://a.example.evil
		https://eviL-a.example HTTPS://A.EXAMPLE https://a.example.
		http://b.example http://localhost);
	for my $origin (@in) {
		my $got = cors(get($p, Origin => $origin));
		is $got->{'allow-origin'}, $origin, "$origin is in";
		is $got->{'allow-credentials'}, 'true', '... with credentials';
		like $got->{'expose-headers'}, qr/\bETag\b/, '... and sees the ETag';
		my $r = preflight($p, $origin);
		is "$r->{status} $r->{body}", '200 OK', '... preflight';
		is cors($r)->{'allow-origin'}, $origin, '... allowed';
		$r = $p->http(PROPFIND => '/users', headers => {Origin => $origin});
		is cors($r)->{'allow-origin'}, $origin, '... and for an error';
	}
	for my $origin (@out) {
		is_deeply cors(get($p, Origin => $origin)), {vary => 'Origin'},
			"$origin is not";
		my $r = preflight($p, $origin);
		is "$r->{status} $r->{body}", '400 Disallowed CORS origin',
			'... nor its preflight';
		is_deeply cors($r), {vary => 'Origin'}, '... no header';
	}
	is_deeply cors(get($p)), {vary => 'Origin'},
		'caches learn that the origin matters';
};

subtest 'by default pages of this machine may call' => sub {
	my $p = Postern->start;
	is cors(get($p, Origin => $_))->{'allow-origin'}, $_, $_
		for qw(http://localhost http://localhost:3000 https://localhost:8443
		http://127.0.0.1:5173);
	is cors(get($p, Origin => $_))->{'allow-origin'}, undef, "not $_"
		for qw(https://localhost.evil.example http://evil.example
		http://127.0.0.1.evil.example http://localhost:123456 null);

	subtest 'a preflight needs no worker' => sub {
		my ($supervisor, @workers) = $p->pids('api');
		kill STOP => $supervisor, @workers;
		my $r = preflight($p, 'http://localhost:3000');
		kill CONT => @workers, $supervisor;
		is $r->{status}, 200, 'all workers were asleep';
	};
};

subtest 'a list with something else than origins is refused' => sub {
	for my $cors ('a.example', 'https://a.example/', '*', 'https://a"b') {
		ok !eval { Postern->start(cors => $cors) }, $cors;
		like $@, qr/'\Q$cors\E' is no origin such as/, '... with a sentence';
		like $@, qr/write CORS=open/, '... that helps' if $cors eq '*';
	}
};

done_testing;
