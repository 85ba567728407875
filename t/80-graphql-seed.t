#!/usr/bin/perl
# GraphQL's default schema, document by document: what its description prints
# is sent as it is printed, and answered as it says.  Then the same for users
# and events.
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

# The ids of a list of albums as JSON, for documents that ask for no more.
sub albums (@ids)
{
	return '{"AlbumsMany":[' . join(',', map { qq({"id":"$_"}) } @ids) . ']}';
}

subtest 'a label and its artists are inserted at once' => sub {
	data $p, <<~'GRAPHQL', <<~'JSON', 'nested inserts, and who is who';
		mutation {
		  insertLabel(
		    tag: "label-tag"
		    data: {
		      name: "My Label"
		      establishedYear: 2021
		      artists: [
		        { tag: "first-artist-tag", data: {name: "First Artist"} },
		        { tag: "second-artist-tag", data: {name: "Second Artist"} }
		      ]
		    }
		  ) {
		    success
		    pksToTags {
		      pk
		      tag
		    }
		    result {
		      id
		      artists {
		        id
		      }
		    }
		  }
		}
		GRAPHQL
		{"insertLabel": {
			"success": true,
			"pksToTags": [
				{"pk": "1", "tag": "label-tag"},
				{"pk": "1", "tag": "first-artist-tag"},
				{"pk": "2", "tag": "second-artist-tag"}],
			"result": {"id": "1", "artists": [{"id": "1"}, {"id": "2"}]}}}
		JSON
	is $p->sql('select id, name, established_year from api.label'),
		'1|My Label|2021', 'the label is there';
	is $p->sql('select id, name, label_id from api.artist order by id'),
		"1|First Artist|1\n2|Second Artist|1", '... and so are its artists';
};

my $update = <<~'GRAPHQL';
	mutation {
	  updateLabel(
	    pk: 1
	    data: {
	      name: "My Cooler Label"
	      establishedYear: 3021
	      artists: {
	        updateStrategy: "merge"
	        items: [
	          { pk: 1, data: {name: "Cool Artist"} },
	          { tag: "second-artist-tag" data: {name: "Cooler Artist"} }
	        ]
	      }
	    }
	  ) {
	    success
	    pksToTags {
	      pk
	      tag
	    }
	    result {
	      id
	      artists {
	        id
	      }
	    }
	  }
	}
	GRAPHQL

subtest 'a label and its artists are updated at once' => sub {
	my $r = query($p, $update =~ s/"merge"/"mix"/r);
	like +(messages($r))[0], qr/^Enum\ "UpdateStrategy"\ cannot\ represent
		\ non-enum\ value:\ "mix"\./x, 'a strategy that there is not';
	is $p->sql('select name from api.label'), 'My Label', '... nothing is done';

	data $p, $update, <<~'JSON', 'merge: one is updated, one is new';
		{"updateLabel": {
			"success": true,
			"pksToTags": [{"pk": "3", "tag": "second-artist-tag"}],
			"result": {"id": "1",
				"artists": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}}}
		JSON
	is $p->sql('select name, established_year from api.label'),
		'My Cooler Label|3021', 'the label is another';
	is $p->sql('select name from api.artist where label_id = 1 order by id'),
		"Cool Artist\nSecond Artist\nCooler Artist", '... and so are the artists';

	$update =~ s/merge/replace/;
	data $p, $update, <<~'JSON', 'replace: who is not named is deleted';
		{"updateLabel": {
			"success": true,
			"pksToTags": [{"pk": "4", "tag": "second-artist-tag"}],
			"result": {"id": "1", "artists": [{"id": "1"}, {"id": "4"}]}}}
		JSON
	is $p->sql('select id, name from api.artist order by id'),
		"1|Cool Artist\n4|Cooler Artist", '... from the table';
};

subtest 'a label is deleted' => sub {
	my $delete = 'mutation ($pk: ID!) { deleteLabel(pk: $pk) { success } }';
	data $p, $delete, '{"deleteLabel":{"success":false}}',
		'not while it has artists', pk => 1;
	is $p->sql('select count(*) from api.label'), 1, '... it is still there';
	$p->sql('delete from api.artist');
	data $p, $delete, '{"deleteLabel":{"success":true}}', 'then it is', pk => 1;
	is $p->sql('select count(*) from api.label'), 0, '... it is not';
};

