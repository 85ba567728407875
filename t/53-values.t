#!/usr/bin/perl
# Values that only Postgres can refuse, and keys with commas in them.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/tables");

sub fault ($field, $place = 'body')
{
	return '{"detail":[{"loc":["' . $place . '","' . $field . '"],'
		. '"msg":"value is not valid for its column","type":"value_error"}]}';
}

for my $case (
	[tq => 'a &'], [tsv => "'"], [rc => 'nope'], [rc => 'a.b.c.d.e'],
) {
	my ($column, $value) = @$case;
	my $r = $p->cgi(POST => '/odd',
		json => {a => 1, b => 'x', $column => $value});
	is "$r->{status} $r->{body}", '422 ' . fault($column),
		"$column cannot be \"$value\", and that is said of it";
}
my $r = $p->cgi(POST => '/odd', json => {a => 1, b => 'x', slug => 'sixsix'});
is $r->{status}, 422, 'a varchar holds so many characters and no more';
is $r->{json}{detail}[0]{loc}[1], 'slug', '... and is named';
is $r->{json}{detail}[0]{ctx}{limit_value}, 5, '... with its limit';
$r = $p->cgi(POST => '/odd', json => {a => 1, b => 'x', n => 100});
is $r->{status}, 422, 'a number with too many digits is refused';

for my $b ('p,q', 'p%2Cq', '100%', '%', ',', 'a/b', 'ü,ß') {
	$r = $p->cgi(POST => '/odd', json => {a => 7, b => $b});
	is $r->{status}, 201, "a composite key with \"$b\"";
	my $location = $r->{headers}{location};
	$r = $p->cgi(GET => $location);
	is $r->{json}{b}, $b, "... is found where Location says: $location";
}
is $p->cgi(GET => '/addresses_of/nope')->{status}, 404,
	'an id that its type cannot read is the id of nothing';
$r = $p->cgi(POST => '/years', json => {year => 1999});
is "$r->{status} $r->{body}",
	'400 {"detail":{"error":"Year violates a rule of the table."}}',
	'a row that no partition takes';

done_testing;
