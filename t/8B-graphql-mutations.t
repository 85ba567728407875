#!/usr/bin/perl
# GraphQL mutations: rows and what hangs on them, written together or not at
# all.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use GraphQL;
use Load qw(until_true);
use Postern;

my $p = Postern->start(workers => 1,
	migrations => [map { "$FindBin::Bin/fixtures/$_" } qw(music faults)]);

# Labels 1 and 2, artists 1 to 3, albums 1 and 2, tags 1 and 2; nothing else.
sub start_over ()
{
	$p->sql(<<~'E');
		set client_min_messages = error;
		truncate api.label, api.artist, api.song, api.tag, api.settings,
			api.award restart identity cascade;
		insert into api.label (name, established_year) values
			('Stax', 1957), ('Sub Pop', 1986);
		insert into api.artist (name, label_id) values
			('Otis', 1), ('Isaac', 1), ('Kurt', 2);
		insert into api.album (title, artist_id) values
			('Blue', 1), ('Bleach', 3);
		insert into api.tag (name) values ('soul'), ('grunge');
		E
	return;
}

my $all = <<~'E';
	select string_agg(concat_ws(':', kind, id, name, up), ' '
		order by kind, id)
	from (
		select 'L' as kind, id, name, null as up from api.label
		union all
		select 'A', id, name, label_id from api.artist
		union all
		select 'D', id, title, artist_id from api.album
		union all
		select 'S', id, title, album_id from api.song
	) as rows
	E
my $start = 'A:1:Otis:1 A:2:Isaac:1 A:3:Kurt:2 D:1:Blue:1 D:2:Bleach:3'
	. ' L:1:Stax L:2:Sub Pop';

sub rows ($expected, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is $p->sql($all), $expected, $name;
}

# The document is answered so, and this is there afterwards.
sub does ($document, $json, $rows, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	start_over();
	data $p, $document, $json, $name, %variables;
	return rows($rows, "... $name: the rows");
}

# The document fails like that, and nothing is left of it.
sub fails ($document, $message, $name, %variables)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	start_over();
	refused $p, $document, $message, $name, %variables;
	return rows($start, "... $name: nothing is done");
}

my $failed = '{"success":false,"pksToTags":[],"validationErrors":[],'
	. '"result":null}';
my $whole = '{ success pksToTags { tag pk type } validationErrors'
	. ' result { id } }';

subtest 'inserts' => sub {
	does 'mutation { insertTag(data: {name: "x"}) { __typename success } }',
		'{"insertTag":{"__typename":"InsertTag","success":true}}',
		$start, 'one row';
	does 'mutation { insertAlbum(tag: "d", data: {title: "x", artist:'
		. ' {name: "y", label: {name: "z", establishedYear: 2000}},'
		. ' songs: [{tag: "s", data: {title: "t"}}]}) ' . $whole . ' }',
		'{"insertAlbum":{"success":true,"pksToTags":['
		. '{"tag":"d","pk":"3","type":"Album"},'
		. '{"tag":"s","pk":"1","type":"Song"}],'
		. '"validationErrors":[],"result":{"id":"3"}}}',
		'A:1:Otis:1 A:2:Isaac:1 A:3:Kurt:2 A:4:y:3 D:1:Blue:1'
		. ' D:2:Bleach:3 D:3:x:4 L:1:Stax L:2:Sub Pop L:3:z S:1:t:3',
		'four tables at once';
	does 'mutation { insertLabel(data: {name: "x", establishedYear: 2000,'
		. ' artists: {data: {name: "y"}}}) { result { name artists'
		. ' { name label { name } } } } }',
		'{"insertLabel":{"result":{"name":"x","artists":[{"name":"y",'
		. '"label":{"name":"x"}}]}}}',
		$start =~ s/ D/ A:4:y:3 D/r . ' L:3:x',
		'the answer sees what was written';
	fails 'mutation { insertAlbum(data: {title: "x", artistId: 1, artist:'
		. ' {name: "y"}}) { success } }',
		'Pass one of "artist_id", "artist", not both.',
		'a row named twice';
	fails 'mutation { insertAlbum(data: {title: "x", artistId: 99})'
		. ' { success } }', 'Artist matching query does not exist.',
		'a row that names nothing';
	fails 'mutation { insertAlbum(data: {title: "x"}) { success } }',
		'Album artist_id is required.', 'a row that must name another';
	fails 'mutation { insertTag(data: {name: "soul"}) { success } }',
		'Tag with this name already exists.', 'a name that is taken';
};