# One line, as it is printed.
my $insert = 'mutation InsertLabel($name: String!) { insertLabel(data: '
	. '{ name: $name, establishedYear: 1699 }) { success validationErrors '
	. 'result { id } } }';

subtest 'input is validated' => sub {
	data $p, $insert, <<~'JSON', 'all that is wrong is said', name => '';
		{"insertLabel": {
			"success": false,
			"validationErrors": [{"path": [], "errors": {
				"name": ["Name cannot be empty."],
				"established_year": ["Label is too old!"]}}],
			"result": null}}
		JSON
	data $p, <<~'GRAPHQL', <<~'JSON', 'the path leads to nested input';
		mutation {
		  insertLabel(data: {name: "x", establishedYear: 2021, artists: [
		    {data: {name: ""}}, {data: {name: "y"}}, {data: {name: ""}}
		  ]}) { success validationErrors result { id } }
		}
		GRAPHQL
		{"insertLabel": {
			"success": false,
			"validationErrors": [
				{"path": ["artists", 0],
					"errors": {"name": ["Name cannot be empty."]}},
				{"path": ["artists", 2],
					"errors": {"name": ["Name cannot be empty."]}}],
			"result": null}}
		JSON
	is $p->sql('select (select count(*) from api.label)'
		. ' + (select count(*) from api.artist)'), 0, 'nothing was kept';

	my $camel = Postern->database(migrations => $music,
		env => {POSTERN_GRAPHQL_ERRORS => 'camel'});
	data $camel, $insert, <<~'JSON', 'names may be cased as clients write them',
		{"insertLabel": {
			"success": false,
			"validationErrors": [{"path": [], "errors": {
				"name": ["Name cannot be empty."],
				"establishedYear": ["Label is too old!"]}}],
			"result": null}}
		JSON
		name => '';
};

$p->sql(<<~'SQL');
	set client_min_messages = error;
	truncate api.label, api.artist, api.album restart identity cascade;
	insert into api.label (name, established_year) values
		('Parlophone', 1896), ('Sub Pop', 1986), ('Nobody''s', 1959);
	insert into api.artist (name, label_id) values
		('Blur', 1), ('Air', 1), ('Coldplay', 1), ('Duran', 1),
		('Nirvana', 2), ('Loner', null);
	insert into api.album (title, released_date, artist_id) values
		('Cool Album', '1994-04-25', 1),
		('Fun', '1997-02-10', 1),
		('Exciting', '1969-12-31', 1),
		('Love Songs', '1969-01-01', 2),
		('Love', '1998-01-16', 2),
		('Sad', '2000-07-10', 3),
		('Glum', '1970-01-01', 3),
		('Bleach', '1989-06-15', 5),
		('unlove', '1965-01-01', 6),
		('Fun', '2001-01-01', 1);
	SQL

subtest 'one by its key' => sub {
	data $p, '{ AlbumByPk(pk: 1) { id title releasedDate artist { name } } }',
		'{"AlbumByPk":{"id":"1","title":"Cool Album","releasedDate":'
		. '"1994-04-25","artist":{"name":"Blur"}}}', 'an album';
	data $p, '{ LabelByPk(pk: "2") { name establishedYear artists { name } } }',
		'{"LabelByPk":{"name":"Sub Pop","establishedYear":1986,'
		. '"artists":[{"name":"Nirvana"}]}}', 'a label';
};

# The text of a condition, as it is printed, and which albums meet it.
my @predicates = (
	['{title: {_eq: "Cool Album"}}',         1],
	['{title: {_neq: "Cool Album"}}',        2 .. 10],
	['{releasedDate: {_gt: "1970-01-01"}}',  1, 2, 5, 6, 8, 10],
	['{releasedDate: {_gte: "1970-01-01"}}', 1, 2, 5 .. 8, 10],
	['{releasedDate: {_lt: "1970-01-01"}}',  3, 4, 9],
	['{releasedDate: {_lte: "1970-01-01"}}', 3, 4, 7, 9],
	['{title: {_in: ["Fun", "Exciting"]}}',  2, 3, 10],
	['{title: {_nin: ["Sad", "Glum"]}}',     1 .. 5, 8 .. 10],
	['{title: {_like: "Love"}}',             4, 5],
	['{title: {_ilike: "Love"}}',            4, 5, 9],
);

