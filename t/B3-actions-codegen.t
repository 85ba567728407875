#!/usr/bin/perl
# What a Hasura engine is told of actions: their types in GraphQL, their
# metadata; and that a small engine, made of graphql-js, gets along with it.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Courier;
use File::Temp qw(tempfile);
use JSON::PP;
use Npm;
use Postern;
use Test::More;

our $p = Postern->database;

# ---- postern actions --------------------------------------------------------

# Status, what it printed, what it complained of.
sub say_actions ($more, @arguments)
{
	my %env = Courier::_environment($p, %$more);
	my ($fh, $file) = tempfile(UNLINK => 1);
	open my $out, '-|', 'env', '-i', "PATH=$ENV{PATH}",
		(map { "$_=$env{$_}" } keys %env), 'sh', '-c',
		"exec \"\$0\" actions \"\$@\" 2>$file", $p->{bin}, @arguments or die $!;
	binmode $out, ':encoding(UTF-8)';
	my $said = do { local $/; <$out> } // '';
	close $out;
	my $status = $? >> 8;
	binmode $fh, ':encoding(UTF-8)';
	my $complaint = do { local $/; <$fh> } // '';
	Postern::complain($complaint);
	return ($status, $said, $complaint);
}

sub prints ($wanted, $name, @arguments)
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($status, $said, $complaint) = say_actions({}, @arguments);
	is $said, $wanted, $name;
	is "$status $complaint", '0 ', '... and complains of nothing';
}

# The lines of the list, by the names of the actions.
sub listed ()
{
	my (undef, $said) = say_actions({});
	return map { /^(?:query    |mutation ) (\w+)/ ? ($1 => $_) : die $_ }
		split /\n/, $said;
}

sub graphql ()
{
	my (undef, $said) = say_actions({}, '--codegen', 'graphql');
	return $said;
}

subtest 'without actions of one\'s own' => sub {
	prints(<<~'END', 'there are those of the tutorials');
		mutation  Login(email: String!, password: String!): JsonWebToken
		mutation  Signup(email: String!, password: String!): CreateUserOutput
		mutation  login(username: String!, password: String!): LoginResponse
		END
	prints(<<~'END', 'they have types', '--codegen', 'graphql');
		type Mutation {
		  "A token for an account."
		  Login(email: String!, password: String!): JsonWebToken
		  "A new account."
		  Signup(email: String!, password: String!): CreateUserOutput
		  "A token for an account."
		  login(username: String!, password: String!): LoginResponse
		}

		type CreateUserOutput {
		  id: Int!
		  email: String!
		  password: String!
		}

		type JsonWebToken {
		  token: String!
		}

		type LoginResponse {
		  AccessToken: String!
		}
		END
};

subtest 'what cannot be asked' => sub {
	for (['x'], ['--codegen', 'x'], ['--codegen', 'yaml', 'x'], ['yaml']) {
		my ($status, $said, $complaint) = say_actions({}, @$_);
		is "$status $said", '1 ', "actions @$_";
		like $complaint, qr/say actions/, '... is told how';
	}
};

# ---- the types of a function ------------------------------------------------

# The line of a function that is there for a moment; of several.
sub action ($arguments, $returns, %more)
{
	my ($line) = actions({%more, arguments => $arguments, returns => $returns});
	return $line;
}