subtest 'a row of its own kind, and a key that people choose' => sub {
	start_over();
	data $p, 'mutation { insertArtist(data: {name: "x", mentor: {name: "m"},'
		. ' artists: [{data: {name: "s"}}]}) { result { name'
		. ' mentor { name } artists { name } } } }',
		'{"insertArtist":{"result":{"name":"x","mentor":{"name":"m"},'
		. '"artists":[{"name":"s"}]}}}', 'above and below';
	data $p, 'mutation { insertSettings(tag: "t", data: {name: "", value:'
		. ' "v"}) { pksToTags { pk } result { name value } } }',
		'{"insertSettings":{"pksToTags":[{"pk":""}],"result":'
		. '{"name":"","value":"v"}}}', 'an empty text is a key, too';
	data $p, 'mutation { updateSettings(pk: "", data: {name: "n"})'
		. ' { result { name } } }',
		'{"updateSettings":{"result":{"name":"n"}}}',
		'the row is found again by its new key';
};

subtest 'updates' => sub {
	does 'mutation { updateArtist(pk: 1, data: {country: "US"})'
		. ' { success result { name country } } }',
		'{"updateArtist":{"success":true,"result":{"name":"Otis",'
		. '"country":"US"}}}', $start, 'what is absent stays';
	does 'mutation ($l: ID) { updateArtist(pk: 1, data: {labelId: $l})'
		. ' { result { labelId } } }',
		'{"updateArtist":{"result":{"labelId":null}}}',
		$start =~ s/Otis:1/Otis/r, 'null is null', l => undef;
	does 'mutation ($l: ID) { updateArtist(pk: 1, data: {labelId: $l})'
		. ' { result { labelId } } }',
		'{"updateArtist":{"result":{"labelId":"1"}}}',
		$start, 'an absent variable is absent';
	does 'mutation { updateLabel(pk: 1, data: {}) { success result { id }'
		. ' } }', '{"updateLabel":{"success":true,"result":{"id":"1"}}}',
		$start, 'nothing to change';
	fails 'mutation { updateLabel(pk: 9, data: {name: "x"}) { success } }',
		'Label matching query does not exist.', 'no such row';
	fails 'mutation { updateLabel(pk: 9, data: {}) { success } }',
		'Label matching query does not exist.',
		'no such row, and nothing to change';
	fails 'mutation { updateLabel(pk: 1, data: {name: null}) { success } }',
		'Label name is required.', 'null where there must be a value';
};

