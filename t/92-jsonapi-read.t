#!/usr/bin/perl
# JSON:API, reading: lists, single resources, pages, sorting, what comes along
# and which members are shown.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JsonApi;
use Postern;
use Rest qw(uri);

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_BASE_URL => $BASE});
my $api = JsonApi->new($p);

sub person ($id, $name, $age, $email, $path = '/jsonapi')
{
	return {
		type       => 'person',
		id         => "$id",
		attributes => {name => $name, age => $age, email => $email},
		links      => {self => "$path/people/$id"}
	};
}

my $ada = person(1, 'Ada', 36, 'ada@example.com');
my $cyd = person(3, 'Cyd', undef, undef);

subtest 'a list' => sub {
	my $r = $api->seed(GET => '/jsonapi/groups');
	is "$r->{status} $r->{headers}{'content-type'}", "200 $TYPE",
		'the status and the type';
	is $r->{body} =~ s/"links":\{"self":"http[^}]*\},//r, '{"data":['
		. join(',', map { my ($id, $name) = @$_;
			qq({"attributes":{"name":"$name"},"id":"$id",)
			. qq("links":{"self":"/jsonapi/groups/$id"},"type":"group"}) }
			[1, 'readers'], [2, 'writers'], [3, 'nobody'])
		. '],"jsonapi":{"version":"1.0"},'
		. '"meta":{"count":3,"totalPages":1}}', 'the seed\'s document';
	is_deeply $r->{json}{links}, {self => "$BASE/jsonapi/groups"},
		'... with its own address, absolute';

	$r = $api->seed(GET => '/jsonapi/people');
	is names($r), '1 2 3 4 5', 'in the order of the key';
	is_deeply $r->{json}{data}[0], $ada, '... objects with their columns';
	is_deeply $r->{json}{data}[2], $cyd, '... null where there is nothing';

	$r = $api->strict(GET => '/jsonapi/people');
	is names($r), '1 2 3 4 5', 'the same to who is strict';
	is_deeply $r->{json}{data}[0]{attributes}, $ada->{attributes},
		'... with the same attributes';
	is $r->{json}{links}{self}, "$BASE/jsonapi/people", '... and an address';
	is linked($r->{json}{data}[0], 'computers'), 'none',
		'... to-many without its members unless they are included';
	ok $r->{json}{data}[0]{relationships}{$_}, "... but with $_"
		for qw(bio computers groups posts comments);

	$r = $api->seed(GET => '/jsonapi/vaults');
	is_deeply [$r->{status}, $r->{json}], [404, {detail => 'Not Found'}],
		'a table that nobody may see is none';
	$r = $api->strict(GET => '/jsonapi/nothing');
	is $r->{status}, 404, '... and so is one that is not there';
	is names($api->seed(GET => '/jsonapi/notes')), '1',
		'rows that a policy hides are not in it';
};

subtest 'another path, the same resources' => sub {
	my $r = $api->seed(GET => '/people/1', type => $TYPE);
	is_deeply $r->{json}{data}, person(1, 'Ada', 36, 'ada@example.com', ''),
		'by the type of a request';
	is $r->{json}{links}{self}, "$BASE/people/1", '... with its addresses';
	is $r->{json}{jsonapi}{version}, '1.0', '... in the seed\'s form';
	$r = $api->strict(GET => '/people?page%5Bsize%5D=1');
	is $r->{json}{data}[0]{links}{self}, '/people/1', 'by Accept';
	like $r->{json}{data}[0]{relationships}{posts}{links}{related},
		qr{/people/1/posts\z}, '... and those of its relationships';
	unlike $r->{body}, qr{/jsonapi/}, '... nothing else';
	$r = $api->strict(GET => '/jsonapi/person/1?include=bio');
	is $r->{json}{data}{links}{self}, '/jsonapi/people/1',
		'by the name of the type';
	is $api->strict(GET => '/person/1')->{status}, 404,
		'... but not where REST is';
	is $p->http(GET => '/people/1')->{json}{name}, 'Ada',
		'... and else it is REST';
	is $p->http(GET => '/people', headers => {Accept => 'application/json'})
		->{json}[0]{name}, 'Ada', '... also with another Accept';
};

subtest 'a single one' => sub {
	my $r = $api->seed(GET => '/jsonapi/people/3');
	is $r->{status}, 200, 'is there';
	is_deeply $r->{json}{data}, $cyd, '... as in the list';
	is_deeply $r->{json}{links}, {self => "$BASE/jsonapi/people/3"},
		'... with an address';
	is_deeply $r->{json}{jsonapi}, {version => '1.0'}, '... and a version';
	ok !defined $r->{json}{meta}, '... and nothing to count';
	like $r->{body}, qr/"id":"3"/, 'an id is a string';

	$r = $api->strict(GET => '/jsonapi/posts/1');
	my $post = $r->{json}{data};
	is_deeply $post->{attributes},
		{title => 'First', body => 'Notes on the engine'},
		'a key to another table is no attribute';
	is linked($post, 'author'), 'person/1', '... but a relationship';
	my %links = $post->{relationships}{author}{links}->%*;
	like $links{self}, qr{/jsonapi/posts/1/relationships/author\z},
		'... with an address of its own';
	like $links{related}, qr{/jsonapi/posts/1/author\z},
		'... and one of what is there';
	is linked($api->strict(GET => '/jsonapi/computers/4')->{json}{data},
		'person'), 'null', '... or null';

	$r = $api->strict(GET => '/jsonapi/seats/1,A');
	is $r->{json}{data}{id}, '1,A', 'a key of two columns';
	is_deeply $r->{json}{data}{attributes}, {note => 'by the window'},
		'... of which none is an attribute';
	is linked($r->{json}{data}, 'person'), 'person/1', '... with its links';
	$r = $api->strict(GET => '/jsonapi/memberships/1,2');
	is linked($r->{json}{data}, 'group'), 'group/2',
		'a key that links is a relationship';
	is $api->seed(GET => '/jsonapi/labels/rnd')->{json}{data}{id}, 'rnd',
		'a key that is a text';
	is_deeply $api->seed(GET => '/jsonapi/gadgets/1')->{json}{data}{attributes},
		{name => 'lamp', colour => 'red', price => 10.5, cost => 3,
		active => JSON::PP::true, made => '2020-01-31',
		seen => '2020-01-31T12:00:00+00:00',
		code => '11111111-1111-4111-8111-111111111111',
		spec => {watts => 40, parts => ['bulb']}, tags => ['a', 'b']},
		'values are written as ever';

	for my $id (99, 0, -1, 'x', '1,2', '99999999999999999999', '%27', '1.0') {
		my $shown = $id eq '%27' ? "'" : $id;
		$api->refuses([GET => "/jsonapi/people/$id"], {
			status => 404, title => 'Resource not found.',
			detail => "Resource Person `$shown` not found",
			meta   => {parameter => 'id'}
		}, "there is no $id");
	}
	is $api->seed(GET => "/jsonapi/seats/$_")->{status}, 404,
		"... and no seat $_" for '1', '1,', '1,C', 'x,A', '1,A,B';
	$api->refuses([GET => '/jsonapi/notes/2'], {
		status => 404, title => 'Resource not found.',
		detail => 'Resource Note `2` not found', meta => {parameter => 'id'}
	}, 'a row that is hidden is as one that is not there');
	my $head = $p->http(HEAD => '/jsonapi/people/1');
	is "$head->{status} $head->{body}", '200 ', 'HEAD answers without a body';
};

subtest 'pages by number' => sub {
	for my $case (
		# size, number, ids, pages
		[2, undef, '1 2', 3], [2, 1, '1 2', 3], [2, 2, '3 4', 3],
		[2, 3, '5', 3], [2, 4, '', 3], [5, 1, '1 2 3 4 5', 1],
		[4, 2, '5', 2], [1, 5, '5', 5], [100, 1, '1 2 3 4 5', 1],
		[100000, 1, '1 2 3 4 5', 1], [0, undef, '1 2 3 4 5', 1]
	) {
		my ($size, $number, $ids, $pages) = @$case;
		my $target = uri('/jsonapi/people', 'page[size]' => $size,
			defined $number ? ('page[number]' => $number) : ());
		my $r = $api->seed(GET => $target);
		my $what = "size $size, number " . ($number // 'not given');
		is names($r), $ids, $what;
		is_deeply $r->{json}{meta}, {count => 5, totalPages => $pages},
			'... all are counted';
		is $r->{json}{links}{self}, "$BASE$target", '... at its address';
	}
	my $r = $api->seed(GET => uri('/jsonapi/people', 'page[size]' => 3,
		'filter[name]' => 'Nobody'));
	is_deeply [names($r), $r->{json}{meta}], ['', {count => 0,
		totalPages => 0}], 'of nothing there is no page';
	is_deeply $api->seed(GET => uri('/jsonapi/people',
		'filter[name]' => 'Nobody'))->{json}{meta},
		{count => 0, totalPages => 1}, '... but one of no size';
	is_deeply $api->seed(GET => uri('/jsonapi/people', 'page[size]' => 1,
		'filter[age]' => 25))->{json}{meta}, {count => 2, totalPages => 2},
		'what is filtered is counted';
	shows($api->seed(GET => uri('/jsonapi/people', 'page[limit]' => 1,
		'page[offset]' => 1)), '1 2 3 4 5', 'other words are not heard');
	for my $case (['page[size]', 'x'], ['page[size]', '1.5'],
		['page[number]', 'x'], ['page[size]', ''])
	{
		my ($name, $value) = @$case;
		my $target = uri('/jsonapi/people', 'page[size]' => 2, $name => $value);
		$r = $api->seed(GET => $target);
		is $r->{status}, 422, "$name=$value is no number";
		is_deeply $r->{json}{detail}[0]{loc}, ['query', $name],
			'... which is said';
		is $r->{json}{detail}[0]{type}, 'type_error.integer', '... as ever';
		$r = $api->strict(GET => $target);
		like $r->{status}, qr/^4(?:00|22)$/, '... and to who is strict';
		is $r->{json}{errors}[0]{source}{parameter}, $name, '... at its name';
	}
	like $api->seed(GET => uri('/jsonapi/people', 'page[size]' => 2,
		'page[number]' => $_))->{status}, qr/^(?:4\d\d|200)$/,
		"page $_ is no accident" for 0, -1, '9' x 30, '9223372036854775807';
	$api->refuses([GET => '/jsonapi/people?page%5Bsize=2'],
		{status => 400, detail => 'Parse error',
		source => {parameter => 'page[size'}, title => 'Bad Request'},
		'a bracket that is not closed');
};

# The number of pages that its links lead through from a document, each by
# its ids.
sub walk ($r, $way)
{
	my @pages = names($r);
	while (my $url = $r->{json}{links}{$way}) {
		last if @pages > 20;
		$url = $url->{href} if ref $url;
		$r = $api->strict(GET => $url =~ s/\A\Q$BASE\E//r);
		push @pages, names($r);
	}
	return join ' | ', @pages;
}

sub follow ($r, $way)
{
	my $url = $r->{json}{links}{$way} // return 'no link';
	return names($api->strict(GET => $url =~ s/\A\Q$BASE\E//r));
}

subtest 'the links of a page' => sub {
	my $r = $api->strict(GET => uri('/jsonapi/people', 'page[size]' => 2,
		'page[number]' => 2, sort => '-name'));
	is names($r), '3 2', 'a page in the middle';
	is follow($r, 'first'), '5 4', '... links to the first';
	is follow($r, 'prev'), '5 4', '... to the one before';
	is follow($r, 'next'), '1', '... to the next';
	is follow($r, 'last'), '1', '... and to the last';
	$r = $api->strict(GET => uri('/jsonapi/people', 'page[size]' => 2,
		'page[number]' => 1));
	is walk($r, 'next'), '1 2 | 3 4 | 5', 'one gets through them all';
	ok !defined $r->{json}{links}{prev}, 'there is none before the first';
	$r = $api->strict(GET => uri('/jsonapi/people', 'page[size]' => 2,
		'page[number]' => 3));
	ok !defined $r->{json}{links}{next}, '... and none after the last';
	is walk($r, 'prev'), '5 | 3 4 | 1 2', '... back again';
	$r = $api->strict(GET => uri('/jsonapi/people', 'page[size]' => 1,
		'page[number]' => 1, 'filter[age]' => 25,
		'fields[person]' => 'name,computers', include => 'computers', sort => '-id'));
	like $r->{json}{links}{next}, qr/^\Q$BASE\E/, 'links are absolute';
	is walk($r, 'next'), '5 | 2', '... and keep what was asked for';
	$r = $api->strict(GET => $r->{json}{links}{next} =~ s/\A\Q$BASE\E//r);
	is included($r), 'computer/3', '... what is included, too';
};

subtest 'sorting' => sub {
	my %case = (
		name           => '1 2 3 4 5',
		'-name'        => '5 4 3 2 1',
		'age,-name'    => '5 2 1 4 3',
		'-id'          => '5 4 3 2 1',
	);
	for my $sort (sort keys %case) {
		$api->both(GET => uri('/jsonapi/people', sort => $sort),
			sub ($r, $mode) {
			is names($r), $case{$sort}, "$mode: by $sort";
		});
	}
	my @seats = split / /, names($api->seed(GET => '/jsonapi/seats'));
	cmp_ok @seats, '>', 1, 'there are keys of two columns';
	$api->both(GET => uri('/jsonapi/seats', sort => $_), sub ($r, $mode) {
		is names($r), join(' ', /-/ ? reverse @seats : @seats),
			"$mode: by both of them: $_";
	}) for 'id', '-id', '-id,id', '-id,hall';
	$api->refuses([GET => uri('/jsonapi/seats', 'filter[id]' => '1,A')], {
		status => 400, title => 'Invalid filters querystring parameter.',
		source => {parameter => 'filters'},
		detail => 'SeatSchema has no attribute id', strict => {
		title => 'Invalid filter querystring parameter.',
		source => {parameter => 'filter'}}},
		'which is no value to filter by');
	$api->both(GET => uri('/jsonapi/posts', sort => 'author.name,-title'),
		sub ($r, $mode) { shows($r, '2 1 3', "$mode: by what is related") });
	shows($api->seed(GET => uri('/jsonapi/posts', sort => '-author.name,title')),
		'3 1 2', '... the other way round');
	shows($api->seed(GET => uri('/jsonapi/posts', sort => '-author_id,id')),
		'3 1 2', 'by a key to another table');
	shows($api->seed(GET => uri('/jsonapi/gadgets', sort => 'colour')),
		'1 2 3', 'labels in their own order');
	shows($api->seed(GET => uri('/jsonapi/comments',
		sort => 'post.author.name,-id', 'filter[post_id]' => 1)), '5 2 1',
		'over two relationships');
	for my $name ('nope', '-nope', 'secret', 'name,nope', 'author') {
		my $f = ($name =~ /(nope|secret|author)/)[0];
		$api->refuses([GET => uri('/jsonapi/people', sort => $name)], {
			status => 400, title => 'Invalid sort querystring parameter.',
			detail => "PersonSchema has no attribute $f",
			source => {parameter => 'sort'}
		}, "nothing is called $name");
	}
	$api->refuses([GET => uri('/jsonapi/posts', sort => 'author.nope')], {
		status => 400, title => 'Invalid sort querystring parameter.',
		detail => 'PersonSchema has no attribute nope',
		source => {parameter => 'sort'}
	}, '... nor at the other end');
	$api->refuses([GET => uri('/jsonapi/posts', sort => 'author')], {
		status => 400, title => 'Invalid sort querystring parameter.',
		detail => q{You can't sort on author because it is a relationship}
			. ' field',
		source => {parameter => 'sort'}
	}, 'a relationship has no order');
};

# What is linked, of each of the primary data.
sub links_of ($r, $name)
{
	my $data = $r->{json}{data};
	return join ', ', map { linked($_, $name) }
		ref $data eq 'ARRAY' ? @$data : $data;
}

subtest 'what comes along' => sub {
	$api->both(GET => '/jsonapi/posts?include=author', sub ($r, $mode) {
		shows($r, '1 2 3', "$mode: to one");
		is included($r), 'person/1 person/2', '... each once';
		is links_of($r, 'author'), 'person/1, person/1, person/2',
			'... and linked to';
		is_deeply $r->{json}{included}[0]{attributes}, $ada->{attributes},
			'... with its attributes';
	});
	my $r = $api->seed(GET => '/jsonapi/posts?include=author');
	is_deeply [map { [sort keys $_->{relationships}->%*] }
		$r->{json}{data}->@*], [(['author']) x 3],
		'no more relationships than are asked for';
	ok !exists $r->{json}{included}[0]{relationships},
		'... and none of what is included';
	is_deeply $r->{json}{included}[0], $ada, '... which is as it is alone';
	is_deeply $r->{json}{meta}, {count => 3, totalPages => 1},
		'... nor is it counted';
	like $r->{body}, qr/"data":\[\{"attributes":\{"title":"First",[^{}]*\},
		"id":"1","links":\{[^{}]*\},"relationships":\{"author":\{"data":
		\{"id":"1","type":"person"\}[^{}]*(?:\{[^{}]*\})?\}\},
		"type":"post"\}/x, 'members stand in the seed\'s order';
	like $r->{body}, qr/\A\{"data":.*"included":.*"jsonapi":.*"links":.*
		"meta":/x, '... those of the document as well';

	$api->both(GET => '/jsonapi/people?include=computers', sub ($r, $mode) {
		shows($r, '1 2 3 4 5', "$mode: to many");
		is included($r), 'computer/1 computer/2 computer/3', '... all of them';
		is links_of($r, 'computers'),
			'computer/1 computer/2, computer/3, , , ', '... in lists';
	});
	$api->both(GET => '/jsonapi/people?include=bio', sub ($r, $mode) {
		is included($r), 'bio/1 bio/2', "$mode: to one that links here";
		is links_of($r, 'bio'), 'bio/1, bio/2, null, null, null',
			'... or null';
	});
	$api->both(GET => '/jsonapi/people/1?include=groups', sub ($r, $mode) {
		is included($r), 'group/1 group/2', "$mode: through a table";
		is links_of($r, 'groups'), 'group/1 group/2', '... linked';
	});
	$api->both(GET => '/jsonapi/people/2?include=memberships.group',
		sub ($r, $mode) {
		is included($r), 'group/1 membership/2,1',
			"$mode: by way of the table itself";
		is links_of($r, 'memberships'), 'membership/2,1', '... linked';
		my ($m) = grep { $_->{type} eq 'membership' }
			$r->{json}{included}->@*;
		is linked($m, 'group'), 'group/1', '... to the end';
		is $m->{attributes}{since}, '2020-01-01', '... with what it says';
	});
	$api->both(GET => '/jsonapi/posts/1?include=comments.author.bio',
		sub ($r, $mode) {
		is included($r), 'bio/1 bio/2 comment/1 comment/2 comment/5 '
			. 'person/1 person/2 person/4', "$mode: three deep";
		my %by = map { ("$_->{type}/$_->{id}" => $_) }
			$r->{json}{included}->@*;
		is linked($by{'comment/5'}, 'author'), 'person/4', '... linked';
		is linked($by{'person/4'}, 'bio'), 'null', '... also to nothing';
		is linked($by{'person/1'}, 'bio'), 'bio/1', '... and to something';
	});
	$api->both(GET => '/jsonapi/posts?include=author.computers,comments',
		sub ($r, $mode) {
		is included($r), 'comment/1 comment/2 comment/3 comment/4 '
			. 'comment/5 computer/1 computer/2 computer/3 person/1 person/2',
			"$mode: several";
	});
	$api->both(GET => '/jsonapi/comments?include=parent,author,post.author',
		sub ($r, $mode) {
		is included($r), 'person/1 person/2 person/4 post/1 post/2 post/3',
			"$mode: what is there already does not come again";
		is links_of($r, 'parent'), 'null, comment/1, null, null, comment/2',
			'... but is linked to';
	});
	$api->both(GET => '/jsonapi/comments/5?include=parent.parent',
		sub ($r, $mode) {
		is included($r), 'comment/1 comment/2', "$mode: up a tree";
	});
	$api->both(GET => '/jsonapi/comments/1?include=comments.comments',
		sub ($r, $mode) {
		is included($r), 'comment/2 comment/5', "$mode: ... and down";
	});
	$api->both(GET => '/jsonapi/people/3?include=computers,bio',
		sub ($r, $mode) {
		is_deeply $r->{json}{included}, [], "$mode: nothing is a list as well";
		is links_of($r, 'computers'), '', '... of an empty list';
	});
	$api->both(GET => '/jsonapi/remarks?include=note', sub ($r, $mode) {
		is included($r), 'note/1', "$mode: not what a policy hides";
	});
	$api->both(GET => uri('/jsonapi/posts', include => 'author',
		'page[size]' => 1, 'page[number]' => 3), sub ($r, $mode) {
		is included($r), 'person/2', "$mode: of the page alone";
	});
	$r = $api->seed(GET => '/jsonapi/people');
	ok !exists $r->{json}{included}, 'nothing without being asked for';
	$r = $api->seed(GET => '/jsonapi/posts?include=author,author,author.bio');
	is included($r), 'bio/1 bio/2 person/1 person/2', 'asked for twice';

	my %error = (status => 400, source => {parameter => 'include'},
		title => 'Invalid include querystring parameter.');
	$api->refuses([GET => '/jsonapi/posts?include=comments.author.computers'
		. '.person'], {%error, detail =>
		q{You can't use include through more than 3 relationships}},
		'four deep is too deep');
	for my $case (['nope', 'Post', 'nope'], ['author.nope', 'Person', 'nope'],
		['title', 'Post', 'title'], ['author,nope', 'Post', 'nope'])
	{
		my ($include, $type, $name) = @$case;
		$api->refuses([GET => "/jsonapi/posts?include=$include"], {%error,
			detail => "${type}Schema has no attribute $name"},
			"nothing is called $include");
	}
	for my $case ([',', 'Post'], ['author,,comments', 'Post'],
		['author,', 'Post'], [',author', 'Post'], ['.author', 'Post'],
		['author.', 'Person'], ['author..bio', 'Person'], ['%20', 'Post'])
	{
		my ($include, $type) = @$case;
		$api->refuses([GET => "/jsonapi/posts$_?include=$include"], {%error,
			detail => "${type}Schema has no attribute "},
			"of '/posts$_' nothing is called '$include'") for '', '/1';
	}
	for my $path (qw(posts posts/1 posts/1/author posts/1/comments bios/1/person
		people/3/bio))
	{
		$api->both(GET => "/jsonapi/$path?include=", sub ($r, $mode) {
			is $r->{status}, 200, "$mode: nothing is included of $path";
			is_deeply $r->{json}{included}, [], '... as is said'
				or diag $r->{body};
		});
	}
	$api->refuses([GET => '/jsonapi/posts/1/relationships/author?include='],
		{%error, detail => qr/nothing to include/},
		'a relationship has no include, not even an empty one');
};

subtest 'which members are shown' => sub {
	$api->both(GET => uri('/jsonapi/people', 'fields[person]' => 'name,age'),
		sub ($r, $mode) {
		is_deeply $r->{json}{data}[0]{attributes}, {name => 'Ada', age => 36},
			"$mode: those that are named";
	});
	my $r = $api->seed(GET => uri('/jsonapi/people/1',
		'fields[person]' => 'age', 'fields[person]' => 'name'));
	ok exists $r->{json}{data}{attributes}{name}, 'said twice';
	$r = $api->seed(GET => uri('/jsonapi/people', 'fields[person]' => ''));
	is_deeply $r->{json}{data}[0], {%$ada, attributes => {}},
		'none is none, but who it is stays';
	$r = $api->strict(GET => uri('/jsonapi/people/1', 'fields[person]' => ''));
	ok !%{$r->{json}{data}{attributes} // {}}, '... to who is strict, too';
	$r = $api->strict(GET => uri('/jsonapi/posts/1',
		'fields[post]' => 'title,author'));
	is_deeply $r->{json}{data}{attributes}, {title => 'First'},
		'strict: a relationship is a field as well';
	is join(' ', keys $r->{json}{data}{relationships}->%*), 'author',
		'... and those that are not named stay away';
	$api->both(GET => uri('/jsonapi/posts', include => 'author',
		'fields[post]' => 'title,author', 'fields[person]' => 'name'),
		sub ($r, $mode) {
		is_deeply $r->{json}{data}[0]{attributes}, {title => 'First'},
			"$mode: of primary data";
		is_deeply $r->{json}{included}[0]{attributes}, {name => 'Ada'},
			'... and of what is included';
		is links_of($r, 'author'), 'person/1, person/1, person/2',
			'... that is linked to still';
	});
	$api->both(GET => uri('/jsonapi/posts/1', 'fields[computer]' => 'name'),
		sub ($r, $mode) {
		is_deeply $r->{json}{data}{attributes},
			{title => 'First', body => 'Notes on the engine'},
			"$mode: of a type that does not come";
	});
	$api->refuses([GET => uri('/jsonapi/people', 'fields[nope]' => 'name')],
		{status => 409, title => 'Invalid type.',
		detail => q{Application has no resource with type 'nope'},
		source => {parameter => 'fields'}}, 'a type that is none');
	for my $name ('nope', 'secret', 'name,nope', 'password_hash') {
		my $field = ($name =~ /(\w+)$/)[0];
		$api->refuses([GET => uri('/jsonapi/people',
			'fields[person]' => $name)], {status => 400,
			title => 'Invalid fields querystring parameter.',
			detail => qr/\b$field\b/, source => {parameter => 'fields'}},
			"a field $name that is none");
	}
};

done_testing;
