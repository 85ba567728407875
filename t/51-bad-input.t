#!/usr/bin/perl
# Input that nobody should send, through nginx: each gets the right 4xx, no
# worker dies, and the next request is answered.  (Rows G05 and G07.)

use v5.36;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->start(workers => 1);
my @workers = $p->pids('api');
$p->http(POST => '/users', json => {name => 'Ada'});

# The server still works; a word about whom to blame if not.
sub alive ($after)
{
	my $r = $p->http(GET => '/users?name=Ada');
	return if $r->{status} == 200 && $r->{json}{name} eq 'Ada';
	fail "the next request is answered after $after";
	diag "$r->{status} $r->{body}";
}

# The answer has the status, and its body is JSON with a detail.
sub refused ($r, $status, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $fits = $r->{status} =~ /\A(?:$status)\z/;
	ok $fits && ref $r->{json} eq 'HASH' && exists $r->{json}{detail}, $name
		or diag "$r->{status} " . substr $r->{body}, 0, 300;
	unlike $r->{body}, qr/SQLSTATE|ERROR:|22P0|22021|nginx|postgres|libpq/i,
		'... and names nothing of ours';
	alive($name);
}

sub post ($body, %more) { $p->http(POST => '/users', body => $body, %more) }

# Bodies that are no JSON
my %not_json = (
	'a lone brace'        => '{',
	'a cut string'        => '{"name":"x',
	'single quotes'       => "{'name':'x'}",
	'a bare name'         => '{name:"x"}',
	'a comment'           => '/* x */{"name":"x"}',
	'a comma too many'    => '{"name":"x",}',
	'a raw newline'       => "{\"name\":\"a\nb\"}",
	'a raw tab'           => "{\"name\":\"a\tb\"}",
	'a raw NUL'           => "{\"name\":\"a\0b\"}",
	'NUL alone'           => "\0",
	'a NUL behind'        => "{\"name\":\"x\"}\0",
	'a byte order mark'   => "\xef\xbb\xbf{\"name\":\"x\"}",
	'a leading zero'      => '{"name":01}',
	'a plus'              => '{"name":+1}',
	'NaN'                 => '{"name":NaN}',
	'Infinity'            => '{"name":Infinity}',
	'-Infinity'           => '{"name":-Infinity}',
	'1e400'               => '{"name":1e400}',
	'-1e400'              => '{"name":-1e400}',
	'1e400 not asked for' => '{"name":"x","y":1e400}',
	'a bad escape'        => '{"name":"\\x41"}',
	'a cut escape'        => '{"name":"\\u12"}',
	'a high surrogate'    => '{"name":"\\ud83d"}',
	'a low surrogate'     => '{"name":"\\ude00"}',
	'surrogates swapped'  => '{"name":"\\ude00\\ud83d"}',
	'a surrogate as key'  => '{"name":"x","\\ud800":1}',
	'FF FE'               => "{\"name\":\"\xff\xfe\"}",
	'an overlong slash'   => "{\"name\":\"\xc0\xaf\"}",
	'an overlong NUL'     => "{\"name\":\"\xc0\x80\"}",
	'a UTF-8 surrogate'   => "{\"name\":\"\xed\xa0\x80\"}",
	'past U+10FFFF'       => "{\"name\":\"\xf4\x90\x80\x80\"}",
	'a cut sequence'      => "{\"name\":\"\xe2\x82\"}",
	'UTF-16'              => "\xff\xfe{\0\"\0n\0",
	'a key twice'         => '{"name":"x","name":"y"}',
	'a key twice, nested' => '{"name":"x","y":{"a":1,"a":2}}',
	'a key twice, escaped'=> '{"name":"x","n\\u0061me":"y"}',
	'10,000 arrays'       => '[' x 10_000 . ']' x 10_000,
	'10,000 open arrays'  => '[' x 10_000,
	'10,000 objects'      => '{"a":' x 10_000 . '1' . '}' x 10_000,
	'300,000 arrays'      => '[' x 300_000,
	'depth in a field'    => '{"name":' . '[' x 100 . ']' x 100 . '}',
	'two documents'       => '{"name":"x"}{"name":"y"}',
	'a page of spaces'    => ' ' x 10_000,
);
for my $name (sort keys %not_json) {
	my $r = post($not_json{$name});
	refused $r, 422, $name;
	my $item = $r->{status} == 422 ? $r->{json}{detail}[0] : {};
	is_deeply [$item->{type}, $item->{loc}[0]],
		['value_error.jsondecode', 'body'], '... is no JSON';
	cmp_ok length $r->{body}, '<', 10_000, '... in few words';
}

