# Ours against graphql-js, the reference implementation: what it makes of our
# schema, which documents it accepts and with which words it refuses the
# others, and what it answers from the same rows, kept in memory.
#
# POSTERN_TEST_SEED=n judges other documents, POSTERN_TEST_DOCUMENTS=n as many.
use v5.36;
use utf8;
use lib 't/lib';
use JSON::PP;
use Test::More;
use Npm;
use Postern;

plan skip_all => Npm::why_not('npm-graphql') if Npm::why_not('npm-graphql');

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

my $seed  = $ENV{POSTERN_TEST_SEED} // 20_261_120;
my $count = $ENV{POSTERN_TEST_DOCUMENTS} // 2000;

# Limits have tests of their own.
my %limits = map { ("POSTERN_GRAPHQL_$_->[0]" => $_->[1]) }
	[DEPTH => 100], [FIELDS => 10_000], [ALIASES => 10_000], [WHERE => 50],
	[COST => 1_000_000_000];
my $p = Postern->start(migrations => 't/fixtures/music', env => \%limits);
my @tables = qw(users events label artist artist_profile album song tag
	artist_tag chart_entry duet award settings);

# Rows with gaps: keys that lead nowhere, texts that repeat, nulls everywhere.
$p->sql(<<~'SQL');
	insert into api.users (id, name, created_at)
	select ('00000000-0000-0000-0000-0000000000' || to_char(n, 'FM00'))::uuid,
		(array['Ada', 'Bob', 'Cyd', 'dan'])[1 + n % 4] || ' ' || n,
		timestamptz '2030-01-01T00:00:00Z' + n * interval '7 hours'
	from generate_series(1, 12) as n;
	insert into api.events (id, name, address, schedule, host_id)
	select ('00000000-0000-0000-0001-0000000000' || to_char(n, 'FM00'))::uuid,
		'Event ' || n % 7 || chr(64 + n), 'Room ' || n % 5,
		timestamptz '2030-01-01T00:00:00Z' + n % 9 * interval '1 day',
		('00000000-0000-0000-0000-0000000000'
			|| to_char(1 + n * n % 12, 'FM00'))::uuid
	from generate_series(1, 30) as n;
	insert into api.events (id, name)
	values ('00000000-0000-0000-0001-000000000099', 'Nowhere');
	insert into api.label (name, established_year, active)
	select (array['Parlophone', 'Sub Pop', 'Nobody''s', 'Ünïcode', '100%_x'])
		[1 + n % 5] || case when n > 5 then ' ' || n else '' end,
		1900 + n * 37 % 100, n % 3 > 0
	from generate_series(1, 8) as n;
	insert into api.artist (name, label_id, mentor_id, country)
	select (array['Blur', 'Air', 'Coldplay', 'love', 'Nirvana'])[1 + n % 5]
		|| ' ' || n, nullif(n * 5 % 9, 0),
		case when n % 3 = 0 then nullif(n / 2, 0) end,
		(array['GB', null, 'FR', 'US'])[1 + n % 4]
	from generate_series(1, 25) as n;
	insert into api.artist_profile (artist_id, biography, phone)
	select n, case when n % 4 > 0 then 'Life ' || n % 3 end, '1'
	from generate_series(1, 25, 2) as n;
	insert into api.album (title, released_date, artist_id, genre, rating)
	select (array['Fun', 'Love', 'Exciting', 'love songs', 'Ob la'])[1 + n % 5],
		case when n % 6 > 0 then date '1990-01-01' + n * 131 % 9000 end,
		1 + n * n % 23,
		(array['rock', 'hip-hop', null, 'r&b', '2-step', 'drum and bass',
			'__odd'])[1 + n % 7],
		case when n % 6 > 0 and n % 4 > 0 then n % 10 + 0.25 end
	from generate_series(1, 60) as n;
	insert into api.song (title, album_id, seconds, mood, explicit, plays)
	select 'Song ' || n % 17, case when n % 11 > 0 then 1 + n * 7 % 60 end,
		case when n % 5 > 0 then 100 + n * 13 % 90 end,
		(array['upbeat', 'very sad', null, 'calm'])[1 + n % 4]::api.mood,
		n % 3 = 0, n::bigint * n * 1000000007
	from generate_series(1, 120) as n;
	insert into api.tag (name) values ('live'), ('loud'), ('old'), ('unused');
	insert into api.artist_tag (artist_id, tag_id)
	select n, 1 + n % 3 from generate_series(1, 25) as n
	union select n, 1 + n * 2 % 3 from generate_series(1, 25, 4) as n;
	insert into api.chart_entry (week, place, song_id, note)
	select date '2020-01-06' + n / 5 * 7, 1 + n % 5, 1 + n * 3 % 40,
		case when n % 4 = 0 then 'new' end
	from generate_series(0, 29) as n;
	insert into api.duet (id, lead_artist_id, guest_artist_id, title)
	select ('00000000-0000-0000-0002-0000000000' || to_char(n, 'FM00'))::uuid,
		n, nullif(n * 3 % 10, 0), 'Duet ' || n % 4
	from generate_series(1, 15) as n;
	insert into api.award (name, artist_id)
	select 'Award ' || n % 3, nullif(n % 6, 0) from generate_series(1, 14) as n;
	insert into api.wide (label_id, truth, small, whole, big, exact, money,
		single, double, words, few_words, padded, short, code, day, clock,
		moment, instant, span, doc, docb, raw, mood, numbers, texts, moods,
		bigs, instants, address, range)
	values (null, null, null, null, null, 'NaN', null, 'Infinity', 'NaN', null,
		'', '', '', null, 'infinity', '24:00', '0044-03-15 BC', '-infinity',
		'-1 day', 'null', '[]', '', null, '{}', '{}', '{}', '{}',
		'{infinity}', null, 'empty'),
		(1, true, 1, 2, 9223372036854775806, 1e40, 1.10, 0.1, 1e300, 'w"\',
		'few', 'pad', 'short', '00000000-0000-0000-0000-000000000001',
		'2001-02-03', '12:00', '2001-02-03 04:05', '2001-02-03T04:05Z',
		'1 hour', '{"a": [1]}', '{"b": null}', '\xc0de', 'calm', '{1,null}',
		'{"x",null}', '{calm,null}', '{9007199254740993,null}',
		'{2001-02-03T04:05Z}', '192.0.2.1', '[1,3)');
	insert into api.settings (name, value)
	values ('a', 'x'), ('B', null), ('c d', 'x'), ('ü', '100%');
	SQL

