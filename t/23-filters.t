#!/usr/bin/perl
# Which rows of a list: ?column=value and ?column[operator]=value.

use v5.36;
use utf8;
use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/tables");
$p->sql(q{insert into api.users (name) values ('u1'), ('u2'), ('U1')});
$p->sql(q{insert into api.events (name, address, schedule) values
	('a', 'Britain', '1889-07-27T23:59:59-07:00'),
	('b', 'Britain', null), ('c', null, '2000-01-01T00:00:00Z'),
	('d', 'Chile', null), ('e', 'chile', '2000-01-01T00:00:00.000001Z'),
	('f', '10%_\x', '2020-02-02T02:02:02Z'), ('g', '', null)});
$p->sql(q{insert into api.venues (name, city, capacity, opened, open, price)
	values ('V1', 'Rome', 10, '1990-05-01', true, 9.5),
	('V2', 'Rome', 9, '2001-01-01', false, 12.25),
	('V3', 'Oslo', null, null, true, null),
	('V4', 'Lima', 1000, '1889-12-31', false, 100)});
$p->sql(q{insert into api.samples (name, i2, i8, f8, n, u, m, tz, js) values
	('s1', 1, 9223372036854775807, 0.5, 1e30,
	 '11111111-2222-3333-4444-555555555555', 'sad', now(), '{}'),
	('s2', -1, -9223372036854775808, -1e300, 0.1, null, 'so so', null, null),
	('s3', null, null, null, null, null, 'it''s "ok"', null, '[1]')});

sub get ($table, @query)
{
	return $p->cgi(GET => uri("/$table", order => 'name', @query));
}

# What is found
for my $case (
	[events => 'a b',         address => 'Britain'],
	[events => '',            address => 'Brit'],
	[events => 'g',           address => ''],
	[events => 'a b',         'address[eq]' => 'Britain'],
	[events => 'c d e f g',   'address[neq]' => 'Britain'],
	[events => 'a',           'name[eq]' => 'a'],
	[events => '',            'name[eq]' => 'nope'],
	[events => 'a c',         'name[in]' => 'a,c'],
	[events => 'a c',         'name[in]' => 'c,zzz,a,a'],
	[events => 'e f g',       'name[gt]' => 'd'],
	[events => 'd e f g',     'name[gte]' => 'd'],
	[events => 'a b c',       'name[lt]' => 'd'],
	[events => 'a b c d',     'name[lte]' => 'd'],
	[events => 'b c',         'name[gt]' => 'a', 'name[lt]' => 'd'],
	[events => 'a',           address => 'Britain', 'name[neq]' => 'b'],
	[events => 'c',           'address[is_null]' => 'true'],
	[events => 'a b d e f g', 'address[is_null]' => 'false'],
	[events => 'd',           'address[like]' => 'Ch%'],
	[events => 'd e',         'address[ilike]' => 'CH%'],
	[events => 'd',           'address[like]' => 'C____'],
	[events => 'a b d e f',   'address[like]' => '_%'],
	[events => 'f',           'address[like]' => '10\%\_%'],
	[events => '',            'address[like]' => 'Brit'],
	[events => 'f',           'schedule[gte]' => '2020-01-01T00:00:00Z'],
	[events => 'c e f',       'schedule[gte]' => '2000-01-01T00:00:00Z'],
	[events => 'e f',         'schedule[gt]' => '2000-01-01T00:00:00Z'],
	[events => 'c',           schedule => '1999-12-31T17:00:00-07:00'],
	[events => 'a',           'schedule[lt]' => '1900-01-01T00Z'],
	[events => '',            address => "' or 1=1 --"],
	[events => '',            'name[in]' => "a') or (1=1"],
	[venues => 'V1 V2',       city => 'Rome'],
	[venues => 'V2',          capacity => '9'],
	[venues => 'V1 V4',       'capacity[gt]' => '9'],
	[venues => 'V1 V2',       'capacity[in]' => '9,10'],
	[venues => 'V3',          'capacity[is_null]' => 'true'],
	[venues => 'V1 V3',       open => 'true'],
	[venues => 'V2 V4',       'open[eq]' => 'false'],
	[venues => 'V2 V4',       'open[neq]' => 'true'],
	[venues => 'V4',          'opened[lt]' => '1990-01-01'],
	[venues => 'V2 V4',       'price[gte]' => '12.25'],
	[venues => 'V1',          price => '9.50'],
	[samples => 's1',         i8 => '9223372036854775807'],
	[samples => 's2',         'i8[lt]' => '0'],
	[samples => 's1',         f8 => '5e-1'],
	[samples => 's1',         'n[gt]' => '999999999999999999999'],
	[samples => 's1',         u => '11111111-2222-3333-4444-555555555555'],
	[samples => 's2',         m => 'so so'],
	[samples => 's3',         m => 'it\'s "ok"'],
	[samples => 's2',         'tz[is_null]' => 'true', 'm[neq]' => 'sad',
		'u[is_null]' => 'true', 'i2[lt]' => '0'],
) {
	my ($table, $expected, @query) = @$case;
	is names(get($table, @query)), $expected,
		uri("/$table", @query) . ' finds ' . ($expected || 'nothing');
}
is names(get('users', 'name[eq]' => 'u1')), 'u1',
	'name[eq] filters the list, it does not look up';
is names(get('users', 'name[ilike]' => 'U1')) =~ tr/ //, 1,
	'... and so do the other operators of the key';
