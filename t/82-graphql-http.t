#!/usr/bin/perl
# GraphQL over HTTP: methods, media types, statuses, the language as a whole,
# persisted queries, and the limits, each of which names its setting.
use v5.36;
use utf8;
use Digest::SHA qw(sha256_hex);
use Encode      qw(encode_utf8);
use FindBin;
use JSON::PP ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use GraphQL;
use Postern;
use Rest;

my $p = Postern->start(migrations => "$FindBin::Bin/fixtures/music",
	workers => 1);
my $JSON   = 'application/json; charset=utf-8';
my $STRICT = 'application/graphql-response+json';

$p->sql(q{insert into api.label (name, established_year) values
	('A', 1900), ('B', 1950)});

# A request with a body of that type; or, with its parameters, by GET.
sub post ($body, %headers)
{
	my $type = delete $headers{type} // 'application/json';
	return $p->http(POST => '/graphql', body => $body, type => $type,
		headers => \%headers);
}

sub get ($parameters, %headers)
{
	return $p->http(GET => uri('/graphql', @$parameters),
		headers => \%headers);
}

sub json ($value) { return JSON::PP->new->utf8->canonical->encode($value) }

# The request is refused with that status and that message, and no data.
sub refuses ($r, $status, $message, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my @said = messages($r);
	my $ok = $r->{status} == $status && @said == 1
		&& (ref $message ? $said[0] =~ $message : $said[0] eq $message)
		&& ref $r->{json} eq 'HASH' && !exists $r->{json}{data};
	return ok($ok, $name) || diag("$r->{status} $r->{body}");
}

subtest 'E04: hello' => sub {
	answers query($p, '{ hello }'), 200, '{"data":{"hello":"Hello World"}}',
		'by POST';
	answers get([query => '{ hello }']), 200,
		'{"data":{"hello":"Hello World"}}', 'by GET';
	answers query($p, '{ __typename }'), 200,
		'{"data":{"__typename":"QueryRoot"}}', 'the root has a name';
	answers query($p, '{ a: __typename hello b: hello }'), 200,
		'{"data":{"a":"QueryRoot","hello":"Hello World","b":"Hello World"}}',
		'in order';
	my $r = $p->http(HEAD => uri('/graphql', query => '{ hello }'));
	is "$r->{status} $r->{body}", '200 ', 'HEAD has no body';
	answers $p->cgi(POST => '/graphql', json => {query => '{ hello }'}), 200,
		'{"data":{"hello":"Hello World"}}', 'by one run of the program';
};

subtest 'media types of answers' => sub {
	my %type = (
		'application/json'                       => $JSON,
		'*/*'                                    => $JSON,
		'application/*'                          => $JSON,
		''                                       => $JSON,
		$STRICT                                  => "$STRICT; charset=utf-8",
		"$STRICT, application/json;q=0.9"        => "$STRICT; charset=utf-8",
		"$STRICT;q=0.1, application/json"        => $JSON,
		"$STRICT;charset=utf-8, application/json;charset=utf-8" =>
			"$STRICT; charset=utf-8",
		'text/html, application/xhtml+xml, */*;q=0.8' => $JSON,
	);
	for my $accept (sort keys %type) {
		my $r = post('{"query":"{ hello }"}', Accept => $accept);
		is "$r->{status} $r->{headers}{'content-type'}",
			"200 $type{$accept}", "Accept: $accept";
	}
	my $r = post('{"query":"{ hello }"}');
	is $r->{headers}{'content-type'}, $JSON, 'no Accept';
	is post('{"query":"{ hello }"}', Accept => $_)->{status}, 406,
		"Accept: $_" for 'image/png', 'text/plain', 'application/json;q=0',
		'application/xml, text/html';
};

