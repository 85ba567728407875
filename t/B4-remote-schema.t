#!/usr/bin/perl
# Postern as a remote schema of a Hasura engine: what the engine asks when it is
# told of it, gateways that stitch it in, and the session variables that the
# engine says of its clients.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use Test::More;

use Auth;
use GraphQL;
use Npm;
use Postern;

my $secret = 'a secret between machines';
my %quick  = (POSTERN_ARGON2 => 'm=256,t=1,p=1',
	POSTERN_REMOTE_SECRET => $secret);
my $p = Postern->start(workers => 1,
	migrations => "$FindBin::Bin/fixtures/remote",
	env => {%quick, POSTERN_ACCESS => 'owner'});

my %user = map { $_ => signup($p, name => $_) } qw(Ada Bob);
my %id = column('select name, id from api.users');
my %identity = column('select name, identity_id from api.users');

sub column ($sql)
{
	return map { split /\|/ } split /\n/, $p->sql($sql);
}

# What an engine sends: its secret, and who its client is.
sub engine (%session)
{
	return {'REMOTE-SECRET' => $secret,
		map { ("X-Hasura-$_" =~ s/_/-/gr) => $session{$_} } keys %session};
}

sub member ($who, %more)
{
	return engine(Role => 'user', User_Id => $id{$who}, %more);
}

sub as ($headers, $document, %variables)
{
	local %GraphQL::headers = %$headers;
	return query($p, $document, %variables);
}

# It is refused before there is an answer: that status, in GraphQL's shape.
sub refuses ($headers, $status, $message, $name)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $r = as($headers, '{ hello }');
	is "$r->{status} @{[sort keys %{$r->{json} // {}}]}", "$status errors",
		$name or diag $r->{body};
	like join(' ', messages($r)), $message, '... and it says why';
}

# A mutation of an event, and what came of it: 1, 0, or the error.
sub writes ($headers, $field)
{
	my $r = as($headers, "mutation { done: $field { success } }");
	return join ' ', messages($r) if $r->{json}{errors};
	return $r->{json}{data}{done}{success} ? 1 : 0;
}

my $forbidden = 'Invalid permissions.';
my $missing   = 'Event matching query does not exist.';

sub again ()
{
	$p->sql(<<~SQL);
		delete from api.events;
		insert into api.events (name, host_id)
		values ('Picnic', '$id{Ada}'), ('Ball', '$id{Bob}');
		SQL
	return column('select name, id from api.events');
}

# ---- who it is --------------------------------------------------------------

subtest 'a session of the engine\'s is whom it says' => sub {
	my %event = again();
	my $address = 'data: {address: "Here"}';
	my $update = sub ($name) { qq(updateEvent(pk: "$event{$name}", $address)) };
	is writes(member('Ada'), $update->('Picnic')), 1,
		'a member changes what is hers';
	is writes(member('Ada'), $update->('Ball')), $missing,
		'... and of others nothing';
	is writes(engine(Role => 'user', User_Id => $identity{Ada}),
		$update->('Picnic')), 1, 'the id of the account is as good';
	is writes(engine(Role => 'admin'), $update->('Ball')), 1,
		'an administrator changes everything';
	is writes($_->[0], $update->('Picnic')), $missing, "$_->[1] changes nothing"
		for [engine(Role => 'anonymous'), 'anonymous'],
		[engine(), 'who has no role'],
		[engine(User_Id => $id{Ada}), 'an id without a role'],
		[engine(Role => 'user'), 'a member without an id'],
		[engine(Role => 'user', User_Id => "' or true"), 'an id that is none'],
		[engine(Role => 'user', User_Id => '7'), 'an id of others'];
	is writes(engine(Role => 'anonymous', User_Id => $id{Ada}),
		qq(insertEvent(data: {name: "x", hostId: "$id{Ada}"}))), $forbidden,
		'anonymous adds nothing';
	is writes(member('Ada'), qq(insertEvent(data: {name: "x",
		hostId: "$id{Bob}"}))), $forbidden, 'a member adds nothing for others';
	is writes(member('Ada'), qq(insertEvent(data: {name: "x",
		hostId: "$id{Ada}"}))), 1, '... but for herself';
	is writes(member('Ada'), "deleteEvent(pk: \"$event{Picnic}\")"), 1,
		'... and takes it back';
	is $p->sql("select string_agg(name || ' ' || coalesce(address, '-'), ', '
		order by name) from api.events"), 'Ball Here, x -',
		'that is what is left';
};