# Bodies that are JSON and still wrong
my $members = '{' . join(',', map { qq("k$_":1) } 1 .. 60_000) . '}';
for my $case (
	['NUL in a name',         422, '{"name":"a\\u0000b"}'],
	['an array for a name',   422, '{"name":[1]}'],
	['null for a name',       422, '{"name":null}'],
	['an array',              422, '[]'],
	['60,000 members',       422, $members],
	['a name of 900 KB',      400, '{"name":"' . 'x' x 900_000 . '"}'],
	['a name of quotes',      400, '{"name":"' . '\\"' x 60 . '"}'],
	['a long number',         '400|422', '{"name":' . '9' x 400 . '}'],
) {
	my ($name, $status, $body) = @$case;
	refused post($body), $status, $name;
}
my $r = post('{"name":"deep","x":' . '[' x 20 . ']' x 20 . '}');
is $r->{status}, 201, 'some depth where nobody looks is no harm';
for my $name ("'; drop table api.users; --", 'x" or 1=1', '$1', '%n%s',
	"E'\\'", 'select', '{name}', '<script>', "\r\nSet-Cookie: a=b")
{
	$r = $p->http(POST => '/users', json => {name => $name});
	is $r->{status}, 201, "the name $name is a name" =~ s/[\r\n]+/ /r;
	is $r->{json}{name}, $name, '... and comes back';
	is $r->{headers}{'set-cookie'}, undef, '... in the body alone';
	alive($name);
}

# Sizes
my $n = $p->sql('select count(*) from api.users');
my $big = '{"name":"' . 'x' x (10 << 20) . '"}';
refused $p->raw(request(POST => '/users', $big)), 413, 'a body of 10 MiB';
refused $p->raw(request(PUT => '/users?current_name=Ada', $big)), 413,
	'... for PUT';
my $chunk  = sprintf "%x\r\n%s\r\n", 65536, 'x' x 65536;
refused $p->raw(request(POST => '/users', undef,
	'Content-Type: application/json', 'Transfer-Encoding: chunked')
	. $chunk x 160 . "0\r\n\r\n"), 413, '... in chunks';
is $p->raw(request(POST => '/users', undef,
	'Content-Type: application/json', 'Transfer-Encoding: chunked')
	. "4\r\n{\"na\r\n14\r\nme\":\"In two chunks\"}\r\n0\r\n\r\n")->{status},
	'201', 'a body in chunks is a body';
refused $p->raw(request(GET => '/users?name=' . 'x' x 65536)), 414,
	'a URL of 64 KiB';
refused $p->raw(request(GET => '/' . 'x' x 65536)), 414, '... in the path';
refused $p->raw(request(GET => '/users', undef,
	'X-Long: ' . 'x' x 65536)), '400|431', 'a header of 64 KiB';
refused $p->raw(request(GET => '/users', undef,
	map { "X-$_: " . 'x' x 1000 } 1 .. 200)), '400|431', '200 headers';
refused $p->raw(request(GET => '/users', undef,
	'If-None-Match: ' . '"x", ' x 20_000)), '400|431', '20,000 tags';
$r = $p->raw(request(GET => '/users', undef,
	'If-None-Match: ' . '"x",' x 1000, 'Prefer: ' . ',;=' x 300));
is $r->{status}, 200, 'odd headers of moderate size are read';
alive('odd headers');

# Queries
for my $query ('name=%', 'name=%2', 'name=%zz', 'name=%00', 'name=a%00b',
	'name=%FF', 'name=%C0%AF', 'name=%ED%A0%80', 'name=%F4%90%80%80',
	'%=x', '%ff=x', 'x=%ff', 'name=Ada&x=%', join '&', map { "k$_=1" } 1 .. 150)
{
	my $shown = substr $query, 0, 20;
	refused $p->raw(request(GET => "/users?$query")), 400, "GET ?$shown";
	refused $p->raw(request(DELETE => "/users?$query")), 400, '... DELETE';
}
for my $query ("name=' or 1=1 --", 'name=%27%3B--', 'name=$2', 'name=%25x') {
	refused $p->raw(request(GET => '/users?' . ($query =~ s/ /%20/gr))), 404,
		"?$query is a name that is not there";
}
for my $path ('/users/%00', '/%zz', '/%', '/users/%ff', '/%c0%af', '/users/%0a',
	'/..%2f..%2fetc', '/users/..%2f', '/users/%2e%2e/%2e%2e/x')
{
	my $r = $p->raw(request(GET => $path));
	refused $r, '400|404', "GET $path";
}

# Lines that are no HTTP
for my $case (
	['two lengths',      "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 4"
		. "\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{}  "],
	['a length below 0', "POST /users HTTP/1.1\r\nHost: x\r\n"
		. "Content-Length: -1\r\nConnection: close\r\n\r\n{}"],
	['no host',          "GET /users HTTP/1.1\r\nConnection: close\r\n\r\n"],
	['a small method',   "get /users HTTP/1.1\r\nHost: x\r\n\r\n"],
	['a raw space',      "GET /users /x HTTP/1.1\r\nHost: x\r\n\r\n"],
	['no words at all',  "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"],
	['both framings',    "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 2"
		. "\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
		. "0\r\n\r\n"],
) {
	my ($name, $bytes) = @$case;
	my $r = $p->raw($bytes);
	like $r->{status}, qr/\A(?:400|405|422)\z/, "$name is refused"
		or diag $r->{body};
	alive($name);
}

is $p->sql('select count(*) from api.users'), $n + 1, 'what was refused left nothing';
is_deeply [$p->pids('api')], \@workers, 'no worker died';
unlike $p->log, qr/runtime error|AddressSanitizer|"status":5\d\d/,
	'the log knows of no accident';

done_testing;
