#!/usr/bin/perl
# JSON:API, writing: creating, changing and deleting resources, with what they
# are linked to, and what is said when that cannot be.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JSON::PP ();
use JsonApi;
use Postern;
use Rest qw(uri);

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_BASE_URL => $BASE});
my $api = JsonApi->new($p);

# In 422s, as everywhere.
sub missing (@loc)
{
	return {loc => ['body', @loc], msg => 'field required',
		type => 'value_error.missing'};
}

sub one ($type, $id) { return {type => $type, id => "$id"} }

sub to ($data) { return {data => $data} }

# ... in the order in which they are said.
sub invalid ($r, $issues, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is $r->{status}, 422, $name;
	is_deeply $r->{json}, {detail => $issues}, '... told as ever'
		or diag $r->{body};
}

# What the database has, and how many rows of it.
sub row ($table, $id, $columns)
{
	return $p->sql("select $columns from api.$table where id = $id");
}

sub rows ($table) { return $p->sql("select count(*) from api.$table") }

subtest 'a new one' => sub {
	my $r = $api->seed(POST => '/jsonapi/people', data => {type => 'person',
		attributes => {name => 'Fay', age => 7}});
	is "$r->{status} $r->{headers}{'content-type'}", "201 $TYPE", 'is created';
	my $id = $r->{json}{data}{id};
	is_deeply $r->{json}{data}, {type => 'person', id => $id,
		attributes => {name => 'Fay', age => 7, email => undef},
		links => {self => "/jsonapi/people/$id"}}, '... and shown';
	is_deeply $r->{json}{jsonapi}, {version => '1.0'}, '... with a version';
	ok !defined $r->{json}{meta}, '... and nothing to count';
	is row(people => $id, 'name, age, email'), 'Fay|7|', '... and there';
	is $r->{headers}{location}, "/jsonapi/people/$id", '... at this place';

	$r = $api->strict(POST => '/jsonapi/people', data => {type => 'person',
		attributes => {name => 'Gus'}});
	is $r->{status}, 201, 'strict: is created';
	is $r->{headers}{location}, $r->{json}{data}{links}{self},
		'... at the place that it names itself';
	is $api->strict(GET => $r->{headers}{location})
		->{json}{data}{attributes}{name}, 'Gus', '... where it is';

	$r = $api->seed(POST => '/jsonapi/people', type => 'application/json',
		data => {attributes => {name => 'Hal', nope => 1, secret => 'x'}});
	is $r->{status}, 201, 'plain JSON without a type is fine';
	is row(people => $r->{json}{data}{id}, 'name, secret'), 'Hal|hunter2',
		'... and what nobody may set is left out';
	for my $name (qw(secret nope)) {
		$r = $api->strict(POST => '/jsonapi/people', data => {type =>
			'person', attributes => {name => 'Hal', $name => 'x'}});
		is "$r->{status} $r->{json}{errors}[0]{detail}",
			"422 $name: there is no such attribute", "strict: $name is none";
	}
	$r = $api->seed(POST => '/people', data => {attributes =>
		{name => 'Ivy'}});
	is $r->{json}{data}{links}{self}, "/people/$r->{json}{data}{id}",
		'by the type of the request alone';
	$r = $api->seed(POST => uri('/jsonapi/people', 'fields[person]' => 'name'),
		data => {attributes => {name => 'Joe', age => 3}});
	is_deeply $r->{json}{data}{attributes}, {name => 'Joe'},
		'shown with the fields that are asked for';
	$r = $api->strict(POST => '/jsonapi/gadgets', data => {type => 'gadget',
		attributes => {name => 'tv', colour => 'green', price => 99.9,
		active => JSON::PP::false, made => '2022-02-02',
		seen => '2022-02-02T03:00:00+03:00', spec => {a => [1, undef]},
		tags => ['x', 'y']}});
	is_deeply $r->{json}{data}{attributes}, {name => 'tv', colour => 'green',
		price => 99.9, cost => undef, active => JSON::PP::false,
		made => '2022-02-02', seen => '2022-02-02T00:00:00+00:00',
		code => undef, spec => {a => [1, undef]}, tags => ['x', 'y']},
		'values of every type' or diag $r->{body};
};

