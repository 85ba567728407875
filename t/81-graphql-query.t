#!/usr/bin/perl
# What GraphQL queries answer, row by row of the default schema's promises, with
# their edge cases.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use GraphQL;
use Postern;
use Rest;

my $music = "$FindBin::Bin/fixtures/music";
my $p     = Postern->start(migrations => $music, workers => 1);

$p->sql(<<~'SQL');
	insert into api.label (name, established_year, active) values
		('A', 1900, true), ('B', 1950, false), ('C', 2000, true);
	insert into api.artist (name, label_id, mentor_id, country) values
		('Ann', 1, null, 'SE'), ('Bea', 1, 1, null), ('Cyd', 2, 1, 'NO'),
		('Dan', null, 2, 'SE');
	insert into api.artist_profile (artist_id, biography) values
		(1, 'Born.'), (3, 'Grew up.');
	insert into api.album (title, released_date, artist_id, genre, rating)
	values
		('Red', '2001-01-01', 1, 'rock', 9.50),
		('Green', null, 1, null, null),
		('Blue%', '2003-03-03', 2, 'hip-hop', 5),
		('blue_', '1999-12-31', 3, 'r&b', 7.25),
		('a\b', '2010-10-10', 3, '2-step', null);
	insert into api.song (title, album_id, plays, mood)
	select 'Song ' || n, 1, n, 'very sad'
	from generate_series(1, 600) as n;
	insert into api.song (title, album_id, plays, explicit) values
		('Big', 3, 9007199254740993, true),
		('Alone', null, -9223372036854775808, false);
	insert into api.tag (name) values ('x'), ('y'), ('z');
	insert into api.artist_tag values (1, 2), (1, 1), (2, 2), (3, 3);
	insert into api.chart_entry (week, place, song_id, note) values
		('2020-01-06', 1, 601, 'first'), ('2020-01-06', 2, 602, 'second'),
		('2020-01-13', 1, 602, 'third');
	insert into api.settings values ('volume', '11'), ('it''s', null);
	insert into api.play (song_id) values (601), (601);
	insert into api.award (name, artist_id) values ('Prize', 1);
	insert into api.duet (lead_artist_id, guest_artist_id, title) values
		(1, 2, 'Two'), (2, null, 'One');
	SQL

# The ids that a list answers with; $list is the field and its arguments.
sub ids ($list, $ids, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $document = "{ all: $list { id } }";
	$document = 'query (' . delete($variables{_}) . ") $document"
		if defined $variables{_};
	my $r = query($p, $document, %variables);
	my $all = ref $r->{json} eq 'HASH' ? $r->{json}{data}{all} : undef;
	my $got = ref $all eq 'ARRAY' && !$r->{json}{errors}
		? join ' ', map { $_->{id} } @$all
		: "$r->{status} $r->{body}";
	return is $got, join(' ', @$ids), $name;
}

sub where ($where, $ids, $name = $where, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ids("AlbumsMany(where: $where)", $ids, $name, %variables);
}