subtest 'a role that there is not' => sub {
	refuses(engine(Role => $_, User_Id => $id{Ada}), 403, qr/role/i, $_)
		for qw(editor postern_admin Admin postern none), 'user, admin';
};

subtest 'the secret' => sub {
	my %event = again();
	my $update = qq(updateEvent(pk: "$event{Picnic}", data: {address: "Here"}));
	my %ada = (%{member('Ada')});
	refuses({%ada, 'REMOTE-SECRET' => $_}, 403, qr/secret/, "wrong: $_")
		for 'wrong', "$secret.", uc $secret, substr($secret, 1),
		"$secret$secret", 'x' x 4000;
	delete $ada{'REMOTE-SECRET'};
	is writes(\%ada, $update), $missing, 'without it nobody is vouched for';
	is writes({%ada, 'X-Hasura-Role' => 'admin'}, $update), $missing,
		'... not as an administrator either';
	is writes({%ada, 'X-Hasura-Role' => 'editor'}, $update), $missing,
		'... and a role that there is not is nobody\'s';
	is writes({%ada, 'remote-secret' => $secret}, $update), 1,
		'its name counts in any case';
	is writes({%ada, 'REMOTE_SECRET' => $secret}, $update), $missing,
		'... but as it is';
};

subtest 'a token besides' => sub {
	my %event = again();
	my $update = qq(updateEvent(pk: "$event{Picnic}", data: {address: "Here"}));
	is writes({%{bearer($user{Ada})}, 'X-Hasura-User-Id' => $id{Bob}},
		$update), 1, 'without the secret it is the token\'s request';
	is writes({%{bearer($user{Bob})}, %{member('Ada')}}, $update), 1,
		'with it the session counts';
	is writes({%{bearer($user{Ada})}, %{member('Bob')}}, $update), $missing,
		'... alone';
	is writes({%{bearer($user{Ada})}, %{engine()}}, $update), $missing,
		'... also when it is nobody\'s';
	is writes({%{bearer('x.y.z')}, %{member('Ada')}}, $update), 1,
		'... and no token is too bad';
	is writes({%{cookie($user{Bob})}, %{member('Ada')},
		'Sec-Fetch-Site' => 'cross-site'}, $update), 1, '... nor a cookie';
};

subtest 'no other interface believes it' => sub {
	my %event = again();
	my @others = (['/events', 'REST'],
		['/jsonapi/events', 'JSON:API', 'application/vnd.api+json']);
	for (@others) {
		my ($path, $name, $type) = @$_;
		my $r = $p->http(DELETE => "$path/$event{Picnic}",
			headers => {%{engine(Role => 'admin')},
				($type ? (Accept => $type) : ())});
		isnt $r->{status}, 204, $name;
	}
	is $p->sql('select count(*) from api.events'), 2, 'nothing is gone';
};

# ---- what it is told --------------------------------------------------------

