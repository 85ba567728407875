#!/usr/bin/perl
# JSON:API, atomic operations: several writes in one request, all or none,
# that know each other by names of their own.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JSON::PP ();
use JsonApi;
use Postern;
use Rest;

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_BASE_URL => $BASE});
my $api = JsonApi->new($p);

# What a strict client says of itself.
my %strict = (type => $ATOMIC, headers => {Accept => $ATOMIC});

sub ops ($mode, @operations)
{
	my %more = $mode eq 'strict' ? %strict : ();
	return $api->$mode(POST => '/operations', %more,
		json => {'atomic:operations' => \@operations});
}

sub add ($type, $attributes, %more)
{
	return {op => 'add', data => {type => $type, attributes => $attributes,
		%more}};
}

sub update ($type, $id, $attributes, %more)
{
	return {op => 'update', data => {type => $type, id => "$id",
		attributes => $attributes, %more}};
}

sub drop ($type, $id)
{
	return {op => 'remove', ref => {type => $type, id => "$id"}};
}

sub one ($type, $id) { return {type => $type, id => "$id"} }
sub lid ($type, $id) { return {type => $type, lid => $id} }
sub to ($data)       { return {data => $data} }

sub rows ($table, $where = 'true')
{
	return $p->sql("select count(*) from api.$table where $where");
}

# A digest of all that could change.
sub all ()
{
	return $p->sql(q{select md5(
		(select string_agg(p::text, '' order by id) from api.people as p)
		|| (select string_agg(c::text, '' order by id)
			from api.computers as c)
		|| (select string_agg(m::text, '' order by person_id, group_id)
			from api.memberships as m)
		|| (select string_agg(o::text, '' order by id)
			from api.posts as o))});
}