subtest 'predicates' => sub {
	for (@predicates) {
		my ($where, @ids) = @$_;
		data $p, "query {\n  AlbumsMany(where: $where) {\n    id\n  }\n}",
			albums(@ids), $where;
	}
	data $p, <<~'GRAPHQL', albums(), 'which titles are null';
		query {
		  AlbumsMany(
		    where: {
		      title: { _is_null: true} # Pass False for "is not null"
		      # title: { _is_null: false}
		    }
		  ) {
		    id
		  }
		}
		GRAPHQL
	data $p, '{ AlbumsMany(where: {title: { _is_null: false}}) { id } }',
		albums(1 .. 10), '... and which are not';
};

subtest 'logical operands' => sub {
	data $p, <<~'GRAPHQL', albums(5), 'conjunction';
		query {
		  AlbumsMany(
		    where: {
		      _and: [
		        {title: {_like: "Love"}}
		        {releasedDate: {_gte: "1970-01-01"}}
		      ]
		    }
		    # Equivalent, less verbose/explicit:
		    # {title: {_like: "Love"}, releasedDate: {_gte: "1970-01-01"}}
		  ) {
		    id
		  }
		}
		GRAPHQL
	data $p, '{ AlbumsMany(where: {title: {_like: "Love"}, '
		. 'releasedDate: {_gte: "1970-01-01"}}) { id } }', albums(5),
		'... without saying so';
	data $p, <<~'GRAPHQL', albums(1, 2, 4 .. 8, 10), 'disjunction';
		query {
		  AlbumsMany(
		    where: {
		      _or: [
		        {title: {_like: "Love"}},
		        {releasedDate: {_gte: "1970-01-01"}}
		      ]
		    }
		  ) {
		    id
		  }
		}
		GRAPHQL
	data $p, <<~'GRAPHQL', albums(3, 9), 'negation: old ones without love';
		query {
		  AlbumsMany(
		    where: {
		      _not: {
		        _or: [
		          {title: {_like: "Love"}},
		          {releasedDate: {_gte: "1970-01-01"}}
		        ]
		      }
		    }
		  ) {
		    id
		  }
		}
		GRAPHQL
};

my $on_labels = <<~'GRAPHQL';
	query AlbumsOnLabels($labelIds: [Int!]) {
	  AlbumsMany(
	    where: {
	      artist: {label: {id: {_in: $labelIds}}}
	      # Also works:
	      # artist: {labelId: {_in: $labelIds}}
	    }
	  ) {
	    id
	  }
	}
	GRAPHQL

# The way that is in the text's comment.
sub other ($text) { return $text =~ s/label: \{id: (.*?)\}\}\n/labelId: $1}\n/r }

# A key is an ID, for which a variable may be an Int.
subtest 'nested relations' => sub {
	data $p, $on_labels, albums(1 .. 7, 10), 'the text as it is printed',
		labelIds => [1];
	refused $p, $on_labels =~ s/Int!/String/r,
		'Variable "$labelIds" of type "[String]" used in position expecting '
		. 'type "[ID]".', 'no other type will do', labelIds => ['1'];
	(my $by_id = $on_labels) =~ s/Int/ID/;
	data $p, $by_id, albums(1 .. 7, 10), 'albums of artists of labels',
		labelIds => [1];
	data $p, $by_id, albums(1 .. 8, 10), '... of several', labelIds => [1, '2'];
	data $p, $by_id, albums(), '... of none', labelIds => [];
	data $p, other($by_id), albums(1 .. 7, 10), 'the key itself also works',
		labelIds => [1];

	my $int = Postern->database(migrations => $music,
		env => {POSTERN_GRAPHQL_SCALARS => 'key=Int'});
	$int->sql(<<~'SQL');
		insert into api.label (name, established_year)
		values ('A', 2000), ('B', 2000);
		insert into api.artist (name, label_id) values ('a', 1), ('b', 2);
		insert into api.album (title, artist_id) values ('x', 1), ('y', 2);
		SQL
	data $int, $on_labels, '{"AlbumsMany":[{"id":2}]}',
		'the printed text works where keys are Int', labelIds => [2];
	data $int, other($on_labels), '{"AlbumsMany":[{"id":2}]}',
		'... and so does the other one', labelIds => [2];
};

my @sorted = (8, 1, 3, 10, 2, 7, 5, 4, 6, 9);