# What is wrong with a document; its statuses by media type are 200 and 400.
my @documents = (
	['{',        'Syntax Error: Expected Name, found <EOF>.'],
	['',         'Must provide query string.', 400],
	['{ a b }}', 'Syntax Error: Unexpected "}".'],
	['{ "x" }',  'Syntax Error: Expected Name, found String "x".'],
	['{ nope }', qr/^Cannot query field "nope" on type "QueryRoot"\./],
	['query A { hello } query A { hello }',
		'There can be only one operation named "A".'],
	['{ LabelsMany }', qr/^Field\ "LabelsMany"\ of\ type\ "\[Label!\]"\ must
		\ have\ a\ selection\ of\ subfields\./x],
	['fragment F on Label { id }', qr/^Fragment "F" is never used\./],
	['type A { a: Int }', 'The "A" definition is not executable.'],
);

subtest 'Q26: statuses' => sub {
	for my $case (@documents) {
		my ($document, $message, $status) = @$case;
		my $body = json({query => $document});
		refuses post($body), $status // 200, $message,
			"as JSON: $document";
		refuses post($body, Accept => $STRICT), 400, $message,
			'... as a GraphQL response';
		next if $status;
		refuses get([query => $document]), 200, $message, '... by GET';
	}
	my $r = post('{"query":"{\n  nope\n  hello }"}');
	is_deeply $r->{json}{errors}[0]{locations}, [{line => 2, column => 3}],
		'an error has its place';
	is_deeply [sort grep { $_ ne 'extensions' } keys $r->{json}{errors}[0]->%*],
		['locations', 'message'], '... and no path when nothing was begun';
	$r = post('{"query":"{ LabelByPk(pk: 9) { id } }"}', Accept => $STRICT);
	is $r->{status}, 200, 'an error of a field is an answer';
	is_deeply [sort grep { $_ ne 'extensions' } keys $r->{json}{errors}[0]->%*],
		[qw(locations message path)], '... with its path';
	$r = post('{"query":"query ($n: Int!) { hello LabelsMany(limit: $n) { id } }"}',
		Accept => $STRICT);
	refuses $r, 400, 'Variable "$n" of required type "Int!" was not provided.',
		'what variables lack is found before';
};

subtest 'methods' => sub {
	my $mutation = 'mutation { insertTag(data: {name: "x"}) { success } }';
	my $r = get([query => $mutation]);
	refuses $r, 405,
		'Can only perform a mutation operation from a POST request.',
		'to GET is to change nothing';
	is $r->{headers}{allow}, 'POST', '... and how to is said';
	is $p->sql('select count(*) from api.tag'), 0, '... nothing was done';
	refuses get([query => $mutation], Accept => $STRICT), 405,
		'Can only perform a mutation operation from a POST request.',
		'... to either media type';
	my $both = "query Q { hello } mutation M { insertTag(data: {name: \"x\"}) "
		. '{ success } }';
	answers get([query => $both, operationName => 'Q']), 200,
		'{"data":{"hello":"Hello World"}}', 'the operation counts';
	is get([query => $both, operationName => 'M'])->{status}, 405,
		'... whichever it is';
	for my $method (qw(PUT DELETE PATCH)) {
		$r = $p->http($method => '/graphql', json => {query => '{ hello }'});
		refuses $r, 405, 'GraphQL only supports GET and POST requests.',
			"$method is not supported";
		like $r->{headers}{allow}, qr/\bGET\b.*\bPOST\b/,
			'... what is, is said';
	}
	refuses $p->http(GET => '/graphql'), 400, 'Must provide query string.',
		'GET of nothing';
	is query($p, $mutation)->{json}{data}{insertTag}{success}, JSON::PP::true,
		'to POST is to change';
};