is names(get('events', nope => 'x')), 'a b c d e f g',
	'an unknown parameter is ignored';
is names(get('events', name => '', address => 'Chile')), 'd',
	'an empty name with a filter is a filter';
is names($p->cgi(GET => '/events?order=name&address=x&address=Chile')), 'd',
	'the last of two values wins';
is names($p->cgi(GET => '/venues?capacity[gt]=9&order=name')), 'V1 V4',
	'brackets need no encoding';

# What is refused
my %words = (
	integer => 'value is not a valid integer',
	uuid    => 'value is not a valid uuid',
	bool    => 'value could not be parsed to a boolean',
	float   => 'value is not a valid float',
	decimal => 'value is not a valid decimal',
	enum    => q{value is not a valid enumeration member; permitted:}
		. q{ 'sad', 'so so', 'it's "ok"'},
);
for my $case (
	[venues => capacity      => 'x',          'integer'],
	[venues => capacity      => '9.5',        'integer'],
	[venues => capacity      => '',           'integer'],
	[venues => capacity      => "9' or 1=1",  'integer'],
	[venues => 'capacity[gt]'=> '1e3',        'integer'],
	[venues => 'capacity[in]'=> '9,x',        'integer'],
	[venues => open          => 'perhaps',    'bool'],
	[venues => 'capacity[is_null]' => 'perhaps', 'bool'],
	[venues => price         => 'x',          'decimal'],
	[venues => price         => '1,5',        'decimal'],
	[samples => f8           => 'x',          'float'],
	[samples => u            => 'x',          'uuid'],
	[samples => u            => '11111111-2222-3333-4444-55555555555', 'uuid'],
	[samples => m            => 'Sad',        'enum'],
	[samples => m            => '',           'enum'],
) {
	my ($table, $name, $value, $type) = @$case;
	answers get($table, $name => $value), 422, detail(issue("query.$name",
		$words{$type}, "type_error.$type")), "$name=$value is refused";
}
for my $value ('99999999999', '-2147483649', '9' x 40) {
	my $r = get('venues', capacity => $value);
	is $r->{status}, 422, "capacity=$value does not fit";
	is_deeply $r->{json}{detail}[0]{loc}, ['query', 'capacity'],
		'... and is named';
}
for my $value ('x', '2000-13-01', '2000-02-30', '01/02/2000', 'today', '') {
	answers get('venues', opened => $value), 422, detail(issue(
		'query.opened', 'invalid date format', 'value_error.date')),
		"opened=$value is no date";
}
for my $value ('x', '2000-01-01', '2000-01-01T00:00:00', 'now', '') {
	answers get('events', 'schedule[gt]' => $value), 422, detail(issue(
		'query.schedule[gt]', 'invalid datetime format',
		'value_error.datetime')), "schedule[gt]=$value is no moment";
}
for my $case (
	[events => 'nope[eq]'],   [events => 'name[nope]'], [events => 'name[]'],
	[events => 'name[EQ]'],   [events => '[eq]'],     
	[events => 'created_at[gt]'], [events => 'name[eq][gt]'],
	[events => "name';--[eq]"], [users => 'ctid[eq]'],  [users => 'xmin[eq]'],
	[accounts => 'secret[like]'], [accounts => 'secret[eq]'],
) {
	my ($table, $name) = @$case;
	my $r = $p->cgi(GET => uri("/$table", $name => 'x'));
	is $r->{status}, 422, "$name of $table is refused";
	my $loc = Encode::encode_utf8(quote($name));
	like $r->{body}, qr/\A\{"detail":\[\{"loc":\["query",\Q$loc\E\],
		"msg":"(?:[^"\\]|\\.)+","type":"value_error\.filter"\}\]\}\z/x,
		'... as a filter';
}
$p->sql("insert into api.accounts (login) values ('root')");
is $p->cgi(GET => '/accounts?secret=hunter2')->{body},
	$p->cgi(GET => '/accounts?secret=guess')->{body},
	'a hidden column answers no question';
my $r = get('events', limit => 'x', 'nope[eq]' => 1, order => 'nope',
	'schedule[lt]' => 'x');
is $r->{status}, 422, 'several faults of a query';
is join(' ', sort map { $_->{loc}[1] } $r->{json}{detail}->@*),
	'limit nope[eq] order schedule[lt]', '... are told together';

# A set may be refused for its size, and is never forgotten.
for my $n (100, 999, 1001, 3000) {
	my $r = get('events', 'name[in]' => join ',', ('x') x $n);
	ok $r->{status} == 422 || $r->{status} == 200 && $r->{body} eq '[]',
		"a set of $n names finds none of ours"
		or diag "$r->{status} " . substr $r->{body}, 0, 200;
}

# Whatever the value is, it stays a value.
for my $value ('%', '\\', '\\\\\\', '_', "'", '"', '$1', '{', '%s', 'x' x 3000) {
	for my $name ('address', 'address[like]', 'address[ilike]',
		'name[in]', 'name[gt]', 'address[neq]')
	{
		my $r = get('events', $name => $value);
		ok $r->{status} == 200
			|| $name =~ /like/ && $r->{status} =~ /\A4(00|22)\z/,
			"$name=" . substr($value, 0, 9) . ' is a value'
			or diag "$r->{status} $r->{body}";
	}
}
is $p->sql('select count(*) from api.events'), 7, 'all events are still there';

done_testing;