subtest 'lists' => sub {
	does 'mutation { updateLabel(pk: 1, data: {artists: {items: ['
		. '{pk: 1, data: {name: "O"}}, {tag: "n", data: {name: "N"}}]}})'
		. ' { pksToTags { tag pk type } } }',
		'{"updateLabel":{"pksToTags":[{"tag":"n","pk":"4","type":'
		. '"Artist"}]}}',
		$start =~ s/Otis/O/r =~ s/ D/ A:4:N:1 D/r, 'merge';
	does 'mutation { updateLabel(pk: 1, data: {artists: {updateStrategy:'
		. ' replace, items: [{pk: 1, data: {}}, {data: {name: "N"}}]}})'
		. ' { success } }', '{"updateLabel":{"success":true}}',
		$start =~ s/A:2:Isaac:1 //r =~ s/ D/ A:4:N:1 D/r, 'replace';
	does 'mutation { updateLabel(pk: 2, data: {artists: {items: ['
		. '{pk: 3, data: {albums: {updateStrategy: replace, items: []}}}'
		. ']}}) { result { artists { albums { id } } } } }',
		'{"updateLabel":{"result":{"artists":[{"albums":[]}]}}}',
		$start =~ s/ D:2:Bleach:3//r, 'an empty list takes all';
	fails 'mutation { updateLabel(pk: 1, data: {artists: {items: ['
		. '{pk: 2, data: {labelId: 2}}]}}) { success } }',
		'Pass no "labelId" in "artists": it is given by the row above.',
		'an item cannot move';
	fails 'mutation { insertArtist(data: {name: "n", albums: [{data: {title:'
		. ' "a", artist: {name: "other"}}}]}) { success } }',
		'Pass no "artist" in "albums": it is given by the row above.',
		'nor hang on another row from the start';
	does 'mutation { insertArtist(data: {name: "n", label: null, labelId: 1,'
		. ' albums: [{data: {title: "a", artist: null}}]})'
		. ' { success } }', '{"insertArtist":{"success":true}}',
		$start =~ s/ D/ A:4:n:1 D/r =~ s/ L/ D:3:a:4 L/r,
		'... and null is no row';
	fails 'mutation { updateLabel(pk: 1, data: {artists: {items: ['
		. '{pk: 2, data: {name: "a"}}, {pk: 2, data: {name: "b"}}]}})'
		. ' { success } }', 'A pk is there twice in "artists".',
		'a row is there once';
	does 'mutation { updateArtist(pk: 1, data: {name: "a", albums: {items:'
		. ' [{pk: 1, data: {songs: {items: [{data: {title: "s"}}]}}}]}})'
		. ' { result { name albums { songs { title } } } } }',
		'{"updateArtist":{"result":{"name":"a","albums":[{"songs":['
		. '{"title":"s"}]}]}}}',
		$start =~ s/Otis/a/r . ' S:1:s:1', 'lists in lists';
	fails 'mutation { updateLabel(pk: 1, data: {name: "x", artists: {items:'
		. ' [{pk: 3, data: {name: "K"}}]}}) { success } }',
		'Artist matching query does not exist.',
		'a row of another parent';
	fails 'mutation { updateLabel(pk: 1, data: {artists: {items: ['
		. '{data: {name: "x", albums: {items: [{pk: 1, data: {}}]}}}]}})'
		. ' { success } }', 'Album matching query does not exist.',
		'a row below one that is new';
	fails 'mutation { updateLabel(pk: 1, data: {name: "x", artists:'
		. ' {updateStrategy: replace, items: []}}) { success } }',
		'Artist is referenced by album. Cannot delete.',
		'a row that others name cannot go';
};

# Tags are unique by name; rows that link them have a key of two columns.
subtest 'keys of two columns, and names that change hands' => sub {
	my $links = "select string_agg(artist_id || ':' || tag_id, ' '"
		. ' order by artist_id, tag_id) from api.artist_tag';
	start_over();
	data $p, 'mutation { updateArtist(pk: 1, data: {artistTags: {items: ['
		. '{tag: "a", data: {tagId: 1}}, {data: {tag: {name: "new"}}}]}})'
		. ' { pksToTags { pk } } }',
		'{"updateArtist":{"pksToTags":[{"pk":'
		. '"{\"artist_id\":\"1\",\"tag_id\":\"1\"}"}]}}', 'two links';
	is $p->sql($links), '1:1 1:3', '... are there';
	data $p, 'mutation { updateArtist(pk: 1, data: {artistTags:'
		. ' {updateStrategy: replace, items: [{pk: {artistId: 1, tagId: 3},'
		. ' data: {tag: {name: "newer"}}}, {data: {tagId: 2}}]}})'
		. ' { success } }', '{"updateArtist":{"success":true}}',
		'one stays, one goes, one is new';
	is $p->sql($links), '1:2 1:3', '... and they are';
	is $p->sql('select name from api.tag where id = 3'), 'newer',
		'what a link names is changed';
	data $p, 'mutation { updateArtist(pk: 1, data: {artistTags:'
		. ' {updateStrategy: replace, items: [{data: {tagId: 2}}]}})'
		. ' { success } }', '{"updateArtist":{"success":true}}',
		'what goes is gone before the same comes again';
	is $p->sql($links), '1:2', '... and it is there';
	refused $p, 'mutation { a: updateTag(pk: 1, data: {name: "grunge"})'
		. ' { success } b: updateTag(pk: 2, data: {name: "soul"})'
		. ' { success } }', 'Tag with this name already exists.',
		'names do not change hands at once';
	data $p, 'mutation { a: updateTag(pk: 1, data: {name: "x"}) { success }'
		. ' b: updateTag(pk: 2, data: {name: "soul"}) { success }'
		. ' c: updateTag(pk: 1, data: {name: "grunge"}) { success } }',
		'{"a":{"success":true},"b":{"success":true},"c":{"success":true}}',
		'... but by way of another name';
};