subtest 'bodies' => sub {
	refuses post($_), 400, 'POST body sent invalid JSON.', "no JSON: $_"
		for '', '{', '{"query":}', 'query { hello }', "{'query':'{ hello }'}",
		'{"query":"{ hello }"} x', "{\"query\":\"\xff\"}";
	refuses post('{"query":"{ hello }","variables":{"a":' . '[' x 40 . ']' x 40
		. '}}'), 400, 'POST body sent JSON that is not taken: Nested deeper '
		. 'than 32 levels (line 1 column 69).', 'JSON that is too deep';
	my $vary = post('{"query":"{ hello }"}')->{headers}{vary};
	like join(', ', ref $vary ? @$vary : $vary), qr/\bAccept\b/,
		'caches are told what an answer depends on';
	refuses post('[{"query":"{ hello }"}]'), 400,
		'Batches of requests are not supported.', 'a batch';
	refuses post('[]'), 400, 'Batches of requests are not supported.',
		'an empty one';
	is post($_)->{status}, 400, "no object: $_" for '1', '"x"', 'null', 'true';
	refuses post($_), 400, 'Must provide query string.', "no query: $_"
		for '{}', '{"query":""}', '{"query":null}', '{"q":"{ hello }"}';
	is post($_)->{status}, 400, "of another type: $_"
		for '{"query":1}', '{"query":["{ hello }"]}',
		'{"query":"{ hello }","variables":[]}',
		'{"query":"{ hello }","variables":"{}"}',
		'{"query":"{ hello }","operationName":1}',
		'{"query":"{ hello }","extensions":[]}';
	answers post($_), 200, '{"data":{"hello":"Hello World"}}', "fine: $_"
		for '{"query":"{ hello }","variables":null,"operationName":null,'
		. '"extensions":null}', '{"query":"{ hello }","variables":{},'
		. '"extensions":{},"operationName":""}', '{"more":1,"query":"{ hello }"}',
		'{"query":"{ hello }","variables":{"not":"declared"}}',
		"\n{ \"query\" : \"{ hello }\" }\n";
	is post('{"query":"{ hello }"}', type => $_)->{status}, 415, "type: $_"
		for 'text/plain', 'application/x-www-form-urlencoded',
		'application/graphql', 'multipart/form-data; boundary=x',
		'application/json; charset=latin1', 'application/jsonp';
	is post('{"query":"{ hello }"}', type => $_)->{status}, 200, "type: $_"
		for 'application/json', 'Application/JSON;charset=UTF-8',
		'application/json; charset="utf-8"';
	my $r = post(encode_utf8('{"query":"{ LabelsMany(where: {name: {_eq: '
		. '\"é😀\u00e9\"}}) { id } }"}'));
	answers $r, 200, '{"data":{"LabelsMany":[]}}', 'letters of all kinds';
};

subtest 'operations' => sub {
	my $two = 'query A { a: hello } query B { b: hello }';
	my $named = sub ($name) {
		return post(json({query => $two, operationName => $name})) };
	answers $named->('A'), 200, '{"data":{"a":"Hello World"}}', 'the first';
	answers $named->('B'), 200, '{"data":{"b":"Hello World"}}', 'the second';
	refuses $named->($_), 200, 'Must provide operation name if query contains '
		. 'multiple operations.', 'none' for undef, '';
	refuses $named->('C'), 200, 'Unknown operation named "C".', 'a third';
	refuses post(json({query => '{ hello }', operationName => 'A'})), 200,
		'Unknown operation named "A".', 'one that has no name';
	answers get([query => $two, operationName => 'B']), 200,
		'{"data":{"b":"Hello World"}}', 'by GET';
	my ($said) = messages(query($p, 'subscription { hello }'));
	ok defined $said && $said !~ /^status/, "no subscriptions: $said";
};

subtest 'parameters' => sub {
	my $document = 'query ($n: Int) { LabelsMany(limit: $n) { name } }';
	answers get([query => $document, variables => '{"n":1}']), 200,
		'{"data":{"LabelsMany":[{"name":"A"}]}}', 'variables are JSON';
	answers get([query => $document, variables => $_]), 200,
		'{"data":{"LabelsMany":[{"name":"A"},{"name":"B"}]}}',
		"... or none: $_" for '', 'null', '{}';
	is get([query => $document, variables => $_])->{status}, 400,
		"no variables: $_" for '{', '[]', '1', 'n=1';
	answers $p->http(GET => '/graphql?query=%7Bhello%7D'), 200,
		'{"data":{"hello":"Hello World"}}', 'all of it encoded';
	answers $p->http(GET => '/graphql?query={+hello+}'), 200,
		'{"data":{"hello":"Hello World"}}', 'or as little as possible';
};

