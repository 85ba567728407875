#!/usr/bin/perl
# JSON:API, which rows: every operator, conditions in conditions, through
# relationships, the short form, and what is said about those that are wrong.
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
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

# Who is strict reads the parameter's real name.
my %error = (status => 400, source => {parameter => 'filters'},
	title  => 'Invalid filters querystring parameter.',
	strict => {title => 'Invalid filter querystring parameter.'});

sub is_so ($name, $op, @val)
{
	return {name => $name, op => $op, val => $val[0]};
}

# In both modes these ids; more parameters as pairs.
sub finds ($type, $conditions, $ids, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$api->both(GET => filter("/jsonapi/$type", @$conditions),
		sub ($r, $mode) { shows($r, $ids, "$mode: $name") });
}

# The same with the list as a text.
sub finds_by ($type, $text, $ids, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	finds($type, [\$text], $ids, $name);
}

subtest 'operators' => sub {
	for my $case (
		['name', 'eq', 'Ada', '1'], ['name', 'eq', 'ada', ''],
		['name', 'ne', 'Ada', '2 3 4 5'],
		['age', 'eq', 25, '2 5'], ['age', 'lt', 36, '2 5'],
		['age', 'le', 36, '1 2 5'], ['age', 'gt', 36, '4'],
		['age', 'ge', 36, '1 4'],
		['name', 'in', ['Ada', 'Cyd', 'Nobody'], '1 3'],
		['name', 'in_', ['Ada', 'Cyd'], '1 3'],
		['age', 'in', [25, 41], '2 4 5'], ['name', 'in', [], ''],
		['name', 'notin', ['Ada', 'Bob'], '3 4 5'],
		['name', 'notin_', ['Ada', 'Bob'], '3 4 5'],
		['name', 'notin', [], '1 2 3 4 5'],
		['name', 'like', '%d%', '1 3'], ['name', 'like', '_d_', '1'],
		['name', 'like', 'ada', ''], ['name', 'ilike', 'aDA', '1'],
		['name', 'ilike', '%D%', '1 3 4'],
		['name', 'notlike', '%d%', '2 4 5'],
		['name', 'notilike', '%d%', '2 5'],
		['age', 'is_', undef, '3'], ['age', 'isnot', undef, '1 2 4 5'],
		['email', 'eq', undef, '3 5'], ['email', 'ne', undef, '1 2 4'],
		['name', 'startswith', 'D', '4'], ['name', 'startswith', 'd', ''],
		['name', 'endswith', 'd', '3'], ['name', 'endswith', 'ob', '2'],
		['age', 'between', [25, 36], '1 2 5'],
		['age', 'between', [37, 40], ''], ['name', 'between', ['B', 'D'],
		'2 3'], ['id', 'eq', 2, '2'], ['id', 'in', ['1', 3], '1 3'],
		['id', 'gt', '3', '4 5'],
	) {
		my ($name, $op, $val, $ids) = @$case;
		finds(people => [is_so($name, $op, $val)], $ids, "$name $op "
			. JSON::PP->new->allow_nonref->encode($val));
	}
	finds(posts => [is_so(title => match => 'first')], '1',
		'match finds words');
	finds(posts => [is_so(body => match => 'build how')], '3',
		'... more than one, in any order');
	finds(posts => [is_so(author_id => eq => 2)], '3',
		'a key to another table');
	finds(posts => [is_so(author_id => in => [1, 2])], '1 2 3', '... or more');
};

