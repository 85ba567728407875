#!/usr/bin/perl
# Lists: how many, in which order, from where on, and which.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Postern;
use Rest;

my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/tables");

# Seven users made in one moment, seven events with holes.
$p->sql("insert into api.users (name, created_at)"
	. " values ('u$_', '2022-04-16T23:09:30.5Z')") for 1 .. 7;
$p->sql(q{insert into api.events (name, address, schedule, host_id) values
	('a', 'Britain', '1889-07-27T23:59:59-07:00', null),
	('b', 'Britain', null, (select id from api.users where name = 'u1')),
	('c', null, '2000-01-01T00:00:00Z', null),
	('d', null, '2000-01-01T00:00:00Z', null),
	('e', 'Chile', null, null), ('f', '10%_\x', '2020-02-02T02:02:02Z', null),
	('g', 'chile', '2000-01-01T00:00:00.000001Z', null)});
$p->sql(q{insert into api.venues (name, city, capacity, opened, open, price)
	values ('V1', 'Rome', 10, '1990-05-01', true, 9.5),
	('V2', 'Rome', 9, '2001-01-01', false, 12.25),
	('V3', 'Oslo', null, null, true, null),
	('V4', 'Lima', 1000, '1889-12-31', false, 100)});

sub get ($table, @query) { $p->cgi(GET => uri("/$table", @query)) }

# The target of Link: rel="next", or undef.
sub next_page ($r)
{
	my $link = $r->{headers}{link} // return undef;
	return $link =~ /<([^>]+)>;\s*rel="?next"?/ ? $1 : undef;
}

# Follow the pages to their end: names in order, and how many pages.
sub walk ($target)
{
	my (@names, $pages);
	while (defined $target && ++$pages < 50) {
		my $r = $p->cgi(GET => $target);
		return "status $r->{status}: $r->{body}" if $r->{status} != 200;
		push @names, map { $_->{name} } $r->{json}->@*;
		$target = next_page($r);
	}
	return join(' ', @names) . " in $pages";
}

# The whole list
my $r = get('users');
is scalar $r->{json}->@*, 7, 'without limit everything comes';
is next_page($r), undef, '... and no next page';
is names($r), 'u1 u2 u3 u4 u5 u6 u7', '... in the order of creation';

# limit
is scalar get('users', limit => 3)->{json}->@*, 3, 'limit bounds the page';
is scalar get('users', limit => 1000)->{json}->@*, 7, '... up to 1000';
for my $case (
	['0',      'greater than or equal to 1', 'not_ge', 1],
	['-1',     'greater than or equal to 1', 'not_ge', 1],
	['1001',   'less than or equal to 1000', 'not_le', 1000],
	['99999999999', 'less than or equal to 1000', 'not_le', 1000],
) {
	my ($limit, $words, $type, $bound) = @$case;
	answers get('users', limit => $limit), 422, detail(issue('query.limit',
		"ensure this value is $words", "value_error.number.$type",
		qq({"limit_value":$bound}))), "limit $limit is refused";
}
for my $limit ('x', '1.5', '1e2', '5 users', '٣', "1'", '0x10') {
	answers get('users', limit => $limit), 422, detail(issue('query.limit',
		'value is not a valid integer', 'type_error.integer')),
		"limit '$limit' is no number";
}