for my $mode (qw(seed strict)) {
	subtest "$mode: in order" => sub {
		my $r = ops($mode, add(person => {name => "New $mode"}),
			update(person => 1, {age => 37}),
			add(group => {name => "New $mode"}),
			drop(computer => $mode eq 'seed' ? 1 : 2));
		is $r->{status}, 200, 'are done' or diag $r->{body};
		my @results = ($r->{json}{'atomic:results'} // [])->@*;
		is scalar @results, 4, '... each has a result';
		my $id = $results[0]{data}{id};
		is $results[0]{data}{attributes}{name}, "New $mode", '... what is new';
		is $results[0]{data}{type}, 'person', '... of its type';
		is $results[0]{data}{links}{self}, "/jsonapi/people/$id",
			'... at its place' if $mode eq 'strict';
		is $results[1]{data}{attributes}{age}, 37, '... what has changed';
		is $results[2]{data}{type}, 'group', '... another type';
		ok !defined $results[3]{data}, '... and nothing of what is gone';
		is $p->sql("select name from api.people where id = $id"),
			"New $mode", '... there';
		is $p->sql('select age from api.people where id = 1'), 37,
			'... and there';
		ok !exists $r->{json}{jsonapi}
			|| $r->{json}{jsonapi}{version} eq ($mode eq 'seed' ? '1.0' : '1.1'),
			'... of a version';
		if ($mode eq 'seed') {
			is_deeply $results[3], {data => undef, meta => undef},
				'the seed\'s result of a removal';
			ok exists $results[0]{meta} && !defined $results[0]{meta},
				'... and of what is added';
		}
	};

	subtest "$mode: only removals" => sub {
		my @ids = split /\n/, $p->sql("insert into api.people (name)
			values ('X'), ('Y') returning id");
		my $r = ops($mode, map { drop(person => $_) } @ids);
		is "$r->{status} $r->{body}", '204 ', 'have nothing to say';
		is rows(people => "id in ($ids[0], $ids[1])"), 0, '... but are done';
	};

	subtest "$mode: names of their own" => sub {
		my $r = ops($mode,
			add(person => {name => "Lid $mode"}, lid => 'him'),
			add(computer => {name => "Lid $mode"}, lid => 'it',
				relationships => {person => to(lid(person => 'him'))}),
			add(post => {title => 'Lid'},
				relationships => {author => to(lid(person => 'him'))}),
			{op => 'update', data => {type => 'computer', lid => 'it',
				attributes => {name => "Renamed $mode"}}});
		is $r->{status}, 200, 'link what is new' or diag $r->{body};
		is $p->sql("select c.name from api.computers as c
			join api.people as p on p.id = c.person_id
			where p.name = 'Lid $mode'"), "Renamed $mode", '... there';
		is $p->sql("select title from api.posts as o
			join api.people as p on p.id = o.author_id
			where p.name = 'Lid $mode'"), 'Lid', '... twice';
		$r = ops($mode,
			add(group => {name => "G1 $mode"}, lid => 'g1'),
			add(group => {name => "G2 $mode"}, lid => 'g2'),
			add(person => {name => "Many $mode"}, relationships =>
				{groups => to([lid(group => 'g1'), lid(group => 'g2'),
				one(group => 1)])}));
		is $r->{status}, 200, 'many to many' or diag $r->{body};
		is $p->sql("select count(*) from api.memberships as m
			join api.people as p on p.id = m.person_id
			where p.name = 'Many $mode'"), 3, '... there';
		$r = ops($mode,
			add(group => {name => "G3 $mode"}, lid => 'g'),
			add(person => {name => "M2 $mode"}, lid => 'p'),
			add(membership => {since => '2022-02-02'}, relationships =>
				{person => to(lid(person => 'p')),
				group => to(lid(group => 'g'))}));
		is $r->{status}, 200, '... by the table itself' or diag $r->{body};
		is rows(memberships => "since = '2022-02-02'"),
			$mode eq 'seed' ? 1 : 2, '... there';
		$r = ops($mode,
			add(person => {name => "Gone $mode"}, lid => 'him'),
			{op => 'remove', ref => lid(person => 'him')});
		is $r->{status}, 200, 'removed again' or diag $r->{body};
		is rows(people => "name = 'Gone $mode'"), 0, '... there';
	};

	subtest "$mode: all or none" => sub {
		my $before = all();
		my $first = add(person => {name => "Never $mode"}, lid => 'n');
		for my $case (
			['a key that is taken', add(person => {name => 'x',
				email => 'ada@example.com'}), '400|409'],
			['a check', update(person => 2, {age => -1}), '400|422'],
			['one that is not there', update(person => 999, {age => 1}),
				'404'],
			['... to be removed', drop(person => 999), '404'],
			['who is referenced', drop(person => 2), '409'],
			['what is linked is not there', add(post => {title => 'x'},
				relationships => {author => to(one(person => 999))}),
				'404'],
			['a type that is none', add(nope => {name => 'x'}), '404|422'],
			['a type that nobody may', add(vault => {name => 'x'}),
				'404|422'],
			['one that may only be read', add(planet => {name => 'x'}),
				'403|405'],
			['a name that is none', add(computer => {name => 'x'},
				relationships => {person => to(lid(person => 'nobody'))}),
				'422|404'],
			['... of another type', add(computer => {name => 'x'},
				relationships => {person => to(lid(group => 'n'))}),
				'422|404|409'],
			['a name for two', add(person => {name => 'x'}, lid => 'n'),
				'4..'],
			['what is missing', add(person => {}), '422'],
			['what does not fit', update(person => 1, {age => 'x'}), '422'],
			['a link that has to be', add(post => {title => 'x'}), '422'],
			['what is hidden', update(note => 2, {text => 'x'}), '404'],
		) {
			my ($what, $operation, $status) = @$case;
			for my $list ([$first, $operation],
				[$first, $operation, update(person => 1, {age => 1})])
			{
				my $r = ops($mode, @$list);
				like $r->{status}, qr/^(?:$status)$/, "$what: refused"
					or diag $r->{body};
				is all(), $before, '... and nothing is done'
					or return;
			}
		}
	};

	subtest "$mode: links" => sub {
		my $ref = sub ($type, $id, $name) {
			return {type => $type, id => "$id", relationship => $name};
		};
		my $r = ops($mode, {op => 'update', ref => $ref->(computer => 4,
			'person'), data => one(person => 3)},
			{op => 'add', ref => $ref->(person => 3, 'groups'),
			data => [one(group => 1), one(group => 2)]},
			{op => 'remove', ref => $ref->(person => 3, 'groups'),
			data => [one(group => 1)]});
		like $r->{status}, qr/^20[04]$/, 'are operations, too'
			or diag $r->{body};
		is $p->sql('select person_id from api.computers where id = 4'), 3,
			'... to one';
		is $p->sql('select group_id from api.memberships
			where person_id = 3'), 2, '... to many';
		$r = ops($mode, {op => 'update', ref => $ref->(computer => 4,
			'person'), data => undef}, {op => 'update',
			ref => $ref->(person => 3, 'groups'), data => []});
		like $r->{status}, qr/^20[04]$/, 'to none' or diag $r->{body};
		is rows(memberships => 'person_id = 3'), 0, '... there';
		$r = ops($mode, {op => 'update', href => '/jsonapi/people/3',
			data => {type => 'person', id => '3', attributes => {age => 5}}});
		is $r->{status}, 200, 'by address' or diag $r->{body};
		is $p->sql('select age from api.people where id = 3'), 5, '... there';
	};
}

subtest 'what an operation lacks' => sub {
	my sub refused ($operation, $issue, $name)
	{
		my $r = ops(seed => ref $operation eq 'ARRAY' ? @$operation
			: $operation);
		is $r->{status}, 422, $name or diag $r->{body};
		my $i = ref $r->{json}{detail} eq 'ARRAY' ? $r->{json}{detail}[0] : {};
		is_deeply {map { $_ => $i->{$_} } keys %$issue}, $issue,
			'... which is said' or diag $r->{body};
		my %strict = $api->strict(POST => '/operations', %strict, json =>
			{'atomic:operations' => ref $operation eq 'ARRAY' ? $operation
			: [$operation]})->%*;
		like $strict{status}, qr/^4(?:00|22)$/, '... strictly, too'
			or diag $strict{body};
	}
	my @at = ('body', 'atomic:operations', 0);
	refused({op => 'nope', data => {type => 'person', attributes => {}}},
		{loc => [@at, 'op'], msg => 'value is not a valid enumeration member; '
		. q{permitted: 'add', 'update', 'remove'}}, 'an operation');
	refused({data => {type => 'person', attributes => {}}},
		{loc => [@at, 'op'], msg => 'field required',
		type => 'value_error.missing'}, '... any');
	refused({op => 'remove'}, {loc => [@at, '__root__'],
		msg => q{ref should be present for action 'remove'},
		type => 'value_error'}, 'a reference');
	refused([add(person => {name => 'x'}), {op => 'remove'}],
		{loc => ['body', 'atomic:operations', 1, '__root__'],
		msg => q{ref should be present for action 'remove'}},
		'... of the second');
	my $before = all();
	for my $operation (
		{op => 'remove', ref => {type => 'person'}},
		{op => 'remove', ref => {id => '1'}},
		{op => 'remove', ref => {type => 'person', id => '1', lid => 'x'}},
		{op => 'remove', ref => {type => 'person', id => '1'},
			href => '/jsonapi/people/1'},
		{op => 'add', data => {attributes => {name => 'x'}}},
		{op => 'add'}, {op => 'update'}, {op => 'add', data => 5},
		{op => 'update', data => {type => 'person', attributes => {}}},
		{op => 5}, 'x', 5, [], {},
	) {
		for my $mode (qw(seed strict)) {
			my $r = ops($mode, $operation);
			my $text = JSON::PP->new->canonical->allow_nonref
				->encode($operation);
			like $r->{status}, qr/^4(?:00|04|09|22)$/, "$mode: $text"
				or diag $r->{body};
		}
	}
	for my $body ('{}', '[]', '{"atomic:operations":[]}',
		'{"atomic:operations":{}}', '{"atomic:operations":null}', '', '{',
		'{"data":{"type":"person"}}')
	{
		for my $mode (qw(seed strict)) {
			my $r = $api->$mode(POST => '/operations',
				$mode eq 'strict' ? %strict : (), body => $body);
			like $r->{status}, qr/^4(?:00|22)$/, "$mode: $body"
				or diag $r->{body};
		}
	}
	is all(), $before, 'nothing came of them';
	my $r = ops(seed => add(person => {}));
	is_deeply [$r->{status}, $r->{json}{detail}{message},
		$r->{json}{detail}{errors}[0]{loc}],
		[422, 'Validation error on operation add',
		[qw(data attributes name)]], 'what is wrong with its data'
		or diag $r->{body};
	$r = ops(seed => add(computer => {name => 'x'}, relationships =>
		{person => to(lid(person => 'nobody'))}));
	is_deeply [$r->{status}, $r->{json}{detail}{message},
		defined $r->{json}{detail}{error} && !ref $r->{json}{detail}{error}],
		[422, 'Validation error on operation add', 1],
		'... or with a name of its own' or diag $r->{body};
	$r = ops(seed => update(person => 1, {age => -1}));
	is_deeply [$r->{status}, $r->{json}{errors}[0]{detail}],
		[400, 'Object update error'], '... or with what the database says';
	$r = ops(strict => add(person => {name => 'x'}),
		update(person => 1, {age => -1}));
	like $r->{json}{errors}[0]{source}{pointer} // 'none',
		qr{\A/atomic:operations/1(?:/|\z)}, 'strict: of which operation'
		or diag $r->{body};
};

subtest 'the media type' => sub {
	my $before = all();
	my @json = (json => {'atomic:operations' =>
		[add(person => {name => 'never'})]});
	my $r = $api->strict(POST => '/operations', @json);
	like $r->{status}, qr/^4(?:15|06)$/, 'strict: without the extension';
	$r = $api->strict(POST => '/operations', @json, headers =>
		{Accept => $ATOMIC}, type => qq($TYPE;ext="https://example.com/x"));
	is $r->{status}, 415, '... with another one';
	$r = $api->strict(POST => '/jsonapi/people', type => $ATOMIC, data =>
		{type => 'person', attributes => {name => 'never'}});
	like $r->{status}, qr/^(?:201|415)$/, '... where it is not meant';
	$p->sql("delete from api.people where name = 'never'");
	is all(), $before, 'nothing is done' if $r->{status} == 415;
	$r = ops(strict => update(person => 1, {age => 38}));
	like $r->{headers}{'content-type'},
		qr{;\s*ext="https://jsonapi\.org/ext/atomic"}, 'the answer names it';
	for my $path ('/jsonapi/operations', '/operations') {
		for my $type ($TYPE, 'application/json', $ATOMIC) {
			$r = $api->seed(POST => $path, type => $type, json =>
				{'atomic:operations' => [update(person => 1, {age => 39})]});
			is $r->{status}, 200, "seed: $path as $type" or diag $r->{body};
		}
	}
	for my $method (qw(GET PATCH DELETE PUT)) {
		$r = $api->seed($method => '/operations');
		is $r->{status}, 405, "$method is none";
		is $r->{headers}{allow}, 'POST', '... says what is';
	}
};

subtest 'many at once' => sub {
	my $body = JSON::PP->new->canonical->encode({'atomic:operations' => [
		add(group => {name => 'One of many'}, lid => 'g'),
		add(person => {name => 'One of many', email => 'many@example.com'},
			relationships => {groups => to([lid(group => 'g')])})]});
	my %seen;
	$seen{$_->{status}}++ for volley($p, map { request(POST =>
		'/operations', $body) } 1 .. 20);
	is_deeply \%seen, {200 => 1, 400 => 19}, 'of which one can be done';
	is rows(people => "name = 'One of many'"), 1, '... once';
	is rows(groups => "name = 'One of many'"), 1, '... with all of it';
	%seen = ();
	$seen{$_->{status}}++ for volley($p, map { my $n = $_; request(POST =>
		'/operations', $body =~ s/any/any $n/gr =~ s/many $n@/many$n@/r) }
		1 .. 20);
	is_deeply \%seen, {200 => 20}, 'of which each can';
	is rows(memberships => q{person_id in (select id from api.people
		where name like 'One of many %')}), 20, '... to itself';
};

done_testing;
