#!/usr/bin/perl
# HEAD, entity tags, conditions and preferences.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p    = Postern->database;
my $lost = '{"detail":"Precondition Failed"}';

sub ask ($method, $path, $headers = {}, $json = undef)
{
	return $p->cgi($method => $path, headers => $headers,
		$json ? (json => $json) : ());
}

sub tag ($path) { ask(GET => $path)->{headers}{etag} // '(no tag)' }

ask(POST => '/users', {}, {name => $_}) for qw(Ada Bob);
my $fair = ask(POST => '/events', {}, {name => 'Fair', address => 'Here',
	schedule => '2020-01-02T03:04:05Z', host_name => 'Ada'})->{json};
my $ada = ask(GET => '/users?name=Ada')->{json};
my @paths = ('/users?name=Ada', "/users/$ada->{id}", '/events?name=Fair',
	"/events/$fair->{id}", '/users?limit=1', '/users', '/events?limit=5');

# Tags and HEAD
for my $path (@paths) {
	my $r = ask(GET => $path);
	my $tag = $r->{headers}{etag} // '';
	like $tag, qr/\A"[\x21\x23-\x7e]+"\z/, "GET $path has a strong tag";
	is tag($path), $tag, '... the same one each time';
	my $head = ask(HEAD => $path);
	is $head->{status}, 200, "HEAD $path";
	is $head->{body}, '', '... has no body';
	for my $name (qw(etag content-type content-length link)) {
		is $head->{headers}{$name}, $r->{headers}{$name},
			"... and the same $name"
			if defined $r->{headers}{$name}
			|| defined $head->{headers}{$name};
	}
	is $r->{headers}{'content-length'}, length $r->{body},
		"the length of GET $path is true";

	# If-None-Match
	for my $value ($tag, "W/$tag", "\"x\", $tag", "\"x\",$tag,\"y\"", '*') {
		for my $method (qw(GET HEAD)) {
			my $r = ask($method => $path, {'If-None-Match' => $value});
			is "$r->{status} $r->{body}", '304 ',
				"$method with If-None-Match: $value";
			is $r->{headers}{etag}, $tag, '... has the tag';
		}
	}
	for my $value ('"x"', 'W/"x"', substr($tag, 1, -1), '', '"*"', "x$tag") {
		is ask(GET => $path, {'If-None-Match' => $value})->{status}, 200,
			"GET with If-None-Match: $value";
	}
}
isnt tag('/users?limit=1'), tag('/users?limit=2'), 'other pages, other tags';
isnt tag('/users?name=Ada'), tag('/users?name=Bob'), 'other users, other tags';
is tag('/users?name=Ada'), tag("/users/$ada->{id}"),
	'the tag of an object is the same by name and by id';
my $missing = ask(GET => '/users?name=Nope', {'If-None-Match' => '*'});
is $missing->{status}, 404, 'what is not there is not unmodified';
is $missing->{headers}{etag}, undef, '... and has no tag';
$missing = ask(HEAD => '/users?name=Nope');
is "$missing->{status} $missing->{body}", '404 ', 'HEAD of it is a 404';

# A tag changes when the bytes change
my ($list, $event) = (tag('/users'), tag('/events?name=Fair'));
my $old = tag('/users?name=Ada');
my $r = ask(PUT => '/users?current_name=Ada', {}, {name => 'Eve'});
isnt tag('/users'), $list, 'a change changes the tag of the list';
isnt tag('/users?name=Eve'), $old, '... of the object';
isnt tag('/events?name=Fair'), $event, '... and of what shows it';
is $r->{headers}{etag}, tag('/users?name=Eve'), 'PUT answers the new tag';
$r = ask(POST => '/users', {}, {name => 'New'});
is $r->{headers}{etag}, tag('/users?name=New'), '... and so does POST';

# If-Match
my $id = "/users/$ada->{id}";
for my $case (
	[PUT    => '/users?current_name=Eve', {name => 'Eva'}],
	[PATCH  => $id,                       {name => 'Eva'}],
	[DELETE => '/users?name=Eve'],
	[DELETE => $id],
	[PUT    => '/events?current_name=Fair', {name => 'F', address => 'x',
		schedule => '2020-01-02T03:04:05Z', host_name => 'x'}],
	[PATCH  => "/events/$fair->{id}",     {name => 'F'}],
	[DELETE => '/events?name=Fair'],
) {
	my ($method, $path, $json) = @$case;
	for my $value ($old, '"x"', 'W/' . tag($id), '""') {
		answers ask($method => $path, {'If-Match' => $value}, $json),
			412, $lost, "$method $path with If-Match: $value";
	}
}
is ask(GET => '/users?name=Eve')->{status}, 200, '... nothing was done';
for my $case (
	[PUT    => '/users?current_name=Nope', {name => 'x'}],
	[PATCH  => '/users/00000000-0000-0000-0000-000000000000', {name => 'x'}],
	[DELETE => '/users?name=Nope'],
	[DELETE => '/events?name=Nope'],
	[DELETE => '/users/00000000-0000-0000-0000-000000000000'],
) {
	my ($method, $path, $json) = @$case;
	for my $value ($old, '*') {
		answers ask($method => $path, {'If-Match' => $value}, $json),
			412, $lost, "$method $path, If-Match: $value, without row";
	}
}
answers ask(PUT => '/users?current_name=Eve', {'If-Match' => $old}, {}), 422,
	detail(missing('body.name')), 'a bad body is told first';
$r = ask(PUT => '/users?current_name=Eve',
	{'If-Match' => tag('/users?name=Eve')}, {name => 'Ann'});
answers $r, 200, qr/.*"Ann".*/, 'with the right tag PUT is done';
answers ask(PATCH => $id, {'If-Match' => $r->{headers}{etag}},
	{name => 'Amy'}), 200, qr/.*"Amy".*/,
	'the tag that PUT answered is good for PATCH';
answers ask(PATCH => $id, {'If-Match' => $r->{headers}{etag}},
	{name => 'Abe'}), 412, $lost, '... once';
answers ask(PATCH => $id, {'If-Match' => '"x", ' . tag($id)},
	{name => 'Amy'}), 200, qr/.*/, 'one tag of several is enough';
answers ask(PATCH => $id, {'If-Match' => '*'}, {name => 'Amy'}), 200,
	qr/.*/, '* is any';
answers ask(PATCH => $id, {'If-Match' => tag($id)}, {name => 'Bob'}), 400,
	fault("Username 'Bob' already exists."), 'a right tag is no licence';
my $fresh = tag('/events?name=Fair');
answers ask(DELETE => '/events?name=Fair', {'If-Match' => $fresh}), 200,
	qr/.*"Fair".*/, 'with the right tag DELETE is done';

# Prefer
for my $case (
	[POST   => '/users',                   {name => 'P'}, 201],
	[PUT    => '/users?current_name=P',    {name => 'Q'}, 204],
	[DELETE => '/users?name=Q',            undef,         204],
	[PATCH  => $id,                        {name => 'R'}, 204],
	[DELETE => $id,                        undef,         204],
) {
	my ($method, $path, $json, $status) = @$case;
	my $r = ask($method => $path, {Prefer => 'return=minimal'}, $json);
	is "$r->{status} $r->{body}", "$status ", "$method $path, minimal";
	is $r->{headers}{'preference-applied'}, 'return=minimal', '... says so';
	like $r->{headers}{location}, qr{\A/users/$UUID\z}, '... and where'
		if $method eq 'POST';
}
answers ask(POST => '/users', {Prefer => 'respond-async, Return="minimal";x'},
	{name => 'S'}), 201, '', 'other preferences do not matter';
answers ask(POST => '/users', {Prefer => 'return=minimal'}, {name => 'S'}),
	400, fault("Username 'S' already exists."), 'errors are never minimal';
answers ask(DELETE => '/users?name=Nope', {Prefer => 'return=minimal'}), 404,
	fault("User 'Nope' was not found."), '... whatever the method';
for my $value ('return=representation', 'return=nothing', 'minimal', '',
	'return', ';;;===')
{
	answers ask(PUT => '/users?current_name=S', {Prefer => $value},
		{name => 'S'}), 200, qr/\{.*"S".*\}/, "Prefer: $value";
}
answers ask(GET => '/users?name=S', {Prefer => 'return=minimal'}), 200,
	qr/\{.*"S".*\}/, 'a GET is for reading';

done_testing;