# It is an error: the request fails with one that has this message, or at all.
sub fails ($document, $message, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = query($p, $document, %variables);
	my ($first) = messages($r);
	my $ok = $r->{status} == 200 && ref $r->{json}{errors} eq 'ARRAY'
		&& !grep { defined } values %{$r->{json}{data} // {}};
	$ok &&= ref $message ? $first =~ $message : $first eq $message
		if defined $message;
	return ok($ok, $name) || diag("$r->{status} $r->{body}");
}

sub type_of ($type)
{
	return $type->{kind} eq 'NON_NULL' ? type_of($type->{ofType}) . '!'
		: $type->{kind} eq 'LIST' ? '[' . type_of($type->{ofType}) . ']'
		: $type->{name};
}

# The members of a type as name => type.
sub members ($name, $way = $p)
{
	my $r = query($way, <<~'GRAPHQL', name => $name);
		query ($name: String!) { __type(name: $name) {
		  fields { ...member } inputFields { name type { ...type } }
		  enumValues { name } } }
		fragment member on __Field { name type { ...type } }
		fragment type on __Type { kind name ofType { kind name
		  ofType { kind name ofType { kind name } } } }
		GRAPHQL
	my $type = $r->{json}{data}{__type} // return {};
	return {map { $_->{name} => $_->{type} ? type_of($_->{type}) : '' }
		map { @{$type->{$_} // []} } qw(fields inputFields enumValues)};
}

sub types_are ($type, $expected, $name, $way = $p)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $all = members($type, $way);
	my %part;
	@part{keys %$expected} = @$all{keys %$expected};
	return is_deeply(\%part, $expected, $name) || diag(explain($all));
}

subtest 'Q01: one by its key' => sub {
	data $p, '{ LabelByPk(pk: 1) { id name } }',
		'{"LabelByPk":{"id":"1","name":"A"}}', 'a key is a number';
	data $p, '{ LabelByPk(pk: "1") { name } }', '{"LabelByPk":{"name":"A"}}',
		'... or a string';
	data $p, 'query ($k: ID!) { LabelByPk(pk: $k) { name } }',
		'{"LabelByPk":{"name":"B"}}', '... or a variable', k => 2;
	data $p, '{ ChartEntryByPk(pk: {place: 2, week: "2020-01-06"}) '
		. '{ note song { title } } }', '{"ChartEntryByPk":{"note":"second",'
		. '"song":{"title":"Alone"}}}', 'a key of two columns is an object';
	data $p, '{ SettingsByPk(pk: "it\'s") { name value } }',
		'{"SettingsByPk":{"name":"it\'s","value":null}}', 'a key is a text';
	data $p, '{ LabelSummaryByPk(pk: 1) { name artistCount } }',
		'{"LabelSummaryByPk":{"name":"A","artistCount":"2"}}', 'a view\'s';

	my $r = query($p, '{ LabelByPk(pk: 99) { id } }');
	is_deeply [$r->{status}, $r->{json}{data}], [200, {LabelByPk => undef}],
		'what is not there is null';
	my ($e, @more) = @{$r->{json}{errors} // []};
	is $e->{message}, 'Label matching query does not exist.', '... and said so';
	is_deeply [@$e{qw(path locations)}, scalar @more],
		[['LabelByPk'], [{line => 1, column => 3}], 0], '... where it was asked';
	$r = query($p, "{ a: LabelByPk(pk: 1) { name }\n  b: LabelByPk(pk: 99) "
		. "{ name }\n  c: UserByPk(pk: \"00000000-0000-7000-8000-000000000000\") "
		. "{ id } LabelsMany(limit: 1) { name } }");
	is_deeply $r->{json}{data}, {a => {name => 'A'}, b => undef, c => undef,
		LabelsMany => [{name => 'A'}]}, 'the others are answered';
	is_deeply [map { join ' ', $_->{path}[0], $_->{locations}[0]{line},
		$_->{message} } @{$r->{json}{errors}}],
		['b 2 Label matching query does not exist.',
		'c 3 User matching query does not exist.'], '... each by its own name';

	fails "{ LabelByPk(pk: $_) { id } }", undef, "no key: $_"
		for '"x"', '""', '"1; select"', '99999999999', '"99999999999"', 'null',
			'1.5', 'true', '[1]', '{id: 1}';
	fails '{ UserByPk(pk: "x") { id } }', undef, 'no key: not a uuid';
	fails '{ ChartEntryByPk(pk: {place: 1}) { note } }', undef,
		'no key: half of one';
	fails '{ LabelByPk { id } }', 'Field "LabelByPk" argument "pk" of type '
		. '"ID!" is required, but it was not provided.', 'no key at all';
	my $roots = members('QueryRoot');
	ok exists $roots->{PlaysMany} && !exists $roots->{PlayByPk},
		'a table without a key has rows, none of them by its key';
};

subtest 'Q02: many' => sub {
	my $roots = members('QueryRoot');
	ok exists $roots->{$_}, $_ for qw(LabelsMany SettingsMany SongsMany
		ChartEntrysMany LabelSummarysMany UsersMany EventsMany);
	ok !exists $roots->{SettingssMany}, 'no s behind an s';
	is $roots->{LabelsMany}, '[Label!]', 'a list of labels';

	my @songs = (1 .. 602);
	ids 'SongsMany', [@songs[0 .. 49]], 'fifty are the usual number';
	ids 'SongsMany(limit: 2)', [1, 2], 'less by wish';
	ids 'SongsMany(limit: null)', [@songs[0 .. 49]], 'null is no wish';
	ids 'SongsMany(limit: 0)', [], 'none by wish';
	ids 'SongsMany(limit: 500)', [@songs[0 .. 499]], 'more by wish';
	ids "SongsMany(limit: $_)", [@songs[0 .. 499]], "at most 500, not $_"
		for 501, 2147483647;
	ids 'SongsMany(limit: 5, offset: 598)', [599 .. 602], 'from further on';
	ids 'SongsMany(offset: 600)', [601, 602], '... without a limit';
	ids 'SongsMany(offset: null, limit: 1)', [1], '... null is none';
	ids 'SongsMany(offset: 2147483647)', [], '... beyond the end';
	ids 'SongsMany(limit: $n, offset: $n)', [4, 5, 6], '... by variable',
		_ => '$n: Int = 3';
	fails "{ SongsMany($_: -1) { id } }", undef, "$_ is not negative"
		for qw(limit offset);
	fails '{ SongsMany(limit: 2147483648) { id } }', 'Int cannot represent '
		. 'non 32-bit signed integer value: 2147483648', 'a number has limits';
	fails '{ SongsMany(limit: "1") { id } }', 'Int cannot represent '
		. 'non-integer value: "1"', 'a number is a number';
	data $p, '{ PlaysMany { songId at } }', '{"PlaysMany":['
		. join(',', ('{"songId":"601","at":"2020-01-01T00:00:00+00:00"}') x 2)
		. ']}', 'rows without a key';

	my $few = Postern->database(migrations => $music, env => {
		POSTERN_GRAPHQL_ROWS => 2, POSTERN_GRAPHQL_ROWS_MAX => 3});
	$few->sql("insert into api.tag (name) select n from generate_series(1, 9)
		as n");
	data $few, '{ a: TagsMany { id } b: TagsMany(limit: 9) { id } }',
		'{"a":[{"id":"1"},{"id":"2"}],"b":[{"id":"1"},{"id":"2"},{"id":"3"}]}',
		'both numbers are settings';
};

subtest 'Q03: in order' => sub {
	my $many = sub ($order, @ids) {
		ids "AlbumsMany(orderBy: $order)", \@ids, $order;
	};
	$many->('{rating: asc}',             3, 4, 1, 2, 5);
	$many->('{rating: desc}',            2, 5, 1, 4, 3);
	$many->('[{releasedDate: asc}]',     4, 1, 3, 5, 2);
	$many->('[{releasedDate: desc}]',    2, 5, 3, 1, 4);
	$many->('[{artistId: desc}, {title: asc}]',  5, 4, 3, 2, 1);
	$many->('[{artistId: asc}, {id: desc}]',     2, 1, 3, 5, 4);
	$many->('[{id: desc}, {artistId: asc}]',     5, 4, 3, 2, 1);
	$many->('[{id: asc}, {id: desc}]',           1 .. 5);
	$many->('[]',                                1 .. 5);
	$many->('null',                              1 .. 5);
	ids 'AlbumsMany(orderBy: $o)', [5, 4, 3, 2, 1], 'an order by variable',
		_ => '$o: [OrderByAlbum]', o => [{id => 'desc'}];
	ids 'AlbumsMany(orderBy: $o)', [5, 4, 3, 2, 1], '... which is one',
		_ => '$o: [OrderByAlbum]', o => {id => 'desc'};
	ids 'AlbumsMany(orderBy: {id: $d})', [5, 4, 3, 2, 1],
		'a direction by variable', _ => '$d: SortDirection', d => 'desc';
	ids 'SongsMany(orderBy: {mood: asc}, limit: 3)', [1, 2, 3],
		'equals are in the order of the key';
	ids 'AlbumsMany(orderBy: {genre: asc}, limit: 4)', [5, 3, 4, 1],
		'choices by their texts';
	fails "{ AlbumsMany(orderBy: $_) { id } }", 'OneOf Input Object '
		. '"OrderByAlbum" must specify exactly one key.', "one key each: $_"
		for '{id: asc, title: asc}', '{}', '[{id: asc}, {}]';
	fails '{ AlbumsMany(orderBy: {id: up}) { id } }',
		qr/^Value "up" does not exist in "SortDirection" enum\./, 'two ways';
	fails '{ AlbumsMany(orderBy: {artist: asc}) { id } }',
		qr/^Field "artist" is not defined by type "OrderByAlbum"\./,
		'columns only';
};

subtest 'Q04: comparisons' => sub {
	where '{rating: {_eq: 5}}', [3];
	where '{rating: {_eq: 5.0}}', [3];
	where '{rating: {_gt: 5}}', [1, 4];
	where '{rating: {_gte: 7.25}}', [1, 4];
	where '{rating: {_lt: 7.25}}', [3];
	where '{rating: {_lte: 7.25, _gt: 5}}', [4], 'several at once';
	where '{id: {_in: [3, "1"]}}', [1, 3];
	where '{id: {_in: 3}}', [3], 'one is a list of one';
	where '{id: {_in: []}}', [], 'in nothing';
	where '{id: {_nin: []}}', [1 .. 5], 'not in nothing';
	where '{title: {_in: ["Red", null]}}', [1], 'null is in no list';
	where '{id: {_nin: [1, 2]}}', [3, 4, 5];
	where '{title: {_eq: "Red", _neq: "Red"}}', [], 'a contradiction';
	where '{title: {_gt: "a"}}', [4, 5], 'texts';
	where '{artistId: {_eq: 3}}', [4, 5], 'a key to another table';
	where '{title: {_eq: "\'; drop table api.album; --"}}', [], 'any text';
	ids 'LabelsMany(where: {active: {_eq: true}})', [1, 3], 'truth';
	ids 'LabelsMany(where: {active: {_neq: true}})', [2], 'untruth';
	ids 'LabelsMany(where: {establishedYear: {_in: [1900, 2000]}})', [1, 3],
		'numbers';
	ids "SongsMany(where: {plays: {_eq: $_}})", [601], "a large number: $_"
		for '9007199254740993', '"9007199254740993"';
	ids 'SongsMany(where: {plays: {_eq: $n}})', [601], '... by variable',
		_ => '$n: BigInt', n => '9007199254740993';
	ids 'SongsMany(where: {plays: {_lt: "0"}})', [602], '... or a small one';
	ids 'SongsMany(where: {explicit: {_eq: true}})', [601], 'a flag';
	fails "{ AlbumsMany(where: {$_}) { id } }", undef, "no value: $_"
		for 'id: {_eq: "x"}', 'releasedDate: {_eq: "2001-02-30"}',
			'releasedDate: {_gt: 5}', 'rating: {_eq: "5"}', 'title: {_eq: 5}';
	fails "{ SongsMany(where: {plays: {_eq: $_}}) { id } }", undef,
		"no large number: $_" for '"x"', '9223372036854775808', '1.5', 'true';
	fails '{ AlbumsMany(where: {nothing: {_eq: 5}}) { id } }',
		qr/^Field "nothing" is not defined by type "WhereAlbum"\./, 'no column';
	fails '{ AlbumsMany(where: {id: {_is: 5}}) { id } }',
		qr/^Field "_is" is not defined by type "WherePredicateID"\./,
		'no operator';
};

subtest 'Q05: nulls' => sub {
	where '{rating: {_is_null: true}}', [2, 5];
	where '{rating: {_is_null: false}}', [1, 3, 4];
	where '{rating: {_eq: null}}', [2, 5];
	where '{rating: {_neq: null}}', [1, 3, 4];
	where '{rating: {_neq: 5}}', [1, 2, 4, 5], 'null is not five';
	where '{rating: {_nin: [5, 7.25]}}', [1, 2, 5], '... nor one of some';
	where '{rating: {_nin: [5, null]}}', [1, 2, 4, 5], '... whatever they are';
	where '{genre: {_neq: rock}}', [2, 3, 4, 5], '... nor rock';
	where '{genre: {_nin: [rock, rb]}}', [2, 3, 5], '... nor either';
	where '{genre: {_is_null: true}}', [2], '... but null';
	where '{_not: {rating: {_gt: 5}}}', [2, 3, 5],
		'what is not greater may be unknown';
	where '{_not: {rating: {_eq: 5}}}', [1, 2, 4, 5], '... or not equal';
	where '{_not: {rating: {_is_null: true}}}', [1, 3, 4], '... but not null';
	where '{_not: {title: {_like: "e"}}}', [5], 'what does not contain';
	ids 'ArtistsMany(where: {country: {_neq: "SE"}})', [2, 3], 'a text';
	ids 'ArtistsMany(where: {labelId: {_is_null: true}})', [4], 'a link';
	ids 'ArtistsMany(where: {labelId: {_eq: $l}})', [4], '... by variable',
		_ => '$l: ID', l => undef;
};

subtest 'Q06: parts of texts' => sub {
	where '{title: {_like: "lue"}}',  [3, 4];
	where '{title: {_like: "Blue"}}', [3];
	where '{title: {_ilike: "BLUE"}}', [3, 4];
	where '{title: {_like: "%"}}',  [3], 'a percent sign is one';
	where '{title: {_ilike: "%"}}', [3], '... in whatever case';
	where '{title: {_like: "_"}}',  [4], 'an underscore is one';
	where '{title: {_ilike: "_"}}', [4], '... in whatever case';
	where '{title: {_like: "\\\\"}}',  [5], 'a backslash is one';
	where '{title: {_ilike: "A\\\\B"}}', [5], '... in whatever case';
	where '{title: {_like: ""}}', [1 .. 5], 'nothing is in everything';
	where '{title: {_like: "R%d"}}', [], 'no wildcard';
	ids 'ArtistsMany(where: {country: {_like: ""}})', [1, 3, 4], '... but null';
	ids 'ArtistsMany(where: {country: {_like: "E"}})', [1, 4], '... nor in it';
	ids 'LabelsMany(where: {establishedYear: {_like: 90}})', [1],
		'a number is a text, too';
};

subtest 'Q07: and, or, not' => sub {
	where '{}', [1 .. 5], 'nothing asked for is everything';
	where 'null', [1 .. 5], '... or null';
	where '{_and: []}', [1 .. 5], 'no condition is met';
	where '{_or: []}', [], 'no alternative is not';
	where '{_or: [{}]}', [1 .. 5], 'an empty one is';
	where '{_not: {}}', [], '... and not else';
	where '{_not: {_or: []}}', [1 .. 5];
	where '{_and: null, id: {_eq: 1}}', [1], 'null is absent';
	where '{_and: {id: {_eq: 1}}}', [1], 'one is a list of one';
	where '{id: {_gt: 1}, artistId: {_eq: 1}}', [2], 'members are all meant';
	where '{id: {_lt: 4}, _or: [{title: {_eq: "Red"}}, {artistId: {_eq: 2}}]}',
		[1, 3], '... beside alternatives';
	where '{_or: [{_and: [{artistId: {_eq: 1}}, {rating: {_is_null: true}}]},'
		. ' {_not: {_or: [{id: {_lt: 5}}, {title: {_eq: "x"}}]}}]}', [2, 5],
		'one in the other';
	where '{_not: {_not: {_not: {id: {_eq: 1}}}}}', [2 .. 5], 'thrice';
	where '$w', [1, 5], 'all of it by variable', _ => '$w: WhereAlbum',
		w => {_or => [{id => {_eq => 1}}, {_and => {id => {_gt => '4'}}}]};
	where '{_or: $w}', [2, 3], 'a part by variable', _ => '$w: [WhereAlbum]',
		w => [{id => {_eq => 2}}, {id => {_in => [3]}}];
};

subtest 'Q08: over there' => sub {
	where '{artist: {name: {_eq: "Ann"}}}', [1, 2];
	where '{artist: {label: {name: {_eq: "B"}}}}', [4, 5];
	where '{artist: {labelId: {_eq: 2}}}', [4, 5];
	where '{artist: {mentor: {mentor: {name: {_eq: "Ann"}}}}}', [];
	where '{artist: {mentor: {name: {_eq: "Ann"}}}}', [3, 4, 5];
	where '{_or: [{artist: {name: {_eq: "Ann"}}}, {artist: {label: {name: '
		. '{_eq: "B"}}}}]}', [1, 2, 4, 5], 'on two ways';
	where '{_not: {artist: {label: {name: {_eq: "B"}}}}}', [1, 2, 3],
		'not over there';
	ids 'ArtistsMany(where: {_not: {label: {name: {_eq: "A"}}}})', [3, 4],
		'... where there is nothing';
	ids 'ArtistsMany(where: {mentor: {mentor: {name: {_eq: "Ann"}}}})', [4],
		'twice the same way';
	ids 'ArtistsMany(where: {artistProfile: {biography: {_like: "up"}}})', [3],
		'one to one, from its other end';
	ids 'LabelsMany(where: {_not: {artists: {name: {_eq: "Ann"}}}})', [2, 3],
		'no child is so';
	ids 'LabelsMany(where: {artists: {name: {_neq: "Ann"}}}, distinct: true)',
		[2, 3], '... said otherwise';
	ids 'LabelsMany(where: {artists: {albums: {songs: {title: {_eq: "Big"}}}}})',
		[1], 'far away';
	data $p, '{ ChartEntrysMany(where: {song: {title: {_eq: "Alone"}}}) '
		. '{ note } }', '{"ChartEntrysMany":[{"note":"second"},'
		. '{"note":"third"}]}', 'from a table with two keys';
	data $p, '{ DuetsMany(where: {leadArtist: {name: {_eq: "Bea"}}}) { title '
		. 'leadArtist { name } guestArtist { name } guestArtistId } }',
		'{"DuetsMany":[{"title":"One","leadArtist":{"name":"Bea"},'
		. '"guestArtist":null,"guestArtistId":null}]}', 'two links to one table';
};

subtest 'Q09: once each' => sub {
	my $with = 'LabelsMany(where: {artists: {id: {_is_null: false}}}';
	ids "$with)", [1, 1, 2], 'once per match';
	ids "$with, distinct: false)", [1, 1, 2], '... said aloud';
	ids "$with, distinct: null)", [1, 1, 2], '... or not';
	ids "$with, distinct: true)", [1, 2], 'once';
	ids "$with, distinct: true, orderBy: {establishedYear: desc})", [2, 1],
		'... in order';
	ids "$with, distinct: true, limit: 1, offset: 1)", [2], '... some of them';
	ids "$with, limit: 2)", [1, 1], 'a limit counts matches';
	ids 'LabelsMany(where: {artists: {name: {_eq: "Ann"}, country: '
		. '{_eq: "SE"}}})', [1], 'one artist with both';
	ids 'LabelsMany(where: {artists: {albums: {id: {_gt: 0}}}})',
		[1, 1, 1, 2, 2], 'once per grandchild';
	ids 'LabelsMany(distinct: true)', [1, 2, 3], 'distinct by themselves';
	data $p, '{ LabelsMany(where: {artists: {id: {_gt: 0}}}, distinct: true) '
		. '{ active artists { name } } }', '{"LabelsMany":[{"active":true,'
		. '"artists":[{"name":"Ann"},{"name":"Bea"}]},{"active":false,'
		. '"artists":[{"name":"Cyd"}]}]}', 'with what hangs on them';
	data $p, '{ ArtistsMany(where: {labelId: {_eq: 1}}) { name albums(where: '
		. '{songs: {id: {_gt: 590}}}, distinct: true) { title } } }',
		'{"ArtistsMany":[{"name":"Ann","albums":[{"title":"Red"}]},'
		. '{"name":"Bea","albums":[{"title":"Blue%"}]}]}', 'in nested lists, too';
};

subtest 'Q10: lists in lists' => sub {
	data $p, '{ ArtistsMany { name albums(limit: 1) { title } } }',
		'{"ArtistsMany":[{"name":"Ann","albums":[{"title":"Red"}]},'
		. '{"name":"Bea","albums":[{"title":"Blue%"}]},'
		. '{"name":"Cyd","albums":[{"title":"blue_"}]},'
		. '{"name":"Dan","albums":[]}]}', 'a limit is for each parent';
	data $p, '{ ArtistsMany { albums(offset: 1, orderBy: {title: desc}) '
		. '{ id } } }', '{"ArtistsMany":[{"albums":[{"id":"2"}]},{"albums":[]},'
		. '{"albums":[{"id":"5"}]},{"albums":[]}]}', '... and so is an offset';
	data $p, '{ ArtistsMany(orderBy: {name: desc}, offset: 1, limit: 2) { name '
		. 'label { name } mentor { name albums { id } } '
		. 'albums { id artist { country } } } }',
		'{"ArtistsMany":[{"name":"Cyd","label":{"name":"B"},"mentor":{"name":'
		. '"Ann","albums":[{"id":"1"},{"id":"2"}]},"albums":[{"id":"4",'
		. '"artist":{"country":"NO"}},{"id":"5","artist":{"country":"NO"}}]},'
		. '{"name":"Bea","label":{"name":"A"},"mentor":{"name":"Ann","albums":'
		. '[{"id":"1"},{"id":"2"}]},"albums":[{"id":"3","artist":{"country":'
		. 'null}}]}]}', '... that skips rows that have lists';
	data $p, '{ ArtistByPk(pk: 1) { first: albums(limit: 1) { id } '
		. 'last: albums(limit: 1, orderBy: {id: desc}) { no: id } '
		. 'rated: albums(where: {rating: {_gt: 1}}) { id title } '
		. 'none: albums(limit: 0) { id } albums { id } } }',
		'{"ArtistByPk":{"first":[{"id":"1"}],"last":[{"no":"2"}],'
		. '"rated":[{"id":"1","title":"Red"}],"none":[],'
		. '"albums":[{"id":"1"},{"id":"2"}]}}', 'the same in several ways';
	data $p, '{ a: LabelByPk(pk: 1) { artists(orderBy: {name: desc}) { name '
		. 'label { artists(limit: 1) { name } } albums { title songs(where: '
		. '{title: {_eq: "Big"}}) { title plays album { artist { label { name '
		. '} } } } } } } }', <<~'JSON', 'to and fro';
		{"a": {"artists": [
			{"name": "Bea", "label": {"artists": [{"name": "Ann"}]},
				"albums": [{"title": "Blue%", "songs": [{"title": "Big",
					"plays": "9007199254740993", "album": {"artist":
						{"label": {"name": "A"}}}}]}]},
			{"name": "Ann", "label": {"artists": [{"name": "Ann"}]},
				"albums": [{"title": "Red", "songs": []},
					{"title": "Green", "songs": []}]}]}}
		JSON
	data $p, '{ ArtistsMany(limit: 3) { tags(orderBy: {name: asc}) { name } '
		. '} TagsMany { name artists { name } } }', <<~'JSON', 'many to many';
		{"ArtistsMany": [
			{"tags": [{"name": "x"}, {"name": "y"}]},
			{"tags": [{"name": "y"}]},
			{"tags": [{"name": "z"}]}],
		"TagsMany": [
			{"name": "x", "artists": [{"name": "Ann"}]},
			{"name": "y", "artists": [{"name": "Ann"}, {"name": "Bea"}]},
			{"name": "z", "artists": [{"name": "Cyd"}]}]}
		JSON
	data $p, '{ ArtistsMany { artistProfile { biography artist { name } } } }',
		'{"ArtistsMany":[{"artistProfile":{"biography":"Born.","artist":'
		. '{"name":"Ann"}}},{"artistProfile":null},{"artistProfile":{'
		. '"biography":"Grew up.","artist":{"name":"Cyd"}}},'
		. '{"artistProfile":null}]}', 'one to one';
	data $p, '{ ArtistsMany { name mentor { name mentor { name } } '
		. 'artists { name } } }', <<~'JSON', 'a table that points to itself';
		{"ArtistsMany": [
			{"name": "Ann", "mentor": null,
				"artists": [{"name": "Bea"}, {"name": "Cyd"}]},
			{"name": "Bea", "mentor": {"name": "Ann", "mentor": null},
				"artists": [{"name": "Dan"}]},
			{"name": "Cyd", "mentor": {"name": "Ann", "mentor": null},
				"artists": []},
			{"name": "Dan", "mentor": {"name": "Bea",
				"mentor": {"name": "Ann"}}, "artists": []}]}
		JSON
	my $r = query($p, '{ AlbumByPk(pk: 1) { few: songs(limit: 1000) { id } '
		. 'last: songs(limit: 2, offset: 599) { id } } }');
	is scalar @{$r->{json}{data}{AlbumByPk}{few} // []}, 500,
		'500 at most, here as well';
	is_deeply $r->{json}{data}{AlbumByPk}{last}, [{id => 600}],
		'... and from anywhere';
	data $p, '{ x: LabelsMany(limit: 1) { id id } y: LabelsMany(limit: 1, '
		. 'offset: 2) { b: id a: name b: id } }',
		'{"x":[{"id":"1"}],"y":[{"b":"3","a":"C"}]}',
		'members are in the order of the document, once';
	fails '{ ArtistByPk(pk: 1) { albums(limit: -1) { id } } }', undef,
		'not negative, either';
};

subtest 'Q20: choices' => sub {
	is_deeply [sort keys members('AlbumGenreEnum')->%*],
		[sort qw(rock hip_hop rb _2_step drum_and_bass _odd)],
		'a check of texts is an enumeration';
	is_deeply [sort keys members('SongMoodEnum')->%*],
		[qw(calm upbeat very_sad)], '... and so is an enumeration';
	types_are 'Album', {genre => 'AlbumGenreEnum'}, 'a column has it';
	data $p, '{ AlbumsMany { genre } }', '{"AlbumsMany":[' . join(',',
		map { "{\"genre\":$_}" } qw("rock" null "hip_hop" "rb" "_2_step"))
		. ']}', 'choices are answered by name';
	data $p, '{ ArtistByPk(pk: 3) { albums { genre } } }', '{"ArtistByPk":'
		. '{"albums":[{"genre":"rb"},{"genre":"_2_step"}]}}', '... anywhere';
	data $p, '{ AlbumByPk(pk: 1) { songs(limit: 1) { mood } } SongByPk(pk: 1) '
		. '{ mood } }', '{"AlbumByPk":{"songs":[{"mood":"very_sad"}]},'
		. '"SongByPk":{"mood":"very_sad"}}', '... moods as well';
	where '{genre: {_eq: hip_hop}}', [3];
	where '{genre: {_in: [_2_step, rb]}}', [4, 5];
	where '{genre: {_eq: $g}}', [4], 'by variable',
		_ => '$g: AlbumGenreEnum', g => 'rb';
	ids 'SongsMany(where: {mood: {_eq: very_sad}}, limit: 1)', [1], 'a mood';
	is_deeply [sort keys members('WherePredicateAlbumGenreEnum')->%*],
		[qw(_eq _in _is_null _neq _nin)], 'what can be asked of them';
	fails "{ AlbumsMany(where: {genre: {_eq: $_}}) { id } }", undef,
		"no genre: $_" for '"rock"', 'jazz', 'Rock', '5';
	fails 'query ($g: AlbumGenreEnum) { AlbumsMany(where: {genre: {_eq: $g}}) '
		. '{ id } }', undef, 'not by variable either', g => 'hip-hop';
	data $p, 'mutation { insertAlbum(data: {title: "New", artistId: 4, genre: '
		. 'drum_and_bass}) { result { genre } } }', '{"insertAlbum":{"result":'
		. '{"genre":"drum_and_bass"}}}', 'one is stored';
	is $p->sql(q{delete from api.album where title = 'New' returning genre}),
		'drum and bass', '... as Postgres knows it';
};

subtest 'Q21: types' => sub {
	types_are 'Album', {id => 'ID!', title => 'String!', releasedDate => 'Date',
		artistId => 'ID!', artist => 'Artist!', rating => 'Float'},
		'of an album';
	types_are 'Song', {id => 'ID!', plays => 'BigInt!', seconds => 'Int',
		explicit => 'Boolean!', albumId => 'ID'}, 'of a song';
	types_are 'Event', {id => 'ID!', schedule => 'DateTime', hostId => 'ID',
		host => 'User'}, 'of an event';
	types_are 'Wide', {small => 'Int', big => 'BigInt', exact => 'Float',
		double => 'Float', words => 'String', day => 'Date',
		instant => 'DateTime', doc => 'JSON', docb => 'JSON', raw => 'Bytes',
		code => 'UUID', numbers => '[Int]', bigs => '[BigInt]',
		moods => '[WideMoodsEnum]', truth => 'Boolean'}, 'of everything';
	data $p, '{ AlbumByPk(pk: 1) { releasedDate rating artistId } }',
		'{"AlbumByPk":{"releasedDate":"2001-01-01","rating":9.50,'
		. '"artistId":"1"}}', 'dates and keys are strings, numbers keep digits';

	my $other = Postern->database(migrations => $music, env => {
		POSTERN_GRAPHQL_SCALARS => 'bigint=String key=Int'});
	$other->sql("insert into api.song (title, plays) values ('x', 5);
		comment on column api.song.seconds is '\@graphql Float'");
	types_are 'Song', {id => 'Int!', plays => 'String!', seconds => 'Float'},
		'settings and tags say otherwise', $other;
	data $other, '{ SongsMany(where: {plays: {_eq: "5"}, id: {_in: [1]}}) '
		. '{ id plays } }', '{"SongsMany":[{"id":1,"plays":"5"}]}',
		'... and are heeded';
};

# Each value, as SQL, and what is answered.
my @values = (
	truth    => 'true',                   'true',
	small    => '-32768',                 '-32768',
	whole    => '2147483647',             '2147483647',
	big      => '-9223372036854775808',   '"-9223372036854775808"',
	exact    => '12345678901234567890.12345678901234567890',
		'12345678901234567890.12345678901234567890',
	money    => '1.5',                    '1.50',
	single   => '0.1',                    '0.1',
	double   => '0.1',                    '0.1',
	words    => q{e'q" \\\\ \u00e9 \U0001f600 \n\t\x01'},
		'"q\\" \\\\ é 😀 \\n\\t\\u0001"',
	few_words => q{''},                   '""',
	padded   => q{'ab'},                  '"ab  "',
	short    => q{'dömain'},              '"dömain"',
	code     => q{'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'},
		'"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
	day      => q{'2020-02-29'},          '"2020-02-29"',
	clock    => q{'04:05:06.7'},          undef,
	moment   => q{'2020-02-29 04:05:06'}, undef,
	instant  => q{'2020-02-29 04:05:06.000007+02'},
		'"2020-02-29T02:05:06.000007+00:00"',
	span     => q{'1 day 2 hours'},       undef,
	doc      => q{'{"b": [1, 1.0, null], "a": "\u00e9", "b": 2}'}, undef,
	docb     => q{'[{"x": "é"}, 1e3]'},   undef,
	raw      => q{'\x00ff'},              undef,
	mood     => q{'very sad'},            '"very_sad"',
	numbers  => q{'{1,null,3}'},          '[1,null,3]',
	texts    => q{array['a,b', 'q"', null, 'é', '\ ', '']},
		'["a,b","q\\"",null,"é","\\\\ ",""]',
	moods    => q{'{calm,"very sad",null}'}, '["calm","very_sad",null]',
	bigs     => q{'{9007199254740993}'},  '["9007199254740993"]',
	instants => q{'{"2020-02-29 04:05:06+00"}'},
		'["2020-02-29T04:05:06+00:00"]',
	address  => q{'192.0.2.1/24'},        undef,
	range    => q{'[1,5)'},               undef,
);

sub camel ($name) { return $name =~ s/_(\w)/\u$1/gr }

# The answer to a document, without its frame.
sub inside ($document, $frame)
{
	my $r = query($p, $document);
	my ($rows) = squeeze($r->{body}) =~ /\A\{"data":$frame\}\z/;
	return $rows // "$r->{status} $r->{body}";
}

subtest 'every type is the same at the root and below' => sub {
	my (@columns, %sql, %json);
	for (my $i = 0; $i < @values; $i += 3) {
		my ($column, $sql, $json) = @values[$i .. $i + 2];
		push @columns, $column;
		$sql{$column} = $sql;
		$json{$column} = $json;
	}
	$p->sql('insert into api.wide (label_id, ' . join(', ', @columns)
		. ') values (2, ' . join(', ', @sql{@columns}) . '), (2, '
		. join(', ', ('null') x @columns) . ')');
	$p->sql(q{insert into api.wide (label_id, exact, single, double, day,
		instant, moment, numbers, texts) values (2, 'NaN', 'Infinity',
		'-Infinity', 'infinity', '-infinity', 'infinity', '{}', '{""}')});
	$p->sql(q{insert into api.wide (label_id, exact, single, double, day,
		instant, small, doc, docb) values (2, 1e-20, 1e-30, 1e300,
		'0044-03-15 BC', '9999-12-31T23:59:59.999999Z', 0, 'null',
		'"text"')});

	for my $column (@columns) {
		my $name = camel($column);
		my $root = inside("{ WidesMany(where: {labelId: {_eq: 2}}) { $name } }",
			'\{"WidesMany":(.*)\}');
		my $below = inside("{ LabelByPk(pk: 2) { wides { $name } } }",
			'\{"LabelByPk":\{"wides":(.*)\}\}');
		my $beside = inside("{ LabelByPk(pk: 2) { wides { $name } } "
			. "WidesMany(limit: 4) { $name } }",
			'\{"LabelByPk":\{"wides":.*\},"WidesMany":(.*)\}');
		is $below, $root, "$column is the same in a nested list";
		is $beside, $root, '... and beside another root';
		my $own = "[{\"$name\":" . Encode::encode_utf8($json{$column} // '');
		is substr($root, 0, length $own), $own, '... and is what it should be';
		like $root, qr/,\{"$name":null\},/, '... or null';
	}
	my $whole = inside('{ WidesMany { id counted ' . join(' ',
		map { camel($_) } @columns) . ' } }', '\{"WidesMany":(.*)\}');
	is scalar(() = $whole =~ /\{"id":"\d"/g), 4, 'all of it at once';
};

subtest 'every type can be looked for' => sub {
	my %ask = (small => '-32768', whole => '2147483647',
		big => '"-9223372036854775808"', money => '1.5', single => '0.1',
		double => '0.1', words => '"q\\" \\\\ é 😀 \\n\\t\\u0001"',
		fewWords => '""', short => '"dömain"',
		code => '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
		day => '"2020-02-29"', instant => '"2020-02-29T03:05:06.000007+01:00"',
		mood => 'very_sad', truth => 'true', clock => '"04:05:06.7"',
		exact => '12345678901234567890.12345678901234567890');
	ids "WidesMany(where: {$_: {_eq: $ask{$_}}})", [1], "$_ by its value"
		for sort keys %ask;
	my %no = (small => '32768', whole => '1.5', money => '"1"', code => '"x"',
		day => '"2021-02-29"', instant => '"now"', mood => 'sad',
		truth => '"true"', clock => '"25:00"', exact => '"1"');
	fails "{ WidesMany(where: {$_: {_eq: $no{$_}}}) { id } }", undef,
		"$_ is not $no{$_}" for sort keys %no;
};

subtest 'Q22: what may be null' => sub {
	types_are 'Label', {name => 'String!', active => 'Boolean!',
		artists => '[Artist]'}, 'of a label';
	types_are 'Artist', {label => 'Label', labelId => 'ID', country => 'String',
		mentor => 'Artist', albums => '[Album]', tags => '[Tag]',
		artistProfile => 'ArtistProfile'}, 'of an artist';
	is_deeply members('LabelInput'), {name => 'String!',
		establishedYear => 'Int!', active => 'Boolean',
		artists => '[NestedItemInsertArtist]',
		contracts => '[NestedItemInsertContract]',
		wides => '[NestedItemInsertWide]'}, 'to be inserted';
	is_deeply members('LabelUpdateInput'), {name => 'String',
		establishedYear => 'Int', active => 'Boolean',
		artists => 'ArtistListUpdateInput', wides => 'WideListUpdateInput',
		contracts => 'ContractListUpdateInput'},
		'... or updated';
	types_are 'AlbumInput', {title => 'String!', artistId => 'ID',
		artist => 'ArtistInput', genre => 'AlbumGenreEnum', id => undef},
		'links may be given in two ways';
	types_are 'SongInput', {title => 'String!', plays => 'BigInt',
		explicit => 'Boolean', slug => undef}, 'defaults need not be given';
	types_are 'NestedItemUpdateArtist', {pk => 'ID', tag => 'String',
		data => 'ArtistUpdateInput!'}, 'an item to be updated';
	types_are 'ArtistListUpdateInput', {updateStrategy => 'UpdateStrategy!',
		items => '[NestedItemUpdateArtist]!'}, '... in a list of them';
	types_are 'InsertLabel', {success => 'Boolean', result => 'Label',
		pksToTags => '[TagPrimaryKeyMutationMap]',
		validationErrors => 'GenericScalar'}, 'what a mutation answers';
};

subtest 'Q23: aggregates' => sub {
	data $p, '{ AlbumsAggregate { _count { id rating } _sum { rating } '
		. '_min { releasedDate } _max { rating title } } }',
		'{"AlbumsAggregate":[{"_count":{"id":5,"rating":3},"_sum":{"rating":'
		. '21.75},"_min":{"releasedDate":"1999-12-31"},"_max":{"rating":9.50,'
		. '"title":"' . $p->sql('select max(title) from api.album') . '"}}]}',
		'of all rows';
	data $p, '{ AlbumsAggregate(orderBy: {artistId: asc}) { artistId '
		. '_count { id } } }', '{"AlbumsAggregate":[{"artistId":"1","_count":'
		. '{"id":2}},{"artistId":"2","_count":{"id":1}},{"artistId":"3",'
		. '"_count":{"id":2}}]}', 'by group';
	data $p, '{ AlbumsAggregate(where: {artistId: {_eq: 3}}) { _avg { rating '
		. '} _count { id } } }', '{"AlbumsAggregate":[{"_avg":{"rating":'
		. $p->sql('select avg(rating) from api.album where artist_id = 3')
		. '},"_count":{"id":2}}]}', 'of some';
	data $p, '{ AlbumsAggregate(where: {id: {_eq: 99}}) { _count { id } '
		. '_sum { rating } } }', '{"AlbumsAggregate":[{"_count":{"id":0},'
		. '"_sum":{"rating":null}}]}', 'of none';
	data $p, '{ SongsAggregate { _max { plays } _count { id } } }',
		'{"SongsAggregate":[{"_max":{"plays":"9007199254740993"},'
		. '"_count":{"id":602}}]}', 'large numbers are strings';
	data $p, '{ SongsAggregate(orderBy: [{mood: asc}, {explicit: asc}]) '
		. '{ mood explicit _count { id } } }', '{"SongsAggregate":[{"mood":"very_sad","explicit":false,'
		. '"_count":{"id":600}},{"mood":null,"explicit":false,"_count":{"id":1}'
		. '},{"mood":null,"explicit":true,"_count":{"id":1}}]}', 'by two columns';
	data $p, '{ hello AlbumsAggregate { _count { rating title } } LabelsAggregate '
		. '{ _count { active } } }', '{"hello":"Hello World","AlbumsAggregate":'
		. '[{"_count":{"rating":3,"title":5}}],"LabelsAggregate":[{"_count":'
		. '{"active":' . $p->sql('select count(*) from api.label') . '}}]}',
		'a count is a whole number, whatever was counted';
};

subtest 'a value that only Postgres can tell is wrong' => sub {
	refused $p, '{ WidesMany(where: {address: {_eq: "100%"}}) { id } }',
		'A value is none that its column takes.', 'is refused in words';
	refused $p, '{ hello WidesMany(where: {span: {_gt: "long"}}) { id } '
		. 'LabelsMany { id } }', 'A value is none that its column takes.',
		'... among several fields, too';
};

subtest 'Q24: variables' => sub {
	ids 'AlbumsMany(where: {id: {_in: $ids}})', [1, 3], 'a list of keys',
		_ => '$ids: [ID!]', ids => [1, '3'];
	ids 'AlbumsMany(where: {id: {_in: $ids}})', [2], 'one for a list',
		_ => '$ids: [ID!]', ids => 2;
	ids 'AlbumsMany(where: {artist: {label: {id: {_in: $ids}}}})', [1, 2, 3],
		'far away', _ => '$ids: [ID!]!', ids => [1];
	ids 'AlbumsMany(where: {id: {_eq: $id}})', [1], 'a default',
		_ => '$id: ID = 1';
	ids 'AlbumsMany(where: {id: {_eq: $id}})', [2], '... is not needed',
		_ => '$id: ID = 1', id => 2;
	ids 'AlbumsMany(where: {id: {_eq: $id}}, limit: 1)', [1],
		'what is not given is not asked', _ => '$id: ID';
	ids 'AlbumsMany(where: {id: {_eq: 1, _in: $ids}})', [1], '... in part',
		_ => '$ids: [ID!]';
	ids 'AlbumsMany(where: $w, orderBy: $o, limit: $l, distinct: $d)', [2, 1],
		'every argument', _ => '$w: WhereAlbum, $o: [OrderByAlbum], $l: Int, '
		. '$d: Boolean', w => {artist => {name => {_eq => 'Ann'}}},
		o => [{id => 'desc'}], l => 9, d => JSON::PP::true;
	ids 'AlbumsMany(where: {_or: [{artist: {name: {_eq: $n}}}, {title: '
		. '{_eq: $n}}]})', [1, 2], 'the same twice', _ => '$n: String!',
		n => 'Ann';
	my %refused = (
		'Variable "$ids" got invalid value true at "ids[0]"; '
			. 'ID cannot represent value: true' => [JSON::PP::true],
		'Variable "$ids" got invalid value null at "ids[1]"; '
			. 'Expected non-nullable type "ID!" not to be null.' => [1, undef],
	);
	fails 'query ($ids: [ID!]) { AlbumsMany(where: {id: {_in: $ids}}) { id } }',
		$_, $_, ids => $refused{$_} for sort keys %refused;
	fails 'query ($n: String!) { AlbumsMany(where: {title: {_eq: $n}}) { id } }',
		'Variable "$n" of required type "String!" was not provided.',
		'one that is required';
	fails 'query ($n: Int) { AlbumsMany(where: {title: {_eq: $n}}) { id } }',
		'Variable "$n" of type "Int" used in position expecting type "String".',
		'one of another type';
	data $p, 'query ($yes: Boolean!) { LabelByPk(pk: 1) { id @include(if: $yes) '
		. 'name @skip(if: $yes) } }', '{"LabelByPk":{"id":"1"}}', 'a choice',
		yes => JSON::PP::true;
};

# The plan of one that has come before is kept.
subtest 'a document that comes again and again' => sub {
	my $by_key = 'query ($id: ID!, $n: String) { AlbumByPk(pk: $id) { title } '
		. 'ArtistsMany(where: {name: {_eq: $n}}) { name } }';
	my $ask = sub (%variables) {
		my $r = query($p, $by_key, %variables);
		return squeeze($r->{body}) =~ s/"locations":\[[^]]*\],?//gr;
	};
	my $red = '{"data":{"AlbumByPk":{"title":"Red"},"ArtistsMany":';
	my @cases = (
		[{id => 1, n => 'Ann'}, $red . '[{"name":"Ann"}]}}'],
		[{id => '1', n => ''}, $red . '[]}}'],
		[{id => 1, n => undef}, $red . '[]}}'],
		[{id => 1}, $red . '[{"name":"Ann"},{"name":"Bea"},{"name":"Cyd"},'
			. '{"name":"Dan"}]}}'],
	);
	for my $round (1 .. 3) {
		is $ask->($_->[0]->%*), $_->[1], "$round: $_->[1]" for @cases;
		like $ask->(id => 77, n => 'Bea'), qr/"AlbumByPk":null,"ArtistsMany":
			\[\{"name":"Bea"\}\].*does\snot\sexist/x, 'no row of that key';
		like $ask->(id => 'x', n => 'Bea'), qr/valid integer|validinteger/,
			'no key at all';
	}
	my $listed = 'query ($ids: [ID!]) { all: AlbumsMany(where: {id: '
		. '{_in: $ids}}) { id } }';
	data $p, $listed, '{"all":[' . join(',', map { qq({"id":"$_"}) } @$_) . ']}',
		"in (@$_)", ids => $_ for [1], [2, 3], [], [3], [], [1, 2];
};

subtest 'an introspection that is too long to be answered' => sub {
	my $wordy = Postern->database(migrations => $music);
	$wordy->sql(q{do $$ begin execute format('comment on table api.tag is %L',
		repeat('x', 1000000)); end $$});
	my $often = sub ($n) {
		return '{ __type(name: "Tag") { ' . join(' ', map { "a$_: description" }
			1 .. $n) . ' } }';
	};
	my $r = query($wordy, $often->(2));
	ok $r->{status} == 200 && length $r->{json}{data}{__type}{a2} == 1000000,
		'a long one is' or diag substr $r->{body}, 0, 200;
	refused $wordy, $often->(40),
		'The answer is too large: ask for fewer fields.', '... longer ones are not';
};

done_testing;