# Every value as text, as JSON would write it.
sub rows_of ($table)
{
	my $columns = $p->sql("select string_agg(format('%L, to_json(%I) #>> ''{}''',"
		. " column_name, column_name), ', ') from information_schema.columns"
		. " where table_schema = 'api' and table_name = '$table'");
	return "select coalesce(json_agg(json_build_object($columns)), '[]')"
		. " from api.$table";
}

my $coder = JSON::PP->new;
my %rows = map { $_ => $coder->decode($p->sql(rows_of($_))) } @tables;
my %types;
for (split /\n/, $p->sql('select table_name, column_name, case data_type '
	. "when 'USER-DEFINED' then udt_name else data_type end from "
	. "information_schema.columns where table_schema = 'api'"))
{
	my ($table, $column, $type) = split /\|/;
	$types{$table}{$column} = $type;
}
my %labels = (mood => ['upbeat', 'very sad', 'calm'], 'album.genre' =>
	['rock', 'hip-hop', 'r&b', '2-step', 'drum and bass', '__odd']);

my $oracle = Npm->start('npm-graphql/oracle.mjs', $p->url . '/graphql');

sub asked ($what, %more)
{
	my $r = $oracle->ask({do => $what, %more});
	diag "$what: $r->{error}" if defined $r->{error};
	return $r;
}

sub agree ($what, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = asked($what, seed => $seed, count => $count, %more);
	diag "$_ (ours/theirs): $r->{ways}{$_}" for sort keys %{$r->{ways} // {}};
	for (@{$r->{list} // []}) {
		diag "$_->{text}\n", JSON::PP->new->canonical->encode($_->{variables}),
			"\nours:   ", substr($_->{ours}, 0, 600),
			"\ntheirs: ", substr($_->{theirs}, 0, 600), "\n";
	}
	is_deeply $r->{ways}, {}, "$what: they agree about all of $r->{count}";
	return $r;
}

asked(rows => rows => \%rows, types => \%types, labels => \%labels);

my $schema = asked('schema');
is_deeply $schema->{errors}, [], 'graphql-js accepts the schema'
	or BAIL_OUT('there is nothing to compare');
ok $schema->{same}, '... prints, builds and prints it the same';
is_deeply $schema->{missing}, [], '... and finds what is promised in it';

my $r = agree('valid');
is $r->{accepted}, $r->{count}, '... all valid';
cmp_ok $r->{full}, '>', $r->{count} / 3, '... and many with rows';
$r = agree('invalid', count => 2 * $count);
cmp_ok $r->{accepted}, '<', $r->{count} / 2, '... mostly invalid';
cmp_ok $r->{accepted}, '>', $r->{count} / 40, '... but some are none the worse';
agree('anything', count => $count / 4);
$r = agree('mutations', count => $count / 4);
is $r->{accepted}, $r->{count}, '... all valid';

done_testing;
