#!/usr/bin/perl
# JSON:API clients that people use, each as its own documentation uses it:
# what they create, read, change, link, page through and delete; and a
# validator that other people wrote.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JsonApi;
use Npm;
use Postern;
use Rest qw(uri);

plan skip_all => Npm::why_not('npm-jsonapi') if Npm::why_not('npm-jsonapi');

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1);
my $client = Npm->start('npm-jsonapi/clients.mjs', $p->url . '/jsonapi');

sub does ($what, %ask)
{
	my $r = $client->ask({do => $what, %ask});
	diag "$what: $r->{error}"
		if defined $r->{error} && !delete $ask{fails};
	return $r;
}

sub row ($table, $id, $columns)
{
	return $p->sql("select $columns from api.$table where id = $id");
}

sub called (@list) { return join ' ', map { $_->{name} } @list }

subtest 'Kitsu' => sub {
	my sub kitsu ($call, @arguments)
	{
		return does(kitsu => call => $call, arguments => \@arguments);
	}
	my $r = kitsu(get => 'person/1', {params =>
		{include => 'computers,bio', fields => {person =>
		'name,age,computers,bio'}}});
	is "$r->{said}{status} $r->{said}{data}{name} $r->{said}{data}{age}",
		'200 Ada 36', 'reads one';
	is called($r->{said}{data}{computers}{data}->@*), 'Difference Analytical',
		'... with what is linked to it';
	is $r->{said}{data}{bio}{data}{text}, 'A countess.', '... also one';
	ok !exists $r->{said}{data}{email}, '... and only the fields it wants';
	$r = kitsu(get => 'people', {params => {page => {size => 2, number => 2},
		sort => '-name'}});
	is called($r->{said}{data}->@*), 'Cyd Bob', 'reads a page';
	like $r->{said}{links}{next}, qr/page/, '... with links to more';
	$r = kitsu(get => 'people', {params => {filter => {age => 25}}});
	is called($r->{said}{data}->@*), 'Bob Eve', 'filters';
	$r = kitsu(get => 'person/1/computers');
	is called($r->{said}{data}->@*), 'Difference Analytical',
		'reads what is related';

	$r = kitsu(create => 'person', {name => 'Kit', age => 3});
	is $r->{said}{status}, 201, 'creates';
	my $id = $r->{said}{data}{id};
	is row(people => $id, 'name, age'), 'Kit|3', '... what is there';
	$r = kitsu(create => 'post', {title => 'By Kit', author => {data =>
		{type => 'person', id => $id}}});
	is row(posts => $r->{said}{data}{id} // 0, 'author_id'), $id,
		'... linked to another';
	my $post = $r->{said}{data}{id};
	$r = kitsu(update => 'person', {id => $id, age => 4, computers => {data =>
		[{type => 'computer', id => '4'}]}});
	is $r->{said}{status}, 200, 'changes';
	is row(people => $id, 'name, age'), 'Kit|4', '... what is there';
	is row(computers => 4, 'person_id'), $id, '... and its links';
	$r = kitsu(get => "post/$post", {params => {include => 'author'}});
	is $r->{said}{data}{author}{data}{name}, 'Kit', 'finds it again';
	$r = kitsu(remove => 'post', $post);
	ok !defined $r->{error}, 'deletes';
	is row(posts => $post, 'title'), '', '... what was there';
	$r = kitsu(remove => 'person', $id);
	is row(people => $id, 'name'), '', '... and another';
	$r = does(kitsu => call => 'get', arguments => ['person/999'], fails => 1);
	is_deeply [map { [$_->@{qw(status title)}] } ($r->{errors} // [])->@*],
		[['404', 'Resource not found.']], 'is told what is wrong';
	$r = does(kitsu => call => 'create', fails => 1, arguments =>
		['person', {name => '', age => 1}]);
	like $r->{errors}[0]{status}, qr{^4\d\d$}, '... also with what it sends';
};

subtest 'Devour' => sub {
	my sub devour (@chain) { return does(devour => chain => \@chain) }
	my $r = devour([find => 'person', 1, {include => 'computers,bio'}]);
	is "$r->{said}{data}{name} $r->{said}{data}{age}", 'Ada 36', 'reads one';
	is called($r->{said}{data}{computers}->@*), 'Difference Analytical',
		'... with what is linked to it';
	is $r->{said}{data}{bio}{text}, 'A countess.', '... also one';
	$r = devour([findAll => 'person', {page => {size => 2, number => 2},
		sort => '-name'}]);
	is called($r->{said}{data}->@*), 'Cyd Bob', 'reads a page';
	like $r->{said}{links}{next}, qr/page/, '... with links to more';
	$r = devour([findAll => 'person', {filter => {age => 25}}]);
	is called($r->{said}{data}->@*), 'Bob Eve', 'filters';
	$r = devour([findAll => 'post', {include => 'author'}]);
	is_deeply [map { $_->{author}{name} } $r->{said}{data}->@*],
		[qw(Ada Ada Bob)], '... finds who wrote';
	$r = devour([one => 'person', 1], [all => 'computer'], ['get']);
	is called($r->{said}{data}->@*), 'Difference Analytical',
		'reads what is related';

	$r = devour([create => 'person', {name => 'Dev', age => 3,
		groups => [{id => '1'}, {id => '2'}]}]);
	my $id = $r->{said}{data}{id};
	is row(people => $id, 'name, age'), 'Dev|3', 'creates';
	is $p->sql("select count(*) from api.memberships
		where person_id = $id"), 2, '... with links';
	$r = devour([update => 'person', {id => $id, age => 4,
		groups => [{id => '3'}]}]);
	is row(people => $id, 'name, age'), 'Dev|4', 'changes';
	is $p->sql("select group_id from api.memberships
		where person_id = $id"), 3, '... with links';
	$r = devour([one => 'person', $id], [relationships => 'groups'],
		[post => [{id => '1'}]]);
	is $p->sql("select count(*) from api.memberships
		where person_id = $id"), 2, 'links more';
	$r = devour([one => 'person', $id], [relationships => 'groups'],
		[patch => [{id => '2'}]]);
	is $p->sql("select group_id from api.memberships
		where person_id = $id"), 2, '... others';
	$r = devour([one => 'person', $id], [relationships => 'groups'],
		[destroy => [{id => '2', type => 'group'}]]);
	is $p->sql("select count(*) from api.memberships
		where person_id = $id"), 0, '... none';
	$r = devour([destroy => 'person', $id]);
	ok !defined $r->{error}, 'deletes';
	is row(people => $id, 'name'), '', '... what was there';
	$r = does(devour => fails => 1, chain => [[find => 'person', 999]]);
	my ($e) = ref $r->{errors} eq 'HASH' ? values $r->{errors}->%* : {};
	is $e->{title} // '', 'Resource not found.', 'is told what is wrong'
		or diag explain $r;
};

subtest 'Jsona' => sub {
	my sub jsona ($method, $path, %more)
	{
		return does(jsona => method => $method, path => $path, %more);
	}
	my $r = jsona(GET => '/people/1?include=computers,groups,bio');
	is "$r->{said}{type} $r->{said}{id} $r->{said}{name}", 'person 1 Ada',
		'reads one';
	is called($r->{said}{computers}->@*), 'Difference Analytical',
		'... with what is linked to it';
	is called($r->{said}{groups}->@*), 'readers writers', '... in any way';
	is $r->{said}{bio}{text}, 'A countess.', '... also one';
	$r = jsona(GET => '/comments?include=post.author,parent&sort=id');
	is_deeply [map { $_->{post}{author}{name} } $r->{said}->@*],
		[qw(Ada Ada Ada Bob Ada)], '... further away';
	is $r->{said}[1]{parent}{text}, 'good', '... of the same type';
	$r = jsona(GET => uri('/people', 'page[size]' => 2, 'page[number]' => 2,
		sort => '-name'));
	is called($r->{said}->@*), 'Cyd Bob', 'reads a page';
	$r = jsona(POST => '/people', stuff => {type => 'person', name => 'Jo'});
	is $r->{status}, 201, 'creates';
	my $ada = {type => 'person', id => '1'};
	my $jo = $r->{said};
	is row(people => $jo->{id}, 'name'), 'Jo', '... what is there';
	$r = jsona(POST => '/posts', names => ['author'], stuff => {
		type => 'post', title => 'By Jo', author => {type => 'person',
		id => $jo->{id}}, relationshipNames => ['author']});
	my $post = $r->{said};
	is row(posts => $post->{id} // 0, 'author_id'), $jo->{id}, '... linked';
	$r = jsona(PATCH => "/posts/$post->{id}", names => ['author'], stuff => {
		type => 'post', id => $post->{id}, title => 'By Ada', author => $ada,
		relationshipNames => ['author']});
	is row(posts => $post->{id}, 'title, author_id'), 'By Ada|1',
		'changes, with a link';
	$r = jsona(DELETE => "/posts/$post->{id}");
	is $r->{status}, 204, 'deletes';
	is row(posts => $post->{id}, 'title'), '', '... what was there';
};

subtest 'a schema of the specification' => sub {
	my $api = JsonApi->new($p);
	for my $path ('/jsonapi/people', '/jsonapi/people/1?include=computers',
		'/jsonapi/posts?include=author.bio,comments', '/jsonapi/people/99',
		'/jsonapi/computers/4/person', '/jsonapi/seats', '/jsonapi/gadgets',
		'/jsonapi/people/1/relationships/computers', '/jsonapi/nope',
		'/jsonapi/people?page%5Bsize%5D=2&page%5Bnumber%5D=2',
		'/jsonapi/people?sort=nope')
	{
		my $r = $api->strict(GET => $path);
		my $judged = does(validate => document => $r->{json});
		is_deeply $judged->{faults}, [], $path or diag $r->{body};
	}
	for my $wrong ({}, {data => {type => 'a'}}, {errors => [{status => 5}]},
		{data => [], x => 1})
	{
		my $judged = does(validate => document => $wrong);
		ok scalar @{$judged->{faults} // []}, 'it can say no';
	}
};

done_testing;
