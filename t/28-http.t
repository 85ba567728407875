#!/usr/bin/perl
# What holds for every path, through nginx: rows G01, G04 and G05 of the
# contract, and the unbounded list.

use v5.36;
use utf8;
use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/tables");
my $lost = '{"detail":"Not Found"}';
my $made = $p->http(POST => '/users', json => {name => 'Ada'})->{json};

# G01: unknown paths
for my $path ('/nothing', '/user', '/Users', '/USERS', '/users/x/y',
	'/pg_class', '/api.users', '/postern.messages', '/users.json',
	'/vaults', '/users;x', '/usersevents',
	'/%75ser', '/users%2Fx', '/messages', "/users'", '/users%22', '/-', '/ä')
{
	my $target = encode_utf8($path) =~ s/([^\x21-\x7e])/
		sprintf '%%%02X', ord $1/gexr;
	for my $method ($path =~ m{^/users(/|%2F)} ? 'GET' : qw(GET POST DELETE)) {
		my $r = $p->http($method => $target,
			$method eq 'POST' ? (json => {name => 'x'}) : ());
		answers $r, 404, $lost, "$method $target";
		is $r->{headers}{'content-type'}, 'application/json',
			'... as JSON';
	}
}
answers $p->http(GET => '/%75sers?name=Ada'), 200, qr/\{.*\}/,
	'an encoded letter is the letter';
answers $p->http(GET => '//users?name=Ada'), 200, qr/\{.*\}/,
	'two slashes are one';
answers $p->http(GET => '/x/../users?name=Ada'), 200, qr/\{.*\}/,
	'dots lead up';

