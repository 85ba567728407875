#!/usr/bin/perl
# One object by its id: GET, PATCH and DELETE of /{table}/{id}.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/tables");
my $none = '00000000-0000-0000-0000-000000000000';
my $lost = '{"detail":"Not Found"}';

sub get ($path)            { $p->cgi(GET => $path) }
sub patch ($path, $fields) { $p->cgi(PATCH => $path, json => $fields) }

my $ada = $p->cgi(POST => '/users', json => {name => 'Ada'})->{json};
my $bob = $p->cgi(POST => '/users', json => {name => 'Bob'})->{json};
my $fair = $p->cgi(POST => '/events', json => {name => 'Fair',
	address => 'Here', schedule => '2020-01-02T03:04:05Z',
	host_name => 'Ada'})->{json};
my ($user, $event) = ("/users/$ada->{id}", "/events/$fair->{id}");
my $when = '"schedule":"2020-01-02T03:04:05+00:00"';

# GET
answers get($user), 200, qq({"id":"$ada->{id}","name":"Ada",)
	. qq("created_at":"$ada->{created_at}"}), 'an id finds the user';
answers get($event), 200, qq({"id":"$fair->{id}","name":"Fair",)
	. qq("address":"Here",$when,"host":{"id":"$ada->{id}","name":"Ada"}}),
	'... and the event, with its host';
is get("/users/\U$ada->{id}")->{status}, 200, 'an id may be in capitals';
is get("/users/$ada->{id}?name=Bob&x=1")->{json}{name}, 'Ada',
	'parameters do not change which';

# What is not there
for my $id ($none, 'x', '0', '-1', '1.0', '1e3', '2147483648', '%27', '*',
	'9223372036854775808', '1;drop', '%F0%9F%98%80', 'null', "$ada->{id}0",
	"$ada->{id},$ada->{id}", "%7B$none", 'x' x 2000)
{
	my $shown = substr $id, 0, 40;
	answers get("/users/$id"), 404, $lost, "GET /users/$shown";
	answers patch("/users/$id", {name => 'x'}), 404, $lost, '... PATCH';
	answers $p->cgi(DELETE => "/events/$id"), 404, $lost, '... DELETE';
}
for my $id ('0', '-1', '1.5', '2147483648', '99999999999999999999', 'x', '1,2')
{
	answers get("/venues/$id"), 404, $lost, "GET /venues/$id";
}
for my $path ("/users/$ada->{id}/events", '/nope/1', "/nope/$ada->{id}",
	'/vaults/1', '/remarks/1', '/open_venues/Hall')
{
	answers get($path), 404, $lost, "GET $path";
}

# PATCH
answers patch($user, {name => 'Augusta'}), 200,
	qq({"id":"$ada->{id}","name":"Augusta",)
	. qq("created_at":"$ada->{created_at}"}), 'PATCH changes a field';
answers patch($user, {}), 200, get($user)->{body},
	'... or none when none is given';
answers patch($user, {id => $none, created_at => '2000-01-01T00:00:00Z',
	nope => 1}), 200, get($user)->{body},
	'... and ignores what nobody may set';
answers patch($user, {name => 'Bob'}), 400,
	fault("Username 'Bob' already exists."), 'a taken name is refused';
answers patch($user, {name => 'x' x 51}), 400,
	fault("Username '" . 'x' x 51 . "' already exists."),
	'... and so is one too long';
answers patch($user, {name => undef}), 422, detail(null('body.name')),
	'a name may not be taken away';
answers patch($user, {name => []}), 422, detail(issue('body.name',
	'str type expected', 'type_error.str')), '... nor be a list';
answers $p->cgi(PATCH => $user, body => '[]'), 422, detail(issue('body',
	'value is not a valid dict', 'type_error.dict')),
	'a patch is an object';
answers $p->cgi(PATCH => $user, body => ''), 422, detail(missing('body')),
	'... and not nothing';
answers $p->cgi(PATCH => $user, body => '{"name":"Merged"}',
	type => 'application/merge-patch+json'), 200, qr/.*"Merged".*/,
	'a merge patch is welcome';
answers patch($event, {address => 'There'}), 200, qq({"id":"$fair->{id}",)
	. qq("name":"Fair","address":"There",$when,)
	. qq("host":{"id":"$ada->{id}","name":"Merged"}}),
	'the fields not given stay';