subtest 'what a body lacks' => sub {
	my $n = rows('people');
	invalid $api->seed(POST => '/jsonapi/people', json => {}),
		[missing('data')], 'everything';
	invalid $api->seed(POST => '/jsonapi/people', data => {attributes => {}}),
		[missing(qw(data attributes name))], 'an attribute';
	invalid $api->seed(POST => '/jsonapi/people', data => {}),
		[missing(qw(data attributes))], 'attributes';
	invalid $api->seed(POST => '/jsonapi/posts', data => {attributes =>
		{title => 'x'}}), [missing(qw(data relationships))],
		'relationships';
	invalid $api->seed(POST => '/jsonapi/posts', data => {attributes =>
		{title => 'x'}, relationships => {}}),
		[missing(qw(data relationships author))], 'one of them';
	invalid $api->seed(POST => '/jsonapi/people', body => '[]'),
		[{loc => ['body'], msg => 'value is not a valid dict',
		type => 'type_error.dict'}], 'a list is no body';
	for my $case (
		[{name => undef}, 'name', 'none is not an allowed value',
			'type_error.none.not_allowed'],
		[{name => []}, 'name', 'str type expected', 'type_error.str'],
		[{name => 'x', age => 'y'}, 'age', 'value is not a valid integer',
			'type_error.integer'],
	) {
		my ($attributes, $name, $words, $type) = @$case;
		invalid $api->seed(POST => '/jsonapi/people',
			data => {attributes => $attributes}),
			[{loc => ['body', 'data', 'attributes', $name], msg => $words,
			type => $type}], "a $name that is none";
		my $r = $api->strict(POST => '/jsonapi/people',
			data => {type => 'person', attributes => $attributes});
		is $r->{status}, 422, '... strictly';
		is $r->{json}{errors}[0]{source}{pointer},
			"/data/attributes/$name", '... at its place';
	}
	my $r = $api->strict(POST => '/jsonapi/posts', data => {type => 'post',
		attributes => {}, relationships => {}});
	is $r->{status}, 422, 'strict: two that are missing';
	is join(' ', sort map { $_->{source}{pointer} } $r->{json}{errors}->@*),
		'/data/attributes /data/relationships',
		'... are told together, where the document lacks them'
		or diag $r->{body};
	for my $body ('', '{', 'x', '{"data":{"attributes":{"name":"x"}}',
		'{"data":[]}', '{"data":null}', '{"data":5}',
		'{"data":{"attributes":[]}}', '{"data":{"type":5}}',
		'{"data":{"attributes":{"name":"x"},"relationships":[]}}',
		'{"data":{"attributes":{"name":"x"},"relationships":{"bio":[]}}}',
		'{"data":{"attributes":{"name":"x"},"relationships":{"bio":{}}}}',
		'{"data":{"attributes":{"name":"x"},"data":1},"data":{}}',
		'{"data":{"attributes":{"name":"a\u0000b"}}}', 'null', '"x"')
	{
		for my $mode (qw(seed strict)) {
			my $r = $api->$mode(POST => '/jsonapi/people', body => $body);
			like $r->{status}, qr/^4(?:00|09|22)$/, "$mode: $body"
				or diag $r->{body};
		}
	}
	is rows('people'), $n, 'nothing came of it';
};

