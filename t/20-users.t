#!/usr/bin/perl
# Users, as the tutorial has them: rows R01 to R13, R30 and R31 of the
# contract.  Most requests run the ASan build once, as CGI.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode ();
use Test::More;

use Postern;
use Rest;

my $p    = Postern->database;
my $any  = 'Zoë "Quote" \\Back\\ <b>&amp; \'one\' 😀';
my $user = qr/\{"id":"$UUID","name":"[^"]*","created_at":"$STAMP"\}/;

sub get ($name)           { $p->cgi(GET => uri('/users', name => $name)) }
sub create ($name)        { $p->cgi(POST => '/users', json => {name => $name}) }
sub remove ($name)        { $p->cgi(DELETE => uri('/users', name => $name)) }
sub rename_to ($old, $new)
{
	return $p->cgi(PUT => uri('/users', current_name => $old),
		json => {name => $new});
}

sub no_such ($name) { fault("Username '$name' does not exist.") }
sub not_found ($name) { fault("User '$name' was not found.") }
sub taken ($name)   { fault("Username '$name' already exists.") }

# R01, R02
answers $p->cgi(GET => '/users'), 200, '[]', 'an empty table is an empty list';
answers $p->cgi(GET => '/users?name='), 200, '[]',
	'an empty name is no name';

# R05
my $r = create('Ada');
answers $r, 201, qr/\{"id":"$UUID","name":"Ada","created_at":"$STAMP"\}/,
	'a created user is answered with id, name and created_at';
my $ada = $r->{json};
is $r->{headers}{location}, "/users/$ada->{id}", '... and a place';
is $r->{headers}{'content-type'}, 'application/json',
	'... as application/json without a charset';
is $r->{headers}{'content-length'}, length $r->{body},
	'... with its length';

answers get('Ada'), 200, $r->{body}, 'a name finds the one user';
answers $p->cgi(GET => '/users'), 200, "[$r->{body}]",
	'the list holds the same bytes';
answers $p->cgi(GET => '/users?name='), 200, "[$r->{body}]",
	'an empty name answers the list';

# R03, R06
answers get('Bob'), 404, no_such('Bob'), 'an unknown name is a 404';
answers get('ada'), 404, no_such('ada'), 'names differ by case';
answers get('Ada '), 404, no_such('Ada '), '... and by white space';
answers create('Ada'), 400, taken('Ada'), 'a taken name is refused';
answers create('ada'), 201, $user, 'another case is another name';
answers create(''), 201, $user, 'the empty name is a name';
answers create(''), 400, taken(''), '... once';

# R04, R06: fifty code points, whatever their bytes
for my $c ('x', 'é', '€', '😀') {
	my ($fits, $long) = ($c x 50, $c x 51);
	my $n = length Encode::encode_utf8($fits);
	answers get($fits), 404, no_such($fits),
		"fifty characters of $n bytes may be asked for";
	answers create($fits), 201, qr/.*"name":"\Q${\ Encode::encode_utf8($fits)}\E".*/,
		'... and stored';
	answers get($fits), 200, $user, '... and found';
	answers get($long), 422, detail(issue('query.name',
		'ensure this value has at most 50 characters',
		'value_error.any_str.max_length', '{"limit_value":50}')),
		'fifty-one may not be asked for';
	answers create($long), 400, taken($long), '... nor stored';
}

# R05: microseconds only when there are any
for my $case (
	['2022-04-16 23:09:30.929664+00', '2022-04-16T23:09:30.929664+00:00'],
	['2022-04-16 23:09:30+00',        '2022-04-16T23:09:30+00:00'],
	['2022-04-16 23:09:30.5+00',      '2022-04-16T23:09:30.500000+00:00'],
	['2022-04-16 23:09:30+02',        '2022-04-16T21:09:30+00:00'],
	['1999-12-31 23:59:59.999999+00', '1999-12-31T23:59:59.999999+00:00'],
	['0001-01-01 00:00:00+00',        '0001-01-01T00:00:00+00:00'],
) {
	my ($stored, $shown) = @$case;
	$p->sql("update api.users set created_at = '$stored'"
		. " where name = 'ada'");
	is get('ada')->{json}{created_at}, $shown, "created_at $stored";
}

# R07: the fields nobody asked for
$r = $p->cgi(POST => '/users', json => {name => 'Eve', id => $ada->{id},
	created_at => '2000-01-01T00:00:00+00:00', admin => 1, identity => 'x'});