subtest 'Q25: fragments and directives' => sub {
	my $document = <<~'GRAPHQL';
		query ($yes: Boolean!, $no: Boolean = false) {
		  ...Root
		  ... on QueryRoot { hello }
		  LabelByPk(pk: 1) @include(if: $yes) {
		    ...Name
		    ... @skip(if: $no) { ...Year __typename }
		    ...Never @include(if: $no)
		  }
		}
		fragment Root on QueryRoot { root: __typename }
		fragment Name on Label { id ...Deep }
		fragment Deep on Label { name id }
		fragment Year on Label { establishedYear }
		fragment Never on Label { active }
		GRAPHQL
	answers query($p, $document, yes => JSON::PP::true), 200,
		'{"data":{"root":"QueryRoot","hello":"Hello World","LabelByPk":'
		. '{"id":"1","name":"A","establishedYear":1900,"__typename":"Label"}}}',
		'all kinds of fragments';
	answers query($p, $document, yes => JSON::PP::false), 200,
		'{"data":{"root":"QueryRoot","hello":"Hello World"}}', '... or none';
	data $p, '{ LabelsMany { __typename artists { __typename } } }',
		'{"LabelsMany":[{"__typename":"Label","artists":[]},'
		. '{"__typename":"Label","artists":[]}]}', 'names of types';
	data $p, '{ LabelByPk(pk: 1) { name } LabelByPk(pk: 1) { id } }',
		'{"LabelByPk":{"name":"A","id":"1"}}', 'fields that are merged';
	refused $p, '{ a: LabelByPk(pk: 1) { name } a: LabelByPk(pk: 2) { id } }',
		'Fields "a" conflict because they have differing arguments. Use '
		. 'different aliases on the fields to fetch both if this was '
		. 'intentional.', '... and some that cannot be';
	data $p, 'query ($no: Boolean!) { hello @skip(if: $no) '
		. 'LabelByPk(pk: 1) @include(if: false) { id } }',
		'{}', 'nothing is left', no => JSON::PP::true;
	data $p, "#comment\n\x{feff}{,,LabelByPk(pk:1)\r\n{\tname,},}",
		'{"LabelByPk":{"name":"A"}}', 'what is ignored';
	data $p, '{ LabelsMany(where: {name: {_in: ["""A""", "\u0042"]}}) { id } }',
		'{"LabelsMany":[{"id":"1"},{"id":"2"}]}', 'strings of both kinds';
};

# As clients ask: what the schema is.
my $introspection = <<~'GRAPHQL';
	query IntrospectionQuery {
	  __schema {
	    description
	    queryType { name }
	    mutationType { name }
	    subscriptionType { name }
	    types { ...FullType }
	    directives {
	      name description isRepeatable locations
	      args(includeDeprecated: true) { ...InputValue }
	    }
	  }
	}
	fragment FullType on __Type {
	  kind name description specifiedByURL isOneOf
	  fields(includeDeprecated: true) {
	    name description
	    args(includeDeprecated: true) { ...InputValue }
	    type { ...TypeRef }
	    isDeprecated deprecationReason
	  }
	  inputFields(includeDeprecated: true) { ...InputValue }
	  interfaces { ...TypeRef }
	  enumValues(includeDeprecated: true) {
	    name description isDeprecated deprecationReason
	  }
	  possibleTypes { ...TypeRef }
	}
	fragment InputValue on __InputValue {
	  name description type { ...TypeRef } defaultValue
	  isDeprecated deprecationReason
	}
	fragment TypeRef on __Type {
	  kind name
	  ofType { kind name ofType { kind name ofType { kind name
	    ofType { kind name ofType { kind name ofType { kind name
	      ofType { kind name ofType { kind name ofType { kind name
	  } } } } } } } } }
	}
	GRAPHQL