subtest 'one to one' => sub {
	my $profiles = "select string_agg(concat_ws(':', artist_id, biography),"
		. " ' ' order by artist_id) from api.artist_profile";
	my $set = 'mutation ($p: ArtistProfileUpdateInput) { updateArtist(pk: 1,'
		. ' data: {artistProfile: $p}) { result { artistProfile'
		. ' { biography } } } }';
	start_over();
	data $p, $set, '{"updateArtist":{"result":{"artistProfile":'
		. '{"biography":"a"}}}}', 'one is made', p => {biography => 'a'};
	data $p, $set, '{"updateArtist":{"result":{"artistProfile":'
		. '{"biography":"b"}}}}', 'it is changed', p => {biography => 'b'};
	is $p->sql($profiles), '1:b', 'there is one';
	data $p, $set, '{"updateArtist":{"result":{"artistProfile":null}}}',
		'it is taken away', p => undef;
	is $p->sql($profiles), '', 'there is none';
	data $p, $set, '{"updateArtist":{"result":{"artistProfile":null}}}',
		'... which one may say twice', p => undef;
	data $p, 'mutation { insertArtist(data: {name: "x", artistProfile:'
		. ' {biography: "c"}}) { success } }',
		'{"insertArtist":{"success":true}}', 'with a new row';
	is $p->sql($profiles), '4:c', '... it hangs on that';
};

subtest 'the row that a row names' => sub {
	does 'mutation { updateAlbum(pk: 1, data: {title: "x", artist:'
		. ' {name: "y", label: {name: "z"}}}) { success } }',
		'{"updateAlbum":{"success":true}}',
		$start =~ s/Blue/x/r =~ s/Otis/y/r =~ s/Stax/z/r, 'is changed';
	start_over();
	$p->sql('update api.artist set label_id = null where id = 1');
	data $p, 'mutation { updateAlbum(pk: 1, data: {artist: {label: {name:'
		. ' "z", establishedYear: 2000}}}) { result { artist { label'
		. ' { id name } } } } }',
		'{"updateAlbum":{"result":{"artist":{"label":{"id":"3",'
		. '"name":"z"}}}}}', '... or made';
	refused $p, 'mutation { updateArtist(pk: 9, data: {label: {name: "x"}})'
		. ' { success } }', 'Artist matching query does not exist.',
		'no row, nothing that it names';
	data $p, 'mutation { updateArtist(pk: 1, data: {label: null})'
		. ' { result { labelId } } }',
		'{"updateArtist":{"result":{"labelId":null}}}', 'is let go';
};

subtest 'deletes' => sub {
	does 'mutation { deleteAlbum(pk: 2) { success } }',
		'{"deleteAlbum":{"success":true}}',
		$start =~ s/ D:2:Bleach:3//r, 'a row';
	does 'mutation { deleteLabel(pk: 1) { __typename success } }',
		'{"deleteLabel":{"__typename":"DeleteLabel","success":false}}',
		$start, 'not one that others name';
	does "mutation { a: insertLabel(data: {name: \"x\", establishedYear:"
		. " 2000}) $whole b: deleteLabel(pk: 1) { success } }",
		qq({"a":$failed,"b":{"success":false}}), $start,
		'nor anything with it';
	fails 'mutation { deleteLabel(pk: 9) { success } }',
		'Label matching query does not exist.', 'no such row';
	fails 'mutation { deleteChartEntry(pk: {week: "2020-01-06", place: 1})'
		. ' { success } }', 'ChartEntry matching query does not exist.',
		'no such row of two columns';
};