subtest 'sort order and pagination' => sub {
	data $p, <<~'GRAPHQL', albums(@sorted), 'by title, then the latest first';
		query {
		  AlbumsMany(
		    orderBy: [
		      {title: asc},
		      {releasedDate: desc}
		    ]
		  ) {
		    id
		  }
		}
		GRAPHQL
	data $p, <<~'GRAPHQL', albums(@sorted), 'at most a hundred';
		query {
		  AlbumsMany(
		    orderBy: [{title: asc}, {releasedDate: desc}]
		    limit: 100
		  ) {
		    id
		  }
		}
		GRAPHQL
	my $page = <<~'GRAPHQL';
		query {
		  AlbumsMany(
		    orderBy: [{title: asc}, {releasedDate: desc}]
		    limit: 100
		    offset: 100
		  ) {
		    id
		  }
		}
		GRAPHQL
	data $p, $page, albums(), 'the second hundred';
	data $p, $page =~ s/100/3/gr, albums(@sorted[3 .. 5]), 'the second three';
};

# The labels' ids, and their first three artists.
my %top = (
	1 => '{"id":"1","artists":[{"id":"2","name":"Air"},'
		. '{"id":"1","name":"Blur"},{"id":"3","name":"Coldplay"}]}',
	2 => '{"id":"2","artists":[{"id":"5","name":"Nirvana"}]}',
);

subtest 'distinct' => sub {
	data $p, <<~'GRAPHQL', '{"LabelsMany":['
		query {
		  LabelsMany(
		    where: {artists: {id: {_is_null: false}}}
		  ) {
		    id
		    artists(limit: 3 orderBy: {name: asc}) {
		      id
		      name
		    }
		  }
		}
		GRAPHQL
		. join(',', @top{1, 1, 1, 1, 2}) . ']}',
		'a label comes once per artist';
	data $p, <<~'GRAPHQL', '{"LabelsMany":[' . join(',', @top{1, 2}) . ']}',
		query {
		  LabelsMany(
		    where: {artists: {id: {_is_null: false}}}
		    distinct: true
		  ) {
		    id
		    artists(limit: 3 orderBy: {name: asc}) {
		      id
		      name
		    }
		  }
		}
		GRAPHQL
		'... unless it is to be distinct';
};

subtest 'filtering on the result set' => sub {
	my $latest = <<~'GRAPHQL';
		query {
		  ArtistMany(where: {label: {name: {_eq: "Parlophone"}}}) {
		    id
		    name
		    albums(orderBy: {releasedDate: desc} limit: 3) {
		      id
		      title
		    }
		  }
		}
		GRAPHQL
	my $r = query($p, $latest);
	like +(messages($r))[0], qr/^Cannot\ query\ field\ "ArtistMany"
		\ on\ type\ "QueryRoot"\./x, 'lists have an s, a slip of the text';
	data $p, $latest =~ s/ArtistMany/ArtistsMany/r, <<~'JSON',
		{"ArtistsMany": [
			{"id": "1", "name": "Blur", "albums": [
				{"id": "10", "title": "Fun"},
				{"id": "2", "title": "Fun"},
				{"id": "1", "title": "Cool Album"}]},
			{"id": "2", "name": "Air", "albums": [
				{"id": "5", "title": "Love"},
				{"id": "4", "title": "Love Songs"}]},
			{"id": "3", "name": "Coldplay", "albums": [
				{"id": "6", "title": "Sad"},
				{"id": "7", "title": "Glum"}]},
			{"id": "4", "name": "Duran", "albums": []}]}
		JSON
		'the latest three albums of each artist';
};

# --- The same for users and events ------------------------------------------

$p->sql(<<~'SQL');
	insert into api.users (name) values ('Ada'), ('Bob');
	insert into api.events (name, address, schedule, host_id)
	select 'Event ' || n, 'Room ' || n,
		timestamptz '2030-01-02T03:04:05Z' + n * interval '1 day',
		(select id from api.users where name = 'Ada')
	from generate_series(1, 3) as n;
	insert into api.events (name) values ('Nowhere');
	SQL
my %user = map { split /\|/ } split /\n/,
	$p->sql('select name, id from api.users');