sub actions (@them)
{
	my @names = map { $them[$_]{name} // "f$_" } 0 .. $#them;
	$p->sql(join '', map { my $f = $them[$_];
		"create function action.$names[$_]($f->{arguments}) $f->{returns}
			language plpgsql @{[$f->{as} // 'stable']}
			as \$\$ begin raise 'no'; end \$\$;"} 0 .. $#them);
	my %listed = listed();
	$p->sql("drop function action.$_") for join ', action.', @names;
	return @listed{@names};
}

subtest 'types of Postgres' => sub {
	$p->sql(<<~'SQL');
		create domain action.amount as integer check (value > 0);
		create domain action.amounts as action.amount[];
		create type action.size as enum ('small', 'LARGE');
		create type action.odd as enum ('small', 'not-so-small');
		create type action.truth as enum ('true', 'maybe');
		create type action.never as enum ();
		SQL
	my %wanted = (smallint => 'Int', integer => 'Int', real => 'Float',
		'double precision' => 'Float', text => 'String',
		'varchar(9)' => 'String', 'char(9)' => 'String',
		boolean => 'Boolean', bigint => 'bigint',
		'action.amount' => 'Int', 'action.amounts' => '[Int]',
		'action.size' => 'SizeEnum', 'action.size[]' => '[SizeEnum]',
		'action.odd' => 'String', 'action.truth' => 'String',
		'action.never' => 'String', int4range => 'String',
		'text[]' => '[String]', 'text[][]' => '[String]',
		(map { $_ => $_ } qw(numeric uuid timestamptz timestamp date time
			interval json jsonb bytea inet xml)));
	my @types = sort keys %wanted;
	my @lines = actions(map { {arguments => "x $_",
		returns => "returns $_"} } @types);
	for (0 .. $#types) {
		my $type = $wanted{$types[$_]};
		is $lines[$_], "query     f$_(x: $type!): $type", $types[$_];
	}
};

subtest 'answers' => sub {
	like action('', 'returns void', as => 'volatile'),
		qr/^mutation  f0: Boolean$/, 'nothing, which is null';
	like action('', 'returns setof integer'),
		qr/^query     f0: \[Int\]$/, 'a set of values';
	like action('', 'returns setof api.users'),
		qr/f0: \[UsersOutput\]$/, 'a set of rows';
	like action('', 'returns api.users[]'),
		qr/f0: \[UsersOutput\]$/, '... an array may';
	like action('out a integer, out b text', '', name => 'place_order'),
		qr/place_order: PlaceOrderOutput$/, 'an object of its own';
	like action('out a integer', ''), qr/f0: F0Output$/, '... of one column';
	like action('', 'returns table (a integer)'),
		qr/f0: \[F0Output!\]$/, '... many';
};

subtest 'arguments' => sub {
	like action('a integer, b integer default 1', 'returns integer'),
		qr/f0\(a: Int!, b: Int\): Int$/, 'those with a default can be left out';
	like action('a api.users, b api.users[] default null',
		'returns api.users'),
		qr/f0\(a: UsersInput!, b: \[UsersInput\]\): UsersOutput$/,
		'a type has a name for what goes in and one for what comes out';
};

# ---- the types themselves ---------------------------------------------------

$p->sql(<<~'SQL');
	create domain action.price as numeric not null;
	create type action.item as (name text, price action.price,
		size action.size, "no name" text);
	comment on type action.item is E'What "is" sold.\n@tag hidden';
	comment on column action.item.price is 'In euros.';
	create type action.basket as (items action.item[], size action.size);
	create table action.orders (id integer primary key, note text,
		basket action.basket not null);
	create function action.place_order(basket action.basket,
		note text default '')
	returns action.orders language sql
	as 'select row(1, note, basket)::action.orders';
	comment on function action.place_order is E'Orders\nall of it.';
	create function action.orders() returns setof action.orders
	language sql stable as 'select * from action.orders';
	SQL

my $own = <<~'END';
	type Query {
	  orders: [OrdersOutput]
	}

	enum SizeEnum {
	  small
	  LARGE
	}

	input BasketInput {
	  items: [ItemInput]
	  size: SizeEnum
	}

	"What \"is\" sold."
	input ItemInput {
	  name: String
	  "In euros."
	  price: numeric!
	  size: SizeEnum
	}

	type BasketOutput {
	  items: [ItemOutput]
	  size: SizeEnum
	}
	END

subtest 'types below types' => sub {
	my ($status, $said, $complaint) = say_actions({}, '--codegen', 'graphql');
	is $status, 0, 'are printed';
	like $said, qr/^  "Orders\\nall of it."\n  place_order\(/m,
		'an action has its comment';
	like $said, qr/^\}\n\n\Q$own\E\n/m, 'those that go in, down to the last';
	like $said, qr/^type\ OrdersOutput\ \{\n\ \ id:\ Int!\n\ \ note:\ String
		\n\ \ basket:\ BasketOutput!\n\}$/mx,
		'what comes out of a table is null as that says';
	is $complaint, qq(postern: left out: column "no name" of action.item: )
		. "its name is none in GraphQL\n", 'what has no name is left out';
	is graphql(), $said, 'it is the same each time';
};

subtest 'names that are taken' => sub {
	$p->sql(<<~'SQL');
		create type api.item as (other text);
		create type action."Place-Order" as (other text);
		create type action."2 things" as (other text);
		create function action.create_user(out a api.item,
			out b action."Place-Order", out c action."2 things")
		language sql as 'select null::api.item, null::action."Place-Order",
			null::action."2 things"';
		create function action."placeOrder"(out x text) language sql
		as 'select null';
		create function action."Login"(out x text) language sql
		as 'select null';
		SQL
	my %types = graphql() =~ /^type (\w+) \{\n(.*?)^\}/msg;
	like $types{CreateUserOutput}, qr/password/, 'the tutorial keeps its type';
	is $types{CreateUserOutput2}, "  a: ItemOutput2\n  b: PlaceOrderOutput2\n"
		. "  c: T2ThingsOutput\n", 'others are counted';
	is $types{PlaceOrderOutput}, "  x: String\n", 'functions come first';
	like $types{ItemOutput}, qr/price/, '... then schemas in their order';
	is $types{JsonWebToken}, undef, 'a type that nothing answers any more';
	like $types{Mutation}, qr/Login: LoginOutput\n/,
		'... as there is an action of the name';
	unlike $types{Mutation}, qr/Login\(/, '... once';
	$p->sql('drop function action.create_user, action."placeOrder",
		action."Login"');
};

subtest 'names that GraphQL does not have' => sub {
	my $before = graphql();
	$p->sql(<<~'SQL');
		create function action."täglich"() returns integer language sql
		as 'select 1';
		create function action.__f() returns integer language sql
		as 'select 1';
		create function action.needs("no-name" integer) returns integer
		language sql as 'select 1';
		SQL
	my ($status, $said, $complaint) = say_actions({}, '--codegen', 'graphql');
	is $said, $before, 'actions are left out';
	is $status, 0, '... which is no failure';
	like $complaint, qr/left out: action "$_"/, "... but said of $_"
		for qw(täglich __f needs);
	$p->sql('drop function action."täglich", action.__f, action.needs');
	$p->sql('create function action.may(a integer, "no name" integer default 1)
		returns table (b integer, "no name" integer) language sql
		as \'select 1, 2\'');
	($status, $said, $complaint) = say_actions({}, '--codegen', 'graphql');
	like $said, qr/^  may\(a: Int!\): \[MayOutput!\]$/m,
		'an argument is, when the action can do without';
	like $said, qr/^type MayOutput \{\n  b: Int\n\}/m, 'a column is';
	like $complaint, qr/left out: $_ "no name" of "may"/, "... and the $_ said"
		for qw(argument column);
	$p->sql('create or replace function action.line() returns table ("no name"
		integer) language sql as \'select 1\'');
	like graphql(), qr/^  line: \[jsonb!\]$/m, 'without any it is JSON';
	$p->sql('drop function action.may, action.line');
};

# ---- the metadata -----------------------------------------------------------

sub request ($more = {})
{
	my (undef, $said) = say_actions($more, '--codegen', 'json');
	my $request = JSON::PP->new->decode($said);
	my %by;
	push @{$by{$_->{type}}}, $_->{args} for @{$request->{args}};
	return \%by;
}

sub roles_of ($name)
{
	return join ' ', map { $_->{role} }
		grep { $_->{action} eq $name } @{request()->{create_action_permission}};
}

subtest 'the metadata' => sub {
	my ($first, @more) = @{request()->{set_custom_types}};
	is @more, 0, 'sets the types at once';
	is_deeply $first->{enums}, [{name => 'SizeEnum', values =>
		[{value => 'small'}, {value => 'LARGE'}]}], 'enums have values';
	my %actions = map { $_->{name} => $_ } @{request()->{create_action}};
	is_deeply $actions{place_order}, {name => 'place_order',
		comment => "Orders\nall of it.", definition => {
			type => 'mutation', kind => 'synchronous',
			arguments => [{name => 'basket', type => 'BasketInput!'},
				{name => 'note', type => 'String'}],
			output_type => 'OrdersOutput',
			handler => '{{POSTERN_URL}}/actions/place_order',
			forward_client_headers => JSON::PP::true,
		}}, 'an action has all that it needs';
	is $actions{orders}{definition}{type}, 'query', 'one that only reads';
	is $actions{login}{definition}{handler}, '{{POSTERN_URL}}/action',
		'those of the tutorials have their own places';
	my %secret = map { $_->{name} => $_ } @{request({POSTERN_ACTION_SECRET =>
		'between us', POSTERN_ACTION_HEADER => 'X-Us'})->{create_action}};
	is_deeply $secret{orders}{definition}{headers},
		[{name => 'X-Us', value_from_env => 'ACTION_SECRET'}],
		'a secret is brought, whatever it is';
	ok !exists $secret{orders}{definition}{forward_client_headers},
		'... in place of the client\'s own token';
};

subtest 'both at once' => sub {
	my (undef, $both) = say_actions({}, '--codegen');
	my ($graphql, $yaml) = map { (say_actions({}, '--codegen', $_))[1] }
		qw(graphql yaml);
	is $both, "# actions.graphql\n\n$graphql\n# actions.yaml\n\n$yaml",
		'without a word';
};

subtest 'who may' => sub {
	is roles_of('orders'), 'anonymous user', 'everybody';
	$p->sql('revoke execute on function action.orders from public;
		grant execute on function action.orders to postern_member');
	is roles_of('orders'), 'user', 'who is signed in';
	$p->sql('revoke execute on function action.orders from postern_member;
		grant execute on function action.orders to postern_admin');
	is roles_of('orders'), '', 'an administrator needs no permission';
	$p->sql('revoke usage on schema action from postern_anonymous');
	is roles_of('place_order'), 'user', 'who cannot get at the schema';
	$p->sql('grant usage on schema action to postern_anonymous');
};

# ---- an engine --------------------------------------------------------------

sub codegen ()
{
	return map { $_ => (say_actions({}, '--codegen', $_))[1] }
		qw(graphql yaml json);
}

SKIP: {
	skip Npm::why_not('npm-actions'), 1 if Npm::why_not('npm-actions');
	my $engine = Npm->start('npm-actions/engine.mjs');

	subtest 'others read it' => sub {
		$p->sql(q{comment on type action.item is E'"""\n''\\x: {} # - é\x7f'});
		is_deeply $engine->ask({do => 'read', codegen()}), [],
			'and the three say the same';
	};
	subtest 'an engine that has them' => sub {
		local $p = Postern->start(env => {POSTERN_ACTION_SECRET => 'between us',
			POSTERN_ARGON2 => 'm=256,t=1,p=1'});
		by_an_engine($engine);
	};
}

sub by_an_engine ($engine)
{
	$p->sql(<<~'SQL');
		create type action.size as enum ('small', 'large');
		create type action.odd as enum ('a-b', 'c');
		create domain action.amount as integer not null check (value > 0);
		create domain action.sizes as action.size[];
		create type action.line as (item text, n action.amount,
			size action.size, "no name" text);
		create type action.basket as (lines action.line[], note text,
			sizes action.sizes, more jsonb);
		create function action.place_order(item text, n integer default 1,
			size action.size default 'small', out id integer,
			out "order" action.line)
		language sql as $$ select 7, row(item, n, size, 'x')::action.line $$;
		create function action.fill(basket action.basket,
			others action.basket[] default '{}')
		returns action.basket language sql as 'select basket';
		create function action.fill_all(baskets action.basket[])
		returns setof action.basket language sql stable
		as 'select * from unnest(baskets)';
		create function action.everybody() returns setof api.users
		language sql stable as 'select * from api.users';
		create function action.find(name text) returns api.users
		language plpgsql stable as $$ declare u api.users; begin
			select * into u from api.users where users.name = find.name;
			return u;
		end $$;
		create function action.facts(floor bigint default 0)
		returns table (total bigint, last timestamptz, tags text[],
			price numeric, half double precision, day date, why uuid,
			raw bytea, span int4range, odd action.odd, size action.size,
			fine boolean, empty text, "no name" text)
		language sql stable as $$ select 12, now(), array['x', null], 1.50,
			0.5, current_date, postern.uuid7(), 'x'::bytea, '[1,2)'::int4range,
			'a-b'::action.odd, 'large'::action.size, true, null, 'x'
			from generate_series(1, 2) $$;
		create function action.numbers(up_to integer) returns setof integer
		language sql immutable as 'select generate_series(1, up_to)';
		create function action.one(out a integer) language sql as 'select 1';
		create function action.ones() returns table (a integer) language sql
		as 'values (1), (2)';
		create function action.echo(it jsonb) returns jsonb
		language sql immutable as 'select it';
		create function action.sizes(it action.sizes) returns action.sizes
		language sql immutable as 'select it';
		create function action.nothing() returns void language sql as '';
		create function action.span(it int4range) returns int4range
		language sql immutable as 'select it';
		create function action.who() returns text language sql stable
		as $$ select postern.session_variable('x-hasura-user-id') $$;
		create function action.refuse() returns integer language plpgsql
		as $$ begin raise sqlstate 'PT422' using message = 'No',
			detail = '{"code":"no-way"}'; end $$;
		SQL
	$p->sql("insert into api.users (name) values ('Ada'), ('Bo')");
	is_deeply $engine->ask({do => 'read', codegen()}), [], 'reads them';

	my %engine = (url => $p->url, secret => 'between us');
	my $told = $engine->ask({do => 'all', %engine});
	my %wanted = (Login => 401, Signup => 400, login => 401, span => 400,
		refuse => 422);
	is $told->{$_}{status}, $wanted{$_} // 200, "$_ is answered"
		for sort keys %$told;
	is_deeply $told->{$_}{errors}, [], "... as its type says"
		for grep { !$wanted{$_} } sort keys %$told;
	is keys %$told, 18, 'that is all of them';

	my $run = sub ($query, %more) {
		return $engine->ask({do => 'run', %engine, query => $query, %more});
	};
	is_deeply $run->('mutation { place_order(item: "tea", size: large)
			{ id order { item n size } } }')->{data}{place_order},
		{id => 7, order => {item => 'tea', n => 1, size => 'large'}},
		'what is left out has its default';
	is_deeply $run->('query ($b: [BasketInput]!) {
			fill_all(baskets: $b) { lines { item n } more } }',
		variables => {b => [{lines => [{item => 'tea', n => 2}],
			more => {a => [1]}}]})->{data}{fill_all},
		[{lines => [{item => 'tea', n => 2}], more => {a => [1]}}],
		'types in types go both ways';
	is $run->('{ find(name: "Bo") { name } }')->{data}{find}{name}, 'Bo',
		'a row that is found';
	is_deeply $run->('{ find(name: "Cy") { id } }'),
		{data => {find => undef}, errors => []}, '... and one that is not';
	is_deeply $run->('mutation { refuse }')->{errors}, [{message => 'No',
		extensions => {code => 'no-way'}}], 'a refusal has its code';
	is $run->('{ who }', session => {'x-hasura-role' => 'user',
			'x-hasura-user-id' => '5'})->{data}{who}, '5',
		'who asks is known';
	my $token = $run->('mutation {
		Signup(email: "ada@example.org", password: "twelve monkeys")
			{ id email password }
		Login(email: "ada@example.org", password: "twelve monkeys") { token }
		login(username: "ada@example.org", password: "twelve monkeys")
			{ AccessToken } }');
	is_deeply $token->{errors}, [], 'those of the tutorials do as well';
	like $token->{data}{$_->[0]}{$_->[1]}, qr/^[\w-]+\.[\w-]+\.[\w-]+$/,
		"$_->[0] gives a token" for [qw(Login token)], [qw(login AccessToken)];
	$engine{secret} = 'no secret';
	is $run->('{ who }')->{errors}[0]{message},
		"The action's secret is wrong", 'another engine gets nothing';
}

done_testing;