subtest 'checks' => sub {
	does 'mutation { updateLabel(pk: 1, data: {name: "", artists: {items: ['
		. '{pk: 1, data: {name: ""}}, {data: {name: "x", albums: {items:'
		. ' [{data: {title: "t", rating: 5, genre: rock}}]}}}]}})'
		. ' { success validationErrors result { id } } }',
		'{"updateLabel":{"success":false,"validationErrors":['
		. '{"path":[],"errors":{"name":["Name cannot be empty."]}},'
		. '{"path":["artists",0],"errors":{"name":["Name cannot be empty."'
		. ']}},{"path":["artists",1,"albums",0],"errors":{"__all__":['
		. '"Nobody rates what nobody has heard."]}}],"result":null}}',
		$start, 'all of them, wherever they are';
	does 'mutation { updateAlbum(pk: 1, data: {rating: 5})'
		. ' { validationErrors } }',
		'{"updateAlbum":{"validationErrors":[{"path":[],"errors":'
		. '{"__all__":["Nobody rates what nobody has heard."]}}]}}',
		$start, 'with what is stored';
	does 'mutation { updateAlbum(pk: 1, data: {rating: 5, releasedDate:'
		. ' "2020-01-01"}) { validationErrors } }',
		'{"updateAlbum":{"validationErrors":[]}}', $start,
		'... or with what is new';
	does 'mutation { a: insertTag(data: {name: "x"}) { success'
		. ' validationErrors } b: insertLabel(data: {name: "",'
		. ' establishedYear: 2000}) { success validationErrors } }',
		'{"a":{"success":false,"validationErrors":[]},"b":{"success":false,'
		. '"validationErrors":[{"path":[],"errors":{"name":["Name cannot be'
		. ' empty."]}}]}}', $start, 'one fails, and so does the other';
	is $p->sql('select count(*) from api.tag'), 2, '... all of it';
	does 'mutation { insertWide(data: {short: "123456789"})'
		. ' { success validationErrors } }',
		'{"insertWide":{"success":false,"validationErrors":[{"path":[],'
		. '"errors":{"short":["Wide violates the rule'
		. ' \'short_text_length\'."]}}]}}', $start, 'of a domain';
	does 'mutation { updateAlbum(pk: 1, data: {artist: {label: {name: ""}}})'
		. ' { validationErrors } }',
		'{"updateAlbum":{"validationErrors":[{"path":["artist","label"],'
		. '"errors":{"name":["Name cannot be empty."]}}]}}', $start,
		'of a row that a row names';
};

subtest 'checks of domains' => sub {
	my $own = Postern->database(migrations => "$FindBin::Bin/fixtures/music");
	$own->sql(<<~'E');
		create schema own;
		create function own.even(integer) returns boolean
		language sql immutable return $1 % 2 = 0;
		create domain api.posint as integer
			constraint posint_positive check (value > 0);
		create domain api.small as api.posint not null
			constraint small_small check (value < 100);
		create domain public.named as text
			constraint named_value check (value not in ('', 'value'));
		create domain api.even as integer
			constraint even check (own.even(value));
		comment on constraint posint_positive on domain api.posint is
			'{price}: give more than nothing.';
		create table api.gear (
			id integer generated always as identity primary key,
			price api.posint,
			fee api.posint,
			size api.small,
			"value" public.named,
			pair api.even,
			fair api.even,
			many api.posint[],
			note text constraint gear_note check (note <> ''),
			constraint gear_fee check (fee < price)
		);
		grant select, insert, update on api.gear to postern_anonymous;
		E
	my $insert = 'mutation ($d: GearInput!) { insertGear(data: $d)'
		. ' { success validationErrors } }';
	data $own, $insert, '{"insertGear":{"success":false,"validationErrors":['
		. '{"path":[],"errors":{"__all__":["Gear violates the rule'
		. ' \'gear_fee\'."],"note":["Gear violates the rule'
		. ' \'gear_note\'."],"value":["Gear violates the rule'
		. ' \'named_value\'."],"price":["-1: give more than nothing."],'
		. '"fee":["-1: give more than nothing."],'
		. '"size":["Gear violates the rule \'small_small\'."]}}]}}',
		'are told with all others, by their columns',
		d => {price => -1, fee => -1, size => 100, value => 'value',
			note => ''};
	data $own, $insert, '{"insertGear":{"success":false,"validationErrors":['
		. '{"path":[],"errors":{"fair":["Gear violates the rule'
		. ' \'even\'."]}}]}}', 'one that nobody may call is told alone',
		d => {size => 1, pair => 2, fair => 3};
	data $own, $insert, '{"insertGear":{"success":true,"validationErrors":[]}}',
		'what satisfies them is written', d => {size => 1, price => 2,
			fee => 1, pair => 2, fair => 4, value => 'x', many => [1]};
	$own->sql('update api.gear set id = default');
	my $id = $own->sql('select id from api.gear');
	data $own, "mutation { updateGear(pk: $id, data: {price: 0, note: \"\"})"
		. ' { validationErrors } }', '{"updateGear":{"validationErrors":['
		. '{"path":[],"errors":{"__all__":["Gear violates the rule'
		. ' \'gear_fee\'."],"note":["Gear violates the rule'
		. ' \'gear_note\'."],"price":["0: give more than nothing."]}}]}}',
		'... and of a row that is there';
};