subtest 'values are of the column\'s type' => sub {
	for my $case (
		['name', 'eq', 'lamp', '1'], ['colour', 'eq', 'light blue', '3'],
		['colour', 'in', ['red', 'green'], '1 2'],
		['price', 'gt', '10.5', '2'], ['price', 'eq', 10.5, '1'],
		['price', 'between', [1, 15.25], '1'],
		['active', 'eq', $true, '1 3'], ['active', 'eq', $false, '2'],
		['active', 'is_', $false, '2'], ['active', 'eq', 'true', '1 3'],
		['made', 'lt', '2021-01-01', '1'], ['made', 'is_', undef, '3'],
		['seen', 'ge', '2021-06-01T02:00:00+02:00', '2'],
		['code', 'eq', '1' x 8 . '-1111-4111-8111-' . '1' x 12, '1'],
		['id', 'eq', '3', '3'],
	) {
		my ($name, $op, $val, $ids) = @$case;
		finds(gadgets => [is_so($name, $op, $val)], $ids, "$name $op "
			. JSON::PP->new->allow_nonref->encode($val));
	}
	finds(gadgets => [is_so(spec => jsonb_contains => {watts => 40})], '1',
		'jsonb_contains looks into an object');
	finds(gadgets => [is_so(spec => jsonb_contains => {parts => ['bulb']})],
		'1', '... and into a list');
	finds(gadgets => [is_so(spec => jsonb_contains => {})], '1 2',
		'... everything contains nothing');
	finds(people => [is_so(name => eq => q{'; drop table api.people; --})], '',
		'a value is never a statement');
	is $p->sql('select count(*) from api.people'), 5, '... indeed';
	finds(people => [is_so(name => eq => "\x{1f600}Ü")], '',
		'... and of any letters');
};

subtest 'column to column' => sub {
	for my $case (['gt', '1'], ['lt', '2'], ['ne', '1 2'], ['eq', '']) {
		my ($op, $ids) = @$case;
		finds(gadgets => [{name => 'price', op => $op, field => 'cost'}],
			$ids, "price $op cost");
	}
	finds(comments => [{name => 'parent_id', op => 'lt', field => 'id'}],
		'2 5', 'keys as well');
	$api->refuses([GET => filter('/jsonapi/gadgets', {name => 'price',
		op => 'gt', field => 'nope'})], {%error,
		detail => 'GadgetSchema has no attribute nope'},
		'... that are there');
};

subtest 'and, or, not' => sub {
	my ($ada, $bob, $cyd) = map { is_so(name => eq => $_) } qw(Ada Bob Cyd);
	my $young = is_so(age => lt => 30);
	finds(people => [$young, is_so(email => isnot => undef)], '2',
		'a list is an and');
	finds(people => [{or => [$ada, $cyd]}], '1 3', 'or');
	finds(people => [{and => [$young, $bob]}], '2', 'and');
	finds(people => [{not => $ada}], '2 3 4 5', 'not');
	finds(people => [{or => [$ada, {and => [$young, {not => $bob}]}]}], '1 5',
		'within each other');
	finds(people => [{not => {or => [$ada, $bob, $cyd]}}], '4 5',
		'not one of them');
	finds(people => [{not => {not => $ada}}], '1', 'not not');
	finds(people => [{not => is_so(age => eq => 25)}], '1 4',
		'what is null is neither so nor not so');
	finds(people => [{not => {not => is_so(age => eq => 25)}}], '2 5',
		'... nor not not so');
	finds(people => [{not => {and => [$young, is_so(email => like => 'b%')]}}],
		'1 4', '... unless another part decides');
	finds(people => [{not => {or => [is_so(age => is => undef), $young]}}],
		'1 4', '... or it is asked for');
	finds(people => [{not => is_so(age => lt => undef)}], '',
		'a bound of nothing has nothing on its other side');
	finds(people => [{not => is_so('computers.name' => eq => 'Difference')}],
		'1 2', 'of a row behind many');
	finds(people => [{not => is_so('computers.person_id' => is => undef)}],
		'1 2',
		'... that is there');
	finds(computers => [{not => is_so('person.name' => eq => 'Ada')}], '3',
		'of a row that need not be there');
	finds(people => [{or => []}], '', 'none of nothing')
		if names($api->seed(GET => filter('/jsonapi/people', {or => []})))
			!~ /^status 400/;
	finds(people => [], '1 2 3 4 5', 'an empty list');
	my $deep = $ada;
	$deep = {not => $deep} for 1 .. 10;
	finds(people => [$deep], '1', 'ten deep');
	$deep = {and => [$deep]} for 1 .. 250;
	my $text = JSON::PP->new->canonical->max_depth(10000)->encode([$deep]);
	my $r = $api->strict(GET => uri('/jsonapi/people', filter => $text));
	is $r->{status}, 400, 'a quarter of a thousand deep is refused';
	is $r->{json}{errors}[0]{detail},
		'A filter may be nested 32 levels deep at most', '... as is said';
	$r = $api->strict(GET => filter('/jsonapi/people',
		{or => [map { is_so(name => eq => "n$_") } 1 .. 40]}));
	is $r->{status}, 200, 'forty conditions are not';
};

subtest 'through relationships' => sub {
	finds(people => [is_so('computers.name' => ilike => '%i%')], '1',
		'one of many, once');
	my $r = $api->seed(GET => filter('/jsonapi/people',
		is_so('computers.name' => ilike => '%i%')));
	is $r->{json}{meta}{count}, 1, '... and counted once';
	finds(posts => [is_so('author.name' => eq => 'Ada')], '1 2', 'one');
	finds(people => [is_so('bio.text' => like => '%countess%')], '1',
		'one that links here');
	finds(people => [is_so('groups.name' => eq => 'readers')], '1 2',
		'through a table');
	finds(people => [is_so('memberships.group.name' => eq => 'writers')], '1',
		'two of them');
	finds(people => [is_so('posts.comments.text' => eq => 'good')], '1',
		'many of many');
	finds(people => [is_so('posts.comments.author.name' => eq => 'Bob')], '1',
		'three of them, and once');
	finds(people => [is_so('computers.name' => eq => 'Difference'),
		is_so('computers.name' => eq => 'Analytical')], '',
		'conditions on one way are about one row');
	finds(people => [is_so('computers.name' => eq => 'Difference'),
		is_so('groups.name' => eq => 'writers')], '1',
		'... on different ones about different rows');
	finds(comments => [is_so('author.name' => eq => 'Bob'),
		is_so('post.author.name' => eq => 'Ada')], '1 3',
		'two ways to one table');
	finds(comments => [is_so('parent.text' => eq => 'good')], '2',
		'a way to the same table');
	finds(comments => [is_so('parent.parent.text' => eq => 'good')], '5',
		'... twice');
	finds(people => [{or => [is_so('computers.name' => eq => 'Colossus'),
		is_so(name => eq => 'Cyd')]}], '2 3', 'in an or');
	finds(comments => [{or => [is_so('author.name' => eq => 'Dan'),
		is_so(text => eq => 'unsigned')]}], '4 5',
		'... that misses nobody for want of a link');
	finds(remarks => [is_so('note.text' => like => '%')], '1',
		'what a policy hides is not found');
	finds(memberships => [is_so('person.name' => eq => 'Ada')], '1,1 1,2',
		'keys of two columns');
	$r = $api->strict(GET => uri('/jsonapi/people', filter => JSON::PP->new
		->encode([is_so('computers.name' => like => '%')]),
		sort => '-name', include => 'computers', 'page[size]' => 1,
		'page[number]' => 1));
	is names($r), '2', 'with a page, an order, and more';
	is included($r), 'computer/3', '... what belongs to it';
};

subtest 'any and has' => sub {
	my $colossus = is_so(name => eq => 'Colossus');
	finds(people => [is_so(computers => any => $colossus)], '2', 'any');
	finds(people => [{not => is_so(computers => any => $colossus)}],
		'1 3 4 5', '... not');
	finds(people => [is_so(computers => any => is_so(name => eq =>
		'Difference')), is_so(computers => any => is_so(name => eq =>
		'Analytical'))], '1', '... twice, about two rows');
	finds(people => [is_so(groups => any => is_so(name => eq => 'writers'))],
		'1', '... through a table');
	finds(posts => [is_so(author => has => is_so(name => eq => 'Ada'))],
		'1 2', 'has');
	finds(posts => [is_so(comments => any => is_so(author => has =>
		is_so(name => eq => 'Dan')))], '1', 'has in any');
	finds(posts => [is_so(author => has => {and => [
		is_so(name => eq => 'Ada'), is_so(age => gt => 40)]})], '',
		'... of more than one');
	finds(people => [is_so('posts.comments' => any =>
		is_so(text => eq => 'again'))], '1', '... behind another one')
		if names($api->seed(GET => filter('/jsonapi/people',
			is_so('posts.comments' => any => is_so(text => eq => 'x')))))
			!~ /^status/;
};

subtest 'the short form' => sub {
	for my $case (
		[people => ['filter[name]' => 'Ada'], '1'],
		[people => ['filter[age]' => 25], '2 5'],
		[people => ['filter[age]' => 25, 'filter[name]' => 'Eve'], '5'],
		[people => ['filter[id]' => 4], '4'],
		[posts => ['filter[author.name]' => 'Bob'], '3'],
		[posts => ['filter[author_id]' => 1], '1 2'],
		[people => ['filter[computers.name]' => 'Orphan'], ''],
		[gadgets => ['filter[colour]' => 'light blue'], '3'],
		[gadgets => ['filter[active]' => 'false'], '2'],
		[people => ['filter[name]' => '%'], ''],
		[people => ['filter[age]' => 25,
			filter => '[{"name":"email","op":"is_","val":null}]'], '5'],
	) {
		my ($type, $query, $ids) = @$case;
		$api->both(GET => uri("/jsonapi/$type", @$query), sub ($r, $mode) {
			shows($r, $ids, "$mode: @$query");
		});
	}
};

sub refuses ($text, $detail, $name, %more)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $type = delete $more{table} // 'people';
	$api->refuses([GET => uri("/jsonapi/$type", filter => $text)],
		{%error, detail => $detail, %more}, $name);
}

subtest 'what is no list of conditions' => sub {
	refuses($_, 'Parse error', "no JSON: $_") for 'x', '[', '{', '', "['a']",
		'[{"name":"name","op":"eq","val":"x"}]]';
	my $format = 'Incorrect filters format, expected list of conditions '
		. 'but got';
	refuses('{"name":"name","op":"eq","val":"x"}', "$format dict",
		'an object');
	refuses('"x"', "$format str", 'a text');
	refuses('5', "$format int",   'a number');
	for my $text ('null', 'true', '[1]', '["x"]', '[null]', '[{}]',
		'[{"name":"name"}]', '[{"op":"eq","val":1}]',
		'[{"name":5,"op":"eq","val":1}]',
		'[{"name":"name","op":null,"val":1}]',
		'[{"and":{"name":"name","op":"eq","val":"x"}}]', '[{"and":5}]',
		'[{"not":5}]', '[{"name":"name","op":"eq","val":{}}]',
		'[{"name":"name","op":"in","val":"Ada"}]',
		'[{"name":"age","op":"between","val":[1]}]',
		'[{"name":"age","op":"between","val":[1,2,3]}]',
		'[{"name":"computers","op":"eq","val":1}]',
		'[{"name":"computers","op":"any","val":5}]',
		'[{"name":"name","op":"any","val":{}}]')
	{
		my $r = $api->strict(GET => uri('/jsonapi/people', filter => $text));
		like $r->{status}, qr/^4(?:00|09)$/, "nor is $text one"
			or diag $r->{body};
	}
};

subtest 'names that are none' => sub {
	for my $name (qw(nope secret password_hash Name), 'name ', '') {
		refuses(qq([{"name":"$name","op":"eq","val":"x"}]),
			"PersonSchema has no attribute $name", "the field '$name'");
	}
	refuses('[{"name":"computers.nope","op":"eq","val":"x"}]',
		'ComputerSchema has no attribute nope', 'a field behind a way');
	refuses('[{"name":"nope.name","op":"eq","val":"x"}]',
		q{There are no relationship 'nope' defined in schema PersonSchema},
		'a way');
	refuses('[{"name":"computers.nope.name","op":"eq","val":"x"}]',
		q{There are no relationship 'nope' defined in schema}
		. ' ComputerSchema', 'a way behind a way');
	for my $op (qw(nope __class__ op desc label concat), '=', '') {
		refuses(qq([{"name":"name","op":"$op","val":"x"}]),
			"name has no operator $op", "the operator '$op'");
	}
	refuses('[{"name":"name","op":"eq","val":"x"},'
		. '{"name":"nope","op":"eq","val":1}]',
		'PersonSchema has no attribute nope', 'the second of two');
	refuses('[{"or":[{"name":"nope","op":"eq","val":1}]}]',
		'PersonSchema has no attribute nope', 'one inside');
	for my $name (qw(nope secret)) {
		$api->refuses([GET => uri('/jsonapi/people', "filter[$name]" => 1)],
			{%error, detail => "PersonSchema has no attribute $name"},
			"the short form's $name");
	}
};

subtest 'logic that is none' => sub {
	refuses('[{"and":[],"or":[]}]', qr/\AIn\ each\ logic\ node\ expected\ one
		\ of\ operators:\ .*\ but\ got\ 2:\ /x, 'two keys in a node');
	refuses('[{"xor":[]}]', qr/\ANot\ found\ logic\ operator\ xor\ expected
		\ one\ of\ /x, 'a key that is none');
};

subtest 'values that do not fit' => sub {
	refuses(qq([{"name":"name","op":"$_","val":null}]),
		q{The field `name` can't be null}, "$_ null of what is never it")
		for qw(eq lt is_);
	# To who is strict it is a parameter's fault like any other.
	my %pointer = (source => {pointer => '/data/attributes/age'}, strict =>
		{$error{strict}->%*, source => {parameter => 'filter'}});
	my %type = (status => 409, title => 'Invalid type.',
		strict => {$pointer{strict}->%*, status => 400});
	refuses('[{"name":"age","op":"in","val":[1,"x",2,"y"]}]',
		qr/\ACan't\ parse\ items\ \[.*x.*y.*\]\ of\ value\ \[.*1.*x.*2.*y.*\]\z/x,
		'items', %pointer);
	for my $val ('"x"', '1.5', '[1]', '{"a":1}', '99999999999') {
		my $text = qq([{"name":"age","op":"eq","val":$val}]);
		$api->both(GET => uri('/jsonapi/people', filter => $text),
			sub ($r, $mode) {
			like $r->{status}, qr/^4(?:00|09)$/, "$mode: $val is no age";
		});
	}
	refuses('[{"name":"age","op":"eq","val":"x"}]', qr/./, 'a text for a number',
		%pointer, %type);
	refuses('[{"name":"colour","op":"eq","val":"blue"}]', qr/./,
		'a label that is none', table => 'gadgets', %type,
		source => {pointer => '/data/attributes/colour'});
	for my $case (['active', '"perhaps"'], ['made', '"2020-02-30"'],
		['seen', '"now"'], ['code', '"x"'], ['price', '"x"'],
		['made', '"today"'], ['id', '"x"'])
	{
		my ($name, $val) = @$case;
		my $text = qq([{"name":"$name","op":"eq","val":$val}]);
		$api->both(GET => uri('/jsonapi/gadgets', filter => $text),
			sub ($r, $mode) {
			is $r->{status}, $mode eq 'seed' ? 409 : 400,
				"$mode: $val is no $name" or diag $r->{body};
		});
	}
	$api->both(GET => uri('/jsonapi/people', 'filter[age]' => 'x'),
		sub ($r, $mode) {
		is $r->{status}, $mode eq 'seed' ? 409 : 400,
			"$mode: also in the short form";
	});
	finds(spots => [is_so(address => eq => '10.0.0.1')], '1',
		'a type that only the database reads');
	refuses('[{"name":"address","op":"eq","val":"x"}]', qr/none that its/,
		'... and refuses', table => 'spots', %type,
		source => {parameter => 'filters'});
	refuses('[{"name":"at","op":"eq","val":"(1,2)"}]', qr/such an operator/,
		'... or cannot compare', table => 'spots');
	for my $text ('[{"name":"name","op":"eq","val":"\u0000"}]',
		'[{"name":"name","op":"like","val":"\u0000"}]',
		'[{"name":"name","op":"like","val":"a\\\\"}]',
		'[{"name":"name","op":"eq","val":"\ud800"}]')
	{
		my $r = $api->strict(GET => uri('/jsonapi/people', filter => $text));
		ok $r->{status} < 500, "$text is no accident" or diag $r->{body};
	}
};

done_testing;