subtest 'users and events are read' => sub {
	data $p, 'query ($pk: ID!) { UserByPk(pk: $pk) { id name events(limit: 2 '
		. 'orderBy: {name: desc}) { name } } }', '{"UserByPk":{"id":"'
		. "$user{Ada}\",\"name\":\"Ada\",\"events\":[{\"name\":\"Event 3\"},"
		. '{"name":"Event 2"}]}}', 'a user', pk => $user{Ada};
	data $p, '{ UsersMany(where: {name: {_ilike: "b"}}) { name } }',
		'{"UsersMany":[{"name":"Bob"}]}', 'some users';
	data $p, '{ EventsMany(orderBy: {name: asc}, limit: 2) { name address '
		. 'schedule host { id name } } }', <<~JSON, 'events and their hosts';
		{"EventsMany": [
			{"name": "Event 1", "address": "Room 1",
				"schedule": "2030-01-03T03:04:05+00:00",
				"host": {"id": "$user{Ada}", "name": "Ada"}},
			{"name": "Event 2", "address": "Room 2",
				"schedule": "2030-01-04T03:04:05+00:00",
				"host": {"id": "$user{Ada}", "name": "Ada"}}]}
		JSON
	data $p, '{ EventsMany(where: {host: {name: {_eq: "Ada"}}, schedule: '
		. '{_gt: "2030-01-04T00:00:00Z"}}) { name } }', '{"EventsMany":'
		. '[{"name":"Event 2"},{"name":"Event 3"}]}', 'by host and time';
	data $p, '{ EventsMany(where: {hostId: {_is_null: true}}) { name hostId '
		. 'host { id } } }', '{"EventsMany":[{"name":"Nowhere","hostId":null,'
		. '"host":null}]}', 'an event without a host';
	data $p, '{ UsersMany(where: {events: {name: {_like: "Event"}}}) '
		. '{ name } }', '{"UsersMany":[' . join(',', ('{"name":"Ada"}') x 3)
		. ']}', 'hosts, once per event';
	my $r = query($p, '{ EventsMany { createdAt } }');
	like +(messages($r))[0], qr/^Cannot query field "createdAt" on type "Event"/,
		'what is hidden is not there';
};

subtest 'users and events are written' => sub {
	my $r = query($p, 'mutation { insertUser(tag: "me", data: {name: "Cyd"}) '
		. '{ success validationErrors pksToTags { tag pk type } '
		. 'result { id name createdAt } } }');
	my $id = $p->sql(q{select id from api.users where name = 'Cyd'});
	like squeeze($r->{body}), qr/\A\{"data":\{"insertUser":\{"success":true,
		"validationErrors":\[\],"pksToTags":\[\{"tag":"me","pk":"\Q$id\E",
		"type":"User"\}\],"result":\{"id":"\Q$id\E","name":"Cyd",
		"createdAt":"$STAMP"\}\}\}\}\z/x, 'a user';

	data $p, <<~'GRAPHQL', <<~'JSON', 'an event and its host';
		mutation {
		  insertEvent(data: {name: "Party", address: "Home",
		      schedule: "2031-05-06T09:00:00+02:00", host: {name: "Dan"}}) {
		    success
		    result { name schedule host { name events { name } } }
		  }
		}
		GRAPHQL
		{"insertEvent": {"success": true, "result": {"name": "Party",
			"schedule": "2031-05-06T07:00:00+00:00",
			"host": {"name": "Dan", "events": [{"name": "Party"}]}}}}
		JSON
	data $p, 'mutation ($id: ID!) { insertEvent(data: {name: "More", address: '
		. '"", schedule: "2031-05-06T09:00:00Z", hostId: $id}) { result { '
		. 'host { name } } } }', '{"insertEvent":{"result":{"host":'
		. '{"name":"Cyd"}}}}', 'an event of a host who is there', id => $id;
	data $p, 'mutation ($id: ID!) { updateUser(pk: $id, data: {name: "Dee"}) '
		. '{ success result { name events { name } } } }', '{"updateUser":'
		. '{"success":true,"result":{"name":"Dee","events":[{"name":"More"}]}}}',
		'a user is renamed', id => $id;
	data $p, 'mutation ($id: ID!) { deleteUser(pk: $id) { success } }',
		'{"deleteUser":{"success":false}}', 'who hosts is not deleted',
		id => $id;
	is $p->sql(q{select count(*) from api.users where name = 'Dee'}), 1,
		'... really';
	data $p, 'mutation ($id: ID!) { deleteUser(pk: $id) { success } }',
		'{"deleteUser":{"success":true}}', 'who does not is', id => $user{Bob};
	is $p->sql(q{select count(*) from api.users where name = 'Bob'}), 0,
		'... really';
};

done_testing;