subtest 'what Postgres alone can tell' => sub {
	start_over();
	$p->sql(<<~'E');
		create function public.shout() returns trigger language plpgsql as
		$$ begin new.name := ''; return new; end $$;
		create trigger shout before insert on api.artist for each row
		when (new.country = 'loud') execute function public.shout();
		E
	data $p, 'mutation { insertLabel(data: {name: "x", establishedYear: 2000,'
		. ' artists: [{data: {name: "y"}}, {data: {name: "z", country:'
		. ' "loud"}}]}) { success validationErrors } }',
		'{"insertLabel":{"success":false,"validationErrors":[{"path":'
		. '["artists",1],"errors":{"name":["Name cannot be empty."]}}]}}',
		'a check after a trigger is its row\'s';
	rows($start, '... nothing is done');
	$p->sql('drop function public.shout() cascade');
	refused $p, 'mutation { insertWide(data: {address: "nowhere"})'
		. ' { success } }', 'Wide address is not valid.',
		'a value that only its type can judge';
	refused $p, 'mutation { insertWide(data: {money: 12345678901.5})'
		. ' { success } }', 'A value is not valid for its column.',
		'... or its column';
};

subtest 'permissions' => sub {
	fails 'mutation { insertAward(data: {name: "x"}) { success } }',
		'Invalid permissions.', 'to insert';
	fails 'mutation { insertLabel(data: {name: "x", establishedYear: 2000})'
		. ' { success } deleteAward(pk: 1) { success } }',
		'Invalid permissions.', 'to delete, and nothing else is done';
	fails 'mutation { updateArtist(pk: 1, data: {name: "x", awards:'
		. ' {items: [{data: {name: "x"}}]}}) { success } }',
		'Invalid permissions.', 'to insert below';
	fails 'mutation { updateArtist(pk: 1, data: {name: "x", awards:'
		. ' {items: [{pk: 1, data: {name: "x"}}]}}) { success } }',
		'Invalid permissions.', 'to update below';
	start_over();
	$p->sql("insert into api.award (name, artist_id) values ('x', 1)");
	refused $p, 'mutation { updateArtist(pk: 1, data: {name: "x", awards:'
		. ' {updateStrategy: replace, items: []}}) { success } }',
		'Invalid permissions. UpdateStrategy \'replace\' has resulted in a'
		. ' DELETE operation on Award.', 'to delete what is replaced';
	data $p, 'mutation { updateArtist(pk: 2, data: {name: "x", awards:'
		. ' {updateStrategy: replace, items: []}}) { success } }',
		'{"updateArtist":{"success":true}}', '... where there is anything';
};