# G01: wrong methods
for my $case (
	['/users',             'GET, HEAD, POST, PUT, DELETE', qw(PATCH OPTIONS)],
	['/events',            'GET, HEAD, POST, PUT, DELETE', 'PATCH'],
	["/users/$made->{id}", 'GET, HEAD, PATCH, DELETE', qw(PUT POST OPTIONS)],
	['/tickets',           'GET, HEAD, POST', qw(PUT DELETE PATCH)],
	['/open_venues',       'GET, HEAD', qw(POST PUT DELETE PATCH)],
) {
	my ($path, $allow, @methods) = @$case;
	for my $method (@methods) {
		my $r = $p->http($method => $path);
		answers $r, 405, '{"detail":"Method Not Allowed"}',
			"$method $path";
		is join(' ', sort split /[ ,]+/, $r->{headers}{allow} // ''),
			join(' ', sort split /[ ,]+/, $allow),
			"... allows $allow";
	}
}
for my $method (qw(POST PUT DELETE PATCH)) {
	my $r = $p->http($method => '/health_check');
	answers $r, 405, '{"detail":"Method Not Allowed"}',
		"$method /health_check";
	like $r->{headers}{allow}, qr/\bGET\b/, '... allows GET';
}
for my $method (qw(TRACE FOO PROPFIND)) {
	answers $p->raw(request($method => '/users')), 405,
		'{"detail":"Method Not Allowed"}', "$method is refused";
}

# G01: the slash at the end
for my $case (
	[GET => '/users/', '/users'], [GET => '/users/?name=A%20b&limit=2',
	'/users?name=A%20b&limit=2'], [POST => '/users/', '/users'],
	[PUT => '/users/?current_name=x', '/users?current_name=x'],
	[DELETE => '/events/?name=%C3%A9', '/events?name=%C3%A9'],
	[GET => "/users/$made->{id}/", "/users/$made->{id}"],
) {
	my ($method, $path, $to) = @$case;
	my $r = $p->raw(request($method => $path,
		$method =~ /^P/ ? '{"name":"Slash"}' : undef));
	is $r->{status}, 307, "$method $path is a redirect";
	like $r->{headers}{location}, qr{\A(?:http://localhost(?::\d+)?)?\Q$to\E\z},
		"... to $to";
}
is $p->sql("select count(*) from api.users where name = 'Slash'"), 0,
	'... and does nothing';

# G04: bytes
my $odd = 'Zoë "q" \\ / <&> 😀 ' . "\n\t\x{1}";
my $r = $p->http(POST => '/users', json => {name => $odd});
is $r->{status}, 201, 'a name of odd characters';
my $name = encode_utf8(quote($odd));
like $r->{body}, qr/\A\{"id":"$UUID","name":\Q$name\E,"created_at":"$STAMP"\}\z/,
	'... is compact UTF-8 in the declared order';
is $r->{headers}{'content-type'}, 'application/json', '... without charset';
is $r->{headers}{'content-length'}, length $r->{body}, '... with its length';
is $r->{headers}{location}, "/users/$r->{json}{id}", '... and its place';
for my $r ($p->http(GET => '/users'), $p->http(GET => '/users?limit=1'),
	$p->http(GET => '/nothing'), $p->http(DELETE => '/users'))
{
	unlike $r->{body}, qr/\A\s|\s\z|[,:] "|": /, "compact: $r->{status}";
}

# G05: how a query is read
$p->http(POST => '/users', json => {name => $_})
	for 'a b', 'a+b', 'a&b', 'a=b', 'é', '', '100%', 'a;b', '%41';
for my $case (
	['name=a+b',       'a b'], ['name=a%20b',  'a b'], ['name=a%2Bb', 'a+b'],
	['name=a%26b',     'a&b'], ['name=a=b',    'a=b'], ['name=a%3db', 'a=b'],
	['name=%C3%A9',    'é'],   ['name=%c3%a9', 'é'],   ['name=100%25', '100%'],
	['name=Ada&name=a+b', 'a b'], ['name=%E9&name=Ada', undef],
	['%6eame=Ada',     'Ada'], ['&&name=Ada&', 'Ada'], ['name=a;b', 'a;b'],
	['x=1&name=Ada&y', 'Ada'], ['name=%2541',  '%41'], ['name=Ada&Name=x', 'Ada'],
	['name=&name=Ada', 'Ada'], ['?name=x&name=Ada', 'Ada'],
) {
	my ($query, $name) = @$case;
	my $r = $p->http(GET => "/users?$query");
	defined $name ? is $r->{json}{name}, $name, "?$query"
		: is $r->{status}, 400, "?$query";
}
$r = $p->http(GET => '/users?name=Ada&name=');
is ref $r->{json}, 'ARRAY', 'the last of two names is empty: the list';
$r = $p->http(GET => encode_utf8('/users?name=é'));
is $r->{json}{name}, 'é', 'letters that are not encoded are letters';
answers $p->http(PUT => '/users?current_name=Nope&current_name=Ada',
	json => {name => 'Eve'}), 200, qr/.*"Eve".*/, 'the last wins for PUT';
answers $p->http(DELETE => '/users?name=Nope&name=Eve'), 200, qr/.*"Eve".*/,
	'... and for DELETE';

# One list of everything, however long
$p->sql(q{insert into api.venues (name, city)
	select 'v' || n, 'Zoë' from generate_series(1, 20000) n});
$r = $p->http(GET => '/venues');
is $r->{status}, 200, 'a list of twenty thousand';
is scalar @{$r->{json} // []}, 20000, '... has all of them';
is join(',', map { $_->{name} } @{$r->{json} // []}[0, 9999, 19999]),
	'v1,v10000,v20000', '... in order';
is $r->{headers}{'x-accel-redirect'}, undef,
	'... and nothing of how it was made';
unlike $r->{body}, qr/\s\z|\},\s/, '... compact';
is scalar @{$p->http(GET => '/venues?city=Zo%C3%AB')->{json} // []}, 20000,
	'... with a filter too';
my $head = $p->http(HEAD => '/venues');
is "$head->{status} " . ($head->{body} // ''), '200 ', '... HEAD has no body';
is $p->http(GET => '/venues?name=v7')->{json}{id}, 7,
	'... and the next request is answered';
unlike $p->log('bulk'), qr/lost|error/i, '... and no connection was lost';

# Headers made of data: too long for nginx is no reason to fail
my $long = 'x' x 50_000;
$r = $p->http(POST => '/select', json => {order => $long, table => 7});
is $r->{status}, 201, 'a key too long for a header is a key'
	or diag substr $r->{body}, 0, 200;
is $p->sql('select count(*) from api."select"'), 1, '... and stored once';
$p->sql("insert into api.events (name, address) values ('l1', repeat('y', 60000)),"
	. " ('l2', repeat('z', 60000))");
$r = $p->http(GET => '/events?limit=1&order=address');
is $r->{status}, 200, 'a page that ends at a long value is a page'
	or diag substr $r->{body}, 0, 200;

done_testing;