subtest 'who it is' => sub {
	my $r = $api->seed(POST => '/jsonapi/people', data => {type => 'person',
		id => '777', attributes => {name => 'Kim'}});
	is $r->{status}, 201, 'seed: an id that nobody may choose';
	isnt $r->{json}{data}{id}, '777', '... is not taken';
	$r = $api->strict(POST => '/jsonapi/people', data => {type => 'person',
		id => '778', attributes => {name => 'Kim'}});
	is $r->{status}, 403, 'strict: is refused';
	$r = $api->seed(POST => '/jsonapi/people', data => {type => 'post',
		attributes => {name => 'Lea'}});
	is $r->{status}, 201, 'seed: the type is not compared';
	for my $case (['another type', type => 'post'], ['no type']) {
		my ($what, @type) = @$case;
		$r = $api->strict(POST => '/jsonapi/people', data => {@type,
			attributes => {name => 'Mia'}});
		is $r->{status}, 409, "strict: $what is a conflict";
		$r = $api->strict(PATCH => '/jsonapi/people/1', data => {@type,
			id => '1', attributes => {name => 'Mia'}});
		is $r->{status}, 409, '... of a change, too';
	}
	is row(people => 1, 'name'), 'Ada', '... that is not made';
	for my $mode (qw(seed strict)) {
		$r = $api->$mode(POST => '/jsonapi/labels', data => {type => 'label',
			id => "l-$mode", attributes => {title => 'T'}});
		is $r->{status}, 201, "$mode: an id that clients may choose";
		is $r->{json}{data}{id}, "l-$mode", '... is taken';
		is $r->{headers}{location}, "/jsonapi/labels/l-$mode", '... as place';
		my $uuid = '00000000-0000-4000-8000-00000000000'
			. ($mode eq 'seed' ? 1 : 2);
		$r = $api->$mode(POST => '/jsonapi/parcels', data => {
			type => 'parcel', id => $uuid, attributes => {name => 'P'}});
		is $r->{json}{data}{id}, $uuid, '... one that has a default';
		$r = $api->$mode(POST => '/jsonapi/parcels', data => {
			type => 'parcel', attributes => {name => 'P'}});
		like $r->{json}{data}{id}, $Rest::UUID, '... or not';
	}
	$r = $api->seed(POST => '/jsonapi/labels', data => {type => 'label',
		id => 'l-seed', attributes => {title => 'T'}});
	is $r->{status}, 400, 'seed: an id that is taken';
	is $r->{json}{errors}[0]{detail}, 'Object creation error', '... fails';
	$r = $api->strict(POST => '/jsonapi/labels', data => {type => 'label',
		id => 'l-seed', attributes => {title => 'T'}});
	is $r->{status}, 409, 'strict: is a conflict';
	$r = $api->strict(POST => '/jsonapi/parcels', data => {type => 'parcel',
		id => 'x', attributes => {name => 'P'}});
	like $r->{status}, qr/^4(?:00|09|22)$/, 'an id that cannot be';
	$r = $api->strict(POST => '/jsonapi/seats', data => {type => 'seat',
		id => '7,Q', attributes => {note => 'new'}});
	is "$r->{status} $r->{json}{data}{id}", '201 7,Q', 'one of two columns'
		or diag $r->{body};
	is $r->{headers}{location}, '/jsonapi/seats/7,Q', '... at its place';
};