# The database's own function and what nobody may read: a model of its own.
subtest 'what a role cannot see' => sub {
	my $own = Postern->database(migrations => "$FindBin::Bin/fixtures/music");
	$own->sql(<<~'E');
		create schema own;
		create function own.is_fine(text) returns boolean
		language sql immutable return $1 <> 'bad';
		alter table api.tag add constraint tag_fine
			check (own.is_fine(name));
		create table api.inbox (
			id integer generated always as identity primary key,
			body text constraint inbox_body check (body <> ''),
			tag_id integer references api.tag
		);
		grant insert on api.inbox to postern_anonymous;
		grant select, insert, update on api.inbox to postern_admin;
		revoke update on api.tag from postern_anonymous;
		grant update (name) on api.tag to postern_anonymous;
		E
	my $tag = 'mutation ($n: String!) { insertTag(data: {name: $n})'
		. ' { success validationErrors } }';
	data $own, $tag, '{"insertTag":{"success":true,"validationErrors":[]}}',
		'a check may call what its writer may not', n => 'good';
	data $own, $tag, '{"insertTag":{"success":false,"validationErrors":['
		. '{"path":[],"errors":{"name":["Tag violates the rule'
		. ' \'tag_fine\'."]}}]}}', '... and is told all the same',
		n => 'bad';
	data $own, 'mutation { insertInbox(tag: "t", data: {body: "x", tag:'
		. ' {name: "n"}}) { success pksToTags { tag pk } result { id } } }',
		'{"insertInbox":{"success":true,"pksToTags":[{"tag":"t","pk":null}'
		. '],"result":null}}', 'one may write what one may not read';
	is $own->sql('select body, tag_id from api.inbox'), 'x|3', '... with links';
	refused $own, 'mutation { updateInbox(pk: 1, data: {body: "y"})'
		. ' { success } }', 'Invalid permissions.', '... but not change it';
	data $own, 'mutation { updateTag(pk: 1, data: {name: "y"}) { success } }',
		'{"updateTag":{"success":true}}', 'a column may be changed alone';
};

# Tables of which there is nothing to give, or nothing that one may give.
subtest 'rows of defaults alone' => sub {
	my $own = Postern->database(migrations => "$FindBin::Bin/fixtures/music");
	$own->sql(<<~'E');
		create table api.lone (
			id integer generated always as identity primary key
		);
		create table api.kv (k text primary key default 'x');
		create table api.shut (
			id integer generated always as identity primary key,
			body text default 'b'
		);
		grant select, insert on api.lone, api.kv to postern_anonymous;
		grant select, insert (id) on api.shut to postern_anonymous;
		E
	data $own, 'mutation { insertLone { success } }',
		'{"insertLone":{"success":true}}', 'a key';
	data $own, 'mutation { insertLone(tag: "t") { pksToTags { tag pk }'
		. ' result { id } } }', '{"insertLone":{"pksToTags":[{"tag":"t",'
		. '"pk":"2"}],"result":{"id":"2"}}}', '... that is told';
	data $own, 'mutation { insertKv(tag: "t") { pksToTags { pk } } }',
		'{"insertKv":{"pksToTags":[{"pk":"x"}]}}', 'a text';
	data $own, 'mutation { insertShut { result { id body } } }',
		'{"insertShut":{"result":{"id":"1","body":"b"}}}',
		'a column that is not to be given';
	is $own->sql('select count(*) from api.lone'), 2, 'they are there';
};

subtest 'messages with what came in' => sub {
	my $own = Postern->database(migrations => "$FindBin::Bin/fixtures/music");
	$own->sql(<<~'E');
		create table api.gear (
			id integer generated always as identity primary key,
			name text constraint gear_name_key unique,
			price numeric constraint gear_price check (price < 10),
			note text constraint gear_note check (note <> '')
		);
		comment on constraint gear_name_key on api.gear is
			'Gear ''{name}'' already exists.';
		comment on constraint gear_price on api.gear is
			'Too dear: {price}, {note}, {else}, {.';
		grant select, insert, update on api.gear to postern_anonymous;
		insert into api.gear (name, price) values ('{price}', 1);
		E
	refused $own, 'mutation { insertGear(data: {name: "{price}", price: 2})'
		. ' { success } }', "Gear '{price}' already exists.",
		'of a unique constraint';
	data $own, 'mutation { insertGear(data: {price: 12.50, note: null})'
		. ' { validationErrors } }', '{"insertGear":{"validationErrors":['
		. '{"path":[],"errors":{"price":["Too dear: 12.50, {note}, {else},'
		. ' {."]}}]}}', 'of a check; what is null or absent stays as it is';
	data $own, 'mutation { updateGear(pk: 1, data: {price: 11, note: "n"})'
		. ' { validationErrors } }', '{"updateGear":{"validationErrors":['
		. '{"path":[],"errors":{"price":["Too dear: 11, n, {else}, {."]}}'
		. ']}}', '... of a change';
};

