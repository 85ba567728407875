#!/usr/bin/perl
# What the statements of t/unit/sql_rows.golden answer: rows below rows,
# filters through relations, groups; and that a value looks the same whether
# this program prints it or Postgres puts it into JSON.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Encode qw(encode_utf8);
use JSON::PP ();
use Postern;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
	for qw(output failure_output todo_output);

my $top = "$FindBin::Bin/..";
my $saved = "$top/t/unit/music.json";
my $p = Postern->database(migrations => "$FindBin::Bin/fixtures/music");

$p->sql(<<~'SQL');
	insert into api.label (name, established_year) values
		('Parlophone', 1896), ('Motown', 1959), ('Empty', 1990);
	insert into api.artist (name, label_id, mentor_id, country) values
		('Beatles', 1, null, 'UK'), ('Queen', 1, 1, 'UK'),
		('Stevie', 2, null, null), ('Loner', null, 3, 'US');
	insert into api.artist_profile (artist_id, biography) values
		(1, 'Of Liverpool');
	insert into api.album (title, released_date, artist_id, genre, rating)
	values
		('Help!', '1965-08-06', 1, 'rock', 8.50),
		('Revolver', '1966-08-05', 1, 'rock', 9.50),
		('Jazz', '1978-11-10', 2, 'rock', null),
		('Talking 100%_\', null, 3, 'r&b', null);
	insert into api.song (title, album_id, mood, plays) values
		('Help!', 1, 'very sad', 9007199254740993),
		('Yesterday', 1, null, 1);
	insert into api.tag (name) values ('live'), ('loud');
	insert into api.artist_tag values (1, 1), (1, 2), (2, 2);
	insert into api.chart_entry values
		('2020-01-06', 1, 2, null), ('0044-03-15 BC', 7, 1, null);
	insert into api.settings values ('a/b,c%d "e"\é', null);
	SQL

# ---- every type, with values at the edges ----

my @wide = (
	{},
	{truth => 'true', small => -32768, whole => 2147483647,
		big => '9223372036854775806', exact => '1.50', money => 7,
		single => '1.1', double => '1e300', words => "\"\\\n\t\x{1}é😀</",
		few_words => '', padded => 'a', short => '€', day => '2020-02-29',
		code => '0190a5b0-0000-7000-8000-00000000000F',
		clock => '10:00:00.5', moment => '2020-01-02T03:04:05.5',
		instant => '2020-01-02T03:04:05.5+01:00',
		span => '1 year -2 days 00:00:01.5', doc => '{"a" : [1 , "x  y"]}',
		docb => '{"b": {"c d": null}}', raw => '\x00ff', mood => 'very sad',
		numbers => '{1,NULL,3}', texts => '{"a b","\"c\\d"}',
		moods => '{calm,NULL,upbeat}', bigs => '{9007199254740993}',
		instants => '{2020-01-02T03:04:05.5Z}', address => '::1/64',
		range => '[1,5)'},
	{exact => 'NaN', single => 'Infinity', double => '-Infinity',
		day => 'infinity', moment => '-infinity', instant => 'infinity',
		doc => 'null', docb => '"x"', numbers => '{{1,2},{3,4}}',
		texts => '{}', moods => '{}', address => '10.0.0.1',
		range => 'empty', span => '00:00:00', padded => 'abcd'},
	{exact => '-12345678901234567890.00', money => '0.10', double => '-0',
		single => '3.4028235e38', small => 0, big => -5,
		day => '0044-03-15 BC', moment => '0044-03-15 01:02:03.120 BC',
		instant => '0044-03-15 01:02:03.1+00 BC', clock => '24:00:00',
		docb => '[]', range => '(,7]'},
	{exact => 'Infinity', double => 'NaN', day => '12020-01-01',
		moment => '12020-01-01 00:00:00.000001',
		instant => '12020-01-01 00:00:00.100000+00'},
	{moment => '2020-01-02 00:00:00', instant => '2020-01-02 00:00:00Z'},
	{id => 10, moment => '1999-12-31 23:59:59.999990',
		instant => '1999-12-31 23:59:59.999999Z'},
);

sub quoted ($text) { return "'" . $text =~ s/'/''/gr . "'" }

for my $row (@wide) {
	my @columns = sort keys %$row;
	$p->sql(sprintf 'insert into api.wide (%s) values (%s)',
		join(', ', 'label_id', map { qq("$_") } @columns),
		join(', ', 1, map { quoted(encode_utf8($row->{$_})) } @columns));
}

# ---- the answers ----

my %answers = do {
	local $ENV{SQL_DATABASE} = $p->conninfo('postern_owner');
	chdir $top;
	system('make', '-s', 'build/debug/unit/sql_rows') == 0
		or BAIL_OUT('the unit tests do not build');
	my $said = qx(build/debug/unit/sql_rows);
	utf8::decode($said);
	my @lines = split /\n/, $said;
	$said =~ /^ERROR.*/m ? (error => $&) : @lines;
};
is $answers{error}, undef, 'every statement is one that Postgres takes';

sub answers ($name, $expected)
{
	is delete $answers{$name}, $expected, $name;
}

answers 'a list below', '[{"id":1,"artists":[{"id":1,"name":"Beatles"},'
	. '{"id":2,"name":"Queen"}]},{"id":2,"artists":[{"id":3,"name":"Stevie"}]},'
	. '{"id":3,"artists":[]}]';
answers 'a list below, cut and filtered',
	'[{"id":1,"artists":[{"name":"Beatles"}]},{"id":2,"artists":[]}]';
answers 'the same relation twice',
	'[{"a":[{"name":"Stevie"}],"b":[{"name":"Stevie"}]},{"a":[],"b":[]}]';
answers 'lists in lists', '[{"name":"Parlophone","artists":['
	. '{"name":"Beatles","albums":[{"title":"Revolver"}]},'
	. '{"name":"Queen","albums":[{"title":"Jazz"}]}]},'
	. '{"name":"Motown","artists":[{"name":"Stevie",'
	. '"albums":[{"title":"Talking 100%_\\\\"}]}]},'
	. '{"name":"Empty","artists":[]}]';
answers 'through a table that links',
	'[{"name":"Beatles","tags":[{"name":"live"},{"name":"loud"}]},'
	. '{"name":"Queen","tags":[{"name":"loud"}]},'
	. '{"name":"Stevie","tags":[]},{"name":"Loner","tags":[]}]';
answers '... and what is linked to that',
	'[{"name":"live","artists":[{"name":"Beatles",'
	. '"label":{"name":"Parlophone"}}]},'
	. '{"name":"loud","artists":[{"name":"Beatles",'
	. '"label":{"name":"Parlophone"}},'
	. '{"name":"Queen","label":{"name":"Parlophone"}}]}]';
answers 'the other end of one to one',
	'[{"name":"Beatles","profile":{"biography":"Of Liverpool"}},'
	. '{"name":"Queen","profile":null},{"name":"Stevie","profile":null},'
	. '{"name":"Loner","profile":null}]';
answers 'objects in rows, one of them absent',
	'[{"name":"Beatles","learners":[{"name":"Queen",'
	. '"label":{"id":1,"name":"Parlophone"},'
	. '"mentor":{"name":"Beatles","label":{"name":"Parlophone"}}}]},'
	. '{"name":"Queen","learners":[]},'
	. '{"name":"Stevie","learners":[{"name":"Loner","label":null,'
	. '"mentor":{"name":"Stevie","label":{"name":"Motown"}}}]},'
	. '{"name":"Loner","learners":[]}]';
answers 'objects at the root, which share a join',
	'[{"name":"Stevie","a":{"id":2},"b":{"name":"Motown"}}]';
answers 'a list below an object',
	'[{"label":{"artists":[{"id":1},{"id":2}]}},'
	. '{"label":{"artists":[{"id":1},{"id":2}]}},'
	. '{"label":{"artists":[{"id":3}]}},{"label":null}]';
answers 'words, groups and forms',
	'[{"__typename":"Label","key":"1","more":{"name":"Parlophone",'
	. '"year":1896},"artists":[{"__typename":"it\'s \"A\"","key":"1",'
	. '"more":{"name":"Beatles","none":{}}}]}]';
answers 'names of labels and choices',
	'[{"genre":"ROCK","songs":[{"mood":"VERY_SAD",'
	. '"plays":"9007199254740993"},{"mood":null,"plays":"1"}]},'
	. '{"genre":"ROCK","songs":[]},{"genre":"ROCK","songs":[]},'
	. '{"genre":"RB","songs":[]}]';
{
	my $long = join '', map { "${_}234567890" } 'a', (1) x 7;
	my $got = JSON::PP->new->decode(
		encode_utf8(delete $answers{'names that no column can have'}));
	my @names = sort keys $got->[0]{l}[0]->%*;
	is "@names[0, 1]", join(' ', 'a' . '234567890' . '1234567890' x 5
		. '123456789', 'a' . '234567890' . '1234567890' x 7),
		'names that no column can have stay whole';
	is $got->[1]{l}[0]{o}{'b' . '234567890' . '1234567890' x 7}, 2,
		'... also in an object';
	$got = JSON::PP->new->decode(encode_utf8(
		delete $answers{'more such names than a call takes'}));
	is scalar keys $got->[0]{l}->%*, 101,
		'... and there may be more of them than a call takes';
	is join(' ', map { $got->[0]{l}{'a' . 'x' x 70 . "_$_"} } 49 .. 51, 99, 100),
		'Parlophone 1 Parlophone Parlophone 1', '... each with its value';
}
answers 'an object with a name that no column can have',
	'[{"p":{"a' . '234567890' . '1234567890' x 7 . '":"Of Liverpool"}},'
	. '{"p":null},{"p":null},{"p":null}]';
answers 'names of our own words',
	'[{"l":[{"r":1,"s":"Beatles","e":{"s":1,"t0":"Parlophone","id":1896}}]},'
	. '{"l":[{"r":3,"s":"Stevie","e":{"s":2,"t0":"Motown","id":1959}}]},'
	. '{"l":[]}]';
answers 'a row without members', '[{"l":[{},{}]},{"l":[{}]},{"l":[]}]';
answers 'several roots',
	'[{"labels":[{"name":"Parlophone"},{"name":"Motown"}],"hello":"world",'
	. '"one":{"name":"Queen"},"none":null}]';
answers 'no database at all', '[{"hello":"world"}]';

# The ids that a filter finds, in their order.
sub finds ($name, $ids)
{
	is join(' ', (delete $answers{"filter: $name"} // '') =~ /:(\d+)/g), $ids,
		$name;
}

finds 'tests', '1 2';
finds 'unequal passes null', '3 4';
finds 'not in passes null', '3';
finds 'a text is in it', '4';
finds 'a text is in it, whatever the case', '2';
finds 'wildcards are none', '';
finds 'a text is in a number', '2';
finds 'nothing and everything', '1';
finds 'not is true of null', '3 4';
finds 'not of several', '1 3';
finds 'the opposite of null is null', '4';
finds 'the opposite, through a key', '3';
finds 'the opposite, to many', '1 2';
finds 'the opposite of none there, to many', '3';
finds 'the opposite behind a way to many', '1 2';
finds 'the opposite of one row at least', '2 3';
finds 'through a key', '1 2 3';
finds 'null at the other end of a key', '4';
finds 'not, through a key', '3 4';
finds 'unequal, through a key', '3 4';
finds 'to many multiplies', '1 1 2';
finds 'to many, each once', '1 2';
finds 'to many, none there', '3';
finds 'to many, none there, each once', '3';
finds 'to many, both of one row', '1';
finds 'to many, or another column', '1 1 3';
finds 'to many, or another column, each once', '1 3';
finds 'to many of many', '1 1 1';
finds 'to many of many, each once', '1';
finds 'to many behind a key, each once', '1 2';
finds 'two ways to many, each once', '1 2';
finds 'to many, unequal is of none', '2 3';
finds 'to many, not in is of none', '3';
finds 'to many of many, unequal is of none', '2 3';
finds 'to many, unequal and equal', '1 1';
finds 'no such row of many', '2 3';
finds 'no such row of many, both of one row', '1 2 3';
finds 'there is one of many', '1 2';
finds 'not unequal of many', '1';
finds 'not behind many', '2 3';
finds 'not not behind many', '1';
finds 'not, of a column and of many', '1 3';
finds 'nothing asked of many', '1 2 3';
finds 'not of one of one', '2 3';
finds 'the other end of one to one does not multiply', '2 3 4';

answers 'groups', '[{"country":"UK","_count":{"id":2,"label_id":2}},'
	. '{"country":"US","_count":{"id":1,"label_id":0}},'
	. '{"country":null,"_count":{"id":1,"label_id":1}}]';
is join(' ', sort split /(?<=\}),(?=\{"label")/,
	(delete $answers{'groups of a linked column'}) =~ s/^\[|\]$//gr),
	'{"label":null,"_max":{"id":4,"label":null}} '
	. '{"label":{"active":true},"_max":{"id":3,"label":{"name":"Parlophone"}}}',
	'groups of a linked column, and of those that link to nothing';
answers 'groups that a linked column does not tell apart',
	'[{"country":"UK","_max":{"label":{"name":"Parlophone"}}},'
	. '{"country":"US","_max":{"label":null}},'
	. '{"country":null,"_max":{"label":{"name":"Motown"}}}]';
answers '... nor below', '[{"g":[{"_max":{"label":{"name":"Parlophone"},'
	. '"mentor":{"label":{"id":1}}}}]}]';
answers 'one group of all', '[{"_sum":{"rating":18.00,"id":10},'
	. '"_avg":{"rating":9.0000000000000000},'
	. '"_min":{"title":"Help!","released":"1965-08-06"}}]';
answers 'one group of none',
	'[{"_sum":{"rating":null},"_count":{"id":0}}]';
answers 'a group with a word only',
	'[{"__typename":"AlbumAggregateResult"}]';
answers 'groups below', '[{"g":[{"genre":"RB","artist":{"label":'
	. '{"active":true}},"_count":{"id":1},"_sum":{"rating":null,"id":"4"}},'
	. '{"genre":"ROCK","artist":{"label":{"active":true}},"_count":{"id":3},'
	. '"_sum":{"rating":18.00,"id":"6"}}],'
	. '"all":[{"_avg":{"rating":9.0000000000000000},"__typename":"G"}]}]';
like $answers{'not a number'},
	qr/^\[\{"f":\[\{"s":null,"m":null,"a":null,"i":"/,
	'what is no number in JSON is null in a group';
is delete $answers{'not a number, printed'},
	(delete $answers{'not a number'}) =~ s/^\[\{"f":\[|\]\}\]$//gr
		=~ s/(.*)/[$1]/r, '... whoever prints it';

# ---- one test, one row ----

answers 'a test that differs, and null does not', '[{"id":4}]';
answers 'words, and what is in what', '[{"id":2},{"id":3}]';
answers 'patterns for what is no text', '[{"id":2}]';
answers 'a column and another', '[{"id":2},{"id":4}]';
answers 'some row, and another', '[{"id":1}]';
answers 'no such row, and some without', '[{"id":2}]';
answers 'some row behind a row', '[{"id":3}]';
answers 'behind many, a row that differs', '[{"id":1}]';

answers 'keys and what refers to them',
	'[{"id":"1","name":"Beatles","links":{"self":"/artists/1",'
	. '"albums":"/artists/1/albums"},"label":{"data":{"type":"label",'
	. '"id":"1"}},"mentor":null,"last":"\\"1\\\\"},'
	. '{"id":"2","name":"Queen","links":{"self":"/artists/2",'
	. '"albums":"/artists/2/albums"},"label":{"data":{"type":"label",'
	. '"id":"1"}},"mentor":{"id":"<1","name":"Beatles"},'
	. '"last":"\\"2\\\\"},'
	. '{"id":"3","name":"Stevie","links":{"self":"/artists/3",'
	. '"albums":"/artists/3/albums"},"label":{"data":{"type":"label",'
	. '"id":"2"}},"mentor":null,"last":"\\"3\\\\"},'
	. '{"id":"4","name":"Loner","links":{"self":"/artists/4",'
	. '"albums":"/artists/4/albums"},"label":null,'
	. '"mentor":{"id":"<3","name":"Stevie"},"last":"\\"4\\\\"}]';
answers 'keys below', '[{"id":"1","artists":[{"id":"1",'
	. '"links":{"self":"/artists/1","albums":"/artists/1/it\'s"},'
	. '"label":{"id":"1","type":"label"},"mentor":null,"up":{"id":"1"}},'
	. '{"id":"2","links":{"self":"/artists/2","albums":"/artists/2/it\'s"},'
	. '"label":{"id":"1","type":"label"},"mentor":{"data":{"id":"1"}},'
	. '"up":{"id":"1"}}]},{"id":"2","artists":[{"id":"3",'
	. '"links":{"self":"/artists/3","albums":"/artists/3/it\'s"},'
	. '"label":{"id":"2","type":"label"},"mentor":null,"up":{"id":"2"}}]},'
	. '{"id":"3","artists":[]}]';
answers 'composite keys', '[{"id":"0044-03-15 BC,7",'
	. '"self":"/0044-03-15%20BC,7","song":{"id":"1"}},'
	. '{"id":"2020-01-06,1","self":"/2020-01-06,1","song":{"id":"2"}}]';
answers 'composite keys below', '[{"l":[{"id":"0044-03-15 BC,7",'
	. '"song":{"id":"1"}},{"id":"2020-01-06,1","song":{"id":"2"}}]}]';
answers 'keys that people choose', '[{"id":"a/b,c%d \\"e\\"\\\\é",'
	. '"self":"/settings/a%2Fb%2Cc%25d%20%22e%22%5C%C3%A9"}]';
answers 'keys that people choose, below',
	'[{"l":[{"id":"a/b,c%d \\"e\\"\\\\é"}]}]';

# ---- rows of several kinds: [the page's][a section's]...[a count]... ----

answers 'a page and its count', '[{"id":"2"},{"id":"3"},{"id":"4"}][4][1]';
answers 'no page, but a count', '[][4]';
answers 'what a page names', '[{"id":"1","label":{"id":"1"}},'
	. '{"id":"2","label":{"id":"1"}},{"id":"3","label":{"id":"2"}},'
	. '{"id":"4","label":null}]'
	. '[{"id":"1","name":"Parlophone"},{"id":"2","name":"Motown"}]';
answers 'what a page names, but for its last row',
	'[{"id":"1"},{"id":"2"},{"id":"3"}][{"id":"1","name":"Parlophone"}][4]';
answers 'nothing is reached from no page', '[][][4]';
answers 'what names a page', '[{"id":"3","artists":[]},'
	. '{"id":"2","artists":[{"id":"3"}]},'
	. '{"id":"1","artists":[{"id":"1"},{"id":"2"}]}]'
	. '[{"id":"1","name":"Beatles"},{"id":"2","name":"Queen"},'
	. '{"id":"3","name":"Stevie"}]';
answers 'what a page is linked with',
	'[{"id":"1"},{"id":"2"},{"id":"3"},{"id":"4"}]'
	. '[{"id":"1","name":"live"},{"id":"2","name":"loud"}]';
answers 'what a page is linked with, and on',
	'[{"id":"2"}][{"id":"2","name":"loud"}][{"id":"1","name":"Beatles"}]'
	. '[{"id":"1,1","tag":{"name":"live"}},'
	. '{"id":"1,2","tag":{"name":"loud"}},{"id":"2,2","tag":{"name":"loud"}}]';
answers 'rows of the page itself come once', '[{"id":"4"},{"id":"3"}]'
	. '[{"id":"3","name":"Stevie"}][{"id":"2","name":"Motown"}]';
answers 'the row that says there are more may be reached',
	'[{"id":"1"},{"id":"2"}][{"id":"2","name":"Queen"}]';
answers 'far away', '[{"title":"Help!"}]'
	. '[{"id":"1","title":"Help!","genre":"ROCK"},'
	. '{"id":"2","title":"Revolver","genre":"ROCK"},'
	. '{"id":"3","title":"Jazz","genre":"ROCK"}]'
	. '[{"id":"1","name":"Beatles"},{"id":"2","name":"Queen"}]'
	. '[{"id":"1","name":"Parlophone"}]';
answers 'sections are sorted by their keys as texts', '[{"id":1}]['
	. join(',', map { qq({"id":"$_"}) } 1, 10, 2 .. 6) . ']';
answers 'composite keys reached', '[{"id":1},{"id":2}]'
	. '[{"id":"0044-03-15 BC,7","l":{"self":"/0044-03-15%20BC,7"},'
	. '"song":{"id":"1"},"other":{"title":"Help!"}},'
	. '{"id":"2020-01-06,1","l":{"self":"/2020-01-06,1"},'
	. '"song":{"id":"2"},"other":{"title":"Yesterday"}}]';
answers 'composite keys of the page',
	'[{"id":"2020-01-06,1"},{"id":"0044-03-15 BC,7"}][{"id":"2"}]';
answers 'a page found by joins, each once', '[{"id":"1"}]'
	. '[{"id":"1","name":"Beatles"},{"id":"2","name":"Queen"}][1]';
answers 'sorted by what is referred to', '[{"name":"Loner"},'
	. '{"name":"Beatles"},{"name":"Queen"},{"name":"Stevie"}]';
answers 'sorted by what that refers to',
	'[{"title":"Yesterday","album":{"title":"Help!"}},'
	. '{"title":"Help!","album":{"title":"Help!"}}]';

# ---- steps of one transaction, which is taken back: [...] for each ----

answers 'steps: a row, what names it, and both read',
	'[{"name":"Newcomer","label":{"name":"New"}}][{"name":"New"}]'
	. '[{"name":"Newcomer"}]';
answers 'steps: a row that is not there', '[{"name":"x"}]PV002 1';
answers 'steps: a row too many', 'PV002 0';
answers 'steps: none of any number', '[{"id":"1,1"}]';
answers 'steps: what is there already', '[{"id":"3,1"}][]';
answers 'steps: an update of nothing', '[{"id":"2","name":"Motown"}]'
	. '[{"name":"Motown","artists":[{"name":"Stevie"}]}]PV002 2';
answers 'steps: a select that keeps', '[{"country":"FR","label":{"id":"2"}}]'
	. '[{"name":"Motown"}][{"id":"2"}]';
answers 'steps: what writes find through others',
	'[{"id":"1,2"},{"id":"2,2"}][{"name":"Beatles"},{"name":"Stevie"}]';
answers 'steps: a composite key', '[{"text":1}]'
	. '[{"id":"2021-01-04,9","song":{"id":"1"}}]';

# ---- every type ----

my $printed = delete $answers{'every type'};
is delete $answers{'every type on a page'},
	$printed . '[{"id":"1","name":"Parlophone"}][' . @wide . ']',
	'a value looks the same on a page that sections follow';
is join(',', sort { ($a =~ /(\d+)/)[0] <=> ($b =~ /(\d+)/)[0] }
	split /(?<=\}),(?=\{"id":\d+,"id_s")/,
	(delete $answers{'every type in a section'})
		=~ s/^\[\{"id":1\}\]\[(.*)\]$/$1/r),
	$printed =~ s/^\[|\]$//gr, '... and in a section';
my $below = delete $answers{'every type, below'};
$below =~ s/^\[\{"wide":(.*)\},\{"wide":\[\]\},\{"wide":\[\]\}\]$/$1/;

sub members ($rows) { return split /(?<=[}\]"\w]),(?="\w+":)/, $rows }

is scalar(() = members($printed)), 64 * @wide - @wide + 1,
	'there are members to compare';
my @printed = members($printed);
for my $member (members($below)) {
	my $other = shift @printed;
	is $member, $other, "below: $other" if $member ne $other;
}
is $below, $printed, 'a value looks the same below as at the root';
like $printed, qr/$_/, "... and right: $_"
	for qr/"moment":"2020-01-02T03:04:05\.500000"/,
	qr/"instant":"2020-01-02T02:04:05\.500000\+00:00"/,
	qr/"instant":"0044-03-15T01:02:03\.100000\+00:00 BC"/,
	qr/"moods_names":\["CALM",null,"UP"\]/, qr/"mood_names":"SAD"/,
	qr/"big_s":"9223372036854775806"/, qr/"truth_s":"true"/,
	qr/"exact":"NaN"/, qr/"exact_s":"NaN"/, qr/"money":0\.10/,
	qr{"numbers_s":\[\["1","2"\],\["3","4"\]\]}, qr/"padded":"a   "/,
	qr/"doc":\{"a":\[1,"x  y"\]\}/, qr/"raw":"\\\\x00ff"/;

is join(', ', sort keys %answers), '', 'every answer has been looked at';

# ---- the model ----

sub by_line ($text)
{
	return $text =~ s/, (?=\{"(?:schema|name)" : )/,\n/gr . "\n";
}

my $model = by_line($p->sql('select postern.model()'));
if ($ENV{POSTERN_SAVE_MODEL}) {
	open my $to, '>', $saved or die "$saved: $!";
	print $to $model;
	close $to;
}
open my $from, '<', $saved or die "$saved: $!";
ok $model eq do { local $/; <$from> },
	't/unit/music.json is current: else save it with '
	. 'POSTERN_SAVE_MODEL=1 prove t/14-rows.t';

done_testing;