subtest 'policies see the variables' => sub {
	my $add = 'mutation { insertNote(data: {words: "w"}) { result { org } } }';
	my $all = '{ NotesMany { org words } }';
	for my $role (qw(user admin anonymous)) {
		my $org = "org of $role";
		is squeeze(as(engine(Role => $role, Org_Id => $org), $add)->{body}),
			qq({"data":{"insertNote":{"result":{"org":"$org"}}}}),
			"$role writes for his organisation";
		is squeeze(as(engine(Role => $role, Org_Id => $org), $all)->{body}),
			qq({"data":{"NotesMany":[{"org":"$org","words":"w"}]}}),
			'... and sees nothing but that';
	}
	is as(engine(Role => 'admin'), $all)->{body}, '{"data":{"NotesMany":[]}}',
		'without a variable there is nothing';
	is as({'X-Hasura-Org-Id' => 'org of user', 'X-Hasura-Role' => 'user'},
		$all)->{body}, '{"data":{"NotesMany":[]}}', 'nor without the secret';
	is as({%{engine(Role => 'user')}, 'x-HASURA-oRG-id' => 'org of user'},
		$all)->{body},
		'{"data":{"NotesMany":[{"org":"org of user","words":"w"}]}}',
		'their names count in any case';
	is squeeze(as(engine(Role => 'user', Org_Id => $_), $add)->{body}),
		squeeze('{"data":{"insertNote":{"result":{"org":' . quoted($_)
			. '}}}}'),
		'a value of any characters: ' . quoted($_)
		for q(a"b\\c), q('; drop table api.note; --), '{"x":1}', 'null', '0';
};

sub quoted ($text)
{
	return JSON::PP->new->allow_nonref->encode($text);
}

subtest 'a kept plan is nobody\'s' => sub {
	my $document = '{ NotesMany { org } }';
	my %sees = map { $_ => qq({"data":{"NotesMany":[{"org":"org of $_"}]}}) }
		qw(user anonymous admin);
	my %hash = (extensions => {persistedQuery =>
		{version => 1, sha256Hash => sha256_hex($document)}});
	my $keep = post_json($p, {%{body_of($document)}, %hash}, headers =>
		engine(Role => 'user', Org_Id => 'org of user'));
	is $keep->{body}, $sees{user}, 'a document that is kept';
	for (1 .. 4) {
		for my $role (qw(user anonymous admin)) {
			my $headers = engine(Role => $role, Org_Id => "org of $role");
			is as($headers, $document)->{body}, $sees{$role}, "$role: $_";
			is post_json($p, \%hash, headers => $headers)->{body},
				$sees{$role}, '... by hash';
		}
		is as({}, $document)->{body}, '{"data":{"NotesMany":[]}}', "nobody: $_";
	}
};

subtest 'events of what it writes carry them' => sub {
	again();
	$p->sql("select postern.create_event_trigger('changed', 'api.events',
		webhook => 'https://hooks.example')");
	$p->sql('delete from postern.event_log');
	my $told = sub ($headers) {
		state $n = 0;
		$n++;
		is writes($headers, "insertEvent(data: {name: \"e$n\", "
			. "hostId: \"$id{Ada}\"})"), 1, 'it is written';
		my $said = $p->sql(q{with gone as (delete from postern.event_log
			returning payload) select payload -> 'session_variables'
			from gone});
		return length $said ? JSON::PP->new->decode($said) : undef;
	};
	is_deeply $told->(member('Ada', Org_Id => encode_utf8('Öl'),
		Thing_2 => 'b')),
		{'x-hasura-role' => 'user', 'x-hasura-user-id' => $id{Ada},
		'x-hasura-org-id' => 'Öl', 'x-hasura-thing-2' => 'b'},
		'all that was said, in small letters';
	is_deeply $told->(engine(Role => 'admin', Admin_Secret => 's3cret',
		Access_Key => 's3cret')), {'x-hasura-role' => 'admin'},
		'an administrator, and no secret of an engine';
	is_deeply $told->({%{bearer($user{Ada})}, 'X-Hasura-Org-Id' => 'o'}),
		{'x-hasura-role' => 'user', 'x-hasura-user-id' => $id{Ada}},
		'without the secret it is what the token says';
	$p->sql("select postern.drop_event_trigger('changed')");
};

subtest 'bounds' => sub {
	my $all = '{ NotesMany(limit: 1) { org } }';
	refuses(engine(Role => 'user', Org_Id => 'x' x 5000), 400,
		qr/x-hasura-org-id/, 'a variable that is too long');
	is as(engine(Role => 'user', Org_Id => 'x' x 4000), $all)->{status}, 200,
		'a long one';
	is as({%{member('Ada')}, map { ("X-Hasura-V$_" => 'v') } 1 .. 20},
		$all)->{status}, 200, 'many variables';
	is as({%{member('Ada')}, map { ("X-Other-$_" => 'v' x 7000) } 1 .. 3},
		$all)->{status}, 200, 'other long headers';
	my $r = as({%{engine()}, map { ("X-Hasura-V$_" => 'v' x 50) } 1 .. 60},
		$all);
	ok $r->{status} < 500, 'too many of them' or diag $r->{body};
	like +(messages($r))[0], qr/more than 32 session variables/,
		'... are refused';
	# Some servers join what comes twice; that is no organisation of anybody's.
	$r = as({%{engine(Role => 'user', Org_Id => 'a')}, 'x-hasura-org-id' =>
		'org of user'}, $all);
	ok $r->{status} == 400 || $r->{body} eq '{"data":{"NotesMany":[]}}',
		'one that is said twice is none' or diag $r->{body};
	$r = as({%{engine(Role => 'admin')}, 'x-hasura-role' => 'user'}, '{ hello }');
	like $r->{status}, qr/\A40[03]\z/, 'nor is a role' or diag $r->{body};
	$r = as({%{member('Ada')}, 'remote-secret' => 'wrong'}, '{ hello }');
	is $r->{status}, 403, 'nor are two secrets one' or diag $r->{body};
};

subtest 'without the setting nobody is vouched for' => sub {
	my $c = Postern->database(env => {POSTERN_ACCESS => 'owner'});
	my $ask = sub (%headers) {
		state $n = 0;
		$n++;
		my $r = $c->cgi(POST => '/graphql', json => {query => 'mutation { '
			. qq(insertEvent(data: {name: "x$n"}) { success } })},
			headers => {'X-Hasura-Role' => 'admin', %headers});
		return $r->{json}{errors} ? (messages($r))[0] : 1;
	};
	for ({}, {'REMOTE-SECRET' => $secret}, {'REMOTE-SECRET' => ''}) {
		is $ask->(%$_), $forbidden,
			join ' ', 'with', %$_ ? map { "'$_'" } %$_ : 'nothing';
	}
	local $c->{opt}{env}{POSTERN_REMOTE_SECRET} = $secret;
	is $ask->('REMOTE-SECRET' => ''), $forbidden,
		'an empty one is none';
	is $ask->('REMOTE-SECRET' => $secret), 1,
		'the right one, and it is done';
	local $c->{opt}{env}{POSTERN_REMOTE_HEADER} = 'X-Engine';
	is $ask->('REMOTE-SECRET' => $secret), $forbidden,
		'the header is the setting\'s';
	is $ask->('X-Engine' => $secret), 1, '... and no other';
};

