#!/usr/bin/perl
# JSON:API 1.1 to the letter, for those who ask for it: media types, their
# parameters, the documents of errors, pages by cursor; and that the judge of
# documents in t/lib can say no.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use JSON::PP ();
use JsonApi;
use JsonApi::Check;
use Postern;
use Rest qw(uri);

subtest 'the judge' => sub {
	my sub judged ($json, %o)
	{
		return join '; ', JsonApi::Check::faults(
			JSON::PP->new->allow_nonref->decode($json), %o);
	}
	my %fine = (
		'nothing'     => '{"data":null}',
		'a list'      => '{"data":[],"jsonapi":{"version":"1.1"},"meta":{}}',
		'links'       => '{"data":[],"links":{"self":"/a","next":null,'
			. '"prev":{"href":"/b?page%5Bsize%5D=1"}}}',
		'a resource'  => '{"data":{"type":"a","id":"1","attributes":'
			. '{"x-y":{"z":[1]}},"relationships":{"r":{"data":null}}}}',
		'linkage'     => '{"data":{"type":"a","id":"1","relationships":'
			. '{"r":{"data":[{"type":"b","id":"1"}]}}},'
			. '"included":[{"type":"b","id":"1"}]}',
		'an error'    => '{"errors":[{"status":"400","source":'
			. '{"pointer":"/data"}}]}',
		'meta'        => '{"meta":{"x":1}}',
	);
	is judged($fine{$_}), '', "$_ is fine" for sort keys %fine;
	my %wrong = (
		'{}'                                  => 'has neither',
		'[]'                                  => 'is no object',
		'{"data":null,"errors":[{}]}'         => 'has data and errors',
		'{"data":null,"x":1}'                 => 'has a member x',
		'{"data":{"type":"a"}}'               => 'has no id',
		'{"data":{"type":"a","id":1}}'        => 'is no string',
		'{"data":{"id":"1"}}'                 => 'has no type',
		'{"data":{"type":"a","id":"1","x":1}}' => 'has a member x',
		'{"data":{"type":"a b!","id":"1"}}'   => 'is no name',
		'{"data":[{"type":"a","id":"1"},{"type":"a","id":"1"}]}' =>
			'has a/1 twice',
		'{"data":{"type":"a","id":"1","attributes":{"id":1}}}' =>
			'has a field called id',
		'{"data":{"type":"a","id":"1","attributes":{"r":1},'
			. '"relationships":{"r":{"data":null}}}}' =>
			'has the field r twice',
		'{"data":{"type":"a","id":"1","relationships":{"r":{}}}}' =>
			'has neither links',
		'{"data":{"type":"a","id":"1","relationships":{"r":'
			. '{"links":{"next":"/x"}}}}}' => 'has neither self nor related',
		'{"data":null,"links":{"first":5}}'   => 'is no URL',
		'{"data":null,"links":{"self":"a b"}}' => 'is no URL',
		'{"data":null,"links":{"x":"/a"}}'    => 'has a member x',
		'{"data":null,"included":[{"type":"b","id":"1"}]}' =>
			'is linked to by nothing',
		'{"data":{"type":"a","id":"1"},"included":'
			. '[{"type":"a","id":"1"}]}'      => 'has a/1 twice',
		'{"meta":{},"included":[]}'           => 'has included without data',
		'{"errors":[]}'                       => 'is no list of errors',
		'{"errors":[{"status":400}]}'         => 'is no string of a status',
		'{"errors":[{"status_code":"400"}]}'  => 'has a member status_code',
		'{"errors":[{"source":{"pointer":"data"}}]}' => 'is no JSON pointer',
		'{"meta":5}'                          => 'is no object',
	);
	like judged($_), qr/$wrong{$_}/, "$_: $wrong{$_}" for sort keys %wrong;
};

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/jsonapi",
	workers => 1, env => {POSTERN_BASE_URL => $BASE});
my $api = JsonApi->new($p);
my $list = '/jsonapi/people';

sub accepting ($accept, $target = $list)
{
	return $api->strict(GET => $target, headers => {Accept => $accept});
}

