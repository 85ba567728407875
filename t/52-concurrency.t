#!/usr/bin/perl
# Many at once: who comes first wins, once.  (Row G08.)

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->start(workers => 2);
my $lost = '{"detail":"Precondition Failed"}';

# How often each status came
sub tally (@answers)
{
	my %n;
	$n{$_->{status}}++ for @answers;
	return join ' ', map { "$_: $n{$_}" } sort keys %n;
}

# The same POST fifty times
for my $round (1 .. 5) {
	my $name = "Same $round";
	my @answers = volley($p,
		(request(POST => '/users', qq({"name":"$name"}))) x 50);
	is tally(@answers), '201: 1 400: 49',
		'of fifty identical POSTs one creates';
	my ($other) = grep { $_->{body} ne fault("Username '$name' already exists.") }
		grep { $_->{status} == 400 } @answers;
	is $other, undef, '... and the others say why not' or diag $other->{body};
	is $p->sql("select count(*) from api.users where name = '$name'"), 1,
		'... one row';
}

# Two events for one name, with a host
my $event = '{"name":"Same","address":"x","schedule":"2020-01-01T00Z",'
	. '"host_name":"Same 1"}';
is tally(volley($p, (request(POST => '/events', $event)) x 50)),
	'201: 1 400: 49', 'of fifty identical events one is created';

# A lost update is refused
for my $round (1 .. 5) {
	my $path = '/users?name=Same%201';
	my $r    = $p->http(GET => $path);
	my $tag  = $r->{headers}{etag};
	my $id   = $r->{json}{id};
	my @requests = map { request(PATCH => "/users/$id",
		qq({"name":"Winner $_"}), "If-Match: $tag") } 1 .. 30;
	my @answers = volley($p, @requests);
	is tally(@answers), '200: 1 412: 29',
		'of thirty conditional PATCHes one wins';
	my ($won) = grep { $_->{status} == 200 } @answers;
	is $p->http(GET => "/users/$id")->{body}, $won->{body},
		'... and what it wrote stands';
	my ($other) = grep { $_->{body} ne $lost }
		grep { $_->{status} == 412 } @answers;
	is $other, undef, '... the others are told so';
	$tag = $p->http(GET => "/users/$id")->{headers}{etag};
	is tally(volley($p, map { request(PUT => uri('/users',
		current_name => $won->{json}{name}), '{"name":"Same 1"}',
		"If-Match: $tag") } 1 .. 30)), '200: 1 412: 29',
		'... and the same for PUT';
}

# Without condition the last one wins, and nobody fails
my $id = $p->http(GET => '/users?name=Same%202')->{json}{id};
my @answers = volley($p, map { request(PATCH => "/users/$id",
	qq({"name":"Last $_"})) } 1 .. 50);
is tally(@answers), '200: 50', 'fifty PATCHes of one row all succeed';
my $last = $p->http(GET => "/users/$id")->{body};
is scalar(grep { $_->{body} eq $last } @answers), 1,
	'... and one of them is what stays';

# Ten rename to the same name
$p->http(POST => '/users', json => {name => "R$_"}) for 1 .. 10;
is tally(volley($p, map { request(PUT => "/users?current_name=R$_",
	'{"name":"Chosen"}') } 1 .. 10)), '200: 1 400: 9',
	'of ten renames to one name one succeeds';

# Deleting once, and deleting a host while an event is made for it
is tally(volley($p, (request(DELETE => '/users?name=Chosen')) x 30)),
	'200: 1 404: 29', 'of thirty DELETEs one deletes';
for my $round (1 .. 10) {
	$p->http(POST => '/users', json => {name => "H$round"});
	my $body = $event =~ s/"Same"/"E$round"/r =~ s/Same 1/H$round/r;
	my ($delete, $create) = volley($p,
		request(DELETE => "/users?name=H$round"),
		request(POST => '/events', $body));
	my $outcome = "$delete->{status} $create->{status}";
	my $host = $p->http(GET => "/events?name=E$round")->{json}{host};
	like $outcome, qr/\A(?:400 201|200 201|200 400)\z/,
		'a host goes while its event comes';
	is ref $host, $outcome eq '400 201' ? 'HASH' : '',
		"... $outcome is consistent";
}

# Readers among writers see whole rows
my @mixed = volley($p, map { (request(GET => '/users?limit=1000'),
	request(POST => '/users', qq({"name":"Mixed $_"})),
	request(GET => "/users?name=Mixed%20$_")) } 1 .. 30);
is scalar(grep { $_->{status} >= 500 || !$_->{status} } @mixed), 0,
	'ninety readers and writers: no accident';
is scalar(grep { !ref $_->{json} } @mixed), 0, '... all answers are JSON';
is $p->sql("select count(*) from api.users where name like 'Mixed%'"), 30,
	'... all writes are there';

done_testing;