is patch($event, {address => undef})->{json}{address}, undef,
	'null clears a field that may be null';
is patch($event, {schedule => undef})->{json}{schedule}, undef,
	'... also one that POST requires';
is patch($event, {schedule => '2020-01-02T05:04:05+02:00'})
	->{json}{schedule}, '2020-01-02T03:04:05+00:00', 'a date is read as ever';
answers patch($event, {schedule => 'never'}), 400, fault('Invalid datetime'
	. " format. Datetime string must look like this:"
	. " '2010-12-27T23:59:59-07:00'"), '... and refused as ever';
answers patch($event, {name => undef, address => {}}), 422, detail(
	null('body.name'), issue('body.address', 'str type expected',
	'type_error.str')), 'faults are told together';

# Links
is patch($event, {host_name => 'Bob'})->{json}{host}{id}, $bob->{id},
	'a link by name';
is patch($event, {host_id => $ada->{id}})->{json}{host}{name}, 'Merged',
	'a link by id';
is patch($event, {name => 'Fair'})->{json}{host}{name}, 'Merged',
	'a link not given stays';
is patch($event, {host_id => undef})->{json}{host}, undef,
	'null clears a link by id';
is patch($event, {host_name => 'Bob'})->{json}{host}{id}, $bob->{id},
	'... set again';
is patch($event, {host_name => undef})->{json}{host}, undef,
	'... null clears it by name';
is patch($event, {host_name => 'Nobody'})->{json}{host}, undef,
	'an unknown name is nobody';
answers patch($event, {host_id => 'x'}), 422, detail(issue('body.host_id',
	'value is not a valid uuid', 'type_error.uuid')),
	'an id that cannot be is refused';
my $r = patch($event, {host_id => $none});
is $r->{status}, 400, '... and one that is not there violates the key';
unlike $r->{body}, qr/insert|violates foreign|DETAIL:|Key \(/,
	'... which is said without the database\'s words';

# DELETE
patch($event, {host_name => 'Bob'});
answers $p->cgi(DELETE => "/users/$bob->{id}"), 400,
	fault('User attached to an event. Cannot delete.'),
	'who is referenced stays';
$r = get($event);
answers $p->cgi(DELETE => $event), 200, $r->{body},
	'DELETE answers what it deleted';
answers $p->cgi(DELETE => $event), 404, $lost, '... once';
answers $p->cgi(DELETE => "/users/$bob->{id}"), 200, qr/.*"Bob".*/,
	'the host may go now';
is $p->sql('select count(*) from api.users'), 1, '... and nobody else went';

# Keys of two columns, keys that are text
$p->cgi(POST => '/venues', json => {name => 'Hall', city => 'Rome'});
$p->cgi(POST => '/tickets', json => {venue_name => 'Hall', seat => 'A 1'});
answers get('/tickets/1,A%201'), 200,
	'{"venue":{"id":1,"name":"Hall"},"seat":"A 1","owner":null}',
	'the values of a composite key are joined by a comma';
is patch('/tickets/1,A%201', {owner_name => 'Merged'})->{json}{owner}{id},
	$ada->{id}, '... for PATCH';
for my $id ('1', '1,', ',A%201', '1,A%201,', '1,B', 'x,A%201', ',', '2,A%201') {
	answers get("/tickets/$id"), 404, $lost, "no ticket $id";
}
answers $p->cgi(DELETE => '/tickets/1,A%201'), 200, qr/\{"venue":.*\}/,
	'... and for DELETE';
$p->sql("insert into api.countries values ('DE', 'Germany'), ('Ö!', 'O')");
answers get('/countries/DE'), 200, '{"code":"DE","label":"Germany"}',
	'a text may be the id';
answers get('/countries/%C3%96!'), 200, '{"code":"Ö!","label":"O"}',
	'... of any letters';
answers get('/countries/de'), 404, $lost, '... in this case only';

# Methods
for my $path ($user, '/tickets/1,x', "/users/$none") {
	for my $method (qw(POST PUT OPTIONS)) {
		my $r = $p->cgi($method => $path, json => {name => 'x'});
		answers $r, 405, '{"detail":"Method Not Allowed"}',
			"$method $path";
		is $r->{headers}{allow}, 'GET, HEAD, PATCH, DELETE',
			'... says what is allowed';
	}
}

done_testing;