# Pages join to the whole list, in every order, holes and ties included
for my $table ('users', 'events', 'venues') {
	for my $order (undef, 'name', '-name', 'address', '-address',
		'schedule', '-schedule', 'address,-name', '-schedule,name',
		'created_at', '-created_at,name', 'capacity', '-opened',
		'open,-price', 'city,name')
	{
		my @query = defined $order ? (order => $order) : ();
		my $whole = get($table, @query);
		next if $whole->{status} == 422;
		my $n = $whole->{json}->@*;
		for my $limit (1, 3, $n) {
			my $pages = int(($n + $limit - 1) / $limit);
			is walk(uri("/$table", @query, limit => $limit)),
				names($whole) . " in $pages",
				"$table by " . ($order // 'default')
				. " in pages of $limit";
		}
	}
}

# order
is names(get('events', order => 'name')), 'a b c d e f g', 'by name';
is names(get('events', order => '-name')), 'g f e d c b a', 'by name, down';
is names(get('venues', order => 'city,-name')), 'V4 V3 V2 V1',
	'by city, then name down';
is names(get('venues', order => '-open,name')), 'V1 V3 V2 V4', 'by a boolean';
for my $order ('nope', 'name,nope', '-', 'name;drop', 'created_at desc',
	'host', '"name"', 'created_at')
{
	$r = get('events', order => $order);
	is $r->{status}, 422, "order '$order' of events is refused";
	like $r->{body}, qr/\A\{"detail":\[\{"loc":\["query","order"\],
		"msg":"(?:[^"\\]|\\.)+","type":"value_error\.order"/x, '... as an order';
}

# after
my $first = get('users', limit => 2, order => '-name');
my $link  = next_page($first);
is names($first), 'u7 u6', 'a first page';
like $link, qr{\A/users\?}, '... links to the next one';
like $link, qr/[?&]limit=2(&|\z)/, '... with the same limit';
like $link, qr/[?&]order=-name(&|\z)/, '... and the same order';
my ($cursor) = $link =~ /[?&]after=([^&]+)/;
like $cursor, qr/\A[A-Za-z0-9._~%-]+\z/, '... by a cursor that is text';
is names($p->cgi(GET => "/users?after=$cursor&order=-name")), 'u5 u4 u3 u2 u1',
	'without limit a page has up to a hundred';
$p->sql("delete from api.users where name = 'u6'");
is names($p->cgi(GET => $link)), 'u5 u4',
	'a page goes on though the row of the cursor is gone';
$p->sql("insert into api.users (name) values ('u65')");
is names($p->cgi(GET => $link)), 'u5 u4', '... and though one is added before';
$cursor =~ s/%(..)/chr hex $1/ge;
my %wrong = (
	'of another order' => ['users', order => 'name', after => $cursor],
	'of another table' => ['events', order => '-name', after => $cursor],
	'without its order'=> ['users', after => $cursor],
	'cut'              => ['users', order => '-name', after => substr $cursor, 0, -1],
	'prolonged'        => ['users', order => '-name', after => "${cursor}A"],
	'changed'          => ['users', order => '-name', after =>
		substr($cursor, 0, 4) . ($cursor =~ /^.{4}A/ ? 'B' : 'A')
		. substr $cursor, 5],
	'of rubbish'       => ['users', order => '-name', after => 'rubbish'],
	'of quotes'        => ['users', order => '-name', after => "' or 1=1 --"],
	'of 4 KB'          => ['users', order => '-name', after => 'A' x 4000],
);
for my $name (sort keys %wrong) {
	answers get($wrong{$name}->@*), 422, detail(issue('query.after',
		'invalid cursor', 'value_error.cursor')), "a cursor $name";
}
$r = get('events', limit => 1, order => 'name', address => 'Britain');
like next_page($r), qr/[?&]address=Britain(&|\z)/, 'filters are kept in Link';
is walk(uri('/events', limit => 1, order => 'name', address => 'Britain')),
	'a b in 2', '... and hold on the next pages';
is walk(uri('/events', limit => 1, order => 'name', 'name[in]' => 'a,f,g')),
	'a f g in 3', '... with operators too';

# Values that sort in ways of their own: nothing, everything, not a number
$p->sql(q{insert into api.samples (name, f8, f4, n, tz, d, ts, m, b, i8)
	select 's' || n,
	(array['NaN', 'Infinity', '-Infinity', '1e300', '-0', null])[1 + n % 6]
		::float8,
	(array['NaN', '-Infinity', '3.4e38', '0.1', null])[1 + n % 5]::real,
	(array['NaN', 'Infinity', '0.10', '1e40', null])[1 + n % 5]::numeric,
	(array['infinity', '-infinity', '0044-03-15 BC', '12000-01-01Z', null])
		[1 + n % 5]::timestamptz,
	(array['infinity', '-infinity', '0044-03-15 BC', '12000-01-01', null])
		[1 + n % 5]::date,
	(array['infinity', '-infinity', '0044-03-15 BC', '12000-01-01', null])
		[1 + n % 5]::timestamp,
	(array['sad', 'so so', 'it''s "ok"', null])[1 + n % 4]::api.mood,
	(array[true, false, null])[1 + n % 3],
	(array[9223372036854775807, -9223372036854775808, null])[1 + n % 3]
	from generate_series(1, 12) n});
for my $column (qw(f8 f4 n tz d ts m b i8)) {
	for my $order ($column, "-$column,-name") {
		my @query = (order => $order);
		is walk(uri('/samples', @query, limit => 5)),
			names(get('samples', @query)) . ' in 3',
			"odd values by $order in pages";
	}
}

done_testing;
