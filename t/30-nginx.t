# What nginx answers by itself, and what it adds to every answer.
use v5.36;
use lib 't/lib';
use Test::More;
use Postern;

my $p = Postern->start;

# "$status $body" of an answer with nginx's own error.
sub is_error ($r, $status, $detail, $name)
{
	is "$r->{status} $r->{body}", qq($status {"detail":"$detail"}), $name;
	is $r->{headers}{'content-type'}, 'application/json', '... as JSON';
	like $r->{headers}{'x-request-id'}, qr/\A[0-9a-f]{32}\z/,
		'... with a request id';
	unlike $r->{headers}{server}, qr/\d/, '... and no version of nginx';
}

subtest 'a request that is no HTTP is refused as JSON' => sub {
	is_error $p->http(GET => $_->[0]), 400, 'Bad Request', $_->[1]
		for ['/a%00b', 'NUL in the path'], ['/a%zz', 'a bad escape'],
		['/%', 'half an escape'], ['/../x', 'above the root'];
	my %broken = (
		"get / HTTP/1.1\r\nHost: a\r\n\r\n"  => 'a method in small letters',
		"GET / HTTP/1.1\r\n\r\n"             => 'no Host',
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" => 'two Hosts',
		"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" => 'a path for a Host',
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" =>
			'a negative length',
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
			. "Content-Length: 2\r\n\r\nab" => 'two lengths',
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
			. "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" =>
			'two transfer encodings'
	);
	is_error $p->raw($_), 400, 'Bad Request', $broken{$_} for sort keys %broken;
};

subtest 'what is too large has its own status' => sub {
	is_error $p->http(GET => '/' . 'a' x $_), 414, 'URI Too Long', "$_ bytes"
		for 9_000, 65_536;
	is_error $p->http(GET => '/users', headers => {'X-Long' => 'a' x 9000}),
		431, 'Request Header Fields Too Large', 'a long header';
	is_error $p->http(GET => '/users', headers => {map { ("X-$_" => 1) } 1 .. 150}),
		431, 'Request Header Fields Too Large', '150 headers';
	is_error $p->http(POST => '/users', body => ' ' x 1_048_577), 413,
		'Content Too Large', 'a body above 1 MiB';
	is_error $p->http(POST => '/users', body => ' ' x 10_485_760), 413,
		'Content Too Large', 'a body of 10 MiB';
	is_error $p->http(POST => '/auth/signup', body => ' ' x 70_000), 413,
		'Content Too Large', 'a body above 64 KiB for the auth pool';
};

subtest 'an unknown method is not allowed' => sub {
	for my $method (qw(TRACE PROPFIND LINK G-T)) {
		my $r = $p->http($method => '/users');
		is_error $r, 405, 'Method Not Allowed', $method;
		is $r->{headers}{allow},
			'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT', '... says which';
	}
	like $p->raw("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")->{status},
		qr/\A40[05]\z/, 'CONNECT';
	is $p->raw("G\@T / HTTP/1.1\r\nHost: a\r\n\r\n")->{status}, 400,
		'a method with odd characters';
};

subtest 'every answer has the security headers' => sub {
	for my $target ('/users', '/nothing', '/a%00b') {
		my $h = $p->http(GET => $target)->{headers};
		is $h->{'x-content-type-options'}, 'nosniff', "$target: nosniff";
		is $h->{'x-frame-options'},        'DENY',    '... no frames';
		is $h->{'content-security-policy'}, "frame-ancestors 'none'",
			'... in both spellings';
		is $h->{'referrer-policy'}, 'no-referrer', '... no referrer';
		is $h->{'strict-transport-security'}, undef, '... no HSTS on HTTP';
		is ref $h->{'x-request-id'}, '', '... one request id';
	}
	isnt $p->http(GET => '/users')->{headers}{'x-request-id'},
		$p->http(GET => '/users')->{headers}{'x-request-id'},
		'request ids differ';
	isnt $p->http(GET => '/users', headers => {'X-Request-Id' => 'mine'})
		->{headers}{'x-request-id'}, 'mine', 'and are not taken from clients';
};

subtest 'the path is normalised before it is routed' => sub {
	for my $path ('/users', '//users', '/./users', '/x/../users', '/%75sers') {
		my $r = $p->http(GET => $path);
		is "$r->{status} $r->{body}", '200 []', $path;
	}
};

subtest 'a header cannot pose as a parameter of the worker' => sub {
	my $r = $p->http(GET => '/users', headers => {
		Proxy => 'http://evil', 'Request-Method' => 'DELETE',
		'Path-Info' => '/events', 'Postern-Bulk' => '@evil',
		'Postern_Database' => 'x'
	});
	is "$r->{status} $r->{body}", '200 []', 'it is a GET of /users';
};

subtest 'the access log is JSON without secrets' => sub {
	$p->http(GET => '/users?name=J%22%5C');
	$p->http(GET => '/auth/token?code=sesame');
	$p->http(TRACE => '/traced');
	for (1 .. 40) {
		last if 3 == grep { $p->log('access') =~ $_ }
			qr{/traced.*\n}, qr{/auth/token.*\n}, qr{/users\?name=J.*\n};
		select undef, undef, undef, 0.1;
	}
	my @lines = map { JSON::PP->new->utf8->decode($_) }
		split /\n/, $p->log('access');
	ok @lines > 20, 'every line parses';
	ok scalar(grep { $_->{uri} eq '/users?name=J%22%5C' } @lines), 'the query';
	my ($trace) = grep { $_->{uri} eq '/traced' } @lines;
	is $trace->{method}, 'TRACE', 'the method, though an error was served';
	is $trace->{status}, 405,     'the status';
	like $trace->{id}, qr/\A[0-9a-f]{32}\z/, 'the request id';
	unlike $p->log('access'), qr/sesame/, 'no codes of the auth pages';
};

done_testing;