subtest 'a change' => sub {
	my $r = $api->seed(PATCH => '/jsonapi/people/2', data => {id => '2',
		type => 'person', attributes => {age => 26}});
	is $r->{status}, 200, 'is made';
	is_deeply $r->{json}{data}{attributes}, {name => 'Bob', age => 26,
		email => 'bob@example.com'}, '... and the rest stays';
	is row(people => 2, 'name, age'), 'Bob|26', '... there';
	$r = $api->strict(PATCH => '/jsonapi/people/2', data => {id => '2',
		type => 'person', attributes => {age => undef}});
	is "$r->{status} " . ($r->{json}{data}{attributes}{age} // 'null'),
		'200 null', 'strict: null is a value';
	$r = $api->strict(PATCH => '/jsonapi/people/2', data => {id => '2',
		type => 'person', attributes => {}});
	is $r->{status}, 200, 'nothing is changed where nothing is given';
	$r = $api->strict(PATCH => '/jsonapi/people/2', data => {id => '2',
		type => 'person'});
	is $r->{status}, 200, '... nor attributes';
	$r = $api->seed(PATCH => uri('/jsonapi/people/2', include => 'computers',
		'fields[person]' => 'name', 'fields[computer]' => ''),
		data => {id => '2', attributes => {age => 25}});
	is included($r), 'computer/3', 'what comes along';
	is_deeply $r->{json}{data}{attributes}, {name => 'Bob'},
		'... and which members';
	is linked($r->{json}{data}, 'computers'), 'computer/3', '... linked to';
	$r = $api->strict(PATCH => '/jsonapi/seats/1,A', data => {type => 'seat',
		id => '1,A', attributes => {note => 'moved'}});
	is "$r->{status} $r->{json}{data}{attributes}{note}", '200 moved',
		'a key of two columns';
	$r = $api->seed(PATCH => '/jsonapi/people/2', data => {id => '3',
		attributes => {age => 1}});
	is_deeply [$r->{status}, $r->{json}], [400, {errors => [{
		status_code => 400, source => {pointer => '/data/id'},
		title => 'Bad Request',
		detail => 'obj_id and data.id should be same'}]}],
		'seed: another id than the path\'s' or diag $r->{body};
	$r = $api->strict(PATCH => '/jsonapi/people/2', data => {id => '3',
		type => 'person', attributes => {age => 1}});
	is "$r->{status} $r->{json}{errors}[0]{source}{pointer}", '409 /data/id',
		'strict: is a conflict';
	is row(people => 2, 'age'), 25, '... and nothing is changed';
	$r = $api->strict(PATCH => '/jsonapi/people/2', data => {
		type => 'person', attributes => {age => 1}});
	like $r->{status}, qr/^4(?:00|09|22)$/, 'strict: no id';
	for my $id (99, 'x') {
		$api->refuses([PATCH => "/jsonapi/people/$id", data => {id => "$id",
			type => 'person', attributes => {name => 'N'}}], {status => 404,
			title => 'Resource not found.', meta => {parameter => 'id'},
			detail => "Resource Person `$id` not found"}, "there is no $id");
	}
	$api->refuses([PATCH => '/jsonapi/notes/2', data => {id => '2',
		type => 'note', attributes => {text => 'N'}}], {status => 404,
		title => 'Resource not found.', meta => {parameter => 'id'},
		detail => 'Resource Note `2` not found'},
		'what a policy hides is not there');
	invalid $api->seed(PATCH => '/jsonapi/people/1', data => {id => '1',
		attributes => {name => undef}}), [{loc => [qw(body data attributes
		name)], msg => 'none is not an allowed value',
		type => 'type_error.none.not_allowed'}], 'null where there is none';
};

subtest 'a new one with links' => sub {
	my $r = $api->seed(POST => '/jsonapi/posts?include=author', data => {
		attributes => {title => 'Fourth'},
		relationships => {author => to(one(person => 2))}});
	is $r->{status}, 201, 'to one';
	is linked($r->{json}{data}, 'author'), 'person/2', '... linked';
	is included($r), 'person/2', '... and with it';
	is row(posts => $r->{json}{data}{id}, 'author_id'), 2, '... there';
	$r = $api->strict(POST => '/jsonapi/posts', data => {type => 'post',
		attributes => {title => 'Fifth'},
		relationships => {author => to(one(person => 1))}});
	is linked($r->{json}{data}, 'author'), 'person/1', 'strict: as well';
	$r = $api->strict(POST => '/jsonapi/computers', data => {
		type => 'computer', attributes => {name => 'Z1'},
		relationships => {person => to(undef)}});
	is $r->{status} . ' ' . linked($r->{json}{data}, 'person'), '201 null',
		'to nobody';
	$r = $api->strict(POST => '/jsonapi/people?include=computers,groups,bio',
		data => {type => 'person', attributes => {name => 'Ned'},
		relationships => {
			computers => to([one(computer => 4)]),
			groups    => to([one(group => 1), one(group => 3)])}});
	is $r->{status}, 201, 'to many' or diag $r->{body};
	my $id = $r->{json}{data}{id};
	is included($r), 'computer/4 group/1 group/3', '... with them';
	is linked($r->{json}{data}, 'groups'), 'group/1 group/3', '... linked';
	is linked($r->{json}{data}, 'bio'), 'null', '... or not';
	is row(computers => 4, 'person_id'), $id, '... there';
	is $p->sql("select string_agg(group_id::text, ' ' order by group_id) "
		. "from api.memberships where person_id = $id"), '1 3',
		'... and through a table';
	$p->sql('update api.computers set person_id = null where id = 4');
	for my $case ([POST => '/jsonapi/posts', {type => 'post',
		attributes => {title => 'Bare'},
		relationships => {author => to(one(person => 1))}}],
		[PATCH => '/jsonapi/posts/1', {type => 'post', id => '1'}],
		[PATCH => '/jsonapi/posts/1', {type => 'post', id => '1',
		attributes => {title => 'First'}}])
	{
		my ($method, $path, $data) = @$case;
		$api->both($method => "$path?include=", data => $data,
			sub ($r, $mode) {
			is_deeply $r->{json}{included}, [],
				"$mode: $method that includes nothing" or diag $r->{body};
		});
		$api->refuses([$method => "$path?include=,", data => $data],
			{status => 400, source => {parameter => 'include'},
			title => 'Invalid include querystring parameter.',
			detail => 'PostSchema has no attribute '},
			"$method with what has no name");
	}

	my $n = rows('posts');
	my %gone = (status => 404, title => 'Related object not found.');
	$api->refuses([POST => '/jsonapi/posts', data => {type => 'post',
		attributes => {title => 'X'},
		relationships => {author => to(one(person => 99))}}], {%gone,
		detail => 'Person.id: 99 not found', source => {pointer => ''},
		strict => {source => undef}}, 'to one that is not there');
	$api->refuses([POST => '/jsonapi/people', data => {type => 'person',
		attributes => {name => 'X'}, relationships => {computers =>
		to([one(computer => 98), one(computer => 99)])}}], {%gone,
		detail => qr/\AObjects for Computer with ids: \[.*98.*99.*\] not found\z/,
		source => {pointer => '/data'}, strict => {source => undef}},
		'to some of which none is there');
	$api->refuses([POST => '/jsonapi/people', data => {type => 'person',
		attributes => {name => 'X'}, relationships => {computers =>
		to([one(computer => 1), one(computer => 99)])}}], {%gone,
		detail => qr/\AObjects for Computer with ids: \{[^1]*99[^1]*\} not found\z/,
		source => {pointer => '/data'}, strict => {source => undef}},
		'to some of which one is there');
	is row(computers => 1, 'person_id'), 1, '... and stays where it is';
	for my $id (2, 77) {
		$api->refuses([POST => '/jsonapi/remarks', data => {type => 'remark',
			attributes => {line => 'X'},
			relationships => {note => to(one(note => $id))}}], {%gone,
			detail => "Note.id: $id not found", source => {pointer => ''},
			strict => {source => undef}},
			$id == 2 ? 'to what a policy hides' : '... as to what is not');
	}
	my @wrong = (
		['another type', {author => to(one(computer => 1))}],
		['no type',      {author => to({id => '1'})}],
		['no id',        {author => to({type => 'person'})}],
		['a list',       {author => to([one(person => 1)])}],
		['null',         {author => to(undef)}],
		['no data',      {author => {}}],
		['no object',    {author => 5}],
		['a number',     {author => to({type => 'person', id => []})}],
		['an id that cannot be', {author => to(one(person => 'x'))}],
	);
	for my $case (@wrong) {
		my ($what, $relationships) = @$case;
		for my $mode (qw(seed strict)) {
			my $r = $api->$mode(POST => '/jsonapi/posts', data => {
				type => 'post', attributes => {title => 'X'},
				relationships => $relationships});
			like $r->{status}, qr/^4(?:00|04|09|22)$/, "$mode: $what"
				or diag $r->{body};
		}
	}
	my %more = (attributes => {title => 'More'}, relationships => {author =>
		to({type => 'person', id => '1', attributes => {}})});
	$r = $api->seed(POST => '/jsonapi/posts', data => \%more);
	is $r->{status}, 422, 'seed: more members than there are';
	is rows('posts'), $n, 'nothing came of them';
	$r = $api->strict(POST => '/jsonapi/posts', data =>
		{type => 'post', %more});
	is $r->{status}, 201, 'strict: they are not heard';
};

subtest 'links that change' => sub {
	my sub patch ($table, $id, $relationships, %o)
	{
		my $type = $table =~ s/s\z//r =~ s/people/person/r;
		my $mode = $o{mode} // 'seed';
		return $api->$mode(PATCH => "/jsonapi/$table/$id"
			. ($o{query} // ''), data => {type => $type, id => "$id",
			relationships => $relationships,
			$o{attributes} ? (attributes => $o{attributes}) : ()});
	}
	my sub owner ($id) { row(computers => $id, 'person_id') }
	my sub computers ($id)
	{
		return $p->sql("select coalesce(string_agg(id::text, ' ' order by id),
			'') from api.computers where person_id = $id");
	}
	my sub groups ($id)
	{
		return $p->sql("select coalesce(string_agg(group_id::text, ' '
			order by group_id), '') from api.memberships
			where person_id = $id");
	}
	my $r = patch(computers => 4, {person => to(one(person => 3))},
		attributes => {name => 'Found'});
	is "$r->{status} " . owner(4), '200 3', 'to one';
	is row(computers => 4, 'name'), 'Found', '... with an attribute';
	$r = patch(computers => 4, {person => to(undef)}, mode => 'strict');
	is "$r->{status} " . owner(4), '200 ', 'to nobody';
	is linked($r->{json}{data}, 'person'), 'null', '... which is shown';
	for my $mode (qw(seed strict)) {
		$r = patch(people => 4, {computers => to([one(computer => 4),
			one(computer => 3)])}, mode => $mode,
			query => '?include=computers');
		is "$r->{status} " . computers(4), '200 3 4',
			"$mode: to many, as a set";
		is included($r), 'computer/3 computer/4', '... which is shown';
		$r = patch(people => 4, {computers => to([one(computer => 3)])},
			mode => $mode);
		is "$r->{status} " . computers(4), '200 3',
			'... others go, without an include';
		is owner(4), '', '... to nobody';
		$r = patch(people => 4, {computers => to([])}, mode => $mode);
		is "$r->{status} " . computers(4), '200 ', '... or all';
		$r = patch(people => 2, {groups => to([one(group => 2),
			one(group => 3)])}, mode => $mode, query => '?include=groups');
		is "$r->{status} " . groups(2), '200 2 3', '... through a table';
		is linked($r->{json}{data}, 'groups'), 'group/2 group/3',
			'... which is shown';
		$r = patch(people => 2, {groups => to([])}, mode => $mode);
		is "$r->{status} " . groups(2), '200 ', '... or none';
		patch(people => 2, {groups => to([one(group => 1)])});
		$r = patch(people => 3, {bio => to(one(bio => 2))}, mode => $mode);
		is "$r->{status} " . row(bios => 2, 'person_id'), '200 3',
			'... to one that links here';
		$r = patch(people => 2, {bio => to(one(bio => 2))}, mode => $mode);
		is "$r->{status} " . row(bios => 2, 'person_id'), '200 2', '... back';
	}
	$p->sql('update api.computers set person_id = 2 where id = 3');
	for my $case (
		['that is not there', posts => 1, {author => to(one(person => 99))}],
		['of many, one of which is not there', people => 1, {computers =>
			to([one(computer => 3), one(computer => 99)])}],
		['through a table, one of which is not there', people => 1,
			{groups => to([one(group => 3), one(group => 99)])}],
		['that is hidden', remarks => 1, {note => to(one(note => 2))}],
	) {
		my ($what, $table, $id, $relationships) = @$case;
		for my $mode (qw(seed strict)) {
			$r = patch($table, $id, $relationships, mode => $mode);
			is $r->{status}, 404, "$mode: one $what" or diag $r->{body};
			is $r->{json}{errors}[0]{title}, 'Related object not found.',
				'... is not found';
		}
	}
	is join(',', owner(3), groups(1), row(posts => 1, 'author_id')), '2,1 2,1',
		'... and nothing is changed';
	for my $mode (qw(seed strict)) {
		$r = patch(posts => 1, {author => to(undef)}, mode => $mode);
		like $r->{status}, qr/^4(?:00|03|09|22)$/,
			"$mode: a link that has to be";
		$r = patch(people => 1, {posts => to([])}, mode => $mode);
		like $r->{status}, qr/^4(?:00|03|09|22)$/, '... at the other end';
	}
	is $p->sql('select count(*) from api.posts where author_id = 1
		and id <= 2'), 2, '... stays';
};

subtest 'rules of the database' => sub {
	my %bad = (status => 400, title => 'Bad Request');
	my $n = rows('people');
	$api->refuses([POST => '/jsonapi/people', data => {type => 'person',
		attributes => {name => 'X', email => 'ada@example.com'}}], {%bad,
		detail => 'Object creation error', source => {pointer => '/data'},
		strict => {status => 409, detail => undef, source => undef,
		title => undef}}, 'a key that is taken');
	for my $case ([{name => ''}, 'one check'], [{name => 'X', age => -1},
		'another check'])
	{
		my ($attributes, $what) = @$case;
		$api->refuses([POST => '/jsonapi/people', data => {type => 'person',
			attributes => $attributes}], {%bad,
			detail => 'Object creation error', source => {pointer => '/data'},
			strict => {status => 422, detail => undef, title => undef, source =>
			{pointer => '/data/attributes/' . (exists $attributes->{age}
			? 'age' : 'name')}}}, $what);
	}
	is rows('people'), $n, 'nothing came of them';
	my %update = (%bad, detail => 'Object update error',
		source => {pointer => '/data'}, strict => {detail => undef,
		source => undef, title => undef, status => 422});
	$api->refuses([PATCH => '/jsonapi/people/2', data => {type => 'person',
		id => '2', attributes => {email => 'ada@example.com'}}], {%update,
		meta => {type => 'person', id => '2'},
		strict => {$update{strict}->%*, status => 409}},
		'a change to a key that is taken');
	$api->refuses([PATCH => '/jsonapi/people/2', data => {type => 'person',
		id => '2', attributes => {age => -1}}], {%update,
		meta => {type => 'person', id => '2'}}, '... against a check');
	my $r = $api->strict(POST => '/jsonapi/people', data => {
		type => 'person', attributes => {name => 'X', email => 'ada@example.com'}});
	unlike $r->{body}, qr/people_email_key|duplicate|SQL|Key \(/,
		'the database\'s words stay inside';
	for my $mode (qw(seed strict)) {
		$r = $api->$mode(DELETE => '/jsonapi/people/1');
		is $r->{status}, 409, "$mode: who is referenced stays";
		unlike $r->{body}, qr/posts_author_id_fkey|violates|SQL/,
			'... said without the database\'s words';
	}
	is row(people => 1, 'name'), 'Ada', '... indeed';
};

subtest 'the end of one' => sub {
	for my $mode (qw(seed strict)) {
		my $id = $p->sql("insert into api.people (name) values ('Z')
			returning id");
		my $r = $api->$mode(DELETE => "/jsonapi/people/$id");
		is "$r->{status} $r->{body}", '204 ', "$mode: without a word";
		is row(people => $id, 'name'), '', '... it is gone';
		$r = $api->$mode(DELETE => "/jsonapi/people/$id");
		is $r->{status}, 404, '... and not there any more';
	}
	$api->refuses([DELETE => '/jsonapi/people/9999'], {status => 404,
		title => 'Resource not found.', meta => {parameter => 'id'},
		detail => 'Resource Person `9999` not found'}, 'one that is not there');
	is $api->seed(DELETE => '/jsonapi/notes/2')->{status}, 404,
		'one that is hidden';
	is $api->seed(DELETE => '/jsonapi/seats/7,Q')->{status}, 204,
		'a key of two columns';
};

subtest 'the end of several' => sub {
	$p->sql("insert into api.people (name, age) values ('Y1', 90), ('Y2', 90),
		('Y3', 91)");
	my $r = $api->seed(DELETE => filter('/jsonapi/people',
		{name => 'age', op => 'eq', val => 90}));
	is $r->{status}, 200, 'by a filter';
	is join(' ', sort map { $_->{attributes}{name} } $r->{json}{data}->@*),
		'Y1 Y2', '... they are shown once more';
	is $r->{json}{meta}{count}, 2, '... and counted';
	is $p->sql("select string_agg(name, ' ') from api.people
		where age >= 90"), 'Y3', '... and gone';
	$r = $api->strict(DELETE => uri('/jsonapi/people', 'filter[age]' => 91,
		'fields[person]' => 'name'));
	is $r->{status}, 200, 'strict: by a short one';
	is_deeply $r->{json}{data}[0]{attributes}, {name => 'Y3'},
		'... with the fields that are asked for';
	$r = $api->seed(DELETE => uri('/jsonapi/people', 'filter[age]' => 91));
	is_deeply [$r->{status}, $r->{json}{data}], [200, []],
		'none that is there';
	for my $target (uri('/jsonapi/people', 'filter[nope]' => 1),
		uri('/jsonapi/people', filter => 'x'))
	{
		$r = $api->seed(DELETE => $target);
		is $r->{status}, 400, 'a filter that is none';
	}
	$r = $api->strict(DELETE => uri('/jsonapi/people', 'filter[age]' => 36));
	is $r->{status}, 409, 'all or none';
	is row(people => 1, 'name'), 'Ada', '... here, none';
};

subtest 'what may not be done' => sub {
	for my $case ([POST => '/jsonapi/planets', 'GET, HEAD'],
		[DELETE => '/jsonapi/planets?filter%5Bid%5D=1', 'GET, HEAD'],
		[PATCH => '/jsonapi/planets/1', 'GET, HEAD'],
		[DELETE => '/jsonapi/planets/1', 'GET, HEAD'],
		[PATCH => '/jsonapi/people', 'GET, HEAD, POST, DELETE'],
		[PUT => '/jsonapi/people', 'GET, HEAD, POST, DELETE'],
		[POST => '/jsonapi/people/1', 'GET, HEAD, PATCH, DELETE'],
		[PUT => '/jsonapi/people/1', 'GET, HEAD, PATCH, DELETE'])
	{
		my ($method, $target, $allow) = @$case;
		my @body = $method eq 'DELETE' ? ()
			: (data => {type => 'planet', id => '1', attributes => {}});
		my $r = $api->seed($method => $target, @body);
		is_deeply [$r->{status}, $r->{json}],
			[405, {detail => 'Method Not Allowed'}], "$method $target";
		is $r->{headers}{allow}, $allow, '... says what is';
		$r = $api->strict($method => $target, @body);
		is $r->{status}, 405, '... strictly';
	}
	is $api->seed(GET => '/jsonapi/planets')->{status}, 200,
		'what may be read is read';
};

done_testing;