# ---- the schema -------------------------------------------------------------

sub fields_of ($headers, $type)
{
	my $r = as($headers, "{ __type(name: \"$type\") { fields { name } } }");
	return join ' ', map { $_->{name} }
		@{$r->{json}{data}{__type}{fields} // []};
}

subtest 'introspection shows the schema of the role' => sub {
	my ($less, $all) = ('id org words', 'id org words remark');
	is fields_of({}, 'Note'), $less, 'a stranger\'s';
	is fields_of(engine(), 'Note'), $less, 'who has no role';
	is fields_of(engine(Role => 'anonymous'), 'Note'), $less, 'anonymous';
	is fields_of({'X-Hasura-Role' => 'admin'}, 'Note'), $less,
		'who says what nobody vouches for';
	is fields_of(engine(Role => 'admin'), 'Note'), $all, 'an administrator\'s';
	is fields_of(member('Ada'), 'Note'), $all, 'a member\'s';
	my @errors = messages(as(engine(), '{ NotesMany { remark } }'));
	is $errors[0], 'Cannot query field "remark" on type "Note".',
		'what is not in it cannot be asked for';
};

subtest 'where only members may introspect' => sub {
	my $c = Postern->database(env => {%quick,
		POSTERN_GRAPHQL_INTROSPECTION => 'members'});
	my $ask = sub ($headers) {
		my $r = $c->cgi(POST => '/graphql', headers => $headers,
			json => {query => '{ __schema { queryType { name } } }'});
		return $r->{json}{data}{__schema}{queryType}{name}
			// $r->{json}{errors}[0]{extensions}{code};
	};
	is $ask->(engine(Role => 'admin')), 'QueryRoot', 'the engine may';
	is $ask->(engine(Role => 'user')), 'QueryRoot', 'so may a member';
	is $ask->($_), 'INTROSPECTION_DISABLED', 'nobody else'
		for engine(), engine(Role => 'anonymous'), {'X-Hasura-Role' => 'admin'};
};

subtest 'a prefix' => sub {
	my $c = Postern->database(env => {POSTERN_GRAPHQL_PREFIX => 'shop_'});
	my $ask = sub ($query) {
		return $c->cgi(POST => '/graphql', json => {query => $query})->{body};
	};
	is $ask->('{ shop_hello __typename }'),
		'{"data":{"shop_hello":"Hello World","__typename":"QueryRoot"}}',
		'of root fields';
	like $ask->('{ hello }'), qr/Cannot query field \\"hello\\" on type/,
		'... all of them';
	my $made = $ask->('mutation { a: shop_insertUser(tag: "t", data: '
		. '{name: "Ada"}) { __typename pksToTags { __typename type } '
		. 'result { __typename name } } }');
	is $made, '{"data":{"a":{"__typename":"shop_InsertUser","pksToTags":'
		. '[{"__typename":"shop_TagPrimaryKeyMutationMap","type":"shop_User"}],'
		. '"result":{"__typename":"shop_User","name":"Ada"}}}}', 'of types';
	is $ask->('query ($w: shop_WhereUser) { shop_UsersMany(where: $w, '
		. 'orderBy: {name: asc}) { ... on shop_User { name } } }'),
		'{"data":{"shop_UsersMany":[{"name":"Ada"}]}}', 'a document has it';
	like $ask->('{ shop_UsersMany { x } }'),
		qr/Cannot query field \\"x\\" on type \\"shop_User\\"/,
		'and what is said of one';
	my $d = $c->cgi(GET => '/openapi.json')->{body};
	like $d, qr/shop_hello/, 'the API\'s description has it in its examples';
	unlike $d, qr/[ "]hello[ "]/, '... each of them';
};

# ---- what an engine and gateways make of it ---------------------------------

SKIP: {
	my $why = Npm::why_not('npm-graphql');
	skip $why, 1 if $why;
	my $remote = Npm->start('npm-graphql/remote.mjs');
	my %two = map { $_ => Postern->start(workers => 1, env => {%quick,
		POSTERN_GRAPHQL_PREFIX => "${_}_"}) } qw(shop blog);

	my $endpoint = sub ($of) {
		return {url => $of->url . '/graphql',
			headers => {'REMOTE-SECRET' => $secret}};
	};
	my $ask = sub ($do, %asked) {
		my $r = $remote->ask({do => $do, %asked});
		diag "$do: $r->{error}" if defined $r->{error};
		return $r;
	};

	subtest 'what an engine asks' => sub {
		for (['as it is', $p, ''], ['with a prefix', $two{shop}, 'shop_']) {
			my ($name, $of, $prefix) = @$_;
			my $r = $ask->('introspect', endpoint => $endpoint->($of));
			is $r->{status}, 200, "$name: it is answered";
			is_deeply $r->{faults}, [], '... soundly' or diag explain $r;
			is_deeply $r->{invalid}, [], '... and graphql-js has it';
			my %named = map { $_ => 1 } $r->{types}->@*, $r->{query}->@*,
				$r->{mutation}->@*;
			ok $named{"$prefix$_"}, "... with $prefix$_" for qw(User hello
				UsersMany insertEvent WhereUser SortDirection
				WherePredicateString);
			my @bare = grep { !/^(?:\Q$prefix\E|__)/ } sort keys %named;
			is_deeply \@bare, [qw(Boolean DateTime GenericScalar ID Int
				MutationRoot QueryRoot String)], '... and nothing else bare'
				if $prefix;
		}
		my $r = $ask->('introspect', endpoint => {url => $p->url . '/graphql'});
		is_deeply $r->{faults}, [], 'without the secret as well';
		$r = $ask->('introspect', endpoint => {url => $p->url . '/graphql',
			headers => {'REMOTE-SECRET' => 'wrong'}});
		is $r->{status}, 403, 'with a wrong one it is not';
	};

	subtest 'two in one schema' => sub {
		my @two = map { $endpoint->($two{$_}) } qw(shop blog);
		my $r = $ask->('clash', endpoints => \@two);
		is_deeply [@$r{qw(fields types)}], [[], []], 'have nothing twice';
		is_deeply [sort @{$r->{shared}}], [qw(DateTime GenericScalar)],
			'but scalars that are the same';
		$r = $ask->('clash', endpoints => [$two[0], $two[0]]);
		ok scalar(@{$r->{fields}}), '... which would be seen';
		$r = $ask->('ask', endpoints => \@two,
			document => '{ a: shop_hello blog_hello }');
		is_deeply $r->{data}, {a => 'Hello World', blog_hello => 'Hello World'},
			'both are asked at once' or diag explain $r;
		for my $of (qw(shop blog)) {
			$r = $ask->('ask', endpoints => \@two,
				headers => {'x-hasura-role' => 'admin'},
				document => "mutation (\$d: ${of}_UserInput!) { "
					. "${of}_insertUser(data: \$d) { success result "
					. '{ name __typename } } }',
				variables => {d => {name => "of $of"}});
			is_deeply $r->{data}{"${of}_insertUser"}{result},
				{name => "of $of", __typename => "${of}_User"},
				"a mutation goes to $of" or diag explain $r;
			is $two{$of}->sql('select string_agg(name, \', \') from api.users'),
				"of $of", '... alone';
		}
		my $many = '(where: {name: {_like: "of"}}) { name __typename }';
		$r = $ask->('ask', endpoints => \@two,
			document => "{ shop_UsersMany$many blog_UsersMany$many }");
		is_deeply $r->{data}, {map { ("${_}_UsersMany" => [{name => "of $_",
			__typename => "${_}_User"}]) } qw(shop blog)},
			'a query goes to both' or diag explain $r;
	};

	subtest 'a gateway' => sub {
		my %event = again();
		my %to = (endpoints => [$endpoint->($p)]);
		my $session = sub ($role, $who) {
			return (headers => {'x-hasura-role' => $role,
				'x-hasura-user-id' => $id{$who}});
		};
		my $r = $ask->('ask', %to, document => '{ hello }');
		is_deeply $r->{data}, {hello => 'Hello World'}, 'says hello';
		$r = $ask->('ask', %to, document => '{ UsersMany(orderBy: {name: asc}) '
			. '{ name events { name } } }');
		is_deeply $r->{data}{UsersMany}, [
			{name => 'Ada', events => [{name => 'Picnic'}]},
			{name => 'Bob', events => [{name => 'Ball'}]}], 'reads';
		my %change = (document => 'mutation ($pk: ID!) { updateEvent(pk: $pk, '
			. 'data: {address: "There"}) { success } }',
			variables => {pk => $event{Picnic}});
		$r = $ask->('ask', %to, %change, $session->(user => 'Ada'));
		is_deeply [@{$r->{data}{updateEvent} // {}}{success}, $r->{errors}],
			[JSON::PP::true, undef], 'writes as a member' or diag explain $r;
		$r = $ask->('ask', %to, %change, $session->(user => 'Bob'));
		is_deeply $r->{errors}, [$missing], '... who may not';
		is_deeply $r->{codes}, ['NOT_FOUND'], '... with the code';
		$r = $ask->('ask', %to, %change, $session->(editor => 'Ada'));
		like $r->{errors}[0], qr/role/i, 'a role that there is not is an error'
			or diag explain $r;
	};
}

done_testing;