# What is amiss with a reference to a type; types by name.
sub amiss ($ref, $types)
{
	return 'no type' if ref $ref ne 'HASH';
	return amiss($ref->{ofType}, $types)
		if $ref->{kind} =~ /^(?:LIST|NON_NULL)$/;
	return "unknown $ref->{name}" if !$types->{$ref->{name}};
	return $types->{$ref->{name}}{kind} eq $ref->{kind} ? ()
		: "$ref->{name} is no $ref->{kind}";
}

subtest 'E05: the schema describes itself' => sub {
	my $r = query($p, $introspection);
	is $r->{status}, 200, 'it is answered' or return diag $r->{body};
	my $schema = $r->{json}{data}{__schema};
	is_deeply [map { $_ && $_->{name} } @$schema{qw(queryType mutationType
		subscriptionType)}], ['QueryRoot', 'MutationRoot', undef], 'the roots';
	my %types = map { $_->{name} => $_ } $schema->{types}->@*;
	is scalar(keys %types), scalar($schema->{types}->@*), 'no name twice';
	my (@wrong, %used);
	for my $type ($schema->{types}->@*) {
		my @members = (@{$type->{fields} // []}, @{$type->{inputFields} // []});
		push @members, map { $_->{args}->@* } @{$type->{fields} // []};
		push @wrong, "$type->{name} has none" if !@members
			&& $type->{kind} =~ /OBJECT/;
		push @wrong, map { my $name = $_->{name};
			map { "$type->{name}.$name: $_" } amiss($_->{type}, \%types) }
			@members;
		push @wrong, "$type->{name}: name" if $type->{name} !~ /^[_A-Za-z]\w*$/;
		push @wrong, map { "$type->{name}.$_->{name}: name" }
			grep { $_->{name} !~ /^[_A-Za-z][_0-9A-Za-z]*$/ } @members,
			@{$type->{enumValues} // []};
		my %seen;
		push @wrong, map { "$type->{name}.$_->{name}: twice" }
			grep { $seen{$_->{name}}++ } @{$type->{fields} // []},
			@{$type->{inputFields} // []};
	}
	is_deeply \@wrong, [], 'every type is there, and every name is one';
	is_deeply [grep { !$types{$_} } qw(Label Artist Album Song User Event
		WhereLabel OrderByLabel SortDirection LabelInput LabelUpdateInput
		NestedItemInsertArtist NestedItemUpdateArtist ArtistListUpdateInput
		UpdateStrategy InsertLabel UpdateLabel DeleteLabel
		TagPrimaryKeyMutationMap ChartEntryPKInputType WherePredicateString
		WherePredicateInt WherePredicateFloat WherePredicateBoolean
		WherePredicateID WherePredicateDate WherePredicateDateTime
		GenericScalar Date DateTime AlbumGenreEnum)], [], 'with known names';
	like $types{Label}{description}, qr/^A company that sells/,
		'tables are described';
	my ($year) = grep { $_->{name} eq 'establishedYear' }
		$types{Label}{fields}->@*;
	is $year->{description}, 'The year in which it was founded.',
		'... and so are columns';
	is_deeply [sort map { $_->{name} } $schema->{directives}->@*],
		[sort qw(include skip deprecated specifiedBy oneOf)], 'the directives';
	my $roots = join ' ', map { $_->{name} } $types{MutationRoot}{fields}->@*;
	like $roots, qr/\b$_\b/, $_ for qw(insertLabel updateLabel deleteLabel
		insertUser updateEvent deleteChartEntry);
	unlike $roots, qr/LabelSummary/, 'a view is read only';
	unlike $roots, qr/updatePlay|deletePlay/, 'no key, no change';

	data $p, '{ __type(name: "SortDirection") { kind name enumValues { name } '
		. '} }', '{"__type":{"kind":"ENUM","name":"SortDirection",'
		. '"enumValues":[{"name":"asc"},{"name":"desc"}]}}', 'one type';
	data $p, '{ __type(name: "Nothing") { name } }', '{"__type":null}', 'none';
	data $p, '{ hello __schema { queryType { name } } LabelByPk(pk: 1) { id } }',
		'{"hello":"Hello World","__schema":{"queryType":{"name":"QueryRoot"}},'
		. '"LabelByPk":{"id":"1"}}', 'among other things';
	answers get([query => '{ __schema { queryType { name } } }']), 200,
		'{"data":{"__schema":{"queryType":{"name":"QueryRoot"}}}}', 'by GET';
};

subtest 'persisted queries' => sub {
	my $document = '{ LabelByPk(pk: 2) { name } }';
	my $hash = sha256_hex($document);
	my $with = sub ($hash, %more) {
		my $version = delete $more{version} // 1;
		return {extensions => {persistedQuery =>
			{version => $version, sha256Hash => $hash}}, %more};
	};
	my $ask = sub (%more) { post(json($with->($hash, %more))) };
	my $answer = '{"data":{"LabelByPk":{"name":"B"}}}';

	my $r = $ask->();
	refuses $r, 200, 'PersistedQueryNotFound', 'nobody has sent it';
	is $r->{json}{errors}[0]{extensions}{code}, 'PERSISTED_QUERY_NOT_FOUND',
		'... says the code';
	refuses post(json($with->($hash)), Accept => $STRICT), 400,
		'PersistedQueryNotFound', '... to either media type';
	refuses $ask->(query => '{ hello }'), 400,
		'provided sha does not match query', 'another text';
	refuses $ask->(), 200, 'PersistedQueryNotFound', '... is not kept';
	answers $ask->(query => $document), 200, $answer, 'text and hash';
	answers $ask->(), 200, $answer, 'from then on the hash';
	answers $ask->(query => $document), 200, $answer, '... or both';
	answers get([extensions => json($with->($hash)->{extensions})]), 200,
		$answer, 'by GET';
	is $p->sql("select query from postern.persisted_queries"), $document,
		'it is in Postgres';
	my $variable = 'query ($k: ID!) { LabelByPk(pk: $k) { name } }';
	my $its = sha256_hex($variable);
	answers post(json($with->($its, query => $variable,
		variables => {k => 1}))), 200, '{"data":{"LabelByPk":{"name":"A"}}}',
		'with variables';
	answers get([variables => '{"k":2}',
		extensions => json($with->($its)->{extensions})]), 200, $answer,
		'... others each time';
	my $mutation = 'mutation { deleteTag(pk: 77) { success } }';
	post(json($with->(sha256_hex($mutation), query => $mutation)));
	is get([extensions => json($with->(sha256_hex($mutation))
		->{extensions})])->{status}, 405, 'no mutation by GET this way';
	refuses $ask->(version => 2), 400, qr/version/, 'a version that is not 1';
	is post(json($with->($_)))->{status}, 400, "no hash: '$_'"
		for '', 'x', 'g' x 64, uc $hash, $hash . '0';
	my $bad = '{ nope }';
	is post(json($with->(sha256_hex($bad), query => $bad)))->{status}, 200,
		'a document that is not valid is refused';
	is $p->sql('select count(*) from postern.persisted_queries where query '
		. "= '$bad'"), 0, '... and not kept';
};

# Too much of something: the document, and which setting says so.
my $fields = join ' ', map { "a$_: name" } 1 .. 60;
my $names  = join ' ', ('name') x 600;
my @exponential = ('fragment F30 on Label { id }',
	map { "fragment F$_ on Label { ...F${\ ($_ + 1)} ...F${\ ($_ + 1)} }" }
	reverse 0 .. 29);
my @limits = (
	['bytes',     '{ hello #' . 'x' x 65536 . "\n}", 'DOCUMENT'],
	['tokens',    '{ ' . 'hello ' x 5001 . '}', 'TOKENS'],
	['depth',     '{ LabelsMany(limit: 1) ' . '{ artists(limit: 1) { label ' x 6
		. '{ id }' . ' } }' x 6 . ' }', 'DEPTH'],
	['depth in fragments', '{ LabelByPk(pk: 1) { ...A } } ' . join(' ',
		map { "fragment $_->[0] on Label { artists(limit: 1) { label { "
		. "... on Label { ...$_->[1] } } } }" } ['A', 'B'], ['B', 'C'],
		['C', 'D'], ['D', 'E'], ['E', 'F']) . ' fragment F on Label { id }',
		'DEPTH'],
	['fields',    "{ LabelByPk(pk: 1) { $names } }", 'FIELDS'],
	['aliases',   "{ LabelByPk(pk: 1) { $fields } }", 'ALIASES'],
	['roots',     '{ ' . join(' ', map { "a$_: hello" } 1 .. 21) . ' }', 'ROOTS'],
	['exponential fragments', "{ LabelByPk(pk: 1) { ...F0 } } @exponential",
		'FIELDS'],
	['cost',      '{ LabelsMany(limit: 500) { artists(limit: 500) { albums('
		. 'limit: 500) { id } } } }', 'COST'],
	['where',     '{ LabelsMany(where: ' . '{_not: ' x 9 . '{id: {_eq: 1}}'
		. '}' x 9 . ') { id } }', 'WHERE'],
	['joins',     '{ ArtistsMany(where: {_or: ['
		. '{mentor: {id: {_is_null: false}}} ' x 51 . ']}) { id } }', 'JOINS'],
	['joins of what is selected', '{ ArtistsMany(limit: 1) { '
		. join(' ', map { 'artists(limit: 1) { mentor { id label { id } } }'
			=~ s/^/a$_: /r } 1 .. 17) . ' } }', 'JOINS'],
	['arguments', '{ LabelsMany(where: {id: {_in: [' . '1 ' x 1001
		. ']}}) { id } }', 'ARGUMENTS'],
);

subtest 'Q28: limits' => sub {
	for my $case (@limits) {
		my ($what, $document, $setting) = @$case;
		my $begun = time;
		my $r = query($p, $document);
		my $took = time - $begun;
		ok $r->{status} == 200 && !$r->{json}{data}
			&& grep({ /\bPOSTERN_GRAPHQL_$setting\b/ } messages($r)),
			"too much: $what" or diag substr "$r->{status} $r->{body}", 0, 500;
		diag sprintf '%s took %d ms', $what, 1000 * $took if $took > 0.5;
		ok defined $r->{json}{errors}[0]{extensions}{code}, '... with a code';
	}
	my $deep = json({query => '{ LabelsMany(where: $w) { id } }' =~
		s/^/query (\$w: WhereLabel) /r, variables => {w => deep(9)}});
	like join(' ', messages(post($deep))), qr/POSTERN_GRAPHQL_WHERE/,
		'too much: where, by variable';
	my $ways = json({query => 'query ($w: WhereArtist) { ArtistsMany(where: '
		. '$w) { id } }', variables => {w => ways(5)}});
	like join(' ', messages(post($ways))), qr/POSTERN_GRAPHQL_JOINS/,
		'too much: joins, by variable';
	my $many = json({query => 'query ($i: [ID!]) { LabelsMany(where: {id: '
		. '{_in: $i}}) { id } }', variables => {i => [1 .. 1001]}});
	like join(' ', messages(post($many))), qr/POSTERN_GRAPHQL_ARGUMENTS/,
		'too much: arguments, by variable';
	answers query($p, '{ hello }'), 200, '{"data":{"hello":"Hello World"}}',
		'it is well';
};

sub deep ($n)
{
	return $n ? {_not => deep($n - 1)} : {id => {_eq => 1}};
}

# All ways from an artist to others, n times over.
sub ways ($n)
{
	return {id => {_is_null => JSON::PP::false}} if !$n;
	return {map { $_ => ways($n - 1) } qw(mentor artists)};
}

subtest 'the most that is not too much' => sub {
	my $r = query($p, '{ LabelsMany(limit: 1) ' . '{ artists(limit: 1) { label '
		x 4 . '{ id }' . ' } }' x 4 . ' }');
	ok $r->{status} == 200 && !$r->{json}{errors}, 'depth' or diag $r->{body};
	$r = query($p, '{ ' . join(' ', map { "a$_: LabelByPk(pk: 1) { id }" }
		1 .. 20) . ' }');
	is scalar(keys %{$r->{json}{data} // {}}), 20, 'roots' or diag $r->{body};
	$r = query($p, '{ LabelsMany(where: ' . '{_not: ' x 7
		. '{id: {_eq: 1}}' . '}' x 7 . ') { id } }');
	is_deeply $r->{json}{data}, {LabelsMany => [{id => 2}]}, 'where'
		or diag $r->{body};
	$r = query($p, '{ ArtistsMany(where: {_or: ['
		. '{mentor: {id: {_is_null: false}}} ' x 50 . ']}) { id } }');
	ok $r->{status} == 200 && !$r->{json}{errors}, 'joins' or diag $r->{body};
	$r = query($p, '{ LabelsMany(where: {id: {_in: [' . '1 ' x 1000
		. ']}}) { id } }');
	is_deeply $r->{json}{data}, {LabelsMany => [{id => 1}]}, 'arguments'
		or diag $r->{body};
};

# What would take for ever if it were read to its end.
subtest 'hostile documents' => sub {
	my %hostile = (
		'nested selections' => '{a' x 10000,
		'nested lists'      => '{ a(b: ' . '[' x 10000,
		'nested objects'    => '{ a(b: ' . '{c:' x 9000,
		'nested types'      => 'query ($a: ' . '[' x 10000,
		'a cycle'           => '{ LabelByPk(pk: 1) { ...A } } fragment A on '
			. 'Label { ...B } fragment B on Label { ...A }',
		'itself'            => '{ ...A } fragment A on QueryRoot { ...A }',
		'many fragments'    => '{ hello } ' . join(' ', map { "fragment F$_ on "
			. 'QueryRoot { hello }' } 1 .. 800),
		'many errors'       => '{ ' . join(' ', map { "x$_" } 1 .. 490) . ' }',
		'many conflicts'    => '{ LabelByPk(pk: 1) { ' . join(' ',
			map { "a: name(x: $_)" } 1 .. 49) . ' } }',
	);
	for my $what (sort keys %hostile) {
		my $begun = time;
		my $r = query($p, $hostile{$what});
		my $took = time - $begun;
		ok $r->{status} == 200 && @{$r->{json}{errors} // []} >= 1
			&& !exists $r->{json}{data}, "$what: refused"
			or diag substr "$r->{status} $r->{body}", 0, 500;
		cmp_ok length $r->{body}, '<', 65536, '... in few words';
		cmp_ok $took, '<', 5, '... at once';
	}
	my $aliases = json({query => '{ ' . join(' ',
		map { "a$_: hello" } 1 .. 17000) . ' }'});
	my $r = post($aliases);
	ok $r->{status} == 200 && $r->{json}{errors}, '17,000 aliases'
		or diag substr "$r->{status} $r->{body}", 0, 500;
	is post(json({query => '{ hello #' . 'x' x (5 << 20)}))->{status}, 413,
		'5 MiB are too much for HTTP';
	$r = post('{"query":"query ($w: WhereLabel) { LabelsMany(where: $w) { id } }'
		. '","variables":{"w":' . '{"_not":' x 5000 . '{}' . '}' x 5000 . '}}');
	ok $r->{status} =~ /^(?:200|400)$/ && $r->{body} =~ /"errors"/,
		'deep variables';
	answers query($p, '{ hello }'), 200, '{"data":{"hello":"Hello World"}}',
		'it is well';
};

done_testing;
