#!/usr/bin/perl
# JSON:API, relationships as resources of their own: who is linked to whom,
# read and changed at /relationships/, and those that are linked to.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JSON::PP ();
use JsonApi;
use Postern;
use Rest qw(request uri volley);

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_BASE_URL => $BASE});
my $api = JsonApi->new($p);

sub one ($type, $id) { return {type => $type, id => "$id"} }

sub at ($path) { return "/jsonapi/$path" }

subtest 'who is linked to' => sub {
	for my $case (
		['posts/1/relationships/author', 'person/1'],
		['computers/4/relationships/person', 'null'],
		['people/1/relationships/bio', 'bio/1'],
		['people/3/relationships/bio', 'null'],
		['people/1/relationships/computers', 'computer/1 computer/2'],
		['people/3/relationships/computers', ''],
		['people/1/relationships/groups', 'group/1 group/2'],
		['groups/1/relationships/people', 'person/1 person/2'],
		['people/1/relationships/memberships',
			'membership/1,1 membership/1,2'],
		['memberships/2,1/relationships/group', 'group/1'],
		['comments/2/relationships/parent', 'comment/1'],
		['comments/1/relationships/comments', 'comment/2'],
	) {
		my ($path, $linked) = @$case;
		$api->both(GET => at($path), sub ($r, $mode) {
			is $r->{status}, 200, "$mode: $path";
			is linked({relationships => {it => $r->{json}}}, 'it'), $linked,
				'... says to whom';
		});
	}
	my $r = $api->strict(GET => at('people/1/relationships/computers'));
	is_deeply [sort keys $r->{json}{data}[0]->%*], ['id', 'type'],
		'identifiers, and nothing more';
	is $r->{json}{links}{self}, "$BASE/jsonapi/people/1/relationships/computers",
		'its address';
	like $r->{json}{links}{related}, qr{/jsonapi/people/1/computers\z},
		'... and that of what is there';
	my $post = $api->strict(GET => at('posts/1'))->{json}{data};
	my $links = $post->{relationships}{comments}{links};
	$r = $api->strict(GET => $links->{self} =~ s/\A\Q$BASE\E//r);
	is pairs($r->{json}{data}->@*), 'comment/1 comment/2 comment/5',
		'a resource says where it is';
	$r = $api->strict(GET => $links->{related} =~ s/\A\Q$BASE\E//r);
	is pairs($r->{json}{data}->@*), 'comment/1 comment/2 comment/5',
		'... and where those are that it is about';
	$r = $api->strict(GET => at('people/2/relationships/computers?include='
		. 'computers'));
	is included($r), 'computer/3', 'with them'
		if $r->{status} != 400;
	for my $path ('people/99/relationships/computers',
		'people/x/relationships/computers', 'people/1/relationships/nope',
		'people/1/relationships/name', 'people/1/relationships',
		'people/1/relationships/computers/1', 'notes/2/relationships/remarks',
		'vaults/1/relationships/x', 'people/1/nope', 'people/99/computers',
		'people/1/name', 'notes/2/remarks', 'people/1/computers/1')
	{
		for my $mode (qw(seed strict)) {
			is $api->$mode(GET => at($path))->{status}, 404,
				"$mode: there is no $path";
		}
	}
};

subtest 'those that are linked to' => sub {
	for my $case (
		['posts/1/author', 'person/1'], ['computers/4/person', 'null'],
		['people/1/bio', 'bio/1'], ['people/3/bio', 'null'],
		['people/1/computers', 'computer/1 computer/2'],
		['people/3/computers', ''], ['people/1/groups', 'group/1 group/2'],
		['groups/1/people', 'person/1 person/2'],
		['memberships/2,1/person', 'person/2'],
		['comments/1/comments', 'comment/2'],
	) {
		my ($path, $linked) = @$case;
		$api->both(GET => at($path), sub ($r, $mode) {
			is $r->{status}, 200, "$mode: $path";
			is linked({relationships => {it => $r->{json}}}, 'it'), $linked,
				'... are there';
			is $r->{json}{links}{self} =~ s/%2C/,/r, "$BASE/jsonapi/$path",
				'... at this address';
		});
	}
	my $r = $api->seed(GET => at('posts/1/author'));
	is_deeply $r->{json}{data}, $api->seed(GET => at('people/1'))
		->{json}{data}, 'one is what it is alone';
	$r = $api->seed(GET => at('people/1/computers'));
	is_deeply $r->{json}{meta}, {count => 2, totalPages => 1},
		'several are counted';
	$api->both(GET => uri(at('people/1/posts'), sort => '-title',
		'page[size]' => 1, 'page[number]' => 2, include => 'author,comments',
		'fields[post]' => 'title,author,comments',
		filter => '[{"name":"title","op":"like","val":"%"}]'),
		sub ($r, $mode) {
		shows($r, '1', "$mode: sorted, filtered, in pages");
		is included($r), 'comment/1 comment/2 comment/5 person/1',
			'... with more';
		is_deeply $r->{json}{data}[0]{attributes}, {title => 'First'},
			'... and less';
	});
	$api->both(GET => uri(at('comments/1/author'), include => 'bio'),
		sub ($r, $mode) { is included($r), 'bio/2', "$mode: of one, too" });
	is $api->strict(GET => at('remarks/2/note'))->{json}{data}, undef,
		'what a policy hides is nobody';
	for my $method (qw(POST PATCH DELETE)) {
		my $r = $api->strict($method => at('people/1/computers'),
			data => {type => 'computer', attributes => {name => 'x'}});
		is $r->{status}, 405, "$method belongs elsewhere";
	}
};

sub owner ($id) { return $p->sql("select person_id from api.computers
	where id = $id") }

sub linked_ids ($table, $column, $of, $id)
{
	return $p->sql("select coalesce(string_agg($column\::text, ' '
		order by $column), '') from api.$table where $of = $id");
}

sub computers ($id) { return linked_ids(qw(computers id person_id), $id) }
sub groups ($id)    { return linked_ids(qw(memberships group_id person_id), $id) }

# Done, whether or not there is something to say.
sub done ($r, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like $r->{status}, qr/^20[04]$/, $name || diag $r->{body};
}

for my $mode (qw(seed strict)) {
	my sub change ($method, $path, $data)
	{
		return $api->$mode($method => at($path), json => {data => $data});
	}

	subtest "$mode: to one" => sub {
		my $path = 'computers/4/relationships/person';
		done change(PATCH => $path, one(person => 3)), 'is set';
		is owner(4), 3, '... there';
		done change(PATCH => $path, one(person => 2)), '... and another';
		is owner(4), 2, '... there';
		done change(PATCH => $path, undef), '... and nobody';
		is owner(4), '', '... there';
		for my $case (['one that is not there', one(person => 99), 404],
			['another type', one(computer => 1), '4..'],
			['a list', [one(person => 1)], '4..'],
			['no type', {id => '1'}, '4..'], ['a text', 'x', '4..'])
		{
			my ($what, $data, $status) = @$case;
			my $r = change(PATCH => $path, $data);
			like $r->{status}, qr/^$status$/, $what;
			is owner(4), '', '... and nothing is changed';
		}
		for my $method (qw(POST DELETE)) {
			my $r = change($method => $path, one(person => 1));
			like $r->{status}, qr/^40[35]$/, "$method has nothing to add";
		}
		my $r = change(PATCH => 'posts/1/relationships/author', undef);
		like $r->{status}, qr/^4(?:00|03|09|22)$/, 'one that has to be';
		$r = change(PATCH => 'computers/99/relationships/person', undef);
		is $r->{status}, 404, 'of one that is not there';
		$r = change(PATCH => 'remarks/1/relationships/note', one(note => 2));
		is $r->{status}, 404, 'to one that is hidden';
		$r = $api->$mode(PATCH => at($path), json => {});
		like $r->{status}, qr/^4(?:00|22)$/, 'no data are not null';
	};

	subtest "$mode: to many" => sub {
		my $path = 'people/3/relationships/computers';
		done change(POST => $path, [one(computer => 4)]), 'one is added';
		is computers(3), '4', '... there';
		done change(POST => $path, [one(computer => 4), one(computer => 3)]),
			'... one again, and another';
		is computers(3), '3 4', '... there';
		done change(DELETE => $path, [one(computer => 4),
			one(computer => 1)]), 'one goes, and one that was not linked';
		is computers(3), '3', '... there';
		is owner(1), 1, '... which stays where it is';
		done change(PATCH => $path, [one(computer => 4)]), 'a set is set';
		is computers(3), '4', '... there';
		is owner(3), '', '... and who is not in it is free';
		done change(PATCH => $path, []), '... also to none';
		is computers(3), '', '... there';
		done change(POST => $path, []), 'none are added';
		done change(DELETE => $path, []), '... or taken away';
		$p->sql('update api.computers set person_id = 2 where id = 3');
		for my $case (
			['one that is not there', [one(computer => 4),
				one(computer => 99)], 404],
			['another type', [one(person => 1)], '4..'],
			['one, not a list', one(computer => 4), '4..'],
			['null', undef, '4..'], ['an id that cannot be',
				[one(computer => 'x')], '4..'],
		) {
			my ($what, $data, $status) = @$case;
			for my $method (qw(POST PATCH)) {
				my $r = change($method => $path, $data);
				like $r->{status}, qr/^$status$/, "$method $what"
					or diag $r->{body};
			}
			is computers(3), '', '... and nothing is changed';
		}
		my $r = change(POST => 'people/99/relationships/computers',
			[one(computer => 4)]);
		is $r->{status}, 404, 'of one that is not there';
		$r = change(PATCH => 'people/1/relationships/posts', []);
		like $r->{status}, qr/^4(?:00|03|09|22)$/,
			'those that cannot be without';
		$r = change(DELETE => 'people/1/relationships/posts',
			[one(post => 1)]);
		like $r->{status}, qr/^4(?:00|03|09|22)$/, '... not one of them';
		is linked_ids(qw(posts id author_id), 1), '1 2', '... stay';
		done change(POST => 'people/2/relationships/posts',
			[one(post => 2)]), '... but may be given to another';
		is linked_ids(qw(posts id author_id), 2), '2 3', '... there';
		$p->sql('update api.posts set author_id = 1 where id = 2');
	};

	subtest "$mode: through a table" => sub {
		my $path = 'people/3/relationships/groups';
		done change(POST => $path, [one(group => 1), one(group => 2)]),
			'two are added';
		is groups(3), '1 2', '... there';
		is $p->sql('select distinct since from api.memberships
			where person_id = 3'), '2020-01-01', '... as the table has it';
		$p->sql("update api.memberships set since = '2021-01-01'
			where person_id = 3 and group_id = 2");
		done change(POST => $path, [one(group => 2), one(group => 3)]),
			'... one again';
		is groups(3), '1 2 3', '... once';
		done change(DELETE => $path, [one(group => 1), one(group => 99)]),
			'one goes, and one that is not there';
		is groups(3), '2 3', '... there';
		done change(PATCH => $path, [one(group => 1), one(group => 2)]),
			'a set is set';
		is groups(3), '1 2', '... there';
		is $p->sql('select since from api.memberships where person_id = 3
			and group_id = 2'), '2021-01-01', '... and what stays is as it was';
		done change(PATCH => $path, []), '... or empty';
		is groups(3), '', '... there';
		done change(POST => 'groups/3/relationships/people',
			[one(person => 3)]), 'from the other end';
		is groups(3), '3', '... there';
		done change(DELETE => 'groups/3/relationships/people',
			[one(person => 3)]), '... and back';
		for my $method (qw(POST PATCH)) {
			my $r = change($method => $path, [one(group => 1),
				one(group => 99)]);
			is $r->{status}, 404, "$method of one that is not there"
				or diag $r->{body};
			is groups(3), '', '... changes nothing';
		}
	};
}

subtest 'what may not be done' => sub {
	my $r = $api->strict(POST => at('people/1/relationships/computers'),
		data => [one(computer => 1)], type => "$TYPE;charset=utf-8");
	is $r->{status}, 415, 'a type with a parameter';
	for my $method (qw(PUT)) {
		$r = $api->strict($method => at('people/1/relationships/computers'),
			data => []);
		is $r->{status}, 405, "$method is none";
	}
};

# Whether all of many at once, each with the other order of ids, are done.
sub at_once ($what, @changes)
{
	my @requests = map {
		my ($method, $path, @ids) = @$_;
		my ($type) = $path =~ m{groups$} ? 'group' : $path =~ m{people$}
			? 'person' : 'computer';
		request($method => at($path), JSON::PP::encode_json({data =>
			[map { one($type => $_) } @ids]}), "Accept: $TYPE");
	} @changes;
	my %n;
	$n{$_->{status}}++ for map { volley($p, @requests) } 1 .. 3;
	return is_deeply \%n, {204 => 3 * @requests}, $what;
}

subtest 'many at once' => sub {
	$p->sql("insert into api.computers (name) select 'c' || i
		from generate_series(1, 40) i; insert into api.groups (name)
		select 'g' || i from generate_series(1, 40) i");
	my @computers = split ' ', $p->sql(q{select string_agg(id::text, ' '
		order by id) from api.computers where name ~ '^c\d'});
	my @groups = split ' ', $p->sql(q{select string_agg(id::text, ' '
		order by id) from api.groups where name ~ '^g\d'});
	my ($c, $g) = ('relationships/computers', 'relationships/groups');
	for my $method (qw(PATCH POST DELETE)) {
		at_once("$method of the same in opposite orders", map {
			[$method => "people/1/$c", @computers],
			[$method => "people/2/$c", reverse @computers] } 1 .. 8);
		at_once('... through a table', map {
			[$method => "people/1/$g", @groups],
			[$method => "people/1/$g", reverse @groups] } 1 .. 8);
	}
	my @half = splice @computers, 20;
	at_once('what is exchanged', map {
		[PATCH => "people/1/$c", @computers], [PATCH => "people/2/$c", @half],
		[PATCH => "people/1/$c", @half], [PATCH => "people/2/$c", @computers],
		} 1 .. 6);
	@half = splice @groups, 20;
	at_once('... through a table', map {
		[PATCH => "people/1/$g", @groups], [PATCH => "people/1/$g", @half],
		[POST => "people/1/$g", reverse @groups],
		[DELETE => "people/1/$g", reverse @half] } 1 .. 6);
	my $all = $p->sql('select count(*) from api.memberships
		where person_id = 1');
	ok $all <= 40, '... and none is linked twice';
};

done_testing;