subtest 'what a client accepts' => sub {
	my $profile = qq($TYPE;profile="https://example.com/p");
	for my $accept ($TYPE, "$TYPE, */*", "text/html, $TYPE;q=0.9", $profile,
		"$TYPE;charset=utf-8, $TYPE", "application/json, $TYPE",
		qq($TYPE; profile="https://a.example/p https://b.example/q"),
		uc $TYPE, qq($TYPE;ext="https://example.com/x", $TYPE),
		"$TYPE ; q=1", ",$TYPE,")
	{
		my $r = accepting($accept);
		is $r->{status}, 200, $accept;
		is $r->{json}{jsonapi}{version}, '1.1', '... is strict';
	}
	for my $accept ("$TYPE;charset=utf-8", "$TYPE; version=1",
		qq($TYPE;ext="https://example.com/x"),
		qq($TYPE;charset=utf-8, $TYPE;ext="https://example.com/x"),
		qq($TYPE;charset=utf-8, */*),
		qq($TYPE;profile="https://example.com/p";foo=bar))
	{
		is accepting($accept)->{status}, 406, "$accept: not acceptable";
	}
	for my $accept ('*/*', 'application/json', 'application/*',
		'text/html, */*;q=0.8', '', 'x' x 3000, ',' x 3000)
	{
		my $r = $p->http(GET => $list, headers => {Accept => $accept});
		is "$r->{status} $r->{json}{jsonapi}{version}", '200 1.0',
			'not strict: ' . substr $accept, 0, 30;
	}
	my $r = $api->strict(GET => $list);
	is $r->{headers}{'content-type'}, $TYPE, 'the answer has no parameters';
	my $vary = $r->{headers}{vary} // '';
	like ref $vary ? join(',', @$vary) : $vary, qr/\bAccept\b/i,
		'... and depends on Accept';
	$vary = $api->seed(GET => $list)->{headers}{vary} // '';
	like ref $vary ? join(',', @$vary) : $vary, qr/\bAccept\b/i,
		'... as the other one does';
};

subtest 'what a client sends' => sub {
	my %person = (data => {type => 'person', attributes => {name => 'T'}});
	for my $type ($TYPE, qq($TYPE;profile="https://example.com/p"),
		uc $TYPE, "$TYPE ")
	{
		is $api->strict(POST => $list, type => $type, %person)->{status}, 201,
			$type;
	}
	my $n = $p->sql('select count(*) from api.people');
	for my $type ("$TYPE;charset=utf-8", "$TYPE; foo=bar",
		qq($TYPE;ext="https://example.com/x"))
	{
		is $api->strict(POST => $list, type => $type, %person)->{status},
			415, $type;
	}
	is $api->seed(POST => $list, type => qq($TYPE;ext="https://example.com/x"),
		%person)->{status}, 415, 'an extension also in seed mode';
	for my $type ('text/plain', 'application/x-www-form-urlencoded',
		'multipart/form-data')
	{
		for my $mode (qw(seed strict)) {
			is $api->$mode(POST => $list, type => $type, %person)->{status},
				422, "$mode: $type is no JSON";
		}
	}
	is $p->sql('select count(*) from api.people'), $n, 'nothing came of it';
};

subtest 'parameters of the query' => sub {
	for my $name ('foo', 'foo[bar]', 'sorts', 'filters') {
		my $r = $api->strict(GET => uri($list, $name => 1));
		is $r->{status}, 400, "$name is none";
		is $r->{json}{errors}[0]{source}{parameter}, $name, '... as is said';
		is $api->seed(GET => uri($list, $name => 1))->{status}, 200,
			'... and in seed mode not heard';
	}
	for my $name ('fooBar', 'foo-bar', 'foo_bar', 'x1', 'X', 'fooBar[x]') {
		is $api->strict(GET => uri($list, $name => 1))->{status}, 200,
			"$name may be somebody's own";
	}
	my %bad = (
		sort             => qr/^sort$/,
		include          => qr/^include$/,
		'fields[person]' => qr/^fields(?:\[person\])?$/,
		'page[size]'     => qr/^page\[size\]$/,
		'page[number]'   => qr/^page\[number\]$/,
		filter           => qr/^filter$/,
		'filter[nope]'   => qr/^filter(?:\[nope\])?$/,
	);
	for my $name (sort keys %bad) {
		my $r = $api->strict(GET => uri($list, $name => 'nope'));
		is $r->{status}, 400, "a $name that is none";
		like $r->{json}{errors}[0]{source}{parameter} // 'none', $bad{$name},
			'... is named' or diag $r->{body};
	}
};

subtest 'errors' => sub {
	my $r = $api->strict(GET => "$list/99");
	my $e = $r->{json}{errors}[0];
	is_deeply [$r->{status}, $e->{status}, $e->{title}, $e->{detail}],
		[404, '404', 'Resource not found.', 'Resource Person `99` not found'],
		'one that is not there';
	like $e->{code}, qr/\A[a-z_]+\z/, '... has a code';
	is $r->{json}{jsonapi}{version}, '1.1', '... in a document of a version';
	for my $case (['not an address', GET => '/jsonapi/nope/1/x/y', 404],
		['no resource', GET => '/jsonapi', 404],
		['no method', PATCH => $list, 405],
		['no method at all', BREW => $list, 405])
	{
		my ($what, $method, $target, $status) = @$case;
		next if $method eq 'BREW';    # nginx says it
		is $api->strict($method => $target)->{status}, $status, $what;
	}
	$r = $api->strict(POST => $list, body => '{"data":');
	like $r->{status}, qr/^4(?:00|22)$/, 'no JSON';
	$r = $api->strict(POST => $list, data => {type => 'person',
		attributes => {age => 'x', email => 5}});
	my %at = map { ($_->{source}{pointer} // 'none') => 1 }
		$r->{json}{errors}->@*;
	ok $at{'/data/attributes'} && $at{'/data/attributes/age'},
		'all that is wrong with attributes' or diag $r->{body};
	$r = $api->strict(POST => $list, data => {type => 'person',
		attributes => {name => 'x', nope => 1}});
	like $r->{status}, qr/^(?:201|4(?:00|22))$/, 'an attribute that is none';
	$r = $api->strict(POST => $list, data => {type => 'person',
		attributes => {name => 'x', id => '5'}});
	like $r->{status}, qr/^4(?:00|22)$/, 'an attribute called id';
	$r = $api->strict(POST => '/jsonapi/posts', data => {type => 'post',
		attributes => {title => 'x', author => 1},
		relationships => {author => {data => {type => 'person',
		id => '1'}}}});
	like $r->{status}, qr/^4(?:00|22)$/,
		'an attribute called like a relationship';
};

subtest 'links' => sub {
	my $target = uri('/jsonapi/posts', include => 'author', sort => '-title',
		'fields[post]' => 'title,author');
	my $r = $api->strict(GET => $target);
	is $r->{json}{links}{self}, "$BASE$target", 'as it was asked for';
	$r = $api->strict(GET => '/jsonapi/posts/1');
	for my $resource ($r->{json}{data}) {
		my $again = $api->strict(GET => $resource->{links}{self}
			=~ s/\A\Q$BASE\E//r);
		is_deeply $again->{json}{data}, $resource, 'a resource\'s own';
		for my $name (sort keys $resource->{relationships}->%*) {
			for my $kind (qw(self related)) {
				my $url = $resource->{relationships}{$name}{links}{$kind};
				is $api->strict(GET => $url =~ s/\A\Q$BASE\E//r)->{status},
					200, "$name: $kind";
			}
		}
	}
};

my $cursors = 'https://jsonapi.org/profiles/ethanresnick/cursor-pagination/';

sub page (%more)
{
	return $api->strict(GET => uri($list, 'page[size]' => 2, sort => 'id',
		%more));
}

sub follow ($r, $way)
{
	my $url = $r->{json}{links}{$way} // return {status => 'no link'};
	$url = $url->{href} if ref $url;
	return $api->strict(GET => $url =~ s/\A\Q$BASE\E//r);
}

subtest 'pages by cursor' => sub {
	$p->sql('delete from api.people where id > 5');
	$p->sql(q{insert into api.people (name, age)
		select 'p' || g, g % 3 from generate_series(1, 20) as g});
	my $all = names($api->strict(GET => $list));
	my $first = page('page[after]' => '');
	is $first->{status}, 200, 'the first' or diag $first->{body};
	like $first->{json}{links}{next}, qr/page%5Bafter%5D=|page\[after\]=/,
		'... links to the next by cursor';
	ok !defined $first->{json}{links}{prev}, '... and to none before';
	my ($r, @ids) = ($first);
	while ($r->{status} eq '200') {
		push @ids, names($r);
		last if @ids > 30;
		$r = follow($r, 'next');
	}
	is join(' ', @ids), $all, 'leads through all of them';
	my $second = follow($first, 'next');
	is names(follow($second, 'prev')), names($first), '... and back';
	$p->sql("insert into api.people (name) values ('late')");
	is names(follow($first, 'next')), names($second),
		'... whatever is added meanwhile';
	$p->sql('delete from api.people where id = 5');
	is names(follow($first, 'next')), names($second), '... or removed';

	for my $sort ('age,-name', '-age', 'name', '-email,id') {
		my $all = names($api->strict(GET => uri($list, sort => $sort)));
		my ($r, @ids) = ($api->strict(GET => uri($list, sort => $sort,
			'page[size]' => 4, 'page[after]' => '', include => 'computers')));
		while ($r->{status} eq '200') {
			push @ids, names($r);
			last if @ids > 30;
			$r = follow($r, 'next');
		}
		is join(' ', @ids), $all, "in the order of $sort, nulls as well";
	}
	$r = $api->strict(GET => uri($list, sort => 'name', 'page[size]' => 2,
		'page[after]' => '', 'filter[age]' => 1));
	is join(' ', names($r), names(follow($r, 'next'))), join(' ',
		split /\n/, $p->sql('select id from api.people where age = 1
		order by name limit 4')), 'of what is filtered';
	for my $cursor ('nonsense', 'bm9uc2Vuc2U', '%', '{}', 'x' x 3000) {
		$r = page('page[after]' => $cursor);
		is $r->{status}, 400, 'no cursor: ' . substr $cursor, 0, 10;
		is $r->{json}{errors}[0]{source}{parameter}, 'page[after]',
			'... as is said';
	}
	for my $size (0, -1, 'x', '1.5') {
		$r = $api->strict(GET => uri($list, 'page[size]' => $size,
			'page[after]' => ''));
		is $r->{status}, 400, "no size: $size";
		is $r->{json}{errors}[0]{source}{parameter}, 'page[size]',
			'... as is said';
	}
	like $first->{json}{links}{next}, qr/^\Q$BASE\E/, 'links are absolute';
	ok !exists(($first->{json}{meta} // {})->{count}), 'nothing is counted';
	$r = accepting(qq($TYPE;profile="$cursors"), uri($list,
		'page[size]' => 2, 'page[after]' => ''));
	is $r->{status}, 200, 'the profile may be named';
	my $seed = $api->seed(GET => uri($list, 'page[size]' => 2,
		'page[after]' => ''));
	is $seed->{status}, 200, 'seed: as well';
	ok !exists(($seed->{json}{meta} // {})->{count}), '... without a count';
};

# What the profile says about errors, where it is named or a cursor is.
sub profiled (%query)
{
	return accepting(qq($TYPE;profile="$cursors"), uri($list, %query));
}

sub is_fault ($r, $parameter, $type, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $e = $r->{json}{errors}[0];
	is_deeply [$r->{status}, $e->{source}, $e->{links}],
		[400, {parameter => $parameter},
		$type && {type => ["$cursors$type"]}], $name or diag $r->{body};
}

subtest 'errors of cursors' => sub {
	my ($size, $after) = ('page[size]', 'page[after]');
	my @large = ($size, 'max-size-exceeded');
	for my $r (profiled($size => 10001), profiled($size => 10001,
		'page[number]' => 1), page($size => 10001, $after => ''),
		page($size => '9' x 18, 'page[before]' => ''))
	{
		is_fault($r, @large, 'a page that is too large');
		is_deeply $r->{json}{errors}[0]{meta}, {page => {maxSize => 10000}},
			'... may be so large';
	}
	my $r = $api->seed(GET => uri($list, $size => 10001, $after => ''));
	is_deeply [$r->{status}, $r->{json}{errors}[0]{meta}],
		[400, {page => {maxSize => 10000}}], 'seed: it too';
	like profiled($size => 10001)->{headers}{'content-type'},
		qr/;profile="\Q$cursors\E"/, 'the profile is named';
	for my $mode (qw(seed strict)) {
		is $api->$mode(GET => uri($list, $size => 10001))->{status}, 200,
			"$mode: where it is not asked for, the size is cut";
	}
	is_fault(page($after => '', 'page[before]' => ''), 'page[before]',
		'range-pagination-not-supported', 'a range');
	my $posts = '/jsonapi/posts';
	is_fault($api->strict(GET => uri($posts, sort => 'author.name',
		$after => '')), 'sort', 'unsupported-sort', 'an order of others');
	is_fault(profiled($size => $_), $size, undef, "a size of $_")
		for 0, -1, 'x', '1.5';
	is_fault(page($after => 'nonsense'), $after, undef, 'no cursor');
	is_fault(page($_ => '', 'page[number]' => 1), 'page[number]', undef,
		"$_ and a number") for $after, 'page[before]';
	is $api->seed(GET => uri($list, $after => '', 'page[number]' => 1))
		->{status}, 400, 'seed: it too';
};

done_testing;