subtest 'where an error is' => sub {
	start_over();
	my $r = query($p, "mutation {\n  a: insertTag(data: {name: \"x\"})"
		. " { success }\n  b: insertTag(data: {name: \"x\"}) { success }\n}");
	is_deeply $r->{json}, {
		data   => undef,
		errors => [{
			message    => 'Tag with this name already exists.',
			locations  => [{line => 3, column => 3}],
			path       => ['b'],
			extensions => {code => 'CONFLICT'}
		}]
	}, 'at its field' or diag $r->{body};
	is $p->sql('select count(*) from api.tag'), 2, '... and nothing is done';
};

# The fixture's trigger fails with the SQLSTATE in the mark.
subtest 'what a trigger says' => sub {
	for my $case (['P0001', 'xyzzy'], ['0A000', 'Bad Request']) {
		my ($state, $message) = @$case;
		my $r = query($p, "mutation {\n  a: insertTag(data: {name: \"x\"})"
			. " { success }\n  b: insertLuck(data: {mark:"
			. " \"$state always\"}) { success }\n}");
		is_deeply [$r->{status}, @{$r->{json}}{qw(data errors)}],
			[200, undef, [{
				message    => $message,
				extensions => {code => 'BAD_REQUEST'},
				$state eq 'P0001' ? (locations => [{line => 3, column => 3}],
					path => ['b']) : ()
			}]], "$state is an error of the field" or diag $r->{body};
	}
	is $p->sql(q{select count(*) from api.tag where name = 'x'}), 0,
		'... and nothing is done';
	$p->sql('alter sequence faults.tries restart');
	query($p, 'mutation { insertLuck(data: {mark: "0A000 always"})'
		. ' { success } }');
	is $p->sql("select nextval('faults.tries')"), 2,
		'what Postgres does not do is tried once';
};

subtest 'what is found out at the end' => sub {
	my $later = 'alter table api.album alter constraint album_artist_id_fkey';
	$p->sql("$later deferrable initially deferred");
	start_over();
	my $r = query($p, "mutation {\n  a: insertTag(data: {name: \"x\"})"
		. " { success }\n  b: insertAlbum(data: {title: \"x\","
		. " artistId: 99}) { success }\n}");
	is_deeply $r->{json}, {
		data   => undef,
		errors => [{
			message    => "Album violates the rule 'album_artist_id_fkey'.",
			locations  => [{line => 3, column => 3}],
			path       => ['b'],
			extensions => {code => 'CONFLICT'}
		}]
	}, 'is told' or diag $r->{body};
	rows $start, '... and nothing is done';
	is $p->sql('select count(*) from api.tag'), 2, '... at all';
	$p->sql("$later not deferrable");
};

subtest 'a view that checks what is written through it' => sub {
	start_over();
	$p->sql(<<~'SQL');
		create view api.short_tags as
		select id, name from api.tag where char_length(name) < 5
		with check option;
		comment on view api.short_tags is '@key id';
		grant select, insert on api.short_tags to postern_anonymous;
		notify postern;
		SQL
	ok until_true(5, sub {
		query($p, '{ ShortTagsMany { id } }')->{json}{data}
	}), 'is there soon';
	refused $p,
		'mutation { insertShortTag(data: {name: "too long"}) { success } }',
		'ShortTag would not show the row.', 'what it would not show';
	is $p->sql("select count(*) from api.tag where name = 'too long'"), 0,
		'... is not written';
	$p->sql('drop view api.short_tags; notify postern');
};

subtest 'much at once' => sub {
	start_over();
	my @items = map { {tag => "t$_", data => {name => "a$_"}} } 1 .. 400;
	my $document = 'mutation ($a: [NestedItemInsertArtist]) { insertLabel('
		. 'data: {name: "x", establishedYear: 2000, artists: $a})'
		. ' { success pksToTags { pk } result { artists(limit: 1)'
		. ' { name } } } }';
	my $r = query($p, $document, a => \@items);
	is $r->{json}{data}{insertLabel}{pksToTags}->@*, 400, '400 rows'
		or diag $r->{body};
	is $p->sql('select count(*) from api.artist where label_id = 3'), 400,
		'... are there';
	push @items, map { {data => {name => 'x'}} } 1 .. 100;
	refused $p, $document, 'A mutation may write 500 rows.',
		'too many are refused', a => \@items;
};

done_testing;