answers $r, 201, $user, 'extra members are ignored';
isnt $r->{json}{id}, $ada->{id}, '... the id is ours';
unlike $r->{json}{created_at}, qr/^2000/, '... and so is created_at';
answers $p->cgi(POST => '/users', body => '{"name":5}'), 201,
	qr/.*"name":"5".*/, 'a number for a text is its text';
answers $p->cgi(POST => '/users', body => '{"name":1.5}'), 201,
	qr/.*"name":"1\.5".*/, '... a fraction too';
answers $p->cgi(POST => '/users', body => '{"name":true}'), 201,
	qr/.*"name":"True".*/, '... and true is True';
answers $p->cgi(POST => '/users', body => '{"name":false}'), 201,
	qr/.*"name":"False".*/, '... and false is False';

# R08, R09, R10
answers rename_to('Ada', 'Augusta'), 200,
	qq({"id":"$ada->{id}","name":"Augusta","created_at":"$ada->{created_at}"}),
	'a rename keeps id and created_at';
answers get('Ada'), 404, no_such('Ada'), '... the old name is gone';
answers rename_to('Augusta', 'Augusta'), 200, $user,
	'a user may be renamed to the own name';
answers rename_to('Augusta', 'ada'), 400, taken('ada'),
	'a taken name is refused';
answers rename_to('Augusta', 'x' x 51), 400, taken('x' x 51),
	'... and so is one too long';
is get('Augusta')->{json}{id}, $ada->{id}, '... nothing changed';
answers rename_to('Nobody', 'Someone'), 404, not_found('Nobody'),
	'an unknown user cannot be renamed';
answers rename_to('Nobody', 'ada'), 404, not_found('Nobody'),
	'... not even to a taken name';
answers rename_to('y' x 60, 'Someone'), 404, not_found('y' x 60),
	'current_name has no limit';
answers $p->cgi(PUT => uri('/users', current_name => 'Augusta'),
	json => {name => 'Augusta', id => 'x', created_at => 5}), 200,
	qr/\{"id":"$ada->{id}",.*"created_at":"\Q$ada->{created_at}\E"\}/,
	'id and created_at of a rename are ignored';

# R11
answers $p->cgi(PUT => '/users', json => {name => 'x'}), 422,
	detail(missing('query.current_name')), 'PUT needs current_name';
answers $p->cgi(DELETE => '/users'), 422, detail(missing('query.name')),
	'DELETE needs name';
is $p->sql('select count(*) from api.users'), '12',
	'... and nobody was deleted';
answers remove(''), 200, qr/\{.*"name":"".*\}/,
	'DELETE with an empty name deletes the one without letters';

# R12, R13
$r = get('Augusta');
answers remove('Augusta'), 200, $r->{body}, 'DELETE answers what it deleted';
answers remove('Augusta'), 404, not_found('Augusta'), '... once';
answers create('Host'), 201, $user, 'a host';
$p->sql("insert into api.events (name, host_id)"
	. " select 'Party', id from api.users where name = 'Host'");
answers remove('Host'), 400,
	fault('User attached to an event. Cannot delete.'),
	'a host of an event stays';
answers get('Host'), 200, $user, '... and is still there';
$p->sql("delete from api.events");
answers remove('Host'), 200, $user, 'without the event the host may go';

# R30
answers create($any), 201, qr/.*/, 'any characters make a name';
my $stored = Encode::encode_utf8(quote($any));
answers get($any), 200, qr/\{"id":"$UUID","name":\Q$stored\E,.*\}/,
	'... that comes back unescaped';
answers create($any), 400, taken($any), '... also in messages';
answers rename_to($any, "$any!"), 200, qr/.*/, '... may be renamed';
answers rename_to($any, 'x'), 404, not_found($any), '... once';
answers get($any), 404, no_such($any), '... is gone then';
answers remove("$any!"), 200, qr/.*/, '... and the new one may be deleted';
for my $name ("'; drop table api.users;--", "\\'", '$1', '%s', '{name}',
	"E'\\\\'", "U&'\\0027'", "a\nb\tc", "\x{1f}\x{1}", '{"a":1}', '%', '_')
{
	my $shown = Encode::encode_utf8(quote($name));
	answers create($name), 201, qr/.*/, "a name like $shown is data";
	is get($name)->{json}{name}, $name, '... and comes back';
	answers get("$name?"), 404, no_such("$name?"), '... in messages too';
	answers remove($name), 200, qr/.*/, '... and is found to be deleted';
}

done_testing;
