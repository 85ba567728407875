#!/usr/bin/perl
# Dates and times as Postgres itself reads and prints them: the calendar of
# core/moment.c is our own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use Bare;

chdir $Bare::top or die $!;
system('make', '-s', 'build/debug/unit/moment') == 0
	or BAIL_OUT('the moment filter does not build');

my $filter = "$Bare::top/build/debug/unit/moment";
my $dir = tempdir(TMPDIR => 1, CLEANUP => 1);
my $pg = Bare->start;
my $many = 20_000;

# What the filter makes of lines, as lines.
sub filtered ($what, @lines) {
	open my $in, '>', "$dir/in" or die $!;
	say $in $_ for @lines;
	close $in;
	return split /\n/, `$filter $what <$dir/in`, -1;
}

# Rows of one statement, its columns in pairs: what goes in, what comes out.
sub compare ($name, $what, $statement) {
	my @rows = map { [split /\|/, $_, -1] } split /\n/,
		$pg->sql('postgres', "set timezone = 'UTC'; "
			. "select setseed(0.5); $statement");
	shift @rows;
	my @got = filtered($what, map { $_->[0] } @rows);
	my @wrong = grep { $got[$_] ne $rows[$_][1] } 0 .. $#rows;
	ok @rows >= 20 && !@wrong, "$name (" . @rows . ' values)';
	diag "$rows[$_][0]: got '$got[$_]', Postgres says '$rows[$_][1]'"
		for @wrong[0 .. ($#wrong < 4 ? $#wrong : 4)];
}

# Our form of what Postgres prints.
my $ours = q{regexp_replace(regexp_replace(regexp_replace(v::text,
	' (?=\d)', 'T'), '\+00', '+00:00'),
	'(\.\d+)', rpad(substring(v::text from '(\.\d+)'), 7, '0'))};
my $binary = q{('x' || encode(timestamptz_send(v), 'hex'))::bit(64)::bigint};

compare 'instants of 300 millennia are printed alike', 'print', qq{
	with t as (select timestamptz '4713-01-02 00:00+00 BC'
		+ random() * interval '298980 years' as v
		from generate_series(1, $many))
	select $binary, coalesce($ours, replace(replace(v::text, ' 00', 'T00'),
		'+00', '+00:00')) from t where v::text like '%.%'};

compare 'instants of our days are printed alike', 'print', qq{
	with t as (select timestamptz '1600-01-01 00:00+00'
		+ make_interval(secs => floor(random() * 86400 * 365242.0)) as v
		from generate_series(1, $many))
	select $binary, regexp_replace(replace(v::text, ' ', 'T'),
		'\\+00', '+00:00') from t};

compare 'dates of seven million years are printed alike', 'dates', qq{
	with t as (select date '4713-01-02 BC'
		+ (random() * 2147483000)::int as v
		from generate_series(1, $many))
	select v - date '2000-01-01', v from t};

# Postgres does not know every form that we take (an hour without minutes, a
# compact time with a colon in its zone): these are the ones that both do.
compare 'instants of many forms and all zones are read alike', 'read', qq{
	with forms as (select array['YYYY-MM-DD HH24:MI', 'YYYY-MM-DD"T"HH24:MI',
		'YYYY-MM-DD"T"HH24:MI:SS', 'YYYY-MM-DD"t"HH24:MI:SS.US',
		'YYYYMMDD"T"HH24MISS', 'YYYYMMDD"T"HH24MISS.MS',
		'YYYY-MM-DD"T"HH24MISS', 'YYYYMMDD HH24:MI:SS.US'] as forms),
	t as (select i, timestamp '0001-01-02 00:00'
			+ random() * interval '9997 years' as v,
		(random() * 1918 - 959)::int as zone
		from generate_series(1, $many) i),
	u as (select to_char(v, forms[1 + i % 8])
		|| case when zone < 0 then '-' else '+' end
		|| to_char(abs(zone) / 60, 'FM00')
		|| case when i % 3 > 0 and forms[1 + i % 8] ~ ':' then ':'
			else '' end
		|| to_char(abs(zone) % 60, 'FM00') as v from t, forms)
	select v, ('x' || encode(timestamptz_send(v::timestamptz), 'hex'))
		::bit(64)::bigint from u};

done_testing;
